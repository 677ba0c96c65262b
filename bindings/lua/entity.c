/* Table, Global and Tag. Elements of tables count from 0, as WebAssembly has them. */
#include "shim.h"

#include <string.h>

/* ---- Table ---- */

static wl_table_t *table_check(lua_State *L) {
  wl_table_t *table = wl_object_check(L, 1, &wl_table_kind);
  if (!wl_store_open(table->store)) wl_store_closed_error(L);
  return table;
}

void wl_push_table(lua_State *L, wl_store_t *store, int anchor, wherry_table_t table) {
  anchor = lua_absindex(L, anchor);
  luaL_checkstack(L, 6, NULL);
  if (wl_cache_get(L, anchor, WHERRY_EXTERN_TABLE, table.index)) return;
  wl_table_t *object = wl_object_new(L, &wl_table_kind, sizeof *object, 1);
  lua_pushvalue(L, anchor);
  lua_setiuservalue(L, -2, 1);
  object->store = store;
  object->table = table;
  wl_cache_put(L, anchor, WHERRY_EXTERN_TABLE, table.index);
}

static int table_get(lua_State *L) {
  wl_table_t *table = table_check(L);
  wherry_value_t value;
  wl_check(L, wherry_table_get(table->store->store, table->table, wl_count_check(L, 2, "index"),
                               &value));
  lua_settop(L, 2);
  lua_getiuservalue(L, 1, 1);
  wl_push_value(L, table->store, 3, &value);
  return 1;
}

static wherry_value_t element_check(lua_State *L, wl_table_t *table, int index) {
  wherry_valtype_t element;
  uint64_t maximum;
  wl_check(L, wherry_table_type(table->store->store, table->table, &element, &maximum));
  lua_getiuservalue(L, 1, 1);
  wherry_value_t value = wl_value_check(L, table->store, lua_gettop(L), index, element);
  lua_pop(L, 1);
  return value;
}

static int table_set(lua_State *L) {
  lua_settop(L, 3);
  wl_table_t *table = table_check(L);
  uint64_t place = wl_count_check(L, 2, "index");
  wherry_value_t value = element_check(L, table, 3);
  wl_check(L, wherry_table_set(table->store->store, table->table, place, &value));
  return 0;
}

/* table:grow(elements[, value]): how many there were */
static int table_grow(lua_State *L) {
  lua_settop(L, 3);
  wl_table_t *table = table_check(L);
  uint64_t more = wl_count_check(L, 2, "elements");
  uint64_t previous;
  wherry_value_t value = element_check(L, table, 3);
  wl_check(L, wherry_table_grow(table->store->store, table->table, more, &value, &previous));
  lua_pushinteger(L, (lua_Integer)previous);
  return 1;
}

static int table_length(lua_State *L) {
  wl_table_t *table = table_check(L);
  uint64_t size;
  wl_check(L, wherry_table_size(table->store->store, table->table, &size));
  lua_pushinteger(L, (lua_Integer)size);
  return 1;
}

static int table_index(lua_State *L) {
  if (lua_type(L, 2) == LUA_TNUMBER) return table_get(L);
  return wl_method_or_unknown(L, "a table");
}

/* wherry.Table(store, "funcref", minimum[, maximum[, value]]) */
static int table_new(lua_State *L) {
  lua_settop(L, 5);
  wl_store_t *store = wl_store_check(L, 1);
  wherry_valtype_t element = wl_valtype_check(L, 2);
  uint64_t minimum = wl_count_check(L, 3, "minimum");
  uint64_t maximum = lua_isnil(L, 4) ? UINT64_MAX : wl_count_check(L, 4, "maximum");
  if (element != WHERRY_FUNCREF && element != WHERRY_EXTERNREF)
    return wl_fail(L, WHERRY_ERROR_TYPE, "a table holds funcref or externref, not %s",
                   wherry_valtype_name(element));
  wherry_table_t table;
  wl_store_push_anchor(L, 1);
  wherry_value_t initial = wl_value_check(L, store, 6, 5, element);
  wl_check(L, wherry_table_new(store->store, element, minimum, maximum, &initial, &table));
  wl_push_table(L, store, 6, table);
  return 1;
}

/* ---- Global ---- */

static wl_global_t *global_check(lua_State *L) {
  wl_global_t *global = wl_object_check(L, 1, &wl_global_kind);
  if (!wl_store_open(global->store)) wl_store_closed_error(L);
  return global;
}

void wl_push_global(lua_State *L, wl_store_t *store, int anchor, wherry_global_t global) {
  anchor = lua_absindex(L, anchor);
  luaL_checkstack(L, 6, NULL);
  if (wl_cache_get(L, anchor, WHERRY_EXTERN_GLOBAL, global.index)) return;
  wl_global_t *object = wl_object_new(L, &wl_global_kind, sizeof *object, 1);
  lua_pushvalue(L, anchor);
  lua_setiuservalue(L, -2, 1);
  object->store = store;
  object->global = global;
  wl_cache_put(L, anchor, WHERRY_EXTERN_GLOBAL, global.index);
}

static int global_get(lua_State *L) {
  wl_global_t *global = global_check(L);
  wherry_value_t value;
  wl_check(L, wherry_global_get(global->store->store, global->global, &value));
  lua_getiuservalue(L, 1, 1);
  wl_push_value(L, global->store, lua_gettop(L), &value);
  return 1;
}

static int global_set(lua_State *L, int index) {
  wl_global_t *global = global_check(L);
  wherry_valtype_t type;
  bool is_mutable;
  wl_check(L, wherry_global_type(global->store->store, global->global, &type, &is_mutable));
  lua_getiuservalue(L, 1, 1);
  wherry_value_t value = wl_value_check(L, global->store, lua_gettop(L), index, type);
  wl_check(L, wherry_global_set(global->store->store, global->global, &value));
  return 0;
}

static int global_index(lua_State *L) {
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  wherry_valtype_t type;
  bool is_mutable;
  if (strcmp(key, "value") == 0) return global_get(L);
  if (strcmp(key, "type") == 0 || strcmp(key, "mutable") == 0) {
    wl_global_t *global = global_check(L);
    wl_check(L, wherry_global_type(global->store->store, global->global, &type, &is_mutable));
    if (*key == 't')
      lua_pushstring(L, wherry_valtype_name(type));
    else
      lua_pushboolean(L, is_mutable);
    return 1;
  }
  return wl_method_or_unknown(L, "a global");
}

static int global_newindex(lua_State *L) {
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "value") == 0) return global_set(L, 3);
  return wl_fail(L, WHERRY_ERROR_TYPE, "of a global only 'value' can be set");
}

/* wherry.Global(store, wherry.Value.i32(7)[, {mutable = true}]) */
static int global_new(lua_State *L) {
  lua_settop(L, 3);
  wl_store_t *store = wl_store_check(L, 1);
  bool is_mutable = false;
  if (!lua_isnil(L, 3)) {
    wl_options_check(L, 3, "options");
    lua_getfield(L, 3, "mutable");
    is_mutable = lua_toboolean(L, -1);
    lua_pop(L, 1);
  }
  wherry_global_t global;
  wl_store_push_anchor(L, 1);
  wherry_value_t initial = wl_value_check(L, store, 4, 2, 0);
  wl_check(L, wherry_global_new(store->store, &initial, is_mutable, &global));
  wl_push_global(L, store, 4, global);
  return 1;
}

/* ---- Tag ---- */

void wl_push_tag(lua_State *L, wl_store_t *store, int anchor, wherry_tag_t tag) {
  anchor = lua_absindex(L, anchor);
  luaL_checkstack(L, 6, NULL);
  if (wl_cache_get(L, anchor, WHERRY_EXTERN_TAG, tag.index)) return;
  wl_tag_t *object = wl_object_new(L, &wl_tag_kind, sizeof *object, 1);
  lua_pushvalue(L, anchor);
  lua_setiuservalue(L, -2, 1);
  object->store = store;
  object->tag = tag;
  wl_cache_put(L, anchor, WHERRY_EXTERN_TAG, tag.index);
}

static int tag_index(lua_State *L) {
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "params") != 0) return wl_method_or_unknown(L, "a tag");
  wl_tag_t *tag = wl_object_check(L, 1, &wl_tag_kind);
  if (!wl_store_open(tag->store)) wl_store_closed_error(L);
  const wherry_functype_t *type;
  wl_check(L, wherry_tag_type(tag->store->store, tag->tag, &type));
  size_t count = wherry_functype_param_count(type);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_pushstring(L, wherry_valtype_name(wherry_functype_param(type, i)));
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* wherry.Tag(store, {"i32", …}) */
static int tag_new(lua_State *L) {
  enum { MOST = 64 };
  wherry_valtype_t types[MOST];
  lua_settop(L, 2);
  wl_store_t *store = wl_store_check(L, 1);
  wherry_functype_t *type;
  wherry_tag_t tag;
  size_t count = 0;
  if (!lua_isnil(L, 2)) {
    luaL_checktype(L, 2, LUA_TTABLE);
    count = (size_t)lua_rawlen(L, 2);
    if (count > MOST) wl_fail(L, WHERRY_ERROR_TYPE, "a tag has at most %d parameters here", MOST);
    for (size_t i = 0; i < count; i++) {
      lua_rawgeti(L, 2, (lua_Integer)i + 1);
      types[i] = wl_valtype_check(L, -1);
      lua_pop(L, 1);
    }
  }
  wl_store_push_anchor(L, 1);
  wl_check(L, wherry_functype_new(types, count, NULL, 0, &type));
  wherry_error_t *error = wherry_tag_new(store->store, type, &tag);
  wherry_functype_release(type);
  wl_check(L, error);
  wl_push_tag(L, store, 3, tag);
  return 1;
}

void wl_entity_register(lua_State *L) {
  static const luaL_Reg table_meta[] = {
      {"__len", table_length}, {"__newindex", table_set}, {NULL, NULL}};
  static const luaL_Reg table_methods[] = {
      {"get", table_get}, {"set", table_set}, {"grow", table_grow}, {NULL, NULL}};
  static const luaL_Reg global_meta[] = {{"__newindex", global_newindex}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"Table", table_new}, {"Global", global_new}, {"Tag", tag_new}, {NULL, NULL}};
  wl_kind_register(L, &wl_table_kind, table_meta, table_methods, table_index);
  wl_kind_register(L, &wl_global_kind, global_meta, NULL, global_index);
  wl_kind_register(L, &wl_tag_kind, NULL, NULL, tag_index);
  luaL_setfuncs(L, functions, 0);
}
