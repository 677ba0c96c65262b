/* The linker: names and what stands behind them, for the imports of modules.

   Threads: one at a time. */
#ifndef WHERRY_LINKER_H
#define WHERRY_LINKER_H

#include <wherry/func.h>

#ifdef __cplusplus
extern "C" {
#endif

/* *out: the caller's, until wherry_linker_release; it keeps the engine alive. */
WHERRY_API wherry_error_t *wherry_linker_new(wherry_engine_t *engine, wherry_linker_t **out);
WHERRY_API void wherry_linker_retain(wherry_linker_t *linker);
WHERRY_API void wherry_linker_release(wherry_linker_t *linker);

/* Names an entity of a store; modules of other stores cannot use it. A name given again replaces
   what it named. Names: copied. */
WHERRY_API wherry_error_t *wherry_linker_define(wherry_linker_t *linker, const char *module,
                                                size_t module_size, const char *name,
                                                size_t name_size, const wherry_extern_t *item);

/* Names a host function for any store. data: the linker's, until finalizer (may be NULL) is called
   when the linker and all stores that use the function have ended; on an error it was not taken. */
WHERRY_API wherry_error_t *wherry_linker_define_func(wherry_linker_t *linker, const char *module,
                                                     size_t module_size, const char *name,
                                                     size_t name_size,
                                                     const wherry_functype_t *type,
                                                     wherry_callback_t callback, void *data,
                                                     wherry_finalizer_t finalizer);

/* Names every export of an instance, under the module name given. */
WHERRY_API wherry_error_t *wherry_linker_define_instance(wherry_linker_t *linker,
                                                         wherry_store_t *store, const char *module,
                                                         size_t module_size,
                                                         wherry_instance_t instance);

/* Finds what a name stands for in a store. Errors: unlinkable (nothing of that name), oom. */
WHERRY_API wherry_error_t *wherry_linker_get(wherry_linker_t *linker, wherry_store_t *store,
                                             const char *module, size_t module_size,
                                             const char *name, size_t name_size,
                                             wherry_extern_t *out);

/* Makes an instance, every import by its name, and runs its start function.
   Errors: unlinkable (all missing and mistyped imports in one message, with their types), and
   those of wherry_instance_new. */
WHERRY_API wherry_error_t *wherry_linker_instantiate(wherry_linker_t *linker, wherry_store_t *store,
                                                     wherry_module_t *module,
                                                     wherry_instance_t *out);

#ifdef __cplusplus
}
#endif
#endif
