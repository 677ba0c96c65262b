/* The NaNs of deterministic engines. Which NaN an operation makes, the standard leaves open wherever
   its numerics say nans(…); here follows an operation that makes it the canonical one. Operations that
   only move bits (loads, abs, neg, copysign, pmin, reinterpret) keep what they got. */
#include "compile_state.h"
#include "ops/ops.h"

void whc_canonical(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
  case WH_OP_F32_ADD:
  case WH_OP_F32_SUB:
  case WH_OP_F32_MUL:
  case WH_OP_F32_DIV:
  case WH_OP_F32_MIN:
  case WH_OP_F32_MAX:
  case WH_OP_F32_SQRT:
  case WH_OP_F32_CEIL:
  case WH_OP_F32_FLOOR:
  case WH_OP_F32_TRUNC:
  case WH_OP_F32_NEAREST:
  case WH_OP_F32_DEMOTE_F64: whc_unary(c, WH_CODE_F32_CANONICAL_S_R, WHERRY_F32); break;
  case WH_OP_F64_ADD:
  case WH_OP_F64_SUB:
  case WH_OP_F64_MUL:
  case WH_OP_F64_DIV:
  case WH_OP_F64_MIN:
  case WH_OP_F64_MAX:
  case WH_OP_F64_SQRT:
  case WH_OP_F64_CEIL:
  case WH_OP_F64_FLOOR:
  case WH_OP_F64_TRUNC:
  case WH_OP_F64_NEAREST:
  case WH_OP_F64_PROMOTE_F32: whc_unary(c, WH_CODE_F64_CANONICAL_S_R, WHERRY_F64); break;
  case WH_OP_F32X4_ADD:
  case WH_OP_F32X4_SUB:
  case WH_OP_F32X4_MUL:
  case WH_OP_F32X4_DIV:
  case WH_OP_F32X4_MIN:
  case WH_OP_F32X4_MAX:
  case WH_OP_F32X4_SQRT:
  case WH_OP_F32X4_CEIL:
  case WH_OP_F32X4_FLOOR:
  case WH_OP_F32X4_TRUNC:
  case WH_OP_F32X4_NEAREST:
  case WH_OP_F32X4_DEMOTE_F64X2_ZERO:
  case WH_OP_F32X4_RELAXED_MADD:
  case WH_OP_F32X4_RELAXED_NMADD:
  case WH_OP_F32X4_RELAXED_MIN:
  case WH_OP_F32X4_RELAXED_MAX: whc_over_slots(c, WH_CODE_F32X4_CANONICAL, 1); break;
  case WH_OP_F64X2_ADD:
  case WH_OP_F64X2_SUB:
  case WH_OP_F64X2_MUL:
  case WH_OP_F64X2_DIV:
  case WH_OP_F64X2_MIN:
  case WH_OP_F64X2_MAX:
  case WH_OP_F64X2_SQRT:
  case WH_OP_F64X2_CEIL:
  case WH_OP_F64X2_FLOOR:
  case WH_OP_F64X2_TRUNC:
  case WH_OP_F64X2_NEAREST:
  case WH_OP_F64X2_PROMOTE_LOW_F32X4:
  case WH_OP_F64X2_RELAXED_MADD:
  case WH_OP_F64X2_RELAXED_NMADD:
  case WH_OP_F64X2_RELAXED_MIN:
  case WH_OP_F64X2_RELAXED_MAX: whc_over_slots(c, WH_CODE_F64X2_CANONICAL, 1); break;
  default: break;
  }
}
