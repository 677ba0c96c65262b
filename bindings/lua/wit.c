/* Calls with component-level values: the table that canon drives, filled with Lua's own values, and
   the functions of a guest that carries WIT.

   A host value is an index of the Lua stack. Items are pushed when canon asks for them and popped
   when it drops them, last in, first out. */
#include "shim.h"

#include <stdio.h>
#include <string.h>

enum { ARGUMENTS = 16 };

typedef struct wl_wit {
  wl_store_t *store;
  wherry_instance_t instance;
  wherry_lifted_t *lifted; /* NULL: it cannot be lifted, which its caller is told */
  const wherry_witfunc_t *func;
  char *name; /* as Lua spells it */
  uint32_t params;
  bool result, plain; /* plain: numbers only, nothing allocates or raises */
} wl_wit_t;

/* User values: 1: the anchor, 2: names of record fields by the index of the type + 1. */
typedef struct wl_wits {
  const wl_kind_t *kind;
  wl_wit_t items[];
} wl_wits_t;

typedef struct wl_walk {
  lua_State *L;
  int names;      /* where the table of names is on the stack; 0: a plain call, which needs none */
  bool abandoned; /* Lua has unwound its stack: there is nothing left to pop */
} wl_walk_t;

/* ---- names ---- */

static const char *const keywords[] = {"and",   "break", "do",       "else", "elseif", "end",
                                       "false", "for",   "function", "goto", "if",     "in",
                                       "local", "nil",   "not",      "or",   "repeat", "return",
                                       "then",  "true",  "until",    "while"};
enum { KEYWORDS = sizeof keywords / sizeof *keywords };

bool wl_is_keyword(const char *name) {
  for (size_t i = 0; i < KEYWORDS; i++)
    if (strcmp(name, keywords[i]) == 0) return true;
  return false;
}

size_t wl_snake(char *out, size_t out_size, const char *name, size_t name_size) {
  return wh_bind_snake(out, out_size, name, name_size, keywords, KEYWORDS);
}

static void push_snake(lua_State *L, const char *name) {
  luaL_Buffer buffer;
  size_t room = strlen(name) + 3;
  char *text = luaL_buffinitsize(L, &buffer, room);
  luaL_pushresultsize(&buffer, wl_snake(text, room, name, room - 3));
}

/* Pushes the table of the names of a record's fields. */
static void push_field_names(const wl_walk_t *walk, const wherry_type_t *type) {
  lua_State *L = walk->L;
  lua_Integer place = (lua_Integer)wherry_type_index(type) + 1;
  luaL_checkstack(L, 8, NULL);
  if (lua_rawgeti(L, walk->names, place) == LUA_TTABLE) return;
  lua_pop(L, 1);
  size_t count = wherry_type_field_count(type);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    push_snake(L, wherry_type_field_name(type, i));
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushvalue(L, -1);
  lua_rawseti(L, walk->names, place);
}

/* ---- from Lua ---- */

static const struct {
  lua_Integer least, most;
} limits[] = {
    [WHERRY_TYPE_S8] = {INT8_MIN, INT8_MAX},    [WHERRY_TYPE_U8] = {0, UINT8_MAX},
    [WHERRY_TYPE_S16] = {INT16_MIN, INT16_MAX}, [WHERRY_TYPE_U16] = {0, UINT16_MAX},
    [WHERRY_TYPE_S32] = {INT32_MIN, INT32_MAX}, [WHERRY_TYPE_U32] = {0, UINT32_MAX},
    [WHERRY_TYPE_S64] = {INT64_MIN, INT64_MAX}, [WHERRY_TYPE_U64] = {INT64_MIN, INT64_MAX}};

/* The one character of a string; false: it has more or less, or is not well-formed. */
static bool take_char(lua_State *L, int index, wherry_slot_t *out) {
  size_t size;
  if (lua_type(L, index) != LUA_TSTRING) return false;
  const uint8_t *text = (const uint8_t *)lua_tolstring(L, index, &size);
  size_t bytes = size == 0 ? 0 : text[0] < 0x80 ? 1 : text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
  if (bytes == 0 || bytes != size || !wl_utf8_valid((const char *)text, size)) return false;
  uint32_t code = bytes == 1 ? text[0] : text[0] & (0xFFu >> (bytes + 1));
  for (size_t i = 1; i < bytes; i++) code = code << 6 | (text[i] & 0x3F);
  out->u64 = code;
  return true;
}

static bool take_number_quick(lua_State *L, int index, wherry_type_kind_t kind,
                              wherry_slot_t *out) {
  int exact;
  if (kind == WHERRY_TYPE_BOOL) {
    if (!lua_isboolean(L, index)) return false;
    out->u64 = (uint64_t)lua_toboolean(L, index);
    return true;
  }
  if (kind == WHERRY_TYPE_CHAR) return take_char(L, index, out);
  if (lua_type(L, index) != LUA_TNUMBER) return false;
  if (kind == WHERRY_TYPE_F32) {
    out->u64 = 0;
    out->f32 = (float)lua_tonumber(L, index);
    return true;
  }
  if (kind == WHERRY_TYPE_F64) {
    out->f64 = lua_tonumber(L, index);
    return true;
  }
  lua_Integer value = lua_tointegerx(L, index, &exact);
  if (!exact || value < limits[kind].least || value > limits[kind].most) return false;
  out->i64 = value;
  return true;
}

static wherry_error_t *take_number(void *context, const wherry_type_t *type,
                                   wherry_host_value_t value, wherry_slot_t *out) {
  lua_State *L = ((wl_walk_t *)context)->L;
  wherry_type_kind_t kind = wherry_type_kind(type);
  if (WL_LIKELY(take_number_quick(L, (int)value, kind, out))) return NULL;
  if (kind == WHERRY_TYPE_CHAR && lua_type(L, (int)value) == LUA_TSTRING)
    return wherry_error_new(WHERRY_ERROR_RANGE, "expected a string of one character in UTF-8");
  return wl_misfit(L, (int)value, wherry_type_kind_name(kind), NULL);
}

static wherry_error_t *take_string(void *context, wherry_host_value_t value,
                                   wherry_host_view_t *view) {
  lua_State *L = ((wl_walk_t *)context)->L;
  if (lua_type(L, (int)value) != LUA_TSTRING) return wl_misfit(L, (int)value, "string", NULL);
  view->data = lua_tolstring(L, (int)value, &view->count);
  view->hold = 0;
  if (!wl_utf8_valid(view->data, view->count))
    return wherry_error_new(WHERRY_ERROR_RANGE, "the string is not well-formed UTF-8");
  return NULL;
}

/* Element sizes and names of views for the numbers that may lie packed. */
static const struct {
  size_t size;
  const char *view;
} packed[] = {
    [WHERRY_TYPE_S8] = {1, "i8"},   [WHERRY_TYPE_U8] = {1, "u8"},   [WHERRY_TYPE_S16] = {2, "i16"},
    [WHERRY_TYPE_U16] = {2, "u16"}, [WHERRY_TYPE_S32] = {4, "i32"}, [WHERRY_TYPE_U32] = {4, "u32"},
    [WHERRY_TYPE_S64] = {8, "i64"}, [WHERRY_TYPE_U64] = {8, "u64"}, [WHERRY_TYPE_F32] = {4, "f32"},
    [WHERRY_TYPE_F64] = {8, "f64"}};

static bool is_packed(wherry_type_kind_t kind) {
  return kind >= WHERRY_TYPE_S8 && kind <= WHERRY_TYPE_F64;
}

/* Packs a table of numbers into a userdata that it leaves on the stack; nothing if one of them does
   not fit: then canon asks for them one by one and names the bad one. */
static void pack(lua_State *L, int table, wherry_type_kind_t kind, wherry_host_view_t *view) {
  size_t size = packed[kind].size;
  int top = lua_gettop(L);
  if (view->count == 0 || view->count > SIZE_MAX / 16) return;
  uint8_t *data = lua_newuserdatauv(L, view->count * size, 0);
  for (size_t i = 0; i < view->count; i++) {
    wherry_slot_t slot;
    lua_rawgeti(L, table, (lua_Integer)i + 1);
    if (!take_number_quick(L, -1, kind, &slot)) {
      lua_settop(L, top);
      return;
    }
    memcpy(data + i * size, &slot, size);
    lua_pop(L, 1);
  }
  view->data = data;
  view->hold = (uintptr_t)top + 1;
}

static wherry_error_t *take_list(void *context, const wherry_type_t *type,
                                 wherry_host_value_t value, wherry_host_view_t *view) {
  lua_State *L = ((wl_walk_t *)context)->L;
  const int index = (int)value;
  wherry_type_kind_t kind = wherry_type_kind(wherry_type_element(type));
  char text[WH_BIND_TEXT];
  view->data = NULL;
  view->hold = 0;
  luaL_checkstack(L, 8, NULL);
  if (lua_istable(L, index)) {
    lua_Integer count = luaL_len(L, index);
    if (count < 0) return wherry_error_new(WHERRY_ERROR_RANGE, "the list's length is negative");
    view->count = (size_t)count;
    if (is_packed(kind) && luaL_getmetafield(L, index, "__index") == LUA_TNIL)
      pack(L, index, kind, view);
    return NULL;
  }
  if (lua_type(L, index) == LUA_TSTRING && kind == WHERRY_TYPE_U8) {
    view->data = lua_tolstring(L, index, &view->count);
    return NULL;
  }
  const wl_view_t *given = wl_object_test(L, index, &wl_view_kind);
  if (given && is_packed(kind)) {
    uint64_t count;
    const char *format;
    const uint8_t *data = wl_view_data(given, &count, &format);
    if (!data) return wherry_error_new(WHERRY_ERROR_STATE, "the view is closed");
    view->count = (size_t)count;
    if (strcmp(format, packed[kind].view) == 0) view->data = data;
    return NULL;
  }
  wherry_type_print(type, text, sizeof text);
  return wl_misfit(L, index, text, NULL);
}

static wherry_error_t *take_item(void *context, const wherry_type_t *type,
                                 wherry_host_value_t value, size_t index,
                                 wherry_host_value_t *item) {
  const wl_walk_t *walk = context;
  lua_State *L = walk->L;
  luaL_checkstack(L, 8, NULL);
  const wl_view_t *view = wl_object_test(L, (int)value, &wl_view_kind);
  if (view) {
    uint64_t count;
    const char *format;
    if (!wl_view_data(view, &count, &format) || index >= count)
      return wherry_error_new(WHERRY_ERROR_STATE, "the view is closed");
    wl_view_push_item(L, view, index);
  } else if (!lua_istable(L, (int)value) &&
             luaL_getmetafield(L, (int)value, "__index") == LUA_TNIL) {
    char text[WH_BIND_TEXT];
    wherry_type_print(type, text, sizeof text);
    return wl_misfit(L, (int)value, text, NULL);
  } else if (lua_type(L, (int)value) == LUA_TSTRING) {
    lua_pop(L, 1); /* its __index is the library of strings */
    char text[WH_BIND_TEXT];
    wherry_type_print(type, text, sizeof text);
    return wl_misfit(L, (int)value, text, NULL);
  } else if (wherry_type_kind(type) == WHERRY_TYPE_RECORD) {
    push_field_names(walk, type);
    lua_rawgeti(L, -1, (lua_Integer)index + 1);
    lua_gettable(L, (int)value);
    lua_remove(L, -2);
  } else {
    lua_geti(L, (int)value, (lua_Integer)index + 1);
  }
  *item = (wherry_host_value_t)lua_gettop(L);
  return NULL;
}

static void drop(void *context, wherry_host_value_t value) {
  const wl_walk_t *walk = context;
  if (!walk->abandoned && lua_gettop(walk->L) >= (int)value) lua_settop(walk->L, (int)value - 1);
}

static void release_view(void *context, wherry_host_view_t *view) {
  if (view->hold) drop(context, view->hold);
}

/* ---- to Lua ---- */

static wherry_error_t *make_number(void *context, const wherry_type_t *type, wherry_slot_t value,
                                   wherry_host_value_t *out) {
  const wl_walk_t *walk = context;
  lua_State *L = walk->L;
  if (walk->names) luaL_checkstack(L, 8, NULL);
  switch (wherry_type_kind(type)) {
  case WHERRY_TYPE_BOOL: lua_pushboolean(L, value.u64 != 0); break;
  case WHERRY_TYPE_F32: lua_pushnumber(L, (lua_Number)value.f32); break;
  case WHERRY_TYPE_F64: lua_pushnumber(L, value.f64); break;
  case WHERRY_TYPE_CHAR: lua_pushfstring(L, "%U", (long)value.u32); break;
  default: lua_pushinteger(L, value.i64); break;
  }
  *out = (wherry_host_value_t)lua_gettop(L);
  return NULL;
}

static wherry_error_t *make_string(void *context, const char *text, size_t size, bool is_ascii,
                                   wherry_host_value_t *out) {
  lua_State *L = ((wl_walk_t *)context)->L;
  (void)is_ascii;
  luaL_checkstack(L, 8, NULL);
  lua_pushlstring(L, text, size);
  *out = (wherry_host_value_t)lua_gettop(L);
  return NULL;
}

static wherry_error_t *make_numbers(void *context, const wherry_type_t *type, const void *data,
                                    size_t count, wherry_host_value_t *out) {
  lua_State *L = ((wl_walk_t *)context)->L;
  wherry_type_kind_t kind = wherry_type_kind(wherry_type_element(type));
  luaL_checkstack(L, 8, NULL);
  if (kind == WHERRY_TYPE_U8) {
    lua_pushlstring(L, data, count);
  } else {
    const char *bytes = data;
    size_t size = packed[kind].size;
    if (count > INT32_MAX) return wherry_error_new(WHERRY_ERROR_LIMIT, "the list is too long");
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
      union {
        int8_t s8;
        uint16_t u16;
        int16_t s16;
        uint32_t u32;
        int32_t s32;
        int64_t s64;
        float f32;
        double f64;
      } of;
      memcpy(&of, bytes + i * size, size);
      switch (kind) {
      case WHERRY_TYPE_S8: lua_pushinteger(L, of.s8); break;
      case WHERRY_TYPE_U16: lua_pushinteger(L, of.u16); break;
      case WHERRY_TYPE_S16: lua_pushinteger(L, of.s16); break;
      case WHERRY_TYPE_U32: lua_pushinteger(L, of.u32); break;
      case WHERRY_TYPE_S32: lua_pushinteger(L, of.s32); break;
      case WHERRY_TYPE_F32: lua_pushnumber(L, (lua_Number)of.f32); break;
      case WHERRY_TYPE_F64: lua_pushnumber(L, of.f64); break;
      default: lua_pushinteger(L, of.s64); break;
      }
      lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
  }
  *out = (wherry_host_value_t)lua_gettop(L);
  return NULL;
}

static wherry_error_t *make_start(void *context, const wherry_type_t *type, size_t count,
                                  wherry_host_value_t *out) {
  lua_State *L = ((wl_walk_t *)context)->L;
  luaL_checkstack(L, 8, NULL);
  if (count > INT32_MAX) return wherry_error_new(WHERRY_ERROR_LIMIT, "the list is too long");
  if (wherry_type_kind(type) == WHERRY_TYPE_RECORD)
    lua_createtable(L, 0, (int)count);
  else
    lua_createtable(L, (int)count, 0);
  *out = (wherry_host_value_t)lua_gettop(L);
  return NULL;
}

static wherry_error_t *make_set(void *context, const wherry_type_t *type, wherry_host_value_t value,
                                size_t index, wherry_host_value_t item) {
  const wl_walk_t *walk = context;
  lua_State *L = walk->L;
  if (wherry_type_kind(type) == WHERRY_TYPE_RECORD) {
    push_field_names(walk, type);
    lua_rawgeti(L, -1, (lua_Integer)index + 1);
    lua_pushvalue(L, (int)item);
    lua_rawset(L, (int)value);
  } else {
    lua_pushvalue(L, (int)item);
    lua_rawseti(L, (int)value, (lua_Integer)index + 1);
  }
  lua_settop(L, (int)item - 1);
  return NULL;
}

static wherry_error_t *make_finish(void *context, const wherry_type_t *type,
                                   wherry_host_value_t *value) {
  (void)context;
  (void)type;
  (void)value;
  return NULL;
}

static const wherry_host_values_t lua_values = {.take_number = take_number,
                                                .take_string = take_string,
                                                .take_list = take_list,
                                                .take_item = take_item,
                                                .release_view = release_view,
                                                .drop = drop,
                                                .make_number = make_number,
                                                .make_string = make_string,
                                                .make_numbers = make_numbers,
                                                .make_start = make_start,
                                                .make_set = make_set,
                                                .make_finish = make_finish,
                                                .first_index = 1};

/* ---- calling ---- */

/* A call; canon keeps the address of the walk until it has ended or was abandoned. */
typedef struct wl_wit_call {
  wl_wit_t *wit;
  wl_walk_t walk;
  wherry_host_value_t result; /* 0: none */
  wherry_error_t *error;
} wl_wit_call_t;

/* Arguments lie at first and after. */
static void call_lifted(wl_wit_call_t *call, int anchor, int first) {
  lua_State *L = call->walk.L;
  wl_wit_t *wit = call->wit;
  wherry_host_value_t room[ARGUMENTS], *args = room;
  if (wit->params > ARGUMENTS) args = lua_newuserdatauv(L, wit->params * sizeof *args, 0);
  for (uint32_t i = 0; i < wit->params; i++) args[i] = (wherry_host_value_t)first + i;
  wl_entry_t outer = wl_enter(wit->store, L, anchor);
  call->error =
      wherry_lifted_call(wit->lifted, &lua_values, &call->walk, args, wit->params, &call->result);
  wl_leave(wit->store, outer);
}

/* call, anchor, names, arguments */
static int run_wit(lua_State *L) {
  wl_wit_call_t *call = lua_touserdata(L, 1);
  call_lifted(call, 2, 4);
  if (call->error || !call->result) return 0;
  lua_pushvalue(L, (int)call->result);
  return 1;
}

/* The first one runs the guest's _initialize. */
static wherry_error_t *lift(lua_State *L, wl_wit_t *wit, int anchor) {
  wl_entry_t outer = wl_enter(wit->store, L, anchor);
  wherry_error_t *error =
      wherry_lifted_new(wit->store->store, wit->instance, wit->func, &wit->lifted);
  wl_leave(wit->store, outer);
  return error;
}

static int wit_call(lua_State *L) {
  const int anchor = lua_upvalueindex(2);
  wl_wit_t *wit = lua_touserdata(L, lua_upvalueindex(3));
  wl_store_t *store = wit->store;
  if (WL_UNLIKELY(lua_gettop(L) != (int)wit->params)) {
    char text[WH_BIND_TEXT];
    wh_bind_text_count(text, sizeof text, wit->name, wit->params, (size_t)lua_gettop(L));
    return wl_fail(L, WHERRY_ERROR_TYPE, "%s%s", text, wl_colon_hint(L));
  }
  if (WL_UNLIKELY(!wl_store_open(store))) return wl_store_closed_error(L);
  if (WL_UNLIKELY(!wit->lifted)) {
    wherry_error_t *error = lift(L, wit, anchor);
    if (error) return wl_raise_from(L, error, anchor);
  }
  wl_wit_call_t call = {.wit = wit, .walk = {.L = L, .names = 3}};
  if (WL_LIKELY(wit->plain)) {
    call.walk.names = 0;
    call_lifted(&call, anchor, 1);
    if (WL_UNLIKELY(call.error)) return wl_raise_from(L, call.error, anchor);
    return wit->result;
  }
  wl_entry_t outer = {store->L, store->anchor};
  luaL_checkstack(L, 8, NULL);
  lua_pushcfunction(L, run_wit);
  lua_pushlightuserdata(L, &call);
  lua_pushvalue(L, anchor);
  lua_getiuservalue(L, lua_upvalueindex(1), 2);
  lua_rotate(L, 1, 4);
  if (WL_UNLIKELY(lua_pcall(L, (int)wit->params + 3, LUA_MULTRET, 0) != LUA_OK)) {
    /* Raised while a value was read or made, out of the middle of canon. */
    wl_leave(store, outer);
    call.walk.abandoned = true;
    wherry_lifted_abandon(wit->lifted);
    return lua_error(L);
  }
  if (WL_UNLIKELY(call.error)) return wl_raise_from(L, call.error, anchor);
  return lua_gettop(L);
}

/* ---- the functions of a world ---- */

/* Numbers and booleans are read and made without a word to Lua's allocator. */
static bool is_plain(const wherry_type_t *type) {
  return !type || wherry_type_kind(type) <= WHERRY_TYPE_F64;
}

static void fill(lua_State *L, wl_wit_t *wit, wl_store_t *store, int anchor,
                 wherry_instance_t instance, const wherry_witfunc_t *func, char *name) {
  wit->store = store;
  wit->instance = instance;
  wit->func = func;
  wit->name = name;
  wit->params = (uint32_t)wherry_witfunc_param_count(func);
  wit->result = wherry_witfunc_result(func) != NULL;
  wit->plain = wit->params <= ARGUMENTS && is_plain(wherry_witfunc_result(func));
  for (size_t i = 0; i < wit->params; i++)
    if (!is_plain(wherry_witfunc_param_type(func, i))) wit->plain = false;
  wherry_error_t *error = lift(L, wit, anchor);
  /* One function that uses a type which comes later does not make the others useless. */
  if (error && wherry_error_kind(error) == WHERRY_ERROR_UNLINKABLE)
    wherry_error_release(error);
  else if (error)
    wl_raise_from(L, error, anchor);
}

/* Pushes the table for an interface from the table at index, making it if needed. */
static void push_interface(lua_State *L, int table, const char *interface) {
  lua_pushstring(L, interface);
  if (lua_rawget(L, table) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  wl_mark_exports(L);
  lua_pushstring(L, interface);
  lua_pushvalue(L, -2);
  lua_rawset(L, table);
}

/* "xyz:machine/machine-interface@1.0" -> "machine_interface" */
static void push_short_interface(lua_State *L, const char *interface) {
  const char *start = strrchr(interface, '/');
  start = start ? start + 1 : interface;
  lua_pushlstring(L, start, strcspn(start, "@"));
  push_snake(L, lua_tostring(L, -1));
  lua_remove(L, -2);
}

/* Sets table[name at index] to the function at index, unless something else has that name: then
   neither does, and clashes (at index) remembers it. */
static void set_flat(lua_State *L, int table, int name, int func, int clashes) {
  lua_pushvalue(L, name);
  if (lua_rawget(L, clashes) != LUA_TNIL) {
    lua_pop(L, 1);
    return;
  }
  lua_pop(L, 1);
  lua_pushvalue(L, name);
  bool taken = lua_rawget(L, table) != LUA_TNIL;
  lua_pop(L, 1);
  lua_pushvalue(L, name);
  if (taken)
    lua_pushnil(L);
  else
    lua_pushvalue(L, func);
  lua_rawset(L, table);
  if (!taken) return;
  lua_pushvalue(L, name);
  lua_pushboolean(L, 1);
  lua_rawset(L, clashes);
}

void wl_push_world(lua_State *L, wl_store_t *store, int anchor, wherry_instance_t instance,
                   const wherry_world_t *world, int fields, int exports) {
  size_t count = wherry_world_export_count(world), names = 0;
  for (size_t i = 0; i < count; i++)
    names += strlen(wherry_witfunc_name(wherry_world_export(world, i))) + 3;
  luaL_checkstack(L, 20, NULL);
  const int top = lua_gettop(L), block_index = top + 1, clashes[] = {top + 2, top + 3};
  wl_wits_t *block =
      wl_object_new(L, &wl_part_kind, sizeof *block + count * sizeof *block->items + names, 2);
  lua_pushvalue(L, anchor);
  lua_setiuservalue(L, block_index, 1);
  lua_newtable(L);
  lua_setiuservalue(L, block_index, 2);
  lua_newtable(L);
  lua_newtable(L);
  char *name = (char *)(block->items + count);
  for (size_t i = 0; i < count; i++) {
    const wherry_witfunc_t *func = wherry_world_export(world, i);
    const char *own = wherry_witfunc_name(func), *interface = wherry_witfunc_interface(func);
    size_t size = wl_snake(name, strlen(own) + 3, own, strlen(own));
    fill(L, &block->items[i], store, anchor, instance, func, name);
    const int raw = top + 4, snake = top + 5, closure = top + 6;
    lua_pushstring(L, own);
    lua_pushstring(L, name);
    lua_pushvalue(L, block_index);
    lua_pushvalue(L, anchor);
    lua_pushlightuserdata(L, &block->items[i]);
    lua_pushcclosure(L, wit_call, 3);
    name += size + 1;
    if (interface) {
      push_interface(L, exports, interface);
      lua_pushvalue(L, raw);
      lua_pushvalue(L, closure);
      lua_rawset(L, -3);
      push_interface(L, fields, interface);
      lua_pushvalue(L, snake);
      lua_pushvalue(L, closure);
      lua_rawset(L, -3);
    }
    set_flat(L, exports, raw, closure, clashes[0]);
    set_flat(L, fields, snake, closure, clashes[1]);
    lua_settop(L, top + 3);
  }
  bool clash = (lua_pushnil(L), lua_next(L, clashes[1]) != 0);
  lua_settop(L, top + 3);
  for (size_t i = 0; clash && i < count; i++) { /* then interfaces have short names as well */
    const char *interface = wherry_witfunc_interface(wherry_world_export(world, i));
    if (!interface) continue;
    push_short_interface(L, interface);
    push_interface(L, fields, interface);
    lua_rawset(L, fields);
  }
  lua_settop(L, top);
}

bool wl_wit_signature(lua_State *L, int index, char *text, size_t size) {
  char type[WH_BIND_TEXT];
  if (lua_tocfunction(L, index) != wit_call || !lua_getupvalue(L, index, 3)) return false;
  const wl_wit_t *wit = lua_touserdata(L, -1);
  lua_pop(L, 1);
  size_t length = 0;
#define ADD(...) \
  if (length < size) length += (size_t)snprintf(text + length, size - length, __VA_ARGS__)
  ADD("func(");
  for (size_t i = 0; i < wit->params; i++) {
    wherry_type_print(wherry_witfunc_param_type(wit->func, i), type, sizeof type);
    ADD("%s%s: %s", i ? ", " : "", wherry_witfunc_param_name(wit->func, i), type);
  }
  ADD(")");
  if (wit->result) {
    wherry_type_print(wherry_witfunc_result(wit->func), type, sizeof type);
    ADD(" -> %s", type);
  }
#undef ADD
  return true;
}

void wl_wit_register(lua_State *L) { wl_kind_register(L, &wl_part_kind, NULL, NULL, NULL); }
