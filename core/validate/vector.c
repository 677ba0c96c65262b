/* Instructions with prefix FD: vectors. */
#include "validate_body.h"

static bool take(validator_t *v, const uint8_t **at, size_t size) {
  if ((size_t)(v->end - *at) < size) return wh_validate_leb(v, *at, WH_LEB_ENDS_EARLY);
  *at += size;
  return true;
}

/* Lane numbers, a byte each, all below a bound. */
static bool lanes(validator_t *v, const uint8_t **at, size_t count, unsigned bound) {
  const uint8_t *bytes = *at;
  if (!take(v, at, count)) return false;
  for (size_t i = 0; i < count; i++)
    if (bytes[i] >= bound)
      return wh_validate_fail(v, WHERRY_ERROR_INVALID, bytes + i,
                              "invalid lane index: %s of lane %u, but there are %u",
                              wh_validate_op_name(v), bytes[i], bound);
  return true;
}

enum { VECTOR_BYTES = 16, SHUFFLE_LANES = 32 };

const uint8_t *wh_validate_prefix_fd(validator_t *v, const uint8_t *at) {
  uint32_t number;
  if (!wh_validate_u32(v, &at, &number)) return NULL;
  const wh_op_t *op = number > 0xFFFF ? NULL : wh_op((uint32_t)WH_OP_PREFIX_FD << 16 | number);
  if (!op) return wh_validate_opcode(v), NULL;
  if (!(v->features >> op->feature & 1))
    return wh_validate_needs(v, (wherry_feature_t)op->feature), NULL;
  switch (op->immediates) {
  case WH_IMM_MEMARG_: return wh_validate_access(v, at, op);
  case WH_IMM_MEMARG_LANE_:
    at = wh_validate_access(v, at, op);
    return at && lanes(v, &at, 1, VECTOR_BYTES >> op->align) ? at : NULL;
  case WH_IMM_V128_CONST:
    if (!take(v, &at, VECTOR_BYTES)) return NULL;
    break;
  case WH_IMM_SHUFFLE:
    if (!lanes(v, &at, VECTOR_BYTES, SHUFFLE_LANES)) return NULL;
    break;
  case WH_IMM_LANE_:
    if (!lanes(v, &at, 1, 1u << op->align)) return NULL;
    break;
  default: break;
  }
  return wh_validate_signature(v, op->signature) ? at : NULL;
}
