/* A tour of wherry in C: numbers, memory, functions of the host, strings and lists, a trap.

     cc tour.c -o tour $(pkg-config --cflags --libs wherry)
     ./tour [FOLDER OF THE GUESTS] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <wherry.h>

/* Most programs want just this: go on, or say what went wrong and end. */
static void check(wherry_error_t *error) {
  if (!error) return;
  fprintf(stderr, "%s\n", wherry_error_message(error));
  wherry_error_release(error);
  exit(1);
}

static const char *folder = "examples/guests";

static wherry_guest_t *load(const char *name, wherry_linker_t *linker, wherry_engine_t *engine) {
  char path[4096];
  wherry_guest_t *guest;
  wherry_load_options_t *options;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  check(wherry_load_options_new(&options));
  if (engine) wherry_load_options_set_engine(options, engine);
  if (linker) wherry_load_options_set_linker(options, linker);
  check(wherry_load_file(path, options, &guest));
  wherry_load_options_release(options);
  return guest;
}

static wherry_memory_t memory_of(wherry_guest_t *guest) {
  wherry_extern_t item;
  check(wherry_instance_find(wherry_guest_store(guest), wherry_guest_instance(guest), "memory", 6,
                             &item));
  return item.of.memory;
}

static void numbers_and_memory(void) {
  wherry_guest_t *guest = load("simple.wasm", NULL, NULL);
  int32_t sum, address;
  char text[14] = {0};

  check(wherry_call(guest, "sum", "ii:i", 5, 37, &sum));
  printf("sum(5, 37) = %" PRId32 "\n", sum);

  check(wherry_call(guest, "string", ":i", &address));
  check(
      wherry_memory_read(wherry_guest_store(guest), memory_of(guest), (uint32_t)address, text, 13));
  printf("string() = \"%s\"\n", text);

  wherry_error_t *trap = wherry_call(guest, "divide", "ii:i", 1, 0, &sum);
  printf("divide(1, 0): %s, in %s\n", wherry_trap_code_name(wherry_error_trap_code(trap)),
         wherry_error_frame_function_name(trap, 0));
  wherry_error_release(trap);
  wherry_guest_release(guest);
}

/* void on_word(address, size): what the guest's pointer means, its memory tells. */
static wherry_error_t *on_word(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                               size_t arg_count, wherry_value_t *results, size_t result_count) {
  (void)data, (void)arg_count, (void)results, (void)result_count;
  char word[64];
  wherry_memory_t memory;
  wherry_error_t *error = wherry_caller_memory(caller, &memory);
  size_t size = (uint32_t)args[1].of.i32;
  if (size >= sizeof word) return wherry_error_new(WHERRY_ERROR_RANGE, "a long word");
  if (!error) {
    error = wherry_memory_read(wherry_caller_store(caller), memory, (uint32_t)args[0].of.i32, word,
                               size);
  }
  if (!error) printf(" %.*s", (int)size, word);
  return error;
}

static wherry_error_t *add(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                           size_t arg_count, wherry_value_t *results, size_t result_count) {
  (void)data, (void)caller, (void)arg_count, (void)result_count;
  results[0].of.i32 = (int32_t)((uint32_t)args[0].of.i32 + (uint32_t)args[1].of.i32);
  return NULL;
}

static void define(wherry_linker_t *linker, const char *name, size_t size, const char *signature,
                   wherry_callback_t callback) {
  wherry_functype_t *type;
  check(wherry_functype_parse(signature, &type));
  check(wherry_linker_define_func(linker, "env", 3, name, size, type, callback, NULL, NULL));
  wherry_functype_release(type);
}

static void functions_of_the_host(void) {
  wherry_engine_t *engine;
  wherry_linker_t *linker;
  int32_t words, total;
  check(wherry_engine_new(NULL, &engine));
  check(wherry_linker_new(engine, &linker));
  define(linker, "on_word", 7, "ii:", on_word);
  define(linker, "add", 3, "ii:i", add);
  wherry_guest_t *guest = load("host.wasm", linker, engine);

  printf("words:");
  check(wherry_call(guest, "words", ":i", &words));
  printf(" (%" PRId32 ")\n", words);
  check(wherry_call(guest, "add_up", "i:i", 101, &total));
  printf("add_up(101) = %" PRId32 "\n", total);

  wherry_guest_release(guest);
  wherry_linker_release(linker);
  wherry_engine_release(engine);
}

static void strings_lists_and_records(void) {
  wherry_guest_t *guest = load("greet.wasm", NULL, NULL);
  wherry_bytes_t bytes;
  check(wherry_call(guest, "greet", "s:s", "Ada", &bytes));
  printf("greet(\"Ada\") = \"%s\"\n", (const char *)bytes.data);
  check(wherry_call(guest, "reverse", "b:b", "desserts", (size_t)8, &bytes));
  printf("reverse(\"desserts\") = \"%.*s\"\n", (int)bytes.size, (const char *)bytes.data);

  const wherry_witfunc_t *sum, *middle;
  wherry_val_t result;
  uint32_t numbers[] = {1, 2, 4294967295};
  wherry_val_t list = {.kind = WHERRY_TYPE_LIST, .of.numbers = {numbers, 3}, .packed = true};
  check(wherry_guest_witfunc(guest, "sum", &sum));
  check(wherry_guest_call(guest, sum, &list, 1, &result));
  printf("sum([1, 2, 4294967295]) = %" PRIu64 "\n", result.of.u);

  wherry_val_t a[] = {{.kind = WHERRY_TYPE_S32, .of.s = 0}, {.kind = WHERRY_TYPE_S32, .of.s = 0}};
  wherry_val_t b[] = {{.kind = WHERRY_TYPE_S32, .of.s = 10}, {.kind = WHERRY_TYPE_S32, .of.s = -4}};
  wherry_val_t points[] = {{.kind = WHERRY_TYPE_RECORD, .of.items = {a, 2}},
                           {.kind = WHERRY_TYPE_RECORD, .of.items = {b, 2}}};
  check(wherry_guest_witfunc(guest, "middle", &middle));
  check(wherry_guest_call(guest, middle, points, 2, &result));
  printf("middle({0, 0}, {10, -4}) = {%" PRId64 ", %" PRId64 "}\n", result.of.items.items[0].of.s,
         result.of.items.items[1].of.s);
  wherry_val_clear(&result);
  wherry_guest_release(guest);
}

int main(int argc, char **argv) {
  if (argc > 1) folder = argv[1];
  numbers_and_memory();
  functions_of_the_host();
  strings_lists_and_records();
  return 0;
}
