/* Atomic accesses. */
#include "compile_state.h"
#include "ops/ops.h"

enum { MOST_OPERANDS = 3 };

static const uint8_t operand_counts[] = {
    [WH_ATOMIC_LOAD] = 1, [WH_ATOMIC_STORE] = 2,   [WH_ATOMIC_ADD] = 2,    [WH_ATOMIC_SUB] = 2,
    [WH_ATOMIC_AND] = 2,  [WH_ATOMIC_OR] = 2,      [WH_ATOMIC_XOR] = 2,    [WH_ATOMIC_XCHG] = 2,
    [WH_ATOMIC_WAIT] = 3, [WH_ATOMIC_CMPXCHG] = 3, [WH_ATOMIC_NOTIFY] = 2,
};

/* A handler's: operands in slots, the result in its home. */
static void direct(compiler_t *c, wh_code_op_t op, const access_t *access, wh_atomic_t operation,
                   wherry_valtype_t type) {
  operand_t operand[MOST_OPERANDS];
  uint32_t count = operand_counts[operation];
  for (uint32_t i = count; i-- > 0;) operand[i] = whc_pop(c);
  for (uint32_t i = 0; i < count; i++) whc_need_slot(c, &operand[i]);
  whc_mark_offset(c);
  uint32_t at = whc_emit_op(c, op);
  whc_emit_slot(c, operand[0].slot);
  whc_emit(c, (uint32_t)access->offset);
  for (uint32_t i = 1; i < count; i++) whc_emit_slot(c, operand[i].slot);
  if (operation != WH_ATOMIC_STORE) whc_emit_home_result(c, at, type);
}

/* A function of exec's. op: of a handler, WH_CODE_COUNT: there is none. */
static void atomic(compiler_t *c, wh_code_op_t op, wh_atomic_t operation, size_t bytes,
                   wherry_valtype_t type) {
  access_t access;
  whc_read_access(c, &access);
  whc_choose_slot_kind(c, &access);
  if (op != WH_CODE_COUNT && access.kind == 'S') {
    direct(c, op, &access, operation, type);
    return;
  }
  whc_emit_called(c, WH_CODE_ATOMIC, operand_counts[operation], operation != WH_ATOMIC_STORE, type);
  whc_emit(c, operation);
  whc_emit(c, (uint32_t)bytes);
  whc_emit_bits(c, access.offset, true);
  whc_emit(c, access.memory);
}

bool whc_atomic(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
#define ATOMIC(N, operation, M, T) \
  case WH_OP_##N: atomic(c, WH_CODE_COUNT, WH_ATOMIC_##operation, sizeof(M), TYPE_##T); return true;
#define ATOMIC_DIRECT(N, operation, M, T) \
  case WH_OP_##N: atomic(c, WH_CODE_##N, WH_ATOMIC_##operation, sizeof(M), TYPE_##T); return true;
#include "code/atomic.def"
#undef ATOMIC
#undef ATOMIC_DIRECT
  case WH_OP_ATOMIC_FENCE:
    c->next++;
    whc_emit_op(c, WH_CODE_ATOMIC_FENCE);
    return true;
  default: return false;
  }
}
