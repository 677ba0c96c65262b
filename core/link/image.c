/* When the first contents of a memory are worth an image, and what is in it. */
#include "link_private.h"

/* An image costs a file descriptor, so it must be worth it. A memory that is cleared by hand has its
   pages already: there a copy of little data is as good (3 us with 4 KiB, 5 us with 64 KiB, against
   0.6 us). In a larger one every page of data is a page fault (11 us with 4 KiB, 430 us with
   1 MiB, against 0.6 us). */
enum { IMAGE_LEAST = 64 << 10, IMAGE_LEAST_IN_LARGE = 4 << 10 };

/* Data that lie far apart would make an image of holes. */
static const uint64_t spread_most = 16 << 20;

/* False: no memory. An image is no more than a way to be quick: without it the segments are copied. */
static bool offset_of(const wh_instance_t *instance, const wh_data_t *data, uint64_t *out) {
  wherry_error_t *error = wh_link_offset(instance, &data->offset, out);
  wherry_error_release(error);
  return !error;
}

/* Whether all active segments are surely in bounds, in memories of the module's own, and the same in
   every instance (no imported global can be in an offset). *start, *end: their range in memory 0. */
static bool worth_an_image(const wh_instance_t *instance, uint64_t *start, uint64_t *end,
                           bool *covers_all) {
  const wh_model_t *model = instance->module->model;
  if (!model->memories.count || model->imported_memories || model->imported_globals ||
      model->memories.items[0].shared)
    return false;
  uint64_t total = 0;
  *start = UINT64_MAX;
  *end = 0;
  *covers_all = true;
  for (size_t i = 0; i < model->datas.count; i++) {
    const wh_data_t *data = &model->datas.items[i];
    if (data->mode != WH_SEGMENT_ACTIVE || data->memory) *covers_all = false;
    if (data->mode != WH_SEGMENT_ACTIVE) continue;
    uint64_t offset;
    if (!offset_of(instance, data, &offset)) return false;
    uint64_t size = instance->memories[data->memory]->size;
    if (offset > size || data->bytes.size > size - offset) return false;
    uint64_t last = offset + data->bytes.size;
    if (data->memory || !data->bytes.size) continue;
    total += data->bytes.size;
    if (offset < *start) *start = offset;
    if (last > *end) *end = last;
  }
  if (!total || *end - *start > spread_most + 2 * total) return false;
  bool large = instance->memories[0]->size > WH_MEMORY_CLEARED;
  return total >= (large ? IMAGE_LEAST_IN_LARGE : IMAGE_LEAST);
}

/* From a memory whose segments have just been copied: thousands of writes to a file would take long. */
static wh_image_t *make_image(const wh_instance_t *instance) {
  wherry_engine_t *engine = instance->module->engine;
  uint64_t start, end;
  bool covers_all;
  if (!worth_an_image(instance, &start, &end, &covers_all)) return NULL;
  wh_image_t *image = wh_image_make(engine, start, end);
  if (!image) return NULL;
  image->covers_all = covers_all;
  const uint8_t *data = instance->memories[0]->base + start;
  if (wh_image_write(image, start, data, (size_t)(end - start))) return image;
  wh_image_free(&engine->alloc, image);
  return NULL;
}

const wh_image_t *wh_link_image(const wh_instance_t *instance) {
  return atomic_load_explicit(&instance->module->image, memory_order_acquire);
}

void wh_link_make_image(const wh_instance_t *instance) {
  wherry_module_t *module = instance->module;
  if (!module->model->datas.count ||
      atomic_load_explicit(&module->image_tried, memory_order_acquire) ||
      atomic_fetch_add_explicit(&module->instance_count, 1, memory_order_relaxed) == 0)
    return;
  wh_mutex_lock(&module->compile_lock);
  if (!atomic_load_explicit(&module->image_tried, memory_order_relaxed)) {
    wh_image_t *image = make_image(instance);
    atomic_store_explicit(&module->image, image, memory_order_release);
    atomic_store_explicit(&module->image_tried, true, memory_order_release);
  }
  wh_mutex_unlock(&module->compile_lock);
}
