/* The short level: load, and the table that is a guest. */
#include "shim.h"

#include <string.h>

/* Registry keys of the metatables of guests and of exports tables. Both have a field `exports_of`, by
   which a call with a colon is found out. */
static const char guest_key, exports_key;

void wl_mark_exports(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &exports_key);
  lua_setmetatable(L, -2);
}

/* ---- options ---- */

static const char *const known[] = {"engine",  "fuel", "imports", "memory_limit",
                                    "timeout", "wit",  "world"};

static void check_options(lua_State *L, int index) {
  if (!lua_istable(L, index))
    wl_fail(L, WHERRY_ERROR_TYPE, "options: expected a table, got %s", wl_type_name(L, index));
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    size_t i = 0;
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    if (!key)
      wl_fail(L, WHERRY_ERROR_TYPE, "options: expected names, got a key of type %s",
              wl_type_name(L, -2));
    for (; i < sizeof known / sizeof *known; i++)
      if (strcmp(key, known[i]) == 0) break;
    if (i < sizeof known / sizeof *known) continue;
    char near[WH_BIND_TEXT];
    lua_newtable(L);
    for (i = 0; i < sizeof known / sizeof *known; i++) {
      lua_pushboolean(L, 1);
      lua_setfield(L, -2, known[i]);
    }
    wl_near_names(L, -1, key, near);
    wl_fail(L, WHERRY_ERROR_TYPE, "options: there is no option '%s'%s", key, near);
  }
}

static const char *text_option(lua_State *L, const char *name) {
  if (lua_getfield(L, 2, name) != LUA_TNIL && lua_type(L, -1) != LUA_TSTRING)
    wl_fail(L, WHERRY_ERROR_TYPE, "%s: expected a string, got %s", name, wl_type_name(L, -1));
  return lua_tostring(L, -1);
}

/* The texts stay on the stack while they are needed. */
static void set_wit(lua_State *L, wherry_module_t *module) {
  const char *wit = text_option(L, "wit"), *world = text_option(L, "world");
  if (wit) wl_check(L, wherry_module_set_wit(module, wit, world));
  lua_pop(L, 2);
}

wl_instance_t *wl_load_instance(lua_State *L) {
  wherry_engine_t *engine = NULL;
  bool options = !lua_isnil(L, 2);
  lua_settop(L, 2);
  luaL_checkstack(L, 20, NULL);
  lua_pushnil(L); /* 3: the anchor, 4: imports */
  lua_pushnil(L);
  if (options) {
    check_options(L, 2);
    lua_getfield(L, 2, "imports");
    if (!lua_istable(L, -1) && !lua_isnil(L, -1))
      wl_fail(L, WHERRY_ERROR_TYPE, "imports: expected a table, got %s", wl_type_name(L, -1));
    lua_replace(L, 4);
    if (lua_getfield(L, 2, "engine") != LUA_TNIL) engine = wl_engine_check(L, -1);
  }
  if (!engine) engine = wl_engine_default(L);
  int module = lua_gettop(L) + 1;
  wherry_module_t *loaded = wl_module_load(L, engine, 1);
  if (options) set_wit(L, loaded);
  wl_store_t *store = wl_store_push(L, engine, options ? 2 : 0);
  lua_replace(L, 3);
  wherry_instance_t instance = wl_instantiate(L, store, 3, module, lua_isnil(L, 4) ? 0 : 4);
  wl_push_instance(L, store, 3, instance);
  return lua_touserdata(L, -1);
}

/* ---- the guest ---- */

/* A core module's functions stand in fields under their own names; keywords get a '_' as well. */
static void add_core_fields(lua_State *L, int fields, int exports) {
  char name[64];
  for (lua_pushnil(L); lua_next(L, exports);) {
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, fields);
    size_t size;
    const char *own = lua_tolstring(L, -2, &size);
    if (size < 10 && wl_is_keyword(own)) {
      wl_snake(name, sizeof name, own, size);
      lua_pushstring(L, name);
      lua_insert(L, -2);
      lua_rawset(L, fields);
    } else {
      lua_pop(L, 1);
    }
  }
}

/* Where there is WIT, canon does it. */
void wl_call_initialize(lua_State *L, int exports) {
  lua_pushliteral(L, "_initialize");
  lua_rawget(L, exports);
  const wl_func_t *f = wl_func_test(L, -1);
  if (f && f->params == 0 && f->results == 0)
    lua_call(L, 0, 0);
  else
    lua_pop(L, 1);
}

static void set_field(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  lua_insert(L, -2);
  lua_rawset(L, table);
}

static wl_store_t *guest_store(lua_State *L, int guest) {
  wl_instance_t *instance = NULL;
  if (lua_istable(L, guest)) {
    lua_pushliteral(L, "instance");
    lua_rawget(L, guest);
    instance = wl_object_test(L, -1, &wl_instance_kind);
    lua_pop(L, 1);
  }
  return instance ? instance->store : NULL;
}

/* guest.close() and guest:close(); the upvalue is the instance. */
static int close_function(lua_State *L) {
  wl_instance_t *instance = lua_touserdata(L, lua_upvalueindex(1));
  if (instance->store->store) wherry_store_close(instance->store->store);
  return 0;
}

static int guest_close(lua_State *L) {
  wl_store_t *store = guest_store(L, 1);
  if (store && store->store) wherry_store_close(store->store);
  return 0;
}

static int guest_index(lua_State *L) {
  char near[WH_BIND_TEXT];
  const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
  if (!name)
    return wl_fail(L, WHERRY_ERROR_TYPE, "a guest's exports have names, got %s",
                   wl_type_name(L, 2));
  if (strcmp(name, "memory") == 0)
    return wl_fail(L, WHERRY_ERROR_UNLINKABLE, "the guest exports no memory");
  wl_near_names(L, 1, name, near);
  return wl_fail(L, WHERRY_ERROR_UNLINKABLE, "the guest exports no '%s'%s", name, near);
}

static int guest_text(lua_State *L) {
  wl_store_t *store = guest_store(L, 1);
  lua_pushstring(L, store && wl_store_open(store) ? "wherry.Guest" : "wherry.Guest (closed)");
  return 1;
}

/* wherry.load(source[, options]) */
static int load(lua_State *L) {
  lua_settop(L, 2);
  wl_instance_t *instance = wl_load_instance(L);
  const int self = lua_gettop(L), fields = self + 2, anchor = 3;
  const wherry_world_t *world;
  wherry_module_t *module;
  int exports = self + 1;
  lua_getiuservalue(L, self, 2);
  wl_check(L, wherry_instance_module(instance->store->store, instance->instance, &module));
  wl_check(L, wherry_module_world(module, &world));
  lua_createtable(L, 0, 4 + (int)wherry_module_export_count(module));
  if (world) {
    lua_newtable(L);
    wl_push_world(L, instance->store, anchor, instance->instance, world, fields, fields + 1);
    exports = fields + 1;
    lua_pushvalue(L, exports);
    wl_mark_exports(L);
    lua_pop(L, 1);
  } else {
    wl_call_initialize(L, exports);
    add_core_fields(L, fields, exports);
  }
  lua_pushvalue(L, exports);
  set_field(L, fields, "exports");
  lua_pushvalue(L, self);
  set_field(L, fields, "instance");
  lua_pushvalue(L, self);
  lua_pushcclosure(L, close_function, 1);
  set_field(L, fields, "close");
  lua_pushliteral(L, "memory");
  if (lua_rawget(L, fields) == LUA_TNIL) {
    lua_pushvalue(L, self + 1);
    wl_push_main_memory(L);
    set_field(L, fields, "memory"); /* nil: __index tells */
  }
  lua_settop(L, fields);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &guest_key);
  lua_setmetatable(L, fields);
  return 1;
}

void wl_guest_register(lua_State *L) {
  static const luaL_Reg meta[] = {
      {"__index", guest_index}, {"__close", guest_close}, {"__tostring", guest_text}, {NULL, NULL}};
  lua_newtable(L);
  luaL_setfuncs(L, meta, 0);
  lua_pushliteral(L, "wherry.Guest");
  lua_setfield(L, -2, "__name");
  lua_pushliteral(L, "wherry.Guest");
  lua_setfield(L, -2, "__metatable");
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, "exports_of");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &guest_key);
  lua_newtable(L);
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, "exports_of");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &exports_key);
  lua_pushcfunction(L, load);
  lua_setfield(L, -2, "load");
}
