/* ops: what instructions WebAssembly has: opcode, name, immediates, type rule and feature of each,
   one row in ops.def. Read by all that meets an instruction: decoder, validator, compiler, printer.
   It never says what an instruction does; that is num's and code's. */
#ifndef WH_OPS_H
#define WH_OPS_H

#include <wherry/config.h>

#include "base/base.h"

/* Features as bits: 1 << WHERRY_FEATURE_…. */
typedef uint64_t wh_features_t;
#define WH_FEATURE(name) (UINT64_C(1) << WHERRY_FEATURE_##name)
#define WH_FEATURES_ALL ((UINT64_C(1) << WHERRY_FEATURE_COUNT) - 1)
#define WH_FEATURES_DEFAULT \
  (WH_FEATURES_ALL &        \
   ~(WH_FEATURE(CUSTOM_PAGE_SIZES) | WH_FEATURE(WIDE_ARITHMETIC) | WH_FEATURE(COMPACT_IMPORTS)))

/* What follows the opcode in the binary. */
typedef enum wh_imm {
  WH_IMM_NONE,
  WH_IMM_BLOCK,       /* block type */
  WH_IMM_LABEL,       /* u32 */
  WH_IMM_LABEL_TABLE, /* vector of u32, u32 */
  WH_IMM_FUNC,        /* u32 */
  WH_IMM_TYPE_TABLE,  /* u32 type, u32 table */
  WH_IMM_LOCAL,       /* u32; so too the other single indices below */
  WH_IMM_GLOBAL,
  WH_IMM_TABLE,
  WH_IMM_TABLE_TABLE, /* destination, source */
  WH_IMM_ELEM_TABLE,  /* segment, table */
  WH_IMM_ELEM,
  WH_IMM_DATA_MEMORY, /* segment, memory */
  WH_IMM_DATA,
  WH_IMM_MEMORY_INDEX,
  WH_IMM_MEMORY_MEMORY, /* destination, source */
  WH_IMM_MEMARG_,       /* alignment as a power of two, offset */
  WH_IMM_I32_CONST,     /* s32 */
  WH_IMM_I64_CONST,     /* s64 */
  WH_IMM_F32_CONST,     /* 4 bytes */
  WH_IMM_F64_CONST,     /* 8 bytes */
  WH_IMM_REF_TYPE,      /* heap type, of which the null is meant */
  WH_IMM_SELECT_TYPES,  /* vector of value types */
  WH_IMM_V128_CONST,    /* 16 bytes */
  WH_IMM_SHUFFLE,       /* 16 lane numbers, a byte each */
  WH_IMM_LANE_,         /* a byte; a row says how many lanes there are, as a power of two */
  WH_IMM_MEMARG_LANE_,  /* a memory access, then a lane */
  WH_IMM_TAG,           /* u32 */
  WH_IMM_TRY_TABLE,  /* block type, vector of catch clauses: a kind (WH_CATCH_…), unless it is a
                           catch_all a tag, a label */
  WH_IMM_TYPE,       /* u32 */
  WH_IMM_TYPE_FIELD, /* u32 type, u32 field */
  WH_IMM_TYPE_COUNT, /* u32 type, u32 how many operands */
  WH_IMM_TYPE_DATA,  /* u32 type, u32 segment */
  WH_IMM_TYPE_ELEM,  /* u32 type, u32 segment */
  WH_IMM_TYPE_TYPE,  /* destination, source */
  WH_IMM_HEAP_TYPE,  /* heap type */
  WH_IMM_CAST,       /* flags (1: the first is nullable, 2: the second is), label, heap types */
  WH_IMM_FENCE       /* a zero byte */
} wh_imm_t;

/* Kinds of catch clauses of try_table. */
enum { WH_CATCH, WH_CATCH_REF, WH_CATCH_ALL, WH_CATCH_ALL_REF };

/* A row's immediates column is a kind; that of a memory access also holds the natural alignment. */
#define WH_IMM_MEMARG(log2) (WH_IMM_MEMARG_ | (log2) << 8)
#define WH_IMM_MEMARG_LANE(log2) (WH_IMM_MEMARG_LANE_ | (log2) << 8)
#define WH_IMM_LANE(log2) (WH_IMM_LANE_ | (log2) << 8)

#define WH_OP_FEATURE_CORE_1 WHERRY_FEATURE_COUNT /* WebAssembly 1.0: cannot be switched off */
#define WH_OP_FEATURE_MULTI_VALUE WHERRY_FEATURE_MULTI_VALUE
#define WH_OP_FEATURE_SIGN_EXTENSION WHERRY_FEATURE_SIGN_EXTENSION
#define WH_OP_FEATURE_SATURATING_CONVERSIONS WHERRY_FEATURE_SATURATING_CONVERSIONS
#define WH_OP_FEATURE_BULK_MEMORY WHERRY_FEATURE_BULK_MEMORY
#define WH_OP_FEATURE_REFERENCE_TYPES WHERRY_FEATURE_REFERENCE_TYPES
#define WH_OP_FEATURE_TAIL_CALL WHERRY_FEATURE_TAIL_CALL
#define WH_OP_FEATURE_SIMD WHERRY_FEATURE_SIMD
#define WH_OP_FEATURE_RELAXED_SIMD WHERRY_FEATURE_RELAXED_SIMD
#define WH_OP_FEATURE_FUNCTION_REFERENCES WHERRY_FEATURE_FUNCTION_REFERENCES
#define WH_OP_FEATURE_GC WHERRY_FEATURE_GC
#define WH_OP_FEATURE_EXCEPTIONS WHERRY_FEATURE_EXCEPTIONS
#define WH_OP_FEATURE_LEGACY_EXCEPTIONS WHERRY_FEATURE_LEGACY_EXCEPTIONS
#define WH_OP_FEATURE_THREADS WHERRY_FEATURE_THREADS
#define WH_OP_FEATURE_WIDE_ARITHMETIC WHERRY_FEATURE_WIDE_ARITHMETIC

/* WH_OP_I32_ADD = 0x6A, WH_OP_MEMORY_COPY = 0xFC000A, … */
typedef enum wh_opcode {
#define OP(opcode, identifier, name, immediates, signature, feature) WH_OP_##identifier = opcode,
#include "ops/ops.def"
  WH_OP_PREFIX_FB = 0xFB, /* bytes, no instructions */
  WH_OP_PREFIX_FC = 0xFC,
  WH_OP_PREFIX_FD = 0xFD,
  WH_OP_PREFIX_FE = 0xFE
} wh_opcode_t;

/* Places in a table of all rows: those of one byte first, each prefix behind in a place of its own. */
#define WH_OP_PLACE(opcode)  \
  ((opcode) < 256 ? (opcode) \
                  : 256 + (((opcode) >> 16) - WH_OP_PREFIX_FB) * 0x200 + ((opcode) & 0x1FF))
enum { WH_OP_PLACES = 256 + 4 * 0x200 };

typedef struct wh_op {
  const char *name;
  const char *signature; /* "ii:i"; "*": see ops.def */
  uint8_t immediates;    /* wh_imm_t */
  uint8_t align;         /* powers of two: of a memory access its natural alignment, of a lane how
                            many there are */
  uint8_t feature;       /* wherry_feature_t or WH_OP_FEATURE_CORE_1 */
} wh_op_t;

/* NULL: no instruction that this version has. */
const wh_op_t *wh_op(uint32_t opcode);

/* The byte 0xFC … that a further number follows. */
static inline bool wh_op_is_prefix(uint8_t byte) { return byte >= 0xFB && byte <= 0xFE; }

/* The set with a feature switched on or off: on with all that it needs, off with all that needs it. */
wh_features_t wh_features_with(wh_features_t features, wherry_feature_t feature, bool on);

/* What no version has yet, by the feature that will bring it; NULL: none that we know of. */
const char *wh_later_opcode(uint32_t opcode);
const char *wh_later_type(uint8_t code);        /* of a value, reference or heap type */
const char *wh_later_type_form(uint8_t code);   /* of an entry of the type section */
const char *wh_later_extern_kind(uint8_t kind); /* of an import or export */

/* The error of using a feature that is missing or switched off: kind invalid, "WHAT needs feature
   simd, which …". Made only here: the script runner tells by the words "needs feature" and the name
   after them what it must skip. */
wherry_error_t *wh_error_needs_feature(wh_alloc_t *alloc, uint64_t offset, const char *feature,
                                       const char *what);

#endif
