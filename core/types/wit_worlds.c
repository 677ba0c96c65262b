/* Worlds of WIT text: imports and exports, `include`, and the imports that follow from them. */
#include "wit_resolve.h"

#define TRY(call)              \
  do {                         \
    if (!(call)) return false; \
  } while (0)

enum { MARK_IMPORTED, MARK_EXPORTED, MARK_NEEDED }; /* of interfaces: the world's number */

typedef WH_WIT_LIST(wh_wit_item_t) items_t;

typedef struct worlding {
  resolver_t *resolver;
  wh_wit_t *wit;
  ast_decl_t *decl;
  scope_t scope;
  wh_map_t imports, exports; /* folded labels and ids -> index in the decl's lists */
} worlding_t;

static bool oom(worlding_t *w) { return wh_wit_oom(w->resolver->reading); }

static bool invalid_label(worlding_t *w, size_t at, const char *format, const char *name) {
  wh_text_t text = {.alloc = w->resolver->reading->alloc};
  wh_text_name(&text, name, strlen(name));
  if (text.failed) {
    oom(w);
  } else {
    wh_wit_invalid(w->resolver, w->decl->part, at, "%s %s", text.data, format);
  }
  wh_text_free(&text);
  return false;
}

/* `include` multiplies what a text says, so that what it says has to end. */
static bool count_items(worlding_t *w, size_t at, size_t count) {
  if ((w->wit->item_count += count) <= WH_WIT_MAX_ITEMS) return true;
  return wh_wit_fail(w->resolver->reading, WHERRY_ERROR_LIMIT, w->decl->part->source, at,
                     "worlds with more than %d items in all", WH_WIT_MAX_ITEMS);
}

static const char *key_of(worlding_t *w, const wh_wit_item_t *item) {
  if (!item->name) return item->of.interface->id;
  return wh_wit_fold(w->resolver->reading, item->name, strlen(item->name));
}

static bool add(worlding_t *w, const wh_wit_item_t *item, bool is_export, size_t at,
                bool included) {
  ast_decl_t *decl = w->decl;
  wh_map_t *names = is_export ? &w->exports : &w->imports;
  const char *key = key_of(w, item);
  uint64_t place;
  TRY(key);
  if (wh_map_get(names, key, strlen(key), &place)) {
    if (included && !item->name) return true;
    return invalid_label(w, at,
                         !included   ? is_export ? "is exported already" : "is imported already"
                         : is_export ? "is exported already; 'with { … as … }' gives another name"
                                     : "is imported already; 'with { … as … }' gives another name",
                         item->name ? item->name : item->of.interface->id);
  }
  TRY(count_items(w, at, 1));
  size_t count = is_export ? decl->exports.count : decl->imports.count;
  bool pushed = is_export ? wh_wit_push(w->wit, &decl->exports, *item)
                          : wh_wit_push(w->wit, &decl->imports, *item);
  if (!pushed || !wh_map_put(w->resolver->reading->alloc, names, key, strlen(key), count))
    return oom(w);
  return true;
}

/* ---- import, export ---- */

static bool add_extern(worlding_t *w, const ast_item_t *item) {
  resolver_t *resolver = w->resolver;
  ast_decl_t *decl;
  wh_wit_item_t made = {.kind = WH_WIT_ITEM_INTERFACE, .notes = item->notes};
  size_t at = item->has_name ? item->name.at : item->path.at;
  if (item->has_name && !(made.name = wh_wit_text(w->wit, item->name.text, item->name.size)))
    return oom(w);
  if (item->extern_kind == AST_EXTERN_FUNC) {
    made.kind = WH_WIT_ITEM_FUNC;
    TRY(wh_wit_resolve_func(&w->scope, item, NULL, &made.of.func));
    made.notes = (wh_wit_notes_t) {0};
  } else if (item->extern_kind == AST_EXTERN_PATH) {
    TRY(wh_wit_find_decl(resolver, w->decl->part, &item->path, false, &decl));
    made.of.interface = decl->interface;
  } else {
    scope_t scope = {.resolver = resolver, .part = w->decl->part};
    scope.interface = wh_wit_interface(w->wit, w->decl->part->package->model, NULL);
    if (!scope.interface) return oom(w);
    bool good = wh_wit_resolve_interface(&scope, item->items);
    wh_wit_scope_free(&scope);
    if (!good) return false;
    made.of.interface = scope.interface;
  }
  return add(w, &made, item->kind == AST_EXPORT, at, false);
}

/* ---- include ---- */

typedef struct including {
  worlding_t *w;
  const ast_item_t *item;
  wh_map_t names;  /* of `with`: -> ast_rename_t */
  wh_map_t copies; /* indices of types -> their copies in this world */
  bool has_types;  /* of the included world's own: functions that use them are made anew */
  bool is_foreign; /* of another package: its versions and features are not this one's */
} including_t;

static const char *renamed(including_t *inc, const char *name) {
  uint64_t value;
  if (!wh_map_get(&inc->names, name, strlen(name), &value)) return name;
  ast_rename_t *rename = (ast_rename_t *)(uintptr_t)value;
  rename->used = true;
  const char *result = wh_wit_text(inc->w->wit, rename->as.text, rename->as.size);
  if (!result) oom(inc->w);
  return result;
}

static const wh_wit_type_t *copy_type(including_t *inc, const wh_wit_type_t *type);

static bool copy_fields(including_t *inc, const wh_wit_field_t *from, uint32_t count,
                        const wh_wit_field_t **out) {
  *out = NULL;
  if (!count) return true;
  TRY(count_items(inc->w, inc->item->path.at, count));
  wh_wit_field_t *fields = wh_wit_alloc(inc->w->wit, count * sizeof *fields);
  if (!fields) return oom(inc->w);
  for (uint32_t i = 0; i < count; i++) {
    fields[i] = from[i];
    if (from[i].type && !(fields[i].type = copy_type(inc, from[i].type))) return false;
  }
  *out = fields;
  return true;
}

static wh_wit_notes_t notes_of(const including_t *inc, const wh_wit_notes_t *notes) {
  wh_wit_notes_t kept = *notes;
  if (inc->is_foreign) kept.since = kept.unstable = kept.deprecated = NULL;
  return kept;
}

static wh_wit_func_t *copy_func(including_t *inc, const wh_wit_func_t *func, const char *name,
                                wh_wit_type_t *resource) {
  const wh_wit_field_t *params = func->params;
  const wh_wit_type_t *result = func->result;
  if (inc->has_types) {
    if (!copy_fields(inc, func->params, func->param_count, &params)) return NULL;
    if (result && !(result = copy_type(inc, result))) return NULL;
  }
  wh_wit_func_t *copy =
      wh_wit_func(inc->w->wit, func->kind, name, resource, params, func->param_count, result);
  if (!copy) {
    oom(inc->w);
    return NULL;
  }
  copy->is_async = func->is_async;
  copy->notes = notes_of(inc, &func->notes);
  return copy;
}

static bool remember(including_t *inc, const wh_wit_type_t *type, const wh_wit_type_t *copy) {
  return wh_map_put(inc->w->resolver->reading->alloc, &inc->copies, (const char *)&type->index,
                    sizeof type->index, (uint64_t)(uintptr_t)copy) ||
         oom(inc->w);
}

static wh_wit_type_t *copy_named(including_t *inc, const wh_wit_type_t *type) {
  const wh_wit_type_t *first = NULL;
  const wh_wit_field_t *fields;
  const char *name = renamed(inc, type->name);
  if (!name || (type->first && !(first = copy_type(inc, type->first)))) return NULL;
  if (!copy_fields(inc, type->fields, type->field_count, &fields)) return NULL;
  wh_wit_type_t *copy = wh_wit_define(inc->w->wit, type->kind, name, NULL, inc->w->decl->world,
                                      first, fields, type->field_count);
  if (!copy) {
    oom(inc->w);
    return NULL;
  }
  copy->notes = notes_of(inc, &type->notes);
  if (!remember(inc, type, copy)) return NULL;
  for (size_t i = 0; i < type->funcs.count; i++) {
    const wh_wit_func_t *func = type->funcs.items[i];
    wh_wit_func_t *method = copy_func(inc, func, func->name, copy);
    if (!method) return NULL;
    if (!wh_wit_add_func(inc->w->wit, NULL, method)) {
      oom(inc->w);
      return NULL;
    }
  }
  return copy;
}

/* Types of interfaces stay what they are; those of the included world become this world's. */
static const wh_wit_type_t *copy_type(including_t *inc, const wh_wit_type_t *type) {
  wh_wit_t *wit = inc->w->wit;
  uint64_t value;
  if (type->interface || type->kind <= WH_WIT_ERROR_CONTEXT) return type;
  if (wh_map_get(&inc->copies, (const char *)&type->index, sizeof type->index, &value))
    return (const wh_wit_type_t *)(uintptr_t)value;
  if (type->world) return copy_named(inc, type);
  const wh_wit_type_t *first = NULL, *second = NULL, *copy;
  if (type->first && !(first = copy_type(inc, type->first))) return NULL;
  if (type->second && !(second = copy_type(inc, type->second))) return NULL;
  if (type->kind == WH_WIT_TUPLE) {
    const wh_wit_type_t **parts = wh_alloc_array(wit->alloc, type->field_count, sizeof *parts);
    bool good = parts != NULL;
    for (uint32_t i = 0; good && i < type->field_count; i++)
      good = (parts[i] = copy_type(inc, type->fields[i].type)) != NULL;
    copy = good ? wh_wit_make_tuple(wit, parts, type->field_count) : NULL;
    wh_free(wit->alloc, parts, type->field_count * sizeof *parts);
  } else {
    copy = wh_wit_make(wit, type->kind, first, second, type->length);
  }
  if (!copy) {
    oom(inc->w);
    return NULL;
  }
  return remember(inc, type, copy) ? copy : NULL;
}

static bool include_item(including_t *inc, const wh_wit_item_t *item, bool is_export) {
  wh_wit_item_t made = *item;
  made.notes = notes_of(inc, &item->notes);
  if (item->name && !(made.name = renamed(inc, item->name))) return false;
  if (item->kind == WH_WIT_ITEM_TYPE) {
    const wh_wit_type_t *copy = copy_type(inc, item->of.type);
    TRY(copy);
    made.of.type = (wh_wit_type_t *)(uintptr_t)copy;
  } else if (item->kind == WH_WIT_ITEM_FUNC &&
             (inc->has_types || inc->is_foreign || made.name != item->name)) {
    TRY(made.of.func = copy_func(inc, item->of.func, made.name, NULL));
  }
  return add(inc->w, &made, is_export, inc->item->path.at, true);
}

static bool include_items(including_t *inc, const ast_decl_t *from) {
  wh_alloc_t *alloc = inc->w->resolver->reading->alloc;
  uint64_t value;
  for (ast_rename_t *rename = inc->item->names; rename; rename = rename->next) {
    if (wh_map_get(&inc->names, rename->name.text, rename->name.size, &value))
      return wh_wit_invalid(inc->w->resolver, inc->w->decl->part, rename->name.at,
                            "'%.*s' has a new name already", WH_NAME(rename->name));
    if (!wh_map_put(alloc, &inc->names, rename->name.text, rename->name.size,
                    (uint64_t)(uintptr_t)rename))
      return oom(inc->w);
  }
  for (size_t i = 0; i < from->imports.count; i++)
    if (from->imports.items[i].kind == WH_WIT_ITEM_TYPE) inc->has_types = true;
  for (size_t i = 0; i < from->imports.count; i++)
    TRY(include_item(inc, &from->imports.items[i], false));
  for (size_t i = 0; i < from->exports.count; i++)
    TRY(include_item(inc, &from->exports.items[i], true));
  for (const ast_rename_t *rename = inc->item->names; rename; rename = rename->next)
    if (!rename->used)
      return wh_wit_invalid(inc->w->resolver, inc->w->decl->part, rename->name.at,
                            "world '%.*s' has no import or export of the plain name '%.*s'; "
                            "interfaces under their own names cannot be renamed",
                            WH_NAME(from->name), WH_NAME(rename->name));
  return true;
}

static bool include(worlding_t *w, const ast_item_t *item) {
  ast_decl_t *from;
  including_t inc = {.w = w, .item = item};
  TRY(wh_wit_find_decl(w->resolver, w->decl->part, &item->path, true, &from));
  inc.is_foreign = from->part->package != w->decl->part->package;
  bool good = include_items(&inc, from);
  wh_map_free(w->resolver->reading->alloc, &inc.names);
  wh_map_free(w->resolver->reading->alloc, &inc.copies);
  return good;
}

/* ---- what follows: interfaces that others use ---- */

static uint32_t mark_of(const worlding_t *w) { return w->decl->world->index + 1; }

static wh_wit_notes_t gate_of(const wh_wit_notes_t *notes) {
  return (wh_wit_notes_t) {
      .since = notes->since, .unstable = notes->unstable, .deprecated = notes->deprecated};
}

static const wh_wit_item_t *said(const worlding_t *w, const wh_wit_interface_t *interface,
                                 bool is_export) {
  uint64_t place;
  if (!interface->id || !wh_map_get(is_export ? &w->exports : &w->imports, interface->id,
                                    strlen(interface->id), &place))
    return NULL;
  return is_export ? &w->decl->exports.items[place] : &w->decl->imports.items[place];
}

static bool put(worlding_t *w, const wh_wit_item_t *item, bool is_export) {
  wh_wit_world_t *world = w->decl->world;
  TRY(count_items(w, w->decl->name.at, 1));
  bool pushed = is_export ? wh_wit_push(w->wit, &world->exports, *item)
                          : wh_wit_push(w->wit, &world->imports, *item);
  return pushed || oom(w);
}

/* The interfaces that one uses, then itself; the recursion is no deeper than interfaces are high. */
static bool import_interface(worlding_t *w, const wh_wit_item_t *item) {
  wh_wit_interface_t *interface = item->of.interface;
  if (!item->name) {
    if (interface->marks[MARK_IMPORTED] == mark_of(w)) return true;
    interface->marks[MARK_IMPORTED] = mark_of(w);
  }
  for (size_t i = 0; i < interface->uses.count; i++) {
    wh_wit_item_t used = {.kind = WH_WIT_ITEM_INTERFACE,
                          .of.interface = interface->uses.items[i],
                          .notes = gate_of(&item->notes)};
    const wh_wit_item_t *explicit = said(w, used.of.interface, false);
    TRY(import_interface(w, explicit ? explicit : &used));
  }
  return put(w, item, false);
}

/* False without an error: an interface is needed both as the exported one and as the imported one. */
static bool export_interface(worlding_t *w, const wh_wit_item_t *item, bool is_export) {
  wh_wit_interface_t *interface = item->of.interface;
  uint32_t mark = mark_of(w);
  if (!item->name) {
    if (interface->marks[MARK_EXPORTED] == mark) return is_export;
    if (!is_export && interface->marks[MARK_NEEDED] == mark) return true;
  }
  for (size_t i = 0; i < interface->uses.count; i++) {
    wh_wit_item_t used = {.kind = WH_WIT_ITEM_INTERFACE,
                          .of.interface = interface->uses.items[i],
                          .notes = gate_of(&item->notes)};
    const wh_wit_item_t *explicit = is_export ? said(w, used.of.interface, true) : NULL;
    TRY(export_interface(w, explicit ? explicit : &used, explicit != NULL));
  }
  if (is_export) {
    if (!item->name) {
      if (interface->marks[MARK_NEEDED] == mark) return false;
      interface->marks[MARK_EXPORTED] = mark;
    }
    return put(w, item, true);
  }
  interface->marks[MARK_NEEDED] = mark;
  const wh_wit_item_t *explicit = said(w, interface, false);
  return import_interface(w, explicit ? explicit : item);
}

static bool is_use(const wh_wit_type_t *type) {
  return type->kind == WH_WIT_ALIAS && type->first->interface;
}

/* Imports: interfaces first, then what is used of them, then types and functions; exports: functions,
   then interfaces. Tools that make binaries order them so. */
static bool complete(worlding_t *w) {
  ast_decl_t *decl = w->decl;
  for (size_t i = 0; i < decl->imports.count; i++)
    if (decl->imports.items[i].kind == WH_WIT_ITEM_INTERFACE)
      TRY(import_interface(w, &decl->imports.items[i]));
  for (size_t i = 0; i < decl->imports.count; i++) {
    const wh_wit_item_t *item = &decl->imports.items[i];
    if (item->kind != WH_WIT_ITEM_TYPE || !is_use(item->of.type)) continue;
    wh_wit_item_t used = {.kind = WH_WIT_ITEM_INTERFACE,
                          .of.interface = item->of.type->first->interface,
                          .notes = gate_of(&item->of.type->notes)};
    TRY(import_interface(w, &used));
  }
  for (size_t i = 0; i < decl->exports.count; i++)
    if (decl->exports.items[i].kind != WH_WIT_ITEM_INTERFACE)
      TRY(put(w, &decl->exports.items[i], true));
  for (size_t i = 0; i < decl->exports.count; i++) {
    const wh_wit_item_t *item = &decl->exports.items[i];
    if (item->kind != WH_WIT_ITEM_INTERFACE) continue;
    if (!export_interface(w, item, true)) {
      if (w->resolver->reading->error) return false;
      return invalid_label(w, decl->name.at,
                           "is exported, and of what it uses one interface would have to be both "
                           "the exported and the imported one",
                           item->name ? item->name : item->of.interface->id);
    }
  }
  for (int pass = 0; pass < 3; pass++)
    for (size_t i = 0; i < decl->imports.count; i++) {
      const wh_wit_item_t *item = &decl->imports.items[i];
      int turn = item->kind == WH_WIT_ITEM_FUNC                            ? 2
                 : item->kind == WH_WIT_ITEM_TYPE && is_use(item->of.type) ? 0
                                                                           : 1;
      if (item->kind != WH_WIT_ITEM_INTERFACE && turn == pass) TRY(put(w, item, false));
    }
  return true;
}

static bool resolve(worlding_t *w) {
  ast_decl_t *decl = w->decl;
  bool left_out;
  TRY(wh_wit_resolve_interface(&w->scope, decl->items));
  for (size_t i = 0; i < w->scope.entries.count; i++) {
    const scope_entry_t *entry = &w->scope.entries.items[i];
    if (!entry->type) continue;
    wh_wit_item_t item = {
        .kind = WH_WIT_ITEM_TYPE, .name = entry->type->name, .of.type = entry->type};
    TRY(add(w, &item, false, entry->name.at, false));
  }
  for (int includes = 0; includes < 2; includes++) /* what it says itself comes first */
    for (const ast_item_t *item = decl->items; item; item = item->next) {
      bool wanted = includes ? item->kind == AST_INCLUDE
                             : item->kind == AST_IMPORT || item->kind == AST_EXPORT;
      if (!wanted) continue;
      TRY(wh_wit_gate(w->resolver, decl->part, &item->notes, item->gate_at, &left_out));
      if (left_out) continue;
      TRY(includes ? include(w, item) : add_extern(w, item));
    }
  return complete(w);
}

bool wh_wit_resolve_world(resolver_t *resolver, ast_decl_t *decl) {
  worlding_t w = {.resolver = resolver, .wit = resolver->wit, .decl = decl};
  w.scope = (scope_t) {.resolver = resolver, .part = decl->part, .world = decl->world};
  bool good = resolve(&w);
  wh_wit_scope_free(&w.scope);
  wh_map_free(resolver->reading->alloc, &w.imports);
  wh_map_free(resolver->reading->alloc, &w.exports);
  return good;
}
