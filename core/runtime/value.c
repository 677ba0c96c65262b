/* Values as the host sees them, and the slots in which the engine keeps them. */
#include "runtime/runtime.h"

static WH_COLD wherry_error_t *mismatch(wherry_store_t *store, wherry_valtype_t wanted,
                                        wherry_valtype_t given) {
  return wh_error_new(store->alloc, WHERRY_ERROR_TYPE, "expected %s, got %s",
                      wherry_valtype_name(wanted), wherry_valtype_name(given));
}

wherry_error_t *wh_value_to_slot(wherry_store_t *store, const wherry_value_t *value,
                                 wherry_valtype_t type, uint64_t *out) {
  if (WH_UNLIKELY(value->type != type)) return mismatch(store, type, value->type);
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
  case WHERRY_FUNCREF:
    if (!value->of.func.store && !value->of.func.index) {
      *out = 0;
      return NULL;
    }
    return wh_find_func(store, value->of.func, out, NULL);
  case WHERRY_EXTERNREF: {
    wherry_externref_t reference = value->of.externref;
    if (!reference.store && !reference.index) {
      *out = 0;
      return NULL;
    }
    if (reference.store != store->id || !reference.index || reference.index > store->externs.count)
      return wh_error_new(store->alloc, WHERRY_ERROR_STATE,
                          "the externref belongs to another store, or to one that has ended");
    *out = reference.index;
    return NULL;
  }
  default:
    return wh_error_new(store->alloc, WHERRY_ERROR_TYPE, "values of type %s are not supported",
                        wherry_valtype_name(type));
  }
}

wherry_value_t wh_value_from_slot(const wherry_store_t *store, const uint64_t *slots,
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
  case WHERRY_FUNCREF:
    if (slot) {
      value.of.func.store = store->id;
      value.of.func.index = slot;
    }
    break;
  case WHERRY_EXTERNREF:
    if (slot) {
      value.of.externref.store = store->id;
      value.of.externref.index = slot;
    }
    break;
  case WHERRY_V128: memcpy(value.of.v128, slots, sizeof value.of.v128); break;
  default: memcpy(&value.of, &slot, sizeof slot);
  }
  return value;
}
