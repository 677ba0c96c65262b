/* The operand stack that exists only while compiling, and what the accumulators hold. */
#include "compile_state.h"

/* One more operand of a class, in its home; there is room for it. */
static inline operand_t *push(compiler_t *c, class_t class, bool wide) {
  operand_t *operand = &c->stack.items[c->stack.count++];
  int32_t home = c->next_home;
  operand->slot = operand->home = home;
  operand->local = NO_LOCAL;
  operand->where = IN_SLOT;
  operand->class = (uint8_t)class;
  operand->wide = wide;
  operand->sum = false;
  home += class == CLASS_V128 ? 2 : 1;
  c->next_home = home;
  if (home > c->top_slot) c->top_slot = home;
  return operand;
}

static inline bool is_full(const compiler_t *c) { return c->stack.count == c->stack.capacity; }

static WH_COLD void make_room(compiler_t *c) {
  if (whc_reserve(c, &c->stack, 1)) return;
  /* Goes on in the first operand's place: finish_code throws everything away. */
  c->failed = true;
  c->stack.count = 0;
}

/* The rare case of the functions below is a call in tail position, so that they save no registers. */
static WH_COLD void push_local_in_room(compiler_t *c, uint32_t local) {
  make_room(c);
  whc_push_local(c, local);
}
static WH_COLD void push_home_in_room(compiler_t *c, wherry_valtype_t type) {
  make_room(c);
  whc_push_home(c, type);
}
static WH_COLD void push_const_in_room(compiler_t *c, wherry_valtype_t type, uint64_t bits) {
  make_room(c);
  whc_push_const(c, type, bits);
}

void whc_push_local(compiler_t *c, uint32_t local) {
  if (WH_UNLIKELY(is_full(c))) {
    push_local_in_room(c, local);
    return;
  }
  local_t *from = &c->locals.items[local];
  operand_t *operand = push(c, (class_t)from->class, from->wide);
  operand->slot = from->slot;
  operand->local = local;
  from->uses++;
}

void whc_push_home(compiler_t *c, wherry_valtype_t type) {
  if (WH_UNLIKELY(is_full(c)))
    push_home_in_room(c, type);
  else
    push(c, whc_class_of(type), whc_is_wide(type));
}

void whc_push_const(compiler_t *c, wherry_valtype_t type, uint64_t bits) {
  if (WH_UNLIKELY(is_full(c))) {
    push_const_in_room(c, type, bits);
    return;
  }
  operand_t *operand = push(c, whc_class_of(type), whc_is_wide(type));
  operand->where = IN_CONST;
  operand->bits = bits;
}

void whc_push_const_v128(compiler_t *c, const uint8_t *bytes) {
  whc_push_const(c, WHERRY_V128, 0);
  whc_top_operand(c)->bytes = bytes;
}

void whc_push_back(compiler_t *c, const operand_t *operand) {
  WH_ASSERT(operand->where == IN_SLOT || c->failed);
  whc_push_home(c, WHERRY_ANYREF);
  if (c->failed) return;
  *whc_top_operand(c) = *operand;
  if (operand->local != NO_LOCAL) c->locals.items[operand->local].uses++;
}

void whc_push_again(compiler_t *c, wherry_valtype_t type) {
  whc_push_home(c, type);
  if (c->failed) return;
  operand_t *operand = whc_top_operand(c);
  operand->where = IN_ACC;
  c->acc[operand->class].entry = (int32_t)c->stack.count - 1;
}

void whc_drop_to(compiler_t *c, uint32_t height) {
  while (c->stack.count > height) whc_pop_as_is(c);
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

/* Where it is; a sum it stays. */
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
  if (operand->sum) {
    bool in_accumulator = whc_in_acc(c, operand);
    whc_emit_op(c, in_accumulator ? WH_CODE_SUM_A : WH_CODE_SUM_S);
    if (!in_accumulator) whc_emit_slot(c, operand->slot);
    whc_emit(c, (uint32_t)operand->bits);
  } else if (whc_in_acc(c, operand)) {
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
    if (operand->sum) whc_compute(c, index);
    whc_spill(c, index);
    return;
  }
  if (operand->where == IN_CONST ? !constants : operand->slot == operand->home && !operand->sum)
    return;
  whc_emit_move(c, operand, operand->home);
  wrote_value(c, operand, operand->home);
  whc_leave_local(c, operand);
  is_home(operand);
  operand->sum = false;
}

void whc_settle_all(compiler_t *c, uint32_t count, bool constants) {
  for (uint32_t index = 0; index < count; index++) whc_settle(c, index, constants);
}

void whc_need_slot(compiler_t *c, operand_t *operand) {
  if (operand->where == IN_SLOT && !operand->sum) return;
  whc_emit_move(c, operand, operand->home);
  wrote_value(c, operand, operand->home);
  if (operand->where == IN_ACC && !operand->sum) c->acc[operand->class].mirror = operand->home;
  is_home(operand);
  operand->sum = false;
}

/* Moves made since the words were so many trade places with the operation before them, the last one, so
   that it can still store its result. They move operands that lie deeper than all it takes, and read
   nothing that it writes. */
static void put_before_last(compiler_t *c, accumulator_t *acc, uint32_t moves_at) {
  enum { MOST_WORDS = 16 };
  wh_word_t saved[MOST_WORDS];
  uint32_t at = acc->op_at, size = moves_at - at, moves = (uint32_t)c->words.count - moves_at;
  if (c->failed || !moves || size > MOST_WORDS) return;
  wh_word_t *words = c->words.items;
  words[c->newest_op_at + 1] = (uint32_t)c->words.count - c->newest_op_at;
  memcpy(saved, words + at, size * sizeof *words);
  memmove(words + at, words + moves_at, moves * sizeof *words);
  memcpy(words + at + moves, saved, size * sizeof *words);
  whc_move_mark(c, at, at + moves);
  acc->op_at += moves;
  acc->dst_at += moves;
  c->newest_op_at = c->last_op_at = acc->op_at;
}

/* Operands that still mean a local's old value take it with them; all but the topmost. */
static void settle_uses(compiler_t *c, uint32_t local) {
  for (uint32_t index = 0; index + 1 < c->stack.count; index++)
    if (whc_operand_at(c, index)->local == local) whc_settle(c, index, false);
}

void whc_set_local(compiler_t *c, uint32_t local, bool tee) {
  int32_t slot = c->locals.items[local].slot;
  const operand_t *top = whc_top_operand(c);
  if (top->where == IN_SLOT && top->slot == slot && !top->sum) {
    if (!tee) whc_pop(c);
    return;
  }
  if (c->locals.items[local].uses) {
    accumulator_t *acc = top->where == IN_ACC && !top->sum ? &c->acc[top->class] : NULL;
    bool just_made = acc && acc->op_at == c->last_op_at;
    uint32_t moves_at = (uint32_t)c->words.count;
    settle_uses(c, local);
    if (just_made) put_before_last(c, acc, moves_at);
  }
  whc_compute_top(c);
  operand_t value = whc_pop(c);
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
