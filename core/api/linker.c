/* The public functions of linker.h. */
#include "api/api.h"

wherry_error_t *wherry_linker_new(wherry_engine_t *engine, wherry_linker_t **out) {
  return wh_linker_make(engine, out);
}

void wherry_linker_retain(wherry_linker_t *linker) { wh_linker_retain(linker); }
void wherry_linker_release(wherry_linker_t *linker) { wh_linker_release(linker); }

wherry_error_t *wherry_linker_define(wherry_linker_t *linker, const char *module,
                                     size_t module_size, const char *name, size_t name_size,
                                     const wherry_extern_t *item) {
  return wh_linker_define(linker, api_bytes(module, module_size), api_bytes(name, name_size), item);
}

wherry_error_t *wherry_linker_define_func(wherry_linker_t *linker, const char *module,
                                          size_t module_size, const char *name, size_t name_size,
                                          const wherry_functype_t *type, wherry_callback_t callback,
                                          void *data, wherry_finalizer_t finalizer) {
  wh_host_func_t like = {.callback = callback, .data = data, .finalizer = finalizer};
  return wh_linker_define_func(linker, api_bytes(module, module_size), api_bytes(name, name_size),
                               type, &like);
}

wherry_error_t *wherry_linker_define_instance(wherry_linker_t *linker, wherry_store_t *store,
                                              const char *module, size_t module_size,
                                              wherry_instance_t value) {
  wh_instance_t *instance;
  wherry_error_t *error = wh_find_instance(store, value, &instance);
  if (error) return error;
  const wh_model_t *model = instance->module->model;
  for (size_t i = 0; i < model->exports.count && !error; i++) {
    wherry_extern_t item = wh_instance_export(instance, i);
    error = wh_linker_define(linker, api_bytes(module, module_size), model->exports.items[i].name,
                             &item);
  }
  return error;
}

wherry_error_t *wherry_linker_get(wherry_linker_t *linker, wherry_store_t *store,
                                  const char *module, size_t module_size, const char *name,
                                  size_t name_size, wherry_extern_t *out) {
  return wh_linker_get(linker, store, api_bytes(module, module_size), api_bytes(name, name_size),
                       out);
}

wherry_error_t *wherry_linker_instantiate(wherry_linker_t *linker, wherry_store_t *store,
                                          wherry_module_t *module, wherry_instance_t *out) {
  wh_instance_t *instance;
  wherry_error_t *error = wh_linker_instantiate(linker, store, module, &instance);
  if (!error) *out = (wherry_instance_t) {store->id, (uint64_t)instance->id << 32};
  return error;
}
