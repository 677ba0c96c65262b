/* Modules and engines, made of the rooms below. */
#include "link_private.h"

#include "decode/decode.h"
#include "validate/validate.h"

wherry_error_t *wh_link_engine(const wherry_config_t *config, wherry_engine_t **out) {
  wherry_error_t *error = wh_engine_make(config, out);
  if (error) return error;
  wh_exec_set_handlers(&(*out)->handlers, (*out)->deterministic);
  (*out)->mark_runs = wh_link_mark_runs;
  return NULL;
}

static wherry_error_t *finish(wherry_engine_t *engine, wh_model_t *model, wherry_module_t **out) {
  wherry_error_t *error = wh_validate(model, engine->features);
  if (!error && out) return wh_module_wrap(engine, model, out);
  wh_model_free(model);
  return error;
}

wherry_error_t *wh_module_make(wherry_engine_t *engine, const uint8_t *bytes, size_t size,
                               wherry_module_t **out) {
  wh_model_t *model;
  wherry_error_t *error = wh_decode(&engine->alloc, bytes, size, engine->features, &model);
  return error ? error : finish(engine, model, out);
}

wherry_error_t *wh_module_make_inside(wherry_engine_t *engine, wh_binary_t *binary, size_t offset,
                                      size_t size, wherry_module_t **out) {
  wh_model_t *model;
  wherry_error_t *error = wh_decode_inside(binary, offset, size, engine->features, &model);
  if (!error) error = finish(engine, model, out);
  if (error && error->has_offset) error->offset += offset;
  return error;
}
