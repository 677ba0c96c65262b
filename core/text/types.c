#include "reader.h"

typedef struct type_name {
  const char *name;
  uint8_t code;
} type_name_t;

static const type_name_t value_types[] = {
    {"i32", 0x7F}, {"i64", 0x7E}, {"f32", 0x7D}, {"f64", 0x7C}, {"v128", 0x7B}};
static const type_name_t reference_types[] = {
    {"funcref", 0x70},     {"externref", 0x6F},     {"anyref", 0x6E},   {"eqref", 0x6D},
    {"i31ref", 0x6C},      {"structref", 0x6B},     {"arrayref", 0x6A}, {"exnref", 0x69},
    {"nullfuncref", 0x73}, {"nullexternref", 0x72}, {"nullref", 0x71},  {"nullexnref", 0x74}};
static const type_name_t heap_types[] = {{"func", 0x70},     {"extern", 0x6F}, {"any", 0x6E},
                                         {"eq", 0x6D},       {"i31", 0x6C},    {"struct", 0x6B},
                                         {"array", 0x6A},    {"exn", 0x69},    {"nofunc", 0x73},
                                         {"noextern", 0x72}, {"none", 0x71},   {"noexn", 0x74}};

static const type_name_t *find(const reader_t *r, const type_name_t *table, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (wh_wat_token_is(r, r->next, table[i].name)) return &table[i];
  return NULL;
}
#define FIND(r, table) find((r), (table), WH_COUNT(table))

bool wh_wat_at_reference_type(const reader_t *r) {
  return wh_wat_at_list(r, "ref") || FIND(r, reference_types);
}
bool wh_wat_at_value_type(const reader_t *r) {
  return FIND(r, value_types) || wh_wat_at_reference_type(r);
}

/* Whether this version has the type whose token that is. */
static bool have_type(reader_t *r, const token_t *token, uint8_t code) {
  const char *feature = wh_later_type(code);
  return !feature || wh_wat_lexer_needs(&r->lexer, token->at, feature, "type %.*s",
                                        (int)token->size, token_text(r, token));
}

bool wh_wat_read_heap_type(reader_t *r, uint8_t *code) {
  const type_name_t *found = FIND(r, heap_types);
  if (!found && wh_wat_at_index(r))
    return wh_wat_lexer_needs(&r->lexer, r->next->at, "function-references",
                              "a reference to type %.*s", (int)r->next->size,
                              token_text(r, r->next));
  if (!found) return wh_wat_unexpected(r, "a heap type");
  *code = found->code;
  return have_type(r, r->next++, *code);
}

bool wh_wat_read_reference_type(reader_t *r, uint8_t *code) {
  const token_t *first = r->next;
  if (wh_wat_take_list(r, "ref")) {
    bool null = wh_wat_take_word(r, "null");
    if (!wh_wat_read_heap_type(r, code) || !wh_wat_expect_close(r)) return false;
    return null || wh_wat_lexer_needs(&r->lexer, first->at, "function-references",
                                      "a reference that is never null");
  }
  const type_name_t *found = FIND(r, reference_types);
  if (!found) return wh_wat_unexpected(r, "a reference type");
  *code = found->code;
  return have_type(r, r->next++, *code);
}

bool wh_wat_read_value_type(reader_t *r, wh_text_t *out) {
  const type_name_t *found = FIND(r, value_types);
  uint8_t code = found ? found->code : 0;
  if (!found && !wh_wat_at_reference_type(r)) return wh_wat_unexpected(r, "a value type");
  if (found ? !have_type(r, r->next++, code) : !wh_wat_read_reference_type(r, &code)) return false;
  wh_wat_put_byte(out, code);
  return true;
}

static bool read_types(reader_t *r, wh_text_t *out) {
  while (r->next->kind != TOKEN_CLOSE)
    if (!wh_wat_read_value_type(r, out)) return false;
  return wh_wat_expect_close(r);
}

bool wh_wat_read_signature(reader_t *r, bool locals, text_type_t *out) {
  wh_text_t *codes = &r->signature;
  codes->size = 0;
  while (wh_wat_take_list(r, "param")) {
    if (locals && wh_wat_at_name(r)) {
      if (!wh_wat_take_id(r, SPACE_LOCAL, (uint32_t)codes->size) ||
          !wh_wat_read_value_type(r, codes) || !wh_wat_expect_close(r))
        return false;
    } else if (!read_types(r, codes)) {
      return false;
    }
  }
  size_t params = codes->size;
  while (wh_wat_take_list(r, "result"))
    if (!read_types(r, codes)) return false;
  if (wh_wat_take_list(r, "param")) {
    r->next--;
    return wh_wat_unexpected(r, "no parameters after the results");
  }
  *out = (text_type_t) {0, (uint32_t)params, (uint32_t)(codes->size - params)};
  return !codes->failed || wh_wat_lexer_oom(&r->lexer);
}

static bool same(const reader_t *r, const text_type_t *type, const text_type_t *written) {
  size_t size = written->params + written->results;
  return type->params == written->params && type->results == written->results &&
         (!size || memcmp(r->type_codes.data + type->at, r->signature.data, size) == 0);
}

static bool add_type(reader_t *r, text_type_t written) {
  written.at = r->type_codes.size;
  if (r->signature.size)
    wh_text_append(&r->type_codes, r->signature.data, r->signature.size);
  else
    wh_text_append(&r->type_codes, "", 0);
  r->spaces[SPACE_TYPE].count++;
  return (!r->type_codes.failed && wh_vec_push(r->alloc, &r->types, written)) ||
         wh_wat_lexer_oom(&r->lexer);
}

bool wh_wat_read_type_definition(reader_t *r) {
  static const char *const later[] = {"struct", "array", "sub", "descriptor", "describes"};
  const token_t *first = r->next;
  for (size_t i = 0; i < WH_COUNT(later); i++)
    if (wh_wat_at_list(r, later[i]))
      return wh_wat_lexer_needs(&r->lexer, first->at, i < 3 ? "gc" : "custom-descriptors",
                                "a type of %s", later[i]);
  text_type_t written;
  if (!wh_wat_take_list(r, "func")) return wh_wat_unexpected(r, "(func …)");
  /* Parameters may have names here, which name nothing. */
  bool good =
      wh_wat_read_signature(r, true, &written) && wh_wat_expect_close(r) && add_type(r, written);
  wh_map_free(r->alloc, &r->spaces[SPACE_LOCAL].names);
  return good;
}

/* In the text's first walk all types that it defines were read; here come those it only uses. */
bool wh_wat_read_type_use(reader_t *r, bool locals, uint32_t *index) {
  const token_t *first = r->next;
  text_type_t written;
  bool given = wh_wat_take_list(r, "type");
  if (given && (!wh_wat_read_index(r, SPACE_TYPE, index) || !wh_wat_expect_close(r))) return false;
  if (!wh_wat_read_signature(r, locals, &written)) return false;
  if (given && written.params + written.results == 0) return true;
  if (given) {
    if (*index >= r->types.count) return FAIL_AT(r, first, "unknown type %u", *index);
    return same(r, &r->types.items[*index], &written) ||
           FAIL_AT(r, first, "inline function type is another than that of type %u", *index);
  }
  for (size_t i = 0; i < r->types.count; i++) {
    if (!same(r, &r->types.items[i], &written)) continue;
    *index = (uint32_t)i;
    return true;
  }
  *index = (uint32_t)r->types.count;
  return add_type(r, written);
}

bool wh_wat_read_block_type(reader_t *r, wh_text_t *out) {
  const token_t *first = r->next;
  uint32_t index;
  text_type_t written;
  if (!wh_wat_at_list(r, "type")) {
    if (!wh_wat_read_signature(r, false, &written)) return false;
    if (!written.params && written.results <= 1) {
      wh_wat_put_byte(out, written.results ? (uint8_t)r->signature.data[0] : 0x40);
      return true;
    }
    r->next = first;
  }
  if (!wh_wat_read_type_use(r, false, &index)) return false;
  wh_wat_put_s(out, index);
  return true;
}
