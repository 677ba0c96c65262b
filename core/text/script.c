/* Scripts: the commands around modules and components. */
#include "number.h"
#include "reader.h"
#include "text/text.h"

enum { BLOCK = 16 * 1024, EITHER_DEPTH = 64 };

/* What the script points to lies in blocks that live as long as it does. */
typedef struct block {
  struct block *next;
  size_t size, used; /* size: with this head */
} block_t;

struct wh_script {
  wh_alloc_t *alloc;
  block_t *blocks;
  WH_VEC(wherry_command_t) commands;
  WH_VEC(wherry_error_t *) errors; /* of commands */
};

typedef struct maker {
  reader_t reader; /* of the commands; modules have one of their own */
  wh_script_t *script;
  WH_VEC(wherry_pattern_t) patterns; /* being read; lists within lists lie one after another */
  size_t line, line_at;              /* the line of that place in the text */
} maker_t;

/* ---- memory ---- */

static void *take(maker_t *m, size_t size) {
  wh_script_t *script = m->script;
  block_t *block = script->blocks;
  size = (size + 15) & ~(size_t)15;
  if (!block || block->size - block->used < size) {
    size_t head = (sizeof *block + 15) & ~(size_t)15;
    size_t whole = head + (size > BLOCK ? size : BLOCK);
    block = wh_alloc(script->alloc, whole);
    if (!block) {
      wh_wat_lexer_oom(&m->reader.lexer);
      return NULL;
    }
    *block = (block_t) {script->blocks, whole, head};
    script->blocks = block;
  }
  block->used += size;
  return (char *)block + block->used - size;
}

/* A copy, ended by a zero byte that size does not count. */
static bool keep(maker_t *m, const void *data, size_t size, wherry_bytes_t *out) {
  uint8_t *copy = take(m, size + 1);
  if (!copy) return false;
  if (size) memcpy(copy, data, size);
  copy[size] = 0;
  *out = (wherry_bytes_t) {copy, size};
  return true;
}

/* ---- names and strings ---- */

/* An identifier, if one is there. */
static bool take_name(maker_t *m, wherry_bytes_t *out) {
  wherry_bytes_t name = {NULL, 0};
  if (!wh_wat_take_module_name(&m->reader, &name)) return false;
  return !name.data || keep(m, name.data, name.size, out);
}

static bool read_strings(maker_t *m, bool one, wherry_bytes_t *out) {
  reader_t *r = &m->reader;
  if (one && r->next->kind != TOKEN_STRING) return wh_wat_unexpected(r, "a string");
  wh_text_t text = {.alloc = r->alloc};
  if (one)
    wh_wat_string_decode(token_text(r, r->next++) + 1, &text);
  else
    wh_wat_read_strings(r, &text);
  bool good = text.failed ? wh_wat_lexer_oom(&r->lexer) : keep(m, text.data, text.size, out);
  wh_text_free(&text);
  return good;
}

/* ---- modules ---- */

/* A module that is none is a part of the script; running out of memory is not. */
static bool keep_refusal(maker_t *m, wherry_error_t *error, wherry_command_t *out) {
  if (wherry_error_kind(error) == WHERRY_ERROR_OOM ||
      !wh_vec_push(m->script->alloc, &m->script->errors, error)) {
    wherry_error_release(error);
    return wh_wat_lexer_oom(&m->reader.lexer);
  }
  out->refused = error;
  return true;
}

/* The fields that begin here, up to end. id: of a component. */
static bool read_fields(maker_t *m, const token_t *id, const token_t *end, wherry_command_t *out) {
  reader_t *r = &m->reader, fields;
  wh_text_t bytes = {.alloc = r->alloc};
  wh_wat_reader_init(&fields, &r->lexer, r->features);
  fields.name = out->name;
  fields.next = r->next;
  bool good = (out->is_component ? wh_wat_read_component(&fields, id, end, &bytes)
                                 : wh_wat_read_module(&fields, end, &bytes))
                  ? keep(m, bytes.data, bytes.size, &out->module)
                  : keep_refusal(m, fields.lexer.error, out);
  wh_wat_reader_free(&fields);
  wh_text_free(&bytes);
  r->next = end;
  return good;
}

static bool read_quoted(maker_t *m, wherry_command_t *out) {
  reader_t *r = &m->reader;
  wherry_bytes_t text;
  uint8_t *bytes;
  size_t size;
  if (!read_strings(m, false, &text)) return false;
  wherry_error_t *error = (out->is_component ? wh_wat_component_to_binary : wh_text_to_binary)(
      r->alloc, (const char *)text.data, text.size, r->features, &bytes, &size);
  if (error) return keep_refusal(m, error, out);
  bool good = keep(m, bytes, size, &out->module);
  wh_free(r->alloc, bytes, size);
  return good;
}

/* After `(module` or `(component`, up to the end of the list. */
static bool read_module(maker_t *m, wherry_command_t *out) {
  reader_t *r = &m->reader;
  const token_t *id = r->next->kind == TOKEN_ID ? r->next : NULL;
  if (!take_name(m, &out->name)) return false;
  if (wh_wat_take_word(r, "binary"))
    return read_strings(m, false, &out->module) && wh_wat_expect_close(r);
  if (wh_wat_take_word(r, "quote")) return read_quoted(m, out) && wh_wat_expect_close(r);
  return read_fields(m, id, wh_wat_fields_end(r), out) && wh_wat_expect_close(r);
}

static bool read_any_module(maker_t *m, wherry_command_t *out) {
  reader_t *r = &m->reader;
  if (wh_wat_take_word(r, "instance")) {
    out->kind = WHERRY_COMMAND_INSTANCE;
    return take_name(m, &out->name) && take_name(m, &out->of) && wh_wat_expect_close(r);
  }
  if (wh_wat_take_word(r, "definition")) out->kind = WHERRY_COMMAND_DEFINITION;
  return read_module(m, out);
}

static bool expect_module(maker_t *m, wherry_command_t *out) {
  reader_t *r = &m->reader;
  out->is_component = wh_wat_take_list(r, "component");
  return out->is_component || wh_wat_take_list(r, "module")
             ? read_module(m, out)
             : wh_wat_unexpected(r, "(module …) or (component …)");
}

/* ---- values ---- */

/* One lane at its place in pattern->bytes. */
static bool read_lane(reader_t *r, const lane_t *lane, unsigned place, bool constant,
                      wherry_pattern_t *out) {
  uint64_t bits;
  if (lane->is_float && !constant) {
    uint32_t bit = (uint32_t)1 << place;
    if (wh_wat_take_word(r, "nan:canonical")) return out->canonical |= bit, true;
    if (wh_wat_take_word(r, "nan:arithmetic")) return out->arithmetic |= bit, true;
  }
  if (!wh_wat_read_lane(r, lane, &bits)) return false;
  memcpy(out->bytes + place * lane->bits / 8, &bits, lane->bits / 8);
  return true;
}

static bool read_vector(reader_t *r, bool constant, wherry_pattern_t *out) {
  const shape_t *shape = wh_wat_take_shape(r);
  out->kind = WHERRY_PATTERN_VECTOR;
  out->type = WHERRY_V128;
  if (shape) out->lane_size = shape->lane->bits / 8;
  for (unsigned i = 0; shape && i < shape->count; i++)
    if (!read_lane(r, shape->lane, i, constant, out)) return false;
  return shape;
}

static bool read_heap_type(maker_t *m, wherry_pattern_t *out) {
  reader_t *r = &m->reader;
  wherry_bytes_t name;
  if (r->next->kind != TOKEN_WORD && r->next->kind != TOKEN_ID)
    return wh_wat_unexpected(r, "a heap type");
  if (!keep(m, token_text(r, r->next), r->next->size, &name)) return false;
  out->heap_type = (const char *)name.data;
  r->next++;
  return true;
}

/* `ref.extern 1`, `ref.struct`, …; after `(`. */
static bool read_reference(maker_t *m, bool constant, wherry_pattern_t *out) {
  static const struct {
    const char *word, *heap_type;
  } words[] = {{"ref.func", "func"},     {"ref.extern", "extern"}, {"ref.host", "any"},
               {"ref.any", "any"},       {"ref.eq", "eq"},         {"ref.i31", "i31"},
               {"ref.struct", "struct"}, {"ref.array", "array"},   {"ref.exn", "exn"}};
  reader_t *r = &m->reader;
  out->kind = WHERRY_PATTERN_NULL;
  if (wh_wat_take_word(r, "ref.null"))
    return (!constant && r->next->kind == TOKEN_CLOSE) || read_heap_type(m, out);
  out->kind = WHERRY_PATTERN_REFERENCE;
  if (!constant && wh_wat_take_word(r, "ref")) return true;
  for (size_t i = 0; i < WH_COUNT(words); i++) {
    bool host = i == 1 || i == 2;
    if ((constant && !host) || !wh_wat_take_word(r, words[i].word)) continue;
    out->heap_type = words[i].heap_type;
    out->has_number = host && (constant || r->next->kind != TOKEN_CLOSE);
    return !out->has_number ||
           wh_wat_read_number(r, UINT32_MAX, "a number for the reference", &out->number);
  }
  return wh_wat_unexpected(r, constant ? "a constant: i32.const, v128.const, ref.null, …"
                                       : "a result: i32.const, ref.func, either, …");
}

static bool read_patterns(maker_t *m, bool constant, unsigned depth, const wherry_pattern_t **out,
                          size_t *count);

/* Those read since there were `first`. */
static bool keep_patterns(maker_t *m, size_t first, const wherry_pattern_t **out, size_t *count) {
  *count = m->patterns.count - first;
  size_t size = *count * sizeof **out;
  wherry_pattern_t *items = take(m, size);
  if (!items) return false;
  if (size) memcpy(items, m->patterns.items + first, size);
  m->patterns.count = first;
  *out = items;
  return true;
}

/* ---- values of components ---- */

static const struct value_word {
  const char *word;
  wherry_type_kind_t form;
  const char *label;
} value_words[] = {
    {"bool.const", WHERRY_TYPE_BOOL, NULL},       {"s8.const", WHERRY_TYPE_S8, NULL},
    {"u8.const", WHERRY_TYPE_U8, NULL},           {"s16.const", WHERRY_TYPE_S16, NULL},
    {"u16.const", WHERRY_TYPE_U16, NULL},         {"s32.const", WHERRY_TYPE_S32, NULL},
    {"u32.const", WHERRY_TYPE_U32, NULL},         {"s64.const", WHERRY_TYPE_S64, NULL},
    {"u64.const", WHERRY_TYPE_U64, NULL},         {"char.const", WHERRY_TYPE_CHAR, NULL},
    {"str.const", WHERRY_TYPE_STRING, NULL},      {"list.const", WHERRY_TYPE_LIST, NULL},
    {"tuple.const", WHERRY_TYPE_TUPLE, NULL},     {"record.const", WHERRY_TYPE_RECORD, NULL},
    {"variant.const", WHERRY_TYPE_VARIANT, NULL}, {"enum.const", WHERRY_TYPE_ENUM, NULL},
    {"flags.const", WHERRY_TYPE_FLAGS, NULL},     {"option.none", WHERRY_TYPE_OPTION, "none"},
    {"option.some", WHERRY_TYPE_OPTION, "some"},  {"result.ok", WHERRY_TYPE_RESULT, "ok"},
    {"result.err", WHERRY_TYPE_RESULT, "error"}};

static bool read_integer(reader_t *r, wherry_type_kind_t form, wherry_pattern_t *out) {
  static const uint8_t bits[] = {
      [WHERRY_TYPE_S8] = 8,   [WHERRY_TYPE_U8] = 8,   [WHERRY_TYPE_S16] = 16,
      [WHERRY_TYPE_U16] = 16, [WHERRY_TYPE_S32] = 32, [WHERRY_TYPE_U32] = 32,
      [WHERRY_TYPE_S64] = 64, [WHERRY_TYPE_U64] = 64};
  bool is_signed = form == WHERRY_TYPE_S8 || form == WHERRY_TYPE_S16 || form == WHERRY_TYPE_S32 ||
                   form == WHERRY_TYPE_S64;
  const token_t *token = r->next;
  int64_t value = 0;
  uint64_t most = UINT64_MAX >> (64 - bits[form]), number = 0;
  if (!is_signed && !wh_wat_read_number(r, most, "a number that is not negative", &number))
    return false;
  if (is_signed) {
    number_status_t status = NUMBER_NONE;
    if (token->kind == TOKEN_WORD)
      status = wh_wat_number_integer(token_text(r, token), token->size, bits[form], &value);
    if (status == NUMBER_NONE) return wh_wat_unexpected(r, "an integer");
    if (status == NUMBER_OUT_OF_RANGE || (value >= 0) != (*token_text(r, token) != '-' || !value))
      return FAIL_AT(r, token, "constant out of range: an integer of %u bits", bits[form]);
    r->next++;
    number = (uint64_t)value;
  }
  memcpy(out->bytes, &number, sizeof number);
  return true;
}

static bool read_char(maker_t *m, wherry_pattern_t *out) {
  const token_t *token = m->reader.next;
  size_t points = 0;
  if (!read_strings(m, true, &out->text)) return false;
  for (size_t i = 0; i < out->text.size; i++) points += (out->text.data[i] & 0xC0) != 0x80;
  return (points == 1 && wh_utf8_valid(out->text.data, out->text.size, NULL)) ||
         FAIL_AT(&m->reader, token, "expected one character");
}

static bool read_value(maker_t *m, unsigned depth, wherry_pattern_t *out);

/* What is in a value, up to the end of the list; each in parentheses. most: no more. */
static bool read_values(maker_t *m, unsigned depth, size_t most, wherry_pattern_t *out) {
  reader_t *r = &m->reader;
  size_t first = m->patterns.count;
  if (depth == EITHER_DEPTH) return FAIL_AT(r, r->next, "values nested too deeply");
  while (r->next->kind != TOKEN_CLOSE && most--) {
    wherry_pattern_t item = {0};
    bool field = out->form == WHERRY_TYPE_RECORD, flag = out->form == WHERRY_TYPE_FLAGS;
    if (!flag && !wh_wat_expect_open(r, field ? "(field …)" : "a value")) return false;
    if (field && !wh_wat_take_word(r, "field")) return wh_wat_unexpected(r, "field");
    if ((field || flag) && !read_strings(m, true, &item.label)) return false;
    bool wrapped = field && r->next->kind == TOKEN_OPEN;
    if (wrapped) r->next++;
    if (!flag && (!read_value(m, depth + 1, &item) || !wh_wat_expect_close(r))) return false;
    if (wrapped && !wh_wat_expect_close(r)) return false;
    if (!wh_vec_push(r->alloc, &m->patterns, item)) return wh_wat_lexer_oom(&r->lexer);
  }
  return keep_patterns(m, first, &out->items, &out->count);
}

/* After the parenthesis, not the one that closes. */
static bool read_value(maker_t *m, unsigned depth, wherry_pattern_t *out) {
  reader_t *r = &m->reader;
  size_t i = 0;
  bool single = wh_wat_take_word(r, "f32.const"), is_double = wh_wat_take_word(r, "f64.const");
  if (single || is_double) {
    const lane_t *lane = &wh_wat_lanes[single ? LANE_F32 : LANE_F64];
    out->kind = WHERRY_PATTERN_NUMBER;
    out->type = single ? WHERRY_F32 : WHERRY_F64;
    out->lane_size = lane->bits / 8;
    return read_lane(r, lane, 0, false, out);
  }
  while (i < WH_COUNT(value_words) && !wh_wat_take_word(r, value_words[i].word)) i++;
  if (i == WH_COUNT(value_words)) return wh_wat_unexpected(r, "a value: u8.const, str.const, …");
  const char *label = value_words[i].label;
  out->kind = WHERRY_PATTERN_COMPONENT;
  out->form = value_words[i].form;
  if (label) out->label = (wherry_bytes_t) {(const uint8_t *)label, strlen(label)};
  switch (out->form) {
  case WHERRY_TYPE_BOOL:
    out->bytes[0] = wh_wat_take_word(r, "true");
    return out->bytes[0] || wh_wat_take_word(r, "false") || wh_wat_unexpected(r, "true or false");
  case WHERRY_TYPE_CHAR: return read_char(m, out);
  case WHERRY_TYPE_STRING: return read_strings(m, true, &out->text);
  case WHERRY_TYPE_ENUM: return read_strings(m, true, &out->label);
  case WHERRY_TYPE_VARIANT:
    return read_strings(m, true, &out->label) && read_values(m, depth, 1, out);
  case WHERRY_TYPE_OPTION:
  case WHERRY_TYPE_RESULT: return read_values(m, depth, strcmp(label, "none") != 0, out);
  case WHERRY_TYPE_LIST:
  case WHERRY_TYPE_TUPLE:
  case WHERRY_TYPE_RECORD:
  case WHERRY_TYPE_FLAGS: return read_values(m, depth, SIZE_MAX, out);
  default: return read_integer(r, out->form, out);
  }
}

static bool at_value(const reader_t *r) {
  for (size_t i = 0; i < WH_COUNT(value_words); i++)
    if (wh_wat_token_is(r, r->next, value_words[i].word)) return true;
  return false;
}

/* ---- patterns ---- */

static bool read_pattern(maker_t *m, bool constant, unsigned depth, wherry_pattern_t *out) {
  static const struct {
    const char *word;
    wherry_valtype_t type;
    const lane_t *lane;
  } numbers[] = {{"i32.const", WHERRY_I32, &wh_wat_lanes[LANE_I32]},
                 {"i64.const", WHERRY_I64, &wh_wat_lanes[LANE_I64]},
                 {"f32.const", WHERRY_F32, &wh_wat_lanes[LANE_F32]},
                 {"f64.const", WHERRY_F64, &wh_wat_lanes[LANE_F64]}};
  reader_t *r = &m->reader;
  const token_t *first = r->next;
  if (!wh_wat_expect_open(r, constant ? "a constant" : "a result")) return false;
  for (size_t i = 0; i < WH_COUNT(numbers); i++) {
    if (!wh_wat_take_word(r, numbers[i].word)) continue;
    out->kind = WHERRY_PATTERN_NUMBER;
    out->type = numbers[i].type;
    out->lane_size = numbers[i].lane->bits / 8;
    return read_lane(r, numbers[i].lane, 0, constant, out) && wh_wat_expect_close(r);
  }
  if (wh_wat_take_word(r, "v128.const"))
    return read_vector(r, constant, out) && wh_wat_expect_close(r);
  if (!constant && wh_wat_take_word(r, "either")) {
    out->kind = WHERRY_PATTERN_EITHER;
    if (depth == EITHER_DEPTH) return FAIL_AT(r, first, "either: nested too deeply");
    return read_patterns(m, false, depth + 1, &out->items, &out->count) && wh_wat_expect_close(r);
  }
  if (at_value(r)) return read_value(m, 0, out) && wh_wat_expect_close(r);
  return read_reference(m, constant, out) && wh_wat_expect_close(r);
}

/* Up to the end of the list. constant: no patterns that only results may be. */
static bool read_patterns(maker_t *m, bool constant, unsigned depth, const wherry_pattern_t **out,
                          size_t *count) {
  reader_t *r = &m->reader;
  size_t first = m->patterns.count;
  while (r->next->kind != TOKEN_CLOSE) {
    wherry_pattern_t pattern = {0};
    if (!read_pattern(m, constant, depth, &pattern)) return false;
    if (!wh_vec_push(r->alloc, &m->patterns, pattern)) return wh_wat_lexer_oom(&r->lexer);
  }
  return keep_patterns(m, first, out, count);
}

/* ---- commands ---- */

/* After the word. */
static bool read_action(maker_t *m, bool is_get, wherry_command_t *out) {
  out->is_get = is_get;
  return take_name(m, &out->of) && read_strings(m, true, &out->field) &&
         (is_get || read_patterns(m, true, 0, &out->args, &out->arg_count)) &&
         wh_wat_expect_close(&m->reader);
}

static bool expect_action(maker_t *m, wherry_command_t *out) {
  reader_t *r = &m->reader;
  bool is_get = wh_wat_take_list(r, "get");
  return is_get || wh_wat_take_list(r, "invoke") ? read_action(m, is_get, out)
                                                 : wh_wat_unexpected(r, "(invoke …) or (get …)");
}

static const struct {
  const char *word;
  wherry_command_kind_t kind;
} assertions[] = {{"assert_return", WHERRY_COMMAND_ASSERT_RETURN},
                  {"assert_trap", WHERRY_COMMAND_ASSERT_TRAP},
                  {"assert_exhaustion", WHERRY_COMMAND_ASSERT_EXHAUSTION},
                  {"assert_exception", WHERRY_COMMAND_ASSERT_EXCEPTION},
                  {"assert_invalid", WHERRY_COMMAND_ASSERT_INVALID},
                  {"assert_malformed", WHERRY_COMMAND_ASSERT_MALFORMED},
                  {"assert_invalid_custom", WHERRY_COMMAND_ASSERT_INVALID_CUSTOM},
                  {"assert_malformed_custom", WHERRY_COMMAND_ASSERT_MALFORMED_CUSTOM},
                  {"assert_unlinkable", WHERRY_COMMAND_ASSERT_UNLINKABLE}};

/* After the word. */
static bool read_assertion(maker_t *m, wherry_command_t *out) {
  reader_t *r = &m->reader;
  switch (out->kind) {
  case WHERRY_COMMAND_ASSERT_RETURN:
    return expect_action(m, out) && read_patterns(m, false, 0, &out->results, &out->result_count) &&
           wh_wat_expect_close(r);
  case WHERRY_COMMAND_ASSERT_EXCEPTION: return expect_action(m, out) && wh_wat_expect_close(r);
  case WHERRY_COMMAND_ASSERT_TRAP:
    if (wh_wat_at_list(r, "module") || wh_wat_at_list(r, "component")) {
      out->kind = WHERRY_COMMAND_ASSERT_UNINSTANTIABLE;
      if (!expect_module(m, out)) return false;
      break;
    }
    /* fall through */
  case WHERRY_COMMAND_ASSERT_EXHAUSTION:
    if (!expect_action(m, out)) return false;
    break;
  default:
    if (!expect_module(m, out)) return false;
    break;
  }
  return read_strings(m, true, &out->text) && wh_wat_expect_close(r);
}

/* After `(`. */
static bool read_command(maker_t *m, wherry_command_t *out) {
  reader_t *r = &m->reader;
  out->is_component = wh_wat_take_word(r, "component");
  if (out->is_component || wh_wat_take_word(r, "module")) return read_any_module(m, out);
  if (wh_wat_take_word(r, "register")) {
    out->kind = WHERRY_COMMAND_REGISTER;
    return read_strings(m, true, &out->text) && take_name(m, &out->of) && wh_wat_expect_close(r);
  }
  out->kind = WHERRY_COMMAND_ACTION;
  if (wh_wat_take_word(r, "invoke")) return read_action(m, false, out);
  if (wh_wat_take_word(r, "get")) return read_action(m, true, out);
  for (size_t i = 0; i < WH_COUNT(assertions); i++) {
    if (!wh_wat_take_word(r, assertions[i].word)) continue;
    out->kind = assertions[i].kind;
    return read_assertion(m, out);
  }
  return wh_wat_unexpected(
      r, "a command of a script: module, component, register, invoke, assert_return, …");
}

/* Places only grow. */
static size_t line_of(maker_t *m, size_t at) {
  for (; m->line_at < at; m->line_at++) m->line += m->reader.lexer.text[m->line_at] == '\n';
  return m->line;
}

/* A script may be the fields of one module. */
static bool at_field(const reader_t *r) {
  static const char *const words[] = {"type",   "rec",    "import", "func", "table", "memory",
                                      "global", "export", "start",  "elem", "data",  "tag"};
  for (size_t i = 0; i < WH_COUNT(words); i++)
    if (wh_wat_at_list(r, words[i])) return true;
  return false;
}

static bool read_script(maker_t *m) {
  reader_t *r = &m->reader;
  bool fields = at_field(r);
  while (r->next->kind != TOKEN_END) {
    wherry_command_t command = {.line = line_of(m, r->next->at)};
    bool good = fields ? read_fields(m, NULL, wh_wat_fields_end(r), &command) &&
                             (r->next->kind == TOKEN_END || wh_wat_unexpected(r, "a field"))
                       : wh_wat_expect_open(r, "a command") && read_command(m, &command);
    if (!good) return false;
    if (!wh_vec_push(r->alloc, &m->script->commands, command)) return wh_wat_lexer_oom(&r->lexer);
  }
  return true;
}

wherry_error_t *wh_script_read(wh_alloc_t *alloc, const char *text, size_t size,
                               wh_features_t features, wh_script_t **out) {
  lexer_t lexer = {.alloc = alloc, .text = text, .size = size};
  wh_script_t *script = WH_NEW(alloc, wh_script_t);
  if (!script) return wh_error_oom();
  script->alloc = alloc;
  if (wh_wat_lexer_run(&lexer)) {
    maker_t m = {.script = script, .line = 1};
    wh_wat_reader_init(&m.reader, &lexer, features);
    read_script(&m);
    lexer.error = m.reader.lexer.error;
    wh_wat_reader_free(&m.reader);
    wh_vec_free(alloc, &m.patterns);
  }
  wh_wat_lexer_free(&lexer);
  if (lexer.error)
    wh_script_free(script);
  else
    *out = script;
  return lexer.error;
}

void wh_script_free(wh_script_t *script) {
  wh_alloc_t *alloc = script->alloc;
  for (size_t i = 0; i < script->errors.count; i++) wherry_error_release(script->errors.items[i]);
  while (script->blocks) {
    block_t *next = script->blocks->next;
    wh_free(alloc, script->blocks, script->blocks->size);
    script->blocks = next;
  }
  wh_vec_free(alloc, &script->errors);
  wh_vec_free(alloc, &script->commands);
  WH_DELETE(alloc, script);
}

size_t wh_script_count(const wh_script_t *script) { return script->commands.count; }

const wherry_command_t *wh_script_command(const wh_script_t *script, size_t index) {
  return index < script->commands.count ? &script->commands.items[index] : NULL;
}

const char *wherry_command_kind_name(wherry_command_kind_t kind) {
  static const char *const names[] = {"module", "module", "module", "register", "action"};
  if ((size_t)kind < WH_COUNT(names)) return names[kind];
  for (size_t i = 0; i < WH_COUNT(assertions); i++)
    if (assertions[i].kind == kind) return assertions[i].word;
  return kind == WHERRY_COMMAND_ASSERT_UNINSTANTIABLE ? "assert_trap" : "?";
}
