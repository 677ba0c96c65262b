/* Definitions of types, and their uses. The definitions are read before all else, but for the names of
   everything; function types that are only used follow them, each in a group of its own. */
#include "reader.h"

/* ---- function types ---- */

static size_t bytes_of(size_t count) { return count * sizeof(wherry_valtype_t); }

/* r->signature, NULL for another kind of type, becomes the next type's. plain: final, without a
   supertype and alone in its group, so that a type use without an index may mean it. */
static bool add_type(reader_t *r, bool is_func, bool plain) {
  text_type_t type = {.fields = r->spaces[SPACE_FIELD].names};
  uint64_t old;
  r->spaces[SPACE_FIELD].names = (wh_map_t) {0};
  if (!wh_vec_push(r->alloc, &r->types, type)) {
    wh_map_free(r->alloc, &type.fields);
    return wh_wat_lexer_oom(&r->lexer);
  }
  if (!is_func) return true;
  size_t size = bytes_of(r->signature.count);
  wherry_valtype_t *copy = wh_alloc(r->alloc, size);
  if (!copy) return wh_wat_lexer_oom(&r->lexer);
  memcpy(copy, r->signature.items, size);
  text_type_t *added = &r->types.items[r->types.count - 1];
  added->signature = copy;
  added->count = r->signature.count;
  return !plain || wh_map_get(&r->plain_types, (const char *)copy, size, &old) ||
         wh_map_put(r->alloc, &r->plain_types, (const char *)copy, size, r->types.count - 1) ||
         wh_wat_lexer_oom(&r->lexer);
}

void wh_wat_free_types(reader_t *r) {
  for (size_t i = 0; i < r->types.count; i++) {
    text_type_t *type = &r->types.items[i];
    wh_free(r->alloc, type->signature, bytes_of(type->count));
    wh_map_free(r->alloc, &type->fields);
  }
  wh_vec_free(r->alloc, &r->types);
  wh_map_free(r->alloc, &r->plain_types);
}

static void put_func_type(reader_t *r, wh_text_t *out) {
  wh_wat_put_byte(out, 0x60);
  wh_wat_put_signature(r, out);
}

bool wh_wat_read_type_use(reader_t *r, bool locals, uint32_t *index) {
  const token_t *first = r->next;
  uint64_t found;
  bool given = wh_wat_take_list(r, "type");
  if (given && (!wh_wat_read_index(r, SPACE_TYPE, index) || !wh_wat_expect_close(r))) return false;
  if (!wh_wat_read_signature(r, locals)) return false;
  size_t count = r->signature.count;
  if (given && count == 1) return true;
  if (given) {
    if (*index >= r->types.count) return FAIL_AT(r, first, "unknown type %u", *index);
    const text_type_t *type = &r->types.items[*index];
    return (type->count == count &&
            memcmp(type->signature, r->signature.items, bytes_of(count)) == 0) ||
           FAIL_AT(r, first, "inline function type is another than that of type %u", *index);
  }
  if (wh_map_get(&r->plain_types, (const char *)r->signature.items, bytes_of(count), &found)) {
    *index = (uint32_t)found;
    return true;
  }
  *index = (uint32_t)r->types.count;
  r->definitions.count++;
  put_func_type(r, &r->definitions.bytes);
  return add_type(r, true, true);
}

uint32_t wh_wat_param_count(const reader_t *r, uint32_t type) {
  return type < r->types.count && r->types.items[type].signature ? r->types.items[type].signature[0]
                                                                 : 0;
}

/* ---- structures and arrays ---- */

/* A field's type: `i8`, `(mut i64)`, … */
static bool put_field_type(reader_t *r, wh_text_t *out) {
  bool is_mutable = wh_wat_take_list(r, "mut");
  wherry_valtype_t type = wh_wat_take_word(r, "i8")    ? WH_PACKED_I8
                          : wh_wat_take_word(r, "i16") ? WH_PACKED_I16
                                                       : 0;
  if ((!type && !wh_wat_read_value_type(r, &type)) || (is_mutable && !wh_wat_expect_close(r)))
    return false;
  wh_wat_put_value_type(out, type);
  wh_wat_put_byte(out, is_mutable);
  return true;
}

/* `(field …)*`; fields: emptied first. */
static bool read_fields(reader_t *r, section_t *fields) {
  fields->count = 0;
  fields->bytes.size = 0;
  while (wh_wat_take_list(r, "field")) {
    bool named = wh_wat_at_name(r);
    if (named && !wh_wat_take_id(r, SPACE_FIELD, fields->count)) return false;
    while (named || r->next->kind != TOKEN_CLOSE) {
      if (!put_field_type(r, &fields->bytes)) return false;
      fields->count++;
      if (named) break;
    }
    if (!wh_wat_expect_close(r)) return false;
  }
  return true;
}

bool wh_wat_read_field(reader_t *r, uint32_t type, uint32_t *out) {
  const token_t *token = r->next;
  uint64_t value;
  if (token->kind != TOKEN_ID) {
    if (!wh_wat_read_number(r, UINT32_MAX, "a field", &value)) return false;
  } else {
    const char *name;
    size_t size;
    if (!wh_wat_id_name(r, token, &name, &size)) return false;
    if (type >= r->types.count || !wh_map_get(&r->types.items[type].fields, name, size, &value))
      return FAIL_AT(r, token, "unknown field %.*s", (int)token->size, token_text(r, token));
    r->next++;
  }
  *out = (uint32_t)value;
  return true;
}

/* ---- definitions ---- */

/* `(func …)`, `(struct …)` or `(array …)`. */
static bool read_composite(reader_t *r, bool plain, wh_text_t *out) {
  bool is_func = wh_wat_take_list(r, "func");
  if (is_func) {
    /* Parameters may have names here, which name nothing. */
    bool good = wh_wat_read_signature(r, true);
    wh_map_free(r->alloc, &r->spaces[SPACE_LOCAL].names);
    if (!good) return false;
    put_func_type(r, out);
  } else if (wh_wat_take_list(r, "struct")) {
    section_t *fields = &r->fields;
    if (!read_fields(r, fields)) return false;
    wh_wat_put_byte(out, 0x5F);
    wh_wat_put_u(out, fields->count);
    if (fields->count) wh_text_append(out, fields->bytes.data, fields->bytes.size);
    out->failed |= fields->bytes.failed;
  } else if (wh_wat_take_list(r, "array")) {
    wh_wat_put_byte(out, 0x5E);
    if (!put_field_type(r, out)) return false;
  } else if (wh_wat_at_list(r, "descriptor") || wh_wat_at_list(r, "describes")) {
    return wh_wat_lexer_needs(&r->lexer, r->next->at, "custom-descriptors", "a type of %.*s",
                              (int)r->next[1].size, token_text(r, r->next + 1));
  } else {
    return wh_wat_unexpected(r, "(func …), (struct …), (array …) or (sub …)");
  }
  return wh_wat_expect_close(r) && add_type(r, is_func, plain);
}

/* `(sub final? $super* …)`, after its word; the binary counts the supertypes. */
static bool read_sub(reader_t *r, bool alone, wh_text_t *out) {
  bool is_final = wh_wat_take_word(r, "final");
  const token_t *first = r->next;
  uint32_t count = 0, super;
  for (; wh_wat_at_index(r); count++) r->next++;
  if (count || !is_final) {
    wh_wat_put_byte(out, is_final ? 0x4F : 0x50);
    wh_wat_put_u(out, count);
  }
  for (r->next = first; count; count--) {
    if (!wh_wat_read_index(r, SPACE_TYPE, &super)) return false;
    wh_wat_put_u(out, super);
  }
  return read_composite(r, alone && is_final && r->next == first, out) && wh_wat_expect_close(r);
}

/* A field `(type …)`, after its word. */
static bool read_definition(reader_t *r, bool alone) {
  wh_text_t *out = &r->definitions.bytes;
  uint32_t index = (uint32_t)r->types.count;
  if (r->next->kind == TOKEN_ID) r->next++;
  bool good = wh_wat_take_list(r, "sub") ? read_sub(r, alone, out) : read_composite(r, alone, out);
  wh_wat_end_type(r, index);
  return good && wh_wat_expect_close(r);
}

/* A field `(rec …)`, after its word; the first walk has seen that it has definitions only. */
static bool read_group(reader_t *r) {
  const token_t *first = r->next, *end = wh_wat_fields_end(r);
  uint32_t count = 0;
  for (; r->next < end; count++) r->next = wh_wat_past(r, r->next);
  if (count != 1) { /* a definition on its own is a group of one */
    wh_wat_put_byte(&r->definitions.bytes, 0x4E);
    wh_wat_put_u(&r->definitions.bytes, count);
  }
  for (r->next = first; r->next < end;) {
    r->next += 2;
    if (!read_definition(r, count == 1)) return false;
  }
  return wh_wat_expect_close(r);
}

bool wh_wat_read_one_definition(reader_t *r) {
  bool group = wh_wat_token_is(r, r->next++, "rec");
  const token_t *first = r->next;
  uint32_t index = (uint32_t)r->types.count;
  if (!group) {
    if (!wh_wat_take_id(r, SPACE_TYPE, index)) return false;
  } else {
    while (r->next->kind == TOKEN_OPEN) {
      const token_t *open = r->next;
      if (!wh_wat_take_list(r, "type")) return wh_wat_unexpected(r, "(type …)");
      if (!wh_wat_take_id(r, SPACE_TYPE, index++)) return false;
      r->next = wh_wat_past(r, open);
    }
  }
  r->next = first;
  r->definitions.count++;
  return group ? read_group(r) : read_definition(r, true);
}

bool wh_wat_add_unknown_type(reader_t *r) { return add_type(r, false, false); }

bool wh_wat_read_definitions(reader_t *r, const token_t *end) {
  while (r->next < end) {
    const token_t *open = r->next;
    bool good = true, group = wh_wat_take_list(r, "rec");
    if (group || wh_wat_take_list(r, "type")) {
      r->definitions.count++;
      good = group ? read_group(r) : read_definition(r, true);
    }
    if (!good) return false;
    r->next = wh_wat_past(r, open);
  }
  return true;
}
