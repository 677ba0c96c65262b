/* Modules: WebAssembly that was read and checked. Nothing is compiled until it is called.

   Ownership: what accessors return belongs to the module.
   Threads: any number at once. */
#ifndef WHERRY_MODULE_H
#define WHERRY_MODULE_H

#include <wherry/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Reads a module and checks all of it; compiles nothing yet.
   bytes: read during the call only.
   *out: the caller's, until wherry_module_release.
   Errors: malformed and invalid (with the byte offset), limit, oom. */
WHERRY_API wherry_error_t *wherry_module_new(wherry_engine_t *engine, const uint8_t *bytes,
                                             size_t size, wherry_module_t **out);

/* The same of a file: of text (text.h) if its name ends in ".wat", else of bytes.
   Errors: io too; messages about text begin with the path. */
WHERRY_API wherry_error_t *wherry_module_new_file(wherry_engine_t *engine, const char *path,
                                                  wherry_module_t **out);

WHERRY_API void wherry_module_retain(wherry_module_t *module);
WHERRY_API void wherry_module_release(wherry_module_t *module);

/* Reads and checks, keeps nothing. Errors: as wherry_module_new. */
WHERRY_API wherry_error_t *wherry_module_validate(wherry_engine_t *engine, const uint8_t *bytes,
                                                  size_t size);

/* The bytes that the module was made from. */
WHERRY_API wherry_bytes_t wherry_module_bytes(const wherry_module_t *module);

/* The module's name in its name section, NULL if it has none; UTF-8 ended by a zero byte. */
WHERRY_API const char *wherry_module_name(const wherry_module_t *module);

/* Imports and exports in the order of the binary; index below the count. Names are UTF-8, may hold
   any character and are not ended by a zero byte. */
WHERRY_API size_t wherry_module_import_count(const wherry_module_t *module);
WHERRY_API wherry_bytes_t wherry_module_import_module(const wherry_module_t *module, size_t index);
WHERRY_API wherry_bytes_t wherry_module_import_name(const wherry_module_t *module, size_t index);
WHERRY_API const wherry_externtype_t *wherry_module_import_type(const wherry_module_t *module,
                                                                size_t index);
WHERRY_API size_t wherry_module_export_count(const wherry_module_t *module);
WHERRY_API wherry_bytes_t wherry_module_export_name(const wherry_module_t *module, size_t index);
WHERRY_API const wherry_externtype_t *wherry_module_export_type(const wherry_module_t *module,
                                                                size_t index);

/* The index of an export by its name, SIZE_MAX if there is none. */
WHERRY_API size_t wherry_module_find_export(const wherry_module_t *module, const char *name,
                                            size_t name_size);

/* Custom sections in the order of the binary. */
WHERRY_API size_t wherry_module_custom_section_count(const wherry_module_t *module);
WHERRY_API wherry_bytes_t wherry_module_custom_section_name(const wherry_module_t *module,
                                                            size_t index);
WHERRY_API wherry_bytes_t wherry_module_custom_section(const wherry_module_t *module, size_t index);

/* The index of the first custom section of a name, SIZE_MAX if there is none. */
WHERRY_API size_t wherry_module_find_custom_section(const wherry_module_t *module, const char *name,
                                                    size_t name_size);

/* The features that the module needs, as bits: 1 << WHERRY_FEATURE_…. What a feature needs itself is
   left out unless the module uses it (see wherry_config_set_feature). Goes over all of its code. */
WHERRY_API uint64_t wherry_module_features(const wherry_module_t *module);

/* How many functions (imported ones not counted) the module defines, and how many of them have been
   compiled by now, by any instance. */
WHERRY_API size_t wherry_module_function_count(const wherry_module_t *module);
WHERRY_API size_t wherry_module_compiled_count(const wherry_module_t *module);

#ifdef __cplusplus
}
#endif
#endif
