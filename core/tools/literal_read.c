/* Text to literals: 5, -0.5, 0xff, nan, true, 'c', "text", [1, 2], (1, "a"), {x: 1, y: 2}, null. */
#include "tool.h"
#include "utf8.h"
#include <string.h>

enum { DEPTH = 64 };

typedef struct parser {
  const char *at, *end;
  const char *fault; /* NULL: none yet */
  int depth;
} parser_t;

static bool fail(parser_t *p, const char *text) {
  if (!p->fault) p->fault = text;
  return false;
}

static void skip_space(parser_t *p) {
  while (p->at < p->end && memchr(" \t\r\n", *p->at, 4)) p->at++;
}

static bool take(parser_t *p, char c) {
  skip_space(p);
  if (p->at == p->end || *p->at != c) return false;
  p->at++;
  return true;
}

static bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '-' || c == '+' || c == '.' || c == '%';
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Four hexadecimal digits, as JSON has them, or any number of them between braces. */
static bool read_unicode(parser_t *p, uint32_t *out) {
  uint32_t c = 0;
  if (p->at < p->end && *p->at == '{') {
    p->at++;
    while (p->at < p->end && hex_digit(*p->at) >= 0 && c < 0x110000) {
      c = c * 16 + (uint32_t)hex_digit(*p->at++);
    }
    if (p->at == p->end || *p->at++ != '}') return fail(p, "\\u{…} wants hexadecimal digits");
  } else {
    if (p->end - p->at < 4) return fail(p, "\\u wants four hexadecimal digits");
    for (int i = 0; i < 4; i++) {
      int digit = hex_digit(*p->at++);
      if (digit < 0) return fail(p, "\\u wants four hexadecimal digits");
      c = c * 16 + (uint32_t)digit;
    }
  }
  *out = c;
  return true;
}

static bool read_escape(parser_t *p, uint32_t *out) {
  static const char from[] = "nrtbf0\\/\"'", to[] = "\n\r\t\b\f\0\\/\"'";
  if (p->at == p->end) return fail(p, "a backslash at the end");
  char c = *p->at++;
  if (c == 'u') {
    if (!read_unicode(p, out)) return false;
    uint32_t low;
    if (*out >= 0xD800 && *out < 0xDC00 && p->end - p->at >= 6 && p->at[0] == '\\' &&
        p->at[1] == 'u') {
      p->at += 2;
      if (!read_unicode(p, &low)) return false;
      if (low >= 0xDC00 && low < 0xE000) *out = 0x10000 + ((*out - 0xD800) << 10 | (low - 0xDC00));
    }
    if (*out > 0x10FFFF || (*out >= 0xD800 && *out < 0xE000)) {
      return fail(p, "\\u: no code point of that number");
    }
    return true;
  }
  const char *found = memchr(from, c, sizeof from - 1);
  if (!found)
    return fail(p, "an unknown escape; there are \\n \\r \\t \\b \\f \\0 \\\\ \\/ \\\" \\' \\u");
  *out = (uint32_t)to[found - from];
  return true;
}

/* What stands between quotes, the first of them read already. */
static bool read_quoted(parser_t *p, char quote, text_t *out) {
  text_add(out, "", 0);
  while (p->at < p->end && *p->at != quote) {
    uint32_t c = 0;
    if (*p->at == '\\') {
      p->at++;
      if (!read_escape(p, &c)) return false;
    } else {
      size_t length = utf8_read(p->at, (size_t)(p->end - p->at), &c);
      if (!length) return fail(p, "text that is not UTF-8");
      p->at += length;
    }
    text_add_code_point(out, c);
  }
  if (p->at == p->end) return fail(p, "a quote that is not closed");
  p->at++;
  return true;
}

static bool read_literal(parser_t *p, literal_t *out);

static bool read_items(parser_t *p, char close, literal_t *out) {
  size_t room = 0;
  if (take(p, close)) return true;
  do {
    skip_space(p);
    if (out->count && p->at < p->end && *p->at == close) break; /* a comma before the end is fine */
    if (out->count == room) {
      size_t more = room ? room * 2 : 8;
      out->items = arena_grow(out->items, room * sizeof *out->items, more * sizeof *out->items);
      room = more;
    }
    if (!read_literal(p, &out->items[out->count++])) return false;
  } while (take(p, ','));
  return take(p, close) ||
         fail(p, close == ']' ? "a list wants \",\" or \"]\"" : "a tuple wants \",\" or \")\"");
}

static bool read_field_name(parser_t *p, const char **out) {
  text_t name = {0};
  skip_space(p);
  if (p->at < p->end && *p->at == '"') {
    p->at++;
    if (!read_quoted(p, '"', &name)) return false;
    *out = name.data;
    return true;
  }
  const char *first = p->at;
  while (p->at < p->end && is_word(*p->at)) p->at++;
  if (p->at == first) return fail(p, "a record wants the name of a field");
  if (*first == '%') first++;
  *out = arena_text(first, (size_t)(p->at - first));
  return true;
}

static bool read_fields(parser_t *p, literal_t *out) {
  size_t room = 0;
  if (take(p, '}')) return true;
  do {
    skip_space(p);
    if (out->count && p->at < p->end && *p->at == '}') break;
    if (out->count == room) {
      size_t more = room ? room * 2 : 8;
      out->items = arena_grow(out->items, room * sizeof *out->items, more * sizeof *out->items);
      out->names = arena_grow(out->names, room * sizeof *out->names, more * sizeof *out->names);
      room = more;
    }
    if (!read_field_name(p, &out->names[out->count])) return false;
    if (!take(p, ':')) return fail(p, "a record wants \":\" after the name of a field");
    if (!read_literal(p, &out->items[out->count++])) return false;
  } while (take(p, ','));
  return take(p, '}') || fail(p, "a record wants \",\" or \"}\"");
}

static bool word_is(const char *word, size_t size, const char *other) {
  return strlen(other) == size && memcmp(word, other, size) == 0;
}

static bool read_word(parser_t *p, literal_t *out) {
  const char *word = p->at;
  while (p->at < p->end && is_word(*p->at)) p->at++;
  size_t size = (size_t)(p->at - word);
  if (!size) return fail(p, "a character that begins no literal");
  out->text = arena_text(word, size);
  out->size = size;
  if (word_is(word, size, "true") || word_is(word, size, "false")) {
    out->kind = LITERAL_BOOL;
    out->boolean = size == 4;
    return true;
  }
  if (word_is(word, size, "null")) {
    out->kind = LITERAL_NULL;
    return true;
  }
  size_t sign = *word == '-' || *word == '+';
  if ((size > sign && word[sign] >= '0' && word[sign] <= '9') ||
      (size > sign + 1 && word[sign] == '.') || word_is(word + sign, size - sign, "inf") ||
      word_is(word + sign, size - sign, "nan")) {
    out->kind = LITERAL_NUMBER;
    return true;
  }
  static const char *const cases[] = {"some", "none", "ok", "err"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (word_is(word, size, cases[i])) return fail(p, "options and results come later");
  }
  return fail(p, "a bare word; strings stand in double quotes: '\"text\"'");
}

static bool read_literal(parser_t *p, literal_t *out) {
  *out = (literal_t) {0};
  skip_space(p);
  if (p->at == p->end) return fail(p, "nothing where a value should be");
  if (p->depth == DEPTH) return fail(p, "more than 64 values inside one another");
  char first = *p->at;
  if (!memchr("\"'[({", first, 5)) return read_word(p, out);
  p->at++;
  text_t text = {0};
  bool good = true;
  p->depth++;
  switch (first) {
  case '"':
    out->kind = LITERAL_STRING;
    good = read_quoted(p, '"', &text);
    out->text = text.data;
    out->size = text.size;
    break;
  case '\'':
    out->kind = LITERAL_CHAR;
    good = read_quoted(p, '\'', &text);
    if (good && utf8_read(text.data, text.size, &out->character) != text.size) {
      good = fail(p, "more or less than one character between single quotes");
    } else if (good && !text.size) {
      good = fail(p, "no character between single quotes");
    }
    break;
  case '[':
    out->kind = LITERAL_LIST;
    good = read_items(p, ']', out);
    break;
  case '(':
    out->kind = LITERAL_TUPLE;
    good = read_items(p, ')', out);
    break;
  default:
    out->kind = LITERAL_RECORD;
    good = read_fields(p, out);
    break;
  }
  p->depth--;
  return good;
}

const char *literal_parse(const char *text, literal_t *out) {
  parser_t parser = {.at = text, .end = text + strlen(text)};
  if (read_literal(&parser, out)) {
    skip_space(&parser);
    if (parser.at == parser.end) return NULL;
    fail(&parser, "more after the end of the value");
  }
  text_t message = {0};
  text_print(&message, "%s (at character %zu of \"%.*s\")", parser.fault,
             (size_t)(parser.at - text) + 1, (int)(strlen(text) > 200 ? 200 : strlen(text)), text);
  return message.data;
}

const char *literal_kind_name(const literal_t *literal) {
  switch (literal->kind) {
  case LITERAL_NUMBER: return "a number";
  case LITERAL_BOOL: return "a bool";
  case LITERAL_CHAR: return "a char";
  case LITERAL_STRING: return "a string";
  case LITERAL_LIST: return "a list";
  case LITERAL_TUPLE: return "a tuple";
  case LITERAL_RECORD: return "a record";
  case LITERAL_NULL: return "null";
  }
  return "?";
}
