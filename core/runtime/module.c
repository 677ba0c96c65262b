/* Modules as objects: what belongs to one, and its end. */
#include "runtime/runtime.h"

static size_t round_up(size_t size) { return (size + 7) & ~(size_t)7; }

typedef struct wh_name {
  size_t size; /* of this object */
  char text[];
} wh_name_t;

/* One block for an instance and its arrays; link lays them out in this order. */
static bool count_instance(const wh_model_t *model, size_t *out) {
  size_t words, size, vectors = 0;
  for (size_t i = model->imported_globals; i < model->globals.count; i++)
    if (model->globals.items[i].type == WHERRY_V128) vectors += wh_type_slots(WHERRY_V128);
  if (!wh_add_size(model->globals.count, model->memories.count, &words) ||
      !wh_add_size(words, model->tables.count, &words) ||
      !wh_add_size(words, model->imported_functions, &words) ||
      !wh_add_size(words, model->tags.count, &words) || !wh_add_size(words, vectors, &words) ||
      !wh_mul_size(words, sizeof(uint64_t), &size) ||
      !wh_add_size(size, sizeof(wh_instance_t), &size) ||
      !wh_add_size(size, model->elems.count, &size) ||
      !wh_add_size(size, model->datas.count, &size))
    return false;
  *out = round_up(size);
  return true;
}

static void hold(void *owner, bool more) {
  if (more)
    wh_module_retain(owner);
  else
    wh_module_release(owner);
}

wherry_error_t *wh_module_wrap(wherry_engine_t *engine, wh_model_t *model, wherry_module_t **out) {
  wherry_error_t *error = wh_error_oom();
  size_t functions = model->functions.count;
  wherry_module_t *module = WH_NEW(&engine->alloc, wherry_module_t);
  if (!module) {
    wh_model_free(model);
    return error;
  }
  atomic_init(&module->references, 1);
  module->engine = engine;
  wh_engine_retain(engine);
  module->model = model;
  wh_mutex_init(&module->compile_lock);
  if (!count_instance(model, &module->instance_size)) goto fail;
  module->entries = wh_alloc_array(&engine->alloc, functions, sizeof *module->entries);
  module->type_ids = wh_alloc_array(&engine->alloc, functions, sizeof *module->type_ids);
  if (functions && (!module->entries || !module->type_ids)) goto fail;
  error = wh_engine_types(engine, model, &module->rtypes);
  if (error) goto fail;
  for (size_t i = 0; i < model->types.count; i++) {
    model->types.items[i].owner = module;
    model->types.items[i].hold = hold;
  }
  for (size_t i = 0; i < functions; i++)
    module->type_ids[i] = model->types.items[model->functions.items[i]].canonical;
  *out = module;
  return NULL;
fail:
  wh_module_release(module);
  return error;
}

void wh_module_retain(wherry_module_t *module) {
  atomic_fetch_add_explicit(&module->references, 1, memory_order_relaxed);
}

void wh_module_release(wherry_module_t *module) {
  if (!module) return;
  if (atomic_fetch_sub_explicit(&module->references, 1, memory_order_acq_rel) != 1) return;
  wherry_engine_t *engine = module->engine;
  wh_alloc_t *alloc = &engine->alloc;
  void *world = atomic_load_explicit(&module->world, memory_order_acquire);
  if (world && module->world_free) module->world_free(alloc, world);
  wh_image_free(alloc, atomic_load_explicit(&module->image, memory_order_acquire));
  size_t functions = module->model->functions.count;
  for (size_t i = 0; module->entries && i < functions; i++) {
    wh_code_t *code = atomic_load_explicit(&module->entries[i], memory_order_acquire);
    if (code) wh_free(alloc, code, code->size);
  }
  wh_free(alloc, module->entries, functions * sizeof *module->entries);
  for (size_t i = 0; module->names && i < functions; i++)
    if (module->names[i]) wh_free(alloc, module->names[i], module->names[i]->size);
  wh_free(alloc, module->names, functions * sizeof *module->names);
  wh_free(alloc, module->type_ids, functions * sizeof *module->type_ids);
  wh_free(alloc, module->rtypes, module->model->types.count * sizeof *module->rtypes);
  wh_vec_free(alloc, &module->guarded);
  wh_model_free(module->model);
  wh_mutex_destroy(&module->compile_lock);
  WH_DELETE(alloc, module);
  wh_engine_release(engine);
}

/* How many of the guarded functions begin at or before a place. */
static size_t guarded_before(const wherry_module_t *module, const wh_word_t *ip) {
  size_t low = 0, high = module->guarded.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (module->guarded.items[middle]->words <= ip)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

bool wh_module_add_guarded(wherry_module_t *module, const wh_code_t *code) {
  if (!wh_vec_reserve(&module->engine->alloc, &module->guarded, 1)) return false;
  size_t place = guarded_before(module, code->words);
  const wh_code_t **at = module->guarded.items + place;
  memmove(at + 1, at, (module->guarded.count - place) * sizeof *at);
  *at = code;
  module->guarded.count++;
  return true;
}

const wh_code_t *wh_module_find_guarded(const wherry_module_t *module, const wh_word_t *ip) {
  size_t place = guarded_before(module, ip);
  if (!place) return NULL;
  const wh_code_t *code = module->guarded.items[place - 1];
  return ip < code->words + code->word_count ? code : NULL;
}

/* With compile_lock held. */
static wh_name_t *find_name(wherry_module_t *module, uint32_t function, wherry_bytes_t bytes) {
  wh_alloc_t *alloc = &module->engine->alloc;
  if (!module->names)
    module->names = wh_alloc_array(alloc, module->model->functions.count, sizeof *module->names);
  if (!module->names) return NULL;
  wh_name_t *name = module->names[function];
  if (name) return name;
  size_t size = sizeof *name + bytes.size + 1;
  name = wh_alloc(alloc, size);
  if (!name) return NULL;
  name->size = size;
  memcpy(name->text, bytes.data, bytes.size);
  name->text[bytes.size] = 0;
  return module->names[function] = name;
}

wherry_error_t *wh_module_function_name(wherry_module_t *module, uint32_t function,
                                        const char **out) {
  wherry_bytes_t bytes = wh_model_function_name(module->model, function);
  if (!bytes.data) {
    *out = NULL;
    return NULL;
  }
  wh_mutex_lock(&module->compile_lock);
  wh_name_t *name = find_name(module, function, bytes);
  wh_mutex_unlock(&module->compile_lock);
  if (!name) return wh_error_oom();
  *out = name->text;
  return NULL;
}

/* ---- element segments of instances ---- */

static size_t elem_bytes(const wh_instance_t *instance, size_t elem) {
  return instance->module->model->elems.items[elem].count * sizeof(uint64_t);
}

bool wh_instance_keep_elems(wh_instance_t *instance) {
  size_t count = instance->module->model->elems.count;
  instance->elem_values =
      wh_alloc_array(instance->store->alloc, count, sizeof *instance->elem_values);
  return instance->elem_values != NULL;
}

void wh_instance_drop_elem(wh_instance_t *instance, uint32_t elem) {
  instance->dropped_elems[elem] = 1;
  if (!instance->elem_values) return;
  wh_free(instance->store->alloc, instance->elem_values[elem], elem_bytes(instance, elem));
  instance->elem_values[elem] = NULL;
}

void wh_instance_free_elems(wh_instance_t *instance) {
  size_t count = instance->module->model->elems.count;
  if (!instance->elem_values) return;
  for (uint32_t i = 0; i < count; i++) wh_instance_drop_elem(instance, i);
  wh_free(instance->store->alloc, instance->elem_values, count * sizeof *instance->elem_values);
}
