/* WIT text as it was written, before its names are resolved: within types. */
#ifndef WH_TYPES_WIT_TEXT_H
#define WH_TYPES_WIT_TEXT_H

#include "types/wit.h"

typedef struct name {
  const char *text; /* in the source, without its '%' */
  uint32_t size, at;
} name_t;

typedef struct ast_type ast_type_t;
enum { AST_NAME = WH_WIT_KINDS }; /* a kind beside those of the model */
struct ast_type {
  unsigned kind; /* wh_wit_kind_t or AST_NAME; of handles too, name is the resource */
  uint32_t at, length, count;
  name_t name;
  ast_type_t *first, *second; /* of a tuple first is the first part, the others follow it by next */
  ast_type_t *next;
};

/* Of a record, variant, enum, flags, and of a function's parameters. */
typedef struct ast_field {
  struct ast_field *next;
  name_t name;
  ast_type_t *type;
  const char *docs;
} ast_field_t;

typedef struct ast_func {
  wh_wit_func_kind_t kind;
  bool is_async;
  ast_field_t *params;
  uint32_t param_count;
  ast_type_t *result;
} ast_func_t;

/* "id" or "ns:pkg/id@1.2.3". */
typedef struct ast_path {
  name_t name;
  const char *package_id; /* "ns:pkg@1.2.3"; NULL: the name alone */
  uint32_t at;
} ast_path_t;

/* "a" or "a as b"; of `use` and `include … with`. */
typedef struct ast_rename {
  struct ast_rename *next;
  name_t name, as;
  bool used; /* by the resolver */
} ast_rename_t;

typedef enum ast_item_kind {
  AST_USE,
  AST_TYPE,
  AST_FUNC,
  AST_IMPORT,
  AST_EXPORT,
  AST_INCLUDE
} ast_item_kind_t;
typedef enum ast_extern { AST_EXTERN_PATH, AST_EXTERN_FUNC, AST_EXTERN_INTERFACE } ast_extern_t;

typedef struct ast_item ast_item_t;
struct ast_item {
  ast_item_t *next;
  ast_item_kind_t kind;
  bool has_name; /* an import or export: of a path, with a label before it */
  name_t name;
  wh_wit_notes_t notes;
  uint32_t gate_at; /* place of @since */
  ast_path_t path;
  ast_rename_t *names;
  /* a type: its kind, and what it is made of */
  wh_wit_kind_t type_kind;
  ast_type_t *target; /* of an alias */
  ast_field_t *fields;
  uint32_t field_count;
  ast_func_t *func;
  ast_extern_t extern_kind;
  ast_item_t *items; /* an inline interface's; a resource's functions */
};

typedef struct ast_part ast_part_t;
typedef struct ast_decl ast_decl_t;

/* An interface or a world. */
struct ast_decl {
  ast_decl_t *next;
  ast_part_t *part;
  bool is_world;
  name_t name;
  wh_wit_notes_t notes;
  uint32_t gate_at;
  ast_item_t *items;
  /* for the resolver */
  enum { AST_NEW, AST_BUSY, AST_DONE } state;
  wh_wit_interface_t *interface;
  wh_wit_world_t *world;
  WH_WIT_LIST(wh_wit_item_t) imports; /* of a world, before what follows from them is added */
  WH_WIT_LIST(wh_wit_item_t) exports;
};

/* `use` outside of interfaces and worlds. */
typedef struct ast_use {
  struct ast_use *next;
  ast_path_t path;
  name_t as;
} ast_use_t;

typedef struct ast_package ast_package_t; /* the resolver's */

/* A file, or a `package … { … }` in one. */
struct ast_part {
  ast_part_t *next;
  const wh_wit_source_t *source;
  bool is_nested;
  /* as it was declared, in pieces; name_space NULL: it was not */
  const char *name_space, *name, *version, *package_id;
  const char *docs;
  uint32_t at;                /* of the name */
  uint32_t body_at, body_end; /* nested: between the braces */
  ast_decl_t *decls;
  ast_use_t *uses;
  /* for the resolver */
  ast_package_t *package;
  wh_map_t names; /* of this file: -> decl, or use with the lowest bit set */
};

/* What reading and resolving share. */
typedef struct wh_wit_reading {
  wh_alloc_t *alloc;
  wh_wit_t *wit;
  wh_arena_t arena; /* of what is written here above */
  const wh_wit_options_t *options;
  ast_part_t *parts, **last_part;
  wherry_error_t *error; /* the first one */
} wh_wit_reading_t;

/* Reads one source to further parts. False: the error is set. */
bool wh_wit_read_source(wh_wit_reading_t *reading, const wh_wit_source_t *source);
/* The same tokens between the braces of two nested packages. */
bool wh_wit_same_text(const ast_part_t *a, const ast_part_t *b);

/* Sets the error, with the place in the source. False always. */
bool wh_wit_fail(wh_wit_reading_t *reading, wherry_error_kind_t kind, const wh_wit_source_t *source,
                 size_t at, const char *format, ...) WH_PRINTF(5, 6);
bool wh_wit_oom(wh_wit_reading_t *reading);

#endif
