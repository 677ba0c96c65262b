/* The public functions of engine.h. */
#include "api/api.h"

wherry_error_t *wherry_engine_new(const wherry_config_t *config, wherry_engine_t **out) {
  return wh_link_engine(config, out);
}

bool wherry_engine_feature(const wherry_engine_t *engine, wherry_feature_t feature) {
  return (unsigned)feature < WHERRY_FEATURE_COUNT && (engine->features >> feature & 1);
}

void wherry_engine_retain(wherry_engine_t *engine) { wh_engine_retain(engine); }
void wherry_engine_release(wherry_engine_t *engine) { wh_engine_release(engine); }
