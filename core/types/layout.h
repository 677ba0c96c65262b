/* The table of kinds, within types. */
#ifndef WH_TYPES_LAYOUT_H
#define WH_TYPES_LAYOUT_H

#include "types/types.h"

enum {
  wh_primitive = 1, /* has a code of its own and no parts: one object in a world */
  wh_named = 2,     /* is known by the name its author gave it */
  wh_cases = 4,     /* despecializes to a variant */
  wh_pointers = 8   /* lies in memory as pointers and lengths: twice the size where these are i64 */
};

enum { WH_TYPE_KINDS = WHERRY_TYPE_ERROR_CONTEXT + 1 };

typedef struct wh_kind {
  const char *name;
  uint8_t size, alignment;  /* 0: depend on the parts; of pointers: where these are i32 */
  uint8_t flat_count, flat; /* core values, all of one type */
  bool taken;               /* canon moves it */
  uint8_t is;
} wh_kind_t;

extern const wh_kind_t wh_kinds[WH_TYPE_KINDS];

#endif
