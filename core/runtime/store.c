/* Stores: their making, what they are tied to, and their end. */
#include "runtime/runtime.h"

wherry_error_t *wh_store_make(wherry_engine_t *engine, wherry_store_t **out) {
  wherry_store_t *store = WH_NEW(&engine->alloc, wherry_store_t);
  if (!store) return wh_error_oom();
  store->references = 1;
  store->engine = engine;
  wh_engine_retain(engine);
  store->alloc = &engine->alloc;
  do {
    uint64_t number = atomic_fetch_add_explicit(&engine->next_store, 1, memory_order_relaxed);
    store->id = engine->seed ^ number * UINT64_C(0x9E3779B97F4A7C15);
  } while (!store->id);
  store->memory_limit = store->table_limit = store->instance_limit = UINT64_MAX;
  store->fuel = store->timeout = UINT64_MAX;
  atomic_init(&store->interrupted, false);
  store->context.store = store;
  wh_gc_init(&store->gc);
  store->gc.stress = engine->gc_stress;
  *out = store;
  return NULL;
}

static void end_instances(wherry_store_t *store) {
  wh_alloc_t *alloc = store->alloc;
  for (size_t i = store->instances.count; i-- > 1;) {
    wh_instance_t *instance = store->instances.items[i];
    const wh_model_t *model = instance->module->model;
    for (size_t m = model->imported_memories; m < model->memories.count; m++)
      wh_memory_release(instance->memories[m]);
    for (size_t t = model->imported_tables; t < model->tables.count; t++)
      wh_table_release(store, instance->tables[t]);
    wh_instance_free_elems(instance);
    wherry_module_t *module = instance->module;
    wh_free(alloc, instance, module->instance_size);
    wh_module_release(module);
  }
  wh_vec_free(alloc, &store->instances);
}

/* User code (finalizers) runs here: nothing is reachable any more when it does. */
static void end_host_data(wherry_store_t *store) {
  wh_alloc_t *alloc = store->alloc;
  while (store->host_funcs.count > 1) {
    wh_host_func_t *func = store->host_funcs.items[--store->host_funcs.count];
    if (func->shared)
      wh_shared_release(alloc, func->shared);
    else if (func->finalizer)
      func->finalizer(func->data);
    WH_DELETE(alloc, func);
  }
  wh_vec_free(alloc, &store->host_funcs);
  wh_externs_end(store);
  wh_store_set_data(store, NULL, NULL);
}

static void end_contents(wherry_store_t *store) {
  wh_alloc_t *alloc = store->alloc;
  store->closed = true;
  store->closing = false;
  if (store->ended) return;
  store->ended = true;
  if (store->end_calls) store->end_calls(store);
  while (store->held.count) {
    size_t last = --store->held.count;
    store->held_free.items[last](store->held.items[last]);
  }
  wh_vec_free(alloc, &store->held);
  wh_vec_free(alloc, &store->held_free);

  wh_context_t *context = &store->context;
  context->instance = NULL;
  context->memory = NULL;
  context->memory_size = 0;
  end_instances(store);
  for (size_t i = store->host_memories.count; i-- > 1;)
    wh_memory_release(store->host_memories.items[i]);
  wh_vec_free(alloc, &store->host_memories);
  for (size_t i = store->host_tables.count; i-- > 1;)
    wh_table_release(store, store->host_tables.items[i]);
  wh_vec_free(alloc, &store->host_tables);
  for (size_t i = store->host_globals.count; i-- > 1;)
    WH_DELETE(alloc, store->host_globals.items[i]);
  wh_vec_free(alloc, &store->host_globals);
  wh_vec_free(alloc, &store->host_tags);
  wh_exceptions_forget(store);
  wh_gc_free(store);
  wh_vec_free(alloc, &store->handles);
  wh_vec_free(alloc, &store->scoped);
  store->free_handle = 0;
  wh_stack_t *stacks = store->idle_stacks;
  store->idle_stacks = NULL;
  wh_engine_give_stacks(store->engine, stacks);
  end_host_data(store);
}

/* Finalizers may retain and release the store: it is kept while they run, and freed here. */
static void end_store(wherry_store_t *store) {
  store->references++;
  end_contents(store);
  if (--store->references) return;
  wherry_engine_t *engine = store->engine;
  WH_DELETE(store->alloc, store);
  wh_engine_release(engine);
}

void wh_store_release(wherry_store_t *store) {
  if (!store || --store->references) return;
  if (store->context.depth || store->pins)
    store->closing = true;
  else
    end_store(store);
}

void wh_store_close(wherry_store_t *store) {
  if (store->closed) return;
  store->closed = true;
  if (store->context.depth || store->pins)
    store->closing = true;
  else
    end_store(store);
}

void wh_store_finish(wherry_store_t *store) {
  if (store->pins) return; /* the last wh_store_unpin comes back */
  store->closing = false;
  if (store->closed || !store->references) end_store(store);
}

void wh_store_set_data(wherry_store_t *store, void *data, wherry_finalizer_t finalizer) {
  void *old = store->data;
  wherry_finalizer_t old_finalizer = store->data_finalizer;
  store->data = data;
  store->data_finalizer = finalizer;
  if (old_finalizer) old_finalizer(old);
}

bool wh_store_hold(wherry_store_t *store, void *thing, wherry_finalizer_t free) {
  if (!wh_vec_reserve(store->alloc, &store->held, 1)) return false;
  if (!wh_vec_push(store->alloc, &store->held_free, free)) return false;
  store->held.items[store->held.count++] = thing;
  return true;
}

void wh_shared_release(wh_alloc_t *alloc, wh_shared_t *shared) {
  if (!shared) return;
  if (atomic_fetch_sub_explicit(&shared->references, 1, memory_order_acq_rel) != 1) return;
  if (shared->finalizer) shared->finalizer(shared->data);
  WH_DELETE(alloc, shared);
}

/* Entities of the host are numbered from 1. */
#define ADD(store, vec, item)                               \
  ((vec)->count || wh_vec_push((store)->alloc, (vec), NULL) \
       ? wh_vec_push((store)->alloc, (vec), (item))         \
       : false)

wherry_error_t *wh_host_func_make(wherry_store_t *store, const wherry_functype_t *type,
                                  const wh_host_func_t *like, uint64_t *reference) {
  const wherry_functype_t *shared_type;
  wherry_error_t *error = wh_engine_type(store->engine, type, &shared_type);
  if (error) return error;
  wh_host_func_t *func = WH_NEW(store->alloc, wh_host_func_t);
  if (!func) return wh_error_oom();
  *func = *like;
  func->type = shared_type;
  func->type_id = shared_type->canonical;
  func->params = wh_param_slots(shared_type);
  func->results = wh_result_slots(shared_type);
  if (!ADD(store, &store->host_funcs, func)) {
    WH_DELETE(store->alloc, func);
    return wh_error_oom();
  }
  *reference = store->host_funcs.count - 1;
  return NULL;
}

wherry_error_t *wh_host_global_make(wherry_store_t *store, wherry_valtype_t type, bool is_mutable,
                                    const uint64_t *value, uint64_t *index) {
  wh_host_global_t *global = WH_NEW(store->alloc, wh_host_global_t);
  if (!global) return wh_error_oom();
  global->type = type;
  global->is_mutable = is_mutable;
  memcpy(global->value, value, wh_type_slots(type) * sizeof *value);
  if (!ADD(store, &store->host_globals, global)) {
    WH_DELETE(store->alloc, global);
    return wh_error_oom();
  }
  *index = store->host_globals.count - 1;
  return NULL;
}

wherry_error_t *wh_host_memory_add(wherry_store_t *store, wh_memory_t *memory) {
  if (!ADD(store, &store->host_memories, memory)) return wh_error_oom();
  memory->self = store->host_memories.count - 1;
  return NULL;
}

wherry_error_t *wh_host_table_add(wherry_store_t *store, wh_table_t *table) {
  if (!ADD(store, &store->host_tables, table)) return wh_error_oom();
  table->self = store->host_tables.count - 1;
  return NULL;
}
