/* Several imports of one module in one entry (compact import section), in binary and in text. */
#include "support.h"
#include "sections.h"

#include "decode/decode.h"
#include "encode/encode.h"
#include "text/text.h"

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1
#define FEATURES (WH_FEATURES_DEFAULT | WH_FEATURE(COMPACT_IMPORTS))
#define TYPES "\1\x60\0\1\x7f" /* type 0: a function that returns an i32 */

/* A module of that import section. */
static void assemble(module_bytes_t *module, const uint8_t *contents, size_t size) {
  module_begin(module);
  SECTION_OF(module, 1, TYPES);
  module_section(module, 2, contents, size);
}

/* "a.b func 0, a.c global 1, …" */
static void print_imports(const wh_model_t *model, char *out) {
  *out = 0;
  for (size_t i = 0; i < model->imports.count; i++) {
    const wh_import_t *import = &model->imports.items[i];
    out += sprintf(out, "%s%.*s.%.*s %s %u", i ? ", " : "", (int)import->module.size,
                   (const char *)import->module.data, (int)import->name.size,
                   (const char *)import->name.data, wherry_extern_kind_name(import->type.kind),
                   import->index);
  }
}

static const struct {
  const uint8_t *bytes;
  size_t size;
  const char *imports, *error; /* error NULL: it is a module */
} binaries[] = {
    {BYTES("\1\1a\0\x7f\2\1b\0\0\1c\0\0"), "a.b func 0, a.c func 1", NULL},
    {BYTES("\1\1a\0\x7e\0\0\2\1b\1c"), "a.b func 0, a.c func 1", NULL},
    {BYTES("\2\1a\0\x7e\3\x7f\0\2\1b\1c\1x\1y\0\0"), "a.b global 0, a.c global 1, x.y func 0",
     NULL},
    {BYTES("\1\1a\0\x7f\2\1b\0\0\1c\2\0\1"), "a.b func 0, a.c memory 0", NULL},
    {BYTES("\1\1a\0\x7e\1\x70\0\1\1\1t"), "a.t table 0", NULL},
    {BYTES("\2\1a\0\x7f\0\1a\0\x7e\0\0\0"), "", NULL},
    {BYTES("\1\1a\x80\x80\0\x7f\1\0\0\0"), "a. func 0", NULL}, /* a long empty name */
    {BYTES("\1\1a\1b\x7f"), NULL, "malformed import kind: 0x7f, expected 0 to 4"},
    {BYTES("\1\1a\0\xff\0"), NULL, "malformed import kind: 0xff"},
    {BYTES("\1\1a\0\x7f\x80"), NULL, "expected a number of entries"},
    {BYTES("\1\1a\0\x7e\x7e\0"), NULL, "malformed import kind: 0x7e, expected 0 to 4"},
    {BYTES("\1\1a\0\x7e\0\0\2\0"), NULL, "expected the name of an import"},
    {BYTES("\1\1a\0\x7f\2\1b\0\0"), NULL, "expected the name of an import"},
};

static void of_binaries(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(binaries); i++) {
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    wh_model_t *model, *plain;
    module_bytes_t module;
    assemble(&module, binaries[i].bytes, binaries[i].size);
    uint8_t *exact = malloc(module.size), *encoded;
    size_t size;
    char text[512];
    memcpy(exact, module.data, module.size);
    wherry_error_t *error = wh_decode(&alloc, exact, module.size, FEATURES, &model);
    if (binaries[i].error) {
      assert_error(error, MALFORMED, binaries[i].error);
    } else {
      assert_ok(error);
      assert_true(model->has_compact_imports);
      print_imports(model, text);
      assert_string_equal(text, binaries[i].imports);
      /* Written anew it needs no feature. */
      assert_ok(wh_encode(&alloc, model, &encoded, &size));
      assert_ok(wh_decode(&alloc, encoded, size, WH_FEATURES_DEFAULT, &plain));
      print_imports(plain, text);
      assert_string_equal(text, binaries[i].imports);
      wh_model_free(plain);
      wh_model_free(model);
      wh_free(&alloc, encoded, size);
      error = wh_decode(&alloc, exact, module.size, WH_FEATURES_DEFAULT, &model);
      assert_error(error, INVALID, "needs feature compact-imports, which is switched off");
    }
    free(exact);
    assert_int_equal(alloc.used, 0);
  }
}

static const struct {
  const char *text;
  const char *imports, *error;
} texts[] = {
    {"(import \"a\" (item \"b\" (func $b)) (item \"c\" (global $c i32)) (item \"d\" (func $d)))"
     "(func (call $b) (drop (global.get $c)) (call $d))",
     "a.b func 0, a.c global 0, a.d func 1", NULL},
    {"(import \"a\" (item \"b\") (item \"c\") (func (param i32))) (import \"x\" \"y\" (func $y))"
     "(func (call $y))",
     "a.b func 0, a.c func 1, x.y func 2", NULL},
    {"(import \"a\" (item \"b\") (memory 1))", "a.b memory 0", NULL},
    {"(import \"a\" (item \"b\") (func $b))", NULL, "identifier not allowed"},
    {"(import \"a\" (item \"b\" (func)) (item \"c\"))", NULL, "unexpected token"},
    {"(import \"a\" (item \"b\") (item \"c\" (func)) (func))", NULL, "unexpected token"},
    {"(import \"a\" (item \"b\"))", NULL, "unexpected token"},
    {"(import \"a\" (item \"b\" (func)) (func))", NULL, "unexpected token"},
    {"(import \"a\" (item))", NULL, "unexpected token"},
    {"(import \"a\" (item (func)))", NULL, "unexpected token"},
    {"(import (item \"b\" (func)))", NULL, "unexpected token"},
    {"(func) (import \"a\" (item \"b\" (func)))", NULL, "import after function"},
};

static void of_texts(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(texts); i++) {
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    wh_model_t *model;
    uint8_t *bytes;
    size_t size;
    char text[512];
    wherry_error_t *error =
        wh_text_to_binary(&alloc, texts[i].text, strlen(texts[i].text), FEATURES, &bytes, &size);
    if (texts[i].error) {
      if (!error) print_error("%s\n", texts[i].text);
      assert_error(error, MALFORMED, texts[i].error);
    } else {
      assert_ok(error);
      assert_ok(wh_decode(&alloc, bytes, size, FEATURES, &model));
      assert_true(model->has_compact_imports);
      print_imports(model, text);
      assert_string_equal(text, texts[i].imports);
      wh_model_free(model);
      error = wh_decode(&alloc, bytes, size, WH_FEATURES_DEFAULT, &model);
      wh_free(&alloc, bytes, size);
      assert_error(error, INVALID, "needs feature compact-imports, which is switched off");
    }
    assert_int_equal(alloc.used, 0);
  }
}

static void without_memory(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(binaries); i++) {
    if (binaries[i].error) continue;
    module_bytes_t module;
    assemble(&module, binaries[i].bytes, binaries[i].size);
    for (size_t at = 1;; at++) {
      failing_t failing = {.fail_at = at};
      wherry_allocator_t host = failing_allocator(&failing);
      wh_alloc_t alloc;
      wh_alloc_init(&alloc, &host);
      wh_model_t *model = NULL;
      wherry_error_t *error = wh_decode(&alloc, module.data, module.size, FEATURES, &model);
      if (!error) wh_model_free(model);
      assert_int_equal(failing.live_blocks, 0);
      if (!error) break;
      assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
    }
  }
}

/* A million names of nothing cost a few bytes each in the binary; more are refused. */
static void too_many(void **state) {
  (void)state;
  enum { NAMES = WH_MAX_IMPORTS + 1 };
  static const uint8_t head[] =
      "\0asm\1\0\0\0\1\5" TYPES "\2\xcb\x84\x3d\1\1a\0\x7e\0\0\xc1\x84\x3d";
  size_t size = sizeof head - 1 + NAMES;
  uint8_t *bytes = calloc(size, 1);
  memcpy(bytes, head, sizeof head - 1);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_model_t *model;
  assert_error(wh_decode(&alloc, bytes, size, FEATURES, &model), LIMIT,
               "a module of 1000001 import");
  free(bytes);
  assert_int_equal(alloc.used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(of_binaries),
      cmocka_unit_test(of_texts),
      cmocka_unit_test(without_memory),
      cmocka_unit_test(too_many),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
