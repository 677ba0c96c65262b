/* Custom sections that wherry reads: what they say, and what is broken in them. */
#include "support.h"

#include "decode/custom.h"
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

/* ---- facts ---- */

/* "kind label 7 "text"; …", and the fault with its place. */
static void print_facts(const wh_facts_t *facts, char *out) {
  *out = 0;
  for (size_t i = 0; i < facts->items.count; i++) {
    const wh_fact_t *fact = &facts->items.items[i];
    out += sprintf(out, "%s%s", i ? "; " : "", fact->form->kind);
    for (size_t k = 0; k < 2 && fact->form->numbers[k]; k++)
      out += sprintf(out, " %s %llu", fact->form->numbers[k], (unsigned long long)fact->numbers[k]);
    for (size_t k = 0; k < 2 && fact->form->texts[k]; k++)
      out += sprintf(out, " %s \"%.*s\"", fact->form->texts[k], (int)fact->texts[k].size,
                     (const char *)fact->texts[k].data);
  }
}

static const struct {
  const char *section;
  const uint8_t *bytes;
  size_t size;
  const char *facts;
  uint64_t offset;
  const char *fault;
} facts_rows[] = {
    {"name", BYTES("\x00\x02\x01m\x02\x06\x01\x03\x01\x02\x01x"),
     "module name \"m\"; local function 3 index 2 name \"x\"", 0, NULL},
    {"name", BYTES("\x00\x02\x01m\x01\x80"), "module name \"m\"", 105, "name section: "},
    {"producers",
     BYTES("\x02\x08language\x01\x03"
           "C11\x00\x0cprocessed-by\x02\x05"
           "clang\x02"
           "19\x03"
           "lld\x00"),
     "language name \"C11\" version \"\"; processed-by name \"clang\" version \"19\"; "
     "processed-by name \"lld\" version \"\"",
     0, NULL},
    {"producers", BYTES("\x02\x03sdk\x00\x03sdk\x00"), "", 106, "a second field sdk"},
    {"producers", BYTES("\x01\x03SDK\x00"), "", 101, "a field that is neither language"},
    {"producers", BYTES("\x01\x03sdk\x02\x01x\x01y"), "sdk name \"x\" version \"y\"", 110,
     "unexpected end: expected a name"},
    {"producers", BYTES("\x01\x03sdk\x01\x01\xff\x00"), "", 107,
     "malformed UTF-8 encoding: a name"},
    {"producers", BYTES("\x00\x00"), "", 101, "1 bytes are left at its end"},
    {"target_features",
     BYTES("\x03+\x07simd128-\x07"
           "atomics=\x01x"),
     "used name \"simd128\"; disallowed name \"atomics\"; required name \"x\"", 0, NULL},
    {"target_features", BYTES("\x01*\x01x"), "", 101, "a feature's prefix is 0x2a"},
    {"target_features", BYTES("\x02+\x01x"), "used name \"x\"", 104,
     "unexpected end: expected a feature"},
    {"dylink.0",
     BYTES("\x01\x05\x90\x01\x04\x02\x00\x02\x06\x01\x04libc\x03\x04\x01\x01"
           "f\x02\x04\x08\x01\x03"
           "env\x01g\x10\x05\x03\x01\x01.\x09\x01?"),
     "memory size 144 alignment 4; table size 2 alignment 0; needed name \"libc\"; "
     "export flags 2 name \"f\"; import flags 16 module \"env\" name \"g\"; "
     "runtime-path name \".\"",
     0, NULL},
    {"dylink.0", BYTES("\x02\x09\x01\x04libc"), "", 102,
     "length out of bounds: subsection 2 of 9 bytes, but 6 bytes are left"},
    {"dylink.0", BYTES("\x02\x07\x01\x04libc?"), "needed name \"libc\"", 108,
     "1 bytes are left after the last entry of subsection 2"},
    {"dylink.0", BYTES("\x01\x02\x01\x80"), "", 103, "expected an alignment"},
    {"something else", BYTES("\xff\xff"), "", 0, NULL},
};

static void facts_and_faults(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(facts_rows); i++) {
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    uint8_t *exact = malloc(facts_rows[i].size);
    memcpy(exact, facts_rows[i].bytes, facts_rows[i].size);
    wh_custom_t section = section_of((const char *)exact, facts_rows[i].size);
    section.name =
        (wherry_bytes_t) {(const uint8_t *)facts_rows[i].section, strlen(facts_rows[i].section)};
    wh_model_t model = {.alloc = &alloc};
    wh_facts_t facts;
    char text[1024];
    assert_ok(wh_facts_read(&alloc, &model, &section, &facts));
    print_facts(&facts, text);
    assert_string_equal(text, facts_rows[i].facts);
    if (facts_rows[i].fault) {
      assert_non_null(facts.fault);
      assert_non_null(strstr(facts.fault->message, facts_rows[i].fault));
      assert_int_equal(facts.fault->offset, facts_rows[i].offset);
    } else {
      assert_null(facts.fault);
    }
    wh_facts_free(&facts);
    free(exact);
    assert_int_equal(alloc.used, 0);
  }
}

static void facts_without_memory(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(facts_rows); i++) {
    for (size_t at = 1;; at++) {
      failing_t failing = {.fail_at = at};
      wherry_allocator_t host = failing_allocator(&failing);
      wh_alloc_t alloc;
      wh_alloc_init(&alloc, &host);
      wh_custom_t section = section_of((const char *)facts_rows[i].bytes, facts_rows[i].size);
      section.name =
          (wherry_bytes_t) {(const uint8_t *)facts_rows[i].section, strlen(facts_rows[i].section)};
      wh_model_t model = {.alloc = &alloc};
      wh_facts_t facts;
      wherry_error_t *error = wh_facts_read(&alloc, &model, &section, &facts);
      wh_facts_free(&facts);
      assert_int_equal(failing.live_blocks, 0);
      if (!error) break;
      assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    }
  }
}

/* dylink.0 must come first; a module with broken sections is a module all the same. */
static void sections_of_a_module(void **state) {
  (void)state;
  static const uint8_t bytes[] = "\0asm\1\0\0\0"
                                 "\0\x0b\x09producers\0"
                                 "\0\x06\4mine!"
                                 "\1\4\1\x60\0\0"
                                 "\0\x0a\x08"
                                 "dylink.0\0"
                                 "\0\x07\4mine??";
  wherry_engine_t *engine;
  wherry_module_t *module;
  wherry_facts_t *facts;
  assert_ok(wherry_engine_new(NULL, &engine));
  assert_ok(wherry_module_new(engine, bytes, sizeof bytes - 1, &module));
  wherry_engine_release(engine);
  assert_int_equal(wherry_module_find_custom_section(module, "mine", 4), 1);
  assert_true(wherry_module_find_custom_section(module, "min", 3) == SIZE_MAX);
  assert_ok(wherry_module_facts(module, 1, &facts));
  assert_null(facts);
  assert_ok(wherry_module_facts(module, 0, &facts));
  assert_non_null(facts);
  assert_int_equal(wherry_facts_count(facts), 0);
  assert_null(wherry_facts_fault(facts));
  wherry_facts_release(facts);
  assert_ok(wherry_module_facts(module, 2, &facts));
  assert_error(wherry_module_check_custom(module), MALFORMED,
               "dylink.0 section: it is not the first section");
  wherry_module_release(module);
  assert_string_equal(wherry_error_message(wherry_facts_fault(facts)),
                      "dylink.0 section: it is not the first section");
  wherry_facts_release(facts);
  wherry_facts_release(NULL);
}

/* ---- branch hints ---- */

/* Two functions: in the first an if at offset 3, in the second a br_if at 5. */
#define HINTED                                             \
  "(module (func $a (param i32) local.get 0 if end)"       \
  " (func $b (param i32) (local i32) local.get 0 br_if 0)" \
  " (@custom \"metadata.code.branch_hint\" (before code) \""

static const struct {
  const char *text;
  const char *facts; /* kind, function, offset */
  wherry_error_kind_t kind;
  const char *fault;
} hints_rows[] = {
    {HINTED "\\02\\00\\01\\03\\01\\01\\01\\01\\05\\01\\00\"))", "likely 0 3; unlikely 1 5; ", 0,
     NULL},
    {HINTED "\\00\"))", "", 0, NULL},
    {HINTED "\\02\\01\\01\\05\\01\\00\\00\\01\\03\\01\\01\"))", "unlikely 1 5; ",
     WHERRY_ERROR_INVALID, "invalid order: function 0 after 1"},
    {HINTED "\\01\\00\\02\\03\\01\\01\\03\\01\\01\"))", "likely 0 3; ", WHERRY_ERROR_INVALID,
     "invalid order: offset 3 after 3"},
    {HINTED "\\01\\00\\01\\01\\01\\01\"))", "likely 0 1; ", WHERRY_ERROR_INVALID, "invalid target"},
    {HINTED "\\01\\00\\01\\02\\01\\01\"))", "likely 0 2; ", WHERRY_ERROR_INVALID, "invalid target"},
    {HINTED "\\01\\00\\01\\7f\\01\\01\"))", "likely 0 127; ", WHERRY_ERROR_INVALID,
     "invalid target"},
    {HINTED "\\01\\02\\01\\03\\01\\01\"))", "", WHERRY_ERROR_INVALID, "there is no function 2"},
    {HINTED "\\01\\00\\01\\03\\01\\02\"))", "", WHERRY_ERROR_MALFORMED, "invalid hint value"},
    {HINTED "\\01\\00\\01\\03\\02\\01\\01\"))", "", WHERRY_ERROR_MALFORMED, "a hint of 2 bytes"},
    {HINTED "\\01\\00\\01\\03\\01\\01?\"))", "likely 0 3; ", WHERRY_ERROR_MALFORMED,
     "1 bytes are left"},
    {HINTED "\\01\\00\\01\\03\"))", "", WHERRY_ERROR_MALFORMED, "unexpected end"},
};

static void branch_hints(void **state) {
  (void)state;
  wherry_engine_t *engine;
  assert_ok(wherry_engine_new(NULL, &engine));
  for (size_t i = 0; i < WH_COUNT(hints_rows); i++) {
    wherry_module_t *module;
    wherry_facts_t *facts;
    char text[256] = "";
    const char *wat = hints_rows[i].text;
    assert_ok(wherry_module_new_text(engine, wat, strlen(wat), NULL, &module));
    size_t place = wherry_module_find_custom_section(module, "metadata.code.branch_hint", 25);
    assert_true(place != SIZE_MAX);
    assert_ok(wherry_module_facts(module, place, &facts));
    for (size_t k = 0; k < wherry_facts_count(facts); k++)
      sprintf(text + strlen(text), "%s %d %d; ", wherry_facts_kind(facts, k),
              (int)wherry_facts_number(facts, k, 0), (int)wherry_facts_number(facts, k, 1));
    assert_string_equal(text, hints_rows[i].facts);
    wherry_facts_release(facts);
    wherry_error_t *error = wherry_module_check_custom(module);
    if (hints_rows[i].fault) {
      assert_error_(error, hints_rows[i].kind, hints_rows[i].fault, __FILE__, __LINE__);
    } else {
      assert_ok(error);
    }
    wherry_module_release(module);
  }
  wherry_engine_release(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_of_every_kind),  cmocka_unit_test(broken_names),
      cmocka_unit_test(names_without_memory), cmocka_unit_test(facts_and_faults),
      cmocka_unit_test(facts_without_memory), cmocka_unit_test(sections_of_a_module),
      cmocka_unit_test(branch_hints),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
