/* Functions: of guests, called by the host; of the host, called by guests.

   Threads: the store's. */
#ifndef WHERRY_FUNC_H
#define WHERRY_FUNC_H

#include <wherry/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an import is given and an export is. */
typedef struct wherry_extern {
  wherry_extern_kind_t kind;
  union {
    wherry_func_t func;
    wherry_table_t table;
    wherry_memory_t memory;
    wherry_global_t global;
    wherry_tag_t tag;
  } of;
} wherry_extern_t;

/* A host function. args and results have the lengths of the function's type; results come in as zeros
   of the right types. Returning an error ends the guest's call: the outermost caller gets that
   very error, with the guest's stack added. It may call guests and change everything in the
   store, even release the store. */
typedef wherry_error_t *(*wherry_callback_t)(void *data, wherry_caller_t *caller,
                                             const wherry_value_t *args, size_t arg_count,
                                             wherry_value_t *results, size_t result_count);

/* The same without checks or copies: slots holds the arguments, and takes the results from its
   first place on. It has room for the longer of the two. */
typedef wherry_error_t *(*wherry_slot_callback_t)(void *data, wherry_caller_t *caller,
                                                  wherry_slot_t *slots);

/* type: shared. data: the store's, until finalizer (may be NULL) is called at the store's end; on an
   error it was not taken. Errors: oom, state. */
WHERRY_API wherry_error_t *wherry_func_new(wherry_store_t *store, const wherry_functype_t *type,
                                           wherry_callback_t callback, void *data,
                                           wherry_finalizer_t finalizer, wherry_func_t *out);

/* stepped: in a call that is driven in steps (call.h) the driver is asked to do this host call,
   and callback is not called; in every other call callback is. */
WHERRY_API wherry_error_t *wherry_func_new_slots(wherry_store_t *store,
                                                 const wherry_functype_t *type,
                                                 wherry_slot_callback_t callback, bool stepped,
                                                 void *data, wherry_finalizer_t finalizer,
                                                 wherry_func_t *out);

/* *out: the store's (see wherry_functype_retain). Errors: state. */
WHERRY_API wherry_error_t *wherry_func_type(wherry_store_t *store, wherry_func_t func,
                                            const wherry_functype_t **out);

/* The module-level index and name of a function, for messages; name NULL: it has none. */
WHERRY_API wherry_error_t *wherry_func_describe(wherry_store_t *store, wherry_func_t func,
                                                uint32_t *index, const char **name);

/* What wherry_func_new was given as data; NULL for a guest's function. */
WHERRY_API void *wherry_func_data(wherry_store_t *store, wherry_func_t func);

/* Calls a function. Every argument is checked against its type (no conversions).
   results: room for as many as the type has.
   Errors: type (count or type of the arguments), state, limit, and all that a guest can do: trap,
   exit, interrupted, or what a host function returned. */
WHERRY_API wherry_error_t *wherry_func_call(wherry_store_t *store, wherry_func_t func,
                                            const wherry_value_t *args, size_t arg_count,
                                            wherry_value_t *results, size_t result_count);

/* The same, unchecked: slots holds the arguments and takes the results; it has room for the
   longer of the two. */
WHERRY_API wherry_error_t *wherry_func_call_slots(wherry_store_t *store, wherry_func_t func,
                                                  wherry_slot_t *slots);

/* What a host function may ask of the guest that called it; all of it ends with the callback. */
WHERRY_API wherry_store_t *wherry_caller_store(wherry_caller_t *caller);

/* The calling instance; all zero where the host called its own function. */
WHERRY_API wherry_instance_t wherry_caller_instance(wherry_caller_t *caller);

/* The caller's first memory (exported or not), or its export of that name. Errors: unlinkable (there
   is none of that name). */
WHERRY_API wherry_error_t *wherry_caller_memory(wherry_caller_t *caller, wherry_memory_t *out);
WHERRY_API wherry_error_t *wherry_caller_export(wherry_caller_t *caller, const char *name,
                                                size_t name_size, wherry_extern_t *out);

#ifdef __cplusplus
}
#endif
#endif
