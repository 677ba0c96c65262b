/* wherry wasm: text to binary. */
#include "tool.h"
#include <string.h>

/* The file's name with the ending .wasm, in the arena. */
static const char *name_beside(const char *file) {
  text_t name = {0};
  size_t size = strlen(file) - (ends_with(file, ".wat") ? 4 : 0);
  text_add(&name, file, size);
  text_print(&name, ".wasm");
  return name.data;
}

int wasm_verb(int argc, char **argv) {
  static const verb_t verb = {
      "wasm", wasm_verb, "FILE [-o OUT]",
      "Turns the text of a module or component into its binary, FILE.wasm unless -o says "
      "otherwise, with a name\n"
      "section for the names in the text. The result is validated before it is written."};
  const char *out = NULL;
  const option_t table[] = {{"-o", OPTION_TEXT, &out, "OUT", "where to; - is standard output"},
                            {0}};
  args_t args;
  int status;
  if (!parse_args(&verb, table, PARSE_ALL, argc, argv, &args, &status)) return status;
  if (args.count != 1) return usage_error(&verb, args.count ? "one FILE at a time" : "which FILE?");
  const char *file = args.items[0];
  wherry_bytes_t text, bytes = {NULL, 0};
  wherry_engine_t *engine;
  if (!read_file(file, &text)) return STATUS_ERROR;
  wherry_error_t *error = wherry_engine_new(NULL, &engine);
  if (error) return report(NULL, error);
  error = wherry_text_to_binary(engine, (const char *)text.data, text.size, &bytes);
  if (!error) error = validate_bytes(engine, bytes);
  if (error) {
    status = report(file, error);
  } else {
    status = write_file(out ? out : name_beside(file), bytes);
  }
  wherry_bytes_release(engine, bytes);
  wherry_engine_release(engine);
  return status;
}
