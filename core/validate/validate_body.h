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
  size_t base;     /* of its first operand; its floor lies below */
  size_t set_base; /* how many locals had been set when it began */
} frame_t;

/* What a branch brings. */
typedef struct validate_label {
  const vtype_t *types;
  uint32_t count;
} validate_label_t;

typedef struct validate_block {
  const vtype_t *params, *results;
  uint32_t param_count, result_count;
} validate_block_t;

typedef struct local_run {
  uint32_t end; /* index behind its last local */
  vtype_t type;
} local_run_t;

enum {
  FLAT_LOCALS = 2048
}; /* locals whose types lie side by side; the others are in runs only, and
                                so is from the first on that must be set before it is read */

/* Types of blocks with one result that is no single byte; they stay where they are. */
typedef struct single_types {
  struct single_types *next;
  uint32_t count;
  vtype_t types[62];
} single_types_t;

typedef struct validator {
  const wh_model_t *model;
  wh_model_t *changing; /* the same, for what is found out about its types */
  wh_types_t types;     /* the model's */
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
  /* Locals that may not be null: a bit for each that has been set, and in which order. */
  bool must_set;
  WH_VEC(uint8_t) is_set;
  WH_VEC(uint32_t) set;
  single_types_t *singles;
  uint64_t *declared; /* bits: functions that ref.func may name; NULL: none */
} validator_t;

/* ---- errors; all return false ---- */
bool wh_validate_fail(validator_t *v, wherry_error_kind_t kind, const uint8_t *at,
                      const char *words, ...) WH_PRINTF(4, 5);
bool wh_validate_needs(validator_t *v, wherry_feature_t feature);
bool wh_validate_leb(validator_t *v, const uint8_t *at, uint64_t problem);
bool wh_validate_oom(validator_t *v);
bool wh_validate_unknown_type(validator_t *v, const uint8_t *at, uint32_t index);
/* The opcode at v->op_at is none that we have. */
bool wh_validate_opcode(validator_t *v);
/* The name of the instruction at v->op_at; static. */
const char *wh_validate_op_name(const validator_t *v);

static inline uint64_t wh_validate_offset(const validator_t *v, const uint8_t *at) {
  return (uint64_t)(at - v->model->bytes);
}

/* ---- operands (operands.c): the general way, errors included ---- */
static inline bool wh_validate_matches(const validator_t *v, vtype_t sub, vtype_t super) {
  return sub == super || wh_type_matches(&v->types, sub, super);
}
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
bool wh_validate_block_type(validator_t *v, const uint8_t **at, validate_block_t *out);
bool wh_validate_label(validator_t *v, const uint8_t **at, validate_label_t *out);
/* The results must be all that lies on the frame's floor; they, the floor and the frame go. */
bool wh_validate_leave(validator_t *v);
wh_validate_op_t wh_validate_block, wh_validate_else, wh_validate_end, wh_validate_br,
    wh_validate_br_if, wh_validate_br_table, wh_validate_return, wh_validate_call,
    wh_validate_call_indirect, wh_validate_call_ref;
/* various.c */
wh_validate_op_t wh_validate_select, wh_validate_select_typed, wh_validate_global,
    wh_validate_table_access, wh_validate_memory_index, wh_validate_ref, wh_validate_prefix_fc;
bool wh_validate_data_index(validator_t *v, const uint8_t **at);
bool wh_validate_elem_index(validator_t *v, const uint8_t **at, vtype_t *type);
/* objects.c */
wh_validate_op_t wh_validate_prefix_fb, wh_validate_typed_ref;
bool wh_validate_type_index(validator_t *v, const uint8_t **at, wh_comp_t kind, uint32_t *index);
/* exceptions.c */
wh_validate_op_t wh_validate_throw, wh_validate_throw_ref, wh_validate_try_table,
    wh_validate_legacy;
/* vector.c, atomic.c */
wh_validate_op_t wh_validate_prefix_fd, wh_validate_prefix_fe;
const uint8_t *wh_validate_access(validator_t *v, const uint8_t *at, const wh_op_t *op);
bool wh_validate_local(validator_t *v, uint32_t index, vtype_t *out);
const uint8_t *wh_validate_get_local(validator_t *v, const uint8_t *at, uint32_t index);
const uint8_t *wh_validate_set_local(validator_t *v, const uint8_t *at, uint32_t index);
/* Of a reference to a function. */
static inline vtype_t wh_validate_func_type(const validator_t *v, uint32_t index) {
  return v->features & WH_FEATURE(FUNCTION_REFERENCES)
             ? wh_ref(v->model->functions.items[index], false)
             : WHERRY_FUNCREF;
}

/* A type in a body. */
bool wh_validate_val_type(validator_t *v, const uint8_t **at, vtype_t *out);
bool wh_validate_heap_type(validator_t *v, const uint8_t **at, wh_heap_t *out);
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
bool wh_validate_types(validator_t *v); /* types.c */
/* Whether the type that a value type names exists, of those before `count`. */
bool wh_validate_exists(validator_t *v, const uint8_t *at, vtype_t type, size_t count);
static inline vtype_t wh_validate_elem_type(const wh_elem_t *elem) {
  return elem->by_index ? wh_ref(WH_HEAP(FUNC), false) : elem->type;
}
bool wh_validate_body(validator_t *v, uint32_t index); /* body.c */
/* const_expr.c; globals: how many of them it may read. */
bool wh_validate_const(validator_t *v, const wh_const_expr_t *expr, vtype_t want, size_t globals);
/* An element segment's items; marks the functions in them as declared. */
bool wh_validate_items(validator_t *v, const wh_elem_t *elem);
static inline void wh_validate_declare(validator_t *v, uint32_t function) {
  v->declared[function / 64] |= UINT64_C(1) << function % 64;
}

#endif
