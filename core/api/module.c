/* The public functions of module.h. */
#include "api/api.h"

wherry_error_t *wherry_module_new(wherry_engine_t *engine, const uint8_t *bytes, size_t size,
                                  wherry_module_t **out) {
  return wh_module_make(engine, bytes, size, out);
}

void wherry_module_retain(wherry_module_t *module) { wh_module_retain(module); }
void wherry_module_release(wherry_module_t *module) { wh_module_release(module); }

wherry_error_t *wherry_module_validate(wherry_engine_t *engine, const uint8_t *bytes, size_t size) {
  return wh_module_make(engine, bytes, size, NULL);
}

wherry_bytes_t wherry_module_bytes(const wherry_module_t *module) {
  return (wherry_bytes_t) {module->model->bytes, module->model->size};
}

const char *wherry_module_name(const wherry_module_t *module) { return module->model->name_text; }

size_t wherry_module_import_count(const wherry_module_t *module) {
  return module->model->imports.count;
}

wherry_bytes_t wherry_module_import_module(const wherry_module_t *module, size_t index) {
  return module->model->imports.items[index].module;
}

wherry_bytes_t wherry_module_import_name(const wherry_module_t *module, size_t index) {
  return module->model->imports.items[index].name;
}

const wherry_externtype_t *wherry_module_import_type(const wherry_module_t *module, size_t index) {
  return &module->model->imports.items[index].type;
}

size_t wherry_module_export_count(const wherry_module_t *module) {
  return module->model->exports.count;
}

wherry_bytes_t wherry_module_export_name(const wherry_module_t *module, size_t index) {
  return module->model->exports.items[index].name;
}

const wherry_externtype_t *wherry_module_export_type(const wherry_module_t *module, size_t index) {
  return &module->model->exports.items[index].type;
}

size_t wherry_module_find_export(const wherry_module_t *module, const char *name,
                                 size_t name_size) {
  uint64_t place;
  return wh_map_get(&module->model->export_map, name, name_size, &place) ? (size_t)place : SIZE_MAX;
}

size_t wherry_module_custom_section_count(const wherry_module_t *module) {
  return module->model->customs.count;
}

wherry_bytes_t wherry_module_custom_section_name(const wherry_module_t *module, size_t index) {
  return module->model->customs.items[index].name;
}

wherry_bytes_t wherry_module_custom_section(const wherry_module_t *module, size_t index) {
  return module->model->customs.items[index].bytes;
}

size_t wherry_module_find_custom_section(const wherry_module_t *module, const char *name,
                                         size_t name_size) {
  for (size_t i = 0; i < module->model->customs.count; i++) {
    const wh_custom_t *custom = &module->model->customs.items[i];
    if (custom->name.size == name_size && memcmp(custom->name.data, name, name_size) == 0) return i;
  }
  return SIZE_MAX;
}

uint64_t wherry_module_features(const wherry_module_t *module) {
  return wh_model_features(module->model);
}

size_t wherry_module_function_count(const wherry_module_t *module) {
  return module->model->functions.count - module->model->imported_functions;
}

size_t wherry_module_compiled_count(const wherry_module_t *module) {
  return (size_t)atomic_load_explicit(&((wherry_module_t *)(uintptr_t)module)->compiled_count,
                                      memory_order_relaxed);
}
