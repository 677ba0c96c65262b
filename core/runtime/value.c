/* Values as the host sees them, and the slots in which the engine keeps them. */
#include "runtime/runtime.h"

static WH_COLD wherry_error_t *mismatch(wherry_store_t *store, wherry_valtype_t wanted,
                                        wherry_valtype_t given) {
  return wh_error_new(store->alloc, WHERRY_ERROR_TYPE, "expected %s, got %s",
                      wherry_valtype_name(wanted), wherry_valtype_name(given));
}

wherry_valtype_t wh_ref_top(wherry_store_t *store, wherry_valtype_t type) {
  wh_heap_t heap = wh_ref_heap(type);
  if (!wh_heap_is_abstract(heap))
    return wh_engine_kind(store->engine, heap) == WH_COMP_FUNC ? WHERRY_FUNCREF : WHERRY_ANYREF;
  switch (heap) {
  case WH_HEAP(EXTERN):
  case WH_HEAP(NULLEXTERN): return WHERRY_EXTERNREF;
  case WH_HEAP(EXN):
  case WH_HEAP(NULLEXN): return WHERRY_EXNREF;
  case WH_HEAP(ANY):
  case WH_HEAP(EQ):
  case WH_HEAP(I31):
  case WH_HEAP(STRUCT):
  case WH_HEAP(ARRAY):
  case WH_HEAP(NULL): return WHERRY_ANYREF;
  default: return WHERRY_FUNCREF;
  }
}

wherry_valtype_t wh_ref_kind(uint64_t word) {
  switch (wh_ref_bit(word)) {
  case WH_REF_NULL: return WHERRY_NULLREF;
  case WH_REF_I31: return WHERRY_I31REF;
  case WH_REF_HOST: return WHERRY_EXTERNREF;
  case WH_REF_STRUCT: return WHERRY_STRUCTREF;
  case WH_REF_ARRAY: return WHERRY_ARRAYREF;
  default: return WHERRY_EXNREF;
  }
}

bool wh_ref_is_of(uint64_t word, wherry_valtype_t type) {
  if (!word) return wh_ref_is_nullable(type);
  wh_heap_t heap = wh_ref_heap(type);
  if (wh_heap_is_abstract(heap)) return (wh_ref_bit(word) & wh_ref_mask(heap)) != 0;
  return wh_ref_is_object(word) && wh_rtype_has_super(wh_ref_object(word)->type, heap);
}

static wherry_error_t *reference_to_word(wherry_store_t *store, const wherry_value_t *value,
                                         wherry_valtype_t type, uint64_t *out) {
  wherry_valtype_t top = wh_ref_top(store, type);
  /* A host's type that names another says nothing here: what counts is the value. */
  if (wh_heap_is_abstract(wh_ref_heap(value->type)) && top != wh_ref_top(store, value->type))
    return mismatch(store, type, value->type);
  if (top != WHERRY_FUNCREF) {
    wherry_error_t *error = wh_handle_word(store, value->of.ref, out);
    if (error || wh_ref_is_of(*out, type)) return error;
    return mismatch(store, type, wh_ref_kind(*out));
  }
  if (!value->of.func.store && !value->of.func.index) {
    *out = 0;
    return wh_ref_is_nullable(type) ? NULL : mismatch(store, type, WHERRY_NULLFUNCREF);
  }
  wherry_error_t *error = wh_find_func(store, value->of.func, out, NULL);
  if (error || wh_ref_heap(type) == WH_HEAP(FUNC)) return error;
  wherry_valtype_t own = wh_ref(wh_reference_rtype(store, *out)->id, false);
  return wh_engine_matches(store->engine, own, type) ? NULL : mismatch(store, type, own);
}

/* The slot may be a global's or a table's: nothing is put there that does not belong. */
static wherry_error_t *reference_to_slot(wherry_store_t *store, const wherry_value_t *value,
                                         wherry_valtype_t type, uint64_t *out) {
  uint64_t word;
  wherry_error_t *error = reference_to_word(store, value, type, &word);
  if (!error) *out = word;
  return error;
}

wherry_error_t *wh_value_to_slot(wherry_store_t *store, const wherry_value_t *value,
                                 wherry_valtype_t type, uint64_t *out) {
  if (WH_UNLIKELY(value->type != type) && !(wh_is_ref(type) && wh_is_ref(value->type)))
    return mismatch(store, type, value->type);
  switch (type) {
  case WHERRY_I32: *out = (uint32_t)value->of.i32; return NULL;
  case WHERRY_I64: *out = (uint64_t)value->of.i64; return NULL;
  case WHERRY_F32: {
    uint32_t bits;
    memcpy(&bits, &value->of.f32, sizeof bits);
    *out = bits;
    return NULL;
  }
  case WHERRY_F64: memcpy(out, &value->of.f64, sizeof *out); return NULL;
  case WHERRY_V128: memcpy(out, value->of.v128, sizeof value->of.v128); return NULL;
  default: return reference_to_slot(store, value, type, out);
  }
}

wherry_value_t wh_value_from_slot(wherry_store_t *store, const uint64_t *slots,
                                  wherry_valtype_t type) {
  uint64_t slot = *slots;
  wherry_value_t value;
  memset(&value, 0, sizeof value);
  value.type = type;
  switch (type) {
  case WHERRY_I32:
  case WHERRY_F32: {
    uint32_t bits = (uint32_t)slot;
    memcpy(&value.of, &bits, sizeof bits);
    break;
  }
  case WHERRY_V128: memcpy(value.of.v128, slots, sizeof value.of.v128); break;
  default:
    if (!wh_is_ref(type)) {
      memcpy(&value.of, &slot, sizeof slot);
      break;
    }
    value.type = wh_ref_top(store, type);
    if (value.type != WHERRY_FUNCREF)
      value.of.ref = wh_handle_new(store, slot, false);
    else if (slot)
      value.of.func = (wherry_func_t) {store->id, slot};
  }
  return value;
}
