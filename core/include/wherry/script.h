/* Scripts of the standard's test suites (.wast): modules and components, calls, and what must come of them. Reading is
   all there is here; `wherry wast` runs them.

   Ownership: a script is the caller's, until wherry_script_release; a command and what it points to
   belong to the script.
   Threads: a script that was read does not change; any number at once. */
#ifndef WHERRY_SCRIPT_H
#define WHERRY_SCRIPT_H

#include <wherry/interface.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wherry_pattern_kind {
  WHERRY_PATTERN_NUMBER,    /* (i32.const 1), (f32.const nan:canonical) */
  WHERRY_PATTERN_VECTOR,    /* (v128.const i32x4 1 2 3 4) */
  WHERRY_PATTERN_NULL,      /* (ref.null func) */
  WHERRY_PATTERN_REFERENCE, /* (ref.extern 1), (ref.struct): not null */
  WHERRY_PATTERN_EITHER,    /* (either …) */
  WHERRY_PATTERN_COMPONENT  /* (u8.const 1), (list.const …): a value of a component */
} wherry_pattern_kind_t;

/* A value, or what a value must be. A number is a vector of one lane.
   What `form` says of a value of a component: BOOL and integers: `bytes`, 64 bits, extended by the
   sign; STRING and CHAR: `text`; F32 and F64 are numbers; LIST, TUPLE, RECORD: `items`, which in a RECORD have
   field names in `label`; VARIANT, ENUM: `label` is the case; OPTION: `label` is "some" or "none",
   RESULT: "ok" or "error", and `items` what is in it, one at most; FLAGS: `items` with the `label` of
   each that is set. */
typedef struct wherry_pattern {
  wherry_pattern_kind_t kind;
  wherry_type_kind_t form; /* of a value of a component */
  wherry_bytes_t label, text;
  wherry_valtype_t type; /* of a number or vector */
  uint32_t lane_size;    /* bytes */
  uint8_t bytes[16];     /* little-endian; zero where a NaN of some kind is meant: */
  uint32_t canonical;    /* lanes that are any canonical NaN: bit 0 for lane 0, … */
  uint32_t arithmetic;   /* lanes that are any arithmetic NaN */
  const char *heap_type; /* of a reference: "extern", "struct", …; NULL: none is written */
  bool has_number;       /* of a reference: which one of the host's it is */
  uint64_t number;
  const struct wherry_pattern *items; /* either of these, or what is in a value of a component */
  size_t count;
} wherry_pattern_t;

typedef enum wherry_command_kind {
  WHERRY_COMMAND_MODULE,     /* instantiate `module`, as `name` */
  WHERRY_COMMAND_DEFINITION, /* keep `module`, as `name` */
  WHERRY_COMMAND_INSTANCE,   /* instantiate the definition `of`, as `name` */
  WHERRY_COMMAND_REGISTER,   /* let later modules import from the instance `of` by `text` */
  WHERRY_COMMAND_ACTION,     /* act; nothing is asserted */
  WHERRY_COMMAND_ASSERT_RETURN,
  WHERRY_COMMAND_ASSERT_TRAP,
  WHERRY_COMMAND_ASSERT_EXHAUSTION,
  WHERRY_COMMAND_ASSERT_EXCEPTION,
  WHERRY_COMMAND_ASSERT_INVALID,
  WHERRY_COMMAND_ASSERT_MALFORMED,
  WHERRY_COMMAND_ASSERT_INVALID_CUSTOM, /* what is wrong is a custom section or an annotation */
  WHERRY_COMMAND_ASSERT_MALFORMED_CUSTOM,
  WHERRY_COMMAND_ASSERT_UNLINKABLE,
  WHERRY_COMMAND_ASSERT_UNINSTANTIABLE, /* (assert_trap (module …)) */
  WHERRY_COMMAND_COUNT
} wherry_command_kind_t;

/* One command. Names have no dollar sign; data NULL: none is written, and the newest is meant. */
typedef struct wherry_command {
  wherry_command_kind_t kind;
  bool is_get;       /* the action reads a global; else it calls a function */
  bool is_component; /* what the command makes, or wants refused, is a component, not a module */
  size_t line;
  wherry_bytes_t name; /* of what the command makes */
  wherry_bytes_t of;   /* the instance of an action or register; of INSTANCE: the definition */
  wherry_bytes_t text; /* of an assertion: what is told of the failure */
  /* The binary, also of a module or component in text; refused (else NULL): why the text is none. */
  wherry_bytes_t module;
  const wherry_error_t *refused;
  wherry_bytes_t field; /* the export that an action is about */
  const wherry_pattern_t *args;
  size_t arg_count;
  const wherry_pattern_t *results; /* of ASSERT_RETURN */
  size_t result_count;
} wherry_command_t;

/* "assert_return", …; of INSTANCE, DEFINITION "module", of ACTION "action"; static. */
WHERRY_API const char *wherry_command_kind_name(wherry_command_kind_t kind);

/* Reads a whole script, its modules in text too; whether these are valid it does not say.
   text: UTF-8; read during the call only.
   Errors: malformed (the message holds line, column, the line and a caret below it), limit, oom. */
WHERRY_API wherry_error_t *wherry_script_read(wherry_engine_t *engine, const char *text,
                                              size_t size, wherry_script_t **out);
WHERRY_API void wherry_script_release(wherry_script_t *script);

WHERRY_API size_t wherry_script_command_count(const wherry_script_t *script);
/* NULL past the last. */
WHERRY_API const wherry_command_t *wherry_script_command(const wherry_script_t *script,
                                                         size_t index);

#ifdef __cplusplus
}
#endif
#endif
