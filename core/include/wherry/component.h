/* Components: WebAssembly whose imports and exports have types of the component model. So far they are
   read and checked.

   Threads: any number at once. */
#ifndef WHERRY_COMPONENT_H
#define WHERRY_COMPONENT_H

#include <wherry/module.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wherry_component wherry_component_t;

/* Whether bytes begin as a component's do, rather than as a module's. */
WHERRY_API bool wherry_is_component(const uint8_t *bytes, size_t size);

/* Reads a component and checks all of it, the modules and components inside too; compiles nothing yet.
   bytes: read during the call only.
   *out: the caller's, until wherry_component_release.
   Errors: malformed and invalid (with the byte offset), limit, oom. */
WHERRY_API wherry_error_t *wherry_component_new(wherry_engine_t *engine, const uint8_t *bytes,
                                                size_t size, wherry_component_t **out);
WHERRY_API void wherry_component_retain(wherry_component_t *component);
WHERRY_API void wherry_component_release(wherry_component_t *component);

/* Reads and checks, keeps nothing. Errors: as wherry_component_new. */
WHERRY_API wherry_error_t *wherry_component_validate(wherry_engine_t *engine, const uint8_t *bytes,
                                                     size_t size);

/* Prints what it imports and exports as WIT: a world, root:component/root, and the packages of its
   interfaces. What a binary does not tell is not there: docs, versions since when, names of types that
   are aliases of plain ones where they are used.
   *text: UTF-8, not zero-ended; the caller's, until wherry_bytes_release.
   Errors: invalid (what WIT has no words for), limit, oom. */
WHERRY_API wherry_error_t *wherry_component_print_wit(wherry_component_t *component,
                                                      wherry_bytes_t *text);

#ifdef __cplusplus
}
#endif

#endif
