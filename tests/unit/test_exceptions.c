/* Exceptions: what is caught where, by both kinds of instructions; through frames, instances, tail calls
   and the host; what comes out when nobody catches. */
#include "world.h"

#include <pthread.h>

typedef struct guest {
  world_t world;
  wherry_store_t *store;
  wherry_module_t *module;
  wherry_instance_t instance;
  wherry_tag_t tag; /* the guest's e */
  /* What the host function does: throws `thrown` if it is not NULL, else calls `callee`, and returns
     its error unless it swallows it. */
  wherry_error_t *thrown;
  wherry_func_t callee;
  bool swallow;
  int host_calls;
} guest_t;

static wherry_error_t *host(void *data, wherry_caller_t *caller, wherry_slot_t *slots) {
  guest_t *guest = data;
  guest->host_calls++;
  wherry_error_t *error = guest->thrown;
  guest->thrown = NULL;
  if (error || !guest->callee.store) return error;
  int32_t result;
  error = call_i32(wherry_caller_store(caller), guest->callee, slots[0].i32, 0, &result);
  if (!error) slots[0].u64 = (uint32_t)result;
  if (!guest->swallow) return error;
  wherry_error_release(error);
  slots[0].u64 = 77;
  return NULL;
}

static wherry_module_t *load_text(wherry_engine_t *engine, const char *path) {
  blob_t blob = blob_read(path);
  assert_non_null(blob.data);
  wherry_module_t *module;
  assert_ok(wherry_module_new_text(engine, (const char *)blob.data, blob.size, path, &module));
  free(blob.data);
  return module;
}

static void open_guest(guest_t *guest, const wherry_config_t *config) {
  memset(guest, 0, sizeof *guest);
  guest->world = world_of(config);
  guest->store = guest->world.store;
  guest->module = load_text(guest->world.engine, "guests/exceptions.wat");
  wherry_extern_t imports[2];
  imports[0] = extern_func(slot_func(guest->store, "i:i", host, false, guest));
  imports[1] = extern_func(slot_func(guest->store, "i:i", host, true, guest));
  assert_ok(wherry_instance_new(guest->store, guest->module, imports, 2, &guest->instance));
  guest->tag = find_export(guest->store, guest->instance, "e").of.tag;
}

static void close_guest(guest_t *guest) {
  wherry_module_release(guest->module);
  world_end(&guest->world);
}

static wherry_func_t func_of(guest_t *guest, const char *name) {
  return find_func(guest->store, guest->instance, name);
}

static wherry_error_t *call(guest_t *guest, const char *name, int32_t argument, int32_t *out) {
  return call_i32(guest->store, func_of(guest, name), argument, 0, out);
}

static int32_t result_of(guest_t *guest, const char *name, int32_t argument) {
  int32_t result = -12345;
  assert_ok(call(guest, name, argument, &result));
  return result;
}

static wherry_error_t *exception_of_e(guest_t *guest, int32_t value) {
  wherry_value_t values[1] = {wherry_i32(value)};
  return wherry_error_new_exception(guest->store, guest->tag, values, 1);
}

static void assert_tag(wherry_tag_t a, wherry_tag_t b) {
  assert_int_equal(a.store, b.store);
  assert_int_equal(a.index, b.index);
}

/* ---- what is caught ---- */

typedef struct row {
  const char *name;
  int32_t argument, result;
} row_t;

static const row_t rows[] = {
    {"catch_here", 5, 6},
    {"catch_call", 5, 5},
    {"no_throw", 5, 1005},
    {"catch_deep", 9, 9},
    {"catch_returns", 12, 12},
    {"catch_returns_two", 2, 42},
    {"catch_in_loop", 4, 10},
    {"operands_and_locals", 10, 3 + 100 + 20 + 17 + 50 + 17},
    {"which", 0, 11},
    {"which", 1, 22},
    {"which", 2, 39},
    {"which", 3, 1 + 4 + 44},
    {"which", 4, 99},
    {"throw_again", 31, 31},
    {"catch_ref", 21, 42},
    {"vector_again", 32, 42},
    {"tail_call", 6, 6},
    {"many", 1000, 500500},
    {"many_refs", 1000, 500500},
};

static const row_t legacy_rows[] = {
    {"catch", 5, 6},
    {"no_throw", 5, 10},
    {"which", 0, 18},
    {"which", 1, 30},
    {"which", 2, 22},
    {"params", 20, 27},
    {"branches", 0, 1005},
    {"branches", 2, 1002},
    {"branches", 3, 1004},
    {"loop", 10, 55},
    {"rethrow", 1, 101},
    {"rethrow_either", 0, 22},
    {"rethrow_either", 1, 11},
    {"throw_in_catch", 1, 52},
    {"delegate", 1, 4},
    {"delegate_chain", 1, 5},
    {"delegate_out", 1, 6},
    {"delegate_to_block", 1, 7},
    {"delegate_to_catch", 1, 8},
    {"unreachable_parts", 13, 13},
};

static void assert_rows(wherry_store_t *store, wherry_instance_t instance, const row_t *row,
                        size_t count) {
  for (; count; count--, row++) {
    int32_t result = -12345;
    assert_ok(call_i32(store, find_func(store, instance, row->name), row->argument, 0, &result));
    if (result != row->result) print_error("%s(%d)\n", row->name, row->argument);
    assert_int_equal(result, row->result);
  }
}

#define ROWS(rows) rows, sizeof rows / sizeof *rows

static void guards_catch(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  assert_rows(guest.store, guest.instance, ROWS(rows));
  close_guest(&guest);
}

static void legacy_instructions_catch(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_text(world.engine, "guests/legacy.wat");
  wherry_instance_t instance;
  assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
  assert_rows(world.store, instance, ROWS(legacy_rows));
  assert_error(call_i32(world.store, find_func(world.store, instance, "uncaught"), 3, 0, NULL),
               EXCEPTION, "an exception of tag \"e\" was not caught: (i32 3)");
  wherry_module_release(module);
  world_end(&world);
}

/* All of it while every allocation of an object collects, and with ticks everywhere. */
static void collections_and_ticks_in_between(void **state) {
  (void)state;
  wherry_config_t *config;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_gc_stress(config, true));
  assert_ok(wherry_config_set_tick(config, 1));
  guest_t guest;
  open_guest(&guest, config);
  assert_rows(guest.store, guest.instance, ROWS(rows));
  wherry_module_t *module = load_text(guest.world.engine, "guests/legacy.wat");
  wherry_instance_t instance;
  assert_ok(wherry_instance_new(guest.store, module, NULL, 0, &instance));
  assert_rows(guest.store, instance, ROWS(legacy_rows));
  wherry_module_release(module);
  close_guest(&guest);
  wherry_config_release(config);
}

static void a_million_exceptions_leave_nothing(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  assert_int_equal(result_of(&guest, "many", 1000000), (int32_t)UINT32_C(1784293664));
  assert_int_equal(wherry_store_heap_used(guest.store), 0);
  assert_int_equal(result_of(&guest, "many_refs", 1000000), (int32_t)UINT32_C(1784293664));
  assert_true(wherry_store_heap_used(guest.store) < 16 << 20);
  assert_ok(wherry_store_collect(guest.store));
  assert_true(wherry_store_heap_used(guest.store) < 1 << 20);
  assert_int_equal(wherry_store_handles(guest.store), 0);
  close_guest(&guest);
}

/* ---- what is not ---- */

static void what_nobody_catches_is_an_error(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_error_t *error = call(&guest, "throw", 5, NULL);
  assert_non_null(error);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_EXCEPTION);
  assert_string_equal(wherry_error_message(error),
                      "an exception of tag \"e\" was not caught: (i32 5)");
  assert_tag(wherry_error_tag(error), guest.tag);
  assert_int_equal(wherry_error_value_count(error), 1);
  assert_int_equal(wherry_error_value(error, 0).type, WHERRY_I32);
  assert_int_equal(wherry_error_value(error, 0).of.i32, 5);
  assert_int_equal(wherry_error_value(error, 1).type, 0);
  assert_int_equal(wherry_error_frame_count(error), 1);
  assert_string_equal(wherry_error_frame_function_name(error, 0), "throw");
  assert_null(wherry_error_payload(error));
  wherry_error_release(error);

  wherry_slot_t slots[2] = {{.i64 = -3}, {.i32 = 4}};
  assert_error(wherry_func_call_slots(guest.store, func_of(&guest, "throw_two"), slots), EXCEPTION,
               "tag \"two\" was not caught: (i64 -3, i32 4)");
  assert_error(wherry_func_call_slots(guest.store, func_of(&guest, "throw_none"), slots), EXCEPTION,
               "an exception of tag 1 was not caught");
  error = wherry_func_call_slots(guest.store, func_of(&guest, "throw_vector"), slots);
  assert_int_equal(wherry_error_value_count(error), 3);
  assert_int_equal(wherry_error_value(error, 1).of.v128[8], 3);
  assert_true(wherry_error_value(error, 2).of.f64 == 0.25);
  assert_error(error, EXCEPTION, "tag 3 was not caught: (i32 -7, v128, f64 0.25)");
  close_guest(&guest);
}

static void traps_and_limits_are_no_exceptions(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  assert_error(call(&guest, "trap", 0, NULL), TRAP, "integer divide by zero");
  assert_error(call(&guest, "overflow", 0, NULL), TRAP, "call stack exhausted");
  assert_error(call(&guest, "throw_null", 0, NULL), TRAP, "null exception reference");
  int payload = 0;
  guest.thrown = wherry_error_new_host("the host's own", &payload, NULL);
  wherry_error_t *error = call(&guest, "catch_host_any", 0, NULL);
  assert_ptr_equal(wherry_error_payload(error), &payload);
  wherry_error_release(error);
  /* One that says it is one has no tag: it goes past the guest as well. */
  guest.thrown = wherry_error_new(WHERRY_ERROR_EXCEPTION, "without a tag");
  assert_error(call(&guest, "catch_host_any", 0, NULL), EXCEPTION, "without a tag");
  close_guest(&guest);
}

static void fuel_ends_what_throws_for_ever(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  assert_ok(wherry_store_set_fuel(guest.store, 100000));
  assert_error(call(&guest, "forever", 0, NULL), LIMIT, "fuel");
  assert_ok(wherry_store_set_fuel(guest.store, 100000));
  assert_int_equal(result_of(&guest, "many", 100), 5050);
  uint64_t used = 100000 - wherry_store_fuel(guest.store);
  assert_true(used > 100 && used < 3000);
  close_guest(&guest);
}

/* ---- the host in between ---- */

static void the_host_throws(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  guest.thrown = exception_of_e(&guest, 8);
  assert_int_equal(result_of(&guest, "catch_host", 1), 8);
  guest.thrown = exception_of_e(&guest, 9);
  assert_int_equal(result_of(&guest, "catch_host_any", 1), -1);
  guest.thrown = exception_of_e(&guest, 10);
  assert_int_equal(result_of(&guest, "catch_host_ref", 1), 10);
  guest.thrown = exception_of_e(&guest, 11);
  assert_int_equal(result_of(&guest, "tail_host", 1), 11);
  guest.thrown = exception_of_e(&guest, 12);
  assert_int_equal(result_of(&guest, "tail_stepped", 1), 12);
  guest.thrown = exception_of_e(&guest, 13);
  wherry_error_t *error = call(&guest, "host", 1, NULL);
  assert_int_equal(wherry_error_frame_count(error), 1);
  assert_error(error, EXCEPTION, "an exception of tag \"e\" was not caught: (i32 13)");
  guest.thrown = exception_of_e(&guest, 14);
  assert_error(call(&guest, "tail_out", 1, NULL), EXCEPTION, "(i32 14)");
  assert_int_equal(result_of(&guest, "tail_out", 3), 3);
  close_guest(&guest);
}

/* A guest calls the host, which calls the guest, which throws. */
static void exceptions_cross_the_host(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  guest.callee = func_of(&guest, "throw");
  assert_int_equal(result_of(&guest, "catch_host", 5), 5);
  assert_int_equal(result_of(&guest, "catch_host_ref", 6), 6);
  wherry_error_t *error = call(&guest, "host", 7, NULL);
  assert_tag(wherry_error_tag(error), guest.tag);
  /* The stack of where it was thrown. */
  assert_int_equal(wherry_error_frame_count(error), 1);
  assert_string_equal(wherry_error_frame_function_name(error, 0), "throw");
  wherry_error_release(error);
  guest.swallow = true;
  assert_int_equal(result_of(&guest, "catch_host", 5), 1077);
  guest.swallow = false;
  guest.callee = func_of(&guest, "trap");
  assert_error(call(&guest, "catch_host_any", 5, NULL), TRAP, "integer divide by zero");
  guest.callee = func_of(&guest, "catch_call");
  assert_int_equal(result_of(&guest, "catch_host", 5), 1005);
  close_guest(&guest);
}

static wherry_error_t *wrong_exception(guest_t *guest, wherry_tag_t tag, wherry_value_t value,
                                       size_t count) {
  wherry_value_t values[2] = {value, value};
  return wherry_error_new_exception(guest->store, tag, values, count);
}

static void exceptions_are_checked(void **state) {
  (void)state;
  guest_t guest, other;
  open_guest(&guest, NULL);
  open_guest(&other, NULL);
  assert_error(wrong_exception(&guest, guest.tag, wherry_i64(1), 1), TYPE,
               "value 1 of an exception: expected i32, got i64");
  assert_error(wrong_exception(&guest, guest.tag, wherry_i32(1), 2), TYPE,
               "an exception of this tag has 1 values, but 2 were given");
  assert_error(wrong_exception(&guest, other.tag, wherry_i32(1), 1), STATE, "another store");
  assert_error(wrong_exception(&guest, (wherry_tag_t) {0, 0}, wherry_i32(1), 1), STATE,
               "a tag is wanted, but none was given");
  wherry_tag_t none = {guest.store ? wherry_store_id(guest.store) : 0, UINT64_C(1) << 32 | 99};
  assert_error(wrong_exception(&guest, none, wherry_i32(1), 1), STATE, "the store has no such tag");
  none.index = 3;
  assert_error(wrong_exception(&guest, none, wherry_i32(1), 1), STATE, "the store has no such tag");
  /* Of another store: an error like any other. */
  guest.thrown = exception_of_e(&other, 3);
  assert_error(call(&guest, "catch_host_any", 1, NULL), EXCEPTION, "(i32 3)");
  close_guest(&other);
  close_guest(&guest);
}

/* ---- tags ---- */

static wherry_tag_t host_tag(wherry_store_t *store, const char *signature) {
  wherry_functype_t *type = parse_type(signature);
  wherry_tag_t tag;
  assert_ok(wherry_tag_new(store, type, &tag));
  wherry_functype_release(type);
  return tag;
}

static wherry_module_t *module_of(wherry_engine_t *engine, const char *text) {
  wherry_module_t *module;
  assert_ok(wherry_module_new_text(engine, text, strlen(text), NULL, &module));
  return module;
}

static const char catcher[] =
    "(module (import \"m\" \"throw\" (func $throw (param i32) (result i32)))"
    "  (import \"m\" \"e\" (tag $e (param i32)))"
    "  (tag $own (param i32)) (export \"same\" (tag $e)) (export \"own\" (tag $own))"
    "  (func (export \"catch\") (param i32) (result i32)"
    "    (block $h (result i32) (block $o (result i32)"
    "      (return (try_table (result i32) (catch $own $o) (catch $e $h)"
    "        (call $throw (local.get 0)))))"
    "      (drop) (i32.const -1)))"
    "  (func (export \"throw\") (param i32) (result i32) (throw $own (local.get 0))))";

static void tags_are_imported(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_module_t *module = module_of(guest.world.engine, catcher);
  wherry_extern_t imports[2] = {find_export(guest.store, guest.instance, "throw"),
                                find_export(guest.store, guest.instance, "e")};
  assert_int_equal(imports[1].kind, WHERRY_EXTERN_TAG);
  wherry_instance_t instance;
  assert_ok(wherry_instance_new(guest.store, module, imports, 2, &instance));
  assert_tag(find_export(guest.store, instance, "same").of.tag, guest.tag);
  const wherry_functype_t *type;
  assert_ok(wherry_tag_type(guest.store, guest.tag, &type));
  assert_int_equal(wherry_functype_param_count(type), 1);
  int32_t result;
  wherry_func_t catches = find_func(guest.store, instance, "catch");
  assert_ok(call_i32(guest.store, catches, 14, 0, &result));
  assert_int_equal(result, 14);

  /* Each instance has tags of its own: what a second one throws with its own is not the first one's. */
  wherry_instance_t second;
  imports[0] = find_export(guest.store, instance, "throw");
  assert_ok(wherry_instance_new(guest.store, module, imports, 2, &second));
  wherry_error_t *error =
      call_i32(guest.store, find_func(guest.store, second, "catch"), 15, 0, &result);
  assert_tag(wherry_error_tag(error), find_export(guest.store, instance, "own").of.tag);
  assert_int_equal(wherry_error_frame_count(error), 2); /* in two instances */
  assert_error(error, EXCEPTION, "an exception of tag \"own\" was not caught: (i32 15)");

  imports[1] = find_export(guest.store, guest.instance, "two");
  assert_error(wherry_instance_new(guest.store, module, imports, 2, &second), UNLINKABLE,
               "m.e: tag (i32) wanted, tag (i64, i32) given");
  imports[1] = imports[0];
  assert_error(wherry_instance_new(guest.store, module, imports, 2, &second), UNLINKABLE,
               "m.e: tag (i32) wanted, func (i32) -> i32 given");
  wherry_module_release(module);
  close_guest(&guest);
}

static void the_host_has_tags(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_tag_t tag = host_tag(guest.store, "i:"), twin = host_tag(guest.store, "i:");
  wherry_linker_t *linker;
  assert_ok(wherry_linker_new(guest.world.engine, &linker));
  wherry_extern_t item = {.kind = WHERRY_EXTERN_TAG, .of.tag = tag};
  assert_ok(wherry_linker_define(linker, "m", 1, "e", 1, &item));
  item = extern_func(slot_func(guest.store, "i:i", host, false, &guest));
  assert_ok(wherry_linker_define(linker, "m", 1, "throw", 5, &item));
  assert_ok(wherry_linker_get(linker, guest.store, "m", 1, "e", 1, &item));
  assert_tag(item.of.tag, tag);
  wherry_module_t *module = module_of(guest.world.engine, catcher);
  wherry_instance_t instance;
  assert_ok(wherry_linker_instantiate(linker, guest.store, module, &instance));
  wherry_func_t catches = find_func(guest.store, instance, "catch");
  wherry_value_t value = wherry_i32(16);
  int32_t result;
  guest.thrown = wherry_error_new_exception(guest.store, tag, &value, 1);
  assert_ok(call_i32(guest.store, catches, 1, 0, &result));
  assert_int_equal(result, 16);
  guest.thrown = wherry_error_new_exception(guest.store, twin, &value, 1);
  assert_error(call_i32(guest.store, catches, 1, 0, &result), EXCEPTION,
               "an exception of tag 2 of the host was not caught: (i32 16)");

  wherry_functype_t *type = parse_type("i:i");
  assert_error(wherry_tag_new(guest.store, type, &tag), TYPE, "a tag's type has no results");
  wherry_functype_release(type);
  wherry_module_release(module);
  wherry_linker_release(linker);
  close_guest(&guest);
}

/* ---- references ---- */

static void references_live_as_long_as_the_error(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  int ended = 0, thing = 0;
  wherry_value_t argument = {.type = WHERRY_EXTERNREF};
  wherry_error_t *errors[2];
  for (int i = 0; i < 2; i++) {
    assert_ok(wherry_externref_new(guest.store, i ? &thing : &ended, i ? NULL : count_end,
                                   &argument.of.externref));
    errors[i] =
        wherry_func_call(guest.store, func_of(&guest, "throw_reference"), &argument, 1, NULL, 0);
    wherry_ref_release(guest.store, argument.of.externref);
    assert_int_equal(wherry_error_kind(errors[i]), WHERRY_ERROR_EXCEPTION);
    assert_int_equal(wherry_error_value_count(errors[i]), 3);
  }
  assert_ok(wherry_store_collect(guest.store));
  assert_int_equal(ended, 0);
  void *data;
  assert_ok(
      wherry_externref_data(guest.store, wherry_error_value(errors[1], 0).of.externref, &data));
  assert_ptr_equal(data, &thing);
  assert_int_equal(wherry_error_value(errors[1], 1).of.func.index, func_of(&guest, "throw").index);
  wherry_valtype_t kind;
  assert_ok(wherry_ref_kind(guest.store, wherry_error_value(errors[1], 2).of.ref, &kind));
  assert_int_equal(kind, WHERRY_EXNREF);
  assert_int_equal(wherry_store_handles(guest.store), 4);

  /* The first goes through the guest, which catches it. */
  guest.thrown = errors[0];
  assert_int_equal(result_of(&guest, "catch_host_any", 0), -1);
  assert_int_equal(wherry_store_handles(guest.store), 2);
  assert_ok(wherry_store_collect(guest.store));
  assert_int_equal(ended, 1);
  /* The second outlives the store. */
  close_guest(&guest);
  wherry_error_release(errors[1]);
}

static void exceptions_are_values(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_value_t argument = wherry_i32(33), exception, result;
  assert_ok(
      wherry_func_call(guest.store, func_of(&guest, "get_exception"), &argument, 1, &exception, 1));
  assert_ok(wherry_store_collect(guest.store));
  assert_ok(
      wherry_func_call(guest.store, func_of(&guest, "throw_given"), &exception, 1, &result, 1));
  assert_int_equal(result.of.i32, 33);
  wherry_ref_release(guest.store, exception.of.ref);
  close_guest(&guest);
}

static void the_heap_has_a_limit(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  assert_ok(wherry_store_set_heap_limit(guest.store, 0));
  assert_int_equal(result_of(&guest, "many", 10), 55);
  wherry_error_t *error = call(&guest, "many_refs", 10, NULL);
  assert_string_equal(wherry_error_limit(error), "heap");
  assert_int_equal(wherry_error_frame_count(error), 2);
  wherry_error_release(error);
  close_guest(&guest);
}

/* ---- in steps ---- */

static wherry_call_t *start(guest_t *guest, const char *name, int32_t argument) {
  wherry_slot_t slots[1];
  slots[0].u64 = (uint32_t)argument;
  wherry_call_t *started;
  assert_ok(wherry_call_start(guest->store, func_of(guest, name), slots, &started));
  return started;
}

/* To a stepped host call, which then fails with an exception. */
static wherry_error_t *fail_in_step(guest_t *guest, const char *name, int32_t value,
                                    int32_t *result) {
  wherry_call_t *stepped = start(guest, name, 1);
  wherry_outcome_t outcome;
  wherry_error_t *error;
  assert_ok(wherry_call_resume(stepped, &outcome));
  assert_int_equal(outcome, WHERRY_HOST_CALL);
  wherry_call_fail(stepped, exception_of_e(guest, value));
  error = wherry_call_resume(stepped, &outcome);
  if (!error) {
    assert_int_equal(outcome, WHERRY_DONE);
    *result = wherry_call_slots(stepped)[0].i32;
  }
  wherry_call_release(stepped);
  return error;
}

static void stepped_calls_throw(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  int32_t result;
  assert_ok(fail_in_step(&guest, "catch_stepped", 17, &result));
  assert_int_equal(result, 17);
  assert_ok(fail_in_step(&guest, "tail_stepped", 18, &result));
  assert_int_equal(result, 18);
  wherry_call_t *stepped = start(&guest, "tail_out", 2);
  wherry_outcome_t outcome;
  assert_ok(wherry_call_resume(stepped, &outcome));
  wherry_call_fail(stepped, exception_of_e(&guest, 19));
  assert_error(wherry_call_resume(stepped, &outcome), EXCEPTION, "(i32 19)");
  wherry_call_release(stepped);
  stepped = start(&guest, "catch_stepped", 4);
  assert_ok(wherry_call_resume(stepped, &outcome));
  wherry_call_host_slots(stepped)[0].i32 = 5;
  assert_ok(wherry_call_resume(stepped, &outcome));
  assert_int_equal(wherry_call_slots(stepped)[0].i32, 1005);
  wherry_call_release(stepped);
  close_guest(&guest);
}

/* Between a throw and its handler there may be a pause. */
/* What a stepped host function throws is caught by the loop around it, where the budget ends. */
static void calls_pause_on_the_way_to_a_handler(void **state) {
  (void)state;
  guest_t guest;
  wherry_config_t *config;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_tick(config, 3));
  open_guest(&guest, config);
  wherry_config_release(config);
  wherry_call_t *stepped = start(&guest, "stepped_loop", 1);
  wherry_outcome_t outcome = WHERRY_PAUSED;
  int pauses = 0;
  for (int thrown = 0; outcome != WHERRY_DONE;) {
    assert_ok(wherry_call_resume(stepped, &outcome));
    pauses += outcome == WHERRY_PAUSED;
    if (outcome == WHERRY_HOST_CALL && thrown++ < 100)
      wherry_call_fail(stepped, exception_of_e(&guest, thrown));
    else if (outcome == WHERRY_HOST_CALL)
      wherry_call_host_slots(stepped)[0].i32 = 5;
  }
  assert_int_equal(wherry_call_slots(stepped)[0].i32, 105);
  assert_in_range(pauses, 20, 100);
  wherry_call_release(stepped);
  close_guest(&guest);
}

static void calls_pause_in_handlers(void **state) {
  (void)state;
  wherry_config_t *config;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_tick(config, 3));
  guest_t guest;
  open_guest(&guest, config);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    wherry_call_t *stepped = start(&guest, rows[i].name, rows[i].argument);
    wherry_outcome_t outcome;
    do assert_ok(wherry_call_resume(stepped, &outcome));
    while (outcome == WHERRY_PAUSED);
    assert_int_equal(wherry_call_slots(stepped)[0].i32, rows[i].result);
    wherry_call_release(stepped);
  }
  wherry_call_t *stepped = start(&guest, "forever", 1);
  wherry_outcome_t outcome;
  for (int i = 0; i < 100; i++) {
    assert_ok(wherry_call_resume(stepped, &outcome));
    assert_int_equal(outcome, WHERRY_PAUSED);
  }
  /* What ends a pause is not thrown from anywhere. */
  wherry_call_fail(stepped, exception_of_e(&guest, 20));
  assert_error(wherry_call_resume(stepped, &outcome), EXCEPTION, "(i32 20)");
  wherry_call_release(stepped);
  close_guest(&guest);
  wherry_config_release(config);
}

/* ---- threads, and no memory ---- */

typedef struct racer {
  wherry_module_t *module;
  wherry_engine_t *engine;
  pthread_t thread;
  bool good;
} racer_t;

static void *race(void *data) {
  racer_t *racer = data;
  wherry_store_t *store;
  wherry_instance_t instance;
  if (wherry_store_new(racer->engine, &store)) return NULL;
  racer->good = !wherry_instance_new(store, racer->module, NULL, 0, &instance);
  for (int round = 0; round < 200 && racer->good; round++) {
    for (size_t i = 0; i < sizeof legacy_rows / sizeof *legacy_rows; i++) {
      const row_t *row = &legacy_rows[i];
      wherry_extern_t item;
      int32_t result = 0;
      if (wherry_instance_find(store, instance, row->name, strlen(row->name), &item) ||
          call_i32(store, item.of.func, row->argument, 0, &result) || result != row->result)
        racer->good = false;
    }
  }
  wherry_store_release(store);
  return NULL;
}

static void threads_throw_at_once(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_module_t *module = load_text(world.engine, "guests/legacy.wat");
  racer_t racers[4];
  for (int i = 0; i < 4; i++) {
    racers[i] = (racer_t) {.module = module, .engine = world.engine};
    assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
  }
  for (int i = 0; i < 4; i++) {
    pthread_join(racers[i].thread, NULL);
    assert_true(racers[i].good);
  }
  wherry_module_release(module);
  world_end(&world);
}

typedef struct trial {
  wherry_engine_t *engine;
  wherry_module_t *module;
  wherry_store_t *store;
  guest_t guest;
} trial_t;

static wherry_error_t *try_all(trial_t *trial, const wherry_allocator_t *allocator, blob_t blob,
                               const wherry_functype_t *type) {
  wherry_config_t *config;
  wherry_error_t *error = wherry_config_new(allocator, &config);
  if (error) return error;
  error = wherry_engine_new(config, &trial->engine);
  wherry_config_release(config);
  if (!error)
    error = wherry_module_new_text(trial->engine, (const char *)blob.data, blob.size, NULL,
                                   &trial->module);
  if (!error) error = wherry_store_new(trial->engine, &trial->store);
  if (error) return error;
  guest_t *guest = &trial->guest;
  guest->store = trial->store;
  wherry_extern_t imports[2];
  imports[0].kind = WHERRY_EXTERN_FUNC;
  error = wherry_func_new_slots(trial->store, type, host, false, guest, NULL, &imports[0].of.func);
  imports[1] = imports[0];
  if (!error)
    error = wherry_instance_new(trial->store, trial->module, imports, 2, &guest->instance);
  if (error) return error;
  guest->tag = find_export(guest->store, guest->instance, "e").of.tag;
  guest->callee = func_of(guest, "throw");
  for (size_t i = 0; i < sizeof rows / sizeof *rows && !error; i++)
    error = call(guest, rows[i].name, rows[i].argument, NULL);
  if (!error) error = call(guest, "catch_host_ref", 1, NULL);
  if (error) return error;
  wherry_value_t argument = {.type = WHERRY_EXTERNREF};
  error = wherry_externref_new(guest->store, trial, NULL, &argument.of.externref);
  if (error) return error;
  error = wherry_func_call(guest->store, func_of(guest, "throw_reference"), &argument, 1, NULL, 0);
  if (wherry_error_kind(error) != WHERRY_ERROR_EXCEPTION) return error;
  wherry_error_release(error);
  wherry_tag_t tag;
  error = wherry_tag_new(guest->store, type, &tag);
  if (wherry_error_kind(error) != WHERRY_ERROR_TYPE) return error;
  wherry_error_release(error);
  return NULL;
}

static void memory_may_run_out_at_any_time(void **state) {
  (void)state;
  blob_t blob = blob_read("guests/exceptions.wat");
  wherry_functype_t *type = parse_type("i:i");
  size_t at = 1;
  for (bool done = false; !done; at++) {
    failing_t failing = {.fail_at = at};
    wherry_allocator_t allocator = failing_allocator(&failing);
    trial_t trial;
    memset(&trial, 0, sizeof trial);
    wherry_error_t *error = try_all(&trial, &allocator, blob, type);
    if (error)
      assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    else
      done = failing.calls < at;
    wherry_error_release(error);
    wherry_module_release(trial.module);
    wherry_store_release(trial.store);
    wherry_engine_release(trial.engine);
    assert_int_equal(failing.live_blocks, 0);
  }
  assert_true(at > 100);
  wherry_functype_release(type);
  free(blob.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(guards_catch),
      cmocka_unit_test(legacy_instructions_catch),
      cmocka_unit_test(collections_and_ticks_in_between),
      cmocka_unit_test(a_million_exceptions_leave_nothing),
      cmocka_unit_test(what_nobody_catches_is_an_error),
      cmocka_unit_test(traps_and_limits_are_no_exceptions),
      cmocka_unit_test(fuel_ends_what_throws_for_ever),
      cmocka_unit_test(the_host_throws),
      cmocka_unit_test(exceptions_cross_the_host),
      cmocka_unit_test(exceptions_are_checked),
      cmocka_unit_test(tags_are_imported),
      cmocka_unit_test(the_host_has_tags),
      cmocka_unit_test(references_live_as_long_as_the_error),
      cmocka_unit_test(exceptions_are_values),
      cmocka_unit_test(the_heap_has_a_limit),
      cmocka_unit_test(stepped_calls_throw),
      cmocka_unit_test(calls_pause_on_the_way_to_a_handler),
      cmocka_unit_test(calls_pause_in_handlers),
      cmocka_unit_test(threads_throw_at_once),
      cmocka_unit_test(memory_may_run_out_at_any_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
