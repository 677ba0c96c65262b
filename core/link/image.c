/* When the first contents of a memory are worth an image, and what is in it. */
#include "link_private.h"

/* An image costs a file descriptor, so it must be worth it. A memory that is cleared by hand has its
   pages already: there a copy of little data is as good (3 us with 4 KiB, 5 us with 64 KiB, against
   0.6 us). In a larger one every page of data is a page fault (11 us with 4 KiB, 430 us with
   1 MiB, against 0.6 us). */
enum { IMAGE_LEAST = 64 << 10, IMAGE_LEAST_IN_LARGE = 4 << 10 };

/* Data that lie far apart would make an image of holes. */
static const uint64_t spread_most = 16 << 20;

/* From this much on the first instance has an image too: writing it costs less than faulting as many
   pages in (25 MiB: 7 ms against 12 ms), and no instance has a copy of its own. */
enum { IMAGE_AT_ONCE = 1 << 20 };

enum { PART = 1 << 20 }; /* of an image, written at once */

static uint64_t declared_size(const wh_memory_type_t *memory) {
  return memory->limits.minimum << memory->page_log2;
}

/* What an image is made of. */
typedef struct plan {
  const wh_instance_t *instance;
  uint64_t *offsets;   /* of the segments that go to memory 0 */
  uint64_t start, end; /* their range */
  bool covers_all;
} plan_t;

static bool is_in_image(const wh_data_t *data) {
  return data->mode == WH_SEGMENT_ACTIVE && data->memory == 0;
}

/* Whether all active segments are surely in bounds, in memories of the module's own, and the same in
   every instance: no imported global can be in an offset. */
static bool worth_an_image(plan_t *plan) {
  const wh_model_t *model = plan->instance->module->model;
  uint64_t total = 0;
  plan->start = UINT64_MAX;
  plan->covers_all = true;
  for (size_t i = 0; i < model->datas.count; i++) {
    const wh_data_t *data = &model->datas.items[i];
    if (!is_in_image(data)) plan->covers_all = false;
    if (data->mode != WH_SEGMENT_ACTIVE) continue;
    uint64_t *offset = &plan->offsets[i];
    wherry_error_t *error = wh_link_offset(plan->instance, &data->offset, offset);
    if (error) {
      wherry_error_release(error); /* without an image the segments are copied */
      return false;
    }
    uint64_t size = declared_size(&model->memories.items[data->memory]);
    if (*offset > size || data->bytes.size > size - *offset) return false;
    if (data->memory || !data->bytes.size) continue;
    total += data->bytes.size;
    uint64_t last = *offset + data->bytes.size;
    if (*offset < plan->start) plan->start = *offset;
    if (last > plan->end) plan->end = last;
  }
  if (!total || plan->end - plan->start > spread_most + 2 * total) return false;
  bool large = declared_size(&model->memories.items[0]) > WH_MEMORY_CLEARED;
  return total >= (large ? IMAGE_LEAST_IN_LARGE : IMAGE_LEAST);
}

/* Writes what lies in a part of the image, put together in bytes: some compilers make thousands of
   segments, and they may overlap. */
static bool write_part(const plan_t *plan, wh_image_t *image, uint64_t start, uint64_t end,
                       uint8_t *bytes) {
  const wh_model_t *model = plan->instance->module->model;
  uint64_t first = end, last = start;
  memset(bytes, 0, (size_t)(end - start));
  for (size_t i = 0; i < model->datas.count; i++) {
    const wh_data_t *data = &model->datas.items[i];
    uint64_t from = plan->offsets[i], to = from + data->bytes.size, at = from;
    if (!is_in_image(data) || from >= end || to <= start) continue;
    if (from < start) from = start;
    if (to > end) to = end;
    memcpy(bytes + (from - start), data->bytes.data + (from - at), (size_t)(to - from));
    if (from < first) first = from;
    if (to > last) last = to;
  }
  return first >= last ||
         wh_image_write(image, first, bytes + (first - start), (size_t)(last - first));
}

static bool write_all(const plan_t *plan, wh_image_t *image) {
  wh_alloc_t *alloc = &plan->instance->module->engine->alloc;
  uint64_t part = plan->end - plan->start;
  if (part > PART) part = PART;
  uint8_t *bytes = wh_alloc(alloc, (size_t)part);
  bool written = bytes != NULL;
  for (uint64_t at = plan->start; at < plan->end && written; at += part)
    written = write_part(plan, image, at, plan->end - at < part ? plan->end : at + part, bytes);
  wh_free(alloc, bytes, (size_t)part);
  return written;
}

static wh_image_t *make_image(const wh_instance_t *instance) {
  wherry_engine_t *engine = instance->module->engine;
  size_t count = instance->module->model->datas.count;
  plan_t plan = {.instance = instance,
                 .offsets = wh_alloc_array(&engine->alloc, count, sizeof(uint64_t))};
  wh_image_t *image = NULL;
  if (plan.offsets && worth_an_image(&plan)) image = wh_image_make(engine, plan.start, plan.end);
  if (image) {
    image->covers_all = plan.covers_all;
    if (!write_all(&plan, image)) {
      wh_image_free(&engine->alloc, image);
      image = NULL;
    }
  }
  wh_free(&engine->alloc, plan.offsets, count * sizeof(uint64_t));
  return image;
}

/* What can be told without a look at the segments' offsets. Where a table is imported, somebody might
   see that the data are there before an element segment traps. */
static bool may_have_image(const wh_model_t *model, bool first) {
  if (!model->datas.count || !model->memories.count || model->imported_memories ||
      model->imported_globals || model->imported_tables || model->memories.items[0].shared)
    return false;
  uint64_t total = 0;
  for (size_t i = 0; first && i < model->datas.count; i++)
    total += model->datas.items[i].bytes.size;
  return !first || total >= IMAGE_AT_ONCE;
}

const wh_image_t *wh_link_image(const wh_instance_t *instance) {
  wherry_module_t *module = instance->module;
  if (!atomic_load_explicit(&module->image_tried, memory_order_acquire)) {
    bool first = atomic_fetch_add_explicit(&module->instance_count, 1, memory_order_relaxed) == 0;
    if (!may_have_image(module->model, first)) return NULL;
    wh_mutex_lock(&module->compile_lock);
    if (!atomic_load_explicit(&module->image_tried, memory_order_relaxed)) {
      wh_image_t *image = make_image(instance);
      atomic_store_explicit(&module->image, image, memory_order_release);
      atomic_store_explicit(&module->image_tried, true, memory_order_release);
    }
    wh_mutex_unlock(&module->compile_lock);
  }
  return wh_module_image(module);
}
