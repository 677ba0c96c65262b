/* WIT texts in tests: read, printed, and told in full so that two models can be compared. */
#ifndef WHERRY_TESTS_WITS_H
#define WHERRY_TESTS_WITS_H

#include "support.h"

#include "types/wit.h"

static inline wherry_error_t *read_wit(wh_alloc_t *alloc, const char *text, wh_wit_t **out) {
  /* A copy of just that size: a read past the end is seen by the sanitizer. */
  size_t size = strlen(text);
  char *copy = malloc(size ? size : 1);
  memcpy(copy, text, size);
  wh_wit_source_t source = {.text = copy, .size = size};
  wherry_error_t *error = wh_wit_parse(alloc, &source, 1, NULL, out);
  free(copy);
  return error;
}

static inline char *print_wit(const wh_wit_t *wit) {
  wh_text_t text = {.alloc = wit->alloc};
  assert_ok(wh_wit_print(wit, &text));
  char *copy = malloc(text.size + 1);
  memcpy(copy, text.data ? text.data : "", text.size + 1);
  wh_text_free(&text);
  return copy;
}

/* ---- a model told in full, without any of the printer's code ---- */

static inline void tell_type(wh_text_t *out, const wh_wit_type_t *type) {
  if (!type) {
    wh_text_printf(out, "-");
  } else if (type->kind >= WH_WIT_RECORD) {
    wh_text_printf(out, "%s.%s",
                   type->interface ? type->interface->id ? type->interface->id : "inline"
                                   : type->world->id,
                   type->name);
  } else {
    wh_text_printf(out, "%d(%u", (int)type->kind, type->length);
    for (uint32_t i = 0; i < type->field_count; i++) {
      wh_text_printf(out, ",");
      tell_type(out, type->fields[i].type);
    }
    if (type->first || type->second) {
      wh_text_printf(out, ";");
      tell_type(out, type->first);
      wh_text_printf(out, ";");
      tell_type(out, type->second);
    }
    wh_text_printf(out, ")");
  }
}

static inline void tell_notes(wh_text_t *out, const wh_wit_notes_t *notes) {
  const char *texts[] = {notes->docs, notes->since, notes->unstable, notes->deprecated,
                         notes->external_id};
  for (int i = 0; i < 5; i++)
    if (texts[i]) wh_text_printf(out, " [%d %s]", i, texts[i]);
  wh_text_printf(out, "\n");
}

static inline void tell_fields(wh_text_t *out, const wh_wit_field_t *fields, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    wh_text_printf(out, " %s:", fields[i].name);
    tell_type(out, fields[i].type);
    if (fields[i].docs) wh_text_printf(out, " (%s)", fields[i].docs);
  }
}

static inline void tell_func(wh_text_t *out, const wh_wit_func_t *func) {
  wh_text_printf(out, "  func %s %d %d %s", func->plain, (int)func->kind, func->is_async,
                 func->resource ? func->resource->name : "");
  tell_fields(out, func->params, func->param_count);
  wh_text_printf(out, " -> ");
  tell_type(out, func->result);
  tell_notes(out, &func->notes);
}

static inline void tell_definition(wh_text_t *out, const wh_wit_type_t *type) {
  wh_text_printf(out, "  type %s %d ", type->name, (int)type->kind);
  tell_type(out, type->first);
  tell_fields(out, type->fields, type->field_count);
  tell_notes(out, &type->notes);
  for (size_t i = 0; i < type->funcs.count; i++) tell_func(out, type->funcs.items[i]);
}

static inline void tell_interface(wh_text_t *out, const wh_wit_interface_t *interface) {
  for (size_t i = 0; i < interface->types.count; i++)
    tell_definition(out, interface->types.items[i]);
  for (size_t i = 0; i < interface->funcs.count; i++) tell_func(out, interface->funcs.items[i]);
}

static inline void tell_items(wh_text_t *out, const char *word, const wh_wit_item_t *items,
                              size_t count) {
  for (size_t i = 0; i < count; i++) {
    const wh_wit_item_t *item = &items[i];
    wh_text_printf(out, " %s %s ", word, item->name ? item->name : "-");
    if (item->kind == WH_WIT_ITEM_TYPE) {
      tell_definition(out, item->of.type);
    } else if (item->kind == WH_WIT_ITEM_FUNC) {
      tell_func(out, item->of.func);
    } else {
      wh_text_printf(out, "%s", item->of.interface->id ? item->of.interface->id : "inline");
      tell_notes(out, &item->notes);
      if (!item->of.interface->id) tell_interface(out, item->of.interface);
    }
  }
}

/* For free(). */
static inline char *tell_wit(const wh_wit_t *wit) {
  wh_text_t out = {.alloc = wit->alloc};
  for (size_t p = 0; p < wit->packages.count; p++) {
    const wh_wit_package_t *package = wit->packages.items[p];
    wh_text_printf(&out, "package %s %s\n", package->id, package->docs ? package->docs : "");
    for (size_t i = 0; i < package->interfaces.count; i++) {
      wh_text_printf(&out, "interface %s", package->interfaces.items[i]->id);
      tell_notes(&out, &package->interfaces.items[i]->notes);
      tell_interface(&out, package->interfaces.items[i]);
    }
    for (size_t i = 0; i < package->worlds.count; i++) {
      const wh_wit_world_t *world = package->worlds.items[i];
      wh_text_printf(&out, "world %s", world->id);
      tell_notes(&out, &world->notes);
      tell_items(&out, "import", world->imports.items, world->imports.count);
      tell_items(&out, "export", world->exports.items, world->exports.count);
    }
  }
  char *copy = malloc(out.size + 1);
  memcpy(copy, out.data, out.size + 1);
  wh_text_free(&out);
  return copy;
}

#endif
