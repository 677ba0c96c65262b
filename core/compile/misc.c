/* Calls, globals, and the operations that a function of exec carries out. */
#include "compile_state.h"
#include "ops/ops.h"

/* Where a callee's frame begins: behind its arguments, which are on top of the stack. */
static int32_t frame_slot(const compiler_t *c) {
  return c->temp_base + (int32_t)c->stack.count;
}

static void settle_top(compiler_t *c, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) settle(c, (uint32_t)c->stack.count - count + i, true);
}

/* After a call: its results are where its arguments were. */
static void take_results(compiler_t *c, const wherry_functype_t *type) {
  drop_to(c, (uint32_t)c->stack.count - type->param_count);
  forget_accs(c);
  for (uint32_t i = 0; i < type->result_count; i++)
    push_home(c, type->types[type->param_count + i]);
  if (type->result_count == 1) {
    const operand_t *result = top_operand(c);
    c->acc[result->class].mirror = result->home;
  }
}

static void end_tail_call(compiler_t *c) {
  emit(c, c->type->param_count);
  if (c->path < c->blocks.items[0].end_path) c->blocks.items[0].end_path = c->path;
  c->reachable = false;
}

static void compile_call_direct(compiler_t *c, bool tail) {
  uint32_t function = imm_u32(c);
  const wherry_functype_t *type = wh_model_functype(c->model, function);
  settle_top(c, type->param_count);
  spill_accs(c);
  mark_offset(c);
  if (tail) {
    emit_op(c, WH_CODE_RETURN_CALL);
    emit(c, function);
    emit(c, type->param_count);
    emit_slot(c, frame_slot(c));
    end_tail_call(c);
    return;
  }
  emit_op(c, function < c->model->imported_functions ? WH_CODE_CALL_IMPORT : WH_CODE_CALL);
  emit(c, function);
  emit_slot(c, frame_slot(c));
  take_results(c, type);
}

static void compile_call_indirect(compiler_t *c, bool tail) {
  const wherry_functype_t *type = &c->model->types.items[imm_u32(c)];
  uint32_t table = imm_u32(c);
  operand_t index = pop(c);
  if (index.where == IN_CONST || tail) need_slot(c, &index);
  settle_top(c, type->param_count);
  /* The callee's frame begins where the index may lie: it is read before. */
  bool in_accumulator = !tail && in_acc(c, &index);
  spill_accs(c);
  mark_offset(c);
  if (tail) {
    emit_op(c, WH_CODE_RETURN_CALL_INDIRECT);
    emit_slot(c, index.slot);
  } else if (in_accumulator) {
    emit_op(c, WH_CODE_CALL_INDIRECT_A);
  } else {
    emit_op(c, WH_CODE_CALL_INDIRECT_S);
    emit_slot(c, index.slot);
  }
  emit(c, type->canonical);
  emit(c, table);
  if (tail) emit(c, type->param_count);
  emit_slot(c, frame_slot(c));
  if (tail) end_tail_call(c);
  else take_results(c, type);
}

void compile_call(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
    case WH_OP_CALL: compile_call_direct(c, false); break;
    case WH_OP_RETURN_CALL: compile_call_direct(c, true); break;
    case WH_OP_CALL_INDIRECT: compile_call_indirect(c, false); break;
    default: compile_call_indirect(c, true); break;
  }
}

void compile_global(compiler_t *c, uint32_t opcode) {
  static const wh_code_op_t get[] = {WH_CODE_GLOBAL_GET_u64_R, WH_CODE_GLOBAL_GET_f32_R,
                                     WH_CODE_GLOBAL_GET_f64_R};
  static const wh_code_op_t set[] = {WH_CODE_GLOBAL_SET_u64_S, WH_CODE_GLOBAL_SET_f32_S,
                                     WH_CODE_GLOBAL_SET_f64_S};
  uint32_t index = imm_u32(c);
  const wh_global_type_t *global = &c->model->globals.items[index];
  /* The forms for another instance's global lie behind those for an own one. */
  bool cell = global->imported && global->is_mutable;
  class_t class = class_of(global->type);
  if (opcode == WH_OP_GLOBAL_GET) {
    spill_class(c, class);
    wh_code_op_t op = (wh_code_op_t)((unsigned)get[class] + (cell ? FORMS : 0));
    uint32_t at = emit_op(c, op);
    emit(c, index);
    emit_result(c, at, op, global->type);
    return;
  }
  operand_t value = pop(c);
  if (value.where == IN_CONST) need_slot(c, &value);
  bool in_accumulator = in_acc(c, &value);
  emit_op(c, (wh_code_op_t)((unsigned)set[class] + (cell ? 2 : 0) + in_accumulator));
  if (!in_accumulator) emit_slot(c, value.slot);
  emit(c, index);
}

/* An operation whose operands must lie in order in their homes; its result, if any, goes where the
   first operand was (or would be). */
static void called(compiler_t *c, wh_code_op_t op, uint32_t operands, bool has_result,
                   wherry_valtype_t result) {
  settle_top(c, operands);
  mark_offset(c);
  int32_t first = frame_slot(c) - (int32_t)operands;
  drop_to(c, (uint32_t)c->stack.count - operands);
  emit_op(c, op);
  emit_slot(c, first);
  if (!has_result) return;
  push_home(c, result);
  wrote(c, first);
}

static wherry_valtype_t element_type(const compiler_t *c, uint32_t table) {
  return c->model->tables.items[table].element;
}

void compile_called(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
    case WH_OP_MEMORY_SIZE:
      imm_u32(c);
      called(c, WH_CODE_MEMORY_SIZE, 0, true, WHERRY_I32);
      break;
    case WH_OP_MEMORY_GROW:
      imm_u32(c);
      called(c, WH_CODE_MEMORY_GROW, 1, true, WHERRY_I32);
      break;
    case WH_OP_MEMORY_FILL:
      imm_u32(c);
      called(c, WH_CODE_MEMORY_FILL, 3, false, 0);
      break;
    case WH_OP_MEMORY_COPY:
      imm_u32(c);
      imm_u32(c);
      called(c, WH_CODE_MEMORY_COPY, 3, false, 0);
      break;
    case WH_OP_MEMORY_INIT: {
      uint32_t data = imm_u32(c);
      imm_u32(c);
      called(c, WH_CODE_MEMORY_INIT, 3, false, 0);
      emit(c, data);
      break;
    }
    case WH_OP_DATA_DROP:
      emit_op(c, WH_CODE_DATA_DROP);
      emit(c, imm_u32(c));
      break;
    case WH_OP_ELEM_DROP:
      emit_op(c, WH_CODE_ELEM_DROP);
      emit(c, imm_u32(c));
      break;
    case WH_OP_TABLE_GET: {
      uint32_t table = imm_u32(c);
      called(c, WH_CODE_TABLE_GET, 1, true, element_type(c, table));
      emit(c, table);
      break;
    }
    case WH_OP_TABLE_SET: {
      uint32_t table = imm_u32(c);
      called(c, WH_CODE_TABLE_SET, 2, false, 0);
      emit(c, table);
      break;
    }
    case WH_OP_TABLE_SIZE: {
      uint32_t table = imm_u32(c);
      called(c, WH_CODE_TABLE_SIZE, 0, true, WHERRY_I32);
      emit(c, table);
      break;
    }
    case WH_OP_TABLE_GROW: {
      uint32_t table = imm_u32(c);
      called(c, WH_CODE_TABLE_GROW, 2, true, WHERRY_I32);
      emit(c, table);
      break;
    }
    case WH_OP_TABLE_FILL: {
      uint32_t table = imm_u32(c);
      called(c, WH_CODE_TABLE_FILL, 3, false, 0);
      emit(c, table);
      break;
    }
    case WH_OP_TABLE_COPY: {
      uint32_t to = imm_u32(c), from = imm_u32(c);
      called(c, WH_CODE_TABLE_COPY, 3, false, 0);
      emit(c, to);
      emit(c, from);
      break;
    }
    case WH_OP_TABLE_INIT: {
      uint32_t elem = imm_u32(c), table = imm_u32(c);
      called(c, WH_CODE_TABLE_INIT, 3, false, 0);
      emit(c, elem);
      emit(c, table);
      break;
    }
    default: /* ref.func */
      called(c, WH_CODE_REF_FUNC, 0, true, WHERRY_FUNCREF);
      emit(c, imm_u32(c));
      break;
  }
}
