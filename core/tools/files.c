/* Reading and writing files. */
#include "tool.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

bool read_file(const char *path, wherry_bytes_t *out) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    complain(path, "%s", strerror(errno));
    return false;
  }
  text_t text = {0};
  text_add(&text, "", 0);
  /* The size is only a hint: what is read may be a pipe. */
  struct stat status;
  if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    text.room = (size_t)status.st_size + 1;
    text.data = arena_alloc(text.room);
  }
  for (;;) {
    if (text.size + 1 >= text.room) {
      size_t room = text.room * 2 + 4096;
      /* One more byte tells the end of a file whose size was known. */
      int next = fgetc(file);
      if (next == EOF) break;
      text.data = arena_grow(text.data, text.size, room);
      text.room = room;
      text.data[text.size++] = (char)next;
    }
    size_t got = fread(text.data + text.size, 1, text.room - 1 - text.size, file);
    text.size += got;
    if (!got) break;
  }
  int failed = ferror(file) ? errno : 0;
  fclose(file);
  if (failed) {
    complain(path, "%s", strerror(failed));
    return false;
  }
  out->data = (const uint8_t *)text.data;
  out->size = text.size;
  return true;
}

bool ends_with(const char *text, const char *end) {
  size_t size = strlen(text), end_size = strlen(end);
  return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

wherry_error_t *text_to_binary(wherry_engine_t *engine, wherry_bytes_t *module) {
  wherry_bytes_t bytes;
  wherry_error_t *error =
      wherry_text_to_binary(engine, (const char *)module->data, module->size, &bytes);
  if (error) return error;
  module->data = (const uint8_t *)arena_text((const char *)bytes.data, bytes.size);
  module->size = bytes.size;
  wherry_bytes_release(engine, bytes);
  return NULL;
}

wherry_error_t *validate_bytes(wherry_engine_t *engine, wherry_bytes_t bytes) {
  return wherry_is_component(bytes.data, bytes.size)
             ? wherry_component_validate(engine, bytes.data, bytes.size)
             : wherry_module_validate(engine, bytes.data, bytes.size);
}

bool read_module_file(wherry_engine_t *engine, const char *path, wherry_bytes_t *out, int *status) {
  *status = STATUS_ERROR;
  if (!read_file(path, out)) return false;
  wherry_error_t *error = ends_with(path, ".wat") ? text_to_binary(engine, out) : NULL;
  if (error) *status = report(path, error);
  return !error;
}

int write_file(const char *path, wherry_bytes_t bytes) {
  bool standard = strcmp(path, "-") == 0;
  FILE *file = standard ? stdout : fopen(path, "wb");
  if (!file) return complain(path, "%s", strerror(errno));
  bool good = fwrite(bytes.data, 1, bytes.size, file) == bytes.size;
  if (!standard && fclose(file) != 0) good = false;
  return good ? STATUS_OK : complain(path, "%s", strerror(errno));
}
