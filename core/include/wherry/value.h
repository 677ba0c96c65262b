/* Values of the core specification as C sees them.

   wherry_value_t says its own type and is checked wherever it is given. wherry_slot_t is the bare
   64 bits in which the engine keeps it, for callers that have checked the type themselves: an i32
   or f32 lies in the low 32 bits (the rest is zero), a v128 takes two slots, references are the
   engine's own.

   References. Functions live as long as the store, so a funcref is used without further thought. All
   other references (externref, anyref and its subtypes, exnref) are to things that a collector frees
   when nobody has them any more. The host has them by handles, wherry_ref_t:
     - A handle that the host gets while one of its functions is called by a guest (in the arguments, as
       the result of a call, from a table, from wherry_externref_new, …) ends when that function
       returns.
     - Any other handle ends with wherry_ref_release: what it refers to is kept until then.
     - wherry_ref_retain makes a further handle, which ends with wherry_ref_release in any case.
     - Releasing a handle early, or one that has ended, or null, does no harm. All end with the store.
   Handing a reference to a guest leaves the host's handle as it is. Two handles to the same thing
   differ: wherry_ref_equal tells. A slot keeps nothing alive: make a value of a slot before anything
   else is done with the store, and release a handle that a slot was made of only after the slot was
   used. */
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
    wherry_ref_t ref; /* anyref and its like, exnref; also an externref. All zero: null */
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

/* Puts data into a store as an externref.
   data: the store's, until finalizer (may be NULL) is called, some time after neither a handle nor a
   guest refers to it, at the latest at the store's end; on an error it was not taken. Finalizers are
   called by functions of this library that the host calls (wherry_func_call, wherry_call_start,
   wherry_externref_new, wherry_store_collect …), never while a guest runs.
   Errors: oom. */
WHERRY_API wherry_error_t *wherry_externref_new(wherry_store_t *store, void *data,
                                                wherry_finalizer_t finalizer,
                                                wherry_externref_t *out);

/* *out: what wherry_externref_new was given; NULL for the null reference. Errors: state; type (the
   guest made this one of an object of its own). */
WHERRY_API wherry_error_t *wherry_externref_data(wherry_store_t *store, wherry_externref_t ref,
                                                 void **out);

/* Handles: see above. *out: one that lasts until it is released. Errors: state, oom. */
WHERRY_API wherry_error_t *wherry_ref_retain(wherry_store_t *store, wherry_ref_t ref,
                                             wherry_ref_t *out);
WHERRY_API void wherry_ref_release(wherry_store_t *store, wherry_ref_t ref);

/* Whether both refer to the same thing (two i31 references: of the same number). */
WHERRY_API bool wherry_ref_equal(wherry_store_t *store, wherry_ref_t a, wherry_ref_t b);

/* What a reference refers to: WHERRY_I31REF, WHERRY_STRUCTREF, WHERRY_ARRAYREF, WHERRY_EXNREF,
   WHERRY_EXTERNREF (the host's data), WHERRY_NULLREF (nothing). Whether it comes as an externref or as
   an anyref makes no difference. Errors: state. */
WHERRY_API wherry_error_t *wherry_ref_kind(wherry_store_t *store, wherry_ref_t ref,
                                           wherry_valtype_t *out);

/* An i31 reference, which needs no store and no release: the low 31 bits of value. The number in one;
   false: it is something else. */
WHERRY_API wherry_ref_t wherry_ref_i31(int32_t value);
WHERRY_API bool wherry_ref_i31_value(wherry_ref_t ref, int32_t *out);

/* From and to the engine's own 64 bits, for those who use slots. A v128 takes two slots, one after the
   other (out has room for both); from_slot cannot see the second. from_slot makes a handle of a
   reference; its result is all zero where type is no type of this store, or the slot refers to
   nothing that is alive. Errors: type, state. */
WHERRY_API wherry_error_t *wherry_value_to_slot(wherry_store_t *store, const wherry_value_t *value,
                                                wherry_valtype_t type, wherry_slot_t *out);
WHERRY_API wherry_value_t wherry_value_from_slot(wherry_store_t *store, wherry_slot_t slot,
                                                 wherry_valtype_t type);

#ifdef __cplusplus
}
#endif
#endif
