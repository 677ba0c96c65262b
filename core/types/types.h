/* types: component-level types, and what a module says of itself in WIT. Reads and prints WIT text,
   and the custom sections whose names begin with `component-type` (wit.h); lays types out as the
   Canonical ABI does. Called by canon (which walks the types), by component, text and api. It never
   sees a value, a memory, an instance or a file, and keeps nothing outside the model or the world it
   made.

   Every type that a section may use is read, laid out and printed. `not_taken` of a type tells which
   part of it canon does not move yet: reading a world never fails for that, lifting a function that
   uses the type does, so one such function leaves the rest of the guest usable. A new kind of type
   is a row in layout.c and a case in canon's walks. */
#ifndef WH_TYPES_H
#define WH_TYPES_H

#include <wherry/interface.h>

#include "base/base.h"
#include "model/model.h"

/* Flattening: more core values than these go through memory. */
enum { WH_MAX_FLAT_PARAMS = 16, WH_MAX_FLAT_RESULTS = 1 };

/* The Canonical ABI's bound on the size of one value, and of a list or string in bytes. */
#define WH_MAX_LIST_BYTE_LENGTH ((UINT32_C(1) << 28) - 1)

/* Types nested deeper than this are refused, so walks over them may recurse. */
enum { WH_MAX_TYPE_DEPTH = 100 };

enum { WH_MAX_FLAGS = 32 };

/* A field, a place of a tuple, a parameter, a case, a label. */
typedef struct wh_type_field {
  const char *name;          /* NULL: a place of a tuple */
  const wherry_type_t *type; /* NULL: a case without payload, a label */
  uint32_t offset;           /* record, tuple: in bytes from the value's first */
} wh_type_field_t;

/* A resource type, or another name for one: handles of both take the same resources, but a type that is
   imported or exported may use only names that are. */
typedef struct wh_resource wh_resource_t;
struct wh_resource {
  const char *name;
  const wh_resource_t *same; /* the one that this is another name for; NULL: none */
  uint32_t scope, index;     /* who binds it, and its place there: component's */
  /* Of a world: under which name it has the interface (NULL: the resource is the world's own), and
     whether it exports it. An interface that is imported and exported has its resources twice. */
  const char *interface;
  bool is_exported;
};
static inline const wh_resource_t *wh_resource_base(const wh_resource_t *resource) {
  return resource->same ? resource->same : resource;
}

struct wherry_type {
  wherry_type_kind_t kind;
  uint32_t index;               /* in its world */
  uint32_t size, alignment;     /* elem_size and alignment, in bytes; pointers are i32 */
  uint32_t size64, alignment64; /* the same where pointers are i64: what limits are about */
  uint8_t flat_count; /* WH_MAX_FLAT_PARAMS + 1: that many or more, flat is then unknown */
  uint8_t flat[WH_MAX_FLAT_PARAMS]; /* core types: WHERRY_I32 … */
  uint8_t discriminant;             /* variant and its like: bytes of the case's number */
  bool uses_memory;                 /* holds a string, a list or a map */
  bool uses_handles, uses_borrows;  /* own or borrow; borrow */
  uint16_t depth;
  uint32_t payload_offset; /* variant and its like */
  uint32_t field_count;
  const wh_type_field_t *fields; /* record, tuple; cases of variant, enum, option, result; flags */
  const wherry_type_t *element;  /* list, option, stream, future; map: the tuple of key and value */
  uint32_t length;               /* fixed list: items */
  const wh_resource_t *resource; /* own, borrow */
  const char *name;              /* record, variant, enum, flags: the author's */
  const wherry_type_t *not_taken;
};

struct wherry_witfunc {
  const char *name, *interface;
  const char *core_name, *post_name; /* in the legacy mangling; an import's post_name is NULL */
  const char *core_module;           /* of an import */
  const wherry_type_t *params;       /* a record, laid out as the parameters are when they spill */
  const wherry_type_t *result;       /* NULL: none */
  uint32_t index;                    /* in its world's exports or imports */
  bool is_async;
  uint8_t string_encoding;
};

enum { WH_STRING_UTF8, WH_STRING_UTF16, WH_STRING_LATIN1_UTF16 };

struct wherry_world {
  wh_alloc_t *alloc;
  const char *name;
  WH_VEC(wherry_type_t *) types; /* the first ones are the numbers, bool, char and string */
  WH_VEC(wherry_witfunc_t *) exports;
  WH_VEC(wherry_witfunc_t *) imports;
  wh_map_t names;   /* of exports: core names and bare names -> index, or WH_AMBIGUOUS */
  wh_arena_t arena; /* holds all types, functions and names */
};

struct wh_wit;
struct wh_wit_world;

/* Reads the `component-type…` sections of a module, merged in their order. *out: NULL if it has none;
   else the caller's. Errors: malformed, invalid (with the offset in the module), oom. */
wherry_error_t *wh_world_read(wh_alloc_t *alloc, const wh_model_t *model, wherry_world_t **out);
/* Lays out what the worlds of a resolved model import and export, as one world; the model is not
   needed afterwards. *out: the caller's. Errors: invalid (a type is too large), limit, oom. */
wherry_error_t *wh_world_of(wh_alloc_t *alloc, const struct wh_wit *wit,
                            struct wh_wit_world *const *worlds, size_t count, wherry_world_t **out);
void wh_world_free(wherry_world_t *world); /* NULL: nothing */
/* One without functions, for types that are made one by one. */
wherry_error_t *wh_world_make(wh_alloc_t *alloc, wherry_world_t **out);

/* A function's index in exports, by "iface#func", or by "func" where only one interface has it.
   WH_AMBIGUOUS: several have; WH_NOT_FOUND: none has. */
enum { WH_AMBIGUOUS = -2, WH_NOT_FOUND = -1 };
int64_t wh_world_find(const wherry_world_t *world, const char *name, size_t size);

/* A new type of a kind, not laid out, with room for field_count fields; NULL: no memory. For numbers,
   bool, char and string the world's only one. */
wherry_type_t *wh_world_type(wherry_world_t *world, wherry_type_kind_t kind, uint32_t field_count,
                             wh_type_field_t **fields);
void *wh_world_alloc(wherry_world_t *world, size_t size); /* zeroed */
/* A map, not laid out. NULL: no memory. */
wherry_type_t *wh_world_map(wherry_world_t *world, const wherry_type_t *key,
                            const wherry_type_t *value);

/* Fills size, alignment, flattening and the rest from fields and element. False: larger or deeper
   than the limits. */
bool wh_type_lay_out(wherry_type_t *type);
/* The same for a record or tuple that nobody wrote: parameters, the pair of a map. One that is larger
   than the limit is good, and has a size above it. */
bool wh_type_lay_out_implied(wherry_type_t *type);

/* Whether source languages want a name for it: such types are told apart by name where they are imported
   or exported. */
static inline bool wh_type_wants_name(wherry_type_kind_t kind) {
  return kind == WHERRY_TYPE_RECORD || kind == WHERRY_TYPE_VARIANT || kind == WHERRY_TYPE_ENUM ||
         kind == WHERRY_TYPE_FLAGS;
}

static inline bool wh_type_is_number(wherry_type_kind_t kind) {
  return kind >= WHERRY_TYPE_S8 && kind <= WHERRY_TYPE_F64;
}
static inline bool wh_type_is_scalar(wherry_type_kind_t kind) { return kind <= WHERRY_TYPE_CHAR; }
static inline bool wh_type_is_primitive(wherry_type_kind_t kind) {
  return kind <= WHERRY_TYPE_STRING;
}

const char *wh_type_kind_name(wherry_type_kind_t kind); /* "u32"; static */
/* "list<run-result>", appended. */
void wh_type_print(const wherry_type_t *type, wh_text_t *text);
/* "variant shape": for messages that name a type, appended. */
void wh_type_describe(const wherry_type_t *type, wh_text_t *text);
/* "run(machine: u64, start: point) -> run-result", appended. */
void wh_witfunc_print(const wherry_witfunc_t *func, wh_text_t *text);

#endif
