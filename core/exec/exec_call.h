/* Calls from one instance into another: what stands on the stack between caller and callee. */
#ifndef WH_EXEC_CALL_H
#define WH_EXEC_CALL_H

#include "exec_state.h"

/* The callee returns to wh_exec_cross_code with this as its caller's frame. It lies where the caller
   put the arguments, which move up behind it; the results come back down over it. */
typedef struct wh_crossing {
  const wh_word_t *ip; /* where the caller goes on */
  const uint64_t *fp;
  wh_instance_t *instance;
  uint64_t results; /* slots */
} wh_crossing_t;

enum { WH_CROSSING_SLOTS = sizeof(wh_crossing_t) / sizeof(uint64_t) };

/* Where a frame stands: its instance, the operation that runs in it. fp NULL: behind the last. */
typedef struct wh_place {
  wh_instance_t *instance;
  const wh_word_t *ip;
  uint64_t *fp;
} wh_place_t;

/* From a place to return to, to the call that returns there. */
static inline void wh_place_behind(wh_place_t *place) {
  if (place->fp && place->ip == wh_exec_cross_code()) {
    const wh_crossing_t *crossing = (const wh_crossing_t *)(const void *)place->fp;
    place->instance = crossing->instance;
    place->ip = crossing->ip;
    place->fp = (uint64_t *)(uintptr_t)crossing->fp;
  }
  place->ip--; /* into the call, whose last word this is */
}

static inline void wh_place_caller(wh_place_t *place) {
  place->ip = (const wh_word_t *)(uintptr_t)place->fp[0];
  place->fp = (uint64_t *)(uintptr_t)place->fp[1];
  wh_place_behind(place);
}

/* A function's code, compiled if it has not been. NULL: context.error is set. */
const wh_code_t *wh_exec_code(wh_context_t *context, wh_instance_t *instance, uint32_t function);

#endif
