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
  c->stack.count = c->settled = 0;
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
  for (unsigned class = 0; class < CLASS_ACCS; class ++) {
    if (c->acc[class].mirror == slot) c->acc[class].mirror = NO_SLOT;
    if (c->old[class].mirror == slot) c->old[class].mirror = NO_SLOT;
    if (c->under[class] == slot) c->under[class] = NO_SLOT;
  }
}

/* The form that an accumulator's operation is to have. */
static void choose_form(compiler_t *c, const accumulator_t *acc) {
  unsigned form = acc->pushes ? (acc->stores ? FORM_PD : FORM_P) : acc->stores ? FORM_D : FORM_R;
  whc_change_op(c, acc->op_at, (wh_code_op_t)(acc->op + form));
}

/* Makes the operation that left a value in an accumulator store it to a slot as well. */
static void store_result(compiler_t *c, accumulator_t *acc, int32_t slot) {
  acc->stores = true;
  choose_form(c, acc);
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
  WH_ASSERT(operand->where == IN_ACC || operand->where == IN_OLD);
  /* Nothing between the operation and here can have used this home: it lies at the operand's own
     height, and labels settle everything. */
  accumulator_t *of = operand->where == IN_ACC ? c->acc : c->old;
  store_result(c, &of[operand->class], operand->home);
  is_home(operand);
}

static void spill_entry(compiler_t *c, const accumulator_t *acc) {
  if (acc->entry != NO_ENTRY) whc_spill(c, (uint32_t)acc->entry);
}

void whc_spill_class(compiler_t *c, class_t class) { spill_entry(c, &c->acc[class]); }

void whc_spill_accs(compiler_t *c) {
  for (unsigned class = 0; class < CLASS_ACCS; class ++) {
    spill_entry(c, &c->acc[class]);
    spill_entry(c, &c->old[class]);
  }
}

void whc_forget_accs(compiler_t *c) {
  static const accumulator_t nothing = {.entry = NO_ENTRY, .mirror = NO_SLOT, .op_at = NO_PLACE};
  for (unsigned class = 0; class < CLASS_ACCS; class ++) {
    WH_ASSERT((c->acc[class].entry == NO_ENTRY && c->old[class].entry == NO_ENTRY) || c->failed);
    c->acc[class] = c->old[class] = nothing;
    c->under[class] = NO_SLOT;
  }
}

/* ---- the older accumulators ---- */

/* Makes acc's operation push the value that is also in the slot `under`. */
static void push_under(compiler_t *c, class_t class) {
  accumulator_t *acc = &c->acc[class];
  acc->pushes = true;
  choose_form(c, acc);
  c->old[class] = (accumulator_t) {.entry = NO_ENTRY, .mirror = c->under[class], .op_at = NO_PLACE};
  c->under[class] = NO_SLOT;
}

void whc_take_old(compiler_t *c, const operand_t *operand) {
  if (!whc_in_old(c, operand)) push_under(c, (class_t)operand->class);
  c->under[operand->class] = NO_SLOT;
}

void whc_store_old(compiler_t *c, operand_t *operand) {
  if (operand->where != IN_OLD) return;
  store_result(c, &c->old[operand->class], operand->home);
  is_home(operand);
}

/* Whether an operand on the stack is in that slot; of the topmost ones, the others will wait long. */
static bool is_wanted(const compiler_t *c, int32_t slot) {
  enum { LOOKED_AT = 8 };
  if (slot == NO_SLOT) return false;
  for (size_t i = c->stack.count, n = 0; i-- > 0 && n < LOOKED_AT; n++)
    if (c->stack.items[i].where == IN_SLOT && c->stack.items[i].slot == slot) return true;
  return false;
}

static bool is_load(wh_code_op_t op) {
  return op >= WH_CODE_F32_LOAD_S_R && op <= WH_CODE_F64_LOAD_X_PD;
}

/* Before an operation makes a float: who of three stays in an accumulator, because reading it back from a
   slot takes long? An operand that is in a slot too, as it was kept in an accumulator to be read soon; else
   the one that is wanted first; but not one that was loaded, for that waited for nothing. True: acc's
   is pushed. */
static bool make_way(compiler_t *c, class_t class) {
  accumulator_t *acc = &c->acc[class], *old = &c->old[class];
  int32_t under = acc->mirror;
  if (is_wanted(c, c->under[class])) push_under(c, class);
  bool keeps = is_wanted(c, old->mirror);
  bool pushes = acc->entry != NO_ENTRY && !keeps && !(old->entry != NO_ENTRY && is_load(acc->op));
  if (pushes) {
    spill_entry(c, old);
    c->stack.items[acc->entry].where = IN_OLD;
    *old = *acc;
    acc->entry = NO_ENTRY;
  }
  c->under[class] = pushes || keeps || old->entry != NO_ENTRY ? NO_SLOT : under;
  return pushes;
}

static void set_result(compiler_t *c, operand_t *operand, uint32_t index, uint32_t op_at,
                       wh_code_op_t base) {
  operand->where = IN_ACC;
  operand->sum = false;
  c->acc[operand->class] = (accumulator_t) {.entry = (int32_t)index,
                                            .mirror = NO_SLOT,
                                            .op_at = op_at,
                                            .dst_at = (uint32_t)c->words.count,
                                            .op = base};
  whc_emit(c, 0);
}

void whc_emit_result(compiler_t *c, uint32_t op_at, wh_code_op_t base, wherry_valtype_t type) {
  if (WH_UNLIKELY(c->failed)) return;
  class_t class = whc_class_of(type);
  bool pushes = class != CLASS_INT && make_way(c, class);
  whc_spill_class(c, class);
  whc_push_home(c, type);
  if (WH_UNLIKELY(c->failed)) return;
  set_result(c, whc_top_operand(c), (uint32_t)c->stack.count - 1, op_at, base);
  if (pushes) {
    c->acc[class].pushes = true;
    choose_form(c, &c->acc[class]);
  }
}

void whc_emit_result_of(compiler_t *c, uint32_t index, uint32_t op_at, wh_code_op_t base) {
  set_result(c, whc_operand_at(c, index), index, op_at, base);
}

void whc_emit_home_result(compiler_t *c, uint32_t op_at, wherry_valtype_t type) {
  whc_push_home(c, type);
  int32_t home = whc_top_operand(c)->home;
  whc_emit_slot(c, home);
  for (int32_t i = 0; i < whc_slots_of(type); i++) whc_wrote(c, home + i);
  c->home_op_at = op_at;
}

void whc_emit_move(compiler_t *c, const operand_t *operand, int32_t slot) {
  static const wh_code_op_t set_acc[] = {WH_CODE_SET_A_u64, WH_CODE_SET_A_f32, WH_CODE_SET_A_f64};
  static const wh_code_op_t set_old[] = {WH_CODE_COUNT, WH_CODE_SET_O_f32, WH_CODE_SET_O_f64};
  bool is_v128 = operand->class == CLASS_V128;
  if (operand->sum) {
    bool in_accumulator = whc_in_acc(c, operand);
    whc_emit_op(c, in_accumulator ? WH_CODE_SUM_A : WH_CODE_SUM_S);
    if (!in_accumulator) whc_emit_slot(c, operand->slot);
    whc_emit(c, (uint32_t)operand->bits);
  } else if (whc_in_acc(c, operand)) {
    whc_emit_op(c, set_acc[operand->class]);
  } else if (whc_in_old(c, operand)) {
    whc_take_old(c, operand);
    whc_emit_op(c, set_old[operand->class]);
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
  if (operand->where == IN_ACC || operand->where == IN_OLD) {
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

void whc_settle_all(compiler_t *c, size_t count) {
  for (size_t index = c->settled; index < count; index++) whc_settle(c, (uint32_t)index, false);
  /* The topmost may become another without being popped. */
  size_t most = c->stack.count - (c->stack.count > 0);
  if (count > most) count = most;
  if (count > c->settled) c->settled = count;
}

void whc_need_slot(compiler_t *c, operand_t *operand) {
  if (operand->where == IN_SLOT && !operand->sum) return;
  whc_emit_move(c, operand, operand->home);
  wrote_value(c, operand, operand->home);
  if (operand->where == IN_ACC && !operand->sum) c->acc[operand->class].mirror = operand->home;
  if (operand->where == IN_OLD) c->old[operand->class].mirror = operand->home;
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
  for (size_t index = c->settled; index + 1 < c->stack.count; index++)
    if (c->stack.items[index].local == local) whc_settle(c, (uint32_t)index, false);
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
    /* It may be just this operation that pushes the old value. */
    if (just_made && acc->pushes && c->old[top->class].mirror == slot)
      c->old[top->class].mirror = NO_SLOT;
    settle_uses(c, local);
    if (just_made) put_before_last(c, acc, moves_at);
  }
  whc_compute_top(c);
  operand_t value = whc_pop_as_is(c);
  if (value.where == IN_ACC && c->acc[value.class].op_at == c->last_op_at) {
    store_result(c, &c->acc[value.class], slot);
  } else if (!c->failed && c->home_op_at != NO_PLACE && c->home_op_at == c->last_op_at &&
             value.where == IN_SLOT && value.slot == value.home &&
             c->words.items[c->words.count - 1] == (uint32_t)value.home) {
    /* The operation just emitted made it, and not one that was dropped since: its last word says
       where it goes. */
    c->words.items[c->words.count - 1] = (uint32_t)slot;
    wrote_value(c, &value, slot);
  } else {
    bool from_acc = whc_in_acc(c, &value), from_old = whc_in_old(c, &value);
    whc_emit_move(c, &value, slot);
    wrote_value(c, &value, slot);
    if (from_acc) c->acc[value.class].mirror = slot;
    if (from_old) c->old[value.class].mirror = slot;
  }
  if (tee) whc_push_local(c, local);
}
