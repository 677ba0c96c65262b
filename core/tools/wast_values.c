/* Values of scripts: making, comparing, showing. */
#include "wast.h"
#include <inttypes.h>
#include <string.h>

/* ---- references ---- */

/* Heap types, by the top of their hierarchy, which is the type that a value comes with, and by what
   references to them refer to. */
static const struct {
  const char *name;
  wherry_valtype_t top;
  wherry_valtype_t kinds[3]; /* none: anything of the hierarchy */
} heap_types[] = {
    {"func", WHERRY_FUNCREF, {0}},
    {"nofunc", WHERRY_FUNCREF, {0}},
    {"extern", WHERRY_EXTERNREF, {0}},
    {"noextern", WHERRY_EXTERNREF, {0}},
    {"exn", WHERRY_EXNREF, {0}},
    {"noexn", WHERRY_EXNREF, {0}},
    {"any", WHERRY_ANYREF, {0}},
    {"none", WHERRY_ANYREF, {0}},
    {"eq", WHERRY_ANYREF, {WHERRY_I31REF, WHERRY_STRUCTREF, WHERRY_ARRAYREF}},
    {"i31", WHERRY_ANYREF, {WHERRY_I31REF}},
    {"struct", WHERRY_ANYREF, {WHERRY_STRUCTREF}},
    {"array", WHERRY_ANYREF, {WHERRY_ARRAYREF}},
};
enum { HEAP_TYPES = sizeof heap_types / sizeof *heap_types };

/* HEAP_TYPES: none is written, or no such thing is known. */
static size_t heap_type_of(const wherry_pattern_t *pattern) {
  size_t i = 0;
  if (!pattern->heap_type) return HEAP_TYPES;
  while (i < HEAP_TYPES && strcmp(heap_types[i].name, pattern->heap_type) != 0) i++;
  return i;
}

static bool is_reference(const wherry_value_t *value) {
  return value->type == WHERRY_FUNCREF || value->type == WHERRY_EXTERNREF ||
         value->type == WHERRY_ANYREF || value->type == WHERRY_EXNREF;
}

static bool is_null(const wherry_value_t *value) {
  return value->type == WHERRY_FUNCREF ? !value->of.func.store && !value->of.func.index
                                       : !value->of.ref.store && !value->of.ref.index;
}

/* A host reference's number is kept as its data, plus one: data NULL would look like null. */
static void *number_as_data(uint64_t number) { return (void *)(uintptr_t)(number + 1); }

/* False: it is no reference to data of the host. */
static bool number_of(wherry_store_t *store, const wherry_value_t *value, uint64_t *out) {
  void *data = NULL;
  if (value->type == WHERRY_FUNCREF) return false;
  wherry_error_t *error = wherry_externref_data(store, value->of.ref, &data);
  wherry_error_release(error);
  *out = (uint64_t)(uintptr_t)data - 1;
  return !error;
}

static bool reference_value(wherry_store_t *store, const wherry_pattern_t *pattern,
                            wherry_value_t *out) {
  size_t type = heap_type_of(pattern);
  if (type == HEAP_TYPES) return false;
  out->type = heap_types[type].top;
  if (pattern->kind == WHERRY_PATTERN_NULL) return true;
  if (!pattern->has_number) return false;
  /* The host's data is the same reference as an externref and as an anyref. */
  wherry_error_t *error =
      wherry_externref_new(store, number_as_data(pattern->number), NULL, &out->of.ref);
  wherry_error_release(error);
  return !error;
}

static bool reference_matches(wherry_store_t *store, const wherry_pattern_t *pattern,
                              const wherry_value_t *got) {
  size_t type = heap_type_of(pattern);
  uint64_t number;
  wherry_valtype_t kind;
  if (!is_reference(got)) return false;
  if (type < HEAP_TYPES && heap_types[type].top != got->type) return false;
  if (pattern->kind == WHERRY_PATTERN_NULL || is_null(got)) {
    return pattern->kind == WHERRY_PATTERN_NULL && is_null(got);
  }
  if (got->type == WHERRY_FUNCREF) return true; /* functions have no numbers that mean anything */
  if (pattern->has_number) return number_of(store, got, &number) && number == pattern->number;
  if (type == HEAP_TYPES || !heap_types[type].kinds[0]) return true;
  wherry_error_t *error = wherry_ref_kind(store, got->of.ref, &kind);
  wherry_error_release(error);
  for (size_t i = 0; !error && i < sizeof heap_types->kinds / sizeof *heap_types->kinds; i++) {
    if (heap_types[type].kinds[i] == kind) return true;
  }
  return false;
}

/* ---- numbers and vectors ---- */

bool wast_pattern_value(wherry_store_t *store, const wherry_pattern_t *pattern,
                        wherry_value_t *out) {
  memset(out, 0, sizeof *out);
  if (pattern->kind == WHERRY_PATTERN_EITHER || pattern->canonical || pattern->arithmetic) {
    return false;
  }
  if (pattern->kind != WHERRY_PATTERN_NUMBER && pattern->kind != WHERRY_PATTERN_VECTOR) {
    return reference_value(store, pattern, out);
  }
  out->type = pattern->type;
  memcpy(&out->of, pattern->bytes, sizeof pattern->bytes);
  return true;
}

/* Sign aside: canonical is the quiet bit alone, arithmetic has at least that bit. */
static bool nan_matches(uint64_t bits, size_t size, bool canonical) {
  uint64_t quiet = size == 4 ? 0x7FC00000u : 0x7FF8000000000000u;
  uint64_t sign = size == 4 ? 0x80000000u : 0x8000000000000000u;
  return (canonical ? bits & ~sign : bits & quiet) == quiet;
}

static bool lanes_match(const wherry_pattern_t *pattern, const wherry_value_t *got) {
  size_t size = pattern->lane_size;
  size_t count = pattern->kind == WHERRY_PATTERN_VECTOR ? sizeof pattern->bytes / size : 1;
  const uint8_t *bytes = (const uint8_t *)&got->of;
  if (got->type != pattern->type) return false;
  for (size_t i = 0; i < count; i++) {
    uint64_t lane = 0;
    uint32_t bit = (uint32_t)1 << i;
    memcpy(&lane, bytes + i * size, size);
    bool same = (pattern->canonical | pattern->arithmetic) & bit
                    ? nan_matches(lane, size, pattern->canonical & bit)
                    : memcmp(bytes + i * size, pattern->bytes + i * size, size) == 0;
    if (!same) return false;
  }
  return true;
}

bool wast_pattern_matches(wherry_store_t *store, const wherry_pattern_t *pattern,
                          const wherry_value_t *got) {
  switch (pattern->kind) {
  case WHERRY_PATTERN_NUMBER:
  case WHERRY_PATTERN_VECTOR: return lanes_match(pattern, got);
  case WHERRY_PATTERN_EITHER:
    for (size_t i = 0; i < pattern->count; i++) {
      if (wast_pattern_matches(store, &pattern->items[i], got)) return true;
    }
    return false;
  default: return reference_matches(store, pattern, got);
  }
}

/* ---- showing ---- */

static void print_number(text_t *text, const wherry_value_t *value) {
  char number[32];
  uint64_t bits = 0;
  memcpy(&bits, &value->of, value->type == WHERRY_F32 ? 4 : 8);
  switch (value->type) {
  case WHERRY_I32: text_print(text, "i32 %" PRId32, value->of.i32); return;
  case WHERRY_I64: text_print(text, "i64 %" PRId64, value->of.i64); return;
  case WHERRY_F32: float_text((double)value->of.f32, true, number); break;
  default: float_text(value->of.f64, false, number); break;
  }
  text_print(text, "%s %s (0x%" PRIx64 ")", wherry_valtype_name(value->type), number, bits);
}

static void print_vector(text_t *text, const wherry_value_t *value) {
  text_print(text, "v128");
  for (size_t i = 0; i < sizeof value->of.v128; i++) text_print(text, " %02x", value->of.v128[i]);
}

/* A NaN of some kind has no bytes to show: its lanes are named. */
static void print_nans(text_t *text, const wherry_pattern_t *pattern) {
  for (uint32_t i = 0; i < sizeof pattern->bytes / pattern->lane_size; i++) {
    uint32_t bit = (uint32_t)1 << i;
    if (!((pattern->canonical | pattern->arithmetic) & bit)) continue;
    const char *kind = pattern->canonical & bit ? "canonical" : "arithmetic";
    if (pattern->kind == WHERRY_PATTERN_VECTOR) {
      text_print(text, " (lane %" PRIu32 ": nan:%s)", i, kind);
    } else {
      text_print(text, "%s nan:%s", wherry_valtype_name(pattern->type), kind);
    }
  }
}

void wast_print_pattern(text_t *text, const wherry_pattern_t *pattern) {
  bool nans = pattern->canonical | pattern->arithmetic;
  wherry_value_t value = {.type = pattern->type};
  memcpy(&value.of, pattern->bytes, sizeof pattern->bytes);
  switch (pattern->kind) {
  case WHERRY_PATTERN_NUMBER:
    if (!nans) print_number(text, &value);
    break;
  case WHERRY_PATTERN_VECTOR: print_vector(text, &value); break;
  case WHERRY_PATTERN_EITHER:
    for (size_t i = 0; i < pattern->count; i++) {
      text_print(text, "%s", i ? " or " : "");
      wast_print_pattern(text, &pattern->items[i]);
    }
    return;
  default:
    text_print(text, "ref.%s%s%s", pattern->kind == WHERRY_PATTERN_NULL ? "null" : "",
               pattern->kind == WHERRY_PATTERN_NULL && pattern->heap_type ? " " : "",
               pattern->heap_type ? pattern->heap_type : "");
    if (pattern->has_number) text_print(text, " %" PRIu64, pattern->number);
    return;
  }
  if (nans) print_nans(text, pattern);
}

void wast_print_value(wherry_store_t *store, text_t *text, const wherry_value_t *value) {
  if (value->type == WHERRY_V128) {
    print_vector(text, value);
  } else if (!is_reference(value)) {
    print_number(text, value);
  } else if (is_null(value)) {
    text_print(text, "%s null", wherry_valtype_name(value->type));
  } else {
    uint64_t number;
    wherry_valtype_t kind = value->type;
    if (kind != WHERRY_FUNCREF) {
      wherry_error_release(wherry_ref_kind(store, value->of.ref, &kind));
    }
    text_print(text, "%s", wherry_valtype_name(kind));
    if (number_of(store, value, &number)) text_print(text, " %" PRIu64, number);
  }
}
