/* When the first contents of a memory are worth an image, and what is in it. */
#include "link_private.h"

/* An image costs a file descriptor, so it must be worth it. A memory that is cleared by hand has its
   pages already: there a copy of little data is as good (3 us with 4 KiB, 5 us with 64 KiB, against
   0.6 us). In a larger one every page of data is a page fault (11 us with 4 KiB, 430 us with
   1 MiB, against 0.6 us). */
enum { IMAGE_LEAST = 64 << 10, IMAGE_LEAST_IN_LARGE = 4 << 10 };

/* False: no memory. An image is no more than a way to be quick: without it the segments are copied. */
static bool offset_of(const wh_instance_t *instance, const wh_data_t *data, uint64_t *out) {
  wherry_error_t *error = link_offset(instance, &data->offset, out);
  wherry_error_release(error);
  return !error;
}

/* Whether all active segments are surely in bounds, in memories of the module's own, and the same in
   every instance (no imported global can be in an offset). *start, *end: their range in memory 0. */
static bool worth_an_image(const wh_instance_t *instance, uint64_t *start, uint64_t *end,
                           bool *covers_all) {
  const wh_model_t *model = instance->module->model;
  if (model->imported_memories || model->imported_globals) return false;
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
  if (!total) return false;
  bool large = instance->memories[0]->size > WH_MEMORY_CLEARED;
  return total >= (large ? IMAGE_LEAST_IN_LARGE : IMAGE_LEAST);
}

static wh_image_t *make_image(const wh_instance_t *instance) {
  const wh_model_t *model = instance->module->model;
  wh_alloc_t *alloc = &instance->module->engine->alloc;
  uint64_t start, end;
  bool covers_all;
  if (!worth_an_image(instance, &start, &end, &covers_all)) return NULL;
  wh_image_t *image = wh_image_make(instance->module->engine, start, end);
  if (!image) return NULL;
  image->covers_all = covers_all;
  for (size_t i = 0; i < model->datas.count; i++) {
    const wh_data_t *data = &model->datas.items[i];
    if (data->mode != WH_SEGMENT_ACTIVE || data->memory) continue;
    uint64_t offset;
    if (offset_of(instance, data, &offset) &&
        wh_image_write(image, offset, data->bytes.data, data->bytes.size))
      continue;
    wh_image_free(alloc, image);
    return NULL;
  }
  return image;
}

const wh_image_t *link_image(wh_instance_t *instance) {
  wherry_module_t *module = instance->module;
  if (!module->model->datas.count) return NULL;
  wh_image_t *image = atomic_load_explicit(&module->image, memory_order_acquire);
  if (image || atomic_load_explicit(&module->image_tried, memory_order_acquire)) return image;
  if (atomic_fetch_add_explicit(&module->instance_count, 1, memory_order_relaxed) == 0) return NULL;
  wh_mutex_lock(&module->compile_lock);
  if (!atomic_load_explicit(&module->image_tried, memory_order_relaxed)) {
    image = make_image(instance);
    atomic_store_explicit(&module->image, image, memory_order_release);
    atomic_store_explicit(&module->image_tried, true, memory_order_release);
  } else {
    image = atomic_load_explicit(&module->image, memory_order_relaxed);
  }
  wh_mutex_unlock(&module->compile_lock);
  return image;
}
