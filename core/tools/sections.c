/* The sections of a module's binary (Binary Format, Modules). */
#include "sections.h"

typedef struct reader {
  const uint8_t *bytes;
  size_t at, end;
} reader_t;

static uint64_t read_number(reader_t *reader) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
    uint8_t byte = reader->bytes[reader->at++];
    value |= (uint64_t)(byte & 0x7F) << shift;
    if (!(byte & 0x80)) break;
  }
  return value;
}

static size_t read_size(reader_t *reader) {
  uint64_t size = read_number(reader);
  size_t left = reader->end - reader->at;
  return size < left ? (size_t)size : left;
}

const char *section_name(uint8_t id) {
  static const char *const names[] = {"custom", "type",   "import",     "function", "table",
                                      "memory", "global", "export",     "start",    "element",
                                      "code",   "data",   "data count", "tag"};
  return id < sizeof names / sizeof *names ? names[id] : "unknown";
}

static void read_memories(reader_t reader, uint64_t count, sections_t *out) {
  size_t most = reader.end - reader.at; /* a memory takes two bytes at least */
  out->memories = arena_alloc((count < most ? (size_t)count : most) * sizeof *out->memories);
  for (uint64_t i = 0; i < count && reader.at < reader.end; i++) {
    uint64_t flags = read_number(&reader);
    memory_limits_t *memory = &out->memories[out->memory_count++];
    memory->minimum = read_number(&reader);
    memory->maximum = flags & 1 ? read_number(&reader) : UINT64_MAX;
    memory->shared = (flags & 2) != 0;
    memory->page_size = flags & 8 ? UINT64_C(1) << (read_number(&reader) & 63) : WHERRY_PAGE_SIZE;
  }
}

sections_t sections_of(wherry_bytes_t module) {
  enum { HEADER = 8, ID_CUSTOM = 0, ID_MEMORY = 5, ID_START = 8 };
  sections_t sections = {0};
  size_t room = 0;
  reader_t reader = {module.data, HEADER, module.size};
  while (reader.at < reader.end) {
    section_t section = {.id = reader.bytes[reader.at++]};
    section.size = read_size(&reader);
    section.offset = reader.at;
    reader_t inner = {module.data, reader.at, reader.at + section.size};
    reader.at += section.size;
    if (section.id == ID_CUSTOM) {
      size_t size = read_size(&inner);
      section.name = (wherry_bytes_t) {module.data + inner.at, size};
    } else {
      section.items = read_number(&inner);
    }
    if (section.id == ID_MEMORY) read_memories(inner, section.items, &sections);
    if (sections.count == room) {
      size_t more = room ? room * 2 : 16;
      sections.items = arena_grow(sections.items, room * sizeof section, more * sizeof section);
      room = more;
    }
    sections.items[sections.count++] = section;
  }
  return sections;
}

static wherry_bytes_t read_name(reader_t *reader) {
  size_t size = read_size(reader);
  wherry_bytes_t name = {reader->bytes + reader->at, size};
  reader->at += size;
  return name;
}

/* A value or reference type: one byte, or two prefixes that a heap type follows. */
static void skip_type(reader_t *reader) {
  if (reader->at == reader->end) return;
  uint8_t code = reader->bytes[reader->at++];
  if (code == 0x63 || code == 0x64) read_number(reader);
}

static void skip_limits(reader_t *reader) {
  uint64_t flags = read_number(reader);
  read_number(reader);
  if (flags & 1) read_number(reader);
  if (flags & 8) read_number(reader); /* a page size */
}

/* false: a kind that nobody knows. */
static bool skip_import_type(reader_t *reader) {
  switch (read_number(reader)) {
  case 0: read_number(reader); return true; /* function */
  case 1:
    skip_type(reader);
    skip_limits(reader);
    return true;                            /* table */
  case 2: skip_limits(reader); return true; /* memory */
  case 3:
    skip_type(reader);
    read_number(reader);
    return true; /* global */
  case 4:
    read_number(reader);
    read_number(reader);
    return true; /* tag */
  default: return false;
  }
}

import_names_t import_modules_of(wherry_bytes_t module) {
  enum { ID_IMPORT = 2 };
  import_names_t found = {0};
  if (module.size < 8) return found;
  sections_t sections = sections_of(module);
  for (size_t i = 0; i < sections.count; i++) {
    const section_t *section = &sections.items[i];
    if (section->id != ID_IMPORT) continue;
    reader_t reader = {module.data, section->offset, section->offset + section->size};
    uint64_t count = read_number(&reader);
    if (count > section->size) count = section->size;
    found.items = arena_alloc((size_t)count * sizeof *found.items);
    found.count = 0;
    while (found.count < count && reader.at < reader.end) {
      found.items[found.count++] = read_name(&reader);
      read_name(&reader);
      if (!skip_import_type(&reader)) break;
    }
  }
  return found;
}
