/* The heap and its collector below the public functions: what is kept, what is freed, limits, and what
   happens when there is no memory. */
#include "world.h"

#include "runtime/runtime.h"

/* Types made by hand; the first of each id's display is itself. */
typedef struct made {
  wh_rtype_t type;
  wh_rfield_t fields[80];
  uint32_t self;
} made_t;

static void make_type(made_t *made, uint32_t id, wh_comp_t kind, const char *fields) {
  memset(made, 0, sizeof *made);
  made->self = id;
  made->type = (wh_rtype_t) {.id = id, .kind = kind, .supers = &made->self, .fields = made->fields};
  for (; *fields; fields++) {
    wh_rfield_t *field = &made->fields[made->type.field_count++];
    field->is_mutable = true;
    field->is_ref = *fields == 'r';
    field->type = *fields == 'r'   ? WHERRY_ANYREF
                  : *fields == 'b' ? WH_PACKED_I8
                  : *fields == 'h' ? WH_PACKED_I16
                  : *fields == 'i' ? WHERRY_I32
                  : *fields == 'v' ? WHERRY_V128
                                   : WHERRY_I64;
  }
  wh_gc_lay_out(&made->type);
}

static made_t cell_type, leaf_type, refs_type, bytes_type, wide_type;

typedef struct cell {
  const wh_rtype_t *type;
  uint64_t next, other;
} cell_t;

static int make_types(void **state) {
  (void)state;
  make_type(&cell_type, 1, WH_COMP_STRUCT, "rr");
  make_type(&leaf_type, 2, WH_COMP_STRUCT, "i");
  make_type(&refs_type, 3, WH_COMP_ARRAY, "r");
  make_type(&bytes_type, 4, WH_COMP_ARRAY, "b");
  char many[80];
  memset(many, 'l', sizeof many - 1);
  many[sizeof many - 1] = 0;
  many[5] = many[70] = 'r';
  make_type(&wide_type, 5, WH_COMP_STRUCT, many);
  return 0;
}

static cell_t *new_cell(wherry_store_t *store, uint64_t next) {
  cell_t *cell = (cell_t *)wh_gc_new_struct(store, &cell_type.type);
  if (cell) cell->next = next;
  return cell;
}

static world_t world_with(failing_t *failing) {
  wherry_allocator_t allocator = failing_allocator(failing);
  wherry_config_t *config;
  assert_ok(wherry_config_new(&allocator, &config));
  world_t world = world_of(config);
  wherry_config_release(config);
  return world;
}

/* Root words: what the test holds. */
#define ROOTS(store, count)    \
  uint64_t roots[count] = {0}; \
  wh_gc_local_t local_;        \
  wh_gc_enter(&(store)->gc, &local_, roots, count);

static uint64_t live_objects(wherry_store_t *store) {
  uint64_t count = store->gc.larges.count;
  for (unsigned class = 0; class < WH_GC_CLASSES; class ++)
    for (const wh_block_t *block = store->gc.classes[class].blocks; block; block = block->next)
      count += block->live;
  return count;
}

static void fields_lie_where_supertypes_have_them(void **state) {
  (void)state;
  made_t super, sub;
  make_type(&super, 1, WH_COMP_STRUCT, "bhib");
  make_type(&sub, 2, WH_COMP_STRUCT, "bhibvrl");
  static const uint32_t offsets[] = {8, 10, 12, 16, 24, 40, 48};
  static const uint8_t sizes[] = {1, 2, 4, 1, 16, 8, 8};
  for (uint32_t i = 0; i < sub.type.field_count; i++) {
    assert_int_equal(sub.fields[i].offset, offsets[i]);
    assert_int_equal(sub.fields[i].size, sizes[i]);
    if (i < super.type.field_count) assert_int_equal(super.fields[i].offset, offsets[i]);
  }
  assert_int_equal(super.type.object_size, 24);
  assert_int_equal(sub.type.object_size, 56);
  assert_int_equal(sub.type.ref_words, 1 << 5);
  assert_false(super.type.has_refs);
  assert_int_equal(refs_type.type.object_size, 16);
  assert_true(wide_type.type.has_far_refs);
  uint32_t display[] = {1, 2};
  sub.type.supers = display;
  sub.type.depth = 1;
  assert_true(wh_rtype_is_sub(&sub.type, &super.type));
  assert_true(wh_rtype_is_sub(&sub.type, &sub.type));
  assert_false(wh_rtype_is_sub(&super.type, &sub.type));
  assert_false(wh_rtype_is_sub(&leaf_type.type, &super.type));
}

static void words_tell_what_they_are(void **state) {
  (void)state;
  assert_true(wh_ref_is_i31(wh_ref_i31(0)));
  assert_int_equal(wh_ref_i31(0xFFFFFFFF), 0xFFFFFFFF);
  assert_false(wh_ref_is_object(wh_ref_extern(0)));
  assert_true(wh_ref_is_extern(wh_ref_extern(7)));
  assert_int_equal(wh_ref_extern_place(wh_ref_extern(7)), 7);
  assert_false(wh_ref_is_object(0));
}

static void a_list_is_kept_by_its_head(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  ROOTS(world.store, 1);
  enum { LENGTH = 300000 }; /* recursion would overflow the C stack */
  for (uint32_t i = 0; i < LENGTH; i++) {
    cell_t *cell = new_cell(world.store, roots[0]);
    assert_non_null(cell);
    cell->other = wh_ref_i31(i);
    roots[0] = wh_object_ref(cell);
    new_cell(world.store, roots[0]); /* garbage that refers to it */
  }
  assert_true(world.store->gc.collections > 0);
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), LENGTH);
  uint32_t left = LENGTH;
  for (const cell_t *cell = (cell_t *)wh_ref_object(roots[0]); cell;
       cell = (cell_t *)wh_ref_object(cell->next)) {
    assert_ptr_equal(cell->type, &cell_type.type);
    assert_int_equal(cell->other, wh_ref_i31(--left));
  }
  assert_int_equal(left, 0);
  uint64_t used = world.store->gc.used;
  roots[0] = 0;
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), 0);
  assert_int_equal(world.store->gc.used, 0);
  assert_true(used > 0);
  wh_gc_leave(&world.store->gc, &local_);
  world_end(&world);
}

static void cycles_are_freed(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  ROOTS(world.store, 2);
  for (int i = 0; i < 1000; i++) {
    cell_t *one = new_cell(world.store, 0);
    roots[0] = wh_object_ref(one);
    cell_t *other = new_cell(world.store, roots[0]);
    one->next = wh_object_ref(other);
    one->other = roots[0];
    if (i == 500) roots[1] = one->next;
  }
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), 4);
  roots[0] = 0;
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), 2);
  wh_gc_leave(&world.store->gc, &local_);
  world_end(&world);
}

static void objects_of_all_sizes_come_zeroed_and_keep_what_they_hold(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  enum { KEPT = 64, ROUNDS = 3000 };
  ROOTS(world.store, KEPT);
  uint32_t seed = 1, sizes[KEPT] = {0};
  for (uint32_t round = 0; round < ROUNDS; round++) {
    seed = seed * 1664525 + 1013904223;
    uint32_t place = seed >> 8 & (KEPT - 1), kind = seed >> 16 & 7;
    uint32_t size = kind < 5 ? seed >> 20 & 255 : kind < 7 ? seed >> 20 : (seed >> 20) * 16;
    wh_array_t *array = wh_gc_new_array(world.store, &bytes_type.type, size);
    assert_non_null(array);
    assert_int_equal(array->length, size);
    for (uint32_t i = 0; i < size; i++) assert_int_equal(array->elements[i], 0);
    memset(array->elements, (int)(place | 128), size);
    roots[place] = wh_object_ref(array);
    sizes[place] = size;
    if (round % 512) continue;
    wh_gc_collect(world.store);
    for (uint32_t p = 0; p < KEPT; p++) {
      const wh_array_t *kept = (const wh_array_t *)wh_ref_object(roots[p]);
      if (!kept) continue;
      assert_int_equal(kept->length, sizes[p]);
      for (uint32_t i = 0; i < sizes[p]; i++) assert_int_equal((uint8_t)kept->elements[i], p | 128);
    }
  }
  wh_gc_leave(&world.store->gc, &local_);
  world_end(&world);
}

static void references_are_found_in_all_places(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  ROOTS(world.store, 1);
  wh_array_t *array = wh_gc_new_array(world.store, &refs_type.type, 5000); /* a large object */
  roots[0] = wh_object_ref(array);
  uint64_t *elements = (uint64_t *)(void *)array->elements;
  for (uint32_t i = 0; i < 5000; i += 2) {
    uint64_t *wide = (uint64_t *)wh_gc_new_struct(world.store, &wide_type.type);
    elements[i] = wh_object_ref(wide);
    wide[6] = wh_object_ref(wh_gc_new_struct(world.store, &leaf_type.type));
    wide[71] = wh_object_ref(wh_gc_new_struct(world.store, &leaf_type.type));
    wide[7] = wh_object_ref(wh_gc_new_struct(world.store, &leaf_type.type)); /* an i64: no root */
    elements[i + 1] = wh_ref_i31(i);
  }
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), 1 + 2500 * 3);
  elements[0] = 0;
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), 1 + 2499 * 3);
  wh_gc_leave(&world.store->gc, &local_);
  world_end(&world);
}

/* Words of a frame: only the start of an object that lives is one. */
static void only_addresses_of_objects_are_roots(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  uint64_t words[8] = {0};
  wh_gc_local_t local;
  wh_gc_enter(&world.store->gc, &local, words, WH_COUNT(words));
  words[0] = wh_object_ref(new_cell(world.store, 0));
  words[1] = wh_object_ref(wh_gc_new_array(world.store, &bytes_type.type, 20000));
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), 2);
  uint64_t cell = words[0], large = words[1];
  words[0] = cell + 8;
  words[1] = large + 16;
  words[2] = cell & ~(uint64_t)(WH_BLOCK_SIZE - 1);
  words[3] = cell + sizeof(cell_t) + 8; /* never used */
  words[4] = UINT64_MAX & ~(uint64_t)7;
  words[5] = wh_ref_extern(12345);
  words[6] = cell + 4 * WH_BLOCK_SIZE;
  words[7] = 8;
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), 0);
  words[0] = cell; /* it was freed */
  words[1] = large;
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), 0);
  wh_gc_leave(&world.store->gc, &local);
  world_end(&world);
}

static void stress_frees_at_once(void **state) {
  (void)state;
  wherry_config_t *config;
  wherry_engine_t *engine;
  wherry_store_t *store;
  assert_ok(wherry_config_new(NULL, &config));
  assert_ok(wherry_config_set_gc_stress(config, true));
  assert_ok(wherry_engine_new(config, &engine));
  assert_ok(wherry_store_new(engine, &store));
  ROOTS(store, 1);
  for (uint32_t i = 0; i < 100; i++) {
    uint64_t before = store->gc.collections;
    cell_t *cell = new_cell(store, 0);
    assert_int_equal(store->gc.collections, before + 1);
    cell->next = i % 10 ? roots[0] : 0;
    roots[0] = wh_object_ref(cell);
    assert_non_null(wh_gc_new_array(store, &bytes_type.type, i * 200));
    assert_true(live_objects(store) <= i % 10 + 2);
  }
  assert_true(store->gc.used < 20 * WH_BLOCK_SIZE);
  wh_gc_leave(&store->gc, &local_);
  wherry_store_release(store);
  wherry_engine_release(engine);
  wherry_config_release(config);
}

static void a_limit_is_an_error_and_no_end(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  ROOTS(world.store, 1);
  enum { LIMIT = 1 << 20 };
  assert_ok(wherry_store_set_heap_limit(world.store, LIMIT));
  for (int round = 0; round < 3; round++) {
    uint64_t count = 0;
    cell_t *cell;
    while ((cell = new_cell(world.store, roots[0]))) {
      roots[0] = wh_object_ref(cell);
      count++;
    }
    assert_true(count > LIMIT / 40 && count <= LIMIT / 24);
    wherry_error_t *error = wh_gc_error(world.store);
    assert_string_equal(wherry_error_limit(error), "heap");
    assert_error(error, LIMIT, "1048576 bytes");
    assert_in_range(wherry_store_heap_used(world.store), LIMIT - WH_BLOCK_SIZE, LIMIT);
    assert_null(wh_gc_new_array(world.store, &bytes_type.type, 70000));
    assert_error(wh_gc_error(world.store), LIMIT, "limit");
    roots[0] = 0;
    wh_array_t *array = wh_gc_new_array(world.store, &bytes_type.type, 70000);
    assert_non_null(array);
    assert_in_range(wherry_store_heap_used(world.store), 70000, 80000);
  }
  assert_null(wh_gc_new_array(world.store, &wide_type.type, UINT32_MAX));
  assert_error(wh_gc_error(world.store), LIMIT, "limit");
  wh_gc_leave(&world.store->gc, &local_);
  world_end(&world);
}

static void without_memory_marking_goes_on(void **state) {
  (void)state;
  failing_t failing = {0};
  world_t world = world_with(&failing);
  ROOTS(world.store, 1);
  enum { WIDTH = 3000, LENGTH = 20 };
  wh_array_t *array = wh_gc_new_array(world.store, &refs_type.type, WIDTH);
  roots[0] = wh_object_ref(array);
  uint64_t *elements = (uint64_t *)(void *)array->elements;
  for (uint32_t i = 0; i < WIDTH; i++)
    for (uint32_t j = 0; j < LENGTH; j++)
      elements[i] = wh_object_ref(new_cell(world.store, elements[i]));
  failing.fail_at = 1;
  failing.calls = 1;
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), 1 + WIDTH * LENGTH);
  assert_null(wh_gc_new_array(world.store, &bytes_type.type, 70000));
  assert_error(wh_gc_error(world.store), OOM, "memory");
  while (new_cell(world.store, 0) && world.store->gc.collections < 100) {
  }
  failing.fail_at = 0;
  assert_non_null(wh_gc_new_array(world.store, &bytes_type.type, 70000));
  wh_gc_collect(world.store);
  assert_int_equal(live_objects(world.store), 1 + WIDTH * LENGTH);
  wh_gc_leave(&world.store->gc, &local_);
  world_end(&world);
  assert_int_equal(failing.live_blocks, 0);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  for (size_t fail_at = 1;; fail_at++) {
    failing_t failing = {0};
    world_t world = world_with(&failing);
    ROOTS(world.store, 2);
    failing.calls = 0;
    failing.fail_at = fail_at;
    cell_t *cell = new_cell(world.store, 0);
    roots[0] = wh_object_ref(cell);
    wh_array_t *array = cell ? wh_gc_new_array(world.store, &refs_type.type, 9000) : NULL;
    roots[1] = wh_object_ref(array);
    for (uint32_t i = 0; array && i < 9000; i++)
      ((uint64_t *)(void *)array->elements)[i] = wh_object_ref(new_cell(world.store, roots[0]));
    wh_gc_collect(world.store);
    wherry_error_t *error = array ? NULL : wh_gc_error(world.store);
    if (error) assert_error(error, OOM, "memory");
    bool passed = failing.calls < fail_at;
    failing.fail_at = 0;
    wh_gc_leave(&world.store->gc, &local_);
    world_end(&world);
    assert_int_equal(failing.live_blocks, 0);
    if (passed) break;
  }
}

/* ---- the host's side ---- */

static void an_externref_ends_when_nobody_has_it(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  int ended = 0, other = 0;
  wherry_externref_t reference, again;
  void *data;
  assert_ok(wherry_externref_new(world.store, &ended, count_end, &reference));
  assert_ok(wherry_ref_retain(world.store, reference, &again));
  assert_true(wherry_ref_equal(world.store, reference, again));
  assert_int_equal(wherry_store_handles(world.store), 2);
  wherry_ref_release(world.store, reference);
  wherry_ref_release(world.store, reference);
  assert_ok(wherry_store_collect(world.store));
  assert_int_equal(ended, 0);
  assert_error(wherry_externref_data(world.store, reference, &data), STATE, "released");
  assert_false(wherry_ref_equal(world.store, reference, again));
  assert_ok(wherry_externref_data(world.store, again, &data));
  assert_ptr_equal(data, &ended);
  wherry_ref_release(world.store, again);
  assert_int_equal(ended, 0);
  assert_ok(wherry_store_collect(world.store));
  assert_int_equal(ended, 1);
  /* Another has its place, and is not mistaken for it. */
  assert_ok(wherry_externref_new(world.store, &other, count_end, &reference));
  assert_int_equal(world.store->externs.count, 1);
  assert_error(wherry_externref_data(world.store, again, &data), STATE, "released");
  assert_int_equal(wherry_store_handles(world.store), 1);
  world_end(&world);
  assert_int_equal(ended, 1);
  assert_int_equal(other, 1);
}

static void tables_and_globals_keep_what_they_hold(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  int ended = 0;
  wherry_value_t value = {.type = WHERRY_EXTERNREF}, null = value, back;
  wherry_table_t table;
  wherry_global_t global;
  assert_ok(wherry_externref_new(world.store, &ended, count_end, &value.of.externref));
  assert_ok(wherry_table_new(world.store, WHERRY_EXTERNREF, 3, 3, NULL, &table));
  assert_ok(wherry_table_set(world.store, table, 1, &value));
  assert_ok(wherry_global_new(world.store, &value, true, &global));
  wherry_ref_release(world.store, value.of.externref);
  assert_ok(wherry_store_collect(world.store));
  assert_ok(wherry_table_set(world.store, table, 1, &null));
  assert_ok(wherry_store_collect(world.store));
  assert_int_equal(ended, 0);
  assert_ok(wherry_global_get(world.store, global, &back));
  assert_ok(wherry_global_set(world.store, global, &null));
  assert_ok(wherry_store_collect(world.store));
  assert_int_equal(ended, 0);
  wherry_ref_release(world.store, back.of.externref);
  assert_ok(wherry_store_collect(world.store));
  assert_int_equal(ended, 1);
  world_end(&world);
}

static void what_does_not_belong_is_put_nowhere(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  int ended = 0;
  wherry_value_t number = {.type = WHERRY_I31REF}, other = {.type = WHERRY_ANYREF}, back;
  wherry_table_t table;
  wherry_global_t global;
  wherry_slot_t slot = {.u64 = 77};
  number.of.ref = wherry_ref_i31(5);
  assert_ok(wherry_externref_new(world.store, &ended, count_end, &other.of.ref));
  assert_ok(wherry_table_new(world.store, WHERRY_I31REF, 1, 1, &number, &table));
  assert_ok(wherry_global_new(world.store, &number, true, &global));
  assert_error(wherry_table_set(world.store, table, 0, &other), TYPE, "externref");
  assert_error(wherry_global_set(world.store, global, &other), TYPE, "externref");
  assert_error(wherry_value_to_slot(world.store, &other, WHERRY_I31REF, &slot), TYPE, "externref");
  assert_ok(wherry_table_get(world.store, table, 0, &back));
  assert_true(wherry_ref_equal(world.store, back.of.ref, number.of.ref));
  assert_ok(wherry_global_get(world.store, global, &back));
  assert_true(wherry_ref_equal(world.store, back.of.ref, number.of.ref));
  assert_int_equal(slot.u64, 77);
  world_end(&world);
}

static void types_of_the_host_are_checked(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  wherry_valtype_t unknown[] = {
      0, 0x40, 0x12345, 0x63, 0x63 | 1000000 << 8, 0x64 | (wherry_valtype_t)WH_HEAP_BOTTOM << 8};
  wherry_table_t table;
  wherry_global_t global;
  wherry_slot_t slot = {.u64 = 0};
  for (size_t i = 0; i < WH_COUNT(unknown); i++) {
    wherry_value_t value = {.type = unknown[i]};
    assert_error(wherry_table_new(world.store, unknown[i], 1, 1, NULL, &table), TYPE, "value type");
    assert_error(wherry_global_new(world.store, &value, true, &global), TYPE, "value type");
    assert_error(wherry_value_to_slot(world.store, &value, unknown[i], &slot), TYPE, "value type");
    assert_int_equal(wherry_value_from_slot(world.store, slot, unknown[i]).type, 0);
  }
  assert_error(wherry_table_new(world.store, wh_ref(WH_HEAP(FUNC), false), 1, 1, NULL, &table),
               TYPE, "initial value");
  world_end(&world);
}

static void an_i31_needs_no_store(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  static const int32_t numbers[] = {0, 1, -1, (1 << 30) - 1, -(1 << 30)};
  wherry_value_t value = {.type = WHERRY_ANYREF};
  for (size_t i = 0; i < WH_COUNT(numbers); i++) {
    int32_t number;
    wherry_slot_t slot;
    wherry_valtype_t kind;
    value.of.ref = wherry_ref_i31(numbers[i]);
    assert_true(wherry_ref_i31_value(value.of.ref, &number));
    assert_int_equal(number, numbers[i]);
    assert_ok(wherry_ref_kind(world.store, value.of.ref, &kind));
    assert_int_equal(kind, WHERRY_I31REF);
    assert_ok(wherry_value_to_slot(world.store, &value, WHERRY_I31REF, &slot));
    assert_error(wherry_value_to_slot(world.store, &value, WHERRY_STRUCTREF, &slot), TYPE,
                 "i31ref");
    assert_error(wherry_value_to_slot(world.store, &value, WHERRY_EXTERNREF, &slot), TYPE,
                 "anyref");
    wherry_value_t back = wherry_value_from_slot(world.store, slot, WHERRY_EQREF);
    assert_true(wherry_ref_equal(world.store, back.of.ref, value.of.ref));
    wherry_ref_release(world.store, back.of.ref);
  }
  assert_int_equal(wherry_store_handles(world.store), 0);
  assert_false(wherry_ref_i31_value((wherry_ref_t) {0, 0}, &(int32_t) {0}));
  world_end(&world);
}

static void slots_that_were_kept_too_long_are_not_followed(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  ROOTS(world.store, 1);
  wherry_slot_t slot;
  cell_t *cell = new_cell(world.store, 0), *other = new_cell(world.store, 0);
  roots[0] = wh_object_ref(cell);
  wh_gc_collect(world.store);
  slot.u64 = roots[0];
  wherry_value_t value = wherry_value_from_slot(world.store, slot, WHERRY_EQREF);
  assert_int_equal(value.type, WHERRY_ANYREF);
  assert_int_equal(wherry_store_handles(world.store), 1);
  const uint64_t wrong[] = {wh_object_ref(other), /* dead, though nothing has its place yet */
                            roots[0] + 8,
                            roots[0] + 4096, /* beside objects */
                            wh_ref_extern(0),
                            6,
                            8,
                            UINT64_MAX};
  for (size_t i = 0; i < WH_COUNT(wrong); i++) {
    slot.u64 = wrong[i];
    assert_int_equal(wherry_value_from_slot(world.store, slot, WHERRY_ANYREF).type, 0);
  }
  slot.u64 = 0;
  assert_int_equal(wherry_value_from_slot(world.store, slot, 0x12345663).type, 0);
  assert_int_equal(wherry_value_from_slot(world.store, slot, 0x12).type, 0);
  assert_int_equal(wherry_store_handles(world.store), 1);
  wh_gc_leave(&world.store->gc, &local_);
  world_end(&world);
}

static void many_externrefs_make_it_collect(void **state) {
  (void)state;
  world_t world = world_of(NULL);
  int ended = 0;
  enum { COUNT = 300000 };
  for (int i = 0; i < COUNT; i++) {
    wherry_externref_t reference;
    assert_ok(wherry_externref_new(world.store, &ended, count_end, &reference));
    wherry_ref_release(world.store, reference);
  }
  assert_in_range(ended, COUNT / 2, COUNT);
  assert_in_range(world.store->externs.count, 1, COUNT / 2);
  world_end(&world);
  assert_int_equal(ended, COUNT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_lie_where_supertypes_have_them),
      cmocka_unit_test(words_tell_what_they_are),
      cmocka_unit_test(a_list_is_kept_by_its_head),
      cmocka_unit_test(cycles_are_freed),
      cmocka_unit_test(objects_of_all_sizes_come_zeroed_and_keep_what_they_hold),
      cmocka_unit_test(references_are_found_in_all_places),
      cmocka_unit_test(only_addresses_of_objects_are_roots),
      cmocka_unit_test(stress_frees_at_once),
      cmocka_unit_test(a_limit_is_an_error_and_no_end),
      cmocka_unit_test(without_memory_marking_goes_on),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(an_externref_ends_when_nobody_has_it),
      cmocka_unit_test(tables_and_globals_keep_what_they_hold),
      cmocka_unit_test(what_does_not_belong_is_put_nowhere),
      cmocka_unit_test(types_of_the_host_are_checked),
      cmocka_unit_test(an_i31_needs_no_store),
      cmocka_unit_test(slots_that_were_kept_too_long_are_not_followed),
      cmocka_unit_test(many_externrefs_make_it_collect),
  };
  return cmocka_run_group_tests(tests, make_types, NULL);
}
