/* Results of component-level functions: how canon makes Python's objects; and the table of both. */
#include "shim.h"

#include <string.h>

static wherry_error_t *give(PyObject *object, wherry_host_value_t *out) {
  *out = (wherry_host_value_t)object;
  return object ? NULL : wpy_error_from_exception();
}

static wherry_error_t *make_number(void *context, const wherry_type_t *type, wherry_slot_t value,
                                   wherry_host_value_t *out) {
  (void)context;
  switch (wherry_type_kind(type)) {
  case WHERRY_TYPE_BOOL: return give(PyBool_FromLong(value.u64 != 0), out);
  case WHERRY_TYPE_U64: return give(PyLong_FromUnsignedLongLong(value.u64), out);
  case WHERRY_TYPE_F32: return give(PyFloat_FromDouble((double)value.f32), out);
  case WHERRY_TYPE_F64: return give(PyFloat_FromDouble(value.f64), out);
  case WHERRY_TYPE_CHAR: return give(PyUnicode_FromOrdinal((int)value.u32), out);
  default: return give(PyLong_FromLongLong(value.i64), out);
  }
}

static wherry_error_t *make_string(void *context, const char *text, size_t size, bool is_ascii,
                                   wherry_host_value_t *out) {
  (void)context;
  if (!is_ascii || size == 0)
    return give(PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "strict"), out);
  PyObject *string = PyUnicode_New((Py_ssize_t)size, 127);
  if (string) memcpy(PyUnicode_DATA(string), text, size);
  return give(string, out);
}

#define NUMBERS(kind, ctype, make)                                            \
  case kind:                                                                  \
    for (size_t i = 0; i < count; i++) {                                      \
      ctype number;                                                           \
      memcpy(&number, (const char *)data + i * sizeof number, sizeof number); \
      PyObject *item = make(number);                                          \
      if (!item) {                                                            \
        Py_DECREF(list);                                                      \
        return give(NULL, out);                                               \
      }                                                                       \
      PyList_SET_ITEM(list, (Py_ssize_t)i, item);                             \
    }                                                                         \
    break;

static wherry_error_t *make_numbers(void *context, const wherry_type_t *type, const void *data,
                                    size_t count, wherry_host_value_t *out) {
  wherry_type_kind_t kind = wherry_type_kind(wherry_type_element(type));
  (void)context;
  if (kind == WHERRY_TYPE_U8) return give(PyBytes_FromStringAndSize(data, (Py_ssize_t)count), out);
  PyObject *list = PyList_New((Py_ssize_t)count);
  if (!list) return give(NULL, out);
  switch (kind) {
    NUMBERS(WHERRY_TYPE_S8, int8_t, PyLong_FromLong)
    NUMBERS(WHERRY_TYPE_S16, int16_t, PyLong_FromLong)
    NUMBERS(WHERRY_TYPE_U16, uint16_t, PyLong_FromLong)
    NUMBERS(WHERRY_TYPE_S32, int32_t, PyLong_FromLong)
    NUMBERS(WHERRY_TYPE_U32, uint32_t, PyLong_FromUnsignedLong)
    NUMBERS(WHERRY_TYPE_S64, int64_t, PyLong_FromLongLong)
    NUMBERS(WHERRY_TYPE_U64, uint64_t, PyLong_FromUnsignedLongLong)
    NUMBERS(WHERRY_TYPE_F32, float, PyFloat_FromDouble)
    NUMBERS(WHERRY_TYPE_F64, double, PyFloat_FromDouble)
  default: Py_UNREACHABLE();
  }
  return give(list, out);
}

static wherry_error_t *make_start(void *context, const wherry_type_t *type, size_t count,
                                  wherry_host_value_t *out) {
  wpy_context_t *call = context;
  PyTypeObject *class;
  switch (wherry_type_kind(type)) {
  case WHERRY_TYPE_RECORD:
    class = wpy_record_class(call->module, type);
    return give(class ? class->tp_alloc(class, 0) : NULL, out);
  case WHERRY_TYPE_TUPLE: return give(PyTuple_New((Py_ssize_t)count), out);
  default: return give(PyList_New((Py_ssize_t)count), out);
  }
}

static wherry_error_t *make_set(void *context, const wherry_type_t *type, wherry_host_value_t value,
                                size_t index, wherry_host_value_t item) {
  PyObject *object = (PyObject *)value;
  (void)context;
  switch (wherry_type_kind(type)) {
  case WHERRY_TYPE_RECORD: wpy_record_fields(object)[index] = (PyObject *)item; break;
  case WHERRY_TYPE_TUPLE: PyTuple_SET_ITEM(object, (Py_ssize_t)index, (PyObject *)item); break;
  default: PyList_SET_ITEM(object, (Py_ssize_t)index, (PyObject *)item);
  }
  return NULL;
}

static wherry_error_t *make_finish(void *context, const wherry_type_t *type,
                                   wherry_host_value_t *value) {
  (void)context, (void)type, (void)value;
  return NULL;
}

static void drop(void *context, wherry_host_value_t value) {
  (void)context;
  Py_XDECREF((PyObject *)value);
}

const wherry_host_values_t wpy_host_values = {
    .take_number = wpy_take_number,
    .take_string = wpy_take_string,
    .take_list = wpy_take_list,
    .take_item = wpy_take_item,
    .release_view = wpy_release_view,
    .drop = drop,
    .make_number = make_number,
    .make_string = make_string,
    .make_numbers = make_numbers,
    .make_start = make_start,
    .make_set = make_set,
    .make_finish = make_finish,
};
