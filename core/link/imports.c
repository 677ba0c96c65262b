/* Matching what is given with what a module imports (Execution, External Typing and Import Matching),
   and telling all that is wrong with it at once. */
#include "link_private.h"

void wh_link_name(wh_text_t *text, wherry_bytes_t name) {
  bool plain = name.size > 0;
  for (size_t i = 0; plain && i < name.size; i++) {
    uint8_t c = name.data[i];
    plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
            (c && strchr("_-.:/@#$+<>[]", c));
  }
  if (plain)
    wh_text_append(text, (const char *)name.data, name.size);
  else
    wh_text_name(text, (const char *)name.data, name.size);
}

/* The type of an entity as it is now: of a memory or table, with its size as the minimum. */
static wherry_error_t *type_of(wherry_store_t *store, const wherry_extern_t *item,
                               wherry_externtype_t *out) {
  memset(out, 0, sizeof *out);
  out->kind = item->kind;
  wherry_error_t *error;
  switch (item->kind) {
  case WHERRY_EXTERN_FUNC: {
    uint64_t reference;
    return wh_find_func(store, item->of.func, &reference, &out->func);
  }
  case WHERRY_EXTERN_TABLE: {
    wh_table_t *table;
    error = wh_find_table(store, item->of.table, &table);
    if (error) return error;
    out->valtype = table->type;
    out->is_mutable = true;
    out->is64 = table->is64;
    out->limits.minimum = table->size;
    out->limits.maximum = table->limits.maximum;
    return NULL;
  }
  case WHERRY_EXTERN_MEMORY: {
    wh_memory_t *memory;
    error = wh_find_memory(store, item->of.memory, &memory);
    if (error) return error;
    out->is64 = memory->is64;
    out->shared = memory->shared != NULL;
    out->page_log2 = memory->page_log2;
    out->limits.minimum = wh_memory_pages(memory);
    out->limits.maximum = memory->limits.maximum;
    return NULL;
  }
  case WHERRY_EXTERN_GLOBAL: {
    uint64_t *cell;
    return wh_find_global(store, item->of.global, &cell, &out->valtype, &out->is_mutable);
  }
  case WHERRY_EXTERN_TAG: {
    uint64_t tag;
    error = wh_find_tag(store, item->of.tag, &tag);
    if (!error) out->func = wh_tag_functype(store, tag);
    return error;
  }
  }
  return wh_error_new(store->alloc, WHERRY_ERROR_TYPE, "there is no kind of import %d",
                      (int)item->kind);
}

static bool fits(const wherry_module_t *module, const wherry_externtype_t *given,
                 const wh_import_t *import) {
  wherry_externtype_t wanted = import->type;
  wanted.valtype = wh_module_valtype(module, wanted.valtype);
  if (wanted.func) wanted.func = &module->rtypes[import->type_index]->func;
  return wh_engine_extern_matches(module->engine, given, &wanted);
}

static void print_missing(wherry_store_t *store, wh_text_t *text, const wh_import_t *import,
                          const link_imports_t *imports) {
  wh_text_printf(text, "missing; the module wants ");
  wh_print_externtype(text, &import->type);
  if (!imports->near) return;
  wh_text_t wanted = {.alloc = store->alloc};
  wh_text_append(&wanted, (const char *)import->module.data, import->module.size);
  wh_text_append(&wanted, ".", 1);
  wh_text_append(&wanted, (const char *)import->name.data, import->name.size);
  if (!wanted.failed) {
    wh_near_t near;
    memset(&near, 0, sizeof near);
    near.wanted = wanted.data;
    near.size = wanted.size;
    imports->near(imports->data, &near);
    wh_near_print(&near, text);
  }
  wh_text_free(&wanted);
}

/* False: this one fits. */
static bool print_problem(wherry_store_t *store, wherry_module_t *module, wh_text_t *text,
                          const link_imports_t *imports, size_t index, wherry_error_t **error) {
  const wh_import_t *import = &module->model->imports.items[index];
  wherry_externtype_t given;
  link_found_t found = imports->found ? imports->found[index] : LINK_FOUND;
  if (found == LINK_FOUND) {
    *error = type_of(store, &imports->items[index], &given);
    if (*error || fits(module, &given, import)) return false;
  }
  wh_text_append(text, "\n  ", 3);
  wh_link_name(text, import->module);
  wh_text_append(text, ".", 1);
  wh_link_name(text, import->name);
  wh_text_append(text, ": ", 2);
  if (found == LINK_MISSING) {
    print_missing(store, text, import, imports);
  } else if (found == LINK_FOREIGN) {
    wh_text_printf(text, "it belongs to another store");
  } else {
    wh_print_externtype(text, &import->type);
    wh_text_printf(text, " wanted, ");
    wh_print_externtype(text, &given);
    wh_text_printf(text, " given");
  }
  return true;
}

static WH_COLD wherry_error_t *print_problems(wherry_store_t *store, wherry_module_t *module,
                                              const link_imports_t *imports) {
  const wh_model_t *model = module->model;
  wherry_error_t *error = NULL;
  wh_text_t text = {.alloc = store->alloc};
  size_t problems = 0;
  for (size_t i = 0; i < model->imports.count && !error; i++)
    if (print_problem(store, module, &text, imports, i, &error)) problems++;
  if (!error) {
    if (text.failed)
      error = wh_error_oom();
    else if (problems == 1)
      error = wh_error_new(store->alloc, WHERRY_ERROR_UNLINKABLE,
                           "1 import is missing or does not fit:%s", text.data);
    else
      error = wh_error_new(store->alloc, WHERRY_ERROR_UNLINKABLE,
                           "%zu imports are missing or do not fit:%s", problems, text.data);
  }
  wh_text_free(&text);
  return error;
}

wherry_error_t *wh_link_check_imports(wherry_store_t *store, wherry_module_t *module,
                                      const link_imports_t *imports) {
  const wh_model_t *model = module->model;
  for (size_t i = 0; i < model->imports.count; i++) {
    if (imports->found && imports->found[i] != LINK_FOUND)
      return print_problems(store, module, imports);
    wherry_externtype_t given;
    wherry_error_t *error = type_of(store, &imports->items[i], &given);
    if (error) return error;
    if (!fits(module, &given, &model->imports.items[i]))
      return print_problems(store, module, imports);
  }
  return NULL;
}
