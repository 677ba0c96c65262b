/* encode: what was decoded and written anew is the same module. */
#include "support.h"
#include "sections.h"

#include "decode/decode.h"
#include "encode/encode.h"
#include "validate/validate.h"

static wh_alloc_t alloc;

static blob_t written_anew(const uint8_t *bytes, size_t size) {
  wh_model_t *model;
  blob_t out;
  assert_ok(wh_decode(&alloc, bytes, size, WH_FEATURES_ALL, &model));
  assert_ok(wh_validate(model, WH_FEATURES_ALL));
  assert_ok(wh_encode(&alloc, model, &out.data, &out.size));
  wh_model_free(model);
  return out;
}

/* Its canonical form is written as it is. */
static void check_same(const module_bytes_t *module) {
  blob_t out = written_anew(module->data, module->size);
  assert_int_equal(out.size, module->size);
  assert_memory_equal(out.data, module->data, out.size);
  wh_free(&alloc, out.data, out.size);
  assert_int_equal(alloc.used, 0);
}

static void build(module_bytes_t *module) {
  module_begin(module);
  SECTION_OF(module, 0,
             "\x05"
             "frontxyz");
  SECTION_OF(module, 1, "\x03\x60\x02\x7f\x7e\x01\x7c\x60\x00\x00\x60\x01\x7f\x02\x70\x6f");
  SECTION_OF(module, 0,
             "\x05"
             "typesxyz");
  SECTION_OF(module, 2,
             "\x04\x01m\x01"
             "f\x00\x01\x01m\x01g\x03\x7f\x00\x03mem\x01x\x02\x01\x01\x02"
             "\x01m\x01t\x01\x70\x00\xc8\x01");
  SECTION_OF(module, 3, "\x02\x01\x01");
  SECTION_OF(module, 4, "\x02\x70\x00\x05\x6f\x01\x00\x01");
  SECTION_OF(module, 6, "\x02\x7e\x01\x42\x7f\x0b\x70\x00\xd2\x01\x0b");
  SECTION_OF(module, 7, "\x02\x03sum\x00\x01\x03mem\x02\x00");
  SECTION_OF(module, 8, "\x02");
  SECTION_OF(module, 9,
             "\x07\x00\x41\x01\x0b\x01\x01" /* active */
             "\x01\x00\x02\x00\x01"         /* passive */
             "\x02\x01\x41\x00\x0b\x00\x00" /* active, table 1 */
             "\x03\x00\x01\x02"             /* declarative */
             "\x04\x41\x00\x0b\x01\xd2\x00\x0b"
             "\x05\x70\x01\xd0\x70\x0b"
             "\x06\x02\x41\x00\x0b\x6f\x01\xd0\x6f\x0b");
  SECTION_OF(module, 12, "\x02");
  SECTION_OF(module, 10, "\x02\x04\x01\x01\x7f\x0b\x02\x00\x0b");
  SECTION_OF(module, 11, "\x02\x00\x41\x00\x0b\x02hi\x01\x00");
  SECTION_OF(module, 0, "\x04name\x00\x05\x04test");
}

static void every_section_comes_back(void **state) {
  (void)state;
  module_bytes_t module;
  build(&module);
  check_same(&module);
  module_begin(&module);
  check_same(&module);
}

static void numbers_get_short_and_empty_sections_go(void **state) {
  (void)state;
  module_bytes_t module, shorter;
  module_begin(&module);
  SECTION_OF(&module, 1, "\x82\x80\x00\x60\x80\x00\x80\x00\x60\x81\x00\x7f\x00");
  SECTION_OF(&module, 2, "\x80\x00");
  SECTION_OF(&module, 3, "\x01\x80\x80\x00");
  SECTION_OF(&module, 5, "\x01\x01\x81\x00\x82\x80\x00");
  SECTION_OF(&module, 10, "\x01\x82\x00\x00\x0b");
  module_begin(&shorter);
  SECTION_OF(&shorter, 1, "\x02\x60\x00\x00\x60\x01\x7f\x00");
  SECTION_OF(&shorter, 3, "\x01\x00");
  SECTION_OF(&shorter, 5, "\x01\x01\x01\x02");
  SECTION_OF(&shorter, 10, "\x01\x02\x00\x0b");
  blob_t out = written_anew(module.data, module.size);
  assert_int_equal(out.size, shorter.size);
  assert_memory_equal(out.data, shorter.data, out.size);
  wh_free(&alloc, out.data, out.size);
}

/* Real modules: the second writing changes nothing any more. */
static void guests_come_back(void **state) {
  (void)state;
  static const char *const guests[] = {"simple.wasm", "greet.wasm", "host.wasm", "values.wasm",
                                       "fib.wasm"};
  for (size_t i = 0; i < sizeof guests / sizeof *guests; i++) {
    char path[100];
    snprintf(path, sizeof path, OWN_GUESTS "%s", guests[i]);
    blob_t guest = blob_read(path);
    assert_non_null(guest.data);
    blob_t once = written_anew(guest.data, guest.size);
    blob_t twice = written_anew(once.data, once.size);
    assert_true(once.size <= guest.size);
    assert_int_equal(once.size, twice.size);
    assert_memory_equal(once.data, twice.data, once.size);
    wh_free(&alloc, once.data, once.size);
    wh_free(&alloc, twice.data, twice.size);
    free(guest.data);
    assert_int_equal(alloc.used, 0);
  }
}

static void out_of_memory_leaks_nothing(void **state) {
  (void)state;
  module_bytes_t module;
  wh_model_t *model;
  build(&module);
  assert_ok(wh_decode(&alloc, module.data, module.size, WH_FEATURES_ALL, &model));
  for (size_t n = 1;; n++) {
    failing_t failing = {.fail_at = n};
    wherry_allocator_t host = failing_allocator(&failing);
    wh_alloc_t own;
    wh_alloc_init(&own, &host);
    blob_t out;
    wherry_error_t *error = wh_encode(&own, model, &out.data, &out.size);
    if (!error) {
      assert_true(n > 3);
      wh_free(&own, out.data, out.size);
      assert_int_equal(failing.live_blocks, 0);
      break;
    }
    assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    assert_int_equal(failing.live_blocks, 0);
  }
  wh_model_free(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_section_comes_back),
      cmocka_unit_test(numbers_get_short_and_empty_sections_go),
      cmocka_unit_test(guests_come_back),
      cmocka_unit_test(out_of_memory_leaks_nothing),
  };
  wh_alloc_init(&alloc, NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
