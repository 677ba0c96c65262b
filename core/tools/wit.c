/* wherry wit: the WIT of a module, or WIT text printed anew. */
#include "tool.h"

#include <string.h>
#include <sys/stat.h>

static bool is_wit(const char *path) {
  struct stat status;
  return ends_with(path, ".wit") || (stat(path, &status) == 0 && S_ISDIR(status.st_mode));
}

static wherry_error_t *print_component(wherry_engine_t *engine, wherry_bytes_t bytes,
                                       wherry_bytes_t *text) {
  wherry_component_t *component;
  wherry_error_t *error = wherry_component_new(engine, bytes.data, bytes.size, &component);
  if (error) return error;
  error = wherry_component_print_wit(component, text);
  wherry_component_release(component);
  return error;
}

static wherry_error_t *print_module(wherry_engine_t *engine, wherry_bytes_t bytes,
                                    wherry_bytes_t *text) {
  wherry_module_t *module;
  if (wherry_is_component(bytes.data, bytes.size)) return print_component(engine, bytes, text);
  wherry_error_t *error = wherry_module_new(engine, bytes.data, bytes.size, &module);
  if (error) return error;
  error = wherry_module_print_wit(module, text);
  wherry_module_release(module);
  return error;
}

int wit_verb(int argc, char **argv) {
  static const verb_t verb = {
      "wit", wit_verb, "FILE [-o OUT]",
      "Prints the WIT of a component, or what a module carries (what wit-bindgen made it from). A\n"
      "FILE.wit, or a folder of such files with the packages they need in deps/, is read, checked "
      "and\n"
      "printed anew: its packages in one text, with every import that a world comes to."};
  const char *out = "-";
  const option_t table[] = {
      {"-o", OPTION_TEXT, &out, "OUT", "where to; - (and nothing said) is standard output"}, {0}};
  args_t args;
  int status = STATUS_OK;
  if (!parse_args(&verb, table, PARSE_ALL, argc, argv, &args, &status)) return status;
  if (args.count != 1) return usage_error(&verb, args.count ? "one FILE at a time" : "which FILE?");
  const char *file = args.items[0];
  wherry_bytes_t module, text = {NULL, 0};
  wherry_engine_t *engine;
  wherry_error_t *error = engine_with("all", false, &engine);
  if (error) return report(NULL, error);
  if (is_wit(file)) {
    if (strchr(file, ';'))
      status = complain(file, "a path with a ';' in it would be taken for the text itself");
    else if ((error = wherry_wit_print(engine, file, &text)))
      status = report(NULL, error); /* which names the file that it is in */
  } else if (read_module_file(engine, file, &module, &status)) {
    if ((error = print_module(engine, module, &text)))
      status = report(file, error);
    else if (!text.data)
      status = complain(file, "the module carries no WIT");
  }
  if (text.data) status = write_file(out, text);
  wherry_bytes_release(engine, text);
  wherry_engine_release(engine);
  return status;
}
