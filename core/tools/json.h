/* A strict reader of JSON (RFC 8259) into a tree. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum json_kind {
  JSON_NULL,
  JSON_BOOL,
  JSON_NUMBER,
  JSON_STRING,
  JSON_ARRAY,
  JSON_OBJECT
} json_kind_t;

typedef struct json json_t;
struct json {
  json_kind_t kind;
  bool boolean;
  const char *text; /* string: decoded; number: as written; ended by a zero byte */
  size_t size;      /* string: in bytes */
  json_t *items;    /* array; object: the values */
  json_t *names;    /* object: strings */
  size_t count;
};

/* The tree lies in a block of memory of its own, for json_free. */
typedef struct json_document {
  json_t root;
  struct json_block *blocks;
  size_t line; /* of what is wrong */
  const char *fault;
} json_document_t;

bool json_read(const char *text, size_t size, json_document_t *out);
void json_free(json_document_t *document);

/* NULL where the object has no such member. */
const json_t *json_member(const json_t *object, const char *name);
/* The text of a member that is a string, else NULL. */
const char *json_text(const json_t *object, const char *name);
uint64_t json_number(const json_t *object, const char *name);

#endif
