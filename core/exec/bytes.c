/* Operations that move the bytes of a vector, for processors that cannot in registers. */
#include "num/simd.h"
#include "exec_state.h"

static wh_v128_t vector(const void *from) {
  wh_v128_t value;
  memcpy(&value, from, sizeof value);
  return value;
}

/* Operands: vector, lanes, slot of the result. */
int wh_exec_i8x16_swizzle(wh_context_t *context) {
  wh_v128_t result =
      wh_num_i8x16_swizzle(vector(operand_slot(context, 0)), vector(operand_slot(context, 1)));
  memcpy(operand_slot(context, 2), &result, sizeof result);
  return go_on(context, 3);
}

/* Operands: two vectors, lanes as a constant, slot of the result. */
int wh_exec_i8x16_shuffle(wh_context_t *context) {
  wh_v128_t result =
      wh_num_i8x16_shuffle(vector(operand_slot(context, 0)), vector(operand_slot(context, 1)),
                           vector(context->ip + WH_HANDLER_WORDS + 2));
  memcpy(operand_slot(context, 6), &result, sizeof result);
  return go_on(context, 7);
}
