/* wherry validate: silent, or the error with its offset. */
#include "tool.h"

int validate_verb(int argc, char **argv) {
  static const verb_t verb = {"validate", validate_verb, "[OPTION…] FILE…",
                              "Checks modules and components, in binary, modules (.wat) also in "
                              "text. Silent and 0 when all "
                              "are valid, else each error "
                              "with its offset in the file,\n"
                              "and 1."};
  const char *features = NULL;
  const option_t table[] = {
      {"--features", OPTION_TEXT, &features, "LIST", "on,-off,…; also all and none"}, {0}};
  args_t args;
  int status;
  if (!parse_args(&verb, table, PARSE_ALL, argc, argv, &args, &status)) return status;
  if (args.count < 1) return usage_error(&verb, "which FILE?");
  wherry_engine_t *engine;
  wherry_error_t *error = engine_with(features, false, &engine);
  if (error) return report(NULL, error);
  status = STATUS_OK;
  for (size_t i = 0; i < args.count; i++) {
    wherry_bytes_t bytes;
    int failed;
    if (!read_module_file(engine, args.items[i], &bytes, &failed)) {
      status = failed;
      continue;
    }
    error = validate_bytes(engine, bytes);
    if (error) status = report(args.items[i], error);
  }
  wherry_engine_release(engine);
  return status;
}
