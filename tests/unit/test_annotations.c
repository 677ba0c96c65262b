/* Annotations in text: the custom sections that they become, where these stand, and what is refused. */
#include "support.h"

#include "base/base.h"

static wherry_engine_t *engine;

static int make_engine(void **state) {
  (void)state;
  return wherry_engine_new(NULL, &engine) ? 1 : 0;
}

static int drop_engine(void **state) {
  (void)state;
  wherry_engine_release(engine);
  return 0;
}

/* The custom sections of a binary in their order, with the ids of the others between them: "1 A=aaa 3".
   Freed by the caller. */
static char *sections_of(wherry_bytes_t bytes) {
  char *out = calloc(1, 4 * bytes.size + 64);
  wh_reader_t in = {bytes.data, bytes.data + 8, bytes.data + bytes.size, 0};
  uint8_t id;
  uint32_t size;
  const uint8_t *section;
  while (wh_read_u8(&in, &id) && wh_read_u32(&in, &size) && wh_read_bytes(&in, size, &section)) {
    sprintf(out + strlen(out), "%s%u", *out ? " " : "", id);
    if (id) continue;
    out[strlen(out) - 1] = 0;
    wh_reader_t inner = {section, section, section + size, 0};
    uint32_t length;
    assert_true(wh_read_u32(&inner, &length));
    strncat(out, (const char *)inner.next, length);
    strcat(out, "=");
    inner.next += length;
    for (; inner.next < inner.end; inner.next++)
      sprintf(out + strlen(out), *inner.next > 0x20 && *inner.next < 0x7F ? "%c" : "\\%02x",
              *inner.next);
  }
  return out;
}

static const struct {
  const char *text, *sections;
} good[] = {
    /* the standard's own example (Custom Annotations) */
    {"(module (@custom \"A\" \"aaa\") (type $t (func)) (@custom \"B\" (after func) \"bbb\")"
     " (@custom \"C\" (before func) \"ccc\") (@custom \"D\" (after last) \"ddd\") (table 10 "
     "funcref)"
     " (func (type 0)) (@custom \"E\" (after import) \"eee\") (@custom \"F\" (before type) \"fff\")"
     " (@custom \"G\" (after data) \"ggg\") (@custom \"H\" (after code) \"hhh\")"
     " (@custom \"I\" (after func) \"iii\") (@custom \"J\" (before func) \"jjj\")"
     " (@custom \"K\" (before first) \"kkk\"))",
     "K=kkk F=fff 1 E=eee C=ccc J=jjj 3 B=bbb I=iii 4 10 H=hhh G=ggg name=\\04\\04\\01\\00\\01t "
     "A=aaa "
     "D=ddd"},
    {"(@custom \"\")", "="},
    {"(@\"custom\" \"a\" \"b\" (; c ;) \"\" \"\\64\" (@x (y)) \"e\")", "a=bde"},
    {"(memory 1) (data \"\") (func data.drop 0) (@custom \"a\" (before code)) (@custom \"b\" "
     "(after "
     "elem))",
     "1 3 5 b= 12 a= 10 11"},
    /* names: an annotation is what counts, and things without an identifier may have one */
    {"(module $m (@name \"M\\c3\\bc\"))", "name=\\00\\04\\03M\\c3\\bc"},
    {"(@name \"\")", "name=\\00\\01\\00"},
    {"(func $f (@name \"a b\") (param (@name \"p\") i32) (local $l i64) (local i32 i32) (local "
     "(@name \"\") f32) (block (@name \"x\") (loop $y (@name \"z\"))) (call $f (local.get 0)))",
     "1 3 10 name=\\01\\06\\01\\00\\03a\\20b\\02\\0b\\01\\00\\03\\00\\01p\\01\\01l\\04\\00"
     "\\03\\09\\01\\00\\02\\00\\01x\\01\\01z"},
    {"(import \"\" \"\" (func (param i32 i32) (param $x i32)))",
     "1 2 name=\\02\\06\\01\\00\\01\\02\\01x"},
    {"(type $a (func (param $n i32))) (table $b 0 funcref) (memory $c 0) (global $d i32 i32.const "
     "0)"
     "(elem $e func) (data $f \"\")",
     "1 4 5 6 9 11 name=\\04\\04\\01\\00\\01a\\05\\04\\01\\00\\01b\\06\\04\\01\\00\\01c"
     "\\07\\04\\01\\00\\01d\\08\\04\\01\\00\\01e\\09\\04\\01\\00\\01f"},
    /* the condition of a folded if comes before it */
    {"(func (if $a (block $b (result i32) (i32.const 0)) (then)))",
     "1 3 10 name=\\03\\09\\01\\00\\02\\00\\01b\\01\\01a"},
    /* a name section that is written out is the one that is meant, or one more */
    {"(func $f) (@custom \"name\" \"x\")", "1 3 10 name=x"},
    {"(func $f (@name \"g\")) (@custom \"name\" \"x\")",
     "1 3 10 name=\\01\\04\\01\\00\\01g name=x"},
    /* hints */
    {"(func (param i32) local.get 0 (@metadata.code.branch_hint \"\\01\") if end (local i32))",
     NULL},
    {"(func) (func (param i32) (local i32) local.get 0 (@metadata.code.branch_hint \"\\01\") if "
     "end "
     "(@metadata.code.branch_hint \"\" \"\\00\") (if (block (result i32) (i32.const 1)) (then "
     "(@metadata.code.branch_hint \"\\01\") (br_if 0 (local.get 0)))))",
     "1 3 metadata.code.branch_hint=\\01\\01\\03\\05\\01\\01\\0d\\01\\00\\11\\01\\01 10"},
};

static void annotations_become_sections(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(good); i++) {
    wherry_bytes_t bytes;
    wherry_error_t *error =
        wherry_text_to_binary(engine, good[i].text, strlen(good[i].text), &bytes);
    if (!good[i].sections) {
      assert_error(error, MALFORMED, "");
      continue;
    }
    assert_ok(error);
    char *sections = sections_of(bytes);
    assert_string_equal(sections, good[i].sections);
    free(sections);
    wherry_bytes_release(engine, bytes);
  }
}

#define HINT "@metadata.code.branch_hint"
static const struct {
  const char *text, *error;
} bad[] = {
    {"(@custom)", "line 1, column 1: @custom annotation: missing section name"},
    {"(@custom bla)", "@custom annotation: missing section name"},
    {"(@custom \"\\df\")", "@custom annotation: malformed UTF-8 encoding"},
    {"(@custom \"a\" here)", "@custom annotation: unexpected token"},
    {"(@custom \"a\" \"b\" (after type))", "@custom annotation: unexpected token"},
    {"(@custom \"a\" (after type type))", "@custom annotation: unexpected token"},
    {"(@custom \"a\" (after))", "@custom annotation: malformed section kind"},
    {"(@custom \"a\" (after first))", "@custom annotation: malformed section kind"},
    {"(@custom \"a\" ())", "@custom annotation: malformed placement"},
    {"(@custom \"a\" (aft type))", "@custom annotation: malformed placement"},
    {"(type (@custom \"a\") (func))", "misplaced @custom annotation"},
    {"(func (nop (@custom \"a\")))", "misplaced @custom annotation"},
    {"(module (@name \"a\") (@name \"b\"))", "@name annotation: multiple module names"},
    {"(module (func) (@name \"a\"))", "misplaced @name annotation"},
    {"(func (@name \"a\") $f)", "misplaced @name annotation"},
    {"(func (@name \"a\") (@name \"b\"))", "misplaced @name annotation"},
    {"(func (param i32 (@name \"a\")))", "misplaced @name annotation"},
    {"(func (@name))", "@name annotation: expected one string"},
    {"(func (@name \"a\" \"b\"))", "@name annotation: expected one string"},
    {"(func (@name \"\\ff\"))", "@name annotation: malformed UTF-8 encoding"},
    {"(func (" HINT " \"\\01\") nop)", HINT " annotation: invalid target"},
    {"(func (" HINT " \"\\02\") if end)", HINT " annotation: invalid hint value"},
    {"(func (" HINT " 1) if end)", HINT " annotation: invalid hint value"},
    {"(func (" HINT " \"\\00\") (" HINT " \"\\00\") if end)",
     HINT " annotation: duplicate annotation"},
    {"(" HINT " \"\\00\") (func)", HINT " annotation: not in a function"},
    {"(global i32 (" HINT " \"\\00\") i32.const 0)", HINT " annotation: not in a function"},
};

static void what_is_wrong_is_told(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(bad); i++) {
    wherry_bytes_t bytes;
    wherry_error_t *error = wherry_text_to_binary(engine, bad[i].text, strlen(bad[i].text), &bytes);
    if (!error) fail_msg("%s: no error", bad[i].text);
    if (!strstr(wherry_error_message(error), bad[i].error))
      fail_msg("%s: %s", bad[i].text, wherry_error_message(error));
    wherry_error_release(error);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(annotations_become_sections),
      cmocka_unit_test(what_is_wrong_is_told),
  };
  return cmocka_run_group_tests_name("annotations", tests, make_engine, drop_engine);
}
