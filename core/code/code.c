/* Names and sizes of operations, the map back to the binary, and the disassembler. */
#include "code/code.h"

static const char *const op_names[] = {
#define OP(name, operands, ...) [WH_CODE_##name] = #name,
#include "code/all.def"
#undef OP
#define FUSE(first, second) [WH_CODE_##first##__##second] = #first " " #second,
#define FUSE_LOOP FUSE
#include "code/fused.def"
#undef FUSE_LOOP
#undef FUSE
};

/* The unfused operation that a fused one begins with, 0 of others. */
static const uint16_t fused_first[WH_CODE_ALL] = {
#define FUSE(first, second) [WH_CODE_##first##__##second] = WH_CODE_##first,
#define FUSE_LOOP FUSE
#include "code/fused.def"
#undef FUSE_LOOP
#undef FUSE
};

static const uint8_t op_operands[] = {
#define OP(name, operands, ...) operands,
#include "code/all.def"
#undef OP
};

const char *wh_code_op_name(wh_code_op_t op) { return op_names[op]; }

uint32_t wh_code_op_operands(wh_code_op_t op, const wh_word_t *operands) {
  if (op == WH_CODE_BR_TABLE_S || op == WH_CODE_BR_TABLE_A)
    return op_operands[op] + operands[op == WH_CODE_BR_TABLE_S] + 1;
  return op_operands[op];
}

void wh_code_fuses(wh_fuses_t *out) {
  static const uint16_t rows[][3] = {
#define FUSE(first, second) {WH_CODE_##first##__##second, WH_CODE_##first, WH_CODE_##second},
#define FUSE_LOOP FUSE
#include "code/fused.def"
#undef FUSE_LOOP
#undef FUSE
  };
  memset(out, 0, sizeof *out);
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    uint32_t row = (uint32_t)rows[i][0] - WH_CODE_BEFORE_FUSED;
    uint32_t key = wh_fuses_key((wh_code_op_t)rows[i][1], (wh_code_op_t)rows[i][2]);
    uint32_t at = wh_fuses_place(key);
    while (out->places[at]) at = (at + 1) % WH_COUNT(out->places);
    out->places[at] = (uint16_t)row;
    out->keys[row] = key;
  }
}

/* The map is a run of pairs of LEB128: words since the last entry, and bytes of the binary since the
   last entry (the first: since nothing). */
uint64_t wh_code_offset(const wh_code_t *code, uint32_t word) {
  const uint8_t *at = (const uint8_t *)(wh_code_guards(code) + code->guard_count);
  const uint8_t *end = at + code->map_size;
  uint64_t offset = 0, place = 0;
  while (at < end) {
    uint64_t words = wh_leb_u(&at);
    uint64_t bytes = wh_leb_u(&at);
    if (place + words > word) break;
    place += words;
    offset += bytes;
  }
  return offset;
}

wh_code_op_t wh_code_op_at(const wh_handlers_t *handlers, const wh_word_t *words) {
  uint64_t handler;
  memcpy(&handler, words, sizeof handler);
  for (uint32_t op = 0; op < WH_CODE_ALL; op++)
    if (handlers->of[op] == handler) return (wh_code_op_t)op;
  return WH_CODE_ALL;
}

void wh_code_print(const wh_code_t *code, const wh_handlers_t *handlers, wh_text_t *text) {
  wh_text_printf(text, "function %u: %u slots, cost %u\n", code->function, code->frame_slots,
                 code->cost);
  for (uint32_t at = 0; at < code->word_count;) {
    wh_code_op_t op = wh_code_op_at(handlers, code->words + at);
    if (op == WH_CODE_ALL) {
      wh_text_printf(text, "%5u  ?\n", at);
      return;
    }
    bool fused = op >= WH_CODE_COUNT;
    while (op >= WH_CODE_COUNT) op = (wh_code_op_t)fused_first[op];
    const wh_word_t *operand = code->words + at + WH_HANDLER_WORDS;
    uint32_t operands = wh_code_op_operands(op, operand);
    wh_text_printf(text, "%5u  %s%s", at, op_names[op], fused ? "+" : "");
    for (uint32_t i = 0; i < operands; i++) wh_text_printf(text, " %d", (int32_t)operand[i]);
    wh_text_printf(text, "\n");
    at += WH_HANDLER_WORDS + operands;
  }
  const wh_guard_t *guards = wh_code_guards(code);
  for (uint32_t i = 0; i < code->guard_count; i++) {
    const wh_guard_t *guard = &guards[i];
    wh_text_printf(text, "guard %u to %u: ", guard->start, guard->end);
    if (guard->tag == WH_GUARD_DELEGATE) {
      wh_text_printf(text, "on from guard %u\n", guard->landing);
      continue;
    }
    if (guard->tag == WH_GUARD_ANY)
      wh_text_printf(text, "any goes to %u", guard->landing);
    else
      wh_text_printf(text, "tag %u goes to %u, values %d", guard->tag, guard->landing,
                     guard->payload);
    if (guard->exception != WH_GUARD_NO_SLOT) wh_text_printf(text, ", itself %d", guard->exception);
    wh_text_printf(text, "\n");
  }
}
