/* What a walk over a value holds, and the path that its errors take. */
#include "canon/canon.h"

#include "canon_walk.h"

#include <stdio.h>

void wh_walk_release(wherry_lifted_t *lifted, const wh_active_t *active, size_t kept) {
  const wherry_host_values_t *host = active->host; /* the list may move under active's feet */
  void *context = active->context;
  while (lifted->held.count > kept) {
    wh_held_t held = lifted->held.items[--lifted->held.count];
    if (held.is_view)
      host->release_view(context, &held.view);
    else
      host->drop(context, held.value);
  }
}

/* A path grows from its end: "expected u32, got str" becomes "): expected u32, got str", then
   ".x): …", and at last "run(): parameter 2 (start.x): …". */
static wherry_error_t *begin_path(wh_walk_t *walk, wherry_error_t *error) {
  walk->located = true;
  wh_error_prefix(error, "%s", walk->lifting ? ": " : "): ");
  return error;
}

wherry_error_t *wh_walk_host_error(wh_walk_t *walk, wherry_error_t *error) {
  walk->located = false;
  if (error->kind != WHERRY_ERROR_TYPE && error->kind != WHERRY_ERROR_RANGE) return error;
  return begin_path(walk, error);
}

wherry_error_t *wh_walk_trap(wh_walk_t *walk, const char *format, ...) {
  char text[200];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return begin_path(walk,
                    wh_error_trap(walk->lifted->alloc, WHERRY_TRAP_CANONICAL_ABI, "%s", text));
}

wherry_error_t *wh_walk_range(wh_walk_t *walk, const char *format, ...) {
  char text[200];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return begin_path(walk, wh_error_new(walk->lifted->alloc, WHERRY_ERROR_RANGE, "%s", text));
}

wherry_error_t *wh_walk_in_field(wh_walk_t *walk, wherry_error_t *error, const wherry_type_t *type,
                                 uint32_t index) {
  if (!walk->located) return error;
  if (type->fields[index].name)
    wh_error_prefix(error, ".%s", type->fields[index].name);
  else
    wh_error_prefix(error, ".%u", index);
  return error;
}

wherry_error_t *wh_walk_in_item(wh_walk_t *walk, wherry_error_t *error, uint64_t index) {
  if (walk->located)
    wh_error_prefix(error, "[%llu]", (unsigned long long)index + walk->host->first_index);
  return error;
}
