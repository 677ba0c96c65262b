/* Types of the core specification (Structure, Types): what a value, a function or an import is.

   Ownership: a function type made by _new is the caller's, until _release; what an accessor returns
   belongs to the object that was asked.
   Threads: types do not change; any number at once. */
#ifndef WHERRY_TYPES_H
#define WHERRY_TYPES_H

#include <wherry/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A value type: one of the constants below, which are the binary format's own codes, or a reference
   that has no such short name: (ref …) and (ref null TYPE) with a type of a module. These use the
   upper bits, so compare whole values; one that names a type of a module means something only
   together with that module. */
typedef uint32_t wherry_valtype_t;
#define WHERRY_I32 ((wherry_valtype_t)0x7F)
#define WHERRY_I64 ((wherry_valtype_t)0x7E)
#define WHERRY_F32 ((wherry_valtype_t)0x7D)
#define WHERRY_F64 ((wherry_valtype_t)0x7C)
#define WHERRY_V128 ((wherry_valtype_t)0x7B)
#define WHERRY_FUNCREF ((wherry_valtype_t)0x70)
#define WHERRY_EXTERNREF ((wherry_valtype_t)0x6F)
#define WHERRY_ANYREF ((wherry_valtype_t)0x6E)
#define WHERRY_EQREF ((wherry_valtype_t)0x6D)
#define WHERRY_I31REF ((wherry_valtype_t)0x6C)
#define WHERRY_STRUCTREF ((wherry_valtype_t)0x6B)
#define WHERRY_ARRAYREF ((wherry_valtype_t)0x6A)
#define WHERRY_EXNREF ((wherry_valtype_t)0x69)
#define WHERRY_NULLREF ((wherry_valtype_t)0x71)
#define WHERRY_NULLEXTERNREF ((wherry_valtype_t)0x72)
#define WHERRY_NULLFUNCREF ((wherry_valtype_t)0x73)
#define WHERRY_NULLEXNREF ((wherry_valtype_t)0x74)

/* "i32", "funcref", …; static; "?" for a value that is no type. */
WHERRY_API const char *wherry_valtype_name(wherry_valtype_t type);

/* params, results: copied. Errors: type (what is no value type, or names a type of a module), oom. */
WHERRY_API wherry_error_t *wherry_functype_new(const wherry_valtype_t *params, size_t param_count,
                                               const wherry_valtype_t *results, size_t result_count,
                                               wherry_functype_t **out);

/* The same from text: parameters, ':', results, a letter each: i (i32), l (i64), f (f32), d (f64),
   r (externref), c (funcref). "ii:i" takes two i32 and returns one. Errors: type, oom. */
WHERRY_API wherry_error_t *wherry_functype_parse(const char *signature, wherry_functype_t **out);

/* A function type that a module or a store handed out lives as long as that and needs no release.
   Retaining it holds what it belongs to, until the release that this then wants. Releasing NULL does
   nothing. */
WHERRY_API void wherry_functype_retain(wherry_functype_t *type);
WHERRY_API void wherry_functype_release(wherry_functype_t *type);

WHERRY_API size_t wherry_functype_param_count(const wherry_functype_t *type);
WHERRY_API wherry_valtype_t wherry_functype_param(const wherry_functype_t *type, size_t index);
WHERRY_API size_t wherry_functype_result_count(const wherry_functype_t *type);
WHERRY_API wherry_valtype_t wherry_functype_result(const wherry_functype_t *type, size_t index);
WHERRY_API bool wherry_functype_equal(const wherry_functype_t *a, const wherry_functype_t *b);

/* What an import or export may be. The numbers are the binary format's. */
typedef enum wherry_extern_kind {
  WHERRY_EXTERN_FUNC = 0,
  WHERRY_EXTERN_TABLE = 1,
  WHERRY_EXTERN_MEMORY = 2,
  WHERRY_EXTERN_GLOBAL = 3,
  WHERRY_EXTERN_TAG = 4
} wherry_extern_kind_t;

/* "func", "table", "memory", "global", "tag"; static. */
WHERRY_API const char *wherry_extern_kind_name(wherry_extern_kind_t kind);

WHERRY_API wherry_extern_kind_t wherry_externtype_kind(const wherry_externtype_t *type);

/* Of a function, and of a tag; NULL for other kinds. */
WHERRY_API const wherry_functype_t *wherry_externtype_functype(const wherry_externtype_t *type);

/* Of a global: the type of its value, and whether it may change. Of a table: the type of its
   elements (mutable is true). 0 for other kinds. */
WHERRY_API wherry_valtype_t wherry_externtype_valtype(const wherry_externtype_t *type);
WHERRY_API bool wherry_externtype_mutable(const wherry_externtype_t *type);

/* Of a memory or table: its addresses or indices are i64, not i32. */
WHERRY_API bool wherry_externtype_is64(const wherry_externtype_t *type);

/* Of a memory: other stores may use it too; the size of its pages in bytes, 65,536 or 1 (0 for
   other kinds). */
WHERRY_API bool wherry_externtype_shared(const wherry_externtype_t *type);
WHERRY_API uint64_t wherry_externtype_page_size(const wherry_externtype_t *type);

/* Of a memory, in its pages; of a table, in elements. maximum: UINT64_MAX where none is declared. */
WHERRY_API uint64_t wherry_externtype_minimum(const wherry_externtype_t *type);
WHERRY_API uint64_t wherry_externtype_maximum(const wherry_externtype_t *type);

/* Writes the type as text, ended by a zero byte, cut to size: "func (i32, i32) -> i32",
   "memory 1..16". Returns the whole length in bytes, as snprintf does. */
WHERRY_API size_t wherry_externtype_print(const wherry_externtype_t *type, char *text, size_t size);
WHERRY_API size_t wherry_functype_print(const wherry_functype_t *type, char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
