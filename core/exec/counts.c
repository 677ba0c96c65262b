#include "counts.h"

#ifdef WHERRY_COUNTS

#include <stdio.h>
#include <stdlib.h>
#include "exec/exec.h"

/* What is known of a place is copied at its first run: its code may be gone at the end. */
enum { OPERANDS_KEPT = 8 };
typedef struct place {
  const wh_word_t *ip;
  uint64_t runs, falls;
  uint32_t op, operand_count, operands[OPERANDS_KEPT];
} place_t;

/* A hash table by address. */
static place_t *places;
static unsigned bits;
static size_t used;
static wh_handlers_t handlers;
static bool lost;                  /* there was no memory for more places */
static const wh_word_t *following; /* the place behind the operation that ran last */

static place_t *find(place_t *in, unsigned in_bits, const wh_word_t *ip) {
  size_t mask = ((size_t)1 << in_bits) - 1;
  size_t at = ((uint64_t)(uintptr_t)ip * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - in_bits);
  while (in[at].ip && in[at].ip != ip) at = (at + 1) & mask;
  return &in[at];
}

static bool grow(void) {
  unsigned new_bits = bits ? bits + 1 : 16;
  place_t *grown = calloc((size_t)1 << new_bits, sizeof *grown);
  if (!grown) return false;
  for (size_t i = 0; bits && i >> bits == 0; i++)
    if (places[i].ip) *find(grown, new_bits, places[i].ip) = places[i];
  free(places);
  places = grown;
  bits = new_bits;
  return true;
}

static void report(void) {
  FILE *file = fopen(getenv("WHERRY_COUNTS"), "w");
  if (!file) return;
  if (lost) fputs("lost\n", file);
  for (size_t i = 0; i >> bits == 0; i++) {
    const place_t *place = &places[i];
    if (!place->ip) continue;
    fprintf(file, "%ju\t%u\t%ju\t%ju\t%s", (uintmax_t)((uintptr_t)place->ip / sizeof(wh_word_t)),
            WH_HANDLER_WORDS + place->operand_count, (uintmax_t)place->runs,
            (uintmax_t)place->falls, wh_code_op_name((wh_code_op_t)place->op));
    for (uint32_t n = 0; n < place->operand_count && n < OPERANDS_KEPT; n++)
      fprintf(file, "\t%d", (int32_t)place->operands[n]);
    fputc('\n', file);
  }
  fclose(file);
}

static place_t *place_of(const wh_word_t *ip) {
  place_t *place = bits ? find(places, bits, ip) : NULL;
  if (place && place->ip) return place;
  if (lost || !getenv("WHERRY_COUNTS")) return NULL;
  if (!bits) {
    atexit(report);
    wh_exec_set_handlers(&handlers, false);
  }
  if ((!bits || used >> (bits - 1)) && !grow()) {
    lost = true;
    return NULL;
  }
  place = find(places, bits, ip);
  place->ip = ip;
  place->op = wh_code_op_at(&handlers, ip);
  const wh_word_t *operands = ip + WH_HANDLER_WORDS;
  place->operand_count = wh_code_op_operands((wh_code_op_t)place->op, operands);
  for (uint32_t n = 0; n < place->operand_count && n < OPERANDS_KEPT; n++)
    place->operands[n] = operands[n];
  used++;
  return place;
}

void wh_exec_count(const wh_word_t *ip) {
  place_t *place = place_of(ip);
  if (!place) return;
  place->runs++;
  place->falls += ip == following;
  following = ip + WH_HANDLER_WORDS + place->operand_count;
}

#endif
