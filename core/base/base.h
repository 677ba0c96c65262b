/* base: what every room stands on: memory, vectors, maps, bytes, UTF-8, LEB128, the operating
   system, and the making of errors. Called by all rooms. It knows nothing of WebAssembly beyond
   the encodings named here, holds no state of its own and never prints. */
#ifndef WH_BASE_H
#define WH_BASE_H

#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <wherry/common.h>
#include <wherry/error.h>
#include <wherry/tag.h>

#if !defined(__GNUC__)
#error "wherry is built with gcc or clang: it uses the extensions they share"
#endif
#if __SIZEOF_POINTER__ != 8 || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "wherry runs on 64-bit little-endian hosts: slots are wasm memory order and 8 bytes wide"
#endif

#define WH_LIKELY(x) __builtin_expect(!!(x), 1)
#define WH_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define WH_COLD __attribute__((noinline, cold))
#define WH_PRINTF(at, first) __attribute__((format(printf, at, first)))
#define WH_MUST_USE __attribute__((warn_unused_result))
#define WH_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Invariants of ours, checked in debug, sanitizer and cruel builds; never for bad input. */
#ifdef WHERRY_ASSERTS
void wh_assert_failed(const char *what, const char *file, int line) __attribute__((noreturn));
#define WH_ASSERT(x) ((x) ? (void)0 : wh_assert_failed(#x, __FILE__, __LINE__))
#else
#define WH_ASSERT(x) ((void)sizeof(x))
#endif
#define WH_UNREACHABLE() (WH_ASSERT(false), __builtin_unreachable())

/* ---- memory (alloc.c) ---- */

/* A host's allocator and what it gave out. Shared by threads: the count is atomic. */
typedef struct wh_alloc {
  wherry_allocator_t host;
  _Atomic uint64_t used; /* bytes */
} wh_alloc_t;

/* host NULL: the C library's. */
void wh_alloc_init(wh_alloc_t *alloc, const wherry_allocator_t *host);

/* NULL when there is no memory (size 0 gives a block as well). */
WH_MUST_USE void *wh_alloc(wh_alloc_t *alloc, size_t size);
WH_MUST_USE void *wh_alloc_zeroed(wh_alloc_t *alloc, size_t size);
WH_MUST_USE void *wh_realloc(wh_alloc_t *alloc, void *memory, size_t old_size, size_t new_size);
void wh_free(wh_alloc_t *alloc, void *memory, size_t size);         /* memory NULL: nothing */
char *wh_strndup(wh_alloc_t *alloc, const char *text, size_t size); /* zero-ended; size + 1 bytes */

#define WH_NEW(alloc, type) ((type *)wh_alloc_zeroed((alloc), sizeof(type)))
#define WH_DELETE(alloc, pointer) wh_free((alloc), (pointer), sizeof *(pointer))

/* Sizes that come from input: false on overflow. */
static inline bool wh_add_size(size_t a, size_t b, size_t *out) {
  return !__builtin_add_overflow(a, b, out);
}
static inline bool wh_mul_size(size_t a, size_t b, size_t *out) {
  return !__builtin_mul_overflow(a, b, out);
}
/* An array of count zeroed items; NULL on overflow too. Freed by wh_free(…, count * item_size). */
WH_MUST_USE void *wh_alloc_array(wh_alloc_t *alloc, size_t count, size_t item_size);

/* ---- vectors (alloc.c) ----
   WH_VEC(type) declares one; zero-initialise it. Push returns false when there is no memory. */
#define WH_VEC(type) \
  struct {           \
    type *items;     \
    size_t count;    \
    size_t capacity; \
  }
bool wh_vec_reserve_(wh_alloc_t *alloc, void **items, size_t *capacity, size_t wanted,
                     size_t item_size);
/* Room for `more` further items. */
#define wh_vec_reserve(alloc, vec, more)                                                     \
  ((vec)->count + (more) <= (vec)->capacity ||                                               \
   wh_vec_reserve_((alloc), (void **)&(vec)->items, &(vec)->capacity, (vec)->count + (more), \
                   sizeof *(vec)->items))
#define wh_vec_push(alloc, vec, item) \
  (wh_vec_reserve((alloc), (vec), 1) ? ((vec)->items[(vec)->count++] = (item), true) : false)
#define wh_vec_free(alloc, vec)                                                                 \
  (wh_free((alloc), (vec)->items, (vec)->capacity * sizeof *(vec)->items), (vec)->items = NULL, \
   (vec)->count = (vec)->capacity = 0)

/* ---- what is made piece by piece and ends all at once (alloc.c) ---- */
typedef struct wh_arena {
  wh_alloc_t *alloc;
  struct wh_arena_chunk *chunks;
  size_t used; /* of the newest */
} wh_arena_t;
/* Zeroed, at a multiple of 8. NULL: no memory. */
WH_MUST_USE void *wh_arena_alloc(wh_arena_t *arena, size_t size);
char *wh_arena_text(wh_arena_t *arena, const char *text, size_t size); /* a copy, zero-ended */
void wh_arena_free(wh_arena_t *arena);

/* ---- map from byte strings to 64-bit values (map.c); keys are not copied ---- */
typedef struct wh_map_entry {
  const char *key;
  size_t size;
  uint64_t value;
  uint32_t hash;
} wh_map_entry_t;
typedef struct wh_map {
  wh_map_entry_t *entries; /* open addressing; capacity is a power of two or 0 */
  size_t count, capacity;
  uint64_t seed; /* of the hash */
} wh_map_t;
/* False: no memory. An existing key gets the new value. */
bool wh_map_put(wh_alloc_t *alloc, wh_map_t *map, const char *key, size_t size, uint64_t value);
bool wh_map_get(const wh_map_t *map, const char *key, size_t size, uint64_t *value);
void wh_map_free(wh_alloc_t *alloc, wh_map_t *map);

/* ---- UTF-8 (utf8.c) ---- */

/* Well-formed as Unicode's table 3-7 says (no surrogates, no overlong forms). *ascii (may be NULL):
   all below 128. */
bool wh_utf8_valid(const void *bytes, size_t size, bool *ascii);

/* ---- reading untrusted bytes (reader.c and inline): the only reader there is ---- */
typedef struct wh_reader {
  const uint8_t *start, *next, *end; /* start is offset `base` of the whole input */
  uint64_t base;
} wh_reader_t;
static inline uint64_t wh_reader_offset(const wh_reader_t *reader) {
  return reader->base + (uint64_t)(reader->next - reader->start);
}
/* Each returns false, moving nothing, when the input ends early or the LEB128 is too long or has bits
   beyond its width (Binary Format, Integers). wh_leb_problem says which it was. */
bool wh_read_u8(wh_reader_t *reader, uint8_t *out);
bool wh_read_u32(wh_reader_t *reader, uint32_t *out);
bool wh_read_u64(wh_reader_t *reader, uint64_t *out);
bool wh_read_s32(wh_reader_t *reader, int32_t *out);
bool wh_read_s33(wh_reader_t *reader, int64_t *out);
bool wh_read_s64(wh_reader_t *reader, int64_t *out);
bool wh_read_bytes(wh_reader_t *reader, size_t size, const uint8_t **out);
/* Why the last read at this place failed, in the specification tests' words: "unexpected end",
   "integer representation too long", "integer too large". bits: 32, 33 or 64; 0: not a LEB128. */
const char *wh_read_problem(const wh_reader_t *reader, unsigned bits, bool is_signed);

/* The same without a reader, for loops that keep their place in a register. next NULL: it failed,
   and value says why (wh_leb_problem gives it in words). A signed value is extended to 64 bits. */
typedef struct wh_leb {
  const uint8_t *next;
  uint64_t value;
} wh_leb_t;
enum { WH_LEB_ENDS_EARLY, WH_LEB_TOO_LONG, WH_LEB_TOO_LARGE };
wh_leb_t wh_leb_slow(const uint8_t *at, const uint8_t *end, unsigned bits, bool is_signed);
static inline wh_leb_t wh_leb_read(const uint8_t *at, const uint8_t *end, unsigned bits,
                                   bool is_signed) {
  if (WH_LIKELY(at < end && *at < 0x80)) {
    uint64_t byte = *at;
    return (wh_leb_t) {at + 1, is_signed ? (uint64_t)((int64_t)(byte << 57) >> 57) : byte};
  }
  if (!is_signed && end - at >= 2 && at[1] < 0x80)
    return (wh_leb_t) {at + 2, (uint64_t)(*at & 0x7F) | (uint64_t)at[1] << 7};
  return wh_leb_slow(at, end, bits, is_signed);
}
const char *wh_leb_problem(uint64_t problem);

/* LEB128 that has been checked already (bodies after validation): no checks, moves *at. */
static inline uint64_t wh_leb_u(const uint8_t **at) {
  uint64_t result = *(*at)++;
  if (WH_UNLIKELY(result >= 0x80)) {
    unsigned shift = 7;
    result &= 0x7F;
    uint8_t byte;
    do {
      byte = *(*at)++;
      result |= (uint64_t)(byte & 0x7F) << shift;
      shift += 7;
    } while (byte & 0x80);
  }
  return result;
}
static inline int64_t wh_leb_s(const uint8_t **at) {
  if (WH_LIKELY(**at < 0x80)) return (int64_t)((uint64_t)*(*at)++ << 57) >> 57;
  uint64_t result = 0;
  unsigned shift = 0;
  uint8_t byte;
  do {
    byte = *(*at)++;
    result |= (uint64_t)(byte & 0x7F) << shift;
    shift += 7;
  } while (byte & 0x80);
  if (shift < 64 && (byte & 0x40)) result |= ~UINT64_C(0) << shift;
  return (int64_t)result;
}

/* ---- errors (error.c) ---- */
typedef struct wh_frame {
  char *function_name; /* owned by the error; NULL: none */
  char *module_name;
  uint64_t offset; /* UINT64_MAX: a host frame */
  uint32_t function_index;
} wh_frame_t;

struct wherry_error {
  wherry_allocator_t host; /* plain host memory: an error may outlive its engine */
  wherry_error_kind_t kind;
  wherry_trap_code_t trap;
  int32_t exit_code;
  bool has_offset;
  bool has_frames; /* the stack has been walked; an outer call does not add to it again */
  uint64_t offset;
  const char *limit; /* static */
  char *message;     /* message_size + 1 bytes */
  size_t message_size;
  void *payload;
  wherry_finalizer_t finalizer;
  wherry_tag_t tag; /* of kind exception, with its values */
  wherry_value_t *values;
  size_t value_count;
  /* While the values hold something of their store: what ends that, and the store's list. */
  void (*end_values)(wherry_error_t *error);
  void *store;
  wherry_error_t *next, **link;
  wh_frame_t *frames;
  size_t frame_count, frame_capacity;
  uint64_t frames_omitted;
  size_t omitted_before;
};

/* alloc NULL: the C library's. All return the static error when there is no memory. */
wherry_error_t *wh_error_new(wh_alloc_t *alloc, wherry_error_kind_t kind, const char *format, ...)
    WH_PRINTF(3, 4);
wherry_error_t *wh_error_at(wh_alloc_t *alloc, wherry_error_kind_t kind, uint64_t offset,
                            const char *format, ...) WH_PRINTF(4, 5);
/* Message: the code's name, or the format if not NULL. */
wherry_error_t *wh_error_trap(wh_alloc_t *alloc, wherry_trap_code_t code, const char *format, ...)
    WH_PRINTF(3, 4);
wherry_error_t *wh_error_limit(wh_alloc_t *alloc, const char *limit, const char *format, ...)
    WH_PRINTF(3, 4);
wherry_error_t *wh_error_oom(void);
/* Copies the names. False (and the error stays as it was): no memory, or it is the static error. */
bool wh_error_add_frame(wherry_error_t *error, const char *function_name, size_t function_size,
                        const char *module_name, size_t module_size, uint32_t function_index,
                        uint64_t offset);
/* Copies the values of an exception. False: no memory. */
bool wh_error_set_values(wherry_error_t *error, const wherry_value_t *values, size_t count);
/* About a place of a text: the message is "line 3, column 7: …", and below it the line with a caret. */
wherry_error_t *wh_error_in_text(wh_alloc_t *alloc, wherry_error_kind_t kind, const char *text,
                                 size_t size, size_t at, const char *message);
/* Puts text before the message ("run(): parameter 2 (start): "). */
void wh_error_prefix(wherry_error_t *error, const char *format, ...) WH_PRINTF(2, 3);

/* ---- growing text (text.c); a failed append is remembered ---- */
typedef struct wh_text {
  wh_alloc_t *alloc;
  char *data; /* zero-ended once something was appended; capacity bytes */
  size_t size, capacity;
  bool failed;
} wh_text_t;
void wh_text_append(wh_text_t *text, const char *data, size_t size);
void wh_text_printf(wh_text_t *text, const char *format, ...) WH_PRINTF(2, 3);
void wh_text_vprintf(wh_text_t *text, const char *format, va_list arguments) WH_PRINTF(2, 0);
/* A name from a guest: quoted, control characters, quotes and malformed UTF-8 escaped. */
void wh_text_name(wh_text_t *text, const char *name, size_t size);
void wh_text_free(wh_text_t *text);
/* Up to `most` names near to `wanted` (edit distance), appended as `; did you mean "a" or "b"?`. */
typedef struct wh_near wh_near_t;
struct wh_near {
  const char *wanted;
  size_t size;
  const char *best[3];
  size_t best_size[3];
  size_t best_distance[3];
  size_t count;
};
void wh_near_offer(wh_near_t *near, const char *name, size_t size);
void wh_near_print(const wh_near_t *near, wh_text_t *text);

/* ---- the operating system (os.c) ---- */
size_t wh_os_page_size(void);
/* Address space that costs no memory until it is committed; NULL: refused. Sizes: multiples of the
   page size. */
void *wh_os_reserve(size_t size);
/* The same at a multiple of alignment, a power of two that is at least the page size. */
void *wh_os_reserve_aligned(size_t size, size_t alignment);
bool wh_os_commit(void *address, size_t size); /* readable, writable, zero */
void wh_os_release(void *address, size_t size);
uint64_t wh_os_now(void);  /* nanoseconds of the monotonic clock */
uint64_t wh_os_seed(void); /* hard to guess; differs from call to call */

/* Calls entry for each name in a folder but "." and "..", in the folder's own order, until it returns
   false. False: the folder cannot be read, errno says why. */
bool wh_os_list(const char *path, bool (*entry)(void *data, const char *name), void *data);
bool wh_os_is_folder(const char *path);

/* Bytes that can be mapped many times, copied on write (image.c). -1 and false: this OS has no such
   thing, or refuses it now. address, size: multiples of the page size. */
int wh_os_image_new(size_t size);
bool wh_os_image_write(int image, uint64_t offset, const void *bytes, size_t size);
bool wh_os_image_map(int image, void *address, size_t size); /* over what is reserved there */
void wh_os_image_close(int image);
/* Committed bytes are again what they were at first: zero, or the image mapped there. */
bool wh_os_reset(void *address, size_t size);
/* The same, and no image is mapped there any more. */
bool wh_os_reset_image(void *address, size_t size);

typedef struct wh_mutex {
  _Alignas(16) unsigned char storage[64];
} wh_mutex_t;
void wh_mutex_init(wh_mutex_t *mutex);
void wh_mutex_destroy(wh_mutex_t *mutex);
void wh_mutex_lock(wh_mutex_t *mutex);
void wh_mutex_unlock(wh_mutex_t *mutex);
typedef struct wh_cond {
  _Alignas(16) unsigned char storage[64];
} wh_cond_t;
void wh_cond_init(wh_cond_t *cond);
void wh_cond_destroy(wh_cond_t *cond);
/* until: of wh_os_now. False: that has passed. */
bool wh_cond_wait(wh_cond_t *cond, wh_mutex_t *mutex, uint64_t until);
void wh_cond_signal(wh_cond_t *cond);
/* A number for the calling thread that no other live thread has. Cheap. */
uint64_t wh_thread_id(void);

#endif
