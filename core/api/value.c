/* The public functions of value.h. */
#include "runtime/runtime.h"

wherry_error_t *wherry_externref_new(wherry_store_t *store, void *data,
                                     wherry_finalizer_t finalizer, wherry_externref_t *out) {
  uint64_t reference;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = wh_extern_make(store, data, finalizer, &reference);
  if (error) return error;
  *out = (wherry_externref_t) {store->id, reference};
  return NULL;
}

wherry_error_t *wherry_externref_data(wherry_store_t *store, wherry_externref_t ref, void **out) {
  uint64_t slot;
  wherry_value_t value = {.type = WHERRY_EXTERNREF};
  value.of.externref = ref;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = wh_value_to_slot(store, &value, WHERRY_EXTERNREF, &slot);
  if (error) return error;
  *out = slot ? store->externs.items[slot - 1].data : NULL;
  return NULL;
}

wherry_error_t *wherry_value_to_slot(wherry_store_t *store, const wherry_value_t *value,
                                     wherry_valtype_t type, wherry_slot_t *out) {
  wherry_error_t *error = wh_store_check(store);
  return error ? error : wh_value_to_slot(store, value, type, &out->u64);
}

wherry_value_t wherry_value_from_slot(wherry_store_t *store, wherry_slot_t slot,
                                      wherry_valtype_t type) {
  uint64_t slots[2] = {slot.u64, 0};
  return wh_value_from_slot(store, slots, type);
}
