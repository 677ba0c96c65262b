#include "model/model.h"

const wherry_externtype_t *wh_model_extern_of(const wh_model_t *model, wherry_extern_kind_t kind,
                                              uint32_t index, wherry_externtype_t *out) {
  *out = (wherry_externtype_t) {.kind = kind};
  switch (kind) {
  case WHERRY_EXTERN_FUNC:
    if (index >= model->functions.count || model->functions.items[index] >= model->types.count)
      return NULL;
    out->func = wh_model_functype(model, index);
    return out;
  case WHERRY_EXTERN_TABLE:
    if (index >= model->tables.count) return NULL;
    out->valtype = model->tables.items[index].element;
    out->limits = model->tables.items[index].limits;
    out->is64 = model->tables.items[index].is64;
    out->is_mutable = true;
    return out;
  case WHERRY_EXTERN_MEMORY:
    if (index >= model->memories.count) return NULL;
    out->limits = model->memories.items[index].limits;
    out->is64 = model->memories.items[index].is64;
    out->shared = model->memories.items[index].shared;
    out->page_log2 = model->memories.items[index].page_log2;
    return out;
  case WHERRY_EXTERN_GLOBAL:
    if (index >= model->globals.count) return NULL;
    out->valtype = model->globals.items[index].type;
    out->is_mutable = model->globals.items[index].is_mutable;
    return out;
  case WHERRY_EXTERN_TAG:
    if (index >= model->tags.count || model->tags.items[index] >= model->types.count) return NULL;
    out->func = &model->types.items[model->tags.items[index]];
    return out;
  }
  return NULL;
}

const wh_custom_t *wh_model_custom(const wh_model_t *model, const char *name) {
  size_t size = strlen(name);
  for (size_t i = 0; i < model->customs.count; i++) {
    const wh_custom_t *custom = &model->customs.items[i];
    if (custom->name.size == size && memcmp(custom->name.data, name, size) == 0) return custom;
  }
  return NULL;
}

const char *wherry_extern_kind_name(wherry_extern_kind_t kind) {
  switch (kind) {
  case WHERRY_EXTERN_FUNC: return "func";
  case WHERRY_EXTERN_TABLE: return "table";
  case WHERRY_EXTERN_MEMORY: return "memory";
  case WHERRY_EXTERN_GLOBAL: return "global";
  case WHERRY_EXTERN_TAG: return "tag";
  }
  return "?";
}

static void print_limits(wh_text_t *text, wh_limits_t limits) {
  wh_text_printf(text, "%llu..", (unsigned long long)limits.minimum);
  if (limits.maximum != UINT64_MAX)
    wh_text_printf(text, "%llu", (unsigned long long)limits.maximum);
}

void wh_print_externtype(wh_text_t *text, const wherry_externtype_t *type) {
  switch (type->kind) {
  case WHERRY_EXTERN_FUNC: wh_print_functype(text, type->func); break;
  case WHERRY_EXTERN_TABLE:
    wh_text_printf(text, "table %s", type->is64 ? "i64 " : "");
    print_limits(text, type->limits);
    wh_text_append(text, " ", 1);
    wh_print_valtype(text, type->valtype);
    break;
  case WHERRY_EXTERN_MEMORY:
    wh_text_printf(text, "memory %s", type->is64 ? "i64 " : "");
    print_limits(text, type->limits);
    if (type->shared) wh_text_printf(text, " shared");
    if (type->page_log2 != WH_PAGE_LOG2)
      wh_text_printf(text, " (pagesize %llu)", (unsigned long long)UINT64_C(1) << type->page_log2);
    break;
  case WHERRY_EXTERN_GLOBAL:
    wh_text_printf(text, "global %s", type->is_mutable ? "mut " : "");
    wh_print_valtype(text, type->valtype);
    break;
  case WHERRY_EXTERN_TAG:
    wh_text_append(text, "tag ", 4);
    wh_print_signature(text, type->func);
    break;
  }
}

void wh_model_free(wh_model_t *model) {
  if (!model) return;
  wh_alloc_t *alloc = model->alloc;
  for (size_t i = 0; i < model->types.count; i++) {
    wherry_functype_t *type = &model->types.items[i];
    wh_free(alloc, type->types,
            ((size_t)type->param_count + type->result_count) * sizeof *type->types);
  }
  wh_vec_free(alloc, &model->types);
  for (size_t i = 0; i < model->subtypes.count; i++)
    wh_free(alloc, model->subtypes.items[i].fields,
            model->subtypes.items[i].field_count * sizeof(wh_field_t));
  wh_vec_free(alloc, &model->subtypes);
  wh_vec_free(alloc, &model->tags);
  wh_vec_free(alloc, &model->imports);
  wh_vec_free(alloc, &model->functions);
  wh_vec_free(alloc, &model->tables);
  wh_vec_free(alloc, &model->memories);
  wh_vec_free(alloc, &model->globals);
  wh_vec_free(alloc, &model->exports);
  wh_vec_free(alloc, &model->elems);
  wh_vec_free(alloc, &model->datas);
  wh_vec_free(alloc, &model->bodies);
  wh_vec_free(alloc, &model->customs);
  wh_map_free(alloc, &model->export_map);
  if (model->name_text) wh_free(alloc, model->name_text, model->name.size + 1);
  wh_binary_release(model->binary);
  WH_DELETE(alloc, model);
}

wh_binary_t *wh_binary_make(wh_alloc_t *alloc, const uint8_t *bytes, size_t size) {
  size_t whole;
  if (!wh_add_size(size, sizeof(wh_binary_t) + WH_MODEL_PADDING, &whole)) return NULL;
  wh_binary_t *binary = wh_alloc(alloc, whole);
  if (!binary) return NULL;
  atomic_init(&binary->references, 1);
  binary->alloc = alloc;
  binary->size = size;
  if (size) memcpy(binary->bytes, bytes, size);
  memset(binary->bytes + size, 0, WH_MODEL_PADDING);
  return binary;
}

void wh_binary_retain(wh_binary_t *binary) {
  atomic_fetch_add_explicit(&binary->references, 1, memory_order_relaxed);
}

void wh_binary_release(wh_binary_t *binary) {
  if (!binary) return;
  if (atomic_fetch_sub_explicit(&binary->references, 1, memory_order_acq_rel) != 1) return;
  wh_free(binary->alloc, binary, sizeof *binary + binary->size + WH_MODEL_PADDING);
}
