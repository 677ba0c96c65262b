/* The short level: load a guest, call it by letters or by values. */
#include "support.h"

#include "types/types.h"

static wherry_guest_t *load(const char *path) {
  wherry_guest_t *guest = NULL;
  assert_ok(wherry_load_file(path, NULL, &guest));
  return guest;
}

static void core_functions_by_letters(void **state) {
  (void)state;
  wherry_guest_t *guest = load(OWN_GUESTS "simple.wasm");
  int32_t i = 0;
  int64_t l = 0;
  float f = 0;
  double d = 0;
  assert_ok(wherry_call(guest, "sum", "ii:i", 5, 37, &i));
  assert_int_equal(i, 42);
  assert_ok(wherry_call(guest, "sum", "ii:i", INT32_MAX, 1, &i));
  assert_int_equal(i, INT32_MIN);
  assert_ok(wherry_call(guest, "nothing", ":"));
  assert_ok(wherry_call(guest, "echo_i64", "l:l", INT64_MIN, &l));
  assert_int_equal(l, INT64_MIN);
  assert_ok(wherry_call(guest, "echo_f32", "f:f", 1.25, &f));
  assert_true(f == 1.25F);
  assert_ok(wherry_call(guest, "mixed", "ilfd:d", 1, (int64_t)2, 3.5, 4.25, &d));
  assert_true(d == 10.75);
  for (int32_t k = 1; k < 4; k++) { /* one instance, with its state */
    assert_ok(wherry_call(guest, "count", ":i", &i));
    assert_int_equal(i, k);
  }
  wherry_error_t *error = wherry_call(guest, "divide", "ii:i", 1, 0, &i);
  assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO);
  assert_error(error, TRAP, "integer divide by zero");
  assert_ok(wherry_call(guest, "divide", "ii:i", 7, 2, &i));
  assert_int_equal(i, 3);
  wherry_guest_release(guest);
}

static void wrong_calls_are_explained(void **state) {
  (void)state;
  wherry_guest_t *guest = load(OWN_GUESTS "simple.wasm");
  int32_t i;
  assert_error(wherry_call(guest, "sums", "ii:i", 5, 37, &i), UNLINKABLE,
               "the guest exports no function \"sums\"; did you mean \"sum\"");
  assert_error(wherry_call(guest, "memory", ":i", &i), UNLINKABLE, "no function \"memory\"");
  assert_error(wherry_call(guest, "sum", "il:i", 5, (int64_t)37, &i), TYPE,
               "sum(): the signature \"il:i\" does not fit: func (i32, i32) -> i32");
  assert_error(wherry_call(guest, "sum", "i:i", 5, &i), TYPE, "func (i32, i32) -> i32");
  assert_error(wherry_call(guest, "sum", "ii:", 5, 6), TYPE, "func (i32, i32) -> i32");
  assert_error(wherry_call(guest, "sum", "ss:i", "a", "b", &i), TYPE, "func (i32, i32) -> i32");
  assert_error(wherry_call(guest, "sum", "ii", 5, 6), TYPE, "\"ii\" is no signature");
  assert_error(wherry_call(guest, "sum", "ix:i", 5, 6), TYPE, "\"ix:i\" is no signature");
  const wherry_witfunc_t *func;
  assert_error(wherry_guest_witfunc(guest, "sum", &func), UNLINKABLE, "carries no WIT");
  wherry_store_close(wherry_guest_store(guest));
  assert_error(wherry_call(guest, "sum", "ii:i", 5, 37, &i), STATE, "");
  wherry_guest_release(guest);
}

static void wit_functions_by_letters(void **state) {
  (void)state;
  wherry_guest_t *guest = load(OWN_GUESTS "greet.wasm");
  wherry_bytes_t bytes;
  int32_t i;
  int64_t l;
  double d;
  float f;
  assert_ok(wherry_call(guest, "greet", "s:s", "Ada", &bytes));
  assert_int_equal(bytes.size, 11);
  assert_string_equal((const char *)bytes.data, "Hello, Ada!");
  /* What the last call returned may be given to the next one. */
  assert_ok(wherry_call(guest, "greet", "s:s", (const char *)bytes.data, &bytes));
  assert_string_equal((const char *)bytes.data, "Hello, Hello, Ada!!");
  assert_ok(wherry_call(guest, "reverse", "b:b", "\1\2\0\3", (size_t)4, &bytes));
  assert_int_equal(bytes.size, 4);
  assert_memory_equal(bytes.data, "\3\0\2\1", 5);
  assert_ok(wherry_call(guest, "starts", ":i", &i));
  assert_int_equal(i, 1);
  assert_ok(wherry_call(guest, "echo-bool", "i:i", 5, &i));
  assert_int_equal(i, 1);
  assert_ok(wherry_call(guest, "echo-s8", "i:i", -128, &i));
  assert_int_equal(i, -128);
  assert_ok(wherry_call(guest, "echo-u32", "i:i", -1, &i));
  assert_int_equal(i, -1);
  assert_ok(wherry_call(guest, "echo-char", "i:i", 0x1F6A3, &i));
  assert_int_equal(i, 0x1F6A3);
  assert_ok(wherry_call(guest, "echo-u64", "l:l", UINT64_MAX, &l));
  assert_int_equal(l, -1);
  assert_ok(wherry_call(guest, "wherry:greet/values#echo-f32", "f:f", 0.5, &f));
  assert_true(f == 0.5F);
  assert_ok(wherry_call(guest, "echo-f64", "d:d", -0.1, &d));
  assert_true(d == -0.1);
  assert_error(wherry_call(guest, "echo-s8", "i:i", 128, &i), RANGE,
               "echo-s8(): parameter 1 (x): 128 does not fit in s8");
  assert_error(wherry_call(guest, "echo-u8", "i:i", -1, &i), RANGE, "-1 does not fit in u8");
  assert_error(wherry_call(guest, "echo-u16", "i:i", 65536, &i), RANGE, "65536 does not fit");
  assert_error(wherry_call(guest, "echo-char", "i:i", 0xD800, &i), RANGE, "does not fit in char");
  assert_error(wherry_call(guest, "greet", "i:s", 1, &bytes), TYPE,
               "greet(): the signature \"i:s\" does not fit: greet(name: string) -> string");
  assert_error(wherry_call(guest, "middle", "ii:i", 1, 2, &i), TYPE,
               "middle(a: point, b: point) -> point");
  assert_error(wherry_call(guest, "greet", "s:s", "\xFF", &bytes), RANGE, "UTF-8");
  assert_error(wherry_call(guest, "gret", "s:s", "x", &bytes), UNLINKABLE,
               "did you mean \"greet\"");
  wherry_error_t *error = wherry_call(guest, "broken", ":s", &bytes);
  assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_CANONICAL_ABI);
  assert_error(error, TRAP, "broken(): result: the string of 2 bytes");
  error = wherry_call(guest, "fail", ":");
  assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_UNREACHABLE);
  wherry_error_release(error);
  assert_ok(wherry_call(guest, "in-use", ":i", &i));
  assert_int_equal(i, 0);
  wherry_guest_release(guest);
}

static const wherry_witfunc_t *func_of(wherry_guest_t *guest, const char *name) {
  const wherry_witfunc_t *func;
  assert_ok(wherry_guest_witfunc(guest, name, &func));
  return func;
}

static wherry_val_t point(int64_t *xy) { /* { x, y }, kept by the caller */
  static wherry_val_t fields[8][2];
  static unsigned next;
  wherry_val_t *two = fields[next++ % 8];
  two[0] = (wherry_val_t) {.kind = WHERRY_TYPE_S32, .of.s = xy[0]};
  two[1] = (wherry_val_t) {.kind = WHERRY_TYPE_S32, .of.s = xy[1]};
  return (wherry_val_t) {.kind = WHERRY_TYPE_RECORD, .of.items = {two, 2}};
}

static void wit_functions_by_values(void **state) {
  (void)state;
  wherry_guest_t *guest = load(OWN_GUESTS "greet.wasm");
  wherry_val_t result, path[2], args[2];
  path[0] = point((int64_t[]) {1, 2});
  path[1] = point((int64_t[]) {3, 4});
  args[0] = (wherry_val_t) {.kind = WHERRY_TYPE_LIST, .of.items = {path, 2}};
  args[1] = point((int64_t[]) {10, 20});
  assert_ok(wherry_guest_call(guest, func_of(guest, "translate"), args, 2, &result));
  assert_int_equal(result.of.items.count, 2);
  assert_int_equal(result.of.items.items[1].of.items.items[0].of.s, 13);
  assert_int_equal(result.of.items.items[1].of.items.items[1].of.s, 24);
  wherry_val_clear(&result);
  path[0] = point((int64_t[]) {0, 0});
  path[1] = point((int64_t[]) {10, -4});
  assert_ok(wherry_guest_call(guest, func_of(guest, "middle"), path, 2, &result));
  assert_int_equal(result.of.items.items[1].of.s, -2);
  wherry_val_clear(&result);

  wherry_val_t person[2] = {{.kind = WHERRY_TYPE_STRING, .of.string = {"Ada", 3}},
                            {.kind = WHERRY_TYPE_U8, .of.u = 255}};
  args[0] = (wherry_val_t) {.kind = WHERRY_TYPE_RECORD, .of.items = {person, 2}};
  assert_ok(wherry_guest_call(guest, func_of(guest, "birthday"), args, 1, &result));
  assert_string_equal(result.of.items.items[0].of.string.data, "Ada");
  assert_int_equal(result.of.items.items[1].of.u, 0);
  wherry_val_clear(&result);

  const double numbers[] = {1, 2.5};
  args[0] = (wherry_val_t) {.kind = WHERRY_TYPE_LIST, .packed = true, .of.numbers = {numbers, 2}};
  args[1] = (wherry_val_t) {.kind = WHERRY_TYPE_F64, .of.f64 = 2};
  assert_ok(wherry_guest_call(guest, func_of(guest, "scale"), args, 2, &result));
  assert_true(result.packed && ((const double *)result.of.numbers.data)[1] == 5);
  /* The result outlives the guest. */
  wherry_guest_release(guest);
  assert_true(((const double *)result.of.numbers.data)[0] == 2);
  wherry_val_clear(&result);
}

static void types_tell_what_they_are(void **state) {
  (void)state;
  wherry_guest_t *guest = load(OWN_GUESTS "greet.wasm");
  const wherry_world_t *world;
  char text[32];
  assert_ok(wherry_module_world(wherry_guest_module(guest), &world));
  assert_string_equal(wherry_world_name(world), "wherry:greet/greet");
  assert_null(wherry_world_export(world, wherry_world_export_count(world)));

  const wherry_witfunc_t *func = func_of(guest, "translate");
  assert_string_equal(wherry_witfunc_name(func), "translate");
  assert_string_equal(wherry_witfunc_interface(func), "wherry:greet/geometry");
  assert_string_equal(wherry_witfunc_core_name(func), "wherry:greet/geometry#translate");
  assert_int_equal(wherry_witfunc_param_count(func), 2);
  assert_string_equal(wherry_witfunc_param_name(func, 1), "by");
  assert_null(wherry_witfunc_param_name(func, 2));
  assert_null(wherry_witfunc_interface(func_of(guest, "greet")));
  assert_null(wherry_witfunc_result(func_of(guest, "fail")));

  const wherry_type_t *path = wherry_witfunc_param_type(func, 0);
  const wherry_type_t *point = wherry_type_element(path);
  assert_int_equal(wherry_type_kind(path), WHERRY_TYPE_LIST);
  assert_null(wherry_type_name(path));
  assert_string_equal(wherry_type_name(point), "point");
  assert_ptr_equal(point, wherry_witfunc_param_type(func, 1));
  assert_ptr_equal(point, wherry_witfunc_result(func_of(guest, "middle")));
  assert_true(wherry_type_index(point) < wherry_world_type_count(world));
  assert_int_equal(wherry_type_field_count(point), 2);
  assert_string_equal(wherry_type_field_name(point, 1), "y");
  assert_int_equal(wherry_type_kind(wherry_type_field_type(point, 1)), WHERRY_TYPE_S32);
  assert_null(wherry_type_field_type(point, 2));
  assert_string_equal(wherry_type_kind_name(WHERRY_TYPE_S32), "s32");
  assert_string_equal(wherry_type_kind_name((wherry_type_kind_t)99), "?");

  /* As snprintf: the whole length, whatever fits. */
  assert_int_equal(wherry_type_print(path, text, sizeof text), 11);
  assert_string_equal(text, "list<point>");
  assert_int_equal(wherry_type_print(path, text, 5), 11);
  assert_string_equal(text, "list");
  assert_int_equal(wherry_type_print(path, NULL, 0), 11);
  wherry_guest_release(guest);
}

static void machine_answers_as_it_should(void **state) {
  (void)state;
  BLOB_OR_SKIP(file, SHARED_GUESTS "machine.core.wasm");
  wherry_guest_t *guest;
  assert_ok(wherry_load(file.data, file.size, NULL, &guest));
  free(file.data); /* read during the load only */
  int32_t i;
  wherry_bytes_t bytes;
  assert_ok(wherry_call(guest, "get-u32", ":i", &i));
  assert_int_equal(i, 123);
  assert_ok(wherry_call(guest, "get-str", ":s", &bytes));
  assert_string_equal((const char *)bytes.data, "simple string to return");
  assert_ok(wherry_call(guest, "xyz:machine/machine-interface#get-vec", ":b", &bytes));
  assert_int_equal(bytes.size, 6);
  assert_memory_equal(bytes.data, "\5\4\3\2\1\12", 6);
  assert_ok(wherry_call(guest, "count-symbols", "s:i", "string with symbols (~25)", &i));
  assert_int_equal(i, 25);
  wherry_val_t start[2] = {{.kind = WHERRY_TYPE_U32, .of.u = 1},
                           {.kind = WHERRY_TYPE_U32, .of.u = 2}};
  wherry_val_t end[2] = {{.kind = WHERRY_TYPE_U32, .of.u = 3},
                         {.kind = WHERRY_TYPE_U32, .of.u = 4}};
  wherry_val_t args[3] = {{.kind = WHERRY_TYPE_U64, .of.u = 7},
                          {.kind = WHERRY_TYPE_RECORD, .of.items = {start, 2}},
                          {.kind = WHERRY_TYPE_RECORD, .of.items = {end, 2}}};
  wherry_val_t result;
  assert_ok(wherry_guest_call(guest, func_of(guest, "run"), args, 3, &result));
  assert_int_equal(result.of.items.items[0].of.u, 1);
  assert_string_equal(result.of.items.items[1].of.string.data,
                      "machine 7 run from Point { x: 1, y: 2 } to Point { x: 3, y: 4 }");
  wherry_val_clear(&result);
  start[0] = (wherry_val_t) {.kind = WHERRY_TYPE_STRING, .of.string = {"1", 1}};
  assert_error(wherry_guest_call(guest, func_of(guest, "run"), args, 3, &result), TYPE,
               "run(): parameter 2 (start.x): expected u32, got string");
  wherry_guest_release(guest);
}

/* Every function of the kitchen, whatever its types, flattens to the type of its core export; what
   cannot be moved yet does not stand in the others' way. */
static void kitchen_is_laid_out_as_its_compiler_did(void **state) {
  (void)state;
  BLOB_OR_SKIP(file, SHARED_GUESTS "kitchen.core.wasm");
  wherry_engine_t *engine;
  wherry_module_t *module;
  const wherry_world_t *world;
  assert_ok(wherry_engine_new(NULL, &engine));
  assert_ok(wherry_module_new(engine, file.data, file.size, &module));
  assert_ok(wherry_module_world(module, &world));
  assert_string_equal(wherry_world_name(world), "local:kitchen/kitchen");
  size_t count = wherry_world_export_count(world), found = 0;
  assert_int_equal(count, 28);
  for (size_t i = 0; i < count; i++) {
    const wherry_witfunc_t *func = wherry_world_export(world, i);
    const char *name = wherry_witfunc_core_name(func);
    size_t place = wherry_module_find_export(module, name, strlen(name));
    if (place == SIZE_MAX) continue;
    found++;
    const wherry_functype_t *core =
        wherry_externtype_functype(wherry_module_export_type(module, place));
    const wherry_type_t *params = func->params;
    bool spills = params->flat_count > WH_MAX_FLAT_PARAMS;
    assert_int_equal(wherry_functype_param_count(core), spills ? 1 : params->flat_count);
    for (size_t k = 0; k < params->flat_count && !spills; k++)
      if (wherry_functype_param(core, k) != params->flat[k])
        fail_msg("%s: parameter %zu is %s", name, k,
                 wherry_valtype_name(wherry_functype_param(core, k)));
    assert_int_equal(wherry_functype_result_count(core), func->result ? 1 : 0);
    if (func->result && func->result->flat_count == 1)
      assert_int_equal(wherry_functype_result(core, 0), func->result->flat[0]);
  }
  assert_int_equal(found, count);
  wherry_module_release(module);
  wherry_engine_release(engine);
  free(file.data);
}

static void guests_of_text(void **state) {
  (void)state;
  static const char text[] = "(module $s (func (export \"seven\") (result i32) i32.const 7))";
  static const char wrong[] = "(module\n (func bogus))";
  wherry_guest_t *guest = NULL;
  wherry_engine_t *engine;
  wherry_module_t *module;
  int32_t number;
  assert_ok(wherry_load_text(text, sizeof text - 1, NULL, &guest));
  assert_ok(wherry_call(guest, "seven", ":i", &number));
  assert_int_equal(number, 7);
  wherry_guest_release(guest);
  assert_ok(wherry_load_file(OWN_GUESTS "fib.wat", NULL, &guest));
  assert_ok(wherry_call(guest, "fib", "i:i", 10, &number));
  assert_int_equal(number, 55);
  wherry_guest_release(guest);
  assert_error(wherry_load_text(wrong, sizeof wrong - 1, NULL, &guest), MALFORMED,
               "line 2, column 8: unknown operator bogus\n2 |  (func bogus))\n  |        ^");

  assert_ok(wherry_engine_new(NULL, &engine));
  assert_ok(wherry_module_new_text(engine, text, sizeof text - 1, "s.wat", &module));
  assert_string_equal(wherry_module_name(module), "s");
  wherry_module_release(module);
  assert_error(wherry_module_new_text(engine, wrong, sizeof wrong - 1, "s.wat", &module), MALFORMED,
               "s.wat: line 2, column 8: unknown operator");
  assert_error(wherry_module_new_text(engine, "(func (result i32))", 19, "s.wat", &module), INVALID,
               "s.wat: ");
  assert_ok(wherry_module_new_file(engine, OWN_GUESTS "fib.wasm", &module));
  wherry_module_release(module);
  wherry_engine_release(engine);
}

static void files_and_bytes_that_are_no_guests(void **state) {
  (void)state;
  wherry_guest_t *guest = NULL;
  assert_error(wherry_load_file("no/such/file.wasm", NULL, &guest), IO,
               "no/such/file.wasm: No such file or directory");
  assert_error(wherry_load_file(".", NULL, &guest), IO, "Is a directory");
  assert_error(wherry_load_file(OWN_GUESTS "simple.c", NULL, &guest), MALFORMED, "");
  assert_error(wherry_load((const uint8_t *)"", 0, NULL, &guest), MALFORMED, "");
  assert_error(wherry_load_file(OWN_GUESTS "host.wasm", NULL, &guest), UNLINKABLE, "on_word");
  assert_null(guest);
}

/* ---- options, imports ---- */

typedef struct host {
  wherry_guest_t *guest;
  int calls;
} host_t;

static wherry_error_t *add(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                           size_t arg_count, wherry_value_t *results, size_t result_count) {
  host_t *host = data;
  (void)caller, (void)arg_count, (void)result_count;
  host->calls++;
  results[0].of.i32 = args[0].of.i32 + args[1].of.i32;
  if (host->guest) { /* release the guest while it runs: it ends when the call does */
    wherry_guest_release(host->guest);
    host->guest = NULL;
  }
  return NULL;
}
static wherry_error_t *on_word(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                               size_t arg_count, wherry_value_t *results, size_t result_count) {
  (void)data, (void)caller, (void)args, (void)arg_count, (void)results, (void)result_count;
  return NULL;
}

static void define(wherry_linker_t *linker, const char *name, const char *signature,
                   wherry_callback_t callback, void *data) {
  wherry_functype_t *type;
  assert_ok(wherry_functype_parse(signature, &type));
  assert_ok(
      wherry_linker_define_func(linker, "env", 3, name, strlen(name), type, callback, data, NULL));
  wherry_functype_release(type);
}

static void options_give_imports_and_limits(void **state) {
  (void)state;
  host_t host = {NULL, 0};
  wherry_engine_t *engine, *other;
  wherry_linker_t *linker;
  wherry_load_options_t *options;
  wherry_guest_t *guest;
  int32_t i;
  assert_ok(wherry_engine_new(NULL, &engine));
  assert_ok(wherry_engine_new(NULL, &other));
  assert_ok(wherry_linker_new(engine, &linker));
  define(linker, "add", "ii:i", add, &host);
  define(linker, "on_word", "ii:", on_word, &host);
  assert_ok(wherry_load_options_new(&options));
  wherry_load_options_set_engine(options, other);
  wherry_load_options_set_linker(options, linker);
  assert_error(wherry_load_file(OWN_GUESTS "host.wasm", options, &guest), STATE, "another engine");
  wherry_load_options_set_engine(options, NULL);
  wherry_linker_release(linker);
  wherry_engine_release(engine);
  wherry_engine_release(other);
  wherry_load_options_set_fuel(options, 100000);
  assert_ok(wherry_load_file(OWN_GUESTS "host.wasm", options, &guest));
  assert_ok(wherry_call(guest, "add_up", "i:i", 101, &i));
  assert_int_equal(i, 5050);
  assert_true(wherry_store_fuel(wherry_guest_store(guest)) < 100000);
  assert_error(wherry_call(guest, "add_up", "i:i", 1000000, &i), LIMIT, "fuel");
  wherry_guest_release(guest);

  wherry_load_options_set_fuel(options, UINT64_MAX);
  assert_ok(wherry_load_file(OWN_GUESTS "host.wasm", options, &guest));
  host.guest = guest;
  assert_ok(wherry_call(guest, "add_twice", "ii:i", 1, 20, &i));
  assert_int_equal(i, 41);

  wherry_load_options_set_memory_limit(options, 1000);
  assert_error(wherry_load_file(OWN_GUESTS "host.wasm", options, &guest), LIMIT, "memory");
  wherry_load_options_release(options);
}

/* ---- an allocator that fails ---- */

static void every_failing_allocation_is_an_error(void **state) {
  (void)state;
  blob_t file = blob_read(OWN_GUESTS "greet.wasm");
  bool done = false;
  for (size_t fail_at = 1; !done; fail_at++) {
    assert_true(fail_at < 5000);
    failing_t failing = {0};
    wherry_allocator_t allocator = failing_allocator(&failing);
    wherry_config_t *config;
    wherry_engine_t *engine;
    wherry_load_options_t *options;
    wherry_guest_t *guest = NULL;
    wherry_bytes_t bytes;
    int64_t sum;
    assert_ok(wherry_config_new(&allocator, &config));
    assert_ok(wherry_load_options_new(&options));
    failing.fail_at = failing.calls + fail_at;
    wherry_error_t *error = wherry_engine_new(config, &engine);
    if (!error) {
      wherry_load_options_set_engine(options, engine);
      error = wherry_load(file.data, file.size, options, &guest);
      if (!error) error = wherry_call(guest, "greet", "s:s", "Ada", &bytes);
      if (!error) assert_string_equal((const char *)bytes.data, "Hello, Ada!");
      if (!error) error = wherry_call(guest, "reverse", "b:b", "abc", (size_t)3, &bytes);
      if (!error) {
        const uint32_t numbers[] = {1, 2, UINT32_MAX};
        wherry_val_t arg = {.kind = WHERRY_TYPE_LIST, .packed = true, .of.numbers = {numbers, 3}};
        wherry_val_t result;
        const wherry_witfunc_t *func;
        error = wherry_guest_witfunc(guest, "sum", &func);
        if (!error) error = wherry_guest_call(guest, func, &arg, 1, &result);
        sum = error ? 0 : result.of.s;
        if (!error) assert_int_equal(sum, 4294967298);
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
  free(file.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(core_functions_by_letters),
      cmocka_unit_test(wrong_calls_are_explained),
      cmocka_unit_test(wit_functions_by_letters),
      cmocka_unit_test(wit_functions_by_values),
      cmocka_unit_test(types_tell_what_they_are),
      cmocka_unit_test(machine_answers_as_it_should),
      cmocka_unit_test(kitchen_is_laid_out_as_its_compiler_did),
      cmocka_unit_test(guests_of_text),
      cmocka_unit_test(files_and_bytes_that_are_no_guests),
      cmocka_unit_test(options_give_imports_and_limits),
      cmocka_unit_test(every_failing_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
