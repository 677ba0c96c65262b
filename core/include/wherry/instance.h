/* Instances of modules. They live as long as their store. Threads: the store's. */
#ifndef WHERRY_INSTANCE_H
#define WHERRY_INSTANCE_H

#include <wherry/func.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes an instance and runs its start function, if it has one. The store keeps the module.
   imports: one for each import of the module, in its order.
   Errors: unlinkable (a wrong count, all mistyped imports in one message), trap (a data or element
   segment that does not fit, or the start function), limit, oom. After a trap what the module had
   written into imported memories and tables stays, as the specification says. */
WHERRY_API wherry_error_t *wherry_instance_new(wherry_store_t *store, wherry_module_t *module,
                                               const wherry_extern_t *imports, size_t import_count,
                                               wherry_instance_t *out);

/* *out: the store's; NULL for the instance of a caller that is the host. */
WHERRY_API wherry_error_t *wherry_instance_module(wherry_store_t *store, wherry_instance_t instance,
                                                  wherry_module_t **out);

/* An export by its place in the module's list, or by name. Errors: range (no such place);
   unlinkable (no such name: the message names the exports that come near). */
WHERRY_API wherry_error_t *wherry_instance_export(wherry_store_t *store, wherry_instance_t instance,
                                                  size_t index, wherry_extern_t *out);
WHERRY_API wherry_error_t *wherry_instance_find(wherry_store_t *store, wherry_instance_t instance,
                                                const char *name, size_t name_size,
                                                wherry_extern_t *out);

#ifdef __cplusplus
}
#endif
#endif
