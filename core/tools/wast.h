/* The script runner: what its files share. A script is a list of commands, each of which passes, fails
   or is skipped for a feature that it needs. Scripts are read by the library (.wast) or here (.json,
   wast_json.c); both give the commands of wherry/script.h. */
#ifndef WAST_H
#define WAST_H

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

/* ---- wast_script.c: a run of one script, in a store of its own ---- */

typedef struct wast wast_t;

/* file: its name, for what is told. */
wast_t *wast_begin(const char *file, wherry_engine_t *engine, wast_totals_t *totals);
/* What the command points to must last until the end. */
void wast_run(wast_t *wast, const wherry_command_t *command);
/* A command of that line cannot be run. */
void wast_fail(wast_t *wast, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A command needs a feature that is not there yet. */
void wast_skip(wast_t *wast, const char *feature);
void wast_end(wast_t *wast);

/* The feature that an error says is missing ("needs feature simd"), in the arena; NULL: it is about
   something else. A feature that was switched off for this script is not missing. */
const char *wast_missing_feature(const wherry_error_t *error);

/* ---- wast_json.c ---- */

/* Runs a script that wasm-tools json-from-wast made, with the modules beside it; complains and returns
   false when it is none. */
bool wast_run_json(const char *file, wherry_engine_t *engine, wast_totals_t *totals);

/* ---- wast_messages.c: the standard's texts for failures, and what ours must say ---- */

/* NULL: the error is the one that the command's text means; else what is wrong, in the arena. */
const char *wast_message_fault(const wherry_command_t *command, const wherry_error_t *error);

/* ---- wast_spectest.c: the module that the standard's scripts may import ---- */

wherry_error_t *wast_define_spectest(wherry_store_t *store, wherry_linker_t *linker);

/* ---- wast_values.c. Host references are numbers ---- */

/* False: the pattern is no value. */
bool wast_pattern_value(wherry_store_t *store, const wherry_pattern_t *pattern,
                        wherry_value_t *out);
bool wast_pattern_matches(wherry_store_t *store, const wherry_pattern_t *pattern,
                          const wherry_value_t *got);
void wast_print_pattern(text_t *text, const wherry_pattern_t *pattern);
void wast_print_value(wherry_store_t *store, text_t *text, const wherry_value_t *value);

#endif
