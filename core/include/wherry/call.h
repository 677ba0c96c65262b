/* Calls driven in steps, for hosts that must not be left standing on the C stack while a guest runs:
   they unlock, raise, kill or yield between the steps.

     wherry_call_start(store, func, slots, &call);
     while (!(error = wherry_call_resume(call, &outcome)) && outcome != WHERRY_DONE)
       if (outcome == WHERRY_HOST_CALL) … read and write wherry_call_host_slots(call) …
     wherry_call_release(call);

   Between steps the store can be used, and other calls be started or made. Calls that stand paused in
   one instance resume last in, first out, because they share that guest's own stack.
   Threads: the store's. */
#ifndef WHERRY_CALL_H
#define WHERRY_CALL_H

#include <wherry/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wherry_outcome {
  WHERRY_DONE,     /* it returned; wherry_call_slots has the results */
  WHERRY_PAUSED,   /* a tick came; resume when you like */
  WHERRY_HOST_CALL /* it wants a stepped host function (func.h); answer, then resume */
} wherry_outcome_t;

/* Prepares a call; nothing runs yet. slots: the arguments, unchecked and copied; room as in
   wherry_func_call_slots. *out: the caller's, until wherry_call_release. Errors: state, limit, oom. */
WHERRY_API wherry_error_t *wherry_call_start(wherry_store_t *store, wherry_func_t func,
                                             const wherry_slot_t *slots, wherry_call_t **out);

/* Runs until something happens. An error ends the call. Errors: as wherry_func_call; state (it has
   ended, or a call that was paused later in the same instance must be resumed first). */
WHERRY_API wherry_error_t *wherry_call_resume(wherry_call_t *call, wherry_outcome_t *outcome);

/* After done: the results; belong to the call. */
WHERRY_API const wherry_slot_t *wherry_call_slots(const wherry_call_t *call);

/* After host_call: which function, with what data (see wherry_func_new_slots), from whom, and its
   slots: arguments now, results when it resumes. */
WHERRY_API wherry_func_t wherry_call_host_func(const wherry_call_t *call);
WHERRY_API void *wherry_call_host_data(const wherry_call_t *call);
WHERRY_API wherry_caller_t *wherry_call_host_caller(wherry_call_t *call);
WHERRY_API wherry_slot_t *wherry_call_host_slots(wherry_call_t *call);

/* After paused or host_call: the next resume ends the call with this error instead of going on.
   error: the call's from now on. */
WHERRY_API void wherry_call_fail(wherry_call_t *call, wherry_error_t *error);

/* Ends a call that is not done, as if it had failed. */
WHERRY_API void wherry_call_release(wherry_call_t *call);

#ifdef __cplusplus
}
#endif
#endif
