/* Config, Engine, FuncType, Module, Store, Linker and the parts of them that only tell of types:
   objects that hold a handle. Their methods are in wherry/_explicit.py, over what SWIG makes. */
#include "shim.h"

static bool is_a(PyObject *object, PyTypeObject *type, const char *expected) {
  if (PyObject_TypeCheck(object, type)) return true;
  PyErr_Format(PyExc_TypeError, "expected %s, got %s", expected, wpy_type_name(object));
  return false;
}

/* ---- Handles that hold nothing but their pointer ---- */

#define SIMPLE(noun, Noun, which)                                                              \
  static void noun##_dealloc(PyObject *self) {                                                 \
    wherry_##noun##_release(((wpy_handle_t *)self)->pointer);                                  \
    Py_TYPE(self)->tp_free(self);                                                              \
  }                                                                                            \
  wherry_##noun##_t *wpy_##noun##_from(PyObject *object) {                                     \
    return is_a(object, &wpy_##noun##_type, #Noun) ? ((wpy_handle_t *)object)->pointer : NULL; \
  }                                                                                            \
  static PyObject *noun##_wrap(PyTypeObject *type, wherry_##noun##_t *pointer) {               \
    PyObject *self = type->tp_alloc(type, 0);                                                  \
    if (self)                                                                                  \
      ((wpy_handle_t *)self)->pointer = pointer;                                               \
    else                                                                                       \
      wherry_##noun##_release(pointer);                                                        \
    return self;                                                                               \
  }                                                                                            \
  PyObject *wpy_##noun##_given(wherry_##noun##_t *pointer) {                                   \
    return noun##_wrap((PyTypeObject *)wpy_class(which), pointer);                             \
  }                                                                                            \
  PyObject *wpy_##noun##_lent(wherry_##noun##_t *pointer) {                                    \
    if (!pointer) Py_RETURN_NONE;                                                              \
    wherry_##noun##_retain(pointer);                                                           \
    return wpy_##noun##_given(pointer);                                                        \
  }                                                                                            \
  PyTypeObject wpy_##noun##_type = {                                                           \
      PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry._wherry." #Noun,                        \
      .tp_basicsize = sizeof(wpy_handle_t),                                                    \
      .tp_dealloc = noun##_dealloc,                                                            \
      .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,                                    \
      .tp_new = noun##_new,                                                                    \
      .tp_richcompare = same_handle,                                                           \
      .tp_hash = hash_handle,                                                                  \
  };

static PyObject *same_handle(PyObject *a, PyObject *b, int op) {
  if ((op != Py_EQ && op != Py_NE) || Py_TYPE(a) != Py_TYPE(b)) Py_RETURN_NOTIMPLEMENTED;
  bool same = ((wpy_handle_t *)a)->pointer == ((wpy_handle_t *)b)->pointer;
  return PyBool_FromLong(same == (op == Py_EQ));
}

static Py_hash_t hash_handle(PyObject *self) {
  return _Py_HashPointer(((wpy_handle_t *)self)->pointer);
}

static PyObject *config_wrap(PyTypeObject *type, wherry_config_t *pointer);
static PyObject *engine_wrap(PyTypeObject *type, wherry_engine_t *pointer);
static PyObject *functype_wrap(PyTypeObject *type, wherry_functype_t *pointer);

static PyObject *config_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  (void)args, (void)named; /* options: read by the class in Python */
  wherry_config_t *config;
  wherry_error_t *error = wherry_config_new(NULL, &config);
  return error ? wpy_raise(error) : config_wrap(type, config);
}

static PyObject *engine_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"config", NULL};
  PyObject *config = Py_None;
  wherry_engine_t *engine;
  if (!PyArg_ParseTupleAndKeywords(args, named, "|O:Engine", names, &config)) return NULL;
  if (config != Py_None && !is_a(config, &wpy_config_type, "Config")) return NULL;
  wherry_error_t *error =
      wherry_engine_new(config == Py_None ? NULL : ((wpy_handle_t *)config)->pointer, &engine);
  return error ? wpy_raise(error) : engine_wrap(type, engine);
}

static PyObject *functype_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"params", "results", NULL};
  PyObject *params, *results = NULL, *param_list = NULL, *result_list = NULL, *self = NULL;
  wherry_valtype_t *types = NULL;
  wherry_functype_t *made;
  wherry_error_t *error;
  if (!PyArg_ParseTupleAndKeywords(args, named, "O|O:FuncType", names, &params, &results))
    return NULL;
  if (!results && PyUnicode_Check(params)) { /* "ii:i" */
    const char *text = PyUnicode_AsUTF8(params);
    if (!text) return NULL;
    error = wherry_functype_parse(text, &made);
    return error ? wpy_raise(error) : functype_wrap(type, made);
  }
  if (!(param_list = PySequence_Tuple(params))) return NULL;
  if (!(result_list = results ? PySequence_Tuple(results) : PyTuple_New(0))) goto end;
  Py_ssize_t param_count = PyTuple_GET_SIZE(param_list);
  Py_ssize_t result_count = PyTuple_GET_SIZE(result_list);
  types = PyMem_New(wherry_valtype_t, (size_t)(param_count + result_count) + 1);
  if (!types) {
    PyErr_NoMemory();
    goto end;
  }
  for (Py_ssize_t i = 0; i < param_count + result_count; i++)
    if (!wpy_valtype_from(i < param_count ? PyTuple_GET_ITEM(param_list, i)
                                          : PyTuple_GET_ITEM(result_list, i - param_count),
                          &types[i]))
      goto end;
  error = wherry_functype_new(types, (size_t)param_count, types + param_count, (size_t)result_count,
                              &made);
  self = error ? wpy_raise(error) : functype_wrap(type, made);
end:
  PyMem_Free(types);
  Py_XDECREF(param_list);
  Py_XDECREF(result_list);
  return self;
}

SIMPLE(config, Config, WPY_CONFIG)
SIMPLE(engine, Engine, WPY_ENGINE)
SIMPLE(functype, FuncType, WPY_FUNCTYPE)

PyObject *wpy_default_engine(void) {
  static PyObject *engine;
  if (!engine) engine = PyObject_CallNoArgs(wpy_class(WPY_ENGINE));
  return engine;
}

/* An engine to hold: the one given, or the one that all share. */
static PyObject *engine_or_default(PyObject *given) {
  if (given && given != Py_None)
    return is_a(given, &wpy_engine_type, "Engine") ? Py_NewRef(given) : NULL;
  PyObject *engine = wpy_default_engine();
  return engine ? Py_NewRef(engine) : NULL;
}

/* ---- Module ---- */

static PyObject *module_wrap(PyTypeObject *type, wherry_module_t *module, PyObject *engine) {
  wpy_module_t *self = (wpy_module_t *)type->tp_alloc(type, 0);
  if (!self) {
    wherry_module_release(module);
    return NULL;
  }
  self->module = module;
  self->engine = Py_XNewRef(engine);
  return (PyObject *)self;
}

/* A text is a str, or the bytes of a file; file: what messages are to call it, or NULL. */
static PyObject *module_of(PyTypeObject *type, PyObject *engine, PyObject *data, bool is_text,
                           const char *file) {
  wherry_engine_t *made_in = ((wpy_handle_t *)engine)->pointer;
  wherry_error_t *error;
  wherry_module_t *module;
  Py_buffer bytes = {0};
  if (is_text && PyUnicode_Check(data)) {
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(data, &size);
    if (!text) return NULL;
    error = wherry_module_new_text(made_in, text, (size_t)size, file, &module);
  } else {
    if (PyObject_GetBuffer(data, &bytes, PyBUF_SIMPLE) < 0) return NULL;
    error = is_text ? wherry_module_new_text(made_in, bytes.buf, (size_t)bytes.len, file, &module)
                    : wherry_module_new(made_in, bytes.buf, (size_t)bytes.len, &module);
    PyBuffer_Release(&bytes);
  }
  return error ? wpy_raise(error) : module_wrap(type, module, engine);
}

static PyObject *module_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"engine", "data", "wat", "file", NULL};
  PyObject *given = Py_None, *data = Py_None, *wat = Py_None;
  const char *file = NULL;
  if (!PyArg_ParseTupleAndKeywords(args, named, "|OO$Oz:Module", names, &given, &data, &wat, &file))
    return NULL;
  if ((data == Py_None) == (wat == Py_None)) {
    PyErr_SetString(PyExc_TypeError, "Module(): expected either data or wat");
    return NULL;
  }
  PyObject *engine = engine_or_default(given);
  if (!engine) return NULL;
  bool is_text = wat != Py_None;
  PyObject *self = module_of(type, engine, is_text ? wat : data, is_text, file);
  Py_DECREF(engine);
  return self;
}

static int module_traverse(PyObject *object, visitproc visit, void *arg) {
  wpy_module_t *self = (wpy_module_t *)object;
  Py_VISIT(self->engine);
  Py_VISIT(self->names[0]);
  Py_VISIT(self->names[1]);
  Py_VISIT(self->classes);
  return 0;
}

static int module_clear(PyObject *object) {
  wpy_module_t *self = (wpy_module_t *)object;
  Py_CLEAR(self->names[0]);
  Py_CLEAR(self->names[1]);
  Py_CLEAR(self->classes);
  return 0;
}

static void module_dealloc(PyObject *object) {
  wpy_module_t *self = (wpy_module_t *)object;
  PyObject_GC_UnTrack(object);
  if (self->weak) PyObject_ClearWeakRefs(object);
  module_clear(object);
  wherry_module_release(self->module);
  Py_CLEAR(self->engine);
  Py_TYPE(object)->tp_free(object);
}

PyTypeObject wpy_module_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry._wherry.Module",
    .tp_basicsize = sizeof(wpy_module_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = module_new,
    .tp_dealloc = module_dealloc,
    .tp_traverse = module_traverse,
    .tp_clear = module_clear,
    .tp_weaklistoffset = offsetof(wpy_module_t, weak),
};

wherry_module_t *wpy_module_from(PyObject *object) {
  return is_a(object, &wpy_module_type, "Module") ? ((wpy_module_t *)object)->module : NULL;
}

PyObject *wpy_module_given(wherry_module_t *module) {
  return module_wrap((PyTypeObject *)wpy_class(WPY_MODULE), module, NULL);
}

PyObject *wpy_module_lent(wherry_module_t *module) {
  if (!module) Py_RETURN_NONE;
  wherry_module_retain(module);
  return wpy_module_given(module);
}

/* ---- What is kept for C ---- */

bool wpy_keep(wpy_kept_t *kept, PyObject *object) {
  if (kept->count == kept->room) {
    size_t room = kept->room ? 2 * kept->room : 4;
    PyObject **items = PyMem_Resize(kept->items, PyObject *, room);
    if (!items) {
      PyErr_NoMemory();
      return false;
    }
    kept->items = items;
    kept->room = room;
  }
  kept->items[kept->count++] = Py_NewRef(object);
  return true;
}

int wpy_kept_visit(wpy_kept_t *kept, visitproc visit, void *arg) {
  for (size_t i = 0; i < kept->count; i++) Py_VISIT(kept->items[i]);
  return 0;
}

void wpy_kept_clear(wpy_kept_t *kept) {
  wpy_kept_t gone = *kept;
  *kept = (wpy_kept_t) {0};
  for (size_t i = 0; i < gone.count; i++) Py_DECREF(gone.items[i]);
  PyMem_Free(gone.items);
}

/* ---- Store ---- */

static wpy_store_t *all_stores;

/* Looks at signals (only the main thread does) and gives other threads their turn. */
static wherry_error_t *tick(wherry_store_t *store, void *data) {
  (void)store, (void)data;
  if (PyErr_CheckSignals() < 0) return wpy_error_from_exception();
  Py_BEGIN_ALLOW_THREADS Py_END_ALLOW_THREADS return NULL;
}

static PyObject *store_wrap(PyTypeObject *type, wherry_store_t *store, PyObject *engine) {
  wpy_store_t *self = (wpy_store_t *)type->tp_alloc(type, 0);
  if (!self) {
    wherry_store_release(store);
    return NULL;
  }
  self->store = store;
  self->engine = Py_XNewRef(engine);
  self->next = all_stores;
  self->link = &all_stores;
  if (all_stores) all_stores->link = &self->next;
  all_stores = self;
  wherry_store_set_data(store, self, NULL);
  wherry_store_set_tick(store, tick, NULL);
  return (PyObject *)self;
}

static PyObject *store_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"engine", NULL};
  PyObject *given = NULL;
  wherry_store_t *store;
  if (PyTuple_GET_SIZE(args) == 1 && !named)
    given = PyTuple_GET_ITEM(args, 0);
  else if (!PyArg_ParseTupleAndKeywords(args, named, "|O:Store", names, &given))
    return NULL;
  PyObject *self = NULL, *engine = engine_or_default(given);
  if (!engine) return NULL;
  wherry_error_t *error = wherry_store_new(((wpy_handle_t *)engine)->pointer, &store);
  self = error ? wpy_raise(error) : store_wrap(type, store, engine);
  Py_DECREF(engine);
  return self;
}

static int store_traverse(PyObject *object, visitproc visit, void *arg) {
  wpy_store_t *self = (wpy_store_t *)object;
  Py_VISIT(self->engine);
  return wpy_kept_visit(&self->kept, visit, arg);
}

/* What the C store borrows must not go before it is closed. */
static int store_clear(PyObject *object) {
  wpy_store_t *self = (wpy_store_t *)object;
  if (!self->closed) {
    self->closed = true;
    wherry_store_close(self->store);
  }
  wpy_kept_clear(&self->kept);
  Py_CLEAR(self->externs);
  return 0;
}

static void store_dealloc(PyObject *object) {
  wpy_store_t *self = (wpy_store_t *)object;
  PyObject_GC_UnTrack(object);
  if (self->weak) PyObject_ClearWeakRefs(object);
  *self->link = self->next;
  if (self->next) self->next->link = self->link;
  self->closed = true;
  wherry_store_release(self->store);
  wpy_kept_clear(&self->kept);
  Py_CLEAR(self->externs);
  Py_CLEAR(self->engine);
  Py_TYPE(object)->tp_free(object);
}

static PyObject *store_close(PyObject *object, PyObject *unused) {
  (void)unused;
  wpy_store_t *self = (wpy_store_t *)object;
  if (self->closed) Py_RETURN_NONE;
  if (self->depth && self->thread != PyThreadState_Get())
    return wpy_raise_text(WPY_STATE_ERROR, "another thread runs in this store");
  self->closed = true;
  wherry_store_close(self->store);
  if (self->depth) Py_RETURN_NONE; /* the outermost call still needs what is kept */
  wpy_kept_clear(&self->kept);
  Py_CLEAR(self->externs);
  Py_RETURN_NONE;
}

static PyObject *store_closed(PyObject *object, void *unused) {
  (void)unused;
  return PyBool_FromLong(((wpy_store_t *)object)->closed);
}

static PyMethodDef store_methods[] = {
    {"close", store_close, METH_NOARGS,
     "close()\n--\n\nEnds all instances now, or when the outermost call returns."},
    {0},
};

static PyGetSetDef store_getset[] = {
    {"closed", store_closed, NULL, "Has close been called?", NULL},
    {0},
};

PyTypeObject wpy_store_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry._wherry.Store",
    .tp_basicsize = sizeof(wpy_store_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = store_new,
    .tp_dealloc = store_dealloc,
    .tp_traverse = store_traverse,
    .tp_clear = store_clear,
    .tp_methods = store_methods,
    .tp_getset = store_getset,
    .tp_weaklistoffset = offsetof(wpy_store_t, weak),
};

bool wpy_enter_slow(wpy_store_t *store) {
  if (!wpy_open(store)) return false;
  if (store->depth && store->thread != PyThreadState_Get()) {
    wpy_raise_text(WPY_STATE_ERROR, "another thread runs in this store");
    return false;
  }
  store->thread = PyThreadState_Get();
  store->depth++;
  return true;
}

wpy_store_t *wpy_store_of(uint64_t id) {
  for (wpy_store_t *store = all_stores; store; store = store->next)
    if (wherry_store_id(store->store) == id) return store;
  wpy_raise_text(WPY_STATE_ERROR, "the store of this object has gone");
  return NULL;
}

wherry_store_t *wpy_store_from(PyObject *object) {
  if (!is_a(object, &wpy_store_type, "Store")) return NULL;
  return ((wpy_store_t *)object)->store;
}

PyObject *wpy_store_given(wherry_store_t *store) {
  wherry_engine_t *engine = wherry_store_engine(store);
  PyObject *owner = wpy_engine_lent(engine), *self = NULL;
  if (owner)
    self = store_wrap((PyTypeObject *)wpy_class(WPY_STORE), store, owner);
  else
    wherry_store_release(store);
  Py_XDECREF(owner);
  return self;
}

PyObject *wpy_store_lent(wherry_store_t *store) {
  if (!store) Py_RETURN_NONE;
  return Py_XNewRef((PyObject *)wherry_store_data(store));
}

/* ---- Linker ---- */

static PyObject *linker_wrap(PyTypeObject *type, wherry_linker_t *linker, PyObject *engine) {
  wpy_linker_t *self = (wpy_linker_t *)type->tp_alloc(type, 0);
  if (!self) {
    wherry_linker_release(linker);
    return NULL;
  }
  self->linker = linker;
  self->engine = Py_XNewRef(engine);
  return (PyObject *)self;
}

static PyObject *linker_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"engine", NULL};
  PyObject *given = NULL;
  wherry_linker_t *linker;
  if (!PyArg_ParseTupleAndKeywords(args, named, "|O:Linker", names, &given)) return NULL;
  PyObject *self, *engine = engine_or_default(given);
  if (!engine) return NULL;
  wherry_error_t *error = wherry_linker_new(((wpy_handle_t *)engine)->pointer, &linker);
  self = error ? wpy_raise(error) : linker_wrap(type, linker, engine);
  Py_DECREF(engine);
  return self;
}

/* define_func(module, name, type, function): a host function for any store. */
static PyObject *linker_define_func(PyObject *object, PyObject *args) {
  wpy_linker_t *self = (wpy_linker_t *)object;
  const char *module, *name;
  Py_ssize_t module_size, name_size;
  PyObject *type, *callable, *shown, *host = NULL;
  if (!PyArg_ParseTuple(args, "s#s#O!O:define_func", &module, &module_size, &name, &name_size,
                        &wpy_functype_type, &type, &callable))
    return NULL;
  if (!(shown = PyUnicode_FromStringAndSize(name, name_size))) return NULL;
  host = wpy_host_new(((wpy_handle_t *)type)->pointer, callable, shown);
  Py_DECREF(shown);
  if (!host) return NULL;
  bool kept = wpy_keep(&self->kept, host);
  Py_DECREF(host);
  if (!kept) return NULL;
  wherry_error_t *error =
      wherry_linker_define_func(self->linker, module, (size_t)module_size, name, (size_t)name_size,
                                ((wpy_handle_t *)type)->pointer, wpy_host_callback, host, NULL);
  if (error) return wpy_raise(error);
  Py_RETURN_NONE;
}

/* instantiate(store, module): the store keeps the linker, whose functions it borrows. */
static PyObject *linker_instantiate(PyObject *object, PyObject *args) {
  wpy_linker_t *self = (wpy_linker_t *)object;
  wpy_store_t *store;
  wpy_module_t *module;
  wherry_instance_t instance;
  if (!PyArg_ParseTuple(args, "O!O!:instantiate", &wpy_store_type, &store, &wpy_module_type,
                        &module))
    return NULL;
  if (!wpy_enter(store)) return NULL;
  PyObject *result = NULL;
  bool kept = false;
  for (size_t i = 0; i < store->kept.count; i++) kept |= store->kept.items[i] == object;
  if (kept || wpy_keep(&store->kept, object)) {
    wherry_error_t *error =
        wherry_linker_instantiate(self->linker, store->store, module->module, &instance);
    result = error ? wpy_raise(error) : wpy_instance_make(instance);
  }
  wpy_leave(store);
  return result;
}

static int linker_traverse(PyObject *object, visitproc visit, void *arg) {
  wpy_linker_t *self = (wpy_linker_t *)object;
  Py_VISIT(self->engine);
  return wpy_kept_visit(&self->kept, visit, arg);
}

/* kept goes with dealloc: stores that go at the same time may still ask for it until then. */
static int linker_clear(PyObject *object) {
  Py_CLEAR(((wpy_linker_t *)object)->engine);
  return 0;
}

static void linker_dealloc(PyObject *object) {
  wpy_linker_t *self = (wpy_linker_t *)object;
  PyObject_GC_UnTrack(object);
  wherry_linker_release(self->linker);
  wpy_kept_clear(&self->kept);
  Py_CLEAR(self->engine);
  Py_TYPE(object)->tp_free(object);
}

static PyMethodDef linker_methods[] = {
    {"define_func", linker_define_func, METH_VARARGS, NULL},
    {"instantiate", linker_instantiate, METH_VARARGS, NULL},
    {0},
};

PyTypeObject wpy_linker_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry._wherry.Linker",
    .tp_basicsize = sizeof(wpy_linker_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .tp_new = linker_new,
    .tp_dealloc = linker_dealloc,
    .tp_traverse = linker_traverse,
    .tp_clear = linker_clear,
    .tp_methods = linker_methods,
};

wherry_linker_t *wpy_linker_from(PyObject *object) {
  return is_a(object, &wpy_linker_type, "Linker") ? ((wpy_linker_t *)object)->linker : NULL;
}

PyObject *wpy_linker_given(wherry_linker_t *linker) {
  return linker_wrap((PyTypeObject *)wpy_class(WPY_LINKER), linker, NULL);
}

PyObject *wpy_linker_lent(wherry_linker_t *linker) {
  if (!linker) Py_RETURN_NONE;
  wherry_linker_retain(linker);
  return wpy_linker_given(linker);
}

/* ---- Parts: types of a module, which the module owns ---- */

typedef struct part {
  PyObject_HEAD const void *pointer;
  PyObject *owner;
  wpy_part_t kind;
} part_t;

static void part_dealloc(PyObject *self) {
  Py_DECREF(((part_t *)self)->owner);
  Py_TYPE(self)->tp_free(self);
}

static const char *const part_names[] = {"externtype", "world", "witfunc", "type"};

static PyObject *part_repr(PyObject *self) {
  part_t *part = (part_t *)self;
  char text[WH_BIND_TEXT];
  switch (part->kind) {
  case WPY_PART_externtype: wherry_externtype_print(part->pointer, text, sizeof text); break;
  case WPY_PART_type: wherry_type_print(part->pointer, text, sizeof text); break;
  case WPY_PART_world: return PyUnicode_FromFormat("<world %s>", wherry_world_name(part->pointer));
  case WPY_PART_witfunc:
    return PyUnicode_FromFormat("<function %s>", wherry_witfunc_name(part->pointer));
  }
  return PyUnicode_FromFormat("<%s %s>", part_names[part->kind], text);
}

PyTypeObject wpy_part_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry._wherry.Part",
    .tp_basicsize = sizeof(part_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_dealloc = part_dealloc,
    .tp_repr = part_repr,
};

const void *wpy_part_from(PyObject *object, wpy_part_t kind) {
  if (Py_TYPE(object) == &wpy_part_type && ((part_t *)object)->kind == kind)
    return ((part_t *)object)->pointer;
  PyErr_Format(PyExc_TypeError, "expected a %s, got %s", part_names[kind], wpy_type_name(object));
  return NULL;
}

PyObject *wpy_part_make(wpy_part_t kind, const void *pointer, PyObject *owner) {
  if (!pointer) Py_RETURN_NONE;
  part_t *self = (part_t *)wpy_part_type.tp_alloc(&wpy_part_type, 0);
  if (!self) return NULL;
  /* A part of a part belongs to the same module. */
  if (Py_TYPE(owner) == &wpy_part_type) owner = ((part_t *)owner)->owner;
  self->pointer = pointer;
  self->owner = Py_NewRef(owner);
  self->kind = kind;
  return (PyObject *)self;
}
