/* The host's side of references: its own data that guests hold, and its handles to what guests made. */
#include "runtime/runtime.h"

/* What making an extern counts for, in bytes of the heap: when it is time to collect. */
enum { EXTERN_WEIGHT = 64 };

/* ---- data of the host ---- */

wherry_error_t *wh_extern_make(wherry_store_t *store, void *data, wherry_finalizer_t finalizer,
                               uint64_t *reference) {
  wh_gc_t *gc = &store->gc;
  if (gc->stress || gc->fresh >= gc->threshold) wh_gc_collect(store);
  size_t place;
  if (store->free_extern) {
    place = store->free_extern - 1;
    store->free_extern = store->externs.items[place].next;
  } else {
    if (store->externs.count >= UINT32_MAX || !wh_vec_reserve(store->alloc, &store->externs, 1))
      return wh_error_oom();
    place = store->externs.count++;
  }
  store->externs.items[place] =
      (wh_extern_t) {.data = data, .finalizer = finalizer, .state = WH_EXTERN_USED};
  gc->fresh += EXTERN_WEIGHT;
  *reference = wh_ref_extern(place);
  return NULL;
}

static void free_extern(wherry_store_t *store, size_t place) {
  wh_extern_t *item = &store->externs.items[place];
  item->state = WH_EXTERN_FREE;
  item->next = store->free_extern;
  store->free_extern = (uint32_t)place + 1;
}

void wh_externs_sweep(wherry_store_t *store) {
  for (size_t i = 0; i < store->externs.count; i++) {
    wh_extern_t *item = &store->externs.items[i];
    if (item->marked || item->state != WH_EXTERN_USED) continue;
    if (item->finalizer) {
      item->state = WH_EXTERN_DEAD;
      item->next = store->dead_externs;
      store->dead_externs = (uint32_t)i + 1;
    } else {
      free_extern(store, i);
    }
  }
}

/* Finalizers may do what they like with the store, but for ending it before they return. */
void wh_externs_finalize_(wherry_store_t *store) {
  store->references++;
  while (store->dead_externs) {
    size_t place = store->dead_externs - 1;
    wh_extern_t item = store->externs.items[place];
    store->dead_externs = item.next;
    free_extern(store, place);
    item.finalizer(item.data);
  }
  wh_store_release(store);
}

/* User code runs here: nothing is reachable any more when it does. */
void wh_externs_end(wherry_store_t *store) {
  while (store->externs.count) {
    wh_extern_t last = store->externs.items[--store->externs.count];
    if (last.state != WH_EXTERN_FREE && last.finalizer) last.finalizer(last.data);
  }
  wh_vec_free(store->alloc, &store->externs);
  store->free_extern = store->dead_externs = 0;
}

/* ---- handles ----
   The public number of a handle: its generation, above twice its place + 1. Odd numbers are i31
   references, which need none. */

/* Of a handle for which there was no memory. */
static const uint64_t no_handle = UINT64_MAX - 1;

static wh_handle_t *find_handle(const wherry_store_t *store, uint64_t index) {
  size_t place = (uint32_t)index / 2;
  if (!place || place > store->handles.count) return NULL;
  wh_handle_t *handle = &store->handles.items[place - 1];
  return handle->word && handle->generation == index >> 32 ? handle : NULL;
}

static uint64_t make_handle(wherry_store_t *store, uint64_t word) {
  size_t place;
  if (store->free_handle) {
    place = store->free_handle - 1;
    store->free_handle = store->handles.items[place].next;
  } else {
    if (store->handles.count >= INT32_MAX || !wh_vec_reserve(store->alloc, &store->handles, 1))
      return no_handle;
    place = store->handles.count++;
    store->handles.items[place].generation = 0;
  }
  wh_handle_t *handle = &store->handles.items[place];
  handle->word = word;
  store->handles_used++;
  return (uint64_t)handle->generation << 32 | (place + 1) * 2;
}

static void end_handle(wherry_store_t *store, uint64_t index) {
  wh_handle_t *handle = find_handle(store, index);
  if (!handle) return;
  handle->word = 0;
  handle->generation++;
  handle->next = store->free_handle;
  store->free_handle = (uint32_t)(handle - store->handles.items) + 1;
  store->handles_used--;
}

wherry_ref_t wh_handle_new(wherry_store_t *store, uint64_t word, bool lasting) {
  wherry_ref_t reference = {0, 0};
  if (!word) return reference;
  reference.store = store->id;
  if (wh_ref_is_i31(word)) {
    reference.index = word;
    return reference;
  }
  reference.index = make_handle(store, word);
  if (reference.index != no_handle && !lasting && store->context.depth &&
      !wh_vec_push(store->alloc, &store->scoped, reference.index)) {
    end_handle(store, reference.index);
    reference.index = no_handle;
  }
  return reference;
}

void wh_handle_end(wherry_store_t *store, wherry_ref_t reference) {
  if (reference.store == store->id && !wh_ref_is_i31(reference.index))
    end_handle(store, reference.index);
}

void wh_scope_end_(wherry_store_t *store, size_t count) {
  while (store->scoped.count > count) end_handle(store, store->scoped.items[--store->scoped.count]);
}

wherry_error_t *wh_handle_word(wherry_store_t *store, wherry_ref_t reference, uint64_t *out) {
  if (!reference.index && !reference.store) {
    *out = 0;
    return NULL;
  }
  if (wh_ref_is_i31(reference.index)) {
    *out = (uint32_t)reference.index;
    return NULL;
  }
  if (reference.index == no_handle) return wh_error_oom();
  if (reference.store != store->id)
    return wh_error_new(store->alloc, WHERRY_ERROR_STATE,
                        "the reference belongs to another store, or to one that has ended");
  const wh_handle_t *handle = find_handle(store, reference.index);
  if (!handle)
    return wh_error_new(store->alloc, WHERRY_ERROR_STATE,
                        "the reference has been released, or was valid only in the host function "
                        "that got it");
  *out = handle->word;
  return NULL;
}
