/* The linker: names, and what stands behind them. */
#include "link_private.h"

enum { SMALL_KEY = 240, SMALL_IMPORTS = 48 };

/* A name is looked up by one key: the size of the module's name, that name, the item's name. */
typedef struct linker_item {
  char *key;
  size_t key_size;
  wherry_extern_t item;          /* of one store; not for host functions */
  const wherry_functype_t *type; /* a host function for any store: its type, the engine's own */
  wh_host_func_t like;
  uint64_t store, reference; /* the last store in which it was made, and what it is there */
} linker_item_t;

struct wherry_linker {
  _Atomic int64_t references;
  wherry_engine_t *engine;
  wh_alloc_t *alloc;
  WH_VEC(linker_item_t *) items;
  wh_map_t map; /* key -> place in items */
};

wherry_error_t *wh_linker_make(wherry_engine_t *engine, wherry_linker_t **out) {
  wherry_linker_t *linker = WH_NEW(&engine->alloc, wherry_linker_t);
  if (!linker) return wh_error_oom();
  atomic_init(&linker->references, 1);
  linker->engine = engine;
  linker->alloc = &engine->alloc;
  wh_engine_retain(engine);
  *out = linker;
  return NULL;
}

wherry_engine_t *wh_linker_engine(const wherry_linker_t *linker) { return linker->engine; }

void wh_linker_retain(wherry_linker_t *linker) {
  atomic_fetch_add_explicit(&linker->references, 1, memory_order_relaxed);
}

static void free_item(wh_alloc_t *alloc, linker_item_t *item) {
  wh_shared_release(alloc, item->like.shared);
  wh_free(alloc, item->key, item->key_size);
  WH_DELETE(alloc, item);
}

void wh_linker_release(wherry_linker_t *linker) {
  if (!linker) return;
  if (atomic_fetch_sub_explicit(&linker->references, 1, memory_order_acq_rel) != 1) return;
  wh_alloc_t *alloc = linker->alloc;
  wh_map_free(alloc, &linker->map);
  for (size_t i = 0; i < linker->items.count; i++) free_item(alloc, linker->items.items[i]);
  wh_vec_free(alloc, &linker->items);
  wherry_engine_t *engine = linker->engine;
  WH_DELETE(alloc, linker);
  wh_engine_release(engine);
}

static size_t key_size(wherry_bytes_t module, wherry_bytes_t name) {
  return sizeof(uint32_t) + module.size + name.size;
}

static void write_key(char *key, wherry_bytes_t module, wherry_bytes_t name) {
  uint32_t size = (uint32_t)module.size;
  memcpy(key, &size, sizeof size);
  if (module.size) memcpy(key + sizeof size, module.data, module.size);
  if (name.size) memcpy(key + sizeof size + module.size, name.data, name.size);
}

/* An item of a name, which replaces what had that name. */
static wherry_error_t *add_item(wherry_linker_t *linker, wherry_bytes_t module, wherry_bytes_t name,
                                linker_item_t **out) {
  wh_alloc_t *alloc = linker->alloc;
  linker_item_t *item = WH_NEW(alloc, linker_item_t);
  if (!item) return wh_error_oom();
  item->key_size = key_size(module, name);
  item->key = wh_alloc(alloc, item->key_size);
  if (!item->key) goto fail;
  write_key(item->key, module, name);

  uint64_t place;
  if (wh_map_get(&linker->map, item->key, item->key_size, &place)) {
    linker_item_t *old = linker->items.items[place];
    /* The map keeps the old key: the new item takes it over. */
    char *key = old->key;
    old->key = item->key;
    item->key = key;
    linker->items.items[place] = item;
    free_item(alloc, old);
  } else {
    if (!wh_vec_reserve(alloc, &linker->items, 1) ||
        !wh_map_put(alloc, &linker->map, item->key, item->key_size, linker->items.count))
      goto fail;
    linker->items.items[linker->items.count++] = item;
  }
  *out = item;
  return NULL;
fail:
  free_item(alloc, item);
  return wh_error_oom();
}

wherry_error_t *wh_linker_define(wherry_linker_t *linker, wherry_bytes_t module,
                                 wherry_bytes_t name, const wherry_extern_t *given) {
  linker_item_t *item;
  wherry_error_t *error = add_item(linker, module, name, &item);
  if (!error) item->item = *given;
  return error;
}

wherry_error_t *wh_linker_define_func(wherry_linker_t *linker, wherry_bytes_t module,
                                      wherry_bytes_t name, const wherry_functype_t *type,
                                      const wh_host_func_t *like) {
  wh_alloc_t *alloc = linker->alloc;
  const wherry_functype_t *own;
  wherry_error_t *error = wh_engine_type(linker->engine, type, &own);
  if (error) return error;
  wh_shared_t *shared = WH_NEW(alloc, wh_shared_t);
  if (!shared) return wh_error_oom();
  linker_item_t *item;
  error = add_item(linker, module, name, &item);
  if (error) {
    WH_DELETE(alloc, shared);
    return error;
  }
  atomic_init(&shared->references, 1);
  shared->data = like->data;
  shared->finalizer = like->finalizer;
  item->type = own;
  item->like = *like;
  item->like.finalizer = NULL;
  item->like.shared = shared;
  return NULL;
}

static linker_item_t *find_item(wherry_linker_t *linker, wherry_bytes_t module, wherry_bytes_t name,
                                bool *oom) {
  char small[SMALL_KEY];
  size_t size = key_size(module, name);
  char *key = size <= sizeof small ? small : wh_alloc(linker->alloc, size);
  if (!key) {
    *oom = true;
    return NULL;
  }
  write_key(key, module, name);
  uint64_t place;
  bool found = wh_map_get(&linker->map, key, size, &place);
  if (key != small) wh_free(linker->alloc, key, size);
  return found ? linker->items.items[place] : NULL;
}

/* What an item is in a store. */
static wherry_error_t *resolve(wherry_store_t *store, linker_item_t *item, wherry_extern_t *out,
                               link_found_t *found) {
  *found = LINK_FOUND;
  if (!item->type) {
    *out = item->item;
    /* Entities all begin with their store's id. */
    if (out->of.func.store != store->id) *found = LINK_FOREIGN;
    return NULL;
  }
  if (item->store != store->id) {
    wherry_error_t *error = wh_host_func_make(store, item->type, &item->like, &item->reference);
    if (error) {
      item->store = 0;
      return error;
    }
    atomic_fetch_add_explicit(&item->like.shared->references, 1, memory_order_relaxed);
    item->store = store->id;
  }
  out->kind = WHERRY_EXTERN_FUNC;
  out->of.func = (wherry_func_t) {store->id, item->reference};
  return NULL;
}

static wherry_error_t *find(wherry_linker_t *linker, wherry_store_t *store, wherry_bytes_t module,
                            wherry_bytes_t name, wherry_extern_t *out, link_found_t *found) {
  bool oom = false;
  linker_item_t *item = find_item(linker, module, name, &oom);
  if (oom) return wh_error_oom();
  *found = LINK_MISSING;
  return item ? resolve(store, item, out, found) : NULL;
}

/* Offers all names as "module.name". Names of the binary may hold anything, so the text is kept for
   the printing: in the keys, whose size field ends just before it, there is no place for the dot. */
typedef struct near_names {
  wherry_linker_t *linker;
  WH_VEC(wh_text_t) texts;
} near_names_t;

static void offer_names(void *data, wh_near_t *near) {
  near_names_t *names = data;
  wh_alloc_t *alloc = names->linker->alloc;
  if (!names->texts.count) {
    for (size_t i = 0; i < names->linker->items.count; i++) {
      const linker_item_t *item = names->linker->items.items[i];
      uint32_t module_size;
      memcpy(&module_size, item->key, sizeof module_size);
      const char *module = item->key + sizeof module_size;
      wh_text_t text = {.alloc = alloc};
      wh_text_append(&text, module, module_size);
      wh_text_append(&text, ".", 1);
      wh_text_append(&text, module + module_size, item->key_size - sizeof(uint32_t) - module_size);
      if (text.failed || !wh_vec_push(alloc, &names->texts, text)) {
        wh_text_free(&text);
        break;
      }
    }
  }
  for (size_t i = 0; i < names->texts.count; i++)
    wh_near_offer(near, names->texts.items[i].data, names->texts.items[i].size);
}

static void free_names(near_names_t *names) {
  for (size_t i = 0; i < names->texts.count; i++) wh_text_free(&names->texts.items[i]);
  wh_vec_free(names->linker->alloc, &names->texts);
}

static WH_COLD wherry_error_t *nothing_named(wherry_linker_t *linker, wherry_bytes_t module,
                                             wherry_bytes_t name) {
  near_names_t names = {.linker = linker};
  wh_text_t text = {.alloc = linker->alloc}, wanted = {.alloc = linker->alloc};
  wh_text_append(&wanted, (const char *)module.data, module.size);
  wh_text_append(&wanted, ".", 1);
  wh_text_append(&wanted, (const char *)name.data, name.size);
  wh_text_printf(&text, "the linker knows nothing that is named ");
  wh_near_t near;
  memset(&near, 0, sizeof near);
  if (!wanted.failed) {
    wh_text_name(&text, wanted.data, wanted.size);
    near.wanted = wanted.data;
    near.size = wanted.size;
    offer_names(&names, &near);
    wh_near_print(&near, &text);
  }
  wherry_error_t *error =
      text.failed || wanted.failed
          ? wh_error_oom()
          : wh_error_new(linker->alloc, WHERRY_ERROR_UNLINKABLE, "%s", text.data);
  free_names(&names);
  wh_text_free(&wanted);
  wh_text_free(&text);
  return error;
}

wherry_error_t *wh_linker_get(wherry_linker_t *linker, wherry_store_t *store, wherry_bytes_t module,
                              wherry_bytes_t name, wherry_extern_t *out) {
  link_found_t found;
  wherry_extern_t item;
  wherry_error_t *error = wh_store_check(store);
  if (!error) error = find(linker, store, module, name, &item, &found);
  if (error) return error;
  if (found == LINK_MISSING) return nothing_named(linker, module, name);
  if (found == LINK_FOREIGN)
    return wh_error_new(linker->alloc, WHERRY_ERROR_STATE,
                        "what the linker knows by that name belongs to another store");
  *out = item;
  return NULL;
}

wherry_error_t *wh_linker_instantiate(wherry_linker_t *linker, wherry_store_t *store,
                                      wherry_module_t *module, wh_instance_t **out) {
  wherry_extern_t small_items[SMALL_IMPORTS];
  link_found_t small_found[SMALL_IMPORTS];
  wh_alloc_t *alloc = linker->alloc;
  const wh_model_t *model = module->model;
  size_t count = model->imports.count;
  wherry_error_t *error = wh_store_check(store);
  if (error) return error;
  if (module->engine != store->engine || linker->engine != store->engine)
    return wh_error_new(store->alloc, WHERRY_ERROR_STATE,
                        "the linker, the module and the store must be of one engine");
  near_names_t names = {.linker = linker};
  link_imports_t imports = {small_items, small_found, offer_names, &names};
  if (count > SMALL_IMPORTS) {
    imports.items = wh_alloc_array(alloc, count, sizeof *imports.items);
    imports.found = wh_alloc_array(alloc, count, sizeof *imports.found);
    if (!imports.items || !imports.found) error = wh_error_oom();
  }
  for (size_t i = 0; i < count && !error; i++) {
    const wh_import_t *import = &model->imports.items[i];
    error = find(linker, store, import->module, import->name, &imports.items[i], &imports.found[i]);
  }
  if (!error) error = wh_link_check_imports(store, module, &imports);
  if (!error) error = wh_link_instantiate(store, module, imports.items, out);
  free_names(&names);
  if (count > SMALL_IMPORTS) {
    wh_free(alloc, imports.items, count * sizeof *imports.items);
    wh_free(alloc, imports.found, count * sizeof *imports.found);
  }
  return error;
}
