/* Components in text: scopes, indices and names. */
#include "component.h"

/* More than any component has that is valid. */
enum { DEPTH = 200 };

/* ---- sorts ---- */

static const struct {
  const char *word, *shown;
  uint8_t code;
} sorts[SORT_COUNT] = {
    [SORT_CORE_FUNC] = {"func", "core func", 0x00},
    [SORT_CORE_TABLE] = {"table", "core table", 0x01},
    [SORT_CORE_MEMORY] = {"memory", "core memory", 0x02},
    [SORT_CORE_GLOBAL] = {"global", "core global", 0x03},
    [SORT_CORE_TAG] = {"tag", "core tag", 0x04},
    [SORT_CORE_TYPE] = {"type", "core type", 0x10},
    [SORT_CORE_MODULE] = {"module", "core module", 0x11},
    [SORT_CORE_INSTANCE] = {"instance", "core instance", 0x12},
    [SORT_FUNC] = {"func", "func", 0x01},
    [SORT_VALUE] = {"value", "value", 0x02},
    [SORT_TYPE] = {"type", "type", 0x03},
    [SORT_COMPONENT] = {"component", "component", 0x04},
    [SORT_INSTANCE] = {"instance", "instance", 0x05},
};

void wh_watc_put_sort(wh_text_t *out, sort_t sort) {
  if (wh_watc_is_core(sort)) wh_wat_put_byte(out, 0);
  wh_wat_put_byte(out, sorts[sort].code);
}

bool wh_watc_take_sort(component_reader_t *c, bool inside_core, unsigned among, sort_t *out) {
  const token_t *token = c->r->next;
  bool core = wh_wat_take_word(c->r, "core") || inside_core;
  int end = core ? SORT_FUNC : SORT_COUNT;
  for (int sort = core ? 0 : SORT_FUNC; sort < end; sort++) {
    if (!wh_wat_take_word(c->r, sorts[sort].word)) continue;
    *out = (sort_t)sort;
    return (among & 1u << sort) ||
           FAIL_AT(c->r, token, "unexpected token %s: not possible here", sorts[sort].shown);
  }
  return wh_wat_unexpected(c->r, core ? "func, table, memory, global, tag, type, module or instance"
                                      : "func, type, component, instance or core …");
}

/* ---- scopes ---- */

bool wh_watc_enter(component_reader_t *c) {
  if (c->depth == DEPTH)
    return FAIL_AT(c->r, c->r->next, "more than %d components and types inside each other", DEPTH);
  c->depth++;
  return true;
}

bool wh_watc_begin_scope(component_reader_t *c, scope_kind_t kind, const token_t *id) {
  wh_alloc_t *alloc = c->r->alloc;
  if (!wh_watc_enter(c)) return false;
  scope_t *scope = WH_NEW(alloc, scope_t);
  if (!scope) {
    wh_watc_leave(c);
    return wh_wat_lexer_oom(&c->r->lexer);
  }
  scope->outer = c->scope;
  scope->kind = kind;
  scope->id = id;
  scope->out.alloc = scope->open.bytes.alloc = scope->late.bytes.alloc = alloc;
  for (int i = 0; i < SORT_COUNT; i++) scope->sorts[i].named.bytes.alloc = alloc;
  wh_wat_reader_init(&scope->core, &c->r->lexer, c->r->features);
  c->scope = scope;
  return true;
}

void wh_watc_end_scope(component_reader_t *c) {
  scope_t *scope = c->scope;
  wh_alloc_t *alloc = c->r->alloc;
  c->scope = scope->outer;
  wh_text_free(&scope->out);
  wh_text_free(&scope->open.bytes);
  wh_text_free(&scope->late.bytes);
  for (int i = 0; i < SORT_COUNT; i++) {
    wh_map_free(alloc, &scope->sorts[i].names);
    wh_text_free(&scope->sorts[i].named.bytes);
  }
  wh_wat_reader_free(&scope->core);
  WH_DELETE(alloc, scope);
  wh_watc_leave(c);
}

reader_t *wh_watc_core(component_reader_t *c) {
  reader_t *core = &c->scope->core;
  core->next = c->r->next;
  return core;
}

bool wh_watc_core_done(component_reader_t *c, bool good) {
  reader_t *core = &c->scope->core;
  c->r->next = core->next;
  if (core->lexer.error && !c->r->lexer.error)
    c->r->lexer.error = core->lexer.error;
  else
    wherry_error_release(core->lexer.error);
  core->lexer.error = NULL;
  return good;
}

/* ---- bytes ---- */

bool wh_watc_put(component_reader_t *c, wh_text_t *out, const wh_text_t *bytes) {
  if (bytes->size && !bytes->failed) wh_text_append(out, bytes->data, bytes->size);
  out->failed |= bytes->failed;
  return !out->failed || wh_wat_lexer_oom(&c->r->lexer);
}

static void end_section(scope_t *scope) {
  if (scope->open.count) wh_wat_put_section(&scope->out, scope->part, &scope->open);
  scope->open.count = 0;
  scope->open.bytes.size = 0;
}

bool wh_watc_emit(component_reader_t *c, part_t part, const wh_text_t *entry) {
  /* The first byte of a declaration. */
  static const uint8_t forms[PART_COUNT] = {[PART_CORE_TYPE] = 0,
                                            [PART_TYPE] = 1,
                                            [PART_ALIAS] = 2,
                                            [PART_IMPORT] = 3,
                                            [PART_EXPORT] = 4};
  static const uint8_t core_forms[PART_COUNT] = {
      [PART_IMPORT] = 0, [PART_CORE_TYPE] = 1, [PART_ALIAS] = 2, [PART_EXPORT] = 3};
  scope_t *scope = c->scope;
  bool alone = part == PART_CORE_MODULE || part == PART_COMPONENT || part == PART_START;
  if (scope->kind != SCOPE_COMPONENT) {
    scope->count++;
    wh_wat_put_byte(&scope->out, scope->kind == SCOPE_MODULE_TYPE ? core_forms[part] : forms[part]);
    return wh_watc_put(c, &scope->out, entry);
  }
  if (alone || scope->part != part) end_section(scope);
  scope->part = part;
  if (!alone) {
    scope->open.count++;
    return wh_watc_put(c, &scope->open.bytes, entry);
  }
  wh_wat_put_byte(&scope->out, part);
  wh_wat_put_u(&scope->out, entry->size);
  return wh_watc_put(c, &scope->out, entry);
}

bool wh_watc_read_customs(component_reader_t *c) {
  wh_text_t sections = {.alloc = c->r->alloc};
  bool good = wh_wat_read_component_customs(c->r, &sections);
  if (good && sections.size) {
    end_section(c->scope);
    good = wh_watc_put(c, &c->scope->out, &sections);
  }
  wh_text_free(&sections);
  return good;
}

static void put_names(component_reader_t *c, wherry_bytes_t name, wh_text_t *out) {
  scope_t *scope = c->scope;
  wh_text_t names = {.alloc = c->r->alloc}, part = {.alloc = c->r->alloc};
  if (name.data) {
    wh_wat_put_counted(&part, name.data, name.size);
    wh_wat_put_byte(&names, 0);
    if (!part.failed) wh_wat_put_counted(&names, part.data, part.size);
  }
  for (int i = 0; i < SORT_COUNT; i++) {
    const section_t *named =
        i == SORT_CORE_TYPE ? &scope->core.spaces[SPACE_TYPE].named : &scope->sorts[i].named;
    if (!named->count) continue;
    part.size = 0;
    wh_watc_put_sort(&part, (sort_t)i);
    wh_wat_put_u(&part, named->count);
    wh_watc_put(c, &part, &named->bytes);
    wh_wat_put_byte(&names, 1);
    if (!part.failed) wh_wat_put_counted(&names, part.data, part.size);
  }
  out->failed |= names.failed || part.failed;
  if (names.size && !out->failed) wh_wat_put_custom(c->r, out, "component-name", &names);
  wh_text_free(&names);
  wh_text_free(&part);
}

bool wh_watc_put_sections(component_reader_t *c, wherry_bytes_t name, wh_text_t *out) {
  scope_t *scope = c->scope;
  if (scope->late.count && scope->part != PART_EXPORT) end_section(scope);
  if (scope->late.count) scope->part = PART_EXPORT;
  scope->open.count += scope->late.count;
  wh_watc_put(c, &scope->open.bytes, &scope->late.bytes);
  end_section(scope);
  wh_text_append(out, "\0asm\x0D\0\1\0", 8);
  wh_watc_put(c, out, &scope->out);
  put_names(c, name, out);
  return !out->failed || wh_wat_lexer_oom(&c->r->lexer);
}

/* ---- names and indices ---- */

static wh_map_t *names_of(scope_t *scope, sort_t sort) {
  return sort == SORT_CORE_TYPE ? &scope->core.spaces[SPACE_TYPE].names : &scope->sorts[sort].names;
}

const token_t *wh_watc_take_id(component_reader_t *c) {
  return c->r->next->kind == TOKEN_ID ? c->r->next++ : NULL;
}

static bool take_index(component_reader_t *c, sort_t sort, uint32_t *index) {
  scope_t *scope = c->scope;
  if (sort != SORT_CORE_TYPE) {
    *index = scope->sorts[sort].count++;
    return true;
  }
  *index = (uint32_t)scope->core.types.count;
  return wh_watc_core_done(c, wh_wat_add_unknown_type(wh_watc_core(c)));
}

bool wh_watc_bind(component_reader_t *c, sort_t sort, const token_t *id, uint32_t *index) {
  reader_t *r = c->r;
  wh_map_t *names = names_of(c->scope, sort);
  const char *name;
  size_t size;
  uint64_t old;
  if (!take_index(c, sort, index)) return false;
  if (!id) return true;
  if (!wh_wat_id_name(r, id, &name, &size)) return false;
  if (wh_map_get(names, name, size, &old))
    return FAIL_AT(r, id, "duplicate %s %.*s", sorts[sort].shown, (int)id->size, token_text(r, id));
  wh_wat_put_naming(sort == SORT_CORE_TYPE ? &c->scope->core.spaces[SPACE_TYPE].named
                                           : &c->scope->sorts[sort].named,
                    *index, (wherry_bytes_t) {(const uint8_t *)name, size});
  return wh_map_put(r->alloc, names, name, size, *index) || wh_wat_lexer_oom(&r->lexer);
}

/* An alias of what a scope so many further out has at an index. */
static bool alias_outer(component_reader_t *c, sort_t sort, uint32_t outwards, uint32_t index,
                        const token_t *id, uint32_t *out) {
  wh_text_t entry = {.alloc = c->r->alloc};
  if (c->scope->kind == SCOPE_MODULE_TYPE) {
    wh_wat_put_byte(&entry, sorts[sort].code);
    wh_wat_put_byte(&entry, 1);
  } else {
    wh_watc_put_sort(&entry, sort);
    wh_wat_put_byte(&entry, 2);
  }
  wh_wat_put_u(&entry, outwards);
  wh_wat_put_u(&entry, index);
  bool good = wh_watc_emit(c, PART_ALIAS, &entry) && wh_watc_bind(c, sort, id, out);
  wh_text_free(&entry);
  return good;
}

bool wh_watc_is_outside(const component_reader_t *c, sort_t sort, const char *name, size_t size) {
  uint64_t value;
  for (scope_t *scope = c->scope->outer; scope; scope = scope->outer)
    if (wh_map_get(names_of(scope, sort), name, size, &value)) return true;
  return false;
}

/* A name that this scope does not have may be one of a scope around it: then there is an alias, for each use
   one of its own, as others have them, so that indices mean the same. */
static bool find_outside(component_reader_t *c, sort_t sort, const token_t *token, const char *name,
                         size_t size, uint32_t *out) {
  reader_t *r = c->r;
  uint32_t outwards = 1;
  uint64_t value;
  for (scope_t *scope = c->scope->outer; scope; scope = scope->outer, outwards++) {
    if (!wh_map_get(names_of(scope, sort), name, size, &value)) continue;
    if (sort != SORT_CORE_MODULE && sort != SORT_CORE_TYPE && sort != SORT_TYPE &&
        sort != SORT_COMPONENT)
      return FAIL_AT(r, token, "outer item %.*s is not a module, type, or component",
                     (int)token->size, token_text(r, token));
    return alias_outer(c, sort, outwards, (uint32_t)value, NULL, out);
  }
  return FAIL_AT(r, token, "unknown %s %.*s", sorts[sort].shown, (int)token->size,
                 token_text(r, token));
}

/* scope: where names are looked for, and nowhere else; NULL: here and outwards. */
static bool read_index_in(component_reader_t *c, scope_t *scope, sort_t sort, uint32_t *out) {
  reader_t *r = c->r;
  const token_t *token = r->next;
  const char *name;
  size_t size;
  uint64_t value;
  if (token->kind != TOKEN_ID) {
    if (!wh_wat_read_number(r, UINT32_MAX, "an index or a name", &value)) return false;
    *out = (uint32_t)value;
    return true;
  }
  if (!wh_wat_id_name(r, r->next++, &name, &size)) return false;
  if (wh_map_get(names_of(scope ? scope : c->scope, sort), name, size, &value)) {
    *out = (uint32_t)value;
    return true;
  }
  if (!scope) return find_outside(c, sort, token, name, size, out);
  return FAIL_AT(r, token, "unknown %s %.*s", sorts[sort].shown, (int)token->size,
                 token_text(r, token));
}

bool wh_watc_read_index(component_reader_t *c, sort_t sort, uint32_t *out) {
  return read_index_in(c, NULL, sort, out);
}

/* An alias of what an instance exports by the name that comes next. */
static bool alias_export(component_reader_t *c, sort_t sort, bool core, uint32_t instance,
                         const token_t *id, uint32_t *out) {
  wh_text_t entry = {.alloc = c->r->alloc};
  wh_watc_put_sort(&entry, sort);
  wh_wat_put_byte(&entry, core);
  wh_wat_put_u(&entry, instance);
  bool good = wh_wat_read_name(c->r, &entry) && wh_watc_emit(c, PART_ALIAS, &entry) &&
              wh_watc_bind(c, sort, id, out);
  wh_text_free(&entry);
  return good;
}

bool wh_watc_read_path(component_reader_t *c, sort_t sort, uint32_t *out) {
  reader_t *r = c->r;
  if (!wh_wat_at_index(r) || r->next[1].kind != TOKEN_STRING)
    return wh_watc_read_index(c, sort, out);
  /* Core modules are exports of instances of components. */
  bool core = wh_watc_is_core(sort) && sort != SORT_CORE_MODULE;
  if (!wh_watc_read_index(c, core ? SORT_CORE_INSTANCE : SORT_INSTANCE, out)) return false;
  while (r->next->kind == TOKEN_STRING) {
    bool last = r->next[1].kind != TOKEN_STRING;
    if (core && !last)
      return FAIL_AT(r, r->next + 1, "unexpected token: a core instance exports no instances");
    if (!alias_export(c, last ? sort : SORT_INSTANCE, core, *out, NULL, out)) return false;
  }
  return true;
}

bool wh_watc_read_ref(component_reader_t *c, sort_t sort, uint32_t *out) {
  reader_t *r = c->r;
  if (r->next->kind != TOKEN_OPEN) return wh_watc_read_path(c, sort, out);
  r->next++;
  if (wh_watc_is_core(sort)) wh_wat_take_word(r, "core");
  if (!wh_wat_take_word(r, sorts[sort].word)) return wh_wat_unexpected(r, sorts[sort].shown);
  return wh_watc_read_path(c, sort, out) && wh_wat_expect_close(r);
}

uint32_t wh_watc_count_lists(const component_reader_t *c, const char *word) {
  uint32_t count = 0;
  for (const token_t *t = c->r->next; t->kind == TOKEN_OPEN && wh_wat_token_is(c->r, t + 1, word);
       t = wh_wat_past(c->r, t))
    count++;
  return count;
}

/* ---- names of imports and exports ---- */

/* In the order of their codes. */
enum { ATTRIBUTES = 3 };
static const char *const attributes[ATTRIBUTES] = {"implements", "versionsuffix", "external-id"};

bool wh_watc_is_attribute(const component_reader_t *c, const token_t *token) {
  for (unsigned i = 0; i < ATTRIBUTES; i++)
    if (wh_wat_token_is(c->r, token, attributes[i])) return true;
  return false;
}

/* Each may be there once. */
static bool read_attributes(component_reader_t *c, section_t *out) {
  bool given[ATTRIBUTES] = {false};
  reader_t *r = c->r;
  for (;;) {
    const token_t *open = r->next;
    unsigned i = 0;
    while (i < ATTRIBUTES && !wh_wat_take_list(r, attributes[i])) i++;
    if (i == ATTRIBUTES) return true;
    if (given[i])
      return FAIL_AT(r, open, "unexpected token (%s: a name has one at most", attributes[i]);
    given[i] = true;
    out->count++;
    wh_wat_put_byte(&out->bytes, i);
    if (!wh_wat_read_name(r, &out->bytes) || !wh_wat_expect_close(r)) return false;
  }
}

bool wh_watc_read_extern_name(component_reader_t *c, wh_text_t *out) {
  reader_t *r = c->r;
  section_t given = {.bytes = {.alloc = r->alloc}};
  wh_text_t name = {.alloc = r->alloc};
  bool good = wh_wat_read_name(r, &name) && read_attributes(c, &given);
  if (good) {
    wh_wat_put_byte(out, given.count ? 2 : 0);
    good = wh_watc_put(c, out, &name);
  }
  if (good && given.count) {
    wh_wat_put_u(out, given.count);
    good = wh_watc_put(c, out, &given.bytes);
  }
  wh_text_free(&name);
  wh_text_free(&given.bytes);
  return good;
}

/* ---- aliases ---- */

typedef enum alias { ALIAS_EXPORT, ALIAS_CORE_EXPORT, ALIAS_OUTER } alias_t;

static bool read_target(component_reader_t *c, alias_t *kind) {
  reader_t *r = c->r;
  *kind = wh_wat_take_word(r, "outer")  ? ALIAS_OUTER
          : wh_wat_take_word(r, "core") ? ALIAS_CORE_EXPORT
                                        : ALIAS_EXPORT;
  return *kind == ALIAS_OUTER || wh_wat_take_word(r, "export") ||
         wh_wat_unexpected(r, "export, core export or outer");
}

/* How many scopes further out; *scope NULL: there are not so many, which is for the validator to
   say. */
static bool read_outwards(component_reader_t *c, scope_t **scope, uint32_t *out) {
  reader_t *r = c->r;
  const token_t *token = r->next;
  const char *name, *other;
  size_t size, other_size;
  uint64_t count = 0;
  *scope = c->scope;
  if (token->kind == TOKEN_ID) {
    if (!wh_wat_id_name(r, r->next++, &name, &size)) return false;
    for (; *scope; *scope = (*scope)->outer, count++) {
      if (!(*scope)->id) continue;
      if (!wh_wat_id_name(r, (*scope)->id, &other, &other_size)) return false;
      if (size == other_size && memcmp(name, other, size) == 0) break;
    }
    if (!*scope)
      return FAIL_AT(r, token, "unknown component %.*s around this", (int)token->size,
                     token_text(r, token));
  } else {
    if (!wh_wat_read_number(r, UINT32_MAX, "a component or a number", &count)) return false;
    for (uint64_t i = 0; i < count && *scope; i++) *scope = (*scope)->outer;
  }
  *out = (uint32_t)count;
  return true;
}

static bool read_outer(component_reader_t *c, sort_t sort, const token_t *id, uint32_t *index) {
  reader_t *r = c->r;
  scope_t *scope;
  uint32_t outwards = 0, place = 0;
  if (!read_outwards(c, &scope, &outwards)) return false;
  const token_t *token = r->next++;
  if (token->kind != TOKEN_ID && token->kind != TOKEN_WORD) {
    r->next--;
    return wh_wat_unexpected(r, "an index or a name");
  }
  if (sort == SORT_COUNT) {
    unsigned among = SORTS_OUTER | (c->scope->kind == SCOPE_MODULE_TYPE ? 1u << SORT_TYPE : 0);
    if (!wh_wat_expect_open(r, "what sort of thing it is") ||
        !wh_watc_take_sort(c, false, among, &sort))
      return false;
    if (c->scope->kind == SCOPE_MODULE_TYPE && sort == SORT_TYPE) sort = SORT_CORE_TYPE;
    id = wh_watc_take_id(c);
    if (!wh_wat_expect_close(r)) return false;
  }
  const token_t *end = r->next;
  r->next = token;
  if (!scope && token->kind == TOKEN_ID)
    return FAIL_AT(r, token, "unknown %s: there are not so many components around this",
                   sorts[sort].shown);
  if (!read_index_in(c, scope ? scope : c->scope, sort, &place)) return false;
  r->next = end;
  return alias_outer(c, sort, outwards, place, id, index) && wh_wat_expect_close(r);
}

bool wh_watc_read_alias(component_reader_t *c, sort_t sort, const token_t *id, uint32_t *index) {
  reader_t *r = c->r;
  alias_t kind;
  uint32_t instance;
  const token_t *token = r->next;
  if (!read_target(c, &kind)) return false;
  unsigned among = kind == ALIAS_OUTER         ? SORTS_OUTER
                   : kind == ALIAS_CORE_EXPORT ? SORTS_CORE
                                               : SORTS_EXTERN;
  if (sort != SORT_COUNT && !(among & 1u << sort))
    return FAIL_AT(r, token, "unexpected token: there is no such alias of a %s", sorts[sort].shown);
  if (kind == ALIAS_OUTER) return read_outer(c, sort, id, index);
  bool core = kind == ALIAS_CORE_EXPORT;
  if (!wh_watc_read_index(c, core ? SORT_CORE_INSTANCE : SORT_INSTANCE, &instance)) return false;
  const token_t *name = r->next;
  if (name->kind != TOKEN_STRING) return wh_wat_unexpected(r, "the name of an export");
  if (sort == SORT_COUNT) {
    r->next++;
    if (!wh_wat_expect_open(r, "what sort of thing it is") ||
        !wh_watc_take_sort(c, core, core ? SORTS_CORE : SORTS_EXTERN, &sort))
      return false;
    id = wh_watc_take_id(c);
    if (!wh_wat_expect_close(r)) return false;
    const token_t *end = r->next;
    r->next = name;
    if (!alias_export(c, sort, core, instance, id, index)) return false;
    r->next = end;
  } else if (!alias_export(c, sort, core, instance, id, index)) {
    return false;
  }
  return wh_wat_expect_close(r);
}
