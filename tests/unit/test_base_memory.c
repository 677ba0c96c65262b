/* base: allocation, vectors, maps. */
#include "support.h"

#include "base/base.h"

static void what_is_given_out_is_counted(void **state) {
  (void)state;
  failing_t failing = {0};
  wherry_allocator_t host = failing_allocator(&failing);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, &host);
  char *a = wh_alloc(&alloc, 100);
  char *b = wh_alloc_zeroed(&alloc, 50);
  assert_int_equal(alloc.used, 150);
  for (int i = 0; i < 50; i++) assert_int_equal(b[i], 0);
  memset(a, 'a', 100);
  a = wh_realloc(&alloc, a, 100, 1000);
  for (int i = 0; i < 100; i++) assert_int_equal(a[i], 'a');
  assert_int_equal(alloc.used, 1050);
  assert_int_equal(failing.live_bytes, 1050);
  a = wh_realloc(&alloc, a, 1000, 10);
  assert_int_equal(alloc.used, 60);
  wh_free(&alloc, a, 10);
  wh_free(&alloc, b, 50);
  wh_free(&alloc, NULL, 7);
  assert_int_equal(alloc.used, 0);
  assert_int_equal(failing.live_blocks, 0);
}

static void a_block_of_no_bytes_is_a_block(void **state) {
  (void)state;
  failing_t failing = {0};
  wherry_allocator_t host = failing_allocator(&failing);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, &host);
  void *none = wh_alloc(&alloc, 0);
  assert_non_null(none);
  none = wh_realloc(&alloc, none, 0, 0);
  assert_non_null(none);
  wh_free(&alloc, none, 0);
  assert_int_equal(failing.live_blocks, 0);
  assert_int_equal(alloc.used, 0);
}

static void failing_leaves_the_old_block(void **state) {
  (void)state;
  failing_t failing = {.fail_at = 2};
  wherry_allocator_t host = failing_allocator(&failing);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, &host);
  char *a = wh_alloc(&alloc, 4);
  memcpy(a, "abc", 4);
  assert_null(wh_realloc(&alloc, a, 4, 400));
  assert_null(wh_alloc_zeroed(&alloc, 4));
  assert_null(wh_strndup(&alloc, "x", 1));
  assert_string_equal(a, "abc");
  assert_int_equal(alloc.used, 4);
  wh_free(&alloc, a, 4);
}

static void sizes_that_overflow_are_refused(void **state) {
  (void)state;
  size_t out;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  assert_false(wh_add_size(SIZE_MAX, 1, &out));
  assert_true(wh_add_size(SIZE_MAX - 1, 1, &out) && out == SIZE_MAX);
  assert_false(wh_mul_size(SIZE_MAX / 2, 3, &out));
  assert_null(wh_alloc_array(&alloc, SIZE_MAX / 2, 3));
  WH_VEC(uint64_t) vec = {0};
  assert_false(wh_vec_reserve(&alloc, &vec, SIZE_MAX / 2));
  assert_int_equal(alloc.used, 0);
}

static void vectors_grow_and_keep(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  WH_VEC(uint64_t) vec = {0};
  for (uint64_t i = 0; i < 10000; i++) assert_true(wh_vec_push(&alloc, &vec, i * i));
  assert_int_equal(vec.count, 10000);
  for (uint64_t i = 0; i < 10000; i++) assert_int_equal(vec.items[i], i * i);
  wh_vec_free(&alloc, &vec);
  assert_int_equal(alloc.used, 0);
}

static void maps_find_what_was_put(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_map_t map = {0};
  static char keys[5000][16];
  uint64_t value;
  assert_false(wh_map_get(&map, "", 0, &value));
  for (uint64_t i = 0; i < 5000; i++) {
    int size = snprintf(keys[i], sizeof keys[i], "key%u", (unsigned)(i * 7919));
    assert_true(wh_map_put(&alloc, &map, keys[i], (size_t)size, i));
  }
  assert_int_equal(map.count, 5000);
  for (uint64_t i = 0; i < 5000; i++) {
    assert_true(wh_map_get(&map, keys[i], strlen(keys[i]), &value));
    assert_int_equal(value, i);
    assert_false(wh_map_get(&map, keys[i], strlen(keys[i]) - 1, &value) && value == i);
  }
  assert_true(wh_map_put(&alloc, &map, "key0", 4, 99));
  assert_int_equal(map.count, 5000);
  assert_true(wh_map_get(&map, "key0", 4, &value) && value == 99);
  wh_map_free(&alloc, &map);
  assert_int_equal(alloc.used, 0);
}

static void keys_may_be_empty_and_hold_zeros(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_map_t map = {0};
  uint64_t value;
  assert_true(wh_map_put(&alloc, &map, NULL, 0, 1));
  assert_true(wh_map_put(&alloc, &map, "\0", 1, 2));
  assert_true(wh_map_put(&alloc, &map, "\0\0", 2, 3));
  assert_true(wh_map_get(&map, "", 0, &value) && value == 1);
  assert_true(wh_map_get(&map, "\0", 1, &value) && value == 2);
  assert_true(wh_map_get(&map, "\0\0", 2, &value) && value == 3);
  wh_map_free(&alloc, &map);
}

static void memory_of_the_system(void **state) {
  (void)state;
  size_t page = wh_os_page_size();
  uint8_t *address = wh_os_reserve(page * 1024);
  assert_non_null(address);
  assert_true(wh_os_commit(address, page * 2));
  for (size_t i = 0; i < page * 2; i++) assert_int_equal(address[i], 0);
  address[0] = address[page * 2 - 1] = 1;
  assert_true(wh_os_commit(address + page * 2, page));
  assert_int_equal(address[0], 1);
  wh_os_release(address, page * 1024);
  assert_int_not_equal(wh_os_seed(), wh_os_seed());
  uint64_t before = wh_os_now();
  assert_true(wh_os_now() >= before);
  assert_int_equal(wh_thread_id(), wh_thread_id());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_given_out_is_counted),
      cmocka_unit_test(a_block_of_no_bytes_is_a_block),
      cmocka_unit_test(failing_leaves_the_old_block),
      cmocka_unit_test(sizes_that_overflow_are_refused),
      cmocka_unit_test(vectors_grow_and_keep),
      cmocka_unit_test(maps_find_what_was_put),
      cmocka_unit_test(keys_may_be_empty_and_hold_zeros),
      cmocka_unit_test(memory_of_the_system),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
