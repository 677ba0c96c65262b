/* What the extension module holds beside SWIG's functions: the shim's types, and the classes that the
   package registers for C to make objects of. */
#include "shim.h"

#include <string.h>

static PyObject *classes[WPY_CLASS_COUNT];

/* Names as the package knows them; the order is that of wpy_class_t. */
static const char *const class_names[WPY_CLASS_COUNT] = {
    "Config",        "Engine",         "Module",       "Store",        "Linker",     "FuncType",
    "Table",         "Global",         "Tag",          "Instance",     "Value",      "Frame",
    "Error",         "MalformedError", "InvalidError", "LinkError",    "Trap",       "Exit",
    "WasmException", "LimitError",     "Interrupted",  "TimeoutError", "StateError", "RangeError",
};

PyObject *wpy_class(wpy_class_t which) {
  return classes[which] ? classes[which] : PyExc_RuntimeError;
}

/* register(name, class): called by the package while it is imported. */
static PyObject *register_class(PyObject *self, PyObject *args) {
  const char *name;
  PyObject *class;
  (void)self;
  if (!PyArg_ParseTuple(args, "sO!:register", &name, &PyType_Type, &class)) return NULL;
  for (int i = 0; i < WPY_CLASS_COUNT; i++) {
    if (strcmp(class_names[i], name) != 0) continue;
    Py_XSETREF(classes[i], Py_NewRef(class));
    Py_RETURN_NONE;
  }
  return PyErr_Format(PyExc_ValueError, "the shim knows no class %s", name);
}

/* parse_size(text): "64 MB" -> bytes */
static PyObject *parse_size(PyObject *self, PyObject *object) {
  Py_ssize_t size;
  uint64_t bytes;
  (void)self;
  const char *text = PyUnicode_AsUTF8AndSize(object, &size);
  if (!text) return NULL;
  if (wh_bind_parse_size(text, (size_t)size, &bytes)) return PyLong_FromUnsignedLongLong(bytes);
  return PyErr_Format(PyExc_ValueError, "expected a size such as '64 MB', got %R", object);
}

/* types(guest): its record classes by their names */
static PyObject *types(PyObject *self, PyObject *object) {
  (void)self;
  if (PyObject_TypeCheck(object, &wpy_guest_type) || PyObject_TypeCheck(object, &wpy_exports_type))
    return wpy_record_classes(((wpy_names_t *)object)->module);
  if (PyObject_TypeCheck(object, &wpy_module_type))
    return wpy_record_classes((wpy_module_t *)object);
  return PyErr_Format(PyExc_TypeError, "expected a Guest or a Module, got %s",
                      wpy_type_name(object));
}

/* default_engine(): what everything without an engine of its own shares */
static PyObject *default_engine(PyObject *self, PyObject *unused) {
  (void)self, (void)unused;
  return Py_XNewRef(wpy_default_engine());
}

/* store_of(guest) */
static PyObject *store_of(PyObject *self, PyObject *object) {
  (void)self;
  if (!PyObject_TypeCheck(object, &wpy_guest_type) &&
      !PyObject_TypeCheck(object, &wpy_exports_type))
    return PyErr_Format(PyExc_TypeError, "expected a Guest, got %s", wpy_type_name(object));
  return Py_NewRef((PyObject *)((wpy_names_t *)object)->owner);
}

static PyMethodDef functions[] = {
    {"register", register_class, METH_VARARGS, NULL},
    {"parse_size", parse_size, METH_O, NULL},
    {"types", types, METH_O, NULL},
    {"default_engine", default_engine, METH_NOARGS, NULL},
    {"store_of", store_of, METH_O, NULL},
    {0},
};

int wpy_init(PyObject *module) {
  static const struct {
    const char *name;
    PyTypeObject *type;
  } types_to_add[] = {
      {"Config", &wpy_config_type},     {"Engine", &wpy_engine_type},
      {"FuncType", &wpy_functype_type}, {"Module", &wpy_module_type},
      {"Store", &wpy_store_type},       {"Linker", &wpy_linker_type},
      {"Part", &wpy_part_type},         {"Table", &wpy_table_type},
      {"Global", &wpy_global_type},     {"Instance", &wpy_instance_type},
      {"Func", &wpy_func_type},         {"Caller", &wpy_caller_type},
      {"Host", &wpy_host_type},         {"Memory", &wpy_memory_type},
      {"View", &wpy_view_type},         {"Guest", &wpy_guest_type},
      {"Exports", &wpy_exports_type},   {"LiftedFunc", &wpy_lifted_type},
      {"Record", &wpy_record_type},     {"Tag", &wpy_tag_type},
  };
  for (size_t i = 0; i < Py_ARRAY_LENGTH(types_to_add); i++)
    if (PyModule_AddType(module, types_to_add[i].type) < 0) return -1;
  return PyModule_AddFunctions(module, functions) < 0 ||
                 PyModule_AddFunctions(module, wpy_guest_functions) < 0
             ? -1
             : 0;
}
