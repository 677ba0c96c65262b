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
  config->features = wh_features_with(config->features, feature, on) & WH_FEATURES_ALL;
  return NULL;
}

bool wherry_config_feature(const wherry_config_t *config, wherry_feature_t feature) {
  return (unsigned)feature < WHERRY_FEATURE_COUNT && (config->features >> feature & 1);
}

/* As features are spelt, but for '_', which languages write for '-'. */
static bool is_name(const char *known, const char *name, size_t size) {
  if (strlen(known) != size) return false;
  for (size_t i = 0; i < size; i++)
    if (known[i] != name[i] && !(known[i] == '-' && name[i] == '_')) return false;
  return true;
}

wherry_error_t *wherry_feature_find(const char *name, size_t name_size, wherry_feature_t *out) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_near_t near = {.wanted = name, .size = name_size};
  wh_text_t text = {.alloc = &alloc};
  wh_text_printf(&text, "there is no feature ");
  wh_text_name(&text, name, name_size);
  for (unsigned i = 0; i < WHERRY_FEATURE_COUNT; i++) {
    const char *known = wherry_feature_name((wherry_feature_t)i);
    if (is_name(known, name, name_size)) {
      wh_text_free(&text);
      *out = (wherry_feature_t)i;
      return NULL;
    }
    wh_near_offer(&near, known, strlen(known));
  }
  wh_near_print(&near, &text);
  for (unsigned i = 0; i < WHERRY_FEATURE_COUNT && !near.count; i++)
    wh_text_printf(&text, "%s %s", i ? "," : "; there are",
                   wherry_feature_name((wherry_feature_t)i));
  wherry_error_t *error =
      text.failed ? wh_error_oom() : wh_error_new(NULL, WHERRY_ERROR_RANGE, "%s", text.data);
  wh_text_free(&text);
  return error;
}

wherry_error_t *wherry_config_set_features(wherry_config_t *config, const char *list) {
  wh_features_t before = config->features;
  for (const char *at = list; *at;) {
    size_t size = strcspn(at, ",");
    const char *next = at + size + (at[size] == ',');
    bool on = *at != '-';
    if (size && (*at == '-' || *at == '+')) at++, size--;
    wherry_feature_t feature;
    if (is_name("all", at, size) || is_name("none", at, size)) {
      config->features = on == (size == 3) ? WH_FEATURES_ALL : 0;
    } else if (size) {
      wherry_error_t *error = wherry_feature_find(at, size, &feature);
      if (!error) error = wherry_config_set_feature(config, feature, on);
      if (error) {
        config->features = before;
        return error;
      }
    }
    at = next;
  }
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

wherry_error_t *wherry_config_set_deterministic(wherry_config_t *config, bool on) {
  config->deterministic = on;
  return NULL;
}

wherry_error_t *wherry_config_set_tick(wherry_config_t *config, uint64_t instructions) {
  if (instructions < 1 || instructions > INT64_MAX)
    return wh_error_new(&config->alloc, WHERRY_ERROR_RANGE,
                        "a tick is between 1 and 2^63 - 1 instructions");
  config->tick = instructions;
  return NULL;
}

wherry_error_t *wherry_config_set_gc_stress(wherry_config_t *config, bool on) {
  config->gc_stress = on;
  return NULL;
}
