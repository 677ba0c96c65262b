/* The short level: one call loads a guest, one call calls it.

     wherry_guest_t *guest;
     int32_t sum;
     wherry_error_t *error = wherry_load_file("simple.wasm", NULL, &guest);
     if (!error) error = wherry_call(guest, "sum", "ii:i", 5, 37, &sum);

   A guest is a module, a store and an instance in one; all three can be had from it.
   Threads: one at a time. */
#ifndef WHERRY_GUEST_H
#define WHERRY_GUEST_H

#include <wherry/interface.h>
#include <wherry/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a load may be given; all of it optional. Read during the load only, apart from what retains. */
typedef struct wherry_load_options wherry_load_options_t;
WHERRY_API wherry_error_t *wherry_load_options_new(wherry_load_options_t **out);
WHERRY_API void wherry_load_options_release(wherry_load_options_t *options);
/* Engine to share; retained. Without one each guest has an engine of its own. */
WHERRY_API void wherry_load_options_set_engine(wherry_load_options_t *options,
                                               wherry_engine_t *engine);
/* Where imports are found; retained. */
WHERRY_API void wherry_load_options_set_linker(wherry_load_options_t *options,
                                               wherry_linker_t *linker);
/* As the setters of store.h. */
WHERRY_API void wherry_load_options_set_memory_limit(wherry_load_options_t *options,
                                                     uint64_t bytes);
WHERRY_API void wherry_load_options_set_fuel(wherry_load_options_t *options, uint64_t instructions);
WHERRY_API void wherry_load_options_set_timeout(wherry_load_options_t *options,
                                                uint64_t nanoseconds);

/* WIT for a module that does not carry it: see wherry_module_set_wit. Both are copied; world may be
   NULL. Errors: oom. */
WHERRY_API wherry_error_t *wherry_load_options_set_wit(wherry_load_options_t *options,
                                                       const char *wit, const char *world);

/* Reads, checks and instantiates; runs the start function, and _initialize if it is exported.
   bytes: read during the call only. options: NULL for none.
   *out: the caller's, until wherry_guest_release.
   Errors: io, malformed, invalid, unlinkable, limit, oom, and those of the start function. */
WHERRY_API wherry_error_t *wherry_load(const uint8_t *bytes, size_t size,
                                       const wherry_load_options_t *options, wherry_guest_t **out);
/* The same of a module's text (text.h), and of a file: of text if its name ends in ".wat". */
WHERRY_API wherry_error_t *wherry_load_text(const char *text, size_t size,
                                            const wherry_load_options_t *options,
                                            wherry_guest_t **out);
WHERRY_API wherry_error_t *wherry_load_file(const char *path, const wherry_load_options_t *options,
                                            wherry_guest_t **out);
WHERRY_API void wherry_guest_release(wherry_guest_t *guest);

/* Belong to the guest. */
WHERRY_API wherry_module_t *wherry_guest_module(wherry_guest_t *guest);
WHERRY_API wherry_store_t *wherry_guest_store(wherry_guest_t *guest);
WHERRY_API wherry_instance_t wherry_guest_instance(wherry_guest_t *guest);

/* Calls an export. signature: a letter for each argument, ':', a letter for each result; then the
   arguments, then a pointer for each result.
     letter  argument                        result
     i       int32_t (also u32, bool, char)  int32_t *
     l       int64_t (also u64)              int64_t *
     f       double                          float *
     d       double                          double *
     s       const char *, zero-ended        wherry_bytes_t * (zero-ended as well)
     b       const void *, size_t            wherry_bytes_t *   list<u8>
   s and b need a guest that carries WIT; the bytes belong to the guest until its next call.
   name: of a core export or of a WIT function ("get-str", or "ns:pkg/iface#get-str").
   Errors: unlinkable (no such export; the message names near ones), type (the signature does not
   fit, with the function's own), range, and those of wherry_func_call. */
WHERRY_API wherry_error_t *wherry_call(wherry_guest_t *guest, const char *name,
                                       const char *signature, ...);

/* A component-level value in C. An integer of any integer kind is taken where its value fits; a packed
   list holds elements of exactly the list's type.
   Ownership: what is inside a value that a call returned was allocated for it, and is freed by
   wherry_val_clear; of arguments wherry only reads. */
typedef struct wherry_val wherry_val_t;
struct wherry_val {
  wherry_type_kind_t kind;
  union {
    bool boolean;
    int64_t s;  /* s8 … s64 */
    uint64_t u; /* u8 … u64 */
    float f32;
    double f64;
    uint32_t character;
    struct {
      const char *data;
      size_t size;
    } string; /* UTF-8, need not be zero-ended */
    struct {
      const wherry_val_t *items;
      size_t count;
    } items; /* list, tuple, record (its fields in the type's order) */
    struct {
      const void *data;
      size_t count;
    } numbers; /* list of numbers, packed; packed is then true */
  } of;
  bool packed;
};

/* Finds a WIT function: "get-str" or "ns:pkg/iface#get-str". Errors: unlinkable. */
WHERRY_API wherry_error_t *wherry_guest_witfunc(wherry_guest_t *guest, const char *name,
                                                const wherry_witfunc_t **out);

/* Calls a WIT function. *result: the caller's, for wherry_val_clear; may be NULL if it has none.
   Errors: as wherry_lifted_call. */
WHERRY_API wherry_error_t *wherry_guest_call(wherry_guest_t *guest, const wherry_witfunc_t *func,
                                             const wherry_val_t *args, size_t arg_count,
                                             wherry_val_t *result);
WHERRY_API void wherry_val_clear(wherry_val_t *value);

#ifdef __cplusplus
}
#endif
#endif
