/* Linear memories.

   The base address of a memory never changes while its store lives; only its size grows. So data
   and size may be read together, and a pointer stays good across growth.
   Sizes "in pages" are in the memory's own: of 64 KiB, if its module does not declare pages of a
   byte.
   Threads: the store's; others may change the bytes of a shared memory (sharedmemory.h). */
#ifndef WHERRY_MEMORY_H
#define WHERRY_MEMORY_H

#include <wherry/common.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WHERRY_PAGE_SIZE 65536

/* minimum, maximum: in pages of 64 KiB; maximum UINT64_MAX: none declared.
   Errors: range (more than 65,536 pages, minimum above maximum), limit, oom. */
WHERRY_API wherry_error_t *wherry_memory_new(wherry_store_t *store, uint64_t minimum,
                                             uint64_t maximum, wherry_memory_t *out);

/* *data: the store's, until it ends. *size: in bytes, now. Errors: state. */
WHERRY_API wherry_error_t *wherry_memory_data(wherry_store_t *store, wherry_memory_t memory,
                                              uint8_t **data, uint64_t *size);

/* The base address of a memory and the place where its size in bytes is kept, for views that look at
   the size at every use. Both stay good for as long as the memory is held (below). A shared memory
   may be made larger by another thread at any moment; the place is written atomically. */
WHERRY_API wherry_error_t *wherry_memory_view(wherry_store_t *store, wherry_memory_t memory,
                                              uint8_t **data, const uint64_t **size);

/* Holds a memory's bytes past the store's end, for exported buffers; *hold: for
   wherry_memory_unhold, once, from any thread. A held memory costs its address space. */
WHERRY_API wherry_error_t *wherry_memory_hold(wherry_store_t *store, wherry_memory_t memory,
                                              void **hold);
WHERRY_API void wherry_memory_unhold(void *hold);

/* In pages. *previous (may be NULL): the size before.
   Errors: limit (the declared maximum, the store's limit, or the reservation), oom. */
WHERRY_API wherry_error_t *wherry_memory_grow(wherry_store_t *store, wherry_memory_t memory,
                                              uint64_t pages, uint64_t *previous);

/* Size now and maximum (UINT64_MAX: none declared), in pages. */
WHERRY_API wherry_error_t *wherry_memory_limits(wherry_store_t *store, wherry_memory_t memory,
                                                uint64_t *size, uint64_t *maximum);

/* The size of its pages in bytes: 65,536 or 1. */
WHERRY_API wherry_error_t *wherry_memory_page_size(wherry_store_t *store, wherry_memory_t memory,
                                                   uint64_t *bytes);

/* Copies out of and into a memory. address: in bytes. Errors: range (names address, size, and the
   memory's size). */
WHERRY_API wherry_error_t *wherry_memory_read(wherry_store_t *store, wherry_memory_t memory,
                                              uint64_t address, void *bytes, size_t size);
WHERRY_API wherry_error_t *wherry_memory_write(wherry_store_t *store, wherry_memory_t memory,
                                               uint64_t address, const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif
#endif
