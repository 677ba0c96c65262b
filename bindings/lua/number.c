/* Lua values and the engine's slots; wherry.Value. */
#include "shim.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

char wl_type_code(wherry_valtype_t type) {
  switch (type) {
  case WHERRY_I32: return 'i';
  case WHERRY_I64: return 'l';
  case WHERRY_F32: return 'f';
  case WHERRY_F64: return 'd';
  case WHERRY_EXTERNREF: return 'r';
  case WHERRY_FUNCREF: return 'c';
  case WHERRY_V128: return 'v';
  default: return '?';
  }
}

static wherry_valtype_t code_type(char code) {
  switch (code) {
  case 'i': return WHERRY_I32;
  case 'l': return WHERRY_I64;
  case 'f': return WHERRY_F32;
  case 'd': return WHERRY_F64;
  case 'c': return WHERRY_FUNCREF;
  case 'v': return WHERRY_V128;
  default: return WHERRY_EXTERNREF;
  }
}

const char *wl_code_name(char code) { return wherry_valtype_name(code_type(code)); }

typedef struct wl_value {
  const wl_kind_t *kind;
  char code;
  wherry_slot_t slots[2]; /* what its type does not use is zero */
} wl_value_t;

/* ---- from Lua ---- */

bool wl_take_number(lua_State *L, int index, char code, wherry_slot_t *out) {
  int exact;
  if (lua_type(L, index) != LUA_TNUMBER) {
    const wl_value_t *value = wl_object_test(L, index, &wl_value_kind);
    size_t size = 0;
    const void *bytes = value ? value->slots : NULL;
    if (value ? value->code != code : code != 'v' || lua_type(L, index) != LUA_TSTRING)
      return false;
    if (!value && (bytes = lua_tolstring(L, index, &size), size != 16)) return false;
    memcpy(out, bytes, (size_t)wl_code_slots(code) * sizeof *out);
    return true;
  }
  switch (code) {
  case 'i': return wl_take_i32(L, index, out);
  case 'l': {
    lua_Integer value = lua_tointegerx(L, index, &exact);
    if (!exact) return false;
    out->i64 = value;
    return true;
  }
  case 'f':
    out->u64 = 0;
    out->f32 = (float)lua_tonumber(L, index);
    return true;
  case 'd': out->f64 = lua_tonumber(L, index); return true;
  default: return false;
  }
}

/* A Lua value in the store: the same value is the same externref. May raise. */
static void take_externref(lua_State *L, wl_store_t *store, int anchor, int index,
                           wherry_slot_t *out) {
  wherry_value_t value = {.type = WHERRY_EXTERNREF};
  anchor = lua_absindex(L, anchor);
  index = lua_absindex(L, index);
  luaL_checkstack(L, 6, NULL);
  if (lua_rawgeti(L, anchor, WL_ANCHOR_REFS) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L); /* values by their place, places by the value in the table at [0] */
    lua_newtable(L);
    lua_rawseti(L, -2, 0);
    lua_pushvalue(L, -1);
    lua_rawseti(L, anchor, WL_ANCHOR_REFS);
  }
  lua_rawgeti(L, -1, 0);
  lua_pushvalue(L, index);
  bool is_nan = lua_type(L, index) == LUA_TNUMBER && isnan(lua_tonumber(L, index));
  if (is_nan || lua_rawget(L, -2) != LUA_TSTRING) {
    lua_pop(L, 1);
    lua_Integer place = (lua_Integer)lua_rawlen(L, -2) + 1;
    lua_pushvalue(L, index);
    lua_rawseti(L, -3, place);
    char bytes[sizeof value.of.externref];
    wherry_error_t *error =
        wh_bind_externref(store->store, (void *)(uintptr_t)place, &value.of.externref);
    if (error) {
      lua_pushnil(L);
      lua_rawseti(L, -3, place);
      wl_raise(L, error);
    }
    memcpy(bytes, &value.of.externref, sizeof bytes);
    if (!is_nan) {
      lua_pushvalue(L, index);
      lua_pushlstring(L, bytes, sizeof bytes);
      lua_rawset(L, -3);
    }
    lua_pop(L, 2);
  } else {
    memcpy(&value.of.externref, lua_tostring(L, -1), sizeof value.of.externref);
    lua_pop(L, 3);
  }
  wl_check(L, wherry_value_to_slot(store->store, &value, WHERRY_EXTERNREF, out));
}

bool wl_take_slot(lua_State *L, wl_store_t *store, int anchor, int index, char code,
                  wherry_slot_t *out) {
  if (code == '?') wl_fail(L, WHERRY_ERROR_TYPE, "values of this type cannot cross yet");
  if (code != 'r' && code != 'c') return wl_take_number(L, index, code, out);
  if (lua_isnil(L, index)) {
    out->u64 = 0;
    return true;
  }
  if (code == 'r') {
    take_externref(L, store, anchor, index, out);
    return true;
  }
  const wl_func_t *func = wl_func_test(L, index);
  if (!func) return false;
  wherry_value_t value = {.type = WHERRY_FUNCREF, .of.func = func->func};
  wl_check(L, wherry_value_to_slot(store->store, &value, WHERRY_FUNCREF, out));
  return true;
}

wherry_error_t *wl_misfit(lua_State *L, int index, const char *type, const wh_bind_place_t *place) {
  char text[WH_BIND_TEXT], got[64];
  wherry_error_kind_t kind = WHERRY_ERROR_TYPE;
  bool wants_integer = type[0] == 'i' || type[0] == 'u' || type[0] == 's';
  size_t size;
  if (strcmp(type, "v128") == 0) {
    const bool is_text = lua_type(L, index) == LUA_TSTRING;
    if (is_text && lua_tolstring(L, index, &size)) snprintf(got, sizeof got, "%zu", size);
    wh_bind_text_type(text, sizeof text, place, WH_BIND_V128,
                      is_text ? got : wl_type_name(L, index));
  } else if (lua_isinteger(L, index) && wants_integer) {
    snprintf(got, sizeof got, "%lld", (long long)lua_tointeger(L, index));
    wh_bind_text_range(text, sizeof text, place, got, type);
    kind = WHERRY_ERROR_RANGE;
  } else if (lua_type(L, index) == LUA_TNUMBER) {
    snprintf(got, sizeof got, "%.14g", lua_tonumber(L, index));
    wh_bind_text_type(text, sizeof text, place, type, got);
  } else if (strcmp(type, "funcref") == 0 && lua_isfunction(L, index)) {
    wh_bind_text_type(text, sizeof text, place, type,
                      "a Lua function, whose type is not known (see wherry.Func)");
  } else {
    wh_bind_text_type(text, sizeof text, place, type, wl_type_name(L, index));
  }
  return wherry_error_new(kind, text);
}

bool wl_take_address(lua_State *L, int index, uint64_t *out) {
  int exact;
  lua_Integer value = lua_tointegerx(L, index, &exact);
  if (!exact || lua_type(L, index) != LUA_TNUMBER || value < INT32_MIN) return false;
  *out = value < 0 ? (uint32_t)value : (uint64_t)value;
  return true;
}

uint64_t wl_address_check(lua_State *L, int index, const char *what) {
  uint64_t address = 0;
  if (WL_UNLIKELY(!wl_take_address(L, index, &address))) {
    if (lua_type(L, index) == LUA_TNUMBER)
      wl_fail(L, lua_isinteger(L, index) ? WHERRY_ERROR_RANGE : WHERRY_ERROR_TYPE,
              "%s: %s is not an address", what, luaL_tolstring(L, index, NULL));
    wl_fail(L, WHERRY_ERROR_TYPE, "%s: expected an integer, got %s", what, wl_type_name(L, index));
  }
  return address;
}

/* ---- to Lua ---- */

void wl_push_number(lua_State *L, char code, const wherry_slot_t *slots) {
  switch (code) {
  case 'i': lua_pushinteger(L, slots->i32); break;
  case 'l': lua_pushinteger(L, slots->i64); break;
  case 'f': lua_pushnumber(L, (lua_Number)slots->f32); break;
  case 'd': lua_pushnumber(L, slots->f64); break;
  case 'v': lua_pushlstring(L, (const char *)slots, 16); break;
  default: lua_pushnil(L); break;
  }
}

void wl_push_slot(lua_State *L, wl_store_t *store, int anchor, char code,
                  const wherry_slot_t *slots) {
  if (code == '?') wl_fail(L, WHERRY_ERROR_TYPE, "values of this type cannot cross yet");
  if (code != 'r' && code != 'c') {
    wl_push_number(L, code, slots);
    return;
  }
  wherry_value_t value = wherry_value_from_slot(store->store, *slots, code_type(code));
  wl_push_value(L, store, anchor, &value);
}

void wl_push_value(lua_State *L, wl_store_t *store, int anchor, const wherry_value_t *value) {
  void *data;
  switch (value->type) {
  case WHERRY_I32: lua_pushinteger(L, value->of.i32); break;
  case WHERRY_I64: lua_pushinteger(L, value->of.i64); break;
  case WHERRY_F32: lua_pushnumber(L, (lua_Number)value->of.f32); break;
  case WHERRY_F64: lua_pushnumber(L, value->of.f64); break;
  case WHERRY_V128: lua_pushlstring(L, (const char *)value->of.v128, 16); break;
  case WHERRY_FUNCREF:
    if (value->of.func.store == 0 && value->of.func.index == 0)
      lua_pushnil(L);
    else
      wl_push_func(L, store, anchor, value->of.func, NULL, 0);
    break;
  case WHERRY_EXTERNREF:
    wl_check(L, wh_bind_externref_data(store->store, value->of.externref, &data));
    if (!data) {
      lua_pushnil(L);
      break;
    }
    lua_rawgeti(L, anchor, WL_ANCHOR_REFS);
    if (lua_istable(L, -1)) {
      lua_rawgeti(L, -1, (lua_Integer)(uintptr_t)data);
      lua_remove(L, -2);
    }
    break;
  default: wl_fail(L, WHERRY_ERROR_TYPE, "values of this type cannot cross yet"); break;
  }
}

/* ---- wherry.Value ---- */

wherry_valtype_t wl_valtype_check(lua_State *L, int index) {
  static const wherry_valtype_t types[] = {WHERRY_I32,  WHERRY_I64,     WHERRY_F32,      WHERRY_F64,
                                           WHERRY_V128, WHERRY_FUNCREF, WHERRY_EXTERNREF};
  const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
  for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
    if (strcmp(name, wherry_valtype_name(types[i])) == 0) return types[i];
  wl_fail(L, WHERRY_ERROR_TYPE, "expected the name of a value type (\"i32\", ...), got %s",
          name ? name : wl_type_name(L, index));
  return 0;
}

wherry_value_t wl_value_check(lua_State *L, wl_store_t *store, int anchor, int index,
                              wherry_valtype_t type) {
  wherry_slot_t slots[2];
  const wl_value_t *value = wl_object_test(L, index, &wl_value_kind);
  if (!type) {
    if (!value)
      wl_fail(L, WHERRY_ERROR_TYPE, "expected a wherry.Value, got %s", wl_type_name(L, index));
    type = code_type(value->code);
  }
  if (!wl_take_slot(L, store, anchor, index, wl_type_code(type), slots))
    wl_raise(L, wl_misfit(L, index, wherry_valtype_name(type), NULL));
  return wh_bind_value(store->store, slots, type);
}

static int value_new(lua_State *L, char code, const char *name) {
  wherry_slot_t slots[2] = {{.u64 = 0}, {.u64 = 0}};
  wh_bind_place_t place = {name, 1, NULL};
  lua_settop(L, 1);
  if (!wl_take_number(L, 1, code, slots))
    return wl_raise(L, wl_misfit(L, 1, wl_code_name(code), &place));
  wl_value_t *value = wl_object_new(L, &wl_value_kind, sizeof *value, 0);
  value->code = code;
  memcpy(value->slots, slots, sizeof slots);
  return 1;
}
static int value_i32(lua_State *L) { return value_new(L, 'i', "i32"); }
static int value_i64(lua_State *L) { return value_new(L, 'l', "i64"); }
static int value_f32(lua_State *L) { return value_new(L, 'f', "f32"); }
static int value_f64(lua_State *L) { return value_new(L, 'd', "f64"); }
static int value_v128(lua_State *L) { return value_new(L, 'v', "v128"); }

static int value_text(lua_State *L) {
  const wl_value_t *value = wl_object_check(L, 1, &wl_value_kind);
  static const char names[][5] = {"I32", "I64", "F32", "F64", "V128"};
  wl_push_number(L, value->code, value->slots);
  if (value->code == 'v') {
    char text[2 * 16 + 1];
    const unsigned char *bytes = (const unsigned char *)value->slots;
    for (int i = 0; i < 16; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    lua_pushstring(L, text);
  } else {
    luaL_tolstring(L, -1, NULL);
  }
  const char *name = value->code == 'i'   ? names[0]
                     : value->code == 'l' ? names[1]
                     : value->code == 'f' ? names[2]
                     : value->code == 'd' ? names[3]
                                          : names[4];
  lua_pushfstring(L, "%s(%s)", name, lua_tostring(L, -1));
  return 1;
}

static int value_equal(lua_State *L) {
  const wl_value_t *a = wl_object_test(L, 1, &wl_value_kind);
  const wl_value_t *b = wl_object_test(L, 2, &wl_value_kind);
  bool equal = a && b && a->code == b->code;
  if (equal && a->code == 'f')
    equal = a->slots->f32 == b->slots->f32;
  else if (equal && a->code == 'd')
    equal = a->slots->f64 == b->slots->f64;
  else if (equal)
    equal = a->slots[0].u64 == b->slots[0].u64 && a->slots[1].u64 == b->slots[1].u64;
  lua_pushboolean(L, equal);
  return 1;
}

static int value_index(lua_State *L) {
  const wl_value_t *value = wl_object_check(L, 1, &wl_value_kind);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "type") == 0) {
    lua_pushstring(L, wl_code_name(value->code));
    return 1;
  }
  if (strcmp(key, "value") == 0) {
    wl_push_number(L, value->code, value->slots);
    return 1;
  }
  return wl_method_or_unknown(L, "a value");
}

void wl_value_register(lua_State *L) {
  static const luaL_Reg meta[] = {{"__tostring", value_text}, {"__eq", value_equal}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"i32", value_i32}, {"i64", value_i64},   {"f32", value_f32},
                                       {"f64", value_f64}, {"v128", value_v128}, {NULL, NULL}};
  wl_kind_register(L, &wl_value_kind, meta, NULL, value_index);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "Value");
}
