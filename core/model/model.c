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

bool wh_functype_equal(const wherry_functype_t *a, const wherry_functype_t *b) {
  if (a == b) return true;
  if (a->param_count != b->param_count || a->result_count != b->result_count) return false;
  size_t count = (size_t)a->param_count + a->result_count;
  return count == 0 || memcmp(a->types, b->types, count * sizeof *a->types) == 0;
}

static const struct {
  const char *name, *heap;
} references[] = {
    [0x69 - 0x69] = {"exnref", "exn"},         [0x6A - 0x69] = {"arrayref", "array"},
    [0x6B - 0x69] = {"structref", "struct"},   [0x6C - 0x69] = {"i31ref", "i31"},
    [0x6D - 0x69] = {"eqref", "eq"},           [0x6E - 0x69] = {"anyref", "any"},
    [0x6F - 0x69] = {"externref", "extern"},   [0x70 - 0x69] = {"funcref", "func"},
    [0x71 - 0x69] = {"nullref", "none"},       [0x72 - 0x69] = {"nullexternref", "noextern"},
    [0x73 - 0x69] = {"nullfuncref", "nofunc"}, [0x74 - 0x69] = {"nullexnref", "noexn"},
};

const char *wherry_valtype_name(wherry_valtype_t type) {
  switch (type) {
  case WHERRY_I32: return "i32";
  case WHERRY_I64: return "i64";
  case WHERRY_F32: return "f32";
  case WHERRY_F64: return "f64";
  case WHERRY_V128: return "v128";
  case WH_PACKED_I8: return "i8";
  case WH_PACKED_I16: return "i16";
  default: break;
  }
  if (type <= 0xFF) return wh_is_ref(type) && type >= 0x69 ? references[type - 0x69].name : "?";
  return !wh_is_ref(type) ? "?" : wh_ref_is_nullable(type) ? "(ref null …)" : "(ref …)";
}

void wh_print_valtype(wh_text_t *text, wherry_valtype_t type) {
  if (type <= 0xFF || !wh_is_ref(type)) {
    wh_text_printf(text, "%s", wherry_valtype_name(type));
    return;
  }
  wh_heap_t heap = wh_ref_heap(type);
  wh_text_printf(text, "(ref %s", wh_ref_is_nullable(type) ? "null " : "");
  if (heap == WH_HEAP_BOTTOM)
    wh_text_printf(text, "…)");
  else if (wh_heap_is_abstract(heap))
    wh_text_printf(text, "%s)", references[(heap & 0xFF) - 0x69].heap);
  else
    wh_text_printf(text, "%u)", heap);
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

/* "(i32, i32)" */
void wh_print_valtypes(wh_text_t *text, const wherry_valtype_t *types, size_t count) {
  wh_text_append(text, "(", 1);
  for (size_t i = 0; i < count; i++) {
    if (i) wh_text_append(text, ", ", 2);
    wh_print_valtype(text, types[i]);
  }
  wh_text_append(text, ")", 1);
}

static void print_signature(wh_text_t *text, const char *noun, const wherry_functype_t *type) {
  wh_text_printf(text, "%s ", noun);
  wh_print_valtypes(text, type->types, type->param_count);
  if (type->result_count == 0) return;
  const wherry_valtype_t *results = type->types + type->param_count;
  wh_text_append(text, " -> ", 4);
  if (type->result_count == 1)
    wh_print_valtype(text, results[0]);
  else
    wh_print_valtypes(text, results, type->result_count);
}

void wh_print_functype(wh_text_t *text, const wherry_functype_t *type) {
  print_signature(text, "func", type);
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
    break;
  case WHERRY_EXTERN_GLOBAL:
    wh_text_printf(text, "global %s", type->is_mutable ? "mut " : "");
    wh_print_valtype(text, type->valtype);
    break;
  case WHERRY_EXTERN_TAG: print_signature(text, "tag", type->func); break;
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
  wh_free(alloc, model->bytes, model->size);
  WH_DELETE(alloc, model);
}
