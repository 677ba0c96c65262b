/* greet.wit, by hand: how strings, lists and records look from inside a guest.
   Bindings for larger worlds are better generated (wit-bindgen c). */
#include "guest.h"

/* ---- Memory: a heap that starts over whenever nothing is in use. ---- */

extern uint8_t __heap_base;
static size_t heap_end;
static uint32_t blocks_in_use;

static void grow_to(size_t end) {
  size_t have = __builtin_wasm_memory_size(0) * 65536;
  if (end <= have) return;
  size_t pages = (end - have + 65535) / 65536;
  if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) __builtin_trap();
}

static void *allocate(size_t alignment, size_t size) {
  if (!blocks_in_use) heap_end = (size_t)&__heap_base;
  size_t start = (heap_end + alignment - 1) & ~(alignment - 1);
  if (start + size < start) __builtin_trap();
  grow_to(start + size);
  heap_end = start + size;
  blocks_in_use++;
  return (void *)start;
}

static void release(const void *block, size_t size) {
  (void)block;
  if (size) blocks_in_use--;
}

/* The host makes room here for what it passes in; the function called gives it back. */
EXPORT("cabi_realloc")
void *cabi_realloc(void *old, size_t old_size, size_t alignment, size_t size) {
  if (size == 0) return (void *)alignment;
  void *block = allocate(alignment, size);
  if (old_size) {
    __builtin_memcpy(block, old, old_size < size ? old_size : size);
    release(old, old_size);
  }
  return block;
}

typedef struct {
  const char *text;
  size_t size;
} string_t;

typedef struct {
  const void *items;
  size_t count;
} list_t;

/* More than one flat value is returned through memory; one such place is enough. */
static union {
  string_t string;
  list_t list;
} returned;

static string_t *return_string(const char *text, size_t size) {
  returned.string = (string_t) {text, size};
  return &returned.string;
}

static list_t *return_list(const void *items, size_t count) {
  returned.list = (list_t) {items, count};
  return &returned.list;
}

/* ---- The world's own functions ---- */

static uint32_t started;
EXPORT("_initialize") void initialize(void) { started++; }
EXPORT("starts") uint32_t starts(void) { return started; }
EXPORT("in-use") uint32_t in_use(void) {
  return blocks_in_use ? (uint32_t)(heap_end - (size_t)&__heap_base) : 0;
}

EXPORT("greet") string_t *greet(const char *name, size_t size) {
  char *text = allocate(1, size + 8);
  __builtin_memcpy(text, "Hello, ", 7);
  __builtin_memcpy(text + 7, name, size);
  text[size + 7] = '!';
  release(name, size);
  return return_string(text, size + 8);
}
EXPORT("cabi_post_greet") void greet_done(string_t *result) { release(result->text, result->size); }

EXPORT("sum") uint64_t sum(const uint32_t *numbers, size_t count) {
  uint64_t total = 0;
  for (size_t i = 0; i < count; i++) total += numbers[i];
  release(numbers, count * sizeof *numbers);
  return total;
}

/* Works in place: what came in goes out. */
EXPORT("scale") list_t *scale(double *numbers, size_t count, double by) {
  for (size_t i = 0; i < count; i++) numbers[i] *= by;
  return return_list(numbers, count);
}
EXPORT("cabi_post_scale") void scale_done(list_t *result) {
  release(result->items, result->count * sizeof(double));
}

EXPORT("reverse") list_t *reverse(uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count / 2; i++) {
    uint8_t byte = bytes[i];
    bytes[i] = bytes[count - 1 - i];
    bytes[count - 1 - i] = byte;
  }
  return return_list(bytes, count);
}
EXPORT("cabi_post_reverse") void reverse_done(list_t *result) {
  release(result->items, result->count);
}

EXPORT("pick") string_t *pick(const string_t *from, size_t count, uint32_t end) {
  if (end >= count) __builtin_trap();
  string_t picked = from[end];
  for (size_t i = 0; i < count; i++) {
    if (i != end) release(from[i].text, from[i].size);
  }
  release(from, count * sizeof *from);
  return return_string(picked.text, picked.size);
}
EXPORT("cabi_post_pick") void pick_done(string_t *result) { release(result->text, result->size); }

EXPORT("fail") void fail(void) { __builtin_trap(); }
EXPORT("broken") string_t *broken(void) { return return_string("\xff\xfe", 2); }

/* ---- geometry ---- */

#define GEOMETRY "wherry:greet/geometry#"

typedef struct {
  int32_t x, y;
} point_t;

EXPORT(GEOMETRY "middle") point_t *middle(int32_t ax, int32_t ay, int32_t bx, int32_t by) {
  static point_t result;
  result = (point_t) {ax + (bx - ax) / 2, ay + (by - ay) / 2};
  return &result;
}

EXPORT(GEOMETRY "translate")
list_t *translate(point_t *path, size_t count, int32_t x, int32_t y) {
  for (size_t i = 0; i < count; i++) {
    path[i].x += x;
    path[i].y += y;
  }
  return return_list(path, count);
}
EXPORT("cabi_post_" GEOMETRY "translate") void translate_done(list_t *result) {
  release(result->items, result->count * sizeof(point_t));
}

/* ---- people ---- */

#define PEOPLE "wherry:greet/people#"

typedef struct {
  string_t name;
  uint8_t age;
} person_t;

EXPORT(PEOPLE "describe") string_t *describe(const char *name, size_t size, uint32_t age) {
  char *text = allocate(1, size + 7);
  size_t end = size;
  __builtin_memcpy(text, name, size);
  __builtin_memcpy(text + end, " (", 2);
  end += 2;
  if (age >= 100) text[end++] = (char)('0' + age / 100);
  if (age >= 10) text[end++] = (char)('0' + age / 10 % 10);
  text[end++] = (char)('0' + age % 10);
  text[end++] = ')';
  release(name, size);
  return return_string(text, end);
}
EXPORT("cabi_post_" PEOPLE "describe") void describe_done(string_t *result) {
  release(result->text, result->size);
}

EXPORT(PEOPLE "birthday") person_t *birthday(const char *name, size_t size, uint32_t age) {
  static person_t result;
  result = (person_t) {{name, size}, (uint8_t)(age + 1)};
  return &result;
}
EXPORT("cabi_post_" PEOPLE "birthday") void birthday_done(person_t *result) {
  release(result->name.text, result->name.size);
}

/* ---- values ---- */

#define VALUES "wherry:greet/values#echo-"

EXPORT(VALUES "bool") uint32_t echo_bool(uint32_t x) { return x; }
EXPORT(VALUES "s8") int32_t echo_s8(int32_t x) { return x; }
EXPORT(VALUES "u8") uint32_t echo_u8(uint32_t x) { return x; }
EXPORT(VALUES "s16") int32_t echo_s16(int32_t x) { return x; }
EXPORT(VALUES "u16") uint32_t echo_u16(uint32_t x) { return x; }
EXPORT(VALUES "s32") int32_t echo_s32(int32_t x) { return x; }
EXPORT(VALUES "u32") uint32_t echo_u32(uint32_t x) { return x; }
EXPORT(VALUES "s64") int64_t echo_s64(int64_t x) { return x; }
EXPORT(VALUES "u64") uint64_t echo_u64(uint64_t x) { return x; }
EXPORT(VALUES "f32") float echo_f32(float x) { return x; }
EXPORT(VALUES "f64") double echo_f64(double x) { return x; }
EXPORT(VALUES "char") uint32_t echo_char(uint32_t x) { return x; }

EXPORT(VALUES "string") string_t *echo_string(const char *text, size_t size) {
  return return_string(text, size);
}
EXPORT("cabi_post_" VALUES "string") void echo_string_done(string_t *result) {
  release(result->text, result->size);
}

EXPORT(VALUES "bytes") list_t *echo_bytes(const uint8_t *bytes, size_t count) {
  return return_list(bytes, count);
}
EXPORT("cabi_post_" VALUES "bytes") void echo_bytes_done(list_t *result) {
  release(result->items, result->count);
}

EXPORT(VALUES "numbers") list_t *echo_numbers(const uint32_t *numbers, size_t count) {
  return return_list(numbers, count);
}
EXPORT("cabi_post_" VALUES "numbers") void echo_numbers_done(list_t *result) {
  release(result->items, result->count * sizeof(uint32_t));
}
