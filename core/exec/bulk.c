/* Memories, tables and segments as wholes (Execution, Memory and Table Instructions). */
#include "exec_state.h"

static wh_memory_t *memory_of(const wh_context_t *context, unsigned n) {
  return context->instance->memories[operand(context, n)];
}

/* An operand of the width that a memory's or table's addresses have. */
static uint64_t address(uint64_t slot, bool is64) { return is64 ? slot : (uint32_t)slot; }

/* What a grow that failed gives: -1 in that width. */
static uint64_t refused(bool is64) { return is64 ? UINT64_MAX : UINT32_MAX; }

static bool in_bounds(uint64_t size, uint64_t start, uint64_t count) {
  return count <= size && start <= size - count;
}

int wh_exec_memory_size(wh_context_t *context) {
  *operand_slot(context, 0) = wh_memory_pages(memory_of(context, 1));
  return go_on(context, 2);
}

int wh_exec_memory_grow(wh_context_t *context) {
  wh_memory_t *memory = memory_of(context, 1);
  uint64_t *slot = operand_slot(context, 0);
  uint64_t before;
  bool grown = wh_memory_enlarge(memory, address(*slot, memory->is64), &before, NULL);
  *slot = grown ? before : refused(memory->is64);
  context->memory_size = context->instance->memories[0]->size;
  return go_on(context, 2);
}

int wh_exec_next_piece(wh_context_t *context) {
  context->budget -= WH_EXEC_PIECE_COST;
  if (context->budget >= 0) return CONTINUE;
  context->wanted = 0;
  return wh_exec_tick(context);
}

int wh_exec_memory_fill(wh_context_t *context) {
  wh_memory_t *memory = memory_of(context, 1);
  uint64_t *slots = operand_slot(context, 0);
  uint64_t to = address(slots[0], memory->is64), count = address(slots[2], memory->is64);
  if (!in_bounds(wh_memory_size(memory), to, count))
    return wh_exec_fail_trap(context, WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS);
  uint64_t piece = count < WH_EXEC_PIECE ? count : WH_EXEC_PIECE;
  if (piece) memset(memory->base + to, (uint8_t)slots[1], piece);
  if (piece == count) return go_on(context, 2);
  slots[0] = to + piece;
  slots[2] = count - piece;
  return wh_exec_next_piece(context);
}

int wh_exec_memory_copy(wh_context_t *context) {
  wh_memory_t *target = memory_of(context, 1), *source = memory_of(context, 2);
  uint64_t *slots = operand_slot(context, 0);
  uint64_t to = address(slots[0], target->is64), from = address(slots[1], source->is64);
  uint64_t count = address(slots[2], target->is64 && source->is64);
  if (!in_bounds(wh_memory_size(target), to, count) ||
      !in_bounds(wh_memory_size(source), from, count))
    return wh_exec_fail_trap(context, WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS);
  uint64_t piece = count < WH_EXEC_PIECE ? count : WH_EXEC_PIECE, left = count - piece;
  /* Where the two overlap, pieces go in the order in which none is overwritten before it is read. */
  uint64_t start = to <= from ? 0 : left;
  if (piece) memmove(target->base + to + start, source->base + from + start, piece);
  if (!left) return go_on(context, 3);
  if (to <= from) {
    slots[0] = to + piece;
    slots[1] = from + piece;
  }
  slots[2] = left;
  return wh_exec_next_piece(context);
}

wherry_trap_code_t wh_exec_init_memory(wh_instance_t *instance, uint32_t memory, uint32_t data,
                                       uint64_t to, uint32_t from, uint32_t count) {
  wh_memory_t *target = instance->memories[memory];
  wherry_bytes_t bytes = instance->module->model->datas.items[data].bytes;
  uint64_t size = instance->dropped_datas[data] ? 0 : bytes.size;
  if (!in_bounds(size, from, count) || !in_bounds(wh_memory_size(target), to, count))
    return WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS;
  if (count) memcpy(target->base + to, bytes.data + from, count);
  return WHERRY_TRAP_NONE;
}

int wh_exec_memory_init(wh_context_t *context) {
  const uint64_t *slots = operand_slot(context, 0);
  uint32_t memory = operand(context, 2);
  wherry_trap_code_t trap = wh_exec_init_memory(context->instance, memory, operand(context, 1),
                                                address(slots[0], memory_of(context, 2)->is64),
                                                (uint32_t)slots[1], (uint32_t)slots[2]);
  return trap ? wh_exec_fail_trap(context, trap) : go_on(context, 3);
}

int wh_exec_data_drop(wh_context_t *context) {
  context->instance->dropped_datas[operand(context, 0)] = 1;
  return go_on(context, 1);
}

int wh_exec_elem_drop(wh_context_t *context) {
  wh_instance_drop_elem(context->instance, operand(context, 0));
  return go_on(context, 1);
}

/* ---- tables ---- */

static wh_table_t *table_of(const wh_context_t *context, unsigned n) {
  return context->tables[operand(context, n)];
}

static int table_trap(wh_context_t *context) {
  return wh_exec_fail_trap(context, WHERRY_TRAP_TABLE_OUT_OF_BOUNDS);
}

int wh_exec_table_get(wh_context_t *context) {
  const wh_table_t *table = table_of(context, 1);
  uint64_t *slot = operand_slot(context, 0);
  uint64_t index = address(*slot, table->is64);
  if (index >= table->size) return table_trap(context);
  *slot = table->elements[index];
  return go_on(context, 2);
}

int wh_exec_table_set(wh_context_t *context) {
  wh_table_t *table = table_of(context, 1);
  const uint64_t *slots = operand_slot(context, 0);
  uint64_t index = address(slots[0], table->is64);
  if (index >= table->size) return table_trap(context);
  table->elements[index] = slots[1];
  return go_on(context, 2);
}

int wh_exec_table_size(wh_context_t *context) {
  *operand_slot(context, 0) = table_of(context, 1)->size;
  return go_on(context, 2);
}

int wh_exec_table_grow(wh_context_t *context) {
  wh_table_t *table = table_of(context, 1);
  uint64_t *slots = operand_slot(context, 0); /* value, count */
  uint64_t size = table->size, more = address(slots[1], table->is64);
  bool grown = wh_table_enlarge(context->store, table, more, slots[0], NULL);
  slots[0] = grown ? size : refused(table->is64);
  return go_on(context, 2);
}

int wh_exec_table_fill(wh_context_t *context) {
  wh_table_t *table = table_of(context, 1);
  const uint64_t *slots = operand_slot(context, 0); /* index, value, count */
  uint64_t to = address(slots[0], table->is64), count = address(slots[2], table->is64);
  if (!in_bounds(table->size, to, count)) return table_trap(context);
  for (uint64_t i = 0; i < count; i++) table->elements[to + i] = slots[1];
  return go_on(context, 2);
}

int wh_exec_table_copy(wh_context_t *context) {
  wh_table_t *target = table_of(context, 1);
  const wh_table_t *source = table_of(context, 2);
  const uint64_t *slots = operand_slot(context, 0);
  uint64_t to = address(slots[0], target->is64), from = address(slots[1], source->is64);
  uint64_t count = address(slots[2], target->is64 && source->is64);
  if (!in_bounds(target->size, to, count) || !in_bounds(source->size, from, count))
    return table_trap(context);
  if (count) memmove(target->elements + to, source->elements + from, count * sizeof(uint64_t));
  return go_on(context, 3);
}

/* Tables of thousands of functions are filled like this with every instance. */
static void init_by_index(const wh_instance_t *instance, const uint8_t *at, uint64_t *elements,
                          uint32_t from, uint32_t count) {
  const uint64_t *imports = instance->imports;
  const uint32_t imported = instance->imported_functions;
  const uint64_t own = (uint64_t)instance->id << 32;
  for (; from; from--) wh_leb_u(&at);
  for (uint64_t *end = elements + count; elements < end; elements++) {
    uint64_t function = *at++;
    if (function >= 0x80) {
      if (WH_LIKELY(*at < 0x80)) {
        function = (function & 0x7F) | (uint64_t)*at++ << 7;
      } else {
        at--;
        function = wh_leb_u(&at);
      }
    }
    *elements = WH_LIKELY(function >= imported) ? own | function : imports[function];
  }
}

wherry_error_t *wh_exec_read_elem(const wh_instance_t *instance, uint32_t elem, uint32_t from,
                                  uint32_t count, uint64_t *to) {
  const wh_elem_t *segment = &instance->module->model->elems.items[elem];
  const uint8_t *at = segment->items;
  if (instance->elem_values && instance->elem_values[elem]) {
    if (count) memcpy(to, instance->elem_values[elem] + from, count * sizeof *to);
    return NULL;
  }
  if (segment->by_index) {
    init_by_index(instance, at, to, from, count);
    return NULL;
  }
  for (uint64_t i = 0; i < (uint64_t)from + count; i++) {
    uint64_t value;
    wherry_error_t *error = wh_exec_constant(instance, &at, &value);
    if (error) return error;
    if (i >= from) to[i - from] = value;
  }
  return NULL;
}

wherry_trap_code_t wh_exec_init_table(wh_instance_t *instance, uint32_t table, uint32_t elem,
                                      uint64_t to, uint32_t from, uint32_t count,
                                      wherry_error_t **error) {
  wh_table_t *target = instance->tables[table];
  const wh_elem_t *segment = &instance->module->model->elems.items[elem];
  uint64_t size = instance->dropped_elems[elem] ? 0 : segment->count;
  *error = NULL;
  if (!in_bounds(size, from, count) || !in_bounds(target->size, to, count))
    return WHERRY_TRAP_TABLE_OUT_OF_BOUNDS;
  *error = wh_exec_read_elem(instance, elem, from, count, target->elements + to);
  return WHERRY_TRAP_NONE;
}

int wh_exec_table_init(wh_context_t *context) {
  const uint64_t *slots = operand_slot(context, 0);
  wherry_error_t *error;
  wherry_trap_code_t trap =
      wh_exec_init_table(context->instance, operand(context, 2), operand(context, 1),
                         address(slots[0], table_of(context, 2)->is64), (uint32_t)slots[1],
                         (uint32_t)slots[2], &error);
  if (error) return wh_exec_fail(context, error);
  return trap ? wh_exec_fail_trap(context, trap) : go_on(context, 3);
}

int wh_exec_ref_func(wh_context_t *context) {
  *operand_slot(context, 0) = wh_instance_reference(context->instance, operand(context, 1));
  return go_on(context, 2);
}
