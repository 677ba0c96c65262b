/* A component as an object: its making, what belongs to it, its end. Then what the files of this room
   share while they read. */
#include "component_read.h"

#include "places.h"

bool wh_component_looks_like(const uint8_t *bytes, size_t size) {
  static const uint8_t start[4] = {0, 'a', 's', 'm'};
  return size >= 8 && memcmp(bytes, start, 4) == 0 && bytes[6] == 1 && bytes[7] == 0;
}

void wh_component_retain(wherry_component_t *component) {
  atomic_fetch_add_explicit(&component->references, 1, memory_order_relaxed);
}

void wh_component_release(wherry_component_t *component) {
  if (!component) return;
  if (atomic_fetch_sub_explicit(&component->references, 1, memory_order_acq_rel) != 1) return;
  wherry_engine_t *engine = component->engine;
  wh_alloc_t *alloc = &engine->alloc;
  while (component->defs) {
    wh_component_def_t *def = component->defs;
    component->defs = def->next;
    wh_vec_free(alloc, &def->definitions);
    wh_vec_free(alloc, &def->captures);
    wh_vec_free(alloc, &def->resources);
    wh_vec_free(alloc, &def->customs);
    WH_DELETE(alloc, def);
  }
  for (size_t i = 0; i < component->modules.count; i++)
    wh_module_release(component->modules.items[i]);
  wh_vec_free(alloc, &component->modules);
  while (component->places) {
    wh_places_t *places = component->places;
    component->places = places->next;
    wh_map_free(alloc, &places->map);
    WH_DELETE(alloc, places);
  }
  wh_world_free(component->world);
  wh_binary_release(component->binary);
  WH_DELETE(alloc, component);
  wh_engine_release(engine);
}

static bool find(const wh_map_t *places, wherry_bytes_t name, uint64_t *place) {
  return places && wh_map_get(places, (const char *)name.data, name.size, place);
}

const wh_item_t *wh_items_find(const wh_items_t *items, wherry_bytes_t name) {
  uint64_t place;
  return find(items->places, name, &place) ? &items->items[place] : NULL;
}

const wh_core_item_t *wh_core_items_find(const wh_core_items_t *items, wherry_bytes_t name) {
  uint64_t place;
  return find(items->places, name, &place) ? &items->items[place] : NULL;
}

/* ---- errors ---- */

static wherry_error_t *fail_at(reading_t *r, wherry_error_kind_t kind, const uint8_t *at,
                               const char *format, va_list arguments) {
  wh_text_t text = {.alloc = r->alloc};
  wh_text_vprintf(&text, format, arguments);
  wherry_error_t *error =
      text.failed ? wh_error_oom()
                  : wh_error_at(r->alloc, kind, (uint64_t)(at - r->in.start), "%s", text.data);
  wh_text_free(&text);
  return error;
}

wherry_error_t *wh_component_malformed(reading_t *r, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wherry_error_t *error = fail_at(r, WHERRY_ERROR_MALFORMED, r->in.next, format, arguments);
  va_end(arguments);
  return error;
}

wherry_error_t *wh_component_invalid(reading_t *r, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wherry_error_t *error = fail_at(r, WHERRY_ERROR_INVALID, r->at, format, arguments);
  va_end(arguments);
  return error;
}

static wherry_error_t *limit(reading_t *r, wherry_error_t *error) {
  if (error != wh_error_oom()) {
    error->has_offset = true;
    error->offset = (uint64_t)(r->at - r->in.start);
  }
  return error;
}

wherry_error_t *wh_component_too_many(reading_t *r, uint64_t most, const char *what) {
  return limit(r, wh_error_limit(r->alloc, "component", "more %s than this engine takes: %llu",
                                 what, (unsigned long long)most));
}

wherry_error_t *wh_component_steps(reading_t *r, uint64_t count) {
  r->steps += count;
  if (WH_LIKELY(r->steps <= WH_COMPONENT_STEPS)) return NULL;
  return limit(r, wh_error_limit(r->alloc, "component",
                                 "the types of this component take too long to compare"));
}

wherry_error_t *wh_component_unknown(reading_t *r, const char *what, uint32_t index, size_t count) {
  return INVALID("unknown %s %u: %s index out of bounds, %zu are there", what, index, what, count);
}

const char *wh_component_quote(reading_t *r, wherry_bytes_t name) {
  wh_text_t text = {.alloc = r->alloc};
  const char *copy = NULL;
  wh_text_name(&text, (const char *)name.data, name.size);
  if (!text.failed &&
      wh_component_text(r, (wherry_bytes_t) {(uint8_t *)text.data, text.size}, &copy))
    copy = NULL;
  wh_text_free(&text);
  return copy ? copy : "?";
}

/* ---- small reads ---- */

static wherry_error_t *broken(reading_t *r, unsigned bits) {
  return MALFORMED("%s", wh_read_problem(&r->in, bits, false));
}

wherry_error_t *wh_component_u8(reading_t *r, uint8_t *out) {
  return wh_read_u8(&r->in, out) ? NULL : broken(r, 0);
}

wherry_error_t *wh_component_u32(reading_t *r, uint32_t *out) {
  return wh_read_u32(&r->in, out) ? NULL : broken(r, 32);
}

wherry_error_t *wh_component_count(reading_t *r, uint32_t most, const char *what, uint32_t *out) {
  TRY(wh_component_u32(r, out));
  if (*out > (size_t)(r->in.end - r->in.next))
    return MALFORMED("unexpected end: %u %s", *out, what);
  return *out <= most ? NULL : wh_component_too_many(r, most, what);
}

wherry_error_t *wh_component_name(reading_t *r, wherry_bytes_t *out) {
  uint32_t size;
  TRY(wh_component_u32(r, &size));
  if (!wh_read_bytes(&r->in, size, &out->data)) return MALFORMED("unexpected end: a name");
  out->size = size;
  return wh_utf8_valid(out->data, size, NULL) ? NULL : MALFORMED("malformed UTF-8 encoding");
}

wherry_error_t *wh_component_flag(reading_t *r, const char *what, bool *out) {
  uint8_t byte;
  TRY(wh_component_u8(r, &byte));
  *out = byte == 1;
  return byte <= 1 ? NULL : MALFORMED("0x%02x, expected 0 or 1: %s", byte, what);
}

wherry_error_t *wh_component_text(reading_t *r, wherry_bytes_t bytes, const char **out) {
  char *text = wh_world_alloc(r->world, bytes.size + 1);
  if (!text) return wh_error_oom();
  if (bytes.size) memcpy(text, bytes.data, bytes.size);
  *out = text;
  return NULL;
}

void *wh_component_array(reading_t *r, size_t count, size_t size) {
  size_t whole;
  if (!wh_mul_size(count ? count : 1, size, &whole)) return NULL;
  return wh_world_alloc(r->world, whole);
}

wherry_error_t *wh_component_add(reading_t *r, const wh_definition_t *definition) {
  wh_definition_t copy = *definition;
  copy.offset = (uint64_t)(r->at - r->in.start);
  return PUSH(&r->scope->def->definitions, copy);
}

/* Takes the map over. */
wherry_error_t *wh_component_keep_places(reading_t *r, wh_map_t *map, const wh_map_t **out) {
  *out = NULL;
  if (!map->count) return NULL;
  wh_places_t *places = WH_NEW(r->alloc, wh_places_t);
  if (!places) return wh_error_oom();
  places->map = *map;
  *map = (wh_map_t) {0};
  places->next = r->component->places;
  r->component->places = places;
  *out = &places->map;
  return NULL;
}

static uint32_t depth_of(const wh_deftype_t *type) {
  if (type->kind == WH_DEFTYPE_INSTANCE) return type->of.instance->exports.depth;
  if (type->kind != WH_DEFTYPE_COMPONENT) return 0;
  const wh_component_type_t *component = type->of.component;
  return component->imports.depth > component->exports.depth ? component->imports.depth
                                                             : component->exports.depth;
}

wherry_error_t *wh_component_finish_items(reading_t *r, naming_t *naming, wh_items_t *out) {
  wh_item_t *items = wh_component_array(r, naming->items.count, sizeof *items);
  if (!items) return wh_error_oom();
  if (naming->items.count) memcpy(items, naming->items.items, naming->items.count * sizeof *items);
  out->depth = 1;
  for (size_t i = 0; i < naming->items.count; i++) {
    uint32_t inside = depth_of(&items[i].entity.type);
    if (inside >= out->depth) out->depth = inside + 1;
  }
  if (out->depth > WH_MAX_COMPONENT_DEPTH)
    return wh_component_too_many(r, WH_MAX_COMPONENT_DEPTH, "types inside each other");
  out->items = items;
  out->count = (uint32_t)naming->items.count;
  return wh_component_keep_places(r, &naming->places, &out->places);
}

/* ---- scopes ---- */

wherry_error_t *wh_component_begin_scope(reading_t *r, scope_kind_t kind, scope_t **out) {
  if (r->depth >= WH_MAX_COMPONENT_DEPTH)
    return wh_component_too_many(r, WH_MAX_COMPONENT_DEPTH,
                                 "components and types inside each other");
  scope_t *scope = WH_NEW(r->alloc, scope_t);
  if (!scope) return wh_error_oom();
  scope->outer = r->scope;
  scope->kind = kind;
  scope->serial = ++r->serials;
  scope->imports.kind = "import";
  scope->exports.kind = "export";
  r->scope = scope;
  r->depth++;
  *out = scope;
  return NULL;
}

void wh_component_end_scope(reading_t *r) {
  scope_t *scope = r->scope;
  wh_alloc_t *alloc = r->alloc;
  r->scope = scope->outer;
  r->depth--;
  wh_vec_free(alloc, &scope->core_types);
  wh_vec_free(alloc, &scope->core_funcs);
  wh_vec_free(alloc, &scope->core_tables);
  wh_vec_free(alloc, &scope->core_memories);
  wh_vec_free(alloc, &scope->core_globals);
  wh_vec_free(alloc, &scope->core_tags);
  wh_vec_free(alloc, &scope->modules);
  wh_vec_free(alloc, &scope->core_instances);
  wh_vec_free(alloc, &scope->types);
  wh_vec_free(alloc, &scope->funcs);
  wh_vec_free(alloc, &scope->instances);
  wh_vec_free(alloc, &scope->components);
  wh_component_free_naming(alloc, &scope->imports);
  wh_component_free_naming(alloc, &scope->exports);
  wh_vec_free(alloc, &scope->resources);
  WH_DELETE(alloc, scope);
}

wherry_error_t *wh_component_bind(reading_t *r, scope_t *scope, bool is_imported,
                                  wherry_valtype_t representation, const char *name,
                                  const wh_resource_t **out) {
  if (scope->resources.count >= WH_MAX_COMPONENT_ITEMS)
    return wh_component_too_many(r, WH_MAX_COMPONENT_ITEMS, "resources");
  wh_resource_t *resource = wh_world_alloc(r->world, sizeof *resource);
  if (!resource) return wh_error_oom();
  resource->name = name;
  resource->scope = scope->serial;
  resource->index = (uint32_t)scope->resources.count;
  wh_bound_t bound = {
      .resource = resource, .representation = representation, .is_imported = is_imported};
  *out = resource;
  return PUSH(&scope->resources, bound);
}

/* ---- index spaces ---- */

const char *wh_component_sort_name(wh_sort_t sort) {
  static const char *const names[] = {"module", "func", "value", "type", "component", "instance"};
  return names[sort];
}

wherry_error_t *wh_component_type_at(reading_t *r, uint32_t index, wh_deftype_t *out) {
  if (index >= r->scope->types.count)
    return wh_component_unknown(r, "type", index, r->scope->types.count);
  *out = r->scope->types.items[index];
  return NULL;
}

wherry_error_t *wh_component_resource_at(reading_t *r, uint32_t index, const wh_resource_t **out) {
  wh_deftype_t type;
  TRY(wh_component_type_at(r, index, &type));
  if (type.kind != WH_DEFTYPE_RESOURCE)
    return INVALID("type index %u is not a resource type", index);
  *out = type.of.resource;
  return NULL;
}

wherry_error_t *wh_component_value_type_at(reading_t *r, uint32_t index,
                                           const wherry_type_t **out) {
  wh_deftype_t type;
  TRY(wh_component_type_at(r, index, &type));
  if (type.kind != WH_DEFTYPE_VALUE) return INVALID("type index %u is not a defined type", index);
  *out = type.of.value;
  return NULL;
}

wherry_error_t *wh_component_func_type_at(reading_t *r, uint32_t index,
                                          const wh_func_type_t **out) {
  wh_deftype_t type;
  TRY(wh_component_type_at(r, index, &type));
  if (type.kind != WH_DEFTYPE_FUNC) return INVALID("type index %u is not a function type", index);
  *out = type.of.func;
  return NULL;
}

wherry_error_t *wh_component_core_func_at(reading_t *r, uint32_t index,
                                          const wherry_functype_t **out) {
  if (index >= r->scope->core_funcs.count)
    return wh_component_unknown(r, "core function", index, r->scope->core_funcs.count);
  *out = r->scope->core_funcs.items[index];
  return NULL;
}

wherry_error_t *wh_component_entity_at(reading_t *r, uint32_t sort, uint32_t index,
                                       wh_entity_t *out) {
  scope_t *scope = r->scope;
  size_t count;
  *out = (wh_entity_t) {.sort = (wh_sort_t)sort};
  switch ((wh_sort_t)sort) {
  case WH_SORT_MODULE:
    out->type.kind = WH_DEFTYPE_MODULE;
    count = scope->modules.count;
    if (index < count) out->type.of.module = scope->modules.items[index];
    break;
  case WH_SORT_FUNC:
    out->type.kind = WH_DEFTYPE_FUNC;
    count = scope->funcs.count;
    if (index < count) out->type.of.func = scope->funcs.items[index];
    break;
  case WH_SORT_TYPE:
    count = scope->types.count;
    if (index < count) out->type = scope->types.items[index];
    break;
  case WH_SORT_COMPONENT:
    out->type.kind = WH_DEFTYPE_COMPONENT;
    count = scope->components.count;
    if (index < count) out->type.of.component = scope->components.items[index];
    break;
  case WH_SORT_INSTANCE:
    out->type.kind = WH_DEFTYPE_INSTANCE;
    count = scope->instances.count;
    if (index < count) out->type.of.instance = scope->instances.items[index];
    break;
  default: return INVALID("values are not supported");
  }
  return index < count ? NULL
                       : wh_component_unknown(r, wh_component_sort_name(out->sort), index, count);
}

static wherry_error_t *room(reading_t *r, size_t count, uint32_t most, const char *what) {
  return count < most ? NULL : wh_component_too_many(r, most, what);
}

wherry_error_t *wh_component_push(reading_t *r, const wh_entity_t *entity) {
  scope_t *scope = r->scope;
  const wh_deftype_t *type = &entity->type;
  switch (entity->sort) {
  case WH_SORT_MODULE:
    TRY(room(r, scope->modules.count, WH_MAX_COMPONENT_MODULES, "modules"));
    return PUSH(&scope->modules, type->of.module);
  case WH_SORT_FUNC:
    TRY(room(r, scope->funcs.count, WH_MAX_COMPONENT_ITEMS, "functions"));
    return PUSH(&scope->funcs, type->of.func);
  case WH_SORT_TYPE:
    TRY(room(r, scope->types.count, WH_MAX_COMPONENT_ITEMS, "types"));
    return PUSH(&scope->types, *type);
  case WH_SORT_COMPONENT:
    TRY(room(r, scope->components.count, WH_MAX_COMPONENT_COMPONENTS, "components"));
    return PUSH(&scope->components, type->of.component);
  case WH_SORT_INSTANCE:
    TRY(room(r, scope->instances.count, WH_MAX_COMPONENT_INSTANCES, "instances"));
    return PUSH(&scope->instances, type->of.instance);
  default: return INVALID("values are not supported");
  }
}
