/* Errors of libwherry become exceptions, and exceptions of host functions pass through a guest. */
#include "shim.h"

#include <string.h>

static void drop_exception(void *exception) {
  /* The interpreter may be gone when the last store goes. */
  if (Py_IsInitialized()) Py_DECREF((PyObject *)exception);
}

static PyObject *frames_of(const wherry_error_t *error) {
  size_t count = wherry_error_frame_count(error);
  PyObject *frames = PyTuple_New((Py_ssize_t)count);
  for (size_t i = 0; frames && i < count; i++) {
    uint64_t offset = wherry_error_frame_offset(error, i);
    PyObject *function = wpy_text(wherry_error_frame_function_name(error, i));
    PyObject *module = wpy_text(wherry_error_frame_module_name(error, i));
    PyObject *where =
        offset == UINT64_MAX ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(offset);
    PyObject *frame = NULL;
    if (function && module && where)
      frame = PyObject_CallFunction(wpy_class(WPY_FRAME), "OOIO", function, module,
                                    wherry_error_frame_function_index(error, i), where);
    Py_XDECREF(function);
    Py_XDECREF(module);
    Py_XDECREF(where);
    if (!frame)
      Py_CLEAR(frames);
    else
      PyTuple_SET_ITEM(frames, (Py_ssize_t)i, frame);
  }
  return frames;
}

/* Sets an attribute to a value that is taken over; NULL: an exception is set already. */
static bool set(PyObject *object, const char *name, PyObject *value) {
  bool done = value && PyObject_SetAttrString(object, name, value) == 0;
  Py_XDECREF(value);
  return done;
}

static wpy_class_t class_of(const wherry_error_t *error) {
  const char *limit = wherry_error_limit(error);
  switch (wherry_error_kind(error)) {
  case WHERRY_ERROR_MALFORMED: return WPY_MALFORMED_ERROR;
  case WHERRY_ERROR_INVALID: return WPY_INVALID_ERROR;
  case WHERRY_ERROR_UNLINKABLE: return WPY_LINK_ERROR;
  case WHERRY_ERROR_TRAP: return WPY_TRAP;
  case WHERRY_ERROR_EXIT: return WPY_EXIT;
  case WHERRY_ERROR_EXCEPTION: return WPY_WASM_EXCEPTION;
  case WHERRY_ERROR_LIMIT:
    return limit && strcmp(limit, "deadline") == 0 ? WPY_TIMEOUT_ERROR : WPY_LIMIT_ERROR;
  case WHERRY_ERROR_INTERRUPTED: return WPY_INTERRUPTED;
  case WHERRY_ERROR_STATE: return WPY_STATE_ERROR;
  case WHERRY_ERROR_RANGE: return WPY_RANGE_ERROR;
  default: return WPY_ERROR;
  }
}

/* What an exception carries, a tuple; None for what cannot cross. */
static PyObject *values_of(const wherry_error_t *error, wherry_store_t *store) {
  size_t count = wherry_error_value_count(error);
  PyObject *values = PyTuple_New((Py_ssize_t)count);
  for (size_t i = 0; values && i < count; i++) {
    wherry_value_t value = wherry_error_value(error, i);
    PyObject *object = wpy_value_make(&value, store);
    if (!object && PyErr_ExceptionMatches(PyExc_TypeError)) {
      PyErr_Clear();
      object = Py_NewRef(Py_None);
    }
    if (!object)
      Py_CLEAR(values);
    else
      PyTuple_SET_ITEM(values, (Py_ssize_t)i, object);
  }
  return values;
}

/* tag and values of a WasmException; an error that only calls itself one has neither. */
static bool thrown(PyObject *exception, const wherry_error_t *error) {
  wherry_tag_t tag = wherry_error_tag(error);
  wpy_store_t *store = tag.store ? wpy_store_of(tag.store) : NULL;
  if (!store) return !PyErr_Occurred();
  return set(exception, "tag", wpy_tag_make(tag)) &&
         set(exception, "values", values_of(error, store->store));
}

static bool details(PyObject *exception, const wherry_error_t *error) {
  uint64_t offset;
  const char *limit = wherry_error_limit(error);
  if (wherry_error_offset(error, &offset) &&
      !set(exception, "offset", PyLong_FromUnsignedLongLong(offset)))
    return false;
  if (limit && !set(exception, "limit", wpy_text(limit))) return false;
  switch (wherry_error_kind(error)) {
  case WHERRY_ERROR_TRAP:
    if (!set(exception, "code", wpy_text(wherry_trap_code_name(wherry_error_trap_code(error)))))
      return false;
    break;
  case WHERRY_ERROR_EXIT:
    if (!set(exception, "code", PyLong_FromLong(wherry_error_exit_code(error)))) return false;
    break;
  case WHERRY_ERROR_EXCEPTION:
    if (!thrown(exception, error)) return false;
    break;
  default: break;
  }
  if (wherry_error_frame_count(error) == 0) return true;
  return set(exception, "frames", frames_of(error)) &&
         set(exception, "frames_omitted",
             PyLong_FromUnsignedLongLong(wherry_error_frames_omitted(error, NULL)));
}

static PyObject *plain_class(wherry_error_kind_t kind) {
  switch (kind) {
  case WHERRY_ERROR_TYPE: return PyExc_TypeError;
  case WHERRY_ERROR_OOM: return PyExc_MemoryError;
  case WHERRY_ERROR_IO: return PyExc_OSError;
  default: return NULL;
  }
}

PyObject *wpy_raise(wherry_error_t *error) {
  PyObject *payload = wherry_error_payload(error);
  if (payload && PyExceptionInstance_Check(payload)) {
    Py_INCREF(payload);
    wherry_error_release(error);
    PyErr_Restore(Py_NewRef((PyObject *)Py_TYPE(payload)), payload,
                  PyException_GetTraceback(payload));
    return NULL;
  }
  const char *message = wherry_error_message(error);
  PyObject *plain = plain_class(wherry_error_kind(error));
  PyObject *text = PyUnicode_DecodeUTF8(message, (Py_ssize_t)strlen(message), "replace");
  if (text && plain) {
    PyErr_SetObject(plain, text);
  } else if (text) {
    PyObject *class = wpy_class(class_of(error));
    PyObject *exception = PyObject_CallOneArg(class, text);
    if (exception && details(exception, error)) PyErr_SetObject(class, exception);
    Py_XDECREF(exception);
  }
  Py_XDECREF(text);
  wherry_error_release(error);
  return NULL;
}

/* The values of a WasmException, as its tag's type says. NULL: an exception is set. */
static wherry_error_t *throw_values(wpy_store_t *owner, wherry_tag_t tag, PyObject *values) {
  const wherry_functype_t *type;
  wherry_error_t *error = wherry_tag_type(owner->store, tag, &type);
  if (error) return error;
  size_t count = wherry_functype_param_count(type);
  if (count != (size_t)PyTuple_GET_SIZE(values)) {
    PyErr_Format(PyExc_TypeError, "WasmException: expected %zu values, got %zd", count,
                 PyTuple_GET_SIZE(values));
    return NULL;
  }
  wherry_value_t *items = PyMem_Calloc(count + 1, sizeof *items);
  if (!items) return PyErr_NoMemory(), NULL;
  bool good = true;
  for (size_t i = 0; i < count && good; i++) {
    wherry_slot_t slots[2];
    wherry_valtype_t item = wherry_functype_param(type, i);
    wh_bind_place_t place = {"WasmException", i + 1, NULL};
    good = wpy_slot_from(owner, PyTuple_GET_ITEM(values, (Py_ssize_t)i), item, &place, slots);
    if (good) items[i] = wh_bind_value(owner->store, slots, item);
  }
  if (good) error = wherry_error_new_exception(owner->store, tag, items, count);
  PyMem_Free(items);
  return error;
}

/* NULL: it is none, or an exception is set. */
static wherry_error_t *error_from_thrown(PyObject *exception) {
  if (!PyObject_IsInstance(exception, wpy_class(WPY_WASM_EXCEPTION))) return NULL;
  wherry_store_t *store;
  wherry_tag_t tag;
  wherry_error_t *error = NULL;
  PyObject *own = PyObject_GetAttrString(exception, "tag");
  PyObject *values = own ? PyObject_GetAttrString(exception, "values") : NULL;
  PyObject *tuple = values ? PySequence_Tuple(values) : NULL;
  if (tuple && own != Py_None && wpy_tag_from(own, &store, &tag))
    error = throw_values(((wpy_tag_t *)own)->owner, tag, tuple);
  Py_XDECREF(tuple);
  Py_XDECREF(values);
  Py_XDECREF(own);
  if (error) wherry_error_set_payload(error, Py_NewRef(exception), drop_exception);
  return error;
}

wherry_error_t *wpy_error_from_exception(void) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback) PyException_SetTraceback(value, traceback);
  Py_XDECREF(traceback);
  wherry_error_t *thrown_error = error_from_thrown(value);
  if (thrown_error || PyErr_Occurred()) {
    Py_XDECREF(type);
    Py_XDECREF(value);
    /* What is wrong with a WasmException is an exception of its own. */
    return thrown_error ? thrown_error : wpy_error_from_exception();
  }
  PyObject *text = PyObject_Str(value);
  const char *message = text ? PyUnicode_AsUTF8(text) : NULL;
  if (!message) PyErr_Clear();
  wherry_error_t *error = wherry_error_new_host(
      message && *message ? message : ((PyTypeObject *)type)->tp_name, value, drop_exception);
  if (wherry_error_payload(error) != value) Py_DECREF(value); /* no memory to carry it */
  Py_XDECREF(text);
  Py_XDECREF(type);
  return error;
}

PyObject *wpy_raise_text(wpy_class_t which, const char *text) {
  PyErr_SetString(wpy_class(which), text);
  return NULL;
}

PyObject *wpy_raise_closed(const char *what) {
  char text[WH_BIND_TEXT];
  wh_bind_text_closed(text, sizeof text, what);
  return wpy_raise_text(WPY_STATE_ERROR, text);
}
