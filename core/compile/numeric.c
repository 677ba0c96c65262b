/* Operations that code defines by rows: numbers, comparisons, loads and stores, select. */
#include "compile_state.h"
#include "ops/ops.h"

/* Operand kinds in the order in which rows.h lists them; each has all forms. Those of floats have two in
   their midst, then one if they commute. */
enum { KIND_SS, KIND_SK, KIND_AS, KIND_AK, KIND_SA, KIND_KS, KIND_KA };
enum { KIND_OA = KIND_SA, KIND_OS, KIND_AA, OLD_KINDS = 2 };
/* How many a comparison has. */
enum { COMPARE_KINDS = KIND_AK + 1, FLOAT_COMPARE_KINDS = KIND_OA + 1 };

static void emit_operand(compiler_t *c, const operand_t *operand, char kind) {
  if (kind == 'S') whc_emit_slot(c, operand->slot);
  if (kind == 'K') whc_emit_bits(c, operand->bits, operand->wide);
}

/* How an operand is given: the accumulator before its slot, because that is nearer. */
static char kind_of(const compiler_t *c, const operand_t *operand) {
  if (operand->where == IN_CONST) return 'K';
  return whc_in_acc(c, operand) ? 'A' : 'S';
}

static unsigned find_kind(char a, char b, bool is_float) {
  unsigned behind = is_float ? OLD_KINDS : 0;
  switch (a) {
  case 'S': return b == 'S' ? KIND_SS : b == 'K' ? KIND_SK : KIND_SA + behind;
  case 'A': return b == 'S' ? KIND_AS : b == 'K' ? KIND_AK : KIND_AA;
  case 'O': return b == 'S' ? KIND_OS : KIND_OA;
  default: return (b == 'S' ? KIND_KS : KIND_KA) + behind;
  }
}

void whc_unary(compiler_t *c, wh_code_op_t base, wherry_valtype_t result) {
  operand_t a = whc_pop_low(c);
  if (a.where == IN_CONST) whc_need_slot(c, &a);
  char kind = kind_of(c, &a);
  wh_code_op_t op = (wh_code_op_t)(base + (kind == 'A' ? whc_forms(result) : 0));
  uint32_t at = whc_emit_op(c, op);
  emit_operand(c, &a, kind);
  whc_emit_result(c, at, op, result);
}

typedef struct pair {
  operand_t *a, *b;
  char kind_a, kind_b;
  wh_code_op_t base, swapped;
} pair_t;

static void swap(pair_t *pair) {
  operand_t *operand = pair->a;
  pair->a = pair->b;
  pair->b = operand;
  char kind = pair->kind_a;
  pair->kind_a = pair->kind_b;
  pair->kind_b = kind;
  pair->base = pair->swapped;
}

/* The older accumulator serves as the first operand, beside the accumulator, or a slot (in_slot) as well. */
static void choose_old(compiler_t *c, pair_t *pair, bool in_slot) {
  bool old_a = pair->kind_a == 'S' && whc_could_be_in_old(c, pair->a);
  bool old_b = pair->kind_b == 'S' && whc_could_be_in_old(c, pair->b);
  if (old_b && !old_a && pair->kind_a != 'K' && pair->swapped != WH_CODE_COUNT) {
    swap(pair);
    old_a = true;
    old_b = false;
  }
  if (old_a && (pair->kind_b == 'A' || (pair->kind_b == 'S' && in_slot))) {
    whc_take_old(c, pair->a);
    pair->kind_a = 'O';
  } else if (old_a) {
    whc_store_old(c, pair->a);
  }
  if (old_b) whc_store_old(c, pair->b);
}

/* Emits base with two popped operands, turned round first where that needs no other operation. swapped:
   the operation that means the same then; base itself where it commutes, WH_CODE_COUNT: none. */
static void two_operands(compiler_t *c, wh_code_op_t base, wh_code_op_t swapped, operand_t *a,
                         operand_t *b, wherry_valtype_t result) {
  if (a->where == IN_CONST && b->where == IN_CONST) whc_need_slot(c, a);
  bool is_float = a->class != CLASS_INT;
  bool has_aa = is_float && result != WHERRY_I32 && swapped == base;
  pair_t pair = {a, b, kind_of(c, a), kind_of(c, b), base, swapped};
  if (pair.kind_a == 'A' && pair.kind_b == 'A' && !has_aa) {
    /* One value in both places: a local read twice, so one of them can be its slot. */
    WH_ASSERT(a->where == IN_SLOT || b->where == IN_SLOT);
    if (b->where == IN_SLOT)
      pair.kind_b = 'S';
    else
      pair.kind_a = 'S';
  }
  if (is_float) choose_old(c, &pair, result != WHERRY_I32);
  if (swapped != WH_CODE_COUNT &&
      (pair.kind_a == 'K' || (pair.kind_b == 'A' && pair.kind_a == 'S')))
    swap(&pair);
  unsigned kind = find_kind(pair.kind_a, pair.kind_b, is_float);
  wh_code_op_t op = (wh_code_op_t)((unsigned)pair.base + whc_forms(result) * kind);
  uint32_t at = whc_emit_op(c, op);
  emit_operand(c, pair.a, pair.kind_a);
  emit_operand(c, pair.b, pair.kind_b);
  whc_emit_result(c, at, op, result);
}

/* The two topmost, as whc_pop_low, but that they may be in the older accumulator. */
static void pop_two_low(compiler_t *c, operand_t *a, operand_t *b) {
  whc_compute_low(c, (uint32_t)c->stack.count - 2);
  whc_compute_low(c, (uint32_t)c->stack.count - 1);
  *b = whc_pop_as_is(c);
  *a = whc_pop_as_is(c);
  a->sum = b->sum = false;
}

static void binary(compiler_t *c, wh_code_op_t base, bool commutes, wherry_valtype_t type) {
  operand_t *top = whc_top_operand(c);
  if (base == WH_CODE_I64_SUB_SS_R && top->where == IN_CONST) {
    /* One operation less to choose fused ones for. */
    top->bits = 0 - top->bits;
    base = WH_CODE_I64_ADD_SS_R;
    commutes = true;
  }
  operand_t a, b;
  pop_two_low(c, &a, &b);
  two_operands(c, base, commutes ? base : WH_CODE_COUNT, &a, &b, type);
}

/* Operands in slots, results in the two lowest of their homes. */
static void wide(compiler_t *c, wh_code_op_t op, uint32_t operands) {
  operand_t operand[4];
  for (uint32_t i = operands; i-- > 0;) operand[i] = whc_pop(c);
  for (uint32_t i = 0; i < operands; i++) whc_need_slot(c, &operand[i]);
  whc_emit_op(c, op);
  for (uint32_t i = 0; i < operands; i++) whc_emit_slot(c, operand[i].slot);
  whc_push_home(c, WHERRY_I64);
  int32_t home = whc_top_operand(c)->home;
  whc_emit_slot(c, home);
  whc_push_home(c, WHERRY_I64);
  whc_wrote(c, home);
  whc_wrote(c, home + 1);
}

static void compare_operands(compiler_t *c, wh_code_op_t base, wh_code_op_t mirror, operand_t *a,
                             operand_t *b) {
  two_operands(c, base, mirror, a, b, WHERRY_I32);
  if (c->failed) return;
  /* Which of the two it became shows in the operation emitted. */
  wh_code_op_t op = c->acc[CLASS_INT].op;
  c->compare_kinds = a->class == CLASS_INT ? COMPARE_KINDS : FLOAT_COMPARE_KINDS;
  c->compare =
      op >= base && (unsigned)op < (unsigned)base + FORMS * c->compare_kinds ? base : mirror;
  c->compare_at = c->last_op_at;
}

static void compare(compiler_t *c, wh_code_op_t base, wh_code_op_t mirror) {
  if (base == WH_CODE_I32_EQ_SS_R || base == WH_CODE_I32_NE_SS_R) {
    /* Added to a sum, or subtracted from what it is compared with: that is the same. */
    operand_t *top = whc_top_operand(c), *below = top - 1;
    if (below->sum && top->where == IN_CONST) {
      top->bits = (uint32_t)(top->bits - below->bits);
      below->bits = 0;
    }
  }
  operand_t a, b;
  pop_two_low(c, &a, &b);
  compare_operands(c, base, mirror, &a, &b);
}

wh_code_op_t whc_inverse_compare(wh_code_op_t base) {
#define PAIR(a, b)                                    \
  case WH_CODE_##a##_SS_R: return WH_CODE_##b##_SS_R; \
  case WH_CODE_##b##_SS_R: return WH_CODE_##a##_SS_R;
  switch (base) {
    PAIR(I32_EQ, I32_NE)
    PAIR(I32_LT_S, I32_GE_S)
    PAIR(I32_LT_U, I32_GE_U)
    PAIR(I32_GT_S, I32_LE_S)
    PAIR(I32_GT_U, I32_LE_U)
    PAIR(I64_EQ, I64_NE)
    PAIR(I64_LT_S, I64_GE_S)
    PAIR(I64_LT_U, I64_GE_U)
    PAIR(I64_GT_S, I64_LE_S)
    PAIR(I64_GT_U, I64_LE_U)
  default: return WH_CODE_COUNT;
  }
#undef PAIR
}

/* x == 0; of an integer comparison just made, its opposite. wide: x is an i64 or a reference. */
static void equals_zero(compiler_t *c, bool wide) {
  operand_t a = whc_pop_as_is(c);
  if (!wide && !a.sum && a.where == IN_ACC && c->compare_at == c->last_op_at) {
    accumulator_t *acc = &c->acc[CLASS_INT];
    wh_code_op_t inverse = whc_inverse_compare(c->compare);
    if (inverse != WH_CODE_COUNT && acc->op_at == c->last_op_at) {
      acc->op = (wh_code_op_t)(inverse + (acc->op - c->compare));
      whc_change_op(c, acc->op_at, acc->op);
      uint32_t at = acc->op_at;
      wh_code_op_t op = acc->op;
      c->words.count = acc->dst_at;
      c->compare = inverse;
      whc_emit_result(c, at, op, WHERRY_I32);
      return;
    }
  }
  operand_t zero = {.where = IN_CONST, .class = CLASS_INT, .wide = wide, .home = a.home + 1};
  if (a.sum) zero.bits = (uint32_t)(0 - a.bits);
  a.sum = false;
  a.wide = wide;
  if (zero.home >= c->top_slot) c->top_slot = zero.home + 1;
  wh_code_op_t base = wide ? WH_CODE_I64_EQ_SS_R : WH_CODE_I32_EQ_SS_R;
  compare_operands(c, base, base, &a, &zero);
}

void whc_is_null(compiler_t *c) { equals_zero(c, true); }

enum { MEMORY_FOLLOWS = 0x40 }; /* in the alignment */

void whc_read_access(compiler_t *c, access_t *access) {
  uint32_t align = whc_imm_u32(c);
  access->memory = align & MEMORY_FOLLOWS ? whc_imm_u32(c) : 0;
  access->offset = wh_leb_u(&c->next);
}

void whc_choose_slot_kind(compiler_t *c, access_t *access) {
  access->kind = whc_is_plain(c, access->memory) ? 'S' : 'X';
}

/* After the operands have been popped. */
static void choose_kind(compiler_t *c, access_t *access) {
  whc_choose_slot_kind(c, access);
  if (access->kind == 'X')
    whc_need_slot(c, &access->address);
  else if (access->address.sum && access->address.bits)
    access->kind = 'W';
  else
    access->kind = kind_of(c, &access->address);
}

/* Before an address is popped as it is: it is the sum of a slot, or none, or adds nothing. */
static void prepare_address(compiler_t *c, uint32_t index) {
  if (whc_operand_at(c, index)->where == IN_ACC) whc_compute_low(c, index);
}

/* The kinds' places in the order of rows.h. */
static unsigned kind_place(char kind) {
  switch (kind) {
  case 'S': return 0;
  case 'A': return 1;
  case 'K': return 2;
  case 'X': return 3;
  default: return 4;
  }
}

void whc_emit_access(compiler_t *c, const access_t *access) {
  switch (access->kind) {
  case 'K': whc_emit_bits(c, (uint32_t)access->address.bits + access->offset, true); break;
  case 'X':
    whc_emit_slot(c, access->address.slot);
    whc_emit_bits(c, access->offset, true);
    whc_emit(c, access->memory);
    break;
  case 'W':
    whc_emit_slot(c, access->address.slot);
    whc_emit(c, (uint32_t)access->address.bits);
    whc_emit(c, (uint32_t)access->offset);
    break;
  default:
    emit_operand(c, &access->address, access->kind);
    whc_emit(c, (uint32_t)access->offset);
    break;
  }
}

static void load(compiler_t *c, wh_code_op_t base, wherry_valtype_t result) {
  access_t access;
  whc_read_access(c, &access);
  prepare_address(c, (uint32_t)c->stack.count - 1);
  access.address = whc_pop_as_is(c);
  choose_kind(c, &access);
  whc_mark_offset(c);
  wh_code_op_t op = (wh_code_op_t)(base + whc_forms(result) * kind_place(access.kind));
  uint32_t at = whc_emit_op(c, op);
  whc_emit_access(c, &access);
  whc_emit_result(c, at, op, result);
}

static void store(compiler_t *c, wh_code_op_t base) {
  access_t access;
  whc_read_access(c, &access);
  uint32_t top = (uint32_t)c->stack.count - 1;
  whc_compute_low(c, top);
  prepare_address(c, top - 1);
  operand_t value = whc_pop_low(c);
  access.address = whc_pop_as_is(c);
  choose_kind(c, &access);
  char kind = kind_of(c, &value);
  whc_mark_offset(c);
  whc_emit_op(c, (wh_code_op_t)(base + 3 * kind_place(access.kind) +
                                (kind == 'S'   ? 0
                                 : kind == 'K' ? 1
                                               : 2)));
  whc_emit_access(c, &access);
  emit_operand(c, &value, kind);
}

static void select_v128(compiler_t *c, operand_t *condition) {
  operand_t b = whc_pop(c), a = whc_pop(c);
  whc_need_slot(c, &a);
  whc_need_slot(c, &b);
  if (condition->where == IN_CONST) whc_need_slot(c, condition);
  bool in_accumulator = whc_in_acc(c, condition);
  uint32_t at = whc_emit_op(c, in_accumulator ? WH_CODE_SELECT_V128_A : WH_CODE_SELECT_V128_S);
  if (!in_accumulator) whc_emit_slot(c, condition->slot);
  whc_emit_slot(c, a.slot);
  whc_emit_slot(c, b.slot);
  whc_emit_home_result(c, at, WHERRY_V128);
}

void whc_select(compiler_t *c, wherry_valtype_t type) {
  operand_t condition = whc_pop_low(c);
  if (type == WHERRY_V128) {
    select_v128(c, &condition);
    return;
  }
  /* Slots are chosen between, so values that only an accumulator has go to theirs; the condition may stay
     where it is: a spill stores, and moves nothing. */
  for (uint32_t index = (uint32_t)c->stack.count - 2; index < c->stack.count; index++)
    if (whc_operand_at(c, index)->where == IN_ACC) whc_spill(c, index);
  operand_t b = whc_pop(c), a = whc_pop(c);
  if (condition.where == IN_CONST) whc_need_slot(c, &condition);
  bool in_accumulator = whc_in_acc(c, &condition);
  static const wh_code_op_t bases[] = {WH_CODE_SELECT_S_SS_R, WH_CODE_SELECT_f32_S_SS_R,
                                       WH_CODE_SELECT_f64_S_SS_R};
  enum { SLOT_KINDS = 4 }; /* with the condition in a slot */
  class_t class = whc_class_of(type);
  unsigned kind = (in_accumulator ? SLOT_KINDS : 0u) + (a.where == IN_CONST ? 2u : 0u) +
                  (b.where == IN_CONST ? 1u : 0u);
  wh_code_op_t op = (wh_code_op_t)(bases[class] + whc_forms(type) * kind);
  uint32_t at = whc_emit_op(c, op);
  if (!in_accumulator) whc_emit_slot(c, condition.slot);
  bool wide = class != CLASS_F32;
  if (a.where == IN_CONST)
    whc_emit_bits(c, a.bits, wide);
  else
    whc_emit_slot(c, a.slot);
  if (b.where == IN_CONST)
    whc_emit_bits(c, b.bits, wide);
  else
    whc_emit_slot(c, b.slot);
  whc_emit_result(c, at, op, type);
}

bool whc_numeric(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
#define UNARY(N, R, T, ...) \
  case WH_OP_##N: whc_unary(c, WH_CODE_##N##_S_R, TYPE_##R); return true;
#define UNARY_TRAPS(N, R, T, ...)              \
  case WH_OP_##N:                              \
    whc_mark_offset(c);                        \
    whc_unary(c, WH_CODE_##N##_S_R, TYPE_##R); \
    return true;
#define BINARY(N, T, ...) \
  case WH_OP_##N: binary(c, WH_CODE_##N##_SS_R, false, TYPE_##T); return true;
#define BINARY_COMMUTES(N, T, ...) \
  case WH_OP_##N: binary(c, WH_CODE_##N##_SS_R, true, TYPE_##T); return true;
#define FLOAT_BINARY BINARY
#define FLOAT_BINARY_COMMUTES BINARY_COMMUTES
#define FLOAT_COMPARE COMPARE
#define BINARY_TRAPS(N, T, ...)                     \
  case WH_OP_##N:                                   \
    whc_mark_offset(c);                             \
    binary(c, WH_CODE_##N##_SS_R, false, TYPE_##T); \
    return true;
#define COMPARE(N, T, mirror, ...) \
  case WH_OP_##N: compare(c, WH_CODE_##N##_SS_R, WH_CODE_##mirror##_SS_R); return true;
#define LOAD(N, R, M) \
  case WH_OP_##N: load(c, WH_CODE_##N##_S_R, TYPE_##R); return true;
#define STORE(N, V, M) \
  case WH_OP_##N: store(c, WH_CODE_##N##_SS); return true;
#define WIDE_SUM(N, ...) \
  case WH_OP_##N: wide(c, WH_CODE_##N, 4); return true;
#define WIDE_PRODUCT(N, ...) \
  case WH_OP_##N: wide(c, WH_CODE_##N, 2); return true;
#define GLOBAL_GET(T)
#define GLOBAL_SET(T)
#define PLAIN(N, ...)
#include "code/integer.def"
#include "code/float.def"
#include "code/convert.def"
#include "code/memory.def"
#undef UNARY
#undef UNARY_TRAPS
#undef BINARY
#undef BINARY_COMMUTES
#undef FLOAT_BINARY
#undef FLOAT_BINARY_COMMUTES
#undef FLOAT_COMPARE
#undef BINARY_TRAPS
#undef COMPARE
#undef WIDE_SUM
#undef WIDE_PRODUCT
#undef LOAD
#undef STORE
#undef GLOBAL_GET
#undef GLOBAL_SET
#undef PLAIN
  case WH_OP_I32_EQZ: equals_zero(c, false); return true;
  case WH_OP_I64_EQZ:
  case WH_OP_REF_IS_NULL: equals_zero(c, true); return true;
  case WH_OP_REF_EQ: compare(c, WH_CODE_I64_EQ_SS_R, WH_CODE_I64_EQ_SS_R); return true;
  default: return false;
  }
}
