/* num: what WebAssembly's numeric instructions compute (Execution, Numerics), each once. Called by
   the handlers of exec and by whoever folds constants. Pure functions of their operands: no memory,
   no state, no error but a trap code. What C's own operators do exactly (a + b on unsigned integers
   and on floats, comparisons) has no function here.

   Integers are passed as unsigned, whatever the instruction takes them for. An instruction that can
   trap returns its trap code and fills *out only when that is WHERRY_TRAP_NONE.

   NaN: arithmetic hands on an operand's payload, made quiet; abs, neg and copysign change the sign
   bit only. Nothing here calls a function on any supported machine (a handler that calls would need
   a frame), so what baseline x86-64 lacks is spelled out. */
#ifndef WH_NUM_H
#define WH_NUM_H

#include <wherry/error.h>

#include "base/base.h"

#if defined(__x86_64__) && !defined(__SSE4_1__)
#define WH_NUM_ROUND_BY_HAND 1
#endif
#if defined(__x86_64__) && !defined(__POPCNT__)
#define WH_NUM_POPCNT_BY_HAND 1
#endif

/* A vector of 16 bytes; lanes are in the order of memory. */
typedef uint8_t wh_v128_t __attribute__((vector_size(16)));

/* ---- bits ---- */

static inline uint32_t wh_num_i32_reinterpret_f32(float a) {
  uint32_t bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}
static inline uint64_t wh_num_i64_reinterpret_f64(double a) {
  uint64_t bits;
  memcpy(&bits, &a, sizeof bits);
  return bits;
}
static inline float wh_num_f32_reinterpret_i32(uint32_t bits) {
  float a;
  memcpy(&a, &bits, sizeof a);
  return a;
}
static inline double wh_num_f64_reinterpret_i64(uint64_t bits) {
  double a;
  memcpy(&a, &bits, sizeof a);
  return a;
}

static inline uint32_t wh_num_i32_clz(uint32_t a) { return a ? (uint32_t)__builtin_clz(a) : 32; }
static inline uint64_t wh_num_i64_clz(uint64_t a) { return a ? (uint64_t)__builtin_clzll(a) : 64; }
static inline uint32_t wh_num_i32_ctz(uint32_t a) { return a ? (uint32_t)__builtin_ctz(a) : 32; }
static inline uint64_t wh_num_i64_ctz(uint64_t a) { return a ? (uint64_t)__builtin_ctzll(a) : 64; }

/* By hand: sums of 2, 4, 8 bits side by side, then all bytes by one multiplication. */
static inline uint32_t wh_num_i32_popcnt(uint32_t a) {
#ifdef WH_NUM_POPCNT_BY_HAND
  a -= a >> 1 & 0x55555555u;
  a = (a & 0x33333333u) + (a >> 2 & 0x33333333u);
  return ((a + (a >> 4)) & 0x0F0F0F0Fu) * 0x01010101u >> 24;
#else
  return (uint32_t)__builtin_popcount(a);
#endif
}
static inline uint64_t wh_num_i64_popcnt(uint64_t a) {
#ifdef WH_NUM_POPCNT_BY_HAND
  a -= a >> 1 & UINT64_C(0x5555555555555555);
  a = (a & UINT64_C(0x3333333333333333)) + (a >> 2 & UINT64_C(0x3333333333333333));
  return ((a + (a >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F)) * UINT64_C(0x0101010101010101) >> 56;
#else
  return (uint64_t)__builtin_popcountll(a);
#endif
}

#define WH_NUM_SHIFTS(name, unsigned_t, signed_t, bits)                        \
  static inline unsigned_t wh_num_##name##_shl(unsigned_t a, unsigned_t b) {   \
    return a << (b & (bits - 1));                                              \
  }                                                                            \
  static inline unsigned_t wh_num_##name##_shr_s(unsigned_t a, unsigned_t b) { \
    return (unsigned_t)((signed_t)a >> (b & (bits - 1)));                      \
  }                                                                            \
  static inline unsigned_t wh_num_##name##_shr_u(unsigned_t a, unsigned_t b) { \
    return a >> (b & (bits - 1));                                              \
  }                                                                            \
  static inline unsigned_t wh_num_##name##_rotl(unsigned_t a, unsigned_t b) {  \
    return a << (b & (bits - 1)) | a >> (-b & (bits - 1));                     \
  }                                                                            \
  static inline unsigned_t wh_num_##name##_rotr(unsigned_t a, unsigned_t b) {  \
    return a >> (b & (bits - 1)) | a << (-b & (bits - 1));                     \
  }
WH_NUM_SHIFTS(i32, uint32_t, int32_t, 32)
WH_NUM_SHIFTS(i64, uint64_t, int64_t, 64)
#undef WH_NUM_SHIFTS

static inline uint32_t wh_num_i32_extend8_s(uint32_t a) { return (uint32_t)(int8_t)a; }
static inline uint32_t wh_num_i32_extend16_s(uint32_t a) { return (uint32_t)(int16_t)a; }
static inline uint64_t wh_num_i64_extend8_s(uint64_t a) { return (uint64_t)(int8_t)a; }
static inline uint64_t wh_num_i64_extend16_s(uint64_t a) { return (uint64_t)(int16_t)a; }
static inline uint64_t wh_num_i64_extend32_s(uint64_t a) { return (uint64_t)(int32_t)a; }
static inline uint32_t wh_num_i32_wrap_i64(uint64_t a) { return (uint32_t)a; }
static inline uint64_t wh_num_i64_extend_i32_s(uint32_t a) { return (uint64_t)(int32_t)a; }
static inline uint64_t wh_num_i64_extend_i32_u(uint32_t a) { return a; }

/* ---- division ---- */

#define WH_NUM_DIVISION(name, unsigned_t, signed_t, lowest)                          \
  static inline wherry_trap_code_t wh_num_##name##_div_s(unsigned_t a, unsigned_t b, \
                                                         unsigned_t *out) {          \
    if (WH_UNLIKELY(b == 0)) return WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO;              \
    if (WH_UNLIKELY((signed_t)a == lowest && (signed_t)b == -1))                     \
      return WHERRY_TRAP_INTEGER_OVERFLOW;                                           \
    *out = (unsigned_t)((signed_t)a / (signed_t)b);                                  \
    return WHERRY_TRAP_NONE;                                                         \
  }                                                                                  \
  static inline wherry_trap_code_t wh_num_##name##_div_u(unsigned_t a, unsigned_t b, \
                                                         unsigned_t *out) {          \
    if (WH_UNLIKELY(b == 0)) return WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO;              \
    *out = a / b;                                                                    \
    return WHERRY_TRAP_NONE;                                                         \
  }                                                                                  \
  static inline wherry_trap_code_t wh_num_##name##_rem_s(unsigned_t a, unsigned_t b, \
                                                         unsigned_t *out) {          \
    if (WH_UNLIKELY(b == 0)) return WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO;              \
    /* The lowest number by -1 is 0 here but an exception on the processor. */       \
    *out = (signed_t)b == -1 ? 0 : (unsigned_t)((signed_t)a % (signed_t)b);          \
    return WHERRY_TRAP_NONE;                                                         \
  }                                                                                  \
  static inline wherry_trap_code_t wh_num_##name##_rem_u(unsigned_t a, unsigned_t b, \
                                                         unsigned_t *out) {          \
    if (WH_UNLIKELY(b == 0)) return WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO;              \
    *out = a % b;                                                                    \
    return WHERRY_TRAP_NONE;                                                         \
  }
WH_NUM_DIVISION(i32, uint32_t, int32_t, INT32_MIN)
WH_NUM_DIVISION(i64, uint64_t, int64_t, INT64_MIN)
#undef WH_NUM_DIVISION

/* ---- floats ---- */

static inline float wh_num_f32_abs(float a) { return __builtin_fabsf(a); }
static inline double wh_num_f64_abs(double a) { return __builtin_fabs(a); }
static inline float wh_num_f32_neg(float a) { return -a; }
static inline double wh_num_f64_neg(double a) { return -a; }
static inline float wh_num_f32_copysign(float a, float b) { return __builtin_copysignf(a, b); }
static inline double wh_num_f64_copysign(double a, double b) { return __builtin_copysign(a, b); }
static inline float wh_num_f32_sqrt(float a) { return __builtin_sqrtf(a); }
static inline double wh_num_f64_sqrt(double a) { return __builtin_sqrt(a); }

/* A signalling NaN becomes quiet; done on the bits, where no compiler takes it for a no-op. */
static inline float wh_num_f32_quiet(float a) {
  return wh_num_f32_reinterpret_i32(wh_num_i32_reinterpret_f32(a) | 0x00400000u);
}
static inline double wh_num_f64_quiet(double a) {
  return wh_num_f64_reinterpret_i64(wh_num_i64_reinterpret_f64(a) | UINT64_C(0x0008000000000000));
}

/* The canonical NaNs, positive. */
#define WH_NUM_F32_NAN UINT32_C(0x7FC00000)
#define WH_NUM_F64_NAN UINT64_C(0x7FF8000000000000)
static inline float wh_num_f32_canonical(float a) {
  return a == a ? a : wh_num_f32_reinterpret_i32(WH_NUM_F32_NAN);
}
static inline double wh_num_f64_canonical(double a) {
  return a == a ? a : wh_num_f64_reinterpret_i64(WH_NUM_F64_NAN);
}

/* Equal operands may be zeros of two signs: min has the sign if either has it, max if both have. */
static inline float wh_num_f32_min(float a, float b) {
  if (a < b) return a;
  if (b < a) return b;
  if (WH_LIKELY(a == b))
    return wh_num_f32_reinterpret_i32(wh_num_i32_reinterpret_f32(a) |
                                      wh_num_i32_reinterpret_f32(b));
  return a + b;
}
static inline float wh_num_f32_max(float a, float b) {
  if (a > b) return a;
  if (b > a) return b;
  if (WH_LIKELY(a == b))
    return wh_num_f32_reinterpret_i32(wh_num_i32_reinterpret_f32(a) &
                                      wh_num_i32_reinterpret_f32(b));
  return a + b;
}
static inline double wh_num_f64_min(double a, double b) {
  if (a < b) return a;
  if (b < a) return b;
  if (WH_LIKELY(a == b))
    return wh_num_f64_reinterpret_i64(wh_num_i64_reinterpret_f64(a) |
                                      wh_num_i64_reinterpret_f64(b));
  return a + b;
}
static inline double wh_num_f64_max(double a, double b) {
  if (a > b) return a;
  if (b > a) return b;
  if (WH_LIKELY(a == b))
    return wh_num_f64_reinterpret_i64(wh_num_i64_reinterpret_f64(a) &
                                      wh_num_i64_reinterpret_f64(b));
  return a + b;
}

/* ceil, floor, trunc, nearest. By hand: from 2^23 (2^52) on every float is whole; below, going
   through an integer truncates, adding and taking away that number rounds to even. The sign is
   always the operand's: ceil(-0.5) is -0. */
#ifdef WH_NUM_ROUND_BY_HAND
#define WH_NUM_ROUNDING(name, float_t, int_t, whole, abs_, copysign_)                  \
  static inline float_t wh_num_##name##_trunc(float_t a) {                             \
    if (WH_UNLIKELY(!(abs_(a) < whole))) return a != a ? wh_num_##name##_quiet(a) : a; \
    return copysign_((float_t)(int_t)a, a);                                            \
  }                                                                                    \
  static inline float_t wh_num_##name##_ceil(float_t a) {                              \
    if (WH_UNLIKELY(!(abs_(a) < whole))) return a != a ? wh_num_##name##_quiet(a) : a; \
    float_t t = (float_t)(int_t)a;                                                     \
    return copysign_(t < a ? t + 1 : t, a);                                            \
  }                                                                                    \
  static inline float_t wh_num_##name##_floor(float_t a) {                             \
    if (WH_UNLIKELY(!(abs_(a) < whole))) return a != a ? wh_num_##name##_quiet(a) : a; \
    float_t t = (float_t)(int_t)a;                                                     \
    return copysign_(t > a ? t - 1 : t, a);                                            \
  }                                                                                    \
  static inline float_t wh_num_##name##_nearest(float_t a) {                           \
    if (WH_UNLIKELY(!(abs_(a) < whole))) return a != a ? wh_num_##name##_quiet(a) : a; \
    float_t t = abs_(a) + whole;                                                       \
    return copysign_(t - whole, a);                                                    \
  }
WH_NUM_ROUNDING(f32, float, int32_t, 0x1p23f, __builtin_fabsf, __builtin_copysignf)
WH_NUM_ROUNDING(f64, double, int64_t, 0x1p52, __builtin_fabs, __builtin_copysign)
#undef WH_NUM_ROUNDING
#else
static inline float wh_num_f32_trunc(float a) { return __builtin_truncf(a); }
static inline float wh_num_f32_ceil(float a) { return __builtin_ceilf(a); }
static inline float wh_num_f32_floor(float a) { return __builtin_floorf(a); }
static inline float wh_num_f32_nearest(float a) { return __builtin_rintf(a); }
static inline double wh_num_f64_trunc(double a) { return __builtin_trunc(a); }
static inline double wh_num_f64_ceil(double a) { return __builtin_ceil(a); }
static inline double wh_num_f64_floor(double a) { return __builtin_floor(a); }
static inline double wh_num_f64_nearest(double a) { return __builtin_rint(a); }
#endif

static inline float wh_num_f32_demote_f64(double a) { return (float)a; }
static inline double wh_num_f64_promote_f32(float a) { return (double)a; }
static inline float wh_num_f32_convert_i32_s(uint32_t a) { return (float)(int32_t)a; }
static inline float wh_num_f32_convert_i32_u(uint32_t a) { return (float)a; }
static inline float wh_num_f32_convert_i64_s(uint64_t a) { return (float)(int64_t)a; }
static inline float wh_num_f32_convert_i64_u(uint64_t a) { return (float)a; }
static inline double wh_num_f64_convert_i32_s(uint32_t a) { return (double)(int32_t)a; }
static inline double wh_num_f64_convert_i32_u(uint32_t a) { return (double)a; }
static inline double wh_num_f64_convert_i64_s(uint64_t a) { return (double)(int64_t)a; }
static inline double wh_num_f64_convert_i64_u(uint64_t a) { return (double)a; }

/* ---- wide arithmetic: integers of 128 bits as two halves ---- */

typedef struct wh_wide {
  uint64_t low, high;
} wh_wide_t;

static inline wh_wide_t wh_num_i64_add128(uint64_t a_low, uint64_t a_high, uint64_t b_low,
                                          uint64_t b_high) {
  uint64_t low = a_low + b_low;
  return (wh_wide_t) {low, a_high + b_high + (low < a_low)};
}
static inline wh_wide_t wh_num_i64_sub128(uint64_t a_low, uint64_t a_high, uint64_t b_low,
                                          uint64_t b_high) {
  return (wh_wide_t) {a_low - b_low, a_high - b_high - (a_low < b_low)};
}
static inline wh_wide_t wh_num_i64_mul_wide_s(uint64_t a, uint64_t b) {
  __int128 product = (__int128)(int64_t)a * (int64_t)b;
  return (wh_wide_t) {(uint64_t)product, (uint64_t)(product >> 64)};
}
static inline wh_wide_t wh_num_i64_mul_wide_u(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (wh_wide_t) {(uint64_t)product, (uint64_t)(product >> 64)};
}

/* Floats to integers. in_range: what truncates to a number that the integer type holds; false of
   NaN. */
#define WH_NUM_TRUNCATION(to, from, sign, unsigned_t, exact_t, float_t, in_range, least, most) \
  static inline wherry_trap_code_t wh_num_##to##_trunc_##from##_##sign(float_t a,              \
                                                                       unsigned_t *out) {      \
    if (WH_UNLIKELY(!(in_range)))                                                              \
      return a != a ? WHERRY_TRAP_INVALID_CONVERSION : WHERRY_TRAP_INTEGER_OVERFLOW;           \
    *out = (unsigned_t)(exact_t)a;                                                             \
    return WHERRY_TRAP_NONE;                                                                   \
  }                                                                                            \
  static inline unsigned_t wh_num_##to##_trunc_sat_##from##_##sign(float_t a) {                \
    if (WH_LIKELY(in_range)) return (unsigned_t)(exact_t)a;                                    \
    return a != a ? 0 : a < 0 ? (unsigned_t)(least) : (unsigned_t)(most);                      \
  }
/* clang-format off */
WH_NUM_TRUNCATION(i32, f32, s, uint32_t, int32_t, float, a >= -0x1p31f && a < 0x1p31f, INT32_MIN, INT32_MAX)
WH_NUM_TRUNCATION(i32, f32, u, uint32_t, uint32_t, float, a > -1.0f && a < 0x1p32f, 0, UINT32_MAX)
WH_NUM_TRUNCATION(i32, f64, s, uint32_t, int32_t, double, a > -0x1.00000002p31 && a < 0x1p31, INT32_MIN, INT32_MAX)
WH_NUM_TRUNCATION(i32, f64, u, uint32_t, uint32_t, double, a > -1.0 && a < 0x1p32, 0, UINT32_MAX)
WH_NUM_TRUNCATION(i64, f32, s, uint64_t, int64_t, float, a >= -0x1p63f && a < 0x1p63f, INT64_MIN, INT64_MAX)
WH_NUM_TRUNCATION(i64, f32, u, uint64_t, uint64_t, float, a > -1.0f && a < 0x1p64f, 0, UINT64_MAX)
WH_NUM_TRUNCATION(i64, f64, s, uint64_t, int64_t, double, a >= -0x1p63 && a < 0x1p63, INT64_MIN, INT64_MAX)
WH_NUM_TRUNCATION(i64, f64, u, uint64_t, uint64_t, double, a > -1.0 && a < 0x1p64, 0, UINT64_MAX)
/* clang-format on */
#undef WH_NUM_TRUNCATION

#endif
