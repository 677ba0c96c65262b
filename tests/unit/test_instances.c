/* Many instances of one module: what they share until they write, and what none sees of another. */
#include "world.h"

#include "runtime/runtime.h"

#include <sys/resource.h>
#include <unistd.h>

static wherry_module_t *module_of(wherry_engine_t *engine, const char *text) {
  wherry_module_t *module;
  assert_ok(wherry_module_new_text(engine, text, strlen(text), NULL, &module));
  return module;
}

/* A segment of `size` times the same letter. */
typedef struct piece {
  uint32_t at, size;
  char letter;
} piece_t;

/* A module with a memory "m" of 64 pages, more fields, and these segments; in *contents what the
   memory is to hold. The text, and the contents too, are the caller's. */
static char *text_with(const char *fields, const piece_t *pieces, size_t count,
                       uint8_t **contents) {
  size_t size = 1000 + strlen(fields);
  for (size_t i = 0; i < count; i++) size += pieces[i].size + 100;
  char *text = malloc(size), *next = text;
  *contents = calloc(64, 65536);
  next += sprintf(next, "(module (memory (export \"m\") 64 80) %s", fields);
  for (size_t i = 0; i < count; i++) {
    next += sprintf(next, "(data (i32.const %u) \"", pieces[i].at);
    memset(next, pieces[i].letter, pieces[i].size);
    next += pieces[i].size;
    next += sprintf(next, "\")");
    memset(*contents + pieces[i].at, pieces[i].letter, pieces[i].size);
  }
  strcpy(next, ")");
  return text;
}

static uint8_t *memory_of(wherry_store_t *store, wherry_instance_t instance, uint64_t *size) {
  uint8_t *data;
  assert_ok(wherry_memory_data(store, find_export(store, instance, "m").of.memory, &data, size));
  return data;
}

/* Overlapping segments, some before others, some far from all; more than is put together at once. */
static const piece_t little[] = {{5000, 9000, 'a'}, {100, 50, 'b'}, {13000, 2000, 'c'},
                                 {5100, 10, 'd'},   {90, 20, 'e'},  {200000, 1, 'f'},
                                 {150, 0, 'g'}};
static const piece_t much[] = {{1000, 900000, 'a'}, {3000000, 800000, 'b'},  {900000, 200000, 'c'},
                               {500, 600, 'd'},     {1048575 + 500, 2, 'e'}, {3799999, 2, 'f'},
                               {4194300, 4, 'g'},   {2500000, 1, 'h'}};

static const struct {
  const piece_t *pieces;
  size_t count;
  bool at_once; /* the first instance has an image already */
} cases[] = {{little, WH_COUNT(little), false}, {much, WH_COUNT(much), true}};

/* What an instance writes no other sees, older or newer, in the same store or in another; nor does one
   see what lay in the memory of an instance that has ended. */
static void every_instance_begins_with_the_same_memory(void **state) {
  (void)state;
  for (size_t n = 0; n < WH_COUNT(cases); n++) {
    wherry_engine_t *engine;
    wherry_instance_t instance, other;
    uint8_t *contents;
    uint64_t size;
    assert_ok(wherry_engine_new(NULL, &engine));
    char *text = text_with("", cases[n].pieces, cases[n].count, &contents);
    wherry_module_t *module = module_of(engine, text);
    wherry_module_t *plain = module_of(engine, "(module (memory (export \"m\") 64 80))");
    for (int round = 0; round < 3; round++) {
      wherry_store_t *stores[3];
      for (int i = 0; i < 3; i++) {
        assert_ok(wherry_store_new(engine, &stores[i]));
        for (int j = 0; j < 3; j++) {
          assert_ok(wherry_instance_new(stores[i], module, NULL, 0, &instance));
          uint8_t *data = memory_of(stores[i], instance, &size);
          assert_int_equal(size, 64 * 65536);
          assert_memory_equal(data, contents, size);
          if (round == 0 && i == 0)
            assert_int_equal(atomic_load(&module->image) != NULL, cases[n].at_once || j > 0);
          assert_ok(wherry_memory_grow(stores[i], find_export(stores[i], instance, "m").of.memory,
                                       8, NULL));
          data = memory_of(stores[i], instance, &size);
          for (uint64_t at = 64 * 65536; at < size; at++) assert_int_equal(data[at], 0);
          memset(data, 0xEE, (size_t)size);
        }
        /* A memory that had the image serves a module that has none. */
        assert_ok(wherry_instance_new(stores[i], plain, NULL, 0, &other));
        uint8_t *data = memory_of(stores[i], other, &size);
        for (uint64_t at = 0; at < size; at++) assert_int_equal(data[at], 0);
        memset(data, 0xDD, (size_t)size);
      }
      for (int i = 0; i < 3; i++) wherry_store_release(stores[(i + round) % 3]);
    }
    wherry_module_release(plain);
    wherry_module_release(module);
    free(text);
    free(contents);
    wherry_engine_release(engine);
  }
}

/* Where no image can be had the segments are copied. */
static void without_images_segments_are_copied(void **state) {
  (void)state;
  wherry_engine_t *engine;
  assert_ok(wherry_engine_new(NULL, &engine));
  uint8_t *contents;
  uint64_t size;
  char *text = text_with("", much, WH_COUNT(much), &contents);
  wherry_module_t *module = module_of(engine, text);
  struct rlimit before, none;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = before;
  none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  wherry_store_t *stores[4];
  wherry_instance_t instances[WH_COUNT(stores)];
  wherry_error_t *errors[WH_COUNT(stores)];
  for (size_t i = 0; i < WH_COUNT(stores); i++) {
    assert_ok(wherry_store_new(engine, &stores[i]));
    errors[i] = wherry_instance_new(stores[i], module, NULL, 0, &instances[i]);
  }
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_null(atomic_load(&module->image));
  for (size_t i = 0; i < WH_COUNT(stores); i++) {
    assert_ok(errors[i]);
    uint8_t *data = memory_of(stores[i], instances[i], &size);
    assert_memory_equal(data, contents, size);
    memset(data, 0xEE, (size_t)size);
  }
  for (size_t i = 0; i < WH_COUNT(stores); i++) wherry_store_release(stores[i]);
  wherry_module_release(module);
  free(text);
  free(contents);
  wherry_engine_release(engine);
}

/* Segments go to a memory that is imported although that has an image of its own. */
static void an_imported_memory_gets_the_segments(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  uint8_t *contents;
  uint64_t size;
  char *text = text_with("", much, WH_COUNT(much), &contents);
  wherry_module_t *module = module_of(world.engine, text);
  wherry_module_t *guest = module_of(
      world.engine, "(module (import \"\" \"m\" (memory 64)) (data (i32.const 1500) \"here\"))");
  for (int i = 0; i < 3; i++) {
    wherry_instance_t instance, user;
    assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
    wherry_extern_t memory = find_export(world.store, instance, "m");
    for (int j = 0; j < 3; j++) {
      assert_ok(wherry_instance_new(world.store, guest, &memory, 1, &user));
      uint8_t *data = memory_of(world.store, instance, &size);
      assert_memory_equal(data + 1500, "here", 4);
      memset(data + 1500, contents[1500], 4);
      assert_memory_equal(data, contents, size);
    }
  }
  assert_non_null(atomic_load(&module->image));
  assert_null(atomic_load(&guest->image));
  wherry_module_release(guest);
  wherry_module_release(module);
  free(text);
  free(contents);
  world_end(&world);
}

/* Offsets that are computed are so from the instance's own globals; passive segments, and those of other
   memories, are no part of an image. */
static void an_image_is_not_all_there_is(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  static const char fields[] =
      "(memory $second 1)"
      "(global $base i32 (i32.const 3000000))"
      "(data (i32.add (global.get $base) (i32.const 7)) \"own\")"
      "(data (memory $second) (i32.const 5) \"other\")"
      "(data $later \"later\")"
      "(func (export \"second\") (param i32) (result i32)"
      "  (i32.load8_u $second (local.get 0)))"
      "(func (export \"late\") (param i32)"
      "  (memory.init $later (local.get 0) (i32.const 0) (i32.const 5)) (data.drop $later))";
  static const piece_t pieces[] = {{0, 1100000, 'x'}};
  uint8_t *contents;
  uint64_t size;
  char *text = text_with(fields, pieces, WH_COUNT(pieces), &contents);
  memcpy(contents + 3000007, "own", 3);
  wherry_module_t *module = module_of(world.engine, text);
  for (int i = 0; i < 3; i++) {
    wherry_instance_t instance;
    int32_t byte;
    assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
    uint8_t *data = memory_of(world.store, instance, &size);
    assert_memory_equal(data, contents, size);
    assert_ok(call_i32(world.store, find_func(world.store, instance, "second"), 9, 0, &byte));
    assert_int_equal(byte, 'r');
    assert_ok(call_i32(world.store, find_func(world.store, instance, "late"), 2000000, 0, NULL));
    assert_memory_equal(data + 2000000, "later", 5);
    assert_error(call_i32(world.store, find_func(world.store, instance, "late"), 0, 0, NULL), TRAP,
                 "out of bounds");
  }
  assert_non_null(atomic_load(&module->image));
  wherry_module_release(module);
  free(text);
  free(contents);
  world_end(&world);
}

/* A segment that does not fit is an error in every instance; those before it were copied. */
static void data_that_do_not_fit_make_no_image(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  uint8_t *contents;
  char *text = text_with("", much, WH_COUNT(much), &contents);
  char *end = text + strlen(text) - 1;
  strcpy(end, "(data (i32.const 4194300) \"fives\"))");
  wherry_module_t *module = module_of(world.engine, text);
  for (int i = 0; i < 3; i++) {
    wherry_instance_t instance;
    assert_error(wherry_instance_new(world.store, module, NULL, 0, &instance), TRAP,
                 "data segment 8, of 5 bytes, does not fit");
  }
  assert_null(atomic_load(&module->image));
  wherry_module_release(module);
  free(text);
  free(contents);
  world_end(&world);
}

/* Of a table that every instance has of its own. */
static void every_instance_has_its_own_table(void **state) {
  (void)state;
  wherry_engine_t *engine;
  assert_ok(wherry_engine_new(NULL, &engine));
  wherry_module_t *module =
      module_of(engine, "(module"
                        "  (type $number (func (result i32)))"
                        "  (table $t 600 700 funcref)"
                        "  (global $mine (mut i32) (i32.const 1))"
                        "  (elem (i32.const 0) $one $two $mine)"
                        "  (elem (i32.const 597) $two $one $mine)"
                        "  (func $one (result i32) (i32.const 1))"
                        "  (func $two (result i32) (i32.const 2))"
                        "  (func $mine (result i32) (global.get $mine))"
                        "  (func (export \"call\") (param i32) (result i32)"
                        "    (call_indirect $t (type $number) (local.get 0)))"
                        "  (func (export \"copy\") (param i32 i32)"
                        "    (table.set $t (local.get 0) (table.get $t (local.get 1))))"
                        "  (func (export \"grow\") (param i32) (result i32)"
                        "    (table.grow $t (ref.func $two) (local.get 0)))"
                        "  (func (export \"set\") (param i32) (global.set $mine (local.get 0))))");
  wherry_store_t *stores[2];
  for (int i = 0; i < 2; i++) assert_ok(wherry_store_new(engine, &stores[i]));
  wherry_instance_t instances[20];
  for (int i = 0; i < 20; i++) {
    wherry_store_t *store = stores[i % 2];
    int32_t number;
    assert_ok(wherry_instance_new(store, module, NULL, 0, &instances[i]));
    wherry_func_t call = find_func(store, instances[i], "call");
    assert_ok(call_i32(store, call, 0, 0, &number));
    assert_int_equal(number, 1);
    assert_ok(call_i32(store, call, 597, 0, &number));
    assert_int_equal(number, 2);
    assert_error(call_i32(store, call, 300, 0, &number), TRAP, "uninitialized element");
    assert_ok(call_i32(store, find_func(store, instances[i], "set"), 100 + i, 0, NULL));
    assert_ok(call_i32(store, find_func(store, instances[i], "copy"), 0, 2, NULL));
    assert_ok(call_i32(store, find_func(store, instances[i], "copy"), 300, 599, NULL));
    assert_ok(call_i32(store, find_func(store, instances[i], "grow"), 10 + i, 0, &number));
    assert_int_equal(number, 600);
  }
  for (int i = 0; i < 20; i++) {
    wherry_store_t *store = stores[i % 2];
    int32_t number;
    wherry_func_t call = find_func(store, instances[i], "call");
    assert_ok(call_i32(store, call, 0, 0, &number));
    assert_int_equal(number, 100 + i);
    assert_ok(call_i32(store, call, 300, 0, &number));
    assert_int_equal(number, 100 + i);
    assert_ok(call_i32(store, call, 609 + i, 0, &number));
    assert_int_equal(number, 2);
    assert_error(call_i32(store, call, 610 + i, 0, &number), TRAP, "undefined element");
  }
  for (int i = 0; i < 2; i++) wherry_store_release(stores[i]);
  wherry_module_release(module);
  wherry_engine_release(engine);
}

/* Every allocation of the first three instances fails once: an error, or an instance as it should be. */
static void memory_may_end_while_an_image_is_made(void **state) {
  (void)state;
  uint8_t *contents;
  uint64_t size;
  char *text = text_with("", much, WH_COUNT(much), &contents);
  size_t length = strlen(text);
  bool failed = true;
  for (size_t fail_at = 1; failed; fail_at++) {
    failing_t failing = {0};
    wherry_allocator_t allocator = {failing_reallocate, &failing};
    wherry_config_t *config;
    wherry_engine_t *engine;
    wherry_module_t *module;
    assert_ok(wherry_config_new(&allocator, &config));
    assert_ok(wherry_engine_new(config, &engine));
    assert_ok(wherry_module_new_text(engine, text, length, NULL, &module));
    failing.calls = 0;
    failing.fail_at = fail_at;
    failed = false;
    for (int i = 0; i < 3; i++) {
      wherry_store_t *store = NULL;
      wherry_instance_t instance;
      wherry_error_t *error = wherry_store_new(engine, &store);
      if (!error) error = wherry_instance_new(store, module, NULL, 0, &instance);
      if (error) {
        assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
        failed = true;
      } else {
        uint8_t *data = memory_of(store, instance, &size);
        assert_memory_equal(data, contents, size);
        memset(data, 0xEE, (size_t)size);
      }
      wherry_error_release(error);
      wherry_store_release(store);
      failing.fail_at = 0;
    }
    wherry_module_release(module);
    wherry_engine_release(engine);
    wherry_config_release(config);
    assert_int_equal(failing.live_blocks, 0);
    assert_int_equal(failing.live_bytes, 0);
  }
  free(text);
  free(contents);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_instance_begins_with_the_same_memory),
      cmocka_unit_test(without_images_segments_are_copied),
      cmocka_unit_test(an_imported_memory_gets_the_segments),
      cmocka_unit_test(an_image_is_not_all_there_is),
      cmocka_unit_test(data_that_do_not_fit_make_no_image),
      cmocka_unit_test(every_instance_has_its_own_table),
      cmocka_unit_test(memory_may_end_while_an_image_is_made),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
