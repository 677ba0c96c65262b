/* Where objects lie: blocks of one size, runs of free cells in them, and large objects. */
#include "runtime/runtime.h"

/* AddressSanitizer learns which cells are free: a use of what was freed too early is found out. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define FREE(from, to) __asan_poison_memory_region((from), (size_t)((to) - (from)))
#define TAKEN(from, to) __asan_unpoison_memory_region((from), (size_t)((to) - (from)))
#else
#define FREE(from, to) ((void)(from), (void)(to))
#define TAKEN(from, to) ((void)(from), (void)(to))
#endif

enum { REGION_LEAST = 4 * WH_BLOCK_SIZE, REGION_MOST = 512 * WH_BLOCK_SIZE, GRAY_LEAST = 256 };

static const uint64_t threshold_least = 4 << 20;

void wh_gc_init(wh_gc_t *gc) {
  gc->limit = UINT64_MAX;
  gc->threshold = threshold_least;
}

static uint32_t align_up(uint32_t size, uint32_t unit) { return (size + unit - 1) / unit * unit; }

/* Sizes up to 256 by 16, then four between two powers of two. */
static unsigned class_of(size_t size) {
  if (size <= 256) return (unsigned)((size + 15) / 16) - 1;
  unsigned log = 63 - (unsigned)__builtin_clzll(size - 1);
  return 16 + (log - 8) * 4 + (unsigned)((size - 1) >> (log - 2) & 3);
}

static uint32_t class_size(unsigned class) {
  if (class < 16) return (class + 1) * 16;
  unsigned log = 8 + (class - 16) / 4;
  return (5 + (class - 16) % 4) << (log - 2);
}

/* ---- blocks ---- */

/* Free cells side by side. The lowest bit of `next` is set: no object begins like that. */
struct wh_run {
  uintptr_t next;
  char *end;
};
static wh_run_t *next_run(const wh_run_t *run) { return (wh_run_t *)(run->next & ~(uintptr_t)1); }

static size_t place_of_region(const wh_gc_t *gc, const char *start) {
  size_t low = 0, high = gc->regions.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (gc->regions.items[middle].start <= start)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The region from which a block is to be had; NULL: no memory. */
static wh_region_t *region_with_room(wherry_store_t *store) {
  wh_gc_t *gc = &store->gc;
  size_t total = 0;
  for (size_t i = 0; i < gc->regions.count; i++) {
    wh_region_t *region = &gc->regions.items[i];
    if (region->next < region->end) return region;
    total += (size_t)(region->end - region->start);
  }
  if (!wh_vec_reserve(store->alloc, &gc->regions, 1)) return NULL;
  size_t size = total / 2 / WH_BLOCK_SIZE * WH_BLOCK_SIZE;
  if (size < REGION_LEAST) size = REGION_LEAST;
  if (size > REGION_MOST) size = REGION_MOST;
  char *start;
  while (!(start = wh_os_reserve_aligned(size, WH_BLOCK_SIZE)) || !wh_os_commit(start, size)) {
    wh_os_release(start, size);
    if (size == WH_BLOCK_SIZE) return NULL;
    size = size / 2 / WH_BLOCK_SIZE * WH_BLOCK_SIZE;
    if (size < WH_BLOCK_SIZE) size = WH_BLOCK_SIZE;
  }
  size_t place = place_of_region(gc, start);
  wh_region_t *region = &gc->regions.items[place];
  memmove(region + 1, region, (gc->regions.count++ - place) * sizeof *region);
  *region = (wh_region_t) {start, start, start + size};
  return region;
}

/* Before memory is taken: some for marking, too, so that this does not come to a standstill. */
static bool may_take(wherry_store_t *store, uint64_t size) {
  wh_gc_t *gc = &store->gc;
  gc->at_limit = size > gc->limit || gc->used > gc->limit - size;
  if (gc->at_limit) return false;
  return gc->gray.capacity || wh_vec_reserve(store->alloc, &gc->gray, GRAY_LEAST);
}

/* A block for a class, all of it one run. */
static wh_block_t *take_block(wherry_store_t *store, unsigned class) {
  wh_gc_t *gc = &store->gc;
  if (!may_take(store, WH_BLOCK_SIZE)) return NULL;
  wh_block_t *block = gc->idle;
  if (block) {
    gc->idle = block->next;
    gc->idle_count--;
    TAKEN((char *)block, (char *)block + WH_BLOCK_SIZE);
    if (block->is_dirty) memset(block, 0, WH_BLOCK_SIZE);
  } else {
    wh_region_t *region = region_with_room(store);
    if (!region) return NULL;
    block = (wh_block_t *)(void *)region->next;
    region->next += WH_BLOCK_SIZE;
  }
  uint32_t size = class_size(class);
  block->cell = size;
  block->first = align_up(sizeof *block, WH_GC_GRANULE);
  block->end = block->first + (WH_BLOCK_SIZE - block->first) / size * size;
  block->is_dirty = true;
  wh_run_t *run = (wh_run_t *)(void *)((char *)block + block->first);
  *run = (wh_run_t) {1, (char *)block + block->end};
  block->runs = run;
  block->next = gc->classes[class].blocks;
  gc->classes[class].blocks = block;
  gc->used += WH_BLOCK_SIZE;
  return block;
}

static void give_block(wh_gc_t *gc, wh_block_t *block) {
  block->cell = 0;
  block->next = gc->idle;
  gc->idle = block;
  gc->idle_count++;
  gc->used -= WH_BLOCK_SIZE;
}

/* Makes runs of what is not marked. */
static void sweep(wh_block_t *block) {
  char *base = (char *)block;
  uint32_t size = block->cell, end = block->end;
  wh_run_t *last = NULL;
  block->runs = NULL;
  block->is_unswept = false;
  for (uint32_t at = block->first; at < end;) {
    if (wh_block_marked(block, at)) {
      at += size;
      continue;
    }
    uint32_t start = at;
    do at += size;
    while (at < end && !wh_block_marked(block, at));
    TAKEN(base + start, base + at);
    memset(base + start, 0, at - start);
    wh_run_t *run = (wh_run_t *)(void *)(base + start);
    *run = (wh_run_t) {1, base + at};
    FREE((char *)(run + 1), base + at);
    if (last)
      last->next = (uintptr_t)run | 1;
    else
      block->runs = run;
    last = run;
  }
}

void wh_gc_finish_sweep(wh_gc_t *gc) {
  for (unsigned class = 0; class < WH_GC_CLASSES; class ++) {
    wh_gc_class_t *from = &gc->classes[class];
    for (; from->unswept; from->unswept = from->unswept->next) sweep(from->unswept);
  }
}

/* ---- after marking ---- */

static void sweep_larges(wherry_store_t *store) {
  wh_gc_t *gc = &store->gc;
  size_t kept = 0;
  for (size_t i = 0; i < gc->larges.count; i++) {
    wh_large_t *large = gc->larges.items[i];
    if (large->marked) {
      large->marked = false;
      gc->larges.items[kept++] = large;
    } else {
      gc->used -= large->size;
      wh_free(store->alloc, large, large->size);
    }
  }
  gc->larges.count = kept;
}

/* Memory of idle blocks goes back to the system, but for what may be wanted before the next collection. */
static void trim(wh_gc_t *gc) {
  uint64_t kept = gc->threshold / WH_BLOCK_SIZE, count = 0;
  for (wh_block_t *block = gc->idle; block;) {
    wh_block_t *next = block->next;
    if (block->is_dirty && ++count > kept && wh_os_reset(block, WH_BLOCK_SIZE)) block->next = next;
    block = next;
  }
}

void wh_gc_sweep(wherry_store_t *store) {
  wh_gc_t *gc = &store->gc;
  for (unsigned class = 0; class < WH_GC_CLASSES; class ++) {
    wh_gc_class_t *from = &gc->classes[class];
    wh_block_t **link = &from->blocks;
    while (*link) {
      wh_block_t *block = *link;
      block->is_unswept = block->live != 0;
      if (block->live) {
        link = &block->next;
      } else {
        *link = block->next;
        give_block(gc, block);
      }
    }
    from->at = from->end = NULL;
    from->block = NULL;
    from->unswept = from->blocks;
  }
  sweep_larges(store);
  gc->fresh = 0;
  gc->threshold = gc->live > threshold_least ? gc->live : threshold_least;
  trim(gc);
}

/* ---- allocation ---- */

static void take_run(wh_gc_t *gc, wh_gc_class_t *from) {
  wh_run_t *run = from->block->runs;
  from->block->runs = next_run(run);
  from->at = (char *)run;
  from->end = run->end;
  gc->fresh += (uint64_t)(from->end - from->at);
  TAKEN(from->at, from->end);
  *run = (wh_run_t) {0, NULL};
}

/* Puts back what was not used of a run, so that the next object finds none. */
static void put_back(wh_gc_t *gc, wh_gc_class_t *from) {
  if (from->at == from->end) return;
  wh_run_t *run = (wh_run_t *)(void *)from->at;
  *run = (wh_run_t) {(uintptr_t)from->block->runs | 1, from->end};
  FREE((char *)(run + 1), from->end);
  from->block->runs = run;
  gc->fresh -= (uint64_t)(from->end - from->at);
  from->end = from->at;
}

/* A run from the blocks that there are. */
static bool find_run(wh_gc_t *gc, wh_gc_class_t *from) {
  while (!from->block || !from->block->runs) {
    wh_block_t *block = from->unswept;
    if (!block) return false;
    from->unswept = block->next;
    sweep(block);
    from->block = block;
  }
  take_run(gc, from);
  return true;
}

static bool new_run(wherry_store_t *store, unsigned class) {
  wh_gc_class_t *from = &store->gc.classes[class];
  wh_block_t *block = take_block(store, class);
  if (!block) return false;
  from->block = block;
  take_run(&store->gc, from);
  return true;
}

static WH_COLD bool refill(wherry_store_t *store, unsigned class) {
  wh_gc_t *gc = &store->gc;
  wh_gc_class_t *from = &gc->classes[class];
  bool collected = gc->stress || gc->fresh >= gc->threshold;
  if (collected) wh_gc_collect(store);
  if (find_run(gc, from) || new_run(store, class)) return true;
  if (collected) return false;
  wh_gc_collect(store);
  return find_run(gc, from) || new_run(store, class);
}

static wh_object_t *new_small(wherry_store_t *store, const wh_rtype_t *type, size_t size) {
  wh_gc_t *gc = &store->gc;
  unsigned class = class_of(size);
  wh_gc_class_t *from = &gc->classes[class];
  if (WH_UNLIKELY(from->at == from->end) && !refill(store, class)) return NULL;
  wh_object_t *object = (wh_object_t *)(void *)from->at;
  from->at += class_size(class);
  object->type = type;
  if (WH_UNLIKELY(gc->stress)) put_back(gc, from);
  return object;
}

static size_t place_of_large(const wh_gc_t *gc, const wh_large_t *wanted) {
  size_t low = 0, high = gc->larges.count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (gc->larges.items[middle] < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static wh_large_t *take_large(wherry_store_t *store, size_t size) {
  wh_gc_t *gc = &store->gc;
  if (!may_take(store, size) || !wh_vec_reserve(store->alloc, &gc->larges, 1)) return NULL;
  return wh_alloc_zeroed(store->alloc, size);
}

static wh_object_t *new_large(wherry_store_t *store, const wh_rtype_t *type, size_t size) {
  wh_gc_t *gc = &store->gc;
  size += sizeof(wh_large_t);
  bool collected = gc->stress || gc->fresh >= gc->threshold;
  if (collected) wh_gc_collect(store);
  wh_large_t *large = take_large(store, size);
  if (!large && !collected) {
    wh_gc_collect(store);
    large = take_large(store, size);
  }
  if (!large) return NULL;
  large->size = size;
  size_t place = place_of_large(gc, large);
  wh_large_t **items = gc->larges.items + place;
  memmove(items + 1, items, (gc->larges.count++ - place) * sizeof *items);
  *items = large;
  gc->used += size;
  gc->fresh += size;
  wh_object_t *object = (wh_object_t *)(void *)(large + 1);
  object->type = type;
  return object;
}

static inline wh_object_t *new_object(wherry_store_t *store, const wh_rtype_t *type, size_t size) {
  return WH_LIKELY(size <= WH_GC_LARGEST) ? new_small(store, type, size)
                                          : new_large(store, type, size);
}

wh_object_t *wh_gc_new_struct(wherry_store_t *store, const wh_rtype_t *type) {
  return new_object(store, type, type->object_size);
}

wh_array_t *wh_gc_new_array(wherry_store_t *store, const wh_rtype_t *type, uint32_t length) {
  size_t size = sizeof(wh_array_t) + (size_t)length * type->fields[0].size;
  wh_array_t *array = (wh_array_t *)(void *)new_object(store, type, size);
  if (WH_LIKELY(array != NULL)) array->length = length;
  return array;
}

wh_exception_t *wh_gc_new_exception(wherry_store_t *store, const wh_rtype_t *type, uint64_t tag) {
  wh_exception_t *exception = (wh_exception_t *)(void *)new_object(store, type, type->object_size);
  if (exception) exception->tag = tag;
  return exception;
}

WH_COLD wherry_error_t *wh_gc_error(wherry_store_t *store) {
  const wh_gc_t *gc = &store->gc;
  if (!gc->at_limit) return wh_error_oom();
  return wh_error_limit(store->alloc, "heap",
                        "an object does not fit into the store's limit of %llu bytes for objects "
                        "of guests (%llu are in use)",
                        (unsigned long long)gc->limit, (unsigned long long)gc->used);
}

/* ---- what is alive ---- */

/* Looks at cells that may be free. */
__attribute__((no_sanitize("address"))) wh_object_t *wh_gc_find(const wh_gc_t *gc, uint64_t word) {
  const char *at = (const char *)(uintptr_t)word;
  size_t place = place_of_region(gc, at);
  if (place && at < gc->regions.items[place - 1].next) {
    const wh_block_t *block = wh_block_of(at);
    uint32_t offset = (uint32_t)(word & (WH_BLOCK_SIZE - 1));
    if (!block->cell || offset < block->first || offset >= block->end ||
        (offset - block->first) % block->cell)
      return NULL;
    wh_object_t *object = (wh_object_t *)(uintptr_t)word;
    return object->type && !((uintptr_t)object->type & 1) ? object : NULL;
  }
  const wh_large_t *large = (const wh_large_t *)(uintptr_t)(word - sizeof *large);
  place = place_of_large(gc, large);
  if (place < gc->larges.count && gc->larges.items[place] == large)
    return (wh_object_t *)(uintptr_t)word;
  return NULL;
}

bool wh_gc_knows(const wherry_store_t *store, uint64_t word) {
  if (!word || (wh_ref_is_i31(word) && word <= UINT32_MAX)) return true;
  if (wh_ref_is_extern(word)) {
    size_t place = wh_ref_extern_place(word);
    return word >> 48 == WH_EXTERN_TAG >> 48 && place < store->externs.count &&
           store->externs.items[place].state == WH_EXTERN_USED;
  }
  if (word % sizeof(wh_object_t)) return false;
  const wh_object_t *object = wh_gc_find(&store->gc, word);
  if (!object) return false;
  if (wh_object_size(object) > WH_GC_LARGEST) return true;
  const wh_block_t *block = wh_block_of(object);
  return !block->is_unswept || wh_block_marked(block, (uint32_t)(word & (WH_BLOCK_SIZE - 1)));
}

void wh_gc_free(wherry_store_t *store) {
  wh_gc_t *gc = &store->gc;
  for (size_t i = 0; i < gc->larges.count; i++)
    wh_free(store->alloc, gc->larges.items[i], gc->larges.items[i]->size);
  wh_vec_free(store->alloc, &gc->larges);
  for (size_t i = 0; i < gc->regions.count; i++) {
    const wh_region_t *region = &gc->regions.items[i];
    TAKEN(region->start, region->end);
    wh_os_release(region->start, (size_t)(region->end - region->start));
  }
  wh_vec_free(store->alloc, &gc->regions);
  wh_vec_free(store->alloc, &gc->gray);
  memset(gc->classes, 0, sizeof gc->classes);
  gc->idle = NULL;
  gc->idle_count = 0;
  gc->used = 0;
}
