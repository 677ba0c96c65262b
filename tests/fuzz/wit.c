/* WIT texts: how one is changed, and what must hold of any. */
#include "fuzz.h"

#include "types/wit.h"

/* ---- changes ---- */

typedef struct span {
  size_t start, end;
} span_t;

static bool is_word(uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '%' || c == '_' || c == '.' || c >= 0x80;
}

/* A word or a character that is none, from somewhere on; at the end of the text an empty one. */
static span_t token_from(const bytes_t *text, size_t at) {
  while (at < text->size && (text->data[at] == ' ' || text->data[at] == '\n')) at++;
  span_t token = {at, at};
  if (at == text->size) return token;
  if (!is_word(text->data[at])) {
    token.end++;
    return token;
  }
  while (token.start > 0 && is_word(text->data[token.start - 1])) token.start--;
  while (token.end < text->size && is_word(text->data[token.end])) token.end++;
  return token;
}

/* A token, up to the end of the braces, brackets or parentheses that it opens or that follow it. */
static span_t group_from(const bytes_t *text, size_t at) {
  span_t group = token_from(text, at);
  size_t depth = 0;
  for (size_t i = group.start; i < text->size; i++) {
    if (strchr("{(<", text->data[i]) && text->data[i]) depth++;
    if (strchr("})>", text->data[i]) && text->data[i] && depth && --depth == 0) {
      group.end = i + 1;
      break;
    }
    if (text->data[i] == ';' && !depth) {
      group.end = i + 1;
      break;
    }
  }
  return group;
}

static span_t any(const bytes_t *text, random_t *random) {
  size_t at = random_below(random, text->size);
  return random_chance(random, 60) ? token_from(text, at) : group_from(text, at);
}

static void change(const corpus_t *corpus, random_t *random, bytes_t *text) {
  static const char *const likely[] = {"{",
                                       "}",
                                       "(",
                                       ")",
                                       "<",
                                       ">",
                                       ";",
                                       ",",
                                       ":",
                                       "/",
                                       "@",
                                       ".",
                                       "->",
                                       " = ",
                                       "_",
                                       "%",
                                       "\"",
                                       "/*",
                                       "*/",
                                       "//",
                                       "///",
                                       "type t = u8;",
                                       "record r { a: u8 }",
                                       "resource r { constructor(); }",
                                       "use i.{t};",
                                       "include w;",
                                       "import i;",
                                       "export x: i;",
                                       "interface i {}",
                                       "world w {}",
                                       "package a:b;",
                                       "package c:d {}",
                                       "list<u8, 4>",
                                       "borrow<r>",
                                       "option<",
                                       "result<_, ",
                                       "map<",
                                       "@since(version = 1.0.0)",
                                       "@unstable(feature = f)",
                                       "@external-id(\"\\u{7f}\")",
                                       "func()",
                                       "async",
                                       "static",
                                       " as ",
                                       " with { a as b }",
                                       "1.2.3-rc.1+b",
                                       "18446744073709551616",
                                       "\xC3\xA9",
                                       "\xFF",
                                       "f32",
                                       "string",
                                       "stream",
                                       "tuple<u8, u8>"};
  span_t one = any(text, random), gap = {one.start, one.start};
  const bytes_t *from = random_chance(random, 70) ? text : &corpus_any(corpus, random)->bytes;
  span_t two = any(from, random);
  if (two.end - two.start > 2000) two.end = two.start + 2000;
  bytes_t piece = {0};
  if (random_chance(random, 50)) bytes_u8(&piece, ' ');
  switch (random_below(random, 6)) {
  case 0: bytes_replace(text, one.start, one.end, NULL, 0); break;
  case 1:
  case 2:
    bytes_add(&piece, from->data + two.start, two.end - two.start);
    bytes_replace(text, gap.start, random_chance(random, 50) ? one.end : gap.end, piece.data,
                  piece.size);
    break;
  case 3: {
    const char *word = likely[random_below(random, WH_COUNT(likely))];
    bytes_add(&piece, word, strlen(word));
    bytes_replace(text, gap.start, random_chance(random, 50) ? one.end : gap.end, piece.data,
                  piece.size);
    break;
  }
  case 4: /* names that meet: the same word in all its places */
    bytes_add(&piece, text->data + one.start, one.end - one.start);
    two = token_from(text, random_below(random, text->size));
    bytes_replace(text, two.start, two.end, piece.data, piece.size);
    break;
  default: text->data[random_below(random, text->size)] = (uint8_t)random_number(random); break;
  }
  free(piece.data);
}

void mutate_wit(const corpus_t *corpus, random_t *random, bytes_t *out) {
  const bytes_t *seed = &corpus_any(corpus, random)->bytes;
  out->size = 0;
  bytes_add(out, seed->data, seed->size);
  for (uint32_t i = 0, count = 1 + random_below(random, 4); i < count && out->size; i++)
    change(corpus, random, out);
}

/* ---- what must hold ---- */

typedef struct failing {
  uint64_t calls, fail_at; /* 0: never */
} failing_t;

static void *reallocate(void *data, void *memory, size_t old_size, size_t new_size) {
  failing_t *failing = data;
  (void)old_size;
  if (new_size == 0) {
    free(memory);
    return NULL;
  }
  if (++failing->calls >= failing->fail_at && failing->fail_at) return NULL;
  return realloc(memory, new_size);
}

static void look_at(wherry_error_t *error, bool starved) {
  wherry_error_kind_t kind = wherry_error_kind(error);
  bool expected = kind == WHERRY_ERROR_MALFORMED || kind == WHERRY_ERROR_INVALID ||
                  kind == WHERRY_ERROR_LIMIT || (starved && kind == WHERRY_ERROR_OOM);
  if (!expected || !*wherry_error_message(error))
    report_failure("an error of kind %s: %s", wherry_error_kind_name(kind),
                   wherry_error_message(error));
  wherry_error_release(error);
}

static wh_wit_t *parse(wh_alloc_t *alloc, const char *text, size_t size, wherry_error_t **error) {
  wh_wit_source_t source = {.text = text, .size = size};
  wh_wit_t *wit = NULL;
  *error = wh_wit_parse(alloc, &source, 1, NULL, &wit);
  return wit;
}

/* What was printed reads back, and prints as it did. */
static void check_printed(wh_alloc_t *alloc, const wh_text_t *text) {
  wherry_error_t *error;
  wh_wit_t *again = parse(alloc, text->data, text->size, &error);
  if (!again) report_failure("what was printed is refused: %s", wherry_error_message(error));
  wh_text_t other = {.alloc = alloc};
  error = wh_wit_print(again, &other);
  if (error) report_failure("what was printed cannot be printed: %s", wherry_error_message(error));
  if (other.size != text->size || memcmp(other.data, text->data, text->size) != 0)
    report_failure("what was printed prints otherwise:\n%s\n%s", text->data, other.data);
  wh_text_free(&other);
  wh_wit_free(again);
}

static bool check_once(const char *text, size_t size, failing_t *failing) {
  wh_alloc_t alloc;
  wherry_error_t *error;
  wh_alloc_init(&alloc, &(wherry_allocator_t) {reallocate, failing});
  wh_text_t printed = {.alloc = &alloc};
  wherry_world_t *world = NULL;
  wh_wit_t *wit = parse(&alloc, text, size, &error);
  bool good = wit != NULL;
  if (wit) {
    error = wh_wit_print(wit, &printed);
    if (!error && !failing->fail_at) check_printed(&alloc, &printed);
    if (!error) error = wh_world_of(&alloc, wit, wit->worlds.items, wit->worlds.count, &world);
    wh_world_free(world);
  }
  if (error) look_at(error, failing->fail_at != 0);
  wh_wit_free(wit);
  wh_text_free(&printed);
  if (alloc.used) report_failure("%llu bytes are lost", (unsigned long long)alloc.used);
  return good;
}

void check_wit(const uint8_t *text, size_t size, random_t *random, bool thorough,
               totals_t *totals) {
  failing_t failing = {0};
  totals->mutants++;
  totals->valid += check_once((const char *)text, size, &failing);
  if (!thorough && !random_chance(random, 20)) return;
  totals->starved++;
  failing = (failing_t) {.fail_at = 1 + random_below(random, failing.calls + 1)};
  check_once((const char *)text, size, &failing);
}
