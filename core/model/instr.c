#include "model/instr.h"

static const char *const ends_early = "unexpected end of section or function";

static bool broken(const char **problem, const char *words) {
  *problem = words;
  return false;
}

static bool u32(wh_reader_t *in, uint32_t *out, const char **problem) {
  if (WH_LIKELY(wh_read_u32(in, out))) return true;
  return broken(problem, in->next == in->end ? ends_early : wh_read_problem(in, 32, false));
}

static bool u8(wh_reader_t *in, uint8_t *out, const char **problem) {
  return wh_read_u8(in, out) || broken(problem, ends_early);
}

static bool number(wh_reader_t *in, unsigned bits, bool is_signed, uint64_t *out,
                   const char **problem) {
  wh_leb_t leb = wh_leb_read(in->next, in->end, bits, is_signed);
  if (!leb.next) return broken(problem, wh_leb_problem(leb.value));
  in->next = leb.next;
  *out = leb.value;
  return true;
}

static bool fixed(wh_reader_t *in, size_t size, uint64_t *out, const char **problem) {
  const uint8_t *bytes;
  *out = 0;
  if (!wh_read_bytes(in, size, &bytes)) return broken(problem, ends_early);
  memcpy(out, bytes, size); /* little-endian, as the host is */
  return true;
}

static bool heap_type(wh_reader_t *in, wh_heap_t *out, const char **problem) {
  const uint8_t *behind = wh_read_heap_type(in->next, in->end, out, problem);
  if (behind) in->next = behind;
  return behind != NULL;
}

static bool val_type(wh_reader_t *in, wherry_valtype_t *out, const char **problem) {
  const uint8_t *behind = wh_read_val_type(in->next, in->end, out, problem);
  if (behind) in->next = behind;
  return behind != NULL;
}

static bool block_type(wh_reader_t *in, wh_instr_t *out, const char **problem) {
  if (in->next == in->end) return broken(problem, ends_early);
  if (*in->next == WH_BLOCK_EMPTY) {
    out->type = *in->next++;
    return true;
  }
  if ((*in->next & 0xC0) == 0x40) return val_type(in, &out->type, problem);
  const uint8_t *at = in->next;
  uint64_t index;
  if (!number(in, 33, true, &index, problem)) return false;
  if ((int64_t)index < 0) {
    in->next = at;
    return broken(problem, "malformed block type");
  }
  out->has_type_index = true;
  out->index[0] = (uint32_t)index;
  return true;
}

static bool memarg(wh_reader_t *in, wh_instr_t *out, const char **problem) {
  const uint8_t *at = in->next;
  if (!u32(in, &out->align, problem)) return false;
  if (out->align >= 128) {
    in->next = at;
    return broken(problem, "malformed memop flags");
  }
  if (out->align >= 64 && !u32(in, &out->index[0], problem)) return false;
  out->align &= 63;
  return number(in, 64, false, &out->offset, problem);
}

static bool labels(wh_reader_t *in, wh_instr_t *out, const char **problem) {
  uint32_t ignored;
  if (!u32(in, &out->count, problem)) return false;
  out->list = in->next;
  for (uint64_t i = 0; i <= out->count; i++)
    if (!u32(in, &ignored, problem)) return false;
  return true;
}

static bool types(wh_reader_t *in, wh_instr_t *out, const char **problem) {
  wherry_valtype_t ignored;
  if (!u32(in, &out->count, problem)) return false;
  out->list = in->next;
  for (uint32_t i = 0; i < out->count; i++)
    if (!val_type(in, &ignored, problem)) return false;
  return true;
}

static bool clauses(wh_reader_t *in, wh_instr_t *out, const char **problem) {
  uint32_t ignored;
  uint8_t kind;
  if (!u32(in, &out->count, problem)) return false;
  out->list = in->next;
  for (uint32_t i = 0; i < out->count; i++) {
    const uint8_t *at = in->next;
    if (!u8(in, &kind, problem)) return false;
    if (kind > WH_CATCH_ALL_REF) {
      in->next = at;
      return broken(problem, "malformed catch clause");
    }
    if (kind < WH_CATCH_ALL && !u32(in, &ignored, problem)) return false;
    if (!u32(in, &ignored, problem)) return false;
  }
  return true;
}

static bool cast(wh_reader_t *in, wh_instr_t *out, const char **problem) {
  const uint8_t *at = in->next;
  if (!u8(in, &out->flags, problem)) return false;
  if (out->flags > 3) {
    in->next = at;
    return broken(problem, "malformed cast flags");
  }
  return u32(in, &out->index[0], problem) && heap_type(in, &out->heap[0], problem) &&
         heap_type(in, &out->heap[1], problem);
}

static bool fence(wh_reader_t *in, const char **problem) {
  uint8_t zero;
  if (!u8(in, &zero, problem)) return false;
  if (!zero) return true;
  in->next--;
  return broken(problem, "zero byte expected");
}

static bool immediates(wh_reader_t *in, wh_instr_t *out, const char **problem) {
  switch ((wh_imm_t)out->op->immediates) {
  case WH_IMM_NONE: return true;
  case WH_IMM_BLOCK: return block_type(in, out, problem);
  case WH_IMM_TRY_TABLE: return block_type(in, out, problem) && clauses(in, out, problem);
  case WH_IMM_LABEL_TABLE: return labels(in, out, problem);
  case WH_IMM_LABEL:
  case WH_IMM_FUNC:
  case WH_IMM_LOCAL:
  case WH_IMM_GLOBAL:
  case WH_IMM_TABLE:
  case WH_IMM_ELEM:
  case WH_IMM_DATA:
  case WH_IMM_MEMORY_INDEX:
  case WH_IMM_TAG:
  case WH_IMM_TYPE: return u32(in, &out->index[0], problem);
  case WH_IMM_TYPE_TABLE:
  case WH_IMM_TABLE_TABLE:
  case WH_IMM_ELEM_TABLE:
  case WH_IMM_DATA_MEMORY:
  case WH_IMM_MEMORY_MEMORY:
  case WH_IMM_TYPE_FIELD:
  case WH_IMM_TYPE_COUNT:
  case WH_IMM_TYPE_DATA:
  case WH_IMM_TYPE_ELEM:
  case WH_IMM_TYPE_TYPE:
    return u32(in, &out->index[0], problem) && u32(in, &out->index[1], problem);
  case WH_IMM_MEMARG_: return memarg(in, out, problem);
  case WH_IMM_MEMARG_LANE_: return memarg(in, out, problem) && u8(in, &out->lane, problem);
  case WH_IMM_LANE_: return u8(in, &out->lane, problem);
  case WH_IMM_FENCE: return fence(in, problem);
  case WH_IMM_I32_CONST: return number(in, 32, true, &out->bits, problem);
  case WH_IMM_I64_CONST: return number(in, 64, true, &out->bits, problem);
  case WH_IMM_F32_CONST: return fixed(in, 4, &out->bits, problem);
  case WH_IMM_F64_CONST: return fixed(in, 8, &out->bits, problem);
  case WH_IMM_V128_CONST:
  case WH_IMM_SHUFFLE: return wh_read_bytes(in, 16, &out->bytes) || broken(problem, ends_early);
  case WH_IMM_REF_TYPE:
  case WH_IMM_HEAP_TYPE: return heap_type(in, &out->heap[0], problem);
  case WH_IMM_SELECT_TYPES: return types(in, out, problem);
  case WH_IMM_CAST: return cast(in, out, problem);
  }
  WH_UNREACHABLE();
}

bool wh_instr_read(wh_reader_t *in, wh_instr_t *out, const char **problem) {
  const uint8_t *at = in->next;
  uint8_t byte;
  if (!u8(in, &byte, problem)) return false;
  *out = (wh_instr_t) {.at = at, .opcode = byte};
  if (wh_op_is_prefix(byte)) {
    uint32_t rest;
    if (!u32(in, &rest, problem)) return false;
    out->opcode = rest > 0xFFFF ? UINT32_MAX : (uint32_t)byte << 16 | rest;
  }
  out->op = wh_op(out->opcode);
  if (!out->op) {
    in->next = at;
    return broken(problem, "illegal opcode");
  }
  if (!immediates(in, out, problem)) return false;
  out->list_end = in->next;
  return true;
}

wh_clause_t wh_instr_clause(const uint8_t **at) {
  wh_clause_t clause = {.kind = *(*at)++};
  if (clause.kind < WH_CATCH_ALL) clause.tag = (uint32_t)wh_leb_u(at);
  clause.label = (uint32_t)wh_leb_u(at);
  return clause;
}

wherry_valtype_t wh_instr_type(const uint8_t **at, const uint8_t *end) {
  const char *problem;
  wherry_valtype_t type = 0;
  *at = wh_read_val_type(*at, end, &type, &problem);
  WH_ASSERT(*at);
  return type;
}

bool wh_instr_group(wh_reader_t *in, uint32_t *count, wherry_valtype_t *type,
                    const char **problem) {
  return u32(in, count, problem) && val_type(in, type, problem);
}
