/* What the shims of all languages share and no C user needs: names, the texts of errors, small
   readings of arguments. Each shim compiles these files into its extension module.

   Nothing here allocates, nothing knows a language; texts go into buffers of the caller, always
   ended by a zero byte, cut to size, and the whole length is returned, as snprintf does.
   Threads: any number at once. */
#ifndef WHERRY_BINDINGS_COMMON_H
#define WHERRY_BINDINGS_COMMON_H

#include <wherry.h>

/* Room for any text of this header that a person is meant to read. */
#define WH_BIND_TEXT 512

/* ---- names.c ---- */

/* "get-str" -> "get_str"; a reserved word of the language gets a trailing '_'. Other characters that
   no identifier can hold become '_'. reserved: sorted as strcmp does. */
size_t wh_bind_snake(char *out, size_t out_size, const char *name, size_t name_size,
                     const char *const *reserved, size_t reserved_count);

/* "run-result" -> "RunResult". */
size_t wh_bind_camel(char *out, size_t out_size, const char *name, size_t name_size);

/* How far two names are apart: letters to add, drop, change or swap; anything above limit is told
   as limit + 1. Case and '-' beside '_' do not count. */
size_t wh_bind_distance(const char *a, size_t a_size, const char *b, size_t b_size, size_t limit);

/* The distance up to which a name is worth suggesting for another. */
size_t wh_bind_distance_limit(size_t name_size);

/* ---- texts.c: one wording in every language ---- */

/* Which value an error is about: "sum(): parameter 2 (y)". parameter: from 1, 0: a result;
   parameter_name: NULL where none is known. */
typedef struct wh_bind_place {
  const char *function;
  size_t parameter;
  const char *parameter_name;
} wh_bind_place_t;

/* "sum(): parameter 2 (y): 1099511627776 does not fit in i32"; place NULL: without the place. */
size_t wh_bind_text_range(char *out, size_t size, const wh_bind_place_t *place, const char *value,
                          const char *type);
/* "sum(): parameter 2 (y): expected i32, got str" */
size_t wh_bind_text_type(char *out, size_t size, const wh_bind_place_t *place, const char *expected,
                         const char *got);
/* "sum(): expected 2 arguments, got 3" */
size_t wh_bind_text_count(char *out, size_t size, const char *function, size_t expected,
                          size_t got);
/* "on_word(): expected 2 results, got 3", of a host function. */
size_t wh_bind_text_results(char *out, size_t size, const char *function, size_t expected,
                            size_t got);
/* "16 bytes at address 65530 are not in the memory (65536 bytes)" */
size_t wh_bind_text_bounds(char *out, size_t size, uint64_t address, uint64_t bytes,
                           uint64_t memory_size);
/* "the store is closed" */
size_t wh_bind_text_closed(char *out, size_t size, const char *what);

/* ---- kinds.c ---- */

/* How an error of a kind is called in the languages: "MalformedError", "Trap"; NULL: the language's
   own TypeError, RangeError, out-of-memory and input/output errors are used. */
const char *wh_bind_error_class(wherry_error_kind_t kind);

/* The same with the limit's name: a deadline is a "TimeoutError". */
const char *wh_bind_error_class_of(const wherry_error_t *error);

/* ---- slots.c ---- */

/* How v128 is called where a value of 16 bytes was expected. */
#define WH_BIND_V128 "16 bytes (v128)"

/* Slots that a value of a type takes. */
static inline size_t wh_bind_slots(wherry_valtype_t type) { return type == WHERRY_V128 ? 2 : 1; }

/* Slots that a call of a function needs: those of its parameters or of its results, whichever are
   more. */
size_t wh_bind_room(const wherry_functype_t *type);

/* The value whose slots begin there. */
/* Data of the host as an externref that lasts until the store ends, wherever it is made. */
wherry_error_t *wh_bind_externref(wherry_store_t *store, void *data, wherry_externref_t *out);
/* What data an externref stands for (NULL: null); the handle ends. */
wherry_error_t *wh_bind_externref_data(wherry_store_t *store, wherry_externref_t ref, void **out);
wherry_value_t wh_bind_value(wherry_store_t *store, const wherry_slot_t *slots,
                             wherry_valtype_t type);

/* ---- arguments.c ---- */

/* Do these bytes begin as a WebAssembly binary does ("\0asm")? Shorter ones do not. */
bool wh_bind_is_wasm(const void *bytes, size_t size);

/* "64 MB", "1.5 GiB", "4096", "16 pages" -> bytes. K, M, G with or without "iB" or "B" are powers of
   1024; upper or lower case. False: not a size, or above 2^63. */
bool wh_bind_parse_size(const char *text, size_t text_size, uint64_t *bytes);

#endif
