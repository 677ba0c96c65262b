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

/* The same where x86-64 has an instruction that compilers do not make of the expression: every processor
   of that kind (SSE2), or those that this is compiled for (SSE4.1, SSSE3). */
#if defined(__x86_64__)
#define WH_INSTRUCTION1(name, instruction, operand_t, ...) \
  static inline wh_v128_t wh_num_##name(wh_v128_t a) { return (wh_v128_t)instruction((__m128i)a); }
#define WH_INSTRUCTION2(name, instruction, operand_t, ...)          \
  static inline wh_v128_t wh_num_##name(wh_v128_t a, wh_v128_t b) { \
    return (wh_v128_t)instruction((__m128i)a, (__m128i)b);          \
  }
#define WH_SSE2(name, instruction, ...) WH_INSTRUCTION2(name, instruction, __VA_ARGS__)
#else
#define WH_SSE2(name, instruction, ...) WH_WHOLE2(name, __VA_ARGS__)
#endif
#if defined(__x86_64__) && defined(__SSE4_1__) && defined(__SSSE3__)
#define WH_NUM_SSE4 1
#define WH_SSE4_1(name, instruction, ...) WH_INSTRUCTION1(name, instruction, __VA_ARGS__)
#define WH_SSE4(name, instruction, ...) WH_INSTRUCTION2(name, instruction, __VA_ARGS__)
#else
#define WH_SSE4_1(name, instruction, ...) WH_WHOLE1(name, __VA_ARGS__)
#define WH_SSE4(name, instruction, ...) WH_WHOLE2(name, __VA_ARGS__)
#endif

/* Lane by lane, by a comparison; operands of one type. */
#define WH_CHOOSE(condition, a, b) \
  (((__typeof__(a))(condition) & (a)) | (~(__typeof__(a))(condition) & (b)))
/* Lanes of two vectors by their numbers, which are constants; integer_t: a vector of integers as wide. */
#ifdef __clang__
#define WH_LANES_OF(integer_t, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define WH_LANES_OF(integer_t, a, b, ...) __builtin_shuffle(a, b, (integer_t) {__VA_ARGS__})
#endif

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
#ifdef WH_NUM_SSE4
  return !_mm_testz_si128((__m128i)a, (__m128i)a);
#else
  wh_u64x2_t lanes = (wh_u64x2_t)a;
  return (lanes[0] | lanes[1]) != 0;
#endif
}

/* ---- integers of all widths ---- */
#define WH_INTEGER_LANES(shape, signed_t, unsigned_t, lanes, bits)                         \
  WH_WHOLE2(shape##_add, unsigned_t, a + b)                                                \
  WH_WHOLE2(shape##_sub, unsigned_t, a - b)                                                \
  WH_WHOLE1(shape##_neg, unsigned_t, -a)                                                   \
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
    return !wh_num_v128_any_true(wh_num_##shape##_eq(a, (wh_v128_t) {0}));                 \
  }
WH_INTEGER_LANES(i8x16, wh_i8x16_t, wh_u8x16_t, 16, 8)
WH_INTEGER_LANES(i16x8, wh_i16x8_t, wh_u16x8_t, 8, 16)
WH_INTEGER_LANES(i32x4, wh_i32x4_t, wh_u32x4_t, 4, 32)
WH_INTEGER_LANES(i64x2, wh_i64x2_t, wh_u64x2_t, 2, 64)

#define WH_ABSOLUTE(a, signed_t) \
  ((a ^ (__typeof__(a))((signed_t)a < 0)) - (__typeof__(a))((signed_t)a < 0))
WH_SSE4_1(i8x16_abs, _mm_abs_epi8, wh_u8x16_t, WH_ABSOLUTE(a, wh_i8x16_t))
WH_SSE4_1(i16x8_abs, _mm_abs_epi16, wh_u16x8_t, WH_ABSOLUTE(a, wh_i16x8_t))
WH_SSE4_1(i32x4_abs, _mm_abs_epi32, wh_u32x4_t, WH_ABSOLUTE(a, wh_i32x4_t))
/* Of 64 bits without comparisons, which gcc does in memory. */
#define WH_SIGNS_64(a) \
  (wh_u64x2_t) WH_LANES_OF(wh_i32x4_t, (wh_i32x4_t)a >> 31, (wh_i32x4_t)a, 1, 1, 3, 3)
WH_WHOLE1(i64x2_abs, wh_u64x2_t, (a ^ WH_SIGNS_64(a)) - WH_SIGNS_64(a))
#undef WH_SIGNS_64
#undef WH_ABSOLUTE

/* The highest bit of each lane. By multiplication, each bit to its place at the top. */
#if defined(__x86_64__)
static inline uint32_t wh_num_i8x16_bitmask(wh_v128_t a) {
  return (uint32_t)_mm_movemask_epi8((__m128i)a);
}
static inline uint32_t wh_num_i16x8_bitmask(wh_v128_t a) {
  return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16((__m128i)a, _mm_setzero_si128()));
}
static inline uint32_t wh_num_i32x4_bitmask(wh_v128_t a) {
  return (uint32_t)_mm_movemask_ps((__m128)a);
}
static inline uint32_t wh_num_i64x2_bitmask(wh_v128_t a) {
  return (uint32_t)_mm_movemask_pd((__m128d)a);
}
#else
#define WH_BITMASK(shape, half, lanes)                            \
  static inline uint32_t wh_num_##shape##_bitmask(wh_v128_t a) {  \
    uint64_t low = ((wh_u64x2_t)a)[0], high = ((wh_u64x2_t)a)[1]; \
    return (uint32_t)(half(low) | half(high) << ((lanes) / 2));   \
  }
#define WH_BITS_8(x) (((x) >> 7 & 0x0101010101010101u) * 0x0102040810204080u >> 56)
#define WH_BITS_16(x) (((x) >> 15 & 0x0001000100010001u) * 0x0001000200040008u >> 48 & 15)
#define WH_BITS_32(x) (((x) >> 31 & 1) | ((x) >> 62 & 2))
#define WH_BITS_64(x) ((x) >> 63)
WH_BITMASK(i8x16, WH_BITS_8, 16)
WH_BITMASK(i16x8, WH_BITS_16, 8)
WH_BITMASK(i32x4, WH_BITS_32, 4)
WH_BITMASK(i64x2, WH_BITS_64, 2)
#undef WH_BITMASK
#undef WH_BITS_8
#undef WH_BITS_16
#undef WH_BITS_32
#undef WH_BITS_64
#endif

/* Unsigned comparisons, minimum and maximum: not of i64x2. */
#define WH_SMALL_LANES(shape, signed_t, unsigned_t) \
  WH_WHOLE2(shape##_lt_u, unsigned_t, a < b)        \
  WH_WHOLE2(shape##_gt_u, unsigned_t, a > b)        \
  WH_WHOLE2(shape##_le_u, unsigned_t, a <= b)       \
  WH_WHOLE2(shape##_ge_u, unsigned_t, a >= b)
WH_SMALL_LANES(i8x16, wh_i8x16_t, wh_u8x16_t)
WH_SMALL_LANES(i16x8, wh_i16x8_t, wh_u16x8_t)
WH_SMALL_LANES(i32x4, wh_i32x4_t, wh_u32x4_t)
WH_SSE4(i8x16_min_s, _mm_min_epi8, wh_i8x16_t, WH_CHOOSE(a < b, a, b))
WH_SSE2(i8x16_min_u, _mm_min_epu8, wh_u8x16_t, WH_CHOOSE(a < b, a, b))
WH_SSE4(i8x16_max_s, _mm_max_epi8, wh_i8x16_t, WH_CHOOSE(a > b, a, b))
WH_SSE2(i8x16_max_u, _mm_max_epu8, wh_u8x16_t, WH_CHOOSE(a > b, a, b))
WH_SSE2(i16x8_min_s, _mm_min_epi16, wh_i16x8_t, WH_CHOOSE(a < b, a, b))
WH_SSE4(i16x8_min_u, _mm_min_epu16, wh_u16x8_t, WH_CHOOSE(a < b, a, b))
WH_SSE2(i16x8_max_s, _mm_max_epi16, wh_i16x8_t, WH_CHOOSE(a > b, a, b))
WH_SSE4(i16x8_max_u, _mm_max_epu16, wh_u16x8_t, WH_CHOOSE(a > b, a, b))
WH_SSE4(i32x4_min_s, _mm_min_epi32, wh_i32x4_t, WH_CHOOSE(a < b, a, b))
WH_SSE4(i32x4_min_u, _mm_min_epu32, wh_u32x4_t, WH_CHOOSE(a < b, a, b))
WH_SSE4(i32x4_max_s, _mm_max_epi32, wh_i32x4_t, WH_CHOOSE(a > b, a, b))
WH_SSE4(i32x4_max_u, _mm_max_epu32, wh_u32x4_t, WH_CHOOSE(a > b, a, b))

/* Saturation and rounded averages: of 8 and 16 bits. A sum overflows if it has the sign of neither operand,
   a difference if the operands have two signs and it does not have the first's; it is then the limit
   on the first operand's side. */
#define WH_LIMIT(a, signed_t, most) ((__typeof__(a))((signed_t)a < 0) ^ (most))
#define WH_SUM_SATURATED(signed_t, most) \
  WH_CHOOSE((signed_t)((a ^ (a + b)) & (b ^ (a + b))) < 0, WH_LIMIT(a, signed_t, most), a + b)
#define WH_DIFFERENCE_SATURATED(signed_t, most) \
  WH_CHOOSE((signed_t)((a ^ b) & (a ^ (a - b))) < 0, WH_LIMIT(a, signed_t, most), a - b)
WH_SSE2(i8x16_add_sat_s, _mm_adds_epi8, wh_u8x16_t, WH_SUM_SATURATED(wh_i8x16_t, INT8_MAX))
WH_SSE2(i8x16_sub_sat_s, _mm_subs_epi8, wh_u8x16_t, WH_DIFFERENCE_SATURATED(wh_i8x16_t, INT8_MAX))
WH_SSE2(i16x8_add_sat_s, _mm_adds_epi16, wh_u16x8_t, WH_SUM_SATURATED(wh_i16x8_t, INT16_MAX))
WH_SSE2(i16x8_sub_sat_s, _mm_subs_epi16, wh_u16x8_t, WH_DIFFERENCE_SATURATED(wh_i16x8_t, INT16_MAX))
WH_SSE2(i8x16_add_sat_u, _mm_adds_epu8, wh_u8x16_t, (a + b) | (wh_u8x16_t)(a + b < a))
WH_SSE2(i8x16_sub_sat_u, _mm_subs_epu8, wh_u8x16_t, (a - b) & (wh_u8x16_t)(a > b))
WH_SSE2(i16x8_add_sat_u, _mm_adds_epu16, wh_u16x8_t, (a + b) | (wh_u16x8_t)(a + b < a))
WH_SSE2(i16x8_sub_sat_u, _mm_subs_epu16, wh_u16x8_t, (a - b) & (wh_u16x8_t)(a > b))
WH_SSE2(i8x16_avgr_u, _mm_avg_epu8, wh_u8x16_t, (a | b) - ((a ^ b) >> 1))
WH_SSE2(i16x8_avgr_u, _mm_avg_epu16, wh_u16x8_t, (a | b) - ((a ^ b) >> 1))
#undef WH_LIMIT
#undef WH_SUM_SATURATED
#undef WH_DIFFERENCE_SATURATED

/* As wh_num_i64_popcnt, but for the sum of all bytes. */
static inline wh_v128_t wh_num_i8x16_popcnt(wh_v128_t a_) {
#ifdef WH_NUM_SSE4
  __m128i ones = _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  __m128i fours = _mm_set1_epi8(15), a = (__m128i)a_;
  __m128i low = _mm_shuffle_epi8(ones, _mm_and_si128(a, fours));
  __m128i high = _mm_shuffle_epi8(ones, _mm_and_si128(_mm_srli_epi16(a, 4), fours));
  return (wh_v128_t)_mm_add_epi8(low, high);
#elif defined(__aarch64__)
  return (wh_v128_t)vcntq_u8((uint8x16_t)a_);
#else
  wh_u64x2_t a = (wh_u64x2_t)a_;
  a -= a >> 1 & UINT64_C(0x5555555555555555);
  a = (a & UINT64_C(0x3333333333333333)) + (a >> 2 & UINT64_C(0x3333333333333333));
  return (wh_v128_t)((a + (a >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F));
#endif
}
WH_WHOLE2(i16x8_mul, wh_u16x8_t, a *b)
WH_WHOLE2(i32x4_mul, wh_u32x4_t, a *b)
WH_WHOLE2(i64x2_mul, wh_u64x2_t, a *b)
WH_LANES2(i16x8_q15mulr_sat_s, wh_i16x8_t, wh_i16x8_t, 8,
          (a * b + 0x4000) >> 15 > INT16_MAX ? INT16_MAX : (a * b + 0x4000) >> 15)

/* The lanes of two vectors made narrower, saturated as signed values. */
#define WH_CLAMPED(a, least, most)                      \
  WH_CHOOSE(a < (least), (__typeof__(a)) {0} + (least), \
            WH_CHOOSE(a > (most), (__typeof__(a)) {0} + (most), a))
#define WH_EVEN_BYTES(a, b)                                                                        \
  WH_LANES_OF(wh_i8x16_t, (wh_i8x16_t)a, (wh_i8x16_t)b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, \
              24, 26, 28, 30)
#define WH_EVEN_HALVES(a, b) \
  WH_LANES_OF(wh_i16x8_t, (wh_i16x8_t)a, (wh_i16x8_t)b, 0, 2, 4, 6, 8, 10, 12, 14)
WH_SSE2(i8x16_narrow_i16x8_s, _mm_packs_epi16, wh_i16x8_t,
        WH_EVEN_BYTES(WH_CLAMPED(a, INT8_MIN, INT8_MAX), WH_CLAMPED(b, INT8_MIN, INT8_MAX)))
WH_SSE2(i8x16_narrow_i16x8_u, _mm_packus_epi16, wh_i16x8_t,
        WH_EVEN_BYTES(WH_CLAMPED(a, 0, UINT8_MAX), WH_CLAMPED(b, 0, UINT8_MAX)))
WH_SSE2(i16x8_narrow_i32x4_s, _mm_packs_epi32, wh_i32x4_t,
        WH_EVEN_HALVES(WH_CLAMPED(a, INT16_MIN, INT16_MAX), WH_CLAMPED(b, INT16_MIN, INT16_MAX)))
WH_SSE4(i16x8_narrow_i32x4_u, _mm_packus_epi32, wh_i32x4_t,
        WH_EVEN_HALVES(WH_CLAMPED(a, 0, UINT16_MAX), WH_CLAMPED(b, 0, UINT16_MAX)))
#undef WH_CLAMPED
#undef WH_EVEN_BYTES
#undef WH_EVEN_HALVES

/* The low or high half of the lanes made wider: each beside its sign. */
#define WH_WIDEN(wide, narrow, sign, narrow_t, signs, instruction, ...) \
  WH_SSE4_1(wide##_extend_low_##narrow##_##sign, instruction, narrow_t, \
            WH_LOW_OF_##narrow(narrow_t, a, ((narrow_t)(signs))))       \
  WH_WHOLE1(wide##_extend_high_##narrow##_##sign, narrow_t,             \
            WH_HIGH_OF_##narrow(narrow_t, a, ((narrow_t)(signs))))
#define WH_LOW_OF_i8x16(t, a, b) \
  WH_LANES_OF(t, a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define WH_HIGH_OF_i8x16(t, a, b) \
  WH_LANES_OF(t, a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define WH_LOW_OF_i16x8(t, a, b) WH_LANES_OF(t, a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define WH_HIGH_OF_i16x8(t, a, b) WH_LANES_OF(t, a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define WH_LOW_OF_i32x4(t, a, b) WH_LANES_OF(t, a, b, 0, 4, 1, 5)
#define WH_HIGH_OF_i32x4(t, a, b) WH_LANES_OF(t, a, b, 2, 6, 3, 7)
WH_WIDEN(i16x8, i8x16, s, wh_i8x16_t, a < 0, _mm_cvtepi8_epi16)
WH_WIDEN(i16x8, i8x16, u, wh_u8x16_t, a ^ a, _mm_cvtepu8_epi16)
WH_WIDEN(i32x4, i16x8, s, wh_i16x8_t, a < 0, _mm_cvtepi16_epi32)
WH_WIDEN(i32x4, i16x8, u, wh_u16x8_t, a ^ a, _mm_cvtepu16_epi32)
WH_WIDEN(i64x2, i32x4, s, wh_i32x4_t, a < 0, _mm_cvtepi32_epi64)
WH_WIDEN(i64x2, i32x4, u, wh_u32x4_t, a ^ a, _mm_cvtepu32_epi64)

/* Products of lanes made wider. */
#define WH_EXTMUL(wide, narrow, sign, half, unsigned_t)                                    \
  static inline wh_v128_t wh_num_##wide##_extmul_##half##_##narrow##_##sign(wh_v128_t a,   \
                                                                            wh_v128_t b) { \
    return (wh_v128_t)((unsigned_t)wh_num_##wide##_extend_##half##_##narrow##_##sign(a) *  \
                       (unsigned_t)wh_num_##wide##_extend_##half##_##narrow##_##sign(b));  \
  }
WH_EXTMUL(i16x8, i8x16, s, low, wh_u16x8_t)
WH_EXTMUL(i16x8, i8x16, s, high, wh_u16x8_t)
WH_EXTMUL(i16x8, i8x16, u, low, wh_u16x8_t)
WH_EXTMUL(i16x8, i8x16, u, high, wh_u16x8_t)
#if defined(__x86_64__)
#define WH_EXTMUL_16(sign, half, high_product, unpack)                                          \
  static inline wh_v128_t wh_num_i32x4_extmul_##half##_i16x8_##sign(wh_v128_t a, wh_v128_t b) { \
    __m128i low = _mm_mullo_epi16((__m128i)a, (__m128i)b),                                      \
            high = high_product((__m128i)a, (__m128i)b);                                        \
    return (wh_v128_t)unpack(low, high);                                                        \
  }
WH_EXTMUL_16(s, low, _mm_mulhi_epi16, _mm_unpacklo_epi16)
WH_EXTMUL_16(s, high, _mm_mulhi_epi16, _mm_unpackhi_epi16)
WH_EXTMUL_16(u, low, _mm_mulhi_epu16, _mm_unpacklo_epi16)
WH_EXTMUL_16(u, high, _mm_mulhi_epu16, _mm_unpackhi_epi16)
#undef WH_EXTMUL_16
#define WH_EXTMUL_32(sign, half, product)                                                       \
  static inline wh_v128_t wh_num_i64x2_extmul_##half##_i32x4_##sign(wh_v128_t a, wh_v128_t b) { \
    return (wh_v128_t)product((__m128i)wh_num_i64x2_extend_##half##_i32x4_##sign(a),            \
                              (__m128i)wh_num_i64x2_extend_##half##_i32x4_##sign(b));           \
  }
WH_EXTMUL_32(u, low, _mm_mul_epu32)
WH_EXTMUL_32(u, high, _mm_mul_epu32)
#else
WH_EXTMUL(i32x4, i16x8, s, low, wh_u32x4_t)
WH_EXTMUL(i32x4, i16x8, s, high, wh_u32x4_t)
WH_EXTMUL(i32x4, i16x8, u, low, wh_u32x4_t)
WH_EXTMUL(i32x4, i16x8, u, high, wh_u32x4_t)
WH_EXTMUL(i64x2, i32x4, u, low, wh_u64x2_t)
WH_EXTMUL(i64x2, i32x4, u, high, wh_u64x2_t)
#endif
#ifdef WH_NUM_SSE4
WH_EXTMUL_32(s, low, _mm_mul_epi32)
WH_EXTMUL_32(s, high, _mm_mul_epi32)
#else
WH_EXTMUL(i64x2, i32x4, s, low, wh_u64x2_t)
WH_EXTMUL(i64x2, i32x4, s, high, wh_u64x2_t)
#endif
#undef WH_EXTMUL
#undef WH_EXTMUL_32

/* Pairs of lanes as lanes twice as wide: the lower and the upper of each, made wider. */
#define WH_LOWER_S(a, signed_t, bits) ((__typeof__(a))((signed_t)(a << (bits)) >> (bits)))
#define WH_UPPER_S(a, signed_t, bits) ((__typeof__(a))((signed_t)a >> (bits)))
WH_WHOLE1(i16x8_extadd_pairwise_i8x16_s, wh_u16x8_t,
          WH_LOWER_S(a, wh_i16x8_t, 8) + WH_UPPER_S(a, wh_i16x8_t, 8))
WH_WHOLE1(i16x8_extadd_pairwise_i8x16_u, wh_u16x8_t, (a & 0xFF) + (a >> 8))
WH_WHOLE1(i32x4_extadd_pairwise_i16x8_s, wh_u32x4_t,
          WH_LOWER_S(a, wh_i32x4_t, 16) + WH_UPPER_S(a, wh_i32x4_t, 16))
WH_WHOLE1(i32x4_extadd_pairwise_i16x8_u, wh_u32x4_t, (a & 0xFFFF) + (a >> 16))
/* The one sum that overflows wraps. */
WH_SSE2(i32x4_dot_i16x8_s, _mm_madd_epi16, wh_u32x4_t,
        WH_LOWER_S(a, wh_i32x4_t, 16) * WH_LOWER_S(b, wh_i32x4_t, 16) +
            WH_UPPER_S(a, wh_i32x4_t, 16) * WH_UPPER_S(b, wh_i32x4_t, 16))
WH_WHOLE2(i16x8_relaxed_dot_i8x16_i7x16_s, wh_u16x8_t,
          WH_LOWER_S(a, wh_i16x8_t, 8) * WH_LOWER_S(b, wh_i16x8_t, 8) +
              WH_UPPER_S(a, wh_i16x8_t, 8) * WH_UPPER_S(b, wh_i16x8_t, 8))
#undef WH_LOWER_S
#undef WH_UPPER_S

/* ---- lanes by number ---- */
/* WH_NUM_BYTES: this processor does it in registers; without, a handler leaves it to a function. */
#if defined(WH_NUM_SSE4)
#define WH_NUM_BYTES 1
static inline wh_v128_t wh_num_i8x16_swizzle(wh_v128_t a, wh_v128_t lanes) {
  /* The highest bit makes a zero: set in 16 … 127 as well. */
  __m128i numbers = _mm_adds_epu8((__m128i)lanes, _mm_set1_epi8(0x70));
  return (wh_v128_t)_mm_shuffle_epi8((__m128i)a, numbers);
}
static inline wh_v128_t wh_num_i8x16_shuffle(wh_v128_t a, wh_v128_t b, wh_v128_t lanes) {
  __m128i numbers = (__m128i)lanes;
  __m128i from_a = _mm_shuffle_epi8((__m128i)a, _mm_add_epi8(numbers, _mm_set1_epi8(0x70)));
  __m128i from_b = _mm_shuffle_epi8((__m128i)b, _mm_sub_epi8(numbers, _mm_set1_epi8(16)));
  return (wh_v128_t)_mm_or_si128(from_a, from_b);
}
#elif defined(__aarch64__)
#define WH_NUM_BYTES 1
static inline wh_v128_t wh_num_i8x16_swizzle(wh_v128_t a, wh_v128_t lanes) {
  return (wh_v128_t)vqtbl1q_u8((uint8x16_t)a, (uint8x16_t)lanes);
}
static inline wh_v128_t wh_num_i8x16_shuffle(wh_v128_t a, wh_v128_t b, wh_v128_t lanes) {
  uint8x16_t from_b = vqtbl1q_u8((uint8x16_t)b, vsubq_u8((uint8x16_t)lanes, vdupq_n_u8(16)));
  return (wh_v128_t)vorrq_u8(vqtbl1q_u8((uint8x16_t)a, (uint8x16_t)lanes), from_b);
}
#else
/* Through arrays, because single bytes of vectors are written one by one as whole vectors. */
static inline wh_v128_t wh_num_i8x16_swizzle(wh_v128_t a, wh_v128_t lanes) {
  uint8_t from[16], number[16], to[16];
  memcpy(from, &a, 16);
  memcpy(number, &lanes, 16);
  for (int i = 0; i < 16; i++) to[i] = number[i] < 16 ? from[number[i] & 15] : 0;
  memcpy(&a, to, 16);
  return a;
}
static inline wh_v128_t wh_num_i8x16_shuffle(wh_v128_t a, wh_v128_t b, wh_v128_t lanes) {
  uint8_t from[32], number[16], to[16];
  memcpy(from, &a, 16);
  memcpy(from + 16, &b, 16);
  memcpy(number, &lanes, 16);
  for (int i = 0; i < 16; i++) to[i] = from[number[i] & 31];
  memcpy(&a, to, 16);
  return a;
}
#endif
/* A lane is replaced by choosing among all: written one by one they would have to go to memory. */
#define WH_LANE(shape, vector_t, lane_t, ...)                                                  \
  static inline wh_v128_t wh_num_##shape##_splat(lane_t value) {                               \
    return (wh_v128_t)((vector_t) {0} + value);                                                \
  }                                                                                            \
  static inline wh_v128_t wh_num_##shape##_replace(wh_v128_t a, unsigned lane, lane_t value) { \
    vector_t numbers = {__VA_ARGS__}, values = (vector_t) {0} + value;                         \
    return (wh_v128_t)WH_CHOOSE(numbers == (lane_t)lane, values, (vector_t)a);                 \
  }
WH_LANE(i8x16, wh_u8x16_t, uint8_t, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
WH_LANE(i16x8, wh_u16x8_t, uint16_t, 0, 1, 2, 3, 4, 5, 6, 7)
WH_LANE(i32x4, wh_u32x4_t, uint32_t, 0, 1, 2, 3)
WH_LANE(i64x2, wh_u64x2_t, uint64_t, 0, 1)

/* ---- floats: bits move untouched through the integer shapes of the same width ---- */
#define WH_FLOAT_LANES(shape, vector_t, bits_t, sign_bit)                                 \
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
  /* Two roundings: the deterministic choice. */                                          \
  static inline wh_v128_t wh_num_##shape##_madd(wh_v128_t a, wh_v128_t b, wh_v128_t c) {  \
    return wh_num_##shape##_add(wh_num_##shape##_mul(a, b), c);                           \
  }                                                                                       \
  static inline wh_v128_t wh_num_##shape##_nmadd(wh_v128_t a, wh_v128_t b, wh_v128_t c) { \
    return wh_num_##shape##_sub(c, wh_num_##shape##_mul(a, b));                           \
  }
WH_FLOAT_LANES(f32x4, wh_f32x4_t, wh_u32x4_t, UINT32_C(1) << 31)
WH_FLOAT_LANES(f64x2, wh_f64x2_t, wh_u64x2_t, UINT64_C(1) << 63)

/* Minimum and maximum. x86-64's give the second operand if the two are equal or one is a NaN: both ways
   round, zeros show both signs. */
#if defined(__x86_64__)
#define WH_LEAST(shape, name, vector_t, bits_t, sse_t, instruction, together)   \
  static inline wh_v128_t wh_num_##shape##_##name(wh_v128_t a_, wh_v128_t b_) { \
    vector_t a = (vector_t)a_, b = (vector_t)b_;                                \
    bits_t ordered = (bits_t)instruction((sse_t)a, (sse_t)b) together(bits_t)   \
               instruction((sse_t)b, (sse_t)a),                                 \
           nan = (bits_t)(a + b);                                               \
    return (wh_v128_t)WH_CHOOSE((a == a) & (b == b), ordered, nan);             \
  }                                                                             \
  static inline wh_v128_t wh_num_##shape##_p##name(wh_v128_t a, wh_v128_t b) {  \
    return (wh_v128_t)instruction((sse_t)b, (sse_t)a);                          \
  }
WH_LEAST(f32x4, min, wh_f32x4_t, wh_u32x4_t, __m128, _mm_min_ps, |)
WH_LEAST(f32x4, max, wh_f32x4_t, wh_u32x4_t, __m128, _mm_max_ps, &)
WH_LEAST(f64x2, min, wh_f64x2_t, wh_u64x2_t, __m128d, _mm_min_pd, |)
WH_LEAST(f64x2, max, wh_f64x2_t, wh_u64x2_t, __m128d, _mm_max_pd, &)
#else
#define WH_LEAST(shape, name, vector_t, bits_t, before, together)                \
  static inline wh_v128_t wh_num_##shape##_##name(wh_v128_t a_, wh_v128_t b_) {  \
    vector_t a = (vector_t)a_, b = (vector_t)b_;                                 \
    bits_t a_bits = (bits_t)a_, b_bits = (bits_t)b_, sum = (bits_t)(a + b);      \
    bits_t equal = WH_CHOOSE(a == b, a_bits together b_bits, sum);               \
    bits_t one = WH_CHOOSE(b before a, b_bits, equal);                           \
    return (wh_v128_t)WH_CHOOSE(a before b, a_bits, one);                        \
  }                                                                              \
  static inline wh_v128_t wh_num_##shape##_p##name(wh_v128_t a_, wh_v128_t b_) { \
    vector_t a = (vector_t)a_, b = (vector_t)b_;                                 \
    return (wh_v128_t)WH_CHOOSE(b before a, (bits_t)b, (bits_t)a);               \
  }
WH_LEAST(f32x4, min, wh_f32x4_t, wh_u32x4_t, <, |)
WH_LEAST(f32x4, max, wh_f32x4_t, wh_u32x4_t, >, &)
WH_LEAST(f64x2, min, wh_f64x2_t, wh_u64x2_t, <, |)
WH_LEAST(f64x2, max, wh_f64x2_t, wh_u64x2_t, >, &)
#endif

#if defined(__x86_64__)
static inline wh_v128_t wh_num_f32x4_sqrt(wh_v128_t a) { return (wh_v128_t)_mm_sqrt_ps((__m128)a); }
static inline wh_v128_t wh_num_f64x2_sqrt(wh_v128_t a) {
  return (wh_v128_t)_mm_sqrt_pd((__m128d)a);
}
#else
WH_LANES1(f32x4_sqrt, wh_f32x4_t, wh_f32x4_t, 4, wh_num_f32_sqrt(a))
WH_LANES1(f64x2_sqrt, wh_f64x2_t, wh_f64x2_t, 2, wh_num_f64_sqrt(a))
#endif

/* Rounding. By hand: adding and taking away the number from which on every float is whole rounds to the
   nearest; where that went the wrong way, one step back. */
#ifdef WH_NUM_ROUND_BY_HAND
#define WH_ROUNDING(shape, name, vector_t, bits_t, whole, sign_bit, quiet_bit, of, corrected) \
  static inline wh_v128_t wh_num_##shape##_##name(wh_v128_t a_) {                             \
    vector_t given = (vector_t)a_, size = (vector_t)((bits_t)a_ & ~(sign_bit));               \
    vector_t a = of, near = (size + (whole)) - (whole);                                       \
    bits_t sign = (bits_t)a & (sign_bit);                                                     \
    near = (vector_t)((bits_t)near | sign);                                                   \
    bits_t rounded = (bits_t)(corrected);                                                     \
    rounded = (rounded & ~(sign_bit)) | ((bits_t)given & (sign_bit));                         \
    bits_t same = (bits_t)given | ((bits_t)(given != given) & (quiet_bit));                   \
    return (wh_v128_t)WH_CHOOSE(size < (whole), rounded, same);                               \
  }
#define WH_ONE_IF(vector_t, bits_t, condition) \
  ((vector_t)((bits_t)((vector_t) {0} + 1) & (bits_t)(condition)))
#define WH_ROUNDINGS(shape, vector_t, bits_t, ...)                        \
  WH_ROUNDING(shape, nearest, vector_t, bits_t, __VA_ARGS__, given, near) \
  WH_ROUNDING(shape, trunc, vector_t, bits_t, __VA_ARGS__, size,          \
              near - WH_ONE_IF(vector_t, bits_t, near > a))               \
  WH_ROUNDING(shape, floor, vector_t, bits_t, __VA_ARGS__, given,         \
              near - WH_ONE_IF(vector_t, bits_t, near > a))               \
  WH_ROUNDING(shape, ceil, vector_t, bits_t, __VA_ARGS__, given,          \
              near + WH_ONE_IF(vector_t, bits_t, near < a))
WH_ROUNDINGS(f32x4, wh_f32x4_t, wh_u32x4_t, 0x1p23f, UINT32_C(1) << 31, UINT32_C(1) << 22)
WH_ROUNDINGS(f64x2, wh_f64x2_t, wh_u64x2_t, 0x1p52, UINT64_C(1) << 63, UINT64_C(1) << 51)
#undef WH_ROUNDING
#undef WH_ONE_IF
#elif defined(__x86_64__)
#define WH_ROUNDINGS(shape, sse_t, instruction)                                             \
  static inline wh_v128_t wh_num_##shape##_nearest(wh_v128_t a) {                           \
    return (wh_v128_t)instruction((sse_t)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); \
  }                                                                                         \
  static inline wh_v128_t wh_num_##shape##_trunc(wh_v128_t a) {                             \
    return (wh_v128_t)instruction((sse_t)a, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);        \
  }                                                                                         \
  static inline wh_v128_t wh_num_##shape##_floor(wh_v128_t a) {                             \
    return (wh_v128_t)instruction((sse_t)a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);     \
  }                                                                                         \
  static inline wh_v128_t wh_num_##shape##_ceil(wh_v128_t a) {                              \
    return (wh_v128_t)instruction((sse_t)a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);     \
  }
WH_ROUNDINGS(f32x4, __m128, _mm_round_ps)
WH_ROUNDINGS(f64x2, __m128d, _mm_round_pd)
#else
#define WH_ROUNDINGS(shape, scalar, vector_t, lanes)                              \
  WH_LANES1(shape##_ceil, vector_t, vector_t, lanes, wh_num_##scalar##_ceil(a))   \
  WH_LANES1(shape##_floor, vector_t, vector_t, lanes, wh_num_##scalar##_floor(a)) \
  WH_LANES1(shape##_trunc, vector_t, vector_t, lanes, wh_num_##scalar##_trunc(a)) \
  WH_LANES1(shape##_nearest, vector_t, vector_t, lanes, wh_num_##scalar##_nearest(a))
WH_ROUNDINGS(f32x4, f32, wh_f32x4_t, 4)
WH_ROUNDINGS(f64x2, f64, wh_f64x2_t, 2)
#endif
#undef WH_ROUNDINGS

/* To integers. x86-64 makes the lowest integer of all that does not fit. */
#if defined(__x86_64__)
static inline wh_v128_t wh_num_i32x4_trunc_sat_f32x4_s(wh_v128_t a_) {
  wh_f32x4_t a = (wh_f32x4_t)a_;
  wh_i32x4_t r = (wh_i32x4_t)_mm_cvttps_epi32((__m128)a);
  return (wh_v128_t)((r ^ (a >= 0x1p31f)) & (wh_i32x4_t)wh_num_f32x4_eq(a_, a_));
}
static inline wh_v128_t wh_num_i32x4_trunc_sat_f32x4_u(wh_v128_t a_) {
  wh_f32x4_t a = (wh_f32x4_t)_mm_max_ps((__m128)a_, _mm_setzero_ps()); /* 0 for a NaN, too */
  wh_i32x4_t upper = a >= 0x1p31f, r;
  wh_f32x4_t rest = a - (wh_f32x4_t)((wh_i32x4_t)((wh_f32x4_t) {0} + 0x1p31f) & upper);
  r = (wh_i32x4_t)_mm_cvttps_epi32((__m128)rest) ^ (upper & INT32_MIN);
  return (wh_v128_t)(r | (a >= 0x1p32f));
}
#elif defined(__aarch64__)
static inline wh_v128_t wh_num_i32x4_trunc_sat_f32x4_s(wh_v128_t a) {
  return (wh_v128_t)vcvtq_s32_f32((float32x4_t)a);
}
static inline wh_v128_t wh_num_i32x4_trunc_sat_f32x4_u(wh_v128_t a) {
  return (wh_v128_t)vcvtq_u32_f32((float32x4_t)a);
}
#else
WH_LANES1(i32x4_trunc_sat_f32x4_s, wh_u32x4_t, wh_f32x4_t, 4, wh_num_i32_trunc_sat_f32_s(a))
WH_LANES1(i32x4_trunc_sat_f32x4_u, wh_u32x4_t, wh_f32x4_t, 4, wh_num_i32_trunc_sat_f32_u(a))
#endif
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
static inline wh_v128_t wh_num_i32x4_relaxed_dot_i8x16_i7x16_add_s(wh_v128_t a, wh_v128_t b,
                                                                   wh_v128_t c) {
  wh_v128_t products = wh_num_i16x8_relaxed_dot_i8x16_i7x16_s(a, b);
  return wh_num_i32x4_add(wh_num_i32x4_extadd_pairwise_i16x8_s(products), c);
}

/* With one rounding, where this is compiled for processors that can (WH_NUM_FUSES). */
#if defined(__x86_64__) && defined(__FMA__)
#define WH_NUM_FUSES 1
#define WH_FUSED(name, vector_t, intrinsic)                                      \
  static inline wh_v128_t wh_num_##name(wh_v128_t a, wh_v128_t b, wh_v128_t c) { \
    return (wh_v128_t)intrinsic((vector_t)a, (vector_t)b, (vector_t)c);          \
  }
WH_FUSED(f32x4_fused_madd, __m128, _mm_fmadd_ps)
WH_FUSED(f32x4_fused_nmadd, __m128, _mm_fnmadd_ps)
WH_FUSED(f64x2_fused_madd, __m128d, _mm_fmadd_pd)
WH_FUSED(f64x2_fused_nmadd, __m128d, _mm_fnmadd_pd)
#undef WH_FUSED
#elif defined(__aarch64__)
#define WH_NUM_FUSES 1
#define WH_FUSED(name, vector_t, intrinsic)                                      \
  static inline wh_v128_t wh_num_##name(wh_v128_t a, wh_v128_t b, wh_v128_t c) { \
    return (wh_v128_t)intrinsic((vector_t)c, (vector_t)a, (vector_t)b);          \
  }
WH_FUSED(f32x4_fused_madd, float32x4_t, vfmaq_f32)
WH_FUSED(f32x4_fused_nmadd, float32x4_t, vfmsq_f32)
WH_FUSED(f64x2_fused_madd, float64x2_t, vfmaq_f64)
WH_FUSED(f64x2_fused_nmadd, float64x2_t, vfmsq_f64)
#undef WH_FUSED
#endif

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
#undef WH_INSTRUCTION1
#undef WH_INSTRUCTION2
#undef WH_SSE2
#undef WH_SSE4_1
#undef WH_SSE4
#undef WH_CHOOSE
#undef WH_LANES_OF
#undef WH_WIDEN
#undef WH_LOW_OF_i8x16
#undef WH_HIGH_OF_i8x16
#undef WH_LOW_OF_i16x8
#undef WH_HIGH_OF_i16x8
#undef WH_LOW_OF_i32x4
#undef WH_HIGH_OF_i32x4
#undef WH_LANE
#undef WH_FLOAT_LANES
#undef WH_LEAST

#endif
