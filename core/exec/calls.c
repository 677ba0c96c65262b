/* Calls that leave the straight path: the first call of a function, host functions, other instances,
   tail calls. */
#include "exec_call.h"
#include "exec_state.h"

/* The function is in context->wanted; the call is done again afterwards. */
int wh_exec_compile_callee(wh_context_t *context) {
  return wh_exec_code(context, context->instance, (uint32_t)context->wanted) ? CONTINUE
                                                                             : WH_EXEC_ERROR;
}

/* Takes entry's share of the budget and room on the stack. False: *outcome says how to go on (the
   operation is done again, or the run ends). */
static bool may_enter(wh_context_t *context, const wh_code_t *code, const uint64_t *frame,
                      int *outcome) {
  if (frame + code->frame_slots > context->stack_end) {
    *outcome = wh_exec_stack_overflow(context);
    return false;
  }
  if (context->budget < (int64_t)code->cost) {
    context->wanted = code->cost;
    *outcome = wh_exec_tick(context);
    return false;
  }
  context->budget -= code->cost;
  return true;
}

static void enter(wh_context_t *context, const wh_code_t *code, uint64_t *frame,
                  const wh_word_t *back, const uint64_t *caller) {
  frame[0] = (uint64_t)(uintptr_t)back;
  frame[1] = (uint64_t)(uintptr_t)caller;
  context->fp = frame;
  context->ip = code->words;
}

/* ---- host functions ---- */

static void take_result(wh_context_t *context, const uint64_t *slots) {
  context->acc = slots[0];
  memcpy(&context->f64_acc, slots, sizeof context->f64_acc);
  memcpy(&context->f32_acc, slots, sizeof context->f32_acc);
}

enum { SMALL_VALUES = 8 };

/* A callback that wants values: they are checked on their way back. */
static wherry_error_t *call_with_values(wherry_store_t *store, const wh_host_func_t *host,
                                        wherry_caller_t *caller, uint64_t *slots) {
  const wherry_functype_t *type = host->type;
  size_t params = type->param_count, results = type->result_count;
  wherry_value_t small[SMALL_VALUES], *values = small;
  if (params + results > SMALL_VALUES &&
      !(values = wh_alloc_array(store->alloc, params + results, sizeof *values)))
    return wh_error_oom();
  static const uint64_t zero[2];
  const uint64_t *slot = slots;
  for (size_t i = 0; i < params; i++) {
    values[i] = wh_value_from_slot(store, slot, type->types[i]);
    slot += wh_type_slots(type->types[i]);
  }
  for (size_t i = 0; i < results; i++)
    values[params + i] = wh_value_from_slot(store, zero, type->types[params + i]);
  wherry_error_t *error =
      host->callback(host->data, caller, values, params, values + params, results);
  for (size_t i = 0; i < results && !error; i++) {
    error = wh_value_to_slot(store, &values[params + i], type->types[params + i], slots);
    slots += wh_type_slots(type->types[params + i]);
    if (error) wh_error_prefix(error, "result %zu of a host function: ", i + 1);
  }
  if (values != small) wh_free(store->alloc, values, (params + results) * sizeof *values);
  return error;
}

wherry_error_t *wh_exec_call_host(wh_context_t *context, uint64_t reference, uint64_t *slots) {
  wherry_store_t *store = context->store;
  const wh_host_func_t *host = wh_reference_host(store, reference);
  wherry_caller_t caller = {store, context->instance};
  size_t scope = store->scoped.count;
  wherry_error_t *error =
      host->slot_callback ? host->slot_callback(host->data, &caller, (wherry_slot_t *)(void *)slots)
                          : call_with_values(store, host, &caller, slots);
  wh_scope_end(store, scope);
  return error;
}

/* Makes the run return, so that its driver calls the host function and goes on at next. */
static int want_host(wh_context_t *context, uint64_t reference, uint64_t *slots,
                     const wh_word_t *next) {
  context->host_func = reference;
  context->host_slots = slots;
  context->ip = next;
  return WH_EXEC_HOST_CALL;
}

static uint64_t *top_of(const wh_host_func_t *host, uint64_t *slots) {
  return slots + (host->params > host->results ? host->params : host->results);
}

/* frame: behind the arguments. next: where the run goes on afterwards. */
static int call_host(wh_context_t *context, uint64_t reference, uint64_t *frame,
                     const wh_word_t *next) {
  const wh_host_func_t *host = wh_reference_host(context->store, reference);
  uint64_t *slots = frame - host->params;
  context->stack->top = top_of(host, slots);
  if (host->stepped && context->stepped_host) return want_host(context, reference, slots, next);
  wherry_error_t *error = wh_exec_call_host(context, reference, slots);
  if (WH_UNLIKELY(error != NULL)) return wh_exec_host_failed(context, error, slots);
  take_result(context, slots);
  context->ip = next;
  return CONTINUE;
}

void wh_exec_host_done(wh_context_t *context) { take_result(context, context->host_slots); }

wh_exec_outcome_t wh_exec_host_error(wh_context_t *context, wherry_error_t *error) {
  int outcome = wh_exec_host_failed_behind(context, error, context->host_slots);
  return outcome == CONTINUE ? WH_EXEC_DONE : (wh_exec_outcome_t)outcome;
}

/* ---- guest functions, by reference ---- */

static int call_guest(wh_context_t *context, uint64_t reference, uint64_t *frame,
                      const wh_word_t *next) {
  wh_instance_t *callee = wh_reference_instance(context->store, reference);
  const wh_code_t *code = wh_exec_code(context, callee, (uint32_t)reference);
  if (!code) return WH_EXEC_ERROR;
  int outcome;
  if (callee == context->instance) {
    if (!may_enter(context, code, frame, &outcome)) return outcome;
    enter(context, code, frame, next, context->fp);
    return CONTINUE;
  }
  uint64_t *slots = frame - code->params;
  if (!may_enter(context, code, frame + WH_CROSSING_SLOTS, &outcome)) return outcome;
  memmove(slots + WH_CROSSING_SLOTS, slots, code->params * sizeof *slots);
  *(wh_crossing_t *)(void *)slots =
      (wh_crossing_t) {next, context->fp, context->instance, code->results};
  wh_exec_select(context, callee);
  enter(context, code, frame + WH_CROSSING_SLOTS, wh_exec_cross_code(), slots);
  return CONTINUE;
}

int wh_exec_cross_return(wh_context_t *context) {
  uint64_t *slots = context->fp;
  wh_crossing_t crossing = *(wh_crossing_t *)(void *)slots;
  memmove(slots, slots + WH_CROSSING_SLOTS, crossing.results * sizeof *slots);
  wh_exec_select(context, crossing.instance);
  context->ip = crossing.ip;
  context->fp = (uint64_t *)(uintptr_t)crossing.fp;
  return CONTINUE;
}

static int call(wh_context_t *context, uint64_t reference, uint64_t *frame, const wh_word_t *next) {
  return reference >> 32 ? call_guest(context, reference, frame, next)
                         : call_host(context, reference, frame, next);
}

int wh_exec_call_import(wh_context_t *context) {
  return call(context, context->instance->imports[operand(context, 0)], operand_slot(context, 1),
              context->ip + WH_HANDLER_WORDS + 2);
}

/* Whether a function is of the type with this number, or of a subtype. */
static bool is_of(const wh_context_t *context, uint64_t reference, uint32_t type) {
  return wh_reference_type(context->store, reference) == type ||
         wh_rtype_has_super(wh_reference_rtype(context->store, reference), type);
}

/* A call_indirect that found, in context->wanted, null, a function of another instance or the host, or
   one of another type; context->operand is the word of its type. */
int wh_exec_call_reference(wh_context_t *context) {
  uint64_t reference = (uint64_t)context->wanted;
  unsigned n = context->operand;
  if (!reference) return wh_exec_fail_trap(context, WHERRY_TRAP_UNINITIALIZED_ELEMENT);
  if (!is_of(context, reference, operand(context, n)))
    return wh_exec_fail_trap(context, WHERRY_TRAP_INDIRECT_CALL_MISMATCH);
  return call(context, reference, operand_slot(context, n + 2),
              context->ip + WH_HANDLER_WORDS + n + 3);
}

/* A call_ref that found null, or a function of another instance or the host; context->operand is the word
   of its frame. */
int wh_exec_call_ref(wh_context_t *context) {
  uint64_t reference = (uint64_t)context->wanted;
  unsigned n = context->operand;
  if (!reference) return wh_exec_fail_trap(context, WHERRY_TRAP_NULL_FUNCTION);
  return call(context, reference, operand_slot(context, n), context->ip + WH_HANDLER_WORDS + n + 1);
}

/* ---- tail calls ---- */

/* A host function has no frame: it is called from the one that it takes the place of, which then
   returns. first: where that one's results go; back, caller: what it returns to. */
static int tail_call_host(wh_context_t *context, uint64_t reference, uint64_t *frame,
                          uint64_t *first, const wh_word_t *back, uint64_t *caller) {
  const wh_host_func_t *host = wh_reference_host(context->store, reference);
  uint64_t *slots = frame - host->params;
  /* Between the steps of a call there is nobody to return from here, so the frame goes first. */
  if (host->stepped && context->stepped_host) {
    memmove(first, slots, host->params * sizeof *first);
    context->stack->top = top_of(host, first);
    context->fp = caller;
    return want_host(context, reference, first, back);
  }
  context->stack->top = top_of(host, slots);
  wherry_error_t *error = wh_exec_call_host(context, reference, slots);
  if (WH_UNLIKELY(error != NULL)) {
    wh_exec_backtrace(context, error);
    /* What it throws this frame does not catch: it has been left. */
    context->fp = caller;
    context->ip = back;
    return wh_exec_host_failed_behind(context, error, slots);
  }
  take_result(context, slots);
  memmove(first, slots, host->results * sizeof *first);
  context->fp = caller;
  context->ip = back;
  return CONTINUE;
}

/* The callee takes this frame's place: its arguments, `params` slots below `frame`, move to where our
   own `own` slots of parameters begin. */
static int tail_call(wh_context_t *context, uint64_t reference, uint32_t params, uint64_t *frame,
                     uint32_t own) {
  uint64_t *fp = context->fp, *first = fp - own;
  const wh_word_t *back = (const wh_word_t *)(uintptr_t)fp[0];
  uint64_t *caller = (uint64_t *)(uintptr_t)fp[1];
  if (!(reference >> 32)) return tail_call_host(context, reference, frame, first, back, caller);
  wh_instance_t *callee = wh_reference_instance(context->store, reference);
  const wh_code_t *code = wh_exec_code(context, callee, (uint32_t)reference);
  if (!code) return WH_EXEC_ERROR;
  /* Into another instance a crossing must lie below, unless the one that we return to serves. */
  bool crosses = callee != context->instance && back != wh_exec_cross_code();
  uint64_t *to = first + (crosses ? WH_CROSSING_SLOTS : 0);
  int outcome;
  if (!may_enter(context, code, to + params, &outcome)) return outcome;
  memmove(to, frame - params, params * sizeof *to);
  if (crosses) {
    *(wh_crossing_t *)(void *)first =
        (wh_crossing_t) {back, caller, context->instance, code->results};
    back = wh_exec_cross_code();
    caller = first;
  }
  if (callee != context->instance) wh_exec_select(context, callee);
  enter(context, code, to + params, back, caller);
  return CONTINUE;
}

int wh_exec_return_call(wh_context_t *context) {
  return tail_call(context, wh_instance_reference(context->instance, operand(context, 0)),
                   operand(context, 1), operand_slot(context, 2), operand(context, 3));
}

int wh_exec_return_call_indirect(wh_context_t *context) {
  const wh_table_t *table = context->tables[operand(context, 2)];
  uint64_t index = *operand_slot(context, 0);
  if (!table->is64) index = (uint32_t)index;
  if (index >= table->size) return wh_exec_fail_trap(context, WHERRY_TRAP_UNDEFINED_ELEMENT);
  uint64_t reference = table->elements[index];
  if (!reference) return wh_exec_fail_trap(context, WHERRY_TRAP_UNINITIALIZED_ELEMENT);
  if (!is_of(context, reference, operand(context, 1)))
    return wh_exec_fail_trap(context, WHERRY_TRAP_INDIRECT_CALL_MISMATCH);
  return tail_call(context, reference, operand(context, 3), operand_slot(context, 4),
                   operand(context, 5));
}

int wh_exec_return_call_ref(wh_context_t *context) {
  uint64_t reference = *operand_slot(context, 0);
  if (!reference) return wh_exec_fail_trap(context, WHERRY_TRAP_NULL_FUNCTION);
  return tail_call(context, reference, operand(context, 1), operand_slot(context, 2),
                   operand(context, 3));
}
