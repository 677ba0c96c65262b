/* Tags, and the exceptions that carry them (Exception Handling).

   A guest throws an exception of a tag, with a value for each parameter of the tag's type. What no
   guest function catches comes out of the call as an error of kind exception, which tells tag and
   values. A host function that returns such an error throws it into the guest that called it, whether
   it made it or got it from a guest: handlers for the tag catch it, and those for all exceptions.
   Every other error goes past all handlers: traps, limits, interruption and what a host made of its own
   cannot be caught by a guest.
   Threads: the store's. */
#ifndef WHERRY_TAG_H
#define WHERRY_TAG_H

#include <wherry/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A tag of the host, to be imported by guests. No two are the same. type: shared; it has no results.
   Errors: type, state, oom. */
WHERRY_API wherry_error_t *wherry_tag_new(wherry_store_t *store, const wherry_functype_t *type,
                                          wherry_tag_t *out);

/* *out: the store's (see wherry_functype_retain). Errors: state. */
WHERRY_API wherry_error_t *wherry_tag_type(wherry_store_t *store, wherry_tag_t tag,
                                           const wherry_functype_t **out);

/* Makes an exception, for a host function to return. values: copied; one for each parameter of the tag's
   type. Never NULL: where it cannot be made, the error says why (type, state, oom). */
WHERRY_API wherry_error_t *wherry_error_new_exception(wherry_store_t *store, wherry_tag_t tag,
                                                      const wherry_value_t *values, size_t count);

/* Of an error of kind exception: its tag, and the values; of others all zero and 0. The tag is the same
   two words however a guest came to know it. A reference in a value (no function's) is a handle that
   the error has until it is released, which then the store's thread must do (or anyone, once the
   store has ended); see wherry_ref_retain. */
WHERRY_API wherry_tag_t wherry_error_tag(const wherry_error_t *error);
WHERRY_API size_t wherry_error_value_count(const wherry_error_t *error);
WHERRY_API wherry_value_t wherry_error_value(const wherry_error_t *error, size_t index);

#ifdef __cplusplus
}
#endif
#endif
