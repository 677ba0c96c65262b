/* The module "spectest" (the test suite's host module). What it prints is dropped. */
#include "wast.h"
#include <string.h>

static wherry_error_t *print(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                             size_t arg_count, wherry_value_t *results, size_t result_count) {
  (void)data, (void)caller, (void)args, (void)arg_count, (void)results, (void)result_count;
  return NULL;
}

static wherry_error_t *define(wherry_linker_t *linker, const char *name, wherry_extern_t item) {
  return wherry_linker_define(linker, "spectest", 8, name, strlen(name), &item);
}

static wherry_error_t *define_functions(wherry_store_t *store, wherry_linker_t *linker) {
  static const struct {
    const char *name, *signature;
  } functions[] = {{"print", ":"},          {"print_i32", "i:"}, {"print_i64", "l:"},
                   {"print_f32", "f:"},     {"print_f64", "d:"}, {"print_i32_f32", "if:"},
                   {"print_f64_f64", "dd:"}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    wherry_functype_t *type;
    wherry_extern_t item = {.kind = WHERRY_EXTERN_FUNC};
    wherry_error_t *error = wherry_functype_parse(functions[i].signature, &type);
    if (error) return error;
    error = wherry_func_new(store, type, print, NULL, NULL, &item.of.func);
    wherry_functype_release(type);
    if (!error) error = define(linker, functions[i].name, item);
    if (error) return error;
  }
  return NULL;
}

static wherry_error_t *define_globals(wherry_store_t *store, wherry_linker_t *linker) {
  const struct {
    const char *name;
    wherry_value_t value;
  } globals[] = {{"global_i32", wherry_i32(666)},
                 {"global_i64", wherry_i64(666)},
                 {"global_f32", wherry_f32(666.6f)},
                 {"global_f64", wherry_f64(666.6)}};
  for (size_t i = 0; i < sizeof globals / sizeof *globals; i++) {
    wherry_extern_t item = {.kind = WHERRY_EXTERN_GLOBAL};
    wherry_error_t *error = wherry_global_new(store, &globals[i].value, false, &item.of.global);
    if (!error) error = define(linker, globals[i].name, item);
    if (error) return error;
  }
  return NULL;
}

/* The C API makes no 64-bit tables; a module can. It has nothing but
   (table (export "table64") i64 10 20 funcref). */
static wherry_error_t *define_table64(wherry_store_t *store, wherry_linker_t *linker) {
  static const uint8_t bytes[] = {0,  'a', 's', 'm', 1, 0,   0,   0,   4,   5,   1,   0x70, 5, 10,
                                  20, 7,   11,  1,   7, 't', 'a', 'b', 'l', 'e', '6', '4',  1, 0};
  wherry_module_t *module;
  wherry_instance_t instance;
  wherry_extern_t item;
  wherry_error_t *error =
      wherry_module_new(wherry_store_engine(store), bytes, sizeof bytes, &module);
  if (error) {
    /* The script runs without memory64. */
    wherry_error_release(error);
    return NULL;
  }
  error = wherry_instance_new(store, module, NULL, 0, &instance);
  wherry_module_release(module);
  if (!error) error = wherry_instance_export(store, instance, 0, &item);
  return error ? error : define(linker, "table64", item);
}

static wherry_error_t *define_shared_memory(wherry_store_t *store, wherry_linker_t *linker) {
  wherry_sharedmemory_t *shared;
  wherry_extern_t item = {.kind = WHERRY_EXTERN_MEMORY};
  wherry_error_t *error = wherry_sharedmemory_new(wherry_store_engine(store), 1, 2, &shared);
  if (error) return error;
  error = wherry_sharedmemory_memory(shared, store, &item.of.memory);
  wherry_sharedmemory_release(shared);
  return error ? error : define(linker, "shared_memory", item);
}

wherry_error_t *wast_define_spectest(wherry_store_t *store, wherry_linker_t *linker) {
  wherry_error_t *error = define_functions(store, linker);
  if (!error) error = define_globals(store, linker);
  if (error) return error;
  wherry_extern_t table = {.kind = WHERRY_EXTERN_TABLE};
  wherry_value_t null = {.type = WHERRY_FUNCREF};
  error = wherry_table_new(store, WHERRY_FUNCREF, 10, 20, &null, &table.of.table);
  if (!error) error = define(linker, "table", table);
  wherry_extern_t memory = {.kind = WHERRY_EXTERN_MEMORY};
  if (!error) error = wherry_memory_new(store, 1, 2, &memory.of.memory);
  if (!error) error = define(linker, "memory", memory);
  if (!error) error = define_shared_memory(store, linker);
  if (!error) error = define_table64(store, linker);
  return error;
}
