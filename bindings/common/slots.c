/* Where values lie among slots: one behind the other, each in as many as its type takes. */
#include "common.h"

#include <string.h>

size_t wh_bind_room(const wherry_functype_t *type) {
  size_t params = 0, results = 0;
  for (size_t i = 0; i < wherry_functype_param_count(type); i++)
    params += wh_bind_slots(wherry_functype_param(type, i));
  for (size_t i = 0; i < wherry_functype_result_count(type); i++)
    results += wh_bind_slots(wherry_functype_result(type, i));
  return params > results ? params : results;
}

wherry_value_t wh_bind_value(wherry_store_t *store, const wherry_slot_t *slots,
                             wherry_valtype_t type) {
  if (type != WHERRY_V128) return wherry_value_from_slot(store, *slots, type);
  wherry_value_t value = {.type = type};
  memcpy(value.of.v128, slots, sizeof value.of.v128);
  return value;
}

wherry_error_t *wh_bind_externref(wherry_store_t *store, void *data, wherry_externref_t *out) {
  wherry_externref_t made;
  wherry_error_t *error = wherry_externref_new(store, data, NULL, &made);
  if (error) return error;
  error = wherry_ref_retain(store, made, out);
  wherry_ref_release(store, made);
  return error;
}

wherry_error_t *wh_bind_externref_data(wherry_store_t *store, wherry_externref_t ref, void **out) {
  wherry_error_t *error = wherry_externref_data(store, ref, out);
  wherry_ref_release(store, ref);
  return error;
}
