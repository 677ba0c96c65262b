/* Typed references and objects: function references, structs, arrays, i31, casts (Validation,
   Instructions). */
#include "validate_body.h"

static const vtype_t arrayref = WHERRY_ARRAYREF, i31ref = WHERRY_I31REF;
static const vtype_t two_eqrefs[] = {WHERRY_EQREF, WHERRY_EQREF};

static bool pop_i32s(validator_t *v, unsigned count) {
  while (count-- > 0)
    if (!wh_validate_pop(v, WHERRY_I32)) return false;
  return true;
}

static bool push(validator_t *v, vtype_t type) {
  *v->sp++ = type;
  return true;
}

static vtype_t non_null(vtype_t type) { return wh_ref(wh_ref_heap(type), false); }

/* ---- types that immediates name ---- */

bool wh_validate_type_index(validator_t *v, const uint8_t **at, wh_comp_t kind, uint32_t *index) {
  static const char *const names[] = {"a function", "a struct", "an array"};
  const uint8_t *start = *at;
  if (!wh_validate_u32(v, at, index)) return false;
  if (*index >= v->model->types.count) return wh_validate_unknown_type(v, start, *index);
  wh_comp_t found = v->model->subtypes.items[*index].kind;
  return found == kind ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                          "type mismatch: %s wants %s type, but type %u is %s",
                          wh_validate_op_name(v), names[kind], *index, names[found]);
}

/* A value that a field of this storage type is given by, or gives. */
static vtype_t unpacked(vtype_t storage) {
  return storage == WH_PACKED_I8 || storage == WH_PACKED_I16 ? WHERRY_I32 : storage;
}

typedef struct object {
  uint32_t index;
  const wh_subtype_t *type;
} object_t;

static vtype_t ref_to(object_t object, bool nullable) { return wh_ref(object.index, nullable); }

static bool object(validator_t *v, const uint8_t **at, wh_comp_t kind, object_t *out) {
  if (!wh_validate_type_index(v, at, kind, &out->index)) return false;
  out->type = &v->model->subtypes.items[out->index];
  return true;
}

static bool defaultable(validator_t *v, object_t object) {
  for (uint32_t i = 0; i < object.type->field_count; i++)
    if (!wh_is_defaultable(object.type->fields[i].type))
      return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                              "type %u is not defaultable: its field %u may not be null (%s)",
                              object.index, i, wh_validate_op_name(v));
  return true;
}

static bool mutable(validator_t *v, object_t object, uint32_t field) {
  return object.type->fields[field].is_mutable ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                          "immutable %s: %s of type %u, field %u",
                          object.type->kind == WH_COMP_ARRAY ? "array" : "field",
                          wh_validate_op_name(v), object.index, field);
}

/* ---- structs ---- */

static bool struct_new(validator_t *v, const uint8_t **at, bool by_default) {
  object_t made;
  if (!object(v, at, WH_COMP_STRUCT, &made)) return false;
  if (by_default) return defaultable(v, made) && push(v, ref_to(made, false));
  for (uint32_t i = made.type->field_count; i-- > 0;)
    if (!wh_validate_pop(v, unpacked(made.type->fields[i].type))) return false;
  return push(v, ref_to(made, false));
}

static bool field(validator_t *v, const uint8_t **at, object_t *of, uint32_t *index) {
  if (!object(v, at, WH_COMP_STRUCT, of)) return false;
  const uint8_t *start = *at;
  if (!wh_validate_u32(v, at, index)) return false;
  return *index < of->type->field_count ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, start, "unknown field %u: type %u has %u (%s)",
                          *index, of->index, of->type->field_count, wh_validate_op_name(v));
}

/* …get is for whole values, …get_s and …get_u are for packed ones. */
static bool extends(validator_t *v, vtype_t storage, bool packed) {
  bool is_packed = unpacked(storage) != storage;
  return is_packed == packed ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at, "type mismatch: %s of %s field (%s)",
                          wh_validate_op_name(v), is_packed ? "a packed" : "an unpacked",
                          wherry_valtype_name(storage));
}

static bool struct_get(validator_t *v, const uint8_t **at, bool packed) {
  object_t of;
  uint32_t index;
  if (!field(v, at, &of, &index)) return false;
  vtype_t storage = of.type->fields[index].type;
  return extends(v, storage, packed) && wh_validate_pop(v, ref_to(of, true)) &&
         push(v, unpacked(storage));
}

static bool struct_set(validator_t *v, const uint8_t **at) {
  object_t of;
  uint32_t index;
  return field(v, at, &of, &index) && mutable(v, of, index) &&
         wh_validate_pop(v, unpacked(of.type->fields[index].type)) &&
         wh_validate_pop(v, ref_to(of, true));
}

/* ---- arrays ---- */

static bool array(validator_t *v, const uint8_t **at, object_t *out, vtype_t *storage) {
  if (!object(v, at, WH_COMP_ARRAY, out)) return false;
  *storage = out->type->fields[0].type;
  return true;
}

static bool array_new_fixed(validator_t *v, const uint8_t **at) {
  object_t made;
  vtype_t storage;
  uint32_t count;
  if (!array(v, at, &made, &storage) || !wh_validate_u32(v, at, &count)) return false;
  while (count-- > 0) {
    /* Unreachable code has as many as one likes. */
    if (v->sp[-1] == FLOOR && wh_validate_frame(v)->unreachable) break;
    if (!wh_validate_pop(v, unpacked(storage))) return false;
  }
  return push(v, ref_to(made, false));
}

/* Only numbers have bytes that a data segment may hold. */
static bool from_data(validator_t *v, const uint8_t **at, vtype_t storage) {
  if (wh_is_ref(storage))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                            "array type is not numeric or vector: %s", wh_validate_op_name(v));
  return wh_validate_data_index(v, at);
}

static bool from_elem(validator_t *v, const uint8_t **at, vtype_t storage) {
  vtype_t type;
  if (!wh_validate_elem_index(v, at, &type)) return false;
  return wh_validate_matches(v, type, storage) ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                          "type mismatch: %s of an element segment of %s into an array of %s",
                          wh_validate_op_name(v), WH_TYPE_TEXT(type), WH_TYPE_TEXT(storage));
}

static bool array_copy(validator_t *v, const uint8_t **at) {
  object_t to, from;
  vtype_t type, other;
  if (!array(v, at, &to, &type) || !array(v, at, &from, &other)) return false;
  if (!mutable(v, to, 0)) return false;
  if (!wh_validate_matches(v, other, type))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                            "array types do not match: array.copy of %s into %s",
                            WH_TYPE_TEXT(other), WH_TYPE_TEXT(type));
  return pop_i32s(v, 2) && wh_validate_pop(v, ref_to(from, true)) && pop_i32s(v, 1) &&
         wh_validate_pop(v, ref_to(to, true));
}

static bool array_op(validator_t *v, uint32_t opcode, const uint8_t **at) {
  object_t of;
  vtype_t storage;
  if (!array(v, at, &of, &storage)) return false;
  vtype_t value = unpacked(storage);
  switch (opcode) {
  case WH_OP_ARRAY_NEW:
    return pop_i32s(v, 1) && wh_validate_pop(v, value) && push(v, ref_to(of, false));
  case WH_OP_ARRAY_NEW_DEFAULT:
    return defaultable(v, of) && pop_i32s(v, 1) && push(v, ref_to(of, false));
  case WH_OP_ARRAY_NEW_DATA:
    return from_data(v, at, storage) && pop_i32s(v, 2) && push(v, ref_to(of, false));
  case WH_OP_ARRAY_NEW_ELEM:
    return from_elem(v, at, storage) && pop_i32s(v, 2) && push(v, ref_to(of, false));
  case WH_OP_ARRAY_GET:
  case WH_OP_ARRAY_GET_S:
  case WH_OP_ARRAY_GET_U:
    return extends(v, storage, opcode != WH_OP_ARRAY_GET) && pop_i32s(v, 1) &&
           wh_validate_pop(v, ref_to(of, true)) && push(v, value);
  case WH_OP_ARRAY_SET:
    return mutable(v, of, 0) && wh_validate_pop(v, value) && pop_i32s(v, 1) &&
           wh_validate_pop(v, ref_to(of, true));
  case WH_OP_ARRAY_FILL:
    return mutable(v, of, 0) && pop_i32s(v, 1) && wh_validate_pop(v, value) && pop_i32s(v, 1) &&
           wh_validate_pop(v, ref_to(of, true));
  case WH_OP_ARRAY_INIT_DATA:
    return mutable(v, of, 0) && from_data(v, at, storage) && pop_i32s(v, 3) &&
           wh_validate_pop(v, ref_to(of, true));
  default: /* array.init_elem */
    return mutable(v, of, 0) && from_elem(v, at, storage) && pop_i32s(v, 3) &&
           wh_validate_pop(v, ref_to(of, true));
  }
}

/* ---- casts ---- */

static bool cast(validator_t *v, const uint8_t **at, bool nullable, bool test) {
  wh_heap_t heap;
  if (!wh_validate_heap_type(v, at, &heap)) return false;
  return wh_validate_pop(v, wh_ref(wh_heap_top(&v->types, heap), true)) &&
         push(v, test ? WHERRY_I32 : wh_ref(heap, nullable));
}

static bool branch_on_cast(validator_t *v, const uint8_t **at, bool fails) {
  const uint8_t *start = *at;
  wh_heap_t heap, other;
  validate_label_t label;
  if (start == v->end) return wh_validate_leb(v, start, WH_LEB_ENDS_EARLY);
  uint8_t flags = *(*at)++;
  if (flags > 3)
    return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, start,
                            "malformed cast flags 0x%02x: %s, expected 0 to 3", flags,
                            wh_validate_op_name(v));
  if (!wh_validate_label(v, at, &label) || !wh_validate_heap_type(v, at, &heap) ||
      !wh_validate_heap_type(v, at, &other))
    return false;
  vtype_t from = wh_ref(heap, flags & 1), to = wh_ref(other, flags & 2);
  vtype_t rest = flags & 2 ? non_null(from) : from;
  if (!wh_validate_matches(v, to, from))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "type mismatch: %s from %s to %s, which is no subtype of it",
                            wh_validate_op_name(v), WH_TYPE_TEXT(from), WH_TYPE_TEXT(to));
  vtype_t taken = fails ? rest : to;
  if (label.count == 0 || !wh_validate_matches(v, taken, label.types[label.count - 1]))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "type mismatch: %s brings %s, but the label takes %s",
                            wh_validate_op_name(v), WH_TYPE_TEXT(taken),
                            label.count ? WH_TYPE_TEXT(label.types[label.count - 1]) : "nothing");
  return wh_validate_pop(v, from) && wh_validate_pop_types(v, label.types, label.count - 1) &&
         wh_validate_push_types(v, label.types, label.count - 1) && push(v, fails ? to : rest);
}

/* any.convert_extern and its reverse: null stays null. */
static bool convert(validator_t *v, wh_heap_t from, wh_heap_t to) {
  vtype_t got = v->sp[-1];
  if (!wh_validate_pop(v, wh_ref(from, true))) return false;
  return push(v, wh_ref(to, got != FLOOR && got != ANY && wh_ref_is_nullable(got)));
}

static bool prefix_fb(validator_t *v, uint32_t opcode, const uint8_t **at) {
  switch (opcode) {
  case WH_OP_STRUCT_NEW: return struct_new(v, at, false);
  case WH_OP_STRUCT_NEW_DEFAULT: return struct_new(v, at, true);
  case WH_OP_STRUCT_GET: return struct_get(v, at, false);
  case WH_OP_STRUCT_GET_S:
  case WH_OP_STRUCT_GET_U: return struct_get(v, at, true);
  case WH_OP_STRUCT_SET: return struct_set(v, at);
  case WH_OP_ARRAY_NEW_FIXED: return array_new_fixed(v, at);
  case WH_OP_ARRAY_LEN: return wh_validate_pop(v, arrayref) && push(v, WHERRY_I32);
  case WH_OP_ARRAY_COPY: return array_copy(v, at);
  case WH_OP_REF_TEST:
  case WH_OP_REF_TEST_NULL: return cast(v, at, false, true);
  case WH_OP_REF_CAST: return cast(v, at, false, false);
  case WH_OP_REF_CAST_NULL: return cast(v, at, true, false);
  case WH_OP_BR_ON_CAST: return branch_on_cast(v, at, false);
  case WH_OP_BR_ON_CAST_FAIL: return branch_on_cast(v, at, true);
  case WH_OP_ANY_CONVERT_EXTERN: return convert(v, WH_HEAP(EXTERN), WH_HEAP(ANY));
  case WH_OP_EXTERN_CONVERT_ANY: return convert(v, WH_HEAP(ANY), WH_HEAP(EXTERN));
  case WH_OP_REF_I31: return pop_i32s(v, 1) && push(v, non_null(i31ref));
  case WH_OP_I31_GET_S:
  case WH_OP_I31_GET_U: return wh_validate_pop(v, i31ref) && push(v, WHERRY_I32);
  default: return array_op(v, opcode, at);
  }
}

const uint8_t *wh_validate_prefix_fb(validator_t *v, const uint8_t *at) {
  uint32_t number;
  if (!wh_validate_u32(v, &at, &number)) return NULL;
  uint32_t opcode = (uint32_t)WH_OP_PREFIX_FB << 16 | number;
  const wh_op_t *op = number > 0xFFFF ? NULL : wh_op(opcode);
  if (!op) return wh_validate_opcode(v), NULL;
  if (!(v->features >> op->feature & 1))
    return wh_validate_needs(v, (wherry_feature_t)op->feature), NULL;
  return prefix_fb(v, opcode, &at) ? at : NULL;
}

/* ---- references of any type ---- */

/* Pops a reference; *out: its type, of a made-up one the type below all. */
static bool pop_ref(validator_t *v, vtype_t *out) {
  vtype_t type = v->sp[-1];
  bool made_up = type == ANY || type == FLOOR;
  if (!made_up && !wh_is_ref(type))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                            "type mismatch: %s expects a reference, but found %s",
                            wh_validate_op_name(v), wherry_valtype_name(type));
  *out = made_up ? wh_ref(WH_HEAP_BOTTOM, false) : type;
  return wh_validate_pop(v, ANY);
}

static bool branch_on_null(validator_t *v, const uint8_t **at) {
  validate_label_t label;
  vtype_t type;
  return wh_validate_label(v, at, &label) && pop_ref(v, &type) &&
         wh_validate_pop_types(v, label.types, label.count) &&
         wh_validate_push_types(v, label.types, label.count) && push(v, non_null(type));
}

static bool branch_on_non_null(validator_t *v, const uint8_t **at) {
  const uint8_t *start = *at;
  validate_label_t label;
  vtype_t type;
  if (!wh_validate_label(v, at, &label)) return false;
  if (label.count == 0 || !wh_is_ref(label.types[label.count - 1]))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "type mismatch: %s to a label that takes no reference last",
                            wh_validate_op_name(v));
  if (!pop_ref(v, &type)) return false;
  *v->sp++ = non_null(type);
  return wh_validate_pop_types(v, label.types, label.count) &&
         wh_validate_push_types(v, label.types, label.count - 1);
}

const uint8_t *wh_validate_typed_ref(validator_t *v, const uint8_t *at) {
  const wh_op_t *op = wh_op(at[-1]);
  vtype_t type;
  if (!(v->features >> op->feature & 1))
    return wh_validate_needs(v, (wherry_feature_t)op->feature), NULL;
  bool good;
  switch (at[-1]) {
  case WH_OP_REF_EQ:
    good = wh_validate_pop_types(v, two_eqrefs, WH_COUNT(two_eqrefs)) && push(v, WHERRY_I32);
    break;
  case WH_OP_REF_IS_NULL: good = pop_ref(v, &type) && push(v, WHERRY_I32); break;
  case WH_OP_REF_AS_NON_NULL: good = pop_ref(v, &type) && push(v, non_null(type)); break;
  case WH_OP_BR_ON_NULL: good = branch_on_null(v, &at); break;
  default: good = branch_on_non_null(v, &at); break;
  }
  return good ? at : NULL;
}
