/* What the tests of marshalling share: files, and an allocator that fails when it is told to and knows
   what it gave out. */
#ifndef WHERRY_TESTS_SUPPORT_H
#define WHERRY_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <wherry.h>

#define OWN_GUESTS "../../examples/guests/"
#define SHARED_GUESTS "../../../shared/guests/core/"

typedef struct blob {
  uint8_t *data;
  size_t size;
} blob_t;

/* data NULL: there is no such file. */
static inline blob_t blob_read(const char *path) {
  blob_t blob = {NULL, 0};
  FILE *file = fopen(path, "rb");
  if (!file) return blob;
  fseek(file, 0, SEEK_END);
  blob.size = (size_t)ftell(file);
  rewind(file);
  blob.data = malloc(blob.size + 1);
  assert_int_equal(fread(blob.data, 1, blob.size, file), blob.size);
  fclose(file);
  return blob;
}

/* Skips the test when a guest that does not belong to the project is absent. */
#define BLOB_OR_SKIP(blob, path)                                       \
  blob_t blob = blob_read(path);                                       \
  if (!(blob).data) {                                                  \
    print_message("skipped: %s is not there\n", (const char *)(path)); \
    skip();                                                            \
  }

typedef struct failing {
  size_t live_bytes, live_blocks; /* given out and not yet freed */
  size_t calls;                   /* that wanted memory */
  size_t fail_at;                 /* which of them fails, and all after it; 0: none */
} failing_t;

static inline void *failing_reallocate(void *data, void *memory, size_t old_size, size_t new_size) {
  failing_t *failing = data;
  if (new_size == 0) {
    if (memory) {
      failing->live_bytes -= old_size;
      failing->live_blocks--;
    }
    free(memory);
    return NULL;
  }
  failing->calls++;
  if (failing->fail_at && failing->calls >= failing->fail_at) return NULL;
  void *result = realloc(memory, new_size);
  assert_non_null(result);
  if (memory)
    failing->live_bytes -= old_size;
  else
    failing->live_blocks++;
  failing->live_bytes += new_size;
  return result;
}

static inline wherry_allocator_t failing_allocator(failing_t *failing) {
  wherry_allocator_t allocator = {failing_reallocate, failing};
  return allocator;
}

/* No error; else its message is shown. */
#define assert_ok(call)                                                                        \
  do {                                                                                         \
    wherry_error_t *ok_error_ = (call);                                                        \
    if (ok_error_) {                                                                           \
      print_error("%s: %s: %s\n", #call, wherry_error_kind_name(wherry_error_kind(ok_error_)), \
                  wherry_error_message(ok_error_));                                            \
      wherry_error_release(ok_error_);                                                         \
      fail();                                                                                  \
    }                                                                                          \
  } while (0)

/* An error of a kind whose message holds text. */
static inline void assert_error_(wherry_error_t *error, wherry_error_kind_t kind, const char *text,
                                 const char *file, int line) {
  if (!error) {
    print_error("no error; wanted: %s\n", text);
    _fail(file, line);
    return;
  }
  if (wherry_error_kind(error) != kind || !strstr(wherry_error_message(error), text)) {
    print_error("got %s: %s\nwanted %s: %s\n", wherry_error_kind_name(wherry_error_kind(error)),
                wherry_error_message(error), wherry_error_kind_name(kind), text);
    wherry_error_release(error);
    _fail(file, line);
    return;
  }
  wherry_error_release(error);
}
#define assert_error(error, kind, text) \
  assert_error_((error), WHERRY_ERROR_##kind, (text), __FILE__, __LINE__)

#endif
