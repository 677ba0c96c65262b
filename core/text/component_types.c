/* Types of components in text. What is written inside another type becomes a type of its own, before it. */
#include "component.h"

/* ---- value types ---- */

static const struct {
  const char *word;
  uint8_t code;
} primitives[] = {{"bool", 0x7F},   {"s8", 0x7E},           {"u8", 0x7D},  {"s16", 0x7C},
                  {"u16", 0x7B},    {"s32", 0x7A},          {"u32", 0x79}, {"s64", 0x78},
                  {"u64", 0x77},    {"f32", 0x76},          {"f64", 0x75}, {"char", 0x74},
                  {"string", 0x73}, {"error-context", 0x64}};

static bool take_primitive(component_reader_t *c, wh_text_t *out) {
  for (size_t i = 0; i < WH_COUNT(primitives); i++) {
    if (!wh_wat_take_word(c->r, primitives[i].word)) continue;
    wh_wat_put_byte(out, primitives[i].code);
    return true;
  }
  return false;
}

static bool read_defined(component_reader_t *c, wh_text_t *out);

bool wh_watc_read_valtype(component_reader_t *c, wh_text_t *out) {
  reader_t *r = c->r;
  uint32_t index;
  if (take_primitive(c, out)) return true;
  if (wh_wat_at_index(r) || wh_wat_at_list(r, "type")) {
    if (!wh_watc_read_ref(c, SORT_TYPE, &index)) return false;
  } else {
    wh_text_t entry = {.alloc = r->alloc};
    bool good = wh_watc_enter(c);
    if (good) {
      good = read_defined(c, &entry) && wh_watc_emit(c, PART_TYPE, &entry) &&
             wh_watc_bind(c, SORT_TYPE, NULL, &index);
      wh_watc_leave(c);
    }
    wh_text_free(&entry);
    if (!good) return false;
  }
  wh_wat_put_s(out, index);
  return true;
}

/* `(field "a" u8)` or `(case "a" u8)`. optional: a type may be missing. */
static bool read_labelled(component_reader_t *c, const char *word, bool optional, wh_text_t *out) {
  reader_t *r = c->r;
  uint32_t count = wh_watc_count_lists(c, word);
  wh_wat_put_u(out, count);
  for (; count; count--) {
    r->next += 2;
    if (!wh_wat_read_name(r, out)) return false;
    bool typed = !optional || r->next->kind != TOKEN_CLOSE;
    if (optional) wh_wat_put_byte(out, typed);
    if (typed && !wh_watc_read_valtype(c, out)) return false;
    if (optional) wh_wat_put_byte(out, 0); /* the end of a case */
    if (!wh_wat_expect_close(r)) return false;
  }
  return true;
}

static bool read_labels(component_reader_t *c, wh_text_t *out) {
  uint32_t count = 0;
  while (c->r->next[count].kind == TOKEN_STRING) count++;
  wh_wat_put_u(out, count);
  for (; count; count--)
    if (!wh_wat_read_name(c->r, out)) return false;
  return true;
}

static bool read_tuple(component_reader_t *c, wh_text_t *out) {
  reader_t *r = c->r;
  uint32_t count = 0;
  for (const token_t *t = r->next; t->kind != TOKEN_CLOSE && t->kind != TOKEN_END; count++)
    t = t->kind == TOKEN_OPEN ? wh_wat_past(r, t) : t + 1;
  wh_wat_put_u(out, count);
  for (; count; count--)
    if (!wh_watc_read_valtype(c, out)) return false;
  return true;
}

static bool read_optional(component_reader_t *c, bool present, wh_text_t *out) {
  wh_wat_put_byte(out, present);
  return !present || wh_watc_read_valtype(c, out);
}

/* `list t` or `list t 4`, after the word. */
static bool read_list(component_reader_t *c, wh_text_t *out) {
  reader_t *r = c->r;
  uint64_t length;
  wh_text_t element = {.alloc = r->alloc};
  bool good = wh_watc_read_valtype(c, &element);
  bool is_fixed = good && r->next->kind != TOKEN_CLOSE;
  if (good) {
    wh_wat_put_byte(out, is_fixed ? 0x67 : 0x70);
    good = wh_watc_put(c, out, &element);
  }
  wh_text_free(&element);
  if (!good || !is_fixed) return good;
  if (!wh_wat_read_number(r, UINT32_MAX, "the length of a list", &length)) return false;
  wh_wat_put_u(out, length);
  return true;
}

static bool put_index(component_reader_t *c, sort_t sort, wh_text_t *out) {
  uint32_t index;
  if (!wh_watc_read_ref(c, sort, &index)) return false;
  wh_wat_put_u(out, index);
  return true;
}

/* `result t (error u)`, after the word; both may be missing. */
static bool read_result_type(component_reader_t *c, wh_text_t *out) {
  reader_t *r = c->r;
  if (!read_optional(c, r->next->kind != TOKEN_CLOSE && !wh_wat_at_list(r, "error"), out))
    return false;
  bool error = wh_wat_take_list(r, "error");
  return read_optional(c, error, out) && (!error || wh_wat_expect_close(r));
}

/* A value type that is a list, the whole. */
static bool read_defined(component_reader_t *c, wh_text_t *out) {
  static const struct {
    const char *word;
    uint8_t code;
  } words[] = {{"record", 0x72}, {"variant", 0x71}, {"list", 0},      {"tuple", 0x6F},
               {"flags", 0x6E},  {"enum", 0x6D},    {"option", 0x6B}, {"result", 0x6A},
               {"own", 0x69},    {"borrow", 0x68},  {"stream", 0x66}, {"future", 0x65},
               {"map", 0x63}};
  reader_t *r = c->r;
  size_t i = 0;
  while (i < WH_COUNT(words) && !wh_wat_take_list(r, words[i].word)) i++;
  if (i == WH_COUNT(words)) return wh_wat_unexpected(r, "a type: u8, (list …), (record …), …");
  uint8_t code = words[i].code;
  if (code) wh_wat_put_byte(out, code);
  bool good = false;
  switch (code) {
  case 0x72: good = read_labelled(c, "field", false, out); break;
  case 0x71: good = read_labelled(c, "case", true, out); break;
  case 0: good = read_list(c, out); break;
  case 0x6F: good = read_tuple(c, out); break;
  case 0x6E:
  case 0x6D: good = read_labels(c, out); break;
  case 0x6B: good = wh_watc_read_valtype(c, out); break;
  case 0x6A: good = read_result_type(c, out); break;
  case 0x69:
  case 0x68: good = put_index(c, SORT_TYPE, out); break;
  case 0x66:
  case 0x65: good = read_optional(c, r->next->kind != TOKEN_CLOSE, out); break;
  default: /* a map: key and value */
    good = wh_watc_read_valtype(c, out);
    good = good && wh_watc_read_valtype(c, out);
  }
  return good && wh_wat_expect_close(r);
}

/* ---- functions, resources ---- */

bool wh_watc_read_result(component_reader_t *c, wh_text_t *out) {
  bool given = wh_wat_take_list(c->r, "result");
  wh_wat_put_byte(out, !given);
  if (given) return wh_watc_read_valtype(c, out) && wh_wat_expect_close(c->r);
  wh_wat_put_byte(out, 0);
  return true;
}

/* What follows the word func. */
static bool read_func(component_reader_t *c, wh_text_t *out) {
  wh_wat_put_byte(out, wh_wat_take_word(c->r, "async") ? 0x43 : 0x40);
  return read_labelled(c, "param", false, out) && wh_watc_read_result(c, out);
}

/* `(resource (rep i32) (dtor $f))`, after its word. */
static bool read_resource(component_reader_t *c, wh_text_t *out) {
  reader_t *r = c->r;
  wherry_valtype_t type;
  if (!wh_wat_take_list(r, "rep")) return wh_wat_unexpected(r, "(rep i32)");
  if (!wh_watc_core_done(c, wh_wat_read_value_type(wh_watc_core(c), &type)) ||
      !wh_wat_expect_close(r))
    return false;
  wh_wat_put_byte(out, 0x3F);
  wh_wat_put_value_type(out, type);
  bool has_destructor = wh_wat_take_list(r, "dtor");
  wh_wat_put_byte(out, has_destructor);
  return !has_destructor || (put_index(c, SORT_CORE_FUNC, out) && wh_wat_expect_close(r));
}

/* ---- core types ---- */

static bool follows_one_of(const reader_t *r, const token_t *token) {
  static const char *const words[] = {"ref", "null", "sub", "final"};
  for (size_t i = 0; i < WH_COUNT(words); i++)
    if (wh_wat_token_is(r, token - 1, words[i])) return true;
  return wh_wat_token_is(r, token - 1, "type") && token[1].kind == TOKEN_CLOSE;
}

/* Names of core types that are further out become aliases here, before they are read. Only where an
   index is meant; next: after what defines a name itself. */
static bool alias_core_names(component_reader_t *c, const token_t *next, const token_t *end) {
  reader_t *r = c->r;
  const token_t *here = r->next;
  bool good = true;
  for (const token_t *t = next; good && t < end; t++) {
    const char *name;
    size_t size;
    uint64_t value;
    uint32_t index;
    if (t->kind != TOKEN_ID || !follows_one_of(r, t)) continue;
    if (!wh_wat_id_name(r, t, &name, &size)) return false;
    wh_map_t *names = &c->scope->core.spaces[SPACE_TYPE].names;
    if (wh_map_get(names, name, size, &value)) continue;
    if (!wh_watc_is_outside(c, SORT_CORE_TYPE, name, size)) continue;
    r->next = t;
    good = wh_watc_read_index(c, SORT_CORE_TYPE, &index) &&
           (wh_map_put(r->alloc, names, name, size, index) || wh_wat_lexer_oom(&r->lexer));
  }
  r->next = here;
  return good;
}

/* The types that the reader of core types has just read. */
static bool emit_definitions(component_reader_t *c) {
  reader_t *core = &c->scope->core;
  wh_text_t *bytes = &core->definitions.bytes;
  bool good = true;
  if (core->definitions.count) {
    wh_text_t entry = {.alloc = c->r->alloc};
    /* A type that is not final begins as module types do, for now. */
    if (c->scope->kind != SCOPE_MODULE_TYPE && bytes->size && bytes->data[0] == 0x50)
      wh_wat_put_byte(&entry, 0);
    good = wh_watc_put(c, &entry, bytes) && wh_watc_emit(c, PART_CORE_TYPE, &entry);
    wh_text_free(&entry);
  }
  core->definitions.count = 0;
  bytes->size = 0;
  return good;
}

/* `type $t …)` or `rec …)`. */
static bool define_core(component_reader_t *c) {
  reader_t *r = c->r;
  const token_t *open = r->next - (r->next[-1].kind == TOKEN_OPEN ? 1 : 2); /* `(core type …)` */
  const token_t *end = wh_wat_past(r, open);
  return alias_core_names(c, r->next + 2 < end ? r->next + 2 : end, end) &&
         wh_watc_core_done(c, wh_wat_read_one_definition(wh_watc_core(c))) && emit_definitions(c);
}

/* `(func (type $t))` and its like. */
static bool read_core_extern_type(component_reader_t *c, wh_text_t *out) {
  reader_t *r = c->r, *core = &c->scope->core;
  if (r->next->kind == TOKEN_OPEN && !alias_core_names(c, r->next + 1, wh_wat_past(r, r->next)))
    return false;
  core->imports.bytes.size = 0;
  wh_map_free(r->alloc, &core->plain_types); /* each has a type of its own, as others have it */
  return wh_watc_core_done(c, wh_wat_read_extern_type(wh_watc_core(c))) && emit_definitions(c) &&
         wh_watc_put(c, out, &core->imports.bytes);
}

static bool read_module_declaration(component_reader_t *c) {
  reader_t *r = c->r;
  uint32_t index;
  if (!wh_wat_expect_open(r, "(import …), (export …), (type …) or (alias …)")) return false;
  if (wh_wat_take_word(r, "alias")) return wh_watc_read_alias(c, SORT_COUNT, NULL, &index);
  if (wh_wat_token_is(r, r->next, "type") || wh_wat_token_is(r, r->next, "rec"))
    return define_core(c);
  bool is_import = wh_wat_take_word(r, "import");
  if (!is_import && !wh_wat_take_word(r, "export"))
    return wh_wat_unexpected(r, "import, export, type or alias");
  wh_text_t entry = {.alloc = r->alloc};
  bool good = (!is_import || wh_wat_read_name(r, &entry)) && wh_wat_read_name(r, &entry) &&
              read_core_extern_type(c, &entry) && wh_wat_expect_close(r) &&
              wh_watc_emit(c, is_import ? PART_IMPORT : PART_EXPORT, &entry);
  wh_text_free(&entry);
  return good;
}

/* ---- component, instance and module types ---- */

bool wh_watc_read_declared(component_reader_t *c, part_t part) {
  wh_text_t entry = {.alloc = c->r->alloc};
  sort_t sort;
  const token_t *id;
  uint32_t index;
  bool good = wh_watc_read_extern_name(c, &entry) &&
              wh_watc_read_described(c, &entry, &sort, &id) && wh_wat_expect_close(c->r) &&
              wh_watc_emit(c, part, &entry) && wh_watc_bind(c, sort, id, &index);
  wh_text_free(&entry);
  return good;
}

static bool read_declaration(component_reader_t *c) {
  reader_t *r = c->r;
  uint32_t index;
  if (c->scope->kind == SCOPE_MODULE_TYPE) return read_module_declaration(c);
  if (!wh_wat_expect_open(r, "a declaration: (export …), (type …), …")) return false;
  if (wh_wat_take_word(r, "core")) return wh_watc_read_core_type(c);
  if (wh_wat_take_word(r, "alias")) return wh_watc_read_alias(c, SORT_COUNT, NULL, &index);
  if (wh_wat_take_word(r, "export")) return wh_watc_read_declared(c, PART_EXPORT);
  if (c->scope->kind == SCOPE_COMPONENT_TYPE && wh_wat_take_word(r, "import"))
    return wh_watc_read_declared(c, PART_IMPORT);
  if (!wh_wat_take_word(r, "type")) return wh_wat_unexpected(r, "export, type, alias or core type");
  const token_t *id = wh_watc_take_id(c);
  if (wh_wat_take_list(r, "alias"))
    return wh_watc_read_alias(c, SORT_TYPE, id, &index) && wh_wat_expect_close(r);
  return wh_watc_read_type(c, id, &index) && wh_wat_expect_close(r);
}

/* Declarations, up to the end of the list. */
static bool read_scope(component_reader_t *c, scope_kind_t kind, const token_t *id,
                       wh_text_t *out) {
  static const uint8_t codes[] = {
      [SCOPE_COMPONENT_TYPE] = 0x41, [SCOPE_INSTANCE_TYPE] = 0x42, [SCOPE_MODULE_TYPE] = 0x50};
  if (!wh_watc_begin_scope(c, kind, id)) return false;
  bool good = true;
  while (good && c->r->next->kind != TOKEN_CLOSE) good = read_declaration(c);
  wh_wat_put_byte(out, codes[kind]);
  wh_wat_put_u(out, c->scope->count);
  good = good && wh_watc_put(c, out, &c->scope->out);
  wh_watc_end_scope(c);
  return good;
}

bool wh_watc_read_core_type(component_reader_t *c) {
  reader_t *r = c->r;
  const token_t *first = r->next;
  uint32_t index;
  if (wh_wat_take_word(r, "type")) {
    const token_t *id = wh_watc_take_id(c);
    if (wh_wat_take_list(r, "alias"))
      return wh_watc_read_alias(c, SORT_CORE_TYPE, id, &index) && wh_wat_expect_close(r);
    if (wh_wat_take_list(r, "module")) {
      wh_text_t entry = {.alloc = r->alloc};
      bool good = read_scope(c, SCOPE_MODULE_TYPE, id, &entry) && wh_wat_expect_close(r) &&
                  wh_wat_expect_close(r) && wh_watc_emit(c, PART_CORE_TYPE, &entry) &&
                  wh_watc_bind(c, SORT_CORE_TYPE, id, &index);
      wh_text_free(&entry);
      return good;
    }
  } else if (!wh_wat_token_is(r, first, "rec")) {
    return wh_wat_unexpected(r, "type or rec");
  }
  r->next = first;
  return define_core(c);
}

/* ---- uses ---- */

/* `(type $t)` or `(type $i "t")`, and not a declaration. */
static bool at_type_ref(const component_reader_t *c) {
  const token_t *t = c->r->next;
  if (!wh_wat_at_list(c->r, "type")) return false;
  t += 2;
  if (t->kind != TOKEN_ID && t->kind != TOKEN_WORD) return false;
  t++;
  while (t->kind == TOKEN_STRING) t++;
  return t->kind == TOKEN_CLOSE && (t[-1].kind != TOKEN_WORD || *token_text(c->r, t - 1) <= '9');
}

/* A type of a func, component, instance or core module, after the word. */
static bool read_inline(component_reader_t *c, sort_t sort, const token_t *id, wh_text_t *out) {
  switch (sort) {
  case SORT_FUNC: return read_func(c, out);
  case SORT_COMPONENT: return read_scope(c, SCOPE_COMPONENT_TYPE, id, out);
  case SORT_INSTANCE: return read_scope(c, SCOPE_INSTANCE_TYPE, id, out);
  default: return read_scope(c, SCOPE_MODULE_TYPE, id, out);
  }
}

bool wh_watc_read_type_use(component_reader_t *c, sort_t sort, uint32_t *index) {
  bool core = sort == SORT_CORE_MODULE;
  sort_t types = core ? SORT_CORE_TYPE : SORT_TYPE;
  if (at_type_ref(c)) return wh_watc_read_ref(c, types, index);
  wh_text_t entry = {.alloc = c->r->alloc};
  bool good = read_inline(c, sort, NULL, &entry) &&
              wh_watc_emit(c, core ? PART_CORE_TYPE : PART_TYPE, &entry) &&
              wh_watc_bind(c, types, NULL, index);
  wh_text_free(&entry);
  return good;
}

bool wh_watc_read_extern_type(component_reader_t *c, sort_t sort, wh_text_t *out) {
  reader_t *r = c->r;
  uint32_t index;
  switch (sort) {
  case SORT_CORE_MODULE:
  case SORT_FUNC:
  case SORT_COMPONENT:
  case SORT_INSTANCE:
    if (!wh_watc_read_type_use(c, sort, &index)) return false;
    wh_watc_put_sort(out, sort);
    wh_wat_put_u(out, index);
    return true;
  case SORT_TYPE:
    wh_watc_put_sort(out, sort);
    if (wh_wat_take_list(r, "eq")) {
      wh_wat_put_byte(out, 0);
      return put_index(c, SORT_TYPE, out) && wh_wat_expect_close(r);
    }
    wh_wat_put_byte(out, 1);
    return ((wh_wat_take_list(r, "sub") && wh_wat_take_word(r, "resource")) ||
            wh_wat_unexpected(r, "(eq …) or (sub resource)")) &&
           wh_wat_expect_close(r);
  case SORT_VALUE: return FAIL_AT(r, r->next, "values are not supported");
  default: return FAIL_AT(r, r->next - 1, "unexpected token: components import no such thing");
  }
}

bool wh_watc_read_described(component_reader_t *c, wh_text_t *out, sort_t *sort,
                            const token_t **id) {
  if (!wh_wat_expect_open(c->r, "what it is: (func …), (type …), …") ||
      !wh_watc_take_sort(c, false, SORTS_EXTERN, sort))
    return false;
  *id = wh_watc_take_id(c);
  return wh_watc_read_extern_type(c, *sort, out) && wh_wat_expect_close(c->r);
}

/* ---- definitions ---- */

static bool read_definition(component_reader_t *c, const token_t *id, wh_text_t *out) {
  static const struct {
    const char *word;
    sort_t sort;
  } words[] = {{"func", SORT_FUNC}, {"component", SORT_COMPONENT}, {"instance", SORT_INSTANCE}};
  reader_t *r = c->r;
  if (take_primitive(c, out)) return true;
  if (wh_wat_take_list(r, "resource")) return read_resource(c, out) && wh_wat_expect_close(r);
  for (size_t i = 0; i < WH_COUNT(words); i++)
    if (wh_wat_take_list(r, words[i].word))
      return read_inline(c, words[i].sort, id, out) && wh_wat_expect_close(r);
  return read_defined(c, out);
}

bool wh_watc_read_type(component_reader_t *c, const token_t *id, uint32_t *index) {
  wh_text_t entry = {.alloc = c->r->alloc};
  bool good = read_definition(c, id, &entry) && wh_watc_emit(c, PART_TYPE, &entry) &&
              wh_watc_bind(c, SORT_TYPE, id, index);
  wh_text_free(&entry);
  return good;
}
