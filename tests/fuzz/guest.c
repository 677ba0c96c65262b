/* Valid modules as guests: every function is compiled, an instance is made of imports that do little,
   and what it exports is called, within tight limits. */
#include "fuzz.h"

#include <wherry.h>

#include "compile/compile.h"
#include "runtime/runtime.h"

enum {
  MOST_RUNS = 16,         /* of an engine, which keeps all types */
  MOST_CALLS = 6,         /* of an instance */
  MEMORY_LIMIT = 4 << 20, /* bytes */
  TABLE_LIMIT = 100000,   /* elements */
  HEAP_LIMIT = 1 << 20,   /* bytes */
  FUEL = 20000,           /* instructions of a call */
  TIMEOUT = 20000000,     /* nanoseconds */
  TICK = 1000,            /* instructions */
  STACK_SIZE = 256 << 10, /* bytes */
  RESERVATION = 64 << 20  /* bytes */
};

static wherry_engine_t *engine;
static uint64_t engines, runs, blocks; /* runs of the engine; what its allocator has given out */

static void *reallocate(void *data, void *memory, size_t old_size, size_t new_size) {
  (void)data, (void)old_size;
  if (new_size == 0) {
    blocks -= memory != NULL;
    free(memory);
    return NULL;
  }
  void *result = realloc(memory, new_size);
  blocks += !memory && result;
  return result;
}

static void must(wherry_error_t *error) {
  if (error) report_failure("setting up: %s", wherry_error_message(error));
}

static void begin_engine(void) {
  wherry_config_t *config;
  wherry_allocator_t allocator = {reallocate, NULL};
  must(wherry_config_new(&allocator, &config));
  must(wherry_config_set_features(config, "all"));
  must(wherry_config_set_memory_reservation(config, RESERVATION));
  must(wherry_config_set_stack_size(config, STACK_SIZE));
  must(wherry_config_set_tick(config, TICK));
  must(wherry_config_set_deterministic(config, engines % 2 == 1));
  must(wherry_config_set_gc_stress(config, engines++ % 3 == 1));
  must(wherry_engine_new(config, &engine));
  wherry_config_release(config);
  runs = 0;
}

void guest_end(void) {
  wherry_engine_release(engine);
  engine = NULL;
  if (blocks)
    report_failure("%llu blocks of memory are lost when an engine of %d mutants has ended",
                   (unsigned long long)blocks, MOST_RUNS);
}

/* ---- values ---- */

/* False: a host has no value of that type to give. */
static bool any_value(random_t *random, wherry_valtype_t type, wherry_value_t *out) {
  uint64_t number = random_number(random);
  *out = (wherry_value_t) {.type = type};
  if (wh_is_ref(type)) return wh_is_defaultable(type);
  memcpy(&out->of, &number, sizeof number);
  if (type == WHERRY_V128) memcpy(&out->of.v128[8], &number, sizeof number);
  if (type == WHERRY_F32) out->of.f32 = (float)(int64_t)number;
  if (type == WHERRY_F64) out->of.f64 = (double)(int64_t)number;
  return true;
}

static wherry_error_t *callback(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                                size_t arg_count, wherry_value_t *results, size_t result_count) {
  (void)data, (void)caller, (void)args, (void)results, (void)result_count;
  return arg_count == 3 ? wherry_error_new(WHERRY_ERROR_HOST, "three arguments are too many")
                        : NULL;
}

/* ---- imports ---- */

/* False: the host cannot make such a thing. */
static bool make_import(wherry_store_t *store, random_t *random, const wherry_externtype_t *type,
                        wherry_extern_t *out) {
  wherry_error_t *error = NULL;
  uint64_t minimum = wherry_externtype_minimum(type), maximum = wherry_externtype_maximum(type);
  wherry_value_t value;
  out->kind = wherry_externtype_kind(type);
  switch (out->kind) {
  case WHERRY_EXTERN_FUNC:
    error = wherry_func_new(store, wherry_externtype_functype(type), callback, NULL, NULL,
                            &out->of.func);
    break;
  case WHERRY_EXTERN_TABLE:
    error = wherry_table_new(store, wherry_externtype_valtype(type), minimum, maximum, NULL,
                             &out->of.table);
    break;
  case WHERRY_EXTERN_MEMORY:
    if (wherry_externtype_shared(type)) {
      wherry_sharedmemory_t *shared;
      error = wherry_sharedmemory_new(engine, minimum, maximum, &shared);
      if (error) break;
      error = wherry_sharedmemory_memory(shared, store, &out->of.memory);
      wherry_sharedmemory_release(shared);
    } else {
      error = wherry_memory_new(store, minimum, maximum, &out->of.memory);
    }
    break;
  case WHERRY_EXTERN_GLOBAL:
    if (!any_value(random, wherry_externtype_valtype(type), &value)) return false;
    error = wherry_global_new(store, &value, wherry_externtype_mutable(type), &out->of.global);
    break;
  default: error = wherry_tag_new(store, wherry_externtype_functype(type), &out->of.tag); break;
  }
  wherry_error_release(error);
  return !error;
}

/* ---- running ---- */

static void compile_all(const wherry_module_t *module, totals_t *totals) {
  const wh_model_t *model = module->model;
  for (size_t i = model->imported_functions; i < model->functions.count; i++) {
    wh_code_t *code;
    must(wh_compile(&engine->alloc, model, module->rtypes, (uint32_t)i, &engine->handlers,
                    &engine->fuses, engine->deterministic, &code));
    wh_free(&engine->alloc, code, code->size);
    totals->compiled++;
  }
}

static void call(wherry_store_t *store, wherry_func_t func, random_t *random, totals_t *totals) {
  const wherry_functype_t *type;
  must(wherry_func_type(store, func, &type));
  size_t params = wherry_functype_param_count(type), results = wherry_functype_result_count(type);
  wherry_value_t *values = calloc(params + results + 1, sizeof *values);
  bool good = true;
  for (size_t i = 0; i < params && good; i++)
    good = any_value(random, wherry_functype_param(type, i), &values[i]);
  if (good) {
    must(wherry_store_set_fuel(store, FUEL));
    wherry_error_t *error = wherry_func_call(store, func, values, params, values + params, results);
    totals->calls++;
    totals->returned += !error;
    if (error && !*wherry_error_message(error)) report_failure("an error without a message");
    wherry_error_release(error);
  }
  free(values);
  if (wherry_store_memory_used(store) > MEMORY_LIMIT)
    report_failure("%llu bytes of memory are used, the limit is %d",
                   (unsigned long long)wherry_store_memory_used(store), MEMORY_LIMIT);
  if (wherry_store_heap_used(store) > HEAP_LIMIT)
    report_failure("%llu bytes for objects are used, the limit is %d",
                   (unsigned long long)wherry_store_heap_used(store), HEAP_LIMIT);
}

static void run(wherry_store_t *store, wherry_module_t *module, random_t *random,
                totals_t *totals) {
  wherry_instance_t instance;
  size_t count = wherry_module_import_count(module);
  wherry_extern_t *imports = calloc(count + 1, sizeof *imports);
  bool good = true;
  for (size_t i = 0; i < count && good; i++)
    good = make_import(store, random, wherry_module_import_type(module, i), &imports[i]);
  wherry_error_t *error =
      good ? wherry_instance_new(store, module, imports, count, &instance) : NULL;
  free(imports);
  good = good && !error;
  wherry_error_release(error);
  if (!good) return;
  totals->instances++;
  size_t exports = wherry_module_export_count(module);
  for (size_t i = 0, calls = 0; i < exports && calls < MOST_CALLS; i++) {
    wherry_extern_t item;
    size_t index = exports > MOST_CALLS ? random_below(random, exports) : i;
    must(wherry_instance_export(store, instance, index, &item));
    if (item.kind != WHERRY_EXTERN_FUNC) continue;
    call(store, item.of.func, random, totals);
    calls++;
  }
}

void guest_run(const uint8_t *bytes, size_t size, random_t *random, totals_t *totals) {
  if (!engine) begin_engine();
  wherry_module_t *module;
  wherry_store_t *store;
  wherry_error_t *error = wherry_module_new(engine, bytes, size, &module);
  if (error) {
    if (engine->features == FUZZ_FEATURES)
      report_failure("the engine refuses it: %s", wherry_error_message(error));
    wherry_error_release(error);
    return;
  }
  compile_all(module, totals);
  must(wherry_store_new(engine, &store));
  must(wherry_store_set_memory_limit(store, MEMORY_LIMIT));
  must(wherry_store_set_table_limit(store, TABLE_LIMIT));
  must(wherry_store_set_heap_limit(store, HEAP_LIMIT));
  must(wherry_store_set_timeout(store, TIMEOUT));
  must(wherry_store_set_fuel(store, FUEL));
  run(store, module, random, totals);
  wherry_module_release(module);
  wherry_store_release(store);
  if (++runs == MOST_RUNS) guest_end();
}
