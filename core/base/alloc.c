#include "base/base.h"

#include <stdlib.h>

static void *libc_reallocate(void *data, void *memory, size_t old_size, size_t new_size) {
  (void)data, (void)old_size;
  if (new_size == 0) {
    free(memory);
    return NULL;
  }
  return realloc(memory, new_size);
}

void wh_alloc_init(wh_alloc_t *alloc, const wherry_allocator_t *host) {
  alloc->host = host ? *host : (wherry_allocator_t) {libc_reallocate, NULL};
  atomic_init(&alloc->used, 0);
}

#ifdef WHERRY_CRUEL
enum { FRESH = 0xCD, FREED = 0xDD };
#endif

/* A host's allocator frees when it is asked for 0 bytes, so a block has at least one. */
static inline size_t at_least_one(size_t size) { return size ? size : 1; }

static inline void count(wh_alloc_t *alloc, size_t more, size_t less) {
  atomic_fetch_add_explicit(&alloc->used, (uint64_t)more - (uint64_t)less, memory_order_relaxed);
}

void *wh_alloc(wh_alloc_t *alloc, size_t size) {
  size = at_least_one(size);
  void *memory = alloc->host.reallocate(alloc->host.data, NULL, 0, size);
  if (!memory) return NULL;
#ifdef WHERRY_CRUEL
  memset(memory, FRESH, size);
#endif
  count(alloc, size, 0);
  return memory;
}

void *wh_alloc_zeroed(wh_alloc_t *alloc, size_t size) {
  size = at_least_one(size);
  void *memory;
  if (alloc->host.reallocate == libc_reallocate) {
    memory = calloc(1, size); /* touches no page of a large block */
    if (!memory) return NULL;
    count(alloc, size, 0);
  } else {
    memory = wh_alloc(alloc, size);
    if (!memory) return NULL;
    memset(memory, 0, size);
  }
  return memory;
}

void *wh_realloc(wh_alloc_t *alloc, void *memory, size_t old_size, size_t new_size) {
  if (!memory) return wh_alloc(alloc, new_size);
  old_size = at_least_one(old_size);
  new_size = at_least_one(new_size);
#ifdef WHERRY_CRUEL
  void *moved = wh_alloc(alloc, new_size);
  if (!moved) return NULL;
  memcpy(moved, memory, old_size < new_size ? old_size : new_size);
  wh_free(alloc, memory, old_size);
#else
  void *moved = alloc->host.reallocate(alloc->host.data, memory, old_size, new_size);
  if (!moved) return NULL;
  count(alloc, new_size, old_size);
#endif
  return moved;
}

void wh_free(wh_alloc_t *alloc, void *memory, size_t size) {
  if (!memory) return;
  size = at_least_one(size);
#ifdef WHERRY_CRUEL
  memset(memory, FREED, size);
  __asm__ volatile("" : : "r"(memory) : "memory"); /* the bytes count as read: keep the memset */
#endif
  alloc->host.reallocate(alloc->host.data, memory, size, 0);
  count(alloc, 0, size);
}

char *wh_strndup(wh_alloc_t *alloc, const char *text, size_t size) {
  size_t whole;
  if (!wh_add_size(size, 1, &whole)) return NULL;
  char *copy = wh_alloc(alloc, whole);
  if (!copy) return NULL;
  if (size) memcpy(copy, text, size);
  copy[size] = 0;
  return copy;
}

void *wh_alloc_array(wh_alloc_t *alloc, size_t count, size_t item_size) {
  size_t size;
  if (!wh_mul_size(count, item_size, &size)) return NULL;
  return wh_alloc_zeroed(alloc, size);
}

/* items is a pointer of another type: it is read and written as bytes. */
bool wh_vec_reserve_(wh_alloc_t *alloc, void **items, size_t *capacity, size_t wanted,
                     size_t item_size) {
  void *old;
  memcpy(&old, (void *)items, sizeof old);
  size_t grown = *capacity + *capacity / 2 + 4;
  if (grown < wanted) grown = wanted;
  size_t size;
  if (grown < *capacity || !wh_mul_size(grown, item_size, &size)) return false;
  void *moved = wh_realloc(alloc, old, *capacity * item_size, size);
  if (!moved) return false;
  memcpy((void *)items, &moved, sizeof moved);
  *capacity = grown;
  return true;
}

enum { CHUNK_SIZE = 8000 };
struct wh_arena_chunk {
  struct wh_arena_chunk *next;
  size_t size; /* of data */
  _Alignas(8) uint8_t data[];
};

void *wh_arena_alloc(wh_arena_t *arena, size_t size) {
  if (!wh_add_size(size, 7, &size)) return NULL;
  size &= ~(size_t)7;
  if (!arena->chunks || arena->chunks->size - arena->used < size) {
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE, whole;
    if (!wh_add_size(room, sizeof(struct wh_arena_chunk), &whole)) return NULL;
    struct wh_arena_chunk *chunk = wh_alloc_zeroed(arena->alloc, whole);
    if (!chunk) return NULL;
    chunk->next = arena->chunks;
    chunk->size = room;
    arena->chunks = chunk;
    arena->used = 0;
  }
  void *result = arena->chunks->data + arena->used;
  arena->used += size;
  return result;
}

char *wh_arena_text(wh_arena_t *arena, const char *text, size_t size) {
  char *copy = size < SIZE_MAX ? wh_arena_alloc(arena, size + 1) : NULL;
  if (copy && size) memcpy(copy, text, size);
  return copy;
}

void wh_arena_free(wh_arena_t *arena) {
  while (arena->chunks) {
    struct wh_arena_chunk *chunk = arena->chunks;
    arena->chunks = chunk->next;
    wh_free(arena->alloc, chunk, sizeof *chunk + chunk->size);
  }
  arena->used = 0;
}
