/* What the files of component share while they read. */
#ifndef WH_COMPONENT_READ_H
#define WH_COMPONENT_READ_H

#include "component/component.h"
#include "decode/decode.h"
#include "validate/validate.h"

#define TRY(call)                        \
  do {                                   \
    wherry_error_t *try_error_ = (call); \
    if (try_error_) return try_error_;   \
  } while (0)

/* Types share parts, so a short binary may spell out to types without end. Every walk over types counts
   its steps; a component that takes more than these is refused. The largest known takes 10,000. */
#define WH_COMPONENT_STEPS UINT64_C(10000000)

/* ---- maps from addresses to addresses (pointers.c) ---- */
typedef struct pointers {
  struct {
    const void *key, *value;
  } *entries;
  size_t count, capacity;
} pointers_t;
/* False: no memory. */
bool wh_pointers_put(wh_alloc_t *alloc, pointers_t *map, const void *key, const void *value);
const void *wh_pointers_get(const pointers_t *map, const void *key); /* NULL: not there */
void wh_pointers_free(wh_alloc_t *alloc, pointers_t *map);

/* ---- scopes ---- */

/* Names of imports, or of exports, in one scope. */
typedef struct naming {
  const char *kind; /* "import", "export" */
  WH_VEC(wh_item_t) items;
  wh_map_t places;      /* by name */
  wh_map_t strong;      /* canonicalized names that are taken -> place */
  pointers_t resources; /* a resource -> its label, a text */
  wh_map_t labels;      /* of resources */
  pointers_t named;     /* types that are, by their address */
} naming_t;

typedef struct core_type {
  const wh_module_type_t *module; /* NULL: it is no module type */
  uint32_t index;                 /* in the core types of the reading */
} core_type_t;

typedef enum scope_kind { SCOPE_COMPONENT, SCOPE_COMPONENT_TYPE, SCOPE_INSTANCE_TYPE } scope_kind_t;

typedef struct scope scope_t;
struct scope {
  scope_t *outer;
  scope_kind_t kind;
  uint32_t serial;
  wh_component_def_t *def; /* of a component */
  WH_VEC(core_type_t) core_types;
  WH_VEC(const wherry_functype_t *) core_funcs; /* the engine's */
  WH_VEC(wherry_externtype_t) core_tables, core_memories, core_globals, core_tags;
  WH_VEC(const wh_module_type_t *) modules;
  WH_VEC(const wh_core_items_t *) core_instances;
  WH_VEC(wh_deftype_t) types;
  WH_VEC(const wh_func_type_t *) funcs;
  WH_VEC(const wh_instance_type_t *) instances;
  WH_VEC(const wh_component_type_t *) components;
  naming_t imports, exports;
  WH_VEC(wh_bound_t) resources;
  wherry_valtype_t context_type; /* of context.get and context.set; 0: none yet */
};

typedef struct reading {
  wherry_engine_t *engine;
  wh_alloc_t *alloc;
  wherry_component_t *component;
  wherry_world_t *world;
  wh_reader_t in;    /* of the whole binary; ends where the section or component ends */
  const uint8_t *at; /* where the definition in hand begins, for errors */
  scope_t *scope;    /* the innermost */
  uint32_t serials, depth;
  uint64_t steps;
  wh_model_t *core;         /* all core types, whichever scope they are of; it names them itself */
  WH_VEC(uint32_t) numbers; /* the engine's, for these */
} reading_t;

/* Errors with the offset of the place read last, or of the definition in hand. */
#define FAILS __attribute__((returns_nonnull, cold)) wherry_error_t *
FAILS wh_component_malformed(reading_t *r, const char *format, ...) WH_PRINTF(2, 3);
FAILS wh_component_invalid(reading_t *r, const char *format, ...) WH_PRINTF(2, 3);
FAILS wh_component_too_many(reading_t *r, uint64_t most, const char *what);
#define MALFORMED(...) wh_component_malformed(r, __VA_ARGS__)
#define INVALID(...) wh_component_invalid(r, __VA_ARGS__)
/* "unknown type 7: 3 are there" */
FAILS wh_component_unknown(reading_t *r, const char *what, uint32_t index, size_t count);
/* For a message: a name, quoted, in a buffer of the reading's world; never NULL. */
const char *wh_component_quote(reading_t *r, wherry_bytes_t name);
wherry_error_t *wh_component_steps(reading_t *r, uint64_t count); /* so many more: limit */
static inline wherry_error_t *wh_component_step(reading_t *r) { return wh_component_steps(r, 1); }

/* Small reads. */
wherry_error_t *wh_component_u8(reading_t *r, uint8_t *out);
wherry_error_t *wh_component_u32(reading_t *r, uint32_t *out);
/* A number of things that take a byte at least, so what is made for them is bounded by the input. */
wherry_error_t *wh_component_count(reading_t *r, uint32_t most, const char *what, uint32_t *out);
wherry_error_t *wh_component_name(reading_t *r, wherry_bytes_t *out);
/* A boolean, in words what it is. */
wherry_error_t *wh_component_flag(reading_t *r, const char *what, bool *out);

/* A text that ends with zero, in the world. */
wherry_error_t *wh_component_text(reading_t *r, wherry_bytes_t bytes, const char **out);
/* Memory of the world for count things, zeroed; count 0: not NULL. */
void *wh_component_array(reading_t *r, size_t count, size_t size);
wherry_error_t *wh_component_add(reading_t *r, const wh_definition_t *definition);
#define PUSH(vec, item) (wh_vec_push(r->alloc, (vec), (item)) ? NULL : wh_error_oom())

/* ---- index spaces: what an index means, or invalid ---- */
wherry_error_t *wh_component_type_at(reading_t *r, uint32_t index, wh_deftype_t *out);
wherry_error_t *wh_component_resource_at(reading_t *r, uint32_t index, const wh_resource_t **out);
wherry_error_t *wh_component_value_type_at(reading_t *r, uint32_t index, const wherry_type_t **out);
wherry_error_t *wh_component_func_type_at(reading_t *r, uint32_t index, const wh_func_type_t **out);
wherry_error_t *wh_component_core_func_at(reading_t *r, uint32_t index,
                                          const wherry_functype_t **out);
/* A function type among the core types. */
wherry_error_t *wh_component_core_type_at(reading_t *r, uint32_t index,
                                          const wherry_functype_t **out);
wherry_error_t *wh_component_core_memory_at(reading_t *r, uint32_t index, wherry_externtype_t *out);
wherry_error_t *wh_component_core_table_at(reading_t *r, uint32_t index, wherry_externtype_t *out);
wherry_error_t *wh_component_push_core_func(reading_t *r, const wherry_functype_t *type);
/* The import of a module type with the names that another has; NULL: there is none, or *oom. */
const wh_core_item_t *wh_component_find_import(reading_t *r, const wh_module_type_t *type,
                                               const wh_core_item_t *like, bool *oom);
/* An entity that is there, as an export or an argument. */
wherry_error_t *wh_component_entity_at(reading_t *r, uint32_t sort, uint32_t index,
                                       wh_entity_t *out);
/* One more in the space of its sort. */
wherry_error_t *wh_component_push(reading_t *r, const wh_entity_t *entity);
const char *wh_component_sort_name(wh_sort_t sort);

/* ---- sections, each reads one entry ---- */
wherry_error_t *wh_component_read_core_type(reading_t *r);
wherry_error_t *wh_component_read_core_module(reading_t *r);
wherry_error_t *wh_component_read_core_instance(reading_t *r);
wherry_error_t *wh_component_read_type(reading_t *r);
wherry_error_t *wh_component_read_instance(reading_t *r);
wherry_error_t *wh_component_read_alias(reading_t *r);
wherry_error_t *wh_component_read_canon(reading_t *r);
wherry_error_t *wh_component_read_import(reading_t *r);
wherry_error_t *wh_component_read_export(reading_t *r);
/* An export declared by a type. */
wherry_error_t *wh_component_read_export_decl(reading_t *r);

wherry_error_t *wh_component_core_alias(reading_t *r, uint32_t sort, uint32_t instance,
                                        wherry_bytes_t name);
/* A component's or component type's own type, once all is read. */
wherry_error_t *wh_component_finish_type(reading_t *r, wh_component_type_t **out);
wherry_error_t *wh_component_finish_items(reading_t *r, naming_t *naming, wh_items_t *out);
wherry_error_t *wh_component_keep_places(reading_t *r, wh_map_t *map, const wh_map_t **out);

wherry_error_t *wh_component_begin_scope(reading_t *r, scope_kind_t kind, scope_t **out);
void wh_component_end_scope(reading_t *r); /* the innermost */

/* A valtype. */
wherry_error_t *wh_component_valtype(reading_t *r, const wherry_type_t **out);
/* resultlist; *out NULL: none. */
wherry_error_t *wh_component_result(reading_t *r, const wherry_type_t **out);
/* externtype. A resource type that is yet to be bound is NULL. */
wherry_error_t *wh_component_externtype(reading_t *r, wh_entity_t *out);
/* What is imported, or exported, is added to the scope: a type with another name for it, an instance
   with resources of its own, where its type binds some; once its name and type are good. */
wherry_error_t *wh_component_declare(reading_t *r, naming_t *naming, wh_item_t *item);
/* The same type once more. */
wherry_error_t *wh_component_copy_value(reading_t *r, const wherry_type_t *type,
                                        wherry_type_t **out);
/* A new resource of a scope. */
wherry_error_t *wh_component_bind(reading_t *r, scope_t *scope, bool is_imported,
                                  wherry_valtype_t representation, const char *name,
                                  const wh_resource_t **out);

/* ---- names (names.c) ---- */
bool wh_component_is_label(wherry_bytes_t text);
/* nameattributes. */
wherry_error_t *wh_component_extern_name(reading_t *r, wh_item_t *out);
/* Whether the name is well-formed, goes with what it is for, and is not taken; adds the item. */
wherry_error_t *wh_component_add_item(reading_t *r, naming_t *naming, const wh_item_t *item);
void wh_component_free_naming(wh_alloc_t *alloc, naming_t *naming);

/* ---- which types are named (visible.c) ---- */
/* Whether what an import or export of this type uses is named in the scope; notes what it names. */
wherry_error_t *wh_component_check_visible(reading_t *r, naming_t *naming, const wh_item_t *item);
/* Whether a type names a resource that it does not bind. */
wherry_error_t *wh_component_is_closed(reading_t *r, const wh_deftype_t *type, bool *out);
/* Calls visit for each use of a resource that is not bound inside. */
typedef wherry_error_t *visit_t(reading_t *r, const wh_resource_t *resource, void *data);
wherry_error_t *wh_component_each_resource(reading_t *r, const wh_entity_t *entity, visit_t *visit,
                                           void *data);

/* ---- matching (match.c) ---- */

/* What the resources of a scope stand for while two types are compared, or while one is copied. to: by
   place in the scope; NULL: nothing. */
typedef struct frame {
  const struct frame *next;
  uint32_t scope, count;
  const wh_resource_t **to;
} frame_t;

/* Each side has frames of its own. The error says what differs. */
wherry_error_t *wh_component_match(reading_t *r, const frame_t *sub_frames, const wh_entity_t *sub,
                                   const frame_t *super_frames, const wh_entity_t *super);
/* The frame of a type that is instantiated, from its imports and what is given for them (by name; checked
   one by one). to: room for the scope's resources, zeroed. */
wherry_error_t *wh_component_open(reading_t *r, const wh_items_t *wanted, const wh_items_t *given,
                                  frame_t *frame);

/* ---- copies with other resources (substitute.c) ---- */
typedef struct substitution {
  const frame_t *frame;
  pointers_t done;     /* types and resources that are settled, by address */
  bool renames_values; /* some of these are value types */
} substitution_t;
/* That one type is to stand for another, and in instances the types they export. */
wherry_error_t *wh_component_rename_to(reading_t *r, substitution_t *s, const wh_entity_t *from,
                                       const wh_entity_t *to);
wherry_error_t *wh_component_substitute(reading_t *r, substitution_t *s, const wh_items_t *from,
                                        wh_items_t *out);

#endif
