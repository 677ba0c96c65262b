/* Views: typed arrays that lie in a guest's memory. Indices count from 0, as addresses do. */
#include "shim.h"

#include <stdio.h>
#include <string.h>

enum { U8, I8, U16, I16, U32, I32, U64, I64, F32, F64, FORMATS };
static const struct {
  const char *name, *other; /* as wasm and as WIT spell it */
  uint8_t size;
} formats[FORMATS] = {
    [U8] = {"u8", "uint8", 1},    [I8] = {"i8", "s8", 1},       [U16] = {"u16", "uint16", 2},
    [I16] = {"i16", "s16", 2},    [U32] = {"u32", "uint32", 4}, [I32] = {"i32", "s32", 4},
    [U64] = {"u64", "uint64", 8}, [I64] = {"i64", "s64", 8},    [F32] = {"f32", "float32", 4},
    [F64] = {"f64", "float64", 8}};

int wl_view_format(lua_State *L, int index) {
  const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : NULL;
  for (int i = 0; name && i < FORMATS; i++)
    if (strcmp(name, formats[i].name) == 0 || strcmp(name, formats[i].other) == 0) return i;
  if (!name)
    return wl_fail(L, WHERRY_ERROR_TYPE, "format: expected a string, got %s",
                   wl_type_name(L, index));
  return wl_fail(L, WHERRY_ERROR_RANGE,
                 "format: there is no '%s' (known: u8 i8 u16 i16 u32 i32 u64 i64 f32 f64)", name);
}

int wl_view_element_size(const wl_view_t *view) { return formats[view->format].size; }

static bool is_open(const wl_view_t *view) { return view->store && wl_store_open(view->store); }

static uint64_t length(const wl_view_t *view) {
  uint64_t room = (*view->size - view->offset) / formats[view->format].size;
  return room < view->count ? room : view->count;
}

const uint8_t *wl_view_data(const wl_view_t *view, uint64_t *count, const char **format) {
  if (!is_open(view)) return NULL;
  *count = length(view);
  *format = formats[view->format].name;
  return view->base + view->offset;
}

/* ---- single elements ---- */

static void push(lua_State *L, int format, const uint8_t *from) {
  union {
    int8_t i8;
    uint16_t u16;
    int16_t i16;
    uint32_t u32;
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
  } of;
  memcpy(&of, from, formats[format].size);
  switch (format) {
  case U8: lua_pushinteger(L, *from); break;
  case I8: lua_pushinteger(L, of.i8); break;
  case U16: lua_pushinteger(L, of.u16); break;
  case I16: lua_pushinteger(L, of.i16); break;
  case U32: lua_pushinteger(L, of.u32); break;
  case I32: lua_pushinteger(L, of.i32); break;
  case F32: lua_pushnumber(L, (lua_Number)of.f32); break;
  case F64: lua_pushnumber(L, of.f64); break;
  default: lua_pushinteger(L, of.i64); break;
  }
}

void wl_view_push_item(lua_State *L, const wl_view_t *view, uint64_t index) {
  push(L, view->format, view->base + view->offset + index * formats[view->format].size);
}

/* False: the value does not fit. */
static bool store_item(lua_State *L, int index, int format, uint8_t *to) {
  static const struct {
    lua_Integer least, most;
  } limits[FORMATS] = {
      [U8] = {0, UINT8_MAX},          [I8] = {INT8_MIN, INT8_MAX},   [U16] = {0, UINT16_MAX},
      [I16] = {INT16_MIN, INT16_MAX}, [U32] = {0, UINT32_MAX},       [I32] = {INT32_MIN, INT32_MAX},
      [U64] = {INT64_MIN, INT64_MAX}, [I64] = {INT64_MIN, INT64_MAX}};
  int exact;
  if (lua_type(L, index) != LUA_TNUMBER) return false;
  if (format == F32) {
    float value = (float)lua_tonumber(L, index);
    memcpy(to, &value, sizeof value);
    return true;
  }
  if (format == F64) {
    double value = lua_tonumber(L, index);
    memcpy(to, &value, sizeof value);
    return true;
  }
  lua_Integer value = lua_tointegerx(L, index, &exact);
  if (!exact || value < limits[format].least || value > limits[format].most) return false;
  memcpy(to, &value, formats[format].size); /* little-endian hosts only, as the library */
  return true;
}

static int misfit(lua_State *L, int index, const wl_view_t *view) {
  return wl_raise(L, wl_misfit(L, index, formats[view->format].name, NULL));
}

/* ---- views ---- */

static wl_view_t *check(lua_State *L, int index) {
  wl_view_t *view = wl_object_check(L, index, &wl_view_kind);
  if (WL_UNLIKELY(!is_open(view))) {
    char text[WH_BIND_TEXT];
    wh_bind_text_closed(text, sizeof text, view->store ? "store" : "view");
    wl_fail(L, WHERRY_ERROR_STATE, "%s", text);
  }
  return view;
}

/* The new view lies on what is at index 1, a memory or a view, and shares its user value. */
static wl_view_t *push_view(lua_State *L, int format) {
  wl_view_t *view = wl_object_new(L, &wl_view_kind, sizeof *view, 1);
  view->format = (uint8_t)format;
  lua_getiuservalue(L, 1, 1);
  lua_setiuservalue(L, -2, 1);
  return view;
}

int wl_view_new(lua_State *L, int format, int offset_index) {
  const wl_memory_t *memory = wl_memory_check(L, 1);
  uint64_t offset = 0, count = UINT64_MAX, all = *memory->size, bytes = 0;
  if (!lua_isnoneornil(L, offset_index)) offset = wl_address_check(L, offset_index, "offset");
  if (!lua_isnoneornil(L, offset_index + 1)) {
    count = wl_count_check(L, offset_index + 1, "count");
    bytes = count > UINT32_MAX * UINT64_C(2) ? UINT64_MAX : count * formats[format].size;
  }
  if (offset > all || bytes > all - offset) {
    char text[WH_BIND_TEXT];
    wh_bind_text_bounds(text, sizeof text, offset, bytes, all);
    return wl_fail(L, WHERRY_ERROR_RANGE, "%s", text);
  }
  wl_view_t *view = push_view(L, format);
  view->store = memory->store;
  view->base = memory->base;
  view->size = memory->size;
  view->offset = offset;
  view->count = count;
  return 1;
}

/* view:slice(first[, count]): elements first to first + count - 1 */
static int view_slice(lua_State *L) {
  const wl_view_t *view = check(L, 1);
  uint64_t first = wl_count_check(L, 2, "first"), all = length(view), count = UINT64_MAX;
  if (first > all)
    return wl_fail(L, WHERRY_ERROR_RANGE, "first: %llu is past the end (%llu elements)",
                   (unsigned long long)first, (unsigned long long)all);
  if (!lua_isnoneornil(L, 3)) {
    count = wl_count_check(L, 3, "count");
    if (count > all - first)
      return wl_fail(L, WHERRY_ERROR_RANGE,
                     "count: %llu elements from %llu on end past the end (%llu)",
                     (unsigned long long)count, (unsigned long long)first, (unsigned long long)all);
  } else if (view->count != UINT64_MAX) {
    count = all - first;
  }
  wl_view_t *slice = push_view(L, view->format);
  slice->store = view->store;
  slice->base = view->base;
  slice->size = view->size;
  slice->offset = view->offset + first * formats[view->format].size;
  slice->count = count;
  return 1;
}

static int no_element(lua_State *L, uint64_t all) {
  return wl_fail(L, WHERRY_ERROR_RANGE, "index %s is not in the view (%llu elements, from 0)",
                 luaL_tolstring(L, 2, NULL), (unsigned long long)all);
}

static int view_index(lua_State *L) {
  if (WL_LIKELY(lua_type(L, 2) == LUA_TNUMBER)) {
    const wl_view_t *view = check(L, 1);
    int exact;
    uint64_t index = (uint64_t)lua_tointegerx(L, 2, &exact), all = length(view);
    if (WL_UNLIKELY(!exact || index >= all)) return no_element(L, all);
    wl_view_push_item(L, view, index);
    return 1;
  }
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "bytes_per_element") == 0) {
    lua_pushinteger(L, formats[check(L, 1)->format].size);
    return 1;
  }
  if (strcmp(key, "format") == 0) {
    lua_pushstring(L, formats[check(L, 1)->format].name);
    return 1;
  }
  return wl_method_or_unknown(L, "a view");
}

static int view_newindex(lua_State *L) {
  wl_view_t *view = check(L, 1);
  int exact;
  uint64_t index = (uint64_t)lua_tointegerx(L, 2, &exact), all = length(view);
  if (WL_UNLIKELY(!exact || lua_type(L, 2) != LUA_TNUMBER))
    return wl_fail(L, WHERRY_ERROR_TYPE, "index: expected an integer, got %s", wl_type_name(L, 2));
  if (WL_UNLIKELY(index >= all)) return no_element(L, all);
  uint8_t *to = view->base + view->offset + index * formats[view->format].size;
  if (WL_UNLIKELY(!store_item(L, 3, view->format, to))) return misfit(L, 3, view);
  return 0;
}

static int view_length(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)length(check(L, 1)));
  return 1;
}

/* view:string([count]): the bytes of the first count elements, of all of them */
static int view_string(lua_State *L) {
  const wl_view_t *view = check(L, 1);
  uint64_t all = length(view), count = lua_isnoneornil(L, 2) ? all : wl_count_check(L, 2, "count");
  if (count > all)
    return wl_fail(L, WHERRY_ERROR_RANGE, "count: %llu is past the end (%llu elements)",
                   (unsigned long long)count, (unsigned long long)all);
  lua_pushlstring(L, (const char *)view->base + view->offset, count * formats[view->format].size);
  return 1;
}

/* view:table(): the elements as a table, from 1 */
static int view_table(lua_State *L) {
  uint64_t all = length(check(L, 1));
  lua_settop(L, 1);
  lua_createtable(L, all < INT32_MAX ? (int)all : 0, 0);
  for (uint64_t i = 0; i < all; i++) {
    const wl_view_t *view = check(L, 1); /* a finalizer may have closed it */
    if (i >= length(view)) break;
    wl_view_push_item(L, view, i);
    lua_rawseti(L, 2, (lua_Integer)i + 1);
  }
  return 1;
}

/* view:set(first, values): a table, a view of the same format, or a string of packed elements */
static int view_set(lua_State *L) {
  wl_view_t *view = check(L, 1);
  uint64_t first = wl_count_check(L, 2, "first"), all = length(view), count;
  size_t bytes, size = formats[view->format].size;
  const void *from = NULL;
  const wl_view_t *other = wl_object_test(L, 3, &wl_view_kind);
  if (lua_type(L, 3) == LUA_TSTRING) {
    from = lua_tolstring(L, 3, &bytes);
    if (bytes % size)
      return wl_fail(L, WHERRY_ERROR_TYPE, "values: %zu bytes are no whole number of %s", bytes,
                     formats[view->format].name);
    count = bytes / size;
  } else if (other) {
    if (check(L, 3)->format != view->format)
      return wl_fail(L, WHERRY_ERROR_TYPE, "values: expected a view of %s, got one of %s",
                     formats[view->format].name, formats[other->format].name);
    count = length(other);
    from = other->base + other->offset;
  } else if (lua_istable(L, 3)) {
    count = lua_rawlen(L, 3);
  } else {
    return wl_fail(L, WHERRY_ERROR_TYPE, "values: expected a table, a string or a view, got %s",
                   wl_type_name(L, 3));
  }
  if (first > all || count > all - first)
    return wl_fail(L, WHERRY_ERROR_RANGE, "%llu elements from %llu on end past the end (%llu)",
                   (unsigned long long)count, (unsigned long long)first, (unsigned long long)all);
  uint8_t *to = view->base + view->offset + first * size;
  if (from) {
    memmove(to, from, count * size);
    return 0;
  }
  for (uint64_t i = 0; i < count; i++) {
    lua_rawgeti(L, 3, (lua_Integer)i + 1);
    if (!store_item(L, -1, view->format, to + i * size)) {
      wh_bind_place_t place = {"set", 2, "values"};
      return wl_raise(L, wl_misfit(L, -1, formats[view->format].name, &place));
    }
    lua_pop(L, 1);
  }
  return 0;
}

static int view_next(lua_State *L) {
  const wl_view_t *view = check(L, 1);
  uint64_t index = lua_isnil(L, 2) ? 0 : (uint64_t)lua_tointeger(L, 2) + 1;
  if (index >= length(view)) return 0;
  lua_pushinteger(L, (lua_Integer)index);
  wl_view_push_item(L, view, index);
  return 2;
}

static int view_pairs(lua_State *L) {
  check(L, 1);
  lua_pushcfunction(L, view_next);
  lua_pushvalue(L, 1);
  return 2;
}

static int view_close(lua_State *L) {
  wl_view_t *view = wl_object_check(L, 1, &wl_view_kind);
  view->store = NULL;
  return 0;
}

static int view_text(lua_State *L) {
  const wl_view_t *view = wl_object_check(L, 1, &wl_view_kind);
  const char *format = formats[view->format].name;
  if (is_open(view))
    lua_pushfstring(L, "wherry.View (%I of %s)", (LUAI_UACINT)length(view), format);
  else
    lua_pushliteral(L, "wherry.View (closed)");
  return 1;
}

void wl_view_register(lua_State *L) {
  static const luaL_Reg meta[] = {{"__newindex", view_newindex}, {"__len", view_length},
                                  {"__pairs", view_pairs},       {"__close", view_close},
                                  {"__tostring", view_text},     {NULL, NULL}};
  static const luaL_Reg methods[] = {{"string", view_string}, {"slice", view_slice},
                                     {"table", view_table},   {"set", view_set},
                                     {"close", view_close},   {NULL, NULL}};
  wl_kind_register(L, &wl_view_kind, meta, methods, view_index);
}
