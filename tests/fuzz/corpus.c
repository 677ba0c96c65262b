/* What is changed: modules and texts found in files. */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

#include "decode/decode.h"
#include "text/text.h"
#include "validate/validate.h"
#include <wherry.h>

enum { MOST_BYTES = 128 << 10 }; /* larger ones would take all the time */

static wh_alloc_t alloc;
static wh_map_t known; /* of contents, so that each is there once */

bool file_read(const char *path, bytes_t *out) {
  FILE *file = fopen(path, "rb");
  if (!file) return false;
  uint8_t buffer[4096];
  size_t size;
  *out = (bytes_t) {0};
  while ((size = fread(buffer, 1, sizeof buffer, file)) > 0) bytes_add(out, buffer, size);
  bool good = !ferror(file);
  fclose(file);
  return good;
}

/* Small ones as likely as their size asks for, but not ever more so: a large one costs more. */
static uint64_t weight(size_t size) {
  uint64_t root = 1;
  while (root * root < size) root++;
  return size > 4096 ? 64 * 4096 / size + 1 : root;
}

static void add(corpus_t *corpus, const char *name, const uint8_t *data, size_t size) {
  uint64_t ignored;
  if (size == 0 || size > MOST_BYTES || wh_map_get(&known, (const char *)data, size, &ignored))
    return;
  seed_file_t file = {.name = strdup(name)};
  bytes_add(&file.bytes, data, size);
  size_t count = corpus->files.count;
  file.weight = weight(size) + (count ? corpus->files.items[count - 1].weight : 0);
  if (!file.name || !wh_map_put(&alloc, &known, (const char *)file.bytes.data, size, 0) ||
      !wh_vec_push(&alloc, &corpus->files, file))
    abort();
}

static void add_module(corpus_t *corpus, const char *name, const uint8_t *data, size_t size) {
  size_t before = corpus->files.count;
  if (!check_validity(data, size, FUZZ_FEATURES, NULL)) return;
  add(corpus, name, data, size);
  if (corpus->files.count > before) {
    seed_file_t *file = &corpus->files.items[before];
    places_find(file->bytes.data, file->bytes.size, &file->places);
  }
}

static void add_text(corpus_t *corpus, const char *path, const bytes_t *text) {
  uint8_t *binary;
  size_t size;
  wherry_error_t *error = wh_text_to_binary(&alloc, (const char *)text->data, text->size,
                                            FUZZ_FEATURES, &binary, &size);
  wherry_error_release(error);
  if (error) return;
  add_module(corpus, path, binary, size);
  wh_free(&alloc, binary, size);
}

static void add_script(corpus_t *corpus, const char *path, const bytes_t *text) {
  wh_script_t *script;
  wherry_error_t *error =
      wh_script_read(&alloc, (const char *)text->data, text->size, FUZZ_FEATURES, &script);
  wherry_error_release(error);
  if (error) return;
  char *name = malloc(strlen(path) + 30);
  if (!name) abort();
  for (size_t i = 0; i < wh_script_count(script); i++) {
    const wherry_command_t *command = wh_script_command(script, i);
    if (!command->module.data) continue;
    sprintf(name, "%s:%zu", path, command->line);
    add_module(corpus, name, command->module.data, command->module.size);
  }
  free(name);
  wh_script_free(script);
}

/* Every list of the outermost level is a text of its own; of the many assertions about a call one in
   sixteen is enough. */
static void add_lists(corpus_t *corpus, const char *path, const bytes_t *text) {
  size_t start = 0, calls = 0;
  int depth = 0;
  for (size_t at = 0; at < text->size; at++) {
    uint8_t c = text->data[at];
    if (c == '"') {
      while (++at < text->size && text->data[at] != '"') at += text->data[at] == '\\';
    } else if (c == ';' && at + 1 < text->size && text->data[at + 1] == ';') {
      while (at < text->size && text->data[at] != '\n') at++;
    } else if (c == '(' && depth++ == 0) {
      start = at;
    } else if (c == ')' && --depth == 0) {
      const char *list = (const char *)text->data + start;
      bool call = strncmp(list, "(assert_return", 14) == 0 ||
                  strncmp(list, "(assert_trap (invoke", 20) == 0;
      if (!call || calls++ % 16 == 0) add(corpus, path, text->data + start, at + 1 - start);
    }
  }
}

static void add_file(corpus_t *corpus, corpus_kind_t kind, const char *path) {
  const char *suffix = strrchr(path, '.');
  bytes_t bytes = {0};
  bool binary = suffix && strcmp(suffix, ".wasm") == 0;
  bool text = suffix && strcmp(suffix, ".wat") == 0,
       script = suffix && strcmp(suffix, ".wast") == 0;
  if (kind == CORPUS_WITS) {
    if (!suffix || strcmp(suffix, ".wit") != 0 || !file_read(path, &bytes)) return;
    add(corpus, path, bytes.data, bytes.size);
    free(bytes.data);
    return;
  }
  if (kind == CORPUS_COMPONENTS ? !binary : !(text || script || (binary && kind == CORPUS_MODULES)))
    return;
  if (!file_read(path, &bytes)) return;
  if (kind == CORPUS_COMPONENTS) {
    if (wherry_is_component(bytes.data, bytes.size) &&
        check_component_validity(bytes.data, bytes.size))
      add(corpus, path, bytes.data, bytes.size);
  } else if (kind == CORPUS_TEXTS)
    add_lists(corpus, path, &bytes);
  else if (binary)
    add_module(corpus, path, bytes.data, bytes.size);
  else if (text)
    add_text(corpus, path, &bytes);
  else
    add_script(corpus, path, &bytes);
  free(bytes.data);
}

void corpus_add(corpus_t *corpus, corpus_kind_t kind, const char *path) {
  if (!alloc.host.reallocate) wh_alloc_init(&alloc, NULL);
  struct stat info;
  if (stat(path, &info) != 0) return;
  if (!S_ISDIR(info.st_mode)) {
    add_file(corpus, kind, path);
    return;
  }
  struct dirent **found;
  int count = scandir(path, &found, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    if (found[i]->d_name[0] != '.') {
      char *inner = malloc(strlen(path) + strlen(found[i]->d_name) + 2);
      if (!inner) abort();
      sprintf(inner, "%s/%s", path, found[i]->d_name);
      corpus_add(corpus, kind, inner);
      free(inner);
    }
    free(found[i]);
  }
  if (count >= 0) free(found);
}

void corpus_free(corpus_t *corpus) {
  for (size_t i = 0; i < corpus->files.count; i++) {
    free(corpus->files.items[i].name);
    free(corpus->files.items[i].bytes.data);
    places_free(&corpus->files.items[i].places);
  }
  wh_vec_free(&alloc, &corpus->files);
  wh_map_free(&alloc, &known);
}

const seed_file_t *corpus_any(const corpus_t *corpus, random_t *random) {
  size_t low = 0, high = corpus->files.count - 1;
  uint64_t wanted = random_next(random) % corpus->files.items[high].weight;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (corpus->files.items[middle].weight > wanted)
      high = middle;
    else
      low = middle + 1;
  }
  return &corpus->files.items[low];
}
