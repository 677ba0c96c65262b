/* What SWIG's wrappers (swig/lua.i) ask of the shim: objects to handles and back. All of it may raise;
   the wrappers own nothing that would be lost. Only the generated file and raw.c include it. */
#ifndef WHERRY_LUA_RAW_H
#define WHERRY_LUA_RAW_H

#include "shim.h"

/* The generated file's own: SWIG's start, and what goes before it. */
int wl_raw_start(lua_State *L);
void wl_raw_restart(void);

/* An integer up to a maximum; up to UINT64_MAX: any, as its bit pattern. */
uint64_t wl_raw_u64(lua_State *L, int index, uint64_t maximum, const char *type);
/* size NULL: a string without zero bytes. */
const char *wl_raw_text(lua_State *L, int index, size_t *size);

/* Handles of objects; new objects, where a handle is to be put; objects over a handle that somebody
   else owns. */
wherry_config_t *wl_raw_config(lua_State *L, int index);
wherry_engine_t *wl_raw_engine(lua_State *L, int index);
wherry_module_t *wl_raw_module(lua_State *L, int index);
wherry_store_t *wl_raw_store(lua_State *L, int index);
wherry_linker_t *wl_raw_linker(lua_State *L, int index);
wherry_functype_t *wl_raw_functype(lua_State *L, int index);
wherry_config_t **wl_raw_box_config(lua_State *L);
wherry_engine_t **wl_raw_box_engine(lua_State *L);
wherry_module_t **wl_raw_box_module(lua_State *L);
wherry_store_t **wl_raw_box_store(lua_State *L);
wherry_linker_t **wl_raw_box_linker(lua_State *L);
wherry_functype_t **wl_raw_box_functype(lua_State *L);
void wl_raw_lend_config(lua_State *L, wherry_config_t *config);
void wl_raw_lend_engine(lua_State *L, wherry_engine_t *engine);
void wl_raw_lend_module(lua_State *L, wherry_module_t *module);
void wl_raw_lend_store(lua_State *L, wherry_store_t *store);
void wl_raw_lend_linker(lua_State *L, wherry_linker_t *linker);
void wl_raw_lend_functype(lua_State *L, wherry_functype_t *functype);

/* Entities; what is pushed belongs to the store that is, or stands behind, one of the first two
   arguments. */
wherry_instance_t wl_raw_instance(lua_State *L, int index, wherry_store_t **store);
wherry_func_t wl_raw_func(lua_State *L, int index, wherry_store_t **store);
wherry_memory_t wl_raw_memory(lua_State *L, int index, wherry_store_t **store);
wherry_table_t wl_raw_table(lua_State *L, int index, wherry_store_t **store);
wherry_tag_t wl_raw_tag(lua_State *L, int index, wherry_store_t **store);
wherry_global_t wl_raw_global(lua_State *L, int index, wherry_store_t **store);
void wl_raw_push_instance(lua_State *L, wherry_instance_t instance);
void wl_raw_push_func(lua_State *L, wherry_func_t func);
void wl_raw_push_memory(lua_State *L, wherry_memory_t memory);
void wl_raw_push_table(lua_State *L, wherry_table_t table);
void wl_raw_push_tag(lua_State *L, wherry_tag_t tag);
void wl_raw_push_global(lua_State *L, wherry_global_t global);
wherry_value_t wl_raw_value(lua_State *L, int index);
void wl_raw_push_value(lua_State *L, const wherry_value_t *value);
void wl_raw_extern(lua_State *L, int index, wherry_extern_t *out);
void wl_raw_push_extern(lua_State *L, const wherry_extern_t *item);

/* Parts of what the first argument is; noun: "type", "world", … */
const void *wl_raw_part(lua_State *L, int index, const char *noun);
void wl_raw_push_part(lua_State *L, const char *noun, const void *part);

#endif
