/* Constant expressions (Validation, Instructions: Constant Expressions): their value in an instance. */
#include "exec_state.h"

#include "num/num.h"
#include "ops/ops.h"

enum { SMALL_STACK = 16 };

/* The operand stack is of slots, as a frame's, and a root: objects are made of what is on it. */
typedef struct evaluation {
  const wh_instance_t *instance;
  const uint8_t *at;
  WH_VEC(uint64_t) stack;
  uint64_t small[SMALL_STACK];
  wh_gc_local_t local;
} evaluation_t;

static bool reserve(evaluation_t *e) {
  if (e->stack.count + 2 <= e->stack.capacity) return true;
  size_t capacity = 2 * e->stack.capacity;
  uint64_t *more = wh_alloc_array(e->instance->store->alloc, capacity, sizeof *more);
  if (!more) return false;
  memcpy(more, e->stack.items, e->stack.count * sizeof *more);
  if (e->stack.items != e->small) wh_vec_free(e->instance->store->alloc, &e->stack);
  e->stack.capacity = capacity;
  e->stack.items = more;
  return true;
}

static void push(evaluation_t *e, uint64_t value) { e->stack.items[e->stack.count++] = value; }
static uint64_t pop(evaluation_t *e) { return e->stack.items[--e->stack.count]; }
static void push_v128(evaluation_t *e, const void *bytes) {
  memcpy(&e->stack.items[e->stack.count], bytes, sizeof(wh_v128_t));
  e->stack.count += 2;
}

static uint64_t fixed(evaluation_t *e, size_t size) {
  uint64_t value = 0;
  memcpy(&value, e->at, size);
  e->at += size;
  return value;
}

/* ---- objects ---- */

static wherry_error_t *give(evaluation_t *e, const void *object) {
  if (!object) return wh_gc_error(e->instance->store);
  push(e, wh_object_ref(object));
  return NULL;
}

/* Everything below the collector's eyes: the stack as it is now. */
static wherry_store_t *rooted(evaluation_t *e) {
  e->local.words = e->stack.items;
  e->local.count = e->stack.count;
  return e->instance->store;
}

static uint32_t slots_of(const wh_rfield_t *field) {
  return field->size > sizeof(uint64_t) ? 2 : 1;
}

static wherry_error_t *new_struct(evaluation_t *e, const wh_rtype_t *type, bool with_values) {
  wh_object_t *object = wh_gc_new_struct(rooted(e), type);
  if (object && with_values) {
    for (uint32_t i = 0; i < type->field_count; i++) e->stack.count -= slots_of(&type->fields[i]);
    wh_exec_init_struct(object, &e->stack.items[e->stack.count]);
  }
  return give(e, object);
}

static wherry_error_t *new_array(evaluation_t *e, const wh_rtype_t *type, bool with_value) {
  uint32_t length = (uint32_t)pop(e);
  wh_array_t *array = wh_gc_new_array(rooted(e), type, length);
  if (array && with_value) {
    e->stack.count -= slots_of(&type->fields[0]);
    wh_exec_fill_array(array, &e->stack.items[e->stack.count]);
  }
  return give(e, array);
}

static wherry_error_t *new_array_fixed(evaluation_t *e, const wh_rtype_t *type) {
  uint32_t length = (uint32_t)wh_leb_u(&e->at);
  wh_array_t *array = wh_gc_new_array(rooted(e), type, length);
  if (array) {
    e->stack.count -= (size_t)length * slots_of(&type->fields[0]);
    wh_exec_init_array(array, &e->stack.items[e->stack.count]);
  }
  return give(e, array);
}

static wherry_error_t *object(evaluation_t *e) {
  uint32_t opcode = WH_OP_PREFIX_FB << 16 | (uint32_t)wh_leb_u(&e->at);
  switch (opcode) {
  case WH_OP_REF_I31: push(e, wh_ref_i31((uint32_t)pop(e))); return NULL;
  case WH_OP_ANY_CONVERT_EXTERN:
  case WH_OP_EXTERN_CONVERT_ANY: return NULL;
  default: break;
  }
  const wh_rtype_t *type = e->instance->module->rtypes[wh_leb_u(&e->at)];
  switch (opcode) {
  case WH_OP_STRUCT_NEW: return new_struct(e, type, true);
  case WH_OP_STRUCT_NEW_DEFAULT: return new_struct(e, type, false);
  case WH_OP_ARRAY_NEW: return new_array(e, type, true);
  case WH_OP_ARRAY_NEW_DEFAULT: return new_array(e, type, false);
  default: return new_array_fixed(e, type);
  }
}

/* ---- instructions ---- */

static void global_get(evaluation_t *e) {
  uint32_t index = (uint32_t)wh_leb_u(&e->at);
  const uint64_t *cell = wh_global_cell(e->instance, index);
  if (e->instance->module->model->globals.items[index].type == WHERRY_V128)
    push_v128(e, cell);
  else
    push(e, *cell);
}

/* Extended constants: two operands. */
static void arithmetic(evaluation_t *e, uint8_t opcode) {
  uint64_t b = pop(e), a = pop(e);
  switch (opcode) {
  case WH_OP_I32_ADD: push(e, (uint32_t)(a + b)); break;
  case WH_OP_I32_SUB: push(e, (uint32_t)(a - b)); break;
  case WH_OP_I32_MUL: push(e, (uint32_t)(a * b)); break;
  case WH_OP_I64_ADD: push(e, a + b); break;
  case WH_OP_I64_SUB: push(e, a - b); break;
  default: push(e, a * b); break;
  }
}

static wherry_error_t *instruction(evaluation_t *e, uint8_t opcode) {
  switch (opcode) {
  case WH_OP_I32_CONST: push(e, (uint32_t)wh_leb_s(&e->at)); break;
  case WH_OP_I64_CONST: push(e, (uint64_t)wh_leb_s(&e->at)); break;
  case WH_OP_F32_CONST: push(e, fixed(e, 4)); break;
  case WH_OP_F64_CONST: push(e, fixed(e, 8)); break;
  case WH_OP_GLOBAL_GET: global_get(e); break;
  case WH_OP_PREFIX_FD: /* v128.const */
    wh_leb_u(&e->at);
    push_v128(e, e->at);
    e->at += sizeof(wh_v128_t);
    break;
  case WH_OP_REF_NULL:
    wh_leb_s(&e->at);
    push(e, 0);
    break;
  case WH_OP_REF_FUNC:
    push(e, wh_instance_reference(e->instance, (uint32_t)wh_leb_u(&e->at)));
    break;
  case WH_OP_PREFIX_FB: return object(e);
  default: arithmetic(e, opcode); break;
  }
  return NULL;
}

wherry_error_t *wh_exec_constant(const wh_instance_t *instance, const uint8_t **at, uint64_t *out) {
  wh_gc_t *gc = &instance->store->gc;
  evaluation_t e = {.instance = instance, .at = *at};
  e.stack.items = e.small;
  e.stack.capacity = SMALL_STACK;
  wh_gc_enter(gc, &e.local, NULL, 0);
  wherry_error_t *error = NULL;
  while (!error && *e.at != WH_OP_END) {
    uint8_t opcode = *e.at++;
    error = reserve(&e) ? instruction(&e, opcode) : wh_error_oom();
  }
  if (!error) memcpy(out, e.stack.items, e.stack.count * sizeof *out);
  wh_gc_leave(gc, &e.local);
  if (e.stack.items != e.small) wh_vec_free(instance->store->alloc, &e.stack);
  *at = e.at + 1;
  return error;
}
