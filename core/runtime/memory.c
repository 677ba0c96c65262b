/* Memories: address space that is reserved once, committed as it grows. */
#include "runtime/runtime.h"

static const uint64_t max_bytes = UINT64_C(65536) * WHERRY_PAGE_SIZE;

/* Address space is reserved and committed in multiples of this, whatever a memory's own pages are. */
enum { GRANULE = WHERRY_PAGE_SIZE };

static uint64_t whole_granules(uint64_t bytes) { return (bytes + GRANULE - 1) / GRANULE * GRANULE; }

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
    wanted = wanted / 2 / GRANULE * GRANULE;
    if (wanted < least) wanted = least;
  }
}

static wh_memory_t *map_memory(wherry_engine_t *engine, uint64_t wanted, uint64_t size) {
  wh_memory_t *memory = WH_NEW(&engine->alloc, wh_memory_t);
  if (!memory) return NULL;
  memory->alloc = &engine->alloc;
  memory->engine = engine;
  memory->base = reserve(engine, wanted, whole_granules(size ? size : 1), &memory->reserved);
  if (memory->base) return memory;
  WH_DELETE(&engine->alloc, memory);
  return NULL;
}

static bool commit(uint8_t *base, uint64_t *committed, uint64_t size) {
  if (size <= *committed) return true;
  size = whole_granules(size);
  if (!wh_os_commit(base + *committed, (size_t)(size - *committed))) return false;
  *committed = size;
  return true;
}

/* ---- sizes ---- */

/* In pages: what a memory may grow to. */
static uint64_t most_pages(wh_limits_t limits, bool is64, uint8_t page_log2) {
  uint64_t most = max_bytes >> page_log2;
  if (!is64 && most > UINT32_MAX) most = UINT32_MAX; /* memory.size is an i32 */
  return limits.maximum < most ? limits.maximum : most;
}

static uint64_t reservation(const wherry_engine_t *engine) {
  return engine->memory_reservation / GRANULE * GRANULE;
}

static wherry_error_t *check_size(wherry_engine_t *engine, const wh_memory_type_t *type) {
  uint64_t pages = type->limits.minimum, size = pages << type->page_log2;
  if (pages > max_bytes >> type->page_log2)
    return wh_error_limit(&engine->alloc, "memory", "a memory of %llu pages is too large",
                          (unsigned long long)pages);
  if (size <= reservation(engine)) return NULL;
  return wh_error_limit(&engine->alloc, "memory",
                        "a memory of %llu bytes is larger than the engine's memory "
                        "reservation of %llu bytes",
                        (unsigned long long)size, (unsigned long long)engine->memory_reservation);
}

static wherry_error_t *check_limit(wherry_store_t *store, uint64_t size) {
  if (size <= store->memory_limit && store->memory_used <= store->memory_limit - size) return NULL;
  return wh_error_limit(store->alloc, "memory",
                        "a memory of %llu bytes would exceed the store's limit of %llu bytes "
                        "of memory (%llu are in use)",
                        (unsigned long long)size, (unsigned long long)store->memory_limit,
                        (unsigned long long)store->memory_used);
}

/* How much address space a memory of this type wants. */
static uint64_t wanted_space(const wherry_engine_t *engine, const wh_memory_type_t *type) {
  uint64_t wanted = most_pages(type->limits, type->is64, type->page_log2) << type->page_log2;
  wanted = whole_granules(wanted ? wanted : 1); /* so that base is an address */
  return wanted < reservation(engine) ? wanted : reservation(engine);
}

/* ---- shared memories ---- */

wherry_error_t *wh_sharedmemory_make(wherry_engine_t *engine, const wh_memory_type_t *type,
                                     wherry_sharedmemory_t **out) {
  wherry_error_t *error = check_size(engine, type);
  if (error) return error;
  uint64_t size = type->limits.minimum << type->page_log2;
  wherry_sharedmemory_t *shared = WH_NEW(&engine->alloc, wherry_sharedmemory_t);
  if (!shared) return wh_error_oom();
  shared->base = reserve(engine, wanted_space(engine, type), whole_granules(size ? size : 1),
                         &shared->reserved);
  if (!shared->base || !commit(shared->base, &shared->committed, size)) {
    wh_os_release(shared->base, (size_t)shared->reserved);
    WH_DELETE(&engine->alloc, shared);
    return wh_error_oom();
  }
  atomic_init(&shared->references, 1);
  atomic_init(&shared->size, size);
  shared->type = *type;
  shared->engine = engine;
  wh_engine_retain(engine);
  wh_mutex_init(&shared->lock);
  *out = shared;
  return NULL;
}

void wh_sharedmemory_retain(wherry_sharedmemory_t *shared) {
  atomic_fetch_add_explicit(&shared->references, 1, memory_order_relaxed);
}

void wh_sharedmemory_release(wherry_sharedmemory_t *shared) {
  if (!shared) return;
  if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1) return;
  wherry_engine_t *engine = shared->engine;
  wh_mutex_destroy(&shared->lock);
  wh_os_release(shared->base, (size_t)shared->reserved);
  WH_DELETE(&engine->alloc, shared);
  wh_engine_release(engine);
}

wherry_error_t *wh_memory_of_shared(wherry_store_t *store, wherry_sharedmemory_t *shared,
                                    wh_memory_t **out) {
  uint64_t size = atomic_load_explicit(&shared->size, memory_order_acquire);
  wherry_error_t *error = check_limit(store, size);
  if (error) return error;
  wh_memory_t *memory = WH_NEW(store->alloc, wh_memory_t);
  if (!memory) return wh_error_oom();
  memory->alloc = store->alloc;
  memory->engine = store->engine;
  memory->shared = shared;
  wh_sharedmemory_retain(shared);
  memory->base = shared->base;
  memory->reserved = shared->reserved;
  memory->size = size;
  memory->limits = shared->type.limits;
  memory->is64 = shared->type.is64;
  memory->page_log2 = shared->type.page_log2;
  atomic_init(&memory->holds, 1);
  memory->store = store;
  store->memory_used += size;
  *out = memory;
  return NULL;
}

void wh_memory_look(wh_memory_t *memory) {
  uint64_t size = atomic_load_explicit(&memory->shared->size, memory_order_acquire);
  memory->store->memory_used += size - memory->size;
  memory->size = size;
}

static wherry_error_t *make_shared(wherry_store_t *store, const wh_memory_type_t *type,
                                   wh_memory_t **out) {
  wherry_sharedmemory_t *shared;
  wherry_error_t *error = wh_sharedmemory_make(store->engine, type, &shared);
  if (error) return error;
  error = wh_memory_of_shared(store, shared, out);
  wh_sharedmemory_release(shared);
  return error;
}

/* ---- memories ---- */

wherry_error_t *wh_memory_make(wherry_store_t *store, const wh_memory_type_t *type,
                               const wh_image_t *image, wh_memory_t **out) {
  wherry_engine_t *engine = store->engine;
  if (type->shared) return make_shared(store, type, out);
  wherry_error_t *error = check_size(engine, type);
  if (error) return error;
  uint64_t size = type->limits.minimum << type->page_log2, wanted = wanted_space(engine, type);
  error = check_limit(store, size);
  if (error) return error;

  wh_memory_t *memory = take_idle(engine, wanted, image);
  if (!memory) memory = map_memory(engine, wanted, size);
  if (!memory) return wh_error_oom();
  if (!commit(memory->base, &memory->committed, size) || (image && !wh_image_map(image, memory))) {
    wh_memory_free(memory);
    return wh_error_oom();
  }
  memory->size = size;
  memory->limits = type->limits;
  memory->is64 = type->is64;
  memory->page_log2 = type->page_log2;
  atomic_init(&memory->holds, 1);
  memory->store = store;
  store->memory_used += size;
  *out = memory;
  return NULL;
}

/* With the lock of a shared memory held. */
static bool enlarge(wh_memory_t *memory, uint64_t pages, uint64_t *previous, const char **limit) {
  wherry_store_t *store = memory->store;
  wherry_sharedmemory_t *shared = memory->shared;
  uint64_t before = wh_memory_size(memory);
  uint64_t most = most_pages(memory->limits, memory->is64, memory->page_log2);
  *previous = before >> memory->page_log2;
  if (!pages) return true;
  *limit = "memory";
  if (pages > most || *previous > most - pages) return false;
  uint64_t more = pages << memory->page_log2, size = before + more;
  if (size > memory->reserved) return false;
  if (more > store->memory_limit || store->memory_used > store->memory_limit - more) return false;
  *limit = NULL;
  if (!commit(memory->base, shared ? &shared->committed : &memory->committed, size)) return false;
  if (shared) atomic_store_explicit(&shared->size, size, memory_order_release);
  memory->size = size;
  store->memory_used += more;
  return true;
}

bool wh_memory_enlarge(wh_memory_t *memory, uint64_t pages, uint64_t *previous,
                       const char **limit) {
  wherry_sharedmemory_t *shared = memory->shared;
  const char *ignored;
  if (shared) wh_mutex_lock(&shared->lock);
  bool grown = enlarge(memory, pages, previous, limit ? limit : &ignored);
  if (shared) wh_mutex_unlock(&shared->lock);
  return grown;
}

static void drop(wh_memory_t *memory) {
  if (atomic_fetch_sub_explicit(&memory->holds, 1, memory_order_acq_rel) != 1) return;
  wherry_sharedmemory_t *shared = memory->shared;
  if (shared) {
    WH_DELETE(memory->alloc, memory);
    wh_sharedmemory_release(shared);
  } else if (!keep(memory)) {
    wh_memory_free(memory);
  }
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
