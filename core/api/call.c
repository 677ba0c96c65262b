/* The public functions of call.h. */
#include "api/api.h"

wherry_error_t *wherry_call_start(wherry_store_t *store, wherry_func_t func,
                                  const wherry_slot_t *slots, wherry_call_t **out) {
  uint64_t reference;
  wh_externs_finalize(store);
  wherry_error_t *error = wh_find_func(store, func, &reference, NULL);
  return error ? error : wh_call_start(store, reference, &slots->u64, out);
}

wherry_error_t *wherry_call_resume(wherry_call_t *call, wherry_outcome_t *outcome) {
  return wh_call_resume(call, outcome);
}

const wherry_slot_t *wherry_call_slots(const wherry_call_t *call) {
  return (const wherry_slot_t *)call->stack->slots;
}

wherry_func_t wherry_call_host_func(const wherry_call_t *call) {
  wherry_func_t func = {0, 0};
  if (call->state == WH_CALL_HOST) {
    func.store = call->store->id;
    func.index = call->saved.host_func;
  }
  return func;
}

void *wherry_call_host_data(const wherry_call_t *call) {
  if (call->state != WH_CALL_HOST || call->store->ended) return NULL;
  return wh_reference_host(call->store, call->saved.host_func)->data;
}

wherry_caller_t *wherry_call_host_caller(wherry_call_t *call) { return &call->caller; }

wherry_slot_t *wherry_call_host_slots(wherry_call_t *call) {
  return (wherry_slot_t *)call->saved.host_slots;
}

void wherry_call_fail(wherry_call_t *call, wherry_error_t *error) { wh_call_fail(call, error); }
void wherry_call_release(wherry_call_t *call) { wh_call_release(call); }
