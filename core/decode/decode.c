#include "decode_input.h"
#include "model/names.h"

/* ---- how reading fails ---- */

bool wh_decode_malformed(decoder_t *d, const uint8_t *at, const char *words, const char *detail,
                         ...) {
  wh_text_t text = {.alloc = d->model->alloc};
  va_list arguments;
  va_start(arguments, detail);
  wh_text_vprintf(&text, detail, arguments);
  va_end(arguments);
  if (d->section) wh_text_printf(&text, " (%s section", d->section);
  if (d->section && d->has_entry) wh_text_printf(&text, ", entry %u", d->entry);
  if (d->section) wh_text_append(&text, ")", 1);
  uint64_t offset = d->in.base + (uint64_t)(at - d->in.start);
  d->error = text.failed ? wh_error_oom()
                         : wh_error_at(d->model->alloc, WHERRY_ERROR_MALFORMED, offset, "%s: %s",
                                       words, text.data);
  wh_text_free(&text);
  return false;
}

bool wh_decode_needs(decoder_t *d, const uint8_t *at, const char *feature, const char *what, ...) {
  wh_text_t text = {.alloc = d->model->alloc};
  va_list arguments;
  va_start(arguments, what);
  wh_text_vprintf(&text, what, arguments);
  va_end(arguments);
  uint64_t offset = d->in.base + (uint64_t)(at - d->in.start);
  d->error = text.failed ? wh_error_oom()
                         : wh_error_needs_feature(d->model->alloc, offset, feature, text.data);
  wh_text_free(&text);
  return false;
}

bool wh_decode_oom(decoder_t *d) {
  d->error = wh_error_oom();
  return false;
}

bool wh_decode_too_many(decoder_t *d, const uint8_t *at, uint64_t count, uint64_t most,
                        const char *what) {
  d->error =
      wh_error_limit(d->model->alloc, "module", "a module of %llu %s: this engine takes %llu",
                     (unsigned long long)count, what, (unsigned long long)most);
  if (d->error != wh_error_oom()) {
    d->error->has_offset = true;
    d->error->offset = d->in.base + (uint64_t)(at - d->in.start);
  }
  return false;
}

static bool has(const decoder_t *d, wh_features_t feature) { return (d->features & feature) != 0; }

bool wh_decode_u8(decoder_t *d, uint8_t *out, const char *what) {
  return wh_read_u8(&d->in, out) ||
         wh_decode_malformed(
             d, d->in.next, d->section ? "unexpected end of section or function" : "unexpected end",
             "expected %s", what);
}

bool wh_decode_u32(decoder_t *d, uint32_t *out, const char *what) {
  if (WH_LIKELY(wh_read_u32(&d->in, out))) return true;
  const char *problem = wh_read_problem(&d->in, 32, false);
  if (d->section && d->in.next == d->in.end) problem = "unexpected end of section or function";
  return wh_decode_malformed(d, d->in.next, problem, "expected %s", what);
}

static bool u64(decoder_t *d, uint64_t *out, const char *what) {
  return wh_read_u64(&d->in, out) ||
         wh_decode_malformed(d, d->in.next, wh_read_problem(&d->in, 64, false), "expected %s",
                             what);
}

/* size bytes, which the size itself was read of just before. */
static bool block(decoder_t *d, uint32_t size, const uint8_t **out, const char *what) {
  if (WH_LIKELY(wh_read_bytes(&d->in, size, out))) return true;
  return wh_decode_malformed(
      d, d->in.next,
      d->section ? "unexpected end of section or function: length out of bounds"
                 : "length out of bounds",
      "%s of %u bytes, but %zu bytes are left", what, size, (size_t)(d->in.end - d->in.next));
}

static bool name(decoder_t *d, wherry_bytes_t *out, const char *what) {
  uint32_t size;
  if (!wh_decode_u32(d, &size, what)) return false;
  const uint8_t *at = d->in.next;
  if (!block(d, size, &out->data, what)) return false;
  out->size = size;
  return wh_utf8_valid(at, size, NULL) ||
         wh_decode_malformed(d, at, "malformed UTF-8 encoding", "%s", what);
}

/* The number of entries, checked against the limit of this implementation; memory is taken ahead
   only as far as the bytes that are left could hold so many. */
static bool count(decoder_t *d, uint32_t *out, uint32_t most, const char *what) {
  const uint8_t *at = d->in.next;
  d->has_entry = false;
  if (!wh_decode_u32(d, out, "a number of entries")) return false;
  return *out <= most || wh_decode_too_many(d, at, *out, most, what);
}
static size_t ahead(const decoder_t *d, uint32_t wanted, size_t bytes_each) {
  size_t possible = (size_t)(d->in.end - d->in.next) / bytes_each;
  return wanted < possible ? wanted : possible;
}

/* ---- types of entities ---- */

static bool limits_flags(decoder_t *d, bool of_memory, uint8_t *flags) {
  const uint8_t *at = d->in.next;
  const char *what = of_memory ? "memory" : "table";
  unsigned known = WH_LIMITS_MAXIMUM | WH_LIMITS_64;
  if (of_memory) known |= WH_LIMITS_SHARED | WH_LIMITS_PAGE_SIZE;
  if (!wh_decode_u8(d, flags, "limits")) return false;
  if (*flags & ~known)
    return wh_decode_malformed(d, at, "malformed limits flags", "0x%02x of a %s, expected %s",
                               *flags, what, of_memory ? "0 to 15" : "0, 1, 4 or 5");
  /* Not yet in the standard, whose tests have it malformed. */
  if ((*flags & WH_LIMITS_PAGE_SIZE) && !has(d, WH_FEATURE(CUSTOM_PAGE_SIZES)))
    return wh_decode_malformed(d, at, "malformed limits flags",
                               "0x%02x needs feature custom-page-sizes, which is switched off",
                               *flags);
  if ((*flags & WH_LIMITS_SHARED) && !has(d, WH_FEATURE(THREADS)))
    return wh_decode_needs(d, at, "threads", "a memory with limits flags 0x%02x", *flags);
  if ((*flags & WH_LIMITS_64) && !has(d, WH_FEATURE(MEMORY64)))
    return wh_decode_needs(d, at, "memory64", "a %s with limits flags 0x%02x", what, *flags);
  return true;
}

static bool limits(decoder_t *d, uint8_t flags, wh_limits_t *out) {
  out->maximum = UINT64_MAX;
  if (!u64(d, &out->minimum, "the minimum of limits")) return false;
  if (!(flags & WH_LIMITS_MAXIMUM)) return true;
  if (!u64(d, &out->maximum, "the maximum of limits")) return false;
  /* UINT64_MAX stands for "none": no memory or table comes near to it. */
  out->is_widest = out->maximum == UINT64_MAX;
  if (out->is_widest) out->maximum--;
  return true;
}

static bool memory_type(decoder_t *d, wh_memory_type_t *out) {
  uint8_t flags = 0;
  if (!limits_flags(d, true, &flags) || !limits(d, flags, &out->limits)) return false;
  out->is64 = (flags & WH_LIMITS_64) != 0;
  out->shared = (flags & WH_LIMITS_SHARED) != 0;
  out->page_log2 = WH_PAGE_LOG2;
  if (!(flags & WH_LIMITS_PAGE_SIZE)) return true;
  const uint8_t *at = d->in.next;
  uint32_t power;
  if (!wh_decode_u32(d, &power, "the page size of a memory")) return false;
  if (power >= 64) return wh_decode_malformed(d, at, "invalid custom page size", "2^%u", power);
  out->page_log2 = (uint8_t)power;
  return true;
}

static bool table_type(decoder_t *d, wh_table_type_t *out) {
  const uint8_t *at = d->in.next;
  if (!wh_decode_ref_type(d, &out->element, "a table")) return false;
  if (out->element != WHERRY_FUNCREF && !has(d, WH_FEATURE(REFERENCE_TYPES)))
    return wh_decode_needs(d, at, "reference-types", "a table of externref");
  uint8_t flags = 0;
  if (!limits_flags(d, false, &flags)) return false;
  out->is64 = (flags & WH_LIMITS_64) != 0;
  return limits(d, flags, &out->limits);
}

static bool global_type(decoder_t *d, wh_global_type_t *out) {
  if (!wh_decode_val_type(d, &out->type, "a global")) return false;
  const uint8_t *at = d->in.next;
  uint8_t mutability;
  if (!wh_decode_u8(d, &mutability, "the mutability of a global")) return false;
  if (mutability > 1)
    return wh_decode_malformed(d, at, "malformed mutability", "0x%02x, expected 0 or 1",
                               mutability);
  out->is_mutable = mutability == 1;
  return true;
}

static bool tag_type(decoder_t *d, uint32_t *type) {
  const uint8_t *at = d->in.next;
  uint8_t attribute;
  if (!has(d, WH_FEATURE(EXCEPTIONS)) && !has(d, WH_FEATURE(LEGACY_EXCEPTIONS)))
    return wh_decode_needs(d, at, "exceptions", "a tag");
  if (!wh_decode_u8(d, &attribute, "the attribute of a tag")) return false;
  if (attribute != 0)
    return wh_decode_malformed(d, at, "malformed tag attribute", "0x%02x, expected 0", attribute);
  return wh_decode_u32(d, type, "a type index");
}

/* ---- sections: each reads one entry ---- */

/* What is imported: its kind, and of its types the one of that kind. */
typedef struct imported {
  uint8_t kind;
  uint32_t type; /* function, tag */
  wh_table_type_t table;
  wh_memory_type_t memory;
  wh_global_type_t global;
} imported_t;

static bool imported(decoder_t *d, imported_t *out) {
  const uint8_t *at = d->in.next;
  *out = (imported_t) {0};
  if (!wh_decode_u8(d, &out->kind, "the kind of an import")) return false;
  switch (out->kind) {
  case WHERRY_EXTERN_FUNC: return wh_decode_u32(d, &out->type, "a type index");
  case WHERRY_EXTERN_TABLE: return table_type(d, &out->table);
  case WHERRY_EXTERN_MEMORY: return memory_type(d, &out->memory);
  case WHERRY_EXTERN_GLOBAL:
    out->global.imported = true;
    if (!global_type(d, &out->global)) return false;
    return !out->global.is_mutable || has(d, WH_FEATURE(MUTABLE_GLOBALS)) ||
           wh_decode_needs(d, at, "mutable-globals", "the import of a mutable global");
  case WHERRY_EXTERN_TAG: return tag_type(d, &out->type);
  default: {
    const char *later = wh_later_extern_kind(out->kind);
    if (later) return wh_decode_needs(d, at, later, "import kind %u", out->kind);
    return wh_decode_malformed(d, at, "malformed import kind", "0x%02x, expected 0 to 4",
                               out->kind);
  }
  }
}

static bool add_import(decoder_t *d, wh_import_t import, const imported_t *what) {
  wh_model_t *m = d->model;
  bool stored = false;
  if (m->imports.count >= WH_MAX_IMPORTS)
    return wh_decode_too_many(d, d->in.next, WH_MAX_IMPORTS + 1, WH_MAX_IMPORTS, "import");
  import.type.kind = (wherry_extern_kind_t)what->kind;
  import.type_index = what->type;
  switch (import.type.kind) {
  case WHERRY_EXTERN_FUNC:
    import.index = m->imported_functions++;
    stored = wh_vec_push(m->alloc, &m->functions, what->type);
    break;
  case WHERRY_EXTERN_TABLE:
    import.index = m->imported_tables++;
    stored = wh_vec_push(m->alloc, &m->tables, what->table);
    break;
  case WHERRY_EXTERN_MEMORY:
    import.index = m->imported_memories++;
    stored = wh_vec_push(m->alloc, &m->memories, what->memory);
    break;
  case WHERRY_EXTERN_GLOBAL:
    import.index = m->imported_globals++;
    stored = wh_vec_push(m->alloc, &m->globals, what->global);
    break;
  case WHERRY_EXTERN_TAG:
    import.index = m->imported_tags++;
    stored = wh_vec_push(m->alloc, &m->tags, what->type);
    break;
  }
  if (!stored) return wh_decode_oom(d);
  wh_model_extern_of(m, import.type.kind, import.index, &import.type);
  return wh_vec_push(m->alloc, &m->imports, import) || wh_decode_oom(d);
}

/* Several imports of one module, each with its type, or all of one type (proposal Compact Import
   Section); from the byte on that stands in place of a kind. The model has them one by one. */
static bool import_items(decoder_t *d, wherry_bytes_t module, bool one_type) {
  wh_model_t *m = d->model;
  imported_t what = {0};
  uint32_t number;
  if (!has(d, WH_FEATURE(COMPACT_IMPORTS)))
    return wh_decode_needs(d, d->in.next, "compact-imports", "an import of several items");
  d->in.next++;
  m->has_compact_imports = true;
  if ((one_type && !imported(d, &what)) ||
      !count(d, &number, WH_MAX_IMPORTS - (uint32_t)m->imports.count, "import"))
    return false;
  d->has_entry = true;
  while (number-- > 0) {
    wh_import_t import = {.module = module, .offset = wh_reader_offset(&d->in)};
    if (!name(d, &import.name, "the name of an import") || (!one_type && !imported(d, &what)) ||
        !add_import(d, import, &what))
      return false;
  }
  return true;
}

static bool import_entry(decoder_t *d) {
  wh_import_t import = {.offset = wh_reader_offset(&d->in)};
  imported_t what;
  if (!name(d, &import.module, "the module of an import")) return false;
  if (!name(d, &import.name, "the name of an import")) return false;
  if (!import.name.size && d->in.next < d->in.end &&
      (*d->in.next == WH_IMPORT_ITEMS || *d->in.next == WH_IMPORT_ITEMS_OF_ONE_TYPE))
    return import_items(d, import.module, *d->in.next == WH_IMPORT_ITEMS_OF_ONE_TYPE);
  return imported(d, &what) && add_import(d, import, &what);
}

static bool function_entry(decoder_t *d) {
  uint32_t type;
  return wh_decode_u32(d, &type, "a type index") &&
         (wh_vec_push(d->model->alloc, &d->model->functions, type) || wh_decode_oom(d));
}

static bool table_entry(decoder_t *d) {
  wh_table_type_t table = {0};
  const uint8_t *at = d->in.next;
  if (at + 1 < d->in.end && at[0] == 0x40 && at[1] == 0x00) {
    if (!has(d, WH_FEATURE(FUNCTION_REFERENCES)))
      return wh_decode_needs(d, at, "function-references", "a table with an initial value");
    d->in.next += 2;
    table.has_init = true;
  }
  return table_type(d, &table) && (!table.has_init || wh_decode_expr(d, &table.init)) &&
         (wh_vec_push(d->model->alloc, &d->model->tables, table) || wh_decode_oom(d));
}

static bool memory_entry(decoder_t *d) {
  wh_memory_type_t memory = {0};
  return memory_type(d, &memory) &&
         (wh_vec_push(d->model->alloc, &d->model->memories, memory) || wh_decode_oom(d));
}

static bool tag_entry(decoder_t *d) {
  uint32_t type;
  return tag_type(d, &type) &&
         (wh_vec_push(d->model->alloc, &d->model->tags, type) || wh_decode_oom(d));
}

static bool global_entry(decoder_t *d) {
  wh_global_type_t global = {0};
  return global_type(d, &global) && wh_decode_expr(d, &global.init) &&
         (wh_vec_push(d->model->alloc, &d->model->globals, global) || wh_decode_oom(d));
}

static bool export_entry(decoder_t *d) {
  wh_model_t *m = d->model;
  wh_export_t export = {0};
  if (!name(d, &export.name, "the name of an export")) return false;
  const uint8_t *at = d->in.next;
  uint8_t kind;
  if (!wh_decode_u8(d, &kind, "the kind of an export")) return false;
  if (kind > WHERRY_EXTERN_TAG) {
    const char *later = wh_later_extern_kind(kind);
    if (later) return wh_decode_needs(d, at, later, "export kind %u", kind);
    return wh_decode_malformed(d, at, "malformed export kind", "0x%02x, expected 0 to 4", kind);
  }
  if (kind == WHERRY_EXTERN_TAG && !has(d, WH_FEATURE(EXCEPTIONS) | WH_FEATURE(LEGACY_EXCEPTIONS)))
    return wh_decode_needs(d, at, "exceptions", "export kind 4");
  export.kind = (wherry_extern_kind_t)kind;
  if (!wh_decode_u32(d, &export.index, "an index")) return false;
  return wh_vec_push(m->alloc, &m->exports, export) || wh_decode_oom(d);
}

static bool body_entry(decoder_t *d) {
  wh_model_t *m = d->model;
  const uint8_t *at = d->in.next;
  wh_body_t body;
  if (!wh_decode_u32(d, &body.size, "the size of a function body")) return false;
  if (body.size > WH_MAX_BODY_SIZE)
    return wh_decode_too_many(d, at, body.size, WH_MAX_BODY_SIZE, "bytes in one function");
  body.offset = wh_reader_offset(&d->in);
  if (!block(d, body.size, &body.bytes, "a function body")) return false;
  size_t function = m->imported_functions + m->bodies.count;
  body.type_index = function < m->functions.count ? m->functions.items[function] : UINT32_MAX;
  return wh_vec_push(m->alloc, &m->bodies, body) || wh_decode_oom(d);
}

/* Binary Format, Element Section: bit 0 of the flags says passive or declarative, bit 1 declarative
   or with a table index, bit 2 expressions instead of functions. */
static bool elem_entry(decoder_t *d) {
  wh_model_t *m = d->model;
  const uint8_t *at = d->in.next;
  uint32_t flags;
  wh_elem_t elem = {.type = WHERRY_FUNCREF};
  if (!wh_decode_u32(d, &flags, "an element segment")) return false;
  if (flags > 7)
    return wh_decode_malformed(d, at, "malformed elements segment kind", "%u, expected 0 to 7",
                               flags);
  if (flags && !has(d, WH_FEATURE(BULK_MEMORY)))
    return wh_decode_needs(d, at, "bulk-memory", "an element segment of kind %u", flags);
  elem.mode = !(flags & 1)  ? WH_SEGMENT_ACTIVE
              : (flags & 2) ? WH_SEGMENT_DECLARATIVE
                            : WH_SEGMENT_PASSIVE;
  elem.by_index = !(flags & 4);
  if (elem.mode == WH_SEGMENT_ACTIVE) {
    if ((flags & 2) && !wh_decode_u32(d, &elem.table, "a table index")) return false;
    if (!wh_decode_expr(d, &elem.offset)) return false;
  }
  if (flags & 3) {
    uint8_t kind;
    at = d->in.next;
    if (elem.by_index) {
      if (!wh_decode_u8(d, &kind, "an element kind")) return false;
      if (kind != 0) return wh_decode_malformed(d, at, "malformed element kind", "0x%02x", kind);
    } else if (!wh_decode_ref_type(d, &elem.type, "an element segment")) {
      return false;
    }
  }
  at = d->in.next;
  if (!wh_decode_u32(d, &elem.count, "a number of elements")) return false;
  if (elem.count > WH_MAX_TABLE_ELEMENTS)
    return wh_decode_too_many(d, at, elem.count, WH_MAX_TABLE_ELEMENTS, "elements in one segment");
  elem.items = d->in.next;
  elem.items_offset = wh_reader_offset(&d->in);
  for (uint32_t i = 0; i < elem.count; i++) {
    uint32_t index;
    wh_const_expr_t expr;
    if (elem.by_index ? !wh_decode_u32(d, &index, "a function index") : !wh_decode_expr(d, &expr))
      return false;
  }
  elem.items_size = (uint32_t)(d->in.next - elem.items);
  return wh_vec_push(m->alloc, &m->elems, elem) || wh_decode_oom(d);
}

static bool data_entry(decoder_t *d) {
  wh_model_t *m = d->model;
  const uint8_t *at = d->in.next;
  uint32_t flags, size;
  wh_data_t data = {.mode = WH_SEGMENT_ACTIVE};
  if (!wh_decode_u32(d, &flags, "a data segment")) return false;
  if (flags > 2)
    return wh_decode_malformed(d, at, "malformed data segment kind", "%u, expected 0 to 2", flags);
  if (flags && !has(d, WH_FEATURE(BULK_MEMORY)))
    return wh_decode_needs(d, at, "bulk-memory", "a data segment of kind %u", flags);
  if (flags == 1) data.mode = WH_SEGMENT_PASSIVE;
  if (flags == 2 && !wh_decode_u32(d, &data.memory, "a memory index")) return false;
  if (flags != 1 && !wh_decode_expr(d, &data.offset)) return false;
  if (!wh_decode_u32(d, &size, "the size of a data segment") ||
      !block(d, size, &data.bytes.data, "a data segment"))
    return false;
  data.bytes.size = size;
  return wh_vec_push(m->alloc, &m->datas, data) || wh_decode_oom(d);
}

/* ---- custom sections ---- */

/* Names that messages need; what is broken in a name section is as if it were not there. */
static bool read_names(decoder_t *d, wherry_bytes_t contents) {
  wh_model_t *m = d->model;
  if (!m->function_names.data) m->function_names = wh_names_part(contents, WH_NAME_FUNCTION);
  wherry_bytes_t found = wh_names_module(wh_names_part(contents, WH_NAME_MODULE));
  if (!found.data || m->name.data) return true;
  m->name_text = wh_strndup(m->alloc, (const char *)found.data, found.size);
  if (!m->name_text) return wh_decode_oom(d);
  m->name = found;
  return true;
}

static bool custom_section(decoder_t *d, uint32_t after) {
  wh_model_t *m = d->model;
  wh_custom_t custom = {.after = after};
  if (!name(d, &custom.name, "the name of a custom section")) return false;
  custom.offset = wh_reader_offset(&d->in);
  custom.bytes = (wherry_bytes_t) {d->in.next, (size_t)(d->in.end - d->in.next)};
  d->in.next = d->in.end;
  if (custom.name.size == 4 && memcmp(custom.name.data, "name", 4) == 0 &&
      !read_names(d, custom.bytes))
    return false;
  return wh_vec_push(m->alloc, &m->customs, custom) || wh_decode_oom(d);
}

/* ---- the module ---- */

enum {
  CUSTOM,
  TYPE,
  IMPORT,
  FUNCTION,
  TABLE,
  MEMORY,
  GLOBAL,
  EXPORT,
  START,
  ELEMENT,
  CODE,
  DATA,
  DATA_COUNT,
  TAG,
  SECTIONS
};

static const struct {
  const char *name;
  uint8_t order;
  uint8_t bytes_each; /* at least, of an entry */
  uint32_t most;
  bool (*entry)(decoder_t *d);
} sections[SECTIONS] = {
    [CUSTOM] = {.name = "custom"},
    [TYPE] = {"type", 1, 3, WH_MAX_TYPES, wh_decode_type_entry},
    [IMPORT] = {"import", 2, 4, WH_MAX_IMPORTS, import_entry},
    [FUNCTION] = {"function", 3, 1, WH_MAX_FUNCTIONS, function_entry},
    [TABLE] = {"table", 4, 3, WH_MAX_TABLES, table_entry},
    [MEMORY] = {"memory", 5, 2, WH_MAX_MEMORIES, memory_entry},
    [TAG] = {"tag", 6, 2, WH_MAX_TAGS, tag_entry},
    [GLOBAL] = {"global", 7, 4, WH_MAX_GLOBALS, global_entry},
    [EXPORT] = {"export", 8, 3, WH_MAX_EXPORTS, export_entry},
    [START] = {.name = "start", .order = 9},
    [ELEMENT] = {"element", 10, 2, WH_MAX_SEGMENTS, elem_entry},
    [DATA_COUNT] = {.name = "data count", .order = 11},
    [CODE] = {"code", 12, 2, WH_MAX_FUNCTIONS, body_entry},
    [DATA] = {"data", 13, 2, WH_MAX_SEGMENTS, data_entry},
};

/* Memory for what is about to come, so that vectors do not grow step by step. */
static bool reserve(decoder_t *d, unsigned id, uint32_t number) {
  wh_model_t *m = d->model;
  size_t n = ahead(d, number, sections[id].bytes_each);
  switch (id) {
  case TYPE:
    return wh_vec_reserve(m->alloc, &m->types, n) && wh_vec_reserve(m->alloc, &m->subtypes, n);
  case IMPORT: return wh_vec_reserve(m->alloc, &m->imports, n);
  case FUNCTION: return wh_vec_reserve(m->alloc, &m->functions, n);
  case GLOBAL: return wh_vec_reserve(m->alloc, &m->globals, n);
  case EXPORT: return wh_vec_reserve(m->alloc, &m->exports, n);
  case ELEMENT: return wh_vec_reserve(m->alloc, &m->elems, n);
  case CODE: return wh_vec_reserve(m->alloc, &m->bodies, n);
  case DATA: return wh_vec_reserve(m->alloc, &m->datas, n);
  default: return true;
  }
}

static bool entries(decoder_t *d, unsigned id) {
  wh_model_t *m = d->model;
  const uint8_t *at = d->in.next;
  uint32_t number;
  if (!count(d, &number, sections[id].most, sections[id].name)) return false;
  if (id == CODE && number != m->functions.count - m->imported_functions)
    return wh_decode_malformed(d, at, "function and code section have inconsistent lengths",
                               "%zu functions, %u bodies",
                               m->functions.count - m->imported_functions, number);
  if (id == DATA && m->has_data_count && number != m->data_count)
    return wh_decode_malformed(d, at, "data count and data section have inconsistent lengths",
                               "%u announced, %u there", m->data_count, number);
  if (!reserve(d, id, number)) return wh_decode_oom(d);
  d->has_entry = true;
  for (d->entry = 0; d->entry < number; d->entry++)
    if (!sections[id].entry(d)) return false;
  d->has_entry = false;
  return true;
}

static bool contents(decoder_t *d, unsigned id, uint32_t after) {
  wh_model_t *m = d->model;
  switch (id) {
  case CUSTOM: return custom_section(d, after);
  case START:
    m->has_start = true;
    return wh_decode_u32(d, &m->start, "the index of the start function");
  case DATA_COUNT:
    if (!has(d, WH_FEATURE(BULK_MEMORY)))
      return wh_decode_needs(d, d->in.next, "bulk-memory", "a data count section");
    m->has_data_count = true;
    return wh_decode_u32(d, &m->data_count, "a number of data segments");
  default: return entries(d, id);
  }
}

static bool section(decoder_t *d, uint8_t *last) {
  const uint8_t *whole = d->in.end, *at = d->in.next;
  uint8_t id;
  uint32_t size;
  if (!wh_decode_u8(d, &id, "a section")) return false;
  if (id >= SECTIONS)
    return wh_decode_malformed(d, at, "malformed section id", "%u, expected 0 to 13", id);
  if (id == TAG && !has(d, WH_FEATURE(EXCEPTIONS) | WH_FEATURE(LEGACY_EXCEPTIONS)))
    return wh_decode_needs(d, at, "exceptions", "a section with id %u", id);
  if (!wh_decode_u32(d, &size, "the size of a section")) return false;
  if (id != CUSTOM && *last && sections[id].order <= sections[*last].order)
    return wh_decode_malformed(d, at, "unexpected content after last section",
                               id == *last ? "a second %s section after the %s section"
                                           : "the %s section after the %s section",
                               sections[id].name, sections[*last].name);
  const uint8_t *bytes;
  if (!block(d, size, &bytes, sections[id].name)) return false;
  d->in.next = bytes;
  d->in.end = bytes + size;
  d->section = sections[id].name;
  d->has_entry = false;
  if (!contents(d, id, *last)) return false;
  if (d->in.next != d->in.end)
    return wh_decode_malformed(d, d->in.next, "section size mismatch",
                               "%zu bytes are left after the last entry",
                               (size_t)(d->in.end - d->in.next));
  d->section = NULL;
  d->in.end = whole;
  if (id != CUSTOM) *last = id;
  return true;
}

static bool header(decoder_t *d) {
  static const uint8_t magic[4] = {0, 'a', 's', 'm'};
  const uint8_t *at = d->in.next;
  size_t size = (size_t)(d->in.end - at);
  if (size < 4)
    return wh_decode_malformed(d, d->in.end, "unexpected end",
                               "%zu bytes, but a WebAssembly module begins with 00 61 73 6d", size);
  if (memcmp(at, magic, 4) != 0)
    return wh_decode_malformed(d, at, "magic header not detected",
                               "a WebAssembly module begins with the bytes 00 61 73 6d%s",
                               at[0] == '(' || at[0] == ';' ? "; this looks like the text format"
                                                            : "");
  if (size < 8)
    return wh_decode_malformed(d, d->in.end, "unexpected end",
                               "expected the version of the format");
  uint32_t version;
  memcpy(&version, at + 4, 4);
  if (version >> 16 == 1)
    return wh_decode_malformed(d, at + 4, "unknown binary version",
                               "this is a component, not a core module");
  if (version != 1)
    return wh_decode_malformed(d, at + 4, "unknown binary version", "%u, expected 1", version);
  d->in.next += 8;
  return true;
}

/* What can be said only when all sections were read. */
static bool finish(decoder_t *d) {
  wh_model_t *m = d->model;
  size_t functions = m->functions.count - m->imported_functions;
  if (functions != m->bodies.count)
    return wh_decode_malformed(d, d->in.next, "function and code section have inconsistent lengths",
                               "%zu functions, %zu bodies", functions, m->bodies.count);
  if (m->has_data_count && m->data_count != m->datas.count)
    return wh_decode_malformed(d, d->in.next,
                               "data count and data section have inconsistent lengths",
                               "%u announced, %zu there", m->data_count, m->datas.count);
  for (size_t i = 0; i < m->exports.count; i++) {
    wh_export_t *export = &m->exports.items[i];
    wh_model_extern_of(m, export->kind, export->index, &export->type);
    if (!wh_map_put(m->alloc, &m->export_map, (const char *)export->name.data, export->name.size,
                    i))
      return wh_decode_oom(d);
  }
  return true;
}

wherry_error_t *wh_decode_inside(wh_binary_t *binary, size_t offset, size_t size,
                                 wh_features_t features, wh_model_t **out) {
  decoder_t d = {.features = features};
  *out = NULL;
  d.model = WH_NEW(binary->alloc, wh_model_t);
  if (!d.model) return wh_error_oom();
  wh_binary_retain(binary);
  d.model->alloc = binary->alloc;
  d.model->binary = binary;
  d.model->bytes = binary->bytes + offset;
  d.model->size = size;
  d.in = (wh_reader_t) {d.model->bytes, d.model->bytes, d.model->bytes + size, 0};
  bool good = header(&d);
  uint8_t last = 0;
  while (good && d.in.next < d.in.end) good = section(&d, &last);
  if (good && finish(&d)) {
    *out = d.model;
    return NULL;
  }
  wh_model_free(d.model);
  return d.error;
}

wherry_error_t *wh_decode(wh_alloc_t *alloc, const uint8_t *bytes, size_t size,
                          wh_features_t features, wh_model_t **out) {
  wh_binary_t *binary = wh_binary_make(alloc, bytes, size);
  *out = NULL;
  if (!binary) return wh_error_oom();
  wherry_error_t *error = wh_decode_inside(binary, 0, size, features, out);
  wh_binary_release(binary);
  return error;
}

/* ---- what component binaries share ---- */

wherry_error_t *wh_decode_rectype(wh_reader_t *in, wh_features_t features, wh_model_t *model) {
  decoder_t d = {.in = *in, .model = model, .features = features};
  bool good = wh_decode_type_entry(&d);
  *in = d.in;
  return good ? NULL : d.error;
}

wherry_error_t *wh_decode_externtype(wh_alloc_t *alloc, wh_reader_t *in, wh_features_t features,
                                     wherry_externtype_t *out, uint32_t *type_index) {
  wh_model_t model = {.alloc = alloc};
  decoder_t d = {.in = *in, .model = &model, .features = features};
  imported_t what;
  wh_import_t import = {0};
  bool good = imported(&d, &what) && add_import(&d, import, &what);
  *in = d.in;
  if (good) {
    *out = model.imports.items[0].type;
    *type_index = what.type;
  }
  wh_vec_free(alloc, &model.imports);
  wh_vec_free(alloc, &model.functions);
  wh_vec_free(alloc, &model.tables);
  wh_vec_free(alloc, &model.memories);
  wh_vec_free(alloc, &model.globals);
  wh_vec_free(alloc, &model.tags);
  return good ? NULL : d.error;
}

wherry_error_t *wh_decode_valtype(wh_alloc_t *alloc, wh_reader_t *in, wh_features_t features,
                                  wherry_valtype_t *out) {
  wh_model_t model = {.alloc = alloc};
  decoder_t d = {.in = *in, .model = &model, .features = features};
  bool good = wh_decode_val_type(&d, out, "a value");
  *in = d.in;
  return good ? NULL : d.error;
}
