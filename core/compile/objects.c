/* Objects and references: fields, elements, casts, and what is made. */
#include "compile_state.h"
#include "ops/ops.h"

/* All references are alike here. */
#define REFERENCE WHERRY_ANYREF

static const wh_rtype_t *read_type(compiler_t *c) { return c->types[whc_imm_u32(c)]; }

static void emit_type(compiler_t *c, const wh_rtype_t *type) {
  whc_emit_bits(c, (uint64_t)(uintptr_t)type, true);
}

/* ---- fields and elements ---- */

/* How one lies in memory: the operations' rows in the order of objects.def. */
typedef enum row { ROW_I8, ROW_U8, ROW_I16, ROW_U16, ROW_U32, ROW_U64, ROW_F32, ROW_F64 } row_t;

static row_t row_of(const wh_rfield_t *field, bool is_signed) {
  switch (field->type) {
  case WH_PACKED_I8: return is_signed ? ROW_I8 : ROW_U8;
  case WH_PACKED_I16: return is_signed ? ROW_I16 : ROW_U16;
  case WHERRY_I32: return ROW_U32;
  case WHERRY_F32: return ROW_F32;
  case WHERRY_F64: return ROW_F64;
  default: return ROW_U64;
  }
}

static wherry_valtype_t unpacked(const wh_rfield_t *field) {
  return field->type == WH_PACKED_I8 || field->type == WH_PACKED_I16 ? WHERRY_I32 : field->type;
}

/* Places in the rows; stores have no signed ones. */
static wh_code_op_t get_op(wh_code_op_t first, row_t row, bool in_accumulator) {
  bool is_float = row == ROW_F32 || row == ROW_F64;
  unsigned more = row == ROW_F64 ? 2 * (FLOAT_FORMS - FORMS) : 0; /* of f32 before it */
  return (wh_code_op_t)((unsigned)first + (unsigned)row * 2 * FORMS + more +
                        (in_accumulator ? (is_float ? FLOAT_FORMS : FORMS) : 0));
}
static unsigned set_place(row_t row) {
  static const uint8_t places[] = {0, 0, 1, 1, 2, 3, 4, 5};
  return places[row];
}

static void struct_get(compiler_t *c, bool is_signed) {
  const wh_rtype_t *type = read_type(c);
  const wh_rfield_t *field = &type->fields[whc_imm_u32(c)];
  wherry_valtype_t result = unpacked(field);
  operand_t object = whc_pop(c);
  if (object.where == IN_CONST || result == WHERRY_V128) whc_need_slot(c, &object);
  bool in_accumulator = result != WHERRY_V128 && whc_in_acc(c, &object);
  whc_mark_offset(c);
  wh_code_op_t op = result == WHERRY_V128 ? WH_CODE_STRUCT_GET_V128
                                          : get_op(WH_CODE_STRUCT_GET_i8_S_R,
                                                   row_of(field, is_signed), in_accumulator);
  uint32_t at = whc_emit_op(c, op);
  if (!in_accumulator) whc_emit_slot(c, object.slot);
  whc_emit(c, field->offset);
  if (result == WHERRY_V128)
    whc_emit_home_result(c, at, result);
  else
    whc_emit_result(c, at, op, result);
}

static void struct_set(compiler_t *c) {
  const wh_rtype_t *type = read_type(c);
  const wh_rfield_t *field = &type->fields[whc_imm_u32(c)];
  operand_t value = whc_pop(c), object = whc_pop(c);
  whc_need_slot(c, &object);
  if (field->type == WHERRY_V128) {
    whc_need_slot(c, &value);
    whc_mark_offset(c);
    whc_emit_op(c, WH_CODE_STRUCT_SET_V128);
    whc_emit_slot(c, object.slot);
    whc_emit(c, field->offset);
    whc_emit_slot(c, value.slot);
    return;
  }
  unsigned form = value.where == IN_CONST ? 1 : whc_in_acc(c, &value) ? 2 : 0;
  whc_mark_offset(c);
  whc_emit_op(c,
              (wh_code_op_t)(WH_CODE_STRUCT_SET_u8_S + 3 * set_place(row_of(field, false)) + form));
  whc_emit_slot(c, object.slot);
  whc_emit(c, field->offset);
  if (form == 0) whc_emit_slot(c, value.slot);
  if (form == 1) whc_emit_bits(c, value.bits, value.wide);
}

static void array_get(compiler_t *c, bool is_signed) {
  const wh_rfield_t *field = read_type(c)->fields;
  wherry_valtype_t result = unpacked(field);
  operand_t index = whc_pop(c), array = whc_pop(c);
  whc_need_slot(c, &array);
  if (index.where == IN_CONST || result == WHERRY_V128) whc_need_slot(c, &index);
  bool in_accumulator = result != WHERRY_V128 && whc_in_acc(c, &index);
  whc_mark_offset(c);
  wh_code_op_t op = result == WHERRY_V128 ? WH_CODE_ARRAY_GET_V128
                                          : get_op(WH_CODE_ARRAY_GET_i8_S_R,
                                                   row_of(field, is_signed), in_accumulator);
  uint32_t at = whc_emit_op(c, op);
  whc_emit_slot(c, array.slot);
  if (!in_accumulator) whc_emit_slot(c, index.slot);
  if (result == WHERRY_V128)
    whc_emit_home_result(c, at, result);
  else
    whc_emit_result(c, at, op, result);
}

static void array_set(compiler_t *c) {
  const wh_rfield_t *field = read_type(c)->fields;
  operand_t value = whc_pop(c), index = whc_pop(c), array = whc_pop(c);
  whc_need_slot(c, &array);
  whc_need_slot(c, &index);
  bool is_v128 = field->type == WHERRY_V128;
  if (value.where == IN_CONST || is_v128) whc_need_slot(c, &value);
  bool in_accumulator = !is_v128 && whc_in_acc(c, &value);
  whc_mark_offset(c);
  whc_emit_op(c, is_v128 ? WH_CODE_ARRAY_SET_V128
                         : (wh_code_op_t)(WH_CODE_ARRAY_SET_u8_S +
                                          2 * set_place(row_of(field, false)) + in_accumulator));
  whc_emit_slot(c, array.slot);
  whc_emit_slot(c, index.slot);
  if (!in_accumulator) whc_emit_slot(c, value.slot);
}

static void array_len(compiler_t *c) {
  operand_t array = whc_pop(c);
  if (array.where == IN_CONST) whc_need_slot(c, &array);
  bool in_accumulator = whc_in_acc(c, &array);
  whc_mark_offset(c);
  wh_code_op_t op = in_accumulator ? WH_CODE_ARRAY_LEN_A_R : WH_CODE_ARRAY_LEN_S_R;
  uint32_t at = whc_emit_op(c, op);
  if (!in_accumulator) whc_emit_slot(c, array.slot);
  whc_emit_result(c, at, op, WHERRY_I32);
}

/* ---- tests and casts ---- */

static bool is_function(const compiler_t *c, wh_heap_t heap) {
  if (!wh_heap_is_abstract(heap)) return c->model->subtypes.items[heap].kind == WH_COMP_FUNC;
  return heap == WH_HEAP(FUNC) || heap == WH_HEAP(NULLFUNC);
}

/* The operands behind the reference, of the form that takes a type or a mask. */
static void emit_wanted(compiler_t *c, wh_heap_t heap, bool nullable) {
  if (wh_heap_is_abstract(heap)) {
    whc_emit(c, wh_ref_mask(heap) | (nullable ? WH_REF_NULL : 0));
  } else {
    emit_type(c, c->types[heap]);
    whc_emit(c, nullable);
  }
}

static void emit_wanted_function(compiler_t *c, wh_heap_t heap, bool nullable) {
  whc_emit(c, wh_heap_is_abstract(heap) ? heap : c->types[heap]->id);
  whc_emit(c, nullable);
}

static void ref_test(compiler_t *c, wh_heap_t heap, bool nullable) {
  if (is_function(c, heap)) {
    whc_emit_called(c, WH_CODE_REF_TEST_FUNC, 1, true, WHERRY_I32);
    emit_wanted_function(c, heap, nullable);
    return;
  }
  operand_t reference = whc_pop(c);
  if (reference.where == IN_CONST) whc_need_slot(c, &reference);
  bool in_accumulator = whc_in_acc(c, &reference);
  wh_code_op_t op = wh_heap_is_abstract(heap) ? WH_CODE_REF_TEST_MASK_S_R : WH_CODE_REF_TEST_S_R;
  if (in_accumulator) op = (wh_code_op_t)(op + FORMS);
  uint32_t at = whc_emit_op(c, op);
  if (!in_accumulator) whc_emit_slot(c, reference.slot);
  emit_wanted(c, heap, nullable);
  whc_emit_result(c, at, op, WHERRY_I32);
}

/* An operation that looks at the topmost operand, which stays where it is. in_slot, in_acc: its forms. */
static void look_at_top(compiler_t *c, wh_code_op_t in_slot, wh_code_op_t in_acc) {
  uint32_t top = (uint32_t)c->stack.count - 1;
  if (whc_top_operand(c)->where == IN_CONST) whc_settle(c, top, true);
  const operand_t *reference = whc_top_operand(c);
  bool in_accumulator = whc_in_acc(c, reference);
  int32_t slot = reference->slot;
  whc_mark_offset(c);
  whc_emit_op(c, in_accumulator ? in_acc : in_slot);
  if (!in_accumulator) whc_emit_slot(c, slot);
}

static void ref_cast(compiler_t *c, wh_heap_t heap, bool nullable) {
  if (is_function(c, heap)) {
    whc_settle_top(c, 1);
    whc_mark_offset(c);
    whc_emit_op(c, WH_CODE_REF_CAST_FUNC);
    whc_emit_slot(c, whc_top_operand(c)->slot);
    emit_wanted_function(c, heap, nullable);
    return;
  }
  if (wh_heap_is_abstract(heap))
    look_at_top(c, WH_CODE_REF_CAST_MASK_S, WH_CODE_REF_CAST_MASK_A);
  else
    look_at_top(c, WH_CODE_REF_CAST_S, WH_CODE_REF_CAST_A);
  emit_wanted(c, heap, nullable);
}

static wh_heap_t read_heap(compiler_t *c) {
  int64_t heap = wh_leb_s(&c->next);
  return heap < 0 ? WH_HEAP_ABSTRACT | (uint32_t)(heap & 0x7F) : (wh_heap_t)heap;
}

/* ---- branches ----
   The reference is in a slot, and stays on the stack or leaves it; the condition is made of it. */

/* The topmost operand once more, which must be in a slot. */
static void push_again(compiler_t *c) {
  uint32_t top = (uint32_t)c->stack.count - 1;
  if (whc_top_operand(c)->where != IN_SLOT) whc_settle(c, top, true);
  operand_t reference = *whc_top_operand(c);
  whc_push_home(c, REFERENCE);
  operand_t *copy = whc_top_operand(c);
  copy->slot = reference.slot;
}

static void br_on_null(compiler_t *c) {
  uint32_t label = whc_imm_u32(c);
  push_again(c);
  whc_is_null(c);
  operand_t condition = whc_pop(c), reference = *whc_top_operand(c);
  whc_pop(c);
  whc_branch_if(c, label, &condition, true);
  whc_push_back(c, &reference);
}

static void br_on_non_null(compiler_t *c) {
  uint32_t label = whc_imm_u32(c);
  push_again(c);
  whc_is_null(c);
  operand_t condition = whc_pop(c);
  whc_branch_if(c, label, &condition, false);
  whc_pop(c);
}

static void br_on_cast(compiler_t *c, bool when) {
  uint8_t flags = *c->next++;
  uint32_t label = whc_imm_u32(c);
  read_heap(c);
  wh_heap_t heap = read_heap(c);
  push_again(c);
  ref_test(c, heap, (flags & 2) != 0);
  operand_t condition = whc_pop(c);
  whc_branch_if(c, label, &condition, when);
}

/* ---- new objects, arrays as wholes ---- */

static uint32_t slots_of(const wh_rfield_t *field) { return field->type == WHERRY_V128 ? 2 : 1; }

/* As whc_emit_called, of operands that take so many slots. */
static void called(compiler_t *c, wh_code_op_t op, uint32_t operands, uint32_t slots,
                   bool has_result) {
  whc_settle_top(c, operands);
  whc_mark_offset(c);
  int32_t first = c->next_home - (int32_t)slots;
  whc_drop_to(c, (uint32_t)c->stack.count - operands);
  whc_emit_op(c, op);
  whc_emit_slot(c, first);
  if (!has_result) return;
  whc_push_home(c, REFERENCE);
  whc_wrote(c, first);
}

static void struct_new(compiler_t *c) {
  const wh_rtype_t *type = read_type(c);
  uint32_t slots = 0;
  for (uint32_t i = 0; i < type->field_count; i++) slots += slots_of(&type->fields[i]);
  called(c, WH_CODE_STRUCT_NEW, type->field_count, slots, true);
  emit_type(c, type);
  whc_emit(c, slots);
}

static void struct_new_default(compiler_t *c) {
  const wh_rtype_t *type = read_type(c);
  called(c, WH_CODE_STRUCT_NEW_DEFAULT, 0, 0, true);
  emit_type(c, type);
}

static void array_new(compiler_t *c) {
  const wh_rtype_t *type = read_type(c);
  uint32_t slots = slots_of(type->fields) + 1;
  called(c, WH_CODE_ARRAY_NEW, 2, slots, true);
  emit_type(c, type);
  whc_emit(c, slots);
}

static void array_new_default(compiler_t *c) {
  const wh_rtype_t *type = read_type(c);
  called(c, WH_CODE_ARRAY_NEW_DEFAULT, 1, 1, true);
  emit_type(c, type);
}

static void array_new_fixed(compiler_t *c) {
  const wh_rtype_t *type = read_type(c);
  uint32_t count = whc_imm_u32(c), slots = count * slots_of(type->fields);
  called(c, WH_CODE_ARRAY_NEW_FIXED, count, slots, true);
  emit_type(c, type);
  whc_emit(c, slots);
  whc_emit(c, count);
}

static void array_new_from(compiler_t *c, wh_code_op_t op) {
  const wh_rtype_t *type = read_type(c);
  called(c, op, 2, 2, true);
  emit_type(c, type);
  whc_emit(c, whc_imm_u32(c));
}

static void array_init_from(compiler_t *c, wh_code_op_t op) {
  read_type(c);
  called(c, op, 4, 4, false);
  whc_emit(c, whc_imm_u32(c));
}

static void array_fill(compiler_t *c) {
  const wh_rtype_t *type = read_type(c);
  called(c, WH_CODE_ARRAY_FILL, 4, 3 + slots_of(type->fields), false);
}

static void array_copy(compiler_t *c) {
  read_type(c);
  read_type(c);
  called(c, WH_CODE_ARRAY_COPY, 5, 5, false);
}

bool whc_object(compiler_t *c, uint32_t opcode) {
  switch (opcode) {
  case WH_OP_REF_AS_NON_NULL:
    look_at_top(c, WH_CODE_REF_AS_NON_NULL_S, WH_CODE_REF_AS_NON_NULL_A);
    return true;
  case WH_OP_BR_ON_NULL: br_on_null(c); return true;
  case WH_OP_BR_ON_NON_NULL: br_on_non_null(c); return true;
  case WH_OP_BR_ON_CAST: br_on_cast(c, true); return true;
  case WH_OP_BR_ON_CAST_FAIL: br_on_cast(c, false); return true;
  case WH_OP_STRUCT_NEW: struct_new(c); return true;
  case WH_OP_STRUCT_NEW_DEFAULT: struct_new_default(c); return true;
  case WH_OP_STRUCT_GET:
  case WH_OP_STRUCT_GET_U: struct_get(c, false); return true;
  case WH_OP_STRUCT_GET_S: struct_get(c, true); return true;
  case WH_OP_STRUCT_SET: struct_set(c); return true;
  case WH_OP_ARRAY_NEW: array_new(c); return true;
  case WH_OP_ARRAY_NEW_DEFAULT: array_new_default(c); return true;
  case WH_OP_ARRAY_NEW_FIXED: array_new_fixed(c); return true;
  case WH_OP_ARRAY_NEW_DATA: array_new_from(c, WH_CODE_ARRAY_NEW_DATA); return true;
  case WH_OP_ARRAY_NEW_ELEM: array_new_from(c, WH_CODE_ARRAY_NEW_ELEM); return true;
  case WH_OP_ARRAY_GET:
  case WH_OP_ARRAY_GET_U: array_get(c, false); return true;
  case WH_OP_ARRAY_GET_S: array_get(c, true); return true;
  case WH_OP_ARRAY_SET: array_set(c); return true;
  case WH_OP_ARRAY_LEN: array_len(c); return true;
  case WH_OP_ARRAY_FILL: array_fill(c); return true;
  case WH_OP_ARRAY_COPY: array_copy(c); return true;
  case WH_OP_ARRAY_INIT_DATA: array_init_from(c, WH_CODE_ARRAY_INIT_DATA); return true;
  case WH_OP_ARRAY_INIT_ELEM: array_init_from(c, WH_CODE_ARRAY_INIT_ELEM); return true;
  case WH_OP_REF_TEST:
  case WH_OP_REF_TEST_NULL: ref_test(c, read_heap(c), opcode == WH_OP_REF_TEST_NULL); return true;
  case WH_OP_REF_CAST:
  case WH_OP_REF_CAST_NULL: ref_cast(c, read_heap(c), opcode == WH_OP_REF_CAST_NULL); return true;
  case WH_OP_ANY_CONVERT_EXTERN:
  case WH_OP_EXTERN_CONVERT_ANY: return true; /* both hierarchies have the same words */
  default: return false;
  }
}
