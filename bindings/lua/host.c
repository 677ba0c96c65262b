/* Functions of Lua that guests call. Numbers go straight from slots to the Lua stack and back; what
   may raise while it is made (a Caller, references) is made inside the protected call. */
#include "shim.h"

#include <stdlib.h>
#include <string.h>

/* What the store holds for a host function; the Lua function itself lies in the anchor. */
typedef struct wl_host {
  wl_store_t *store;
  lua_Integer place;
  uint32_t params, results;
  bool wants_caller, plain; /* plain: numbers only, each in one slot */
  const char *name;
  char codes[];
} wl_host_t;

/* What wherry.host makes; user value 1: the function. */
typedef struct wl_host_option {
  const wl_kind_t *kind;
  bool wants_caller;
} wl_host_option_t;

typedef struct wl_caller {
  const wl_kind_t *kind;
  wl_store_t *store;
  uint64_t frame; /* the number of the frame that it belongs to */
} wl_caller_t;

static wherry_error_t *bad_result(lua_State *L, const wl_host_t *host, int index, uint32_t result) {
  wh_bind_place_t place = {host->name, 0, NULL};
  return wl_misfit(L, index, wl_code_name(host->codes[host->params + result]), &place);
}

static wherry_error_t *call_plain(wl_host_t *host, lua_State *L, int anchor, wherry_slot_t *slots) {
  const char *codes = host->codes;
  const int params = (int)host->params, results = (int)host->results;
  wherry_error_t *error = NULL;
  if (WL_UNLIKELY(!lua_checkstack(L, params + results + 5)))
    return wl_error_make(WHERRY_ERROR_LIMIT, "%s(): Lua's stack overflows", host->name);
  lua_rawgeti(L, anchor, host->place);
  for (int i = 0; i < params; i++) wl_push_number(L, codes[i], &slots[i]);
  if (WL_UNLIKELY(lua_pcall(L, params, results, 0) != LUA_OK)) return wl_error_carry(L, anchor);
  codes += params;
  for (int i = 0; i < results; i++) {
    if (WL_LIKELY(wl_take_number(L, i - results, codes[i], &slots[i]))) continue;
    error = bad_result(L, host, i - results, (uint32_t)i);
    break;
  }
  lua_pop(L, results);
  return error;
}

/* ---- with a Caller or references ---- */

typedef struct wl_body {
  wl_host_t *host;
  wl_frame_t *frame;
  wherry_slot_t *slots;
  wherry_error_t *error;
} wl_body_t;

/* body, anchor */
static int run_body(lua_State *L) {
  wl_body_t *body = lua_touserdata(L, 1);
  wl_host_t *host = body->host;
  const int results = (int)host->results;
  int count = (int)host->params;
  luaL_checkstack(L, count + results + 8, NULL);
  lua_rawgeti(L, 2, host->place);
  if (host->wants_caller) {
    wl_caller_t *caller = wl_object_new(L, &wl_caller_kind, sizeof *caller, 1);
    caller->store = host->store;
    caller->frame = body->frame->id;
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 1);
  }
  wherry_slot_t *slot = body->slots;
  for (int i = 0; i < count; i++) {
    wl_push_slot(L, host->store, 2, host->codes[i], slot);
    slot += wl_code_slots(host->codes[i]);
  }
  lua_call(L, count + host->wants_caller, results);
  slot = body->slots;
  for (int i = 0; i < results; i++) {
    const char code = host->codes[count + i];
    if (wl_take_slot(L, host->store, 2, i - results, code, slot)) {
      slot += wl_code_slots(code);
      continue;
    }
    body->error = bad_result(L, host, i - results, (uint32_t)i);
    break;
  }
  return 0;
}

static wherry_error_t *call_body(wl_host_t *host, lua_State *L, int anchor, wl_frame_t *frame,
                                 wherry_slot_t *slots) {
  wl_body_t body = {host, frame, slots, NULL};
  if (!lua_checkstack(L, 5))
    return wl_error_make(WHERRY_ERROR_LIMIT, "%s(): Lua's stack overflows", host->name);
  lua_pushcfunction(L, run_body);
  lua_pushlightuserdata(L, &body);
  lua_pushvalue(L, anchor);
  if (lua_pcall(L, 2, 0, 0) == LUA_OK) return body.error;
  wherry_error_release(body.error);
  return wl_error_carry(L, anchor);
}

static wherry_error_t *callback(void *data, wherry_caller_t *caller, wherry_slot_t *slots) {
  wl_host_t *host = data;
  wl_store_t *store = host->store;
  lua_State *L = store->L;
  if (WL_UNLIKELY(!L))
    return wherry_error_new(WHERRY_ERROR_STATE, "no Lua state called into this store");
  if (WL_LIKELY(host->plain)) return call_plain(host, L, store->anchor, slots);
  wl_frame_t frame = {store->frames, ++store->frame_count, caller};
  store->frames = &frame;
  wherry_error_t *error = call_body(host, L, store->anchor, &frame, slots);
  store->frames = frame.outer;
  return error;
}

/* ---- making ---- */

bool wl_host_fits(lua_State *L, int index) {
  if (lua_isfunction(L, index) || wl_object_test(L, index, &wl_host_kind)) return true;
  if (luaL_getmetafield(L, index, "__call") == LUA_TNIL) return false;
  lua_pop(L, 1);
  return true;
}

static wl_host_t *host_new(wl_store_t *store, const wherry_functype_t *type, const char *name) {
  size_t params = wherry_functype_param_count(type), results = wherry_functype_result_count(type);
  size_t name_size = strlen(name) + 1;
  wl_host_t *host = malloc(sizeof *host + params + results + name_size);
  if (!host) return NULL;
  *host = (wl_host_t) {.store = store, .params = (uint32_t)params, .results = (uint32_t)results};
  host->plain = true;
  for (size_t i = 0; i < params + results; i++) {
    char code = wl_type_code(i < params ? wherry_functype_param(type, i)
                                        : wherry_functype_result(type, i - params));
    host->codes[i] = code;
    if (code == 'r' || code == 'c' || code == 'v') host->plain = false;
  }
  host->name = memcpy(host->codes + params + results, name, name_size);
  return host;
}

wherry_func_t wl_host_func(lua_State *L, wl_store_t *store, int anchor, int index,
                           const wherry_functype_t *type, const char *name) {
  const wl_host_option_t *option = wl_object_test(L, index, &wl_host_kind);
  if (!wl_host_fits(L, index))
    wl_fail(L, WHERRY_ERROR_TYPE, "%s: expected a function, got %s", name, wl_type_name(L, index));
  if (option)
    lua_getiuservalue(L, index, 1);
  else
    lua_pushvalue(L, index);
  lua_Integer place = wl_anchor_keep(L, anchor);

  wherry_func_t func = {0, 0};
  wl_host_t *host = host_new(store, type, name);
  if (!host) wl_fail(L, WHERRY_ERROR_OOM, "out of memory");
  host->place = place;
  if (option && option->wants_caller) host->wants_caller = !(host->plain = false);
  wherry_error_t *error =
      wherry_func_new_slots(store->store, type, callback, true, host, free, &func);
  if (error) {
    free(host);
    wl_raise(L, error);
  }
  return func;
}

/* wherry.host{caller = true, fn} */
static int host_option_new(lua_State *L) {
  wl_options_check(L, 1, "host");
  lua_settop(L, 1);
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    if (lua_isinteger(L, -2) && lua_tointeger(L, -2) == 1) continue;
    if (lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), "caller") == 0) continue;
    lua_pushvalue(L, -2);
    return wl_fail(L, WHERRY_ERROR_TYPE, "host: unknown option '%s' (known: caller)",
                   luaL_tolstring(L, -1, NULL));
  }
  lua_getfield(L, 1, "caller");
  lua_rawgeti(L, 1, 1);
  if (!wl_host_fits(L, -1) || wl_object_test(L, -1, &wl_host_kind))
    return wl_fail(L, WHERRY_ERROR_TYPE, "host: expected a function, got %s", wl_type_name(L, -1));
  wl_host_option_t *option = wl_object_new(L, &wl_host_kind, sizeof *option, 1);
  option->wants_caller = lua_toboolean(L, 2);
  lua_pushvalue(L, 3);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

static int functype_gc(lua_State *L) {
  wl_functype_t *object = wl_object_check(L, 1, &wl_functype_kind);
  wherry_functype_release(object->type);
  object->type = NULL;
  return 0;
}

/* wherry.Func(store, "ii:i", fn) */
static int func_new(lua_State *L) {
  lua_settop(L, 3);
  wl_store_t *store = wl_store_check(L, 1);
  const char *signature = wl_string_check(L, 2, "type", NULL);
  wl_store_push_anchor(L, 1);
  wl_functype_t *type = wl_object_new(L, &wl_functype_kind, sizeof *type, 0);
  wl_check(L, wherry_functype_parse(signature, &type->type));
  wherry_func_t func = wl_host_func(L, store, 4, 3, type->type, "a host function");
  wl_push_func(L, store, 4, func, NULL, 0);
  return 1;
}

/* ---- Caller ---- */

static wherry_caller_t *caller_check(lua_State *L, wl_caller_t **out) {
  wl_caller_t *object = wl_object_check(L, 1, &wl_caller_kind);
  for (wl_frame_t *frame = object->store->frames; frame; frame = frame->outer)
    if (frame->id == object->frame) {
      lua_settop(L, 2);
      lua_getiuservalue(L, 1, 1); /* the anchor, at 3 */
      *out = object;
      return frame->caller;
    }
  wl_fail(L, WHERRY_ERROR_STATE, "the call that this Caller stood for has returned");
  return NULL;
}

static int caller_export(lua_State *L) {
  wl_caller_t *object;
  size_t size;
  wherry_extern_t item;
  const char *name = wl_string_check(L, 2, "name", &size);
  wherry_caller_t *caller = caller_check(L, &object);
  wl_check(L, wherry_caller_export(caller, name, size, &item));
  wl_push_extern(L, object->store, 3, &item, name, size);
  return 1;
}

static int caller_index(lua_State *L) {
  wl_caller_t *object;
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  wherry_caller_t *caller = caller_check(L, &object);
  if (strcmp(key, "memory") == 0) {
    wherry_memory_t memory;
    wl_check(L, wherry_caller_memory(caller, &memory));
    wl_push_memory(L, object->store, 3, memory);
    return 1;
  }
  if (strcmp(key, "store") == 0) {
    lua_rawgeti(L, 3, WL_ANCHOR_STORE);
    return 1;
  }
  bool exports = strcmp(key, "exports") == 0;
  if (exports || strcmp(key, "instance") == 0) {
    wherry_instance_t instance = wherry_caller_instance(caller);
    if (!instance.store) return 0;
    wl_push_instance(L, object->store, 3, instance);
    if (exports) lua_getiuservalue(L, -1, 2);
    return 1;
  }
  return wl_method_or_unknown(L, "a caller");
}

void wl_host_register(lua_State *L) {
  static const luaL_Reg caller_methods[] = {{"export", caller_export}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"host", host_option_new}, {"Func", func_new}, {NULL, NULL}};
  static const luaL_Reg type_meta[] = {{"__gc", functype_gc}, {NULL, NULL}};
  wl_kind_register(L, &wl_functype_kind, type_meta, NULL, NULL);
  wl_kind_register(L, &wl_host_kind, NULL, NULL, NULL);
  wl_kind_register(L, &wl_caller_kind, NULL, caller_methods, caller_index);
  luaL_setfuncs(L, functions, 0);
}
