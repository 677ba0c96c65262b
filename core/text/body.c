/* Instructions, flat and folded. Nesting lives in r->frames, not on the C stack: text may nest as
   deep as it likes. A folded instruction's bytes wait in r->pending until its operands are out. */
#include "reader.h"

/* What a frame waits for. */
enum {
  FLAT,       /* its end: block, loop, try_table, if after else, try after catch_all */
  FLAT_IF,    /* else or end */
  FLAT_TRY,   /* catch, catch_all, delegate or end */
  FLAT_CATCH, /* catch, catch_all or end */
  FOLDED_BLOCK,
  ARM, /* in the parentheses of then, else, do, catch, catch_all */
  /* From here on only lists come. */
  FOLDED_OP,
  FOLDED_IF,      /* operands of its condition, then */
  FOLDED_THEN,    /* else or nothing: `(then …)` has come, and so on */
  FOLDED_TRY,     /* do */
  FOLDED_DO,      /* catch, catch_all, delegate or nothing */
  FOLDED_CATCH,   /* catch, catch_all or nothing */
  FOLDED_LAST,    /* nothing */
  FOLDED_DELEGATE /* nothing; its label is gone */
};

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
  if (label.name) {
    wh_map_get(&r->label_places, label.name, label.size, &label.hidden);
    if (!wh_map_put(r->alloc, &r->label_places, label.name, label.size, r->labels.count + 1))
      return wh_wat_lexer_oom(&r->lexer);
  }
  return wh_vec_push(r->alloc, &r->labels, label) || wh_wat_lexer_oom(&r->lexer);
}

static bool pop_label(reader_t *r) {
  const label_t *label = &r->labels.items[--r->labels.count];
  return !label->name ||
         wh_map_put(r->alloc, &r->label_places, label->name, label->size, label->hidden) ||
         wh_wat_lexer_oom(&r->lexer);
}

/* What may be written again after else, catch_all and end. */
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

/* 0: no block begins here. */
static unsigned block_opcode(const reader_t *r) {
  static const struct {
    const char *word;
    unsigned opcode;
  } words[] = {{"block", WH_OP_BLOCK},
               {"loop", WH_OP_LOOP},
               {"if", WH_OP_IF},
               {"try_table", WH_OP_TRY_TABLE},
               {"try", WH_OP_TRY}};
  for (size_t i = 0; i < WH_COUNT(words); i++)
    if (wh_wat_token_is(r, r->next, words[i].word)) return words[i].opcode;
  return 0;
}

/* The clauses of a try_table, whose labels do not count its own. */
static bool put_clauses(reader_t *r, wh_text_t *out) {
  static const char *const words[] = {[WH_CATCH] = "catch",
                                      [WH_CATCH_REF] = "catch_ref",
                                      [WH_CATCH_ALL] = "catch_all",
                                      [WH_CATCH_ALL_REF] = "catch_all_ref"};
  const token_t *first = r->next, *end = first;
  uint32_t count = 0;
  for (unsigned i = 0; i < WH_COUNT(words); i++) {
    r->next = end;
    if (!wh_wat_at_list(r, words[i])) continue;
    end = wh_wat_past(r, end);
    count++;
    i = UINT32_MAX; /* from the start, for the next clause */
  }
  wh_wat_put_u(out, count);
  for (r->next = first; r->next < end;) {
    unsigned kind = 0;
    while (!wh_wat_take_list(r, words[kind])) kind++;
    wh_wat_put_byte(out, kind);
    if (kind < WH_CATCH_ALL && !wh_wat_put_index(r, SPACE_TAG, out)) return false;
    if (!wh_wat_put_label(r, out) || !wh_wat_expect_close(r)) return false;
  }
  return true;
}

/* The head of a block, from its word on, but for the push of its label. */
static bool read_head(reader_t *r, unsigned opcode, label_t *label, wh_text_t *out) {
  r->next++;
  wh_wat_put_byte(out, opcode);
  return read_label(r, label) && wh_wat_read_block_type(r, out) &&
         (opcode != WH_OP_TRY_TABLE || put_clauses(r, out));
}

static bool put_catch(reader_t *r, wh_text_t *out) {
  wh_wat_put_byte(out, WH_OP_CATCH);
  return wh_wat_put_index(r, SPACE_TAG, out);
}

/* Ends a try; its label does not count. */
static bool put_delegate(reader_t *r, wh_text_t *out) {
  wh_wat_put_byte(out, WH_OP_DELEGATE);
  return pop_label(r) && wh_wat_put_label(r, out);
}

/* ---- folded ---- */

static bool open_arm(reader_t *r, uint32_t then) {
  r->frames.items[r->frames.count - 1].kind = then;
  return push_frame(r, ARM, r->pending.size, (label_t) {0}, HINT_NONE);
}

/* After `(` in what waits for its arms. */
static bool read_arm(reader_t *r, wh_text_t *out) {
  frame_t *top = &r->frames.items[r->frames.count - 1];
  switch (top->kind) {
  case FOLDED_IF:
    r->next++; /* then */
    wh_wat_put_hint(r, top->hint, out->size);
    put_pending(r, top->pending, out);
    return push_label(r, top->label) && open_arm(r, FOLDED_THEN);
  case FOLDED_THEN:
    if (!wh_wat_take_word(r, "else")) return wh_wat_unexpected(r, "(else …) or \")\"");
    wh_wat_put_byte(out, WH_OP_ELSE);
    return open_arm(r, FOLDED_LAST);
  case FOLDED_TRY:
    return wh_wat_take_word(r, "do") ? open_arm(r, FOLDED_DO) : wh_wat_unexpected(r, "(do …)");
  case FOLDED_DO:
  case FOLDED_CATCH:
    if (wh_wat_take_word(r, "catch")) return put_catch(r, out) && open_arm(r, FOLDED_CATCH);
    if (wh_wat_take_word(r, "catch_all")) {
      wh_wat_put_byte(out, WH_OP_CATCH_ALL);
      return open_arm(r, FOLDED_LAST);
    }
    if (top->kind == FOLDED_CATCH || !wh_wat_take_word(r, "delegate"))
      return wh_wat_unexpected(r, "(catch …) or (catch_all …)");
    top->kind = FOLDED_DELEGATE;
    return put_delegate(r, out) && wh_wat_expect_close(r);
  default: return wh_wat_unexpected(r, "\")\"");
  }
}

/* After `(`. */
static bool open_folded(reader_t *r, wh_text_t *out) {
  size_t pending = r->pending.size;
  uint32_t top = r->frames.count ? r->frames.items[r->frames.count - 1].kind : FLAT;
  if (top > FOLDED_IF || (top == FOLDED_IF && wh_wat_token_is(r, r->next, "then")))
    return read_arm(r, out);
  uint8_t hint;
  label_t label = {0};
  if (!take_hint(r, r->next - 1, &hint)) return false;
  unsigned opcode = block_opcode(r);
  if (!opcode)
    return wh_wat_read_plain(r, &r->pending) && push_frame(r, FOLDED_OP, pending, label, hint);
  if (opcode == WH_OP_IF)
    return read_head(r, opcode, &label, &r->pending) &&
           push_frame(r, FOLDED_IF, pending, label, hint);
  return read_head(r, opcode, &label, out) && push_label(r, label) &&
         push_frame(r, opcode == WH_OP_TRY ? FOLDED_TRY : FOLDED_BLOCK, pending, label, HINT_NONE);
}

/* At `)`, which closes the top frame. */
static bool close_folded(reader_t *r, wh_text_t *out) {
  frame_t *top = &r->frames.items[r->frames.count - 1];
  switch (top->kind) {
  case FOLDED_OP:
    wh_wat_put_hint(r, top->hint, out->size);
    put_pending(r, top->pending, out);
    break;
  case FOLDED_IF: return wh_wat_unexpected(r, "(then …)");
  case FOLDED_TRY: return wh_wat_unexpected(r, "(do …)");
  case FOLDED_BLOCK:
  case FOLDED_THEN:
  case FOLDED_DO:
  case FOLDED_CATCH:
  case FOLDED_LAST:
    wh_wat_put_byte(out, WH_OP_END);
    if (!pop_label(r)) return false;
    break;
  case ARM:
  case FOLDED_DELEGATE: break;
  default: return wh_wat_unexpected(r, "end");
  }
  r->frames.count--;
  r->next++;
  return true;
}

/* ---- flat ---- */

/* A word that parts or ends a flat block: else, catch, catch_all, delegate, end. *taken: it was one. */
static bool read_part(reader_t *r, wh_text_t *out, bool *taken) {
  static const struct {
    const char *word;
    unsigned opcode;
  } words[] = {{"end", WH_OP_END},
               {"else", WH_OP_ELSE},
               {"catch", WH_OP_CATCH},
               {"catch_all", WH_OP_CATCH_ALL},
               {"delegate", WH_OP_DELEGATE}};
  unsigned opcode = 0;
  for (size_t i = 0; i < WH_COUNT(words) && !opcode; i++)
    if (wh_wat_token_is(r, r->next, words[i].word)) opcode = words[i].opcode;
  *taken = opcode;
  if (!opcode) return true;
  frame_t *top = r->frames.count ? &r->frames.items[r->frames.count - 1] : NULL;
  uint32_t kind = top ? top->kind : ARM;
  bool fits = opcode == WH_OP_END        ? kind <= FLAT_CATCH
              : opcode == WH_OP_ELSE     ? kind == FLAT_IF
              : opcode == WH_OP_DELEGATE ? kind == FLAT_TRY
                                         : kind == FLAT_TRY || kind == FLAT_CATCH;
  if (!fits) return wh_wat_unexpected(r, "an instruction");
  r->next++;
  if (opcode == WH_OP_CATCH) {
    top->kind = FLAT_CATCH;
    return put_catch(r, out);
  }
  if (opcode == WH_OP_DELEGATE) {
    r->frames.count--;
    return put_delegate(r, out);
  }
  if (!check_label(r)) return false;
  wh_wat_put_byte(out, opcode);
  top->kind = FLAT;
  if (opcode != WH_OP_END) return true;
  r->frames.count--;
  return pop_label(r);
}

/* An instruction that is not in parentheses. */
static bool read_flat(reader_t *r, wh_text_t *out) {
  uint8_t hint;
  bool taken;
  label_t label;
  if (r->frames.count && r->frames.items[r->frames.count - 1].kind >= FOLDED_OP)
    return wh_wat_unexpected(r, "\"(\" or \")\"");
  if (!take_hint(r, r->next, &hint)) return false;
  wh_wat_put_hint(r, hint, out->size);
  unsigned opcode = block_opcode(r);
  if (opcode)
    return read_head(r, opcode, &label, out) && push_label(r, label) &&
           push_frame(r,
                      opcode == WH_OP_IF    ? FLAT_IF
                      : opcode == WH_OP_TRY ? FLAT_TRY
                                            : FLAT,
                      0, label, HINT_NONE);
  return read_part(r, out, &taken) && (taken || wh_wat_read_plain(r, out));
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
