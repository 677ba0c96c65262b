/* Worlds written by hand: the `component-type` section of a module, from the declarations of its
   world in the component model's binary format. */
#ifndef WHERRY_TESTS_WORLDS_H
#define WHERRY_TESTS_WORLDS_H

#include "support.h"

typedef struct builder {
  uint8_t bytes[200000];
  size_t size;
} builder_t;

static inline void put(builder_t *b, const void *bytes, size_t size) {
  assert_true(b->size + size <= sizeof b->bytes);
  memcpy(b->bytes + b->size, bytes, size);
  b->size += size;
}
static inline void put_leb(builder_t *b, size_t number) {
  for (; number >= 0x80; number >>= 7) put(b, (uint8_t[]) {(uint8_t)(number | 0x80)}, 1);
  put(b, (uint8_t[]) {(uint8_t)number}, 1);
}
#define PUT_TEXT(b, text) put((b), (text), sizeof(text) - 1)

static inline void put_name(builder_t *b, const char *name) {
  put_leb(b, strlen(name));
  put(b, name, strlen(name));
}

/* The section's contents. count: of the declarations. */
static inline void put_world(builder_t *b, size_t count, const void *declarations, size_t size) {
  static builder_t world, wrapper;
  world.size = wrapper.size = 0;
  PUT_TEXT(&world, "\x41");
  put_leb(&world, count);
  put(&world, declarations, size);
  PUT_TEXT(&wrapper, "\1\x41\2\1");
  put(&wrapper, world.bytes, world.size);
  PUT_TEXT(&wrapper, "\4\0\7x:y/one\4\0");
  PUT_TEXT(b, "\0asm\x0d\0\1\0");
  PUT_TEXT(b, "\0\x19\x16wit-component-encoding\4\0");
  PUT_TEXT(b, "\7");
  put_leb(b, wrapper.size);
  put(b, wrapper.bytes, wrapper.size);
  PUT_TEXT(b, "\x0b\x09\1\0\3one\3\0\0");
}

/* The declarations of a world, one after another. Types are given by their code in the binary format:
   "\x73" string, "\x79" u32, …, or the index that type() and func() count. */
typedef struct world {
  builder_t declarations;
  size_t count, types;
} world_t;

static inline uint8_t world_type(world_t *world, const void *bytes, size_t size) {
  PUT_TEXT(&world->declarations, "\1");
  put(&world->declarations, bytes, size);
  world->count++;
  return (uint8_t)world->types++;
}
#define WORLD_TYPE(world, bytes) world_type((world), (bytes), sizeof(bytes) - 1)

/* The last type, exported under a name: has an index of its own. */
static inline uint8_t world_name(world_t *world, const char *name) {
  PUT_TEXT(&world->declarations, "\4\0");
  put_name(&world->declarations, name);
  PUT_TEXT(&world->declarations, "\3\0");
  put_leb(&world->declarations, world->types - 1);
  world->count++;
  return (uint8_t)world->types++;
}

/* params: "name type name type …", each name one letter; result 0: none. */
static inline void world_func(world_t *world, const char *name, const char *params,
                              uint8_t result) {
  builder_t *b = &world->declarations;
  PUT_TEXT(b, "\1\x40");
  put_leb(b, strlen(params) / 2);
  for (; *params; params += 2) {
    PUT_TEXT(b, "\1");
    put(b, params, 2);
  }
  if (result)
    put(b, (uint8_t[]) {0, result}, 2);
  else
    PUT_TEXT(b, "\1\0");
  PUT_TEXT(b, "\4\0");
  put_name(b, name);
  PUT_TEXT(b, "\1");
  put_leb(b, world->types++);
  world->count += 2;
}

/* A module with the world added as its last section; for free(). */
static inline blob_t with_world(const blob_t *module, const world_t *world) {
  static builder_t section, contents;
  section.size = contents.size = 0;
  put_name(&contents, "component-type:test");
  put_world(&contents, world->count, world->declarations.bytes, world->declarations.size);
  PUT_TEXT(&section, "\0");
  put_leb(&section, contents.size);
  put(&section, contents.bytes, contents.size);
  blob_t whole = {malloc(module->size + section.size), module->size + section.size};
  memcpy(whole.data, module->data, module->size);
  memcpy(whole.data + module->size, section.bytes, section.size);
  return whole;
}

#endif
