/* Literals to values of a type, with what is wrong where they do not fit. */
#include "tool.h"
#include "utf8.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *expected(const char *type, const literal_t *literal) {
  text_t text = {0};
  text_print(&text, "expected %s, got %s", type, literal_kind_name(literal));
  if (literal->kind == LITERAL_NUMBER) text_print(&text, ", %s", literal->text);
  return text.data;
}

/* Digits of an integer, decimal or hexadecimal, with "_" between them. false: it is none. */
static bool integer_of(const literal_t *literal, bool *negative, uint64_t *magnitude, bool *fits) {
  if (literal->kind != LITERAL_NUMBER) return false;
  const char *text = literal->text;
  *negative = *text == '-';
  if (*text == '-' || *text == '+') text++;
  unsigned base = 10;
  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text += 2;
  }
  uint64_t value = 0;
  *fits = true;
  bool any = false;
  for (; *text; text++) {
    unsigned digit;
    if (*text == '_' && any) continue;
    if (*text >= '0' && *text <= '9') {
      digit = (unsigned)(*text - '0');
    } else if (base == 16 && *text >= 'a' && *text <= 'f') {
      digit = (unsigned)(*text - 'a') + 10;
    } else if (base == 16 && *text >= 'A' && *text <= 'F') {
      digit = (unsigned)(*text - 'A') + 10;
    } else {
      return false;
    }
    any = true;
    if (__builtin_mul_overflow(value, base, &value) ||
        __builtin_add_overflow(value, digit, &value)) {
      *fits = false;
    }
  }
  *magnitude = value;
  return any;
}

/* An integer from -2^(bits-1), or 0 where it must not be negative, to 2^bits - 1, or 2^(bits-1) - 1. */
static const char *to_integer(const literal_t *literal, const char *type, unsigned bits,
                              bool may_be_negative, bool may_be_unsigned, uint64_t *out) {
  bool negative, fits;
  uint64_t magnitude;
  if (!integer_of(literal, &negative, &magnitude, &fits)) return expected(type, literal);
  uint64_t top = (uint64_t)1 << (bits - 1);
  uint64_t limit = negative ? (may_be_negative ? top : 0) : may_be_unsigned ? top * 2 - 1 : top - 1;
  if (!fits || magnitude > limit) {
    text_t text = {0};
    text_print(&text, "%s does not fit in %s", literal->text, type);
    return text.data;
  }
  *out = negative ? 0 - magnitude : magnitude;
  return NULL;
}

static const char *to_float(const literal_t *literal, const char *type, double *out) {
  if (literal->kind == LITERAL_NUMBER) {
    char *end;
    *out = strtod(literal->text, &end);
    if (!*end) return NULL;
  }
  return expected(type, literal);
}

static const char *to_single(const literal_t *literal, const char *type, float *out) {
  if (literal->kind == LITERAL_NUMBER) {
    char *end;
    *out = strtof(literal->text, &end); /* not by way of double: that would round twice */
    if (!*end) return NULL;
  }
  return expected(type, literal);
}

const char *literal_to_value(const literal_t *literal, wherry_valtype_t type, wherry_value_t *out) {
  uint64_t bits = 0;
  const char *fault = NULL;
  memset(out, 0, sizeof *out);
  out->type = type;
  switch (type) {
  case WHERRY_I32:
    fault = to_integer(literal, "i32", 32, true, true, &bits);
    out->of.i32 = (int32_t)(uint32_t)bits;
    return fault;
  case WHERRY_I64:
    fault = to_integer(literal, "i64", 64, true, true, &bits);
    out->of.i64 = (int64_t)bits;
    return fault;
  case WHERRY_F32: return to_single(literal, "f32", &out->of.f32);
  case WHERRY_F64: return to_float(literal, "f64", &out->of.f64);
  case WHERRY_FUNCREF:
  case WHERRY_EXTERNREF:
    if (literal->kind == LITERAL_NULL) return NULL;
    return expected(type == WHERRY_FUNCREF ? "funcref, of which only null can be written"
                                           : "externref, of which only null can be written",
                    literal);
  default: {
    text_t text = {0};
    text_print(&text, "values of type %s cannot be written", wherry_valtype_name(type));
    return text.data;
  }
  }
}

static const char *in_place(const char *place, const char *fault) {
  text_t text = {0};
  text_print(&text, "%s: %s", place, fault);
  return text.data;
}

static const char *to_list(const literal_t *literal, const wherry_type_t *type, wherry_val_t *out) {
  if (literal->kind != LITERAL_LIST) return expected("list", literal);
  wherry_val_t *items = arena_alloc(literal->count * sizeof *items);
  for (size_t i = 0; i < literal->count; i++) {
    const char *fault = literal_to_val(&literal->items[i], wherry_type_element(type), &items[i]);
    if (fault) {
      char place[32];
      snprintf(place, sizeof place, "[%zu]", i);
      return in_place(place, fault);
    }
  }
  out->of.items.items = items;
  out->of.items.count = literal->count;
  return NULL;
}

static const char *to_tuple(const literal_t *literal, const wherry_type_t *type,
                            wherry_val_t *out) {
  if (literal->kind != LITERAL_TUPLE && literal->kind != LITERAL_LIST) {
    return expected("tuple", literal);
  }
  size_t count = wherry_type_field_count(type);
  text_t text = {0};
  if (literal->count != count) {
    text_print(&text, "expected a tuple of %zu, got %zu", count, literal->count);
    return text.data;
  }
  wherry_val_t *items = arena_alloc(count * sizeof *items);
  for (size_t i = 0; i < count; i++) {
    const char *fault =
        literal_to_val(&literal->items[i], wherry_type_field_type(type, i), &items[i]);
    if (fault) {
      text_print(&text, "[%zu]", i);
      return in_place(text.data, fault);
    }
  }
  out->of.items.items = items;
  out->of.items.count = count;
  return NULL;
}

static const char *to_record(const literal_t *literal, const wherry_type_t *type,
                             wherry_val_t *out) {
  if (literal->kind != LITERAL_RECORD) return expected("record", literal);
  size_t count = wherry_type_field_count(type);
  wherry_val_t *items = arena_alloc(count * sizeof *items);
  bool *given = arena_alloc(count * sizeof *given);
  text_t text = {0};
  for (size_t i = 0; i < literal->count; i++) {
    size_t at = 0;
    while (at < count && strcmp(literal->names[i], wherry_type_field_name(type, at)) != 0) at++;
    if (at == count || given[at]) {
      text_print(&text, at == count ? "there is no field \"%s\"" : "field \"%s\" is given twice",
                 literal->names[i]);
      return text.data;
    }
    given[at] = true;
    const char *fault =
        literal_to_val(&literal->items[i], wherry_type_field_type(type, at), &items[at]);
    if (fault) {
      text_print(&text, ".%s", literal->names[i]);
      return in_place(text.data, fault);
    }
  }
  for (size_t i = 0; i < count; i++) {
    if (given[i]) continue;
    text_print(&text, "field \"%s\" is missing", wherry_type_field_name(type, i));
    return text.data;
  }
  out->of.items.items = items;
  out->of.items.count = count;
  return NULL;
}

static const char *to_signed(const literal_t *literal, const char *name, unsigned bits,
                             wherry_val_t *out) {
  uint64_t value = 0;
  const char *fault = to_integer(literal, name, bits, true, false, &value);
  out->of.s = (int64_t)value;
  return fault;
}

const char *literal_to_val(const literal_t *literal, const wherry_type_t *type, wherry_val_t *out) {
  wherry_type_kind_t kind = wherry_type_kind(type);
  const char *name = wherry_type_kind_name(kind);
  memset(out, 0, sizeof *out);
  out->kind = kind;
  switch (kind) {
  case WHERRY_TYPE_BOOL:
    if (literal->kind != LITERAL_BOOL) return expected("bool", literal);
    out->of.boolean = literal->boolean;
    return NULL;
  case WHERRY_TYPE_S8: return to_signed(literal, name, 8, out);
  case WHERRY_TYPE_S16: return to_signed(literal, name, 16, out);
  case WHERRY_TYPE_S32: return to_signed(literal, name, 32, out);
  case WHERRY_TYPE_S64: return to_signed(literal, name, 64, out);
  case WHERRY_TYPE_U8: return to_integer(literal, name, 8, false, true, &out->of.u);
  case WHERRY_TYPE_U16: return to_integer(literal, name, 16, false, true, &out->of.u);
  case WHERRY_TYPE_U32: return to_integer(literal, name, 32, false, true, &out->of.u);
  case WHERRY_TYPE_U64: return to_integer(literal, name, 64, false, true, &out->of.u);
  case WHERRY_TYPE_F32: return to_single(literal, name, &out->of.f32);
  case WHERRY_TYPE_F64: return to_float(literal, name, &out->of.f64);
  case WHERRY_TYPE_CHAR:
    if (literal->kind == LITERAL_CHAR) {
      out->of.character = literal->character;
      return NULL;
    }
    /* JSON has no characters: a string of one will do. */
    if (literal->kind == LITERAL_STRING && literal->size &&
        utf8_read(literal->text, literal->size, &out->of.character) == literal->size) {
      return NULL;
    }
    return expected("char, as 'c'", literal);
  case WHERRY_TYPE_STRING:
    if (literal->kind != LITERAL_STRING) return expected("string", literal);
    out->of.string.data = literal->text;
    out->of.string.size = literal->size;
    return NULL;
  case WHERRY_TYPE_LIST: return to_list(literal, type, out);
  case WHERRY_TYPE_RECORD: return to_record(literal, type, out);
  case WHERRY_TYPE_TUPLE: return to_tuple(literal, type, out);
  default: break;
  }
  text_t text = {0};
  text_print(&text, "values of type %s come later", name);
  return text.data;
}
