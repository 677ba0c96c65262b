/* Numbers of every type, a string and a buffer in memory, and ways to go wrong. */
#include "guest.h"

EXPORT("sum") int32_t sum(int32_t x, int32_t y) { return x + y; }
EXPORT("answer") int32_t answer(void) { return 42; }
EXPORT("nothing") void nothing(void) {}

EXPORT("echo_i32") int32_t echo_i32(int32_t x) { return x; }
EXPORT("echo_i64") int64_t echo_i64(int64_t x) { return x; }
EXPORT("echo_f32") float echo_f32(float x) { return x; }
EXPORT("echo_f64") double echo_f64(double x) { return x; }
EXPORT("mixed") double mixed(int32_t a, int64_t b, float c, double d) {
  return (double)a + (double)b + (double)c + d;
}

EXPORT("string") const char *string(void) { return "Hello, World!"; }

static uint8_t room[1024];
EXPORT("buffer") uint8_t *buffer(void) { return room; }
EXPORT("buffer_size") int32_t buffer_size(void) { return sizeof room; }
EXPORT("sum_bytes") int32_t sum_bytes(const uint8_t *bytes, int32_t count) {
  int32_t total = 0;
  for (int32_t i = 0; i < count; i++) total += bytes[i];
  return total;
}

static int32_t calls;
EXPORT("count") int32_t count(void) { return ++calls; }

/* Traps for y = 0, and for -2^31 / -1. */
EXPORT("divide") int32_t divide(int32_t x, int32_t y) { return x / y; }
EXPORT("fail") void fail(void) { __builtin_trap(); }
EXPORT("read_at") int32_t read_at(const volatile uint8_t *address) { return *address; }

/* Without end, unless n comes round to 0. */
EXPORT("recurse") __attribute__((noinline)) int32_t recurse(int32_t n) {
  if (!n) return 0;
  int32_t depth = recurse(n + 1);
  __asm__ volatile("" : "+r"(depth)); /* or the compiler makes it a loop */
  return depth + 1;
}
EXPORT("spin") void spin(void) {
  for (;;) __asm__ volatile("");
}
