/* What must hold of any bytes given as a module, and of any given as text. */
#include "fuzz.h"

#include "compile/compile.h"
#include "decode/decode.h"
#include "encode/encode.h"
#include "exec/exec.h"
#include "text/text.h"
#include "validate/validate.h"

/* An allocator that fails from some call on, for good. */
typedef struct failing {
  uint64_t calls, fail_at; /* 0: never */
} failing_t;

static void *reallocate(void *data, void *memory, size_t old_size, size_t new_size) {
  failing_t *failing = data;
  (void)old_size;
  if (new_size == 0) {
    free(memory);
    return NULL;
  }
  if (++failing->calls >= failing->fail_at && failing->fail_at) return NULL;
  return realloc(memory, new_size);
}

static failing_t failing;
static wh_alloc_t alloc;

static void begin(uint64_t fail_at) {
  failing = (failing_t) {.fail_at = fail_at};
  wh_alloc_init(&alloc, &(wherry_allocator_t) {reallocate, &failing});
}

static void must_be_free(const char *after) {
  if (alloc.used)
    report_failure("%llu bytes are lost after %s", (unsigned long long)alloc.used, after);
}

/* An error must say something, and point into the module. */
static void look_at(const wherry_error_t *error, size_t size) {
  uint64_t offset;
  wherry_error_kind_t kind = wherry_error_kind(error);
  if (kind != WHERRY_ERROR_MALFORMED && kind != WHERRY_ERROR_INVALID && kind != WHERRY_ERROR_LIMIT)
    report_failure("an error of kind %s: %s", wherry_error_kind_name(kind),
                   wherry_error_message(error));
  if (!*wherry_error_message(error)) report_failure("an error without a message");
  if (!wherry_error_offset(error, &offset))
    report_failure("an error without an offset: %s", wherry_error_message(error));
  if (offset > size)
    report_failure("an error at %llu of %zu bytes: %s", (unsigned long long)offset, size,
                   wherry_error_message(error));
}

/* NULL: it is not valid, and *error says why. */
static wh_model_t *read_module(const uint8_t *module, size_t size, wh_features_t features,
                               wherry_error_t **error) {
  wh_model_t *model;
  *error = wh_decode(&alloc, module, size, features, &model);
  if (*error) return NULL;
  *error = wh_validate(model, features);
  if (!*error) return model;
  wh_model_free(model);
  return NULL;
}

bool check_validity(const uint8_t *module, size_t size, wh_features_t features,
                    verdict_t *verdict) {
  wherry_error_t *error;
  begin(0);
  wh_model_t *model = read_module(module, size, features, &error);
  if (model) wh_model_free(model);
  if (error) look_at(error, size);
  if (verdict) {
    verdict->valid = !error;
    verdict->kind = error ? wherry_error_kind(error) : (wherry_error_kind_t)0;
    snprintf(verdict->message, sizeof verdict->message, "%s",
             error ? wherry_error_message(error) : "");
  }
  wherry_error_release(error);
  must_be_free("decode and validate");
  return !error;
}

/* Memory that ends somewhere on the way is an error like others, and nothing is lost. */
static void check_memory(const uint8_t *module, size_t size, random_t *random, uint64_t calls) {
  wherry_error_t *error;
  begin(1 + random_below(random, calls));
  wh_model_t *model = read_module(module, size, FUZZ_FEATURES, &error);
  if (model)
    report_failure("memory that ended at request %llu was not missed",
                   (unsigned long long)failing.fail_at);
  if (wherry_error_kind(error) != WHERRY_ERROR_OOM && failing.calls >= failing.fail_at)
    report_failure("memory ended at request %llu, but the error is %s",
                   (unsigned long long)failing.fail_at, wherry_error_message(error));
  wherry_error_release(error);
  must_be_free("decode and validate without memory");
}

static wherry_error_t *check_with(const uint8_t *module, size_t size, wh_features_t features) {
  wherry_error_t *error;
  wh_model_t *model = read_module(module, size, features, &error);
  if (model) wh_model_free(model);
  return error;
}

/* As text, and back: the bytes that encode writes. Of what is not valid not all can be told in text. */
static void check_printing(const uint8_t *module, size_t size, uint32_t options, bool valid,
                           const uint8_t *wanted, size_t wanted_size) {
  char *text;
  uint8_t *back;
  size_t text_size, back_size;
  wherry_error_t *error = wh_binary_to_text(&alloc, module, size, options, &text, &text_size);
  if (error) {
    if (valid) report_failure("it cannot be printed: %s", wherry_error_message(error));
    wherry_error_release(error);
    return;
  }
  error = wh_text_to_binary(&alloc, text, text_size, FUZZ_FEATURES, &back, &back_size);
  wh_free(&alloc, text, text_size);
  if (error && !valid && wherry_error_kind(error) == WHERRY_ERROR_MALFORMED) {
    wherry_error_release(error); /* a name, a type or a number that text has no way to tell */
    return;
  }
  if (error) report_failure("its text is refused: %s", wherry_error_message(error));
  /* A data count that was missing may come before or behind a custom section. */
  if (back_size != wanted_size || (valid && memcmp(back, wanted, back_size) != 0))
    report_failure("its text becomes %zu bytes, not the %zu that it has", back_size, wanted_size);
  wh_free(&alloc, back, back_size);
}

/* With the features that it is said to need it is valid, without any of them it is not. In its shortest
   form, so that there is nothing that only the encoding needs. */
static void check_features(const uint8_t *module, size_t size, const wh_model_t *model) {
  wh_features_t needed = wh_model_features(model);
  wherry_error_t *error = check_with(module, size, needed);
  if (error)
    report_failure("with the features that it needs it is refused: %s",
                   wherry_error_message(error));
  for (unsigned i = 0; i < WHERRY_FEATURE_COUNT; i++) {
    if (!(needed >> i & 1)) continue;
    wh_features_t others = wh_features_with(FUZZ_FEATURES, (wherry_feature_t)i, false);
    if (i == WHERRY_FEATURE_EXCEPTIONS) /* tags come with either */
      others = wh_features_with(others, WHERRY_FEATURE_LEGACY_EXCEPTIONS, false);
    error = check_with(module, size, others);
    if (!error) report_failure("it needs %s, but not so", wherry_feature_name((wherry_feature_t)i));
    wherry_error_release(error);
  }
}

/* What was written is read as the same module, and written the same again. */
static void check_writing(const uint8_t *module, size_t module_size, const wh_model_t *model,
                          bool valid, random_t *random) {
  uint8_t *once, *twice;
  size_t size, size_again;
  wh_model_t *again;
  wherry_error_t *error = wh_encode(&alloc, model, &once, &size);
  if (error) {
    if (valid) report_failure("it cannot be encoded: %s", wherry_error_message(error));
    wherry_error_release(error);
    return;
  }
  error = wh_decode(&alloc, once, size, FUZZ_FEATURES, &again);
  if (!error && valid) error = wh_validate(again, FUZZ_FEATURES);
  if (error) report_failure("encoded anew it is refused: %s", wherry_error_message(error));
  error = wh_encode(&alloc, again, &twice, &size_again);
  if (error) report_failure("it cannot be encoded again: %s", wherry_error_message(error));
  if (size != size_again || memcmp(once, twice, size) != 0)
    report_failure("encoded twice it differs (%zu and %zu bytes)", size, size_again);
  if (valid) check_features(once, size, again);
  check_printing(module, module_size, random_below(random, 2), valid, once, size);
  wh_free(&alloc, once, size);
  wh_free(&alloc, twice, size_again);
  wh_model_free(again);
}

void check_module(const uint8_t *module, size_t size, random_t *random, bool thorough,
                  totals_t *totals) {
  begin(0);
  totals->mutants++;
  wh_model_t *model;
  wherry_error_t *error = wh_decode(&alloc, module, size, FUZZ_FEATURES, &model);
  bool decoded = !error;
  if (decoded) error = wh_validate(model, FUZZ_FEATURES);
  bool valid = !error;
  uint64_t calls = failing.calls;
  if (error) look_at(error, size);
  wherry_error_release(error);
  totals->valid += valid;
  if (decoded && (thorough || random_chance(random, valid ? 10 : 3))) {
    check_writing(module, size, model, valid, random);
    totals->round_trips++;
  }
  if (decoded) wh_model_free(model);
  must_be_free("decode, validate, encode and print");
  if (thorough || random_chance(random, 2)) {
    check_memory(module, size, random, calls);
    totals->starved++;
  }
  if (valid && (thorough || random_chance(random, 10))) guest_run(module, size, random, totals);
}

/* ---- texts ---- */

static void check_binary_of(const uint8_t *text, size_t text_size, const uint8_t *binary,
                            size_t size) {
  wherry_error_t *error;
  wh_model_t *model = NULL;
  bool is_component = wherry_is_component(binary, size);
  if (is_component)
    error = component_error(binary, size);
  else
    model = read_module(binary, size, FUZZ_FEATURES, &error);
  if (model) wh_model_free(model);
  if (!error) return;
  if (is_component || !failing.fail_at) look_at(error, size);
  /* Bytes given in a text may be anything; and a text may name several supertypes, which is invalid
     but which decode has no place for. */
  bool own = !memmem(text, text_size, "binary", 6) &&
             !strstr(wherry_error_message(error), "malformed supertypes");
  if (own && wherry_error_kind(error) == WHERRY_ERROR_MALFORMED)
    report_failure("the text became a malformed binary: %s", wherry_error_message(error));
  wherry_error_release(error);
}

static bool check_reading(const uint8_t *text, size_t size) {
  uint8_t *binary;
  size_t binary_size;
  wherry_error_t *error =
      wh_text_to_binary(&alloc, (const char *)text, size, FUZZ_FEATURES, &binary, &binary_size);
  bool good = !error;
  if (error && !*wherry_error_message(error)) report_failure("an error without a message");
  wherry_error_release(error);
  if (good) {
    check_binary_of(text, size, binary, binary_size);
    wh_free(&alloc, binary, binary_size);
  }
  must_be_free("reading a text");
  return good;
}

static bool check_script(const uint8_t *text, size_t size) {
  wh_script_t *script;
  wherry_error_t *error = wh_script_read(&alloc, (const char *)text, size, FUZZ_FEATURES, &script);
  bool good = !error;
  if (error && !*wherry_error_message(error)) report_failure("an error without a message");
  wherry_error_release(error);
  for (size_t i = 0; good && i < wh_script_count(script); i++) {
    const wherry_command_t *command = wh_script_command(script, i);
    if (!command->module.data) continue;
    wherry_error_t *refused;
    wh_model_t *model =
        read_module(command->module.data, command->module.size, FUZZ_FEATURES, &refused);
    if (model) wh_model_free(model);
    wherry_error_release(refused);
  }
  if (good) wh_script_free(script);
  must_be_free("reading a script");
  return good;
}

void check_text(const uint8_t *text, size_t size, random_t *random, bool thorough,
                totals_t *totals) {
  totals->mutants++;
  begin(0);
  bool good = check_reading(text, size);
  uint64_t calls = failing.calls;
  good = check_script(text, size) || good;
  totals->valid += good;
  if (!thorough && !random_chance(random, 5)) return;
  totals->starved++;
  begin(1 + random_below(random, calls + 1));
  check_reading(text, size);
  begin(1 + random_below(random, calls + 1));
  check_script(text, size);
}
