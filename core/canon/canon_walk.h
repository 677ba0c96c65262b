/* What lifting and lowering share, within canon. */
#ifndef WH_CANON_WALK_H
#define WH_CANON_WALK_H

#include "canon/canon.h"

/* Something of the host's that must be given back. */
typedef struct wh_held {
  bool is_view;
  wherry_host_view_t view;
  wherry_host_value_t value;
} wh_held_t;

/* A call between the begin of lower and the end of lift. */
typedef struct wh_active {
  const wherry_host_values_t *host;
  void *context;
  size_t held; /* how many things older calls hold */
} wh_active_t;

struct wherry_lifted {
  wherry_store_t *store;
  wh_alloc_t *alloc;
  const wherry_witfunc_t *func;
  wh_memory_t *memory;                 /* NULL: none is needed */
  uint64_t core, realloc, post_return; /* references; 0: none */
  wherry_func_t core_func;
  bool params_spill, result_spills; /* through memory */
  WH_VEC(wh_active_t) active;       /* innermost last */
  WH_VEC(wh_held_t) held;           /* newest last */
};

/* One lower or lift on its way through a type. LiftLowerContext of the specification. */
typedef struct wh_walk {
  wherry_lifted_t *lifted;
  const wherry_host_values_t *host;
  void *context;
  uint64_t *slots; /* the next flat value */
  uint64_t moved;  /* bytes of lists and strings lifted so far */
  bool lifting;
  bool located; /* the error that is on its way up takes a path */
} wh_walk_t;

static inline uint8_t *wh_walk_memory(const wh_walk_t *walk, uint32_t address) {
  return walk->lifted->memory->base + address;
}
/* trap_if(ptr + size > len(memory)). The size is read at every use: a guest's realloc grows it. */
static inline bool wh_walk_fits(const wh_walk_t *walk, uint32_t address, uint64_t size) {
  return address + size <= walk->lifted->memory->size;
}

/* Makes room to hold one more thing; to be called before the host makes it. */
static inline bool wh_walk_can_hold(wh_walk_t *walk) {
  return wh_vec_reserve(walk->lifted->alloc, &walk->lifted->held, 1);
}
static inline void wh_walk_hold_view(wh_walk_t *walk, const wherry_host_view_t *view) {
  wh_held_t *held = &walk->lifted->held.items[walk->lifted->held.count++];
  held->is_view = true;
  held->view = *view;
}
static inline void wh_walk_hold_value(wh_walk_t *walk, wherry_host_value_t value) {
  wh_held_t *held = &walk->lifted->held.items[walk->lifted->held.count++];
  held->is_view = false;
  held->value = value;
}
static inline wh_held_t wh_walk_let_go(wh_walk_t *walk) {
  return walk->lifted->held.items[--walk->lifted->held.count];
}

/* Gives back what was held beyond the first `kept` things, newest first. */
void wh_walk_release(wherry_lifted_t *lifted, const wh_active_t *active, size_t kept);

/* An error of the table: those of kind type and range take the path. */
WH_COLD wherry_error_t *wh_walk_host_error(wh_walk_t *walk, wherry_error_t *error);
/* The guest broke a rule. */
WH_COLD wherry_error_t *wh_walk_trap(wh_walk_t *walk, const char *format, ...) WH_PRINTF(2, 3);
/* The host gave what no value of the type can be. */
WH_COLD wherry_error_t *wh_walk_range(wh_walk_t *walk, const char *format, ...) WH_PRINTF(2, 3);
/* One step of the path, put before the error on its way up. */
WH_COLD wherry_error_t *wh_walk_in_field(wh_walk_t *walk, wherry_error_t *error,
                                         const wherry_type_t *type, uint32_t index);
WH_COLD wherry_error_t *wh_walk_in_item(wh_walk_t *walk, wherry_error_t *error, uint64_t index);

/* lower_flat_values of the parameters: from the host into walk->slots and the guest's memory. */
WH_MUST_USE wherry_error_t *wh_lower_params(wh_walk_t *walk, const wherry_host_value_t *args);
/* lift_flat_values of the result: from walk->slots and the guest's memory to the host. */
WH_MUST_USE wherry_error_t *wh_lift_result(wh_walk_t *walk, wherry_host_value_t *out);

static inline bool wh_is_unicode_scalar(uint64_t value) {
  return value < 0xD800 || (value >= 0xE000 && value < 0x110000);
}

#endif
