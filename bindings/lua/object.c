/* Userdata that know what they are, without a look into the registry. */
#include "shim.h"

#include <string.h>

const wl_kind_t wl_engine_kind = {"wherry.Engine"};
const wl_kind_t wl_config_kind = {"wherry.Config"};
const wl_kind_t wl_module_kind = {"wherry.Module"};
const wl_kind_t wl_store_kind = {"wherry.Store"};
const wl_kind_t wl_linker_kind = {"wherry.Linker"};
const wl_kind_t wl_instance_kind = {"wherry.Instance"};
const wl_kind_t wl_funcs_kind = {"wherry.functions"};
const wl_kind_t wl_memory_kind = {"wherry.Memory"};
const wl_kind_t wl_view_kind = {"wherry.View"};
const wl_kind_t wl_table_kind = {"wherry.Table"};
const wl_kind_t wl_global_kind = {"wherry.Global"};
const wl_kind_t wl_tag_kind = {"wherry.Tag"};
const wl_kind_t wl_value_kind = {"wherry.Value"};
const wl_kind_t wl_host_kind = {"wherry.host"};
const wl_kind_t wl_caller_kind = {"wherry.Caller"};
const wl_kind_t wl_error_kind = {"wherry.Error"};
const wl_kind_t wl_functype_kind = {"wherry.FuncType"};
const wl_kind_t wl_part_kind = {"wherry.Part"};

void *wl_object_new(lua_State *L, const wl_kind_t *kind, size_t size, int user_values) {
  void *object = lua_newuserdatauv(L, size, user_values);
  memset(object, 0, size);
  *(const wl_kind_t **)object = kind;
  lua_rawgetp(L, LUA_REGISTRYINDEX, kind);
  lua_setmetatable(L, -2);
  return object;
}

void *wl_object_test(lua_State *L, int index, const wl_kind_t *kind) {
  if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) < sizeof kind) return NULL;
  void *object = lua_touserdata(L, index);
  return *(const wl_kind_t **)object == kind ? object : NULL;
}

void *wl_object_check(lua_State *L, int index, const wl_kind_t *kind) {
  void *object = wl_object_test(L, index, kind);
  if (WL_UNLIKELY(!object)) {
    bool method =
        index == 1 && (kind == &wl_memory_kind || kind == &wl_view_kind || kind == &wl_table_kind ||
                       kind == &wl_linker_kind || kind == &wl_caller_kind);
    wl_fail(L, WHERRY_ERROR_TYPE, "expected %s, got %s%s", kind->name, wl_type_name(L, index),
            method ? "; methods are called with a colon" : "");
  }
  return object;
}

void wl_kind_register(lua_State *L, const wl_kind_t *kind, const luaL_Reg *meta,
                      const luaL_Reg *methods, lua_CFunction index) {
  lua_newtable(L);
  lua_pushstring(L, kind->name);
  lua_setfield(L, -2, "__name");
  lua_pushstring(L, kind->name); /* what getmetatable gives: scripts do not get at __gc */
  lua_setfield(L, -2, "__metatable");
  if (meta) luaL_setfuncs(L, meta, 0);
  if (methods || index) {
    lua_newtable(L);
    if (methods) luaL_setfuncs(L, methods, 0);
    if (index) lua_pushcclosure(L, index, 1);
    lua_setfield(L, -2, "__index");
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, kind);
}

int wl_method_or_unknown(lua_State *L, const char *what) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : NULL;
  if (!key)
    return wl_fail(L, WHERRY_ERROR_TYPE, "%s has no field of type %s", what, wl_type_name(L, 2));
  char near[WH_BIND_TEXT];
  wl_near_names(L, lua_upvalueindex(1), key, near);
  return wl_fail(L, WHERRY_ERROR_TYPE, "%s has no field '%s'%s", what, key, near);
}

const char *wl_type_name(lua_State *L, int index) {
  if (lua_type(L, index) == LUA_TUSERDATA && lua_rawlen(L, index) >= sizeof(wl_kind_t *)) {
    const wl_kind_t *kind = *(const wl_kind_t **)lua_touserdata(L, index);
    static const wl_kind_t *const kinds[] = {
        &wl_engine_kind,   &wl_config_kind, &wl_module_kind, &wl_store_kind,  &wl_linker_kind,
        &wl_instance_kind, &wl_memory_kind, &wl_view_kind,   &wl_table_kind,  &wl_global_kind,
        &wl_tag_kind,      &wl_value_kind,  &wl_host_kind,   &wl_caller_kind, &wl_error_kind};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
      if (kind == kinds[i]) return kind->name;
  }
  return lua_isnone(L, index) ? "nil" : luaL_typename(L, index);
}
