/* Value types, and what is written with them where they are used: signatures, block types. */
#include "reader.h"

/* ---- value types ---- */

bool wh_wat_read_heap_type(reader_t *r, wh_heap_t *out) {
  for (wherry_valtype_t type = WHERRY_EXNREF; type <= WHERRY_NULLEXNREF; type++) {
    *out = wh_ref_heap(type);
    if (wh_wat_take_word(r, wh_heap_name(*out))) return true;
  }
  if (wh_wat_at_list(r, "exact"))
    return wh_wat_lexer_needs(&r->lexer, r->next->at, "custom-descriptors", "an exact type");
  if (!wh_wat_at_index(r)) return wh_wat_unexpected(r, "a heap type");
  uint32_t index;
  if (!wh_wat_read_index(r, SPACE_TYPE, &index)) return false;
  /* No module has so many types: what is past them stays so. */
  *out = index < WH_HEAP_ABSTRACT ? index : WH_HEAP_ABSTRACT - 1;
  return true;
}

/* Whether a reference type comes next: a word, which *type is then, or a list, *type 0. */
static bool at_reference_type(const reader_t *r, wherry_valtype_t *type) {
  *type = 0;
  if (wh_wat_at_list(r, "ref")) return true;
  for (*type = WHERRY_EXNREF; *type <= WHERRY_NULLEXNREF; ++*type)
    if (wh_wat_token_is(r, r->next, wherry_valtype_name(*type))) return true;
  return false;
}

bool wh_wat_at_reference_type(const reader_t *r) {
  wherry_valtype_t type;
  return at_reference_type(r, &type);
}

bool wh_wat_read_reference_type(reader_t *r, wherry_valtype_t *out) {
  if (!at_reference_type(r, out)) return wh_wat_unexpected(r, "a reference type");
  if (*out) {
    r->next++;
    return true;
  }
  wh_heap_t heap;
  r->next += 2;
  bool nullable = wh_wat_take_word(r, "null");
  if (!wh_wat_read_heap_type(r, &heap) || !wh_wat_expect_close(r)) return false;
  *out = wh_ref(heap, nullable);
  return true;
}

bool wh_wat_read_value_type(reader_t *r, wherry_valtype_t *out) {
  for (*out = WHERRY_V128; *out <= WHERRY_I32; ++*out)
    if (wh_wat_take_word(r, wherry_valtype_name(*out))) return true;
  return wh_wat_at_reference_type(r) ? wh_wat_read_reference_type(r, out)
                                     : wh_wat_unexpected(r, "a value type");
}

void wh_wat_put_heap_type(wh_text_t *out, wh_heap_t heap) {
  if (wh_heap_is_abstract(heap))
    wh_wat_put_byte(out, heap & 0xFF);
  else
    wh_wat_put_s(out, heap);
}

void wh_wat_put_value_type(wh_text_t *out, wherry_valtype_t type) {
  wh_wat_put_byte(out, type & 0xFF);
  if (wh_has_heap(type)) wh_wat_put_heap_type(out, wh_ref_heap(type));
}

bool wh_wat_at_type_word(const reader_t *r) {
  wherry_valtype_t type;
  for (type = WHERRY_V128; type <= WHERRY_I32; type++)
    if (wh_wat_token_is(r, r->next, wherry_valtype_name(type))) return true;
  for (type = WHERRY_EXNREF; type <= WHERRY_NULLEXNREF; type++)
    if (wh_wat_token_is(r, r->next, wh_heap_name(wh_ref_heap(type)))) return true;
  return at_reference_type(r, &type) && type;
}

/* ---- signatures ---- */

static bool push_type(reader_t *r, wherry_valtype_t type) {
  return wh_vec_push(r->alloc, &r->signature, type) || wh_wat_lexer_oom(&r->lexer);
}

static bool read_one(reader_t *r) {
  wherry_valtype_t type;
  return wh_wat_read_value_type(r, &type) && push_type(r, type);
}

static bool read_types(reader_t *r) {
  while (r->next->kind != TOKEN_CLOSE)
    if (!read_one(r)) return false;
  return wh_wat_expect_close(r);
}

static bool read_results(reader_t *r) {
  while (wh_wat_take_list(r, "result"))
    if (!read_types(r)) return false;
  return true;
}

bool wh_wat_read_signature(reader_t *r, bool locals) {
  r->signature.count = 0;
  if (!push_type(r, 0)) return false;
  while (wh_wat_take_list(r, "param")) {
    if (locals && wh_wat_at_name(r)) {
      if (!wh_wat_take_id(r, SPACE_LOCAL, (uint32_t)r->signature.count - 1) || !read_one(r) ||
          !wh_wat_expect_close(r))
        return false;
    } else if (!read_types(r)) {
      return false;
    }
  }
  r->signature.items[0] = (wherry_valtype_t)r->signature.count - 1;
  if (!read_results(r)) return false;
  if (!wh_wat_take_list(r, "param")) return true;
  r->next--;
  return wh_wat_unexpected(r, "no parameters after the results");
}

void wh_wat_put_signature(const reader_t *r, wh_text_t *out) {
  uint32_t params = r->signature.items[0], results = (uint32_t)r->signature.count - 1 - params;
  const wherry_valtype_t *type = r->signature.items + 1;
  wh_wat_put_u(out, params);
  while (params--) wh_wat_put_value_type(out, *type++);
  wh_wat_put_u(out, results);
  while (results--) wh_wat_put_value_type(out, *type++);
}

bool wh_wat_read_results(reader_t *r, wh_text_t *out) {
  r->signature.count = 0;
  if (!read_results(r)) return false;
  wh_wat_put_u(out, r->signature.count);
  for (size_t i = 0; i < r->signature.count; i++) wh_wat_put_value_type(out, r->signature.items[i]);
  return true;
}

bool wh_wat_read_block_type(reader_t *r, wh_text_t *out) {
  const token_t *first = r->next;
  uint32_t index;
  if (!wh_wat_at_list(r, "type")) {
    if (!wh_wat_read_signature(r, false)) return false;
    if (r->signature.count == 1) {
      wh_wat_put_byte(out, 0x40);
      return true;
    }
    if (r->signature.count == 2 && r->signature.items[0] == 0) {
      wh_wat_put_value_type(out, r->signature.items[1]);
      return true;
    }
    r->next = first;
  }
  if (!wh_wat_read_type_use(r, false, &index)) return false;
  wh_wat_put_s(out, index);
  return true;
}
