#include "lexer.h"

#include "ops/ops.h"

#include <stdio.h>

/* ---- errors ---- */

static bool fail_with(lexer_t *lexer, wherry_error_kind_t kind, size_t at, const char *message) {
  lexer->error = wh_error_in_text(lexer->alloc, kind, lexer->text, lexer->size, at, message);
  return false;
}

static void WH_PRINTF(4, 0) fail_formatted(lexer_t *lexer, wherry_error_kind_t kind, size_t at,
                                           const char *format, va_list arguments) {
  if (lexer->error) return;
  wh_text_t message = {.alloc = lexer->alloc};
  wh_text_vprintf(&message, format, arguments);
  if (message.failed)
    wh_wat_lexer_oom(lexer);
  else
    fail_with(lexer, kind, at, message.data);
  wh_text_free(&message);
}

bool wh_wat_lexer_fail(lexer_t *lexer, size_t at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_formatted(lexer, WHERRY_ERROR_MALFORMED, at, format, arguments);
  va_end(arguments);
  return false;
}

bool wh_wat_lexer_invalid(lexer_t *lexer, size_t at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_formatted(lexer, WHERRY_ERROR_INVALID, at, format, arguments);
  va_end(arguments);
  return false;
}

bool wh_wat_lexer_needs(lexer_t *lexer, size_t at, const char *feature, const char *format, ...) {
  if (lexer->error) return false;
  wh_text_t what = {.alloc = lexer->alloc};
  va_list arguments;
  va_start(arguments, format);
  wh_text_vprintf(&what, format, arguments);
  va_end(arguments);
  wherry_error_t *error =
      what.failed ? wh_error_oom() : wh_error_needs_feature(lexer->alloc, 0, feature, what.data);
  if (wherry_error_kind(error) == WHERRY_ERROR_OOM) {
    lexer->error = error;
  } else {
    fail_with(lexer, WHERRY_ERROR_INVALID, at, wherry_error_message(error));
    wherry_error_release(error);
  }
  wh_text_free(&what);
  return false;
}

bool wh_wat_lexer_oom(lexer_t *lexer) {
  if (!lexer->error) lexer->error = wh_error_oom();
  return false;
}

/* ---- characters ---- */

/* A bit for each character from 0x00 to 0x7F: all that can be seen, but "(),;[]{}. */
static const uint64_t idchars[] = {UINT64_C(0xF7FFECFA00000000), UINT64_C(0x57FFFFFFD7FFFFFF)};

bool wh_wat_is_idchar(char c) {
  uint8_t byte = (uint8_t)c;
  return byte < 0x80 && (idchars[byte >> 6] >> (byte & 63) & 1);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* A code point as \u{…} writes it, at its first digit. 0 in *size: it is none. */
static uint32_t read_code_point(const char *text, size_t left, size_t *size) {
  uint32_t value = 0;
  size_t i = 0;
  *size = 0;
  for (bool digit = false; i < left && text[i] != '}'; i++) {
    int next = hex_digit(text[i]);
    if (next < 0 && !(text[i] == '_' && digit)) return 0;
    digit = next >= 0;
    if (digit) value = value << 4 | (uint32_t)next;
    if (value > 0x10FFFF) return 0;
  }
  if (i == 0 || i == left || text[i - 1] == '_' || (value >= 0xD800 && value < 0xE000)) return 0;
  *size = i;
  return value;
}

static size_t utf8_put(uint32_t code, char out[4]) {
  if (code < 0x80) return out[0] = (char)code, 1;
  if (code < 0x800) {
    out[0] = (char)(0xC0 | code >> 6);
    out[1] = (char)(0x80 | (code & 0x3F));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (char)(0xE0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code & 0x3F));
    return 3;
  }
  out[0] = (char)(0xF0 | code >> 18);
  out[1] = (char)(0x80 | (code >> 12 & 0x3F));
  out[2] = (char)(0x80 | (code >> 6 & 0x3F));
  out[3] = (char)(0x80 | (code & 0x3F));
  return 4;
}

/* The byte that an escape of one letter means, -1: there is no such escape. */
static int escape_of(char c) {
  switch (c) {
  case 't': return '\t';
  case 'n': return '\n';
  case 'r': return '\r';
  case '"': return '"';
  case '\'': return '\'';
  case '\\': return '\\';
  default: return -1;
  }
}

void wh_wat_string_decode(const char *text, wh_text_t *out) {
  for (;;) {
    size_t plain = strcspn(text, "\"\\");
    wh_text_append(out, text, plain);
    text += plain;
    if (*text == '"') return;
    text++;
    char bytes[4] = {0};
    size_t size = 1, used = 1;
    if (*text == 'u') {
      uint32_t code = read_code_point(text + 2, SIZE_MAX, &used);
      size = utf8_put(code, bytes);
      used += 3;
    } else if (escape_of(*text) >= 0) {
      bytes[0] = (char)escape_of(*text);
    } else {
      bytes[0] = (char)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
      used = 2;
    }
    wh_text_append(out, bytes, size);
    text += used;
  }
}

/* ---- tokens ---- */

/* Moves *at, which is at the first quote, past the last one. */
static bool skip_string(lexer_t *lexer, size_t *at) {
  const char *text = lexer->text;
  size_t i = *at + 1, size = lexer->size;
  for (;; i++) {
    if (i >= size || text[i] == '\n') return wh_wat_lexer_fail(lexer, *at, "unclosed string");
    uint8_t c = (uint8_t)text[i];
    if (c == '"') break;
    if (c < 0x20 || c == 0x7F)
      return wh_wat_lexer_fail(lexer, i, "illegal character in a string: %02x", c);
    if (c != '\\') continue;
    size_t left = size - i - 1, used;
    const char *next = text + i + 1;
    if (left >= 1 && escape_of(*next) >= 0) {
      i++;
    } else if (left >= 2 && hex_digit(next[0]) >= 0 && hex_digit(next[1]) >= 0) {
      i += 2;
    } else if (left >= 3 && next[0] == 'u' && next[1] == '{' &&
               (read_code_point(next + 2, left - 2, &used), used)) {
      i += 3 + used;
    } else {
      return wh_wat_lexer_fail(lexer, i, "malformed escape in a string");
    }
  }
  *at = i + 1;
  return true;
}

/* Past `(; … ;)`, which nest. */
static bool skip_comment(lexer_t *lexer, size_t *at) {
  size_t i = *at + 2, depth = 1;
  for (; depth; i++) {
    if (i + 1 >= lexer->size) return wh_wat_lexer_fail(lexer, *at, "unclosed comment");
    char a = lexer->text[i], b = lexer->text[i + 1];
    if (a == '(' && b == ';') {
      depth++;
      i++;
    } else if (a == ';' && b == ')') {
      depth--;
      i++;
    }
  }
  *at = i;
  return true;
}

/* A run of characters of names and of strings: a word, a name, a string, or nothing of use. */
static bool lex_run(lexer_t *lexer, size_t *at, token_t *token) {
  size_t start = *at, i = start, strings = 0;
  while (i < lexer->size && (lexer->text[i] == '"' || wh_wat_is_idchar(lexer->text[i]))) {
    if (lexer->text[i] != '"') {
      i++;
      continue;
    }
    strings++;
    if (!skip_string(lexer, &i)) return false;
  }
  const char *first = lexer->text + start;
  *at = i;
  *token = (token_t) {(uint32_t)start, (uint32_t)(i - start), TOKEN_WORD};
  bool quoted_id = first[0] == '$' && i - start > 1 && first[1] == '"' && strings == 1 &&
                   lexer->text[i - 1] == '"';
  if (first[0] == '"' && strings == 1 && lexer->text[i - 1] == '"') {
    token->kind = TOKEN_STRING;
  } else if (strings && !quoted_id) {
    token->kind = TOKEN_RESERVED;
  } else if (first[0] == '$') {
    token->kind = TOKEN_ID;
    if (token->size == 1 || (quoted_id && token->size == 3))
      return wh_wat_lexer_fail(lexer, start, "empty identifier");
    if (quoted_id) {
      wh_text_t name = {.alloc = lexer->alloc};
      wh_wat_string_decode(first + 2, &name);
      bool failed = name.failed, good = failed || wh_utf8_valid(name.data, name.size, NULL);
      wh_text_free(&name);
      if (failed) return wh_wat_lexer_oom(lexer);
      if (!good)
        return wh_wat_lexer_fail(lexer, start, "malformed UTF-8 encoding of an identifier");
    }
  }
  return true;
}

static annotation_kind_t annotation_of(const char *name, size_t size) {
  static const char *const names[] = {[ANNOTATION_NAME] = "name",
                                      [ANNOTATION_CUSTOM] = "custom",
                                      [ANNOTATION_HINT] = "metadata.code.branch_hint"};
  for (size_t i = 0; i < WH_COUNT(names); i++)
    if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0) return (annotation_kind_t)i;
  return ANNOTATION_OTHER;
}

/* The name of an annotation, at `(@`. */
static bool lex_annotation(lexer_t *lexer, size_t *at, annotation_kind_t *kind) {
  size_t start = *at, i = start + 2;
  if (i < lexer->size && lexer->text[i] == '"') {
    size_t first = i;
    if (!skip_string(lexer, &i)) return false;
    wh_text_t name = {.alloc = lexer->alloc};
    wh_wat_string_decode(lexer->text + first + 1, &name);
    bool failed = name.failed, good = failed || wh_utf8_valid(name.data, name.size, NULL);
    if (!failed) *kind = annotation_of(name.data, name.size);
    wh_text_free(&name);
    if (failed) return wh_wat_lexer_oom(lexer);
    if (!good)
      return wh_wat_lexer_fail(lexer, start, "malformed UTF-8 encoding of an annotation id");
    if (i - first == 2) return wh_wat_lexer_fail(lexer, start, "empty annotation id");
  } else {
    while (i < lexer->size && wh_wat_is_idchar(lexer->text[i])) i++;
    if (i == start + 2) return wh_wat_lexer_fail(lexer, start, "empty annotation id");
    *kind = annotation_of(lexer->text + start + 2, i - start - 2);
  }
  *at = i;
  return true;
}

/* Where the lexer is. */
typedef struct place {
  size_t depth;  /* parentheses open in an annotation, its own included; 0: in none */
  size_t quiet;  /* the depth from which on no token is kept; 0: all are */
  size_t at;     /* the outermost annotation, in the text */
  uint32_t open; /* the innermost token; an open one keeps the one around it in its size */
} place_t;
enum { NO_TOKEN = UINT32_MAX };

/* Annotations in one that is kept are white space. */
static bool open_annotation(lexer_t *lexer, place_t *place, size_t *at) {
  annotation_kind_t kind = ANNOTATION_OTHER;
  size_t start = *at;
  if (!lex_annotation(lexer, at, &kind)) return false;
  if (++place->depth > 1) {
    if (!place->quiet) place->quiet = place->depth;
    return true;
  }
  place->at = start;
  if (kind == ANNOTATION_OTHER) {
    place->quiet = 1;
    return true;
  }
  annotation_t annotation = {.at = (uint32_t)start,
                             .before = (uint32_t)lexer->tokens.count,
                             .first = (uint32_t)lexer->inside.count,
                             .kind = kind};
  return wh_vec_push(lexer->alloc, &lexer->annotations, annotation) || wh_wat_lexer_oom(lexer);
}

static bool keep_token(lexer_t *lexer, place_t *place, token_t token) {
  bool good = true;
  if (place->depth) {
    bool quiet = place->quiet != 0;
    if (token.kind == TOKEN_OPEN) place->depth++;
    if (token.kind == TOKEN_CLOSE && --place->depth < place->quiet) place->quiet = 0;
    if (quiet || !place->depth) return true;
    lexer->annotations.items[lexer->annotations.count - 1].count++;
    good = wh_vec_push(lexer->alloc, &lexer->inside, token);
    return good || wh_wat_lexer_oom(lexer);
  }
  uint32_t index = (uint32_t)lexer->tokens.count;
  if (token.kind == TOKEN_OPEN) {
    token.size = place->open;
    place->open = index;
  } else if (token.kind == TOKEN_CLOSE) {
    if (place->open == NO_TOKEN)
      return wh_wat_lexer_fail(lexer, token.at, "unexpected token: \")\" closes nothing");
    token_t *first = &lexer->tokens.items[place->open];
    place->open = first->size;
    first->size = index;
  }
  return wh_vec_push(lexer->alloc, &lexer->tokens, token) || wh_wat_lexer_oom(lexer);
}

static bool check_utf8(lexer_t *lexer) {
  const char *text = lexer->text;
  size_t size = lexer->size;
  if (wh_utf8_valid(text, size, NULL)) return true;
  for (size_t i = 0; i < size; i++) {
    size_t step = (uint8_t)text[i] < 0x80   ? 1
                  : (uint8_t)text[i] < 0xE0 ? 2
                  : (uint8_t)text[i] < 0xF0 ? 3
                                            : 4;
    if (step > size - i || !wh_utf8_valid(text + i, step, NULL))
      return wh_wat_lexer_fail(lexer, i, "malformed UTF-8 encoding");
    i += step - 1;
  }
  WH_UNREACHABLE();
}

bool wh_wat_lexer_run(lexer_t *lexer) {
  const char *text = lexer->text;
  size_t size = lexer->size;
  place_t place = {.open = NO_TOKEN};
  if (size >= UINT32_MAX) {
    lexer->error = wh_error_limit(lexer->alloc, "text", "a text of %zu bytes: at most 4 GiB", size);
    return false;
  }
  if (!check_utf8(lexer)) return false;
  for (size_t i = 0; i < size;) {
    token_t token = {(uint32_t)i, 1, TOKEN_RESERVED};
    char c = text[i], next = i + 1 < size ? text[i + 1] : 0;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      i++;
      continue;
    }
    if (c == ';' && next == ';') {
      while (i < size && text[i] != '\n' && text[i] != '\r') i++;
      continue;
    }
    if (c == '(' && next == ';') {
      if (!skip_comment(lexer, &i)) return false;
      continue;
    }
    if (c == '(' && next == '@' && !place.quiet) {
      if (!open_annotation(lexer, &place, &i)) return false;
      continue;
    }
    if (c == '(' || c == ')') {
      token.kind = c == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
      i++;
    } else if (c == '"' || wh_wat_is_idchar(c)) {
      if (!lex_run(lexer, &i, &token)) return false;
    } else if (c && strchr(",;[]{}", c)) {
      i++;
    } else {
      return wh_wat_lexer_fail(lexer, i, "illegal character");
    }
    if (!keep_token(lexer, &place, token)) return false;
  }
  if (place.depth) return wh_wat_lexer_fail(lexer, place.at, "unclosed annotation");
  if (place.open != NO_TOKEN)
    return wh_wat_lexer_fail(lexer, lexer->tokens.items[place.open].at,
                             "unexpected end: \"(\" is not closed");
  token_t end = {(uint32_t)size, 0, TOKEN_END};
  return wh_vec_push(lexer->alloc, &lexer->tokens, end) || wh_wat_lexer_oom(lexer);
}

void wh_wat_lexer_free(lexer_t *lexer) {
  wh_vec_free(lexer->alloc, &lexer->tokens);
  wh_vec_free(lexer->alloc, &lexer->annotations);
  wh_vec_free(lexer->alloc, &lexer->inside);
}
