/* How a text is changed: by its words, its lists in parentheses, and now and then by its bytes. */
#include "fuzz.h"

typedef struct word {
  uint32_t start, end;
} word_t;
typedef WH_VEC(word_t) words_t;

static wh_alloc_t alloc;

static bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

static size_t word_end(const bytes_t *text, size_t at) {
  uint8_t c = text->data[at++];
  if (c == '(' || c == ')') return at;
  if (c == '"') {
    while (at < text->size && text->data[at] != '"') at += text->data[at] == '\\' ? 2 : 1;
    return at < text->size ? at + 1 : text->size;
  }
  if (c == ';' && at < text->size && text->data[at] == ';') {
    while (at < text->size && text->data[at] != '\n') at++;
    return at;
  }
  while (at < text->size && !is_space(text->data[at]) && !strchr("()\";", text->data[at])) at++;
  return at;
}

static void find_words(const bytes_t *text, words_t *out) {
  if (!alloc.host.reallocate) wh_alloc_init(&alloc, NULL);
  for (size_t at = 0; at < text->size;) {
    if (is_space(text->data[at])) {
      at++;
      continue;
    }
    word_t word = {(uint32_t)at, (uint32_t)word_end(text, at)};
    if (!wh_vec_push(&alloc, out, word)) abort();
    at = word.end;
  }
}

/* The list that a word begins, or the word alone. */
static word_t list_at(const bytes_t *text, const words_t *words, size_t index) {
  word_t list = words->items[index];
  if (text->data[list.start] != '(') return list;
  int depth = 0;
  for (; index < words->count; index++) {
    uint8_t c = text->data[words->items[index].start];
    depth += (c == '(') - (c == ')');
    list.end = words->items[index].end;
    if (depth == 0) break;
  }
  return list;
}

static void put(bytes_t *text, word_t what, const uint8_t *data, size_t size) {
  bytes_t spaced = {0};
  bytes_u8(&spaced, ' ');
  bytes_add(&spaced, data, size);
  bytes_u8(&spaced, ' ');
  bytes_replace(text, what.start, what.end, spaced.data, spaced.size);
  free(spaced.data);
}

static void put_likely(random_t *random, bytes_t *text, word_t what) {
  static const char *const likely[] = {"(",
                                       ")",
                                       "0",
                                       "-1",
                                       "0x7fffffff",
                                       "4294967296",
                                       "nan:0x1",
                                       "1e400",
                                       "0x1p-1074",
                                       "$x",
                                       "\"\\00\"",
                                       "(i32.const 0)",
                                       "i32",
                                       "(ref null 0)",
                                       "(type 0)",
                                       "(param i32)",
                                       "(result i32)",
                                       "(then)",
                                       "(else)",
                                       "end",
                                       "(;",
                                       ";)",
                                       "(@a)",
                                       "(@custom \"a\" \"b\")",
                                       "$\"x\"",
                                       "offset=1",
                                       "align=3",
                                       "_",
                                       "(import \"\" \"\")",
                                       "(export \"\")",
                                       "shared",
                                       "i64",
                                       "(rec)",
                                       "(sub 0 (func))",
                                       "-",
                                       "18446744073709551615",
                                       "(@name \"n\")",
                                       "(module)",
                                       "\"\\u{10ffff}\"",
                                       "inf",
                                       "(mut"};
  const char *word = likely[random_below(random, WH_COUNT(likely))];
  put(text, what, (const uint8_t *)word, strlen(word));
}

static void change_words(const corpus_t *corpus, random_t *random, const words_t *words,
                         bytes_t *text) {
  size_t one_at = random_below(random, words->count), two_at = random_below(random, words->count);
  word_t one = list_at(text, words, one_at), two = list_at(text, words, two_at);
  if (random_chance(random, 50)) one = words->items[one_at];
  word_t gap = {one.start, one.start};
  switch (random_below(random, 8)) {
  case 0: put(text, one, NULL, 0); break;
  case 1: put(text, gap, text->data + one.start, one.end - one.start); break;
  case 2: put(text, one, text->data + two.start, two.end - two.start); break;
  case 3: put(text, gap, text->data + two.start, two.end - two.start); break;
  case 4: put_likely(random, text, one); break;
  case 5: put_likely(random, text, gap); break;
  default: { /* a word or list of another text */
    const bytes_t *other = &corpus_any(corpus, random)->bytes;
    words_t theirs = {0};
    find_words(other, &theirs);
    if (theirs.count) {
      word_t word = list_at(other, &theirs, random_below(random, theirs.count));
      if (word.end - word.start < 2000)
        put(text, random_chance(random, 50) ? one : gap, other->data + word.start,
            word.end - word.start);
    }
    wh_vec_free(&alloc, &theirs);
  }
  }
}

static void change_byte(random_t *random, bytes_t *text) {
  static const char likely[] = "();\"$@\\=_.:0179afx+- \n\x80\xC3\xFF";
  size_t at = random_below(random, text->size);
  uint8_t byte = (uint8_t)likely[random_below(random, sizeof likely)];
  switch (random_below(random, 4)) {
  case 0: text->data[at] = byte; break;
  case 1: bytes_replace(text, at, at, &byte, 1); break;
  case 2: bytes_replace(text, at, at + 1, NULL, 0); break;
  default: text->size = at;
  }
}

void mutate_text(const corpus_t *corpus, random_t *random, bytes_t *out) {
  const bytes_t *from = &corpus_any(corpus, random)->bytes;
  out->size = 0;
  bytes_add(out, from->data, from->size);
  do {
    words_t words = {0};
    find_words(out, &words);
    if (words.count && random_chance(random, 85))
      change_words(corpus, random, &words, out);
    else if (out->size)
      change_byte(random, out);
    wh_vec_free(&alloc, &words);
  } while (random_chance(random, 50));
}
