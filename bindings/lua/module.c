/* Module: reading bytes and files; what a module imports and exports. */
#include "shim.h"

#include <string.h>

static wl_module_t *check(lua_State *L, int index) {
  wl_module_t *object = wl_object_check(L, index, &wl_module_kind);
  if (!object->module) wl_fail(L, WHERRY_ERROR_STATE, "the module is closed");
  return object;
}

wherry_module_t *wl_module_check(lua_State *L, int index) { return check(L, index)->module; }

/* {wat = "(module …)"}: NULL, with the error set, where it is not that. */
static const char *text_of(lua_State *L, int index, size_t *size, wherry_error_t **error) {
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) == LUA_TSTRING && strcmp(lua_tostring(L, -2), "wat") == 0) continue;
    *error = wl_error_make(WHERRY_ERROR_TYPE, "expected {wat = \"(module …)\"}: %s is not known",
                           lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "another key");
    return NULL;
  }
  lua_pushliteral(L, "wat");
  lua_rawget(L, index);
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, size) : NULL;
  if (!text)
    *error =
        wl_error_make(WHERRY_ERROR_TYPE, "wat: expected a string, got %s", wl_type_name(L, -1));
  return text; /* the table keeps it */
}

/* Bytes stay bytes, any other string is a path, a table has a text. Errors: type, io, and those of
   reading a module. */
static wherry_error_t *read_module(lua_State *L, wherry_engine_t *engine, int index,
                                   wherry_module_t **out) {
  wherry_error_t *error = NULL;
  size_t size;
  index = lua_absindex(L, index);
  if (lua_type(L, index) == LUA_TTABLE) {
    const char *text = text_of(L, index, &size, &error);
    return text ? wherry_module_new_text(engine, text, size, NULL, out) : error;
  }
  if (lua_type(L, index) != LUA_TSTRING)
    return wl_error_make(WHERRY_ERROR_TYPE,
                         "expected a path, the bytes of a module or {wat = text}, got %s",
                         wl_type_name(L, index));
  const char *source = lua_tolstring(L, index, &size);
  if (wh_bind_is_wasm(source, size))
    return wherry_module_new(engine, (const uint8_t *)source, size, out);
  if (strlen(source) != size)
    return wl_error_make(WHERRY_ERROR_MALFORMED,
                         "neither a path nor a module: the bytes do not begin with \\0asm");
  return wherry_module_new_file(engine, source, out);
}

wherry_module_t *wl_module_load(lua_State *L, wherry_engine_t *engine, int index) {
  index = lua_absindex(L, index);
  wl_module_t *object = wl_object_new(L, &wl_module_kind, sizeof *object, 0);
  int top = lua_gettop(L);
  wl_check(L, read_module(L, engine, index, &object->module));
  lua_settop(L, top);
  return object->module;
}

/* wherry.Module(engine, source) or wherry.Module(source) */
static int module_new(lua_State *L) {
  bool given = wl_object_test(L, 1, &wl_engine_kind) || lua_isnil(L, 1);
  lua_settop(L, given ? 2 : 1);
  wherry_engine_t *engine =
      given && !lua_isnil(L, 1) ? wl_engine_check(L, 1) : wl_engine_default(L);
  wl_module_load(L, engine, given ? 2 : 1);
  return 1;
}

/* wherry.validate(source): true, or false and the error. A file that cannot be read is raised. */
static int validate(lua_State *L) {
  lua_settop(L, 1);
  wherry_engine_t *engine = wl_engine_default(L);
  wherry_module_t *module;
  wherry_error_t *error = read_module(L, engine, 1, &module);
  if (!error) {
    wherry_module_release(module);
    lua_pushboolean(L, 1);
    return 1;
  }
  wherry_error_kind_t kind = wherry_error_kind(error);
  if (kind != WHERRY_ERROR_MALFORMED && kind != WHERRY_ERROR_INVALID && kind != WHERRY_ERROR_LIMIT)
    return wl_raise(L, error);
  lua_pushboolean(L, 0);
  wl_error_push(L, error);
  return 2;
}

static int module_gc(lua_State *L) {
  wl_module_t *object = wl_object_check(L, 1, &wl_module_kind);
  wherry_module_release(object->module);
  object->module = NULL;
  return 0;
}

static void set_bytes(lua_State *L, const char *key, wherry_bytes_t bytes) {
  lua_pushlstring(L, (const char *)bytes.data, bytes.size);
  lua_setfield(L, -2, key);
}

static void set_type(lua_State *L, const wherry_externtype_t *type) {
  char text[WH_BIND_TEXT];
  lua_pushstring(L, wherry_extern_kind_name(wherry_externtype_kind(type)));
  lua_setfield(L, -2, "kind");
  wherry_externtype_print(type, text, sizeof text);
  lua_pushstring(L, text);
  lua_setfield(L, -2, "type");
}

static int push_imports(lua_State *L, const wherry_module_t *module) {
  size_t count = wherry_module_import_count(module);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_createtable(L, 0, 4);
    set_bytes(L, "module", wherry_module_import_module(module, i));
    set_bytes(L, "name", wherry_module_import_name(module, i));
    set_type(L, wherry_module_import_type(module, i));
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int push_exports(lua_State *L, const wherry_module_t *module) {
  size_t count = wherry_module_export_count(module);
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    lua_createtable(L, 0, 3);
    set_bytes(L, "name", wherry_module_export_name(module, i));
    set_type(L, wherry_module_export_type(module, i));
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* The names of the features that it needs. */
static int push_features(lua_State *L, const wherry_module_t *module) {
  uint64_t needed = wherry_module_features(module);
  lua_newtable(L);
  for (wherry_feature_t i = 0; i < WHERRY_FEATURE_COUNT; i++) {
    if (!(needed >> i & 1)) continue;
    lua_pushstring(L, wherry_feature_name(i));
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  }
  return 1;
}

static int custom_section(lua_State *L) {
  wherry_module_t *module = wl_module_check(L, 1);
  size_t size, count = wherry_module_custom_section_count(module);
  const char *name = wl_string_check(L, 2, "name", &size);
  for (size_t i = 0; i < count; i++) {
    wherry_bytes_t other = wherry_module_custom_section_name(module, i);
    if (other.size != size || memcmp(other.data, name, size) != 0) continue;
    wherry_bytes_t bytes = wherry_module_custom_section(module, i);
    lua_pushlstring(L, (const char *)bytes.data, bytes.size);
    return 1;
  }
  return 0;
}

/* module:set_wit(wit, world?) */
static int set_wit(lua_State *L) {
  wherry_module_t *module = wl_module_check(L, 1);
  const char *wit = luaL_checkstring(L, 2), *world = luaL_optstring(L, 3, NULL);
  wl_check(L, wherry_module_set_wit(module, wit, world));
  return 0;
}

static int module_index(lua_State *L) {
  const wherry_module_t *module = wl_module_check(L, 1);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "name") == 0) {
    lua_pushstring(L, wherry_module_name(module));
    return 1;
  }
  if (strcmp(key, "imports") == 0) return push_imports(L, module);
  if (strcmp(key, "exports") == 0) return push_exports(L, module);
  if (strcmp(key, "features") == 0) return push_features(L, module);
  return wl_method_or_unknown(L, "a module");
}

void wl_module_register(lua_State *L) {
  static const luaL_Reg meta[] = {{"__gc", module_gc}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"custom_section", custom_section}, {"set_wit", set_wit}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
      {"Module", module_new}, {"validate", validate}, {NULL, NULL}};
  wl_kind_register(L, &wl_module_kind, meta, methods, module_index);
  luaL_setfuncs(L, functions, 0);
}
