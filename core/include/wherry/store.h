/* The store: where instances, their memories and their functions live, until the store ends.

   Threads: one at a time; only wherry_store_interrupt may be called from any. */
#ifndef WHERRY_STORE_H
#define WHERRY_STORE_H

#include <wherry/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* *out: the caller's, until wherry_store_release; it keeps the engine alive. */
WHERRY_API wherry_error_t *wherry_store_new(wherry_engine_t *engine, wherry_store_t **out);
WHERRY_API void wherry_store_retain(wherry_store_t *store);

/* The last release ends all instances and calls all finalizers. Called by a host function that runs
   in this store, it ends the store when the outermost call returns. */
WHERRY_API void wherry_store_release(wherry_store_t *store);

/* Ends what the store holds at once, or when the outermost call returns; every later use is an error
   of kind state. The handle itself still wants its release. */
WHERRY_API void wherry_store_close(wherry_store_t *store);
WHERRY_API bool wherry_store_closed(const wherry_store_t *store);

WHERRY_API wherry_engine_t *wherry_store_engine(const wherry_store_t *store);

/* The number that all entities of this store carry. */
WHERRY_API uint64_t wherry_store_id(const wherry_store_t *store);

/* Limits, each over everything in the store. UINT64_MAX: none (the default). Reaching one is an
   error of kind limit that names it, or, where WebAssembly says so, a grow that returns -1. */
WHERRY_API wherry_error_t *wherry_store_set_memory_limit(wherry_store_t *store, uint64_t bytes);
WHERRY_API wherry_error_t *wherry_store_set_table_limit(wherry_store_t *store, uint64_t elements);
WHERRY_API wherry_error_t *wherry_store_set_instance_limit(wherry_store_t *store, uint64_t count);

/* Of bytes that hold the guests' structs, arrays and exceptions; small ones lie in blocks of 64 KiB. An
   allocation past it collects first. Unless it is set, it is as much as the memory limit. */
WHERRY_API wherry_error_t *wherry_store_set_heap_limit(wherry_store_t *store, uint64_t bytes);

/* Fuel: how many wasm instructions may still run in all. Charged when a function is entered and when
   a loop starts over, for the shortest way through the code that follows: never more than what runs,
   and the same in every build of the library. */
WHERRY_API wherry_error_t *wherry_store_set_fuel(wherry_store_t *store, uint64_t instructions);
WHERRY_API uint64_t wherry_store_fuel(const wherry_store_t *store);

/* The most that one outermost call may last, in nanoseconds of a monotonic clock. UINT64_MAX: as long
   as it likes (the default). */
WHERRY_API wherry_error_t *wherry_store_set_timeout(wherry_store_t *store, uint64_t nanoseconds);

/* Stops what runs in the store at its next tick with an error of kind interrupted. If nothing runs,
   the next call is stopped. Threads: any, also signal handlers. */
WHERRY_API void wherry_store_interrupt(wherry_store_t *store);

/* Called at every tick of a call that is not driven in steps (see call.h), in the thread that runs
   it. What it returns, if not NULL, ends the call and comes out of it. It may use the store,
   but not call a guest. NULL: no tick function. data must outlive the store. */
typedef wherry_error_t *(*wherry_tick_t)(wherry_store_t *store, void *data);
WHERRY_API void wherry_store_set_tick(wherry_store_t *store, wherry_tick_t tick, void *data);

/* What the host likes to find again when it has only the store. */
WHERRY_API void wherry_store_set_data(wherry_store_t *store, void *data,
                                      wherry_finalizer_t finalizer);
WHERRY_API void *wherry_store_data(const wherry_store_t *store);

/* Frees what nobody refers to any more. Done by itself when it is time; only a host that waits for
   the finalizer of an externref needs it. Errors: state. */
WHERRY_API wherry_error_t *wherry_store_collect(wherry_store_t *store);

/* What the store uses now: bytes of its memories, elements of its tables, instances, bytes for objects
   (as for the limit), handles of the host that have not ended. */
WHERRY_API uint64_t wherry_store_memory_used(const wherry_store_t *store);
WHERRY_API uint64_t wherry_store_table_used(const wherry_store_t *store);
WHERRY_API uint64_t wherry_store_instances(const wherry_store_t *store);
WHERRY_API uint64_t wherry_store_heap_used(const wherry_store_t *store);
WHERRY_API uint64_t wherry_store_handles(const wherry_store_t *store);

#ifdef __cplusplus
}
#endif
#endif
