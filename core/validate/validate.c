/* A module: everything but expressions and bodies, which have files of their own. */
#include "validate_body.h"

/* Of memories, in pages, and of tables, in elements. */
static const uint64_t max_pages = UINT64_C(1) << 16, max_pages64 = UINT64_C(1) << 48;
static const uint64_t max_bytes = UINT32_MAX, max_bytes64 = UINT64_MAX; /* of pages of a byte */
static const uint64_t max_elements = UINT32_MAX, max_elements64 = UINT64_MAX;

static const uint8_t *at_offset(const validator_t *v, uint64_t offset) {
  return v->model->bytes + offset;
}

/* Parts that the model keeps no place of are reported where the module begins. */
static const uint8_t *nowhere(const validator_t *v) { return v->model->bytes; }

static bool unknown(validator_t *v, const uint8_t *at, const char *what, uint32_t index,
                    size_t count, const char *where) {
  return wh_validate_fail(v, WHERRY_ERROR_INVALID, at, "unknown %s %u: in %s, but there are %zu",
                          what, index, where, count);
}

static bool missing(validator_t *v, const uint8_t *at, const char *feature, const char *what) {
  v->error = wh_error_needs_feature(v->alloc, wh_validate_offset(v, at), feature, what);
  return false;
}

static bool limits(validator_t *v, const uint8_t *at, const char *what, size_t index,
                   wh_limits_t limits, uint64_t most, const char *too_large) {
  bool bounded = limits.maximum != UINT64_MAX;
  if (limits.minimum > most || (bounded && limits.maximum > most))
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, at, "%s: %s %zu with limits %llu", too_large,
                            what, index,
                            (unsigned long long)(bounded ? limits.maximum : limits.minimum));
  if (bounded && limits.minimum > limits.maximum)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, at,
                            "size minimum must not be greater than maximum: %s %zu of %llu to %llu",
                            what, index, (unsigned long long)limits.minimum,
                            (unsigned long long)limits.maximum);
  return true;
}

static bool memory(validator_t *v, size_t index) {
  const wh_memory_type_t *type = &v->model->memories.items[index];
  uint64_t most = type->is64 ? max_pages64 : max_pages;
  const char *too_large = type->is64 ? "memory size must be at most 2^48 pages"
                                     : "memory size must be at most 65536 pages (4GiB)";
  if (type->page_log2 != 0 && type->page_log2 != WH_PAGE_LOG2)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, nowhere(v),
                            "invalid custom page size: memory %zu of pages of 2^%u bytes, expected "
                            "1 or 65536",
                            index, type->page_log2);
  if (type->page_log2 == 0) {
    most = type->is64 ? max_bytes64 : max_bytes;
    too_large = "memory size must be at most 2^32-1 pages of 1 byte";
  }
  if (!limits(v, nowhere(v), "memory", index, type->limits, most, too_large)) return false;
  return !type->shared || type->limits.maximum != UINT64_MAX ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, nowhere(v),
                          "shared memory must have maximum: memory %zu", index);
}

/* What a table begins with sees the imported globals only. */
static bool table_elements(validator_t *v, size_t index) {
  const wh_model_t *m = v->model;
  const wh_table_type_t *table = &m->tables.items[index];
  if (!wh_validate_exists(v, nowhere(v), table->element, m->types.count)) return false;
  if (table->has_init)
    return wh_validate_const(v, &table->init, table->element, m->imported_globals);
  return index < m->imported_tables || wh_is_defaultable(table->element) ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, nowhere(v),
                          "type mismatch: table %zu of %s needs an initial value", index,
                          WH_TYPE_TEXT(table->element));
}

static bool tables_and_memories(validator_t *v) {
  const wh_model_t *m = v->model;
  if (m->memories.count > 1 && !(v->features & WH_FEATURE(MULTI_MEMORY)))
    return missing(v, nowhere(v), "multi-memory", "multiple memories: a module with several");
  if (m->tables.count > 1 && !(v->features & WH_FEATURE(REFERENCE_TYPES)))
    return missing(v, nowhere(v), "reference-types", "multiple tables: a module with several");
  for (size_t i = 0; i < m->tables.count; i++) {
    const wh_table_type_t *table = &m->tables.items[i];
    if (!limits(v, nowhere(v), "table", i, table->limits,
                table->is64 ? max_elements64 : max_elements,
                "table size must be at most 2^32-1 elements") ||
        !table_elements(v, i))
      return false;
  }
  for (size_t i = 0; i < m->memories.count; i++)
    if (!memory(v, i)) return false;
  return true;
}

/* The type of a function or tag. */
static bool function_type(validator_t *v, const uint8_t *at, uint32_t index, const char *where) {
  const wh_model_t *m = v->model;
  if (index >= m->types.count) return unknown(v, at, "type", index, m->types.count, where);
  return m->subtypes.items[index].kind == WH_COMP_FUNC ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, at,
                          "type mismatch: %s of type %u, which is no function type", where, index);
}

static bool tag_type(validator_t *v, const uint8_t *at, uint32_t index) {
  if (!function_type(v, at, index, "a tag")) return false;
  uint32_t results = v->model->types.items[index].result_count;
  return results == 0 ||
         wh_validate_fail(v, WHERRY_ERROR_INVALID, at,
                          "non-empty tag result type: type %u has %u results", index, results);
}

static bool imports(validator_t *v) {
  const wh_model_t *m = v->model;
  for (size_t i = 0; i < m->imports.count; i++) {
    const wh_import_t *import = &m->imports.items[i];
    const uint8_t *at = at_offset(v, import->offset);
    wherry_extern_kind_t kind = import->type.kind;
    bool good = kind == WHERRY_EXTERN_FUNC ? function_type(v, at, import->type_index, "an import")
                : kind == WHERRY_EXTERN_TAG
                    ? tag_type(v, at, import->type_index)
                    : wh_validate_exists(v, at, import->type.valtype, m->types.count);
    if (!good) return false;
  }
  return true;
}

static bool functions(validator_t *v) {
  const wh_model_t *m = v->model;
  for (size_t i = m->imported_functions; i < m->functions.count; i++) {
    uint64_t offset = m->bodies.items[i - m->imported_functions].offset;
    if (!function_type(v, at_offset(v, offset), m->functions.items[i], "a function")) return false;
  }
  for (size_t i = m->imported_tags; i < m->tags.count; i++)
    if (!tag_type(v, nowhere(v), m->tags.items[i])) return false;
  return true;
}

static bool globals(validator_t *v) {
  const wh_model_t *m = v->model;
  for (size_t i = m->imported_globals; i < m->globals.count; i++) {
    const wh_global_type_t *global = &m->globals.items[i];
    if (!wh_validate_exists(v, at_offset(v, global->init.offset), global->type, m->types.count) ||
        !wh_validate_const(v, &global->init, global->type, i))
      return false;
  }
  return true;
}

static bool exports(validator_t *v) {
  const wh_model_t *m = v->model;
  static const char *const kinds[] = {"function", "table", "memory", "global", "tag"};
  const size_t counts[] = {m->functions.count, m->tables.count, m->memories.count, m->globals.count,
                           m->tags.count};
  for (size_t i = 0; i < m->exports.count; i++) {
    const wh_export_t *export = &m->exports.items[i];
    uint64_t last = 0;
    if (export->index >= counts[export->kind])
      return unknown(v, export->name.data, kinds[export->kind], export->index, counts[export->kind],
                     "an export");
    wh_map_get(&m->export_map, (const char *)export->name.data, export->name.size, &last);
    if (last != i) {
      wh_text_t text = {.alloc = v->alloc};
      wh_text_name(&text, (const char *)export->name.data, export->name.size);
      wh_validate_fail(v, WHERRY_ERROR_INVALID, m->exports.items[last].name.data,
                       "duplicate export name: %s", text.failed ? "" : text.data);
      wh_text_free(&text);
      return false;
    }
    if (export->kind == WHERRY_EXTERN_FUNC) wh_validate_declare(v, export->index);
    if (export->kind == WHERRY_EXTERN_GLOBAL && m->globals.items[export->index].is_mutable &&
        !(v->features & WH_FEATURE(MUTABLE_GLOBALS)))
      return missing(v, export->name.data, "mutable-globals", "the export of a mutable global");
  }
  return true;
}

static bool start(validator_t *v) {
  const wh_model_t *m = v->model;
  if (!m->has_start) return true;
  if (m->start >= m->functions.count)
    return unknown(v, nowhere(v), "function", m->start, m->functions.count, "the start section");
  const wherry_functype_t *type = wh_model_functype(m, m->start);
  if (type->param_count == 0 && type->result_count == 0) return true;
  return wh_validate_fail(v, WHERRY_ERROR_INVALID, nowhere(v),
                          "start function %u has parameters or results", m->start);
}

static bool elems(validator_t *v) {
  const wh_model_t *m = v->model;
  for (size_t i = 0; i < m->elems.count; i++) {
    const wh_elem_t *elem = &m->elems.items[i];
    if (!wh_validate_exists(v, elem->items, elem->type, m->types.count)) return false;
    if (elem->mode == WH_SEGMENT_ACTIVE) {
      const uint8_t *at = at_offset(v, elem->offset.offset);
      if (elem->table >= m->tables.count)
        return unknown(v, at, "table", elem->table, m->tables.count, "an element segment");
      vtype_t element = m->tables.items[elem->table].element;
      vtype_t type = wh_validate_elem_type(elem);
      if (!wh_validate_matches(v, type, element))
        return wh_validate_fail(v, WHERRY_ERROR_INVALID, at,
                                "type mismatch: an element segment of %s for a table of %s",
                                WH_TYPE_TEXT(type), WH_TYPE_TEXT(element));
      vtype_t index = m->tables.items[elem->table].is64 ? WHERRY_I64 : WHERRY_I32;
      if (!wh_validate_const(v, &elem->offset, index, m->globals.count)) return false;
    }
    if (!wh_validate_items(v, elem)) return false;
  }
  return true;
}

static bool datas(validator_t *v) {
  const wh_model_t *m = v->model;
  for (size_t i = 0; i < m->datas.count; i++) {
    const wh_data_t *data = &m->datas.items[i];
    if (data->mode != WH_SEGMENT_ACTIVE) continue;
    if (data->memory >= m->memories.count)
      return unknown(v, at_offset(v, data->offset.offset), "memory", data->memory,
                     m->memories.count, "a data segment");
    vtype_t address = m->memories.items[data->memory].is64 ? WHERRY_I64 : WHERRY_I32;
    if (!wh_validate_const(v, &data->offset, address, m->globals.count)) return false;
  }
  return true;
}

static bool module(validator_t *v) {
  const wh_model_t *m = v->model;
  v->op_at = v->end = m->bytes;
  size_t words = m->functions.count / 64 + 1;
  v->declared = wh_alloc_array(v->alloc, words, sizeof *v->declared);
  if (!v->declared || !wh_validate_reserve(v, 1)) return wh_validate_oom(v);
  if (!wh_validate_types(v) || !imports(v) || !functions(v) || !tables_and_memories(v) ||
      !globals(v) || !exports(v) || !start(v) || !elems(v) || !datas(v))
    return false;
  for (uint32_t i = 0; i < m->bodies.count; i++)
    if (!wh_validate_body(v, i)) return false;
  return true;
}

wherry_error_t *wh_validate(wh_model_t *model, wh_features_t features) {
  validator_t *v = WH_NEW(model->alloc, validator_t);
  if (!v) return wh_error_oom();
  v->model = model;
  v->changing = model;
  v->types = wh_model_types(model);
  v->alloc = model->alloc;
  v->features = features | UINT64_C(1) << WH_OP_FEATURE_CORE_1;
  bool good = module(v);
  wherry_error_t *error = v->error;
  WH_ASSERT(good == !error);
  (void)good;
  wh_vec_free(v->alloc, &v->frames);
  wh_vec_free(v->alloc, &v->runs);
  wh_vec_free(v->alloc, &v->is_set);
  wh_vec_free(v->alloc, &v->set);
  while (v->singles) {
    single_types_t *next = v->singles->next;
    WH_DELETE(v->alloc, v->singles);
    v->singles = next;
  }
  wh_free(v->alloc, v->stack, v->stack_capacity * sizeof *v->stack);
  wh_free(v->alloc, v->declared, (model->functions.count / 64 + 1) * sizeof *v->declared);
  WH_DELETE(model->alloc, v);
  return error;
}
