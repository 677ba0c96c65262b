/* Constants: numbers and vectors, of instructions and of scripts. */
#include "reader.h"
#include "number.h"

static const lane_t lanes[] = {{"i8", 8, false},   {"i16", 16, false}, {"i32", 32, false},
                               {"i64", 64, false}, {"f32", 32, true},  {"f64", 64, true}};

static const shape_t shapes[] = {{"i8x16", &lanes[0], 16}, {"i16x8", &lanes[1], 8},
                                 {"i32x4", &lanes[2], 4},  {"i64x2", &lanes[3], 2},
                                 {"f32x4", &lanes[4], 4},  {"f64x2", &lanes[5], 2}};

bool wh_wat_read_lane(reader_t *r, const lane_t *lane, uint64_t *out) {
  const token_t *token = r->next;
  const char *text = token_text(r, token);
  number_status_t status = NUMBER_NONE;
  int64_t integer = 0;
  if (token->kind == TOKEN_WORD && lane->is_float)
    status = wh_wat_number_float(text, token->size, lane->bits, out);
  else if (token->kind == TOKEN_WORD)
    status = wh_wat_number_integer(text, token->size, lane->bits, &integer);
  int size = token->size < 60 ? (int)token->size : 60;
  if (status == NUMBER_OUT_OF_RANGE)
    return FAIL_AT(r, token, "%s constant out of range: %.*s", lane->name, size, text);
  if (status == NUMBER_NONE)
    return token->kind == TOKEN_WORD || token->kind == TOKEN_RESERVED
               ? FAIL_AT(r, token, "unknown operator %.*s: expected an %s constant", size, text,
                         lane->name)
               : wh_wat_unexpected(r, "a constant");
  if (!lane->is_float) *out = (uint64_t)integer;
  r->next++;
  return true;
}

const shape_t *wh_wat_take_shape(reader_t *r) {
  for (size_t i = 0; i < WH_COUNT(shapes); i++)
    if (wh_wat_take_word(r, shapes[i].name)) return &shapes[i];
  wh_wat_unexpected(r, "a shape of vectors (i8x16, …)");
  return NULL;
}

bool wh_wat_at_lane(reader_t *r, const shape_t *shape) {
  return r->next->kind == TOKEN_WORD ||
         FAIL_AT(r, r->next, "wrong number of lane literals: %s has %u", shape->name, shape->count);
}

static bool put_vector(reader_t *r, wh_text_t *out) {
  const shape_t *shape = wh_wat_take_shape(r);
  for (unsigned i = 0; shape && i < shape->count; i++) {
    uint64_t lane;
    if (!wh_wat_at_lane(r, shape) || !wh_wat_read_lane(r, shape->lane, &lane)) return false;
    wh_text_append(out, (const char *)&lane,
                   shape->lane->bits / 8); /* little-endian, as hosts are */
  }
  return shape;
}

bool wh_wat_read_constant(reader_t *r, wh_imm_t kind, wh_text_t *out) {
  const lane_t *lane = kind == WH_IMM_I32_CONST   ? &lanes[2]
                       : kind == WH_IMM_I64_CONST ? &lanes[3]
                       : kind == WH_IMM_F32_CONST ? &lanes[4]
                                                  : &lanes[5];
  uint64_t value;
  if (kind == WH_IMM_V128_CONST) return put_vector(r, out);
  if (!wh_wat_read_lane(r, lane, &value)) return false;
  if (lane->is_float)
    wh_text_append(out, (const char *)&value, lane->bits / 8);
  else
    wh_wat_put_s(out, (int64_t)value);
  return true;
}
