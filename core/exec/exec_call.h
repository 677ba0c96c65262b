/* Calls from one instance into another: what stands on the stack between caller and callee. */
#ifndef WH_EXEC_CALL_H
#define WH_EXEC_CALL_H

#include "exec/exec.h"

/* The callee returns to wh_exec_cross_code with this as its caller's frame. It lies where the caller
   put the arguments, which move up behind it; the results come back down over it. */
typedef struct wh_crossing {
  const wh_word_t *ip; /* where the caller goes on */
  const uint64_t *fp;
  wh_instance_t *instance;
  uint64_t results; /* slots */
} wh_crossing_t;

enum { WH_CROSSING_SLOTS = sizeof(wh_crossing_t) / sizeof(uint64_t) };

/* A function's code, compiled if it has not been. NULL: context.error is set. */
const wh_code_t *wh_exec_code(wh_context_t *context, wh_instance_t *instance, uint32_t function);

#endif
