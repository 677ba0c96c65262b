/* The host-value table for wherry_val_t, within api. A host value is a const wherry_val_t * that the
   caller owns, or a node of the context's, told apart by the lowest bit. */
#ifndef WH_API_VAL_H
#define WH_API_VAL_H

#include "canon/canon.h"

#include <wherry/guest.h>

typedef struct wh_val_node wh_val_node_t;
struct wh_val_node {
  wherry_val_t value;
  wh_val_node_t *next;
  bool allocated;
};

enum { WH_VAL_NODES = 4 };
typedef struct wh_val_context {
  wh_alloc_t *alloc;
  wh_val_node_t *idle;
  wh_val_node_t nodes[WH_VAL_NODES]; /* enough for values that are not nested */
  unsigned used;
} wh_val_context_t;

extern const wherry_host_values_t wh_val_table;

void wh_val_begin(wh_val_context_t *context, wh_alloc_t *alloc);
/* Moves a result out; out NULL: ends it. */
void wh_val_take(wh_val_context_t *context, wherry_host_value_t made, wherry_val_t *out);
void wh_val_end(wh_val_context_t *context);

static inline wherry_host_value_t wh_val_given(const wherry_val_t *value) {
  return (wherry_host_value_t)value;
}

#endif
