/* Values as text that literal_read.c reads back, or as JSON. */
#include "tool.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void float_text(double value, bool single, char *text) {
  if (isnan(value)) {
    strcpy(text, "nan");
    return;
  }
  if (isinf(value)) {
    strcpy(text, value < 0 ? "-inf" : "inf");
    return;
  }
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(text, 32, "%.*g", digits, value);
    if (single ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value) return;
  }
}

static void put_float(FILE *out, double value, bool single, bool json) {
  char text[32];
  float_text(value, single, text);
  bool quoted = json && !isfinite(value); /* JSON has no such numbers */
  fprintf(out, quoted ? "\"%s\"" : "%s", text);
}

static void put_char(FILE *out, uint32_t c, bool json) {
  text_t text = {0};
  text_add_code_point(&text, c);
  if (json) {
    put_json_text(out, text.data, text.size);
    return;
  }
  fputc('\'', out);
  if (c == '\'' || c == '\\') fputc('\\', out);
  if (c == '\n') {
    fputs("\\n", out);
  } else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
    fprintf(out, "\\u{%x}", (unsigned)c);
  } else {
    put_escaped(out, text.data, text.size);
  }
  fputc('\'', out);
}

void put_value(FILE *out, const wherry_value_t *value, bool json) {
  switch (value->type) {
  case WHERRY_I32: fprintf(out, "%" PRId32, value->of.i32); return;
  case WHERRY_I64: fprintf(out, "%" PRId64, value->of.i64); return;
  case WHERRY_F32: put_float(out, (double)value->of.f32, true, json); return;
  case WHERRY_F64: put_float(out, value->of.f64, false, json); return;
  case WHERRY_FUNCREF:
    fputs(!value->of.func.store ? "null" : json ? "\"funcref\"" : "funcref", out);
    return;
  case WHERRY_EXTERNREF:
    fputs(!value->of.externref.store ? "null" : json ? "\"externref\"" : "externref", out);
    return;
  case WHERRY_V128: /* its bytes as they lie in memory */
    if (json) fputc('"', out);
    for (size_t i = 0; i < sizeof value->of.v128; i++) fprintf(out, "%02x", value->of.v128[i]);
    if (json) fputc('"', out);
    return;
  default: fputs(json ? "null" : "?", out); return;
  }
}

/* An element of a packed list of numbers. */
static wherry_val_t packed_item(const wherry_val_t *list, wherry_type_kind_t kind, size_t index) {
  wherry_val_t item = {.kind = kind};
  const char *data = list->of.numbers.data;
#define ITEM(KIND, type, member)                                  \
  case WHERRY_TYPE_##KIND: {                                      \
    type number;                                                  \
    memcpy(&number, data + index * sizeof number, sizeof number); \
    item.of.member = number;                                      \
    break;                                                        \
  }
  switch (kind) {
    ITEM(S8, int8_t, s)
    ITEM(U8, uint8_t, u)
    ITEM(S16, int16_t, s)
    ITEM(U16, uint16_t, u)
    ITEM(S32, int32_t, s)
    ITEM(U32, uint32_t, u)
    ITEM(S64, int64_t, s)
    ITEM(U64, uint64_t, u)
    ITEM(F32, float, f32)
    ITEM(F64, double, f64)
  default: break;
  }
#undef ITEM
  return item;
}

static void put_list(FILE *out, const wherry_val_t *val, const wherry_type_t *type, bool json) {
  const wherry_type_t *element = wherry_type_element(type);
  size_t count = val->packed ? val->of.numbers.count : val->of.items.count;
  fputc('[', out);
  for (size_t i = 0; i < count; i++) {
    if (i) fputs(", ", out);
    if (val->packed) {
      wherry_val_t item = packed_item(val, wherry_type_kind(element), i);
      put_val(out, &item, element, json);
    } else {
      put_val(out, &val->of.items.items[i], element, json);
    }
  }
  fputc(']', out);
}

static void put_fields(FILE *out, const wherry_val_t *val, const wherry_type_t *type, bool json) {
  bool record = val->kind == WHERRY_TYPE_RECORD;
  fputc(record ? '{' : json ? '[' : '(', out);
  for (size_t i = 0; i < val->of.items.count; i++) {
    if (i) fputs(", ", out);
    if (record) {
      const char *name = wherry_type_field_name(type, i);
      if (json) {
        put_json_text(out, name, strlen(name));
      } else {
        put_escaped(out, name, strlen(name));
      }
      fputs(": ", out);
    }
    put_val(out, &val->of.items.items[i], wherry_type_field_type(type, i), json);
  }
  fputc(record ? '}' : json ? ']' : ')', out);
}

void put_val(FILE *out, const wherry_val_t *val, const wherry_type_t *type, bool json) {
  switch (val->kind) {
  case WHERRY_TYPE_BOOL: fputs(val->of.boolean ? "true" : "false", out); return;
  case WHERRY_TYPE_S8:
  case WHERRY_TYPE_S16:
  case WHERRY_TYPE_S32:
  case WHERRY_TYPE_S64: fprintf(out, "%" PRId64, val->of.s); return;
  case WHERRY_TYPE_U8:
  case WHERRY_TYPE_U16:
  case WHERRY_TYPE_U32:
  case WHERRY_TYPE_U64: fprintf(out, "%" PRIu64, val->of.u); return;
  case WHERRY_TYPE_F32: put_float(out, (double)val->of.f32, true, json); return;
  case WHERRY_TYPE_F64: put_float(out, val->of.f64, false, json); return;
  case WHERRY_TYPE_CHAR: put_char(out, val->of.character, json); return;
  case WHERRY_TYPE_STRING: put_json_text(out, val->of.string.data, val->of.string.size); return;
  case WHERRY_TYPE_LIST: put_list(out, val, type, json); return;
  case WHERRY_TYPE_RECORD:
  case WHERRY_TYPE_TUPLE: put_fields(out, val, type, json); return;
  default: fputs(json ? "null" : "?", out); return;
  }
}
