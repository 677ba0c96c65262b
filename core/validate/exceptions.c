/* Exceptions: throwing, try_table, and the instructions that older toolchains emit. */
#include "validate_body.h"

static bool tag(validator_t *v, const uint8_t **at, const wherry_functype_t **out) {
  const uint8_t *start = *at;
  uint32_t index;
  if (!wh_validate_u32(v, at, &index)) return false;
  if (index >= v->model->tags.count)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start, "unknown tag %u: %s, but there are %zu",
                            index, wh_validate_op_name(v), v->model->tags.count);
  *out = &v->model->types.items[v->model->tags.items[index]];
  return true;
}

const uint8_t *wh_validate_throw(validator_t *v, const uint8_t *at) {
  const wherry_functype_t *type;
  if (!(v->features & (WH_FEATURE(EXCEPTIONS) | WH_FEATURE(LEGACY_EXCEPTIONS))))
    return wh_validate_needs(v, WHERRY_FEATURE_EXCEPTIONS), NULL;
  if (!tag(v, &at, &type) || !wh_validate_pop_types(v, type->types, type->param_count)) return NULL;
  wh_validate_unreachable(v);
  return at;
}

const uint8_t *wh_validate_throw_ref(validator_t *v, const uint8_t *at) {
  if (!(v->features & WH_FEATURE(EXCEPTIONS)))
    return wh_validate_needs(v, WHERRY_FEATURE_EXCEPTIONS), NULL;
  if (!wh_validate_pop(v, WHERRY_EXNREF)) return NULL;
  wh_validate_unreachable(v);
  return at;
}

/* ---- try_table ---- */

/* What a clause brings must be what its label takes. */
static bool clause(validator_t *v, const uint8_t **at) {
  static const char *const names[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
  const uint8_t *start = *at;
  if (start == v->end) return wh_validate_leb(v, start, WH_LEB_ENDS_EARLY);
  uint8_t kind = *(*at)++;
  if (kind > WH_CATCH_ALL_REF)
    return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, start,
                            "malformed catch clause 0x%02x: expected 0 to 3", kind);
  const wherry_functype_t *type = NULL;
  if (kind < WH_CATCH_ALL && !tag(v, at, &type)) return false;
  validate_label_t label;
  if (!wh_validate_label(v, at, &label)) return false;
  uint32_t values = type ? type->param_count : 0;
  bool has_ref = kind == WH_CATCH_REF || kind == WH_CATCH_ALL_REF;
  bool good = label.count == values + has_ref;
  for (uint32_t i = 0; good && i < values; i++)
    good = wh_validate_matches(v, type->types[i], label.types[i]);
  if (good && has_ref)
    good = wh_validate_matches(v, wh_ref(WH_HEAP(EXN), false), label.types[values]);
  return good || wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                                  "type mismatch: a %s clause brings %u values, which are not what "
                                  "its label takes (%u values)",
                                  names[kind], values + has_ref, label.count);
}

/* The clauses stand outside of the block. */
const uint8_t *wh_validate_try_table(validator_t *v, const uint8_t *at) {
  validate_block_t block;
  uint32_t count;
  if (!(v->features & WH_FEATURE(EXCEPTIONS)))
    return wh_validate_needs(v, WHERRY_FEATURE_EXCEPTIONS), NULL;
  if (!wh_validate_block_type(v, &at, &block) || !wh_validate_u32(v, &at, &count)) return NULL;
  while (count-- > 0)
    if (!clause(v, &at)) return NULL;
  if (!wh_validate_pop_types(v, block.params, block.param_count)) return NULL;
  return wh_validate_begin(v, WH_OP_BLOCK, block.params, block.param_count, block.results,
                           block.result_count)
             ? at
             : NULL;
}

/* ---- try, catch, catch_all, delegate, rethrow ---- */

/* Ends the try or catch before: what follows is another part of the same block. */
static bool next_part(validator_t *v, uint32_t opcode, const vtype_t *values, uint32_t count) {
  frame_t frame = *wh_validate_frame(v);
  if (frame.opcode != WH_OP_TRY && frame.opcode != WH_OP_CATCH)
    return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, v->op_at,
                            "END opcode expected: a %s that belongs to no try",
                            wh_validate_op_name(v));
  if (!wh_validate_leave(v)) return false;
  if (!wh_validate_begin(v, opcode, NULL, 0, frame.results, frame.result_count)) return false;
  return wh_validate_push_types(v, values, count);
}

static const uint8_t *catch_(validator_t *v, const uint8_t *at) {
  const wherry_functype_t *type;
  if (!tag(v, &at, &type)) return NULL;
  return next_part(v, WH_OP_CATCH, type->types, type->param_count) ? at : NULL;
}

static const uint8_t *rethrow(validator_t *v, const uint8_t *at) {
  const uint8_t *start = at;
  uint32_t depth;
  if (!wh_validate_u32(v, &at, &depth)) return NULL;
  bool known = depth < v->frames.count;
  uint32_t opcode = known ? v->frames.items[v->frames.count - 1 - depth].opcode : 0;
  if (!known)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "unknown label: rethrow %u, but the outermost is %zu", depth,
                            v->frames.count - 1),
           NULL;
  if (opcode != WH_OP_CATCH && opcode != WH_OP_CATCH_ALL)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "invalid rethrow label: %u is no catch or catch_all", depth),
           NULL;
  wh_validate_unreachable(v);
  return at;
}

/* Ends a try like an end, with a label that counts from outside of it. */
static const uint8_t *delegate(validator_t *v, const uint8_t *at) {
  const uint8_t *start = at;
  uint32_t depth;
  frame_t frame = *wh_validate_frame(v);
  if (!wh_validate_u32(v, &at, &depth)) return NULL;
  if (frame.opcode != WH_OP_TRY)
    return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, v->op_at,
                            "END opcode expected: a delegate that belongs to no try"),
           NULL;
  if (depth >= v->frames.count - 1)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, start,
                            "unknown label: delegate %u, but the outermost is %zu", depth,
                            v->frames.count - 2),
           NULL;
  return wh_validate_leave(v) && wh_validate_push_types(v, frame.results, frame.result_count)
             ? at
             : NULL;
}

const uint8_t *wh_validate_legacy(validator_t *v, const uint8_t *at) {
  if (!(v->features & WH_FEATURE(LEGACY_EXCEPTIONS)))
    return wh_validate_needs(v, WHERRY_FEATURE_LEGACY_EXCEPTIONS), NULL;
  switch (at[-1]) {
  case WH_OP_TRY: return wh_validate_block(v, at);
  case WH_OP_CATCH: return catch_(v, at);
  case WH_OP_CATCH_ALL: return next_part(v, WH_OP_CATCH_ALL, NULL, 0) ? at : NULL;
  case WH_OP_RETHROW: return rethrow(v, at);
  default: return delegate(v, at);
  }
}
