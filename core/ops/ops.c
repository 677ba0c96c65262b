#include "ops/ops.h"

#define ROW(name, immediates, signature, feature_)           \
  {name, signature, (uint8_t)((WH_IMM_##immediates) & 0xFF), \
   (uint8_t)((WH_IMM_##immediates) >> 8), (uint8_t)WH_OP_FEATURE_##feature_}

/* Plain opcodes first, those with a prefix from 256 on, prefix after prefix. */
enum {
  PREFIX_FB_COUNT = 0x1F,
  PREFIX_FC_COUNT = 0x17,
  PREFIX_FD_COUNT = 0x114,
  PREFIX_FE_COUNT = 0x4F,
  PREFIX_FB_FIRST = 256,
  PREFIX_FC_FIRST = PREFIX_FB_FIRST + PREFIX_FB_COUNT,
  PREFIX_FD_FIRST = PREFIX_FC_FIRST + PREFIX_FC_COUNT,
  PREFIX_FE_FIRST = PREFIX_FD_FIRST + PREFIX_FD_COUNT,
  ROW_COUNT = PREFIX_FE_FIRST + PREFIX_FE_COUNT
};
#define PLACE(opcode)                                                          \
  ((opcode) < 256                      ? (opcode)                              \
   : (opcode) >> 16 == WH_OP_PREFIX_FB ? PREFIX_FB_FIRST + ((opcode) & 0xFFFF) \
   : (opcode) >> 16 == WH_OP_PREFIX_FC ? PREFIX_FC_FIRST + ((opcode) & 0xFFFF) \
   : (opcode) >> 16 == WH_OP_PREFIX_FD ? PREFIX_FD_FIRST + ((opcode) & 0xFFFF) \
                                       : PREFIX_FE_FIRST + ((opcode) & 0xFFFF))

static const wh_op_t rows[ROW_COUNT] = {
#define OP(opcode, identifier, name, immediates, signature, feature) \
  [PLACE(opcode)] = ROW(name, immediates, signature, feature),
#include "ops/ops.def"
};

const wh_op_t *wh_op(uint32_t opcode) {
  static const uint16_t counts[] = {PREFIX_FB_COUNT, PREFIX_FC_COUNT, PREFIX_FD_COUNT,
                                    PREFIX_FE_COUNT};
  uint32_t prefix = opcode >> 16, number = opcode & 0xFFFF;
  if (opcode >= 256 &&
      (prefix < WH_OP_PREFIX_FB || prefix > WH_OP_PREFIX_FE || number >= counts[prefix - 0xFB]))
    return NULL;
  const wh_op_t *op = &rows[PLACE(opcode)];
  return op->name ? op : NULL;
}

static const char custom_descriptors[] = "custom-descriptors";

const char *wh_later_opcode(uint32_t opcode) {
  return opcode >= 0xFB0020 && opcode <= 0xFB0026 ? custom_descriptors : NULL;
}

const char *wh_later_type(uint8_t code) { return code == 0x62 ? custom_descriptors : NULL; }

const char *wh_later_type_form(uint8_t code) {
  return code == 0x4C || code == 0x4D ? custom_descriptors : NULL;
}

const char *wh_later_extern_kind(uint8_t kind) { return kind == 0x20 ? custom_descriptors : NULL; }

wherry_error_t *wh_error_needs_feature(wh_alloc_t *alloc, uint64_t offset, const char *feature,
                                       const char *what) {
  bool known = false;
  for (unsigned i = 0; i < WHERRY_FEATURE_COUNT; i++)
    if (strcmp(wherry_feature_name((wherry_feature_t)i), feature) == 0) known = true;
  return wh_error_at(alloc, WHERRY_ERROR_INVALID, offset, "%s needs feature %s, which %s", what,
                     feature, known ? "is switched off" : "this version does not have");
}

/* What a feature needs, by one step. */
static const wh_features_t needs[WHERRY_FEATURE_COUNT] = {
    [WHERRY_FEATURE_REFERENCE_TYPES] = WH_FEATURE(BULK_MEMORY),
    [WHERRY_FEATURE_RELAXED_SIMD] = WH_FEATURE(SIMD),
    [WHERRY_FEATURE_FUNCTION_REFERENCES] = WH_FEATURE(REFERENCE_TYPES),
    [WHERRY_FEATURE_GC] = WH_FEATURE(FUNCTION_REFERENCES),
    [WHERRY_FEATURE_EXCEPTIONS] = WH_FEATURE(REFERENCE_TYPES),
};

wh_features_t wh_features_with(wh_features_t features, wherry_feature_t feature, bool on) {
  wh_features_t changed = UINT64_C(1) << feature, before;
  do {
    before = changed;
    for (unsigned i = 0; i < WHERRY_FEATURE_COUNT; i++) {
      if (on && (changed >> i & 1)) changed |= needs[i];
      if (!on && (changed & needs[i])) changed |= UINT64_C(1) << i;
    }
  } while (changed != before);
  return on ? features | changed : features & ~changed;
}

const char *wherry_feature_name(wherry_feature_t feature) {
  static const char *const names[WHERRY_FEATURE_COUNT] = {
      [WHERRY_FEATURE_MULTI_VALUE] = "multi-value",
      [WHERRY_FEATURE_SIGN_EXTENSION] = "sign-extension",
      [WHERRY_FEATURE_SATURATING_CONVERSIONS] = "saturating-conversions",
      [WHERRY_FEATURE_BULK_MEMORY] = "bulk-memory",
      [WHERRY_FEATURE_REFERENCE_TYPES] = "reference-types",
      [WHERRY_FEATURE_MUTABLE_GLOBALS] = "mutable-globals",
      [WHERRY_FEATURE_EXTENDED_CONST] = "extended-const",
      [WHERRY_FEATURE_TAIL_CALL] = "tail-call",
      [WHERRY_FEATURE_MULTI_MEMORY] = "multi-memory",
      [WHERRY_FEATURE_MEMORY64] = "memory64",
      [WHERRY_FEATURE_SIMD] = "simd",
      [WHERRY_FEATURE_RELAXED_SIMD] = "relaxed-simd",
      [WHERRY_FEATURE_FUNCTION_REFERENCES] = "function-references",
      [WHERRY_FEATURE_GC] = "gc",
      [WHERRY_FEATURE_EXCEPTIONS] = "exceptions",
      [WHERRY_FEATURE_LEGACY_EXCEPTIONS] = "legacy-exceptions",
      [WHERRY_FEATURE_THREADS] = "threads",
      [WHERRY_FEATURE_CUSTOM_PAGE_SIZES] = "custom-page-sizes",
      [WHERRY_FEATURE_WIDE_ARITHMETIC] = "wide-arithmetic",
      [WHERRY_FEATURE_COMPACT_IMPORTS] = "compact-imports",
  };
  return (unsigned)feature < WHERRY_FEATURE_COUNT ? names[feature] : NULL;
}
