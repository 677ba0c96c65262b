/* Integers, names and types, both ways. */
#include "shim.h"

#include <string.h>

const char *wpy_type_name(PyObject *object) {
  const char *name = Py_TYPE(object)->tp_name;
  const char *dot = strrchr(name, '.');
  return object == Py_None ? "None" : dot ? dot + 1 : name;
}

/* Numbers of any length: 2**1000000 is told by its size. */
static void raise_range(PyObject *number, const char *type, const wh_bind_place_t *place) {
  char text[WH_BIND_TEXT], value[WH_BIND_TEXT / 4];
  size_t bits = _PyLong_NumBits(number);
  if (bits <= 200) {
    PyObject *digits = PyObject_Str(number);
    const char *utf8 = digits ? PyUnicode_AsUTF8(digits) : NULL;
    PyOS_snprintf(value, sizeof value, "%s", utf8 ? utf8 : "?");
    Py_XDECREF(digits);
  } else {
    PyOS_snprintf(value, sizeof value, "an int of %zu bits", bits);
  }
  PyErr_Clear();
  wh_bind_text_range(text, sizeof text, place, value, type);
  wpy_raise_text(WPY_RANGE_ERROR, text);
}

/* A new reference to an int, NULL: what came is none. */
static PyObject *index_of(PyObject *object, const char *type, const wh_bind_place_t *place) {
  if (PyLong_CheckExact(object)) return Py_NewRef(object);
  if (PyIndex_Check(object)) return PyNumber_Index(object);
  char text[WH_BIND_TEXT];
  wh_bind_text_type(text, sizeof text, place, type, wpy_type_name(object));
  PyErr_SetString(PyExc_TypeError, text);
  return NULL;
}

bool wpy_i64(PyObject *object, int64_t low, int64_t high, const char *type,
             const wh_bind_place_t *place, int64_t *value) {
  int64_t small;
  if (wpy_small_int(object, &small) && small >= low && small <= high) {
    *value = small;
    return true;
  }
  PyObject *number = index_of(object, type, place);
  if (!number) return false;
  int overflow;
  long long whole = PyLong_AsLongLongAndOverflow(number, &overflow);
  bool fits = !overflow && whole >= low && whole <= high;
  if (fits)
    *value = whole;
  else
    raise_range(number, type, place);
  Py_DECREF(number);
  return fits;
}

bool wpy_u64(PyObject *object, uint64_t high, const char *type, const wh_bind_place_t *place,
             uint64_t *value) {
  int64_t small;
  if (wpy_small_int(object, &small) && small >= 0 && (uint64_t)small <= high) {
    *value = (uint64_t)small;
    return true;
  }
  PyObject *number = index_of(object, type, place);
  if (!number) return false;
  unsigned long long whole = PyLong_AsUnsignedLongLong(number);
  bool fits = !(whole == (unsigned long long)-1 && PyErr_Occurred()) && whole <= high;
  PyErr_Clear();
  if (fits)
    *value = whole;
  else
    raise_range(number, type, place);
  Py_DECREF(number);
  return fits;
}

bool wpy_u64_arg(PyObject *object, uint64_t high, const char *type, uint64_t *value) {
  return wpy_u64(object, high, type, NULL, value);
}

bool wpy_address_slow(PyObject *object, uint64_t *address) {
  int64_t small;
  PyObject *number = index_of(object, "an address", NULL);
  if (!number) return false;
  bool done = wpy_small_int(number, &small) && small < 0 && small >= INT32_MIN;
  if (done)
    *address = (uint32_t)small;
  else
    done = wpy_u64(number, UINT64_MAX, "an address", NULL, address);
  Py_DECREF(number);
  return done;
}

static const struct {
  const char *name;
  wherry_valtype_t type;
} value_types[] = {{"i32", WHERRY_I32},         {"i64", WHERRY_I64},
                   {"f32", WHERRY_F32},         {"f64", WHERRY_F64},
                   {"funcref", WHERRY_FUNCREF}, {"externref", WHERRY_EXTERNREF},
                   {"v128", WHERRY_V128}};

bool wpy_valtype_from(PyObject *object, wherry_valtype_t *type) {
  if (PyUnicode_Check(object))
    for (size_t i = 0; i < sizeof value_types / sizeof *value_types; i++)
      if (PyUnicode_CompareWithASCIIString(object, value_types[i].name) == 0) {
        *type = value_types[i].type;
        return true;
      }
  PyErr_Format(PyExc_TypeError, "expected the name of a value type, such as 'i32', got %R", object);
  return false;
}

PyObject *wpy_valtype_name(wherry_valtype_t type) { return wpy_text(wherry_valtype_name(type)); }

PyObject *wpy_text(const char *text) {
  if (!text) Py_RETURN_NONE;
  return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

PyObject *wpy_name(wherry_bytes_t name) {
  return PyUnicode_DecodeUTF8((const char *)name.data, (Py_ssize_t)name.size, "replace");
}

/* Python's keywords, sorted as strcmp does. */
static const char *const keywords[] = {
    "False", "None",     "True",  "and",    "as",   "assert", "async",  "await",    "break",
    "class", "continue", "def",   "del",    "elif", "else",   "except", "finally",  "for",
    "from",  "global",   "if",    "import", "in",   "is",     "lambda", "nonlocal", "not",
    "or",    "pass",     "raise", "return", "try",  "while",  "with",   "yield"};

PyObject *wpy_snake(const char *name, size_t size) {
  char fixed[256], *room = fixed;
  size_t need = wh_bind_snake(fixed, sizeof fixed, name, size, keywords, Py_ARRAY_LENGTH(keywords));
  if (need >= sizeof fixed) {
    if (!(room = PyMem_Malloc(need + 2))) return PyErr_NoMemory();
    need = wh_bind_snake(room, need + 2, name, size, keywords, Py_ARRAY_LENGTH(keywords));
  }
  PyObject *snake = PyUnicode_DecodeUTF8(room, (Py_ssize_t)need, "replace");
  if (room != fixed) PyMem_Free(room);
  if (snake) PyUnicode_InternInPlace(&snake);
  return snake;
}
