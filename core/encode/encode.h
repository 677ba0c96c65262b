/* encode: a model to bytes: every section in its order, sections without entries left out, every
   number in its shortest form. Called by tests, and by who writes modules. Function bodies and
   constant expressions are copied as they are, long numbers in them included. It checks nothing. */
#ifndef WH_ENCODE_H
#define WH_ENCODE_H

#include "model/model.h"

/* *out: the caller's, freed by wh_free(alloc, *out, *size). Errors: oom. */
wherry_error_t *wh_encode(wh_alloc_t *alloc, const wh_model_t *model, uint8_t **out, size_t *size);

#endif
