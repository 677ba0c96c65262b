/* The public functions of text.h. */
#include "api/api.h"
#include "text/text.h"

wherry_error_t *wherry_text_to_binary(wherry_engine_t *engine, const char *text, size_t size,
                                      wherry_bytes_t *bytes) {
  uint8_t *data;
  wherry_error_t *error =
      wh_text_to_binary(&engine->alloc, text, size, engine->features, &data, &bytes->size);
  if (!error) bytes->data = data;
  return error;
}

wherry_error_t *wherry_binary_to_text(wherry_engine_t *engine, const uint8_t *bytes, size_t size,
                                      uint32_t options, wherry_bytes_t *text) {
  char *data;
  wherry_error_t *error =
      wh_binary_to_text(&engine->alloc, bytes, size, options, &data, &text->size);
  if (!error) text->data = (const uint8_t *)data;
  return error;
}

void wherry_bytes_release(wherry_engine_t *engine, wherry_bytes_t bytes) {
  wh_free(&engine->alloc, (uint8_t *)(uintptr_t)bytes.data, bytes.size);
}

wherry_error_t *wherry_module_new_text(wherry_engine_t *engine, const char *text, size_t size,
                                       const char *file, wherry_module_t **out) {
  wherry_bytes_t bytes;
  wherry_error_t *error = wherry_text_to_binary(engine, text, size, &bytes);
  if (!error) {
    error = wh_module_make(engine, bytes.data, bytes.size, out);
    wherry_bytes_release(engine, bytes);
  }
  if (error && file) wh_error_prefix(error, "%s: ", file);
  return error;
}
