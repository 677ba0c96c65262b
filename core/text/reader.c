#include "reader.h"
#include "number.h"

/* ---- tokens ---- */

bool wh_wat_token_is(const reader_t *r, const token_t *token, const char *word) {
  return token->kind == TOKEN_WORD && strlen(word) == token->size &&
         memcmp(token_text(r, token), word, token->size) == 0;
}

bool wh_wat_at_list(const reader_t *r, const char *word) {
  return r->next->kind == TOKEN_OPEN && wh_wat_token_is(r, r->next + 1, word);
}

bool wh_wat_take_list(reader_t *r, const char *word) {
  if (!wh_wat_at_list(r, word)) return false;
  r->next += 2;
  return true;
}

bool wh_wat_take_word(reader_t *r, const char *word) {
  if (!wh_wat_token_is(r, r->next, word)) return false;
  r->next++;
  return true;
}

/* Words of the format, and of scripts, that are no instructions; types.c knows those of types. */
static const char *const keywords[] = {"binary",
                                       "catch_all_ref",
                                       "catch_ref",
                                       "data",
                                       "declare",
                                       "definition",
                                       "do",
                                       "elem",
                                       "export",
                                       "field",
                                       "final",
                                       "global",
                                       "i16",
                                       "i8",
                                       "import",
                                       "instance",
                                       "item",
                                       "local",
                                       "memory",
                                       "module",
                                       "mut",
                                       "nan:arithmetic",
                                       "nan:canonical",
                                       "null",
                                       "offset",
                                       "pagesize",
                                       "param",
                                       "quote",
                                       "rec",
                                       "ref",
                                       "result",
                                       "shared",
                                       "start",
                                       "sub",
                                       "table",
                                       "tag",
                                       "then",
                                       "type"};

bool wh_wat_at_keyword(const reader_t *r) {
  for (size_t i = 0; i < WH_COUNT(keywords); i++)
    if (wh_wat_token_is(r, r->next, keywords[i])) return true;
  return wh_wat_at_type_word(r);
}

/* Whether the word has a meaning anywhere in the format: else it is an unknown operator to the
   standard's tests, not a token in the wrong place. */
static bool at_known_word(const reader_t *r) {
  const token_t *token = r->next;
  const char *text = token_text(r, token);
  int64_t integer;
  uint64_t bits;
  if (token->size > 7 && memcmp(text, "offset=", 7) == 0) return true;
  if (token->size > 6 && memcmp(text, "align=", 6) == 0) return true;
  return wh_wat_at_keyword(r) || wh_wat_at_instruction(r) ||
         wh_wat_number_integer(text, token->size, 64, &integer) != NUMBER_NONE ||
         wh_wat_number_float(text, token->size, 64, &bits) != NUMBER_NONE;
}

bool wh_wat_unexpected(reader_t *r, const char *what) {
  const token_t *token = r->next;
  int size = token->kind == TOKEN_OPEN || token->size < 60 ? (int)token->size : 60;
  const char *text = token_text(r, token);
  switch (token->kind) {
  case TOKEN_END: return FAIL_AT(r, token, "unexpected end: expected %s", what);
  case TOKEN_OPEN:
  case TOKEN_CLOSE: return FAIL_AT(r, token, "unexpected token \"%c\": expected %s", *text, what);
  case TOKEN_RESERVED:
    return FAIL_AT(r, token, "unknown operator %.*s: expected %s", size, text, what);
  default:
    return FAIL_AT(r, token, "%s %.*s: expected %s",
                   token->kind != TOKEN_WORD || at_known_word(r) ? "unexpected token"
                                                                 : "unknown operator",
                   size, text, what);
  }
}

bool wh_wat_expect_close(reader_t *r) {
  if (r->next->kind != TOKEN_CLOSE) return wh_wat_unexpected(r, "\")\"");
  r->next++;
  return true;
}

bool wh_wat_expect_open(reader_t *r, const char *what) {
  if (r->next->kind != TOKEN_OPEN) return wh_wat_unexpected(r, what);
  r->next++;
  return true;
}

/* ---- names and indices ---- */

bool wh_wat_own_string(reader_t *r, const char *text, const char **out, size_t *size) {
  wh_text_t decoded = {.alloc = r->alloc};
  wh_wat_string_decode(text, &decoded);
  char *copy = decoded.failed ? NULL : wh_strndup(r->alloc, decoded.data, decoded.size);
  *size = decoded.size;
  wh_text_free(&decoded);
  if (!copy) return wh_wat_lexer_oom(&r->lexer);
  if (!wh_vec_reserve(r->alloc, &r->owned, 1) || !wh_vec_reserve(r->alloc, &r->owned_sizes, 1)) {
    wh_free(r->alloc, copy, *size + 1);
    return wh_wat_lexer_oom(&r->lexer);
  }
  r->owned.items[r->owned.count++] = copy;
  r->owned_sizes.items[r->owned_sizes.count++] = *size + 1;
  *out = copy;
  return true;
}

bool wh_wat_id_name(reader_t *r, const token_t *token, const char **name, size_t *size) {
  *name = token_text(r, token) + 1;
  *size = token->size - 1;
  if (**name != '"') return true;
  /* Most have no escape: what stands between the quotes. */
  if (memchr(*name, '\\', *size)) return wh_wat_own_string(r, *name + 1, name, size);
  ++*name;
  *size -= 2;
  return true;
}

static const char *const space_names[] = {"type",   "func",         "table",        "memory",
                                          "global", "elem segment", "data segment", "tag",
                                          "local",  "field"};

bool wh_wat_take_id(reader_t *r, space_t space, uint32_t index) {
  wherry_bytes_t shown = {NULL, 0};
  const token_t *token = r->next;
  if (token->kind == TOKEN_ID) {
    const char *name;
    size_t size;
    uint64_t old;
    if (!wh_wat_id_name(r, token, &name, &size)) return false;
    if (wh_map_get(&r->spaces[space].names, name, size, &old))
      return FAIL_AT(r, token, "duplicate %s %.*s", space_names[space], (int)token->size,
                     token_text(r, token));
    if (!wh_map_put(r->alloc, &r->spaces[space].names, name, size, index))
      return wh_wat_lexer_oom(&r->lexer);
    shown = (wherry_bytes_t) {(const uint8_t *)name, size};
    r->next++;
  }
  if (!wh_wat_take_name(r, &shown)) return false;
  if (shown.data) wh_wat_put_naming(&r->spaces[space].named, index, shown);
  return true;
}

bool wh_wat_at_index(const reader_t *r) {
  if (r->next->kind != TOKEN_WORD) return r->next->kind == TOKEN_ID;
  char first = *token_text(r, r->next);
  return first >= '0' && first <= '9';
}

bool wh_wat_read_number(reader_t *r, uint64_t most, const char *what, uint64_t *out) {
  const token_t *token = r->next;
  number_status_t status = NUMBER_NONE;
  if (token->kind == TOKEN_WORD)
    status = wh_wat_number_unsigned(token_text(r, token), token->size, most, out);
  if (status == NUMBER_NONE) return wh_wat_unexpected(r, what);
  if (status == NUMBER_OUT_OF_RANGE)
    return FAIL_AT(r, token, "i%d constant out of range: %s",
                   most > UINT32_MAX ? 64
                   : most > 255      ? 32
                                     : 8,
                   what);
  r->next++;
  return true;
}

bool wh_wat_read_index(reader_t *r, space_t space, uint32_t *out) {
  const token_t *token = r->next;
  uint64_t value = 0;
  if (token->kind == TOKEN_ID) {
    const char *name;
    size_t size;
    if (!wh_wat_id_name(r, token, &name, &size)) return false;
    if (!wh_map_get(&r->spaces[space].names, name, size, &value))
      return FAIL_AT(r, token, "unknown %s %.*s", space_names[space], (int)token->size,
                     token_text(r, token));
    r->next++;
  } else if (!wh_wat_read_number(r, UINT32_MAX, "an index or a name", &value)) {
    return false;
  }
  *out = (uint32_t)value;
  return true;
}

void wh_wat_read_strings(reader_t *r, wh_text_t *out) {
  for (; r->next->kind == TOKEN_STRING; r->next++)
    wh_wat_string_decode(token_text(r, r->next) + 1, out);
}

bool wh_wat_read_name(reader_t *r, wh_text_t *out) {
  const token_t *token = r->next;
  if (token->kind != TOKEN_STRING) return wh_wat_unexpected(r, "a string");
  wh_text_t name = {.alloc = r->alloc};
  wh_wat_string_decode(token_text(r, token) + 1, &name);
  bool good = !name.failed && wh_utf8_valid(name.data, name.size, NULL);
  if (name.failed)
    wh_wat_lexer_oom(&r->lexer);
  else if (!good)
    FAIL_AT(r, token, "malformed UTF-8 encoding of a name");
  else
    wh_wat_put_counted(out, name.data, name.size);
  wh_text_free(&name);
  if (good) r->next++;
  return good;
}

/* ---- bytes ---- */

void wh_wat_put_byte(wh_text_t *out, unsigned value) {
  char byte = (char)value;
  wh_text_append(out, &byte, 1);
}

void wh_wat_put_u(wh_text_t *out, uint64_t value) {
  do {
    wh_wat_put_byte(out, (value & 0x7F) | (value > 0x7F ? 0x80 : 0));
    value >>= 7;
  } while (value);
}

void wh_wat_put_s(wh_text_t *out, int64_t value) {
  for (;;) {
    unsigned low = value & 0x7F;
    value >>= 7;
    bool last = (value == 0 && !(low & 0x40)) || (value == -1 && (low & 0x40));
    wh_wat_put_byte(out, low | (last ? 0 : 0x80));
    if (last) return;
  }
}

void wh_wat_put_counted(wh_text_t *out, const void *bytes, size_t size) {
  wh_wat_put_u(out, size);
  wh_text_append(out, bytes, size);
}

static unsigned size_of_u(uint64_t value) {
  unsigned size = 1;
  while (value >>= 7) size++;
  return size;
}

void wh_wat_put_section(wh_text_t *out, unsigned id, const section_t *section) {
  out->failed |= section->bytes.failed;
  if (!section->count) return;
  wh_wat_put_byte(out, id);
  wh_wat_put_u(out, section->bytes.size + size_of_u(section->count));
  wh_wat_put_u(out, section->count);
  wh_text_append(out, section->bytes.data, section->bytes.size);
}

/* ---- the whole ---- */

/* A section that is one number. */
static void put_single(wh_text_t *out, unsigned id, uint32_t value) {
  wh_wat_put_byte(out, id);
  wh_wat_put_u(out, size_of_u(value));
  wh_wat_put_u(out, value);
}

static void put_part(reader_t *r, wh_text_t *out, unsigned id) {
  switch (id) {
  case 1: wh_wat_put_section(out, id, &r->definitions); break;
  case 2: wh_wat_put_section(out, id, &r->imports); break;
  case 3: wh_wat_put_section(out, id, &r->functions); break;
  case 4: wh_wat_put_section(out, id, &r->tables); break;
  case 5: wh_wat_put_section(out, id, &r->memories); break;
  case 6: wh_wat_put_section(out, id, &r->globals); break;
  case 7: wh_wat_put_section(out, id, &r->exports); break;
  case 8:
    if (r->has_start) put_single(out, id, r->start);
    break;
  case 9: wh_wat_put_section(out, id, &r->elems); break;
  case 10: wh_wat_put_section(out, id, &r->codes); break;
  case 11: wh_wat_put_section(out, id, &r->datas); break;
  case 12:
    if (r->needs_data_count) put_single(out, id, (uint32_t)r->datas.count);
    break;
  case 13: wh_wat_put_section(out, id, &r->tags); break;
  }
}

static void put_module(reader_t *r, wh_text_t *out) {
  static const uint8_t order[] = {1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11};
  wh_text_append(out, "\0asm\1\0\0\0", 8);
  wh_wat_put_customs(r, out, WH_PLACE_FIRST);
  for (size_t i = 0; i < WH_COUNT(order); i++) {
    wh_wat_put_customs(r, out, WH_PLACE_BEFORE(order[i]));
    put_part(r, out, order[i]);
    wh_wat_put_customs(r, out, WH_PLACE_AFTER(order[i]));
  }
  wh_wat_put_customs(r, out, WH_PLACE_LAST);
  out->failed |= r->pending.failed;
}

enum { SECTION_COUNT = 18 + SPACE_COUNT };

static void sections_of(reader_t *r, section_t *list[SECTION_COUNT]) {
  section_t *all[] = {&r->definitions,  &r->imports,       &r->functions,   &r->tables,
                      &r->memories,     &r->tags,          &r->globals,     &r->exports,
                      &r->elems,        &r->codes,         &r->datas,       &r->fields,
                      &r->labels_named, &r->hints,         &r->local_names, &r->label_names,
                      &r->field_names,  &r->function_hints};
  memcpy(list, all, sizeof all);
  for (size_t i = 0; i < SPACE_COUNT; i++) list[WH_COUNT(all) + i] = &r->spaces[i].named;
}

void wh_wat_reader_init(reader_t *r, const lexer_t *lexer, wh_features_t features) {
  *r = (reader_t) {.lexer = *lexer, .alloc = lexer->alloc, .features = features};
  section_t *sections[SECTION_COUNT];
  sections_of(r, sections);
  for (size_t i = 0; i < WH_COUNT(sections); i++) sections[i]->bytes.alloc = r->alloc;
  r->pending.alloc = r->custom_bytes.alloc = r->alloc;
  r->next = r->lexer.tokens.items;
}

void wh_wat_reader_free(reader_t *r) {
  section_t *sections[SECTION_COUNT];
  sections_of(r, sections);
  for (size_t i = 0; i < WH_COUNT(sections); i++) wh_text_free(&sections[i]->bytes);
  for (size_t i = 0; i < r->owned.count; i++)
    wh_free(r->alloc, r->owned.items[i], r->owned_sizes.items[i]);
  wh_vec_free(r->alloc, &r->owned);
  wh_vec_free(r->alloc, &r->owned_sizes);
  wh_wat_free_types(r);
  wh_vec_free(r->alloc, &r->signature);
  wh_vec_free(r->alloc, &r->labels);
  wh_map_free(r->alloc, &r->label_places);
  wh_vec_free(r->alloc, &r->frames);
  wh_text_free(&r->pending);
  wh_vec_free(r->alloc, &r->customs);
  wh_text_free(&r->custom_bytes);
  for (size_t i = 0; i < SPACE_COUNT; i++) wh_map_free(r->alloc, &r->spaces[i].names);
  wh_map_free(r->alloc, &r->instructions);
}

bool wh_wat_take_module_name(reader_t *r, wherry_bytes_t *out) {
  const char *name;
  size_t size;
  if (r->next->kind != TOKEN_ID) return true;
  if (!wh_wat_id_name(r, r->next++, &name, &size)) return false;
  *out = (wherry_bytes_t) {(const uint8_t *)name, size};
  return true;
}

bool wh_wat_read_module(reader_t *r, const token_t *end, wh_text_t *out) {
  const token_t *first = r->next;
  if (!wh_wat_read_annotations(r, end) || !wh_wat_declare_fields(r, end)) return false;
  r->next = first;
  if (!wh_wat_read_definitions(r, end)) return false;
  r->next = first;
  if (!wh_wat_fill_instructions(r) || !wh_wat_read_fields(r, end) ||
      !wh_wat_check_annotations(r, first, end))
    return false;
  put_module(r, out);
  return !out->failed || wh_wat_lexer_oom(&r->lexer);
}

const token_t *wh_wat_fields_end(const reader_t *r) {
  const token_t *end = r->next;
  while (end->kind == TOKEN_OPEN) end = wh_wat_past(r, end);
  return end;
}

/* A text's one module: `(module $name? …)` or its fields; also (module binary "…"), of scripts. Or its one
   component, which in text on its own has `(component …)` around it. */
static bool read_text(reader_t *r, wh_text_t *out) {
  bool component = wh_wat_take_list(r, "component");
  bool wrapped = component || wh_wat_take_list(r, "module");
  const token_t *id = wrapped && r->next->kind == TOKEN_ID ? r->next : NULL;
  if (wrapped && !wh_wat_take_module_name(r, &r->name)) return false;
  if (wrapped && wh_wat_take_word(r, "binary")) {
    wh_wat_read_strings(r, out);
    return wh_wat_expect_close(r) &&
           (r->next->kind == TOKEN_END || wh_wat_unexpected(r, "the end of the text")) &&
           (!out->failed || wh_wat_lexer_oom(&r->lexer));
  }
  const token_t *first = r->next, *end = wh_wat_fields_end(r);
  r->next = end;
  if (wrapped && !wh_wat_expect_close(r)) return false;
  if (r->next->kind != TOKEN_END)
    return wh_wat_unexpected(r, component ? "one component and nothing after it"
                                : wrapped ? "one module and nothing after it"
                                          : "a field of a module");
  r->next = first;
  return component ? wh_wat_read_component(r, id, end, out) : wh_wat_read_module(r, end, out);
}

/* A text that is fields of a component. */
static bool read_component_fields(reader_t *r, wh_text_t *out) {
  const token_t *first = r->next, *end = wh_wat_fields_end(r);
  r->next = end;
  if (r->next->kind != TOKEN_END) return wh_wat_unexpected(r, "a field of a component");
  r->next = first;
  return wh_wat_read_component(r, NULL, end, out);
}

static wherry_error_t *to_binary(wh_alloc_t *alloc, const char *text, size_t size,
                                 wh_features_t features, bool (*read)(reader_t *, wh_text_t *),
                                 uint8_t **out, size_t *out_size) {
  lexer_t lexer = {.alloc = alloc, .text = text, .size = size};
  wh_text_t bytes = {.alloc = alloc};
  uint8_t *exact = NULL; /* the caller frees by size */
  if (wh_wat_lexer_run(&lexer)) {
    reader_t r;
    wh_wat_reader_init(&r, &lexer, features);
    if (read(&r, &bytes) && !(exact = wh_alloc(alloc, bytes.size))) wh_wat_lexer_oom(&r.lexer);
    lexer.error = r.lexer.error;
    wh_wat_reader_free(&r);
  }
  if (exact) {
    if (bytes.size) memcpy(exact, bytes.data, bytes.size);
    *out = exact;
    *out_size = bytes.size;
  }
  wh_text_free(&bytes);
  wh_wat_lexer_free(&lexer);
  return lexer.error;
}

wherry_error_t *wh_text_to_binary(wh_alloc_t *alloc, const char *text, size_t size,
                                  wh_features_t features, uint8_t **out, size_t *out_size) {
  return to_binary(alloc, text, size, features, read_text, out, out_size);
}

wherry_error_t *wh_wat_component_to_binary(wh_alloc_t *alloc, const char *text, size_t size,
                                           wh_features_t features, uint8_t **out,
                                           size_t *out_size) {
  return to_binary(alloc, text, size, features, read_component_fields, out, out_size);
}
