/* Instances: made, filled, started (Execution, Modules: Instantiation), and what they export. */
#include "link_private.h"

/* Lays the arrays of an instance out behind it; see count_instance in runtime/. */
static wh_instance_t *make_instance(wherry_store_t *store, wherry_module_t *module) {
  const wh_model_t *model = module->model;
  wh_instance_t *instance = wh_alloc_zeroed(store->alloc, module->instance_size);
  if (!instance) return NULL;
  uint64_t *next = (uint64_t *)(instance + 1);
  instance->store = store;
  instance->module = module;
  instance->function_count = (uint32_t)model->functions.count;
  instance->imported_functions = model->imported_functions;
  instance->entries = module->entries;
  instance->globals = next;
  next += model->globals.count;
  instance->memories = (wh_memory_t **)(void *)next;
  next += model->memories.count;
  instance->tables = (wh_table_t **)(void *)next;
  next += model->tables.count;
  instance->imports = next;
  next += model->imported_functions;
  instance->tags = next;
  next += model->tags.count;
  for (size_t i = model->imported_globals; i < model->globals.count; i++) {
    if (model->globals.items[i].type != WHERRY_V128) continue;
    instance->globals[i] = (uint64_t)(uintptr_t)next;
    next += wh_type_slots(WHERRY_V128);
  }
  instance->dropped_elems = (uint8_t *)next;
  instance->dropped_datas = instance->dropped_elems + model->elems.count;
  return instance;
}

static wherry_error_t *place_import(wherry_store_t *store, wh_instance_t *instance,
                                    const wh_import_t *import, const wherry_extern_t *item) {
  switch (import->type.kind) {
  case WHERRY_EXTERN_FUNC:
    return wh_find_func(store, item->of.func, &instance->imports[import->index], NULL);
  case WHERRY_EXTERN_TABLE:
    return wh_find_table(store, item->of.table, &instance->tables[import->index]);
  case WHERRY_EXTERN_MEMORY:
    return wh_find_memory(store, item->of.memory, &instance->memories[import->index]);
  case WHERRY_EXTERN_GLOBAL: {
    uint64_t *cell;
    wherry_valtype_t type;
    bool is_mutable;
    wherry_error_t *error = wh_find_global(store, item->of.global, &cell, &type, &is_mutable);
    if (error) return error;
    bool by_address = is_mutable || type == WHERRY_V128;
    instance->globals[import->index] = by_address ? (uint64_t)(uintptr_t)cell : *cell;
    return NULL;
  }
  case WHERRY_EXTERN_TAG: return wh_find_tag(store, item->of.tag, &instance->tags[import->index]);
  }
  WH_UNREACHABLE();
}

/* The elements of a table of its own, where they have an initial value. */
static wherry_error_t *init_table(wh_instance_t *instance, size_t index) {
  const wh_table_type_t *type = &instance->module->model->tables.items[index];
  const uint8_t *at = type->init.bytes;
  uint64_t value;
  if (!type->has_init) return NULL;
  wherry_error_t *error = wh_exec_constant(instance, &at, &value);
  if (error) return error;
  const wh_table_t *table = instance->tables[index];
  for (uint64_t i = 0; i < table->size; i++) table->elements[i] = value;
  return NULL;
}

/* Expressions may make objects, so those of a segment that is used more than once are evaluated now.
   Functions are the same whenever one asks. */
static wherry_error_t *make_elems(wherry_store_t *store, wh_instance_t *instance) {
  const wh_model_t *model = instance->module->model;
  wh_types_t types = wh_model_types(model);
  for (size_t i = 0; i < model->elems.count; i++) {
    const wh_elem_t *elem = &model->elems.items[i];
    if (elem->by_index || elem->mode != WH_SEGMENT_PASSIVE || !elem->count ||
        wh_heap_top(&types, wh_ref_heap(elem->type)) == WH_HEAP(FUNC))
      continue;
    if (!instance->elem_values && !wh_instance_keep_elems(instance)) return wh_error_oom();
    uint64_t *values = wh_alloc_array(store->alloc, elem->count, sizeof *values);
    if (!values) return wh_error_oom();
    instance->elem_values[i] = values;
    const uint8_t *at = elem->items;
    for (uint32_t item = 0; item < elem->count; item++) {
      wherry_error_t *error = wh_exec_constant(instance, &at, &values[item]);
      if (error) return error;
    }
  }
  return NULL;
}

/* What the module defines: tags, tables, globals, memories, values of element segments. */
static wherry_error_t *make_own(wherry_store_t *store, wh_instance_t *instance) {
  const wh_model_t *model = instance->module->model;
  uint64_t high = (uint64_t)instance->id << 32;
  wherry_error_t *error;
  for (size_t i = model->imported_tags; i < model->tags.count; i++) instance->tags[i] = high | i;
  for (size_t i = model->imported_tables; i < model->tables.count; i++) {
    wh_table_type_t type = model->tables.items[i];
    type.element = wh_module_valtype(instance->module, type.element);
    error = wh_table_make(store, &type, 0, &instance->tables[i]);
    if (error) return error;
    instance->tables[i]->self = high | i;
  }
  for (size_t i = model->imported_globals; i < model->globals.count; i++) {
    const uint8_t *at = model->globals.items[i].init.bytes;
    error = wh_exec_constant(instance, &at, wh_global_cell(instance, (uint32_t)i));
    if (error) return error;
  }
  for (size_t i = model->imported_memories; i < model->memories.count; i++) {
    const wh_image_t *image = i ? NULL : wh_link_image(instance);
    error = wh_memory_make(store, &model->memories.items[i], image, &instance->memories[i]);
    if (error) return error;
    instance->memories[i]->self = high | i;
  }
  for (size_t i = model->imported_tables; i < model->tables.count; i++) {
    error = init_table(instance, i);
    if (error) return error;
  }
  return make_elems(store, instance);
}

/* Of an instance that nothing refers to yet. */
static void unmake(wherry_store_t *store, wh_instance_t *instance) {
  const wh_model_t *model = instance->module->model;
  for (size_t i = model->imported_tables; i < model->tables.count; i++)
    wh_table_release(store, instance->tables[i]);
  for (size_t i = model->imported_memories; i < model->memories.count; i++)
    wh_memory_release(instance->memories[i]);
  wh_instance_free_elems(instance);
  store->instances.count--;
  wherry_module_t *module = instance->module;
  wh_free(store->alloc, instance, module->instance_size);
  wh_module_release(module);
}

wherry_error_t *wh_link_offset(const wh_instance_t *instance, const wh_const_expr_t *expr,
                               uint64_t *out) {
  const uint8_t *at = expr->bytes;
  return wh_exec_constant(instance, &at, out);
}

static wherry_error_t *fill_tables(wherry_store_t *store, wh_instance_t *instance) {
  const wh_model_t *model = instance->module->model;
  for (size_t i = 0; i < model->elems.count; i++) {
    const wh_elem_t *elem = &model->elems.items[i];
    if (elem->mode == WH_SEGMENT_ACTIVE) {
      uint64_t to;
      wherry_error_t *error = wh_link_offset(instance, &elem->offset, &to);
      if (error) return error;
      wherry_trap_code_t trap =
          wh_exec_init_table(instance, elem->table, (uint32_t)i, to, 0, elem->count, &error);
      if (error) return error;
      if (trap)
        return wh_error_trap(store->alloc, trap,
                             "%s: element segment %zu, of %u elements, does not fit at %llu in a "
                             "table of %llu",
                             wherry_trap_code_name(trap), i, elem->count, (unsigned long long)to,
                             (unsigned long long)instance->tables[elem->table]->size);
    }
    if (elem->mode != WH_SEGMENT_PASSIVE) instance->dropped_elems[i] = 1;
  }
  return NULL;
}

static wherry_error_t *fill_memories(wherry_store_t *store, wh_instance_t *instance) {
  const wh_model_t *model = instance->module->model;
  bool has_image =
      model->memories.count && !model->imported_memories && instance->memories[0]->image;
  if (has_image && wh_module_image(instance->module)->covers_all) {
    memset(instance->dropped_datas, 1, model->datas.count); /* some compilers make thousands */
    return NULL;
  }
  for (size_t i = 0; i < model->datas.count; i++) {
    const wh_data_t *data = &model->datas.items[i];
    if (data->mode != WH_SEGMENT_ACTIVE) continue;
    if (!has_image || data->memory) {
      uint64_t to;
      wherry_error_t *error = wh_link_offset(instance, &data->offset, &to);
      if (error) return error;
      wherry_trap_code_t trap = wh_exec_init_memory(instance, data->memory, (uint32_t)i, to, 0,
                                                    (uint32_t)data->bytes.size);
      if (trap)
        return wh_error_trap(store->alloc, trap,
                             "%s: data segment %zu, of %zu bytes, does not fit at %llu in a memory "
                             "of %llu bytes",
                             wherry_trap_code_name(trap), i, data->bytes.size,
                             (unsigned long long)to,
                             (unsigned long long)instance->memories[data->memory]->size);
    }
    instance->dropped_datas[i] = 1;
  }
  return NULL;
}

static wherry_error_t *start(wherry_store_t *store, wh_instance_t *instance) {
  const wh_model_t *model = instance->module->model;
  if (!model->has_start) return NULL;
  uint64_t slots[1] = {0};
  /* The start function may close the store, and release it. */
  store->references++;
  wherry_error_t *error = wh_call(store, wh_instance_reference(instance, model->start), slots);
  if (!error) error = wh_store_check(store);
  if (!error && store->references == 1)
    error = wh_error_new(store->alloc, WHERRY_ERROR_STATE,
                         "the store was released by the start function of the instance");
  wh_store_release(store);
  return error;
}

wherry_error_t *wh_link_instantiate(wherry_store_t *store, wherry_module_t *module,
                                    const wherry_extern_t *imports, wh_instance_t **out) {
  const wh_model_t *model = module->model;
  uint64_t count = store->instances.count ? store->instances.count - 1 : 0;
  if (count >= store->instance_limit)
    return wh_error_limit(store->alloc, "instances", "the store's limit of %llu instances",
                          (unsigned long long)store->instance_limit);
  if (!wh_vec_reserve(store->alloc, &store->instances, 2)) return wh_error_oom();
  if (!store->instances.count) store->instances.items[store->instances.count++] = NULL;
  wh_instance_t *instance = make_instance(store, module);
  if (!instance) return wh_error_oom();
  wh_module_retain(module);
  instance->id = (uint32_t)store->instances.count;
  store->instances.items[store->instances.count++] = instance;

  wherry_error_t *error = NULL;
  for (size_t i = 0; i < model->imports.count && !error; i++)
    error = place_import(store, instance, &model->imports.items[i], &imports[i]);
  if (!error) error = make_own(store, instance);
  if (error) {
    unmake(store, instance);
    return error;
  }
  /* From here on others may come to refer to the instance: it stays, even if this fails. */
  error = fill_tables(store, instance);
  if (!error) error = fill_memories(store, instance);
  if (!error) error = start(store, instance);
  if (!error) *out = instance;
  return error;
}

wherry_error_t *wh_instantiate(wherry_store_t *store, wherry_module_t *module,
                               const wherry_extern_t *imports, size_t import_count,
                               wh_instance_t **out) {
  wherry_error_t *error = wh_store_check(store);
  if (error) return error;
  if (module->engine != store->engine)
    return wh_error_new(store->alloc, WHERRY_ERROR_STATE,
                        "the module was made by another engine than the store");
  if (import_count != module->model->imports.count)
    return wh_error_new(store->alloc, WHERRY_ERROR_UNLINKABLE,
                        "the module has %zu imports, but %zu were given",
                        module->model->imports.count, import_count);
  /* wh_link_check_imports changes nothing of them. */
  link_imports_t given = {.items = (wherry_extern_t *)(uintptr_t)imports};
  error = wh_link_check_imports(store, module, &given);
  return error ? error : wh_link_instantiate(store, module, imports, out);
}

wherry_extern_t wh_instance_export(wh_instance_t *instance, size_t place) {
  const wh_export_t *export = &instance->module->model->exports.items[place];
  uint64_t store = instance->store->id;
  wherry_extern_t out = {.kind = export->kind};
  switch (export->kind) {
  case WHERRY_EXTERN_FUNC:
    out.of.func = (wherry_func_t) {store, wh_instance_reference(instance, export->index)};
    break;
  case WHERRY_EXTERN_TABLE:
    out.of.table = (wherry_table_t) {store, instance->tables[export->index]->self};
    break;
  case WHERRY_EXTERN_MEMORY:
    out.of.memory = (wherry_memory_t) {store, instance->memories[export->index]->self};
    break;
  case WHERRY_EXTERN_GLOBAL:
    out.of.global = (wherry_global_t) {store, (uint64_t)instance->id << 32 | export->index};
    break;
  case WHERRY_EXTERN_TAG: out.of.tag = (wherry_tag_t) {store, instance->tags[export->index]}; break;
  }
  return out;
}

bool wh_instance_lookup(wh_instance_t *instance, const char *name, size_t size,
                        wherry_extern_t *out) {
  uint64_t place;
  if (!wh_map_get(&instance->module->model->export_map, name, size, &place)) return false;
  *out = wh_instance_export(instance, (size_t)place);
  return true;
}

wherry_error_t *wh_no_export(wh_instance_t *instance, const char *name, size_t size) {
  const wh_model_t *model = instance->module->model;
  wh_alloc_t *alloc = instance->store->alloc;
  wh_text_t text = {.alloc = alloc};
  wh_near_t near;
  memset(&near, 0, sizeof near);
  near.wanted = name;
  near.size = size;
  for (size_t i = 0; i < model->exports.count; i++)
    wh_near_offer(&near, (const char *)model->exports.items[i].name.data,
                  model->exports.items[i].name.size);
  wh_text_printf(&text, "the module exports nothing that is named ");
  wh_text_name(&text, name, size);
  wh_near_print(&near, &text);
  wherry_error_t *error =
      text.failed ? wh_error_oom() : wh_error_new(alloc, WHERRY_ERROR_UNLINKABLE, "%s", text.data);
  wh_text_free(&text);
  return error;
}

wherry_error_t *wh_initialize(wh_instance_t *instance) {
  static const char name[] = "_initialize";
  if (instance->initialized) return NULL;
  instance->initialized = true;
  wherry_extern_t item;
  if (!wh_instance_lookup(instance, name, sizeof name - 1, &item) ||
      item.kind != WHERRY_EXTERN_FUNC)
    return NULL;
  uint64_t reference = item.of.func.index;
  const wherry_functype_t *type = wh_reference_functype(instance->store, reference);
  if (type->param_count || type->result_count) return NULL;
  uint64_t slots[1] = {0};
  return wh_call(instance->store, reference, slots);
}
