/* Reading a name section. */
#include "model/names.h"

#include <stdlib.h>

typedef struct name_reader {
  wh_reader_t in; /* ends where the subsection ends, or between them the section */
  wh_names_t *names;
  wh_name_kind_t kind;
  bool unsorted, failed; /* failed: no memory */
} name_reader_t;

/* Returns false. Only the first fault is kept. */
static bool WH_PRINTF(3, 4) fault(name_reader_t *r, const uint8_t *at, const char *format, ...) {
  if (r->names->fault) return false;
  wh_text_t text = {.alloc = r->names->alloc};
  va_list arguments;
  va_start(arguments, format);
  wh_text_vprintf(&text, format, arguments);
  va_end(arguments);
  uint64_t offset = r->in.base + (uint64_t)(at - r->in.start);
  r->names->fault = text.failed ? wh_error_oom()
                                : wh_error_at(r->names->alloc, WHERRY_ERROR_MALFORMED, offset,
                                              "name section: %s", text.data);
  wh_text_free(&text);
  return false;
}

static bool read_u32(name_reader_t *r, uint32_t *out, const char *what) {
  return wh_read_u32(&r->in, out) ||
         fault(r, r->in.next, "%s: expected %s", wh_read_problem(&r->in, 32, false), what);
}

static bool read_name(name_reader_t *r, wherry_bytes_t *out) {
  uint32_t size;
  if (!read_u32(r, &size, "a name")) return false;
  if (!wh_read_bytes(&r->in, size, &out->data))
    return fault(r, r->in.next, "length out of bounds: a name of %u bytes, but %zu bytes are left",
                 size, (size_t)(r->in.end - r->in.next));
  out->size = size;
  return true;
}

/* Names that are not UTF-8 are left out. */
static bool add(name_reader_t *r, uint32_t index, uint32_t inner, wherry_bytes_t name) {
  wh_naming_t naming = {index, inner, name};
  if (!wh_utf8_valid(name.data, name.size, NULL)) {
    fault(r, name.data, "malformed UTF-8 encoding: the name of %u", index);
    return true;
  }
  size_t count = r->names->of[r->kind].count;
  const wh_naming_t *last = count ? &r->names->of[r->kind].items[count - 1] : NULL;
  if (last && (last->index > index || (last->index == index && last->inner >= inner))) {
    fault(r, name.data, "index %u is not above the one before",
          wh_name_kind_is_inner(r->kind) ? inner : index);
    r->unsorted = true;
  }
  if (wh_vec_push(r->names->alloc, &r->names->of[r->kind], naming)) return true;
  r->failed = true;
  return false;
}

static bool read_map(name_reader_t *r, uint32_t outer) {
  uint32_t count, index;
  if (!read_u32(r, &count, "a number of names")) return false;
  bool inner = wh_name_kind_is_inner(r->kind);
  while (count-- > 0) {
    wherry_bytes_t name;
    if (!read_u32(r, &index, "an index") || !read_name(r, &name) ||
        !add(r, inner ? outer : index, inner ? index : 0, name))
      return false;
  }
  return true;
}

static bool read_subsection(name_reader_t *r) {
  uint32_t count, index;
  if (r->kind == WH_NAME_MODULE) {
    wherry_bytes_t name;
    if (!read_name(r, &name)) return false;
    if (!wh_utf8_valid(name.data, name.size, NULL))
      return fault(r, name.data, "malformed UTF-8 encoding: the name of the module");
    r->names->module = name;
  } else if (!wh_name_kind_is_inner(r->kind)) {
    if (!read_map(r, 0)) return false;
  } else {
    if (!read_u32(r, &count, "a number of lists of names")) return false;
    while (count-- > 0)
      if (!read_u32(r, &index, "an index") || !read_map(r, index)) return false;
  }
  return r->in.next == r->in.end ||
         fault(r, r->in.next, "%zu bytes are left after the last name of a subsection",
               (size_t)(r->in.end - r->in.next));
}

/* By index, then inner; of two for the same, as they stand in the binary. */
static int compare(const void *a, const void *b) {
  const wh_naming_t *x = a, *y = b;
  if (x->index != y->index) return x->index < y->index ? -1 : 1;
  if (x->inner != y->inner) return x->inner < y->inner ? -1 : 1;
  return x->name.data < y->name.data ? -1 : x->name.data > y->name.data;
}

static void sort(wh_names_t *names, wh_name_kind_t kind) {
  wh_naming_t *items = names->of[kind].items;
  size_t kept = 0;
  qsort(items, names->of[kind].count, sizeof *items, compare);
  for (size_t i = 0; i < names->of[kind].count; i++) {
    if (kept && items[kept - 1].index == items[i].index && items[kept - 1].inner == items[i].inner)
      continue;
    items[kept++] = items[i];
  }
  names->of[kind].count = kept;
}

/* false: the places of what follows are not known, or there is no memory. */
static bool next_subsection(name_reader_t *r, int *last) {
  const uint8_t *whole = r->in.end, *at = r->in.next, *bytes;
  uint8_t id = 0;
  uint32_t size;
  wh_read_u8(&r->in, &id);
  if (!read_u32(r, &size, "the size of a subsection")) return false;
  if (!wh_read_bytes(&r->in, size, &bytes))
    return fault(r, r->in.next,
                 "length out of bounds: subsection %u of %u bytes, but %zu bytes are left", id,
                 size, (size_t)(whole - r->in.next));
  if (id <= *last) fault(r, at, "subsection %u after subsection %d", id, *last);
  if (id > *last) *last = id;
  if (id >= WH_NAME_KINDS) return true;
  r->kind = (wh_name_kind_t)id;
  if (r->names->of[id].count || (id == WH_NAME_MODULE && r->names->module.data)) return true;
  r->unsorted = false;
  r->in.next = bytes;
  r->in.end = bytes + size;
  read_subsection(r);
  r->in.next = bytes + size;
  r->in.end = whole;
  if (r->unsorted) sort(r->names, r->kind);
  return !r->failed;
}

wherry_error_t *wh_names_read(wh_alloc_t *alloc, const wh_custom_t *section, wh_names_t *out) {
  *out = (wh_names_t) {.alloc = alloc};
  if (!section) return NULL;
  name_reader_t r = {.names = out};
  r.in = (wh_reader_t) {section->bytes.data, section->bytes.data,
                        section->bytes.data + section->bytes.size, section->offset};
  int last = -1;
  while (r.in.next < r.in.end && next_subsection(&r, &last)) continue;
  return r.failed || out->fault == wh_error_oom() ? wh_error_oom() : NULL;
}

void wh_names_free(wh_names_t *names) {
  for (size_t i = 0; i < WH_NAME_KINDS; i++) wh_vec_free(names->alloc, &names->of[i]);
  wherry_error_release(names->fault);
  names->fault = NULL;
}

size_t wh_names_first(const wh_names_t *names, wh_name_kind_t kind, uint32_t index) {
  size_t low = 0, high = names->of[kind].count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (names->of[kind].items[middle].index < index)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

wherry_bytes_t wh_names_find(const wh_names_t *names, wh_name_kind_t kind, uint32_t index,
                             uint32_t inner) {
  size_t low = 0, high = names->of[kind].count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const wh_naming_t *found = &names->of[kind].items[middle];
    if (found->index == index && found->inner == inner) return found->name;
    if (found->index < index || (found->index == index && found->inner < inner))
      low = middle + 1;
    else
      high = middle;
  }
  return (wherry_bytes_t) {0};
}

/* ---- single names, without reading them all ---- */

static wh_reader_t reader_of(wherry_bytes_t bytes) {
  return (wh_reader_t) {bytes.data, bytes.data, bytes.data + bytes.size, 0};
}

wherry_bytes_t wh_names_part(wherry_bytes_t section, wh_name_kind_t kind) {
  wh_reader_t in = reader_of(section);
  uint8_t id;
  uint32_t size;
  wherry_bytes_t part = {0};
  while (wh_read_u8(&in, &id) && wh_read_u32(&in, &size) && wh_read_bytes(&in, size, &part.data)) {
    part.size = size;
    if (id == kind) return part;
  }
  return (wherry_bytes_t) {0};
}

static bool single_name(wh_reader_t *in, wherry_bytes_t *name) {
  uint32_t size;
  if (!wh_read_u32(in, &size) || !wh_read_bytes(in, size, &name->data)) return false;
  name->size = size;
  return true;
}

wherry_bytes_t wh_names_module(wherry_bytes_t part) {
  wh_reader_t in = reader_of(part);
  wherry_bytes_t name;
  if (!part.data || !single_name(&in, &name) || !wh_utf8_valid(name.data, name.size, NULL))
    return (wherry_bytes_t) {0};
  return name;
}

wherry_bytes_t wh_model_function_name(const wh_model_t *model, uint32_t function) {
  wh_reader_t in = reader_of(model->function_names);
  uint32_t count, index;
  wherry_bytes_t name;
  if (in.start && wh_read_u32(&in, &count)) {
    while (count-- > 0 && wh_read_u32(&in, &index) && single_name(&in, &name)) {
      if (index != function) continue;
      if (name.size && wh_utf8_valid(name.data, name.size, NULL)) return name;
      break;
    }
  }
  for (size_t i = 0; i < model->exports.count; i++) {
    const wh_export_t *export = &model->exports.items[i];
    if (export->kind == WHERRY_EXTERN_FUNC && export->index == function) return export->name;
  }
  return (wherry_bytes_t) {0};
}
