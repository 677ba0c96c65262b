#include "base/base.h"

#include <stdio.h>

/* Room for `more` bytes and the zero at the end. */
static bool reserve(wh_text_t *text, size_t more) {
  size_t wanted;
  if (text->failed || !wh_add_size(text->size, more, &wanted) || !wh_add_size(wanted, 1, &wanted))
    goto fail;
  if (wanted <= text->capacity) return true;
  size_t capacity = wanted < 64 ? 64 : wanted + wanted / 2;
  char *data = wh_realloc(text->alloc, text->data, text->capacity, capacity);
  if (!data) goto fail;
  text->data = data;
  text->capacity = capacity;
  return true;
fail:
  text->failed = true;
  return false;
}

void wh_text_append(wh_text_t *text, const char *data, size_t size) {
  if (!reserve(text, size)) return;
  if (size) memcpy(text->data + text->size, data, size);
  text->size += size;
  text->data[text->size] = 0;
}

void wh_text_vprintf(wh_text_t *text, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (size < 0) {
    text->failed = true;
    return;
  }
  if (!reserve(text, (size_t)size)) return;
  vsnprintf(text->data + text->size, (size_t)size + 1, format, arguments);
  text->size += (size_t)size;
}

void wh_text_printf(wh_text_t *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wh_text_vprintf(text, format, arguments);
  va_end(arguments);
}

void wh_text_name(wh_text_t *text, const char *name, size_t size) {
  wh_text_append(text, "\"", 1);
  for (size_t i = 0; i < size;) {
    uint8_t byte = (uint8_t)name[i];
    size_t length = 1;
    if (byte >= 0x80) {
      for (length = 4; length > 1; length--)
        if (length <= size - i && wh_utf8_valid(name + i, length, NULL)) break;
    }
    /* U+0080 to U+009F are control characters too. */
    bool control = byte < 0x20 || byte == 0x7F || (byte >= 0x80 && length == 1) ||
                   (byte == 0xC2 && (uint8_t)name[i + 1] < 0xA0);
    if (control) {
      for (size_t k = 0; k < length; k++) wh_text_printf(text, "\\%02x", (uint8_t)name[i + k]);
    } else {
      if (byte == '"' || byte == '\\') wh_text_append(text, "\\", 1);
      wh_text_append(text, name + i, length);
    }
    i += length;
  }
  wh_text_append(text, "\"", 1);
}

void wh_text_free(wh_text_t *text) {
  wh_free(text->alloc, text->data, text->capacity);
  text->data = NULL;
  text->size = text->capacity = 0;
}

/* ---- names that are near ---- */

enum { LONGEST = 64 }; /* longer names are compared for equality but for case only */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '-' ? '_' : c; }

/* Levenshtein's distance; case and the kind of hyphen do not count, transpositions count two. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size) {
  size_t row[LONGEST + 1];
  if (a_size > LONGEST || b_size > LONGEST) return SIZE_MAX;
  for (size_t k = 0; k <= b_size; k++) row[k] = k;
  for (size_t i = 1; i <= a_size; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t k = 1; k <= b_size; k++) {
      size_t best = diagonal + (lower(a[i - 1]) != lower(b[k - 1]));
      if (row[k] + 1 < best) best = row[k] + 1;
      if (row[k - 1] + 1 < best) best = row[k - 1] + 1;
      diagonal = row[k];
      row[k] = best;
    }
  }
  return row[b_size];
}

void wh_near_offer(wh_near_t *near, const char *name, size_t size) {
  size_t gap = size > near->size ? size - near->size : near->size - size;
  size_t tolerated = near->size < 3 ? 1 : (near->size + 2) / 4;
  if (gap > tolerated) return;
  size_t d = distance(near->wanted, near->size, name, size);
  if (d > tolerated || d >= size) return; /* nothing in common is not near */
  size_t place = near->count;
  while (place > 0 && near->best_distance[place - 1] > d) place--;
  if (place == WH_COUNT(near->best)) return;
  if (near->count < WH_COUNT(near->best)) near->count++;
  for (size_t i = near->count - 1; i > place; i--) {
    near->best[i] = near->best[i - 1];
    near->best_size[i] = near->best_size[i - 1];
    near->best_distance[i] = near->best_distance[i - 1];
  }
  near->best[place] = name;
  near->best_size[place] = size;
  near->best_distance[place] = d;
}

void wh_near_print(const wh_near_t *near, wh_text_t *text) {
  for (size_t i = 0; i < near->count; i++) {
    wh_text_printf(text, "%s", i == 0 ? "; did you mean " : i + 1 < near->count ? ", " : " or ");
    wh_text_name(text, near->best[i], near->best_size[i]);
  }
  if (near->count) wh_text_append(text, "?", 1);
}
