/* text: scripts: what their commands become, how errors are told, scripts that were changed at random,
   memory that runs out. */
#include "support.h"

#include "base/base.h"
#include "text/text.h"

static wherry_engine_t *engine;

static int make_engine(void **state) {
  (void)state;
  return wherry_engine_new(NULL, &engine) ? 1 : 0;
}

static int drop_engine(void **state) {
  (void)state;
  wherry_engine_release(engine);
  return 0;
}

static wherry_error_t *read_text(const char *text, size_t size, wherry_script_t **out) {
  char *exact = malloc(size ? size : 1); /* reading past the end is found by AddressSanitizer */
  memcpy(exact, text, size);
  wherry_error_t *error = wherry_script_read(engine, exact, size, out);
  free(exact);
  return error;
}

static bool is(wherry_bytes_t bytes, const char *text) {
  return bytes.data && bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

static const char whole[] =
    "(module $m (func (export \"f\") (param i32) (result i32) local.get 0))\n"
    "(module definition $d binary \"\\00asm\" \"\\01\\00\\00\\00\")\n"
    "(module instance $i $d)\n"
    "(register \"r\" $i)\n"
    "(get $m \"g\")\n"
    "(assert_return (invoke $m \"f\\00\" (i32.const -2) (f64.const nan:0x123) (ref.extern 7)\n"
    "  (ref.null func) (v128.const i16x8 0 1 2 3 4 5 6 -7))\n"
    "  (either (f32.const nan:canonical) (f32.const 1))\n"
    "  (v128.const f64x2 nan:arithmetic 2) (ref.struct) (ref.null) (ref.host 3))\n"
    "(assert_trap (module quote \"(func\" \" bad)\") \"why\")\n"
    "(assert_exhaustion (invoke \"e\") \"call stack exhausted\")\n"
    "(assert_exception (invoke \"x\"))\n"
    "(assert_invalid (module (func (drop))) \"type mismatch\")\n"
    "(assert_malformed (module quote \"\\ff\") \"malformed UTF-8 encoding\")\n"
    "(assert_unlinkable (module (import \"a\" \"b\" (func))) \"unknown import\")\n"
    "(assert_malformed_custom (module quote \"(@custom)\") \"@custom annotation\")\n"
    "(assert_invalid_custom (module) \"@custom annotation\")\n";

static void check_return(const wherry_command_t *c) {
  assert_int_equal(c->kind, WHERRY_COMMAND_ASSERT_RETURN);
  assert_int_equal(c->line, 6);
  assert_true(is(c->of, "m") && c->field.size == 2 && !c->is_get);
  assert_int_equal(c->arg_count, 5);
  assert_int_equal(c->result_count, 5);
  const wherry_pattern_t *a = c->args, *r = c->results;
  assert_int_equal(a[0].kind, WHERRY_PATTERN_NUMBER);
  assert_memory_equal(a[0].bytes, "\xfe\xff\xff\xff\0\0\0", 8);
  assert_true(a[1].type == WHERRY_F64 && a[1].lane_size == 8 && !a[1].arithmetic);
  assert_memory_equal(a[1].bytes, "\x23\x01\0\0\0\0\xf0\x7f", 8);
  assert_int_equal(a[2].kind, WHERRY_PATTERN_REFERENCE);
  assert_string_equal(a[2].heap_type, "extern");
  assert_true(a[2].has_number && a[2].number == 7);
  assert_int_equal(a[3].kind, WHERRY_PATTERN_NULL);
  assert_string_equal(a[3].heap_type, "func");
  assert_true(a[4].type == WHERRY_V128 && a[4].lane_size == 2);
  assert_memory_equal(a[4].bytes, "\0\0\1\0\2\0\3\0\4\0\5\0\6\0\xf9\xff", 16);
  assert_int_equal(r[0].kind, WHERRY_PATTERN_EITHER);
  assert_int_equal(r[0].count, 2);
  assert_int_equal(r[0].items[0].canonical, 1);
  assert_memory_equal(r[0].items[1].bytes, "\0\0\x80\x3f", 4);
  assert_true(r[1].arithmetic == 1 && r[1].canonical == 0);
  assert_memory_equal(r[1].bytes, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40", 16);
  assert_string_equal(r[2].heap_type, "struct");
  assert_false(r[2].has_number);
  assert_null(r[3].heap_type);
  assert_true(r[4].has_number && r[4].number == 3);
}

static void commands_are_what_the_text_says(void **state) {
  (void)state;
  static const wherry_command_kind_t kinds[] = {WHERRY_COMMAND_MODULE,
                                                WHERRY_COMMAND_DEFINITION,
                                                WHERRY_COMMAND_INSTANCE,
                                                WHERRY_COMMAND_REGISTER,
                                                WHERRY_COMMAND_ACTION,
                                                WHERRY_COMMAND_ASSERT_RETURN,
                                                WHERRY_COMMAND_ASSERT_UNINSTANTIABLE,
                                                WHERRY_COMMAND_ASSERT_EXHAUSTION,
                                                WHERRY_COMMAND_ASSERT_EXCEPTION,
                                                WHERRY_COMMAND_ASSERT_INVALID,
                                                WHERRY_COMMAND_ASSERT_MALFORMED,
                                                WHERRY_COMMAND_ASSERT_UNLINKABLE,
                                                WHERRY_COMMAND_ASSERT_MALFORMED_CUSTOM,
                                                WHERRY_COMMAND_ASSERT_INVALID_CUSTOM};
  wherry_script_t *script;
  assert_ok(read_text(whole, sizeof whole - 1, &script));
  assert_int_equal(wherry_script_command_count(script), WH_COUNT(kinds));
  for (size_t i = 0; i < WH_COUNT(kinds); i++)
    assert_int_equal(wherry_script_command(script, i)->kind, kinds[i]);
  assert_null(wherry_script_command(script, WH_COUNT(kinds)));

  const wherry_command_t *c = wherry_script_command(script, 0);
  assert_true(c->line == 1 && is(c->name, "m") && !c->of.data && !c->refused);
  assert_ok(wherry_module_validate(engine, c->module.data, c->module.size));
  c = wherry_script_command(script, 1);
  assert_true(is(c->name, "d"));
  assert_int_equal(c->module.size, 8);
  c = wherry_script_command(script, 2);
  assert_true(is(c->name, "i") && is(c->of, "d") && !c->module.data);
  c = wherry_script_command(script, 3);
  assert_true(is(c->text, "r") && is(c->of, "i"));
  c = wherry_script_command(script, 4);
  assert_true(c->is_get && is(c->of, "m") && is(c->field, "g"));
  check_return(wherry_script_command(script, 5));
  c = wherry_script_command(script, 6);
  assert_true(c->line == 10 && is(c->text, "why") && c->refused && !c->module.data);
  assert_non_null(
      strstr(wherry_error_message(c->refused), "line 1, column 7: unknown operator bad"));
  c = wherry_script_command(script, 10);
  assert_int_equal(wherry_error_kind(c->refused), WHERRY_ERROR_MALFORMED);
  wherry_script_release(script);
}

/* The place of what is wrong in a module is one in the script. */
static void modules_that_are_none_leave_the_rest(void **state) {
  (void)state;
  static const char text[] = "(module)\n(module\n  (func (i32.const 1__0)))\n(module)";
  wherry_script_t *script;
  assert_ok(read_text(text, sizeof text - 1, &script));
  assert_int_equal(wherry_script_command_count(script), 3);
  const wherry_command_t *c = wherry_script_command(script, 1);
  assert_non_null(strstr(wherry_error_message(c->refused), "line 3, column 20: unknown operator"));
  assert_null(wherry_script_command(script, 2)->refused);
  wherry_script_release(script);
}

static void a_script_may_be_fields(void **state) {
  (void)state;
  static const char fields[] = "\n(func) (memory 0)", nothing[] = " ;; nothing\n";
  wherry_script_t *script;
  assert_ok(read_text(fields, sizeof fields - 1, &script));
  assert_int_equal(wherry_script_command_count(script), 1);
  assert_int_equal(wherry_script_command(script, 0)->kind, WHERRY_COMMAND_MODULE);
  assert_int_equal(wherry_script_command(script, 0)->line, 2);
  wherry_script_release(script);
  assert_ok(read_text(nothing, sizeof nothing - 1, &script));
  assert_int_equal(wherry_script_command_count(script), 0);
  wherry_script_release(script);
  wherry_script_release(NULL);
}

static const struct {
  const char *text, *error;
} bad[] = {
    {"(module", "line 1, column 1: unexpected end: \"(\" is not closed"},
    {"(module))", "line 1, column 9: unexpected token: \")\" closes nothing"},
    {"(module)\nmodule", "line 2, column 1: unexpected token module: expected a command\n"
                         "2 | module\n"
                         "  | ^"},
    {"(fly)", "unknown operator fly: expected a command of a script"},
    {"()", "unexpected token \")\": expected a command"},
    {"(module $m quote \"\" x)", "unknown operator x: expected \")\""},
    {"(module binary \"\" (func))", "unexpected token \"(\": expected \")\""},
    {"(module instance $a $b $c)", "unexpected token $c"},
    {"(module definition instance)", "unexpected token instance"},
    {"(register)", "expected a string"},
    {"(register \"a\" b)", "unknown operator b"},
    {"(invoke)", "expected a string"},
    {"(invoke \"f\" 1)", "unexpected token 1: expected a constant"},
    {"(invoke \"f\" (i32.const))", "unexpected token \")\": expected an i32 constant"},
    {"(invoke \"f\" (i32.const 4294967296))", "i32 constant out of range"},
    {"(invoke \"f\" (f32.const nan:canonical))", "unexpected token nan:canonical"},
    {"(invoke \"f\" (v128.const i32x4 1 2 3))", "wrong number of lane literals: 3"},
    {"(invoke \"f\" (v128.const i32x5 1 2 3))", "expected a shape"},
    {"(invoke \"f\" (ref.extern))", "a number for the reference"},
    {"(invoke \"f\" (ref.func))", "expected a constant"},
    {"(invoke \"f\" (ref.null))", "expected a heap type"},
    {"(invoke \"f\" (either (i32.const 1)))", "expected a constant"},
    {"(get \"f\" (i32.const 1))", "unexpected token \"(\": expected \")\""},
    {"(assert_return (module))", "expected (invoke …) or (get …)"},
    {"(assert_return (get \"g\") (ref.fly))", "unknown operator ref.fly: expected a result"},
    {"(assert_return (get \"g\") (ref.host x))", "a number for the reference"},
    {"(assert_trap (invoke \"f\"))", "expected a string"},
    {"(assert_trap (module))", "expected a string"},
    {"(assert_invalid (invoke \"f\") \"\")", "expected (module …)"},
    {"(assert_invalid (module instance $a) \"\")", "unexpected token instance"},
    {"(assert_exception (invoke \"f\") \"text\")", "expected \")\""},
};

static void errors_show_the_place(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(bad); i++) {
    wherry_script_t *script;
    wherry_error_t *error = read_text(bad[i].text, strlen(bad[i].text), &script);
    if (!error) fail_msg("%s: no error", bad[i].text);
    assert_error(error, MALFORMED, bad[i].error);
  }
}

static void deep_eithers_are_refused(void **state) {
  (void)state;
  enum { DEPTH = 100000 };
  static const char start[] = "(assert_return (get \"g\") ", either[] = "(either ";
  size_t size = sizeof start - 1;
  char *text = malloc(size + DEPTH * sizeof either + 2);
  memcpy(text, start, size);
  for (int i = 0; i < DEPTH; i++, size += sizeof either - 1)
    memcpy(text + size, either, sizeof either - 1);
  memset(text + size, ')', DEPTH + 1), size += DEPTH + 1;
  wherry_script_t *script;
  assert_error(read_text(text, size, &script), MALFORMED, "either: nested too deeply");
  free(text);
}

static void changed_scripts_are_read_or_refused(void **state) {
  (void)state;
  static const char pieces[] = "()\"\\$;@ \n09azx_{}u.=-";
  uint64_t seed = 7;
  for (int round = 0; round < 20000; round++) {
    char text[sizeof whole];
    size_t size = sizeof whole - 1;
    memcpy(text, whole, size);
    for (int change = 0; change < 3; change++) {
      seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
      size_t at = (size_t)(seed >> 33) % size;
      unsigned kind = (unsigned)(seed >> 20) % 16;
      if (kind < 6) {
        text[at] = pieces[(seed >> 12) % (sizeof pieces - 1)];
      } else if (kind < 10) {
        text[at] = (char)(seed >> 8);
      } else if (kind < 15) {
        size_t cut = (seed >> 12) % 20 % (size - at);
        memmove(text + at, text + at + cut, size - at - cut);
        size -= cut;
      } else {
        size = at + 1;
      }
    }
    wherry_script_t *script;
    wherry_error_t *error = read_text(text, size, &script);
    if (error)
      wherry_error_release(error);
    else
      wherry_script_release(script);
  }
}

static void memory_that_runs_out_is_an_error(void **state) {
  (void)state;
  size_t calls = 1;
  for (size_t fail_at = 0; fail_at <= calls; fail_at++) {
    failing_t failing = {.fail_at = fail_at};
    wherry_allocator_t host = failing_allocator(&failing);
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, &host);
    wh_script_t *script;
    wherry_error_t *error =
        wh_script_read(&alloc, whole, sizeof whole - 1, WH_FEATURES_ALL, &script);
    if (fail_at == 0) {
      assert_ok(error);
      wh_script_free(script);
      calls = failing.calls;
    } else {
      assert_non_null(error);
      assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
      wherry_error_release(error);
    }
    assert_int_equal(failing.live_blocks, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(commands_are_what_the_text_says),
      cmocka_unit_test(modules_that_are_none_leave_the_rest),
      cmocka_unit_test(a_script_may_be_fields),
      cmocka_unit_test(errors_show_the_place),
      cmocka_unit_test(deep_eithers_are_refused),
      cmocka_unit_test(changed_scripts_are_read_or_refused),
      cmocka_unit_test(memory_that_runs_out_is_an_error),
  };
  return cmocka_run_group_tests_name("script", tests, make_engine, drop_engine);
}
