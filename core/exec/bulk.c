/* Memories, tables and segments as wholes (Execution, Memory and Table Instructions). */
#include "exec_state.h"

#include "ops/ops.h"

/* What is filled or copied between two looks at the budget, in bytes, and what that costs. */
enum { PIECE = 1 << 24, PIECE_COST = PIECE / 64 };

int wh_exec_memory_size(wh_context_t *context) {
  *operand_slot(context, 0) = context->instance->memories[0]->size / WHERRY_PAGE_SIZE;
  return go_on(context, 1);
}

int wh_exec_memory_grow(wh_context_t *context) {
  wh_memory_t *memory = context->instance->memories[0];
  uint64_t *slot = operand_slot(context, 0);
  uint64_t pages = memory->size / WHERRY_PAGE_SIZE;
  bool grown = wh_memory_enlarge(context->store, memory, (uint32_t)*slot, NULL);
  *slot = grown ? pages : UINT32_MAX;
  context->memory_size = memory->size;
  return go_on(context, 1);
}

static bool in_bounds(uint64_t size, uint32_t start, uint32_t count) {
  return (uint64_t)start + count <= size;
}

/* After a piece: the operands have been changed to what is left, and the operation is done again. */
static int next_piece(wh_context_t *context) {
  context->budget -= PIECE_COST;
  if (context->budget >= 0) return CONTINUE;
  context->wanted = 0;
  return wh_exec_tick(context);
}

int wh_exec_memory_fill(wh_context_t *context) {
  const wh_memory_t *memory = context->instance->memories[0];
  uint64_t *slots = operand_slot(context, 0);
  uint32_t to = (uint32_t)slots[0], count = (uint32_t)slots[2];
  if (!in_bounds(memory->size, to, count))
    return wh_exec_fail_trap(context, WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS);
  if (count <= PIECE) {
    if (count) memset(memory->base + to, (uint8_t)slots[1], count);
    return go_on(context, 1);
  }
  memset(memory->base + to, (uint8_t)slots[1], PIECE);
  slots[0] = to + PIECE;
  slots[2] = count - PIECE;
  return next_piece(context);
}

int wh_exec_memory_copy(wh_context_t *context) {
  const wh_memory_t *memory = context->instance->memories[0];
  uint64_t *slots = operand_slot(context, 0);
  uint32_t to = (uint32_t)slots[0], from = (uint32_t)slots[1], count = (uint32_t)slots[2];
  if (!in_bounds(memory->size, to, count) || !in_bounds(memory->size, from, count))
    return wh_exec_fail_trap(context, WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS);
  if (count <= PIECE) {
    if (count) memmove(memory->base + to, memory->base + from, count);
    return go_on(context, 1);
  }
  uint32_t left = count - PIECE;
  if (to <= from) {
    memmove(memory->base + to, memory->base + from, PIECE);
    slots[0] = to + PIECE;
    slots[1] = from + PIECE;
  } else {
    memmove(memory->base + to + left, memory->base + from + left, PIECE);
  }
  slots[2] = left;
  return next_piece(context);
}

wherry_trap_code_t wh_exec_init_memory(wh_instance_t *instance, uint32_t memory, uint32_t data,
                                       uint32_t to, uint32_t from, uint32_t count) {
  const wh_memory_t *target = instance->memories[memory];
  wherry_bytes_t bytes = instance->module->model->datas.items[data].bytes;
  uint64_t size = instance->dropped_datas[data] ? 0 : bytes.size;
  if (!in_bounds(size, from, count) || !in_bounds(target->size, to, count))
    return WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS;
  if (count) memcpy(target->base + to, bytes.data + from, count);
  return WHERRY_TRAP_NONE;
}

int wh_exec_memory_init(wh_context_t *context) {
  const uint64_t *slots = operand_slot(context, 0);
  wherry_trap_code_t trap =
      wh_exec_init_memory(context->instance, 0, operand(context, 1), (uint32_t)slots[0],
                          (uint32_t)slots[1], (uint32_t)slots[2]);
  return trap ? wh_exec_fail_trap(context, trap) : go_on(context, 2);
}

int wh_exec_data_drop(wh_context_t *context) {
  context->instance->dropped_datas[operand(context, 0)] = 1;
  return go_on(context, 1);
}

int wh_exec_elem_drop(wh_context_t *context) {
  context->instance->dropped_elems[operand(context, 0)] = 1;
  return go_on(context, 1);
}

/* ---- tables ---- */

int wh_exec_table_get(wh_context_t *context) {
  const wh_table_t *table = context->tables[operand(context, 1)];
  uint64_t *slot = operand_slot(context, 0);
  uint32_t index = (uint32_t)*slot;
  if (index >= table->size)
    return wh_exec_fail_trap(context, WHERRY_TRAP_TABLE_OUT_OF_BOUNDS);
  *slot = table->elements[index];
  return go_on(context, 2);
}

int wh_exec_table_set(wh_context_t *context) {
  wh_table_t *table = context->tables[operand(context, 1)];
  const uint64_t *slots = operand_slot(context, 0);
  uint32_t index = (uint32_t)slots[0];
  if (index >= table->size)
    return wh_exec_fail_trap(context, WHERRY_TRAP_TABLE_OUT_OF_BOUNDS);
  table->elements[index] = slots[1];
  return go_on(context, 2);
}

int wh_exec_table_size(wh_context_t *context) {
  *operand_slot(context, 0) = context->tables[operand(context, 1)]->size;
  return go_on(context, 2);
}

int wh_exec_table_grow(wh_context_t *context) {
  wh_table_t *table = context->tables[operand(context, 1)];
  uint64_t *slots = operand_slot(context, 0); /* value, count */
  uint64_t size = table->size;
  bool grown = wh_table_enlarge(context->store, table, (uint32_t)slots[1], slots[0], NULL);
  slots[0] = grown ? size : UINT32_MAX;
  return go_on(context, 2);
}

int wh_exec_table_fill(wh_context_t *context) {
  wh_table_t *table = context->tables[operand(context, 1)];
  const uint64_t *slots = operand_slot(context, 0); /* index, value, count */
  uint32_t to = (uint32_t)slots[0], count = (uint32_t)slots[2];
  if (!in_bounds(table->size, to, count))
    return wh_exec_fail_trap(context, WHERRY_TRAP_TABLE_OUT_OF_BOUNDS);
  for (uint32_t i = 0; i < count; i++) table->elements[to + i] = slots[1];
  return go_on(context, 2);
}

int wh_exec_table_copy(wh_context_t *context) {
  wh_table_t *to_table = context->tables[operand(context, 1)];
  const wh_table_t *from_table = context->tables[operand(context, 2)];
  const uint64_t *slots = operand_slot(context, 0);
  uint32_t to = (uint32_t)slots[0], from = (uint32_t)slots[1], count = (uint32_t)slots[2];
  if (!in_bounds(to_table->size, to, count) || !in_bounds(from_table->size, from, count))
    return wh_exec_fail_trap(context, WHERRY_TRAP_TABLE_OUT_OF_BOUNDS);
  if (count) memmove(to_table->elements + to, from_table->elements + from, count * sizeof(uint64_t));
  return go_on(context, 3);
}

wherry_trap_code_t wh_exec_init_table(wh_instance_t *instance, uint32_t table, uint32_t elem,
                                      uint32_t to, uint32_t from, uint32_t count,
                                      wherry_error_t **error) {
  wh_table_t *target = instance->tables[table];
  const wh_elem_t *segment = &instance->module->model->elems.items[elem];
  uint64_t size = instance->dropped_elems[elem] ? 0 : segment->count;
  *error = NULL;
  if (!in_bounds(size, from, count) || !in_bounds(target->size, to, count))
    return WHERRY_TRAP_TABLE_OUT_OF_BOUNDS;
  const uint8_t *at = segment->items;
  uint64_t value;
  for (uint32_t i = 0; i < from + count; i++) {
    if (segment->by_index) {
      uint32_t function = (uint32_t)wh_leb_u(&at);
      value = wh_instance_reference(instance, function);
    } else if ((*error = wh_exec_constant(instance, &at, &value))) {
      return WHERRY_TRAP_NONE;
    }
    if (i >= from) target->elements[to + (i - from)] = value;
  }
  return WHERRY_TRAP_NONE;
}

int wh_exec_table_init(wh_context_t *context) {
  const uint64_t *slots = operand_slot(context, 0);
  wherry_error_t *error;
  wherry_trap_code_t trap =
      wh_exec_init_table(context->instance, operand(context, 2), operand(context, 1),
                         (uint32_t)slots[0], (uint32_t)slots[1], (uint32_t)slots[2], &error);
  if (error) return wh_exec_fail(context, error);
  return trap ? wh_exec_fail_trap(context, trap) : go_on(context, 3);
}

int wh_exec_ref_func(wh_context_t *context) {
  *operand_slot(context, 0) = wh_instance_reference(context->instance, operand(context, 1));
  return go_on(context, 2);
}

/* ---- constant expressions ---- */

enum { SMALL_STACK = 16 };

wherry_error_t *wh_exec_constant(const wh_instance_t *instance, const uint8_t **at,
                                 uint64_t *out) {
  wh_alloc_t *alloc = instance->store->alloc;
  WH_VEC(uint64_t) stack = {0};
  uint64_t small[SMALL_STACK];
  stack.items = small;
  stack.capacity = SMALL_STACK;
  wherry_error_t *error = NULL;
  for (;;) {
    uint8_t opcode = *(*at)++;
    uint64_t value = 0;
    switch (opcode) {
      case WH_OP_END:
        *out = stack.items[0];
        goto done;
      case WH_OP_I32_CONST: value = (uint32_t)wh_leb_s(at); break;
      case WH_OP_I64_CONST: value = (uint64_t)wh_leb_s(at); break;
      case WH_OP_F32_CONST:
        memcpy(&value, *at, 4);
        *at += 4;
        break;
      case WH_OP_F64_CONST:
        memcpy(&value, *at, 8);
        *at += 8;
        break;
      case WH_OP_GLOBAL_GET:
        value = *wh_global_cell(instance, (uint32_t)wh_leb_u(at));
        break;
      case WH_OP_REF_NULL: wh_leb_s(at); break;
      case WH_OP_REF_FUNC:
        value = wh_instance_reference(instance, (uint32_t)wh_leb_u(at));
        break;
      default: { /* extended constants: two operands */
        uint64_t b = stack.items[--stack.count], a = stack.items[--stack.count];
        switch (opcode) {
          case WH_OP_I32_ADD: value = (uint32_t)(a + b); break;
          case WH_OP_I32_SUB: value = (uint32_t)(a - b); break;
          case WH_OP_I32_MUL: value = (uint32_t)(a * b); break;
          case WH_OP_I64_ADD: value = a + b; break;
          case WH_OP_I64_SUB: value = a - b; break;
          default: value = a * b; break;
        }
      }
    }
    if (stack.count == stack.capacity) {
      uint64_t *more = wh_alloc_array(alloc, 2 * stack.capacity, sizeof *more);
      if (!more) {
        error = wh_error_oom();
        goto done;
      }
      memcpy(more, stack.items, stack.count * sizeof *more);
      if (stack.items != small) wh_vec_free(alloc, &stack);
      stack.capacity = stack.capacity > SMALL_STACK ? 2 * stack.capacity : 2 * SMALL_STACK;
      stack.items = more;
    }
    stack.items[stack.count++] = value;
  }
done:
  if (stack.items != small) wh_vec_free(alloc, &stack);
  return error;
}
