/* Constants: numbers and vectors, of instructions and of scripts. */
#include "reader.h"
#include "number.h"

const lane_t wh_wat_lanes[LANE_COUNT] = {[LANE_I8] = {"i8", "an i8 constant", 8, false},
                                         [LANE_I16] = {"i16", "an i16 constant", 16, false},
                                         [LANE_I32] = {"i32", "an i32 constant", 32, false},
                                         [LANE_I64] = {"i64", "an i64 constant", 64, false},
                                         [LANE_F32] = {"f32", "an f32 constant", 32, true},
                                         [LANE_F64] = {"f64", "an f64 constant", 64, true}};

static const shape_t shapes[] = {
    {"i8x16", &wh_wat_lanes[LANE_I8], 16}, {"i16x8", &wh_wat_lanes[LANE_I16], 8},
    {"i32x4", &wh_wat_lanes[LANE_I32], 4}, {"i64x2", &wh_wat_lanes[LANE_I64], 2},
    {"f32x4", &wh_wat_lanes[LANE_F32], 4}, {"f64x2", &wh_wat_lanes[LANE_F64], 2}};

bool wh_wat_read_lane(reader_t *r, const lane_t *lane, uint64_t *out) {
  const token_t *token = r->next;
  const char *text = token_text(r, token);
  number_status_t status = NUMBER_NONE;
  int64_t integer = 0;
  if (token->kind == TOKEN_WORD && lane->is_float)
    status = wh_wat_number_float(text, token->size, lane->bits, out);
  else if (token->kind == TOKEN_WORD)
    status = wh_wat_number_integer(text, token->size, lane->bits, &integer);
  if (status == NUMBER_OUT_OF_RANGE)
    return FAIL_AT(r, token, "%s constant out of range: %.*s", lane->name,
                   token->size < 60 ? (int)token->size : 60, text);
  if (status == NUMBER_NONE) return wh_wat_unexpected(r, lane->wanted);
  if (!lane->is_float) *out = (uint64_t)integer;
  r->next++;
  return true;
}

const shape_t *wh_wat_take_shape(reader_t *r) {
  const shape_t *shape = shapes;
  while (shape < shapes + WH_COUNT(shapes) && !wh_wat_take_word(r, shape->name)) shape++;
  if (shape == shapes + WH_COUNT(shapes)) {
    wh_wat_unexpected(r, "a shape of vectors (i8x16, …)");
    return NULL;
  }
  const token_t *first = r->next;
  while (wh_wat_at_number(r)) r->next++;
  size_t count = (size_t)(r->next - first);
  /* What is neither a number nor an instruction was to be a lane: reading it tells more. */
  bool bad_lane =
      r->next->kind == TOKEN_RESERVED || (r->next->kind == TOKEN_WORD && !wh_wat_at_instruction(r));
  if (count > shape->count || (count < shape->count && !bad_lane)) {
    FAIL_AT(r, r->next, "wrong number of lane literals: %zu, but %s has %u", count, shape->name,
            shape->count);
    return NULL;
  }
  r->next = first;
  return shape;
}

bool wh_wat_at_number(const reader_t *r) {
  const char *text = token_text(r, r->next);
  if (r->next->kind != TOKEN_WORD) return false;
  return (*text >= '0' && *text <= '9') || *text == '-' || *text == '+' ||
         wh_wat_token_is(r, r->next, "inf") || strncmp(text, "nan", 3) == 0;
}

static bool put_vector(reader_t *r, wh_text_t *out) {
  const shape_t *shape = wh_wat_take_shape(r);
  for (unsigned i = 0; shape && i < shape->count; i++) {
    uint64_t lane;
    if (!wh_wat_read_lane(r, shape->lane, &lane)) return false;
    wh_text_append(out, (const char *)&lane,
                   shape->lane->bits / 8); /* little-endian, as hosts are */
  }
  return shape;
}

bool wh_wat_read_constant(reader_t *r, wh_imm_t kind, wh_text_t *out) {
  const lane_t *lane = &wh_wat_lanes[kind == WH_IMM_I32_CONST   ? LANE_I32
                                     : kind == WH_IMM_I64_CONST ? LANE_I64
                                     : kind == WH_IMM_F32_CONST ? LANE_F32
                                                                : LANE_F64];
  uint64_t value;
  if (kind == WH_IMM_V128_CONST) return put_vector(r, out);
  if (!wh_wat_read_lane(r, lane, &value)) return false;
  if (lane->is_float)
    wh_text_append(out, (const char *)&value, lane->bits / 8);
  else
    wh_wat_put_s(out, (int64_t)value);
  return true;
}
