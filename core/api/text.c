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

void wherry_bytes_release(wherry_engine_t *engine, wherry_bytes_t bytes) {
  wh_free(&engine->alloc, (uint8_t *)(uintptr_t)bytes.data, bytes.size);
}
