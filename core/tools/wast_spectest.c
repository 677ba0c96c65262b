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
  return error;
}

const char *wast_spectest_feature(wherry_bytes_t name) {
  if (name.size == 7 && memcmp(name.data, "table64", 7) == 0) return "memory64";
  if (name.size == 13 && memcmp(name.data, "shared_memory", 13) == 0) return "threads";
  return NULL;
}
