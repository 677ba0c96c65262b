/* Instance, and how the imports of a module are found in what Python gives. */
#include "shim.h"

#define IMPORTS 16

/* ---- Imports ---- */

/* What a namespace holds under a name; NULL without an exception: nothing. */
static PyObject *member(PyObject *space, PyObject *name) {
  PyObject *found;
  if (PyObject_TypeCheck(space, &wpy_guest_type) || PyObject_TypeCheck(space, &wpy_exports_type))
    return wpy_names_find((wpy_names_t *)space, name, true);
  if (PyObject_TypeCheck(space, &wpy_instance_type)) {
    PyObject *exports = PyObject_GetAttrString(space, "exports");
    found = exports ? wpy_names_find((wpy_names_t *)exports, name, true) : NULL;
    Py_XDECREF(exports);
    return found;
  }
  if (PyDict_Check(space)) return Py_XNewRef(PyDict_GetItemWithError(space, name));
  if (!PyMapping_Check(space) || PyList_Check(space) || PyTuple_Check(space) ||
      PyUnicode_Check(space)) {
    PyErr_Format(PyExc_TypeError, "imports: expected a mapping or an instance, got %s",
                 wpy_type_name(space));
    return NULL;
  }
  found = PyObject_GetItem(space, name);
  if (!found && PyErr_ExceptionMatches(PyExc_LookupError)) PyErr_Clear();
  return found;
}

static PyObject *find_import(PyObject *imports, PyObject *module, PyObject *name) {
  if (!imports || imports == Py_None) return NULL;
  PyObject *space = member(imports, module);
  if (!space) return NULL;
  PyObject *found = member(space, name);
  Py_DECREF(space);
  return found;
}

static bool wrong_import(PyObject *module, PyObject *name, const char *expected, PyObject *got) {
  PyErr_Format(PyExc_TypeError, "import %U.%U: expected %s, got %s", module, name, expected,
               wpy_type_name(got));
  return false;
}

/* A number, or the bytes of a v128, become a global of the type that the module wants. */
static bool number_as_global(wpy_store_t *store, const wherry_externtype_t *type, PyObject *object,
                             wherry_global_t *out) {
  wherry_slot_t slots[2];
  wherry_valtype_t valtype = wherry_externtype_valtype(type);
  if (!wpy_slot_from(store, object, valtype, NULL, slots)) return false;
  wherry_value_t value = wh_bind_value(store->store, slots, valtype);
  wherry_error_t *error =
      wherry_global_new(store->store, &value, wherry_externtype_mutable(type), out);
  if (error) wpy_raise(error);
  return !error;
}

static bool take_import(wpy_store_t *store, const wherry_externtype_t *type, PyObject *module,
                        PyObject *name, PyObject *object, wherry_extern_t *out) {
  bool is_entity =
      PyObject_TypeCheck(object, &wpy_func_type) || PyObject_TypeCheck(object, &wpy_memory_type) ||
      PyObject_TypeCheck(object, &wpy_table_type) || PyObject_TypeCheck(object, &wpy_global_type) ||
      PyObject_TypeCheck(object, &wpy_tag_type);
  if (is_entity) return wpy_extern_from(object, out);
  switch (out->kind = wherry_externtype_kind(type)) {
  case WHERRY_EXTERN_FUNC:
    if (!PyCallable_Check(object)) return wrong_import(module, name, "a callable", object);
    return wpy_host_func(store, wherry_externtype_functype(type), object, name, &out->of.func);
  case WHERRY_EXTERN_GLOBAL:
    if (!PyNumber_Check(object) && !PyObject_IsInstance(object, wpy_class(WPY_VALUE)) &&
        !(wherry_externtype_valtype(type) == WHERRY_V128 && PyObject_CheckBuffer(object)))
      return wrong_import(module, name, "a Global or a number", object);
    return number_as_global(store, type, object, &out->of.global);
  case WHERRY_EXTERN_MEMORY: return wrong_import(module, name, "a Memory", object);
  case WHERRY_EXTERN_TAG: return wrong_import(module, name, "a Tag", object);
  default: return wrong_import(module, name, "a Table", object);
  }
}

/* Lets the linker say what is missing, with what is mistyped: it knows the words. */
static void raise_missing(wpy_store_t *store, wpy_module_t *module, const wherry_extern_t *items,
                          const bool *found, size_t count) {
  wherry_linker_t *linker = NULL;
  wherry_instance_t instance;
  wherry_error_t *error = wherry_linker_new(wherry_store_engine(store->store), &linker);
  for (size_t i = 0; !error && i < count; i++) {
    if (!found[i]) continue;
    wherry_bytes_t space = wherry_module_import_module(module->module, i);
    wherry_bytes_t name = wherry_module_import_name(module->module, i);
    error = wherry_linker_define(linker, (const char *)space.data, space.size,
                                 (const char *)name.data, name.size, &items[i]);
  }
  if (!error) error = wherry_linker_instantiate(linker, store->store, module->module, &instance);
  wherry_linker_release(linker);
  if (error)
    wpy_raise(error);
  else
    wpy_raise_text(WPY_LINK_ERROR, "an import is missing");
}

static bool take_imports(wpy_store_t *store, wpy_module_t *module, PyObject *imports,
                         wherry_extern_t *items, bool *found, size_t count) {
  bool all = true;
  for (size_t i = 0; i < count; i++) {
    PyObject *space = wpy_name(wherry_module_import_module(module->module, i));
    PyObject *name = wpy_name(wherry_module_import_name(module->module, i));
    PyObject *object = space && name ? find_import(imports, space, name) : NULL;
    if (object)
      found[i] = take_import(store, wherry_module_import_type(module->module, i), space, name,
                             object, &items[i]);
    else
      found[i] = false;
    Py_XDECREF(object);
    Py_XDECREF(space);
    Py_XDECREF(name);
    if (PyErr_Occurred()) return false;
    all &= found[i];
  }
  if (!all) raise_missing(store, module, items, found, count);
  return all;
}

static bool instantiate(wpy_store_t *store, wpy_module_t *module, PyObject *imports,
                        wherry_extern_t *items, bool *found, size_t count, wherry_instance_t *out) {
  if (!take_imports(store, module, imports, items, found, count) || !wpy_enter(store)) return false;
  wherry_error_t *error = wherry_instance_new(store->store, module->module, items, count, out);
  wpy_leave(store);
  if (error) wpy_raise(error);
  return !error;
}

PyObject *wpy_instance_wrap(PyTypeObject *type, wpy_store_t *store, wpy_module_t *module,
                            wherry_instance_t instance, bool lifted) {
  wpy_instance_t *self = (wpy_instance_t *)type->tp_alloc(type, 0);
  if (!self) return NULL;
  self->owner = (wpy_store_t *)Py_NewRef((PyObject *)store);
  self->module = (wpy_module_t *)Py_NewRef((PyObject *)module);
  self->instance = instance;
  self->lifted = lifted;
  return (PyObject *)self;
}

PyObject *wpy_instantiate(PyTypeObject *type, wpy_store_t *store, wpy_module_t *module,
                          PyObject *imports, bool lifted) {
  size_t count = wherry_module_import_count(module->module);
  wherry_extern_t few_items[IMPORTS], *items = few_items;
  bool few_found[IMPORTS], *found = few_found;
  wherry_instance_t instance;
  if (!wpy_open(store)) return NULL;
  if (count > IMPORTS) {
    items = PyMem_Calloc(count, sizeof *items);
    found = PyMem_Calloc(count, sizeof *found);
  }
  bool done = false;
  if (!items || !found)
    PyErr_NoMemory();
  else
    done = instantiate(store, module, imports, items, found, count, &instance);
  if (items != few_items) PyMem_Free(items);
  if (found != few_found) PyMem_Free(found);
  return done ? wpy_instance_wrap(type, store, module, instance, lifted) : NULL;
}

/* ---- Instance ---- */

/* Instance(store, module, imports=None, lifted=False); bytes alone are read by the class in Python. */
static PyObject *instance_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  wpy_store_t *store;
  wpy_module_t *module;
  PyObject *imports = Py_None;
  int lifted = 0;
  (void)named;
  if (!PyArg_ParseTuple(args, "O!O!|Op:Instance", &wpy_store_type, &store, &wpy_module_type,
                        &module, &imports, &lifted))
    return NULL;
  return wpy_instantiate(type, store, module, imports, lifted);
}

PyObject *wpy_instance_memory(wpy_store_t *owner, wpy_module_t *module,
                              wherry_instance_t instance) {
  size_t count = wherry_module_export_count(module->module);
  for (size_t i = 0; i < count; i++) {
    if (wherry_externtype_kind(wherry_module_export_type(module->module, i)) !=
        WHERRY_EXTERN_MEMORY)
      continue;
    wherry_extern_t item;
    if (!wpy_open(owner)) return NULL;
    wherry_error_t *error = wherry_instance_export(owner->store, instance, i, &item);
    return error ? wpy_raise(error) : wpy_memory_new(owner, item.of.memory);
  }
  Py_RETURN_NONE;
}

static PyObject *get_exports(PyObject *object, void *unused) {
  (void)unused;
  wpy_instance_t *self = (wpy_instance_t *)object;
  if (!self->exports && !(self->exports = wpy_names_new(&wpy_exports_type, self, NULL)))
    return NULL;
  return Py_NewRef(self->exports);
}

static PyObject *get_memory(PyObject *object, void *unused) {
  (void)unused;
  wpy_instance_t *self = (wpy_instance_t *)object;
  return wpy_instance_memory(self->owner, self->module, self->instance);
}

static PyObject *get_store(PyObject *object, void *unused) {
  (void)unused;
  return Py_NewRef((PyObject *)((wpy_instance_t *)object)->owner);
}

static PyObject *get_module(PyObject *object, void *unused) {
  (void)unused;
  return Py_NewRef((PyObject *)((wpy_instance_t *)object)->module);
}

static int instance_traverse(PyObject *object, visitproc visit, void *arg) {
  wpy_instance_t *self = (wpy_instance_t *)object;
  Py_VISIT(self->owner);
  Py_VISIT(self->module);
  Py_VISIT(self->exports);
  return 0;
}

static void instance_dealloc(PyObject *object) {
  wpy_instance_t *self = (wpy_instance_t *)object;
  PyObject_GC_UnTrack(object);
  Py_XDECREF(self->exports);
  Py_XDECREF(self->module);
  Py_XDECREF(self->owner);
  Py_TYPE(object)->tp_free(object);
}

static PyGetSetDef instance_getset[] = {
    {"exports", get_exports, NULL, "What the instance exports: attributes, or by raw name in [].",
     NULL},
    {"memory", get_memory, NULL, "The first exported Memory, or None.", NULL},
    {"store", get_store, NULL, "The Store it lives in.", NULL},
    {"module", get_module, NULL, "The Module it is an instance of.", NULL},
    {0},
};

PyTypeObject wpy_instance_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry._wherry.Instance",
    .tp_basicsize = sizeof(wpy_instance_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = instance_new,
    .tp_dealloc = instance_dealloc,
    .tp_traverse = instance_traverse,
    .tp_getset = instance_getset,
};

bool wpy_instance_from(PyObject *object, wherry_store_t **store, wherry_instance_t *out) {
  if (!PyObject_TypeCheck(object, &wpy_instance_type)) {
    PyErr_Format(PyExc_TypeError, "expected Instance, got %s", wpy_type_name(object));
    return false;
  }
  wpy_instance_t *self = (wpy_instance_t *)object;
  if (!wpy_open(self->owner)) return false;
  *store = self->owner->store;
  *out = self->instance;
  return true;
}

PyObject *wpy_instance_make(wherry_instance_t instance) {
  wpy_store_t *owner = wpy_store_of(instance.store);
  wherry_module_t *pointer;
  if (!owner || !wpy_open(owner)) return NULL;
  wherry_error_t *error = wherry_instance_module(owner->store, instance, &pointer);
  if (error) return wpy_raise(error);
  if (!pointer) Py_RETURN_NONE;
  PyObject *module = wpy_module_lent(pointer), *self = NULL;
  if (module)
    self = wpy_instance_wrap((PyTypeObject *)wpy_class(WPY_INSTANCE), owner, (wpy_module_t *)module,
                             instance, false);
  Py_XDECREF(module);
  return self;
}
