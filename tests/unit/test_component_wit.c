/* component: what a component imports and exports, as WIT. */
#include "wits.h"

#include "component/component.h"

typedef struct made {
  failing_t failing;
  wherry_engine_t *engine;
  wherry_component_t *component;
} made_t;

static void make(made_t *made, const void *bytes, size_t size) {
  wherry_config_t *config;
  memset(made, 0, sizeof *made);
  wherry_allocator_t allocator = failing_allocator(&made->failing);
  assert_ok(wherry_config_new(&allocator, &config));
  assert_ok(wherry_engine_new(config, &made->engine));
  wherry_config_release(config);
  assert_ok(wherry_component_new(made->engine, bytes, size, &made->component));
}

static void end(made_t *made) {
  wherry_component_release(made->component);
  wherry_engine_release(made->engine);
  assert_int_equal(made->failing.live_bytes, 0);
}

/* For free(). What is printed reads back, and prints as it did. */
static char *wit_of(const made_t *made) {
  wh_wit_t *wit, *again;
  assert_ok(wh_component_wit(made->component, &wit));
  char *text = print_wit(wit);
  wherry_error_t *error = read_wit(wit->alloc, text, &again);
  if (error) fail_msg("%s\nof:\n%s", wherry_error_message(error), text);
  char *text_again = print_wit(again);
  assert_string_equal(text, text_again);
  free(text_again);
  wh_wit_free(again);
  wh_wit_free(wit);
  return text;
}

#define PREAMBLE "\0asm\x0d\0\1\0"

static void components_by_hand(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
    const char *text, *error;
  } components[] = {
#define ROW(bytes, text, error) {PREAMBLE bytes, sizeof(PREAMBLE bytes) - 1, text, error}
      ROW("", "", NULL),
      ROW("\7\5\1\x40\0\1\0\x0a\6\1\0\1f\1\0", "  import f: func();\n", NULL),
      /* a type of its own, and functions that use it */
      ROW("\7\7\1\x6d\2\1a\1b\x0a\7\1\0\1t\3\0\0\7\5\1\x40\0\0\1\x0a\6\1\0\1f\1\2",
          "  enum t {\n    a,\n    b,\n  }\n\n  import f: func() -> t;\n", NULL),
      /* an interface */
      ROW("\7\x11\1\x42\2\1\x40\1\1x\x79\0\x7f\4\0\1f\1\0\x0a\x0a\1\0\5a:b/c\5\0",
          "  import a:b/c;\n", NULL),
      ROW("\7\3\1\x41\0\x0a\6\1\0\1c\4\0", NULL, "an import or export of a module, a component"),
      ROW("\7\x0c\1\x42\2\1\x42\0\4\0\1i\5\0\x0a\6\1\0\1i\5\0", NULL,
          "an interface within an interface"),
  };
  for (size_t i = 0; i < WH_COUNT(components); i++) {
    made_t made;
    make(&made, components[i].bytes, components[i].size);
    if (components[i].error) {
      wh_wit_t *wit = NULL;
      assert_error(wh_component_wit(made.component, &wit), INVALID, components[i].error);
      assert_null(wit);
    } else {
      char *text = wit_of(&made);
      assert_non_null(strstr(text, "package root:component;\n\nworld root {\n"));
      if (!strstr(text, components[i].text)) fail_msg("%s", text);
      free(text);
    }
    end(&made);
  }
}

/* Every line of the source, wherever it stands. */
static void guests_print_what_they_were_made_of(void **state) {
  (void)state;
  static const char *const names[] = {"kitchen", "machine"};
  for (size_t i = 0; i < WH_COUNT(names); i++) {
    char path[100];
    made_t made;
    wh_wit_t *wit;
    snprintf(path, sizeof path, SHARED_GUESTS "../components/%s.c.wasm", names[i]);
    BLOB_OR_SKIP(component, path);
    snprintf(path, sizeof path, SHARED_GUESTS "../wit/%s.wit", names[i]);
    BLOB_OR_SKIP(source, path);
    source.data[source.size] = 0;
    make(&made, component.data, component.size);
    char *text = wit_of(&made);
    assert_ok(read_wit(&made.engine->alloc, (char *)source.data, &wit));
    char *wanted = print_wit(wit);
    wh_wit_free(wit);
    for (char *line = strtok(wanted, "\n"); line; line = strtok(NULL, "\n")) {
      while (*line == ' ') line++;
      /* which parameters were u64 by another name is not in a component */
      if (!strncmp(line, "package", 7) || !strncmp(line, "world", 5) ||
          !strncmp(line, "import", 6) || !strncmp(line, "export", 6) ||
          strstr(line, ": machine-id"))
        continue;
      if (!strstr(text, line)) fail_msg("%s is not in\n%s", line, text);
    }
    free(wanted);
    free(text);
    end(&made);
    free(component.data);
    free(source.data);
  }
}

static void every_failing_allocation_is_an_error(void **state) {
  (void)state;
  BLOB_OR_SKIP(file, SHARED_GUESTS "../components/kitchen.c.wasm");
  made_t made;
  make(&made, file.data, file.size);
  size_t live = made.failing.live_bytes;
  for (size_t fail_at = 1;; fail_at++) {
    wh_wit_t *wit = NULL;
    assert_true(fail_at < 10000);
    made.failing.fail_at = made.failing.calls + fail_at;
    wherry_error_t *error = wh_component_wit(made.component, &wit);
    made.failing.fail_at = 0;
    bool done = !error;
    if (error) assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    wh_wit_free(wit);
    assert_int_equal(made.failing.live_bytes, live);
    if (done) break;
  }
  end(&made);
  free(file.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(components_by_hand),
      cmocka_unit_test(guests_print_what_they_were_made_of),
      cmocka_unit_test(every_failing_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
