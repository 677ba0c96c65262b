/* hints: the section metadata.code.branch_hint. Read by encode, which moves the offsets in it, by the
   printer, and by who shows or checks it. */
#ifndef WH_HINTS_H
#define WH_HINTS_H

#include "model/model.h"

#define WH_HINTS_SECTION "metadata.code.branch_hint"

typedef struct wh_hint {
  uint32_t function;
  uint32_t offset; /* of an if or br_if, from the beginning of the function's body */
  bool likely;
} wh_hint_t;

typedef struct wh_hints {
  const wh_custom_t *section; /* NULL: there is none */
  WH_VEC(wh_hint_t) items;    /* by function, then offset */
  wherry_error_t *fault;      /* the first thing that is wrong in it; NULL: nothing */
} wh_hints_t;

/* *out: ended by wh_hints_free, after an error too. Errors: oom. */
wherry_error_t *wh_hints_read(wh_alloc_t *alloc, const wh_model_t *model, wh_hints_t *out);
void wh_hints_free(wh_alloc_t *alloc, wh_hints_t *hints);

#endif
