/* canon: what is lowered, what is lifted, and what is refused. guests/liar.wat answers whatever the
   test tells it to. */
#include "support.h"
#include "worlds.h"

#include "api/val.h"

/* ---- the guest and its world ---- */

static blob_t liar;

enum {
  BOOL = 0x7F,
  S8 = 0x7E,
  U8 = 0x7D,
  U16 = 0x7B,
  S32 = 0x7A,
  U32 = 0x79,
  S64 = 0x78,
  U64 = 0x77,
  F32 = 0x76,
  F64 = 0x75,
  CHAR = 0x74,
  STRING = 0x73
};

static const char *with_type(const char *name, uint8_t type) {
  static char texts[4][8];
  static unsigned next;
  char *text = texts[next++ % 4];
  snprintf(text, 8, "%s%c", name, type);
  return text;
}

static int make_liar(void **state) {
  (void)state;
  static world_t world;
  /* Index 0 cannot stand in a string: it is given to a type that no parameter uses. */
  WORLD_TYPE(&world, "\x7f");
  uint8_t numbers = WORLD_TYPE(&world, "\x70\x79");
  uint8_t words = WORLD_TYPE(&world, "\x70\x73");
  WORLD_TYPE(&world, "\x72\3\1x\x7d\1y\x77\4name\x73");
  uint8_t place = world_name(&world, "place");
  uint8_t places = WORLD_TYPE(&world, "\x70\4");
  uint8_t bools = WORLD_TYPE(&world, "\x70\x7f");
  uint8_t chars = WORLD_TYPE(&world, "\x70\x74");
  uint8_t pair = WORLD_TYPE(&world, "\x6f\2\x7d\x73");
  WORLD_TYPE(&world, "\x70\x7d");
  uint8_t blobs = WORLD_TYPE(&world, "\x70\x09");
  uint8_t option = WORLD_TYPE(&world, "\x6b\x79");
  assert_int_equal(place, 4);
  assert_int_equal(blobs, 10);
  world_func(&world, "text", "", STRING);
  world_func(&world, "numbers", "", numbers);
  world_func(&world, "words", "", words);
  world_func(&world, "one-place", "", place);
  world_func(&world, "places", "", places);
  world_func(&world, "bools", "", bools);
  world_func(&world, "chars", "", chars);
  world_func(&world, "pair", "", pair);
  world_func(&world, "blobs", "", blobs);
  world_func(&world, "flag", "", BOOL);
  world_func(&world, "letter", "", CHAR);
  world_func(&world, "small", "", S8);
  world_func(&world, "byte", "", U8);
  world_func(&world, "wide", "", S64);
  world_func(&world, "nothing", "", 0);
  world_func(&world, "take-text", "s\x73", 0);
  world_func(&world, "take-numbers", with_type("l", numbers), 0);
  world_func(&world, "take-words", with_type("l", words), 0);
  world_func(&world, "take-place", with_type("p", place), 0);
  world_func(&world, "take-places", with_type("l", places), 0);
  world_func(&world, "take-bools", with_type("l", bools), 0);
  world_func(&world, "take-chars", with_type("l", chars), 0);
  world_func(&world, "take-blobs", with_type("l", blobs), 0);
  world_func(&world, "take-scalars",
             "b\x7f"
             "s\x7e"
             "u\x7b"
             "i\x7a"
             "c\x74"
             "l\x78"
             "f\x76"
             "d\x75",
             0);
  world_func(&world, "many",
             "a\x79"
             "b\x79"
             "c\x79"
             "d\x79"
             "e\x79"
             "f\x79"
             "g\x79"
             "h\x79"
             "i\x79"
             "j\x79"
             "k\x79"
             "l\x79"
             "m\x79"
             "n\x79"
             "o\x79"
             "p\x79"
             "q\x7d"
             "r\4",
             0);
  world_func(&world, "mistyped", "x\x79", 0);
  world_func(&world, "missing", "x\x79", U64);
  world_func(&world, "maybe", with_type("o", option), 0);
  blob_t core = blob_read("guests/liar.wasm");
  assert_non_null(core.data);
  liar = with_world(&core, &world);
  free(core.data);
  return 0;
}

static int free_liar(void **state) {
  (void)state;
  free(liar.data);
  return 0;
}

typedef struct rig {
  wherry_guest_t *guest;
  wherry_store_t *store;
  uint8_t *memory;
} rig_t;

static rig_t rig_open(void) {
  rig_t rig;
  wherry_extern_t found;
  uint64_t size;
  assert_ok(wherry_load(liar.data, liar.size, NULL, &rig.guest));
  rig.store = wherry_guest_store(rig.guest);
  assert_ok(wherry_instance_find(rig.store, wherry_guest_instance(rig.guest), "memory", 6, &found));
  assert_ok(wherry_memory_data(rig.store, found.of.memory, &rig.memory, &size));
  return rig;
}
static void rig_close(rig_t *rig) { wherry_guest_release(rig->guest); }

static wherry_global_t global_of(rig_t *rig, const char *name) {
  wherry_extern_t found;
  assert_ok(wherry_instance_find(rig->store, wherry_guest_instance(rig->guest), name, strlen(name),
                                 &found));
  return found.of.global;
}
static void set(rig_t *rig, const char *name, uint32_t number) {
  wherry_value_t value = wherry_i32((int32_t)number);
  assert_ok(wherry_global_set(rig->store, global_of(rig, name), &value));
}
static int32_t get(rig_t *rig, const char *name) {
  wherry_value_t value;
  assert_ok(wherry_global_get(rig->store, global_of(rig, name), &value));
  return value.of.i32;
}
static void poke(rig_t *rig, uint32_t address, uint32_t number) {
  memcpy(rig->memory + address, &number, 4);
}
static uint32_t peek(rig_t *rig, uint32_t address) {
  uint32_t number;
  memcpy(&number, rig->memory + address, 4);
  return number;
}

static const wherry_witfunc_t *func(rig_t *rig, const char *name) {
  const wherry_witfunc_t *found;
  assert_ok(wherry_guest_witfunc(rig->guest, name, &found));
  return found;
}
static wherry_error_t *call(rig_t *rig, const char *name, const wherry_val_t *args, size_t count,
                            wherry_val_t *result) {
  return wherry_guest_call(rig->guest, func(rig, name), args, count, result);
}

/* ---- values ---- */

static wherry_val_t unsigned_of(wherry_type_kind_t kind, uint64_t number) {
  return (wherry_val_t) {.kind = kind, .of.u = number};
}
static wherry_val_t signed_of(wherry_type_kind_t kind, int64_t number) {
  return (wherry_val_t) {.kind = kind, .of.s = number};
}
static wherry_val_t string_of(const char *text) {
  return (wherry_val_t) {.kind = WHERRY_TYPE_STRING, .of.string = {text, strlen(text)}};
}
static wherry_val_t items_of(wherry_type_kind_t kind, const wherry_val_t *items, size_t count) {
  return (wherry_val_t) {.kind = kind, .of.items = {items, count}};
}
static wherry_val_t packed_of(const void *data, size_t count) {
  return (wherry_val_t) {.kind = WHERRY_TYPE_LIST, .packed = true, .of.numbers = {data, count}};
}

/* ---- lowering ---- */

static void scalars_are_lowered_flat(void **state) {
  (void)state;
  rig_t rig = rig_open();
  const wherry_val_t args[] = {
      {.kind = WHERRY_TYPE_BOOL, .of.boolean = true},
      signed_of(WHERRY_TYPE_S8, -1),
      unsigned_of(WHERRY_TYPE_U16, 65535),
      signed_of(WHERRY_TYPE_S32, -2),
      {.kind = WHERRY_TYPE_CHAR, .of.character = 0x1F6A3},
      signed_of(WHERRY_TYPE_S64, -3),
      {.kind = WHERRY_TYPE_F32, .of.f32 = 1.5F},
      {.kind = WHERRY_TYPE_F64, .of.f64 = -2.25},
  };
  assert_ok(call(&rig, "take-scalars", args, 8, NULL));
  uint64_t slots[6];
  float f32;
  double f64;
  memcpy(slots, rig.memory, sizeof slots);
  memcpy(&f32, rig.memory + 48, 4);
  memcpy(&f64, rig.memory + 56, 8);
  assert_int_equal(slots[0], 1);
  assert_int_equal(slots[1], 0xFFFFFFFF);
  assert_int_equal(slots[2], 65535);
  assert_int_equal(slots[3], 0xFFFFFFFE);
  assert_int_equal(slots[4], 0x1F6A3);
  assert_int_equal(slots[5], (uint64_t)-3);
  assert_true(f32 == 1.5F && f64 == -2.25);
  assert_int_equal(get(&rig, "allocated"), 0);
  rig_close(&rig);
}

static void lists_and_strings_are_stored(void **state) {
  (void)state;
  rig_t rig = rig_open();
  set(&rig, "next", 1025);
  const uint32_t numbers[] = {1, 2, 0xFFFFFFFF};
  wherry_val_t arg = packed_of(numbers, 3);
  assert_ok(call(&rig, "take-numbers", &arg, 1, NULL));
  assert_int_equal(peek(&rig, 0), 1028);
  assert_int_equal(peek(&rig, 4), 3);
  assert_memory_equal(rig.memory + 1028, numbers, 12);

  /* The same, item by item. */
  const wherry_val_t items[] = {unsigned_of(WHERRY_TYPE_U32, 1), unsigned_of(WHERRY_TYPE_U64, 2),
                                signed_of(WHERRY_TYPE_S64, 0xFFFFFFFF)};
  arg = items_of(WHERRY_TYPE_LIST, items, 3);
  assert_ok(call(&rig, "take-numbers", &arg, 1, NULL));
  assert_memory_equal(rig.memory + peek(&rig, 0), numbers, 12);

  arg = string_of("h\xC3\xA9");
  assert_ok(call(&rig, "take-text", &arg, 1, NULL));
  assert_int_equal(peek(&rig, 4), 3);
  assert_memory_equal(rig.memory + peek(&rig, 0), "h\xC3\xA9", 3);

  /* Empty ones are allocated as well. */
  set(&rig, "allocated", 0);
  arg = string_of("");
  assert_ok(call(&rig, "take-text", &arg, 1, NULL));
  arg = items_of(WHERRY_TYPE_LIST, NULL, 0);
  assert_ok(call(&rig, "take-words", &arg, 1, NULL));
  assert_int_equal(get(&rig, "allocated"), 2);
  assert_int_equal(peek(&rig, 4), 0);

  const wherry_val_t fields[] = {unsigned_of(WHERRY_TYPE_U8, 7),
                                 unsigned_of(WHERRY_TYPE_U64, ~UINT64_C(0)), string_of("here")};
  wherry_val_t place = items_of(WHERRY_TYPE_RECORD, fields, 3);
  assert_ok(call(&rig, "take-place", &place, 1, NULL)); /* flat */
  assert_int_equal(peek(&rig, 0), 7);
  assert_int_equal(peek(&rig, 12), 0xFFFFFFFF);
  assert_memory_equal(rig.memory + peek(&rig, 16), "here", 4);
  assert_int_equal(peek(&rig, 20), 4);

  wherry_val_t two[] = {place, place};
  arg = items_of(WHERRY_TYPE_LIST, two, 2);
  assert_ok(call(&rig, "take-places", &arg, 1, NULL)); /* in memory, 24 bytes each */
  uint32_t at = peek(&rig, 0);
  assert_int_equal(at % 8, 0);
  assert_int_equal(rig.memory[at + 24], 7);
  assert_int_equal(peek(&rig, at + 24 + 8), 0xFFFFFFFF);
  assert_memory_equal(rig.memory + peek(&rig, at + 24 + 16), "here", 4);
  assert_int_equal(peek(&rig, at + 24 + 20), 4);
  rig_close(&rig);
}

/* cabi_realloc runs the guest: here it makes the memory larger each time and uses what is new. */
static void memory_may_grow_in_the_middle(void **state) {
  (void)state;
  rig_t rig = rig_open();
  set(&rig, "grows", 1);
  set(&rig, "next", 65500);
  wherry_val_t words[20];
  for (size_t i = 0; i < 20; i++) words[i] = string_of("0123456789abcdefghijklmnopqrstuvwxyz");
  wherry_val_t arg = items_of(WHERRY_TYPE_LIST, words, 20);
  assert_ok(call(&rig, "take-words", &arg, 1, NULL));
  assert_int_equal(get(&rig, "allocated"), 21);
  for (uint32_t i = 0; i < 20; i++) {
    uint32_t at = peek(&rig, 0) + 8 * i;
    assert_int_equal(peek(&rig, at + 4), 36);
    assert_memory_equal(rig.memory + peek(&rig, at), words[0].of.string.data, 36);
  }
  rig_close(&rig);
}

static void many_parameters_go_through_memory(void **state) {
  (void)state;
  rig_t rig = rig_open();
  wherry_val_t args[18];
  for (size_t i = 0; i < 17; i++) args[i] = unsigned_of(WHERRY_TYPE_U32, 100 + i);
  const wherry_val_t fields[] = {unsigned_of(WHERRY_TYPE_U8, 7), unsigned_of(WHERRY_TYPE_U64, 8),
                                 string_of("end")};
  args[17] = items_of(WHERRY_TYPE_RECORD, fields, 3);
  assert_ok(call(&rig, "many", args, 18, NULL));
  uint32_t at = peek(&rig, 0);
  assert_int_equal(at % 8, 0);
  for (uint32_t i = 0; i < 16; i++) assert_int_equal(peek(&rig, at + 4 * i), 100 + i);
  assert_int_equal(rig.memory[at + 64], 116);
  assert_int_equal(rig.memory[at + 72], 7);
  assert_int_equal(peek(&rig, at + 80), 8);
  assert_memory_equal(rig.memory + peek(&rig, at + 88), "end", 3);
  set(&rig, "lie", 1028);
  assert_error(call(&rig, "many", args, 18, NULL), TRAP,
               "many(): the parameters (in memory): cabi_realloc returned address 1028, which is "
               "not aligned to 8");
  rig_close(&rig);
}

static void values_that_do_not_fit_are_named(void **state) {
  (void)state;
  rig_t rig = rig_open();
  wherry_val_t fields[] = {unsigned_of(WHERRY_TYPE_U8, 7), unsigned_of(WHERRY_TYPE_U64, 8),
                           unsigned_of(WHERRY_TYPE_U32, 9)};
  wherry_val_t place = items_of(WHERRY_TYPE_RECORD, fields, 3);
  assert_error(call(&rig, "take-place", &place, 1, NULL), TYPE,
               "take-place(): parameter 1 (p.name): expected string, got u32");
  fields[2] = string_of("x");
  fields[0] = unsigned_of(WHERRY_TYPE_U32, 256);
  assert_error(call(&rig, "take-place", &place, 1, NULL), RANGE,
               "take-place(): parameter 1 (p.x): 256 does not fit in u8");
  fields[0] = signed_of(WHERRY_TYPE_S32, -1);
  wherry_val_t good[] = {unsigned_of(WHERRY_TYPE_U8, 7), unsigned_of(WHERRY_TYPE_U64, 8),
                         string_of("y")};
  wherry_val_t two[] = {items_of(WHERRY_TYPE_RECORD, good, 3), place};
  wherry_val_t arg = items_of(WHERRY_TYPE_LIST, two, 2);
  assert_error(call(&rig, "take-places", &arg, 1, NULL), RANGE,
               "take-places(): parameter 1 (l[1].x): -1 does not fit in u8");
  two[0] = items_of(WHERRY_TYPE_RECORD, good, 2);
  assert_error(call(&rig, "take-places", &arg, 1, NULL), TYPE,
               "take-places(): parameter 1 (l[0].x): expected a record of 3, got one of 2");
  arg = unsigned_of(WHERRY_TYPE_U8, 1);
  assert_error(call(&rig, "take-places", &arg, 1, NULL), TYPE,
               "take-places(): parameter 1 (l): expected list<place>, got u8");
  arg = string_of("\xFF");
  assert_error(call(&rig, "take-text", &arg, 1, NULL), RANGE, "not well-formed UTF-8");
  arg = packed_of("\0\1\2", 3);
  assert_error(call(&rig, "take-bools", &arg, 1, NULL), RANGE,
               "take-bools(): parameter 1 (l[2]): 2 is no bool");
  const uint32_t chars[] = {'a', 0xD800};
  arg = packed_of(chars, 2);
  assert_error(call(&rig, "take-chars", &arg, 1, NULL), RANGE, "(l[1]): 55296 is no char");
  arg = packed_of(chars, 1);
  assert_ok(call(&rig, "take-chars", &arg, 1, NULL));
  assert_error(call(&rig, "take-chars", &arg, 0, NULL), TYPE,
               "take-chars(): expected 1 argument, got 0: take-chars(l: list<char>)");
  assert_error(call(&rig, "text", &arg, 1, NULL), TYPE, "expected 0 arguments, got 1");
  /* Nothing but the store's own end is left to give back; it works on. */
  assert_ok(call(&rig, "nothing", NULL, 0, NULL));
  rig_close(&rig);
}

static void lying_reallocs_are_caught(void **state) {
  (void)state;
  rig_t rig = rig_open();
  const uint32_t numbers[] = {1, 2, 3};
  wherry_val_t arg = packed_of(numbers, 3);
  set(&rig, "lie", 1026);
  wherry_error_t *error = call(&rig, "take-numbers", &arg, 1, NULL);
  assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_CANONICAL_ABI);
  assert_error(error, TRAP, "(l): cabi_realloc returned address 1026, which is not aligned to 4");
  set(&rig, "lie", 65528);
  assert_error(call(&rig, "take-numbers", &arg, 1, NULL), TRAP,
               "cabi_realloc returned address 65528 for 12 bytes, but the memory has 65536");
  set(&rig, "lie", 0xFFFFFFFC);
  assert_error(call(&rig, "take-numbers", &arg, 1, NULL), TRAP, "returned address 4294967292");
  arg = string_of("");
  set(&rig, "lie", 65537);
  assert_error(call(&rig, "take-text", &arg, 1, NULL), TRAP, "for 0 bytes");
  set(&rig, "lie", (uint32_t)-2);
  error = call(&rig, "take-text", &arg, 1, NULL);
  assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_UNREACHABLE);
  wherry_error_release(error);
  set(&rig, "lie", 0);
  assert_ok(call(&rig, "take-text", &arg, 1, NULL));
  rig_close(&rig);
}

/* ---- lifting ---- */

static void results_are_lifted(void **state) {
  (void)state;
  rig_t rig = rig_open();
  wherry_val_t result;
  set(&rig, "returns", 0x102);
  assert_ok(call(&rig, "flag", NULL, 0, &result));
  assert_true(result.kind == WHERRY_TYPE_BOOL && result.of.boolean);
  assert_ok(call(&rig, "byte", NULL, 0, &result));
  assert_int_equal(result.of.u, 2);
  set(&rig, "returns", 0x1FF);
  assert_ok(call(&rig, "small", NULL, 0, &result));
  assert_int_equal(result.of.s, -1);
  set(&rig, "returns", 0x10FFFF);
  assert_ok(call(&rig, "letter", NULL, 0, &result));
  assert_int_equal(result.of.character, 0x10FFFF);
  set(&rig, "returns", 0xDFFF);
  assert_error(call(&rig, "letter", NULL, 0, &result), TRAP,
               "letter(): result: 0xDFFF is no Unicode scalar value");
  set(&rig, "returns", 0x110000);
  assert_error(call(&rig, "letter", NULL, 0, &result), TRAP, "0x110000");

  set(&rig, "returns", 16);
  poke(&rig, 16, 100);
  poke(&rig, 20, 5);
  memcpy(rig.memory + 100, "hello\1\0\0\0\2\0\0\0", 13);
  assert_ok(call(&rig, "text", NULL, 0, &result));
  assert_int_equal(result.of.string.size, 5);
  assert_string_equal(result.of.string.data, "hello");
  wherry_val_clear(&result);
  assert_int_equal(get(&rig, "posted"), 1);

  poke(&rig, 16, 104);
  poke(&rig, 20, 2);
  assert_ok(call(&rig, "numbers", NULL, 0, &result));
  assert_true(result.packed && result.of.numbers.count == 2);
  assert_memory_equal(result.of.numbers.data, rig.memory + 104, 8);
  wherry_val_clear(&result);

  poke(&rig, 16, 99);
  poke(&rig, 20, 3);
  rig.memory[99] = 0;
  assert_ok(call(&rig, "bools", NULL, 0, &result)); /* 0 'h' 'e' */
  assert_int_equal(result.of.items.count, 3);
  assert_false(result.of.items.items[0].of.boolean);
  assert_true(result.of.items.items[2].of.boolean);
  wherry_val_clear(&result);

  /* place {x: 7, y: 8, name: "lo"}, twice */
  set(&rig, "returns", 256);
  memset(rig.memory + 256, 0, 100);
  for (uint32_t at = 264; at <= 264 + 24; at += 24) {
    poke(&rig, at, 7);
    poke(&rig, at + 8, 8);
    poke(&rig, at + 16, 103);
    poke(&rig, at + 20, 2);
  }
  poke(&rig, 256, 264);
  poke(&rig, 260, 2);
  assert_ok(call(&rig, "places", NULL, 0, &result));
  assert_int_equal(result.of.items.count, 2);
  const wherry_val_t *place = &result.of.items.items[1];
  assert_int_equal(place->kind, WHERRY_TYPE_RECORD);
  assert_int_equal(place->of.items.items[0].of.u, 7);
  assert_int_equal(place->of.items.items[1].of.u, 8);
  wherry_val_clear(&result);
  set(&rig, "returns", 264);
  assert_ok(call(&rig, "one-place", NULL, 0, &result));
  assert_int_equal(result.of.items.items[2].of.string.size, 2);
  wherry_val_clear(&result);
  wherry_val_clear(&result); /* a cleared one is clear */
  rig_close(&rig);
}

static void broken_results_are_traps(void **state) {
  (void)state;
  rig_t rig = rig_open();
  wherry_val_t result;
  static const struct {
    const char *func;
    uint32_t returns, first, second; /* the words at 16 */
    const char *error;
  } cases[] = {
      {"text", 17, 0, 0, "text(): result: the address 17 it was returned at is not aligned to 4"},
      {"text", 65532, 0, 0, "8 bytes were returned at address 65532, past the memory's 65536"},
      {"text", 0xFFFFFFFC, 0, 0, "past the memory's 65536"},
      {"text", 16, 65530, 7, "a string of 7 bytes at address 65530 reaches past"},
      {"text", 16, 0xFFFFFFFF, 2, "reaches past"},
      {"text", 16, 0, 0x10000000, "a string of 268435456 bytes is longer than"},
      {"text", 16, 200, 1, "the string of 1 bytes at address 200 is not well-formed UTF-8"},
      {"numbers", 16, 2, 1, "a list at address 2 is not aligned to 4"},
      {"numbers", 16, 4, 0xFFFFFFFF, "a list of 4294967295 items of 4 bytes is longer than"},
      {"numbers", 16, 4, 0x4000000, "is longer than"},
      {"numbers", 16, 4, 0x3FFFFFF, "reaches past"},
      {"numbers", 16, 65536, 1, "reaches past"},
      {"places", 16, 65536, 0x1000000, "is longer than"},
      {"chars", 16, 200, 1, "chars(): result[0]: 0x1100FF is no Unicode scalar value"},
      {"chars", 16, 204, 2, "chars(): result[1]: 0xD800 is no Unicode scalar value"},
      {"words", 16, 208, 2, "words(): result[1]: a string of 9 bytes at address 65535 reaches"},
      {"places", 16, 224, 1, "places(): result[0].name: a string of"},
      {"pair", 224, 0, 0, "pair(): result.1: a string of"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    set(&rig, "returns", cases[i].returns);
    memset(rig.memory + 200, 0, 60);
    poke(&rig, 200, 0x1100FF);
    poke(&rig, 204, 'a');
    poke(&rig, 208, 0xD800);
    if (!strcmp(cases[i].func, "words")) {
      poke(&rig, 208, 0);
      poke(&rig, 216, 65535);
      poke(&rig, 220, 9);
    }
    poke(&rig, 228, 65535);
    poke(&rig, 232, 65535);
    poke(&rig, 240, 65535);
    poke(&rig, 244, 9);
    poke(&rig, 16, cases[i].first);
    poke(&rig, 20, cases[i].second);
    wherry_error_t *error = call(&rig, cases[i].func, NULL, 0, &result);
    if (!error) fail_msg("case %zu: no error", i);
    assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_CANONICAL_ABI);
    assert_error(error, TRAP, cases[i].error);
  }
  assert_int_equal(get(&rig, "posted"), 0); /* who broke the rules is not asked again */
  rig_close(&rig);
}

/* A thousand lists of the same 60,000 bytes: 60 MB from a memory of 64 KiB. */
static void overlapping_lists_do_not_multiply(void **state) {
  (void)state;
  rig_t rig = rig_open();
  wherry_val_t result;
  set(&rig, "returns", 16);
  poke(&rig, 16, 1024);
  poke(&rig, 20, 1000);
  for (uint32_t i = 0; i < 1000; i++) {
    poke(&rig, 1024 + 8 * i, 0);
    poke(&rig, 1024 + 8 * i + 4, i < 100 ? 60000 : 0);
  }
  assert_ok(call(&rig, "blobs", NULL, 0, &result)); /* sharing as such is fine */
  assert_int_equal(result.of.items.count, 1000);
  wherry_val_clear(&result);
  for (uint32_t i = 0; i < 1000; i++) poke(&rig, 1024 + 8 * i + 4, 60000);
  assert_error(call(&rig, "blobs", NULL, 0, &result), TRAP, "unless its lists overlap");
  rig_close(&rig);
}

static void post_return_runs_once(void **state) {
  (void)state;
  rig_t rig = rig_open();
  wherry_val_t result;
  set(&rig, "returns", 16);
  for (int i = 0; i < 3; i++) {
    assert_ok(call(&rig, "text", NULL, 0, &result));
    wherry_val_clear(&result);
  }
  assert_int_equal(get(&rig, "posted"), 3);
  assert_int_equal(get(&rig, "started"), 1);
  set(&rig, "post-traps", 1);
  wherry_error_t *error = call(&rig, "text", NULL, 0, &result);
  assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_UNREACHABLE);
  wherry_error_release(error);
  wherry_val_clear(&result);
  rig_close(&rig);
}

/* ---- what an instance lacks ---- */

static void lifting_names_what_is_missing(void **state) {
  (void)state;
  rig_t rig = rig_open();
  wherry_val_t arg = unsigned_of(WHERRY_TYPE_U32, 1);
  assert_error(call(&rig, "mistyped", &arg, 1, NULL), UNLINKABLE,
               "export \"mistyped\" is func (i64), wanted: func (i32)");
  assert_error(call(&rig, "missing", &arg, 1, NULL), UNLINKABLE,
               "missing export \"missing\": func (i32) -> i64");
  assert_error(call(&rig, "maybe", &arg, 1, NULL), UNLINKABLE,
               "maybe() cannot be called: parameter 1 (o) uses the type option<u32>, which wherry "
               "does not take yet");
  assert_ok(call(&rig, "nothing", NULL, 0, NULL));

  /* A module with the same world and nothing else. */
  static const uint8_t header[8] = {0, 'a', 's', 'm', 1};
  wherry_guest_t *guest;
  blob_t bare = {malloc(liar.size), 0};
  memcpy(bare.data, header, sizeof header);
  blob_t core = blob_read("guests/liar.wasm");
  memcpy(bare.data + 8, liar.data + core.size, liar.size - core.size);
  assert_ok(wherry_load(bare.data, liar.size - core.size + 8, NULL, &guest));
  const wherry_witfunc_t *found;
  assert_ok(wherry_guest_witfunc(guest, "take-text", &found));
  wherry_error_t *error = wherry_guest_call(guest, found, &arg, 1, NULL);
  assert_non_null(strstr(wherry_error_message(error), "missing export \"take-text\""));
  assert_non_null(strstr(wherry_error_message(error), "missing export \"cabi_realloc\""));
  assert_error(error, UNLINKABLE, "missing export \"memory\"");
  /* A function of another module's world is found out. */
  assert_error(wherry_guest_call(guest, func(&rig, "text"), NULL, 0, NULL), STATE,
               "belongs to the world of another module");
  wherry_guest_release(guest);
  free(core.data);
  free(bare.data);
  rig_close(&rig);
}

/* Others could change what is being looked at. */
static void a_shared_memory_is_not_taken(void **state) {
  (void)state;
  static const uint8_t section[] = {5, 4, 1, 1, 1, 64};
  blob_t shared = {malloc(liar.size), liar.size};
  memcpy(shared.data, liar.data, liar.size);
  uint8_t *at = shared.data;
  while (memcmp(at, section, sizeof section) != 0) at++;
  at[3] = 3;
  wherry_guest_t *guest;
  const wherry_witfunc_t *found;
  assert_ok(wherry_load(shared.data, shared.size, NULL, &guest));
  assert_ok(wherry_guest_witfunc(guest, "text", &found));
  wherry_val_t result;
  assert_error(wherry_guest_call(guest, found, NULL, 0, &result), UNLINKABLE,
               "export \"memory\" is shared, wanted: a memory that is not");
  assert_ok(wherry_guest_witfunc(guest, "flag", &found));
  assert_ok(wherry_guest_call(guest, found, NULL, 0, &result));
  wherry_guest_release(guest);
  free(shared.data);
}

/* ---- hosts that misbehave: the table of wherry_val_t, with faults ---- */

typedef struct faulty {
  wh_val_context_t val;
  rig_t *rig;
  wherry_lifted_t *lifted;
  long views, values; /* given out and not given back */
  size_t calls, fail_at;
  bool jump;  /* leave by longjmp instead of an error */
  bool recur; /* call the same function again, from within */
  bool close; /* close the store, from within */
  unsigned depth;
  jmp_buf out;
} faulty_t;

static const wherry_host_values_t faulty_table;

static wherry_error_t *fault(faulty_t *faulty) {
  faulty->calls++;
  if (faulty->recur && faulty->depth == 0) {
    wherry_host_value_t result = 0;
    static const wherry_val_t no_places = {.kind = WHERRY_TYPE_LIST};
    wherry_host_value_t arg = wh_val_given(&no_places);
    faulty->depth++;
    size_t count = wherry_witfunc_param_count(wherry_lifted_func(faulty->lifted));
    wherry_error_t *error =
        wherry_lifted_call(faulty->lifted, &faulty_table, faulty, &arg, count, &result);
    faulty->depth--;
    if (result) faulty_table.drop(faulty, result);
    if (error) return error;
  }
  if (faulty->fail_at && faulty->calls == faulty->fail_at) {
    if (faulty->close) {
      wherry_store_close(faulty->rig->store);
      return NULL;
    }
    if (faulty->jump) longjmp(faulty->out, 1);
    return wherry_error_new(WHERRY_ERROR_HOST, "thrown");
  }
  return NULL;
}

#define FAULT(data)                      \
  faulty_t *faulty = (data);             \
  wherry_error_t *error = fault(faulty); \
  if (error) return error

static wherry_error_t *faulty_take_number(void *data, const wherry_type_t *type,
                                          wherry_host_value_t value, wherry_slot_t *out) {
  FAULT(data);
  return wh_val_table.take_number(&faulty->val, type, value, out);
}
static wherry_error_t *faulty_take_string(void *data, wherry_host_value_t value,
                                          wherry_host_view_t *view) {
  FAULT(data);
  error = wh_val_table.take_string(&faulty->val, value, view);
  if (!error) faulty->views++;
  return error;
}
static wherry_error_t *faulty_take_list(void *data, const wherry_type_t *type,
                                        wherry_host_value_t value, wherry_host_view_t *view) {
  FAULT(data);
  error = wh_val_table.take_list(&faulty->val, type, value, view);
  if (!error) faulty->views++;
  return error;
}
static wherry_error_t *faulty_take_item(void *data, const wherry_type_t *type,
                                        wherry_host_value_t value, size_t index,
                                        wherry_host_value_t *item) {
  FAULT(data);
  error = wh_val_table.take_item(&faulty->val, type, value, index, item);
  if (!error) faulty->values++;
  return error;
}
static void faulty_release_view(void *data, wherry_host_view_t *view) {
  faulty_t *faulty = data;
  faulty->views--;
  wh_val_table.release_view(&faulty->val, view);
}
static void faulty_drop(void *data, wherry_host_value_t value) {
  faulty_t *faulty = data;
  faulty->values--;
  wh_val_table.drop(&faulty->val, value);
}
static wherry_error_t *counted(faulty_t *faulty, wherry_error_t *error) {
  if (!error) faulty->values++;
  return error;
}
static wherry_error_t *faulty_make_number(void *data, const wherry_type_t *type,
                                          wherry_slot_t number, wherry_host_value_t *out) {
  FAULT(data);
  return counted(faulty, wh_val_table.make_number(&faulty->val, type, number, out));
}
static wherry_error_t *faulty_make_string(void *data, const char *text, size_t size, bool ascii,
                                          wherry_host_value_t *out) {
  FAULT(data);
  return counted(faulty, wh_val_table.make_string(&faulty->val, text, size, ascii, out));
}
static wherry_error_t *faulty_make_numbers(void *data, const wherry_type_t *type,
                                           const void *numbers, size_t count,
                                           wherry_host_value_t *out) {
  FAULT(data);
  return counted(faulty, wh_val_table.make_numbers(&faulty->val, type, numbers, count, out));
}
static wherry_error_t *faulty_make_start(void *data, const wherry_type_t *type, size_t count,
                                         wherry_host_value_t *out) {
  FAULT(data);
  return counted(faulty, wh_val_table.make_start(&faulty->val, type, count, out));
}
static wherry_error_t *faulty_make_set(void *data, const wherry_type_t *type,
                                       wherry_host_value_t value, size_t index,
                                       wherry_host_value_t item) {
  faulty_t *faulty = data;
  faulty->values--; /* taken over, whatever happens */
  if (faulty->fail_at && faulty->calls + 1 == faulty->fail_at) {
    wh_val_take(&faulty->val, item, NULL);
    if (faulty->close)
      wh_val_table.make_number(&faulty->val, type, (wherry_slot_t) {.u64 = 0}, &item);
  }
  wherry_error_t *error = fault(faulty);
  return error ? error : wh_val_table.make_set(&faulty->val, type, value, index, item);
}
static wherry_error_t *faulty_make_finish(void *data, const wherry_type_t *type,
                                          wherry_host_value_t *value) {
  faulty_t *faulty = data;
  wherry_host_value_t mine = *value;
  if (faulty->fail_at && faulty->calls + 1 == faulty->fail_at && !faulty->close)
    faulty_drop(faulty, mine);
  wherry_error_t *error = fault(faulty);
  return error ? error : wh_val_table.make_finish(&faulty->val, type, value);
}

static const wherry_host_values_t faulty_table = {
    .take_number = faulty_take_number,
    .take_string = faulty_take_string,
    .take_list = faulty_take_list,
    .take_item = faulty_take_item,
    .release_view = faulty_release_view,
    .drop = faulty_drop,
    .make_number = faulty_make_number,
    .make_string = faulty_make_string,
    .make_numbers = faulty_make_numbers,
    .make_start = faulty_make_start,
    .make_set = faulty_make_set,
    .make_finish = faulty_make_finish,
};

enum { FAULT_ERROR, FAULT_JUMP, FAULT_CLOSE, FAULT_RECUR };

/* One call with a fault in the fail_at-th function of the table. False: it was not reached. */
static bool faulty_call(const char *name, int fault_kind, size_t fail_at) {
  static const char letters[] = "abc";
  rig_t rig = rig_open();
  set(&rig, "returns", 256);
  for (uint32_t at = 264; at <= 264 + 24; at += 24) {
    poke(&rig, at, 7);
    poke(&rig, at + 8, 8);
    poke(&rig, at + 16, 300);
    poke(&rig, at + 20, 0);
  }
  poke(&rig, 256, 264);
  poke(&rig, 260, 2);
  wherry_val_t fields[] = {unsigned_of(WHERRY_TYPE_U8, 7), unsigned_of(WHERRY_TYPE_U64, 8),
                           string_of(letters)};
  wherry_val_t two[] = {items_of(WHERRY_TYPE_RECORD, fields, 3),
                        items_of(WHERRY_TYPE_RECORD, fields, 3)};
  wherry_val_t places = items_of(WHERRY_TYPE_LIST, two, 2);
  faulty_t *faulty = calloc(1, sizeof *faulty);
  faulty->rig = &rig;
  faulty->fail_at = fail_at;
  faulty->jump = fault_kind == FAULT_JUMP;
  faulty->close = fault_kind == FAULT_CLOSE;
  faulty->recur = fault_kind == FAULT_RECUR;
  wh_val_begin(&faulty->val, rig.store->alloc);
  assert_ok(wherry_lifted_new(rig.store, wherry_guest_instance(rig.guest), func(&rig, name),
                              &faulty->lifted));
  wherry_host_value_t arg = wh_val_given(&places), result = 0;
  size_t count = wherry_witfunc_param_count(wherry_lifted_func(faulty->lifted));
  wherry_error_t *error = NULL;
  if (setjmp(faulty->out)) {
    wherry_lifted_abandon(faulty->lifted);
  } else {
    error = wherry_lifted_call(faulty->lifted, &faulty_table, faulty, &arg, count, &result);
  }
  if (result) faulty_drop(faulty, result);
  bool reached = faulty->calls >= fail_at;
  if (reached && fault_kind == FAULT_ERROR) {
    assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_HOST);
    assert_string_equal(wherry_error_message(error), "thrown");
  } else if (error && fault_kind == FAULT_CLOSE && reached) {
    assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_STATE);
  } else {
    assert_null(error);
  }
  if (error) wherry_error_release(error);
  assert_int_equal(faulty->views, 0);
  assert_int_equal(faulty->values, 0);
  assert_int_equal(rig.store->pins, 0);
  if (fault_kind == FAULT_CLOSE && reached) assert_true(wherry_store_closed(rig.store));
  faulty->fail_at = 0;
  faulty->close = false;
  if (!wherry_store_closed(rig.store)) { /* and the function works on */
    result = 0;
    assert_ok(wherry_lifted_call(faulty->lifted, &faulty_table, faulty, &arg, count, &result));
    if (result) faulty_drop(faulty, result);
  }
  wh_val_end(&faulty->val);
  free(faulty);
  rig_close(&rig);
  return reached;
}

static void faults(int kind) {
  static const char *const names[] = {"take-places", "places"};
  for (size_t n = 0; n < 2; n++) {
    size_t fail_at = 1;
    while (faulty_call(names[n], kind, fail_at)) fail_at++;
    assert_true(fail_at > 12);
  }
}

static void errors_of_the_host_give_everything_back(void **state) {
  (void)state;
  faults(FAULT_ERROR);
}
static void longjmp_and_abandon_give_everything_back(void **state) {
  (void)state;
  faults(FAULT_JUMP);
}
static void closing_the_store_in_the_middle(void **state) {
  (void)state;
  faults(FAULT_CLOSE);
}
static void the_same_function_called_from_within(void **state) {
  (void)state;
  faulty_call("take-places", FAULT_RECUR, 1000);
  faulty_call("places", FAULT_RECUR, 1000);
}

/* ---- three parts ---- */

static void lower_call_lift_in_parts(void **state) {
  (void)state;
  rig_t rig = rig_open();
  wherry_lifted_t *lifted;
  wherry_slot_t slots[WHERRY_LIFTED_SLOTS] = {{0}};
  wh_val_context_t context;
  wherry_host_value_t made = 0;
  wherry_val_t result;
  wh_val_begin(&context, rig.store->alloc);
  assert_ok(
      wherry_lifted_new(rig.store, wherry_guest_instance(rig.guest), func(&rig, "small"), &lifted));
  set(&rig, "returns", 200);
  for (int i = 0; i < 2; i++) {
    assert_ok(wherry_lifted_lower(lifted, &wh_val_table, &context, NULL, 0, slots));
    assert_ok(wherry_func_call_slots(rig.store, wherry_lifted_core(lifted), slots));
    assert_ok(wherry_lifted_lift(lifted, &wh_val_table, &context, slots, &made));
    wh_val_take(&context, made, &result);
    assert_int_equal(result.of.s, -56);
  }
  assert_ok(wherry_lifted_lower(lifted, &wh_val_table, &context, NULL, 0, slots));
  assert_int_equal(rig.store->pins, 1);
  wherry_lifted_abandon(lifted);
  assert_int_equal(rig.store->pins, 0);
  wherry_lifted_abandon(lifted); /* one too many does no harm */
  assert_error(wherry_lifted_lift(lifted, &wh_val_table, &context, slots, &made), STATE,
               "small(): there is nothing to lift");
  assert_int_equal(rig.store->pins, 0);
  wh_val_end(&context);
  rig_close(&rig);
}

/* ---- an allocator that fails ---- */

static void every_failing_allocation_is_an_error(void **state) {
  (void)state;
  wherry_val_t fields[] = {unsigned_of(WHERRY_TYPE_U8, 7), unsigned_of(WHERRY_TYPE_U64, 8),
                           string_of("abc")};
  wherry_val_t two[] = {items_of(WHERRY_TYPE_RECORD, fields, 3),
                        items_of(WHERRY_TYPE_RECORD, fields, 3)};
  wherry_val_t places = items_of(WHERRY_TYPE_LIST, two, 2);
  bool done = false;
  for (size_t fail_at = 1; !done; fail_at++) {
    assert_true(fail_at < 5000);
    failing_t failing = {0};
    wherry_allocator_t allocator = failing_allocator(&failing);
    wherry_config_t *config;
    wherry_engine_t *engine;
    wherry_load_options_t *options;
    wherry_guest_t *guest = NULL;
    const wherry_witfunc_t *found;
    wherry_val_t result;
    assert_ok(wherry_config_new(&allocator, &config));
    assert_ok(wherry_load_options_new(&options));
    failing.fail_at = failing.calls + fail_at;
    wherry_error_t *error = wherry_engine_new(config, &engine);
    if (!error) {
      wherry_load_options_set_engine(options, engine);
      error = wherry_load(liar.data, liar.size, options, &guest);
      if (!error) error = wherry_guest_witfunc(guest, "take-places", &found);
      if (!error) error = wherry_guest_call(guest, found, &places, 1, NULL);
      if (!error) {
        /* What was lowered is what is returned: the list's own words at 0. */
        error = wherry_guest_witfunc(guest, "places", &found);
        if (!error) error = wherry_guest_call(guest, found, NULL, 0, &result);
        if (!error) wherry_val_clear(&result);
      }
      wherry_guest_release(guest);
      wherry_engine_release(engine);
    }
    wherry_load_options_release(options);
    wherry_config_release(config);
    done = !error;
    if (error) {
      if (wherry_error_kind(error) != WHERRY_ERROR_OOM)
        fail_msg("allocation %zu: %s", fail_at, wherry_error_message(error));
      wherry_error_release(error);
    }
    if (failing.live_bytes) fail_msg("allocation %zu leaks %zu bytes", fail_at, failing.live_bytes);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(scalars_are_lowered_flat),
      cmocka_unit_test(lists_and_strings_are_stored),
      cmocka_unit_test(memory_may_grow_in_the_middle),
      cmocka_unit_test(many_parameters_go_through_memory),
      cmocka_unit_test(values_that_do_not_fit_are_named),
      cmocka_unit_test(lying_reallocs_are_caught),
      cmocka_unit_test(results_are_lifted),
      cmocka_unit_test(broken_results_are_traps),
      cmocka_unit_test(overlapping_lists_do_not_multiply),
      cmocka_unit_test(post_return_runs_once),
      cmocka_unit_test(lifting_names_what_is_missing),
      cmocka_unit_test(a_shared_memory_is_not_taken),
      cmocka_unit_test(errors_of_the_host_give_everything_back),
      cmocka_unit_test(longjmp_and_abandon_give_everything_back),
      cmocka_unit_test(closing_the_store_in_the_middle),
      cmocka_unit_test(the_same_function_called_from_within),
      cmocka_unit_test(lower_call_lift_in_parts),
      cmocka_unit_test(every_failing_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, make_liar, free_liar);
}
