/* Constant expressions, and the items of element segments, which are functions or such expressions.
   Most are one instruction and its end. */
#include "validate_body.h"

static bool not_constant(validator_t *v) {
  return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                          "constant expression required: %s may not stand here",
                          wh_validate_op_name(v));
}

static bool global_get(validator_t *v, const uint8_t **at, size_t globals) {
  const uint8_t *start = *at;
  uint32_t index;
  if (!wh_validate_u32(v, at, &index)) return false;
  if (index >= globals)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "unknown global %u: a constant expression here sees the first %zu",
                            index, globals);
  const wh_global_type_t *global = &v->model->globals.items[index];
  if (global->is_mutable)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "constant expression required: global %u is mutable", index);
  /* Seeing the module's own came with gc. */
  if (!global->imported && !(v->features & WH_FEATURE(GC)))
    return wh_validate_needs(v, WHERRY_FEATURE_GC);
  *v->sp++ = global->type;
  return true;
}

static bool ref_func(validator_t *v, const uint8_t **at) {
  const uint8_t *start = *at;
  uint32_t index;
  if (!wh_validate_u32(v, at, &index)) return false;
  if (index >= v->model->functions.count)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "unknown function %u: ref.func, but there are %zu", index,
                            v->model->functions.count);
  wh_validate_declare(v, index);
  *v->sp++ = wh_validate_func_type(v, index);
  return true;
}

/* Instructions that make objects. */
static bool object(validator_t *v, const uint8_t **at) {
  static const uint32_t allowed =
      1u << (WH_OP_STRUCT_NEW & 31) | 1u << (WH_OP_STRUCT_NEW_DEFAULT & 31) |
      1u << (WH_OP_ARRAY_NEW & 31) | 1u << (WH_OP_ARRAY_NEW_DEFAULT & 31) |
      1u << (WH_OP_ARRAY_NEW_FIXED & 31) | 1u << (WH_OP_REF_I31 & 31) |
      1u << (WH_OP_ANY_CONVERT_EXTERN & 31) | 1u << (WH_OP_EXTERN_CONVERT_ANY & 31);
  const uint8_t *start = *at;
  uint64_t number = wh_leb_u(at);
  if (number > 31 || !(allowed >> number & 1)) return not_constant(v);
  *at = wh_validate_prefix_fb(v, start);
  return *at != NULL;
}

/* One instruction that is not end. Its immediates were read before, by decode: they are whole. */
static bool instruction(validator_t *v, const uint8_t **at, size_t globals) {
  uint8_t opcode = *(*at)++;
  if (opcode >= WH_OP_REF_NULL && opcode <= WH_OP_REF_FUNC &&
      !(v->features & WH_FEATURE(REFERENCE_TYPES)))
    return wh_validate_needs(v, WHERRY_FEATURE_REFERENCE_TYPES);
  switch (opcode) {
  case WH_OP_I32_CONST:
    wh_leb_s(at);
    *v->sp++ = WHERRY_I32;
    return true;
  case WH_OP_I64_CONST:
    wh_leb_s(at);
    *v->sp++ = WHERRY_I64;
    return true;
  case WH_OP_F32_CONST:
    *at += 4;
    *v->sp++ = WHERRY_F32;
    return true;
  case WH_OP_F64_CONST:
    *at += 8;
    *v->sp++ = WHERRY_F64;
    return true;
  case WH_OP_PREFIX_FD:
    if (wh_leb_u(at) != (WH_OP_V128_CONST & 0xFFFF)) return not_constant(v);
    if (!(v->features & WH_FEATURE(SIMD))) return wh_validate_needs(v, WHERRY_FEATURE_SIMD);
    *at += 16;
    *v->sp++ = WHERRY_V128;
    return true;
  case WH_OP_REF_NULL: {
    wh_heap_t heap;
    if (!wh_validate_heap_type(v, at, &heap)) return false;
    *v->sp++ = wh_ref(heap, true);
    return true;
  }
  case WH_OP_PREFIX_FB: return object(v, at);
  case WH_OP_REF_FUNC: return ref_func(v, at);
  case WH_OP_GLOBAL_GET: return global_get(v, at, globals);
  case WH_OP_I32_ADD:
  case WH_OP_I32_SUB:
  case WH_OP_I32_MUL:
  case WH_OP_I64_ADD:
  case WH_OP_I64_SUB:
  case WH_OP_I64_MUL:
    if (!(v->features & WH_FEATURE(EXTENDED_CONST)))
      return wh_validate_needs(v, WHERRY_FEATURE_EXTENDED_CONST);
    return wh_validate_signature(v, wh_op(opcode)->signature);
  default: return not_constant(v);
  }
}

bool wh_validate_const(validator_t *v, const wh_const_expr_t *expr, vtype_t want, size_t globals) {
  const uint8_t *at = expr->bytes;
  v->end = at + expr->size;
  v->op_at = at;
  v->sp = v->stack + GUARD;
  v->frames.count = 0;
  if (!wh_validate_begin(v, WH_OP_BLOCK, NULL, 0, NULL, 0)) return false;
  while (*at != WH_OP_END) {
    v->op_at = at;
    if (!instruction(v, &at, globals)) return false;
  }
  v->op_at = at;
  if (!wh_validate_pop(v, want)) return false;
  return v->sp[-1] == FLOOR ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, at,
                          "type mismatch: a constant expression of more than one value");
}

bool wh_validate_items(validator_t *v, const wh_elem_t *elem) {
  const uint8_t *at = elem->items, *end = at + elem->items_size;
  for (uint32_t i = 0; i < elem->count; i++) {
    if (elem->by_index) {
      const uint8_t *start = at;
      uint64_t index = wh_leb_u(&at);
      if (WH_UNLIKELY(index >= v->model->functions.count))
        return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                                "unknown function %llu: in an element segment, but there are %zu",
                                (unsigned long long)index, v->model->functions.count);
      wh_validate_declare(v, (uint32_t)index);
      continue;
    }
    /* As long as it is, its end is its own: no instruction that may stand here holds another. */
    wh_const_expr_t expr = {.bytes = at, .size = (uint32_t)(end - at)};
    if (!wh_validate_const(v, &expr, elem->type, v->model->globals.count)) return false;
    at = v->op_at + 1;
  }
  return true;
}
