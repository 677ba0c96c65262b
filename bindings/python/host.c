/* Python functions that guests call, and what such a function may ask of its caller. */
#include "shim.h"

#define ARGS 8

typedef struct caller {
  PyObject_HEAD wherry_caller_t *caller; /* NULL once the call is over */
  wpy_store_t *owner;
} caller_t;

/* What C calls: a callable with the types of its arguments and results. */
typedef struct host {
  PyObject_VAR_HEAD PyObject *callable;
  PyObject *name;
  bool wants_caller;
  uint32_t param_count, result_count, room; /* room: in slots */
  uint8_t types[];
} host_t;

/* ---- Caller ---- */

static caller_t *live(PyObject *object) {
  caller_t *self = (caller_t *)object;
  if (self->caller) return wpy_open(self->owner) ? self : NULL;
  wpy_raise_text(WPY_STATE_ERROR, "a Caller ends with the host function that it was given to");
  return NULL;
}

static PyObject *caller_memory(PyObject *object, void *unused) {
  (void)unused;
  caller_t *self = live(object);
  wherry_memory_t memory;
  if (!self) return NULL;
  wherry_error_t *error = wherry_caller_memory(self->caller, &memory);
  return error ? wpy_raise(error) : wpy_memory_new(self->owner, memory);
}

static PyObject *caller_instance(PyObject *object, void *unused) {
  (void)unused;
  caller_t *self = live(object);
  if (!self) return NULL;
  wherry_instance_t instance = wherry_caller_instance(self->caller);
  if (!instance.store) Py_RETURN_NONE;
  return wpy_instance_make(instance);
}

static PyObject *caller_exports(PyObject *object, void *unused) {
  PyObject *instance = caller_instance(object, unused), *exports = NULL;
  if (!instance) return NULL;
  if (instance == Py_None)
    wpy_raise_text(WPY_STATE_ERROR, "the caller is the host, which has no exports");
  else
    exports = wpy_names_new(&wpy_exports_type, (wpy_instance_t *)instance, NULL);
  Py_DECREF(instance);
  return exports;
}

static PyObject *caller_store(PyObject *object, void *unused) {
  (void)unused;
  return Py_NewRef((PyObject *)((caller_t *)object)->owner);
}

static int caller_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(((caller_t *)self)->owner);
  return 0;
}

static void caller_dealloc(PyObject *self) {
  PyObject_GC_UnTrack(self);
  Py_XDECREF(((caller_t *)self)->owner);
  Py_TYPE(self)->tp_free(self);
}

static PyGetSetDef caller_getset[] = {
    {"memory", caller_memory, NULL, "The first memory of the calling instance.", NULL},
    {"exports", caller_exports, NULL, "The exports of the calling instance.", NULL},
    {"instance", caller_instance, NULL, "The calling Instance; None: the host itself.", NULL},
    {"store", caller_store, NULL, "The Store in which the call runs.", NULL},
    {0},
};

PyTypeObject wpy_caller_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry.Caller",
    .tp_doc = "The guest that calls a host function. It ends with that call.\n\n"
              "A host function gets one if its first parameter is annotated with it, or is called\n"
              "caller.",
    .tp_basicsize = sizeof(caller_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = caller_dealloc,
    .tp_traverse = caller_traverse,
    .tp_getset = caller_getset,
};

static PyObject *caller_new(wherry_caller_t *caller) {
  caller_t *self = (caller_t *)wpy_caller_type.tp_alloc(&wpy_caller_type, 0);
  if (!self) return NULL;
  self->caller = caller;
  self->owner =
      (wpy_store_t *)Py_NewRef((PyObject *)wherry_store_data(wherry_caller_store(caller)));
  return (PyObject *)self;
}

/* ---- Being called ---- */

static const char *name_of(host_t *self) {
  const char *text = self->name ? PyUnicode_AsUTF8(self->name) : NULL;
  if (!text) PyErr_Clear();
  return text ? text : "host function";
}

static bool one_result(host_t *self, wpy_store_t *owner, uint32_t index, PyObject *object,
                       wherry_slot_t *slot) {
  uint8_t type = self->types[self->param_count + index];
  int64_t small;
  if (type == WHERRY_I32 && wpy_small_int(object, &small) && small >= INT32_MIN &&
      small <= UINT32_MAX) {
    slot->u64 = (uint32_t)small;
    return true;
  }
  wh_bind_place_t place = {name_of(self), 0, NULL};
  return wpy_slot_from(owner, object, type, &place, slot);
}

static bool take_results(host_t *self, wpy_store_t *owner, PyObject *object, wherry_slot_t *slots) {
  if (self->result_count == 0) return true; /* what print returns is of no interest */
  if (self->result_count == 1) return one_result(self, owner, 0, object, slots);
  char text[WH_BIND_TEXT];
  if (!PyTuple_Check(object) && !PyList_Check(object)) {
    wh_bind_place_t place = {name_of(self), 0, NULL};
    wh_bind_text_type(text, sizeof text, &place, "a tuple", wpy_type_name(object));
    PyErr_SetString(PyExc_TypeError, text);
    return false;
  }
  PyObject *all = PySequence_Tuple(object);
  if (!all) return false;
  bool done = PyTuple_GET_SIZE(all) == (Py_ssize_t)self->result_count;
  if (!done) {
    wh_bind_text_results(text, sizeof text, name_of(self), self->result_count,
                         (size_t)PyTuple_GET_SIZE(all));
    PyErr_SetString(PyExc_TypeError, text);
  }
  for (uint32_t i = 0; done && i < self->result_count; i++) {
    done = one_result(self, owner, i, PyTuple_GET_ITEM(all, i), slots);
    slots += wh_bind_slots(self->types[self->param_count + i]);
  }
  Py_DECREF(all);
  return done;
}

/* room: two more than there are parameters; the first place is vectorcall's own. */
static wherry_error_t *call(host_t *self, wherry_caller_t *caller, wherry_slot_t *slots,
                            PyObject **room) {
  wpy_store_t *owner = NULL;
  PyObject **args = room + 1, *result = NULL;
  const wherry_slot_t *slot = slots;
  size_t count = 0;
  bool done = false;
  if (self->wants_caller && !(args[count++] = caller_new(caller))) goto end;
  for (uint32_t i = 0; i < self->param_count; i++) {
    uint8_t type = self->types[i];
    PyObject *object;
    if (type == WHERRY_I32) {
      object = PyLong_FromLong(slot->i32);
    } else {
      if (!owner) owner = wherry_store_data(wherry_caller_store(caller));
      object = wpy_slot_make(owner, slot, type);
    }
    slot += wh_bind_slots(type);
    args[count++] = object;
    if (!object) goto end;
  }
  if (!(result = PyObject_Vectorcall(self->callable, args, count | PY_VECTORCALL_ARGUMENTS_OFFSET,
                                     NULL)))
    goto end;
  if (!owner && self->result_count) owner = wherry_store_data(wherry_caller_store(caller));
  done = take_results(self, owner, result, slots);
end:
  if (self->wants_caller && args[0]) ((caller_t *)args[0])->caller = NULL;
  wherry_error_t *error = done ? NULL : wpy_error_from_exception();
  Py_XDECREF(result);
  for (size_t i = 0; i < count; i++) Py_XDECREF(args[i]);
  return error;
}

static wherry_error_t *slot_callback(void *data, wherry_caller_t *caller, wherry_slot_t *slots) {
  host_t *self = data;
  if (self->param_count <= ARGS) {
    PyObject *room[ARGS + 2];
    return call(self, caller, slots, room);
  }
  PyObject **room = PyMem_New(PyObject *, self->param_count + 2);
  if (!room) {
    PyErr_NoMemory();
    return wpy_error_from_exception();
  }
  wherry_error_t *error = call(self, caller, slots, room);
  PyMem_Free(room);
  return error;
}

wherry_error_t *wpy_host_callback(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                                  size_t arg_count, wherry_value_t *results, size_t result_count) {
  host_t *self = data;
  wherry_store_t *store = wherry_caller_store(caller);
  wherry_slot_t *slots = PyMem_New(wherry_slot_t, self->room + 1), *slot = slots;
  wherry_error_t *error = NULL;
  if (!slots) {
    PyErr_NoMemory();
    return wpy_error_from_exception();
  }
  for (size_t i = 0; !error && i < arg_count; i++) {
    error = wherry_value_to_slot(store, &args[i], args[i].type, slot);
    slot += wh_bind_slots(args[i].type);
  }
  if (!error) error = slot_callback(self, caller, slots);
  slot = slots;
  for (size_t i = 0; !error && i < result_count; i++) {
    results[i] = wh_bind_value(store, slot, self->types[self->param_count + i]);
    slot += wh_bind_slots(results[i].type);
  }
  PyMem_Free(slots);
  return error;
}

/* ---- Being made ---- */

/* Is a Caller wanted? Told by the first parameter of a plain function or method: its annotation, which
   may still be text, or its name. -1: an exception is set. */
static int wants_caller(PyObject *callable) {
  PyObject *function = callable;
  Py_ssize_t first = 0;
  if (PyMethod_Check(callable)) {
    function = PyMethod_GET_FUNCTION(callable);
    first = 1;
  }
  if (!PyFunction_Check(function)) return 0;
  PyObject *code = PyFunction_GET_CODE(function);
  if (((PyCodeObject *)code)->co_argcount <= first) return 0;
  PyObject *names = PyObject_GetAttrString(code, "co_varnames");
  if (!names) return -1;
  PyObject *name = PyTuple_GET_ITEM(names, first);
  PyObject *annotations = PyObject_GetAttrString(function, "__annotations__");
  PyObject *annotation =
      annotations && PyDict_Check(annotations) ? PyDict_GetItemWithError(annotations, name) : NULL;
  int wanted;
  if (!annotations)
    wanted = -1;
  else if (!annotation)
    wanted = PyUnicode_CompareWithASCIIString(name, "caller") == 0;
  else if (PyUnicode_Check(annotation))
    wanted = PyUnicode_CompareWithASCIIString(annotation, "Caller") == 0 ||
             PyUnicode_CompareWithASCIIString(annotation, "wherry.Caller") == 0;
  else
    wanted = annotation == (PyObject *)&wpy_caller_type;
  Py_XDECREF(annotations);
  Py_DECREF(names);
  return wanted;
}

PyObject *wpy_host_new(const wherry_functype_t *type, PyObject *callable, PyObject *name) {
  if (!PyCallable_Check(callable)) {
    PyErr_Format(PyExc_TypeError, "expected a callable, got %s", wpy_type_name(callable));
    return NULL;
  }
  int wanted = wants_caller(callable);
  if (wanted < 0) return NULL;
  size_t params = wherry_functype_param_count(type), all = wherry_functype_result_count(type);
  host_t *self = (host_t *)wpy_host_type.tp_alloc(&wpy_host_type, (Py_ssize_t)(params + all));
  if (!self) return NULL;
  self->callable = Py_NewRef(callable);
  self->name = name ? Py_NewRef(name) : PyObject_GetAttrString(callable, "__name__");
  if (!self->name) PyErr_Clear();
  self->wants_caller = wanted;
  self->param_count = (uint32_t)params;
  self->result_count = (uint32_t)all;
  self->room = (uint32_t)wh_bind_room(type);
  for (size_t i = 0; i < params; i++) self->types[i] = (uint8_t)wherry_functype_param(type, i);
  for (size_t i = 0; i < all; i++)
    self->types[params + i] = (uint8_t)wherry_functype_result(type, i);
  return (PyObject *)self;
}

bool wpy_host_func(wpy_store_t *store, const wherry_functype_t *type, PyObject *callable,
                   PyObject *name, wherry_func_t *out) {
  if (!wpy_open(store)) return false;
  PyObject *host = wpy_host_new(type, callable, name);
  bool done = host && wpy_keep(&store->kept, host);
  if (done) {
    wherry_error_t *error =
        wherry_func_new_slots(store->store, type, slot_callback, false, host, NULL, out);
    if (error) wpy_raise(error);
    done = !error;
  }
  Py_XDECREF(host);
  return done;
}

static int host_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(((host_t *)self)->callable);
  return 0;
}

static void host_dealloc(PyObject *self) {
  PyObject_GC_UnTrack(self);
  Py_XDECREF(((host_t *)self)->callable);
  Py_XDECREF(((host_t *)self)->name);
  Py_TYPE(self)->tp_free(self);
}

PyTypeObject wpy_host_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry._wherry.Host",
    .tp_basicsize = offsetof(host_t, types),
    .tp_itemsize = 1,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = host_dealloc,
    .tp_traverse = host_traverse,
};
