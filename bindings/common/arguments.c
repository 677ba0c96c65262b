/* Small readings of what a person gives to load. */
#include "common.h"

#include <string.h>

bool wh_bind_is_wasm(const void *bytes, size_t size) {
  return size >= 4 && memcmp(bytes, "\0asm", 4) == 0;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

static bool unit_is(const char *text, size_t size, const char *unit) {
  size_t i = 0;
  for (; i < size && unit[i]; i++)
    if (lower(text[i]) != unit[i]) return false;
  return i == size && !unit[i];
}

static bool unit_size(const char *text, size_t size, double *bytes) {
  static const struct {
    const char *unit;
    double bytes;
  } units[] = {{"", 1},          {"b", 1},          {"bytes", 1},       {"k", 1024},
               {"kb", 1024},     {"kib", 1024},     {"m", 1048576},     {"mb", 1048576},
               {"mib", 1048576}, {"g", 1073741824}, {"gb", 1073741824}, {"gib", 1073741824},
               {"page", 65536},  {"pages", 65536}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (!unit_is(text, size, units[i].unit)) continue;
    *bytes = units[i].bytes;
    return true;
  }
  return false;
}

bool wh_bind_parse_size(const char *text, size_t size, uint64_t *bytes) {
  size_t i = 0, digits = 0;
  double number = 0, place = 1, unit;
  for (; i < size && text[i] == ' '; i++) {
  }
  for (; i < size && text[i] >= '0' && text[i] <= '9'; i++, digits++)
    number = number * 10 + (text[i] - '0');
  if (i < size && text[i] == '.')
    for (i++; i < size && text[i] >= '0' && text[i] <= '9'; i++, digits++)
      number += (text[i] - '0') * (place /= 10);
  for (; i < size && text[i] == ' '; i++) {
  }
  while (size > i && text[size - 1] == ' ') size--;
  if (!digits || !unit_size(text + i, size - i, &unit)) return false;
  if (number * unit >= 9223372036854775808.0) return false;
  *bytes = (uint64_t)(number * unit);
  return true;
}
