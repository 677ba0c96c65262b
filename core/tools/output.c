/* What the command writes: names that nobody can trust, errors, the guest's stack. */
#include "tool.h"
#include "utf8.h"
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static bool shown_escaped(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

static void put_escaped_but(FILE *out, const char *data, size_t size, uint32_t allowed) {
  for (size_t i = 0; i < size;) {
    uint32_t c = 0;
    size_t length = utf8_read(data + i, size - i, &c);
    if (!length) {
      fprintf(out, "\\x%02x", (unsigned)(uint8_t)data[i]);
      length = 1;
    } else if (c == allowed || !shown_escaped(c)) {
      fwrite(data + i, 1, length, out);
    } else if (c == '\n') {
      fputs("\\n", out);
    } else if (c < 0x80) {
      fprintf(out, "\\x%02x", (unsigned)c);
    } else {
      fprintf(out, "\\u{%x}", (unsigned)c);
    }
    i += length;
  }
}

void put_escaped(FILE *out, const char *data, size_t size) {
  put_escaped_but(out, data, size, UINT32_MAX);
}

void put_name(FILE *out, wherry_bytes_t name) {
  put_escaped(out, (const char *)name.data, name.size);
}

void put_json_text(FILE *out, const char *data, size_t size) {
  fputc('"', out);
  for (size_t i = 0; i < size;) {
    uint32_t c = 0;
    size_t length = utf8_read(data + i, size - i, &c);
    if (!length) { /* JSON has no bytes: the replacement character */
      fputs("\\ufffd", out);
      length = 1;
    } else if (c == '"' || c == '\\') {
      fprintf(out, "\\%c", (char)c);
    } else if (c == '\n' || c == '\t' || c == '\r') {
      fputs(c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r", out);
    } else if (shown_escaped(c)) {
      fprintf(out, "\\u%04x", (unsigned)c);
    } else {
      fwrite(data + i, 1, length, out);
    }
    i += length;
  }
  fputc('"', out);
}

static void begin(const char *subject) {
  fflush(stdout);
  fputs("wherry: ", stderr);
  if (subject) {
    put_escaped(stderr, subject, strlen(subject));
    fputs(": ", stderr);
  }
}

int complain(const char *subject, const char *format, ...) {
  text_t message = {0};
  va_list args;
  va_start(args, format);
  int size = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (size > 0) {
    char *text = arena_alloc((size_t)size + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    text_add(&message, text, (size_t)size);
  }
  begin(subject);
  put_escaped_but(stderr, message.data ? message.data : "", message.size, '\n');
  fputc('\n', stderr);
  return STATUS_ERROR;
}

static void put_frames(const wherry_error_t *error) {
  size_t count = wherry_error_frame_count(error);
  size_t before = 0;
  uint64_t omitted = wherry_error_frames_omitted(error, &before);
  uint64_t number = 0;
  for (size_t i = 0; i < count; i++) {
    if (omitted && i == before) {
      fprintf(stderr, "  … %" PRIu64 " more\n", omitted);
      number += omitted;
    }
    const char *name = wherry_error_frame_function_name(error, i);
    const char *module = wherry_error_frame_module_name(error, i);
    uint64_t offset = wherry_error_frame_offset(error, i);
    fprintf(stderr, "  %" PRIu64 ": ", number++);
    if (name) {
      put_escaped(stderr, name, strlen(name));
      fputc(' ', stderr);
    }
    if (offset == UINT64_MAX) {
      fputs("(host)\n", stderr);
      continue;
    }
    fprintf(stderr, "(function %" PRIu32, wherry_error_frame_function_index(error, i));
    if (module) {
      fputs(" of ", stderr);
      put_escaped(stderr, module, strlen(module));
    }
    fprintf(stderr, ") at 0x%" PRIx64 "\n", offset);
  }
}

int report(const char *file, wherry_error_t *error) {
  wherry_error_kind_t kind = wherry_error_kind(error);
  if (kind == WHERRY_ERROR_EXIT) {
    int status = wherry_error_exit_code(error) & 0xFF;
    wherry_error_release(error);
    return status;
  }
  const char *message = wherry_error_message(error);
  uint64_t offset;
  begin(file);
  if (kind == WHERRY_ERROR_TRAP) fputs("trap: ", stderr);
  put_escaped_but(stderr, message, strlen(message), '\n');
  if (wherry_error_offset(error, &offset) && !strstr(message, "offset")) {
    fprintf(stderr, " (at offset 0x%" PRIx64 ")", offset);
  }
  fputc('\n', stderr);
  put_frames(error);
  wherry_error_release(error);
  return kind == WHERRY_ERROR_TRAP ? STATUS_TRAP : STATUS_ERROR;
}
