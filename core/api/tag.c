/* The public functions of tag.h. */
#include "runtime/runtime.h"

wherry_error_t *wherry_tag_new(wherry_store_t *store, const wherry_functype_t *type,
                               wherry_tag_t *out) {
  uint64_t tag;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = wh_host_tag_make(store, type, &tag);
  if (!error) *out = (wherry_tag_t) {store->id, tag};
  return error;
}

wherry_error_t *wherry_tag_type(wherry_store_t *store, wherry_tag_t value,
                                const wherry_functype_t **out) {
  uint64_t tag;
  wherry_error_t *error = wh_find_tag(store, value, &tag);
  if (!error) *out = wh_tag_functype(store, tag);
  return error;
}

wherry_error_t *wherry_error_new_exception(wherry_store_t *store, wherry_tag_t value,
                                           const wherry_value_t *values, size_t count) {
  uint64_t tag;
  wherry_error_t *error = wh_find_tag(store, value, &tag);
  return error ? error : wh_exception_new_error(store, tag, values, count);
}

wherry_tag_t wherry_error_tag(const wherry_error_t *error) { return error->tag; }

size_t wherry_error_value_count(const wherry_error_t *error) { return error->value_count; }

wherry_value_t wherry_error_value(const wherry_error_t *error, size_t index) {
  wherry_value_t none;
  memset(&none, 0, sizeof none);
  return index < error->value_count ? error->values[index] : none;
}
