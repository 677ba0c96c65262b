/* The public functions of types.h. Function types that a host makes belong to no engine, so they come
   from the C library's memory. */
#include "model/model.h"

static size_t block_size(size_t count) {
  return sizeof(wherry_functype_t) + count * sizeof(wherry_valtype_t);
}

static wherry_error_t *make(size_t params, size_t results, wherry_functype_t **out) {
  if (params > WH_MAX_PARAMS || results > WH_MAX_RESULTS)
    return wh_error_new(NULL, WHERRY_ERROR_TYPE,
                        "a function has at most %d parameters and %d results", WH_MAX_PARAMS,
                        WH_MAX_RESULTS);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wherry_functype_t *type = wh_alloc_zeroed(&alloc, block_size(params + results));
  if (!type) return wh_error_oom();
  atomic_init(&type->references, 1);
  type->types = (wherry_valtype_t *)(void *)(type + 1);
  type->param_count = (uint32_t)params;
  type->result_count = (uint32_t)results;
  *out = type;
  return NULL;
}

wherry_error_t *wherry_functype_new(const wherry_valtype_t *params, size_t param_count,
                                    const wherry_valtype_t *results, size_t result_count,
                                    wherry_functype_t **out) {
  wherry_functype_t *type;
  wherry_error_t *error = make(param_count, result_count, &type);
  if (error) return error;
  for (size_t i = 0; i < param_count + result_count; i++) {
    wherry_valtype_t item = i < param_count ? params[i] : results[i - param_count];
    if (!wh_is_plain_type(item)) {
      wherry_functype_release(type);
      return wh_error_new(NULL, WHERRY_ERROR_TYPE,
                          "0x%X is not a value type, or names a type of a module", item);
    }
    type->types[i] = item;
  }
  *out = type;
  return NULL;
}

static wherry_valtype_t valtype_of_letter(char letter) {
  switch (letter) {
  case 'i': return WHERRY_I32;
  case 'l': return WHERRY_I64;
  case 'f': return WHERRY_F32;
  case 'd': return WHERRY_F64;
  case 'r': return WHERRY_EXTERNREF;
  case 'c': return WHERRY_FUNCREF;
  default: return 0;
  }
}

wherry_error_t *wherry_functype_parse(const char *signature, wherry_functype_t **out) {
  size_t size = strlen(signature);
  const char *colon = strchr(signature, ':');
  if (!colon)
    return wh_error_new(NULL, WHERRY_ERROR_TYPE,
                        "the signature \"%s\" has no ':' between parameters and results",
                        signature);
  size_t params = (size_t)(colon - signature);
  wherry_functype_t *type;
  wherry_error_t *error = make(params, size - params - 1, &type);
  if (error) return error;
  for (size_t i = 0; i < size - 1; i++) {
    char letter = signature[i < params ? i : i + 1];
    type->types[i] = valtype_of_letter(letter);
    if (type->types[i]) continue;
    wherry_functype_release(type);
    return wh_error_new(NULL, WHERRY_ERROR_TYPE,
                        "'%c' in the signature \"%s\" is none of the letters i, l, f, d, r, c",
                        letter, signature);
  }
  *out = type;
  return NULL;
}

void wherry_functype_retain(wherry_functype_t *type) {
  if (!type) return;
  if (atomic_load_explicit(&type->references, memory_order_relaxed) < 0) {
    if (type->owner) type->hold(type->owner, true);
    return;
  }
  atomic_fetch_add_explicit(&type->references, 1, memory_order_relaxed);
}

void wherry_functype_release(wherry_functype_t *type) {
  if (!type) return;
  if (atomic_load_explicit(&type->references, memory_order_relaxed) < 0) {
    if (type->owner) type->hold(type->owner, false);
    return;
  }
  if (atomic_fetch_sub_explicit(&type->references, 1, memory_order_acq_rel) != 1) return;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_free(&alloc, type, block_size((size_t)type->param_count + type->result_count));
}

size_t wherry_functype_param_count(const wherry_functype_t *type) { return type->param_count; }
size_t wherry_functype_result_count(const wherry_functype_t *type) { return type->result_count; }

wherry_valtype_t wherry_functype_param(const wherry_functype_t *type, size_t index) {
  return index < type->param_count ? type->types[index] : 0;
}

wherry_valtype_t wherry_functype_result(const wherry_functype_t *type, size_t index) {
  return index < type->result_count ? type->types[type->param_count + index] : 0;
}

bool wherry_functype_equal(const wherry_functype_t *a, const wherry_functype_t *b) {
  return wh_functype_equal(a, b);
}

wherry_extern_kind_t wherry_externtype_kind(const wherry_externtype_t *type) { return type->kind; }

const wherry_functype_t *wherry_externtype_functype(const wherry_externtype_t *type) {
  return type->kind == WHERRY_EXTERN_FUNC || type->kind == WHERRY_EXTERN_TAG ? type->func : NULL;
}

wherry_valtype_t wherry_externtype_valtype(const wherry_externtype_t *type) {
  return type->valtype;
}

bool wherry_externtype_is64(const wherry_externtype_t *type) { return type->is64; }

bool wherry_externtype_shared(const wherry_externtype_t *type) { return type->shared; }

uint64_t wherry_externtype_page_size(const wherry_externtype_t *type) {
  return type->kind == WHERRY_EXTERN_MEMORY ? UINT64_C(1) << type->page_log2 : 0;
}

bool wherry_externtype_mutable(const wherry_externtype_t *type) {
  return type->kind == WHERRY_EXTERN_TABLE || type->is_mutable;
}

uint64_t wherry_externtype_minimum(const wherry_externtype_t *type) { return type->limits.minimum; }

uint64_t wherry_externtype_maximum(const wherry_externtype_t *type) { return type->limits.maximum; }

/* Ends text. */
static size_t copy_out(wh_text_t *text, char *out, size_t size) {
  size_t whole = text->failed ? 0 : text->size;
  if (size) {
    size_t copied = whole < size ? whole : size - 1;
    if (copied) memcpy(out, text->data, copied);
    out[copied] = 0;
  }
  wh_text_free(text);
  return whole;
}

size_t wherry_externtype_print(const wherry_externtype_t *type, char *text, size_t size) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_text_t printed = {.alloc = &alloc};
  wh_print_externtype(&printed, type);
  return copy_out(&printed, text, size);
}

size_t wherry_functype_print(const wherry_functype_t *type, char *text, size_t size) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_text_t printed = {.alloc = &alloc};
  wh_print_functype(&printed, type);
  return copy_out(&printed, text, size);
}
