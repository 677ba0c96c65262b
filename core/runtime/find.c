/* From the two words that a host holds to what they stand for; stale and foreign ones are found out
   here. */
#include "runtime/runtime.h"

static WH_COLD wherry_error_t *closed(wherry_store_t *store) {
  return wh_error_new(store->alloc, WHERRY_ERROR_STATE, "the store is closed");
}

static WH_COLD wherry_error_t *refuse(wherry_store_t *store, uint64_t store_id, const char *noun) {
  if (store->closed) return closed(store);
  if (!store_id)
    return wh_error_new(store->alloc, WHERRY_ERROR_STATE, "a %s is wanted, but none was given",
                        noun);
  if (store_id != store->id)
    return wh_error_new(store->alloc, WHERRY_ERROR_STATE,
                        "the %s belongs to another store, or to one that has ended", noun);
  return wh_error_new(store->alloc, WHERRY_ERROR_STATE, "the store has no such %s", noun);
}

wherry_error_t *wh_store_check(wherry_store_t *store) {
  return WH_LIKELY(!store->closed) ? NULL : closed(store);
}

static inline bool ours(const wherry_store_t *store, uint64_t store_id) {
  return WH_LIKELY(store_id == store->id && !store->closed);
}

/* NULL: there is none. */
static inline wh_instance_t *instance_of(const wherry_store_t *store, uint64_t index) {
  uint64_t id = index >> 32;
  return WH_LIKELY(id && id < store->instances.count) ? store->instances.items[id] : NULL;
}

wherry_error_t *wh_find_instance(wherry_store_t *store, wherry_instance_t value,
                                 wh_instance_t **out) {
  wh_instance_t *instance = ours(store, value.store) ? instance_of(store, value.index) : NULL;
  if (WH_UNLIKELY(!instance)) return refuse(store, value.store, "instance");
  *out = instance;
  return NULL;
}

wherry_error_t *wh_find_memory(wherry_store_t *store, wherry_memory_t value, wh_memory_t **out) {
  uint32_t index = (uint32_t)value.index;
  if (!ours(store, value.store)) return refuse(store, value.store, "memory");
  if (value.index >> 32 == 0) {
    if (index && index < store->host_memories.count) {
      *out = store->host_memories.items[index];
      return NULL;
    }
  } else {
    wh_instance_t *instance = instance_of(store, value.index);
    if (instance && index < instance->module->model->memories.count) {
      *out = instance->memories[index];
      return NULL;
    }
  }
  return refuse(store, value.store, "memory");
}

wherry_error_t *wh_find_table(wherry_store_t *store, wherry_table_t value, wh_table_t **out) {
  uint32_t index = (uint32_t)value.index;
  if (!ours(store, value.store)) return refuse(store, value.store, "table");
  if (value.index >> 32 == 0) {
    if (index && index < store->host_tables.count) {
      *out = store->host_tables.items[index];
      return NULL;
    }
  } else {
    wh_instance_t *instance = instance_of(store, value.index);
    if (instance && index < instance->module->model->tables.count) {
      *out = instance->tables[index];
      return NULL;
    }
  }
  return refuse(store, value.store, "table");
}

wherry_error_t *wh_find_global(wherry_store_t *store, wherry_global_t value, uint64_t **cell,
                               wherry_valtype_t *type, bool *is_mutable) {
  uint32_t index = (uint32_t)value.index;
  if (!ours(store, value.store)) return refuse(store, value.store, "global");
  if (value.index >> 32 == 0) {
    if (index && index < store->host_globals.count) {
      wh_host_global_t *global = store->host_globals.items[index];
      *cell = global->value;
      *type = global->type;
      *is_mutable = global->is_mutable;
      return NULL;
    }
  } else {
    wh_instance_t *instance = instance_of(store, value.index);
    if (instance && index < instance->module->model->globals.count) {
      const wh_global_type_t *global = &instance->module->model->globals.items[index];
      *cell = wh_global_cell(instance, index);
      *type = wh_module_valtype(instance->module, global->type);
      *is_mutable = global->is_mutable;
      return NULL;
    }
  }
  return refuse(store, value.store, "global");
}

wherry_error_t *wh_find_tag(wherry_store_t *store, wherry_tag_t value, uint64_t *tag) {
  uint32_t index = (uint32_t)value.index;
  if (!ours(store, value.store)) return refuse(store, value.store, "tag");
  if (value.index >> 32 == 0) {
    if (index && index < store->host_tags.count) {
      *tag = index;
      return NULL;
    }
  } else {
    wh_instance_t *instance = instance_of(store, value.index);
    if (instance && index < instance->module->model->tags.count) {
      *tag = instance->tags[index];
      return NULL;
    }
  }
  return refuse(store, value.store, "tag");
}

const wherry_functype_t *wh_reference_functype(const wherry_store_t *store, uint64_t reference) {
  const wh_instance_t *instance = wh_reference_instance(store, reference);
  if (!instance) return wh_reference_host(store, reference)->type;
  const wherry_module_t *module = instance->module;
  return &module->rtypes[module->model->functions.items[(uint32_t)reference]]->func;
}

wherry_error_t *wh_find_func(wherry_store_t *store, wherry_func_t value, uint64_t *reference,
                             const wherry_functype_t **type) {
  uint32_t index = (uint32_t)value.index;
  if (WH_UNLIKELY(!ours(store, value.store))) return refuse(store, value.store, "function");
  if (WH_UNLIKELY(value.index >> 32 == 0)) {
    if (!index || index >= store->host_funcs.count) return refuse(store, value.store, "function");
    *reference = value.index;
  } else {
    wh_instance_t *instance = instance_of(store, value.index);
    if (WH_UNLIKELY(!instance || index >= instance->function_count))
      return refuse(store, value.store, "function");
    *reference = wh_instance_reference(instance, index);
  }
  if (type) *type = wh_reference_functype(store, *reference);
  return NULL;
}
