/* The engine: options, and what modules share. One in a program is enough.

   Threads: any number at once. */
#ifndef WHERRY_ENGINE_H
#define WHERRY_ENGINE_H

#include <wherry/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/* config: read during the call only; NULL: all defaults.
   *out: the caller's, until wherry_engine_release. */
WHERRY_API wherry_error_t *wherry_engine_new(const wherry_config_t *config, wherry_engine_t **out);
WHERRY_API void wherry_engine_retain(wherry_engine_t *engine);
WHERRY_API void wherry_engine_release(wherry_engine_t *engine);

/* Whether modules may use a feature. */
WHERRY_API bool wherry_engine_feature(const wherry_engine_t *engine, wherry_feature_t feature);

#ifdef __cplusplus
}
#endif
#endif
