/* Tables of references. */
#include "runtime/runtime.h"

wherry_error_t *wh_table_make(wherry_store_t *store, const wh_table_type_t *type, uint64_t initial,
                              wh_table_t **out) {
  uint64_t size = type->limits.minimum;
  if (size > WH_MAX_TABLE_ELEMENTS)
    return wh_error_limit(store->alloc, "table", "a table of %llu elements is too large",
                          (unsigned long long)size);
  if (size > store->table_limit || store->table_used > store->table_limit - size)
    return wh_error_limit(store->alloc, "table",
                          "a table of %llu elements would exceed the store's limit of %llu "
                          "elements (%llu are in use)",
                          (unsigned long long)size, (unsigned long long)store->table_limit,
                          (unsigned long long)store->table_used);
  wh_table_t *table = WH_NEW(store->alloc, wh_table_t);
  if (!table) return wh_error_oom();
  if (size) {
    table->elements = wh_alloc_zeroed(store->alloc, (size_t)size * sizeof(uint64_t));
    if (!table->elements) {
      WH_DELETE(store->alloc, table);
      return wh_error_oom();
    }
    if (initial)
      for (uint64_t i = 0; i < size; i++) table->elements[i] = initial;
  }
  table->size = table->capacity = size;
  table->type = type->element;
  table->is64 = type->is64;
  table->limits = type->limits;
  store->table_used += size;
  *out = table;
  return NULL;
}

void wh_table_release(wherry_store_t *store, wh_table_t *table) {
  if (!table) return;
  store->table_used -= table->size;
  wh_free(store->alloc, table->elements, (size_t)table->capacity * sizeof(uint64_t));
  WH_DELETE(store->alloc, table);
}

bool wh_table_enlarge(wherry_store_t *store, wh_table_t *table, uint64_t more, uint64_t value,
                      const char **limit) {
  const char *ignored;
  if (!limit) limit = &ignored;
  *limit = "table";
  if (more > WH_MAX_TABLE_ELEMENTS || table->size + more > WH_MAX_TABLE_ELEMENTS ||
      table->size + more > table->limits.maximum)
    return false;
  if (more > store->table_limit || store->table_used > store->table_limit - more) return false;
  *limit = NULL;
  uint64_t size = table->size + more;
  if (size > table->capacity) {
    uint64_t capacity = table->capacity * 2;
    if (capacity < size) capacity = size;
    if (capacity > table->limits.maximum) capacity = table->limits.maximum;
    uint64_t *elements =
        wh_realloc(store->alloc, table->elements, (size_t)table->capacity * sizeof(uint64_t),
                   (size_t)capacity * sizeof(uint64_t));
    if (!elements) return false;
    table->elements = elements;
    table->capacity = capacity;
  }
  for (uint64_t i = table->size; i < size; i++) table->elements[i] = value;
  table->size = size;
  store->table_used += more;
  return true;
}
