/* The fields of a module: one walk that gives everything its index, one that writes it. */
#include "reader.h"

typedef struct entity {
  const char *word;
  space_t space;
  uint8_t kind;
} entity_t;

static const entity_t entities[] = {{"func", SPACE_FUNC, WHERRY_EXTERN_FUNC},
                                    {"table", SPACE_TABLE, WHERRY_EXTERN_TABLE},
                                    {"memory", SPACE_MEMORY, WHERRY_EXTERN_MEMORY},
                                    {"global", SPACE_GLOBAL, WHERRY_EXTERN_GLOBAL},
                                    {"tag", SPACE_TAG, WHERRY_EXTERN_TAG}};

/* The kind whose word is the next token, taken. NULL: an error is set. */
static const entity_t *take_entity(reader_t *r) {
  for (size_t i = 0; i < WH_COUNT(entities); i++)
    if (wh_wat_take_word(r, entities[i].word)) return &entities[i];
  wh_wat_unexpected(r, "func, table, memory, global or tag");
  return NULL;
}

/* The end of a list that is the last in another, and of that other. */
static bool close_two(reader_t *r) {
  if (!wh_wat_expect_close(r)) return false;
  return wh_wat_expect_close(r);
}

/* Of an import: its module and its own name. */
static bool read_two_names(reader_t *r, wh_text_t *out) {
  if (!wh_wat_read_name(r, out)) return false;
  return wh_wat_read_name(r, out);
}

/* ---- the first walk ---- */

/* Whether a list of that word stands directly in the field that begins at open. */
static bool has_list(const reader_t *r, const token_t *open, const char *word) {
  const token_t *end = wh_wat_past(r, open) - 1;
  for (const token_t *t = open + 1; t < end; t = t->kind == TOKEN_OPEN ? wh_wat_past(r, t) : t + 1)
    if (t->kind == TOKEN_OPEN && wh_wat_token_is(r, t + 1, word)) return true;
  return false;
}

static bool declare(reader_t *r, space_t space) {
  return wh_wat_take_id(r, space, r->spaces[space].count++);
}

/* Imports come first. defined: the last entity that was none; NULL: none yet. */
static bool check_order(reader_t *r, const token_t *open, const entity_t *defined) {
  return !defined || FAIL_AT(r, open, "import after %s",
                             defined->space == SPACE_FUNC ? "function" : defined->word);
}

/* What is imported, with its name, after its parenthesis. */
static bool declare_import(reader_t *r, uint32_t count) {
  const entity_t *entity = take_entity(r);
  if (!entity) return false;
  r->spaces[entity->space].imported += count;
  if (count == 1) return declare(r, entity->space);
  r->spaces[entity->space].count += count;
  return true;
}

/* `(item "a" (func $f)) …`, or `(item "a") … (func)`: an import of several, after its module. */
static bool declare_items(reader_t *r) {
  uint32_t untyped = 0;
  while (wh_wat_at_list(r, "item")) {
    const token_t *open = r->next;
    r->next += 2;
    if (r->next->kind == TOKEN_STRING) r->next++;
    if (r->next->kind != TOKEN_OPEN) {
      untyped++;
    } else {
      r->next++;
      if (!declare_import(r, 1)) return false;
    }
    r->next = wh_wat_past(r, open);
  }
  if (r->next->kind != TOKEN_OPEN) return true;
  r->next++;
  if (r->next->kind == TOKEN_WORD && r->next[1].kind == TOKEN_ID)
    return FAIL_AT(r, r->next + 1, "identifier not allowed: %.*s would be the name of all items",
                   (int)r->next[1].size, token_text(r, r->next + 1));
  return declare_import(r, untyped);
}

/* *defined: as in check_order. */
static bool declare_entity(reader_t *r, const token_t *open, const entity_t **defined) {
  if (wh_wat_take_word(r, "import")) {
    if (r->next->kind == TOKEN_STRING) r->next++;
    if (!check_order(r, open, *defined)) return false;
    if (r->next->kind != TOKEN_STRING) return declare_items(r);
    r->next++;
    return wh_wat_expect_open(r, "what is imported") && declare_import(r, 1);
  }
  const entity_t *entity = take_entity(r);
  if (!entity || !declare(r, entity->space)) return false;
  if (has_list(r, open, "import")) {
    r->spaces[entity->space].imported++;
    return check_order(r, open, *defined);
  }
  *defined = entity;
  if (entity->space == SPACE_TABLE && has_list(r, open, "elem")) r->spaces[SPACE_ELEM].count++;
  if (entity->space == SPACE_MEMORY && has_list(r, open, "data")) r->spaces[SPACE_DATA].count++;
  return true;
}

static bool declare_group(reader_t *r) {
  while (r->next->kind != TOKEN_CLOSE) {
    const token_t *open = r->next;
    if (!wh_wat_take_list(r, "type")) return wh_wat_unexpected(r, "(type …)");
    if (!declare(r, SPACE_TYPE)) return false;
    r->next = wh_wat_past(r, open);
  }
  return true;
}

bool wh_wat_declare_fields(reader_t *r, const token_t *end) {
  const entity_t *defined = NULL;
  while (r->next < end) {
    const token_t *open = r->next++;
    if (wh_wat_take_word(r, "type")) {
      if (!declare(r, SPACE_TYPE)) return false;
    } else if (wh_wat_take_word(r, "rec")) {
      if (!declare_group(r)) return false;
    } else if (wh_wat_take_word(r, "elem")) {
      if (!declare(r, SPACE_ELEM)) return false;
    } else if (wh_wat_take_word(r, "data")) {
      if (!declare(r, SPACE_DATA)) return false;
    } else if (!wh_wat_token_is(r, r->next, "export") && !wh_wat_token_is(r, r->next, "start")) {
      if (!declare_entity(r, open, &defined)) return false;
    }
    r->next = wh_wat_past(r, open);
  }
  return true;
}

/* ---- types of entities ---- */

static void take_address_type(reader_t *r, bool *is64) {
  *is64 = wh_wat_take_word(r, "i64");
  if (!*is64) wh_wat_take_word(r, "i32");
}

typedef struct limits {
  bool is64, bounded, shared, paged;
  uint64_t minimum, maximum, page_power;
} limits_t;

static bool take_page_size(reader_t *r, limits_t *limits) {
  uint64_t size;
  if (!wh_wat_take_list(r, "pagesize")) return true;
  const token_t *token = r->next;
  if (!wh_wat_read_number(r, UINT64_MAX, "a page size", &size)) return false;
  if (!size || (size & (size - 1)))
    return FAIL_AT(r, token, "invalid custom page size: no power of two");
  limits->paged = true;
  limits->page_power = (uint64_t)__builtin_ctzll(size);
  return wh_wat_expect_close(r);
}

static bool read_limits(reader_t *r, limits_t *limits) {
  uint64_t most = r->features & WH_FEATURE(MEMORY64) ? UINT64_MAX : UINT32_MAX;
  if (!wh_wat_read_number(r, most, "a minimum", &limits->minimum)) return false;
  limits->bounded = wh_wat_at_index(r);
  return !limits->bounded || wh_wat_read_number(r, most, "a maximum", &limits->maximum);
}

static void put_limits(const limits_t *limits, wh_text_t *out) {
  unsigned flags = 0;
  if (limits->bounded) flags |= WH_LIMITS_MAXIMUM;
  if (limits->shared) flags |= WH_LIMITS_SHARED;
  if (limits->is64) flags |= WH_LIMITS_64;
  if (limits->paged) flags |= WH_LIMITS_PAGE_SIZE;
  wh_wat_put_byte(out, flags);
  wh_wat_put_u(out, limits->minimum);
  if (limits->bounded) wh_wat_put_u(out, limits->maximum);
  if (limits->paged) wh_wat_put_u(out, limits->page_power);
}

static bool put_memory_type(reader_t *r, wh_text_t *out) {
  limits_t limits = {0};
  take_address_type(r, &limits.is64);
  if (!read_limits(r, &limits)) return false;
  limits.shared = wh_wat_take_word(r, "shared");
  if (!take_page_size(r, &limits)) return false;
  put_limits(&limits, out);
  return true;
}

static bool put_table_type(reader_t *r, wh_text_t *out) {
  limits_t limits = {0};
  wherry_valtype_t type;
  take_address_type(r, &limits.is64);
  if (!read_limits(r, &limits) || !wh_wat_read_reference_type(r, &type)) return false;
  wh_wat_put_value_type(out, type);
  put_limits(&limits, out);
  return true;
}

static bool put_global_type(reader_t *r, wh_text_t *out) {
  bool is_mutable = wh_wat_take_list(r, "mut");
  wherry_valtype_t type;
  if (!wh_wat_read_value_type(r, &type) || (is_mutable && !wh_wat_expect_close(r))) return false;
  wh_wat_put_value_type(out, type);
  wh_wat_put_byte(out, is_mutable);
  return true;
}

/* Its parameters may have names, which name nothing. */
static bool put_tag_type(reader_t *r, wh_text_t *out) {
  uint32_t type;
  bool good = wh_wat_read_type_use(r, true, &type);
  wh_map_free(r->alloc, &r->spaces[SPACE_LOCAL].names);
  if (!good) return false;
  wh_wat_put_byte(out, 0); /* an exception */
  wh_wat_put_u(out, type);
  return true;
}

/* What an import has after its names: kind and type. index: NULL: of several. */
static bool put_import_type(reader_t *r, const entity_t *entity, const uint32_t *index) {
  wh_text_t *out = &r->imports.bytes;
  uint32_t type;
  wh_wat_put_byte(out, entity->kind);
  switch (entity->space) {
  case SPACE_FUNC:
    if (index) wh_wat_begin_function(r);
    if (!wh_wat_read_type_use(r, index, &type)) return false;
    if (index) wh_wat_end_function(r, *index);
    wh_wat_put_u(out, type);
    return true;
  case SPACE_TABLE: return put_table_type(r, out);
  case SPACE_MEMORY: return put_memory_type(r, out);
  case SPACE_TAG: return put_tag_type(r, out);
  default: return put_global_type(r, out);
  }
}

/* ---- expressions and segments ---- */

static bool put_expr(reader_t *r, bool folded, wh_text_t *out) {
  if (folded ? !wh_wat_read_folded(r, out) : !wh_wat_read_instructions(r, out)) return false;
  wh_wat_put_byte(out, WH_OP_END);
  return true;
}

/* `(offset …)`, or one folded instruction. */
static bool put_offset(reader_t *r, wh_text_t *out) {
  if (!wh_wat_take_list(r, "offset")) return put_expr(r, true, out);
  return put_expr(r, false, out) && wh_wat_expect_close(r);
}

/* Where the offset of a segment that has none written is: at 0. */
static void put_zero(wh_text_t *out, bool is64) {
  wh_wat_put_byte(out, is64 ? WH_OP_I64_CONST : WH_OP_I32_CONST);
  wh_wat_put_byte(out, 0);
  wh_wat_put_byte(out, WH_OP_END);
}

typedef enum mode { ACTIVE, PASSIVE, DECLARATIVE } segment_mode_t;

typedef struct segment {
  segment_mode_t mode;
  bool place_given; /* in the text; index 0 is not written to the binary all the same */
  uint32_t place;
  bool by_index;
  wherry_valtype_t type; /* of the items, unless by_index */
  uint32_t count;
  wh_text_t offset, items;
} segment_t;

/* Expressions up to the closing parenthesis, or indices of functions, which in a segment of
   expressions become expressions. */
static bool read_items(reader_t *r, bool indices, segment_t *s) {
  wh_text_t *out = &s->items;
  uint32_t index;
  for (s->count = 0; r->next->kind != TOKEN_CLOSE; s->count++) {
    if (indices) {
      if (!wh_wat_read_index(r, SPACE_FUNC, &index)) return false;
      if (!s->by_index) wh_wat_put_byte(out, WH_OP_REF_FUNC);
      wh_wat_put_u(out, index);
      if (!s->by_index) wh_wat_put_byte(out, WH_OP_END);
    } else if (wh_wat_take_list(r, "item")) {
      if (!put_expr(r, false, out) || !wh_wat_expect_close(r)) return false;
    } else if (!put_expr(r, true, out)) {
      return false;
    }
  }
  return true;
}

static void put_elem(reader_t *r, const segment_t *s) {
  wh_text_t *out = &r->elems.bytes;
  bool plain = s->mode == ACTIVE && !s->place && (s->by_index || s->type == WHERRY_FUNCREF);
  unsigned flags = s->mode == PASSIVE ? 1 : s->mode == DECLARATIVE ? 3 : plain ? 0 : 2;
  r->elems.count++;
  wh_wat_put_byte(out, flags | (s->by_index ? 0 : 4));
  if (flags == 2) wh_wat_put_u(out, s->place);
  if (s->mode == ACTIVE) wh_text_append(out, s->offset.data, s->offset.size);
  if (flags && s->by_index) wh_wat_put_byte(out, 0); /* the kind: functions */
  if (flags && !s->by_index) wh_wat_put_value_type(out, s->type);
  wh_wat_put_u(out, s->count);
  if (s->items.size) wh_text_append(out, s->items.data, s->items.size);
  out->failed |= s->items.failed || s->offset.failed;
}

static void put_data(reader_t *r, const segment_t *s) {
  wh_text_t *out = &r->datas.bytes;
  r->datas.count++;
  wh_wat_put_byte(out, s->mode == PASSIVE ? 1 : s->place ? 2 : 0);
  if (s->mode == ACTIVE && s->place) wh_wat_put_u(out, s->place);
  if (s->mode == ACTIVE) wh_text_append(out, s->offset.data, s->offset.size);
  wh_wat_put_counted(out, s->items.data ? s->items.data : "", s->items.size);
  out->failed |= s->items.failed || s->offset.failed;
}

/* `(table $t)` or `(memory $m)`, or a bare number as old text has it. */
static bool take_place(reader_t *r, const char *word, space_t space, segment_t *s) {
  if (wh_wat_take_list(r, word)) {
    s->place_given = true;
    return wh_wat_read_index(r, space, &s->place) && wh_wat_expect_close(r);
  }
  if (r->next->kind == TOKEN_WORD && wh_wat_at_index(r)) {
    s->place_given = true;
    return wh_wat_read_index(r, space, &s->place);
  }
  return true;
}

static bool elem_contents(reader_t *r, segment_t *s) {
  bool listed = wh_wat_at_list(r, "table");
  if (wh_wat_take_word(r, "declare"))
    s->mode = DECLARATIVE;
  else if (!take_place(r, "table", SPACE_TABLE, s))
    return false;
  else if (s->place_given || (r->next->kind == TOKEN_OPEN && !wh_wat_at_reference_type(r)))
    s->mode = ACTIVE;
  if (s->mode == ACTIVE && !put_offset(r, &s->offset)) return false;
  s->by_index = wh_wat_take_word(r, "func");
  if (!s->by_index && wh_wat_at_reference_type(r)) {
    if (!wh_wat_read_reference_type(r, &s->type)) return false;
  } else if (!s->by_index) {
    /* The word may be left out only where the table is. */
    if (s->mode != ACTIVE || listed) return wh_wat_unexpected(r, "func or a reference type");
    s->by_index = true;
  }
  return read_items(r, s->by_index, s) && wh_wat_expect_close(r);
}

static bool data_contents(reader_t *r, segment_t *s) {
  if (!take_place(r, "memory", SPACE_MEMORY, s)) return false;
  if (s->place_given || r->next->kind == TOKEN_OPEN) s->mode = ACTIVE;
  if (s->mode == ACTIVE && !put_offset(r, &s->offset)) return false;
  wh_wat_read_strings(r, &s->items);
  return wh_wat_expect_close(r);
}

static bool read_segment(reader_t *r, bool elem) {
  segment_t s = {.mode = PASSIVE, .offset = {.alloc = r->alloc}, .items = {.alloc = r->alloc}};
  if (r->next->kind == TOKEN_ID) r->next++;
  bool good = elem ? elem_contents(r, &s) : data_contents(r, &s);
  if (good && elem) put_elem(r, &s);
  if (good && !elem) put_data(r, &s);
  wh_text_free(&s.offset);
  wh_text_free(&s.items);
  return good;
}

/* ---- definitions ---- */

typedef WH_VEC(wherry_valtype_t) locals_t;

/* `(local …)*`; next: the index of the first. */
static bool read_locals(reader_t *r, uint32_t next, locals_t *locals) {
  while (wh_wat_take_list(r, "local")) {
    bool named = wh_wat_at_name(r);
    if (named && !wh_wat_take_id(r, SPACE_LOCAL, next)) return false;
    while (named || r->next->kind != TOKEN_CLOSE) {
      wherry_valtype_t type;
      if (!wh_wat_read_value_type(r, &type)) return false;
      if (!wh_vec_push(r->alloc, locals, type)) return wh_wat_lexer_oom(&r->lexer);
      next++;
      if (named) break;
    }
    if (!wh_wat_expect_close(r)) return false;
  }
  return true;
}

/* Locals as the binary has them: how many in a row have the same type. */
static void put_locals(const locals_t *locals, wh_text_t *out) {
  uint32_t groups = 0;
  const wherry_valtype_t *types = locals->items;
  for (size_t i = 0; i < locals->count; i++) groups += i == 0 || types[i] != types[i - 1];
  wh_wat_put_u(out, groups);
  for (size_t i = 0, from = 0; i < locals->count; i++) {
    if (i + 1 < locals->count && types[i + 1] == types[i]) continue;
    wh_wat_put_u(out, i + 1 - from);
    wh_wat_put_value_type(out, types[i]);
    from = i + 1;
  }
}

static bool define_function(reader_t *r, uint32_t function) {
  locals_t locals = {0};
  wh_text_t body = {.alloc = r->alloc};
  wh_text_t *out = &r->codes.bytes;
  uint32_t index;
  wh_wat_begin_function(r);
  bool good = wh_wat_read_type_use(r, true, &index);
  if (good) {
    wh_wat_put_u(&r->functions.bytes, index);
    r->functions.count++;
    good = read_locals(r, wh_wat_param_count(r, index), &locals);
    put_locals(&locals, &body);
  }
  good = good && wh_wat_read_instructions(r, &body) && wh_wat_expect_close(r);
  if (good) {
    wh_wat_put_byte(&body, WH_OP_END);
    wh_wat_put_u(out, body.size);
    if (!body.failed) wh_text_append(out, body.data, body.size);
    out->failed |= body.failed;
    r->codes.count++;
  }
  wh_wat_end_function(r, function);
  wh_vec_free(r->alloc, &locals);
  wh_text_free(&body);
  return good;
}

static bool define_table(reader_t *r, uint32_t table) {
  const token_t *first = r->next;
  wh_text_t *out = &r->tables.bytes;
  limits_t limits = {.bounded = true};
  segment_t s = {.place = table, .items = {.alloc = r->alloc}, .offset = {.alloc = r->alloc}};
  take_address_type(r, &limits.is64);
  r->tables.count++;
  if (wh_wat_at_reference_type(r)) { /* (table funcref (elem …)) */
    bool good = wh_wat_read_reference_type(r, &s.type) &&
                (wh_wat_take_list(r, "elem") || wh_wat_unexpected(r, "(elem …)"));
    bool indices = good && r->next->kind != TOKEN_OPEN;
    s.by_index = indices && s.type == WHERRY_FUNCREF;
    put_zero(&s.offset, limits.is64);
    good = good && read_items(r, indices, &s) && close_two(r);
    limits.minimum = limits.maximum = s.count;
    wh_wat_put_value_type(out, s.type);
    put_limits(&limits, out);
    if (good) put_elem(r, &s);
    wh_text_free(&s.items);
    wh_text_free(&s.offset);
    return good;
  }
  r->next = first;
  size_t start = out->size;
  if (!put_table_type(r, out)) return false;
  if (r->next->kind == TOKEN_CLOSE) return wh_wat_expect_close(r);
  /* A first value for the elements: 0x40 0x00, the type, the expression. */
  r->next = first;
  out->size = start;
  wh_wat_put_byte(out, 0x40);
  wh_wat_put_byte(out, 0);
  return put_table_type(r, out) && put_expr(r, false, out) && wh_wat_expect_close(r);
}

static bool define_memory(reader_t *r, uint32_t memory) {
  const token_t *first = r->next;
  limits_t limits = {.bounded = true};
  take_address_type(r, &limits.is64);
  if (wh_wat_at_list(r, "pagesize") && !take_page_size(r, &limits)) return false;
  r->memories.count++;
  if (!wh_wat_take_list(r, "data")) {
    r->next = first;
    return put_memory_type(r, &r->memories.bytes) && wh_wat_expect_close(r);
  }
  segment_t s = {.place = memory, .items = {.alloc = r->alloc}, .offset = {.alloc = r->alloc}};
  uint64_t power = limits.paged ? limits.page_power : 16;
  put_zero(&s.offset, limits.is64);
  wh_wat_read_strings(r, &s.items);
  limits.minimum = s.items.size >> power;
  if (s.items.size & ((UINT64_C(1) << power) - 1)) limits.minimum++;
  limits.maximum = limits.minimum;
  bool good = close_two(r);
  put_limits(&limits, &r->memories.bytes);
  if (good) put_data(r, &s);
  wh_text_free(&s.items);
  wh_text_free(&s.offset);
  return good;
}

static bool define_global(reader_t *r) {
  r->globals.count++;
  return put_global_type(r, &r->globals.bytes) && put_expr(r, false, &r->globals.bytes) &&
         wh_wat_expect_close(r);
}

static bool define_tag(reader_t *r) {
  r->tags.count++;
  return put_tag_type(r, &r->tags.bytes) && wh_wat_expect_close(r);
}

/* `(func $f (export "a") (import "m" "n") …)` and its like. */
static bool read_entity(reader_t *r, uint32_t counts[SPACE_COUNT]) {
  const entity_t *entity = take_entity(r);
  if (!entity) return false;
  uint32_t index = counts[entity->space]++;
  if (r->next->kind == TOKEN_ID) r->next++;
  while (wh_wat_take_list(r, "export")) {
    if (!wh_wat_read_name(r, &r->exports.bytes) || !wh_wat_expect_close(r)) return false;
    wh_wat_put_byte(&r->exports.bytes, entity->kind);
    wh_wat_put_u(&r->exports.bytes, index);
    r->exports.count++;
  }
  if (wh_wat_take_list(r, "import")) {
    r->imports.count++;
    return read_two_names(r, &r->imports.bytes) && wh_wat_expect_close(r) &&
           put_import_type(r, entity, &index) && wh_wat_expect_close(r);
  }
  switch (entity->space) {
  case SPACE_FUNC: return define_function(r, index);
  case SPACE_TABLE: return define_table(r, index);
  case SPACE_MEMORY: return define_memory(r, index);
  case SPACE_TAG: return define_tag(r);
  default: return define_global(r);
  }
}

/* `(func $f …)`, up to its end. */
static bool put_imported(reader_t *r, uint32_t counts[SPACE_COUNT]) {
  if (!wh_wat_expect_open(r, "what is imported")) return false;
  const entity_t *entity = take_entity(r);
  if (!entity) return false;
  uint32_t index = counts[entity->space]++;
  if (r->next->kind == TOKEN_ID) r->next++;
  return put_import_type(r, entity, &index) && wh_wat_expect_close(r);
}

bool wh_wat_read_extern_type(reader_t *r) {
  uint32_t counts[SPACE_COUNT] = {0};
  return put_imported(r, counts);
}

/* Items of one type, which comes last, and in the binary first. */
static bool put_items_of_one_type(reader_t *r, uint32_t count, const token_t *type,
                                  uint32_t counts[SPACE_COUNT]) {
  wh_text_t *out = &r->imports.bytes;
  const token_t *first = r->next, *end;
  r->next = type + 1;
  const entity_t *entity = take_entity(r);
  if (!entity) return false;
  counts[entity->space] += count;
  if (!put_import_type(r, entity, NULL) || !wh_wat_expect_close(r)) return false;
  wh_wat_put_u(out, count);
  end = r->next;
  for (r->next = first; count; count--) {
    r->next += 2;
    if (!wh_wat_read_name(r, out) || !wh_wat_expect_close(r)) return false;
  }
  r->next = end;
  return true;
}

/* An import of several, after its module: in the binary an empty name and a number tell that it is. */
static bool put_items(reader_t *r, uint32_t counts[SPACE_COUNT]) {
  wh_text_t *out = &r->imports.bytes;
  const token_t *first = r->next;
  uint32_t count = 0;
  for (; wh_wat_at_list(r, "item"); count++) r->next = wh_wat_past(r, r->next);
  const token_t *type = r->next;
  r->next = first;
  wh_wat_put_byte(out, 0);
  wh_wat_put_byte(out, type->kind == TOKEN_OPEN ? WH_IMPORT_ITEMS_OF_ONE_TYPE : WH_IMPORT_ITEMS);
  if (type->kind == TOKEN_OPEN) return put_items_of_one_type(r, count, type, counts);
  wh_wat_put_u(out, count);
  for (; count; count--) {
    r->next += 2;
    if (!wh_wat_read_name(r, out) || !put_imported(r, counts) || !wh_wat_expect_close(r))
      return false;
  }
  return true;
}

static bool read_import(reader_t *r, uint32_t counts[SPACE_COUNT]) {
  wh_text_t *out = &r->imports.bytes;
  r->imports.count++;
  if (!wh_wat_read_name(r, out)) return false;
  bool good = r->next->kind == TOKEN_STRING ? wh_wat_read_name(r, out) && put_imported(r, counts)
                                            : put_items(r, counts);
  return good && wh_wat_expect_close(r);
}

static bool read_export(reader_t *r) {
  uint32_t index;
  if (!wh_wat_read_name(r, &r->exports.bytes) || !wh_wat_expect_open(r, "what is exported"))
    return false;
  const entity_t *entity = take_entity(r);
  if (!entity || !wh_wat_read_index(r, entity->space, &index)) return false;
  wh_wat_put_byte(&r->exports.bytes, entity->kind);
  wh_wat_put_u(&r->exports.bytes, index);
  r->exports.count++;
  return close_two(r);
}

bool wh_wat_read_fields(reader_t *r, const token_t *end) {
  uint32_t counts[SPACE_COUNT] = {0};
  while (r->next < end) {
    const token_t *open = r->next++;
    bool good = true;
    if (wh_wat_take_word(r, "type") || wh_wat_take_word(r, "rec"))
      r->next = wh_wat_past(r, open); /* read before */
    else if (wh_wat_take_word(r, "import"))
      good = read_import(r, counts);
    else if (wh_wat_take_word(r, "export"))
      good = read_export(r);
    else if (wh_wat_take_word(r, "elem"))
      good = read_segment(r, true);
    else if (wh_wat_take_word(r, "data"))
      good = read_segment(r, false);
    else if (wh_wat_take_word(r, "start")) {
      if (r->has_start) return FAIL_AT(r, open, "multiple start sections");
      r->has_start = true;
      good = wh_wat_read_index(r, SPACE_FUNC, &r->start) && wh_wat_expect_close(r);
    } else {
      good = read_entity(r, counts);
    }
    if (!good) return false;
  }
  return true;
}
