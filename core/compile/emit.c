/* Words of code as they are made, and the finished object. */
#include "compile_state.h"

bool whc_more_words(compiler_t *c, uint32_t more) {
  if (!wh_vec_reserve(c->alloc, &c->words, more)) c->failed = true;
  return !c->failed;
}

void whc_emit_v128(compiler_t *c, const uint8_t *bytes) {
  for (int i = 0; i < 4; i++) {
    uint32_t word;
    memcpy(&word, bytes + 4 * i, sizeof word);
    whc_emit(c, word);
  }
}

static uint8_t *put_leb(uint8_t *at, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)value;
  return at;
}

enum { LEBS = 20 }; /* bytes of two, at most */

/* Writes the newest mark, behind those before it. */
static void put_mark(compiler_t *c, mark_t mark) {
  uint8_t *next = c->map.items + c->mapped;
  next = put_leb(next, mark.word - c->mark_before.word);
  next = put_leb(next, mark.at - c->mark_before.at);
  c->map.count = (size_t)(next - c->map.items);
  c->mark = mark;
}

void whc_mark_offset(compiler_t *c) {
  if (WH_UNLIKELY(!whc_reserve(c, &c->map, LEBS))) {
    c->failed = true;
    return;
  }
  const wh_body_t *first = c->model->bodies.items;
  c->mapped = c->map.count;
  c->mark_before = c->mark;
  put_mark(c, (mark_t) {c->words.count, first->offset + (uint64_t)(c->instruction - first->bytes)});
}

void whc_move_mark(compiler_t *c, uint32_t from, uint32_t to) {
  if (!c->map.count || c->mark.word != from || c->failed) return;
  if (!whc_reserve(c, &c->map, LEBS))
    c->failed = true;
  else
    put_mark(c, (mark_t) {to, c->mark.at});
}

void whc_emit_result(compiler_t *c, uint32_t op_at, wh_code_op_t base, wherry_valtype_t type) {
  whc_push_home(c, type);
  if (WH_UNLIKELY(c->failed)) return;
  whc_emit_result_of(c, (uint32_t)c->stack.count - 1, op_at, base);
}

void whc_emit_result_of(compiler_t *c, uint32_t index, uint32_t op_at, wh_code_op_t base) {
  operand_t *operand = whc_operand_at(c, index);
  operand->where = IN_ACC;
  operand->sum = false;
  c->acc[operand->class] = (accumulator_t) {.entry = (int32_t)index,
                                            .mirror = NO_SLOT,
                                            .op_at = op_at,
                                            .dst_at = (uint32_t)c->words.count,
                                            .op = base};
  whc_emit(c, 0);
}

void whc_emit_home_result(compiler_t *c, uint32_t op_at, wherry_valtype_t type) {
  whc_push_home(c, type);
  int32_t home = whc_top_operand(c)->home;
  whc_emit_slot(c, home);
  for (int32_t i = 0; i < whc_slots_of(type); i++) whc_wrote(c, home + i);
  c->home_op_at = op_at;
}

/* Puts handlers in, of as many operations at once as there is one for. */
static void put_handlers(const compiler_t *c, wh_word_t *words) {
  const uint64_t *handlers = c->handlers->of;
  const wh_word_t *from = c->words.items, *end = from + c->words.count;
  const wh_word_t *at = from;
  while (at < end) {
    wh_word_t *place = words + (at - from);
    wh_code_op_t op = (wh_code_op_t)*at;
    uint64_t handler = handlers[op];
    at += at[1];
    for (const wh_word_t *next = at; next < end && c->fuses; next += next[1]) {
      op = wh_code_fuse(c->fuses, op, (wh_code_op_t)*next);
      if (op == WH_CODE_ALL) break;
      if (handlers[op]) handler = handlers[op];
    }
    memcpy(place, &handler, sizeof handler);
  }
}

wherry_error_t *whc_finish_code(compiler_t *c, wh_code_t **out) {
  if (c->failed) return wh_error_oom();
  size_t words_size = c->words.count * sizeof(wh_word_t);
  size_t guards_size = c->guards.count * sizeof(wh_guard_t);
  size_t size = sizeof(wh_code_t) + words_size + guards_size + c->map.count;
  wh_code_t *code = wh_alloc(c->alloc, size);
  if (!code) return wh_error_oom();
  *code = (wh_code_t) {
      .frame_slots = (uint32_t)c->top_slot,
      .cost = c->blocks.items[0].end_path == UINT32_MAX ? 1 : c->blocks.items[0].end_path,
      .function = c->function,
      .params = wh_param_slots(c->type),
      .results = wh_result_slots(c->type),
      .word_count = (uint32_t)c->words.count,
      .guard_count = (uint32_t)c->guards.count,
      .map_size = (uint32_t)c->map.count,
      .size = size};
  c->words.items[c->newest_op_at + 1] = (uint32_t)c->words.count - c->newest_op_at;
  memcpy(code->words, c->words.items, words_size);
  put_handlers(c, code->words);
  uint8_t *at = (uint8_t *)(code->words + code->word_count);
  if (guards_size) memcpy(at, c->guards.items, guards_size);
  memcpy(at + guards_size, c->map.items, c->map.count);
  *out = code;
  return NULL;
}
