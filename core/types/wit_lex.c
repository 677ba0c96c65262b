/* Tokens, comments and strings of WIT text. */
#include "wit_lex.h"

/* ---- errors ---- */

bool wh_wit_oom(wh_wit_reading_t *reading) {
  if (!reading->error) reading->error = wh_error_oom();
  return false;
}

static void WH_PRINTF(5, 0) fail_formatted(wh_wit_reading_t *reading, wherry_error_kind_t kind,
                                           const wh_wit_source_t *source, size_t at,
                                           const char *format, va_list arguments) {
  if (reading->error) return;
  wh_text_t message = {.alloc = reading->alloc};
  wh_text_vprintf(&message, format, arguments);
  reading->error = message.failed ? wh_error_oom()
                                  : wh_error_in_text(reading->alloc, kind, source->text,
                                                     source->size, at, message.data);
  wh_text_free(&message);
  if (source->name) wh_error_prefix(reading->error, "%s: ", source->name);
}

bool wh_wit_fail(wh_wit_reading_t *reading, wherry_error_kind_t kind, const wh_wit_source_t *source,
                 size_t at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_formatted(reading, kind, source, at, format, arguments);
  va_end(arguments);
  return false;
}

bool wh_wit_lex_fail(lexer_t *lexer, size_t at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fail_formatted(lexer->reading, WHERRY_ERROR_MALFORMED, lexer->source, at, format, arguments);
  va_end(arguments);
  return false;
}

enum { LONGEST_SHOWN = 60 };

bool wh_wit_lex_expected(lexer_t *lexer, const char *what) {
  const token_t *token = &lexer->token;
  wh_text_t got = {.alloc = lexer->reading->alloc};
  const char *text = lexer->source->text + token->at;
  size_t size = token->size;
  if (size > LONGEST_SHOWN) /* not in the middle of a character */
    for (size = LONGEST_SHOWN; size > 1 && ((uint8_t)text[size] & 0xC0) == 0x80;) size--;
  switch (token->kind) {
  case TOKEN_END: wh_text_printf(&got, "the end of the text"); break;
  case TOKEN_STRING: wh_text_printf(&got, "a string"); break;
  default:
    if (token->kind == TOKEN_WORD && wh_wit_is_keyword(text, token->size))
      wh_text_printf(&got, "the keyword ");
    wh_text_printf(&got, "'%.*s%s'", (int)size, text, size < token->size ? "…" : "");
  }
  if (got.failed)
    wh_wit_oom(lexer->reading);
  else
    wh_wit_lex_fail(lexer, token->at, "expected %s, got %s", what, got.data);
  wh_text_free(&got);
  return false;
}

/* ---- characters ---- */

/* A character of well-formed UTF-8. */
static uint32_t code_point(const char *text, size_t *size) {
  const uint8_t *at = (const uint8_t *)text;
  if (at[0] < 0x80) return *size = 1, at[0];
  if (at[0] < 0xE0) return *size = 2, (at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu);
  if (at[0] < 0xF0) return *size = 3, (at[0] & 0xFu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
  *size = 4;
  return (at[0] & 7u) << 18 | (at[1] & 0x3Fu) << 12 | (at[2] & 0x3Fu) << 6 | (at[3] & 0x3Fu);
}

/* Lexical structure: no bidirectional overrides, no control codes but three, nothing that Unicode
   deprecates or discourages. */
static const char *character_problem(uint32_t c) {
  if (c == '\n' || c == '\r' || c == '\t') return NULL;
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return "the control character";
  if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069))
    return "the bidirectional override";
  switch (c) {
  case 0x149:
  case 0x673:
  case 0xF77:
  case 0xF79:
  case 0x17A3:
  case 0x17A4:
  case 0x17B4:
  case 0x17B5: return "the deprecated character";
  default: return NULL;
  }
}

static bool check_characters(lexer_t *lexer) {
  const wh_wit_source_t *source = lexer->source;
  if (source->size >= UINT32_MAX)
    return wh_wit_fail(lexer->reading, WHERRY_ERROR_LIMIT, source, 0,
                       "the text is longer than 4 GiB");
  if (!wh_utf8_valid(source->text, source->size, NULL)) {
    size_t good = 0;
    for (size_t size = 1; size <= 4 && good + size <= source->size;) {
      bool whole = wh_utf8_valid(source->text + good, size, NULL);
      if (whole) good += size;
      size = whole ? 1 : size + 1;
    }
    return wh_wit_lex_fail(lexer, good, "malformed UTF-8 encoding");
  }
  for (size_t i = 0, size; i < source->size; i += size) {
    uint8_t byte = (uint8_t)source->text[i];
    size = 1;
    if (byte >= 0x20 && byte < 0x7F) continue;
    uint32_t c = code_point(source->text + i, &size);
    const char *problem = character_problem(c);
    if (problem) return wh_wit_lex_fail(lexer, i, "%s U+%04X may not stand in WIT", problem, c);
  }
  return true;
}

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (uint8_t)c >= 0x80;
}

/* ---- tokens ---- */

/* The place after a comment that may be nested; 0: it does not end. */
static uint32_t after_block(const char *text, uint32_t i, uint32_t size) {
  unsigned depth = 1;
  for (i += 2; i + 1 < size; i++) {
    if (text[i] == '/' && text[i + 1] == '*') {
      depth++;
      i++;
    } else if (text[i] == '*' && text[i + 1] == '/') {
      i++;
      if (--depth == 0) return i + 1;
    }
  }
  return 0;
}

/* "///" but not "////"; of a block, but not the empty one. */
static bool is_doc(const char *text, uint32_t i, uint32_t end) {
  if (text[i + 1] == '/')
    return end - i >= 3 && text[i + 2] == '/' && !(end - i > 3 && text[i + 3] == '/');
  return end - i > 4 && text[i + 2] == '*';
}

/* White space and comments. */
static bool skip(lexer_t *lexer, uint32_t *at) {
  const char *text = lexer->source->text;
  uint32_t i = *at, size = (uint32_t)lexer->source->size;
  token_t *token = &lexer->token;
  token->docs_at = token->docs_end = i;
  for (bool docs = false; i < size;) {
    if (text[i] == ' ' || text[i] == '\n' || text[i] == '\r' || text[i] == '\t') {
      i++;
      continue;
    }
    if (text[i] != '/' || i + 1 >= size || (text[i + 1] != '/' && text[i + 1] != '*')) break;
    uint32_t end;
    if (text[i + 1] == '*') {
      end = after_block(text, i, size);
      if (!end) return wh_wit_lex_fail(lexer, i, "the comment that begins here does not end");
    } else {
      const char *line = memchr(text + i, '\n', size - i);
      end = line ? (uint32_t)(line - text) : size;
    }
    if (is_doc(text, i, end)) {
      if (!docs) token->docs_at = i;
      token->docs_end = end;
      docs = true;
    }
    i = end;
  }
  *at = i;
  return true;
}

/* The place after a string's last quote; 0: the error is set. */
static uint32_t after_string(lexer_t *lexer, uint32_t i) {
  const char *text = lexer->source->text;
  uint32_t start = i, size = (uint32_t)lexer->source->size;
  for (i++; i < size && text[i] != '"'; i++) {
    if (text[i] == '\n') break;
    if (text[i] == '\\') i++;
  }
  if (i >= size || text[i] != '"') {
    wh_wit_lex_fail(lexer, start, "the string that begins here does not end on its line");
    return 0;
  }
  return i + 1;
}

bool wh_wit_lex_advance(lexer_t *lexer) {
  const char *text = lexer->source->text;
  uint32_t i = lexer->next, size = (uint32_t)lexer->source->size;
  token_t *token = &lexer->token;
  if (!skip(lexer, &i)) return false;
  token->at = i;
  token->size = 0;
  token->kind = TOKEN_END;
  lexer->next = i;
  if (i >= size) return true;
  char c = text[i];
  if (c >= '0' && c <= '9') {
    token->kind = TOKEN_INTEGER;
    while (i < size && text[i] >= '0' && text[i] <= '9') i++;
  } else if (is_word(c) || (c == '%' && i + 1 < size && is_word(text[i + 1]))) {
    token->kind = c == '%' ? TOKEN_ESCAPED : TOKEN_WORD;
    /* A hyphen is of the word but before ">": "a->b" reads as it would with spaces. */
    for (i++; i < size &&
              (is_word(text[i]) || (text[i] == '-' && !(i + 1 < size && text[i + 1] == '>')));)
      i++;
  } else if (c == '"') {
    token->kind = TOKEN_STRING;
    if (!(i = after_string(lexer, i))) return false;
  } else if (c == '-' && i + 1 < size && text[i + 1] == '>') {
    token->kind = TOKEN_ARROW;
    i += 2;
  } else if (strchr("=,:;(){}<>*/.@+-", c)) { /* the last two in versions only */
    token->kind = c;
    i++;
  } else {
    if (c == '%') return wh_wit_lex_fail(lexer, i, "expected a name after '%%'");
    return wh_wit_lex_fail(lexer, i, "unexpected character '%c'", c);
  }
  token->size = i - token->at;
  lexer->next = i;
  return true;
}

bool wh_wit_lex_from(lexer_t *lexer, uint32_t at) {
  lexer->next = at;
  return wh_wit_lex_advance(lexer);
}

bool wh_wit_lex_start(lexer_t *lexer, wh_wit_reading_t *reading, const wh_wit_source_t *source) {
  *lexer = (lexer_t) {.reading = reading, .source = source};
  if (!check_characters(lexer)) return false;
  bool marked = source->size >= 3 && !memcmp(source->text, "\xEF\xBB\xBF", 3);
  return wh_wit_lex_from(lexer, marked ? 3 : 0);
}

/* ---- doc comments ---- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* Calls of one walk over the lines of doc comments: the first finds the indentation that all share,
   the second appends them without it. */
typedef struct docs {
  wh_text_t *out; /* NULL: the first walk */
  size_t indent, blank_lines;
  bool begun;
} docs_t;

static void doc_line(docs_t *docs, const char *line, size_t size) {
  size_t indent = 0;
  while (size && is_blank(line[size - 1])) size--;
  while (indent < size && is_blank(line[indent])) indent++;
  if (!docs->out) {
    if (size && indent < docs->indent) docs->indent = indent;
  } else if (!size) {
    docs->blank_lines++;
  } else {
    if (docs->begun)
      for (size_t i = 0; i <= docs->blank_lines; i++) wh_text_append(docs->out, "\n", 1);
    wh_text_append(docs->out, line + docs->indent, size - docs->indent);
    docs->begun = true;
    docs->blank_lines = 0;
  }
}

/* The lines of a block comment, between its delimiters; stars that stand before lines go. */
static void doc_block(docs_t *docs, const char *text, size_t size) {
  bool first = true, stars = true;
  for (size_t i = 0; stars && i < size; i++) { /* do all lines but the first begin with one? */
    if (text[i] != '\n') continue;
    size_t k = i + 1;
    while (k < size && is_blank(text[k])) k++;
    stars = k >= size || text[k] == '*' || text[k] == '\n';
  }
  for (size_t start = 0; start <= size; first = false) {
    const char *newline = start < size ? memchr(text + start, '\n', size - start) : NULL;
    size_t end = newline ? (size_t)(newline - text) : size;
    if (!first && stars) {
      while (start < end && is_blank(text[start])) start++;
      if (start < end) start++;
    }
    doc_line(docs, text + start, end - start);
    start = end + 1;
  }
}

static void walk_docs(lexer_t *lexer, docs_t *docs) {
  const char *text = lexer->source->text;
  uint32_t i = lexer->token.docs_at, end = lexer->token.docs_end;
  while (i < end) {
    if (text[i] != '/') {
      i++;
      continue;
    }
    uint32_t after;
    if (text[i + 1] == '*') {
      after = after_block(text, i, end);
      if (is_doc(text, i, after)) doc_block(docs, text + i + 3, after - i - 5);
    } else {
      const char *line = memchr(text + i, '\n', end - i);
      after = line ? (uint32_t)(line - text) : end;
      if (is_doc(text, i, after)) doc_line(docs, text + i + 3, after - i - 3);
    }
    i = after;
  }
}

bool wh_wit_lex_docs(lexer_t *lexer, const char **out) {
  *out = NULL;
  if (lexer->token.docs_at == lexer->token.docs_end) return true;
  wh_text_t text = {.alloc = lexer->reading->alloc};
  docs_t docs = {.indent = SIZE_MAX};
  walk_docs(lexer, &docs);
  docs.out = &text;
  if (docs.indent != SIZE_MAX) walk_docs(lexer, &docs);
  bool good = !text.failed;
  if (good && text.size) {
    *out = wh_wit_text(lexer->reading->wit, text.data, text.size);
    good = *out != NULL;
  }
  wh_text_free(&text);
  return good || wh_wit_oom(lexer->reading);
}

/* ---- strings ---- */

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static size_t put_code_point(uint32_t c, char *out) {
  if (c < 0x80) return out[0] = (char)c, 1;
  size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = size - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
  out[0] = (char)((size == 2 ? 0xC0 : size == 3 ? 0xE0 : 0xF0) | c);
  return size;
}

/* "{…}" of \u; 0: it is no code point. */
static size_t unicode_escape(const char *text, size_t left, uint32_t *out) {
  uint32_t value = 0;
  bool digit = false;
  size_t i = 1;
  if (left < 3 || text[0] != '{') return 0;
  for (; i < left && text[i] != '}'; i++) {
    int next = hex_digit(text[i]);
    if (next < 0 && !(text[i] == '_' && digit)) return 0;
    digit = next >= 0;
    if (digit) value = value << 4 | (uint32_t)next;
    if (value > 0x10FFFF) return 0;
  }
  if (i == left || !digit || (value >= 0xD800 && value < 0xE000)) return 0;
  *out = value;
  return i + 1;
}

bool wh_wit_lex_string(lexer_t *lexer, const char **out) {
  const char *text = lexer->source->text + lexer->token.at + 1;
  size_t left = lexer->token.size - 2, size = 0;
  char *whole =
      wh_wit_alloc(lexer->reading->wit, left + 1); /* no escape is shorter than its character */
  if (!whole) return wh_wit_oom(lexer->reading);
  for (size_t i = 0; i < left;) {
    if (text[i] != '\\') {
      whole[size++] = text[i++];
      continue;
    }
    static const char letters[] = "tnr\"'\\", meant[] = "\t\n\r\"'\\";
    char c = text[i + 1];
    const char *letter = strchr(letters, c);
    uint32_t value = 0;
    size_t used = c == 'u' ? unicode_escape(text + i + 2, left - i - 2, &value) : 0;
    if (used) {
      size += put_code_point(value, whole + size);
      i += 2 + used;
    } else if (letter) {
      whole[size++] = meant[letter - letters];
      i += 2;
    } else if (left - i >= 3 && hex_digit(c) >= 0 && hex_digit(text[i + 2]) >= 0) {
      whole[size++] = (char)(hex_digit(c) << 4 | hex_digit(text[i + 2]));
      i += 3;
    } else {
      return wh_wit_lex_fail(lexer, lexer->token.at + 1 + i, "an escape that no string has");
    }
  }
  if (!wh_utf8_valid(whole, size, NULL) || memchr(whole, 0, size))
    return wh_wit_lex_fail(lexer, lexer->token.at,
                           "the string is not well-formed UTF-8, or holds a zero");
  *out = whole;
  return true;
}
