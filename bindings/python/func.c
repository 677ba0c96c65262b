/* Functions of a store, called from Python without a tuple or a look at their type. */
#include "shim.h"

/* Longer signatures take their slots from the heap. */
#define SLOTS 16

static const char *name_of(wpy_func_t *self) {
  if (!self->name) {
    uint32_t index = 0;
    const char *name = NULL;
    wherry_error_t *error =
        self->owner->closed ? NULL : wherry_func_describe(self->store, self->func, &index, &name);
    wherry_error_release(error);
    self->name = name ? wpy_text(name) : PyUnicode_FromFormat("func %u", (unsigned)index);
  }
  const char *text = self->name ? PyUnicode_AsUTF8(self->name) : NULL;
  if (!text) PyErr_Clear();
  return text ? text : "func";
}

static PyObject *wrong_count(wpy_func_t *self, size_t got) {
  char text[WH_BIND_TEXT];
  wh_bind_text_count(text, sizeof text, name_of(self), self->param_count, got);
  PyErr_SetString(PyExc_TypeError, text);
  return NULL;
}

static bool slow_argument(wpy_func_t *self, uint32_t index, PyObject *object, wherry_slot_t *slot) {
  wh_bind_place_t place = {name_of(self), index + 1, NULL};
  return wpy_slot_from(self->owner, object, self->types[index], &place, slot);
}

static inline bool argument(wpy_func_t *self, uint32_t index, PyObject *object,
                            wherry_slot_t *slot) {
  int64_t small;
  switch (self->types[index]) {
  case WHERRY_I32:
    if (!wpy_small_int(object, &small) || small < INT32_MIN || small > UINT32_MAX) break;
    slot->u64 = (uint32_t)small;
    return true;
  case WHERRY_I64:
    if (!wpy_small_int(object, &small)) break;
    slot->i64 = small;
    return true;
  case WHERRY_F32:
    if (!PyFloat_CheckExact(object)) break;
    slot->u64 = 0;
    slot->f32 = (float)PyFloat_AS_DOUBLE(object);
    return true;
  case WHERRY_F64:
    if (!PyFloat_CheckExact(object)) break;
    slot->f64 = PyFloat_AS_DOUBLE(object);
    return true;
  }
  return slow_argument(self, index, object, slot);
}

static PyObject *results(wpy_func_t *self, const wherry_slot_t *slots) {
  const uint8_t *types = self->types + self->param_count;
  if (self->result_count == 1) return wpy_slot_make(self->owner, slots, types[0]);
  if (self->result_count == 0) Py_RETURN_NONE;
  PyObject *all = PyTuple_New(self->result_count);
  for (uint32_t i = 0; all && i < self->result_count; i++) {
    PyObject *item = wpy_slot_make(self->owner, slots, types[i]);
    slots += wh_bind_slots(types[i]);
    if (item)
      PyTuple_SET_ITEM(all, i, item);
    else
      Py_CLEAR(all);
  }
  return all;
}

static PyObject *run(wpy_func_t *self, PyObject *const *args, wherry_slot_t *slots) {
  wherry_slot_t *slot = slots;
  for (uint32_t i = 0; i < self->param_count; i++) {
    if (!argument(self, i, args[i], slot)) return NULL;
    slot += wh_bind_slots(self->types[i]);
  }
  if (!wpy_enter(self->owner)) return NULL;
  wherry_error_t *error = wherry_func_call_slots(self->store, self->func, slots);
  wpy_leave(self->owner);
  return error ? wpy_raise(error) : results(self, slots);
}

static PyObject *call(PyObject *object, PyObject *const *args, size_t flagged, PyObject *names) {
  wpy_func_t *self = (wpy_func_t *)object;
  size_t count = (size_t)PyVectorcall_NARGS(flagged);
  if (names && PyTuple_GET_SIZE(names))
    return PyErr_Format(PyExc_TypeError, "%s(): takes no keyword arguments", name_of(self));
  if (count != self->param_count) return wrong_count(self, count);
  if (self->room <= SLOTS) {
    wherry_slot_t slots[SLOTS];
    return run(self, args, slots);
  }
  wherry_slot_t *slots = PyMem_New(wherry_slot_t, self->room);
  if (!slots) return PyErr_NoMemory();
  PyObject *result = run(self, args, slots);
  PyMem_Free(slots);
  return result;
}

PyObject *wpy_func_new(wpy_store_t *owner, wherry_func_t func, PyObject *name) {
  const wherry_functype_t *type;
  if (!wpy_open(owner)) return NULL;
  wherry_error_t *error = wherry_func_type(owner->store, func, &type);
  if (error) return wpy_raise(error);
  size_t params = wherry_functype_param_count(type), all = wherry_functype_result_count(type);
  wpy_func_t *self =
      (wpy_func_t *)wpy_func_type.tp_alloc(&wpy_func_type, (Py_ssize_t)(params + all));
  if (!self) return NULL;
  self->call = call;
  self->store = owner->store;
  self->func = func;
  self->owner = (wpy_store_t *)Py_NewRef((PyObject *)owner);
  self->name = Py_XNewRef(name);
  self->param_count = (uint32_t)params;
  self->result_count = (uint32_t)all;
  self->room = (uint32_t)wh_bind_room(type);
  for (size_t i = 0; i < params; i++) self->types[i] = (uint8_t)wherry_functype_param(type, i);
  for (size_t i = 0; i < all; i++)
    self->types[params + i] = (uint8_t)wherry_functype_result(type, i);
  return (PyObject *)self;
}

/* Func(store, type, function): a function of the host. */
static PyObject *func_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"store", "type", "function", NULL};
  PyObject *store, *signature, *callable, *result = NULL;
  wherry_func_t func;
  (void)type;
  if (!PyArg_ParseTupleAndKeywords(args, named, "O!OO:Func", names, &wpy_store_type, &store,
                                   &signature, &callable))
    return NULL;
  if (PyObject_TypeCheck(signature, &wpy_functype_type))
    Py_INCREF(signature);
  else
    signature = PyObject_CallOneArg(wpy_class(WPY_FUNCTYPE), signature);
  if (!signature) return NULL;
  if (wpy_host_func((wpy_store_t *)store, ((wpy_handle_t *)signature)->pointer, callable, NULL,
                    &func))
    result = wpy_func_new((wpy_store_t *)store, func, NULL);
  Py_DECREF(signature);
  return result;
}

static int func_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(((wpy_func_t *)self)->owner);
  return 0;
}

static void func_dealloc(PyObject *self) {
  PyObject_GC_UnTrack(self);
  Py_XDECREF(((wpy_func_t *)self)->name);
  Py_XDECREF(((wpy_func_t *)self)->owner);
  Py_TYPE(self)->tp_free(self);
}

static PyObject *func_type(PyObject *object, void *unused) {
  (void)unused;
  wpy_func_t *self = (wpy_func_t *)object;
  const wherry_functype_t *type;
  if (!wpy_open(self->owner)) return NULL;
  wherry_error_t *error = wherry_func_type(self->store, self->func, &type);
  return error ? wpy_raise(error) : wpy_functype_lent((wherry_functype_t *)type);
}

static PyObject *func_name(PyObject *object, void *unused) {
  (void)unused;
  return PyUnicode_FromString(name_of((wpy_func_t *)object));
}

static PyObject *func_store(PyObject *object, void *unused) {
  (void)unused;
  return Py_NewRef((PyObject *)((wpy_func_t *)object)->owner);
}

static PyObject *func_repr(PyObject *object) {
  wpy_func_t *self = (wpy_func_t *)object;
  char text[WH_BIND_TEXT];
  const wherry_functype_t *type;
  const char *name = name_of(self);
  if (self->owner->closed) return PyUnicode_FromFormat("<wherry.Func %s, closed>", name);
  wherry_error_t *error = wherry_func_type(self->store, self->func, &type);
  if (error) return wpy_raise(error);
  wherry_functype_print(type, text, sizeof text);
  return PyUnicode_FromFormat("<wherry.Func %s: %s>", name, text);
}

static PyObject *func_same(PyObject *a, PyObject *b, int op) {
  if ((op != Py_EQ && op != Py_NE) || Py_TYPE(a) != Py_TYPE(b)) Py_RETURN_NOTIMPLEMENTED;
  wherry_func_t x = ((wpy_func_t *)a)->func, y = ((wpy_func_t *)b)->func;
  return PyBool_FromLong((x.store == y.store && x.index == y.index) == (op == Py_EQ));
}

static Py_hash_t func_hash(PyObject *self) {
  wherry_func_t func = ((wpy_func_t *)self)->func;
  Py_hash_t hash = (Py_hash_t)(func.store * 31 ^ func.index);
  return hash == -1 ? -2 : hash;
}

static PyGetSetDef func_getset[] = {
    {"type", func_type, NULL, "The FuncType of the function.", NULL},
    {"__name__", func_name, NULL, NULL, NULL},
    {"store", func_store, NULL, "The Store it lives in.", NULL},
    {0},
};

PyTypeObject wpy_func_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry.Func",
    .tp_doc =
        "Func(store, type, function)\n--\n\n"
        "A function that guests can call, made from a Python callable. Exported functions are\n"
        "Func objects too: call them.",
    .tp_basicsize = offsetof(wpy_func_t, types),
    .tp_itemsize = 1,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(wpy_func_t, call),
    .tp_call = PyVectorcall_Call,
    .tp_new = func_new,
    .tp_dealloc = func_dealloc,
    .tp_traverse = func_traverse,
    .tp_repr = func_repr,
    .tp_richcompare = func_same,
    .tp_hash = func_hash,
    .tp_getset = func_getset,
};

bool wpy_func_from(PyObject *object, wherry_store_t **store, wherry_func_t *out) {
  if (!PyObject_TypeCheck(object, &wpy_func_type)) {
    PyErr_Format(PyExc_TypeError, "expected Func, got %s", wpy_type_name(object));
    return false;
  }
  wpy_func_t *self = (wpy_func_t *)object;
  if (!wpy_open(self->owner)) return false;
  *store = self->store;
  *out = self->func;
  return true;
}

PyObject *wpy_func_make(wherry_func_t func) {
  wpy_store_t *owner = wpy_store_of(func.store);
  return owner ? wpy_func_new(owner, func, NULL) : NULL;
}
