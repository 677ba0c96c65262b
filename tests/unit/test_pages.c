/* Memories whose pages are single bytes: every size is possible, and the end is exactly where it is
   said to be. */
#include "world.h"

#include "runtime/runtime.h"

static world_t world_with_pages(void) {
  wherry_config_t *config;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_feature(config, WHERRY_FEATURE_CUSTOM_PAGE_SIZES, true));
  world_t world = world_of(config);
  wherry_config_release(config);
  return world;
}

static wherry_instance_t instance_of(const world_t *world, const char *text) {
  wherry_module_t *module;
  wherry_instance_t instance;
  assert_ok(wherry_module_new_text(world->engine, text, strlen(text), NULL, &module));
  assert_ok(wherry_instance_new(world->store, module, NULL, 0, &instance));
  wherry_module_release(module);
  return instance;
}

static wherry_memory_t memory_of(const world_t *world, wherry_instance_t instance) {
  return find_export(world->store, instance, "m").of.memory;
}

static void the_feature_is_off_unless_it_is_asked_for(void **state) {
  (void)state;
  static const char text[] = "(module (memory 1 (pagesize 1)))";
  world_t world = world_of(NULL);
  wherry_module_t *module;
  assert_error(wherry_module_new_text(world.engine, text, sizeof text - 1, NULL, &module),
               MALFORMED, "needs feature custom-page-sizes, which is switched off");
  world_end(&world);
}

static const struct {
  const char *access; /* of the memory's last bytes, at local 0 */
  uint32_t bytes;
} accesses[] = {
    {"(drop (i32.load8_u $m (local.get 0)))", 1},
    {"(drop (i32.load16_s $m (local.get 0)))", 2},
    {"(drop (i32.load $m (local.get 0)))", 4},
    {"(drop (i64.load $m (local.get 0)))", 8},
    {"(drop (v128.load $m (local.get 0)))", 16},
    {"(i32.store8 $m (local.get 0) (i32.const 1))", 1},
    {"(i32.store16 $m (local.get 0) (i32.const 1))", 2},
    {"(f32.store $m (local.get 0) (f32.const 1))", 4},
    {"(i64.store $m (local.get 0) (i64.const 1))", 8},
    {"(v128.store $m (local.get 0) (v128.const i64x2 1 1))", 16},
    {"(memory.fill $m (local.get 0) (i32.const 1) (i32.const 7))", 7},
    {"(memory.copy $m $m (i32.const 0) (local.get 0) (i32.const 7))", 7},
    {"(memory.copy $m $m (local.get 0) (i32.const 0) (i32.const 7))", 7},
    {"(memory.init $m $d (local.get 0) (i32.const 0) (i32.const 3))", 3},
};

static void an_access_ends_at_the_last_byte(void **state) {
  (void)state;
  static const char *const memories[] = {"(memory $m 41 (pagesize 1))",
                                         "(memory $other 1) (memory $m 41 (pagesize 1))"};
  world_t world = world_with_pages();
  for (size_t m = 0; m < WH_COUNT(memories); m++)
    for (size_t i = 0; i < WH_COUNT(accesses); i++) {
      char text[400];
      snprintf(text, sizeof text,
               "(module %s (data $d \"abc\") (func (export \"f\") (param i32) %s)"
               " (func (export \"grow\") (param i32) (result i32)"
               "   (memory.grow $m (local.get 0))))",
               memories[m], accesses[i].access);
      wherry_instance_t instance = instance_of(&world, text);
      wherry_func_t func = find_func(world.store, instance, "f");
      int32_t size = 41, before, last = size - (int32_t)accesses[i].bytes;
      for (int round = 0; round < 3; round++) {
        assert_ok(call_i32(world.store, func, last, 0, NULL));
        assert_error(call_i32(world.store, func, last + 1, 0, NULL), TRAP, "out of bounds memory");
        assert_ok(call_i32(world.store, find_func(world.store, instance, "grow"), 1, 0, &before));
        assert_int_equal(before, size++);
        last++;
      }
    }
  world_end(&world);
}

static void sizes_are_in_its_own_pages(void **state) {
  (void)state;
  world_t world = world_with_pages();
  wherry_instance_t instance = instance_of(
      &world, "(module (memory (export \"m\") 100 70000 (pagesize 1))"
              " (func (export \"size\") (result i32) (memory.size))"
              " (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0))))");
  wherry_memory_t memory = memory_of(&world, instance);
  uint64_t size, maximum, page, before;
  uint8_t *data;
  int32_t result;
  assert_ok(wherry_memory_limits(world.store, memory, &size, &maximum));
  assert_int_equal(size, 100);
  assert_int_equal(maximum, 70000);
  assert_ok(wherry_memory_page_size(world.store, memory, &page));
  assert_int_equal(page, 1);
  assert_ok(wherry_memory_data(world.store, memory, &data, &size));
  assert_int_equal(size, 100);
  assert_int_equal(wherry_store_memory_used(world.store), 100);
  assert_ok(wherry_memory_grow(world.store, memory, 23, &before));
  assert_int_equal(before, 100);
  assert_ok(call_i32(world.store, find_func(world.store, instance, "size"), 0, 0, &result));
  assert_int_equal(result, 123);
  assert_error(wherry_memory_write(world.store, memory, 122, "ab", 2), RANGE, "123 bytes");
  assert_ok(wherry_memory_write(world.store, memory, 121, "ab", 2));
  assert_error(wherry_memory_grow(world.store, memory, 70000, &before), LIMIT,
               "a memory of 123 pages cannot grow by 70000: its maximum is 70000 pages");
  assert_ok(wherry_store_set_memory_limit(world.store, 200));
  assert_error(wherry_memory_grow(world.store, memory, 78, &before), LIMIT, "200 pages");
  assert_ok(call_i32(world.store, find_func(world.store, instance, "grow"), 78, 0, &result));
  assert_int_equal(result, -1);
  assert_ok(wherry_memory_grow(world.store, memory, 77, &before));
  assert_int_equal(wherry_store_memory_used(world.store), 200);
  assert_ok(wherry_store_set_memory_limit(world.store, UINT64_MAX));
  assert_ok(wherry_memory_grow(world.store, memory, 70000 - 200, &before));
  assert_error(wherry_memory_grow(world.store, memory, 1, &before), LIMIT, "its maximum");
  world_end(&world);
}

/* memory.size is an i32: a 32-bit memory ends a byte before 4 GiB, whatever is reserved. */
static void no_size_exceeds_its_own_number(void **state) {
  (void)state;
  world_t world = world_with_pages();
  wherry_instance_t instance =
      instance_of(&world, "(module (memory (export \"m\") 1 (pagesize 1)))");
  wherry_memory_t memory = memory_of(&world, instance);
  uint64_t before;
  assert_error(wherry_memory_grow(world.store, memory, UINT32_MAX, &before), LIMIT, "cannot grow");
  assert_error(wherry_memory_grow(world.store, memory, UINT64_MAX, &before), LIMIT, "cannot grow");
  wherry_instance_t wide =
      instance_of(&world, "(module (memory (export \"m\") i64 1 (pagesize 1)))");
  assert_error(wherry_memory_grow(world.store, memory_of(&world, wide), UINT64_MAX, &before), LIMIT,
               "cannot grow");
  world_end(&world);
}

static void a_reservation_of_any_size_will_do(void **state) {
  (void)state;
  static const uint64_t reservations[] = {65536, 65537, 100000, 131071, 131072};
  for (size_t i = 0; i < WH_COUNT(reservations); i++) {
    wherry_config_t *config;
    assert_ok(wherry_config_new(NULL, &config));
    assert_ok(wherry_config_set_feature(config, WHERRY_FEATURE_CUSTOM_PAGE_SIZES, true));
    assert_ok(wherry_config_set_memory_reservation(config, reservations[i]));
    world_t world = world_of(config);
    wherry_config_release(config);
    wherry_instance_t instance =
        instance_of(&world, "(module (memory (export \"m\") 5 200000 (pagesize 1)))");
    wherry_memory_t memory = memory_of(&world, instance);
    uint64_t whole = reservations[i] / 65536 * 65536, before;
    assert_ok(wherry_memory_grow(world.store, memory, whole - 5, &before));
    assert_error(wherry_memory_grow(world.store, memory, 1, &before), LIMIT, "reservation");
    assert_ok(wherry_memory_write(world.store, memory, whole - 1, "x", 1));
    world_end(&world);
  }
}

/* A memory that is kept for others comes back empty, whatever size it had. */
static void kept_memories_come_back_empty(void **state) {
  (void)state;
  world_t world = world_with_pages();
  static const uint32_t sizes[] = {1, 4095, 4097, 65535, 65537, 131073, 300001};
  for (size_t i = 0; i < 4 * WH_COUNT(sizes); i++) {
    char text[100];
    uint32_t wanted = sizes[i * 5 % WH_COUNT(sizes)];
    snprintf(text, sizeof text, "(module (memory (export \"m\") %u (pagesize %u)))",
             i % 3 ? wanted : 4, i % 3 ? 1 : 65536);
    wherry_store_t *store;
    assert_ok(wherry_store_new(world.engine, &store));
    world_t inner = {world.engine, store};
    uint8_t *data;
    uint64_t size;
    assert_ok(
        wherry_memory_data(store, memory_of(&inner, instance_of(&inner, text)), &data, &size));
    for (uint64_t at = 0; at < size; at++) assert_int_equal(data[at], 0);
    memset(data, 0xEE, (size_t)size);
    wherry_store_release(store);
  }
  world_end(&world);
}

/* From the second instance on the contents are mapped; the last page of the image is not all the
   memory's. */
static void images_fit_any_size(void **state) {
  (void)state;
  world_t world = world_with_pages();
  size_t size = (100 << 10) + 77;
  char *text = malloc(size + 200);
  int head = snprintf(
      text, 200, "(module (memory (export \"m\") %zu (pagesize 1)) (data (i32.const 0) \"", size);
  memset(text + head, 'x', size);
  strcpy(text + head + size, "\"))");
  wherry_module_t *module;
  assert_ok(wherry_module_new_text(world.engine, text, strlen(text), NULL, &module));
  for (int i = 0; i < 4; i++) {
    wherry_store_t *store;
    wherry_instance_t instance;
    assert_ok(wherry_store_new(world.engine, &store));
    assert_ok(wherry_instance_new(store, module, NULL, 0, &instance));
    world_t inner = {world.engine, store};
    uint8_t *data;
    uint64_t bytes, before;
    wherry_memory_t memory = memory_of(&inner, instance);
    assert_ok(wherry_memory_data(store, memory, &data, &bytes));
    assert_int_equal(bytes, size);
    for (size_t at = 0; at < size; at++) assert_int_equal(data[at], 'x');
    assert_ok(wherry_memory_grow(store, memory, 5000, &before));
    for (size_t at = size; at < size + 5000; at++) assert_int_equal(data[at], 0);
    memset(data, 'y', size + 5000);
    wherry_store_release(store);
  }
  assert_non_null(atomic_load(&module->image));
  wherry_module_release(module);
  free(text);
  world_end(&world);
}

static void page_sizes_are_part_of_the_type(void **state) {
  (void)state;
  world_t world = world_with_pages();
  wherry_instance_t instance = instance_of(
      &world, "(module (memory (export \"small\") 65536 (pagesize 1)) (memory (export \"m\") 1))");
  static const char text[] = "(module (import \"\" \"\" (memory 1 (pagesize 1))))";
  wherry_module_t *module;
  assert_ok(wherry_module_new_text(world.engine, text, sizeof text - 1, NULL, &module));
  wherry_extern_t small = find_export(world.store, instance, "small");
  wherry_extern_t large = find_export(world.store, instance, "m");
  assert_ok(wherry_instance_new(world.store, module, &small, 1, &instance));
  assert_error(wherry_instance_new(world.store, module, &large, 1, &instance), UNLINKABLE,
               "memory 1.. (pagesize 1) wanted, memory 1.. given");
  const wherry_externtype_t *type = wherry_module_import_type(module, 0);
  assert_int_equal(wherry_externtype_page_size(type), 1);
  assert_false(wherry_externtype_shared(type));
  wherry_module_release(module);
  world_end(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_feature_is_off_unless_it_is_asked_for),
      cmocka_unit_test(an_access_ends_at_the_last_byte),
      cmocka_unit_test(sizes_are_in_its_own_pages),
      cmocka_unit_test(no_size_exceeds_its_own_number),
      cmocka_unit_test(a_reservation_of_any_size_will_do),
      cmocka_unit_test(kept_memories_come_back_empty),
      cmocka_unit_test(images_fit_any_size),
      cmocka_unit_test(page_sizes_are_part_of_the_type),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
