/* Core modules, core types, core instances and aliases of their exports. All core types are the
   engine's, so they compare across modules and components. */
#include "component_read.h"

/* ---- core types ---- */

/* What a type says by an index means that index in the scope; in the list of all core types it is
   another. count: of the group that is read. */
static wherry_error_t *translate_heap(reading_t *r, uint32_t first, uint32_t count, wh_heap_t heap,
                                      wh_heap_t *out) {
  scope_t *scope = r->scope;
  if (heap < scope->core_types.count) {
    const core_type_t *type = &scope->core_types.items[heap];
    if (type->module) return INVALID("core type index %u is a module type", heap);
    *out = type->index;
    return NULL;
  }
  heap -= (wh_heap_t)scope->core_types.count;
  if (heap >= count)
    return wh_component_unknown(r, "core type", (uint32_t)(heap + scope->core_types.count),
                                scope->core_types.count + count);
  *out = first + heap;
  return NULL;
}

static wherry_error_t *translate(reading_t *r, uint32_t first, uint32_t count,
                                 wherry_valtype_t *type) {
  if (!wh_has_heap(*type) || wh_heap_is_abstract(wh_ref_heap(*type))) return NULL;
  wh_heap_t heap = 0;
  TRY(translate_heap(r, first, count, wh_ref_heap(*type), &heap));
  *type = wh_ref(heap, wh_ref_is_nullable(*type));
  return NULL;
}

/* The engine takes a type only once what it names is there and its supertypes end. */
static wherry_error_t *translate_type(reading_t *r, uint32_t first, uint32_t count,
                                      uint32_t index) {
  wherry_functype_t *func = &r->core->types.items[index];
  wh_subtype_t *type = &r->core->subtypes.items[index];
  for (uint32_t i = 0; i < func->param_count + func->result_count; i++)
    TRY(translate(r, first, count, &func->types[i]));
  for (uint32_t i = 0; i < type->field_count; i++)
    TRY(translate(r, first, count, &type->fields[i].type));
  if (type->super == WH_NO_TYPE) return NULL;
  TRY(translate_heap(r, first, count, type->super, &type->super));
  if (type->super >= index) return INVALID("a core type comes before its supertype");
  uint32_t depth = 0;
  for (uint32_t at = index; at != WH_NO_TYPE; at = r->core->subtypes.items[at].super)
    if (depth++ > WH_MAX_SUBTYPING_DEPTH)
      return wh_component_too_many(r, WH_MAX_SUBTYPING_DEPTH, "supertypes above a core type");
  return NULL;
}

static wherry_error_t *read_group(reading_t *r) {
  scope_t *scope = r->scope;
  uint32_t first = (uint32_t)r->core->types.count;
  TRY(wh_decode_rectype(&r->in, r->engine->features, r->core));
  uint32_t count = (uint32_t)r->core->types.count - first;
  if (!wh_vec_reserve(r->alloc, &r->numbers, count) ||
      !wh_vec_reserve(r->alloc, &scope->core_types, count))
    return wh_error_oom();
  for (uint32_t i = 0; i < count; i++) TRY(translate_type(r, first, count, first + i));
  if (count) TRY(wh_engine_group(r->engine, r->core, first, r->numbers.items));
  r->numbers.count += count;
  for (uint32_t i = 0; i < count; i++)
    scope->core_types.items[scope->core_types.count++] = (core_type_t) {.index = first + i};
  return NULL;
}

/* A type at an index of the scope, as the engine has it. */
static wherry_error_t *rtype_at(reading_t *r, uint32_t index, const wh_rtype_t **out) {
  const scope_t *scope = r->scope;
  if (index >= scope->core_types.count)
    return wh_component_unknown(r, "type", index, scope->core_types.count);
  if (scope->core_types.items[index].module)
    return INVALID("core type index %u is a module type", index);
  *out = wh_engine_rtype(r->engine, r->numbers.items[scope->core_types.items[index].index]);
  return NULL;
}

wherry_error_t *wh_component_core_type_at(reading_t *r, uint32_t index,
                                          const wherry_functype_t **out) {
  const wh_rtype_t *type;
  TRY(rtype_at(r, index, &type));
  *out = &type->func;
  return type->kind == WH_COMP_FUNC ? NULL
                                    : INVALID("core type index %u is no function type", index);
}

/* ---- module types ---- */

/* Limits are looked at as in a module with this one memory or table. */
static wherry_error_t *check_limits(reading_t *r, const wherry_externtype_t *type) {
  wh_memory_type_t memory = {.limits = type->limits,
                             .is64 = type->is64,
                             .shared = type->shared,
                             .page_log2 = type->page_log2};
  wh_table_type_t table = {.element = WHERRY_FUNCREF, .limits = type->limits, .is64 = type->is64};
  wh_model_t model = {.alloc = r->alloc, .bytes = r->in.start};
  if (type->kind == WHERRY_EXTERN_MEMORY) {
    model.memories.items = &memory;
    model.memories.count = 1;
  } else {
    model.tables.items = &table;
    model.tables.count = 1;
  }
  return wh_validate(&model, r->engine->features);
}

/* core:externtype, in terms of the engine. */
static wherry_error_t *read_core_externtype(reading_t *r, wherry_externtype_t *out) {
  uint32_t index;
  const wh_rtype_t *type;
  TRY(wh_decode_externtype(r->alloc, &r->in, r->engine->features, out, &index));
  if (out->kind == WHERRY_EXTERN_FUNC || out->kind == WHERRY_EXTERN_TAG) {
    TRY(wh_component_core_type_at(r, index, &out->func));
    if (out->kind == WHERRY_EXTERN_TAG && out->func->result_count)
      return INVALID("non-empty tag result type: core type %u", index);
    return NULL;
  }
  if (wh_has_heap(out->valtype) && !wh_heap_is_abstract(wh_ref_heap(out->valtype))) {
    TRY(rtype_at(r, wh_ref_heap(out->valtype), &type));
    out->valtype = wh_ref(type->id, wh_ref_is_nullable(out->valtype));
  }
  return out->kind == WHERRY_EXTERN_GLOBAL ? NULL : check_limits(r, out);
}

typedef struct core_naming {
  WH_VEC(wh_core_item_t) imports, exports;
  wh_map_t import_places, export_places;
} core_naming_t;

/* The two names of an import as one key, in the world. */
static wherry_error_t *import_key(reading_t *r, wherry_bytes_t module, wherry_bytes_t name,
                                  wherry_bytes_t *out) {
  size_t size = sizeof(uint64_t) + module.size + name.size;
  char *key = wh_component_array(r, size, 1);
  if (!key) return wh_error_oom();
  uint64_t split = module.size;
  memcpy(key, &split, sizeof split);
  if (module.size) memcpy(key + sizeof split, module.data, module.size);
  if (name.size) memcpy(key + sizeof split + module.size, name.data, name.size);
  *out = (wherry_bytes_t) {(const uint8_t *)key, size};
  return NULL;
}

static wherry_error_t *add_core_import(reading_t *r, core_naming_t *naming,
                                       const wh_core_item_t *item) {
  wherry_bytes_t key;
  uint64_t place;
  TRY(import_key(r, item->module, item->name, &key));
  if (wh_map_get(&naming->import_places, (const char *)key.data, key.size, &place))
    return INVALID("duplicate import name %s %s", wh_component_quote(r, item->module),
                   wh_component_quote(r, item->name));
  if (!wh_map_put(r->alloc, &naming->import_places, (const char *)key.data, key.size,
                  naming->imports.count))
    return wh_error_oom();
  return PUSH(&naming->imports, *item);
}

static wherry_error_t *add_core_export(reading_t *r, core_naming_t *naming,
                                       const wh_core_item_t *item) {
  uint64_t place;
  if (wh_map_get(&naming->export_places, (const char *)item->name.data, item->name.size, &place))
    return INVALID("export name %s already defined", wh_component_quote(r, item->name));
  if (!wh_map_put(r->alloc, &naming->export_places, (const char *)item->name.data, item->name.size,
                  naming->exports.count))
    return wh_error_oom();
  return PUSH(&naming->exports, *item);
}

static wherry_error_t *finish_core(reading_t *r, core_naming_t *naming, wh_module_type_t *out) {
  size_t imports = naming->imports.count, exports = naming->exports.count;
  wh_core_item_t *items = wh_component_array(r, imports + exports, sizeof *items);
  if (!items) return wh_error_oom();
  if (imports) memcpy(items, naming->imports.items, imports * sizeof *items);
  if (exports) memcpy(items + imports, naming->exports.items, exports * sizeof *items);
  out->imports.items = items;
  out->imports.count = (uint32_t)imports;
  out->exports.items = items + imports;
  out->exports.count = (uint32_t)exports;
  TRY(wh_component_keep_places(r, &naming->import_places, &out->imports.places));
  return wh_component_keep_places(r, &naming->export_places, &out->exports.places);
}

static void free_core_naming(reading_t *r, core_naming_t *naming) {
  wh_vec_free(r->alloc, &naming->imports);
  wh_vec_free(r->alloc, &naming->exports);
  wh_map_free(r->alloc, &naming->import_places);
  wh_map_free(r->alloc, &naming->export_places);
}

const wh_core_item_t *wh_component_find_import(reading_t *r, const wh_module_type_t *type,
                                               const wh_core_item_t *like, bool *oom) {
  wherry_bytes_t key;
  uint64_t place;
  wherry_error_t *error = import_key(r, like->module, like->name, &key);
  *oom = error != NULL;
  if (error || !type->imports.places) return NULL;
  return wh_map_get(type->imports.places, (const char *)key.data, key.size, &place)
             ? &type->imports.items[place]
             : NULL;
}

/* core:alias, of a core type further out: 0 is the module type itself. */
static wherry_error_t *read_core_outer(reading_t *r) {
  uint8_t sort, target;
  uint32_t count, index;
  scope_t *from = r->scope;
  TRY(wh_component_u8(r, &sort));
  if (sort != 0x10) return MALFORMED("0x%02x, expected 0x10: an alias of a core type", sort);
  TRY(wh_component_u8(r, &target));
  if (target != 1) return MALFORMED("0x%02x, expected 1: an outer alias", target);
  TRY(wh_component_u32(r, &count));
  TRY(wh_component_u32(r, &index));
  for (uint32_t i = 0; i < count && from; i++) from = from->outer;
  if (!from) return INVALID("invalid outer alias count of %u", count);
  if (index >= from->core_types.count)
    return wh_component_unknown(r, "core type", index, from->core_types.count);
  if (from->core_types.items[index].module)
    return INVALID("a module type cannot alias a module type");
  return PUSH(&r->scope->core_types, from->core_types.items[index]);
}

static wherry_error_t *read_module_declaration(reading_t *r, core_naming_t *naming) {
  uint8_t form;
  wh_core_item_t item = {.module = {0}};
  TRY(wh_component_u8(r, &form));
  switch (form) {
  case 0:
    TRY(wh_component_name(r, &item.module));
    TRY(wh_component_name(r, &item.name));
    TRY(read_core_externtype(r, &item.type));
    return add_core_import(r, naming, &item);
  case 1: return read_group(r);
  case 2: return read_core_outer(r);
  case 3:
    TRY(wh_component_name(r, &item.name));
    TRY(read_core_externtype(r, &item.type));
    return add_core_export(r, naming, &item);
  default: return MALFORMED("0x%02x is no declaration of a module type", form);
  }
}

static wherry_error_t *read_module_type(reading_t *r, wh_module_type_t *type) {
  uint32_t count;
  scope_t *scope;
  core_naming_t naming = {0};
  TRY(wh_component_count(r, WH_MAX_COMPONENT_ITEMS, "declarations", &count));
  TRY(wh_component_begin_scope(r, SCOPE_INSTANCE_TYPE, &scope));
  wherry_error_t *error = NULL;
  for (uint32_t i = 0; i < count && !error; i++) {
    r->at = r->in.next;
    error = read_module_declaration(r, &naming);
  }
  if (!error) error = finish_core(r, &naming, type);
  free_core_naming(r, &naming);
  wh_component_end_scope(r);
  return error;
}

enum { MODULE_TYPE = 0x50 };

/* core:deftype: until module types get a code of their own, a type that is not final has a 0x00 before
   it. */
wherry_error_t *wh_component_read_core_type(reading_t *r) {
  const uint8_t *at = r->in.next;
  if (at < r->in.end && *at == 0) {
    if (r->in.end - at < 2 || at[1] != MODULE_TYPE)
      return MALFORMED("expected 0x50 after 0x00: a core type that is not final");
    r->in.next++;
    return read_group(r);
  }
  if (at == r->in.end || *at != MODULE_TYPE) return read_group(r);
  r->in.next++;
  wh_module_type_t *type = wh_component_array(r, 1, sizeof *type);
  if (!type) return wh_error_oom();
  TRY(read_module_type(r, type));
  return PUSH(&r->scope->core_types, (core_type_t) {.module = type});
}

/* ---- core modules ---- */

static wherry_error_t *module_type(reading_t *r, const wherry_module_t *module,
                                   core_naming_t *naming) {
  const wh_model_t *model = module->model;
  for (size_t i = 0; i < model->imports.count; i++) {
    const wh_import_t *import = &model->imports.items[i];
    wh_core_item_t item = {import->module, import->name, import->type};
    item.type.valtype = wh_module_valtype(module, item.type.valtype);
    if (item.type.func) item.type.func = &module->rtypes[import->type_index]->func;
    TRY(add_core_import(r, naming, &item));
  }
  for (size_t i = 0; i < model->exports.count; i++) {
    const wh_export_t *export = &model->exports.items[i];
    wh_core_item_t item = {.name = export->name, .type = export->type};
    item.type.valtype = wh_module_valtype(module, item.type.valtype);
    if (item.type.func) {
      uint32_t type = export->kind == WHERRY_EXTERN_TAG ? model->tags.items[export->index]
                                                        : model->functions.items[export->index];
      item.type.func = &module->rtypes[type]->func;
    }
    TRY(add_core_export(r, naming, &item));
  }
  return NULL;
}

wherry_error_t *wh_component_read_core_module(reading_t *r) {
  wh_definition_t definition = {.kind = WH_DEFINE_MODULE};
  wherry_module_t *module;
  core_naming_t naming = {0};
  size_t offset = (size_t)(r->in.next - r->in.start), size = (size_t)(r->in.end - r->in.next);
  wh_module_type_t *type = wh_component_array(r, 1, sizeof *type);
  if (!type) return wh_error_oom();
  wherry_error_t *error =
      wh_module_make_inside(r->engine, r->component->binary, offset, size, &module);
  if (error) {
    wh_error_prefix(error, "core module %zu: ", r->component->modules.count);
    return error;
  }
  error = PUSH(&r->component->modules, module);
  if (error) {
    wh_module_release(module);
    return error;
  }
  error = module_type(r, module, &naming);
  if (!error) error = finish_core(r, &naming, type);
  free_core_naming(r, &naming);
  if (error) return error;
  r->in.next = r->in.end;
  definition.of.module = module;
  TRY(wh_component_add(r, &definition));
  return wh_component_push(r,
                           &(wh_entity_t) {WH_SORT_MODULE, {WH_DEFTYPE_MODULE, {.module = type}}});
}

/* ---- core instances ---- */

static wherry_error_t *core_instance_at(reading_t *r, uint32_t index, const wh_core_items_t **out) {
  if (index >= r->scope->core_instances.count)
    return wh_component_unknown(r, "core instance", index, r->scope->core_instances.count);
  *out = r->scope->core_instances.items[index];
  return NULL;
}

static wherry_error_t *unfit(reading_t *r, const wh_core_item_t *wanted,
                             const wherry_externtype_t *given) {
  wh_text_t text = {.alloc = r->alloc};
  wh_print_externtype(&text, &wanted->type);
  wh_text_printf(&text, " wanted, ");
  wh_print_externtype(&text, given);
  wherry_error_t *error = text.failed ? wh_error_oom()
                                      : INVALID("type mismatch for import %s %s: %s",
                                                wh_component_quote(r, wanted->module),
                                                wh_component_quote(r, wanted->name), text.data);
  wh_text_free(&text);
  return error;
}

static wherry_error_t *check_core_imports(reading_t *r, const wh_module_type_t *type,
                                          const wh_argument_t *arguments, const wh_map_t *places) {
  for (uint32_t i = 0; i < type->imports.count; i++) {
    const wh_core_item_t *wanted = &type->imports.items[i], *found;
    const wh_core_items_t *instance;
    uint64_t place;
    if (!wh_map_get(places, (const char *)wanted->module.data, wanted->module.size, &place))
      return INVALID("missing module instantiation argument named %s",
                     wh_component_quote(r, wanted->module));
    TRY(core_instance_at(r, arguments[place].index, &instance));
    found = wh_core_items_find(instance, wanted->name);
    if (!found)
      return INVALID("module instantiation argument %s does not export an item named %s",
                     wh_component_quote(r, wanted->module), wh_component_quote(r, wanted->name));
    if (!wh_engine_extern_matches(r->engine, &found->type, &wanted->type))
      return unfit(r, wanted, &found->type);
  }
  return NULL;
}

static wherry_error_t *core_arguments(reading_t *r, wh_argument_t **out, uint32_t *count,
                                      wh_map_t *places) {
  TRY(wh_component_count(r, WH_MAX_COMPONENT_ARGUMENTS, "arguments", count));
  wh_argument_t *arguments = wh_component_array(r, *count, sizeof *arguments);
  if (!arguments) return wh_error_oom();
  for (uint32_t i = 0; i < *count; i++) {
    uint8_t sort;
    uint64_t place;
    const wh_core_items_t *instance;
    wherry_bytes_t name;
    TRY(wh_component_name(r, &name));
    TRY(wh_component_u8(r, &sort));
    if (sort != 0x12)
      return MALFORMED("0x%02x, expected 0x12: an argument that is no instance", sort);
    TRY(wh_component_u32(r, &arguments[i].index));
    TRY(core_instance_at(r, arguments[i].index, &instance));
    arguments[i].name = name;
    if (wh_map_get(places, (const char *)name.data, name.size, &place))
      return INVALID("duplicate module instantiation argument named %s",
                     wh_component_quote(r, name));
    if (!wh_map_put(r->alloc, places, (const char *)name.data, name.size, i)) return wh_error_oom();
  }
  *out = arguments;
  return NULL;
}

static wherry_error_t *core_instantiate(reading_t *r, wh_definition_t *definition,
                                        const wh_core_items_t **exports) {
  uint32_t index, count;
  wh_entity_t module;
  wh_argument_t *arguments = NULL;
  wh_map_t places = {0};
  TRY(wh_component_u32(r, &index));
  TRY(wh_component_entity_at(r, WH_SORT_MODULE, index, &module));
  wherry_error_t *error = core_arguments(r, &arguments, &count, &places);
  if (!error) error = check_core_imports(r, module.type.of.module, arguments, &places);
  wh_map_free(r->alloc, &places);
  if (error) return error;
  definition->kind = WH_DEFINE_CORE_INSTANCE;
  definition->of.instance.of = index;
  definition->of.instance.count = count;
  definition->of.instance.arguments = arguments;
  *exports = &module.type.of.module->exports;
  return NULL;
}

static wherry_error_t *core_entity_at(reading_t *r, uint32_t kind, uint32_t index,
                                      wherry_externtype_t *out) {
  const scope_t *scope = r->scope;
  size_t count;
  const wherry_externtype_t *items;
  switch (kind) {
  case WHERRY_EXTERN_FUNC:
    *out = (wherry_externtype_t) {.kind = WHERRY_EXTERN_FUNC};
    return wh_component_core_func_at(r, index, &out->func);
  case WHERRY_EXTERN_TABLE:
    items = scope->core_tables.items;
    count = scope->core_tables.count;
    break;
  case WHERRY_EXTERN_MEMORY:
    items = scope->core_memories.items;
    count = scope->core_memories.count;
    break;
  case WHERRY_EXTERN_GLOBAL:
    items = scope->core_globals.items;
    count = scope->core_globals.count;
    break;
  case WHERRY_EXTERN_TAG:
    items = scope->core_tags.items;
    count = scope->core_tags.count;
    break;
  default: return MALFORMED("0x%02x is no sort of a core export", kind);
  }
  if (index >= count)
    return wh_component_unknown(r, wherry_extern_kind_name((wherry_extern_kind_t)kind), index,
                                count);
  *out = items[index];
  return NULL;
}

wherry_error_t *wh_component_core_memory_at(reading_t *r, uint32_t index,
                                            wherry_externtype_t *out) {
  return core_entity_at(r, WHERRY_EXTERN_MEMORY, index, out);
}

wherry_error_t *wh_component_core_table_at(reading_t *r, uint32_t index, wherry_externtype_t *out) {
  return core_entity_at(r, WHERRY_EXTERN_TABLE, index, out);
}

static wherry_error_t *core_bag(reading_t *r, wh_definition_t *definition, core_naming_t *naming) {
  uint32_t count;
  TRY(wh_component_count(r, WH_MAX_COMPONENT_ARGUMENTS, "exports of an instance", &count));
  wh_argument_t *arguments = wh_component_array(r, count, sizeof *arguments);
  if (!arguments) return wh_error_oom();
  for (uint32_t i = 0; i < count; i++) {
    uint8_t sort;
    wh_core_item_t item = {.module = {0}};
    TRY(wh_component_name(r, &item.name));
    TRY(wh_component_u8(r, &sort));
    TRY(wh_component_u32(r, &arguments[i].index));
    TRY(core_entity_at(r, sort, arguments[i].index, &item.type));
    TRY(add_core_export(r, naming, &item));
    arguments[i].name = item.name;
    arguments[i].sort = sort;
  }
  definition->kind = WH_DEFINE_CORE_BAG;
  definition->of.instance.count = count;
  definition->of.instance.arguments = arguments;
  return NULL;
}

wherry_error_t *wh_component_read_core_instance(reading_t *r) {
  uint8_t form;
  wh_definition_t definition = {0};
  const wh_core_items_t *exports;
  TRY(wh_component_u8(r, &form));
  if (form == 0) {
    TRY(core_instantiate(r, &definition, &exports));
  } else if (form == 1) {
    core_naming_t naming = {0};
    wh_module_type_t *type = wh_component_array(r, 1, sizeof *type);
    wherry_error_t *error = type ? core_bag(r, &definition, &naming) : wh_error_oom();
    if (!error) error = finish_core(r, &naming, type);
    free_core_naming(r, &naming);
    if (error) return error;
    exports = &type->exports;
  } else {
    return MALFORMED("0x%02x, expected 0 or 1: a core instance", form);
  }
  if (r->scope->core_instances.count >= WH_MAX_COMPONENT_INSTANCES)
    return wh_component_too_many(r, WH_MAX_COMPONENT_INSTANCES, "core instances");
  TRY(wh_component_add(r, &definition));
  return PUSH(&r->scope->core_instances, exports);
}

/* ---- aliases ---- */

wherry_error_t *wh_component_push_core_func(reading_t *r, const wherry_functype_t *type) {
  if (r->scope->core_funcs.count >= WH_MAX_COMPONENT_ITEMS)
    return wh_component_too_many(r, WH_MAX_COMPONENT_ITEMS, "core functions");
  return PUSH(&r->scope->core_funcs, type);
}

wherry_error_t *wh_component_core_alias(reading_t *r, uint32_t sort, uint32_t index,
                                        wherry_bytes_t name) {
  scope_t *scope = r->scope;
  const wh_core_items_t *instance;
  wh_definition_t definition = {.kind = WH_DEFINE_CORE_ALIAS};
  TRY(core_instance_at(r, index, &instance));
  const wh_core_item_t *item = wh_core_items_find(instance, name);
  if (!item)
    return INVALID("core instance %u has no export named %s", index, wh_component_quote(r, name));
  if ((uint32_t)item->type.kind != sort)
    return INVALID("export %s of core instance %u is not a %s", wh_component_quote(r, name), index,
                   wherry_extern_kind_name((wherry_extern_kind_t)sort));
  definition.of.alias.sort = sort;
  definition.of.alias.instance = index;
  definition.of.alias.name = name;
  TRY(wh_component_add(r, &definition));
  switch (item->type.kind) {
  case WHERRY_EXTERN_FUNC: return wh_component_push_core_func(r, item->type.func);
  case WHERRY_EXTERN_TABLE: return PUSH(&scope->core_tables, item->type);
  case WHERRY_EXTERN_MEMORY: return PUSH(&scope->core_memories, item->type);
  case WHERRY_EXTERN_GLOBAL: return PUSH(&scope->core_globals, item->type);
  case WHERRY_EXTERN_TAG: return PUSH(&scope->core_tags, item->type);
  }
  return wh_error_oom();
}
