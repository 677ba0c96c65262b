#include "base/base.h"

/* Names come from guests, so the hash is seeded: nobody can choose names that collide. */
static uint64_t mix(uint64_t a, uint64_t b) {
  unsigned __int128 product = (unsigned __int128)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_of(uint64_t seed, const char *key, size_t size) {
  const uint64_t odd1 = UINT64_C(0x9E3779B97F4A7C15), odd2 = UINT64_C(0xD1B54A32D192ED03);
  uint64_t state = seed ^ mix(size ^ odd1, odd2);
  while (size >= 8) {
    uint64_t word;
    memcpy(&word, key, 8);
    state = mix(state ^ word ^ odd1, seed ^ odd2);
    key += 8;
    size -= 8;
  }
  uint64_t word = 0;
  if (size) memcpy(&word, key, size);
  state = mix(state ^ word ^ odd2, seed ^ odd1);
  return (uint32_t)(state ^ state >> 32);
}

/* The entry with this key, else the free one where it belongs. There is always a free one. */
static wh_map_entry_t *find(const wh_map_t *map, const char *key, size_t size, uint32_t hash) {
  size_t mask = map->capacity - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    wh_map_entry_t *entry = &map->entries[i];
    if (!entry->key) return entry;
    if (entry->hash == hash && entry->size == size && memcmp(entry->key, key, size) == 0)
      return entry;
  }
}

static bool grow(wh_alloc_t *alloc, wh_map_t *map) {
  wh_map_t larger = {.seed = map->capacity ? map->seed : wh_os_seed()};
  larger.count = map->count;
  larger.capacity = map->capacity ? map->capacity * 2 : 8;
  larger.entries = wh_alloc_array(alloc, larger.capacity, sizeof *larger.entries);
  if (!larger.entries) return false;
  for (size_t i = 0; i < map->capacity; i++) {
    const wh_map_entry_t *entry = &map->entries[i];
    if (entry->key) *find(&larger, entry->key, entry->size, entry->hash) = *entry;
  }
  wh_map_free(alloc, map);
  *map = larger;
  return true;
}

bool wh_map_put(wh_alloc_t *alloc, wh_map_t *map, const char *key, size_t size, uint64_t value) {
  if (!key) key = ""; /* NULL marks a free entry */
  if (map->count + map->count / 2 >= map->capacity && !grow(alloc, map)) return false;
  uint32_t hash = hash_of(map->seed, key, size);
  wh_map_entry_t *entry = find(map, key, size, hash);
  if (!entry->key) {
    *entry = (wh_map_entry_t) {.key = key, .size = size, .hash = hash};
    map->count++;
  }
  entry->value = value;
  return true;
}

bool wh_map_get(const wh_map_t *map, const char *key, size_t size, uint64_t *value) {
  if (map->count == 0) return false;
  if (!key) key = "";
  const wh_map_entry_t *entry = find(map, key, size, hash_of(map->seed, key, size));
  if (!entry->key) return false;
  *value = entry->value;
  return true;
}

void wh_map_free(wh_alloc_t *alloc, wh_map_t *map) {
  wh_free(alloc, map->entries, map->capacity * sizeof *map->entries);
  *map = (wh_map_t) {0};
}
