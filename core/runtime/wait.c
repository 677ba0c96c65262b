/* Waiting at an address of a shared memory, and waking those who wait there. A waiter stays in its
   memory's queue while its call is paused, so that no notification passes it by. */
#include "runtime/runtime.h"

static void leave(wh_waiter_t *waiter) {
  wherry_sharedmemory_t *memory = waiter->memory;
  if (waiter->previous)
    waiter->previous->next = waiter->next;
  else
    memory->first_waiter = waiter->next;
  if (waiter->next)
    waiter->next->previous = waiter->previous;
  else
    memory->last_waiter = waiter->previous;
}

/* It is in no queue any more. */
static void end(wh_waiter_t *waiter) {
  wherry_sharedmemory_t *memory = waiter->memory;
  waiter->memory = NULL;
  wh_cond_destroy(&waiter->woken);
  wh_sharedmemory_release(memory);
}

bool wh_wait_begin(wh_waiter_t *waiter, wherry_sharedmemory_t *memory, uint64_t address,
                   unsigned bytes, uint64_t expected, int64_t timeout) {
  WH_ASSERT(!waiter->memory);
  const uint8_t *at = memory->base + address;
  wh_mutex_lock(&memory->lock);
  uint64_t value = bytes == sizeof(uint64_t)
                       ? __atomic_load_n((const uint64_t *)(const void *)at, __ATOMIC_SEQ_CST)
                       : __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_SEQ_CST);
  bool waits = value == expected;
  if (waits) {
    uint64_t now = wh_os_now();
    wh_cond_init(&waiter->woken);
    waiter->is_woken = false;
    waiter->memory = memory;
    waiter->address = address;
    waiter->until =
        timeout < 0 || (uint64_t)timeout > UINT64_MAX - now ? UINT64_MAX : now + (uint64_t)timeout;
    waiter->next = NULL;
    waiter->previous = memory->last_waiter;
    if (memory->last_waiter)
      memory->last_waiter->next = waiter;
    else
      memory->first_waiter = waiter;
    memory->last_waiter = waiter;
    wh_sharedmemory_retain(memory);
  }
  wh_mutex_unlock(&memory->lock);
  return waits;
}

wh_wait_t wh_wait_on(wh_waiter_t *waiter, uint64_t until) {
  wherry_sharedmemory_t *memory = waiter->memory;
  wh_wait_t outcome = WH_WAIT_GOES_ON;
  if (until > waiter->until) until = waiter->until;
  wh_mutex_lock(&memory->lock);
  while (!waiter->is_woken && wh_cond_wait(&waiter->woken, &memory->lock, until)) {
  }
  if (waiter->is_woken) {
    outcome = WH_WAIT_WOKEN;
  } else if (waiter->until != UINT64_MAX && wh_os_now() >= waiter->until) {
    outcome = WH_WAIT_TIMED_OUT;
    leave(waiter);
  }
  wh_mutex_unlock(&memory->lock);
  if (outcome != WH_WAIT_GOES_ON) end(waiter);
  return outcome;
}

void wh_wait_leave(wh_waiter_t *waiter) {
  wherry_sharedmemory_t *memory = waiter->memory;
  wh_mutex_lock(&memory->lock);
  if (!waiter->is_woken) leave(waiter);
  wh_mutex_unlock(&memory->lock);
  end(waiter);
}

uint32_t wh_notify(wherry_sharedmemory_t *memory, uint64_t address, uint32_t most) {
  uint32_t woken = 0;
  wh_mutex_lock(&memory->lock);
  for (wh_waiter_t *waiter = memory->first_waiter, *next; waiter && woken < most; waiter = next) {
    next = waiter->next;
    if (waiter->address != address) continue;
    leave(waiter);
    waiter->is_woken = true;
    wh_cond_signal(&waiter->woken);
    woken++;
  }
  wh_mutex_unlock(&memory->lock);
  return woken;
}
