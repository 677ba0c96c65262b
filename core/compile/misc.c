/* Calls, globals, and the operations that a function of exec carries out. */
#include "compile_state.h"
#include "ops/ops.h"

/* Where a callee's frame begins: behind its arguments, which are on top of the stack. */
static int32_t frame_slot(const compiler_t *c) { return c->next_home; }

void whc_settle_top(compiler_t *c, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) whc_settle(c, (uint32_t)c->stack.count - count + i, true);
}

/* After a call: its results are where its arguments were. */
static void take_results(compiler_t *c, const wherry_functype_t *type) {
  whc_drop_to(c, (uint32_t)c->stack.count - type->param_count);
  whc_forget_accs(c);
  for (uint32_t i = 0; i < type->result_count; i++)
    whc_push_home(c, type->types[type->param_count + i]);
  if (type->result_count == 1) {
    const operand_t *result = whc_top_operand(c);
    if (result->class == CLASS_V128) return;
    c->acc[result->class].mirror = result->home;
  }
}

static void end_tail_call(compiler_t *c) {
  whc_emit_slot(c, whc_param_slots(c->type));
  whc_leave(c);
}

static void compile_call_direct(compiler_t *c, bool tail) {
  uint32_t function = whc_imm_u32(c);
  const wherry_functype_t *type = wh_model_functype(c->model, function);
  whc_settle_top(c, type->param_count);
  whc_spill_accs(c);
  whc_mark_offset(c);
  if (tail) {
    whc_emit_op(c, WH_CODE_RETURN_CALL);
    whc_emit(c, function);
    whc_emit_slot(c, whc_param_slots(type));
    whc_emit_slot(c, frame_slot(c));
    end_tail_call(c);
    return;
  }
  whc_emit_op(c, function < c->model->imported_functions ? WH_CODE_CALL_IMPORT : WH_CODE_CALL);
  whc_emit(c, function);
  whc_emit_slot(c, frame_slot(c));
  take_results(c, type);
}

static void compile_call_indirect(compiler_t *c, bool tail) {
  const wherry_functype_t *type = &c->model->types.items[whc_imm_u32(c)];
  uint32_t table = whc_imm_u32(c);
  whc_compute_top(c);
  operand_t index = whc_pop(c);
  bool wide = c->model->tables.items[table].is64;
  if (index.where == IN_CONST || tail || wide) whc_need_slot(c, &index);
  whc_settle_top(c, type->param_count);
  /* The callee's frame begins where the index may lie: it is read before. */
  bool in_accumulator = !tail && !wide && whc_in_acc(c, &index);
  whc_spill_accs(c);
  whc_mark_offset(c);
  if (tail) {
    whc_emit_op(c, WH_CODE_RETURN_CALL_INDIRECT);
    whc_emit_slot(c, index.slot);
  } else if (in_accumulator) {
    whc_emit_op(c, WH_CODE_CALL_INDIRECT_A);
  } else {
    whc_emit_op(c, wide ? WH_CODE_CALL_INDIRECT_L : WH_CODE_CALL_INDIRECT_S);
    whc_emit_slot(c, index.slot);
  }
  whc_emit(c, type->canonical);
  whc_emit(c, table);
  if (tail) whc_emit_slot(c, whc_param_slots(type));
  whc_emit_slot(c, frame_slot(c));
  if (tail)
    end_tail_call(c);
  else
    take_results(c, type);
}

static void compile_call_ref(compiler_t *c, bool tail) {
  const wherry_functype_t *type = &c->model->types.items[whc_imm_u32(c)];
  operand_t reference = whc_pop(c);
  if (reference.where == IN_CONST || tail) whc_need_slot(c, &reference);
  whc_settle_top(c, type->param_count);
  bool in_accumulator = !tail && whc_in_acc(c, &reference);
  whc_spill_accs(c);
  whc_mark_offset(c);
  whc_emit_op(c, tail             ? WH_CODE_RETURN_CALL_REF
                 : in_accumulator ? WH_CODE_CALL_REF_A
                                  : WH_CODE_CALL_REF_S);
  if (!in_accumulator) whc_emit_slot(c, reference.slot);
  if (tail) whc_emit_slot(c, whc_param_slots(type));
  whc_emit_slot(c, frame_slot(c));
  if (tail)
    end_tail_call(c);
  else
    take_results(c, type);
}

void whc_call(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
  case WH_OP_CALL: compile_call_direct(c, false); break;
  case WH_OP_RETURN_CALL: compile_call_direct(c, true); break;
  case WH_OP_CALL_INDIRECT: compile_call_indirect(c, false); break;
  case WH_OP_CALL_REF: compile_call_ref(c, false); break;
  case WH_OP_RETURN_CALL_REF: compile_call_ref(c, true); break;
  default: compile_call_indirect(c, true); break;
  }
}

static void compile_global_v128(compiler_t *c, uint32_t opcode, uint32_t index) {
  if (opcode == WH_OP_GLOBAL_GET) {
    uint32_t at = whc_emit_op(c, WH_CODE_GLOBAL_GET_V128);
    whc_emit(c, index);
    whc_emit_home_result(c, at, WHERRY_V128);
    return;
  }
  operand_t value = whc_pop(c);
  whc_need_slot(c, &value);
  whc_emit_op(c, WH_CODE_GLOBAL_SET_V128);
  whc_emit_slot(c, value.slot);
  whc_emit(c, index);
}

void whc_global(compiler_t *c, uint32_t opcode) {
  static const wh_code_op_t get[] = {WH_CODE_GLOBAL_GET_u64_R, WH_CODE_GLOBAL_GET_f32_R,
                                     WH_CODE_GLOBAL_GET_f64_R};
  static const wh_code_op_t set[] = {WH_CODE_GLOBAL_SET_u64_S, WH_CODE_GLOBAL_SET_f32_S,
                                     WH_CODE_GLOBAL_SET_f64_S};
  uint32_t index = whc_imm_u32(c);
  const wh_global_type_t *global = &c->model->globals.items[index];
  /* The forms for another instance's global lie behind those for an own one. */
  bool cell = global->imported && global->is_mutable;
  class_t class = whc_class_of(global->type);
  if (class == CLASS_V128) {
    compile_global_v128(c, opcode, index);
    return;
  }
  if (opcode == WH_OP_GLOBAL_GET) {
    if (c->global_set_at == c->last_op_at && c->last_op_at != NO_PLACE && c->global_set == index) {
      whc_push_again(c, global->type);
      return;
    }
    wh_code_op_t op = (wh_code_op_t)((unsigned)get[class] + (cell ? whc_forms(global->type) : 0));
    uint32_t at = whc_emit_op(c, op);
    whc_emit(c, index);
    whc_emit_result(c, at, op, global->type);
    return;
  }
  whc_compute_top(c);
  operand_t value = whc_pop(c);
  if (value.where == IN_CONST) whc_need_slot(c, &value);
  bool in_accumulator = whc_in_acc(c, &value);
  uint32_t at =
      whc_emit_op(c, (wh_code_op_t)((unsigned)set[class] + (cell ? 2 : 0) + in_accumulator));
  if (!in_accumulator) whc_emit_slot(c, value.slot);
  whc_emit(c, index);
  if (value.where == IN_ACC) {
    c->global_set = index;
    c->global_set_at = at;
  }
}

void whc_emit_called(compiler_t *c, wh_code_op_t op, uint32_t operands, bool has_result,
                     wherry_valtype_t result) {
  whc_settle_top(c, operands);
  whc_mark_offset(c);
  int32_t first = frame_slot(c) - (int32_t)operands;
  whc_drop_to(c, (uint32_t)c->stack.count - operands);
  whc_emit_op(c, op);
  whc_emit_slot(c, first);
  if (!has_result) return;
  whc_push_home(c, result);
  whc_wrote(c, first);
}

static wherry_valtype_t element_type(const compiler_t *c, uint32_t table) {
  return c->model->tables.items[table].element;
}
static wherry_valtype_t address_type(const compiler_t *c, uint32_t memory) {
  return c->model->memories.items[memory].is64 ? WHERRY_I64 : WHERRY_I32;
}
static wherry_valtype_t index_type(const compiler_t *c, uint32_t table) {
  return c->model->tables.items[table].is64 ? WHERRY_I64 : WHERRY_I32;
}

static void compile_memory(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
  case WH_OP_MEMORY_SIZE: {
    uint32_t memory = whc_imm_u32(c);
    whc_emit_called(c, WH_CODE_MEMORY_SIZE, 0, true, address_type(c, memory));
    whc_emit(c, memory);
    break;
  }
  case WH_OP_MEMORY_GROW: {
    uint32_t memory = whc_imm_u32(c);
    whc_emit_called(c, WH_CODE_MEMORY_GROW, 1, true, address_type(c, memory));
    whc_emit(c, memory);
    break;
  }
  case WH_OP_MEMORY_FILL: {
    uint32_t memory = whc_imm_u32(c);
    bool plain = whc_is_plain(c, memory);
    whc_emit_called(c, plain ? WH_CODE_MEMORY_FILL_PLAIN : WH_CODE_MEMORY_FILL, 3, false, 0);
    whc_emit(c, memory);
    break;
  }
  case WH_OP_MEMORY_COPY: {
    uint32_t to = whc_imm_u32(c), from = whc_imm_u32(c);
    bool plain = whc_is_plain(c, to) && to == from;
    whc_emit_called(c, plain ? WH_CODE_MEMORY_COPY_PLAIN : WH_CODE_MEMORY_COPY, 3, false, 0);
    whc_emit(c, to);
    whc_emit(c, from);
    break;
  }
  case WH_OP_MEMORY_INIT:
    whc_emit_called(c, WH_CODE_MEMORY_INIT, 3, false, 0);
    whc_emit(c, whc_imm_u32(c));
    whc_emit(c, whc_imm_u32(c));
    break;
  default: /* data.drop */
    whc_emit_op(c, WH_CODE_DATA_DROP);
    whc_emit(c, whc_imm_u32(c));
    break;
  }
}

static void compile_table(compiler_t *c, uint32_t opcode) {
  uint32_t table = whc_imm_u32(c);
  switch (opcode) {
  case WH_OP_TABLE_GET:
    whc_emit_called(c, WH_CODE_TABLE_GET, 1, true, element_type(c, table));
    break;
  case WH_OP_TABLE_SET: whc_emit_called(c, WH_CODE_TABLE_SET, 2, false, 0); break;
  case WH_OP_TABLE_SIZE:
    whc_emit_called(c, WH_CODE_TABLE_SIZE, 0, true, index_type(c, table));
    break;
  case WH_OP_TABLE_GROW:
    whc_emit_called(c, WH_CODE_TABLE_GROW, 2, true, index_type(c, table));
    break;
  default: whc_emit_called(c, WH_CODE_TABLE_FILL, 3, false, 0); break;
  }
  whc_emit(c, table);
}

void whc_called(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
  case WH_OP_MEMORY_SIZE:
  case WH_OP_MEMORY_GROW:
  case WH_OP_MEMORY_FILL:
  case WH_OP_MEMORY_COPY:
  case WH_OP_MEMORY_INIT:
  case WH_OP_DATA_DROP: compile_memory(c, opcode); break;
  case WH_OP_TABLE_GET:
  case WH_OP_TABLE_SET:
  case WH_OP_TABLE_SIZE:
  case WH_OP_TABLE_GROW:
  case WH_OP_TABLE_FILL: compile_table(c, opcode); break;
  case WH_OP_TABLE_COPY: /* to, from */
    whc_emit_called(c, WH_CODE_TABLE_COPY, 3, false, 0);
    whc_emit(c, whc_imm_u32(c));
    whc_emit(c, whc_imm_u32(c));
    break;
  case WH_OP_TABLE_INIT: /* segment, table */
    whc_emit_called(c, WH_CODE_TABLE_INIT, 3, false, 0);
    whc_emit(c, whc_imm_u32(c));
    whc_emit(c, whc_imm_u32(c));
    break;
  case WH_OP_ELEM_DROP:
    whc_emit_op(c, WH_CODE_ELEM_DROP);
    whc_emit(c, whc_imm_u32(c));
    break;
  default: /* ref.func */
    whc_emit_called(c, WH_CODE_REF_FUNC, 0, true, WHERRY_FUNCREF);
    whc_emit(c, whc_imm_u32(c));
    break;
  }
}
