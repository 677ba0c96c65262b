/* Times one thing in C; prints nanoseconds: call FOLDER-OF-GUESTS WHAT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wherry.h>

#define WINDOW 4e6 /* nanoseconds, at least */
#define WINDOWS 8

typedef struct {
  wherry_guest_t *guest;
  wherry_store_t *store;
  wherry_func_t func;
  wherry_memory_t memory;
  uint32_t address;
  const char *text;
  size_t size;
} what_t;

typedef void (*turns_t)(what_t *what, uint64_t count);

static void check(wherry_error_t *error) {
  if (!error) return;
  fprintf(stderr, "%s\n", wherry_error_message(error));
  wherry_error_release(error);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static double window(turns_t turns, what_t *what, uint64_t count) {
  double start = now();
  turns(what, count);
  return now() - start;
}

static double best_of(turns_t turns, what_t *what) {
  uint64_t count = 1;
  while (window(turns, what, count) < WINDOW) count *= 2;
  double best = window(turns, what, count);
  for (int i = 1; i < WINDOWS; i++) {
    double taken = window(turns, what, count);
    if (taken < best) best = taken;
  }
  return best / (double)count;
}

/* ---- What there is to time ---- */

/* By name and signature, as the short level has it. */
static void call_by_name(what_t *what, uint64_t count) {
  int32_t sum;
  while (count--) check(wherry_call(what->guest, "sum", "ii:i", 5, 37, &sum));
}

static void call_checked(what_t *what, uint64_t count) {
  wherry_value_t args[2] = {wherry_i32(5), wherry_i32(37)};
  wherry_value_t sum;
  while (count--) check(wherry_func_call(what->store, what->func, args, 2, &sum, 1));
}

static void call_slots(what_t *what, uint64_t count) {
  while (count--) {
    wherry_slot_t slots[2] = {{.i32 = 5}, {.i32 = 37}};
    check(wherry_func_call_slots(what->store, what->func, slots));
  }
}

static void call_back(what_t *what, uint64_t count) {
  wherry_slot_t slots[1] = {{.i32 = (int32_t)count}};
  check(wherry_func_call_slots(what->store, what->func, slots));
}

static void read_memory(what_t *what, uint64_t count) {
  char text[13];
  while (count--) check(wherry_memory_read(what->store, what->memory, what->address, text, 13));
}

static void echo_u64(what_t *what, uint64_t count) {
  int64_t got;
  while (count--) check(wherry_call(what->guest, "echo-u64", "l:l", (int64_t)1 << 40, &got));
}

static void echo_string(what_t *what, uint64_t count) {
  wherry_bytes_t got;
  while (count--) check(wherry_call(what->guest, "echo-string", "s:s", what->text, &got));
}

static void echo_bytes(what_t *what, uint64_t count) {
  wherry_bytes_t got;
  while (count--)
    check(wherry_call(what->guest, "echo-bytes", "b:b", what->text, what->size, &got));
}

/* "wherry! " again and again, or zeros: size bytes and a zero. */
static char *long_text(const char *part, size_t size) {
  char *text = calloc(1, size + 1);
  if (!text) exit(1);
  for (size_t i = 0; i < size && *part; i++) text[i] = part[i % strlen(part)];
  return text;
}

static const struct {
  const char *name, *guest, *func, *text;
  size_t size;
  turns_t turns;
} things[] = {
    {"by-name", "simple", "sum", "", 0, call_by_name},
    {"checked", "simple", "sum", "", 0, call_checked},
    {"sum", "simple", "sum", "", 0, call_slots},
    {"callback", "host", "add_up", "", 0, call_back},
    {"read", "simple", "sum", "", 0, read_memory},
    {"u64", "greet", "sum", "", 0, echo_u64},
    {"string16", "greet", "sum", "sixteen letters!", 16, echo_string},
    {"ascii", "greet", "sum", "wherry! ", 65536, echo_string},
    {"bytes", "greet", "sum", "", 65536, echo_bytes},
};

/* ---- Guests ---- */

static wherry_error_t *add(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                           size_t arg_count, wherry_value_t *results, size_t result_count) {
  (void)data, (void)caller, (void)arg_count, (void)result_count;
  results[0].of.i32 = (int32_t)((uint32_t)args[0].of.i32 + (uint32_t)args[1].of.i32);
  return NULL;
}

static wherry_error_t *ignore(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                              size_t arg_count, wherry_value_t *results, size_t result_count) {
  (void)data, (void)caller, (void)args, (void)arg_count, (void)results, (void)result_count;
  return NULL;
}

static void define(wherry_linker_t *linker, const char *name, const char *signature,
                   wherry_callback_t callback) {
  wherry_functype_t *type;
  check(wherry_functype_parse(signature, &type));
  check(
      wherry_linker_define_func(linker, "env", 3, name, strlen(name), type, callback, NULL, NULL));
  wherry_functype_release(type);
}

static wherry_extern_t export(what_t *what, const char *name) {
  wherry_extern_t item;
  wherry_instance_t instance = wherry_guest_instance(what->guest);
  check(wherry_instance_find(what->store, instance, name, strlen(name), &item));
  return item;
}

static void load(what_t *what, const char *folder, const char *name) {
  char path[4096];
  wherry_engine_t *engine;
  wherry_linker_t *linker;
  wherry_load_options_t *options;
  check(wherry_engine_new(NULL, &engine));
  check(wherry_linker_new(engine, &linker));
  define(linker, "add", "ii:i", add);
  define(linker, "on_word", "ii:", ignore);
  check(wherry_load_options_new(&options));
  wherry_load_options_set_engine(options, engine);
  wherry_load_options_set_linker(options, linker);
  snprintf(path, sizeof path, "%s/%s.wasm", folder, name);
  check(wherry_load_file(path, options, &what->guest));
  wherry_load_options_release(options);
  wherry_linker_release(linker);
  wherry_engine_release(engine);
  what->store = wherry_guest_store(what->guest);
}

int main(int argc, char **argv) {
  for (size_t i = 0; argc == 3 && i < sizeof things / sizeof *things; i++) {
    if (strcmp(things[i].name, argv[2]) != 0) continue;
    what_t what = {.size = things[i].size};
    char *text = long_text(things[i].text, things[i].size);
    what.text = text;
    load(&what, argv[1], things[i].guest);
    what.func = export(&what, things[i].func).of.func;
    what.memory = export(&what, "memory").of.memory;
    printf("%.3f\n", best_of(things[i].turns, &what));
    wherry_guest_release(what.guest);
    free(text);
    return 0;
  }
  fprintf(stderr, "call FOLDER-OF-GUESTS WHAT\n");
  return 2;
}
