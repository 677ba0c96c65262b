/* api: the public functions. Each checks what it was given and calls one function of a room below; it
   decides nothing itself. Called by hosts; no room calls it. */
#ifndef WH_API_H
#define WH_API_H

#include "link/link.h"

/* A name as hosts give it. */
static inline wherry_bytes_t api_bytes(const char *text, size_t size) {
  return (wherry_bytes_t) {(const uint8_t *)text, size};
}

/* The limits that a host gives for a memory of pages of 64 KiB. unbounded: maximum may be
   UINT64_MAX. Errors: range. */
WH_MUST_USE wherry_error_t *api_check_pages(wh_alloc_t *alloc, uint64_t minimum, uint64_t maximum,
                                            bool unbounded);

/* A value type that a host gives. Errors: type. */
WH_MUST_USE wherry_error_t *api_check_type(wherry_store_t *store, wherry_valtype_t type);

/* A whole file. *bytes: to be freed with its capacity, after an error too. Errors: io. */
WH_MUST_USE wherry_error_t *api_read_file(wh_alloc_t *alloc, const char *path, uint8_t **bytes,
                                          size_t *size, size_t *capacity);

#endif
