/* Objects below the public functions: types of an engine, memories and stacks that are kept, references,
   allocators. */
#include "world.h"

#include "runtime/runtime.h"

#include <pthread.h>
#include <sys/resource.h>

static void equal_types_get_one_number(void **state) {
  (void)state;
  wherry_engine_t *engine;
  assert_ok(wherry_engine_new(NULL, &engine));
  static const char *const signatures[] = {":", "i:", ":i", "ii:i", "i:ii", "iii:", ":iii"};
  uint32_t numbers[WH_COUNT(signatures)];
  for (int round = 0; round < 2; round++)
    for (size_t i = 0; i < WH_COUNT(signatures); i++) {
      wherry_functype_t *type = parse_type(signatures[i]);
      const wherry_functype_t *shared;
      assert_ok(wh_engine_type(engine, type, &shared));
      assert_true(wh_functype_equal(type, shared));
      assert_int_not_equal(shared->canonical, 0);
      if (round) assert_int_equal(shared->canonical, numbers[i]);
      for (size_t j = 0; j < i; j++) assert_int_not_equal(shared->canonical, numbers[j]);
      numbers[i] = shared->canonical;
      wherry_functype_release(type);
    }
  /* One with more types than fit into the small key. */
  wherry_valtype_t many[200];
  for (size_t i = 0; i < WH_COUNT(many); i++) many[i] = WHERRY_I64;
  wherry_functype_t *a, *b;
  assert_ok(wherry_functype_new(many, 100, many, 100, &a));
  assert_ok(wherry_functype_new(many, 101, many, 99, &b));
  const wherry_functype_t *first, *second;
  assert_ok(wh_engine_type(engine, a, &first));
  assert_ok(wh_engine_type(engine, b, &second));
  assert_int_not_equal(first->canonical, second->canonical);
  wherry_functype_release(a);
  wherry_functype_release(b);
  wherry_engine_release(engine);
}

static void store_ids_differ_and_are_no_counters(void **state) {
  (void)state;
  wherry_engine_t *engines[2];
  uint64_t ids[20];
  for (int e = 0; e < 2; e++) assert_ok(wherry_engine_new(NULL, &engines[e]));
  for (int i = 0; i < 20; i++) {
    wherry_store_t *store;
    assert_ok(wherry_store_new(engines[i % 2], &store));
    ids[i] = wherry_store_id(store);
    assert_ptr_equal(wherry_store_engine(store), engines[i % 2]);
    wherry_store_release(store);
    assert_int_not_equal(ids[i], 0);
    for (int j = 0; j < i; j++) {
      assert_int_not_equal(ids[i], ids[j]);
      assert_int_not_equal(ids[i], ids[j] + 1);
    }
  }
  for (int e = 0; e < 2; e++) wherry_engine_release(engines[e]);
}

/* What one store wrote, no later one sees; and many at once are more than are kept. */
static void kept_memories_come_back_empty(void **state) {
  (void)state;
  wherry_engine_t *engine;
  assert_ok(wherry_engine_new(NULL, &engine));
  static const uint64_t pages[] = {0, 1, 2, 5, 300};
  for (size_t round = 0; round < 10; round++) {
    wherry_store_t *stores[20];
    for (size_t i = 0; i < 20; i++) {
      uint64_t size = pages[(i + round) % WH_COUNT(pages)];
      wherry_memory_t memory;
      uint8_t *data;
      uint64_t bytes;
      assert_ok(wherry_store_new(engine, &stores[i]));
      assert_ok(wherry_memory_new(stores[i], size, i % 2 ? 400 : UINT64_MAX, &memory));
      assert_ok(wherry_memory_grow(stores[i], memory, 1, NULL));
      assert_ok(wherry_memory_data(stores[i], memory, &data, &bytes));
      assert_int_equal(bytes, (size + 1) * 65536);
      for (uint64_t at = 0; at < bytes; at += 509) {
        assert_int_equal(data[at], 0);
        data[at] = 1;
      }
    }
    for (size_t i = 0; i < 20; i++) wherry_store_release(stores[i]);
    assert_in_range(engine->idle_memory_count, 1, 16);
  }
  wherry_engine_release(engine);
}

static void scarce_address_space_means_smaller_reservations(void **state) {
  (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  skip();
#endif
  struct rlimit before, little;
  assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
  world_t world = world_of(NULL);
  little = before;
  little.rlim_cur = UINT64_C(1) << 31;
  if (setrlimit(RLIMIT_AS, &little) != 0) skip();
  wherry_memory_t memory, more;
  uint64_t grown = 0;
  wherry_error_t *first = wherry_memory_new(world.store, 1, UINT64_MAX, &memory);
  wherry_error_t *second = wherry_memory_new(world.store, 1, UINT64_MAX, &more);
  wherry_error_t *error = NULL;
  if (!first) error = wherry_memory_grow(world.store, memory, 100, &grown);
  wherry_error_t *too_much = first ? NULL : wherry_memory_grow(world.store, memory, 40000, NULL);
  setrlimit(RLIMIT_AS, &before);
  assert_ok(first);
  assert_ok(second);
  assert_ok(error);
  assert_int_equal(grown, 1);
  assert_error(too_much, LIMIT, "reservation");
  world_end(&world);
}

static void stacks_go_back_to_the_engine(void **state) {
  (void)state;
  wherry_engine_t *engine;
  assert_ok(wherry_engine_new(NULL, &engine));
  wherry_store_t *store;
  wh_stack_t *stacks[20], *again;
  assert_ok(wherry_store_new(engine, &store));
  for (int i = 0; i < 20; i++) {
    assert_ok(wh_stack_take(store, &stacks[i]));
    assert_int_equal((stacks[i]->end - stacks[i]->slots) * 8 >= 8 << 20, 1);
    stacks[i]->slots[0] = 7;
    stacks[i]->end[WH_STACK_SPARE - 1] = 7;
  }
  wh_stack_give(store, stacks[3]);
  assert_ok(wh_stack_take(store, &again));
  assert_ptr_equal(again, stacks[3]);
  for (int i = 0; i < 20; i++) wh_stack_give(store, stacks[i]);
  wherry_store_release(store);
  assert_in_range(engine->idle_stack_count, 1, 19);
  uint32_t count = engine->idle_stack_count;
  assert_ok(wherry_store_new(engine, &store));
  assert_ok(wh_stack_take(store, &again));
  assert_int_equal(engine->idle_stack_count, count - 1);
  wh_stack_give(store, again);
  wherry_store_release(store);
  wherry_engine_release(engine);
}

static void held_things_end_newest_first(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  int order[3] = {0, 0, 0};
  for (int i = 0; i < 3; i++) assert_true(wh_store_hold(world.store, &order[i], count_end));
  world_end(&world);
  for (int i = 0; i < 3; i++) assert_int_equal(order[i], 1);
}

typedef struct work {
  wherry_engine_t *engine;
  wherry_module_t *module, *with_memory;
  int32_t total;
} work_t;

static void *run_stores(void *data) {
  work_t *work = data;
  for (int round = 0; round < 20; round++) {
    wherry_store_t *store;
    wherry_instance_t instance;
    int32_t result = 0;
    assert_ok(wherry_store_new(work->engine, &store));
    assert_ok(wherry_instance_new(store, work->module, NULL, 0, &instance));
    assert_ok(call_i32(store, find_func(store, instance, "fib"), 15, 0, &result));
    work->total += result;
    assert_ok(wherry_instance_new(store, work->with_memory, NULL, 0, &instance));
    assert_ok(call_i32(store, find_func(store, instance, "count"), 0, 0, &result));
    assert_int_equal(result, 1);
    assert_error(call_i32(store, find_func(store, instance, "fail"), 0, 0, NULL), TRAP, "");
    wherry_store_release(store);
  }
  return NULL;
}

static void stores_run_in_parallel_on_one_module(void **state) {
  (void)state;
  wherry_engine_t *engine;
  assert_ok(wherry_engine_new(NULL, &engine));
  wherry_module_t *module = load_module(engine, OWN_GUESTS "fib.wasm");
  wherry_module_t *with_memory = load_module(engine, OWN_GUESTS "simple.wasm");
  pthread_t threads[4];
  work_t works[4];
  for (int i = 0; i < 4; i++) {
    works[i] = (work_t) {engine, module, with_memory, 0};
    assert_int_equal(pthread_create(&threads[i], NULL, run_stores, &works[i]), 0);
  }
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(works[i].total, 20 * 610);
  }
  assert_int_equal(wherry_module_compiled_count(module), 1);
  assert_int_equal(wherry_module_compiled_count(with_memory), 2);
  wherry_module_release(module);
  wherry_module_release(with_memory);
  wherry_engine_release(engine);
}

static void all_memory_goes_back(void **state) {
  (void)state;
  failing_t counting = {0};
  wherry_allocator_t allocator = failing_allocator(&counting);
  wherry_config_t *config;
  assert_ok(wherry_config_new(&allocator, &config));
  world_t world = world_of(config);
  wherry_config_release(config);
  size_t before = counting.live_blocks;
  for (int i = 0; i < 3; i++) {
    wherry_module_t *module = load_module(world.engine, OWN_GUESTS "simple.wasm");
    wherry_store_t *store;
    wherry_instance_t instance;
    int32_t result;
    assert_ok(wherry_store_new(world.engine, &store));
    assert_ok(wherry_instance_new(store, module, NULL, 0, &instance));
    assert_ok(call_i32(store, find_func(store, instance, "sum"), 5, 37, &result));
    wherry_store_release(store);
    wherry_module_release(module);
    /* The first round leaves what is kept: types, a memory, a stack. */
    if (i == 0) before = counting.live_blocks;
    assert_int_equal(counting.live_blocks, before);
  }
  world_end(&world);
  assert_int_equal(counting.live_blocks, 0);
  assert_int_equal(counting.live_bytes, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_types_get_one_number),
      cmocka_unit_test(store_ids_differ_and_are_no_counters),
      cmocka_unit_test(kept_memories_come_back_empty),
      cmocka_unit_test(scarce_address_space_means_smaller_reservations),
      cmocka_unit_test(stacks_go_back_to_the_engine),
      cmocka_unit_test(held_things_end_newest_first),
      cmocka_unit_test(stores_run_in_parallel_on_one_module),
      cmocka_unit_test(all_memory_goes_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
