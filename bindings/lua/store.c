/* Engine, Config and Store. */
#include "shim.h"

#include <string.h>

typedef struct wl_engine {
  const wl_kind_t *kind;
  wherry_engine_t *engine;
} wl_engine_t;
typedef struct wl_config {
  const wl_kind_t *kind;
  wherry_config_t *config;
} wl_config_t;

static const char default_engine_key;

/* ---- Config ---- */

wherry_config_t *wl_config_check(lua_State *L, int index) {
  return ((wl_config_t *)wl_object_check(L, index, &wl_config_kind))->config;
}

static void set_features(lua_State *L, wherry_config_t *config, int table) {
  if (lua_type(L, table) == LUA_TSTRING) {
    wl_check(L, wherry_config_set_features(config, lua_tostring(L, table)));
    return;
  }
  if (!lua_istable(L, table))
    wl_fail(L, WHERRY_ERROR_TYPE, "features: expected a table or a string, got %s",
            wl_type_name(L, table));
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    wherry_feature_t feature;
    size_t size;
    if (lua_type(L, -2) != LUA_TSTRING)
      wl_fail(L, WHERRY_ERROR_TYPE, "features: expected names, got a key of type %s",
              wl_type_name(L, -2));
    const char *name = lua_tolstring(L, -2, &size);
    wl_check(L, wherry_feature_find(name, size, &feature));
    wl_check(L, wherry_config_set_feature(config, feature, lua_toboolean(L, -1)));
  }
}

/* A table of all features: name -> whether it is on, of a config or else of an engine. */
static int push_features(lua_State *L, const wherry_config_t *config,
                         const wherry_engine_t *engine) {
  lua_createtable(L, 0, WHERRY_FEATURE_COUNT);
  for (wherry_feature_t i = 0; i < WHERRY_FEATURE_COUNT; i++) {
    lua_pushboolean(L,
                    config ? wherry_config_feature(config, i) : wherry_engine_feature(engine, i));
    lua_setfield(L, -2, wherry_feature_name(i));
  }
  return 1;
}

static int config_index(lua_State *L) {
  const wherry_config_t *config = wl_config_check(L, 1);
  if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "features") == 0)
    return push_features(L, config, NULL);
  return wl_method_or_unknown(L, "a config");
}

static int config_set(lua_State *L, wherry_config_t *config, const char *key, int value) {
  if (strcmp(key, "features") == 0) {
    set_features(L, config, value);
  } else if (strcmp(key, "memory_reservation") == 0) {
    wl_check(L, wherry_config_set_memory_reservation(config, wl_size_check(L, value, key)));
  } else if (strcmp(key, "stack_size") == 0) {
    wl_check(L, wherry_config_set_stack_size(config, wl_size_check(L, value, key)));
  } else if (strcmp(key, "deterministic") == 0) {
    wl_check(L, wherry_config_set_deterministic(config, lua_toboolean(L, value)));
  } else if (strcmp(key, "tick") == 0) {
    wl_check(L, wherry_config_set_tick(config, wl_count_check(L, value, key)));
  } else if (strcmp(key, "call_depth") == 0) {
    uint64_t calls = wl_count_check(L, value, key);
    wl_check(
        L, wherry_config_set_call_depth(config, calls > UINT32_MAX ? UINT32_MAX : (uint32_t)calls));
  } else {
    return 0;
  }
  return 1;
}

/* wherry.Config{stack_size = "1 MB", features = {tail_call = false}} */
static int config_new(lua_State *L) {
  if (!lua_isnoneornil(L, 1)) wl_options_check(L, 1, "Config");
  lua_settop(L, 1);
  wl_config_t *object = wl_object_new(L, &wl_config_kind, sizeof *object, 0);
  wl_check(L, wherry_config_new(NULL, &object->config));
  if (lua_isnil(L, 1)) return 1;
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
    if (!config_set(L, object->config, key, lua_absindex(L, -1)))
      wl_fail(L, WHERRY_ERROR_TYPE,
              "Config: unknown option '%s' (known: call_depth, deterministic, features, "
              "memory_reservation, "
              "stack_size, tick)",
              key);
  }
  return 1;
}

static int config_gc(lua_State *L) {
  wl_config_t *object = wl_object_check(L, 1, &wl_config_kind);
  wherry_config_release(object->config);
  object->config = NULL;
  return 0;
}

/* ---- Engine ---- */

wherry_engine_t *wl_engine_check(lua_State *L, int index) {
  wl_engine_t *object = wl_object_check(L, index, &wl_engine_kind);
  if (!object->engine) wl_fail(L, WHERRY_ERROR_STATE, "the engine is closed");
  return object->engine;
}

static wherry_engine_t *engine_push(lua_State *L, const wherry_config_t *config) {
  wl_engine_t *object = wl_object_new(L, &wl_engine_kind, sizeof *object, 0);
  wl_check(L, wherry_engine_new(config, &object->engine));
  return object->engine;
}

static int engine_new(lua_State *L) {
  lua_settop(L, 1);
  if (lua_istable(L, 1)) {
    lua_pushcfunction(L, config_new);
    lua_insert(L, 1);
    lua_call(L, 1, 1);
  }
  engine_push(L, lua_isnil(L, 1) ? NULL : wl_config_check(L, 1));
  return 1;
}

static int engine_index(lua_State *L) {
  const wherry_engine_t *engine = wl_engine_check(L, 1);
  if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "features") == 0)
    return push_features(L, NULL, engine);
  return wl_method_or_unknown(L, "an engine");
}

static int engine_gc(lua_State *L) {
  wl_engine_t *object = wl_object_check(L, 1, &wl_engine_kind);
  wherry_engine_release(object->engine);
  object->engine = NULL;
  return 0;
}

wherry_engine_t *wl_engine_default(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &default_engine_key) == LUA_TNIL) {
    lua_pop(L, 1);
    engine_push(L, NULL);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &default_engine_key);
  }
  return wl_engine_check(L, -1);
}

/* ---- Store ---- */

int wl_store_closed_error(lua_State *L) {
  char text[WH_BIND_TEXT];
  wh_bind_text_closed(text, sizeof text, "store");
  return wl_fail(L, WHERRY_ERROR_STATE, "%s", text);
}

wl_store_t *wl_store_check(lua_State *L, int index) {
  wl_store_t *object = wl_object_check(L, index, &wl_store_kind);
  if (!wl_store_open(object)) wl_store_closed_error(L);
  return object;
}

static int nothing(lua_State *L) {
  (void)L;
  return 0;
}

/* Lets a debug hook of the Lua state run, as lua5.4 sets one on Ctrl-C, though no Lua code runs. */
static wherry_error_t *tick(wherry_store_t *unused, void *data) {
  (void)unused;
  wl_store_t *store = data;
  lua_State *L = store->L;
  if (!L || !lua_gethook(L) || !lua_checkstack(L, 5)) return NULL;
  lua_pushcfunction(L, nothing);
  return lua_pcall(L, 0, 0, 0) == LUA_OK ? NULL : wl_error_carry(L, store->anchor);
}

static void push_anchor(lua_State *L, int store) {
  lua_createtable(L, 4, 8);
  lua_pushvalue(L, store);
  lua_rawseti(L, -2, WL_ANCHOR_STORE);
  lua_pushboolean(L, 0);
  lua_rawseti(L, -2, WL_ANCHOR_FLIGHT);
  lua_newtable(L);
  lua_newtable(L);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawseti(L, -2, WL_ANCHOR_CACHE);
}

static void set_limits(lua_State *L, wl_store_t *store, int options) {
  wherry_store_t *of = store->store;
  if (lua_getfield(L, options, "memory_limit") != LUA_TNIL)
    wl_check(L, wherry_store_set_memory_limit(of, wl_size_check(L, -1, "memory_limit")));
  if (lua_getfield(L, options, "fuel") != LUA_TNIL)
    wl_check(L, wherry_store_set_fuel(of, wl_count_check(L, -1, "fuel")));
  if (lua_getfield(L, options, "timeout") != LUA_TNIL)
    wl_check(L, wherry_store_set_timeout(of, wl_seconds_check(L, -1, "timeout")));
  lua_pop(L, 3);
}

wl_store_t *wl_store_box(lua_State *L) {
  luaL_checkstack(L, 8, NULL);
  wl_store_t *store = wl_object_new(L, &wl_store_kind, sizeof *store, 1);
  int self = lua_gettop(L);
  push_anchor(L, self);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, self, 1);
  return store;
}

wl_store_t *wl_store_push(lua_State *L, wherry_engine_t *engine, int options) {
  wl_store_t *store = wl_store_box(L);
  wl_check(L, wherry_store_new(engine, &store->store));
  wherry_store_set_tick(store->store, tick, store);
  if (options) set_limits(L, store, options);
  return store;
}

void wl_store_push_anchor(lua_State *L, int index) { lua_getiuservalue(L, index, 1); }

lua_Integer wl_anchor_keep(lua_State *L, int anchor) {
  lua_Integer place = (lua_Integer)lua_rawlen(L, anchor) + 1;
  lua_rawseti(L, anchor, place);
  return place;
}

static int store_new(lua_State *L) {
  lua_settop(L, 2);
  wherry_engine_t *engine = lua_isnil(L, 1) ? wl_engine_default(L) : wl_engine_check(L, 1);
  if (!lua_isnil(L, 2)) wl_options_check(L, 2, "options");
  wl_store_push(L, engine, lua_isnil(L, 2) ? 0 : 2);
  lua_pop(L, 1);
  return 1;
}

static int store_gc(lua_State *L) {
  wl_store_t *store = wl_object_check(L, 1, &wl_store_kind);
  wherry_store_t *ended = store->store;
  store->store = NULL;
  wherry_store_release(ended);
  return 0;
}

static int store_close(lua_State *L) {
  wl_store_t *store = wl_object_check(L, 1, &wl_store_kind);
  if (store->store) wherry_store_close(store->store);
  return 0;
}

static int store_interrupt(lua_State *L) {
  wherry_store_interrupt(wl_store_check(L, 1)->store);
  return 0;
}

static int store_index(lua_State *L) {
  wl_store_t *store = wl_object_check(L, 1, &wl_store_kind);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "closed") == 0) {
    lua_pushboolean(L, !wl_store_open(store));
    return 1;
  }
  if (strcmp(key, "fuel") == 0) {
    lua_pushinteger(L, (lua_Integer)wherry_store_fuel(wl_store_check(L, 1)->store));
    return 1;
  }
  if (strcmp(key, "memory_used") == 0) {
    lua_pushinteger(L, (lua_Integer)wherry_store_memory_used(wl_store_check(L, 1)->store));
    return 1;
  }
  return wl_method_or_unknown(L, "a store");
}

static int store_newindex(lua_State *L) {
  wl_store_t *store = wl_store_check(L, 1);
  const char *key = wl_string_check(L, 2, "field", NULL);
  if (strcmp(key, "fuel") == 0) {
    wl_check(L, wherry_store_set_fuel(store->store, wl_count_check(L, 3, key)));
  } else if (strcmp(key, "timeout") == 0) {
    wl_check(L, wherry_store_set_timeout(store->store, wl_seconds_check(L, 3, key)));
  } else if (strcmp(key, "memory_limit") == 0) {
    wl_check(L, wherry_store_set_memory_limit(store->store, wl_size_check(L, 3, key)));
  } else {
    return wl_fail(L, WHERRY_ERROR_TYPE,
                   "a store has no field '%s' to set (known: fuel, memory_limit, timeout)", key);
  }
  return 0;
}

void wl_store_register(lua_State *L) {
  static const luaL_Reg config_meta[] = {{"__gc", config_gc}, {NULL, NULL}};
  static const luaL_Reg engine_meta[] = {{"__gc", engine_gc}, {NULL, NULL}};
  static const luaL_Reg store_meta[] = {
      {"__gc", store_gc}, {"__close", store_close}, {"__newindex", store_newindex}, {NULL, NULL}};
  static const luaL_Reg store_methods[] = {
      {"close", store_close}, {"interrupt", store_interrupt}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"Config", config_new}, {"Engine", engine_new}, {"Store", store_new}, {NULL, NULL}};
  wl_kind_register(L, &wl_config_kind, config_meta, NULL, config_index);
  wl_kind_register(L, &wl_engine_kind, engine_meta, NULL, engine_index);
  wl_kind_register(L, &wl_store_kind, store_meta, store_methods, store_index);
  luaL_setfuncs(L, functions, 0);
}
