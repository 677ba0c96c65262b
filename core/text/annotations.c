/* Annotations (Appendix, Custom Sections and Annotations): names, custom sections, branch hints. The
   lexer keeps them beside the tokens; who reads a construct takes those that belong to it, and what
   nobody took is misplaced. */
#include "annotations.h"

#include "model/names.h"
#include "reader.h"

/* The run of annotations that stand directly before a token. */
static annotation_t *before(const reader_t *r, const token_t *token, const annotation_t **end) {
  uint32_t place = (uint32_t)(token - r->lexer.tokens.items);
  size_t low = 0, high = r->lexer.annotations.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (r->lexer.annotations.items[middle].before < place)
      low = middle + 1;
    else
      high = middle;
  }
  annotation_t *first = r->lexer.annotations.items + low, *last = first;
  if (!r->lexer.annotations.count) last = first = NULL;
  while (low < r->lexer.annotations.count && r->lexer.annotations.items[low].before == place) {
    low++;
    last++;
  }
  *end = last;
  return first;
}

static const token_t *inside(const reader_t *r, const annotation_t *annotation) {
  return r->lexer.inside.items + annotation->first;
}

static bool fail(reader_t *r, const annotation_t *annotation, const char *words) {
  return wh_wat_lexer_fail(&r->lexer, annotation->at, "%s", words);
}

/* ---- names ---- */

static bool has_name(const reader_t *r) {
  const annotation_t *end, *at = before(r, r->next, &end);
  for (; at < end; at++)
    if (at->kind == ANNOTATION_NAME && !at->used) return true;
  return false;
}

bool wh_wat_at_name(const reader_t *r) { return r->next->kind == TOKEN_ID || has_name(r); }

bool wh_wat_take_name(reader_t *r, wherry_bytes_t *name) {
  const annotation_t *end;
  for (annotation_t *at = before(r, r->next, &end); at < end; at++) {
    if (at->kind != ANNOTATION_NAME || at->used) continue;
    const token_t *token = inside(r, at);
    const char *text;
    if (at->count != 1 || token->kind != TOKEN_STRING)
      return fail(r, at, "@name annotation: expected one string");
    at->used = r->annotated = true;
    if (!wh_wat_own_string(r, token_text(r, token) + 1, &text, &name->size)) return false;
    if (!wh_utf8_valid(text, name->size, NULL))
      return fail(r, at, "@name annotation: malformed UTF-8 encoding");
    name->data = (const uint8_t *)text;
    return true;
  }
  return true;
}

void wh_wat_put_naming(section_t *names, uint32_t index, wherry_bytes_t name) {
  names->count++;
  wh_wat_put_u(&names->bytes, index);
  wh_wat_put_counted(&names->bytes, name.data, name.size);
}

/* What belongs to one thing becomes an entry of what belongs to all. */
static void flush(section_t *of_one, uint32_t index, section_t *of_all) {
  if (of_one->count) {
    of_all->count++;
    wh_wat_put_u(&of_all->bytes, index);
    wh_wat_put_u(&of_all->bytes, of_one->count);
    of_all->bytes.failed |= of_one->bytes.failed;
    if (!of_one->bytes.failed)
      wh_text_append(&of_all->bytes, of_one->bytes.data, of_one->bytes.size);
  }
  of_one->count = 0;
  of_one->bytes.size = 0;
}

void wh_wat_begin_function(reader_t *r) {
  r->in_function = true;
  r->label_count = 0;
  r->labels_named.count = r->spaces[SPACE_LOCAL].named.count = 0;
  r->labels_named.bytes.size = r->spaces[SPACE_LOCAL].named.bytes.size = 0;
}

void wh_wat_end_function(reader_t *r, uint32_t function) {
  r->in_function = false;
  flush(&r->spaces[SPACE_LOCAL].named, function, &r->local_names);
  flush(&r->labels_named, function, &r->label_names);
  flush(&r->hints, function, &r->function_hints);
  wh_map_free(r->alloc, &r->spaces[SPACE_LOCAL].names);
}

void wh_wat_end_type(reader_t *r, uint32_t type) {
  flush(&r->spaces[SPACE_FIELD].named, type, &r->field_names);
}

static void put_names(reader_t *r, wh_text_t *out) {
  const section_t *parts[WH_NAME_KINDS] = {
      [WH_NAME_FUNCTION] = &r->spaces[SPACE_FUNC].named,
      [WH_NAME_LOCAL] = &r->local_names,
      [WH_NAME_LABEL] = &r->label_names,
      [WH_NAME_TYPE] = &r->spaces[SPACE_TYPE].named,
      [WH_NAME_TABLE] = &r->spaces[SPACE_TABLE].named,
      [WH_NAME_MEMORY] = &r->spaces[SPACE_MEMORY].named,
      [WH_NAME_GLOBAL] = &r->spaces[SPACE_GLOBAL].named,
      [WH_NAME_ELEM] = &r->spaces[SPACE_ELEM].named,
      [WH_NAME_DATA] = &r->spaces[SPACE_DATA].named,
      [WH_NAME_FIELD] = &r->field_names,
      [WH_NAME_TAG] = &r->spaces[SPACE_TAG].named,
  };
  wh_text_t names = {.alloc = r->alloc};
  if (r->name.data) {
    wh_text_t name = {.alloc = r->alloc};
    wh_wat_put_counted(&name, r->name.data, r->name.size);
    wh_wat_put_byte(&names, WH_NAME_MODULE);
    if (!name.failed) wh_wat_put_counted(&names, name.data, name.size);
    names.failed |= name.failed;
    wh_text_free(&name);
  }
  for (unsigned i = 0; i < WH_NAME_KINDS; i++)
    if (parts[i]) wh_wat_put_section(&names, i, parts[i]);
  out->failed |= names.failed;
  if (!names.failed && names.size) wh_wat_put_custom(r, out, "name", &names);
  wh_text_free(&names);
}

/* ---- custom sections ---- */

enum { CODE = 10 };
static const struct {
  const char *word;
  uint8_t id;
} section_words[] = {{"type", 1},   {"import", 2}, {"func", 3},      {"table", 4}, {"memory", 5},
                     {"global", 6}, {"export", 7}, {"start", 8},     {"elem", 9},  {"code", 10},
                     {"data", 11},  {"tag", 13},   {"datacount", 12}};

const char *wh_wat_section_word(unsigned id) {
  for (size_t i = 0; i < WH_COUNT(section_words); i++)
    if (section_words[i].id == id) return section_words[i].word;
  WH_UNREACHABLE();
}

/* `(before …)` or `(after …)`, if *at is there. */
static bool read_place(reader_t *r, const annotation_t *annotation, const token_t **at,
                       const token_t *end, unsigned *place) {
  const token_t *token = *at;
  *place = WH_PLACE_LAST;
  if (token == end || token->kind != TOKEN_OPEN) return true;
  token++;
  bool is_before = token < end && wh_wat_token_is(r, token, "before");
  if (!is_before && !(token < end && wh_wat_token_is(r, token, "after")))
    return fail(r, annotation, "@custom annotation: malformed placement: expected before or after");
  token++;
  size_t i = 0;
  while (i < WH_COUNT(section_words) &&
         !(token < end && wh_wat_token_is(r, token, section_words[i].word)))
    i++;
  if (i < WH_COUNT(section_words))
    *place = is_before ? WH_PLACE_BEFORE(section_words[i].id) : WH_PLACE_AFTER(section_words[i].id);
  else if (token < end && wh_wat_token_is(r, token, is_before ? "first" : "last"))
    *place = is_before ? WH_PLACE_FIRST : WH_PLACE_LAST;
  else
    return fail(r, annotation,
                "@custom annotation: malformed section kind: expected the name of a section");
  token++;
  if (token == end || token->kind != TOKEN_CLOSE)
    return fail(r, annotation, "@custom annotation: unexpected token: expected \")\"");
  *at = token + 1;
  return true;
}

static bool read_custom(reader_t *r, annotation_t *annotation) {
  const token_t *at = inside(r, annotation), *end = at + annotation->count;
  custom_t custom = {.start = r->custom_bytes.size};
  annotation->used = true;
  if (!annotation->count || at->kind != TOKEN_STRING)
    return fail(r, annotation, "@custom annotation: missing section name");
  const char *name;
  size_t size;
  if (!wh_wat_own_string(r, token_text(r, at++) + 1, &name, &size)) return false;
  if (!wh_utf8_valid(name, size, NULL))
    return fail(r, annotation, "@custom annotation: malformed UTF-8 encoding");
  if (size == 4 && memcmp(name, "name", 4) == 0) r->names_given = true;
  if (!read_place(r, annotation, &at, end, &custom.place)) return false;
  wh_wat_put_counted(&r->custom_bytes, name, size);
  for (; at < end; at++) {
    if (at->kind != TOKEN_STRING)
      return fail(r, annotation, "@custom annotation: unexpected token: expected a string");
    wh_wat_string_decode(token_text(r, at) + 1, &r->custom_bytes);
  }
  custom.size = r->custom_bytes.size - custom.start;
  return (!r->custom_bytes.failed && wh_vec_push(r->alloc, &r->customs, custom)) ||
         wh_wat_lexer_oom(&r->lexer);
}

void wh_wat_put_custom(reader_t *r, wh_text_t *out, const char *name, const wh_text_t *contents) {
  wh_text_t whole = {.alloc = r->alloc};
  wh_wat_put_counted(&whole, name, strlen(name));
  wh_text_append(&whole, contents->data, contents->size);
  wh_wat_put_byte(out, 0);
  if (!whole.failed) wh_wat_put_counted(out, whole.data, whole.size);
  out->failed |= whole.failed;
  wh_text_free(&whole);
}

static void put_hints(reader_t *r, wh_text_t *out) {
  wh_text_t contents = {.alloc = r->alloc};
  wh_wat_put_u(&contents, r->function_hints.count);
  out->failed |= contents.failed || r->function_hints.bytes.failed;
  if (r->function_hints.count && !out->failed) {
    wh_text_append(&contents, r->function_hints.bytes.data, r->function_hints.bytes.size);
    wh_wat_put_custom(r, out, "metadata.code.branch_hint", &contents);
  }
  wh_text_free(&contents);
}

void wh_wat_put_customs(reader_t *r, wh_text_t *out, unsigned place) {
  /* The names given as text come after the data, and before what is placed last. When the section is
     written out as well, it is the one that is meant, unless annotations name something too. */
  if (place == WH_PLACE_LAST && (!r->names_given || r->annotated)) put_names(r, out);
  /* The hints come after the data count, and before what is placed before the code. */
  if (place == WH_PLACE_BEFORE(CODE)) put_hints(r, out);
  for (size_t i = 0; i < r->customs.count; i++) {
    const custom_t *custom = &r->customs.items[i];
    if (custom->place != place) continue;
    wh_wat_put_byte(out, 0);
    wh_wat_put_counted(out, r->custom_bytes.data + custom->start, custom->size);
  }
}

bool wh_wat_read_component_customs(reader_t *r, wh_text_t *out) {
  const annotation_t *end;
  bool good = true;
  for (annotation_t *at = before(r, r->next, &end); good && at < end; at++) {
    if (at->kind != ANNOTATION_CUSTOM || at->used) continue;
    good = read_custom(r, at);
    if (!good) break;
    const custom_t *custom = &r->customs.items[r->customs.count - 1];
    if (custom->place != WH_PLACE_LAST)
      return fail(r, at,
                  "@custom annotation: a component has its sections in the order of its text");
    wh_wat_put_byte(out, 0);
    wh_wat_put_counted(out, r->custom_bytes.data + custom->start, custom->size);
  }
  return good && (!out->failed || wh_wat_lexer_oom(&r->lexer));
}

/* ---- branch hints ---- */

bool wh_wat_take_hint(reader_t *r, const token_t *token, uint8_t *hint) {
  *hint = HINT_NONE;
  if (!r->in_function) return true;
  const annotation_t *end;
  for (annotation_t *at = before(r, token, &end); at < end; at++) {
    if (at->kind != ANNOTATION_HINT) continue;
    wh_text_t value = {.alloc = r->alloc};
    bool strings = true;
    for (uint32_t i = 0; i < at->count; i++) {
      const token_t *part = inside(r, at) + i;
      strings = strings && part->kind == TOKEN_STRING;
      if (strings) wh_wat_string_decode(token_text(r, part) + 1, &value);
    }
    bool failed = value.failed, again = *hint != HINT_NONE;
    bool good = !failed && strings && value.size == 1 && (uint8_t)value.data[0] < 2;
    if (good) *hint = value.data[0] ? HINT_LIKELY : HINT_UNLIKELY;
    wh_text_free(&value);
    at->used = true;
    if (failed) return wh_wat_lexer_oom(&r->lexer);
    if (again) return fail(r, at, "@metadata.code.branch_hint annotation: duplicate annotation");
    if (!good)
      return fail(r, at,
                  "@metadata.code.branch_hint annotation: invalid hint value: expected \"\\00\" "
                  "(unlikely) or \"\\01\" (likely)");
  }
  return true;
}

void wh_wat_put_hint(reader_t *r, uint8_t hint, size_t offset) {
  if (hint == HINT_NONE) return;
  r->hints.count++;
  wh_wat_put_u(&r->hints.bytes, offset);
  wh_wat_put_u(&r->hints.bytes, 1);
  wh_wat_put_byte(&r->hints.bytes, hint == HINT_LIKELY);
}

/* ---- all of a module ---- */

static annotation_t *first_of(const reader_t *r, const token_t *first) {
  const annotation_t *end;
  return before(r, first, &end);
}
static annotation_t *end_of(const reader_t *r) {
  return r->lexer.annotations.items + r->lexer.annotations.count;
}

bool wh_wat_read_annotations(reader_t *r, const token_t *end) {
  const token_t *field = r->next;
  if (!r->lexer.annotations.count) return true;
  if (!wh_wat_take_name(r, &r->name)) return false;
  if (has_name(r))
    return wh_wat_lexer_fail(&r->lexer, field->at, "@name annotation: multiple module names");
  for (annotation_t *at = first_of(r, field); at < end_of(r); at++) {
    const token_t *place = r->lexer.tokens.items + at->before;
    if (place > end) break;
    while (field < place && field < end) field = r->lexer.tokens.items + field->size + 1;
    if (at->kind != ANNOTATION_CUSTOM) continue;
    if (field != place) return fail(r, at, "misplaced @custom annotation");
    if (!read_custom(r, at)) return false;
  }
  return true;
}

bool wh_wat_check_annotations(reader_t *r, const token_t *first, const token_t *end) {
  const token_t *field = first;
  if (!r->lexer.annotations.count) return true;
  for (annotation_t *at = first_of(r, first); at < end_of(r); at++) {
    const token_t *place = r->lexer.tokens.items + at->before;
    if (place > end) break;
    if (at->used) continue;
    if (at->kind == ANNOTATION_NAME) return fail(r, at, "misplaced @name annotation");
    while (field < end && r->lexer.tokens.items + field->size < place)
      field = r->lexer.tokens.items + field->size + 1;
    if (field < place && wh_wat_token_is(r, field + 1, "func"))
      return wh_wat_lexer_invalid(&r->lexer, at->at,
                                  "@metadata.code.branch_hint annotation: invalid target: expected "
                                  "if or br_if after it");
    return fail(r, at, "@metadata.code.branch_hint annotation: not in a function");
  }
  return true;
}
