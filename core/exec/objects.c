/* Making objects, and arrays as wholes (Execution, Reference and Aggregate Instructions).

   Before an object is made, everything alive is in slots: the operation's operands are the topmost
   ones, and above them nothing counts any more. */
#include "exec_state.h"

static const wh_rtype_t *type_operand(const wh_context_t *context, unsigned n) {
  const wh_rtype_t *type;
  memcpy(&type, context->ip + WH_HANDLER_WORDS + n, sizeof type);
  return type;
}

/* ---- values of fields and elements ---- */

static void put(char *at, const uint64_t *slot, uint32_t size) {
  switch (size) {
  case 1: memcpy(at, slot, 1); break;
  case 2: memcpy(at, slot, 2); break;
  case 4: memcpy(at, slot, 4); break;
  case 8: memcpy(at, slot, 8); break;
  default: memcpy(at, slot, 16); break;
  }
}

static void fill(char *at, const uint64_t *slot, uint32_t size, size_t count) {
  static const uint64_t zero[2];
  if (size == 1 || memcmp(slot, zero, size) == 0) {
    if (count) memset(at, (uint8_t)*slot, count * size);
    return;
  }
  for (char *end = at + count * size; at < end; at += size) put(at, slot, size);
}

void wh_exec_init_struct(wh_object_t *object, const uint64_t *slots) {
  const wh_rtype_t *type = object->type;
  for (const wh_rfield_t *field = type->fields, *end = field + type->field_count; field < end;
       field++) {
    put((char *)object + field->offset, slots, field->size);
    slots += field->size > sizeof *slots ? 2 : 1;
  }
}

void wh_exec_init_array(wh_array_t *array, const uint64_t *slots) {
  uint32_t size = array->type->fields[0].size;
  char *at = array->elements;
  for (uint32_t i = 0; i < array->length; i++) {
    put(at, slots, size);
    at += size;
    slots += size > sizeof *slots ? 2 : 1;
  }
}

void wh_exec_fill_array(wh_array_t *array, const uint64_t *slots) {
  fill(array->elements, slots, array->type->fields[0].size, array->length);
}

/* ---- new ---- */

/* An operation that is making an object. */
typedef struct making {
  wherry_store_t *store;
  uint64_t *slots; /* operands, then the result */
  const wh_rtype_t *type;
  uint64_t collections;
} making_t;

static making_t begin(wh_context_t *context, size_t operands) {
  wherry_store_t *store = context->store;
  uint64_t *slots = operand_slot(context, 0);
  context->stack->top = slots + operands;
  return (making_t) {store, slots, type_operand(context, 1), store->gc.collections};
}

/* A collection may take long, so it is a good time to look up. */
static int end(wh_context_t *context, const making_t *making, const void *object, unsigned words) {
  if (WH_UNLIKELY(!object)) return wh_exec_fail(context, wh_gc_error(making->store));
  making->slots[0] = wh_object_ref(object);
  go_on(context, words);
  return WH_LIKELY(making->store->gc.collections == making->collections) ? CONTINUE
                                                                         : wh_exec_look(context);
}

/* What a long array costs beside the instruction. */
static void charge(wh_context_t *context, const wh_array_t *array) {
  context->budget -= (int64_t)(wh_array_bytes(array) / WH_EXEC_PIECE) * WH_EXEC_PIECE_COST;
}

int wh_exec_struct_new(wh_context_t *context) {
  making_t making = begin(context, operand(context, 3));
  wh_object_t *object = wh_gc_new_struct(making.store, making.type);
  if (WH_LIKELY(object != NULL)) wh_exec_init_struct(object, making.slots);
  return end(context, &making, object, 4);
}

int wh_exec_struct_new_default(wh_context_t *context) {
  making_t making = begin(context, 0);
  return end(context, &making, wh_gc_new_struct(making.store, making.type), 3);
}

int wh_exec_array_new(wh_context_t *context) {
  uint32_t operands = operand(context, 3);
  making_t making = begin(context, operands);
  wh_array_t *array =
      wh_gc_new_array(making.store, making.type, (uint32_t)making.slots[operands - 1]);
  if (array) {
    wh_exec_fill_array(array, making.slots);
    charge(context, array);
  }
  return end(context, &making, array, 4);
}

int wh_exec_array_new_default(wh_context_t *context) {
  making_t making = begin(context, 1);
  wh_array_t *array = wh_gc_new_array(making.store, making.type, (uint32_t)making.slots[0]);
  if (array) charge(context, array);
  return end(context, &making, array, 3);
}

int wh_exec_array_new_fixed(wh_context_t *context) {
  making_t making = begin(context, operand(context, 3));
  wh_array_t *array = wh_gc_new_array(making.store, making.type, operand(context, 4));
  if (array) wh_exec_init_array(array, making.slots);
  return end(context, &making, array, 5);
}

/* ---- from segments ---- */

static wherry_bytes_t data_of(const wh_context_t *context, uint32_t data) {
  const wh_instance_t *instance = context->instance;
  if (instance->dropped_datas[data]) return (wherry_bytes_t) {NULL, 0};
  return instance->module->model->datas.items[data].bytes;
}

static uint32_t elem_size(const wh_context_t *context, uint32_t elem) {
  const wh_instance_t *instance = context->instance;
  return instance->dropped_elems[elem] ? 0 : instance->module->model->elems.items[elem].count;
}

static bool in_bounds(uint64_t size, uint64_t start, uint64_t count) {
  return count <= size && start <= size - count;
}

int wh_exec_array_new_data(wh_context_t *context) {
  making_t making = begin(context, 2);
  wherry_bytes_t data = data_of(context, operand(context, 3));
  uint32_t from = (uint32_t)making.slots[0], length = (uint32_t)making.slots[1];
  uint64_t size = (uint64_t)length * making.type->fields[0].size;
  if (!in_bounds(data.size, from, size))
    return wh_exec_fail_trap(context, WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS);
  wh_array_t *array = wh_gc_new_array(making.store, making.type, length);
  if (array && size) memcpy(array->elements, data.data + from, size);
  return end(context, &making, array, 4);
}

int wh_exec_array_new_elem(wh_context_t *context) {
  making_t making = begin(context, 2);
  uint32_t elem = operand(context, 3);
  uint32_t from = (uint32_t)making.slots[0], length = (uint32_t)making.slots[1];
  if (!in_bounds(elem_size(context, elem), from, length))
    return wh_exec_fail_trap(context, WHERRY_TRAP_TABLE_OUT_OF_BOUNDS);
  wh_array_t *array = wh_gc_new_array(making.store, making.type, length);
  if (array) {
    wherry_error_t *error = wh_exec_read_elem(context->instance, elem, from, length,
                                              (uint64_t *)(void *)array->elements);
    if (error) return wh_exec_fail(context, error);
  }
  return end(context, &making, array, 4);
}

/* ---- arrays as wholes ---- */

/* A stretch of an array whose reference and index lie in two slots. NULL: *trap says why not. */
static char *stretch(const uint64_t *slots, uint64_t count, wherry_trap_code_t *trap) {
  wh_array_t *array = (wh_array_t *)(void *)wh_ref_object(slots[0]);
  *trap = WHERRY_TRAP_NULL_ARRAY;
  if (!array) return NULL;
  uint32_t start = (uint32_t)slots[1];
  *trap = WHERRY_TRAP_ARRAY_OUT_OF_BOUNDS;
  if (!in_bounds(array->length, start, count)) return NULL;
  return array->elements + (size_t)start * array->type->fields[0].size;
}

/* 0: of null, which traps. */
static uint32_t element_size(uint64_t word) {
  return word ? wh_ref_object(word)->type->fields[0].size : 0;
}

int wh_exec_array_fill(wh_context_t *context) {
  uint64_t *slots = operand_slot(context, 0); /* array, index, value, count */
  wherry_trap_code_t trap;
  uint32_t size = element_size(slots[0]);
  uint64_t *count = &slots[size > sizeof *slots ? 4 : 3];
  char *at = stretch(slots, (uint32_t)*count, &trap);
  if (!at) return wh_exec_fail_trap(context, trap);
  uint32_t all = (uint32_t)*count, most = WH_EXEC_PIECE / size, piece = all < most ? all : most;
  fill(at, slots + 2, size, piece);
  if (piece == all) return go_on(context, 1);
  slots[1] = (uint32_t)slots[1] + piece;
  *count = all - piece;
  return wh_exec_next_piece(context);
}

int wh_exec_array_copy(wh_context_t *context) {
  uint64_t *slots = operand_slot(context, 0); /* array, index, from array, index, count */
  wherry_trap_code_t trap;
  uint32_t size = element_size(slots[0]), all = (uint32_t)slots[4];
  char *to = stretch(slots, all, &trap);
  if (!to) return wh_exec_fail_trap(context, trap);
  const char *from = stretch(slots + 2, all, &trap);
  if (!from) return wh_exec_fail_trap(context, trap);
  uint32_t most = WH_EXEC_PIECE / size, piece = all < most ? all : most, left = all - piece;
  /* Where the two overlap, pieces go in the order in which none is overwritten before it is read. */
  size_t start = to <= from ? 0 : (size_t)left * size;
  if (piece) memmove(to + start, from + start, (size_t)piece * size);
  if (!left) return go_on(context, 1);
  if (to <= from) {
    slots[1] = (uint32_t)slots[1] + piece;
    slots[3] = (uint32_t)slots[3] + piece;
  }
  slots[4] = left;
  return wh_exec_next_piece(context);
}

int wh_exec_array_init_data(wh_context_t *context) {
  const uint64_t *slots = operand_slot(context, 0); /* array, index, offset, count */
  wherry_trap_code_t trap;
  uint32_t count = (uint32_t)slots[3], from = (uint32_t)slots[2];
  char *to = stretch(slots, count, &trap);
  if (!to) return wh_exec_fail_trap(context, trap);
  wherry_bytes_t data = data_of(context, operand(context, 1));
  uint64_t size = (uint64_t)count * element_size(slots[0]);
  if (!in_bounds(data.size, from, size))
    return wh_exec_fail_trap(context, WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS);
  if (size) memcpy(to, data.data + from, size);
  return go_on(context, 2);
}

int wh_exec_array_init_elem(wh_context_t *context) {
  const uint64_t *slots = operand_slot(context, 0); /* array, index, from, count */
  wherry_trap_code_t trap;
  uint32_t count = (uint32_t)slots[3], from = (uint32_t)slots[2], elem = operand(context, 1);
  char *to = stretch(slots, count, &trap);
  if (!to) return wh_exec_fail_trap(context, trap);
  if (!in_bounds(elem_size(context, elem), from, count))
    return wh_exec_fail_trap(context, WHERRY_TRAP_TABLE_OUT_OF_BOUNDS);
  wherry_error_t *error =
      wh_exec_read_elem(context->instance, elem, from, count, (uint64_t *)(void *)to);
  return error ? wh_exec_fail(context, error) : go_on(context, 2);
}

/* ---- functions: what they are ---- */

static bool func_is(const wh_context_t *context) {
  uint64_t reference = *operand_slot(context, 0);
  if (!reference) return operand(context, 2) != 0;
  wh_heap_t heap = operand(context, 1);
  if (wh_heap_is_abstract(heap)) return heap == WH_HEAP(FUNC);
  return wh_rtype_has_super(wh_reference_rtype(context->store, reference), heap);
}

int wh_exec_ref_test_func(wh_context_t *context) {
  *operand_slot(context, 0) = func_is(context);
  return go_on(context, 3);
}

int wh_exec_ref_cast_func(wh_context_t *context) {
  if (!func_is(context)) return wh_exec_fail_trap(context, WHERRY_TRAP_CAST_FAILURE);
  return go_on(context, 3);
}
