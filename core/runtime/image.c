/* Images: the first contents of a memory, kept once and mapped by every instance. */
#include "runtime/runtime.h"

wh_image_t *wh_image_make(wherry_engine_t *engine, uint64_t start, uint64_t end) {
  uint64_t page = wh_os_page_size();
  wh_alloc_t *alloc = &engine->alloc;
  wh_image_t *image = WH_NEW(alloc, wh_image_t);
  if (!image) return NULL;
  image->id = atomic_fetch_add_explicit(&engine->next_image, 1, memory_order_relaxed);
  image->start = start / page * page;
  image->size = (end + page - 1) / page * page - image->start;
  image->file = wh_os_image_new((size_t)image->size);
  if (image->file >= 0) return image;
  WH_DELETE(alloc, image);
  return NULL;
}

bool wh_image_write(wh_image_t *image, uint64_t address, const void *bytes, size_t size) {
  return wh_os_image_write(image->file, address - image->start, bytes, size);
}

bool wh_image_map(const wh_image_t *image, wh_memory_t *memory) {
  if (memory->image == image->id) return true;
  if (!wh_os_image_map(image->file, memory->base + image->start, (size_t)image->size)) return false;
  memory->image = image->id;
  memory->image_start = image->start;
  memory->image_size = image->size;
  return true;
}

void wh_image_free(wh_alloc_t *alloc, wh_image_t *image) {
  if (!image) return;
  wh_os_image_close(image->file);
  WH_DELETE(alloc, image);
}
