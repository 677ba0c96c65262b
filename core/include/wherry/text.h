/* The text format: WebAssembly as people write it.

   Threads: any number at once. */
#ifndef WHERRY_TEXT_H
#define WHERRY_TEXT_H

#include <wherry/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Turns the text of one module (UTF-8, with or without "(module …)" around it) or of one component
   ("(component …)") into its binary, with a name section for the names that the text gives. It does
   not say whether that is valid: wherry_module_new or wherry_component_new does.
   text: read during the call only.
   *bytes: the caller's, until wherry_bytes_release.
   Errors: malformed (the message holds line, column, the line and a caret below it), invalid (what
   needs a feature that this version does not have; so too), limit, oom. */
WHERRY_API wherry_error_t *wherry_text_to_binary(wherry_engine_t *engine, const char *text,
                                                 size_t size, wherry_bytes_t *bytes);

/* wherry_text_to_binary, then wherry_module_new.
   file: what messages are to begin with; NULL: nothing.
   *out: the caller's, until wherry_module_release.
   Errors: of both. */
WHERRY_API wherry_error_t *wherry_module_new_text(wherry_engine_t *engine, const char *text,
                                                  size_t size, const char *file,
                                                  wherry_module_t **out);

/* How text is printed; numbers to add up. */
enum {
  WHERRY_TEXT_FOLDED = 1 /* (i32.add (local.get 0) (i32.const 1)), not an instruction a line */
};

/* Turns a module's binary into text, with the names of its name section, valid or not and whatever
   features the engine has switched on. The text reads back to the same module: to the same bytes,
   but for numbers that the binary does not write in their shortest form, sections without entries and
   the like, which come back in one canonical form. Custom sections are in the text too.
   bytes: read during the call only. options: 0 or WHERRY_TEXT_….
   *text: UTF-8, not zero-ended; the caller's, until wherry_bytes_release.
   Errors: malformed (with the byte offset), limit, oom. */
WHERRY_API wherry_error_t *wherry_binary_to_text(wherry_engine_t *engine, const uint8_t *bytes,
                                                 size_t size, uint32_t options,
                                                 wherry_bytes_t *text);

/* Ends bytes that a function of this engine gave to the caller. */
WHERRY_API void wherry_bytes_release(wherry_engine_t *engine, wherry_bytes_t bytes);

#ifdef __cplusplus
}
#endif
#endif
