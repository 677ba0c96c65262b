/* One code point of UTF-8 at a time. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Its length in bytes, 0 where the bytes are not well-formed. */
static inline size_t utf8_read(const char *text, size_t size, uint32_t *out) {
  const uint8_t *bytes = (const uint8_t *)text;
  if (!size) return 0;
  uint32_t c = bytes[0];
  size_t length = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
  if (!length || length > size) return 0;
  if (length > 1) c &= 0x7Fu >> length;
  for (size_t i = 1; i < length; i++) {
    if ((bytes[i] & 0xC0) != 0x80) return 0;
    c = c << 6 | (bytes[i] & 63u);
  }
  if ((length == 3 && c < 0x800) || (length == 4 && c < 0x10000)) return 0;
  if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) return 0;
  *out = c;
  return length;
}

#endif
