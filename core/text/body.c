/* Instructions, flat and folded. Nesting lives in r->frames, not on the C stack: text may nest as
   deep as it likes. A folded instruction's bytes wait in r->pending until its operands are out. */
#include "reader.h"

enum { FLAT, FOLDED_OP, FOLDED_BLOCK, FOLDED_IF, FOLDED_IF_DONE, FOLDED_ELSE_DONE, THEN, ELSE };
/* FOLDED_IF: its condition is being read; …_DONE: the arms that came. FLAT covers block, loop, if. */

static bool push_frame(reader_t *r, uint32_t kind, size_t pending, label_t label, uint8_t hint) {
  frame_t frame = {.kind = kind, .pending = pending, .label = label, .hint = hint};
  return wh_vec_push(r->alloc, &r->frames, frame) || wh_wat_lexer_oom(&r->lexer);
}

static bool read_label_name(reader_t *r, label_t *label) {
  *label = (label_t) {0};
  return r->next->kind != TOKEN_ID || wh_wat_id_name(r, r->next++, &label->name, &label->size);
}

/* The label of a block, where one is written. It is pushed later if its block begins later. */
static bool read_label(reader_t *r, label_t *label) {
  if (!read_label_name(r, label)) return false;
  label->shown = (wherry_bytes_t) {(const uint8_t *)label->name, label->size};
  return wh_wat_take_name(r, &label->shown);
}

static bool push_label(reader_t *r, label_t label) {
  if (label.shown.data) wh_wat_put_naming(&r->labels_named, r->label_count, label.shown);
  r->label_count++;
  return wh_vec_push(r->alloc, &r->labels, label) || wh_wat_lexer_oom(&r->lexer);
}

/* What may be written again after else and end. */
static bool check_label(reader_t *r) {
  const token_t *token = r->next;
  label_t written, *label = &r->labels.items[r->labels.count - 1];
  if (token->kind != TOKEN_ID) return true;
  if (!read_label_name(r, &written)) return false;
  if (label->name && label->size == written.size &&
      memcmp(label->name, written.name, written.size) == 0)
    return true;
  return FAIL_AT(r, token, "mismatching label %.*s", (int)token->size, token_text(r, token));
}

static void put_pending(reader_t *r, size_t from, wh_text_t *out) {
  if (r->pending.size > from) wh_text_append(out, r->pending.data + from, r->pending.size - from);
  r->pending.size = from;
}

/* The branch hint of the instruction at r->next, where it may have one; first: the token that it, or its
   parenthesis, begins with. */
static bool take_hint(reader_t *r, const token_t *first, uint8_t *hint) {
  *hint = HINT_NONE;
  return !(wh_wat_token_is(r, r->next, "if") || wh_wat_token_is(r, r->next, "br_if")) ||
         wh_wat_take_hint(r, first, hint);
}

static unsigned block_opcode(const reader_t *r) {
  return wh_wat_token_is(r, r->next, "block")  ? WH_OP_BLOCK
         : wh_wat_token_is(r, r->next, "loop") ? WH_OP_LOOP
         : wh_wat_token_is(r, r->next, "if")   ? WH_OP_IF
                                               : 0;
}

/* After `(`. */
static bool open_folded(reader_t *r, wh_text_t *out) {
  const label_t none = {0};
  size_t pending = r->pending.size;
  frame_t *top = r->frames.count ? &r->frames.items[r->frames.count - 1] : NULL;
  bool of_if = top && top->kind >= FOLDED_IF && top->kind <= FOLDED_ELSE_DONE;
  if (of_if && top->kind == FOLDED_IF && wh_wat_take_word(r, "then")) {
    wh_wat_put_hint(r, top->hint, out->size);
    put_pending(r, top->pending, out);
    top->kind = FOLDED_IF_DONE;
    return push_label(r, top->label) && push_frame(r, THEN, pending, none, HINT_NONE);
  }
  if (of_if && top->kind == FOLDED_IF_DONE && wh_wat_take_word(r, "else")) {
    wh_wat_put_byte(out, WH_OP_ELSE);
    top->kind = FOLDED_ELSE_DONE;
    return push_frame(r, ELSE, pending, none, HINT_NONE);
  }
  if (of_if && top->kind != FOLDED_IF) return wh_wat_unexpected(r, "\")\"");
  uint8_t hint;
  if (!take_hint(r, r->next - 1, &hint)) return false;
  unsigned opcode = block_opcode(r);
  if (!opcode)
    return wh_wat_read_plain(r, &r->pending) && push_frame(r, FOLDED_OP, pending, none, hint);
  label_t label;
  r->next++;
  wh_text_t *to = opcode == WH_OP_IF ? &r->pending : out;
  wh_wat_put_byte(to, opcode);
  if (!read_label(r, &label) || !wh_wat_read_block_type(r, to)) return false;
  if (opcode != WH_OP_IF)
    return push_label(r, label) && push_frame(r, FOLDED_BLOCK, pending, none, HINT_NONE);
  return push_frame(r, FOLDED_IF, pending, label, hint);
}

/* At `)`, which closes the top frame. */
static bool close_folded(reader_t *r, wh_text_t *out) {
  frame_t *top = &r->frames.items[r->frames.count - 1];
  switch (top->kind) {
  case FOLDED_OP:
    wh_wat_put_hint(r, top->hint, out->size);
    put_pending(r, top->pending, out);
    break;
  case FOLDED_BLOCK:
  case FOLDED_IF_DONE:
  case FOLDED_ELSE_DONE:
    wh_wat_put_byte(out, WH_OP_END);
    r->labels.count--;
    break;
  case FOLDED_IF: return wh_wat_unexpected(r, "(then …)");
  case FLAT: return wh_wat_unexpected(r, "end");
  case THEN:
  case ELSE: break;
  }
  r->frames.count--;
  r->next++;
  return true;
}

/* An instruction that is not in parentheses. */
static bool read_flat(reader_t *r, wh_text_t *out) {
  frame_t *top = r->frames.count ? &r->frames.items[r->frames.count - 1] : NULL;
  const token_t *first = r->next;
  if (top && (top->kind == FOLDED_OP || (top->kind >= FOLDED_IF && top->kind <= FOLDED_ELSE_DONE)))
    return wh_wat_unexpected(r, "\"(\" or \")\"");
  uint8_t hint;
  if (!take_hint(r, first, &hint)) return false;
  wh_wat_put_hint(r, hint, out->size);
  unsigned opcode = block_opcode(r);
  if (opcode) {
    label_t label;
    r->next++;
    wh_wat_put_byte(out, opcode);
    return read_label(r, &label) && wh_wat_read_block_type(r, out) && push_label(r, label) &&
           push_frame(r, FLAT, opcode == WH_OP_IF, label, HINT_NONE);
  }
  bool is_else = wh_wat_token_is(r, first, "else"), is_end = wh_wat_token_is(r, first, "end");
  if (!is_else && !is_end) return wh_wat_read_plain(r, out);
  /* pending of a flat frame: whether it is an if that had no else yet */
  if (!top || top->kind != FLAT || (is_else && !top->pending))
    return wh_wat_unexpected(r, "an instruction");
  r->next++;
  if (!check_label(r)) return false;
  top->pending = 0;
  wh_wat_put_byte(out, is_else ? WH_OP_ELSE : WH_OP_END);
  if (is_end) {
    r->frames.count--;
    r->labels.count--;
  }
  return true;
}

static bool read_some(reader_t *r, bool one, wh_text_t *out) {
  WH_ASSERT(!r->frames.count);
  for (;;) {
    bool good;
    if (r->next->kind == TOKEN_OPEN) {
      r->next++;
      good = open_folded(r, out);
    } else if (r->next->kind == TOKEN_CLOSE) {
      if (!r->frames.count) return true;
      good = close_folded(r, out);
    } else {
      good = read_flat(r, out);
    }
    if (!good) return false;
    if (one && !r->frames.count) return true;
  }
}

bool wh_wat_read_instructions(reader_t *r, wh_text_t *out) { return read_some(r, false, out); }

bool wh_wat_read_folded(reader_t *r, wh_text_t *out) {
  return r->next->kind == TOKEN_OPEN ? read_some(r, true, out)
                                     : wh_wat_unexpected(r, "(an instruction)");
}
