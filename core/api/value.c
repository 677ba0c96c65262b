/* The public functions of value.h. */
#include "api/api.h"

wherry_error_t *api_check_type(wherry_store_t *store, wherry_valtype_t type) {
  if (wh_engine_has_type(store->engine, type)) return NULL;
  return wh_error_new(store->alloc, WHERRY_ERROR_TYPE, "0x%X is not a value type of this engine",
                      type);
}

wherry_error_t *wherry_externref_new(wherry_store_t *store, void *data,
                                     wherry_finalizer_t finalizer, wherry_externref_t *out) {
  uint64_t reference;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = wh_extern_make(store, data, finalizer, &reference);
  if (error) return error;
  *out = wh_handle_new(store, reference, false);
  wh_externs_finalize(store);
  return NULL;
}

wherry_error_t *wherry_externref_data(wherry_store_t *store, wherry_externref_t ref, void **out) {
  uint64_t word;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = wh_handle_word(store, ref, &word);
  if (error) return error;
  if (word && !wh_ref_is_extern(word))
    return wh_error_new(store->alloc, WHERRY_ERROR_TYPE,
                        "the externref is no data of the host: a guest made it of its own %s",
                        wherry_valtype_name(wh_ref_kind(word)));
  *out = word ? store->externs.items[wh_ref_extern_place(word)].data : NULL;
  return NULL;
}

wherry_error_t *wherry_ref_retain(wherry_store_t *store, wherry_ref_t ref, wherry_ref_t *out) {
  uint64_t word;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = wh_handle_word(store, ref, &word);
  if (!error) *out = wh_handle_new(store, word, true);
  return error;
}

void wherry_ref_release(wherry_store_t *store, wherry_ref_t ref) { wh_handle_end(store, ref); }

wherry_error_t *wherry_ref_kind(wherry_store_t *store, wherry_ref_t ref, wherry_valtype_t *out) {
  uint64_t word;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = wh_handle_word(store, ref, &word);
  if (!error) *out = wh_ref_kind(word);
  return error;
}

bool wherry_ref_equal(wherry_store_t *store, wherry_ref_t a, wherry_ref_t b) {
  uint64_t one, other;
  wherry_error_t *error = wh_handle_word(store, a, &one);
  if (!error) error = wh_handle_word(store, b, &other);
  if (!error) return one == other;
  wherry_error_release(error);
  return false;
}

wherry_ref_t wherry_ref_i31(int32_t value) {
  return (wherry_ref_t) {0, wh_ref_i31((uint32_t)value)};
}

bool wherry_ref_i31_value(wherry_ref_t ref, int32_t *out) {
  if (!wh_ref_is_i31(ref.index)) return false;
  *out = (int32_t)(uint32_t)ref.index >> 1;
  return true;
}

wherry_error_t *wherry_value_to_slot(wherry_store_t *store, const wherry_value_t *value,
                                     wherry_valtype_t type, wherry_slot_t *out) {
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = api_check_type(store, type);
  return error ? error : wh_value_to_slot(store, value, type, &out->u64);
}

wherry_value_t wherry_value_from_slot(wherry_store_t *store, wherry_slot_t slot,
                                      wherry_valtype_t type) {
  uint64_t slots[2] = {slot.u64, 0};
  wherry_value_t value;
  memset(&value, 0, sizeof value);
  if (WH_UNLIKELY(!wh_engine_has_type(store->engine, type))) return value;
  /* A slot that was kept too long, or of another type, is not followed. */
  if (wh_is_ref(type) && wh_ref_top(store, type) != WHERRY_FUNCREF && !wh_gc_knows(store, slot.u64))
    return value;
  return wh_value_from_slot(store, slots, type);
}
