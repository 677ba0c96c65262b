/* Shared memories: bytes that guests in several stores, on several threads, use at once (the threads
   proposal). In each store a memory stands for them, which a module may import where it declares
   (memory … shared).

   Ownership: counted; kept alive by every store that uses it.
   Threads: any number at once. The bytes may change at any moment: what a host must rely on it
   copies out before it looks. */
#ifndef WHERRY_SHAREDMEMORY_H
#define WHERRY_SHAREDMEMORY_H

#include <wherry/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* minimum, maximum: in pages of 64 KiB; the maximum's address space is reserved at once.
   *out: the caller's, until wherry_sharedmemory_release; it keeps the engine alive.
   Errors: range (more than 65,536 pages, minimum above maximum), limit, oom. */
WHERRY_API wherry_error_t *wherry_sharedmemory_new(wherry_engine_t *engine, uint64_t minimum,
                                                   uint64_t maximum, wherry_sharedmemory_t **out);

/* What a memory of a store stands for: one that a module defined, for instance. *out: as above.
   Errors: type (the memory is not shared), state. Threads: the store's. */
WHERRY_API wherry_error_t *wherry_sharedmemory_of(wherry_store_t *store, wherry_memory_t memory,
                                                  wherry_sharedmemory_t **out);

WHERRY_API void wherry_sharedmemory_retain(wherry_sharedmemory_t *shared);
WHERRY_API void wherry_sharedmemory_release(wherry_sharedmemory_t *shared);

/* The memory of a store that stands for it; asked again, the same one. A store's memory limit
   counts it as large as the store has seen it.
   Errors: limit, oom, state. Threads: the store's. */
WHERRY_API wherry_error_t *wherry_sharedmemory_memory(wherry_sharedmemory_t *shared,
                                                      wherry_store_t *store, wherry_memory_t *out);

/* Its first byte, good until the last release; its size in bytes, which never becomes smaller. */
WHERRY_API uint8_t *wherry_sharedmemory_data(const wherry_sharedmemory_t *shared);
WHERRY_API uint64_t wherry_sharedmemory_size(const wherry_sharedmemory_t *shared);

#ifdef __cplusplus
}
#endif
#endif
