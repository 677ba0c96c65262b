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

/* The same of a module that lies in a binary, which the model retains. Offsets count from the module's
   first byte. */
wherry_error_t *wh_decode_inside(wh_binary_t *binary, size_t offset, size_t size,
                                 wh_features_t features, wh_model_t **out);

/* What component binaries have in common with modules, at a reader's place, which moves: an entry of
   a type section, added to the model's types; the type of an import, where *type_index is a
   function's or tag's (its func stays NULL); a value type. */
wherry_error_t *wh_decode_rectype(wh_reader_t *in, wh_features_t features, wh_model_t *model);
wherry_error_t *wh_decode_externtype(wh_alloc_t *alloc, wh_reader_t *in, wh_features_t features,
                                     wherry_externtype_t *out, uint32_t *type_index);
wherry_error_t *wh_decode_valtype(wh_alloc_t *alloc, wh_reader_t *in, wh_features_t features,
                                  wherry_valtype_t *out);

#endif
