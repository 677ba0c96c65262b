/* model: what a module is once it was read. Filled by decode, checked by validate, printed by encode,
   used by all rooms after them. It holds facts of the binary only: nothing of an instance, nothing
   compiled. Immutable once validated; freed by wh_model_free. */
#ifndef WH_MODEL_H
#define WH_MODEL_H

#include <wherry/config.h>
#include <wherry/types.h>

#include "base/base.h"
#include "ops/ops.h"

/* ---- value types ----
   wherry_valtype_t: the binary format's code in the low 8 bits. A reference type is one of
     WHERRY_FUNCREF …    (ref null func) and its like: the one-byte code
     0x63 | heap << 8    (ref null $t): heap is the index of a type
     0x64 | heap << 8    (ref heap): heap is the index of a type, or WH_HEAP_ABSTRACT | code
   so that each type has one representation and equal types are equal numbers. In a model indices are
   those of its types; canonical types of an engine (runtime) hold the engine's own numbers. */
typedef uint32_t wh_heap_t;
#define WH_HEAP_ABSTRACT UINT32_C(0x800000)
#define WH_HEAP(name) \
  (WH_HEAP_ABSTRACT | WHERRY_##name##REF) /* of FUNC, EXTERN, ANY, NULLFUNC, … */
#define WH_HEAP_BOTTOM WH_HEAP_ABSTRACT   /* of a reference that unreachable code made up */
/* Storage types beside the value types: of fields only. */
#define WH_PACKED_I8 ((wherry_valtype_t)0x78)
#define WH_PACKED_I16 ((wherry_valtype_t)0x77)

/* Of a reference type that is more than a byte. */
static inline bool wh_has_heap(wherry_valtype_t type) {
  return (type & 0xFF) == 0x63 || (type & 0xFF) == 0x64;
}
static inline bool wh_is_ref(wherry_valtype_t type) {
  return (type >= WHERRY_EXNREF && type <= WHERRY_NULLEXNREF) || wh_has_heap(type);
}
static inline bool wh_heap_is_abstract(wh_heap_t heap) { return (heap & WH_HEAP_ABSTRACT) != 0; }
/* Of reference types only. */
static inline bool wh_ref_is_nullable(wherry_valtype_t type) { return (type & 0xFF) != 0x64; }
static inline wh_heap_t wh_ref_heap(wherry_valtype_t type) {
  return wh_has_heap(type) ? type >> 8 : WH_HEAP_ABSTRACT | type;
}
static inline wherry_valtype_t wh_ref(wh_heap_t heap, bool nullable) {
  if (!nullable) return heap << 8 | 0x64;
  return wh_heap_is_abstract(heap) ? heap & 0xFF : heap << 8 | 0x63;
}
/* Whether it is a value type that means the same everywhere: it names no type of a module. */
static inline bool wh_is_plain_type(wherry_valtype_t type) {
  if (type >= WHERRY_V128 && type <= WHERRY_I32) return true;
  if (type >> 8 && wh_is_ref(type)) type = wh_heap_is_abstract(type >> 8) ? type >> 8 & 0xFF : 0;
  return type >= WHERRY_EXNREF && type <= WHERRY_NULLEXNREF;
}
/* Whether a local or field of the type has a value to begin with. */
static inline bool wh_is_defaultable(wherry_valtype_t type) { return (type & 0xFF) != 0x64; }

/* Limits of an implementation (core specification, Implementation Limits; numbers as the web's). */
enum {
  WH_MAX_TYPES = 1000000,
  WH_MAX_ENGINE_TYPES = 0x3FFFFF, /* of all modules of an engine: such a number fits below
                                     WH_HEAP_ABSTRACT, with a bit to spare (model/types.c) */
  WH_MAX_FIELDS = 10000,          /* of a struct */
  WH_MAX_SUBTYPING_DEPTH = 63,
  WH_MAX_FUNCTIONS = 1000000,
  WH_MAX_IMPORTS = 1000000,
  WH_MAX_EXPORTS = 1000000,
  WH_MAX_GLOBALS = 1000000,
  WH_MAX_TAGS = 1000000,
  WH_MAX_SEGMENTS = 1000000,
  WH_MAX_TABLES = 100000,
  WH_MAX_MEMORIES = 100,
  WH_MAX_PARAMS = 1000,
  WH_MAX_RESULTS = 1000,
  WH_MAX_LOCALS = 50000,
  WH_MAX_BODY_SIZE = 7654321,
  WH_MAX_TABLE_ELEMENTS = 10000000
};

/* A function type. Also what wherry_functype_t is. Those of a model are part of it (references < 0);
   those made by wherry_functype_new are counted and owned. */
struct wherry_functype {
  _Atomic int64_t references;           /* -1: belongs to a module or an engine, its owner */
  void *owner;                          /* who is held instead of the type; NULL: nobody yet */
  void (*hold)(void *owner, bool more); /* one holder of the owner more, or less */
  wherry_valtype_t *types;              /* parameters, then results */
  uint32_t param_count, result_count;
  uint32_t canonical; /* equal for equal types in one engine; set by the runtime, 0 before */
};

typedef struct wh_limits {
  uint64_t minimum, maximum; /* maximum UINT64_MAX: none */
  bool is_widest;            /* the binary's maximum is 2^64 - 1; here it is one less */
} wh_limits_t;

/* A type in the binary; returns what is behind it, NULL: it is none, and *problem says why (in the
   words of the specification's tests; static). Indices are not looked at: an index that no module
   can have stays one. */
const uint8_t *wh_read_val_type(const uint8_t *at, const uint8_t *end, wherry_valtype_t *out,
                                const char **problem);
const uint8_t *wh_read_ref_type(const uint8_t *at, const uint8_t *end, wherry_valtype_t *out,
                                const char **problem);
const uint8_t *wh_read_heap_type(const uint8_t *at, const uint8_t *end, wh_heap_t *out,
                                 const char **problem);
/* The features that a value type needs. */
wh_features_t wh_type_features(wherry_valtype_t type);

/* What the byte before limits says in the binary. */
enum {
  WH_LIMITS_MAXIMUM = 1, /* a maximum follows the minimum */
  WH_LIMITS_SHARED = 2,  /* these and the last of memories only */
  WH_LIMITS_64 = 4,
  WH_LIMITS_PAGE_SIZE = 8 /* its power of two follows */
};

/* ---- defined types ---- */
typedef enum wh_comp { WH_COMP_FUNC, WH_COMP_STRUCT, WH_COMP_ARRAY } wh_comp_t;

typedef struct wh_field {
  wherry_valtype_t type; /* a value type or WH_PACKED_… */
  bool is_mutable;
} wh_field_t;

enum { WH_NO_TYPE = UINT32_MAX };

/* A type of the type section beside what is in model->types at the same place, which is its function
   type (of other types: without parameters and results). */
typedef struct wh_subtype {
  wh_comp_t kind;
  bool is_final;
  uint32_t super;              /* index, smaller than its own; WH_NO_TYPE: none */
  uint32_t group, group_count; /* its recursion group: first index, number of types */
  uint32_t field_count;        /* struct; array: 1 */
  wh_field_t *fields;
  uint32_t same; /* the first type of this module that is equal to it; itself until validated */
} wh_subtype_t;

/* What wherry_externtype_t is: the type of an import, export or entity. */
struct wherry_externtype {
  wherry_extern_kind_t kind;
  wherry_valtype_t valtype; /* global: value, table: element */
  bool is_mutable;
  bool is64;                     /* memory, table: addresses or indices are i64 */
  bool shared;                   /* memory */
  uint8_t page_log2;             /* memory: 2 to that is the size of its pages */
  wh_limits_t limits;            /* memory: pages, table: elements */
  const wherry_functype_t *func; /* function, tag */
};

/* What stands in place of an import's kind, after an empty name, where several follow. */
enum { WH_IMPORT_ITEMS = 0x7F, WH_IMPORT_ITEMS_OF_ONE_TYPE = 0x7E };

typedef struct wh_import {
  wherry_bytes_t module, name;
  wherry_externtype_t type;
  uint32_t index;      /* in the index space of its kind */
  uint32_t type_index; /* function, tag */
  uint64_t offset;     /* in the binary, for messages */
} wh_import_t;

typedef struct wh_export {
  wherry_bytes_t name;
  wherry_extern_kind_t kind;
  uint32_t index; /* in the index space of its kind */
  wherry_externtype_t type;
} wh_export_t;

/* A constant expression: its bytes, `end` included, and where they lie. Most are one instruction. */
typedef struct wh_const_expr {
  const uint8_t *bytes;
  uint32_t size;
  uint64_t offset;
} wh_const_expr_t;

typedef struct wh_body {
  const uint8_t *bytes; /* the locals' declarations, then the code up to its final end */
  uint32_t size;
  uint32_t type_index;
  uint64_t offset; /* of bytes in the binary */
} wh_body_t;

typedef struct wh_global_type {
  wherry_valtype_t type;
  bool is_mutable;
  bool imported;
  wh_const_expr_t init; /* not imported */
} wh_global_type_t;

typedef struct wh_table_type {
  wherry_valtype_t element;
  wh_limits_t limits;
  bool is64; /* indices are i64 */
  bool has_init;
  wh_const_expr_t init; /* of its elements, where it has one */
} wh_table_type_t;

enum { WH_PAGE_LOG2 = 16 }; /* of pages of the size that all had before custom page sizes */

typedef struct wh_memory_type {
  wh_limits_t limits; /* pages */
  bool is64;          /* addresses are i64 */
  bool shared;
  uint8_t page_log2; /* 2 to that is the size of a page; valid: 0 and WH_PAGE_LOG2 */
} wh_memory_type_t;

typedef enum wh_segment_mode {
  WH_SEGMENT_ACTIVE,
  WH_SEGMENT_PASSIVE,
  WH_SEGMENT_DECLARATIVE
} wh_segment_mode_t;

typedef struct wh_elem {
  wh_segment_mode_t mode;
  wherry_valtype_t type;
  uint32_t table;
  wh_const_expr_t offset;
  uint32_t count;
  /* Either functions by index (an item's index is read by LEB128 from items), or expressions. */
  bool by_index;
  const uint8_t *items; /* count LEB128 numbers, or count expressions one after another */
  uint32_t items_size;
  uint64_t items_offset;
} wh_elem_t;

typedef struct wh_data {
  wh_segment_mode_t mode;
  uint32_t memory;
  wh_const_expr_t offset;
  wherry_bytes_t bytes;
} wh_data_t;

typedef struct wh_custom {
  wherry_bytes_t name, bytes;
  uint32_t after;  /* id of the last non-custom section before it, 0: at the front */
  uint64_t offset; /* of its contents in the binary */
} wh_custom_t;

/* Bytes that may be read behind the binary, whatever they are, so that reading an immediate need not
   look whether it is cut short. */
enum { WH_MODEL_PADDING = 16 };

/* A copy of a binary, shared by the models that point into it: those of one component. */
typedef struct wh_binary {
  _Atomic int64_t references;
  wh_alloc_t *alloc;
  size_t size;
  uint8_t bytes[]; /* size, and padding */
} wh_binary_t;
/* NULL: no memory. */
wh_binary_t *wh_binary_make(wh_alloc_t *alloc, const uint8_t *bytes, size_t size);
void wh_binary_retain(wh_binary_t *binary);
void wh_binary_release(wh_binary_t *binary); /* NULL: nothing */

typedef struct wh_model {
  wh_alloc_t *alloc;
  wh_binary_t *binary;  /* retained */
  const uint8_t *bytes; /* in it; everything below points into these */
  size_t size;
  WH_VEC(wherry_functype_t) types;
  WH_VEC(wh_subtype_t) subtypes; /* as many */
  WH_VEC(wh_import_t) imports;
  WH_VEC(uint32_t) functions;     /* type index of every function, imported ones first */
  WH_VEC(wh_table_type_t) tables; /* imported ones first; so too below */
  WH_VEC(wh_memory_type_t) memories;
  WH_VEC(wh_global_type_t) globals;
  WH_VEC(uint32_t) tags; /* type index of every tag */
  WH_VEC(wh_export_t) exports;
  WH_VEC(wh_elem_t) elems;
  WH_VEC(wh_data_t) datas;
  WH_VEC(wh_body_t) bodies; /* of functions[imported_functions + i] */
  WH_VEC(wh_custom_t) customs;
  wh_map_t export_map; /* name -> place in exports */
  uint32_t imported_functions, imported_tables, imported_memories, imported_globals;
  uint32_t imported_tags;
  bool has_compact_imports; /* in the binary; here they are like others */
  bool has_start;
  uint32_t start;
  bool has_data_count;
  uint32_t data_count;
  wherry_bytes_t name;           /* of the module, from the name section; data NULL: none */
  char *name_text;               /* the same, zero-ended (size + 1 bytes), NULL: none */
  wherry_bytes_t function_names; /* the subsection with function names, still encoded */
} wh_model_t;

static inline const wherry_functype_t *wh_model_functype(const wh_model_t *model,
                                                         uint32_t function) {
  return &model->types.items[model->functions.items[function]];
}

/* The name of a function in the name section, else that of its first export; data NULL: none. Walks
   the names: for messages only. */
wherry_bytes_t wh_model_function_name(const wh_model_t *model, uint32_t function);

/* What a validated module needs to be valid, apart from what these features need themselves. Walks all
   bodies. */
wh_features_t wh_model_features(const wh_model_t *model);

/* The first custom section of a name; NULL: there is none. */
const wh_custom_t *wh_model_custom(const wh_model_t *model, const char *name);

/* The type of an entity, put in *out, which it returns; NULL: there is no such index. */
const wherry_externtype_t *wh_model_extern_of(const wh_model_t *model, wherry_extern_kind_t kind,
                                              uint32_t index, wherry_externtype_t *out);

/* "func", "extern", … of an abstract heap type other than the bottom; static. */
const char *wh_heap_name(wh_heap_t heap);
/* "i32", "(ref null 3)": in text, which has room for WH_TYPE_TEXT_SIZE bytes and is returned. */
enum { WH_TYPE_TEXT_SIZE = 24 };
const char *wh_type_text(wherry_valtype_t type, char *text);
/* The same for one call of a function that prints. */
#define WH_TYPE_TEXT(type) wh_type_text((type), (char[WH_TYPE_TEXT_SIZE]) {0})
/* Appended. */
void wh_print_valtype(wh_text_t *text, wherry_valtype_t type);
/* "(i32, i32)", appended. */
void wh_print_valtypes(wh_text_t *text, const wherry_valtype_t *types, size_t count);
/* "(i32, i32) -> i32", appended. */
void wh_print_signature(wh_text_t *text, const wherry_functype_t *type);
/* "func (i32, i32) -> i32", appended. */
void wh_print_functype(wh_text_t *text, const wherry_functype_t *type);
void wh_print_externtype(wh_text_t *text, const wherry_externtype_t *type);
bool wh_functype_equal(const wherry_functype_t *a, const wherry_functype_t *b);

/* ---- subtypes (Validation, Matching) ----
   The rules are the same for the types of a model and for those of an engine. */
typedef struct wh_type_facts {
  wh_comp_t kind;
  uint32_t super; /* WH_NO_TYPE: none */
  uint32_t same;  /* equal for equal types */
} wh_type_facts_t;
typedef struct wh_types {
  wh_type_facts_t (*of)(const void *owner, uint32_t index);
  const void *owner;
} wh_types_t;
wh_types_t wh_model_types(const wh_model_t *model);

bool wh_heap_matches(const wh_types_t *types, wh_heap_t sub, wh_heap_t super);
bool wh_type_matches(const wh_types_t *types, wherry_valtype_t sub, wherry_valtype_t super);
bool wh_type_same(const wh_types_t *types, wherry_valtype_t a, wherry_valtype_t b);
/* any, func, extern or exn: what all references of that kind are below. */
wh_heap_t wh_heap_top(const wh_types_t *types, wh_heap_t heap);

/* Numbers that are equal for equal recursion groups: how many, and then they themselves. group: its
   first type; numbers: what stands for each type before it. Returns behind the last. */
size_t wh_group_key_size(const wh_model_t *model, uint32_t group);
uint32_t *wh_group_key(const wh_model_t *model, uint32_t group, const uint32_t *numbers,
                       uint32_t *out);
/* Sets `same` of all types, whose indices must exist. False: no memory. */
bool wh_model_find_same(wh_model_t *model);

void wh_model_free(wh_model_t *model); /* and the model itself */

#endif
