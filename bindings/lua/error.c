/* Errors of wherry as error objects of Lua, and errors of Lua on their way through a guest. */
#include "shim.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* User values: 1: where in the Lua program ("file:3: "), 2: Lua's own stack; of an exception of a
   guest, 3: its tag, 4: a table of its values. */
typedef struct wl_error {
  const wl_kind_t *kind;
  wherry_error_t *error;
} wl_error_t;

/* Keys of the registry: a box that owns an error while its userdata is being made; the object for out
   of memory, made when the module is opened. */
static const char parked_key, oom_key;

/* What an error carries through the guest; the value itself lies in the anchor. */
static char carried_mark, nil_mark;

static int raise_carried(lua_State *L, wherry_error_t *error, int anchor) {
  wherry_error_release(error);
  lua_rawgeti(L, anchor, WL_ANCHOR_FLIGHT);
  lua_pushboolean(L, 0);
  lua_rawseti(L, anchor, WL_ANCHOR_FLIGHT);
  if (lua_touserdata(L, -1) == &nil_mark) lua_pushnil(L);
  return lua_error(L);
}

void wl_error_push(lua_State *L, wherry_error_t *error) {
  if (wherry_error_kind(error) == WHERRY_ERROR_OOM) {
    wherry_error_release(error);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &oom_key);
    return;
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &parked_key);
  wl_error_t *parked = lua_touserdata(L, -1);
  wherry_error_release(parked->error);
  parked->error = error;
  wl_error_t *object = wl_object_new(L, &wl_error_kind, sizeof *object, 4);
  object->error = error;
  parked->error = NULL;
  luaL_where(L, 1);
  lua_setiuservalue(L, -2, 1);
  luaL_traceback(L, L, NULL, 1);
  lua_setiuservalue(L, -2, 2);
  lua_remove(L, -2);
}

/* ---- exceptions of guests ---- */

/* Gives the error object on top its tag and values. The error keeps its own references to these, so
   that it can be thrown again. */
static void describe(lua_State *L, wl_store_t *store, int anchor, const wherry_error_t *error) {
  size_t count = wherry_error_value_count(error);
  wl_push_tag(L, store, anchor, wherry_error_tag(error));
  lua_setiuservalue(L, -2, 3);
  lua_createtable(L, (int)count, 1);
  for (size_t i = 0; i < count; i++) {
    wherry_value_t value = wherry_error_value(error, i);
    bool is_extern = value.type == WHERRY_EXTERNREF;
    if (value.type < WHERRY_V128 && value.type != WHERRY_FUNCREF && !is_extern) continue;
    if (is_extern && value.of.ref.store)
      wl_check(L, wherry_ref_retain(store->store, value.of.ref, &value.of.ref));
    wl_push_value(L, store, anchor, &value);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushinteger(L, (lua_Integer)count);
  lua_setfield(L, -2, "n");
  lua_setiuservalue(L, -2, 4);
}

/* The error that an error object becomes when it is raised in a host function: an exception of this
   store's guests is thrown again. NULL: it is none. Never raises. */
static wherry_error_t *thrown(lua_State *L, int anchor) {
  const wl_error_t *object = wl_object_test(L, -1, &wl_error_kind);
  if (!object || !object->error || wherry_error_kind(object->error) != WHERRY_ERROR_EXCEPTION)
    return NULL;
  lua_rawgeti(L, anchor, WL_ANCHOR_STORE);
  const wl_store_t *store = lua_touserdata(L, -1);
  lua_pop(L, 1);
  wherry_tag_t tag = wherry_error_tag(object->error);
  if (!store->store || tag.store != wherry_store_id(store->store)) return NULL;
  enum { SMALL = 16 };
  wherry_value_t small[SMALL], *values = small;
  size_t count = wherry_error_value_count(object->error);
  if (count > SMALL && !(values = malloc(count * sizeof *values))) return NULL;
  for (size_t i = 0; i < count; i++) values[i] = wherry_error_value(object->error, i);
  wherry_error_t *error = wherry_error_new_exception(store->store, tag, values, count);
  if (values != small) free(values);
  return error;
}

/* wherry.exception(tag, …): what a host function raises to throw it into the guest. */
static int exception_new(lua_State *L) {
  enum { MOST = 64 };
  wherry_value_t values[MOST];
  const wherry_functype_t *type;
  wl_tag_t *tag = wl_object_check(L, 1, &wl_tag_kind);
  if (!wl_store_open(tag->store)) wl_store_closed_error(L);
  wl_check(L, wherry_tag_type(tag->store->store, tag->tag, &type));
  size_t count = wherry_functype_param_count(type);
  if (count != (size_t)lua_gettop(L) - 1 || count > MOST)
    wl_fail(L, WHERRY_ERROR_TYPE, "exception: expected %d values, got %d", (int)count,
            lua_gettop(L) - 1);
  lua_getiuservalue(L, 1, 1);
  int anchor = lua_gettop(L);
  for (size_t i = 0; i < count; i++)
    values[i] = wl_value_check(L, tag->store, anchor, (int)i + 2, wherry_functype_param(type, i));
  wherry_error_t *error = wherry_error_new_exception(tag->store->store, tag->tag, values, count);
  bool made = wherry_error_kind(error) == WHERRY_ERROR_EXCEPTION;
  wl_error_push(L, error);
  if (!made) return lua_error(L);
  describe(L, tag->store, anchor, error);
  return 1;
}

int wl_raise_from(lua_State *L, wherry_error_t *error, int anchor) {
  if (!lua_checkstack(L, 12)) {
    wherry_error_release(error);
    return luaL_error(L, "stack overflow");
  }
  if (anchor && wherry_error_payload(error) == &carried_mark)
    return raise_carried(L, error, anchor);
  if (anchor) anchor = lua_absindex(L, anchor);
  wl_error_push(L, error);
  if (anchor && wherry_error_kind(error) == WHERRY_ERROR_EXCEPTION) {
    lua_rawgeti(L, anchor, WL_ANCHOR_STORE);
    wl_store_t *store = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (store->store && wherry_error_tag(error).store == wherry_store_id(store->store))
      describe(L, store, anchor, error);
  }
  return lua_error(L);
}

int wl_raise(lua_State *L, wherry_error_t *error) { return wl_raise_from(L, error, 0); }

static wherry_error_t *make(wherry_error_kind_t kind, const char *format, va_list arguments) {
  char text[2 * WH_BIND_TEXT];
  vsnprintf(text, sizeof text, format, arguments);
  return wherry_error_new(kind, text);
}

wherry_error_t *wl_error_make(wherry_error_kind_t kind, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wherry_error_t *error = make(kind, format, arguments);
  va_end(arguments);
  return error;
}

int wl_fail(lua_State *L, wherry_error_kind_t kind, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  wherry_error_t *error = make(kind, format, arguments);
  va_end(arguments);
  return wl_raise(L, error);
}

wherry_error_t *wl_error_carry(lua_State *L, int anchor) {
  const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
  wherry_error_t *error = thrown(L, anchor);
  if (error)
    wherry_error_set_payload(error, &carried_mark, NULL);
  else
    error =
        wherry_error_new_host(text ? text : "an error of a Lua host function", &carried_mark, NULL);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushlightuserdata(L, &nil_mark);
  }
  lua_rawseti(L, anchor, WL_ANCHOR_FLIGHT); /* its place is never empty: this allocates nothing */
  return error;
}

/* ---- what an error object tells ---- */

static void add_text(luaL_Buffer *buffer, const char *text) {
  /* Names come from a guest: control characters are shown, not obeyed. */
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c >= 32 && c != 127) {
      luaL_addchar(buffer, *text);
      continue;
    }
    char escaped[8];
    snprintf(escaped, sizeof escaped, "\\x%02x", c);
    luaL_addstring(buffer, escaped);
  }
}

static void add_frames(luaL_Buffer *buffer, const wherry_error_t *error) {
  size_t count = wherry_error_frame_count(error), gap = SIZE_MAX;
  uint64_t omitted = wherry_error_frames_omitted(error, &gap);
  for (size_t i = 0; i < count; i++) {
    char text[80];
    if (omitted && i == gap) {
      snprintf(text, sizeof text, "\n  ... (%" PRIu64 " more)", omitted);
      luaL_addstring(buffer, text);
    }
    const char *name = wherry_error_frame_function_name(error, i);
    const char *module = wherry_error_frame_module_name(error, i);
    uint64_t offset = wherry_error_frame_offset(error, i);
    luaL_addstring(buffer, "\n  in ");
    if (name) {
      add_text(buffer, name);
    } else {
      snprintf(text, sizeof text, "function %" PRIu32, wherry_error_frame_function_index(error, i));
      luaL_addstring(buffer, text);
    }
    if (module) {
      luaL_addstring(buffer, " of ");
      add_text(buffer, module);
    }
    if (offset == UINT64_MAX) {
      luaL_addstring(buffer, " (host)");
    } else {
      snprintf(text, sizeof text, " at 0x%" PRIx64, offset);
      luaL_addstring(buffer, text);
    }
  }
}

static void push_text(lua_State *L, int index, const wherry_error_t *error, bool with_lua) {
  luaL_Buffer buffer;
  lua_getiuservalue(L, index, 1);
  const char *where = lua_tostring(L, -1);
  luaL_buffinit(L, &buffer);
  if (where) luaL_addstring(&buffer, where);
  luaL_addstring(&buffer, wherry_error_message(error));
  add_frames(&buffer, error);
  if (with_lua) {
    luaL_addstring(&buffer, "\n");
    if (lua_getiuservalue(L, index, 2) == LUA_TSTRING)
      luaL_addvalue(&buffer);
    else
      lua_pop(L, 1);
  }
  luaL_pushresult(&buffer);
  lua_remove(L, -2);
}

static void push_frames(lua_State *L, const wherry_error_t *error) {
  size_t count = wherry_error_frame_count(error);
  lua_createtable(L, (int)count, 1);
  for (size_t i = 0; i < count; i++) {
    lua_createtable(L, 0, 4);
    const char *name = wherry_error_frame_function_name(error, i);
    const char *module = wherry_error_frame_module_name(error, i);
    uint64_t offset = wherry_error_frame_offset(error, i);
    if (name) lua_pushstring(L, name), lua_setfield(L, -2, "name");
    if (module) lua_pushstring(L, module), lua_setfield(L, -2, "module");
    lua_pushinteger(L, wherry_error_frame_function_index(error, i));
    lua_setfield(L, -2, "index");
    if (offset != UINT64_MAX)
      lua_pushinteger(L, (lua_Integer)offset), lua_setfield(L, -2, "offset");
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushinteger(L, (lua_Integer)wherry_error_frames_omitted(error, NULL));
  lua_setfield(L, -2, "omitted");
}

static wherry_error_t *check(lua_State *L) {
  wl_error_t *object = wl_object_check(L, 1, &wl_error_kind);
  if (!object->error) luaL_error(L, "the error is gone");
  return object->error;
}

static int error_index(lua_State *L) {
  wherry_error_t *error = check(L);
  const char *key = lua_tostring(L, 2);
  uint64_t offset;
  if (!key) return 0;
  if (strcmp(key, "kind") == 0) {
    lua_pushstring(L, wherry_error_kind_name(wherry_error_kind(error)));
  } else if (strcmp(key, "message") == 0) {
    lua_pushstring(L, wherry_error_message(error));
  } else if (strcmp(key, "offset") == 0) {
    if (!wherry_error_offset(error, &offset)) return 0;
    lua_pushinteger(L, (lua_Integer)offset);
  } else if (strcmp(key, "code") == 0) {
    wherry_trap_code_t code = wherry_error_trap_code(error);
    if (wherry_error_kind(error) == WHERRY_ERROR_EXIT)
      lua_pushinteger(L, wherry_error_exit_code(error));
    else if (code != WHERRY_TRAP_NONE)
      lua_pushstring(L, wherry_trap_code_name(code));
    else
      return 0;
  } else if (strcmp(key, "tag") == 0 || strcmp(key, "values") == 0) {
    lua_getiuservalue(L, 1, *key == 't' ? 3 : 4);
  } else if (strcmp(key, "limit") == 0) {
    lua_pushstring(L, wherry_error_limit(error)); /* nil for NULL */
  } else if (strcmp(key, "frames") == 0) {
    push_frames(L, error);
  } else if (strcmp(key, "where") == 0) {
    lua_getiuservalue(L, 1, 1);
  } else if (strcmp(key, "traceback") == 0) {
    push_text(L, 1, error, true);
  } else {
    return 0;
  }
  return 1;
}

static int error_text(lua_State *L) {
  push_text(L, 1, check(L), false);
  return 1;
}

static int error_gc(lua_State *L) {
  wl_error_t *object = wl_object_check(L, 1, &wl_error_kind);
  wherry_error_release(object->error);
  object->error = NULL;
  return 0;
}

void wl_error_register(lua_State *L) {
  static const luaL_Reg functions[] = {{"exception", exception_new}, {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
}

void wl_error_open(lua_State *L) {
  static const luaL_Reg meta[] = {
      {"__index", error_index}, {"__tostring", error_text}, {"__gc", error_gc}, {NULL, NULL}};
  wl_kind_register(L, &wl_error_kind, meta, NULL, NULL);
  wl_object_new(L, &wl_error_kind, sizeof(wl_error_t), 4);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &parked_key);
  wl_error_t *oom = wl_object_new(L, &wl_error_kind, sizeof(wl_error_t), 4);
  oom->error = wherry_error_new(WHERRY_ERROR_OOM, "out of memory");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &oom_key);
}

/* ---- names that come near ---- */

void wl_near_names(lua_State *L, int index, const char *name, char *text) {
  enum { MOST = 3 };
  const char *best[MOST];
  size_t distance[MOST], count = 0, size = strlen(name), limit = wh_bind_distance_limit(size);
  text[0] = 0;
  lua_checkstack(L, 3);
  int table = lua_absindex(L, index);
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) continue;
    size_t other_size;
    const char *other = lua_tolstring(L, -2, &other_size); /* the table holds it */
    size_t far = wh_bind_distance(name, size, other, other_size, limit);
    if (far > limit) continue;
    size_t place = count;
    while (place > 0 && (distance[place - 1] > far ||
                         (distance[place - 1] == far && strcmp(best[place - 1], other) > 0)))
      place--;
    if (place == MOST) continue;
    if (count < MOST) count++;
    for (size_t i = count - 1; i > place; i--) {
      best[i] = best[i - 1];
      distance[i] = distance[i - 1];
    }
    best[place] = other;
    distance[place] = far;
  }
  size_t length = 0;
  for (size_t i = 0; i < count && length < WH_BIND_TEXT; i++)
    length += (size_t)snprintf(text + length, WH_BIND_TEXT - length, "%s'%s'",
                               i == 0          ? "; did you mean "
                               : i + 1 < count ? ", "
                                               : " or ",
                               best[i]);
  if (count && length + 1 < WH_BIND_TEXT) strcpy(text + length, "?");
}
