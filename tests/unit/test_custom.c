/* Custom sections that wherry reads: what they say, and what is broken in them. */
#include "support.h"

#include "model/names.h"

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

/* A section whose contents begin at offset 100. */
static wh_custom_t section_of(const char *bytes, size_t size) {
  return (wh_custom_t) {.bytes = {(const uint8_t *)bytes, size}, .offset = 100};
}

/* ---- names ---- */

static void assert_name(const wh_names_t *names, wh_name_kind_t kind, uint32_t index,
                        uint32_t inner, const char *text) {
  wherry_bytes_t name = wh_names_find(names, kind, index, inner);
  if (!text) {
    assert_null(name.data);
    return;
  }
  assert_non_null(name.data);
  assert_int_equal(name.size, strlen(text));
  assert_memory_equal(name.data, text, name.size);
}

static const char all_kinds[] = "\x00\x04\x03mod"
                                "\x01\x07\x02\x00\x01"
                                "f\x02\x01"
                                "g"
                                "\x02\x0b\x02\x00\x01\x01\x01"
                                "x\x02\x01\x00\x01"
                                "y"
                                "\x03\x06\x01\x02\x01\x04\x01"
                                "l"
                                "\x04\x04\x01\x00\x01t"
                                "\x05\x04\x01\x01\x01T"
                                "\x06\x04\x01\x00\x01m"
                                "\x07\x04\x01\x03\x01g"
                                "\x08\x04\x01\x00\x01"
                                "e"
                                "\x09\x04\x01\x00\x01"
                                "d"
                                "\x0a\x09\x01\x00\x02\x00\x01"
                                "a\x01\x01"
                                "b"
                                "\x0b\x04\x01\x00\x01"
                                "E";

static void names_of_every_kind(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_names_t names;
  wh_custom_t section = section_of(all_kinds, sizeof all_kinds - 1);
  assert_ok(wh_names_read(&alloc, &section, &names));
  assert_null(names.fault);
  assert_memory_equal(names.module.data, "mod", 3);
  assert_name(&names, WH_NAME_FUNCTION, 0, 0, "f");
  assert_name(&names, WH_NAME_FUNCTION, 1, 0, NULL);
  assert_name(&names, WH_NAME_FUNCTION, 2, 0, "g");
  assert_name(&names, WH_NAME_LOCAL, 0, 1, "x");
  assert_name(&names, WH_NAME_LOCAL, 2, 0, "y");
  assert_name(&names, WH_NAME_LOCAL, 2, 1, NULL);
  assert_int_equal(wh_names_first(&names, WH_NAME_LOCAL, 1), 1);
  assert_int_equal(wh_names_first(&names, WH_NAME_LOCAL, 3), 2);
  assert_name(&names, WH_NAME_LABEL, 2, 4, "l");
  assert_name(&names, WH_NAME_TYPE, 0, 0, "t");
  assert_name(&names, WH_NAME_TABLE, 1, 0, "T");
  assert_name(&names, WH_NAME_MEMORY, 0, 0, "m");
  assert_name(&names, WH_NAME_GLOBAL, 3, 0, "g");
  assert_name(&names, WH_NAME_ELEM, 0, 0, "e");
  assert_name(&names, WH_NAME_DATA, 0, 0, "d");
  assert_name(&names, WH_NAME_FIELD, 0, 1, "b");
  assert_name(&names, WH_NAME_TAG, 0, 0, "E");
  wh_names_free(&names);
  assert_ok(wh_names_read(&alloc, NULL, &names));
  assert_name(&names, WH_NAME_FUNCTION, 0, 0, NULL);
  wh_names_free(&names);
  assert_int_equal(alloc.used, 0);
}

/* What is whole is read; the first fault is told with its place. */
static void broken_names(void **state) {
  (void)state;
  static const struct {
    const uint8_t *bytes;
    size_t size;
    const char *f0, *f1; /* of functions 0 and 1 */
    uint64_t offset;
    const char *fault;
  } rows[] = {
      {BYTES("\x01\x07\x02\x01\x01"
             "b\x00\x01"
             "a"),
       "a", "b", 108, "index 0 is not above"},
      {BYTES("\x01\x07\x02\x00\x01"
             "a\x00\x01"
             "b"),
       "a", NULL, 108, "index 0 is not above"},
      {BYTES("\x01\x07\x02\x00\x01\xff\x01\x01"
             "b"),
       NULL, "b", 105, "malformed UTF-8"},
      {BYTES("\x01\x07\x02\x00\x01"
             "a\x01\x05"
             "b"),
       "a", NULL, 108, "length out of bounds: a name of 5 bytes, but 1 bytes are left"},
      {BYTES("\x01\x05\x01\x00\x01"
             "a!"),
       "a", NULL, 106, "1 bytes are left"},
      {BYTES("\x01\x09\x01\x00\x01"
             "a"),
       NULL, NULL, 102, "length out of bounds: subsection 1 of 9 bytes, but 4 bytes are left"},
      {BYTES("\x02\x01\x00\x01\x04\x01\x00\x01"
             "a"),
       "a", NULL, 103, "subsection 1 after subsection 2"},
      {BYTES("\x01\x04\x01\x00\x01"
             "a\x01\x04\x01\x01\x01"
             "b"),
       "a", NULL, 106, "subsection 1 after subsection 1"},
      {BYTES("\x01\x04\x01\x00\x01"
             "a\x02"),
       "a", NULL, 107, "unexpected end: expected the size of a subsection"},
      {BYTES("\x01\x04\x01\x00\x01"
             "a\x70\x02??"),
       "a", NULL, 0, NULL}, /* of a later standard */
      {BYTES("\x01\x03\x7f\x00\x80"), NULL, NULL, 104, "expected a name"},
      {BYTES(""), NULL, NULL, 0, NULL},
  };
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    wh_names_t names;
    uint8_t *exact = malloc(rows[i].size + 1);
    memcpy(exact, rows[i].bytes, rows[i].size);
    wh_custom_t section = section_of((const char *)exact, rows[i].size);
    assert_ok(wh_names_read(&alloc, &section, &names));
    assert_name(&names, WH_NAME_FUNCTION, 0, 0, rows[i].f0);
    assert_name(&names, WH_NAME_FUNCTION, 1, 0, rows[i].f1);
    if (rows[i].fault) {
      if (!names.fault || !strstr(names.fault->message, rows[i].fault) ||
          names.fault->offset != rows[i].offset)
        print_error("row %zu: %s at %llu\n", i, names.fault ? names.fault->message : "no fault",
                    names.fault ? (unsigned long long)names.fault->offset : 0);
      assert_non_null(names.fault);
      assert_non_null(strstr(names.fault->message, rows[i].fault));
      assert_true(names.fault->offset == rows[i].offset);
    } else {
      assert_null(names.fault);
    }
    wh_names_free(&names);
    free(exact);
    assert_int_equal(alloc.used, 0);
  }
}

static void names_without_memory(void **state) {
  (void)state;
  for (size_t at = 1;; at++) {
    failing_t failing = {.fail_at = at};
    wherry_allocator_t host = failing_allocator(&failing);
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, &host);
    wh_names_t names;
    static const char broken[] = "\x01\x07\x02\x01\x01"
                                 "b\x00\x01"
                                 "a";
    wh_custom_t section = section_of(broken, sizeof broken - 1);
    wherry_error_t *error = wh_names_read(&alloc, &section, &names);
    wh_names_free(&names);
    assert_int_equal(failing.live_blocks, 0);
    if (!error) break;
    assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_of_every_kind),
      cmocka_unit_test(broken_names),
      cmocka_unit_test(names_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
