/* What custom sections say, of those that many tools write: name (extended names included), producers,
   target_features, dylink.0, metadata.code.branch_hint. Contents of others, and of these as bytes, are
   in module.h.

   A section that is broken does not make a module invalid: what comes before the first fault is
   read (of names all that is whole), and the fault can be asked for.
   Threads: any number at once. */
#ifndef WHERRY_CUSTOM_H
#define WHERRY_CUSTOM_H

#include <wherry/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A list of facts. Each has a kind, and parts with a label, each a number or a text:
     section                    kind           parts
     name                       module         name
                                function       index, name; so too type, table, memory, global, elem,
                                               data, tag
                                local, label   function, index, name
                                field          type, index, name
     producers                  language       name, version; so too processed-by, sdk
     target_features            used           name; so too disallowed, required
     dylink.0                   memory, table  size, alignment
                                needed         name; so too runtime-path
                                export         flags, name
                                import         flags, module, name
     metadata.code.branch_hint  likely         function, offset; so too unlikely */
typedef struct wherry_facts wherry_facts_t;

/* What a custom section of the module says; index: below wherry_module_custom_section_count.
   *out: the caller's, until wherry_facts_release; NULL: wherry does not know the section. It keeps the
   module alive. */
WHERRY_API wherry_error_t *wherry_module_facts(wherry_module_t *module, size_t index,
                                               wherry_facts_t **out);
WHERRY_API void wherry_facts_release(wherry_facts_t *facts);

WHERRY_API size_t wherry_facts_count(const wherry_facts_t *facts);
/* Of the fact at an index below the count, and of its part below the count of those. Kinds and labels
   are static, texts are UTF-8 of the module. */
WHERRY_API const char *wherry_facts_kind(const wherry_facts_t *facts, size_t index);
WHERRY_API size_t wherry_facts_part_count(const wherry_facts_t *facts, size_t index);
WHERRY_API const char *wherry_facts_label(const wherry_facts_t *facts, size_t index, size_t part);
/* data NULL: the part is a number. */
WHERRY_API wherry_bytes_t wherry_facts_text(const wherry_facts_t *facts, size_t index, size_t part);
WHERRY_API uint64_t wherry_facts_number(const wherry_facts_t *facts, size_t index, size_t part);

/* The first thing that is wrong in the section, with its offset; NULL: nothing. The facts'. */
WHERRY_API const wherry_error_t *wherry_facts_fault(const wherry_facts_t *facts);

/* NULL if none of these sections is broken, else the first fault; oom. */
WHERRY_API wherry_error_t *wherry_module_check_custom(wherry_module_t *module);

#ifdef __cplusplus
}
#endif
#endif
