/* Types: how they are read and printed, which is a subtype of which, which are the same. */
#include "model/model.h"

#include <stdio.h>

/* ---- reading (Binary Format, Types) ---- */

static const uint8_t *broken(const char **problem, const char *words) {
  *problem = words;
  return NULL;
}

const uint8_t *wh_read_heap_type(const uint8_t *at, const uint8_t *end, wh_heap_t *out,
                                 const char **problem) {
  wh_leb_t leb = wh_leb_read(at, end, 33, true);
  if (WH_UNLIKELY(!leb.next)) {
    return broken(problem, leb.value == WH_LEB_ENDS_EARLY ? "unexpected end of section or function"
                                                          : wh_leb_problem(leb.value));
  }
  if ((int64_t)leb.value < 0) {
    uint8_t code = (uint8_t)(leb.value & 0x7F);
    if (leb.next != at + 1 || code < WHERRY_EXNREF || code > WHERRY_NULLEXNREF)
      return broken(problem, "malformed heap type");
    *out = WH_HEAP_ABSTRACT | code;
    return leb.next;
  }
  /* No module has so many types: the index stays one that does not exist. */
  *out = leb.value < WH_HEAP_ABSTRACT ? (wh_heap_t)leb.value : WH_HEAP_ABSTRACT - 1;
  return leb.next;
}

const uint8_t *wh_read_ref_type(const uint8_t *at, const uint8_t *end, wherry_valtype_t *out,
                                const char **problem) {
  if (at == end) return broken(problem, "unexpected end of section or function");
  uint8_t code = *at;
  if (code >= WHERRY_EXNREF && code <= WHERRY_NULLEXNREF) {
    *out = code;
    return at + 1;
  }
  if (code != 0x63 && code != 0x64) return broken(problem, "malformed reference type");
  wh_heap_t heap = 0;
  at = wh_read_heap_type(at + 1, end, &heap, problem);
  if (at) *out = wh_ref(heap, code == 0x63);
  return at;
}

const uint8_t *wh_read_val_type(const uint8_t *at, const uint8_t *end, wherry_valtype_t *out,
                                const char **problem) {
  if (WH_LIKELY(at != end && *at >= WHERRY_V128 && *at <= WHERRY_I32)) {
    *out = *at;
    return at + 1;
  }
  at = wh_read_ref_type(at, end, out, problem);
  if (!at && strcmp(*problem, "malformed reference type") == 0) *problem = "malformed value type";
  return at;
}

wh_features_t wh_type_features(wherry_valtype_t type) {
  if (type == WHERRY_V128) return WH_FEATURE(SIMD);
  if (!wh_is_ref(type)) return 0;
  wh_features_t features = wh_has_heap(type) ? WH_FEATURE(FUNCTION_REFERENCES) : 0;
  wh_heap_t heap = wh_ref_heap(type);
  if (!wh_heap_is_abstract(heap)) return features;
  switch (heap & 0xFF) {
  case WHERRY_FUNCREF:
  case WHERRY_EXTERNREF: return features | WH_FEATURE(REFERENCE_TYPES);
  case WHERRY_EXNREF:
  case WHERRY_NULLEXNREF: return features | WH_FEATURE(EXCEPTIONS);
  default: return features | WH_FEATURE(GC);
  }
}

/* ---- printing ---- */

static const struct {
  const char *name, *heap;
} references[] = {
    [0x69 - 0x69] = {"exnref", "exn"},         [0x6A - 0x69] = {"arrayref", "array"},
    [0x6B - 0x69] = {"structref", "struct"},   [0x6C - 0x69] = {"i31ref", "i31"},
    [0x6D - 0x69] = {"eqref", "eq"},           [0x6E - 0x69] = {"anyref", "any"},
    [0x6F - 0x69] = {"externref", "extern"},   [0x70 - 0x69] = {"funcref", "func"},
    [0x71 - 0x69] = {"nullref", "none"},       [0x72 - 0x69] = {"nullexternref", "noextern"},
    [0x73 - 0x69] = {"nullfuncref", "nofunc"}, [0x74 - 0x69] = {"nullexnref", "noexn"},
};

const char *wherry_valtype_name(wherry_valtype_t type) {
  switch (type) {
  case WHERRY_I32: return "i32";
  case WHERRY_I64: return "i64";
  case WHERRY_F32: return "f32";
  case WHERRY_F64: return "f64";
  case WHERRY_V128: return "v128";
  case WH_PACKED_I8: return "i8";
  case WH_PACKED_I16: return "i16";
  default: break;
  }
  if (wh_has_heap(type)) return wh_ref_is_nullable(type) ? "(ref null …)" : "(ref …)";
  return wh_is_ref(type) ? references[type - 0x69].name : "?";
}

const char *wh_heap_name(wh_heap_t heap) { return references[(heap & 0xFF) - 0x69].heap; }

const char *wh_type_text(wherry_valtype_t type, char *text) {
  if (!wh_has_heap(type)) {
    snprintf(text, WH_TYPE_TEXT_SIZE, "%s", wherry_valtype_name(type));
    return text;
  }
  wh_heap_t heap = wh_ref_heap(type);
  const char *null = wh_ref_is_nullable(type) ? "null " : "";
  if (heap == WH_HEAP_BOTTOM)
    snprintf(text, WH_TYPE_TEXT_SIZE, "(ref ?)");
  else if (wh_heap_is_abstract(heap))
    snprintf(text, WH_TYPE_TEXT_SIZE, "(ref %s%s)", null, wh_heap_name(heap));
  else
    snprintf(text, WH_TYPE_TEXT_SIZE, "(ref %s%u)", null, heap);
  return text;
}

void wh_print_valtype(wh_text_t *text, wherry_valtype_t type) {
  wh_text_printf(text, "%s", WH_TYPE_TEXT(type));
}

/* "(i32, i32)" */
void wh_print_valtypes(wh_text_t *text, const wherry_valtype_t *types, size_t count) {
  wh_text_append(text, "(", 1);
  for (size_t i = 0; i < count; i++) {
    if (i) wh_text_append(text, ", ", 2);
    wh_print_valtype(text, types[i]);
  }
  wh_text_append(text, ")", 1);
}

void wh_print_signature(wh_text_t *text, const wherry_functype_t *type) {
  wh_print_valtypes(text, type->types, type->param_count);
  if (type->result_count == 0) return;
  const wherry_valtype_t *results = type->types + type->param_count;
  wh_text_append(text, " -> ", 4);
  if (type->result_count == 1)
    wh_print_valtype(text, results[0]);
  else
    wh_print_valtypes(text, results, type->result_count);
}

void wh_print_functype(wh_text_t *text, const wherry_functype_t *type) {
  wh_text_append(text, "func ", 5);
  wh_print_signature(text, type);
}

bool wh_functype_equal(const wherry_functype_t *a, const wherry_functype_t *b) {
  if (a == b) return true;
  if (a->param_count != b->param_count || a->result_count != b->result_count) return false;
  size_t count = (size_t)a->param_count + a->result_count;
  return count == 0 || memcmp(a->types, b->types, count * sizeof *a->types) == 0;
}

/* ---- matching (Validation, Matching) ---- */

/* Of abstract heap types: bits of those that it is below, itself among them. */
enum {
  ANY = 1 << 0,
  EQ = 1 << 1,
  I31 = 1 << 2,
  STRUCT = 1 << 3,
  ARRAY = 1 << 4,
  FUNC = 1 << 5,
  EXTERN = 1 << 6,
  EXN = 1 << 7,
  NONE = 1 << 8,
  NOFUNC = 1 << 9,
  NOEXTERN = 1 << 10,
  NOEXN = 1 << 11
};
static const struct {
  uint16_t own, above;
} lattice[] = {
    [0x69 - 0x69] = {EXN, EXN},
    [0x6A - 0x69] = {ARRAY, ARRAY | EQ | ANY},
    [0x6B - 0x69] = {STRUCT, STRUCT | EQ | ANY},
    [0x6C - 0x69] = {I31, I31 | EQ | ANY},
    [0x6D - 0x69] = {EQ, EQ | ANY},
    [0x6E - 0x69] = {ANY, ANY},
    [0x6F - 0x69] = {EXTERN, EXTERN},
    [0x70 - 0x69] = {FUNC, FUNC},
    [0x71 - 0x69] = {NONE, NONE | I31 | STRUCT | ARRAY | EQ | ANY},
    [0x72 - 0x69] = {NOEXTERN, NOEXTERN | EXTERN},
    [0x73 - 0x69] = {NOFUNC, NOFUNC | FUNC},
    [0x74 - 0x69] = {NOEXN, NOEXN | EXN},
};

static unsigned above(wh_heap_t abstract) { return lattice[(abstract & 0xFF) - 0x69].above; }
static unsigned own(wh_heap_t abstract) { return lattice[(abstract & 0xFF) - 0x69].own; }

/* What a type of that kind is below, and what is below all of them. */
static wh_heap_t kind_heap(wh_comp_t kind) {
  return kind == WH_COMP_FUNC     ? WH_HEAP(FUNC)
         : kind == WH_COMP_STRUCT ? WH_HEAP(STRUCT)
                                  : WH_HEAP(ARRAY);
}
static wh_heap_t kind_bottom(wh_comp_t kind) {
  return kind == WH_COMP_FUNC ? WH_HEAP(NULLFUNC) : WH_HEAP(NULL);
}

bool wh_heap_matches(const wh_types_t *types, wh_heap_t sub, wh_heap_t super) {
  if (sub == super || sub == WH_HEAP_BOTTOM) return true;
  if (super == WH_HEAP_BOTTOM) return false;
  if (wh_heap_is_abstract(super)) {
    if (!wh_heap_is_abstract(sub)) sub = kind_heap(types->of(types->owner, sub).kind);
    return (above(sub) & own(super)) != 0;
  }
  if (wh_heap_is_abstract(sub)) return sub == kind_bottom(types->of(types->owner, super).kind);
  uint32_t wanted = types->of(types->owner, super).same;
  while (sub != WH_NO_TYPE) {
    wh_type_facts_t facts = types->of(types->owner, sub);
    if (facts.same == wanted) return true;
    sub = facts.super;
  }
  return false;
}

bool wh_type_matches(const wh_types_t *types, wherry_valtype_t sub, wherry_valtype_t super) {
  if (sub == super) return true;
  if (!wh_is_ref(sub) || !wh_is_ref(super)) return false;
  if (wh_ref_is_nullable(sub) && !wh_ref_is_nullable(super)) return false;
  return wh_heap_matches(types, wh_ref_heap(sub), wh_ref_heap(super));
}

bool wh_type_same(const wh_types_t *types, wherry_valtype_t a, wherry_valtype_t b) {
  if (a == b) return true;
  if ((a & 0xFF) != (b & 0xFF) || !wh_is_ref(a)) return false;
  wh_heap_t heap = wh_ref_heap(a), other = wh_ref_heap(b);
  return !wh_heap_is_abstract(heap) && !wh_heap_is_abstract(other) &&
         types->of(types->owner, heap).same == types->of(types->owner, other).same;
}

wh_heap_t wh_heap_top(const wh_types_t *types, wh_heap_t heap) {
  if (heap == WH_HEAP_BOTTOM) return heap;
  if (!wh_heap_is_abstract(heap)) heap = kind_heap(types->of(types->owner, heap).kind);
  unsigned all = above(heap);
  return all & ANY      ? WH_HEAP(ANY)
         : all & FUNC   ? WH_HEAP(FUNC)
         : all & EXTERN ? WH_HEAP(EXTERN)
                        : WH_HEAP(EXN);
}

static wh_type_facts_t model_type(const void *owner, uint32_t index) {
  const wh_subtype_t *type = &((const wh_model_t *)owner)->subtypes.items[index];
  return (wh_type_facts_t) {type->kind, type->super, type->same};
}

wh_types_t wh_model_types(const wh_model_t *model) { return (wh_types_t) {model_type, model}; }

/* ---- equality of recursion groups ---- */

/* An index as it counts for equality: inside the group by its place there. */
static uint32_t key_index(const wh_subtype_t *first, uint32_t index, const uint32_t *numbers) {
  enum { INSIDE = WH_MAX_ENGINE_TYPES + 1 };
  return index >= first->group ? INSIDE | (index - first->group) : numbers[index];
}

static uint32_t key_type(const wh_subtype_t *first, wherry_valtype_t type,
                         const uint32_t *numbers) {
  if (!wh_is_ref(type) || wh_heap_is_abstract(wh_ref_heap(type))) return type;
  return (type & 0xFF) | key_index(first, wh_ref_heap(type), numbers) << 8;
}

size_t wh_group_key_size(const wh_model_t *model, uint32_t group) {
  size_t size = 1;
  for (uint32_t i = 0; i < model->subtypes.items[group].group_count; i++) {
    const wherry_functype_t *func = &model->types.items[group + i];
    size += 5 + (size_t)func->param_count + func->result_count +
            2 * (size_t)model->subtypes.items[group + i].field_count;
  }
  return size;
}

uint32_t *wh_group_key(const wh_model_t *model, uint32_t group, const uint32_t *numbers,
                       uint32_t *out) {
  const wh_subtype_t *first = &model->subtypes.items[group];
  *out++ = first->group_count;
  for (uint32_t i = 0; i < first->group_count; i++) {
    const wh_subtype_t *type = &first[i];
    const wherry_functype_t *func = &model->types.items[group + i];
    *out++ = (uint32_t)type->kind | (uint32_t)type->is_final << 8;
    *out++ = type->super == WH_NO_TYPE ? WH_NO_TYPE : key_index(first, type->super, numbers);
    *out++ = func->param_count;
    *out++ = func->result_count;
    *out++ = type->field_count;
    for (uint32_t n = 0; n < func->param_count + func->result_count; n++)
      *out++ = key_type(first, func->types[n], numbers);
    for (uint32_t n = 0; n < type->field_count; n++) {
      *out++ = key_type(first, type->fields[n].type, numbers);
      *out++ = type->fields[n].is_mutable;
    }
  }
  return out;
}

/* All keys lie in one block, behind the numbers. */
bool wh_model_find_same(wh_model_t *model) {
  wh_alloc_t *alloc = model->alloc;
  uint32_t count = (uint32_t)model->subtypes.count;
  if (count == 0) return true;
  size_t words = count;
  for (uint32_t group = 0; group < count; group += model->subtypes.items[group].group_count)
    words += wh_group_key_size(model, group);
  uint32_t *numbers = wh_alloc_array(alloc, words, sizeof *numbers), *next = numbers + count;
  if (!numbers) return false;
  wh_map_t map = {0};
  bool good = true;
  for (uint32_t group = 0; group < count && good;) {
    uint32_t size = model->subtypes.items[group].group_count;
    const char *key = (const char *)next;
    next = wh_group_key(model, group, numbers, next);
    size_t key_size = (size_t)((const char *)next - key);
    uint64_t found = group;
    if (!wh_map_get(&map, key, key_size, &found))
      good = wh_map_put(alloc, &map, key, key_size, group);
    for (uint32_t i = 0; i < size; i++)
      model->subtypes.items[group + i].same = numbers[group + i] = (uint32_t)found + i;
    group += size;
  }
  wh_map_free(alloc, &map);
  wh_free(alloc, numbers, words * sizeof *numbers);
  return good;
}
