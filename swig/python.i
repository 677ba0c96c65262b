/* Python: every public function as a function of the extension module wherry._wherry. The package's
   own classes (wherry/_explicit.py) give them methods and properties. */
%module _wherry

%{
#include "shim.h"
%}

%init %{
  if (wpy_init(m) < 0) return NULL;
%}

/* ---- Integers, truth, text ---- */

%typemap(in) uint64_t, size_t { if (!wpy_u64_arg($input, UINT64_MAX, "u64", &$1)) SWIG_fail; }
%typemap(in) uint32_t {
  uint64_t whole;
  if (!wpy_u64_arg($input, UINT32_MAX, "u32", &whole)) SWIG_fail;
  $1 = (uint32_t)whole;
}
%typemap(in) enum SWIGTYPE {
  uint64_t whole;
  if (!wpy_u64_arg($input, INT32_MAX, "$1_basetype", &whole)) SWIG_fail;
  $1 = ($1_type)whole;
}
%typemap(in) bool {
  int truth = PyObject_IsTrue($input);
  if (truth < 0) SWIG_fail;
  $1 = truth != 0;
}
%typemap(in) wherry_valtype_t { if (!wpy_valtype_from($input, &$1)) SWIG_fail; }
%typemap(in) const char * { if (!($1 = (char *)PyUnicode_AsUTF8($input))) SWIG_fail; }
%typemap(in) const char *file, const char *world {
  $1 = NULL;
  if ($input != Py_None && !($1 = (char *)PyUnicode_AsUTF8($input))) SWIG_fail;
}
%typemap(freearg) const char *, const char *file, const char *world ""

%typemap(out) uint64_t, size_t { $result = PyLong_FromUnsignedLongLong($1); }
%typemap(out) uint32_t { $result = PyLong_FromUnsignedLong($1); }
%typemap(out) int32_t { $result = PyLong_FromLong($1); }
%typemap(out) bool { $result = PyBool_FromLong($1); }
%typemap(out) wherry_valtype_t { $result = wpy_valtype_name($1); }
%typemap(out) const char * { $result = wpy_text($1); }
%typemap(out) wherry_bytes_t { $result = PyBytes_FromStringAndSize((const char *)$1.data, (Py_ssize_t)$1.size); }

%typemap(in, numinputs=0) uint64_t *OUT (uint64_t it), uint32_t *OUT (uint32_t it),
  bool *OUT (bool it), wherry_valtype_t *OUT (wherry_valtype_t it), const char **OUT (const char *it)
  { $1 = &it; }
%typemap(argout) uint64_t *OUT {
  $result = SWIG_Python_AppendOutput($result, PyLong_FromUnsignedLongLong(*$1));
}
%typemap(argout) uint32_t *OUT {
  $result = SWIG_Python_AppendOutput($result, PyLong_FromUnsignedLong(*$1));
}
%typemap(argout) bool *OUT { $result = SWIG_Python_AppendOutput($result, PyBool_FromLong(*$1)); }
%typemap(argout) wherry_valtype_t *OUT {
  $result = SWIG_Python_AppendOutput($result, wpy_valtype_name(*$1));
}
%typemap(argout) const char **OUT { $result = SWIG_Python_AppendOutput($result, wpy_text(*$1)); }

%typemap(in, numinputs=0) (char *text, size_t size) (char text_of[WH_BIND_TEXT])
  { $1 = text_of; $2 = sizeof text_of; }
%typemap(argout) (char *text, size_t size) {
  Py_XDECREF($result);
  $result = wpy_text($1);
}

%typemap(out) wherry_error_t * {
  if ($1) {
    wpy_raise($1);
    SWIG_fail;
  }
  $result = SWIG_Py_Void();
}

%typemap(in, numinputs=0) const wherry_allocator_t * { $1 = NULL; }

/* ---- Values of a store ---- */

%typemap(in) const wherry_value_t *value (wherry_value_t it),
  const wherry_value_t *initial (wherry_value_t it) {
  if (!wpy_value_from($input, arg1, &it)) SWIG_fail;
  $1 = &it;
}
%typemap(in, numinputs=0) wherry_value_t *out (wherry_value_t it) { $1 = &it; }
%typemap(argout) wherry_value_t *out {
  $result = SWIG_Python_AppendOutput($result, wpy_value_make($1, arg1));
}
%typemap(in) const wherry_extern_t *item (wherry_extern_t it) {
  if (!wpy_extern_from($input, &it)) SWIG_fail;
  $1 = &it;
}
%typemap(in, numinputs=0) wherry_extern_t *out (wherry_extern_t it) { $1 = &it; }
%typemap(argout) wherry_extern_t *out {
  $result = SWIG_Python_AppendOutput($result, wpy_extern_make($1));
}

/* ---- Handles, entities, parts ---- */

%define WHERRY_HANDLE(NOUN)
%typemap(in) wherry_##NOUN##_t *, const wherry_##NOUN##_t * {
  if (!($1 = wpy_##NOUN##_from($input))) SWIG_fail;
}
%typemap(out) wherry_##NOUN##_t *, const wherry_##NOUN##_t * {
  $result = wpy_##NOUN##_lent((wherry_##NOUN##_t *)$1);
}
%typemap(in, numinputs=0) wherry_##NOUN##_t **out (wherry_##NOUN##_t *it) { $1 = &it; }
%typemap(in, numinputs=0) const wherry_##NOUN##_t **out (const wherry_##NOUN##_t *it) { $1 = &it; }
%typemap(argout) const wherry_##NOUN##_t **out {
  $result = SWIG_Python_AppendOutput($result, wpy_##NOUN##_lent((wherry_##NOUN##_t *)*$1));
}
%enddef
%define WHERRY_GIVEN(NOUN)
%typemap(argout) wherry_##NOUN##_t **out {
  $result = SWIG_Python_AppendOutput($result, wpy_##NOUN##_given(*$1));
}
%enddef
%define WHERRY_LENT(NOUN)
%typemap(argout) wherry_##NOUN##_t **out {
  $result = SWIG_Python_AppendOutput($result, wpy_##NOUN##_lent(*$1));
}
%enddef
%define WHERRY_ENTITY(NOUN)
%typemap(in) (wherry_store_t *store, wherry_##NOUN##_t NOUN) {
  if (!wpy_##NOUN##_from($input, &$1, &$2)) SWIG_fail;
}
%typemap(in) wherry_##NOUN##_t (wherry_store_t *ignored) {
  if (!wpy_##NOUN##_from($input, &ignored, &$1)) SWIG_fail;
}
%typemap(in, numinputs=0) wherry_##NOUN##_t *out (wherry_##NOUN##_t it) { $1 = &it; }
%typemap(argout) wherry_##NOUN##_t *out {
  $result = SWIG_Python_AppendOutput($result, wpy_##NOUN##_make(*$1));
}
%enddef
%define WHERRY_PART(NOUN)
%typemap(in) const wherry_##NOUN##_t * {
  if (!($1 = wpy_part_from($input, WPY_PART_##NOUN))) SWIG_fail;
}
%typemap(out) const wherry_##NOUN##_t * { $result = wpy_part_make(WPY_PART_##NOUN, $1, swig_obj[0]); }
%typemap(in, numinputs=0) const wherry_##NOUN##_t **out (const wherry_##NOUN##_t *it) { $1 = &it; }
%typemap(argout) const wherry_##NOUN##_t **out {
  $result = SWIG_Python_AppendOutput($result, wpy_part_make(WPY_PART_##NOUN, *$1, swig_obj[0]));
}
%enddef
%define WHERRY_DATA(DATA, SIZE)
%typemap(in) (const uint8_t *DATA, size_t SIZE) (Py_buffer buffer = {0}) {
  if (PyObject_GetBuffer($input, &buffer, PyBUF_SIMPLE) < 0) SWIG_fail;
  $1 = buffer.buf;
  $2 = (size_t)buffer.len;
}
%typemap(freearg) (const uint8_t *DATA, size_t SIZE) { PyBuffer_Release(&buffer$argnum); }
%enddef
%define WHERRY_TEXT(DATA, SIZE)
%typemap(in) (const char *DATA, size_t SIZE) {
  Py_ssize_t length;
  if (!($1 = (char *)PyUnicode_AsUTF8AndSize($input, &length))) SWIG_fail;
  $2 = (size_t)length;
}
%typemap(freearg) (const char *DATA, size_t SIZE) ""
%enddef

/* No configuration is one of defaults. */
%typemap(in) const wherry_config_t *config {
  $1 = NULL;
  if ($input != Py_None && !($1 = wpy_config_from($input))) SWIG_fail;
}

/* The shim's own object notes that its store is closed. */
%ignore wherry_store_close;

%include "wherry.i"
