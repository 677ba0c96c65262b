/* Moving over expressions. The grammar lets any instruction stand in a constant expression; which of
   them may is validate's business, but to find the end all of them must be known. */
#include "decode_input.h"

static bool u32s(decoder_t *d, unsigned count, const char *what) {
  uint32_t ignored;
  while (count-- > 0)
    if (!wh_decode_u32(d, &ignored, what)) return false;
  return true;
}

static bool bytes(decoder_t *d, size_t size, const char *what) {
  const uint8_t *ignored, *at = d->in.next;
  return wh_read_bytes(&d->in, size, &ignored) ||
         wh_decode_malformed(d, at, "unexpected end", "%s has %zu bytes", what, size);
}

static bool signed_number(decoder_t *d, unsigned bits) {
  const uint8_t *at = d->in.next;
  wh_leb_t leb = wh_leb_read(at, d->in.end, bits, true);
  if (!leb.next)
    return wh_decode_malformed(d, at, wh_leb_problem(leb.value),
                               "expected a signed number of %u bits", bits);
  d->in.next = leb.next;
  return true;
}

static bool block_type(decoder_t *d) {
  const uint8_t *at = d->in.next;
  if (at < d->in.end && *at == 0x40) {
    d->in.next++;
    return true;
  }
  if (at < d->in.end && (*at & 0xC0) == 0x40) {
    wherry_valtype_t ignored;
    return wh_decode_val_type(d, &ignored, "a block");
  }
  return signed_number(d, 33);
}

static bool catches(decoder_t *d) {
  uint32_t count;
  if (!wh_decode_u32(d, &count, "a number of catch clauses")) return false;
  while (count-- > 0) {
    const uint8_t *at = d->in.next;
    uint8_t kind;
    if (!wh_decode_u8(d, &kind, "a catch clause")) return false;
    if (kind > WH_CATCH_ALL_REF)
      return wh_decode_malformed(d, at, "malformed catch clause", "0x%02x, expected 0 to 3", kind);
    if (!u32s(d, kind < WH_CATCH_ALL ? 2 : 1, "an index")) return false;
  }
  return true;
}

static bool cast(decoder_t *d) {
  const uint8_t *at = d->in.next;
  uint8_t flags;
  wh_heap_t ignored;
  if (!wh_decode_u8(d, &flags, "the flags of a cast")) return false;
  if (flags > 3)
    return wh_decode_malformed(d, at, "malformed cast flags", "0x%02x, expected 0 to 3", flags);
  return u32s(d, 1, "a label") && wh_decode_heap_type(d, &ignored, "a cast") &&
         wh_decode_heap_type(d, &ignored, "a cast");
}

static bool memarg(decoder_t *d) {
  const uint8_t *at = d->in.next;
  uint32_t flags;
  if (!wh_decode_u32(d, &flags, "an alignment")) return false;
  if (flags >= 128)
    return wh_decode_malformed(d, at, "malformed memop flags", "0x%x, expected less than 0x80",
                               flags);
  if (flags >= 64 && !u32s(d, 1, "an index of a memory")) return false;
  uint64_t offset;
  at = d->in.next;
  return wh_read_u64(&d->in, &offset) ||
         wh_decode_malformed(d, at, wh_read_problem(&d->in, 64, false), "expected an offset");
}

static bool select_types(decoder_t *d) {
  uint32_t count;
  wherry_valtype_t ignored;
  if (!wh_decode_u32(d, &count, "a number of types")) return false;
  while (count-- > 0)
    if (!wh_decode_val_type(d, &ignored, "select")) return false;
  return true;
}

static bool heap_type(decoder_t *d) {
  wh_heap_t ignored;
  return wh_decode_heap_type(d, &ignored, "an instruction");
}

static bool immediates(decoder_t *d, const wh_op_t *op) {
  switch ((wh_imm_t)op->immediates) {
  case WH_IMM_NONE: return true;
  case WH_IMM_BLOCK: return block_type(d);
  case WH_IMM_LABEL_TABLE: {
    uint32_t count;
    if (!wh_decode_u32(d, &count, "a number of labels")) return false;
    while (count-- > 0)
      if (!u32s(d, 1, "a label")) return false;
    return u32s(d, 1, "a label");
  }
  case WH_IMM_LABEL:
  case WH_IMM_FUNC:
  case WH_IMM_LOCAL:
  case WH_IMM_GLOBAL:
  case WH_IMM_TABLE:
  case WH_IMM_ELEM:
  case WH_IMM_DATA:
  case WH_IMM_MEMORY_INDEX: return u32s(d, 1, "an index");
  case WH_IMM_TYPE_TABLE:
  case WH_IMM_TABLE_TABLE:
  case WH_IMM_ELEM_TABLE:
  case WH_IMM_DATA_MEMORY:
  case WH_IMM_MEMORY_MEMORY: return u32s(d, 2, "an index");
  case WH_IMM_MEMARG_: return memarg(d);
  case WH_IMM_I32_CONST: return signed_number(d, 32);
  case WH_IMM_I64_CONST: return signed_number(d, 64);
  case WH_IMM_F32_CONST: return bytes(d, 4, "an f32");
  case WH_IMM_F64_CONST: return bytes(d, 8, "an f64");
  case WH_IMM_V128_CONST: return bytes(d, 16, "a v128");
  case WH_IMM_SHUFFLE: return bytes(d, 16, "a shuffle");
  case WH_IMM_LANE_: return bytes(d, 1, "a lane");
  case WH_IMM_MEMARG_LANE_: return memarg(d) && bytes(d, 1, "a lane");
  case WH_IMM_REF_TYPE:
  case WH_IMM_HEAP_TYPE: return heap_type(d);
  case WH_IMM_SELECT_TYPES: return select_types(d);
  case WH_IMM_TAG:
  case WH_IMM_TYPE: return u32s(d, 1, "an index");
  case WH_IMM_TYPE_FIELD:
  case WH_IMM_TYPE_COUNT:
  case WH_IMM_TYPE_DATA:
  case WH_IMM_TYPE_ELEM:
  case WH_IMM_TYPE_TYPE: return u32s(d, 2, "an index");
  case WH_IMM_TRY_TABLE: return block_type(d) && catches(d);
  case WH_IMM_CAST: return cast(d);
  case WH_IMM_FENCE: return bytes(d, 1, "a fence");
  }
  WH_UNREACHABLE();
}

static bool opcode(decoder_t *d, uint32_t *out, const wh_op_t **op) {
  const uint8_t *at = d->in.next;
  uint8_t byte;
  if (!wh_read_u8(&d->in, &byte))
    return wh_decode_malformed(d, at, "unexpected end of section or function",
                               "an expression has no end");
  *out = byte;
  if (wh_op_is_prefix(byte)) {
    uint32_t number;
    if (!wh_decode_u32(d, &number, "an opcode")) return false;
    *out = number > 0xFFFF ? UINT32_MAX : (uint32_t)byte << 16 | number;
  }
  *op = wh_op(*out);
  if (*op) return true;
  const char *later = *out == UINT32_MAX ? NULL : wh_later_opcode(*out);
  if (later) return wh_decode_needs(d, at, later, "instruction 0x%02X", *out);
  return wh_decode_malformed(d, at, "illegal opcode", "%02x", *out == UINT32_MAX ? byte : *out);
}

bool wh_decode_expr(decoder_t *d, wh_const_expr_t *out) {
  const uint8_t *start = d->in.next;
  out->bytes = start;
  out->offset = wh_reader_offset(&d->in);
  for (uint32_t depth = 1; depth > 0;) {
    uint32_t code = 0;
    const wh_op_t *op = NULL;
    if (!opcode(d, &code, &op) || !immediates(d, op)) return false;
    if (op->immediates == WH_IMM_BLOCK || op->immediates == WH_IMM_TRY_TABLE) depth++;
    if (code == WH_OP_DELEGATE) depth--;
    if (code == WH_OP_END) depth--;
  }
  out->size = (uint32_t)(d->in.next - start);
  return true;
}
