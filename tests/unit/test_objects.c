/* Guests that make objects: what they and the host hold stays, whatever runs meanwhile; most of it with
   a collection at every allocation. */
#include "world.h"

typedef struct rig {
  wherry_engine_t *engine;
  wherry_store_t *store;
  wherry_instance_t instance;
  /* for host functions */
  wherry_func_t func;
  wherry_ref_t kept;
  int ended;
} rig_t;

static void open_store(rig_t *rig, bool stress, const wherry_allocator_t *allocator) {
  wherry_config_t *config;
  memset(rig, 0, sizeof *rig);
  assert_ok(wherry_config_new(allocator, &config));
  assert_ok(wherry_config_set_gc_stress(config, stress));
  assert_ok(wherry_config_set_tick(config, 1000));
  assert_ok(wherry_engine_new(config, &rig->engine));
  wherry_config_release(config);
  assert_ok(wherry_store_new(rig->engine, &rig->store));
}

static wherry_error_t *try_guest(rig_t *rig, const char *text, const wherry_extern_t *imports,
                                 size_t count, wherry_instance_t *out) {
  wherry_module_t *module;
  wherry_error_t *error = wherry_module_new_text(rig->engine, text, strlen(text), NULL, &module);
  if (error) return error;
  error = wherry_instance_new(rig->store, module, imports, count, out);
  wherry_module_release(module);
  return error;
}

static void add_guest(rig_t *rig, const char *text, const wherry_extern_t *imports, size_t count) {
  assert_ok(try_guest(rig, text, imports, count, &rig->instance));
}

static void close_rig(rig_t *rig) {
  wherry_store_release(rig->store);
  wherry_engine_release(rig->engine);
}

static wherry_func_t func_of(rig_t *rig, const char *name) {
  return find_func(rig->store, rig->instance, name);
}

static int32_t call_number(rig_t *rig, const char *name, int32_t a, int32_t b) {
  int32_t result = 0;
  assert_ok(call_i32(rig->store, func_of(rig, name), a, b, &result));
  return result;
}

/* A host function of values. */
static wherry_extern_t host(rig_t *rig, wherry_valtype_t param, wherry_valtype_t result,
                            wherry_callback_t callback) {
  wherry_functype_t *type;
  wherry_func_t func;
  assert_ok(wherry_functype_new(&param, param != 0, &result, result != 0, &type));
  assert_ok(wherry_func_new(rig->store, type, callback, rig, NULL, &func));
  wherry_functype_release(type);
  return extern_func(func);
}

/* ---- the guest's own roots ---- */

static void what_a_guest_holds_stays(void **state) {
  (void)state;
  static const char text[] =
      "(module"
      "  (type $cell (struct (field i32) (field (mut (ref null $cell)))))"
      "  (type $cells (array (mut (ref null $cell))))"
      "  (table $table 3 (ref null $cell))"
      "  (table $any 2 anyref)"
      "  (global $global (mut (ref null $cell)) (ref.null $cell))"
      "  (func $garbage (drop (array.new_default $cells (i32.const 50))))"
      "  (func $cell (param i32) (result (ref $cell))"
      "    (struct.new $cell (local.get 0) (ref.null $cell)))"
      "  (func $value (param (ref null $cell)) (result i32)"
      "    (call $garbage) (struct.get $cell 0 (local.get 0)))"
      /* in locals and temporaries of several frames */
      "  (func (export \"frames\") (param i32 i32) (result i32) (local (ref null $cell))"
      "    (local.set 2 (call $cell (local.get 0)))"
      "    (if (result i32) (local.get 1)"
      "      (then (i32.add (call $value (local.get 2))"
      "        (i32.add (call $deeper (local.get 0) (i32.sub (local.get 1) (i32.const 1)))"
      "                 (call $value (local.get 2)))))"
      "      (else (call $value (local.get 2)))))"
      "  (func $deeper (param i32 i32) (result i32) (local (ref null $cell) i64)"
      "    (local.set 2 (call $cell (i32.const 7)))"
      "    (i32.add (call $frames (local.get 0) (local.get 1)) (call $value (local.get 2))))"
      "  (func $frames (param i32 i32) (result i32) (local (ref null $cell))"
      "    (local.set 2 (call $cell (local.get 0)))"
      "    (if (result i32) (local.get 1)"
      "      (then (i32.add (call $value (local.get 2))"
      "        (i32.add (call $deeper (local.get 0) (i32.sub (local.get 1) (i32.const 1)))"
      "                 (call $value (local.get 2)))))"
      "      (else (call $value (local.get 2)))))"
      /* in places that outlive the call */
      "  (func (export \"put\") (param i32)"
      "    (global.set $global (call $cell (local.get 0)))"
      "    (table.set $table (i32.const 1) (call $cell (i32.add (local.get 0) (i32.const 1))))"
      "    (table.set $any (i32.const 0) (call $cell (i32.add (local.get 0) (i32.const 2))))"
      "    (table.set $any (i32.const 1) (ref.i31 (i32.const 5)))"
      "    (struct.set $cell 1 (global.get $global)"
      "      (call $cell (i32.add (local.get 0) (i32.const 3)))))"
      "  (func (export \"get\") (result i32)"
      "    (i32.add"
      "      (i32.add (call $value (global.get $global))"
      "               (call $value (table.get $table (i32.const 1))))"
      "      (i32.add"
      "        (call $value (ref.cast (ref $cell) (table.get $any (i32.const 0))))"
      "        (i32.add (call $value (struct.get $cell 1 (global.get $global)))"
      "                 (i31.get_s (ref.cast (ref i31) (table.get $any (i32.const 1)))))))))";
  for (int stress = 0; stress < 2; stress++) {
    rig_t rig;
    open_store(&rig, stress, NULL);
    add_guest(&rig, text, NULL, 0);
    assert_int_equal(call_number(&rig, "frames", 3, 10), 21 * 3 + 10 * 7);
    assert_ok(call_i32(rig.store, func_of(&rig, "put"), 100, 0, NULL));
    assert_ok(wherry_store_collect(rig.store));
    assert_int_equal(call_number(&rig, "get", 0, 0), 400 + 1 + 2 + 3 + 5);
    close_rig(&rig);
  }
}

static void constants_make_objects(void **state) {
  (void)state;
  static const char text[] =
      "(module"
      "  (type $pair (struct (field i32) (field f64) (field (ref null $pair))))"
      "  (type $lanes (struct (field v128)))"
      "  (type $bytes (array i8))"
      "  (type $pairs (array (ref null $pair)))"
      "  (global $one (ref $pair)"
      "    (struct.new $pair (i32.const 1) (f64.const 2)"
      "      (struct.new $pair (i32.const 3) (f64.const 4) (struct.new_default $pair))))"
      "  (global $lanes (ref $lanes) (struct.new $lanes (v128.const i32x4 5 6 7 8)))"
      "  (global $bytes (ref $bytes)"
      "    (array.new_fixed $bytes 3 (i32.const 9) (i32.const 10) (i32.const 0x10B)))"
      "  (global $many (ref $pairs) (array.new $pairs (global.get $one) (i32.const 20)))"
      "  (global $i31 i31ref (ref.i31 (i32.const -4)))"
      "  (global $outside externref (extern.convert_any (global.get $one)))"
      "  (table $table 4 (ref $pair) (struct.new $pair (i32.const 12) (f64.const 0) (ref.null "
      "$pair)))"
      "  (elem $elem (ref $pair) (struct.new $pair (i32.const 13) (f64.const 0) (ref.null $pair))"
      "    (global.get $one))"
      "  (func (export \"sum\") (result i32)"
      "    (i32.add (struct.get $pair 0 (struct.get $pair 2 (global.get $one)))"
      "      (i32.add (i32x4.extract_lane 2 (struct.get $lanes 0 (global.get $lanes)))"
      "        (i32.add (array.get_u $bytes (global.get $bytes) (i32.const 2))"
      "          (i32.add"
      "            (struct.get $pair 0 (array.get $pairs (global.get $many) (i32.const 19)))"
      "            (i32.add (i31.get_s (global.get $i31))"
      "              (struct.get $pair 0 (table.get $table (i32.const 3)))))))))"
      "  (func (export \"same\") (result i32)"
      "    (table.init $table $elem (i32.const 0) (i32.const 0) (i32.const 2))"
      "    (table.init $table $elem (i32.const 2) (i32.const 0) (i32.const 2))"
      "    (i32.add (i32.add"
      "      (ref.eq (table.get $table (i32.const 0)) (table.get $table (i32.const 2)))"
      "      (ref.eq (table.get $table (i32.const 1)) (global.get $one)))"
      "      (ref.eq (array.get $pairs"
      "          (array.new_elem $pairs $elem (i32.const 0) (i32.const 2)) (i32.const 0))"
      "        (table.get $table (i32.const 0)))))"
      "  (func (export \"outside\") (result i32)"
      "    (ref.eq (ref.cast eqref (any.convert_extern (global.get $outside))) (global.get $one)))"
      "  (func (export \"drop\") (elem.drop $elem)))";
  rig_t rig;
  open_store(&rig, true, NULL);
  add_guest(&rig, text, NULL, 0);
  assert_ok(wherry_store_collect(rig.store));
  assert_int_equal(call_number(&rig, "sum", 0, 0), 3 + 7 + 11 + 1 - 4 + 12);
  assert_int_equal(call_number(&rig, "same", 0, 0), 3);
  assert_int_equal(call_number(&rig, "outside", 0, 0), 1);
  assert_ok(call_i32(rig.store, func_of(&rig, "drop"), 0, 0, NULL));
  assert_error(call_i32(rig.store, func_of(&rig, "same"), 0, 0, NULL), TRAP, "out of bounds table");
  close_rig(&rig);
}

static const char hoarder[] = "(module"
                              "  (type $cell (struct (field (ref null $cell))))"
                              "  (type $bytes (array i8))"
                              "  (global $list (mut (ref null $cell)) (ref.null $cell))"
                              "  (func (export \"hoard\")"
                              "    (loop $more"
                              "      (global.set $list (struct.new $cell (global.get $list)))"
                              "      (br $more)))"
                              "  (func (export \"large\") (param i32) (result i32)"
                              "    (array.len (array.new_default $bytes (local.get 0))))"
                              "  (func (export \"forget\") (global.set $list (ref.null $cell))))";

static void a_hoarder_meets_the_limit(void **state) {
  (void)state;
  rig_t rig;
  open_store(&rig, false, NULL);
  add_guest(&rig, hoarder, NULL, 0);
  assert_ok(wherry_store_set_memory_limit(rig.store, 1 << 20));
  assert_error(call_i32(rig.store, func_of(&rig, "hoard"), 0, 0, NULL), LIMIT, "1048576 bytes");
  assert_ok(call_i32(rig.store, func_of(&rig, "forget"), 0, 0, NULL));
  assert_ok(wherry_store_set_heap_limit(rig.store, 3 << 20));
  assert_ok(wherry_store_set_memory_limit(rig.store, 2 << 20));
  for (int round = 0; round < 2; round++) {
    wherry_error_t *error = call_i32(rig.store, func_of(&rig, "hoard"), 0, 0, NULL);
    assert_string_equal(wherry_error_limit(error), "heap");
    assert_int_equal(wherry_error_frame_count(error), 1);
    assert_error(error, LIMIT, "3145728 bytes");
    assert_error(call_i32(rig.store, func_of(&rig, "large"), 3 << 20, 0, NULL), LIMIT, "bytes");
    assert_ok(call_i32(rig.store, func_of(&rig, "forget"), 0, 0, NULL));
    assert_int_equal(call_number(&rig, "large", 2 << 20, 0), 2 << 20);
  }
  assert_ok(wherry_store_collect(rig.store));
  assert_int_equal(wherry_store_heap_used(rig.store), 0);
  close_rig(&rig);
}

/* A guest that lives on collections is stopped as any other: the budget of its loop aside, each of them
   is followed by a look. */
static void time_and_fuel_end_a_hoarder(void **state) {
  (void)state;
  rig_t rig;
  open_store(&rig, true, NULL);
  add_guest(&rig, hoarder, NULL, 0);
  assert_ok(wherry_store_set_timeout(rig.store, 20000000));
  assert_error(call_i32(rig.store, func_of(&rig, "hoard"), 0, 0, NULL), LIMIT, "time limit");
  assert_ok(wherry_store_set_timeout(rig.store, UINT64_MAX));
  assert_ok(call_i32(rig.store, func_of(&rig, "forget"), 0, 0, NULL));
  wherry_store_interrupt(rig.store);
  assert_error(call_i32(rig.store, func_of(&rig, "hoard"), 0, 0, NULL), INTERRUPTED, "interrupted");
  assert_ok(wherry_store_set_fuel(rig.store, 5000));
  assert_error(call_i32(rig.store, func_of(&rig, "hoard"), 0, 0, NULL), LIMIT, "fuel");
  close_rig(&rig);
}

/* Long arrays are filled and copied in pieces, which cost fuel. */
static void long_arrays_are_charged(void **state) {
  (void)state;
  static const char text[] =
      "(module"
      "  (type $words (array (mut i32)))"
      "  (func (export \"fill\") (param $size i32) (result i32)"
      "    (local $a (ref $words))"
      "    (local.set $a (array.new_default $words (local.get $size)))"
      "    (array.fill $words (local.get $a) (i32.const 1) (i32.const 77)"
      "      (i32.sub (local.get $size) (i32.const 2)))"
      "    (array.set $words (local.get $a) (i32.const 3) (i32.const 5))"
      "    (array.copy $words $words (local.get $a) (i32.const 2) (local.get $a) (i32.const 1)"
      "      (i32.sub (local.get $size) (i32.const 3)))"
      "    (i32.add"
      "      (i32.add (array.get $words (local.get $a) (i32.const 0))"
      "               (array.get $words (local.get $a) (i32.const 4)))"
      "      (i32.add"
      "        (array.get $words (local.get $a) (i32.sub (local.get $size) (i32.const 2)))"
      "        (array.get $words (local.get $a) (i32.sub (local.get $size) (i32.const 1)))))))";
  rig_t rig;
  open_store(&rig, false, NULL);
  add_guest(&rig, text, NULL, 0);
  enum { PIECE = (16 << 20) / 4 };
  assert_int_equal(call_number(&rig, "fill", 1000, 0), 0 + 5 + 77 + 0);
  assert_int_equal(call_number(&rig, "fill", 2 * PIECE + 100, 0), 0 + 5 + 77 + 0);
  assert_ok(wherry_store_set_fuel(rig.store, 100000));
  assert_int_equal(call_number(&rig, "fill", 1000, 0), 0 + 5 + 77 + 0);
  assert_error(call_i32(rig.store, func_of(&rig, "fill"), 2 * PIECE, 0, NULL), LIMIT, "fuel");
  close_rig(&rig);
}

/* ---- the host's references ---- */

static wherry_error_t *keep(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                            size_t arg_count, wherry_value_t *results, size_t result_count) {
  rig_t *rig = data;
  (void)arg_count, (void)result_count;
  results[0] = args[0];
  return wherry_ref_retain(wherry_caller_store(caller), args[0].of.ref, &rig->kept);
}

static wherry_error_t *make_extern(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                                   size_t arg_count, wherry_value_t *results, size_t result_count) {
  rig_t *rig = data;
  (void)args, (void)arg_count, (void)result_count;
  return wherry_externref_new(wherry_caller_store(caller), &rig->ended, count_end,
                              &results[0].of.externref);
}

static const char carrier[] =
    "(module"
    "  (import \"\" \"keep\" (func $keep (param anyref) (result anyref)))"
    "  (import \"\" \"extern\" (func $extern (result externref)))"
    "  (type $cell (struct (field $number i32) (field $extern (mut externref))))"
    "  (type $other (struct (field i64)))"
    "  (global $cell (mut (ref null $cell)) (ref.null $cell))"
    "  (func (export \"make\") (param i32) (result anyref)"
    "    (struct.new $cell (local.get 0) (ref.null extern)))"
    "  (func (export \"other\") (result (ref $other)) (struct.new $other (i64.const 1)))"
    "  (func (export \"number\") (param (ref $cell)) (result i32)"
    "    (struct.get $cell $number (local.get 0)))"
    "  (func (export \"through\") (param i32) (result i32)"
    "    (struct.get $cell $number (ref.cast (ref $cell)"
    "      (call $keep (struct.new $cell (local.get 0) (ref.null extern))))))"
    "  (func (export \"hold\")"
    "    (global.set $cell (struct.new $cell (i32.const 0) (call $extern))))"
    "  (func (export \"held\") (result externref) (struct.get $cell $extern (global.get $cell)))"
    "  (func (export \"drop\") (struct.set $cell $extern (global.get $cell) (ref.null extern)))"
    "  (func (export \"same\") (param externref) (result anyref)"
    "    (any.convert_extern (local.get 0)))"
    "  (func (export \"out\") (result externref)"
    "    (extern.convert_any (struct.new_default $other)))"
    "  (func (export \"exn\") (result exnref) (ref.null exn)))";

static void open_carrier(rig_t *rig, bool stress) {
  open_store(rig, stress, NULL);
  wherry_extern_t imports[] = {host(rig, WHERRY_ANYREF, WHERRY_ANYREF, keep),
                               host(rig, 0, WHERRY_EXTERNREF, make_extern)};
  add_guest(rig, carrier, imports, 2);
}

static wherry_value_t call_value(rig_t *rig, const char *name, const wherry_value_t *arg) {
  wherry_value_t result;
  assert_ok(wherry_func_call(rig->store, func_of(rig, name), arg, arg != NULL, &result, 1));
  return result;
}

static void references_of_the_host_stay_until_released(void **state) {
  (void)state;
  rig_t rig;
  open_carrier(&rig, true);
  wherry_value_t values[5], number;
  wherry_valtype_t kind;
  for (int i = 0; i < 5; i++) {
    number = wherry_i32(i * 10);
    values[i] = call_value(&rig, "make", &number);
    assert_int_equal(values[i].type, WHERRY_ANYREF);
  }
  assert_int_equal(wherry_store_handles(rig.store), 5);
  for (int i = 0; i < 5; i++) {
    assert_ok(wherry_ref_kind(rig.store, values[i].of.ref, &kind));
    assert_int_equal(kind, WHERRY_STRUCTREF);
    assert_int_equal(call_value(&rig, "number", &values[i]).of.i32, i * 10);
    wherry_ref_release(rig.store, values[i].of.ref);
    assert_error(wherry_func_call(rig.store, func_of(&rig, "number"), &values[i], 1, &number, 1),
                 STATE, "released");
  }
  assert_int_equal(wherry_store_handles(rig.store), 0);
  assert_ok(wherry_store_collect(rig.store));
  assert_int_equal(wherry_store_heap_used(rig.store), 0);
  /* What is of another type is told from it. */
  values[0] = call_value(&rig, "other", NULL);
  assert_error(wherry_func_call(rig.store, func_of(&rig, "number"), values, 1, &number, 1), TYPE,
               "got structref");
  values[1] = (wherry_value_t) {.type = WHERRY_ANYREF};
  assert_error(wherry_func_call(rig.store, func_of(&rig, "number"), &values[1], 1, &number, 1),
               TYPE, "got nullref");
  values[1].of.ref = wherry_ref_i31(4);
  assert_error(wherry_func_call(rig.store, func_of(&rig, "number"), &values[1], 1, &number, 1),
               TYPE, "got i31ref");
  values[1] = wherry_i32(4);
  assert_error(wherry_func_call(rig.store, func_of(&rig, "number"), &values[1], 1, &number, 1),
               TYPE, "got i32");
  values[1] = call_value(&rig, "exn", NULL);
  assert_int_equal(values[1].type, WHERRY_EXNREF);
  assert_int_equal(values[1].of.ref.store, 0);
  close_rig(&rig);
}

static void references_in_a_callback_end_with_it(void **state) {
  (void)state;
  rig_t rig;
  open_carrier(&rig, true);
  assert_int_equal(call_number(&rig, "through", 42, 0), 42);
  assert_int_equal(wherry_store_handles(rig.store), 1); /* the one that was retained */
  wherry_value_t value = {.type = WHERRY_ANYREF};
  value.of.ref = rig.kept;
  assert_int_equal(call_value(&rig, "number", &value).of.i32, 42);
  wherry_ref_release(rig.store, rig.kept);
  assert_int_equal(wherry_store_handles(rig.store), 0);
  close_rig(&rig);
}

static void an_externref_in_an_object_lives_with_it(void **state) {
  (void)state;
  for (int stress = 0; stress < 2; stress++) {
    rig_t rig;
    void *data;
    wherry_valtype_t kind;
    open_carrier(&rig, stress);
    assert_ok(call_i32(rig.store, func_of(&rig, "hold"), 0, 0, NULL));
    assert_int_equal(wherry_store_handles(rig.store), 0);
    assert_ok(wherry_store_collect(rig.store));
    wherry_value_t held = call_value(&rig, "held", NULL), same = call_value(&rig, "same", &held);
    assert_ok(wherry_externref_data(rig.store, held.of.externref, &data));
    assert_ptr_equal(data, &rig.ended);
    assert_int_equal(same.type, WHERRY_ANYREF);
    assert_true(wherry_ref_equal(rig.store, held.of.ref, same.of.ref));
    assert_ok(wherry_ref_kind(rig.store, same.of.ref, &kind));
    assert_int_equal(kind, WHERRY_EXTERNREF);
    assert_ok(call_i32(rig.store, func_of(&rig, "drop"), 0, 0, NULL));
    assert_ok(wherry_store_collect(rig.store));
    assert_int_equal(rig.ended, 0);
    wherry_ref_release(rig.store, held.of.ref);
    wherry_ref_release(rig.store, same.of.ref);
    assert_ok(wherry_store_collect(rig.store));
    assert_int_equal(rig.ended, 1);
    held = call_value(&rig, "out", NULL);
    assert_error(wherry_externref_data(rig.store, held.of.externref, &data), TYPE, "structref");
    close_rig(&rig);
    assert_int_equal(rig.ended, 1);
  }
}

/* ---- while something else runs ---- */

static wherry_error_t *call_again(void *data, wherry_caller_t *caller, wherry_slot_t *slots) {
  rig_t *rig = data;
  (void)caller;
  return call_i32(rig->store, rig->func, slots[0].i32, 0, &slots[0].i32);
}

static const char nester[] =
    "(module"
    "  (import \"\" \"host\" (func $host (param i32) (result i32)))"
    "  (type $cell (struct (field i32)))"
    "  (func $both (export \"both\") (param $n i32) (result i32)"
    "    (local $cell (ref $cell))"
    "    (local.set $cell (struct.new $cell (local.get $n)))"
    "    (if (result i32) (local.get $n)"
    "      (then (i32.add (struct.get $cell 0 (struct.new $cell (local.get $n)))"
    "        (i32.add (call $host (i32.sub (local.get $n) (i32.const 1)))"
    "                 (struct.get $cell 0 (local.get $cell)))))"
    "      (else (i32.const 0))))"
    "  (func (export \"steps\") (param $n i32) (result anyref)"
    "    (local $cell (ref $cell))"
    "    (local.set $cell (struct.new $cell (local.get $n)))"
    "    (drop (call $host (i32.const 3)))"
    "    (loop $again"
    "      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
    "    (local.get $cell))"
    "  (func (export \"number\") (param anyref) (result i32)"
    "    (struct.get $cell 0 (ref.cast (ref $cell) (local.get 0)))))";

static void nested_calls_hold_what_they_have(void **state) {
  (void)state;
  rig_t rig;
  open_store(&rig, true, NULL);
  wherry_extern_t import = extern_func(slot_func(rig.store, "i:i", call_again, false, &rig));
  add_guest(&rig, nester, &import, 1);
  rig.func = func_of(&rig, "both");
  assert_int_equal(call_number(&rig, "both", 20, 0), 20 * 21);
  close_rig(&rig);
}

static void calls_in_steps_hold_what_they_have(void **state) {
  (void)state;
  rig_t rig;
  wherry_call_t *call;
  wherry_outcome_t outcome;
  wherry_slot_t slots[2] = {{.i32 = 5000}};
  open_store(&rig, true, NULL);
  wherry_extern_t import = extern_func(slot_func(rig.store, "i:i", call_again, true, &rig));
  add_guest(&rig, nester, &import, 1);
  assert_ok(wherry_call_start(rig.store, func_of(&rig, "steps"), slots, &call));
  assert_ok(wherry_store_collect(rig.store));
  int pauses = 0, host_calls = 0;
  do {
    assert_ok(wherry_call_resume(call, &outcome));
    assert_ok(wherry_store_collect(rig.store));
    pauses += outcome == WHERRY_PAUSED;
    host_calls += outcome == WHERRY_HOST_CALL;
  } while (outcome != WHERRY_DONE);
  assert_true(pauses > 2);
  assert_int_equal(host_calls, 1);
  wherry_value_t value =
      wherry_value_from_slot(rig.store, wherry_call_slots(call)[0], WHERRY_ANYREF);
  wherry_call_release(call);
  assert_ok(wherry_store_collect(rig.store));
  assert_int_equal(call_value(&rig, "number", &value).of.i32, 5000);
  /* Arguments wait with the call, and are let go with it. */
  assert_ok(wherry_value_to_slot(rig.store, &value, WHERRY_ANYREF, &slots[0]));
  assert_ok(wherry_call_start(rig.store, func_of(&rig, "number"), slots, &call));
  wherry_ref_release(rig.store, value.of.ref);
  assert_ok(wherry_store_collect(rig.store));
  assert_ok(wherry_call_resume(call, &outcome));
  assert_int_equal(outcome, WHERRY_DONE);
  assert_int_equal(wherry_call_slots(call)[0].i32, 5000);
  wherry_call_release(call);
  assert_ok(wherry_store_collect(rig.store));
  assert_int_equal(wherry_store_heap_used(rig.store), 0);
  close_rig(&rig);
}

static wherry_error_t *collect_at_tick(wherry_store_t *store, void *data) {
  ++*(int *)data;
  return wherry_store_collect(store);
}

static void ticks_may_collect(void **state) {
  (void)state;
  rig_t rig;
  int ticks = 0;
  open_store(&rig, false, NULL);
  wherry_extern_t import = extern_func(slot_func(rig.store, "i:i", call_again, false, &rig));
  add_guest(&rig, nester, &import, 1);
  rig.func = func_of(&rig, "both");
  wherry_store_set_tick(rig.store, collect_at_tick, &ticks);
  wherry_value_t number = wherry_i32(20000), value = call_value(&rig, "steps", &number);
  assert_true(ticks > 10);
  assert_int_equal(call_value(&rig, "number", &value).of.i32, 20000);
  close_rig(&rig);
}

static const char thrower[] =
    "(module"
    "  (type $cell (struct (field i32)))"
    "  (tag $tag (export \"tag\") (param i32 (ref $cell)))"
    "  (func $throw (param i32)"
    "    (throw $tag (local.get 0) (struct.new $cell (i32.add (local.get 0) (i32.const 1)))))"
    "  (func (export \"uncaught\") (param i32) (call $throw (local.get 0)))"
    "  (func (export \"caught\") (param i32) (result i32)"
    "    (local $exn exnref) (local $cell (ref null $cell))"
    "    (block $all (result exnref)"
    "      (try_table (catch_all_ref $all) (call $throw (local.get 0)))"
    "      (unreachable))"
    "    (local.set $exn)"
    "    (drop (struct.new $cell (i32.const 0)))"
    "    (block $again (result i32 (ref $cell))"
    "      (try_table (catch $tag $again) (throw_ref (local.get $exn)))"
    "      (unreachable))"
    "    (local.set $cell)"
    "    (drop (struct.new $cell (i32.const 0)))"
    "    (i32.add (struct.get $cell 0 (local.get $cell))))"
    "  (func (export \"number\") (param anyref) (result i32)"
    "    (struct.get $cell 0 (ref.cast (ref $cell) (local.get 0)))))";

static void exceptions_hold_what_they_carry(void **state) {
  (void)state;
  rig_t rig;
  open_store(&rig, true, NULL);
  add_guest(&rig, thrower, NULL, 0);
  assert_int_equal(call_number(&rig, "caught", 6, 0), 13);
  wherry_error_t *error = call_i32(rig.store, func_of(&rig, "uncaught"), 8, 0, NULL);
  assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_EXCEPTION);
  assert_int_equal(wherry_error_value_count(error), 2);
  assert_int_equal(wherry_error_value(error, 0).of.i32, 8);
  wherry_value_t value = wherry_error_value(error, 1);
  assert_ok(wherry_store_collect(rig.store));
  assert_int_equal(call_value(&rig, "number", &value).of.i32, 9);
  assert_int_equal(wherry_store_handles(rig.store), 1);
  wherry_ref_release(rig.store, value.of.ref);
  wherry_error_release(error);
  assert_int_equal(wherry_store_handles(rig.store), 0);
  close_rig(&rig);
}

/* ---- types across modules ---- */

static void types_of_modules_meet(void **state) {
  (void)state;
  static const char first[] =
      "(module"
      "  (rec (type $base (sub (struct (field i32)))) (type $unused (struct)))"
      "  (type $more (sub $base (struct (field i32) (field i64))))"
      "  (type $f (sub (func (param (ref $base)) (result i32))))"
      "  (type $g (sub final $f (func (param (ref $base)) (result i32))))"
      "  (func (export \"more\") (result (ref $base))"
      "    (struct.new $more (i32.const 4) (i64.const 5)))"
      "  (func $f (type $g) (struct.get $base 0 (local.get 0)))"
      "  (table (export \"table\") 2 funcref)"
      "  (elem (i32.const 0) func $f)"
      "  (func (export \"function\") (result (ref $f)) (ref.func $f)))";
  static const char second[] =
      "(module"
      "  (rec (type $mine (sub (struct (field i32)))) (type $unused (struct)))"
      "  (type $f (sub (func (param (ref $mine)) (result i32))))"
      "  (type $g (sub final $f (func (param (ref $mine)) (result i32))))"
      "  (type $h (sub final $f (func (param (ref $mine)) (result i32))))"
      "  (type $alien (sub (struct (field i32))))"
      "  (import \"\" \"more\" (func $more (result (ref $mine))))"
      "  (import \"\" \"function\" (func $function (result (ref $f))))"
      "  (import \"\" \"table\" (table 2 funcref))"
      "  (func (export \"use\") (result i32)"
      "    (i32.add (struct.get $mine 0 (call $more))"
      "      (i32.add (ref.test (ref $alien) (call $more))"
      "        (call_ref $f (call $more) (call $function)))))"
      "  (func (export \"indirect\") (param i32) (result i32)"
      "    (call_indirect (type $f) (call $more) (local.get 0)))"
      "  (func (export \"tail\") (result i32)"
      "    (return_call_ref $f (call $more) (call $function)))"
      "  (func (export \"tests\") (result i32)"
      "    (i32.add (ref.test (ref $g) (call $function))"
      "      (i32.add (ref.test (ref $h) (call $function))"
      "        (ref.test (ref null $f) (ref.null nofunc))))))";
  rig_t rig;
  open_store(&rig, true, NULL);
  add_guest(&rig, first, NULL, 0);
  wherry_extern_t imports[] = {find_export(rig.store, rig.instance, "more"),
                               find_export(rig.store, rig.instance, "function"),
                               find_export(rig.store, rig.instance, "table")};
  add_guest(&rig, second, imports, 3);
  assert_int_equal(call_number(&rig, "use", 0, 0), 8);
  assert_int_equal(call_number(&rig, "indirect", 0, 0), 4);
  assert_error(call_i32(rig.store, func_of(&rig, "indirect"), 1, 0, NULL), TRAP, "uninitialized");
  assert_int_equal(call_number(&rig, "tail", 0, 0), 4);
  assert_int_equal(call_number(&rig, "tests", 0, 0), 3); /* $g and $h are one type */
  close_rig(&rig);
}

static wherry_error_t *twice(void *data, wherry_caller_t *caller, wherry_slot_t *slots) {
  (void)data, (void)caller;
  slots[0].i32 *= 2;
  return NULL;
}

static void functions_of_the_host_are_called_by_reference(void **state) {
  (void)state;
  static const char text[] =
      "(module"
      "  (type $f (func (param i32) (result i32)))"
      "  (import \"\" \"twice\" (func $twice (type $f)))"
      "  (elem declare func $twice)"
      "  (func (export \"call\") (param i32) (result i32)"
      "    (call_ref $f (local.get 0) (ref.func $twice)))"
      "  (func (export \"tail\") (param i32) (result i32)"
      "    (return_call_ref $f (local.get 0) (ref.func $twice)))"
      "  (func (export \"given\") (param (ref $f)) (result i32)"
      "    (call_ref $f (i32.const 4) (local.get 0)))"
      "  (func (export \"back\") (result (ref $f)) (ref.func $twice))"
      "  (func (export \"null\") (result i32) (call_ref $f (i32.const 1) (ref.null $f))))";
  rig_t rig;
  open_store(&rig, false, NULL);
  wherry_extern_t import = extern_func(slot_func(rig.store, "i:i", twice, false, NULL));
  add_guest(&rig, text, &import, 1);
  assert_int_equal(call_number(&rig, "call", 21, 0), 42);
  assert_int_equal(call_number(&rig, "tail", 22, 0), 44);
  wherry_value_t func = call_value(&rig, "back", NULL), result;
  assert_int_equal(func.type, WHERRY_FUNCREF);
  assert_int_equal(call_value(&rig, "given", &func).of.i32, 8);
  func.of.func = func_of(&rig, "null");
  assert_error(wherry_func_call(rig.store, func_of(&rig, "given"), &func, 1, &result, 1), TYPE, "");
  memset(&func.of, 0, sizeof func.of);
  assert_error(wherry_func_call(rig.store, func_of(&rig, "given"), &func, 1, &result, 1), TYPE,
               "nullfuncref");
  assert_error(call_i32(rig.store, func_of(&rig, "null"), 0, 0, NULL), TRAP,
               "null function reference");
  close_rig(&rig);
}

/* ---- no memory ---- */

/* Makes an instance and calls it, as far as it goes. */
static wherry_error_t *attempt(rig_t *rig) {
  wherry_func_t func;
  wherry_extern_t imports[2];
  static const wherry_valtype_t any = WHERRY_ANYREF, ext = WHERRY_EXTERNREF;
  wherry_functype_t *type;
  wherry_error_t *error = wherry_functype_new(&any, 1, &any, 1, &type);
  if (error) return error;
  error = wherry_func_new(rig->store, type, keep, rig, NULL, &func);
  wherry_functype_release(type);
  imports[0] = extern_func(func);
  if (!error) error = wherry_functype_new(NULL, 0, &ext, 1, &type);
  if (error) return error;
  error = wherry_func_new(rig->store, type, make_extern, rig, NULL, &func);
  wherry_functype_release(type);
  imports[1] = extern_func(func);
  if (!error) error = try_guest(rig, carrier, imports, 2, &rig->instance);
  if (error) return error;
  error = call_i32(rig->store, func_of(rig, "through"), 3, 0, NULL);
  if (!error) error = call_i32(rig->store, func_of(rig, "hold"), 0, 0, NULL);
  wherry_value_t value;
  if (!error) error = wherry_func_call(rig->store, func_of(rig, "held"), NULL, 0, &value, 1);
  void *data;
  if (!error) error = wherry_externref_data(rig->store, value.of.externref, &data);
  return error;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  for (size_t fail_at = 1;; fail_at++) {
    failing_t failing = {0};
    wherry_allocator_t allocator = failing_allocator(&failing);
    rig_t rig;
    open_store(&rig, fail_at % 2, &allocator);
    failing.calls = 0;
    failing.fail_at = fail_at;
    wherry_error_t *error = attempt(&rig);
    bool passed = failing.calls < fail_at;
    failing.fail_at = 0;
    if (error) assert_error(error, OOM, "memory");
    if (passed) assert_null(error);
    close_rig(&rig);
    assert_int_equal(failing.live_blocks, 0);
    if (passed) break;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_a_guest_holds_stays),
      cmocka_unit_test(constants_make_objects),
      cmocka_unit_test(a_hoarder_meets_the_limit),
      cmocka_unit_test(time_and_fuel_end_a_hoarder),
      cmocka_unit_test(long_arrays_are_charged),
      cmocka_unit_test(references_of_the_host_stay_until_released),
      cmocka_unit_test(references_in_a_callback_end_with_it),
      cmocka_unit_test(an_externref_in_an_object_lives_with_it),
      cmocka_unit_test(nested_calls_hold_what_they_have),
      cmocka_unit_test(calls_in_steps_hold_what_they_have),
      cmocka_unit_test(ticks_may_collect),
      cmocka_unit_test(exceptions_hold_what_they_carry),
      cmocka_unit_test(types_of_modules_meet),
      cmocka_unit_test(functions_of_the_host_are_called_by_reference),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
