/* The public functions of table.h. */
#include "api/api.h"

wherry_error_t *wherry_table_new(wherry_store_t *store, wherry_valtype_t element, uint64_t minimum,
                                 uint64_t maximum, const wherry_value_t *initial,
                                 wherry_table_t *out) {
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = api_check_type(store, element);
  if (error) return error;
  if (!wh_is_ref(element))
    return wh_error_new(store->alloc, WHERRY_ERROR_TYPE, "a table holds references, not %s",
                        wherry_valtype_name(element));
  if (!initial && !wh_ref_is_nullable(element))
    return wh_error_new(store->alloc, WHERRY_ERROR_TYPE,
                        "a table of references that may not be null needs an initial value");
  if (minimum > maximum)
    return wh_error_new(store->alloc, WHERRY_ERROR_RANGE,
                        "a table's minimum of %llu elements is above its maximum of %llu",
                        (unsigned long long)minimum, (unsigned long long)maximum);
  uint64_t slot = 0;
  if (initial) error = wh_value_to_slot(store, initial, element, &slot);
  if (error) return error;
  wh_table_type_t type = {.element = element, .limits = {.minimum = minimum, .maximum = maximum}};
  wh_table_t *table;
  error = wh_table_make(store, &type, slot, &table);
  if (error) return error;
  error = wh_host_table_add(store, table);
  if (error) {
    wh_table_release(store, table);
    return error;
  }
  *out = (wherry_table_t) {store->id, table->self};
  return NULL;
}

wherry_error_t *wherry_table_type(wherry_store_t *store, wherry_table_t value,
                                  wherry_valtype_t *element, uint64_t *maximum) {
  wh_table_t *table;
  wherry_error_t *error = wh_find_table(store, value, &table);
  if (error) return error;
  *element = table->type;
  *maximum = table->limits.maximum;
  return NULL;
}

wherry_error_t *wherry_table_size(wherry_store_t *store, wherry_table_t value, uint64_t *size) {
  wh_table_t *table;
  wherry_error_t *error = wh_find_table(store, value, &table);
  if (!error) *size = table->size;
  return error;
}

static wherry_error_t *find_element(wherry_store_t *store, wherry_table_t value, uint64_t index,
                                    wh_table_t **out) {
  wherry_error_t *error = wh_find_table(store, value, out);
  if (error) return error;
  if (index < (*out)->size) return NULL;
  return wh_error_new(store->alloc, WHERRY_ERROR_RANGE,
                      "index %llu is past the end of a table of %llu elements",
                      (unsigned long long)index, (unsigned long long)(*out)->size);
}

wherry_error_t *wherry_table_get(wherry_store_t *store, wherry_table_t value, uint64_t index,
                                 wherry_value_t *out) {
  wh_table_t *table;
  wherry_error_t *error = find_element(store, value, index, &table);
  if (!error) *out = wh_value_from_slot(store, &table->elements[index], table->type);
  return error;
}

wherry_error_t *wherry_table_set(wherry_store_t *store, wherry_table_t value, uint64_t index,
                                 const wherry_value_t *element) {
  wh_table_t *table;
  wherry_error_t *error = find_element(store, value, index, &table);
  return error ? error : wh_value_to_slot(store, element, table->type, &table->elements[index]);
}

wherry_error_t *wherry_table_grow(wherry_store_t *store, wherry_table_t value, uint64_t elements,
                                  const wherry_value_t *element, uint64_t *previous) {
  wh_table_t *table;
  uint64_t slot;
  wherry_error_t *error = wh_find_table(store, value, &table);
  if (!error) error = wh_value_to_slot(store, element, table->type, &slot);
  if (error) return error;
  uint64_t before = table->size;
  const char *limit;
  if (!wh_table_enlarge(store, table, elements, slot, &limit)) {
    if (!limit) return wh_error_oom();
    return wh_error_limit(store->alloc, limit,
                          "cannot grow a table of %llu elements by %llu: the most is its maximum, "
                          "%d, or the store's limit",
                          (unsigned long long)before, (unsigned long long)elements,
                          WH_MAX_TABLE_ELEMENTS);
  }
  if (previous) *previous = before;
  return NULL;
}
