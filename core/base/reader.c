#include "base/base.h"

/* Binary Format, Integers: at most ceil(bits / 7) bytes; what lies beyond the width in the last one
   is zero, or the sign in all bits. */
wh_leb_t wh_leb_slow(const uint8_t *at, const uint8_t *end, unsigned bits, bool is_signed) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (at == end) return (wh_leb_t) {NULL, WH_LEB_ENDS_EARLY};
    uint8_t byte = *at++;
    if (shift + 7 > bits) {
      unsigned kept = bits - shift; /* of this last byte's seven bits */
      if (byte & 0x80) return (wh_leb_t) {NULL, WH_LEB_TOO_LONG};
      uint8_t beyond = (uint8_t)(0x7F << kept & 0x7F);
      bool negative = is_signed && (byte >> (kept - 1) & 1);
      if ((byte & beyond) != (negative ? beyond : 0)) return (wh_leb_t) {NULL, WH_LEB_TOO_LARGE};
    }
    value |= (uint64_t)(byte & 0x7F) << shift;
    if (!(byte & 0x80)) {
      if (is_signed && shift + 7 < 64 && (byte & 0x40)) value |= ~UINT64_C(0) << (shift + 7);
      return (wh_leb_t) {at, value};
    }
  }
}

static bool read_leb(wh_reader_t *reader, unsigned bits, bool is_signed, uint64_t *out) {
  wh_leb_t leb = wh_leb_slow(reader->next, reader->end, bits, is_signed);
  if (!leb.next) return false;
  reader->next = leb.next;
  *out = leb.value;
  return true;
}

bool wh_read_u8(wh_reader_t *reader, uint8_t *out) {
  if (reader->next == reader->end) return false;
  *out = *reader->next++;
  return true;
}

bool wh_read_u32(wh_reader_t *reader, uint32_t *out) {
  if (WH_LIKELY(reader->next < reader->end && *reader->next < 0x80)) {
    *out = *reader->next++;
    return true;
  }
  uint64_t value;
  if (!read_leb(reader, 32, false, &value)) return false;
  *out = (uint32_t)value;
  return true;
}

bool wh_read_u64(wh_reader_t *reader, uint64_t *out) { return read_leb(reader, 64, false, out); }

bool wh_read_s32(wh_reader_t *reader, int32_t *out) {
  uint64_t value;
  if (!read_leb(reader, 32, true, &value)) return false;
  *out = (int32_t)(uint32_t)value;
  return true;
}

bool wh_read_s33(wh_reader_t *reader, int64_t *out) {
  uint64_t value;
  if (!read_leb(reader, 33, true, &value)) return false;
  *out = (int64_t)value;
  return true;
}

bool wh_read_s64(wh_reader_t *reader, int64_t *out) {
  uint64_t value;
  if (!read_leb(reader, 64, true, &value)) return false;
  *out = (int64_t)value;
  return true;
}

bool wh_read_bytes(wh_reader_t *reader, size_t size, const uint8_t **out) {
  if ((size_t)(reader->end - reader->next) < size) return false;
  *out = reader->next;
  reader->next += size;
  return true;
}

const char *wh_leb_problem(uint64_t problem) {
  return problem == WH_LEB_TOO_LONG    ? "integer representation too long"
         : problem == WH_LEB_TOO_LARGE ? "integer too large"
                                       : "unexpected end";
}

const char *wh_read_problem(const wh_reader_t *reader, unsigned bits, bool is_signed) {
  if (bits == 0) return "unexpected end";
  wh_leb_t leb = wh_leb_slow(reader->next, reader->end, bits, is_signed);
  return leb.next ? "unexpected end" : wh_leb_problem(leb.value);
}
