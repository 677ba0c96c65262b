/* wherry call: an export, with literals as arguments. */
#include "tool.h"
#include <string.h>

static const char *signature_text(const wherry_functype_t *type) {
  size_t size = wherry_functype_print(type, NULL, 0) + 1;
  char *text = arena_alloc(size);
  wherry_functype_print(type, text, size);
  return text;
}

static int wrong_count(const program_t *program, const char *name, const char *type, size_t wanted,
                       size_t given) {
  return complain(program->file, "%s takes %zu argument%s, got %zu: %s", name, wanted,
                  wanted == 1 ? "" : "s", given, type);
}

static int call_core(program_t *program, const char *name, wherry_func_t func,
                     const char *const *args, size_t count, bool json) {
  const wherry_functype_t *type;
  wherry_error_t *error = wherry_func_type(program->store, func, &type);
  if (error) return report(program->file, error);
  size_t wanted = wherry_functype_param_count(type);
  if (count != wanted) {
    return wrong_count(program, name, signature_text(type), wanted, count);
  }
  size_t result_count = wherry_functype_result_count(type);
  wherry_value_t *values = arena_alloc(count * sizeof *values);
  wherry_value_t *results = arena_alloc(result_count * sizeof *results);
  for (size_t i = 0; i < count; i++) {
    literal_t literal;
    const char *fault = literal_parse(args[i], &literal);
    if (!fault) fault = literal_to_value(&literal, wherry_functype_param(type, i), &values[i]);
    if (fault) return complain(program->file, "%s(): parameter %zu: %s", name, i + 1, fault);
  }
  error = wherry_func_call(program->store, func, values, count, results, result_count);
  if (error) return report(program->file, error);
  if (json && result_count != 1) fputs(result_count ? "[" : "null", stdout);
  for (size_t i = 0; i < result_count; i++) {
    if (i) fputs(json ? ", " : "\n", stdout);
    put_value(stdout, &results[i], json);
  }
  if (json && result_count > 1) fputc(']', stdout);
  if (json || result_count) fputc('\n', stdout);
  return STATUS_OK;
}

static const char *witfunc_text(const wherry_witfunc_t *func) {
  text_t text = {0};
  text_print(&text, "%s(", wherry_witfunc_name(func));
  for (size_t i = 0; i < wherry_witfunc_param_count(func); i++) {
    char type[256];
    wherry_type_print(wherry_witfunc_param_type(func, i), type, sizeof type);
    text_print(&text, "%s%s: %s", i ? ", " : "", wherry_witfunc_param_name(func, i), type);
  }
  text_print(&text, ")");
  if (wherry_witfunc_result(func)) {
    char type[256];
    wherry_type_print(wherry_witfunc_result(func), type, sizeof type);
    text_print(&text, " -> %s", type);
  }
  return text.data;
}

static int call_wit(program_t *program, const char *name, const wherry_witfunc_t *func,
                    const char *const *args, size_t count, bool json) {
  size_t wanted = wherry_witfunc_param_count(func);
  if (count != wanted) return wrong_count(program, name, witfunc_text(func), wanted, count);
  wherry_val_t *vals = arena_alloc(count * sizeof *vals);
  for (size_t i = 0; i < count; i++) {
    literal_t literal;
    const char *fault = literal_parse(args[i], &literal);
    if (!fault) fault = literal_to_val(&literal, wherry_witfunc_param_type(func, i), &vals[i]);
    if (fault) {
      return complain(program->file, "%s(): parameter %zu (%s)%s%s", name, i + 1,
                      wherry_witfunc_param_name(func, i),
                      *fault == '[' || *fault == '.' ? "" : ": ", fault);
    }
  }
  const wherry_type_t *type = wherry_witfunc_result(func);
  wherry_val_t result = {0};
  wherry_error_t *error =
      wherry_guest_call(program->guest, func, vals, count, type ? &result : NULL);
  if (error) return report(program->file, error);
  if (type) {
    put_val(stdout, &result, type, json);
    fputc('\n', stdout);
    wherry_val_clear(&result);
  } else if (json) {
    fputs("null\n", stdout);
  }
  return STATUS_OK;
}

int program_call(program_t *program, const char *name, const char *const *args, size_t count,
                 bool json) {
  const wherry_world_t *world = NULL;
  wherry_error_t *error = wherry_module_world(program->module, &world);
  if (error) return report(program->file, error);
  if (world && program->guest) {
    const wherry_witfunc_t *func;
    error = wherry_guest_witfunc(program->guest, name, &func);
    if (!error) return call_wit(program, name, func, args, count, json);
    /* Perhaps it is a core export; what the WIT lacks is told only if it is none. */
    if (wherry_module_find_export(program->module, name, strlen(name)) == SIZE_MAX) {
      return report(program->file, error);
    }
    wherry_error_release(error);
  }
  wherry_extern_t item;
  error = wherry_instance_find(program->store, program->instance, name, strlen(name), &item);
  if (error) return report(program->file, error);
  if (item.kind != WHERRY_EXTERN_FUNC) {
    return complain(program->file, "%s is a %s, not a function", name,
                    wherry_extern_kind_name(item.kind));
  }
  return call_core(program, name, item.of.func, args, count, json);
}

int call_verb(int argc, char **argv) {
  static const verb_t verb = {
      "call", call_verb, "[OPTION…] FILE EXPORT [ARG…]",
      "Calls an export of a module and prints what it returns. Arguments are literals: 5, -0.5,\n"
      "0xff, true, 'c', \"text\", [1, 2], {x: 1, y: 2}, null. Several results stand on a line "
      "each.\n"
      "\n"
      "  wherry call simple.wasm sum 5 37\n"
      "  wherry call greet.wasm greet '\"Ada\"'\n"
      "  wherry call greet.wasm middle '{x: 0, y: 0}' '{x: 10, y: -4}'"};
  program_options_t options = PROGRAM_OPTIONS_INIT;
  bool json = false;
  const option_t table[] = {
      {"--json", OPTION_FLAG, &json, NULL, "results as JSON"}, PROGRAM_OPTION_ROWS(options), {0}};
  args_t args;
  int status;
  if (!parse_args(&verb, table, PARSE_ALL, argc, argv, &args, &status)) return status;
  if (args.count < 1) return usage_error(&verb, "which FILE?");
  if (args.count < 2)
    return usage_error(&verb, "which EXPORT? (wherry inspect %s lists them)", args.items[0]);
  program_t program;
  status = program_open(args.items[0], &options, &program);
  if (status == STATUS_OK) {
    status = program_call(&program, args.items[1], args.items + 2, args.count - 2, json);
  }
  program_close(&program);
  return status;
}
