/* Names of a guest as a language spells them, and which name a person may have meant. */
#include "common.h"

#include <stdlib.h>
#include <string.h>

static void put(char *out, size_t out_size, size_t *length, char c) {
  if (*length + 1 < out_size) out[*length] = c;
  ++*length;
}

static size_t end(char *out, size_t out_size, size_t length) {
  if (out_size) out[length < out_size ? length : out_size - 1] = 0;
  return length;
}

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static char lower(char c) { return is_upper(c) ? (char)(c + ('a' - 'A')) : c; }
static char upper(char c) { return is_lower(c) ? (char)(c - ('a' - 'A')) : c; }

static int compare_words(const void *word, const void *entry) {
  return strcmp(word, *(const char *const *)entry);
}

size_t wh_bind_snake(char *out, size_t out_size, const char *name, size_t name_size,
                     const char *const *reserved, size_t reserved_count) {
  size_t length = 0;
  if (name_size && is_digit(name[0])) put(out, out_size, &length, '_');
  for (size_t i = 0; i < name_size; i++) {
    char c = name[i];
    bool plain = is_lower(c) || is_upper(c) || is_digit(c) || (unsigned char)c >= 0x80;
    put(out, out_size, &length, plain ? c : '_');
  }
  end(out, out_size, length);
  if (length < out_size && reserved_count &&
      bsearch(out, reserved, reserved_count, sizeof *reserved, compare_words))
    put(out, out_size, &length, '_');
  return end(out, out_size, length);
}

size_t wh_bind_camel(char *out, size_t out_size, const char *name, size_t name_size) {
  size_t length = 0;
  bool start = true;
  for (size_t i = 0; i < name_size; i++) {
    char c = name[i];
    bool plain = is_lower(c) || is_upper(c) || is_digit(c) || (unsigned char)c >= 0x80;
    if (!plain) {
      start = true;
      continue;
    }
    put(out, out_size, &length, start ? upper(c) : c);
    start = false;
  }
  return end(out, out_size, length);
}

static char fold(char c) { return c == '-' ? '_' : lower(c); }

size_t wh_bind_distance_limit(size_t name_size) {
  return name_size < 3 ? 1 : name_size < 8 ? 2 : 3;
}

/* Longer names are not compared: nobody mistypes them by a letter without a copy at hand. */
#define LONGEST 64

size_t wh_bind_distance(const char *a, size_t a_size, const char *b, size_t b_size, size_t limit) {
  if (a_size > LONGEST || b_size > LONGEST) return limit + 1;
  if ((a_size > b_size ? a_size - b_size : b_size - a_size) > limit) return limit + 1;
  size_t rows[3][LONGEST + 1]; /* the row before last, the last, this one */
  size_t *before = rows[0], *last = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b_size; j++) before[j] = last[j] = j;
  for (size_t i = 1; i <= a_size; i++) {
    row[0] = i;
    for (size_t j = 1; j <= b_size; j++) {
      size_t best = last[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));
      if (last[j] + 1 < best) best = last[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]) &&
          before[j - 2] + 1 < best)
        best = before[j - 2] + 1;
      row[j] = best;
    }
    size_t *free_row = before;
    before = last;
    last = row;
    row = free_row;
  }
  return last[b_size] > limit ? limit + 1 : last[b_size];
}
