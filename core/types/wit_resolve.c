/* Names of WIT text looked up: packages, interfaces and the types in them. Worlds: wit_worlds.c. */
#include "wit_resolve.h"

#define TRY(call)              \
  do {                         \
    if (!(call)) return false; \
  } while (0)

bool wh_wit_invalid(resolver_t *resolver, const ast_part_t *part, size_t at, const char *format,
                    ...) {
  if (resolver->reading->error) return false;
  wh_text_t message = {.alloc = resolver->reading->alloc};
  va_list arguments;
  va_start(arguments, format);
  wh_text_vprintf(&message, format, arguments);
  va_end(arguments);
  if (message.failed)
    wh_wit_oom(resolver->reading);
  else
    wh_wit_fail(resolver->reading, WHERRY_ERROR_INVALID, part->source, at, "%s", message.data);
  wh_text_free(&message);
  return false;
}

static bool oom(resolver_t *resolver) { return wh_wit_oom(resolver->reading); }

static bool too_deep(resolver_t *resolver, const ast_part_t *part, size_t at, const char *what) {
  return wh_wit_fail(resolver->reading, WHERRY_ERROR_LIMIT, part->source, at,
                     "%s nested deeper than %d", what, WH_WIT_MAX_CHAIN);
}

/* Ends a message with names that are near, and makes it the error. */
static bool unknown(resolver_t *resolver, const ast_part_t *part, size_t at, const wh_near_t *near,
                    const char *what) {
  wh_text_t text = {.alloc = resolver->reading->alloc};
  wh_text_append(&text, what, strlen(what));
  wh_near_print(near, &text);
  if (text.failed)
    oom(resolver);
  else
    wh_wit_invalid(resolver, part, at, "%s", text.data);
  wh_text_free(&text);
  return false;
}

const char *wh_wit_fold(wh_wit_reading_t *reading, const char *text, size_t size) {
  char *folded = wh_arena_text(&reading->arena, text, size);
  if (!folded) {
    wh_wit_oom(reading);
    return NULL;
  }
  for (size_t i = 0; i < size; i++)
    if (folded[i] >= 'A' && folded[i] <= 'Z') folded[i] = (char)(folded[i] + 32);
  return folded;
}

static bool same_name(const name_t *a, const name_t *b) {
  return a->size == b->size && !memcmp(a->text, b->text, a->size);
}

/* ---- gates ---- */

bool wh_wit_gate(resolver_t *resolver, const ast_part_t *part, const wh_wit_notes_t *notes,
                 uint32_t at, bool *left_out) {
  const wh_wit_options_t *options = resolver->reading->options;
  const wh_wit_package_t *package = part->package->model;
  *left_out = false;
  if (notes->since) {
    if (!package->version)
      return wh_wit_invalid(resolver, part, at,
                            "what is @since a version is in a package with a version, which %s has "
                            "not",
                            package->id);
    if (wh_wit_version_compare(notes->since, package->version) > 0)
      return wh_wit_invalid(resolver, part, at, "version %s is later than that of the package, %s",
                            notes->since, package->id);
  }
  if (!notes->unstable || !options || !options->only_those_features) return true;
  *left_out = true;
  for (size_t i = 0; i < options->feature_count; i++)
    if (!strcmp(options->features[i], notes->unstable)) *left_out = false;
  return true;
}

/* ---- paths ---- */

static ast_decl_t *decl_named(resolver_t *resolver, const ast_package_t *package,
                              const name_t *name) {
  uint64_t value;
  const char *folded = wh_wit_fold(resolver->reading, name->text, name->size);
  if (!folded || !wh_map_get(&package->names, folded, name->size, &value)) return NULL;
  ast_decl_t *decl = (ast_decl_t *)(uintptr_t)value;
  return same_name(&decl->name, name) ? decl : NULL;
}

static bool no_package(resolver_t *resolver, const ast_part_t *part, const ast_path_t *path) {
  const char *id = path->package_id, *version = strchr(id, '@');
  size_t bare = version ? (size_t)(version - id) : strlen(id);
  wh_near_t near = {.wanted = id, .size = strlen(id)};
  for (size_t i = 0; i < resolver->packages.count; i++) {
    const char *other = resolver->packages.items[i]->model->id;
    if (!strncmp(other, id, bare) && (!other[bare] || other[bare] == '@'))
      return wh_wit_invalid(resolver, part, path->at, "there is no package %s, but there is %s", id,
                            other);
    wh_near_offer(&near, other, strlen(other));
  }
  wh_text_t text = {.alloc = resolver->reading->alloc};
  wh_text_printf(&text, "there is no package %s", id);
  if (text.failed)
    oom(resolver);
  else
    unknown(resolver, part, path->at, &near, text.data);
  wh_text_free(&text);
  return false;
}

static bool no_decl(resolver_t *resolver, const ast_part_t *part, const ast_package_t *package,
                    const ast_path_t *path, bool wanted_world) {
  wh_near_t near = {.wanted = path->name.text, .size = path->name.size};
  for (size_t i = 0; i < package->names.capacity; i++) {
    if (!package->names.entries[i].key) continue;
    const ast_decl_t *decl = (const ast_decl_t *)(uintptr_t)package->names.entries[i].value;
    if (decl->is_world == wanted_world) wh_near_offer(&near, decl->name.text, decl->name.size);
  }
  wh_text_t text = {.alloc = resolver->reading->alloc};
  wh_text_printf(&text, "there is no %s '%.*s' in package %s", wanted_world ? "world" : "interface",
                 WH_NAME(path->name), package->model->id);
  if (text.failed)
    oom(resolver);
  else
    unknown(resolver, part, path->name.at, &near, text.data);
  wh_text_free(&text);
  return false;
}

static bool decl_in(resolver_t *resolver, const ast_part_t *part, const ast_path_t *path,
                    bool wanted_world, ast_decl_t **out) {
  ast_package_t *package = part->package;
  if (path->package_id) {
    wh_wit_package_t *model =
        wh_wit_find_package(resolver->wit, path->package_id, strlen(path->package_id));
    if (!model) return no_package(resolver, part, path);
    package = resolver->packages.items[model->index];
    edge_t edge = {part->package->model->index, model->index, part, path->at};
    if (edge.from != edge.to && !wh_vec_push(resolver->reading->alloc, &resolver->edges, edge))
      return oom(resolver);
  }
  *out = decl_named(resolver, package, &path->name);
  if (resolver->reading->error) return false;
  return *out ? true : no_decl(resolver, part, package, path, wanted_world);
}

bool wh_wit_find_decl(resolver_t *resolver, const ast_part_t *part, const ast_path_t *path,
                      bool wanted_world, ast_decl_t **out) {
  uint64_t value;
  const ast_path_t *whole = path;
  bool left_out;
  if (!path->package_id) { /* what this file has by `use` comes before the package's own */
    const char *folded = wh_wit_fold(resolver->reading, path->name.text, path->name.size);
    TRY(folded);
    if (wh_map_get(&part->names, folded, path->name.size, &value) && value & 1) {
      const ast_use_t *use = (const ast_use_t *)(uintptr_t)(value & ~UINT64_C(1));
      if (same_name(&use->as, &path->name)) whole = &use->path;
    }
  }
  TRY(decl_in(resolver, part, whole, wanted_world, out));
  ast_decl_t *decl = *out;
  if (decl->is_world != wanted_world)
    return wh_wit_invalid(resolver, part, path->at, "'%.*s' is %s, not %s", WH_NAME(decl->name),
                          decl->is_world ? "a world" : "an interface",
                          wanted_world ? "a world" : "an interface");
  TRY(wh_wit_gate(resolver, decl->part, &decl->notes, decl->gate_at, &left_out));
  if (left_out)
    return wh_wit_invalid(resolver, part, path->at,
                          "'%.*s' is of feature %s, which is not switched on", WH_NAME(decl->name),
                          decl->notes.unstable);
  return wh_wit_resolve_decl(resolver, decl);
}

/* ---- types ---- */

static bool resolve_entry(scope_t *scope, scope_entry_t *entry);
static bool resolve_type(scope_t *scope, const ast_type_t *type, const wh_wit_type_t **out);

void wh_wit_scope_free(scope_t *scope) {
  wh_map_free(scope->resolver->reading->alloc, &scope->names);
  wh_vec_free(scope->resolver->reading->alloc, &scope->entries);
}

static bool invalid(scope_t *scope, size_t at, const char *format, ...) WH_PRINTF(3, 4);
static bool invalid(scope_t *scope, size_t at, const char *format, ...) {
  wh_text_t message = {.alloc = scope->resolver->reading->alloc};
  va_list arguments;
  va_start(arguments, format);
  wh_text_vprintf(&message, format, arguments);
  va_end(arguments);
  if (message.failed)
    oom(scope->resolver);
  else
    wh_wit_invalid(scope->resolver, scope->part, at, "%s", message.data);
  wh_text_free(&message);
  return false;
}

static bool declare(scope_t *scope, const scope_entry_t *entry) {
  wh_wit_reading_t *reading = scope->resolver->reading;
  uint64_t value;
  const char *folded = wh_wit_fold(reading, entry->name.text, entry->name.size);
  TRY(folded);
  if (wh_map_get(&scope->names, folded, entry->name.size, &value)) {
    const name_t *other = &scope->entries.items[value].name;
    return invalid(scope, entry->name.at,
                   same_name(other, &entry->name)
                       ? "'%.*s' is defined twice"
                       : "'%.*s' differs from another name here only by capitals",
                   WH_NAME(entry->name));
  }
  if (!wh_vec_push(reading->alloc, &scope->entries, *entry) ||
      !wh_map_put(reading->alloc, &scope->names, folded, entry->name.size,
                  scope->entries.count - 1))
    return oom(scope->resolver);
  return true;
}

static bool unknown_type(scope_t *scope, const name_t *name) {
  wh_near_t near = {.wanted = name->text, .size = name->size};
  for (size_t i = 0; i < scope->entries.count; i++)
    if (!scope->entries.items[i].is_func)
      wh_near_offer(&near, scope->entries.items[i].name.text, scope->entries.items[i].name.size);
  for (wh_wit_kind_t kind = 0; kind <= WH_WIT_BORROW; kind++)
    if (kind != WH_WIT_FIXED_LIST)
      wh_near_offer(&near, wh_wit_kind_name(kind), strlen(wh_wit_kind_name(kind)));
  wh_text_t text = {.alloc = scope->resolver->reading->alloc};
  wh_text_printf(&text, "there is no type '%.*s' here", WH_NAME(*name));
  if (name->size == 7 && (!memcmp(name->text, "float32", 7) || !memcmp(name->text, "float64", 7)))
    wh_text_printf(&text, "; it is called f%.2s now", name->text + 5);
  if (text.failed)
    oom(scope->resolver);
  else
    unknown(scope->resolver, scope->part, name->at, &near, text.data);
  wh_text_free(&text);
  return false;
}

static bool type_named(scope_t *scope, const name_t *name, const wh_wit_type_t **out) {
  uint64_t value;
  const char *folded = wh_wit_fold(scope->resolver->reading, name->text, name->size);
  TRY(folded);
  scope_entry_t *entry = NULL;
  if (wh_map_get(&scope->names, folded, name->size, &value)) entry = &scope->entries.items[value];
  if (!entry || !same_name(&entry->name, name)) return unknown_type(scope, name);
  if (entry->is_func) return invalid(scope, name->at, "'%.*s' is a function", WH_NAME(*name));
  if (entry->gated)
    return invalid(scope, name->at, "'%.*s' is of feature %s, which is not switched on",
                   WH_NAME(*name), entry->gated->notes.unstable);
  if (entry->busy)
    return invalid(scope, name->at, "type '%.*s' is defined by itself", WH_NAME(*name));
  TRY(resolve_entry(scope, entry));
  *out = entry->type;
  return true;
}

static bool resource_named(scope_t *scope, const name_t *name, const wh_wit_type_t **out) {
  TRY(type_named(scope, name, out));
  if ((*out)->base->kind == WH_WIT_RESOURCE) return true;
  return invalid(scope, name->at, "'%.*s' is not a resource", WH_NAME(*name));
}

static bool made(scope_t *scope, const ast_type_t *type, const wh_wit_type_t *result,
                 const wh_wit_type_t **out) {
  if (!result) return oom(scope->resolver);
  if (result->depth > WH_MAX_TYPE_DEPTH)
    return too_deep(scope->resolver, scope->part, type->at, "types are");
  *out = result;
  return true;
}

static bool is_deeper(scope_t *scope, const ast_type_t *type) {
  if (++scope->resolver->nesting <= 2 * WH_MAX_TYPE_DEPTH) return false;
  return !too_deep(scope->resolver, scope->part, type->at, "types are");
}

static bool resolve_tuple(scope_t *scope, const ast_type_t *type, const wh_wit_type_t **out) {
  wh_wit_reading_t *reading = scope->resolver->reading;
  const wh_wit_type_t **parts = wh_alloc_array(reading->alloc, type->count, sizeof *parts);
  if (!parts) return oom(scope->resolver);
  bool good = !is_deeper(scope, type);
  size_t count = 0;
  for (const ast_type_t *part = type->first; good && part; part = part->next)
    good = resolve_type(scope, part, &parts[count++]);
  const wh_wit_type_t *tuple =
      good ? wh_wit_make_tuple(scope->resolver->wit, parts, type->count) : NULL;
  wh_free(reading->alloc, parts, type->count * sizeof *parts);
  scope->resolver->nesting--;
  return good && made(scope, type, tuple, out);
}

static bool is_key(const wh_wit_type_t *type) {
  return type->base->kind <= WH_WIT_STRING && type->base->kind != WH_WIT_F32 &&
         type->base->kind != WH_WIT_F64;
}

/* The type of a value. */
static bool resolve_type(scope_t *scope, const ast_type_t *type, const wh_wit_type_t **out) {
  wh_wit_t *wit = scope->resolver->wit;
  const wh_wit_type_t *first = NULL, *second = NULL;
  switch (type->kind) {
  case AST_NAME:
    TRY(type_named(scope, &type->name, out));
    if ((*out)->base->kind != WH_WIT_RESOURCE) return true;
    return made(scope, type, wh_wit_make(wit, WH_WIT_OWN, *out, NULL, 0), out);
  case WH_WIT_OWN:
  case WH_WIT_BORROW: TRY(resource_named(scope, &type->name, &first)); break;
  case WH_WIT_TUPLE: return resolve_tuple(scope, type, out);
  default:
    if (type->kind <= WH_WIT_ERROR_CONTEXT) return *out = wh_wit_plain(wit, type->kind), true;
    if (is_deeper(scope, type)) return false;
    if (type->first) TRY(resolve_type(scope, type->first, &first));
    if (type->second) TRY(resolve_type(scope, type->second, &second));
    scope->resolver->nesting--;
  }
  if (type->kind == WH_WIT_MAP && !is_key(first))
    return invalid(scope, type->first->at,
                   "the keys of a map are numbers but floats, bool, char or string");
  if ((type->kind == WH_WIT_STREAM || type->kind == WH_WIT_FUTURE) && first && first->has_borrow)
    return invalid(scope, type->first->at, "a %s does not carry borrowed resources",
                   wh_wit_kind_name(type->kind));
  return made(scope, type, wh_wit_make(wit, type->kind, first, second, type->length), out);
}

/* Fields, cases, labels and parameters; skip: room for self before them. */
static bool resolve_fields(scope_t *scope, const ast_field_t *list, uint32_t count, uint32_t skip,
                           const char *what, wh_wit_field_t **out) {
  resolver_t *resolver = scope->resolver;
  wh_wit_field_t *fields = wh_wit_alloc(resolver->wit, ((size_t)count + skip) * sizeof *fields);
  if (!fields) return oom(resolver);
  wh_map_t seen = {0};
  bool good = true;
  uint32_t i = skip;
  if (skip) good = wh_map_put(resolver->reading->alloc, &seen, "self", 4, 0) || oom(resolver);
  for (const ast_field_t *field = list; good && field; field = field->next, i++) {
    uint64_t value;
    const char *folded = wh_wit_fold(resolver->reading, field->name.text, field->name.size);
    good = folded != NULL;
    if (good && wh_map_get(&seen, folded, field->name.size, &value))
      good =
          invalid(scope, field->name.at, "%s '%.*s' is there already", what, WH_NAME(field->name));
    if (good && !wh_map_put(resolver->reading->alloc, &seen, folded, field->name.size, 0))
      good = oom(resolver);
    if (good) {
      fields[i].docs = field->docs;
      fields[i].name = wh_wit_text(resolver->wit, field->name.text, field->name.size);
      good = fields[i].name ? true : oom(resolver);
    }
    if (good && field->type) good = resolve_type(scope, field->type, &fields[i].type);
  }
  wh_map_free(resolver->reading->alloc, &seen);
  *out = fields;
  return good;
}

static bool define(scope_t *scope, const ast_item_t *item, const wh_wit_type_t *first,
                   const wh_wit_field_t *fields, wh_wit_type_t **out) {
  resolver_t *resolver = scope->resolver;
  const char *name = wh_wit_text(resolver->wit, item->name.text, item->name.size);
  *out = name ? wh_wit_define(resolver->wit, item->type_kind, name, scope->interface, scope->world,
                              first, fields, item->field_count)
              : NULL;
  if (!*out) return oom(resolver);
  (*out)->notes = item->notes;
  if ((*out)->depth > WH_MAX_TYPE_DEPTH)
    return too_deep(resolver, scope->part, item->name.at, "types are");
  return true;
}

static bool resolve_definition(scope_t *scope, const ast_item_t *item, wh_wit_type_t **out) {
  static const char *const words[] = {[WH_WIT_RECORD] = "field",
                                      [WH_WIT_VARIANT] = "case",
                                      [WH_WIT_ENUM] = "case",
                                      [WH_WIT_FLAGS] = "label"};
  const wh_wit_type_t *first = NULL;
  wh_wit_field_t *fields = NULL;
  switch (item->type_kind) {
  case WH_WIT_RESOURCE: break;
  case WH_WIT_ALIAS: /* the name of a resource is the resource here, not a handle */
    if (item->target->kind == AST_NAME)
      TRY(type_named(scope, &item->target->name, &first));
    else
      TRY(resolve_type(scope, item->target, &first));
    break;
  default:
    if (item->type_kind == WH_WIT_FLAGS && item->field_count > 32)
      return invalid(scope, item->name.at, "flags have at most 32 labels, not %u",
                     item->field_count);
    TRY(resolve_fields(scope, item->fields, item->field_count, 0, words[item->type_kind], &fields));
  }
  return define(scope, item, first, fields, out);
}

static bool resolve_entry(scope_t *scope, scope_entry_t *entry) {
  resolver_t *resolver = scope->resolver;
  if (entry->type) return true;
  if (++resolver->chain > WH_WIT_MAX_CHAIN)
    return too_deep(resolver, scope->part, entry->name.at, "definitions are");
  entry->busy = true;
  TRY(resolve_definition(scope, entry->item, &entry->type));
  entry->busy = false;
  resolver->chain--;
  return true;
}

/* ---- use ---- */

static bool no_used_type(scope_t *scope, const ast_decl_t *decl, const name_t *name) {
  wh_near_t near = {.wanted = name->text, .size = name->size};
  for (const ast_item_t *item = decl->items; item; item = item->next) {
    if (item->kind == AST_FUNC && same_name(&item->name, name))
      return invalid(scope, name->at, "'%.*s' is a function of '%.*s', not a type", WH_NAME(*name),
                     WH_NAME(decl->name));
    if (item->kind == AST_TYPE && same_name(&item->name, name))
      return invalid(scope, name->at, "'%.*s' is of feature %s, which is not switched on",
                     WH_NAME(*name), item->notes.unstable);
    if (item->kind == AST_TYPE) wh_near_offer(&near, item->name.text, item->name.size);
  }
  wh_text_t text = {.alloc = scope->resolver->reading->alloc};
  wh_text_printf(&text, "interface '%.*s' has no type '%.*s'", WH_NAME(decl->name), WH_NAME(*name));
  if (text.failed)
    oom(scope->resolver);
  else
    unknown(scope->resolver, scope->part, name->at, &near, text.data);
  wh_text_free(&text);
  return false;
}

static bool resolve_use(scope_t *scope, const ast_item_t *item) {
  resolver_t *resolver = scope->resolver;
  ast_decl_t *decl;
  TRY(wh_wit_find_decl(resolver, scope->part, &item->path, false, &decl));
  wh_wit_interface_t *used = decl->interface;
  if (scope->interface) {
    if (used->height >= WH_WIT_MAX_CHAIN)
      return too_deep(resolver, scope->part, item->path.at, "interfaces that use others are");
    if (!wh_wit_add_use(resolver->wit, scope->interface, used)) return oom(resolver);
  }
  for (const ast_rename_t *rename = item->names; rename; rename = rename->next) {
    const wh_wit_type_t *type = wh_wit_find_type(used, rename->name.text, rename->name.size);
    if (!type) return no_used_type(scope, decl, &rename->name);
    ast_item_t alias = {.type_kind = WH_WIT_ALIAS, .name = rename->as, .notes = item->notes};
    scope_entry_t entry = {.name = rename->as};
    alias.notes.docs = NULL;
    TRY(define(scope, &alias, type, NULL, &entry.type));
    TRY(declare(scope, &entry));
  }
  return true;
}

/* The names of a `use` that is left out for its feature are known, to tell why they are not there. */
static bool declare_gated(scope_t *scope, const ast_item_t *item) {
  scope_entry_t entry = {.name = item->name, .gated = item};
  if (item->kind == AST_TYPE) return declare(scope, &entry);
  for (const ast_rename_t *rename = item->names; rename; rename = rename->next) {
    entry.name = rename->as;
    TRY(declare(scope, &entry));
  }
  return true;
}

bool wh_wit_resolve_types(scope_t *scope, ast_item_t *items) {
  resolver_t *resolver = scope->resolver;
  bool left_out;
  for (ast_item_t *item = items; item; item = item->next) {
    if (item->kind != AST_USE && item->kind != AST_TYPE && item->kind != AST_FUNC) continue;
    TRY(wh_wit_gate(resolver, scope->part, &item->notes, item->gate_at, &left_out));
    if (left_out) {
      if (item->kind != AST_FUNC) TRY(declare_gated(scope, item));
    } else if (item->kind == AST_USE) {
      TRY(resolve_use(scope, item));
    } else {
      scope_entry_t entry = {.name = item->name, .item = item, .is_func = item->kind == AST_FUNC};
      TRY(declare(scope, &entry));
    }
  }
  for (size_t i = 0; i < scope->entries.count; i++) {
    scope_entry_t *entry = &scope->entries.items[i];
    if (entry->is_func || entry->gated) continue;
    TRY(resolve_entry(scope, entry));
    if (scope->interface && !wh_wit_add_type(resolver->wit, scope->interface, entry->type))
      return oom(resolver);
  }
  return true;
}

/* ---- functions ---- */

static bool check_constructor(scope_t *scope, const ast_func_t *func, const wh_wit_type_t *resource,
                              const wh_wit_type_t *result) {
  if (result->kind != WH_WIT_RESULT)
    return invalid(scope, func->result->at,
                   "a constructor returns nothing that is said, or a result<%s, …>",
                   resource->name);
  if (!result->first || result->first->kind != WH_WIT_OWN || result->first->first != resource)
    return invalid(scope, func->result->at, "the first type of the result must be '%s'",
                   resource->name);
  return true;
}

bool wh_wit_resolve_func(scope_t *scope, const ast_item_t *item, wh_wit_type_t *resource,
                         wh_wit_func_t **out) {
  resolver_t *resolver = scope->resolver;
  const ast_func_t *func = item->func;
  wh_wit_field_t *params;
  const wh_wit_type_t *result = NULL;
  uint32_t self = func->kind == WH_WIT_METHOD;
  TRY(resolve_fields(scope, func->params, func->param_count, self, "parameter", &params));
  if (self) {
    params[0].name = wh_wit_text(resolver->wit, "self", 4);
    params[0].type = wh_wit_make(resolver->wit, WH_WIT_BORROW, resource, NULL, 0);
    if (!params[0].name || !params[0].type) return oom(resolver);
  }
  if (func->result) TRY(resolve_type(scope, func->result, &result));
  if (func->kind == WH_WIT_CONSTRUCTOR) {
    if (result) TRY(check_constructor(scope, func, resource, result));
    if (!result && !(result = wh_wit_make(resolver->wit, WH_WIT_OWN, resource, NULL, 0)))
      return oom(resolver);
  }
  if (result && result->has_borrow)
    return invalid(scope, func->result->at, "'%.*s' returns a borrowed resource, which none may",
                   WH_NAME(item->name));
  const char *name = wh_wit_text(resolver->wit, item->name.text, item->name.size);
  *out = name ? wh_wit_func(resolver->wit, func->kind, name, resource, params,
                            func->param_count + self, result)
              : NULL;
  if (!*out) return oom(resolver);
  (*out)->is_async = func->is_async;
  (*out)->notes = item->notes;
  return true;
}

/* Constructor, methods and statics; interface NULL: of a world's resource. */
static bool resource_funcs(scope_t *scope, const ast_item_t *item, wh_wit_type_t *resource) {
  resolver_t *resolver = scope->resolver;
  wh_map_t seen = {0};
  bool good = true, left_out;
  for (const ast_item_t *func = item->items; good && func; func = func->next) {
    wh_wit_func_t *made_func;
    uint64_t value;
    /* A constructor has no name that another function could have: its key is one that none has. */
    bool is_constructor = func->func->kind == WH_WIT_CONSTRUCTOR;
    const char *key =
        is_constructor ? "." : wh_wit_fold(resolver->reading, func->name.text, func->name.size);
    size_t size = is_constructor ? 1 : func->name.size;
    if (!key) good = false;
    if (good && wh_map_get(&seen, key, size, &value))
      good = invalid(scope, func->name.at,
                     is_constructor ? "resource '%.*s' has a constructor already"
                                    : "the resource has a '%.*s' already",
                     WH_NAME(func->name));
    if (good && !is_constructor && func->name.size == item->name.size) {
      const char *own = wh_wit_fold(resolver->reading, item->name.text, item->name.size);
      if (!own)
        good = false;
      else if (!memcmp(own, key, size))
        good = invalid(scope, func->name.at, "'%.*s' is called as its resource is",
                       WH_NAME(func->name));
    }
    if (good && !wh_map_put(resolver->reading->alloc, &seen, key, size, 0)) good = oom(resolver);
    if (good) good = wh_wit_gate(resolver, scope->part, &func->notes, func->gate_at, &left_out);
    if (good && !left_out) {
      good = wh_wit_resolve_func(scope, func, resource, &made_func);
      if (good && !wh_wit_add_func(resolver->wit, scope->interface, made_func))
        good = oom(resolver);
    }
  }
  wh_map_free(resolver->reading->alloc, &seen);
  return good;
}

bool wh_wit_resolve_interface(scope_t *scope, ast_item_t *items) {
  bool left_out;
  TRY(wh_wit_resolve_types(scope, items));
  for (ast_item_t *item = items; scope->interface && item; item = item->next) {
    wh_wit_func_t *func;
    if (item->kind != AST_FUNC) continue;
    TRY(wh_wit_gate(scope->resolver, scope->part, &item->notes, item->gate_at, &left_out));
    if (left_out) continue;
    TRY(wh_wit_resolve_func(scope, item, NULL, &func));
    if (!wh_wit_add_func(scope->resolver->wit, scope->interface, func)) return oom(scope->resolver);
  }
  for (size_t i = 0; i < scope->entries.count; i++) {
    const scope_entry_t *entry = &scope->entries.items[i];
    if (entry->item && entry->item->items) TRY(resource_funcs(scope, entry->item, entry->type));
  }
  return true;
}

bool wh_wit_resolve_decl(resolver_t *resolver, ast_decl_t *decl) {
  if (decl->state == AST_DONE) return true;
  if (decl->state == AST_BUSY)
    return wh_wit_invalid(resolver, decl->part, decl->name.at,
                          decl->is_world ? "world '%.*s' includes itself"
                                         : "interface '%.*s' uses itself",
                          WH_NAME(decl->name));
  if (++resolver->chain > WH_WIT_MAX_CHAIN)
    return too_deep(resolver, decl->part, decl->name.at, "definitions are");
  decl->state = AST_BUSY;
  bool good;
  if (decl->is_world) {
    good = wh_wit_resolve_world(resolver, decl);
  } else {
    scope_t scope = {.resolver = resolver, .part = decl->part, .interface = decl->interface};
    good = wh_wit_resolve_interface(&scope, decl->items);
    wh_wit_scope_free(&scope);
  }
  decl->state = AST_DONE;
  resolver->chain--;
  return good;
}

/* ---- packages ---- */

/* The package that a part is of, made if this is the first. */
static bool take_package(resolver_t *resolver, ast_part_t *part, bool *is_new) {
  wh_wit_reading_t *reading = resolver->reading;
  size_t before = resolver->wit->packages.count;
  wh_wit_package_t *model =
      wh_wit_package(resolver->wit, part->name_space, part->name, part->version);
  if (!model) return oom(resolver);
  *is_new = resolver->wit->packages.count > before;
  if (*is_new) {
    ast_package_t *package = wh_arena_alloc(&reading->arena, sizeof *package);
    if (!package) return oom(resolver);
    package->model = model;
    package->by = part;
    if (!wh_vec_push(reading->alloc, &resolver->packages, package)) return oom(resolver);
  }
  part->package = resolver->packages.items[model->index];
  return true;
}

static bool take_docs(resolver_t *resolver, const ast_part_t *part) {
  if (!part->docs) return true;
  if (part->package->model->docs)
    return wh_wit_invalid(resolver, part, part->at,
                          "the package has doc comments in another file already");
  part->package->model->docs = part->docs;
  return true;
}

static bool twice(resolver_t *resolver, const ast_part_t *part) {
  const char *where = part->package->by->source->name;
  return wh_wit_invalid(resolver, part, part->at, "package %s is defined in another place%s%s too",
                        part->package_id, where ? ", " : "", where ? where : "");
}

/* The files of a group are one package, named by one of them at least. */
static bool take_group(resolver_t *resolver, uint32_t group) {
  ast_part_t *named = NULL, *any = NULL;
  bool is_new;
  for (ast_part_t *part = resolver->reading->parts; part; part = part->next) {
    if (part->source->group != group || part->is_nested) continue;
    any = part;
    if (!part->package_id) continue;
    if (named && strcmp(named->package_id, part->package_id))
      return wh_wit_invalid(resolver, part, part->at,
                            "package %s here, but %s in another file beside it", part->package_id,
                            named->package_id);
    if (!named) named = part;
  }
  if (!any) return true;
  if (!named) {
    if (group && !any->decls && !any->uses) return true; /* packages in braces alone */
    return wh_wit_invalid(resolver, any, 0,
                          "no package is named: a text begins with 'package namespace:name;'");
  }
  TRY(take_package(resolver, named, &is_new));
  if (!is_new) return twice(resolver, named);
  for (ast_part_t *part = resolver->reading->parts; part; part = part->next) {
    if (part->source->group != group || part->is_nested) continue;
    part->package = named->package;
    TRY(take_docs(resolver, part));
  }
  return true;
}

/* A package in braces may stand in several dependencies, if it is the same in all. */
static bool take_nested(resolver_t *resolver, ast_part_t *part) {
  bool is_new;
  TRY(take_package(resolver, part, &is_new));
  if (is_new) return take_docs(resolver, part);
  if (!part->package->by->is_nested || !wh_wit_same_text(part, part->package->by))
    return twice(resolver, part);
  part->package = NULL;
  return true;
}

static bool take_decl(resolver_t *resolver, ast_part_t *part, ast_decl_t *decl) {
  wh_wit_reading_t *reading = resolver->reading;
  ast_package_t *package = part->package;
  uint64_t value;
  bool left_out;
  const char *folded = wh_wit_fold(reading, decl->name.text, decl->name.size);
  TRY(folded);
  if (wh_map_get(&package->names, folded, decl->name.size, &value))
    return wh_wit_invalid(resolver, part, decl->name.at, "'%.*s' is defined twice in package %s",
                          WH_NAME(decl->name), package->model->id);
  if (!wh_map_put(reading->alloc, &package->names, folded, decl->name.size,
                  (uint64_t)(uintptr_t)decl) ||
      !wh_map_put(reading->alloc, &part->names, folded, decl->name.size, (uint64_t)(uintptr_t)decl))
    return oom(resolver);
  TRY(wh_wit_gate(resolver, part, &decl->notes, decl->gate_at, &left_out));
  if (left_out) {
    decl->state = AST_DONE;
    return true;
  }
  const char *name = wh_wit_text(resolver->wit, decl->name.text, decl->name.size);
  if (name && decl->is_world) {
    if ((decl->world = wh_wit_world(resolver->wit, package->model, name)))
      decl->world->notes = decl->notes;
  } else if (name) {
    if ((decl->interface = wh_wit_interface(resolver->wit, package->model, name)))
      decl->interface->notes = decl->notes;
  }
  return decl->world || decl->interface ? true : oom(resolver);
}

static bool take_uses(resolver_t *resolver, ast_part_t *part) {
  wh_wit_reading_t *reading = resolver->reading;
  for (ast_use_t *use = part->uses; use; use = use->next) {
    uint64_t value;
    const char *folded = wh_wit_fold(reading, use->as.text, use->as.size);
    TRY(folded);
    if (wh_map_get(&part->names, folded, use->as.size, &value))
      return wh_wit_invalid(resolver, part, use->as.at, "'%.*s' means something here already",
                            WH_NAME(use->as));
    if (!wh_map_put(reading->alloc, &part->names, folded, use->as.size,
                    (uint64_t)(uintptr_t)use | 1))
      return oom(resolver);
  }
  return true;
}

/* What is used must be there, whether its name is used or not. */
static bool check_uses(resolver_t *resolver, ast_part_t *part) {
  ast_decl_t *decl;
  for (const ast_use_t *use = part->uses; use; use = use->next)
    TRY(decl_in(resolver, part, &use->path, false, &decl));
  return true;
}

/* Packages that need no other go first, then those that need only these, …: none may be left. */
static bool check_package_cycles(resolver_t *resolver) {
  wh_alloc_t *alloc = resolver->reading->alloc;
  size_t count = resolver->packages.count, edges = resolver->edges.count, done = 0;
  uint32_t *needs = wh_alloc_array(alloc, count + 1, sizeof *needs);
  uint32_t *start = wh_alloc_array(alloc, count + 1, sizeof *start);
  uint32_t *ready = wh_alloc_array(alloc, count + 1, sizeof *ready);
  uint32_t *users = wh_alloc_array(alloc, edges + 1, sizeof *users);
  bool good = needs && start && ready && users;
  if (!good) oom(resolver);
  for (size_t i = 0; good && i < edges; i++) {
    needs[resolver->edges.items[i].from]++;
    start[resolver->edges.items[i].to + 1]++;
  }
  for (size_t i = 0; good && i < count; i++) start[i + 1] += start[i];
  for (size_t i = 0; good && i < edges; i++) /* start moves to its end, one place on */
    users[start[resolver->edges.items[i].to]++] = resolver->edges.items[i].from;
  for (size_t i = 0; good && i < count; i++)
    if (!needs[i]) ready[done++] = (uint32_t)i;
  for (size_t i = 0; good && i < done; i++)
    for (uint32_t k = ready[i] ? start[ready[i] - 1] : 0; k < start[ready[i]]; k++)
      if (--needs[users[k]] == 0) ready[done++] = users[k];
  for (size_t i = 0; good && done < count && i < edges; i++) {
    const edge_t *edge = &resolver->edges.items[i];
    if (!needs[edge->from] || !needs[edge->to]) continue;
    good = wh_wit_invalid(resolver, edge->part, edge->at,
                          "package %s and package %s need each other, directly or by others",
                          resolver->packages.items[edge->from]->model->id,
                          resolver->packages.items[edge->to]->model->id);
  }
  wh_free(alloc, needs, (count + 1) * sizeof *needs);
  wh_free(alloc, start, (count + 1) * sizeof *start);
  wh_free(alloc, ready, (count + 1) * sizeof *ready);
  wh_free(alloc, users, (edges + 1) * sizeof *users);
  return good;
}

static bool resolve(resolver_t *resolver, uint32_t groups) {
  ast_part_t *parts = resolver->reading->parts;
  for (uint32_t group = 0; group < groups; group++) {
    TRY(take_group(resolver, group));
    if (group) continue;
    if (!resolver->packages.count) return resolver->reading->error ? false : oom(resolver);
  }
  for (ast_part_t *part = parts; part; part = part->next)
    if (part->is_nested) TRY(take_nested(resolver, part));
  for (ast_part_t *part = parts; part; part = part->next) {
    if (!part->package) continue;
    for (ast_decl_t *decl = part->decls; decl; decl = decl->next)
      TRY(take_decl(resolver, part, decl));
    TRY(take_uses(resolver, part));
  }
  for (ast_part_t *part = parts; part; part = part->next)
    if (part->package) TRY(check_uses(resolver, part));
  for (ast_part_t *part = parts; part; part = part->next)
    for (ast_decl_t *decl = part->package ? part->decls : NULL; decl; decl = decl->next)
      TRY(wh_wit_resolve_decl(resolver, decl));
  return check_package_cycles(resolver);
}

wherry_error_t *wh_wit_parse(wh_alloc_t *alloc, const wh_wit_source_t *sources, size_t count,
                             const wh_wit_options_t *options, wh_wit_t **out) {
  wh_wit_reading_t reading = {.alloc = alloc, .arena = {.alloc = alloc}, .options = options};
  resolver_t resolver = {.reading = &reading};
  uint32_t groups = 0;
  *out = NULL;
  wherry_error_t *error = wh_wit_new(alloc, &reading.wit);
  if (error) return error;
  resolver.wit = reading.wit;
  reading.last_part = &reading.parts;
  bool good = true;
  for (size_t i = 0; good && i < count; i++) {
    good = wh_wit_read_source(&reading, &sources[i]);
    if (sources[i].group >= groups) groups = sources[i].group + 1;
  }
  if (good) good = resolve(&resolver, groups);
  for (size_t i = 0; i < resolver.packages.count; i++)
    wh_map_free(alloc, &resolver.packages.items[i]->names);
  for (ast_part_t *part = reading.parts; part; part = part->next) wh_map_free(alloc, &part->names);
  wh_vec_free(alloc, &resolver.packages);
  wh_vec_free(alloc, &resolver.edges);
  wh_arena_free(&reading.arena);
  if (!good) {
    wh_wit_free(reading.wit);
    return reading.error;
  }
  *out = reading.wit;
  return NULL;
}
