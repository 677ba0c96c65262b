/* The operand stack that exists only while compiling, and what the accumulators hold. */
#include "compile_state.h"

class_t whc_class_of(wherry_valtype_t type) {
  return type == WHERRY_F32    ? CLASS_F32
         : type == WHERRY_F64  ? CLASS_F64
         : type == WHERRY_V128 ? CLASS_V128
                               : CLASS_INT;
}

bool whc_is_wide(wherry_valtype_t type) { return type != WHERRY_I32 && type != WHERRY_F32; }

operand_t *whc_operand_at(compiler_t *c, uint32_t index) {
  WH_ASSERT(index < c->stack.count);
  return &c->stack.items[index];
}

static operand_t *push(compiler_t *c, wherry_valtype_t type) {
  if (WH_UNLIKELY(!wh_vec_reserve(c->alloc, &c->stack, 1))) {
    /* Goes on in the first operand's place: finish_code throws everything away. */
    c->failed = true;
    c->stack.count = 0;
  }
  operand_t *operand = &c->stack.items[c->stack.count++];
  *operand = (operand_t) {.slot = c->next_home,
                          .home = c->next_home,
                          .local = NO_LOCAL,
                          .class = (uint8_t)whc_class_of(type),
                          .wide = whc_is_wide(type)};
  c->next_home += whc_slots_of(type);
  if (c->next_home > c->top_slot) c->top_slot = c->next_home;
  return operand;
}

static void leave_local(compiler_t *c, operand_t *operand) {
  if (operand->local != NO_LOCAL) c->local_uses.items[operand->local]--;
  operand->local = NO_LOCAL;
}

void whc_push_local(compiler_t *c, uint32_t local) {
  operand_t *operand = push(c, c->locals.items[local]);
  operand->where = IN_SLOT;
  operand->slot = c->local_slots.items[local];
  operand->local = local;
  c->local_uses.items[local]++;
}

void whc_push_home(compiler_t *c, wherry_valtype_t type) { push(c, type)->where = IN_SLOT; }

void whc_push_const(compiler_t *c, wherry_valtype_t type, uint64_t bits) {
  operand_t *operand = push(c, type);
  operand->where = IN_CONST;
  operand->bits = bits;
}

void whc_push_const_v128(compiler_t *c, const uint8_t *bytes) {
  operand_t *operand = push(c, WHERRY_V128);
  operand->where = IN_CONST;
  operand->bytes = bytes;
}

operand_t whc_pop(compiler_t *c) {
  WH_ASSERT(c->stack.count || c->failed);
  if (WH_UNLIKELY(!c->stack.count)) whc_push_const(c, WHERRY_I32, 0);
  operand_t operand = c->stack.items[--c->stack.count];
  c->next_home = operand.home;
  leave_local(c, &operand);
  if (operand.where == IN_ACC) c->acc[operand.class].entry = NO_ENTRY;
  return operand;
}

void whc_push_back(compiler_t *c, const operand_t *operand) {
  WH_ASSERT(operand->where == IN_SLOT || c->failed);
  push(c, WHERRY_ANYREF);
  if (c->failed) return;
  *whc_top_operand(c) = *operand;
  if (operand->local != NO_LOCAL) c->local_uses.items[operand->local]++;
}

void whc_drop_to(compiler_t *c, uint32_t height) {
  while (c->stack.count > height) whc_pop(c);
}

bool whc_in_acc(const compiler_t *c, const operand_t *operand) {
  return operand->where == IN_ACC || (operand->where == IN_SLOT && operand->class != CLASS_V128 &&
                                      c->acc[operand->class].mirror == operand->slot);
}

void whc_wrote(compiler_t *c, int32_t slot) {
  for (unsigned class = 0; class < CLASS_ACCS; class ++)
    if (c->acc[class].mirror == slot) c->acc[class].mirror = NO_SLOT;
}

/* Makes the operation that left a value in its accumulator store it to a slot as well. */
static void store_result(compiler_t *c, class_t class, int32_t slot) {
  accumulator_t *acc = &c->acc[class];
  whc_change_op(c, acc->op_at, (wh_code_op_t)(acc->op + FORM_D));
  if (!c->failed) c->words.items[acc->dst_at] = (uint32_t)slot;
  whc_wrote(c, slot);
  acc->mirror = slot;
  acc->entry = NO_ENTRY;
}

static void is_home(operand_t *operand) {
  operand->where = IN_SLOT;
  operand->slot = operand->home;
}

void whc_spill(compiler_t *c, uint32_t index) {
  operand_t *operand = whc_operand_at(c, index);
  WH_ASSERT(operand->where == IN_ACC);
  /* Nothing between the operation and here can have used this home: it lies at the operand's own
     height, and labels settle everything. */
  store_result(c, (class_t)operand->class, operand->home);
  is_home(operand);
}

void whc_spill_class(compiler_t *c, class_t class) {
  if (class != CLASS_V128 && c->acc[class].entry != NO_ENTRY)
    whc_spill(c, (uint32_t)c->acc[class].entry);
}

void whc_spill_accs(compiler_t *c) {
  for (unsigned class = 0; class < CLASS_ACCS; class ++) whc_spill_class(c, (class_t) class);
}

void whc_forget_accs(compiler_t *c) {
  for (unsigned class = 0; class < CLASS_ACCS; class ++) {
    WH_ASSERT(c->acc[class].entry == NO_ENTRY || c->failed);
    c->acc[class].entry = NO_ENTRY;
    c->acc[class].mirror = NO_SLOT;
  }
}

void whc_emit_move(compiler_t *c, const operand_t *operand, int32_t slot) {
  static const wh_code_op_t set_acc[] = {WH_CODE_SET_A_u64, WH_CODE_SET_A_f32, WH_CODE_SET_A_f64};
  bool is_v128 = operand->class == CLASS_V128;
  if (whc_in_acc(c, operand)) {
    whc_emit_op(c, set_acc[operand->class]);
  } else if (operand->where == IN_CONST && is_v128) {
    whc_emit_op(c, WH_CODE_SET_K128);
    whc_emit_v128(c, operand->bytes);
  } else if (operand->where == IN_CONST) {
    bool wide = operand->bits > UINT32_MAX;
    whc_emit_op(c, wide ? WH_CODE_SET_K64 : WH_CODE_SET_K32);
    whc_emit_bits(c, operand->bits, wide);
  } else {
    whc_emit_op(c, is_v128 ? WH_CODE_MOVE_V128 : WH_CODE_MOVE);
    whc_emit_slot(c, operand->slot);
  }
  whc_emit_slot(c, slot);
}

/* Of a value written to a slot: the slots that changed. */
static void wrote_value(compiler_t *c, const operand_t *operand, int32_t slot) {
  whc_wrote(c, slot);
  if (operand->class == CLASS_V128) whc_wrote(c, slot + 1);
}

void whc_settle(compiler_t *c, uint32_t index, bool constants) {
  operand_t *operand = whc_operand_at(c, index);
  if (operand->where == IN_ACC) {
    whc_spill(c, index);
    return;
  }
  if (operand->where == IN_CONST ? !constants : operand->slot == operand->home) return;
  whc_emit_move(c, operand, operand->home);
  wrote_value(c, operand, operand->home);
  leave_local(c, operand);
  is_home(operand);
}

void whc_settle_all(compiler_t *c, uint32_t count, bool constants) {
  for (uint32_t index = 0; index < count; index++) whc_settle(c, index, constants);
}

void whc_need_slot(compiler_t *c, operand_t *operand) {
  if (operand->where == IN_SLOT) return;
  whc_emit_move(c, operand, operand->home);
  wrote_value(c, operand, operand->home);
  if (operand->where == IN_ACC) c->acc[operand->class].mirror = operand->home;
  is_home(operand);
}

void whc_set_local(compiler_t *c, uint32_t local, bool tee) {
  int32_t slot = c->local_slots.items[local];
  operand_t value = *whc_top_operand(c);
  if (value.where == IN_SLOT && value.slot == slot) {
    if (!tee) whc_pop(c);
    return;
  }
  whc_pop(c);
  /* Operands that still mean the old value take it with them. */
  if (c->local_uses.items[local]) {
    for (uint32_t index = 0; index < c->stack.count; index++)
      if (whc_operand_at(c, index)->local == local) whc_settle(c, index, false);
  }
  if (value.where == IN_ACC && c->acc[value.class].op_at == c->last_op_at) {
    store_result(c, (class_t)value.class, slot);
  } else if (!c->failed && c->home_op_at != NO_PLACE && c->home_op_at == c->last_op_at &&
             value.where == IN_SLOT && value.slot == value.home &&
             c->words.items[c->words.count - 1] == (uint32_t)value.home) {
    /* The operation just emitted made it, and not one that was dropped since: its last word says
       where it goes. */
    c->words.items[c->words.count - 1] = (uint32_t)slot;
    wrote_value(c, &value, slot);
  } else {
    bool from_acc = whc_in_acc(c, &value);
    whc_emit_move(c, &value, slot);
    wrote_value(c, &value, slot);
    if (from_acc) c->acc[value.class].mirror = slot;
  }
  if (tee) whc_push_local(c, local);
}
