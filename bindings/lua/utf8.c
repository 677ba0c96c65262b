/* Is a string well-formed UTF-8 (no surrogates, nothing above U+10FFFF)? */
#include "shim.h"

#include <string.h>

/* How many bytes a character of two or more has at text; 0: it is not well-formed. */
static size_t character(const uint8_t *text, size_t size) {
  uint8_t first = text[0], least = 0x80, most = 0xBF;
  size_t bytes = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (first < 0xC2 || first > 0xF4 || size < bytes) return 0;
  if (first == 0xE0) least = 0xA0;
  if (first == 0xED) most = 0x9F;
  if (first == 0xF0) least = 0x90;
  if (first == 0xF4) most = 0x8F;
  if (text[1] < least || text[1] > most) return 0;
  for (size_t i = 2; i < bytes; i++)
    if ((text[i] & 0xC0) != 0x80) return 0;
  return bytes;
}

enum { BLOCK = 32 };

static inline bool block_is_ascii(const uint8_t *text) {
  uint64_t words[BLOCK / 8];
  memcpy(words, text, sizeof words);
  return ((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080)) == 0;
}

bool wl_utf8_valid(const char *data, size_t size) {
  const uint8_t *text = (const uint8_t *)data;
  size_t i = 0;
  while (i < size) {
    if (text[i] < 0x80) {
      while (size - i >= BLOCK && block_is_ascii(text + i)) i += BLOCK;
      while (i < size && text[i] < 0x80) i++;
      continue;
    }
    /* Most text beyond ASCII has characters of two bytes, or of three, in a row. */
    for (; size - i >= 2 && text[i] >= 0xC2 && text[i] < 0xE0 && (text[i + 1] & 0xC0) == 0x80;
         i += 2);
    for (; size - i >= 3 && text[i] > 0xE0 && text[i] < 0xED && (text[i + 1] & 0xC0) == 0x80 &&
           (text[i + 2] & 0xC0) == 0x80;
         i += 3);
    if (i >= size || text[i] < 0x80) continue;
    size_t bytes = character(text + i, size - i);
    if (!bytes) return false;
    i += bytes;
  }
  return true;
}
