/* interface.h: what a module says of itself in WIT, and the calls that follow it. */
#include "canon/canon.h"

/* ---- worlds and functions ---- */

wherry_error_t *wherry_module_world(wherry_module_t *module, const wherry_world_t **out) {
  return wh_module_world(module, out);
}

const char *wherry_world_name(const wherry_world_t *world) { return world->name; }
size_t wherry_world_export_count(const wherry_world_t *world) { return world->exports.count; }
const wherry_witfunc_t *wherry_world_export(const wherry_world_t *world, size_t index) {
  return index < world->exports.count ? world->exports.items[index] : NULL;
}
size_t wherry_world_import_count(const wherry_world_t *world) { return world->imports.count; }
const wherry_witfunc_t *wherry_world_import(const wherry_world_t *world, size_t index) {
  return index < world->imports.count ? world->imports.items[index] : NULL;
}
size_t wherry_world_type_count(const wherry_world_t *world) { return world->types.count; }

const char *wherry_witfunc_name(const wherry_witfunc_t *func) { return func->name; }
const char *wherry_witfunc_interface(const wherry_witfunc_t *func) { return func->interface; }
const char *wherry_witfunc_core_name(const wherry_witfunc_t *func) { return func->core_name; }
size_t wherry_witfunc_param_count(const wherry_witfunc_t *func) {
  return func->params->field_count;
}
const char *wherry_witfunc_param_name(const wherry_witfunc_t *func, size_t index) {
  return wherry_type_field_name(func->params, index);
}
const wherry_type_t *wherry_witfunc_param_type(const wherry_witfunc_t *func, size_t index) {
  return wherry_type_field_type(func->params, index);
}
const wherry_type_t *wherry_witfunc_result(const wherry_witfunc_t *func) { return func->result; }

/* ---- types ---- */

wherry_type_kind_t wherry_type_kind(const wherry_type_t *type) { return type->kind; }
const char *wherry_type_kind_name(wherry_type_kind_t kind) { return wh_type_kind_name(kind); }
size_t wherry_type_index(const wherry_type_t *type) { return type->index; }
const char *wherry_type_name(const wherry_type_t *type) {
  return type->resource ? type->resource->name : type->name;
}
const wherry_type_t *wherry_type_element(const wherry_type_t *type) { return type->element; }
size_t wherry_type_field_count(const wherry_type_t *type) { return type->field_count; }
const char *wherry_type_field_name(const wherry_type_t *type, size_t index) {
  return index < type->field_count ? type->fields[index].name : NULL;
}
const wherry_type_t *wherry_type_field_type(const wherry_type_t *type, size_t index) {
  return index < type->field_count ? type->fields[index].type : NULL;
}

size_t wherry_type_print(const wherry_type_t *type, char *text, size_t size) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_text_t whole = {.alloc = &alloc};
  wh_type_print(type, &whole);
  size_t length = whole.failed ? 0 : whole.size;
  if (size) {
    size_t kept = length < size ? length : size - 1;
    if (kept) memcpy(text, whole.data, kept);
    text[kept] = 0;
  }
  wh_text_free(&whole);
  return length;
}

/* ---- calls ---- */

wherry_error_t *wherry_lifted_new(wherry_store_t *store, wherry_instance_t instance,
                                  const wherry_witfunc_t *func, wherry_lifted_t **out) {
  wh_instance_t *found;
  const wherry_world_t *world;
  wherry_error_t *error = wh_find_instance(store, instance, &found);
  if (!error) error = wh_module_world(found->module, &world);
  if (error) return error;
  /* It must live as long as the instance does. */
  if (!world || func->index >= world->exports.count || world->exports.items[func->index] != func)
    return wh_error_new(store->alloc, WHERRY_ERROR_STATE,
                        "%s() belongs to the world of another module", func->name);
  return wh_lifted_make(found, func, out);
}

const wherry_witfunc_t *wherry_lifted_func(const wherry_lifted_t *lifted) {
  return wh_lifted_func(lifted);
}
wherry_func_t wherry_lifted_core(const wherry_lifted_t *lifted) { return wh_lifted_core(lifted); }

wherry_error_t *wherry_lifted_call(wherry_lifted_t *lifted, const wherry_host_values_t *host,
                                   void *context, const wherry_host_value_t *args, size_t arg_count,
                                   wherry_host_value_t *result) {
  return wh_lifted_call(lifted, host, context, args, arg_count, result);
}

_Static_assert(sizeof(wherry_slot_t) == sizeof(uint64_t), "a slot is 8 bytes");

wherry_error_t *wherry_lifted_lower(wherry_lifted_t *lifted, const wherry_host_values_t *host,
                                    void *context, const wherry_host_value_t *args,
                                    size_t arg_count, wherry_slot_t *slots) {
  return wh_lifted_lower(lifted, host, context, args, arg_count, &slots->u64);
}
wherry_error_t *wherry_lifted_lift(wherry_lifted_t *lifted, const wherry_host_values_t *host,
                                   void *context, wherry_slot_t *slots,
                                   wherry_host_value_t *result) {
  return wh_lifted_lift(lifted, host, context, &slots->u64, result);
}
void wherry_lifted_abandon(wherry_lifted_t *lifted) { wh_lifted_abandon(lifted); }
