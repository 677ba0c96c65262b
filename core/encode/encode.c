#include "encode/encode.h"

/* A section's contents, or the whole. */
typedef wh_text_t buffer_t;

static void bytes(buffer_t *out, const void *data, size_t size) { wh_text_append(out, data, size); }

static void byte(buffer_t *out, unsigned value) {
  uint8_t one = (uint8_t)value;
  bytes(out, &one, 1);
}

static void number(buffer_t *out, uint64_t value) {
  do {
    byte(out, (value & 0x7F) | (value > 0x7F ? 0x80 : 0));
    value >>= 7;
  } while (value);
}

static void counted(buffer_t *out, wherry_bytes_t data) {
  number(out, data.size);
  bytes(out, data.data, data.size);
}

static void expr(buffer_t *out, const wh_const_expr_t *code) {
  bytes(out, code->bytes, code->size);
}

static void types(buffer_t *out, const wherry_valtype_t *list, uint32_t count) {
  number(out, count);
  for (uint32_t i = 0; i < count; i++) byte(out, list[i]);
}

/* flags: those beside the maximum's. */
static void limits(buffer_t *out, wh_limits_t range, unsigned flags) {
  bool bounded = range.maximum != UINT64_MAX;
  byte(out, flags | bounded);
  number(out, range.minimum);
  if (bounded) number(out, range.maximum);
}

static void memory_type(buffer_t *out, const wh_memory_type_t *type) {
  bool paged = type->page_log2 != WH_PAGE_LOG2;
  limits(out, type->limits,
         (type->shared ? WH_LIMITS_SHARED : 0) | (type->is64 ? WH_LIMITS_64 : 0) |
             (paged ? WH_LIMITS_PAGE_SIZE : 0));
  if (paged) number(out, type->page_log2);
}

static void table_type(buffer_t *out, const wh_table_type_t *type) {
  byte(out, type->element);
  limits(out, type->limits, type->is64 ? WH_LIMITS_64 : 0);
}

/* ---- entries ---- */

static void import_entry(buffer_t *out, const wh_model_t *m, const wh_import_t *import) {
  counted(out, import->module);
  counted(out, import->name);
  byte(out, import->type.kind);
  switch (import->type.kind) {
  case WHERRY_EXTERN_FUNC: number(out, import->type_index); break;
  case WHERRY_EXTERN_TABLE: table_type(out, &m->tables.items[import->index]); break;
  case WHERRY_EXTERN_MEMORY: memory_type(out, &m->memories.items[import->index]); break;
  case WHERRY_EXTERN_GLOBAL:
    byte(out, import->type.valtype);
    byte(out, import->type.is_mutable);
    break;
  case WHERRY_EXTERN_TAG:
    byte(out, 0);
    number(out, import->type_index);
    break;
  }
}

static void elem_entry(buffer_t *out, const wh_elem_t *elem) {
  bool plain = elem->mode == WH_SEGMENT_ACTIVE && elem->table == 0 && elem->type == WHERRY_FUNCREF;
  unsigned flags = elem->mode == WH_SEGMENT_ACTIVE    ? (plain ? 0 : 2)
                   : elem->mode == WH_SEGMENT_PASSIVE ? 1
                                                      : 3;
  number(out, flags | (elem->by_index ? 0 : 4));
  if (flags == 2) number(out, elem->table);
  if (elem->mode == WH_SEGMENT_ACTIVE) expr(out, &elem->offset);
  if (flags) byte(out, elem->by_index ? 0 : elem->type);
  number(out, elem->count);
  const uint8_t *at = elem->items;
  for (uint32_t i = 0; elem->by_index && i < elem->count; i++) number(out, wh_leb_u(&at));
  if (!elem->by_index) bytes(out, at, elem->items_size);
}

static void data_entry(buffer_t *out, const wh_data_t *data) {
  number(out, data->mode == WH_SEGMENT_PASSIVE ? 1 : data->memory ? 2 : 0);
  if (data->mode == WH_SEGMENT_ACTIVE) {
    if (data->memory) number(out, data->memory);
    expr(out, &data->offset);
  }
  counted(out, data->bytes);
}

/* ---- sections: ids of the binary format, in the order in which they stand ---- */

enum {
  TYPE = 1,
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
  DATA_COUNT
};
static const uint8_t order[] = {TYPE,   IMPORT, FUNCTION, TABLE,      MEMORY, GLOBAL,
                                EXPORT, START,  ELEMENT,  DATA_COUNT, CODE,   DATA};

static void contents(buffer_t *out, const wh_model_t *m, unsigned id) {
#define ENTRIES(vector, first)                                         \
  if ((vector).count > (first)) number(out, (vector).count - (first)); \
  for (size_t i = (first); i < (vector).count; i++)
  switch (id) {
  case TYPE:
    ENTRIES(m->types, 0) {
      const wherry_functype_t *type = &m->types.items[i];
      byte(out, 0x60);
      types(out, type->types, type->param_count);
      types(out, type->types + type->param_count, type->result_count);
    }
    break;
  case IMPORT: ENTRIES(m->imports, 0) import_entry(out, m, &m->imports.items[i]); break;
  case FUNCTION:
    ENTRIES(m->functions, m->imported_functions) number(out, m->functions.items[i]);
    break;
  case TABLE: ENTRIES(m->tables, m->imported_tables) table_type(out, &m->tables.items[i]); break;
  case MEMORY:
    ENTRIES(m->memories, m->imported_memories) memory_type(out, &m->memories.items[i]);
    break;
  case GLOBAL:
    ENTRIES(m->globals, m->imported_globals) {
      byte(out, m->globals.items[i].type);
      byte(out, m->globals.items[i].is_mutable);
      expr(out, &m->globals.items[i].init);
    }
    break;
  case EXPORT:
    ENTRIES(m->exports, 0) {
      counted(out, m->exports.items[i].name);
      byte(out, m->exports.items[i].kind);
      number(out, m->exports.items[i].index);
    }
    break;
  case START:
    if (m->has_start) number(out, m->start);
    break;
  case ELEMENT: ENTRIES(m->elems, 0) elem_entry(out, &m->elems.items[i]); break;
  case DATA_COUNT:
    if (m->has_data_count) number(out, m->data_count);
    break;
  case CODE:
    ENTRIES(m->bodies, 0) {
      number(out, m->bodies.items[i].size);
      bytes(out, m->bodies.items[i].bytes, m->bodies.items[i].size);
    }
    break;
  case DATA: ENTRIES(m->datas, 0) data_entry(out, &m->datas.items[i]); break;
  }
#undef ENTRIES
}

static void customs(buffer_t *out, buffer_t *scratch, const wh_model_t *m, unsigned after) {
  for (size_t i = 0; i < m->customs.count; i++) {
    const wh_custom_t *custom = &m->customs.items[i];
    if (custom->after != after) continue;
    scratch->size = 0;
    counted(scratch, custom->name);
    bytes(scratch, custom->bytes.data, custom->bytes.size);
    byte(out, 0);
    counted(out, (wherry_bytes_t) {(const uint8_t *)scratch->data, scratch->size});
  }
}

wherry_error_t *wh_encode(wh_alloc_t *alloc, const wh_model_t *model, uint8_t **out, size_t *size) {
  static const uint8_t header[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  buffer_t whole = {.alloc = alloc}, section = {.alloc = alloc};
  bytes(&whole, header, sizeof header);
  customs(&whole, &section, model, 0);
  for (size_t i = 0; i < WH_COUNT(order) && !whole.failed && !section.failed; i++) {
    section.size = 0;
    contents(&section, model, order[i]);
    if (section.size) {
      byte(&whole, order[i]);
      counted(&whole, (wherry_bytes_t) {(const uint8_t *)section.data, section.size});
    }
    customs(&whole, &section, model, order[i]);
  }
  *out = NULL;
  *size = 0;
  bool failed = whole.failed || section.failed;
  wh_text_free(&section);
  /* Exactly its size, so that the caller can free it. */
  uint8_t *exact = failed ? NULL : wh_alloc(alloc, whole.size);
  if (exact) {
    memcpy(exact, whole.data, whole.size);
    *out = exact;
    *size = whole.size;
  }
  wh_text_free(&whole);
  return exact ? NULL : wh_error_oom();
}
