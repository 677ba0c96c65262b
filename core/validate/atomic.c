/* Instructions with prefix FE: atomic accesses. */
#include "validate_body.h"

const uint8_t *wh_validate_prefix_fe(validator_t *v, const uint8_t *at) {
  uint32_t number;
  if (!wh_validate_u32(v, &at, &number)) return NULL;
  const wh_op_t *op = number > 0xFFFF ? NULL : wh_op((uint32_t)WH_OP_PREFIX_FE << 16 | number);
  if (!op) return wh_validate_opcode(v), NULL;
  if (!(v->features >> op->feature & 1))
    return wh_validate_needs(v, (wherry_feature_t)op->feature), NULL;
  if (op->immediates == WH_IMM_MEMARG_) return wh_validate_access(v, at, op);
  if (at == v->end) return wh_validate_leb(v, at, WH_LEB_ENDS_EARLY), NULL;
  if (*at != 0)
    return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, at, "zero byte expected: %s with 0x%02x",
                            op->name, *at),
           NULL;
  return at + 1;
}
