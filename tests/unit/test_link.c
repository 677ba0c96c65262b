/* Imports and exports, instantiation in its order, the linker, images. */
#include "world.h"

static wherry_error_t *nothing(void *data, wherry_caller_t *caller, wherry_slot_t *slots) {
  (void)data, (void)caller, (void)slots;
  return NULL;
}

/* What guests/wants.wasm wants, in its order. */
static void fitting_imports(wherry_store_t *store, wherry_extern_t *imports) {
  wherry_value_t offset = wherry_i32(40), counter = wherry_i64(7);
  imports[0] = extern_func(slot_func(store, "ii:", nothing, false, NULL));
  imports[1].kind = WHERRY_EXTERN_MEMORY;
  assert_ok(wherry_memory_new(store, 1, 2, &imports[1].of.memory));
  imports[2].kind = WHERRY_EXTERN_TABLE;
  assert_ok(wherry_table_new(store, WHERRY_FUNCREF, 3, 4, NULL, &imports[2].of.table));
  imports[3].kind = WHERRY_EXTERN_GLOBAL;
  assert_ok(wherry_global_new(store, &offset, false, &imports[3].of.global));
  imports[4].kind = WHERRY_EXTERN_GLOBAL;
  assert_ok(wherry_global_new(store, &counter, true, &imports[4].of.global));
}

static void imports_are_shared_not_copied(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_module(world.engine, "guests/wants.wasm");
  wherry_extern_t imports[5];
  fitting_imports(world.store, imports);
  wherry_instance_t instance;
  assert_ok(wherry_instance_new(world.store, module, imports, 5, &instance));

  /* Exports of what was imported are the very same entities. */
  wherry_extern_t item = find_export(world.store, instance, "on_word");
  assert_memory_equal(&item.of.func, &imports[0].of.func, sizeof item.of.func);
  item = find_export(world.store, instance, "memory");
  assert_memory_equal(&item.of.memory, &imports[1].of.memory, sizeof item.of.memory);
  item = find_export(world.store, instance, "table");
  assert_memory_equal(&item.of.table, &imports[2].of.table, sizeof item.of.table);

  /* A mutable global is one cell, seen from three sides. */
  wherry_value_t value;
  wherry_func_t count = find_func(world.store, instance, "count");
  assert_ok(wherry_func_call(world.store, count, NULL, 0, &value, 1));
  assert_int_equal(value.of.i64, 8);
  assert_ok(wherry_global_get(world.store, imports[4].of.global, &value));
  assert_int_equal(value.of.i64, 8);
  item = find_export(world.store, instance, "counter");
  value = wherry_i64(100);
  assert_ok(wherry_global_set(world.store, item.of.global, &value));
  assert_ok(wherry_func_call(world.store, count, NULL, 0, &value, 1));
  assert_int_equal(value.of.i64, 101);

  /* Constant expressions, data and elements. */
  item = find_export(world.store, instance, "sum");
  assert_ok(wherry_global_get(world.store, item.of.global, &value));
  assert_int_equal(value.of.i32, 42);
  value = wherry_i32(1);
  assert_error(wherry_global_set(world.store, item.of.global, &value), TYPE, "immutable");
  char text[2];
  assert_ok(wherry_memory_read(world.store, imports[1].of.memory, 40, text, 2));
  assert_memory_equal(text, "hi", 2);
  assert_ok(wherry_table_get(world.store, imports[2].of.table, 1, &value));
  assert_memory_equal(&value.of.func, &count, sizeof count);
  assert_ok(wherry_table_get(world.store, imports[2].of.table, 0, &value));
  assert_int_equal(value.of.func.store, 0);
  wherry_module_release(module);
  world_end(&world);
}

static void all_problems_are_told_at_once(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_module(world.engine, "guests/wants.wasm");
  wherry_extern_t imports[5];
  wherry_instance_t instance;
  fitting_imports(world.store, imports);
  assert_error(wherry_instance_new(world.store, module, imports, 4, &instance), UNLINKABLE,
               "the module has 5 imports, but 4 were given");
  imports[0] = extern_func(slot_func(world.store, "i:i", nothing, false, NULL));
  assert_ok(wherry_memory_new(world.store, 1, 4, &imports[1].of.memory));
  imports[4] = imports[1];
  wherry_error_t *error = wherry_instance_new(world.store, module, imports, 5, &instance);
  assert_non_null(error);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_UNLINKABLE);
  assert_string_equal(wherry_error_message(error),
                      "3 imports are missing or do not fit:\n"
                      "  env.on_word: func (i32, i32) wanted, func (i32) -> i32 given\n"
                      "  env.memory: memory 1..2 wanted, memory 1..4 given\n"
                      "  env.counter: global mut i64 wanted, memory 1..4 given");
  wherry_error_release(error);
  assert_int_equal(wherry_store_instances(world.store), 0);

  /* Entities of another store, stale ones, none. */
  world_t other = world_of(NULL);
  fitting_imports(world.store, imports);
  assert_ok(wherry_memory_new(other.store, 1, 2, &imports[1].of.memory));
  assert_error(wherry_instance_new(world.store, module, imports, 5, &instance), STATE,
               "belongs to another store");
  world_end(&other);
  memset(&imports[1].of, 0, sizeof imports[1].of);
  assert_error(wherry_instance_new(world.store, module, imports, 5, &instance), STATE,
               "a memory is wanted, but none was given");
  wherry_module_release(module);
  world_end(&world);
}

static void sizes_count_as_they_are_now(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_module(world.engine, "guests/wants.wasm");
  wherry_extern_t imports[5];
  wherry_instance_t instance;
  fitting_imports(world.store, imports);
  assert_ok(wherry_memory_new(world.store, 0, 2, &imports[1].of.memory));
  assert_error(wherry_instance_new(world.store, module, imports, 5, &instance), UNLINKABLE,
               "env.memory: memory 1..2 wanted, memory 0..2 given");
  assert_ok(wherry_memory_grow(world.store, imports[1].of.memory, 1, NULL));
  assert_ok(wherry_instance_new(world.store, module, imports, 5, &instance));
  wherry_module_release(module);
  world_end(&world);
}

static wherry_error_t *number(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                              size_t arg_count, wherry_value_t *results, size_t result_count) {
  (void)caller, (void)args, (void)arg_count;
  if (result_count) results[0].of.i32 = *(int *)data;
  return NULL;
}

static void the_linker_finds_by_name(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_module(world.engine, "guests/wants.wasm");
  wherry_linker_t *linker;
  wherry_instance_t instance;
  wherry_extern_t imports[5];
  assert_ok(wherry_linker_new(world.engine, &linker));
  fitting_imports(world.store, imports);
  assert_ok(wherry_linker_define(linker, "env", 3, "memory", 6, &imports[1]));
  assert_ok(wherry_linker_define(linker, "env", 3, "on_wort", 7, &imports[0]));
  assert_ok(wherry_linker_define(linker, "env", 3, "offset", 6, &imports[4]));
  wherry_error_t *error = wherry_linker_instantiate(linker, world.store, module, &instance);
  assert_non_null(error);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_UNLINKABLE);
  const char *message = wherry_error_message(error);
  assert_non_null(strstr(message, "4 imports are missing or do not fit:\n"
                                  "  env.on_word: missing; the module wants func (i32, i32)"));
  assert_non_null(strstr(message, "env.on_wort"));
  assert_non_null(strstr(message, "\n  env.table: missing; the module wants table 2..4 funcref"));
  assert_non_null(strstr(message, "\n  env.offset: global i32 wanted, global mut i64 given"));
  wherry_error_release(error);

  static const char *const names[] = {"on_word", "memory", "table", "offset", "counter"};
  for (size_t i = 0; i < 5; i++)
    assert_ok(wherry_linker_define(linker, "env", 3, names[i], strlen(names[i]), &imports[i]));
  assert_ok(wherry_linker_instantiate(linker, world.store, module, &instance));

  /* In another store those entities are no use. */
  wherry_store_t *other;
  assert_ok(wherry_store_new(world.engine, &other));
  assert_error(wherry_linker_instantiate(linker, other, module, &instance), UNLINKABLE,
               "env.memory: it belongs to another store");
  wherry_store_release(other);

  wherry_extern_t item;
  assert_error(wherry_linker_get(linker, world.store, "env", 3, "memry", 5, &item), UNLINKABLE,
               "env.memory");
  assert_ok(wherry_linker_get(linker, world.store, "env", 3, "memory", 6, &item));
  assert_memory_equal(&item.of.memory, &imports[1].of.memory, sizeof item.of.memory);
  wherry_linker_release(linker);
  wherry_module_release(module);
  world_end(&world);
}

static void host_functions_of_a_linker_serve_every_store(void **state) {
  (void)state;
  int ended = 0, answer = 20;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_module(world.engine, "guests/calls.wasm");
  wherry_functype_t *type = parse_type("i:i");
  wherry_linker_t *linker;
  assert_ok(wherry_linker_new(world.engine, &linker));
  assert_ok(
      wherry_linker_define_func(linker, "env", 3, "host", 4, type, number, &ended, count_end));
  /* Given again: what it replaces ends. */
  assert_ok(
      wherry_linker_define_func(linker, "env", 3, "host", 4, type, number, &answer, count_end));
  assert_int_equal(ended, 1);
  assert_ok(
      wherry_linker_define_func(linker, "env", 3, "step", 4, type, number, &ended, count_end));
  wherry_functype_release(type);
  wherry_store_t *stores[3] = {world.store};
  for (int i = 0; i < 3; i++) {
    if (i) assert_ok(wherry_store_new(world.engine, &stores[i]));
    for (int twice = 0; twice < 2; twice++) {
      wherry_instance_t instance;
      int32_t result;
      assert_ok(wherry_linker_instantiate(linker, stores[i], module, &instance));
      assert_ok(call_i32(stores[i], find_func(stores[i], instance, "call_host"), 1, 0, &result));
      assert_int_equal(result, 21);
    }
  }
  wherry_linker_release(linker);
  wherry_module_release(module);
  wherry_store_release(stores[1]);
  wherry_store_release(stores[2]);
  assert_int_equal(answer, 20);
  world_end(&world);
  assert_int_equal(answer, 21);
  assert_int_equal(ended, 2);
}

static void an_instance_can_be_linked_to(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_module(world.engine, "guests/wants.wasm");
  wherry_linker_t *linker;
  wherry_extern_t imports[5];
  wherry_instance_t first, second;
  assert_ok(wherry_linker_new(world.engine, &linker));
  fitting_imports(world.store, imports);
  assert_ok(wherry_instance_new(world.store, module, imports, 5, &first));
  assert_ok(wherry_linker_define_instance(linker, world.store, "env", 3, first));
  assert_ok(wherry_linker_instantiate(linker, world.store, module, &second));
  wherry_value_t value;
  assert_ok(
      wherry_func_call(world.store, find_func(world.store, second, "count"), NULL, 0, &value, 1));
  assert_int_equal(value.of.i64, 8);
  assert_ok(wherry_global_get(world.store, imports[4].of.global, &value));
  assert_int_equal(value.of.i64, 8);
  wherry_linker_release(linker);
  wherry_module_release(module);
  world_end(&world);
}

static void segments_before_a_trap_stay(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_module(world.engine, "guests/segments.wasm");
  wherry_extern_t imports[2];
  wherry_instance_t instance;
  imports[0].kind = WHERRY_EXTERN_MEMORY;
  assert_ok(wherry_memory_new(world.store, 1, UINT64_MAX, &imports[0].of.memory));
  imports[1].kind = WHERRY_EXTERN_TABLE;
  assert_ok(
      wherry_table_new(world.store, WHERRY_FUNCREF, 2, UINT64_MAX, NULL, &imports[1].of.table));
  wherry_error_t *error = wherry_instance_new(world.store, module, imports, 2, &instance);
  assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS);
  assert_string_equal(wherry_error_message(error),
                      "out of bounds memory access: data segment 1, of 7 bytes, does not fit at "
                      "65535 in a memory of 65536 bytes");
  wherry_error_release(error);
  char text[5];
  assert_ok(wherry_memory_read(world.store, imports[0].of.memory, 0, text, 5));
  assert_memory_equal(text, "stays", 5);
  /* The function of the instance that failed can still be called. */
  wherry_module_release(module);
  wherry_value_t value;
  assert_ok(wherry_table_get(world.store, imports[1].of.table, 0, &value));
  assert_ok(wherry_func_call(world.store, value.of.func, NULL, 0, &value, 1));
  assert_int_equal(value.of.i32, 7);
  world_end(&world);
}

typedef struct starting {
  wherry_store_t *store;
  int how;
} starting_t;

static wherry_error_t *started(void *data, wherry_caller_t *caller, wherry_slot_t *slots) {
  (void)slots;
  starting_t *starting = data;
  if (starting->how == 1) return wherry_error_new_host("not today", NULL, NULL);
  if (starting->how == 2) wherry_store_close(wherry_caller_store(caller));
  if (starting->how == 3) wherry_store_release(starting->store);
  starting->how = -1;
  return NULL;
}

static void a_start_function_may_do_what_it_likes(void **state) {
  (void)state;
  for (int how = 0; how < 4; how++) {
    world_t world = world_of(NULL);
    wherry_module_t *module = load_module(world.engine, "guests/start.wasm");
    starting_t starting = {world.store, how};
    wherry_extern_t import = extern_func(slot_func(world.store, ":", started, false, &starting));
    wherry_instance_t instance;
    wherry_error_t *error = wherry_instance_new(world.store, module, &import, 1, &instance);
    if (how == 0)
      assert_ok(error);
    else if (how == 1)
      assert_error(error, HOST, "not today");
    else if (how == 2)
      assert_error(error, STATE, "closed");
    else
      assert_error(error, STATE, "released");
    if (how != 1) assert_int_equal(starting.how, -1);
    wherry_module_release(module);
    if (how != 3) wherry_store_release(world.store);
    wherry_engine_release(world.engine);
  }
}

static void exports_are_found_or_named(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_module(world.engine, OWN_GUESTS "simple.wasm"), *got;
  wherry_instance_t instance, none = {0, 0};
  wherry_extern_t item;
  assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
  assert_error(wherry_instance_find(world.store, instance, "sun", 3, &item), UNLINKABLE, "\"sum\"");
  assert_error(wherry_instance_export(world.store, instance, 1000, &item), RANGE, "exports");
  for (size_t i = 0; i < wherry_module_export_count(module); i++) {
    assert_ok(wherry_instance_export(world.store, instance, i, &item));
    assert_int_equal(item.kind, wherry_externtype_kind(wherry_module_export_type(module, i)));
    wherry_bytes_t name = wherry_module_export_name(module, i);
    assert_int_equal(wherry_module_find_export(module, (const char *)name.data, name.size), i);
  }
  assert_ok(wherry_instance_module(world.store, instance, &got));
  assert_ptr_equal(got, module);
  assert_ok(wherry_instance_module(world.store, none, &got));
  assert_null(got);
  none.store = instance.store;
  none.index = UINT64_C(7) << 32;
  assert_error(wherry_instance_module(world.store, none, &got), STATE, "no such instance");
  wherry_module_release(module);
  world_end(&world);
}

/* ---- images: a module whose data are worth one ---- */

static uint8_t *put_leb(uint8_t *at, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)value;
  return at;
}

/* (module (memory (export "m") 4 8) (data (i32.const 100) …) (data (i32.const at) "mark")) */
static blob_t module_with_data(size_t size, uint32_t at) {
  blob_t blob = {malloc(size + 200), 0};
  uint8_t *next = blob.data, section[64], *end;
  static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0,   5, 4, 1,
                                 1, 4,   8,   7,   5, 1, 1, 'm', 2, 0, 11};
  memcpy(next, head, sizeof head);
  next += sizeof head;
  end = section;
  *end++ = 2;
  *end++ = 0;
  *end++ = 0x41;
  *end++ = 0xE4; /* 100, as a signed LEB128 */
  *end++ = 0;
  *end++ = 0x0B;
  end = put_leb(end, size);
  uint8_t second[32], *second_end = second;
  *second_end++ = 0;
  *second_end++ = 0x41;
  for (int i = 0; i < 4; i++) *second_end++ = (uint8_t)(at >> (7 * i) | 0x80);
  *second_end++ = (uint8_t)(at >> 28);
  *second_end++ = 0x0B;
  *second_end++ = 4;
  memcpy(second_end, "mark", 4);
  second_end += 4;
  next = put_leb(next, (uint64_t)(end - section) + size + (uint64_t)(second_end - second));
  memcpy(next, section, (size_t)(end - section));
  next += end - section;
  for (size_t i = 0; i < size; i++) *next++ = (uint8_t)(i * 7 + 1);
  memcpy(next, second, (size_t)(second_end - second));
  next += second_end - second;
  blob.size = (size_t)(next - blob.data);
  return blob;
}

static void check_data(const uint8_t *memory, uint64_t memory_size, size_t size, uint32_t mark) {
  for (uint64_t i = 0; i < memory_size; i++) {
    uint8_t wanted = i >= 100 && i < 100 + size ? (uint8_t)((i - 100) * 7 + 1) : 0;
    if (i >= mark && i < mark + 4) wanted = (uint8_t)"mark"[i - mark];
    if (memory[i] != wanted) {
      print_error("byte %llu is %d, not %d\n", (unsigned long long)i, memory[i], wanted);
      fail();
    }
  }
}

static void instances_do_not_see_each_others_writes(void **state) {
  (void)state;
  enum { SIZE = 150000 };
  for (int spread = 0; spread < 2; spread++) {
    uint32_t mark = spread ? 260000 : 5000;
    wherry_engine_t *engine;
    wherry_module_t *module, *small_module;
    assert_ok(wherry_engine_new(NULL, &engine));
    blob_t blob = module_with_data(SIZE, mark), small = module_with_data(50, mark);
    assert_ok(wherry_module_new(engine, blob.data, blob.size, &module));
    assert_ok(wherry_module_new(engine, small.data, small.size, &small_module));
    free(blob.data);
    free(small.data);
    for (int round = 0; round < 6; round++) {
      wherry_store_t *stores[3];
      uint8_t *data;
      uint64_t size;
      for (int i = 0; i < 3; i++) {
        wherry_instance_t instance;
        assert_ok(wherry_store_new(engine, &stores[i]));
        bool is_small = (round + i) % 3 == 0; /* memories change hands between the modules */
        assert_ok(
            wherry_instance_new(stores[i], is_small ? small_module : module, NULL, 0, &instance));
        wherry_extern_t item = find_export(stores[i], instance, "m");
        assert_ok(wherry_memory_data(stores[i], item.of.memory, &data, &size));
        assert_int_equal(size, 4 * 65536);
        check_data(data, size, is_small ? 50 : SIZE, mark);
        assert_ok(wherry_memory_grow(stores[i], item.of.memory, 1, NULL));
        assert_ok(wherry_memory_data(stores[i], item.of.memory, &data, &size));
        check_data(data, size, is_small ? 50 : SIZE, mark);
        memset(data, 0xEE, size);
      }
      for (int i = 0; i < 3; i++) wherry_store_release(stores[i]);
    }
    wherry_module_release(module);
    wherry_module_release(small_module);
    wherry_engine_release(engine);
  }
}

static void limits_of_a_store_are_kept(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_module(world.engine, OWN_GUESTS "simple.wasm");
  wherry_instance_t instance;
  assert_ok(wherry_store_set_memory_limit(world.store, 65535));
  wherry_error_t *error = wherry_instance_new(world.store, module, NULL, 0, &instance);
  assert_string_equal(wherry_error_limit(error), "memory");
  wherry_error_release(error);
  assert_int_equal(wherry_store_instances(world.store), 0);
  assert_int_equal(wherry_store_memory_used(world.store), 0);
  assert_ok(wherry_store_set_memory_limit(world.store, 65536 * 3));
  assert_ok(wherry_store_set_instance_limit(world.store, 2));
  assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
  assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
  error = wherry_instance_new(world.store, module, NULL, 0, &instance);
  assert_string_equal(wherry_error_limit(error), "instances");
  wherry_error_release(error);
  assert_int_equal(wherry_store_instances(world.store), 2);
  wherry_module_release(module);
  world_end(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(imports_are_shared_not_copied),
      cmocka_unit_test(all_problems_are_told_at_once),
      cmocka_unit_test(sizes_count_as_they_are_now),
      cmocka_unit_test(the_linker_finds_by_name),
      cmocka_unit_test(host_functions_of_a_linker_serve_every_store),
      cmocka_unit_test(an_instance_can_be_linked_to),
      cmocka_unit_test(segments_before_a_trap_stay),
      cmocka_unit_test(a_start_function_may_do_what_it_likes),
      cmocka_unit_test(exports_are_found_or_named),
      cmocka_unit_test(instances_do_not_see_each_others_writes),
      cmocka_unit_test(limits_of_a_store_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
