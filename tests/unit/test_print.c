/* The printer: how text looks, that it reads back, what names become, modules that were changed at
   random, nesting, memory that runs out. */
#include "support.h"

#include "decode/decode.h"
#include "encode/encode.h"
#include "text/number.h"
#include "text/print.h"

static wh_alloc_t alloc;

typedef struct bytes {
  uint8_t *data;
  size_t size;
} bytes_t;

static bytes_t binary_of(const char *text, size_t size) {
  bytes_t out;
  assert_ok(wh_text_to_binary(&alloc, text, size, ~UINT64_C(0), &out.data, &out.size));
  return out;
}

static void drop(bytes_t bytes) { wh_free(&alloc, bytes.data, bytes.size); }

/* Zero-ended, freed by free(). */
static char *text_of(bytes_t module, uint32_t options) {
  char *text;
  size_t size;
  assert_ok(wh_binary_to_text(&alloc, module.data, module.size, options, &text, &size));
  char *out = malloc(size + 1);
  memcpy(out, text, size);
  out[size] = 0;
  wh_free(&alloc, text, size);
  return out;
}

/* Whether the text reads back to what encode writes. */
static void check_back(bytes_t module, const char *text, size_t size) {
  wh_model_t *model;
  bytes_t wanted;
  assert_ok(wh_decode(&alloc, module.data, module.size, ~UINT64_C(0), &model));
  assert_ok(wh_encode(&alloc, model, &wanted.data, &wanted.size));
  wh_model_free(model);
  bytes_t back = binary_of(text, size);
  if (back.size != wanted.size || memcmp(back.data, wanted.data, back.size) != 0)
    fail_msg("reads back to another module:\n%.*s", (int)size, text);
  drop(back);
  drop(wanted);
}

/* ---- looks ---- */

static const struct {
  const char *text;   /* a module */
  const char *plain;  /* what is printed; NULL: not looked at */
  const char *folded; /* so too */
} looks[] = {
    {"", "(module)\n", "(module)\n"},
    {"(module $m (func))",
     "(module $m\n"
     "  (type (;0;) (func))\n"
     "  (func (;0;) (type 0))\n"
     ")\n",
     NULL},
    {"(func $f (param $a i32) (param i64 f32) (result i32) (local $l v128) (local f64)\n"
     "  local.get $a if (result i32) i32.const 1 else block $b br 1 br $b br 2 end i32.const -5 "
     "end)",
     "(module\n"
     "  (type (;0;) (func (param i32 i64 f32) (result i32)))\n"
     "  (func $f (;0;) (type 0) (param $a i32) (param i64 f32) (result i32)\n"
     "    (local $l v128) (local f64)\n"
     "    local.get $a\n"
     "    if (;@1;) (result i32)\n"
     "      i32.const 1\n"
     "    else\n"
     "      block $b\n"
     "        br 1 (;@1;)\n"
     "        br $b\n"
     "        br 2 (;@0;)\n"
     "      end\n"
     "      i32.const -5\n"
     "    end\n"
     "  )\n"
     ")\n",
     "(module\n"
     "  (type (;0;) (func (param i32 i64 f32) (result i32)))\n"
     "  (func $f (;0;) (type 0) (param $a i32) (param i64 f32) (result i32)\n"
     "    (local $l v128) (local f64)\n"
     "    (if (;@1;) (result i32)\n"
     "      (local.get $a)\n"
     "      (then\n"
     "        (i32.const 1))\n"
     "      (else\n"
     "        (block $b\n"
     "          (br 1 (;@1;))\n"
     "          (br $b)\n"
     "          (br 2 (;@0;)))\n"
     "        (i32.const -5)))\n"
     "  )\n"
     ")\n"},
    /* folding: what has no value stands between; several values are no operand */
    {"(func $two (result i32 i32) i32.const 1 nop i32.const 2)\n"
     "(func (result i32) call $two i32.add i32.const 1 nop i32.const 2 i32.const 3 i32.add "
     "i32.mul\n"
     "  i32.const 0 i32.eqz i32.eqz i32.add)",
     NULL,
     "(module\n"
     "  (type (;0;) (func (result i32 i32)))\n"
     "  (type (;1;) (func (result i32)))\n"
     "  (func $two (;0;) (type 0) (result i32 i32)\n"
     "    (i32.const 1)\n"
     "    (nop)\n"
     "    (i32.const 2)\n"
     "  )\n"
     "  (func (;1;) (type 1) (result i32)\n"
     "    (call $two)\n"
     "    (i32.add)\n"
     "    (i32.const 1)\n"
     "    (nop)\n"
     "    (i32.add (i32.mul (i32.add (i32.const 2) (i32.const 3))) (i32.eqz (i32.eqz (i32.const "
     "0))))\n"
     "  )\n"
     ")\n"},
    {"(import \"a\\\"\\00\" \"\\c3\\bc\\u{202e}\" (memory $m i64 1 2))\n"
     "(table $t 1 funcref) (memory 0 1 shared) (global $g (mut i64) (i64.const -1))\n"
     "(global i32 i32.const 1 i32.const 2 i32.add) (export \"e\" (global $g)) (start $f)\n"
     "(elem (table $t) (offset i32.const 0) funcref (ref.null func) (item ref.func $f))\n"
     "(elem declare func $f) (elem externref) (func $f (drop (i32.load8_u 1 offset=8 "
     "(i32.const 0))) (drop (i64.load align=4 (i64.const 0))) (memory.init 0 (i64.const 0) "
     "(i32.const 0) "
     "(i32.const 0)) (memory.copy 1 0 (i32.const 0) (i64.const 0) (i32.const 0)))\n"
     "(data (memory 1) (i32.const 0) \"a\\00\\ff\\t\\\\\") (data)",
     "(module\n"
     "  (type (;0;) (func))\n"
     "  (import \"a\\\"\\00\" \"\u00fc\\u{202e}\" (memory $m (;0;) i64 1 2))\n"
     "  (table $t (;0;) 1 funcref)\n"
     "  (memory (;1;) 0 1 shared)\n"
     "  (global $g (;0;) (mut i64) (i64.const -1))\n"
     "  (global (;1;) i32 (i32.add (i32.const 1) (i32.const 2)))\n"
     "  (export \"e\" (global $g))\n"
     "  (start $f)\n"
     "  (elem (;0;) (i32.const 0) funcref (ref.null func) (ref.func $f))\n"
     "  (elem (;1;) declare func $f)\n"
     "  (elem (;2;) externref)\n"
     "  (func $f (;0;) (type 0)\n"
     "    i32.const 0\n"
     "    i32.load8_u 1 offset=8\n"
     "    drop\n"
     "    i64.const 0\n"
     "    i64.load align=4\n"
     "    drop\n"
     "    i64.const 0\n"
     "    i32.const 0\n"
     "    i32.const 0\n"
     "    memory.init 0\n"
     "    i32.const 0\n"
     "    i64.const 0\n"
     "    i32.const 0\n"
     "    memory.copy 1 $m\n"
     "  )\n"
     "  (data (;0;) (memory 1) (i32.const 0) \"a\\00\\ff\\t\\\\\")\n"
     "  (data (;1;) \"\")\n"
     ")\n",
     NULL},
    {"(type (func)) (rec (type $a (sub (struct (field $x i8) (field (mut (ref null $b))))))\n"
     "  (type $b (sub final $a (struct (field i8) (field (mut (ref null $b))) (field $y v128)))))\n"
     "(type (array (mut i16))) (tag $e (param i32)) (table 1 (ref $a) (struct.new_default $a))\n"
     "(func (param (ref null 0) (ref extern)) (result i32)\n"
     "  (struct.get_s $a $x (ref.null none)) (drop (ref.test (ref null $b) (ref.null any)))\n"
     "  (drop (br_on_cast 0 anyref (ref i31) (ref.null any))) (try_table (catch $e 0) (catch_all "
     "0)\n"
     "  (throw $e (i32.const 1))) (array.new_fixed 3 2 (i32.const 1) (i32.const 2)) drop)",
     "(module\n"
     "  (type (;0;) (func))\n"
     "  (rec\n"
     "    (type $a (;1;) (sub (struct (field $x i8) (field (mut (ref null $b))))))\n"
     "    (type $b (;2;) (sub final $a (struct (field i8) (field (mut (ref null $b))) (field $y "
     "v128)))))\n"
     "  (type (;3;) (array (mut i16)))\n"
     "  (type (;4;) (func (param i32)))\n"
     "  (type (;5;) (func (param (ref null 0) (ref extern)) (result i32)))\n"
     "  (table (;0;) 1 (ref $a) (struct.new_default $a))\n"
     "  (tag $e (;0;) (type 4) (param i32))\n"
     "  (func (;0;) (type 5) (param (ref null 0) (ref extern)) (result i32)\n"
     "    ref.null none\n"
     "    struct.get_s $a $x\n"
     "    ref.null any\n"
     "    ref.test (ref null $b)\n"
     "    drop\n"
     "    ref.null any\n"
     "    br_on_cast 0 (;@0;) anyref (ref i31)\n"
     "    drop\n"
     "    try_table (;@1;) (catch $e 0 (;@0;)) (catch_all 0 (;@0;))\n"
     "      i32.const 1\n"
     "      throw $e\n"
     "    end\n"
     "    i32.const 1\n"
     "    i32.const 2\n"
     "    array.new_fixed 3 2\n"
     "    drop\n"
     "  )\n"
     ")\n",
     NULL},
    {"(tag $e) (func (try $l (do (nop)) (catch $e (rethrow $l)) (catch_all)) (try (do) (delegate "
     "0)))",
     "(module\n"
     "  (type (;0;) (func))\n"
     "  (tag $e (;0;) (type 0))\n"
     "  (func (;0;) (type 0)\n"
     "    try $l\n"
     "      nop\n"
     "    catch $e\n"
     "      rethrow $l\n"
     "    catch_all\n"
     "    end\n"
     "    try (;@1;)\n"
     "    delegate 0 (;@0;)\n"
     "  )\n"
     ")\n",
     "(module\n"
     "  (type (;0;) (func))\n"
     "  (tag $e (;0;) (type 0))\n"
     "  (func (;0;) (type 0)\n"
     "    (try $l\n"
     "      (do\n"
     "        (nop))\n"
     "      (catch $e\n"
     "        (rethrow $l))\n"
     "      (catch_all))\n"
     "    (try (;@1;)\n"
     "      (do)\n"
     "      (delegate 0 (;@0;)))\n"
     "  )\n"
     ")\n"},
    {"(func (v128.const i8x16 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15) (v128.const f32x4 1 2 3 4)\n"
     "  i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (v128.store8_lane offset=3 2 "
     "(i32.const 0)"
     " (v128.const i64x2 0 0)) f32.const nan:0x1 f64.const 0.1 select (result f32))",
     "(module\n"
     "  (type (;0;) (func))\n"
     "  (func (;0;) (type 0)\n"
     "    v128.const i32x4 0x03020100 0x07060504 0x0b0a0908 0x0f0e0d0c\n"
     "    v128.const i32x4 0x3f800000 0x40000000 0x40400000 0x40800000\n"
     "    i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31\n"
     "    i32.const 0\n"
     "    v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000\n"
     "    v128.store8_lane offset=3 2\n"
     "    f32.const nan:0x1\n"
     "    f64.const 0.1\n"
     "    select (result f32)\n"
     "  )\n"
     ")\n",
     NULL},
    /* names that are no identifiers, that others have, that are empty */
    {"(func $\"a b\") (func $f) (func $f#3 (@name \"f\")) (func (@name \"f#3\")) (func $x (@name "
     "\"f\"))\n"
     "(func (@name \"\")) (func (param $p i32) (param (@name \"p\") i32) local.get $p local.get "
     "1)\n"
     "(func call $\"a b\" call 2 call 4 call 5)",
     "(module\n"
     "  (type (;0;) (func))\n"
     "  (type (;1;) (func (param i32 i32)))\n"
     "  (func $\"a b\" (;0;) (type 0))\n"
     "  (func $f (;1;) (type 0))\n"
     "  (func $f#2 (;2;) (@name \"f\") (type 0))\n"
     "  (func $f#3 (;3;) (type 0))\n"
     "  (func $f#4 (;4;) (@name \"f\") (type 0))\n"
     "  (func (;5;) (@name \"\") (type 0))\n"
     "  (func (;6;) (type 1) (param $p i32) (param $p#1 (@name \"p\") i32)\n"
     "    local.get $p\n"
     "    local.get $p#1\n"
     "  )\n"
     "  (func (;7;) (type 0)\n"
     "    call $\"a b\"\n"
     "    call $f#2\n"
     "    call $f#4\n"
     "    call 5\n"
     "  )\n"
     ")\n",
     NULL},
    {"(func $f) (func (@name \"f\")) (func (@name \"f#1\")) (func $\"\\\"\" (@name "
     "\"\\\"\\ee\\80\\80\"))",
     "(module\n"
     "  (type (;0;) (func))\n"
     "  (func $f (;0;) (type 0))\n"
     "  (func $f#1#1 (;1;) (@name \"f\") (type 0))\n"
     "  (func $f#1 (;2;) (type 0))\n"
     "  (func $\"\\\"\ue000\" (;3;) (type 0))\n"
     ")\n",
     NULL},
    /* a label that another hides is told by its number */
    {"(func block $l block $l br $l br 1 end end)",
     "(module\n"
     "  (type (;0;) (func))\n"
     "  (func (;0;) (type 0)\n"
     "    block $l\n"
     "      block $l\n"
     "        br $l\n"
     "        br 1 (;@1;)\n"
     "      end\n"
     "    end\n"
     "  )\n"
     ")\n",
     NULL},
    /* custom sections, and where they stand */
    {"(@custom \"a\" (before first) \"1\") (type (func)) (@custom \"b\" (after type)) (memory 0)\n"
     "(@custom \"c\" (before memory) \"\\00\") (func $f) (@custom \"d\" (after code)) (data \"\")\n"
     "(@custom \"e\" (after data)) (@custom \"f\")",
     "(module\n"
     "  (@custom \"a\" (before first) \"1\")\n"
     "  (type (;0;) (func))\n"
     "  (@custom \"b\" (after type))\n"
     "  (@custom \"c\" (after func) \"\\00\")\n"
     "  (memory (;0;) 0)\n"
     "  (func $f (;0;) (type 0))\n"
     "  (@custom \"d\" (after code))\n"
     "  (data (;0;) \"\")\n"
     "  (@custom \"e\" (after data))\n"
     "  (@custom \"f\")\n"
     ")\n",
     NULL},
    /* a name section of another form than the reader's is in the text as it is */
    {"(func) (@custom \"name\" \"\\01\\05\\81\\00\\00\\01f\")",
     "(module\n"
     "  (type (;0;) (func))\n"
     "  (func $f (;0;) (type 0))\n"
     "  (@custom \"name\" \"\\01\\05\\81\\00\\00\\01f\")\n"
     ")\n",
     NULL},
    {"(func) (@custom \"name\" (before code) \"\\01\\04\\01\\00\\01f\") (@custom \"x\" (after "
     "func))",
     "(module\n"
     "  (type (;0;) (func))\n"
     "  (@custom \"x\" (after func))\n"
     "  (@custom \"name\" (after func) \"\\01\\04\\01\\00\\01f\")\n"
     "  (func $f (;0;) (type 0))\n"
     ")\n",
     NULL},
    /* branch hints */
    {"(func (param i32) (@metadata.code.branch_hint \"\\00\") (if (local.get 0) (then)) local.get "
     "0\n"
     "  (@metadata.code.branch_hint \"\\01\") br_if 0) (@custom \"x\" (before code)) (@custom "
     "\"y\" (after"
     " func))",
     "(module\n"
     "  (type (;0;) (func (param i32)))\n"
     "  (@custom \"y\" (after func))\n"
     "  (@custom \"x\" (before code))\n"
     "  (func (;0;) (type 0) (param i32)\n"
     "    local.get 0\n"
     "    (@metadata.code.branch_hint \"\\00\")\n"
     "    if (;@1;)\n"
     "    end\n"
     "    local.get 0\n"
     "    (@metadata.code.branch_hint \"\\01\")\n"
     "    br_if 0 (;@0;)\n"
     "  )\n"
     ")\n",
     "(module\n"
     "  (type (;0;) (func (param i32)))\n"
     "  (@custom \"y\" (after func))\n"
     "  (@custom \"x\" (before code))\n"
     "  (func (;0;) (type 0) (param i32)\n"
     "    (@metadata.code.branch_hint \"\\00\")\n"
     "    (if (;@1;)\n"
     "      (local.get 0)\n"
     "      (then))\n"
     "    (@metadata.code.branch_hint \"\\01\")\n"
     "    (br_if 0 (;@0;) (local.get 0))\n"
     "  )\n"
     ")\n"},
};

static void text_looks_so(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(looks); i++) {
    bytes_t module = binary_of(looks[i].text, strlen(looks[i].text));
    for (uint32_t options = 0; options <= WHERRY_TEXT_FOLDED; options++) {
      const char *wanted = options ? looks[i].folded : looks[i].plain;
      char *text = text_of(module, options);
      if (wanted) assert_string_equal(text, wanted);
      check_back(module, text, strlen(text));
      free(text);
    }
    drop(module);
  }
  assert_int_equal(alloc.used, 0);
}

/* ---- numbers ---- */

static const struct {
  uint64_t value;
  unsigned bits;
  const char *text;
} floats[] = {
    {0, 32, "0"},
    {0x80000000, 32, "-0"},
    {0x3F800000, 32, "1"},
    {0x3DCCCCCD, 32, "0.1"},
    {0x4B800000, 32, "16777216"},
    {0x7F7FFFFF, 32, "3.4028235e38"},
    {1, 32, "1e-45"},
    {0x7F800000, 32, "inf"},
    {0xFF800000, 32, "-inf"},
    {0x7FC00000, 32, "nan"},
    {0xFFC00000, 32, "-nan"},
    {0x7F800001, 32, "nan:0x1"},
    {0x7FFFFFFF, 32, "nan:0x7fffff"},
    {0x3FB999999999999A, 64, "0.1"},
    {0x400921FB54442D18, 64, "3.141592653589793"},
    {0x3FF0000000000001, 64, "1.0000000000000002"},
    {0x4340000000000000, 64, "9007199254740992"},
    {0x44B52D02C7E14AF6, 64, "1e23"},
    {0x3EE4F8B588E368F1, 64, "0.00001"},
    {0x3EB0C6F7A0B5ED8D, 64, "1e-6"},
    {1, 64, "5e-324"},
    {0xFFEFFFFFFFFFFFFF, 64, "-1.7976931348623157e308"},
    {0xFFF8000000000000, 64, "-nan"},
    {0x7FF0000000000010, 64, "nan:0x10"},
};

static void check_float(uint64_t value, unsigned bits, const char *wanted) {
  printer_t p = {.alloc = &alloc, .out = {.alloc = &alloc}};
  uint64_t back;
  wh_wat_print_float(&p, value, bits);
  if (wanted) assert_string_equal(p.out.data, wanted);
  if (wh_wat_number_float(p.out.data, p.out.size, bits, &back) != NUMBER_GOOD || back != value)
    fail_msg("%llx of %u bits is printed as %s", (unsigned long long)value, bits, p.out.data);
  wh_text_free(&p.out);
}

static void floats_read_back(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(floats); i++)
    check_float(floats[i].value, floats[i].bits, floats[i].text);
  uint64_t seed = 7;
  for (int i = 0; i < 100000; i++) {
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    uint64_t value = seed ^ seed >> 29;
    check_float(value & UINT32_MAX, 32, NULL);
    check_float(value, 64, NULL);
  }
}

/* ---- what is broken ---- */

#define HEAD "\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0"
static const struct {
  const char *bytes;
  size_t size;
  const char *error;
  size_t offset;
} broken[] = {
#define BROKEN(code, error, offset) {HEAD "\x0a" code, sizeof(HEAD "\x0a" code) - 1, error, offset}
    BROKEN("\4\1\2\0\xff", "illegal opcode", 23),
    BROKEN("\4\1\2\0\1", "unexpected end of section or function", 24),
    BROKEN("\5\1\3\0\x0b\1", "section size mismatch", 24),
    BROKEN("\5\1\3\0\5\x0b", "else that no if is before", 23),
    BROKEN("\6\1\4\0\7\0\x0b", "catch that no try is before", 23),
    BROKEN("\6\1\4\0\x18\0\x0b", "delegate that no try is before", 23),
    BROKEN("\6\1\4\0\x41\x80\x80", "unexpected end", 24),
};

static void broken_code_is_an_error(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(broken); i++) {
    for (uint32_t options = 0; options <= WHERRY_TEXT_FOLDED; options++) {
      char *text;
      size_t size;
      wherry_error_t *error = wh_binary_to_text(&alloc, (const uint8_t *)broken[i].bytes,
                                                broken[i].size, options, &text, &size);
      assert_non_null(error);
      assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_MALFORMED);
      assert_string_equal(wherry_error_message(error), broken[i].error);
      uint64_t offset;
      assert_true(wherry_error_offset(error, &offset));
      assert_int_equal(offset, broken[i].offset);
      wherry_error_release(error);
    }
  }
  /* more locals than any function may have */
  static const char locals[] = HEAD "\x0a\x0a\1\x08\1\xff\xff\xff\xff\x0f\x7f\x0b";
  char *text;
  size_t size;
  assert_error(
      wh_binary_to_text(&alloc, (const uint8_t *)locals, sizeof locals - 1, 0, &text, &size), LIMIT,
      "function 0 has more than 50000 locals");
  assert_int_equal(alloc.used, 0);
}

/* ---- modules that were changed at random ---- */

static void change(uint64_t *seed, uint8_t *bytes, size_t *size) {
  static const uint8_t values[] = {0,    1,    2,    3,    4,    5,    0x0B,
                                   0x40, 0x7F, 0x80, 0xFF, 0x63, 0x70, 0xFB};
  for (int i = 0; i < 3; i++) {
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    size_t at = 8 + (size_t)(*seed >> 33) % (*size - 8);
    switch ((*seed >> 20) % 3) {
    case 0: bytes[at] = (uint8_t)(*seed >> 8); break;
    case 1: bytes[at] = values[(*seed >> 12) % sizeof values]; break;
    default: bytes[at] ^= (uint8_t)(1u << (*seed >> 12) % 8); break;
    }
  }
}

/* Decoded or not, printed or not: what is printed reads back, unless it names what text cannot name. */
static void changed_modules_do_no_harm(void **state) {
  (void)state;
  uint64_t seed = 1;
  unsigned printed = 0, came_back = 0;
  for (size_t k = 0; k < WH_COUNT(looks); k++) {
    bytes_t module = binary_of(looks[k].text, strlen(looks[k].text));
    for (int round = 0; module.size > 20 && round < 3000; round++) {
      size_t size = module.size;
      uint8_t *bytes = malloc(size); /* reading past the end is found by AddressSanitizer */
      memcpy(bytes, module.data, size);
      change(&seed, bytes, &size);
      char *text;
      size_t text_size;
      wherry_error_t *error = wh_binary_to_text(&alloc, bytes, size, round & 1, &text, &text_size);
      if (!error) {
        bytes_t back;
        printed++;
        error = wh_text_to_binary(&alloc, text, text_size, ~UINT64_C(0), &back.data, &back.size);
        if (!error) {
          came_back++;
          drop(back);
          check_back((bytes_t) {bytes, size}, text, text_size);
        } else if (wherry_error_kind(error) != WHERRY_ERROR_MALFORMED) {
          fail_msg("%s\n%.*s", wherry_error_message(error), (int)text_size, text);
        }
        wh_free(&alloc, text, text_size);
      }
      wherry_error_release(error);
      free(bytes);
    }
    drop(module);
  }
  assert_true(printed > 1000);
  print_message("%u of %u changed modules came back\n", came_back, printed);
  assert_int_equal(alloc.used, 0);
}

/* ---- nesting ---- */

static void deep_code_does_not_recurse(void **state) {
  (void)state;
  enum { DEPTH = 300000 };
  static const struct {
    const char *open, *close;
  } forms[] = {{"block ", "end "}, {"i32.const 0 if ", "end "}, {"", "i32.eqz "}};
  for (size_t k = 0; k < WH_COUNT(forms); k++) {
    size_t open = strlen(forms[k].open), close = strlen(forms[k].close), size = 0;
    char *source = malloc(DEPTH * (open + close) + 100);
    size += (size_t)sprintf(source, "(func (param i32) local.get 0 ");
    for (int i = 0; i < DEPTH; i++) memcpy(source + size, forms[k].open, open), size += open;
    for (int i = 0; i < DEPTH; i++) memcpy(source + size, forms[k].close, close), size += close;
    source[size++] = ')';
    bytes_t module = binary_of(source, size);
    for (uint32_t options = 0; options <= WHERRY_TEXT_FOLDED; options++) {
      char *text = text_of(module, options);
      check_back(module, text, strlen(text));
      free(text);
    }
    drop(module);
    free(source);
  }
}

/* ---- memory ---- */

static void memory_that_runs_out_is_an_error(void **state) {
  (void)state;
  for (size_t k = 0; k < WH_COUNT(looks); k++) {
    bytes_t module = binary_of(looks[k].text, strlen(looks[k].text));
    size_t calls = 1;
    for (size_t fail_at = 0; fail_at <= calls; fail_at++) {
      failing_t failing = {.fail_at = fail_at};
      wherry_allocator_t host = failing_allocator(&failing);
      wh_alloc_t own;
      wh_alloc_init(&own, &host);
      char *text;
      size_t size;
      wherry_error_t *error =
          wh_binary_to_text(&own, module.data, module.size, k & 1, &text, &size);
      if (fail_at == 0) {
        assert_ok(error);
        wh_free(&own, text, size);
        calls = failing.calls;
      } else {
        assert_non_null(error);
        assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
        wherry_error_release(error);
      }
      assert_int_equal(failing.live_blocks, 0);
    }
    drop(module);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_looks_so),
      cmocka_unit_test(floats_read_back),
      cmocka_unit_test(broken_code_is_an_error),
      cmocka_unit_test(changed_modules_do_no_harm),
      cmocka_unit_test(deep_code_does_not_recurse),
      cmocka_unit_test(memory_that_runs_out_is_an_error),
  };
  wh_alloc_init(&alloc, NULL);
  return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
