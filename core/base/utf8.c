#include "base/base.h"

/* Sixteen bytes at once, compared as signed numbers: 0x80 … 0xFF come before 0x00 … 0x7F. */
typedef int8_t lanes_t __attribute__((vector_size(16)));

static inline lanes_t load(const uint8_t *at) {
  lanes_t lanes;
  memcpy(&lanes, at, sizeof lanes);
  return lanes;
}

/* Where one of 16 bytes cannot stand behind the three before it (Unicode, table 3-7). */
static inline lanes_t wrong(const uint8_t *at) {
  lanes_t byte = load(at), before = load(at - 1), before2 = load(at - 2), before3 = load(at - 3);
  lanes_t continues = byte < (int8_t)0xC0;
  lanes_t wanted = ((before >= (int8_t)0xC0) & (before < 0)) |
                   ((before2 >= (int8_t)0xE0) & (before2 < 0)) |
                   ((before3 >= (int8_t)0xF0) & (before3 < 0));
  lanes_t never =
      (byte == (int8_t)0xC0) | (byte == (int8_t)0xC1) | ((byte >= (int8_t)0xF5) & (byte < 0));
  lanes_t overlong = ((before == (int8_t)0xE0) & (byte < (int8_t)0xA0)) |
                     ((before == (int8_t)0xF0) & (byte < (int8_t)0x90));
  lanes_t surrogate = (before == (int8_t)0xED) & (byte > (int8_t)0x9F);
  lanes_t beyond = (before == (int8_t)0xF4) & (byte > (int8_t)0x8F);
  return (continues ^ wanted) | never | overlong | surrogate | beyond;
}

enum { BLOCK = 32, BEFORE = 3 };

/* at: a block, with BEFORE bytes before it. */
static inline bool block_is_wrong(const uint8_t *at) {
  lanes_t found = wrong(at) | wrong(at + 16);
  uint64_t words[2];
  memcpy(words, &found, sizeof words);
  return (words[0] | words[1]) != 0;
}

static inline bool block_is_ascii(const uint8_t *at) {
  uint64_t words[4];
  memcpy(words, at, sizeof words);
  return ((words[0] | words[1] | words[2] | words[3]) & UINT64_C(0x8080808080808080)) == 0;
}

bool wh_utf8_valid(const void *bytes, size_t size, bool *ascii) {
  const uint8_t *start = bytes, *at = start, *end = at + size;
  uint8_t edge[BEFORE + BLOCK]; /* a block whose neighbours are not ours to read */
  bool only_ascii = true;
  bool open = false; /* the block before was not ASCII: a character may reach into this one */
  for (; end - at >= BLOCK; at += BLOCK) {
    bool is_ascii = block_is_ascii(at);
    if (is_ascii && !open) continue;
    const uint8_t *block = at;
    if (at == start) {
      memset(edge, 0, BEFORE);
      memcpy(edge + BEFORE, at, BLOCK);
      block = edge + BEFORE;
    }
    if (block_is_wrong(block)) return false;
    open = !is_ascii;
    if (open) only_ascii = false;
  }
  /* The rest, with zeros behind: whatever is cut off there is wrong. */
  if (at < end || open) {
    size_t before = at == start ? 0 : BEFORE;
    memset(edge, 0, sizeof edge);
    memcpy(edge + BEFORE - before, at - before, before + (size_t)(end - at));
    if (!block_is_ascii(edge + BEFORE)) only_ascii = false;
    if ((!only_ascii || open) && block_is_wrong(edge + BEFORE)) return false;
  }
  if (ascii) *ascii = only_ascii;
  return true;
}
