/* The commands of a script. */
#include "sections.h"
#include "wast.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* A module that the script made: instantiated, only defined, skipped or failed. */
typedef struct made {
  const char *name; /* NULL: none */
  bool is_definition;
  wherry_module_t *module;    /* of a definition */
  wherry_instance_t instance; /* none: not instantiated */
  const char *skipped;        /* for which feature; NULL: it was not */
  const char *untouched;      /* a module that was to change it was skipped for this feature */
} made_t;

/* A name that was registered, and which of the modules made it names; SIZE_MAX: none. */
typedef struct registered {
  const char *name;
  size_t made;
} registered_t;

enum { SECONDS = 120 };

typedef struct script {
  const char *file;
  wherry_engine_t *engine;
  wherry_store_t *store;
  wherry_linker_t *linker;
  made_t *made;
  size_t made_count, made_room;
  size_t current; /* the newest instance, skipped ones included; SIZE_MAX: none */
  registered_t *registered;
  size_t registered_count, registered_room;
  uint64_t line;
  wast_totals_t *totals;
} script_t;

/* ---- Outcomes ---- */

static void pass(script_t *s) { s->totals->passed++; }

static void __attribute__((format(printf, 2, 3))) fail(script_t *s, const char *format, ...) {
  text_t subject = {0};
  char message[2048];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  text_print(&subject, "%s:%" PRIu64, s->file, s->line);
  complain(subject.data, "%s", message);
  s->totals->failed++;
}

static void skip(script_t *s, const char *feature) {
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

const char *wast_missing_feature(const wherry_error_t *error) {
  static const char words[] = "needs feature ";
  const char *found = strstr(wherry_error_message(error), words);
  if (!found || !strstr(found, "which this version does not have")) return NULL;
  found += sizeof words - 1;
  size_t size = strspn(found, "abcdefghijklmnopqrstuvwxyz0123456789-");
  const char *name = arena_text(found, size);
  return size ? name : NULL;
}

/* Ends the error: the command failed, or is skipped for what the error says is missing. */
static void fail_with(script_t *s, const char *what, wherry_error_t *error) {
  const char *feature = wast_missing_feature(error);
  if (feature) {
    skip(s, feature);
  } else {
    fail(s, "%s: %s: %s", what, wherry_error_kind_name(wherry_error_kind(error)),
         wherry_error_message(error));
  }
  wherry_error_release(error);
}

/* ---- Modules ---- */

static made_t *add_made(script_t *s, const char *name) {
  if (s->made_count == s->made_room) {
    size_t room = s->made_room ? s->made_room * 2 : 16;
    s->made = arena_grow(s->made, s->made_room * sizeof *s->made, room * sizeof *s->made);
    s->made_room = room;
  }
  made_t *made = &s->made[s->made_count++];
  *made = (made_t) {.name = name};
  return made;
}

/* The newest of that name; without a name, the current instance. */
static made_t *find_made(script_t *s, const char *name, bool definition) {
  if (!name) return s->current == SIZE_MAX ? NULL : &s->made[s->current];
  for (size_t i = s->made_count; i-- > 0;) {
    made_t *made = &s->made[i];
    if (made->name && made->is_definition == definition && strcmp(made->name, name) == 0) {
      return made;
    }
  }
  return NULL;
}

static made_t *find_registered(script_t *s, wherry_bytes_t name) {
  for (size_t i = s->registered_count; i-- > 0;) {
    const char *other = s->registered[i].name;
    if (strlen(other) != name.size || memcmp(other, name.data, name.size) != 0) continue;
    return s->registered[i].made == SIZE_MAX ? NULL : &s->made[s->registered[i].made];
  }
  return NULL;
}

/* A module that was skipped does not do what it would have done to those it imports from. */
static void leave_untouched(script_t *s, wherry_bytes_t module, const char *feature) {
  import_names_t names = import_modules_of(module);
  for (size_t i = 0; i < names.count; i++) {
    made_t *made = find_registered(s, names.items[i]);
    if (made) made->untouched = feature;
  }
}

/* The feature for which a module that it imports from was skipped. */
static const char *import_skip(script_t *s, const wherry_module_t *module) {
  for (size_t i = 0; i < wherry_module_import_count(module); i++) {
    wherry_bytes_t from = wherry_module_import_module(module, i);
    const made_t *made = find_registered(s, from);
    const char *feature = made && !made->instance.store ? made->skipped : NULL;
    if (feature) return feature;
  }
  return NULL;
}

/* The bytes of a command's module; what is text becomes its binary, unless *refused says why not.
   False: the command has been counted. */
static bool module_bytes(script_t *s, const json_t *command, wherry_bytes_t *out,
                         wherry_error_t **refused) {
  const char *file = json_text(command, "filename");
  *refused = NULL;
  if (!file) {
    fail(s, "the command names no file");
    return false;
  }
  const char *slash = strrchr(s->file, '/');
  text_t path = {0};
  if (slash) text_add(&path, s->file, (size_t)(slash - s->file) + 1);
  text_add(&path, file, strlen(file));
  if (!read_file(path.data, out)) {
    fail(s, "%s cannot be read", path.data);
    return false;
  }
  const char *type = json_text(command, "module_type");
  if (type && strcmp(type, "text") == 0) *refused = text_to_binary(s->engine, out);
  return true;
}

/* Reads a command's module. NULL: the command has been counted; *feature: why it was skipped. */
static wherry_module_t *read_module(script_t *s, const json_t *command, const char **feature) {
  wherry_bytes_t bytes;
  wherry_error_t *error;
  wherry_module_t *module;
  *feature = NULL;
  if (!module_bytes(s, command, &bytes, &error)) return NULL;
  bool read = !error;
  if (read) error = wherry_module_new(s->engine, bytes.data, bytes.size, &module);
  if (!error) return module;
  *feature = wast_missing_feature(error);
  if (*feature && read) leave_untouched(s, bytes, *feature);
  fail_with(s, "module", error);
  return NULL;
}

static void instantiate(script_t *s, wherry_module_t *module, made_t *made) {
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

static void do_module(script_t *s, const json_t *command) {
  made_t *made = add_made(s, json_text(command, "name"));
  s->current = s->made_count - 1;
  wherry_module_t *module = read_module(s, command, &made->skipped);
  if (!module) return;
  instantiate(s, module, made);
  wherry_module_release(module);
}

static void do_module_definition(script_t *s, const json_t *command) {
  made_t *made = add_made(s, json_text(command, "name"));
  made->is_definition = true;
  made->module = read_module(s, command, &made->skipped);
  if (made->module) pass(s);
}

static void do_module_instance(script_t *s, const json_t *command) {
  const char *name = json_text(command, "module");
  made_t *definition = name ? find_made(s, name, true) : NULL;
  for (size_t i = s->made_count; !name && i-- > 0 && !definition;) {
    if (s->made[i].is_definition) definition = &s->made[i];
  }
  wherry_module_t *module = definition ? definition->module : NULL;
  const char *skipped = definition ? definition->skipped : NULL;
  made_t *made = add_made(s, json_text(command, "instance"));
  s->current = s->made_count - 1;
  made->skipped = skipped;
  if (skipped) {
    skip(s, skipped);
  } else if (!module) {
    fail(s, "there is no module definition %s", name ? name : "");
  } else {
    instantiate(s, module, made);
  }
}

/* The instance that a command means. NULL: the command has been counted. */
static made_t *instance_of(script_t *s, const char *name) {
  made_t *made = find_made(s, name, false);
  if (made && made->instance.store) return made;
  if (made && made->skipped) {
    skip(s, made->skipped);
  } else {
    fail(s, "there is no instance%s%s: its module failed", name ? " " : "", name ? name : "");
  }
  return NULL;
}

static void do_register(script_t *s, const json_t *command) {
  const char *as = json_text(command, "as"), *name = json_text(command, "name");
  if (!as) {
    fail(s, "register without a name");
    return;
  }
  if (s->registered_count == s->registered_room) {
    size_t room = s->registered_room ? s->registered_room * 2 : 16;
    s->registered = arena_grow(s->registered, s->registered_room * sizeof *s->registered,
                               room * sizeof *s->registered);
    s->registered_room = room;
  }
  const made_t *found = find_made(s, name, false);
  s->registered[s->registered_count++] =
      (registered_t) {as, found ? (size_t)(found - s->made) : SIZE_MAX};
  made_t *made = instance_of(s, name);
  if (!made) return;
  wherry_error_t *error =
      wherry_linker_define_instance(s->linker, s->store, as, strlen(as), made->instance);
  if (error) {
    fail_with(s, "register", error);
  } else {
    pass(s);
  }
}

/* ---- Actions ---- */

typedef struct action {
  bool counted;          /* the command has been counted already */
  wherry_error_t *error; /* what the action came to, NULL: it returned */
  wherry_value_t *results;
  size_t count;
  const char *untouched; /* see made_t: what it came to may be wrong for want of this feature */
} action_t;

static void invoke(script_t *s, wherry_func_t func, const json_t *args, action_t *out) {
  const wherry_functype_t *type;
  out->error = wherry_func_type(s->store, func, &type);
  if (out->error) return;
  size_t count = args ? args->count : 0;
  wherry_value_t *values = arena_alloc(count * sizeof *values);
  for (size_t i = 0; i < count; i++) {
    const char *feature = wast_value_feature(&args->items[i]);
    if (!feature && wast_read_value(s->store, &args->items[i], &values[i])) continue;
    out->counted = true;
    if (feature) {
      skip(s, feature);
    } else {
      fail(s, "argument %zu cannot be read", i + 1);
    }
    return;
  }
  out->count = wherry_functype_result_count(type);
  out->results = arena_alloc(out->count * sizeof *out->results);
  out->error = wherry_func_call(s->store, func, values, count, out->results, out->count);
}

static void do_action(script_t *s, const json_t *action, action_t *out) {
  *out = (action_t) {0};
  made_t *made = instance_of(s, json_text(action, "module"));
  const json_t *field = json_member(action, "field");
  const char *type = json_text(action, "type");
  out->counted = !made;
  if (!made) return;
  out->untouched = made->untouched;
  if (!field || field->kind != JSON_STRING || !type) {
    fail(s, "an action without a type or field");
    out->counted = true;
    return;
  }
  wherry_extern_t item;
  out->error = wherry_instance_find(s->store, made->instance, field->text, field->size, &item);
  if (out->error) return;
  if (strcmp(type, "invoke") == 0 && item.kind == WHERRY_EXTERN_FUNC) {
    invoke(s, item.of.func, json_member(action, "args"), out);
  } else if (strcmp(type, "get") == 0 && item.kind == WHERRY_EXTERN_GLOBAL) {
    out->count = 1;
    out->results = arena_alloc(sizeof *out->results);
    out->error = wherry_global_get(s->store, item.of.global, out->results);
  } else {
    fail(s, "%s of a %s", type, wherry_extern_kind_name(item.kind));
    out->counted = true;
  }
}

static void do_plain_action(script_t *s, const json_t *command) {
  action_t action;
  do_action(s, json_member(command, "action"), &action);
  if (action.counted) return;
  if (action.error) {
    fail_with(s, "action", action.error);
  } else {
    pass(s);
  }
}

static void print_results(script_t *s, text_t *text, const json_t *expected,
                          const action_t *action) {
  text_print(text, "expected");
  for (size_t i = 0; i < expected->count; i++) {
    text_print(text, "%s ", i ? "," : "");
    wast_print_expected(text, &expected->items[i]);
  }
  text_print(text, expected->count ? "; got" : " nothing; got");
  for (size_t i = 0; i < action->count; i++) {
    text_print(text, "%s ", i ? "," : "");
    wast_print_value(s->store, text, &action->results[i]);
  }
  if (!action->count) text_print(text, " nothing");
}

static const char *field_of(const json_t *command) {
  const char *field = json_text(json_member(command, "action"), "field");
  return field ? field : "?";
}

static void do_assert_return(script_t *s, const json_t *command) {
  static const json_t nothing = {.kind = JSON_ARRAY};
  const json_t *expected = json_member(command, "expected");
  if (!expected || expected->kind != JSON_ARRAY) expected = &nothing;
  action_t action;
  do_action(s, json_member(command, "action"), &action);
  if (action.counted) return;
  if (action.error && !action.untouched) {
    fail_with(s, field_of(command), action.error);
    return;
  }
  bool same = !action.error && expected->count == action.count;
  for (size_t i = 0; same && i < action.count; i++) {
    same = wast_value_matches(s->store, &expected->items[i], &action.results[i]);
  }
  if (same || action.untouched) {
    if (same) {
      pass(s);
    } else {
      skip(s, action.untouched);
    }
    wherry_error_release(action.error);
    return;
  }
  text_t text = {0};
  print_results(s, &text, expected, &action);
  fail(s, "%s: %s", field_of(command), text.data);
}

/* The script's text must begin the trap's, as in the standard's own runner; its texts that say more
   than the code's name ("uninitialized element 2") are fine, too. */
static bool trap_matches(const wherry_error_t *error, const char *text) {
  if (wherry_error_kind(error) != WHERRY_ERROR_TRAP) return false;
  const char *name = wherry_trap_code_name(wherry_error_trap_code(error));
  size_t size = strlen(name), wanted = strlen(text);
  return size && memcmp(name, text, size < wanted ? size : wanted) == 0;
}

static bool exhaustion_matches(const wherry_error_t *error, const char *text) {
  const char *limit = wherry_error_limit(error);
  if (wherry_error_kind(error) == WHERRY_ERROR_LIMIT) return limit && strcmp(limit, "stack") == 0;
  return trap_matches(error, text);
}

static void expect_trap(script_t *s, const char *what, wherry_error_t *error, const char *text,
                        bool (*matches)(const wherry_error_t *, const char *)) {
  if (!text) text = "";
  if (!error) {
    fail(s, "%s: returned, expected trap \"%s\"", what, text);
  } else if (matches(error, text)) {
    pass(s);
    wherry_error_release(error);
  } else if (wast_missing_feature(error)) {
    fail_with(s, what, error);
  } else {
    fail(s, "%s: expected trap \"%s\", got %s: %s", what, text,
         wherry_error_kind_name(wherry_error_kind(error)), wherry_error_message(error));
    wherry_error_release(error);
  }
}

static void do_assert_trap(script_t *s, const json_t *command) {
  action_t action;
  do_action(s, json_member(command, "action"), &action);
  if (action.counted) return;
  expect_trap(s, field_of(command), action.error, json_text(command, "text"), trap_matches);
}

static void do_assert_exhaustion(script_t *s, const json_t *command) {
  action_t action;
  do_action(s, json_member(command, "action"), &action);
  if (action.counted) return;
  expect_trap(s, field_of(command), action.error, json_text(command, "text"), exhaustion_matches);
}

static void do_assert_exception(script_t *s, const json_t *command) {
  action_t action;
  do_action(s, json_member(command, "action"), &action);
  if (action.counted) return;
  if (action.error && wherry_error_kind(action.error) == WHERRY_ERROR_EXCEPTION) {
    pass(s);
    wherry_error_release(action.error);
  } else if (action.error) {
    fail_with(s, field_of(command), action.error);
  } else {
    fail(s, "%s: returned, expected an exception", field_of(command));
  }
}

/* ---- Modules that must be refused ---- */

static void expect_refusal(script_t *s, const json_t *command, wherry_error_kind_t kind) {
  wherry_bytes_t bytes;
  wherry_error_t *error;
  if (!module_bytes(s, command, &bytes, &error)) return;
  const char *text = json_text(command, "text");
  if (!error) error = wherry_module_validate(s->engine, bytes.data, bytes.size);
  if (!error) {
    fail(s, "%s was taken, expected %s: %s", json_text(command, "filename"),
         wherry_error_kind_name(kind), text ? text : "");
    return;
  }
  if (wherry_error_kind(error) == kind && !wast_missing_feature(error)) {
    pass(s);
    wherry_error_release(error);
  } else if (wast_missing_feature(error)) {
    fail_with(s, "module", error);
  } else {
    fail(s, "%s: expected %s: %s; got %s: %s", json_text(command, "filename"),
         wherry_error_kind_name(kind), text ? text : "",
         wherry_error_kind_name(wherry_error_kind(error)), wherry_error_message(error));
    wherry_error_release(error);
  }
}

/* A module that is valid but cannot be linked, or traps while it is instantiated. */
static void expect_no_instance(script_t *s, const json_t *command, bool unlinkable) {
  const char *feature;
  wherry_module_t *module = read_module(s, command, &feature);
  if (!module) return;
  feature = import_skip(s, module);
  wherry_error_t *error = NULL;
  wherry_instance_t instance;
  if (!feature) error = wherry_linker_instantiate(s->linker, s->store, module, &instance);
  wherry_module_release(module);
  if (feature) {
    skip(s, feature);
  } else if (!unlinkable) {
    expect_trap(s, "module", error, json_text(command, "text"), trap_matches);
  } else if (!error) {
    fail(s, "%s was linked", json_text(command, "filename"));
  } else if (wherry_error_kind(error) == WHERRY_ERROR_UNLINKABLE) {
    pass(s);
    wherry_error_release(error);
  } else {
    fail_with(s, "expected unlinkable, got", error);
  }
}

static void do_assert_invalid(script_t *s, const json_t *command) {
  expect_refusal(s, command, WHERRY_ERROR_INVALID);
}

static void do_assert_malformed(script_t *s, const json_t *command) {
  expect_refusal(s, command, WHERRY_ERROR_MALFORMED);
}

/* A custom section that is wrong leaves a module valid; only tools that read that section refuse. */
static void do_assert_custom(script_t *s, const json_t *command) {
  (void)command;
  skip(s, "custom-annotations");
}

static void do_assert_unlinkable(script_t *s, const json_t *command) {
  expect_no_instance(s, command, true);
}

static void do_assert_uninstantiable(script_t *s, const json_t *command) {
  expect_no_instance(s, command, false);
}

static const struct {
  const char *type;
  void (*run)(script_t *s, const json_t *command);
} commands[] = {
    {"module", do_module},
    {"module_definition", do_module_definition},
    {"module_instance", do_module_instance},
    {"register", do_register},
    {"action", do_plain_action},
    {"assert_return", do_assert_return},
    {"assert_trap", do_assert_trap},
    {"assert_exhaustion", do_assert_exhaustion},
    {"assert_exception", do_assert_exception},
    {"assert_invalid", do_assert_invalid},
    {"assert_malformed", do_assert_malformed},
    {"assert_unlinkable", do_assert_unlinkable},
    {"assert_uninstantiable", do_assert_uninstantiable},
    {"assert_invalid_custom", do_assert_custom},
    {"assert_malformed_custom", do_assert_custom},
};

static void run_command(script_t *s, const json_t *command) {
  const char *type = json_text(command, "type");
  s->line = json_number(command, "line");
  for (size_t i = 0; type && i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(type, commands[i].type) == 0) {
      commands[i].run(s, command);
      return;
    }
  }
  fail(s, "there is no command \"%s\"", type ? type : "");
}

void wast_run_script(const char *file, const json_t *script, wherry_engine_t *engine,
                     wast_totals_t *totals) {
  script_t s = {.file = file, .engine = engine, .current = SIZE_MAX, .totals = totals};
  const json_t *list = json_member(script, "commands");
  wherry_error_t *error = wherry_linker_new(engine, &s.linker);
  if (!error) error = wherry_store_new(engine, &s.store);
  if (!error) error = wherry_store_set_timeout(s.store, (uint64_t)SECONDS * 1000000000u);
  if (!error) error = wast_define_spectest(s.store, s.linker);
  if (error) {
    fail_with(&s, "the script cannot begin", error);
  } else if (!list || list->kind != JSON_ARRAY) {
    fail(&s, "no list of commands");
  } else {
    for (size_t i = 0; i < list->count; i++) run_command(&s, &list->items[i]);
  }
  for (size_t i = 0; i < s.made_count; i++) wherry_module_release(s.made[i].module);
  wherry_linker_release(s.linker);
  wherry_store_release(s.store);
}
