/* Modules from files. */
#include <errno.h>
#include <stdio.h>

#include "api/api.h"

WH_COLD static wherry_error_t *io_error(wh_alloc_t *alloc, const char *path) {
  return wh_error_new(alloc, WHERRY_ERROR_IO, "%s: %s", path, strerror(errno));
}

/* Reads to the end: also what has no size beforehand (pipes, devices). */
static wherry_error_t *read_file(wh_alloc_t *alloc, FILE *file, const char *path, uint8_t **bytes,
                                 size_t *size, size_t *capacity) {
  for (;;) {
    if (*size == *capacity) {
      size_t larger = *capacity ? *capacity * 2 : 65536;
      uint8_t *moved = wh_realloc(alloc, *bytes, *capacity, larger);
      if (!moved) return wh_error_oom();
      *bytes = moved;
      *capacity = larger;
    }
    size_t count = fread(*bytes + *size, 1, *capacity - *size, file);
    *size += count;
    if (count) continue;
    return ferror(file) ? io_error(alloc, path) : NULL;
  }
}

wherry_error_t *api_read_file(wh_alloc_t *alloc, const char *path, uint8_t **bytes, size_t *size,
                              size_t *capacity) {
  *bytes = NULL;
  *size = *capacity = 0;
  FILE *file = fopen(path, "rb");
  if (!file) return io_error(alloc, path);
  wherry_error_t *error = read_file(alloc, file, path, bytes, size, capacity);
  fclose(file);
  return error;
}

static bool is_text(const char *path) {
  size_t size = strlen(path);
  return size >= 4 && strcmp(path + size - 4, ".wat") == 0;
}

wherry_error_t *wherry_module_new_file(wherry_engine_t *engine, const char *path,
                                       wherry_module_t **out) {
  uint8_t *bytes;
  size_t size, capacity;
  wherry_error_t *error = api_read_file(&engine->alloc, path, &bytes, &size, &capacity);
  if (!error && is_text(path)) {
    error = wherry_module_new_text(engine, (const char *)bytes, size, path, out);
  } else if (!error) {
    error = wh_module_make(engine, bytes, size, out);
  }
  wh_free(&engine->alloc, bytes, capacity);
  return error;
}
