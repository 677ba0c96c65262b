/* types: reading `component-type` sections, layout, printing. */
#define _GNU_SOURCE /* memmem */
#include "support.h"
#include "wits.h"
#include "worlds.h"

#include "types/types.h"

/* ---- a model with nothing but custom sections, so that only base and types are at work ---- */

static uint32_t leb(const uint8_t **at) { return (uint32_t)wh_leb_u(at); }

static wh_model_t *model_of(wh_alloc_t *alloc, const uint8_t *bytes, size_t size) {
  static wh_model_t model;
  static wh_custom_t customs[16];
  memset(&model, 0, sizeof model);
  model.alloc = alloc;
  model.customs.items = customs;
  for (const uint8_t *at = bytes + 8; at < bytes + size;) {
    uint8_t id = *at++;
    uint32_t section_size = leb(&at);
    const uint8_t *end = at + section_size;
    if (id == 0) {
      wh_custom_t *custom = &customs[model.customs.count++];
      custom->name.size = leb(&at);
      custom->name.data = at;
      at += custom->name.size;
      custom->bytes.data = at;
      custom->bytes.size = (size_t)(end - at);
      custom->offset = (uint64_t)(at - bytes);
    }
    at = end;
  }
  return &model;
}

static wh_model_t *model_of_section(const void *bytes, size_t size) {
  static wh_model_t model;
  static wh_custom_t custom;
  custom = (wh_custom_t) {
      .name = {(const uint8_t *)"component-type:x", 16}, .bytes = {bytes, size}, .offset = 100};
  model.customs.items = &custom;
  model.customs.count = 1;
  return &model;
}

static wherry_error_t *read_section(wh_alloc_t *alloc, const void *bytes, size_t size,
                                    wherry_world_t **world) {
  /* A copy of just that size: a read past the end is seen by the sanitizer. */
  uint8_t *copy = malloc(size ? size : 1);
  memcpy(copy, bytes, size);
  wherry_error_t *error = wh_world_read(alloc, model_of_section(copy, size), world);
  free(copy);
  return error;
}

static blob_t section_of(const blob_t *file) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_model_t *model = model_of(&alloc, file->data, file->size);
  for (size_t i = 0; i < model->customs.count; i++) {
    wherry_bytes_t name = model->customs.items[i].name;
    if (name.size >= 14 && !memcmp(name.data, "component-type", 14)) {
      blob_t section = {(uint8_t *)model->customs.items[i].bytes.data,
                        model->customs.items[i].bytes.size};
      return section;
    }
  }
  fail_msg("no section");
  return *file;
}

static const wherry_witfunc_t *find(const wherry_world_t *world, const char *core_name) {
  for (size_t i = 0; i < world->exports.count; i++) {
    assert_int_equal(world->exports.items[i]->index, i);
    if (!strcmp(world->exports.items[i]->core_name, core_name)) return world->exports.items[i];
  }
  fail_msg("no function %s", core_name);
  return NULL;
}

static const char *printed(const wherry_witfunc_t *func) {
  static char text[500];
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_text_t whole = {.alloc = &alloc};
  wh_witfunc_print(func, &whole);
  snprintf(text, sizeof text, "%s", whole.data);
  wh_text_free(&whole);
  return text;
}

static void machine_reads_completely(void **state) {
  (void)state;
  static const char *const files[] = {"machine.core.wasm", "machine.wasi.wasm"};
  for (size_t f = 0; f < 2; f++) {
    char path[100];
    snprintf(path, sizeof path, SHARED_GUESTS "%s", files[f]);
    BLOB_OR_SKIP(file, path);
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    wherry_world_t *world;
    assert_ok(wh_world_read(&alloc, model_of(&alloc, file.data, file.size), &world));
    free(file.data); /* the world has copies of all it needs */
    assert_string_equal(world->name, "xyz:machine/machine");
    assert_int_equal(world->exports.count, 5);
    static const struct {
      const char *name, *text;
    } functions[] = {
        {"get-u32", "get-u32() -> u32"},
        {"get-str", "get-str() -> string"},
        {"get-vec", "get-vec() -> list<u8>"},
        {"run", "run(machine: u64, start: point, destination: point) -> run-result"},
        {"count-symbols", "count-symbols(s: string) -> u32"},
    };
    for (size_t i = 0; i < 5; i++) {
      const wherry_witfunc_t *func = world->exports.items[i];
      assert_string_equal(func->name, functions[i].name);
      assert_string_equal(func->interface, "xyz:machine/machine-interface");
      assert_string_equal(printed(func), functions[i].text);
      assert_null(func->params->not_taken);
    }
    const wherry_witfunc_t *run = find(world, "xyz:machine/machine-interface#run");
    assert_string_equal(run->post_name, "cabi_post_xyz:machine/machine-interface#run");
    assert_int_equal(run->params->flat_count, 5);
    assert_int_equal(run->params->flat[0], WHERRY_I64);
    assert_int_equal(run->params->flat[4], WHERRY_I32);
    assert_int_equal(run->params->size, 24);
    assert_ptr_equal(run->params->fields[1].type, run->params->fields[2].type);
    assert_string_equal(run->result->name, "run-result");
    assert_int_equal(run->result->size, 16);
    assert_int_equal(run->result->alignment, 8);
    assert_int_equal(run->result->fields[1].offset, 8);
    assert_int_equal(run->result->flat_count, 3);
    assert_true(run->result->uses_memory);
    assert_false(run->params->uses_memory);
    wh_world_free(world);
    assert_int_equal(alloc.used, 0);
  }
}

static void kitchen_lays_out_every_kind(void **state) {
  (void)state;
  BLOB_OR_SKIP(file, SHARED_GUESTS "kitchen.core.wasm");
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wherry_world_t *world;
  assert_ok(wh_world_read(&alloc, model_of(&alloc, file.data, file.size), &world));
  free(file.data);
  static const struct {
    const char *name;         /* of a function in local:kitchen/api */
    const char *text;         /* how it prints */
    unsigned size, alignment; /* of its first parameter */
    const char *flat;         /* i l f d */
    const char *not_taken;
  } functions[] = {
      {"echo-bool", "echo-bool(v: bool) -> bool", 1, 1, "i", NULL},
      {"echo-u16", "echo-u16(v: u16) -> u16", 2, 2, "i", NULL},
      {"echo-s64", "echo-s64(v: s64) -> s64", 8, 8, "l", NULL},
      {"echo-f32", "echo-f32(v: f32) -> f32", 4, 4, "f", NULL},
      {"echo-string", "echo-string(v: string) -> string", 8, 4, "ii", NULL},
      {"echo-person", "echo-person(p: person) -> person", 32, 4, "iiiiiiii", "option<point>"},
      {"echo-shape", "echo-shape(s: shape) -> shape", 24, 8, "iliii", "variant shape"},
      {"echo-shapes", "echo-shapes(s: list<shape>) -> list<shape>", 8, 4, "ii", "variant shape"},
      {"echo-color", "echo-color(c: color) -> color", 1, 1, "i", "enum color"},
      {"echo-perms", "echo-perms(p: perms) -> perms", 1, 1, "i", "flags perms"},
      {"echo-tuple",
       "echo-tuple(t: tuple<u8, string, option<u64>>) -> tuple<u8, string, option<u64>>", 32, 8,
       "iiiil", "option<u64>"},
      {"echo-nested-option",
       "echo-nested-option(o: option<option<string>>) -> option<option<string>>", 16, 4, "iiii",
       "option<option<string>>"},
      {"translate", "translate(ps: list<point>, by: point) -> list<point>", 8, 4, "ii", NULL},
      {"check", "check(n: s32) -> result<_, string>", 4, 4, "i", NULL},
      {"[method]counter.add", "[method]counter.add(self: borrow<counter>, n: u32) -> u32", 4, 4,
       "i", "borrow<counter>"},
  };
  for (size_t i = 0; i < WH_COUNT(functions); i++) {
    char name[80], described[100] = "";
    snprintf(name, sizeof name, "local:kitchen/api#%s", functions[i].name);
    const wherry_witfunc_t *func = find(world, name);
    const wherry_type_t *type = func->params->fields[0].type;
    assert_string_equal(printed(func), functions[i].text);
    assert_int_equal(type->size, functions[i].size);
    assert_int_equal(type->alignment, functions[i].alignment);
    assert_int_equal(type->flat_count, strlen(functions[i].flat));
    for (unsigned k = 0; k < type->flat_count; k++)
      assert_int_equal(type->flat[k], functions[i].flat[k] == 'i'   ? WHERRY_I32
                                      : functions[i].flat[k] == 'l' ? WHERRY_I64
                                      : functions[i].flat[k] == 'f' ? WHERRY_F32
                                                                    : WHERRY_F64);
    if (type->not_taken) {
      wh_text_t text = {.alloc = &alloc};
      wh_type_describe(type->not_taken, &text);
      snprintf(described, sizeof described, "%s", text.data);
      wh_text_free(&text);
    }
    assert_string_equal(described, functions[i].not_taken ? functions[i].not_taken : "");
  }
  const wherry_witfunc_t *many = find(world, "local:kitchen/api#many");
  assert_int_equal(many->params->flat_count, WH_MAX_FLAT_PARAMS + 1);
  assert_int_equal(many->params->size, 17 * 4 + 8);
  wh_world_free(world);
  assert_int_equal(alloc.used, 0);
}

/* ---- sections by hand ---- */

static void worlds_by_hand(void **state) {
  (void)state;
  static const struct {
    size_t count;
    const char *declarations;
    size_t size;
    const char *error; /* NULL: none; then … */
    const char *text;  /* … the first export */
  } worlds[] = {
#define GOOD(count, declarations, text) \
  {(count), (declarations), sizeof(declarations) - 1, NULL, (text)}
#define BAD(count, declarations, error) \
  {(count), (declarations), sizeof(declarations) - 1, (error), NULL}
      GOOD(2, "\1\x40\0\0\x73\4\0\3run\1\0", "run() -> string"),
      GOOD(2, "\1\x40\1\1x\x7f\1\0\4\1\3run\1\0", "run(x: bool)"),
      GOOD(3, "\1\x70\x7d\1\x40\1\1x\0\1\0\4\0\3run\1\1", "run(x: list<u8>)"),
      GOOD(2, "\1\x43\0\1\0\4\2\3run\1\1\3x:y\1\0", NULL),
      GOOD(3, "\1\x66\1\x7d\1\x40\1\1x\0\1\0\4\0\3run\1\1", "run(x: stream<u8>)"),
      GOOD(3, "\1\x63\x73\x7d\1\x40\1\1x\0\1\0\4\0\3run\1\1", "run(x: map<string, u8>)"),
      GOOD(3, "\1\x67\x7d\4\1\x40\1\1x\0\1\0\4\0\3run\1\1", "run(x: list<u8, 4>)"),
      GOOD(2, "\1\x40\1\1x\x64\1\0\4\0\3run\1\0", "run(x: error-context)"),
      GOOD(3, "\1\x6f\2\x7d\x73\1\x40\1\1x\0\1\0\4\0\3run\1\1", "run(x: tuple<u8, string>)"),
      BAD(1, "\1\x40\0\0\x73\7", "malformed declaration"),
      BAD(3, "\1\x40\0\0\x73\4\0\3run\1\0\4\0\3run\1\0", "two exports have the same name"),
      BAD(2, "\1\x40\0\0\x73\4\0\3run\1\1", "a type index is out of bounds"),
      BAD(2, "\1\x73\4\0\3run\1\0", "a type index means another kind of type"),
      BAD(1, "\1\x40\1\1x\x20\1\0", "a type index is out of bounds"),
      BAD(1, "\1\x40\1\1x\x40\1\0", "malformed value type"),
      BAD(1, "\1\x40\1\2X_\x7f\1\0", "a label is not in kebab case"),
      BAD(1, "\1\x40\1\0\x7f\1\0", "a label is not in kebab case"),
      BAD(1, "\1\x40\2\1x\x7f\1x\x7f\1\0", "a label is used twice"),
      BAD(1, "\1\x40\0\2", "malformed result list"),
      BAD(1, "\1\x72\0", "a type has no parts"),
      BAD(1, "\1\x3f\x7f\0", "a resource type is defined"),
      BAD(1, "\1\x20", "malformed type"),
      BAD(1, "\0\x60\0\0", "a core type describes no WIT type"),
      BAD(1, "\2\3\2\7\0", "an outer alias is out of bounds"),
      BAD(1, "\2\3\0\0\1x", "an instance index is out of bounds"),
      BAD(1, "\5", "malformed declaration"),
      BAD(2, "\1\x42\0\4\0\3r n\5\0", "holds a character"),
      BAD(1, "\1\x69\0", "a type index is out of bounds"),
  };
  for (size_t i = 0; i < WH_COUNT(worlds); i++) {
    static builder_t b;
    b.size = 0;
    put_world(&b, worlds[i].count, worlds[i].declarations, worlds[i].size);
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    wherry_world_t *world = NULL;
    wherry_error_t *error = read_section(&alloc, b.bytes, b.size, &world);
    if (worlds[i].text) {
      assert_ok(error);
      assert_string_equal(world->name, "x:y/one");
      assert_int_equal(world->exports.count, 1);
      assert_string_equal(printed(world->exports.items[0]), worlds[i].text);
    } else if (error) {
      const char *wanted = worlds[i].error ? worlds[i].error : "";
      if (!strstr(wherry_error_message(error), wanted))
        fail_msg("world %zu: got %s, wanted %s", i, wherry_error_message(error), wanted);
      uint64_t offset;
      assert_true(wherry_error_offset(error, &offset));
      assert_true(offset >= 100 && offset <= 100 + b.size);
      wherry_error_release(error);
    } else if (worlds[i].error) {
      fail_msg("world %zu: no error, wanted %s", i, worlds[i].error);
    }
    wh_world_free(world);
    assert_int_equal(alloc.used, 0);
  }
}

/* "run(x: TYPE)", after count types: what nobody uses is not laid out. */
static void put_run(builder_t *b, size_t count) {
  PUT_TEXT(b, "\1\x40\1\1x");
  put_leb(b, count - 1);
  PUT_TEXT(b, "\1\0\4\0\3run\1");
  put_leb(b, count);
}

/* A few bytes may describe types that are huge, deep, or endless to print. */
static void bombs_are_refused_or_cut(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  static builder_t declarations, b;
  /* tuple<t, t> sixty times: 2^60 bytes */
  declarations.size = b.size = 0;
  PUT_TEXT(&declarations, "\1\x6f\2\x7d\x7d");
  for (uint8_t i = 0; i < 60; i++) put(&declarations, (uint8_t[]) {1, 0x6F, 2, i, i}, 5);
  put_run(&declarations, 61);
  put_world(&b, 63, declarations.bytes, declarations.size);
  wherry_world_t *world = NULL;
  assert_error(read_section(&alloc, b.bytes, b.size, &world), INVALID, "too large");

  /* list<list<…>>, deeper than walks go */
  declarations.size = b.size = 0;
  PUT_TEXT(&declarations, "\1\x70\x7d");
  for (uint8_t i = 0; i < 120; i++) {
    PUT_TEXT(&declarations, "\1\x70");
    put(&declarations, (uint8_t[]) {(uint8_t)(i | (i > 63 ? 0x80 : 0)), 0}, i > 63 ? 2 : 1);
  }
  put_world(&b, 121, declarations.bytes, declarations.size);
  assert_error(read_section(&alloc, b.bytes, b.size, &world), INVALID, "nested too deeply");

  /* instance types in instance types */
  declarations.size = b.size = 0;
  for (int i = 0; i < 50000; i++) PUT_TEXT(&declarations, "\1\x42\1");
  put_world(&b, 1, declarations.bytes, declarations.size);
  assert_error(read_section(&alloc, b.bytes, b.size, &world), INVALID, "nested too deeply");

  /* tuple<list<t>, list<t>> thirty-one times: small, but 2^31 words to print */
  declarations.size = b.size = 0;
  PUT_TEXT(&declarations, "\1\x70\x7d");
  for (uint8_t i = 0; i < 31; i++) {
    uint8_t list = (uint8_t)(2 * i);
    put(&declarations, (uint8_t[]) {1, 0x6F, 2, list, list}, 5);
    PUT_TEXT(&declarations, "\1\x70");
    put_leb(&declarations, (size_t)list + 1);
  }
  put_run(&declarations, 1 + 2 * 31);
  put_world(&b, 3 + 2 * 31, declarations.bytes, declarations.size);
  wherry_error_t *error = read_section(&alloc, b.bytes, b.size, &world);
  if (error) fail_msg("%s", wherry_error_message(error));
  wh_text_t text = {.alloc = &alloc};
  wh_type_print(world->exports.items[0]->params->fields[0].type, &text);
  assert_in_range(text.size, 100, 1000);
  assert_non_null(strstr(text.data, "…"));
  wh_text_free(&text);
  wh_world_free(world);
  assert_int_equal(alloc.used, 0);
}

static void sections_around_the_world(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wherry_world_t *world;
  static const struct {
    const char *bytes;
    size_t size;
    wherry_error_kind_t kind;
    const char *error;
  } sections[] = {
#define SECTION(bytes, kind, error) {bytes, sizeof(bytes) - 1, WHERRY_ERROR_##kind, error}
      SECTION("", MALFORMED, "unexpected end"),
      SECTION("\0asm\1\0\0\0", MALFORMED, "does not begin as a component does"),
      SECTION("\0asm\x0d\0\1\0", INVALID, "does not export exactly one type"),
      SECTION("\0asm\x0d\0\1\0\0\x19\x16wit-component-encoding\3\0", INVALID, "version 4"),
      SECTION("\0asm\x0d\0\1\0\0\x19\x16wit-component-encoding\4\7", INVALID, "string encoding"),
      SECTION("\0asm\x0d\0\1\0\1\0", INVALID, "more than types"),
      SECTION("\0asm\x0d\0\1\0\x20\0", MALFORMED, "malformed section id"),
      SECTION("\0asm\x0d\0\1\0\7\x7f\0", MALFORMED, "unexpected end"),
  };
  for (size_t i = 0; i < WH_COUNT(sections); i++)
    assert_error_(read_section(&alloc, sections[i].bytes, sections[i].size, &world),
                  sections[i].kind, sections[i].error, __FILE__, __LINE__);
  static const uint8_t plain[8] = {0, 'a', 's', 'm', 1};
  assert_ok(wh_world_read(&alloc, model_of(&alloc, plain, sizeof plain), &world));
  assert_null(world);
  assert_int_equal(alloc.used, 0);
}

/* Two sections are one world; what both say is said once. */
static void sections_merge(void **state) {
  (void)state;
  static const char one[] = "\1\x40\0\0\x73\4\0\3run\1\0";
  static const char two[] = "\1\x40\0\0\x7f\4\0\3run\1\0\4\0\4walk\1\0";
  static builder_t bare, first, second;
  bare.size = first.size = second.size = 0;
  put_world(&bare, 0, "", 0);
  memcpy(memmem(bare.bytes, bare.size, "x:y/one", 7), "x:y/bar", 7);
  put_world(&first, 2, one, sizeof one - 1);
  put_world(&second, 3, two, sizeof two - 1);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_custom_t customs[4] = {
      {.name = {(const uint8_t *)"component-type:0", 16}, .bytes = {bare.bytes, bare.size}},
      {.name = {(const uint8_t *)"component-type:a", 16}, .bytes = {first.bytes, first.size}},
      {.name = {(const uint8_t *)"component", 9}, .bytes = {first.bytes, 3}},
      {.name = {(const uint8_t *)"component-type", 14}, .bytes = {second.bytes, second.size}},
  };
  wh_model_t model = {.customs = {customs, 4, 4}};
  wherry_world_t *world;
  assert_ok(wh_world_read(&alloc, &model, &world));
  assert_string_equal(world->name, "x:y/one"); /* of the first that exports something */
  assert_int_equal(world->exports.count, 2);
  assert_string_equal(printed(find(world, "run")), "run() -> string");
  assert_string_equal(printed(find(world, "walk")), "walk() -> bool");
  wh_world_free(world);
}

static int64_t place_of(const wherry_world_t *world, const char *name) {
  return wh_world_find(world, name, strlen(name));
}

static void names_find_functions(void **state) {
  (void)state;
  static const char declarations[] = "\1\x42\2\1\x40\0\1\0\4\0\3run\1\0" /* an interface with run */
                                     "\4\0\5x:y/a\5\0"
                                     "\1\x42\3\1\x40\0\0\x7f\4\0\3run\1\0\4\0\4only\1\0"
                                     "\4\0\5x:y/b\5\1"
                                     "\1\x42\2\1\x40\0\1\0\4\0\3top\1\0"
                                     "\4\0\5x:y/c\5\2"
                                     "\1\x40\0\0\x73\4\0\3top\1\3";
  static builder_t b;
  b.size = 0;
  put_world(&b, 8, declarations, sizeof declarations - 1);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wherry_world_t *world;
  assert_ok(read_section(&alloc, b.bytes, b.size, &world));
  assert_int_equal(world->exports.count, 5);
  assert_int_equal(place_of(world, "x:y/a#run"),
                   1); /* the world's own are before those of interfaces */
  assert_int_equal(place_of(world, "x:y/b#run"), 2);
  assert_int_equal(place_of(world, "only"), 3);
  assert_int_equal(place_of(world, "run"), (int64_t)WH_AMBIGUOUS);
  assert_int_equal(place_of(world, "top"), 0); /* the world's own has the name */
  assert_int_equal(place_of(world, "x:y/c#top"), 4);
  assert_int_equal(place_of(world, "x:y/c#run"), (int64_t)WH_NOT_FOUND);
  wh_world_free(world);
  assert_int_equal(alloc.used, 0);
}

/* ---- sections as WIT ---- */

static char *wit_of_module(wh_alloc_t *alloc, const blob_t *file) {
  wh_wit_t *wit;
  assert_ok(wh_wit_from_model(alloc, model_of(alloc, file->data, file->size), &wit));
  char *text = print_wit(wit);
  wh_wit_free(wit);
  return text;
}

static void sections_print_as_the_text_they_were_made_of(void **state) {
  (void)state;
  static const char *const names[] = {"kitchen", "machine"};
  for (size_t i = 0; i < WH_COUNT(names); i++) {
    char path[100];
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    snprintf(path, sizeof path, SHARED_GUESTS "%s.core.wasm", names[i]);
    BLOB_OR_SKIP(module, path);
    snprintf(path, sizeof path, SHARED_GUESTS "../wit/%s.wit", names[i]);
    BLOB_OR_SKIP(source, path);
    source.data[source.size] = 0;
    wh_wit_t *wit;
    assert_ok(read_wit(&alloc, (char *)source.data, &wit));
    char *carried = wit_of_module(&alloc, &module), *wanted = print_wit(wit);
    assert_string_equal(carried, wanted);

    /* and the worlds are the same, whichever way they were made */
    wherry_world_t *world, *other;
    assert_ok(wh_world_of(&alloc, wit, wit->worlds.items, 1, &world));
    assert_ok(wh_world_read(&alloc, model_of(&alloc, module.data, module.size), &other));
    assert_int_equal(world->exports.count, other->exports.count);
    assert_int_equal(world->imports.count, other->imports.count);
    for (size_t k = 0; k < world->exports.count; k++) {
      const wherry_witfunc_t *func = world->exports.items[k];
      const wherry_witfunc_t *same = find(other, func->core_name);
      char text[500];
      snprintf(text, sizeof text, "%s", printed(func));
      assert_string_equal(text, printed(same));
      assert_int_equal(func->params->size, same->params->size);
      assert_int_equal(func->params->flat_count, same->params->flat_count);
    }
    wh_world_free(world);
    wh_world_free(other);
    wh_wit_free(wit);
    free(carried);
    free(wanted);
    free(module.data);
    free(source.data);
    assert_int_equal(alloc.used, 0);
  }
}

/* An interface on both sides of a world has its resources twice, and under two names each its own. */
static void resources_are_of_one_side(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_wit_t *wit;
  wherry_world_t *world;
  assert_ok(read_wit(&alloc,
                     "package a:b; interface i { resource r { m: func(o: own<r>); } }\n"
                     "interface j { use i.{r}; f: func() -> r; g: func(x: list<borrow<r>>); }\n"
                     "world w { import i; import one: i; export i; export j; import j;\n"
                     "  use i.{r}; export h: func() -> r; resource s; export k: func() -> s; }",
                     &wit));
  assert_ok(wh_world_of(&alloc, wit, wit->worlds.items, 1, &world));
  wh_wit_free(wit);
  assert_int_equal(world->imports.count, 4);
  const wherry_witfunc_t *imported = world->imports.items[0], *one = world->imports.items[1];
  assert_string_equal(imported->core_module, "a:b/i");
  assert_string_equal(imported->core_name, "[method]r.m");
  assert_string_equal(one->core_module, "one");
  const wh_resource_t *in = imported->params->fields[0].type->resource;
  const wh_resource_t *labelled = one->params->fields[0].type->resource;
  const wh_resource_t *out = find(world, "a:b/i#[method]r.m")->params->fields[1].type->resource;
  assert_ptr_equal(in, imported->params->fields[1].type->resource);
  assert_ptr_not_equal(in, labelled);
  assert_ptr_not_equal(in, out);
  assert_string_equal(in->interface, "a:b/i");
  assert_string_equal(labelled->interface, "one");
  assert_false(in->is_exported);
  assert_true(out->is_exported);
  assert_ptr_equal(find(world, "a:b/j#f")->result->resource, out);
  assert_ptr_equal(find(world, "a:b/j#g")->params->fields[0].type->element->resource, out);
  assert_ptr_equal(world->imports.items[2]->result->resource, in);
  assert_ptr_equal(find(world, "h")->result->resource, in);
  assert_null(find(world, "k")->result->resource->interface);
  wh_world_free(world);
  assert_int_equal(alloc.used, 0);
}

static void sections_that_disagree(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  /* the interface x:y/i in imports and exports, each with a part of it */
  static const struct {
    const char *first, *second, *text, *error;
  } pairs[] = {
      {"\1\x40\0\1\0\4\0\1f\1\0", "\1\x40\0\1\0\4\0\1g\1\0",
       "interface i {\n  f: func();\n\n  g: func();\n}\n", NULL},
      {"\1\x40\0\1\0\4\0\1f\1\0", "\1\x40\0\0\x7f\4\0\1f\1\0", NULL,
       "'f' is there twice, and not the same"},
      {"\1\x6d\1\1a\4\0\1t\3\0\0", "\1\x6d\1\1b\4\0\1t\3\0\0", NULL,
       "'t' is there twice, and not the same"},
      {"\1\x6d\1\1a\4\0\1t\3\0\0", "\1\x6d\1\1a\4\0\1t\3\0\0",
       "interface i {\n  enum t {\n    a,\n  }\n}\n", NULL},
      {"\1\x6d\1\1a\4\0\1t\3\0\0", "\1\x40\0\1\0\4\0\x0b[static]t.f\1\0", NULL,
       "a function is of a resource that is not there"},
      {"\1\x70\x7f\4\0\1t\3\0\0", "\1\x70\x7f\4\0\1t\3\0\0",
       "interface i {\n  type t = list<bool>;\n}\n", NULL},
  };
  for (size_t i = 0; i < WH_COUNT(pairs); i++) {
    static builder_t declarations, b;
    declarations.size = b.size = 0;
    const char *parts[] = {pairs[i].first, pairs[i].second};
    static const size_t sizes[][2] = {{11, 11}, {11, 11}, {12, 12}, {12, 12}, {12, 21}, {10, 10}};
    for (int k = 0; k < 2; k++) {
      PUT_TEXT(&declarations, "\1\x42\2");
      put(&declarations, parts[k], sizes[i][k]);
      put(&declarations, k ? "\4\0\5x:y/i\5\1" : "\3\0\5x:y/i\5\0", 10);
    }
    put_world(&b, 4, declarations.bytes, declarations.size);
    wh_wit_t *wit = NULL;
    wherry_error_t *error = wh_wit_from_model(&alloc, model_of_section(b.bytes, b.size), &wit);
    if (pairs[i].error) {
      assert_error(error, INVALID, pairs[i].error);
    } else {
      assert_ok(error);
      char *text = print_wit(wit);
      if (!strstr(text, pairs[i].text)) fail_msg("%s", text);
      free(text);
      wh_wit_free(wit);
    }
    assert_int_equal(alloc.used, 0);
  }
}

static void use_world(wherry_world_t *world) {
  if (!world) return;
  for (size_t i = 0; i < world->exports.count; i++) printed(world->exports.items[i]);
  wh_world_free(world);
}

/* What WIT has no words for is an error, what it has comes back. */
static void use_wit(const uint8_t *bytes, size_t size) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_wit_t *wit = NULL;
  wh_text_t text = {.alloc = &alloc};
  wherry_error_t *error = wh_wit_from_model(&alloc, model_of_section(bytes, size), &wit);
  if (!error) error = wh_wit_print(wit, &text);
  if (error) wherry_error_release(error);
  wh_wit_free(wit);
  wh_text_free(&text);
  assert_int_equal(alloc.used, 0);
}

static void mutate(const blob_t *section) {
  static const uint8_t replacements[] = {0x00, 0x01, 0x41, 0x7F, 0x80, 0xFF};
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  for (size_t i = 0; i < section->size; i++) {
    wherry_world_t *world = NULL;
    wherry_error_t *error = read_section(&alloc, section->data, i, &world);
    if (error) wherry_error_release(error);
    use_world(world);
    uint8_t *copy = malloc(section->size);
    memcpy(copy, section->data, section->size);
    for (size_t k = 0; k < sizeof replacements + 2; k++) {
      copy[i] = k < sizeof replacements ? replacements[k]
                                        : (uint8_t)(section->data[i] + (k % 2 ? 1 : -1));
      world = NULL;
      error = read_section(&alloc, copy, section->size, &world);
      if (error) wherry_error_release(error);
      use_world(world);
      use_wit(copy, section->size);
    }
    free(copy);
  }
  assert_int_equal(alloc.used, 0);
}

static void mutations_do_no_harm(void **state) {
  (void)state;
  static const char *const files[] = {OWN_GUESTS "greet.wasm", SHARED_GUESTS "machine.core.wasm",
                                      SHARED_GUESTS "kitchen.core.wasm"};
  for (size_t i = 0; i < WH_COUNT(files); i++) {
    blob_t file = blob_read(files[i]);
    if (!file.data) continue;
    blob_t section = section_of(&file);
    mutate(&section);
    free(file.data);
  }
}

static void every_failing_allocation_is_an_error(void **state) {
  (void)state;
  blob_t file = blob_read(OWN_GUESTS "greet.wasm");
  assert_non_null(file.data);
  blob_t section = section_of(&file);
  for (size_t fail_at = 1;; fail_at++) {
    assert_true(fail_at < 10000);
    failing_t failing = {.fail_at = fail_at};
    wherry_allocator_t host = failing_allocator(&failing);
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, &host);
    wherry_world_t *world = NULL;
    wherry_error_t *error = read_section(&alloc, section.data, section.size, &world);
    bool done = !error;
    if (error) assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    wh_world_free(world);
    assert_int_equal(failing.live_bytes, 0);
    if (done) break;
  }
  free(file.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(machine_reads_completely),
      cmocka_unit_test(kitchen_lays_out_every_kind),
      cmocka_unit_test(worlds_by_hand),
      cmocka_unit_test(bombs_are_refused_or_cut),
      cmocka_unit_test(sections_around_the_world),
      cmocka_unit_test(sections_merge),
      cmocka_unit_test(names_find_functions),
      cmocka_unit_test(sections_print_as_the_text_they_were_made_of),
      cmocka_unit_test(resources_are_of_one_side),
      cmocka_unit_test(sections_that_disagree),
      cmocka_unit_test(mutations_do_no_harm),
      cmocka_unit_test(every_failing_allocation_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
