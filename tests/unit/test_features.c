/* Which features a module needs: with these it is valid, without any of them it is not. */
#include "support.h"

#include <glob.h>

#include "encode/encode.h"
#include "runtime/runtime.h"

static wherry_engine_t *engine_of(const char *list) {
  wherry_config_t *config;
  wherry_engine_t *engine;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_features(config, list));
  assert_ok(wherry_engine_new(config, &engine));
  wherry_config_release(config);
  return engine;
}

/* "gc,simd" */
static void list_of(uint64_t features, char *out) {
  *out = 0;
  for (wherry_feature_t i = 0; i < WHERRY_FEATURE_COUNT; i++)
    if (features >> i & 1)
      sprintf(out + strlen(out), "%s%s", *out ? "," : "", wherry_feature_name(i));
}

/* An engine for each feature, of all but that one. */
static wherry_engine_t *all, *without[WHERRY_FEATURE_COUNT];

static int start(void **state) {
  (void)state;
  all = engine_of("all");
  for (wherry_feature_t i = 0; i < WHERRY_FEATURE_COUNT; i++) {
    char list[64];
    /* Tags come with either. */
    sprintf(list, "all,-%s%s", wherry_feature_name(i),
            i == WHERRY_FEATURE_EXCEPTIONS ? ",-legacy-exceptions" : "");
    without[i] = engine_of(list);
  }
  return 0;
}

static int end(void **state) {
  (void)state;
  wherry_engine_release(all);
  for (size_t i = 0; i < WHERRY_FEATURE_COUNT; i++) wherry_engine_release(without[i]);
  return 0;
}

/* In its shortest form, so that there is nothing that only the encoding needs. False: a fault. */
static bool check(const wherry_module_t *module, const char *name) {
  wherry_module_t *shortest;
  uint8_t *bytes;
  size_t size;
  char list[512], only[600];
  bool good = true;
  wh_alloc_t *alloc = &all->alloc;
  assert_ok(wh_encode(alloc, module->model, &bytes, &size));
  assert_ok(wherry_module_new(all, bytes, size, &shortest));
  uint64_t features = wherry_module_features(shortest);
  wherry_module_release(shortest);
  list_of(features, list);
  sprintf(only, "none,%s", list);
  wherry_engine_t *engine = engine_of(only);
  wherry_error_t *error = wherry_module_validate(engine, bytes, size);
  if (error) {
    print_error("%s: needs [%s], but with these: %s\n", name, list, wherry_error_message(error));
    good = false;
  }
  wherry_error_release(error);
  wherry_engine_release(engine);
  for (wherry_feature_t i = 0; i < WHERRY_FEATURE_COUNT; i++) {
    if (!(features >> i & 1)) continue;
    error = wherry_module_validate(without[i], bytes, size);
    if (!error) print_error("%s: needs [%s], but not %s\n", name, list, wherry_feature_name(i));
    good &= error != NULL;
    wherry_error_release(error);
  }
  wh_free(alloc, bytes, size);
  return good;
}

static const struct {
  const char *text, *features;
} rows[] = {
    {"(module)", ""},
    {"(func (export \"f\") (param i32) (result i32) local.get 0) (memory 1) (table 1 funcref)"
     "(data (i32.const 0) \"x\") (elem (i32.const 0) 0) (global (mut i32) i32.const 1)",
     ""},
    {"(type (func (result i32 i32)))", "multi-value"},
    {"(func (param i32) local.get 0 block (param i32) drop end)", "multi-value"},
    {"(func (drop (i32.extend8_s (i32.const 1))))", "sign-extension"},
    {"(func (drop (i32.trunc_sat_f32_s (f32.const 1))))", "saturating-conversions"},
    {"(memory 1) (data \"x\")", "bulk-memory"},
    {"(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))", "bulk-memory"},
    {"(func $f) (elem func $f)", "bulk-memory"},
    {"(func (param externref))", "reference-types"},
    {"(table 1 externref)", "reference-types"},
    {"(table 1 funcref) (table 1 funcref)", "reference-types"},
    {"(func $f) (elem funcref (ref.func $f))", "bulk-memory,reference-types"},
    {"(func (drop (ref.null func)))", "reference-types"},
    {"(func (local externref))", "reference-types"},
    {"(global (import \"\" \"\") (mut i32))", "mutable-globals"},
    {"(global (export \"g\") (mut i32) (i32.const 1))", "mutable-globals"},
    {"(global $a i32 (i32.const 1)) (global i32 (global.get $a))", "gc"},
    {"(global i32 (i32.add (i32.const 1) (i32.const 2)))", "extended-const"},
    {"(memory 1) (data (i32.mul (i32.const 1) (i32.const 2)) \"x\")", "extended-const"},
    {"(func (return_call 0))", "tail-call"},
    {"(memory 1) (memory 1)", "multi-memory"},
    {"(memory i64 1)", "memory64"},
    {"(table i64 1 funcref)", "memory64"},
    {"(func (param v128))", "simd"},
    {"(func (drop (v128.const i64x2 1 2)))", "simd"},
    {"(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
     "simd,relaxed-simd"},
    {"(type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0)))", "function-references"},
    {"(type $f (func)) (func (param (ref null $f)))", "function-references"},
    {"(func (param (ref extern)))", "reference-types,function-references"},
    {"(type $f (func)) (func $g) (elem declare func $g) (table 1 (ref $f) (ref.func $g))",
     "bulk-memory,reference-types,function-references"},
    {"(type (struct))", "gc"},
    {"(type (array i8))", "gc"},
    {"(type (sub (func)))", "gc"},
    {"(rec (type (func)) (type (func)))", "gc"},
    {"(func (param anyref))", "gc"},
    {"(func (drop (ref.i31 (i32.const 1))))", "gc"},
    {"(func (param externref) (drop (ref.test (ref extern) (local.get 0))))", "reference-types,gc"},
    {"(func (drop (ref.null none)))", "reference-types,gc"},
    {"(tag)", "exceptions"},
    {"(tag $e) (func (throw $e))", "exceptions"},
    {"(func (param exnref))", "exceptions"},
    {"(func (block $l (try_table (catch_all $l))))", "exceptions"},
    {"(func (try (do) (catch_all)))", "legacy-exceptions"},
    {"(tag $e) (func (try (do (throw $e)) (catch $e)))", "legacy-exceptions"},
    {"(memory 1 1 shared)", "threads"},
    {"(memory 1) (func (drop (i32.atomic.load (i32.const 0))))", "threads"},
    {"(memory 1 (pagesize 1))", "custom-page-sizes"},
    {"(func (i64.mul_wide_u (i64.const 1) (i64.const 2)) drop drop)", "wide-arithmetic"},
    {"(import \"m\" (item \"a\") (item \"b\") (func))", "compact-imports"},
};

static void of_texts(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    wherry_module_t *module;
    char list[512];
    assert_ok(wherry_module_new_text(all, rows[i].text, strlen(rows[i].text), NULL, &module));
    list_of(wherry_module_features(module), list);
    if (strcmp(list, rows[i].features) != 0) print_error("%s\n", rows[i].text);
    assert_string_equal(list, rows[i].features);
    assert_true(check(module, rows[i].text));
    wherry_module_release(module);
  }
}

static void of_the_suite(void **state) {
  (void)state;
  static const char *const patterns[] = {
      "../../../shared/suites/core/json/*/*.wasm",
      "../../../shared/suites/core/json/proposals/*/*/*.wasm",
      "../../../shared/suites/core/json/custom/*/*.wasm",
      "../../../shared/guests/core/*.wasm",
  };
  glob_t found = {0};
  for (size_t i = 0; i < WH_COUNT(patterns); i++)
    glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &found);
  size_t valid = 0, faults = 0;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    wherry_module_t *module;
    wherry_error_t *error = wherry_module_new_file(all, found.gl_pathv[i], &module);
    wherry_error_release(error);
    if (error) continue;
    valid++;
    faults += !check(module, found.gl_pathv[i]);
    wherry_module_release(module);
  }
  globfree(&found);
  if (!valid) {
    print_message("skipped: the suite is not there\n");
    skip();
  }
  print_message("%zu modules\n", valid);
  assert_int_equal(faults, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_texts),
      cmocka_unit_test(of_the_suite),
  };
  return cmocka_run_group_tests(tests, start, end);
}
