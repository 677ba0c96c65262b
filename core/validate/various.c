/* Instructions that are neither numeric nor control: variables, tables, memory, references. */
#include "validate_body.h"

static WH_COLD const uint8_t *invalid(validator_t *v, const uint8_t *at, const char *what,
                                      uint32_t index, size_t count) {
  wh_validate_fail(v, WHERRY_ERROR_INVALID, at, "unknown %s %u: %s, but there are %zu", what, index,
                   wh_validate_op_name(v), count);
  return NULL;
}

static const uint8_t *needs(validator_t *v, wherry_feature_t feature) {
  return wh_validate_needs(v, feature), NULL;
}

static bool on(const validator_t *v, wherry_feature_t feature) {
  return (v->features >> feature & 1) != 0;
}

bool wh_validate_local(validator_t *v, uint32_t index, vtype_t *out) {
  if (WH_LIKELY(index < v->flat_count)) {
    *out = v->flat[index];
    return true;
  }
  if (index >= v->local_count)
    return invalid(v, v->op_at + 1, "local", index, v->local_count) != NULL;
  size_t low = 0, high = v->runs.count - 1; /* the first run that ends behind it */
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (v->runs.items[middle].end > index)
      high = middle;
    else
      low = middle + 1;
  }
  *out = v->runs.items[low].type;
  return true;
}

const uint8_t *wh_validate_get_local(validator_t *v, const uint8_t *at, uint32_t index) {
  vtype_t type = ANY;
  if (!wh_validate_local(v, index, &type)) return NULL;
  if (!wh_is_defaultable(type) && index >= v->type->param_count &&
      !(v->is_set.items[index / 8] >> index % 8 & 1))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                            "uninitialized local %u: a %s must be set before it is read", index,
                            WH_TYPE_TEXT(type)),
           NULL;
  *v->sp++ = type;
  return at;
}

const uint8_t *wh_validate_set_local(validator_t *v, const uint8_t *at, uint32_t index) {
  vtype_t type = ANY;
  if (!wh_validate_local(v, index, &type) || !wh_validate_pop(v, type)) return NULL;
  if (*v->op_at == WH_OP_LOCAL_TEE) *v->sp++ = type;
  if (wh_is_defaultable(type) || index < v->type->param_count) return at;
  uint8_t *byte = &v->is_set.items[index / 8], bit = (uint8_t)(1u << index % 8);
  if (*byte & bit) return at;
  *byte |= bit;
  return wh_vec_push(v->alloc, &v->set, index) || wh_validate_oom(v) ? at : NULL;
}

const uint8_t *wh_validate_select(validator_t *v, const uint8_t *at) {
  if (!wh_validate_pop(v, WHERRY_I32)) return NULL;
  /* Two of one type, which either may leave open; references need the typed form. */
  vtype_t second = v->sp[-1], first;
  if (!wh_validate_pop(v, ANY)) return NULL;
  if (second == FLOOR) second = ANY;
  first = v->sp[-1];
  if (!wh_validate_pop(v, second)) return NULL;
  if (first == FLOOR) first = ANY;
  vtype_t type = first == ANY ? second : first;
  if (wh_is_ref(type))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                            "type mismatch: select without a type cannot choose between %s",
                            WH_TYPE_TEXT(type)),
           NULL;
  *v->sp++ = type;
  return at;
}

const uint8_t *wh_validate_select_typed(validator_t *v, const uint8_t *at) {
  const uint8_t *start = at;
  uint32_t count;
  vtype_t type = ANY;
  if (!on(v, WHERRY_FEATURE_REFERENCE_TYPES)) return needs(v, WHERRY_FEATURE_REFERENCE_TYPES);
  if (!wh_validate_u32(v, &at, &count)) return NULL;
  for (uint32_t i = 0; i < count; i++)
    if (!wh_validate_val_type(v, &at, &type)) return NULL;
  if (count != 1)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "invalid result arity: select with %u types, expected 1", count),
           NULL;
  if (!wh_validate_pop(v, WHERRY_I32) || !wh_validate_pop(v, type) || !wh_validate_pop(v, type))
    return NULL;
  *v->sp++ = type;
  return at;
}

const uint8_t *wh_validate_global(validator_t *v, const uint8_t *at) {
  const uint8_t *start = at;
  uint32_t index;
  bool set = at[-1] == WH_OP_GLOBAL_SET;
  if (!wh_validate_u32(v, &at, &index)) return NULL;
  if (index >= v->model->globals.count)
    return invalid(v, start, "global", index, v->model->globals.count);
  const wh_global_type_t *global = &v->model->globals.items[index];
  if (!set) {
    *v->sp++ = global->type;
    return at;
  }
  if (!global->is_mutable)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start, "immutable global: global.set of %u",
                            index),
           NULL;
  return wh_validate_pop(v, global->type) ? at : NULL;
}

/* *index_type: of its indices. */
static bool table(validator_t *v, const uint8_t **at, vtype_t *element, vtype_t *index_type) {
  const uint8_t *start = *at;
  uint32_t index;
  if (!wh_validate_u32(v, at, &index)) return false;
  if (index >= v->model->tables.count)
    return invalid(v, start, "table", index, v->model->tables.count) != NULL;
  *element = v->model->tables.items[index].element;
  *index_type = v->model->tables.items[index].is64 ? WHERRY_I64 : WHERRY_I32;
  return true;
}

const uint8_t *wh_validate_table_access(validator_t *v, const uint8_t *at) {
  vtype_t element, index;
  bool set = at[-1] == WH_OP_TABLE_SET;
  if (!on(v, WHERRY_FEATURE_REFERENCE_TYPES)) return needs(v, WHERRY_FEATURE_REFERENCE_TYPES);
  if (!table(v, &at, &element, &index)) return NULL;
  if (set && !wh_validate_pop(v, element)) return NULL;
  if (!wh_validate_pop(v, index)) return NULL;
  if (!set) *v->sp++ = element;
  return at;
}

/* ---- memory ---- */

static bool use_memory(validator_t *v, const uint8_t *at, uint32_t index) {
  if (index >= v->model->memories.count)
    return invalid(v, at, "memory", index, v->model->memories.count) != NULL;
  v->address = v->model->memories.items[index].is64 ? WHERRY_I64 : WHERRY_I32;
  return true;
}

static bool memory(validator_t *v, const uint8_t **at) {
  const uint8_t *start = *at;
  uint32_t index;
  return wh_validate_u32(v, at, &index) && use_memory(v, start, index);
}

const uint8_t *wh_validate_memory_index(validator_t *v, const uint8_t *at) {
  const char *signature = wh_op(at[-1])->signature;
  return memory(v, &at) && wh_validate_signature(v, signature) ? at : NULL;
}

enum { MEMORY_FOLLOWS = 64 }; /* in the alignment of a memory access */

/* Loads and stores: alignment, perhaps a memory, offset, then the operands. */
const uint8_t *wh_validate_access(validator_t *v, const uint8_t *at, const wh_op_t *op) {
  const uint8_t *start = at;
  uint32_t flags;
  if (!wh_validate_u32(v, &at, &flags)) return NULL;
  if (flags >= 128)
    return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, start,
                            "malformed memop flags 0x%x: %s, expected less than 0x80", flags,
                            op->name),
           NULL;
  uint32_t index = 0;
  const uint8_t *index_at = v->op_at;
  if (flags >= MEMORY_FOLLOWS) {
    if (!on(v, WHERRY_FEATURE_MULTI_MEMORY)) return needs(v, WHERRY_FEATURE_MULTI_MEMORY);
    flags -= MEMORY_FOLLOWS;
    index_at = at;
    if (!wh_validate_u32(v, &at, &index)) return NULL;
  }
  wh_leb_t offset = wh_leb_read(at, v->end, 64, false);
  if (!offset.next) return wh_validate_leb(v, at, offset.value), NULL;
  if (!use_memory(v, index_at, index)) return NULL;
  if (flags > op->align)
    return wh_validate_fail(
               v, WHERRY_ERROR_INVALID, start,
               "alignment must not be larger than natural: %s by 2^%u, its own is 2^%u", op->name,
               flags, op->align),
           NULL;
  if (flags < op->align && op->feature == WH_OP_FEATURE_THREADS)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "atomic alignment must be natural: %s by 2^%u, its own is 2^%u",
                            op->name, flags, op->align),
           NULL;
  if (offset.value > UINT32_MAX && v->address == WHERRY_I32)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, at, "offset out of range: %s at %llu",
                            op->name, (unsigned long long)offset.value),
           NULL;
  return wh_validate_signature(v, op->signature) ? offset.next : NULL;
}

/* ---- references ---- */

const uint8_t *wh_validate_ref(validator_t *v, const uint8_t *at) {
  const uint8_t *start = at;
  if (!on(v, WHERRY_FEATURE_REFERENCE_TYPES)) return needs(v, WHERRY_FEATURE_REFERENCE_TYPES);
  switch (at[-1]) {
  case WH_OP_REF_NULL: {
    wh_heap_t heap;
    if (!wh_validate_heap_type(v, &at, &heap)) return NULL;
    *v->sp++ = wh_ref(heap, true);
    return at;
  }
  case WH_OP_REF_IS_NULL: return wh_validate_typed_ref(v, at);
  case WH_OP_REF_FUNC: {
    uint32_t index;
    if (!wh_validate_u32(v, &at, &index)) return NULL;
    if (index >= v->model->functions.count)
      return invalid(v, start, "function", index, v->model->functions.count);
    if (!(v->declared[index / 64] >> index % 64 & 1))
      return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                              "undeclared function reference: ref.func %u, but no element segment, "
                              "global or export names it",
                              index),
             NULL;
    *v->sp++ = wh_validate_func_type(v, index);
    return at;
  }
  default: WH_UNREACHABLE();
  }
}

/* ---- prefix FC ---- */

bool wh_validate_data_index(validator_t *v, const uint8_t **at) {
  const uint8_t *start = *at;
  uint32_t index;
  if (!wh_validate_u32(v, at, &index)) return false;
  if (!v->model->has_data_count)
    return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, v->op_at, "data count section required: %s",
                            wh_validate_op_name(v));
  return index < v->model->data_count ||
         invalid(v, start, "data segment", index, v->model->data_count) != NULL;
}

bool wh_validate_elem_index(validator_t *v, const uint8_t **at, vtype_t *type) {
  const uint8_t *start = *at;
  uint32_t index;
  if (!wh_validate_u32(v, at, &index)) return false;
  if (index >= v->model->elems.count)
    return invalid(v, start, "elem segment", index, v->model->elems.count) != NULL;
  *type = wh_validate_elem_type(&v->model->elems.items[index]);
  return true;
}

static bool fitting_elements(validator_t *v, vtype_t to, vtype_t from) {
  return wh_validate_matches(v, from, to) ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                          "type mismatch: %s of %s into a table of %s", wh_validate_op_name(v),
                          WH_TYPE_TEXT(from), WH_TYPE_TEXT(to));
}

/* The last operand first. */
static bool pop_three(validator_t *v, vtype_t third, vtype_t second, vtype_t first) {
  return wh_validate_pop(v, third) && wh_validate_pop(v, second) && wh_validate_pop(v, first);
}

/* Of a copy between two address types: the count has the smaller one. */
static vtype_t smaller(vtype_t a, vtype_t b) { return a == WHERRY_I32 ? a : b; }

static bool prefix_fc(validator_t *v, uint32_t opcode, const wh_op_t *op, const uint8_t **at) {
  vtype_t type, other, index, other_index;
  switch (opcode) {
  case WH_OP_MEMORY_INIT:
    return wh_validate_data_index(v, at) && memory(v, at) &&
           wh_validate_signature(v, op->signature);
  case WH_OP_DATA_DROP: return wh_validate_data_index(v, at);
  case WH_OP_MEMORY_COPY:
    if (!memory(v, at)) return false;
    index = v->address;
    if (!memory(v, at)) return false;
    return pop_three(v, smaller(index, v->address), v->address, index);
  case WH_OP_MEMORY_FILL: return memory(v, at) && wh_validate_signature(v, op->signature);
  case WH_OP_TABLE_INIT:
    return wh_validate_elem_index(v, at, &other) && table(v, at, &type, &index) &&
           fitting_elements(v, type, other) && pop_three(v, WHERRY_I32, WHERRY_I32, index);
  case WH_OP_ELEM_DROP: return wh_validate_elem_index(v, at, &type);
  case WH_OP_TABLE_COPY:
    return table(v, at, &type, &index) && table(v, at, &other, &other_index) &&
           fitting_elements(v, type, other) &&
           pop_three(v, smaller(index, other_index), other_index, index);
  case WH_OP_TABLE_GROW:
    if (!table(v, at, &type, &index) || !wh_validate_pop(v, index) || !wh_validate_pop(v, type))
      return false;
    *v->sp++ = index;
    return true;
  case WH_OP_TABLE_SIZE:
    if (!table(v, at, &type, &index)) return false;
    *v->sp++ = index;
    return true;
  case WH_OP_TABLE_FILL: return table(v, at, &type, &index) && pop_three(v, index, type, index);
  default: return wh_validate_signature(v, op->signature); /* saturating conversions */
  }
}

const uint8_t *wh_validate_prefix_fc(validator_t *v, const uint8_t *at) {
  uint32_t number;
  if (!wh_validate_u32(v, &at, &number)) return NULL;
  uint32_t opcode = (uint32_t)WH_OP_PREFIX_FC << 16 | number;
  const wh_op_t *op = number > 0xFFFF ? NULL : wh_op(opcode);
  if (!op) return wh_validate_opcode(v), NULL;
  if (!(v->features >> op->feature & 1)) return needs(v, (wherry_feature_t)op->feature);
  return prefix_fc(v, opcode, op, &at) ? at : NULL;
}
