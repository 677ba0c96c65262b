/* Calls that are driven in steps. Between two steps a call is its stack and its saved part of the
   context; nothing of it stands on the C stack. */
#include "link_private.h"

/* So many ended calls a store keeps. */
enum { IDLE_CALLS = 32 };

static void free_call(wherry_call_t *call) {
  wherry_store_t *store = call->store;
  call->stack->next = NULL;
  wh_engine_give_stacks(store->engine, call->stack);
  WH_DELETE(store->alloc, call);
}

static void end_idle_calls(wherry_store_t *store) {
  while (store->idle_calls) {
    wherry_call_t *call = store->idle_calls;
    store->idle_calls = call->next;
    free_call(call);
  }
  store->idle_call_count = 0;
}

static wherry_error_t *make_call(wherry_store_t *store, wherry_call_t **out) {
  wherry_call_t *call = WH_NEW(store->alloc, wherry_call_t);
  if (!call) return wh_error_oom();
  wherry_error_t *error = wh_stack_take(store, &call->stack);
  if (error) {
    WH_DELETE(store->alloc, call);
    return error;
  }
  call->store = store;
  call->caller.store = store;
  store->end_calls = end_idle_calls;
  *out = call;
  return NULL;
}

wherry_error_t *wh_call_start(wherry_store_t *store, uint64_t reference, const uint64_t *slots,
                              wherry_call_t **out) {
  wherry_call_t *call = store->idle_calls;
  if (WH_LIKELY(call)) {
    store->idle_calls = call->next;
    store->idle_call_count--;
  } else {
    wherry_error_t *error = make_call(store, &call);
    if (error) return error;
  }
  uint32_t params, results;
  wh_link_slots(store, reference, &params, &results);
  wh_link_copy(call->stack->slots, slots, params);
  call->slots = params > results ? params : results;
  call->stack->top = call->stack->slots + call->slots;
  call->reference = reference;
  call->instance = wh_reference_instance(store, reference);
  call->state = WH_CALL_NEW;
  call->begun = call->lost = call->released = false;
  call->failure = NULL;
  call->caller.instance = NULL;
  call->newer = NULL;
  call->older = store->calls;
  if (call->older) call->older->newer = call;
  store->calls = call;
  store->references++;
  *out = call;
  return NULL;
}

/* Takes a call out of the store's list. */
static void forget(wherry_call_t *call) {
  if (call->newer)
    call->newer->older = call->older;
  else
    call->store->calls = call->older;
  if (call->older) call->older->newer = call->newer;
}

void wh_link_mark_runs(wherry_store_t *store) {
  for (const wh_saved_t *run = store->context.below; run; run = run->below) {
    if (!run->stack) continue;
    wh_gc_mark_words(store, run->stack->slots, run->top);
    wh_gc_mark_words(store, &run->acc, &run->acc + 1);
  }
  for (const wherry_call_t *call = store->calls; call; call = call->older) {
    if (call->state == WH_CALL_RUNNING || call->state == WH_CALL_ENDED) continue;
    wh_gc_mark_words(store, call->stack->slots, call->stack->top);
    if (call->state == WH_CALL_PAUSED)
      wh_gc_mark_words(store, &call->saved.acc, &call->saved.acc + 1);
  }
}

/* Takes a call out of its instance's list. */
static void leave(wherry_call_t *call) {
  wh_wait_cancel(&call->stack->waiter); /* it may have been paused while it waited */
  if (!call->begun) return;
  call->begun = false;
  if (!call->instance || call->store->ended) return;
  wherry_call_t **link = &call->instance->newest_call;
  while (*link != call) link = &(*link)->next;
  *link = call->next;
  call->instance->call_count--;
}

void wh_call_release(wherry_call_t *call) {
  if (!call) return;
  if (call->state == WH_CALL_RUNNING) {
    call->released = true;
    return;
  }
  wherry_store_t *store = call->store;
  leave(call);
  forget(call);
  wherry_error_release(call->failure);
  call->failure = NULL;
  if (WH_LIKELY(!store->ended && store->idle_call_count < IDLE_CALLS)) {
    call->next = store->idle_calls;
    store->idle_calls = call;
    store->idle_call_count++;
  } else {
    free_call(call);
  }
  wh_store_release(store);
}

void wh_call_fail(wherry_call_t *call, wherry_error_t *error) {
  wherry_error_release(call->failure);
  call->failure = error;
}

/* Whether a run that began after the call stands in its instance, on the C stack. */
static bool stands_below_a_run(const wherry_call_t *call) {
  const wh_context_t *context = &call->store->context;
  uint32_t depth = context->depth;
  const wh_instance_t *entry = context->entry;
  for (const wh_saved_t *run = context->below; depth > call->base_depth; depth--) {
    if (entry == call->instance) return true;
    if (!run) break;
    entry = run->entry;
    run = run->below;
  }
  return false;
}

static WH_COLD wherry_error_t *refuse(const wherry_call_t *call, const char *why) {
  return wh_error_new(call->store->alloc, WHERRY_ERROR_STATE, "the call cannot be resumed: %s",
                      why);
}

/* Why the call cannot be resumed now; the call is not ended by it. */
static wherry_error_t *check_resume(wherry_call_t *call) {
  wherry_store_t *store = call->store;
  wherry_error_t *error = wh_store_check(store);
  if (error) return error;
  switch (call->state) {
  case WH_CALL_RUNNING: return refuse(call, "it is running");
  case WH_CALL_DONE: return refuse(call, "it has returned");
  case WH_CALL_ENDED: return refuse(call, "it has ended with an error");
  default: break;
  }
  if (call->begun && call->instance) {
    if (call->lost) return refuse(call, "the call in which it began has returned before it");
    if (call->instance->newest_call != call)
      return refuse(call, "a call that was paused later in the same instance must end first");
    if (stands_below_a_run(call))
      return refuse(call, "a call that runs in the same instance began later and must end first");
  }
  return wh_link_check_depth(store);
}

/* The first step. Errors end the call. */
static wherry_error_t *begin(wherry_call_t *call) {
  wherry_store_t *store = call->store;
  call->base_depth = store->context.depth;
  if (WH_UNLIKELY(atomic_load_explicit(&store->interrupted, memory_order_relaxed))) {
    wherry_error_t *error = wh_link_check_start(store);
    if (error) return error;
  }
  wh_instance_t *instance = call->instance;
  if (instance) {
    if (instance->call_count >= store->engine->call_depth)
      return wh_error_limit(store->alloc, "calls",
                            "%u calls stand in one instance, which is the limit",
                            store->engine->call_depth);
    call->next = instance->newest_call;
    instance->newest_call = call;
    instance->call_count++;
  }
  call->begun = true;
  call->deadline = wh_link_deadline(store);
  return NULL;
}

/* A call of a host function needs no run. */
static wherry_error_t *step_host(wherry_call_t *call, wh_call_state_t state,
                                 wherry_outcome_t *outcome) {
  wh_context_t *context = &call->store->context;
  *outcome = WHERRY_DONE;
  if (call->failure) {
    wherry_error_t *error = call->failure;
    call->failure = NULL;
    return error;
  }
  if (state == WH_CALL_HOST) return NULL;
  const wh_host_func_t *func = wh_reference_host(call->store, call->reference);
  uint64_t *slots = call->stack->slots;
  if (func->stepped) {
    call->saved.host_func = call->reference;
    call->saved.host_slots = slots;
    call->caller.instance = NULL;
    *outcome = WHERRY_HOST_CALL;
    return NULL;
  }
  if (context->instance) wh_exec_select(context, NULL);
  context->stack->top = slots + (func->params > func->results ? func->params : func->results);
  return wh_exec_call_host(context, call->reference, slots);
}

static wherry_error_t *step_guest(wherry_call_t *call, wh_call_state_t state,
                                  wherry_outcome_t *outcome) {
  wh_context_t *context = &call->store->context;
  wh_exec_outcome_t now = WH_EXEC_DONE;
  if (state == WH_CALL_NEW) {
    context->pausable = context->stepped_host = true;
    context->quiet = false;
    if (WH_UNLIKELY(!wh_exec_enter(context, call->reference, call->stack->slots)))
      return wh_link_take_error(context);
  } else {
    wh_saved_t *saved = &call->saved;
    saved->below = context->below;
    wh_link_restore(context, saved);
    wherry_error_t *error = call->failure;
    call->failure = NULL;
    if (WH_UNLIKELY(error != NULL && state != WH_CALL_HOST)) {
      wh_exec_backtrace(context, error);
      return error;
    }
    if (state == WH_CALL_HOST && !error) wh_exec_host_done(context);
    if (WH_UNLIKELY(error != NULL)) now = wh_exec_host_error(context, error);
  }
  context->entry = call->instance;
  if (now == WH_EXEC_DONE) now = wh_exec_run(context);
  switch (now) {
  case WH_EXEC_DONE: *outcome = WHERRY_DONE; return NULL;
  case WH_EXEC_PAUSED:
    *outcome = WHERRY_PAUSED;
    wh_exec_keep_frame(context);
    break;
  case WH_EXEC_HOST_CALL:
    *outcome = WHERRY_HOST_CALL;
    call->caller.instance = context->instance;
    break;
  case WH_EXEC_ERROR: return wh_link_take_error(context);
  }
  wh_link_save(context, &call->saved);
  return NULL;
}

wherry_error_t *wh_call_resume(wherry_call_t *call, wherry_outcome_t *outcome) {
  wherry_store_t *store = call->store;
  wh_context_t *context = &store->context;
  wherry_error_t *error = check_resume(call);
  if (WH_UNLIKELY(error != NULL)) return error;
  wh_call_state_t state = call->state;
  if (state == WH_CALL_NEW) {
    error = begin(call);
    if (WH_UNLIKELY(error != NULL)) {
      call->state = WH_CALL_ENDED;
      return error;
    }
  }

  bool outermost = context->depth == 0;
  uint64_t outer_deadline = store->deadline;
  wh_saved_t outer;
  if (!outermost) {
    wh_link_save(context, &outer);
    context->below = &outer;
  }
  context->depth++;
  context->stack = call->stack;
  context->stack_end = call->stack->end;
  store->deadline = call->deadline;
  call->state = WH_CALL_RUNNING;
  wherry_outcome_t now = WHERRY_DONE;
  error = call->instance ? step_guest(call, state, &now) : step_host(call, state, &now);
  if (error)
    call->state = WH_CALL_ENDED;
  else if (now == WHERRY_DONE)
    call->state = WH_CALL_DONE;
  else
    call->state = now == WHERRY_PAUSED ? WH_CALL_PAUSED : WH_CALL_HOST;
  if (call->state == WH_CALL_DONE) call->stack->top = call->stack->slots + call->slots;
  if (error || now == WHERRY_DONE) {
    leave(call);
    if (call->instance && call->instance->newest_call)
      wh_link_lose_calls(call->instance, context->depth);
  }
  context->depth--;
  store->deadline = outer_deadline;
  if (outermost) {
    context->stack = NULL;
    context->below = NULL;
  } else {
    wh_link_restore(context, &outer);
  }
  if (!error) *outcome = now;
  if (WH_UNLIKELY(outermost && store->closing)) wh_store_finish(store);
  if (WH_UNLIKELY(call->released)) wh_call_release(call);
  return error;
}
