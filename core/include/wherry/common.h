/* What every public header needs: visibility, the version, the allocator. */
#ifndef WHERRY_COMMON_H
#define WHERRY_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define WHERRY_API __attribute__((visibility("default")))
#else
#define WHERRY_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the headers, as major * 10000 + minor * 100 + patch. */
#define WHERRY_VERSION 100
#define WHERRY_VERSION_STRING "0.1.0"

/* Goes up when a program built against older headers would no longer run. */
#define WHERRY_ABI_VERSION 0

/* The version of the library that runs, in the form of WHERRY_VERSION_STRING; static. */
WHERRY_API const char *wherry_version(void);

/* WHERRY_ABI_VERSION of the library that runs. */
WHERRY_API uint32_t wherry_abi_version(void);

/* One function that allocates (memory NULL, old_size 0), resizes and frees (new_size 0, returns
   NULL). It returns NULL when there is no memory; a resize then leaves the old block as it was.
   Blocks are aligned for any object of up to 16 bytes.
   Threads: called from every thread that uses the engine, at once. */
typedef struct wherry_allocator {
  void *(*reallocate)(void *data, void *memory, size_t old_size, size_t new_size);
  void *data;
} wherry_allocator_t;

/* Ends the life of a host's data; called once, from a thread that uses the owning object. */
typedef void (*wherry_finalizer_t)(void *data);

/* A string or a block of bytes that somebody else owns. Not ended by a zero byte. */
typedef struct wherry_bytes {
  const uint8_t *data;
  size_t size;
} wherry_bytes_t;

typedef struct wherry_error wherry_error_t;
typedef struct wherry_config wherry_config_t;
typedef struct wherry_engine wherry_engine_t;
typedef struct wherry_module wherry_module_t;
typedef struct wherry_store wherry_store_t;
typedef struct wherry_linker wherry_linker_t;
typedef struct wherry_sharedmemory wherry_sharedmemory_t;
typedef struct wherry_caller wherry_caller_t;
typedef struct wherry_call wherry_call_t;
typedef struct wherry_guest wherry_guest_t;
typedef struct wherry_script wherry_script_t;
typedef struct wherry_functype wherry_functype_t;
typedef struct wherry_externtype wherry_externtype_t;

/* Entities of a store. All zero is "none": it is refused wherever an entity is needed, and is the
   null reference where a reference is. */
typedef struct wherry_instance {
  uint64_t store, index;
} wherry_instance_t;
typedef struct wherry_func {
  uint64_t store, index;
} wherry_func_t;
typedef struct wherry_memory {
  uint64_t store, index;
} wherry_memory_t;
typedef struct wherry_table {
  uint64_t store, index;
} wherry_table_t;
typedef struct wherry_global {
  uint64_t store, index;
} wherry_global_t;
typedef struct wherry_tag {
  uint64_t store, index;
} wherry_tag_t;

/* A handle to a reference that is no function's: see value.h. */
typedef struct wherry_ref {
  uint64_t store, index;
} wherry_ref_t;
typedef wherry_ref_t wherry_externref_t;

#ifdef __cplusplus
}
#endif
#endif
