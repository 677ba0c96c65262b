/* fuzz TARGET [OPTION…] PATH…: mutants of what lies at the paths, one after another.
   Targets: module (binaries), text (modules and scripts in text), component (binaries), wit (WIT).
     --seed N       all mutants follow from it (1)
     --count N      how many (1,000,000)
     --seconds N    no longer than that (60)
     --first N      the number of the first (0)
     --keep FOLDER  where a mutant is put that fails
     --without LIST for --sample: features that are switched off, with commas
     --sample FILE  writes so many mutants as a script, half of them valid, and beside it in FILE.txt
                    what was found: a line of the features that were on, then a line each
     --show NUMBER  writes one mutant to standard output
   fuzz TARGET --replay FILE: tries everything with one file. */
#include "fuzz.h"

#include <unistd.h>
#include <wherry.h>

typedef struct options {
  const char *target, *sample, *replay, *without;
  uint64_t seed, count, first, show;
  double seconds;
  bool shows;
} options_t;

static corpus_t corpus;
static corpus_kind_t kind;

static void fail(const char *message) {
  fprintf(stderr, "fuzz: %s\n", message);
  exit(2);
}

static void mutate(uint64_t seed, uint64_t number, random_t *random, bytes_t *out) {
  *random = random_of(seed, number);
  if (kind == CORPUS_WITS)
    mutate_wit(&corpus, random, out);
  else if (kind == CORPUS_COMPONENTS)
    mutate_component(&corpus, random, out);
  else if (kind == CORPUS_TEXTS)
    mutate_text(&corpus, random, out);
  else
    mutate_module(&corpus, random, out);
}

static void check(const bytes_t *mutant, random_t *random, bool thorough, totals_t *totals) {
  if (kind == CORPUS_WITS)
    check_wit(mutant->data, mutant->size, random, thorough, totals);
  else if (kind == CORPUS_COMPONENTS)
    check_component(mutant->data, mutant->size, random, thorough, totals);
  else if (kind == CORPUS_TEXTS)
    check_text(mutant->data, mutant->size, random, thorough, totals);
  else
    check_module(mutant->data, mutant->size, random, thorough, totals);
}

/* ---- a sample for another judge ---- */

/* All but those of a list; also such as no engine has yet. */
static wh_features_t features_without(const char *list) {
  wh_features_t features = FUZZ_FEATURES;
  while (*list) {
    size_t size = strcspn(list, ",");
    wherry_feature_t feature;
    wherry_error_t *error = wherry_feature_find(list, size, &feature);
    if (error) fail(wherry_error_message(error));
    features = wh_features_with(features, feature, false);
    list += size + (list[size] == ',');
  }
  return features;
}

static void write_module(FILE *file, const bytes_t *module) {
  fputs("(module binary \"", file);
  for (size_t i = 0; i < module->size; i++) fprintf(file, "\\%02x", module->data[i]);
  fputs("\")\n", file);
}

/* The other judge reads these too, wherry only when it is asked. */
static bool has_checked_custom_section(const bytes_t *module) {
  return memmem(module->data, module->size, "\4name", 5) ||
         memmem(module->data, module->size, "metadata.code", 13);
}

static void sample(const options_t *options) {
  wh_features_t features = features_without(options->without);
  char *beside = malloc(strlen(options->sample) + 5);
  if (!beside) abort();
  strcat(strcpy(beside, options->sample), ".txt");
  FILE *script = fopen(options->sample, "w"), *found = fopen(beside, "w");
  free(beside);
  if (!script || !found) fail("the sample cannot be written");
  const char *comma = "";
  for (unsigned i = 0; i < WHERRY_FEATURE_COUNT; i++)
    if (features >> i & 1) {
      fprintf(found, "%s%s", comma, wherry_feature_name((wherry_feature_t)i));
      comma = ",";
    }
  fprintf(found, "\n");
  uint64_t wanted[2] = {options->count - options->count / 2, options->count / 2};
  bytes_t mutant = {0};
  random_t random;
  verdict_t verdict;
  current.bytes = &mutant;
  for (uint64_t number = options->first; wanted[0] + wanted[1] > 0; number++) {
    current.number = number;
    mutate(options->seed, number, &random, &mutant);
    bool valid = check_validity(mutant.data, mutant.size, features, &verdict);
    if (wanted[valid] == 0 || has_checked_custom_section(&mutant)) continue;
    wanted[valid]--;
    write_module(script, &mutant);
    fprintf(found, "%llu %s %s\n", (unsigned long long)number,
            valid ? "valid" : wherry_error_kind_name(verdict.kind), verdict.message);
  }
  fclose(script);
  fclose(found);
  free(mutant.data);
}

/* ---- the run ---- */

static void run(const options_t *options) {
  bytes_t mutant = {0};
  random_t random;
  totals_t totals = {0};
  bool shown = isatty(2);
  current.bytes = &mutant;
  uint64_t began = wh_os_now(), limit = (uint64_t)(options->seconds * 1e9);
  for (uint64_t number = options->first; number - options->first < options->count; number++) {
    if (number % 256 == 0 && wh_os_now() - began > limit) break;
    if (shown && number % 65536 == 0)
      fprintf(stderr, "\r%s: %llu mutants", options->target, (unsigned long long)totals.mutants);
    current.number = number;
    mutate(options->seed, number, &random, &mutant);
    check(&mutant, &random, false, &totals);
  }
  free(mutant.data);
  current.bytes = NULL;
  guest_end();
  component_end();
  if (shown) fprintf(stderr, "\r");
  printf("%s: %llu mutants of %zu (seed %llu) in %.0f s, %llu accepted, %llu without memory",
         options->target, (unsigned long long)totals.mutants, corpus.files.count,
         (unsigned long long)options->seed, (double)(wh_os_now() - began) / 1e9,
         (unsigned long long)totals.valid, (unsigned long long)totals.starved);
  if (kind == CORPUS_MODULES)
    printf(", %llu written and read again, %llu functions compiled, %llu instances, %llu calls "
           "(%llu returned)",
           (unsigned long long)totals.round_trips, (unsigned long long)totals.compiled,
           (unsigned long long)totals.instances, (unsigned long long)totals.calls,
           (unsigned long long)totals.returned);
  printf("\n");
}

static void replay(const options_t *options) {
  bytes_t file;
  totals_t totals = {0};
  if (!file_read(options->replay, &file)) fail("there is no such file");
  for (uint64_t i = 0; i < 100; i++) {
    random_t random = random_of(options->seed, i);
    check(&file, &random, true, &totals);
  }
  guest_end();
  component_end();
  printf("%s: %s is %s, nothing failed\n", options->target, options->replay,
         totals.valid ? "accepted" : "refused");
  free(file.data);
}

static const char *value_of(int argc, char **argv, int *at) {
  if (*at + 1 >= argc) fail("an option has no value");
  return argv[++*at];
}

int main(int argc, char **argv) {
  options_t options = {.seed = 1, .count = 1000000, .seconds = 60, .without = ""};
  static const char *const targets[] = {"module", "text", "component", "wit"};
  static const char *const suffixes[] = {".wasm", ".wast", ".wasm", ".wit"};
  if (argc < 2) fail("which target? module, text, component or wit");
  options.target = argv[1];
  while (strcmp(options.target, targets[kind]) != 0)
    if (++kind > CORPUS_WITS) fail("the targets are module, text, component and wit");
  current = (current_t) {.target = options.target, .suffix = suffixes[kind]};
  report_begin();
  for (int i = 2; i < argc; i++) {
    const char *name = argv[i];
    if (strcmp(name, "--seed") == 0)
      options.seed = strtoull(value_of(argc, argv, &i), NULL, 10);
    else if (strcmp(name, "--count") == 0)
      options.count = strtoull(value_of(argc, argv, &i), NULL, 10);
    else if (strcmp(name, "--first") == 0)
      options.first = strtoull(value_of(argc, argv, &i), NULL, 10);
    else if (strcmp(name, "--seconds") == 0)
      options.seconds = atof(value_of(argc, argv, &i));
    else if (strcmp(name, "--keep") == 0)
      current.folder = value_of(argc, argv, &i);
    else if (strcmp(name, "--without") == 0)
      options.without = value_of(argc, argv, &i);
    else if (strcmp(name, "--sample") == 0)
      options.sample = value_of(argc, argv, &i);
    else if (strcmp(name, "--replay") == 0)
      options.replay = value_of(argc, argv, &i);
    else if (strcmp(name, "--show") == 0) {
      options.show = strtoull(value_of(argc, argv, &i), NULL, 10);
      options.shows = true;
    } else
      corpus_add(&corpus, kind, name);
  }
  current.seed = options.seed;
  if (options.replay) {
    replay(&options);
    return 0;
  }
  if (corpus.files.count == 0) fail("nothing to change lies at these paths");
  if (options.sample) {
    sample(&options);
  } else if (options.shows) {
    bytes_t mutant = {0};
    random_t random;
    mutate(options.seed, options.show, &random, &mutant);
    fwrite(mutant.data, 1, mutant.size, stdout);
    free(mutant.data);
  } else {
    run(&options);
  }
  corpus_free(&corpus);
  return 0;
}
