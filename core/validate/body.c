/* A function body: its locals, then its code in one pass. The loop keeps its place and the top of the
   operand stack in registers, takes what is common and well typed itself, and hands everything else
   to the general functions. */
#include "validate_body.h"

/* What an instruction without immediates, or with those of a memory access, does to the stack. The
   two topmost operands are compared at once: mask says which of them count. */
typedef struct rule {
  uint64_t mask, want;
  vtype_t result;
  uint8_t pops, pushes;
  uint8_t feature;
  uint8_t align;
  uint8_t kind;
} rule_t;
enum { ILLEGAL, PLAIN, ACCESS, OTHER };

/* From a row's signature; all of it is folded by the compiler. */
#define LETTER(c)                               \
  ((c) == 'i' || (c) == 'a' ? WHERRY_I32        \
   : (c) == 'l'             ? WHERRY_I64        \
   : (c) == 'f'             ? WHERRY_F32        \
   : (c) == 'd'             ? WHERRY_F64        \
                            : 0)
#define IS_TYPE(c) ((c) != ':' && (c) != '*' && (c) != 0)
/* Signatures of rows that the table is used for: up to two operands. Reading stays inside: s[1] is
   read only when s[0] is no end, and so on. */
#define POPS(s) (!IS_TYPE((s)[0]) ? 0 : !IS_TYPE((s)[1]) ? 1 : 2)
#define FIRST(s) ((uint64_t)LETTER((s)[0]))
#define SECOND(s) ((uint64_t)LETTER((s)[1]))
#define WANT(s) (POPS(s) == 2 ? SECOND(s) << 32 | FIRST(s) : POPS(s) == 1 ? FIRST(s) << 32 : 0)
#define MASK(s)                                                          \
  (POPS(s) == 2   ? UINT64_C(0xFFFFFFFFFFFFFFFF)                         \
   : POPS(s) == 1 ? UINT64_C(0xFFFFFFFF00000000)                         \
                  : 0)
#define LAST(s) ((s)[sizeof(s) - 2])
#define PUSHES(s) (IS_TYPE(LAST(s)) ? 1 : 0)
#define KIND(imm, s)                                                         \
  ((s)[0] == '*' || (s)[0] == 'r'           ? OTHER                          \
   : ((WH_IMM_##imm) & 0xFF) == WH_IMM_MEMARG_ ? ACCESS                      \
   : (WH_IMM_##imm) == WH_IMM_NONE             ? PLAIN                       \
                                               : OTHER)

/* Rows with a prefix go to the end, where nobody looks. */
static const rule_t rules[256 + 32] = {
#define OP(opcode, identifier, name, imm, signature, feature_)          \
  [(opcode) < 256 ? (opcode) : 256 + ((opcode)&0x1F)] = {               \
      .mask = MASK(signature),                                          \
      .want = WANT(signature),                                          \
      .result = LETTER(LAST(signature)),                                \
      .pops = POPS(signature),                                          \
      .pushes = PUSHES(signature),                                      \
      .feature = WH_OP_FEATURE_##feature_,                              \
      .align = (WH_IMM_##imm) >> 8,                                     \
      .kind = KIND(imm, signature),                                     \
  },
#include "ops/ops.def"
};

/* ---- locals ---- */

static bool add_locals(validator_t *v, uint32_t count, vtype_t type) {
  for (uint32_t i = 0; i < count && v->flat_count < FLAT_LOCALS; i++)
    v->flat[v->flat_count++] = type;
  v->local_count += count;
  local_run_t run = {v->local_count, type};
  if (count == 0 || wh_vec_push(v->alloc, &v->runs, run)) return true;
  return wh_validate_oom(v);
}

static bool locals(validator_t *v, const uint8_t **at) {
  v->local_count = v->flat_count = 0;
  v->runs.count = 0;
  for (uint32_t i = 0; i < v->type->param_count; i++)
    if (!add_locals(v, 1, v->type->types[i])) return false;
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
  if (!many) return true;
  return wh_validate_fail(v, WHERRY_ERROR_LIMIT, start, "%llu locals: this engine takes %d",
                          (unsigned long long)total, WH_MAX_LOCALS);
}

/* ---- code ---- */

/* Over a number of one or two bytes at once; the others by the reader. */
#define NUMBER(out, bits, is_signed)                                        \
  do {                                                                      \
    if (WH_LIKELY(at < end && *at < 0x80)) {                                \
      out = *at++;                                                          \
    } else if (WH_LIKELY(end - at >= 2 && at[1] < 0x80)) {                  \
      out = (uint32_t)(at[0] & 0x7F) | (uint32_t)at[1] << 7;                \
      at += 2;                                                              \
    } else {                                                                \
      wh_leb_t leb = wh_leb_slow(at, end, bits, is_signed);                 \
      if (WH_UNLIKELY(!leb.next)) {                                         \
        v->op_at = op_at;                                                   \
        return wh_validate_leb(v, at, leb.value);                           \
      }                                                                     \
      at = leb.next;                                                        \
      out = (uint32_t)leb.value;                                            \
    }                                                                       \
  } while (0)
#define OUT_OF_LINE(call)              \
  do {                                 \
    v->op_at = op_at;                  \
    v->sp = sp;                        \
    at = (call);                       \
    sp = v->sp;                        \
    if (WH_UNLIKELY(!at)) return false; \
  } while (0)

static bool pop_out_of_line(validator_t *v, const uint8_t *op_at, vtype_t *sp, vtype_t want) {
  v->op_at = op_at;
  v->sp = sp;
  return wh_validate_pop(v, want);
}
#define POP(want)                                                        \
  do {                                                                   \
    if (WH_LIKELY(sp[-1] == (want))) {                                   \
      sp--;                                                              \
    } else {                                                             \
      if (!pop_out_of_line(v, op_at, sp, (want))) return false;          \
      sp = v->sp;                                                        \
    }                                                                    \
  } while (0)

/* Well-typed instructions of the table; at NULL: the general way must look. */
static inline const uint8_t *numeric(validator_t *v, const uint8_t *at, const rule_t *rule,
                                     vtype_t **sp) {
  uint64_t top;
  memcpy(&top, *sp - 2, sizeof top);
  if (WH_UNLIKELY((top & rule->mask) != rule->want)) return NULL;
  if (WH_UNLIKELY(!(v->features >> rule->feature & 1))) return NULL;
  *sp -= rule->pops;
  **sp = rule->result;
  *sp += rule->pushes;
  return at;
}

/* Alignment and offset of a memory access that leave nothing to object to. */
static inline const uint8_t *memarg(const validator_t *v, const uint8_t *at, const uint8_t *end,
                                    uint8_t align) {
  if (end - at < 6 || *at > align || v->model->memories.count == 0) return NULL;
  at++;
  if (*at < 0x80) return at + 1;
  if (at[1] < 0x80) return at + 2;
  if (at[2] < 0x80) return at + 3;
  return at[3] < 0x80 ? at + 4 : NULL;
}

static const uint8_t *general(validator_t *v, const uint8_t *at) {
  const wh_op_t *op = wh_op(at[-1]);
  if (!op) return wh_validate_opcode(v), NULL;
  if (!(v->features >> op->feature & 1))
    return wh_validate_needs(v, (wherry_feature_t)op->feature), NULL;
  if (op->immediates == WH_IMM_MEMARG_) return wh_validate_access(v, at, op);
  return wh_validate_signature(v, op->signature) ? at : NULL;
}

static bool code(validator_t *v, const uint8_t *at) {
  const uint8_t *const end = v->end;
  const uint8_t *op_at = at;
  vtype_t *sp = v->sp, type;
  uint32_t number;
  while (at < end) {
    op_at = at;
    uint8_t byte = *at++;
    switch (byte) {
    case WH_OP_LOCAL_GET:
      NUMBER(number, 32, false);
      if (WH_LIKELY(number < v->flat_count)) {
        *sp++ = v->flat[number];
      } else {
        v->op_at = op_at;
        if (!wh_validate_local(v, number, sp++)) return false;
      }
      break;
    case WH_OP_LOCAL_SET:
    case WH_OP_LOCAL_TEE:
      NUMBER(number, 32, false);
      v->op_at = op_at;
      if (!wh_validate_local(v, number, &type)) return false;
      POP(type);
      if (byte == WH_OP_LOCAL_TEE) *sp++ = type;
      break;
    case WH_OP_I32_CONST:
      NUMBER(number, 32, true);
      *sp++ = WHERRY_I32;
      break;
    case WH_OP_I64_CONST:
      NUMBER(number, 64, true);
      *sp++ = WHERRY_I64;
      break;
    case WH_OP_F32_CONST:
      if (end - at < 4) goto ends_early;
      at += 4;
      *sp++ = WHERRY_F32;
      break;
    case WH_OP_F64_CONST:
      if (end - at < 8) goto ends_early;
      at += 8;
      *sp++ = WHERRY_F64;
      break;
    case WH_OP_DROP: POP(sp[-1] == FLOOR ? (vtype_t)ANY : sp[-1]); break;
    case WH_OP_BLOCK:
    case WH_OP_LOOP:
    case WH_OP_IF: OUT_OF_LINE(wh_validate_block(v, at)); break;
    case WH_OP_ELSE: OUT_OF_LINE(wh_validate_else(v, at)); break;
    case WH_OP_END:
      OUT_OF_LINE(wh_validate_end(v, at));
      if (v->frames.count > 0) break;
      if (at == end) return true;
      return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, at,
                              "section size mismatch: %zu bytes behind the end of the function",
                              (size_t)(end - at));
    case WH_OP_BR: OUT_OF_LINE(wh_validate_br(v, at)); break;
    case WH_OP_BR_IF: OUT_OF_LINE(wh_validate_br_if(v, at)); break;
    case WH_OP_BR_TABLE: OUT_OF_LINE(wh_validate_br_table(v, at)); break;
    case WH_OP_RETURN: OUT_OF_LINE(wh_validate_return(v, at)); break;
    case WH_OP_UNREACHABLE:
      v->sp = sp;
      wh_validate_unreachable(v);
      sp = v->sp;
      break;
    case WH_OP_CALL:
    case WH_OP_RETURN_CALL: OUT_OF_LINE(wh_validate_call(v, at)); break;
    case WH_OP_CALL_INDIRECT:
    case WH_OP_RETURN_CALL_INDIRECT: OUT_OF_LINE(wh_validate_call_indirect(v, at)); break;
    case WH_OP_SELECT: OUT_OF_LINE(wh_validate_select(v, at)); break;
    case WH_OP_SELECT_TYPED: OUT_OF_LINE(wh_validate_select_typed(v, at)); break;
    case WH_OP_GLOBAL_GET:
    case WH_OP_GLOBAL_SET: OUT_OF_LINE(wh_validate_global(v, at)); break;
    case WH_OP_TABLE_GET:
    case WH_OP_TABLE_SET: OUT_OF_LINE(wh_validate_table_access(v, at)); break;
    case WH_OP_MEMORY_SIZE:
    case WH_OP_MEMORY_GROW: OUT_OF_LINE(wh_validate_memory_index(v, at)); break;
    case WH_OP_REF_NULL:
    case WH_OP_REF_IS_NULL:
    case WH_OP_REF_FUNC: OUT_OF_LINE(wh_validate_ref(v, at)); break;
    case WH_OP_PREFIX_FC: OUT_OF_LINE(wh_validate_prefix_fc(v, at)); break;
    default: {
      const rule_t *rule = &rules[byte];
      const uint8_t *next = NULL;
      if (rule->kind == PLAIN) {
        next = at;
      } else if (rule->kind == ACCESS) {
        next = memarg(v, at, end, rule->align);
      }
      if (WH_LIKELY(next)) next = numeric(v, next, rule, &sp);
      if (WH_LIKELY(next))
        at = next;
      else
        OUT_OF_LINE(general(v, at));
    }
    }
  }
  v->op_at = op_at;
  return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, end,
                          "unexpected end of section or function: END opcode expected");
ends_early:
  v->op_at = op_at;
  return wh_validate_leb(v, at, WH_LEB_ENDS_EARLY);
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
