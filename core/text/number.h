/* Numbers as the text format writes them. */
#ifndef WH_TEXT_NUMBER_H
#define WH_TEXT_NUMBER_H

#include "base/base.h"

typedef enum number_status {
  NUMBER_GOOD,
  NUMBER_NONE,        /* it is no number of that kind */
  NUMBER_OUT_OF_RANGE /* it is one, which the type does not hold */
} number_status_t;

/* Unsigned, no sign written. */
number_status_t wh_wat_number_unsigned(const char *text, size_t size, uint64_t most, uint64_t *out);
/* Signed or unsigned, of 8 to 64 bits: -2^(bits-1) to 2^bits - 1; the value extended by its sign. */
number_status_t wh_wat_number_integer(const char *text, size_t size, unsigned bits, int64_t *out);
/* f32 (bits 32) or f64 as its bits, rounded once, to the nearest, ties to even. */
number_status_t wh_wat_number_float(const char *text, size_t size, unsigned bits, uint64_t *out);

#endif
