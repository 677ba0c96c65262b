/* The commands of a script. */
#include "sections.h"
#include "wast.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* A module that the script made: instantiated, only defined, skipped or failed. */
typedef struct made {
  wherry_bytes_t name; /* data NULL: none */
  bool is_definition;
  wherry_module_t *module;    /* of a definition */
  wherry_instance_t instance; /* none: not instantiated */
  const char *skipped;        /* for which feature; NULL: it was not */
  const char *untouched;      /* a module that was to change it was skipped for this feature */
} made_t;

/* A name that was registered, and which of the modules made it names; SIZE_MAX: none. */
typedef struct registered {
  wherry_bytes_t name;
  size_t made;
} registered_t;

enum { SECONDS = 120 };

struct wast {
  const char *file;
  wherry_engine_t *engine;
  wherry_store_t *store;
  wherry_linker_t *linker;
  bool broken; /* it could not begin */
  made_t *made;
  size_t made_count, made_room;
  size_t current; /* the newest instance, skipped ones included; SIZE_MAX: none */
  registered_t *registered;
  size_t registered_count, registered_room;
  size_t line;
  wast_totals_t *totals;
};

/* ---- Outcomes ---- */

static void pass(wast_t *s) { s->totals->passed++; }

static void fail_at(wast_t *s, size_t line, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
static void fail_at(wast_t *s, size_t line, const char *format, va_list args) {
  text_t subject = {0};
  char message[2048];
  vsnprintf(message, sizeof message, format, args);
  text_print(&subject, "%s:%zu", s->file, line);
  complain(subject.data, "%s", message);
  s->totals->failed++;
}

static void __attribute__((format(printf, 2, 3))) fail(wast_t *s, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fail_at(s, s->line, format, args);
  va_end(args);
}

void wast_fail(wast_t *s, size_t line, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fail_at(s, line, format, args);
  va_end(args);
}

static void skip(wast_t *s, const char *feature) {
  wast_totals_t *totals = s->totals;
  size_t i = 0;
  totals->skipped++;
  while (i < totals->feature_count && strcmp(totals->features[i].name, feature) != 0) i++;
  if (i == sizeof totals->features / sizeof *totals->features) return;
  if (i == totals->feature_count) {
    totals->features[i].name = feature;
    totals->feature_count++;
  }
  totals->features[i].commands++;
}

void wast_skip(wast_t *s, const char *feature) { skip(s, feature); }

const char *wast_missing_feature(const wherry_error_t *error) {
  static const char words[] = "needs feature ";
  const char *found = strstr(wherry_error_message(error), words);
  if (!found || !strstr(found, "which this version does not have")) return NULL;
  found += sizeof words - 1;
  size_t size = strspn(found, "abcdefghijklmnopqrstuvwxyz0123456789-");
  const char *name = arena_text(found, size);
  return size ? name : NULL;
}

static const char *kind_of(const wherry_error_t *error) {
  return wherry_error_kind_name(wherry_error_kind(error));
}

/* The command failed, or is skipped for what the error says is missing. */
static void fail_for(wast_t *s, const char *what, const wherry_error_t *error) {
  const char *feature = wast_missing_feature(error);
  if (feature) {
    skip(s, feature);
  } else {
    fail(s, "%s: %s: %s", what, kind_of(error), wherry_error_message(error));
  }
}

/* The same, and ends the error. */
static void fail_with(wast_t *s, const char *what, wherry_error_t *error) {
  fail_for(s, what, error);
  wherry_error_release(error);
}

static const char *shown(wherry_bytes_t name) {
  return arena_text((const char *)name.data, name.size);
}

/* A component; in JSON: in binary, or a text that could not be read, or bytes that are too broken to tell:
   that the suite expects no words for. */
static bool is_component(const wherry_command_t *command) {
  if (command->is_component) return true;
  static const char text[] = "(component";
  wherry_bytes_t bytes = command->module;
  if (wherry_is_component(bytes.data, bytes.size) || !command->text.size) return true;
  if (!command->refused) return false;
  while (bytes.size && strchr(" \n\t\r", *bytes.data)) bytes.data++, bytes.size--;
  return bytes.size >= sizeof text - 1 && memcmp(bytes.data, text, sizeof text - 1) == 0;
}

/* An assertion of a failure: whether it is the one that was meant. For components a refusal counts,
   whatever its words: the suite has those of one implementation. */
static void expect(wast_t *s, const wherry_command_t *command, const wherry_error_t *error) {
  const char *what = command->field.data ? shown(command->field) : "module";
  if (!error) {
    fail(s, "%s: nothing failed, expected \"%s\"", what, shown(command->text));
  } else if (is_component(command)) {
    pass(s);
  } else if (wast_missing_feature(error)) {
    fail_for(s, what, error);
  } else {
    const char *fault = wast_message_fault(command, error);
    if (fault) {
      fail(s, "%s: %s; got %s: %s", what, fault, kind_of(error), wherry_error_message(error));
    } else {
      pass(s);
    }
  }
}

/* ---- Modules ---- */

static bool same_name(wherry_bytes_t a, wherry_bytes_t b) {
  return a.data && b.data && a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static made_t *add_made(wast_t *s, wherry_bytes_t name) {
  if (s->made_count == s->made_room) {
    size_t room = s->made_room ? s->made_room * 2 : 16;
    s->made = arena_grow(s->made, s->made_room * sizeof *s->made, room * sizeof *s->made);
    s->made_room = room;
  }
  made_t *made = &s->made[s->made_count++];
  *made = (made_t) {.name = name};
  return made;
}

/* The newest of that name; without a name, the current instance or the newest definition. */
static made_t *find_made(wast_t *s, wherry_bytes_t name, bool definition) {
  if (!name.data && !definition) return s->current == SIZE_MAX ? NULL : &s->made[s->current];
  for (size_t i = s->made_count; i-- > 0;) {
    made_t *made = &s->made[i];
    if (made->is_definition == definition && (!name.data || same_name(made->name, name))) {
      return made;
    }
  }
  return NULL;
}

static made_t *find_registered(wast_t *s, wherry_bytes_t name) {
  for (size_t i = s->registered_count; i-- > 0;) {
    if (!same_name(s->registered[i].name, name)) continue;
    return s->registered[i].made == SIZE_MAX ? NULL : &s->made[s->registered[i].made];
  }
  return NULL;
}

/* A module that was skipped does not do what it would have done to those it imports from. */
static void leave_untouched(wast_t *s, wherry_bytes_t module, const char *feature) {
  import_names_t names = import_modules_of(module);
  for (size_t i = 0; i < names.count; i++) {
    made_t *made = find_registered(s, names.items[i]);
    if (made) made->untouched = feature;
  }
}

/* The feature for which a module that it imports from was skipped. */
static const char *import_skip(wast_t *s, const wherry_module_t *module) {
  for (size_t i = 0; i < wherry_module_import_count(module); i++) {
    wherry_bytes_t from = wherry_module_import_module(module, i);
    const made_t *made = find_registered(s, from);
    const char *feature = made && !made->instance.store ? made->skipped : NULL;
    if (feature) return feature;
  }
  return NULL;
}

/* Of a component so far: it is checked, but there are no instances of it. */
static const char component_instances[] = "component-instances";
static bool check_component(wast_t *s, const wherry_command_t *command, made_t *made) {
  wherry_bytes_t bytes = command->module;
  if (!wherry_is_component(bytes.data, bytes.size)) return false;
  made->skipped = component_instances;
  wherry_error_t *error = wherry_component_validate(s->engine, bytes.data, bytes.size);
  if (error) {
    fail_with(s, "component", error);
  } else if (made->is_definition) {
    pass(s);
  } else {
    skip(s, component_instances);
  }
  return true;
}

/* A command's module. NULL: the command has been counted; *feature: why it was skipped. */
static wherry_module_t *load(wast_t *s, const wherry_command_t *command, const char **feature) {
  wherry_bytes_t bytes = command->module;
  wherry_module_t *module;
  *feature = NULL;
  if (command->refused) {
    *feature = wast_missing_feature(command->refused);
    fail_for(s, "module", command->refused);
    return NULL;
  }
  wherry_error_t *error = wherry_module_new(s->engine, bytes.data, bytes.size, &module);
  if (!error) return module;
  *feature = wast_missing_feature(error);
  if (*feature) leave_untouched(s, bytes, *feature);
  fail_with(s, "module", error);
  return NULL;
}

static void instantiate(wast_t *s, wherry_module_t *module, made_t *made) {
  made->skipped = import_skip(s, module);
  if (made->skipped) {
    skip(s, made->skipped);
    return;
  }
  wherry_error_t *error = wherry_linker_instantiate(s->linker, s->store, module, &made->instance);
  if (!error) {
    pass(s);
    return;
  }
  made->instance = (wherry_instance_t) {0, 0};
  made->skipped = wast_missing_feature(error);
  fail_with(s, "module", error);
}

static void do_module(wast_t *s, const wherry_command_t *command) {
  made_t *made = add_made(s, command->name);
  s->current = s->made_count - 1;
  if (check_component(s, command, made)) return;
  wherry_module_t *module = load(s, command, &made->skipped);
  if (!module) return;
  instantiate(s, module, made);
  wherry_module_release(module);
}

static void do_definition(wast_t *s, const wherry_command_t *command) {
  made_t *made = add_made(s, command->name);
  made->is_definition = true;
  if (check_component(s, command, made)) return;
  made->module = load(s, command, &made->skipped);
  if (made->module) pass(s);
}

static void do_instance(wast_t *s, const wherry_command_t *command) {
  const made_t *definition = find_made(s, command->of, true);
  wherry_module_t *module = definition ? definition->module : NULL;
  const char *skipped = definition ? definition->skipped : NULL;
  made_t *made = add_made(s, command->name);
  s->current = s->made_count - 1;
  made->skipped = skipped;
  if (skipped) {
    skip(s, skipped);
  } else if (!module) {
    fail(s, "there is no module definition %s", shown(command->of));
  } else {
    instantiate(s, module, made);
  }
}

/* The instance that a command means. NULL: the command has been counted. */
static made_t *instance_of(wast_t *s, wherry_bytes_t name) {
  made_t *made = find_made(s, name, false);
  if (made && made->instance.store) return made;
  if (made && made->skipped) {
    skip(s, made->skipped);
  } else {
    fail(s, "there is no instance%s%s: its module failed", name.data ? " " : "", shown(name));
  }
  return NULL;
}

static void do_register(wast_t *s, const wherry_command_t *command) {
  if (s->registered_count == s->registered_room) {
    size_t room = s->registered_room ? s->registered_room * 2 : 16;
    s->registered = arena_grow(s->registered, s->registered_room * sizeof *s->registered,
                               room * sizeof *s->registered);
    s->registered_room = room;
  }
  const made_t *found = find_made(s, command->of, false);
  s->registered[s->registered_count++] =
      (registered_t) {command->text, found ? (size_t)(found - s->made) : SIZE_MAX};
  made_t *made = instance_of(s, command->of);
  if (!made) return;
  wherry_error_t *error = wherry_linker_define_instance(
      s->linker, s->store, (const char *)command->text.data, command->text.size, made->instance);
  if (error) {
    fail_with(s, "register", error);
  } else {
    pass(s);
  }
}

/* ---- Actions ---- */

typedef struct outcome {
  bool counted;          /* the command has been counted already */
  wherry_error_t *error; /* what the action came to, NULL: it returned */
  wherry_value_t *results;
  size_t count;
  const char *untouched; /* see made_t: what it came to may be wrong for want of this feature */
} outcome_t;

static void invoke(wast_t *s, wherry_func_t func, const wherry_command_t *command, outcome_t *out) {
  const wherry_functype_t *type;
  out->error = wherry_func_type(s->store, func, &type);
  if (out->error) return;
  wherry_value_t *values = arena_alloc(command->arg_count * sizeof *values);
  for (size_t i = 0; i < command->arg_count; i++) {
    if (wast_pattern_value(s->store, &command->args[i], &values[i])) continue;
    out->counted = true;
    fail(s, "argument %zu cannot be made", i + 1);
    return;
  }
  out->count = wherry_functype_result_count(type);
  out->results = arena_alloc(out->count * sizeof *out->results);
  out->error =
      wherry_func_call(s->store, func, values, command->arg_count, out->results, out->count);
}

static void act(wast_t *s, const wherry_command_t *command, outcome_t *out) {
  *out = (outcome_t) {0};
  made_t *made = instance_of(s, command->of);
  out->counted = !made;
  if (!made) return;
  out->untouched = made->untouched;
  wherry_extern_t item;
  out->error = wherry_instance_find(s->store, made->instance, (const char *)command->field.data,
                                    command->field.size, &item);
  if (out->error) return;
  if (!command->is_get && item.kind == WHERRY_EXTERN_FUNC) {
    invoke(s, item.of.func, command, out);
  } else if (command->is_get && item.kind == WHERRY_EXTERN_GLOBAL) {
    out->count = 1;
    out->results = arena_alloc(sizeof *out->results);
    out->error = wherry_global_get(s->store, item.of.global, out->results);
  } else {
    fail(s, "%s of a %s", command->is_get ? "get" : "invoke", wherry_extern_kind_name(item.kind));
    out->counted = true;
  }
}

static void do_action(wast_t *s, const wherry_command_t *command) {
  outcome_t outcome;
  act(s, command, &outcome);
  if (outcome.counted) return;
  if (outcome.error) {
    fail_with(s, "action", outcome.error);
  } else {
    pass(s);
  }
}

static void print_results(wast_t *s, text_t *text, const wherry_command_t *command,
                          const outcome_t *outcome) {
  text_print(text, "expected");
  for (size_t i = 0; i < command->result_count; i++) {
    text_print(text, "%s ", i ? "," : "");
    wast_print_pattern(text, &command->results[i]);
  }
  text_print(text, command->result_count ? "; got" : " nothing; got");
  for (size_t i = 0; i < outcome->count; i++) {
    text_print(text, "%s ", i ? "," : "");
    wast_print_value(s->store, text, &outcome->results[i]);
  }
  if (!outcome->count) text_print(text, " nothing");
}

static void do_assert_return(wast_t *s, const wherry_command_t *command) {
  outcome_t outcome;
  act(s, command, &outcome);
  if (outcome.counted) return;
  if (outcome.error && !outcome.untouched) {
    fail_with(s, shown(command->field), outcome.error);
    return;
  }
  bool same = !outcome.error && command->result_count == outcome.count;
  for (size_t i = 0; same && i < outcome.count; i++) {
    same = wast_pattern_matches(s->store, &command->results[i], &outcome.results[i]);
  }
  wherry_error_release(outcome.error);
  if (same) {
    pass(s);
  } else if (outcome.untouched) {
    skip(s, outcome.untouched);
  } else {
    text_t text = {0};
    print_results(s, &text, command, &outcome);
    fail(s, "%s: %s", shown(command->field), text.data);
  }
}

static void do_assert_failure(wast_t *s, const wherry_command_t *command) {
  outcome_t outcome;
  act(s, command, &outcome);
  if (outcome.counted) return;
  expect(s, command, outcome.error);
  wherry_error_release(outcome.error);
}

/* ---- Modules that must be refused ---- */

static void do_assert_refusal(wast_t *s, const wherry_command_t *command) {
  wherry_error_t *error = NULL;
  if (!command->refused) {
    error = validate_bytes(s->engine, command->module);
  }
  expect(s, command, command->refused ? command->refused : error);
  wherry_error_release(error);
}

/* A custom section that is broken leaves a binary valid; it is asked for. */
static void do_assert_custom(wast_t *s, const wherry_command_t *command) {
  wherry_module_t *module;
  if (command->refused) {
    expect(s, command, command->refused);
    return;
  }
  wherry_error_t *error =
      wherry_module_new(s->engine, command->module.data, command->module.size, &module);
  if (!error) {
    error = wherry_module_check_custom(module);
    wherry_module_release(module);
  }
  expect(s, command, error);
  wherry_error_release(error);
}

/* A module that is valid but cannot be linked, or traps while it is instantiated. */
static void do_assert_no_instance(wast_t *s, const wherry_command_t *command) {
  const char *feature;
  made_t component = {.is_definition = false};
  if (check_component(s, command, &component)) return;
  wherry_module_t *module = load(s, command, &feature);
  if (!module) return;
  feature = import_skip(s, module);
  if (feature) {
    skip(s, feature);
  } else {
    wherry_instance_t instance;
    wherry_error_t *error = wherry_linker_instantiate(s->linker, s->store, module, &instance);
    expect(s, command, error);
    wherry_error_release(error);
  }
  wherry_module_release(module);
}

/* ---- The whole ---- */

static void (*const commands[WHERRY_COMMAND_COUNT])(wast_t *, const wherry_command_t *) = {
    [WHERRY_COMMAND_MODULE] = do_module,
    [WHERRY_COMMAND_DEFINITION] = do_definition,
    [WHERRY_COMMAND_INSTANCE] = do_instance,
    [WHERRY_COMMAND_REGISTER] = do_register,
    [WHERRY_COMMAND_ACTION] = do_action,
    [WHERRY_COMMAND_ASSERT_RETURN] = do_assert_return,
    [WHERRY_COMMAND_ASSERT_TRAP] = do_assert_failure,
    [WHERRY_COMMAND_ASSERT_EXHAUSTION] = do_assert_failure,
    [WHERRY_COMMAND_ASSERT_EXCEPTION] = do_assert_failure,
    [WHERRY_COMMAND_ASSERT_INVALID] = do_assert_refusal,
    [WHERRY_COMMAND_ASSERT_MALFORMED] = do_assert_refusal,
    [WHERRY_COMMAND_ASSERT_INVALID_CUSTOM] = do_assert_custom,
    [WHERRY_COMMAND_ASSERT_MALFORMED_CUSTOM] = do_assert_custom,
    [WHERRY_COMMAND_ASSERT_UNLINKABLE] = do_assert_no_instance,
    [WHERRY_COMMAND_ASSERT_UNINSTANTIABLE] = do_assert_no_instance,
};

wast_t *wast_begin(const char *file, wherry_engine_t *engine, wast_totals_t *totals) {
  wast_t *s = arena_alloc(sizeof *s);
  *s = (wast_t) {.file = file, .engine = engine, .current = SIZE_MAX, .totals = totals};
  wherry_error_t *error = wherry_linker_new(engine, &s->linker);
  if (!error) error = wherry_store_new(engine, &s->store);
  if (!error) error = wherry_store_set_timeout(s->store, (uint64_t)SECONDS * 1000000000u);
  if (!error) error = wast_define_spectest(s->store, s->linker);
  if (error) {
    s->broken = true;
    fail_with(s, "the script cannot begin", error);
  }
  return s;
}

/* Values of components, which nothing can be called with yet. */
static bool has_component_values(const wherry_pattern_t *patterns, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (patterns[i].kind == WHERRY_PATTERN_COMPONENT) return true;
  return false;
}

void wast_run(wast_t *s, const wherry_command_t *command) {
  s->line = command->line;
  if (s->broken) return;
  if (has_component_values(command->args, command->arg_count) ||
      has_component_values(command->results, command->result_count)) {
    wast_skip(s, "component-values");
  } else {
    commands[command->kind](s, command);
  }
}

void wast_end(wast_t *s) {
  for (size_t i = 0; i < s->made_count; i++) wherry_module_release(s->made[i].module);
  wherry_linker_release(s->linker);
  wherry_store_release(s->store);
}
