/* Component-level types (WIT) and the calls that use them: strings, lists and records, without a word
   about memory. Follows the component model's Canonical ABI.

   The first half tells what a guest's functions take and return. The second half is for those who
   bind a language: canon walks the types and drives a table of functions that read and make that
   language's own values. C programs have such a table ready: see wherry_val_t in guest.h.

   Ownership: worlds, types and functions belong to the module.
   Threads: types do not change, any number at once; the rest: the store's. */
#ifndef WHERRY_INTERFACE_H
#define WHERRY_INTERFACE_H

#include <wherry/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wherry_world wherry_world_t;     /* what a module says of itself in WIT */
typedef struct wherry_witfunc wherry_witfunc_t; /* one function of it */
typedef struct wherry_type wherry_type_t;       /* the type of a component-level value */
typedef struct wherry_lifted wherry_lifted_t;   /* a function of an instance, lifted to WIT types */

/* Kinds of types (Explainer, Type Definitions). All of them are read, laid out and printed; a function
   that uses one marked later cannot be lifted yet. */
typedef enum wherry_type_kind {
  WHERRY_TYPE_BOOL,
  WHERRY_TYPE_S8,
  WHERRY_TYPE_U8,
  WHERRY_TYPE_S16,
  WHERRY_TYPE_U16,
  WHERRY_TYPE_S32,
  WHERRY_TYPE_U32,
  WHERRY_TYPE_S64,
  WHERRY_TYPE_U64,
  WHERRY_TYPE_F32,
  WHERRY_TYPE_F64,
  WHERRY_TYPE_CHAR,
  WHERRY_TYPE_STRING,
  WHERRY_TYPE_LIST,
  WHERRY_TYPE_RECORD,
  WHERRY_TYPE_TUPLE,
  WHERRY_TYPE_VARIANT, /* later, as all that follow */
  WHERRY_TYPE_ENUM,
  WHERRY_TYPE_FLAGS,
  WHERRY_TYPE_OPTION,
  WHERRY_TYPE_RESULT,
  WHERRY_TYPE_OWN,
  WHERRY_TYPE_BORROW,
  WHERRY_TYPE_MAP,        /* a list of pairs: its element is the tuple of key and value */
  WHERRY_TYPE_FIXED_LIST, /* a list of so many items */
  WHERRY_TYPE_STREAM,
  WHERRY_TYPE_FUTURE,
  WHERRY_TYPE_ERROR_CONTEXT
} wherry_type_kind_t;

/* *out: NULL if the module carries no WIT (custom sections whose names begin with component-type) and
   was given none.
   A type that wherry does not take yet is no error here: wherry_lifted_new refuses the functions
   that use it, by name, and the rest of the world works. Read once, at the first call.
   Errors: malformed, invalid (with the offset in the module), oom. */
WHERRY_API wherry_error_t *wherry_module_world(wherry_module_t *module, const wherry_world_t **out);

/* Gives a module the WIT that it was made from: for one that does not carry it, or in place of what it
   carries. What it exports is then found under the names that wit-bindgen gives.
   wit: the path of a file or of a folder (with its deps/); or the text itself, which is what holds a
   ';', as every WIT text does and no path here may. Read during the call only.
   world: its name in that package, or "ns:package/name@1.2.3"; NULL: the only one that there is.
   Errors: io; malformed and invalid (with file, line, column and the line); limit; unlinkable (no
   such world, or several to choose from; the message names them); state (something has asked for the
   module's world already); oom.
   Threads: before any other has the module. */
WHERRY_API wherry_error_t *wherry_module_set_wit(wherry_module_t *module, const char *wit,
                                                 const char *world);

/* Prints the WIT that a module carries, all packages of it, as text that can be read again.
   *text: UTF-8, not zero-ended; data NULL if the module carries none; the caller's, until
   wherry_bytes_release.
   Errors: malformed, invalid (with the offset in the module; or what WIT cannot express), limit, oom. */
WHERRY_API wherry_error_t *wherry_module_print_wit(wherry_module_t *module, wherry_bytes_t *text);

/* Reads WIT as wherry_module_set_wit does and prints it: its packages, the others that it brings
   behind the first, all names resolved, every import of a world said.
   *text: as above. Errors: io, malformed, invalid, limit, oom. */
WHERRY_API wherry_error_t *wherry_wit_print(wherry_engine_t *engine, const char *wit,
                                            wherry_bytes_t *text);

/* "xyz:machine/machine". */
WHERRY_API const char *wherry_world_name(const wherry_world_t *world);

/* The functions that the world exports, those of its interfaces included. */
WHERRY_API size_t wherry_world_export_count(const wherry_world_t *world);
WHERRY_API const wherry_witfunc_t *wherry_world_export(const wherry_world_t *world, size_t index);

/* The functions that it imports, likewise. */
WHERRY_API size_t wherry_world_import_count(const wherry_world_t *world);
WHERRY_API const wherry_witfunc_t *wherry_world_import(const wherry_world_t *world, size_t index);

/* How many types the world has; wherry_type_index is below it, for tables beside it. */
WHERRY_API size_t wherry_world_type_count(const wherry_world_t *world);

/* "get-str"; of which interface, "xyz:machine/machine-interface", NULL: of the world itself; and the
   name of the core export that it lifts, or of the core import that it lowers. */
WHERRY_API const char *wherry_witfunc_name(const wherry_witfunc_t *func);
WHERRY_API const char *wherry_witfunc_interface(const wherry_witfunc_t *func);
WHERRY_API const char *wherry_witfunc_core_name(const wherry_witfunc_t *func);
WHERRY_API size_t wherry_witfunc_param_count(const wherry_witfunc_t *func);
WHERRY_API const char *wherry_witfunc_param_name(const wherry_witfunc_t *func, size_t index);
WHERRY_API const wherry_type_t *wherry_witfunc_param_type(const wherry_witfunc_t *func,
                                                          size_t index);
/* NULL: it returns nothing. */
WHERRY_API const wherry_type_t *wherry_witfunc_result(const wherry_witfunc_t *func);

WHERRY_API wherry_type_kind_t wherry_type_kind(const wherry_type_t *type);
/* "u32", "list", "record"; static. */
WHERRY_API const char *wherry_type_kind_name(wherry_type_kind_t kind);
WHERRY_API size_t wherry_type_index(const wherry_type_t *type);
/* The name a WIT author gave it ("run-result"), NULL if none. */
WHERRY_API const char *wherry_type_name(const wherry_type_t *type);
/* list, map, option, stream, future: the type of what is inside, NULL where nothing is. */
WHERRY_API const wherry_type_t *wherry_type_element(const wherry_type_t *type);
/* record: fields; tuple: places (their names are NULL); variant, enum, option, result: cases, flags:
   labels (their types are NULL where there is no payload). */
WHERRY_API size_t wherry_type_field_count(const wherry_type_t *type);
WHERRY_API const char *wherry_type_field_name(const wherry_type_t *type, size_t index);
WHERRY_API const wherry_type_t *wherry_type_field_type(const wherry_type_t *type, size_t index);
/* Writes the type as WIT spells it where it is used: "u32", "list<run-result>"; as snprintf. */
WHERRY_API size_t wherry_type_print(const wherry_type_t *type, char *text, size_t size);

/* ---- For those who bind a language ---- */

/* A value of the host language: a pointer, a tagged word, a stack index; wherry only passes it on. */
typedef uintptr_t wherry_host_value_t;

/* How a list or string was found to lie in the host's memory. */
typedef struct wherry_host_view {
  const void *data; /* packed elements in the machine's byte order (any alignment), or NULL: ask for
                       items one by one. Stays good until release_view, whatever code runs till then */
  size_t count;     /* elements; of a string: bytes */
  uintptr_t hold;   /* the table's own, handed back to release_view */
} wherry_host_view_t;

/* The table that canon drives; context is what the call was given.
   take_… reads a host value of the type given. An error of kind type or range needs no more than the
   end of the sentence, "expected u32, got str": canon puts function, parameter and path before
   it; an error of any other kind passes unchanged.
   make_… returns a host value that canon hands on at once to set, finish or the caller.
   What a message then says: "run(): parameter 2 (start.x): expected u32, got str",
   "translate(): parameter 1 (ps[3].x): 2**40 does not fit in s32", "get(): result.name: …".
   A function may run any code: call the same guest and the same function again, close or release
   the store (which then ends after lift or abandon). It may leave by longjmp (a raise in Ruby or
   Lua); then call wherry_lifted_abandon while context is still good. */
typedef struct wherry_host_values {
  /* bool, integers, floats and char. *out: as the Canonical ABI flattens it: integers extended to
     64 bits by their sign, bool 0 or 1, char its code point, f32 as float, f64 as double. */
  wherry_error_t *(*take_number)(void *context, const wherry_type_t *type,
                                 wherry_host_value_t value, wherry_slot_t *out);
  /* UTF-8; view->data is never NULL. Must be well-formed: canon trusts it. */
  wherry_error_t *(*take_string)(void *context, wherry_host_value_t value,
                                 wherry_host_view_t *view);
  /* view->data may point at packed elements when their type is a number, bool (a byte) or char (four)
     of exactly that format, and is NULL otherwise. Numbers are copied as they are, bool and char
     checked. */
  wherry_error_t *(*take_list)(void *context, const wherry_type_t *type, wherry_host_value_t value,
                               wherry_host_view_t *view);
  /* Item index of a list or tuple, or field index of a record. index is below the count that
     take_list told; a list that has become shorter since is an error. *item: canon calls drop on
     it. */
  wherry_error_t *(*take_item)(void *context, const wherry_type_t *type, wherry_host_value_t value,
                               size_t index, wherry_host_value_t *item);
  void (*release_view)(void *context, wherry_host_view_t *view);
  /* Ends a value that take_item or make_… gave and nobody took over. */
  void (*drop)(void *context, wherry_host_value_t value);

  wherry_error_t *(*make_number)(void *context, const wherry_type_t *type, wherry_slot_t value,
                                 wherry_host_value_t *out);
  /* Well-formed UTF-8, checked; is_ascii: all bytes below 128. */
  wherry_error_t *(*make_string)(void *context, const char *text, size_t size, bool is_ascii,
                                 wherry_host_value_t *out);
  /* A list of integers or floats that lie packed in the guest's memory, in the machine's byte order
     (any alignment); list<u8> too. Lists of bool and char come item by item. */
  wherry_error_t *(*make_numbers)(void *context, const wherry_type_t *type, const void *data,
                                  size_t count, wherry_host_value_t *out);
  /* A list of count items, a tuple or a record, to be filled in order by set and ended by finish. */
  wherry_error_t *(*make_start)(void *context, const wherry_type_t *type, size_t count,
                                wherry_host_value_t *out);
  /* Takes item over, also when it fails. */
  wherry_error_t *(*make_set)(void *context, const wherry_type_t *type, wherry_host_value_t value,
                              size_t index, wherry_host_value_t item);
  /* *value may be replaced. On an error, value has been dropped. */
  wherry_error_t *(*make_finish)(void *context, const wherry_type_t *type,
                                 wherry_host_value_t *value);

  /* What the language's lists count from, for the paths in messages: 0, in Lua 1. */
  uint32_t first_index;
} wherry_host_values_t;

/* Lifts an exported function of an instance: finds the core function, memory, realloc and post-return
   and checks their types; calls `_initialize` if the instance has it and it was not called yet.
   *out: the store's. Errors: unlinkable (names all that is missing or mistyped, or the type that
   wherry does not take yet), state (func is of another module), and those of `_initialize`. */
WHERRY_API wherry_error_t *wherry_lifted_new(wherry_store_t *store, wherry_instance_t instance,
                                             const wherry_witfunc_t *func, wherry_lifted_t **out);
WHERRY_API const wherry_witfunc_t *wherry_lifted_func(const wherry_lifted_t *lifted);
WHERRY_API wherry_func_t wherry_lifted_core(const wherry_lifted_t *lifted);

/* Calls it: lower, call the core function, lift, post-return. *result: 0 if it returns nothing.
   Errors: type (count of arguments, values; with their path), range, trap (also of kind
   canonical ABI: what the guest returned breaks a rule), and those of wherry_func_call. */
WHERRY_API wherry_error_t *wherry_lifted_call(wherry_lifted_t *lifted,
                                              const wherry_host_values_t *host, void *context,
                                              const wherry_host_value_t *args, size_t arg_count,
                                              wherry_host_value_t *result);

/* The same in three parts, for hosts that drive the middle one in steps: lower fills slots (room for
   WHERRY_LIFTED_SLOTS), which go to the core function; lift takes its results from slots, makes the
   result and calls post-return. After a lower that succeeded exactly one of lift and abandon must
   follow, the newest call's first; till then a close of the store waits. */
#define WHERRY_LIFTED_SLOTS 17
WHERRY_API wherry_error_t *wherry_lifted_lower(wherry_lifted_t *lifted,
                                               const wherry_host_values_t *host, void *context,
                                               const wherry_host_value_t *args, size_t arg_count,
                                               wherry_slot_t *slots);
WHERRY_API wherry_error_t *wherry_lifted_lift(wherry_lifted_t *lifted,
                                              const wherry_host_values_t *host, void *context,
                                              wherry_slot_t *slots, wherry_host_value_t *result);

/* After a table function left by longjmp, or a core call that failed between lower and lift: gives
   back what the call held. The guest may have memory that it can no longer free. */
WHERRY_API void wherry_lifted_abandon(wherry_lifted_t *lifted);

#ifdef __cplusplus
}
#endif
#endif
