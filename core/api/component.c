/* The public functions of component.h. */
#include "api/api.h"
#include "component/component.h"

bool wherry_is_component(const uint8_t *bytes, size_t size) {
  return wh_component_looks_like(bytes, size);
}

wherry_error_t *wherry_component_new(wherry_engine_t *engine, const uint8_t *bytes, size_t size,
                                     wherry_component_t **out) {
  return wh_component_make(engine, bytes, size, out);
}

void wherry_component_retain(wherry_component_t *component) { wh_component_retain(component); }
void wherry_component_release(wherry_component_t *component) { wh_component_release(component); }

wherry_error_t *wherry_component_validate(wherry_engine_t *engine, const uint8_t *bytes,
                                          size_t size) {
  wherry_component_t *component;
  wherry_error_t *error = wh_component_make(engine, bytes, size, &component);
  if (!error) wh_component_release(component);
  return error;
}
