/* What the files of validate share. The algorithm is that of the specification's appendix: a stack of
   operand types and a stack of control frames, one pass. */
#ifndef WH_VALIDATE_BODY_H
#define WH_VALIDATE_BODY_H

#include "ops/ops.h"
#include "validate/validate.h"

typedef wherry_valtype_t vtype_t;
enum {
  ANY = 0 /* of a value that unreachable code made up; as a wish: whatever there is */
};
/* Lies below the operands of every frame and equals no type. So comparing with what lies on top finds
   the frame's floor as well, and needs no look at the height. */
#define FLOOR ((vtype_t)0xFFFFFFFF)

enum {
  GUARD = 1024,          /* floors at the bottom: comparing with up to so many types stays inside */
  MAX_NESTING = 100000,  /* of blocks */
  MAX_OPERANDS = 1000000 /* height of the operand stack that one instruction may bring about */
};
_Static_assert((int)WH_MAX_PARAMS <= (int)GUARD && (int)WH_MAX_RESULTS <= (int)GUARD,
               "types of one instruction");

typedef struct frame {
  uint32_t opcode; /* block, loop, if, else; of the function: block */
  bool unreachable;
  uint32_t param_count, result_count;
  const vtype_t *params, *results;
  size_t base; /* of its first operand; its floor lies below */
} frame_t;

typedef struct local_run {
  uint32_t end; /* index behind its last local */
  vtype_t type;
} local_run_t;

enum { FLAT_LOCALS = 2048 }; /* locals whose types lie side by side; the others are in runs only */

typedef struct validator {
  const wh_model_t *model;
  wh_alloc_t *alloc;
  wh_features_t features; /* and the bit WH_OP_FEATURE_CORE_1 */
  wherry_error_t *error;

  /* the body */
  const wh_body_t *body;
  const wherry_functype_t *type; /* of the function */
  uint32_t function;
  const uint8_t *end;
  const uint8_t *op_at; /* the instruction that is looked at */

  vtype_t address; /* what a signature's `a` stands for: of the memory last named */

  /* Scratch, kept from body to body. */
  vtype_t *sp; /* behind the top of the stack */
  vtype_t *stack;
  size_t stack_capacity;
  WH_VEC(frame_t) frames;
  WH_VEC(local_run_t) runs;
  uint32_t local_count, flat_count;
  vtype_t flat[FLAT_LOCALS];
  uint64_t *declared; /* bits: functions that ref.func may name; NULL: none */
} validator_t;

/* ---- errors; all return false ---- */
bool wh_validate_fail(validator_t *v, wherry_error_kind_t kind, const uint8_t *at,
                      const char *words, ...) WH_PRINTF(4, 5);
bool wh_validate_needs(validator_t *v, wherry_feature_t feature);
bool wh_validate_leb(validator_t *v, const uint8_t *at, uint64_t problem);
bool wh_validate_oom(validator_t *v);
/* The opcode at v->op_at is none that we have. */
bool wh_validate_opcode(validator_t *v);
/* The name of the instruction at v->op_at; static. */
const char *wh_validate_op_name(const validator_t *v);

static inline uint64_t wh_validate_offset(const validator_t *v, const uint8_t *at) {
  return (uint64_t)(at - v->model->bytes);
}

/* ---- operands (operands.c): the general way, errors included ---- */
bool wh_validate_pop(validator_t *v, vtype_t want);
bool wh_validate_pop_types(validator_t *v, const vtype_t *types, uint32_t count);
bool wh_validate_push_types(validator_t *v, const vtype_t *types, uint32_t count);
/* Pops and pushes what a signature of ops.def says. */
bool wh_validate_signature(validator_t *v, const char *signature);
/* Room for `count` more operands and one for each byte of code that is left. */
bool wh_validate_reserve(validator_t *v, size_t count);
static inline frame_t *wh_validate_frame(validator_t *v) {
  return &v->frames.items[v->frames.count - 1];
}
static inline void wh_validate_unreachable(validator_t *v) {
  frame_t *frame = wh_validate_frame(v);
  v->sp = v->stack + frame->base;
  frame->unreachable = true;
}
static inline bool wh_validate_top_is(const vtype_t *sp, const vtype_t *types, uint32_t count) {
  for (uint32_t i = 1; i <= count; i++)
    if (sp[-(ptrdiff_t)i] != types[count - i]) return false;
  return true;
}

/* ---- instructions: at stands behind the opcode; they return where the next one is, NULL: failed,
   and leave the operands in v->sp ---- */
typedef const uint8_t *wh_validate_op_t(validator_t *v, const uint8_t *at);
/* control.c */
extern const vtype_t wh_validate_single[128];
bool wh_validate_begin(validator_t *v, uint32_t opcode, const vtype_t *params, uint32_t param_count,
                       const vtype_t *results, uint32_t result_count);
wh_validate_op_t wh_validate_block, wh_validate_else, wh_validate_end, wh_validate_br,
    wh_validate_br_if, wh_validate_br_table, wh_validate_return, wh_validate_call,
    wh_validate_call_indirect;
/* various.c */
wh_validate_op_t wh_validate_select, wh_validate_select_typed, wh_validate_global,
    wh_validate_table_access, wh_validate_memory_index, wh_validate_ref, wh_validate_prefix_fc;
/* vector.c, atomic.c */
wh_validate_op_t wh_validate_prefix_fd, wh_validate_prefix_fe;
const uint8_t *wh_validate_access(validator_t *v, const uint8_t *at, const wh_op_t *op);
bool wh_validate_local(validator_t *v, uint32_t index, vtype_t *out);

/* A type in a body: one byte. */
bool wh_validate_val_type(validator_t *v, const uint8_t **at, vtype_t *out);
bool wh_validate_ref_type(validator_t *v, const uint8_t **at, vtype_t *out);
static inline bool wh_validate_u32(validator_t *v, const uint8_t **at, uint32_t *out) {
  wh_leb_t leb = wh_leb_read(*at, v->end, 32, false);
  if (WH_UNLIKELY(!leb.next)) {
    wh_validate_leb(v, *at, leb.value);
    return false;
  }
  *at = leb.next;
  *out = (uint32_t)leb.value;
  return true;
}

/* ---- parts of a module ---- */
bool wh_validate_body(validator_t *v, uint32_t index); /* body.c */
/* const_expr.c; globals: how many of them it may read. */
bool wh_validate_const(validator_t *v, const wh_const_expr_t *expr, vtype_t want, size_t globals);
/* An element segment's items; marks the functions in them as declared. */
bool wh_validate_items(validator_t *v, const wh_elem_t *elem);
static inline void wh_validate_declare(validator_t *v, uint32_t function) {
  v->declared[function / 64] |= UINT64_C(1) << function % 64;
}

#endif
