/* The public functions of sharedmemory.h. */
#include "api/api.h"

wherry_error_t *wherry_sharedmemory_new(wherry_engine_t *engine, uint64_t minimum, uint64_t maximum,
                                        wherry_sharedmemory_t **out) {
  wherry_error_t *error = api_check_pages(&engine->alloc, minimum, maximum, false);
  if (error) return error;
  wh_memory_type_t type = {.limits = {.minimum = minimum, .maximum = maximum},
                           .shared = true,
                           .page_log2 = WH_PAGE_LOG2};
  return wh_sharedmemory_make(engine, &type, out);
}

wherry_error_t *wherry_sharedmemory_of(wherry_store_t *store, wherry_memory_t value,
                                       wherry_sharedmemory_t **out) {
  wh_memory_t *memory;
  wherry_error_t *error = wh_find_memory(store, value, &memory);
  if (error) return error;
  if (!memory->shared)
    return wh_error_new(store->alloc, WHERRY_ERROR_TYPE,
                        "the memory is not shared: its module declares it without the word");
  wh_sharedmemory_retain(memory->shared);
  *out = memory->shared;
  return NULL;
}

void wherry_sharedmemory_retain(wherry_sharedmemory_t *shared) {
  if (shared) wh_sharedmemory_retain(shared);
}
void wherry_sharedmemory_release(wherry_sharedmemory_t *shared) { wh_sharedmemory_release(shared); }

wherry_error_t *wherry_sharedmemory_memory(wherry_sharedmemory_t *shared, wherry_store_t *store,
                                           wherry_memory_t *out) {
  wherry_error_t *error = wh_store_check(store);
  if (error) return error;
  wh_memory_t *memory = NULL;
  for (size_t i = 1; i < store->host_memories.count && !memory; i++)
    if (store->host_memories.items[i]->shared == shared) memory = store->host_memories.items[i];
  if (!memory) {
    error = wh_memory_of_shared(store, shared, &memory);
    if (error) return error;
    error = wh_host_memory_add(store, memory);
    if (error) {
      wh_memory_release(memory);
      return error;
    }
  }
  *out = (wherry_memory_t) {store->id, memory->self};
  return NULL;
}

uint8_t *wherry_sharedmemory_data(const wherry_sharedmemory_t *shared) { return shared->base; }

uint64_t wherry_sharedmemory_size(const wherry_sharedmemory_t *shared) {
  return atomic_load_explicit(&shared->size, memory_order_acquire);
}
