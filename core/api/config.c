/* The public functions of config.h. */
#include "runtime/runtime.h"

static const uint64_t stack_least = UINT64_C(64) << 10, stack_most = UINT64_C(1) << 40;

wherry_error_t *wherry_config_new(const wherry_allocator_t *allocator, wherry_config_t **out) {
  return wh_config_make(allocator, out);
}

void wherry_config_retain(wherry_config_t *config) { wh_config_retain(config); }
void wherry_config_release(wherry_config_t *config) { wh_config_release(config); }

wherry_error_t *wherry_config_set_feature(wherry_config_t *config, wherry_feature_t feature,
                                          bool on) {
  if ((unsigned)feature >= WHERRY_FEATURE_COUNT)
    return wh_error_new(&config->alloc, WHERRY_ERROR_RANGE, "there is no feature %d", (int)feature);
  wh_features_t bit = UINT64_C(1) << feature;
  if (bit & WH_FEATURES_LATER) on = false;
  config->features = on ? config->features | bit : config->features & ~bit;
  return NULL;
}

wherry_error_t *wherry_config_set_memory_reservation(wherry_config_t *config, uint64_t bytes) {
  if (bytes < WHERRY_PAGE_SIZE)
    return wh_error_new(&config->alloc, WHERRY_ERROR_RANGE,
                        "a memory reservation is at least one page of %d bytes, not %llu",
                        WHERRY_PAGE_SIZE, (unsigned long long)bytes);
  config->memory_reservation = bytes;
  return NULL;
}

wherry_error_t *wherry_config_set_stack_size(wherry_config_t *config, uint64_t bytes) {
  if (bytes < stack_least || bytes > stack_most)
    return wh_error_new(&config->alloc, WHERRY_ERROR_RANGE,
                        "a stack size lies between %llu and %llu bytes, %llu does not",
                        (unsigned long long)stack_least, (unsigned long long)stack_most,
                        (unsigned long long)bytes);
  config->stack_size = bytes;
  return NULL;
}

wherry_error_t *wherry_config_set_call_depth(wherry_config_t *config, uint32_t calls) {
  if (calls < 1)
    return wh_error_new(&config->alloc, WHERRY_ERROR_RANGE, "a call depth is at least 1");
  config->call_depth = calls;
  return NULL;
}

wherry_error_t *wherry_config_set_tick(wherry_config_t *config, uint64_t instructions) {
  if (instructions < 1 || instructions > INT64_MAX)
    return wh_error_new(&config->alloc, WHERRY_ERROR_RANGE,
                        "a tick is between 1 and 2^63 - 1 instructions");
  config->tick = instructions;
  return NULL;
}
