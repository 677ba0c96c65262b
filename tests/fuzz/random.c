#include "fuzz.h"

/* splitmix64 */
uint64_t random_next(random_t *random) {
  uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

uint32_t random_below(random_t *random, size_t limit) {
  return (uint32_t)((random_next(random) >> 32) * limit >> 32);
}

random_t random_of(uint64_t seed, uint64_t number) {
  random_t first = {seed};
  return (random_t) {random_next(&first) ^ number * UINT64_C(0xD6E8FEB86659FD93)};
}

uint64_t random_number(random_t *random) {
  uint64_t number = random_next(random);
  switch (random_below(random, 8)) {
  case 0: return random_below(random, 4);
  case 1: return random_below(random, 256);
  case 2: return (UINT64_C(1) << random_below(random, 64)) - random_below(random, 3);
  case 3: return 0 - (uint64_t)random_below(random, 300);
  case 4: return UINT32_MAX - (uint64_t)random_below(random, 3);
  case 5: return number >> random_below(random, 64);
  case 6: return (uint64_t)random_below(random, 66000);
  default: return number;
  }
}

void bytes_add(bytes_t *bytes, const void *data, size_t size) {
  if (size == 0) return;
  if (bytes->size + size > bytes->capacity) {
    bytes->capacity = 2 * bytes->capacity + size + 64;
    bytes->data = realloc(bytes->data, bytes->capacity);
    if (!bytes->data) abort();
  }
  memcpy(bytes->data + bytes->size, data, size);
  bytes->size += size;
}

void bytes_u8(bytes_t *bytes, unsigned byte) {
  uint8_t one = (uint8_t)byte;
  bytes_add(bytes, &one, 1);
}

void bytes_u(bytes_t *bytes, uint64_t number) {
  for (; number >= 0x80; number >>= 7) bytes_u8(bytes, (unsigned)(number & 0x7F) | 0x80);
  bytes_u8(bytes, (unsigned)number);
}

void bytes_s(bytes_t *bytes, int64_t number) {
  for (; number < -64 || number > 63; number >>= 7)
    bytes_u8(bytes, (unsigned)(number & 0x7F) | 0x80);
  bytes_u8(bytes, (unsigned)(number & 0x7F));
}

void bytes_long_u(bytes_t *bytes, uint64_t number, unsigned size) {
  for (; number >= 0x80 || size > 1; number >>= 7, size -= size > 1)
    bytes_u8(bytes, (unsigned)(number & 0x7F) | 0x80);
  bytes_u8(bytes, (unsigned)number);
}

void bytes_replace(bytes_t *bytes, size_t start, size_t end, const void *data, size_t size) {
  size_t tail = bytes->size - end;
  uint8_t *kept = malloc(tail + 1); /* data may be part of bytes */
  uint8_t *put = malloc(size + 1);
  if (!kept || !put) abort();
  if (tail) memcpy(kept, bytes->data + end, tail);
  if (size) memcpy(put, data, size);
  bytes->size = start;
  bytes_add(bytes, put, size);
  bytes_add(bytes, kept, tail);
  free(kept);
  free(put);
}
