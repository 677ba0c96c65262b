/* The fields of a component. */
#include "component.h"

/* ---- exports that are written in what they export ---- */

/* Past `(export "a")` or `(import "a")`; NULL: none is there. What is exported may not stand in it. */
static const token_t *past_inline(const component_reader_t *c, const char *word) {
  const token_t *t = c->r->next;
  if (!wh_wat_at_list(c->r, word) || t[2].kind != TOKEN_STRING) return NULL;
  for (t += 3; t->kind == TOKEN_OPEN; t = wh_wat_past(c->r, t))
    if (!wh_watc_is_attribute(c, t + 1)) return NULL;
  return t->kind == TOKEN_CLOSE ? t + 1 : NULL;
}

/* Where they begin. */
static const token_t *skip_exports(component_reader_t *c) {
  const token_t *first = c->r->next;
  for (const token_t *t; (t = past_inline(c, "export"));) c->r->next = t;
  return first;
}

/* Those that begin at first. They come after all fields of the component, as others have them, so that
   indices mean the same. */
static bool put_exports(component_reader_t *c, const token_t *first, sort_t sort, uint32_t index) {
  reader_t *r = c->r;
  const token_t *here = r->next;
  section_t *late = &c->scope->late;
  bool good = true;
  for (r->next = first; good && past_inline(c, "export");) {
    r->next += 2;
    good = wh_watc_read_extern_name(c, &late->bytes) && wh_wat_expect_close(r);
    wh_watc_put_sort(&late->bytes, sort);
    wh_wat_put_u(&late->bytes, index);
    wh_wat_put_byte(&late->bytes, 0); /* no type */
    late->count++;
  }
  r->next = here;
  return good;
}

/* ---- instances ---- */

/* `(func $f)`, after the parenthesis: sort and index, up to the end of the list. core: SORTS_…, of the
   inside of a core instance; 0: of an instance. */
static bool read_item(component_reader_t *c, unsigned core, wh_text_t *out) {
  sort_t sort;
  uint32_t index;
  if (!wh_watc_take_sort(c, core, core ? core : SORTS_EXTERN, &sort) ||
      !wh_watc_read_path(c, sort, &index))
    return false;
  wh_text_t whole = {.alloc = c->r->alloc};
  wh_watc_put_sort(&whole, sort);
  if (core && !whole.failed) /* what is inside a core instance can only be core */
    wh_text_append(out, whole.data + 1, whole.size - 1);
  else
    wh_watc_put(c, out, &whole);
  out->failed |= whole.failed;
  wh_text_free(&whole);
  wh_wat_put_u(out, index);
  return wh_wat_expect_close(c->r);
}

/* `(export "a" (func $f))…` up to the end of the list: an instance of what is there. */
static bool read_bag(component_reader_t *c, bool core, wh_text_t *out) {
  reader_t *r = c->r;
  uint32_t count = wh_watc_count_lists(c, "export");
  wh_wat_put_byte(out, 1);
  wh_wat_put_u(out, count);
  for (; count; count--) {
    r->next += 2;
    if (!(core ? wh_wat_read_name(r, out) : wh_watc_read_extern_name(c, out)) ||
        !wh_wat_expect_open(r, "what is exported") || !read_item(c, core ? SORTS_CORE : 0, out) ||
        !wh_wat_expect_close(r))
      return false;
  }
  return true;
}

static bool emit_bag(component_reader_t *c, bool core, const token_t *id, uint32_t *index) {
  wh_text_t entry = {.alloc = c->r->alloc};
  bool good = read_bag(c, core, &entry) &&
              wh_watc_emit(c, core ? PART_CORE_INSTANCE : PART_INSTANCE, &entry) &&
              wh_watc_bind(c, core ? SORT_CORE_INSTANCE : SORT_INSTANCE, id, index);
  wh_text_free(&entry);
  return good;
}

/* `(with "a" (instance …))`, after the word. */
static bool read_argument(component_reader_t *c, bool core, wh_text_t *out) {
  reader_t *r = c->r;
  uint32_t index;
  if (!wh_wat_read_name(r, out)) return false;
  if (wh_wat_at_list(r, "instance") &&
      (r->next[2].kind == TOKEN_OPEN || r->next[2].kind == TOKEN_CLOSE)) {
    r->next += 2;
    if (!emit_bag(c, core, NULL, &index)) return false;
    wh_wat_put_byte(out, core ? 0x12 : 0x05);
    wh_wat_put_u(out, index);
    if (!wh_wat_expect_close(r)) return false;
    return wh_wat_expect_close(r);
  }
  return wh_wat_expect_open(r, "an argument: (instance …), …") &&
         read_item(c, core ? 1u << SORT_CORE_INSTANCE : 0, out) && wh_wat_expect_close(r);
}

static bool read_instantiate(component_reader_t *c, bool core, wh_text_t *out) {
  reader_t *r = c->r;
  uint32_t index, count;
  wh_wat_put_byte(out, 0);
  if (!wh_watc_read_ref(c, core ? SORT_CORE_MODULE : SORT_COMPONENT, &index)) return false;
  wh_wat_put_u(out, index);
  count = wh_watc_count_lists(c, "with");
  wh_wat_put_u(out, count);
  for (; count; count--) {
    r->next += 2;
    if (!read_argument(c, core, out)) return false;
  }
  return wh_wat_expect_close(r);
}

static bool define_instance(component_reader_t *c, bool core, const token_t *id, uint32_t *index) {
  if (!wh_wat_take_list(c->r, "instantiate")) return emit_bag(c, core, id, index);
  wh_text_t entry = {.alloc = c->r->alloc};
  bool good = read_instantiate(c, core, &entry) &&
              wh_watc_emit(c, core ? PART_CORE_INSTANCE : PART_INSTANCE, &entry) &&
              wh_watc_bind(c, core ? SORT_CORE_INSTANCE : SORT_INSTANCE, id, index);
  wh_text_free(&entry);
  return good;
}

/* ---- modules and components inside ---- */

/* data NULL: id is NULL. */
static bool read_name(reader_t *r, const token_t *id, wherry_bytes_t *out) {
  const char *name;
  *out = (wherry_bytes_t) {NULL, 0};
  if (!id) return true;
  if (!wh_wat_id_name(r, id, &name, &out->size)) return false;
  out->data = (const uint8_t *)name;
  return true;
}

static bool define_module(component_reader_t *c, const token_t *id, uint32_t *index) {
  reader_t *r = c->r, module;
  wh_text_t entry = {.alloc = r->alloc};
  const token_t *end = wh_wat_fields_end(r);
  wh_wat_reader_init(&module, &r->lexer, r->features);
  module.next = r->next;
  bool good = read_name(r, id, &module.name);
  if (good && !wh_wat_read_module(&module, end, &entry)) {
    good = false;
    r->lexer.error = module.lexer.error;
  }
  wh_wat_reader_free(&module);
  r->next = end;
  good = good && wh_watc_emit(c, PART_CORE_MODULE, &entry) &&
         wh_watc_bind(c, SORT_CORE_MODULE, id, index);
  wh_text_free(&entry);
  return good;
}

static bool read_field(component_reader_t *c);

/* Up to end, as a component of its own. */
static bool read_fields(component_reader_t *c, const token_t *id, const token_t *end,
                        wh_text_t *out) {
  wherry_bytes_t name;
  if (!read_name(c->r, id, &name) || !wh_watc_begin_scope(c, SCOPE_COMPONENT, id)) return false;
  bool good = true;
  while (good && c->r->next < end) good = wh_watc_read_customs(c) && read_field(c);
  good = good && wh_watc_read_customs(c) && wh_watc_put_sections(c, name, out);
  wh_watc_end_scope(c);
  return good;
}

static bool define_component(component_reader_t *c, const token_t *id, uint32_t *index) {
  reader_t *r = c->r;
  wh_text_t entry = {.alloc = r->alloc};
  bool good = read_fields(c, id, wh_wat_fields_end(r), &entry) &&
              wh_watc_emit(c, PART_COMPONENT, &entry) && wh_watc_bind(c, SORT_COMPONENT, id, index);
  wh_text_free(&entry);
  return good;
}

/* ---- imports, exports, start ---- */

/* `(func $f (import "a") …)`, after the word import. */
static bool define_import(component_reader_t *c, sort_t sort, const token_t *id, uint32_t *index) {
  wh_text_t entry = {.alloc = c->r->alloc};
  bool good = wh_watc_read_extern_name(c, &entry) && wh_wat_expect_close(c->r) &&
              wh_watc_read_extern_type(c, sort, &entry) && wh_watc_emit(c, PART_IMPORT, &entry) &&
              wh_watc_bind(c, sort, id, index);
  wh_text_free(&entry);
  return good;
}

static bool export_contents(component_reader_t *c, wh_text_t *out, sort_t *sort) {
  reader_t *r = c->r;
  uint32_t index;
  sort_t type_sort;
  const token_t *id;
  if (!wh_watc_read_extern_name(c, out) || !wh_wat_expect_open(r, "what is exported") ||
      !wh_watc_take_sort(c, false, SORTS_EXTERN, sort) || !wh_watc_read_path(c, *sort, &index) ||
      !wh_wat_expect_close(r))
    return false;
  wh_watc_put_sort(out, *sort);
  wh_wat_put_u(out, index);
  bool typed = r->next->kind == TOKEN_OPEN;
  wh_wat_put_byte(out, typed);
  return (!typed || wh_watc_read_described(c, out, &type_sort, &id)) && wh_wat_expect_close(r);
}

static bool read_export(component_reader_t *c) {
  wh_text_t entry = {.alloc = c->r->alloc};
  const token_t *id = wh_watc_take_id(c);
  sort_t sort;
  uint32_t index;
  bool good = export_contents(c, &entry, &sort) && wh_watc_emit(c, PART_EXPORT, &entry) &&
              wh_watc_bind(c, sort, id, &index);
  wh_text_free(&entry);
  return good;
}

/* Values that it takes or returns are for the validator to refuse. */
static bool read_start(component_reader_t *c) {
  reader_t *r = c->r;
  wh_text_t entry = {.alloc = r->alloc};
  uint32_t index, count = 0;
  bool good = wh_watc_read_ref(c, SORT_FUNC, &index);
  if (good) {
    count = wh_watc_count_lists(c, "value");
    wh_wat_put_u(&entry, index);
    wh_wat_put_u(&entry, count);
  }
  for (; good && count; count--) {
    good = wh_watc_read_ref(c, SORT_VALUE, &index);
    wh_wat_put_u(&entry, index);
  }
  if (good) wh_wat_put_u(&entry, wh_watc_count_lists(c, "result"));
  while (good && wh_wat_take_list(r, "result")) {
    good = wh_wat_take_list(r, "value") || wh_wat_unexpected(r, "(value …)");
    if (!good) break;
    const token_t *id = wh_watc_take_id(c);
    good =
        wh_watc_bind(c, SORT_VALUE, id, &index) && wh_wat_expect_close(r) && wh_wat_expect_close(r);
  }
  good = good && wh_wat_expect_close(r) && wh_watc_emit(c, PART_START, &entry);
  wh_text_free(&entry);
  return good;
}

/* ---- fields ---- */

/* `(alias export $i "a")`, which does not tell the sort: that is no field of a component inside. */
static bool at_inline_alias(const component_reader_t *c) {
  const token_t *t = c->r->next;
  if (!wh_wat_at_list(c->r, "alias")) return false;
  while (t[1].kind != TOKEN_OPEN && t[1].kind != TOKEN_CLOSE) t++;
  return t[1].kind == TOKEN_CLOSE;
}

static bool define(component_reader_t *c, sort_t sort, const token_t *id, uint32_t *index) {
  reader_t *r = c->r;
  uint32_t type;
  if (at_inline_alias(c) || past_inline(c, "import")) {
    bool is_alias = wh_wat_take_list(r, "alias");
    if (is_alias) return wh_watc_read_alias(c, sort, id, index);
    r->next += 2;
    return define_import(c, sort, id, index);
  }
  switch (sort) {
  case SORT_CORE_MODULE: return define_module(c, id, index);
  case SORT_CORE_FUNC: return wh_watc_read_made(c, id, index);
  case SORT_CORE_INSTANCE: return define_instance(c, true, id, index);
  case SORT_INSTANCE: return define_instance(c, false, id, index);
  case SORT_COMPONENT: return define_component(c, id, index);
  case SORT_TYPE: return wh_watc_read_type(c, id, index);
  case SORT_FUNC:
    return wh_watc_read_type_use(c, SORT_FUNC, &type) && wh_watc_read_lifted(c, id, type, index);
  case SORT_VALUE: return FAIL_AT(r, r->next, "values are not supported");
  default: return wh_wat_unexpected(r, "(alias …)");
  }
}

/* `(func $f (export "a") …)`. */
static bool read_definition(component_reader_t *c) {
  sort_t sort;
  uint32_t index;
  if (!wh_watc_take_sort(c, false, SORTS_ALL, &sort)) return false;
  const token_t *id = wh_watc_take_id(c), *exports = skip_exports(c);
  if (exports != c->r->next && !(SORTS_EXTERN & 1u << sort))
    return FAIL_AT(c->r, exports, "unexpected token \"(\": components export no such thing");
  return define(c, sort, id, &index) && wh_wat_expect_close(c->r) &&
         put_exports(c, exports, sort, index);
}

static bool read_field(component_reader_t *c) {
  reader_t *r = c->r;
  uint32_t index;
  if (!wh_wat_expect_open(r, "a field of a component")) return false;
  if (wh_wat_take_word(r, "import")) return wh_watc_read_declared(c, PART_IMPORT);
  if (wh_wat_take_word(r, "export")) return read_export(c);
  if (wh_wat_take_word(r, "alias")) return wh_watc_read_alias(c, SORT_COUNT, NULL, &index);
  if (wh_wat_take_word(r, "canon")) return wh_watc_read_canon(c);
  if (wh_wat_take_word(r, "start")) return read_start(c);
  if (wh_wat_token_is(r, r->next, "core") &&
      (wh_wat_token_is(r, r->next + 1, "type") || wh_wat_token_is(r, r->next + 1, "rec"))) {
    r->next++;
    return wh_watc_read_core_type(c);
  }
  return read_definition(c);
}

bool wh_wat_read_component(reader_t *r, const token_t *id, const token_t *end, wh_text_t *out) {
  component_reader_t c = {.r = r};
  return read_fields(&c, id, end, out);
}
