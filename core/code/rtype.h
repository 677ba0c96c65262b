/* Types of an engine, and how objects of them lie in memory: code names both. Types of all modules of an
   engine that are equal are one object here, which never moves and lives as long as the engine. Made
   by runtime. */
#ifndef WH_CODE_RTYPE_H
#define WH_CODE_RTYPE_H

#include <stddef.h>

#include "model/model.h"

typedef struct wh_rfield {
  wherry_valtype_t type; /* a value type, of canonical types the number, or WH_PACKED_… */
  bool is_mutable;
  bool is_ref;     /* the collector follows it: a reference, but no function's */
  uint8_t size;    /* bytes: 1, 2, 4, 8 or 16; a reference is a slot */
  uint32_t offset; /* from the object's start */
} wh_rfield_t;

typedef struct wh_rtype {
  size_t size; /* of this block: the type and all that it points to */
  uint32_t id; /* canonical number, never 0; of a function type that in `func` too */
  wh_comp_t kind;
  bool is_final;
  uint32_t depth;         /* how many supertypes it has */
  const uint32_t *supers; /* their ids from the topmost on, then its own: depth + 1 numbers */
  wherry_functype_t func; /* of other types: without parameters and results */
  uint32_t field_count;   /* struct; array: 1, that of its elements */
  wh_rfield_t *fields;

  /* Set by runtime's wh_gc_lay_out. */
  uint32_t object_size; /* bytes of a struct, header and all; of an array's header; of an exception
                           that a tag of this function type throws */
  bool has_refs;        /* some field is_ref */
  bool has_far_refs;    /* some of them lie behind the first 64 words */
  uint64_t ref_words;   /* a bit a word of the object: these are references */
} wh_rtype_t;

/* Whether sub is super or one of its subtypes. */
static inline bool wh_rtype_is_sub(const wh_rtype_t *sub, const wh_rtype_t *super) {
  return sub == super || (sub->depth > super->depth && sub->supers[super->depth] == super->id);
}

/* The same by the number alone. */
static inline bool wh_rtype_has_super(const wh_rtype_t *sub, uint32_t id) {
  for (uint32_t i = sub->depth + 1; i-- > 0;)
    if (sub->supers[i] == id) return true;
  return false;
}

/* That a function type of the engine's own (wherry_functype.canonical is not 0) is part of. */
static inline const wh_rtype_t *wh_rtype_of_func(const wherry_functype_t *type) {
  return (const wh_rtype_t *)(const void *)((const char *)type - offsetof(wh_rtype_t, func));
}

/* What a reference of the any, extern or exn hierarchy may be: bits for ref.test and ref.cast. */
enum {
  WH_REF_NULL = 1 << 0,
  WH_REF_I31 = 1 << 1,
  WH_REF_HOST = 1 << 2, /* the host's data */
  WH_REF_OBJECT = 3,    /* bits from here on: objects, by the kind of their type */
  WH_REF_EXN = 1 << (WH_REF_OBJECT + WH_COMP_FUNC),
  WH_REF_STRUCT = 1 << (WH_REF_OBJECT + WH_COMP_STRUCT),
  WH_REF_ARRAY = 1 << (WH_REF_OBJECT + WH_COMP_ARRAY)
};
/* Those that are of an abstract heap type, but for null. */
static inline uint32_t wh_ref_mask(wh_heap_t heap) {
  switch (heap) {
  case WH_HEAP(ANY):
  case WH_HEAP(EXTERN): return WH_REF_I31 | WH_REF_HOST | WH_REF_STRUCT | WH_REF_ARRAY;
  case WH_HEAP(EQ): return WH_REF_I31 | WH_REF_STRUCT | WH_REF_ARRAY;
  case WH_HEAP(I31): return WH_REF_I31;
  case WH_HEAP(STRUCT): return WH_REF_STRUCT;
  case WH_HEAP(ARRAY): return WH_REF_ARRAY;
  case WH_HEAP(EXN): return WH_REF_EXN;
  default: return 0;
  }
}

#endif
