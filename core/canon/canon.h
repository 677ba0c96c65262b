/* canon: the Canonical ABI: lifts and lowers component-level values between a guest's memory and a
   host language, which it knows as a table of functions (wherry_host_values_t). Called by api, and
   later by component. It is the only place that knows how a string or a list lies in memory; it
   knows no language, and runs guests only through link.

   Host functions of the table may run any code: call the same guest again, close the store, leave by
   longjmp. So nothing that a call owns lies on the C stack: it is in the lifted function's list of
   held things, ended on every way out. */
#ifndef WH_CANON_H
#define WH_CANON_H

#include "link/link.h"
#include "types/types.h"

/* Errors: unlinkable (names what is missing or mistyped), and those of `_initialize`. */
WH_MUST_USE wherry_error_t *wh_lifted_make(wh_instance_t *instance, const wherry_witfunc_t *func,
                                           wherry_lifted_t **out);

/* See interface.h. arg_count is checked here, everything else by the table. */
WH_MUST_USE wherry_error_t *wh_lifted_lower(wherry_lifted_t *lifted,
                                            const wherry_host_values_t *host, void *context,
                                            const wherry_host_value_t *args, size_t arg_count,
                                            uint64_t *slots);
WH_MUST_USE wherry_error_t *wh_lifted_lift(wherry_lifted_t *lifted,
                                           const wherry_host_values_t *host, void *context,
                                           uint64_t *slots, wherry_host_value_t *result);
WH_MUST_USE wherry_error_t *wh_lifted_call(wherry_lifted_t *lifted,
                                           const wherry_host_values_t *host, void *context,
                                           const wherry_host_value_t *args, size_t arg_count,
                                           wherry_host_value_t *result);
void wh_lifted_abandon(wherry_lifted_t *lifted);

const wherry_witfunc_t *wh_lifted_func(const wherry_lifted_t *lifted);
wherry_func_t wh_lifted_core(const wherry_lifted_t *lifted);

/* The module's world, read at the first call. *out: NULL if it carries none. */
WH_MUST_USE wherry_error_t *wh_module_world(wherry_module_t *module, const wherry_world_t **out);
/* In place of what it carries; takes world over. Errors: state (it has one already). */
WH_MUST_USE wherry_error_t *wh_module_set_world(wherry_module_t *module, wherry_world_t *world);

#endif
