/* component: component binaries. Reading one decodes and validates it in one pass, as what a definition
   means depends on those before it; what is left is a tree of components, each a list of definitions
   in order, from which instances are made. Called by api. It moves no value (canon does) and runs no
   core code (link does); core modules inside are decoded, validated and held as link's.

   Value types are types.h's from the start, laid out, in a world that the component owns: there is no
   second description of them. Their identity is their address: a type that is imported or exported
   gets a copy of its top (records, variants, enums, flags) or another name (resources), so that what
   an import or export uses can be told to be named or not; equality looks at what they hold.

   A resource type is bound where it is introduced: by a component (imported, defined, or made by
   instantiating another), by a component type or by an instance type. Each of these is a scope with
   a number of its own, and numbers its resources. Instantiation and imports of instances copy types
   with the bound resources replaced; comparing two component types replaces nothing, it looks
   through frames instead. */
#ifndef WH_COMPONENT_H
#define WH_COMPONENT_H

#include <wherry/component.h>

#include "link/link.h"
#include "types/types.h"

/* Limits: counts of one component, and of how deep components, component types and instance types
   nest in each other. What types cost together is limited too: see component_read.h. */
enum {
  WH_MAX_COMPONENT_MODULES = 1000,
  WH_MAX_COMPONENT_COMPONENTS = 1000,
  WH_MAX_COMPONENT_INSTANCES = 1000,
  WH_MAX_COMPONENT_ITEMS = 1000000, /* of any other index space, and imports, and exports */
  WH_MAX_COMPONENT_PARTS = 10000,   /* fields, cases, places, labels of one type */
  WH_MAX_COMPONENT_ARGUMENTS = 100000,
  WH_MAX_COMPONENT_DEPTH = 64 /* also of types: an instance that exports an instance that … */
};

/* ---- types ---- */

/* As the binary numbers them in externtype. */
typedef enum wh_sort {
  WH_SORT_MODULE,
  WH_SORT_FUNC,
  WH_SORT_VALUE,
  WH_SORT_TYPE,
  WH_SORT_COMPONENT,
  WH_SORT_INSTANCE
} wh_sort_t;

typedef struct wh_module_type wh_module_type_t;
typedef struct wh_component_type wh_component_type_t;
typedef struct wh_instance_type wh_instance_type_t;

typedef struct wh_func_type {
  const wherry_type_t *params; /* a record, laid out as they are when they spill */
  const wherry_type_t *result; /* NULL: none */
  bool is_async;
} wh_func_type_t;

typedef enum wh_deftype_kind {
  WH_DEFTYPE_VALUE,
  WH_DEFTYPE_RESOURCE,
  WH_DEFTYPE_FUNC,
  WH_DEFTYPE_COMPONENT,
  WH_DEFTYPE_INSTANCE,
  WH_DEFTYPE_MODULE
} wh_deftype_kind_t;

typedef struct wh_deftype {
  wh_deftype_kind_t kind;
  union {
    const void *any;
    const wherry_type_t *value;
    const wh_resource_t *resource;
    const wh_func_type_t *func;
    const wh_component_type_t *component;
    const wh_instance_type_t *instance;
    const wh_module_type_t *module;
  } of;
} wh_deftype_t;

/* What is imported or exported: its type; of a type, itself. */
typedef struct wh_entity {
  wh_sort_t sort;
  wh_deftype_t type;
} wh_entity_t;

/* data NULL: no such attribute. All point into the binary. */
typedef struct wh_item {
  wherry_bytes_t name, implements, version_suffix, external_id;
  wh_entity_t entity;
} wh_item_t;

/* Imports or exports in their order. places: by name; shared by copies of a type. depth: of types with
   items inside each other, these included. */
typedef struct wh_items {
  const wh_item_t *items;
  uint32_t count, depth;
  const wh_map_t *places;
} wh_items_t;
/* NULL: there is none of that name. */
const wh_item_t *wh_items_find(const wh_items_t *items, wherry_bytes_t name);

struct wh_instance_type {
  wh_items_t exports;
  /* Resources that it binds, and where; of the type of an instance that is there, none. */
  uint32_t scope, bound_count;
  const wh_resource_t *const *bound;
};

/* resource_count: of its scope, inside or not; imported and defined: the resources that its type
   binds, in imports and in exports. */
struct wh_component_type {
  wh_items_t imports, exports;
  uint32_t scope, resource_count;
  uint32_t imported_count, defined_count;
  const wh_resource_t *const *imported, *const *defined;
};

/* Types in terms of the engine. */
typedef struct wh_core_item {
  wherry_bytes_t module, name; /* module: of imports only */
  wherry_externtype_t type;
} wh_core_item_t;
typedef struct wh_core_items {
  const wh_core_item_t *items;
  uint32_t count;
  const wh_map_t *places; /* exports: by name */
} wh_core_items_t;
const wh_core_item_t *wh_core_items_find(const wh_core_items_t *items, wherry_bytes_t name);

struct wh_module_type {
  wh_core_items_t imports, exports;
};

/* ---- components ---- */

/* Indices are of the component's own index spaces, which definitions fill in their order: a definition
   adds what it makes to the space of its sort. Types have no definitions, but for resource types: of
   those each component has a list, and where a type names one, `scope` and `index` say which. */
typedef enum wh_definition_kind {
  WH_DEFINE_MODULE,        /* of.module */
  WH_DEFINE_CORE_INSTANCE, /* of.core_instance */
  WH_DEFINE_CORE_BAG,      /* of.core_bag: a core instance of core entities that are there */
  WH_DEFINE_COMPONENT,     /* of.component */
  WH_DEFINE_INSTANCE,      /* of.instance */
  WH_DEFINE_BAG,           /* of.bag */
  WH_DEFINE_CORE_ALIAS,    /* of.alias: an export of a core instance; sort: wherry_extern_kind_t */
  WH_DEFINE_ALIAS,         /* of.alias: an export of an instance */
  WH_DEFINE_SAME,          /* of.same: what an index means once more (module, component) */
  WH_DEFINE_CAPTURED,      /* of.same: a capture (module, component) */
  WH_DEFINE_RESOURCE,      /* of.resource */
  WH_DEFINE_CANON,         /* of.canon: a func if it lifts, else a core func */
  WH_DEFINE_START,         /* of.start */
  WH_DEFINE_IMPORT,        /* of.import: its place */
  WH_DEFINE_EXPORT         /* of.export: what an index means once more */
} wh_definition_kind_t;

enum { WH_NONE = UINT32_MAX };

typedef struct wh_argument {
  wherry_bytes_t name;
  uint32_t sort; /* wh_sort_t; of core: wherry_extern_kind_t, unless it is a core instance */
  uint32_t index;
  wh_deftype_t type; /* sort type */
} wh_argument_t;

/* What a canonical definition says. code: as in the binary; see wh_canon_name. */
enum { WH_CANON_LIFT = 0, WH_CANON_LOWER = 1 };
typedef struct wh_canon {
  uint8_t code, string_encoding;
  bool is_async; /* option, or immediate */
  bool is_cancellable;
  uint32_t func;                                   /* lift: a core func; lower: a func */
  uint32_t memory, realloc, post_return, callback; /* WH_NONE: none */
  uint32_t slot, table;
  const wh_func_type_t *type; /* lift, lower */
  const wherry_type_t *value; /* stream, future; task.return: its result, NULL: none */
  const wh_resource_t *resource;
  const wherry_functype_t *core_type; /* of the core func that it lifts or makes; the engine's */
} wh_canon_t;
const char *wh_canon_name(uint8_t code); /* "stream.new"; static; NULL: there is none */

typedef struct wh_component_def wh_component_def_t;
typedef struct wh_definition {
  wh_definition_kind_t kind;
  uint64_t offset; /* in the binary */
  union {
    wherry_module_t *module; /* the component's */
    const wh_component_def_t *component;
    struct {
      uint32_t of; /* module or component; bags: 0 */
      uint32_t count;
      const wh_argument_t *arguments;
      const wh_instance_type_t *type; /* of instance and bag */
    } instance;
    struct {
      uint32_t sort, instance;
      wherry_bytes_t name;
    } alias;
    struct {
      uint32_t sort, index;
    } same;
    struct {
      const wh_resource_t *resource;
      wherry_valtype_t representation;
      uint32_t destructor; /* WH_NONE: none */
    } resource;
    const wh_canon_t *canon;
    struct {
      uint32_t func;
    } start;
    struct {
      uint32_t place;
    } import;
    struct {
      uint32_t place, sort, index;
      wh_deftype_t type; /* sort type */
    } export;
  } of;
} wh_definition_t;

/* Where an outer alias leads, one component further out: an index there, or a capture there. */
typedef struct wh_capture {
  uint32_t sort, index;
  bool is_capture;
} wh_capture_t;

/* A resource of a component's scope. It is known when the definition that brings it is done: found by
   walking the type of the import, or of the instance made, beside what is there at run time. */
typedef struct wh_bound {
  const wh_resource_t *resource;
  wherry_valtype_t representation; /* 0: not known here: it is another component's */
  bool is_imported, is_explicit, is_used;
} wh_bound_t;

struct wh_component_def {
  wh_component_def_t *next; /* of the whole tree */
  wherry_bytes_t name;      /* of its name section; data NULL: none */
  uint64_t offset;
  const wh_component_type_t *type;
  WH_VEC(wh_definition_t) definitions;
  WH_VEC(wh_capture_t) captures;
  WH_VEC(wh_bound_t) resources;
  WH_VEC(wh_custom_t) customs;
};

typedef struct wh_places wh_places_t;
struct wherry_component {
  _Atomic int64_t references;
  wherry_engine_t *engine;
  wh_binary_t *binary;
  wherry_world_t *world;
  wh_component_def_t *root, *defs; /* defs: all of them */
  WH_VEC(wherry_module_t *) modules;
  wh_places_t *places;
};

/* bytes: copied once. *out: the caller's, until wh_component_release.
   Errors: malformed and invalid (with the offset), limit, oom. */
WH_MUST_USE wherry_error_t *wh_component_make(wherry_engine_t *engine, const uint8_t *bytes,
                                              size_t size, wherry_component_t **out);
void wh_component_retain(wherry_component_t *component);
void wh_component_release(wherry_component_t *component); /* NULL: nothing */

/* Its imports and exports as WIT (types/wit.h). *out: the caller's, until wh_wit_free.
   Errors: invalid (what WIT has no words for: modules that are imported, say), limit, oom. */
struct wh_wit;
WH_MUST_USE wherry_error_t *wh_component_wit(const wherry_component_t *component,
                                             struct wh_wit **out);

/* Whether bytes begin as a component's do. */
bool wh_component_looks_like(const uint8_t *bytes, size_t size);

#endif
