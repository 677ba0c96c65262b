/* Guest and Exports: objects whose attributes are what an instance exports. */
#include "shim.h"

/* Found in the dict at once from the second look on. */
static PyObject *attribute(PyObject *object, PyObject *name) {
  wpy_names_t *self = (wpy_names_t *)object;
  PyObject *found = PyDict_GetItemWithError(self->dict, name);
  if (found) return Py_NewRef(found);
  if (PyErr_Occurred()) return NULL;
  if (self->guest && (PyUnicode_CompareWithASCIIString(name, "exports") == 0 ||
                      PyUnicode_CompareWithASCIIString(name, "instance") == 0 ||
                      PyUnicode_CompareWithASCIIString(name, "close") == 0))
    return PyObject_GenericGetAttr(object, name);
  if ((found = wpy_names_find(self, name, false)) || PyErr_Occurred()) return found;
  if ((found = PyObject_GenericGetAttr(object, name)) ||
      !PyErr_ExceptionMatches(PyExc_AttributeError))
    return found;
  PyErr_Clear();
  return wpy_names_missing(self, name, PyExc_AttributeError);
}

static int no_assignment(PyObject *self, PyObject *name, PyObject *value) {
  (void)self, (void)value;
  PyErr_Format(PyExc_AttributeError, "%R: what a guest exports cannot be assigned", name);
  return -1;
}

static PyObject *item(PyObject *object, PyObject *name) {
  wpy_names_t *self = (wpy_names_t *)object;
  if (!PyUnicode_Check(name)) {
    PyErr_Format(PyExc_TypeError, "expected the name of an export, got %s", wpy_type_name(name));
    return NULL;
  }
  PyObject *found = wpy_names_find(self, name, true);
  if (found || PyErr_Occurred()) return found;
  return wpy_names_missing(self, name, PyExc_KeyError);
}

static int contains(PyObject *object, PyObject *name) {
  if (!PyUnicode_Check(name)) return 0;
  PyObject *found = wpy_names_find((wpy_names_t *)object, name, true);
  Py_XDECREF(found);
  return found ? 1 : PyErr_Occurred() ? -1 : 0;
}

static Py_ssize_t length(PyObject *object) {
  PyObject *all = wpy_names_list((wpy_names_t *)object);
  Py_ssize_t count = all ? PyList_GET_SIZE(all) : -1;
  Py_XDECREF(all);
  return count;
}

static PyObject *iterate(PyObject *object) {
  PyObject *all = wpy_names_list((wpy_names_t *)object);
  PyObject *iterator = all ? PyObject_GetIter(all) : NULL;
  Py_XDECREF(all);
  return iterator;
}

static PyObject *dir(PyObject *object, PyObject *unused) {
  wpy_names_t *self = (wpy_names_t *)object;
  (void)unused;
  PyObject *all = wpy_names_list(self);
  static const char *const own[] = {"exports", "instance", "close", "memory"};
  for (size_t i = 0; all && self->guest && i < Py_ARRAY_LENGTH(own); i++) {
    PyObject *name = PyUnicode_FromString(own[i]);
    int there = name ? PySequence_Contains(all, name) : -1;
    if (there < 0 || (!there && PyList_Append(all, name) < 0)) Py_CLEAR(all);
    Py_XDECREF(name);
  }
  return all;
}

static const char *module_name(wpy_names_t *self) {
  const char *name = wherry_module_name(self->module->module);
  return name ? name : "";
}

static PyObject *guest_repr(PyObject *object) {
  wpy_names_t *self = (wpy_names_t *)object;
  Py_ssize_t count = length(object);
  if (count < 0) return NULL;
  const char *name = module_name(self), *space = *name ? " " : "";
  return PyUnicode_FromFormat("<wherry.Guest%s%s, %zd exports%s>", space, name, count,
                              self->owner->closed ? ", closed" : "");
}

static PyObject *exports_repr(PyObject *object) {
  PyObject *all = wpy_names_list((wpy_names_t *)object);
  PyObject *text = all ? PyUnicode_FromFormat("<wherry.Exports %R>", all) : NULL;
  Py_XDECREF(all);
  return text;
}

/* ---- What a guest has of its own ---- */

static PyObject *guest_exports(PyObject *object, void *unused) {
  (void)unused;
  return PyObject_GetAttrString(((wpy_names_t *)object)->guest, "exports");
}

static PyObject *guest_instance(PyObject *object, void *unused) {
  (void)unused;
  return Py_NewRef(((wpy_names_t *)object)->guest);
}

static PyObject *guest_memory(PyObject *object, void *unused) {
  (void)unused;
  wpy_names_t *self = (wpy_names_t *)object;
  PyObject *memory = wpy_instance_memory(self->owner, self->module, self->instance);
  if (memory != Py_None) return memory;
  Py_DECREF(memory);
  PyErr_SetString(PyExc_AttributeError, "the guest exports no memory");
  return NULL;
}

static PyObject *guest_close(PyObject *object, PyObject *unused) {
  (void)unused;
  return PyObject_CallMethod((PyObject *)((wpy_names_t *)object)->owner, "close", NULL);
}

static PyObject *guest_enter(PyObject *object, PyObject *unused) {
  (void)unused;
  return Py_NewRef(object);
}

static PyObject *guest_exit(PyObject *object, PyObject *args) {
  (void)args;
  return guest_close(object, NULL);
}

static int names_traverse(PyObject *object, visitproc visit, void *arg) {
  wpy_names_t *self = (wpy_names_t *)object;
  Py_VISIT(self->dict);
  Py_VISIT(self->raw);
  Py_VISIT(self->owner);
  Py_VISIT(self->module);
  Py_VISIT(self->guest);
  return 0;
}

static void names_dealloc(PyObject *object) {
  wpy_names_t *self = (wpy_names_t *)object;
  PyObject_GC_UnTrack(object);
  if (self->weak) PyObject_ClearWeakRefs(object);
  Py_XDECREF(self->dict);
  Py_XDECREF(self->raw);
  Py_XDECREF(self->guest);
  Py_XDECREF(self->interface);
  Py_XDECREF(self->module);
  Py_XDECREF(self->owner);
  Py_TYPE(object)->tp_free(object);
}

static PyMethodDef guest_methods[] = {
    {"close", guest_close, METH_NOARGS, "close()\n--\n\nEnds the guest."},
    {"__enter__", guest_enter, METH_NOARGS, NULL},
    {"__exit__", guest_exit, METH_VARARGS, NULL},
    {"__dir__", dir, METH_NOARGS, NULL},
    {0},
};

static PyMethodDef exports_methods[] = {
    {"__dir__", dir, METH_NOARGS, NULL},
    {0},
};

static PyGetSetDef guest_getset[] = {
    {"exports", guest_exports, NULL, "All exports, by raw name too: guest.exports['get-str'].",
     NULL},
    {"instance", guest_instance, NULL, "The Instance behind the guest.", NULL},
    {"memory", guest_memory, NULL, "The guest's Memory.", NULL},
    {0},
};

static PyMappingMethods guest_mapping = {NULL, item, NULL};
static PyMappingMethods exports_mapping = {length, item, NULL};
static PySequenceMethods names_sequence = {.sq_contains = contains};

PyTypeObject wpy_guest_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry.Guest",
    .tp_doc = "What wherry.load returns: its attributes are the guest's exports.",
    .tp_basicsize = sizeof(wpy_names_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = names_dealloc,
    .tp_traverse = names_traverse,
    .tp_getattro = attribute,
    .tp_setattro = no_assignment,
    .tp_as_mapping = &guest_mapping,
    .tp_as_sequence = &names_sequence,
    .tp_methods = guest_methods,
    .tp_getset = guest_getset,
    .tp_repr = guest_repr,
    .tp_weaklistoffset = offsetof(wpy_names_t, weak),
};

PyTypeObject wpy_exports_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry.Exports",
    .tp_doc = "What an instance exports: attributes, or by raw name in [].",
    .tp_basicsize = sizeof(wpy_names_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = names_dealloc,
    .tp_traverse = names_traverse,
    .tp_getattro = attribute,
    .tp_setattro = no_assignment,
    .tp_iter = iterate,
    .tp_as_mapping = &exports_mapping,
    .tp_as_sequence = &names_sequence,
    .tp_methods = exports_methods,
    .tp_repr = exports_repr,
    .tp_weaklistoffset = offsetof(wpy_names_t, weak),
};

/* ---- Making one ---- */

/* Reactors want `_initialize` called once, before anything else; where there is WIT, canon does it
   before the first function is lifted. */
static bool initialize(wpy_store_t *store, wpy_module_t *module, wherry_instance_t instance) {
  static const char name[] = "_initialize";
  size_t index = wherry_module_find_export(module->module, name, sizeof name - 1);
  wherry_slot_t slot = {0};
  wherry_extern_t item;
  if (index == SIZE_MAX) return true;
  const wherry_world_t *world = NULL;
  wherry_error_release(wherry_module_world(module->module, &world)); /* told when it is used */
  if (world) return true;
  const wherry_functype_t *type =
      wherry_externtype_functype(wherry_module_export_type(module->module, index));
  if (!type || wherry_functype_param_count(type) || wherry_functype_result_count(type)) return true;
  if (!wpy_enter(store)) return false;
  wherry_error_t *error = wherry_instance_export(store->store, instance, index, &item);
  if (!error) error = wherry_func_call_slots(store->store, item.of.func, &slot);
  wpy_leave(store);
  if (error) wpy_raise(error);
  return !error;
}

/* guest(store, module, imports): an instance, initialized, as a Guest. */
static PyObject *make_guest(PyObject *self, PyObject *args) {
  wpy_store_t *store;
  wpy_module_t *module;
  PyObject *imports = Py_None;
  (void)self;
  if (!PyArg_ParseTuple(args, "O!O!|O:guest", &wpy_store_type, &store, &wpy_module_type, &module,
                        &imports))
    return NULL;
  PyObject *instance =
      wpy_instantiate((PyTypeObject *)wpy_class(WPY_INSTANCE), store, module, imports, true);
  PyObject *guest = NULL;
  if (instance && initialize(store, module, ((wpy_instance_t *)instance)->instance))
    guest = wpy_names_new(&wpy_guest_type, (wpy_instance_t *)instance, NULL);
  if (guest) ((wpy_names_t *)guest)->guest = Py_NewRef(instance);
  Py_XDECREF(instance);
  return guest;
}

PyMethodDef wpy_guest_functions[] = {
    {"guest", make_guest, METH_VARARGS, NULL},
    {0},
};
