/* What the tests of runtime, link and api share: an engine with a store, guests, calls in one line. */
#ifndef WHERRY_TESTS_WORLD_H
#define WHERRY_TESTS_WORLD_H

#include "support.h"

typedef struct world {
  wherry_engine_t *engine;
  wherry_store_t *store;
} world_t;

static inline world_t world_of(const wherry_config_t *config) {
  world_t world;
  assert_ok(wherry_engine_new(config, &world.engine));
  assert_ok(wherry_store_new(world.engine, &world.store));
  return world;
}

static inline void world_end(world_t *world) {
  wherry_store_release(world->store);
  wherry_engine_release(world->engine);
}

static inline wherry_module_t *load_module(wherry_engine_t *engine, const char *path) {
  blob_t blob = blob_read(path);
  assert_non_null(blob.data);
  wherry_module_t *module;
  assert_ok(wherry_module_new(engine, blob.data, blob.size, &module));
  free(blob.data);
  return module;
}

static inline wherry_extern_t find_export(wherry_store_t *store, wherry_instance_t instance,
                                          const char *name) {
  wherry_extern_t item;
  assert_ok(wherry_instance_find(store, instance, name, strlen(name), &item));
  return item;
}

static inline wherry_func_t find_func(wherry_store_t *store, wherry_instance_t instance,
                                      const char *name) {
  wherry_extern_t item = find_export(store, instance, name);
  assert_int_equal(item.kind, WHERRY_EXTERN_FUNC);
  return item.of.func;
}

/* Up to two i32 in, one i32 or nothing out. */
static inline wherry_error_t *call_i32(wherry_store_t *store, wherry_func_t func, int32_t a,
                                       int32_t b, int32_t *out) {
  wherry_slot_t slots[2];
  slots[0].u64 = (uint32_t)a;
  slots[1].u64 = (uint32_t)b;
  wherry_error_t *error = wherry_func_call_slots(store, func, slots);
  if (!error && out) *out = slots[0].i32;
  return error;
}

static inline wherry_functype_t *parse_type(const char *signature) {
  wherry_functype_t *type;
  assert_ok(wherry_functype_parse(signature, &type));
  return type;
}

static inline wherry_func_t slot_func(wherry_store_t *store, const char *signature,
                                      wherry_slot_callback_t callback, bool stepped, void *data) {
  wherry_functype_t *type = parse_type(signature);
  wherry_func_t func;
  assert_ok(wherry_func_new_slots(store, type, callback, stepped, data, NULL, &func));
  wherry_functype_release(type);
  return func;
}

static inline wherry_extern_t extern_func(wherry_func_t func) {
  wherry_extern_t item;
  item.kind = WHERRY_EXTERN_FUNC;
  item.of.func = func;
  return item;
}

/* A finalizer that counts. */
static inline void count_end(void *data) { ++*(int *)data; }

#endif
