/* Lua: every public function as a function of the table that `require "wherry.raw"` gives; it lies in
   the same shared object as the shim, whose objects it takes and returns. A typemap that refuses a
   value raises at once: the wrappers own nothing. */
%module wherry_raw

%{
#include "shim.h"
#include "raw.h"

/* When memory ends in the middle of SWIG's first start, its next one would take the table of types
   for filled. */
void wl_raw_restart(void) {
  if (!swig_types[0]) swig_module.next = NULL;
}
%}

/* SWIG's own two helpers would be globals. */
%init %{
  lua_pushnil(L);
  lua_setglobal(L, "swig_type");
  lua_pushnil(L);
  lua_setglobal(L, "swig_equals");
%}

/* ---- Integers, truth, text ---- */

%typemap(in) uint64_t { $1 = wl_raw_u64(L, $input, UINT64_MAX, "u64"); }
%typemap(in) size_t { $1 = (size_t)wl_raw_u64(L, $input, INT64_MAX, "size"); }
%typemap(in) uint32_t { $1 = (uint32_t)wl_raw_u64(L, $input, UINT32_MAX, "u32"); }
%typemap(in) enum SWIGTYPE { $1 = ($1_type)wl_raw_u64(L, $input, INT32_MAX, "$1_basetype"); }
%typemap(in) bool { $1 = lua_toboolean(L, $input); }
%typemap(in) wherry_valtype_t { $1 = wl_valtype_check(L, $input); }
%typemap(in) const char * { $1 = (char *)wl_raw_text(L, $input, NULL); }

%typemap(out) uint64_t, size_t { lua_pushinteger(L, (lua_Integer)$1); SWIG_arg++; }
%typemap(out) uint32_t, int32_t, enum SWIGTYPE { lua_pushinteger(L, $1); SWIG_arg++; }
%typemap(out) bool { lua_pushboolean(L, $1); SWIG_arg++; }
%typemap(out) wherry_valtype_t { lua_pushstring(L, wherry_valtype_name($1)); SWIG_arg++; }
%typemap(in) const char *file, const char *world {
  $1 = lua_isnil(L, $input) ? NULL : (char *)wl_raw_text(L, $input, NULL);
}
%typemap(out) const char * { lua_pushstring(L, $1); SWIG_arg++; }
%typemap(out) wherry_bytes_t {
  lua_pushlstring(L, (const char *)$1.data, $1.size);
  SWIG_arg++;
}

%typemap(in, numinputs=0) uint64_t *OUT (uint64_t it), uint32_t *OUT (uint32_t it),
  bool *OUT (bool it), wherry_valtype_t *OUT (wherry_valtype_t it), const char **OUT (const char *it)
  { $1 = &it; }
%typemap(argout) uint64_t *OUT, uint32_t *OUT {
  lua_pushinteger(L, (lua_Integer)*$1);
  SWIG_arg++;
}
%typemap(argout) bool *OUT { lua_pushboolean(L, *$1); SWIG_arg++; }
%typemap(argout) wherry_valtype_t *OUT { lua_pushstring(L, wherry_valtype_name(*$1)); SWIG_arg++; }
%typemap(argout) const char **OUT { lua_pushstring(L, *$1); SWIG_arg++; }

%typemap(in, numinputs=0) (char *text, size_t size) (char text_of[WH_BIND_TEXT])
  { $1 = text_of; $2 = sizeof text_of; }
%typemap(argout) (char *text, size_t size) {
  lua_pushstring(L, $1); /* in the place of the length */
  lua_remove(L, -2);
}

%typemap(out) wherry_error_t * {
  if ($1) return wl_raise(L, $1);
}

%typemap(in, numinputs=0) const wherry_allocator_t * { $1 = NULL; }

/* ---- Values of a store ---- */

%typemap(in) const wherry_value_t *value (wherry_value_t it),
  const wherry_value_t *initial (wherry_value_t it) {
  it = wl_raw_value(L, $input);
  $1 = &it;
}
%typemap(in, numinputs=0) wherry_value_t *out (wherry_value_t it) { $1 = &it; }
%typemap(argout) wherry_value_t *out { wl_raw_push_value(L, $1); SWIG_arg++; }
%typemap(in) const wherry_extern_t *item (wherry_extern_t it) {
  wl_raw_extern(L, $input, &it);
  $1 = &it;
}
%typemap(in, numinputs=0) wherry_extern_t *out (wherry_extern_t it) { $1 = &it; }
%typemap(argout) wherry_extern_t *out { wl_raw_push_extern(L, $1); SWIG_arg++; }

/* ---- Handles, entities, parts ---- */

/* A new handle goes straight into its userdata, which is made before the call. */
%define WHERRY_HANDLE(NOUN)
%typemap(in) wherry_##NOUN##_t *, const wherry_##NOUN##_t * { $1 = wl_raw_##NOUN(L, $input); }
%typemap(out) wherry_##NOUN##_t *, const wherry_##NOUN##_t * {
  wl_raw_lend_##NOUN(L, (wherry_##NOUN##_t *)$1);
  SWIG_arg++;
}
%typemap(in, numinputs=0) const wherry_##NOUN##_t **out (const wherry_##NOUN##_t *it) { $1 = &it; }
%typemap(check) const wherry_##NOUN##_t **out { /* it is made afterwards */ }
%typemap(argout) const wherry_##NOUN##_t **out {
  wl_raw_lend_##NOUN(L, (wherry_##NOUN##_t *)*$1);
  SWIG_arg++;
}
%enddef
%define WHERRY_GIVEN(NOUN)
%typemap(in, numinputs=0) wherry_##NOUN##_t **out (int box) { $1 = NULL; }
%typemap(check) wherry_##NOUN##_t **out { /* here the arguments have been counted */
  $1 = wl_raw_box_##NOUN(L);
  box$argnum = lua_gettop(L);
}
%typemap(argout) wherry_##NOUN##_t **out { lua_pushvalue(L, box$argnum); SWIG_arg++; }
%enddef
%define WHERRY_LENT(NOUN)
%typemap(check) wherry_##NOUN##_t **out { /* it is made afterwards */ }
%typemap(in, numinputs=0) wherry_##NOUN##_t **out (wherry_##NOUN##_t *it) { $1 = &it; }
%typemap(argout) wherry_##NOUN##_t **out { wl_raw_lend_##NOUN(L, *$1); SWIG_arg++; }
%enddef
%define WHERRY_ENTITY(NOUN)
%typemap(in) (wherry_store_t *store, wherry_##NOUN##_t NOUN) {
  $2 = wl_raw_##NOUN(L, $input, &$1);
}
%typemap(in) wherry_##NOUN##_t (wherry_store_t *ignored) {
  $1 = wl_raw_##NOUN(L, $input, &ignored);
}
%typemap(in, numinputs=0) wherry_##NOUN##_t *out (wherry_##NOUN##_t it) { $1 = &it; }
%typemap(argout) wherry_##NOUN##_t *out { wl_raw_push_##NOUN(L, *$1); SWIG_arg++; }
%enddef
%define WHERRY_PART(NOUN)
%typemap(in) const wherry_##NOUN##_t * { $1 = wl_raw_part(L, $input, #NOUN); }
%typemap(out) const wherry_##NOUN##_t * { wl_raw_push_part(L, #NOUN, $1); SWIG_arg++; }
%typemap(in, numinputs=0) const wherry_##NOUN##_t **out (const wherry_##NOUN##_t *it) { $1 = &it; }
%typemap(argout) const wherry_##NOUN##_t **out { wl_raw_push_part(L, #NOUN, *$1); SWIG_arg++; }
%enddef
%define WHERRY_DATA(DATA, SIZE)
%typemap(in) (const uint8_t *DATA, size_t SIZE) { $1 = (uint8_t *)wl_raw_text(L, $input, &$2); }
%enddef
%define WHERRY_TEXT(DATA, SIZE)
%typemap(in) (const char *DATA, size_t SIZE) { $1 = (char *)wl_raw_text(L, $input, &$2); }
%enddef

/* No configuration is one of defaults. */
%typemap(in) const wherry_config_t *config {
  $1 = lua_isnil(L, $input) ? NULL : wl_raw_config(L, $input);
}

/* Runs guests: by hand, as all that does, so that host functions find their way to Lua. */
%ignore wherry_linker_instantiate;

%include "wherry.i"
