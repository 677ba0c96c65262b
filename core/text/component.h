/* What the files that read components share. A component is read in one walk, as identifiers refer to what
   was defined before: an entry is written to a buffer of its own, while what it needs (a type that is
   written inline, an alias) goes out before it, as entries of their own. */
#ifndef WH_TEXT_COMPONENT_H
#define WH_TEXT_COMPONENT_H

#include "reader.h"

/* Index spaces. */
typedef enum sort {
  SORT_CORE_FUNC,
  SORT_CORE_TABLE,
  SORT_CORE_MEMORY,
  SORT_CORE_GLOBAL,
  SORT_CORE_TAG,
  SORT_CORE_TYPE, /* its names and types are in scope->core */
  SORT_CORE_MODULE,
  SORT_CORE_INSTANCE,
  SORT_FUNC,
  SORT_VALUE,
  SORT_TYPE,
  SORT_COMPONENT,
  SORT_INSTANCE,
  SORT_COUNT
} sort_t;

/* Some of them: what components export, core instances export, and what outer aliases are of. */
enum {
  SORTS_EXTERN = 1 << SORT_CORE_MODULE | 1 << SORT_FUNC | 1 << SORT_VALUE | 1 << SORT_TYPE |
                 1 << SORT_COMPONENT | 1 << SORT_INSTANCE,
  SORTS_CORE = 1 << SORT_CORE_FUNC | 1 << SORT_CORE_TABLE | 1 << SORT_CORE_MEMORY |
               1 << SORT_CORE_GLOBAL | 1 << SORT_CORE_TAG,
  SORTS_OUTER = 1 << SORT_CORE_MODULE | 1 << SORT_CORE_TYPE | 1 << SORT_TYPE | 1 << SORT_COMPONENT,
  SORTS_ALL = (1 << SORT_COUNT) - 1
};

/* Sections of a component; the declarations of types are the same things with other numbers. */
typedef enum part {
  PART_CUSTOM,
  PART_CORE_MODULE,
  PART_CORE_INSTANCE,
  PART_CORE_TYPE,
  PART_COMPONENT,
  PART_INSTANCE,
  PART_ALIAS,
  PART_TYPE,
  PART_CANON,
  PART_START,
  PART_IMPORT,
  PART_EXPORT,
  PART_COUNT
} part_t;

typedef enum scope_kind {
  SCOPE_COMPONENT,
  SCOPE_COMPONENT_TYPE,
  SCOPE_INSTANCE_TYPE,
  SCOPE_MODULE_TYPE
} scope_kind_t;

typedef struct scope scope_t;
struct scope {
  scope_t *outer;
  scope_kind_t kind;
  const token_t *id; /* NULL: none */
  wh_text_t out;     /* sections, or declarations */
  uint32_t count;    /* of declarations */
  part_t part;       /* of a component: the section that entries are added to */
  section_t open;
  section_t late; /* exports that come last */
  struct {
    wh_map_t names;
    uint32_t count;
    section_t named; /* for the name section */
  } sorts[SORT_COUNT];
  reader_t core; /* of core types */
};

typedef struct component_reader {
  reader_t *r; /* the tokens, strings and the error are its */
  scope_t *scope;
  unsigned depth; /* of scopes and types inside each other */
} component_reader_t;

/* ---- component.c: scopes, indices, names ---- */
bool wh_watc_begin_scope(component_reader_t *c, scope_kind_t kind, const token_t *id);
void wh_watc_end_scope(component_reader_t *c);
/* One more inside another; wh_watc_leave after each that succeeded. */
bool wh_watc_enter(component_reader_t *c);
static inline void wh_watc_leave(component_reader_t *c) { c->depth--; }
/* An entry of the scope. */
bool wh_watc_emit(component_reader_t *c, part_t part, const wh_text_t *entry);
/* What was read, as long as there is memory. */
bool wh_watc_put(component_reader_t *c, wh_text_t *out, const wh_text_t *bytes);
/* Custom sections that annotations before the next token give. */
bool wh_watc_read_customs(component_reader_t *c);
bool wh_watc_put_sections(component_reader_t *c, wherry_bytes_t name, wh_text_t *out);

/* The reader of core types, at the next token; what it took is taken, and its error is the reader's. */
reader_t *wh_watc_core(component_reader_t *c);
bool wh_watc_core_done(component_reader_t *c, bool good);

static inline bool wh_watc_is_core(sort_t sort) { return sort <= SORT_CORE_INSTANCE; }
void wh_watc_put_sort(wh_text_t *out, sort_t sort);
/* `func`, `core module`, …, taken. inside_core: the word core may be left out, and is meant. among: those
   that are possible. */
bool wh_watc_take_sort(component_reader_t *c, bool inside_core, unsigned among, sort_t *out);
const token_t *wh_watc_take_id(component_reader_t *c); /* NULL: none */
/* A new thing has the next index of its sort. id: NULL: it has no name. */
bool wh_watc_bind(component_reader_t *c, sort_t sort, const token_t *id, uint32_t *index);
bool wh_watc_read_index(component_reader_t *c, sort_t sort, uint32_t *out);
/* Whether a scope further out has the name. */
bool wh_watc_is_outside(const component_reader_t *c, sort_t sort, const char *name, size_t size);
/* `$i "a" "b"`: an index, or what an instance exports, of which there will be an alias. */
bool wh_watc_read_path(component_reader_t *c, sort_t sort, uint32_t *out);
/* A path, alone or in `(func …)`. */
bool wh_watc_read_ref(component_reader_t *c, sort_t sort, uint32_t *out);
/* How many lists of that word follow. */
uint32_t wh_watc_count_lists(const component_reader_t *c, const char *word);
bool wh_watc_is_attribute(const component_reader_t *c, const token_t *token);
/* The name of an import or export, and its attributes. */
bool wh_watc_read_extern_name(component_reader_t *c, wh_text_t *out);
/* `export $i "n"`, `core export $i "n"` or `outer $c $x`, after the word alias, of a sort that is
   told after it or (else SORT_COUNT) before it; up to the end of the list. */
bool wh_watc_read_alias(component_reader_t *c, sort_t sort, const token_t *id, uint32_t *index);

/* ---- component_types.c ---- */
bool wh_watc_read_valtype(component_reader_t *c, wh_text_t *out);
bool wh_watc_read_result(component_reader_t *c, wh_text_t *out);
/* `(type $t)`, or a type written inline, of a func, component, instance or core module. */
bool wh_watc_read_type_use(component_reader_t *c, sort_t sort, uint32_t *index);
/* What follows the sort and identifier of what is imported, or of the type that an export has. */
bool wh_watc_read_extern_type(component_reader_t *c, sort_t sort, wh_text_t *out);
/* `(func $f …)`, the whole; *id NULL: none. */
bool wh_watc_read_described(component_reader_t *c, wh_text_t *out, sort_t *sort,
                            const token_t **id);
/* An import, or what a type exports, after its word, up to the end of the list. */
bool wh_watc_read_declared(component_reader_t *c, part_t part);
/* What follows `type $t`. */
bool wh_watc_read_type(component_reader_t *c, const token_t *id, uint32_t *index);
/* What follows `core`: `type $t …` or `rec …`, up to the end of the list. */
bool wh_watc_read_core_type(component_reader_t *c);

/* ---- component_canon.c ---- */
/* After the word canon, up to the end of the list, and the function that it makes. */
bool wh_watc_read_canon(component_reader_t *c);
/* `(canon …)` in a core function of that name. */
bool wh_watc_read_made(component_reader_t *c, const token_t *id, uint32_t *index);
/* `(canon lift …)` in a function of that name and type. */
bool wh_watc_read_lifted(component_reader_t *c, const token_t *id, uint32_t type, uint32_t *index);

#endif
