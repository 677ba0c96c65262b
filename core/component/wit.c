/* A component's imports and exports as WIT: the model of types/wit.h, filled from its types. The world
   has no name in a component; it is called root:component/root, as other tools call it.

   Binaries say less than texts: what a type is an alias of, and which of two equal records another
   interface uses, has to be found again. A record that is exported anew shares its fields with the one
   it is made of; failing that, one of the same name and form in an interface that is there already is
   taken for it. */
#include "component_read.h"

#include "types/wit.h"

typedef struct converting {
  wh_alloc_t *alloc;
  wh_wit_t *wit;
  wh_wit_world_t *world;
  pointers_t fields;    /* of records and their like -> the type that has them */
  pointers_t resources; /* base -> the first type of it */
  wh_map_t names;       /* of types of interfaces -> the first of that name */
  /* of the interface (NULL: the world) that is being converted */
  wh_wit_interface_t *interface;
  pointers_t types;     /* addresses -> model */
  pointers_t handled;   /* resources, by their base -> model */
  wh_map_t world_names; /* of types in the world -> model */
} converting_t;

static wherry_error_t *unsaid(converting_t *c, const char *what) {
  return wh_error_new(c->alloc, WHERRY_ERROR_INVALID, "WIT has no way to write %s", what);
}

static wherry_error_t *step(converting_t *c) {
  if (++c->wit->item_count <= WH_WIT_MAX_ITEMS) return NULL;
  return wh_error_limit(c->alloc, "WIT items", "the component's WIT has more than %d items",
                        WH_WIT_MAX_ITEMS);
}

static wherry_error_t *keep(converting_t *c, wherry_bytes_t text, const char **out) {
  *out = wh_wit_text(c->wit, (const char *)text.data, text.size);
  return *out ? NULL : wh_error_oom();
}

static bool put(converting_t *c, pointers_t *map, const void *key, const void *value) {
  return wh_pointers_put(c->alloc, map, key, value);
}

static wh_wit_kind_t kind_of(wherry_type_kind_t kind) {
  switch (kind) {
  case WHERRY_TYPE_LIST: return WH_WIT_LIST_OF;
  case WHERRY_TYPE_RECORD: return WH_WIT_RECORD;
  case WHERRY_TYPE_TUPLE: return WH_WIT_TUPLE;
  case WHERRY_TYPE_VARIANT: return WH_WIT_VARIANT;
  case WHERRY_TYPE_ENUM: return WH_WIT_ENUM;
  case WHERRY_TYPE_FLAGS: return WH_WIT_FLAGS;
  case WHERRY_TYPE_OPTION: return WH_WIT_OPTION;
  case WHERRY_TYPE_RESULT: return WH_WIT_RESULT;
  case WHERRY_TYPE_OWN: return WH_WIT_OWN;
  case WHERRY_TYPE_BORROW: return WH_WIT_BORROW;
  case WHERRY_TYPE_MAP: return WH_WIT_MAP;
  case WHERRY_TYPE_FIXED_LIST: return WH_WIT_FIXED_LIST;
  case WHERRY_TYPE_STREAM: return WH_WIT_STREAM;
  case WHERRY_TYPE_FUTURE: return WH_WIT_FUTURE;
  case WHERRY_TYPE_ERROR_CONTEXT: return WH_WIT_ERROR_CONTEXT;
  default: return (wh_wit_kind_t)kind; /* up to string they are the same */
  }
}

/* ---- types ---- */

static wherry_error_t *add_named(converting_t *c, wh_wit_type_t *type) {
  wh_map_t *names = c->interface ? &c->names : &c->world_names;
  uint64_t value;
  if (!type) return wh_error_oom();
  size_t size = strlen(type->name);
  if (!wh_map_get(names, type->name, size, &value) &&
      !wh_map_put(c->alloc, names, type->name, size, (uint64_t)(uintptr_t)type))
    return wh_error_oom();
  if (!c->interface) {
    wh_wit_item_t item = {.kind = WH_WIT_ITEM_TYPE, .name = type->name, .of.type = type};
    return wh_wit_push(c->wit, &c->world->imports, item) ? NULL : wh_error_oom();
  }
  if (!wh_wit_add_type(c->wit, c->interface, type)) return wh_error_oom();
  const wh_wit_interface_t *used =
      type->kind == WH_WIT_ALIAS ? type->first->interface : c->interface;
  if (used && used != c->interface &&
      !wh_wit_add_use(c->wit, c->interface, (wh_wit_interface_t *)(uintptr_t)used))
    return wh_error_oom();
  return NULL;
}

static wh_wit_type_t *type_here(const converting_t *c, const char *name) {
  uint64_t value;
  if (c->interface) return wh_wit_find_type(c->interface, name, strlen(name));
  return wh_map_get(&c->world_names, name, strlen(name), &value) ? (wh_wit_type_t *)(uintptr_t)value
                                                                 : NULL;
}

/* A name here for a type of another interface that nobody gave one here. */
static wherry_error_t *use_here(converting_t *c, const wh_wit_type_t *type,
                                const wh_wit_type_t **out) {
  *out = type;
  bool elsewhere = type->interface ? type->interface != c->interface : c->interface != NULL;
  if (!elsewhere || type_here(c, type->name)) return NULL;
  wh_wit_type_t *alias = wh_wit_define(c->wit, WH_WIT_ALIAS, type->name, c->interface,
                                       c->interface ? NULL : c->world, type, NULL, 0);
  TRY(add_named(c, alias));
  *out = alias;
  return NULL;
}

static wherry_error_t *convert(converting_t *c, const wherry_type_t *type,
                               const wh_wit_type_t **out);

static wherry_error_t *convert_fields(converting_t *c, const wherry_type_t *type,
                                      wh_wit_field_t **out) {
  wh_wit_field_t *fields = wh_wit_alloc(c->wit, type->field_count * sizeof *fields);
  if (!fields) return wh_error_oom();
  for (uint32_t i = 0; i < type->field_count; i++) {
    const char *name = type->fields[i].name;
    TRY(step(c));
    if (name && !(fields[i].name = wh_wit_text(c->wit, name, strlen(name)))) return wh_error_oom();
    if (type->fields[i].type) TRY(convert(c, type->fields[i].type, &fields[i].type));
  }
  *out = fields;
  return NULL;
}

static wherry_error_t *convert_tuple(converting_t *c, const wherry_type_t *type,
                                     const wh_wit_type_t **out) {
  const wh_wit_type_t **parts = wh_alloc_array(c->alloc, type->field_count, sizeof *parts);
  wherry_error_t *error = parts ? NULL : wh_error_oom();
  for (uint32_t i = 0; i < type->field_count && !error; i++)
    error = convert(c, type->fields[i].type, &parts[i]);
  *out = error ? NULL : wh_wit_make_tuple(c->wit, parts, type->field_count);
  wh_free(c->alloc, parts, type->field_count * sizeof *parts);
  return error;
}

static wherry_error_t *convert_handle(converting_t *c, const wherry_type_t *type,
                                      const wh_wit_type_t **out) {
  const wh_resource_t *base = wh_resource_base(type->resource);
  const wh_wit_type_t *resource = wh_pointers_get(&c->handled, base);
  if (!resource) {
    resource = wh_pointers_get(&c->resources, base);
    if (!resource) return unsaid(c, "a resource that is neither imported nor exported");
    TRY(use_here(c, resource, &resource));
    if (!put(c, &c->handled, base, resource)) return wh_error_oom();
  }
  *out = wh_wit_make(c->wit, kind_of(type->kind), resource, NULL, 0);
  return NULL;
}

static wherry_error_t *convert_parts(converting_t *c, const wherry_type_t *type,
                                     const wh_wit_type_t **out) {
  const wherry_type_t *first = type->element, *second = NULL;
  const wh_wit_type_t *one = NULL, *two = NULL;
  if (type->kind == WHERRY_TYPE_MAP) {
    first = type->element->fields[0].type;
    second = type->element->fields[1].type;
  } else if (type->kind == WHERRY_TYPE_RESULT) {
    first = type->fields[0].type;
    second = type->fields[1].type;
  }
  if (first) TRY(convert(c, first, &one));
  if (second) TRY(convert(c, second, &two));
  *out = wh_wit_make(c->wit, kind_of(type->kind), one, two, type->length);
  return NULL;
}

static wherry_error_t *convert(converting_t *c, const wherry_type_t *type,
                               const wh_wit_type_t **out) {
  TRY(step(c));
  if (wh_type_is_primitive(type->kind) || type->kind == WHERRY_TYPE_ERROR_CONTEXT) {
    *out = wh_wit_plain(c->wit, kind_of(type->kind));
    return NULL;
  }
  if ((*out = wh_pointers_get(&c->types, type))) return NULL;
  if (wh_type_wants_name(type->kind)) {
    const wh_wit_type_t *named = wh_pointers_get(&c->fields, type->fields);
    if (!named) return unsaid(c, "a record, variant, enum or flags without a name");
    TRY(use_here(c, named, out));
  } else if (type->kind == WHERRY_TYPE_TUPLE) {
    TRY(convert_tuple(c, type, out));
  } else if (type->resource) {
    TRY(convert_handle(c, type, out));
  } else {
    TRY(convert_parts(c, type, out));
  }
  return *out && put(c, &c->types, type, *out) ? NULL : wh_error_oom();
}

/* ---- what has a name ---- */

static bool same_form(const wh_wit_type_t *type, wh_wit_kind_t kind, const wh_wit_field_t *fields,
                      uint32_t count) {
  if (type->kind != kind || type->field_count != count) return false;
  for (uint32_t i = 0; i < count; i++) {
    const wh_wit_type_t *a = type->fields[i].type, *b = fields[i].type;
    if (strcmp(type->fields[i].name, fields[i].name) != 0 || !a != !b) return false;
    if (a && a != b && a->base != b->base) return false;
  }
  return true;
}

/* A record and its like: one that is there already, or a new one. */
static wherry_error_t *named_form(converting_t *c, const char *name, const wherry_type_t *type,
                                  wh_wit_type_t **out) {
  const wh_wit_type_t *first = wh_pointers_get(&c->fields, type->fields);
  wh_wit_type_t *here = type_here(c, name);
  wh_wit_field_t *fields = NULL;
  wh_wit_kind_t kind = kind_of(type->kind);
  uint64_t value;
  if (here) { /* the interface is imported and exported */
    *out = here;
    return first ? NULL : put(c, &c->fields, type->fields, here) ? NULL : wh_error_oom();
  }
  if (!first) {
    TRY(convert_fields(c, type, &fields));
    if (wh_map_get(&c->names, name, strlen(name), &value)) {
      const wh_wit_type_t *like = (const wh_wit_type_t *)(uintptr_t)value;
      if (same_form(like->base, kind, fields, type->field_count)) first = like;
    }
  }
  if (first && !first->interface && c->interface) first = NULL; /* no interface uses a world's */
  if (!first && !fields) TRY(convert_fields(c, type, &fields));
  *out =
      wh_wit_define(c->wit, first ? WH_WIT_ALIAS : kind, name, c->interface,
                    c->interface ? NULL : c->world, first, fields, first ? 0 : type->field_count);
  TRY(add_named(c, *out));
  return put(c, &c->fields, type->fields, *out) ? NULL : wh_error_oom();
}

static wherry_error_t *named_resource(converting_t *c, const char *name,
                                      const wh_resource_t *resource, wh_wit_type_t **out) {
  const wh_resource_t *base = wh_resource_base(resource);
  const wh_wit_type_t *first = wh_pointers_get(&c->handled, base);
  if (!first) first = wh_pointers_get(&c->resources, base);
  if (!(*out = type_here(c, name))) {
    *out = wh_wit_define(c->wit, first ? WH_WIT_ALIAS : WH_WIT_RESOURCE, name, c->interface,
                         c->interface ? NULL : c->world, first, NULL, 0);
    TRY(add_named(c, *out));
  }
  if (!wh_pointers_get(&c->resources, base) && !put(c, &c->resources, base, *out))
    return wh_error_oom();
  return wh_pointers_get(&c->handled, base) || put(c, &c->handled, base, *out) ? NULL
                                                                               : wh_error_oom();
}

static wherry_error_t *named_type(converting_t *c, const char *name, const wh_deftype_t *def) {
  wh_wit_type_t *type;
  const wh_wit_type_t *first;
  TRY(step(c));
  if (wh_wit_label_problem(name, strlen(name))) return unsaid(c, "a type under such a name");
  if (def->kind == WH_DEFTYPE_RESOURCE) return named_resource(c, name, def->of.resource, &type);
  if (def->kind != WH_DEFTYPE_VALUE) return unsaid(c, "a type that is not of values");
  if (wh_type_wants_name(def->of.value->kind)) {
    TRY(named_form(c, name, def->of.value, &type));
  } else {
    TRY(convert(c, def->of.value, &first));
    type = type_here(c, name);
    if (!type) {
      type = wh_wit_define(c->wit, WH_WIT_ALIAS, name, c->interface, c->interface ? NULL : c->world,
                           first, NULL, 0);
      TRY(add_named(c, type));
    }
    if (wh_type_is_primitive(def->of.value->kind)) return NULL; /* any other may be that address */
  }
  return put(c, &c->types, def->of.value, type) ? NULL : wh_error_oom();
}

static wherry_error_t *named_func(converting_t *c, const char *name, const wh_func_type_t *from,
                                  wh_wit_func_t **out) {
  wh_wit_plain_name_t plain;
  wh_wit_type_t *resource = NULL;
  wh_wit_field_t *params;
  const wh_wit_type_t *result = NULL;
  TRY(step(c));
  *out = c->interface ? wh_wit_find_func(c->interface, name, strlen(name)) : NULL;
  if (*out) return NULL;
  if (!wh_wit_plain_split(name, &plain)) return unsaid(c, "a function under such a name");
  if (plain.resource_size) {
    const char *label = wh_wit_text(c->wit, plain.resource, plain.resource_size);
    if (!label) return wh_error_oom();
    resource = type_here(c, label);
    if (!resource || resource->kind != WH_WIT_RESOURCE)
      return unsaid(c, "a function of another interface's resource");
  }
  TRY(convert_fields(c, from->params, &params));
  if (from->result) TRY(convert(c, from->result, &result));
  *out = wh_wit_func(c->wit, plain.kind, plain.label, resource, params, from->params->field_count,
                     result);
  if (!*out) return wh_error_oom();
  (*out)->is_async = from->is_async;
  return NULL;
}

/* ---- instances ---- */

static void leave(converting_t *c) {
  wh_pointers_free(c->alloc, &c->types);
  wh_pointers_free(c->alloc, &c->handled);
}

static wherry_error_t *convert_items(converting_t *c, const wh_items_t *items) {
  for (uint32_t i = 0; i < items->count; i++) {
    const wh_item_t *item = &items->items[i];
    const char *name, *external_id = NULL;
    TRY(keep(c, item->name, &name));
    if (item->external_id.data) TRY(keep(c, item->external_id, &external_id));
    if (item->entity.sort == WH_SORT_TYPE) {
      TRY(named_type(c, name, &item->entity.type));
      if (external_id) type_here(c, name)->notes.external_id = external_id;
      continue;
    }
    if (item->entity.sort != WH_SORT_FUNC)
      return unsaid(c, "an interface within an interface, or a module or component in one");
    wh_wit_func_t *func;
    bool is_new = !wh_wit_find_func(c->interface, name, strlen(name));
    TRY(named_func(c, name, item->entity.type.of.func, &func));
    func->notes.external_id = external_id;
    if (is_new && !wh_wit_add_func(c->wit, c->interface, func)) return wh_error_oom();
  }
  return NULL;
}

/* By its id; suffix: of the version, data NULL: none. */
static wherry_error_t *interface_named(converting_t *c, wherry_bytes_t name, wherry_bytes_t suffix,
                                       wh_wit_interface_t **out) {
  wh_wit_id_t id;
  wh_wit_t *wit = c->wit;
  const char *whole = wh_wit_printf(wit, "%.*s%.*s", (int)name.size, (const char *)name.data,
                                    (int)suffix.size, suffix.data ? (const char *)suffix.data : "");
  if (!whole) return wh_error_oom();
  if ((*out = wh_wit_find_interface(wit, whole, strlen(whole)))) return NULL;
  if (!wh_wit_id_split(whole, strlen(whole), &id))
    return unsaid(c, "an instance under such a name");
  const char *name_space = wh_wit_text(wit, id.name_space, id.name_space_size);
  const char *package_name = wh_wit_text(wit, id.package, id.package_size);
  const char *label = wh_wit_text(wit, id.name, id.name_size);
  if (!name_space || !package_name || !label) return wh_error_oom();
  wh_wit_package_t *package =
      wh_wit_package(wit, name_space, package_name, id.version_size ? id.version : NULL);
  *out = package ? wh_wit_interface(wit, package, label) : NULL;
  return *out ? NULL : wh_error_oom();
}

static wherry_error_t *world_instance(converting_t *c, const wh_item_t *from, wh_wit_item_t *item) {
  wherry_bytes_t none = {NULL, 0};
  pointers_t types = c->types, handled = c->handled;
  item->kind = WH_WIT_ITEM_INTERFACE;
  if (from->external_id.data) TRY(keep(c, from->external_id, &item->notes.external_id));
  if (memchr(from->name.data, ':', from->name.size)) {
    TRY(interface_named(c, from->name, from->version_suffix, &item->of.interface));
  } else {
    TRY(keep(c, from->name, &item->name));
    if (from->implements.data)
      TRY(interface_named(c, from->implements, none, &item->of.interface));
    else if (!(item->of.interface = wh_wit_interface(c->wit, c->world->package, NULL)))
      return wh_error_oom();
  }
  c->interface = item->of.interface;
  c->types = c->handled = (pointers_t) {0};
  wherry_error_t *error = convert_items(c, &from->entity.type.of.instance->exports);
  leave(c);
  c->interface = NULL;
  c->types = types;
  c->handled = handled;
  return error;
}

/* ---- the world ---- */

static wherry_error_t *world_item(converting_t *c, const wh_item_t *from, bool is_export) {
  wh_wit_item_t item = {0};
  const char *name;
  TRY(step(c));
  TRY(keep(c, from->name, &name));
  switch (from->entity.sort) {
  case WH_SORT_TYPE: return type_here(c, name) ? NULL : named_type(c, name, &from->entity.type);
  case WH_SORT_INSTANCE: TRY(world_instance(c, from, &item)); break;
  case WH_SORT_FUNC:
    item.kind = WH_WIT_ITEM_FUNC;
    TRY(named_func(c, name, from->entity.type.of.func, &item.of.func));
    if (from->external_id.data) TRY(keep(c, from->external_id, &item.of.func->notes.external_id));
    if (item.of.func->resource)
      return wh_wit_add_func(c->wit, NULL, item.of.func) ? NULL : wh_error_oom();
    item.name = item.of.func->name;
    break;
  default: return unsaid(c, "an import or export of a module, a component or a value");
  }
  bool pushed = is_export ? wh_wit_push(c->wit, &c->world->exports, item)
                          : wh_wit_push(c->wit, &c->world->imports, item);
  return pushed ? NULL : wh_error_oom();
}

static wherry_error_t *convert_world(converting_t *c, const wh_component_type_t *type) {
  wh_wit_package_t *package = wh_wit_package(c->wit, "root", "component", NULL);
  c->world = package ? wh_wit_world(c->wit, package, "root") : NULL;
  if (!c->world) return wh_error_oom();
  for (uint32_t i = 0; i < type->imports.count; i++)
    TRY(world_item(c, &type->imports.items[i], false));
  for (uint32_t i = 0; i < type->exports.count; i++)
    TRY(world_item(c, &type->exports.items[i], true));
  return wh_wit_order_world(c->wit, c->world) ? NULL : wh_error_oom();
}

wherry_error_t *wh_component_wit(const wherry_component_t *component, wh_wit_t **out) {
  converting_t c = {.alloc = &component->engine->alloc};
  *out = NULL;
  TRY(wh_wit_new(c.alloc, &c.wit));
  wherry_error_t *error = convert_world(&c, component->root->type);
  leave(&c);
  wh_pointers_free(c.alloc, &c.fields);
  wh_pointers_free(c.alloc, &c.resources);
  wh_map_free(c.alloc, &c.names);
  wh_map_free(c.alloc, &c.world_names);
  if (error)
    wh_wit_free(c.wit);
  else
    *out = c.wit;
  return error;
}
