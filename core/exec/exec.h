/* exec: runs internal code on runtime objects: dispatch, frames, calls, traps, the budget. Called by
   link alone. It never reads a module's bytes and never decides what is linked to what.

   Nothing of a run stands on the C stack between two calls of wh_exec_run: the state is in the
   store's context and in its stack object. */
#ifndef WH_EXEC_H
#define WH_EXEC_H

#include "runtime/runtime.h"

/* What compile writes into code for each operation: what this processor does fastest. deterministic:
   relaxed instructions do what the standard's deterministic profile says. */
void wh_exec_set_handlers(wh_handlers_t *handlers, bool deterministic);

typedef enum wh_exec_outcome {
  WH_EXEC_DONE,
  WH_EXEC_PAUSED,
  WH_EXEC_HOST_CALL,
  WH_EXEC_ERROR /* context.error holds it */
} wh_exec_outcome_t;

/* Prepares the context to call a function: reference is of a guest's function (not the host's);
   args lie from slots[0] on and so will the results; slots is part of context.stack. Sets
   context.ip and fp. False: context.error is set (the stack is too small, no memory to compile). */
bool wh_exec_enter(wh_context_t *context, uint64_t reference, uint64_t *slots);

/* Where a run ends: the code that its first function returns to. */
const wh_word_t *wh_exec_exit_code(void);

/* The same for the common case, inline. False, and nothing was done: take wh_exec_enter. */
static inline bool wh_exec_enter_code(wh_context_t *context, const wh_instance_t *instance,
                                      const wh_code_t *code, uint64_t *slots) {
  uint64_t *frame = slots + code->params;
  int64_t budget = context->budget - code->cost;
  if (WH_UNLIKELY(context->instance != instance || budget < 0 ||
                  frame + code->frame_slots > context->stack_end))
    return false;
  context->budget = budget;
  frame[0] = (uint64_t)(uintptr_t)wh_exec_exit_code();
  frame[1] = 0;
  context->ip = code->words;
  context->fp = frame;
  context->acc = 0; /* what a run before left there is no root any more */
  return true;
}

/* Runs from context.ip on. */
wh_exec_outcome_t wh_exec_run(wh_context_t *context);

/* Calls a host function in place (slots: its arguments and results). context.stack->top must lie
   above slots. */
wherry_error_t *wh_exec_call_host(wh_context_t *context, uint64_t reference, uint64_t *slots);

/* After host call: the driver has put the results in context.host_slots; makes run go on behind it. */
void wh_exec_host_done(wh_context_t *context);

/* The same if it failed: a handler of the guest's catches the error if it is an exception. DONE: run goes
   on there. PAUSED: so it will, but the handler lies in a loop and the budget ran out on the way.
   ERROR: none does, nothing is left to run. */
wh_exec_outcome_t wh_exec_host_error(wh_context_t *context, wherry_error_t *error);

/* Where a run stops between two operations of which it is not known what they have on the stack: sets
   context.stack->top to what is surely above it. */
void wh_exec_keep_frame(wh_context_t *context);

/* Makes the context's first part that of an instance (NULL: of none). */
void wh_exec_select(wh_context_t *context, wh_instance_t *instance);

/* Adds the frames of the run that stopped at context.ip and fp to an error that has none yet. A run that
   ends with an error has done so. */
void wh_exec_backtrace(wh_context_t *context, wherry_error_t *error);

/* What table.init and memory.init do, which instantiation does as well. A trap code, or none; *error is
   set (oom) instead of a trap. */
wherry_trap_code_t wh_exec_init_table(wh_instance_t *instance, uint32_t table, uint32_t elem,
                                      uint64_t to, uint32_t from, uint32_t count,
                                      wherry_error_t **error);
wherry_trap_code_t wh_exec_init_memory(wh_instance_t *instance, uint32_t memory, uint32_t data,
                                       uint64_t to, uint32_t from, uint32_t count);

/* Elements of a segment, which are in bounds. Errors: oom, limit. */
WH_MUST_USE wherry_error_t *wh_exec_read_elem(const wh_instance_t *instance, uint32_t elem,
                                              uint32_t from, uint32_t count, uint64_t *to);

/* The value (two slots of a v128) of a constant expression in an instance whose imports, and globals before it, are in place; *at is behind
   it afterwards. May collect. Errors: oom, limit. */
WH_MUST_USE wherry_error_t *wh_exec_constant(const wh_instance_t *instance, const uint8_t **at,
                                             uint64_t *out);

#endif
