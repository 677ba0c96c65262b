/* Reading files. */
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
