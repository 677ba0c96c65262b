/* ops: the table is consistent in itself. */
#include "support.h"

#include "ops/ops.h"

static const struct {
  uint32_t opcode;
  const char *identifier, *name, *signature;
  wh_imm_t immediates;
  unsigned align;
} rows[] = {
#define OP(opcode, identifier, name, imm, signature, feature) \
  {opcode, #identifier, name, signature, (WH_IMM_##imm) & 0xFF, (WH_IMM_##imm) >> 8},
#include "ops/ops.def"
};

static void rows_are_in_order_and_found(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    if (i) assert_true(rows[i - 1].opcode < rows[i].opcode);
    const wh_op_t *op = wh_op(rows[i].opcode);
    assert_non_null(op);
    assert_string_equal(op->name, rows[i].name);
    assert_string_equal(op->signature, rows[i].signature);
    assert_int_equal(op->immediates, rows[i].immediates);
    assert_int_equal(op->align, rows[i].align);
    assert_null(wh_later_opcode(rows[i].opcode));
  }
}

/* I32_LOAD8_U and "i32.load8_u": one can be told from the other. */
static void identifiers_are_the_names(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    char name[64];
    size_t size = 0;
    for (const char *at = rows[i].name; *at; at++)
      name[size++] = *at == '.' ? '_' : *at >= 'a' && *at <= 'z' ? (char)(*at - 32) : *at;
    name[size] = 0;
    uint32_t opcode = rows[i].opcode; /* the second of two with one name */
    if (opcode != WH_OP_SELECT_TYPED && opcode != WH_OP_REF_TEST_NULL &&
        opcode != WH_OP_REF_CAST_NULL)
      assert_string_equal(rows[i].identifier, name);
  }
}

static void signatures_have_known_letters(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    const char *signature = rows[i].signature;
    if (strcmp(signature, "*") == 0) continue;
    const char *colon = strchr(signature, ':');
    assert_non_null(colon);
    assert_null(strchr(colon + 1, ':'));
    assert_true(strlen(colon + 1) <= 2);
    assert_int_equal(strspn(signature, "ilfdvra:"), strlen(signature));
    if (rows[i].immediates == WH_IMM_MEMARG_) assert_int_equal(signature[0], 'a');
  }
}

static void what_comes_later_is_named(void **state) {
  (void)state;
  static const struct {
    uint32_t opcode;
    const char *feature;
  } later[] = {
      {0xFB0020, "custom-descriptors"},
      {0xFF, NULL},
      {0xF3, NULL},
      {0xFC00FF, NULL},
      {0xFD0200, NULL},
      {0x27, NULL},
  };
  for (size_t i = 0; i < WH_COUNT(later); i++) {
    assert_null(wh_op(later[i].opcode));
    const char *feature = wh_later_opcode(later[i].opcode);
    if (later[i].feature)
      assert_string_equal(feature, later[i].feature);
    else
      assert_null(feature);
  }
  assert_string_equal(wh_later_type(0x62), "custom-descriptors");
  assert_null(wh_later_type(0x63));
  assert_true(wh_op_is_prefix(0xFD) && !wh_op_is_prefix(0xFF) && !wh_op_is_prefix(0xFA));
}

static void features_have_names(void **state) {
  (void)state;
  for (int i = 0; i < WHERRY_FEATURE_COUNT; i++)
    assert_non_null(wherry_feature_name((wherry_feature_t)i));
  assert_null(wherry_feature_name(WHERRY_FEATURE_COUNT));
  assert_error(wh_error_needs_feature(NULL, 3, "custom-descriptors", "ref.get_desc"), INVALID,
               "ref.get_desc needs feature custom-descriptors, which this version does not have");
  assert_error(wh_error_needs_feature(NULL, 3, "tail-call", "return_call"), INVALID,
               "return_call needs feature tail-call, which is switched off");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_in_order_and_found),   cmocka_unit_test(identifiers_are_the_names),
      cmocka_unit_test(signatures_have_known_letters), cmocka_unit_test(what_comes_later_is_named),
      cmocka_unit_test(features_have_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
