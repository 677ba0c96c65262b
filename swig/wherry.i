/* The breadth of the C ABI for every language: functions only, one for each public function that is
   not listed below as done by hand.

   A language's file (python.i, ruby.i, lua.i) says %module, defines the macros listed here and the
   typemaps for them, then includes this file. No SWIG object ever reaches a user: each handle goes
   through a typemap that asks the language's shim for its own type. Names lose their prefix:
   wherry_store_set_fuel is store_set_fuel, WHERRY_TRAP_UNREACHABLE is TRAP_UNREACHABLE.

   Macros that the language's file defines before it includes this one; NOUN is engine, store, …:
     WHERRY_HANDLE(NOUN)    wherry_NOUN_t *: taken from the shim's object, returned as one (NULL: nil)
     WHERRY_GIVEN(NOUN)     wherry_NOUN_t **out: a new result that the caller owns
     WHERRY_LENT(NOUN)      wherry_NOUN_t **out: a result that must be retained
     WHERRY_ENTITY(NOUN)    wherry_NOUN_t by value, (wherry_store_t *store, wherry_NOUN_t NOUN) as
                            one argument, and wherry_NOUN_t *out as a result
     WHERRY_PART(NOUN)      const wherry_NOUN_t * (also **out): a part of what the first argument is,
                            keeps it alive; NULL: nil
     WHERRY_TEXT(DATA, SIZE) a pair of parameters that is a string or bytes
     WHERRY_DATA(DATA, SIZE) a pair of parameters that is any bytes
   Typemaps that the language's file brings:
     wherry_error_t *                 result: raised when it is not NULL, else no result
     uint32_t, int32_t, uint64_t, size_t, bool, wherry_valtype_t and enums: range-checked integers
                                      (bool: the language's own; value types by their names)
     uint64_t *OUT, uint32_t *OUT, bool *OUT, wherry_valtype_t *OUT, const char **OUT: results
     const char *                     argument: a zero-ended string; result: string or nil
     const char *file, *world         a zero-ended string or nil
     wherry_bytes_t                   result: bytes
     const wherry_value_t *, wherry_value_t *out, const wherry_extern_t *, wherry_extern_t *out
     const wherry_allocator_t *       no argument: NULL
     (char *text, size_t size) -> size_t  no argument; the function's result is the text */

%{
#include <wherry.h>
%}

#pragma SWIG nowarn=314 /* parameters called global, in, … are only placeholders */
#define WHERRY_API
%rename("%(regex:/^(wherry|WHERRY)_(.*)/\\2/)s") "";

/* ---- Done by hand, and why ---- */

/* Objects of the language retain and release what they hold. */
%rename("$ignore", regextarget=1, fullname=1) "^wherry_[a-z]+(_[a-z]+)?_(retain|release)$";

/* Structures are C's own; entities and values pass through typemaps. */
%rename("$ignore", %$isclass, fullname=1) "";
%rename("$ignore", regextarget=1, fullname=1) "^wherry_(i32|i64|f32|f64)$";

/* The hot path: calls, callbacks, views. Each shim has them in its own terms. */
%ignore wherry_func_new;
%ignore wherry_func_new_slots;
%ignore wherry_func_call;
%ignore wherry_func_call_slots;
%ignore wherry_func_data;
%ignore wherry_value_to_slot;
%ignore wherry_value_from_slot;
%ignore wherry_memory_data;
%ignore wherry_memory_view;
%ignore wherry_memory_hold;
%ignore wherry_memory_unhold;
%ignore wherry_memory_read;
%ignore wherry_memory_write;

/* Slots are unchecked words: calls in steps belong to the shims that lock, yield or look at signals
   between the steps. */
%ignore wherry_call_start;
%ignore wherry_call_resume;
%ignore wherry_call_slots;
%ignore wherry_call_host_func;
%ignore wherry_call_host_data;
%ignore wherry_call_host_caller;
%ignore wherry_call_host_slots;
%ignore wherry_call_fail;

/* Ends with its callback: the shims' Caller object knows when. */
%ignore wherry_caller_store;
%ignore wherry_caller_instance;
%ignore wherry_caller_memory;
%ignore wherry_caller_export;

/* Stores on several threads at once: C only so far. */
%rename("$ignore", regextarget=1, fullname=1) "^wherry_sharedmemory_(new|of|memory|data|size)$";

/* Take functions or data of C. */
%ignore wherry_externref_new;
%ignore wherry_externref_data;
%ignore wherry_ref_retain;
%ignore wherry_ref_release;
%ignore wherry_ref_equal;
%ignore wherry_ref_kind;
%ignore wherry_ref_i31;
%ignore wherry_ref_i31_value;
%ignore wherry_linker_define_func;
%ignore wherry_store_set_tick;
%ignore wherry_store_set_data;
%ignore wherry_store_data;

/* Take arrays: the shims take sequences of the language. */
%ignore wherry_functype_new;
%ignore wherry_instance_new;

/* Give bytes that must be released (text and WIT); module_new_text makes a module of a text, and keeps none. */
%ignore wherry_text_to_binary;
%ignore wherry_binary_to_text;
%ignore wherry_bytes_release;
%ignore wherry_module_print_wit;
%ignore wherry_wit_print;

/* Nothing can be called in a component yet. */
%ignore wherry_is_component;
%ignore wherry_component_new;
%ignore wherry_component_validate;
%ignore wherry_component_print_wit;

/* Scripts are structures of C; the command runs them. */
%rename("$ignore", regextarget=1, fullname=1) "^(wherry|WHERRY)_(script|command|pattern|COMMAND|PATTERN)(_|$)";

/* Errors are exceptions of the language, made and read as a whole by the shim. */
%rename("$ignore", regextarget=1, fullname=1) "^wherry_error_new";
%rename("$ignore", regextarget=1, fullname=1) "^wherry_error_(frame|trap_code|exit_code|limit|payload|offset|message|kind)(_|s_|$)";
%rename("error_kind_name") wherry_error_kind_name;

%rename("$ignore", regextarget=1, fullname=1) "^wherry_error_(set_payload|tag|value|value_count)$";

/* The short level of C; each language has its own, built on the functions beneath. */
%rename("$ignore", regextarget=1, fullname=1) "^wherry_(load|guest|call|val)(_|$)";

/* For programs that show sections: what a language wants of them it gets from their bytes. */
%rename("$ignore", regextarget=1, fullname=1) "^wherry_(module_)?facts";

/* Canon's driver: a table of C functions. */
%rename("$ignore", regextarget=1, fullname=1) "^wherry_lifted_";

/* ---- What is what ---- */

WHERRY_HANDLE(config)
WHERRY_HANDLE(engine)
WHERRY_HANDLE(module)
WHERRY_HANDLE(store)
WHERRY_HANDLE(linker)
WHERRY_HANDLE(functype)

WHERRY_GIVEN(config)
WHERRY_GIVEN(engine)
WHERRY_GIVEN(module)
WHERRY_GIVEN(store)
WHERRY_GIVEN(linker)
WHERRY_GIVEN(functype)

WHERRY_ENTITY(instance)
WHERRY_ENTITY(func)
WHERRY_ENTITY(memory)
WHERRY_ENTITY(table)
WHERRY_ENTITY(global)
WHERRY_ENTITY(tag)

WHERRY_PART(externtype)
WHERRY_PART(world)
WHERRY_PART(witfunc)
WHERRY_PART(type)

WHERRY_DATA(bytes, size)
WHERRY_TEXT(name, name_size)
WHERRY_TEXT(module, module_size)
WHERRY_TEXT(text, size)

%apply uint64_t *OUT { uint64_t *previous, uint64_t *size, uint64_t *maximum, uint64_t *bytes };
%apply uint32_t *OUT { uint32_t *index, wherry_feature_t *out };
%apply bool *OUT { bool *is_mutable };
%apply wherry_valtype_t *OUT { wherry_valtype_t *element, wherry_valtype_t *type };
%apply const char **OUT { const char **name };

/* ---- The headers, in their own order ---- */

%include <wherry/common.h>
%include <wherry/types.h>
%include <wherry/value.h>
%include <wherry/error.h>
%include <wherry/config.h>
%include <wherry/engine.h>
%include <wherry/module.h>
%include <wherry/store.h>
%include <wherry/func.h>
WHERRY_LENT(module) /* an instance's module is its store's */
%include <wherry/instance.h>
WHERRY_GIVEN(module)
%include <wherry/memory.h>
%include <wherry/table.h>
%include <wherry/global.h>
%include <wherry/tag.h>
%include <wherry/linker.h>
%include <wherry/interface.h>
%include <wherry/text.h>
%include <wherry/custom.h>
