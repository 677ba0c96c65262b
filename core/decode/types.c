/* Types and the type section (Binary Format, Types). */
#include "decode_input.h"

/* ---- uses of types ---- */

typedef const uint8_t *read_type_t(const uint8_t *at, const uint8_t *end, uint32_t *out,
                                   const char **problem);

static bool use(decoder_t *d, read_type_t *read, uint32_t *out, const char *which) {
  const uint8_t *at = d->in.next;
  const char *problem = NULL;
  const uint8_t *behind = read(at, d->in.end, out, &problem);
  if (WH_UNLIKELY(!behind)) {
    const char *later = at < d->in.end ? wh_later_type(*at) : NULL;
    if (later) return wh_decode_needs(d, at, later, "type 0x%02X of %s", *at, which);
    if (at < d->in.end) return wh_decode_malformed(d, at, problem, "0x%02X of %s", *at, which);
    return wh_decode_malformed(d, at, problem, "expected the type of %s", which);
  }
  d->in.next = behind;
  return true;
}

/* Whether the features that a type needs are on. */
static bool allowed(decoder_t *d, const uint8_t *at, wherry_valtype_t type, const char *which) {
  wh_features_t missing = wh_type_features(type) & ~d->features;
  if (WH_LIKELY(!missing)) return true;
  wherry_feature_t feature = (wherry_feature_t)__builtin_ctzll(missing);
  return wh_decode_needs(d, at, wherry_feature_name(feature), "type %s of %s",
                         wherry_valtype_name(type), which);
}

bool wh_decode_ref_type(decoder_t *d, wherry_valtype_t *out, const char *which) {
  const uint8_t *at = d->in.next;
  return use(d, wh_read_ref_type, out, which) &&
         (*out == WHERRY_FUNCREF || allowed(d, at, *out, which));
}

bool wh_decode_val_type(decoder_t *d, wherry_valtype_t *out, const char *which) {
  const uint8_t *at = d->in.next;
  return use(d, wh_read_val_type, out, which) && allowed(d, at, *out, which);
}

bool wh_decode_heap_type(decoder_t *d, wh_heap_t *out, const char *which) {
  const uint8_t *at = d->in.next;
  return use(d, wh_read_heap_type, out, which) && allowed(d, at, wh_ref(*out, true), which);
}

/* ---- the type section ---- */

enum { FORM_FUNC = 0x60, FORM_STRUCT = 0x5F, FORM_ARRAY = 0x5E };
enum { FORM_SUB = 0x50, FORM_SUB_FINAL = 0x4F, FORM_REC = 0x4E };

static bool has(const decoder_t *d, wh_features_t feature) { return (d->features & feature) != 0; }

/* One list of a function type is counted, the other read: the types lie in one block. */
static bool skip_types(decoder_t *d, uint32_t *count, uint32_t most, const char *which,
                       const char *many, const char *number) {
  const uint8_t *at = d->in.next;
  wherry_valtype_t ignored;
  if (!wh_decode_u32(d, count, number)) return false;
  if (*count > most) return wh_decode_too_many(d, at, *count, most, many);
  for (uint32_t i = 0; i < *count; i++)
    if (!wh_decode_val_type(d, &ignored, which)) return false;
  return true;
}

static bool read_types(decoder_t *d, wherry_valtype_t *out, const char *which) {
  uint32_t count;
  if (!wh_decode_u32(d, &count, "a number of types")) return false;
  for (uint32_t i = 0; i < count; i++)
    if (!wh_decode_val_type(d, &out[i], which)) return false;
  return true;
}

static bool func_type(decoder_t *d, wherry_functype_t *type) {
  const uint8_t *start = d->in.next;
  uint32_t params, results;
  if (!skip_types(d, &params, WH_MAX_PARAMS, "a parameter", "parameters", "a number of parameters"))
    return false;
  const uint8_t *at = d->in.next;
  if (!skip_types(d, &results, WH_MAX_RESULTS, "a result", "results", "a number of results"))
    return false;
  if (results > 1 && !has(d, WH_FEATURE(MULTI_VALUE)))
    return wh_decode_needs(d, at, "multi-value", "a function with several results");
  if (params + results) {
    type->types = wh_alloc_array(d->model->alloc, params + results, sizeof *type->types);
    if (!type->types) return wh_decode_oom(d);
  }
  type->param_count = params;
  type->result_count = results;
  d->in.next = start;
  return read_types(d, type->types, "a parameter") &&
         read_types(d, type->types + params, "a result");
}

static bool field(decoder_t *d, wh_field_t *out) {
  const uint8_t *at = d->in.next;
  uint8_t mutability;
  if (at < d->in.end && (*at == WH_PACKED_I8 || *at == WH_PACKED_I16)) {
    out->type = *at;
    d->in.next++;
  } else if (!wh_decode_val_type(d, &out->type, "a field")) {
    return false;
  }
  at = d->in.next;
  if (!wh_decode_u8(d, &mutability, "the mutability of a field")) return false;
  if (mutability > 1)
    return wh_decode_malformed(d, at, "malformed mutability", "0x%02x, expected 0 or 1",
                               mutability);
  out->is_mutable = mutability == 1;
  return true;
}

static bool fields(decoder_t *d, wh_subtype_t *type, uint32_t count) {
  /* A field is at least two bytes: no more memory is taken than the input can fill. */
  if (count > (size_t)(d->in.end - d->in.next) / 2)
    return wh_decode_malformed(d, d->in.end, "unexpected end of section or function",
                               "expected %u fields", count);
  if (count) {
    type->fields = wh_alloc_array(d->model->alloc, count, sizeof *type->fields);
    if (!type->fields) return wh_decode_oom(d);
  }
  type->field_count = count;
  for (uint32_t i = 0; i < count; i++)
    if (!field(d, &type->fields[i])) return false;
  return true;
}

static bool struct_type(decoder_t *d, wh_subtype_t *type) {
  const uint8_t *at = d->in.next;
  uint32_t count;
  if (!wh_decode_u32(d, &count, "a number of fields")) return false;
  if (count > WH_MAX_FIELDS) return wh_decode_too_many(d, at, count, WH_MAX_FIELDS, "fields");
  return fields(d, type, count);
}

static bool super_types(decoder_t *d, wh_subtype_t *type) {
  const uint8_t *at = d->in.next;
  uint32_t count;
  if (!wh_decode_u32(d, &count, "a number of supertypes")) return false;
  if (count > 1)
    return wh_decode_malformed(d, at, "malformed supertypes", "%u of them, expected at most one",
                               count);
  if (count == 0) return true;
  if (!wh_decode_u32(d, &type->super, "a supertype")) return false;
  /* No module has so many types: the index stays one that does not exist. */
  if (type->super == WH_NO_TYPE) type->super--;
  return true;
}

static bool needs_gc(decoder_t *d, const uint8_t *at, uint8_t form) {
  return has(d, WH_FEATURE(GC)) || wh_decode_needs(d, at, "gc", "type form 0x%02X", form);
}

static bool contents(decoder_t *d, wherry_functype_t *func, wh_subtype_t *type) {
  const uint8_t *at = d->in.next;
  uint8_t form;
  if (!wh_decode_u8(d, &form, "a type")) return false;
  if (form == FORM_SUB || form == FORM_SUB_FINAL) {
    if (!needs_gc(d, at, form)) return false;
    type->is_final = form == FORM_SUB_FINAL;
    if (!super_types(d, type)) return false;
    at = d->in.next;
    if (!wh_decode_u8(d, &form, "a type")) return false;
  }
  switch (form) {
  case FORM_FUNC: type->kind = WH_COMP_FUNC; return func_type(d, func);
  case FORM_STRUCT:
    type->kind = WH_COMP_STRUCT;
    return needs_gc(d, at, form) && struct_type(d, type);
  case FORM_ARRAY: type->kind = WH_COMP_ARRAY; return needs_gc(d, at, form) && fields(d, type, 1);
  default: break;
  }
  const char *later = wh_later_type_form(form);
  if (later) return wh_decode_needs(d, at, later, "type form 0x%02X", form);
  return wh_decode_malformed(
      d, at, form & 0x80 ? "integer representation too long" : "malformed definition type",
      "0x%02X, expected 0x60 (a function type)%s", form,
      has(d, WH_FEATURE(GC)) ? " or another type form" : "");
}

static bool type(decoder_t *d, uint32_t group, uint32_t group_count) {
  wh_model_t *m = d->model;
  wherry_functype_t func = {.references = -1};
  wh_subtype_t subtype = {.is_final = true,
                          .super = WH_NO_TYPE,
                          .group = group,
                          .group_count = group_count,
                          .same = (uint32_t)m->types.count};
  bool read = contents(d, &func, &subtype);
  if (read && wh_vec_reserve(m->alloc, &m->types, 1) && wh_vec_reserve(m->alloc, &m->subtypes, 1)) {
    m->types.items[m->types.count++] = func;
    m->subtypes.items[m->subtypes.count++] = subtype;
    return true;
  }
  wh_free(m->alloc, func.types,
          ((size_t)func.param_count + func.result_count) * sizeof *func.types);
  wh_free(m->alloc, subtype.fields, subtype.field_count * sizeof *subtype.fields);
  return read ? wh_decode_oom(d) : false;
}

bool wh_decode_type_entry(decoder_t *d) {
  const uint8_t *at = d->in.next;
  uint32_t group = (uint32_t)d->model->types.count, count = 1;
  if (at < d->in.end && *at == FORM_REC) {
    if (!needs_gc(d, at, FORM_REC)) return false;
    d->in.next++;
    if (!wh_decode_u32(d, &count, "a number of types")) return false;
  }
  if (count > WH_MAX_TYPES - group)
    return wh_decode_too_many(d, at, (uint64_t)group + count, WH_MAX_TYPES, "types");
  for (uint32_t i = 0; i < count; i++)
    if (!type(d, group, count)) return false;
  return true;
}
