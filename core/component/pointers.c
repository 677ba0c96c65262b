/* A map from addresses to addresses: open addressing, never full. */
#include "component_read.h"

static size_t place_of(const pointers_t *map, const void *key) {
  uint64_t hash = (uint64_t)(uintptr_t)key * UINT64_C(0x9E3779B97F4A7C15);
  size_t mask = map->capacity - 1, place = (size_t)(hash >> 32) & mask;
  while (map->entries[place].key && map->entries[place].key != key) place = (place + 1) & mask;
  return place;
}

static bool grow(wh_alloc_t *alloc, pointers_t *map) {
  pointers_t larger = {.capacity = map->capacity ? map->capacity * 2 : 16};
  larger.entries = wh_alloc_array(alloc, larger.capacity, sizeof *larger.entries);
  if (!larger.entries) return false;
  larger.count = map->count;
  for (size_t i = 0; i < map->capacity; i++)
    if (map->entries[i].key)
      larger.entries[place_of(&larger, map->entries[i].key)] = map->entries[i];
  wh_pointers_free(alloc, map);
  *map = larger;
  return true;
}

bool wh_pointers_put(wh_alloc_t *alloc, pointers_t *map, const void *key, const void *value) {
  if (map->count * 2 >= map->capacity && !grow(alloc, map)) return false;
  size_t place = place_of(map, key);
  map->count += !map->entries[place].key;
  map->entries[place].key = key;
  map->entries[place].value = value;
  return true;
}

const void *wh_pointers_get(const pointers_t *map, const void *key) {
  return map->count ? map->entries[place_of(map, key)].value : NULL;
}

void wh_pointers_free(wh_alloc_t *alloc, pointers_t *map) {
  wh_free(alloc, map->entries, map->capacity * sizeof *map->entries);
  *map = (pointers_t) {0};
}
