/* api: the public functions. Each checks what it was given and calls one function of a room below; it
   decides nothing itself. Called by hosts; no room calls it. */
#ifndef WH_API_H
#define WH_API_H

#include "link/link.h"

/* A name as hosts give it. */
static inline wherry_bytes_t api_bytes(const char *text, size_t size) {
  return (wherry_bytes_t) {(const uint8_t *)text, size};
}

#endif
