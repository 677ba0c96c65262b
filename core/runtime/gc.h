/* The heap of a store: structs, arrays and exceptions of guests, and the collector that frees them.

   A reference of the any, extern and exn hierarchies is a word:
     0                       null
     … 1                     an i31, in bits 1 to 31
     tag << 48 | n << 2 | 2  the host's: place n - 1 in the store's externs
     … 000                   the address of an object
   References of the any and the extern hierarchy are the same, so converting them is nothing.

   Objects never move. A collection marks what can be reached and sweeps the rest, block by block, when
   there is need of space. What is reachable from objects, globals, tables, segments and the host's
   handles is known exactly, by types. Frames are different: a slot holds now a number and now a
   reference, and to say which at every place where a collection may happen would need maps as long
   as the code. So the words of frames are taken as they are: one that is the address of an object
   keeps it. Numbers seldom look like that, and what is kept for it is freed later.

   A collection happens only where wh_gc_new and its like are called, or the host asks. Then everything
   alive must be in a root: in a slot of the running stack below its `top`, in context.acc, in an
   object, global or table, or in a wh_gc_local_t. */
#ifndef WH_RUNTIME_GC_H
#define WH_RUNTIME_GC_H

#include "code/rtype.h"

#define WH_EXTERN_TAG (UINT64_C(0x7E7E) << 48) /* so that no small number looks like one */
static inline bool wh_ref_is_i31(uint64_t word) { return (word & 1) != 0; }
static inline uint64_t wh_ref_i31(uint32_t value) { return (uint32_t)(value << 1 | 1); }
/* Trap codes, or the number in *out. */
static inline wherry_trap_code_t wh_ref_i31_get_u(uint64_t word, uint32_t *out) {
  *out = (uint32_t)word >> 1;
  return word ? WHERRY_TRAP_NONE : WHERRY_TRAP_NULL_I31;
}
static inline wherry_trap_code_t wh_ref_i31_get_s(uint64_t word, int32_t *out) {
  *out = (int32_t)(uint32_t)word >> 1;
  return word ? WHERRY_TRAP_NONE : WHERRY_TRAP_NULL_I31;
}
static inline bool wh_ref_is_extern(uint64_t word) { return (word & 3) == 2; }
static inline uint64_t wh_ref_extern(size_t place) {
  return WH_EXTERN_TAG | ((uint64_t)place + 1) << 2 | 2;
}
static inline size_t wh_ref_extern_place(uint64_t word) {
  return (size_t)((word & ~WH_EXTERN_TAG) >> 2) - 1;
}
static inline bool wh_ref_is_object(uint64_t word) { return word && (word & 3) == 0; }

/* ---- objects ---- */
typedef struct wh_object {
  const wh_rtype_t *type;
} wh_object_t;

/* Elements lie one after another behind it. */
typedef struct wh_array {
  const wh_rtype_t *type;
  uint32_t length;
  uint32_t unused;
  char elements[];
} wh_array_t;

/* type: of its tag, a function type; the arguments are laid out as in a frame. */
typedef struct wh_exception {
  const wh_rtype_t *type;
  uint64_t tag;
  uint64_t slots[];
} wh_exception_t;

static inline wh_object_t *wh_ref_object(uint64_t word) { return (wh_object_t *)(uintptr_t)word; }
static inline uint64_t wh_object_ref(const void *object) { return (uint64_t)(uintptr_t)object; }
static inline size_t wh_array_bytes(const wh_array_t *array) {
  return (size_t)array->length * array->type->fields[0].size;
}

/* Its bit of WH_REF_…. */
static inline uint32_t wh_ref_bit(uint64_t word) {
  if (!word) return WH_REF_NULL;
  if (wh_ref_is_i31(word)) return WH_REF_I31;
  if (wh_ref_is_extern(word)) return WH_REF_HOST;
  return 1u << (WH_REF_OBJECT + wh_ref_object(word)->type->kind);
}
/* Whether it is an object of a type. */
static inline bool wh_ref_is_a(uint64_t word, const wh_rtype_t *type) {
  return wh_ref_is_object(word) && wh_rtype_is_sub(wh_ref_object(word)->type, type);
}

/* Computes what depends on fields (type, is_mutable and is_ref are there), or on func: offsets, sizes
   and what the collector must know. A subtype's fields lie where its supertype has them. */
void wh_gc_lay_out(wh_rtype_t *type);

/* ---- the heap ---- */
enum {
  WH_BLOCK_SIZE = 1 << 16, /* of small objects of one size; and its alignment */
  WH_GC_GRANULE = 16,
  WH_GC_LARGEST = 8192, /* larger objects have a block of the allocator each */
  WH_GC_CLASSES = 36
};

typedef struct wh_block wh_block_t;
typedef struct wh_run wh_run_t;

struct wh_block {
  wh_block_t *next;
  wh_run_t *runs;      /* of free cells, once it is swept */
  uint32_t cell;       /* bytes of each; 0: the block is idle */
  uint32_t first, end; /* where cells lie */
  uint32_t live;       /* how many are marked */
  bool is_dirty;       /* not all zero; of idle ones */
  bool is_unswept;     /* what is not marked is not alive */
  uint64_t marks[WH_BLOCK_SIZE / WH_GC_GRANULE / 64];
};

static inline wh_block_t *wh_block_of(const void *object) {
  return (wh_block_t *)((uintptr_t)object & ~(uintptr_t)(WH_BLOCK_SIZE - 1));
}
static inline bool wh_block_marked(const wh_block_t *block, uint32_t at) {
  at /= WH_GC_GRANULE;
  return block->marks[at / 64] >> at % 64 & 1;
}

/* Where objects of one size come from: what is left of a run of free cells, which is zero. */
typedef struct wh_gc_class {
  char *at, *end;
  wh_block_t *block;  /* that the run is of */
  wh_block_t *blocks; /* all of this size */
  wh_block_t *unswept;
} wh_gc_class_t;

/* Address space for blocks, in the order of addresses. */
typedef struct wh_region {
  char *start, *next, *end; /* next: blocks from here on were never used */
} wh_region_t;

typedef struct wh_large {
  size_t size; /* of the allocation */
  bool marked;
} wh_large_t;

/* Words that are roots while C code works on them: a list, innermost first. */
typedef struct wh_gc_local wh_gc_local_t;
struct wh_gc_local {
  const uint64_t *words;
  size_t count;
  wh_gc_local_t *outer;
};

typedef struct wh_gc {
  wh_gc_class_t classes[WH_GC_CLASSES];
  WH_VEC(wh_region_t) regions;
  WH_VEC(wh_large_t *) larges; /* by address */
  wh_block_t *idle;
  size_t idle_count;
  uint64_t used;  /* bytes taken: blocks of objects, and large objects */
  uint64_t limit; /* of these */
  uint64_t live;  /* bytes that the last collection found alive, and the size of its roots */
  uint64_t fresh; /* bytes taken since then */
  uint64_t threshold;
  uint64_t collections;
  bool stress;   /* collects before every allocation */
  bool at_limit; /* why the last allocation failed; else there was no memory */
  bool collecting;
  wh_gc_local_t *locals;
  /* Objects that are marked and not yet looked into. When there is no memory for more, the rest is
     found by going through all marked ones again. */
  WH_VEC(wh_object_t *) gray;
  bool gray_overflowed;
} wh_gc_t;

/* A new object, zero but for its type (and length): of a struct type, an array type, a function type.
   NULL: wh_gc_error has the reason. */
wh_object_t *wh_gc_new_struct(wherry_store_t *store, const wh_rtype_t *type);
wh_array_t *wh_gc_new_array(wherry_store_t *store, const wh_rtype_t *type, uint32_t length);
wh_exception_t *wh_gc_new_exception(wherry_store_t *store, const wh_rtype_t *type, uint64_t tag);
wherry_error_t *wh_gc_error(wherry_store_t *store);

void wh_gc_collect(wherry_store_t *store);

/* For those who know further roots, while a collection marks: the words of a stretch of memory, taken
   as they are; a word that is known to be a reference of a kind that the collector follows. */
void wh_gc_mark_words(wherry_store_t *store, const uint64_t *from, const uint64_t *to);
void wh_gc_mark(wherry_store_t *store, uint64_t word);

/* Whether a word that comes from nobody knows where is a reference: null, or to something alive. */
bool wh_gc_knows(const wherry_store_t *store, uint64_t word);

static inline void wh_gc_enter(wh_gc_t *gc, wh_gc_local_t *local, const uint64_t *words,
                               size_t count) {
  *local = (wh_gc_local_t) {words, count, gc->locals};
  gc->locals = local;
}
static inline void wh_gc_leave(wh_gc_t *gc, const wh_gc_local_t *local) {
  gc->locals = local->outer;
}

/* What heap.c and collect.c do for each other: ends the sweeping of the last collection; does away with
   what is not marked; the object that has this address, NULL: none. */
void wh_gc_finish_sweep(wh_gc_t *gc);
void wh_gc_sweep(wherry_store_t *store);
wh_object_t *wh_gc_find(const wh_gc_t *gc, uint64_t word);
static inline size_t wh_object_size(const wh_object_t *object) {
  const wh_rtype_t *type = object->type;
  if (type->kind != WH_COMP_ARRAY) return type->object_size;
  return sizeof(wh_array_t) + wh_array_bytes((const wh_array_t *)(const void *)object);
}

void wh_gc_init(wh_gc_t *gc);
void wh_gc_free(wherry_store_t *store);

#endif
