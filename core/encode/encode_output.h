/* What the files of encode share. */
#ifndef WH_ENCODE_OUTPUT_H
#define WH_ENCODE_OUTPUT_H

#include "encode/encode.h"
#include "model/hints.h"

/* A section's contents, or the whole. */
typedef wh_text_t buffer_t;

typedef struct encoder {
  wh_alloc_t *alloc;
  const wh_model_t *model;
  wherry_error_t *error; /* the first one */
  bool needs_data_count;
  wh_hints_t hints;
  uint32_t *hint_offsets; /* of hints.items: where each is now */
} encoder_t;

void wh_encode_bytes(buffer_t *out, const void *data, size_t size);
void wh_encode_byte(buffer_t *out, unsigned value);
void wh_encode_u(buffer_t *out, uint64_t value);
void wh_encode_s(buffer_t *out, int64_t value);
void wh_encode_counted(buffer_t *out, const void *data, size_t size);
void wh_encode_type(buffer_t *out, wherry_valtype_t type);

/* Instructions up to the end of the bytes. False: e->error is set. */
bool wh_encode_expr(encoder_t *e, const wh_const_expr_t *code, buffer_t *out);
/* Bodies with their sizes. scratch: overwritten. */
bool wh_encode_bodies(encoder_t *e, buffer_t *out, buffer_t *scratch);
/* count expressions, one after another. */
bool wh_encode_exprs(encoder_t *e, const uint8_t *bytes, size_t size, uint64_t offset,
                     buffer_t *out);

#endif
