/* Blocks, branches and returns.

   At a label every operand is in its home (below the block constants may stay constants), so all ways
   to it agree, and no accumulator is known. */
#include "compile_state.h"
#include "model/instr.h"
#include "ops/ops.h"

static block_t *block_at(compiler_t *c, uint32_t depth) { return whc_block_at(c, depth); }

static void shorten(uint32_t *path, uint32_t other) {
  if (other < *path) *path = other;
}

/* From here one gets to the end of a block. */
static void join_end(const compiler_t *c, block_t *block) {
  shorten(&block->end_path, c->path);
  block->end_set &= c->set;
}

/* ---- branches ---- */

static void add_fixup(compiler_t *c, uint32_t at, uint32_t op_at, uint32_t *chain) {
  fixup_t fixup = {at, op_at, *chain};
  if (!whc_add(c, &c->fixups, fixup))
    c->failed = true;
  else
    *chain = (uint32_t)c->fixups.count - 1;
}

/* The word for a distance that is not known yet. */
static void emit_fixup(compiler_t *c, uint32_t op_at, uint32_t *chain) {
  uint32_t at = (uint32_t)c->words.count;
  whc_emit(c, 0);
  add_fixup(c, at, op_at, chain);
}

static void bind(compiler_t *c, uint32_t *chain) {
  if (c->failed) return;
  for (uint32_t i = *chain; i != NO_PLACE; i = c->fixups.items[i].next) {
    const fixup_t *fixup = &c->fixups.items[i];
    uint32_t here = (uint32_t)c->words.count;
    if (fixup->op_at == NO_PLACE)
      c->guards.items[fixup->at].landing = here;
    else
      c->words.items[fixup->at] = here - fixup->op_at;
  }
  *chain = NO_PLACE;
  c->last_op_at = NO_PLACE;
}

static uint32_t label_arity(const block_t *block) {
  return block->opcode == WH_OP_LOOP ? block->param_count : block->result_count;
}

static bool is_function(const compiler_t *c, const block_t *block) {
  return block == c->blocks.items;
}

static const wherry_valtype_t *label_types(const block_t *block) {
  return block->opcode == WH_OP_LOOP ? block->params : block->results;
}

static bool needs_moves(compiler_t *c, const block_t *block) {
  uint32_t arity = label_arity(block);
  int32_t slot = block->base;
  for (uint32_t i = 0; i < arity; i++) {
    const operand_t *operand = whc_operand_at(c, (uint32_t)c->stack.count - arity + i);
    if (operand->where != IN_SLOT || operand->slot != slot || operand->sum) return true;
    slot += whc_slots_of(label_types(block)[i]);
  }
  return false;
}

/* Puts the topmost operands where a label wants them. What is known of operands and accumulators does
   not change: other ways go on from here. In order is right: an operand's home is never below the
   place it moves to. */
static void emit_moves(compiler_t *c, const block_t *block) {
  uint32_t arity = label_arity(block);
  int32_t slot = block->base;
  for (uint32_t i = 0; i < arity; i++) {
    const operand_t *operand = whc_operand_at(c, (uint32_t)c->stack.count - arity + i);
    if (operand->where != IN_SLOT || operand->slot != slot || operand->sum)
      whc_emit_move(c, operand, slot);
    slot += whc_slots_of(label_types(block)[i]);
  }
}

/* What another round of a loop costs that is started over after `path` instructions. */
static uint32_t loop_cost(const block_t *loop, uint32_t path) {
  return path > loop->loop_path ? path - loop->loop_path : 1;
}

/* The distance to a label, and for a loop what another round costs. */
static void emit_target(compiler_t *c, block_t *block, uint32_t op_at) {
  if (block->opcode == WH_OP_LOOP) {
    whc_emit(c, block->loop_at - op_at);
    whc_emit(c, loop_cost(block, c->path));
  } else {
    emit_fixup(c, op_at, &block->fixups);
    join_end(c, block);
  }
}

void whc_land(compiler_t *c, block_t *block, const block_t *from, uint32_t guard) {
  if (block->opcode == WH_OP_LOOP) {
    c->guards.items[guard].landing = block->loop_at;
    c->guards.items[guard].cost = loop_cost(block, from->else_path);
  } else {
    add_fixup(c, guard, NO_PLACE, &block->fixups);
    shorten(&block->end_path, from->else_path);
    block->end_set &= from->else_set;
  }
}

void whc_emit_branch(compiler_t *c, block_t *block) {
  if (block->opcode == WH_OP_LOOP) whc_mark_offset(c);
  uint32_t at = whc_emit_op(c, block->opcode == WH_OP_LOOP ? WH_CODE_BRL : WH_CODE_BR);
  emit_target(c, block, at);
}

/* The results lie on the stack; what is known of them does not change (more than one slot must be settled
   already). */
static void emit_return(compiler_t *c) {
  static const wh_code_op_t from_slot[] = {WH_CODE_RETURN_S_u64, WH_CODE_RETURN_S_f32,
                                           WH_CODE_RETURN_S_f64};
  static const wh_code_op_t from_acc[] = {WH_CODE_RETURN_A_u64, WH_CODE_RETURN_A_f32,
                                          WH_CODE_RETURN_A_f64};
  uint32_t count = c->type->result_count;
  uint32_t slots = wh_result_slots(c->type);
  int32_t to = -whc_param_slots(c->type);
  shorten(&c->blocks.items[0].end_path, c->path);
  if (count == 0) {
    whc_emit_op(c, WH_CODE_RETURN);
    return;
  }
  operand_t operand = *whc_operand_at(c, (uint32_t)c->stack.count - count);
  if (operand.sum) {
    whc_emit_move(c, &operand, operand.home);
    operand.where = IN_SLOT;
    operand.slot = operand.home;
    operand.sum = false;
  }
  if (slots > 1) {
    whc_emit_op(c, WH_CODE_RETURN_MANY);
    whc_emit_slot(c, operand.home);
    whc_emit(c, slots);
  } else if (operand.where == IN_ACC && c->acc[operand.class].op_at == c->last_op_at) {
    accumulator_t *acc = &c->acc[operand.class];
    whc_change_op(c, acc->op_at, (wh_code_op_t)(acc->op + FORM_RET));
    if (!c->failed) c->words.items[acc->dst_at] = (uint32_t)to;
    return;
  } else if (whc_in_acc(c, &operand)) {
    whc_emit_op(c, from_acc[operand.class]);
  } else {
    if (operand.where == IN_CONST || operand.where == IN_OLD) {
      whc_emit_move(c, &operand, operand.home);
      operand.slot = operand.home;
    }
    whc_emit_op(c, from_slot[operand.class]);
    whc_emit_slot(c, operand.slot);
  }
  whc_emit_slot(c, to);
}

static void settle_results(compiler_t *c) {
  uint32_t count = c->type->result_count;
  if (wh_result_slots(c->type) > 1)
    for (uint32_t i = 0; i < count; i++) whc_settle(c, (uint32_t)c->stack.count - count + i, true);
}

static unsigned branch_form(bool when, bool back) {
  return when ? (back ? FORM_BRL : FORM_BR) : (back ? FORM_BRNL : FORM_BRN);
}

/* Makes a branch that compares an i32 with zero, all of it but its distance just emitted, one that only
   looks at the value. */
static void compare_with_zero(compiler_t *c) {
  bool in_slot = c->branch == WH_CODE_I32_EQ_SK_BR || c->branch == WH_CODE_I32_NE_SK_BR;
  bool equal = c->branch == WH_CODE_I32_EQ_SK_BR || c->branch == WH_CODE_I32_EQ_AK_BR;
  if (!in_slot && !equal && c->branch != WH_CODE_I32_NE_AK_BR) return;
  if (c->failed || c->words.items[c->words.count - 1] != 0) return;
  c->branch = in_slot ? WH_CODE_TRUE_S_BR : WH_CODE_TRUE_A_BR;
  c->branch_negated = equal;
  c->words.count--;
}

/* Emits a branch on a popped condition, all but its distance: taken if the condition is `when`. A
   comparison just made becomes the branch. Returns where the operation is. */
static uint32_t emit_condition(compiler_t *c, operand_t *condition, bool when, bool back) {
  accumulator_t *acc = &c->acc[CLASS_INT];
  uint32_t at;
  c->branch_negated = false;
  if (condition->where == IN_ACC && c->compare_at == c->last_op_at && acc->op_at == c->last_op_at) {
    unsigned kind = (unsigned)(acc->op - c->compare) / FORMS;
    c->branch =
        (wh_code_op_t)((unsigned)c->compare + c->compare_kinds * FORMS + BRANCH_FORMS * kind);
    c->words.count = acc->dst_at;
    c->compare_at = NO_PLACE;
    at = acc->op_at;
    compare_with_zero(c);
    when ^= c->branch_negated;
    whc_change_op(c, at, (wh_code_op_t)(c->branch + branch_form(when, back)));
  } else {
    if (condition->where == IN_CONST) whc_need_slot(c, condition);
    if (back) whc_mark_offset(c);
    bool in_accumulator = whc_in_acc(c, condition);
    c->branch = in_accumulator ? WH_CODE_TRUE_A_BR : WH_CODE_TRUE_S_BR;
    at = whc_emit_op(c, (wh_code_op_t)(c->branch + branch_form(when, back)));
    if (!in_accumulator) whc_emit_slot(c, condition->slot);
  }
  return at;
}

/* A branch over the return of a slot's value, made just now, becomes a conditional return. at: the
   branch; chain: of its fixups, where it is the only one. False: the result is not of that kind. */
static bool emit_return_if(compiler_t *c, uint32_t at, uint32_t *chain) {
  if (c->type->result_count != 1 || c->failed) return false;
  const operand_t *result = whc_top_operand(c);
  if (result->class != CLASS_INT || result->where != IN_SLOT || result->sum) return false;
  wh_word_t *last = &c->words.items[c->fixups.items[*chain].at];
  if (c->branch_negated) { /* as it was: there is no return if a value is zero */
    c->branch = c->branch == WH_CODE_TRUE_S_BR ? WH_CODE_I32_EQ_SK_BR : WH_CODE_I32_EQ_AK_BR;
    *last = 0;
    whc_emit_slot(c, result->slot);
  } else {
    *last = (uint32_t)result->slot;
  }
  whc_change_op(c, at, (wh_code_op_t)(c->branch + FORM_RETIF));
  whc_emit_slot(c, -whc_param_slots(c->type));
  *chain = NO_PLACE;
  c->last_op_at = NO_PLACE;
  shorten(&c->blocks.items[0].end_path, c->path);
  return true;
}

void whc_return(compiler_t *c) {
  /* First thing in an `if`: the branch that skips it is the operation before. */
  block_t *block = block_at(c, 0);
  if (block->opcode == WH_OP_IF && block->else_open && block->body_at == c->words.count &&
      emit_return_if(c, block->branch_at, &block->else_fixups))
    return;
  if (c->type->result_count == 1) whc_compute_top(c);
  settle_results(c);
  emit_return(c);
}

/* Before a branch back to a loop: its operands to their homes, if those are where the loop wants them.
   It costs little where the branch is not taken, and saves a branch where it is. */
static void settle_for_loop(compiler_t *c, const block_t *loop, const operand_t *condition) {
  if (condition->where == IN_ACC && c->compare_at == c->last_op_at) return;
  uint32_t first = (uint32_t)c->stack.count - loop->param_count;
  if (!loop->param_count || whc_operand_at(c, first)->home != loop->base) return;
  for (uint32_t i = 0; i < loop->param_count; i++) whc_settle(c, first + i, true);
}

void whc_branch_if(compiler_t *c, uint32_t label, operand_t *condition, bool when) {
  block_t *block = block_at(c, label);
  bool returns = is_function(c, block);
  if (returns) settle_results(c);
  if (block->opcode == WH_OP_LOOP) settle_for_loop(c, block, condition);
  if (!returns && !needs_moves(c, block)) {
    uint32_t at = emit_condition(c, condition, when, block->opcode == WH_OP_LOOP);
    emit_target(c, block, at);
  } else {
    uint32_t skip = NO_PLACE;
    uint32_t at = emit_condition(c, condition, !when, false);
    emit_fixup(c, at, &skip);
    if (!returns) {
      emit_moves(c, block);
      whc_emit_branch(c, block);
    } else if (!when || !emit_return_if(c, at, &skip)) {
      c->last_op_at = NO_PLACE;
      emit_return(c);
    }
    bind(c, &skip);
  }
  c->last_op_at = NO_PLACE;
}

static void compile_br_if(compiler_t *c) {
  uint32_t label = whc_imm_u32(c);
  operand_t condition = whc_pop_low(c);
  whc_branch_if(c, label, &condition, true);
}

/* Whether one of the labels that come next is the function's. */
static bool table_returns(const compiler_t *c, uint32_t count) {
  const uint8_t *next = c->next;
  bool returns = false;
  for (uint64_t i = 0; i <= count && !returns; i++)
    returns = wh_leb_u(&next) == c->blocks.count - 1;
  return returns;
}

static void compile_br_table(compiler_t *c) {
  operand_t index = whc_pop_low(c);
  uint32_t count = whc_imm_u32(c);
  bool in_accumulator = whc_in_acc(c, &index);
  if (index.where == IN_CONST) whc_need_slot(c, &index);
  if (wh_result_slots(c->type) > 1 && table_returns(c, count)) settle_results(c);
  uint32_t at = whc_emit_op(c, in_accumulator ? WH_CODE_BR_TABLE_A : WH_CODE_BR_TABLE_S);
  if (!in_accumulator) whc_emit_slot(c, index.slot);
  whc_emit(c, count);
  if (!whc_more_words(c, count + 1)) return;
  /* First the labels' depths; then, behind the table, what a label needs before it is reached. */
  uint32_t first = (uint32_t)c->words.count;
  for (uint64_t i = 0; i <= count; i++) whc_emit(c, whc_imm_u32(c));
  for (uint64_t i = 0; i <= count && !c->failed; i++) {
    uint32_t word = first + (uint32_t)i;
    block_t *block = block_at(c, c->words.items[word]);
    bool returns = is_function(c, block);
    if (!returns && block->opcode != WH_OP_LOOP && !needs_moves(c, block)) {
      add_fixup(c, word, at, &block->fixups);
      join_end(c, block);
      continue;
    }
    if (block->stub_for != at) {
      block->stub_for = at;
      block->stub = (uint32_t)c->words.count;
      if (returns) {
        emit_return(c);
      } else {
        emit_moves(c, block);
        whc_emit_branch(c, block);
      }
    }
    if (!c->failed) c->words.items[word] = block->stub - at;
  }
}

/* ---- blocks ---- */

/* All references are alike here. */
static const wherry_valtype_t *one_type(wherry_valtype_t type) {
  static const wherry_valtype_t types[] = {WHERRY_I32, WHERRY_I64,  WHERRY_F32,
                                           WHERRY_F64, WHERRY_V128, WHERRY_FUNCREF};
  size_t i = 0;
  while (i < WH_COUNT(types) - 1 && types[i] != type) i++;
  return &types[i];
}

static void read_block_type(compiler_t *c, block_t *block) {
  const uint8_t *at = c->next;
  int64_t code = wh_leb_s(&c->next);
  if (code >= 0) {
    const wherry_functype_t *type = &c->model->types.items[code];
    block->params = type->types;
    block->param_count = type->param_count;
    block->results = type->types + type->param_count;
    block->result_count = type->result_count;
  } else if (code != -64) { /* -64: empty */
    c->next = at;
    block->results = one_type(whc_read_type(c));
    block->result_count = 1;
  }
}

/* To the end of the clauses of a try_table. */
static void pass_clauses(compiler_t *c) {
  whc_clause_t clause;
  for (uint32_t count = whc_imm_u32(c); count; count--) whc_read_clause(&c->next, &clause);
}

static void compile_block(compiler_t *c, uint8_t opcode) {
  if (!whc_reserve(c, &c->blocks, 1)) {
    c->failed = true;
    return;
  }
  block_t *block = &c->blocks.items[c->blocks.count];
  *block = (block_t) {.opcode = opcode,
                      .fixups = NO_PLACE,
                      .else_fixups = NO_PLACE,
                      .delegates = NO_PLACE,
                      .stub_for = NO_PLACE,
                      .end_path = UINT32_MAX,
                      .else_path = c->path,
                      .end_set = UINT64_MAX,
                      .else_set = c->set};
  read_block_type(c, block);
  block->clauses = c->next;
  if (opcode == WH_OP_TRY_TABLE) pass_clauses(c);
  operand_t condition = {0};
  if (opcode == WH_OP_IF) condition = whc_pop_low(c);
  uint32_t count = (uint32_t)c->stack.count;
  block->height = count - block->param_count;
  block->base = c->next_home - whc_slots_of_types(block->params, block->param_count);
  whc_settle_all(c, block->height);
  /* A loop's parameters are a label's; an if's must be the same for both branches. */
  bool constants = opcode == WH_OP_LOOP || opcode == WH_OP_IF;
  for (uint32_t i = block->height; i < count; i++) whc_settle(c, i, constants);
  if (opcode == WH_OP_LOOP) {
    whc_forget_accs(c);
    c->last_op_at = NO_PLACE;
    block->loop_at = (uint32_t)c->words.count;
    block->loop_path = c->path;
  }
  if (opcode == WH_OP_IF) {
    block->else_open = true;
    uint32_t at = emit_condition(c, &condition, false, false);
    emit_fixup(c, at, &block->else_fixups);
    block->branch_at = at;
    c->last_op_at = NO_PLACE;
  }
  block->body_at = (uint32_t)c->words.count;
  c->blocks.count++;
}

void whc_end_branch(compiler_t *c, block_t *block) {
  if (!c->reachable) return;
  if (block->opcode == WH_OP_CATCH)
    emit_moves(c, block);
  else
    for (uint32_t i = 0; i < block->result_count; i++) whc_settle(c, block->height + i, true);
}

void whc_restart(compiler_t *c, const block_t *block, int32_t first, const wherry_valtype_t *types,
                 uint32_t count) {
  whc_drop_to(c, block->height);
  c->next_home = first;
  for (uint32_t i = 0; i < count; i++) whc_push_home(c, types[i]);
  whc_forget_accs(c);
  c->last_op_at = NO_PLACE;
}

static void compile_else(compiler_t *c) {
  block_t *block = block_at(c, 0);
  if (c->reachable) {
    whc_end_branch(c, block);
    whc_emit_branch(c, block);
  }
  bind(c, &block->else_fixups);
  block->else_open = false;
  whc_restart(c, block, block->base, block->params, block->param_count);
  c->path = block->else_path;
  c->set = block->else_set;
  c->reachable = true;
}

/* Catches that go to the function's own label: they return. */
static void end_function(compiler_t *c, block_t *function) {
  if (c->reachable) whc_return(c);
  if (function->fixups != NO_PLACE) {
    bind(c, &function->fixups);
    whc_restart(c, function, function->base, function->results, function->result_count);
    c->path = function->end_path;
    if (!c->failed) whc_return(c);
  }
  c->done = true;
}

void whc_end(compiler_t *c) {
  if (block_at(c, 0)->opcode == WH_OP_TRY_TABLE) whc_guard_try_table(c);
  block_t block = *block_at(c, 0);
  whc_bind_delegates(c, &block);
  if (c->blocks.count == 1) {
    end_function(c, &block);
    return;
  }
  bool joins = block.fixups != NO_PLACE || block.else_open;
  if (joins || (block.opcode == WH_OP_CATCH && c->reachable)) {
    whc_end_branch(c, &block);
    bind(c, &block.fixups);
    bind(c, &block.else_fixups);
    whc_restart(c, &block, block.base, block.results, block.result_count);
    if (block.else_open) {
      shorten(&block.end_path, block.else_path);
      block.end_set &= block.else_set;
    }
    if (!c->reachable) {
      c->path = UINT32_MAX;
      c->set = UINT64_MAX;
    }
    shorten(&c->path, block.end_path);
    c->set &= block.end_set;
    c->reachable = true;
  } else if (!c->reachable) {
    whc_restart(c, &block, block.base, block.results, block.result_count);
  }
  c->blocks.count--;
}

void whc_leave(compiler_t *c) {
  shorten(&c->blocks.items[0].end_path, c->path);
  c->reachable = false;
}

void whc_skip_unreachable(compiler_t *c) {
  uint32_t depth = 0;
  wh_reader_t in = {.start = c->next, .next = c->next, .end = c->end};
  wh_instr_t instr;
  const char *problem;
  while (in.next < in.end) {
    c->next = in.next;
    if (!wh_instr_read(&in, &instr, &problem)) WH_UNREACHABLE(); /* validated */
    switch (instr.opcode) {
    case WH_OP_ELSE:
    case WH_OP_CATCH:
    case WH_OP_CATCH_ALL:
    case WH_OP_DELEGATE:
    case WH_OP_END:
      if (depth == 0) return;
      if (instr.opcode == WH_OP_END || instr.opcode == WH_OP_DELEGATE) depth--;
      break;
    default: depth += wh_instr_is_block(&instr); break;
    }
  }
  c->next = in.next;
}

void whc_control(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
  case WH_OP_BLOCK:
  case WH_OP_LOOP:
  case WH_OP_IF:
  case WH_OP_TRY_TABLE:
  case WH_OP_TRY: compile_block(c, (uint8_t)opcode); return;
  case WH_OP_ELSE: compile_else(c); return;
  case WH_OP_END: whc_end(c); return;
  case WH_OP_BR_IF: compile_br_if(c); return;
  case WH_OP_BR: {
    block_t *block = block_at(c, whc_imm_u32(c));
    if (is_function(c, block)) {
      whc_return(c);
    } else {
      emit_moves(c, block);
      whc_emit_branch(c, block);
    }
    break;
  }
  case WH_OP_BR_TABLE: compile_br_table(c); break;
  case WH_OP_RETURN: whc_return(c); break;
  default: /* unreachable */
    whc_mark_offset(c);
    whc_emit_op(c, WH_CODE_UNREACHABLE);
    whc_leave(c);
    break;
  }
  c->reachable = false;
}
