/* Files without a name in memory, to be mapped privately. Linux only; elsewhere one copies. */
#define _GNU_SOURCE
#include "base/base.h"

#if defined(__linux__)
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

int wh_os_image_new(size_t size) {
  int file = memfd_create("wherry", MFD_CLOEXEC);
  if (file < 0) return -1;
  if (ftruncate(file, (off_t)size) == 0) return file;
  close(file);
  return -1;
}

bool wh_os_image_write(int image, uint64_t offset, const void *bytes, size_t size) {
  const char *next = bytes;
  while (size) {
    ssize_t written = pwrite(image, next, size, (off_t)offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    next += written;
    offset += (uint64_t)written;
    size -= (size_t)written;
  }
  return true;
}

bool wh_os_image_map(int image, void *address, size_t size) {
  return mmap(address, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, image, 0) == address;
}

void wh_os_image_close(int image) { close(image); }

bool wh_os_reset(void *address, size_t size) { return madvise(address, size, MADV_DONTNEED) == 0; }

bool wh_os_reset_image(void *address, size_t size) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  return mmap(address, size, PROT_READ | PROT_WRITE, flags, -1, 0) == address;
}

#else

int wh_os_image_new(size_t size) {
  (void)size;
  return -1;
}
bool wh_os_image_write(int image, uint64_t offset, const void *bytes, size_t size) {
  (void)image, (void)offset, (void)bytes, (void)size;
  return false;
}
bool wh_os_image_map(int image, void *address, size_t size) {
  (void)image, (void)address, (void)size;
  return false;
}
void wh_os_image_close(int image) { (void)image; }
bool wh_os_reset(void *address, size_t size) {
  (void)address, (void)size;
  return false;
}
bool wh_os_reset_image(void *address, size_t size) {
  (void)address, (void)size;
  return false;
}

#endif
