/* A function body: its locals, then its code in one pass. The loop keeps its place and the top of the
   operand stack in registers, takes what is common and well typed itself, and hands everything else
   to the general functions. */
#include "validate_body.h"

/* What an instruction of a fixed signature, with one or two operands, does to the stack. */
typedef struct rule {
  vtype_t lower, upper; /* operands; upper is the topmost */
  vtype_t result;
  uint32_t align; /* natural alignment, of a memory access */
} rule_t;

/* From a row's signature; all of it is folded by the compiler. Reading stays inside: s[1] is looked
   at only when s[0] is not the end. */
#define LETTER(c)                        \
  ((c) == 'i' || (c) == 'a' ? WHERRY_I32 \
   : (c) == 'l'             ? WHERRY_I64 \
   : (c) == 'f'             ? WHERRY_F32 \
   : (c) == 'd'             ? WHERRY_F64 \
                            : 0)
#define IS_TYPE(c) ((c) != ':' && (c) != '*' && (c) != 0)
#define POPS(s) (!IS_TYPE((s)[0]) ? 0 : !IS_TYPE((s)[1]) ? 1 : 2)
#define LOWER(s) (POPS(s) == 2 ? LETTER((s)[0]) : 0)
#define UPPER(s) (POPS(s) == 2 ? LETTER((s)[1]) : POPS(s) == 1 ? LETTER((s)[0]) : 0)
#define LAST(s) ((s)[sizeof(s) - 2])
#define PUSHES(s) (IS_TYPE(LAST(s)) ? 1 : 0)

static const rule_t rules[WH_OP_PLACES] = {
#define OP(opcode, identifier, name, imm, signature, feature)                           \
  [WH_OP_PLACE(opcode)] = {LOWER(signature), UPPER(signature), LETTER(LAST(signature)), \
                           (WH_IMM_##imm) >> 8},
#include "ops/ops.def"
};

/* ---- locals: parameters are always flat ---- */
_Static_assert((int)WH_MAX_PARAMS <= (int)FLAT_LOCALS, "types of parameters");

static bool add_locals(validator_t *v, uint32_t count, vtype_t type) {
  if (WH_UNLIKELY(!wh_is_defaultable(type))) v->must_set = true;
  uint32_t flat = FLAT_LOCALS - v->flat_count;
  if (flat > count) flat = count;
  if (WH_UNLIKELY(v->must_set)) flat = 0;
  for (vtype_t *to = v->flat + v->flat_count, *end = to + flat; to < end; to++) *to = type;
  v->flat_count += flat;
  v->local_count += count;
  local_run_t run = {v->local_count, type};
  if (count == 0 || wh_vec_push(v->alloc, &v->runs, run)) return true;
  return wh_validate_oom(v);
}

static bool begin_sets(validator_t *v) {
  size_t bytes = v->local_count / 8 + 1;
  v->is_set.count = 0;
  if (!wh_vec_reserve(v->alloc, &v->is_set, bytes)) return wh_validate_oom(v);
  memset(v->is_set.items, 0, bytes);
  return true;
}

static bool locals(validator_t *v, const uint8_t **at) {
  uint32_t params = v->type->param_count;
  for (uint32_t i = 0; i < params; i++) v->flat[i] = v->type->types[i];
  v->local_count = v->flat_count = params;
  v->runs.count = 0;
  v->set.count = 0;
  v->must_set = false;
  uint32_t runs, count;
  uint64_t total = 0;
  if (!wh_validate_u32(v, at, &runs)) return false;
  const uint8_t *start = *at;
  bool many = false;
  for (uint32_t i = 0; i < runs; i++) {
    vtype_t type;
    const uint8_t *run = *at;
    if (!wh_validate_u32(v, at, &count)) return false;
    total += count;
    if (total > UINT32_MAX)
      return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, run, "too many locals: %llu",
                              (unsigned long long)total);
    if (!wh_validate_val_type(v, at, &type)) return false;
    many = many || total > WH_MAX_LOCALS;
    if (!many && !add_locals(v, count, type)) return false;
  }
  if (!many) return !v->must_set || begin_sets(v);
  return wh_validate_fail(v, WHERRY_ERROR_LIMIT, start, "%llu locals: this engine takes %d",
                          (unsigned long long)total, WH_MAX_LOCALS);
}

/* ---- code ---- */

/* The loop below is where loading a large module spends its time, most of it on jumps to labels that
   the processor could not foresee. So there are few labels, each decides nothing more about its
   instruction, and what is common never leaves the loop. Choosing by table without a branch was
   slower (the next instruction's place then waits for the table), and so was a switch. */
#define NEXT                               \
  do {                                     \
    if (WH_UNLIKELY(at >= end)) goto ends; \
    op_at = at;                            \
    goto *labels[*at++];                   \
  } while (0)

/* A number, or what stands for it behind the end of the body, where NEXT finds out. Up to two bytes at
   once; the others by the reader. */
#define NUMBER(out, bits, is_signed)                         \
  do {                                                       \
    if (WH_LIKELY(*at < 0x80)) {                             \
      out = *at++;                                           \
    } else if (WH_LIKELY(at[1] < 0x80)) {                    \
      out = (uint32_t)(at[0] & 0x7F) | (uint32_t)at[1] << 7; \
      at += 2;                                               \
    } else {                                                 \
      wh_leb_t leb = wh_leb_slow(at, end, bits, is_signed);  \
      if (WH_UNLIKELY(!leb.next)) {                          \
        problem = leb.value;                                 \
        goto bad_number;                                     \
      }                                                      \
      at = leb.next;                                         \
      out = (uint32_t)leb.value;                             \
    }                                                        \
  } while (0)
/* The same for a signed one whose value does not matter: four bytes fit every width, and a fifth has
   four bits of a number of 32 and, above, their sign again. */
#define SKIP_NUMBER(bits)                                                                 \
  do {                                                                                    \
    if (WH_LIKELY(*at < 0x80)) {                                                          \
      at++;                                                                               \
    } else if (at[1] < 0x80) {                                                            \
      at += 2;                                                                            \
    } else if (at[2] < 0x80) {                                                            \
      at += 3;                                                                            \
    } else if (at[3] < 0x80) {                                                            \
      at += 4;                                                                            \
    } else if (at[4] < 0x80 && ((bits) > 35 || at[4] < 0x08 || (at[4] & 0x78) == 0x78)) { \
      at += 5;                                                                            \
    } else {                                                                              \
      NUMBER(number, bits, true);                                                         \
    }                                                                                     \
  } while (0)

#define OUT_OF_LINE(call)               \
  do {                                  \
    v->op_at = op_at;                   \
    v->sp = sp;                         \
    at = (call);                        \
    sp = v->sp;                         \
    if (WH_UNLIKELY(!at)) return false; \
    NEXT;                               \
  } while (0)

static const uint8_t *pop_out_of_line(validator_t *v, const uint8_t *at, vtype_t want) {
  return wh_validate_pop(v, want) ? at : NULL;
}

/* Alignment and offset of a memory access that leave nothing to object to; else NULL. */
static inline const uint8_t *memarg(const uint8_t *at, uint32_t align) {
  if (WH_UNLIKELY(*at > align)) return NULL;
  at++;
  if (WH_LIKELY(*at < 0x80)) return at + 1;
  if (at[1] < 0x80) return at + 2;
  if (at[2] < 0x80) return at + 3;
  return at[3] < 0x80 ? at + 4 : NULL;
}

/* Any instruction with a fixed signature, and those that are none. */
static const uint8_t *general(validator_t *v, const uint8_t *at) {
  const wh_op_t *op = wh_op(at[-1]);
  if (!op) return wh_validate_opcode(v), NULL;
  if (!(v->features >> op->feature & 1))
    return wh_validate_needs(v, (wherry_feature_t)op->feature), NULL;
  if (op->immediates == WH_IMM_MEMARG_) return wh_validate_access(v, at, op);
  return wh_validate_signature(v, op->signature) ? at : NULL;
}

/* A block without parameters, with one number as its result or none: most of them. */
static inline bool begins_plainly(const validator_t *v, const uint8_t *op_at, uint8_t type,
                                  const vtype_t *sp) {
  return (type == 0x40 || (type >= 0x7C && type <= 0x7F)) &&
         (*op_at != WH_OP_IF || sp[-1] == WHERRY_I32) && v->frames.count < v->frames.capacity &&
         v->frames.count < MAX_NESTING;
}
static inline void push_frame(validator_t *v, uint8_t opcode, uint8_t type, size_t base) {
  v->frames.items[v->frames.count++] = (frame_t) {.opcode = opcode,
                                                  .result_count = type != 0x40,
                                                  .results = &wh_validate_single[type],
                                                  .base = base,
                                                  .set_base = v->set.count};
}

/* A block whose end has nothing to do but to look at what lies on the stack. */
static inline bool ends_plainly(const validator_t *v, const frame_t *frame) {
  return v->frames.count > 1 && v->set.count == frame->set_base &&
         (frame->opcode != WH_OP_IF || frame->param_count + frame->result_count == 0);
}

/* A label that a branch brings no operands to. */
static inline bool takes_nothing(const validator_t *v, uint8_t depth) {
  if (depth >= v->frames.count || depth >= 0x80) return false;
  const frame_t *frame = &v->frames.items[v->frames.count - 1 - depth];
  return (frame->opcode == WH_OP_LOOP ? frame->param_count : frame->result_count) == 0;
}

/* Who judges an instruction that has no label in the loop: those that are rare. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static wh_validate_op_t *const apart[256] = {
    [0 ... 255] = general,
    [WH_OP_ELSE] = wh_validate_else,
    [WH_OP_BR_TABLE] = wh_validate_br_table,
    [WH_OP_RETURN] = wh_validate_return,
    [WH_OP_CALL] = wh_validate_call,
    [WH_OP_RETURN_CALL] = wh_validate_call,
    [WH_OP_CALL_INDIRECT] = wh_validate_call_indirect,
    [WH_OP_RETURN_CALL_INDIRECT] = wh_validate_call_indirect,
    [WH_OP_CALL_REF... WH_OP_RETURN_CALL_REF] = wh_validate_call_ref,
    [WH_OP_SELECT_TYPED] = wh_validate_select_typed,
    [WH_OP_TABLE_GET... WH_OP_TABLE_SET] = wh_validate_table_access,
    [WH_OP_MEMORY_SIZE... WH_OP_MEMORY_GROW] = wh_validate_memory_index,
    [WH_OP_REF_NULL... WH_OP_REF_FUNC] = wh_validate_ref,
    [WH_OP_REF_EQ... WH_OP_BR_ON_NON_NULL] = wh_validate_typed_ref,
    [WH_OP_THROW] = wh_validate_throw,
    [WH_OP_THROW_REF] = wh_validate_throw_ref,
    [WH_OP_TRY_TABLE] = wh_validate_try_table,
    [WH_OP_TRY... WH_OP_CATCH] = wh_validate_legacy,
    [WH_OP_RETHROW] = wh_validate_legacy,
    [WH_OP_DELEGATE... WH_OP_CATCH_ALL] = wh_validate_legacy,
    [WH_OP_PREFIX_FB] = wh_validate_prefix_fb,
    [WH_OP_PREFIX_FC] = wh_validate_prefix_fc,
    [WH_OP_PREFIX_FD] = wh_validate_prefix_fd,
    [WH_OP_PREFIX_FE] = wh_validate_prefix_fe,
};
#pragma GCC diagnostic pop

/* Where a row goes that has no label of its own: those of version 1.0 that take one or two operands
   of known types, and put back at most one. */
#define LABEL(imm, s, feature)                                                                 \
  ((s)[0] == '*' || (s)[0] == 'r' || WH_OP_FEATURE_##feature != WH_OP_FEATURE_CORE_1 ? &&other \
   : ((WH_IMM_##imm) & 0xFF) == WH_IMM_MEMARG_ ? (POPS(s) == 1 ? &&load : &&store)             \
   : (WH_IMM_##imm) != WH_IMM_NONE             ? &&other                                       \
   : POPS(s) == 1                              ? &&unary                                       \
   : POPS(s) == 2                              ? &&binary                                      \
                                               : &&other)

static bool code(validator_t *v, const uint8_t *at) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
  static const void *const labels[WH_OP_PLACES] = {
      [0 ... 255] = &&other,
#define OP(opcode, identifier, name, imm, signature, feature) \
  [WH_OP_PLACE(opcode)] = LABEL(imm, signature, feature),
#include "ops/ops.def"
      [WH_OP_UNREACHABLE] = &&unreachable,
      [WH_OP_BLOCK... WH_OP_IF] = &&block,
      [WH_OP_END] = &&end_,
      [WH_OP_BR] = &&br,
      [WH_OP_BR_IF] = &&br_if,
      [WH_OP_CALL] = &&call,
      [WH_OP_DROP] = &&drop,
      [WH_OP_SELECT] = &&select,
      [WH_OP_GLOBAL_GET... WH_OP_GLOBAL_SET] = &&global,
      [WH_OP_LOCAL_GET] = &&local_get,
      [WH_OP_LOCAL_SET] = &&local_set,
      [WH_OP_LOCAL_TEE] = &&local_tee,
      [WH_OP_I32_CONST] = &&i32_const,
      [WH_OP_I64_CONST] = &&i64_const,
      [WH_OP_F32_CONST] = &&f32_const,
      [WH_OP_F64_CONST] = &&f64_const,
  };
#pragma GCC diagnostic pop
  const uint8_t *const end = v->end;
  const uint8_t *op_at = at;
  const bool memory = v->model->memories.count > 0 && !v->model->memories.items[0].is64;
  const uint32_t flat_count = v->flat_count;
  vtype_t *sp = v->sp;
  uint32_t number;
  uint64_t problem;
  const uint8_t *behind;
  const rule_t *rule;
  const frame_t *frame;
  NEXT;

local_get:
  NUMBER(number, 32, false);
  if (WH_LIKELY(number < flat_count)) {
    *sp++ = v->flat[number];
    NEXT;
  }
  OUT_OF_LINE(wh_validate_get_local(v, at, number));
local_set:
  NUMBER(number, 32, false);
  if (WH_LIKELY(number < flat_count && sp[-1] == v->flat[number])) {
    sp--;
    NEXT;
  }
  OUT_OF_LINE(wh_validate_set_local(v, at, number));
local_tee:
  NUMBER(number, 32, false);
  if (WH_LIKELY(number < flat_count && sp[-1] == v->flat[number])) NEXT;
  OUT_OF_LINE(wh_validate_set_local(v, at, number));
i32_const:
  SKIP_NUMBER(32);
  *sp++ = WHERRY_I32;
  NEXT;
i64_const:
  SKIP_NUMBER(64);
  *sp++ = WHERRY_I64;
  NEXT;
f32_const:
  if (end - at < 4) goto ends;
  at += 4;
  *sp++ = WHERRY_F32;
  NEXT;
f64_const:
  if (end - at < 8) goto ends;
  at += 8;
  *sp++ = WHERRY_F64;
  NEXT;
load:
  rule = &rules[*op_at];
  behind = memarg(at, rule->align);
  if (WH_UNLIKELY(!behind || !memory || sp[-1] != WHERRY_I32)) goto other;
  sp[-1] = rule->result;
  at = behind;
  NEXT;
store:
  rule = &rules[*op_at];
  behind = memarg(at, rule->align);
  if (WH_UNLIKELY(!behind || !memory || sp[-1] != rule->upper || sp[-2] != WHERRY_I32)) goto other;
  sp -= 2;
  at = behind;
  NEXT;
unary:
  rule = &rules[*op_at];
  if (WH_UNLIKELY(sp[-1] != rule->upper)) goto other;
  sp[-1] = rule->result;
  NEXT;
binary:
  rule = &rules[*op_at];
  if (WH_UNLIKELY(sp[-1] != rule->upper || sp[-2] != rule->lower)) goto other;
  sp--;
  sp[-1] = rule->result;
  NEXT;
drop:
  if (WH_UNLIKELY(sp[-1] == FLOOR)) OUT_OF_LINE(pop_out_of_line(v, at, ANY));
  sp--;
  NEXT;
unreachable:
  v->sp = sp;
  wh_validate_unreachable(v);
  sp = v->sp;
  NEXT;
end_:
  frame = &v->frames.items[v->frames.count - 1];
  if (WH_LIKELY(ends_plainly(v, frame))) {
    if (WH_LIKELY(frame->result_count == 0 && sp[-1] == FLOOR)) {
      sp--;
      v->frames.count--;
      NEXT;
    }
    if (frame->result_count == 1 && sp[-1] == frame->results[0] && sp[-2] == FLOOR) {
      sp--;
      sp[-1] = sp[0];
      v->frames.count--;
      NEXT;
    }
  }
  v->op_at = op_at;
  v->sp = sp;
  at = wh_validate_end(v, at);
  sp = v->sp;
  if (!at) return false;
  if (v->frames.count > 0) NEXT;
  if (at == end) return true;
  return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, at,
                          "section size mismatch: %zu bytes behind the end of the function",
                          (size_t)(end - at));
block:
  if (WH_LIKELY(at < end && begins_plainly(v, op_at, *at, sp))) {
    sp -= *op_at == WH_OP_IF;
    *sp++ = FLOOR;
    push_frame(v, *op_at, *at++, (size_t)(sp - v->stack));
    NEXT;
  }
  OUT_OF_LINE(wh_validate_block(v, at));
br:
  OUT_OF_LINE(wh_validate_br(v, at));
br_if:
  if (WH_LIKELY(at < end && sp[-1] == WHERRY_I32 && takes_nothing(v, *at))) {
    at++;
    sp--;
    NEXT;
  }
  OUT_OF_LINE(wh_validate_br_if(v, at));
select:
  OUT_OF_LINE(wh_validate_select(v, at));
global:
  OUT_OF_LINE(wh_validate_global(v, at));
call:
  behind = at;
  NUMBER(number, 32, false);
  if (WH_LIKELY(number < v->model->functions.count)) {
    const wherry_functype_t *type = wh_model_functype(v->model, number);
    if (WH_LIKELY(wh_validate_top_is(sp, type->types, type->param_count) &&
                  type->result_count <= 1)) {
      sp -= type->param_count;
      if (type->result_count) *sp++ = type->types[type->param_count];
      NEXT;
    }
  }
  at = behind;
other:
  OUT_OF_LINE(apart[*op_at](v, at));

ends:
  v->op_at = op_at;
  return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, end,
                          "unexpected end of section or function: END opcode expected");
bad_number:
  v->op_at = op_at;
  return wh_validate_leb(v, at, problem);
}

bool wh_validate_body(validator_t *v, uint32_t index) {
  const wh_body_t *body = &v->model->bodies.items[index];
  const uint8_t *at = body->bytes;
  v->body = body;
  v->function = v->model->imported_functions + index;
  v->type = wh_model_functype(v->model, v->function);
  v->end = at + body->size;
  v->op_at = at;
  v->frames.count = 0;
  if (!locals(v, &at)) return false;
  v->op_at = at;
  v->sp = v->stack + GUARD;
  const wherry_functype_t *type = v->type;
  return wh_validate_begin(v, WH_OP_BLOCK, NULL, 0, type->types + type->param_count,
                           type->result_count) &&
         code(v, at);
}
