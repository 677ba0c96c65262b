#include "encode_output.h"

void wh_encode_bytes(buffer_t *out, const void *data, size_t size) {
  wh_text_append(out, data, size);
}

void wh_encode_byte(buffer_t *out, unsigned value) {
  char one = (char)value;
  wh_text_append(out, &one, 1);
}

void wh_encode_u(buffer_t *out, uint64_t value) {
  char digits[10];
  size_t size = 0;
  do {
    digits[size++] = (char)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
    value >>= 7;
  } while (value);
  wh_text_append(out, digits, size);
}

void wh_encode_s(buffer_t *out, int64_t value) {
  char digits[10];
  size_t size = 0;
  for (bool last = false; !last; size++) {
    unsigned low = value & 0x7F;
    value >>= 7;
    last = (value == 0 && !(low & 0x40)) || (value == -1 && (low & 0x40));
    digits[size] = (char)(low | (last ? 0 : 0x80));
  }
  wh_text_append(out, digits, size);
}

void wh_encode_counted(buffer_t *out, const void *data, size_t size) {
  wh_encode_u(out, size);
  wh_text_append(out, data, size);
}

/* ---- types ---- */

static void type_list(buffer_t *out, const wherry_valtype_t *list, uint32_t count) {
  wh_encode_u(out, count);
  for (uint32_t i = 0; i < count; i++) wh_encode_type(out, list[i]);
}

static void fields(buffer_t *out, const wh_subtype_t *type) {
  for (uint32_t i = 0; i < type->field_count; i++) {
    wh_encode_type(out, type->fields[i].type);
    wh_encode_byte(out, type->fields[i].is_mutable);
  }
}

static void defined_type(buffer_t *out, const wherry_functype_t *func, const wh_subtype_t *type) {
  enum { SUB = 0x50, SUB_FINAL = 0x4F, FUNC = 0x60, STRUCT = 0x5F, ARRAY = 0x5E };
  if (!type->is_final || type->super != WH_NO_TYPE) {
    wh_encode_byte(out, type->is_final ? SUB_FINAL : SUB);
    wh_encode_byte(out, type->super != WH_NO_TYPE);
    if (type->super != WH_NO_TYPE) wh_encode_u(out, type->super);
  }
  switch (type->kind) {
  case WH_COMP_FUNC:
    wh_encode_byte(out, FUNC);
    type_list(out, func->types, func->param_count);
    type_list(out, func->types + func->param_count, func->result_count);
    break;
  case WH_COMP_STRUCT:
    wh_encode_byte(out, STRUCT);
    wh_encode_u(out, type->field_count);
    fields(out, type);
    break;
  case WH_COMP_ARRAY:
    wh_encode_byte(out, ARRAY);
    fields(out, type);
    break;
  }
}

/* An entry is a recursion group. */
static void type_section(buffer_t *out, const wh_model_t *m) {
  enum { REC = 0x4E };
  uint32_t groups = 0;
  for (size_t i = 0; i < m->types.count; i++) groups += m->subtypes.items[i].group == i;
  wh_encode_u(out, groups);
  for (size_t i = 0; i < m->types.count; i++) {
    const wh_subtype_t *type = &m->subtypes.items[i];
    if (type->group == i && type->group_count > 1) {
      wh_encode_byte(out, REC);
      wh_encode_u(out, type->group_count);
    }
    defined_type(out, &m->types.items[i], type);
  }
}

/* flags: those beside the maximum's. */
static void limits(buffer_t *out, wh_limits_t range, unsigned flags) {
  bool bounded = range.maximum != UINT64_MAX;
  wh_encode_byte(out, flags | (bounded ? WH_LIMITS_MAXIMUM : 0));
  wh_encode_u(out, range.minimum);
  if (bounded) wh_encode_u(out, range.maximum + range.is_widest);
}

static void table_type(buffer_t *out, const wh_table_type_t *table) {
  wh_encode_type(out, table->element);
  limits(out, table->limits, table->is64 ? WH_LIMITS_64 : 0);
}

static void memory_type(buffer_t *out, const wh_memory_type_t *memory) {
  bool paged = memory->page_log2 != WH_PAGE_LOG2;
  limits(out, memory->limits,
         (memory->shared ? WH_LIMITS_SHARED : 0) | (memory->is64 ? WH_LIMITS_64 : 0) |
             (paged ? WH_LIMITS_PAGE_SIZE : 0));
  if (paged) wh_encode_u(out, memory->page_log2);
}

static void global_type(buffer_t *out, const wh_global_type_t *global) {
  wh_encode_type(out, global->type);
  wh_encode_byte(out, global->is_mutable);
}

static void tag_type(buffer_t *out, uint32_t type) {
  wh_encode_byte(out, 0);
  wh_encode_u(out, type);
}

/* ---- entries ---- */

static void name(buffer_t *out, wherry_bytes_t bytes) {
  wh_encode_counted(out, bytes.data, bytes.size);
}

static void import_entry(buffer_t *out, const wh_model_t *m, const wh_import_t *import) {
  name(out, import->module);
  name(out, import->name);
  wh_encode_byte(out, import->type.kind);
  switch (import->type.kind) {
  case WHERRY_EXTERN_FUNC: wh_encode_u(out, import->type_index); break;
  case WHERRY_EXTERN_TABLE: table_type(out, &m->tables.items[import->index]); break;
  case WHERRY_EXTERN_MEMORY: memory_type(out, &m->memories.items[import->index]); break;
  case WHERRY_EXTERN_GLOBAL: global_type(out, &m->globals.items[import->index]); break;
  case WHERRY_EXTERN_TAG: tag_type(out, import->type_index); break;
  }
}

static bool table_entry(encoder_t *e, buffer_t *out, const wh_table_type_t *table) {
  if (table->has_init) wh_encode_bytes(out, "\x40", 2);
  table_type(out, table);
  return !table->has_init || wh_encode_expr(e, &table->init, out);
}

static bool elem_entry(encoder_t *e, buffer_t *out, const wh_elem_t *elem) {
  bool plain = elem->mode == WH_SEGMENT_ACTIVE && elem->table == 0 &&
               (elem->by_index || elem->type == WHERRY_FUNCREF);
  unsigned flags = elem->mode == WH_SEGMENT_ACTIVE    ? (plain ? 0 : 2)
                   : elem->mode == WH_SEGMENT_PASSIVE ? 1
                                                      : 3;
  wh_encode_byte(out, flags | (elem->by_index ? 0 : 4));
  if (flags == 2) wh_encode_u(out, elem->table);
  if (elem->mode == WH_SEGMENT_ACTIVE && !wh_encode_expr(e, &elem->offset, out)) return false;
  if (flags && elem->by_index) wh_encode_byte(out, 0);
  if (flags && !elem->by_index) wh_encode_type(out, elem->type);
  wh_encode_u(out, elem->count);
  const uint8_t *at = elem->items;
  if (!elem->by_index) return wh_encode_exprs(e, at, elem->items_size, elem->items_offset, out);
  for (uint32_t i = 0; i < elem->count; i++) wh_encode_u(out, wh_leb_u(&at));
  return true;
}

static bool data_entry(encoder_t *e, buffer_t *out, const wh_data_t *data) {
  wh_encode_byte(out, data->mode == WH_SEGMENT_PASSIVE ? 1 : data->memory ? 2 : 0);
  if (data->mode == WH_SEGMENT_ACTIVE) {
    if (data->memory) wh_encode_u(out, data->memory);
    if (!wh_encode_expr(e, &data->offset, out)) return false;
  }
  name(out, data->bytes);
  return true;
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
  DATA_COUNT,
  TAG,
  IDS
};
const uint8_t wh_section_order[WH_SECTIONS] = {TYPE,       IMPORT, FUNCTION, TABLE, MEMORY,
                                               TAG,        GLOBAL, EXPORT,   START, ELEMENT,
                                               DATA_COUNT, CODE,   DATA};

/* How many entries, 0: the section is left out. */
static size_t count_of(const wh_model_t *m, unsigned id, bool needs_data_count) {
  switch (id) {
  case TYPE: return m->types.count;
  case IMPORT: return m->imports.count;
  case FUNCTION: return m->functions.count - m->imported_functions;
  case TABLE: return m->tables.count - m->imported_tables;
  case MEMORY: return m->memories.count - m->imported_memories;
  case TAG: return m->tags.count - m->imported_tags;
  case GLOBAL: return m->globals.count - m->imported_globals;
  case EXPORT: return m->exports.count;
  case START: return m->has_start;
  case ELEMENT: return m->elems.count;
  case DATA_COUNT: return needs_data_count;
  case CODE: return m->bodies.count;
  case DATA: return m->datas.count;
  default: return 0;
  }
}

bool wh_encode_has_section(const wh_model_t *model, unsigned id, bool needs_data_count) {
  return count_of(model, id, needs_data_count) > 0;
}

static bool globals(encoder_t *e, buffer_t *out) {
  const wh_model_t *m = e->model;
  for (size_t i = m->imported_globals; i < m->globals.count; i++) {
    global_type(out, &m->globals.items[i]);
    if (!wh_encode_expr(e, &m->globals.items[i].init, out)) return false;
  }
  return true;
}

static void exports(buffer_t *out, const wh_model_t *m) {
  for (size_t i = 0; i < m->exports.count; i++) {
    name(out, m->exports.items[i].name);
    wh_encode_byte(out, m->exports.items[i].kind);
    wh_encode_u(out, m->exports.items[i].index);
  }
}

static bool contents(encoder_t *e, unsigned id, buffer_t *out, buffer_t *scratch) {
  const wh_model_t *m = e->model;
  size_t count = count_of(m, id, false), i;
  if (!count) return true;
  if (id != TYPE && id != START) wh_encode_u(out, count);
  switch (id) {
  case TYPE: type_section(out, m); return true;
  case IMPORT:
    for (i = 0; i < count; i++) import_entry(out, m, &m->imports.items[i]);
    return true;
  case FUNCTION:
    for (i = m->imported_functions; i < m->functions.count; i++)
      wh_encode_u(out, m->functions.items[i]);
    return true;
  case TABLE:
    for (i = m->imported_tables; i < m->tables.count; i++)
      if (!table_entry(e, out, &m->tables.items[i])) return false;
    return true;
  case MEMORY:
    for (i = m->imported_memories; i < m->memories.count; i++)
      memory_type(out, &m->memories.items[i]);
    return true;
  case TAG:
    for (i = m->imported_tags; i < m->tags.count; i++) tag_type(out, m->tags.items[i]);
    return true;
  case GLOBAL: return globals(e, out);
  case EXPORT: exports(out, m); return true;
  case START: wh_encode_u(out, m->start); return true;
  case ELEMENT:
    for (i = 0; i < count; i++)
      if (!elem_entry(e, out, &m->elems.items[i])) return false;
    return true;
  case CODE: return wh_encode_bodies(e, out, scratch);
  case DATA:
    for (i = 0; i < count; i++)
      if (!data_entry(e, out, &m->datas.items[i])) return false;
    return true;
  default: return true;
  }
}

/* ---- custom sections ---- */

static void hints(const encoder_t *e, buffer_t *out) {
  const wh_hint_t *items = e->hints.items.items;
  size_t count = e->hints.items.count;
  uint32_t functions = 0;
  for (size_t i = 0; i < count; i++)
    functions += i == 0 || items[i - 1].function != items[i].function;
  wh_encode_u(out, functions);
  for (size_t i = 0; i < count; i++) {
    if (i == 0 || items[i - 1].function != items[i].function) {
      size_t end = i;
      while (end < count && items[end].function == items[i].function) end++;
      wh_encode_u(out, items[i].function);
      wh_encode_u(out, end - i);
    }
    wh_encode_u(out, e->hint_offsets[i]);
    wh_encode_u(out, 1);
    wh_encode_byte(out, items[i].likely);
  }
}

static void customs(const encoder_t *e, buffer_t *out, buffer_t *scratch, unsigned after) {
  const wh_model_t *m = e->model;
  for (size_t i = 0; i < m->customs.count; i++) {
    const wh_custom_t *custom = &m->customs.items[i];
    if (custom->after != after) continue;
    scratch->size = 0;
    name(scratch, custom->name);
    if (custom == e->hints.section && e->hints.items.count)
      hints(e, scratch);
    else
      wh_encode_bytes(scratch, custom->bytes.data, custom->bytes.size);
    wh_encode_byte(out, 0);
    wh_encode_counted(out, scratch->data, scratch->size);
  }
}

/* ---- the whole ---- */

static bool start(encoder_t *e) {
  e->error = wh_hints_read(e->alloc, e->model, &e->hints);
  if (e->error) return false;
  if (e->hints.fault) e->hints.items.count = 0; /* they stay as they are */
  if (!e->hints.items.count) return true;
  e->hint_offsets = wh_alloc_array(e->alloc, e->hints.items.count, sizeof *e->hint_offsets);
  return e->hint_offsets != NULL;
}

static void assemble(const encoder_t *e, const buffer_t *sections, buffer_t *out,
                     buffer_t *scratch) {
  static const uint8_t header[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  wh_encode_bytes(out, header, sizeof header);
  customs(e, out, scratch, 0);
  for (size_t i = 0; i < WH_SECTIONS; i++) {
    unsigned id = wh_section_order[i];
    scratch->size = 0;
    if (id == DATA_COUNT && e->needs_data_count) {
      wh_encode_u(scratch, e->model->datas.count);
      wh_encode_byte(out, id);
      wh_encode_counted(out, scratch->data, scratch->size);
    } else if (sections[id].size) {
      wh_encode_byte(out, id);
      wh_encode_counted(out, sections[id].data, sections[id].size);
    }
    customs(e, out, scratch, id);
  }
}

/* A buffer of exactly its size, which the caller can free. */
static void hand_out(encoder_t *e, bool good, const buffer_t *bytes, uint8_t **out, size_t *size) {
  uint8_t *exact = good && !bytes->failed ? wh_alloc(e->alloc, bytes->size) : NULL;
  if (exact) {
    memcpy(exact, bytes->data, bytes->size);
    *out = exact;
    *size = bytes->size;
  } else if (!e->error) {
    e->error = wh_error_oom();
  }
}

static void finish(encoder_t *e) {
  wh_free(e->alloc, e->hint_offsets, e->hints.items.count * sizeof *e->hint_offsets);
  wh_hints_free(e->alloc, &e->hints);
}

wherry_error_t *wh_encode(wh_alloc_t *alloc, const wh_model_t *model, uint8_t **out, size_t *size) {
  encoder_t e = {.alloc = alloc, .model = model};
  buffer_t sections[IDS], whole = {.alloc = alloc}, scratch = {.alloc = alloc};
  for (unsigned id = 0; id < IDS; id++) sections[id] = (buffer_t) {.alloc = alloc};
  bool good = start(&e);
  for (size_t i = 0; good && i < WH_SECTIONS; i++) {
    unsigned id = wh_section_order[i];
    good = contents(&e, id, &sections[id], &scratch) && !sections[id].failed && !scratch.failed;
  }
  if (good) assemble(&e, sections, &whole, &scratch);
  hand_out(&e, good && !scratch.failed, &whole, out, size);
  for (unsigned id = 0; id < IDS; id++) wh_text_free(&sections[id]);
  wh_text_free(&scratch);
  wh_text_free(&whole);
  finish(&e);
  return e.error;
}

wherry_error_t *wh_encode_hints(wh_alloc_t *alloc, const wh_model_t *model, uint8_t **out,
                                size_t *size) {
  encoder_t e = {.alloc = alloc, .model = model};
  buffer_t code = {.alloc = alloc}, scratch = {.alloc = alloc};
  bool good = start(&e) && wh_encode_bodies(&e, &code, &scratch) && !scratch.failed;
  scratch.size = 0;
  if (good) hints(&e, &scratch);
  hand_out(&e, good, &scratch, out, size);
  wh_text_free(&code);
  wh_text_free(&scratch);
  finish(&e);
  return e.error;
}
