/* Calls that run to their end: the way in for hosts, and for canon. */
#include "link_private.h"

void wh_link_save(wh_context_t *context, wh_saved_t *saved) {
  saved->below = context->below;
  saved->instance = context->instance;
  saved->entry = context->entry;
  saved->stack = context->stack;
  saved->top = context->stack ? context->stack->top : NULL;
  saved->ip = context->ip;
  saved->fp = context->fp;
  saved->acc = context->acc;
  saved->f64_acc = context->f64_acc;
  saved->f32_acc = context->f32_acc;
  saved->f64_old = context->f64_old;
  saved->f32_old = context->f32_old;
  saved->pausable = context->pausable;
  saved->stepped_host = context->stepped_host;
  saved->quiet = context->quiet;
  saved->wanted = context->wanted;
  saved->host_func = context->host_func;
  saved->host_slots = context->host_slots;
}

void wh_link_restore(wh_context_t *context, const wh_saved_t *saved) {
  context->below = saved->below;
  if (context->instance != saved->instance) wh_exec_select(context, saved->instance);
  context->entry = saved->entry;
  context->stack = saved->stack;
  if (saved->stack) {
    context->stack_end = saved->stack->end;
    saved->stack->top = saved->top;
  }
  context->ip = saved->ip;
  context->fp = saved->fp;
  context->acc = saved->acc;
  context->f64_acc = saved->f64_acc;
  context->f32_acc = saved->f32_acc;
  context->f64_old = saved->f64_old;
  context->f32_old = saved->f32_old;
  context->pausable = saved->pausable;
  context->stepped_host = saved->stepped_host;
  context->quiet = saved->quiet;
  context->wanted = saved->wanted;
  context->host_func = saved->host_func;
  context->host_slots = saved->host_slots;
}

uint64_t wh_link_deadline(const wherry_store_t *store) {
  if (store->timeout == UINT64_MAX) return 0;
  uint64_t now = wh_os_now(), deadline = now + store->timeout;
  return deadline < now ? UINT64_MAX : deadline;
}

wherry_error_t *wh_link_check_start(wherry_store_t *store) {
  wherry_error_t *error = wh_store_check(store);
  if (error) return error;
  if (atomic_exchange_explicit(&store->interrupted, false, memory_order_acquire))
    return wh_error_new(store->alloc, WHERRY_ERROR_INTERRUPTED, "interrupted before it began");
  return NULL;
}

wherry_error_t *wh_link_check_depth(wherry_store_t *store) {
  if (store->context.depth < store->engine->call_depth) return NULL;
  if (store->context.depth == UINT32_MAX)
    return wh_error_new(store->alloc, WHERRY_ERROR_STATE,
                        "a tick function of the store runs, and may not call a guest");
  return wh_error_limit(store->alloc, "calls",
                        "guest and host called each other %u deep, which is the limit",
                        store->engine->call_depth);
}

WH_COLD wherry_error_t *wh_link_take_error(wh_context_t *context) {
  wherry_error_t *error = context->error;
  context->error = NULL;
  WH_ASSERT(error);
  /* A guest without end touched the whole stack, which may never be needed again. */
  if (error->trap == WHERRY_TRAP_STACK_OVERFLOW && context->depth == 1)
    wh_stack_trim(context->stack);
  return error;
}

WH_COLD void wh_link_lose_calls(wh_instance_t *instance, uint32_t depth) {
  for (wherry_call_t *call = instance->newest_call; call; call = call->next)
    if (call->base_depth >= depth) call->lost = true;
}

/* Enters and runs a guest's function whose arguments lie at base. The context has its stack. code: NULL
   if it is not compiled. */
static inline wherry_error_t *run(wh_context_t *context, const wh_instance_t *instance,
                                  const wh_code_t *code, uint64_t reference, uint64_t *base) {
  if (WH_LIKELY((code && wh_exec_enter_code(context, instance, code, base)) ||
                wh_exec_enter(context, reference, base))) {
    wh_exec_outcome_t outcome = wh_exec_run(context);
    if (WH_LIKELY(outcome == WH_EXEC_DONE)) return NULL;
    WH_ASSERT(outcome == WH_EXEC_ERROR);
  }
  return wh_link_take_error(context);
}

/* Every case but the common one: nested, of a host function, with a deadline, the first of a store. */
static __attribute__((noinline)) wherry_error_t *call_any(wherry_store_t *store, uint64_t reference,
                                                          uint64_t *slots, bool quiet) {
  wh_context_t *context = &store->context;
  bool outermost = context->depth == 0;
  wherry_error_t *error = outermost ? wh_link_check_start(store) : wh_link_check_depth(store);
  if (error) return error;

  wh_saved_t saved;
  uint64_t *base;
  wh_instance_t *instance = wh_reference_instance(store, reference);
  wh_link_save(context, &saved);
  if (outermost) {
    error = wh_stack_take(store, &context->stack);
    if (error) return error;
    context->stack_end = context->stack->end;
    base = context->stack->slots;
    store->deadline = wh_link_deadline(store);
  } else {
    base = context->stack->top;
    if (base > context->stack->end)
      return wh_error_trap(store->alloc, WHERRY_TRAP_STACK_OVERFLOW, NULL);
    context->below = &saved;
  }
  uint32_t params, results;
  wh_link_slots(store, reference, &params, &results);
  wh_link_copy(base, slots, params);
  context->depth++;
  context->entry = instance;
  context->pausable = context->stepped_host = false;
  context->quiet = quiet;
  if (instance) {
    error = run(context, instance, NULL, reference, base);
    if (instance->newest_call) wh_link_lose_calls(instance, context->depth);
  } else {
    if (context->instance) wh_exec_select(context, NULL);
    context->stack->top = base + (params > results ? params : results);
    error = wh_exec_call_host(context, reference, base);
  }
  if (!error) wh_link_copy(slots, base, results);
  context->depth--;
  wh_stack_t *stack = context->stack;
  wh_link_restore(context, &saved);
  if (outermost) {
    store->deadline = 0;
    wh_stack_give(store, stack);
    if (store->closing) wh_store_finish(store);
  }
  return error;
}

static inline wherry_error_t *call(wherry_store_t *store, uint64_t reference, uint64_t *slots,
                                   bool quiet) {
  wh_context_t *context = &store->context;
  wh_instance_t *instance = wh_reference_instance(store, reference);
  wh_stack_t *stack = store->idle_stacks;
  if (WH_UNLIKELY(!instance || !stack || context->depth || store->closed ||
                  store->timeout != UINT64_MAX ||
                  atomic_load_explicit(&store->interrupted, memory_order_relaxed)))
    return call_any(store, reference, slots, quiet);
  wh_code_t *code =
      atomic_load_explicit(&instance->entries[(uint32_t)reference], memory_order_acquire);
  if (WH_UNLIKELY(!code)) return call_any(store, reference, slots, quiet);

  store->idle_stacks = stack->next;
  context->stack = stack;
  context->stack_end = stack->end;
  context->depth = 1;
  context->entry = instance;
  context->pausable = context->stepped_host = false;
  context->quiet = quiet;
  uint64_t *base = stack->slots;
  wh_link_copy(base, slots, code->params);
  wherry_error_t *error = run(context, instance, code, reference, base);
  if (WH_LIKELY(!error)) wh_link_copy(slots, base, code->results);
  context->depth = 0;
  context->stack = NULL;
  wh_stack_give(store, stack);
  if (WH_UNLIKELY(instance->newest_call)) wh_link_lose_calls(instance, 1);
  if (WH_UNLIKELY(store->closing)) wh_store_finish(store);
  return error;
}

wherry_error_t *wh_call(wherry_store_t *store, uint64_t reference, uint64_t *slots) {
  return call(store, reference, slots, false);
}

wherry_error_t *wh_call_quiet(wherry_store_t *store, uint64_t reference, uint64_t *slots) {
  return call(store, reference, slots, true);
}
