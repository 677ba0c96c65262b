/* code: the internal code that functions are compiled to: which operations there are, how they are
   encoded, and how to print them. Filled by compile, run by exec. It executes nothing and knows no
   instance: one wh_code_t serves every instance of a module, in every thread.

   A function's code is a run of 32-bit words. Every operation starts with two words that hold its
   handler; its operands follow, a word each, constants of 64 bits in two. A slot operand is a signed
   number of 8-byte slots from the frame pointer:

     fp[-params … -1]   parameters, where the caller's operand stack had them
     fp[0]              where the caller goes on (a word address)
     fp[1]              the caller's frame pointer
     fp[2 …]            locals, then temporaries by height of the operand stack

   A callee's results lie from fp[-params] on, where the caller's operand stack wants them.

   Every operation that makes a value leaves it in the accumulator of its type (one for integers and
   references, one for f64, one for f32), and the D forms store it to a slot as well. Beside those of
   floats there is an older one each, to which the P forms first move what the accumulator held. */
#ifndef WH_CODE_H
#define WH_CODE_H

#include "base/base.h"
#include "model/model.h"

typedef uint32_t wh_word_t;

enum {
  WH_HANDLER_WORDS = 2, /* words that hold an operation's handler */
  WH_FRAME_HEADER = 2   /* slots between parameters and locals */
};

/* Slots that values of these types take: v128 takes two. */
static inline uint32_t wh_type_slots(wherry_valtype_t type) { return type == WHERRY_V128 ? 2 : 1; }
static inline uint32_t wh_types_slots(const wherry_valtype_t *types, uint32_t count) {
  uint32_t slots = 0;
  for (uint32_t i = 0; i < count; i++) slots += wh_type_slots(types[i]);
  return slots;
}
static inline uint32_t wh_param_slots(const wherry_functype_t *type) {
  return wh_types_slots(type->types, type->param_count);
}
static inline uint32_t wh_result_slots(const wherry_functype_t *type) {
  return wh_types_slots(type->types + type->param_count, type->result_count);
}

/* The operations: every OP of the definitions, in their order, and behind them the fused ones: an
   operation and those behind it in one handler. Fused operations are never in code as it is listed: the
   first's handler is exchanged, everything stays in its place, and one can still branch between. */
typedef enum wh_code_op {
#define OP(name, operands, body) WH_CODE_##name,
#include "code/all.def"
#undef OP
  WH_CODE_COUNT,
  WH_CODE_BEFORE_FUSED = WH_CODE_COUNT - 1,
#define FUSE(first, second) WH_CODE_##first##__##second,
#define FUSE_LOOP FUSE
#include "code/fused.def"
#undef FUSE_LOOP
#undef FUSE
  WH_CODE_ALL
} wh_code_op_t;

/* A part of a function in which exceptions are caught: what is thrown by an operation in it, or comes out
   of a call there, goes on at the landing. A function's guards are searched in order: those of an inner
   block come before those of the blocks around it. Nothing runs to set one up. */
typedef struct wh_guard {
  uint32_t start, end; /* words: from start up to, not including, end */
  uint32_t tag;        /* index in the module, or WH_GUARD_ANY, or WH_GUARD_DELEGATE */
  uint32_t landing;  /* word; of WH_GUARD_DELEGATE the place in the list where the search goes on */
  uint32_t cost;     /* of going there, in wasm instructions: of another round of a loop */
  int32_t payload;   /* the slots where the tag's values go; of a tag only */
  int32_t exception; /* the slot that a reference to the exception goes to, or WH_GUARD_NO_SLOT */
} wh_guard_t;
#define WH_GUARD_ANY UINT32_MAX
#define WH_GUARD_DELEGATE (UINT32_MAX - 1)
#define WH_GUARD_NO_SLOT INT32_MIN

typedef struct wh_code {
  uint32_t frame_slots; /* from fp on */
  uint32_t cost;        /* of an entry, in wasm instructions (see the budget in runtime.h) */
  uint32_t function;    /* its index in the module */
  uint32_t params;      /* slots of parameters */
  uint32_t results;     /* slots of results */
  uint32_t word_count;
  uint32_t guard_count;
  uint32_t map_size; /* bytes of the map from words to offsets in the binary */
  size_t size;       /* of this object, in bytes */
  wh_word_t words[]; /* then the guards, then the map */
} wh_code_t;

static inline const wh_guard_t *wh_code_guards(const wh_code_t *code) {
  return (const wh_guard_t *)(code->words + code->word_count);
}

/* What an ATOMIC operation does: rows of atomic.def. */
typedef enum wh_atomic {
  WH_ATOMIC_LOAD,
  WH_ATOMIC_STORE,
  WH_ATOMIC_ADD,
  WH_ATOMIC_SUB,
  WH_ATOMIC_AND,
  WH_ATOMIC_OR,
  WH_ATOMIC_XOR,
  WH_ATOMIC_XCHG,
  WH_ATOMIC_CMPXCHG,
  WH_ATOMIC_NOTIFY,
  WH_ATOMIC_WAIT
} wh_atomic_t;

/* The rows of fused.def, to look up: filled once for an engine. So few places are taken that the first one
   tells of most pairs that no row has them. */
enum {
  WH_FUSES = WH_CODE_ALL - WH_CODE_COUNT,
  WH_FUSES_LOG2 = WH_FUSES < 100    ? 10
                  : WH_FUSES < 300  ? 12
                  : WH_FUSES < 1000 ? 13
                                    : 16
};
typedef struct wh_fuses {
  uint16_t places[1 << WH_FUSES_LOG2]; /* by hash: which row, from 1; 0: free */
  uint32_t keys[WH_FUSES + 1];         /* by row: its two operations */
} wh_fuses_t;
_Static_assert(WH_FUSES < 1 << (WH_FUSES_LOG2 - 2), "most of the places are free");
void wh_code_fuses(wh_fuses_t *out);

static inline uint32_t wh_fuses_key(wh_code_op_t first, wh_code_op_t second) {
  return (uint32_t)first << 16 | (uint32_t)second;
}
static inline uint32_t wh_fuses_place(uint32_t key) {
  return (uint32_t)(key * UINT32_C(0x9E3779B1)) >> (32 - WH_FUSES_LOG2);
}
/* The operation that does both, or WH_CODE_ALL. first: it may be a fused one. */
static inline wh_code_op_t wh_code_fuse(const wh_fuses_t *fuses, wh_code_op_t first,
                                        wh_code_op_t second) {
  uint32_t key = wh_fuses_key(first, second), at = wh_fuses_place(key), row;
  while ((row = fuses->places[at]) != 0 && fuses->keys[row] != key)
    at = (at + 1) % WH_COUNT(fuses->places);
  return row ? (wh_code_op_t)(WH_CODE_BEFORE_FUSED + row) : WH_CODE_ALL;
}

/* Names of operations, for the disassembler. */
const char *wh_code_op_name(wh_code_op_t op);

/* Operand words of an operation that is not fused, its handler not counted; operands: the first of them,
   which say how many there are of a BR_TABLE's. */
uint32_t wh_code_op_operands(wh_code_op_t op, const wh_word_t *operands);

/* The offset in the binary of the wasm instruction that the operation at `word` came from. */
uint64_t wh_code_offset(const wh_code_t *code, uint32_t word);

/* What exec has for each operation; 0: nothing, for this fused one. */
typedef struct wh_handlers {
  uint64_t of[WH_CODE_ALL];
} wh_handlers_t;

/* The operation whose handler stands there; WH_CODE_ALL: none has it. It looks at all. */
wh_code_op_t wh_code_op_at(const wh_handlers_t *handlers, const wh_word_t *words);

/* A listing, an operation a line, for tests and debugging; + stands behind those that do the next one as
   well. */
void wh_code_print(const wh_code_t *code, const wh_handlers_t *handlers, wh_text_t *text);

#endif
