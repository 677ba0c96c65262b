/* Instructions by their names, and what stands after them. */
#include "reader.h"
#include "number.h"

static const struct {
  const char *name;
  uint32_t opcode;
} instructions[] = {
#define OP(opcode, identifier, name, immediates, signature, feature) {name, opcode},
#include "ops/ops.def"
};

bool wh_wat_fill_instructions(reader_t *r) {
  for (size_t i = 0; i < WH_COUNT(instructions); i++) {
    const char *name = instructions[i].name;
    /* Two have one name: which one is meant shows after it. */
    if (instructions[i].opcode == WH_OP_SELECT_TYPED ||
        instructions[i].opcode == WH_OP_REF_TEST_NULL ||
        instructions[i].opcode == WH_OP_REF_CAST_NULL)
      continue;
    if (!wh_map_put(r->alloc, &r->instructions, name, strlen(name), instructions[i].opcode))
      return wh_wat_lexer_oom(&r->lexer);
  }
  return true;
}

bool wh_wat_at_instruction(const reader_t *r) {
  for (size_t i = 0; i < WH_COUNT(instructions); i++)
    if (wh_wat_token_is(r, r->next, instructions[i].name)) return true;
  return false;
}

static bool unknown_instruction(reader_t *r) {
  const token_t *token = r->next;
  const char *text = token_text(r, token);
  if ((token->kind != TOKEN_WORD && token->kind != TOKEN_RESERVED) || wh_wat_at_keyword(r))
    return wh_wat_unexpected(r, "an instruction");
  wh_near_t near = {.wanted = text, .size = token->size};
  wh_text_t hint = {.alloc = r->alloc};
  for (size_t i = 0; token->size < 40 && i < WH_COUNT(instructions); i++)
    wh_near_offer(&near, instructions[i].name, strlen(instructions[i].name));
  wh_text_append(&hint, "", 0);
  wh_near_print(&near, &hint);
  if (hint.failed)
    wh_wat_lexer_oom(&r->lexer);
  else
    FAIL_AT(r, token, "unknown operator %.*s%s", token->size < 60 ? (int)token->size : 60, text,
            hint.data);
  wh_text_free(&hint);
  return false;
}

/* ---- indices ---- */

bool wh_wat_put_label(reader_t *r, wh_text_t *out) {
  const token_t *token = r->next;
  uint64_t depth = 0;
  if (token->kind == TOKEN_ID) {
    const char *name;
    size_t size;
    if (!wh_wat_id_name(r, token, &name, &size)) return false;
    uint64_t place = 0;
    if (!wh_map_get(&r->label_places, name, size, &place) || !place)
      return FAIL_AT(r, token, "unknown label %.*s", (int)token->size, token_text(r, token));
    depth = r->labels.count - place;
    r->next++;
  } else if (!wh_wat_read_number(r, UINT32_MAX, "a label", &depth)) {
    return false;
  }
  wh_wat_put_u(out, depth);
  return true;
}

static bool read_labels(reader_t *r, wh_text_t *out) {
  wh_text_t labels = {.alloc = r->alloc};
  uint32_t count = 0;
  bool good = true;
  size_t last = 0;
  do {
    last = labels.size;
    good = wh_wat_put_label(r, &labels);
    count++;
  } while (good && wh_wat_at_index(r));
  good = good && (!labels.failed || wh_wat_lexer_oom(&r->lexer));
  if (good) {
    wh_wat_put_u(out, count - 1); /* the last one is the default */
    wh_text_append(out, labels.data, last);
    wh_text_append(out, labels.data + last, labels.size - last);
  }
  wh_text_free(&labels);
  return good;
}

bool wh_wat_put_index(reader_t *r, space_t space, wh_text_t *out) {
  uint32_t index;
  if (!wh_wat_read_index(r, space, &index)) return false;
  wh_wat_put_u(out, index);
  return true;
}

/* An index that may be left out: then it is 0. */
static bool optional_index(reader_t *r, space_t space, uint32_t *index) {
  *index = 0;
  return !wh_wat_at_index(r) || wh_wat_read_index(r, space, index);
}

static bool put_optional(reader_t *r, space_t space, wh_text_t *out) {
  uint32_t index;
  if (!optional_index(r, space, &index)) return false;
  wh_wat_put_u(out, index);
  return true;
}

/* None, or both. */
static bool put_two(reader_t *r, space_t space, wh_text_t *out) {
  uint32_t to = 0, from = 0;
  if (wh_wat_at_index(r) &&
      (!wh_wat_read_index(r, space, &to) || !wh_wat_read_index(r, space, &from)))
    return false;
  wh_wat_put_u(out, to);
  wh_wat_put_u(out, from);
  return true;
}

/* `segment`, or `where segment`; the binary has the segment first. */
static bool put_segment(reader_t *r, space_t segments, space_t places, wh_text_t *out) {
  uint32_t segment, place = 0;
  const token_t *first = r->next;
  if (wh_wat_at_index(r)) r->next++;
  bool two = wh_wat_at_index(r);
  r->next = first;
  if (two && !wh_wat_read_index(r, places, &place)) return false;
  if (!wh_wat_read_index(r, segments, &segment)) return false;
  wh_wat_put_u(out, segment);
  wh_wat_put_u(out, place);
  return true;
}

/* ---- memory accesses ---- */

static bool starts(const reader_t *r, const token_t *token, const char *with) {
  size_t size = strlen(with);
  return token->kind == TOKEN_WORD && token->size >= size &&
         memcmp(token_text(r, token), with, size) == 0;
}

/* `offset=8`: whether the next token is that; *value: what stands after the sign. */
static bool take_assignment(reader_t *r, const char *name, uint64_t *value, bool *good) {
  const token_t *token = r->next;
  size_t size = strlen(name);
  if (!starts(r, token, name)) return false;
  number_status_t status =
      wh_wat_number_unsigned(token_text(r, token) + size, token->size - size, UINT64_MAX, value);
  *good = status == NUMBER_GOOD;
  if (status == NUMBER_OUT_OF_RANGE)
    FAIL_AT(r, token, "i64 constant out of range");
  else if (status == NUMBER_NONE)
    FAIL_AT(r, token, "unknown operator %.*s", token->size < 60 ? (int)token->size : 60,
            token_text(r, token));
  r->next++;
  return true;
}

/* Before a lane, a number is the memory's only if something else of the access follows. */
static bool at_memory(reader_t *r, bool with_lane) {
  const token_t *token = r->next;
  if (!wh_wat_at_index(r) || !with_lane || token->kind == TOKEN_ID) return wh_wat_at_index(r);
  r->next++;
  bool more = wh_wat_at_index(r) || starts(r, r->next, "offset=") || starts(r, r->next, "align=");
  r->next = token;
  return more;
}

static bool read_memarg(reader_t *r, unsigned natural, bool with_lane, wh_text_t *out) {
  uint32_t memory = 0;
  uint64_t offset = 0, align = UINT64_C(1) << natural;
  bool good = true;
  if (at_memory(r, with_lane) && !wh_wat_read_index(r, SPACE_MEMORY, &memory)) return false;
  take_assignment(r, "offset=", &offset, &good);
  if (!good) return false;
  const token_t *token = r->next;
  take_assignment(r, "align=", &align, &good);
  if (!good) return false;
  if (!align || (align & (align - 1))) return FAIL_AT(r, token, "alignment must be a power of two");
  unsigned power = (unsigned)__builtin_ctzll(align);
  wh_wat_put_u(out, power | (memory ? 0x40 : 0));
  if (memory) wh_wat_put_u(out, memory);
  wh_wat_put_u(out, offset);
  return true;
}

/* ---- lanes ---- */

static bool put_lane(reader_t *r, wh_text_t *out) {
  uint64_t lane;
  if (!wh_wat_read_number(r, 255, "a lane's number", &lane)) return false;
  wh_wat_put_byte(out, (unsigned)lane);
  return true;
}

static bool put_shuffle(reader_t *r, wh_text_t *out) {
  for (unsigned i = 0; i < 16; i++) {
    const token_t *token = r->next;
    const char *text = token_text(r, token);
    uint64_t lane;
    if (token->kind != TOKEN_WORD)
      return FAIL_AT(r, token, "invalid lane length: a shuffle names 16 lanes");
    if (wh_wat_at_number(r) && wh_wat_number_unsigned(text, token->size, 255, &lane) == NUMBER_NONE)
      return FAIL_AT(r, token, "i8 constant out of range: no lane is %.*s",
                     token->size < 60 ? (int)token->size : 60, text);
    if (!put_lane(r, out)) return false;
  }
  return !wh_wat_at_number(r) ||
         FAIL_AT(r, r->next, "invalid lane length: a shuffle names 16 lanes");
}

/* ---- instructions ---- */

static void put_opcode(wh_text_t *out, uint32_t opcode) {
  if (opcode < 256) {
    wh_wat_put_byte(out, opcode);
  } else {
    wh_wat_put_byte(out, opcode >> 16);
    wh_wat_put_u(out, opcode & 0xFFFF);
  }
}

static bool read_select(reader_t *r, wh_text_t *out) {
  bool typed = wh_wat_at_list(r, "result");
  wh_wat_put_byte(out, typed ? WH_OP_SELECT_TYPED : WH_OP_SELECT);
  return !typed || wh_wat_read_results(r, out);
}

/* A test or cast to a type: whether null is one of it shows in the opcode. */
static bool read_cast(reader_t *r, uint32_t opcode, wh_text_t *out) {
  wherry_valtype_t type;
  if (!wh_wat_read_reference_type(r, &type)) return false;
  bool nullable = wh_ref_is_nullable(type);
  put_opcode(out, opcode == WH_OP_REF_TEST ? nullable ? WH_OP_REF_TEST_NULL : WH_OP_REF_TEST
                  : nullable               ? WH_OP_REF_CAST_NULL
                                           : WH_OP_REF_CAST);
  wh_wat_put_heap_type(out, wh_ref_heap(type));
  return true;
}

/* Label and two types; the binary has first which of the types are nullable. */
static bool put_branch_cast(reader_t *r, wh_text_t *out) {
  wherry_valtype_t from, to;
  size_t flags = out->size;
  wh_wat_put_byte(out, 0);
  if (!wh_wat_put_label(r, out) || !wh_wat_read_reference_type(r, &from) ||
      !wh_wat_read_reference_type(r, &to))
    return false;
  if (!out->failed)
    out->data[flags] = (char)(wh_ref_is_nullable(from) | wh_ref_is_nullable(to) << 1);
  wh_wat_put_heap_type(out, wh_ref_heap(from));
  wh_wat_put_heap_type(out, wh_ref_heap(to));
  return true;
}

static bool put_field(reader_t *r, wh_text_t *out) {
  uint32_t type, field;
  if (!wh_wat_read_index(r, SPACE_TYPE, &type) || !wh_wat_read_field(r, type, &field)) return false;
  wh_wat_put_u(out, type);
  wh_wat_put_u(out, field);
  return true;
}

static bool put_count(reader_t *r, wh_text_t *out) {
  uint64_t count;
  if (!wh_wat_read_number(r, UINT32_MAX, "a number of operands", &count)) return false;
  wh_wat_put_u(out, count);
  return true;
}

static bool read_immediates(reader_t *r, const wh_op_t *op, wh_text_t *out) {
  uint32_t first, second;
  wh_heap_t heap;
  switch ((wh_imm_t)op->immediates) {
  case WH_IMM_NONE: return true;
  case WH_IMM_LABEL: return wh_wat_put_label(r, out);
  case WH_IMM_LABEL_TABLE: return read_labels(r, out);
  case WH_IMM_FUNC: return wh_wat_put_index(r, SPACE_FUNC, out);
  case WH_IMM_LOCAL: return wh_wat_put_index(r, SPACE_LOCAL, out);
  case WH_IMM_GLOBAL: return wh_wat_put_index(r, SPACE_GLOBAL, out);
  case WH_IMM_TABLE: return put_optional(r, SPACE_TABLE, out);
  case WH_IMM_MEMORY_INDEX: return put_optional(r, SPACE_MEMORY, out);
  case WH_IMM_ELEM: return wh_wat_put_index(r, SPACE_ELEM, out);
  case WH_IMM_DATA:
    r->needs_data_count |= r->in_function;
    return wh_wat_put_index(r, SPACE_DATA, out);
  case WH_IMM_TABLE_TABLE: return put_two(r, SPACE_TABLE, out);
  case WH_IMM_MEMORY_MEMORY: return put_two(r, SPACE_MEMORY, out);
  case WH_IMM_ELEM_TABLE: return put_segment(r, SPACE_ELEM, SPACE_TABLE, out);
  case WH_IMM_DATA_MEMORY:
    r->needs_data_count |= r->in_function;
    return put_segment(r, SPACE_DATA, SPACE_MEMORY, out);
  case WH_IMM_TYPE_TABLE:
    if (!optional_index(r, SPACE_TABLE, &second) || !wh_wat_read_type_use(r, false, &first))
      return false;
    wh_wat_put_u(out, first);
    wh_wat_put_u(out, second);
    return true;
  case WH_IMM_MEMARG_: return read_memarg(r, op->align, false, out);
  case WH_IMM_MEMARG_LANE_: return read_memarg(r, op->align, true, out) && put_lane(r, out);
  case WH_IMM_LANE_: return put_lane(r, out);
  case WH_IMM_SHUFFLE: return put_shuffle(r, out);
  case WH_IMM_REF_TYPE:
    if (!wh_wat_read_heap_type(r, &heap)) return false;
    wh_wat_put_heap_type(out, heap);
    return true;
  case WH_IMM_TAG: return wh_wat_put_index(r, SPACE_TAG, out);
  case WH_IMM_TYPE: return wh_wat_put_index(r, SPACE_TYPE, out);
  case WH_IMM_TYPE_FIELD: return put_field(r, out);
  case WH_IMM_TYPE_COUNT: return wh_wat_put_index(r, SPACE_TYPE, out) && put_count(r, out);
  case WH_IMM_TYPE_DATA:
    r->needs_data_count |= r->in_function;
    return wh_wat_put_index(r, SPACE_TYPE, out) && wh_wat_put_index(r, SPACE_DATA, out);
  case WH_IMM_TYPE_ELEM:
    return wh_wat_put_index(r, SPACE_TYPE, out) && wh_wat_put_index(r, SPACE_ELEM, out);
  case WH_IMM_TYPE_TYPE:
    if (!wh_wat_put_index(r, SPACE_TYPE, out)) return false;
    return wh_wat_put_index(r, SPACE_TYPE, out);
  case WH_IMM_CAST: return put_branch_cast(r, out);
  case WH_IMM_FENCE: wh_wat_put_byte(out, 0); return true;
  case WH_IMM_I32_CONST:
  case WH_IMM_I64_CONST:
  case WH_IMM_F32_CONST:
  case WH_IMM_F64_CONST:
  case WH_IMM_V128_CONST: return wh_wat_read_constant(r, (wh_imm_t)op->immediates, out);
  case WH_IMM_BLOCK: /* body.c has taken these two */
  case WH_IMM_TRY_TABLE:
  case WH_IMM_SELECT_TYPES: /* read_select */
  case WH_IMM_HEAP_TYPE:    /* read_cast */
  default: break;
  }
  WH_UNREACHABLE();
}

/* What begins, parts or ends a block: no plain instruction. */
static bool is_structured(uint32_t opcode) {
  switch (opcode) {
  case WH_OP_BLOCK:
  case WH_OP_LOOP:
  case WH_OP_IF:
  case WH_OP_ELSE:
  case WH_OP_TRY:
  case WH_OP_TRY_TABLE:
  case WH_OP_CATCH:
  case WH_OP_CATCH_ALL:
  case WH_OP_DELEGATE:
  case WH_OP_END: return true;
  default: return false;
  }
}

bool wh_wat_read_plain(reader_t *r, wh_text_t *out) {
  const token_t *token = r->next;
  uint64_t opcode;
  if (token->kind != TOKEN_WORD ||
      !wh_map_get(&r->instructions, token_text(r, token), token->size, &opcode))
    return unknown_instruction(r);
  if (is_structured((uint32_t)opcode)) return wh_wat_unexpected(r, "an instruction");
  r->next++;
  if (opcode == WH_OP_SELECT) return read_select(r, out);
  if (opcode == WH_OP_REF_TEST || opcode == WH_OP_REF_CAST)
    return read_cast(r, (uint32_t)opcode, out);
  put_opcode(out, (uint32_t)opcode);
  return read_immediates(r, wh_op((uint32_t)opcode), out);
}
