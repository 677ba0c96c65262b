/* Modules put together from sections, for the tests of decode, validate and encode. */
#ifndef WHERRY_TESTS_SECTIONS_H
#define WHERRY_TESTS_SECTIONS_H

#include <stdint.h>
#include <string.h>

typedef struct module_bytes {
  uint8_t data[4096];
  size_t size;
} module_bytes_t;

static inline void module_append(module_bytes_t *module, const void *bytes, size_t size) {
  assert_true(module->size + size <= sizeof module->data);
  memcpy(module->data + module->size, bytes, size);
  module->size += size;
}

static inline void module_number(module_bytes_t *module, size_t value) {
  do {
    uint8_t byte = (uint8_t)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
    module_append(module, &byte, 1);
    value >>= 7;
  } while (value);
}

static inline void module_begin(module_bytes_t *module) {
  module->size = 0;
  module_append(module, "\0asm\1\0\0\0", 8);
}

static inline void module_section(module_bytes_t *module, uint8_t id, const void *bytes,
                                  size_t size) {
  module_append(module, &id, 1);
  module_number(module, size);
  module_append(module, bytes, size);
}
/* contents: a string literal. */
#define SECTION_OF(module, id, contents) \
  module_section((module), (id), (contents), sizeof(contents) - 1)

#endif
