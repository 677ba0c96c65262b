/* text: the text format to the binary one, and back. Called by api; what came as text then goes the way of all
   modules and components, through decode and validate, so there is one judge of what a module is. The
   reader writes the binary's bytes as it goes and makes no model: a model points into a binary, and
   the text of a body is bytes after one walk anyhow. It checks only what the binary cannot show
   (names, written types, numbers out of range); it keeps nothing. */
#ifndef WH_TEXT_H
#define WH_TEXT_H

#include <wherry/script.h>

#include <wherry/text.h>

#include "model/model.h"

/* One module, with or without `(module …)` around it, or one component.
   features: without 64-bit memories, limits are numbers of 32 bits, which is a rule of the text.
   *out: the caller's, freed by wh_free(alloc, *out, *out_size).
   Errors: malformed (line, column, the line and a caret in the message), invalid ("needs feature …"),
   limit, oom. */
wherry_error_t *wh_text_to_binary(wh_alloc_t *alloc, const char *text, size_t size,
                                  wh_features_t features, uint8_t **out, size_t *out_size);

/* A script: its commands, and the modules in them made binary. alloc outlives it.
   Errors: malformed, limit, oom. A module that is none is no error here: its command says so. */
typedef struct wh_script wh_script_t;
wherry_error_t *wh_script_read(wh_alloc_t *alloc, const char *text, size_t size,
                               wh_features_t features, wh_script_t **out);
void wh_script_free(wh_script_t *script);
size_t wh_script_count(const wh_script_t *script);
const wherry_command_t *wh_script_command(const wh_script_t *script, size_t index); /* or NULL */

/* The text of a module, valid or not, which reads back to the same bytes as wh_encode writes.
   options: WHERRY_TEXT_… together. Features do not matter.
   *out: the caller's, freed by wh_free(alloc, *out, *out_size).
   Errors: malformed (with the offset; also in function bodies), limit, oom. */
wherry_error_t *wh_binary_to_text(wh_alloc_t *alloc, const uint8_t *bytes, size_t size,
                                  uint32_t options, char **out, size_t *out_size);

#endif
