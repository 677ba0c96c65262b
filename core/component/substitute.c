/* Copies of types with other resources in place of some, and other types in place of those that were
   imported. What does not change is not copied; what is used twice is copied once. Then: the type of
   a component, once all of it is read. */
#include "component_read.h"

static wherry_error_t *settle(reading_t *r, substitution_t *s, const void *from, const void *to) {
  return wh_pointers_put(r->alloc, &s->done, from, to) ? NULL : wh_error_oom();
}

static wherry_error_t *copy_resource(reading_t *r, substitution_t *s, const wh_resource_t *from,
                                     const wh_resource_t **out) {
  const wh_resource_t *base = wh_resource_base(from);
  const frame_t *frame = s->frame;
  *out = wh_pointers_get(&s->done, from);
  if (*out) return NULL;
  *out = from;
  if (base->scope == frame->scope && base->index < frame->count && frame->to[base->index]) {
    const wh_resource_t *to = wh_resource_base(frame->to[base->index]);
    *out = to;
    if (from != base) { /* another name stays one */
      wh_resource_t *other = wh_component_array(r, 1, sizeof *other);
      if (!other) return wh_error_oom();
      *other =
          (wh_resource_t) {.name = from->name, .same = to, .scope = to->scope, .index = to->index};
      *out = other;
    }
  }
  return settle(r, s, from, *out);
}

static wherry_error_t *copy_value(reading_t *r, substitution_t *s, const wherry_type_t *from,
                                  const wherry_type_t **out);

static wherry_error_t *copy_fields(reading_t *r, substitution_t *s, const wherry_type_t *from,
                                   const wh_type_field_t **out) {
  wh_type_field_t *fields = NULL;
  *out = from->fields;
  for (uint32_t i = 0; i < from->field_count; i++) {
    const wherry_type_t *type;
    TRY(copy_value(r, s, from->fields[i].type, &type));
    if (type == from->fields[i].type) continue;
    if (!fields) {
      fields = wh_component_array(r, from->field_count, sizeof *fields);
      if (!fields) return wh_error_oom();
      memcpy(fields, from->fields, from->field_count * sizeof *fields);
      *out = fields;
    }
    fields[i].type = type;
  }
  return NULL;
}

static wherry_error_t *copy_value(reading_t *r, substitution_t *s, const wherry_type_t *from,
                                  const wherry_type_t **out) {
  *out = from;
  TRY(wh_component_step(r));
  if (!from || wh_type_is_primitive(from->kind)) return NULL;
  if (!from->uses_handles && !s->renames_values) return NULL;
  *out = wh_pointers_get(&s->done, from);
  if (*out) return NULL;
  const wh_type_field_t *fields;
  const wherry_type_t *element;
  const wh_resource_t *resource = from->resource;
  *out = from;
  TRY(copy_fields(r, s, from, &fields));
  TRY(copy_value(r, s, from->element, &element));
  if (resource) TRY(copy_resource(r, s, resource, &resource));
  if (fields != from->fields || element != from->element || resource != from->resource) {
    wherry_type_t *copy;
    TRY(wh_component_copy_value(r, from, &copy));
    copy->fields = fields;
    copy->element = element;
    copy->resource = resource;
    *out = copy;
  }
  return settle(r, s, from, *out);
}

static wherry_error_t *copy_func(reading_t *r, substitution_t *s, const wh_func_type_t *from,
                                 const wh_func_type_t **out) {
  const wherry_type_t *params, *result;
  TRY(copy_value(r, s, from->params, &params));
  TRY(copy_value(r, s, from->result, &result));
  if (params != from->params || result != from->result) {
    wh_func_type_t *copy = wh_component_array(r, 1, sizeof *copy);
    if (!copy) return wh_error_oom();
    *copy = (wh_func_type_t) {params, result, from->is_async};
    from = copy;
  }
  *out = from;
  return NULL;
}

static wherry_error_t *copy_instance(reading_t *r, substitution_t *s,
                                     const wh_instance_type_t *from,
                                     const wh_instance_type_t **out) {
  wh_items_t exports;
  TRY(wh_component_substitute(r, s, &from->exports, &exports));
  if (exports.items != from->exports.items) {
    wh_instance_type_t *copy = wh_component_array(r, 1, sizeof *copy);
    if (!copy) return wh_error_oom();
    *copy = *from;
    copy->exports = exports;
    from = copy;
  }
  *out = from;
  return NULL;
}

static wherry_error_t *copy_component(reading_t *r, substitution_t *s,
                                      const wh_component_type_t *from,
                                      const wh_component_type_t **out) {
  wh_items_t imports, exports;
  TRY(wh_component_substitute(r, s, &from->imports, &imports));
  TRY(wh_component_substitute(r, s, &from->exports, &exports));
  if (imports.items != from->imports.items || exports.items != from->exports.items) {
    wh_component_type_t *copy = wh_component_array(r, 1, sizeof *copy);
    if (!copy) return wh_error_oom();
    *copy = *from;
    copy->imports = imports;
    copy->exports = exports;
    from = copy;
  }
  *out = from;
  return NULL;
}

static wherry_error_t *copy_deftype(reading_t *r, substitution_t *s, wh_deftype_t *type) {
  const void *from = type->of.any;
  TRY(wh_component_step(r));
  switch (type->kind) {
  case WH_DEFTYPE_VALUE: return copy_value(r, s, type->of.value, &type->of.value);
  case WH_DEFTYPE_RESOURCE: return copy_resource(r, s, type->of.resource, &type->of.resource);
  case WH_DEFTYPE_MODULE: return NULL;
  default: break;
  }
  const void *done = wh_pointers_get(&s->done, from);
  if (done) {
    type->of.any = done;
    return NULL;
  }
  if (type->kind == WH_DEFTYPE_FUNC)
    TRY(copy_func(r, s, type->of.func, &type->of.func));
  else if (type->kind == WH_DEFTYPE_INSTANCE)
    TRY(copy_instance(r, s, type->of.instance, &type->of.instance));
  else
    TRY(copy_component(r, s, type->of.component, &type->of.component));
  return settle(r, s, from, type->of.any);
}

wherry_error_t *wh_component_substitute(reading_t *r, substitution_t *s, const wh_items_t *from,
                                        wh_items_t *out) {
  wh_item_t *items = NULL;
  *out = *from;
  for (uint32_t i = 0; i < from->count; i++) {
    wh_deftype_t type = from->items[i].entity.type;
    TRY(copy_deftype(r, s, &type));
    if (type.of.any == from->items[i].entity.type.of.any) continue;
    if (!items) {
      items = wh_component_array(r, from->count, sizeof *items);
      if (!items) return wh_error_oom();
      memcpy(items, from->items, from->count * sizeof *items);
      out->items = items;
    }
    items[i].entity.type = type;
  }
  return NULL;
}

wherry_error_t *wh_component_rename_to(reading_t *r, substitution_t *s, const wh_entity_t *from,
                                       const wh_entity_t *to) {
  TRY(wh_component_step(r));
  if (from->sort == WH_SORT_TYPE) {
    s->renames_values |= from->type.kind == WH_DEFTYPE_VALUE;
    return settle(r, s, from->type.of.any, to->type.of.any);
  }
  if (from->sort != WH_SORT_INSTANCE) return NULL;
  const wh_items_t *wanted = &from->type.of.instance->exports;
  for (uint32_t i = 0; i < wanted->count; i++) {
    const wh_item_t *found = wh_items_find(&to->type.of.instance->exports, wanted->items[i].name);
    if (found) TRY(wh_component_rename_to(r, s, &wanted->items[i].entity, &found->entity));
  }
  return NULL;
}

/* ---- the type of a component ---- */

static wherry_error_t *refuse_own(reading_t *r, const wh_resource_t *resource, void *data) {
  const scope_t *scope = data;
  if (resource->scope != scope->serial || scope->resources.items[resource->index].is_imported)
    return NULL;
  return INVALID("local resource type found in imports");
}

static wherry_error_t *note_use(reading_t *r, const wh_resource_t *resource, void *data) {
  scope_t *scope = data;
  (void)r;
  if (resource->scope == scope->serial) scope->resources.items[resource->index].is_used = true;
  return NULL;
}

/* Resources that are exported by a name, here or in an instance. */
static wherry_error_t *note_explicit(reading_t *r, scope_t *scope, const wh_entity_t *entity) {
  TRY(wh_component_step(r));
  if (entity->sort == WH_SORT_TYPE && entity->type.kind == WH_DEFTYPE_RESOURCE) {
    const wh_resource_t *base = wh_resource_base(entity->type.of.resource);
    if (base->scope == scope->serial) scope->resources.items[base->index].is_explicit = true;
  }
  if (entity->sort != WH_SORT_INSTANCE) return NULL;
  const wh_items_t *exports = &entity->type.of.instance->exports;
  for (uint32_t i = 0; i < exports->count; i++)
    TRY(note_explicit(r, scope, &exports->items[i].entity));
  return NULL;
}

wherry_error_t *wh_component_finish_type(reading_t *r, wh_component_type_t **out) {
  scope_t *scope = r->scope;
  wh_component_type_t *type = wh_component_array(r, 1, sizeof *type);
  const wh_resource_t **resources =
      wh_component_array(r, 2 * scope->resources.count, sizeof *resources);
  if (!type || !resources) return wh_error_oom();
  for (size_t i = 0; i < scope->imports.items.count; i++)
    TRY(wh_component_each_resource(r, &scope->imports.items.items[i].entity, refuse_own, scope));
  for (size_t i = 0; i < scope->exports.items.count; i++) {
    TRY(note_explicit(r, scope, &scope->exports.items.items[i].entity));
    TRY(wh_component_each_resource(r, &scope->exports.items.items[i].entity, note_use, scope));
  }
  TRY(wh_component_finish_items(r, &scope->imports, &type->imports));
  TRY(wh_component_finish_items(r, &scope->exports, &type->exports));
  type->scope = scope->serial;
  type->resource_count = (uint32_t)scope->resources.count;
  type->imported = resources;
  type->defined = resources + scope->resources.count;
  for (size_t i = 0; i < scope->resources.count; i++) {
    const wh_bound_t *bound = &scope->resources.items[i];
    if (bound->is_imported) {
      resources[type->imported_count++] = bound->resource;
    } else if (bound->is_used) {
      if (!bound->is_explicit)
        return INVALID("local resource type found in export but not exported itself");
      resources[scope->resources.count + type->defined_count++] = bound->resource;
    }
  }
  *out = type;
  return NULL;
}
