/* names: what a name section says, the extended names included. Read when somebody asks (printer,
   inspect), never when a module is loaded. A name is a help: what is broken in the section is left
   out and noted, and is no error of the module. */
#ifndef WH_NAMES_H
#define WH_NAMES_H

#include "model/model.h"

/* The ids of the subsections (Appendix, Custom Sections; extended-name-section proposal). */
typedef enum wh_name_kind {
  WH_NAME_MODULE,
  WH_NAME_FUNCTION,
  WH_NAME_LOCAL, /* inner: a local (parameters first) of the function index */
  WH_NAME_LABEL, /* inner: a label of the function index: its blocks, loops and ifs in the order in
                    which they begin, from 0 */
  WH_NAME_TYPE,
  WH_NAME_TABLE,
  WH_NAME_MEMORY,
  WH_NAME_GLOBAL,
  WH_NAME_ELEM,
  WH_NAME_DATA,
  WH_NAME_FIELD, /* inner: a field of the type index */
  WH_NAME_TAG,
  WH_NAME_KINDS
} wh_name_kind_t;

typedef struct wh_naming {
  uint32_t index; /* in the index space of the kind, imported ones first */
  uint32_t inner; /* within that; 0 for kinds that have none */
  wherry_bytes_t name;
} wh_naming_t;

typedef struct wh_names {
  wh_alloc_t *alloc;
  wherry_bytes_t module; /* data NULL: none */
  WH_VEC(wh_naming_t)
  of[WH_NAME_KINDS];     /* by index, then inner; never two for the same; none of
                                             WH_NAME_MODULE. May name what the module has not. */
  wherry_error_t *fault; /* the first thing that is malformed, with its offset; NULL: nothing */
} wh_names_t;

/* Whether names of that kind stand within something else: local, label, field. */
static inline bool wh_name_kind_is_inner(wh_name_kind_t kind) {
  return kind == WH_NAME_LOCAL || kind == WH_NAME_LABEL || kind == WH_NAME_FIELD;
}

/* The first subsection of a kind, still encoded, in a section's contents; data NULL: none. */
wherry_bytes_t wh_names_part(wherry_bytes_t section, wh_name_kind_t kind);
/* The name in a subsection of kind WH_NAME_MODULE; data NULL: it is malformed. */
wherry_bytes_t wh_names_module(wherry_bytes_t part);

/* section: NULL: no names at all.
   *out: ended by wh_names_free, after an error too; names point into the section's bytes.
   Errors: oom. */
wherry_error_t *wh_names_read(wh_alloc_t *alloc, const wh_custom_t *section, wh_names_t *out);
void wh_names_free(wh_names_t *names);

/* The name of one thing; data NULL: it has none. */
wherry_bytes_t wh_names_find(const wh_names_t *names, wh_name_kind_t kind, uint32_t index,
                             uint32_t inner);
/* The place in names->of[kind] of the first name of that index or a larger one; its names go on from
   there while the index is the same. */
size_t wh_names_first(const wh_names_t *names, wh_name_kind_t kind, uint32_t index);

#endif
