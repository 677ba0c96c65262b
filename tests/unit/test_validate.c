/* validate: bodies and modules that break a rule, features that are off, memory that runs out, bytes
   that were changed at random. */
#include "support.h"
#include "sections.h"

#include <time.h>

#include "decode/decode.h"
#include "encode/encode.h"
#include "validate/validate.h"

#define BYTES(s) s, sizeof(s) - 1

static wherry_error_t *check(wh_alloc_t *alloc, const uint8_t *bytes, size_t size,
                             wh_features_t features) {
  wh_model_t *model = NULL;
  wherry_error_t *error = wh_decode(alloc, bytes, size, features, &model);
  if (!error) error = wh_validate(model, features);
  wh_model_free(model);
  return error;
}

/* ---- bodies ---- */

/* A module around one body. Types: 0 [] [], 1 [i32] [i32], 2 [i32 i64] [f32 f64], 3 [] [i32],
   4 [] [funcref], 5 [i64] []. Functions: 0 imported (type 1), 1 the body, 2 of type 0, 3 of type 2.
   Tables: 0 funcref, 1 externref. Globals: 0 i32, 1 mutable i64. Elements: 0 of funcref, declares
   function 2. One memory, one passive data segment. */
static void around(module_bytes_t *module, uint8_t type, const char *body, size_t size) {
  module_begin(module);
  SECTION_OF(module, 1,
             "\x06\x60\x00\x00\x60\x01\x7f\x01\x7f\x60\x02\x7f\x7e\x02\x7d\x7c"
             "\x60\x00\x01\x7f\x60\x00\x01\x70\x60\x01\x7e\x00");
  SECTION_OF(module, 2,
             "\x01\x01m\x01"
             "f\x00\x01");
  uint8_t functions[] = {3, type, 0, 2};
  module_section(module, 3, functions, sizeof functions);
  SECTION_OF(module, 4, "\x02\x70\x00\x05\x6f\x00\x05");
  SECTION_OF(module, 5, "\x01\x00\x01");
  SECTION_OF(module, 6, "\x02\x7f\x00\x41\x00\x0b\x7e\x01\x42\x00\x0b");
  SECTION_OF(module, 9, "\x01\x03\x00\x01\x02");
  SECTION_OF(module, 12, "\x01");
  static const char others[] =
      "\x02\x00\x0b\x10\x00\x43\x00\x00\x00\x00\x44\x00\x00\x00\x00\x00\x00\x00\x00\x0b";
  module_bytes_t code = {.size = 0};
  module_number(&code, 3);
  module_number(&code, size);
  module_append(&code, body, size);
  module_append(&code, others, sizeof others - 1);
  module_section(module, 10, code.data, code.size);
  SECTION_OF(module, 11, "\x01\x01\x00");
}

#define OK NULL
#define INVALID(text) "i" text
#define MALFORMED(text) "m" text

static const struct {
  uint8_t type;
  const char *body; /* locals, code */
  size_t size;
  const char *error; /* its kind's letter, then its text; NULL: it is valid */
} bodies[] = {
    /* operands */
    {0, BYTES("\x00\x0b"), OK},
    {3, BYTES("\x00\x41\x01\x0b"), OK},
    {3, BYTES("\x00\x0b"), INVALID("type mismatch: end expects i32, but nothing is left")},
    {3, BYTES("\x00\x42\x01\x0b"),
     INVALID("type mismatch: end expects i32, but found i64 (function 1)")},
    {0, BYTES("\x00\x41\x01\x0b"), INVALID("type mismatch: values remain on the stack")},
    {3, BYTES("\x00\x41\x01\x42\x01\x6a\x0b"),
     INVALID("type mismatch: i32.add expects i32, but found i64")},
    {3, BYTES("\x00\x41\x01\x6a\x0b"),
     INVALID("type mismatch: i32.add expects i32, but nothing is left")},
    {3, BYTES("\x00\x6a\x0b"), INVALID("type mismatch")},
    {0, BYTES("\x00\x1a\x0b"), INVALID("type mismatch: drop expects a value")},
    {3, BYTES("\x00\x00\x6a\x0b"), OK},
    {3, BYTES("\x00\x00\x41\x00\x6a\x0b"), OK},
    {3, BYTES("\x00\x00\x42\x00\x6a\x0b"),
     INVALID("type mismatch: i32.add expects i32, but found i64")},
    {3, BYTES("\x00\x00\x42\x00\x1a\x1a\x1a\x0b"), OK},
    {3, BYTES("\x00\x00\x41\x00\x41\x00\x0b"), INVALID("values remain on the stack")},
    /* locals */
    {1, BYTES("\x00\x20\x00\x0b"), OK},
    {1, BYTES("\x00\x20\x01\x0b"), INVALID("unknown local 1: local.get, but there are 1")},
    {1, BYTES("\x02\x01\x7e\x02\x7d\x20\x03\x1a\x20\x01\x50\x0b"), OK},
    {1, BYTES("\x02\x01\x7e\x02\x7d\x20\x04\x0b"), INVALID("unknown local 4")},
    {0, BYTES("\x01\x01\x7e\x41\x00\x21\x00\x0b"),
     INVALID("type mismatch: local.set expects i64, but found i32")},
    {0, BYTES("\x01\x01\x7e\x42\x00\x22\x00\x21\x00\x0b"), OK},
    {0, BYTES("\x02\x80\x30\x7f\x80\x10\x7e\x20\x80\x38\x21\x80\x30\x0b"), OK}, /* thousands */
    {0, BYTES("\x02\x80\x30\x7f\x80\x10\x7e\x20\xff\x2f\x21\x80\x30\x0b"),
     INVALID("type mismatch: local.set expects i64, but found i32")},
    {0, BYTES("\x01\xff\xff\xff\xff\x0f\x7f\x0b"), "l4294967295 locals: this engine takes 50000"},
    {0, BYTES("\x02\xff\xff\xff\xff\x0f\x7f\x01\x7f\x0b"), MALFORMED("too many locals")},
    {0, BYTES("\x01\x01\x40\x0b"), MALFORMED("malformed value type 0x40: a local variable")},
    {0, BYTES("\x01\x01\x7b\x0b"), OK},
    {0,
     BYTES("\x00\x02\x7b\xfd\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
           "\x0b\x45\x1a\x0b"),
     INVALID("type mismatch: i32.eqz expects i32, but found v128")},
    {0, BYTES("\x00\x02\x7b\x41\x00\x0b\x1a\x0b"),
     INVALID("type mismatch: end expects v128, but found i32")},
    /* blocks */
    {3, BYTES("\x00\x02\x7f\x41\x00\x0b\x0b"), OK},
    {3, BYTES("\x00\x41\x00\x02\x01\x45\x0b\x0b"), OK},
    {0, BYTES("\x00\x02\x01\x0b\x0b"),
     INVALID("type mismatch: block expects i32, but nothing is left")},
    {0, BYTES("\x00\x02\x06\x0b\x0b"), INVALID("unknown type 6: block, but there are 6")},
    {0, BYTES("\x00\x02\x41\x0b\x0b"), MALFORMED("malformed value type 0x41: block")},
    {0, BYTES("\x00\x02\x63\x68\x0b\x0b"), MALFORMED("malformed heap type 0x63: block")},
    {0, BYTES("\x00\x41\x00\x02\x40\x1a\x0b\x0b"),
     INVALID("type mismatch: drop expects a value, but nothing is left in this block")},
    {3, BYTES("\x00\x41\x01\x04\x7f\x41\x02\x05\x41\x03\x0b\x0b"), OK},
    {3, BYTES("\x00\x41\x01\x04\x7f\x41\x02\x0b\x0b"),
     INVALID("type mismatch: an if without else")},
    {3, BYTES("\x00\x41\x01\x41\x01\x04\x01\x45\x0b\x0b"), OK},
    {0, BYTES("\x00\x41\x01\x04\x40\x05\x05\x0b\x0b"),
     MALFORMED("END opcode expected: an else that belongs to no if")},
    {0, BYTES("\x00\x05\x0b"), MALFORMED("END opcode expected")},
    {0, BYTES("\x00\x02\x40\x0b"),
     MALFORMED("unexpected end of section or function: END opcode expected")},
    {0, BYTES("\x00\x0b\x0b"), MALFORMED("section size mismatch: 1 bytes behind the end")},
    {0, BYTES("\x00"), MALFORMED("unexpected end of section or function")},
    {0, BYTES(""), MALFORMED("unexpected end of section or function")},
    /* branches */
    {3, BYTES("\x00\x41\x00\x0c\x00\x0b"), OK},
    {0, BYTES("\x00\x0c\x01\x0b"), INVALID("unknown label: br 1, but the outermost is 0")},
    {3, BYTES("\x00\x02\x7e\x41\x00\x0c\x01\x0b\x1a\x41\x00\x0b"), OK},
    {3, BYTES("\x00\x02\x7e\x41\x00\x0c\x00\x0b\x1a\x41\x00\x0b"),
     INVALID("type mismatch: br expects i64, but found i32")},
    {0, BYTES("\x00\x03\x40\x41\x00\x0d\x00\x0b\x0b"), OK},
    {3, BYTES("\x00\x03\x7f\x0c\x00\x0b\x0b"), OK}, /* to a loop: its parameters, not its results */
    {3, BYTES("\x00\x00\x0d\x00\x0b"), OK},
    {3, BYTES("\x00\x41\x00\x0d\x00\x41\x00\x0b"),
     INVALID("type mismatch: br_if expects i32, but nothing is left")},
    {0, BYTES("\x00\x02\x40\x41\x00\x0e\x02\x00\x01\x00\x0b\x0b"), OK},
    {0, BYTES("\x00\x02\x40\x41\x00\x0e\x02\x00\x02\x00\x0b\x0b"),
     INVALID("unknown label: br_table 2")},
    /* the largest label there is */
    {0, BYTES("\x00\x41\x00\x0e\x00\xff\xff\xff\xff\x0f\x0b"),
     INVALID("unknown label: br_table 4294967295")},
    {3, BYTES("\x00\x02\x40\x41\x00\x41\x00\x0e\x01\x00\x01\x0b\x41\x00\x0b"),
     INVALID("type mismatch: labels of br_table with 0 and 1 operands")},
    {3, BYTES("\x00\x02\x7e\x00\x41\x00\x0e\x01\x00\x01\x0b\x1a\x41\x00\x0b"), OK},
    {0, BYTES("\x00\x41\x00\x0e\xff\xff\xff\xff\x0f\x00\x0b"), MALFORMED("unexpected end")},
    {3, BYTES("\x00\x41\x00\x0f\x0b"), OK},
    {3, BYTES("\x00\x0f\x0b"), INVALID("type mismatch: return expects i32")},
    /* calls */
    {1, BYTES("\x00\x20\x00\x10\x00\x0b"), OK},
    {1, BYTES("\x00\x20\x00\x10\x04\x0b"), INVALID("unknown function 4: call, but there are 4")},
    {3, BYTES("\x00\x10\x00\x0b"), INVALID("type mismatch: call expects i32")},
    {1, BYTES("\x00\x20\x00\x41\x00\x11\x01\x00\x0b"), OK},
    {1, BYTES("\x00\x20\x00\x41\x00\x11\x01\x02\x0b"), INVALID("unknown table 2")},
    {1, BYTES("\x00\x20\x00\x41\x00\x11\x01\x01\x0b"),
     INVALID("type mismatch: call_indirect through table 1 of externref")},
    {1, BYTES("\x00\x20\x00\x41\x00\x11\x09\x00\x0b"), INVALID("unknown type 9: call_indirect")},
    {1, BYTES("\x00\x20\x00\x12\x00\x0b"), OK},
    {3, BYTES("\x00\x12\x02\x0b"),
     INVALID("type mismatch: return_call of a function with other results")},
    {1, BYTES("\x00\x20\x00\x41\x00\x13\x01\x00\x0b"), OK},
    /* select */
    {3, BYTES("\x00\x41\x00\x41\x00\x41\x00\x1b\x0b"), OK},
    {3, BYTES("\x00\x41\x00\x42\x00\x41\x00\x1b\x0b"),
     INVALID("type mismatch: select expects i64, but found i32")},
    {4, BYTES("\x00\xd0\x70\xd0\x70\x41\x00\x1b\x0b"),
     INVALID("type mismatch: select without a type")},
    {4, BYTES("\x00\xd0\x70\xd0\x70\x41\x00\x1c\x01\x70\x0b"), OK},
    {0, BYTES("\x00\x00\x1b\x1a\x0b"), OK},
    {3, BYTES("\x00\x00\x41\x00\x1b\x41\x00\x1b\x0b"), OK},
    {0, BYTES("\x00\x00\x1c\x02\x7f\x7f\x1a\x0b"), INVALID("invalid result arity")},
    {0, BYTES("\x00\x00\x1c\x00\x0b"), INVALID("invalid result arity")},
    /* globals */
    {3, BYTES("\x00\x23\x00\x0b"), OK},
    {3, BYTES("\x00\x23\x02\x0b"), INVALID("unknown global 2")},
    {0, BYTES("\x00\x42\x00\x24\x01\x0b"), OK},
    {0, BYTES("\x00\x41\x00\x24\x00\x0b"), INVALID("immutable global: global.set of 0")},
    {0, BYTES("\x00\x41\x00\x24\x01\x0b"), INVALID("type mismatch: global.set expects i64")},
    /* memory */
    {3, BYTES("\x00\x41\x00\x28\x02\x00\x0b"), OK},
    {3, BYTES("\x00\x41\x00\x28\x02\xff\xff\xff\xff\x0f\x0b"), OK},
    {3, BYTES("\x00\x41\x00\x28\x02\x80\x80\x80\x80\x10\x0b"),
     INVALID("offset out of range: i32.load at 4294967296")},
    {3, BYTES("\x00\x41\x00\x28\x03\x00\x0b"),
     INVALID("alignment must not be larger than natural: i32.load by 2^3, its own is 2^2")},
    {3, BYTES("\x00\x41\x00\x28\x40\x01\x00\x0b"),
     INVALID("unknown memory 1: i32.load, but there are 1")},
    {3, BYTES("\x00\x41\x00\x28\x80\x01\x00\x0b"), MALFORMED("malformed memop flags 0x80")},
    {3, BYTES("\x00\x42\x00\x28\x02\x00\x0b"),
     INVALID("type mismatch: i32.load expects i32, but found i64")},
    {0, BYTES("\x00\x41\x00\x42\x00\x36\x02\x00\x0b"),
     INVALID("type mismatch: i32.store expects i32, but found i64")},
    {0, BYTES("\x00\x41\x00\x42\x00\x3c\x00\x00\x0b"), OK},
    {3, BYTES("\x00\x3f\x00\x0b"), OK},
    {3, BYTES("\x00\x3f\x01\x0b"), INVALID("unknown memory 1: memory.size, but there are 1")},
    {0, BYTES("\x00\x41\x00\x41\x00\x41\x00\xfc\x08\x00\x00\x0b"), OK},
    {0, BYTES("\x00\x41\x00\x41\x00\x41\x00\xfc\x08\x01\x00\x0b"),
     INVALID("unknown data segment 1")},
    {0, BYTES("\x00\xfc\x09\x00\x0b"), OK},
    {0, BYTES("\x00\x41\x00\x41\x00\x41\x00\xfc\x0a\x00\x00\x0b"), OK},
    {0, BYTES("\x00\x41\x00\x41\x00\x42\x00\xfc\x0b\x00\x0b"),
     INVALID("type mismatch: memory.fill expects i32, but found i64")},
    /* tables */
    {4, BYTES("\x00\x41\x00\x25\x00\x0b"), OK},
    {4, BYTES("\x00\x41\x00\x25\x01\x0b"),
     INVALID("type mismatch: end expects funcref, but found externref")},
    {0, BYTES("\x00\x41\x00\xd0\x6f\x26\x00\x0b"),
     INVALID("type mismatch: table.set expects funcref, but found externref")},
    {0, BYTES("\x00\x41\x00\x41\x00\x41\x00\xfc\x0c\x00\x00\x0b"), OK},
    {0, BYTES("\x00\x41\x00\x41\x00\x41\x00\xfc\x0c\x01\x00\x0b"),
     INVALID("unknown elem segment 1")},
    {0, BYTES("\x00\x41\x00\x41\x00\x41\x00\xfc\x0c\x00\x01\x0b"),
     INVALID("type mismatch: table.init of (ref func) into a table of externref")},
    {0, BYTES("\x00\xfc\x0d\x00\x0b"), OK},
    {0, BYTES("\x00\x41\x00\x41\x00\x41\x00\xfc\x0e\x00\x01\x0b"),
     INVALID("type mismatch: table.copy of externref into a table of funcref")},
    {3, BYTES("\x00\xd0\x70\x41\x00\xfc\x0f\x00\x0b"), OK},
    {3, BYTES("\x00\xfc\x10\x01\x0b"), OK},
    {0, BYTES("\x00\x41\x00\xd0\x6f\x41\x00\xfc\x11\x01\x0b"), OK},
    /* references */
    {4, BYTES("\x00\xd2\x02\x0b"), OK},
    {4, BYTES("\x00\xd2\x03\x0b"), INVALID("undeclared function reference: ref.func 3")},
    {4, BYTES("\x00\xd2\x07\x0b"), INVALID("unknown function 7")},
    {3, BYTES("\x00\xd0\x6f\xd1\x0b"), OK},
    {3, BYTES("\x00\x41\x00\xd1\x0b"),
     INVALID("type mismatch: ref.is_null expects a reference, but found i32")},
    {3, BYTES("\x00\xd1\x0b"), INVALID("type mismatch: ref.is_null expects a value")},
    {4, BYTES("\x00\xd0\x7f\x0b"), MALFORMED("malformed heap type 0x7F: ref.null")},
    {4, BYTES("\x00\xd0\x70\x0b"), OK},
    {4, BYTES("\x00\xd0\x6e\x0b"), INVALID("type mismatch")},
    /* numbers */
    {3, BYTES("\x00\x41\xff\xff\xff\xff\x07\x0b"), OK},
    {3, BYTES("\x00\x41\xff\xff\xff\xff\x0f\x0b"),
     MALFORMED("integer too large: a number of i32.const")},
    {3, BYTES("\x00\x41\x80\x80\x80\x80\x80\x00\x0b"),
     MALFORMED("integer representation too long")},
    {3, BYTES("\x00\x41\x80"),
     MALFORMED("unexpected end of section or function: END opcode expected")},
    {0, BYTES("\x00\x44\x00\x00\x00\x00\x00\x00\x00"),
     MALFORMED("unexpected end of section or function")},
    {3, BYTES("\x00\x43\x00\x00\x00\x00\xfc\x00\x0b"), OK},
    {3, BYTES("\x00\x42\x00\xfc\x00\x0b"),
     INVALID("type mismatch: i32.trunc_sat_f32_s expects f32, but found i64")},
    {3, BYTES("\x00\x41\x00\xc0\x0b"), OK},
    /* 128 bits */
    {0, BYTES("\x00\x42\x01\x42\x02\x42\x03\x42\x04\xfc\x13\x1a\x1a\x0b"), OK},
    {0, BYTES("\x00\x42\x01\x42\x02\xfc\x15\x1a\x1a\x0b"), OK},
    {0, BYTES("\x00\x42\x01\x41\x02\xfc\x16\x1a\x1a\x0b"),
     INVALID("type mismatch: i64.mul_wide_u expects i64, but found i32")},
    /* atomic accesses */
    {3, BYTES("\x00\x41\x00\xfe\x10\x02\x00\x0b"), OK},
    {3, BYTES("\x00\x41\x00\xfe\x10\x01\x00\x0b"),
     INVALID("atomic alignment must be natural: i32.atomic.load by 2^1, its own is 2^2")},
    {3, BYTES("\x00\x41\x00\xfe\x12\x01\x00\x0b"),
     INVALID("alignment must not be larger than natural: i32.atomic.load8_u by 2^1")},
    {3, BYTES("\x00\x41\x00\x41\x00\x42\x00\xfe\x02\x03\x00\x0b"),
     INVALID("type mismatch: memory.atomic.wait64 expects i64, but found i32")},
    {0, BYTES("\x00\xfe\x03\x00\x0b"), OK},
    {0, BYTES("\x00\xfe\x03\x01\x0b"), MALFORMED("zero byte expected: atomic.fence with 0x01")},
    {0, BYTES("\x00\xfe\x03"), MALFORMED("unexpected end of section or function")},
    {0, BYTES("\x00\xfe\x04\x0b"), MALFORMED("illegal opcode fe0004")},
    /* instructions that there are not */
    {0, BYTES("\x00\xff\x0b"), MALFORMED("illegal opcode ff")},
    {0, BYTES("\x00\xfc\x7f\x0b"), MALFORMED("illegal opcode fc007f")},
    {0, BYTES("\x00\xfc\x80\x80\x80\x80\x80\x00\x0b"),
     MALFORMED("integer representation too long")},
    {0, BYTES("\x00\xfd\x0c\x0b"), MALFORMED("unexpected end")},
    {0, BYTES("\x00\xfb\x00\x00\x0b"), INVALID("struct.new wants a struct type")},
};

static void assert_outcome(wherry_error_t *error, const char *expected) {
  if (!expected)
    assert_ok(error);
  else if (expected[0] == 'i')
    assert_error(error, INVALID, expected + 1);
  else if (expected[0] == 'm')
    assert_error(error, MALFORMED, expected + 1);
  else
    assert_error(error, LIMIT, expected + 1);
}

static void bodies_obey_the_rules(void **state) {
  (void)state;
  for (size_t i = 0; i < WH_COUNT(bodies); i++) {
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    module_bytes_t module;
    around(&module, bodies[i].type, bodies[i].body, bodies[i].size);
    wherry_error_t *error = check(&alloc, module.data, module.size, WH_FEATURES_ALL);
    if (!error != !bodies[i].error) print_error("row %zu\n", i);
    assert_outcome(error, bodies[i].error);
    assert_int_equal(alloc.used, 0);
  }
}

static void an_error_has_the_place_of_its_instruction(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  module_bytes_t module;
  static const char body[] = "\x00\x42\x01\x41\x01\x6a\x0b";
  around(&module, 3, BYTES(body));
  uint64_t offset = 0;
  wherry_error_t *error = check(&alloc, module.data, module.size, WH_FEATURES_ALL);
  assert_true(wherry_error_offset(error, &offset));
  assert_memory_equal(module.data + offset, "\x6a\x0b", 2);
  wherry_error_release(error);
}

/* ---- modules ---- */

/* The section under test comes after those with lower ids of a small module: types 0 [] [] and
   1 [i32] [], function 0 of type 0, a table, a memory, global 0 (mutable i32). */
static const struct {
  uint8_t id;
  const char *contents;
  size_t size;
  const char *error;
} parts[] = {
    {1, BYTES("\x01\x50\x01\xff\xff\xff\xff\x0f\x5f\x00"), INVALID("unknown type 42949672")},
    {2, BYTES("\x01\x00\x00\x00\x02"), INVALID("unknown type 2: in an import, but there are 2")},
    {3, BYTES("\x01\x05"), INVALID("unknown type 5: in a function")},
    {4, BYTES("\x01\x70\x01\x02\x01"),
     INVALID("size minimum must not be greater than maximum: table 0 of 2 to 1")},
    {4, BYTES("\x01\x70\x00\x80\x80\x80\x80\x10"), INVALID("table size must be at most 2^32-1")},
    {5, BYTES("\x02\x00\x00\x00\x00"), OK},
    {5, BYTES("\x01\x00\x81\x80\x04"), INVALID("memory size must be at most 65536 pages (4GiB)")},
    {5, BYTES("\x01\x00\x80\x80\x04"), OK},
    {5, BYTES("\x01\x01\x02\x01"), INVALID("size minimum must not be greater than maximum")},
    {5, BYTES("\x01\x03\x01\x02"), OK},
    {5, BYTES("\x01\x02\x01"), INVALID("shared memory must have maximum: memory 0")},
    {5, BYTES("\x02\x08\x01\x00\x08\x01\x10"), OK},
    {5, BYTES("\x01\x08\x01\x0c"),
     INVALID("invalid custom page size: memory 0 of pages of 2^12 bytes, expected 1 or 65536")},
    {5, BYTES("\x01\x08\x00\x40"), MALFORMED("invalid custom page size: 2^64")},
    {5, BYTES("\x01\x08\xff\xff\xff\xff\x0f\x00"), OK},
    {5, BYTES("\x01\x08\x80\x80\x80\x80\x10\x00"),
     INVALID("memory size must be at most 2^32-1 pages of 1 byte")},
    {6, BYTES("\x01\x7f\x00\x0b"), INVALID("type mismatch: end expects i32, but nothing")},
    {6, BYTES("\x01\x7f\x00\x42\x00\x0b"),
     INVALID("type mismatch: end expects i32, but found i64")},
    {6, BYTES("\x01\x7f\x00\x41\x00\x41\x00\x0b"),
     INVALID("type mismatch: a constant expression of more than one value")},
    {6, BYTES("\x01\x7f\x00\x41\x00\x45\x0b"), INVALID("constant expression required: i32.eqz")},
    {6, BYTES("\x01\x7f\x00\x01\x41\x00\x0b"), INVALID("constant expression required: nop")},
    {6, BYTES("\x01\x7f\x00\x41\x01\x41\x02\x6a\x41\x03\x6c\x0b"), OK},
    {6, BYTES("\x01\x7e\x00\x42\x01\x42\x02\x7d\x0b"), OK},
    {6, BYTES("\x01\x7f\x00\x41\x01\x6a\x0b"),
     INVALID("type mismatch: i32.add expects i32, but nothing")},
    {6, BYTES("\x01\x7f\x00\x23\x00\x0b"),
     INVALID("unknown global 0: a constant expression here sees the first 0")},
    {6, BYTES("\x02\x7f\x00\x41\x00\x0b\x7f\x00\x23\x00\x0b"), OK},
    {6, BYTES("\x02\x7f\x01\x41\x00\x0b\x7f\x00\x23\x00\x0b"),
     INVALID("constant expression required: global 0 is mutable")},
    {6, BYTES("\x01\x70\x00\xd2\x01\x0b"), INVALID("unknown function 1")},
    {6, BYTES("\x01\x70\x00\xd2\x00\x0b"), OK},
    {7,
     BYTES("\x02\x01"
           "a\x00\x00\x01"
           "a\x02\x00"),
     INVALID("duplicate export name: \"a\"")},
    {7,
     BYTES("\x01\x01"
           "a\x00\x01"),
     INVALID("unknown function 1: in an export")},
    {7,
     BYTES("\x01\x01"
           "a\x01\x01"),
     INVALID("unknown table 1")},
    {7,
     BYTES("\x01\x01"
           "a\x02\x01"),
     INVALID("unknown memory 1")},
    {7,
     BYTES("\x01\x01"
           "a\x03\x01"),
     INVALID("unknown global 1")},
    {8, BYTES("\x01"), INVALID("unknown function 1: in the start section")},
    {9, BYTES("\x01\x00\x41\x00\x0b\x01\x01"),
     INVALID("unknown function 1: in an element segment")},
    {9, BYTES("\x01\x02\x01\x41\x00\x0b\x00\x00"),
     INVALID("unknown table 1: in an element segment")},
    {9, BYTES("\x01\x00\x42\x00\x0b\x00"),
     INVALID("type mismatch: end expects i32, but found i64")},
    {9, BYTES("\x01\x06\x00\x41\x00\x0b\x6f\x00"),
     INVALID("type mismatch: an element segment of externref for a table of funcref")},
    {9, BYTES("\x01\x05\x70\x02\xd0\x70\x0b\xd2\x00\x0b"), OK},
    {9, BYTES("\x01\x05\x70\x01\xd0\x6f\x0b"),
     INVALID("type mismatch: end expects funcref, but found externref")},
    {9, BYTES("\x01\x05\x70\x01\x41\x00\x0b"), INVALID("type mismatch")},
    {11, BYTES("\x01\x02\x01\x41\x00\x0b\x00"), INVALID("unknown memory 1: in a data segment")},
    {11, BYTES("\x01\x00\x43\x00\x00\x00\x00\x0b\x00"),
     INVALID("type mismatch: end expects i32, but found f32")},
    {11, BYTES("\x01\x00\x23\x00\x0b\x00"),
     INVALID("constant expression required: global 0 is mutable")},
};

static void modules_obey_the_rules(void **state) {
  (void)state;
  static const struct {
    uint8_t id;
    const char *contents;
    size_t size;
  } others[] = {
      {1, BYTES("\x02\x60\x00\x00\x60\x01\x7f\x00")},
      {2, BYTES("\x00")},
      {3, BYTES("\x01\x00")},
      {4, BYTES("\x01\x70\x00\x01")},
      {5, BYTES("\x01\x00\x01")},
      {6, BYTES("\x01\x7f\x01\x41\x00\x0b")},
      {7, BYTES("\x00")},
      {8, BYTES("\x00")},
      {9, BYTES("\x00")},
      {10, BYTES("\x01\x02\x00\x0b")},
      {11, BYTES("\x00")},
  };
  for (size_t i = 0; i < WH_COUNT(parts); i++) {
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    module_bytes_t module;
    module_begin(&module);
    for (size_t k = 0; k < WH_COUNT(others); k++) {
      bool replaced = others[k].id == parts[i].id;
      module_section(&module, others[k].id, replaced ? parts[i].contents : others[k].contents,
                     replaced ? parts[i].size : others[k].size);
    }
    wherry_error_t *error = check(&alloc, module.data, module.size, WH_FEATURES_ALL);
    if (!error != !parts[i].error) print_error("row %zu\n", i);
    assert_outcome(error, parts[i].error);
    assert_int_equal(alloc.used, 0);
  }
}

/* ---- features ---- */

static void a_feature_can_be_off(void **state) {
  (void)state;
  static const struct {
    wherry_feature_t feature;
    uint8_t type;
    const char *body;
    size_t size;
  } rows[] = {
      {WHERRY_FEATURE_SIGN_EXTENSION, 3, BYTES("\x00\x41\x00\xc0\x0b")},
      {WHERRY_FEATURE_SATURATING_CONVERSIONS, 3, BYTES("\x00\x43\x00\x00\x00\x00\xfc\x00\x0b")},
      {WHERRY_FEATURE_TAIL_CALL, 1, BYTES("\x00\x20\x00\x12\x00\x0b")},
      {WHERRY_FEATURE_TAIL_CALL, 1, BYTES("\x00\x20\x00\x41\x00\x13\x01\x00\x0b")},
  };
  for (size_t i = 0; i < WH_COUNT(rows); i++) {
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    module_bytes_t module;
    char text[80];
    around(&module, rows[i].type, rows[i].body, rows[i].size);
    assert_ok(check(&alloc, module.data, module.size, WH_FEATURES_ALL));
    snprintf(text, sizeof text, "needs feature %s, which is switched off",
             wherry_feature_name(rows[i].feature));
    assert_error(check(&alloc, module.data, module.size,
                       WH_FEATURES_ALL & ~(UINT64_C(1) << rows[i].feature)),
                 INVALID, text);
  }
}

/* A module of WebAssembly 1.0 needs no feature. */
static void the_first_version_needs_none(void **state) {
  (void)state;
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  module_bytes_t module;
  module_begin(&module);
  SECTION_OF(&module, 1, "\x01\x60\x01\x7f\x01\x7f");
  SECTION_OF(&module, 3, "\x01\x00");
  SECTION_OF(&module, 4, "\x01\x70\x00\x01");
  SECTION_OF(&module, 5, "\x01\x00\x01");
  SECTION_OF(&module, 6, "\x01\x7f\x01\x41\x00\x0b");
  SECTION_OF(&module, 7,
             "\x01\x01"
             "f\x00\x00");
  SECTION_OF(&module, 9, "\x01\x00\x41\x00\x0b\x01\x00");
  SECTION_OF(&module, 10, "\x01\x0a\x00\x20\x00\x28\x02\x04\x20\x00\x6a\x0b");
  SECTION_OF(&module, 11, "\x01\x00\x41\x00\x0b\x02hi");
  assert_ok(check(&alloc, module.data, module.size, 0));
}

/* ---- deep, wide, long ---- */

static wherry_error_t *check_long(const char *head, size_t head_size, const char *repeated,
                                  size_t repeated_size, size_t times, const char *tail,
                                  size_t tail_size) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  size_t size = head_size + repeated_size * times + tail_size;
  uint8_t *bytes = malloc(size + 64), *at = bytes;
  static const char types[] = "\0asm\1\0\0\0\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a";
  memcpy(at, types, sizeof types - 1);
  at += sizeof types - 1;
  size_t numbers[] = {size + 6, 1, size};
  for (int i = 0; i < 3; i++) {
    if (i == 1) {
      *at++ = 1;
      continue;
    }
    for (int k = 0; k < 5; k++)
      *at++ = (uint8_t)((numbers[i] >> 7 * k & 0x7F) | (k < 4 ? 0x80 : 0));
  }
  memcpy(at, head, head_size);
  at += head_size;
  for (size_t i = 0; i < times; i++, at += repeated_size) memcpy(at, repeated, repeated_size);
  memcpy(at, tail, tail_size);
  at += tail_size;
  wherry_error_t *error = check(&alloc, bytes, (size_t)(at - bytes), WH_FEATURES_ALL);
  assert_int_equal(alloc.used, 0);
  free(bytes);
  return error;
}

static void depth_has_a_limit(void **state) {
  (void)state;
  assert_error(check_long(BYTES("\x00"), BYTES("\x02\x40"), 200000, BYTES("\x0b")), LIMIT,
               "blocks nested too deeply");
  assert_error(check_long(BYTES("\x00"), BYTES("\x02\x40"), 90000, BYTES("\x0b")), MALFORMED,
               "unexpected end");
  assert_ok(check_long(BYTES("\x00"), BYTES("\x41\x00\x1a"), 100000, BYTES("\x0b")));
  assert_ok(check_long(BYTES("\x00\x00"), BYTES("\x41\x00"), 500000, BYTES("\x00\x0b")));
}

/* Among so many blocks that a label takes two bytes, its first byte alone would be a label too. */
static void labels_of_two_bytes_are_read_whole(void **state) {
  (void)state;
  assert_error(check_long(BYTES("\x00"), BYTES("\x02\x40"), 200, BYTES("\x41\x00\x0d\x80\x02\x0b")),
               INVALID, "unknown label: br_if 256, but the outermost is 200");
  assert_error(check_long(BYTES("\x00"), BYTES("\x02\x40"), 200, BYTES("\x0c\x80\x02\x0b")),
               INVALID, "unknown label: br 256, but the outermost is 200");
  assert_error(check_long(BYTES("\x00"), BYTES("\x02\x40"), 200, BYTES("\x41\x00\x0d\x80\x01\x0b")),
               MALFORMED, "unexpected end");
}

/* ---- memory that runs out ---- */

static void every_failing_allocation_is_an_error(void **state) {
  (void)state;
  module_bytes_t good, bad;
  around(&good, 3, BYTES("\x02\x01\x7e\x02\x7d\x02\x7f\x02\x7f\x41\x00\x0b\x0b\x0b"));
  around(&bad, 3, BYTES("\x00\x42\x01\x0b"));
  const module_bytes_t *modules[] = {&good, &bad};
  for (int which = 0; which < 2; which++) {
    size_t n = 1;
    for (bool done = false; !done; n++) {
      assert_true(n < 1000);
      failing_t failing = {.fail_at = n};
      wherry_allocator_t host = failing_allocator(&failing);
      wh_alloc_t alloc;
      wh_alloc_init(&alloc, &host);
      wherry_error_t *error =
          check(&alloc, modules[which]->data, modules[which]->size, WH_FEATURES_ALL);
      done = failing.calls < n;
      if (!done) assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_OOM);
      if (done && which == 0) assert_null(error);
      if (done && which == 1) assert_int_equal(wherry_error_kind(error), WHERRY_ERROR_INVALID);
      wherry_error_release(error);
      assert_int_equal(failing.live_blocks, 0);
      assert_int_equal(alloc.used, 0);
    }
    assert_true(n > 15);
  }
}

/* ---- random changes ---- */

static uint64_t next(uint64_t *seed) {
  uint64_t z = (*seed += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

/* Changes a few bytes, or takes some out, or cuts the end off. Returns the new size. */
static size_t change(uint8_t *bytes, size_t size, uint64_t *seed) {
  static const uint8_t likely[] = {0x00, 0x01, 0x0b, 0x40, 0x41, 0x70, 0x7f, 0x80, 0xfc, 0xff};
  for (uint64_t times = 1 + next(seed) % 4; times > 0; times--) {
    uint64_t random = next(seed);
    size_t at = (size_t)(random >> 16) % size;
    switch (random % 8) {
    case 0: bytes[at] ^= (uint8_t)(1u << (random >> 8) % 8); break;
    case 1: bytes[at] = (uint8_t)(random >> 8); break;
    case 2: size = at + 1; break;
    case 3:
      memmove(bytes + at, bytes + at + 1, size - at - 1);
      if (size > 1) size--;
      break;
    default: bytes[at] = likely[(random >> 8) % sizeof likely]; break;
    }
  }
  return size;
}

/* Whatever comes in: an error or a model, never a crash, a leak or a read outside; and what is
   accepted is accepted again once it was written anew. */
static void bytes_that_were_changed(void **state) {
  (void)state;
  uint64_t seed = 3;
  size_t accepted = 0, runs = 0;
  clock_t until = clock() + 2 * CLOCKS_PER_SEC;
  for (; runs < 400000 && (runs % 256 || clock() < until); runs++) {
    size_t row;
    do row = (size_t)(next(&seed) % WH_COUNT(bodies));
    while (bodies[row].error);
    module_bytes_t module;
    around(&module, bodies[row].type, bodies[row].body, bodies[row].size);
    size_t size = change(module.data, module.size, &seed);
    uint8_t *exact = malloc(size);
    memcpy(exact, module.data, size);
    wh_alloc_t alloc;
    wh_alloc_init(&alloc, NULL);
    wh_model_t *model;
    wherry_error_t *error = wh_decode(&alloc, exact, size, WH_FEATURES_ALL, &model);
    if (!error) {
      error = wh_validate(model, WH_FEATURES_ALL);
      if (!error) {
        uint8_t *again;
        size_t again_size;
        accepted++;
        assert_ok(wh_encode(&alloc, model, &again, &again_size));
        assert_ok(check(&alloc, again, again_size, WH_FEATURES_ALL));
        wh_free(&alloc, again, again_size);
      }
      wh_model_free(model);
    }
    wherry_error_release(error);
    assert_int_equal(alloc.used, 0);
    free(exact);
  }
  print_message("%zu modules changed at random, %zu still valid\n", runs, accepted);
  assert_true(accepted > 0 && accepted < runs);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bodies_obey_the_rules),
      cmocka_unit_test(an_error_has_the_place_of_its_instruction),
      cmocka_unit_test(modules_obey_the_rules),
      cmocka_unit_test(a_feature_can_be_off),
      cmocka_unit_test(the_first_version_needs_none),
      cmocka_unit_test(depth_has_a_limit),
      cmocka_unit_test(labels_of_two_bytes_are_read_whole),
      cmocka_unit_test(every_failing_allocation_is_an_error),
      cmocka_unit_test(bytes_that_were_changed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
