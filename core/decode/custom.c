/* Custom sections of the tools' conventions (Producers, Target Features, Dynamic Linking). */
#include "decode/custom.h"
#include "model/hints.h"
#include "model/names.h"

typedef struct facts_reader {
  wh_reader_t in;
  wh_facts_t *facts;
  const char *section; /* its name */
  const wh_model_t *model;
  bool failed; /* no memory */
} facts_reader_t;

/* All readers return false after a fault, which ends the section, and when there is no memory. Those of
   whole sections return true where the section must end then. */
static bool WH_PRINTF(3, 4) fault(facts_reader_t *r, const uint8_t *at, const char *format, ...) {
  wh_text_t text = {.alloc = r->facts->alloc};
  va_list arguments;
  va_start(arguments, format);
  wh_text_vprintf(&text, format, arguments);
  va_end(arguments);
  uint64_t offset = r->in.base + (uint64_t)(at - r->in.start);
  r->facts->fault = text.failed ? wh_error_oom()
                                : wh_error_at(r->facts->alloc, WHERRY_ERROR_MALFORMED, offset,
                                              "%s section: %s", r->section, text.data);
  wh_text_free(&text);
  return false;
}

static bool read_u8(facts_reader_t *r, uint8_t *out, const char *what) {
  return wh_read_u8(&r->in, out) || fault(r, r->in.next, "unexpected end: expected %s", what);
}

static bool read_u32(facts_reader_t *r, uint32_t *out, const char *what) {
  return wh_read_u32(&r->in, out) ||
         fault(r, r->in.next, "%s: expected %s", wh_read_problem(&r->in, 32, false), what);
}

static bool read_text(facts_reader_t *r, wherry_bytes_t *out, const char *what) {
  uint32_t size;
  if (!read_u32(r, &size, what)) return false;
  if (!wh_read_bytes(&r->in, size, &out->data))
    return fault(r, r->in.next, "length out of bounds: %s of %u bytes, but %zu bytes are left",
                 what, size, (size_t)(r->in.end - r->in.next));
  out->size = size;
  return wh_utf8_valid(out->data, size, NULL) ||
         fault(r, out->data, "malformed UTF-8 encoding: %s", what);
}

static bool add(facts_reader_t *r, wh_fact_t fact) {
  if (wh_vec_push(r->facts->alloc, &r->facts->items, fact)) return true;
  r->failed = true;
  return false;
}

static bool is_text(wherry_bytes_t bytes, const char *text) {
  return bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

/* ---- name ---- */

static bool read_names(facts_reader_t *r, const wh_custom_t *section) {
  static const wh_fact_form_t forms[WH_NAME_KINDS] = {
      [WH_NAME_MODULE] = {"module", {NULL}, {"name"}},
      [WH_NAME_FUNCTION] = {"function", {"index"}, {"name"}},
      [WH_NAME_LOCAL] = {"local", {"function", "index"}, {"name"}},
      [WH_NAME_LABEL] = {"label", {"function", "index"}, {"name"}},
      [WH_NAME_TYPE] = {"type", {"index"}, {"name"}},
      [WH_NAME_TABLE] = {"table", {"index"}, {"name"}},
      [WH_NAME_MEMORY] = {"memory", {"index"}, {"name"}},
      [WH_NAME_GLOBAL] = {"global", {"index"}, {"name"}},
      [WH_NAME_ELEM] = {"elem", {"index"}, {"name"}},
      [WH_NAME_DATA] = {"data", {"index"}, {"name"}},
      [WH_NAME_FIELD] = {"field", {"type", "index"}, {"name"}},
      [WH_NAME_TAG] = {"tag", {"index"}, {"name"}},
  };
  wh_names_t names;
  bool good = !wh_names_read(r->facts->alloc, section, &names);
  if (good && names.module.data)
    good = add(r, (wh_fact_t) {.form = &forms[WH_NAME_MODULE], .texts = {names.module}});
  for (size_t kind = WH_NAME_FUNCTION; good && kind < WH_NAME_KINDS; kind++) {
    for (size_t i = 0; good && i < names.of[kind].count; i++) {
      const wh_naming_t *naming = &names.of[kind].items[i];
      good = add(r, (wh_fact_t) {&forms[kind], {naming->index, naming->inner}, {naming->name}});
    }
  }
  r->facts->fault = names.fault;
  names.fault = NULL;
  wh_names_free(&names);
  r->failed = !good;
  return false; /* they have been read to the end */
}

/* ---- producers: fields, each with pairs of a name and a version ---- */

static bool read_producers(facts_reader_t *r, const wh_custom_t *section) {
  static const wh_fact_form_t forms[] = {{"language", {NULL}, {"name", "version"}},
                                         {"processed-by", {NULL}, {"name", "version"}},
                                         {"sdk", {NULL}, {"name", "version"}}};
  uint32_t fields, values;
  unsigned seen = 0;
  (void)section;
  if (!read_u32(r, &fields, "a number of fields")) return false;
  while (fields-- > 0) {
    wh_fact_t fact = {0};
    wherry_bytes_t field;
    const uint8_t *at = r->in.next;
    if (!read_text(r, &field, "the name of a field")) return false;
    unsigned i = 0;
    while (i < WH_COUNT(forms) && !is_text(field, forms[i].kind)) i++;
    if (i == WH_COUNT(forms))
      return fault(r, at, "a field that is neither language, processed-by nor sdk");
    if (seen >> i & 1) return fault(r, at, "a second field %s", forms[i].kind);
    seen |= 1u << i;
    fact.form = &forms[i];
    if (!read_u32(r, &values, "a number of values")) return false;
    while (values-- > 0)
      if (!read_text(r, &fact.texts[0], "a name") || !read_text(r, &fact.texts[1], "a version") ||
          !add(r, fact))
        return false;
  }
  return true;
}

/* ---- target_features ---- */

static bool read_target_features(facts_reader_t *r, const wh_custom_t *section) {
  static const wh_fact_form_t used = {"used", {NULL}, {"name"}},
                              disallowed = {"disallowed", {NULL}, {"name"}},
                              required = {"required", {NULL}, {"name"}};
  uint32_t count;
  (void)section;
  if (!read_u32(r, &count, "a number of features")) return false;
  while (count-- > 0) {
    uint8_t prefix;
    wh_fact_t fact = {0};
    const uint8_t *at = r->in.next;
    if (!read_u8(r, &prefix, "a feature")) return false;
    fact.form = prefix == '+'   ? &used
                : prefix == '-' ? &disallowed
                : prefix == '=' ? &required
                                : NULL;
    if (!fact.form) return fault(r, at, "a feature's prefix is 0x%02x, expected +, - or =", prefix);
    if (!read_text(r, &fact.texts[0], "the name of a feature") || !add(r, fact)) return false;
  }
  return true;
}

/* ---- dylink.0: subsections ---- */

enum {
  DYLINK_MEM_INFO = 1,
  DYLINK_NEEDED,
  DYLINK_EXPORT_INFO,
  DYLINK_IMPORT_INFO,
  DYLINK_RUNTIME_PATH
};

static bool read_dylink_entry(facts_reader_t *r, uint8_t id) {
  static const wh_fact_form_t memory = {"memory", {"size", "alignment"}, {NULL}},
                              table = {"table", {"size", "alignment"}, {NULL}},
                              needed = {"needed", {NULL}, {"name"}},
                              export = {"export", {"flags"}, {"name"}},
                              import = {"import", {"flags"}, {"module", "name"}},
                              path = {"runtime-path", {NULL}, {"name"}};
  wh_fact_t fact = {.form = &needed};
  uint32_t size, alignment, flags;
  switch (id) {
  case DYLINK_MEM_INFO:
    for (unsigned i = 0; i < 2; i++) {
      if (!read_u32(r, &size, "a size") || !read_u32(r, &alignment, "an alignment") ||
          !add(r, (wh_fact_t) {.form = i ? &table : &memory, .numbers = {size, alignment}}))
        return false;
    }
    return true;
  case DYLINK_EXPORT_INFO:
    fact.form = &export;
    if (!read_text(r, &fact.texts[0], "the name of an export")) return false;
    break;
  case DYLINK_IMPORT_INFO:
    fact.form = &import;
    if (!read_text(r, &fact.texts[0], "the module of an import") ||
        !read_text(r, &fact.texts[1], "the name of an import"))
      return false;
    break;
  case DYLINK_RUNTIME_PATH: fact.form = &path; /* fall through */
  default: return read_text(r, &fact.texts[0], "a name") && add(r, fact);
  }
  if (!read_u32(r, &flags, "flags")) return false;
  fact.numbers[0] = flags;
  return add(r, fact);
}

static bool read_dylink_part(facts_reader_t *r, uint8_t id) {
  uint32_t count = 1;
  if (id < DYLINK_MEM_INFO || id > DYLINK_RUNTIME_PATH) { /* of a later convention */
    r->in.next = r->in.end;
    return true;
  }
  if (id != DYLINK_MEM_INFO && !read_u32(r, &count, "a number of entries")) return false;
  while (count-- > 0)
    if (!read_dylink_entry(r, id)) return false;
  return r->in.next == r->in.end ||
         fault(r, r->in.next, "%zu bytes are left after the last entry of subsection %u",
               (size_t)(r->in.end - r->in.next), id);
}

static bool read_dylink(facts_reader_t *r, const wh_custom_t *section) {
  const uint8_t *whole = r->in.end;
  if (section->after != 0) return fault(r, r->in.next, "it is not the first section");
  while (r->in.next < whole) {
    uint8_t id;
    uint32_t size;
    const uint8_t *bytes;
    if (!read_u8(r, &id, "a subsection") || !read_u32(r, &size, "the size of a subsection"))
      return false;
    if (!wh_read_bytes(&r->in, size, &bytes))
      return fault(r, r->in.next,
                   "length out of bounds: subsection %u of %u bytes, but %zu bytes are left", id,
                   size, (size_t)(whole - r->in.next));
    r->in.next = bytes;
    r->in.end = bytes + size;
    if (!read_dylink_part(r, id)) return false;
    r->in.end = whole;
  }
  return true;
}

/* ---- metadata.code.branch_hint ---- */

static bool read_hints(facts_reader_t *r, const wh_custom_t *section) {
  static const wh_fact_form_t likely = {"likely", {"function", "offset"}, {NULL}},
                              unlikely = {"unlikely", {"function", "offset"}, {NULL}};
  wh_hints_t hints;
  bool good = !wh_hints_read(r->facts->alloc, r->model, &hints);
  for (size_t i = 0; good && i < hints.items.count && hints.section == section; i++) {
    const wh_hint_t *hint = &hints.items.items[i];
    good = add(r, (wh_fact_t) {.form = hint->likely ? &likely : &unlikely,
                               .numbers = {hint->function, hint->offset}});
  }
  if (good && hints.section == section) {
    r->facts->fault = hints.fault;
    hints.fault = NULL;
  }
  wh_hints_free(r->facts->alloc, &hints);
  r->failed = !good;
  return false; /* they have been read to the end */
}

/* ---- all ---- */

static const struct {
  const char *name;
  bool (*read)(facts_reader_t *r, const wh_custom_t *section);
} sections[] = {
    {"name", read_names},
    {"producers", read_producers},
    {"target_features", read_target_features},
    {"dylink.0", read_dylink},
    {WH_HINTS_SECTION, read_hints},
};

static size_t find(const wh_custom_t *section) {
  size_t i = 0;
  while (i < WH_COUNT(sections) && !is_text(section->name, sections[i].name)) i++;
  return i;
}

bool wh_facts_known(const wh_custom_t *section) { return find(section) < WH_COUNT(sections); }

wherry_error_t *wh_facts_read(wh_alloc_t *alloc, const wh_model_t *model,
                              const wh_custom_t *section, wh_facts_t *out) {
  *out = (wh_facts_t) {.alloc = alloc};
  size_t which = find(section);
  if (which == WH_COUNT(sections)) return NULL;
  facts_reader_t r = {.facts = out, .model = model, .section = sections[which].name};
  r.in = (wh_reader_t) {section->bytes.data, section->bytes.data,
                        section->bytes.data + section->bytes.size, section->offset};
  if (sections[which].read(&r, section) && r.in.next != r.in.end)
    fault(&r, r.in.next, "%zu bytes are left at its end", (size_t)(r.in.end - r.in.next));
  return r.failed || out->fault == wh_error_oom() ? wh_error_oom() : NULL;
}

void wh_facts_free(wh_facts_t *facts) {
  wh_vec_free(facts->alloc, &facts->items);
  wherry_error_release(facts->fault);
  facts->fault = NULL;
}
