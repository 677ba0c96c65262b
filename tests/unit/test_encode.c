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
  SECTION_OF(module, 10, "\x02\x04\x01\x01\x7f\x0b\x05\x00\xfc\x09\x00\x0b");
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

/* What one module becomes; not validated. */
static void check_becomes(const module_bytes_t *module, const module_bytes_t *wanted) {
  wh_model_t *model;
  blob_t out;
  assert_ok(wh_decode(&alloc, module->data, module->size, WH_FEATURES_ALL, &model));
  assert_ok(wh_encode(&alloc, model, &out.data, &out.size));
  wh_model_free(model);
  assert_memory_equal(out.data, wanted->data, out.size < wanted->size ? out.size : wanted->size);
  assert_int_equal(out.size, wanted->size);
  wh_free(&alloc, out.data, out.size);
  assert_int_equal(alloc.used, 0);
}

/* code: the entry of one function after its size; hints: of a section before it, or "". */
static void module_of(module_bytes_t *module, const char *code, size_t size, const char *hints,
                      size_t hints_size, bool data_count) {
  module_begin(module);
  SECTION_OF(module, 1, "\x01\x60\x00\x00");
  SECTION_OF(module, 3, "\x01\x00");
  if (data_count) SECTION_OF(module, 12, "\x01");
  uint8_t entry[300] = {26};
  memcpy(entry + 1, "metadata.code.branch_hint", 25);
  entry[0] = 25;
  memcpy(entry + 26, hints, hints_size);
  if (hints_size) module_section(module, 0, entry, 26 + hints_size);
  entry[0] = 1;
  entry[1] = (uint8_t)size;
  memcpy(entry + 2, code, size);
  module_section(module, 10, entry, size + 2);
  SECTION_OF(module, 11, "\x01\x01\x00");
}

static const struct {
  const char *code;
  size_t code_size;
  const char *shorter;
  size_t shorter_size;
  bool data_count;
} codes[] = {
#define CODE(code, shorter) {code, sizeof(code) - 1, shorter, sizeof(shorter) - 1, false}
#define DATA_CODE(code, shorter) {code, sizeof(code) - 1, shorter, sizeof(shorter) - 1, true}
    /* runs of locals */
    CODE("\x86\x00\x00\x7f\x81\x00\x7f\x02\x7f\x01\x7e\x00\x7d\x01\x7e\x0b",
         "\x02\x03\x7f\x02\x7e\x0b"),
    CODE("\x02\xff\xff\xff\xff\x0f\x7f\x01\x7f\x0b", "\x02\xff\xff\xff\xff\x0f\x7f\x01\x7f\x0b"),
    CODE("\x01\x00\x7f\x0b", "\x00\x0b"),
    /* block types, labels, indices */
    CODE("\x00\x02\x40\x03\x80\x80\x80\x00\x04\x7f\x0c\x81\x00\x0d\x80\x00\x0b\x0b\x0b\x0b",
         "\x00\x02\x40\x03\x00\x04\x7f\x0c\x01\x0d\x00\x0b\x0b\x0b\x0b"),
    CODE("\x00\x02\xc0\x00\x0e\x82\x00\x80\x00\x01\x82\x00\x0b\x0b",
         "\x00\x02\xc0\x00\x0e\x02\x00\x01\x02\x0b\x0b"),
    CODE("\x00\x10\x80\x00\x11\x81\x00\x82\x00\x20\x80\x00\x23\x80\x00\x25\x80\x00\x3f\x80\x00\x0b",
         "\x00\x10\x00\x11\x01\x02\x20\x00\x23\x00\x25\x00\x3f\x00\x0b"),
    /* memory accesses: memory 0 needs no saying */
    CODE("\x00\x28\x82\x00\x84\x00\x29\x40\x80\x00\x01\x2a\xc0\x00\x81\x00\x85\x00\x0b",
         "\x00\x28\x02\x04\x29\x00\x01\x2a\x40\x01\x05\x0b"),
    /* constants */
    CODE("\x00\x41\xff\x7f\x41\x80\x80\x00\x42\xc0\x00\x42\xff\xff\x7f\x43\x01\x02\x03\x04\x44\x01"
         "\x02\x03\x04"
         "\x05\x06\x07\x08\x0b",
         "\x00\x41\x7f\x41\x00\x42\xc0\x00\x42\x7f\x43\x01\x02\x03\x04\x44\x01\x02\x03\x04\x05\x06"
         "\x07\x08\x0b"),
    /* types */
    CODE("\x00\x1c\x82\x00\x7f\x7e\xd0\x70\x0b", "\x00\x1c\x02\x7f\x7e\xd0\x70\x0b"),
    /* prefixes; the data count stands where it is needed */
    CODE(
        "\x00\xfc\x80\x00\xfd\x8c\x80\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d"
        "\x0e\x0f\x0b",
        "\x00\xfc\x00\xfd\x0c\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x0b"),
    CODE("\x00\xfd\x54\x80\x00\x80\x00\x05\xfd\x95\x00\x03\x0b",
         "\x00\xfd\x54\x00\x00\x05\xfd\x15\x03\x0b"),
    DATA_CODE("\x00\xfc\x09\x80\x00\x0b", "\x00\xfc\x09\x00\x0b"),
    DATA_CODE("\x00\xfc\x88\x00\x80\x00\x80\x00\x0b", "\x00\xfc\x08\x00\x00\x0b"),
    CODE("\x00\xfc\x8a\x00\x80\x00\x81\x00\x0b", "\x00\xfc\x0a\x00\x01\x0b"),
};

static void code_gets_short(void **state) {
  (void)state;
  module_bytes_t module, shorter;
  for (size_t i = 0; i < WH_COUNT(codes); i++) {
    module_of(&module, codes[i].code, codes[i].code_size, "", 0, true);
    module_of(&shorter, codes[i].shorter, codes[i].shorter_size, "", 0, codes[i].data_count);
    check_becomes(&module, &shorter);
  }
}

/* if and br_if move from 5 and 11 to 4 and 8. */
static void hints_move_with_the_code(void **state) {
  (void)state;
  static const struct {
    const char *before, *after;
    size_t before_size, after_size;
  } hints[] = {
#define HINTS(before, after) {before, after, sizeof(before) - 1, sizeof(after) - 1}
      HINTS("\x81\x00\x00\x02\x85\x00\x01\x01\x0b\x01\x00", "\x01\x00\x02\x04\x01\x01\x08\x01\x00"),
      /* what is wrong stays: no such instruction, order, value, function, more bytes, no end */
      HINTS("\x01\x00\x01\x04\x01\x01", "\x01\x00\x01\x04\x01\x01"),
      HINTS("\x01\x00\x02\x0b\x01\x01\x05\x01\x01", "\x01\x00\x02\x0b\x01\x01\x05\x01\x01"),
      HINTS("\x01\x00\x01\x05\x01\x02", "\x01\x00\x01\x05\x01\x02"),
      HINTS("\x01\x01\x01\x05\x01\x01", "\x01\x01\x01\x05\x01\x01"),
      HINTS("\x01\x00\x01\x05\x01\x01\x00", "\x01\x00\x01\x05\x01\x01\x00"),
      HINTS("\x01\x00\x01\xd0\x01\x01\x01", "\x01\x00\x01\xd0\x01\x01\x01"),
      HINTS("\x01\x00\x00", "\x01\x00\x00"),
      HINTS("\x01\x00\x02\x05\x01\x01", "\x01\x00\x02\x05\x01\x01"),
      HINTS("\x00", "\x00"),
  };
  static const char code[] = "\x81\x00\x01\x7f\x00\x04\x40\x41\x80\x80\x00\x0d\x00\x0b\x0b";
  static const char shorter_code[] = "\x01\x01\x7f\x00\x04\x40\x41\x00\x0d\x00\x0b\x0b";
  for (size_t i = 0; i < WH_COUNT(hints); i++) {
    module_bytes_t module, moved;
    module_of(&module, code, sizeof code - 1, hints[i].before, hints[i].before_size, false);
    module_of(&moved, shorter_code, sizeof shorter_code - 1, hints[i].after, hints[i].after_size,
              false);
    check_becomes(&module, &moved);
  }
}

static void code_that_cannot_be_read_is_an_error(void **state) {
  (void)state;
  static const struct {
    const char *code;
    size_t size;
  } bad[] = {
#define BAD(code) {code, sizeof(code) - 1}
      BAD("\x00\xff\x0b"),
      BAD("\x01\x01"),
      BAD("\x00\x41\x80"),
      BAD("\x00\x41\x80\x80\x80\x80\x80\x00\x0b"),
      BAD("\x00\x02\xff\x7f\x0b"),
      BAD("\x00\x28\x80\x01\x01\x0b"),
      BAD("\x80"),
      BAD("\x00\x0e\xff\xff\xff\xff\x0f\x00\x0b")};
  for (size_t i = 0; i < WH_COUNT(bad); i++) {
    module_bytes_t module;
    wh_model_t *model;
    blob_t out;
    module_of(&module, bad[i].code, bad[i].size, "", 0, false);
    assert_ok(wh_decode(&alloc, module.data, module.size, WH_FEATURES_ALL, &model));
    wherry_error_t *error = wh_encode(&alloc, model, &out.data, &out.size);
    assert_non_null(error);
    assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_MALFORMED);
    wherry_error_release(error);
    wh_model_free(model);
    assert_int_equal(alloc.used, 0);
  }
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
      cmocka_unit_test(code_gets_short),
      cmocka_unit_test(hints_move_with_the_code),
      cmocka_unit_test(code_that_cannot_be_read_is_an_error),
      cmocka_unit_test(guests_come_back),
      cmocka_unit_test(out_of_memory_leaks_nothing),
  };
  wh_alloc_init(&alloc, NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
