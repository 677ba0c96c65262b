/* link: modules, instances, and calls into them: what the public functions are made of. Called by
   canon and api. It checks no public argument (api does) and marshals no component value (canon). */
#ifndef WH_LINK_H
#define WH_LINK_H

#include "exec/exec.h"
#include "runtime/runtime.h"

/* Decode, validate, and the tables an instance needs. */
WH_MUST_USE wherry_error_t *wh_module_make(wherry_engine_t *engine, const uint8_t *bytes,
                                           size_t size, wherry_module_t **out);

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

/* An export by name; false: there is none. */
bool wh_instance_lookup(wh_instance_t *instance, const char *name, size_t size,
                        wherry_extern_t *out);

/* Calls the export `_initialize` of type () -> () once in an instance's life, if there is one. */
WH_MUST_USE wherry_error_t *wh_initialize(wh_instance_t *instance);

#endif
