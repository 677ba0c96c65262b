/* Arguments of component-level functions: how canon reads Python's objects. Code of the user's may
   run here (__index__, __getitem__), so what is read is held, and lengths are looked at again. */
#include "shim.h"

#include <string.h>

wherry_error_t *wpy_type_error(const char *expected, PyObject *got) {
  char text[WH_BIND_TEXT];
  wh_bind_text_type(text, sizeof text, NULL, expected, wpy_type_name(got));
  return wherry_error_new(WHERRY_ERROR_TYPE, text);
}

static wherry_error_t *range_error(PyObject *number, const char *type) {
  char text[WH_BIND_TEXT];
  PyObject *digits = _PyLong_NumBits(number) < 200 ? PyObject_Str(number) : NULL;
  const char *value = digits ? PyUnicode_AsUTF8(digits) : NULL;
  wh_bind_text_range(text, sizeof text, NULL, value ? value : "the int", type);
  Py_XDECREF(digits);
  PyErr_Clear();
  return wherry_error_new(WHERRY_ERROR_RANGE, text);
}

/* ---- Numbers ---- */

static bool limits(wherry_type_kind_t kind, int64_t *low, int64_t *high) {
  switch (kind) {
  case WHERRY_TYPE_S8: *low = INT8_MIN, *high = INT8_MAX; return true;
  case WHERRY_TYPE_U8: *low = 0, *high = UINT8_MAX; return true;
  case WHERRY_TYPE_S16: *low = INT16_MIN, *high = INT16_MAX; return true;
  case WHERRY_TYPE_U16: *low = 0, *high = UINT16_MAX; return true;
  case WHERRY_TYPE_S32: *low = INT32_MIN, *high = INT32_MAX; return true;
  case WHERRY_TYPE_U32: *low = 0, *high = UINT32_MAX; return true;
  case WHERRY_TYPE_S64: *low = INT64_MIN, *high = INT64_MAX; return true;
  case WHERRY_TYPE_U64: *low = 0, *high = INT64_MAX; return true; /* above: take_big */
  default: return false;
  }
}

/* Ints that are not small, and what has __index__. */
static wherry_error_t *take_big(const wherry_type_t *type, PyObject *object, wherry_slot_t *out) {
  wherry_type_kind_t kind = wherry_type_kind(type);
  const char *name = wherry_type_kind_name(kind);
  int64_t low, high;
  int overflow;
  if (!PyIndex_Check(object)) return wpy_type_error(name, object);
  PyObject *number = PyNumber_Index(object);
  if (!number) return wpy_error_from_exception();
  limits(kind, &low, &high);
  wherry_error_t *error = NULL;
  long long whole = PyLong_AsLongLongAndOverflow(number, &overflow);
  if (!overflow && whole >= low && whole <= high) {
    out->i64 = whole;
  } else if (overflow > 0 && kind == WHERRY_TYPE_U64) {
    out->u64 = PyLong_AsUnsignedLongLong(number);
    if (PyErr_Occurred()) error = range_error(number, name);
  } else {
    error = range_error(number, name);
  }
  Py_DECREF(number);
  return error;
}

static wherry_error_t *take_float(wherry_type_kind_t kind, PyObject *object, wherry_slot_t *out) {
  double number;
  if (PyFloat_Check(object)) {
    number = PyFloat_AS_DOUBLE(object);
  } else {
    PyNumberMethods *methods = Py_TYPE(object)->tp_as_number;
    if (!methods || !(methods->nb_float || methods->nb_index))
      return wpy_type_error(wherry_type_kind_name(kind), object);
    number = PyFloat_AsDouble(object);
    if (number == -1.0 && PyErr_Occurred()) return wpy_error_from_exception();
  }
  if (kind == WHERRY_TYPE_F32)
    out->f32 = (float)number;
  else
    out->f64 = number;
  return NULL;
}

static wherry_error_t *take_char(PyObject *object, wherry_slot_t *out) {
  if (!PyUnicode_Check(object)) return wpy_type_error("char (a str of 1)", object);
  if (PyUnicode_READY(object) < 0) return wpy_error_from_exception();
  if (PyUnicode_GET_LENGTH(object) != 1) {
    char text[WH_BIND_TEXT];
    PyOS_snprintf(text, sizeof text, "expected char (a str of 1), got a str of %zd",
                  PyUnicode_GET_LENGTH(object));
    return wherry_error_new(WHERRY_ERROR_TYPE, text);
  }
  out->u64 = PyUnicode_READ_CHAR(object, 0);
  if (out->u64 >= 0xD800 && out->u64 < 0xE000)
    return wherry_error_new(WHERRY_ERROR_TYPE, "expected char, got a lone surrogate");
  return NULL;
}

wherry_error_t *wpy_take_number(void *context, const wherry_type_t *type, wherry_host_value_t value,
                                wherry_slot_t *out) {
  PyObject *object = (PyObject *)value;
  wherry_type_kind_t kind = wherry_type_kind(type);
  int64_t low, high, small;
  (void)context;
  if (limits(kind, &low, &high)) {
    if (!wpy_small_int(object, &small) || small < low || small > high)
      return take_big(type, object, out);
    out->i64 = small;
    return NULL;
  }
  switch (kind) {
  case WHERRY_TYPE_F32:
  case WHERRY_TYPE_F64: return take_float(kind, object, out);
  case WHERRY_TYPE_CHAR: return take_char(object, out);
  default:
    if (!PyBool_Check(object)) return wpy_type_error("bool", object);
    out->u64 = object == Py_True;
    return NULL;
  }
}

/* ---- Strings and lists ---- */

/* A view holds an object (the word is its address), a buffer (+ 1), or memory of its own (+ 2). */
enum { HOLDS_OBJECT, HOLDS_BUFFER, HOLDS_MEMORY, HOLDS_MASK = 3 };

void wpy_release_view(void *context, wherry_host_view_t *view) {
  void *held = (void *)(view->hold & ~(uintptr_t)HOLDS_MASK);
  (void)context;
  switch (view->hold & HOLDS_MASK) {
  case HOLDS_OBJECT: Py_XDECREF((PyObject *)held); break;
  case HOLDS_BUFFER:
    PyBuffer_Release(held);
    PyMem_Free(held);
    break;
  default: PyMem_Free(held);
  }
}

static wherry_error_t *hold_object(wherry_host_view_t *view, PyObject *object, const void *data,
                                   size_t count) {
  view->data = data;
  view->count = count;
  view->hold = (uintptr_t)Py_NewRef(object);
  return NULL;
}

wherry_error_t *wpy_take_string(void *context, wherry_host_value_t value,
                                wherry_host_view_t *view) {
  PyObject *object = (PyObject *)value;
  Py_ssize_t size;
  (void)context;
  if (!PyUnicode_Check(object)) return wpy_type_error("string", object);
  const char *text = PyUnicode_AsUTF8AndSize(object, &size);
  if (text) return hold_object(view, object, text, (size_t)size);
  if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return wpy_error_from_exception();
  PyErr_Clear();
  char message[WH_BIND_TEXT];
  Py_ssize_t at = 0, length = PyUnicode_GET_LENGTH(object);
  for (; at < length; at++) {
    Py_UCS4 c = PyUnicode_READ_CHAR(object, at);
    if (c >= 0xD800 && c < 0xE000) break;
  }
  PyOS_snprintf(message, sizeof message,
                "expected string, got a str with a lone surrogate at index %zd", at);
  return wherry_error_new(WHERRY_ERROR_TYPE, message);
}

/* Does a buffer's format say numbers of this kind, in the machine's byte order? */
static bool format_fits(const Py_buffer *buffer, wherry_type_kind_t kind) {
  static const struct {
    const char *letters;
    Py_ssize_t size;
  } formats[] = {
      [WHERRY_TYPE_S8] = {"b", 1},    [WHERRY_TYPE_U8] = {"Bc", 1},   [WHERRY_TYPE_S16] = {"h", 2},
      [WHERRY_TYPE_U16] = {"H", 2},   [WHERRY_TYPE_S32] = {"il", 4},  [WHERRY_TYPE_U32] = {"IL", 4},
      [WHERRY_TYPE_S64] = {"qln", 8}, [WHERRY_TYPE_U64] = {"QLN", 8}, [WHERRY_TYPE_F32] = {"f", 4},
      [WHERRY_TYPE_F64] = {"d", 8}};
  const char *format = buffer->format ? buffer->format : "B";
  if (*format == '@' || *format == '=' || *format == '<') format++;
  return *format && !format[1] && buffer->itemsize == formats[kind].size &&
         strchr(formats[kind].letters, *format);
}

static bool is_number(wherry_type_kind_t kind) {
  return kind >= WHERRY_TYPE_S8 && kind <= WHERRY_TYPE_F64;
}

static wherry_error_t *take_buffer(const wherry_type_t *type, PyObject *object,
                                   wherry_host_view_t *view) {
  wherry_type_kind_t kind = wherry_type_kind(wherry_type_element(type));
  Py_buffer *buffer = PyMem_New(Py_buffer, 1);
  char text[WH_BIND_TEXT], name[WH_BIND_TEXT / 2];
  if (!buffer) return PyErr_NoMemory(), wpy_error_from_exception();
  if (PyObject_GetBuffer(object, buffer, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0) {
    PyMem_Free(buffer);
    return wpy_error_from_exception();
  }
  if (is_number(kind) && format_fits(buffer, kind)) {
    view->data = buffer->len ? buffer->buf : "";
    view->count = (size_t)(buffer->len / buffer->itemsize);
    view->hold = (uintptr_t)buffer | HOLDS_BUFFER;
    return NULL;
  }
  wherry_type_print(type, name, sizeof name);
  PyOS_snprintf(text, sizeof text, "expected %s, got %s of format '%s'", name,
                wpy_type_name(object), buffer->format ? buffer->format : "B");
  PyBuffer_Release(buffer);
  PyMem_Free(buffer);
  return wherry_error_new(WHERRY_ERROR_TYPE, text);
}

/* One pass over a list of plain numbers. False: something in it wants a closer look, item by item. */
static bool pack(wherry_type_kind_t kind, PyObject *const *items, size_t count, uint8_t *to) {
  int64_t low, high, small;
  if (limits(kind, &low, &high)) {
    size_t width = (size_t[]) {1, 1, 2, 2, 4, 4, 8, 8}[kind - WHERRY_TYPE_S8];
    for (size_t i = 0; i < count; i++, to += width) {
      if (!wpy_small_int(items[i], &small) || small < low || small > high) return false;
      switch (width) { /* little-endian hosts only */
      case 1: memcpy(to, &small, 1); break;
      case 2: memcpy(to, &small, 2); break;
      case 4: memcpy(to, &small, 4); break;
      default: memcpy(to, &small, 8); break;
      }
    }
    return true;
  }
  for (size_t i = 0; i < count; i++) {
    if (!PyFloat_CheckExact(items[i])) return false;
    double number = PyFloat_AS_DOUBLE(items[i]);
    float narrow = (float)number;
    if (kind == WHERRY_TYPE_F32)
      memcpy(to + 4 * i, &narrow, sizeof narrow);
    else
      memcpy(to + 8 * i, &number, sizeof number);
  }
  return true;
}

wherry_error_t *wpy_take_list(void *context, const wherry_type_t *type, wherry_host_value_t value,
                              wherry_host_view_t *view) {
  PyObject *object = (PyObject *)value;
  wherry_type_kind_t kind = wherry_type_kind(wherry_type_element(type));
  (void)context;
  if (PyBytes_CheckExact(object) && kind == WHERRY_TYPE_U8)
    return hold_object(view, object, PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object));
  if (PyList_Check(object) || PyTuple_Check(object)) {
    size_t count = (size_t)PySequence_Fast_GET_SIZE(object);
    if (!is_number(kind)) return hold_object(view, object, NULL, count);
    uint8_t *packed = PyMem_Malloc(8 * count + 1);
    if (packed && pack(kind, PySequence_Fast_ITEMS(object), count, packed)) {
      *view = (wherry_host_view_t) {packed, count, (uintptr_t)packed | HOLDS_MEMORY};
      return NULL;
    }
    PyMem_Free(packed);
    return hold_object(view, object, NULL, count);
  }
  if (PyObject_CheckBuffer(object)) return take_buffer(type, object, view);
  if (!PySequence_Check(object) || PyUnicode_Check(object) || PyDict_Check(object)) {
    char name[WH_BIND_TEXT];
    wherry_type_print(type, name, sizeof name);
    return wpy_type_error(name, object);
  }
  Py_ssize_t count = PySequence_Size(object);
  if (count < 0) return wpy_error_from_exception();
  return hold_object(view, object, NULL, (size_t)count);
}

/* ---- Items ---- */

static wherry_error_t *sequence_item(PyObject *object, size_t index, PyObject **item) {
  if (PyList_Check(object) || PyTuple_Check(object)) {
    if (index >= (size_t)PySequence_Fast_GET_SIZE(object))
      return wherry_error_new(WHERRY_ERROR_TYPE, "the list became shorter while it was read");
    *item = Py_NewRef(PySequence_Fast_GET_ITEM(object, (Py_ssize_t)index));
    return NULL;
  }
  *item = PySequence_GetItem(object, (Py_ssize_t)index);
  return *item ? NULL : wpy_error_from_exception();
}

static wherry_error_t *tuple_item(const wherry_type_t *type, PyObject *object, size_t index,
                                  PyObject **item) {
  size_t want = wherry_type_field_count(type);
  char text[WH_BIND_TEXT], name[WH_BIND_TEXT / 2];
  wherry_type_print(type, name, sizeof name);
  if (!PyTuple_Check(object) && !PyList_Check(object)) return wpy_type_error(name, object);
  size_t got = (size_t)PySequence_Fast_GET_SIZE(object);
  if (got == want) return sequence_item(object, index, item);
  PyOS_snprintf(text, sizeof text, "expected %s, got %zu items", name, got);
  return wherry_error_new(WHERRY_ERROR_TYPE, text);
}

static wherry_error_t *field_error(const char *what, PyObject *name) {
  char text[WH_BIND_TEXT];
  const char *utf8 = PyUnicode_Check(name) ? PyUnicode_AsUTF8(name) : NULL;
  PyErr_Clear();
  PyOS_snprintf(text, sizeof text, "%s%s%s", what, utf8 ? " " : "", utf8 ? utf8 : "");
  return wherry_error_new(WHERRY_ERROR_TYPE, text);
}

/* A mapping says its fields by their Python names or as WIT spells them, and no others. */
static wherry_error_t *mapping_item(PyTypeObject *class, const wherry_type_t *type,
                                    PyObject *object, size_t index, PyObject **item) {
  PyObject *names = wpy_record_names(class), *name = PyTuple_GET_ITEM(names, (Py_ssize_t)index);
  if (index == 0 && PyDict_Check(object) && PyDict_GET_SIZE(object) > PyTuple_GET_SIZE(names)) {
    PyObject *key, *value;
    for (Py_ssize_t at = 0; PyDict_Next(object, &at, &key, &value);) {
      int known = PySequence_Contains(names, key);
      if (known < 0) return wpy_error_from_exception();
      if (!known) return field_error("the record has no field", key);
    }
  }
  *item = PyDict_CheckExact(object) ? Py_XNewRef(PyDict_GetItemWithError(object, name))
                                    : PyObject_GetItem(object, name);
  if (!*item && (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_LookupError))) {
    PyErr_Clear();
    *item = PyMapping_GetItemString(object, wherry_type_field_name(type, index));
  }
  if (*item) return NULL;
  if (!PyErr_ExceptionMatches(PyExc_LookupError)) return wpy_error_from_exception();
  PyErr_Clear();
  return field_error("the mapping lacks the field", name);
}

static wherry_error_t *record_item(wpy_context_t *context, const wherry_type_t *type,
                                   PyObject *object, size_t index, PyObject **item) {
  PyTypeObject *class = wpy_record_class(context->module, type);
  if (!class) return wpy_error_from_exception();
  if (Py_TYPE(object) == class && (*item = Py_XNewRef(wpy_record_fields(object)[index])))
    return NULL;
  PyObject *name = PyTuple_GET_ITEM(wpy_record_names(class), (Py_ssize_t)index);
  if (Py_TYPE(object) == class) return field_error("the record lacks the field", name);
  if (PyDict_Check(object)) return mapping_item(class, type, object, index, item);
  /* Any object with such attributes will do: a dataclass, a named tuple, the record of another
     load of the same guest. */
  *item = PyObject_GetAttr(object, name);
  if (*item) return NULL;
  if (!PyErr_ExceptionMatches(PyExc_AttributeError)) return wpy_error_from_exception();
  PyErr_Clear();
  if (PyMapping_Check(object) && !PySequence_Check(object))
    return mapping_item(class, type, object, index, item);
  PyObject *keys = PyObject_GetAttrString(object, "keys"); /* a mapping that Python code defines */
  if (keys) {
    Py_DECREF(keys);
    return mapping_item(class, type, object, index, item);
  }
  PyErr_Clear();
  char text[WH_BIND_TEXT], spelled[WH_BIND_TEXT / 2];
  wherry_type_print(type, spelled, sizeof spelled);
  PyOS_snprintf(text, sizeof text, "record %s", spelled);
  return wpy_type_error(text, object);
}

wherry_error_t *wpy_take_item(void *context, const wherry_type_t *type, wherry_host_value_t value,
                              size_t index, wherry_host_value_t *item) {
  PyObject *object = (PyObject *)value, *found = NULL;
  wherry_error_t *error;
  switch (wherry_type_kind(type)) {
  case WHERRY_TYPE_RECORD: error = record_item(context, type, object, index, &found); break;
  case WHERRY_TYPE_TUPLE: error = tuple_item(type, object, index, &found); break;
  default: error = sequence_item(object, index, &found);
  }
  *item = (wherry_host_value_t)found;
  return error;
}
