/* Classes for the records of a guest's WIT, made when they are first met. Their fields lie one after
   the other behind the object's head, in the order of the type, and are plain attributes. */
#include "shim.h"

#include <string.h>

static Py_ssize_t field_count(PyObject *self) {
  return (Py_TYPE(self)->tp_basicsize - (Py_ssize_t)sizeof(PyObject)) /
         (Py_ssize_t)sizeof(PyObject *);
}

PyObject *wpy_record_names(PyTypeObject *class) {
  static PyObject *key;
  if (!key) key = PyUnicode_InternFromString("__match_args__");
  return PyDict_GetItem(class->tp_dict, key);
}

static PyObject *record_new(PyTypeObject *class, PyObject *args, PyObject *named) {
  PyObject *names = wpy_record_names(class), *self;
  Py_ssize_t count = PyTuple_GET_SIZE(names), given = PyTuple_GET_SIZE(args), used = 0;
  if (given > count)
    return PyErr_Format(PyExc_TypeError, "%s() takes %zd fields, got %zd", class->tp_name, count,
                        given);
  if (!(self = class->tp_alloc(class, 0))) return NULL;
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *name = PyTuple_GET_ITEM(names, i);
    PyObject *value = i < given ? PyTuple_GET_ITEM(args, i) : NULL;
    PyObject *by_name = named ? PyDict_GetItemWithError(named, name) : NULL;
    if (by_name) used++;
    if (value ? by_name != NULL : by_name == NULL) {
      PyErr_Format(PyExc_TypeError,
                   value ? "%s(): field %U is given twice" : "%s(): field %U is missing",
                   class->tp_name, name);
      Py_DECREF(self);
      return NULL;
    }
    wpy_record_fields(self)[i] = Py_NewRef(value ? value : by_name);
  }
  if (named && PyDict_GET_SIZE(named) != used) {
    PyObject *key, *value;
    for (Py_ssize_t at = 0; PyDict_Next(named, &at, &key, &value);)
      if (PySequence_Contains(names, key) == 0)
        PyErr_Format(PyExc_TypeError, "%s() has no field %U", class->tp_name, key);
    Py_CLEAR(self);
  }
  return self;
}

static int record_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_ssize_t count = field_count(self);
  Py_VISIT(Py_TYPE(self));
  for (Py_ssize_t i = 0; i < count; i++) Py_VISIT(wpy_record_fields(self)[i]);
  return 0;
}

static int record_clear(PyObject *self) {
  Py_ssize_t count = field_count(self);
  for (Py_ssize_t i = 0; i < count; i++) Py_CLEAR(wpy_record_fields(self)[i]);
  return 0;
}

static void record_dealloc(PyObject *self) {
  PyTypeObject *class = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  Py_TRASHCAN_BEGIN(self, record_dealloc) record_clear(self);
  class->tp_free(self);
  Py_DECREF(class);
  Py_TRASHCAN_END
}

static PyObject *record_repr(PyObject *self) {
  PyObject *names = wpy_record_names(Py_TYPE(self)), *text;
  const char *name = strrchr(Py_TYPE(self)->tp_name, '.');
  int again = Py_ReprEnter(self);
  if (again) return again < 0 ? NULL : PyUnicode_FromString("...");
  text = PyUnicode_FromFormat("%s(", name ? name + 1 : Py_TYPE(self)->tp_name);
  for (Py_ssize_t i = 0; text && i < field_count(self); i++) {
    PyObject *value = wpy_record_fields(self)[i], *more = NULL;
    more = PyUnicode_FromFormat(value ? "%s%U=%R" : "%s%U", i ? ", " : "",
                                PyTuple_GET_ITEM(names, i), value);
    if (more)
      PyUnicode_AppendAndDel(&text, more);
    else
      Py_CLEAR(text);
  }
  if (text) PyUnicode_AppendAndDel(&text, PyUnicode_FromString(")"));
  Py_ReprLeave(self);
  return text;
}

/* Records of the same name and fields are equal, whichever load of the guest they came from. */
static bool alike(PyTypeObject *a, PyTypeObject *b) {
  if (a == b) return true;
  if (!PyType_IsSubtype(b, &wpy_record_type) || strcmp(a->tp_name, b->tp_name) != 0) return false;
  int same = PyObject_RichCompareBool(wpy_record_names(a), wpy_record_names(b), Py_EQ);
  if (same < 0) PyErr_Clear();
  return same > 0;
}

static PyObject *record_compare(PyObject *a, PyObject *b, int op) {
  if ((op != Py_EQ && op != Py_NE) || !alike(Py_TYPE(a), Py_TYPE(b))) Py_RETURN_NOTIMPLEMENTED;
  int same = 1;
  for (Py_ssize_t i = 0; same > 0 && i < field_count(a); i++) {
    PyObject *x = Py_XNewRef(wpy_record_fields(a)[i]), *y = Py_XNewRef(wpy_record_fields(b)[i]);
    same = x && y ? PyObject_RichCompareBool(x, y, Py_EQ) : x == y;
    Py_XDECREF(x);
    Py_XDECREF(y);
  }
  if (same < 0) return NULL;
  return PyBool_FromLong((same != 0) == (op == Py_EQ));
}

PyTypeObject wpy_record_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry.Record",
    .tp_doc = "The base of all classes that are made from the records of a guest's WIT.",
    .tp_basicsize = sizeof(PyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_repr = record_repr,
    .tp_richcompare = record_compare,
    .tp_hash = PyObject_HashNotImplemented,
};

static PyObject *names_of(const wherry_type_t *type) {
  size_t count = wherry_type_field_count(type);
  PyObject *names = PyTuple_New((Py_ssize_t)count);
  for (size_t i = 0; names && i < count; i++) {
    const char *raw = wherry_type_field_name(type, i);
    PyObject *name = wpy_snake(raw, strlen(raw));
    if (name)
      PyTuple_SET_ITEM(names, (Py_ssize_t)i, name);
    else
      Py_CLEAR(names);
  }
  return names;
}

static PyObject *make_class(const wherry_type_t *type) {
  char name[256] = "wherry.";
  const char *raw = wherry_type_name(type);
  wh_bind_camel(name + 7, sizeof name - 7, raw ? raw : "record", strlen(raw ? raw : "record"));
  PyObject *names = names_of(type), *bases = NULL, *class = NULL;
  if (!names) return NULL;
  size_t count = wherry_type_field_count(type);
  PyMemberDef *members = PyMem_Calloc(count + 1, sizeof *members);
  if (!members) {
    Py_DECREF(names);
    return PyErr_NoMemory();
  }
  for (size_t i = 0; i < count; i++) {
    /* The interned name lives as long as the class, whose __match_args__ holds it. */
    members[i].name = PyUnicode_AsUTF8(PyTuple_GET_ITEM(names, (Py_ssize_t)i));
    members[i].type = T_OBJECT_EX;
    members[i].offset = (Py_ssize_t)(sizeof(PyObject) + i * sizeof(PyObject *));
  }
  PyType_Slot slots[] = {
      {Py_tp_new, record_new},     {Py_tp_traverse, record_traverse},
      {Py_tp_clear, record_clear}, {Py_tp_dealloc, record_dealloc},
      {Py_tp_members, members},    {0, NULL},
  };
  PyType_Spec spec = {
      .name = name,
      .basicsize = (int)(sizeof(PyObject) + count * sizeof(PyObject *)),
      .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
      .slots = slots,
  };
#if PY_VERSION_HEX < 0x030B0000
  char *kept = PyMem_RawMalloc(sizeof name); /* older Pythons point at it for good */
  if (kept) spec.name = strcpy(kept, name);
#endif
  if ((bases = PyTuple_Pack(1, &wpy_record_type))) class = PyType_FromSpecWithBases(&spec, bases);
  if (class && (PyObject_SetAttrString(class, "__match_args__", names) < 0 ||
                PyObject_SetAttrString(class, "__slots__", names) < 0))
    Py_CLEAR(class);
  Py_XDECREF(bases);
  PyMem_Free(members);
  Py_DECREF(names);
  return class;
}

PyTypeObject *wpy_record_class(wpy_module_t *module, const wherry_type_t *type) {
  Py_ssize_t index = (Py_ssize_t)wherry_type_index(type);
  if (module->classes) {
    PyObject *known = PyList_GET_ITEM(module->classes, index);
    if (known != Py_None) return (PyTypeObject *)known;
  } else {
    const wherry_world_t *world;
    wherry_error_t *error = wherry_module_world(module->module, &world);
    if (error) {
      wpy_raise(error);
      return NULL;
    }
    Py_ssize_t count = world ? (Py_ssize_t)wherry_world_type_count(world) : index + 1;
    PyObject *classes = PyList_New(count);
    if (!classes) return NULL;
    for (Py_ssize_t i = 0; i < count; i++) PyList_SET_ITEM(classes, i, Py_NewRef(Py_None));
    module->classes = classes;
  }
  PyObject *class = make_class(type);
  if (!class || PyList_SetItem(module->classes, index, class) < 0) return NULL;
  return (PyTypeObject *)class;
}

/* ---- All of them, for wherry.types(guest) ---- */

static bool collect(wpy_module_t *module, const wherry_type_t *type, PyObject *classes) {
  if (!type) return true;
  switch (wherry_type_kind(type)) {
  case WHERRY_TYPE_LIST: return collect(module, wherry_type_element(type), classes);
  case WHERRY_TYPE_TUPLE:
  case WHERRY_TYPE_RECORD:
    for (size_t i = 0; i < wherry_type_field_count(type); i++)
      if (!collect(module, wherry_type_field_type(type, i), classes)) return false;
    break;
  default: return true;
  }
  if (wherry_type_kind(type) == WHERRY_TYPE_TUPLE) return true;
  PyTypeObject *class = wpy_record_class(module, type);
  if (!class) return false;
  PyObject *name = PyObject_GetAttrString((PyObject *)class, "__name__");
  bool done = name && PyDict_SetDefault(classes, name, (PyObject *)class);
  Py_XDECREF(name);
  return done;
}

PyObject *wpy_record_classes(wpy_module_t *module) {
  const wherry_world_t *world;
  wherry_error_t *error = wherry_module_world(module->module, &world);
  if (error) return wpy_raise(error);
  PyObject *classes = PyDict_New();
  for (size_t i = 0; classes && world && i < wherry_world_export_count(world); i++) {
    const wherry_witfunc_t *func = wherry_world_export(world, i);
    bool done = collect(module, wherry_witfunc_result(func), classes);
    for (size_t p = 0; done && p < wherry_witfunc_param_count(func); p++)
      done = collect(module, wherry_witfunc_param_type(func, p), classes);
    if (!done) Py_CLEAR(classes);
  }
  return classes;
}
