/* The operand stack that exists only while compiling, and what the accumulators hold. */
#include "compile_state.h"

class_t class_of(wherry_valtype_t type) {
  return type == WHERRY_F32 ? CLASS_F32 : type == WHERRY_F64 ? CLASS_F64 : CLASS_INT;
}

bool is_wide(wherry_valtype_t type) { return type != WHERRY_I32 && type != WHERRY_F32; }

operand_t *operand_at(compiler_t *c, uint32_t index) {
  WH_ASSERT(index < c->stack.count);
  return &c->stack.items[index];
}

static operand_t *push(compiler_t *c, wherry_valtype_t type) {
  if (WH_UNLIKELY(!wh_vec_reserve(c->alloc, &c->stack, 1))) {
    /* Goes on in the first operand's place: finish_code throws everything away. */
    c->failed = true;
    c->stack.count = 0;
  }
  operand_t *operand = &c->stack.items[c->stack.count];
  operand->class = (uint8_t)class_of(type);
  operand->wide = is_wide(type);
  operand->home = c->temp_base + (int32_t)c->stack.count++;
  operand->slot = operand->home;
  operand->bits = 0;
  if (operand->home >= c->top_slot) c->top_slot = operand->home + 1;
  return operand;
}

static bool slot_is_local(const compiler_t *c, int32_t slot) { return slot < c->temp_base; }

static uint32_t local_of(const compiler_t *c, int32_t slot) {
  uint32_t params = c->type->param_count;
  return slot < 0 ? (uint32_t)(slot + (int32_t)params)
                  : (uint32_t)slot - WH_FRAME_HEADER + params;
}

static void use_local(compiler_t *c, const operand_t *operand, uint32_t more) {
  if (operand->where == IN_SLOT && slot_is_local(c, operand->slot))
    c->local_uses.items[local_of(c, operand->slot)] += more;
}

void push_slot(compiler_t *c, wherry_valtype_t type, int32_t slot) {
  operand_t *operand = push(c, type);
  operand->where = IN_SLOT;
  operand->slot = slot;
  use_local(c, operand, 1);
}

void push_home(compiler_t *c, wherry_valtype_t type) { push(c, type)->where = IN_SLOT; }

void push_const(compiler_t *c, wherry_valtype_t type, uint64_t bits) {
  operand_t *operand = push(c, type);
  operand->where = IN_CONST;
  operand->bits = bits;
}

operand_t pop(compiler_t *c) {
  WH_ASSERT(c->stack.count || c->failed);
  if (WH_UNLIKELY(!c->stack.count)) push_const(c, WHERRY_I32, 0);
  operand_t operand = c->stack.items[--c->stack.count];
  use_local(c, &operand, UINT32_MAX); /* one less */
  if (operand.where == IN_ACC) c->acc[operand.class].entry = NO_ENTRY;
  return operand;
}

void drop_to(compiler_t *c, uint32_t height) {
  while (c->stack.count > height) pop(c);
}

bool in_acc(const compiler_t *c, const operand_t *operand) {
  return operand->where == IN_ACC ||
         (operand->where == IN_SLOT && c->acc[operand->class].mirror == operand->slot);
}

void wrote(compiler_t *c, int32_t slot) {
  for (unsigned class = 0; class < CLASS_COUNT; class++)
    if (c->acc[class].mirror == slot) c->acc[class].mirror = NO_SLOT;
}

/* Makes the operation that left a value in its accumulator store it to a slot as well. */
static void store_result(compiler_t *c, class_t class, int32_t slot) {
  accumulator_t *acc = &c->acc[class];
  change_op(c, acc->op_at, (wh_code_op_t)(acc->op + FORM_D));
  if (!c->failed) c->words.items[acc->dst_at] = (uint32_t)slot;
  wrote(c, slot);
  acc->mirror = slot;
  acc->entry = NO_ENTRY;
}

void spill(compiler_t *c, uint32_t index) {
  operand_t *operand = operand_at(c, index);
  WH_ASSERT(operand->where == IN_ACC);
  /* Nothing between the operation and here can have used this home: it lies at the operand's own
     height, and labels settle everything. */
  store_result(c, (class_t)operand->class, operand->home);
  operand->where = IN_SLOT;
  operand->slot = operand->home;
}

void spill_class(compiler_t *c, class_t class) {
  if (c->acc[class].entry != NO_ENTRY) spill(c, (uint32_t)c->acc[class].entry);
}

void spill_accs(compiler_t *c) {
  for (unsigned class = 0; class < CLASS_COUNT; class++) spill_class(c, (class_t)class);
}

void forget_accs(compiler_t *c) {
  for (unsigned class = 0; class < CLASS_COUNT; class++) {
    WH_ASSERT(c->acc[class].entry == NO_ENTRY || c->failed);
    c->acc[class].entry = NO_ENTRY;
    c->acc[class].mirror = NO_SLOT;
  }
}

void emit_move(compiler_t *c, const operand_t *operand, int32_t slot) {
  static const wh_code_op_t set_acc[] = {WH_CODE_SET_A_u64, WH_CODE_SET_A_f32, WH_CODE_SET_A_f64};
  if (in_acc(c, operand)) {
    emit_op(c, set_acc[operand->class]);
  } else if (operand->where == IN_CONST) {
    bool wide = operand->bits > UINT32_MAX;
    emit_op(c, wide ? WH_CODE_SET_K64 : WH_CODE_SET_K32);
    emit_bits(c, operand->bits, wide);
  } else {
    emit_op(c, WH_CODE_MOVE);
    emit_slot(c, operand->slot);
  }
  emit_slot(c, slot);
}

void settle(compiler_t *c, uint32_t index, bool constants) {
  operand_t *operand = operand_at(c, index);
  if (operand->where == IN_ACC) {
    spill(c, index);
    return;
  }
  if (operand->where == IN_CONST ? !constants : operand->slot == operand->home) return;
  emit_move(c, operand, operand->home);
  wrote(c, operand->home);
  use_local(c, operand, UINT32_MAX);
  operand->where = IN_SLOT;
  operand->slot = operand->home;
}

void settle_all(compiler_t *c, uint32_t count, bool constants) {
  for (uint32_t index = 0; index < count; index++) settle(c, index, constants);
}

void need_slot(compiler_t *c, operand_t *operand) {
  if (operand->where == IN_SLOT) return;
  emit_move(c, operand, operand->home);
  wrote(c, operand->home);
  if (operand->where == IN_ACC) c->acc[operand->class].mirror = operand->home;
  operand->where = IN_SLOT;
  operand->slot = operand->home;
}

void set_local(compiler_t *c, uint32_t local, bool tee) {
  int32_t slot = local_slot(c, local);
  operand_t value = pop(c);
  class_t class = (class_t)value.class;
  if (value.where == IN_SLOT && value.slot == slot) {
    if (tee) push_slot(c, c->locals.items[local], slot);
    return;
  }
  /* Operands that still mean the old value take it with them. */
  if (c->local_uses.items[local]) {
    for (uint32_t index = 0; index < c->stack.count; index++) {
      const operand_t *operand = operand_at(c, index);
      if (operand->where == IN_SLOT && operand->slot == slot) settle(c, index, false);
    }
  }
  accumulator_t *acc = &c->acc[class];
  if (value.where == IN_ACC && acc->op_at == c->last_op_at) {
    store_result(c, class, slot);
  } else {
    bool from_acc = in_acc(c, &value);
    emit_move(c, &value, slot);
    wrote(c, slot);
    if (from_acc) acc->mirror = slot;
  }
  if (tee) push_slot(c, c->locals.items[local], slot);
}
