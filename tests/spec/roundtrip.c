/* roundtrip [--most BYTES] [--every N] [--change N] PATH…: takes every module in files and folders, also those in
   components and in scripts (.wast), writes it anew (encode), prints it as text, plain and folded, and
   reads the text: the bytes must be those that were written. Of modules that are not valid only what
   cannot be told in text may be refused, and what reads back must be the same.
   Ends with "N modules came back, N failed, N invalid ones could not be printed".
     --most   files that are larger are left out
     --every  one of so many modules only
     --change each also N times with some bytes changed at random; what text cannot tell of those may
              be refused when it is read, too
   roundtrip --print FOLDER …: the valid ones among them as FOLDER/N.wasm, N.plain.wat and N.folded.wat,
   for another tool to read. roundtrip --compare FOLDER: whether what that tool made of N.plain.wat,
   N.plain.parsed, is the module N.wasm; so too folded. Custom sections may stand in another order. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <wherry.h>

#include "base/base.h"
#include "decode/decode.h"
#include "encode/encode.h"
#include "text/text.h"
#include "validate/validate.h"

static wh_alloc_t alloc;
static wherry_engine_t *engine;
static unsigned long good, failed, refused, seen;
static unsigned long long most = UINT64_MAX, every = 1, changes;
static bool is_changed;
static const char *print_folder;

static void complain(const char *name, const char *what, wherry_error_t *error) {
  printf("%s: %s%s%s\n", name, what, error ? ": " : "", error ? wherry_error_message(error) : "");
  wherry_error_release(error);
}

/* Where two binaries begin to differ. */
static void show_difference(const char *name, const char *form, const uint8_t *wanted,
                            size_t wanted_size, const uint8_t *got, size_t size) {
  size_t at = 0;
  while (at < size && at < wanted_size && wanted[at] == got[at]) at++;
  printf("%s: %s: %zu bytes instead of %zu, another at offset %zu\n", name, form, size, wanted_size,
         at);
}

/* How one form comes back: 0 the same, 1 not, 2 it could not be printed. */
static int check_form(const char *name, const uint8_t *bytes, size_t size, uint32_t options,
                      const uint8_t *wanted, size_t wanted_size, bool valid) {
  const char *form = options ? "folded" : "plain";
  char *text;
  uint8_t *back;
  size_t text_size, back_size;
  wherry_error_t *error = wh_binary_to_text(&alloc, bytes, size, options, &text, &text_size);
  if (error) {
    if (valid) complain(name, form, error);
    if (!valid) wherry_error_release(error);
    return valid ? 1 : 2;
  }
  error = wh_text_to_binary(&alloc, text, text_size, ~UINT64_C(0), &back, &back_size);
  wh_free(&alloc, text, text_size);
  if (error && is_changed && !valid && wherry_error_kind(error) == WHERRY_ERROR_MALFORMED) {
    wherry_error_release(error);
    return 2;
  }
  if (error) {
    complain(name, form, error);
    return 1;
  }
  bool same = back_size == wanted_size && memcmp(back, wanted, back_size) == 0;
  if (!same) show_difference(name, form, wanted, wanted_size, back, back_size);
  wh_free(&alloc, back, back_size);
  return same ? 0 : 1;
}

static void write_file(const char *end, const void *bytes, size_t size) {
  char path[4200];
  snprintf(path, sizeof path, "%s/%lu%s", print_folder, good, end);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
    perror(path);
    exit(1);
  }
}

static void print_module(const uint8_t *bytes, size_t size, const uint8_t *wanted,
                         size_t wanted_size) {
  write_file(".wasm", wanted, wanted_size);
  for (uint32_t options = 0; options <= WHERRY_TEXT_FOLDED; options++) {
    char *text;
    size_t text_size;
    wherry_error_t *error = wh_binary_to_text(&alloc, bytes, size, options, &text, &text_size);
    if (error) {
      wherry_error_release(error);
      continue;
    }
    write_file(options ? ".folded.wat" : ".plain.wat", text, text_size);
    wh_free(&alloc, text, text_size);
  }
}

static void check_bytes(const char *name, const uint8_t *bytes, size_t size) {
  wh_model_t *model;
  uint8_t *wanted;
  size_t wanted_size;
  wherry_error_t *error = wh_decode(&alloc, bytes, size, ~UINT64_C(0), &model);
  if (error) {
    wherry_error_release(error);
    return;
  }
  error = wh_validate(model, ~UINT64_C(0));
  bool valid = !error;
  wherry_error_release(error);
  error = wh_encode(&alloc, model, &wanted, &wanted_size);
  wh_model_free(model);
  int status = error ? (valid ? 1 : 2) : 0;
  if (error && valid) complain(name, "written anew", error);
  if (error && !valid) wherry_error_release(error);
  for (uint32_t options = 0; !status && options <= WHERRY_TEXT_FOLDED; options++)
    status = check_form(name, bytes, size, options, wanted, wanted_size, valid);
  if (!status && valid && print_folder) print_module(bytes, size, wanted, wanted_size);
  if (!error) wh_free(&alloc, wanted, wanted_size);
  good += status == 0;
  failed += status == 1;
  refused += status == 2;
}

static void check_module(const char *name, const uint8_t *bytes, size_t size) {
  static uint64_t seed = 1;
  if (seen++ % every) return;
  check_bytes(name, bytes, size);
  is_changed = true;
  for (unsigned long long i = 0; i < changes && size > 8; i++) {
    char inner[4300];
    snprintf(inner, sizeof inner, "%s, change %llu", name, i);
    uint8_t *changed = malloc(size);
    memcpy(changed, bytes, size);
    for (int k = 0; k < 1 + (int)(i % 3); k++) {
      seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
      size_t at = 8 + (size_t)(seed >> 33) % (size - 8);
      changed[at] = seed >> 16 & 1 ? (uint8_t)(seed >> 20) : changed[at] ^ (1u << (seed >> 20) % 8);
    }
    check_bytes(inner, changed, size);
    free(changed);
  }
  is_changed = false;
}

/* Modules and components lie in sections 1 and 4 of a component. */
static void check_component(const char *name, const uint8_t *bytes, size_t size, int depth) {
  wh_reader_t in = {bytes, bytes + 8, bytes + size, 0};
  uint8_t id;
  uint32_t section_size;
  const uint8_t *section;
  while (depth < 10 && wh_read_u8(&in, &id) && wh_read_u32(&in, &section_size) &&
         wh_read_bytes(&in, section_size, &section)) {
    char inner[4200];
    snprintf(inner, sizeof inner, "%s+%zu", name, (size_t)(section - bytes));
    if (id == 1) check_module(inner, section, section_size);
    if (id == 4 && section_size > 8) check_component(inner, section, section_size, depth + 1);
  }
}

/* The modules of a script, in the order of its commands. */
static void check_script(const char *name, const uint8_t *text, size_t size) {
  wherry_script_t *script;
  wherry_error_t *error = wherry_script_read(engine, (const char *)text, size, &script);
  if (error) {
    complain(name, "script", error);
    failed++;
    return;
  }
  const wherry_command_t *command;
  for (size_t i = 0; (command = wherry_script_command(script, i)); i++) {
    char inner[4200];
    snprintf(inner, sizeof inner, "%s:%zu", name, command->line);
    if (command->module.data) check_module(inner, command->module.data, command->module.size);
  }
  wherry_script_release(script);
}

static bool ends_with(const char *text, const char *end) {
  size_t size = strlen(text), end_size = strlen(end);
  return size > end_size && strcmp(text + size - end_size, end) == 0;
}

static void check_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return;
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = size > most ? NULL : malloc(size + 1);
  if (bytes && fread(bytes, 1, size, file) == size) {
    if (ends_with(path, ".wast"))
      check_script(path, bytes, size);
    else if (size > 8 && bytes[6] == 1)
      check_component(path, bytes, size, 0);
    else
      check_module(path, bytes, size);
  }
  free(bytes);
  fclose(file);
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static void check_path(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) return;
  if (!S_ISDIR(status.st_mode)) {
    if (ends_with(path, ".wasm") || ends_with(path, ".wast")) check_file(path);
    return;
  }
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, by_name);
  for (int i = 0; i < count; i++) {
    char inner[4096];
    snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
    if (entries[i]->d_name[0] != '.') check_path(inner);
    free(entries[i]);
  }
  if (count >= 0) free(entries);
}

/* ---- comparing ---- */

static bool same_custom(const wh_custom_t *a, const wh_custom_t *b) {
  return a->name.size == b->name.size && memcmp(a->name.data, b->name.data, a->name.size) == 0 &&
         a->bytes.size == b->bytes.size && memcmp(a->bytes.data, b->bytes.data, a->bytes.size) == 0;
}

/* The model of a file, its bytes without custom sections, and these by themselves. */
static wh_model_t *read_model(const char *path, uint8_t **bytes, size_t *size, size_t *customs) {
  wh_model_t *model = NULL;
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    return NULL;
  }
  fseek(file, 0, SEEK_END);
  size_t file_size = (size_t)ftell(file);
  rewind(file);
  uint8_t *raw = malloc(file_size + 1);
  wherry_error_t *error = NULL;
  if (raw && fread(raw, 1, file_size, file) == file_size)
    error = wh_decode(&alloc, raw, file_size, ~UINT64_C(0), &model);
  free(raw);
  fclose(file);
  if (model) {
    *customs = model->customs.count;
    model->customs.count = 0;
    error = wh_encode(&alloc, model, bytes, size);
    model->customs.count = *customs;
  }
  if (!error) return model;
  complain(path, "cannot be read", error);
  wh_model_free(model);
  return NULL;
}

static bool same_module(const char *path, const char *other) {
  uint8_t *bytes = NULL, *other_bytes = NULL;
  size_t size = 0, other_size = 0, customs = 0, other_customs = 0, found = 0;
  wh_model_t *a = read_model(path, &bytes, &size, &customs);
  wh_model_t *b = read_model(other, &other_bytes, &other_size, &other_customs);
  bool same = a && b && size == other_size && memcmp(bytes, other_bytes, size) == 0 &&
              customs == other_customs;
  for (size_t i = 0; same && i < customs; i++)
    for (size_t k = 0; k < customs; k++)
      if (same_custom(&a->customs.items[i], &b->customs.items[k])) {
        found++;
        break;
      }
  same = same && found == customs;
  if (!same) printf("%s: another module than %s\n", other, path);
  if (a) wh_free(&alloc, bytes, size);
  if (b) wh_free(&alloc, other_bytes, other_size);
  wh_model_free(a);
  wh_model_free(b);
  return same;
}

static void compare(const char *folder) {
  struct dirent **entries;
  int count = scandir(folder, &entries, NULL, by_name);
  for (int i = 0; i < count; i++) {
    const char *entry = entries[i]->d_name;
    char path[4096], other[4096];
    snprintf(path, sizeof path, "%s/%s", folder, entry);
    for (int folded = 0; folded < 2 && ends_with(entry, ".wasm"); folded++) {
      snprintf(other, sizeof other, "%s/%.*s%s", folder, (int)strlen(entry) - 5, entry,
               folded ? ".folded.parsed" : ".plain.parsed");
      if (same_module(path, other))
        good++;
      else
        failed++;
    }
    free(entries[i]);
  }
  if (count >= 0) free(entries);
  printf("%lu texts are the same module to both, %lu failed\n", good, failed);
}

int main(int argc, char **argv) {
  wh_alloc_init(&alloc, NULL);
  int i = 1;
  for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
    if (strcmp(argv[i], "--most") == 0) most = strtoull(argv[i + 1], NULL, 10);
    if (strcmp(argv[i], "--change") == 0) changes = strtoull(argv[i + 1], NULL, 10);
    if (strcmp(argv[i], "--every") == 0) every = strtoull(argv[i + 1], NULL, 10);
    if (strcmp(argv[i], "--print") == 0) print_folder = argv[i + 1];
    if (strcmp(argv[i], "--compare") == 0) {
      compare(argv[i + 1]);
      return failed || !good;
    }
  }
  if (!every || wherry_engine_new(NULL, &engine)) return 1;
  for (; i < argc; i++) check_path(argv[i]);
  wherry_engine_release(engine);
  printf("%lu modules came back, %lu failed, %lu invalid ones could not be printed\n", good, failed,
         refused);
  if (alloc.used) printf("%llu bytes leaked\n", (unsigned long long)alloc.used);
  return failed || alloc.used || !good;
}
