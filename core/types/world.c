/* Worlds as canon wants them: functions with their types laid out, made from the resolved model. */
#include "types/wit.h"

#include "layout.h"

#define TRY(call)                        \
  do {                                   \
    wherry_error_t *try_error_ = (call); \
    if (try_error_) return try_error_;   \
  } while (0)

/* An interface may be there under many names, and its functions as often. */
enum { MAX_FUNCTIONS = 200000 };

/* ---- the world and its memory ---- */

void *wh_world_alloc(wherry_world_t *world, size_t size) {
  return wh_arena_alloc(&world->arena, size);
}

void wh_world_free(wherry_world_t *world) {
  if (!world) return;
  wh_alloc_t *alloc = world->alloc;
  wh_arena_free(&world->arena);
  wh_vec_free(alloc, &world->types);
  wh_vec_free(alloc, &world->exports);
  wh_vec_free(alloc, &world->imports);
  wh_map_free(alloc, &world->names);
  WH_DELETE(alloc, world);
}

wherry_type_t *wh_world_type(wherry_world_t *world, wherry_type_kind_t kind, uint32_t field_count,
                             wh_type_field_t **fields) {
  if (wh_kinds[kind].is & wh_primitive && (size_t)kind < world->types.count)
    return world->types.items[kind];
  wherry_type_t *type = wh_world_alloc(world, sizeof *type);
  if (!type) return NULL;
  type->kind = kind;
  type->index = (uint32_t)world->types.count;
  if (field_count) {
    *fields = wh_world_alloc(world, field_count * sizeof **fields); /* 24 bytes times 2^32 fits */
    if (!*fields) return NULL;
    type->fields = *fields;
    type->field_count = field_count;
  }
  return wh_vec_push(world->alloc, &world->types, type) ? type : NULL;
}

/* The primitive types have their kind as index. */
wherry_error_t *wh_world_make(wh_alloc_t *alloc, wherry_world_t **out) {
  wherry_world_t *world = WH_NEW(alloc, wherry_world_t);
  if (!world) return wh_error_oom();
  world->alloc = world->arena.alloc = alloc;
  for (wherry_type_kind_t kind = WHERRY_TYPE_BOOL; kind <= WHERRY_TYPE_STRING; kind++) {
    wherry_type_t *type = wh_world_type(world, kind, 0, NULL);
    if (!type) {
      wh_world_free(world);
      return wh_error_oom();
    }
    wh_type_lay_out(type);
  }
  *out = world;
  return NULL;
}

/* ---- laying out ---- */

/* What stands for an interface in a world; WORLD: the world itself. Items are numbered from 1, the
   imports of all worlds before their exports. */
enum { WORLD = 0 };
typedef struct place {
  const wh_wit_interface_t *interface;
  const char *name; /* NULL: the world itself */
  uint32_t number;
  bool is_export;
} place_t;

/* A type with handles in it is one type for each place that it is used from, and so is a resource for
   each that it is of: what these maps are asked for. */
typedef struct key {
  uint32_t type, place;
} place_key_t;

typedef struct making {
  wherry_world_t *world;
  const wh_wit_t *wit;
  const wherry_type_t **types; /* of the model's types without handles, by index */
  wh_map_t handled, resources; /* place_key_t -> type or resource */
  uint32_t *imported,
      *exported;          /* places of the model's interfaces under their own ids, by index */
  WH_VEC(place_t) places; /* by number */
  uint8_t string_encoding;
} making_t;

static const char *keep(making_t *m, const char *text) {
  return wh_arena_text(&m->world->arena, text, strlen(text));
}

static bool put_key(making_t *m, wh_map_t *map, uint32_t type, uint32_t place, const void *value) {
  place_key_t *key = wh_world_alloc(m->world, sizeof *key);
  if (!key) return false;
  *key = (place_key_t) {type, place};
  return wh_map_put(m->world->alloc, map, (const char *)key, sizeof *key,
                    (uint64_t)(uintptr_t)value);
}

static void *get_key(const wh_map_t *map, uint32_t type, uint32_t place) {
  place_key_t key = {type, place};
  uint64_t value;
  return wh_map_get(map, (const char *)&key, sizeof key, &value) ? (void *)(uintptr_t)value : NULL;
}

/* A resource of the interface that is looked at is that one's; of another interface, the exported one's
   if an exported interface uses it and it is exported, else the imported one's. */
static const wh_resource_t *resource_at(making_t *m, const wh_wit_type_t *type,
                                        const place_t *from) {
  uint32_t number = WORLD;
  if (type->interface && type->interface == from->interface) {
    number = from->number;
  } else if (type->interface) {
    if (from->is_export && from->interface) number = m->exported[type->interface->index];
    if (number == WORLD) number = m->imported[type->interface->index];
  }
  wh_resource_t *resource = get_key(&m->resources, type->index, number);
  if (resource) return resource;
  resource = wh_world_alloc(m->world, sizeof *resource);
  if (!resource || !(resource->name = keep(m, type->name))) return NULL;
  resource->interface = m->places.items[number].name;
  resource->is_exported = m->places.items[number].is_export;
  return put_key(m, &m->resources, type->index, number, resource) ? resource : NULL;
}

static wherry_error_t *make_type(making_t *m, const wh_wit_type_t *type, const place_t *from,
                                 const wherry_type_t **out);

static wherry_error_t *make_fields(making_t *m, const wh_wit_field_t *from, wh_type_field_t *fields,
                                   uint32_t count, const place_t *place) {
  for (uint32_t i = 0; i < count; i++) {
    if (from[i].name && !(fields[i].name = keep(m, from[i].name))) return wh_error_oom();
    if (from[i].type) TRY(make_type(m, from[i].type, place, &fields[i].type));
  }
  return NULL;
}

WH_COLD static wherry_error_t *too_large(making_t *m, const char *what, const char *name) {
  return wh_error_new(m->world->alloc, WHERRY_ERROR_INVALID, "WIT: %s %s is too large", what,
                      name ? name : "without a name");
}

/* How the model's kinds are called here. */
static wherry_type_kind_t kind_of(wh_wit_kind_t kind) {
  switch (kind) {
  case WH_WIT_ERROR_CONTEXT: return WHERRY_TYPE_ERROR_CONTEXT;
  case WH_WIT_FIXED_LIST: return WHERRY_TYPE_FIXED_LIST;
  case WH_WIT_MAP: return WHERRY_TYPE_MAP;
  case WH_WIT_STREAM: return WHERRY_TYPE_STREAM;
  case WH_WIT_FUTURE: return WHERRY_TYPE_FUTURE;
  case WH_WIT_LIST_OF: return WHERRY_TYPE_LIST;
  case WH_WIT_OPTION: return WHERRY_TYPE_OPTION;
  case WH_WIT_RESULT: return WHERRY_TYPE_RESULT;
  case WH_WIT_TUPLE: return WHERRY_TYPE_TUPLE;
  case WH_WIT_OWN: return WHERRY_TYPE_OWN;
  case WH_WIT_BORROW: return WHERRY_TYPE_BORROW;
  case WH_WIT_RECORD: return WHERRY_TYPE_RECORD;
  case WH_WIT_VARIANT: return WHERRY_TYPE_VARIANT;
  case WH_WIT_ENUM: return WHERRY_TYPE_ENUM;
  case WH_WIT_FLAGS: return WHERRY_TYPE_FLAGS;
  default: return (wherry_type_kind_t)kind; /* up to string they are the same */
  }
}

static wherry_error_t *make_parts(making_t *m, const wh_wit_type_t *type, const place_t *from,
                                  wherry_type_t *made, wh_type_field_t *fields) {
  static const char *const option_cases[] = {"none", "some"}, *const result_cases[] = {"ok",
                                                                                       "error"};
  const wherry_type_t *first = NULL, *second = NULL;
  switch (made->kind) {
  case WHERRY_TYPE_OWN:
  case WHERRY_TYPE_BORROW:
    made->resource = resource_at(m, type->first->base, from);
    return made->resource ? NULL : wh_error_oom();
  case WHERRY_TYPE_OPTION:
  case WHERRY_TYPE_RESULT:
    for (int i = 0; i < 2; i++)
      fields[i].name = made->kind == WHERRY_TYPE_OPTION ? option_cases[i] : result_cases[i];
    if (type->first) TRY(make_type(m, type->first, from, &first));
    if (type->second) TRY(make_type(m, type->second, from, &second));
    fields[made->kind == WHERRY_TYPE_OPTION].type = first;
    if (made->kind == WHERRY_TYPE_OPTION)
      made->element = first;
    else
      fields[1].type = second;
    return NULL;
  case WHERRY_TYPE_FIXED_LIST:
  case WHERRY_TYPE_LIST:
  case WHERRY_TYPE_STREAM:
  case WHERRY_TYPE_FUTURE:
    made->length = type->length;
    return type->first ? make_type(m, type->first, from, &made->element) : NULL;
  default:
    if (type->name && !(made->name = keep(m, type->name))) return wh_error_oom();
    return make_fields(m, type->fields, fields, type->field_count, from);
  }
}

static wherry_error_t *make_type(making_t *m, const wh_wit_type_t *type, const place_t *from,
                                 const wherry_type_t **out) {
  wh_type_field_t *fields = NULL;
  type = type->base;
  wherry_type_kind_t kind = kind_of(type->kind);
  *out = type->has_handle ? get_key(&m->handled, type->index, from->number) : m->types[type->index];
  if (*out) return NULL;
  if (wh_kinds[kind].is & wh_primitive) {
    *out = m->world->types.items[kind];
    return NULL;
  }
  uint32_t count = kind == WHERRY_TYPE_OPTION || kind == WHERRY_TYPE_RESULT ? 2 : type->field_count;
  wherry_type_t *made;
  if (kind == WHERRY_TYPE_MAP) {
    const wherry_type_t *key, *value;
    TRY(make_type(m, type->first, from, &key));
    TRY(make_type(m, type->second, from, &value));
    if (!(made = wh_world_map(m->world, key, value))) return wh_error_oom();
  } else {
    if (!(made = wh_world_type(m->world, kind, count, &fields))) return wh_error_oom();
    TRY(make_parts(m, type, from, made, fields));
  }
  if (!wh_type_lay_out(made)) return too_large(m, wh_wit_kind_name(type->kind), type->name);
  if (!type->has_handle)
    m->types[type->index] = made;
  else if (!put_key(m, &m->handled, type->index, from->number, made))
    return wh_error_oom();
  *out = made;
  return NULL;
}

/* ---- functions ---- */

/* "iface#func" or "func": the legacy names that wit-bindgen's guests export. */
static bool export_name(wherry_world_t *world, wherry_witfunc_t *func) {
  static const char post[] = "cabi_post_";
  size_t name_size = strlen(func->name);
  size_t interface_size = func->interface ? strlen(func->interface) + 1 : 0;
  char *text = wh_world_alloc(world, sizeof post + interface_size + name_size);
  if (!text) return false;
  func->post_name = text;
  memcpy(text, post, sizeof post - 1);
  text += sizeof post - 1;
  func->core_name = text;
  if (interface_size) {
    memcpy(text, func->interface, interface_size - 1);
    text[interface_size - 1] = '#';
  }
  memcpy(text + interface_size, func->name, name_size + 1);
  return true;
}

static wherry_error_t *add_function(making_t *m, const wh_wit_func_t *from, const place_t *place) {
  wherry_world_t *world = m->world;
  wh_type_field_t *fields = NULL;
  if (world->exports.count + world->imports.count >= MAX_FUNCTIONS)
    return wh_error_limit(world->alloc, "WIT functions", "WIT: a world has more than %d functions",
                          MAX_FUNCTIONS);
  wherry_witfunc_t *func = wh_world_alloc(world, sizeof *func);
  if (!func || !(func->name = keep(m, from->plain))) return wh_error_oom();
  func->interface = place->name;
  func->is_async = from->is_async;
  func->string_encoding = m->string_encoding;
  wherry_type_t *params = wh_world_type(world, WHERRY_TYPE_RECORD, from->param_count, &fields);
  if (!params) return wh_error_oom();
  TRY(make_fields(m, from->params, fields, from->param_count, place));
  if (!wh_type_lay_out_implied(params)) /* no deeper than the types in it, which are not too deep */
    return too_large(m, "what is given to function", from->plain);
  func->params = params;
  if (from->result) TRY(make_type(m, from->result, place, &func->result));
  if (!place->is_export) {
    func->index = (uint32_t)world->imports.count;
    func->core_name = func->name;
    func->core_module = place->name ? place->name : "$root";
    return wh_vec_push(world->alloc, &world->imports, func) ? NULL : wh_error_oom();
  }
  if (!export_name(world, func)) return wh_error_oom();
  return wh_vec_push(world->alloc, &world->exports, func) ? NULL : wh_error_oom();
}

static wherry_error_t *add_resource(making_t *m, const wh_wit_type_t *type, const place_t *place) {
  for (size_t i = 0; i < type->funcs.count; i++) TRY(add_function(m, type->funcs.items[i], place));
  return NULL;
}

static wherry_error_t *add_interface(making_t *m, const place_t *place) {
  const wh_wit_interface_t *interface = place->interface;
  for (size_t i = 0; i < interface->types.count; i++)
    TRY(add_resource(m, interface->types.items[i], place));
  for (size_t i = 0; i < interface->funcs.count; i++)
    TRY(add_function(m, interface->funcs.items[i], place));
  return NULL;
}

/* ---- worlds ---- */

static wherry_error_t *add_place(making_t *m, const wh_wit_item_t *item, bool is_export) {
  uint32_t number = (uint32_t)m->places.count;
  place_t place = {.number = number, .is_export = is_export};
  if (item->kind == WH_WIT_ITEM_INTERFACE) {
    place.interface = item->of.interface;
    place.name = keep(m, item->name ? item->name : item->of.interface->id);
    if (!place.name) return wh_error_oom();
    if (!item->name) (is_export ? m->exported : m->imported)[place.interface->index] = number;
  }
  return wh_vec_push(m->world->alloc, &m->places, place) ? NULL : wh_error_oom();
}

static wherry_error_t *add_item(making_t *m, const wh_wit_item_t *item, const place_t *place) {
  switch (item->kind) {
  case WH_WIT_ITEM_INTERFACE: return add_interface(m, place);
  case WH_WIT_ITEM_TYPE: return add_resource(m, item->of.type, place);
  default: return add_function(m, item->of.func, place);
  }
}

static wherry_error_t *add_world(making_t *m, const wh_wit_world_t *from) {
  wherry_world_t *world = m->world;
  size_t first = m->places.count;
  for (size_t i = 0; i < from->imports.count; i++)
    TRY(add_place(m, &from->imports.items[i], false));
  for (size_t i = 0; i < from->exports.count; i++) TRY(add_place(m, &from->exports.items[i], true));
  size_t exported = world->exports.count;
  m->string_encoding = from->string_encoding;
  for (size_t i = 0; i < from->imports.count; i++)
    TRY(add_item(m, &from->imports.items[i], &m->places.items[first + i]));
  for (size_t i = 0; i < from->exports.count; i++)
    TRY(add_item(m, &from->exports.items[i], &m->places.items[first + from->imports.count + i]));
  /* Tools write worlds of imports alone beside the true one: its name is not theirs. */
  if (!world->name || (!exported && world->exports.count)) {
    world->name = keep(m, from->id);
    if (!world->name) return wh_error_oom();
  }
  return NULL;
}

int64_t wh_world_find(const wherry_world_t *world, const char *name, size_t size) {
  uint64_t place;
  return wh_map_get(&world->names, name, size, &place) ? (int64_t)place : WH_NOT_FOUND;
}

static wherry_error_t *put_name(wherry_world_t *world, const char *name, int64_t place) {
  return wh_map_put(world->alloc, &world->names, name, strlen(name), (uint64_t)place)
             ? NULL
             : wh_error_oom();
}

/* Two worlds may say the same function (one includes the other): the first one counts. */
static wherry_error_t *name_functions(wherry_world_t *world) {
  size_t kept = 0;
  for (size_t i = 0; i < world->exports.count; i++) {
    wherry_witfunc_t *func = world->exports.items[i];
    if (wh_world_find(world, func->core_name, strlen(func->core_name)) >= 0) continue;
    func->index = (uint32_t)kept;
    world->exports.items[kept++] = func;
    TRY(put_name(world, func->core_name, func->index));
  }
  world->exports.count = kept;
  /* A bare name means the world's own function before an interface's. */
  for (size_t i = 0; i < kept; i++) {
    const wherry_witfunc_t *func = world->exports.items[i];
    if (!func->interface) continue;
    int64_t other = wh_world_find(world, func->name, strlen(func->name));
    if (other == WH_AMBIGUOUS || (other >= 0 && !world->exports.items[other]->interface)) continue;
    TRY(put_name(world, func->name, other >= 0 ? WH_AMBIGUOUS : (int64_t)func->index));
  }
  return NULL;
}

static wherry_error_t *make_worlds(making_t *m, wh_wit_world_t *const *worlds, size_t count) {
  place_t itself = {.number = WORLD};
  if (!m->types || !m->imported || !m->exported ||
      !wh_vec_push(m->world->alloc, &m->places, itself))
    return wh_error_oom();
  for (size_t i = 0; i < count; i++) TRY(add_world(m, worlds[i]));
  return name_functions(m->world);
}

wherry_error_t *wh_world_of(wh_alloc_t *alloc, const wh_wit_t *wit, wh_wit_world_t *const *worlds,
                            size_t count, wherry_world_t **out) {
  making_t m = {.wit = wit};
  size_t types = wit->types.count, interfaces = wit->interfaces.count;
  *out = NULL;
  TRY(wh_world_make(alloc, &m.world));
  m.types = wh_alloc_array(alloc, types, sizeof *m.types);
  m.imported = wh_alloc_array(alloc, interfaces, sizeof *m.imported);
  m.exported = wh_alloc_array(alloc, interfaces, sizeof *m.exported);
  wherry_error_t *error = make_worlds(&m, worlds, count);
  wh_free(alloc, m.types, types * sizeof *m.types);
  wh_free(alloc, m.imported, interfaces * sizeof *m.imported);
  wh_free(alloc, m.exported, interfaces * sizeof *m.exported);
  wh_map_free(alloc, &m.handled);
  wh_map_free(alloc, &m.resources);
  wh_vec_free(alloc, &m.places);
  if (error)
    wh_world_free(m.world);
  else
    *out = m.world;
  return error;
}

wherry_error_t *wh_world_read(wh_alloc_t *alloc, const wh_model_t *model, wherry_world_t **out) {
  wh_wit_t *wit;
  *out = NULL;
  TRY(wh_wit_from_model(alloc, model, &wit));
  if (!wit) return NULL;
  wherry_error_t *error = wh_world_of(alloc, wit, wit->worlds.items, wit->worlds.count, out);
  wh_wit_free(wit);
  return error;
}
