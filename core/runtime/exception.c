/* Tags and exceptions. A tag is one by where it was made: each instance has tags of its own. */
#include "runtime/runtime.h"

const wherry_functype_t *wh_tag_functype(const wherry_store_t *store, uint64_t tag) {
  const wh_instance_t *instance = wh_reference_instance(store, tag);
  if (!instance) return store->host_tags.items[(uint32_t)tag];
  const wherry_module_t *module = instance->module;
  return &module->rtypes[module->model->tags.items[(uint32_t)tag]]->func;
}

wherry_error_t *wh_host_tag_make(wherry_store_t *store, const wherry_functype_t *type,
                                 uint64_t *tag) {
  if (type->result_count)
    return wh_error_new(store->alloc, WHERRY_ERROR_TYPE,
                        "a tag's type has no results, but this one has %u", type->result_count);
  const wherry_functype_t *own;
  wherry_error_t *error = wh_engine_type(store->engine, type, &own);
  if (error) return error;
  if ((!store->host_tags.count && !wh_vec_push(store->alloc, &store->host_tags, NULL)) ||
      !wh_vec_push(store->alloc, &store->host_tags, own))
    return wh_error_oom();
  *tag = store->host_tags.count - 1;
  return NULL;
}

/* ---- as errors ---- */

/* "tag 3", or by what it is exported as. */
static void print_tag(wh_text_t *text, const wherry_store_t *store, uint64_t tag) {
  const wh_instance_t *instance = wh_reference_instance(store, tag);
  uint32_t index = (uint32_t)tag;
  wh_text_printf(text, "tag ");
  if (!instance) {
    wh_text_printf(text, "%u of the host", index);
    return;
  }
  const wh_model_t *model = instance->module->model;
  for (size_t i = 0; i < model->exports.count; i++) {
    const wh_export_t *export = &model->exports.items[i];
    if (export->kind != WHERRY_EXTERN_TAG || export->index != index) continue;
    wh_text_name(text, (const char *)export->name.data, export->name.size);
    return;
  }
  wh_text_printf(text, "%u", index);
}

static void print_value(wh_text_t *text, const wherry_value_t *value) {
  switch (value->type) {
  case WHERRY_I32: wh_text_printf(text, "i32 %d", (int)value->of.i32); break;
  case WHERRY_I64: wh_text_printf(text, "i64 %lld", (long long)value->of.i64); break;
  case WHERRY_F32: wh_text_printf(text, "f32 %.9g", (double)value->of.f32); break;
  case WHERRY_F64: wh_text_printf(text, "f64 %.17g", value->of.f64); break;
  default: wh_print_valtype(text, value->type);
  }
}

enum { PRINTED_VALUES = 8 };

/* Of an error without tag and values: where they are printed it gets its message. */
static wherry_error_t *make_error(wherry_store_t *store, uint64_t tag, const wherry_value_t *values,
                                  size_t count) {
  wh_text_t text = {.alloc = store->alloc};
  wh_text_printf(&text, "an exception of ");
  print_tag(&text, store, tag);
  wh_text_printf(&text, " was not caught");
  for (size_t i = 0; i < count && i < PRINTED_VALUES; i++) {
    wh_text_printf(&text, i ? ", " : ": (");
    print_value(&text, &values[i]);
  }
  if (count) wh_text_printf(&text, count > PRINTED_VALUES ? ", …)" : ")");
  wherry_error_t *error = text.failed
                              ? wh_error_oom()
                              : wh_error_new(store->alloc, WHERRY_ERROR_EXCEPTION, "%s", text.data);
  wh_text_free(&text);
  return error;
}

static bool has_handle(const wherry_value_t *value) {
  return wh_is_ref(value->type) && value->type != WHERRY_FUNCREF;
}

static void end_values(wherry_error_t *error) {
  wherry_store_t *store = error->store;
  for (size_t i = 0; i < error->value_count; i++)
    if (has_handle(&error->values[i])) wh_handle_end(store, error->values[i].of.ref);
  *error->link = error->next;
  if (error->next) error->next->link = error->link;
}

void wh_exceptions_forget(wherry_store_t *store) {
  for (wherry_error_t *error = store->exceptions; error; error = error->next)
    error->end_values = NULL;
  store->exceptions = NULL;
}

/* The values get handles of the error's own: it may go further than the call that made it. */
static wherry_error_t *keep_values(wherry_store_t *store, wherry_error_t *error) {
  wherry_error_t *failure = NULL;
  bool handles = false;
  for (size_t i = 0; i < error->value_count; i++) {
    wherry_value_t *value = &error->values[i];
    uint64_t word = 0;
    if (!has_handle(value)) continue;
    handles = true;
    if (!failure) failure = wh_handle_word(store, value->of.ref, &word);
    value->of.ref = wh_handle_new(store, word, true); /* of null where it failed */
  }
  if (handles) {
    error->store = store;
    error->end_values = end_values;
    error->next = store->exceptions;
    error->link = &store->exceptions;
    if (error->next) error->next->link = &error->next;
    store->exceptions = error;
  }
  return failure;
}

static wherry_error_t *with_values(wherry_store_t *store, uint64_t tag,
                                   const wherry_value_t *values, size_t count) {
  wherry_error_t *error = make_error(store, tag, values, count);
  if (error->kind != WHERRY_ERROR_EXCEPTION) return error;
  wherry_error_t *failure = wh_error_oom();
  if (wh_error_set_values(error, values, count)) failure = keep_values(store, error);
  if (failure) {
    wherry_error_release(error);
    return failure;
  }
  error->tag = (wherry_tag_t) {store->id, tag};
  return error;
}

enum { SMALL_VALUES = 8 };

wherry_error_t *wh_exception_error(wherry_store_t *store, uint64_t tag, const uint64_t *slots) {
  const wherry_functype_t *type = wh_tag_functype(store, tag);
  size_t count = type->param_count;
  wherry_value_t small[SMALL_VALUES] = {0}, *values = small;
  if (count > SMALL_VALUES && !(values = wh_alloc_array(store->alloc, count, sizeof *values)))
    return wh_error_oom();
  for (size_t i = 0; i < count; i++) {
    values[i] = wh_value_from_slot(store, slots, type->types[i]);
    slots += wh_type_slots(type->types[i]);
  }
  wherry_error_t *error = with_values(store, tag, values, count);
  for (size_t i = 0; i < count; i++)
    if (has_handle(&values[i])) wh_handle_end(store, values[i].of.ref);
  if (values != small) wh_free(store->alloc, values, count * sizeof *values);
  return error;
}

wherry_error_t *wh_exception_new_error(wherry_store_t *store, uint64_t tag,
                                       const wherry_value_t *values, size_t count) {
  const wherry_functype_t *type = wh_tag_functype(store, tag);
  if (count != type->param_count)
    return wh_error_new(store->alloc, WHERRY_ERROR_TYPE,
                        "an exception of this tag has %u values, but %zu were given",
                        type->param_count, count);
  for (size_t i = 0; i < count; i++) {
    uint64_t slots[2];
    wherry_error_t *error = wh_value_to_slot(store, &values[i], type->types[i], slots);
    if (!error) continue;
    wh_error_prefix(error, "value %zu of an exception: ", i + 1);
    return error;
  }
  return with_values(store, tag, values, count);
}

wherry_error_t *wh_exception_take(wherry_store_t *store, const wherry_error_t *error,
                                  uint64_t *slots) {
  const wherry_functype_t *type = wh_tag_functype(store, error->tag.index);
  for (size_t i = 0; i < type->param_count; i++) {
    wherry_error_t *failure = wh_value_to_slot(store, &error->values[i], type->types[i], slots);
    if (failure) return failure;
    slots += wh_type_slots(type->types[i]);
  }
  return NULL;
}

/* ---- as objects ---- */

wherry_error_t *wh_exception_make(wherry_store_t *store, uint64_t tag, const uint64_t *values,
                                  uint64_t *reference) {
  const wherry_functype_t *type = wh_tag_functype(store, tag);
  wh_exception_t *exception = wh_gc_new_exception(store, wh_rtype_of_func(type), tag);
  if (!exception) return wh_gc_error(store);
  uint32_t slots = wh_param_slots(type);
  if (slots) memcpy(exception->slots, values, slots * sizeof *values);
  *reference = wh_object_ref(exception);
  return NULL;
}

static const wh_exception_t *exception_of(uint64_t reference) {
  return (const wh_exception_t *)(const void *)wh_ref_object(reference);
}

uint64_t wh_exception_tag(uint64_t reference) { return exception_of(reference)->tag; }

const uint64_t *wh_exception_values(uint64_t reference) { return exception_of(reference)->slots; }
