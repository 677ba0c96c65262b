/* JSON, strictly. */
#include "json.h"
#include "utf8.h"
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 256, BLOCK = 256 * 1024 };

typedef struct json_block json_block_t;
struct json_block {
  json_block_t *next;
  size_t used, room;
  _Alignas(16) char data[];
};

typedef struct reader {
  const char *text, *at, *end;
  json_document_t *document;
  int depth;
} reader_t;

static bool fail(reader_t *r, const char *fault) {
  if (!r->document->fault) {
    r->document->fault = fault;
    r->document->line = 1;
    for (const char *c = r->text; c < r->at; c++) r->document->line += *c == '\n';
  }
  return false;
}

static void *allocate(reader_t *r, size_t size) {
  size = (size + 15) & ~(size_t)15;
  json_block_t *block = r->document->blocks;
  if (!block || block->room - block->used < size) {
    size_t room = size > BLOCK ? size : BLOCK;
    block = malloc(sizeof *block + room);
    if (!block) {
      fail(r, "out of memory");
      return NULL;
    }
    *block = (json_block_t) {r->document->blocks, 0, room};
    r->document->blocks = block;
  }
  void *memory = block->data + block->used;
  block->used += size;
  return memory;
}

static void skip_space(reader_t *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) {
    r->at++;
  }
}

static bool take(reader_t *r, char c) {
  skip_space(r);
  if (r->at == r->end || *r->at != c) return false;
  r->at++;
  return true;
}

static bool read_hex4(reader_t *r, uint32_t *out) {
  uint32_t c = 0;
  if (r->end - r->at < 4) return fail(r, "\\u wants four digits");
  for (int i = 0; i < 4; i++) {
    char digit = *r->at++;
    uint32_t value = digit >= '0' && digit <= '9'   ? (uint32_t)(digit - '0')
                     : digit >= 'a' && digit <= 'f' ? (uint32_t)(digit - 'a') + 10
                     : digit >= 'A' && digit <= 'F' ? (uint32_t)(digit - 'A') + 10
                                                    : 16;
    if (value == 16) return fail(r, "\\u wants four digits");
    c = c * 16 + value;
  }
  *out = c;
  return true;
}

static char *put_utf8(char *out, uint32_t c) {
  if (c < 0x80) {
    *out++ = (char)c;
  } else if (c < 0x800) {
    *out++ = (char)(0xC0 | c >> 6);
    *out++ = (char)(0x80 | (c & 63));
  } else if (c < 0x10000) {
    *out++ = (char)(0xE0 | c >> 12);
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  } else {
    *out++ = (char)(0xF0 | c >> 18);
    *out++ = (char)(0x80 | (c >> 12 & 63));
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  }
  return out;
}

static bool read_escape(reader_t *r, char **out) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  char c = r->at < r->end ? *r->at++ : 0;
  if (c == 'u') {
    uint32_t high, low;
    if (!read_hex4(r, &high)) return false;
    if (high >= 0xD800 && high < 0xDC00 && r->end - r->at >= 6 && r->at[0] == '\\' &&
        r->at[1] == 'u') {
      r->at += 2;
      if (!read_hex4(r, &low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return fail(r, "half a surrogate pair");
      high = 0x10000 + ((high - 0xD800) << 10 | (low - 0xDC00));
    }
    if (high >= 0xD800 && high < 0xE000) return fail(r, "half a surrogate pair");
    *out = put_utf8(*out, high);
    return true;
  }
  const char *found = c ? memchr(from, c, sizeof from - 1) : NULL;
  if (!found) return fail(r, "an unknown escape");
  *(*out)++ = to[found - from];
  return true;
}

static bool read_string(reader_t *r, json_t *out) {
  if (!take(r, '"')) return fail(r, "a string should be here");
  const char *close = r->at;
  while (close < r->end && *close != '"') close += *close == '\\' ? 2 : 1;
  if (close >= r->end) return fail(r, "a string that is not closed");
  char *text = allocate(r, (size_t)(close - r->at) + 1);
  if (!text) return false;
  char *to = text;
  while (r->at < close) {
    uint32_t c;
    if (*r->at == '\\') {
      r->at++;
      if (!read_escape(r, &to)) return false;
      continue;
    }
    size_t length = utf8_read(r->at, (size_t)(close - r->at), &c);
    if (!length || c < 0x20) return fail(r, "a character that no string may hold");
    memcpy(to, r->at, length);
    to += length;
    r->at += length;
  }
  r->at++;
  *to = 0;
  out->kind = JSON_STRING;
  out->text = text;
  out->size = (size_t)(to - text);
  return true;
}

static bool skip_digits(reader_t *r) {
  const char *first = r->at;
  while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
  return r->at > first;
}

static bool read_number(reader_t *r, json_t *out) {
  const char *first = r->at;
  if (*r->at == '-') r->at++;
  const char *digits = r->at;
  if (!skip_digits(r) || (*digits == '0' && r->at - digits > 1)) return fail(r, "no number");
  if (r->at < r->end && *r->at == '.') {
    r->at++;
    if (!skip_digits(r)) return fail(r, "no digits after the point");
  }
  if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
    r->at++;
    if (r->at < r->end && (*r->at == '+' || *r->at == '-')) r->at++;
    if (!skip_digits(r)) return fail(r, "no digits in the exponent");
  }
  size_t size = (size_t)(r->at - first);
  char *text = allocate(r, size + 1);
  if (!text) return false;
  memcpy(text, first, size);
  text[size] = 0;
  *out = (json_t) {.kind = JSON_NUMBER, .text = text, .size = size};
  return true;
}

static bool read_value(reader_t *r, json_t *out);

/* Makes room for one more item. */
static bool grow(reader_t *r, json_t *out, size_t *room) {
  if (out->count < *room) return true;
  size_t more = *room ? *room * 2 : 4;
  json_t *items = allocate(r, more * sizeof *items);
  json_t *names = out->kind == JSON_OBJECT && items ? allocate(r, more * sizeof *names) : NULL;
  if (!items || (out->kind == JSON_OBJECT && !names)) return false;
  if (out->count) {
    memcpy(items, out->items, out->count * sizeof *items);
    if (names) memcpy(names, out->names, out->count * sizeof *names);
  }
  out->items = items;
  out->names = names;
  *room = more;
  return true;
}

static bool read_array(reader_t *r, json_t *out) {
  size_t room = 0;
  out->kind = JSON_ARRAY;
  if (take(r, ']')) return true;
  do {
    if (!grow(r, out, &room) || !read_value(r, &out->items[out->count++])) return false;
  } while (take(r, ','));
  return take(r, ']') || fail(r, "an array wants \",\" or \"]\"");
}

static bool read_object(reader_t *r, json_t *out) {
  size_t room = 0;
  out->kind = JSON_OBJECT;
  if (take(r, '}')) return true;
  do {
    if (!grow(r, out, &room)) return false;
    out->names[out->count] = (json_t) {0};
    if (!read_string(r, &out->names[out->count])) return false;
    if (!take(r, ':')) return fail(r, "an object wants \":\" after a name");
    if (!read_value(r, &out->items[out->count++])) return false;
  } while (take(r, ','));
  return take(r, '}') || fail(r, "an object wants \",\" or \"}\"");
}

static bool read_word(reader_t *r, const char *word) {
  size_t size = strlen(word);
  if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0) {
    return fail(r, "a value should be here");
  }
  r->at += size;
  return true;
}

static bool read_value(reader_t *r, json_t *out) {
  *out = (json_t) {0};
  skip_space(r);
  if (r->at == r->end) return fail(r, "a value should be here");
  if (r->depth == DEPTH) return fail(r, "nested too deeply");
  bool good;
  r->depth++;
  switch (*r->at) {
  case '{':
    r->at++;
    good = read_object(r, out);
    break;
  case '[':
    r->at++;
    good = read_array(r, out);
    break;
  case '"': good = read_string(r, out); break;
  case 't':
    out->kind = JSON_BOOL;
    out->boolean = true;
    good = read_word(r, "true");
    break;
  case 'f':
    out->kind = JSON_BOOL;
    good = read_word(r, "false");
    break;
  case 'n': good = read_word(r, "null"); break;
  default:
    good = *r->at == '-' || (*r->at >= '0' && *r->at <= '9') ? read_number(r, out)
                                                             : fail(r, "a value should be here");
    break;
  }
  r->depth--;
  return good;
}

bool json_read(const char *text, size_t size, json_document_t *out) {
  *out = (json_document_t) {0};
  reader_t reader = {.text = text, .at = text, .end = text + size, .document = out};
  if (!read_value(&reader, &out->root)) return false;
  skip_space(&reader);
  return reader.at == reader.end || fail(&reader, "more after the end of the value");
}

void json_free(json_document_t *document) {
  json_block_t *block = document->blocks;
  while (block) {
    json_block_t *next = block->next;
    free(block);
    block = next;
  }
  document->blocks = NULL;
}

const json_t *json_member(const json_t *object, const char *name) {
  if (!object || object->kind != JSON_OBJECT) return NULL;
  for (size_t i = 0; i < object->count; i++) {
    if (strcmp(object->names[i].text, name) == 0) return &object->items[i];
  }
  return NULL;
}

const char *json_text(const json_t *object, const char *name) {
  const json_t *member = json_member(object, name);
  return member && member->kind == JSON_STRING ? member->text : NULL;
}

uint64_t json_number(const json_t *object, const char *name) {
  const json_t *member = json_member(object, name);
  return member && member->kind == JSON_NUMBER ? strtoull(member->text, NULL, 10) : 0;
}
