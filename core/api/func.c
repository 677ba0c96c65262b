/* The public functions of func.h. */
#include "api/api.h"

enum { SMALL_SLOTS = 16 };

wherry_error_t *wherry_func_new(wherry_store_t *store, const wherry_functype_t *type,
                                wherry_callback_t callback, void *data,
                                wherry_finalizer_t finalizer, wherry_func_t *out) {
  wh_host_func_t like = {.callback = callback, .data = data, .finalizer = finalizer};
  uint64_t reference;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = wh_host_func_make(store, type, &like, &reference);
  if (!error) *out = (wherry_func_t) {store->id, reference};
  return error;
}

wherry_error_t *wherry_func_new_slots(wherry_store_t *store, const wherry_functype_t *type,
                                      wherry_slot_callback_t callback, bool stepped, void *data,
                                      wherry_finalizer_t finalizer, wherry_func_t *out) {
  wh_host_func_t like = {
      .slot_callback = callback, .stepped = stepped, .data = data, .finalizer = finalizer};
  uint64_t reference;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = wh_host_func_make(store, type, &like, &reference);
  if (!error) *out = (wherry_func_t) {store->id, reference};
  return error;
}

wherry_error_t *wherry_func_type(wherry_store_t *store, wherry_func_t func,
                                 const wherry_functype_t **out) {
  uint64_t reference;
  return wh_find_func(store, func, &reference, out);
}

wherry_error_t *wherry_func_describe(wherry_store_t *store, wherry_func_t func, uint32_t *index,
                                     const char **name) {
  uint64_t reference;
  wherry_error_t *error = wh_find_func(store, func, &reference, NULL);
  if (error) return error;
  const char *found = NULL;
  wh_instance_t *instance = wh_reference_instance(store, reference);
  if (instance) {
    error = wh_module_function_name(instance->module, (uint32_t)reference, &found);
    if (error) return error;
  }
  *index = (uint32_t)reference;
  *name = found;
  return NULL;
}

void *wherry_func_data(wherry_store_t *store, wherry_func_t func) {
  uint64_t reference;
  wherry_error_t *error = wh_find_func(store, func, &reference, NULL);
  if (error) {
    wherry_error_release(error);
    return NULL;
  }
  return reference >> 32 ? NULL : wh_reference_host(store, reference)->data;
}

/* Puts the function's name, where it has one, before a message about its arguments. */
static WH_COLD wherry_error_t *about(wherry_store_t *store, uint64_t reference,
                                     wherry_error_t *error) {
  wh_instance_t *instance = wh_reference_instance(store, reference);
  if (!instance) return error;
  wherry_bytes_t name = wh_model_function_name(instance->module->model, (uint32_t)reference);
  if (!name.data) return error;
  wh_text_t text = {.alloc = store->alloc};
  wh_link_name(&text, name);
  if (!text.failed) wh_error_prefix(error, "%s(): ", text.data);
  wh_text_free(&text);
  return error;
}

static WH_COLD wherry_error_t *wrong_count(wherry_store_t *store, uint64_t reference,
                                           const wherry_functype_t *type, const char *what,
                                           size_t wanted, size_t given) {
  wh_text_t text = {.alloc = store->alloc};
  wh_print_functype(&text, type);
  wherry_error_t *error =
      text.failed ? wh_error_oom()
                  : wh_error_new(store->alloc, WHERRY_ERROR_TYPE,
                                 "expected %zu %s%s, got %zu; the function's type is %s", wanted,
                                 what, wanted == 1 ? "" : "s", given, text.data);
  wh_text_free(&text);
  return about(store, reference, error);
}

wherry_error_t *wherry_func_call(wherry_store_t *store, wherry_func_t func,
                                 const wherry_value_t *args, size_t arg_count,
                                 wherry_value_t *results, size_t result_count) {
  uint64_t reference;
  const wherry_functype_t *type;
  wh_externs_finalize(store);
  wherry_error_t *error = wh_find_func(store, func, &reference, &type);
  if (error) return error;
  if (arg_count != type->param_count)
    return wrong_count(store, reference, type, "argument", type->param_count, arg_count);
  if (result_count < type->result_count)
    return wrong_count(store, reference, type, "result", type->result_count, result_count);

  uint64_t small[SMALL_SLOTS];
  uint64_t *slots = small;
  size_t params = wh_param_slots(type), count = wh_result_slots(type);
  if (count < params) count = params;
  wh_alloc_t *alloc = store->alloc;
  wherry_engine_t *engine = store->engine;
  if (count > SMALL_SLOTS) {
    slots = wh_alloc_array(alloc, count, sizeof *slots);
    if (!slots) return wh_error_oom();
    wh_engine_retain(engine); /* whose allocator it is: the call may end the store */
  }
  uint64_t *slot = slots;
  for (size_t i = 0; i < arg_count && !error; i++) {
    error = wh_value_to_slot(store, &args[i], type->types[i], slot);
    slot += wh_type_slots(type->types[i]);
    if (error) {
      wh_error_prefix(error, "argument %zu: ", i + 1);
      about(store, reference, error);
    }
  }
  if (!error) {
    store->references++;
    error = wh_call(store, reference, slots);
    if (!error && store->closed) {
      /* The type may have gone with the store's modules. */
      error = wh_store_check(store);
    } else if (!error) {
      const wherry_valtype_t *types = type->types + type->param_count;
      slot = slots;
      for (size_t i = 0; i < type->result_count; i++) {
        results[i] = wh_value_from_slot(store, slot, types[i]);
        slot += wh_type_slots(types[i]);
      }
    }
    wh_store_release(store);
  }
  if (slots != small) {
    wh_free(alloc, slots, count * sizeof *slots);
    wh_engine_release(engine);
  }
  return error;
}

wherry_error_t *wherry_func_call_slots(wherry_store_t *store, wherry_func_t func,
                                       wherry_slot_t *slots) {
  uint64_t reference = func.index;
  wh_externs_finalize(store);
  if (WH_UNLIKELY(!wh_is_own_func(store, func))) {
    wherry_error_t *error = wh_find_func(store, func, &reference, NULL);
    if (error) return error;
  }
  return wh_call(store, reference, &slots->u64);
}

wherry_store_t *wherry_caller_store(wherry_caller_t *caller) { return caller->store; }

wherry_instance_t wherry_caller_instance(wherry_caller_t *caller) {
  wherry_instance_t instance = {0, 0};
  if (caller->instance && !caller->store->ended) {
    instance.store = caller->store->id;
    instance.index = (uint64_t)caller->instance->id << 32;
  }
  return instance;
}

static WH_COLD wherry_error_t *no_guest(wherry_caller_t *caller) {
  return wh_error_new(caller->store->alloc, WHERRY_ERROR_UNLINKABLE,
                      "the function was called by the host, not by a guest");
}

wherry_error_t *wherry_caller_memory(wherry_caller_t *caller, wherry_memory_t *out) {
  wherry_error_t *error = wh_store_check(caller->store);
  if (error) return error;
  const wh_instance_t *instance = caller->instance;
  if (!instance) return no_guest(caller);
  if (!instance->module->model->memories.count)
    return wh_error_new(caller->store->alloc, WHERRY_ERROR_UNLINKABLE,
                        "the calling module has no memory");
  *out = (wherry_memory_t) {caller->store->id, instance->memories[0]->self};
  return NULL;
}

wherry_error_t *wherry_caller_export(wherry_caller_t *caller, const char *name, size_t name_size,
                                     wherry_extern_t *out) {
  wherry_error_t *error = wh_store_check(caller->store);
  if (error) return error;
  if (!caller->instance) return no_guest(caller);
  if (wh_instance_lookup(caller->instance, name, name_size, out)) return NULL;
  return wh_no_export(caller->instance, name, name_size);
}
