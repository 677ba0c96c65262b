/* The lanes of SIMD instructions (Numerics, Vector Operations): part of num, in a file of its own because
   there are so many. Every function takes and returns whole vectors; lanes are in the order of memory.
   Relaxed instructions do what the deterministic profile of the standard says; fused multiplication is
   apart. */
#ifndef WH_NUM_SIMD_H
#define WH_NUM_SIMD_H

#include "num/num.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

typedef int8_t wh_i8x16_t __attribute__((vector_size(16)));
typedef uint8_t wh_u8x16_t __attribute__((vector_size(16)));
typedef int16_t wh_i16x8_t __attribute__((vector_size(16)));
typedef uint16_t wh_u16x8_t __attribute__((vector_size(16)));
typedef int32_t wh_i32x4_t __attribute__((vector_size(16)));
typedef uint32_t wh_u32x4_t __attribute__((vector_size(16)));
typedef int64_t wh_i64x2_t __attribute__((vector_size(16)));
typedef uint64_t wh_u64x2_t __attribute__((vector_size(16)));
typedef float wh_f32x4_t __attribute__((vector_size(16)));
typedef double wh_f64x2_t __attribute__((vector_size(16)));

/* ---- lane by lane: name, vector types of result and operands, number of lanes, expression over the
   lanes a and b (and the lane number i) ---- */
#define WH_LANES1(name, result_t, operand_t, lanes, ...) \
  static inline wh_v128_t wh_num_##name(wh_v128_t a_) {  \
    operand_t a_lanes = (operand_t)a_;                   \
    result_t r = {0};                                    \
    for (int i = 0; i < (lanes); i++) {                  \
      __typeof__(a_lanes[0]) a = a_lanes[i];             \
      r[i] = (__typeof__(r[0]))(__VA_ARGS__);            \
    }                                                    \
    return (wh_v128_t)r;                                 \
  }
#define WH_LANES2(name, result_t, operand_t, lanes, ...)              \
  static inline wh_v128_t wh_num_##name(wh_v128_t a_, wh_v128_t b_) { \
    operand_t a_lanes = (operand_t)a_, b_lanes = (operand_t)b_;       \
    result_t r = {0};                                                 \
    for (int i = 0; i < (lanes); i++) {                               \
      __typeof__(a_lanes[0]) a = a_lanes[i], b = b_lanes[i];          \
      r[i] = (__typeof__(r[0]))(__VA_ARGS__);                         \
    }                                                                 \
    return (wh_v128_t)r;                                              \
  }
/* All lanes at once, where C's vector operators do it: an expression over the vectors a and b. */
#define WH_WHOLE1(name, operand_t, ...)                 \
  static inline wh_v128_t wh_num_##name(wh_v128_t a_) { \
    operand_t a = (operand_t)a_;                        \
    return (wh_v128_t)(__VA_ARGS__);                    \
  }
#define WH_WHOLE2(name, operand_t, ...)                               \
  static inline wh_v128_t wh_num_##name(wh_v128_t a_, wh_v128_t b_) { \
    operand_t a = (operand_t)a_, b = (operand_t)b_;                   \
    return (wh_v128_t)(__VA_ARGS__);                                  \
  }

/* ---- whole vectors ---- */
WH_WHOLE1(v128_not, wh_u64x2_t, ~a)
WH_WHOLE2(v128_and, wh_u64x2_t, a &b)
WH_WHOLE2(v128_andnot, wh_u64x2_t, a & ~b)
WH_WHOLE2(v128_or, wh_u64x2_t, a | b)
WH_WHOLE2(v128_xor, wh_u64x2_t, a ^ b)
static inline wh_v128_t wh_num_v128_bitselect(wh_v128_t a, wh_v128_t b, wh_v128_t mask) {
  return (a & mask) | (b & ~mask);
}
static inline uint32_t wh_num_v128_any_true(wh_v128_t a) {
  wh_u64x2_t lanes = (wh_u64x2_t)a;
  return (lanes[0] | lanes[1]) != 0;
}

/* ---- integers of all widths ---- */
#define WH_INTEGER_LANES(shape, signed_t, unsigned_t, lanes, bits)                         \
  WH_WHOLE2(shape##_add, unsigned_t, a + b)                                                \
  WH_WHOLE2(shape##_sub, unsigned_t, a - b)                                                \
  WH_WHOLE1(shape##_neg, unsigned_t, -a)                                                   \
  WH_LANES1(shape##_abs, unsigned_t, unsigned_t, lanes, a >> ((bits) - 1) ? 0 - a : a)     \
  WH_WHOLE2(shape##_eq, unsigned_t, a == b)                                                \
  WH_WHOLE2(shape##_ne, unsigned_t, a != b)                                                \
  WH_WHOLE2(shape##_lt_s, signed_t, a < b)                                                 \
  WH_WHOLE2(shape##_gt_s, signed_t, a > b)                                                 \
  WH_WHOLE2(shape##_le_s, signed_t, a <= b)                                                \
  WH_WHOLE2(shape##_ge_s, signed_t, a >= b)                                                \
  static inline wh_v128_t wh_num_##shape##_shl(wh_v128_t a, uint32_t count) {              \
    return (wh_v128_t)((unsigned_t)a << (__typeof__(((unsigned_t)a)[0]))(count % (bits))); \
  }                                                                                        \
  static inline wh_v128_t wh_num_##shape##_shr_s(wh_v128_t a, uint32_t count) {            \
    return (wh_v128_t)((signed_t)a >> (__typeof__(((signed_t)a)[0]))(count % (bits)));     \
  }                                                                                        \
  static inline wh_v128_t wh_num_##shape##_shr_u(wh_v128_t a, uint32_t count) {            \
    return (wh_v128_t)((unsigned_t)a >> (__typeof__(((unsigned_t)a)[0]))(count % (bits))); \
  }                                                                                        \
  static inline uint32_t wh_num_##shape##_all_true(wh_v128_t a) {                          \
    unsigned_t values = (unsigned_t)a;                                                     \
    uint32_t all = 1;                                                                      \
    for (int i = 0; i < (lanes); i++) all &= values[i] != 0;                               \
    return all;                                                                            \
  }                                                                                        \
  static inline uint32_t wh_num_##shape##_bitmask(wh_v128_t a) {                           \
    signed_t values = (signed_t)a;                                                         \
    uint32_t mask = 0;                                                                     \
    for (int i = 0; i < (lanes); i++) mask |= (uint32_t)(values[i] < 0) << i;              \
    return mask;                                                                           \
  }
WH_INTEGER_LANES(i8x16, wh_i8x16_t, wh_u8x16_t, 16, 8)
WH_INTEGER_LANES(i16x8, wh_i16x8_t, wh_u16x8_t, 8, 16)
WH_INTEGER_LANES(i32x4, wh_i32x4_t, wh_u32x4_t, 4, 32)
WH_INTEGER_LANES(i64x2, wh_i64x2_t, wh_u64x2_t, 2, 64)

/* Unsigned comparisons, minimum and maximum: not of i64x2. */
#define WH_SMALL_LANES(shape, signed_t, unsigned_t, lanes)               \
  WH_WHOLE2(shape##_lt_u, unsigned_t, a < b)                             \
  WH_WHOLE2(shape##_gt_u, unsigned_t, a > b)                             \
  WH_WHOLE2(shape##_le_u, unsigned_t, a <= b)                            \
  WH_WHOLE2(shape##_ge_u, unsigned_t, a >= b)                            \
  WH_LANES2(shape##_min_s, signed_t, signed_t, lanes, a < b ? a : b)     \
  WH_LANES2(shape##_min_u, unsigned_t, unsigned_t, lanes, a < b ? a : b) \
  WH_LANES2(shape##_max_s, signed_t, signed_t, lanes, a > b ? a : b)     \
  WH_LANES2(shape##_max_u, unsigned_t, unsigned_t, lanes, a > b ? a : b)
WH_SMALL_LANES(i8x16, wh_i8x16_t, wh_u8x16_t, 16)
WH_SMALL_LANES(i16x8, wh_i16x8_t, wh_u16x8_t, 8)
WH_SMALL_LANES(i32x4, wh_i32x4_t, wh_u32x4_t, 4)

static inline int32_t wh_num_clamp(int32_t value, int32_t least, int32_t most) {
  return value < least ? least : value > most ? most : value;
}
/* Saturation and rounded averages: of 8 and 16 bits. */
#define WH_SATURATING_LANES(shape, signed_t, unsigned_t, lanes, least, most, unsigned_most) \
  WH_LANES2(shape##_add_sat_s, signed_t, signed_t, lanes, wh_num_clamp(a + b, least, most)) \
  WH_LANES2(shape##_sub_sat_s, signed_t, signed_t, lanes, wh_num_clamp(a - b, least, most)) \
  WH_LANES2(shape##_add_sat_u, unsigned_t, unsigned_t, lanes,                               \
            wh_num_clamp(a + b, 0, unsigned_most))                                          \
  WH_LANES2(shape##_sub_sat_u, unsigned_t, unsigned_t, lanes,                               \
            wh_num_clamp(a - b, 0, unsigned_most))                                          \
  WH_LANES2(shape##_avgr_u, unsigned_t, unsigned_t, lanes, (a + b + 1) / 2)
WH_SATURATING_LANES(i8x16, wh_i8x16_t, wh_u8x16_t, 16, INT8_MIN, INT8_MAX, UINT8_MAX)
WH_SATURATING_LANES(i16x8, wh_i16x8_t, wh_u16x8_t, 8, INT16_MIN, INT16_MAX, UINT16_MAX)

WH_LANES1(i8x16_popcnt, wh_u8x16_t, wh_u8x16_t, 16, wh_num_i32_popcnt(a))
WH_WHOLE2(i16x8_mul, wh_u16x8_t, a *b)
WH_WHOLE2(i32x4_mul, wh_u32x4_t, a *b)
WH_WHOLE2(i64x2_mul, wh_u64x2_t, a *b)
WH_LANES2(i16x8_q15mulr_sat_s, wh_i16x8_t, wh_i16x8_t, 8,
          wh_num_clamp((a * b + 0x4000) >> 15, INT16_MIN, INT16_MAX))

/* The lanes of two vectors made narrower, saturated as signed values. */
#define WH_NARROW(name, result_t, operand_t, lanes, least, most)          \
  static inline wh_v128_t wh_num_##name(wh_v128_t a_, wh_v128_t b_) {     \
    operand_t a = (operand_t)a_, b = (operand_t)b_;                       \
    result_t r = {0};                                                     \
    for (int i = 0; i < (lanes); i++) {                                   \
      r[i] = (__typeof__(r[0]))wh_num_clamp(a[i], least, most);           \
      r[i + (lanes)] = (__typeof__(r[0]))wh_num_clamp(b[i], least, most); \
    }                                                                     \
    return (wh_v128_t)r;                                                  \
  }
WH_NARROW(i8x16_narrow_i16x8_s, wh_i8x16_t, wh_i16x8_t, 8, INT8_MIN, INT8_MAX)
WH_NARROW(i8x16_narrow_i16x8_u, wh_u8x16_t, wh_i16x8_t, 8, 0, UINT8_MAX)
WH_NARROW(i16x8_narrow_i32x4_s, wh_i16x8_t, wh_i32x4_t, 4, INT16_MIN, INT16_MAX)
WH_NARROW(i16x8_narrow_i32x4_u, wh_u16x8_t, wh_i32x4_t, 4, 0, UINT16_MAX)

/* The low or high half of the lanes made wider; products of such lanes; sums of neighbours. */
#define WH_WIDEN(wide, narrow, sign, wide_t, narrow_t, lane_t, lanes)                              \
  static inline wh_v128_t wh_num_##wide##_widen_##narrow##_##sign(wh_v128_t a_, int first) {       \
    narrow_t a = (narrow_t)a_;                                                                     \
    wide_t r = {0};                                                                                \
    for (int i = 0; i < (lanes); i++) r[i] = a[first + i];                                         \
    return (wh_v128_t)r;                                                                           \
  }                                                                                                \
  static inline wh_v128_t wh_num_##wide##_extend_low_##narrow##_##sign(wh_v128_t a) {              \
    return wh_num_##wide##_widen_##narrow##_##sign(a, 0);                                          \
  }                                                                                                \
  static inline wh_v128_t wh_num_##wide##_extend_high_##narrow##_##sign(wh_v128_t a) {             \
    return wh_num_##wide##_widen_##narrow##_##sign(a, lanes);                                      \
  }                                                                                                \
  static inline wh_v128_t wh_num_##wide##_multiply_##narrow##_##sign(wh_v128_t a_, wh_v128_t b_,   \
                                                                     int first) {                  \
    wide_t a = (wide_t)wh_num_##wide##_widen_##narrow##_##sign(a_, first);                         \
    wide_t b = (wide_t)wh_num_##wide##_widen_##narrow##_##sign(b_, first);                         \
    return (wh_v128_t)(a * b);                                                                     \
  }                                                                                                \
  static inline wh_v128_t wh_num_##wide##_extmul_low_##narrow##_##sign(wh_v128_t a, wh_v128_t b) { \
    return wh_num_##wide##_multiply_##narrow##_##sign(a, b, 0);                                    \
  }                                                                                                \
  static inline wh_v128_t wh_num_##wide##_extmul_high_##narrow##_##sign(wh_v128_t a,               \
                                                                        wh_v128_t b) {             \
    return wh_num_##wide##_multiply_##narrow##_##sign(a, b, lanes);                                \
  }
#define WH_PAIRWISE(wide, narrow, sign, wide_t, narrow_t, lane_t, lanes)                    \
  static inline wh_v128_t wh_num_##wide##_extadd_pairwise_##narrow##_##sign(wh_v128_t a_) { \
    narrow_t a = (narrow_t)a_;                                                              \
    wide_t r = {0};                                                                         \
    for (int i = 0; i < (lanes); i++) r[i] = (lane_t)(a[2 * i] + a[2 * i + 1]);             \
    return (wh_v128_t)r;                                                                    \
  }
WH_WIDEN(i16x8, i8x16, s, wh_i16x8_t, wh_i8x16_t, int16_t, 8)
WH_WIDEN(i16x8, i8x16, u, wh_u16x8_t, wh_u8x16_t, uint16_t, 8)
WH_WIDEN(i32x4, i16x8, s, wh_i32x4_t, wh_i16x8_t, int32_t, 4)
WH_WIDEN(i32x4, i16x8, u, wh_u32x4_t, wh_u16x8_t, uint32_t, 4)
WH_WIDEN(i64x2, i32x4, s, wh_i64x2_t, wh_i32x4_t, int64_t, 2)
WH_WIDEN(i64x2, i32x4, u, wh_u64x2_t, wh_u32x4_t, uint64_t, 2)
WH_PAIRWISE(i16x8, i8x16, s, wh_i16x8_t, wh_i8x16_t, int16_t, 8)
WH_PAIRWISE(i16x8, i8x16, u, wh_u16x8_t, wh_u8x16_t, uint16_t, 8)
WH_PAIRWISE(i32x4, i16x8, s, wh_i32x4_t, wh_i16x8_t, int32_t, 4)
WH_PAIRWISE(i32x4, i16x8, u, wh_u32x4_t, wh_u16x8_t, uint32_t, 4)

static inline wh_v128_t wh_num_i32x4_dot_i16x8_s(wh_v128_t a_, wh_v128_t b_) {
  wh_i16x8_t a = (wh_i16x8_t)a_, b = (wh_i16x8_t)b_;
  wh_u32x4_t r = {0}; /* the one sum that overflows wraps */
  for (int i = 0; i < 4; i++)
    r[i] = (uint32_t)(a[2 * i] * b[2 * i]) + (uint32_t)(a[2 * i + 1] * b[2 * i + 1]);
  return (wh_v128_t)r;
}

/* ---- lanes by number ---- */
static inline wh_v128_t wh_num_i8x16_swizzle(wh_v128_t a, wh_v128_t lanes) {
  wh_v128_t r = {0};
  for (int i = 0; i < 16; i++) r[i] = lanes[i] < 16 ? a[lanes[i] & 15] : 0;
  return r;
}
static inline wh_v128_t wh_num_i8x16_shuffle(wh_v128_t a, wh_v128_t b, wh_v128_t lanes) {
  wh_v128_t r = {0};
  for (int i = 0; i < 16; i++) r[i] = lanes[i] < 16 ? a[lanes[i]] : b[lanes[i] & 15];
  return r;
}
#define WH_LANE(shape, vector_t, lane_t)                                                       \
  static inline lane_t wh_num_##shape##_extract(wh_v128_t a, unsigned lane) {                  \
    return ((vector_t)a)[lane];                                                                \
  }                                                                                            \
  static inline wh_v128_t wh_num_##shape##_replace(wh_v128_t a, unsigned lane, lane_t value) { \
    vector_t r = (vector_t)a;                                                                  \
    r[lane] = value;                                                                           \
    return (wh_v128_t)r;                                                                       \
  }                                                                                            \
  static inline wh_v128_t wh_num_##shape##_splat(lane_t value) {                               \
    return (wh_v128_t)((vector_t) {0} + value);                                                \
  }
WH_LANE(i8x16, wh_u8x16_t, uint8_t)
WH_LANE(i16x8, wh_u16x8_t, uint16_t)
WH_LANE(i32x4, wh_u32x4_t, uint32_t)
WH_LANE(i64x2, wh_u64x2_t, uint64_t)

/* ---- floats: bits move untouched through the integer shapes of the same width ---- */
#define WH_FLOAT_LANES(shape, scalar, vector_t, bits_t, lanes, sign_bit)                  \
  WH_WHOLE2(shape##_add, vector_t, a + b)                                                 \
  WH_WHOLE2(shape##_sub, vector_t, a - b)                                                 \
  WH_WHOLE2(shape##_mul, vector_t, a *b)                                                  \
  WH_WHOLE2(shape##_div, vector_t, a / b)                                                 \
  WH_WHOLE1(shape##_abs, bits_t, a & ~(sign_bit))                                         \
  WH_WHOLE1(shape##_neg, bits_t, a ^ (sign_bit))                                          \
  WH_WHOLE2(shape##_eq, vector_t, a == b)                                                 \
  WH_WHOLE2(shape##_ne, vector_t, a != b)                                                 \
  WH_WHOLE2(shape##_lt, vector_t, a < b)                                                  \
  WH_WHOLE2(shape##_gt, vector_t, a > b)                                                  \
  WH_WHOLE2(shape##_le, vector_t, a <= b)                                                 \
  WH_WHOLE2(shape##_ge, vector_t, a >= b)                                                 \
  WH_LANES1(shape##_sqrt, vector_t, vector_t, lanes, wh_num_##scalar##_sqrt(a))           \
  WH_LANES1(shape##_ceil, vector_t, vector_t, lanes, wh_num_##scalar##_ceil(a))           \
  WH_LANES1(shape##_floor, vector_t, vector_t, lanes, wh_num_##scalar##_floor(a))         \
  WH_LANES1(shape##_trunc, vector_t, vector_t, lanes, wh_num_##scalar##_trunc(a))         \
  WH_LANES1(shape##_nearest, vector_t, vector_t, lanes, wh_num_##scalar##_nearest(a))     \
  WH_LANES2(shape##_min, vector_t, vector_t, lanes, wh_num_##scalar##_min(a, b))          \
  WH_LANES2(shape##_max, vector_t, vector_t, lanes, wh_num_##scalar##_max(a, b))          \
  WH_LANES2(shape##_pmin, vector_t, vector_t, lanes, b < a ? b : a)                       \
  WH_LANES2(shape##_pmax, vector_t, vector_t, lanes, a < b ? b : a)                       \
  /* Two roundings: the deterministic choice. */                                          \
  static inline wh_v128_t wh_num_##shape##_madd(wh_v128_t a, wh_v128_t b, wh_v128_t c) {  \
    return wh_num_##shape##_add(wh_num_##shape##_mul(a, b), c);                           \
  }                                                                                       \
  static inline wh_v128_t wh_num_##shape##_nmadd(wh_v128_t a, wh_v128_t b, wh_v128_t c) { \
    return wh_num_##shape##_sub(c, wh_num_##shape##_mul(a, b));                           \
  }
WH_FLOAT_LANES(f32x4, f32, wh_f32x4_t, wh_u32x4_t, 4, UINT32_C(1) << 31)
WH_FLOAT_LANES(f64x2, f64, wh_f64x2_t, wh_u64x2_t, 2, UINT64_C(1) << 63)

WH_LANES1(i32x4_trunc_sat_f32x4_s, wh_u32x4_t, wh_f32x4_t, 4, wh_num_i32_trunc_sat_f32_s(a))
WH_LANES1(i32x4_trunc_sat_f32x4_u, wh_u32x4_t, wh_f32x4_t, 4, wh_num_i32_trunc_sat_f32_u(a))
WH_LANES1(i32x4_trunc_sat_f64x2_s_zero, wh_u32x4_t, wh_f64x2_t, 2, wh_num_i32_trunc_sat_f64_s(a))
WH_LANES1(i32x4_trunc_sat_f64x2_u_zero, wh_u32x4_t, wh_f64x2_t, 2, wh_num_i32_trunc_sat_f64_u(a))
WH_LANES1(f32x4_convert_i32x4_s, wh_f32x4_t, wh_u32x4_t, 4, wh_num_f32_convert_i32_s(a))
WH_LANES1(f32x4_convert_i32x4_u, wh_f32x4_t, wh_u32x4_t, 4, wh_num_f32_convert_i32_u(a))
WH_LANES1(f64x2_convert_low_i32x4_s, wh_f64x2_t, wh_u32x4_t, 2, wh_num_f64_convert_i32_s(a))
WH_LANES1(f64x2_convert_low_i32x4_u, wh_f64x2_t, wh_u32x4_t, 2, wh_num_f64_convert_i32_u(a))
WH_LANES1(f32x4_demote_f64x2_zero, wh_f32x4_t, wh_f64x2_t, 2, wh_num_f32_demote_f64(a))
WH_LANES1(f64x2_promote_low_f32x4, wh_f64x2_t, wh_f32x4_t, 2, wh_num_f64_promote_f32(a))

/* Every NaN as the canonical one (Numerics, NaN Propagation, in the deterministic profile). */
static inline wh_v128_t wh_num_f32x4_canonical(wh_v128_t a) {
  wh_u32x4_t nan = (wh_u32x4_t)wh_num_f32x4_ne(a, a);
  return (wh_v128_t)(((wh_u32x4_t)a & ~nan) | (WH_NUM_F32_NAN & nan));
}
static inline wh_v128_t wh_num_f64x2_canonical(wh_v128_t a) {
  wh_u64x2_t nan = (wh_u64x2_t)wh_num_f64x2_ne(a, a);
  return (wh_v128_t)(((wh_u64x2_t)a & ~nan) | (WH_NUM_F64_NAN & nan));
}

/* ---- relaxed ---- */
static inline wh_v128_t wh_num_i16x8_relaxed_dot_i8x16_i7x16_s(wh_v128_t a_, wh_v128_t b_) {
  wh_i8x16_t a = (wh_i8x16_t)a_, b = (wh_i8x16_t)b_;
  wh_i16x8_t r = {0};
  for (int i = 0; i < 8; i++) r[i] = (int16_t)(a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1]);
  return (wh_v128_t)r;
}
static inline wh_v128_t wh_num_i32x4_relaxed_dot_i8x16_i7x16_add_s(wh_v128_t a, wh_v128_t b,
                                                                   wh_v128_t c) {
  wh_v128_t products = wh_num_i16x8_relaxed_dot_i8x16_i7x16_s(a, b);
  return wh_num_i32x4_add(wh_num_i32x4_extadd_pairwise_i16x8_s(products), c);
}

/* With one rounding: only in functions that are WH_NUM_FUSES, and where the processor can. */
#if defined(__x86_64__)
#define WH_NUM_FUSES __attribute__((target("fma")))
#define WH_FUSED(name, vector_t, intrinsic)                                                   \
  static inline WH_NUM_FUSES wh_v128_t wh_num_##name(wh_v128_t a, wh_v128_t b, wh_v128_t c) { \
    return (wh_v128_t)intrinsic((vector_t)a, (vector_t)b, (vector_t)c);                       \
  }
WH_FUSED(f32x4_fused_madd, __m128, _mm_fmadd_ps)
WH_FUSED(f32x4_fused_nmadd, __m128, _mm_fnmadd_ps)
WH_FUSED(f64x2_fused_madd, __m128d, _mm_fmadd_pd)
WH_FUSED(f64x2_fused_nmadd, __m128d, _mm_fnmadd_pd)
static inline bool wh_num_can_fuse(void) { return __builtin_cpu_supports("fma"); }
#elif defined(__aarch64__)
#define WH_NUM_FUSES
#define WH_FUSED(name, vector_t, intrinsic)                                      \
  static inline wh_v128_t wh_num_##name(wh_v128_t a, wh_v128_t b, wh_v128_t c) { \
    return (wh_v128_t)intrinsic((vector_t)c, (vector_t)a, (vector_t)b);          \
  }
WH_FUSED(f32x4_fused_madd, float32x4_t, vfmaq_f32)
WH_FUSED(f32x4_fused_nmadd, float32x4_t, vfmsq_f32)
WH_FUSED(f64x2_fused_madd, float64x2_t, vfmaq_f64)
WH_FUSED(f64x2_fused_nmadd, float64x2_t, vfmsq_f64)
static inline bool wh_num_can_fuse(void) { return true; }
#else
#define WH_NUM_FUSES
#define wh_num_f32x4_fused_madd wh_num_f32x4_madd
#define wh_num_f32x4_fused_nmadd wh_num_f32x4_nmadd
#define wh_num_f64x2_fused_madd wh_num_f64x2_madd
#define wh_num_f64x2_fused_nmadd wh_num_f64x2_nmadd
static inline bool wh_num_can_fuse(void) { return false; }
#endif
#undef WH_FUSED

/* ---- loads that widen: 8 bytes of memory ---- */
static inline wh_v128_t wh_num_v128_low(uint64_t bits) {
  wh_u64x2_t r = {bits, 0};
  return (wh_v128_t)r;
}

#undef WH_LANES1
#undef WH_LANES2
#undef WH_WHOLE1
#undef WH_WHOLE2
#undef WH_INTEGER_LANES
#undef WH_SMALL_LANES
#undef WH_SATURATING_LANES
#undef WH_NARROW
#undef WH_WIDEN
#undef WH_PAIRWISE
#undef WH_LANE
#undef WH_FLOAT_LANES

#endif
