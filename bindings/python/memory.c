/* Memory: bytes of a guest, read, written and lent out by the buffer protocol.

   The base of a memory never moves, so a buffer that was handed out stays valid while the memory
   grows; it keeps the length it had. A hold keeps the bytes past the end of the store. */
#include "shim.h"

#include <string.h>

bool wpy_memory_hold(wpy_memory_t *self) {
  if (self->hold) return true;
  if (!wpy_open(self->owner)) return false;
  wherry_error_t *error = wherry_memory_hold(self->owner->store, self->memory, &self->hold);
  if (error) wpy_raise(error);
  return !error;
}

bool wpy_memory_bounds(wpy_memory_t *self, uint64_t address, uint64_t size) {
  if (address <= *self->size && size <= *self->size - address) return true;
  char text[WH_BIND_TEXT];
  wh_bind_text_bounds(text, sizeof text, address, size, *self->size);
  wpy_raise_text(WPY_RANGE_ERROR, text);
  return false;
}

/* Address and size together: open, and inside. */
static inline bool reach(wpy_memory_t *self, uint64_t address, uint64_t size) {
  if (self->owner->closed) return wpy_open(self->owner);
  if (address <= *self->size && size <= *self->size - address) return true;
  return wpy_memory_bounds(self, address, size);
}

static bool count_args(const char *name, Py_ssize_t count, Py_ssize_t low, Py_ssize_t high) {
  if (count >= low && count <= high) return true;
  PyErr_Format(PyExc_TypeError, "%s(): expected %zd arguments, got %zd", name,
               count < low ? low : high, count);
  return false;
}

static PyObject *memory_read(PyObject *object, PyObject *const *args, Py_ssize_t count) {
  wpy_memory_t *self = (wpy_memory_t *)object;
  uint64_t address, size;
  if (count != 2 && !count_args("read", count, 2, 2)) return NULL;
  if (!wpy_address(args[0], &address) || !wpy_address(args[1], &size)) return NULL;
  if (!reach(self, address, size)) return NULL;
  return PyBytes_FromStringAndSize((const char *)self->data + address, (Py_ssize_t)size);
}

static PyObject *memory_write(PyObject *object, PyObject *const *args, Py_ssize_t count) {
  wpy_memory_t *self = (wpy_memory_t *)object;
  uint64_t address;
  Py_buffer bytes;
  if (!count_args("write", count, 2, 2) || !wpy_address(args[0], &address)) return NULL;
  if (PyBytes_CheckExact(args[1])) {
    size_t size = (size_t)PyBytes_GET_SIZE(args[1]);
    if (!reach(self, address, size)) return NULL;
    memcpy(self->data + address, PyBytes_AS_STRING(args[1]), size);
    Py_RETURN_NONE;
  }
  if (PyUnicode_Check(args[1])) {
    PyErr_SetString(PyExc_TypeError, "write(): expected bytes, got str (encode it first)");
    return NULL;
  }
  if (PyObject_GetBuffer(args[1], &bytes, PyBUF_C_CONTIGUOUS) < 0) return NULL;
  bool inside = reach(self, address, (uint64_t)bytes.len);
  /* The bytes may be this memory's own, overlapping. */
  if (inside) memmove(self->data + address, bytes.buf, (size_t)bytes.len);
  PyBuffer_Release(&bytes);
  if (!inside) return NULL;
  Py_RETURN_NONE;
}

/* read_string(address, size=None, encoding="utf-8"): without a size up to a zero byte. */
static PyObject *memory_read_string(PyObject *object, PyObject *args, PyObject *named) {
  static char *names[] = {"address", "size", "encoding", NULL};
  wpy_memory_t *self = (wpy_memory_t *)object;
  PyObject *where, *length = Py_None;
  const char *encoding = "utf-8";
  uint64_t address, size;
  if (!PyArg_ParseTupleAndKeywords(args, named, "O|Os:read_string", names, &where, &length,
                                   &encoding) ||
      !wpy_address(where, &address))
    return NULL;
  if (length != Py_None) {
    if (!wpy_address(length, &size) || !reach(self, address, size)) return NULL;
  } else {
    if (!reach(self, address, 0)) return NULL;
    const void *end = memchr(self->data + address, 0, (size_t)(*self->size - address));
    if (!end) return wpy_raise_text(WPY_RANGE_ERROR, "the string is not ended by a zero byte");
    size = (uint64_t)((const uint8_t *)end - self->data) - address;
  }
  return PyUnicode_Decode((const char *)self->data + address, (Py_ssize_t)size, encoding, "strict");
}

static PyObject *memory_grow(PyObject *object, PyObject *pages) {
  wpy_memory_t *self = (wpy_memory_t *)object;
  uint64_t more, previous;
  if (!wpy_u64(pages, UINT64_MAX, "a number of pages", NULL, &more)) return NULL;
  if (!wpy_open(self->owner)) return NULL;
  wherry_error_t *error = wherry_memory_grow(self->owner->store, self->memory, more, &previous);
  return error ? wpy_raise(error) : PyLong_FromUnsignedLongLong(previous);
}

static PyObject *make_view(PyObject *object, PyObject *const *args, Py_ssize_t count, char format,
                           const char *name) {
  uint64_t address = 0;
  if (!count_args(name, count, 0, 1)) return NULL;
  if (count && !wpy_address(args[0], &address)) return NULL;
  return wpy_view_new((wpy_memory_t *)object, format, address, -1);
}

#define VIEW(name, format)                                                                  \
  static PyObject *name##_view(PyObject *object, PyObject *const *args, Py_ssize_t count) { \
    return make_view(object, args, count, format, #name "_view");                           \
  }
VIEW(int8, 'b')
VIEW(uint8, 'B')
VIEW(int16, 'h')
VIEW(uint16, 'H')
VIEW(int32, 'i')
VIEW(uint32, 'I')
VIEW(int64, 'q')
VIEW(uint64, 'Q')
VIEW(float32, 'f')
VIEW(float64, 'd')

static PyObject *memory_buffer(PyObject *object, void *unused) {
  (void)unused;
  return PyMemoryView_FromObject(object);
}

static PyObject *memory_size(PyObject *object, void *unused) {
  (void)unused;
  wpy_memory_t *self = (wpy_memory_t *)object;
  uint64_t pages, maximum;
  if (!wpy_open(self->owner)) return NULL;
  wherry_error_t *error = wherry_memory_limits(self->owner->store, self->memory, &pages, &maximum);
  return error ? wpy_raise(error) : PyLong_FromUnsignedLongLong(pages);
}

static PyObject *memory_maximum(PyObject *object, void *unused) {
  (void)unused;
  wpy_memory_t *self = (wpy_memory_t *)object;
  uint64_t size, maximum;
  if (!wpy_open(self->owner)) return NULL;
  wherry_error_t *error = wherry_memory_limits(self->owner->store, self->memory, &size, &maximum);
  if (error) return wpy_raise(error);
  if (maximum == UINT64_MAX) Py_RETURN_NONE;
  return PyLong_FromUnsignedLongLong(maximum);
}

static PyObject *memory_store(PyObject *object, void *unused) {
  (void)unused;
  return Py_NewRef((PyObject *)((wpy_memory_t *)object)->owner);
}

static Py_ssize_t memory_length(PyObject *object) {
  wpy_memory_t *self = (wpy_memory_t *)object;
  return wpy_open(self->owner) ? (Py_ssize_t)*self->size : -1;
}

/* As a view of bytes that begins at the first: memory[5], memory[0:16]. */
static PyObject *memory_subscript(PyObject *object, PyObject *key) {
  PyObject *view = wpy_view_new((wpy_memory_t *)object, 'B', 0, -1), *item;
  if (!view) return NULL;
  item = PyObject_GetItem(view, key);
  Py_DECREF(view);
  return item;
}

static int memory_assign(PyObject *object, PyObject *key, PyObject *value) {
  PyObject *view = wpy_view_new((wpy_memory_t *)object, 'B', 0, -1);
  if (!view) return -1;
  int status = value ? PyObject_SetItem(view, key, value) : PyObject_DelItem(view, key);
  Py_DECREF(view);
  return status;
}

static int memory_get_buffer(PyObject *object, Py_buffer *buffer, int flags) {
  wpy_memory_t *self = (wpy_memory_t *)object;
  buffer->obj = NULL;
  if (!wpy_open(self->owner) || !wpy_memory_hold(self)) return -1;
  return PyBuffer_FillInfo(buffer, object, self->data, (Py_ssize_t)*self->size, 0, flags);
}

static PyObject *memory_repr(PyObject *object) {
  wpy_memory_t *self = (wpy_memory_t *)object;
  if (self->owner->closed) return PyUnicode_FromString("<wherry.Memory, closed>");
  return PyUnicode_FromFormat("<wherry.Memory of %llu bytes>", (unsigned long long)*self->size);
}

static PyObject *memory_same(PyObject *a, PyObject *b, int op) {
  if ((op != Py_EQ && op != Py_NE) || Py_TYPE(a) != Py_TYPE(b)) Py_RETURN_NOTIMPLEMENTED;
  wherry_memory_t x = ((wpy_memory_t *)a)->memory, y = ((wpy_memory_t *)b)->memory;
  return PyBool_FromLong((x.store == y.store && x.index == y.index) == (op == Py_EQ));
}

static Py_hash_t memory_hash(PyObject *self) {
  wherry_memory_t memory = ((wpy_memory_t *)self)->memory;
  Py_hash_t hash = (Py_hash_t)(memory.store * 31 ^ memory.index);
  return hash == -1 ? -2 : hash;
}

PyObject *wpy_memory_new(wpy_store_t *owner, wherry_memory_t memory) {
  uint8_t *data;
  const uint64_t *size;
  if (!wpy_open(owner)) return NULL;
  wherry_error_t *error = wherry_memory_view(owner->store, memory, &data, &size);
  if (error) return wpy_raise(error);
  wpy_memory_t *self = (wpy_memory_t *)wpy_memory_type.tp_alloc(&wpy_memory_type, 0);
  if (!self) return NULL;
  self->owner = (wpy_store_t *)Py_NewRef((PyObject *)owner);
  self->memory = memory;
  self->data = data;
  self->size = size;
  return (PyObject *)self;
}

/* Memory(store, minimum, maximum=None), in pages. */
static PyObject *memory_new(PyTypeObject *type, PyObject *args, PyObject *named) {
  static char *names[] = {"store", "minimum", "maximum", NULL};
  wpy_store_t *store;
  PyObject *least, *most = Py_None;
  uint64_t minimum, maximum = UINT64_MAX;
  wherry_memory_t memory;
  (void)type;
  if (!PyArg_ParseTupleAndKeywords(args, named, "O!O|O:Memory", names, &wpy_store_type, &store,
                                   &least, &most) ||
      !wpy_u64(least, UINT64_MAX, "a number of pages", NULL, &minimum) ||
      (most != Py_None && !wpy_u64(most, UINT64_MAX, "a number of pages", NULL, &maximum)) ||
      !wpy_open(store))
    return NULL;
  wherry_error_t *error = wherry_memory_new(store->store, minimum, maximum, &memory);
  return error ? wpy_raise(error) : wpy_memory_new(store, memory);
}

static int memory_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(((wpy_memory_t *)self)->owner);
  return 0;
}

static void memory_dealloc(PyObject *object) {
  wpy_memory_t *self = (wpy_memory_t *)object;
  PyObject_GC_UnTrack(object);
  if (self->hold) wherry_memory_unhold(self->hold);
  Py_XDECREF(self->owner);
  Py_TYPE(object)->tp_free(object);
}

#define VIEW_METHOD(name, letter)                                                                  \
  {#name "_view", (PyCFunction)(void (*)(void))name##_view, METH_FASTCALL,                         \
   #name "_view(address=0)\n--\n\nThe memory from address to its end, as an array of " #name ".\n" \
         "Nothing is copied; slices are arrays as well."}

static PyMethodDef memory_methods[] = {
    {"read", (PyCFunction)(void (*)(void))memory_read, METH_FASTCALL,
     "read(address, size, /)\n--\n\nA copy of size bytes at address."},
    {"write", (PyCFunction)(void (*)(void))memory_write, METH_FASTCALL,
     "write(address, data, /)\n--\n\nCopies data (any buffer) to address."},
    {"read_string", (PyCFunction)(void (*)(void))memory_read_string, METH_VARARGS | METH_KEYWORDS,
     "read_string(address, size=None, encoding='utf-8')\n--\n\n"
     "The text at address; without a size it ends before the first zero byte."},
    {"grow", memory_grow, METH_O,
     "grow(pages, /)\n--\n\nMakes the memory larger by pages; returns how many there were."},
    VIEW_METHOD(int8, b),
    VIEW_METHOD(uint8, B),
    VIEW_METHOD(int16, h),
    VIEW_METHOD(uint16, H),
    VIEW_METHOD(int32, i),
    VIEW_METHOD(uint32, I),
    VIEW_METHOD(int64, q),
    VIEW_METHOD(uint64, Q),
    VIEW_METHOD(float32, f),
    VIEW_METHOD(float64, d),
    {0},
};

static PyGetSetDef memory_getset[] = {
    {"buffer", memory_buffer, NULL, "A memoryview of all of it, of the length it has now.", NULL},
    {"size", memory_size, NULL, "Its size in pages; len() gives bytes.", NULL},
    {"maximum", memory_maximum, NULL, "The most pages it may grow to; None: none declared.", NULL},
    {"store", memory_store, NULL, "The Store it lives in.", NULL},
    {0},
};

static PyMappingMethods memory_mapping = {memory_length, memory_subscript, memory_assign};
static PyBufferProcs memory_buffer_procs = {memory_get_buffer, NULL};

PyTypeObject wpy_memory_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry.Memory",
    .tp_doc = "Memory(store, minimum, maximum=None)\n--\n\n"
              "A linear memory; sizes in pages (of 64 KiB, or as its module says). "
              "bytes(memory[0:16]), memoryview(memory)\n"
              "and numpy.frombuffer(memory) work without a copy.",
    .tp_basicsize = sizeof(wpy_memory_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = memory_new,
    .tp_dealloc = memory_dealloc,
    .tp_traverse = memory_traverse,
    .tp_methods = memory_methods,
    .tp_getset = memory_getset,
    .tp_as_mapping = &memory_mapping,
    .tp_as_buffer = &memory_buffer_procs,
    .tp_repr = memory_repr,
    .tp_richcompare = memory_same,
    .tp_hash = memory_hash,
};

bool wpy_memory_from(PyObject *object, wherry_store_t **store, wherry_memory_t *out) {
  if (!PyObject_TypeCheck(object, &wpy_memory_type)) {
    PyErr_Format(PyExc_TypeError, "expected Memory, got %s", wpy_type_name(object));
    return false;
  }
  wpy_memory_t *self = (wpy_memory_t *)object;
  if (!wpy_open(self->owner)) return false;
  *store = self->owner->store;
  *out = self->memory;
  return true;
}

PyObject *wpy_memory_make(wherry_memory_t memory) {
  wpy_store_t *owner = wpy_store_of(memory.store);
  return owner ? wpy_memory_new(owner, memory) : NULL;
}
