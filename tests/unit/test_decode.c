/* decode: what is malformed and how it is told, what the model holds, memory that runs out. */
#include "support.h"
#include "sections.h"

#include "decode/decode.h"

#define H "\0asm\1\0\0\0"
#define TYPE_0 "\x01\x04\x01\x60\x00\x00" /* type 0: no parameters, no results */
#define BYTES(s) s, sizeof(s) - 1

static wherry_error_t *decode(wh_alloc_t *alloc, const char *bytes, size_t size,
                              wh_features_t features, wh_model_t **out) {
  uint8_t *exact = malloc(size ? size : 1); /* reading past the end is found by AddressSanitizer */
  memcpy(exact, bytes, size);
  wherry_error_t *error = wh_decode(alloc, exact, size, features, out);
  free(exact);
  return error;
}

/* ---- malformed ---- */

static const struct {
  const char *bytes;
  size_t size;
  uint64_t offset;
  const char *error;
} malformed[] = {
    {BYTES(""), 0, "unexpected end"},
    {BYTES("\0as"), 3, "unexpected end"},
    {BYTES("wasm\1\0\0\0"), 0, "magic header not detected"},
    {BYTES("(module)"), 0,
     "magic header not detected: a WebAssembly module begins with the bytes 00 "
     "61 73 6d; this looks like the text format"},
    {BYTES("\0asm\1\0\0"), 7, "unexpected end"},
    {BYTES("\0asm\2\0\0\0"), 4, "unknown binary version: 2"},
    {BYTES("\0asm\x0d\0\1\0"), 4, "unknown binary version: this is a component"},
    {BYTES(H "\x0e\x01\x00"), 8, "malformed section id: 14"},
    {BYTES(H "\x01"), 9, "unexpected end: expected the size of a section"},
    {BYTES(H "\x01\x02\x00"), 10, "length out of bounds: type of 2 bytes, but 1 bytes are left"},
    {BYTES(H "\x01\x80\x80\x80\x80\x10"), 9, "integer too large"},
    {BYTES(H "\x01\x80\x80\x80\x80\x80\x00"), 9, "integer representation too long"},
    {BYTES(H TYPE_0 TYPE_0), 14, "unexpected content after last section: a second type section"},
    {BYTES(H "\x03\x01\x00" TYPE_0), 11, "unexpected content after last section: the type section"},
    {BYTES(H "\x01\x05\x01\x60\x00\x00\x00"), 14, "section size mismatch: 1 bytes"},
    {BYTES(H "\x01\x04\x01\x61\x00\x00"), 11, "malformed definition type: 0x61"},
    {BYTES(H "\x01\x05\x01\x60\x01\x40\x00"), 13,
     "malformed value type: 0x40 of a parameter (type section, entry 0)"},
    {BYTES(H "\x01\x06\x01\x60\x01\x64\x68\x00"), 13, "malformed heap type: 0x64 of a parameter"},
    {BYTES(H "\x01\x03\x01\x60\x00"), 13,
     "unexpected end of section or function: expected a number of results"},
    {BYTES(H "\x02\x04\x01\x00\x00\x09"), 13, "malformed import kind: 0x09"},
    {BYTES(H "\x02\x06\x01\x00\x01x\x7f\x00"), 14, "malformed import kind: 0x7f"},
    {BYTES(H "\x02\x08\x01\x00\x00\xff\x80\x80\x00\x00"), 13, "malformed import kind: 0xff"},
    {BYTES(H "\x02\x06\x01\x00\x00\x7f\x01\x00"), 16, "expected the kind of an import"},
    {BYTES(H "\x02\x05\x01\x00\x00\x7e\x01"), 15, "expected"},
    {BYTES(H "\x02\x05\x01\x01\xff\x00\x00"), 12,
     "malformed UTF-8 encoding: the module of an import"},
    {BYTES(H "\x02\x03\x01\x05"
             "a"),
     12, "length out of bounds"},
    {BYTES(H "\x03\x02\x01\x00"), 12,
     "function and code section have inconsistent lengths: 1 functions, 0 bodies"},
    {BYTES(H "\x0a\x04\x01\x02\x00\x0b"), 10,
     "function and code section have inconsistent lengths"},
    {BYTES(H "\x04\x03\x01\x7f\x00"), 11, "malformed reference type: 0x7F of a table"},
    {BYTES(H "\x04\x03\x01\x70\x10"), 12, "malformed limits flags: 0x10"},
    {BYTES(H "\x04\x05\x01\x70\x03\x00\x01"), 12, "malformed limits flags: 0x03 of a table"},
    {BYTES(H "\x05\x02\x01\x81"), 11, "malformed limits flags: 0x81"},
    {BYTES(H "\x05\x03\x01\x08\x00"), 11,
     "malformed limits flags: 0x08 needs feature custom-page-sizes"},
    {BYTES(H "\x06\x03\x01\x7f\x02"), 12, "malformed mutability: 0x02"},
    {BYTES(H "\x06\x04\x01\x7f\x00\xff"), 13, "illegal opcode: ff"},
    {BYTES(H "\x06\x05\x01\x7f\x00\x41\x00"), 15, "unexpected end of section or function"},
    {BYTES(H "\x06\x06\x01\x7c\x00\x44\x00\x00"), 14, "unexpected end: an f64"},
    {BYTES(H "\x07\x04\x01\x00\x09\x00"), 12, "malformed export kind: 0x09"},
    {BYTES(H "\x09\x02\x01\x08"), 11, "malformed elements segment kind: 8"},
    {BYTES(H "\x09\x03\x01\x01\x01"), 12, "malformed element kind: 0x01"},
    {BYTES(H "\x0b\x02\x01\x03"), 11, "malformed data segment kind: 3"},
    {BYTES(H "\x0c\x01\x01"), 11,
     "data count and data section have inconsistent lengths: 1 announced, 0 there"},
    {BYTES(H "\x0c\x01\x00\x0b\x03\x01\x01\x00"), 13,
     "data count and data section have inconsistent lengths: 0 announced, 1 there"},
    {BYTES(H "\x00\x00"), 10, "unexpected end of section or function: expected the name"},
    {BYTES(H "\x00\x02\x01\xc0"), 11, "malformed UTF-8 encoding: the name of a custom section"},
};

static void malformed_modules_say_what_and_where(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(malformed); i++) {
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    wh_model_t *model = NULL;
    uint64_t offset = UINT64_MAX;
    wherry_error_t *error = decode(&alloc, malformed[i].bytes, malformed[i].size,
                                   WH_FEATURES_DEFAULT | WH_FEATURE(COMPACT_IMPORTS), &model);
    assert_non_null(error);
    assert_null(model);
    assert_true(wherry_error_offset(error, &offset));
    if (offset != malformed[i].offset) print_error("row %zu: %s\n", i, malformed[i].error);
    assert_int_equal(offset, malformed[i].offset);
    bool later = strstr(malformed[i].error, "needs") == malformed[i].error;
    if (later)
      assert_error(error, INVALID, malformed[i].error);
    else
      assert_error(error, MALFORMED, malformed[i].error);
    assert_int_equal(alloc.used, 0);
  }
}

/* ---- features ---- */

static const struct {
  const char *bytes;
  size_t size;
  int off; /* wherry_feature_t; -1: one that this version does not have */
  const char *error;
} needed[] = {
    {BYTES(H "\x01\x05\x01\x60\x01\x7b\x00"), WHERRY_FEATURE_SIMD,
     "type v128 of a parameter needs feature simd, which is switched off"},
    {BYTES(H "\x01\x05\x01\x60\x01\x6e\x00"), WHERRY_FEATURE_GC, "needs feature gc, which"},
    {BYTES(H "\x01\x03\x01\x5f\x00"), WHERRY_FEATURE_GC, "needs feature gc, which"},
    {BYTES(H "\x01\x06\x01\x60\x01\x64\x70\x00"), WHERRY_FEATURE_FUNCTION_REFERENCES,
     "needs feature function-references, which"},
    {BYTES(H "\x05\x04\x01\x03\x01\x02"), WHERRY_FEATURE_THREADS,
     "a memory with limits flags 0x03 needs feature threads, which is switched off"},
    {BYTES(H "\x0d\x01\x00"), WHERRY_FEATURE_EXCEPTIONS,
     "a section with id 13 needs feature exceptions, which is switched off"},
    {BYTES(H "\x01\x04\x01\x60\x00\x00\x02\x06\x01\x00\x00\x04\x00\x00"), WHERRY_FEATURE_EXCEPTIONS,
     "a tag needs feature exceptions, which is switched off"},
    {BYTES(H "\x01\x04\x01\x60\x00\x00\x0d\x03\x01\x00\x00\x07\x04\x01\x00\x04\x00"),
     WHERRY_FEATURE_EXCEPTIONS, "needs feature exceptions, which is switched off"},
    {BYTES(H "\x01\x06\x01\x60\x00\x02\x7f\x7f"), WHERRY_FEATURE_MULTI_VALUE,
     "needs feature multi-value, which is switched off"},
    {BYTES(H "\x01\x05\x01\x60\x00\x01\x6f"), WHERRY_FEATURE_REFERENCE_TYPES,
     "needs feature reference-types, which is switched off"},
    {BYTES(H "\x02\x06\x01\x00\x00\x03\x7f\x01"), WHERRY_FEATURE_MUTABLE_GLOBALS,
     "needs feature mutable-globals, which is switched off"},
    {BYTES(H "\x02\x05\x01\x00\x00\x7f\x00"), WHERRY_FEATURE_COMPACT_IMPORTS,
     "an import of several items needs feature compact-imports, which is switched off"},
    {BYTES(H "\x0c\x01\x00"), WHERRY_FEATURE_BULK_MEMORY,
     "needs feature bulk-memory, which is switched off"},
    {BYTES(H "\x0b\x04\x01\x01\x01x"), WHERRY_FEATURE_BULK_MEMORY,
     "needs feature bulk-memory, which is switched off"},
};

static void missing_features_are_named(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(needed); i++) {
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    wh_model_t *model = NULL;
    wh_features_t features = WH_FEATURES_ALL;
    if (needed[i].off >= 0) {
      assert_ok(decode(&alloc, needed[i].bytes, needed[i].size, features, &model));
      wh_model_free(model);
      features &= ~(UINT64_C(1) << needed[i].off);
      /* Tags are of both. */
      if (needed[i].off == WHERRY_FEATURE_EXCEPTIONS) features &= ~WH_FEATURE(LEGACY_EXCEPTIONS);
    }
    assert_error(decode(&alloc, needed[i].bytes, needed[i].size, features, &model), INVALID,
                 needed[i].error);
    assert_int_equal(alloc.used, 0);
  }
}

/* ---- what the model holds ---- */

/* A bit of everything. */
static void build_everything(module_bytes_t *module) {
  module_begin(module);
  SECTION_OF(module, 0,
             "\x01"
             "axy");
  SECTION_OF(module, 1, "\x02\x60\x02\x7f\x7e\x01\x7c\x60\x00\x00");
  SECTION_OF(module, 2,
             "\x03\x01m\x01"
             "f\x00\x01\x01m\x01g\x03\x7f\x00\x03mem\x01x\x02\x01\x01\x02");
  SECTION_OF(module, 3, "\x02\x00\x01");
  SECTION_OF(module, 4, "\x02\x70\x00\x05\x6f\x00\x01");
  SECTION_OF(module, 6, "\x01\x7e\x01\x42\x7f\x0b");
  SECTION_OF(module, 7, "\x02\x03sum\x00\x01\x03mem\x02\x00");
  SECTION_OF(module, 8, "\x02");
  SECTION_OF(module, 9, "\x02\x00\x41\x01\x0b\x01\x01\x05\x70\x01\xd0\x70\x0b");
  SECTION_OF(module, 12, "\x01");
  SECTION_OF(module, 10, "\x02\x05\x01\x01\x7f\x00\x0b\x02\x00\x0b");
  SECTION_OF(module, 11, "\x01\x00\x41\x00\x0b\x02hi");
  SECTION_OF(module, 0, "\x04name\x00\x05\x04test\x01\x09\x02\x01\x03sum\x02\x01z");
}

static void a_module_is_read_whole(void **state) {
  (void)state;
  module_bytes_t module;
  build_everything(&module);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_model_t *m;
  assert_ok(wh_decode(&alloc, module.data, module.size, WH_FEATURES_ALL, &m));
  assert_int_equal(m->types.count, 2);
  assert_int_equal(m->types.items[0].param_count, 2);
  assert_int_equal(m->types.items[0].types[1], WHERRY_I64);
  assert_int_equal(m->types.items[0].types[2], WHERRY_F64);
  assert_int_equal(m->imports.count, 3);
  assert_int_equal(m->imported_functions, 1);
  assert_int_equal(m->imported_globals, 1);
  assert_int_equal(m->imported_memories, 1);
  assert_ptr_equal(m->imports.items[0].type.func, &m->types.items[1]);
  assert_int_equal(m->imports.items[2].type.limits.maximum, 2);
  assert_int_equal(m->functions.count, 3);
  assert_int_equal(m->functions.items[1], 0);
  assert_int_equal(m->tables.count, 2);
  assert_int_equal(m->tables.items[1].element, WHERRY_EXTERNREF);
  assert_true(m->tables.items[0].limits.maximum == UINT64_MAX);
  assert_int_equal(m->globals.count, 2);
  assert_true(m->globals.items[1].is_mutable && !m->globals.items[1].imported);
  assert_int_equal(m->globals.items[1].init.size, 3);
  assert_int_equal(m->exports.count, 2);
  assert_int_equal(m->exports.items[0].type.func->param_count, 2);
  uint64_t place;
  assert_true(wh_map_get(&m->export_map, "mem", 3, &place) && place == 1);
  assert_true(m->has_start && m->start == 2);
  assert_int_equal(m->elems.count, 2);
  assert_true(m->elems.items[0].mode == WH_SEGMENT_ACTIVE && m->elems.items[0].by_index);
  assert_true(m->elems.items[1].mode == WH_SEGMENT_PASSIVE && !m->elems.items[1].by_index);
  assert_true(m->has_data_count && m->data_count == 1);
  assert_int_equal(m->datas.count, 1);
  assert_memory_equal(m->datas.items[0].bytes.data, "hi", 2);
  assert_int_equal(m->bodies.count, 2);
  assert_int_equal(m->bodies.items[0].size, 5);
  assert_ptr_equal(m->bodies.items[0].bytes, m->bytes + m->bodies.items[0].offset);
  assert_int_equal(m->bodies.items[0].type_index, 0);
  assert_int_equal(m->customs.count, 2);
  assert_int_equal(m->customs.items[0].after, 0);
  assert_int_equal(m->customs.items[1].after, 11);
  assert_string_equal(m->name_text, "test");
  wherry_bytes_t name = wh_model_function_name(m, 1);
  assert_int_equal(name.size, 3);
  assert_memory_equal(name.data, "sum", 3);
  assert_int_equal(wh_model_function_name(m, 2).size, 1);
  assert_null(wh_model_function_name(m, 0).data);
  wh_model_free(m);
  assert_int_equal(alloc.used, 0);
}

/* A broken name section is as if it were not there. */
static void names_are_never_an_error(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
    const char *module;
  } rows[] = {
      {BYTES(H "\x00\x0a\x04name\x00\x03\x02ok"), "ok"},
      {BYTES(H "\x00\x0a\x04name\x00\x03\x09ok"), NULL},    /* longer than its subsection */
      {BYTES(H "\x00\x0a\x04name\x00\x7f\x02ok"), NULL},    /* longer than its section */
      {BYTES(H "\x00\x0a\x04name\x00\x03\x02o\xff"), NULL}, /* no UTF-8 */
      {BYTES(H "\x00\x0a\x04name\x01\x03\x02ok"), NULL},    /* functions: nonsense */
      {BYTES(H "\x00\x07\x04name\x00\x80"), NULL},          /* an unfinished number */
      {BYTES(H "\x00\x05\x04name"), NULL},
  };
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    wh_model_t *model;
    assert_ok(decode(&alloc, rows[i].bytes, rows[i].size, WH_FEATURES_ALL, &model));
    if (rows[i].module)
      assert_string_equal(model->name_text, rows[i].module);
    else
      assert_null(model->name_text);
    for (uint32_t f = 0; f < 4; f++) assert_null(wh_model_function_name(model, f).data);
    wh_model_free(model);
    assert_int_equal(alloc.used, 0);
  }
}

/* Counts are not believed: a few bytes that announce a million entries take no memory for them. */
static void announcing_much_costs_nothing(void **state) {
  (void)state;
  static const uint8_t sections[] = {1, 2, 3, 4, 6, 7, 9};
  for (size_t i = 0; i < WH_COUNT(sections); i++) {
    char bytes[] = H "\x01\x03\xc0\x84\x3d"; /* 1,000,000 */
    bytes[8] = (char)sections[i];
    if (sections[i] == 4) bytes[10] = bytes[11] = '\x80' | 1, bytes[12] = 1;
    failing_t failing = {0};
    wherry_allocator_t host = failing_allocator(&failing);
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, &host);
    wh_model_t *model;
    assert_error(decode(&alloc, bytes, sizeof bytes - 1, WH_FEATURES_ALL, &model), MALFORMED,
                 "unexpected end");
    assert_true(failing.calls < 10);
    assert_int_equal(failing.live_bytes, 0);
  }
}

static void limits_of_this_engine(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_model_t *model;
  static const struct {
    const char *bytes;
    size_t size;
    const char *error;
  } rows[] = {
      {BYTES(H "\x01\x03\xc1\x84\x3d"), "1000001 type: this engine takes 1000000"},
      {BYTES(H "\x01\x04\x01\x60\xe9\x07"), "1001 parameters: this engine takes 1000"},
      {BYTES(H "\x05\x01\x65"), "101 memory: this engine takes 100"},
  };
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    wherry_error_t *error = decode(&alloc, rows[i].bytes, rows[i].size, WH_FEATURES_ALL, &model);
    assert_string_equal(wherry_error_limit(error), "module");
    assert_true(wherry_error_offset(error, NULL));
    assert_error(error, LIMIT, rows[i].error);
  }
  assert_int_equal(alloc.used, 0);
}

/* Several imports in one entry: with a type each, then of one type; between them one as of old. */
static void imports_of_one_entry_are_many(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_model_t *m;
  module_bytes_t module;
  module_begin(&module);
  SECTION_OF(&module, 2,
             "\x04\x01m\x00\x7f\x02\x01"
             "a\x03\x7e\x00\x00\x02\x00\x01"
             "\x00\x00\x03\x7f\x00"
             "\x01n\x80\x00\x7e\x03\x7d\x00\x02\x01"
             "c\x01"
             "d"
             "\x01o\x00\x7e\x02\x00\x00\x00");
  assert_ok(wh_decode(&alloc, module.data, module.size, WH_FEATURES_ALL, &m));
  static const struct {
    const char *module, *name, *type;
    uint32_t index;
  } imports[] = {{"m", "a", "global i64", 0},
                 {"m", "", "memory 1..", 0},
                 {"", "", "global i32", 1},
                 {"n", "c", "global f32", 2},
                 {"n", "d", "global f32", 3}};
  assert_int_equal(m->imports.count, WH_COUNT(imports));
  for (size_t i = 0; i < WH_COUNT(imports); i++) {
    const wh_import_t *import = &m->imports.items[i];
    wh_text_t text = {.alloc = &alloc};
    wh_print_externtype(&text, &import->type);
    assert_string_equal(text.data, imports[i].type);
    wh_text_free(&text);
    assert_int_equal(import->index, imports[i].index);
    assert_int_equal(import->module.size, strlen(imports[i].module));
    assert_memory_equal(import->module.data, imports[i].module, import->module.size);
    assert_int_equal(import->name.size, strlen(imports[i].name));
    assert_memory_equal(import->name.data, imports[i].name, import->name.size);
  }
  assert_int_equal(m->imported_globals, 4);
  wh_model_free(m);
  assert_int_equal(alloc.used, 0);
}

static void types_are_printed(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_model_t *m;
  module_bytes_t module;
  module_begin(&module);
  SECTION_OF(&module, 1, "\x02\x60\x02\x7f\x7d\x02\x7e\x6f\x60\x01\x70\x01\x7c");
  SECTION_OF(&module, 2,
             "\x04\x00\x00\x00\x01\x00\x00\x03\x7f\x01\x00\x00\x01\x70\x01\x02\x03"
             "\x00\x00\x02\x00\x07");
  assert_ok(wh_decode(&alloc, module.data, module.size, WH_FEATURES_ALL, &m));
  static const char *const shown[] = {"func (funcref) -> f64", "global mut i32",
                                      "table 2..3 funcref", "memory 7.."};
  for (size_t i = 0; i < WH_COUNT(shown); i++) {
    wh_text_t text = {.alloc = &alloc};
    wh_print_externtype(&text, &m->imports.items[i].type);
    assert_string_equal(text.data, shown[i]);
    wh_text_free(&text);
  }
  wh_text_t text = {.alloc = &alloc};
  wh_print_functype(&text, &m->types.items[0]);
  assert_string_equal(text.data, "func (i32, f32) -> (i64, externref)");
  wh_text_free(&text);
  assert_false(wh_functype_equal(&m->types.items[0], &m->types.items[1]));
  wh_model_free(m);
}

/* Of every form, type 0 included, whose references have nothing but a code. */
static void references_are_read_and_printed(void **state) {
  (void)state;
  const struct {
    const char *bytes, *shown;
    wherry_valtype_t type;
    wh_heap_t heap;
  } rows[] = {
      {"\x70", "funcref", WHERRY_FUNCREF, WH_HEAP(FUNC)},
      {"\x63\x6e", "anyref", WHERRY_ANYREF, WH_HEAP(ANY)},
      {"\x64\x69", "(ref exn)", wh_ref(WH_HEAP(EXN), false), WH_HEAP(EXN)},
      {"\x63\x80\x00", "(ref null 0)", wh_ref(0, true), 0},
      {"\x64\x80\x80\x00", "(ref 0)", wh_ref(0, false), 0},
      {"\x63\x81\x01", "(ref null 129)", wh_ref(129, true), 129},
  };
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    const char *problem;
    wherry_valtype_t type = 0;
    wh_text_t text = {.alloc = &alloc};
    size_t size = i == 3 || i == 5 ? 3 : i == 4 ? 4 : strlen(rows[i].bytes);
    const uint8_t *at = (const uint8_t *)rows[i].bytes;
    assert_ptr_equal(wh_read_val_type(at, at + size, &type, &problem), at + size);
    assert_int_equal(type, rows[i].type);
    assert_int_equal(wh_ref_heap(type), rows[i].heap);
    assert_int_equal(wh_ref_is_nullable(type), at[0] != 0x64);
    wh_print_valtype(&text, type);
    assert_string_equal(text.data, rows[i].shown);
    wh_text_free(&text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(malformed_modules_say_what_and_where),
      cmocka_unit_test(missing_features_are_named),
      cmocka_unit_test(a_module_is_read_whole),
      cmocka_unit_test(names_are_never_an_error),
      cmocka_unit_test(announcing_much_costs_nothing),
      cmocka_unit_test(limits_of_this_engine),
      cmocka_unit_test(imports_of_one_entry_are_many),
      cmocka_unit_test(types_are_printed),
      cmocka_unit_test(references_are_read_and_printed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
