#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef WHERRY_ASSERTS
void wh_assert_failed(const char *what, const char *file, int line) {
  fprintf(stderr, "wherry: %s:%d: assertion failed: %s\n", file, line, what);
  abort();
}
#endif

static char oom_message[] = "out of memory";
static wherry_error_t oom = {
    .kind = WHERRY_ERROR_OOM, .message = oom_message, .message_size = sizeof oom_message - 1};

wherry_error_t *wh_error_oom(void) { return &oom; }

/* ---- memory: the host's own, so that an error may outlive the engine ---- */

static wherry_allocator_t host_of(wh_alloc_t *alloc) {
  if (alloc) return alloc->host;
  wh_alloc_t libc;
  wh_alloc_init(&libc, NULL);
  return libc.host;
}

static void *take(const wherry_allocator_t *host, size_t size) {
  return host->reallocate(host->data, NULL, 0, size);
}

static void give_back(const wherry_allocator_t *host, void *memory, size_t size) {
  if (memory) host->reallocate(host->data, memory, size, 0);
}

/* ---- making ---- */

static wherry_error_t *make(wh_alloc_t *alloc, wherry_error_kind_t kind, const char *format,
                            va_list arguments) WH_PRINTF(3, 0);
static wherry_error_t *make(wh_alloc_t *alloc, wherry_error_kind_t kind, const char *format,
                            va_list arguments) {
  if (kind == WHERRY_ERROR_OOM) return &oom;
  wherry_allocator_t host = host_of(alloc);
  va_list again;
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (size < 0) size = 0;
  wherry_error_t *error = take(&host, sizeof *error);
  if (!error) return &oom;
  *error = (wherry_error_t) {.host = host, .kind = kind, .message_size = (size_t)size};
  error->message = take(&host, (size_t)size + 1);
  if (!error->message) {
    give_back(&host, error, sizeof *error);
    return &oom;
  }
  error->message[0] = 0;
  vsnprintf(error->message, (size_t)size + 1, format, arguments);
  return error;
}

wherry_error_t *wh_error_new(wh_alloc_t *alloc, wherry_error_kind_t kind, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wherry_error_t *error = make(alloc, kind, format, arguments);
  va_end(arguments);
  return error;
}

wherry_error_t *wh_error_at(wh_alloc_t *alloc, wherry_error_kind_t kind, uint64_t offset,
                            const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wherry_error_t *error = make(alloc, kind, format, arguments);
  va_end(arguments);
  if (error != &oom) {
    error->has_offset = true;
    error->offset = offset;
  }
  return error;
}

wherry_error_t *wh_error_trap(wh_alloc_t *alloc, wherry_trap_code_t code, const char *format, ...) {
  wherry_error_t *error;
  if (format) {
    va_list arguments;
    va_start(arguments, format);
    error = make(alloc, WHERRY_ERROR_TRAP, format, arguments);
    va_end(arguments);
  } else {
    error = wh_error_new(alloc, WHERRY_ERROR_TRAP, "%s", wherry_trap_code_name(code));
  }
  if (error != &oom) error->trap = code;
  return error;
}

wherry_error_t *wh_error_limit(wh_alloc_t *alloc, const char *limit, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wherry_error_t *error = make(alloc, WHERRY_ERROR_LIMIT, format, arguments);
  va_end(arguments);
  if (error != &oom) error->limit = limit;
  return error;
}

/* A name as a C string ends at its first zero byte. */
static bool copy_name(const wherry_allocator_t *host, const char *name, size_t size, char **out) {
  *out = NULL;
  if (!name) return true;
  size = strnlen(name, size);
  char *copy = take(host, size + 1);
  if (!copy) return false;
  if (size) memcpy(copy, name, size);
  copy[size] = 0;
  *out = copy;
  return true;
}

static void free_name(const wherry_allocator_t *host, char *name) {
  if (name) give_back(host, name, strlen(name) + 1);
}

bool wh_error_add_frame(wherry_error_t *error, const char *function_name, size_t function_size,
                        const char *module_name, size_t module_size, uint32_t function_index,
                        uint64_t offset) {
  if (error == &oom) return false;
  const wherry_allocator_t *host = &error->host;
  if (error->frame_count == error->frame_capacity) {
    size_t capacity = error->frame_capacity * 2 + 4;
    wh_frame_t *frames =
        host->reallocate(host->data, error->frames, error->frame_capacity * sizeof *frames,
                         capacity * sizeof *frames);
    if (!frames) return false;
    error->frames = frames;
    error->frame_capacity = capacity;
  }
  wh_frame_t frame = {.function_index = function_index, .offset = offset};
  if (!copy_name(host, function_name, function_size, &frame.function_name)) return false;
  if (!copy_name(host, module_name, module_size, &frame.module_name)) {
    free_name(host, frame.function_name);
    return false;
  }
  error->frames[error->frame_count++] = frame;
  return true;
}

bool wh_error_set_values(wherry_error_t *error, const wherry_value_t *values, size_t count) {
  if (!count) return true;
  error->values = take(&error->host, count * sizeof *values);
  if (!error->values) return false;
  memcpy(error->values, values, count * sizeof *values);
  error->value_count = count;
  return true;
}

/* ---- places of texts ---- */

enum { LINE_SHOWN = 100 }; /* bytes of a long line */

static void show_line(wh_text_t *out, const char *text, size_t size, size_t at, size_t line) {
  size_t start = at, end = at;
  while (start > 0 && text[start - 1] != '\n' && at - start < LINE_SHOWN / 2) start--;
  while (end < size && text[end] != '\n' && text[end] != '\r' && end - start < LINE_SHOWN) end++;
  /* Not in the middle of a character. */
  while (start < at && ((uint8_t)text[start] & 0xC0) == 0x80) start++;
  while (end > at && end < size && ((uint8_t)text[end] & 0xC0) == 0x80) end--;
  char number[24];
  int width = snprintf(number, sizeof number, "%zu", line);
  wh_text_printf(out, "\n%s | ", number);
  bool good = wh_utf8_valid(text + start, end - start, NULL);
  for (size_t i = start; i < end; i++) {
    uint8_t byte = (uint8_t)text[i];
    bool plain = byte == '\t' || (byte >= 0x20 && byte < 0x7F) || (byte >= 0x80 && good);
    wh_text_append(out, plain ? text + i : "?", 1);
  }
  wh_text_printf(out, "\n%*s | ", width, "");
  for (size_t i = start; i < at; i++) {
    if (good && ((uint8_t)text[i] & 0xC0) == 0x80) continue;
    wh_text_append(out, text[i] == '\t' ? "\t" : " ", 1);
  }
  wh_text_append(out, "^", 1);
}

wherry_error_t *wh_error_in_text(wh_alloc_t *alloc, wherry_error_kind_t kind, const char *text,
                                 size_t size, size_t at, const char *message) {
  size_t line = 1, column = 1;
  for (size_t i = 0; i < at; i++) {
    if (text[i] == '\n') {
      line++;
      column = 1;
    } else if (((uint8_t)text[i] & 0xC0) != 0x80) {
      column++;
    }
  }
  wh_text_t shown = {.alloc = alloc};
  show_line(&shown, text, size, at, line);
  wherry_error_t *error = shown.failed ? wh_error_oom()
                                       : wh_error_new(alloc, kind, "line %zu, column %zu: %s%s",
                                                      line, column, message, shown.data);
  wh_text_free(&shown);
  return error;
}

void wh_error_prefix(wherry_error_t *error, const char *format, ...) {
  if (error == &oom) return;
  va_list arguments;
  va_start(arguments, format);
  int prefix_size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (prefix_size <= 0) return;
  size_t prefix = (size_t)prefix_size, size = prefix + error->message_size;
  char *message = take(&error->host, size + 1);
  if (!message) return;
  va_start(arguments, format);
  vsnprintf(message, prefix + 1, format, arguments);
  va_end(arguments);
  memcpy(message + prefix, error->message, error->message_size + 1);
  give_back(&error->host, error->message, error->message_size + 1);
  error->message = message;
  error->message_size = size;
}

/* ---- the public functions ---- */

wherry_error_t *wherry_error_new(wherry_error_kind_t kind, const char *message) {
  if (kind < WHERRY_ERROR_MALFORMED || kind > WHERRY_ERROR_STATE) kind = WHERRY_ERROR_HOST;
  return wh_error_new(NULL, kind, "%s", message ? message : "");
}

wherry_error_t *wherry_error_new_host(const char *message, void *payload,
                                      wherry_finalizer_t finalizer) {
  wherry_error_t *error = wh_error_new(NULL, WHERRY_ERROR_HOST, "%s", message ? message : "");
  if (error == &oom) {
    if (finalizer) finalizer(payload);
    return error;
  }
  error->payload = payload;
  error->finalizer = finalizer;
  return error;
}

void wherry_error_set_payload(wherry_error_t *error, void *payload, wherry_finalizer_t finalizer) {
  if (error == &oom || error->payload) {
    if (finalizer) finalizer(payload);
    return;
  }
  error->payload = payload;
  error->finalizer = finalizer;
}

wherry_error_t *wherry_error_new_exit(int32_t code) {
  wherry_error_t *error = wh_error_new(NULL, WHERRY_ERROR_EXIT, "exit with code %d", (int)code);
  if (error != &oom) error->exit_code = code;
  return error;
}

void wherry_error_release(wherry_error_t *error) {
  if (!error || error == &oom) return;
  wherry_allocator_t host = error->host;
  if (error->finalizer) error->finalizer(error->payload);
  if (error->end_values) error->end_values(error);
  for (size_t i = 0; i < error->frame_count; i++) {
    free_name(&host, error->frames[i].function_name);
    free_name(&host, error->frames[i].module_name);
  }
  give_back(&host, error->values, error->value_count * sizeof *error->values);
  give_back(&host, error->frames, error->frame_capacity * sizeof *error->frames);
  give_back(&host, error->message, error->message_size + 1);
  give_back(&host, error, sizeof *error);
}

wherry_error_kind_t wherry_error_kind(const wherry_error_t *error) { return error->kind; }

const char *wherry_error_kind_name(wherry_error_kind_t kind) {
  static const char *const names[] = {
      [WHERRY_ERROR_MALFORMED] = "malformed",
      [WHERRY_ERROR_INVALID] = "invalid",
      [WHERRY_ERROR_UNLINKABLE] = "unlinkable",
      [WHERRY_ERROR_TYPE] = "type",
      [WHERRY_ERROR_RANGE] = "range",
      [WHERRY_ERROR_TRAP] = "trap",
      [WHERRY_ERROR_EXIT] = "exit",
      [WHERRY_ERROR_EXCEPTION] = "exception",
      [WHERRY_ERROR_LIMIT] = "limit",
      [WHERRY_ERROR_INTERRUPTED] = "interrupted",
      [WHERRY_ERROR_HOST] = "host",
      [WHERRY_ERROR_OOM] = "oom",
      [WHERRY_ERROR_IO] = "io",
      [WHERRY_ERROR_STATE] = "state",
  };
  return (size_t)kind < WH_COUNT(names) && names[kind] ? names[kind] : "?";
}

const char *wherry_error_message(const wherry_error_t *error) { return error->message; }

bool wherry_error_offset(const wherry_error_t *error, uint64_t *offset) {
  if (error->has_offset && offset) *offset = error->offset;
  return error->has_offset;
}

wherry_trap_code_t wherry_error_trap_code(const wherry_error_t *error) { return error->trap; }

const char *wherry_trap_code_name(wherry_trap_code_t code) {
  static const char *const names[] = {
      [WHERRY_TRAP_NONE] = "none",
      [WHERRY_TRAP_UNREACHABLE] = "unreachable",
      [WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS] = "out of bounds memory access",
      [WHERRY_TRAP_TABLE_OUT_OF_BOUNDS] = "out of bounds table access",
      [WHERRY_TRAP_UNDEFINED_ELEMENT] = "undefined element",
      [WHERRY_TRAP_UNINITIALIZED_ELEMENT] = "uninitialized element",
      [WHERRY_TRAP_INDIRECT_CALL_MISMATCH] = "indirect call type mismatch",
      [WHERRY_TRAP_INTEGER_OVERFLOW] = "integer overflow",
      [WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO] = "integer divide by zero",
      [WHERRY_TRAP_INVALID_CONVERSION] = "invalid conversion to integer",
      [WHERRY_TRAP_STACK_OVERFLOW] = "call stack exhausted",
      [WHERRY_TRAP_NULL_REFERENCE] = "null reference",
      [WHERRY_TRAP_CANONICAL_ABI] = "rule of the Canonical ABI broken",
      [WHERRY_TRAP_UNALIGNED_ATOMIC] = "unaligned atomic",
      [WHERRY_TRAP_EXPECTED_SHARED_MEMORY] = "expected shared memory",
      [WHERRY_TRAP_NULL_FUNCTION] = "null function reference",
      [WHERRY_TRAP_NULL_STRUCTURE] = "null structure reference",
      [WHERRY_TRAP_NULL_ARRAY] = "null array reference",
      [WHERRY_TRAP_NULL_I31] = "null i31 reference",
      [WHERRY_TRAP_ARRAY_OUT_OF_BOUNDS] = "out of bounds array access",
      [WHERRY_TRAP_CAST_FAILURE] = "cast failure",
  };
  return (size_t)code < WH_COUNT(names) ? names[code] : "?";
}

int32_t wherry_error_exit_code(const wherry_error_t *error) { return error->exit_code; }

const char *wherry_error_limit(const wherry_error_t *error) { return error->limit; }

void *wherry_error_payload(const wherry_error_t *error) { return error->payload; }

size_t wherry_error_frame_count(const wherry_error_t *error) { return error->frame_count; }

uint64_t wherry_error_frames_omitted(const wherry_error_t *error, size_t *before_frame) {
  if (before_frame) *before_frame = error->omitted_before;
  return error->frames_omitted;
}

const char *wherry_error_frame_function_name(const wherry_error_t *error, size_t index) {
  return index < error->frame_count ? error->frames[index].function_name : NULL;
}

const char *wherry_error_frame_module_name(const wherry_error_t *error, size_t index) {
  return index < error->frame_count ? error->frames[index].module_name : NULL;
}

uint32_t wherry_error_frame_function_index(const wherry_error_t *error, size_t index) {
  return index < error->frame_count ? error->frames[index].function_index : UINT32_MAX;
}

uint64_t wherry_error_frame_offset(const wherry_error_t *error, size_t index) {
  return index < error->frame_count ? error->frames[index].offset : UINT64_MAX;
}
