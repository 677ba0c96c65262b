/* Scripts as JSON: each command becomes one of wherry/script.h. */
#include "json.h"
#include "wast.h"
#include <stdlib.h>
#include <string.h>

static wherry_bytes_t bytes_of(const json_t *object, const char *name) {
  const json_t *member = json_member(object, name);
  if (!member || member->kind != JSON_STRING) return (wherry_bytes_t) {NULL, 0};
  return (wherry_bytes_t) {(const uint8_t *)member->text, member->size};
}

/* ---- values ---- */

static const struct {
  const char *name, *heap_type;
  bool null; /* the type has no other value */
} references[] = {
    {"funcref", "func", false},     {"nullfuncref", "nofunc", true},
    {"externref", "extern", false}, {"nullexternref", "noextern", true},
    {"anyref", "any", false},       {"nullref", "none", true},
    {"exnref", "exn", false},       {"nullexnref", "noexn", true},
    {"eqref", "eq", false},         {"i31ref", "i31", false},
    {"structref", "struct", false}, {"arrayref", "array", false},
    {"refnull", NULL, true},
};

/* Numbers, and lanes of vectors: i8 and i16 are no types of their own. */
static const struct {
  const char *name;
  wherry_valtype_t type;
  uint32_t size;
} numbers[] = {{"i32", WHERRY_I32, 4}, {"i64", WHERRY_I64, 8}, {"f32", WHERRY_F32, 4},
               {"f64", WHERRY_F64, 8}, {"i8", 0, 1},           {"i16", 0, 2}};
enum { TYPES = 4, LANES = 6 };

static bool find_number(const char *name, size_t count, size_t *out) {
  for (*out = 0; *out < count; ++*out) {
    if (strcmp(numbers[*out].name, name) == 0) return true;
  }
  return false;
}

/* Signed or unsigned; floats are their bits as an integer. */
static bool read_lane(const char *text, uint32_t place, wherry_pattern_t *out) {
  char *end;
  if (strcmp(text, "nan:canonical") == 0) {
    out->canonical |= (uint32_t)1 << place;
    return true;
  }
  if (strcmp(text, "nan:arithmetic") == 0) {
    out->arithmetic |= (uint32_t)1 << place;
    return true;
  }
  uint64_t bits =
      *text == '-' ? (uint64_t)strtoll(text, &end, 10) : (uint64_t)strtoull(text, &end, 10);
  memcpy(out->bytes + place * out->lane_size, &bits, out->lane_size);
  return end != text && !*end;
}

static bool read_vector(const json_t *value, wherry_pattern_t *out) {
  const char *lane = json_text(value, "lane_type");
  const json_t *lanes = json_member(value, "value");
  size_t which;
  if (!lane || !find_number(lane, LANES, &which) || !lanes) return false;
  out->kind = WHERRY_PATTERN_VECTOR;
  out->type = WHERRY_V128;
  out->lane_size = numbers[which].size;
  if (lanes->kind != JSON_ARRAY || lanes->count * out->lane_size != sizeof out->bytes) return false;
  for (uint32_t i = 0; i < lanes->count; i++) {
    if (lanes->items[i].kind != JSON_STRING || !read_lane(lanes->items[i].text, i, out)) {
      return false;
    }
  }
  return true;
}

/* Values of components, which nothing can be called with yet. */
static bool has_component_values(const json_t *list) {
  static const char *const types[] = {
      "bool",   "s8",   "u8",  "s16",   "u16",    "s32",     "u32",  "s64",    "u64",    "char",
      "string", "list", "map", "tuple", "record", "variant", "enum", "option", "result", "flags"};
  for (size_t i = 0; list && list->kind == JSON_ARRAY && i < list->count; i++) {
    const char *type = json_text(&list->items[i], "type");
    for (size_t k = 0; type && k < sizeof types / sizeof *types; k++) {
      if (strcmp(type, types[k]) == 0) return true;
    }
  }
  return false;
}

static bool read_patterns(const json_t *list, const wherry_pattern_t **out, size_t *count);

static bool read_pattern(const json_t *value, wherry_pattern_t *out) {
  const char *type = json_text(value, "type"), *text = json_text(value, "value");
  size_t which;
  if (!type) return false;
  if (strcmp(type, "v128") == 0) return read_vector(value, out);
  if (strcmp(type, "either") == 0) {
    out->kind = WHERRY_PATTERN_EITHER;
    return read_patterns(json_member(value, "values"), &out->items, &out->count);
  }
  if (find_number(type, TYPES, &which)) {
    out->kind = WHERRY_PATTERN_NUMBER;
    out->type = numbers[which].type;
    out->lane_size = numbers[which].size;
    return text && read_lane(text, 0, out);
  }
  for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
    if (strcmp(type, references[i].name) != 0) continue;
    bool null = references[i].null || (text && strcmp(text, "null") == 0);
    out->kind = null ? WHERRY_PATTERN_NULL : WHERRY_PATTERN_REFERENCE;
    out->heap_type = references[i].heap_type;
    out->has_number = !null && text;
    if (out->has_number) out->number = strtoull(text, NULL, 10);
    return true;
  }
  return false;
}

/* list NULL: none. */
static bool read_patterns(const json_t *list, const wherry_pattern_t **out, size_t *count) {
  if (!list) return true;
  if (list->kind != JSON_ARRAY) return false;
  wherry_pattern_t *items = arena_alloc(list->count * sizeof *items);
  for (size_t i = 0; i < list->count; i++) {
    if (!read_pattern(&list->items[i], &items[i])) return false;
  }
  *out = items;
  *count = list->count;
  return true;
}

/* ---- commands ---- */

static const struct {
  const char *name;
  wherry_command_kind_t kind;
} kinds[] = {
    {"module", WHERRY_COMMAND_MODULE},
    {"module_definition", WHERRY_COMMAND_DEFINITION},
    {"module_instance", WHERRY_COMMAND_INSTANCE},
    {"register", WHERRY_COMMAND_REGISTER},
    {"action", WHERRY_COMMAND_ACTION},
    {"assert_return", WHERRY_COMMAND_ASSERT_RETURN},
    {"assert_trap", WHERRY_COMMAND_ASSERT_TRAP},
    {"assert_exhaustion", WHERRY_COMMAND_ASSERT_EXHAUSTION},
    {"assert_exception", WHERRY_COMMAND_ASSERT_EXCEPTION},
    {"assert_invalid", WHERRY_COMMAND_ASSERT_INVALID},
    {"assert_malformed", WHERRY_COMMAND_ASSERT_MALFORMED},
    {"assert_invalid_custom", WHERRY_COMMAND_ASSERT_INVALID_CUSTOM},
    {"assert_malformed_custom", WHERRY_COMMAND_ASSERT_MALFORMED_CUSTOM},
    {"assert_unlinkable", WHERRY_COMMAND_ASSERT_UNLINKABLE},
    {"assert_uninstantiable", WHERRY_COMMAND_ASSERT_UNINSTANTIABLE},
};

/* NULL: good; else what is wrong. */
static const char *read_action(const json_t *command, wherry_command_t *out) {
  const json_t *action = json_member(command, "action");
  const char *type = json_text(action, "type");
  if (!action) return NULL;
  out->of = bytes_of(action, "module");
  out->field = bytes_of(action, "field");
  if (!type || !out->field.data) return "an action without a type or field";
  out->is_get = strcmp(type, "get") == 0;
  if (!out->is_get && strcmp(type, "invoke") != 0)
    return "an action that is neither invoke nor get";
  return read_patterns(json_member(action, "args"), &out->args, &out->arg_count)
             ? NULL
             : "an argument cannot be read";
}

/* The module beside the script; what is text becomes its binary, unless *refused says why not. */
static const char *read_module(const char *script, const json_t *command, wherry_engine_t *engine,
                               wherry_command_t *out, wherry_error_t **refused) {
  const char *file = json_text(command, "filename"), *type = json_text(command, "module_type");
  const char *slash = strrchr(script, '/');
  text_t path = {0};
  if (!file) return NULL;
  if (slash) text_add(&path, script, (size_t)(slash - script) + 1);
  text_add(&path, file, strlen(file));
  if (!read_file(path.data, &out->module)) return "the module cannot be read";
  if (type && strcmp(type, "text") == 0) *refused = text_to_binary(engine, &out->module);
  out->refused = *refused;
  return NULL;
}

static void run_command(wast_t *wast, const char *script, const json_t *json,
                        wherry_engine_t *engine) {
  const char *type = json_text(json, "type"), *fault = NULL;
  size_t line = json_number(json, "line"), i = 0, count = sizeof kinds / sizeof *kinds;
  while (type && i < count && strcmp(kinds[i].name, type) != 0) i++;
  if (!type || i == count) {
    wast_fail(wast, line, "there is no command \"%s\"", type ? type : "");
    return;
  }
  wherry_command_t command = {.kind = kinds[i].kind, .line = line};
  if (has_component_values(json_member(json_member(json, "action"), "args")) ||
      has_component_values(json_member(json, "expected"))) {
    wast_skip(wast, "component-values");
    return;
  }
  wherry_error_t *refused = NULL;
  bool is_instance = command.kind == WHERRY_COMMAND_INSTANCE,
       is_register = command.kind == WHERRY_COMMAND_REGISTER;
  command.text = bytes_of(json, is_register ? "as" : "text");
  fault = read_action(json, &command);
  if (!fault) fault = read_module(script, json, engine, &command, &refused);
  if (is_instance) command.of = bytes_of(json, "module");
  if (is_register) command.of = bytes_of(json, "name");
  if (!is_register) command.name = bytes_of(json, is_instance ? "instance" : "name");
  /* Of other commands, too, some tools tell the types of results. */
  if (!fault && command.kind == WHERRY_COMMAND_ASSERT_RETURN &&
      !read_patterns(json_member(json, "expected"), &command.results, &command.result_count)) {
    fault = "what is expected cannot be read";
  }
  if (fault) {
    wast_fail(wast, line, "%s", fault);
  } else {
    wast_run(wast, &command);
  }
  wherry_error_release(refused);
}

bool wast_run_json(const char *file, wherry_engine_t *engine, wast_totals_t *totals) {
  wherry_bytes_t bytes;
  json_document_t document;
  if (!read_file(file, &bytes)) return false;
  bool good = json_read((const char *)bytes.data, bytes.size, &document);
  const json_t *list = good ? json_member(&document.root, "commands") : NULL;
  if (!good) {
    complain(file, "line %zu: %s", document.line, document.fault);
  } else if (!list || list->kind != JSON_ARRAY) {
    complain(file, "it has no list of commands");
    good = false;
  } else {
    wast_t *wast = wast_begin(file, engine, totals);
    for (size_t i = 0; i < list->count; i++) run_command(wast, file, &list->items[i], engine);
    wast_end(wast);
  }
  json_free(&document);
  return good;
}
