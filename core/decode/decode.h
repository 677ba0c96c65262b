/* decode: bytes to a model. It finds what is malformed (Binary Format) in everything but function
   bodies, which it only cuts out: what is malformed in those is found by validate. Called when a
   module is made. It judges no type and no index; it keeps nothing but the model. */
#ifndef WH_DECODE_H
#define WH_DECODE_H

#include "model/model.h"

/* bytes: copied once; the model points into its own copy.
   *out: the caller's, until wh_model_free.
   Errors: malformed, or invalid ("needs feature …") where a feature is missing; both with the
   offset; limit; oom. */
wherry_error_t *wh_decode(wh_alloc_t *alloc, const uint8_t *bytes, size_t size,
                          wh_features_t features, wh_model_t **out);

#endif
