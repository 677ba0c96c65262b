/* Operations on v128: operands in slots, results in homes. */
#include "compile_state.h"
#include "ops/ops.h"

void whc_over_slots(compiler_t *c, wh_code_op_t op, uint32_t operands) {
  operand_t operand[3];
  for (uint32_t i = operands; i-- > 0;) operand[i] = whc_pop(c);
  for (uint32_t i = 0; i < operands; i++) whc_need_slot(c, &operand[i]);
  uint32_t at = whc_emit_op(c, op);
  for (uint32_t i = 0; i < operands; i++) whc_emit_slot(c, operand[i].slot);
  whc_emit_home_result(c, at, WHERRY_V128);
}

static uint32_t read_lane(compiler_t *c) { return *c->next++; }

/* A vector to a scalar, which stays in its accumulator; lane: whether a lane's number follows. */
static void to_scalar(compiler_t *c, wh_code_op_t op, wherry_valtype_t type, bool lane) {
  operand_t a = whc_pop(c);
  whc_need_slot(c, &a);
  uint32_t at = whc_emit_op(c, op);
  whc_emit_slot(c, a.slot);
  if (lane) whc_emit(c, read_lane(c));
  whc_emit_result(c, at, op, type);
}

static void replace_lane(compiler_t *c, wh_code_op_t op) {
  operand_t value = whc_pop(c), vector = whc_pop(c);
  whc_need_slot(c, &vector);
  whc_need_slot(c, &value);
  uint32_t at = whc_emit_op(c, op);
  whc_emit_slot(c, vector.slot);
  whc_emit(c, read_lane(c));
  whc_emit_slot(c, value.slot);
  whc_emit_home_result(c, at, WHERRY_V128);
}

static void shuffle(compiler_t *c) {
  operand_t b = whc_pop(c), a = whc_pop(c);
  whc_need_slot(c, &a);
  whc_need_slot(c, &b);
  uint32_t at = whc_emit_op(c, WH_CODE_I8X16_SHUFFLE);
  whc_emit_slot(c, a.slot);
  whc_emit_slot(c, b.slot);
  whc_emit_v128(c, c->next);
  c->next += 16;
  whc_emit_home_result(c, at, WHERRY_V128);
}

/* base: the form for a 32-bit memory 0; the general one follows it. vector: a v128 is an operand too;
   lane: a lane's number follows the access; result: it makes a v128. */
static void access_memory(compiler_t *c, wh_code_op_t base, bool vector, bool lane, bool result) {
  access_t access;
  whc_read_access(c, &access);
  operand_t value = {0};
  if (vector) value = whc_pop(c);
  access.address = whc_pop(c);
  whc_need_slot(c, &access.address);
  if (vector) whc_need_slot(c, &value);
  whc_choose_slot_kind(c, &access);
  whc_mark_offset(c);
  uint32_t at = whc_emit_op(c, (wh_code_op_t)(base + (access.kind == 'X')));
  whc_emit_access(c, &access);
  if (vector) whc_emit_slot(c, value.slot);
  if (lane) whc_emit(c, read_lane(c));
  if (result) whc_emit_home_result(c, at, WHERRY_V128);
}

bool whc_vector(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
#define ROW(N, ...) \
  case WH_OP_##N: __VA_ARGS__; return true;
#define VECTOR_UNARY(N, function) ROW(N, whc_over_slots(c, WH_CODE_##N, 1))
#define VECTOR_BINARY(N, function) ROW(N, whc_over_slots(c, WH_CODE_##N, 2))
#define VECTOR_SWIZZLE(N, function) ROW(N, whc_over_slots(c, WH_CODE_##N, 2))
#define VECTOR_TERNARY(N, function) ROW(N, whc_over_slots(c, WH_CODE_##N, 3))
#define VECTOR_SHIFT(N, function) ROW(N, whc_over_slots(c, WH_CODE_##N, 2))
#define VECTOR_SPLAT(N, ...) ROW(N, whc_over_slots(c, WH_CODE_##N, 1))
#define VECTOR_TEST(N, function) ROW(N, to_scalar(c, WH_CODE_##N##_R, WHERRY_I32, false))
#define VECTOR_EXTRACT(N, R, ...) ROW(N, to_scalar(c, WH_CODE_##N##_R, TYPE_##R, true))
#define VECTOR_REPLACE(N, ...) ROW(N, replace_lane(c, WH_CODE_##N))
#define VECTOR_LOAD(N, ...) ROW(N, access_memory(c, WH_CODE_##N##_S, false, false, true))
#define VECTOR_STORE(N) ROW(N, access_memory(c, WH_CODE_##N##_S, true, false, false))
#define VECTOR_LOAD_LANE(N, ...) ROW(N, access_memory(c, WH_CODE_##N##_S, true, true, true))
#define VECTOR_STORE_LANE(N, ...) ROW(N, access_memory(c, WH_CODE_##N##_S, true, true, false))
#define PLAIN(N, ...)
#include "code/vector.def"
  case WH_OP_V128_CONST:
    whc_push_const_v128(c, c->next);
    c->next += 16;
    return true;
  case WH_OP_I8X16_SHUFFLE: shuffle(c); return true;
  default: return false;
  }
}
