/* Memories: address space that is reserved once, committed as it grows. */
#include "runtime/runtime.h"

static const uint64_t max_bytes = UINT64_C(65536) * WHERRY_PAGE_SIZE;

/* Reserves `wanted` bytes or, where the OS refuses, less, but never below `least`. */
static uint8_t *reserve(uint64_t wanted, uint64_t least, uint64_t *reserved) {
  for (;;) {
    uint8_t *base = wh_os_reserve((size_t)wanted);
    if (base) {
      *reserved = wanted;
      return base;
    }
    if (wanted <= least) return NULL;
    wanted = wanted / 2 / WHERRY_PAGE_SIZE * WHERRY_PAGE_SIZE;
    if (wanted < least) wanted = least;
  }
}

wherry_error_t *wh_memory_make(wherry_store_t *store, const wh_limits_t *pages,
                               wh_memory_t **out) {
  wherry_engine_t *engine = store->engine;
  uint64_t size = pages->minimum * WHERRY_PAGE_SIZE;
  if (pages->minimum > max_bytes / WHERRY_PAGE_SIZE)
    return wh_error_limit(store->alloc, "memory", "a memory of %llu pages is too large",
                          (unsigned long long)pages->minimum);
  if (size > store->memory_limit || store->memory_used > store->memory_limit - size)
    return wh_error_limit(store->alloc, "memory",
                          "a memory of %llu bytes would exceed the store's limit of %llu bytes "
                          "of memory (%llu are in use)",
                          (unsigned long long)size, (unsigned long long)store->memory_limit,
                          (unsigned long long)store->memory_used);
  if (size > engine->memory_reservation)
    return wh_error_limit(store->alloc, "memory",
                          "a memory of %llu bytes is larger than the engine's memory "
                          "reservation of %llu bytes",
                          (unsigned long long)size,
                          (unsigned long long)engine->memory_reservation);

  uint64_t wanted = max_bytes;
  if (wanted > engine->memory_reservation) wanted = engine->memory_reservation;
  if (pages->maximum < wanted / WHERRY_PAGE_SIZE) wanted = pages->maximum * WHERRY_PAGE_SIZE;
  wanted = wanted / WHERRY_PAGE_SIZE * WHERRY_PAGE_SIZE;
  if (!wanted) wanted = WHERRY_PAGE_SIZE; /* so that base is an address */

  wh_memory_t *memory = WH_NEW(store->alloc, wh_memory_t);
  if (!memory) return wh_error_oom();
  memory->base = reserve(wanted, size ? size : WHERRY_PAGE_SIZE, &memory->reserved);
  if (!memory->base) goto fail;
  if (size && !wh_os_commit(memory->base, (size_t)size)) goto fail;
  memory->size = size;
  memory->limits = *pages;
  atomic_init(&memory->holds, 1);
  memory->store = store;
  memory->alloc = store->alloc;
  memory->engine = engine;
  store->memory_used += size;
  *out = memory;
  return NULL;
fail:
  if (memory->base) wh_os_release(memory->base, (size_t)memory->reserved);
  WH_DELETE(store->alloc, memory);
  return wh_error_oom();
}

bool wh_memory_enlarge(wherry_store_t *store, wh_memory_t *memory, uint64_t pages,
                       const char **limit) {
  const char *ignored;
  if (!limit) limit = &ignored;
  *limit = "memory";
  if (pages > max_bytes / WHERRY_PAGE_SIZE) return false;
  uint64_t more = pages * WHERRY_PAGE_SIZE;
  uint64_t size = memory->size + more;
  if (size > memory->reserved || size / WHERRY_PAGE_SIZE > memory->limits.maximum) return false;
  if (more > store->memory_limit || store->memory_used > store->memory_limit - more) return false;
  *limit = NULL;
  if (more && !wh_os_commit(memory->base + memory->size, (size_t)more)) return false;
  memory->size = size;
  store->memory_used += more;
  return true;
}

static void drop(wh_memory_t *memory) {
  if (atomic_fetch_sub_explicit(&memory->holds, 1, memory_order_acq_rel) != 1) return;
  wh_os_release(memory->base, (size_t)memory->reserved);
  WH_DELETE(memory->alloc, memory);
}

void wh_memory_hold(wh_memory_t *memory) {
  wh_engine_retain(memory->engine);
  atomic_fetch_add_explicit(&memory->holds, 1, memory_order_relaxed);
}

void wh_memory_unhold(wh_memory_t *memory) {
  wherry_engine_t *engine = memory->engine;
  drop(memory);
  wh_engine_release(engine);
}

void wh_memory_release(wh_memory_t *memory) {
  if (!memory) return;
  memory->store->memory_used -= memory->size;
  memory->store = NULL;
  drop(memory);
}
