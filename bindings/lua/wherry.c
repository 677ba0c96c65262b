/* require "wherry": a table; no globals. */
#include "shim.h"

#include <string.h>

/* wherry.type(value): "Guest", "Memory", "function", … for what wherry made, else nil. */
static int type_of(lua_State *L) {
  char text[WH_BIND_TEXT];
  luaL_checkany(L, 1);
  if (wl_func_test(L, 1) || wl_wit_signature(L, 1, text, sizeof text)) {
    lua_pushliteral(L, "function");
    return 1;
  }
  const char *name = wl_type_name(L, 1);
  if (lua_istable(L, 1) && luaL_getmetafield(L, 1, "__name") == LUA_TSTRING)
    name = lua_tostring(L, -1);
  if (strncmp(name, "wherry.", 7) != 0) return 0;
  lua_pushstring(L, name + 7);
  return 1;
}

/* wherry.signature(export): "func (i32, i32) -> i32" */
static int signature(lua_State *L) {
  char text[2 * WH_BIND_TEXT];
  const wl_func_t *f = wl_func_test(L, 1);
  if (f) {
    if (!wl_store_open(f->store)) return wl_store_closed_error(L);
    wherry_functype_print(f->type, text, sizeof text);
  } else if (!wl_wit_signature(L, 1, text, sizeof text)) {
    return wl_fail(L, WHERRY_ERROR_TYPE, "expected a guest's function, got %s", wl_type_name(L, 1));
  }
  lua_pushstring(L, text);
  return 1;
}

__attribute__((visibility("default"))) int luaopen_wherry(lua_State *L);

int luaopen_wherry(lua_State *L) {
  static const luaL_Reg functions[] = {{"type", type_of}, {"signature", signature}, {NULL, NULL}};
  luaL_checkversion(L);
  luaL_newlib(L, functions);
  wl_error_open(L);
  wl_kind_register(L, &wl_funcs_kind, NULL, NULL, NULL);
  wl_value_register(L);
  wl_store_register(L);
  wl_module_register(L);
  wl_link_register(L);
  wl_host_register(L);
  wl_memory_register(L);
  wl_view_register(L);
  wl_entity_register(L);
  wl_error_register(L);
  wl_guest_register(L);
  wl_wit_register(L);
  lua_pushstring(L, wherry_version());
  lua_setfield(L, -2, "version");
  return 1;
}
