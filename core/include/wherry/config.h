/* Options of an engine. Set, then given to wherry_engine_new, which reads them once.

   Threads: changed by one thread at a time. Setters refuse a value that makes no sense with an
   error of kind range. */
#ifndef WHERRY_CONFIG_H
#define WHERRY_CONFIG_H

#include <wherry/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Features that a module may use. All of them are on unless a comment says otherwise; switching one
   off makes modules that use it invalid. */
typedef enum wherry_feature {
  WHERRY_FEATURE_MULTI_VALUE,
  WHERRY_FEATURE_SIGN_EXTENSION,
  WHERRY_FEATURE_SATURATING_CONVERSIONS,
  WHERRY_FEATURE_BULK_MEMORY,
  WHERRY_FEATURE_REFERENCE_TYPES,
  WHERRY_FEATURE_MUTABLE_GLOBALS,
  WHERRY_FEATURE_EXTENDED_CONST,
  WHERRY_FEATURE_TAIL_CALL,
  WHERRY_FEATURE_MULTI_MEMORY,
  WHERRY_FEATURE_MEMORY64, /* of memories and tables */
  WHERRY_FEATURE_SIMD,
  WHERRY_FEATURE_RELAXED_SIMD, /* see also wherry_config_set_deterministic */
  WHERRY_FEATURE_FUNCTION_REFERENCES,
  WHERRY_FEATURE_GC,
  WHERRY_FEATURE_EXCEPTIONS,
  WHERRY_FEATURE_LEGACY_EXCEPTIONS, /* try, catch, rethrow, delegate: before the standard's */
  WHERRY_FEATURE_THREADS,
  WHERRY_FEATURE_CUSTOM_PAGE_SIZES, /* off unless set; so too the following */
  WHERRY_FEATURE_WIDE_ARITHMETIC,
  WHERRY_FEATURE_COMPACT_IMPORTS,
  WHERRY_FEATURE_COUNT
} wherry_feature_t;

/* The name of a feature as the proposals spell it: "bulk-memory"; static; NULL past the last. */
WHERRY_API const char *wherry_feature_name(wherry_feature_t feature);
/* The feature of a name; '_' is taken for '-'. Errors: range, with near names, or all there are. */
WHERRY_API wherry_error_t *wherry_feature_find(const char *name, size_t name_size,
                                               wherry_feature_t *out);

/* *out: the caller's, until wherry_config_release. allocator NULL: the C library's. */
WHERRY_API wherry_error_t *wherry_config_new(const wherry_allocator_t *allocator,
                                             wherry_config_t **out);
WHERRY_API void wherry_config_retain(wherry_config_t *config);
WHERRY_API void wherry_config_release(wherry_config_t *config);

/* Switching one on switches on what it needs (relaxed-simd: simd; gc: function-references; that and
   exceptions: reference-types; these: bulk-memory), switching one off switches off what needs it. */
WHERRY_API wherry_error_t *wherry_config_set_feature(wherry_config_t *config,
                                                     wherry_feature_t feature, bool on);
/* One after another, from a list with commas: "gc" or "+gc" for on, "-simd" for off; "all" and "none"
   are all there are: "none,simd". After an error nothing is changed. Errors: range. */
WHERRY_API wherry_error_t *wherry_config_set_features(wherry_config_t *config, const char *list);
WHERRY_API bool wherry_config_feature(const wherry_config_t *config, wherry_feature_t feature);

/* The most address space, in bytes, that one memory reserves so that its base never moves: 4 GiB
   unless set. A memory cannot grow past what was reserved for it. */
WHERRY_API wherry_error_t *wherry_config_set_memory_reservation(wherry_config_t *config,
                                                                uint64_t bytes);

/* The guest's stack per running call, in bytes: 8 MiB unless set; at least 64 KiB. It bounds
   recursion of the guest and is no part of the C stack. */
WHERRY_API wherry_error_t *wherry_config_set_stack_size(wherry_config_t *config, uint64_t bytes);

/* How many times guest and host may call each other in turn before the next call is an error of
   kind limit: 128 unless set, each of them stands on the C stack. */
WHERRY_API wherry_error_t *wherry_config_set_call_depth(wherry_config_t *config, uint32_t calls);

/* Whether a guest's results are the same on every processor, as the standard's deterministic profile has
   them: relaxed SIMD instructions have one meaning, and every NaN that an operation makes is the
   canonical one. Off unless set: relaxed multiply-add may be fused, and the bits of a NaN are the
   processor's. It costs an operation more after each one on floats. What a host function returns and
   when memory or time run out is beyond it. */
WHERRY_API wherry_error_t *wherry_config_set_deterministic(wherry_config_t *config, bool on);

/* How many wasm instructions a guest runs, about, between two looks at fuel, deadline and
   interruption: 1,000,000 unless set (of the order of a millisecond). */
WHERRY_API wherry_error_t *wherry_config_set_tick(wherry_config_t *config, uint64_t instructions);

/* For tests: every allocation of a guest's object, and every externref made, collects first. Off unless
   set. */
WHERRY_API wherry_error_t *wherry_config_set_gc_stress(wherry_config_t *config, bool on);

#ifdef __cplusplus
}
#endif
#endif
