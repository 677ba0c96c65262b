/* link: modules, instances, and calls into them: what the public functions are made of. Called by
   canon and api. It checks no public argument (api does) and marshals no component value (canon). */
#ifndef WH_LINK_H
#define WH_LINK_H

#include "exec/exec.h"
#include "runtime/runtime.h"

/* Decode, validate, and the tables an instance needs. out NULL: check only. */
WH_MUST_USE wherry_error_t *wh_module_make(wherry_engine_t *engine, const uint8_t *bytes,
                                           size_t size, wherry_module_t **out);
/* The same of a module that lies in a binary, which it retains. Offsets count from the binary's first
   byte in the error, from the module's in the module. */
WH_MUST_USE wherry_error_t *wh_module_make_inside(wherry_engine_t *engine, wh_binary_t *binary,
                                                  size_t offset, size_t size,
                                                  wherry_module_t **out);

/* An engine that knows exec's handlers. */
WH_MUST_USE wherry_error_t *wh_link_engine(const wherry_config_t *config, wherry_engine_t **out);

/* Calls a function with its arguments in slots, results likewise. Nests on the C stack; the call runs
   to its end (ticks call the store's tick function). */
WH_MUST_USE wherry_error_t *wh_call(wherry_store_t *store, uint64_t reference, uint64_t *slots);

/* The same for calls inside a marshalling step (realloc, post-return): the store's tick function is
   not called, so the host is not re-entered. Fuel, deadline and interruption count. */
WH_MUST_USE wherry_error_t *wh_call_quiet(wherry_store_t *store, uint64_t reference,
                                          uint64_t *slots);

/* Makes an instance and runs its start function. imports: checked against the module's here. */
WH_MUST_USE wherry_error_t *wh_instantiate(wherry_store_t *store, wherry_module_t *module,
                                           const wherry_extern_t *imports, size_t import_count,
                                           wh_instance_t **out);

/* An export by its place, below the count; by name (false: there is none). */
wherry_extern_t wh_instance_export(wh_instance_t *instance, size_t place);
bool wh_instance_lookup(wh_instance_t *instance, const char *name, size_t size,
                        wherry_extern_t *out);
/* The error for a name that an instance does not export, with names that come near. */
wherry_error_t *wh_no_export(wh_instance_t *instance, const char *name, size_t size);

/* A name in a message: as it is where that can be read, else quoted. */
void wh_link_name(wh_text_t *text, wherry_bytes_t name);

/* ---- calls in steps ---- */
typedef enum wh_call_state {
  WH_CALL_NEW, /* nothing has run */
  WH_CALL_PAUSED,
  WH_CALL_HOST, /* wants a host function */
  WH_CALL_RUNNING,
  WH_CALL_DONE,
  WH_CALL_ENDED /* by an error */
} wh_call_state_t;

/* What of the context belongs to a run: kept while it stands between steps, or below another run. */
typedef struct wh_saved wh_saved_t;
struct wh_saved {
  wh_saved_t *below;
  wh_instance_t *instance, *entry;
  wh_stack_t *stack;
  uint64_t *top;
  const wh_word_t *ip;
  uint64_t *fp;
  uint64_t acc;
  double f64_acc, f64_old;
  float f32_acc, f32_old;
  bool pausable, stepped_host, quiet;
  int64_t wanted;
  uint64_t host_func;
  uint64_t *host_slots;
};

struct wherry_call {
  wherry_store_t *store; /* retained */
  wherry_call_t *next;   /* idle: the next; else the call that began before it in its instance */
  wherry_call_t *newer, *older; /* in the store's list of calls that are not released */
  wh_stack_t *stack; /* the call's own, also while it is idle; its top: above all that is needed */
  uint64_t reference;
  uint32_t slots;          /* of parameters or of results, whichever are more */
  wh_instance_t *instance; /* of the reference; NULL: a host function */
  wh_call_state_t state;
  bool begun;              /* is in its instance's list */
  bool lost;               /* the call below it has returned: it cannot go on */
  bool released;           /* while it was running */
  uint32_t base_depth;     /* runs that stood on the C stack when it began */
  uint64_t deadline;       /* 0: none */
  wherry_error_t *failure; /* what it ends with when it is resumed */
  wherry_caller_t caller;  /* after host call */
  wh_saved_t saved;
};

WH_MUST_USE wherry_error_t *wh_call_start(wherry_store_t *store, uint64_t reference,
                                          const uint64_t *slots, wherry_call_t **out);
WH_MUST_USE wherry_error_t *wh_call_resume(wherry_call_t *call, wherry_outcome_t *outcome);
void wh_call_fail(wherry_call_t *call, wherry_error_t *error);
void wh_call_release(wherry_call_t *call);

/* ---- the linker ---- */
wherry_error_t *wh_linker_make(wherry_engine_t *engine, wherry_linker_t **out);
void wh_linker_retain(wherry_linker_t *linker);
void wh_linker_release(wherry_linker_t *linker);
wherry_engine_t *wh_linker_engine(const wherry_linker_t *linker); /* not retained */
WH_MUST_USE wherry_error_t *wh_linker_define(wherry_linker_t *linker, wherry_bytes_t module,
                                             wherry_bytes_t name, const wherry_extern_t *item);
/* like: callback, data and finalizer; data is the linker's on success only. */
WH_MUST_USE wherry_error_t *wh_linker_define_func(wherry_linker_t *linker, wherry_bytes_t module,
                                                  wherry_bytes_t name,
                                                  const wherry_functype_t *type,
                                                  const wh_host_func_t *like);
WH_MUST_USE wherry_error_t *wh_linker_get(wherry_linker_t *linker, wherry_store_t *store,
                                          wherry_bytes_t module, wherry_bytes_t name,
                                          wherry_extern_t *out);
WH_MUST_USE wherry_error_t *wh_linker_instantiate(wherry_linker_t *linker, wherry_store_t *store,
                                                  wherry_module_t *module, wh_instance_t **out);

/* While a store is pinned, closing or releasing it waits, as it does while a call runs: canon walks
   its memory and types while the host's code runs in between. The last unpin ends it. */
static inline void wh_store_pin(wherry_store_t *store) { store->pins++; }
static inline void wh_store_unpin(wherry_store_t *store) {
  if (--store->pins == 0 && WH_UNLIKELY(store->closing) && !store->context.depth)
    wh_store_finish(store);
}

/* Calls the export `_initialize` of type () -> () once in an instance's life, if there is one. */
WH_MUST_USE wherry_error_t *wh_initialize(wh_instance_t *instance);

#endif
