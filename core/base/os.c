#define _GNU_SOURCE /* getrandom */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/random.h>
#endif

size_t wh_os_page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

void *wh_os_reserve(size_t size) {
  void *address = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return address == MAP_FAILED ? NULL : address;
}

void *wh_os_reserve_aligned(size_t size, size_t alignment) {
  size_t whole;
  char *address = wh_add_size(size, alignment, &whole) ? wh_os_reserve(whole) : NULL;
  if (!address) return NULL;
  size_t before = -(uintptr_t)address & (alignment - 1);
  if (before) munmap(address, before);
  munmap(address + before + size, alignment - before);
  return address + before;
}

bool wh_os_commit(void *address, size_t size) {
  return size == 0 || mprotect(address, size, PROT_READ | PROT_WRITE) == 0;
}

void wh_os_release(void *address, size_t size) {
  if (address) munmap(address, size);
}

uint64_t wh_os_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t wh_os_seed(void) {
  uint64_t seed;
#ifdef __linux__
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed) return seed;
#endif
  /* Early boot, or a sandbox that forbids it: addresses and the clock. */
  seed = wh_os_now() ^ (uint64_t)(uintptr_t)&seed << 16 ^ (uint64_t)(uintptr_t)wh_os_seed << 32;
  seed = (seed ^ seed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  seed = (seed ^ seed >> 27) * UINT64_C(0x94D049BB133111EB);
  return seed ^ seed >> 31;
}

/* ---- folders ---- */

bool wh_os_is_folder(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool wh_os_list(const char *path, bool (*entry)(void *data, const char *name), void *data) {
  DIR *folder = opendir(path);
  if (!folder) return false;
  bool more = true;
  errno = 0;
  for (struct dirent *next; more && (next = readdir(folder)); errno = 0)
    if (strcmp(next->d_name, ".") != 0 && strcmp(next->d_name, "..") != 0)
      more = entry(data, next->d_name);
  int problem = more ? errno : 0;
  closedir(folder);
  errno = problem;
  return !problem;
}

/* ---- threads ---- */

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(wh_mutex_t), "storage of a mutex");

static pthread_mutex_t *native(wh_mutex_t *mutex) { return (pthread_mutex_t *)(void *)mutex; }

void wh_mutex_init(wh_mutex_t *mutex) { pthread_mutex_init(native(mutex), NULL); }
void wh_mutex_destroy(wh_mutex_t *mutex) { pthread_mutex_destroy(native(mutex)); }
void wh_mutex_lock(wh_mutex_t *mutex) { pthread_mutex_lock(native(mutex)); }
void wh_mutex_unlock(wh_mutex_t *mutex) { pthread_mutex_unlock(native(mutex)); }

_Static_assert(sizeof(pthread_cond_t) <= sizeof(wh_cond_t), "storage of a condition variable");

static pthread_cond_t *native_cond(wh_cond_t *cond) { return (pthread_cond_t *)(void *)cond; }

void wh_cond_init(wh_cond_t *cond) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(native_cond(cond), &attributes);
  pthread_condattr_destroy(&attributes);
}
void wh_cond_destroy(wh_cond_t *cond) { pthread_cond_destroy(native_cond(cond)); }
bool wh_cond_wait(wh_cond_t *cond, wh_mutex_t *mutex, uint64_t until) {
  struct timespec time = {.tv_sec = (time_t)(until / 1000000000u),
                          .tv_nsec = (long)(until % 1000000000u)};
  return pthread_cond_timedwait(native_cond(cond), native(mutex), &time) == 0;
}
void wh_cond_signal(wh_cond_t *cond) { pthread_cond_signal(native_cond(cond)); }

uint64_t wh_thread_id(void) { return (uint64_t)(uintptr_t)pthread_self(); }
