/* Memory: bytes in and out, and what makes views. */
#include "shim.h"

#include <string.h>

static wl_memory_t *check_at(lua_State *L, int index) {
  wl_memory_t *memory = wl_object_check(L, index, &wl_memory_kind);
  if (WL_UNLIKELY(!wl_store_open(memory->store))) wl_store_closed_error(L);
  return memory;
}

wl_memory_t *wl_memory_check(lua_State *L, int index) { return check_at(L, index); }

void wl_push_memory(lua_State *L, wl_store_t *store, int anchor, wherry_memory_t memory) {
  anchor = lua_absindex(L, anchor);
  luaL_checkstack(L, 6, NULL);
  if (wl_cache_get(L, anchor, WHERRY_EXTERN_MEMORY, memory.index)) return;
  wl_memory_t *object = wl_object_new(L, &wl_memory_kind, sizeof *object, 1);
  lua_pushvalue(L, anchor);
  lua_setiuservalue(L, -2, 1);
  object->store = store;
  object->memory = memory;
  wl_check(L, wherry_memory_view(store->store, memory, &object->base, &object->size));
  wl_cache_put(L, anchor, WHERRY_EXTERN_MEMORY, memory.index);
}

static int out_of_bounds(lua_State *L, uint64_t address, uint64_t size, uint64_t memory_size) {
  char text[WH_BIND_TEXT];
  wh_bind_text_bounds(text, sizeof text, address, size, memory_size);
  return wl_fail(L, WHERRY_ERROR_RANGE, "%s", text);
}

static bool inside(uint64_t address, uint64_t size, uint64_t memory_size) {
  return size <= memory_size && address <= memory_size - size;
}

/* memory:read(address, size) */
static int memory_read(lua_State *L) {
  const wl_memory_t *memory = check_at(L, 1);
  uint64_t address = wl_address_check(L, 2, "address"), size = wl_count_check(L, 3, "size");
  if (WL_UNLIKELY(!inside(address, size, *memory->size)))
    return out_of_bounds(L, address, size, *memory->size);
  lua_pushlstring(L, (const char *)memory->base + address, size);
  return 1;
}

/* memory:read_string(address[, size]): without size up to the zero byte */
static int memory_read_string(lua_State *L) {
  if (!lua_isnoneornil(L, 3)) return memory_read(L);
  const wl_memory_t *memory = check_at(L, 1);
  uint64_t address = wl_address_check(L, 2, "address"), all = *memory->size;
  if (address >= all) return out_of_bounds(L, address, 1, all);
  const uint8_t *start = memory->base + address;
  const uint8_t *end = memchr(start, 0, all - address);
  if (!end)
    return wl_fail(L, WHERRY_ERROR_RANGE,
                   "no zero byte ends the string at address %llu before the memory ends",
                   (unsigned long long)address);
  lua_pushlstring(L, (const char *)start, (size_t)(end - start));
  return 1;
}

/* memory:write(address, string or view) */
static int memory_write(lua_State *L) {
  wl_memory_t *memory = check_at(L, 1);
  uint64_t address = wl_address_check(L, 2, "address");
  const wl_view_t *view = wl_object_test(L, 3, &wl_view_kind);
  const void *bytes;
  size_t size;
  if (view) {
    uint64_t count;
    const char *format;
    bytes = wl_view_data(view, &count, &format);
    if (!bytes) return wl_fail(L, WHERRY_ERROR_STATE, "the view is closed");
    size = (size_t)(count * (uint64_t)wl_view_element_size(view));
  } else if (lua_type(L, 3) == LUA_TSTRING) {
    bytes = lua_tolstring(L, 3, &size);
  } else {
    return wl_fail(L, WHERRY_ERROR_TYPE, "data: expected a string or a view, got %s",
                   wl_type_name(L, 3));
  }
  if (!inside(address, size, *memory->size)) return out_of_bounds(L, address, size, *memory->size);
  memmove(memory->base + address, bytes, size);
  return 0;
}

/* In bytes; memory:pages() in the memory's own pages. */
static int memory_size(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)*check_at(L, 1)->size);
  return 1;
}
static int memory_pages(lua_State *L) {
  wl_memory_t *memory = check_at(L, 1);
  uint64_t pages, maximum;
  wl_check(L, wherry_memory_limits(memory->store->store, memory->memory, &pages, &maximum));
  lua_pushinteger(L, (lua_Integer)pages);
  return 1;
}

/* memory:grow(pages): how many there were */
static int memory_grow(lua_State *L) {
  wl_memory_t *memory = check_at(L, 1);
  uint64_t previous, pages = wl_count_check(L, 2, "pages");
  wl_check(L, wherry_memory_grow(memory->store->store, memory->memory, pages, &previous));
  lua_pushinteger(L, (lua_Integer)previous);
  return 1;
}

static int memory_view(lua_State *L) {
  lua_settop(L, 4);
  int format = wl_view_format(L, 2);
  return wl_view_new(L, format, 3);
}

#define VIEW(NAME, FORMAT)               \
  static int NAME##_view(lua_State *L) { \
    lua_settop(L, 3);                    \
    lua_pushliteral(L, FORMAT);          \
    int format = wl_view_format(L, -1);  \
    lua_pop(L, 1);                       \
    return wl_view_new(L, format, 2);    \
  }
VIEW(int8, "i8")
VIEW(uint8, "u8")
VIEW(int16, "i16")
VIEW(uint16, "u16")
VIEW(int32, "i32")
VIEW(uint32, "u32")
VIEW(int64, "i64")
VIEW(uint64, "u64")
VIEW(float32, "f32")
VIEW(float64, "f64")

static int memory_text(lua_State *L) {
  const wl_memory_t *memory = wl_object_check(L, 1, &wl_memory_kind);
  if (wl_store_open(memory->store))
    lua_pushfstring(L, "wherry.Memory (%I bytes)", (LUAI_UACINT)*memory->size);
  else
    lua_pushliteral(L, "wherry.Memory (closed)");
  return 1;
}

/* wherry.Memory(store, minimum[, maximum]), in pages */
static int memory_new(lua_State *L) {
  lua_settop(L, 3);
  wl_store_t *store = wl_store_check(L, 1);
  uint64_t minimum = wl_count_check(L, 2, "minimum"), maximum = UINT64_MAX;
  wherry_memory_t memory;
  if (!lua_isnil(L, 3)) maximum = wl_count_check(L, 3, "maximum");
  wl_store_push_anchor(L, 1);
  wl_check(L, wherry_memory_new(store->store, minimum, maximum, &memory));
  wl_push_memory(L, store, 4, memory);
  return 1;
}

static int memory_index(lua_State *L) { return wl_method_or_unknown(L, "a memory"); }

void wl_memory_register(lua_State *L) {
  static const luaL_Reg meta[] = {
      {"__len", memory_size}, {"__tostring", memory_text}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"read", memory_read},          {"read_string", memory_read_string},
      {"write", memory_write},        {"size", memory_size},
      {"pages", memory_pages},        {"grow", memory_grow},
      {"view", memory_view},          {"int8_view", int8_view},
      {"uint8_view", uint8_view},     {"int16_view", int16_view},
      {"uint16_view", uint16_view},   {"int32_view", int32_view},
      {"uint32_view", uint32_view},   {"int64_view", int64_view},
      {"uint64_view", uint64_view},   {"float32_view", float32_view},
      {"float64_view", float64_view}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"Memory", memory_new}, {NULL, NULL}};
  wl_kind_register(L, &wl_memory_kind, meta, methods, memory_index);
  luaL_setfuncs(L, functions, 0);
}
