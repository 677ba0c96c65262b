/* Words of code as they are made, and the finished object. */
#include "compile_state.h"

WH_COLD bool whc_more_words(compiler_t *c, uint32_t more) {
  if (wh_vec_reserve(c->alloc, &c->words, more)) return true;
  /* Goes on at the beginning, where there was room for an operation. */
  c->failed = true;
  c->words.count = c->newest_op_at = 0;
  return false;
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

/* The operands of the first operation, if there are locals to be made zero: those that may be read before
   they are set, and what lies between them. Returns how many words at the beginning are not needed. */
static uint32_t finish_zeroes(compiler_t *c) {
  uint32_t params = c->type->param_count, declared = (uint32_t)c->locals.count - params;
  uint64_t read = c->read_before_set;
  if (!declared) return 0;
  bool all_followed = declared <= FOLLOWED_LOCALS;
  if (!read && all_followed) return WH_HANDLER_WORDS + 2;
  uint32_t from = read ? (uint32_t)__builtin_ctzll(read) : FOLLOWED_LOCALS;
  uint32_t to = all_followed ? 63 - (uint32_t)__builtin_clzll(read) : declared - 1;
  const local_t *first = &c->locals.items[params + from], *last = &c->locals.items[params + to];
  wh_word_t *operand = c->words.items + WH_HANDLER_WORDS;
  uint32_t slots = (uint32_t)(last->slot - first->slot) + (last->class == CLASS_V128 ? 2 : 1);
  if (slots == 1) {
    c->words.items[0] = WH_CODE_SET_K32;
    operand[1] = (uint32_t)first->slot;
  } else {
    operand[0] = (uint32_t)first->slot;
    operand[1] = slots;
  }
  return 0;
}

/* Places in words become less, where they are whole ones: in guards, and in the first pair of the map,
   whose bytes stay as many. */
static void skip_words(compiler_t *c, uint32_t skipped) {
  for (size_t i = 0; i < c->guards.count; i++) {
    wh_guard_t *guard = &c->guards.items[i];
    guard->start -= skipped;
    guard->end -= skipped;
    if (guard->tag != WH_GUARD_DELEGATE) guard->landing -= skipped;
  }
  if (!c->map.count) return;
  const uint8_t *end = c->map.items;
  uint64_t word = wh_leb_u(&end) - skipped;
  for (uint8_t *at = c->map.items; at < end; at++, word >>= 7)
    *at = (uint8_t)((word & 0x7F) | (at + 1 < end ? 0x80 : 0));
}

/* Puts handlers in, of as many operations at once as there is one for. skipped: words at the beginning
   that do not come along. */
static void put_handlers(const compiler_t *c, uint32_t skipped, wh_word_t *words) {
  const uint64_t *handlers = c->handlers->of;
  const wh_word_t *from = c->words.items + skipped, *end = c->words.items + c->words.count;
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
  uint32_t skipped = finish_zeroes(c), word_count = (uint32_t)c->words.count - skipped;
  skip_words(c, skipped);
  size_t words_size = word_count * sizeof(wh_word_t);
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
      .word_count = word_count,
      .guard_count = (uint32_t)c->guards.count,
      .map_size = (uint32_t)c->map.count,
      .size = size};
  c->words.items[c->newest_op_at + 1] = (uint32_t)c->words.count - c->newest_op_at;
  memcpy(code->words, c->words.items + skipped, words_size);
  put_handlers(c, skipped, code->words);
  uint8_t *at = (uint8_t *)(code->words + code->word_count);
  if (guards_size) memcpy(at, c->guards.items, guards_size);
  memcpy(at + guards_size, c->map.items, c->map.count);
  *out = code;
  return NULL;
}
