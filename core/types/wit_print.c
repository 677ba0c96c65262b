/* The model as WIT text. */
#include "types/wit.h"

/* A few bytes of a binary may spell out to gigabytes, as nameless types share their parts. */
enum { LONGEST = 64 << 20 };

typedef struct printing {
  wh_text_t *text;
  size_t end;
  const wh_wit_package_t *package;
  bool no_gates; /* within an inline interface that came from another package's world */
  unsigned indent;
  const char *unsaid; /* what WIT has no words for */
} printing_t;

static bool full(const printing_t *p) { return p->text->failed || p->text->size >= p->end; }

static void say(printing_t *p, const char *words) { wh_text_append(p->text, words, strlen(words)); }

static void start_line(printing_t *p) {
  for (unsigned i = 0; i < p->indent; i++) say(p, "  ");
}

static void name(printing_t *p, const char *words) {
  if (wh_wit_is_keyword(words, strlen(words))) say(p, "%");
  say(p, words);
}

/* An empty line before all but the first thing between two braces. */
static void gap(printing_t *p) {
  size_t size = p->text->size;
  if (size >= 2 && memcmp(p->text->data + size - 2, "{\n", 2) != 0) say(p, "\n");
}

/* ---- notes ---- */

static void docs(printing_t *p, const char *lines) {
  while (lines) {
    const char *end = strchr(lines, '\n');
    size_t size = end ? (size_t)(end - lines) : strlen(lines);
    start_line(p);
    say(p, size ? "/// " : "///");
    wh_text_append(p->text, lines, size);
    say(p, "\n");
    lines = end ? end + 1 : NULL;
  }
}

static void attribute(printing_t *p, const char *what, const char *value) {
  if (!value) return;
  start_line(p);
  say(p, what);
  say(p, value);
  say(p, ")\n");
}

static void external_id(printing_t *p, const char *id) {
  if (!id) return;
  start_line(p);
  say(p, "@external-id(\"");
  for (const char *c = id; *c; c++) {
    /* U+0080 to U+009F, bidirectional overrides and the like may not stand in a text: as bytes. */
    if ((uint8_t)*c < 0x20 || (uint8_t)*c >= 0x7F)
      wh_text_printf(p->text, "\\%02x", (uint8_t)*c);
    else
      wh_text_printf(p->text, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
  }
  say(p, "\")\n");
}

static void notes(printing_t *p, const wh_wit_notes_t *notes_) {
  docs(p, notes_->docs);
  external_id(p, notes_->external_id);
  if (p->no_gates) return;
  attribute(p, "@since(version = ", notes_->since);
  if (notes_->unstable) {
    start_line(p);
    say(p, "@unstable(feature = ");
    name(p, notes_->unstable);
    say(p, ")\n");
  }
  attribute(p, "@deprecated(version = ", notes_->deprecated);
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }
static bool same_notes(const wh_wit_notes_t *a, const wh_wit_notes_t *b) {
  return same_text(a->docs, b->docs) && same_text(a->since, b->since) &&
         same_text(a->unstable, b->unstable) && same_text(a->deprecated, b->deprecated) &&
         same_text(a->external_id, b->external_id);
}
static bool has_notes(const wh_wit_notes_t *n) {
  return n->docs || n->since || n->unstable || n->deprecated || n->external_id;
}

/* ---- types ---- */

static void type(printing_t *p, const wh_wit_type_t *t) {
  if (full(p)) return;
  if (t->kind >= WH_WIT_RECORD) {
    if (t->name)
      name(p, t->name);
    else
      p->unsaid = "a record, variant, enum or flags without a name";
    return;
  }
  if (t->kind == WH_WIT_OWN) {
    type(p, t->first);
    return;
  }
  say(p, wh_wit_kind_name(t->kind));
  if (t->kind == WH_WIT_TUPLE) {
    for (uint32_t i = 0; i < t->field_count && !full(p); i++) {
      say(p, i ? ", " : "<");
      type(p, t->fields[i].type);
    }
    say(p, ">");
  } else if (t->first || t->second) {
    say(p, "<");
    if (t->first)
      type(p, t->first);
    else
      say(p, "_");
    if (t->second) {
      say(p, ", ");
      type(p, t->second);
    }
    if (t->kind == WH_WIT_FIXED_LIST) wh_text_printf(p->text, ", %u", t->length);
    say(p, ">");
  }
}

static void func_type(printing_t *p, const wh_wit_func_t *func) {
  if (func->kind == WH_WIT_STATIC) say(p, "static ");
  if (func->is_async) say(p, "async ");
  say(p, func->kind == WH_WIT_CONSTRUCTOR ? "(" : "func(");
  uint32_t first = func->kind == WH_WIT_METHOD;
  for (uint32_t i = first; i < func->param_count && !full(p); i++) {
    if (i > first) say(p, ", ");
    name(p, func->params[i].name);
    say(p, ": ");
    type(p, func->params[i].type);
  }
  say(p, ")");
  if (func->result && !(func->kind == WH_WIT_CONSTRUCTOR && func->result->kind == WH_WIT_OWN)) {
    say(p, " -> ");
    type(p, func->result);
  }
  say(p, ";\n");
}

static void function(printing_t *p, const wh_wit_func_t *func) {
  notes(p, &func->notes);
  start_line(p);
  if (func->kind == WH_WIT_CONSTRUCTOR) {
    say(p, "constructor");
  } else {
    name(p, func->name);
    say(p, ": ");
  }
  func_type(p, func);
}

static void resource(printing_t *p, const wh_wit_type_t *t) {
  if (!t->funcs.count) {
    say(p, ";\n");
    return;
  }
  say(p, " {\n");
  p->indent++;
  for (size_t i = 0; i < t->funcs.count && !full(p); i++) {
    if (has_notes(&t->funcs.items[i]->notes)) gap(p);
    function(p, t->funcs.items[i]);
  }
  p->indent--;
  start_line(p);
  say(p, "}\n");
}

static void definition(printing_t *p, const wh_wit_type_t *t) {
  notes(p, &t->notes);
  start_line(p);
  say(p, wh_wit_kind_name(t->kind));
  say(p, " ");
  name(p, t->name);
  if (t->kind == WH_WIT_RESOURCE) {
    resource(p, t);
  } else if (t->kind == WH_WIT_ALIAS) {
    say(p, " = ");
    type(p, t->first);
    say(p, ";\n");
  } else {
    say(p, " {\n");
    p->indent++;
    for (uint32_t i = 0; i < t->field_count && !full(p); i++) {
      const wh_wit_field_t *field = &t->fields[i];
      docs(p, field->docs);
      start_line(p);
      name(p, field->name);
      if (t->kind == WH_WIT_RECORD) {
        say(p, ": ");
        type(p, field->type);
      } else if (field->type) {
        say(p, "(");
        type(p, field->type);
        say(p, ")");
      }
      say(p, ",\n");
    }
    p->indent--;
    start_line(p);
    say(p, "}\n");
  }
}

/* ---- paths and uses ---- */

static void names_joined(printing_t *p, const char *names) {
  for (size_t size; *names; names += size) {
    size = strcspn(names, ":/");
    if (wh_wit_is_keyword(names, size)) say(p, "%");
    if (names[size]) size++;
    wh_text_append(p->text, names, size);
  }
}

static void package_name(printing_t *p, const wh_wit_package_t *package, const char *inside) {
  names_joined(p, package->name_space);
  say(p, ":");
  names_joined(p, package->name);
  if (inside) {
    say(p, "/");
    name(p, inside);
  }
  if (package->version) {
    say(p, "@");
    say(p, package->version);
  }
}

static void path(printing_t *p, const wh_wit_interface_t *interface) {
  if (interface->package == p->package)
    name(p, interface->name);
  else
    package_name(p, interface->package, interface->name);
}

static const wh_wit_interface_t *used(const wh_wit_type_t *t) {
  if (t->kind != WH_WIT_ALIAS || !t->first->interface || t->first->interface == t->interface)
    return NULL;
  return t->first->interface;
}

/* One name of a `use`; begins it and ends it as the types before and after say. */
static void use(printing_t *p, const wh_wit_type_t *before, const wh_wit_type_t *t,
                const wh_wit_type_t *after) {
  const wh_wit_interface_t *interface = used(t);
  if (!interface->name) {
    p->unsaid = "a type of an interface without a name, used in another interface";
    return;
  }
  if (!before || used(before) != interface || !same_notes(&before->notes, &t->notes)) {
    notes(p, &t->notes);
    start_line(p);
    say(p, "use ");
    path(p, interface);
    say(p, ".{");
  } else {
    say(p, ", ");
  }
  name(p, t->first->name);
  if (strcmp(t->first->name, t->name) != 0) {
    say(p, " as ");
    name(p, t->name);
  }
  if (!after || used(after) != interface || !same_notes(&after->notes, &t->notes)) say(p, "};\n");
}

static void type_item(printing_t *p, const wh_wit_type_t *before, const wh_wit_type_t *t,
                      const wh_wit_type_t *after) {
  if (used(t)) {
    if (!before || !used(before)) gap(p);
    use(p, before, t, after);
  } else {
    gap(p);
    definition(p, t);
  }
}

/* ---- interfaces and worlds ---- */

static void interface_body(printing_t *p, const wh_wit_interface_t *interface) {
  size_t count = interface->types.count;
  wh_wit_type_t *const *types = interface->types.items;
  say(p, "{\n");
  p->indent++;
  for (size_t i = 0; i < count && !full(p); i++)
    type_item(p, i ? types[i - 1] : NULL, types[i], i + 1 < count ? types[i + 1] : NULL);
  for (size_t i = 0; i < interface->funcs.count && !full(p); i++) {
    gap(p);
    function(p, interface->funcs.items[i]);
  }
  p->indent--;
  start_line(p);
  say(p, "}\n");
}

static void extern_item(printing_t *p, const wh_wit_item_t *item, const char *word) {
  const wh_wit_notes_t *said =
      item->kind == WH_WIT_ITEM_FUNC ? &item->of.func->notes : &item->notes;
  if (has_notes(said)) gap(p);
  notes(p, said);
  start_line(p);
  say(p, word);
  if (item->name) {
    name(p, item->name);
    say(p, ": ");
  }
  if (item->kind == WH_WIT_ITEM_FUNC) {
    func_type(p, item->of.func);
  } else if (item->of.interface->name) {
    path(p, item->of.interface);
    say(p, ";\n");
  } else {
    say(p, "interface ");
    p->no_gates = item->of.interface->package != p->package;
    interface_body(p, item->of.interface);
    p->no_gates = false;
  }
}

static const wh_wit_type_t *type_of(const wh_wit_world_t *world, size_t index) {
  if (index >= world->imports.count) return NULL;
  const wh_wit_item_t *item = &world->imports.items[index];
  return item->kind == WH_WIT_ITEM_TYPE ? item->of.type : NULL;
}

static void world_body(printing_t *p, const wh_wit_world_t *world) {
  say(p, "{\n");
  p->indent++;
  for (size_t i = 0; i < world->imports.count && !full(p); i++) {
    const wh_wit_item_t *item = &world->imports.items[i];
    if (item->kind == WH_WIT_ITEM_TYPE) {
      type_item(p, i ? type_of(world, i - 1) : NULL, item->of.type, type_of(world, i + 1));
    } else {
      if (i && type_of(world, i - 1)) gap(p);
      extern_item(p, item, "import ");
    }
  }
  if (world->exports.count) gap(p);
  for (size_t i = 0; i < world->exports.count && !full(p); i++)
    if (world->exports.items[i].kind != WH_WIT_ITEM_TYPE)
      extern_item(p, &world->exports.items[i], "export ");
  p->indent--;
  start_line(p);
  say(p, "}\n");
}

static void package_body(printing_t *p, const wh_wit_package_t *package) {
  p->package = package;
  for (size_t i = 0; i < package->interfaces.count && !full(p); i++) {
    const wh_wit_interface_t *interface = package->interfaces.items[i];
    gap(p);
    notes(p, &interface->notes);
    start_line(p);
    say(p, "interface ");
    name(p, interface->name);
    say(p, " ");
    interface_body(p, interface);
  }
  for (size_t i = 0; i < package->worlds.count && !full(p); i++) {
    const wh_wit_world_t *world = package->worlds.items[i];
    gap(p);
    notes(p, &world->notes);
    start_line(p);
    say(p, "world ");
    name(p, world->name);
    say(p, " ");
    world_body(p, world);
  }
}

wherry_error_t *wh_wit_print(const wh_wit_t *wit, wh_text_t *text) {
  printing_t p = {.text = text, .end = text->size + LONGEST};
  for (size_t i = 0; i < wit->packages.count && !full(&p); i++) {
    const wh_wit_package_t *package = wit->packages.items[i];
    if (i) say(&p, "\n");
    docs(&p, package->docs);
    say(&p, "package ");
    package_name(&p, package, NULL);
    if (i == 0) {
      say(&p, ";\n");
      package_body(&p, package);
      continue;
    }
    say(&p, " {\n");
    p.indent++;
    package_body(&p, package);
    p.indent--;
    say(&p, "}\n");
  }
  if (text->failed) return wh_error_oom();
  if (full(&p))
    return wh_error_limit(text->alloc, "WIT text", "the WIT would be longer than %d MiB",
                          LONGEST >> 20);
  if (p.unsaid)
    return wh_error_new(text->alloc, WHERRY_ERROR_INVALID, "WIT has no way to write %s", p.unsaid);
  return NULL;
}
