/* Constants that are added to an i32 emit nothing at first: the operand becomes a sum, of the place where
   it is and the constant. Loads and stores take a sum of a slot as it is (compilers wrap addresses so), a
   further constant is added while compiling, and local.set computes it right into the local. The low
   half of an i64 is such a sum too, which adds nothing: an operation over i32 reads no more than that
   half, so it is computed only where a value is moved as a whole.

   Nothing but a load, a store and those who ask for it (…_as_is, …_low) ever sees a sum: whc_pop and
   whc_settle compute it.

   Conversions of constants are done while compiling (Go writes its addresses so). */
#include "compile_state.h"
#include "ops/ops.h"

void whc_settle_sum(compiler_t *c) {
  uint32_t top = (uint32_t)c->stack.count - 1;
  if (whc_operand_at(c, top)->where == IN_ACC)
    whc_compute(c, top);
  else
    whc_settle(c, top, false);
}

void whc_compute(compiler_t *c, uint32_t index) {
  operand_t *operand = whc_operand_at(c, index);
  WH_ASSERT(operand->sum && operand->class == CLASS_INT);
  if (operand->where == IN_SLOT) whc_spill_class(c, CLASS_INT);
  bool in_accumulator = whc_in_acc(c, operand), adds = operand->bits != 0;
  wh_code_op_t op = adds             ? in_accumulator ? WH_CODE_I32_ADD_AK_R : WH_CODE_I32_ADD_SK_R
                    : in_accumulator ? WH_CODE_I32_WRAP_I64_A_R
                                     : WH_CODE_I32_WRAP_I64_S_R;
  uint32_t at = whc_emit_op(c, op);
  if (!in_accumulator) whc_emit_slot(c, operand->slot);
  if (adds) whc_emit(c, (uint32_t)operand->bits);
  whc_leave_local(c, operand);
  whc_emit_result_of(c, index, at, op);
}

/* Makes an operand a sum, or adds to one. */
static void add(operand_t *operand, uint64_t bits) {
  operand->bits = (uint32_t)((operand->sum ? operand->bits : 0) + bits);
  operand->sum = true;
  operand->wide = false;
}

/* x + constant, x - constant, as an i32. */
static bool add_constant(compiler_t *c, bool negative) {
  operand_t *b = whc_top_operand(c), *a = b - 1;
  if (b->where != IN_CONST) return false;
  uint64_t bits = negative ? 0 - b->bits : b->bits;
  whc_pop(c);
  if (a->where == IN_CONST)
    a->bits = (uint32_t)(a->bits + bits);
  else
    add(a, bits);
  return true;
}

/* A constant of another width. */
static bool convert_constant(operand_t *operand, uint64_t bits, bool wide) {
  operand->bits = bits;
  operand->wide = wide;
  return true;
}

static bool of_constant(operand_t *operand, uint32_t opcode) {
  uint32_t low = (uint32_t)operand->bits;
  switch (opcode) {
  case WH_OP_I32_WRAP_I64: return convert_constant(operand, low, false);
  case WH_OP_I64_EXTEND_I32_U: return convert_constant(operand, low, true);
  case WH_OP_I64_EXTEND_I32_S:
  case WH_OP_I64_EXTEND32_S:
    return convert_constant(operand, (uint64_t)(int64_t)(int32_t)low, true);
  default: return false;
  }
}

bool whc_sum(compiler_t *c, uint32_t opcode) {
  operand_t *top = whc_top_operand(c);
  if (top->where == IN_CONST && of_constant(top, opcode)) return true;
  switch (opcode) {
  case WH_OP_I32_ADD: return add_constant(c, false);
  case WH_OP_I32_SUB: return add_constant(c, true);
  case WH_OP_I32_WRAP_I64: add(top, 0); return true;
  /* Of these, only what compilers write for addresses that they keep in 64 bits. */
  case WH_OP_I64_ADD:
    if (*c->next != WH_OP_I32_WRAP_I64 || !add_constant(c, false)) return false;
    whc_top_operand(c)->wide = false;
    c->next++;
    c->path++;
    return true;
  case WH_OP_I64_EXTEND_I32_U: { /* and i64.const, i64.add, i32.wrap_i64 */
    const uint8_t *next = c->next;
    if (*next++ != WH_OP_I64_CONST) return false;
    uint64_t bits = (uint64_t)wh_leb_s(&next);
    if (*next++ != WH_OP_I64_ADD || *next++ != WH_OP_I32_WRAP_I64) return false;
    add(top, bits);
    c->next = next;
    c->path += 3;
    return true;
  }
  default: return false;
  }
}
