/* Arguments of the functions of the explicit level; what does not fit is an error object of kind type
   or range. */
#include "shim.h"

#include <string.h>

uint64_t wl_count_check(lua_State *L, int index, const char *what) {
  int exact;
  lua_Integer count = lua_tointegerx(L, index, &exact);
  if (WL_UNLIKELY(!exact || lua_type(L, index) != LUA_TNUMBER))
    wl_fail(L, WHERRY_ERROR_TYPE, "%s: expected an integer, got %s", what, wl_type_name(L, index));
  if (WL_UNLIKELY(count < 0))
    wl_fail(L, WHERRY_ERROR_RANGE, "%s: %lld is negative", what, (long long)count);
  return (uint64_t)count;
}

const char *wl_string_check(lua_State *L, int index, const char *what, size_t *size) {
  if (lua_type(L, index) != LUA_TSTRING)
    wl_fail(L, WHERRY_ERROR_TYPE, "%s: expected a string, got %s", what, wl_type_name(L, index));
  return lua_tolstring(L, index, size);
}

void wl_options_check(lua_State *L, int index, const char *what) {
  if (!lua_istable(L, index))
    wl_fail(L, WHERRY_ERROR_TYPE, "%s: expected a table, got %s", what, wl_type_name(L, index));
}

uint64_t wl_size_check(lua_State *L, int index, const char *what) {
  uint64_t bytes;
  size_t size;
  if (lua_type(L, index) != LUA_TSTRING) return wl_count_check(L, index, what);
  const char *text = lua_tolstring(L, index, &size);
  if (!wh_bind_parse_size(text, size, &bytes))
    wl_fail(L, WHERRY_ERROR_RANGE, "%s: '%s' is not a size (write a number or, say, \"64 MB\")",
            what, text);
  return bytes;
}

uint64_t wl_seconds_check(lua_State *L, int index, const char *what) {
  if (lua_type(L, index) != LUA_TNUMBER)
    wl_fail(L, WHERRY_ERROR_TYPE, "%s: expected seconds, got %s", what, wl_type_name(L, index));
  double seconds = lua_tonumber(L, index);
  if (!(seconds >= 0)) wl_fail(L, WHERRY_ERROR_RANGE, "%s: %g is not a time", what, seconds);
  return seconds >= 1e9 ? UINT64_MAX : (uint64_t)(seconds * 1e9);
}
