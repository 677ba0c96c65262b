/* Values of the core specification: from objects into slots, and back. */
#include "shim.h"

#include <string.h>

/* A Value says its own type; what it holds was checked when it was made, but is checked again:
   Python objects change. A new reference to what it holds, or NULL. */
static PyObject *unwrap(PyObject *object, wherry_valtype_t type, const wh_bind_place_t *place) {
  if (!PyObject_IsInstance(object, wpy_class(WPY_VALUE))) return Py_NewRef(object);
  PyObject *own = PyObject_GetAttrString(object, "type"), *inner = NULL;
  if (own && PyUnicode_Check(own) &&
      PyUnicode_CompareWithASCIIString(own, wherry_valtype_name(type)) == 0) {
    inner = PyObject_GetAttrString(object, "value");
  } else if (own) {
    char text[WH_BIND_TEXT];
    const char *got = PyUnicode_Check(own) ? PyUnicode_AsUTF8(own) : NULL;
    wh_bind_text_type(text, sizeof text, place, wherry_valtype_name(type), got ? got : "?");
    PyErr_SetString(PyExc_TypeError, text);
  }
  Py_XDECREF(own);
  return inner;
}

static bool floating(PyObject *object, wherry_valtype_t type, const wh_bind_place_t *place,
                     double *out) {
  if (PyFloat_Check(object)) {
    *out = PyFloat_AS_DOUBLE(object);
    return true;
  }
  PyNumberMethods *number = Py_TYPE(object)->tp_as_number;
  if (PyUnicode_Check(object) || !number || !(number->nb_float || number->nb_index)) {
    char text[WH_BIND_TEXT];
    wh_bind_text_type(text, sizeof text, place, wherry_valtype_name(type), wpy_type_name(object));
    PyErr_SetString(PyExc_TypeError, text);
    return false;
  }
  *out = PyFloat_AsDouble(object);
  return !(*out == -1.0 && PyErr_Occurred());
}

/* One object, one reference: the same object comes back, and is the same to the guest. */
static bool externref(wpy_store_t *owner, PyObject *object, wherry_externref_t *out) {
  *out = (wherry_externref_t) {0};
  if (object == Py_None) return true;
  if (!wpy_open(owner)) return false;
  if (!owner->externs && !(owner->externs = PyDict_New())) return false;
  PyObject *key = PyLong_FromVoidPtr(object), *index = NULL;
  bool done = false;
  if (!key) return false;
  if ((index = PyDict_GetItemWithError(owner->externs, key))) {
    out->store = wherry_store_id(owner->store);
    out->index = PyLong_AsUnsignedLongLong(index);
    done = true;
  } else if (!PyErr_Occurred() && wpy_keep(&owner->kept, object)) {
    wherry_error_t *error = wh_bind_externref(owner->store, object, out);
    if (error) {
      wpy_raise(error);
    } else if ((index = PyLong_FromUnsignedLongLong(out->index))) {
      done = PyDict_SetItem(owner->externs, key, index) == 0;
      Py_DECREF(index);
    }
  }
  Py_DECREF(key);
  return done;
}

static bool reference(wpy_store_t *owner, PyObject *object, wherry_valtype_t type,
                      const wh_bind_place_t *place, wherry_value_t *value) {
  wherry_store_t *store;
  value->type = type;
  if (type == WHERRY_EXTERNREF) return externref(owner, object, &value->of.externref);
  value->of.func = (wherry_func_t) {0};
  if (object == Py_None) return true;
  if (PyObject_TypeCheck(object, &wpy_func_type))
    return wpy_func_from(object, &store, &value->of.func);
  char text[WH_BIND_TEXT];
  wh_bind_text_type(text, sizeof text, place, "a Func or None", wpy_type_name(object));
  PyErr_SetString(PyExc_TypeError, text);
  return false;
}

/* Anything with a buffer of 16 bytes. */
static bool vector(PyObject *object, const wh_bind_place_t *place, wherry_slot_t *slots) {
  Py_buffer view;
  char text[WH_BIND_TEXT], size[24];
  const char *got = wpy_type_name(object);
  bool done = false;
  if (PyObject_CheckBuffer(object)) {
    if (PyObject_GetBuffer(object, &view, PyBUF_SIMPLE) < 0) return false;
    if ((done = view.len == 16)) memcpy(slots, view.buf, 16);
    PyOS_snprintf(size, sizeof size, "%zd", view.len);
    PyBuffer_Release(&view);
    got = size;
  }
  if (done) return true;
  wh_bind_text_type(text, sizeof text, place, WH_BIND_V128, got);
  PyErr_SetString(PyExc_TypeError, text);
  return false;
}

static bool bare_slot(wpy_store_t *owner, PyObject *object, wherry_valtype_t type,
                      const wh_bind_place_t *place, wherry_slot_t *slot) {
  int64_t whole;
  uint64_t bits;
  double number;
  wherry_value_t value;
  switch (type) {
  case WHERRY_I32:
    if (!wpy_i64(object, INT32_MIN, UINT32_MAX, "i32", place, &whole)) return false;
    slot->u64 = (uint32_t)whole;
    return true;
  case WHERRY_I64:
    if (wpy_small_int(object, &whole)) {
      slot->i64 = whole;
      return true;
    }
    if (PyLong_Check(object) && _PyLong_Sign(object) >= 0) {
      if (!wpy_u64(object, UINT64_MAX, "i64", place, &bits)) return false;
      slot->u64 = bits;
      return true;
    }
    if (!PyLong_Check(object) && PyIndex_Check(object)) {
      PyObject *index = PyNumber_Index(object);
      bool done = index && bare_slot(owner, index, type, place, slot);
      Py_XDECREF(index);
      return done;
    }
    return wpy_i64(object, INT64_MIN, INT64_MAX, "i64", place, &slot->i64);
  case WHERRY_F32:
    if (!floating(object, type, place, &number)) return false;
    slot->u64 = 0;
    slot->f32 = (float)number;
    return true;
  case WHERRY_F64:
    if (!floating(object, type, place, &number)) return false;
    slot->f64 = number;
    return true;
  case WHERRY_V128: return vector(object, place, slot);
  case WHERRY_FUNCREF:
  case WHERRY_EXTERNREF: {
    if (!reference(owner, object, type, place, &value)) return false;
    wherry_error_t *error = wherry_value_to_slot(owner->store, &value, type, slot);
    if (error) wpy_raise(error);
    return !error;
  }
  default:
    PyErr_Format(PyExc_TypeError, "values of type %s cannot cross yet", wherry_valtype_name(type));
    return false;
  }
}

bool wpy_slot_from(wpy_store_t *owner, PyObject *object, wherry_valtype_t type,
                   const wh_bind_place_t *place, wherry_slot_t *slots) {
  if (PyLong_CheckExact(object) || PyFloat_CheckExact(object))
    return bare_slot(owner, object, type, place, slots);
  PyObject *inner = unwrap(object, type, place);
  bool done = inner && bare_slot(owner, inner, type, place, slots);
  Py_XDECREF(inner);
  return done;
}

static PyObject *extern_object(wpy_store_t *owner, wherry_externref_t ref) {
  void *data;
  wherry_error_t *error = wh_bind_externref_data(owner->store, ref, &data);
  if (error) return wpy_raise(error);
  return Py_NewRef(data ? (PyObject *)data : Py_None);
}

static PyObject *reference_object(wpy_store_t *owner, const wherry_value_t *value) {
  if (!wpy_open(owner)) return NULL;
  if (value->type == WHERRY_EXTERNREF) return extern_object(owner, value->of.externref);
  if (value->type != WHERRY_FUNCREF) {
    wherry_ref_release(owner->store, value->of.ref);
    return PyErr_Format(PyExc_TypeError, "values of type %s cannot cross yet",
                        wherry_valtype_name(value->type));
  }
  if (!value->of.func.store) Py_RETURN_NONE;
  return wpy_func_new(owner, value->of.func, NULL);
}

PyObject *wpy_slot_make(wpy_store_t *owner, const wherry_slot_t *slots, wherry_valtype_t type) {
  switch (type) {
  case WHERRY_I32: return PyLong_FromLong(slots->i32);
  case WHERRY_I64: return PyLong_FromLongLong(slots->i64);
  case WHERRY_F32: return PyFloat_FromDouble((double)slots->f32);
  case WHERRY_F64: return PyFloat_FromDouble(slots->f64);
  case WHERRY_V128: return PyBytes_FromStringAndSize((const char *)slots, 16);
  default: break;
  }
  if (!wpy_open(owner)) return NULL;
  wherry_value_t value = wherry_value_from_slot(owner->store, *slots, type);
  return reference_object(owner, &value);
}

bool wpy_value_from(PyObject *object, wherry_store_t *store, wherry_value_t *value) {
  if (!PyObject_IsInstance(object, wpy_class(WPY_VALUE))) {
    PyErr_Format(PyExc_TypeError, "expected a Value, got %s", wpy_type_name(object));
    return false;
  }
  PyObject *type = PyObject_GetAttrString(object, "type");
  PyObject *inner = PyObject_GetAttrString(object, "value");
  wpy_store_t *owner = wherry_store_data(store);
  wherry_slot_t slots[2] = {{0}};
  bool done = type && inner && wpy_open(owner) && wpy_valtype_from(type, &value->type);
  if (done && (value->type == WHERRY_FUNCREF || value->type == WHERRY_EXTERNREF)) {
    done = reference(owner, inner, value->type, NULL, value);
  } else if (done && (done = bare_slot(owner, inner, value->type, NULL, slots))) {
    memcpy(&value->of, slots, sizeof slots);
  }
  Py_XDECREF(type);
  Py_XDECREF(inner);
  return done;
}

PyObject *wpy_value_make(const wherry_value_t *value, wherry_store_t *store) {
  switch (value->type) {
  case WHERRY_I32: return PyLong_FromLong(value->of.i32);
  case WHERRY_I64: return PyLong_FromLongLong(value->of.i64);
  case WHERRY_F32: return PyFloat_FromDouble((double)value->of.f32);
  case WHERRY_F64: return PyFloat_FromDouble(value->of.f64);
  case WHERRY_V128: return PyBytes_FromStringAndSize((const char *)value->of.v128, 16);
  default: return reference_object(wherry_store_data(store), value);
  }
}
