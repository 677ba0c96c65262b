/* Loading a guest for `run` and `call`. */
#include "tool.h"
#include <inttypes.h>
#include <string.h>
#include <time.h>

uint64_t clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

wherry_error_t *engine_with(const char *features, bool deterministic, wherry_engine_t **out) {
  return engine_of(features, deterministic, false, out);
}

wherry_error_t *engine_of(const char *features, bool deterministic, bool gc_stress,
                          wherry_engine_t **out) {
  wherry_config_t *config;
  wherry_error_t *error = wherry_config_new(NULL, &config);
  if (error) return error;
  if (features) error = wherry_config_set_features(config, features);
  if (!error) error = wherry_config_set_deterministic(config, deterministic);
  if (!error) error = wherry_config_set_gc_stress(config, gc_stress);
  if (!error) error = wherry_engine_new(config, out);
  wherry_config_release(config);
  return error;
}

static bool starts_with(wherry_bytes_t name, const char *prefix) {
  size_t size = strlen(prefix);
  return name.size >= size && memcmp(name.data, prefix, size) == 0;
}

static bool is_linked(const program_options_t *options, wherry_bytes_t name) {
  for (size_t i = 0; i < options->links.count; i++) {
    const char *link = options->links.items[i];
    if (strcspn(link, "=") == name.size && memcmp(link, name.data, name.size) == 0) return true;
  }
  return false;
}

/* A module that wants WASI would only get a long list of missing imports. */
static bool wants_wasi(const wherry_module_t *module, const program_options_t *options) {
  for (size_t i = 0; i < wherry_module_import_count(module); i++) {
    wherry_bytes_t name = wherry_module_import_module(module, i);
    if (!starts_with(name, "wasi_") && !starts_with(name, "wasi:")) continue;
    if (!is_linked(options, name)) return true;
  }
  return false;
}

static wherry_error_t *set_limits(wherry_store_t *store, const program_options_t *options) {
  wherry_error_t *error = NULL;
  if (options->memory_limit != UINT64_MAX) {
    error = wherry_store_set_memory_limit(store, options->memory_limit);
  }
  if (!error && options->fuel != UINT64_MAX) error = wherry_store_set_fuel(store, options->fuel);
  if (!error && options->timeout != UINT64_MAX) {
    error = wherry_store_set_timeout(store, options->timeout);
  }
  return error;
}

/* `_initialize` of a module, once, before anything else is called. */
static wherry_error_t *initialize(program_t *program, wherry_module_t *module,
                                  wherry_instance_t instance) {
  size_t index = wherry_module_find_export(module, "_initialize", 11);
  if (index == SIZE_MAX) return NULL;
  wherry_extern_t item;
  wherry_error_t *error = wherry_instance_export(program->store, instance, index, &item);
  if (error || item.kind != WHERRY_EXTERN_FUNC) return error;
  return wherry_func_call(program->store, item.of.func, NULL, 0, NULL, 0);
}

static wherry_error_t *instantiate(program_t *program, wherry_module_t *module,
                                   wherry_instance_t *out) {
  wherry_error_t *error = wherry_linker_instantiate(program->linker, program->store, module, out);
  return error ? error : initialize(program, module, *out);
}

static int link_file(program_t *program, const char *link) {
  const char *equals = strchr(link, '=');
  if (!equals || equals == link || !equals[1]) {
    return complain(NULL, "--link wants NAME=FILE, got \"%s\"", link);
  }
  wherry_bytes_t bytes;
  const char *file = equals + 1;
  int status;
  if (!read_module_file(program->engine, file, &bytes, &status)) return status;
  wherry_module_t *module;
  wherry_instance_t instance;
  wherry_error_t *error = wherry_module_new(program->engine, bytes.data, bytes.size, &module);
  if (error) return report(file, error);
  error = instantiate(program, module, &instance);
  if (!error) {
    error = wherry_linker_define_instance(program->linker, program->store, link,
                                          (size_t)(equals - link), instance);
  }
  wherry_module_release(module);
  return error ? report(file, error) : STATUS_OK;
}

static int open_linked(program_t *program, wherry_bytes_t bytes) {
  wherry_error_t *error = wherry_linker_new(program->engine, &program->linker);
  if (!error) error = wherry_store_new(program->engine, &program->store);
  if (!error) error = set_limits(program->store, program->options);
  if (error) return report(program->file, error);
  for (size_t i = 0; i < program->options->links.count; i++) {
    int status = link_file(program, program->options->links.items[i]);
    if (status != STATUS_OK) return status;
  }
  error = wherry_module_new(program->engine, bytes.data, bytes.size, &program->module);
  if (error) return report(program->file, error);
  if (wants_wasi(program->module, program->options)) {
    return complain(program->file, "needs WASI, which comes later");
  }
  error = instantiate(program, program->module, &program->instance);
  return error ? report(program->file, error) : STATUS_OK;
}

/* A load failed for its imports: say it in one sentence where WASI is all it wants. */
static bool failed_for_wasi(program_t *program, wherry_bytes_t bytes) {
  wherry_module_t *module;
  wherry_error_t *error = wherry_module_new(program->engine, bytes.data, bytes.size, &module);
  if (error) {
    wherry_error_release(error);
    return false;
  }
  bool wants = wants_wasi(module, program->options);
  wherry_module_release(module);
  return wants;
}

static int open_alone(program_t *program, wherry_bytes_t bytes) {
  wherry_load_options_t *options;
  wherry_error_t *error = wherry_load_options_new(&options);
  if (error) return report(program->file, error);
  wherry_load_options_set_engine(options, program->engine);
  if (program->options->memory_limit != UINT64_MAX) {
    wherry_load_options_set_memory_limit(options, program->options->memory_limit);
  }
  if (program->options->fuel != UINT64_MAX) {
    wherry_load_options_set_fuel(options, program->options->fuel);
  }
  if (program->options->timeout != UINT64_MAX) {
    wherry_load_options_set_timeout(options, program->options->timeout);
  }
  error = wherry_load(bytes.data, bytes.size, options, &program->guest);
  wherry_load_options_release(options);
  if (error) {
    if (wherry_error_kind(error) == WHERRY_ERROR_UNLINKABLE && failed_for_wasi(program, bytes)) {
      wherry_error_release(error);
      return complain(program->file, "needs WASI, which comes later");
    }
    return report(program->file, error);
  }
  program->module = wherry_guest_module(program->guest);
  program->store = wherry_guest_store(program->guest);
  program->instance = wherry_guest_instance(program->guest);
  return STATUS_OK;
}

int program_open(const char *file, const program_options_t *options, program_t *out) {
  *out = (program_t) {.file = file, .options = options, .started = clock_now()};
  wherry_bytes_t bytes;
  int status;
  wherry_error_t *error = engine_with(options->features, options->deterministic, &out->engine);
  if (error) return report(NULL, error);
  if (!read_module_file(out->engine, file, &bytes, &status)) return status;
  return options->links.count ? open_linked(out, bytes) : open_alone(out, bytes);
}

static void put_stats(const program_t *program) {
  fflush(stdout);
  fprintf(stderr, "time        %.3f ms\n", (double)(clock_now() - program->started) / 1e6);
  if (program->options->fuel != UINT64_MAX) {
    fprintf(stderr, "fuel used   %" PRIu64 "\n",
            program->options->fuel - wherry_store_fuel(program->store));
  }
  fprintf(stderr, "memory      %" PRIu64 " bytes\ntables      %" PRIu64 " elements\n",
          wherry_store_memory_used(program->store), wherry_store_table_used(program->store));
  fprintf(stderr, "instances   %" PRIu64 "\n", wherry_store_instances(program->store));
  fprintf(stderr, "functions   %zu, compiled %zu\n", wherry_module_function_count(program->module),
          wherry_module_compiled_count(program->module));
}

void program_close(program_t *program) {
  if (program->options->stats && program->store && program->module) put_stats(program);
  if (program->guest) {
    wherry_guest_release(program->guest);
  } else {
    wherry_module_release(program->module);
    wherry_store_release(program->store);
  }
  wherry_linker_release(program->linker);
  wherry_engine_release(program->engine);
}
