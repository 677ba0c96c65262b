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
  case WHERRY_ERROR_LIMIT:
    return limit && strcmp(limit, "deadline") == 0 ? WPY_TIMEOUT_ERROR : WPY_LIMIT_ERROR;
  case WHERRY_ERROR_INTERRUPTED: return WPY_INTERRUPTED;
  case WHERRY_ERROR_STATE: return WPY_STATE_ERROR;
  case WHERRY_ERROR_RANGE: return WPY_RANGE_ERROR;
  default: return WPY_ERROR;
  }
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

wherry_error_t *wpy_error_from_exception(void) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback) PyException_SetTraceback(value, traceback);
  Py_XDECREF(traceback);
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
