/* text: what is refused and how it is told, what the binary holds, numbers to the last bit, text that
   was changed at random, memory that runs out. */
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

static wherry_error_t *to_binary(const char *text, size_t size, wherry_bytes_t *out) {
  char *exact = malloc(size ? size : 1); /* reading past the end is found by AddressSanitizer */
  memcpy(exact, text, size);
  wherry_error_t *error = wherry_text_to_binary(engine, exact, size, out);
  free(exact);
  return error;
}

/* ---- good ---- */

#define HEAD "\0asm\1\0\0\0"
static const struct {
  const char *text, *bytes;
  size_t size;
} good[] = {
#define GOOD(text, bytes) {text, HEAD bytes, sizeof(HEAD bytes) - 1}
    GOOD("", ""),
    GOOD("(module)", ""),
    GOOD("(module (@a \"x\" (y ,;[)) (; c (; d ;) ;) ;; e\n)", ""),
    GOOD("(module binary \"\\00asm\" \"\\01\\00\\00\\00\")", ""),
    GOOD("(module $m)", "\x00\x09\4name\0\2\1m"),
    GOOD("(type (func (param $a i32) (param i64 f32) (result f64)))",
         "\x01\x08\x01\x60\x03\x7f\x7e\x7d\x01\x7c"),
    /* the type that fits is used again; a new one comes after the written ones */
    GOOD("(import \"a\" \"b\" (func (param i32))) (type (func)) (import \"\" \"c\" (func))",
         "\x01\x08\x02\x60\x00\x00\x60\x01\x7f\x00"
         "\x02\x0c\x02\1a\1b\x00\x01\x00\1c\x00\x00"),
    GOOD("(memory 1 2) (memory i64 3) (export \"m\" (memory 1))",
         "\x05\x06\x02\x01\x01\x02\x04\x03\x07\x05\x01\1m\x02\x01"),
    GOOD("(memory (data \"ab\" \"\\63\\u{64}\"))",
         "\x05\x04\x01\x01\x01\x01\x0b\x0a\x01\x00\x41\x00\x0b\x04"
         "abcd"),
    GOOD("(table (export \"t\") funcref (elem)) (table 1 (ref null extern))",
         "\x04\x08\x02\x70\x01\x00\x00\x6f\x00\x01\x07\x05\x01\1t\x01\x00\x09\x06\x01\x00\x41\x00"
         "\x0b"
         "\x00"),
    GOOD("(global (mut i64) (i64.const -1)) (global i32 i32.const 1 i32.const 2 i32.add)",
         "\x06\x0e\x02\x7e\x01\x42\x7f\x0b\x7f\x00\x41\x01\x41\x02\x6a\x0b"),
    /* folded and flat are the same */
    GOOD("(func (param i32) (result i32) (if (result i32) (local.get 0) (then (i32.const 1)) (else "
         "(i32.const 2))))",
         "\x01\x06\x01\x60\x01\x7f\x01\x7f\x03\x02\x01\x00\x0a\x0e\x01\x0c\x00\x20\x00\x04\x7f\x41"
         "\x01"
         "\x05\x41\x02\x0b\x0b"),
    GOOD("(func (param i32) (result i32) local.get 0 if (result i32) i32.const 1 else i32.const 2 "
         "end)",
         "\x01\x06\x01\x60\x01\x7f\x01\x7f\x03\x02\x01\x00\x0a\x0e\x01\x0c\x00\x20\x00\x04\x7f\x41"
         "\x01"
         "\x05\x41\x02\x0b\x0b"),
    /* the innermost label of a name; the condition of a folded if does not see its label */
    GOOD("(func (block $l (loop $l (br $l)) (if $l (br_if $l (i32.const 0)) (then (br $l)))))",
         "\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x15\x01\x13\x00\x02\x40\x03\x40\x0c\x00\x0b"
         "\x41\x00\x0d\x00\x04\x40\x0c\x00\x0b\x0b\x0b"
         "\x00\x13\4name\x03\x0c\x01\x00\x03\x00\1l\x01\1l\x02\1l"),
    GOOD(
        "(func (local i32 i32) (local f32) (local i32))",
        "\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x0a\x01\x08\x03\x02\x7f\x01\x7d\x01\x7f\x0b"),
    GOOD("(memory 0) (data \"\") (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0)) "
         "(data.drop 0))",
         "\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x05\x03\x01\x00\x00\x0c\x01\x01\x0a\x11\x01\x0f"
         "\x00"
         "\x41\x00\x41\x00\x41\x00\xfc\x08\x00\x00\xfc\x09\x00\x0b\x0b\x03\x01\x01\x00"),
};

static void text_becomes_these_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(good); i++) {
    wherry_bytes_t bytes;
    assert_ok(to_binary(good[i].text, strlen(good[i].text), &bytes));
    if (bytes.size != good[i].size || memcmp(bytes.data, good[i].bytes, bytes.size) != 0) {
      print_error("%s\ngot", good[i].text);
      for (size_t k = 0; k < bytes.size; k++) print_error(" %02x", bytes.data[k]);
      print_error("\n");
      fail();
    }
    wherry_bytes_release(engine, bytes);
  }
}

/* Names in the text reach the name section. */
static void names_are_kept(void **state) {
  (void)state;
  static const char text[] = "(module $mod (func $\"a b\" (param $p i32) (local $q i32)) (func))";
  static const char names[] = "\4name\0\4\3mod\1\6\1\0\3a b\2\x09\1\0\2\0\1p\1\1q";
  wherry_bytes_t bytes;
  assert_ok(to_binary(text, sizeof text - 1, &bytes));
  assert_true(bytes.size > sizeof names);
  assert_memory_equal(bytes.data + bytes.size - (sizeof names - 1), names, sizeof names - 1);
  wherry_bytes_release(engine, bytes);
}

/* ---- numbers ---- */

static const struct {
  const char *text;
  uint32_t bits;
} floats[] = {
    {"0", 0},
    {"-0", 0x80000000},
    {"-0x0.0p5", 0x80000000},
    {"1", 0x3f800000},
    {"1_0.5_0e-1", 0x3f866666},
    {"+0x1.8p1", 0x40400000},
    {"0x1p-149", 1},
    {"0x1p-150", 0},        /* halfway: to even */
    {"0x1.000002p-150", 1}, /* just above */
    {"0x0.800000000000000000001p-149", 1},
    {"0x1.fffffep127", 0x7f7fffff},
    {"0x1.fffffefffffff8p127", 0x7f7fffff},
    {"340282356779733642748073463979561713663", 0x7f7fffff},
    {"0x1.000001p0", 0x3f800000}, /* halfway */
    {"0x1.00000100000000000000001p0", 0x3f800001},
    {"0x1.000003p0", 0x3f800002},
    {"16777217", 0x4b800000},
    {"1.00000005960464477539062500000000000000000000000000000000000000000000000000000001",
     0x3f800001},
    {"1e-400", 0},
    {"inf", 0x7f800000},
    {"-inf", 0xff800000},
    {"nan", 0x7fc00000},
    {"-nan:0x1", 0xff800001},
    {"nan:0x7f_ffff", 0x7fffffff},
};

static void floats_are_rounded_once(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(floats); i++) {
    char text[256];
    wherry_bytes_t bytes;
    int size = snprintf(text, sizeof text, "(global f32 (f32.const %s))", floats[i].text);
    assert_ok(to_binary(text, (size_t)size, &bytes));
    uint32_t got;
    memcpy(&got, bytes.data + bytes.size - 5, 4);
    if (got != floats[i].bits)
      fail_msg("%s: got %08x, expected %08x", floats[i].text, got, floats[i].bits);
    wherry_bytes_release(engine, bytes);
  }
}

/* ---- bad ---- */

static const struct {
  const char *text, *error;
} bad[] = {
    {"(module", "line 1, column 1: unexpected end: \"(\" is not closed"},
    {"(module))", "line 1, column 9: unexpected token: \")\" closes nothing"},
    {"(module) (module)", "unexpected token \"(\": expected one module and nothing after it"},
    {"(func) x", "unknown operator x: expected a field of a module"},
    {"(func\n  (i32.frobnicated (i32.const 1)))",
     "line 2, column 4: unknown operator i32.frobnicated\n"
     "2 |   (i32.frobnicated (i32.const 1)))\n"
     "  |    ^"},
    {"(func \"\xc3\xa9\" $)", "column 11: empty identifier"},
    {"(func $\"\")", "empty identifier"},
    {"(func $\"\\ff\")", "malformed UTF-8 encoding of an identifier"},
    {"(export \"\\ff\" (func 0))", "malformed UTF-8 encoding of a name"},
    {";; \xff", "line 1, column 4: malformed UTF-8 encoding"},
    {"(; (; ;)", "unclosed comment"},
    {"(data \"a", "unclosed string"},
    {"(data \"\\q\")", "malformed escape"},
    {"(data \"\\u{d800}\")", "malformed escape"},
    {"(data \"\x01\")", "illegal character in a string: 01"},
    {"\x01", "illegal character"},
    {"(@)", "empty annotation id"},
    {"(@a (b)", "unclosed annotation"},
    {"(data \"a\"\"b\")", "unknown operator \"a\"\"b\""},
    {"(func $f) (func $f)", "column 17: duplicate func $f"},
    {"(func (param $a i32) (local $a i32))", "duplicate local $a"},
    {"(func (call $f))", "unknown func $f"},
    {"(func (br $l))", "unknown label $l"},
    {"(func (local.get $l))", "unknown local $l"},
    {"(func block $a end $b)", "mismatching label $b"},
    {"(func block)", "expected end"},
    {"(func end)", "unexpected token end"},
    {"(func block else end)", "unexpected token else"},
    {"(func (i32.add i32.const 1))", "unexpected token i32.const"},
    {"(func (if (i32.const 1)))", "expected (then …)"},
    {"(func (then))", "unexpected token then"},
    {"(type (func (param i32))) (func (type 0) (param i64))", "inline function type"},
    {"(func (type 7) (param i64))", "unknown type 7"},
    {"(func) (import \"a\" \"b\" (func))", "import after function"},
    {"(func $f) (start $f) (start $f)", "multiple start sections"},
    {"(global i32 (i32.const 4294967296))", "i32 constant out of range"},
    {"(global i32 (i32.const -2147483649))", "i32 constant out of range"},
    {"(global i32 (i32.const 0x))", "unknown operator 0x"},
    {"(global i32 (i32.const 1__0))", "unknown operator 1__0"},
    {"(global f32 (f32.const 0x1p128))", "f32 constant out of range"},
    {"(global f32 (f32.const 0x1.ffffffp127))", "f32 constant out of range"},
    {"(global f64 (f64.const 1e309))", "f64 constant out of range"},
    {"(global f32 (f32.const nan:0x800000))", "f32 constant out of range"},
    {"(global f32 (f32.const nan:0x0))", "f32 constant out of range"},
    {"(global f32 (f32.const .5))", "unknown operator .5"},
    {"(global f32 (f32.const 1e))", "unknown operator 1e"},
    {"(memory 0) (func (drop (i32.load align=3 (i32.const 0))))",
     "alignment must be a power of two"},
    {"(memory 0) (func (drop (i32.load offset=x (i32.const 0))))", "unknown operator offset=x"},
    {"(elem 1 2)", "unexpected token 2"},
    {"(module quote \"\")", "unexpected token quote"},
};

static void errors_show_the_place(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(bad); i++) {
    wherry_bytes_t bytes;
    wherry_error_t *error = to_binary(bad[i].text, strlen(bad[i].text), &bytes);
    if (!error) fail_msg("%s: no error", bad[i].text);
    assert_error(error, MALFORMED, bad[i].error);
  }
}

/* ---- what nobody wrote ---- */

static const char whole[] =
    "(module $m (type $t (func (param i32 i64) (result i32)))\n"
    "  (import \"env\" \"f\" (func $f (type $t))) (import \"env\" \"g\" (global i32))\n"
    "  (table $tab 2 4 funcref) (memory $mem (export \"mem\") 1 2) (global $g (mut f64) (f64.const "
    "0x1.8p3))\n"
    "  (elem $e (table $tab) (offset (i32.const 0)) func $f $h) (elem declare func $h)\n"
    "  (elem externref (item ref.null extern)) (data $d (i32.const 8) \"a\\00\\u{20ac}\" \"b\")\n"
    "  (func $\"h \\t\" (export \"h\") (param $x i32) (result i32) (local $y v128)\n"
    "    (block $b (result i32) (br_table $b 0 (i32.const 3) (local.get $x)))\n"
    "    if (param) (result i32) f32.const nan:0x123 i32.trunc_sat_f32_s else i32.const -5 end\n"
    "    (call_indirect $tab (type $t) (local.get $x) (i64.load offset=4 align=1 (i32.const 1)) "
    "(i32.const 0))\n"
    "    select (memory.copy (i32.const 0) (i32.const 1) (i32.const 2)))\n"
    "  (func $h (local.set 0 (select (result i32) (i32.const 1) (i32.const 2) (i32.const 0)))\n"
    "    (v128.const i32x4 1 2 -3 0xffff_ffff) (v128.load8_lane 0 offset=1 3) drop)\n"
    "  (func (@name \"n\") (param i32) (if $l (@name \"m\") (local.get 0) (then)) local.get 0\n"
    "    (@metadata.code.branch_hint \"\\01\") if end)\n"
    "  (@custom \"x\" (after code) \"y\") (start $h))";

static void changed_text_is_read_or_refused(void **state) {
  (void)state;
  static const char pieces[] = "()\"\\$;@ \n09azx_{}u.=-";
  uint64_t seed = 42;
  for (int round = 0; round < 20000; round++) {
    char text[sizeof whole + 16];
    size_t size = sizeof whole - 1;
    memcpy(text, whole, size);
    for (int change = 0; change < 3; change++) {
      seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
      size_t at = (size_t)(seed >> 33) % size;
      unsigned kind = (unsigned)(seed >> 20) % 4;
      if (kind == 0) {
        text[at] = pieces[(seed >> 12) % (sizeof pieces - 1)];
      } else if (kind == 1) {
        text[at] = (char)(seed >> 8);
      } else if (kind == 2) {
        size_t cut = (seed >> 12) % 20 % (size - at);
        memmove(text + at, text + at + cut, size - at - cut);
        size -= cut;
      } else {
        size = at + 1;
      }
    }
    wherry_bytes_t bytes;
    wherry_error_t *error = to_binary(text, size, &bytes);
    if (!error) {
      error = wherry_module_validate(engine, bytes.data, bytes.size);
      wherry_bytes_release(engine, bytes);
    }
    wherry_error_release(error);
  }
}

/* Text may nest as deep as it likes: the C stack does not. */
static void deep_text_does_not_recurse(void **state) {
  (void)state;
  enum { DEPTH = 200000 };
  static const struct {
    const char *open;
    unsigned closes;
  } nests[] = {{"(block ", 1}, {"(i32.eqz ", 1}, {"(try(do", 2}, {"(if(then", 2}};
  for (size_t n = 0; n < WH_COUNT(nests); n++) {
    size_t step = strlen(nests[n].open), size = 5;
    char *text = malloc(DEPTH * (step + nests[n].closes) + 100);
    memcpy(text, "(func", 5);
    for (int i = 0; i < DEPTH; i++, size += step) memcpy(text + size, nests[n].open, step);
    memset(text + size, ')', DEPTH * nests[n].closes + 1);
    size += DEPTH * nests[n].closes + 1;
    wherry_bytes_t bytes;
    assert_ok(to_binary(text, size, &bytes));
    wherry_bytes_release(engine, bytes);
    free(text);
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
    uint8_t *out;
    size_t size;
    wherry_error_t *error =
        wh_text_to_binary(&alloc, whole, sizeof whole - 1, WH_FEATURES_ALL, &out, &size);
    if (fail_at == 0) {
      assert_ok(error);
      wh_free(&alloc, out, size);
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
      cmocka_unit_test(text_becomes_these_bytes),
      cmocka_unit_test(names_are_kept),
      cmocka_unit_test(floats_are_rounded_once),
      cmocka_unit_test(errors_show_the_place),
      cmocka_unit_test(changed_text_is_read_or_refused),
      cmocka_unit_test(deep_text_does_not_recurse),
      cmocka_unit_test(memory_that_runs_out_is_an_error),
  };
  return cmocka_run_group_tests_name("text", tests, make_engine, drop_engine);
}
