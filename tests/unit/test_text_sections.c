/* Typed references, objects and exceptions in text: the sections that they become, what is refused, names
   of fields and tags. */
#include "support.h"

#include "base/base.h"

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

/* The contents of the first section of that id, "01 6a …". Freed by the caller. */
static char *section_of(wherry_bytes_t bytes, uint8_t wanted) {
  char *out = calloc(3, bytes.size + 1);
  wh_reader_t in = {bytes.data, bytes.data + 8, bytes.data + bytes.size, 0};
  uint8_t id;
  uint32_t size;
  const uint8_t *section;
  while (wh_read_u8(&in, &id) && wh_read_u32(&in, &size) && wh_read_bytes(&in, size, &section)) {
    if (id != wanted) continue;
    for (uint32_t i = 0; i < size; i++)
      sprintf(out + strlen(out), i ? " %02x" : "%02x", section[i]);
    break;
  }
  return out;
}

static const struct {
  const char *text;
  uint8_t id;
  const char *bytes;
} good[] = {
    /* types */
    {"(type (struct (field $x i8) (field (mut i64) i16) (field)))", 1,
     "01 5f 03 78 00 7e 01 77 00"},
    {"(type $a (array (mut (ref null $a))))", 1, "01 5e 63 00 01"},
    {"(rec (type $a (sub (struct (field (ref $b))))) (type $b (sub final $a (array anyref))))", 1,
     "01 4e 02 50 00 5f 01 64 01 00 4f 01 00 5e 6e 00"},
    {"(rec) (rec (type (func))) (type (sub final (func)))", 1, "03 4e 00 60 00 00 60 00 00"},
    {"(type (sub (func))) (type (sub final (func))) (func)", 3, "01 01"},
    {"(rec (type (func)) (type (func))) (func)", 1, "02 4e 02 60 00 00 60 00 00 60 00 00"},
    {"(type $t (func)) (func (param (ref null func) (ref any) (ref null noexn) (ref $t) (ref null "
     "$t)))",
     1, "02 60 00 00 60 05 70 64 6e 74 64 00 63 00 00"},
    {"(func (param (ref 5)) (local (ref null 130) funcref) (local nullref))", 10,
     "01 0a 03 01 63 82 01 01 70 01 71 0b"},
    /* tags */
    {"(tag (import \"m\" \"e\") (param i32)) (tag $e (export \"e\") (param $x i64)) (tag (type 1))",
     13, "02 00 01 00 01"},
    {"(tag (import \"m\" \"e\") (param i32))", 2, "01 01 6d 01 65 04 00 00"},
    {"(tag (export \"a\") (export \"b\"))", 7, "02 01 61 04 00 01 62 04 00"},
    /* imports of several */
    {"(import \"m\" (item \"a\" (func $f (param $x i32))) (item \"b\" (global $g i64))) (func "
     "(call $f))",
     2, "01 01 6d 00 7f 02 01 61 00 00 01 62 03 7e 00"},
    {"(import \"m\" (item \"a\") (item \"b\") (tag (param i32))) (tag $e) (func (throw $e))", 2,
     "01 01 6d 00 7e 04 00 00 02 01 61 01 62"},
    {"(import \"m\" (item \"a\") (item \"b\") (tag (param i32))) (tag $e) (func (throw $e))", 10,
     "01 04 00 08 02 0b"},
    {"(import \"m\") (import \"n\" (memory 1))", 2, "02 01 6d 00 7f 00 01 6e 00 7e 02 00 01 00"},
    /* tables, segments, globals */
    {"(type $t (func)) (table 1 (ref $t) (ref.func 0)) (table i64 0 2 (ref null $t) ref.null "
     "nofunc) (func)",
     4, "02 40 00 64 00 00 01 d2 00 0b 40 00 63 00 05 00 02 d0 73 0b"},
    {"(type $t (func)) (table (ref null $t) (elem 0)) (table (ref null $t) (elem (ref.func 0))) "
     "(func)",
     9, "02 06 00 41 00 0b 63 00 01 d2 00 0b 06 01 41 00 0b 63 00 01 d2 00 0b"},
    {"(type $t (func)) (elem (ref $t) (item ref.func 0) (ref.func 0)) (elem declare (ref func) "
     "(ref.func 0)) (func)",
     9, "02 05 64 00 02 d2 00 0b d2 00 0b 07 64 70 01 d2 00 0b"},
    /* objects */
    {"(type $t (func)) (global $g (ref null $t) (ref.null $t)) (global (mut i31ref) i32.const 1 "
     "ref.i31)",
     6, "02 63 00 00 d0 00 0b 6c 01 41 01 fb 1c 0b"},
    {"(type $s (struct (field i32) (field $f (mut i32)))) (func (struct.set $s $f "
     "(struct.new_default $s) (struct.get $s 0 (ref.null $s))))",
     10, "01 0f 00 fb 01 00 d0 00 fb 02 00 00 fb 05 00 01 0b"},
    {"(type $a (array i8)) (data $d) (elem $e funcref) (func (array.new_data $a $d (array.get_u $a "
     "(array.new_fixed $a 300) (array.len (ref.null none))) (array.new_elem $a $e)) "
     "(array.init_data $a $d) (array.init_elem $a $e) (array.copy $a 0) (array.fill $a))",
     10,
     "01 25 00 fb 08 00 ac 02 d0 71 fb 0f fb 0d 00 fb 0a 00 00 fb 09 00 00 fb 12 00 00 fb 13 00 00 "
     "fb 11 00 00 fb 10 00 0b"},
    {"(type $a (array i8)) (data $d) (func (array.init_data $a $d))", 12, "01"},
    {"(type $t (func)) (func (drop (ref.test (ref null $t) (ref.test (ref i31) (ref.cast (ref $t) "
     "(ref.cast anyref (unreachable)))))))",
     10, "01 10 00 00 fb 17 6e fb 16 00 fb 14 6c fb 15 00 1a 0b"},
    {"(type $t (struct)) (func block $l block (br_on_cast $l anyref (ref null $t)) "
     "(br_on_cast_fail 1 (ref $t) (ref none)) end end)",
     10, "01 14 00 02 40 02 40 fb 18 03 01 6e 00 fb 19 00 01 00 71 0b 0b 0b"},
    /* references */
    {"(type $t (func)) (func (block (result (ref null $t)) (call_ref $t (ref.as_non_null (ref.null "
     "$t))) (br_on_null 0) (br_on_non_null 0) (return_call_ref $t)))",
     10, "01 11 00 02 63 00 d0 00 d4 14 00 d5 00 d6 00 15 00 0b 0b"},
    {"(func (select (result (ref null func)) (ref.null func) (ref.null nofunc) (i32.const 0)) "
     "(i31.get_s (ref.i31 (i32.const 1))) ref.eq any.convert_extern extern.convert_any)",
     10, "01 16 00 d0 70 d0 73 41 00 1c 01 70 41 01 fb 1c fb 1d d3 fb 1a fb 1b 0b"},
    /* exceptions */
    {"(tag $e) (func (block $l (try_table $l (result i32) (catch $e $l) (catch_all_ref 0) "
     "(catch_ref 0 1) (catch_all $l) (throw $e) (throw_ref))))",
     10, "01 16 00 02 40 1f 7f 04 00 00 00 03 00 01 00 01 02 00 08 00 0a 0b 0b 0b"},
    {"(tag $e) (func block $l try_table $l (result i32) (catch $e $l) (catch_all_ref 0) (catch_ref "
     "0 1) (catch_all $l) throw $e throw_ref end $l end)",
     10, "01 16 00 02 40 1f 7f 04 00 00 00 03 00 01 00 01 02 00 08 00 0a 0b 0b 0b"},
    /* atomics, wide arithmetic */
    {"(memory 1) (func (atomic.fence) (i32.atomic.rmw8.add_u offset=3 (i32.const 1) (i32.const 2)) "
     "(memory.atomic.wait64 0 align=8))",
     10, "01 11 00 fe 03 00 41 01 41 02 fe 20 00 03 fe 02 03 00 0b"},
    {"(func (memory.atomic.notify) (i64.add128) (i64.mul_wide_u))", 10,
     "01 0a 00 fe 00 02 00 fc 13 fc 16 0b"},
    /* legacy exceptions */
    {"(tag $e) (func (try $l (do (throw $e)) (catch $e (rethrow $l)) (catch_all (br $l))))", 10,
     "01 0e 00 06 40 08 00 07 00 09 00 19 0c 00 0b 0b"},
    {"(tag $e) (func try $l throw $e catch $e rethrow $l catch_all br $l end $l)", 10,
     "01 0e 00 06 40 08 00 07 00 09 00 19 0c 00 0b 0b"},
    {"(func (block $o (try $l (do (nop)) (delegate $o)) (try (do (nop)) (delegate 1))))", 10,
     "01 0f 00 02 40 06 40 01 18 00 06 40 01 18 01 0b 0b"},
    {"(func block $o try $l nop delegate $o try nop delegate 1 end)", 10,
     "01 0f 00 02 40 06 40 01 18 00 06 40 01 18 01 0b 0b"},
    {"(func (result i32) (try (result i32) (do (i32.const 1))))", 10, "01 07 00 06 7f 41 01 0b 0b"},
};

static void text_becomes_these_sections(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(good); i++) {
    wherry_bytes_t bytes;
    wherry_error_t *error =
        wherry_text_to_binary(engine, good[i].text, strlen(good[i].text), &bytes);
    if (error) fail_msg("%s: %s", good[i].text, wherry_error_message(error));
    char *got = section_of(bytes, good[i].id);
    if (strcmp(got, good[i].bytes) != 0)
      fail_msg("%s: section %u\ngot      %s\nexpected %s", good[i].text, good[i].id, got,
               good[i].bytes);
    free(got);
    wherry_bytes_release(engine, bytes);
  }
}

/* Those of types, fields and tags; a field's type is found by its own number, not by its group's. */
static void names_reach_the_name_section(void **state) {
  (void)state;
  static const char text[] =
      "(type (func (param $no i32))) (rec (type (array i8)) (type $s (struct (field $x i32) (field "
      "i8)"
      " (field (@name \"y z\") i64)))) (tag $e (param $no i32)) (tag $\"f g\")";
  static const char names[] = "\4name\4\4\1\2\1s\x0a\x0b\1\2\2\0\1x\2\3y z\x0b\x09\2\0\1e\1\3f g";
  wherry_bytes_t bytes;
  assert_ok(wherry_text_to_binary(engine, text, sizeof text - 1, &bytes));
  assert_true(bytes.size > sizeof names);
  assert_memory_equal(bytes.data + bytes.size - (sizeof names - 1), names, sizeof names - 1);
  wherry_bytes_release(engine, bytes);
}

static const struct {
  const char *text, *error;
} bad[] = {
    {"(type $t (func)) (rec (type $t (func)))", "column 29: duplicate type $t"},
    {"(type (struct (field $x i32) (field $x i64)))", "duplicate field $x"},
    {"(tag $e) (tag $e)", "duplicate tag $e"},
    {"(type (struct (field (ref $t))))", "unknown type $t"},
    {"(type $s (struct)) (func (struct.get $s $x))", "unknown field $x"},
    {"(func (struct.get 7 $x))", "unknown field $x"},
    {"(type $s (struct (field $x i32))) (type $t (struct)) (func (struct.get $t $x))",
     "unknown field $x"},
    {"(func (throw $e))", "unknown tag $e"},
    {"(func (try_table (catch $e 0)))", "unknown tag $e"},
    {"(func (try_table $l (catch_all $l)))", "unknown label $l"},
    {"(func (try $l (do) (delegate $l)))", "unknown label $l"},
    {"(func (param (ref null $t)))", "unknown type $t"},
    {"(func (param (ref null)))", "unexpected token \")\": expected a heap type"},
    {"(func (param (ref null func i32)))", "unexpected token i32"},
    {"(func (param i8))", "unexpected token i8: expected a value type"},
    {"(type (struct) (func))", "unexpected token \"(\""},
    {"(type)", "expected (func …), (struct …), (array …) or (sub …)"},
    {"(type (sub final))", "expected (func …), (struct …), (array …) or (sub …)"},
    {"(type (array i8 i8))", "unexpected token i8"},
    {"(type (struct i8))", "unexpected token i8"},
    {"(rec (func))", "expected (type …)"},
    {"(type (struct)) (func (type 0) (param i32))", "inline function type"},
    {"(type (func (param i32))) (func (type 0) (param i64))", "inline function type"},
    {"(tag) (import \"a\" \"b\" (tag))", "import after tag"},
    {"(import \"m\" (item \"a\") (func $f))", "column 30: identifier not allowed"},
    {"(import \"m\" (item \"a\" (func)) (item \"b\"))", "expected what is imported"},
    {"(import \"m\" (item \"a\") (item \"b\" (func)) (func))",
     "unexpected token \"(\": expected \")\""},
    {"(import \"m\" (item))", "expected a string"},
    {"(func) (import \"m\")", "import after function"},
    {"(func (array.new_fixed 0))", "expected a number of operands"},
    {"(func (ref.test any))", "unexpected token any: expected a reference type"},
    {"(func (br_on_cast 0 anyref))", "expected a reference type"},
    {"(func (try))", "expected (do …)"},
    {"(func (try (nop)))", "expected (do …)"},
    {"(func (try (do) (do)))", "expected (catch …) or (catch_all …)"},
    {"(func (try (do) (catch_all) (catch_all)))", "unexpected token catch_all"},
    {"(func (try (do) (delegate 0) (catch_all)))", "unexpected token catch_all"},
    {"(tag $e) (func (try (do) (catch $e) (delegate 0)))", "unexpected token delegate"},
    {"(func (try (do) (delegate)))", "unexpected token \")\": expected a label"},
    {"(func (if (then) (else) (else)))", "unexpected token else"},
    {"(func try catch_all catch_all end)", "unexpected token catch_all"},
    {"(func try catch_all delegate 0)", "unexpected token delegate"},
    {"(func try)", "expected end"},
    {"(func catch_all)", "unexpected token catch_all"},
    {"(func (catch_all))", "unexpected token catch_all"},
    {"(func (delegate 0))", "unexpected token delegate"},
    {"(func (block $l) (br $l))", "unknown label $l"},
    {"(table 1 funcref) (elem (table 0) (i32.const 0) 0)", "expected func or a reference type"},
    {"(func try_table else end)", "unexpected token else"},
};

static void errors_name_what_is_wrong(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(bad); i++) {
    wherry_bytes_t bytes;
    wherry_error_t *error = wherry_text_to_binary(engine, bad[i].text, strlen(bad[i].text), &bytes);
    if (!error) fail_msg("%s: no error", bad[i].text);
    assert_error(error, MALFORMED, bad[i].error);
  }
  static const char exact[] = "(type $t (func)) (func (param (ref (exact $t))))";
  wherry_bytes_t bytes;
  assert_error(wherry_text_to_binary(engine, exact, sizeof exact - 1, &bytes), INVALID,
               "an exact type needs feature custom-descriptors");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_becomes_these_sections),
      cmocka_unit_test(names_reach_the_name_section),
      cmocka_unit_test(errors_name_what_is_wrong),
  };
  return cmocka_run_group_tests_name("text_sections", tests, make_engine, drop_engine);
}
