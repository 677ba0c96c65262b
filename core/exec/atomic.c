/* Atomic accesses that have no handler of their own, waiting and notifying. */
#include "exec_state.h"

#include "atomic.h"

/* Operands behind the address: value, or expected value and replacement, all wrapped to the width.
   The result is the value in memory before. */
#define DEFINE_ACCESS(T)                                                                       \
  static uint64_t access_##T(wh_atomic_t operation, void *address, const uint64_t *operands) { \
    T *at = address, value = (T)operands[0];                                                   \
    switch (operation) {                                                                       \
    case WH_ATOMIC_LOAD: return ATOMIC_LOAD(at);                                               \
    case WH_ATOMIC_STORE: ATOMIC_STORE(at, value); return 0;                                   \
    case WH_ATOMIC_ADD: return ATOMIC_ADD(at, value);                                          \
    case WH_ATOMIC_SUB: return ATOMIC_SUB(at, value);                                          \
    case WH_ATOMIC_AND: return ATOMIC_AND(at, value);                                          \
    case WH_ATOMIC_OR: return ATOMIC_OR(at, value);                                            \
    case WH_ATOMIC_XOR: return ATOMIC_XOR(at, value);                                          \
    case WH_ATOMIC_XCHG: return ATOMIC_XCHG(at, value);                                        \
    default: return ATOMIC_CMPXCHG(at, value, (T)operands[1]);                                 \
    }                                                                                          \
  }
DEFINE_ACCESS(uint8_t)
DEFINE_ACCESS(uint16_t)
DEFINE_ACCESS(uint32_t)
DEFINE_ACCESS(uint64_t)

enum {
  OPERANDS = 6,
  WAIT_PIECE = 10000000
}; /* nanoseconds between two looks at the store's flags */

/* Until woken or timed out; in between the host has its turns. While the call is paused the waiter stays
   in its queue, and the operation is done again when it goes on. */
static int wait_on(wh_context_t *context, const wh_memory_t *memory, uint64_t address,
                   unsigned bytes, uint64_t *slots) {
  wh_waiter_t *waiter = &context->stack->waiter;
  bool resumed = waiter->memory != NULL;
  uint64_t expected = bytes == sizeof(uint32_t) ? (uint32_t)slots[1] : slots[1];
  if (!resumed &&
      !wh_wait_begin(waiter, memory->shared, address, bytes, expected, (int64_t)slots[2])) {
    slots[0] = WH_WAIT_NOT_EQUAL;
    return go_on(context, OPERANDS);
  }
  for (;; resumed = false) {
    if (!resumed) {
      /* Before the first piece as well: a host lets go of its locks rather than block. */
      int outcome = wh_exec_idle_tick(context);
      if (outcome == WH_EXEC_ERROR) wh_wait_cancel(waiter);
      if (outcome != CONTINUE) return outcome;
    }
    uint64_t deadline = context->store->deadline, until = wh_os_now() + WAIT_PIECE;
    wh_wait_t state = wh_wait_on(waiter, deadline && deadline < until ? deadline : until);
    if (state == WH_WAIT_GOES_ON) continue;
    slots[0] = state;
    return go_on(context, OPERANDS);
  }
}

int wh_exec_atomic(wh_context_t *context) {
  wh_memory_t *memory = context->instance->memories[operand(context, 5)];
  uint64_t *slots = operand_slot(context, 0);
  wh_atomic_t operation = (wh_atomic_t)operand(context, 1);
  unsigned bytes = operand(context, 2);
  uint64_t address = operand(context, 3) | (uint64_t)operand(context, 4) << 32;
  uint64_t base = memory->is64 ? slots[0] : (uint32_t)slots[0];
  bool wraps = __builtin_add_overflow(address, base, &address);
  if (address & (bytes - 1)) return wh_exec_fail_trap(context, WHERRY_TRAP_UNALIGNED_ATOMIC);
  if (operation == WH_ATOMIC_WAIT && !memory->shared)
    return wh_exec_fail_trap(context, WHERRY_TRAP_EXPECTED_SHARED_MEMORY);
  uint64_t size = wh_memory_size(memory);
  if (wraps || size < bytes || address > size - bytes)
    return wh_exec_fail_trap(context, WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS);

  if (operation == WH_ATOMIC_WAIT) return wait_on(context, memory, address, bytes, slots);
  if (operation == WH_ATOMIC_NOTIFY) {
    slots[0] = memory->shared ? wh_notify(memory->shared, address, (uint32_t)slots[1]) : 0;
    return go_on(context, OPERANDS);
  }
  uint8_t *at = memory->base + address;
  uint64_t result;
  switch (bytes) {
  case 1: result = access_uint8_t(operation, at, slots + 1); break;
  case 2: result = access_uint16_t(operation, at, slots + 1); break;
  case 4: result = access_uint32_t(operation, at, slots + 1); break;
  default: result = access_uint64_t(operation, at, slots + 1); break;
  }
  if (operation != WH_ATOMIC_STORE) slots[0] = result;
  return go_on(context, OPERANDS);
}

int wh_exec_atomic_fence(wh_context_t *context) {
#ifdef __SANITIZE_THREAD__
#pragma GCC diagnostic ignored "-Wtsan" /* the sanitizer does not know fences */
#endif
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  return go_on(context, 0);
}
