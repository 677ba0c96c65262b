/* The public functions of global.h. */
#include "api/api.h"

wherry_error_t *wherry_global_new(wherry_store_t *store, const wherry_value_t *initial,
                                  bool is_mutable, wherry_global_t *out) {
  uint64_t slots[2], index;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = api_check_type(store, initial->type);
  if (!error) error = wh_value_to_slot(store, initial, initial->type, slots);
  if (!error) error = wh_host_global_make(store, initial->type, is_mutable, slots, &index);
  if (!error) *out = (wherry_global_t) {store->id, index};
  return error;
}

wherry_error_t *wherry_global_type(wherry_store_t *store, wherry_global_t global,
                                   wherry_valtype_t *type, bool *is_mutable) {
  uint64_t *cell;
  return wh_find_global(store, global, &cell, type, is_mutable);
}

wherry_error_t *wherry_global_get(wherry_store_t *store, wherry_global_t global,
                                  wherry_value_t *out) {
  uint64_t *cell;
  wherry_valtype_t type;
  bool is_mutable;
  wherry_error_t *error = wh_find_global(store, global, &cell, &type, &is_mutable);
  if (!error) *out = wh_value_from_slot(store, cell, type);
  return error;
}

wherry_error_t *wherry_global_set(wherry_store_t *store, wherry_global_t global,
                                  const wherry_value_t *value) {
  uint64_t *cell;
  wherry_valtype_t type;
  bool is_mutable;
  wherry_error_t *error = wh_find_global(store, global, &cell, &type, &is_mutable);
  if (error) return error;
  if (!is_mutable) return wh_error_new(store->alloc, WHERRY_ERROR_TYPE, "the global is immutable");
  return wh_value_to_slot(store, value, type, cell);
}
