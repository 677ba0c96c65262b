/* The model's memory, and the makers of what is in it. */
#include "types/wit.h"

#include <stdio.h>

void *wh_wit_alloc(wh_wit_t *wit, size_t size) { return wh_arena_alloc(&wit->arena, size); }
char *wh_wit_text(wh_wit_t *wit, const char *text, size_t size) {
  return wh_arena_text(&wit->arena, text, size);
}

char *wh_wit_printf(wh_wit_t *wit, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  char *text = size < 0 ? NULL : wh_wit_alloc(wit, (size_t)size + 1);
  if (!text) return NULL;
  va_start(arguments, format);
  vsnprintf(text, (size_t)size + 1, format, arguments);
  va_end(arguments);
  return text;
}

/* What a list had before it grew stays in its chunk: less than what it has now. */
bool wh_wit_grow_(wh_wit_t *wit, void **items, size_t *capacity, size_t count, size_t item_size) {
  void *old;
  size_t grown = *capacity ? *capacity * 2 : 4, size;
  if (!wh_mul_size(grown, item_size, &size)) return false;
  void *moved = wh_wit_alloc(wit, size);
  if (!moved) return false;
  memcpy(&old, (void *)items, sizeof old);
  if (count) memcpy(moved, old, count * item_size);
  memcpy((void *)items, &moved, sizeof moved);
  *capacity = grown;
  return true;
}

void wh_wit_free(wh_wit_t *wit) {
  if (!wit) return;
  wh_alloc_t *alloc = wit->alloc;
  for (size_t i = 0; i < wit->interfaces.count; i++)
    wh_map_free(alloc, &wit->interfaces.items[i]->names);
  wh_map_free(alloc, &wit->ids);
  wh_map_free(alloc, &wit->made);
  wh_arena_free(&wit->arena);
  WH_DELETE(alloc, wit);
}

static wh_wit_type_t *new_type(wh_wit_t *wit, wh_wit_kind_t kind) {
  wh_wit_type_t *type = wh_wit_alloc(wit, sizeof *type);
  if (!type) return NULL;
  type->kind = kind;
  type->index = (uint32_t)wit->types.count;
  type->base = type;
  return wh_wit_push(wit, &wit->types, type) ? type : NULL;
}

wherry_error_t *wh_wit_new(wh_alloc_t *alloc, wh_wit_t **out) {
  wh_wit_t *wit = WH_NEW(alloc, wh_wit_t);
  if (!wit) return wh_error_oom();
  wit->alloc = wit->arena.alloc = alloc;
  for (wh_wit_kind_t kind = WH_WIT_BOOL; kind <= WH_WIT_ERROR_CONTEXT; kind++)
    if (!new_type(wit, kind)) {
      wh_wit_free(wit);
      return wh_error_oom();
    }
  *out = wit;
  return NULL;
}

const char *wh_wit_kind_name(wh_wit_kind_t kind) {
  static const char *const names[WH_WIT_KINDS] = {
      "bool",   "s8",      "u8",    "s16",   "u16",      "s32",           "u32",  "s64",
      "u64",    "f32",     "f64",   "char",  "string",   "error-context", "list", "list",
      "option", "result",  "tuple", "map",   "stream",   "future",        "own",  "borrow",
      "record", "variant", "enum",  "flags", "resource", "type"};
  return (unsigned)kind < WH_WIT_KINDS ? names[kind] : "?";
}

/* ---- packages, interfaces, worlds ---- */

/* What wit->ids holds: an index, and what it is of. */
enum { ID_PACKAGE = 0, ID_INTERFACE = 1 };

static bool put_id(wh_wit_t *wit, const char *id, size_t index, unsigned what) {
  return wh_map_put(wit->alloc, &wit->ids, id, strlen(id), (uint64_t)index << 1 | what);
}

wh_wit_package_t *wh_wit_find_package(const wh_wit_t *wit, const char *id, size_t size) {
  uint64_t place;
  if (!wh_map_get(&wit->ids, id, size, &place) || (place & 1) != ID_PACKAGE) return NULL;
  return wit->packages.items[place >> 1];
}

wh_wit_interface_t *wh_wit_find_interface(const wh_wit_t *wit, const char *id, size_t size) {
  uint64_t place;
  if (!wh_map_get(&wit->ids, id, size, &place) || (place & 1) != ID_INTERFACE) return NULL;
  return wit->interfaces.items[place >> 1];
}

wh_wit_package_t *wh_wit_package(wh_wit_t *wit, const char *name_space, const char *name,
                                 const char *version) {
  char *id =
      wh_wit_printf(wit, "%s:%s%s%s", name_space, name, version ? "@" : "", version ? version : "");
  if (!id) return NULL;
  wh_wit_package_t *package = wh_wit_find_package(wit, id, strlen(id));
  if (package) return package;
  package = wh_wit_alloc(wit, sizeof *package);
  if (!package) return NULL;
  package->id = id;
  package->name_space = wh_wit_text(wit, name_space, strlen(name_space));
  package->name = wh_wit_text(wit, name, strlen(name));
  if (version) package->version = wh_wit_text(wit, version, strlen(version));
  if (!package->name_space || !package->name || (version && !package->version)) return NULL;
  package->index = (uint32_t)wit->packages.count;
  if (!wh_wit_push(wit, &wit->packages, package)) return NULL;
  return put_id(wit, id, package->index, ID_PACKAGE) ? package : NULL;
}

/* "ns:pkg/name@1.2.3". */
static char *item_id(wh_wit_t *wit, const wh_wit_package_t *package, const char *name) {
  const char *version = package->version;
  return wh_wit_printf(wit, "%s:%s/%s%s%s", package->name_space, package->name, name,
                       version ? "@" : "", version ? version : "");
}

wh_wit_interface_t *wh_wit_interface(wh_wit_t *wit, wh_wit_package_t *package, const char *name) {
  wh_wit_interface_t *interface = wh_wit_alloc(wit, sizeof *interface);
  if (!interface) return NULL;
  interface->package = package;
  interface->height = 1;
  interface->index = (uint32_t)wit->interfaces.count;
  if (!wh_wit_push(wit, &wit->interfaces, interface)) return NULL;
  if (!name) return interface;
  char *id = item_id(wit, package, name);
  interface->id = id;
  interface->name = wh_wit_text(wit, name, strlen(name));
  if (!id || !interface->name || !put_id(wit, id, interface->index, ID_INTERFACE)) return NULL;
  return wh_wit_push(wit, &package->interfaces, interface) ? interface : NULL;
}

bool wh_wit_name_world(wh_wit_t *wit, wh_wit_world_t *world, wh_wit_package_t *package,
                       const char *name) {
  world->package = package;
  world->name = wh_wit_text(wit, name, strlen(name));
  world->id = item_id(wit, package, name);
  world->index = (uint32_t)wit->worlds.count;
  return world->name && world->id && wh_wit_push(wit, &wit->worlds, world) &&
         wh_wit_push(wit, &package->worlds, world);
}

wh_wit_world_t *wh_wit_world(wh_wit_t *wit, wh_wit_package_t *package, const char *name) {
  wh_wit_world_t *world = wh_wit_alloc(wit, sizeof *world);
  return world && wh_wit_name_world(wit, world, package, name) ? world : NULL;
}

/* ---- types ---- */

const wh_wit_type_t *wh_wit_plain(const wh_wit_t *wit, wh_wit_kind_t kind) {
  return wit->types.items[kind];
}

static void look_inside(wh_wit_type_t *type, const wh_wit_type_t *part) {
  if (!part) return;
  unsigned nested = type->kind == WH_WIT_ALIAS ? 0 : 1;
  if (part->depth + nested > type->depth && type->depth < UINT16_MAX)
    type->depth = (uint16_t)(part->depth + nested);
  if (part->has_borrow) type->has_borrow = true;
  if (part->has_handle) type->has_handle = true;
}

/* What a nameless type is made of, as a key. */
typedef struct recipe {
  uint32_t kind, length, parts[2]; /* indices of types; NONE: no type */
} recipe_t;
enum { NONE = UINT32_MAX };

static const wh_wit_type_t *made_of(wh_wit_t *wit, const void *key, size_t size) {
  uint64_t index;
  return wh_map_get(&wit->made, key, size, &index) ? wit->types.items[index] : NULL;
}

static bool remember(wh_wit_t *wit, const void *key, size_t size, const wh_wit_type_t *type) {
  const char *kept = wh_wit_text(wit, key, size);
  return kept && wh_map_put(wit->alloc, &wit->made, kept, size, type->index);
}

const wh_wit_type_t *wh_wit_make(wh_wit_t *wit, wh_wit_kind_t kind, const wh_wit_type_t *first,
                                 const wh_wit_type_t *second, uint32_t length) {
  recipe_t recipe = {
      (uint32_t)kind,
      length,
      {first ? first->index : (uint32_t)NONE, second ? second->index : (uint32_t)NONE}};
  const wh_wit_type_t *found = made_of(wit, &recipe, sizeof recipe);
  if (found) return found;
  wh_wit_type_t *type = new_type(wit, kind);
  if (!type) return NULL;
  type->first = first;
  type->second = second;
  type->length = length;
  if (kind == WH_WIT_OWN || kind == WH_WIT_BORROW) {
    type->has_handle = true;
    type->has_borrow = kind == WH_WIT_BORROW;
  } else {
    look_inside(type, first);
    look_inside(type, second);
  }
  return remember(wit, &recipe, sizeof recipe, type) ? type : NULL;
}

const wh_wit_type_t *wh_wit_make_tuple(wh_wit_t *wit, const wh_wit_type_t *const *parts,
                                       uint32_t count) {
  size_t size = ((size_t)count + 1) * sizeof(uint32_t);
  uint32_t *key = wh_alloc(wit->alloc, size);
  if (!key) return NULL;
  key[0] = WH_WIT_TUPLE;
  for (uint32_t i = 0; i < count; i++) key[i + 1] = parts[i]->index;
  /* A recipe may have that size too, so that its length must differ: no tuple has kind, length and
     two parts for its first four numbers, as its kind is no other's. */
  const wh_wit_type_t *found = made_of(wit, key, size);
  wh_wit_type_t *type = NULL;
  wh_wit_field_t *fields = NULL;
  if (!found) type = new_type(wit, WH_WIT_TUPLE);
  if (type) fields = wh_wit_alloc(wit, count * sizeof *fields);
  if (fields) {
    type->fields = fields;
    type->field_count = count;
    for (uint32_t i = 0; i < count; i++) {
      fields[i].type = parts[i];
      look_inside(type, parts[i]);
    }
    if (remember(wit, key, size, type)) found = type;
  }
  wh_free(wit->alloc, key, size);
  return found;
}

wh_wit_type_t *wh_wit_define(wh_wit_t *wit, wh_wit_kind_t kind, const char *name,
                             wh_wit_interface_t *interface, wh_wit_world_t *world,
                             const wh_wit_type_t *first, const wh_wit_field_t *fields,
                             uint32_t field_count) {
  wh_wit_type_t *type = new_type(wit, kind);
  if (!type) return NULL;
  if (name && !(type->name = wh_wit_text(wit, name, strlen(name)))) return NULL;
  type->interface = interface;
  type->world = world;
  type->first = first;
  type->fields = fields;
  type->field_count = field_count;
  if (kind == WH_WIT_ALIAS) type->base = first->base;
  look_inside(type, first);
  for (uint32_t i = 0; i < field_count; i++) look_inside(type, fields[i].type);
  return type;
}

/* ---- functions ---- */

wh_wit_func_t *wh_wit_func(wh_wit_t *wit, wh_wit_func_kind_t kind, const char *name,
                           wh_wit_type_t *resource, const wh_wit_field_t *params,
                           uint32_t param_count, const wh_wit_type_t *result) {
  wh_wit_func_t *func = wh_wit_alloc(wit, sizeof *func);
  if (!func) return NULL;
  func->kind = kind;
  func->resource = resource;
  func->params = params;
  func->param_count = param_count;
  func->result = result;
  func->name = kind == WH_WIT_CONSTRUCTOR ? resource->name : wh_wit_text(wit, name, strlen(name));
  switch (kind) {
  case WH_WIT_FREE: func->plain = func->name; break;
  case WH_WIT_CONSTRUCTOR:
    func->plain = wh_wit_printf(wit, "[constructor]%s", resource->name);
    break;
  case WH_WIT_METHOD:
    func->plain = wh_wit_printf(wit, "[method]%s.%s", resource->name, name);
    break;
  case WH_WIT_STATIC:
    func->plain = wh_wit_printf(wit, "[static]%s.%s", resource->name, name);
    break;
  }
  return func->name && func->plain ? func : NULL;
}

/* ---- what interfaces hold: a name's value is a pointer with its lowest bit set for a function ---- */

static bool put_name(wh_wit_t *wit, wh_wit_interface_t *interface, const char *name,
                     const void *what, unsigned is_func) {
  return wh_map_put(wit->alloc, &interface->names, name, strlen(name),
                    (uint64_t)(uintptr_t)what | is_func);
}

bool wh_wit_add_type(wh_wit_t *wit, wh_wit_interface_t *interface, wh_wit_type_t *type) {
  return wh_wit_push(wit, &interface->types, type) && put_name(wit, interface, type->name, type, 0);
}

bool wh_wit_add_func(wh_wit_t *wit, wh_wit_interface_t *interface, wh_wit_func_t *func) {
  bool pushed = func->resource ? wh_wit_push(wit, &func->resource->funcs, func)
                               : wh_wit_push(wit, &interface->funcs, func);
  return pushed && (!interface || put_name(wit, interface, func->plain, func, 1));
}

/* What is used is among the names too, by its index behind a zero byte, which no name has. */
bool wh_wit_add_use(wh_wit_t *wit, wh_wit_interface_t *interface, wh_wit_interface_t *used) {
  char key[1 + sizeof used->index] = {0};
  uint64_t value;
  memcpy(key + 1, &used->index, sizeof used->index);
  if (wh_map_get(&interface->names, key, sizeof key, &value)) return true;
  const char *kept = wh_wit_text(wit, key, sizeof key);
  if (!kept || !wh_map_put(wit->alloc, &interface->names, kept, sizeof key, 0)) return false;
  if (used->height >= interface->height) interface->height = used->height + 1;
  return wh_wit_push(wit, &interface->uses, used);
}

wh_wit_type_t *wh_wit_find_type(const wh_wit_interface_t *interface, const char *name,
                                size_t size) {
  uint64_t value;
  if (!wh_map_get(&interface->names, name, size, &value) || value & 1) return NULL;
  return (wh_wit_type_t *)(uintptr_t)value;
}

wh_wit_func_t *wh_wit_find_func(const wh_wit_interface_t *interface, const char *name,
                                size_t size) {
  uint64_t value;
  if (!wh_map_get(&interface->names, name, size, &value) || !(value & 1)) return NULL;
  return (wh_wit_func_t *)(uintptr_t)(value & ~UINT64_C(1));
}

/* ---- the order of a world's items ---- */

static int turn_of(const wh_wit_item_t *item, bool is_export) {
  switch (item->kind) {
  case WH_WIT_ITEM_INTERFACE: return is_export ? 4 : 0;
  case WH_WIT_ITEM_TYPE:
    return item->of.type->kind == WH_WIT_ALIAS && item->of.type->first->interface ? 1 : 2;
  default: return 3;
  }
}

static bool order(wh_wit_t *wit, wh_wit_item_t *items, size_t count, bool is_export) {
  wh_wit_item_t *sorted = wh_alloc_array(wit->alloc, count, sizeof *sorted);
  size_t placed = 0;
  if (!sorted) return false;
  for (int turn = 0; turn <= 4; turn++)
    for (size_t i = 0; i < count; i++)
      if (turn_of(&items[i], is_export) == turn) sorted[placed++] = items[i];
  if (count) memcpy(items, sorted, count * sizeof *items);
  wh_free(wit->alloc, sorted, count * sizeof *sorted);
  return true;
}

bool wh_wit_order_world(wh_wit_t *wit, wh_wit_world_t *world) {
  return order(wit, world->imports.items, world->imports.count, false) &&
         order(wit, world->exports.items, world->exports.count, true);
}

/* ---- choosing ---- */

wherry_error_t *wh_wit_choose_world(const wh_wit_t *wit, const char *name, wh_wit_world_t **out) {
  const wh_wit_package_t *main = wit->packages.items[0];
  *out = NULL;
  if (!name && main->worlds.count == 1) {
    *out = main->worlds.items[0];
    return NULL;
  }
  for (size_t i = 0; name && i < wit->worlds.count; i++) {
    wh_wit_world_t *world = wit->worlds.items[i];
    if (!strcmp(world->id, name) || (world->package == main && !strcmp(world->name, name))) {
      *out = world;
      return NULL;
    }
  }
  wh_text_t text = {.alloc = wit->alloc};
  if (name) {
    wh_text_append(&text, "there is no world ", 18);
    wh_text_name(&text, name, strlen(name));
    wh_text_printf(&text, " in package %s", main->id);
  } else {
    wh_text_printf(&text,
                   main->worlds.count ? "package %s has several worlds: which one?"
                                      : "package %s has no world",
                   main->id);
  }
  for (size_t i = 0; i < main->worlds.count && i < 10; i++)
    wh_text_printf(&text, "%s%s", i ? ", " : "; it has ", main->worlds.items[i]->name);
  if (main->worlds.count > 10) wh_text_printf(&text, ", …");
  wherry_error_t *error = text.failed
                              ? wh_error_oom()
                              : wh_error_new(wit->alloc, WHERRY_ERROR_UNLINKABLE, "%s", text.data);
  wh_text_free(&text);
  return error;
}
