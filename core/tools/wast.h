/* The script runner: what its files share. A script is a list of commands, each of which passes, fails
   or is skipped for a feature that it needs. */
#ifndef WAST_H
#define WAST_H

#include "json.h"
#include "tool.h"

/* Counts over all scripts of a run. */
typedef struct wast_totals {
  uint64_t passed, failed, skipped;
  struct wast_feature {
    const char *name;
    uint64_t commands;
  } features[64];
  size_t feature_count;
} wast_totals_t;

/* Runs the script in a store of its own. file: its name, to find the modules beside it. */
void wast_run_script(const char *file, const json_t *script, wherry_engine_t *engine,
                     wast_totals_t *totals);

/* The feature that an error says is missing ("needs feature simd"), in the arena; NULL: it is about
   something else. A feature that was switched off for this script is not missing. */
const char *wast_missing_feature(const wherry_error_t *error);

/* wast_spectest.c: the module that the standard's scripts may import. */
wherry_error_t *wast_define_spectest(wherry_store_t *store, wherry_linker_t *linker);

/* wast_values.c. Host references are numbers. */

/* A feature that values of this type need and that is not there yet, or NULL. */
const char *wast_value_feature(const json_t *value);
bool wast_read_value(wherry_store_t *store, const json_t *value, wherry_value_t *out);
bool wast_value_matches(wherry_store_t *store, const json_t *expected, const wherry_value_t *got);
void wast_print_expected(text_t *text, const json_t *expected);
void wast_print_value(wherry_store_t *store, text_t *text, const wherry_value_t *value);

#endif
