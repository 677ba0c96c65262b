/* Engines that must give the same results on every processor, and those that need not. */
#include "support.h"

#include <math.h>

#include "runtime/runtime.h"

static wherry_engine_t *engine_of(bool deterministic) {
  wherry_config_t *config;
  wherry_engine_t *engine;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_deterministic(config, deterministic));
  assert_ok(wherry_engine_new(config, &engine));
  wherry_config_release(config);
  return engine;
}

static wherry_guest_t *load(wherry_engine_t *engine, const char *text) {
  wherry_load_options_t *options;
  wherry_guest_t *guest;
  assert_ok(wherry_load_options_new(&options));
  wherry_load_options_set_engine(options, engine);
  assert_ok(wherry_load_text(text, strlen(text), options, &guest));
  wherry_load_options_release(options);
  return guest;
}

/* Functions of two numbers by their bits, each with another way for a result to go on. $T: f32 or f64,
   $I: the integer as wide, $B: what is computed of locals 0 and 1. */
static const char template[] =
    "(module (memory 1)"
    " (func $r (param $T $T) (result $T) $B)"
    " (func $l (param $T $T) (result $T) (local $T) (local.set 2 $B) (local.get 2))"
    " (func $m (param $T $T) (result $T) ($T.store (i32.const 8) $B) ($T.load (i32.const 8)))"
    " (func (export \"r\") (param $I $I) (result $I) ($I.reinterpret_$T"
    "  (call $r ($T.reinterpret_$I (local.get 0)) ($T.reinterpret_$I (local.get 1)))))"
    " (func (export \"l\") (param $I $I) (result $I) ($I.reinterpret_$T"
    "  (call $l ($T.reinterpret_$I (local.get 0)) ($T.reinterpret_$I (local.get 1)))))"
    " (func (export \"m\") (param $I $I) (result $I) ($I.reinterpret_$T"
    "  (call $m ($T.reinterpret_$I (local.get 0)) ($T.reinterpret_$I (local.get 1))))))";

static void fill(char *out, bool wide, const char *body) {
  for (const char *at = template; *at; at++) {
    if (at[0] == '$' && (at[1] == 'T' || at[1] == 'I' || at[1] == 'B')) {
      at++;
      out += sprintf(out, "%s",
                     *at == 'B'   ? body
                     : *at == 'T' ? (wide ? "f64" : "f32")
                                  : (wide ? "i64" : "i32"));
    } else {
      *out++ = *at;
    }
  }
  *out = 0;
}

static uint64_t call(wherry_guest_t *guest, const char *name, bool wide, uint64_t a, uint64_t b) {
  int64_t whole = 0;
  int32_t half = 0;
  if (wide)
    assert_ok(wherry_call(guest, name, "ll:l", a, b, &whole));
  else
    assert_ok(wherry_call(guest, name, "ii:i", (uint32_t)a, (uint32_t)b, &half));
  return wide ? (uint64_t)whole : (uint32_t)half;
}

#define X "(local.get 0)"
#define Y "(local.get 1)"
#define V32(op) "(f32x4.extract_lane 1 (f32x4." op " (f32x4.splat " X ") (f32x4.splat " Y ")))"
#define V64(op) "(f64x2.extract_lane 1 (f64x2." op " (f64x2.splat " X ") (f64x2.splat " Y ")))"
#define U32(op) "(f32x4.extract_lane 2 (f32x4." op " (f32x4.splat " X ")))"
#define U64(op) "(f64x2.extract_lane 0 (f64x2." op " (f64x2.splat " X ")))"
#define T32(op)                                                                                 \
  "(f32x4.extract_lane 3 (f32x4." op " (f32x4.splat " X ") (f32x4.splat " Y ") (f32x4.splat " X \
  ")))"
#define T64(op)                                                                                 \
  "(f64x2.extract_lane 1 (f64x2." op " (f64x2.splat " X ") (f64x2.splat " Y ") (f64x2.splat " X \
  ")))"

static const struct {
  bool wide, unary;
  const char *body;
} makes_nan[] = {
    {0, 0, "(f32.add " X Y ")"},
    {0, 0, "(f32.sub " X Y ")"},
    {0, 0, "(f32.mul " X Y ")"},
    {0, 0, "(f32.div " X Y ")"},
    {0, 0, "(f32.min " X Y ")"},
    {0, 0, "(f32.max " X Y ")"},
    {0, 1, "(f32.sqrt " X ")"},
    {0, 1, "(f32.ceil " X ")"},
    {0, 1, "(f32.floor " X ")"},
    {0, 1, "(f32.trunc " X ")"},
    {0, 1, "(f32.nearest " X ")"},
    {0, 1, "(f32.demote_f64 (f64.promote_f32 " X "))"},
    {1, 0, "(f64.add " X Y ")"},
    {1, 0, "(f64.sub " X Y ")"},
    {1, 0, "(f64.mul " X Y ")"},
    {1, 0, "(f64.div " X Y ")"},
    {1, 0, "(f64.min " X Y ")"},
    {1, 0, "(f64.max " X Y ")"},
    {1, 1, "(f64.sqrt " X ")"},
    {1, 1, "(f64.ceil " X ")"},
    {1, 1, "(f64.floor " X ")"},
    {1, 1, "(f64.trunc " X ")"},
    {1, 1, "(f64.nearest " X ")"},
    {1, 1, "(f64.promote_f32 (f32.demote_f64 " X "))"},
    {0, 0, V32("add")},
    {0, 0, V32("sub")},
    {0, 0, V32("mul")},
    {0, 0, V32("div")},
    {0, 0, V32("min")},
    {0, 0, V32("max")},
    {0, 0, V32("relaxed_min")},
    {0, 0, V32("relaxed_max")},
    {0, 0, T32("relaxed_madd")},
    {0, 0, T32("relaxed_nmadd")},
    {0, 1, U32("sqrt")},
    {0, 1, U32("ceil")},
    {0, 1, U32("floor")},
    {0, 1, U32("trunc")},
    {0, 1, U32("nearest")},
    {0, 1,
     "(f32x4.extract_lane 1 (f32x4.demote_f64x2_zero (f64x2.promote_low_f32x4 (f32x4.splat " X
     "))))"},
    {1, 0, V64("add")},
    {1, 0, V64("sub")},
    {1, 0, V64("mul")},
    {1, 0, V64("div")},
    {1, 0, V64("min")},
    {1, 0, V64("max")},
    {1, 0, V64("relaxed_min")},
    {1, 0, V64("relaxed_max")},
    {1, 0, T64("relaxed_madd")},
    {1, 0, T64("relaxed_nmadd")},
    {1, 1, U64("sqrt")},
    {1, 1, U64("ceil")},
    {1, 1, U64("floor")},
    {1, 1, U64("trunc")},
    {1, 1, U64("nearest")},
    {1, 1,
     "(f64x2.extract_lane 1 (f64x2.promote_low_f32x4 (f32x4.demote_f64x2_zero (f64x2.splat " X
     "))))"},
};

/* Pairs with a NaN in the first (they serve unary operations, too) or in the second: signalling, of
   either sign, with bits of their own. */
static const uint64_t pairs32[][2] = {{0x7FA00001, 0x3F800000}, {0xFFC12345, 0xFFC54321},
                                      {0xFF812345, 0x7FC00000}, {0xFFC00000, 0x00000000},
                                      {0x3F800000, 0xFF812345}, {0x7F800000, 0xFFC00001}};
static const uint64_t pairs64[][2] = {
    {0x7FF4000000000001, 0x3FF0000000000000}, {0xFFF8123456789ABC, 0xFFF8CBA987654321},
    {0xFFF0123456789ABC, 0x7FF8000000000000}, {0xFFF8000000000000, 0x0000000000000000},
    {0x3FF0000000000000, 0xFFF0123456789ABC}, {0x7FF0000000000000, 0xFFF8000000000001}};
enum { PAIRS = WH_COUNT(pairs32), PAIRS_UNARY = 4 };

static void nans_are_canonical(void **state) {
  (void)state;
  static const char *const ways[] = {"r", "l", "m"};
  wherry_engine_t *engine = engine_of(true);
  for (size_t i = 0; i < WH_COUNT(makes_nan); i++) {
    bool wide = makes_nan[i].wide;
    char text[4096];
    fill(text, wide, makes_nan[i].body);
    wherry_guest_t *guest = load(engine, text);
    for (size_t k = 0; k < (makes_nan[i].unary ? PAIRS_UNARY : PAIRS); k++) {
      for (size_t way = 0; way < WH_COUNT(ways); way++) {
        uint64_t a = wide ? pairs64[k][0] : pairs32[k][0], b = wide ? pairs64[k][1] : pairs32[k][1];
        uint64_t got = call(guest, ways[way], wide, a, b);
        if (got != (wide ? UINT64_C(0x7FF8000000000000) : 0x7FC00000))
          print_error("%s of %llx, %llx by %s\n", makes_nan[i].body, (unsigned long long)a,
                      (unsigned long long)b, ways[way]);
        assert_true(got == (wide ? UINT64_C(0x7FF8000000000000) : 0x7FC00000));
      }
    }
    wherry_guest_release(guest);
  }
  wherry_engine_release(engine);
}

/* Numbers are what they are without the option; what only moves bits keeps those of a NaN. */
static void the_rest_is_as_ever(void **state) {
  (void)state;
  wherry_engine_t *engines[2] = {engine_of(true), engine_of(false)};
  for (size_t i = 0; i < WH_COUNT(makes_nan); i++) {
    bool wide = makes_nan[i].wide;
    uint64_t a = wide ? 0x3FF8000000000000 : 0x3FC00000, got[2]; /* 1.5, -0.5 */
    uint64_t b = wide ? 0xBFE0000000000000 : 0xBF000000;
    char text[4096];
    fill(text, wide, makes_nan[i].body);
    for (size_t e = 0; e < 2; e++) {
      wherry_guest_t *guest = load(engines[e], text);
      got[e] = call(guest, "r", wide, a, b);
      wherry_guest_release(guest);
    }
    assert_true(got[0] == got[1]);
  }
  static const struct {
    const char *body;
    uint64_t result;
  } moves[] = {
      {"(f32.abs " X ")", 0x7FA00001},
      {"(f32.neg " X ")", 0x7FA00001},
      {"(f32.copysign " X Y ")", 0x7FA00001},
      {V32("pmin"), 0xFFA00001},
      {V32("pmax"), 0xFFA00001},
      {U32("abs"), 0x7FA00001},
      {"(select " X Y " (i32.const 1))", 0xFFA00001},
      {"(f32.const -nan:0x200001)", 0xFFA00001},
  };
  for (size_t i = 0; i < WH_COUNT(moves); i++) {
    char text[4096];
    fill(text, false, moves[i].body);
    wherry_guest_t *guest = load(engines[0], text);
    uint64_t got = call(guest, "r", false, 0xFFA00001, 0x3F800000);
    if (got != moves[i].result) print_error("%s: %llx\n", moves[i].body, (unsigned long long)got);
    assert_true(got == moves[i].result);
    wherry_guest_release(guest);
  }
  for (size_t e = 0; e < 2; e++) wherry_engine_release(engines[e]);
}

/* Numbers for which one rounding and two differ. */
static void multiply_add_has_two_roundings(void **state) {
  (void)state;
  static const char text[] =
      "(module (func (export \"r\") (param i64 i64 i64) (result i64)"
      " (i64x2.extract_lane 1 (f64x2.relaxed_madd (i64x2.splat (local.get 0))"
      "  (i64x2.splat (local.get 1)) (i64x2.splat (local.get 2)))))"
      " (func (export \"n\") (param i64 i64 i64) (result i64)"
      " (i64x2.extract_lane 1 (f64x2.relaxed_nmadd (i64x2.splat (local.get 0))"
      "  (i64x2.splat (local.get 1)) (i64x2.splat (local.get 2))))))";
  double a = 1 + 0x1p-30, b = 1 + 0x1p-30, c = -1;
  volatile double product = a * b;
  double two = product + c, one = fma(a, b, c), got;
  assert_true(one != two);
  int64_t bits[3], result;
  memcpy(&bits[0], &a, 8), memcpy(&bits[1], &b, 8), memcpy(&bits[2], &c, 8);
  for (size_t deterministic = 0; deterministic < 2; deterministic++) {
    wherry_engine_t *engine = engine_of(deterministic != 0);
    wherry_guest_t *guest = load(engine, text);
    assert_ok(wherry_call(guest, "r", "lll:l", bits[0], bits[1], bits[2], &result));
    memcpy(&got, &result, 8);
    assert_true(got == two || (!deterministic && got == one));
    double minus = -c;
    memcpy(&bits[2], &minus, 8);
    assert_ok(wherry_call(guest, "n", "lll:l", bits[0], bits[1], bits[2], &result));
    memcpy(&got, &result, 8);
    assert_true(got == -two || (!deterministic && got == -one));
    memcpy(&bits[2], &c, 8);
    wherry_guest_release(guest);
    wherry_engine_release(engine);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nans_are_canonical),
      cmocka_unit_test(the_rest_is_as_ever),
      cmocka_unit_test(multiply_add_has_two_roundings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
