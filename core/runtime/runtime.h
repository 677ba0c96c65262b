/* runtime: the objects that code runs on: engine, module, store, instance, memory, table, host
   function, stack, and the context that exec works in. Made by link and api, run by exec. It owns
   memory and keeps limits; it calls no guest and reads no bytes of a module.

   References in slots and tables. A function reference is (instance id << 32) | function index in
   that instance; instance 0 is the host, whose functions are numbered from 1, so that 0 is null.
   All other references: see gc.h. A tag is (instance id << 32) | index where it is defined, or of the
   host's own.
   The public two words of an entity are the store's id and the same kind of number: (instance id
   << 32) | index in that instance's space; the host's own are numbered from 1. */
#ifndef WH_RUNTIME_H
#define WH_RUNTIME_H

#include <wherry.h>

#include "base/base.h"
#include "code/code.h"
#include "model/model.h"
#include "runtime/gc.h"

typedef struct wh_instance wh_instance_t;
typedef struct wh_stack wh_stack_t;
typedef struct wh_image wh_image_t;
typedef struct wh_memory wh_memory_t;

/* ---- config and engine ---- */
struct wherry_config {
  _Atomic int64_t references;
  wh_alloc_t alloc;
  wh_features_t features;
  bool deterministic;
  uint64_t memory_reservation, stack_size, tick;
  uint32_t call_depth;
  bool gc_stress;
};

struct wherry_engine {
  _Atomic int64_t references;
  wh_alloc_t alloc;
  wh_features_t features;
  bool deterministic;
  uint64_t memory_reservation, stack_size, tick;
  uint32_t call_depth;
  bool gc_stress;
  wh_handlers_t handlers; /* exec's; link sets it, for compile */
  wh_fuses_t fuses;       /* for compile */
  /* link's: marks what the store's runs hold beside that which is running. NULL: there are none. */
  void (*mark_runs)(wherry_store_t *store);
  uint64_t seed;
  _Atomic uint64_t next_store;
  wh_mutex_t lock;            /* of all that follows */
  WH_VEC(wh_rtype_t *) types; /* place + 1 is the id */
  wh_map_t groups;            /* key of a recursion group -> id of its first type */
  /* A few of each, for stores to come. */
  wh_stack_t *idle_stacks;
  wh_memory_t *idle_memories;
  uint32_t idle_stack_count;
  _Atomic uint32_t idle_memory_count;
  _Atomic uint64_t next_image;
};

WH_MUST_USE wherry_error_t *wh_config_make(const wherry_allocator_t *allocator,
                                           wherry_config_t **out);
void wh_config_retain(wherry_config_t *config);
void wh_config_release(wherry_config_t *config);

/* config NULL: all defaults. */
WH_MUST_USE wherry_error_t *wh_engine_make(const wherry_config_t *config, wherry_engine_t **out);
void wh_engine_retain(wherry_engine_t *engine);
void wh_engine_release(wherry_engine_t *engine);

/* ---- types of an engine (types.c) ---- */
/* The engine's types for those of a model, one for each, in *out; sets the canonical numbers of the
   model's function types (for types of other kinds too). Freed by its caller. */
WH_MUST_USE wherry_error_t *wh_engine_types(wherry_engine_t *engine, wh_model_t *model,
                                            const wh_rtype_t ***out);
/* The same for one recursion group of a model, its first type given: sets the numbers of its types, by
   index; those of all that it names are there. Errors: limit, oom. */
WH_MUST_USE wherry_error_t *wh_engine_group(wherry_engine_t *engine, const wh_model_t *model,
                                            uint32_t group, uint32_t *numbers);
const wh_rtype_t *wh_engine_rtype(wherry_engine_t *engine, uint32_t id);
/* The engine's own copy of a host's type, which lives as long as the engine. Errors: type (it names
   a type of a module), oom. */
WH_MUST_USE wherry_error_t *wh_engine_type(wherry_engine_t *engine, const wherry_functype_t *type,
                                           const wherry_functype_t **out);
/* Whether a host's number is a value type: one that names a type has the number of one here. */
bool wh_engine_has_type(wherry_engine_t *engine, wherry_valtype_t type);
/* What kind of type a canonical number stands for. */
wh_comp_t wh_engine_kind(wherry_engine_t *engine, uint32_t id);
/* Both of canonical types. */
bool wh_engine_matches(wherry_engine_t *engine, wherry_valtype_t sub, wherry_valtype_t super);
/* The same of externs (Validation, External Types). */
bool wh_engine_extern_matches(wherry_engine_t *engine, const wherry_externtype_t *sub,
                              const wherry_externtype_t *super);
void wh_engine_free_types(wherry_engine_t *engine);

/* ---- module ---- */
struct wherry_module {
  _Atomic int64_t references;
  wherry_engine_t *engine;
  wh_model_t *model;
  _Atomic(wh_code_t *) *entries; /* a place per function, NULL until compiled; imports stay NULL */
  uint32_t *type_ids;            /* canonical type of every function */
  const wh_rtype_t **rtypes;     /* the engine's, by the module's own indices */
  wh_mutex_t compile_lock;
  _Atomic uint64_t compiled_count;
  _Atomic uint32_t largest_frame; /* slots, of the functions compiled so far */
  /* Sizes of an instance, counted once. */
  size_t instance_size;
  /* What types/ makes of the module's WIT; made once under compile_lock, ended by the finalizer. */
  _Atomic(void *) world;
  void (*world_free)(wh_alloc_t *alloc, void *world);
  /* The initial contents of memory 0, once a second instance is wanted (copy on write). */
  _Atomic(wh_image_t *) image;
  _Atomic bool image_tried;
  struct wh_name **names; /* those that were asked for, a place per function; under compile_lock */
  WH_VEC(const wh_code_t *) guarded; /* functions that catch exceptions, by address; under it too */
  _Atomic uint64_t instance_count;
};

/* A module of a model that was validated; takes the model over, also when it fails. */
WH_MUST_USE wherry_error_t *wh_module_wrap(wherry_engine_t *engine, wh_model_t *model,
                                           wherry_module_t **out);
void wh_module_retain(wherry_module_t *module);
/* A type of the module's as a canonical one. */
static inline wherry_valtype_t wh_module_valtype(const wherry_module_t *module,
                                                 wherry_valtype_t type) {
  if (WH_LIKELY(!wh_has_heap(type)) || wh_heap_is_abstract(wh_ref_heap(type))) return type;
  return wh_ref(module->rtypes[wh_ref_heap(type)]->id, wh_ref_is_nullable(type));
}
void wh_module_release(wherry_module_t *module);
/* With compile_lock held: notes a function that has guards (false: no memory); the one of these that a
   place in code belongs to, NULL: none. */
bool wh_module_add_guarded(wherry_module_t *module, const wh_code_t *code);
const wh_code_t *wh_module_find_guarded(const wherry_module_t *module, const wh_word_t *ip);
/* A function's name as the host may have it, NULL: it has none; the module's. */
WH_MUST_USE wherry_error_t *wh_module_function_name(wherry_module_t *module, uint32_t function,
                                                    const char **out);

/* Bytes that instances map privately: what an instance writes it alone sees (copy on write). */
struct wh_image {
  uint64_t id;          /* in its engine, never 0 */
  uint64_t start, size; /* where it lies in the memory; multiples of the OS page size */
  int file;
  bool covers_all; /* all data segments of the module are in it, and active */
};
static inline const wh_image_t *wh_module_image(const wherry_module_t *module) {
  return atomic_load_explicit(&module->image, memory_order_acquire);
}
/* NULL: the OS has no such thing to give (or no memory); then one copies. */
wh_image_t *wh_image_make(wherry_engine_t *engine, uint64_t start, uint64_t end);
bool wh_image_write(wh_image_t *image, uint64_t address, const void *bytes, size_t size);
/* The memory is zero there, or has this very image already. */
bool wh_image_map(const wh_image_t *image, wh_memory_t *memory);
void wh_image_free(wh_alloc_t *alloc, wh_image_t *image);

/* ---- memory, table ---- */
struct wh_memory {
  uint8_t *base;      /* never moves */
  uint64_t size;      /* bytes, now; of a shared one a lower bound: wh_memory_size looks again */
  uint64_t reserved;  /* bytes of address space from base */
  uint64_t committed; /* of these, at least size; unused in a shared one */
  wh_limits_t limits; /* as declared, in pages */
  bool is64;
  uint8_t page_log2;
  wherry_sharedmemory_t *shared; /* whose bytes these are, retained; NULL: its own */
  _Atomic int64_t holds;         /* the store's, and exported buffers' */
  wherry_store_t *store;         /* NULL once the store has ended */
  wh_alloc_t *alloc;
  wherry_engine_t *engine; /* retained by each hold beside the store's */
  uint64_t self;           /* its public index */
  /* The image that is mapped in it (id 0: none), and where. */
  uint64_t image, image_start, image_size;
  wh_memory_t *next; /* in a list of idle ones */
};

typedef struct wh_waiter wh_waiter_t;

/* The bytes that memories of several stores stand for, each in the thread of its store. What is
   known of it in a store, and charged to it, is the size of its memory there. */
struct wherry_sharedmemory {
  _Atomic int64_t references;
  wherry_engine_t *engine; /* retained */
  wh_memory_type_t type;
  uint8_t *base;
  uint64_t reserved;
  _Atomic uint64_t size; /* bytes, now */
  wh_mutex_t lock;       /* of growing, and of what follows */
  uint64_t committed;
  wh_waiter_t *first_waiter, *last_waiter;
};

typedef struct wh_table {
  uint64_t *elements; /* moves when it grows */
  uint64_t size, capacity;
  wherry_valtype_t type;
  bool is64;
  wh_limits_t limits;
  uint64_t self;
} wh_table_t;

enum { WH_MEMORY_CLEARED = 128 << 10 }; /* up to this size an idle memory is cleared by hand */
/* image: what the memory is to hold, NULL: nothing, it is zero. */
WH_MUST_USE wherry_error_t *wh_memory_make(wherry_store_t *store, const wh_memory_type_t *type,
                                           const wh_image_t *image, wh_memory_t **out);
void wh_memory_free(wh_memory_t *memory); /* for the engine */
/* False: past a limit or no memory; then nothing changed and *limit (may be NULL) names why, NULL
   for no memory. *previous: the size before, in pages, also then. */
bool wh_memory_enlarge(wh_memory_t *memory, uint64_t pages, uint64_t *previous, const char **limit);
/* The size in bytes. Only for its store's thread, as is all of a memory but its holds. */
void wh_memory_look(wh_memory_t *memory);
static inline uint64_t wh_memory_size(wh_memory_t *memory) {
  if (WH_UNLIKELY(memory->shared != NULL)) wh_memory_look(memory);
  return memory->size;
}
static inline uint64_t wh_memory_pages(wh_memory_t *memory) {
  return wh_memory_size(memory) >> memory->page_log2;
}
/* One hold more, one less; a hold is ended from any thread. */
void wh_memory_hold(wh_memory_t *memory);
void wh_memory_unhold(wh_memory_t *memory);
void wh_memory_release(wh_memory_t *memory); /* the store's own hold */

/* Shared memories: any thread. */
WH_MUST_USE wherry_error_t *wh_sharedmemory_make(wherry_engine_t *engine,
                                                 const wh_memory_type_t *type,
                                                 wherry_sharedmemory_t **out);
void wh_sharedmemory_retain(wherry_sharedmemory_t *shared);
void wh_sharedmemory_release(wherry_sharedmemory_t *shared);
/* A memory of the store that stands for it; retains it. */
WH_MUST_USE wherry_error_t *wh_memory_of_shared(wherry_store_t *store,
                                                wherry_sharedmemory_t *shared, wh_memory_t **out);

/* One who waits at an address of a shared memory (wait.c). */
struct wh_waiter {
  wherry_sharedmemory_t *memory; /* retained; NULL: does not wait, and nothing below counts */
  wh_waiter_t *previous, *next;  /* in its queue, the longest waiting first */
  uint64_t address;
  uint64_t until; /* of the clock; UINT64_MAX: no end */
  bool is_woken;  /* and in the queue no more */
  wh_cond_t woken;
};
/* The numbers that memory.atomic.wait gives. */
typedef enum wh_wait {
  WH_WAIT_WOKEN,
  WH_WAIT_NOT_EQUAL,
  WH_WAIT_TIMED_OUT,
  WH_WAIT_GOES_ON
} wh_wait_t;
/* Joins the queue, if the bytes (4 or 8, aligned, in bounds) hold what is expected; else false.
   timeout: nanoseconds, negative: none. */
bool wh_wait_begin(wh_waiter_t *waiter, wherry_sharedmemory_t *memory, uint64_t address,
                   unsigned bytes, uint64_t expected, int64_t timeout);
/* Blocks, but not past `until` of the clock. Once woken or timed out it waits no more. */
wh_wait_t wh_wait_on(wh_waiter_t *waiter, uint64_t until);
void wh_wait_leave(wh_waiter_t *waiter);
static inline void wh_wait_cancel(wh_waiter_t *waiter) {
  if (WH_UNLIKELY(waiter->memory != NULL)) wh_wait_leave(waiter);
}
/* How many were woken. */
uint32_t wh_notify(wherry_sharedmemory_t *memory, uint64_t address, uint32_t most);

WH_MUST_USE wherry_error_t *wh_table_make(wherry_store_t *store, const wh_table_type_t *type,
                                          uint64_t initial, wh_table_t **out);
void wh_table_release(wherry_store_t *store, wh_table_t *table);
/* False: past a limit or no memory; then nothing changed and *limit (may be NULL) names why, NULL
   for no memory. */
bool wh_table_enlarge(wherry_store_t *store, wh_table_t *table, uint64_t more, uint64_t value,
                      const char **limit);

/* ---- host functions ---- */
/* A host's data that several stores and a linker share. */
typedef struct wh_shared {
  _Atomic int64_t references;
  void *data;
  wherry_finalizer_t finalizer;
} wh_shared_t;
void wh_shared_release(wh_alloc_t *alloc, wh_shared_t *shared);

typedef struct wh_host_func {
  const wherry_functype_t *type; /* the engine's own copy */
  uint32_t type_id;
  uint32_t params, results; /* slots */
  bool stepped;
  wherry_callback_t callback;           /* either this … */
  wherry_slot_callback_t slot_callback; /* … or this */
  void *data;
  wherry_finalizer_t finalizer;
  wh_shared_t *shared; /* instead of the finalizer, where data is shared; a reference is held */
} wh_host_func_t;

/* Adds a function of the host to a store: like's fields but for the types are copied. The caller
   still owns data (and its reference of shared) when it fails. */
WH_MUST_USE wherry_error_t *wh_host_func_make(wherry_store_t *store, const wherry_functype_t *type,
                                              const wh_host_func_t *like, uint64_t *reference);

/* ---- tags and exceptions ---- */

/* The type of a tag, by its number. */
const wherry_functype_t *wh_tag_functype(const wherry_store_t *store, uint64_t tag);
/* A tag of the host. Errors: type (it has results), oom. */
WH_MUST_USE wherry_error_t *wh_host_tag_make(wherry_store_t *store, const wherry_functype_t *type,
                                             uint64_t *tag);

/* An exception as an object of the store. values: its slots, copied; roots. Errors: limit, oom. */
WH_MUST_USE wherry_error_t *wh_exception_make(wherry_store_t *store, uint64_t tag,
                                              const uint64_t *values, uint64_t *reference);
uint64_t wh_exception_tag(uint64_t reference);
const uint64_t *wh_exception_values(uint64_t reference);

/* An exception as an error of kind exception (or oom). */
WH_MUST_USE wherry_error_t *wh_exception_error(wherry_store_t *store, uint64_t tag,
                                               const uint64_t *slots);
/* The same of values that are checked: type and state are further errors. */
WH_MUST_USE wherry_error_t *wh_exception_new_error(wherry_store_t *store, uint64_t tag,
                                                   const wherry_value_t *values, size_t count);
/* And back: the values of such an error of this store, to slots. */
WH_MUST_USE wherry_error_t *wh_exception_take(wherry_store_t *store, const wherry_error_t *error,
                                              uint64_t *slots);
/* At the store's end: errors that go on living hold nothing of it any more. */
void wh_exceptions_forget(wherry_store_t *store);

/* What a host function sees of its caller. */
struct wherry_caller {
  wherry_store_t *store;
  wh_instance_t *instance; /* NULL: the host itself */
};

/* ---- instance ---- */
struct wh_instance {
  wherry_store_t *store;
  wherry_module_t *module; /* retained */
  uint32_t id;
  uint32_t function_count, imported_functions;
  _Atomic(wh_code_t *) *entries; /* the module's */
  wherry_call_t *newest_call;    /* of the stepped calls that began in it and have not ended */
  uint32_t call_count;           /* of these */
  bool initialized;  /* `_initialize` has been called, or there is none (short level, canon) */
  uint64_t *globals; /* by index; of imported mutable ones: the address of the owner's cell; of v128
                        always the address of its two slots */
  wh_memory_t **memories;
  wh_table_t **tables;
  uint64_t *imports; /* function references of the imported functions */
  uint64_t *tags;
  uint8_t *dropped_elems, *dropped_datas; /* a byte a segment */
  /* Of element segments whose expressions make objects: values, evaluated once. NULL: of none; a place
     NULL: its items are evaluated when they are needed. */
  uint64_t **elem_values;
};

/* Makes the places of elem_values. False: no memory. */
bool wh_instance_keep_elems(wh_instance_t *instance);
void wh_instance_drop_elem(wh_instance_t *instance, uint32_t elem);
/* What an instance owns beside its tables and memories. */
void wh_instance_free_elems(wh_instance_t *instance);

/* Where the value of a global lies. */
static inline uint64_t *wh_global_cell(const wh_instance_t *instance, uint32_t index) {
  const wh_global_type_t *global = &instance->module->model->globals.items[index];
  uint64_t *own = &instance->globals[index];
  bool elsewhere = (global->imported && global->is_mutable) || global->type == WHERRY_V128;
  return elsewhere ? (uint64_t *)(uintptr_t)*own : own;
}

/* ---- stacks and the context ---- */

enum { WH_STACK_SPARE = 2 * WH_MAX_PARAMS + 16 };

/* The frames of one call, and of the calls nested in it. */
struct wh_stack {
  uint64_t *slots, *end; /* behind end there is room for WH_STACK_SPARE slots more: what a host
                            function at the very end of the stack puts there */
  uint64_t *top;         /* where a nested call may begin, while a host function runs; below it lies
                            what a collection must see, when one begins */
  size_t size;           /* bytes reserved */
  wh_stack_t *next;      /* in a list of idle ones */
  wh_waiter_t waiter;    /* of the call whose frames lie here; it may be paused while it waits */
};

/* Everything a handler may need, one per store; exec passes it along in a register. The first part
   is of the running instance and is swapped when a call enters another. */
typedef struct wh_context {
  uint64_t memory_size; /* of memory 0: a lower bound, read again when an access fails */
  uint8_t *memory;      /* its base; NULL: none */
  uint64_t *globals;
  _Atomic(wh_code_t *) *entries;
  const uint32_t *type_ids;
  wh_table_t **tables;
  wh_instance_t *instance; /* NULL: nothing runs */
  uint64_t instance_id;

  int64_t budget; /* wasm instructions until the next tick */
  uint64_t *stack_end;
  int64_t wanted; /* budget that the operation which ticked asks for */
  wherry_store_t *store;
  wh_stack_t *stack; /* NULL: nothing runs */
  uint32_t depth;    /* runs nested on the C stack */
  bool pausable;     /* the running call is driven in steps */
  bool stepped_host; /* and its driver does stepped host calls */
  bool quiet;        /* the store's tick function is not called */
  uint32_t operand;  /* which operand word a slow path shall look at */
  wherry_trap_code_t trap;
  wherry_error_t *error;

  /* Where a run left off, when it returned paused or host call. */
  wh_instance_t *entry;   /* of the function that the run began with; link's */
  struct wh_saved *below; /* the run that this one is nested in; link's */
  const wh_word_t *ip;
  uint64_t *fp;
  uint64_t acc;
  double f64_acc, f64_old;
  float f32_acc, f32_old;
  uint64_t host_func;   /* host call: which, … */
  uint64_t *host_slots; /* … and its slots */
} wh_context_t;

/* ---- store ---- */
typedef enum wh_extern_state {
  WH_EXTERN_FREE,
  WH_EXTERN_USED,
  WH_EXTERN_DEAD /* nobody refers to it; its finalizer is to be called */
} wh_extern_state_t;

/* The host's data behind a reference. */
typedef struct wh_extern {
  void *data;
  wherry_finalizer_t finalizer;
  uint32_t next; /* free, dead: the next such place + 1 */
  uint8_t state;
  bool marked;
} wh_extern_t;

/* A reference that the host holds. */
typedef struct wh_handle {
  uint64_t word; /* 0: free */
  uint32_t generation;
  uint32_t next; /* free: the next free place + 1 */
} wh_handle_t;

typedef struct wh_host_global {
  wherry_valtype_t type;
  bool is_mutable;
  uint64_t value[2];
} wh_host_global_t;

struct wherry_store {
  wh_context_t context; /* first: exec's pointer is the store's */
  int64_t references;
  wherry_engine_t *engine;
  wh_alloc_t *alloc; /* the engine's */
  uint64_t id;
  bool closed;  /* refuses all use; ended: and holds nothing any more */
  bool closing; /* ends when the outermost call returns */
  bool ended;
  uint32_t pins; /* wh_store_pin: an end that was asked for waits until nobody pins the store */
  WH_VEC(wh_instance_t *) instances;   /* by id; place 0 is unused */
  WH_VEC(wh_host_func_t *) host_funcs; /* from 1, so too the following */
  WH_VEC(wh_memory_t *) host_memories;
  WH_VEC(wh_table_t *) host_tables;
  WH_VEC(wh_host_global_t *) host_globals;
  WH_VEC(const wherry_functype_t *) host_tags; /* their types, the engine's own */
  wherry_error_t *exceptions;                  /* errors whose values hold handles */
  wh_gc_t gc;
  WH_VEC(wh_extern_t) externs;
  uint32_t free_extern, dead_externs; /* places + 1 */
  WH_VEC(wh_handle_t) handles;
  uint32_t free_handle; /* place + 1 */
  uint64_t handles_used;
  WH_VEC(uint64_t) scoped; /* handles that end when the host function that runs returns */
  WH_VEC(void *) held;     /* see wh_store_hold */
  WH_VEC(wherry_finalizer_t) held_free;
  wh_stack_t *idle_stacks;
  /* Limits, and what is used of them. */
  uint64_t memory_limit, table_limit, instance_limit;
  bool has_heap_limit;              /* gc.limit was set for itself */
  uint64_t memory_used, table_used; /* bytes, elements */
  uint64_t fuel;                    /* not yet handed to context.budget; UINT64_MAX: no limit */
  uint64_t timeout, deadline;       /* nanoseconds; timeout UINT64_MAX, deadline 0: none */
  _Atomic bool interrupted;
  wherry_tick_t tick;
  void *tick_data;
  void *data;
  wherry_finalizer_t data_finalizer;
  wherry_call_t *calls;      /* all that are not released, the newest first; link's */
  wherry_call_t *idle_calls; /* ended ones, with their stacks, for calls to come; link's */
  uint32_t idle_call_count;
  void (*end_calls)(wherry_store_t *store); /* link's: ends these */
};

WH_MUST_USE wherry_error_t *wh_store_make(wherry_engine_t *engine, wherry_store_t **out);
void wh_store_release(wherry_store_t *store);
/* Ends what the store holds, now or when the outermost call returns. */
void wh_store_close(wherry_store_t *store);
/* At the end of an outermost call of a store that is closing. The store may be gone afterwards. */
void wh_store_finish(wherry_store_t *store);

/* A global of the host; an extern reference. As in wherry_global_new and wherry_externref_new. */
WH_MUST_USE wherry_error_t *wh_host_global_make(wherry_store_t *store, wherry_valtype_t type,
                                                bool is_mutable, const uint64_t *value,
                                                uint64_t *index);
/* May collect, as wh_gc_new_struct. */
WH_MUST_USE wherry_error_t *wh_extern_make(wherry_store_t *store, void *data,
                                           wherry_finalizer_t finalizer, uint64_t *reference);
/* For collect.c and store.c: puts those that are not marked on the list of dead ones; ends all. */
void wh_externs_sweep(wherry_store_t *store);
void wh_externs_end(wherry_store_t *store);
/* Calls the finalizers of dead ones: at the entries of the host into the store, never while a guest
   runs. The store may be gone afterwards, unless it is retained. */
void wh_externs_finalize_(wherry_store_t *store);
static inline void wh_externs_finalize(wherry_store_t *store) {
  if (WH_UNLIKELY(store->dead_externs)) wh_externs_finalize_(store);
}

/* A handle of the host to a reference (no function's); where a host function runs and it shall not be
   lasting, until that returns. Without memory, one whose use is an error of kind oom. */
wherry_ref_t wh_handle_new(wherry_store_t *store, uint64_t word, bool lasting);
void wh_handle_end(wherry_store_t *store, wherry_ref_t reference);
WH_MUST_USE wherry_error_t *wh_handle_word(wherry_store_t *store, wherry_ref_t reference,
                                           uint64_t *out);
/* Around a host function: count is that of store->scoped before it. */
void wh_scope_end_(wherry_store_t *store, size_t count);
static inline void wh_scope_end(wherry_store_t *store, size_t count) {
  if (WH_UNLIKELY(store->scoped.count > count)) wh_scope_end_(store, count);
}
/* Makes a memory or table that belongs to the host findable. */
WH_MUST_USE wherry_error_t *wh_host_memory_add(wherry_store_t *store, wh_memory_t *memory);
WH_MUST_USE wherry_error_t *wh_host_table_add(wherry_store_t *store, wh_table_t *table);

/* A stack for a call: the store's idle one, the engine's, or a new one. Errors: oom. */
WH_MUST_USE wherry_error_t *wh_stack_take(wherry_store_t *store, wh_stack_t **out);
static inline void wh_stack_give(wherry_store_t *store, wh_stack_t *stack) {
  stack->next = store->idle_stacks;
  store->idle_stacks = stack;
}
void wh_stack_free(wh_alloc_t *alloc, wh_stack_t *stack);
void wh_stack_trim(wh_stack_t *stack); /* of a stack without frames: gives memory back to the OS */
/* The engine's idle stacks: one (NULL: there is none); a list that it keeps or frees. */
wh_stack_t *wh_engine_take_stack(wherry_engine_t *engine);
void wh_engine_give_stacks(wherry_engine_t *engine, wh_stack_t *stacks);

/* Ends the data that was there before. */
void wh_store_set_data(wherry_store_t *store, void *data, wherry_finalizer_t finalizer);

/* Ties something to the store's end; free gets it. False: no memory (and it was not tied). */
bool wh_store_hold(wherry_store_t *store, void *thing, wherry_finalizer_t free);

/* Finds what a public value or a reference means; an error of kind state when it is stale, of another
   store, or none. noun: "memory", … for the message. Every public function starts with these. */
WH_MUST_USE wherry_error_t *wh_store_check(wherry_store_t *store); /* open, or state */
WH_MUST_USE wherry_error_t *wh_find_instance(wherry_store_t *store, wherry_instance_t value,
                                             wh_instance_t **out);
WH_MUST_USE wherry_error_t *wh_find_memory(wherry_store_t *store, wherry_memory_t value,
                                           wh_memory_t **out);
WH_MUST_USE wherry_error_t *wh_find_table(wherry_store_t *store, wherry_table_t value,
                                          wh_table_t **out);
WH_MUST_USE wherry_error_t *wh_find_global(wherry_store_t *store, wherry_global_t value,
                                           uint64_t **cell, wherry_valtype_t *type,
                                           bool *is_mutable);
/* Of a tag: its number where it is defined. */
WH_MUST_USE wherry_error_t *wh_find_tag(wherry_store_t *store, wherry_tag_t value, uint64_t *tag);
/* Of a function: its reference, resolved to where it is defined; and its type. */
WH_MUST_USE wherry_error_t *wh_find_func(wherry_store_t *store, wherry_func_t value,
                                         uint64_t *reference, const wherry_functype_t **type);

/* The common case of wh_find_func: a function that its instance defines, whose index is its reference. */
static inline bool wh_is_own_func(const wherry_store_t *store, wherry_func_t value) {
  uint64_t id = value.index >> 32;
  if (value.store != store->id || store->closed || !id || id >= store->instances.count)
    return false;
  const wh_instance_t *instance = store->instances.items[id];
  uint32_t index = (uint32_t)value.index;
  return index >= instance->imported_functions && index < instance->function_count;
}

/* A reference that is known to be good (from a slot or table). */
static inline wh_instance_t *wh_reference_instance(const wherry_store_t *store,
                                                   uint64_t reference) {
  uint64_t id = reference >> 32;
  return id ? store->instances.items[id] : NULL;
}
static inline wh_host_func_t *wh_reference_host(const wherry_store_t *store, uint64_t reference) {
  return store->host_funcs.items[(uint32_t)reference];
}
/* The reference of function `index` as an instance sees it: an import is its definition's. */
static inline uint64_t wh_instance_reference(const wh_instance_t *instance, uint32_t index) {
  return index < instance->imported_functions ? instance->imports[index]
                                              : (uint64_t)instance->id << 32 | index;
}
/* The engine's own, whose types are canonical. */
const wherry_functype_t *wh_reference_functype(const wherry_store_t *store, uint64_t reference);
static inline const wh_rtype_t *wh_reference_rtype(const wherry_store_t *store,
                                                   uint64_t reference) {
  return wh_rtype_of_func(wh_reference_functype(store, reference));
}
/* The canonical type of a reference's function. */
static inline uint32_t wh_reference_type(const wherry_store_t *store, uint64_t reference) {
  const wh_instance_t *instance = wh_reference_instance(store, reference);
  return instance ? instance->module->type_ids[(uint32_t)reference]
                  : wh_reference_host(store, reference)->type_id;
}

/* Between public values and slots. from: any bits are fine. to: type is checked. */
WH_MUST_USE wherry_error_t *wh_value_to_slot(wherry_store_t *store, const wherry_value_t *value,
                                             wherry_valtype_t type, uint64_t *out);
wherry_value_t wh_value_from_slot(wherry_store_t *store, const uint64_t *slot,
                                  wherry_valtype_t type);
/* The topmost type of the hierarchy that a reference type (a canonical one) belongs to. */
wherry_valtype_t wh_ref_top(wherry_store_t *store, wherry_valtype_t type);
/* Whether a reference (no function's) is of a type. */
bool wh_ref_is_of(uint64_t word, wherry_valtype_t type);
/* What a reference is: WHERRY_NULLREF, _I31REF, _STRUCTREF, _ARRAYREF, _EXNREF, _EXTERNREF (the
   host's data). */
wherry_valtype_t wh_ref_kind(uint64_t word);

#endif
