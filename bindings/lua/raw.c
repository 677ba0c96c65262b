/* What SWIG's wrappers ask of the shim. */
#include "raw.h"

#include <string.h>

uint64_t wl_raw_u64(lua_State *L, int index, uint64_t maximum, const char *type) {
  int exact;
  lua_Integer value = lua_tointegerx(L, index, &exact);
  if (!exact || lua_type(L, index) != LUA_TNUMBER || (uint64_t)value > maximum)
    wl_raise(L, wl_misfit(L, index, type, NULL));
  return (uint64_t)value;
}

const char *wl_raw_text(lua_State *L, int index, size_t *size) {
  size_t whole;
  if (lua_type(L, index) != LUA_TSTRING) wl_raise(L, wl_misfit(L, index, "string", NULL));
  const char *text = lua_tolstring(L, index, &whole);
  if (size)
    *size = whole;
  else if (strlen(text) != whole)
    wl_fail(L, WHERRY_ERROR_TYPE, "expected a string without zero bytes");
  return text;
}

/* ---- handles ---- */

/* Every object of a handle has it in its second word. */
typedef struct wl_handle {
  const wl_kind_t *kind;
  void *handle;
} wl_handle_t;

static void *handle(lua_State *L, int index, const wl_kind_t *kind) {
  wl_handle_t *object = wl_object_check(L, index, kind);
  if (!object->handle) wl_fail(L, WHERRY_ERROR_STATE, "the %s is closed", kind->name);
  return object->handle;
}

#define HANDLE(NOUN, USER_VALUES)                                                           \
  wherry_##NOUN##_t *wl_raw_##NOUN(lua_State *L, int index) {                               \
    return handle(L, index, &wl_##NOUN##_kind);                                             \
  }                                                                                         \
  static void *box_##NOUN(lua_State *L) {                                                   \
    wl_handle_t *object = wl_object_new(L, &wl_##NOUN##_kind, sizeof *object, USER_VALUES); \
    return &object->handle;                                                                 \
  }                                                                                         \
  wherry_##NOUN##_t **wl_raw_box_##NOUN(lua_State *L) { return box_##NOUN(L); }             \
  void wl_raw_lend_##NOUN(lua_State *L, wherry_##NOUN##_t *NOUN) {                          \
    if (!NOUN) {                                                                            \
      lua_pushnil(L);                                                                       \
      return;                                                                               \
    }                                                                                       \
    wherry_##NOUN##_t **box = box_##NOUN(L);                                                \
    wherry_##NOUN##_retain(NOUN);                                                           \
    *box = NOUN;                                                                            \
  }
HANDLE(config, 0)
HANDLE(engine, 0)
HANDLE(module, 0)
HANDLE(functype, 0)

wherry_linker_t *wl_raw_linker(lua_State *L, int index) {
  return handle(L, index, &wl_linker_kind);
}
wherry_linker_t **wl_raw_box_linker(lua_State *L) {
  wl_handle_t *object = wl_object_new(L, &wl_linker_kind, sizeof *object, 1);
  lua_newtable(L);
  lua_setiuservalue(L, -2, 1);
  return (wherry_linker_t **)(void *)&object->handle;
}

wherry_store_t *wl_raw_store(lua_State *L, int index) {
  wl_store_t *store = wl_object_check(L, index, &wl_store_kind);
  if (!store->store) wl_store_closed_error(L);
  return store->store;
}
wherry_store_t **wl_raw_box_store(lua_State *L) {
  wl_store_t *store = wl_store_box(L);
  lua_pop(L, 1);
  return &store->store;
}

/* No public function lends these. */
void wl_raw_lend_linker(lua_State *L, wherry_linker_t *linker) {
  (void)linker;
  lua_pushnil(L);
}
void wl_raw_lend_store(lua_State *L, wherry_store_t *store) {
  (void)store;
  lua_pushnil(L);
}

/* ---- entities ---- */

#define ENTITY(NOUN)                                                                 \
  wherry_##NOUN##_t wl_raw_##NOUN(lua_State *L, int index, wherry_store_t **store) { \
    const wl_##NOUN##_t *object = wl_object_check(L, index, &wl_##NOUN##_kind);      \
    if (!object->store->store) wl_store_closed_error(L);                             \
    *store = object->store->store;                                                   \
    return object->NOUN;                                                             \
  }
ENTITY(instance)
ENTITY(memory)
ENTITY(table)
ENTITY(global)
ENTITY(tag)

wherry_func_t wl_raw_func(lua_State *L, int index, wherry_store_t **store) {
  const wl_func_t *func = wl_func_test(L, index);
  if (!func)
    wl_fail(L, WHERRY_ERROR_TYPE, "expected a function of a guest, got %s", wl_type_name(L, index));
  if (!func->store->store) wl_store_closed_error(L);
  *store = func->store->store;
  return func->func;
}

/* Pushes the anchor of the store behind one of the first two arguments. */
static wl_store_t *push_anchor(lua_State *L) {
  static const wl_kind_t *const kinds[] = {&wl_store_kind, &wl_instance_kind, &wl_memory_kind,
                                           &wl_table_kind, &wl_global_kind,   &wl_tag_kind};
  luaL_checkstack(L, 12, NULL);
  for (int index = 1; index <= 2; index++) {
    const wl_func_t *func = wl_func_test(L, index);
    if (func) {
      lua_getupvalue(L, index, 2);
      return func->store;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
      void *object = wl_object_test(L, index, kinds[i]);
      if (!object) continue;
      lua_getiuservalue(L, index, 1);
      return i == 0 ? object : ((wl_memory_t *)object)->store;
    }
  }
  wl_fail(L, WHERRY_ERROR_TYPE, "expected a store or something of one, got %s", wl_type_name(L, 1));
  return NULL;
}

#define PUSH(NOUN)                                                \
  void wl_raw_push_##NOUN(lua_State *L, wherry_##NOUN##_t NOUN) { \
    wl_store_t *store = push_anchor(L);                           \
    wl_push_##NOUN(L, store, lua_gettop(L), NOUN);                \
    lua_remove(L, -2);                                            \
  }
PUSH(instance)
PUSH(memory)
PUSH(table)
PUSH(global)
PUSH(tag)

void wl_raw_push_func(lua_State *L, wherry_func_t func) {
  wherry_extern_t item = {WHERRY_EXTERN_FUNC, {.func = func}};
  wl_raw_push_extern(L, &item);
}

wherry_value_t wl_raw_value(lua_State *L, int index) {
  wl_store_t *store = push_anchor(L);
  wherry_value_t value = wl_value_check(L, store, lua_gettop(L), index, 0);
  lua_pop(L, 1);
  return value;
}

void wl_raw_push_value(lua_State *L, const wherry_value_t *value) {
  wl_store_t *store = push_anchor(L);
  wl_push_value(L, store, lua_gettop(L), value);
  lua_remove(L, -2);
}

void wl_raw_extern(lua_State *L, int index, wherry_extern_t *out) {
  if (!wl_entity_test(L, index, out))
    wl_fail(L, WHERRY_ERROR_TYPE,
            "expected a function of a guest, memory, table, global or tag, got %s",
            wl_type_name(L, index));
}

void wl_raw_push_extern(lua_State *L, const wherry_extern_t *item) {
  wl_store_t *store = push_anchor(L);
  wl_push_extern(L, store, lua_gettop(L), item, NULL, 0);
  lua_remove(L, -2);
}

/* ---- parts ---- */

/* User value 1: what it is a part of. */
typedef struct wl_part {
  const wl_kind_t *kind;
  const char *noun;
  const void *part;
} wl_part_t;

const void *wl_raw_part(lua_State *L, int index, const char *noun) {
  const wl_part_t *part = wl_object_test(L, index, &wl_part_kind);
  if (!part || strcmp(part->noun, noun) != 0)
    wl_fail(L, WHERRY_ERROR_TYPE, "expected a %s, got %s", noun,
            part ? part->noun : wl_type_name(L, index));
  return part->part;
}

void wl_raw_push_part(lua_State *L, const char *noun, const void *part) {
  luaL_checkstack(L, 5, NULL);
  if (!part) {
    lua_pushnil(L);
    return;
  }
  wl_part_t *object = wl_object_new(L, &wl_part_kind, sizeof *object, 1);
  object->noun = noun; /* a literal of the wrapper */
  object->part = part;
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
}

__attribute__((visibility("default"))) int luaopen_wherry_raw(lua_State *L);

int luaopen_wherry_raw(lua_State *L) {
  wl_raw_restart();
  return wl_raw_start(L);
}
