/* base: errors. */
#include "support.h"

#include "base/base.h"

static void an_error_tells_what_it_was_given(void **state) {
  (void)state;
  uint64_t offset = 0;
  wherry_error_t *error = wh_error_at(NULL, WHERRY_ERROR_MALFORMED, 77, "bad %s %d", "byte", 5);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_MALFORMED);
  assert_string_equal(wherry_error_message(error), "bad byte 5");
  assert_true(wherry_error_offset(error, &offset));
  assert_int_equal(offset, 77);
  assert_null(wherry_error_limit(error));
  wherry_error_release(error);

  error = wh_error_new(NULL, WHERRY_ERROR_TYPE, "no offset");
  assert_false(wherry_error_offset(error, &offset));
  assert_int_equal(wherry_error_frame_count(error), 0);
  wherry_error_release(error);

  error = wh_error_limit(NULL, "fuel", "all gone");
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_LIMIT);
  assert_string_equal(wherry_error_limit(error), "fuel");
  wherry_error_release(error);

  error = wherry_error_new_exit(-3);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_EXIT);
  assert_int_equal(wherry_error_exit_code(error), -3);
  wherry_error_release(error);
  wherry_error_release(NULL);
}

static void a_trap_is_named(void **state) {
  (void)state;
  wherry_error_t *error = wh_error_trap(NULL, WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO, NULL);
  assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO);
  assert_string_equal(wherry_error_message(error), "integer divide by zero");
  wherry_error_release(error);
  error = wh_error_trap(NULL, WHERRY_TRAP_UNREACHABLE, "at %d", 3);
  assert_string_equal(wherry_error_message(error), "at 3");
  wherry_error_release(error);
  for (int code = WHERRY_TRAP_NONE; code <= WHERRY_TRAP_CANONICAL_ABI; code++)
    assert_string_not_equal(wherry_trap_code_name((wherry_trap_code_t)code), "?");
  assert_string_equal(wherry_trap_code_name((wherry_trap_code_t)9999), "?");
}

static void every_kind_has_a_name(void **state) {
  (void)state;
  for (int kind = WHERRY_ERROR_MALFORMED; kind <= WHERRY_ERROR_STATE; kind++)
    assert_string_not_equal(wherry_error_kind_name((wherry_error_kind_t)kind), "?");
  assert_string_equal(wherry_error_kind_name((wherry_error_kind_t)0), "?");
  assert_string_equal(wherry_error_kind_name((wherry_error_kind_t)99), "?");
  wherry_error_t *error = wherry_error_new((wherry_error_kind_t)99, NULL);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_HOST);
  assert_string_equal(wherry_error_message(error), "");
  wherry_error_release(error);
}

static void prefixes_come_before(void **state) {
  (void)state;
  wherry_error_t *error = wh_error_new(NULL, WHERRY_ERROR_RANGE, "300 is no u8");
  wh_error_prefix(error, "parameter %d (%s): ", 2, "start");
  wh_error_prefix(error, "run(): ");
  assert_string_equal(wherry_error_message(error), "run(): parameter 2 (start): 300 is no u8");
  wherry_error_release(error);
}

static void frames_copy_their_names(void **state) {
  (void)state;
  failing_t failing = {0};
  wherry_allocator_t host = failing_allocator(&failing);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, &host);
  wherry_error_t *error = wh_error_trap(&alloc, WHERRY_TRAP_UNREACHABLE, NULL);
  for (uint32_t i = 0; i < 100; i++) {
    char name[16];
    int size = snprintf(name, sizeof name, "f%uXX", i);
    assert_true(
        wh_error_add_frame(error, name, (size_t)size - 2, i % 2 ? "mod" : NULL, 3, i, i * 10));
  }
  assert_int_equal(wherry_error_frame_count(error), 100);
  assert_string_equal(wherry_error_frame_function_name(error, 42), "f42");
  assert_null(wherry_error_frame_module_name(error, 42));
  assert_string_equal(wherry_error_frame_module_name(error, 43), "mod");
  assert_int_equal(wherry_error_frame_offset(error, 43), 430);
  assert_int_equal(wherry_error_frame_function_index(error, 43), 43);
  assert_null(wherry_error_frame_function_name(error, 100));
  assert_true(wh_error_add_frame(error, "a\0b", 3, NULL, 0, 0, UINT64_MAX));
  assert_string_equal(wherry_error_frame_function_name(error, 100), "a");
  wherry_error_release(error);
  assert_int_equal(failing.live_blocks, 0);
  assert_int_equal(failing.live_bytes, 0);
}

static void out_of_memory_needs_none(void **state) {
  (void)state;
  for (size_t n = 1; n < 8; n++) {
    failing_t failing = {.fail_at = n};
    wherry_allocator_t host = failing_allocator(&failing);
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, &host);
    wherry_error_t *error = wh_error_at(&alloc, WHERRY_ERROR_INVALID, 1, "why");
    wh_error_prefix(error, "where: ");
    wh_error_add_frame(error, "f", 1, "m", 1, 0, 0);
    if (n <= 2) assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    if (n == 3) assert_string_equal(wherry_error_message(error), "why");
    if (n > 3) assert_string_equal(wherry_error_message(error), "where: why");
    assert_int_equal(wherry_error_frame_count(error), n > 6 ? 1 : 0);
    wherry_error_release(error);
    assert_int_equal(failing.live_blocks, 0);
  }
  wherry_error_t *oom = wh_error_oom();
  assert_false(wherry_error_offset(oom, NULL));
  assert_false(wh_error_add_frame(oom, NULL, 0, NULL, 0, 0, 0));
  assert_string_equal(wherry_error_message(oom), "out of memory");
  wherry_error_release(oom);
  wherry_error_release(oom);
}

static void finalize(void *data) { ++*(int *)data; }

static void a_payload_is_finalized_once(void **state) {
  (void)state;
  int finalized = 0;
  wherry_error_t *error = wherry_error_new_host("boom", &finalized, finalize);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_HOST);
  assert_ptr_equal(wherry_error_payload(error), &finalized);
  assert_int_equal(finalized, 0);
  wherry_error_release(error);
  assert_int_equal(finalized, 1);
  wherry_error_release(wherry_error_new_host(NULL, NULL, NULL));
}

static void versions(void **state) {
  (void)state;
  assert_string_equal(wherry_version(), WHERRY_VERSION_STRING);
  assert_int_equal(wherry_abi_version(), WHERRY_ABI_VERSION);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_error_tells_what_it_was_given),
      cmocka_unit_test(a_trap_is_named),
      cmocka_unit_test(every_kind_has_a_name),
      cmocka_unit_test(prefixes_come_before),
      cmocka_unit_test(frames_copy_their_names),
      cmocka_unit_test(out_of_memory_needs_none),
      cmocka_unit_test(a_payload_is_finalized_once),
      cmocka_unit_test(versions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
