/* Table, Global and Tag: objects that hold an entity; their methods are in wherry/_explicit.py. And what
   an import or export may be, whatever its kind. */
#include "shim.h"

#define ENTITY(noun, Noun, which)                                                                  \
  static int noun##_traverse(PyObject *self, visitproc visit, void *arg) {                         \
    Py_VISIT(((wpy_##noun##_t *)self)->owner);                                                     \
    return 0;                                                                                      \
  }                                                                                                \
  static void noun##_dealloc(PyObject *self) {                                                     \
    PyObject_GC_UnTrack(self);                                                                     \
    Py_XDECREF(((wpy_##noun##_t *)self)->owner);                                                   \
    Py_TYPE(self)->tp_free(self);                                                                  \
  }                                                                                                \
  static PyObject *noun##_store(PyObject *self, void *unused) {                                    \
    (void)unused;                                                                                  \
    return Py_NewRef((PyObject *)((wpy_##noun##_t *)self)->owner);                                 \
  }                                                                                                \
  static PyObject *noun##_same(PyObject *a, PyObject *b, int op) {                                 \
    if ((op != Py_EQ && op != Py_NE) || Py_TYPE(a) != Py_TYPE(b)) Py_RETURN_NOTIMPLEMENTED;        \
    wherry_##noun##_t x = ((wpy_##noun##_t *)a)->noun, y = ((wpy_##noun##_t *)b)->noun;            \
    return PyBool_FromLong((x.store == y.store && x.index == y.index) == (op == Py_EQ));           \
  }                                                                                                \
  static Py_hash_t noun##_hash(PyObject *self) {                                                   \
    wherry_##noun##_t entity = ((wpy_##noun##_t *)self)->noun;                                     \
    Py_hash_t hash = (Py_hash_t)(entity.store * 31 ^ entity.index);                                \
    return hash == -1 ? -2 : hash;                                                                 \
  }                                                                                                \
  static PyObject *noun##_wrap(PyTypeObject *type, wpy_store_t *owner, wherry_##noun##_t entity) { \
    wpy_##noun##_t *self = (wpy_##noun##_t *)type->tp_alloc(type, 0);                              \
    if (!self) return NULL;                                                                        \
    self->owner = (wpy_store_t *)Py_NewRef((PyObject *)owner);                                     \
    self->noun = entity;                                                                           \
    return (PyObject *)self;                                                                       \
  }                                                                                                \
  bool wpy_##noun##_from(PyObject *object, wherry_store_t **store, wherry_##noun##_t *out) {       \
    if (!PyObject_TypeCheck(object, &wpy_##noun##_type)) {                                         \
      PyErr_Format(PyExc_TypeError, "expected " #Noun ", got %s", wpy_type_name(object));          \
      return false;                                                                                \
    }                                                                                              \
    wpy_##noun##_t *self = (wpy_##noun##_t *)object;                                               \
    if (!wpy_open(self->owner)) return false;                                                      \
    *store = self->owner->store;                                                                   \
    *out = self->noun;                                                                             \
    return true;                                                                                   \
  }                                                                                                \
  PyObject *wpy_##noun##_make(wherry_##noun##_t entity) {                                          \
    wpy_store_t *owner = wpy_store_of(entity.store);                                               \
    return owner ? noun##_wrap((PyTypeObject *)wpy_class(which), owner, entity) : NULL;            \
  }                                                                                                \
  static PyGetSetDef noun##_getset[] = {                                                           \
      {"store", noun##_store, NULL, "The Store it lives in.", NULL},                               \
      {0},                                                                                         \
  };                                                                                               \
  PyTypeObject wpy_##noun##_type = {                                                               \
      PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry._wherry." #Noun,                            \
      .tp_basicsize = sizeof(wpy_##noun##_t),                                                      \
      .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,                   \
      .tp_new = noun##_new,                                                                        \
      .tp_dealloc = noun##_dealloc,                                                                \
      .tp_traverse = noun##_traverse,                                                              \
      .tp_richcompare = noun##_same,                                                               \
      .tp_hash = noun##_hash,                                                                      \
      .tp_getset = noun##_getset,                                                                  \
  };

static PyObject *table_wrap(PyTypeObject *type, wpy_store_t *owner, wherry_table_t entity);
static PyObject *global_wrap(PyTypeObject *type, wpy_store_t *owner, wherry_global_t entity);
static PyObject *tag_wrap(PyTypeObject *type, wpy_store_t *owner, wherry_tag_t entity);

/* Table(store, minimum, maximum=None, element="funcref", initial=None) */
static PyObject *table_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"store", "minimum", "maximum", "element", "initial", NULL};
  wpy_store_t *store;
  PyObject *least, *most = Py_None, *element = NULL, *initial = Py_None;
  uint64_t minimum, maximum = UINT64_MAX;
  wherry_value_t value;
  wherry_slot_t slots[2];
  wherry_table_t table;
  value.type = WHERRY_FUNCREF;
  if (!PyArg_ParseTupleAndKeywords(args, named, "O!O|OOO:Table", names, &wpy_store_type, &store,
                                   &least, &most, &element, &initial) ||
      !wpy_u64(least, UINT64_MAX, "a number of elements", NULL, &minimum) ||
      (most != Py_None && !wpy_u64(most, UINT64_MAX, "a number of elements", NULL, &maximum)) ||
      (element && !wpy_valtype_from(element, &value.type)) || !wpy_open(store) ||
      !wpy_slot_from(store, initial, value.type, NULL, slots))
    return NULL;
  value = wh_bind_value(store->store, slots, value.type);
  wherry_error_t *error =
      wherry_table_new(store->store, value.type, minimum, maximum, &value, &table);
  return error ? wpy_raise(error) : table_wrap(type, store, table);
}

/* Global(store, value, mutable=False), of the type that the Value says. */
static PyObject *global_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"store", "value", "mutable", NULL};
  wpy_store_t *store;
  PyObject *initial;
  int is_mutable = 0;
  wherry_value_t value;
  wherry_global_t global;
  if (!PyArg_ParseTupleAndKeywords(args, named, "O!O|p:Global", names, &wpy_store_type, &store,
                                   &initial, &is_mutable) ||
      !wpy_open(store) || !wpy_value_from(initial, store->store, &value))
    return NULL;
  wherry_error_t *error = wherry_global_new(store->store, &value, is_mutable, &global);
  return error ? wpy_raise(error) : global_wrap(type, store, global);
}

/* Tag(store, type) */
static PyObject *tag_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"store", "type", NULL};
  wpy_store_t *store;
  PyObject *functype;
  wherry_tag_t tag;
  if (!PyArg_ParseTupleAndKeywords(args, named, "O!O!:Tag", names, &wpy_store_type, &store,
                                   &wpy_functype_type, &functype) ||
      !wpy_open(store))
    return NULL;
  wherry_error_t *error = wherry_tag_new(store->store, wpy_functype_from(functype), &tag);
  return error ? wpy_raise(error) : tag_wrap(type, store, tag);
}

ENTITY(table, Table, WPY_TABLE)
ENTITY(global, Global, WPY_GLOBAL)
ENTITY(tag, Tag, WPY_TAG)

bool wpy_extern_from(PyObject *object, wherry_extern_t *out) {
  wherry_store_t *store;
  if (PyObject_TypeCheck(object, &wpy_func_type)) {
    out->kind = WHERRY_EXTERN_FUNC;
    return wpy_func_from(object, &store, &out->of.func);
  }
  if (PyObject_TypeCheck(object, &wpy_memory_type)) {
    out->kind = WHERRY_EXTERN_MEMORY;
    return wpy_memory_from(object, &store, &out->of.memory);
  }
  if (PyObject_TypeCheck(object, &wpy_table_type)) {
    out->kind = WHERRY_EXTERN_TABLE;
    return wpy_table_from(object, &store, &out->of.table);
  }
  if (PyObject_TypeCheck(object, &wpy_global_type)) {
    out->kind = WHERRY_EXTERN_GLOBAL;
    return wpy_global_from(object, &store, &out->of.global);
  }
  if (PyObject_TypeCheck(object, &wpy_tag_type)) {
    out->kind = WHERRY_EXTERN_TAG;
    return wpy_tag_from(object, &store, &out->of.tag);
  }
  PyErr_Format(PyExc_TypeError, "expected Func, Memory, Table, Global or Tag, got %s",
               wpy_type_name(object));
  return false;
}

PyObject *wpy_extern_make(const wherry_extern_t *item) {
  switch (item->kind) {
  case WHERRY_EXTERN_FUNC: return wpy_func_make(item->of.func);
  case WHERRY_EXTERN_TABLE: return wpy_table_make(item->of.table);
  case WHERRY_EXTERN_MEMORY: return wpy_memory_make(item->of.memory);
  case WHERRY_EXTERN_GLOBAL: return wpy_global_make(item->of.global);
  case WHERRY_EXTERN_TAG: return wpy_tag_make(item->of.tag);
  }
  Py_UNREACHABLE();
}
