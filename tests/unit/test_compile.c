/* What functions are compiled to: the listing is compared with what is expected of the compiler, one
   idea a row. */
#include "code/code.h"
#include "compile/compile.h"
#include "decode/decode.h"
#include "support.h"
#include "validate/validate.h"

/* Handlers that are their own numbers. */
static const wh_handlers_t handlers = {{
#define OP(name, operands, ...) WH_CODE_##name,
#include "code/all.def"
#undef OP
}};

enum { I32 = 0x7F, I64 = 0x7E, F64 = 0x7C };

typedef struct function {
  uint8_t params[8], results[4]; /* value types, ended by 0 */
  uint8_t body[64];              /* locals, then code */
  size_t size;
} function_t;

#define BODY(...) {__VA_ARGS__}, sizeof((uint8_t[]) {__VA_ARGS__})

static const struct {
  const char *idea;
  function_t function;
  const char *listing;
  bool canonical; /* for engines that are deterministic */
} cases[] = {
    {"gets and constants are operands, the result returns at once",
     {{I32}, {I32}, BODY(0, 0x20, 0, 0x41, 5, 0x6A, 0x0B)},
     "I32_ADD_SK_RET -1 5 -1"},
    {"a set is its producer's destination, and the next get finds the accumulator",
     {{I32, I32}, {I32}, BODY(0, 0x20, 0, 0x20, 1, 0x6C, 0x21, 0, 0x20, 0, 0x20, 1, 0x6B, 0x0B)},
     "I32_MUL_SS_D -2 -1 -2|I32_SUB_AS_RET -1 -2"},
    {"an operand keeps a local's old value when the local is set",
     {{I32}, {I32}, BODY(0, 0x20, 0, 0x41, 7, 0x21, 0, 0x20, 0, 0x6B, 0x0B)},
     "MOVE -1 2|SET_K32 7 -1|I32_SUB_SS_RET 2 -1 -1"},
    {"comparison and branch are one; what it skips, a return of a local, too",
     {{I32},
      {I32},
      BODY(0, 0x20, 0, 0x41, 2, 0x48, 0x04, 0x40, 0x20, 0, 0x0F, 0x0B, 0x41, 9, 0x0B)},
     "I32_LT_S_SK_RETIF -1 2 -1 -1|SET_K32 9 2|RETURN_S_u64 2 -1"},
    {"a constant on the left turns the comparison round",
     {{I64}, {I32}, BODY(0, 0x42, 3, 0x20, 0, 0x53, 0x0B)},
     "I64_GT_S_SK_RET -1 3 0 -1"},
    {"eqz after a comparison is the opposite comparison",
     {{I32, I32}, {I32}, BODY(0, 0x20, 0, 0x20, 1, 0x49, 0x45, 0x0B)},
     "I32_GE_U_SS_RET -2 -1 -2"},
    {"a float comparison has no opposite: eqz stays",
     {{F64, F64}, {I32}, BODY(0, 0x20, 0, 0x20, 1, 0x63, 0x45, 0x0B)},
     "F64_LT_SS_R -2 -1 0|I32_EQ_AK_RET 0 -2"},
    {"a deterministic engine makes a NaN the canonical one, after operations that may make any",
     {{F64, F64}, {F64}, BODY(0, 0x20, 0, 0x20, 1, 0xA0, 0x99, 0x22, 1, 0x9F, 0x0B)},
     "F64_ADD_SS_R -2 -1 0|F64_CANONICAL_A_R 0|F64_ABS_A_D -1|F64_SQRT_A_R 0|F64_CANONICAL_A_RET "
     "-2",
     true},
    {"of two floats the older is pushed, and is the first operand",
     {{F64, F64, F64, F64},
      {F64},
      BODY(0, 0x20, 0, 0x20, 1, 0xA2, 0x20, 2, 0x20, 3, 0xA2, 0xA1, 0x0B)},
     "F64_MUL_SS_R -4 -3 0|F64_MUL_SS_P -2 -1 0|F64_SUB_OA_RET -4"},
    {"of three the oldest is stored, which is wanted last",
     {{F64, F64, F64},
      {F64},
      BODY(0, 0x20, 0, 0x20, 1, 0xA2, 0x20, 1, 0x20, 2, 0xA2, 0x20, 0, 0x20, 2, 0xA2, 0xA1, 0xA1,
           0x0B)},
     "F64_MUL_SS_D -3 -2 2|F64_MUL_SS_P -2 -1 0|F64_MUL_SS_P -3 -1 0|F64_SUB_OA_R 0|F64_SUB_SA_RET "
     "2 -3"},
    {"or one that was loaded, which waited for nothing",
     {{F64, I32, I32},
      {F64},
      BODY(0, 0x20, 0, 0x9F, 0x20, 1, 0x2B, 3, 0, 0x20, 2, 0x2B, 3, 8, 0xA2, 0xA0, 0x0B)},
     "F64_SQRT_S_R -3 0|F64_LOAD_S_PD -2 0 3|F64_LOAD_S_R -1 8 0|F64_MUL_AS_R 3 0|F64_ADD_OA_RET "
     "-3"},
    {"a local that was set is found in the older accumulator, its operation made to push behind it",
     {{F64, F64},
      {F64},
      BODY(0, 0x20, 0, 0x20, 1, 0xA3, 0x21, 0, 0x20, 1, 0x9F, 0x21, 1, 0x20, 0, 0x20, 1, 0xA1,
           0x0B)},
     "F64_DIV_SS_D -2 -1 -2|F64_SQRT_S_PD -1 -1|F64_SUB_OA_RET -2"},
    {"and stays there while the sum that it is part of is made",
     {{F64, I32, I32},
      {F64},
      BODY(0, 0x20, 0, 0x9F, 0x22, 0, 0x20, 1, 0x2B, 3, 0, 0x20, 2, 0x2B, 3, 8, 0xA2, 0xA0, 0x21, 0,
           0x20, 0, 0x0B)},
     "F64_SQRT_S_D -3 -3|F64_LOAD_S_PD -2 0 3|F64_LOAD_S_R -1 8 0|F64_MUL_AS_R 3 0|F64_ADD_OA_D "
     "-3|RETURN_A_f64 -3"},
    {"a second operand is turned round to the first, where that means the same",
     {{F64, F64, I32},
      {I32},
      BODY(0, 0x20, 0, 0x9F, 0x21, 0, 0x20, 1, 0x9F, 0x21, 1, 0x20, 1, 0x20, 0, 0x63, 0x0B)},
     "F64_SQRT_S_D -3 -3|F64_SQRT_S_PD -2 -2|F64_GT_OA_RET -3"},
    {"a float in the accumulator is squared there",
     {{F64, F64}, {F64}, BODY(0, 0x20, 0, 0x20, 1, 0xA1, 0x22, 0, 0x20, 0, 0xA2, 0x0B)},
     "F64_SUB_SS_D -2 -1 -2|F64_MUL_AA_RET -2"},
    {"both accumulators are stored before a call",
     {{F64, F64},
      {F64},
      BODY(0, 0x20, 0, 0x9F, 0x20, 1, 0x9F, 0x20, 0, 0x20, 1, 0x10, 0, 0xA0, 0xA0, 0x0B)},
     "F64_SQRT_S_D -2 2|F64_SQRT_S_PD -1 3|MOVE -2 4|MOVE -1 5|CALL 0 6|F64_ADD_AS_R 3 "
     "0|F64_ADD_AS_RET 2 -2"},
    {"what else reads a value of the older accumulator has it stored",
     {{F64, F64}, {F64}, BODY(0, 0x20, 0, 0x9F, 0x20, 1, 0x9F, 0x21, 1, 0x9A, 0x20, 1, 0xA0, 0x0B)},
     "F64_SQRT_S_D -2 2|F64_SQRT_S_PD -1 -1|F64_NEG_S_P 2 0|F64_ADD_OA_RET -2"},
    {"a choice between floats is made in their accumulator",
     {{F64, F64, I32},
      {F64},
      BODY(0, 0x20, 0, 0x9F, 0x20, 1, 0x20, 2, 0x1B, 0x44, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0xA0,
           0x0B)},
     "F64_SQRT_S_D -3 2|SELECT_f64_S_SS_R -1 2 -2 0|F64_ADD_AK_RET 0 1072693248 -3"},
    {"a value in the accumulator is stored only when another needs the place",
     {{I32, I32}, {I32}, BODY(0, 0x20, 0, 0x41, 1, 0x6A, 0x20, 1, 0x41, 2, 0x6A, 0x6C, 0x0B)},
     "I32_ADD_SK_D -2 1 2|I32_ADD_SK_R -1 2 0|I32_MUL_AS_RET 2 -2"},
    {"a loop pays for its next round where it branches back",
     {{I32}, {0}, BODY(0, 0x03, 0x40, 0x20, 0, 0x41, 1, 0x6B, 0x22, 0, 0x0D, 0, 0x0B, 0x0B)},
     "I32_ADD_SK_D -1 -1 -1|TRUE_A_BRL -5 5|RETURN"},
    {"a branch that carries a value moves it on the way taken only",
     {{I32}, {I32}, BODY(0, 0x02, I32, 0x20, 0, 0x20, 0, 0x0D, 0, 0x1A, 0x41, 3, 0x0B, 0x0B)},
     "TRUE_S_BRN -1 11|MOVE -1 2|BR 7|SET_K32 3 2|RETURN_S_u64 2 -1"},
    {"what cannot be reached is not compiled",
     {{0}, {I32}, BODY(0, 0x00, 0x41, 1, 0x41, 2, 0x6A, 0x0B)},
     "UNREACHABLE"},
    {"a wide sum takes its operands where they are and leaves its halves side by side",
     {{I64, I64}, {I64, I64}, BODY(0, 0x20, 0, 0x20, 1, 0x20, 0, 0x42, 7, 0xFC, 0x13, 0x0B)},
     "SET_K32 7 5|I64_ADD128 -2 -1 -2 5 2|RETURN_MANY 2 2 -2"},
    {"a wide product's halves go to locals by moves",
     {{I64}, {I64}, BODY(1, 1, I64, 0x20, 0, 0x42, 3, 0xFC, 0x15, 0x21, 1, 0x20, 1, 0x7C, 0x0B)},
     "SET_K32 3 4|I64_MUL_WIDE_S -1 4 3|MOVE 4 2|I64_ADD_SS_RET 3 2 -1"},
    {"a constant added to an address is a part of the access",
     {{I32}, {I32}, BODY(0, 0x20, 0, 0x41, 8, 0x6A, 0x28, 2, 4, 0x0B)},
     "I32_LOAD_W_RET -1 8 4 -1"},
    {"so it is when the value to store is computed in between",
     {{I32, I32}, {0}, BODY(0, 0x20, 0, 0x41, 8, 0x6A, 0x20, 1, 0x20, 1, 0x6C, 0x36, 2, 0, 0x0B)},
     "I32_MUL_SS_R -1 -1 0|I32_STORE_WA -2 8 0|RETURN"},
    {"constants that are added and subtracted become one",
     {{I32}, {I32}, BODY(0, 0x20, 0, 0x41, 8, 0x6A, 0x41, 3, 0x6B, 0x41, 1, 0x6A, 0x0B)},
     "I32_ADD_SK_RET -1 6 -1"},
    {"a sum keeps a local's old value when the local is set",
     {{I32}, {I32}, BODY(0, 0x20, 0, 0x41, 8, 0x6A, 0x41, 7, 0x21, 0, 0x28, 2, 0, 0x0B)},
     "SUM_S -1 8 2|SET_K32 7 -1|I32_LOAD_S_RET 2 0 -1"},
    {"the old value is moved before the operation that makes the new one, which can then be stored "
     "by it",
     {{I32, I32},
      {I32},
      BODY(0, 0x20, 0, 0x20, 0, 0x28, 2, 0, 0x22, 0, 0x20, 1, 0x6C, 0x6B, 0x20, 0, 0x6C, 0x0B)},
     "MOVE -2 2|I32_LOAD_S_D -2 0 -2|I32_MUL_AS_R -1 0|I32_SUB_SA_R 2 0|I32_MUL_AS_RET -2 -2"},
    {"a sum is computed right into the local that is set",
     {{I32, I32}, {I32}, BODY(0, 0x20, 0, 0x41, 8, 0x6A, 0x22, 1, 0x20, 1, 0x6C, 0x0B)},
     "I32_ADD_SK_D -2 8 -1|I32_MUL_AS_RET -1 -2"},
    {"a sum in the accumulator is stored without the constant",
     {{I32, I32},
      {I32},
      BODY(0, 0x20, 0, 0x20, 1, 0x6C, 0x41, 8, 0x6A, 0x28, 2, 0, 0x20, 0, 0x20, 1, 0x6C, 0x41, 8,
           0x6A, 0x20, 1, 0x20, 1, 0x6C, 0x36, 2, 0, 0x0B)},
     "I32_MUL_SS_R -2 -1 0|I32_ADD_AK_R 8 0|I32_LOAD_A_D 0 2|I32_MUL_SS_D -2 -1 3|I32_MUL_SS_R -1 "
     "-1 "
     "0|I32_STORE_WA 3 8 0|RETURN_S_u64 2 -2"},
    {"a constant is subtracted from the other that a sum is compared with",
     {{I32}, {I32}, BODY(0, 0x20, 0, 0x41, 8, 0x6A, 0x41, 9, 0x46, 0x0B)},
     "I32_EQ_SK_RET -1 1 -1"},
    {"a sum is zero if its slot is the negative constant",
     {{I32}, {I32}, BODY(0, 0x20, 0, 0x41, 8, 0x6A, 0x45, 0x0B)},
     "I32_EQ_SK_RET -1 -8 -1"},
    {"a branch that carries a sum computes it on the way taken only",
     {{I32},
      {I32},
      BODY(0, 0x02, I32, 0x20, 0, 0x41, 1, 0x6A, 0x20, 0, 0x0D, 0, 0x1A, 0x41, 3, 0x0B, 0x0B)},
     "TRUE_S_BRN -1 12|SUM_S -1 1 2|BR 7|SET_K32 3 2|RETURN_S_u64 2 -1"},
    {"an address is the low half of where its i64 is",
     {{I64}, {I32}, BODY(0, 0x20, 0, 0xA7, 0x28, 2, 0, 0x0B)},
     "I32_LOAD_S_RET -1 0 -1"},
    {"a branch if a value is zero looks at the value",
     {{I32},
      {I32},
      BODY(0, 0x02, 0x40, 0x20, 0, 0x45, 0x0D, 0, 0x41, 1, 0x21, 0, 0x0B, 0x20, 0, 0x0B)},
     "TRUE_S_BRN -1 8|SET_K32 1 -1|RETURN_S_u64 -1 -1"},
    {"a return if a value is zero compares it",
     {{I32, I32}, {I32}, BODY(0, 0x20, 0, 0x45, 0x04, 0x40, 0x20, 1, 0x0F, 0x0B, 0x41, 9, 0x0B)},
     "I32_EQ_SK_RETIF -2 0 -1 -2|SET_K32 9 2|RETURN_S_u64 2 -2"},
    {"so does one if a value in the accumulator is",
     {{I32, I32},
      {I32},
      BODY(0, 0x20, 0, 0x20, 1, 0x71, 0x45, 0x04, 0x40, 0x20, 1, 0x0F, 0x0B, 0x41, 9, 0x0B)},
     "I32_AND_SS_R -2 -1 0|I32_EQ_AK_RETIF 0 -1 -2|SET_K32 9 2|RETURN_S_u64 2 -2"},
    {"a constant that is subtracted is added",
     {{I64}, {I64}, BODY(0, 0x20, 0, 0x42, 3, 0x7D, 0x0B)},
     "I64_ADD_SK_RET -1 -3 -1 -1"},
    {"a constant has any width at once",
     {{I64}, {I32}, BODY(0, 0x42, 0x90, 1, 0xA7, 0x28, 2, 0, 0x0B)},
     "I32_LOAD_K_RET 144 0 -1"},
    {"a value that is moved as a whole has no high half",
     {{I64}, {I32}, BODY(0, 0x20, 0, 0xA7, 0x0B)},
     "I32_WRAP_I64_S_RET -1 -1"},
    {"an address computed in 64 bits is a sum",
     {{I32}, {I32}, BODY(0, 0x20, 0, 0xAD, 0x42, 8, 0x7C, 0xA7, 0x28, 2, 0, 0x0B)},
     "I32_LOAD_W_RET -1 8 0 -1"},
    {"locals start as zero if they may be read before they are set",
     {{0}, {I64}, BODY(2, 1, I64, 2, I32, 0x20, 0, 0x0B)},
     "SET_K32 0 2|RETURN_S_u64 2 0"},
    {"what lies between two such locals is made zero as well",
     {{0}, {I32}, BODY(2, 2, I64, 2, I32, 0x20, 1, 0xA7, 0x20, 3, 0x6A, 0x0B)},
     "ZERO 3 3|I32_ADD_SS_RET 3 5 0"},
    {"a local that both ways set is not read before",
     {{I32},
      {I32},
      BODY(1, 1, I32, 0x20, 0, 0x04, 0x40, 0x41, 1, 0x21, 1, 0x05, 0x41, 2, 0x21, 1, 0x0B, 0x20, 1,
           0x0B)},
     "TRUE_S_BRN -1 11|SET_K32 1 2|BR 7|SET_K32 2 2|RETURN_S_u64 2 -1"},
    {"a local that one way sets may be",
     {{I32}, {I32}, BODY(1, 1, I32, 0x20, 0, 0x04, 0x40, 0x41, 1, 0x21, 1, 0x0B, 0x20, 1, 0x0B)},
     "SET_K32 0 2|TRUE_S_BRN -1 8|SET_K32 1 2|RETURN_S_u64 2 -1"},
};

static size_t put_types(uint8_t *at, const uint8_t *types) {
  size_t count = strlen((const char *)types);
  at[0] = (uint8_t)count;
  memcpy(at + 1, types, count);
  return count + 1;
}

/* A module with the one function and a memory. */
static size_t assemble(const function_t *function, uint8_t *out) {
  static const uint8_t head[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  uint8_t *at = out;
  memcpy(at, head, sizeof head);
  at += sizeof head;
  uint8_t *section = at;
  *at++ = 1; /* types */
  at++;
  *at++ = 1;
  *at++ = 0x60;
  at += put_types(at, function->params);
  at += put_types(at, function->results);
  section[1] = (uint8_t)(at - section - 2);
  static const uint8_t sections[] = {3, 2, 1, 0, 5, 3, 1, 0, 1, 10}; /* functions, memories, code */
  memcpy(at, sections, sizeof sections);
  at += sizeof sections;
  *at++ = (uint8_t)(function->size + 2);
  *at++ = 1;
  *at++ = (uint8_t)function->size;
  memcpy(at, function->body, function->size);
  return (size_t)(at + function->size - out);
}

/* The listing without its head, places and indentation, rows joined by |. */
static void squeeze(char *text) {
  char *to = text;
  char *row = strchr(text, '\n') + 1;
  while (*row) {
    while (*row == ' ') row++;
    row = strchr(row, ' ') + 2;
    if (to != text) *to++ = '|';
    while (*row != '\n') *to++ = *row++;
    row++;
  }
  *to = 0;
}

static void compiles_to_what_the_listing_says(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  for (size_t i = 0; i < WH_COUNT(cases); i++) {
    uint8_t bytes[256];
    size_t size = assemble(&cases[i].function, bytes);
    wh_model_t *model;
    assert_ok(wh_decode(&alloc, bytes, size, WH_FEATURES_ALL, &model));
    assert_ok(wh_validate(model, WH_FEATURES_ALL));
    wh_code_t *code;
    assert_ok(wh_compile(&alloc, model, NULL, 0, &handlers, NULL, cases[i].canonical, &code));
    wh_text_t text = {.alloc = &alloc};
    wh_code_print(code, &handlers, &text);
    squeeze(text.data);
    if (strcmp(text.data, cases[i].listing) != 0)
      fail_msg("%s:\n  %s\nexpected\n  %s", cases[i].idea, text.data, cases[i].listing);
    wh_text_free(&text);
    wh_free(&alloc, code, code->size);
    wh_model_free(model);
  }
  assert_int_equal(atomic_load(&alloc.used), 0);
}

/* Nothing runs where a guarded part begins or ends. */
static void guards_lie_beside_the_code(void **state) {
  (void)state;
  static const char module[] =
      "(module (tag $e (param i32)) (tag $none)"
      "  (func (result i32)"
      "    (block $h (result i32 exnref)"
      "      (block $all"
      "        (try_table (catch_ref $e $h) (catch_all $all) (call 0) (drop)))"
      "      (return (i32.const 5)))"
      "    (drop))"
      "  (func (param i32) (local i32)"
      "    (try $t (do (try (do (call 0) (drop)) (delegate $t)))"
      "      (catch $e (drop))"
      "      (catch_all (rethrow 0)))))";
  static const char *const listings[] = {"function 0: 4 slots, cost 5\n"
                                         "    0  CALL 0 2\n"
                                         "    4  SET_K32 5 2\n"
                                         "    8  RETURN_S_u64 2 0\n"
                                         "   12  RETURN_S_u64 2 0\n"
                                         "guard 0 to 4: tag 0 goes to 12, values 2, itself 3\n"
                                         "guard 0 to 4: any goes to 4\n",
                                         "function 1: 5 slots, cost 2\n"
                                         "    0  CALL 0 3\n"
                                         "    4  BR 9\n"
                                         "    7  BR 6\n"
                                         "   10  THROW_REF 3\n"
                                         "   13  RETURN\n"
                                         "guard 0 to 4: on from guard 1\n"
                                         "guard 0 to 4: tag 0 goes to 7, values 4\n"
                                         "guard 0 to 4: any goes to 10, itself 3\n"};
  wherry_engine_t *engine;
  wherry_bytes_t bytes;
  assert_ok(wherry_engine_new(NULL, &engine));
  assert_ok(wherry_text_to_binary(engine, module, sizeof module - 1, &bytes));
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_model_t *model;
  assert_ok(wh_decode(&alloc, bytes.data, bytes.size, WH_FEATURES_ALL, &model));
  assert_ok(wh_validate(model, WH_FEATURES_ALL));
  for (uint32_t i = 0; i < WH_COUNT(listings); i++) {
    wh_code_t *code;
    assert_ok(wh_compile(&alloc, model, NULL, i, &handlers, NULL, false, &code));
    wh_text_t text = {.alloc = &alloc};
    wh_code_print(code, &handlers, &text);
    assert_string_equal(text.data, listings[i]);
    uint64_t call = wh_code_offset(code, 0);
    assert_true(call > 0 && call < bytes.size);
    assert_int_equal(bytes.data[call], 0x10); /* whatever words were left out before it */
    wh_text_free(&text);
    wh_free(&alloc, code, code->size);
  }
  wh_model_free(model);
  wherry_bytes_release(engine, bytes);
  wherry_engine_release(engine);
}

/* A load that makes a local's new value trades places with the move of its old one: it is still found in
   the binary. */
static void loads_that_move_are_found_in_the_binary(void **state) {
  (void)state;
  static const char module[] = "(module (memory 1) (func (param i32) (result i32)"
                               "  (local.get 0)"
                               "  (local.set 0 (i32.load (local.get 0)))"
                               "  (i32.add (i32.load (local.get 0)))))";
  wherry_engine_t *engine;
  wherry_bytes_t bytes;
  assert_ok(wherry_engine_new(NULL, &engine));
  assert_ok(wherry_text_to_binary(engine, module, sizeof module - 1, &bytes));
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wh_model_t *model;
  assert_ok(wh_decode(&alloc, bytes.data, bytes.size, WH_FEATURES_ALL, &model));
  assert_ok(wh_validate(model, WH_FEATURES_ALL));
  wh_code_t *code;
  assert_ok(wh_compile(&alloc, model, NULL, 0, &handlers, NULL, false, &code));
  wh_text_t text = {.alloc = &alloc};
  wh_code_print(code, &handlers, &text);
  size_t offset = model->bodies.items[0].offset, loads = 0;
  assert_non_null(strstr(text.data, "0  MOVE -1"));
  for (const char *line = text.data; line; line = strchr(line + 1, '\n')) {
    const char *load = strstr(line, "I32_LOAD");
    if (!load || load > line + 10) continue;
    while (bytes.data[offset] != 0x28) offset++;
    assert_int_equal(wh_code_offset(code, (uint32_t)strtoul(line, NULL, 10)), offset++);
    loads++;
  }
  assert_int_equal(loads, 2);
  wh_text_free(&text);
  wh_free(&alloc, code, code->size);
  wh_model_free(model);
  wherry_bytes_release(engine, bytes);
  wherry_engine_release(engine);
}

static void survives_any_failing_allocation(void **state) {
  (void)state;
  blob_t blob = blob_read(OWN_GUESTS "greet.wasm");
  assert_non_null(blob.data);
  wh_alloc_t plain;
  wh_alloc_init(&plain, NULL);
  wh_model_t *model;
  assert_ok(wh_decode(&plain, blob.data, blob.size, WH_FEATURES_ALL, &model));
  assert_ok(wh_validate(model, WH_FEATURES_ALL));
  uint32_t end = model->imported_functions + (uint32_t)model->bodies.count;
  for (uint32_t function = model->imported_functions; function < end; function++) {
    for (size_t fail_at = 1;; fail_at++) {
      failing_t failing = {.fail_at = fail_at};
      wherry_allocator_t host = failing_allocator(&failing);
      wh_alloc_t alloc;
      wh_alloc_init(&alloc, &host);
      wh_code_t *code = NULL;
      wherry_error_t *error =
          wh_compile(&alloc, model, NULL, function, &handlers, NULL, false, &code);
      if (!error) {
        wh_free(&alloc, code, code->size);
        assert_int_equal(failing.live_blocks, 0);
        break;
      }
      assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
      assert_int_equal(failing.live_blocks, 0);
    }
  }
  wh_model_free(model);
  free(blob.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(compiles_to_what_the_listing_says),
      cmocka_unit_test(guards_lie_beside_the_code),
      cmocka_unit_test(loads_that_move_are_found_in_the_binary),
      cmocka_unit_test(survives_any_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
