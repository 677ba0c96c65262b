/* What the files of link share. */
#ifndef LINK_PRIVATE_H
#define LINK_PRIVATE_H

#include "link/link.h"

/* ---- calls ---- */

/* Puts the context's run aside, and back. */
void wh_link_save(wh_context_t *context, wh_saved_t *saved);
void wh_link_restore(wh_context_t *context, const wh_saved_t *saved);

/* For the collector: marks what runs below the newest one, and calls between steps, hold. */
void wh_link_mark_runs(wherry_store_t *store);

/* What every outermost call asks before it begins. */
WH_MUST_USE wherry_error_t *wh_link_check_start(wherry_store_t *store);
WH_MUST_USE wherry_error_t *wh_link_check_depth(wherry_store_t *store);
/* The error of a run that failed. */
wherry_error_t *wh_link_take_error(wh_context_t *context);
/* A run in which stepped calls may have begun is over: they have lost the ground they stood on. */
void wh_link_lose_calls(wh_instance_t *instance, uint32_t depth);

uint64_t wh_link_deadline(const wherry_store_t *store);

/* No call to memcpy for what is mostly one or two words. */
static inline void wh_link_copy(uint64_t *to, const uint64_t *from, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    to[i] = from[i];
    __asm__("" ::: "memory");
  }
}

static inline void wh_link_slots(const wherry_store_t *store, uint64_t reference, uint32_t *params,
                                 uint32_t *results) {
  const wherry_functype_t *type = wh_reference_functype(store, reference);
  *params = wh_param_slots(type);
  *results = wh_result_slots(type);
}

/* ---- imports ---- */

typedef enum link_found {
  LINK_FOUND,
  LINK_MISSING,
  LINK_FOREIGN /* it is of another store */
} link_found_t;

/* What an import is matched with. near: may be NULL; offers the names that there are. */
typedef struct link_imports {
  wherry_extern_t *items;
  link_found_t *found; /* NULL: all are */
  void (*near)(void *data, wh_near_t *near);
  void *data;
} link_imports_t;

/* NULL: all fit; else all problems in one error. */
WH_MUST_USE wherry_error_t *wh_link_check_imports(wherry_store_t *store, wherry_module_t *module,
                                                  const link_imports_t *imports);

/* After the imports were checked. */
WH_MUST_USE wherry_error_t *wh_link_instantiate(wherry_store_t *store, wherry_module_t *module,
                                                const wherry_extern_t *imports,
                                                wh_instance_t **out);

/* The offset of an active segment. */
WH_MUST_USE wherry_error_t *wh_link_offset(const wh_instance_t *instance,
                                           const wh_const_expr_t *expr, uint64_t *out);

/* ---- images ---- */

/* The image for memory 0 of an instance whose globals have their values, made when it is time; NULL:
   its segments are to be copied. */
const wh_image_t *wh_link_image(const wh_instance_t *instance);

#endif
