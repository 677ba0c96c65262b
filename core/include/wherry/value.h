/* Values of the core specification as C sees them.

   wherry_value_t says its own type and is checked wherever it is given. wherry_slot_t is the bare
   64 bits in which the engine keeps it, for callers that have checked the type themselves: an i32
   or f32 lies in the low 32 bits (the rest is zero), a v128 takes two slots, funcref and externref are the
   engine's own. */
#ifndef WHERRY_VALUE_H
#define WHERRY_VALUE_H

#include <wherry/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wherry_value {
  wherry_valtype_t type;
  union {
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    uint8_t v128[16];
    wherry_func_t func;           /* all zero: null */
    wherry_externref_t externref; /* all zero: null */
  } of;
} wherry_value_t;

typedef union wherry_slot {
  int32_t i32;
  uint32_t u32;
  int64_t i64;
  uint64_t u64;
  float f32;
  double f64;
} wherry_slot_t;

static inline wherry_value_t wherry_i32(int32_t value) {
  wherry_value_t result;
  result.type = WHERRY_I32;
  result.of.i64 = 0;
  result.of.i32 = value;
  return result;
}
static inline wherry_value_t wherry_i64(int64_t value) {
  wherry_value_t result;
  result.type = WHERRY_I64;
  result.of.i64 = value;
  return result;
}
static inline wherry_value_t wherry_f32(float value) {
  wherry_value_t result;
  result.type = WHERRY_F32;
  result.of.i64 = 0;
  result.of.f32 = value;
  return result;
}
static inline wherry_value_t wherry_f64(double value) {
  wherry_value_t result;
  result.type = WHERRY_F64;
  result.of.f64 = value;
  return result;
}

/* Puts data into a store as an externref; the same reference is the same identity.
   data: the store's, until finalizer (may be NULL) is called; on an error it was not taken.
   Lives as long as the store. Errors: oom. */
WHERRY_API wherry_error_t *wherry_externref_new(wherry_store_t *store, void *data,
                                                wherry_finalizer_t finalizer,
                                                wherry_externref_t *out);

/* *out: what wherry_externref_new was given; NULL for the null reference. Errors: state. */
WHERRY_API wherry_error_t *wherry_externref_data(wherry_store_t *store, wherry_externref_t ref,
                                                 void **out);

/* From and to the engine's own 64 bits, for those who use slots. A v128 takes two slots, one after the
   other (out has room for both); from_slot cannot see the second. Errors: type, state. */
WHERRY_API wherry_error_t *wherry_value_to_slot(wherry_store_t *store, const wherry_value_t *value,
                                                wherry_valtype_t type, wherry_slot_t *out);
WHERRY_API wherry_value_t wherry_value_from_slot(wherry_store_t *store, wherry_slot_t slot,
                                                 wherry_valtype_t type);

#ifdef __cplusplus
}
#endif
#endif
