/* What swig/ruby.i asks of the shim, beyond shim.h. */
#ifndef WHERRY_RUBY_RAW_H
#define WHERRY_RUBY_RAW_H

#include "shim.h"

typedef enum wr_part_kind {
  WR_PART_externtype,
  WR_PART_world,
  WR_PART_witfunc,
  WR_PART_type,
  WR_PARTS
} wr_part_kind_t;

VALUE wr_part_wrap(wr_part_kind_t kind, const void *pointer, VALUE whole);
const void *wr_part_from(wr_part_kind_t kind, VALUE object);

wherry_functype_t *wr_functype_from(VALUE object);
VALUE wr_functype_wrap(wherry_functype_t *type);        /* takes one reference over */
VALUE wr_functype_share(const wherry_functype_t *type); /* adds one */

/* The other handles: _wrap takes one reference over, _share adds one; NULL is nil. */
VALUE wr_engine_wrap(wherry_engine_t *engine);
VALUE wr_engine_share(wherry_engine_t *engine);
VALUE wr_config_wrap(wherry_config_t *config);
VALUE wr_linker_wrap(wherry_linker_t *linker);
VALUE wr_store_wrap(wherry_store_t *store);
VALUE wr_module_share(wherry_module_t *module);

uint64_t wr_raw_unsigned(VALUE value, uint64_t highest, const char *type);
int64_t wr_raw_signed(VALUE value, int64_t lowest, int64_t highest, const char *type);
NORETURN(void wr_raw_refuse(bool mistyped, VALUE value, const char *type));
bool wr_raw_bool(VALUE value);

/* The store behind an argument, a store itself or an entity; of a call, behind the first that has
   one. */
wr_store_t *wr_raw_store(VALUE object);
wr_store_t *wr_raw_store_of(int argc, const VALUE *argv);
wherry_value_t wr_raw_value(wr_store_t *store, VALUE value);
wherry_extern_t wr_raw_extern(VALUE object);

/* Entities: taken with their store (NULL: not wanted), wrapped with the store of the arguments. */
#define WR_RAW_ENTITY(NOUN)                                              \
  wherry_##NOUN##_t wr_raw_##NOUN(VALUE object, wherry_store_t **store); \
  VALUE wr_raw_##NOUN##_wrap(wherry_##NOUN##_t entity, int argc, const VALUE *argv);
WR_RAW_ENTITY(instance)
WR_RAW_ENTITY(func)
WR_RAW_ENTITY(memory)
WR_RAW_ENTITY(table)
WR_RAW_ENTITY(global)
WR_RAW_ENTITY(tag)

VALUE wr_raw_text(VALUE *value); /* a String or Symbol; *value becomes the String */
VALUE wr_raw_valtype(wherry_valtype_t type);

#endif
