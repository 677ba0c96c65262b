/* num: the numeric operations at their edges; the standard's own tests go through the engine. */
#include "support.h"

#include <math.h>

#include "num/num.h"

static const wherry_trap_code_t good = WHERRY_TRAP_NONE,
                                by_zero = WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO,
                                overflow = WHERRY_TRAP_INTEGER_OVERFLOW,
                                no_number = WHERRY_TRAP_INVALID_CONVERSION;
#define LOW32 0x80000000u
#define LOW64 UINT64_C(0x8000000000000000)

static void division_traps_where_it_must(void **state) {
  (void)state;
  uint32_t a;
  uint64_t b;
  assert_int_equal(wh_num_i32_div_s(7, (uint32_t)-2, &a), good);
  assert_int_equal((int32_t)a, -3);
  assert_int_equal(wh_num_i32_rem_s((uint32_t)-7, 2, &a), good);
  assert_int_equal((int32_t)a, -1);
  assert_int_equal(wh_num_i32_div_u((uint32_t)-1, 2, &a), good);
  assert_int_equal(a, 0x7FFFFFFF);
  assert_int_equal(wh_num_i32_div_s(1, 0, &a), by_zero);
  assert_int_equal(wh_num_i32_div_u(1, 0, &a), by_zero);
  assert_int_equal(wh_num_i32_rem_s(1, 0, &a), by_zero);
  assert_int_equal(wh_num_i32_rem_u(1, 0, &a), by_zero);
  assert_int_equal(wh_num_i32_div_s(LOW32, (uint32_t)-1, &a), overflow);
  assert_int_equal(wh_num_i32_rem_s(LOW32, (uint32_t)-1, &a), good);
  assert_int_equal(a, 0);
  assert_int_equal(wh_num_i32_div_u(LOW32, (uint32_t)-1, &a), good);
  assert_int_equal(a, 0);
  assert_int_equal(wh_num_i32_rem_u(LOW32, (uint32_t)-1, &a), good);
  assert_int_equal(a, LOW32);
  assert_int_equal(wh_num_i64_div_s(LOW64, (uint64_t)-1, &b), overflow);
  assert_int_equal(wh_num_i64_rem_s(LOW64, (uint64_t)-1, &b), good);
  assert_int_equal(b, 0);
  assert_int_equal(wh_num_i64_div_s((uint64_t)-7, 2, &b), good);
  assert_true((int64_t)b == -3);
  assert_int_equal(wh_num_i64_div_u(5, 0, &b), by_zero);
  assert_int_equal(wh_num_i64_rem_u(5, 0, &b), by_zero);
}

static void bits(void **state) {
  (void)state;
  assert_int_equal(wh_num_i32_clz(0), 32);
  assert_int_equal(wh_num_i32_ctz(0), 32);
  assert_int_equal(wh_num_i64_clz(0), 64);
  assert_int_equal(wh_num_i64_ctz(0), 64);
  for (unsigned i = 0; i < 64; i++) {
    uint64_t bit = UINT64_C(1) << i;
    assert_int_equal(wh_num_i64_clz(bit), 63 - i);
    assert_int_equal(wh_num_i64_ctz(bit), i);
    assert_int_equal(wh_num_i64_popcnt(bit - 1), i);
    assert_true(wh_num_i64_rotl(1, i + 64) == bit);
    assert_true(wh_num_i64_rotr(bit, i) == 1);
    assert_true(wh_num_i64_shl(1, i + 64) == bit);
    if (i >= 32) continue;
    assert_int_equal(wh_num_i32_clz((uint32_t)bit), 31 - i);
    assert_int_equal(wh_num_i32_ctz((uint32_t)bit), i);
    assert_int_equal(wh_num_i32_popcnt((uint32_t)bit - 1), i);
    assert_int_equal(wh_num_i32_rotl(1, i + 32), (uint32_t)bit);
    assert_int_equal(wh_num_i32_rotr((uint32_t)bit, i), 1);
  }
  assert_int_equal(wh_num_i32_popcnt(UINT32_MAX), 32);
  assert_int_equal(wh_num_i64_popcnt(UINT64_MAX), 64);
  assert_int_equal(wh_num_i32_rotl(0xABCD9876, 1), 0x579B30ED);
  assert_int_equal(wh_num_i32_shr_s(LOW32, 33), 0xC0000000);
  assert_int_equal(wh_num_i32_shr_u(LOW32, 33), 0x40000000);
  assert_int_equal(wh_num_i32_extend8_s(0x17F), 0x7F);
  assert_int_equal(wh_num_i32_extend8_s(0x80), 0xFFFFFF80);
  assert_int_equal(wh_num_i32_extend16_s(0x18000), 0xFFFF8000);
  assert_true(wh_num_i64_extend32_s(0x180000000) == UINT64_C(0xFFFFFFFF80000000));
  assert_true(wh_num_i64_extend_i32_s(LOW32) == UINT64_C(0xFFFFFFFF80000000));
  assert_true(wh_num_i64_extend_i32_u(LOW32) == LOW32);
}

/* ---- floats to integers ---- */

typedef struct truncation {
  double value;
  wherry_trap_code_t trap; /* of the trapping form */
  uint64_t result;         /* of both, or of the saturating form alone */
} truncation_t;

#define CHECK_TRUNCATION(to, from, sign, int_t, float_t, rows)                              \
  for (size_t i = 0; i < WH_COUNT(rows); i++) {                                             \
    int_t out = 0;                                                                          \
    float_t value = (float_t)(rows)[i].value;                                               \
    assert_int_equal(wh_num_##to##_trunc_##from##_##sign(value, &out), (rows)[i].trap);     \
    if (!(rows)[i].trap) assert_true(out == (int_t)(rows)[i].result);                       \
    assert_true(wh_num_##to##_trunc_sat_##from##_##sign(value) == (int_t)(rows)[i].result); \
  }

static void truncations_know_their_range(void **state) {
  (void)state;
  static const truncation_t i32_s_of_f64[] = {
      {-0.9, good, 0},
      {2147483647.9, good, INT32_MAX},
      {2147483648.0, overflow, INT32_MAX},
      {-2147483648.9, good, LOW32},
      {-2147483649.0, overflow, LOW32},
      {(double)NAN, no_number, 0},
      {(double)INFINITY, overflow, INT32_MAX},
      {-(double)INFINITY, overflow, LOW32},
  };
  static const truncation_t i32_u_of_f64[] = {
      {-0.9, good, 0},     {4294967295.9, good, UINT32_MAX}, {4294967296.0, overflow, UINT32_MAX},
      {-1.0, overflow, 0}, {(double)NAN, no_number, 0},      {-(double)INFINITY, overflow, 0},
  };
  static const truncation_t i32_s_of_f32[] = {
      {2147483520.0, good, 2147483520}, {2147483648.0, overflow, INT32_MAX},
      {-2147483648.0, good, LOW32},     {-2147483904.0, overflow, LOW32},
      {(double)NAN, no_number, 0},
  };
  static const truncation_t i32_u_of_f32[] = {
      {4294967040.0, good, 4294967040},
      {4294967296.0, overflow, UINT32_MAX},
      {-0.99, good, 0},
      {-1.0, overflow, 0},
  };
  static const truncation_t i64_s_of_f64[] = {
      {9223372036854774784.0, good, 9223372036854774784u},
      {0x1p63, overflow, INT64_MAX},
      {-0x1p63, good, LOW64},
      {-9223372036854777856.0, overflow, LOW64},
  };
  static const truncation_t i64_u_of_f64[] = {
      {18446744073709549568.0, good, 18446744073709549568u},
      {0x1p64, overflow, UINT64_MAX},
      {0x1p63, good, LOW64},
      {-1.0, overflow, 0},
      {-0.5, good, 0},
      {(double)NAN, no_number, 0},
  };
  static const truncation_t i64_s_of_f32[] = {
      {0x1p62, good, UINT64_C(1) << 62},
      {0x1p63, overflow, INT64_MAX},
      {-0x1p63, good, LOW64},
  };
  static const truncation_t i64_u_of_f32[] = {
      {0x1p63, good, LOW64},
      {0x1p64, overflow, UINT64_MAX},
      {-0.5, good, 0},
      {-2, overflow, 0},
  };
  CHECK_TRUNCATION(i32, f64, s, uint32_t, double, i32_s_of_f64)
  CHECK_TRUNCATION(i32, f64, u, uint32_t, double, i32_u_of_f64)
  CHECK_TRUNCATION(i32, f32, s, uint32_t, float, i32_s_of_f32)
  CHECK_TRUNCATION(i32, f32, u, uint32_t, float, i32_u_of_f32)
  CHECK_TRUNCATION(i64, f64, s, uint64_t, double, i64_s_of_f64)
  CHECK_TRUNCATION(i64, f64, u, uint64_t, double, i64_u_of_f64)
  CHECK_TRUNCATION(i64, f32, s, uint64_t, float, i64_s_of_f32)
  CHECK_TRUNCATION(i64, f32, u, uint64_t, float, i64_u_of_f32)
}

static void conversions_round_once(void **state) {
  (void)state;
  /* Just above the middle of two floats: rounding to double first would lose the last bit. */
  assert_true(wh_num_f32_convert_i64_u(UINT64_C(0x8000008000000001)) == 0x1.000002p63f);
  assert_true(wh_num_f32_convert_i64_u(UINT64_C(0x8000008000000000)) == 0x1p63f);
  assert_true(wh_num_f32_convert_i64_s((uint64_t)-16777217) == -16777216.0f);
  assert_true(wh_num_f32_convert_i32_u(UINT32_MAX) == 0x1p32f);
  assert_true(wh_num_f64_convert_i64_u(UINT64_C(0x8000000000000401)) == 0x1.0000000000001p63);
  assert_true(wh_num_f64_convert_i64_u(UINT64_C(0xFFFFFFFFFFFFFC00)) == 0x1p64);
  assert_true(wh_num_f64_convert_i32_s(LOW32) == -0x1p31);
  assert_true(wh_num_f32_demote_f64(0x1.000001p0) == 1.0f);
  assert_true(isinf(wh_num_f32_demote_f64(1e300)));
}

/* ---- floats ---- */

static uint64_t next(uint64_t *seed) {
  uint64_t z = (*seed += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

static bool same32(float a, float b) {
  if (a != a) return b != b;
  return wh_num_i32_reinterpret_f32(a) == wh_num_i32_reinterpret_f32(b);
}
static bool same64(double a, double b) {
  if (a != a) return b != b;
  return wh_num_i64_reinterpret_f64(a) == wh_num_i64_reinterpret_f64(b);
}

/* Against the C library, on random bits and on numbers near to whole and half ones. */
static void rounding_is_that_of_libm(void **state) {
  (void)state;
  uint64_t seed = 1;
  for (int i = 0; i < 200000; i++) {
    uint64_t random = next(&seed);
    float f = wh_num_f32_reinterpret_i32((uint32_t)random);
    double d = wh_num_f64_reinterpret_i64(random);
    if (i % 2) {
      f = (float)((int64_t)random >> (32 + random % 32)) / 4;
      d = (double)((int64_t)random >> (random % 60)) / 4;
    }
    assert_true(same32(wh_num_f32_trunc(f), truncf(f)));
    assert_true(same32(wh_num_f32_ceil(f), ceilf(f)));
    assert_true(same32(wh_num_f32_floor(f), floorf(f)));
    assert_true(same32(wh_num_f32_nearest(f), nearbyintf(f)));
    assert_true(same32(wh_num_f32_sqrt(f), sqrtf(f)));
    assert_true(same64(wh_num_f64_trunc(d), trunc(d)));
    assert_true(same64(wh_num_f64_ceil(d), ceil(d)));
    assert_true(same64(wh_num_f64_floor(d), floor(d)));
    assert_true(same64(wh_num_f64_nearest(d), nearbyint(d)));
    assert_true(same64(wh_num_f64_sqrt(d), sqrt(d)));
  }
}

static void rounding_at_the_edges(void **state) {
  (void)state;
  static const struct {
    double a, trunc, ceil, floor, nearest;
  } rows[] = {
      {0.0, 0.0, 0.0, 0.0, 0.0},
      {-0.0, -0.0, -0.0, -0.0, -0.0},
      {0.5, 0.0, 1.0, 0.0, 0.0},
      {-0.5, -0.0, -0.0, -1.0, -0.0},
      {1.5, 1.0, 2.0, 1.0, 2.0},
      {-2.5, -2.0, -2.0, -3.0, -2.0},
      {0x1.fffffep-2, 0.0, 1.0, 0.0, 0.0},
      {4194303.5, 4194303, 4194304, 4194303, 4194304},
      {8388607.0, 8388607, 8388607, 8388607, 8388607},
      {8388609.0, 8388609, 8388609, 8388609, 8388609},
      {-0x1p100, -0x1p100, -0x1p100, -0x1p100, -0x1p100},
      {(double)INFINITY, (double)INFINITY, (double)INFINITY, (double)INFINITY, (double)INFINITY},
  };
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    float f = (float)rows[i].a;
    assert_true(same64(wh_num_f64_trunc(rows[i].a), rows[i].trunc));
    assert_true(same64(wh_num_f64_ceil(rows[i].a), rows[i].ceil));
    assert_true(same64(wh_num_f64_floor(rows[i].a), rows[i].floor));
    assert_true(same64(wh_num_f64_nearest(rows[i].a), rows[i].nearest));
    assert_true(same32(wh_num_f32_trunc(f), (float)rows[i].trunc));
    assert_true(same32(wh_num_f32_ceil(f), (float)rows[i].ceil));
    assert_true(same32(wh_num_f32_floor(f), (float)rows[i].floor));
    assert_true(same32(wh_num_f32_nearest(f), (float)rows[i].nearest));
  }
}

static void min_and_max(void **state) {
  (void)state;
  assert_true(same64(wh_num_f64_min(0.0, -0.0), -0.0));
  assert_true(same64(wh_num_f64_min(-0.0, 0.0), -0.0));
  assert_true(same64(wh_num_f64_max(-0.0, 0.0), 0.0));
  assert_true(same64(wh_num_f64_max(-0.0, -0.0), -0.0));
  assert_true(same32(wh_num_f32_min(0.0f, -0.0f), -0.0f));
  assert_true(same32(wh_num_f32_max(-0.0f, 0.0f), 0.0f));
  assert_true(same32(wh_num_f32_min(1, 2), 1) && same32(wh_num_f32_max(1, 2), 2));
  assert_true(same64(wh_num_f64_min(-INFINITY, 2), -INFINITY));
}

/* Quiet NaNs of a payload, signalling ones, in every place: the result is a quiet NaN. */
static void a_nan_comes_out_quiet(void **state) {
  (void)state;
  static const uint64_t nans[] = {UINT64_C(0x7FF8000000000000), UINT64_C(0xFFF8000000000000),
                                  UINT64_C(0x7FF0000000000001), UINT64_C(0xFFF4000000001234),
                                  UINT64_C(0x7FFFFFFFFFFFFFFF)};
  for (size_t i = 0; i < WH_COUNT(nans); i++) {
    double nan = wh_num_f64_reinterpret_i64(nans[i]);
    float small = wh_num_f32_reinterpret_i32((uint32_t)(nans[i] >> 32) << 3 | 0x7F800001u);
    double results[] = {
        wh_num_f64_min(nan, 1),  wh_num_f64_min(1, nan), wh_num_f64_max(nan, nan),
        wh_num_f64_trunc(nan),   wh_num_f64_ceil(nan),   wh_num_f64_floor(nan),
        wh_num_f64_nearest(nan), wh_num_f64_sqrt(nan),   wh_num_f64_promote_f32(small)};
    for (size_t k = 0; k < WH_COUNT(results); k++)
      assert_int_equal(wh_num_i64_reinterpret_f64(results[k]) >> 51 & 0xFFF, 0xFFF);
    float small_results[] = {wh_num_f32_min(small, 1), wh_num_f32_max(1, small),
                             wh_num_f32_trunc(small),  wh_num_f32_ceil(small),
                             wh_num_f32_floor(small),  wh_num_f32_nearest(small),
                             wh_num_f32_sqrt(small),   wh_num_f32_demote_f64(nan)};
    for (size_t k = 0; k < WH_COUNT(small_results); k++)
      assert_int_equal(wh_num_i32_reinterpret_f32(small_results[k]) >> 22 & 0x1FF, 0x1FF);
  }
}

static void the_sign_is_a_bit(void **state) {
  (void)state;
  const uint64_t signalling = UINT64_C(0xFFF0000000000001);
  double nan = wh_num_f64_reinterpret_i64(signalling);
  assert_true(wh_num_i64_reinterpret_f64(wh_num_f64_abs(nan)) == (signalling & ~LOW64));
  assert_true(wh_num_i64_reinterpret_f64(wh_num_f64_neg(nan)) == (signalling ^ LOW64));
  assert_true(wh_num_i64_reinterpret_f64(wh_num_f64_copysign(nan, 1)) == (signalling & ~LOW64));
  float small = wh_num_f32_reinterpret_i32(0xFF800001);
  assert_int_equal(wh_num_i32_reinterpret_f32(wh_num_f32_abs(small)), 0x7F800001);
  assert_int_equal(wh_num_i32_reinterpret_f32(wh_num_f32_neg(small)), 0x7F800001);
  assert_int_equal(wh_num_i32_reinterpret_f32(wh_num_f32_copysign(small, -1)), 0xFF800001);
  assert_true(same64(wh_num_f64_copysign(3, -0.0), -3));
}

static void halves_are_carried_into_each_other(void **state) {
  (void)state;
  static const uint64_t edges[] = {0,          1,         2,          INT64_MAX,     UINT64_MAX,
                                   UINT32_MAX, INT64_MIN, 0xDEADBEEF, UINT64_MAX - 1};
  for (size_t i = 0; i < WH_COUNT(edges); i++)
    for (size_t j = 0; j < WH_COUNT(edges); j++) {
      uint64_t a = edges[i], b = edges[j];
      unsigned __int128 x = (unsigned __int128)a << 64 | b, y = (unsigned __int128)b << 64 | a;
      wh_wide_t sum = wh_num_i64_add128(b, a, a, b), difference = wh_num_i64_sub128(b, a, a, b);
      assert_true(sum.low == (uint64_t)(x + y) && sum.high == (uint64_t)((x + y) >> 64));
      assert_true(difference.low == (uint64_t)(x - y) &&
                  difference.high == (uint64_t)((x - y) >> 64));
      /* By halves of the factors, and the signed one from the unsigned. */
      uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX), high = (a >> 32) * (b >> 32);
      uint64_t across = (a >> 32) * (b & UINT32_MAX) + (low >> 32);
      uint64_t back = (a & UINT32_MAX) * (b >> 32) + (across & UINT32_MAX);
      high += (across >> 32) + (back >> 32);
      wh_wide_t product = wh_num_i64_mul_wide_u(a, b);
      assert_true(product.low == a * b && product.high == high);
      if ((int64_t)a < 0) high -= b;
      if ((int64_t)b < 0) high -= a;
      product = wh_num_i64_mul_wide_s(a, b);
      assert_true(product.low == a * b && product.high == high);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(division_traps_where_it_must),
      cmocka_unit_test(bits),
      cmocka_unit_test(truncations_know_their_range),
      cmocka_unit_test(conversions_round_once),
      cmocka_unit_test(rounding_is_that_of_libm),
      cmocka_unit_test(rounding_at_the_edges),
      cmocka_unit_test(min_and_max),
      cmocka_unit_test(a_nan_comes_out_quiet),
      cmocka_unit_test(the_sign_is_a_bit),
      cmocka_unit_test(halves_are_carried_into_each_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
