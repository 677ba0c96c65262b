/* What the files of decode share: the place in the binary, and how its reading fails. */
#ifndef WH_DECODE_INPUT_H
#define WH_DECODE_INPUT_H

#include "decode/decode.h"
#include "ops/ops.h"

typedef struct decoder {
  wh_reader_t in; /* ends where the current section ends */
  wh_model_t *model;
  wh_features_t features;
  const char *section; /* name of the current one; NULL: between them */
  bool has_entry;
  uint32_t entry;        /* which of the section's, from 0 */
  wherry_error_t *error; /* once it is set, all is over */
} decoder_t;

/* All return false, with the error set, when they fail. words: the specification tests' own. */
bool wh_decode_malformed(decoder_t *d, const uint8_t *at, const char *words, const char *detail,
                         ...) WH_PRINTF(4, 5);
bool wh_decode_needs(decoder_t *d, const uint8_t *at, const char *feature, const char *what, ...)
    WH_PRINTF(4, 5);
bool wh_decode_too_many(decoder_t *d, const uint8_t *at, uint64_t count, uint64_t most,
                        const char *what);
bool wh_decode_oom(decoder_t *d);
bool wh_decode_u8(decoder_t *d, uint8_t *out, const char *what);
bool wh_decode_u32(decoder_t *d, uint32_t *out, const char *what);

/* Reference types, value types: which: what it is the type of, for messages. */
bool wh_decode_ref_type(decoder_t *d, wherry_valtype_t *out, const char *which);
bool wh_decode_val_type(decoder_t *d, wherry_valtype_t *out, const char *which);

bool wh_decode_heap_type(decoder_t *d, wh_heap_t *out, const char *which);
/* One entry of the type section: a type, or a recursion group. */
bool wh_decode_type_entry(decoder_t *d);

/* Moves over an expression, its end included. */
bool wh_decode_expr(decoder_t *d, wh_const_expr_t *out);

#endif
