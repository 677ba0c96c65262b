/* What is alive: marking, from the roots. */
#include "runtime/runtime.h"

/* The most objects that wait to be looked into: past it, all marked ones are gone through again. */
enum { GRAY_MOST = 1 << 20, GRAY_KEPT = 1 << 14 };

/* ---- marking ---- */

static WH_COLD bool gray_grow(wherry_store_t *store) {
  wh_gc_t *gc = &store->gc;
  if (gc->gray.count < GRAY_MOST && wh_vec_reserve(store->alloc, &gc->gray, 1)) return true;
  gc->gray_overflowed = true;
  return false;
}

static void mark_object(wherry_store_t *store, wh_object_t *object) {
  wh_gc_t *gc = &store->gc;
  size_t size = wh_object_size(object);
  if (WH_LIKELY(size <= WH_GC_LARGEST)) {
    wh_block_t *block = wh_block_of(object);
    uint32_t at = (uint32_t)((char *)object - (char *)block) / WH_GC_GRANULE;
    uint64_t bit = UINT64_C(1) << at % 64;
    WH_ASSERT(block->cell && ((uintptr_t)object & (WH_GC_GRANULE - 1)) == 0);
    if (block->marks[at / 64] & bit) return;
    block->marks[at / 64] |= bit;
    block->live++;
    gc->live += block->cell;
  } else {
    wh_large_t *large = (wh_large_t *)(void *)object - 1;
    if (large->marked) return;
    large->marked = true;
    gc->live += large->size;
  }
  if (!object->type->has_refs) return;
  if (gc->gray.count < gc->gray.capacity || gray_grow(store))
    gc->gray.items[gc->gray.count++] = object;
}

static void mark_extern(wherry_store_t *store, uint64_t word) {
  size_t place = wh_ref_extern_place(word);
  WH_ASSERT(place < store->externs.count);
  store->externs.items[place].marked = true;
}

void wh_gc_mark(wherry_store_t *store, uint64_t word) {
  if (wh_ref_is_object(word))
    mark_object(store, wh_ref_object(word));
  else if (wh_ref_is_extern(word))
    mark_extern(store, word);
}

/* A word that may be anything. */
static void mark_any(wherry_store_t *store, uint64_t word, uint64_t low, uint64_t high) {
  if (word - low < high - low && word % sizeof(wh_object_t) == 0) {
    wh_object_t *object = wh_gc_find(&store->gc, word);
    if (object) mark_object(store, object);
  } else if (word >> 48 == WH_EXTERN_TAG >> 48 && wh_ref_is_extern(word) &&
             wh_ref_extern_place(word) < store->externs.count) {
    mark_extern(store, word);
  }
}

void wh_gc_mark_words(wherry_store_t *store, const uint64_t *from, const uint64_t *to) {
  wh_gc_t *gc = &store->gc;
  uint64_t low = UINT64_MAX, high = 0;
  if (gc->regions.count) {
    low = (uintptr_t)gc->regions.items[0].start;
    high = (uintptr_t)gc->regions.items[gc->regions.count - 1].end;
  }
  if (gc->larges.count) {
    uint64_t first = (uintptr_t)gc->larges.items[0];
    uint64_t last = (uintptr_t)gc->larges.items[gc->larges.count - 1] + sizeof(wh_large_t) + 1;
    if (first < low) low = first;
    if (last > high) high = last;
  }
  if (low > high) low = high;
  gc->live += (uint64_t)((const char *)to - (const char *)from);
  for (; from < to; from++) mark_any(store, *from, low, high);
}

/* ---- from object to object ---- */

static void mark_many(wherry_store_t *store, const uint64_t *words, size_t count) {
  for (size_t i = 0; i < count; i++) wh_gc_mark(store, words[i]);
}

static void look_into(wherry_store_t *store, const wh_object_t *object) {
  const wh_rtype_t *type = object->type;
  switch (type->kind) {
  case WH_COMP_STRUCT: {
    const uint64_t *words = (const uint64_t *)(const void *)object;
    for (uint64_t left = type->ref_words; left; left &= left - 1)
      wh_gc_mark(store, words[__builtin_ctzll(left)]);
    if (!type->has_far_refs) break;
    for (uint32_t i = 0; i < type->field_count; i++) {
      const wh_rfield_t *field = &type->fields[i];
      if (field->is_ref && field->offset / 8 >= 64) wh_gc_mark(store, words[field->offset / 8]);
    }
    break;
  }
  case WH_COMP_ARRAY: {
    const wh_array_t *array = (const wh_array_t *)(const void *)object;
    mark_many(store, (const uint64_t *)(const void *)array->elements, array->length);
    break;
  }
  case WH_COMP_FUNC: {
    const wh_exception_t *exception = (const wh_exception_t *)(const void *)object;
    wh_gc_mark_words(store, exception->slots, exception->slots + wh_param_slots(&type->func));
    break;
  }
  }
}

static void drain(wherry_store_t *store) {
  wh_gc_t *gc = &store->gc;
  while (gc->gray.count) look_into(store, gc->gray.items[--gc->gray.count]);
}

/* After an overflow: everything marked is looked into again, which marks what was left out. */
static WH_COLD void mark_again(wherry_store_t *store) {
  wh_gc_t *gc = &store->gc;
  for (unsigned class = 0; class < WH_GC_CLASSES; class ++)
    for (wh_block_t *block = gc->classes[class].blocks; block; block = block->next)
      for (uint32_t at = block->first; at < block->end; at += block->cell) {
        if (!wh_block_marked(block, at)) continue;
        const wh_object_t *object = (const wh_object_t *)(const void *)((char *)block + at);
        if (object->type->has_refs) look_into(store, object);
        drain(store);
      }
  for (size_t i = 0; i < gc->larges.count; i++) {
    const wh_large_t *large = gc->larges.items[i];
    if (!large->marked) continue;
    const wh_object_t *object = (const wh_object_t *)(const void *)(large + 1);
    if (object->type->has_refs) look_into(store, object);
    drain(store);
  }
}

/* ---- roots ---- */

/* Words of one reference type. One that names a type is a function's or not: no need to know. */
static void mark_typed(wherry_store_t *store, wherry_valtype_t type, const uint64_t *words,
                       size_t count) {
  if (!wh_is_ref(type) || !count) return;
  wh_heap_t heap = wh_ref_heap(type);
  if (!wh_heap_is_abstract(heap)) {
    wh_gc_mark_words(store, words, words + count);
  } else if (heap != WH_HEAP(FUNC) && heap != WH_HEAP(NULLFUNC)) {
    store->gc.live += count * sizeof *words;
    mark_many(store, words, count);
  }
}

static void mark_table(wherry_store_t *store, const wh_table_t *table) {
  if (table) mark_typed(store, table->type, table->elements, (size_t)table->size);
}

static void mark_instance(wherry_store_t *store, const wh_instance_t *instance) {
  const wh_model_t *model = instance->module->model;
  for (size_t i = model->imported_globals; i < model->globals.count; i++)
    mark_typed(store, model->globals.items[i].type, &instance->globals[i], 1);
  for (size_t i = model->imported_tables; i < model->tables.count; i++)
    mark_table(store, instance->tables[i]);
  for (size_t i = 0; instance->elem_values && i < model->elems.count; i++) {
    const wh_elem_t *elem = &model->elems.items[i];
    if (instance->elem_values[i])
      mark_typed(store, elem->type, instance->elem_values[i], elem->count);
  }
}

static void mark_host(wherry_store_t *store) {
  for (size_t i = 1; i < store->host_globals.count; i++) {
    const wh_host_global_t *global = store->host_globals.items[i];
    mark_typed(store, global->type, global->value, 1);
  }
  for (size_t i = 1; i < store->host_tables.count; i++)
    mark_table(store, store->host_tables.items[i]);
  for (size_t i = 0; i < store->handles.count; i++) wh_gc_mark(store, store->handles.items[i].word);
}

static void mark_roots(wherry_store_t *store) {
  const wh_context_t *context = &store->context;
  for (size_t i = 1; i < store->instances.count; i++)
    mark_instance(store, store->instances.items[i]);
  mark_host(store);
  for (const wh_gc_local_t *local = store->gc.locals; local; local = local->outer)
    wh_gc_mark_words(store, local->words, local->words + local->count);
  if (context->stack) {
    wh_gc_mark_words(store, &context->acc, &context->acc + 1);
    wh_gc_mark_words(store, context->stack->slots, context->stack->top);
  }
  if (store->engine->mark_runs) store->engine->mark_runs(store);
}

static void clear_marks(wherry_store_t *store) {
  wh_gc_t *gc = &store->gc;
  for (unsigned class = 0; class < WH_GC_CLASSES; class ++)
    for (wh_block_t *block = gc->classes[class].blocks; block; block = block->next) {
      memset(block->marks, 0, sizeof block->marks);
      block->live = 0;
    }
  for (size_t i = 0; i < store->externs.count; i++) store->externs.items[i].marked = false;
}

/* Room for gray objects that one collection in need of much has got is given back. */
static void shrink_gray(wherry_store_t *store) {
  wh_gc_t *gc = &store->gc;
  if (gc->gray.capacity <= GRAY_KEPT) return;
  size_t size = sizeof *gc->gray.items;
  wh_object_t **items =
      wh_realloc(store->alloc, gc->gray.items, gc->gray.capacity * size, (size_t)GRAY_KEPT * size);
  if (!items) return;
  gc->gray.items = items;
  gc->gray.capacity = GRAY_KEPT;
}

void wh_gc_collect(wherry_store_t *store) {
  wh_gc_t *gc = &store->gc;
  wh_gc_finish_sweep(gc);
  clear_marks(store);
  gc->live = 0;
  mark_roots(store);
  drain(store);
  while (gc->gray_overflowed) {
    gc->gray_overflowed = false;
    mark_again(store);
  }
  shrink_gray(store);
  wh_gc_sweep(store);
  wh_externs_sweep(store);
  gc->collections++;
}
