/* The handlers for newer processors compute what those for all of them do: every instruction that makes
   one number or vector of others, by numbers that are edges and by any. */
#include "exec/exec_state.h"
#include "ops/ops.h"
#include "support.h"

/* In place of the library's own, in this program. */
static bool newer;
bool wh_exec_has_newer(void) { return newer && wh_exec_processor_is_newer(); }

#define OP(opcode, identifier, text, immediates, signature, feature) \
  {text, signature, WH_IMM_##immediates},
static const struct {
  const char *name, *signature;
  unsigned immediates;
} ops[] = {
#include "ops/ops.def"
};
#undef OP

static const char *type_of(char letter) {
  switch (letter) {
  case 'i': return "i32";
  case 'l': return "i64";
  case 'f': return "f32";
  case 'd': return "f64";
  case 'v': return "v128";
  default: return NULL;
  }
}

enum { OPERANDS = 3, RESULT = 16 * OPERANDS, ROUNDS = 60 };

static uint64_t state = 29;
static uint64_t any(void) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state;
}

/* Whether an instruction is one of those; its text with immediates. */
static bool is_tested(size_t op, char *text) {
  const char *signature = ops[op].signature;
  size_t count = strcspn(signature, ":");
  if (count == 0 || count > OPERANDS || strlen(signature) != count + 2) return false;
  for (size_t i = 0; i <= count + 1; i++)
    if (i != count && !type_of(signature[i])) return false;
  text += sprintf(text, "%s", ops[op].name);
  switch (ops[op].immediates & 0xFF) {
  case WH_IMM_NONE: return true;
  case WH_IMM_LANE_:
    sprintf(text, " %d", (int)(any() % (1u << (ops[op].immediates >> 8))));
    return true;
  case WH_IMM_SHUFFLE:
    for (int i = 0; i < 16; i++) text += sprintf(text, " %d", (int)(any() % 32));
    return true;
  default: return false;
  }
}

/* Two functions an instruction, its number behind r and s: operands from memory one by one, result to
   memory; operands as locals of a function whose result it is. */
static char *module_of(void) {
  size_t capacity = WH_COUNT(ops) * 1024;
  char *module = malloc(capacity), *at = module;
  assert_non_null(module);
  at += sprintf(at, "(module (memory (export \"m\") 1)\n");
  for (size_t op = 0; op < WH_COUNT(ops); op++) {
    char text[128], loads[256] = "", locals[128] = "", types[64] = "";
    if (!is_tested(op, text)) continue;
    const char *signature = ops[op].signature, *result = signature + strcspn(signature, ":") + 1;
    for (int i = 0; signature[i] != ':'; i++) {
      const char *type = type_of(signature[i]);
      sprintf(loads + strlen(loads), " (%s.load (i32.const %d))", type, 16 * i);
      sprintf(locals + strlen(locals), " (local.get %d)", i);
      sprintf(types + strlen(types), " %s", type);
    }
    const char *type = type_of(*result);
    at += sprintf(at, "(func (export \"r%zu\") (%s.store (i32.const %d) (%s%s)))\n", op, type,
                  RESULT, text, loads);
    at += sprintf(at, "(func $f%zu (param%s) (result %s) (%s%s))\n", op, types, type, text, locals);
    at += sprintf(at, "(func (export \"s%zu\") (%s.store (i32.const %d) (call $f%zu%s)))\n", op,
                  type, RESULT, op, loads);
    assert_true((size_t)(at - module) < capacity - 1024);
  }
  sprintf(at, ")");
  return module;
}

typedef struct side {
  wherry_guest_t *guest;
  uint8_t *memory;
} side_t;

static side_t load(const char *text, bool with_newer) {
  wherry_config_t *config;
  wherry_engine_t *engine;
  wherry_load_options_t *options;
  side_t side;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_deterministic(config, true)); /* NaNs are the same */
  newer = with_newer;
  assert_ok(wherry_engine_new(config, &engine));
  wherry_config_release(config);
  assert_ok(wherry_load_options_new(&options));
  wherry_load_options_set_engine(options, engine);
  assert_ok(wherry_load_text(text, strlen(text), options, &side.guest));
  wherry_load_options_release(options);
  wherry_engine_release(engine);

  wherry_store_t *store = wherry_guest_store(side.guest);
  wherry_extern_t found;
  uint64_t size;
  assert_ok(wherry_instance_find(store, wherry_guest_instance(side.guest), "m", 1, &found));
  assert_ok(wherry_memory_data(store, found.of.memory, &side.memory, &size));
  return side;
}

/* The outcome of a call: its trap's message, or nothing; and 16 bytes. */
static void call(const side_t *side, const char *name, const uint8_t *operands, char *outcome) {
  memcpy(side->memory, operands, RESULT);
  memset(side->memory + RESULT, 0, 16);
  wherry_error_t *error = wherry_call(side->guest, name, ":");
  snprintf(outcome, 128, "%s", error ? wherry_error_message(error) : "");
  wherry_error_release(error);
}

/* Numbers at which something changes, of every width. */
static void edges(uint8_t *out) {
  static const uint64_t edge[] = {0,
                                  1,
                                  2,
                                  15,
                                  16,
                                  31,
                                  32,
                                  63,
                                  64,
                                  127,
                                  128,
                                  255,
                                  256,
                                  0x7FFF,
                                  0x8000,
                                  0xFFFF,
                                  0x10000,
                                  0x7FFFFFFF,
                                  0x80000000,
                                  0xFFFFFFFF,
                                  0x7FFFFFFFFFFFFFFF,
                                  0x8000000000000000,
                                  UINT64_MAX,
                                  0x3F000000,
                                  0xBF000000,
                                  0x3F800000,
                                  0xBF800000,
                                  0x3FC00000,
                                  0x4B000000,
                                  0x4B800001,
                                  0x4EFFFFFF,
                                  0x4F000000,
                                  0xCF000000,
                                  0xCF000001,
                                  0x4F7FFFFF,
                                  0x4F800000,
                                  0x7F800000,
                                  0xFF800000,
                                  0x7FC00000,
                                  0x7FA00000,
                                  0xFFC00001,
                                  0x3FE0000000000000,
                                  0xBFE0000000000000,
                                  0x3FF8000000000000,
                                  0xC004000000000000,
                                  0x4330000000000000,
                                  0x433FFFFFFFFFFFFF,
                                  0x41DFFFFFFFC00000,
                                  0x41E0000000000000,
                                  0xC1E0000000200000,
                                  0x41EFFFFFFFE00000,
                                  0x7FF0000000000000,
                                  0xFFF0000000000000,
                                  0x7FF8000000000000,
                                  0x7FF4000000000000};
  for (int i = 0; i < RESULT; i += 4 << any() % 3 / 2) {
    uint64_t value = edge[any() % WH_COUNT(edge)];
    size_t size = RESULT - i < 8 || value < UINT64_C(1) << 32 ? 4 : 8;
    memcpy(out + i, &value, size);
    if (any() % 8 == 0) memset(out + i, (int)any(), size);
  }
}

static void results_are_the_same(void **unused) {
  (void)unused;
  char *text = module_of();
  side_t old = load(text, false), new = load(text, true);
  size_t tested = 0;
  for (size_t op = 0; op < WH_COUNT(ops); op++) {
    char name[2][16], told[128];
    state += op;
    if (!is_tested(op, told)) continue;
    tested++;
    sprintf(name[0], "r%zu", op), sprintf(name[1], "s%zu", op);
    for (int round = 0; round < ROUNDS; round++) {
      uint8_t operands[RESULT];
      for (int i = 0; i < RESULT; i++) operands[i] = (uint8_t)any();
      if (round % 3) edges(operands);
      for (int way = 0; way < 2; way++) {
        char first[128], second[128];
        call(&old, name[way], operands, first);
        call(&new, name[way], operands, second);
        if (strcmp(first, second) == 0 && memcmp(old.memory + RESULT, new.memory + RESULT, 16) == 0)
          continue;
        print_error("%s, way %d: \"%s\" and \"%s\"\n", ops[op].name, way, first, second);
        for (int i = 0; i < RESULT + 16; i++)
          print_error("%s%02x", i % 16 ? "" : " ", old.memory[i]);
        for (int i = 0; i < 16; i++) print_error("%s%02x", i ? "" : " / ", new.memory[RESULT + i]);
        print_error("\n");
        fail();
      }
    }
  }
  assert_true(tested > 300);
  wherry_guest_release(old.guest);
  wherry_guest_release(new.guest);
  free(text);
  if (!wh_exec_processor_is_newer()) print_message("skipped: this processor has nothing newer\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(results_are_the_same)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
