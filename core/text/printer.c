/* The fields of a module, in the order of its sections. */
#include "annotations.h"
#include "decode/decode.h"
#include "encode/encode.h"
#include "print.h"

/* Ids of sections that more than their fields is known of here. */
enum { ELEMENT = 9, CODE = 10, DATA = 11, DATA_COUNT = 12 };

static void begin(printer_t *p, const char *words) {
  wh_wat_print_line(p);
  wh_wat_print(p, words);
}

/* ---- types ---- */

static void print_storage(printer_t *p, const wh_field_t *field) {
  wh_wat_print(p, field->is_mutable ? " (mut " : " ");
  wh_wat_print_valtype(p, field->type);
  if (field->is_mutable) wh_wat_print(p, ")");
}

static void print_comp_type(printer_t *p, uint32_t index) {
  const wh_subtype_t *type = &p->model->subtypes.items[index];
  switch (type->kind) {
  case WH_COMP_FUNC:
    wh_wat_print(p, " (func");
    wh_wat_print_signature(p, &p->model->types.items[index], NO_FUNCTION);
    break;
  case WH_COMP_STRUCT:
    wh_wat_print(p, " (struct");
    for (uint32_t i = 0; i < type->field_count; i++) {
      wh_wat_print_space(p);
      wh_wat_print(p, "(field");
      wh_wat_print_definition(p, WH_NAME_FIELD, index, i);
      print_storage(p, &type->fields[i]);
      wh_wat_print(p, ")");
    }
    break;
  case WH_COMP_ARRAY:
    wh_wat_print(p, " (array");
    print_storage(p, &type->fields[0]);
    break;
  }
  wh_wat_print(p, ")");
}

static void print_type(printer_t *p, uint32_t index) {
  const wh_subtype_t *type = &p->model->subtypes.items[index];
  bool is_sub = !type->is_final || type->super != WH_NO_TYPE;
  begin(p, "(type");
  p->depth++;
  wh_wat_print_definition(p, WH_NAME_TYPE, index, 0);
  if (is_sub) wh_wat_print(p, type->is_final ? " (sub final" : " (sub");
  if (type->super != WH_NO_TYPE) wh_wat_print_use(p, WH_NAME_TYPE, type->super, 0);
  print_comp_type(p, index);
  wh_wat_print(p, is_sub ? "))" : ")");
  p->depth--;
}

static bool print_types(printer_t *p) {
  const wh_model_t *m = p->model;
  for (uint32_t i = 0; i < m->types.count; i++) {
    const wh_subtype_t *type = &m->subtypes.items[i];
    bool grouped = type->group_count > 1;
    if (grouped && type->group == i) {
      begin(p, "(rec");
      p->depth++;
    }
    print_type(p, i);
    if (!grouped || i + 1 < type->group + type->group_count) continue;
    wh_wat_print(p, ")");
    p->depth--;
  }
  return true;
}

static void print_limits(printer_t *p, wh_limits_t limits, bool is64) {
  if (is64) wh_wat_print(p, " i64");
  wh_wat_print(p, " ");
  wh_wat_print_number(p, limits.minimum);
  if (limits.maximum == UINT64_MAX) return;
  wh_wat_print(p, " ");
  wh_wat_print_number(p, limits.maximum + limits.is_widest);
}

static void print_memory_type(printer_t *p, const wh_memory_type_t *memory) {
  print_limits(p, memory->limits, memory->is64);
  if (memory->shared) wh_wat_print(p, " shared");
  if (memory->page_log2 == WH_PAGE_LOG2) return;
  wh_wat_print(p, " (pagesize ");
  wh_wat_print_number(p, UINT64_C(1) << memory->page_log2);
  wh_wat_print(p, ")");
}

static void print_table_type(printer_t *p, const wh_table_type_t *table) {
  print_limits(p, table->limits, table->is64);
  wh_wat_print(p, " ");
  wh_wat_print_valtype(p, table->element);
}

static void print_global_type(printer_t *p, const wh_global_type_t *global) {
  wh_wat_print(p, global->is_mutable ? " (mut " : " ");
  wh_wat_print_valtype(p, global->type);
  if (global->is_mutable) wh_wat_print(p, ")");
}

/* ---- imports, exports and definitions ---- */

static const wh_name_kind_t kind_names[] = {[WHERRY_EXTERN_FUNC] = WH_NAME_FUNCTION,
                                            [WHERRY_EXTERN_TABLE] = WH_NAME_TABLE,
                                            [WHERRY_EXTERN_MEMORY] = WH_NAME_MEMORY,
                                            [WHERRY_EXTERN_GLOBAL] = WH_NAME_GLOBAL,
                                            [WHERRY_EXTERN_TAG] = WH_NAME_TAG};

/* "(import "m" "f" " and its like, up to the word of the kind. */
static void print_extern(printer_t *p, wherry_extern_kind_t kind) {
  wh_wat_print(p, " (");
  wh_wat_print(p, wherry_extern_kind_name(kind));
}

static bool print_imports(printer_t *p) {
  const wh_model_t *m = p->model;
  for (size_t i = 0; i < m->imports.count; i++) {
    const wh_import_t *import = &m->imports.items[i];
    wherry_extern_kind_t kind = import->type.kind;
    begin(p, "(import ");
    p->depth++;
    wh_wat_print_string(&p->out, import->module);
    wh_wat_print(p, " ");
    wh_wat_print_string(&p->out, import->name);
    print_extern(p, kind);
    wh_wat_print_definition(p, kind_names[kind], import->index, 0);
    switch (kind) {
    case WHERRY_EXTERN_FUNC: wh_wat_print_type_use(p, import->type_index, import->index); break;
    case WHERRY_EXTERN_TAG: wh_wat_print_type_use(p, import->type_index, NO_FUNCTION); break;
    case WHERRY_EXTERN_TABLE: print_table_type(p, &m->tables.items[import->index]); break;
    case WHERRY_EXTERN_MEMORY: print_memory_type(p, &m->memories.items[import->index]); break;
    case WHERRY_EXTERN_GLOBAL: print_global_type(p, &m->globals.items[import->index]); break;
    }
    wh_wat_print(p, "))");
    p->depth--;
  }
  return true;
}

static bool print_exports(printer_t *p) {
  const wh_model_t *m = p->model;
  for (size_t i = 0; i < m->exports.count; i++) {
    const wh_export_t *export = &m->exports.items[i];
    begin(p, "(export ");
    wh_wat_print_string(&p->out, export->name);
    print_extern(p, export->kind);
    wh_wat_print_use(p, kind_names[export->kind], export->index, 0);
    wh_wat_print(p, "))");
  }
  return true;
}

static bool print_whole_expr(printer_t *p, const wh_const_expr_t *expr, const char *wrap) {
  wh_reader_t in = {expr->bytes, expr->bytes, expr->bytes + expr->size, expr->offset};
  return wh_wat_print_expr(p, &in, wrap);
}

static bool print_tables(printer_t *p) {
  const wh_model_t *m = p->model;
  for (uint32_t i = m->imported_tables; i < m->tables.count; i++) {
    const wh_table_type_t *table = &m->tables.items[i];
    begin(p, "(table");
    wh_wat_print_definition(p, WH_NAME_TABLE, i, 0);
    print_table_type(p, table);
    /* A first value of no instructions, which no valid module has, cannot be told from none. */
    wh_reader_t init = {table->init.bytes, table->init.bytes, NULL, table->init.offset};
    if (table->has_init && table->init.size == 1)
      return wh_wat_print_failed(p, &init,
                                 "constant expression required: text cannot leave it out");
    if (table->has_init && !print_whole_expr(p, &table->init, NULL)) return false;
    wh_wat_print(p, ")");
  }
  return true;
}

static bool print_memories(printer_t *p) {
  const wh_model_t *m = p->model;
  for (uint32_t i = m->imported_memories; i < m->memories.count; i++) {
    begin(p, "(memory");
    wh_wat_print_definition(p, WH_NAME_MEMORY, i, 0);
    print_memory_type(p, &m->memories.items[i]);
    wh_wat_print(p, ")");
  }
  return true;
}

static bool print_tags(printer_t *p) {
  const wh_model_t *m = p->model;
  for (uint32_t i = m->imported_tags; i < m->tags.count; i++) {
    begin(p, "(tag");
    wh_wat_print_definition(p, WH_NAME_TAG, i, 0);
    wh_wat_print_type_use(p, m->tags.items[i], NO_FUNCTION);
    wh_wat_print(p, ")");
  }
  return true;
}

static bool print_globals(printer_t *p) {
  const wh_model_t *m = p->model;
  for (uint32_t i = m->imported_globals; i < m->globals.count; i++) {
    begin(p, "(global");
    wh_wat_print_definition(p, WH_NAME_GLOBAL, i, 0);
    print_global_type(p, &m->globals.items[i]);
    if (!print_whole_expr(p, &m->globals.items[i].init, NULL)) return false;
    wh_wat_print(p, ")");
  }
  return true;
}

static bool print_start(printer_t *p) {
  if (!p->model->has_start) return true;
  begin(p, "(start");
  wh_wat_print_use(p, WH_NAME_FUNCTION, p->model->start, 0);
  wh_wat_print(p, ")");
  return true;
}

/* ---- segments ---- */

static bool print_place(printer_t *p, const char *word, wh_name_kind_t kind, uint32_t place,
                        const wh_const_expr_t *offset) {
  if (place) {
    wh_wat_print(p, word);
    wh_wat_print_use(p, kind, place, 0);
    wh_wat_print(p, ")");
  }
  return print_whole_expr(p, offset, "offset");
}

static bool print_items(printer_t *p, const wh_elem_t *elem) {
  const uint8_t *at = elem->items;
  wh_reader_t in = {at, at, at + elem->items_size, elem->items_offset};
  wh_wat_print(p, elem->by_index ? " func" : " ");
  if (!elem->by_index) wh_wat_print_valtype(p, elem->type);
  for (uint32_t i = 0; i < elem->count; i++) {
    if (wh_wat_print_is_full(p)) wh_wat_print_line(p);
    if (elem->by_index)
      wh_wat_print_use(p, WH_NAME_FUNCTION, (uint32_t)wh_leb_u(&at), 0);
    else if (!wh_wat_print_expr(p, &in, "item"))
      return false;
    if (!wh_wat_print_fits(p)) return false;
  }
  return true;
}

static bool print_elems(printer_t *p) {
  const wh_model_t *m = p->model;
  for (uint32_t i = 0; i < m->elems.count; i++) {
    const wh_elem_t *elem = &m->elems.items[i];
    begin(p, "(elem");
    p->depth++;
    wh_wat_print_definition(p, WH_NAME_ELEM, i, 0);
    if (elem->mode == WH_SEGMENT_DECLARATIVE) wh_wat_print(p, " declare");
    if (elem->mode == WH_SEGMENT_ACTIVE &&
        !print_place(p, " (table", WH_NAME_TABLE, elem->table, &elem->offset))
      return false;
    if (!print_items(p, elem)) return false;
    wh_wat_print(p, ")");
    p->depth--;
  }
  return true;
}

static bool print_datas(printer_t *p) {
  const wh_model_t *m = p->model;
  for (uint32_t i = 0; i < m->datas.count; i++) {
    const wh_data_t *data = &m->datas.items[i];
    begin(p, "(data");
    wh_wat_print_definition(p, WH_NAME_DATA, i, 0);
    if (data->mode == WH_SEGMENT_ACTIVE &&
        !print_place(p, " (memory", WH_NAME_MEMORY, data->memory, &data->offset))
      return false;
    wh_wat_print_bytes(p, data->bytes);
    wh_wat_print(p, ")");
    if (!wh_wat_print_fits(p)) return false;
  }
  return true;
}

static bool print_functions(printer_t *p) {
  const wh_model_t *m = p->model;
  for (uint32_t i = m->imported_functions; i < m->functions.count; i++)
    if (!wh_wat_print_function(p, i)) return false;
  return true;
}

/* ---- custom sections ---- */

/* Whether all between a place and the code has no entries. A data count may come there only later, in
   a module that had none. */
static bool is_before_code(const printer_t *p, unsigned after) {
  bool behind = after == 0;
  for (size_t i = 0; wh_section_order[i] != CODE; i++) {
    unsigned id = wh_section_order[i];
    if (behind && wh_encode_has_section(p->model, id, p->model->has_data_count)) return false;
    if (id == after) behind = true;
  }
  return behind;
}

/* The last section with entries at or before a place; 0: none. */
static unsigned last_before(const printer_t *p, unsigned after) {
  unsigned last = 0;
  for (size_t i = 0; after && i < WH_SECTIONS; i++) {
    unsigned id = wh_section_order[i];
    if (wh_encode_has_section(p->model, id, false)) last = id;
    if (id == after) break;
  }
  return last;
}

static void print_placement(printer_t *p, const wh_custom_t *custom) {
  const wh_model_t *m = p->model;
  const wh_custom_t *names = p->names_carried ? wh_model_custom(m, "name") : NULL;
  const wh_custom_t *hints = p->hints_carried ? p->hints.section : NULL;
  bool is_tail = wh_wat_print_is_tail(p, custom->after);
  if (is_tail && (!names || custom > names))
    return; /* at the end: what is meant if nothing is said */
  /* The hints stand before what is placed before the code. A data count may be between a place and
     the code. */
  bool before_code =
      custom->after == DATA_COUNT || (hints && custom > hints && is_before_code(p, custom->after));
  if (before_code && m->bodies.count) {
    wh_wat_print(p, hints && custom < hints ? " (after datacount)" : " (before code)");
    return;
  }
  unsigned id = last_before(p, custom->after);
  if (!id) {
    wh_wat_print(p, " (before first)");
    return;
  }
  wh_wat_print(p, " (after ");
  wh_wat_print(p, wh_wat_section_word(id));
  wh_wat_print(p, ")");
}

/* Where annotations cannot say where the section stands: as it is after the text was read, offsets in
   shortest code. */
static bool print_moved_hints(printer_t *p) {
  uint8_t *bytes;
  size_t size;
  p->error = wh_encode_hints(p->alloc, p->model, &bytes, &size);
  if (p->error) return false;
  wh_wat_print_bytes(p, (wherry_bytes_t) {bytes, size});
  wh_free(p->alloc, bytes, size);
  return true;
}

static bool print_customs(printer_t *p, unsigned after) {
  const wh_model_t *m = p->model;
  for (size_t i = 0; i < m->customs.count; i++) {
    const wh_custom_t *custom = &m->customs.items[i];
    if (custom->after != after) continue;
    if (p->names_carried && custom == wh_model_custom(m, "name")) continue;
    if (p->hints_carried && custom == p->hints.section) continue;
    begin(p, "(@custom ");
    wh_wat_print_string(&p->out, custom->name);
    print_placement(p, custom);
    if (custom == p->hints.section && p->hints.items.count && !p->hints.fault) {
      if (!print_moved_hints(p)) return false;
    } else if (custom->bytes.size) {
      wh_wat_print_bytes(p, custom->bytes);
    }
    wh_wat_print(p, ")");
    if (!wh_wat_print_fits(p)) return false;
  }
  return true;
}

/* ---- the whole ---- */

static bool print_section(printer_t *p, unsigned id) {
  static bool (*const printers[])(printer_t *) = {
      [1] = print_types,        [2] = print_imports,  [4] = print_tables, [5] = print_memories,
      [6] = print_globals,      [7] = print_exports,  [8] = print_start,  [ELEMENT] = print_elems,
      [CODE] = print_functions, [DATA] = print_datas, [13] = print_tags};
  return (!printers[id] || printers[id](p)) && wh_wat_print_fits(p) && !p->out.failed &&
         print_customs(p, id);
}

static void print_module_name(printer_t *p) {
  wherry_bytes_t name = p->names.module;
  if (name.size) {
    wh_wat_print(p, " ");
    wh_wat_append_id(&p->out, name);
  } else if (name.data && p->names_carried) {
    wh_wat_print(p, " (@name \"\")");
  }
}

static bool print_module(printer_t *p) {
  if (!wh_wat_make_names(p)) return false;
  p->error = wh_hints_read(p->alloc, p->model, &p->hints);
  if (p->error) return false;
  p->hints_carried =
      p->hints.items.count && !p->hints.fault && is_before_code(p, p->hints.section->after);
  wh_wat_print(p, "(module");
  print_module_name(p);
  p->depth++;
  if (!print_customs(p, 0)) return false;
  for (size_t i = 0; i < WH_SECTIONS; i++)
    if (!print_section(p, wh_section_order[i])) return false;
  p->depth--;
  wh_wat_print(p, p->line ? "\n)\n" : ")\n");
  return true;
}

wherry_error_t *wh_binary_to_text(wh_alloc_t *alloc, const uint8_t *bytes, size_t size,
                                  uint32_t options, char **out, size_t *out_size) {
  wh_model_t *model;
  wherry_error_t *error = wh_decode(alloc, bytes, size, ~UINT64_C(0), &model);
  if (error) return error;
  printer_t p = {.alloc = alloc,
                 .model = model,
                 .out = {.alloc = alloc},
                 .id_text = {.alloc = alloc},
                 .folded = (options & WHERRY_TEXT_FOLDED) != 0};
  char *exact = NULL; /* its size, so that the caller can free it */
  bool good = print_module(&p);
  if (good && !p.out.failed && !p.id_text.failed)
    exact = wh_realloc(alloc, p.out.data, p.out.capacity, p.out.size);
  if (exact) {
    *out = exact;
    *out_size = p.out.size;
    p.out.data = NULL;
    p.out.capacity = 0;
  } else if (!p.error) {
    p.error = wh_error_oom();
  }
  wh_text_free(&p.out);
  wh_wat_free_names(&p);
  wh_hints_free(alloc, &p.hints);
  wh_vec_free(alloc, &p.blocks);
  wh_vec_free(alloc, &p.nodes);
  wh_vec_free(alloc, &p.trees);
  wh_model_free(model);
  return p.error;
}
