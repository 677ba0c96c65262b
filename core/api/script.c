/* The public functions of script.h. */
#include "api/api.h"
#include "text/text.h"

struct wherry_script {
  wherry_engine_t *engine; /* retained: its allocator made the script */
  wh_script_t *script;
};

wherry_error_t *wherry_script_read(wherry_engine_t *engine, const char *text, size_t size,
                                   wherry_script_t **out) {
  wherry_script_t *script = WH_NEW(&engine->alloc, wherry_script_t);
  if (!script) return wh_error_oom();
  wherry_error_t *error =
      wh_script_read(&engine->alloc, text, size, engine->features, &script->script);
  if (error) {
    WH_DELETE(&engine->alloc, script);
    return error;
  }
  wh_engine_retain(engine);
  script->engine = engine;
  *out = script;
  return NULL;
}

void wherry_script_release(wherry_script_t *script) {
  if (!script) return;
  wherry_engine_t *engine = script->engine;
  wh_script_free(script->script);
  WH_DELETE(&engine->alloc, script);
  wh_engine_release(engine);
}

size_t wherry_script_command_count(const wherry_script_t *script) {
  return wh_script_count(script->script);
}

const wherry_command_t *wherry_script_command(const wherry_script_t *script, size_t index) {
  return wh_script_command(script->script, index);
}
