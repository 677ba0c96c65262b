/* encode: a model to bytes, in one canonical form, so that two binaries that hold the same module are
   written the same. Called by tests, and by who writes modules. It checks only that code can be read
   as instructions.
   The form: every number in its shortest encoding, those in code too; no section without entries; a
   data count section where a function names a data segment, and nowhere else; memory and table 0
   left unsaid where they can be; a type that is final and has no supertype, and a recursion group of
   one, in their short forms; runs of locals of one type merged, those of none left out. Custom
   sections keep their contents and stand after the same section as before. One is written anew: the
   branch hints, whose offsets move with the code; where they are malformed, they stay as they are.
   Other sections that speak of offsets in the binary (debugging, relocation) mean the old one. */
#ifndef WH_ENCODE_H
#define WH_ENCODE_H

#include "model/model.h"

/* *out: the caller's, freed by wh_free(alloc, *out, *size).
   Errors: malformed (an instruction, with its offset in the binary that was decoded), oom. */
wherry_error_t *wh_encode(wh_alloc_t *alloc, const wh_model_t *model, uint8_t **out, size_t *size);

/* The contents of the section of branch hints as wh_encode writes it, where the model has one without
   fault (model/hints.h). *out: as above. Errors: as above. */
wherry_error_t *wh_encode_hints(wh_alloc_t *alloc, const wh_model_t *model, uint8_t **out,
                                size_t *size);

/* The ids of the sections that are not custom, in the order in which they stand. */
enum { WH_SECTIONS = 13 };
extern const uint8_t wh_section_order[WH_SECTIONS];

/* Whether the model as it is written has entries in the section of that id, which is none that is
   custom. needs_data_count: some function names a data segment. */
bool wh_encode_has_section(const wh_model_t *model, unsigned id, bool needs_data_count);

#endif
