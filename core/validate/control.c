/* Blocks, branches, calls. */
#include "validate_body.h"

bool wh_validate_begin(validator_t *v, uint32_t opcode, const vtype_t *params, uint32_t param_count,
                       const vtype_t *results, uint32_t result_count) {
  if (WH_UNLIKELY(v->frames.count >= MAX_NESTING))
    return wh_validate_fail(v, WHERRY_ERROR_LIMIT, v->op_at,
                            "blocks nested too deeply: this engine takes %d levels", MAX_NESTING);
  if (!wh_vec_reserve(v->alloc, &v->frames, 1)) return wh_validate_oom(v);
  if (!wh_validate_reserve(v, (size_t)param_count + 1)) return false;
  *v->sp++ = FLOOR;
  frame_t *frame = &v->frames.items[v->frames.count++];
  frame->opcode = opcode;
  frame->unreachable = false;
  frame->param_count = param_count;
  frame->result_count = result_count;
  frame->params = params;
  frame->results = results;
  frame->base = (size_t)(v->sp - v->stack);
  frame->set_base = v->set.count;
  for (uint32_t i = 0; i < param_count; i++) *v->sp++ = params[i];
  return true;
}

/* A pointer to a type that is its own address: results of a block with one. */
const vtype_t wh_validate_single[128] = {
    [0x7F] = WHERRY_I32,         [0x7E] = WHERRY_I64,        [0x7D] = WHERRY_F32,
    [0x7C] = WHERRY_F64,         [0x7B] = WHERRY_V128,       [0x70] = WHERRY_FUNCREF,
    [0x6F] = WHERRY_EXTERNREF,   [0x6E] = WHERRY_ANYREF,     [0x6D] = WHERRY_EQREF,
    [0x6C] = WHERRY_I31REF,      [0x6B] = WHERRY_STRUCTREF,  [0x6A] = WHERRY_ARRAYREF,
    [0x69] = WHERRY_EXNREF,      [0x71] = WHERRY_NULLREF,    [0x72] = WHERRY_NULLEXTERNREF,
    [0x73] = WHERRY_NULLFUNCREF, [0x74] = WHERRY_NULLEXNREF,
};

static const vtype_t *single(validator_t *v, vtype_t type) {
  if (!wh_has_heap(type)) return &wh_validate_single[type];
  single_types_t *pool = v->singles;
  if (!pool || pool->count == WH_COUNT(pool->types)) {
    pool = WH_NEW(v->alloc, single_types_t);
    if (!pool) return wh_validate_oom(v), NULL;
    pool->next = v->singles;
    v->singles = pool;
  }
  pool->types[pool->count] = type;
  return &pool->types[pool->count++];
}

bool wh_validate_block_type(validator_t *v, const uint8_t **at, validate_block_t *out) {
  const uint8_t *start = *at;
  memset(out, 0, sizeof *out);
  if (start < v->end && *start == 0x40) {
    ++*at;
    return true;
  }
  if (start < v->end && (*start & 0xC0) == 0x40) {
    vtype_t type;
    if (!wh_validate_val_type(v, at, &type)) return false;
    out->results = single(v, type);
    out->result_count = 1;
    return out->results != NULL;
  }
  wh_leb_t leb = wh_leb_read(start, v->end, 33, true);
  if (!leb.next) return wh_validate_leb(v, start, leb.value);
  if ((int64_t)leb.value < 0)
    return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, start, "malformed block type");
  uint32_t index;
  if (!wh_validate_type_index(v, at, WH_COMP_FUNC, &index)) return false;
  if (!(v->features & WH_FEATURE(MULTI_VALUE)))
    return wh_validate_needs(v, WHERRY_FEATURE_MULTI_VALUE);
  const wherry_functype_t *type = &v->model->types.items[index];
  *out = (validate_block_t) {type->types, type->types + type->param_count, type->param_count,
                             type->result_count};
  return true;
}

const uint8_t *wh_validate_block(validator_t *v, const uint8_t *at) {
  uint32_t opcode = at[-1];
  validate_block_t block;
  if (!wh_validate_block_type(v, &at, &block)) return NULL;
  if (opcode == WH_OP_IF && !wh_validate_pop(v, WHERRY_I32)) return NULL;
  if (!wh_validate_pop_types(v, block.params, block.param_count)) return NULL;
  if (!wh_validate_begin(v, opcode, block.params, block.param_count, block.results,
                         block.result_count))
    return NULL;
  return at;
}

bool wh_validate_leave(validator_t *v) {
  const frame_t *frame = wh_validate_frame(v);
  if (!wh_validate_pop_types(v, frame->results, frame->result_count)) return false;
  if (WH_UNLIKELY(v->sp[-1] != FLOOR))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                            "type mismatch: values remain on the stack at the end of a block with "
                            "%u results: %zu too many, the topmost a %s",
                            frame->result_count, (size_t)(v->sp - v->stack) - frame->base,
                            v->sp[-1] == ANY ? "made-up one" : WH_TYPE_TEXT(v->sp[-1]));
  v->sp--;
  /* What was set inside counts no more. */
  while (WH_UNLIKELY(v->set.count > frame->set_base)) {
    uint32_t local = v->set.items[--v->set.count];
    v->is_set.items[local / 8] &= (uint8_t)~(1u << local % 8);
  }
  v->frames.count--;
  return true;
}

const uint8_t *wh_validate_else(validator_t *v, const uint8_t *at) {
  frame_t frame = *wh_validate_frame(v);
  if (frame.opcode != WH_OP_IF)
    return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, v->op_at,
                            "END opcode expected: an else that belongs to no if"),
           NULL;
  if (!wh_validate_leave(v)) return NULL;
  if (!wh_validate_begin(v, WH_OP_ELSE, frame.params, frame.param_count, frame.results,
                         frame.result_count))
    return NULL;
  return at;
}

const uint8_t *wh_validate_end(validator_t *v, const uint8_t *at) {
  const frame_t *frame = wh_validate_frame(v);
  if (WH_UNLIKELY(frame->opcode == WH_OP_IF)) {
    bool fits = frame->param_count == frame->result_count;
    for (uint32_t i = 0; fits && i < frame->param_count; i++)
      fits = wh_validate_matches(v, frame->params[i], frame->results[i]);
    if (!fits)
      return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                              "type mismatch: an if without else must have the same parameters "
                              "and results"),
             NULL;
  }
  if (!wh_validate_leave(v)) return NULL;
  if (v->frames.count == 0) return at;
  return wh_validate_push_types(v, frame->results, frame->result_count) ? at : NULL;
}

/* ---- branches ---- */

static bool label_of(validator_t *v, const uint8_t *start, uint32_t depth, validate_label_t *out) {
  if (WH_UNLIKELY(depth >= v->frames.count))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "unknown label: %s %u, but the outermost is %zu",
                            wh_validate_op_name(v), depth, v->frames.count - 1);
  const frame_t *frame = &v->frames.items[v->frames.count - 1 - depth];
  bool loop = frame->opcode == WH_OP_LOOP;
  out->types = loop ? frame->params : frame->results;
  out->count = loop ? frame->param_count : frame->result_count;
  return true;
}

bool wh_validate_label(validator_t *v, const uint8_t **at, validate_label_t *out) {
  const uint8_t *start = *at;
  uint32_t depth;
  return wh_validate_u32(v, at, &depth) && label_of(v, start, depth, out);
}

const uint8_t *wh_validate_br(validator_t *v, const uint8_t *at) {
  validate_label_t label;
  if (!wh_validate_label(v, &at, &label)) return NULL;
  if (!wh_validate_pop_types(v, label.types, label.count)) return NULL;
  wh_validate_unreachable(v);
  return at;
}

const uint8_t *wh_validate_br_if(validator_t *v, const uint8_t *at) {
  validate_label_t label;
  if (!wh_validate_label(v, &at, &label)) return NULL;
  if (!wh_validate_pop(v, WHERRY_I32)) return NULL;
  if (WH_LIKELY(wh_validate_top_is(v->sp, label.types, label.count))) return at;
  if (!wh_validate_pop_types(v, label.types, label.count)) return NULL;
  return wh_validate_push_types(v, label.types, label.count) ? at : NULL;
}

/* Whether the operands fit a label; they stay: each label of a br_table gets to see the same. */
static bool fits(validator_t *v, validate_label_t label) {
  vtype_t *sp = v->sp;
  bool good = wh_validate_pop_types(v, label.types, label.count);
  v->sp = sp;
  return good;
}

const uint8_t *wh_validate_br_table(validator_t *v, const uint8_t *at) {
  uint32_t count, depth, checked = 0;
  if (!wh_validate_u32(v, &at, &count)) return NULL;
  if (count > (size_t)(v->end - at)) return wh_validate_leb(v, v->end, WH_LEB_ENDS_EARLY), NULL;
  if (!wh_validate_pop(v, WHERRY_I32)) return NULL;
  validate_label_t label, first = {NULL, 0};
  for (uint32_t i = 0; i <= count; i++) {
    const uint8_t *start = at;
    if (!wh_validate_u32(v, &at, &depth)) return NULL;
    if (i && depth == checked) continue;
    if (!label_of(v, start, depth, &label)) return NULL;
    if (i == 0) first = label;
    if (label.count != first.count)
      return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                              "type mismatch: labels of br_table with %u and %u operands",
                              first.count, label.count),
             NULL;
    if (!fits(v, label)) return NULL;
    checked = depth;
  }
  wh_validate_unreachable(v);
  return at;
}

const uint8_t *wh_validate_return(validator_t *v, const uint8_t *at) {
  const wherry_functype_t *type = v->type;
  if (!wh_validate_pop_types(v, type->types + type->param_count, type->result_count)) return NULL;
  wh_validate_unreachable(v);
  return at;
}

/* ---- calls ---- */

/* Operands of a call of this type; a tail call leaves its results to the caller. */
static bool call(validator_t *v, const wherry_functype_t *type, bool tail) {
  if (!wh_validate_pop_types(v, type->types, type->param_count)) return false;
  const vtype_t *results = type->types + type->param_count;
  if (!tail) return wh_validate_push_types(v, results, type->result_count);
  bool same = type->result_count == v->type->result_count;
  const vtype_t *ours = v->type->types + v->type->param_count;
  for (uint32_t i = 0; same && i < type->result_count; i++)
    same = wh_validate_matches(v, results[i], ours[i]);
  if (!same)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                            "type mismatch: %s of a function with other results than the caller's",
                            wh_validate_op_name(v));
  wh_validate_unreachable(v);
  return true;
}

const uint8_t *wh_validate_call(validator_t *v, const uint8_t *at) {
  uint32_t index;
  const uint8_t *start = at;
  bool tail = *v->op_at == WH_OP_RETURN_CALL;
  if (tail && !(v->features & WH_FEATURE(TAIL_CALL)))
    return wh_validate_needs(v, WHERRY_FEATURE_TAIL_CALL), NULL;
  if (!wh_validate_u32(v, &at, &index)) return NULL;
  if (WH_UNLIKELY(index >= v->model->functions.count))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "unknown function %u: %s, but there are %zu", index,
                            wh_validate_op_name(v), v->model->functions.count),
           NULL;
  return call(v, wh_model_functype(v->model, index), tail) ? at : NULL;
}

const uint8_t *wh_validate_call_indirect(validator_t *v, const uint8_t *at) {
  uint32_t index, table;
  bool tail = *v->op_at == WH_OP_RETURN_CALL_INDIRECT;
  if (tail && !(v->features & WH_FEATURE(TAIL_CALL)))
    return wh_validate_needs(v, WHERRY_FEATURE_TAIL_CALL), NULL;
  const uint8_t *start = at;
  if (!wh_validate_u32(v, &at, &index) || !wh_validate_u32(v, &at, &table)) return NULL;
  if (table >= v->model->tables.count)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, at, "unknown table %u: %s, but there are %zu",
                            table, wh_validate_op_name(v), v->model->tables.count),
           NULL;
  const wh_table_type_t *through = &v->model->tables.items[table];
  if (!wh_validate_matches(v, through->element, WHERRY_FUNCREF))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, at, "type mismatch: %s through table %u of %s",
                            wh_validate_op_name(v), table, WH_TYPE_TEXT(through->element)),
           NULL;
  if (!wh_validate_type_index(v, &start, WH_COMP_FUNC, &index)) return NULL;
  if (!wh_validate_pop(v, through->is64 ? WHERRY_I64 : WHERRY_I32)) return NULL;
  return call(v, &v->model->types.items[index], tail) ? at : NULL;
}

const uint8_t *wh_validate_call_ref(validator_t *v, const uint8_t *at) {
  uint32_t index;
  bool tail = *v->op_at == WH_OP_RETURN_CALL_REF;
  if (!(v->features & WH_FEATURE(FUNCTION_REFERENCES)))
    return wh_validate_needs(v, WHERRY_FEATURE_FUNCTION_REFERENCES), NULL;
  if (tail && !(v->features & WH_FEATURE(TAIL_CALL)))
    return wh_validate_needs(v, WHERRY_FEATURE_TAIL_CALL), NULL;
  if (!wh_validate_type_index(v, &at, WH_COMP_FUNC, &index)) return NULL;
  if (!wh_validate_pop(v, wh_ref(index, true))) return NULL;
  return call(v, &v->model->types.items[index], tail) ? at : NULL;
}
