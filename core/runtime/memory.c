/* Memories: address space that is reserved once, committed as it grows. */
#include "runtime/runtime.h"

static const uint64_t max_bytes = UINT64_C(65536) * WHERRY_PAGE_SIZE;

/* ---- idle memories of the engine ---- */

/* Mapping and unmapping costs more than making a small instance, so a few memories are kept. Up to
   WH_MEMORY_CLEARED bytes, clearing by hand beats giving pages back and faulting them in again
   (measured: 2 us for 64 KiB against 5 us for two pages). Above KEPT their page tables are not
   worth keeping. */
enum { IDLE_MEMORIES = 16, KEPT = 16 << 20 };

/* One that has the image, else one that has none, else any. */
static wh_memory_t *take_idle(wherry_engine_t *engine, uint64_t wanted, const wh_image_t *image) {
  wh_memory_t **best = NULL;
  int best_rank = 0;
  wh_mutex_lock(&engine->lock);
  for (wh_memory_t **at = &engine->idle_memories; *at && best_rank < 3; at = &(*at)->next) {
    wh_memory_t *memory = *at;
    int rank = memory->image == (image ? image->id : 0) ? 3 : memory->image == 0 ? 2 : 1;
    if (memory->reserved < wanted || rank <= best_rank) continue;
    best_rank = rank;
    best = at;
  }
  wh_memory_t *memory = best ? *best : NULL;
  if (memory) {
    *best = memory->next;
    engine->idle_memory_count--;
  }
  wh_mutex_unlock(&engine->lock);
  if (memory && best_rank == 1) {
    if (!wh_os_reset_image(memory->base + memory->image_start, (size_t)memory->image_size)) {
      wh_memory_free(memory);
      return NULL;
    }
    memory->image = 0;
  }
  return memory;
}

static bool keep(wh_memory_t *memory) {
  wherry_engine_t *engine = memory->engine;
  if (memory->size > KEPT || engine->idle_memory_count >= IDLE_MEMORIES) return false;
  if (memory->size && memory->size <= WH_MEMORY_CLEARED && !memory->image)
    memset(memory->base, 0, (size_t)memory->size);
  else if (memory->size && !wh_os_reset(memory->base, (size_t)memory->size))
    return false;
  wh_mutex_lock(&engine->lock);
  bool room = engine->idle_memory_count < IDLE_MEMORIES;
  if (room) {
    memory->next = engine->idle_memories;
    engine->idle_memories = memory;
    engine->idle_memory_count++;
  }
  wh_mutex_unlock(&engine->lock);
  return room;
}

void wh_memory_free(wh_memory_t *memory) {
  wh_os_release(memory->base, (size_t)memory->reserved);
  WH_DELETE(memory->alloc, memory);
}

/* Frees the idle ones: the OS has no address space left for others. */
static void free_idle(wherry_engine_t *engine) {
  wh_mutex_lock(&engine->lock);
  wh_memory_t *memory = engine->idle_memories;
  engine->idle_memories = NULL;
  engine->idle_memory_count = 0;
  wh_mutex_unlock(&engine->lock);
  while (memory) {
    wh_memory_t *next = memory->next;
    wh_memory_free(memory);
    memory = next;
  }
}

/* Reserves `wanted` bytes or, where the OS refuses, less, but never below `least`. */
static uint8_t *reserve(wherry_engine_t *engine, uint64_t wanted, uint64_t least,
                        uint64_t *reserved) {
  for (bool refused = false;; refused = true) {
    uint8_t *base = wh_os_reserve((size_t)wanted);
    if (base) {
      *reserved = wanted;
      return base;
    }
    if (!refused) {
      free_idle(engine);
      continue;
    }
    if (wanted <= least) return NULL;
    wanted = wanted / 2 / WHERRY_PAGE_SIZE * WHERRY_PAGE_SIZE;
    if (wanted < least) wanted = least;
  }
}

static wh_memory_t *map_memory(wherry_engine_t *engine, uint64_t wanted, uint64_t size) {
  wh_memory_t *memory = WH_NEW(&engine->alloc, wh_memory_t);
  if (!memory) return NULL;
  memory->alloc = &engine->alloc;
  memory->engine = engine;
  memory->base = reserve(engine, wanted, size ? size : WHERRY_PAGE_SIZE, &memory->reserved);
  if (memory->base) return memory;
  WH_DELETE(&engine->alloc, memory);
  return NULL;
}

static bool commit(wh_memory_t *memory, uint64_t size) {
  if (size <= memory->committed) return true;
  uint64_t more = size - memory->committed;
  if (!wh_os_commit(memory->base + memory->committed, (size_t)more)) return false;
  memory->committed = size;
  return true;
}

/* ---- memories ---- */

static wherry_error_t *check_size(wherry_store_t *store, const wh_limits_t *pages) {
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
  if (size > store->engine->memory_reservation)
    return wh_error_limit(store->alloc, "memory",
                          "a memory of %llu bytes is larger than the engine's memory "
                          "reservation of %llu bytes",
                          (unsigned long long)size,
                          (unsigned long long)store->engine->memory_reservation);
  return NULL;
}

wherry_error_t *wh_memory_make(wherry_store_t *store, const wh_memory_type_t *type,
                               const wh_image_t *image, wh_memory_t **out) {
  wherry_engine_t *engine = store->engine;
  const wh_limits_t *pages = &type->limits;
  wherry_error_t *error = check_size(store, pages);
  if (error) return error;
  uint64_t size = pages->minimum * WHERRY_PAGE_SIZE, wanted = max_bytes;
  if (wanted > engine->memory_reservation) wanted = engine->memory_reservation;
  if (pages->maximum < wanted / WHERRY_PAGE_SIZE) wanted = pages->maximum * WHERRY_PAGE_SIZE;
  wanted = wanted / WHERRY_PAGE_SIZE * WHERRY_PAGE_SIZE;
  if (!wanted) wanted = WHERRY_PAGE_SIZE; /* so that base is an address */

  wh_memory_t *memory = take_idle(engine, wanted, image);
  if (!memory) memory = map_memory(engine, wanted, size);
  if (!memory) return wh_error_oom();
  if (!commit(memory, size)) {
    wh_memory_free(memory);
    return wh_error_oom();
  }
  memory->size = size;
  memory->limits = *pages;
  memory->is64 = type->is64;
  atomic_init(&memory->holds, 1);
  memory->store = store;
  store->memory_used += size;
  *out = memory;
  return NULL;
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
  if (!commit(memory, size)) return false;
  memory->size = size;
  store->memory_used += more;
  return true;
}

static void drop(wh_memory_t *memory) {
  if (atomic_fetch_sub_explicit(&memory->holds, 1, memory_order_acq_rel) != 1) return;
  if (!keep(memory)) wh_memory_free(memory);
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
