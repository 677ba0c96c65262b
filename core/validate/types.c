/* The type section: what types name must exist, and what is declared a subtype must be one
   (Validation, Types). */
#include "validate_body.h"

bool wh_validate_exists(validator_t *v, const uint8_t *at, vtype_t type, size_t count) {
  if (!wh_is_ref(type) || wh_heap_is_abstract(wh_ref_heap(type))) return true;
  wh_heap_t index = wh_ref_heap(type);
  return index < count ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, at,
                          "unknown type %u: a reference to it, but there are %zu", index, count);
}

/* The model keeps no place of types. */
static const uint8_t *nowhere(const validator_t *v) { return v->model->bytes; }

/* A group sees the types before it and its own. */
static bool names_exist(validator_t *v, uint32_t index) {
  const wh_subtype_t *type = &v->model->subtypes.items[index];
  const wherry_functype_t *func = &v->model->types.items[index];
  size_t seen = (size_t)type->group + type->group_count;
  for (uint32_t i = 0; i < func->param_count + func->result_count; i++)
    if (!wh_validate_exists(v, nowhere(v), func->types[i], seen)) return false;
  for (uint32_t i = 0; i < type->field_count; i++)
    if (!wh_validate_exists(v, nowhere(v), type->fields[i].type, seen)) return false;
  return type->super == WH_NO_TYPE || type->super < index ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, nowhere(v),
                          "unknown type %u: the supertype of type %u must come before it",
                          type->super, index);
}

static bool field_matches(const validator_t *v, const wh_field_t *sub, const wh_field_t *super) {
  if (sub->is_mutable != super->is_mutable) return false;
  return sub->is_mutable ? wh_type_same(&v->types, sub->type, super->type)
                         : wh_validate_matches(v, sub->type, super->type);
}

static bool contents_match(const validator_t *v, uint32_t sub, uint32_t super) {
  const wh_subtype_t *below = &v->model->subtypes.items[sub];
  const wh_subtype_t *above = &v->model->subtypes.items[super];
  if (below->kind != above->kind || below->field_count < above->field_count) return false;
  for (uint32_t i = 0; i < above->field_count; i++)
    if (!field_matches(v, &below->fields[i], &above->fields[i])) return false;
  const wherry_functype_t *func = &v->model->types.items[sub];
  const wherry_functype_t *other = &v->model->types.items[super];
  if (func->param_count != other->param_count || func->result_count != other->result_count)
    return false;
  for (uint32_t i = 0; i < func->param_count; i++)
    if (!wh_validate_matches(v, other->types[i], func->types[i])) return false;
  for (uint32_t i = func->param_count; i < func->param_count + func->result_count; i++)
    if (!wh_validate_matches(v, func->types[i], other->types[i])) return false;
  return true;
}

static bool is_shallow(validator_t *v, uint32_t index) {
  uint32_t depth = 0;
  for (uint32_t at = index; at != WH_NO_TYPE; at = v->model->subtypes.items[at].super)
    if (depth++ > WH_MAX_SUBTYPING_DEPTH)
      return wh_validate_fail(v, WHERRY_ERROR_LIMIT, nowhere(v),
                              "type %u has too many supertypes above it: this engine takes %d",
                              index, WH_MAX_SUBTYPING_DEPTH);
  return true;
}

static bool is_subtype(validator_t *v, uint32_t index) {
  const wh_model_t *m = v->model;
  uint32_t super = m->subtypes.items[index].super;
  if (super == WH_NO_TYPE) return true;
  return (!m->subtypes.items[super].is_final && contents_match(v, index, super)) ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, nowhere(v),
                          "sub type %u does not match super type %u%s", index, super,
                          m->subtypes.items[super].is_final ? ", which is final" : "");
}

bool wh_validate_types(validator_t *v) {
  wh_model_t *m = v->changing;
  for (uint32_t i = 0; i < m->types.count; i++)
    if (!names_exist(v, i)) return false;
  /* Before anything is matched: every look at a supertype goes up as far as it can. */
  for (uint32_t i = 0; i < m->types.count; i++)
    if (!is_shallow(v, i)) return false;
  if (!wh_model_find_same(m)) return wh_validate_oom(v);
  for (uint32_t i = 0; i < m->types.count; i++)
    if (!is_subtype(v, i)) return false;
  return true;
}
