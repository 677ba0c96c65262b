/* fuzz: modules, texts and components changed at random, and what must hold whatever comes out. Everything follows
   from a seed: a mutant is made from the seed and its number alone, so that it can be made again.
   The parts: random.c (numbers and growing bytes), corpus.c (what is changed), places.c (where things
   lie in a module), edit.c (a module written anew with changes, sizes and counts put right), instr.c
   (instructions made up), mutate.c (how a module is changed), check.c and guest.c (what is tried with
   it), words.c (how a text is changed), component.c (all of a component), wit.c (all of WIT), report.c
   (saying what went wrong), main.c (the command). */
#ifndef WHERRY_TESTS_FUZZ_H
#define WHERRY_TESTS_FUZZ_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "model/model.h"

/* ---- random.c ---- */
typedef struct random {
  uint64_t state;
} random_t;
uint64_t random_next(random_t *random);
/* Below a limit; 0 of no limit. */
uint32_t random_below(random_t *random, size_t limit);
static inline bool random_chance(random_t *random, unsigned percent) {
  return random_below(random, 100) < percent;
}
/* Of a seed, the generator of one mutant. */
random_t random_of(uint64_t seed, uint64_t number);
/* Likely to be at an edge. */
uint64_t random_number(random_t *random);

typedef struct bytes {
  uint8_t *data;
  size_t size, capacity;
} bytes_t;
void bytes_add(bytes_t *bytes, const void *data, size_t size);
void bytes_u8(bytes_t *bytes, unsigned byte);
void bytes_u(bytes_t *bytes, uint64_t number); /* LEB128 */
void bytes_s(bytes_t *bytes, int64_t number);
void bytes_long_u(bytes_t *bytes, uint64_t number, unsigned size); /* of so many bytes, or more */
/* Puts other bytes in place of those from start to end. */
void bytes_replace(bytes_t *bytes, size_t start, size_t end, const void *data, size_t size);

/* ---- places.c ---- */
typedef enum place_kind {
  PLACE_SECTION, /* a whole section; detail: its id */
  PLACE_ENTRY,   /* an item of a vector; of: the place of its count */
  PLACE_COUNT,
  PLACE_INDEX, /* detail: of which space */
  PLACE_VALUE_TYPE,
  PLACE_FIELD_TYPE,
  PLACE_REF_TYPE,
  PLACE_HEAP_TYPE,
  PLACE_BLOCK_TYPE,
  PLACE_FLAG,   /* a byte; detail: the largest that means something, or PLACE_FLAG_FORM */
  PLACE_NUMBER, /* of limits, sizes, alignments, offsets */
  PLACE_SIGNED,
  PLACE_BITS, /* bytes of any value */
  PLACE_NAME, /* its size included */
  PLACE_CODE, /* an instruction of a body */
  PLACE_CONST /* one of a constant expression */
} place_kind_t;
enum { PLACE_KINDS = PLACE_CONST + 1 };
enum { PLACE_FLAG_FORM = 0x60 }; /* of a type: 0x4F, 0x50, 0x5E, 0x5F or 0x60 */

typedef enum space {
  SPACE_TYPE,
  SPACE_FUNC,
  SPACE_TABLE,
  SPACE_MEMORY,
  SPACE_GLOBAL,
  SPACE_TAG,
  SPACE_ELEM,
  SPACE_DATA,
  SPACE_LOCAL,
  SPACE_LABEL,
  SPACE_FIELD,
  SPACE_COUNT
} space_t;

typedef struct place {
  uint32_t start, end;
  uint32_t of;     /* see PLACE_ENTRY */
  uint32_t opcode; /* of an instruction */
  uint8_t kind, detail, section;
} place_t;

/* Something with its size before it: a section, a body. */
typedef struct sized {
  uint32_t size_start, start, end;
} sized_t;

/* All there is to change in a module. */
typedef struct places {
  WH_VEC(place_t) all;
  WH_VEC(sized_t) sized;           /* in their order; inner ones after what they lie in */
  uint32_t *by_kind;               /* indices of all, kind after kind */
  uint32_t first[PLACE_KINDS + 1]; /* in by_kind */
  uint32_t counts[SPACE_COUNT];    /* how many there are; guessed of locals, labels and fields */
  uint32_t entries[14];            /* of a section the place of its first entry; 0: none */
  uint32_t entry_counts[14];
  bool is64; /* memory 0 */
} places_t;
/* Of a module that can be decoded. False: it is broken, and the places are those found before. */
bool places_find(const uint8_t *module, size_t size, places_t *out);
void places_free(places_t *places);
/* A place of a kind; NULL: there is none. */
const place_t *places_any(const places_t *places, place_kind_t kind, random_t *random);
/* What stands for "no place" in place_t.of. */
enum { NO_PLACE = 0 };

/* ---- edit.c ---- */
typedef struct edit {
  uint32_t start, end; /* what goes */
  size_t at, size;     /* what comes instead: in the edits' bytes */
} edit_t;
enum { MOST_EDITS = 16 };
typedef struct edits {
  const uint8_t *module;
  size_t size;
  const places_t *places;
  edit_t items[MOST_EDITS];
  size_t count;
  struct {
    uint32_t place;
    int32_t more;
  } counts[MOST_EDITS];
  size_t count_count;
  bytes_t bytes; /* the caller frees its data */
} edits_t;
/* Replaces start to end by what the caller then adds to edits->bytes. False: it would meet another
   change. */
bool edit_begin(edits_t *edits, uint32_t start, uint32_t end);
void edit_end(edits_t *edits);
/* A vector's count becomes larger or smaller. */
void edit_count(edits_t *edits, uint32_t place, int32_t more);
void edit_apply(edits_t *edits, bytes_t *out);

/* ---- instr.c ---- */
/* What instructions and types are made up for. */
typedef struct shape {
  random_t *random;
  const places_t *places;
} shape_t;
void make_index(const shape_t *shape, space_t space, bytes_t *out);
void make_value_type(const shape_t *shape, bytes_t *out);
void make_ref_type(const shape_t *shape, bytes_t *out);
void make_heap_type(const shape_t *shape, bytes_t *out);
void make_block_type(const shape_t *shape, bytes_t *out);
void make_opcode(uint32_t opcode, bytes_t *out);
void make_immediates(const shape_t *shape, const wh_op_t *op, bytes_t *out);
/* An opcode; like: with the same immediates as that one, often with the same types too. */
uint32_t make_any_opcode(const shape_t *shape);
uint32_t make_opcode_like(const shape_t *shape, uint32_t like);
void make_instr(const shape_t *shape, bytes_t *out);
/* Instructions that leave the operands as they are, whatever these be. */
void make_neutral(const shape_t *shape, bytes_t *out);

/* ---- corpus.c ---- */
typedef struct seed_file {
  char *name; /* with the number of the module, where it comes from a script */
  bytes_t bytes;
  places_t places; /* of a module */
  uint64_t weight; /* of all up to this one */
} seed_file_t;
typedef struct corpus {
  WH_VEC(seed_file_t) files;
} corpus_t;
typedef enum corpus_kind {
  CORPUS_MODULES,
  CORPUS_TEXTS,
  CORPUS_COMPONENTS,
  CORPUS_WITS
} corpus_kind_t;
/* What lies at a path, in folders too. Modules: of .wasm, .wat and .wast, those that are valid with all
   features, each once; texts: .wat and .wast; components: of .wasm, valid ones; WIT: .wit. */
void corpus_add(corpus_t *corpus, corpus_kind_t kind, const char *path);
void corpus_free(corpus_t *corpus);
/* One at random, small ones rather than large ones. */
const seed_file_t *corpus_any(const corpus_t *corpus, random_t *random);
bool file_read(const char *path, bytes_t *out);

/* ---- mutate.c, words.c, component.c, wit.c ---- */
void mutate_module(const corpus_t *corpus, random_t *random, bytes_t *out);
void mutate_component(const corpus_t *corpus, random_t *random, bytes_t *out);
void mutate_text(const corpus_t *corpus, random_t *random, bytes_t *out);

void mutate_wit(const corpus_t *corpus, random_t *random, bytes_t *out);

/* ---- check.c, guest.c, component.c, wit.c ---- */
#define FUZZ_FEATURES ((UINT64_C(1) << WHERRY_FEATURE_COUNT) - 1)

typedef struct totals {
  uint64_t mutants, valid, round_trips, compiled, instances, calls, returned, starved;
} totals_t;
typedef struct verdict {
  bool valid;
  wherry_error_kind_t kind; /* if it is not */
  char message[200];
} verdict_t;

/* Validity alone. verdict may be NULL. */
bool check_validity(const uint8_t *module, size_t size, wh_features_t features, verdict_t *verdict);
/* That, and of a valid module, now and then: everything else. thorough: all of it. */
void check_module(const uint8_t *module, size_t size, random_t *random, bool thorough,
                  totals_t *totals);
void check_text(const uint8_t *text, size_t size, random_t *random, bool thorough,
                totals_t *totals);
wherry_error_t *component_error(const uint8_t *bytes, size_t size); /* NULL: it is valid */
bool check_component_validity(const uint8_t *bytes, size_t size);
void check_component(const uint8_t *bytes, size_t size, random_t *random, bool thorough,
                     totals_t *totals);
/* Ends what these keep. */
void component_end(void);
void check_wit(const uint8_t *text, size_t size, random_t *random, bool thorough, totals_t *totals);
/* Makes an instance with imports that do little, and calls what it exports. */
void guest_run(const uint8_t *module, size_t size, random_t *random, totals_t *totals);
/* Ends what guest_run keeps. */
void guest_end(void);

/* ---- report.c ---- */
typedef struct current {
  const char *target;
  uint64_t seed, number;
  const bytes_t *bytes; /* what is being tried */
  const char *folder;   /* where it is kept if it fails */
  const char *suffix;
} current_t;
extern current_t current;
/* From now on a crash, or a mutant that takes far too long, is told of and kept. */
void report_begin(void);
/* Something does not hold: tells, keeps the mutant, ends the program. */
void report_failure(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
