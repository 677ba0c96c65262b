/* Sections, and the components they make (Binary.md, Component Definitions; Instance Definitions; Alias
   Definitions; Start Definitions). */
#include "component_read.h"

/* ---- instances ---- */

static bool same_bytes(wherry_bytes_t a, wherry_bytes_t b) {
  return a.size == b.size && (!a.size || memcmp(a.data, b.data, a.size) == 0);
}

/* sortidx. Of core sorts only modules have component-level types. */
static wherry_error_t *read_sort(reading_t *r, uint32_t *sort) {
  uint8_t byte;
  TRY(wh_component_u8(r, &byte));
  *sort = byte;
  if (byte == WH_SORT_MODULE) {
    TRY(wh_component_u8(r, &byte));
    if (byte != 0x11)
      return MALFORMED("0x%02x, expected 0x11: a core sort that is no module", byte);
  }
  return *sort <= WH_SORT_INSTANCE ? NULL : MALFORMED("0x%02x is no sort", byte);
}

/* What is instantiated is checked against the imports and gets a type of its own: the component's
   exports with what was given in place of what is imported, and new resources for its own. */
static wherry_error_t *instantiate(reading_t *r, const wh_component_type_t *type,
                                   const wh_items_t *given, wh_instance_type_t *out) {
  frame_t frame = {.scope = type->scope, .count = type->resource_count};
  substitution_t s = {.frame = &frame};
  TRY(wh_component_steps(r, frame.count / 8)); /* memory to clear */
  frame.to = wh_alloc_array(r->alloc, frame.count, sizeof *frame.to);
  if (!frame.to) return wh_error_oom();
  wherry_error_t *error = wh_component_open(r, &type->imports, given, &frame);
  for (uint32_t i = 0; i < type->imports.count && !error; i++) {
    const wh_item_t *wanted = &type->imports.items[i], *found = wh_items_find(given, wanted->name);
    error = wh_component_match(r, NULL, &found->entity, &frame, &wanted->entity);
    if (error)
      wh_error_prefix(error, "type mismatch for import %s: ", wh_component_quote(r, wanted->name));
    else
      error = wh_component_rename_to(r, &s, &wanted->entity, &found->entity);
  }
  for (uint32_t i = 0; i < type->defined_count && !error; i++)
    error = wh_component_bind(r, r->scope, false, 0, type->defined[i]->name,
                              &frame.to[type->defined[i]->index]);
  if (!error) error = wh_component_substitute(r, &s, &type->exports, &out->exports);
  wh_pointers_free(r->alloc, &s.done);
  wh_free(r->alloc, frame.to, frame.count * sizeof *frame.to);
  return error;
}

static wherry_error_t *read_arguments(reading_t *r, wh_argument_t **out, uint32_t *count,
                                      wh_items_t *given, wh_map_t *places) {
  TRY(wh_component_count(r, WH_MAX_COMPONENT_ARGUMENTS, "arguments", count));
  wh_argument_t *arguments = wh_component_array(r, *count, sizeof *arguments);
  wh_item_t *items = wh_component_array(r, *count, sizeof *items);
  if (!arguments || !items) return wh_error_oom();
  for (uint32_t i = 0; i < *count; i++) {
    uint64_t place;
    wherry_bytes_t name;
    TRY(wh_component_name(r, &name));
    TRY(read_sort(r, &arguments[i].sort));
    TRY(wh_component_u32(r, &arguments[i].index));
    arguments[i].name = items[i].name = name;
    TRY(wh_component_entity_at(r, arguments[i].sort, arguments[i].index, &items[i].entity));
    arguments[i].type = items[i].entity.type;
    if (wh_map_get(places, (const char *)name.data, name.size, &place))
      return INVALID("instantiation argument %s is given twice", wh_component_quote(r, name));
    if (!wh_map_put(r->alloc, places, (const char *)name.data, name.size, i)) return wh_error_oom();
  }
  *out = arguments;
  given->items = items;
  given->count = *count;
  given->places = places;
  return NULL;
}

static wherry_error_t *read_instantiate(reading_t *r, wh_definition_t *definition,
                                        wh_instance_type_t *type) {
  uint32_t index, count;
  wh_entity_t component;
  wh_argument_t *arguments = NULL;
  wh_items_t given;
  wh_map_t places = {0};
  TRY(wh_component_u32(r, &index));
  TRY(wh_component_entity_at(r, WH_SORT_COMPONENT, index, &component));
  wherry_error_t *error = read_arguments(r, &arguments, &count, &given, &places);
  if (!error) error = instantiate(r, component.type.of.component, &given, type);
  wh_map_free(r->alloc, &places);
  if (error) return error;
  definition->kind = WH_DEFINE_INSTANCE;
  definition->of.instance.of = index;
  definition->of.instance.count = count;
  definition->of.instance.arguments = arguments;
  return NULL;
}

static wherry_error_t *read_bag(reading_t *r, wh_definition_t *definition, naming_t *naming) {
  uint32_t count;
  TRY(wh_component_count(r, WH_MAX_COMPONENT_ARGUMENTS, "exports of an instance", &count));
  wh_argument_t *arguments = wh_component_array(r, count, sizeof *arguments);
  if (!arguments) return wh_error_oom();
  for (uint32_t i = 0; i < count; i++) {
    wh_item_t item = {0};
    TRY(wh_component_extern_name(r, &item));
    TRY(read_sort(r, &arguments[i].sort));
    TRY(wh_component_u32(r, &arguments[i].index));
    TRY(wh_component_entity_at(r, arguments[i].sort, arguments[i].index, &item.entity));
    TRY(wh_component_add_item(r, naming, &item));
    arguments[i].name = item.name;
    arguments[i].type = item.entity.type;
  }
  definition->kind = WH_DEFINE_BAG;
  definition->of.instance.count = count;
  definition->of.instance.arguments = arguments;
  return NULL;
}

wherry_error_t *wh_component_read_instance(reading_t *r) {
  uint8_t form;
  wh_definition_t definition = {0};
  wh_instance_type_t *type = wh_component_array(r, 1, sizeof *type);
  if (!type) return wh_error_oom();
  TRY(wh_component_u8(r, &form));
  if (form == 0) {
    TRY(read_instantiate(r, &definition, type));
  } else if (form == 1) {
    naming_t naming = {.kind = "export"};
    wherry_error_t *error = read_bag(r, &definition, &naming);
    if (!error) error = wh_component_finish_items(r, &naming, &type->exports);
    wh_component_free_naming(r->alloc, &naming);
    if (error) return error;
  } else {
    return MALFORMED("0x%02x, expected 0 or 1: an instance", form);
  }
  definition.of.instance.type = type;
  TRY(wh_component_add(r, &definition));
  return wh_component_push(
      r, &(wh_entity_t) {WH_SORT_INSTANCE, {WH_DEFTYPE_INSTANCE, {.instance = type}}});
}

/* ---- aliases ---- */

static wherry_error_t *alias_export(reading_t *r, uint32_t sort, uint32_t index,
                                    wherry_bytes_t name) {
  wh_entity_t instance;
  TRY(wh_component_entity_at(r, WH_SORT_INSTANCE, index, &instance));
  const wh_item_t *item = wh_items_find(&instance.type.of.instance->exports, name);
  if (!item)
    return INVALID("instance %u has no export named %s", index, wh_component_quote(r, name));
  if (item->entity.sort != sort)
    return INVALID("export %s of instance %u is not a %s", wh_component_quote(r, name), index,
                   wh_component_sort_name((wh_sort_t)sort));
  if (r->scope->kind == SCOPE_COMPONENT && sort != WH_SORT_TYPE) {
    wh_definition_t definition = {.kind = WH_DEFINE_ALIAS};
    definition.of.alias.sort = sort;
    definition.of.alias.instance = index;
    definition.of.alias.name = name;
    TRY(wh_component_add(r, &definition));
  }
  return wh_component_push(r, &item->entity);
}

/* What a component further out has at an index is handed inwards, from component to component. Between
   a component and what it lies in there are only components. *out: the place of the capture. */
static wherry_error_t *capture(reading_t *r, scope_t *scope, uint32_t outwards, uint32_t sort,
                               uint32_t index, uint32_t *out) {
  wh_capture_t captured = {.sort = sort, .index = index, .is_capture = outwards > 1};
  TRY(wh_component_step(r));
  if (outwards > 1) TRY(capture(r, scope->outer, outwards - 1, sort, index, &captured.index));
  *out = (uint32_t)scope->def->captures.count;
  return PUSH(&scope->def->captures, captured);
}

/* What is there in another scope, seen from the scope in hand. */
static wherry_error_t *entity_in(reading_t *r, scope_t *scope, uint32_t sort, uint32_t index,
                                 wh_entity_t *out) {
  scope_t *inner = r->scope;
  r->scope = scope;
  wherry_error_t *error = wh_component_entity_at(r, sort, index, out);
  r->scope = inner;
  return error;
}

static wherry_error_t *alias_outer(reading_t *r, uint32_t core_sort, uint32_t sort, uint32_t count,
                                   uint32_t index) {
  scope_t *from = r->scope, *inside = NULL;
  for (uint32_t i = 0; i < count && from; i++) {
    inside = from;
    from = from->outer;
  }
  if (!from) return INVALID("invalid outer alias count of %u", count);
  if (sort == WH_SORT_MODULE && core_sort == 0x10) {
    if (index >= from->core_types.count)
      return wh_component_unknown(r, "core type", index, from->core_types.count);
    if (r->scope->core_types.count >= WH_MAX_TYPES)
      return wh_component_too_many(r, WH_MAX_TYPES, "core types");
    return PUSH(&r->scope->core_types, from->core_types.items[index]);
  }
  wh_entity_t entity;
  TRY(entity_in(r, from, sort, index, &entity));
  if (sort == WH_SORT_TYPE) {
    bool closed = true;
    if (inside && inside->kind == SCOPE_COMPONENT)
      TRY(wh_component_is_closed(r, &entity.type, &closed));
    if (!closed)
      return INVALID("cannot alias outer type %u, which transitively refers to resources that are "
                     "not defined in the current component",
                     index);
  } else {
    wh_definition_t definition = {.kind = count ? WH_DEFINE_CAPTURED : WH_DEFINE_SAME};
    definition.of.same.sort = sort;
    definition.of.same.index = index;
    if (count) TRY(capture(r, r->scope, count, sort, index, &definition.of.same.index));
    TRY(wh_component_add(r, &definition));
  }
  return wh_component_push(r, &entity);
}

wherry_error_t *wh_component_read_alias(reading_t *r) {
  uint8_t sort, core_sort = 0, target;
  uint32_t instance, index;
  wherry_bytes_t name;
  TRY(wh_component_u8(r, &sort));
  if (sort == WH_SORT_MODULE) TRY(wh_component_u8(r, &core_sort));
  TRY(wh_component_u8(r, &target));
  if (target > 2) return MALFORMED("0x%02x, expected 0, 1 or 2: an alias", target);
  TRY(wh_component_u32(r, &instance));
  if (sort > WH_SORT_INSTANCE) return MALFORMED("0x%02x is no sort: an alias", sort);
  bool in_type = r->scope->kind != SCOPE_COMPONENT;
  if (target == 2) {
    TRY(wh_component_u32(r, &index));
    bool is_outer = sort == WH_SORT_MODULE ? core_sort == 0x10 || core_sort == 0x11
                                           : sort == WH_SORT_TYPE || sort == WH_SORT_COMPONENT;
    if (!is_outer)
      return MALFORMED("0x%02x 0x%02x: an outer alias of something else than a core module, core "
                       "type, type or component",
                       sort, core_sort);
    if (in_type && sort != WH_SORT_TYPE && core_sort != 0x10)
      return INVALID(
          "aliases in a component or instance type may only refer to types or instances");
    return alias_outer(r, core_sort, sort, instance, index);
  }
  TRY(wh_component_name(r, &name));
  if (target == 1) {
    if (sort != WH_SORT_MODULE || core_sort > WHERRY_EXTERN_TAG)
      return MALFORMED("0x%02x 0x%02x: an alias of a core export that is none", sort, core_sort);
    if (in_type)
      return INVALID(
          "aliases in a component or instance type may only refer to types or instances");
    return wh_component_core_alias(r, core_sort, instance, name);
  }
  if (sort == WH_SORT_MODULE && core_sort != 0x11)
    return MALFORMED("0x%02x: an alias of an export with a core sort that is no module", core_sort);
  if (in_type && sort != WH_SORT_TYPE && sort != WH_SORT_INSTANCE)
    return INVALID("aliases in a component or instance type may only refer to types or instances");
  return alias_export(r, sort, instance, name);
}

/* ---- imports, exports, start ---- */

wherry_error_t *wh_component_read_import(reading_t *r) {
  wh_item_t item = {0};
  scope_t *scope = r->scope;
  TRY(wh_component_extern_name(r, &item));
  TRY(wh_component_externtype(r, &item.entity));
  TRY(wh_component_declare(r, &scope->imports, &item));
  if (scope->kind != SCOPE_COMPONENT) return NULL;
  wh_definition_t definition = {.kind = WH_DEFINE_IMPORT};
  definition.of.import.place = (uint32_t)scope->imports.items.count - 1;
  return wh_component_add(r, &definition);
}

wherry_error_t *wh_component_read_export_decl(reading_t *r) {
  wh_item_t item = {0};
  TRY(wh_component_extern_name(r, &item));
  TRY(wh_component_externtype(r, &item.entity));
  return wh_component_declare(r, &r->scope->exports, &item);
}

/* The type that an export is given must be one that what is exported has. Any resource type may be
   exported as one that nobody knows. */
static wherry_error_t *read_ascribed(reading_t *r, const wh_entity_t *actual, wh_entity_t *out) {
  TRY(wh_component_externtype(r, out));
  if (out->sort == WH_SORT_TYPE && actual->sort == WH_SORT_TYPE && !out->type.of.any &&
      actual->type.kind == WH_DEFTYPE_RESOURCE)
    return NULL;
  wherry_error_t *error = !out->type.of.any ? INVALID("a resource type, but it is none")
                                            : wh_component_match(r, NULL, actual, NULL, out);
  if (error) wh_error_prefix(error, "ascribed type of export is not compatible: ");
  return error;
}

wherry_error_t *wh_component_read_export(reading_t *r) {
  wh_item_t item = {0};
  wh_entity_t actual;
  bool is_ascribed;
  uint32_t sort, index;
  TRY(wh_component_extern_name(r, &item));
  TRY(read_sort(r, &sort));
  TRY(wh_component_u32(r, &index));
  TRY(wh_component_flag(r, "whether an export has a type", &is_ascribed));
  TRY(wh_component_entity_at(r, sort, index, &actual));
  item.entity = actual;
  if (is_ascribed) TRY(read_ascribed(r, &actual, &item.entity));
  TRY(wh_component_declare(r, &r->scope->exports, &item));
  wh_definition_t definition = {.kind = WH_DEFINE_EXPORT};
  definition.of.export.place = (uint32_t)r->scope->exports.items.count - 1;
  definition.of.export.sort = sort;
  definition.of.export.index = index;
  definition.of.export.type = actual.type;
  return wh_component_add(r, &definition);
}

/* Without values a start function has nothing to take and nowhere to return to. */
static wherry_error_t *read_start(reading_t *r) {
  uint32_t index, arguments, results;
  wh_entity_t func;
  TRY(wh_component_u32(r, &index));
  TRY(wh_component_count(r, WH_MAX_COMPONENT_PARTS, "arguments of a start function", &arguments));
  if (arguments)
    return INVALID("values are not supported: %u arguments of a start function", arguments);
  TRY(wh_component_u32(r, &results));
  TRY(wh_component_entity_at(r, WH_SORT_FUNC, index, &func));
  const wh_func_type_t *type = func.type.of.func;
  if (results || type->params->field_count || type->result)
    return INVALID("values are not supported: start function %u has parameters or a result", index);
  wh_definition_t definition = {.kind = WH_DEFINE_START, .of.start.func = index};
  return wh_component_add(r, &definition);
}

/* ---- sections ---- */

static wherry_error_t *read_component(reading_t *r, wh_component_def_t **out);

static wherry_error_t *nested_component(reading_t *r) {
  wh_definition_t definition = {.kind = WH_DEFINE_COMPONENT};
  wh_component_def_t *def;
  TRY(read_component(r, &def));
  definition.of.component = def;
  TRY(wh_component_add(r, &definition));
  return wh_component_push(
      r, &(wh_entity_t) {WH_SORT_COMPONENT, {WH_DEFTYPE_COMPONENT, {.component = def->type}}});
}

/* Subsection 0 of `component-name` is the component's own name. What is broken in it is as if it were
   not there. */
static void read_own_name(wh_component_def_t *def, wherry_bytes_t contents) {
  wh_reader_t in = {contents.data, contents.data, contents.data + contents.size, 0};
  uint8_t id;
  uint32_t size, length;
  const uint8_t *name;
  if (def->name.data || !wh_read_u8(&in, &id) || id != 0 || !wh_read_u32(&in, &size) ||
      !wh_read_u32(&in, &length) || !wh_read_bytes(&in, length, &name) ||
      !wh_utf8_valid(name, length, NULL))
    return;
  def->name = (wherry_bytes_t) {name, length};
}

static wherry_error_t *custom_section(reading_t *r) {
  static const char own[] = "component-name";
  wh_custom_t custom = {0};
  wh_component_def_t *def = r->scope->def;
  TRY(wh_component_name(r, &custom.name));
  custom.offset = wh_reader_offset(&r->in);
  custom.bytes = (wherry_bytes_t) {r->in.next, (size_t)(r->in.end - r->in.next)};
  r->in.next = r->in.end;
  if (same_bytes(custom.name, (wherry_bytes_t) {(const uint8_t *)own, sizeof own - 1}))
    read_own_name(def, custom.bytes);
  return PUSH(&def->customs, custom);
}

enum { CUSTOM = 0, CORE_MODULE = 1, COMPONENT = 4, START = 9, SECTIONS = 12 };
static const struct {
  const char *name;
  wherry_error_t *(*entry)(reading_t *r);
} sections[SECTIONS] = {
    [CUSTOM] = {"custom", custom_section},
    [CORE_MODULE] = {"core module", wh_component_read_core_module},
    [2] = {"core instance", wh_component_read_core_instance},
    [3] = {"core type", wh_component_read_core_type},
    [COMPONENT] = {"component", nested_component},
    [5] = {"instance", wh_component_read_instance},
    [6] = {"alias", wh_component_read_alias},
    [7] = {"type", wh_component_read_type},
    [8] = {"canon", wh_component_read_canon},
    [START] = {"start", read_start},
    [10] = {"import", wh_component_read_import},
    [11] = {"export", wh_component_read_export},
};

static wherry_error_t *contents(reading_t *r, unsigned id) {
  uint32_t count = 1;
  if (id != CUSTOM && id != CORE_MODULE && id != COMPONENT && id != START)
    TRY(wh_component_count(r, WH_MAX_COMPONENT_ITEMS, "entries", &count));
  for (uint32_t i = 0; i < count; i++) {
    r->at = r->in.next;
    TRY(sections[id].entry(r));
  }
  return NULL;
}

static wherry_error_t *section(reading_t *r) {
  const uint8_t *whole = r->in.end;
  uint8_t id;
  uint32_t size;
  r->at = r->in.next;
  TRY(wh_component_u8(r, &id));
  if (id == SECTIONS) return INVALID("values are not supported: a value section");
  if (id > SECTIONS) return MALFORMED("malformed section id: %u, expected 0 to 11", id);
  TRY(wh_component_u32(r, &size));
  if (size > (size_t)(whole - r->in.next))
    return MALFORMED("unexpected end: a %s section of %u bytes, but %zu bytes are left",
                     sections[id].name, size, (size_t)(whole - r->in.next));
  r->in.end = r->in.next + size;
  TRY(contents(r, id));
  if (r->in.next != r->in.end)
    return MALFORMED("%zu bytes are left after the last entry of a %s section",
                     (size_t)(r->in.end - r->in.next), sections[id].name);
  r->in.end = whole;
  return NULL;
}

static wherry_error_t *preamble(reading_t *r) {
  static const uint8_t magic[4] = {0, 'a', 's', 'm'};
  size_t size = (size_t)(r->in.end - r->in.next);
  const uint8_t *at = r->in.next;
  if (size < 4 || memcmp(at, magic, 4) != 0)
    return MALFORMED("magic header not detected: a component begins with the bytes 00 61 73 6d");
  if (size < 8) return MALFORMED("unexpected end: expected the version of the format");
  if (at[4] != 0x0D || at[5] != 0)
    return MALFORMED("unknown binary version: %u, expected 13",
                     (unsigned)at[4] | (unsigned)at[5] << 8);
  if (at[6] != 1 || at[7] != 0)
    return MALFORMED("expected a version header for a component: this is no component");
  r->in.next += 8;
  return NULL;
}

/* What lies between the reader's place and its end. Parts of a component that is refused belong to the
   scope and the list of definitions, which are ended by whoever began. */
static wherry_error_t *read_component(reading_t *r, wh_component_def_t **out) {
  scope_t *scope;
  wh_component_type_t *type;
  wh_component_def_t *def = WH_NEW(r->alloc, wh_component_def_t);
  if (!def) return wh_error_oom();
  def->next = r->component->defs;
  r->component->defs = def;
  def->offset = wh_reader_offset(&r->in);
  const uint8_t *start = r->in.next;
  TRY(wh_component_begin_scope(r, SCOPE_COMPONENT, &scope));
  scope->def = def;
  TRY(preamble(r));
  while (r->in.next < r->in.end) TRY(section(r));
  r->at = start;
  TRY(wh_component_finish_type(r, &type));
  def->type = type;
  for (size_t i = 0; i < scope->resources.count; i++)
    TRY(PUSH(&def->resources, scope->resources.items[i]));
  wh_component_end_scope(r);
  *out = def;
  return NULL;
}

/* Each rule of core types was looked at where it was in the way; now all of them are, at once. */
static wherry_error_t *check_core_types(reading_t *r) {
  if (!r->core->types.count) return NULL;
  wherry_error_t *error = wh_validate(r->core, r->engine->features);
  if (error) wh_error_prefix(error, "core types: ");
  return error;
}

wherry_error_t *wh_component_make(wherry_engine_t *engine, const uint8_t *bytes, size_t size,
                                  wherry_component_t **out) {
  wh_alloc_t *alloc = &engine->alloc;
  reading_t r = {.engine = engine, .alloc = alloc};
  wherry_error_t *error = wh_error_oom();
  *out = NULL;
  wherry_component_t *component = r.component = WH_NEW(alloc, wherry_component_t);
  if (!component) return error;
  atomic_init(&component->references, 1);
  component->engine = engine;
  wh_engine_retain(engine);
  component->binary = wh_binary_make(alloc, bytes, size);
  r.core = WH_NEW(alloc, wh_model_t);
  if (!component->binary || !r.core) goto done;
  r.core->alloc = alloc;
  r.core->bytes = component->binary->bytes;
  error = wh_world_make(alloc, &component->world);
  if (error) goto done;
  r.world = component->world;
  r.in = (wh_reader_t) {component->binary->bytes, component->binary->bytes,
                        component->binary->bytes + size, 0};
  r.at = r.in.start;
  error = read_component(&r, &component->root);
  if (!error) error = check_core_types(&r);
done:
  while (r.scope) wh_component_end_scope(&r);
  wh_vec_free(alloc, &r.numbers);
  wh_model_free(r.core);
  if (error)
    wh_component_release(component);
  else
    *out = component;
  return error;
}
