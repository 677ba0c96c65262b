/* The resolved WIT model: packages, interfaces, worlds, types and functions, every name in them found.
   Made from WIT text (wh_wit_parse) or from the component-type sections of a module
   (wh_wit_from_model), printed as WIT (wh_wit_print), and what a wherry_world_t is laid out from
   (wh_world_of). A component's types are told to the same model by the makers below.

   All of a model lives in the model: pointers are good until wh_wit_free. Makers return NULL when
   there is no memory. A model that is finished does not change, so any number of threads may read
   it. */
#ifndef WH_TYPES_WIT_H
#define WH_TYPES_WIT_H

#include "types/types.h"

/* What stands no longer in relation to the text that it came from: `include` may multiply items. */
enum { WH_WIT_MAX_ITEMS = 1000000 };
/* Interfaces that use interfaces that use …; types that are defined by types that …. */
enum { WH_WIT_MAX_CHAIN = 100 };

typedef struct wh_wit wh_wit_t;
typedef struct wh_wit_package wh_wit_package_t;
typedef struct wh_wit_interface wh_wit_interface_t;
typedef struct wh_wit_world wh_wit_world_t;
typedef struct wh_wit_type wh_wit_type_t;
typedef struct wh_wit_func wh_wit_func_t;

/* A vector in the model's memory: grown by wh_wit_push. */
#define WH_WIT_LIST(type) \
  struct {                \
    type *items;          \
    size_t count;         \
    size_t capacity;      \
  }

/* What may be said of an item beside what it is; each NULL: not said. */
typedef struct wh_wit_notes {
  const char *docs;                          /* lines, joined by \n */
  const char *since, *unstable, *deprecated; /* versions, and the name of a feature */
  const char *external_id;
} wh_wit_notes_t;

typedef enum wh_wit_kind {
  /* plain: one of each in a model; numbered as wherry_type_kind_t, up to string */
  WH_WIT_BOOL,
  WH_WIT_S8,
  WH_WIT_U8,
  WH_WIT_S16,
  WH_WIT_U16,
  WH_WIT_S32,
  WH_WIT_U32,
  WH_WIT_S64,
  WH_WIT_U64,
  WH_WIT_F32,
  WH_WIT_F64,
  WH_WIT_CHAR,
  WH_WIT_STRING,
  WH_WIT_ERROR_CONTEXT,
  /* made of others, nameless: equal ones are one object */
  WH_WIT_LIST_OF,    /* first */
  WH_WIT_FIXED_LIST, /* first, length */
  WH_WIT_OPTION,     /* first */
  WH_WIT_RESULT,     /* first, second; either may be NULL */
  WH_WIT_TUPLE,      /* fields without names */
  WH_WIT_MAP,        /* first, second */
  WH_WIT_STREAM,     /* first or NULL */
  WH_WIT_FUTURE,     /* first or NULL */
  WH_WIT_OWN,        /* first: the resource, or an alias of it */
  WH_WIT_BORROW,
  /* named: each its own */
  WH_WIT_RECORD,
  WH_WIT_VARIANT,
  WH_WIT_ENUM,
  WH_WIT_FLAGS,
  WH_WIT_RESOURCE,
  WH_WIT_ALIAS /* first; of a type of another interface: what `use` says */
} wh_wit_kind_t;
enum { WH_WIT_KINDS = WH_WIT_ALIAS + 1 };

/* A field, a case, a label, a parameter, a place of a tuple. */
typedef struct wh_wit_field {
  const char *name;          /* NULL: a place of a tuple */
  const wh_wit_type_t *type; /* NULL: a case without payload, a label */
  const char *docs;
} wh_wit_field_t;

struct wh_wit_type {
  wh_wit_kind_t kind;
  uint32_t index;  /* in its model */
  uint32_t length; /* of a fixed-length list */
  uint16_t depth;  /* of nesting; saturates */
  bool has_borrow, has_handle;
  uint32_t field_count;
  const wh_wit_field_t *fields;
  const wh_wit_type_t *first, *second;
  /* named: what has it; a name alone is NULL where a binary gives a record none */
  const char *name;
  wh_wit_interface_t *interface; /* NULL: of a world */
  wh_wit_world_t *world;         /* NULL: of an interface */
  const wh_wit_type_t *base;     /* an alias: what is behind all aliases; else the type itself */
  wh_wit_notes_t notes;
  WH_WIT_LIST(wh_wit_func_t *) funcs; /* resource: constructor, methods and statics */
};

typedef enum wh_wit_func_kind {
  WH_WIT_FREE,
  WH_WIT_CONSTRUCTOR,
  WH_WIT_METHOD, /* its first parameter is self */
  WH_WIT_STATIC
} wh_wit_func_kind_t;

struct wh_wit_func {
  const char *name;  /* "add"; of a constructor the resource's */
  const char *plain; /* "[method]counter.add": the plain name of an import or export */
  wh_wit_func_kind_t kind;
  bool is_async;
  wh_wit_type_t *resource; /* NULL: a free function */
  uint32_t param_count;
  const wh_wit_field_t *params;
  const wh_wit_type_t *result; /* NULL: none */
  wh_wit_notes_t notes;
};

struct wh_wit_interface {
  const char *name; /* NULL: inline in a world */
  const char *id;   /* "ns:pkg/name@1.2.3"; NULL: inline */
  wh_wit_package_t *package;
  wh_wit_notes_t notes;
  WH_WIT_LIST(wh_wit_type_t *) types;
  WH_WIT_LIST(wh_wit_func_t *) funcs;     /* the free ones */
  WH_WIT_LIST(wh_wit_interface_t *) uses; /* each once */
  uint32_t index;                         /* in its model */
  uint32_t height;                        /* of what it uses, plus one */
  uint32_t marks[3];                      /* for walks while the model is made */
  wh_map_t names; /* plain names -> type or function, see wh_wit_find_type and wh_wit_find_func */
};

typedef enum wh_wit_item_kind {
  WH_WIT_ITEM_INTERFACE,
  WH_WIT_ITEM_TYPE,
  WH_WIT_ITEM_FUNC
} wh_wit_item_kind_t;

/* An import or an export. */
typedef struct wh_wit_item {
  wh_wit_item_kind_t kind;
  const char *name; /* the label; NULL: an interface under its own id */
  union {
    wh_wit_interface_t *interface;
    wh_wit_type_t *type;
    wh_wit_func_t *func;
  } of;
  wh_wit_notes_t notes; /* of an interface; types and functions have theirs */
} wh_wit_item_t;

struct wh_wit_world {
  const char *name;
  const char *id; /* "ns:pkg/name@1.2.3" */
  wh_wit_package_t *package;
  wh_wit_notes_t notes;
  WH_WIT_LIST(wh_wit_item_t) imports; /* types of the world are among them */
  WH_WIT_LIST(wh_wit_item_t) exports;
  uint8_t string_encoding; /* WH_STRING_…, of a section */
  uint32_t index;
};

struct wh_wit_package {
  const char *name_space; /* "a", or "a:b" where namespaces are nested */
  const char *name;       /* "c", or "c/d" */
  const char *version;    /* NULL: none */
  const char *id;         /* "a:c@1.2.3" */
  const char *docs;
  WH_WIT_LIST(wh_wit_interface_t *) interfaces;
  WH_WIT_LIST(wh_wit_world_t *) worlds;
  uint32_t index;
};

struct wh_wit {
  wh_alloc_t *alloc;
  WH_WIT_LIST(wh_wit_package_t *) packages; /* the first is the one that the others are for */
  WH_WIT_LIST(wh_wit_type_t *) types;       /* the first ones are the plain ones */
  WH_WIT_LIST(wh_wit_interface_t *) interfaces;
  WH_WIT_LIST(wh_wit_world_t *) worlds;
  size_t item_count; /* of all worlds, against WH_WIT_MAX_ITEMS */
  wh_map_t ids;      /* packages and interfaces by their id */
  wh_map_t made;     /* nameless types by what they are made of */
  wh_arena_t arena;  /* of all of this */
};

/* ---- made of text (wit_parse.c, wit_resolve.c) ---- */

typedef struct wh_wit_source {
  const char *name; /* for messages: a path; NULL: none */
  const char *text;
  size_t size;
  uint32_t group; /* 0: a file of the root package; else of a dependency: a number for each file or
                     folder in deps/ */
} wh_wit_source_t;

typedef struct wh_wit_options {
  const char *const *features; /* those whose @unstable items count */
  size_t feature_count;
  bool only_those_features; /* false: all count */
} wh_wit_options_t;

/* Packages of the sources, resolved; the first package is that of group 0.
   *out: the caller's. options: NULL for none. The sources are read during the call only.
   Errors: malformed and invalid (with file, line, column, the line and a caret), limit, oom. */
WH_MUST_USE wherry_error_t *wh_wit_parse(wh_alloc_t *alloc, const wh_wit_source_t *sources,
                                         size_t count, const wh_wit_options_t *options,
                                         wh_wit_t **out);
void wh_wit_free(wh_wit_t *wit); /* NULL: nothing */

/* The world of a name in the first package, or of an id; NULL: the first package's only one.
   Errors: unlinkable (names those that there are). */
WH_MUST_USE wherry_error_t *wh_wit_choose_world(const wh_wit_t *wit, const char *name,
                                                wh_wit_world_t **out);

/* ---- made of a module's sections (wit_section.c) ---- */

/* The `component-type…` sections of a module, in their order, each a world. *out: NULL if it has none;
   else the caller's. Errors: malformed, invalid (with the offset in the module), limit, oom. */
WH_MUST_USE wherry_error_t *wh_wit_from_model(wh_alloc_t *alloc, const wh_model_t *model,
                                              wh_wit_t **out);

/* ---- printed (wit_print.c) ---- */

/* Appends all packages as WIT that reads back to the same model, the first as the file's own.
   Errors: invalid (what WIT has no words for, a record without a name say), limit, oom. */
WH_MUST_USE wherry_error_t *wh_wit_print(const wh_wit_t *wit, wh_text_t *text);

/* ---- for the rooms that make one ---- */

WH_MUST_USE wherry_error_t *wh_wit_new(wh_alloc_t *alloc, wh_wit_t **out);
void *wh_wit_alloc(wh_wit_t *wit, size_t size);                  /* zeroed */
char *wh_wit_text(wh_wit_t *wit, const char *text, size_t size); /* a copy, zero-ended */
char *wh_wit_printf(wh_wit_t *wit, const char *format, ...) WH_PRINTF(2, 3);
bool wh_wit_grow_(wh_wit_t *wit, void **items, size_t *capacity, size_t count, size_t item_size);
#define wh_wit_push(wit, list, item)                                               \
  (((list)->count < (list)->capacity ||                                            \
    wh_wit_grow_((wit), (void **)&(list)->items, &(list)->capacity, (list)->count, \
                 sizeof *(list)->items))                                           \
       ? ((list)->items[(list)->count++] = (item), true)                           \
       : false)

/* The one of that name, made if it is new. version: NULL for none. */
wh_wit_package_t *wh_wit_package(wh_wit_t *wit, const char *name_space, const char *name,
                                 const char *version);
/* By its id, "ns:pkg/name@1.2.3"; NULL: there is none. */
wh_wit_package_t *wh_wit_find_package(const wh_wit_t *wit, const char *id, size_t size);
wh_wit_interface_t *wh_wit_find_interface(const wh_wit_t *wit, const char *id, size_t size);
/* name NULL: inline. */
wh_wit_interface_t *wh_wit_interface(wh_wit_t *wit, wh_wit_package_t *package, const char *name);
wh_wit_world_t *wh_wit_world(wh_wit_t *wit, wh_wit_package_t *package, const char *name);
/* The same in two steps, for a world (of wh_wit_alloc) whose name is found after what is in it. */
bool wh_wit_name_world(wh_wit_t *wit, wh_wit_world_t *world, wh_wit_package_t *package,
                       const char *name);

const wh_wit_type_t *wh_wit_plain(const wh_wit_t *wit, wh_wit_kind_t kind);
/* A nameless type; equal ones are one. fields: of a tuple, read only. */
const wh_wit_type_t *wh_wit_make(wh_wit_t *wit, wh_wit_kind_t kind, const wh_wit_type_t *first,
                                 const wh_wit_type_t *second, uint32_t length);
const wh_wit_type_t *wh_wit_make_tuple(wh_wit_t *wit, const wh_wit_type_t *const *parts,
                                       uint32_t count);
/* A named type of an interface or a world (the other is NULL); not yet among its types. An alias has
   first, a record and its like fields, which the model keeps as they are. */
wh_wit_type_t *wh_wit_define(wh_wit_t *wit, wh_wit_kind_t kind, const char *name,
                             wh_wit_interface_t *interface, wh_wit_world_t *world,
                             const wh_wit_type_t *first, const wh_wit_field_t *fields,
                             uint32_t field_count);
/* A function with its plain name; resource NULL: a free one. params: kept as they are. It is not yet
   among the functions of anything. */
wh_wit_func_t *wh_wit_func(wh_wit_t *wit, wh_wit_func_kind_t kind, const char *name,
                           wh_wit_type_t *resource, const wh_wit_field_t *params,
                           uint32_t param_count, const wh_wit_type_t *result);

/* Imports: interfaces, what is used of them, types, functions; exports: functions, interfaces. What is
   read from text has that order. False: no memory. */
bool wh_wit_order_world(wh_wit_t *wit, wh_wit_world_t *world);

/* Puts a type among an interface's, or a function among its own or its resource's. False: no memory. */
bool wh_wit_add_type(wh_wit_t *wit, wh_wit_interface_t *interface, wh_wit_type_t *type);
bool wh_wit_add_func(wh_wit_t *wit, wh_wit_interface_t *interface, wh_wit_func_t *func);
/* Remembers that an interface uses another, once. False: no memory. */
bool wh_wit_add_use(wh_wit_t *wit, wh_wit_interface_t *interface, wh_wit_interface_t *used);
/* By plain name; NULL: there is none. */
wh_wit_type_t *wh_wit_find_type(const wh_wit_interface_t *interface, const char *name, size_t size);
wh_wit_func_t *wh_wit_find_func(const wh_wit_interface_t *interface, const char *name, size_t size);

/* ---- names (wit_names.c) ---- */

/* What is wrong with a label (kebab case); NULL: nothing. */
const char *wh_wit_label_problem(const char *text, size_t size);
/* The same of the words of a namespace or package. */
const char *wh_wit_words_problem(const char *text, size_t size);
/* The characters at the beginning of text that are a semantic version; 0: none. */
size_t wh_wit_version_size(const char *text, size_t size);
/* By precedence, as semver says, build metadata left out. */
int wh_wit_version_compare(const char *a, const char *b);
bool wh_wit_is_keyword(const char *text, size_t size);
/* An interface's or a world's id in its parts, in place: sizes of namespace, package and name; the
   version is what follows an '@' and may be empty. False: it is none. */
typedef struct wh_wit_id {
  const char *name_space, *package, *name, *version;
  size_t name_space_size, package_size, name_size, version_size;
} wh_wit_id_t;
bool wh_wit_id_split(const char *id, size_t size, wh_wit_id_t *out);

/* plainname of a function: what stands before the label, and the label; of a constructor both are the
   resource's. False: it is none. */
typedef struct wh_wit_plain_name {
  wh_wit_func_kind_t kind;
  const char *resource, *label; /* label: zero-ended as plain is */
  size_t resource_size;         /* 0: of a free function */
} wh_wit_plain_name_t;
bool wh_wit_plain_split(const char *plain, wh_wit_plain_name_t *out);

/* "u32", "list", "record": as the text spells it. */
const char *wh_wit_kind_name(wh_wit_kind_t kind);

#endif
