/* Configs, engines, and the function types that an engine's modules share. */
#include "runtime/runtime.h"

enum { IDLE_STACKS = 16 };

static const uint64_t default_reservation = UINT64_C(4) << 30;
static const uint64_t default_stack_size = UINT64_C(8) << 20;
static const uint64_t default_tick = 1000000;
static const uint32_t default_call_depth = 128;

wherry_error_t *wh_config_make(const wherry_allocator_t *allocator, wherry_config_t **out) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, allocator);
  wherry_config_t *config = WH_NEW(&alloc, wherry_config_t);
  if (!config) return wh_error_oom();
  wh_alloc_init(&config->alloc, allocator);
  atomic_init(&config->references, 1);
  config->features = WH_FEATURES_DEFAULT;
  config->memory_reservation = default_reservation;
  config->stack_size = default_stack_size;
  config->tick = default_tick;
  config->call_depth = default_call_depth;
  *out = config;
  return NULL;
}

void wh_config_retain(wherry_config_t *config) {
  atomic_fetch_add_explicit(&config->references, 1, memory_order_relaxed);
}

void wh_config_release(wherry_config_t *config) {
  if (!config) return;
  if (atomic_fetch_sub_explicit(&config->references, 1, memory_order_acq_rel) != 1) return;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, &config->alloc.host);
  WH_DELETE(&alloc, config);
}

wherry_error_t *wh_engine_make(const wherry_config_t *config, wherry_engine_t **out) {
  const wherry_allocator_t *host = config ? &config->alloc.host : NULL;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, host);
  wherry_engine_t *engine = WH_NEW(&alloc, wherry_engine_t);
  if (!engine) return wh_error_oom();
  wh_alloc_init(&engine->alloc, host);
  atomic_init(&engine->references, 1);
  engine->features = config ? config->features : WH_FEATURES_DEFAULT;
  engine->deterministic = config && config->deterministic;
  engine->memory_reservation = config ? config->memory_reservation : default_reservation;
  engine->stack_size = config ? config->stack_size : default_stack_size;
  engine->tick = config ? config->tick : default_tick;
  engine->call_depth = config ? config->call_depth : default_call_depth;
  engine->gc_stress = config && config->gc_stress;
  wh_code_fuses(&engine->fuses);
  engine->seed = wh_os_seed();
  atomic_init(&engine->next_store, 1);
  atomic_init(&engine->next_image, 1);
  wh_mutex_init(&engine->lock);
  *out = engine;
  return NULL;
}

void wh_engine_retain(wherry_engine_t *engine) {
  atomic_fetch_add_explicit(&engine->references, 1, memory_order_relaxed);
}

void wh_engine_release(wherry_engine_t *engine) {
  if (!engine) return;
  if (atomic_fetch_sub_explicit(&engine->references, 1, memory_order_acq_rel) != 1) return;
  wh_alloc_t *alloc = &engine->alloc;
  while (engine->idle_stacks) {
    wh_stack_t *stack = engine->idle_stacks;
    engine->idle_stacks = stack->next;
    wh_stack_free(alloc, stack);
  }
  while (engine->idle_memories) {
    wh_memory_t *memory = engine->idle_memories;
    engine->idle_memories = memory->next;
    wh_memory_free(memory);
  }
  wh_engine_free_types(engine);
  wh_mutex_destroy(&engine->lock);
  wh_alloc_t last;
  wh_alloc_init(&last, &engine->alloc.host);
  WH_DELETE(&last, engine);
}

wh_stack_t *wh_engine_take_stack(wherry_engine_t *engine) {
  wh_mutex_lock(&engine->lock);
  wh_stack_t *stack = engine->idle_stacks;
  if (stack) {
    engine->idle_stacks = stack->next;
    engine->idle_stack_count--;
  }
  wh_mutex_unlock(&engine->lock);
  return stack;
}

void wh_engine_give_stacks(wherry_engine_t *engine, wh_stack_t *stacks) {
  if (!stacks) return;
  wh_mutex_lock(&engine->lock);
  while (stacks && engine->idle_stack_count < IDLE_STACKS) {
    wh_stack_t *stack = stacks;
    stacks = stack->next;
    stack->next = engine->idle_stacks;
    engine->idle_stacks = stack;
    engine->idle_stack_count++;
  }
  wh_mutex_unlock(&engine->lock);
  while (stacks) {
    wh_stack_t *stack = stacks;
    stacks = stack->next;
    wh_stack_free(&engine->alloc, stack);
  }
}
