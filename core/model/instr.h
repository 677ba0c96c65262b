/* instr: one instruction with its immediates, as the bytes of a body or of a constant expression have
   it. Read by encode and by the printer, which go through whole bodies; validate and compile have
   walks of their own, made for speed. It judges nothing but what an encoding is: no index, no type,
   no feature, no nesting. */
#ifndef WH_INSTR_H
#define WH_INSTR_H

#include "model/model.h"

enum { WH_BLOCK_EMPTY = 0x40 };

typedef struct wh_instr {
  const wh_op_t *op;
  const uint8_t *at; /* of the opcode */
  uint32_t opcode;
  /* The numbers among the immediates, in the order of the binary. A memory access: the memory. */
  uint32_t index[2];
  uint32_t align; /* of a memory access, as a power of two */
  uint64_t offset;
  uint64_t bits;        /* a constant, extended by its sign or (floats) by zeros */
  const uint8_t *bytes; /* of v128.const and i8x16.shuffle */
  uint8_t lane;
  uint8_t flags;         /* of br_on_cast: 1: the first type is nullable, 2: the second is */
  wh_heap_t heap[2];     /* heap types */
  bool has_type_index;   /* the block type is index[0]; else it is type */
  wherry_valtype_t type; /* WH_BLOCK_EMPTY: neither parameters nor results */
  /* br_table: labels and after them one more, the default; select: types; try_table: clauses. Checked,
     so that they can be read again by wh_leb_u and wh_read_val_type. */
  uint32_t count;
  const uint8_t *list, *list_end;
} wh_instr_t;

typedef struct wh_clause {
  uint8_t kind; /* WH_CATCH_… */
  uint32_t tag, label;
} wh_clause_t;

/* False: what is malformed, in the words of the specification's tests, is in *problem (static), and
   in->next where it is. */
bool wh_instr_read(wh_reader_t *in, wh_instr_t *out, const char **problem);

/* Whether an end belongs to it: block, loop, if, try, try_table. */
static inline bool wh_instr_is_block(const wh_instr_t *instr) {
  return instr->op->immediates == WH_IMM_BLOCK || instr->op->immediates == WH_IMM_TRY_TABLE;
}

/* A clause of a try_table; moves *at. */
wh_clause_t wh_instr_clause(const uint8_t **at);
/* A type of a select; moves *at. */
wherry_valtype_t wh_instr_type(const uint8_t **at, const uint8_t *end);

/* The declarations of locals at the beginning of a body: how many groups there are, then each. */
bool wh_instr_group(wh_reader_t *in, uint32_t *count, wherry_valtype_t *type, const char **problem);

#endif
