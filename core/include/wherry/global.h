/* Globals. Threads: the store's. */
#ifndef WHERRY_GLOBAL_H
#define WHERRY_GLOBAL_H

#include <wherry/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The type of the global is the type of its initial value. Errors: type, state, oom. */
WHERRY_API wherry_error_t *wherry_global_new(wherry_store_t *store, const wherry_value_t *initial,
                                             bool is_mutable, wherry_global_t *out);
WHERRY_API wherry_error_t *wherry_global_type(wherry_store_t *store, wherry_global_t global,
                                              wherry_valtype_t *type, bool *is_mutable);
WHERRY_API wherry_error_t *wherry_global_get(wherry_store_t *store, wherry_global_t global,
                                             wherry_value_t *out);

/* Errors: type (another type, or the global is immutable), state. */
WHERRY_API wherry_error_t *wherry_global_set(wherry_store_t *store, wherry_global_t global,
                                             const wherry_value_t *value);

#ifdef __cplusplus
}
#endif
#endif
