/* Which types are named from outside (Explainer.md, External Visibility of Types), and which resources a
   type uses. */
#include "component_read.h"

/* ---- uses of resources ---- */

/* Scopes that bind what is inside. */
typedef struct inside {
  const struct inside *next;
  uint32_t scope;
} inside_t;

typedef struct walk {
  visit_t *visit;
  void *data;
  const inside_t *inside;
} walk_t;

static wherry_error_t *walk_deftype(reading_t *r, walk_t *walk, const wh_deftype_t *type);

static wherry_error_t *walk_resource(reading_t *r, walk_t *walk, const wh_resource_t *resource) {
  resource = wh_resource_base(resource);
  for (const inside_t *in = walk->inside; in; in = in->next)
    if (in->scope == resource->scope) return NULL;
  return walk->visit(r, resource, walk->data);
}

static wherry_error_t *walk_value(reading_t *r, walk_t *walk, const wherry_type_t *type) {
  TRY(wh_component_step(r));
  if (!type || !type->uses_handles) return NULL;
  if (type->resource) return walk_resource(r, walk, type->resource);
  for (uint32_t i = 0; i < type->field_count; i++) TRY(walk_value(r, walk, type->fields[i].type));
  return type->field_count ? NULL : walk_value(r, walk, type->element);
}

static wherry_error_t *walk_items(reading_t *r, walk_t *walk, const wh_items_t *items) {
  for (uint32_t i = 0; i < items->count; i++)
    TRY(walk_deftype(r, walk, &items->items[i].entity.type));
  return NULL;
}

static wherry_error_t *walk_deftype(reading_t *r, walk_t *walk, const wh_deftype_t *type) {
  wherry_error_t *error;
  TRY(wh_component_step(r));
  inside_t inside = {.next = walk->inside};
  switch (type->kind) {
  case WH_DEFTYPE_VALUE: return walk_value(r, walk, type->of.value);
  case WH_DEFTYPE_RESOURCE: return walk_resource(r, walk, type->of.resource);
  case WH_DEFTYPE_FUNC:
    TRY(walk_value(r, walk, type->of.func->params));
    return walk_value(r, walk, type->of.func->result);
  case WH_DEFTYPE_INSTANCE:
    inside.scope = type->of.instance->scope;
    walk->inside = &inside;
    error = walk_items(r, walk, &type->of.instance->exports);
    walk->inside = inside.next;
    return error;
  case WH_DEFTYPE_COMPONENT:
    inside.scope = type->of.component->scope;
    walk->inside = &inside;
    error = walk_items(r, walk, &type->of.component->imports);
    if (!error) error = walk_items(r, walk, &type->of.component->exports);
    walk->inside = inside.next;
    return error;
  case WH_DEFTYPE_MODULE: return NULL;
  }
  return NULL;
}

wherry_error_t *wh_component_each_resource(reading_t *r, const wh_entity_t *entity, visit_t *visit,
                                           void *data) {
  walk_t walk = {.visit = visit, .data = data};
  return walk_deftype(r, &walk, &entity->type);
}

static wherry_error_t *note_any(reading_t *r, const wh_resource_t *resource, void *data) {
  (void)r;
  (void)resource;
  *(bool *)data = false;
  return NULL;
}

wherry_error_t *wh_component_is_closed(reading_t *r, const wh_deftype_t *type, bool *out) {
  walk_t walk = {.visit = note_any, .data = out};
  *out = true;
  return walk_deftype(r, &walk, type);
}

/* ---- names ---- */

static wherry_error_t *is_named(reading_t *r, const naming_t *naming, const wherry_type_t *type,
                                bool *out);

/* Whether the parts of a type are named; it may be what gets a name. */
static wherry_error_t *has_named_parts(reading_t *r, const naming_t *naming,
                                       const wherry_type_t *type, bool *out) {
  *out = true;
  if (type->resource) {
    *out = wh_pointers_get(&naming->named, type->resource) != NULL;
    return NULL;
  }
  for (uint32_t i = 0; i < type->field_count && *out; i++)
    if (type->fields[i].type) TRY(is_named(r, naming, type->fields[i].type, out));
  if (type->field_count || !type->element) return NULL;
  return is_named(r, naming, type->element, out);
}

static wherry_error_t *is_named(reading_t *r, const naming_t *naming, const wherry_type_t *type,
                                bool *out) {
  TRY(wh_component_step(r));
  if (!wh_type_wants_name(type->kind)) return has_named_parts(r, naming, type, out);
  *out = wh_pointers_get(&naming->named, type) != NULL;
  return NULL;
}

static wherry_error_t *is_named_func(reading_t *r, const naming_t *naming,
                                     const wh_func_type_t *type, bool *out) {
  TRY(has_named_parts(r, naming, type->params, out));
  return *out && type->result ? is_named(r, naming, type->result, out) : NULL;
}

/* Of a type that is imported or exported. Resources are what gets named, component types were looked at
   when they were made. */
static wherry_error_t *is_named_type(reading_t *r, const naming_t *naming, const wh_deftype_t *type,
                                     bool *out) {
  TRY(wh_component_step(r));
  *out = true;
  switch (type->kind) {
  case WH_DEFTYPE_VALUE: return has_named_parts(r, naming, type->of.value, out);
  case WH_DEFTYPE_FUNC: return is_named_func(r, naming, type->of.func, out);
  case WH_DEFTYPE_INSTANCE: {
    const wh_items_t *exports = &type->of.instance->exports;
    for (uint32_t i = 0; i < exports->count && *out; i++)
      TRY(is_named_type(r, naming, &exports->items[i].entity.type, out));
    return NULL;
  }
  default: return NULL;
  }
}

static wherry_error_t *name_type(reading_t *r, naming_t *naming, const void *type) {
  if (!wh_pointers_put(r->alloc, &naming->named, type, type)) return wh_error_oom();
  /* What is imported may be exported again. */
  scope_t *scope = r->scope;
  if (naming == &scope->imports && !wh_pointers_put(r->alloc, &scope->exports.named, type, type))
    return wh_error_oom();
  return NULL;
}

/* Names are noted in order, so what an instance exports may use what it exports before. */
static wherry_error_t *check_entity(reading_t *r, naming_t *naming, const wh_entity_t *entity,
                                    bool *out) {
  TRY(wh_component_step(r));
  *out = true;
  switch (entity->sort) {
  case WH_SORT_TYPE:
    TRY(is_named_type(r, naming, &entity->type, out));
    return *out ? name_type(r, naming, entity->type.of.any) : NULL;
  case WH_SORT_FUNC: return is_named_func(r, naming, entity->type.of.func, out);
  case WH_SORT_INSTANCE: {
    const wh_items_t *exports = &entity->type.of.instance->exports;
    for (uint32_t i = 0; i < exports->count && *out; i++)
      TRY(check_entity(r, naming, &exports->items[i].entity, out));
    return NULL;
  }
  default: return NULL;
  }
}

static wherry_error_t *label_resource(reading_t *r, naming_t *naming, const wh_item_t *item) {
  const char *label;
  if (item->entity.sort != WH_SORT_TYPE || item->entity.type.kind != WH_DEFTYPE_RESOURCE)
    return NULL;
  TRY(wh_component_text(r, item->name, &label));
  if (!wh_pointers_put(r->alloc, &naming->resources, item->entity.type.of.resource, label) ||
      !wh_map_put(r->alloc, &naming->labels, label, item->name.size, 0))
    return wh_error_oom();
  return NULL;
}

wherry_error_t *wh_component_check_visible(reading_t *r, naming_t *naming, const wh_item_t *item) {
  bool good = true;
  TRY(label_resource(r, naming, item));
  /* What an instance type says is looked at where it is used. */
  if (r->scope->kind == SCOPE_INSTANCE_TYPE) return NULL;
  TRY(check_entity(r, naming, &item->entity, &good));
  if (good) return NULL;
  return INVALID("%s %s not valid to be used as %s: it uses a type that has no name outside",
                 wh_component_sort_name(item->entity.sort), wh_component_quote(r, item->name),
                 naming->kind);
}
