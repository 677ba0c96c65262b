/* Exceptions: what is caught where becomes a list of guards beside the code, and no code runs to set
   one up. Whatever runs inside a guard may throw (every call), and then the code goes on at a label or
   a catch: there all that is below the block has been settled when the block began, locals are always
   in their slots, and of accumulators nothing is known. */
#include "compile_state.h"
#include "ops/ops.h"

void whc_read_clause(const uint8_t **at, whc_clause_t *out) {
  out->kind = *(*at)++;
  out->tag =
      out->kind == WH_CATCH || out->kind == WH_CATCH_REF ? (uint32_t)wh_leb_u(at) : WH_GUARD_ANY;
  out->label = (uint32_t)wh_leb_u(at);
}

static const wherry_functype_t *tag_type(const compiler_t *c, uint32_t tag) {
  return &c->model->types.items[c->model->tags.items[tag]];
}

/* Its place; NO_PLACE: no memory. */
static uint32_t add_guard(compiler_t *c, uint32_t start, uint32_t end, uint32_t tag) {
  wh_guard_t guard = {
      .start = start, .end = end, .tag = tag, .landing = 0, .exception = WH_GUARD_NO_SLOT};
  if (c->failed || !wh_vec_push(c->alloc, &c->guards, guard)) {
    c->failed = true;
    return NO_PLACE;
  }
  return (uint32_t)c->guards.count - 1;
}

void whc_guard_try_table(compiler_t *c) {
  const block_t *block = whc_block_at(c, 0);
  uint32_t start = block->body_at, end = (uint32_t)c->words.count;
  if (start == end) return;
  whc_bind_delegates(c, whc_block_at(c, 0));
  const uint8_t *at = block->clauses;
  for (uint64_t count = wh_leb_u(&at); count; count--) {
    whc_clause_t clause;
    whc_read_clause(&at, &clause);
    uint32_t guard = add_guard(c, start, end, clause.tag);
    if (guard == NO_PLACE) return;
    /* The label counts from outside the try_table. What is thrown arrives as a branch would leave it. */
    block_t *target = whc_block_at(c, clause.label + 1);
    int32_t slot = target->base;
    c->guards.items[guard].payload = slot;
    if (clause.tag != WH_GUARD_ANY) slot += whc_param_slots(tag_type(c, clause.tag));
    if (clause.kind == WH_CATCH_REF || clause.kind == WH_CATCH_ALL_REF)
      c->guards.items[guard].exception = slot;
    whc_land(c, target, block, guard);
  }
}

/* ---- the legacy instructions ---- */

void whc_bind_delegates(compiler_t *c, block_t *block) {
  if (c->failed) return;
  for (uint32_t i = block->delegates; i != NO_PLACE;) {
    uint32_t next = c->guards.items[i].landing;
    c->guards.items[i].landing = (uint32_t)c->guards.count;
    i = next;
  }
  block->delegates = NO_PLACE;
}

/* A catch keeps a slot below its operands for the exception, should it be thrown again: so its operands
   lie a slot higher than those of the block. */
static void compile_catch(compiler_t *c, uint32_t tag) {
  block_t *block = whc_block_at(c, 0);
  if (block->opcode == WH_OP_TRY) {
    block->body_end = (uint32_t)c->words.count;
    whc_bind_delegates(c, block);
  }
  if (c->reachable) {
    whc_end_branch(c, block);
    whc_emit_branch(c, block);
  }
  block->opcode = WH_OP_CATCH;
  block->guard = add_guard(c, block->body_at, block->body_end, tag);
  if (block->guard == NO_PLACE) return;
  c->guards.items[block->guard].landing = (uint32_t)c->words.count;
  c->guards.items[block->guard].payload = block->base + 1;
  const wherry_functype_t *type = tag == WH_GUARD_ANY ? NULL : tag_type(c, tag);
  whc_restart(c, block, block->base + 1, type ? type->types : NULL, type ? type->param_count : 0);
  if (c->next_home > c->top_slot) c->top_slot = c->next_home;
  c->path = block->else_path;
  c->set = block->else_set;
  c->reachable = true;
}

static void compile_delegate(compiler_t *c, uint32_t label) {
  const block_t *block = whc_block_at(c, 0);
  uint32_t start = block->body_at, end = (uint32_t)c->words.count;
  whc_bind_delegates(c, whc_block_at(c, 0));
  uint32_t guard = add_guard(c, start, end, WH_GUARD_DELEGATE);
  if (guard == NO_PLACE) return;
  block_t *target = whc_block_at(c, label + 1);
  c->guards.items[guard].landing = target->delegates;
  target->delegates = guard;
  whc_end(c);
}

static void compile_rethrow(compiler_t *c, uint32_t label) {
  const block_t *block = whc_block_at(c, label);
  if (c->failed) return;
  c->guards.items[block->guard].exception = block->base;
  whc_mark_offset(c);
  whc_emit_op(c, WH_CODE_THROW_REF);
  whc_emit_slot(c, block->base);
  whc_leave(c);
}

/* ---- throwing ---- */

static void compile_throw(compiler_t *c, uint32_t tag) {
  const wherry_functype_t *type = tag_type(c, tag);
  whc_settle_top(c, type->param_count);
  whc_mark_offset(c);
  whc_emit_op(c, WH_CODE_THROW);
  whc_emit(c, tag);
  whc_emit_slot(c, c->next_home - whc_param_slots(type));
  whc_leave(c);
}

static void compile_throw_ref(compiler_t *c) {
  operand_t exception = whc_pop(c);
  whc_need_slot(c, &exception);
  whc_mark_offset(c);
  whc_emit_op(c, WH_CODE_THROW_REF);
  whc_emit_slot(c, exception.slot);
  whc_leave(c);
}

bool whc_exception(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
  case WH_OP_THROW: compile_throw(c, whc_imm_u32(c)); return true;
  case WH_OP_THROW_REF: compile_throw_ref(c); return true;
  case WH_OP_CATCH: compile_catch(c, whc_imm_u32(c)); return true;
  case WH_OP_CATCH_ALL: compile_catch(c, WH_GUARD_ANY); return true;
  case WH_OP_DELEGATE: compile_delegate(c, whc_imm_u32(c)); return true;
  case WH_OP_RETHROW: compile_rethrow(c, whc_imm_u32(c)); return true;
  default: return false;
  }
}
