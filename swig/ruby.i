/* Ruby's half of wherry.i: the module Wherry::Raw, one function for each public function of C that
   the shim does not do by hand. The shim's own types come and go (bindings/ruby/raw.h). */
%module "wherry::raw"

%{
#include "raw.h"
%}

/* ---- handles ---- */

%define WHERRY_HANDLE(NOUN)
%typemap(in) wherry_##NOUN##_t *, const wherry_##NOUN##_t * { $1 = wr_##NOUN##_from($input); }
%typemap(out) wherry_##NOUN##_t *, const wherry_##NOUN##_t * { $result = wr_##NOUN##_share($1); }
%enddef

%define WHERRY_GIVEN(NOUN)
%typemap(in, numinputs=0) wherry_##NOUN##_t **out (wherry_##NOUN##_t *handle = NULL) {
  $1 = &handle;
}
%typemap(argout) wherry_##NOUN##_t **out { %append_output(wr_##NOUN##_wrap(handle$argnum)); }
%enddef

%define WHERRY_LENT(NOUN)
%typemap(in, numinputs=0) wherry_##NOUN##_t **out (wherry_##NOUN##_t *handle = NULL) {
  $1 = &handle;
}
%typemap(argout) wherry_##NOUN##_t **out { %append_output(wr_##NOUN##_share(handle$argnum)); }
%enddef

%typemap(in, numinputs=0) const wherry_functype_t **out (const wherry_functype_t *handle = NULL) {
  $1 = ($1_ltype)&handle;
}
%typemap(argout) const wherry_functype_t **out { %append_output(wr_functype_share(handle$argnum)); }

/* ---- entities ---- */

%define WHERRY_ENTITY(NOUN)
%typemap(in) wherry_##NOUN##_t { $1 = wr_raw_##NOUN($input, NULL); }
%typemap(in) (wherry_store_t *store, wherry_##NOUN##_t NOUN) { $2 = wr_raw_##NOUN($input, &$1); }
%typemap(in, numinputs=0) wherry_##NOUN##_t *out (wherry_##NOUN##_t entity) {
  memset(&entity, 0, sizeof entity);
  $1 = &entity;
}
%typemap(argout) wherry_##NOUN##_t *out {
  %append_output(wr_raw_##NOUN##_wrap(entity$argnum, argc, argv));
}
%enddef

/* ---- parts of a module ---- */

%define WHERRY_PART(NOUN)
%typemap(in) const wherry_##NOUN##_t * {
  $1 = ($1_ltype)(uintptr_t)wr_part_from(WR_PART_##NOUN, $input);
}
%typemap(out) const wherry_##NOUN##_t * { $result = wr_part_wrap(WR_PART_##NOUN, $1, argv[0]); }
%typemap(in, numinputs=0) const wherry_##NOUN##_t **out (const wherry_##NOUN##_t *part = NULL) {
  $1 = ($1_ltype)&part;
}
%typemap(argout) const wherry_##NOUN##_t **out {
  %append_output(wr_part_wrap(WR_PART_##NOUN, part$argnum, argv[0]));
}
%enddef

/* ---- texts ---- */

%define WHERRY_TEXT(DATA, SIZE)
%typemap(in) (const char *DATA, size_t SIZE) {
  VALUE text = wr_raw_text(&$input);
  $1 = RSTRING_PTR(text);
  $2 = (size_t)RSTRING_LEN(text);
}
%enddef

%define WHERRY_DATA(DATA, SIZE)
%typemap(in) (const uint8_t *DATA, size_t SIZE) {
  Check_Type($input, T_STRING);
  $1 = ($1_ltype)RSTRING_PTR($input);
  $2 = (size_t)RSTRING_LEN($input);
}
%enddef

%typemap(in) const char * {
  wr_raw_text(&$input);
  $1 = StringValueCStr($input);
}
%typemap(in) const char *file, const char *world {
  $1 = NULL;
  if (!NIL_P($input)) {
    wr_raw_text(&$input);
    $1 = StringValueCStr($input);
  }
}
%typemap(freearg) const char *, const char *file, const char *world ""
%typemap(out) const char * { $result = $1 ? rb_utf8_str_new_cstr($1) : Qnil; }
%typemap(in, numinputs=0) const char **OUT (const char *text = NULL) { $1 = ($1_ltype)&text; }
%typemap(argout) const char **OUT {
  %append_output(text$argnum ? rb_utf8_str_new_cstr(text$argnum) : Qnil);
}
%typemap(out) wherry_bytes_t {
  $result = $1.data ? rb_str_new((const char *)$1.data, (long)$1.size) : Qnil;
}
%typemap(in, numinputs=0) (char *text, size_t size) (char printed[1024]) {
  $1 = printed;
  $2 = sizeof printed;
}
%typemap(argout) (char *text, size_t size) { $result = rb_utf8_str_new_cstr(printed$argnum); }

/* ---- numbers: whole, or refused ---- */

%typemap(in) uint64_t { $1 = wr_raw_unsigned($input, UINT64_MAX, "u64"); }
%typemap(in) size_t { $1 = (size_t)wr_raw_unsigned($input, SIZE_MAX, "u64"); }
%typemap(in) uint32_t { $1 = (uint32_t)wr_raw_unsigned($input, UINT32_MAX, "u32"); }
%typemap(in) int32_t { $1 = (int32_t)wr_raw_signed($input, INT32_MIN, INT32_MAX, "s32"); }
%typemap(in) enum SWIGTYPE { $1 = ($1_ltype)wr_raw_unsigned($input, INT32_MAX, "enum"); }
%typemap(in) bool { $1 = wr_raw_bool($input); }
%typemap(in) wherry_valtype_t { $1 = wr_take_valtype($input); }
%typemap(out) uint64_t { $result = ULL2NUM($1); }
%typemap(out) size_t { $result = SIZET2NUM($1); }
%typemap(out) uint32_t { $result = UINT2NUM($1); }
%typemap(out) int32_t { $result = INT2NUM($1); }
%typemap(out) enum SWIGTYPE { $result = INT2NUM((int)$1); }
%typemap(out) bool { $result = $1 ? Qtrue : Qfalse; }
%typemap(out) wherry_valtype_t { $result = wr_raw_valtype($1); }

%define WR_NUMBER_OUT(TYPE, GIVE)
%typemap(in, numinputs=0) TYPE *OUT (TYPE number = 0) { $1 = &number; }
%typemap(argout) TYPE *OUT { %append_output(GIVE(number$argnum)); }
%enddef
WR_NUMBER_OUT(uint64_t, ULL2NUM)
WR_NUMBER_OUT(uint32_t, UINT2NUM)
WR_NUMBER_OUT(bool, RBOOL)
WR_NUMBER_OUT(wherry_valtype_t, wr_raw_valtype)

/* ---- errors, values ---- */

%typemap(out) wherry_error_t * {
  wr_check($1);
  $result = Qnil;
}

%typemap(in) const wherry_value_t * (wherry_value_t value) {
  value = wr_raw_value(wr_raw_store_of(argc, argv), $input);
  $1 = &value;
}
%typemap(in, numinputs=0) wherry_value_t *out (wherry_value_t value) { $1 = &value; }
%typemap(argout) wherry_value_t *out {
  %append_output(wr_value_give(wr_raw_store_of(argc, argv), &value$argnum));
}
%typemap(in) const wherry_extern_t * (wherry_extern_t item) {
  item = wr_raw_extern($input);
  $1 = &item;
}
%typemap(in, numinputs=0) wherry_extern_t *out (wherry_extern_t item) { $1 = &item; }
%typemap(argout) wherry_extern_t *out {
  %append_output(wr_extern_wrap(wr_raw_store_of(argc, argv), &item$argnum,
                                (wherry_bytes_t){NULL, 0}));
}
%typemap(in, numinputs=0) const wherry_allocator_t *allocator { $1 = NULL; }

%include "wherry.i"
