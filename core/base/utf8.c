#include "base/base.h"

/* How many bytes of the character at `at` are well formed; 0: none. */
static size_t character(const uint8_t *at, const uint8_t *end) {
  uint8_t lead = at[0];
  size_t more;
  uint8_t low = 0x80, high = 0xBF; /* bounds of the second byte */
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) {
    more = 1;
  } else if (lead < 0xF0) {
    more = 2;
    if (lead == 0xE0) low = 0xA0;  /* else overlong */
    if (lead == 0xED) high = 0x9F; /* else a surrogate */
  } else if (lead < 0xF5) {
    more = 3;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if ((size_t)(end - at) <= more || at[1] < low || at[1] > high) return 0;
  for (size_t i = 2; i <= more; i++)
    if ((at[i] & 0xC0) != 0x80) return 0;
  return more + 1;
}

bool wh_utf8_valid(const void *bytes, size_t size, bool *ascii) {
  const uint64_t high_bits = UINT64_C(0x8080808080808080);
  const uint8_t *at = bytes, *end = at + size;
  bool only_ascii = true;
  while (at < end) {
    while (end - at >= 32) {
      uint64_t words[4];
      memcpy(words, at, 32);
      if ((words[0] | words[1] | words[2] | words[3]) & high_bits) break;
      at += 32;
    }
    if (at == end) break;
    /* Not more than 32 bytes one by one, then the fast path gets another try. */
    const uint8_t *stop = end - at > 32 ? at + 32 : end;
    while (at < stop) {
      size_t length = character(at, end);
      if (length == 0) return false;
      if (length > 1) only_ascii = false;
      at += length;
    }
  }
  if (ascii) *ascii = only_ascii;
  return true;
}
