/* Component-level functions: called with strings, lists and records, by position or by WIT name. */
#include "shim.h"

#include <string.h>

/* Longer parameter lists take their places from the heap. */
#define ARGS 16

typedef struct lifted {
  PyObject_HEAD vectorcallfunc call;
  wherry_lifted_t *lifted;
  wpy_store_t *owner;
  wpy_module_t *module;
  PyObject *name;
  PyObject *params; /* tuple of names */
} lifted_t;

static PyObject *wrong_count(lifted_t *self, size_t got) {
  char text[WH_BIND_TEXT];
  const char *name = PyUnicode_AsUTF8(self->name);
  wh_bind_text_count(text, sizeof text, name ? name : "?", (size_t)PyTuple_GET_SIZE(self->params),
                     got);
  PyErr_SetString(PyExc_TypeError, text);
  return NULL;
}

static Py_ssize_t param_of(lifted_t *self, PyObject *name) {
  Py_ssize_t count = PyTuple_GET_SIZE(self->params);
  for (Py_ssize_t i = 0; i < count; i++)
    if (PyTuple_GET_ITEM(self->params, i) == name) return i;
  for (Py_ssize_t i = 0; i < count; i++)
    if (PyUnicode_Compare(PyTuple_GET_ITEM(self->params, i), name) == 0) return i;
  return -1;
}

/* Puts arguments given by name where they belong. */
static bool place_named(lifted_t *self, PyObject *const *args, size_t given, PyObject *names,
                        wherry_host_value_t *places) {
  Py_ssize_t count = PyTuple_GET_SIZE(self->params);
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++) {
    PyObject *name = PyTuple_GET_ITEM(names, i);
    Py_ssize_t at = param_of(self, name);
    if (at < 0 || places[at]) {
      PyErr_Format(PyExc_TypeError,
                   at < 0 ? "%U(): there is no parameter %U" : "%U(): parameter %U is given twice",
                   self->name, name);
      return false;
    }
    places[at] = (wherry_host_value_t)args[given + (size_t)i];
  }
  for (Py_ssize_t i = 0; i < count; i++)
    if (!places[i]) {
      PyErr_Format(PyExc_TypeError, "%U(): parameter %zd (%U) is missing", self->name, i + 1,
                   PyTuple_GET_ITEM(self->params, i));
      return false;
    }
  return true;
}

static PyObject *run(lifted_t *self, const wherry_host_value_t *places, size_t count) {
  wpy_context_t context = {self->module};
  wherry_host_value_t result = 0;
  if (!wpy_enter(self->owner)) return NULL;
  wherry_error_t *error =
      wherry_lifted_call(self->lifted, &wpy_host_values, &context, places, count, &result);
  wpy_leave(self->owner);
  if (error) return wpy_raise(error);
  return result ? (PyObject *)result : Py_NewRef(Py_None);
}

static PyObject *call_in(lifted_t *self, PyObject *const *args, size_t given, PyObject *names,
                         wherry_host_value_t *places) {
  size_t count = (size_t)PyTuple_GET_SIZE(self->params);
  for (size_t i = 0; i < count; i++) places[i] = i < given ? (wherry_host_value_t)args[i] : 0;
  if (names && !place_named(self, args, given, names, places)) return NULL;
  return run(self, places, count);
}

static PyObject *call(PyObject *object, PyObject *const *args, size_t flagged, PyObject *names) {
  lifted_t *self = (lifted_t *)object;
  size_t given = (size_t)PyVectorcall_NARGS(flagged);
  size_t count = (size_t)PyTuple_GET_SIZE(self->params);
  if (names && !PyTuple_GET_SIZE(names)) names = NULL;
  if (names ? given > count : given != count) return wrong_count(self, given);
  if (count <= ARGS) {
    wherry_host_value_t places[ARGS];
    return call_in(self, args, given, names, places);
  }
  wherry_host_value_t *places = PyMem_New(wherry_host_value_t, count);
  if (!places) return PyErr_NoMemory();
  PyObject *result = call_in(self, args, given, names, places);
  PyMem_Free(places);
  return result;
}

PyObject *wpy_lifted_new(wpy_store_t *owner, wpy_module_t *module, wherry_instance_t instance,
                         const wherry_witfunc_t *func) {
  wherry_lifted_t *lifted;
  if (!wpy_enter(owner)) return NULL; /* it may run the guest's _initialize */
  wherry_error_t *error = wherry_lifted_new(owner->store, instance, func, &lifted);
  wpy_leave(owner);
  if (error) return wpy_raise(error);
  const char *name = wherry_witfunc_name(func);
  size_t count = wherry_witfunc_param_count(func);
  lifted_t *self = (lifted_t *)wpy_lifted_type.tp_alloc(&wpy_lifted_type, 0);
  if (!self) return NULL;
  self->call = call;
  self->lifted = lifted;
  self->owner = (wpy_store_t *)Py_NewRef((PyObject *)owner);
  self->module = (wpy_module_t *)Py_NewRef((PyObject *)module);
  self->name = wpy_snake(name, strlen(name));
  self->params = PyTuple_New((Py_ssize_t)count);
  for (size_t i = 0; self->params && i < count; i++) {
    const char *param = wherry_witfunc_param_name(func, i);
    PyObject *snake = wpy_snake(param, strlen(param));
    if (snake)
      PyTuple_SET_ITEM(self->params, (Py_ssize_t)i, snake);
    else
      Py_CLEAR(self->params);
  }
  if (!self->name || !self->params) Py_CLEAR(self);
  return (PyObject *)self;
}

static int lifted_traverse(PyObject *object, visitproc visit, void *arg) {
  lifted_t *self = (lifted_t *)object;
  Py_VISIT(self->owner);
  Py_VISIT(self->module);
  return 0;
}

static void lifted_dealloc(PyObject *object) {
  lifted_t *self = (lifted_t *)object;
  PyObject_GC_UnTrack(object);
  Py_XDECREF(self->params);
  Py_XDECREF(self->name);
  Py_XDECREF(self->module);
  Py_XDECREF(self->owner);
  Py_TYPE(object)->tp_free(object);
}

/* "run(machine: u64, start: point) -> run-result" */
static PyObject *spelled(lifted_t *self) {
  const wherry_witfunc_t *func = wherry_lifted_func(self->lifted);
  const wherry_type_t *result = wherry_witfunc_result(func);
  char type[WH_BIND_TEXT];
  PyObject *text = PyUnicode_FromFormat("%U(", self->name);
  for (size_t i = 0; text && i < wherry_witfunc_param_count(func); i++) {
    wherry_type_print(wherry_witfunc_param_type(func, i), type, sizeof type);
    PyUnicode_AppendAndDel(
        &text, PyUnicode_FromFormat("%s%U: %s", i ? ", " : "",
                                    PyTuple_GET_ITEM(self->params, (Py_ssize_t)i), type));
  }
  if (!text) return NULL;
  if (!result) {
    PyUnicode_AppendAndDel(&text, PyUnicode_FromString(")"));
  } else {
    wherry_type_print(result, type, sizeof type);
    PyUnicode_AppendAndDel(&text, PyUnicode_FromFormat(") -> %s", type));
  }
  return text;
}

static PyObject *lifted_repr(PyObject *object) {
  lifted_t *self = (lifted_t *)object;
  if (self->owner->closed) return PyUnicode_FromFormat("<wherry function %U, closed>", self->name);
  PyObject *text = spelled(self);
  PyObject *whole = text ? PyUnicode_FromFormat("<wherry function %U>", text) : NULL;
  Py_XDECREF(text);
  return whole;
}

static PyObject *lifted_doc(PyObject *object, void *unused) {
  (void)unused;
  lifted_t *self = (lifted_t *)object;
  return self->owner->closed ? Py_NewRef(Py_None) : spelled(self);
}

static PyObject *lifted_name(PyObject *object, void *unused) {
  (void)unused;
  return Py_NewRef(((lifted_t *)object)->name);
}

static PyGetSetDef lifted_getset[] = {
    {"__name__", lifted_name, NULL, NULL, NULL},
    {"__doc__", lifted_doc, NULL, NULL, NULL},
    {0},
};

PyTypeObject wpy_lifted_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry.LiftedFunc",
    .tp_basicsize = sizeof(lifted_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
                Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_vectorcall_offset = offsetof(lifted_t, call),
    .tp_call = PyVectorcall_Call,
    .tp_dealloc = lifted_dealloc,
    .tp_traverse = lifted_traverse,
    .tp_repr = lifted_repr,
    .tp_getset = lifted_getset,
};
