/* wherry wast: scripts of the standard's test suite. */
#include "wast.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the scripts of a proposal's folder need, beside or against the features that are on anyway. */
static const char *features_of(const char *file) {
  static const struct {
    const char *folder, *features;
  } proposals[] = {/* Written before later proposals: it holds modules which those made valid. */
                   {"/proposals/threads/",
                    "-reference-types,-extended-const,-tail-call,-multi-memory,-memory64"},
                   {"/proposals/custom-page-sizes/", "custom-page-sizes"},
                   {"/proposals/wide-arithmetic/", "wide-arithmetic"},
                   {"/proposals/compact-import-section/", "compact-imports"}};
  for (size_t i = 0; i < sizeof proposals / sizeof *proposals; i++) {
    if (strstr(file, proposals[i].folder)) return proposals[i].features;
  }
  return NULL;
}

static void put_progress(uint64_t started, size_t done, size_t count) {
  static uint64_t last;
  uint64_t now = clock_now();
  if (now - started < 1000000000u || now - last < 100000000u) return;
  last = now;
  fprintf(stderr, "\r%zu of %zu files ", done, count);
  fflush(stderr);
}

static int by_count(const void *a, const void *b) {
  const struct wast_feature *left = a, *right = b;
  return (left->commands < right->commands) - (left->commands > right->commands);
}

static bool run_text(const char *file, wherry_engine_t *engine, wast_totals_t *totals) {
  wherry_bytes_t bytes;
  wherry_script_t *script;
  if (!read_file(file, &bytes)) return false;
  wherry_error_t *error = wherry_script_read(engine, (const char *)bytes.data, bytes.size, &script);
  if (error) {
    report(file, error);
    return false;
  }
  wast_t *wast = wast_begin(file, engine, totals);
  for (size_t i = 0; i < wherry_script_command_count(script); i++) {
    wast_run(wast, wherry_script_command(script, i));
  }
  wast_end(wast);
  wherry_script_release(script);
  return true;
}

int wast_verb(int argc, char **argv) {
  static const verb_t verb = {"wast", wast_verb,
                              "[-q] [--features LIST] [--deterministic] [--gc-stress] FILE…",
                              "Runs test scripts: .wast files, or .json files that wasm-tools "
                              "json-from-wast made of them,\n"
                              "with the modules beside them. Counts commands; those that need a "
                              "feature which is not there\n"
                              "yet are skipped. Features follow the folder's name under "
                              "proposals/. 1 if a command failed."};
  bool quiet = false, deterministic = false, gc_stress = false;
  const char *features = NULL;
  const option_t table[] = {
      {"-q", OPTION_FLAG, &quiet, NULL, "only failures and the last line"},
      {"--features", OPTION_TEXT, &features, "LIST", "on,-off,…; also all and none"},
      {"--deterministic", OPTION_FLAG, &deterministic, NULL,
       "floats and relaxed SIMD the same on every machine"},
      {"--gc-stress", OPTION_FLAG, &gc_stress, NULL,
       "guests' objects: collect at every allocation"},
      {0}};
  args_t args;
  int status = STATUS_OK;
  if (!parse_args(&verb, table, PARSE_ALL, argc, argv, &args, &status)) return status;
  if (args.count < 1) return usage_error(&verb, "which FILE?");

  wherry_engine_t *engine = NULL;
  const char *engine_features = NULL;
  wast_totals_t totals = {0};
  bool progress = isatty(STDERR_FILENO);
  uint64_t started = clock_now();
  for (size_t i = 0; i < args.count; i++) {
    const char *file = args.items[i];
    const char *wanted = features ? features : features_of(file);
    if (!engine || wanted != engine_features) {
      wherry_engine_release(engine);
      engine = NULL;
      wherry_error_t *error = engine_of(wanted, deterministic, gc_stress, &engine);
      if (error) return report(NULL, error);
      engine_features = wanted;
    }
    uint64_t failed = totals.failed;
    bool good = ends_with(file, ".json") ? wast_run_json(file, engine, &totals)
                                         : run_text(file, engine, &totals);
    if (!good) status = STATUS_ERROR;
    if (!quiet && totals.failed > failed) {
      printf("%s: %" PRIu64 " failed\n", file, totals.failed - failed);
    }
    if (progress) put_progress(started, i + 1, args.count);
  }
  wherry_engine_release(engine);
  if (progress && clock_now() - started > 1000000000u) fputs("\r\033[K", stderr);

  qsort(totals.features, totals.feature_count, sizeof *totals.features, by_count);
  for (size_t i = 0; !quiet && i < totals.feature_count; i++) {
    printf("skipped %8" PRIu64 "  %s\n", totals.features[i].commands, totals.features[i].name);
  }
  printf("%" PRIu64 " passed, %" PRIu64 " failed, %" PRIu64 " skipped\n", totals.passed,
         totals.failed, totals.skipped);
  return status == STATUS_ERROR || totals.failed ? STATUS_ERROR : STATUS_OK;
}
