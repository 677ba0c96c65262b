/* Components in text: what is read, what it becomes, how errors are told, texts that were changed at
   random, memory that runs out. The component model's own scripts say more: see spec. */
#include "support.h"

#include "base/base.h"
#include "component/component.h"
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

static wherry_error_t *to_binary(const char *text, size_t size, wherry_bytes_t *out) {
  char *exact = malloc(size ? size : 1); /* reading past the end is found by AddressSanitizer */
  memcpy(exact, text, size);
  wherry_error_t *error = wherry_text_to_binary(engine, exact, size, out);
  free(exact);
  return error;
}

static wherry_error_t *make(const char *text, size_t size, wherry_component_t **out) {
  wherry_bytes_t bytes = {0};
  *out = NULL;
  wherry_error_t *error = to_binary(text, size, &bytes);
  if (error) return error;
  error = wh_component_make(engine, bytes.data, bytes.size, out);
  wherry_bytes_release(engine, bytes);
  return error;
}

/* ---- what is there ---- */

/* A bit of everything. */
static const char whole[] =
    "(component $whole\n"
    "  (core module $m (export \"module\")\n"
    "    (memory (export \"mem\") 1) (table (export \"t\") 1 funcref)\n"
    "    (func (export \"f\") (param i32 i32) (result i32) (local.get 0))\n"
    "    (func (export \"d\") (param i32)) (func (export \"n\"))\n"
    "    (func (export \"r\") (param i32 i32 i32 i32) (result i32) (i32.const 0)))\n"
    "  (core instance $i (instantiate $m))\n"
    "  (alias core export $i \"mem\" (core memory $mem))\n"
    "  (core memory $again (alias core export $i \"mem\"))\n"
    "  (type $s string)\n"
    "  (type $rec (record (field \"a\" (list u8)) (field \"b\" $s)))\n"
    "  (type $v (variant (case \"x\") (case \"y\" (option $rec)) (case \"z\" (tuple u8 (list s8 "
    "4)))))\n"
    "  (type (result (map string (result (error $v))) (error (flags \"a\" \"b\"))))\n"
    "  (type $e' (enum \"one\" \"two\"))\n"
    "  (import \"e\" (type $e (eq $e')))\n"
    "  (import \"res\" (type $imported (sub resource)))\n"
    "  (type $str (stream)) (type (future (own $imported)))\n"
    "  (type $res (resource (rep i32) (dtor (core func $i \"d\"))))\n"
    "  (export $public \"public\" (type $res) (type (sub resource)))\n"
    "  (canon resource.new $res (core func $new))\n"
    "  (core func $drop (canon resource.drop $res))\n"
    "  (core func (canon task.return (result $s) (memory $mem) string-encoding=utf16))\n"
    "  (core func (canon stream.cancel-read $str async))\n"
    "  (core func (canon context.get i32 1))\n"
    "  (core func (canon thread.yield cancellable))\n"
    "  (canon waitable-set.wait cancellable (memory $mem) (core func $wait))\n"
    "  (func $f (export \"f\") (export \"g\" (external-id \"other\"))\n"
    "    (param \"s\" $s) (result u32)\n"
    "    (canon lift (core func $i \"f\") (memory (core memory $i \"mem\"))\n"
    "      (realloc (core func $i \"r\")) string-encoding=latin1+utf16))\n"
    "  (func (export \"n\") (canon lift (core func $i \"n\")))\n"
    "  (canon lift (core func $i \"n\") async (func $n async))\n"
    "  (core func $lowered (canon lower (func $f) (memory $mem) string-encoding=utf8))\n"
    "  (core instance $bag (export \"f\" (func $lowered)) (export \"m\" (memory $again)))\n"
    "  (core type $ct (module (type $x (func)) (import \"a\" \"b\" (func (type $x)))\n"
    "    (export \"c\" (memory 1))))\n"
    "  (core type $fn (func (param i32)))\n"
    "  (core rec (type $a (struct (field (ref null $b)))) (type $b (sub (array i8))))\n"
    "  (core type (sub (struct (field (ref $a)))))\n"
    "  (core func (canon thread.new-indirect $fn (core table $i \"t\")))\n"
    "  (import \"wasi:x/y@1.2.3\" (instance $ins\n"
    "    (export \"r\" (type $r (sub resource)))\n"
    "    (export \"[method]r.m\" (func (param \"self\" (borrow $r))))\n"
    "    (alias outer $whole $e (type $e2)) (export \"e\" (type (eq $e2)))\n"
    "    (export \"deep\" (instance (export \"h\" (func (result bool)))))))\n"
    "  (import \"store\" (implements \"a:b/c\") (instance $store))\n"
    "  (import \"mod\" (core module $im (type $ct)))\n"
    "  (component $inner\n"
    "    (import \"e\" (type $e (eq $e)))\n"
    "    (import \"f\" (func $f (param \"e\" $e)))\n"
    "    (import \"m\" (core module (export \"mem\" (memory 1))))\n"
    "    (core module $own (func (export \"o\")))\n"
    "    (core type (module (import \"x\" \"y\" (func (type $fn)))))\n"
    "    (core instance (instantiate $own))\n"
    "    (export \"g\" (func $f)))\n"
    "  (type $made (func (param \"e\" $e)))\n"
    "  (component $giver (import \"f\" (func $f)) (export \"f\" (func $f)))\n"
    "  (func $given (import \"given\"))\n"
    "  (instance $made2 (instantiate $giver (with \"f\" (func $given))))\n"
    "  (func $alias (alias export $made2 \"f\"))\n"
    "  (import \"with-e\" (func $with-e (type $made)))\n"
    "  (instance $one (instantiate $inner\n"
    "    (with \"e\" (type $e)) (with \"f\" (func $with-e)) (with \"m\" (core module $m))))\n"
    "  (instance $two (export \"x\" (instance $one)) (export \"y\" (func $one \"g\")))\n"
    "  (component $taker (import \"i\" (instance (export \"z\" (func)))))\n"
    "  (instance (instantiate $taker (with \"i\" (instance (export \"z\" (func $alias))))))\n"
    "  (export \"deep\" (func $ins \"deep\" \"h\") (func (result bool)))\n"
    "  (export \"taken\" (component $taker))\n"
    "  (start $given)\n"
    ")\n";

static void everything_is_read(void **state) {
  (void)state;
  wherry_component_t *component;
  assert_ok(make(whole, sizeof whole - 1, &component));
  const wh_component_def_t *root = component->root;
  assert_int_equal(root->name.size, 5);
  assert_memory_equal(root->name.data, "whole", 5);
  static const char *const exports[] = {"public", "deep", "taken", "module", "f", "g", "n"};
  const wh_items_t *items = &root->type->exports;
  assert_int_equal(items->count, WH_COUNT(exports));
  /* Those that are written in what they export come last. */
  for (size_t i = 0; i < WH_COUNT(exports); i++) {
    assert_int_equal(items->items[i].name.size, strlen(exports[i]));
    assert_memory_equal(items->items[i].name.data, exports[i], strlen(exports[i]));
  }
  assert_memory_equal(items->items[5].external_id.data, "other", 5);
  const wh_item_t *store =
      wh_items_find(&root->type->imports, (wherry_bytes_t) {(const uint8_t *)"store", 5});
  assert_non_null(store);
  assert_memory_equal(store->implements.data, "a:b/c", 5);
  wh_component_release(component);
}

#define HEAD "\0asm\x0d\0\1\0"
static const struct {
  const char *text, *bytes;
  size_t size;
} exact[] = {
#define EXACT(text, bytes) {text, HEAD bytes, sizeof(HEAD bytes) - 1}
    EXACT("(component)", ""),
    EXACT("(component $a)", "\0\x13\x0e"
                            "component-name\0\2\1a"),
    /* What is inside a type comes before it. */
    EXACT("(component (type (tuple (list u8) (option (list s8)))))",
          "\7\x0b\4\x70\x7d\x70\x7e\x6b\1\x6f\2\0\2"),
    EXACT("(component (type (list u8 3)) (type (map char 0)))", "\7\7\2\x67\x7d\3\x63\x74\0"),
    EXACT("(component (type (result)) (type (result (error bool))))",
          "\7\x08\2\x6a\0\0\x6a\0\1\x7f"),
    EXACT("(component (type (func async (param \"a\" u8) (result u8))))", "\7\x08\1\x43\1\1"
                                                                          "a\x7d\0\x7d"),
    EXACT("(component (import \"a\" (func)))", "\7\5\1\x40\0\1\0\x0a\6\1\0\1"
                                               "a\1\0"),
    EXACT("(component (func (import \"a\") (type 0)))", "\x0a\6\1\0\1"
                                                        "a\1\0"),
    EXACT("(component (import \"a:b/c\" (versionsuffix \".1\") (type (sub resource))))",
          "\x0a\x0f\1\2\5"
          "a:b/c\1\1\2.1\3\1"),
    /* A name of a scope around is an alias, each time it is used. */
    EXACT("(component (type $t u8) (component (type (list $t)) (type (list $t))))",
          "\7\2\1\x7d\4\x20" HEAD "\6\5\1\3\2\1\0\7\3\1\x70\0\6\5\1\3\2\1\0"
          "\7\3\1\x70\2\0\x16\x0e"
          "component-name\1\5\3\1\0\1t"),
    EXACT("(component (alias outer 0 3 (type)) (alias export 2 \"x\" (core module)))",
          "\6\x0b\2\3\2\0\3\0\x11\0\2\1x"),
    EXACT("(component (core type (sub (func))))", "\3\7\1\0\x50\0\x60\0\0"),
    EXACT("(component (core type (module (import \"\" \"f\" (func (param i32))))))",
          "\3\x0e\1\x50\2\1\x60\1\x7f\0\0\0\1"
          "f\0\0"),
    EXACT("(component (canon lower (func 1 \"a\" \"b\") async (memory 2) (core func)))",
          "\6\x0b\2\5\0\1\1"
          "a\1\0\0\1"
          "b\x08\x08\1\1\0\0\2\6\3\2"),
    EXACT("(component (@custom \"a\" \"b\" \"c\") (type u8) (@custom \"d\") (type u8))",
          "\0\4\1"
          "abc\7\2\1\x7d\0\2\1"
          "d\7\2\1\x7d"),
    EXACT("(component (component (@custom \"a\")) (@custom \"b\"))", "\4\x0c" HEAD "\0\2\1"
                                                                     "a\0\2\1"
                                                                     "b"),
    EXACT("(component (start 1 (value 2) (value 3) (result (value $v))))",
          "\x09\5\1\2\2\3\1\0\x16\x0e"
          "component-name\1\5\2\1\0\1v"),
#undef EXACT
};

/* Sections of names apart. */
static void texts_become_these_bytes(void **state) {
  (void)state;
  int faults = 0;
  for (size_t i = 0; i < WH_COUNT(exact); i++) {
    wherry_bytes_t bytes = {0};
    assert_ok(to_binary(exact[i].text, strlen(exact[i].text), &bytes));
    if (bytes.size != exact[i].size || memcmp(bytes.data, exact[i].bytes, bytes.size) != 0) {
      for (size_t k = 0; k < bytes.size; k++) print_error("%02x ", bytes.data[k]);
      print_error(": %s\n", exact[i].text);
      faults++;
    }
    wherry_bytes_release(engine, bytes);
  }
  assert_int_equal(faults, 0);
}

static const struct {
  const char *text, *error;
} bad[] = {
    {"(component", "line 1, column 1: unexpected end: \"(\" is not closed"},
    {"(component) (component)", "expected one component and nothing after it"},
    {"(component (fly))", "unknown operator fly: expected func, type, component"},
    {"(component (core fly))", "expected func, table, memory"},
    {"(component x)", "unknown operator x"},
    {"(component (type $a u8)\n  (type $a u8))", "line 2, column 9: duplicate type $a"},
    {"(component (type (list $b)) (type $b u8))", "unknown type $b"},
    {"(component (import \"f\" (func $f)) (component (export \"f\" (func $f))))",
     "outer item $f is not a module, type, or component"},
    {"(component (alias outer $x 0 (type)))", "unknown component $x around this"},
    {"(component $c (alias outer $c $x (type)))", "unknown type $x"},
    {"(component (alias outer 7 $x (type)))", "unknown type: there are not so many"},
    {"(component (alias inner 0 0 (type)))", "expected export, core export or outer"},
    {"(component (import \"a\" (implements \"a:b/c\") (implements \"a:b/c\") (instance)))",
     "unexpected token (implements: a name has one at most"},
    {"(component (import \"a\" (core func)))", "unexpected token core func: not possible here"},
    {"(component (@custom \"a\" (before type) \"b\"))", "in the order of its text"},
    {"(component (@custom))", "missing section name"},
    {"(component (core instance (export \"a\") (instantiate 0)))", "export no such thing"},
    {"(component (alias outer 0 0 (func)))", "unexpected token func: not possible here"},
    {"(component (func (alias outer 0 0)))", "there is no such alias of a func"},
    {"(component (alias core export 0 \"a\" (module)))", "core module: not possible here"},
    {"(component (core instance (export \"a\" (instance 0))))", "core instance: not possible"},
    {"(component (core instance (instantiate 0 (with \"a\" (func 0)))))",
     "core func: not possible"},
    {"(component (export \"a\" (core func 0)))", "core func: not possible here"},
    {"(component (import \"a\" (value u8)))", "values are not supported"},
    {"(component (value u8 1))", "values are not supported"},
    {"(component (type (list)))", "expected a type"},
    {"(component (type (list u8 x)))", "expected the length of a list"},
    {"(component (type (fly)))", "expected a type: u8, (list …)"},
    {"(component (type (resource)))", "expected (rep i32)"},
    {"(component (type (record (field a u8))))", "expected a string"},
    {"(component (type (instance (import \"a\" (func)))))", "expected export, type, alias"},
    {"(component (import \"t\" (type (sub x))))", "expected (eq …) or (sub resource)"},
    {"(component (canon fly))", "expected lift, lower or a built-in"},
    {"(component (canon waitable-set.wait (core func)))", "expected (memory …)"},
    {"(component (canon task.cancel (func)))", "expected (core func …)"},
    {"(component (func (canon lower (func 0))))", "expected lift"},
    {"(component (core memory 1))", "expected (alias …)"},
    {"(component (core func $i \"a\" \"b\"))", "expected (canon …) or (alias …)"},
    {"(component (core module (func (fly))))", "unknown operator fly"},
    {"(component (core module) (instance (instantiate (module 0))))", "expected component"},
    {"(component (core type (module (import \"a\" \"b\" (fly)))))", "expected func, table"},
    {"(component (core type (module (func))))", "expected import, export, type or alias"},
    {"(component (export \"\\ff\" (func 0)))", "malformed UTF-8"},
};

static void errors_show_the_place(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(bad); i++) {
    wherry_bytes_t bytes = {0};
    wherry_error_t *error = to_binary(bad[i].text, strlen(bad[i].text), &bytes);
    if (!error) fail_msg("%s: no error", bad[i].text);
    assert_error(error, MALFORMED, bad[i].error);
  }
}

/* ---- hostile texts ---- */

static void deep_nesting_is_refused(void **state) {
  (void)state;
  static const char *const pieces[] = {"(component ", "(type (list ", "(type (component ",
                                       "(instance (import \"a\") (export \"b\" "};
  for (size_t i = 0; i < WH_COUNT(pieces); i++) {
    enum { DEPTH = 20000 };
    size_t size = 0, open = 0;
    char *text = malloc(20 + (size_t)DEPTH * 50); /* with what closes them */
    size += (size_t)sprintf(text, "(component ");
    open++;
    for (int k = 0; k < DEPTH; k++) {
      /* Inside a type only its own part goes on. */
      const char *next = k && i == 1   ? "(list "
                         : k && i == 3 ? "(instance (export \"b\" "
                                       : pieces[i];
      memcpy(text + size, next, strlen(next));
      size += strlen(next);
      for (const char *c = next; *c; c++) open += *c == '(', open -= *c == ')';
    }
    memset(text + size, ')', open);
    wherry_bytes_t bytes = {0};
    assert_error(to_binary(text, size + open, &bytes), MALFORMED, "inside each other");
    free(text);
  }
}

static void changed_texts_are_read_or_refused(void **state) {
  (void)state;
  static const char pieces[] = "()\"\\$;@ \n09azx_{}u.=-";
  uint64_t seed = 7;
  for (int round = 0; round < 5000; round++) {
    char text[sizeof whole];
    size_t size = sizeof whole - 1;
    memcpy(text, whole, size);
    for (int change = 0; change < 3; change++) {
      seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
      size_t at = (size_t)(seed >> 33) % size;
      switch (seed >> 20 & 3) {
      case 0: text[at] = pieces[(seed >> 24) % (sizeof pieces - 1)]; break;
      case 1: /* without a word or a part of one */
        memmove(text + at, text + at + (size - at > 6 ? 5 : 1),
                size - at - (size - at > 6 ? 5 : 1));
        size -= size - at > 6 ? 5 : 1;
        break;
      default: text[at] = text[(seed >> 24) % size]; break;
      }
    }
    wherry_component_t *component;
    wherry_error_t *error = make(text, size, &component);
    if (error) assert_true(*wherry_error_message(error));
    wherry_error_release(error);
    wh_component_release(component);
  }
}

static void memory_that_runs_out_is_an_error(void **state) {
  (void)state;
  failing_t failing = {0};
  wherry_allocator_t host = failing_allocator(&failing);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, &host);
  for (failing.fail_at = 1;; failing.fail_at++) {
    uint8_t *bytes;
    size_t size;
    failing.calls = 0;
    wherry_error_t *error =
        wh_text_to_binary(&alloc, whole, sizeof whole - 1, ~UINT64_C(0), &bytes, &size);
    if (!error) {
      wh_free(&alloc, bytes, size);
      assert_int_equal(failing.live_bytes, 0);
      break;
    }
    assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    wherry_error_release(error);
    assert_int_equal(failing.live_bytes, 0);
  }
  assert_true(failing.fail_at > 100);
}

/* ---- scripts ---- */

static const char script_text[] =
    "(component definition $d (core module))\n"
    "(component instance $i $d)\n"
    "(component quote \"(type $t \" \"u8)\")\n"
    "(assert_invalid (component (type 0)) \"why\")\n"
    "(assert_return (invoke \"f\" (u8.const 200) (s16.const -3) (char.const \"\\u{e9}\")\n"
    "  (record.const (field \"a\" str.const \"x\") (field \"b\" (bool.const true)))\n"
    "  (list.const (variant.const \"v\" (f32.const 1)) (enum.const \"e\")) (flags.const \"p\" "
    "\"q\"))\n"
    "  (option.some (result.err (tuple.const (u64.const 18446744073709551615)))) (option.none)\n"
    "  (result.ok) (f64.const nan:canonical))\n";

static bool is(wherry_bytes_t bytes, const char *text) {
  return bytes.data && bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

static void check_values(const wherry_command_t *c) {
  const wherry_pattern_t *a = c->args, *r = c->results;
  assert_int_equal(c->arg_count, 6);
  assert_int_equal(c->result_count, 4);
  assert_true(a[0].kind == WHERRY_PATTERN_COMPONENT && a[0].form == WHERRY_TYPE_U8);
  assert_memory_equal(a[0].bytes, "\xc8\0\0\0\0\0\0\0", 8);
  assert_memory_equal(a[1].bytes, "\xfd\xff\xff\xff\xff\xff\xff\xff", 8);
  assert_true(is(a[2].text, "\xc3\xa9"));
  assert_true(a[3].form == WHERRY_TYPE_RECORD && a[3].count == 2 && is(a[3].items[0].label, "a"));
  assert_true(is(a[3].items[0].text, "x") && a[3].items[1].bytes[0] == 1);
  assert_true(a[4].count == 2 && is(a[4].items[0].label, "v") && a[4].items[0].count == 1);
  assert_int_equal(a[4].items[0].items[0].kind, WHERRY_PATTERN_NUMBER);
  assert_true(is(a[4].items[1].label, "e") && a[4].items[1].count == 0);
  assert_true(a[5].count == 2 && is(a[5].items[1].label, "q"));
  assert_true(is(r[0].label, "some") && is(r[0].items[0].label, "error"));
  assert_memory_equal(r[0].items[0].items[0].items[0].bytes, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  assert_true(is(r[1].label, "none") && r[1].count == 0 && is(r[2].label, "ok"));
  assert_true(r[3].kind == WHERRY_PATTERN_NUMBER && r[3].canonical == 1);
}

static void scripts_have_components(void **state) {
  (void)state;
  wherry_script_t *script;
  assert_ok(wherry_script_read(engine, script_text, sizeof script_text - 1, &script));
  assert_int_equal(wherry_script_command_count(script), 5);
  static const wherry_command_kind_t kinds[] = {
      WHERRY_COMMAND_DEFINITION, WHERRY_COMMAND_INSTANCE, WHERRY_COMMAND_MODULE,
      WHERRY_COMMAND_ASSERT_INVALID, WHERRY_COMMAND_ASSERT_RETURN};
  for (size_t i = 0; i < WH_COUNT(kinds); i++) {
    const wherry_command_t *c = wherry_script_command(script, i);
    assert_int_equal(c->kind, kinds[i]);
    assert_int_equal(c->is_component, i < 4);
    assert_int_equal(c->refused != NULL, i == 3);
    if (c->module.data) assert_true(wherry_is_component(c->module.data, c->module.size));
  }
  check_values(wherry_script_command(script, 4));
  wherry_script_release(script);
}

static const struct {
  const char *text, *error;
} bad_values[] = {
    {"(u8.const 256)", "out of range"},
    {"(u8.const -1)", "a number that is not negative"},
    {"(s8.const 128)", "constant out of range: an integer of 8 bits"},
    {"(s8.const -129)", "constant out of range"},
    {"(s8.const x)", "expected an integer"},
    {"(bool.const 1)", "expected true or false"},
    {"(char.const \"ab\")", "expected one character"},
    {"(char.const \"\")", "expected one character"},
    {"(char.const \"\\ff\")", "expected one character"},
    {"(option.none (u8.const 1))", "expected \")\""},
    {"(option.some (u8.const 1) (u8.const 1))", "expected \")\""},
    {"(record.const (u8.const 1))", "expected field"},
    {"(list.const 1)", "expected a value"},
    {"(list.const (fly))", "expected a value: u8.const"},
};

static void bad_values_are_refused(void **state) {
  (void)state;
  char text[200];
  for (size_t i = 0; i < WH_COUNT(bad_values); i++) {
    wherry_script_t *script;
    snprintf(text, sizeof text, "(invoke \"f\" %s)", bad_values[i].text);
    wherry_error_t *error = wherry_script_read(engine, text, strlen(text), &script);
    if (!error) fail_msg("%s: no error", bad_values[i].text);
    assert_error(error, MALFORMED, bad_values[i].error);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_is_read),
      cmocka_unit_test(texts_become_these_bytes),
      cmocka_unit_test(errors_show_the_place),
      cmocka_unit_test(deep_nesting_is_refused),
      cmocka_unit_test(changed_texts_are_read_or_refused),
      cmocka_unit_test(memory_that_runs_out_is_an_error),
      cmocka_unit_test(scripts_have_components),
      cmocka_unit_test(bad_values_are_refused),
  };
  return cmocka_run_group_tests_name("component_text", tests, make_engine, drop_engine);
}
