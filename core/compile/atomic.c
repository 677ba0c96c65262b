/* Atomic accesses: carried out by a function of exec, operands and result in their homes. */
#include "compile_state.h"
#include "ops/ops.h"

static void atomic(compiler_t *c, wh_atomic_t operation, size_t bytes, wherry_valtype_t type) {
  static const uint8_t operands[] = {
      [WH_ATOMIC_LOAD] = 1, [WH_ATOMIC_STORE] = 2,   [WH_ATOMIC_ADD] = 2,    [WH_ATOMIC_SUB] = 2,
      [WH_ATOMIC_AND] = 2,  [WH_ATOMIC_OR] = 2,      [WH_ATOMIC_XOR] = 2,    [WH_ATOMIC_XCHG] = 2,
      [WH_ATOMIC_WAIT] = 3, [WH_ATOMIC_CMPXCHG] = 3, [WH_ATOMIC_NOTIFY] = 2,
  };
  access_t access;
  whc_read_access(c, &access);
  whc_emit_called(c, WH_CODE_ATOMIC, operands[operation], operation != WH_ATOMIC_STORE, type);
  whc_emit(c, operation);
  whc_emit(c, (uint32_t)bytes);
  whc_emit_bits(c, access.offset, true);
  whc_emit(c, access.memory);
}

bool whc_atomic(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
#define ATOMIC(N, operation, T, R) \
  case WH_OP_##N: atomic(c, WH_ATOMIC_##operation, sizeof(T), TYPE_##R); return true;
#include "code/atomic.def"
#undef ATOMIC
  case WH_OP_ATOMIC_FENCE:
    c->next++;
    whc_emit_op(c, WH_CODE_ATOMIC_FENCE);
    return true;
  default: return false;
  }
}
