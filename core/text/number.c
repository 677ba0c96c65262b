#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int digit_of(char c, unsigned base) {
  int value = c >= '0' && c <= '9'   ? c - '0'
              : c >= 'a' && c <= 'f' ? c - 'a' + 10
              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                     : 99;
  return value < (int)base ? value : -1;
}

static bool take_hex(const char **text, size_t *size) {
  if (*size < 2 || (*text)[0] != '0' || (*text)[1] != 'x') return false;
  *text += 2;
  *size -= 2;
  return true;
}

static bool take_sign(const char **text, size_t *size) {
  if (!*size || (**text != '-' && **text != '+')) return false;
  bool negative = **text == '-';
  ++*text;
  --*size;
  return negative;
}

number_status_t wh_wat_number_unsigned(const char *text, size_t size, uint64_t most,
                                       uint64_t *out) {
  unsigned base = take_hex(&text, &size) ? 16 : 10;
  uint64_t value = 0;
  bool over = false;
  if (!size) return NUMBER_NONE;
  for (size_t i = 0; i < size; i++) {
    if (text[i] == '_' && i > 0 && text[i - 1] != '_' && i + 1 < size) continue;
    int digit = digit_of(text[i], base);
    if (digit < 0) return NUMBER_NONE;
    over |= __builtin_mul_overflow(value, (uint64_t)base, &value);
    over |= __builtin_add_overflow(value, (uint64_t)digit, &value);
  }
  *out = value;
  return over || value > most ? NUMBER_OUT_OF_RANGE : NUMBER_GOOD;
}

number_status_t wh_wat_number_integer(const char *text, size_t size, unsigned bits, int64_t *out) {
  uint64_t most = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1, value;
  bool negative = take_sign(&text, &size);
  number_status_t status = wh_wat_number_unsigned(text, size, most, &value);
  if (status != NUMBER_GOOD) return status;
  if (negative && value > UINT64_C(1) << (bits - 1)) return NUMBER_OUT_OF_RANGE;
  if (negative) value = ~value + 1;
  *out = (int64_t)(value << (64 - bits)) >> (64 - bits);
  return NUMBER_GOOD;
}

/* ---- floats ---- */

typedef struct format {
  unsigned mantissa, bits; /* stored bits of the fraction, all bits */
  int bias;
} format_t;

static format_t format_of(unsigned bits) {
  return bits == 32 ? (format_t) {23, 32, 127} : (format_t) {52, 64, 1023};
}

static uint64_t infinity_of(format_t f) {
  return ((UINT64_C(1) << (f.bits - 1 - f.mantissa)) - 1) << f.mantissa;
}

/* value * 2^exponent, a little more if sticky. */
static number_status_t round_binary(uint64_t value, int64_t exponent, bool sticky, format_t f,
                                    uint64_t *out) {
  *out = 0;
  if (!value) return NUMBER_GOOD;
  unsigned zeros = (unsigned)__builtin_clzll(value);
  value <<= zeros;
  exponent += 63 - (int64_t)zeros; /* now 1.xxx * 2^exponent, the 1 in bit 63 */
  if (exponent > f.bias) return NUMBER_OUT_OF_RANGE;
  int64_t biased = exponent + f.bias;
  int64_t drop = 63 - (int64_t)f.mantissa;
  if (biased < 1) { /* subnormal: the 1 is stored, further down */
    drop += 1 - biased;
    biased = 1;
  }
  if (drop > 64) return NUMBER_GOOD;
  uint64_t kept = drop == 64 ? 0 : value >> drop;
  uint64_t rest = drop == 64 ? value : value << (64 - drop);
  uint64_t half = UINT64_C(1) << 63;
  if (rest > half || (rest == half && (sticky || (kept & 1)))) kept++;
  /* The leading 1 of a normal number, and a carry out of the fraction, count up the exponent. */
  *out = ((uint64_t)(biased - 1) << f.mantissa) + kept;
  return *out >= infinity_of(f) ? NUMBER_OUT_OF_RANGE : NUMBER_GOOD;
}

/* What stands after e or p. */
static bool read_exponent(const char *text, size_t size, int64_t *out) {
  bool negative = take_sign(&text, &size);
  uint64_t value;
  if (take_hex(&text, &size)) return false;
  number_status_t status = wh_wat_number_unsigned(text, size, 1000000000, &value);
  if (status == NUMBER_NONE) return false;
  if (status == NUMBER_OUT_OF_RANGE) value = 1000000000; /* any text is shorter than that */
  *out = negative ? -(int64_t)value : (int64_t)value;
  return true;
}

/* Digits with underscores between digits, a point, digits: told one by one. */
typedef struct digits {
  const char *text;
  size_t size, next;
  unsigned base;
  bool fraction; /* past the point */
  bool failed;
} digits_t;

/* -1: the end, or the exponent's letter. */
static int next_digit(digits_t *d) {
  for (;;) {
    if (d->next == d->size) return -1;
    char c = d->text[d->next];
    bool after = d->next > 0 && digit_of(d->text[d->next - 1], d->base) >= 0;
    bool before = d->next + 1 < d->size && digit_of(d->text[d->next + 1], d->base) >= 0;
    if (c == '_' && after && before) {
      d->next++;
      continue;
    }
    if (c == '.' && !d->fraction && after) {
      d->fraction = true;
      d->next++;
      continue;
    }
    int digit = digit_of(c, d->base);
    if (digit >= 0) {
      d->next++;
      return digit;
    }
    char letter = (char)(c | 0x20);
    if (letter != (d->base == 16 ? 'p' : 'e') ||
        !(after || (d->next > 0 && d->text[d->next - 1] == '.')))
      d->failed = true;
    return -1;
  }
}

static number_status_t hex_float(const char *text, size_t size, format_t f, uint64_t *out) {
  digits_t d = {.text = text, .size = size, .base = 16};
  uint64_t value = 0;
  int64_t exponent = 0, written = 0;
  bool sticky = false;
  int digit;
  while ((digit = next_digit(&d)) >= 0) {
    bool room = value >> 60 == 0;
    if (room) value = value << 4 | (uint64_t)digit;
    if (!room && digit) sticky = true;
    exponent += (d.fraction ? -4 : 0) + (room ? 0 : 4);
  }
  if (d.failed || !d.next) return NUMBER_NONE;
  if (d.next < size && !read_exponent(text + d.next + 1, size - d.next - 1, &written))
    return NUMBER_NONE;
  return round_binary(value, exponent + written, sticky, f, out);
}

/* strtod and strtof round exactly in glibc and musl; the locale says how a point looks, so the text
   given to them has none: only digits and an exponent. */
static number_status_t decimal_float(const char *text, size_t size, format_t f, uint64_t *out) {
  digits_t d = {.text = text, .size = size, .base = 10};
  /* More digits than can matter (halfway between two f64 takes 767) become a single 1. */
  enum { MOST = 800 };
  char buffer[MOST + 40];
  size_t count = 0;
  int64_t exponent = 0, written = 0;
  bool sticky = false;
  int digit;
  while ((digit = next_digit(&d)) >= 0) {
    if (d.fraction) exponent--;
    if (!count && !digit) continue;
    if (count < MOST) {
      buffer[count++] = (char)('0' + digit);
    } else {
      exponent++;
      sticky |= digit != 0;
    }
  }
  if (d.failed || !d.next) return NUMBER_NONE;
  if (d.next < size && !read_exponent(text + d.next + 1, size - d.next - 1, &written))
    return NUMBER_NONE;
  *out = 0;
  if (!count) return NUMBER_GOOD;
  if (sticky) {
    buffer[count++] = '1';
    exponent--;
  }
  snprintf(buffer + count, sizeof buffer - count, "e%lld", (long long)exponent + written);
  if (f.bits == 32) {
    float value = strtof(buffer, NULL);
    uint32_t bits;
    memcpy(&bits, &value, 4);
    *out = bits;
  } else {
    double value = strtod(buffer, NULL);
    memcpy(out, &value, 8);
  }
  return *out >= infinity_of(f) ? NUMBER_OUT_OF_RANGE : NUMBER_GOOD;
}

number_status_t wh_wat_number_float(const char *text, size_t size, unsigned bits, uint64_t *out) {
  format_t f = format_of(bits);
  uint64_t sign = take_sign(&text, &size) ? UINT64_C(1) << (bits - 1) : 0;
  number_status_t status = NUMBER_GOOD;
  uint64_t payload;
  if (size == 3 && memcmp(text, "inf", 3) == 0) {
    *out = infinity_of(f);
  } else if (size == 3 && memcmp(text, "nan", 3) == 0) {
    *out = infinity_of(f) | UINT64_C(1) << (f.mantissa - 1);
  } else if (size > 6 && memcmp(text, "nan:0x", 6) == 0) {
    status = wh_wat_number_unsigned(text + 4, size - 4, (UINT64_C(1) << f.mantissa) - 1, &payload);
    if (status == NUMBER_GOOD && !payload) status = NUMBER_OUT_OF_RANGE;
    *out = infinity_of(f) | payload;
  } else if (take_hex(&text, &size)) {
    status = hex_float(text, size, f, out);
  } else {
    status = decimal_float(text, size, f, out);
  }
  if (status == NUMBER_GOOD) *out |= sign;
  return status;
}
