/* Stacks: where the frames of guests lie. Reserved by the OS, so that what was never used costs
   nothing; given back with whatever is in them. */
#include "runtime/runtime.h"

static size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

static wh_stack_t *make_stack(wherry_engine_t *engine) {
  size_t size =
      round_up((size_t)engine->stack_size + WH_STACK_SPARE * sizeof(uint64_t), wh_os_page_size());
  wh_stack_t *stack = WH_NEW(&engine->alloc, wh_stack_t);
  if (!stack) return NULL;
  void *memory = wh_os_reserve(size);
  if (memory && !wh_os_commit(memory, size)) {
    wh_os_release(memory, size);
    memory = NULL;
  }
  if (!memory) {
    WH_DELETE(&engine->alloc, stack);
    return NULL;
  }
  stack->size = size;
  stack->slots = memory;
  stack->top = stack->slots;
  stack->end = stack->slots + size / sizeof(uint64_t) - WH_STACK_SPARE;
  return stack;
}

void wh_stack_free(wh_alloc_t *alloc, wh_stack_t *stack) {
  wh_os_release(stack->slots, stack->size);
  WH_DELETE(alloc, stack);
}

void wh_stack_trim(wh_stack_t *stack) {
  size_t kept = round_up((size_t)64 << 10, wh_os_page_size());
  if (stack->size > kept) wh_os_reset((char *)stack->slots + kept, stack->size - kept);
}

wherry_error_t *wh_stack_take(wherry_store_t *store, wh_stack_t **out) {
  wh_stack_t *stack = store->idle_stacks;
  if (stack) {
    store->idle_stacks = stack->next;
  } else {
    stack = wh_engine_take_stack(store->engine);
    if (!stack) stack = make_stack(store->engine);
    if (!stack) return wh_error_oom();
  }
  *out = stack;
  return NULL;
}
