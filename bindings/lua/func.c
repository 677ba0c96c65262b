/* Functions of guests as Lua functions: the path that every call takes. */
#include "shim.h"

#include <stdio.h>
#include <string.h>

enum { SLOTS = 16 }; /* what a call holds on the C stack */

/* ---- calling ---- */

const char *wl_colon_hint(lua_State *L) {
  if (lua_type(L, 1) != LUA_TTABLE || luaL_getmetafield(L, 1, "exports_of") == LUA_TNIL) return "";
  lua_pop(L, 1);
  return "; exports are called with a dot, not with a colon";
}

static int bad_count(lua_State *L, const wl_func_t *f) {
  char text[WH_BIND_TEXT];
  wh_bind_text_count(text, sizeof text, f->name, f->params, (size_t)lua_gettop(L));
  return wl_fail(L, WHERRY_ERROR_TYPE, "%s%s", text, wl_colon_hint(L));
}

static int bad_argument(lua_State *L, const wl_func_t *f, int index) {
  wh_bind_place_t place = {f->name, (size_t)index, NULL};
  wherry_error_t *error = wl_misfit(L, index, wl_code_name(f->codes[index - 1]), &place);
  const char *hint = index == 1 ? wl_colon_hint(L) : "";
  if (!*hint) return wl_raise(L, error);
  wherry_error_t *hinted =
      wl_error_make(WHERRY_ERROR_TYPE, "%s%s", wherry_error_message(error), hint);
  wherry_error_release(error);
  return wl_raise(L, hinted);
}

int wl_func_call(lua_State *L) {
  const int anchor = lua_upvalueindex(2);
  wl_func_t *f = lua_touserdata(L, lua_upvalueindex(3));
  wl_store_t *store = f->store;
  wherry_slot_t room[SLOTS], *slots = room;
  const int params = (int)f->params, results = (int)f->results;
  const char *codes = f->codes;
  if (WL_UNLIKELY(lua_gettop(L) != params)) return bad_count(L, f);
  if (WL_UNLIKELY(!store->store)) return wl_store_closed_error(L);
  if (WL_UNLIKELY(f->room > SLOTS)) {
    luaL_checkstack(L, results + 4, NULL);
    slots = lua_newuserdatauv(L, sizeof *slots * f->room, 0);
  }
  wherry_slot_t *slot = slots;
  for (int i = 0; i < params; i++, slot++) {
    if (WL_LIKELY(codes[i] == 'i')) {
      if (WL_LIKELY(wl_take_i32(L, i + 1, slot))) continue;
      if (wl_take_number(L, i + 1, 'i', slot)) continue;
      return bad_argument(L, f, i + 1);
    }
    if (!wl_take_slot(L, store, anchor, i + 1, codes[i], slot)) return bad_argument(L, f, i + 1);
    slot += wl_code_slots(codes[i]) - 1;
  }

  wl_entry_t outer = wl_enter(store, L, anchor);
  wherry_error_t *error = wherry_func_call_slots(store->store, f->func, slots);
  wl_leave(store, outer);
  if (WL_UNLIKELY(error)) return wl_raise_from(L, error, anchor);

  codes += params;
  for (int i = 0; i < results; i++, slots++) {
    if (WL_LIKELY(codes[i] == 'i')) {
      lua_pushinteger(L, slots->i32);
      continue;
    }
    wl_push_slot(L, store, anchor, codes[i], slots);
    slots += wl_code_slots(codes[i]) - 1;
  }
  return results;
}

wl_func_t *wl_func_test(lua_State *L, int index) {
  if (lua_tocfunction(L, index) != wl_func_call) return NULL;
  if (!lua_getupvalue(L, index, 3)) return NULL;
  wl_func_t *f = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return f;
}

/* ---- making ---- */

static lua_Integer cache_key(int kind, uint64_t index) {
  uint64_t key = index * 8 + (uint64_t)kind;
  return (lua_Integer)key;
}

bool wl_cache_get(lua_State *L, int anchor, int kind, uint64_t index) {
  lua_rawgeti(L, anchor, WL_ANCHOR_CACHE);
  if (lua_rawgeti(L, -1, cache_key(kind, index)) != LUA_TNIL) {
    lua_remove(L, -2);
    return true;
  }
  lua_pop(L, 2);
  return false;
}

void wl_cache_put(lua_State *L, int anchor, int kind, uint64_t index) {
  lua_rawgeti(L, anchor, WL_ANCHOR_CACHE);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, cache_key(kind, index));
  lua_pop(L, 1);
}

/* Bytes of a function's types and name behind its block. */
static size_t tail_size(const wherry_functype_t *type, size_t name_size) {
  return wherry_functype_param_count(type) + wherry_functype_result_count(type) + name_size + 1;
}

/* Fills a function's place in a block; what follows the part of the tail that it took. */
static char *fill(wl_func_t *f, wl_store_t *store, wherry_func_t func,
                  const wherry_functype_t *type, const char *name, size_t name_size, char *tail) {
  f->store = store;
  f->func = func;
  f->type = type;
  f->params = (uint32_t)wherry_functype_param_count(type);
  f->results = (uint32_t)wherry_functype_result_count(type);
  f->room = (uint32_t)wh_bind_room(type);
  f->codes = tail;
  for (size_t i = 0; i < f->params; i++) *tail++ = wl_type_code(wherry_functype_param(type, i));
  for (size_t i = 0; i < f->results; i++) *tail++ = wl_type_code(wherry_functype_result(type, i));
  f->name = tail;
  memcpy(tail, name, name_size);
  tail[name_size] = 0;
  return tail + name_size + 1;
}

/* Pushes a block and its anchor. */
static wl_funcs_t *push_block(lua_State *L, int anchor, size_t count, size_t tail) {
  luaL_checkstack(L, 10, NULL);
  wl_funcs_t *block =
      wl_object_new(L, &wl_funcs_kind, sizeof *block + count * sizeof *block->items + tail, 1);
  block->count = count;
  lua_pushvalue(L, anchor);
  lua_setiuservalue(L, -2, 1);
  return block;
}

static void push_closure(lua_State *L, int block, int anchor, wl_func_t *f) {
  lua_pushvalue(L, block);
  lua_pushvalue(L, anchor);
  lua_pushlightuserdata(L, f);
  lua_pushcclosure(L, wl_func_call, 3);
}

void wl_push_func(lua_State *L, wl_store_t *store, int anchor, wherry_func_t func, const char *name,
                  size_t name_size) {
  const wherry_functype_t *type;
  uint32_t number;
  char text[32];
  anchor = lua_absindex(L, anchor);
  luaL_checkstack(L, 10, NULL);
  if (wl_cache_get(L, anchor, WHERRY_EXTERN_FUNC, func.index)) return;
  wl_check(L, wherry_func_type(store->store, func, &type));
  if (!name) {
    wl_check(L, wherry_func_describe(store->store, func, &number, &name));
    if (!name) {
      snprintf(text, sizeof text, "function %lu", (unsigned long)number);
      name = text;
    }
    name_size = strlen(name);
  }
  wl_funcs_t *block = push_block(L, anchor, 1, tail_size(type, name_size));
  fill(block->items, store, func, type, name, name_size, (char *)(block->items + 1));
  push_closure(L, lua_gettop(L), anchor, block->items);
  wl_cache_put(L, anchor, WHERRY_EXTERN_FUNC, func.index);
  lua_remove(L, -2);
}

void wl_push_extern(lua_State *L, wl_store_t *store, int anchor, const wherry_extern_t *item,
                    const char *name, size_t name_size) {
  switch (item->kind) {
  case WHERRY_EXTERN_FUNC: wl_push_func(L, store, anchor, item->of.func, name, name_size); break;
  case WHERRY_EXTERN_MEMORY: wl_push_memory(L, store, anchor, item->of.memory); break;
  case WHERRY_EXTERN_TABLE: wl_push_table(L, store, anchor, item->of.table); break;
  case WHERRY_EXTERN_GLOBAL: wl_push_global(L, store, anchor, item->of.global); break;
  case WHERRY_EXTERN_TAG: wl_push_tag(L, store, anchor, item->of.tag); break;
  default: lua_pushnil(L); break;
  }
}

void wl_push_exports(lua_State *L, wl_store_t *store, int anchor, wherry_instance_t instance,
                     const wherry_module_t *module) {
  size_t count = wherry_module_export_count(module), funcs = 0, tail_bytes = 0;
  anchor = lua_absindex(L, anchor);
  for (size_t i = 0; i < count; i++) {
    const wherry_externtype_t *type = wherry_module_export_type(module, i);
    if (wherry_externtype_kind(type) != WHERRY_EXTERN_FUNC) continue;
    funcs++;
    tail_bytes +=
        tail_size(wherry_externtype_functype(type), wherry_module_export_name(module, i).size);
  }
  luaL_checkstack(L, 12, NULL);
  lua_createtable(L, 0, (int)count);
  int table = lua_gettop(L);
  wl_funcs_t *block = push_block(L, anchor, funcs, tail_bytes);
  char *tail = (char *)(block->items + funcs);
  wl_func_t *f = block->items;
  for (size_t i = 0; i < count; i++) {
    wherry_bytes_t name = wherry_module_export_name(module, i);
    wherry_extern_t item;
    wl_check(L, wherry_instance_export(store->store, instance, i, &item));
    lua_pushlstring(L, (const char *)name.data, name.size);
    if (item.kind == WHERRY_EXTERN_FUNC) {
      const wherry_functype_t *type =
          wherry_externtype_functype(wherry_module_export_type(module, i));
      tail = fill(f, store, item.of.func, type, (const char *)name.data, name.size, tail);
      push_closure(L, table + 1, anchor, f++);
      wl_cache_put(L, anchor, WHERRY_EXTERN_FUNC, item.of.func.index);
    } else {
      wl_push_extern(L, store, anchor, &item, NULL, 0);
    }
    lua_rawset(L, table);
  }
  lua_settop(L, table);
}
