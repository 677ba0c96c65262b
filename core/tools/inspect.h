/* What `inspect` found, for its two ways to write it. */
#ifndef INSPECT_H
#define INSPECT_H

#include "sections.h"

typedef struct inspection {
  const char *file;
  wherry_bytes_t bytes;
  wherry_module_t *module;
  const wherry_world_t *world; /* NULL: no WIT, or none that can be read */
  const char *world_fault;     /* why it cannot be read */
  sections_t sections;
} inspection_t;

/* The whole text of a type, in the arena. */
const char *externtype_text(const wherry_externtype_t *type);
const char *type_text(const wherry_type_t *type);

/* As JSON: the text, or null. */
void put_text(const char *text);

wherry_error_t *inspect_json(const inspection_t *found);

/* What custom sections say: all of them; of one, for the end of its object. */
wherry_error_t *inspect_custom_text(const inspection_t *found);
wherry_error_t *inspect_custom_json(const inspection_t *found, size_t index);

#endif
