/* The texts of errors that a shim finds by itself, in the words that canon uses as well. */
#include "common.h"

#include <inttypes.h>
#include <stdio.h>

static size_t done(char *out, size_t size, int length) {
  if (length < 0) {
    if (size) out[0] = 0;
    return 0;
  }
  return (size_t)length;
}

static size_t place_text(char *out, size_t size, const wh_bind_place_t *place) {
  out[0] = 0;
  if (!place) return 0;
  if (place->parameter == 0)
    return done(out, size, snprintf(out, size, "%s(): result: ", place->function));
  if (!place->parameter_name)
    return done(out, size,
                snprintf(out, size, "%s(): parameter %zu: ", place->function, place->parameter));
  return done(out, size,
              snprintf(out, size, "%s(): parameter %zu (%s): ", place->function, place->parameter,
                       place->parameter_name));
}

size_t wh_bind_text_range(char *out, size_t size, const wh_bind_place_t *place, const char *value,
                          const char *type) {
  char where[WH_BIND_TEXT / 2];
  place_text(where, sizeof where, place);
  return done(out, size, snprintf(out, size, "%s%s does not fit in %s", where, value, type));
}

size_t wh_bind_text_type(char *out, size_t size, const wh_bind_place_t *place, const char *expected,
                         const char *got) {
  char where[WH_BIND_TEXT / 2];
  place_text(where, sizeof where, place);
  return done(out, size, snprintf(out, size, "%sexpected %s, got %s", where, expected, got));
}

size_t wh_bind_text_count(char *out, size_t size, const char *function, size_t expected,
                          size_t got) {
  return done(out, size,
              snprintf(out, size, "%s(): expected %zu argument%s, got %zu", function, expected,
                       expected == 1 ? "" : "s", got));
}

size_t wh_bind_text_results(char *out, size_t size, const char *function, size_t expected,
                            size_t got) {
  return done(out, size,
              snprintf(out, size, "%s(): expected %zu result%s, got %zu", function, expected,
                       expected == 1 ? "" : "s", got));
}

size_t wh_bind_text_bounds(char *out, size_t size, uint64_t address, uint64_t bytes,
                           uint64_t memory_size) {
  return done(out, size,
              snprintf(out, size,
                       "%" PRIu64 " byte%s at address %" PRIu64 " are not in the memory (%" PRIu64
                       " bytes)",
                       bytes, bytes == 1 ? "" : "s", address, memory_size));
}

size_t wh_bind_text_closed(char *out, size_t size, const char *what) {
  return done(out, size, snprintf(out, size, "the %s is closed", what));
}
