/* The public functions of memory.h. */
#include "api/api.h"

static const uint64_t most_pages = 65536;

wherry_error_t *api_check_pages(wh_alloc_t *alloc, uint64_t minimum, uint64_t maximum,
                                bool unbounded) {
  if (minimum > most_pages || (maximum > most_pages && !(unbounded && maximum == UINT64_MAX)))
    return wh_error_new(alloc, WHERRY_ERROR_RANGE,
                        "a memory has at most 65536 pages of 64 KiB, not %llu",
                        (unsigned long long)(minimum > most_pages ? minimum : maximum));
  if (minimum > maximum)
    return wh_error_new(alloc, WHERRY_ERROR_RANGE,
                        "a memory's minimum of %llu pages is above its maximum of %llu",
                        (unsigned long long)minimum, (unsigned long long)maximum);
  return NULL;
}

wherry_error_t *wherry_memory_new(wherry_store_t *store, uint64_t minimum, uint64_t maximum,
                                  wherry_memory_t *out) {
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = api_check_pages(store->alloc, minimum, maximum, true);
  if (error) return error;
  wh_memory_type_t type = {.limits = {.minimum = minimum, .maximum = maximum},
                           .page_log2 = WH_PAGE_LOG2};
  wh_memory_t *memory;
  error = wh_memory_make(store, &type, NULL, &memory);
  if (error) return error;
  error = wh_host_memory_add(store, memory);
  if (error) {
    wh_memory_release(memory);
    return error;
  }
  *out = (wherry_memory_t) {store->id, memory->self};
  return NULL;
}

wherry_error_t *wherry_memory_data(wherry_store_t *store, wherry_memory_t value, uint8_t **data,
                                   uint64_t *size) {
  wh_memory_t *memory;
  wherry_error_t *error = wh_find_memory(store, value, &memory);
  if (error) return error;
  *data = memory->base;
  *size = wh_memory_size(memory);
  return NULL;
}

wherry_error_t *wherry_memory_view(wherry_store_t *store, wherry_memory_t value, uint8_t **data,
                                   const uint64_t **size) {
  wh_memory_t *memory;
  wherry_error_t *error = wh_find_memory(store, value, &memory);
  if (error) return error;
  *data = memory->base;
  *size = memory->shared ? (const uint64_t *)&memory->shared->size : &memory->size;
  return NULL;
}

wherry_error_t *wherry_memory_hold(wherry_store_t *store, wherry_memory_t value, void **hold) {
  wh_memory_t *memory;
  wherry_error_t *error = wh_find_memory(store, value, &memory);
  if (error) return error;
  wh_memory_hold(memory);
  *hold = memory;
  return NULL;
}

void wherry_memory_unhold(void *hold) {
  if (hold) wh_memory_unhold(hold);
}

static WH_COLD wherry_error_t *cannot_grow(wherry_store_t *store, const wh_memory_t *memory,
                                           uint64_t now, uint64_t pages, const char *limit) {
  uint64_t reserved = memory->reserved >> memory->page_log2, most = memory->limits.maximum;
  const char *whose = "its maximum";
  if (pages <= most && now + pages <= most) {
    bool fits = pages <= reserved && now + pages <= reserved;
    most = fits ? store->memory_limit >> memory->page_log2 : reserved;
    whose = fits ? "the store's memory limit" : "its reservation of address space";
  }
  return wh_error_limit(
      store->alloc, limit, "a memory of %llu pages cannot grow by %llu: %s is %llu pages",
      (unsigned long long)now, (unsigned long long)pages, whose, (unsigned long long)most);
}

wherry_error_t *wherry_memory_grow(wherry_store_t *store, wherry_memory_t value, uint64_t pages,
                                   uint64_t *previous) {
  wh_memory_t *memory;
  wherry_error_t *error = wh_find_memory(store, value, &memory);
  if (error) return error;
  uint64_t before;
  const char *limit;
  if (!wh_memory_enlarge(memory, pages, &before, &limit))
    return limit ? cannot_grow(store, memory, before, pages, limit) : wh_error_oom();
  if (previous) *previous = before;
  return NULL;
}

wherry_error_t *wherry_memory_limits(wherry_store_t *store, wherry_memory_t value, uint64_t *size,
                                     uint64_t *maximum) {
  wh_memory_t *memory;
  wherry_error_t *error = wh_find_memory(store, value, &memory);
  if (error) return error;
  *size = wh_memory_pages(memory);
  *maximum = memory->limits.maximum;
  return NULL;
}

wherry_error_t *wherry_memory_page_size(wherry_store_t *store, wherry_memory_t value,
                                        uint64_t *bytes) {
  wh_memory_t *memory;
  wherry_error_t *error = wh_find_memory(store, value, &memory);
  if (!error) *bytes = UINT64_C(1) << memory->page_log2;
  return error;
}

static wherry_error_t *find_range(wherry_store_t *store, wherry_memory_t value, uint64_t address,
                                  size_t size, uint8_t **out) {
  wh_memory_t *memory;
  wherry_error_t *error = wh_find_memory(store, value, &memory);
  if (error) return error;
  uint64_t all = wh_memory_size(memory);
  if (size > all || address > all - size)
    return wh_error_new(store->alloc, WHERRY_ERROR_RANGE,
                        "%zu bytes at %llu lie outside a memory of %llu bytes", size,
                        (unsigned long long)address, (unsigned long long)all);
  *out = memory->base + address;
  return NULL;
}

wherry_error_t *wherry_memory_read(wherry_store_t *store, wherry_memory_t value, uint64_t address,
                                   void *bytes, size_t size) {
  uint8_t *from = NULL;
  wherry_error_t *error = find_range(store, value, address, size, &from);
  if (!error && size) memcpy(bytes, from, size);
  return error;
}

wherry_error_t *wherry_memory_write(wherry_store_t *store, wherry_memory_t value, uint64_t address,
                                    const void *bytes, size_t size) {
  uint8_t *to = NULL;
  wherry_error_t *error = find_range(store, value, address, size, &to);
  if (!error && size) memcpy(to, bytes, size);
  return error;
}
