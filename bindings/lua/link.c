/* Linker and Instance: from names of imports to Lua values, and from exports to Lua values. */
#include "shim.h"

#include <string.h>

/* User value 1: table of tables, the Lua functions by module and name. They become functions of a
   store when a module is instantiated there. */
typedef struct wl_linker {
  const wl_kind_t *kind;
  wherry_linker_t *linker;
} wl_linker_t;

static wl_linker_t *linker_check(lua_State *L, int index) {
  wl_linker_t *object = wl_object_check(L, index, &wl_linker_kind);
  if (!object->linker) wl_fail(L, WHERRY_ERROR_STATE, "the linker is closed");
  return object;
}

wherry_linker_t *wl_linker_check(lua_State *L, int index) { return linker_check(L, index)->linker; }

static wl_linker_t *linker_push(lua_State *L, wherry_engine_t *engine) {
  wl_linker_t *object = wl_object_new(L, &wl_linker_kind, sizeof *object, 1);
  wl_check(L, wherry_linker_new(engine, &object->linker));
  return object;
}

/* ---- imports ---- */

static wl_store_t *entity(lua_State *L, int index, wherry_extern_t *out) {
  const wl_func_t *func = wl_func_test(L, index);
  const wl_memory_t *memory = wl_object_test(L, index, &wl_memory_kind);
  const wl_table_t *table = wl_object_test(L, index, &wl_table_kind);
  const wl_global_t *global = wl_object_test(L, index, &wl_global_kind);
  const wl_tag_t *tag = wl_object_test(L, index, &wl_tag_kind);
  if (func) {
    *out = (wherry_extern_t) {WHERRY_EXTERN_FUNC, {.func = func->func}};
    return func->store;
  }
  if (memory) {
    *out = (wherry_extern_t) {WHERRY_EXTERN_MEMORY, {.memory = memory->memory}};
    return memory->store;
  }
  if (table) {
    *out = (wherry_extern_t) {WHERRY_EXTERN_TABLE, {.table = table->table}};
    return table->store;
  }
  if (tag) {
    *out = (wherry_extern_t) {WHERRY_EXTERN_TAG, {.tag = tag->tag}};
    return tag->store;
  }
  if (!global) return NULL;
  *out = (wherry_extern_t) {WHERRY_EXTERN_GLOBAL, {.global = global->global}};
  return global->store;
}

bool wl_entity_test(lua_State *L, int index, wherry_extern_t *out) {
  return entity(L, index, out) != NULL;
}

/* Functions of other stores can be called from here as any Lua function can. */
static bool take_entity(lua_State *L, const wl_store_t *store, int index, wherry_extern_t *out) {
  return entity(L, index, out) == store;
}

bool wl_take_extern(lua_State *L, wl_store_t *store, int anchor, int index,
                    const wherry_externtype_t *type, const char *name, wherry_extern_t *out) {
  if (take_entity(L, store, index, out)) return true;
  wherry_extern_kind_t kind = wherry_externtype_kind(type);
  out->kind = kind;
  if (kind == WHERRY_EXTERN_FUNC && wl_host_fits(L, index)) {
    out->of.func = wl_host_func(L, store, anchor, index, wherry_externtype_functype(type), name);
    return true;
  }
  if (kind == WHERRY_EXTERN_GLOBAL && !wherry_externtype_mutable(type)) {
    wherry_valtype_t valtype = wherry_externtype_valtype(type);
    wherry_slot_t slots[2];
    if (!wl_take_slot(L, store, anchor, index, wl_type_code(valtype), slots)) return false;
    wherry_value_t value = wh_bind_value(store->store, slots, valtype);
    wl_check(L, wherry_global_new(store->store, &value, false, &out->of.global));
    return true;
  }
  return false;
}

/* Pushes what a table of imports has under module and name, or nil. */
static void push_import(lua_State *L, int imports, wherry_bytes_t module, wherry_bytes_t name) {
  lua_pushlstring(L, (const char *)module.data, module.size);
  lua_gettable(L, imports);
  if (wl_object_test(L, -1, &wl_instance_kind)) {
    lua_getiuservalue(L, -1, 2);
    lua_remove(L, -2);
  } else if (lua_istable(L, -1) && luaL_getmetafield(L, -1, "exports_of") != LUA_TNIL) {
    lua_pop(L, 1); /* a guest: its exports, among which a missing one is no error */
    lua_pushliteral(L, "exports");
    if (lua_rawget(L, -2) == LUA_TTABLE)
      lua_remove(L, -2);
    else
      lua_pop(L, 1);
  }
  if (lua_isnil(L, -1)) return;
  if (!lua_istable(L, -1) && luaL_getmetafield(L, -1, "__index") == LUA_TNIL) {
    lua_pushlstring(L, (const char *)module.data, module.size);
    wl_fail(L, WHERRY_ERROR_TYPE, "imports.%s: expected a table, got %s", lua_tostring(L, -1),
            wl_type_name(L, -2));
  }
  if (!lua_istable(L, -1)) lua_pop(L, 1);
  lua_pushlstring(L, (const char *)name.data, name.size);
  lua_gettable(L, -2);
  lua_remove(L, -2);
  if (lua_isboolean(L, -1) && !lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    lua_pushnil(L);
  }
}

/* Adds a line about an import to the string on top. */
static void complain(lua_State *L, wherry_bytes_t module, wherry_bytes_t name,
                     const wherry_externtype_t *type, const char *got) {
  char text[WH_BIND_TEXT];
  wherry_externtype_print(type, text, sizeof text);
  lua_pushliteral(L, "\n  ");
  lua_pushlstring(L, (const char *)module.data, module.size);
  lua_pushliteral(L, ".");
  lua_pushlstring(L, (const char *)name.data, name.size);
  if (got)
    lua_pushfstring(L, ": %s wanted, %s given", text, got);
  else
    lua_pushfstring(L, ": missing; the module wants %s", text);
  lua_concat(L, 6);
}

/* Makes the error that names all of a module's imports that are missing or no fit at all. */
static int bad_imports(lua_State *L, wl_store_t *store, const wherry_module_t *module,
                       int imports) {
  size_t count = wherry_module_import_count(module), problems = 0;
  lua_pushliteral(L, "");
  for (size_t i = 0; i < count; i++) {
    wherry_bytes_t from = wherry_module_import_module(module, i);
    wherry_bytes_t name = wherry_module_import_name(module, i);
    const wherry_externtype_t *type = wherry_module_import_type(module, i);
    wherry_extern_kind_t kind = wherry_externtype_kind(type);
    wherry_extern_t item;
    push_import(L, imports, from, name);
    bool fits = take_entity(L, store, -1, &item) ? item.kind == kind
                : kind == WHERRY_EXTERN_FUNC     ? wl_host_fits(L, -1)
                : kind == WHERRY_EXTERN_GLOBAL   ? lua_type(L, -1) == LUA_TNUMBER
                                                 : false;
    const char *got = lua_isnil(L, -1) ? NULL : wl_type_name(L, -1);
    lua_pop(L, 1);
    if (!fits) complain(L, from, name, type, got);
    problems += !fits;
  }
  const char *lines = lua_tostring(L, -1); /* in the words of core/link */
  if (problems == 1)
    lua_pushfstring(L, "1 import is missing or does not fit:%s", lines);
  else
    lua_pushfstring(L, "%d imports are missing or do not fit:%s", (int)problems, lines);
  return wl_raise(L, wherry_error_new(WHERRY_ERROR_UNLINKABLE, lua_tostring(L, -1)));
}

wherry_instance_t wl_instantiate(lua_State *L, wl_store_t *store, int anchor, int module_index,
                                 int imports) {
  wherry_module_t *module = wl_module_check(L, module_index);
  size_t count = wherry_module_import_count(module);
  wherry_instance_t instance;
  int top = lua_gettop(L);
  luaL_checkstack(L, 16, NULL);
  wl_linker_t *linker = linker_push(L, wherry_store_engine(store->store));
  for (size_t i = 0; imports && i < count; i++) {
    wherry_bytes_t from = wherry_module_import_module(module, i);
    wherry_bytes_t name = wherry_module_import_name(module, i);
    wherry_extern_t item;
    push_import(L, imports, from, name);
    if (!lua_isnil(L, -1)) {
      lua_pushlstring(L, (const char *)name.data, name.size);
      if (!wl_take_extern(L, store, anchor, lua_gettop(L) - 1, wherry_module_import_type(module, i),
                          lua_tostring(L, -1), &item))
        bad_imports(L, store, module, imports);
      lua_pop(L, 1);
      wl_check(L, wherry_linker_define(linker->linker, (const char *)from.data, from.size,
                                       (const char *)name.data, name.size, &item));
    }
    lua_pop(L, 1);
  }
  wl_entry_t outer = wl_enter(store, L, anchor);
  wherry_error_t *error =
      wherry_linker_instantiate(linker->linker, store->store, module, &instance);
  wl_leave(store, outer);
  if (error) wl_raise_from(L, error, anchor);
  lua_settop(L, top);
  return instance;
}

/* ---- Instance ---- */

wl_instance_t *wl_instance_check(lua_State *L, int index) {
  wl_instance_t *object = wl_object_check(L, index, &wl_instance_kind);
  if (!wl_store_open(object->store)) wl_store_closed_error(L);
  return object;
}

void wl_push_instance(lua_State *L, wl_store_t *store, int anchor, wherry_instance_t instance) {
  anchor = lua_absindex(L, anchor);
  luaL_checkstack(L, 8, NULL);
  if (wl_cache_get(L, anchor, WL_INSTANCE, instance.index)) return;
  wherry_module_t *module;
  wl_instance_t *object = wl_object_new(L, &wl_instance_kind, sizeof *object, 2);
  object->store = store;
  object->instance = instance;
  lua_pushvalue(L, anchor);
  lua_setiuservalue(L, -2, 1);
  wl_check(L, wherry_instance_module(store->store, instance, &module));
  wl_push_exports(L, store, anchor, instance, module);
  wl_mark_exports(L);
  lua_setiuservalue(L, -2, 2);
  wl_cache_put(L, anchor, WL_INSTANCE, instance.index);
}

void wl_push_main_memory(lua_State *L) {
  int exports = lua_gettop(L);
  lua_pushliteral(L, "memory");
  lua_rawget(L, exports);
  if (wl_object_test(L, -1, &wl_memory_kind)) return;
  lua_pop(L, 1);
  for (lua_pushnil(L); lua_next(L, exports); lua_pop(L, 1)) {
    if (!wl_object_test(L, -1, &wl_memory_kind)) continue;
    lua_remove(L, -2);
    return;
  }
  lua_pushnil(L);
}

/* wherry.Instance(store, module[, imports]), or wherry.Instance(source[, options]) as load has it */
static int instance_new(lua_State *L) {
  if (!wl_object_test(L, 1, &wl_store_kind)) {
    lua_settop(L, 2);
    wl_load_instance(L);
    lua_getiuservalue(L, -1, 2);
    wl_call_initialize(L, lua_gettop(L));
    lua_pop(L, 1);
    return 1;
  }
  lua_settop(L, 3);
  wl_store_t *store = wl_store_check(L, 1);
  wl_module_check(L, 2);
  if (!lua_isnil(L, 3)) wl_options_check(L, 3, "imports");
  wl_store_push_anchor(L, 1);
  wl_push_instance(L, store, 4, wl_instantiate(L, store, 4, 2, lua_isnil(L, 3) ? 0 : 3));
  return 1;
}

static int instance_index(lua_State *L) {
  wl_instance_t *object = wl_object_check(L, 1, &wl_instance_kind);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "exports") == 0) {
    lua_getiuservalue(L, 1, 2);
    return 1;
  }
  if (strcmp(key, "memory") == 0) {
    lua_getiuservalue(L, 1, 2);
    wl_push_main_memory(L);
    return 1;
  }
  if (strcmp(key, "store") == 0) {
    lua_getiuservalue(L, 1, 1);
    lua_rawgeti(L, -1, WL_ANCHOR_STORE);
    return 1;
  }
  if (strcmp(key, "module") == 0) {
    wl_instance_check(L, 1);
    wl_module_t *module = wl_object_new(L, &wl_module_kind, sizeof *module, 0);
    wherry_module_t *of;
    wl_check(L, wherry_instance_module(object->store->store, object->instance, &of));
    wherry_module_retain(of);
    module->module = of;
    return 1;
  }
  return wl_method_or_unknown(L, "an instance");
}

/* ---- Linker ---- */

static int linker_new(lua_State *L) {
  lua_settop(L, 1);
  linker_push(L, lua_isnil(L, 1) ? wl_engine_default(L) : wl_engine_check(L, 1));
  lua_newtable(L);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

static int linker_gc(lua_State *L) {
  wl_linker_t *object = wl_object_check(L, 1, &wl_linker_kind);
  wherry_linker_release(object->linker);
  object->linker = NULL;
  return 0;
}

/* Keeps a Lua function (or nil) in the linker's table: linker at 1, module at 2, name at 3. */
static void remember(lua_State *L, int value) {
  lua_getiuservalue(L, 1, 1);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, -2) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
  }
  lua_pushvalue(L, 3);
  if (value)
    lua_pushvalue(L, value);
  else
    lua_pushnil(L);
  lua_rawset(L, -3);
  lua_pop(L, 2);
}

/* linker:define(module, name, item): a function of Lua, or an entity of a store */
static int linker_define(lua_State *L) {
  lua_settop(L, 4);
  wl_linker_t *object = linker_check(L, 1);
  size_t module_size, name_size;
  const char *module = wl_string_check(L, 2, "module", &module_size);
  const char *name = wl_string_check(L, 3, "name", &name_size);
  wherry_extern_t item;
  wl_store_t *store = entity(L, 4, &item);
  if (store) {
    if (!wl_store_open(store)) return wl_store_closed_error(L);
    remember(L, 0);
    wl_check(L, wherry_linker_define(object->linker, module, module_size, name, name_size, &item));
  } else if (wl_host_fits(L, 4)) {
    remember(L, 4);
  } else {
    return wl_fail(L, WHERRY_ERROR_TYPE,
                   "define: expected a function, memory, table, global or tag, got %s",
                   wl_type_name(L, 4));
  }
  lua_settop(L, 1);
  return 1;
}

/* linker:define_instance(module, instance) */
static int linker_define_instance(lua_State *L) {
  wl_linker_t *object = linker_check(L, 1);
  size_t size;
  const char *module = wl_string_check(L, 2, "module", &size);
  wl_instance_t *instance = wl_instance_check(L, 3);
  wl_check(L, wherry_linker_define_instance(object->linker, instance->store->store, module, size,
                                            instance->instance));
  lua_settop(L, 3); /* what was named before under these names is forgotten */
  lua_getiuservalue(L, 1, 1);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, -2) != LUA_TTABLE) return lua_settop(L, 1), 1;
  lua_getiuservalue(L, 3, 2);
  for (lua_pushnil(L); lua_next(L, 6);) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_pushnil(L);
    lua_rawset(L, 5);
  }
  lua_settop(L, 1);
  return 1;
}

/* linker:instantiate(store, module) */
static int linker_instantiate(lua_State *L) {
  lua_settop(L, 3);
  wl_linker_t *object = linker_check(L, 1);
  wl_store_t *store = wl_store_check(L, 2);
  wherry_module_t *module = wl_module_check(L, 3);
  wherry_instance_t instance;
  wl_store_push_anchor(L, 2);
  lua_getiuservalue(L, 1, 1);
  size_t count = wherry_module_import_count(module);
  for (size_t i = 0; i < count; i++) {
    wherry_bytes_t from = wherry_module_import_module(module, i);
    wherry_bytes_t name = wherry_module_import_name(module, i);
    const wherry_externtype_t *type = wherry_module_import_type(module, i);
    wherry_extern_t item;
    push_import(L, 5, from, name);
    lua_pushlstring(L, (const char *)name.data, name.size);
    if (!lua_isnil(L, 6) && wl_take_extern(L, store, 4, 6, type, lua_tostring(L, 7), &item))
      wl_check(L, wherry_linker_define(object->linker, (const char *)from.data, from.size,
                                       (const char *)name.data, name.size, &item));
    lua_settop(L, 5);
  }
  wl_entry_t outer = wl_enter(store, L, 4);
  wherry_error_t *error =
      wherry_linker_instantiate(object->linker, store->store, module, &instance);
  wl_leave(store, outer);
  if (error) return wl_raise_from(L, error, 4);
  wl_push_instance(L, store, 4, instance);
  return 1;
}

/* linker:get(store, module, name) */
static int linker_get(lua_State *L) {
  wl_linker_t *object = linker_check(L, 1);
  wl_store_t *store = wl_store_check(L, 2);
  size_t module_size, name_size;
  const char *module = wl_string_check(L, 3, "module", &module_size);
  const char *name = wl_string_check(L, 4, "name", &name_size);
  wherry_extern_t item;
  lua_settop(L, 4);
  lua_getiuservalue(L, 1, 1);
  lua_pushvalue(L, 3);
  if (lua_rawget(L, 5) == LUA_TTABLE) {
    lua_pushvalue(L, 4);
    if (lua_rawget(L, 6) != LUA_TNIL) return 1;
  }
  lua_settop(L, 4);
  wl_store_push_anchor(L, 2);
  wl_check(L, wherry_linker_get(object->linker, store->store, module, module_size, name, name_size,
                                &item));
  wl_push_extern(L, store, 5, &item, NULL, 0);
  return 1;
}

static int linker_index(lua_State *L) { return wl_method_or_unknown(L, "a linker"); }

void wl_link_register(lua_State *L) {
  static const luaL_Reg linker_meta[] = {{"__gc", linker_gc}, {NULL, NULL}};
  static const luaL_Reg linker_methods[] = {{"define", linker_define},
                                            {"define_instance", linker_define_instance},
                                            {"instantiate", linker_instantiate},
                                            {"get", linker_get},
                                            {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"Linker", linker_new}, {"Instance", instance_new}, {NULL, NULL}};
  wl_kind_register(L, &wl_linker_kind, linker_meta, linker_methods, linker_index);
  wl_kind_register(L, &wl_instance_kind, NULL, NULL, instance_index);
  luaL_setfuncs(L, functions, 0);
}
