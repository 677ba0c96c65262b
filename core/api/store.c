/* The public functions of store.h. */
#include "runtime/runtime.h"

wherry_error_t *wherry_store_new(wherry_engine_t *engine, wherry_store_t **out) {
  return wh_store_make(engine, out);
}

void wherry_store_retain(wherry_store_t *store) { store->references++; }
void wherry_store_release(wherry_store_t *store) { wh_store_release(store); }
void wherry_store_close(wherry_store_t *store) { wh_store_close(store); }
bool wherry_store_closed(const wherry_store_t *store) { return store->closed; }
wherry_engine_t *wherry_store_engine(const wherry_store_t *store) { return store->engine; }
uint64_t wherry_store_id(const wherry_store_t *store) { return store->id; }

wherry_error_t *wherry_store_set_memory_limit(wherry_store_t *store, uint64_t bytes) {
  wherry_error_t *error = wh_store_check(store);
  if (error) return error;
  store->memory_limit = bytes;
  if (!store->has_heap_limit) store->gc.limit = bytes;
  return NULL;
}

wherry_error_t *wherry_store_set_table_limit(wherry_store_t *store, uint64_t elements) {
  wherry_error_t *error = wh_store_check(store);
  if (!error) store->table_limit = elements;
  return error;
}

wherry_error_t *wherry_store_set_instance_limit(wherry_store_t *store, uint64_t count) {
  wherry_error_t *error = wh_store_check(store);
  if (!error) store->instance_limit = count;
  return error;
}

wherry_error_t *wherry_store_set_heap_limit(wherry_store_t *store, uint64_t bytes) {
  wherry_error_t *error = wh_store_check(store);
  if (error) return error;
  store->has_heap_limit = true;
  store->gc.limit = bytes;
  return NULL;
}

wherry_error_t *wherry_store_collect(wherry_store_t *store) {
  wherry_error_t *error = wh_store_check(store);
  if (error) return error;
  wh_gc_collect(store);
  wh_externs_finalize(store);
  return NULL;
}

wherry_error_t *wherry_store_set_fuel(wherry_store_t *store, uint64_t instructions) {
  wherry_error_t *error = wh_store_check(store);
  if (error) return error;
  store->fuel = instructions;
  store->context.budget = 0; /* what was handed out before is void */
  return NULL;
}

uint64_t wherry_store_fuel(const wherry_store_t *store) {
  if (store->fuel == UINT64_MAX) return UINT64_MAX;
  int64_t budget = store->context.budget;
  return store->fuel + (budget > 0 ? (uint64_t)budget : 0);
}

wherry_error_t *wherry_store_set_timeout(wherry_store_t *store, uint64_t nanoseconds) {
  wherry_error_t *error = wh_store_check(store);
  if (!error) store->timeout = nanoseconds;
  return error;
}

void wherry_store_interrupt(wherry_store_t *store) {
  atomic_store_explicit(&store->interrupted, true, memory_order_release);
}

void wherry_store_set_tick(wherry_store_t *store, wherry_tick_t tick, void *data) {
  store->tick = tick;
  store->tick_data = data;
}

void wherry_store_set_data(wherry_store_t *store, void *data, wherry_finalizer_t finalizer) {
  wh_store_set_data(store, data, finalizer);
}

void *wherry_store_data(const wherry_store_t *store) { return store->data; }

uint64_t wherry_store_memory_used(const wherry_store_t *store) { return store->memory_used; }
uint64_t wherry_store_table_used(const wherry_store_t *store) { return store->table_used; }

uint64_t wherry_store_heap_used(const wherry_store_t *store) { return store->gc.used; }
uint64_t wherry_store_handles(const wherry_store_t *store) { return store->handles_used; }

uint64_t wherry_store_instances(const wherry_store_t *store) {
  return store->instances.count ? store->instances.count - 1 : 0;
}
