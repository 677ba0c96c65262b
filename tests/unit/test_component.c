/* Component binaries made by hand: what is taken, what is refused and why, what is left of them, and
   what hostile ones cost. The standard's own suite says more: see spec. */
#include "support.h"

#include "component/component.h"

/* ---- binaries ---- */

typedef struct bytes {
  uint8_t data[1 << 16];
  size_t size;
} bytes_t;

static void put(bytes_t *b, const void *data, size_t size) {
  assert_true(b->size + size <= sizeof b->data);
  memcpy(b->data + b->size, data, size);
  b->size += size;
}
static void put_u32(bytes_t *b, uint32_t value) {
  do {
    uint8_t byte = (uint8_t)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
    put(b, &byte, 1);
    value >>= 7;
  } while (value);
}
/* Of a value type: numbers above are signed. */
static void put_type(bytes_t *b, uint32_t index) {
  for (; index > 0x3F; index >>= 7) put(b, &(uint8_t) {(uint8_t)(index | 0x80)}, 1);
  put(b, &(uint8_t) {(uint8_t)index}, 1);
}
static void put_section(bytes_t *b, uint8_t id, const void *data, size_t size) {
  put(b, &id, 1);
  put_u32(b, (uint32_t)size);
  put(b, data, size);
}
#define PUT(b, literal) put((b), (literal), sizeof(literal) - 1)
#define SECTION(b, id, literal) put_section((b), (id), (literal), sizeof(literal) - 1)

static void begin(bytes_t *b) {
  b->size = 0;
  PUT(b, "\0asm\x0d\0\1\0");
}

/* memory m, f: (i32, i32) -> i32, r: (i32, i32, i32, i32) -> i32 */
#define MODULE                                                            \
  "\0asm\1\0\0\0\1\x0f\2\x60\2\x7f\x7f\1\x7f\x60\4\x7f\x7f\x7f\x7f\1\x7f" \
  "\3\3\2\0\1\5\3\1\0\1\7\x0d\3\1m\2\0\1f\0\0\1r\0\1"                     \
  "\x0a\x0b\2\4\0\x41\0\x0b\4\0\x41\0\x0b"

/* A bit of everything: a module behind a lifted function, a resource, and a component inside that gets
   the function and gives it back. */
static void whole(bytes_t *b) {
  bytes_t inner;
  begin(&inner);
  SECTION(&inner, 6, "\1\3\2\1\0");         /* the function type, of the component outside */
  SECTION(&inner, 6, "\1\0\x11\2\1\0");     /* its module */
  SECTION(&inner, 10, "\1\0\1f\1\0");       /* import f */
  SECTION(&inner, 11, "\1\0\1g\1\0\0");     /* export g, which is f */
  SECTION(&inner, 11, "\1\0\1m\0\x11\0\0"); /* export the module */
  begin(b);
  SECTION(b, 1, MODULE);
  SECTION(b, 2, "\1\0\0\0");                            /* instance 0 */
  SECTION(b, 6, "\3\0\0\1\0\1f\0\0\1\0\1r\0\2\1\0\1m"); /* its exports */
  SECTION(b, 7, "\1\x40\1\1x\x73\0\x79");               /* (func (param "x" string) (result u32)) */
  SECTION(b, 8, "\1\0\0\0\2\3\0\4\1\0");                /* lift f, memory, realloc */
  SECTION(b, 11, "\1\0\3run\1\0\0");
  put_section(b, 4, inner.data, inner.size);
  SECTION(b, 5, "\1\0\0\1\1f\1\0"); /* instantiate it with f */
  SECTION(b, 6, "\1\1\0\0\1g");
  SECTION(b, 11, "\1\0\5again\1\2\0");
  SECTION(b, 7, "\1\x3f\x7f\0");                /* a resource */
  SECTION(b, 8, "\3\2\1\3\1\4\1");              /* its new, drop, rep */
  SECTION(b, 11, "\1\0\3res\3\1\0");            /* exported as res */
  SECTION(b, 7, "\2\x69\2\x40\0\0\3");          /* (own res), (func (result …)) */
  SECTION(b, 7, "\1\x42\2\4\0\1t\3\1\1\x68\0"); /* an instance type with a resource of its own */
  SECTION(b, 10, "\2\0\5a:b/c\1\0\0\1i\5\5");
  SECTION(b, 0,
          "\x0e"
          "component-name\0\3\2hi");
}

static wherry_error_t *make(wherry_engine_t *engine, const bytes_t *b, wherry_component_t **out) {
  /* In a block of its own, so that reading behind it is found. */
  uint8_t *exact = malloc(b->size ? b->size : 1);
  memcpy(exact, b->data, b->size);
  wherry_error_t *error = wh_component_make(engine, exact, b->size, out);
  free(exact);
  return error;
}

static wherry_engine_t *engine_new(void) {
  wherry_engine_t *engine;
  assert_null(wherry_engine_new(NULL, &engine));
  return engine;
}

/* words NULL: it is good. */
static void expect(wherry_engine_t *engine, const bytes_t *b, wherry_error_kind_t kind,
                   const char *words) {
  wherry_component_t *component = NULL;
  wherry_error_t *error = make(engine, b, &component);
  if (words) {
    assert_error_(error, kind, words, __FILE__, __LINE__);
  } else {
    assert_ok(error);
    wh_component_release(component);
  }
}

/* ---- what is left of one ---- */

static void definitions_are_in_order(void **state) {
  (void)state;
  static const wh_definition_kind_t kinds[] = {
      WH_DEFINE_MODULE,     WH_DEFINE_CORE_INSTANCE, WH_DEFINE_CORE_ALIAS, WH_DEFINE_CORE_ALIAS,
      WH_DEFINE_CORE_ALIAS, WH_DEFINE_CANON,         WH_DEFINE_EXPORT,     WH_DEFINE_COMPONENT,
      WH_DEFINE_INSTANCE,   WH_DEFINE_ALIAS,         WH_DEFINE_EXPORT,     WH_DEFINE_RESOURCE,
      WH_DEFINE_CANON,      WH_DEFINE_CANON,         WH_DEFINE_CANON,      WH_DEFINE_EXPORT,
      WH_DEFINE_IMPORT,     WH_DEFINE_IMPORT};
  bytes_t b;
  wherry_component_t *component;
  wherry_engine_t *engine = engine_new();
  whole(&b);
  assert_ok(make(engine, &b, &component));
  wherry_engine_release(engine); /* the component keeps it */
  const wh_component_def_t *root = component->root;
  assert_int_equal(root->definitions.count, WH_COUNT(kinds));
  for (size_t i = 0; i < WH_COUNT(kinds); i++)
    assert_int_equal(root->definitions.items[i].kind, kinds[i]);
  assert_memory_equal(root->name.data, "hi", 2);
  assert_int_equal(component->modules.count, 1);

  const wh_canon_t *lift = root->definitions.items[5].of.canon;
  assert_int_equal(lift->code, WH_CANON_LIFT);
  assert_int_equal(lift->realloc, 1);
  assert_int_equal(lift->post_return, WH_NONE);
  assert_int_equal(lift->type->params->field_count, 1);
  assert_string_equal(lift->type->params->fields[0].name, "x");
  assert_int_equal(lift->type->params->flat_count, 2);
  assert_int_equal(lift->core_type->param_count, 2);

  const wh_items_t *exports = &root->type->exports;
  assert_int_equal(exports->count, 3);
  const wh_item_t *res = wh_items_find(exports, (wherry_bytes_t) {(const uint8_t *)"res", 3});
  assert_non_null(res);
  assert_int_equal(res->entity.type.kind, WH_DEFTYPE_RESOURCE);
  assert_string_equal(res->entity.type.of.resource->name, "res");
  assert_ptr_equal(res->entity.type.of.resource->same,
                   root->definitions.items[11].of.resource.resource);
  assert_null(wh_items_find(exports, (wherry_bytes_t) {(const uint8_t *)"rex", 3}));

  /* The component inside has the module from outside. */
  const wh_component_def_t *inner = root->definitions.items[7].of.component;
  assert_int_equal(inner->captures.count, 1);
  assert_int_equal(inner->captures.items[0].sort, WH_SORT_MODULE);
  assert_false(inner->captures.items[0].is_capture);
  assert_int_equal(inner->definitions.items[0].kind, WH_DEFINE_CAPTURED);

  /* The instance that is imported has a resource that its type only described. */
  assert_int_equal(root->resources.count, 2);
  assert_false(root->resources.items[0].is_imported);
  assert_int_equal(root->resources.items[0].representation, WHERRY_I32);
  assert_true(root->resources.items[1].is_imported);
  assert_int_equal(root->type->imported_count, 1);
  assert_int_equal(root->type->defined_count, 1);
  wh_component_release(component);
}

static void every_failing_allocation_is_an_error(void **state) {
  (void)state;
  bytes_t b;
  whole(&b);
  for (size_t fail_at = 1;; fail_at++) {
    assert_true(fail_at < 10000);
    failing_t failing = {0};
    wherry_allocator_t host = failing_allocator(&failing);
    wherry_config_t *config;
    wherry_engine_t *engine;
    assert_ok(wherry_config_new(&host, &config));
    assert_ok(wherry_engine_new(config, &engine));
    failing.fail_at = failing.calls + fail_at;
    wherry_component_t *component = NULL;
    wherry_error_t *error = make(engine, &b, &component);
    failing.fail_at = 0;
    if (error) assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    bool done = !error;
    wherry_error_release(error);
    wh_component_release(component);
    wherry_engine_release(engine);
    wherry_config_release(config);
    assert_int_equal(failing.live_bytes, 0);
    if (done) break;
  }
}

static void mutations_do_no_harm(void **state) {
  (void)state;
  bytes_t sample, changed;
  uint32_t random = 1;
  wherry_engine_t *engine = engine_new();
  whole(&sample);
  for (int i = 0; i < 30000; i++) {
    changed = sample;
    for (int k = 0; k < 1 + i % 3; k++) {
      random = random * 1664525 + 1013904223;
      changed.data[8 + (random >> 8) % (changed.size - 8)] = (uint8_t)(random >> 24);
    }
    if (i % 7 == 0) changed.size = 8 + (random >> 8) % (changed.size - 8);
    wherry_component_t *component = NULL;
    wherry_error_t *error = make(engine, &changed, &component);
    wherry_error_release(error);
    wh_component_release(component);
  }
  wherry_engine_release(engine);
}

/* ---- what is taken and what is not ---- */

typedef struct part {
  uint8_t id;
  const char *data;
  size_t size;
} part_t;
enum { PARTS = 8 };
typedef struct row {
  wherry_error_kind_t kind;
  const char *words; /* NULL: it is good */
  part_t parts[PARTS];
} row_t;
#define S(id, literal) {(id), (literal), sizeof(literal) - 1}
#define GOOD 0, NULL
#define BAD(words) WHERRY_ERROR_INVALID, (words)
#define BROKEN(words) WHERRY_ERROR_MALFORMED, (words)

static const row_t rows[] = {
    {GOOD, {{0}}},
    {GOOD, {S(0, "\2hi")}},
    {BROKEN("malformed section id"), {S(13, "\0")}},
    {BAD("values are not supported"), {S(12, "\0")}},
    {BROKEN("bytes are left"), {S(7, "\0\0")}},
    {BROKEN("unexpected end"), {S(7, "\x05\x73")}},

    /* value types */
    {GOOD, {S(7, "\4\x73\x70\0\x67\1\2\x63\x79\2")}},
    {BAD("keys of type f32"), {S(7, "\1\x63\x76\x73")}},
    {BAD("more than zero"), {S(7, "\1\x67\x7d\0")}},
    {BAD("exceeds maximum byte size"), {S(7, "\1\x67\x7d\x80\x80\x80\x80\1")}},
    {BAD("exceeds maximum byte size"), {S(7, "\1\x67\x73\x80\x80\x80\x08")}}, /* 2^24 strings */
    {GOOD, {S(7, "\1\x67\x73\xff\xff\xff\7")}},
    {GOOD, {S(7, "\2\x67\x7d\xff\xff\xff\x7f\x63\x7d\0")}}, /* a map with a pair of 2^28 bytes */
    {BAD("cannot contain a `borrow`"), {S(7, "\3\x3f\x7f\0\x68\0\x66\1\1")}},
    {BAD("not in kebab case"), {S(7, "\1\x6d\2\1a\4b-C-")}},
    {BAD("conflicts with previous name"), {S(7, "\1\x6d\2\3a-B\3A-b")}},
    {BAD("type index 0 is not a defined type"), {S(7, "\2\x40\0\1\0\x70\0")}},
    {BAD("result cannot contain a `borrow`"), {S(7, "\3\x3f\x7f\0\x68\0\x40\0\0\1")}},
    {BAD("only be represented by i32"), {S(7, "\1\x3f\x7e\0")}},
    {BAD("within a concrete component"), {S(7, "\1\x42\1\1\x3f\x7f\0")}},

    /* names are asked for where types want them */
    {BAD("has no name outside"), {S(7, "\2\x6d\1\1a\x40\0\0\0"), S(10, "\1\0\1f\1\1")}},
    {GOOD,
     {S(7, "\1\x6d\1\1a"), S(10, "\1\0\1e\3\0\0"), S(7, "\1\x40\0\0\1"), S(10, "\1\0\1f\1\2")}},
    {BAD("local resource type found in imports"),
     {S(7, "\2\x3f\x7f\0\x41\2\2\3\2\1\0\4\0\1a\3\0\0"), S(10, "\1\0\1c\4\1")}},

    /* equal resources are one resource */
    {BAD("resource types are not the same"),
     {S(7, "\2\x3f\x7f\0\x3f\x7f\0"), S(4, "\0asm\x0d\0\1\0\x0a\x0c\2\0\1a\3\1\0\1b\3\0\0"),
      S(5, "\1\0\0\2\1a\3\0\1b\3\1")}},
    {GOOD,
     {S(7, "\2\x3f\x7f\0\x3f\x7f\0"), S(4, "\0asm\x0d\0\1\0\x0a\x0c\2\0\1a\3\1\0\1b\3\0\0"),
      S(5, "\1\0\0\2\1a\3\1\1b\3\1")}},
    /* each instance has its own */
    {BAD("resource types are not the same"),
     {S(4, "\0asm\x0d\0\1\0\7\4\1\x3f\x7f\0\x0b\7\1\0\1r\3\0\0"), S(5, "\2\0\0\0\0\0\0"),
      S(6, "\2\3\0\0\1r\3\0\1\1r"), S(4, "\0asm\x0d\0\1\0\x0a\x0c\2\0\1a\3\1\0\1b\3\0\0"),
      S(5, "\1\0\1\2\1a\3\0\1b\3\1")}},
    {BAD("is not a local resource"),
     {S(4, "\0asm\x0d\0\1\0\7\4\1\x3f\x7f\0\x0b\7\1\0\1r\3\0\0"), S(5, "\1\0\0\0"),
      S(6, "\1\3\0\0\1r"), S(8, "\1\2\0")}},
    /* an export may hide which resource it is, and which an instance has */
    {GOOD, {S(7, "\1\x3f\x7f\0"), S(11, "\2\0\1a\3\0\0\0\1b\3\0\1\3\1")}},
    {GOOD,
     {S(7, "\2\x3f\x7f\0\x42\1\4\0\1r\3\1"), S(5, "\1\1\1\0\1r\3\0"), S(11, "\1\0\1i\5\0\1\5\1")}},
    {BAD("expected a resource type, found a value type"),
     {S(7, "\2\x73\x42\1\4\0\1r\3\1"), S(5, "\1\1\1\0\1r\3\0"), S(11, "\1\0\1i\5\0\1\5\1")}},

    /* component types: what is imported, the other way round */
    {GOOD,
     {S(4, "\0asm\x0d\0\1\0\x0a\6\1\0\1t\3\1\x0b\7\1\0\1u\3\0\0"),
      S(7, "\1\x41\3\3\0\1t\3\1\3\0\1x\3\1\4\0\1u\3\0\0"), S(11, "\1\0\1c\4\0\1\4\0")}},
    {BAD("resource types are not the same"),
     {S(4, "\0asm\x0d\0\1\0\x0a\6\1\0\1t\3\1\x0b\7\1\0\1u\3\0\0"),
      S(7, "\1\x41\3\3\0\1t\3\1\3\0\1x\3\1\4\0\1u\3\0\1"), S(11, "\1\0\1c\4\0\1\4\0")}},
    {BAD("missing import named \"t\""),
     {S(4, "\0asm\x0d\0\1\0\x0a\6\1\0\1t\3\1"), S(7, "\1\x41\0"), S(11, "\1\0\1c\4\0\1\4\0")}},

    /* core types: of objects too, by indices of the scope they are in */
    {GOOD,
     {S(3, "\2\x60\0\0\x4e\2\x50\0\x5f\1\x63\2\0\x5f\1\x64\0\0"),
      S(3, "\1\x50\3\2\x10\1\1\2\3\1g\3\x63\0\0\2\x10\1\1\0")}},
    {BAD("unknown core type 3"), {S(3, "\2\x60\0\0\x5f\1\x63\3\0")}},
    {BAD("is a module type"), {S(3, "\2\x50\0\x5f\1\x63\0\0")}},
    {BAD("sub type 1 does not match super type 0"), {S(3, "\2\x60\0\0\0\x50\1\0\x60\1\x7f\0")}},
    {BROKEN("expected 0x50 after 0x00"), {S(3, "\1\0\x60\0\0")}},
    {BAD("duplicate import name"), {S(3, "\1\x50\3\1\x60\0\0\0\1a\1b\0\0\0\1a\1b\0\0")}},

    /* canonical definitions */
    {GOOD, {S(8, "\5\x0a\x7f\1\x0b\x7f\0\x24\x1f\x26")}},
    {BAD("slots 0 and 1"), {S(8, "\1\x0a\x7f\2")}},
    {BAD("only supports i32"), {S(8, "\1\x0a\x7e\0")}},
    {BAD("requires a stream type"), {S(7, "\1\x65\0"), S(8, "\1\x0e\0")}},
    {GOOD, {S(7, "\1\x66\1\x7d"), S(8, "\3\x0e\0\x13\0\x11\0\1")}},
    {BAD("`memory` is required"), {S(7, "\1\x66\1\x7d"), S(8, "\1\x0f\0\1\6")}},
    {BAD("cannot specify `async` option on `task.return`"), {S(8, "\1\x09\1\0\1\6")}},
    {BAD("`callback` cannot be specified without"),
     {S(7, "\1\x40\0\1\0"), S(10, "\1\0\1f\1\0"), S(8, "\1\1\0\0\1\7\0")}},
    {BROKEN("is no canonical definition"), {S(8, "\1\7")}},
};

static void rows_are_judged(void **state) {
  (void)state;
  wherry_engine_t *engine = engine_new();
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    bytes_t b;
    begin(&b);
    for (size_t k = 0; k < PARTS && rows[i].parts[k].data; k++)
      put_section(&b, rows[i].parts[k].id, rows[i].parts[k].data, rows[i].parts[k].size);
    expect(engine, &b, rows[i].kind, rows[i].words);
  }
  wherry_engine_release(engine);
}

/* Two imports of functions; NULL: there is one. */
static const struct {
  const char *first, *second, *words;
} names[] = {
    {"a", NULL, NULL},
    {"a1-B2-c", NULL, NULL},
    {"a-1", NULL, NULL},
    {"1a", NULL, "kebab case"},
    {"aB", NULL, "kebab case"},
    {"a--b", NULL, "kebab case"},
    {"a_b", NULL, "kebab case"},
    {"a:b/c", "a:b/C", "conflicts"},
    {"a:b/c@1.0.0-rc.1+b.01", "a:b/c@1.0.0-RC.1+b.01", NULL},
    {"a:b/c@1.0.0-01", NULL, "invalid interface version"},
    {"a:b/c@01.0.0", NULL, "invalid interface version"},
    {"a:b/c@1", "a:b/c@0.2", NULL},
    {"a:b/c@0.0.0", "a:b/c@0.0.7", NULL},
    {"a:b/c@0", NULL, "invalid interface version"},
    {"a:B/c", NULL, "kebab case"},
    {"a:b", NULL, "expected `/`"},
    {"a:b/c/d", NULL, "trailing"},
    {"[static]a.b", NULL, "not known in this context"},
    {"[method]a", NULL, "failed to find `.`"},
    {"[constructor]a", NULL, "should return one value"},
    {"url=<https://x/y>", NULL, NULL},
    {"url=<https://x/y>,integrity=<sha256-ab+/=>", NULL, NULL},
    {"url=<a<b>", NULL, "malformed dependency"},
    {"locked-dep=<a:b@1.2.3>", "unlocked-dep=<a:b@{>=1.2.3 <2.0.0}>", NULL},
    {"locked-dep=<a:b@1>", NULL, "malformed dependency"},
    {"integrity=<md5-x>", NULL, "kebab case"},
};

static void names_are_judged(void **state) {
  (void)state;
  wherry_engine_t *engine = engine_new();
  for (size_t i = 0; i < WH_COUNT(names); i++) {
    bytes_t b, imports = {.size = 0};
    begin(&b);
    SECTION(&b, 7, "\1\x40\0\1\0");
    put_u32(&imports, names[i].second ? 2 : 1);
    for (int k = 0; k < 2; k++) {
      const char *name = k ? names[i].second : names[i].first;
      if (!name) break;
      PUT(&imports, "\0");
      put_u32(&imports, (uint32_t)strlen(name));
      put(&imports, name, strlen(name));
      PUT(&imports, "\1\0");
    }
    put_section(&b, 10, imports.data, imports.size);
    expect(engine, &b, WHERRY_ERROR_INVALID, names[i].words);
  }
  wherry_engine_release(engine);
}

/* ---- bombs ---- */

static void deep_nesting_ends(void **state) {
  (void)state;
  wherry_engine_t *engine = engine_new();
  bytes_t b, outer;
  begin(&b);
  for (int i = 0; i < 200; i++) { /* components in each other */
    begin(&outer);
    put_section(&outer, 4, b.data, b.size);
    b = outer;
  }
  expect(engine, &b, WHERRY_ERROR_LIMIT, "inside each other");
  begin(&b);
  SECTION(&b, 7, "\1\x42\0");
  for (uint32_t i = 0; i < 200; i++) { /* instances that export an instance */
    bytes_t type = {.size = 0};
    PUT(&type, "\1\x42\2\2\3\2\1");
    put_u32(&type, i);
    PUT(&type, "\4\0\1i\5\0");
    put_section(&b, 7, type.data, type.size);
  }
  expect(engine, &b, WHERRY_ERROR_LIMIT, "inside each other");
  begin(&b);
  SECTION(&b, 7, "\1\x73");
  for (uint32_t i = 0; i < 200; i++) { /* lists of lists */
    bytes_t type = {.size = 0};
    PUT(&type, "\1\x70");
    put_type(&type, i);
    put_section(&b, 7, type.data, type.size);
  }
  expect(engine, &b, WHERRY_ERROR_LIMIT, "inside each other");
  wherry_engine_release(engine);
}

/* Each type is a list of pairs of the one before: 90 of them spell out to 2^90. */
static void put_doubling(bytes_t *types, uint32_t first, uint32_t count) {
  for (uint32_t i = 0; i < count; i += 2) {
    PUT(types, "\x6f\2");
    put_type(types, first + i);
    put_type(types, first + i);
    PUT(types, "\x70");
    put_type(types, first + i + 1);
  }
}

static void shared_parts_cost_no_more_than_the_limit(void **state) {
  (void)state;
  enum { COUNT = 90 };
  wherry_engine_t *engine = engine_new();
  bytes_t b, types = {.size = 0}, inner;
  begin(&inner); /* imports such a type of its own resource */
  SECTION(&inner, 10, "\1\0\1r\3\1");
  put_u32(&types, COUNT + 1);
  PUT(&types, "\x69\0");
  put_doubling(&types, 1, COUNT);
  put_section(&inner, 7, types.data, types.size);
  types.size = 0;
  PUT(&types, "\1\0\1t\3\0");
  put_u32(&types, COUNT + 1);
  put_section(&inner, 10, types.data, types.size);

  begin(&b); /* is given one of the same build */
  put_section(&b, 4, inner.data, inner.size);
  SECTION(&b, 7, "\1\x3f\x7f\0");
  types.size = 0;
  put_u32(&types, COUNT + 1);
  PUT(&types, "\x69\0");
  put_doubling(&types, 1, COUNT);
  put_section(&b, 7, types.data, types.size);
  types.size = 0;
  PUT(&types, "\1\0\0\2\1r\3\0\1t\3");
  put_u32(&types, COUNT + 1);
  put_section(&b, 5, types.data, types.size);
  expect(engine, &b, WHERRY_ERROR_LIMIT, "take too long to compare");

  /* Without resources nothing needs to be walked to know that it is named: it is by its parts. */
  begin(&b);
  types.size = 0;
  put_u32(&types, COUNT + 1);
  PUT(&types, "\x73");
  put_doubling(&types, 0, COUNT);
  put_section(&b, 7, types.data, types.size);
  expect(engine, &b, 0, NULL);
  wherry_engine_release(engine);
}

static void resources_do_not_multiply_without_end(void **state) {
  (void)state;
  enum { RESOURCES = 2000, IMPORTS = 2000 };
  wherry_engine_t *engine = engine_new();
  static bytes_t b, part;
  begin(&b);
  part.size = 0;
  PUT(&part, "\1\x42");
  put_u32(&part, RESOURCES);
  for (uint32_t i = 0; i < RESOURCES; i++) {
    char name[16];
    int size = snprintf(name, sizeof name, "r%u", i);
    PUT(&part, "\4\0");
    put_u32(&part, (uint32_t)size);
    put(&part, name, (size_t)size);
    PUT(&part, "\3\1");
  }
  put_section(&b, 7, part.data, part.size);
  part.size = 0;
  put_u32(&part, IMPORTS);
  for (uint32_t i = 0; i < IMPORTS; i++) {
    char name[16];
    int size = snprintf(name, sizeof name, "i%u", i);
    PUT(&part, "\0");
    put_u32(&part, (uint32_t)size);
    put(&part, name, (size_t)size);
    PUT(&part, "\5\0");
  }
  put_section(&b, 10, part.data, part.size);
  expect(engine, &b, WHERRY_ERROR_LIMIT, "");
  wherry_engine_release(engine);
}

/* ---- real ones ---- */

static void guests_are_valid(void **state) {
  (void)state;
  static const char *const guests[] = {"kitchen.c", "machine.c", "reverse.qjs-sync-stub",
                                       "reverse.tiny", "hello-wasi-command"};
  wherry_engine_t *engine = engine_new();
  for (size_t i = 0; i < WH_COUNT(guests); i++) {
    char path[100];
    snprintf(path, sizeof path, SHARED_GUESTS "../components/%s.wasm", guests[i]);
    BLOB_OR_SKIP(blob, path);
    assert_true(wherry_is_component(blob.data, blob.size));
    assert_ok(wherry_component_validate(engine, blob.data, blob.size));
    /* Cut short anywhere it is none. */
    for (size_t size = 8; size < blob.size; size += 1 + blob.size / 50) {
      wherry_error_t *error = wherry_component_validate(engine, blob.data, size);
      wherry_error_release(error);
    }
    free(blob.data);
  }
  wherry_engine_release(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(definitions_are_in_order),
      cmocka_unit_test(every_failing_allocation_is_an_error),
      cmocka_unit_test(mutations_do_no_harm),
      cmocka_unit_test(rows_are_judged),
      cmocka_unit_test(names_are_judged),
      cmocka_unit_test(deep_nesting_ends),
      cmocka_unit_test(shared_parts_cost_no_more_than_the_limit),
      cmocka_unit_test(resources_do_not_multiply_without_end),
      cmocka_unit_test(guests_are_valid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
