/* wherry: the verbs and the way to them. */
#include "tool.h"
#include <string.h>

static const struct {
  const char *name, *arguments, *does;
  int (*run)(int argc, char **argv);
} verbs[] = {
    {"run", "FILE [ARG…]", "runs a module's start function, _start, or an export", run_verb},
    {"call", "FILE EXPORT [ARG…]", "calls an export and prints what it returns", call_verb},
    {"validate", "FILE…", "checks modules: silent, or the error with its offset", validate_verb},
    {"inspect", "FILE [--json]", "shows sections, imports, exports, memories, WIT", inspect_verb},
    {"wasm", "FILE [-o OUT]", "text to binary", wasm_verb},
    {"wat", "FILE [--fold]", "binary to text", wat_verb},
    {"wast", "[-q] FILE…", "runs test scripts (.json made from .wast)", wast_verb},
    {"wit", "FILE [-o OUT]", "the WIT of a module, or of text", wit_verb},
};
enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static const char *const later[] = {"snapshot", "stubs"};

static void print_usage(FILE *out) {
  fputs("usage: wherry VERB …\n\n", out);
  for (int i = 0; i < VERB_COUNT; i++) {
    fprintf(out, "  wherry %-8s %-19s %s\n", verbs[i].name, verbs[i].arguments, verbs[i].does);
  }
  fputs("\nwherry VERB --help tells more. wherry --version\n", out);
}

static int dispatch(int argc, char **argv) {
  if (argc < 2) {
    print_usage(stderr);
    return STATUS_USAGE;
  }
  const char *name = argv[1];
  if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
    printf("wherry %s\n", wherry_version());
    return STATUS_OK;
  }
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
    print_usage(stdout);
    return STATUS_OK;
  }
  for (int i = 0; i < VERB_COUNT; i++) {
    if (strcmp(name, verbs[i].name) == 0) return verbs[i].run(argc - 1, argv + 1);
  }
  for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
    if (strcmp(name, later[i]) == 0) {
      complain(NULL, "%s comes later", name);
      return STATUS_USAGE;
    }
  }
  complain(NULL, "there is no verb \"%s\"", name);
  print_usage(stderr);
  return STATUS_USAGE;
}

int main(int argc, char **argv) {
  int status = dispatch(argc, argv);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    if (status == STATUS_OK) status = complain(NULL, "standard output cannot be written");
  }
  return status;
}
