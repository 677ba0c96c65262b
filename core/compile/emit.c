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

void whc_mark_offset(compiler_t *c) {
  mark_t mark = {(uint32_t)c->words.count,
                 (uint32_t)(c->instruction - c->model->bodies.items[0].bytes)};
  if (!whc_add(c, &c->marks, mark)) c->failed = true;
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

static size_t leb_size(uint64_t value) {
  size_t size = 1;
  while (value >>= 7) size++;
  return size;
}

static uint8_t *put_leb(uint8_t *at, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)value;
  return at;
}

/* Puts handlers in, of as many operations at once as there is one for. */
static void put_handlers(const compiler_t *c, wh_word_t *words) {
  const wh_word_t *from = c->words.items, *end = from + c->words.count;
  for (const wh_word_t *at = from; at < end;) {
    wh_code_op_t op = (wh_code_op_t)*at;
    const wh_word_t *next = at + WH_HANDLER_WORDS + wh_code_op_operands(op, at + WH_HANDLER_WORDS);
    wh_word_t *place = words + (at - from);
    at = next;
    uint64_t handler = c->handlers->of[op];
    while (next < end) {
      wh_code_op_t second = (wh_code_op_t)*next;
      op = wh_code_fuse(op, second);
      if (op == WH_CODE_COUNT) break;
      if (c->handlers->of[op]) handler = c->handlers->of[op];
      next += WH_HANDLER_WORDS + wh_code_op_operands(second, next + WH_HANDLER_WORDS);
    }
    memcpy(place, &handler, sizeof handler);
  }
}

wherry_error_t *whc_finish_code(compiler_t *c, wh_code_t **out) {
  if (c->failed) return wh_error_oom();
  /* Marks count from the first body's bytes; the map wants offsets in the binary. Both rise. */
  uint64_t base = c->model->bodies.items[0].offset;
  size_t map_size = 0;
  uint64_t word = 0, offset = 0;
  for (size_t i = 0; i < c->marks.count; i++) {
    const mark_t *mark = &c->marks.items[i];
    map_size += leb_size(mark->word - word) + leb_size(base + mark->offset - offset);
    word = mark->word;
    offset = base + mark->offset;
  }
  size_t guards_size = c->guards.count * sizeof(wh_guard_t);
  size_t size = sizeof(wh_code_t) + c->words.count * sizeof(wh_word_t) + guards_size + map_size;
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
      .map_size = (uint32_t)map_size,
      .size = size};
  memcpy(code->words, c->words.items, c->words.count * sizeof(wh_word_t));
  put_handlers(c, code->words);
  uint8_t *at = (uint8_t *)(code->words + code->word_count);
  if (guards_size) memcpy(at, c->guards.items, guards_size);
  at += guards_size;
  word = offset = 0;
  for (size_t i = 0; i < c->marks.count; i++) {
    const mark_t *mark = &c->marks.items[i];
    at = put_leb(at, mark->word - word);
    at = put_leb(at, base + mark->offset - offset);
    word = mark->word;
    offset = base + mark->offset;
  }
  *out = code;
  return NULL;
}
