/* Which type may stand where another is expected (Explainer.md, Type Checking). Functions and values
   must have equal types; modules, components and instances may offer more and ask for less. */
#include "component_read.h"

/* What a resource stands for on one side; NULL: nothing that the other side could have. */
static const wh_resource_t *resolve(const frame_t *frames, const wh_resource_t *resource) {
  resource = wh_resource_base(resource);
  for (; frames; frames = frames->next)
    if (frames->scope == resource->scope)
      return resource->index < frames->count ? frames->to[resource->index] : NULL;
  return resource;
}

/* ---- values and functions ---- */

static wherry_error_t *expected(reading_t *r, const wherry_type_t *wanted,
                                const wherry_type_t *given) {
  wh_text_t text = {.alloc = r->alloc};
  wh_text_printf(&text, "expected ");
  if (wanted)
    wh_type_print(wanted, &text);
  else
    wh_text_printf(&text, "no type");
  wh_text_printf(&text, ", found ");
  if (given)
    wh_type_print(given, &text);
  else
    wh_text_printf(&text, "none");
  wherry_error_t *error = text.failed ? wh_error_oom() : INVALID("%s", text.data);
  wh_text_free(&text);
  return error;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

/* Both NULL: there is no type. */
static wherry_error_t *match_value(reading_t *r, const frame_t *sub_frames,
                                   const wherry_type_t *sub, const frame_t *super_frames,
                                   const wherry_type_t *super) {
  TRY(wh_component_step(r));
  if (!sub || !super) return sub == super ? NULL : expected(r, super, sub);
  if (sub == super && !sub->uses_handles) return NULL;
  if (sub->kind != super->kind || sub->length != super->length) return expected(r, super, sub);
  if (sub->field_count != super->field_count)
    return INVALID("expected %s of %u parts, found %u", wh_type_kind_name(super->kind),
                   super->field_count, sub->field_count);
  if (sub->resource) {
    const wh_resource_t *given = resolve(sub_frames, sub->resource);
    if (given && given == resolve(super_frames, super->resource)) return NULL;
    return INVALID("resource types are not the same");
  }
  for (uint32_t i = 0; i < sub->field_count; i++) {
    const wh_type_field_t *given = &sub->fields[i], *wanted = &super->fields[i];
    if (!same_text(given->name, wanted->name))
      return INVALID("expected `%s`, found `%s`", wanted->name, given->name);
    wherry_error_t *error = match_value(r, sub_frames, given->type, super_frames, wanted->type);
    if (!error) continue;
    if (given->name)
      wh_error_prefix(error, "type mismatch in `%s`: ", given->name);
    else
      wh_error_prefix(error, "type mismatch in place %u: ", i);
    return error;
  }
  if (sub->field_count) return NULL;
  return match_value(r, sub_frames, sub->element, super_frames, super->element);
}

static wherry_error_t *match_func(reading_t *r, const frame_t *sub_frames,
                                  const wh_func_type_t *sub, const frame_t *super_frames,
                                  const wh_func_type_t *super) {
  if (sub->is_async != super->is_async)
    return INVALID("expected %s function", super->is_async ? "an async" : "a sync");
  if (sub->params->field_count != super->params->field_count)
    return INVALID("expected %u parameters, found %u", super->params->field_count,
                   sub->params->field_count);
  TRY(match_value(r, sub_frames, sub->params, super_frames, super->params));
  wherry_error_t *error = match_value(r, sub_frames, sub->result, super_frames, super->result);
  if (error) wh_error_prefix(error, "type mismatch with result type: ");
  return error;
}

/* ---- modules ---- */

static wherry_error_t *unfit(reading_t *r, const char *what, const wh_core_item_t *item) {
  return INVALID("type mismatch in %s %s%s%s", what,
                 item->module.data ? wh_component_quote(r, item->module) : "",
                 item->module.data ? " " : "", wh_component_quote(r, item->name));
}

static wherry_error_t *match_module(reading_t *r, const wh_module_type_t *sub,
                                    const wh_module_type_t *super) {
  bool oom;
  for (uint32_t i = 0; i < sub->imports.count; i++) {
    const wh_core_item_t *wanted = &sub->imports.items[i];
    TRY(wh_component_step(r));
    const wh_core_item_t *found = wh_component_find_import(r, super, wanted, &oom);
    if (oom) return wh_error_oom();
    if (!found)
      return INVALID("missing expected import %s %s", wh_component_quote(r, wanted->module),
                     wh_component_quote(r, wanted->name));
    if (!wh_engine_extern_matches(r->engine, &found->type, &wanted->type))
      return unfit(r, "import", wanted);
  }
  for (uint32_t i = 0; i < super->exports.count; i++) {
    const wh_core_item_t *wanted = &super->exports.items[i];
    TRY(wh_component_step(r));
    const wh_core_item_t *found = wh_core_items_find(&sub->exports, wanted->name);
    if (!found) return INVALID("missing expected export %s", wh_component_quote(r, wanted->name));
    if (!wh_engine_extern_matches(r->engine, &found->type, &wanted->type))
      return unfit(r, "export", wanted);
  }
  return NULL;
}

/* ---- instances and components ---- */

/* The first place where what is wanted brings a resource of the frame's scope says what it is. What does
   not fit is left for the match. */
static wherry_error_t *open(reading_t *r, const wh_items_t *wanted, const frame_t *given_frames,
                            const wh_items_t *given, frame_t *frame) {
  for (uint32_t i = 0; i < wanted->count; i++) {
    const wh_item_t *item = &wanted->items[i];
    const wh_deftype_t *type = &item->entity.type;
    TRY(wh_component_step(r));
    bool is_resource = item->entity.sort == WH_SORT_TYPE && type->kind == WH_DEFTYPE_RESOURCE;
    if (!is_resource && item->entity.sort != WH_SORT_INSTANCE) continue;
    const wh_item_t *found = wh_items_find(given, item->name);
    if (!found || found->entity.sort != item->entity.sort || found->entity.type.kind != type->kind)
      continue;
    if (!is_resource) {
      TRY(open(r, &type->of.instance->exports, given_frames,
               &found->entity.type.of.instance->exports, frame));
      continue;
    }
    const wh_resource_t *base = wh_resource_base(type->of.resource);
    if (base->scope == frame->scope && base->index < frame->count && !frame->to[base->index])
      frame->to[base->index] = resolve(given_frames, found->entity.type.of.resource);
  }
  return NULL;
}

wherry_error_t *wh_component_open(reading_t *r, const wh_items_t *wanted, const wh_items_t *given,
                                  frame_t *frame) {
  for (uint32_t i = 0; i < wanted->count; i++)
    if (!wh_items_find(given, wanted->items[i].name))
      return INVALID("missing import named %s", wh_component_quote(r, wanted->items[i].name));
  return open(r, wanted, NULL, given, frame);
}

static wherry_error_t *match_exports(reading_t *r, const frame_t *sub_frames, const wh_items_t *sub,
                                     const frame_t *super_frames, const wh_items_t *super) {
  for (uint32_t i = 0; i < super->count; i++) {
    const wh_item_t *wanted = &super->items[i], *found = wh_items_find(sub, wanted->name);
    if (!found) return INVALID("missing expected export %s", wh_component_quote(r, wanted->name));
    wherry_error_t *error =
        wh_component_match(r, sub_frames, &found->entity, super_frames, &wanted->entity);
    if (!error) continue;
    wh_error_prefix(error, "type mismatch in export %s: ", wh_component_quote(r, wanted->name));
    return error;
  }
  return NULL;
}

static wherry_error_t *match_instance(reading_t *r, const frame_t *sub_frames,
                                      const wh_instance_type_t *sub, const frame_t *super_frames,
                                      const wh_instance_type_t *super) {
  if (!super->bound_count)
    return match_exports(r, sub_frames, &sub->exports, super_frames, &super->exports);
  frame_t frame = {.next = super_frames, .scope = super->scope, .count = super->bound_count};
  frame.to = wh_alloc_array(r->alloc, frame.count, sizeof *frame.to);
  if (!frame.to) return wh_error_oom();
  wherry_error_t *error = open(r, &super->exports, sub_frames, &sub->exports, &frame);
  if (!error) error = match_exports(r, sub_frames, &sub->exports, &frame, &super->exports);
  wh_free(r->alloc, frame.to, frame.count * sizeof *frame.to);
  return error;
}

/* What is only known to be a resource, different from all others. */
static void make_rigid(const wh_resource_t *const *resources, uint32_t count, frame_t *frame,
                       wh_resource_t *rigid) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t index = resources[i]->index;
    frame->to[index] = &rigid[index];
  }
}

/* What imports super, whatever these are, must do as imports of sub; what sub exports then must do as
   exports of super. */
static wherry_error_t *match_opened(reading_t *r, frame_t *sub_frame,
                                    const wh_component_type_t *sub, frame_t *super_frame,
                                    const wh_component_type_t *super) {
  TRY(open(r, &sub->imports, super_frame, &super->imports, sub_frame));
  for (uint32_t i = 0; i < sub->imports.count; i++) {
    const wh_item_t *wanted = &sub->imports.items[i];
    const wh_item_t *found = wh_items_find(&super->imports, wanted->name);
    if (!found) return INVALID("missing import named %s", wh_component_quote(r, wanted->name));
    wherry_error_t *error =
        wh_component_match(r, super_frame, &found->entity, sub_frame, &wanted->entity);
    if (!error) continue;
    wh_error_prefix(error, "type mismatch in import %s: ", wh_component_quote(r, wanted->name));
    return error;
  }
  return NULL;
}

static wherry_error_t *match_component(reading_t *r, const frame_t *sub_frames,
                                       const wh_component_type_t *sub, const frame_t *super_frames,
                                       const wh_component_type_t *super) {
  size_t count = (size_t)sub->resource_count + super->resource_count;
  frame_t sub_frame = {.next = sub_frames, .scope = sub->scope, .count = sub->resource_count};
  frame_t super_frame = {
      .next = super_frames, .scope = super->scope, .count = super->resource_count};
  const wh_resource_t **to = wh_alloc_array(r->alloc, count, sizeof *to);
  wh_resource_t *rigid = wh_alloc_array(r->alloc, count, sizeof *rigid);
  wherry_error_t *error = to && rigid ? NULL : wh_error_oom();
  if (!error) error = wh_component_steps(r, count / 8); /* memory to clear */
  sub_frame.to = to;
  super_frame.to = to + sub->resource_count;
  if (!error) {
    make_rigid(super->imported, super->imported_count, &super_frame, rigid + sub->resource_count);
    error = match_opened(r, &sub_frame, sub, &super_frame, super);
  }
  if (!error) {
    make_rigid(sub->defined, sub->defined_count, &sub_frame, rigid);
    error = open(r, &super->exports, &sub_frame, &sub->exports, &super_frame);
  }
  if (!error) error = match_exports(r, &sub_frame, &sub->exports, &super_frame, &super->exports);
  wh_free(r->alloc, to, count * sizeof *to);
  wh_free(r->alloc, rigid, count * sizeof *rigid);
  return error;
}

/* ---- all of them ---- */

static const char *kind_name(const wh_entity_t *entity) {
  static const char *const names[] = {"a value type",     "a resource type",  "a function type",
                                      "a component type", "an instance type", "a module type"};
  return entity->sort == WH_SORT_TYPE ? names[entity->type.kind]
                                      : wh_component_sort_name(entity->sort);
}

wherry_error_t *wh_component_match(reading_t *r, const frame_t *sub_frames, const wh_entity_t *sub,
                                   const frame_t *super_frames, const wh_entity_t *super) {
  TRY(wh_component_step(r));
  if (sub->sort != super->sort || sub->type.kind != super->type.kind)
    return INVALID("expected %s, found %s", kind_name(super), kind_name(sub));
  switch (super->type.kind) {
  case WH_DEFTYPE_VALUE:
    return match_value(r, sub_frames, sub->type.of.value, super_frames, super->type.of.value);
  case WH_DEFTYPE_FUNC:
    return match_func(r, sub_frames, sub->type.of.func, super_frames, super->type.of.func);
  case WH_DEFTYPE_RESOURCE: {
    const wh_resource_t *given = resolve(sub_frames, sub->type.of.resource);
    if (given && given == resolve(super_frames, super->type.of.resource)) return NULL;
    return INVALID("resource types are not the same");
  }
  case WH_DEFTYPE_MODULE: return match_module(r, sub->type.of.module, super->type.of.module);
  case WH_DEFTYPE_INSTANCE:
    return match_instance(r, sub_frames, sub->type.of.instance, super_frames,
                          super->type.of.instance);
  case WH_DEFTYPE_COMPONENT:
    return match_component(r, sub_frames, sub->type.of.component, super_frames,
                           super->type.of.component);
  }
  return NULL;
}
