/* What the resolver's two files share: within types. */
#ifndef WH_TYPES_WIT_RESOLVE_H
#define WH_TYPES_WIT_RESOLVE_H

#include "wit_text.h"

typedef struct resolver resolver_t;

struct ast_package {
  wh_wit_package_t *model;
  wh_map_t names;       /* folded -> ast_decl_t */
  const ast_part_t *by; /* the part that declared it first */
};

/* A package that names another, and where. */
typedef struct edge {
  uint32_t from, to; /* of the model's packages */
  const ast_part_t *part;
  uint32_t at;
} edge_t;

struct resolver {
  wh_wit_reading_t *reading;
  wh_wit_t *wit;
  WH_VEC(ast_package_t *) packages; /* as the model's */
  WH_VEC(edge_t) edges;
  unsigned chain;   /* definitions within definitions that are being resolved */
  unsigned nesting; /* and the types within all of them */
};

/* The types that an interface or a world has names for. */
typedef struct scope_entry {
  name_t name;
  ast_item_t *item;        /* NULL: by `use` */
  wh_wit_type_t *type;     /* once it is resolved */
  const ast_item_t *gated; /* left out for its feature */
  bool busy, is_func;
} scope_entry_t;

typedef struct scope {
  resolver_t *resolver;
  const ast_part_t *part;
  wh_wit_interface_t *interface; /* one of the two */
  wh_wit_world_t *world;
  wh_map_t names; /* folded -> index of entries */
  WH_VEC(scope_entry_t) entries;
} scope_t;

/* ---- wit_resolve.c ---- */

/* Fills what a decl stands for. False always means that the error is set. */
bool wh_wit_resolve_decl(resolver_t *resolver, ast_decl_t *decl);
/* An interface or a world by its path; wanted_world tells which. */
bool wh_wit_find_decl(resolver_t *resolver, const ast_part_t *part, const ast_path_t *path,
                      bool wanted_world, ast_decl_t **out);
/* The types among items, with what they `use`; the scope's interface or world gets them in order. */
bool wh_wit_resolve_types(scope_t *scope, ast_item_t *items);
bool wh_wit_resolve_func(scope_t *scope, const ast_item_t *item, wh_wit_type_t *resource,
                         wh_wit_func_t **out);
/* All of an interface, its scope empty at first. */
bool wh_wit_resolve_interface(scope_t *scope, ast_item_t *items);
void wh_wit_scope_free(scope_t *scope);
/* Is an item left out for its feature? Also checks the version it is said to be since. */
bool wh_wit_gate(resolver_t *resolver, const ast_part_t *part, const wh_wit_notes_t *notes,
                 uint32_t at, bool *left_out);
/* The name as it is compared: in small letters. NULL: the error is set. */
const char *wh_wit_fold(wh_wit_reading_t *reading, const char *text, size_t size);

bool wh_wit_invalid(resolver_t *resolver, const ast_part_t *part, size_t at, const char *format,
                    ...) WH_PRINTF(4, 5);
/* How a name is put into a message. */
#define WH_NAME(name) (int)((name).size > 100 ? 100 : (name).size), (name).text

/* ---- wit_worlds.c ---- */
bool wh_wit_resolve_world(resolver_t *resolver, ast_decl_t *decl);

#endif
