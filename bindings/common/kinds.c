/* How the languages call the errors of the C ABI. */
#include "common.h"

#include <string.h>

const char *wh_bind_error_class(wherry_error_kind_t kind) {
  switch (kind) {
  case WHERRY_ERROR_MALFORMED: return "MalformedError";
  case WHERRY_ERROR_INVALID: return "InvalidError";
  case WHERRY_ERROR_UNLINKABLE: return "LinkError";
  case WHERRY_ERROR_TRAP: return "Trap";
  case WHERRY_ERROR_EXIT: return "Exit";
  case WHERRY_ERROR_LIMIT: return "LimitError";
  case WHERRY_ERROR_INTERRUPTED: return "Interrupted";
  case WHERRY_ERROR_STATE: return "StateError";
  case WHERRY_ERROR_EXCEPTION: return "WasmException";
  case WHERRY_ERROR_HOST: return "Error";
  case WHERRY_ERROR_TYPE:
  case WHERRY_ERROR_RANGE:
  case WHERRY_ERROR_OOM:
  case WHERRY_ERROR_IO: return NULL;
  }
  return "Error";
}

const char *wh_bind_error_class_of(const wherry_error_t *error) {
  const char *limit = wherry_error_limit(error);
  if (limit && strcmp(limit, "deadline") == 0) return "TimeoutError";
  return wh_bind_error_class(wherry_error_kind(error));
}
