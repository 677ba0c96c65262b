/* Names of imports and exports (Explainer.md, Import and Export Definitions, Name Uniqueness): their
   grammar, what they say about what they are for, and which are too alike. Older forms that tell
   where an implementation is to be had are read in imports. */
#include "component_read.h"

/* ---- words ---- */

static bool is_lower(uint8_t c) { return c >= 'a' && c <= 'z'; }
static bool is_upper(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* How many bytes of a text are a label: fragments with hyphens between them, each of lower case or of
   upper case, the first beginning with a letter. 0: it does not begin with one. only_words: nothing of
   upper case. */
static size_t label_size(wherry_bytes_t text, bool only_words) {
  size_t at = 0;
  for (;;) {
    bool lower = false, upper = false;
    size_t start = at;
    for (; at < text.size; at++) {
      uint8_t c = text.data[at];
      if (!is_lower(c) && !is_upper(c) && !is_digit(c)) break;
      lower |= is_lower(c);
      upper |= is_upper(c);
    }
    if (at == start || (lower && upper) || (upper && only_words)) return 0;
    if (start == 0 && is_digit(text.data[0])) return 0;
    if (at == text.size || text.data[at] != '-') return at;
    at++;
  }
}

bool wh_component_is_label(wherry_bytes_t text) {
  return text.size && label_size(text, false) == text.size;
}

static wherry_bytes_t behind(wherry_bytes_t text, size_t size) {
  return (wherry_bytes_t) {text.data + size, text.size - size};
}

/* Takes the words at the front away. */
static bool eat(wherry_bytes_t *text, const char *words) {
  size_t size = strlen(words);
  if (text->size < size || memcmp(text->data, words, size) != 0) return false;
  *text = behind(*text, size);
  return true;
}

static bool eat_label(wherry_bytes_t *text, bool only_words, wherry_bytes_t *out) {
  size_t size = label_size(*text, only_words);
  if (!size) return false;
  *out = (wherry_bytes_t) {text->data, size};
  *text = behind(*text, size);
  return true;
}

/* ---- versions (Semantic Versioning 2.0) ---- */

static bool eat_number(wherry_bytes_t *text) {
  size_t size = 0;
  while (size < text->size && is_digit(text->data[size])) size++;
  if (!size || (size > 1 && text->data[0] == '0')) return false;
  *text = behind(*text, size);
  return true;
}

/* Identifiers with dots between them; numbers among them without a zero in front where zeros matter. */
static bool eat_identifiers(wherry_bytes_t *text, bool zeros_matter) {
  do {
    size_t size = 0;
    bool number = true;
    for (; size < text->size; size++) {
      uint8_t c = text->data[size];
      if (!is_lower(c) && !is_upper(c) && !is_digit(c) && c != '-') break;
      number = number && is_digit(c);
    }
    if (!size || (zeros_matter && number && size > 1 && text->data[0] == '0')) return false;
    *text = behind(*text, size);
  } while (eat(text, "."));
  return true;
}

static bool is_version(wherry_bytes_t text) {
  if (!eat_number(&text) || !eat(&text, ".") || !eat_number(&text) || !eat(&text, ".") ||
      !eat_number(&text))
    return false;
  if (eat(&text, "-") && !eat_identifiers(&text, true)) return false;
  if (eat(&text, "+") && !eat_identifiers(&text, false)) return false;
  return text.size == 0;
}

/* canonversion: a version up to the first number that is not zero. */
static bool is_canonical_version(wherry_bytes_t text) {
  wherry_bytes_t rest = text;
  if (eat(&rest, "0.0.") || eat(&rest, "0.")) {
    if (rest.size == 1 && rest.data[0] == '0') return text.size == 5;
  }
  return rest.size && rest.data[0] != '0' && eat_number(&rest) && rest.size == 0;
}

/* ---- grammar ---- */

typedef enum form { PLAIN, CONSTRUCTOR, METHOD, STATIC, INTERFACE, DEPENDENCY } form_t;
typedef struct parsed {
  form_t form;
  wherry_bytes_t label;   /* plain; of methods and their like: the resource's */
  wherry_bytes_t member;  /* method, static */
  wherry_bytes_t version; /* interface; data NULL: none */
} parsed_t;

static wherry_error_t *not_kebab(reading_t *r, wherry_bytes_t text) {
  return INVALID("%s is not in kebab case", wh_component_quote(r, text));
}

/* namespace:package, and an interface if it is one; what follows stays. */
static wherry_error_t *eat_package(reading_t *r, wherry_bytes_t *text, bool is_interface,
                                   parsed_t *out) {
  wherry_bytes_t ignored;
  if (!eat_label(text, true, &ignored)) return not_kebab(r, *text);
  if (!eat(text, ":")) return INVALID("expected `:` after a namespace");
  if (!eat_label(text, true, &ignored)) return not_kebab(r, *text);
  if (is_interface && !eat(text, "/")) return INVALID("expected `/` after package name");
  if (is_interface && !eat_label(text, false, &out->label)) return not_kebab(r, *text);
  return NULL;
}

static wherry_error_t *parse_interface(reading_t *r, wherry_bytes_t text, parsed_t *out) {
  out->form = INTERFACE;
  TRY(eat_package(r, &text, true, out));
  if (eat(&text, "@")) {
    out->version = text;
    return NULL;
  }
  return text.size ? INVALID("trailing characters found: %s", wh_component_quote(r, text)) : NULL;
}

/* sha256-…, one or several. */
static bool eat_hash(wherry_bytes_t *text) {
  static const char *const algorithms[] = {"sha256-", "sha384-", "sha512-"};
  if (!eat(text, "integrity=<")) return false;
  do {
    size_t i = 0, size = 0;
    while (i < WH_COUNT(algorithms) && !eat(text, algorithms[i])) i++;
    if (i == WH_COUNT(algorithms)) return false;
    while (size < text->size && (is_lower(text->data[size]) || is_upper(text->data[size]) ||
                                 is_digit(text->data[size]) || strchr("+/=", text->data[size])))
      size++;
    if (!size) return false;
    *text = behind(*text, size);
  } while (eat(text, " "));
  return eat(text, ">");
}

static size_t until(wherry_bytes_t text, const char *stops) {
  size_t size = 0;
  while (size < text.size && !(text.data[size] && strchr(stops, text.data[size]))) size++;
  return size;
}

static bool eat_version(wherry_bytes_t *text, const char *stops) {
  size_t size = until(*text, stops);
  wherry_bytes_t version = {text->data, size};
  *text = behind(*text, size);
  return is_version(version);
}

static bool eat_range(wherry_bytes_t *text) {
  if (eat(text, "*")) return true;
  if (!eat(text, "{")) return false;
  bool lower = eat(text, ">=");
  if (lower && !eat_version(text, " }")) return false;
  if (lower && eat(text, "}")) return true;
  if (lower && !eat(text, " ")) return false;
  return eat(text, "<") && eat_version(text, "}") && eat(text, "}");
}

/* locked-dep=<a:b@1.2.3>, unlocked-dep=<a:b@{>=1.2.3}>, url=<…>, integrity=<…> */
static wherry_error_t *parse_dependency(reading_t *r, wherry_bytes_t text, parsed_t *out,
                                        bool *is_one) {
  bool good = true, may_hash = true;
  wherry_bytes_t hash = text;
  *is_one = true;
  out->form = DEPENDENCY;
  if (eat(&text, "unlocked-dep=<")) {
    TRY(eat_package(r, &text, false, out));
    good = !eat(&text, "@") || eat_range(&text);
    may_hash = false;
  } else if (eat(&text, "locked-dep=<")) {
    TRY(eat_package(r, &text, false, out));
    good = !eat(&text, "@") || eat_version(&text, ">");
  } else if (eat(&text, "url=<")) {
    text = behind(text, until(text, "<>"));
  } else if (eat_hash(&hash)) {
    return hash.size ? INVALID("trailing characters found") : NULL;
  } else {
    *is_one = false;
    return NULL;
  }
  good = good && eat(&text, ">");
  if (good && may_hash && eat(&text, ",")) good = eat_hash(&text);
  return good && !text.size ? NULL : INVALID("a malformed dependency");
}

static wherry_error_t *parse(reading_t *r, wherry_bytes_t name, parsed_t *out) {
  wherry_bytes_t text = name;
  *out = (parsed_t) {.form = PLAIN};
  if (eat(&text, "[constructor]")) {
    out->form = CONSTRUCTOR;
  } else if (eat(&text, "[method]")) {
    out->form = METHOD;
  } else if (eat(&text, "[static]")) {
    out->form = STATIC;
  } else {
    bool is_one;
    TRY(parse_dependency(r, text, out, &is_one));
    if (is_one) return NULL;
    out->form = PLAIN;
    if (until(text, ":") < text.size) return parse_interface(r, text, out);
  }
  if (out->form == METHOD || out->form == STATIC) {
    size_t dot = until(text, ".");
    if (dot == text.size) return INVALID("failed to find `.` character");
    out->member = behind(text, dot + 1);
    if (!wh_component_is_label(out->member)) return not_kebab(r, out->member);
    text.size = dot;
  }
  out->label = text;
  return wh_component_is_label(text) ? NULL : not_kebab(r, text);
}

/* ---- attributes ---- */

static wherry_error_t *read_attribute(reading_t *r, wh_item_t *out) {
  static const char *const names[] = {"implements", "versionsuffix", "external-id"};
  uint8_t kind;
  TRY(wh_component_u8(r, &kind));
  if (kind > 2) return MALFORMED("0x%02x is no attribute of a name", kind);
  wherry_bytes_t *place = kind == 0   ? &out->implements
                          : kind == 1 ? &out->version_suffix
                                      : &out->external_id;
  if (place->data) return INVALID("duplicate '%s' option in name", names[kind]);
  return wh_component_name(r, place);
}

wherry_error_t *wh_component_extern_name(reading_t *r, wh_item_t *out) {
  uint8_t form;
  uint32_t count;
  TRY(wh_component_u8(r, &form));
  if (form > 2)
    return MALFORMED("0x%02x, expected 0, 1 or 2: the name of an import or export", form);
  TRY(wh_component_name(r, &out->name));
  if (form < 2) return NULL;
  TRY(wh_component_count(r, WH_MAX_COMPONENT_PARTS, "attributes of a name", &count));
  while (count--) TRY(read_attribute(r, out));
  return NULL;
}

/* The two parts of a version that was split must be one. */
static wherry_error_t *check_version(reading_t *r, const wh_item_t *item, const parsed_t *name) {
  bool good;
  if (!item->version_suffix.data) {
    if (!name->version.data) return NULL;
    good = is_version(name->version) || is_canonical_version(name->version);
  } else {
    if (name->form != INTERFACE || item->entity.sort != WH_SORT_INSTANCE)
      return INVALID("only instances with the name of an interface can have a version suffix");
    wh_text_t whole = {.alloc = r->alloc};
    wh_text_append(&whole, (const char *)name->version.data, name->version.size);
    wh_text_append(&whole, (const char *)item->version_suffix.data, item->version_suffix.size);
    good = name->version.data && is_canonical_version(name->version) && !whole.failed &&
           is_version((wherry_bytes_t) {(const uint8_t *)whole.data, whole.size});
    bool failed = whole.failed;
    wh_text_free(&whole);
    if (failed) return wh_error_oom();
  }
  return good ? NULL : INVALID("invalid interface version");
}

static wherry_error_t *check_attributes(reading_t *r, const wh_item_t *item, const parsed_t *name) {
  parsed_t interface;
  wh_item_t plain = {.name = item->implements};
  TRY(check_version(r, item, name));
  if (!item->implements.data) return NULL;
  if (name->form != PLAIN) return INVALID("the name is not valid with `implements`");
  if (item->entity.sort != WH_SORT_INSTANCE)
    return INVALID("only instances can have an `implements`");
  wherry_error_t *error = parse(r, item->implements, &interface);
  if (!error && interface.form != INTERFACE) error = INVALID("must be an interface");
  if (!error) error = check_version(r, &plain, &interface);
  if (error) wh_error_prefix(error, "`implements` is not a valid name: ");
  return error;
}

/* ---- what a name says of a function ---- */

static wherry_error_t *check_resource(reading_t *r, const naming_t *naming,
                                      const wherry_type_t *handle, wherry_bytes_t label) {
  const char *name = wh_pointers_get(&naming->resources, handle->resource);
  if (!name) return INVALID("resource used in function does not have a name in this context");
  if (strlen(name) == label.size && memcmp(name, label.data, label.size) == 0) return NULL;
  return INVALID("function does not match expected resource name `%s`", name);
}

static wherry_error_t *check_function(reading_t *r, const naming_t *naming, const wh_item_t *item,
                                      const parsed_t *name) {
  uint64_t place;
  if (name->form != CONSTRUCTOR && name->form != METHOD && name->form != STATIC) return NULL;
  if (item->entity.sort != WH_SORT_FUNC) return INVALID("item is not a func");
  const wh_func_type_t *type = item->entity.type.of.func;
  if (name->form == STATIC) {
    if (wh_map_get(&naming->labels, (const char *)name->label.data, name->label.size, &place))
      return NULL;
    return INVALID("static resource name is not known in this context");
  }
  if (name->form == METHOD) {
    if (!type->params->field_count) return INVALID("function should have at least one argument");
    const wh_type_field_t *self = &type->params->fields[0];
    if (strcmp(self->name, "self") != 0)
      return INVALID("function should have a first argument called `self`");
    if (self->type->kind != WHERRY_TYPE_BORROW)
      return INVALID("function should take a first argument of `(borrow $T)`");
    return check_resource(r, naming, self->type, name->label);
  }
  if (type->is_async) return INVALID("constructor function cannot be async");
  if (!type->result) return INVALID("function should return one value");
  const wherry_type_t *made = type->result;
  if (made->kind == WHERRY_TYPE_RESULT) made = made->fields[0].type;
  if (!made || made->kind != WHERRY_TYPE_OWN)
    return INVALID("function should return `(own $T)` or `(result (own $T))`");
  return check_resource(r, naming, made, name->label);
}

/* ---- uniqueness ---- */

/* The canonical form of a name, in the world: lower case (versions apart), and without what tells the
   kind of function, but for constructors. */
static wherry_error_t *strong_key(reading_t *r, wherry_bytes_t name, const parsed_t *parsed,
                                  wherry_bytes_t *out) {
  wherry_bytes_t text = name;
  if (parsed->form == METHOD || parsed->form == STATIC)
    text = (wherry_bytes_t) {parsed->label.data, parsed->label.size + 1 + parsed->member.size};
  size_t lowered = parsed->form == DEPENDENCY ? 0 : until(text, "@");
  uint8_t *key = wh_component_array(r, text.size, 1);
  if (!key) return wh_error_oom();
  for (size_t i = 0; i < text.size; i++)
    key[i] = (uint8_t)(text.data[i] + (i < lowered && is_upper(text.data[i]) ? 'a' - 'A' : 0));
  *out = (wherry_bytes_t) {key, text.size};
  size_t half = parsed->label.size;
  if (parsed->member.data && parsed->member.size == half && !memcmp(key, key + half + 1, half))
    out->size = half;
  return NULL;
}

static wherry_error_t *check_name(reading_t *r, naming_t *naming, const wh_item_t *item) {
  parsed_t parsed;
  uint64_t place;
  wherry_bytes_t key = {0};
  TRY(parse(r, item->name, &parsed));
  if (parsed.form == DEPENDENCY && strcmp(naming->kind, "import") != 0)
    return INVALID("a dependency cannot be exported");
  TRY(check_attributes(r, item, &parsed));
  TRY(check_function(r, naming, item, &parsed));
  TRY(strong_key(r, item->name, &parsed, &key));
  if (wh_map_get(&naming->strong, (const char *)key.data, key.size, &place))
    return INVALID("it conflicts with previous name %s",
                   wh_component_quote(r, naming->items.items[place].name));
  return wh_map_put(r->alloc, &naming->strong, (const char *)key.data, key.size,
                    naming->items.count)
             ? NULL
             : wh_error_oom();
}

wherry_error_t *wh_component_add_item(reading_t *r, naming_t *naming, const wh_item_t *item) {
  wherry_error_t *error = check_name(r, naming, item);
  if (error) {
    wh_error_prefix(error, "%s name %s is not valid: ", naming->kind,
                    wh_component_quote(r, item->name));
    return error;
  }
  if (!wh_map_put(r->alloc, &naming->places, (const char *)item->name.data, item->name.size,
                  naming->items.count))
    return wh_error_oom();
  return PUSH(&naming->items, *item);
}

void wh_component_free_naming(wh_alloc_t *alloc, naming_t *naming) {
  wh_vec_free(alloc, &naming->items);
  wh_map_free(alloc, &naming->places);
  wh_map_free(alloc, &naming->strong);
  wh_pointers_free(alloc, &naming->resources);
  wh_map_free(alloc, &naming->labels);
  wh_pointers_free(alloc, &naming->named);
}
