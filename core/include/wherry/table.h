/* Tables of references. Threads: the store's. */
#ifndef WHERRY_TABLE_H
#define WHERRY_TABLE_H

#include <wherry/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* element: a reference type. minimum, maximum: in elements, maximum UINT64_MAX: none.
   initial: the value of every element, of that type; NULL: null, where the type has it.
   Errors: type, range, limit, oom. */
WHERRY_API wherry_error_t *wherry_table_new(wherry_store_t *store, wherry_valtype_t element,
                                            uint64_t minimum, uint64_t maximum,
                                            const wherry_value_t *initial, wherry_table_t *out);

WHERRY_API wherry_error_t *wherry_table_type(wherry_store_t *store, wherry_table_t table,
                                             wherry_valtype_t *element, uint64_t *maximum);
WHERRY_API wherry_error_t *wherry_table_size(wherry_store_t *store, wherry_table_t table,
                                             uint64_t *size);

/* Errors: range (the index is not below the size), type. */
WHERRY_API wherry_error_t *wherry_table_get(wherry_store_t *store, wherry_table_t table,
                                            uint64_t index, wherry_value_t *out);
WHERRY_API wherry_error_t *wherry_table_set(wherry_store_t *store, wherry_table_t table,
                                            uint64_t index, const wherry_value_t *value);

/* *previous (may be NULL): the size before. Errors: limit, type, oom. */
WHERRY_API wherry_error_t *wherry_table_grow(wherry_store_t *store, wherry_table_t table,
                                             uint64_t elements, const wherry_value_t *value,
                                             uint64_t *previous);

#ifdef __cplusplus
}
#endif
#endif
