/* wherry wat: binary to text. */
#include "tool.h"

int wat_verb(int argc, char **argv) {
  static const verb_t verb = {
      "wat", wat_verb, "FILE [--fold] [-o OUT]",
      "Prints a module, valid or not, as text that reads back to the same module, with the names\n"
      "of its name section. A FILE.wat is read and printed anew."};
  const char *out = "-";
  bool fold = false;
  const option_t table[] = {
      {"--fold", OPTION_FLAG, &fold, NULL, "operands within the instructions that take them"},
      {"-o", OPTION_TEXT, &out, "OUT", "where to; - (and nothing said) is standard output"},
      {0}};
  args_t args;
  int status;
  if (!parse_args(&verb, table, PARSE_ALL, argc, argv, &args, &status)) return status;
  if (args.count != 1) return usage_error(&verb, args.count ? "one FILE at a time" : "which FILE?");
  const char *file = args.items[0];
  wherry_bytes_t module, text;
  wherry_engine_t *engine;
  wherry_error_t *error = wherry_engine_new(NULL, &engine);
  if (error) return report(NULL, error);
  if (read_module_file(engine, file, &module, &status)) {
    error = wherry_binary_to_text(engine, module.data, module.size, fold ? WHERRY_TEXT_FOLDED : 0,
                                  &text);
    if (error) {
      status = report(file, error);
    } else {
      status = write_file(out, text);
      wherry_bytes_release(engine, text);
    }
  }
  wherry_engine_release(engine);
  return status;
}
