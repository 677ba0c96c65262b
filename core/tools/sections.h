/* Where the sections of a module's binary lie, for `inspect`. The module has been checked before, so
   this only has to be safe, not strict. */
#ifndef SECTIONS_H
#define SECTIONS_H

#include "tool.h"

typedef struct section {
  uint8_t id;
  wherry_bytes_t name; /* of a custom section */
  size_t offset, size; /* of the contents, in bytes from the module's first */
  uint64_t items;      /* how many, for all but custom and start sections */
} section_t;

typedef struct memory_limits {
  uint64_t minimum, maximum; /* in pages; maximum UINT64_MAX: none */
  uint64_t page_size;        /* bytes */
  bool shared;
} memory_limits_t;

typedef struct sections {
  section_t *items;
  size_t count;
  memory_limits_t *memories; /* those the module defines */
  size_t memory_count;
} sections_t;

sections_t sections_of(wherry_bytes_t module);
const char *section_name(uint8_t id);

/* The modules that a binary imports from, one for each import, also where the module needs features
   that are not there yet; what cannot be made out is left out. */
typedef struct import_names {
  wherry_bytes_t *items;
  size_t count;
} import_names_t;
import_names_t import_modules_of(wherry_bytes_t module);

#endif
