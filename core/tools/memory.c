/* The arena and growing texts. */
#include "tool.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256 * 1024, ALIGNMENT = 16 };

static char *chunk;
static size_t chunk_left;

/* Chunks are reachable through this list, so that leak checkers know them. */
typedef struct link {
  struct link *next;
} link_t;
static link_t *chunks;

static _Noreturn void out_of_memory(void) {
  fputs("wherry: out of memory\n", stderr);
  exit(STATUS_ERROR);
}

static char *new_chunk(size_t size) {
  link_t *memory = size > SIZE_MAX - ALIGNMENT ? NULL : calloc(1, size + ALIGNMENT);
  if (!memory) out_of_memory();
  memory->next = chunks;
  chunks = memory;
  return (char *)memory + ALIGNMENT;
}

void *arena_alloc(size_t size) {
  if (size > SIZE_MAX - ALIGNMENT) out_of_memory();
  size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (size > CHUNK / 4) return new_chunk(size);
  if (size > chunk_left) {
    chunk = new_chunk(CHUNK);
    chunk_left = CHUNK;
  }
  void *memory = chunk;
  chunk += size;
  chunk_left -= size;
  return memory;
}

void *arena_grow(void *old, size_t old_size, size_t new_size) {
  void *memory = arena_alloc(new_size);
  if (old_size) memcpy(memory, old, old_size);
  return memory;
}

char *arena_text(const char *text, size_t size) {
  char *copy = arena_alloc(size + 1);
  if (size) memcpy(copy, text, size);
  return copy;
}

static void text_reserve(text_t *text, size_t more) {
  size_t needed = text->size + more + 1;
  if (needed <= text->room) return;
  size_t room = text->room ? text->room * 2 : 64;
  while (room < needed) room *= 2;
  text->data = arena_grow(text->data, text->size, room);
  text->room = room;
}

void text_add(text_t *text, const void *data, size_t size) {
  text_reserve(text, size);
  if (size) memcpy(text->data + text->size, data, size);
  text->size += size;
  text->data[text->size] = 0;
}

void text_print(text_t *text, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int size = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (size < 0) return;
  text_reserve(text, (size_t)size);
  va_start(args, format);
  vsnprintf(text->data + text->size, (size_t)size + 1, format, args);
  va_end(args);
  text->size += (size_t)size;
}

void text_add_code_point(text_t *text, uint32_t c) {
  char bytes[4];
  size_t size = 0;
  if (c < 0x80) {
    bytes[size++] = (char)c;
  } else if (c < 0x800) {
    bytes[size++] = (char)(0xC0 | c >> 6);
    bytes[size++] = (char)(0x80 | (c & 63));
  } else if (c < 0x10000) {
    bytes[size++] = (char)(0xE0 | c >> 12);
    bytes[size++] = (char)(0x80 | (c >> 6 & 63));
    bytes[size++] = (char)(0x80 | (c & 63));
  } else {
    bytes[size++] = (char)(0xF0 | c >> 18);
    bytes[size++] = (char)(0x80 | (c >> 12 & 63));
    bytes[size++] = (char)(0x80 | (c >> 6 & 63));
    bytes[size++] = (char)(0x80 | (c & 63));
  }
  text_add(text, bytes, size);
}
