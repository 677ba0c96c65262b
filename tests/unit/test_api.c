/* The public functions, one noun after another: what they take, refuse and say. */
#include "world.h"

static void the_version_is_that_of_the_headers(void **state) {
  (void)state;
  assert_string_equal(wherry_version(), WHERRY_VERSION_STRING);
  assert_int_equal(wherry_abi_version(), WHERRY_ABI_VERSION);
}

static void configs_refuse_what_makes_no_sense(void **state) {
  (void)state;
  wherry_config_t *config;
  wherry_engine_t *engine;
  assert_ok(wherry_config_new(NULL, &config));
  assert_error(wherry_config_set_feature(config, WHERRY_FEATURE_COUNT, true), RANGE, "feature");
  assert_error(wherry_config_set_memory_reservation(config, 100), RANGE, "page");
  assert_error(wherry_config_set_stack_size(config, 65535), RANGE, "65536");
  assert_error(wherry_config_set_call_depth(config, 0), RANGE, "at least 1");
  assert_error(wherry_config_set_tick(config, 0), RANGE, "tick");
  assert_ok(wherry_config_set_feature(config, WHERRY_FEATURE_MULTI_VALUE, false));
  wherry_config_retain(config);
  wherry_config_release(config);
  assert_ok(wherry_engine_new(config, &engine));
  wherry_config_release(config);
  wherry_config_release(NULL);
  /* What the config says, the engine does: guests/calls.wasm has a function with three results. */
  blob_t blob = blob_read("guests/calls.wasm");
  assert_error(wherry_module_validate(engine, blob.data, blob.size), INVALID, "multi-value");
  free(blob.data);
  wherry_engine_release(engine);
  wherry_engine_release(NULL);
}

/* The names of what is on, as a list. */
static void assert_features(const wherry_config_t *config, const char *list) {
  char text[512] = "";
  for (wherry_feature_t i = 0; i < WHERRY_FEATURE_COUNT; i++)
    if (wherry_config_feature(config, i))
      sprintf(text + strlen(text), "%s%s", *text ? "," : "", wherry_feature_name(i));
  assert_string_equal(text, list);
}

static void features_are_switched_by_name(void **state) {
  (void)state;
  wherry_config_t *config;
  wherry_engine_t *engine;
  wherry_feature_t feature;
  for (wherry_feature_t i = 0; i < WHERRY_FEATURE_COUNT; i++) {
    const char *name = wherry_feature_name(i);
    assert_ok(wherry_feature_find(name, strlen(name), &feature));
    assert_int_equal(feature, i);
  }
  assert_ok(wherry_feature_find("tail_call", 9, &feature));
  assert_int_equal(feature, WHERRY_FEATURE_TAIL_CALL);
  assert_error(wherry_feature_find("tail-cal", 8, &feature), RANGE,
               "there is no feature \"tail-cal\"; did you mean \"tail-call\"?");
  assert_error(wherry_feature_find("", 0, &feature), RANGE, "there is no feature \"\"; there are");

  assert_ok(wherry_config_new(NULL, &config));
  assert_true(wherry_config_feature(config, WHERRY_FEATURE_SIMD));
  assert_false(wherry_config_feature(config, WHERRY_FEATURE_WIDE_ARITHMETIC));
  assert_false(wherry_config_feature(config, WHERRY_FEATURE_COUNT));
  assert_ok(wherry_config_set_features(config, "none"));
  assert_features(config, "");
  assert_ok(wherry_config_set_features(config, "+simd,tail-call,,-tail-call,multi-value,"));
  assert_features(config, "multi-value,simd");
  assert_error(wherry_config_set_features(config, "none,tail-call,fly"), RANGE, "\"fly\"");
  assert_features(config, "multi-value,simd");
  /* What is needed comes too; what needs it goes too. */
  assert_ok(wherry_config_set_features(config, "none,relaxed-simd"));
  assert_features(config, "simd,relaxed-simd");
  assert_ok(wherry_config_set_feature(config, WHERRY_FEATURE_SIMD, false));
  assert_features(config, "");
  assert_ok(wherry_config_set_features(config, "reference-types"));
  assert_features(config, "bulk-memory,reference-types");
  assert_ok(wherry_config_set_features(config, "none,gc"));
  assert_features(config, "bulk-memory,reference-types,function-references,gc");
  assert_ok(wherry_config_set_features(config, "exceptions,-function-references"));
  assert_features(config, "bulk-memory,reference-types,exceptions");
  assert_ok(wherry_config_set_features(config, "-bulk-memory"));
  assert_features(config, "");
  assert_ok(wherry_config_set_features(config, "-none,-reference-types"));
  assert_false(wherry_config_feature(config, WHERRY_FEATURE_GC));
  assert_true(wherry_config_feature(config, WHERRY_FEATURE_BULK_MEMORY));
  assert_ok(wherry_engine_new(config, &engine));
  assert_false(wherry_engine_feature(engine, WHERRY_FEATURE_REFERENCE_TYPES));
  assert_true(wherry_engine_feature(engine, WHERRY_FEATURE_SIMD));
  wherry_config_release(config);
  wherry_engine_release(engine);
}

static void a_small_stack_is_used_up_sooner(void **state) {
  (void)state;
  wherry_config_t *config;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_stack_size(config, 65536));
  world_t world = world_of(config);
  wherry_config_release(config);
  wherry_module_t *module = load_module(world.engine, OWN_GUESTS "simple.wasm");
  wherry_instance_t instance;
  assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
  wherry_func_t recurse = find_func(world.store, instance, "recurse");
  int32_t result;
  assert_ok(call_i32(world.store, recurse, -100, 0, &result));
  assert_int_equal(result, 100);
  assert_error(call_i32(world.store, recurse, -100000, 0, NULL), TRAP, "call stack exhausted");
  wherry_module_release(module);
  world_end(&world);
}

static void function_types_are_made_and_printed(void **state) {
  (void)state;
  wherry_functype_t *type, *same;
  char text[64];
  assert_ok(wherry_functype_parse("ilfdrc:di", &type));
  assert_int_equal(wherry_functype_param_count(type), 6);
  assert_int_equal(wherry_functype_result_count(type), 2);
  assert_int_equal(wherry_functype_param(type, 4), WHERRY_EXTERNREF);
  assert_int_equal(wherry_functype_result(type, 0), WHERRY_F64);
  assert_int_equal(wherry_functype_param(type, 6), 0);
  size_t size = wherry_functype_print(type, text, sizeof text);
  assert_string_equal(text, "func (i32, i64, f32, f64, externref, funcref) -> (f64, i32)");
  assert_int_equal(size, strlen(text));
  assert_int_equal(wherry_functype_print(type, text, 5), size);
  assert_string_equal(text, "func");
  assert_int_equal(wherry_functype_print(type, NULL, 0), size);
  wherry_valtype_t params[6], results[2] = {WHERRY_F64, WHERRY_I32};
  for (size_t i = 0; i < 6; i++) params[i] = wherry_functype_param(type, i);
  assert_ok(wherry_functype_new(params, 6, results, 2, &same));
  assert_true(wherry_functype_equal(type, same));
  wherry_functype_release(same);
  params[3] = 0x55;
  assert_error(wherry_functype_new(params, 6, results, 2, &same), TYPE, "0x55");
  wherry_functype_retain(type);
  wherry_functype_release(type);
  wherry_functype_release(type);
  wherry_functype_release(NULL);
  assert_error(wherry_functype_parse("ii", &type), TYPE, "':'");
  assert_error(wherry_functype_parse("ix:i", &type), TYPE, "'x'");
  assert_ok(wherry_functype_parse(":", &type));
  assert_int_equal(wherry_functype_param_count(type) + wherry_functype_result_count(type), 0);
  wherry_functype_release(type);
}

static void modules_describe_themselves(void **state) {
  (void)state;
  wherry_engine_t *engine;
  assert_ok(wherry_engine_new(NULL, &engine));
  wherry_module_t *module = load_module(engine, "guests/wants.wasm");
  assert_int_equal(wherry_module_import_count(module), 5);
  static const char *const types[] = {"func (i32, i32)", "memory 1..2", "table 2..4 funcref",
                                      "global i32", "global mut i64"};
  char text[64];
  for (size_t i = 0; i < 5; i++) {
    assert_memory_equal(wherry_module_import_module(module, i).data, "env", 3);
    wherry_externtype_print(wherry_module_import_type(module, i), text, sizeof text);
    assert_string_equal(text, types[i]);
  }
  const wherry_externtype_t *memory = wherry_module_import_type(module, 1);
  assert_int_equal(wherry_externtype_kind(memory), WHERRY_EXTERN_MEMORY);
  assert_int_equal(wherry_externtype_minimum(memory), 1);
  assert_int_equal(wherry_externtype_maximum(memory), 2);
  assert_null(wherry_externtype_functype(memory));
  assert_true(wherry_externtype_mutable(wherry_module_import_type(module, 4)));
  assert_int_equal(wherry_externtype_valtype(wherry_module_import_type(module, 4)), WHERRY_I64);
  assert_int_equal(wherry_module_find_export(module, "nope", 4), SIZE_MAX);
  assert_int_equal(wherry_module_function_count(module), 1);
  assert_int_equal(wherry_module_compiled_count(module), 0);
  assert_true(wherry_module_custom_section_count(module) > 0);
  assert_memory_equal(wherry_module_custom_section_name(module, 0).data, "name", 4);
  assert_true(wherry_module_custom_section(module, 0).size > 0);
  blob_t blob = blob_read("guests/wants.wasm");
  wherry_bytes_t bytes = wherry_module_bytes(module);
  assert_int_equal(bytes.size, blob.size);
  assert_memory_equal(bytes.data, blob.data, blob.size);
  assert_ok(wherry_module_validate(engine, blob.data, blob.size));
  assert_error(wherry_module_validate(engine, blob.data, blob.size - 1), MALFORMED, "");
  free(blob.data);
  wherry_module_retain(module);
  wherry_module_release(module);
  wherry_module_release(module);
  wherry_engine_release(engine);
}

static void functions_describe_themselves(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_module(world.engine, OWN_GUESTS "simple.wasm");
  wherry_instance_t instance;
  assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
  wherry_func_t sum = find_func(world.store, instance, "sum");
  uint32_t index;
  const char *name, *again;
  assert_ok(wherry_func_describe(world.store, sum, &index, &name));
  assert_string_equal(name, "sum");
  assert_int_equal(index, (uint32_t)sum.index);
  assert_ok(wherry_func_describe(world.store, sum, &index, &again));
  assert_ptr_equal(name, again);
  const wherry_functype_t *type;
  assert_ok(wherry_func_type(world.store, sum, &type));
  assert_int_equal(wherry_functype_param_count(type), 2);
  assert_null(wherry_func_data(world.store, sum));
  wherry_module_release(module);
  world_end(&world);
}

static void memories_are_read_written_and_grown(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_memory_t memory;
  assert_error(wherry_memory_new(world.store, 65537, UINT64_MAX, &memory), RANGE, "65536 pages");
  assert_error(wherry_memory_new(world.store, 1, 65537, &memory), RANGE, "65537");
  assert_error(wherry_memory_new(world.store, 2, 1, &memory), RANGE, "above its maximum");
  assert_ok(wherry_memory_new(world.store, 1, 3, &memory));
  uint8_t *data, *view;
  uint64_t size, previous, maximum;
  const uint64_t *live;
  assert_ok(wherry_memory_data(world.store, memory, &data, &size));
  assert_ok(wherry_memory_view(world.store, memory, &view, &live));
  assert_ptr_equal(data, view);
  assert_int_equal(*live, 65536);
  assert_ok(wherry_memory_write(world.store, memory, 65530, "abcdef", 6));
  assert_error(wherry_memory_write(world.store, memory, 65531, "abcdef", 6), RANGE,
               "6 bytes at 65531 lie outside a memory of 65536 bytes");
  assert_error(wherry_memory_read(world.store, memory, UINT64_MAX, data, 2), RANGE, "outside");
  assert_ok(wherry_memory_grow(world.store, memory, 2, &previous));
  assert_int_equal(previous, 1);
  assert_int_equal(*live, 3 * 65536);
  char text[6];
  assert_ok(wherry_memory_read(world.store, memory, 65530, text, 6));
  assert_memory_equal(text, "abcdef", 6);
  assert_int_equal(view[3 * 65536 - 1], 0);
  assert_ok(wherry_memory_grow(world.store, memory, 0, &previous));
  assert_int_equal(previous, 3);
  wherry_error_t *error = wherry_memory_grow(world.store, memory, 1, NULL);
  assert_string_equal(wherry_error_limit(error), "memory");
  wherry_error_release(error);
  assert_error(wherry_memory_grow(world.store, memory, UINT64_MAX, NULL), LIMIT,
               "its maximum is 3 pages");
  assert_ok(wherry_memory_limits(world.store, memory, &size, &maximum));
  assert_int_equal(size, 3);
  assert_int_equal(maximum, 3);
  assert_int_equal(wherry_store_memory_used(world.store), 3 * 65536);
  assert_ok(wherry_store_set_memory_limit(world.store, 5 * 65536));
  assert_ok(wherry_memory_new(world.store, 1, 5, &memory));
  assert_error(wherry_memory_grow(world.store, memory, 2, NULL), LIMIT,
               "the store's memory limit is 5 pages");
  assert_ok(wherry_memory_new(world.store, 0, 0, &memory));
  assert_ok(wherry_memory_read(world.store, memory, 0, text, 0));
  assert_error(wherry_memory_read(world.store, memory, 0, text, 1), RANGE, "outside");
  world_end(&world);
}

static void a_held_memory_outlives_its_store(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_memory_t memory;
  uint8_t *data;
  const uint64_t *size;
  void *holds[2];
  assert_ok(wherry_memory_new(world.store, 2, UINT64_MAX, &memory));
  assert_ok(wherry_memory_view(world.store, memory, &data, &size));
  assert_ok(wherry_memory_hold(world.store, memory, &holds[0]));
  assert_ok(wherry_memory_hold(world.store, memory, &holds[1]));
  data[70000] = 7;
  world_end(&world);
  assert_int_equal(data[70000], 7);
  wherry_memory_unhold(holds[1]);
  assert_int_equal(*size, 131072);
  assert_int_equal(data[70000], 7);
  wherry_memory_unhold(holds[0]);
  wherry_memory_unhold(NULL);
}

static void the_reservation_bounds_growth(void **state) {
  (void)state;
  wherry_config_t *config;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_memory_reservation(config, 4 * 65536 + 100));
  world_t world = world_of(config);
  wherry_config_release(config);
  wherry_memory_t memory;
  assert_ok(wherry_memory_new(world.store, 1, UINT64_MAX, &memory));
  assert_ok(wherry_memory_grow(world.store, memory, 3, NULL));
  assert_error(wherry_memory_grow(world.store, memory, 1, NULL), LIMIT,
               "reservation of address space is 4 pages");
  assert_error(wherry_memory_new(world.store, 5, UINT64_MAX, &memory), LIMIT, "reservation");
  world_end(&world);
}

static void tables_hold_references_of_their_type(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_table_t table;
  wherry_value_t value = {.type = WHERRY_EXTERNREF}, number = wherry_i32(1), got;
  uint64_t size, previous, maximum;
  wherry_valtype_t element;
  assert_ok(wherry_externref_new(world.store, &world, NULL, &value.of.externref));
  assert_error(wherry_table_new(world.store, WHERRY_I32, 1, 2, NULL, &table), TYPE, "not i32");
  assert_error(wherry_table_new(world.store, WHERRY_EXTERNREF, 1, 2, &number, &table), TYPE,
               "expected externref, got i32");
  assert_error(wherry_table_new(world.store, WHERRY_FUNCREF, 3, 2, NULL, &table), RANGE, "above");
  assert_error(wherry_table_new(world.store, WHERRY_FUNCREF, UINT32_MAX, UINT64_MAX, NULL, &table),
               LIMIT, "too large");
  assert_ok(wherry_table_new(world.store, WHERRY_EXTERNREF, 2, 5, &value, &table));
  assert_ok(wherry_table_type(world.store, table, &element, &maximum));
  assert_int_equal(element, WHERRY_EXTERNREF);
  assert_int_equal(maximum, 5);
  assert_ok(wherry_table_get(world.store, table, 1, &got));
  assert_true(wherry_ref_equal(world.store, got.of.externref, value.of.externref));
  assert_error(wherry_table_get(world.store, table, 2, &got), RANGE, "2 elements");
  assert_error(wherry_table_set(world.store, table, 0, &number), TYPE, "expected externref");
  memset(&got.of, 0, sizeof got.of);
  assert_ok(wherry_table_set(world.store, table, 0, &got));
  assert_ok(wherry_table_grow(world.store, table, 3, &value, &previous));
  assert_int_equal(previous, 2);
  assert_ok(wherry_table_size(world.store, table, &size));
  assert_int_equal(size, 5);
  assert_ok(wherry_table_get(world.store, table, 4, &got));
  assert_true(wherry_ref_equal(world.store, got.of.externref, value.of.externref));
  assert_error(wherry_table_grow(world.store, table, 1, &value, NULL), LIMIT, "cannot grow");
  assert_int_equal(wherry_store_table_used(world.store), 5);
  assert_ok(wherry_store_set_table_limit(world.store, 6));
  assert_error(wherry_table_new(world.store, WHERRY_FUNCREF, 2, 5, NULL, &table), LIMIT,
               "limit of 6 elements");
  world_end(&world);
}

static void globals_keep_their_type(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_global_t changing, fixed;
  wherry_value_t value = wherry_f32(1.5f), other = wherry_i32(1), got;
  wherry_valtype_t type;
  bool is_mutable;
  assert_ok(wherry_global_new(world.store, &value, true, &changing));
  assert_ok(wherry_global_new(world.store, &value, false, &fixed));
  assert_ok(wherry_global_type(world.store, changing, &type, &is_mutable));
  assert_int_equal(type, WHERRY_F32);
  assert_true(is_mutable);
  assert_error(wherry_global_set(world.store, fixed, &value), TYPE, "immutable");
  assert_error(wherry_global_set(world.store, changing, &other), TYPE, "expected f32, got i32");
  value = wherry_f32(-2.5f);
  assert_ok(wherry_global_set(world.store, changing, &value));
  assert_ok(wherry_global_get(world.store, changing, &got));
  assert_true(got.of.f32 == -2.5f);
  assert_ok(wherry_global_get(world.store, fixed, &got));
  assert_true(got.of.f32 == 1.5f);
  value.type = WHERRY_V128;
  for (uint8_t i = 0; i < sizeof value.of.v128; i++) value.of.v128[i] = i;
  assert_ok(wherry_global_new(world.store, &value, true, &changing));
  assert_ok(wherry_global_get(world.store, changing, &got));
  assert_int_equal(got.type, WHERRY_V128);
  assert_memory_equal(got.of.v128, value.of.v128, sizeof value.of.v128);
  world_end(&world);
}

/* (module (func (import "h" "f") (param v128 i32) (result i32 v128))
           (func (export "f") (param v128 i32) (result i32 v128)
             (call 0 (local.get 0) (local.get 1)))) */
static const uint8_t vectors[] =
    "\0asm\1\0\0\0\x01\x08\x01\x60\x02\x7b\x7f\x02\x7f\x7b\x02\x07\x01\x01h\x01"
    "f\x00\x00\x03\x02\x01\x00\x07\x05\x01\x01"
    "f\x00\x01\x0a\x0a\x01\x08\x00\x20\x00\x20\x01\x10\x00\x0b";

static wherry_error_t *next_bytes(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                                  size_t arg_count, wherry_value_t *results, size_t result_count) {
  (void)data, (void)caller, (void)arg_count, (void)result_count;
  results[0].of.i32 = args[1].of.i32 + 1;
  for (size_t i = 0; i < sizeof results[1].of.v128; i++)
    results[1].of.v128[i] = (uint8_t)(args[0].of.v128[i] + 1);
  return NULL;
}

static void vectors_go_in_and_out(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module;
  assert_ok(wherry_module_new(world.engine, vectors, sizeof vectors - 1, &module));
  const wherry_functype_t *type = wherry_externtype_functype(wherry_module_import_type(module, 0));
  wherry_extern_t import = {.kind = WHERRY_EXTERN_FUNC}, export;
  assert_ok(wherry_func_new(world.store, type, next_bytes, NULL, NULL, &import.of.func));
  wherry_instance_t instance;
  assert_ok(wherry_instance_new(world.store, module, &import, 1, &instance));
  assert_ok(wherry_instance_find(world.store, instance, "f", 1, &export));
  wherry_value_t args[2] = {{.type = WHERRY_V128}, wherry_i32(41)}, results[2];
  for (uint8_t i = 0; i < sizeof args[0].of.v128; i++) args[0].of.v128[i] = i;
  assert_ok(wherry_func_call(world.store, export.of.func, args, 2, results, 2));
  assert_int_equal(results[0].of.i32, 42);
  assert_int_equal(results[1].type, WHERRY_V128);
  for (uint8_t i = 0; i < sizeof results[1].of.v128; i++)
    assert_int_equal(results[1].of.v128[i], i + 1);
  wherry_module_release(module);
  world_end(&world);
}

static void a_retained_type_holds_its_module(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module;
  assert_ok(wherry_module_new(world.engine, vectors, sizeof vectors - 1, &module));
  wherry_functype_t *type = (wherry_functype_t *)(uintptr_t)wherry_externtype_functype(
      wherry_module_import_type(module, 0));
  wherry_functype_retain(type);
  wherry_module_release(module);
  assert_int_equal(wherry_functype_param_count(type), 2);
  assert_int_equal(wherry_functype_param(type, 0), WHERRY_V128);
  wherry_functype_release(type);
  world_end(&world);
}

static wherry_error_t *idle(void *data, wherry_caller_t *caller, wherry_slot_t *slots) {
  (void)data, (void)caller, (void)slots;
  return NULL;
}

static void nothing_of_a_closed_store_can_be_used(void **state) {
  (void)state;
  world_t world = world_of(NULL), other = world_of(NULL);
  wherry_store_t *store = world.store;
  wherry_module_t *module = load_module(world.engine, OWN_GUESTS "simple.wasm");
  wherry_instance_t instance;
  wherry_value_t value = wherry_i32(1);
  wherry_memory_t memory;
  wherry_table_t table;
  wherry_global_t global;
  wherry_externref_t ref;
  uint8_t *data;
  uint64_t size;
  void *pointer;
  int ended = 0;
  assert_ok(wherry_instance_new(store, module, NULL, 0, &instance));
  assert_ok(wherry_memory_new(store, 1, 1, &memory));
  assert_ok(wherry_table_new(store, WHERRY_FUNCREF, 1, 1, NULL, &table));
  assert_ok(wherry_global_new(store, &value, true, &global));
  assert_ok(wherry_externref_new(store, &ended, count_end, &ref));
  wherry_functype_t *type = parse_type(":");
  wherry_func_t func;
  assert_ok(wherry_func_new_slots(store, type, idle, false, &ended, count_end, &func));
  wherry_functype_release(type);
  wherry_store_set_data(store, &ended, count_end);
  wherry_store_set_data(store, &ended, count_end);
  assert_int_equal(ended, 1);

  /* In another store they mean nothing, though it has such things itself. */
  wherry_memory_t its_memory;
  assert_ok(wherry_memory_new(other.store, 1, 1, &its_memory));
  assert_error(wherry_memory_data(other.store, memory, &data, &size), STATE, "another store");
  assert_error(wherry_table_size(other.store, table, &size), STATE, "another store");
  assert_error(wherry_global_get(other.store, global, &value), STATE, "another store");
  assert_error(wherry_func_call(other.store, func, NULL, 0, NULL, 0), STATE, "another store");
  assert_error(wherry_externref_data(other.store, ref, &pointer), STATE, "another store");
  its_memory.index += 5;
  assert_error(wherry_memory_data(other.store, its_memory, &data, &size), STATE, "no such");

  wherry_store_close(store);
  assert_int_equal(ended, 4);
  wherry_extern_t item;
  assert_error(wherry_instance_find(store, instance, "sum", 3, &item), STATE, "closed");
  assert_error(wherry_instance_new(store, module, NULL, 0, &instance), STATE, "closed");
  assert_error(wherry_memory_data(store, memory, &data, &size), STATE, "closed");
  assert_error(wherry_memory_new(store, 1, 1, &memory), STATE, "closed");
  assert_error(wherry_table_size(store, table, &size), STATE, "closed");
  assert_error(wherry_global_get(store, global, &value), STATE, "closed");
  assert_error(wherry_func_call(store, func, NULL, 0, NULL, 0), STATE, "closed");
  assert_error(wherry_externref_data(store, ref, &pointer), STATE, "closed");
  assert_error(wherry_store_set_fuel(store, 1), STATE, "closed");
  assert_null(wherry_store_data(store));
  assert_null(wherry_func_data(store, func));
  wherry_module_release(module);
  world_end(&world);
  world_end(&other);
  assert_int_equal(ended, 4);
}

/* Finalizers may use the store that ends. */
static void use_in_the_end(void *data) {
  wherry_store_t *store = data;
  wherry_memory_t memory;
  assert_true(wherry_store_closed(store));
  assert_error(wherry_memory_new(store, 1, 1, &memory), STATE, "closed");
  wherry_store_retain(store);
  wherry_store_close(store);
  wherry_store_release(store);
}

static void finalizers_may_use_the_store(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_externref_t ref;
  wherry_store_set_data(world.store, world.store, use_in_the_end);
  assert_ok(wherry_externref_new(world.store, world.store, use_in_the_end, &ref));
  wherry_store_retain(world.store);
  wherry_store_release(world.store);
  assert_false(wherry_store_closed(world.store));
  world_end(&world);
}

/* A handle that a finalizer held is released by it. */
static void release_in_the_end(void *data) { wherry_store_release(data); }

static void a_store_that_holds_itself_ends_when_closed(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_externref_t ref;
  wherry_store_retain(world.store);
  assert_ok(wherry_externref_new(world.store, world.store, release_in_the_end, &ref));
  wherry_store_close(world.store);
  world_end(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_version_is_that_of_the_headers),
      cmocka_unit_test(configs_refuse_what_makes_no_sense),
      cmocka_unit_test(features_are_switched_by_name),
      cmocka_unit_test(a_small_stack_is_used_up_sooner),
      cmocka_unit_test(function_types_are_made_and_printed),
      cmocka_unit_test(modules_describe_themselves),
      cmocka_unit_test(functions_describe_themselves),
      cmocka_unit_test(memories_are_read_written_and_grown),
      cmocka_unit_test(a_held_memory_outlives_its_store),
      cmocka_unit_test(the_reservation_bounds_growth),
      cmocka_unit_test(tables_hold_references_of_their_type),
      cmocka_unit_test(globals_keep_their_type),
      cmocka_unit_test(vectors_go_in_and_out),
      cmocka_unit_test(a_retained_type_holds_its_module),
      cmocka_unit_test(nothing_of_a_closed_store_can_be_used),
      cmocka_unit_test(finalizers_may_use_the_store),
      cmocka_unit_test(a_store_that_holds_itself_ends_when_closed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
