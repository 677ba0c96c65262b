/* Calls: plain and stepped, nested, interrupted, failed, with memory that runs out. */
#include "world.h"

typedef struct guest {
  world_t world;
  wherry_store_t *store;
  wherry_module_t *module;
  wherry_instance_t instance;
  /* What the host functions do and saw. */
  wherry_error_t *(*on_host)(struct guest *guest, wherry_caller_t *caller, wherry_slot_t *slots);
  int32_t host_calls;
  wherry_error_t *to_return;
  wherry_func_t to_call;
  wherry_call_t *call;
} guest_t;

static wherry_error_t *host(void *data, wherry_caller_t *caller, wherry_slot_t *slots) {
  guest_t *guest = data;
  guest->host_calls++;
  if (guest->on_host) return guest->on_host(guest, caller, slots);
  slots[0].u64 = (uint32_t)(slots[0].i32 * 2);
  return NULL;
}

static void open_guest(guest_t *guest, const wherry_config_t *config) {
  memset(guest, 0, sizeof *guest);
  guest->world = world_of(config);
  guest->store = guest->world.store;
  guest->module = load_module(guest->world.engine, "guests/calls.wasm");
  wherry_extern_t imports[2];
  imports[0] = extern_func(slot_func(guest->store, "i:i", host, false, guest));
  imports[1] = extern_func(slot_func(guest->store, "i:i", host, true, guest));
  assert_ok(wherry_instance_new(guest->store, guest->module, imports, 2, &guest->instance));
}

static void close_guest(guest_t *guest) {
  wherry_module_release(guest->module);
  world_end(&guest->world);
}

static wherry_func_t func_of(guest_t *guest, const char *name) {
  return find_func(guest->store, guest->instance, name);
}

static int32_t call_name(guest_t *guest, const char *name, int32_t a, int32_t b) {
  int32_t result = -12345;
  assert_ok(call_i32(guest->store, func_of(guest, name), a, b, &result));
  return result;
}

static wherry_call_t *start(guest_t *guest, const char *name, int32_t argument) {
  wherry_slot_t slots[1];
  slots[0].u64 = (uint32_t)argument;
  wherry_call_t *call;
  assert_ok(wherry_call_start(guest->store, func_of(guest, name), slots, &call));
  return call;
}

static wherry_outcome_t resume(wherry_call_t *call) {
  wherry_outcome_t outcome = (wherry_outcome_t)99;
  assert_ok(wherry_call_resume(call, &outcome));
  return outcome;
}

/* Over all pauses. */
static wherry_error_t *resume_to_end(wherry_call_t *call) {
  wherry_outcome_t outcome;
  wherry_error_t *error;
  do error = wherry_call_resume(call, &outcome);
  while (!error && outcome == WHERRY_PAUSED);
  return error;
}

/* ---- plain calls ---- */

static void calls_return_their_results(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  assert_int_equal(call_name(&guest, "add", 5, 37), 42);
  assert_int_equal(call_name(&guest, "add", INT32_MAX, 1), INT32_MIN);
  assert_int_equal(call_name(&guest, "loop", 1000, 0), 1000);
  assert_int_equal(call_name(&guest, "call_host", 20, 0), 41);
  assert_int_equal(call_name(&guest, "call_step", 20, 0), 41);
  assert_int_equal(call_name(&guest, "recurse", 5000, 0), 5000);
  assert_ok(call_i32(guest.store, func_of(&guest, "nothing"), 0, 0, NULL));
  assert_int_equal(guest.host_calls, 2);
  close_guest(&guest);
}

static void values_are_checked(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_func_t add = func_of(&guest, "add");
  wherry_value_t args[3] = {wherry_i32(5), wherry_i32(37), wherry_i32(0)}, result;
  assert_ok(wherry_func_call(guest.store, add, args, 2, &result, 1));
  assert_int_equal(result.type, WHERRY_I32);
  assert_int_equal(result.of.i32, 42);
  assert_error(wherry_func_call(guest.store, add, args, 1, &result, 1), TYPE,
               "expected 2 arguments, got 1; the function's type is func (i32, i32) -> i32");
  assert_error(wherry_func_call(guest.store, add, args, 3, &result, 1), TYPE, "got 3");
  assert_error(wherry_func_call(guest.store, add, args, 2, NULL, 0), TYPE,
               "expected 1 result, got 0");
  args[1] = wherry_f64(37);
  assert_error(wherry_func_call(guest.store, add, args, 2, &result, 1), TYPE,
               "argument 2: expected i32, got f64");
  wherry_func_t none = {0, 0}, past = add;
  assert_error(wherry_func_call(guest.store, none, args, 2, &result, 1), STATE,
               "a function is wanted");
  past.index += 1000;
  assert_error(wherry_func_call(guest.store, past, args, 2, &result, 1), STATE, "no such function");
  past.index += UINT64_C(1000) << 32;
  assert_error(wherry_func_call(guest.store, past, args, 2, &result, 1), STATE, "no such function");
  close_guest(&guest);
}

static void many_values_pass(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_value_t args[18], results[3];
  for (int i = 0; i < 16; i++) args[i] = wherry_i32(i + 1);
  args[16] = wherry_f32(1.5f);
  args[17] = wherry_f64(-2.25);
  assert_ok(wherry_func_call(guest.store, func_of(&guest, "many"), args, 18, results, 3));
  assert_int_equal(results[0].type, WHERRY_I64);
  assert_int_equal(results[0].of.i64, 17);
  assert_true(results[1].of.f32 == 1.5f);
  assert_true(results[2].of.f64 == -2.25);
  close_guest(&guest);
}

static void references_pass(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  int ended = 0;
  void *data;
  wherry_value_t arg = {.type = WHERRY_FUNCREF}, result;
  arg.of.func = func_of(&guest, "add");
  assert_ok(wherry_func_call(guest.store, func_of(&guest, "same_func"), &arg, 1, &result, 1));
  assert_memory_equal(&result.of.func, &arg.of.func, sizeof arg.of.func);
  arg.type = WHERRY_EXTERNREF;
  assert_ok(wherry_externref_new(guest.store, &ended, count_end, &arg.of.externref));
  assert_ok(wherry_func_call(guest.store, func_of(&guest, "same_extern"), &arg, 1, &result, 1));
  assert_ok(wherry_externref_data(guest.store, result.of.externref, &data));
  assert_ptr_equal(data, &ended);
  memset(&arg.of, 0, sizeof arg.of);
  assert_ok(wherry_func_call(guest.store, func_of(&guest, "same_extern"), &arg, 1, &result, 1));
  assert_int_equal(result.of.externref.store, 0);
  /* Of another store. */
  world_t other = world_of(NULL);
  assert_ok(wherry_externref_new(other.store, NULL, NULL, &arg.of.externref));
  assert_error(wherry_func_call(guest.store, func_of(&guest, "same_extern"), &arg, 1, &result, 1),
               STATE, "another store");
  world_end(&other);
  assert_int_equal(ended, 0);
  close_guest(&guest);
  assert_int_equal(ended, 1);
}

static void traps_tell_the_stack(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_error_t *error = call_i32(guest.store, func_of(&guest, "divide"), 1, 0, NULL);
  assert_non_null(error);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_TRAP);
  assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO);
  assert_string_equal(wherry_error_message(error), "integer divide by zero");
  assert_int_equal(wherry_error_frame_count(error), 1);
  assert_string_equal(wherry_error_frame_function_name(error, 0), "divide");
  wherry_error_release(error);

  error = call_i32(guest.store, func_of(&guest, "endless"), 0, 0, NULL);
  assert_non_null(error);
  assert_int_equal(wherry_error_trap_code(error), WHERRY_TRAP_STACK_OVERFLOW);
  assert_true(wherry_error_frame_count(error) > 10);
  size_t before;
  assert_true(wherry_error_frames_omitted(error, &before) > 1000);
  wherry_error_release(error);
  assert_int_equal(call_name(&guest, "add", 5, 37), 42);
  close_guest(&guest);
}

static wherry_error_t *fail_with(guest_t *guest, wherry_caller_t *caller, wherry_slot_t *slots) {
  (void)caller, (void)slots;
  return guest->to_return;
}

static void host_errors_come_out_unchanged(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  int payload = 0;
  wherry_error_t *given = wherry_error_new_host("no", &payload, count_end);
  guest.to_return = given;
  guest.on_host = fail_with;
  wherry_error_t *error = call_i32(guest.store, func_of(&guest, "call_host"), 1, 0, NULL);
  assert_ptr_equal(error, given);
  assert_ptr_equal(wherry_error_payload(error), &payload);
  assert_string_equal(wherry_error_message(error), "no");
  assert_int_equal(wherry_error_frame_count(error), 1);
  assert_string_equal(wherry_error_frame_function_name(error, 0), "call_host");
  wherry_error_release(error);
  assert_int_equal(payload, 1);
  guest.on_host = NULL;
  assert_int_equal(call_name(&guest, "call_host", 1, 0), 3);
  close_guest(&guest);
}

/* ---- nesting ---- */

static wherry_error_t *again(guest_t *guest, wherry_caller_t *caller, wherry_slot_t *slots) {
  int32_t left = slots[0].i32;
  if (left == 0) {
    slots[0].u64 = 0;
    return guest->to_return;
  }
  /* The guest that calls is the one that we know, with the memory that we know. */
  wherry_instance_t instance = wherry_caller_instance(caller);
  assert_int_equal(instance.index, guest->instance.index);
  wherry_memory_t memory;
  wherry_extern_t item = find_export(guest->store, guest->instance, "memory");
  assert_ok(wherry_caller_memory(caller, &memory));
  assert_int_equal(memory.index, item.of.memory.index);
  int32_t result;
  wherry_error_t *error = call_i32(guest->store, func_of(guest, "call_host"), left - 1, 0, &result);
  if (!error) slots[0].u64 = (uint32_t)result;
  return error;
}

static void host_and_guest_nest(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  guest.on_host = again;
  assert_int_equal(call_name(&guest, "call_host", 10, 0), 11);
  assert_int_equal(guest.host_calls, 11);
  /* An error from the innermost passes through all of them. */
  wherry_error_t *given = wherry_error_new_host("deep", NULL, NULL);
  guest.to_return = given;
  wherry_error_t *error = call_i32(guest.store, func_of(&guest, "call_host"), 10, 0, NULL);
  assert_ptr_equal(error, given);
  wherry_error_release(error);
  guest.to_return = NULL;
  assert_int_equal(call_name(&guest, "call_host", 126, 0), 127);
  assert_error(call_i32(guest.store, func_of(&guest, "call_host"), 128, 0, NULL), LIMIT,
               "128 deep");
  assert_int_equal(call_name(&guest, "add", 1, 2), 3);
  close_guest(&guest);
}

static wherry_error_t *overflow_inside(guest_t *guest, wherry_caller_t *caller,
                                       wherry_slot_t *slots) {
  (void)caller;
  assert_error(call_i32(guest->store, func_of(guest, "endless"), 0, 0, NULL), TRAP,
               "call stack exhausted");
  assert_error(call_i32(guest->store, func_of(guest, "trap"), 0, 0, NULL), TRAP, "unreachable");
  slots[0].u64 = (uint32_t)call_name(guest, "add", slots[0].i32, 1);
  return NULL;
}

static void errors_of_nested_calls_can_be_handled(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  guest.on_host = overflow_inside;
  assert_int_equal(call_name(&guest, "call_host", 40, 0), 42);
  close_guest(&guest);
}

static void a_host_function_is_called_directly(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_func_t again_func = func_of(&guest, "host_again");
  int32_t result;
  assert_ok(call_i32(guest.store, again_func, 21, 0, &result));
  assert_int_equal(result, 42);
  /* It is the very function that was imported. */
  assert_int_equal(again_func.index >> 32, 0);
  assert_ptr_equal(wherry_func_data(guest.store, again_func), &guest);
  close_guest(&guest);
}

/* ---- the end of the store ---- */

static wherry_error_t *close_store(guest_t *guest, wherry_caller_t *caller, wherry_slot_t *slots) {
  wherry_memory_t memory;
  wherry_store_close(wherry_caller_store(caller));
  assert_error(wherry_caller_memory(caller, &memory), STATE, "closed");
  assert_error(call_i32(guest->store, guest->to_call, 1, 2, NULL), STATE, "closed");
  slots[0].u64 = 1;
  return NULL;
}

static void a_store_may_be_closed_by_what_runs_in_it(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  int ended = 0, externs = 0;
  wherry_externref_t ref;
  wherry_store_set_data(guest.store, &ended, count_end);
  assert_ok(wherry_externref_new(guest.store, &externs, count_end, &ref));
  wherry_func_t call_host = guest.to_call = func_of(&guest, "call_host");
  guest.on_host = close_store;
  int32_t result;
  assert_ok(call_i32(guest.store, call_host, 5, 0, &result));
  assert_int_equal(result, 2);
  assert_true(wherry_store_closed(guest.store));
  assert_int_equal(ended, 1);
  assert_int_equal(externs, 1);
  assert_int_equal(wherry_store_memory_used(guest.store), 0);
  assert_error(call_i32(guest.store, call_host, 5, 0, NULL), STATE, "the store is closed");
  wherry_store_close(guest.store);
  close_guest(&guest);
  assert_int_equal(ended, 1);
}

static wherry_error_t *release_store(guest_t *guest, wherry_caller_t *caller,
                                     wherry_slot_t *slots) {
  (void)caller;
  wherry_store_release(guest->store);
  slots[0].u64 = 6;
  return NULL;
}

static void a_store_may_be_released_by_what_runs_in_it(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  int ended = 0;
  wherry_store_set_data(guest.store, &ended, count_end);
  guest.on_host = release_store;
  int32_t result;
  assert_ok(call_i32(guest.store, func_of(&guest, "call_host"), 5, 0, &result));
  assert_int_equal(result, 7);
  assert_int_equal(ended, 1);
  wherry_module_release(guest.module);
  wherry_engine_release(guest.world.engine);
}

static void release_in_any_order(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_func_t add = func_of(&guest, "add");
  wherry_module_release(guest.module);
  wherry_engine_release(guest.world.engine);
  int32_t result;
  assert_ok(call_i32(guest.store, add, 5, 37, &result));
  assert_int_equal(result, 42);
  wherry_store_release(guest.store);
}

/* ---- stopping ---- */

static void interrupts_stop_the_next_call_once(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_store_interrupt(guest.store);
  assert_error(call_i32(guest.store, func_of(&guest, "add"), 1, 2, NULL), INTERRUPTED, "");
  assert_int_equal(call_name(&guest, "add", 1, 2), 3);
  close_guest(&guest);
}

static wherry_error_t *interrupt_on_tick(wherry_store_t *store, void *data) {
  if (++*(int *)data == 3) wherry_store_interrupt(store);
  return NULL;
}

static wherry_error_t *error_on_tick(wherry_store_t *store, void *data) {
  (void)store;
  return wherry_error_new_host("enough", data, NULL);
}

static void ticks_interrupt_and_end_calls(void **state) {
  (void)state;
  guest_t guest;
  wherry_config_t *config;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_tick(config, 1000));
  open_guest(&guest, config);
  wherry_config_release(config);
  int ticks = 0;
  wherry_store_set_tick(guest.store, interrupt_on_tick, &ticks);
  assert_error(call_i32(guest.store, func_of(&guest, "spin"), 0, 0, NULL), INTERRUPTED, "");
  assert_int_equal(ticks, 3);
  wherry_store_set_tick(guest.store, error_on_tick, &ticks);
  wherry_error_t *error = call_i32(guest.store, func_of(&guest, "spin"), 0, 0, NULL);
  assert_ptr_equal(wherry_error_payload(error), &ticks);
  assert_int_equal(wherry_error_frame_count(error), 1);
  wherry_error_release(error);
  wherry_store_set_tick(guest.store, NULL, NULL);
  assert_ok(wherry_store_set_timeout(guest.store, 2000000));
  error = call_i32(guest.store, func_of(&guest, "spin"), 0, 0, NULL);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_LIMIT);
  assert_string_equal(wherry_error_limit(error), "deadline");
  wherry_error_release(error);
  assert_int_equal(call_name(&guest, "loop", 10, 0), 10);
  close_guest(&guest);
}

static void fuel_is_counted_and_ends(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  assert_int_equal(wherry_store_fuel(guest.store), UINT64_MAX);
  assert_ok(wherry_store_set_fuel(guest.store, 100000));
  assert_int_equal(wherry_store_fuel(guest.store), 100000);
  call_name(&guest, "loop", 100, 0);
  uint64_t used = 100000 - wherry_store_fuel(guest.store);
  assert_in_range(used, 500, 2000);
  uint64_t before = wherry_store_fuel(guest.store);
  call_name(&guest, "loop", 100, 0);
  assert_int_equal(before - wherry_store_fuel(guest.store), used);
  wherry_error_t *error = call_i32(guest.store, func_of(&guest, "spin"), 0, 0, NULL);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_LIMIT);
  assert_string_equal(wherry_error_limit(error), "fuel");
  wherry_error_release(error);
  /* A function without a loop is charged as well: it cannot go on for ever. */
  assert_ok(wherry_store_set_fuel(guest.store, 20));
  int calls = 0;
  for (; calls < 100; calls++) {
    error = call_i32(guest.store, func_of(&guest, "add"), 1, 2, NULL);
    if (error) break;
  }
  assert_in_range(calls, 3, 10);
  assert_string_equal(wherry_error_limit(error), "fuel");
  wherry_error_release(error);
  assert_ok(wherry_store_set_fuel(guest.store, UINT64_MAX));
  assert_int_equal(call_name(&guest, "add", 1, 2), 3);
  close_guest(&guest);
}

/* ---- calls in steps ---- */

static void a_stepped_call_is_done_at_once(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_slot_t slots[2] = {{.u64 = 5}, {.u64 = 37}};
  wherry_call_t *call;
  wherry_outcome_t outcome;
  assert_ok(wherry_call_start(guest.store, func_of(&guest, "add"), slots, &call));
  assert_int_equal(resume(call), WHERRY_DONE);
  assert_int_equal(wherry_call_slots(call)[0].i32, 42);
  assert_error(wherry_call_resume(call, &outcome), STATE, "it has returned");
  wherry_call_release(call);
  close_guest(&guest);
}

static void a_stepped_call_pauses_and_asks(void **state) {
  (void)state;
  guest_t guest;
  wherry_config_t *config;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_tick(config, 1000));
  open_guest(&guest, config);
  wherry_config_release(config);
  wherry_call_t *call = start(&guest, "work", 5000);
  wherry_outcome_t outcome;
  int pauses = 0, asked = 0;
  while ((outcome = resume(call)) != WHERRY_DONE) {
    if (outcome == WHERRY_PAUSED) {
      pauses++;
      /* Between steps the store can be used, its functions too. */
      assert_int_equal(call_name(&guest, "add", pauses, 1), pauses + 1);
      assert_int_equal(call_name(&guest, "call_step", 4, 0), 9);
      continue;
    }
    asked++;
    assert_int_equal(outcome, WHERRY_HOST_CALL);
    assert_ptr_equal(wherry_call_host_data(call), &guest);
    assert_int_equal(wherry_call_host_func(call).index >> 32, 0);
    wherry_instance_t caller = wherry_caller_instance(wherry_call_host_caller(call));
    assert_int_equal(caller.index, guest.instance.index);
    wherry_slot_t *slots = wherry_call_host_slots(call);
    assert_int_equal(slots[0].i32, 5000);
    slots[0].u64 = 7;
  }
  assert_true(pauses > 20);
  assert_int_equal(asked, 1);
  assert_int_equal(wherry_call_slots(call)[0].i32, 10007);
  wherry_call_release(call);
  close_guest(&guest);
}

static void frames_survive_a_host_call(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_call_t *call = start(&guest, "deep_step", 50);
  assert_int_equal(resume(call), WHERRY_HOST_CALL);
  assert_int_equal(wherry_call_host_slots(call)[0].i32, 100);
  wherry_call_host_slots(call)[0].u64 = 1000;
  assert_int_equal(resume(call), WHERRY_DONE);
  assert_int_equal(wherry_call_slots(call)[0].i32, 1001 + 50 * 51 / 2);
  wherry_call_release(call);
  assert_int_equal(guest.host_calls, 0);
  /* The same, not in steps. */
  assert_int_equal(call_name(&guest, "deep_step", 50, 0), 201 + 50 * 51 / 2);
  close_guest(&guest);
}

/* A fill of so much pauses between its pieces, while two values wait in accumulators. */
static void floats_outlast_a_pause(void **state) {
  (void)state;
  static const char text[] =
      "(module (memory 520)"
      " (func (export \"run\") (param f64 f32) (result f64)"
      "  (f64.mul (local.get 0) (f64.const 3)) (f64.mul (local.get 0) (f64.const 5))"
      "  (f32.mul (local.get 1) (f32.const 3)) (f32.mul (local.get 1) (f32.const 5))"
      "  (memory.fill (i32.const 0) (i32.const 1) (i32.const 34000000))"
      "  (f32.sub) (f64.promote_f32) (local.set 0) (f64.sub) (local.get 0) (f64.mul))"
      " (func (export \"other\") (result f64)"
      "  (f64.add (f64.mul (f64.const 2) (f64.const 2)) (f64.promote_f32"
      "   (f32.add (f32.mul (f32.const 2) (f32.const 1)) (f32.mul (f32.const 1) (f32.const "
      "2)))))))";
  wherry_config_t *config;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_tick(config, 1000));
  world_t world = world_of(config);
  wherry_config_release(config);
  wherry_bytes_t bytes;
  wherry_module_t *module;
  wherry_instance_t instance;
  assert_ok(wherry_text_to_binary(world.engine, text, sizeof text - 1, &bytes));
  assert_ok(wherry_module_new(world.engine, bytes.data, bytes.size, &module));
  wherry_bytes_release(world.engine, bytes);
  assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
  wherry_slot_t slots[2] = {{.f64 = 7}, {.f32 = 4}};
  wherry_call_t *call;
  assert_ok(wherry_call_start(world.store, find_func(world.store, instance, "run"), slots, &call));
  int pauses = 0;
  while (resume(call) == WHERRY_PAUSED) {
    pauses++;
    wherry_value_t result;
    assert_ok(wherry_func_call(world.store, find_func(world.store, instance, "other"), NULL, 0,
                               &result, 1));
    assert_true(result.of.f64 == 8);
  }
  assert_true(pauses > 0);
  assert_true(wherry_call_slots(call)[0].f64 == 14 * 8);
  wherry_call_release(call);
  wherry_module_release(module);
  world_end(&world);
}

static void a_stepped_call_can_be_failed(void **state) {
  (void)state;
  guest_t guest;
  wherry_outcome_t outcome;
  open_guest(&guest, NULL);
  wherry_call_t *call = start(&guest, "deep_step", 3);
  assert_int_equal(resume(call), WHERRY_HOST_CALL);
  wherry_error_t *given = wherry_error_new_host("raised", NULL, NULL);
  wherry_call_fail(call, given);
  wherry_error_t *error = wherry_call_resume(call, &outcome);
  assert_ptr_equal(error, given);
  assert_int_equal(wherry_error_frame_count(error), 5);
  assert_string_equal(wherry_error_frame_function_name(error, 0), "call_step");
  wherry_error_release(error);
  assert_error(wherry_call_resume(call, &outcome), STATE, "ended with an error");
  wherry_call_release(call);
  /* Failed, and never resumed. */
  call = start(&guest, "call_step", 3);
  wherry_call_fail(call, wherry_error_new_host("lost", NULL, NULL));
  wherry_call_release(call);
  close_guest(&guest);
}

static void traps_end_a_stepped_call(void **state) {
  (void)state;
  guest_t guest;
  wherry_outcome_t outcome;
  open_guest(&guest, NULL);
  wherry_call_t *call = start(&guest, "endless", 0);
  assert_error(resume_to_end(call), TRAP, "call stack exhausted");
  assert_error(wherry_call_resume(call, &outcome), STATE, "ended with an error");
  wherry_call_release(call);
  close_guest(&guest);
}

static void paused_calls_resume_last_in_first_out(void **state) {
  (void)state;
  guest_t guest;
  wherry_outcome_t outcome;
  open_guest(&guest, NULL);
  wherry_call_t *first = start(&guest, "call_step", 1);
  wherry_call_t *second = start(&guest, "call_step", 2);
  assert_int_equal(resume(first), WHERRY_HOST_CALL);
  assert_int_equal(resume(second), WHERRY_HOST_CALL);
  wherry_call_host_slots(first)[0].u64 = 10;
  wherry_call_host_slots(second)[0].u64 = 20;
  assert_error(wherry_call_resume(first, &outcome), STATE, "paused later in the same instance");
  /* Refused, not ended. */
  assert_int_equal(resume(second), WHERRY_DONE);
  assert_int_equal(resume(first), WHERRY_DONE);
  assert_int_equal(wherry_call_slots(first)[0].i32, 11);
  assert_int_equal(wherry_call_slots(second)[0].i32, 21);
  wherry_call_release(first);
  wherry_call_release(second);
  /* A release makes way as well. */
  first = start(&guest, "call_step", 1);
  second = start(&guest, "call_step", 2);
  assert_int_equal(resume(first), WHERRY_HOST_CALL);
  assert_int_equal(resume(second), WHERRY_HOST_CALL);
  wherry_call_release(second);
  assert_int_equal(resume(first), WHERRY_DONE);
  wherry_call_release(first);
  close_guest(&guest);
}

static void calls_of_other_instances_resume_in_any_order(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_extern_t imports[2];
  imports[0] = extern_func(slot_func(guest.store, "i:i", host, false, &guest));
  imports[1] = extern_func(slot_func(guest.store, "i:i", host, true, &guest));
  wherry_instance_t other;
  assert_ok(wherry_instance_new(guest.store, guest.module, imports, 2, &other));
  wherry_slot_t slots[1] = {{.u64 = 2}};
  wherry_call_t *first = start(&guest, "call_step", 1), *second;
  assert_ok(
      wherry_call_start(guest.store, find_func(guest.store, other, "call_step"), slots, &second));
  assert_int_equal(resume(first), WHERRY_HOST_CALL);
  assert_int_equal(resume(second), WHERRY_HOST_CALL);
  assert_int_equal(resume(first), WHERRY_DONE);
  assert_int_equal(resume(second), WHERRY_DONE);
  wherry_call_release(first);
  wherry_call_release(second);
  close_guest(&guest);
}

static wherry_error_t *begin_inside(guest_t *guest, wherry_caller_t *caller, wherry_slot_t *slots) {
  (void)caller;
  guest->call = start(guest, "call_step", 1);
  assert_int_equal(resume(guest->call), WHERRY_HOST_CALL);
  slots[0].u64 = 0;
  return NULL;
}

static wherry_error_t *resume_inside(guest_t *guest, wherry_caller_t *caller,
                                     wherry_slot_t *slots) {
  (void)caller;
  wherry_outcome_t outcome;
  assert_error(wherry_call_resume(guest->call, &outcome), STATE, "began later");
  slots[0].u64 = 0;
  return NULL;
}

static void a_paused_call_and_a_running_one_do_not_cross(void **state) {
  (void)state;
  guest_t guest;
  wherry_outcome_t outcome;
  open_guest(&guest, NULL);
  /* Begun inside a call that has returned. */
  guest.on_host = begin_inside;
  assert_int_equal(call_name(&guest, "call_host", 1, 0), 1);
  assert_error(wherry_call_resume(guest.call, &outcome), STATE, "has returned before it");
  wherry_call_release(guest.call);
  /* Begun before the call that runs. */
  guest.call = start(&guest, "call_step", 1);
  assert_int_equal(resume(guest.call), WHERRY_HOST_CALL);
  guest.on_host = resume_inside;
  assert_int_equal(call_name(&guest, "call_host", 1, 0), 1);
  assert_int_equal(resume(guest.call), WHERRY_DONE);
  wherry_call_release(guest.call);
  close_guest(&guest);
}

static wherry_error_t *step_inside(guest_t *guest, wherry_caller_t *caller, wherry_slot_t *slots) {
  (void)caller;
  wherry_call_t *call = start(guest, "call_step", slots[0].i32);
  assert_int_equal(resume(call), WHERRY_HOST_CALL);
  wherry_call_host_slots(call)[0].u64 = 70;
  assert_int_equal(resume(call), WHERRY_DONE);
  slots[0] = wherry_call_slots(call)[0];
  wherry_call_release(call);
  return NULL;
}

static void a_stepped_call_runs_inside_a_plain_one(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  guest.on_host = step_inside;
  assert_int_equal(call_name(&guest, "call_host", 1, 0), 72);
  close_guest(&guest);
}

static void a_host_function_is_called_in_steps(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  wherry_slot_t slots[1] = {{.u64 = 21}};
  wherry_call_t *call;
  assert_ok(wherry_call_start(guest.store, slot_func(guest.store, "i:i", host, true, &guest), slots,
                              &call));
  assert_int_equal(resume(call), WHERRY_HOST_CALL);
  assert_ptr_equal(wherry_call_host_data(call), &guest);
  wherry_call_host_slots(call)[0].u64 = 5;
  assert_int_equal(resume(call), WHERRY_DONE);
  assert_int_equal(wherry_call_slots(call)[0].i32, 5);
  wherry_call_release(call);
  assert_ok(wherry_call_start(guest.store, func_of(&guest, "host_again"), slots, &call));
  assert_int_equal(resume(call), WHERRY_DONE);
  assert_int_equal(wherry_call_slots(call)[0].i32, 42);
  wherry_call_release(call);
  close_guest(&guest);
}

static void a_paused_call_outlives_its_store(void **state) {
  (void)state;
  guest_t guest;
  wherry_outcome_t outcome;
  open_guest(&guest, NULL);
  wherry_call_t *call = start(&guest, "call_step", 1), *idle = start(&guest, "call_step", 1);
  assert_int_equal(resume(call), WHERRY_HOST_CALL);
  wherry_call_release(idle);
  wherry_store_close(guest.store);
  assert_error(wherry_call_resume(call, &outcome), STATE, "closed");
  assert_null(wherry_call_host_data(call));
  close_guest(&guest);
  wherry_call_release(call);
}

static wherry_error_t *release_call(guest_t *guest, wherry_caller_t *caller, wherry_slot_t *slots) {
  (void)caller;
  wherry_call_release(guest->call);
  slots[0].u64 = 1;
  return NULL;
}

static wherry_error_t *resume_itself(guest_t *guest, wherry_caller_t *caller,
                                     wherry_slot_t *slots) {
  (void)caller;
  wherry_outcome_t outcome;
  assert_error(wherry_call_resume(guest->call, &outcome), STATE, "it is running");
  slots[0].u64 = 1;
  return NULL;
}

static void a_call_may_end_what_it_stands_on(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  guest.call = start(&guest, "call_host", 1);
  guest.on_host = resume_itself;
  assert_int_equal(resume(guest.call), WHERRY_DONE);
  wherry_call_release(guest.call);
  guest.call = start(&guest, "call_host", 1);
  guest.on_host = release_call;
  assert_int_equal(resume(guest.call), WHERRY_DONE);
  /* The store, from inside a step. */
  guest.to_call = func_of(&guest, "add");
  guest.call = start(&guest, "call_host", 1);
  guest.on_host = close_store;
  assert_int_equal(resume(guest.call), WHERRY_DONE);
  assert_true(wherry_store_closed(guest.store));
  assert_int_equal(wherry_call_slots(guest.call)[0].i32, 2);
  wherry_call_release(guest.call);
  close_guest(&guest);
  /* The last handle of the store: the call keeps it. */
  open_guest(&guest, NULL);
  guest.call = start(&guest, "call_host", 1);
  guest.on_host = release_store;
  assert_int_equal(resume(guest.call), WHERRY_DONE);
  assert_int_equal(wherry_call_slots(guest.call)[0].i32, 7);
  wherry_call_release(guest.call);
  wherry_module_release(guest.module);
  wherry_engine_release(guest.world.engine);
}

static wherry_error_t *end_everything(guest_t *guest, wherry_caller_t *caller,
                                      wherry_slot_t *slots) {
  (void)caller;
  wherry_call_release(guest->call);
  wherry_store_release(guest->store);
  slots[0].u64 = 1;
  return NULL;
}

static void a_call_may_end_itself_and_its_store(void **state) {
  (void)state;
  guest_t guest;
  open_guest(&guest, NULL);
  guest.call = start(&guest, "call_host", 1);
  guest.on_host = end_everything;
  assert_int_equal(resume(guest.call), WHERRY_DONE);
  wherry_module_release(guest.module);
  wherry_engine_release(guest.world.engine);
}

static void many_calls_can_be_paused(void **state) {
  (void)state;
  guest_t guest;
  wherry_outcome_t outcome;
  open_guest(&guest, NULL);
  wherry_call_t *calls[129];
  for (int i = 0; i < 128; i++) {
    calls[i] = start(&guest, "call_step", i);
    assert_int_equal(resume(calls[i]), WHERRY_HOST_CALL);
    wherry_call_host_slots(calls[i])[0].u64 = (uint32_t)i;
  }
  calls[128] = start(&guest, "call_step", 0);
  assert_error(wherry_call_resume(calls[128], &outcome), LIMIT, "calls");
  wherry_call_release(calls[128]);
  for (int i = 127; i >= 0; i--) {
    assert_int_equal(resume(calls[i]), WHERRY_DONE);
    assert_int_equal(wherry_call_slots(calls[i])[0].i32, i + 1);
    wherry_call_release(calls[i]);
  }
  close_guest(&guest);
}

/* ---- memory runs out ---- */

typedef struct trial {
  wherry_config_t *config;
  wherry_engine_t *engine;
  wherry_module_t *module;
  wherry_store_t *store;
  wherry_linker_t *linker;
  wherry_call_t *call;
  guest_t guest;
} trial_t;

static wherry_error_t *twice(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                             size_t arg_count, wherry_value_t *results, size_t result_count) {
  (void)data, (void)caller, (void)arg_count, (void)result_count;
  results[0] = wherry_i32(args[0].of.i32 * 2);
  return NULL;
}

/* Load, link, instantiate, call in both ways, trap; stops at the first error. */
static wherry_error_t *try_all(trial_t *trial, const wherry_allocator_t *allocator, blob_t blob,
                               wherry_functype_t *type) {
  wherry_instance_t instance;
  wherry_extern_t item;
  wherry_error_t *error = wherry_config_new(allocator, &trial->config);
  if (!error) error = wherry_engine_new(trial->config, &trial->engine);
  if (!error) error = wherry_module_new(trial->engine, blob.data, blob.size, &trial->module);
  if (!error) error = wherry_linker_new(trial->engine, &trial->linker);
  if (!error)
    error = wherry_linker_define_func(trial->linker, "env", 3, "host", 4, type, twice, NULL, NULL);
  if (!error)
    error = wherry_linker_define_func(trial->linker, "env", 3, "step", 4, type, twice, NULL, NULL);
  if (!error) error = wherry_store_new(trial->engine, &trial->store);
  if (!error)
    error = wherry_linker_instantiate(trial->linker, trial->store, trial->module, &instance);
  if (!error) error = wherry_instance_find(trial->store, instance, "call_host", 9, &item);
  wherry_value_t value = wherry_i32(20);
  if (!error) error = wherry_func_call(trial->store, item.of.func, &value, 1, &value, 1);
  if (!error) assert_int_equal(value.of.i32, 41);
  wherry_slot_t slots[1] = {{.u64 = 20}};
  if (!error) error = wherry_call_start(trial->store, item.of.func, slots, &trial->call);
  wherry_outcome_t outcome = WHERRY_PAUSED;
  while (!error && outcome != WHERRY_DONE) error = wherry_call_resume(trial->call, &outcome);
  if (error) return error;
  error = wherry_instance_find(trial->store, instance, "trap", 4, &item);
  if (error) return error;
  error = wherry_func_call(trial->store, item.of.func, NULL, 0, NULL, 0);
  assert_non_null(error);
  if (wherry_error_kind(error) != WHERRY_ERROR_TRAP) return error;
  wherry_error_release(error);
  error = wherry_instance_find(trial->store, instance, "no_such", 7, &item);
  if (wherry_error_kind(error) != WHERRY_ERROR_UNLINKABLE) return error;
  wherry_error_release(error);
  return NULL;
}

static void memory_may_run_out_at_any_time(void **state) {
  (void)state;
  blob_t blob = blob_read("guests/calls.wasm");
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
    wherry_call_release(trial.call);
    wherry_store_release(trial.store);
    wherry_linker_release(trial.linker);
    wherry_module_release(trial.module);
    wherry_engine_release(trial.engine);
    wherry_config_release(trial.config);
    assert_int_equal(failing.live_blocks, 0);
    assert_int_equal(failing.live_bytes, 0);
  }
  assert_true(at > 30);
  wherry_functype_release(type);
  free(blob.data);
}

/* Values of a local that wait on the stack while it changes: more than a compiler looks through at once,
   with blocks between, an operation on the topmost behind one. */
static void deep_stacks_keep_old_values(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  enum { ROUNDS = 30, GETS = 50 };
  char *text = malloc(100000), *end = text;
  end += sprintf(end, "(module (func (export \"f\") (param i32) (result i32)");
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < GETS; i++) end += sprintf(end, " local.get 0");
    if (round % 2) end += sprintf(end, " (block) i32.const 3 i32.add");
    if (round % 3) end += sprintf(end, " (local.set 0 (i32.add (local.get 0) (i32.const 1)))");
    end += sprintf(end, " (block (br_if 0 (local.get 0)))");
  }
  for (int i = 1; i < ROUNDS * GETS; i++) end += sprintf(end, " i32.add");
  end += sprintf(end, "))");
  int32_t local = 5, sum = 0, got;
  for (int round = 0; round < ROUNDS; round++) {
    sum += local * GETS + (round % 2) * 3;
    local += round % 3 != 0;
  }
  wherry_module_t *module;
  wherry_instance_t instance;
  assert_ok(wherry_module_new_text(world.engine, text, strlen(text), NULL, &module));
  assert_ok(wherry_instance_new(world.store, module, NULL, 0, &instance));
  assert_ok(call_i32(world.store, find_func(world.store, instance, "f"), 5, 0, &got));
  assert_int_equal(got, sum);
  free(text);
  wherry_module_release(module);
  world_end(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(deep_stacks_keep_old_values),
      cmocka_unit_test(calls_return_their_results),
      cmocka_unit_test(values_are_checked),
      cmocka_unit_test(many_values_pass),
      cmocka_unit_test(references_pass),
      cmocka_unit_test(traps_tell_the_stack),
      cmocka_unit_test(host_errors_come_out_unchanged),
      cmocka_unit_test(host_and_guest_nest),
      cmocka_unit_test(errors_of_nested_calls_can_be_handled),
      cmocka_unit_test(a_host_function_is_called_directly),
      cmocka_unit_test(a_store_may_be_closed_by_what_runs_in_it),
      cmocka_unit_test(a_store_may_be_released_by_what_runs_in_it),
      cmocka_unit_test(release_in_any_order),
      cmocka_unit_test(interrupts_stop_the_next_call_once),
      cmocka_unit_test(ticks_interrupt_and_end_calls),
      cmocka_unit_test(fuel_is_counted_and_ends),
      cmocka_unit_test(a_stepped_call_is_done_at_once),
      cmocka_unit_test(a_stepped_call_pauses_and_asks),
      cmocka_unit_test(floats_outlast_a_pause),
      cmocka_unit_test(frames_survive_a_host_call),
      cmocka_unit_test(a_stepped_call_can_be_failed),
      cmocka_unit_test(traps_end_a_stepped_call),
      cmocka_unit_test(paused_calls_resume_last_in_first_out),
      cmocka_unit_test(calls_of_other_instances_resume_in_any_order),
      cmocka_unit_test(a_paused_call_and_a_running_one_do_not_cross),
      cmocka_unit_test(a_stepped_call_runs_inside_a_plain_one),
      cmocka_unit_test(a_host_function_is_called_in_steps),
      cmocka_unit_test(a_paused_call_outlives_its_store),
      cmocka_unit_test(a_call_may_end_what_it_stands_on),
      cmocka_unit_test(a_call_may_end_itself_and_its_store),
      cmocka_unit_test(many_calls_can_be_paused),
      cmocka_unit_test(memory_may_run_out_at_any_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
