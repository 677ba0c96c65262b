/* What the files of the Lua shim share. The module `wherry` is these files and, in the same shared
   object, `wherry.raw`: SWIG's functions over the C ABI. Only this shim includes it.

   How things hang together. Every object is a userdata whose first word says what it is. A store has
   an anchor, a table in which lies whatever the store needs of Lua: its host functions, the values
   that went in as externref, its userdata. All that belongs to a store holds the anchor as a user
   value or upvalue; nothing lies in Lua's registry, so a store that is held only by its own host
   functions is collected.

   Errors and longjmp. Whatever may raise a Lua error (allocation above all) is done before a C
   object is made or after it was put into a userdata; Lua code is called from within the engine
   by lua_pcall only. So no error of Lua ever unwinds a frame of the engine. */
#ifndef WHERRY_LUA_SHIM_H
#define WHERRY_LUA_SHIM_H

#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>
#include <wherry.h>

#include "common.h"

#define WL_LIKELY(x) __builtin_expect(!!(x), 1)
#define WL_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* ---- object.c: userdata that know what they are ---- */

typedef struct wl_kind {
  const char *name; /* "wherry.Store" */
} wl_kind_t;

extern const wl_kind_t wl_engine_kind, wl_config_kind, wl_module_kind, wl_store_kind,
    wl_linker_kind, wl_instance_kind, wl_funcs_kind, wl_memory_kind, wl_view_kind, wl_table_kind,
    wl_global_kind, wl_tag_kind, wl_value_kind, wl_host_kind, wl_caller_kind, wl_error_kind,
    wl_functype_kind, wl_part_kind;

/* Pushes a userdata of that kind, all zero but its first word. May raise. */
void *wl_object_new(lua_State *L, const wl_kind_t *kind, size_t size, int user_values);

/* NULL when the value is none of that kind. */
void *wl_object_test(lua_State *L, int index, const wl_kind_t *kind);

/* Raises an error of kind type; name: of the parameter. */
void *wl_object_check(lua_State *L, int index, const wl_kind_t *kind);

/* Makes the metatable of a kind. index: NULL: the methods are looked up in a table; else that function,
   whose first upvalue is the table of methods. */
void wl_kind_register(lua_State *L, const wl_kind_t *kind, const luaL_Reg *meta,
                      const luaL_Reg *methods, lua_CFunction index);

/* In an __index function made by wl_kind_register: pushes the method of that name, or raises. */
int wl_method_or_unknown(lua_State *L, const char *what);

/* What a value is, for a message: "string", "wherry.Memory". */
const char *wl_type_name(lua_State *L, int index);

/* ---- error.c ---- */

/* Raises an error: takes it over. anchor: index of the anchor of the store it came from, 0: none; there
   lies the Lua value that a host function raised. Never returns; int for `return wl_raise(…)`. */
int wl_raise(lua_State *L, wherry_error_t *error);
void wl_error_push(lua_State *L, wherry_error_t *error); /* the object only */
int wl_raise_from(lua_State *L, wherry_error_t *error, int anchor);
int wl_fail(lua_State *L, wherry_error_kind_t kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline void wl_check(lua_State *L, wherry_error_t *error) {
  if (WL_UNLIKELY(error)) wl_raise(L, error);
}
wherry_error_t *wl_error_make(wherry_error_kind_t kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes the value that lua_pcall left on top of the stack into an error that carries it through the
   guest. Never raises. */
wherry_error_t *wl_error_carry(lua_State *L, int anchor);

void wl_error_open(lua_State *L);
void wl_error_register(lua_State *L); /* functions of the module's table, which is on top */

/* Adds " (did you mean 'a' or 'b'?)" of the string keys of the table at index that come near to name
   to a buffer of WH_BIND_TEXT; empty text if there are none. */
void wl_near_names(lua_State *L, int index, const char *name, char *text);

/* ---- arguments.c: of the explicit level; what: the name of the argument ---- */

uint64_t wl_count_check(lua_State *L, int index, const char *what); /* not negative */
const char *wl_string_check(lua_State *L, int index, const char *what, size_t *size);
void wl_options_check(lua_State *L, int index, const char *what); /* a table */
/* Bytes from an integer or from "64 MB"; nanoseconds from seconds. */
uint64_t wl_size_check(lua_State *L, int index, const char *what);
uint64_t wl_seconds_check(lua_State *L, int index, const char *what);

/* ---- store.c: engine, config, store ---- */

typedef struct wl_frame { /* of a host function that runs */
  struct wl_frame *outer;
  uint64_t id;
  wherry_caller_t *caller;
} wl_frame_t;

typedef struct wl_store {
  const wl_kind_t *kind;
  wherry_store_t *store; /* NULL once it was collected */
  lua_State *L;          /* that called into the store, NULL: nothing runs */
  int anchor;            /* where its anchor is on that stack: an index or pseudo-index */
  uint64_t frame_count;
  wl_frame_t *frames; /* newest first */
} wl_store_t;

/* Places in the anchor: host functions from 1. */
enum { WL_ANCHOR_STORE = 0, WL_ANCHOR_CACHE = -1, WL_ANCHOR_FLIGHT = -2, WL_ANCHOR_REFS = -3 };

/* Around everything that may run a guest. */
typedef struct wl_entry {
  lua_State *L;
  int anchor;
} wl_entry_t;
static inline wl_entry_t wl_enter(wl_store_t *store, lua_State *L, int anchor) {
  wl_entry_t outer = {store->L, store->anchor};
  store->L = L;
  store->anchor = anchor;
  return outer;
}
static inline void wl_leave(wl_store_t *store, wl_entry_t outer) {
  store->L = outer.L;
  store->anchor = outer.anchor;
}

static inline bool wl_store_open(const wl_store_t *store) {
  return store->store && !wherry_store_closed(store->store);
}
int wl_store_closed_error(lua_State *L);

/* Objects at index, or an error. */
wherry_engine_t *wl_engine_check(lua_State *L, int index);
wherry_config_t *wl_config_check(lua_State *L, int index);
wl_store_t *wl_store_check(lua_State *L, int index); /* open */

/* Pushes the engine that load uses where none was given. */
wherry_engine_t *wl_engine_default(lua_State *L);

/* Pushes the userdata of a store that is still to be made, then its anchor. */
wl_store_t *wl_store_box(lua_State *L);
/* Pushes a new store's userdata, then its anchor. options: index of a table or 0. */
wl_store_t *wl_store_push(lua_State *L, wherry_engine_t *engine, int options);

/* Pushes the anchor of a store. */
void wl_store_push_anchor(lua_State *L, int index);

/* Keeps the value on top in the anchor (and pops it); its place. */
lua_Integer wl_anchor_keep(lua_State *L, int anchor);

void wl_store_register(lua_State *L);

/* ---- module.c ---- */

typedef struct wl_module {
  const wl_kind_t *kind;
  wherry_module_t *module;
} wl_module_t;
wherry_module_t *wl_module_check(lua_State *L, int index);
/* Pushes a module made of the string at index: bytes, or the path of a file. */
wherry_module_t *wl_module_load(lua_State *L, wherry_engine_t *engine, int index);
void wl_module_register(lua_State *L);

/* ---- number.c: Lua values and slots ---- */

/* A value type in one letter, as wherry_functype_parse has them; v128, which it has not, is 'v'. */
char wl_type_code(wherry_valtype_t type);
const char *wl_code_name(char code);

/* Reads numbers and vectors only, into as many slots as the type takes: true, or false and *out
   untouched. Never raises. */
static inline bool wl_take_i32(lua_State *L, int index, wherry_slot_t *out) {
  int exact;
  lua_Integer value = lua_tointegerx(L, index, &exact);
  if (WL_UNLIKELY(!exact || value < INT32_MIN || value > UINT32_MAX ||
                  lua_type(L, index) != LUA_TNUMBER))
    return false;
  out->u64 = (uint32_t)value;
  return true;
}
bool wl_take_number(lua_State *L, int index, char code, wherry_slot_t *out);
static inline int wl_code_slots(char code) { return code == 'v' ? 2 : 1; }
/* Raises, out of memory, for vectors only. */
void wl_push_number(lua_State *L, char code, const wherry_slot_t *slots);

/* The same for all types, at the store of the anchor. May raise (out of memory). False: does not fit;
   wl_misfit then makes the error. */
bool wl_take_slot(lua_State *L, wl_store_t *store, int anchor, int index, char code,
                  wherry_slot_t *out);
void wl_push_slot(lua_State *L, wl_store_t *store, int anchor, char code,
                  const wherry_slot_t *slots);
wherry_error_t *wl_misfit(lua_State *L, int index, const char *type, const wh_bind_place_t *place);

/* An address or offset: not negative, or a negative i32 as unsigned. */
bool wl_take_address(lua_State *L, int index, uint64_t *out);
uint64_t wl_address_check(lua_State *L, int index, const char *what);

/* wherry.Value, and plain Lua values where the type is known (0: it is not). May raise. */
wherry_value_t wl_value_check(lua_State *L, wl_store_t *store, int anchor, int index,
                              wherry_valtype_t type);
void wl_push_value(lua_State *L, wl_store_t *store, int anchor, const wherry_value_t *value);
wherry_valtype_t wl_valtype_check(lua_State *L, int index);
void wl_value_register(lua_State *L);

/* ---- func.c: functions of guests ---- */

typedef struct wl_func {
  wl_store_t *store;
  wherry_func_t func;
  const wherry_functype_t *type; /* the store's */
  const char *name;
  uint32_t params, results, room; /* room: slots that a call needs */
  char *codes;                    /* of parameters, then of results */
} wl_func_t;

/* A block of functions: what the closures over them hold. */
typedef struct wl_funcs {
  const wl_kind_t *kind;
  size_t count;
  wl_func_t items[];
} wl_funcs_t;

/* The function behind a closure, NULL when it is none of a guest's. */
wl_func_t *wl_func_test(lua_State *L, int index);

/* Pushes the closure of a function; the same function gives the same closure while one lives.
   name: NULL: asks the module. */
void wl_push_func(lua_State *L, wl_store_t *store, int anchor, wherry_func_t func, const char *name,
                  size_t name_size);
void wl_push_extern(lua_State *L, wl_store_t *store, int anchor, const wherry_extern_t *item,
                    const char *name, size_t name_size);

/* Pushes a table of all exports of an instance under their own names. */
void wl_push_exports(lua_State *L, wl_store_t *store, int anchor, wherry_instance_t instance,
                     const wherry_module_t *module);

/* The cache of an anchor: entities that live, by kind (WL_INSTANCE beside the kinds of extern) and
   index. */
enum { WL_INSTANCE = 7 };
bool wl_cache_get(lua_State *L, int anchor, int kind, uint64_t index); /* pushes if true */
void wl_cache_put(lua_State *L, int anchor, int kind, uint64_t index); /* of what is on top */

/* Adds a hint to a message when an export was called with a colon. */
const char *wl_colon_hint(lua_State *L);

/* The first upvalue is a block, the second the anchor, the third the function as light userdata. */
int wl_func_call(lua_State *L);

/* ---- host.c: functions of Lua ---- */

typedef struct wl_functype {
  const wl_kind_t *kind;
  wherry_functype_t *type;
} wl_functype_t;

/* Makes a host function of the Lua value at index: a function, something that can be called, or what
   wherry.host made. name: for messages. Raises if it is none of these. */
wherry_func_t wl_host_func(lua_State *L, wl_store_t *store, int anchor, int index,
                           const wherry_functype_t *type, const char *name);
bool wl_host_fits(lua_State *L, int index); /* may it be made one? */
void wl_host_register(lua_State *L);

/* ---- memory.c, view.c ---- */

typedef struct wl_memory {
  const wl_kind_t *kind;
  wl_store_t *store;
  wherry_memory_t memory;
  uint8_t *base;
  const uint64_t *size;
} wl_memory_t;

typedef struct wl_view {
  const wl_kind_t *kind;
  wl_store_t *store; /* NULL: closed */
  uint8_t *base;
  const uint64_t *size; /* of the memory */
  uint64_t offset;      /* in bytes */
  uint64_t count;       /* in elements; UINT64_MAX: to the memory's end, wherever it is */
  uint8_t format;
} wl_view_t;

wl_memory_t *wl_memory_check(lua_State *L, int index);
void wl_push_memory(lua_State *L, wl_store_t *store, int anchor, wherry_memory_t memory);
void wl_memory_register(lua_State *L);

/* Pushes a view on a memory: index of the memory; the arguments are format, offset, count. */
int wl_view_new(lua_State *L, int format, int offset_index);
int wl_view_format(lua_State *L, int index);
/* The elements of a view now, packed; NULL: it is closed. format: "u8", … */
const uint8_t *wl_view_data(const wl_view_t *view, uint64_t *count, const char **format);
int wl_view_element_size(const wl_view_t *view);
void wl_view_push_item(lua_State *L, const wl_view_t *view, uint64_t index);
void wl_view_register(lua_State *L);

/* ---- entity.c: tables, globals, tags ---- */

typedef struct wl_table {
  const wl_kind_t *kind;
  wl_store_t *store;
  wherry_table_t table;
} wl_table_t;
typedef struct wl_global {
  const wl_kind_t *kind;
  wl_store_t *store;
  wherry_global_t global;
} wl_global_t;
typedef struct wl_tag {
  const wl_kind_t *kind;
  wl_store_t *store;
  wherry_tag_t tag;
} wl_tag_t;
void wl_push_table(lua_State *L, wl_store_t *store, int anchor, wherry_table_t table);
void wl_push_global(lua_State *L, wl_store_t *store, int anchor, wherry_global_t global);
void wl_push_tag(lua_State *L, wl_store_t *store, int anchor, wherry_tag_t tag);
void wl_entity_register(lua_State *L);

/* ---- link.c: linker and instance ---- */

typedef struct wl_instance {
  const wl_kind_t *kind;
  wl_store_t *store;
  wherry_instance_t instance;
} wl_instance_t;
/* Pushes the instance that the imports in the table at index (0: none) give. */
wherry_instance_t wl_instantiate(lua_State *L, wl_store_t *store, int anchor, int module,
                                 int imports);
/* Pushes the userdata of an instance; its exports are its second user value. */
void wl_push_instance(lua_State *L, wl_store_t *store, int anchor, wherry_instance_t instance);
/* Pushes the memory of the exports table on top: the one named "memory", else any; else nil. */
void wl_push_main_memory(lua_State *L);
wl_instance_t *wl_instance_check(lua_State *L, int index);
wherry_linker_t *wl_linker_check(lua_State *L, int index);
/* What the value at index is as an import of a type; false: it cannot be one. May raise. */
bool wl_take_extern(lua_State *L, wl_store_t *store, int anchor, int index,
                    const wherry_externtype_t *type, const char *name, wherry_extern_t *out);
/* An entity of Lua's; false: it is none. */
bool wl_entity_test(lua_State *L, int index, wherry_extern_t *out);
void wl_link_register(lua_State *L);

/* ---- guest.c: the short level ---- */

/* Source at 1, options at 2 (nil: none): pushes an instance; its store's anchor is at 3. */
wl_instance_t *wl_load_instance(lua_State *L);
/* Calls `_initialize` of the exports table at index, if it is there and is that function. */
void wl_call_initialize(lua_State *L, int exports);
/* Makes the table at the top an exports table, which errors know when a colon was used. */
void wl_mark_exports(lua_State *L);
void wl_guest_register(lua_State *L);

/* ---- wit.c: calls with component-level values ---- */

/* Fills the tables at fields (names as Lua spells them) and exports (raw names) with the functions of
   a world. */
void wl_push_world(lua_State *L, wl_store_t *store, int anchor, wherry_instance_t instance,
                   const wherry_world_t *world, int fields, int exports);
void wl_wit_register(lua_State *L);
/* "func(s: string) -> u32" of a closure made there; false: it is none. */
bool wl_wit_signature(lua_State *L, int index, char *text, size_t size);
size_t wl_snake(char *out, size_t out_size, const char *name, size_t name_size);
bool wl_is_keyword(const char *name);

bool wl_utf8_valid(const char *text, size_t size);

#endif
