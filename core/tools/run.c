/* wherry run: a module's start, _start, or --invoke. */
#include "tool.h"
#include <string.h>

int run_verb(int argc, char **argv) {
  static const verb_t verb = {
      "run", run_verb, "[OPTION…] FILE [ARG…]",
      "Runs a module: its start function, then its export _start if it has one, or the export "
      "that\n"
      "--invoke names, with literals as arguments (see wherry call --help)."};
  program_options_t options = PROGRAM_OPTIONS_INIT;
  const char *invoke = NULL;
  static const char later[] = "needs WASI, which comes later";
  const option_t table[] = {{"--invoke", OPTION_TEXT, &invoke, "NAME", "the export to call"},
                            PROGRAM_OPTION_ROWS(options),
                            {"--dir", OPTION_LATER, NULL, NULL, later},
                            {"--env", OPTION_LATER, NULL, NULL, later},
                            {"--allow-net", OPTION_LATER, NULL, NULL, later},
                            {"--listen", OPTION_LATER, NULL, NULL, later},
                            {"--unknown-imports", OPTION_LATER, NULL, NULL, "comes later"},
                            {"--profile", OPTION_LATER, NULL, NULL, "comes later"},
                            {0}};
  args_t args;
  int status;
  if (!parse_args(&verb, table, PARSE_FIRST, argc, argv, &args, &status)) return status;
  if (args.count < 1) return usage_error(&verb, "which FILE?");
  program_t program;
  status = program_open(args.items[0], &options, &program);
  if (status == STATUS_OK) {
    if (invoke) {
      status = program_call(&program, invoke, args.items + 1, args.count - 1, false);
    } else if (args.count > 1) {
      status = complain(args.items[0], "arguments need WASI, which comes later, or --invoke");
    } else if (wherry_module_find_export(program.module, "_start", 6) != SIZE_MAX) {
      status = program_call(&program, "_start", NULL, 0, false);
    }
  }
  program_close(&program);
  return status;
}
