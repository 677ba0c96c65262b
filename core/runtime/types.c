/* The types of an engine: each recursion group once, whichever modules have it. */
#include "runtime/runtime.h"

static void hold(void *owner, bool more) {
  if (more)
    wh_engine_retain(owner);
  else
    wh_engine_release(owner);
}

void wh_engine_free_types(wherry_engine_t *engine) {
  wh_map_free(&engine->alloc, &engine->groups);
  for (size_t i = 0; i < engine->types.count; i++)
    wh_free(&engine->alloc, engine->types.items[i], engine->types.items[i]->size);
  wh_vec_free(&engine->alloc, &engine->types);
}

/* ---- making, with the engine's lock held ---- */

/* A model's type with the engine's numbers. */
static wherry_valtype_t canonical(wherry_valtype_t type, const uint32_t *numbers) {
  if (!wh_is_ref(type) || wh_heap_is_abstract(wh_ref_heap(type))) return type;
  return wh_ref(numbers[wh_ref_heap(type)], wh_ref_is_nullable(type));
}

/* What the collector follows. */
static bool is_ref(const wh_model_t *model, wherry_valtype_t type) {
  wh_types_t types = wh_model_types(model);
  return wh_is_ref(type) && wh_heap_top(&types, wh_ref_heap(type)) != WH_HEAP(FUNC);
}

/* One block: the type, its supertypes, fields and value types, then as many words as are wanted.
   The numbers of its group are known. */
static wh_rtype_t *make_type(wherry_engine_t *engine, const wh_model_t *model, uint32_t index,
                             const uint32_t *numbers, size_t words, uint32_t **spare) {
  const wh_subtype_t *from = &model->subtypes.items[index];
  const wherry_functype_t *func = &model->types.items[index];
  const wh_rtype_t *super =
      from->super == WH_NO_TYPE ? NULL : engine->types.items[numbers[from->super] - 1];
  uint32_t depth = super ? super->depth + 1 : 0;
  size_t types = (size_t)func->param_count + func->result_count;
  size_t size = sizeof(wh_rtype_t) + from->field_count * sizeof(wh_rfield_t) +
                types * sizeof(wherry_valtype_t) + (depth + 1 + words) * sizeof(uint32_t);
  wh_rtype_t *type = wh_alloc_zeroed(&engine->alloc, size);
  if (!type) return NULL;
  type->size = size;
  type->id = numbers[index];
  type->kind = from->kind;
  type->is_final = from->is_final;
  type->depth = depth;
  type->fields = (wh_rfield_t *)(type + 1);
  type->field_count = from->field_count;
  type->func.types = (wherry_valtype_t *)(type->fields + from->field_count);
  uint32_t *supers = type->func.types + types;
  *spare = supers + depth + 1;
  if (super) memcpy(supers, super->supers, depth * sizeof *supers);
  supers[depth] = type->id;
  type->supers = supers;
  for (uint32_t i = 0; i < from->field_count; i++) {
    wh_rfield_t *field = &type->fields[i];
    field->type = canonical(from->fields[i].type, numbers);
    field->is_mutable = from->fields[i].is_mutable;
    field->is_ref = is_ref(model, from->fields[i].type);
  }
  atomic_init(&type->func.references, -1);
  type->func.owner = engine;
  type->func.hold = hold;
  type->func.param_count = func->param_count;
  type->func.result_count = func->result_count;
  type->func.canonical = type->id;
  for (size_t i = 0; i < types; i++) type->func.types[i] = canonical(func->types[i], numbers);
  return type;
}

/* Adds a group whose key is new; on failure nothing was added. Errors: limit, oom. */
static wherry_error_t *add_group(wherry_engine_t *engine, const wh_model_t *model, uint32_t group,
                                 uint32_t *numbers, const uint32_t *key, size_t key_words) {
  uint32_t count = model->subtypes.items[group].group_count;
  size_t first = engine->types.count;
  if (count > WH_MAX_ENGINE_TYPES - first)
    return wh_error_limit(&engine->alloc, "module",
                          "the modules of this engine have more than %d different types",
                          WH_MAX_ENGINE_TYPES);
  if (!wh_vec_reserve(&engine->alloc, &engine->types, count)) return wh_error_oom();
  for (uint32_t i = 0; i < count; i++) numbers[group + i] = (uint32_t)first + i + 1;
  uint32_t *kept = NULL, *spare;
  for (uint32_t i = 0; i < count; i++) {
    wh_rtype_t *type = make_type(engine, model, group + i, numbers, i ? 0 : key_words, &spare);
    if (!type) goto fail;
    if (!i) kept = spare;
    engine->types.items[engine->types.count++] = type;
  }
  for (size_t i = first; i < engine->types.count; i++) wh_gc_lay_out(engine->types.items[i]);
  memcpy(kept, key, key_words * sizeof *key);
  if (wh_map_put(&engine->alloc, &engine->groups, (const char *)kept, key_words * sizeof *key,
                 first + 1))
    return NULL;
fail:
  while (engine->types.count > first) {
    wh_rtype_t *type = engine->types.items[--engine->types.count];
    wh_free(&engine->alloc, type, type->size);
  }
  return wh_error_oom();
}

/* Sets the numbers of a group's types. Errors: limit, oom. */
static wherry_error_t *find_group(wherry_engine_t *engine, const wh_model_t *model, uint32_t group,
                                  uint32_t *numbers) {
  enum { SMALL = 64 };
  uint32_t small[SMALL], *key = small;
  size_t words = wh_group_key_size(model, group);
  if (words > SMALL) key = wh_alloc_array(&engine->alloc, words, sizeof *key);
  if (!key) return wh_error_oom();
  wh_group_key(model, group, numbers, key);
  uint64_t found;
  wherry_error_t *error = NULL;
  if (wh_map_get(&engine->groups, (const char *)key, words * sizeof *key, &found))
    for (uint32_t i = 0; i < model->subtypes.items[group].group_count; i++)
      numbers[group + i] = (uint32_t)found + i;
  else
    error = add_group(engine, model, group, numbers, key, words);
  if (key != small) wh_free(&engine->alloc, key, words * sizeof *key);
  return error;
}

wherry_error_t *wh_engine_types(wherry_engine_t *engine, wh_model_t *model,
                                const wh_rtype_t ***out) {
  size_t count = model->types.count;
  *out = NULL;
  if (count == 0) return NULL;
  const wh_rtype_t **types = wh_alloc_array(&engine->alloc, count, sizeof *types);
  uint32_t *numbers = wh_alloc_array(&engine->alloc, count, sizeof *numbers);
  wherry_error_t *error = types && numbers ? NULL : wh_error_oom();
  wh_mutex_lock(&engine->lock);
  for (uint32_t group = 0; group < count && !error;) {
    error = find_group(engine, model, group, numbers);
    group += model->subtypes.items[group].group_count;
  }
  for (size_t i = 0; i < count && !error; i++) {
    types[i] = engine->types.items[numbers[i] - 1];
    model->types.items[i].canonical = numbers[i];
  }
  wh_mutex_unlock(&engine->lock);
  wh_free(&engine->alloc, numbers, count * sizeof *numbers);
  if (error) {
    wh_free(&engine->alloc, types, count * sizeof *types);
    return error;
  }
  *out = types;
  return NULL;
}

wherry_error_t *wh_engine_group(wherry_engine_t *engine, const wh_model_t *model, uint32_t group,
                                uint32_t *numbers) {
  wh_mutex_lock(&engine->lock);
  wherry_error_t *error = find_group(engine, model, group, numbers);
  wh_mutex_unlock(&engine->lock);
  return error;
}

const wh_rtype_t *wh_engine_rtype(wherry_engine_t *engine, uint32_t id) {
  wh_mutex_lock(&engine->lock);
  const wh_rtype_t *type = engine->types.items[id - 1];
  wh_mutex_unlock(&engine->lock);
  return type;
}

/* ---- types of the host ---- */

wherry_error_t *wh_engine_type(wherry_engine_t *engine, const wherry_functype_t *type,
                               const wherry_functype_t **out) {
  if (type->owner == engine) {
    *out = type;
    return NULL;
  }
  for (uint32_t i = 0; i < type->param_count + type->result_count; i++)
    if (wh_is_ref(type->types[i]) && !wh_heap_is_abstract(wh_ref_heap(type->types[i])))
      return wh_error_new(&engine->alloc, WHERRY_ERROR_TYPE,
                          "a function of the host cannot have a type that names a module's types");
  /* As a module with this one type. */
  wherry_functype_t func = {
      .types = type->types, .param_count = type->param_count, .result_count = type->result_count};
  wh_subtype_t subtype = {.is_final = true, .super = WH_NO_TYPE, .group_count = 1};
  wh_model_t model = {.alloc = &engine->alloc};
  model.types.items = &func;
  model.subtypes.items = &subtype;
  model.types.count = model.subtypes.count = 1;
  uint32_t number = 0;
  wh_mutex_lock(&engine->lock);
  wherry_error_t *error = find_group(engine, &model, 0, &number);
  if (!error) *out = &engine->types.items[number - 1]->func;
  wh_mutex_unlock(&engine->lock);
  return error;
}

/* ---- matching ---- */

static wh_type_facts_t facts(const void *owner, uint32_t id) {
  const wh_rtype_t *type = ((const wherry_engine_t *)owner)->types.items[id - 1];
  return (wh_type_facts_t) {type->kind, type->depth ? type->supers[type->depth - 1] : WH_NO_TYPE,
                            id};
}

bool wh_engine_has_type(wherry_engine_t *engine, wherry_valtype_t type) {
  if (wh_is_plain_type(type)) return true;
  wh_heap_t heap = wh_is_ref(type) ? wh_ref_heap(type) : 0;
  if (wh_heap_is_abstract(heap)) return false;
  wh_mutex_lock(&engine->lock);
  bool has = heap && heap <= engine->types.count;
  wh_mutex_unlock(&engine->lock);
  return has;
}

wh_comp_t wh_engine_kind(wherry_engine_t *engine, uint32_t id) {
  wh_mutex_lock(&engine->lock);
  wh_comp_t kind = engine->types.items[id - 1]->kind;
  wh_mutex_unlock(&engine->lock);
  return kind;
}

bool wh_engine_matches(wherry_engine_t *engine, wherry_valtype_t sub, wherry_valtype_t super) {
  if (sub == super) return true;
  wh_types_t types = {facts, engine};
  wh_mutex_lock(&engine->lock);
  bool matches = wh_type_matches(&types, sub, super);
  wh_mutex_unlock(&engine->lock);
  return matches;
}

static bool limits_match(const wh_limits_t *sub, const wh_limits_t *super) {
  if (sub->minimum < super->minimum) return false;
  return super->maximum == UINT64_MAX || sub->maximum <= super->maximum;
}

bool wh_engine_extern_matches(wherry_engine_t *engine, const wherry_externtype_t *sub,
                              const wherry_externtype_t *super) {
  if (sub->kind != super->kind || sub->is64 != super->is64) return false;
  switch (super->kind) {
  case WHERRY_EXTERN_FUNC:
    return wh_rtype_is_sub(wh_rtype_of_func(sub->func), wh_rtype_of_func(super->func));
  case WHERRY_EXTERN_TABLE:
    return sub->valtype == super->valtype && limits_match(&sub->limits, &super->limits);
  case WHERRY_EXTERN_MEMORY:
    return sub->shared == super->shared && sub->page_log2 == super->page_log2 &&
           limits_match(&sub->limits, &super->limits);
  case WHERRY_EXTERN_GLOBAL:
    if (sub->is_mutable != super->is_mutable) return false;
    return sub->valtype == super->valtype ||
           (!super->is_mutable && wh_engine_matches(engine, sub->valtype, super->valtype));
  case WHERRY_EXTERN_TAG: return wh_rtype_of_func(sub->func) == wh_rtype_of_func(super->func);
  }
  return false;
}

/* ---- how objects lie ---- */

static uint32_t field_size(wherry_valtype_t type) {
  switch (type) {
  case WH_PACKED_I8: return 1;
  case WH_PACKED_I16: return 2;
  case WHERRY_I32:
  case WHERRY_F32: return 4;
  case WHERRY_V128: return 16;
  default: return 8;
  }
}

static uint32_t align_up(uint32_t size, uint32_t unit) { return (size + unit - 1) / unit * unit; }

void wh_gc_lay_out(wh_rtype_t *type) {
  uint32_t at = type->kind == WH_COMP_ARRAY ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
  type->has_refs = type->has_far_refs = false;
  type->ref_words = 0;
  for (uint32_t i = 0; i < type->field_count; i++) {
    wh_rfield_t *field = &type->fields[i];
    uint32_t size = field_size(field->type), unit = size < 8 ? size : 8;
    at = align_up(at, unit);
    field->size = (uint8_t)size;
    field->offset = at;
    if (type->kind == WH_COMP_STRUCT) at += size;
    if (!field->is_ref) continue;
    type->has_refs = true;
    uint32_t word = field->offset / 8;
    if (word < 64)
      type->ref_words |= UINT64_C(1) << word;
    else
      type->has_far_refs = true;
  }
  if (type->kind == WH_COMP_FUNC) {
    at = (uint32_t)(2 * sizeof(uint64_t) + wh_param_slots(&type->func) * sizeof(uint64_t));
    type->has_refs = type->func.param_count != 0;
  }
  type->object_size = align_up(at, 8);
}
