/* Errors: what went wrong, where, and for a trap the guest's stack.

   Ownership: an error belongs to whoever got it, until wherry_error_release; what its accessors
   return belongs to the error.
   Threads: an error is used by one thread at a time; it may outlive its engine. */
#ifndef WHERRY_ERROR_H
#define WHERRY_ERROR_H

#include <wherry/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wherry_error_kind {
  WHERRY_ERROR_MALFORMED = 1, /* bytes that are not WebAssembly (Binary Format); has an offset */
  WHERRY_ERROR_INVALID,       /* WebAssembly that breaks a rule (Validation); has an offset */
  WHERRY_ERROR_UNLINKABLE,    /* missing or mistyped imports, all of them in the message */
  WHERRY_ERROR_TYPE,          /* a value of the wrong type, a wrong number of arguments */
  WHERRY_ERROR_RANGE,         /* a number, index or address out of its range */
  WHERRY_ERROR_TRAP,          /* the guest trapped; has a trap code and frames */
  WHERRY_ERROR_EXIT,          /* the guest asked to end; has an exit code */
  WHERRY_ERROR_EXCEPTION,     /* the guest threw an exception that nobody caught; see tag.h */
  WHERRY_ERROR_LIMIT,         /* a limit of the config or the store was reached; names it */
  WHERRY_ERROR_INTERRUPTED,   /* wherry_store_interrupt was called, or a tick asked to stop */
  WHERRY_ERROR_HOST,          /* made by a host function; may carry the host's own payload */
  WHERRY_ERROR_OOM,           /* out of memory; static, releasing it does nothing */
  WHERRY_ERROR_IO,            /* a file could not be read */
  WHERRY_ERROR_STATE          /* used after it was closed, in the wrong store, thread or order */
} wherry_error_kind_t;

/* Why a guest trapped (Execution of the core specification, and of the Canonical ABI). */
typedef enum wherry_trap_code {
  WHERRY_TRAP_NONE = 0,
  WHERRY_TRAP_UNREACHABLE,
  WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS,
  WHERRY_TRAP_TABLE_OUT_OF_BOUNDS,
  WHERRY_TRAP_UNDEFINED_ELEMENT,      /* call_indirect past the end of its table */
  WHERRY_TRAP_UNINITIALIZED_ELEMENT,  /* call_indirect of a null reference */
  WHERRY_TRAP_INDIRECT_CALL_MISMATCH, /* call_indirect of a function of another type */
  WHERRY_TRAP_INTEGER_OVERFLOW,
  WHERRY_TRAP_INTEGER_DIVIDE_BY_ZERO,
  WHERRY_TRAP_INVALID_CONVERSION,
  WHERRY_TRAP_STACK_OVERFLOW,
  WHERRY_TRAP_NULL_REFERENCE,
  WHERRY_TRAP_CANONICAL_ABI, /* the guest broke a rule of the Canonical ABI */
  WHERRY_TRAP_UNALIGNED_ATOMIC,
  WHERRY_TRAP_EXPECTED_SHARED_MEMORY, /* memory.atomic.wait in a memory that nobody else can change */
  WHERRY_TRAP_NULL_FUNCTION,          /* call_ref of a null reference; so too the following */
  WHERRY_TRAP_NULL_STRUCTURE,
  WHERRY_TRAP_NULL_ARRAY,
  WHERRY_TRAP_NULL_I31,
  WHERRY_TRAP_ARRAY_OUT_OF_BOUNDS,
  WHERRY_TRAP_CAST_FAILURE
} wherry_trap_code_t;

/* Makes an error of any kind, for a host function to return. message: copied. */
WHERRY_API wherry_error_t *wherry_error_new(wherry_error_kind_t kind, const char *message);

/* Makes an error of kind host that carries payload through the guest to the outer call. message:
   copied; payload: the error's, until finalizer (may be NULL) is called on release. */
WHERRY_API wherry_error_t *wherry_error_new_host(const char *message, void *payload,
                                                 wherry_finalizer_t finalizer);

/* Lets an error that the host made carry payload too (an exception: see tag.h), once. payload: as above. */
WHERRY_API void wherry_error_set_payload(wherry_error_t *error, void *payload,
                                         wherry_finalizer_t finalizer);

/* Makes an error of kind exit. */
WHERRY_API wherry_error_t *wherry_error_new_exit(int32_t code);

WHERRY_API void wherry_error_release(wherry_error_t *error);

WHERRY_API wherry_error_kind_t wherry_error_kind(const wherry_error_t *error);

/* The name of a kind as this header spells it, lower case: "malformed"; static. */
WHERRY_API const char *wherry_error_kind_name(wherry_error_kind_t kind);

/* One sentence a user can act on; may hold line breaks (lists of imports). */
WHERRY_API const char *wherry_error_message(const wherry_error_t *error);

/* Where in the module the error is, in bytes from its first; false: not known. */
WHERRY_API bool wherry_error_offset(const wherry_error_t *error, uint64_t *offset);

WHERRY_API wherry_trap_code_t wherry_error_trap_code(const wherry_error_t *error);

/* The name of a trap in the words of the specification's tests: "integer divide by zero"; static. */
WHERRY_API const char *wherry_trap_code_name(wherry_trap_code_t code);

/* The exit code of an error of kind exit, 0 of all others. */
WHERRY_API int32_t wherry_error_exit_code(const wherry_error_t *error);

/* For kind limit, the limit's name: "memory", "table", "instances", "fuel", "deadline", "stack",
   "calls", "module", "heap"; else NULL. */
WHERRY_API const char *wherry_error_limit(const wherry_error_t *error);

/* What wherry_error_new_host or wherry_error_set_payload was given, NULL for every other error. */
WHERRY_API void *wherry_error_payload(const wherry_error_t *error);

/* The guest's stack where the error arose, innermost call first. Long stacks keep their first and
   their last frames; wherry_error_frames_omitted tells how many were left out, and where. */
WHERRY_API size_t wherry_error_frame_count(const wherry_error_t *error);
WHERRY_API uint64_t wherry_error_frames_omitted(const wherry_error_t *error, size_t *before_frame);

/* One frame. Names come from the guest's name section, else from its exports; NULL: it has none.
   index: below wherry_error_frame_count. The offset is of the running instruction (of a call: of
   the call) in bytes from the module's first; UINT64_MAX for a frame of the host. */
WHERRY_API const char *wherry_error_frame_function_name(const wherry_error_t *error, size_t index);
WHERRY_API const char *wherry_error_frame_module_name(const wherry_error_t *error, size_t index);
WHERRY_API uint32_t wherry_error_frame_function_index(const wherry_error_t *error, size_t index);
WHERRY_API uint64_t wherry_error_frame_offset(const wherry_error_t *error, size_t index);

#ifdef __cplusplus
}
#endif
#endif
