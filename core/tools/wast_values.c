/* Values of scripts: reading, comparing, showing. */
#include "wast.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Reference types, by what is known of them. */
static const struct {
  const char *name;
  wherry_valtype_t type; /* 0: not there yet */
  const char *feature;
  bool null; /* the type has no other value */
} references[] = {
    {"funcref", WHERRY_FUNCREF, NULL, false},
    {"nullfuncref", WHERRY_FUNCREF, NULL, true},
    {"externref", WHERRY_EXTERNREF, NULL, false},
    {"nullexternref", WHERRY_EXTERNREF, NULL, true},
    {"refnull", 0, NULL, true},
    {"anyref", 0, "gc", false},
    {"nullref", 0, "gc", true},
    {"eqref", 0, "gc", false},
    {"i31ref", 0, "gc", false},
    {"structref", 0, "gc", false},
    {"arrayref", 0, "gc", false},
    {"exnref", 0, "exceptions", false},
    {"nullexnref", 0, "exceptions", true},
};
enum { REFERENCES = sizeof references / sizeof *references };

static int reference_of(const char *type) {
  for (int i = 0; i < REFERENCES; i++) {
    if (strcmp(type, references[i].name) == 0) return i;
  }
  return -1;
}

static const char *type_of(const json_t *value) {
  const char *type = json_text(value, "type");
  return type ? type : "?";
}

const char *wast_value_feature(const json_t *value) {
  const char *type = type_of(value);
  if (strcmp(type, "either") == 0) {
    const json_t *choices = json_member(value, "values");
    return choices && choices->count ? wast_value_feature(&choices->items[0]) : NULL;
  }
  int reference = reference_of(type);
  return reference < 0 ? NULL : references[reference].feature;
}

/* Numbers may be written signed or unsigned. */
static uint64_t bits_of(const char *text) {
  return *text == '-' ? (uint64_t)strtoll(text, NULL, 10) : strtoull(text, NULL, 10);
}

static bool read_number(const char *type, const char *text, wherry_value_t *out) {
  uint64_t bits = bits_of(text);
  uint32_t low = (uint32_t)bits;
  memset(out, 0, sizeof *out);
  if (strcmp(type, "i32") == 0) {
    out->type = WHERRY_I32;
    memcpy(&out->of.i32, &low, sizeof low);
  } else if (strcmp(type, "i64") == 0) {
    out->type = WHERRY_I64;
    memcpy(&out->of.i64, &bits, sizeof bits);
  } else if (strcmp(type, "f32") == 0) {
    out->type = WHERRY_F32;
    memcpy(&out->of.f32, &low, sizeof low);
  } else if (strcmp(type, "f64") == 0) {
    out->type = WHERRY_F64;
    memcpy(&out->of.f64, &bits, sizeof bits);
  } else {
    return false;
  }
  return true;
}

/* A vector is a list of numbers of one type, "lane_type". i8 and i16 have no values of their own: they are
   read as i32. *size: of a lane, in bytes. */
static const char *lane_type(const json_t *value, size_t *size) {
  static const struct {
    const char *name, *read_as;
    size_t size;
  } lanes[] = {{"i8", "i32", 1},  {"i16", "i32", 2}, {"i32", "i32", 4},
               {"i64", "i64", 8}, {"f32", "f32", 4}, {"f64", "f64", 8}};
  const char *name = json_text(value, "lane_type");
  for (size_t i = 0; name && i < sizeof lanes / sizeof *lanes; i++) {
    if (strcmp(name, lanes[i].name) != 0) continue;
    *size = lanes[i].size;
    return lanes[i].read_as;
  }
  return NULL;
}

/* The lanes of a vector that is written whole; NULL: it is none, or malformed. */
static const json_t *lanes_of(const json_t *value, const char **type, size_t *size) {
  const json_t *lanes = json_member(value, "value");
  *type = lane_type(value, size);
  return *type && lanes && lanes->count * *size == sizeof(((wherry_value_t *)0)->of.v128) ? lanes
                                                                                          : NULL;
}

static bool read_vector(const json_t *value, wherry_value_t *out) {
  const char *type;
  size_t size;
  const json_t *lanes = lanes_of(value, &type, &size);
  memset(out, 0, sizeof *out);
  out->type = WHERRY_V128;
  for (size_t i = 0; lanes && i < lanes->count; i++) {
    wherry_value_t lane;
    if (!lanes->items[i].text || !read_number(type, lanes->items[i].text, &lane)) return false;
    memcpy(out->of.v128 + i * size, &lane.of, size);
  }
  return lanes != NULL;
}

/* A host reference's number is kept as its data, plus one: data NULL would look like null. */
static void *number_as_data(const char *text) { return (void *)(uintptr_t)(bits_of(text) + 1); }

bool wast_read_value(wherry_store_t *store, const json_t *value, wherry_value_t *out) {
  const char *type = type_of(value), *text = json_text(value, "value");
  int reference = reference_of(type);
  if (strcmp(type, "v128") == 0) return read_vector(value, out);
  if (reference < 0) return text && read_number(type, text, out);
  memset(out, 0, sizeof *out);
  out->type = references[reference].type;
  if (!out->type) return false;
  if (references[reference].null || (text && strcmp(text, "null") == 0)) return true;
  if (!text || out->type != WHERRY_EXTERNREF) return false;
  wherry_error_t *error =
      wherry_externref_new(store, number_as_data(text), NULL, &out->of.externref);
  wherry_error_release(error);
  return !error;
}

static uint64_t number_bits(const wherry_value_t *value) {
  uint32_t low;
  uint64_t bits;
  if (value->type == WHERRY_I32 || value->type == WHERRY_F32) {
    memcpy(&low, &value->of.i32, sizeof low);
    return low;
  }
  memcpy(&bits, &value->of.i64, sizeof bits);
  return bits;
}

static bool is_null(const wherry_value_t *value) {
  return value->type == WHERRY_FUNCREF ? !value->of.func.store && !value->of.func.index
                                       : !value->of.externref.store && !value->of.externref.index;
}

static bool reference_matches(wherry_store_t *store, int reference, const char *text,
                              const wherry_value_t *got) {
  if (got->type != WHERRY_FUNCREF && got->type != WHERRY_EXTERNREF) return false;
  if (references[reference].type && references[reference].type != got->type) return false;
  if (references[reference].null || (text && strcmp(text, "null") == 0)) return is_null(got);
  if (is_null(got)) return false;
  /* Without a number it may be any that is not null; functions have none that means anything. */
  if (!text || got->type == WHERRY_FUNCREF) return true;
  void *data = NULL;
  wherry_error_t *error = wherry_externref_data(store, got->of.externref, &data);
  wherry_error_release(error);
  return !error && data == number_as_data(text);
}

/* Sign aside: canonical is the quiet bit alone, arithmetic has at least that bit. */
static bool nan_matches(const wherry_value_t *got, const char *text) {
  uint64_t bits = number_bits(got);
  uint64_t canonical = got->type == WHERRY_F32 ? 0x7FC00000u : 0x7FF8000000000000u;
  uint64_t sign = got->type == WHERRY_F32 ? 0x80000000u : 0x8000000000000000u;
  if (strcmp(text, "nan:canonical") == 0) return (bits & ~sign) == canonical;
  return (bits & canonical) == canonical;
}

static bool number_matches(const char *type, const char *text, const wherry_value_t *got) {
  wherry_value_t value;
  if (!text || !read_number(type, text, &value) || value.type != got->type) return false;
  if (strncmp(text, "nan:", 4) == 0) return nan_matches(got, text);
  return number_bits(&value) == number_bits(got);
}

static bool vector_matches(const json_t *expected, const wherry_value_t *got) {
  const char *type;
  size_t size;
  const json_t *lanes = lanes_of(expected, &type, &size);
  for (size_t i = 0; lanes && i < lanes->count; i++) {
    wherry_value_t lane, wanted;
    const char *text = lanes->items[i].text;
    if (!text || !read_number(type, text, &wanted)) return false;
    memset(&lane, 0, sizeof lane);
    lane.type = wanted.type;
    memcpy(&lane.of, got->of.v128 + i * size, size);
    bool same = size < sizeof(int32_t) ? memcmp(&lane.of, &wanted.of, size) == 0
                                       : number_matches(type, text, &lane);
    if (!same) return false;
  }
  return lanes && got->type == WHERRY_V128;
}

bool wast_value_matches(wherry_store_t *store, const json_t *expected, const wherry_value_t *got) {
  const char *type = type_of(expected), *text = json_text(expected, "value");
  if (strcmp(type, "either") == 0) {
    const json_t *choices = json_member(expected, "values");
    for (size_t i = 0; choices && i < choices->count; i++) {
      if (wast_value_matches(store, &choices->items[i], got)) return true;
    }
    return false;
  }
  int reference = reference_of(type);
  if (reference >= 0) return reference_matches(store, reference, text, got);
  if (strcmp(type, "v128") == 0) return vector_matches(expected, got);
  return number_matches(type, text, got);
}

static void print_number(text_t *text, const wherry_value_t *value) {
  char number[32];
  switch (value->type) {
  case WHERRY_I32: text_print(text, "i32 %" PRId32, value->of.i32); return;
  case WHERRY_I64: text_print(text, "i64 %" PRId64, value->of.i64); return;
  case WHERRY_F32: float_text((double)value->of.f32, true, number); break;
  default: float_text(value->of.f64, false, number); break;
  }
  text_print(text, "%s %s (0x%" PRIx64 ")", wherry_valtype_name(value->type), number,
             number_bits(value));
}

static void print_vector(text_t *text, const wherry_value_t *value) {
  text_print(text, "v128");
  for (size_t i = 0; i < sizeof value->of.v128; i++) text_print(text, " %02x", value->of.v128[i]);
}

void wast_print_expected(text_t *text, const json_t *expected) {
  const char *type = type_of(expected), *value = json_text(expected, "value");
  wherry_value_t vector;
  if (strcmp(type, "v128") == 0 && read_vector(expected, &vector)) {
    print_vector(text, &vector);
    return;
  }
  wherry_value_t number;
  if (value && strncmp(value, "nan:", 4) != 0 && read_number(type, value, &number)) {
    print_number(text, &number);
  } else {
    text_print(text, "%s%s%s", type, value ? " " : "", value ? value : "");
  }
}

void wast_print_value(wherry_store_t *store, text_t *text, const wherry_value_t *value) {
  if (value->type == WHERRY_V128) {
    print_vector(text, value);
    return;
  }
  if (value->type != WHERRY_FUNCREF && value->type != WHERRY_EXTERNREF) {
    print_number(text, value);
    return;
  }
  text_print(text, "%s", wherry_valtype_name(value->type));
  if (is_null(value)) {
    text_print(text, " null");
  } else if (value->type == WHERRY_EXTERNREF) {
    void *data = NULL;
    wherry_error_release(wherry_externref_data(store, value->of.externref, &data));
    text_print(text, " %" PRIuPTR, (uintptr_t)data - 1);
  }
}
