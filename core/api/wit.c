/* The public functions that have to do with WIT text: from files and folders, to modules, printed. */
#include <errno.h>
#include <stdlib.h>

#include "api/api.h"
#include "canon/canon.h"
#include "component/component.h"
#include "types/wit.h"

/* ---- sources ---- */

/* Texts that were read, one source each. */
typedef struct sources {
  wh_alloc_t *alloc;
  wh_arena_t arena; /* paths */
  WH_VEC(wh_wit_source_t) list;
  WH_VEC(size_t) capacities; /* of the texts; 0: the caller's */
} sources_t;

static void sources_free(sources_t *sources) {
  for (size_t i = 0; i < sources->list.count; i++)
    if (sources->capacities.items[i])
      wh_free(sources->alloc, (char *)(uintptr_t)sources->list.items[i].text,
              sources->capacities.items[i]);
  wh_vec_free(sources->alloc, &sources->list);
  wh_vec_free(sources->alloc, &sources->capacities);
  wh_arena_free(&sources->arena);
}

static bool push(sources_t *sources, wh_wit_source_t source, size_t capacity) {
  return wh_vec_reserve(sources->alloc, &sources->capacities, 1) &&
         wh_vec_push(sources->alloc, &sources->list, source) &&
         wh_vec_push(sources->alloc, &sources->capacities, capacity);
}

static wherry_error_t *add_file(sources_t *sources, const char *path, uint32_t group) {
  uint8_t *bytes;
  size_t size, capacity;
  wherry_error_t *error = api_read_file(sources->alloc, path, &bytes, &size, &capacity);
  if (!error && !push(sources,
                      (wh_wit_source_t) {
                          .name = path, .text = (const char *)bytes, .size = size, .group = group},
                      capacity))
    error = wh_error_oom();
  if (error) wh_free(sources->alloc, bytes, capacity);
  return error;
}

/* ---- folders ---- */

typedef struct listing {
  sources_t *sources;
  const char *folder;
  WH_VEC(const char *) paths;
  bool failed;
} listing_t;

static bool take_entry(void *data, const char *name) {
  listing_t *listing = data;
  size_t folder = strlen(listing->folder), size = strlen(name);
  char *path = wh_arena_alloc(&listing->sources->arena, folder + size + 2);
  if (path) {
    memcpy(path, listing->folder, folder);
    path[folder] = '/';
    memcpy(path + folder + 1, name, size);
  }
  listing->failed = !path || !wh_vec_push(listing->sources->alloc, &listing->paths, path);
  return !listing->failed;
}

static int compare_paths(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is in a folder, in the order of names, so that messages are the same everywhere. */
static wherry_error_t *list(listing_t *listing) {
  bool good = wh_os_list(listing->folder, take_entry, listing);
  if (listing->failed) return wh_error_oom();
  if (!good)
    return wh_error_new(listing->sources->alloc, WHERRY_ERROR_IO, "%s: %s", listing->folder,
                        strerror(errno));
  if (listing->paths.count)
    qsort(listing->paths.items, listing->paths.count, sizeof *listing->paths.items, compare_paths);
  return NULL;
}

static bool is_wit(const char *path) {
  size_t size = strlen(path);
  return size > 4 && !strcmp(path + size - 4, ".wit");
}

/* The files of one package. */
static wherry_error_t *add_folder(sources_t *sources, const char *folder, uint32_t group) {
  listing_t listing = {.sources = sources, .folder = folder};
  wherry_error_t *error = list(&listing);
  for (size_t i = 0; i < listing.paths.count && !error; i++)
    if (is_wit(listing.paths.items[i])) error = add_file(sources, listing.paths.items[i], group);
  wh_vec_free(sources->alloc, &listing.paths);
  return error;
}

/* deps/: each file, and each folder, is a package. */
static wherry_error_t *add_dependencies(sources_t *sources, const char *folder) {
  listing_t root = {.sources = sources, .folder = folder}, listing = {.sources = sources};
  if (!take_entry(&root, "deps")) return wh_error_oom();
  listing.folder = root.paths.items[0];
  wherry_error_t *error = wh_os_is_folder(listing.folder) ? list(&listing) : NULL;
  uint32_t group = 0;
  for (size_t i = 0; i < listing.paths.count && !error; i++) {
    const char *path = listing.paths.items[i];
    if (wh_os_is_folder(path))
      error = add_folder(sources, path, ++group);
    else if (is_wit(path))
      error = add_file(sources, path, ++group);
  }
  wh_vec_free(sources->alloc, &root.paths);
  wh_vec_free(sources->alloc, &listing.paths);
  return error;
}

static wherry_error_t *read(sources_t *sources, const char *wit) {
  if (strchr(wit, ';')) {
    wh_wit_source_t text = {.text = wit, .size = strlen(wit)};
    return push(sources, text, 0) ? NULL : wh_error_oom();
  }
  if (!wh_os_is_folder(wit)) return add_file(sources, wit, 0);
  wherry_error_t *error = add_folder(sources, wit, 0);
  if (!error && !sources->list.count)
    error =
        wh_error_new(sources->alloc, WHERRY_ERROR_IO, "%s: there is no file NAME.wit in it", wit);
  return error ? error : add_dependencies(sources, wit);
}

static wherry_error_t *resolve(wh_alloc_t *alloc, const char *wit, wh_wit_t **out) {
  sources_t sources = {.alloc = alloc, .arena = {.alloc = alloc}};
  wherry_error_t *error = read(&sources, wit);
  if (!error) error = wh_wit_parse(alloc, sources.list.items, sources.list.count, NULL, out);
  sources_free(&sources);
  return error;
}

/* ---- the functions ---- */

wherry_error_t *wherry_module_set_wit(wherry_module_t *module, const char *wit, const char *world) {
  wh_alloc_t *alloc = &module->engine->alloc;
  wh_wit_t *model;
  wh_wit_world_t *chosen;
  wherry_world_t *made = NULL;
  wherry_error_t *error = resolve(alloc, wit, &model);
  if (error) return error;
  error = wh_wit_choose_world(model, world, &chosen);
  if (!error) error = wh_world_of(alloc, model, &chosen, 1, &made);
  wh_wit_free(model);
  return error ? error : wh_module_set_world(module, made);
}

/* Ends the model. */
static wherry_error_t *print(wh_alloc_t *alloc, wh_wit_t *model, wherry_bytes_t *text) {
  wh_text_t whole = {.alloc = alloc};
  wherry_error_t *error = wh_wit_print(model, &whole);
  uint8_t *exact = error ? NULL : wh_alloc(alloc, whole.size);
  if (exact) {
    memcpy(exact, whole.data, whole.size);
    *text = (wherry_bytes_t) {exact, whole.size};
  } else if (!error) {
    error = wh_error_oom();
  }
  wh_text_free(&whole);
  wh_wit_free(model);
  return error;
}

wherry_error_t *wherry_module_print_wit(wherry_module_t *module, wherry_bytes_t *text) {
  wh_wit_t *model;
  *text = (wherry_bytes_t) {NULL, 0};
  wherry_error_t *error = wh_wit_from_model(&module->engine->alloc, module->model, &model);
  return error || !model ? error : print(&module->engine->alloc, model, text);
}

wherry_error_t *wherry_component_print_wit(wherry_component_t *component, wherry_bytes_t *text) {
  wh_wit_t *model;
  *text = (wherry_bytes_t) {NULL, 0};
  wherry_error_t *error = wh_component_wit(component, &model);
  return error ? error : print(&component->engine->alloc, model, text);
}

wherry_error_t *wherry_wit_print(wherry_engine_t *engine, const char *wit, wherry_bytes_t *text) {
  wh_wit_t *model;
  *text = (wherry_bytes_t) {NULL, 0};
  wherry_error_t *error = resolve(&engine->alloc, wit, &model);
  return error ? error : print(&engine->alloc, model, text);
}
