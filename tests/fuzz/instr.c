/* Instructions and types made up at random, likely to mean something in the module they are for. */
#include "fuzz.h"

#include "ops/ops.h"

static const uint32_t opcodes[] = {
#define OP(opcode, identifier, name, immediates, signature, feature) opcode,
#include "ops/ops.def"
};

/* ---- types and indices ---- */

void make_index(const shape_t *shape, space_t space, bytes_t *out) {
  uint32_t count = shape->places->counts[space];
  uint64_t index = random_below(shape->random, count ? count : 1);
  if (random_chance(shape->random, 5)) index = count;
  if (random_chance(shape->random, 2)) index = random_number(shape->random) & UINT32_MAX;
  if (random_chance(shape->random, 2))
    bytes_long_u(out, index, 1 + random_below(shape->random, 6));
  else
    bytes_u(out, index);
}

void make_heap_type(const shape_t *shape, bytes_t *out) {
  uint32_t types = shape->places->counts[SPACE_TYPE];
  if (types && random_chance(shape->random, 60))
    bytes_s(out, random_below(shape->random, types + random_chance(shape->random, 3)));
  else if (random_chance(shape->random, 98))
    bytes_u8(out, 0x69 + random_below(shape->random, 12));
  else
    bytes_s(out, (int64_t)random_number(shape->random) >> 31);
}

void make_ref_type(const shape_t *shape, bytes_t *out) {
  if (random_chance(shape->random, 40)) {
    bytes_u8(out, 0x69 + random_below(shape->random, 12));
    return;
  }
  bytes_u8(out, 0x63 + random_below(shape->random, 2));
  make_heap_type(shape, out);
}

void make_value_type(const shape_t *shape, bytes_t *out) {
  if (random_chance(shape->random, 60))
    bytes_u8(out, 0x7F - random_below(shape->random, 5));
  else if (random_chance(shape->random, 98))
    make_ref_type(shape, out);
  else
    bytes_u8(out, 0x60 + random_below(shape->random, 32));
}

void make_block_type(const shape_t *shape, bytes_t *out) {
  switch (random_below(shape->random, 3)) {
  case 0: bytes_u8(out, 0x40); break;
  case 1: make_value_type(shape, out); break;
  default: make_index(shape, SPACE_TYPE, out);
  }
}

/* ---- instructions ---- */

void make_opcode(uint32_t opcode, bytes_t *out) {
  if (opcode < 256) {
    bytes_u8(out, opcode);
    return;
  }
  bytes_u8(out, opcode >> 16);
  bytes_u(out, opcode & 0xFFFF);
}

static void make_labels(const shape_t *shape, bytes_t *out) {
  uint32_t count = random_below(shape->random, 4);
  bytes_u(out, count);
  for (uint32_t i = 0; i <= count; i++) make_index(shape, SPACE_LABEL, out);
}

static void make_clauses(const shape_t *shape, bytes_t *out) {
  uint32_t count = random_below(shape->random, 3);
  bytes_u(out, count);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t kind = random_below(shape->random, 4);
    bytes_u8(out, kind);
    if (kind <= WH_CATCH_REF) make_index(shape, SPACE_TAG, out);
    make_index(shape, SPACE_LABEL, out);
  }
}

static void make_memarg(const shape_t *shape, uint32_t align, bool exact, bytes_t *out) {
  random_t *random = shape->random;
  if (!exact && align) align -= random_below(random, align + 1);
  if (random_chance(random, 3)) align += random_below(random, 64);
  bool has_memory = random_chance(random, 20);
  bytes_u(out, has_memory ? align | 0x40 : align);
  if (has_memory) make_index(shape, SPACE_MEMORY, out);
  bytes_u(out, random_chance(random, 70) ? random_below(random, 300) : random_number(random));
}

static void make_bits(const shape_t *shape, size_t size, bytes_t *out) {
  uint64_t number = random_number(shape->random);
  for (size_t i = 0; i < size; i++) bytes_u8(out, (unsigned)(number >> i % 8 * 8) & 0xFF);
}

static void make_lane(const shape_t *shape, uint32_t lanes_log2, bytes_t *out) {
  bytes_u8(out, random_below(shape->random, 1u << lanes_log2) + random_chance(shape->random, 3));
}

void make_immediates(const shape_t *shape, const wh_op_t *op, bytes_t *out) {
  static const struct {
    uint8_t count, spaces[2];
  } indices[] = {
      [WH_IMM_LABEL] = {1, {SPACE_LABEL}},
      [WH_IMM_FUNC] = {1, {SPACE_FUNC}},
      [WH_IMM_TYPE_TABLE] = {2, {SPACE_TYPE, SPACE_TABLE}},
      [WH_IMM_LOCAL] = {1, {SPACE_LOCAL}},
      [WH_IMM_GLOBAL] = {1, {SPACE_GLOBAL}},
      [WH_IMM_TABLE] = {1, {SPACE_TABLE}},
      [WH_IMM_TABLE_TABLE] = {2, {SPACE_TABLE, SPACE_TABLE}},
      [WH_IMM_ELEM_TABLE] = {2, {SPACE_ELEM, SPACE_TABLE}},
      [WH_IMM_ELEM] = {1, {SPACE_ELEM}},
      [WH_IMM_DATA_MEMORY] = {2, {SPACE_DATA, SPACE_MEMORY}},
      [WH_IMM_DATA] = {1, {SPACE_DATA}},
      [WH_IMM_MEMORY_INDEX] = {1, {SPACE_MEMORY}},
      [WH_IMM_MEMORY_MEMORY] = {2, {SPACE_MEMORY, SPACE_MEMORY}},
      [WH_IMM_TAG] = {1, {SPACE_TAG}},
      [WH_IMM_TYPE] = {1, {SPACE_TYPE}},
      [WH_IMM_TYPE_FIELD] = {2, {SPACE_TYPE, SPACE_FIELD}},
      [WH_IMM_TYPE_COUNT] = {2, {SPACE_TYPE, SPACE_FIELD}},
      [WH_IMM_TYPE_DATA] = {2, {SPACE_TYPE, SPACE_DATA}},
      [WH_IMM_TYPE_ELEM] = {2, {SPACE_TYPE, SPACE_ELEM}},
      [WH_IMM_TYPE_TYPE] = {2, {SPACE_TYPE, SPACE_TYPE}},
      [WH_IMM_FENCE] = {0},
  };
  random_t *random = shape->random;
  for (unsigned i = 0; i < indices[op->immediates].count; i++)
    make_index(shape, (space_t)indices[op->immediates].spaces[i], out);
  switch ((wh_imm_t)op->immediates) {
  case WH_IMM_BLOCK: make_block_type(shape, out); break;
  case WH_IMM_TRY_TABLE:
    make_block_type(shape, out);
    make_clauses(shape, out);
    break;
  case WH_IMM_LABEL_TABLE: make_labels(shape, out); break;
  case WH_IMM_MEMARG_:
    make_memarg(shape, op->align, op->feature == WH_OP_FEATURE_THREADS, out);
    break;
  case WH_IMM_MEMARG_LANE_:
    make_memarg(shape, op->align, false, out);
    make_lane(shape, 4u - op->align, out);
    break;
  case WH_IMM_LANE_: make_lane(shape, op->align, out); break;
  case WH_IMM_FENCE: bytes_u8(out, random_chance(random, 5)); break;
  case WH_IMM_I32_CONST: bytes_s(out, (int32_t)random_number(random)); break;
  case WH_IMM_I64_CONST: bytes_s(out, (int64_t)random_number(random)); break;
  case WH_IMM_F32_CONST: make_bits(shape, 4, out); break;
  case WH_IMM_F64_CONST: make_bits(shape, 8, out); break;
  case WH_IMM_V128_CONST: make_bits(shape, 16, out); break;
  case WH_IMM_SHUFFLE:
    for (unsigned i = 0; i < 16; i++) bytes_u8(out, random_below(random, 32));
    break;
  case WH_IMM_REF_TYPE:
  case WH_IMM_HEAP_TYPE: make_heap_type(shape, out); break;
  case WH_IMM_SELECT_TYPES:
    bytes_u(out, random_chance(random, 95) ? 1 : 0);
    make_value_type(shape, out);
    break;
  case WH_IMM_CAST:
    bytes_u8(out, random_below(random, 4));
    make_index(shape, SPACE_LABEL, out);
    make_heap_type(shape, out);
    make_heap_type(shape, out);
    break;
  default: break;
  }
}

/* The vector instructions are half of all: first a prefix is chosen. */
uint32_t make_any_opcode(const shape_t *shape) {
  static const uint8_t prefixes[] = {0, 0, 0, 0, 0, 0, 0, 0xFB, 0xFB, 0xFB, 0xFC, 0xFC, 0xFD, 0xFE};
  static uint32_t firsts[256], ends[256];
  if (ends[0] == 0)
    for (uint32_t i = WH_COUNT(opcodes); i > 0; i--) {
      uint32_t prefix = opcodes[i - 1] >> 16;
      firsts[prefix] = i - 1;
      if (!ends[prefix]) ends[prefix] = i;
    }
  uint32_t prefix = prefixes[random_below(shape->random, sizeof prefixes)];
  return opcodes[firsts[prefix] + random_below(shape->random, ends[prefix] - firsts[prefix])];
}

uint32_t make_opcode_like(const shape_t *shape, uint32_t like) {
  const wh_op_t *op = wh_op(like);
  bool typed = random_chance(shape->random, 70);
  uint32_t from = random_below(shape->random, WH_COUNT(opcodes));
  for (uint32_t i = 0; op && i < WH_COUNT(opcodes); i++) {
    uint32_t opcode = opcodes[(from + i) % WH_COUNT(opcodes)];
    const wh_op_t *other = wh_op(opcode);
    if (opcode != like && other->immediates == op->immediates &&
        (!typed || strcmp(other->signature, op->signature) == 0))
      return opcode;
  }
  return make_any_opcode(shape);
}

static void put_instr(const shape_t *shape, uint32_t opcode, bytes_t *out) {
  make_opcode(opcode, out);
  make_immediates(shape, wh_op(opcode), out);
}

void make_instr(const shape_t *shape, bytes_t *out) {
  put_instr(shape, make_any_opcode(shape), out);
}

/* ---- whole pieces ---- */

/* One that neither begins nor ends a block, nor divides one. */
static uint32_t plain_opcode(const shape_t *shape) {
  for (;;) {
    uint32_t opcode = make_any_opcode(shape);
    const wh_op_t *op = wh_op(opcode);
    if (op->immediates != WH_IMM_BLOCK && op->immediates != WH_IMM_TRY_TABLE &&
        opcode != WH_OP_ELSE && opcode != WH_OP_END && opcode != WH_OP_CATCH &&
        opcode != WH_OP_CATCH_ALL && opcode != WH_OP_DELEGATE)
      return opcode;
  }
}

static void make_const(const shape_t *shape, char letter, bytes_t *out) {
  switch (letter) {
  case 'i': put_instr(shape, WH_OP_I32_CONST, out); break;
  case 'l': put_instr(shape, WH_OP_I64_CONST, out); break;
  case 'f': put_instr(shape, WH_OP_F32_CONST, out); break;
  case 'd': put_instr(shape, WH_OP_F64_CONST, out); break;
  case 'v': put_instr(shape, WH_OP_V128_CONST, out); break;
  case 'a': put_instr(shape, shape->places->is64 ? WH_OP_I64_CONST : WH_OP_I32_CONST, out); break;
  default: put_instr(shape, WH_OP_REF_NULL, out); break;
  }
}

/* An instruction with operands of its types, its results dropped. */
static void make_typed(const shape_t *shape, bytes_t *out) {
  uint32_t opcode = plain_opcode(shape);
  const char *letter = wh_op(opcode)->signature;
  if (*letter == '*') {
    make_const(shape, "ilfdvr"[random_below(shape->random, 6)], out);
    bytes_u8(out, WH_OP_DROP);
    return;
  }
  for (; *letter != ':'; letter++) make_const(shape, *letter, out);
  put_instr(shape, opcode, out);
  while (*++letter) bytes_u8(out, WH_OP_DROP);
}

/* Instructions in unreachable code, where operands are made up. */
static void make_unreachable(const shape_t *shape, bytes_t *out) {
  bytes_u8(out, WH_OP_BLOCK);
  bytes_u8(out, 0x40);
  bytes_u8(out, WH_OP_UNREACHABLE);
  for (uint32_t i = random_below(shape->random, 3); i <= 2; i++)
    put_instr(shape, plain_opcode(shape), out);
  bytes_u8(out, WH_OP_UNREACHABLE);
  bytes_u8(out, WH_OP_END);
}

/* A reference, and what may be asked of it. */
static void make_reference(const shape_t *shape, bytes_t *out) {
  static const uint32_t casts[] = {
      WH_OP_REF_TEST,    WH_OP_REF_TEST_NULL,      WH_OP_REF_CAST,          WH_OP_REF_CAST_NULL,
      WH_OP_REF_IS_NULL, WH_OP_ANY_CONVERT_EXTERN, WH_OP_EXTERN_CONVERT_ANY};
  random_t *random = shape->random;
  bytes_u8(out, WH_OP_BLOCK);
  bytes_u8(out, 0x40);
  switch (random_below(random, 4)) {
  case 0: put_instr(shape, WH_OP_REF_FUNC, out); break;
  case 1:
    make_const(shape, 'i', out);
    put_instr(shape, WH_OP_REF_I31, out);
    break;
  case 2: put_instr(shape, WH_OP_STRUCT_NEW_DEFAULT, out); break;
  default: put_instr(shape, WH_OP_REF_NULL, out);
  }
  switch (random_below(random, 4)) {
  case 0:
    bytes_u8(out, WH_OP_BR_ON_NULL);
    bytes_u8(out, random_below(random, 2));
    break;
  case 1:
    make_opcode(random_below(random, 2) ? WH_OP_BR_ON_CAST : WH_OP_BR_ON_CAST_FAIL, out);
    make_immediates(shape, wh_op(WH_OP_BR_ON_CAST), out);
    break;
  default: put_instr(shape, casts[random_below(random, WH_COUNT(casts))], out);
  }
  bytes_u8(out, WH_OP_DROP);
  bytes_u8(out, WH_OP_END);
}

static void make_block(const shape_t *shape, bytes_t *out) {
  static const char letters[] = "ilfdv";
  static const uint8_t types[] = {0x7F, 0x7E, 0x7D, 0x7C, 0x7B};
  random_t *random = shape->random;
  uint32_t type = random_below(random, sizeof types);
  switch (random_below(random, 5)) {
  case 0: /* a block with a result, which a branch may bring */
    bytes_u8(out, random_below(random, 2) ? WH_OP_BLOCK : WH_OP_LOOP);
    bytes_u8(out, types[type]);
    make_const(shape, letters[type], out);
    if (random_chance(random, 50)) {
      make_const(shape, 'i', out);
      bytes_u8(out, WH_OP_BR_IF);
      bytes_u8(out, random_below(random, 2));
    }
    bytes_u8(out, WH_OP_END);
    bytes_u8(out, WH_OP_DROP);
    break;
  case 1:
    make_const(shape, 'i', out);
    bytes_u8(out, WH_OP_IF);
    bytes_u8(out, 0x40);
    make_neutral(shape, out);
    if (random_chance(random, 50)) bytes_u8(out, WH_OP_ELSE);
    bytes_u8(out, WH_OP_END);
    break;
  case 2:
    bytes_u8(out, WH_OP_TRY_TABLE);
    bytes_u8(out, 0x40);
    make_clauses(shape, out);
    make_neutral(shape, out);
    bytes_u8(out, WH_OP_END);
    break;
  case 3:
    bytes_u8(out, WH_OP_TRY);
    bytes_u8(out, 0x40);
    make_neutral(shape, out);
    if (random_chance(random, 50)) {
      bytes_u8(out, WH_OP_CATCH_ALL);
      if (random_chance(random, 50)) {
        bytes_u8(out, WH_OP_RETHROW);
        bytes_u8(out, 0);
      }
      bytes_u8(out, WH_OP_END);
    } else {
      bytes_u8(out, WH_OP_DELEGATE);
      make_index(shape, SPACE_LABEL, out);
    }
    break;
  default:
    bytes_u8(out, WH_OP_BLOCK);
    bytes_u8(out, 0x40);
    make_neutral(shape, out);
    bytes_u8(out, WH_OP_END);
  }
}

void make_neutral(const shape_t *shape, bytes_t *out) {
  switch (random_below(shape->random, 10)) {
  case 0: bytes_u8(out, WH_OP_NOP); break;
  case 1:
  case 2:
  case 3: make_typed(shape, out); break;
  case 4:
  case 5: make_unreachable(shape, out); break;
  case 6:
  case 7: make_reference(shape, out); break;
  case 8: make_block(shape, out); break;
  default: put_instr(shape, WH_OP_LOCAL_GET, out); bytes_u8(out, WH_OP_DROP);
  }
}
