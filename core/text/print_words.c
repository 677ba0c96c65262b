/* Pieces of text: lines, numbers, strings. */
#include "number.h"
#include "print.h"

#include <stdio.h>

enum {
  LINE = 96,       /* columns; what can go on to a new line does so behind them */
  DEEPEST = 30,    /* levels that indent: deeper ones would make lines of nothing but spaces */
  HEXADECIMAL = 16 /* digits of a u64 */
};

void wh_wat_print(printer_t *p, const char *words) {
  wh_text_append(&p->out, words, strlen(words));
}

void wh_wat_print_line(printer_t *p) {
  static const char spaces[] = "                                                            ";
  _Static_assert(sizeof spaces > 2 * (size_t)DEEPEST, "two a level");
  if (p->in_line) {
    bool begins = p->out.size && !p->out.failed && p->out.data[p->out.size - 1] == ' ';
    if (!begins) wh_text_append(&p->out, " ", 1);
    return;
  }
  wh_text_append(&p->out, "\n", 1);
  p->line = p->out.size;
  wh_text_append(&p->out, spaces, 2 * (size_t)(p->depth < DEEPEST ? p->depth : DEEPEST));
}

bool wh_wat_print_is_full(const printer_t *p) { return p->out.size - p->line > LINE; }

void wh_wat_print_space(printer_t *p) {
  if (!p->in_line && wh_wat_print_is_full(p))
    wh_wat_print_line(p);
  else
    wh_text_append(&p->out, " ", 1);
}

/* ---- numbers ---- */

void wh_wat_print_number(printer_t *p, uint64_t value) {
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  wh_text_append(&p->out, digits + at, sizeof digits - at);
}

void wh_wat_print_signed(printer_t *p, int64_t value) {
  if (value < 0) wh_text_append(&p->out, "-", 1);
  wh_wat_print_number(p, value < 0 ? ~(uint64_t)value + 1 : (uint64_t)value);
}

static const char hex[] = "0123456789abcdef";

void wh_wat_print_hex(printer_t *p, uint64_t value, unsigned digits) {
  char text[2 + HEXADECIMAL] = "0x";
  for (unsigned i = 0; i < digits; i++) text[2 + i] = hex[value >> 4 * (digits - 1 - i) & 15];
  wh_text_append(&p->out, text, 2 + digits);
}

enum { DECIMAL_SIZE = 64 };

/* A finite number, not negative, with so many digits, as the text has it; its size. */
static size_t decimal(double value, int digits, char out[DECIMAL_SIZE]) {
  char raw[DECIMAL_SIZE], figures[DECIMAL_SIZE];
  size_t count = 0, at = 0, size = 0;
  snprintf(raw, sizeof raw, "%.*e", digits - 1, value);
  /* The locale says how a point looks. */
  for (; raw[at] != 'e'; at++)
    if (raw[at] >= '0' && raw[at] <= '9') figures[count++] = raw[at];
  while (count > 1 && figures[count - 1] == '0') count--;
  bool negative = raw[++at] == '-';
  int exponent = 0, point = 1; /* how many figures are before the point */
  for (at++; raw[at]; at++) exponent = exponent * 10 + (raw[at] - '0');
  if (negative) exponent = -exponent;
  if (exponent >= -5 && exponent <= 16) {
    point = exponent + 1;
    exponent = 0;
  }
  if (point <= 0) out[size++] = '0';
  if (point <= 0) out[size++] = '.';
  for (int i = point; i < 0; i++) out[size++] = '0';
  for (size_t i = 0; i < count || (int)i < point; i++) {
    if (i > 0 && (int)i == point) out[size++] = '.';
    out[size++] = i < count ? figures[i] : '0';
  }
  if (exponent) size += (size_t)snprintf(out + size, DECIMAL_SIZE - size, "e%d", exponent);
  return size;
}

void wh_wat_print_float(printer_t *p, uint64_t value, unsigned bits) {
  unsigned mantissa = bits == 32 ? 23 : 52;
  uint64_t fraction = value & ((UINT64_C(1) << mantissa) - 1);
  uint64_t rest = value & ((UINT64_C(1) << (bits - 1)) - 1);
  uint64_t infinity = ((UINT64_C(1) << (bits - 1 - mantissa)) - 1) << mantissa;
  if (value >> (bits - 1) & 1) wh_wat_print(p, "-");
  if (rest >= infinity) {
    wh_wat_print(p, fraction ? "nan" : "inf");
    if (!fraction || fraction == UINT64_C(1) << (mantissa - 1)) return;
    unsigned digits = 1;
    while (fraction >> 4 * digits) digits++;
    wh_wat_print(p, ":");
    wh_wat_print_hex(p, fraction, digits);
    return;
  }
  double number;
  if (bits == 32) {
    float single;
    uint32_t low = (uint32_t)rest;
    memcpy(&single, &low, 4);
    number = (double)single;
  } else {
    memcpy(&number, &rest, 8);
  }
  /* The last number of digits always reads back, the first nearly always, of a subnormal any may. */
  char text[DECIMAL_SIZE];
  size_t size = 0;
  uint64_t back = ~rest;
  bool subnormal = rest >> mantissa == 0;
  for (int digits = subnormal ? 1 : bits == 32 ? 6 : 15; back != rest; digits++) {
    size = decimal(number, digits, text);
    if (digits == (bits == 32 ? 9 : 17)) break;
    if (wh_wat_number_float(text, size, bits, &back) != NUMBER_GOOD) back = ~rest;
  }
  wh_text_append(&p->out, text, size);
}

/* ---- strings ---- */

static void hex_byte(wh_text_t *out, uint8_t byte) {
  char text[3] = {'\\', hex[byte >> 4], hex[byte & 15]};
  wh_text_append(out, text, sizeof text);
}

/* Of bytes below 128: whether it took an escape. */
static bool escaped(wh_text_t *out, uint8_t byte) {
  switch (byte) {
  case '"': wh_text_append(out, "\\\"", 2); return true;
  case '\\': wh_text_append(out, "\\\\", 2); return true;
  case '\t': wh_text_append(out, "\\t", 2); return true;
  case '\n': wh_text_append(out, "\\n", 2); return true;
  case '\r': wh_text_append(out, "\\r", 2); return true;
  default:
    if (byte >= 0x20 && byte < 0x7F) return false;
    hex_byte(out, byte);
    return true;
  }
}

/* What a terminal or a reader could take for something else: C1 controls, changes of direction,
   separators of lines, what is invisible. */
static bool is_hidden(uint32_t code) {
  return (code >= 0x80 && code < 0xA0) || code == 0xAD || code == 0x61C || code == 0xFEFF ||
         (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F);
}

/* Well-formed UTF-8. */
static uint32_t code_point(const uint8_t *at, size_t *size) {
  *size = *at < 0x80 ? 1 : *at < 0xE0 ? 2 : *at < 0xF0 ? 3 : 4;
  uint32_t code = *size == 1 ? *at : *at & (0xFFu >> (*size + 1));
  for (size_t i = 1; i < *size; i++) code = code << 6 | (at[i] & 0x3Fu);
  return code;
}

void wh_wat_print_string(wh_text_t *out, wherry_bytes_t name) {
  wh_text_append(out, "\"", 1);
  for (size_t i = 0, size = 1; i < name.size; i += size) {
    const uint8_t *at = name.data + i;
    uint32_t code = code_point(at, &size);
    if (code < 0x80 ? escaped(out, *at) : is_hidden(code)) {
      if (code >= 0x80) wh_text_printf(out, "\\u{%x}", code);
    } else {
      wh_text_append(out, (const char *)at, size);
    }
  }
  wh_text_append(out, "\"", 1);
}

void wh_wat_print_bytes(printer_t *p, wherry_bytes_t bytes) {
  size_t i = 0;
  /* What does not fit behind what is there has lines of its own. */
  bool many = bytes.size > LINE / 3;
  p->depth++;
  do {
    if (many)
      wh_wat_print_line(p);
    else
      wh_wat_print(p, " ");
    wh_wat_print(p, "\"");
    for (; i < bytes.size && (!many || !wh_wat_print_is_full(p)); i++)
      if (!escaped(&p->out, bytes.data[i]))
        wh_text_append(&p->out, (const char *)bytes.data + i, 1);
    wh_wat_print(p, "\"");
  } while (i < bytes.size);
  p->depth--;
}
