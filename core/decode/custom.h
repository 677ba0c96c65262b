/* custom: what custom sections say that many tools write: name, producers, target_features, dylink.0,
   branch hints. Read when somebody asks; what is broken in them is told, and is no error of the
   module. */
#ifndef WH_CUSTOM_H
#define WH_CUSTOM_H

#include "model/model.h"

/* What facts of one kind consist of: up to two numbers, up to two texts. */
typedef struct wh_fact_form {
  const char *kind; /* "function", "language", "needed", … */
  const char *numbers[2], *texts[2];
} wh_fact_form_t;

typedef struct wh_fact {
  const wh_fact_form_t *form;
  uint64_t numbers[2];
  wherry_bytes_t texts[2]; /* point into the section, are UTF-8 */
} wh_fact_t;

typedef struct wh_facts {
  wh_alloc_t *alloc;
  WH_VEC(wh_fact_t) items; /* in the order of the section; names: by index */
  wherry_error_t *fault;   /* the first thing that is wrong in it; NULL: nothing */
} wh_facts_t;

bool wh_facts_known(const wh_custom_t *section);

/* *out: ended by wh_facts_free, after an error too; empty if the section is not known. Errors: oom. */
wherry_error_t *wh_facts_read(wh_alloc_t *alloc, const wh_model_t *model,
                              const wh_custom_t *section, wh_facts_t *out);
void wh_facts_free(wh_facts_t *facts);

#endif
