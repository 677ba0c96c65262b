/* The public functions of instance.h. */
#include "api/api.h"

wherry_error_t *wherry_instance_new(wherry_store_t *store, wherry_module_t *module,
                                    const wherry_extern_t *imports, size_t import_count,
                                    wherry_instance_t *out) {
  wh_instance_t *instance;
  wherry_error_t *error = wh_instantiate(store, module, imports, import_count, &instance);
  if (!error) *out = (wherry_instance_t) {store->id, (uint64_t)instance->id << 32};
  return error;
}

wherry_error_t *wherry_instance_module(wherry_store_t *store, wherry_instance_t value,
                                       wherry_module_t **out) {
  wh_instance_t *instance;
  wherry_error_t *error = wh_store_check(store);
  if (error) return error;
  if (!value.store && !value.index) {
    *out = NULL;
    return NULL;
  }
  error = wh_find_instance(store, value, &instance);
  if (!error) *out = instance->module;
  return error;
}

wherry_error_t *wherry_instance_export(wherry_store_t *store, wherry_instance_t value, size_t index,
                                       wherry_extern_t *out) {
  wh_instance_t *instance;
  wherry_error_t *error = wh_find_instance(store, value, &instance);
  if (error) return error;
  size_t count = instance->module->model->exports.count;
  if (index >= count)
    return wh_error_new(store->alloc, WHERRY_ERROR_RANGE,
                        "the module has %zu exports, so there is none with index %zu", count,
                        index);
  *out = wh_instance_export(instance, index);
  return NULL;
}

wherry_error_t *wherry_instance_find(wherry_store_t *store, wherry_instance_t value,
                                     const char *name, size_t name_size, wherry_extern_t *out) {
  wh_instance_t *instance;
  wherry_error_t *error = wh_find_instance(store, value, &instance);
  if (error) return error;
  if (wh_instance_lookup(instance, name, name_size, out)) return NULL;
  return wh_no_export(instance, name, name_size);
}
