/* Views: arrays of numbers over a memory. One that was made by uint8_view and its siblings reaches to
   the end of the memory and grows with it; a slice has the length it was given. */
#include "shim.h"

#include <string.h>

typedef struct view {
  PyObject_HEAD wpy_memory_t *memory; /* held, so that its bytes outlive the store */
  uint64_t address;
  Py_ssize_t count;  /* -1: to the end of the memory */
  Py_ssize_t length; /* for buffers: their shape */
  uint8_t width;
  char format[2];
} view_t;

static uint8_t width_of(char format) {
  switch (format) {
  case 'b':
  case 'B': return 1;
  case 'h':
  case 'H': return 2;
  case 'i':
  case 'I':
  case 'f': return 4;
  default: return 8;
  }
}

static const char *type_of(char format) {
  switch (format) {
  case 'b': return "int8";
  case 'B': return "uint8";
  case 'h': return "int16";
  case 'H': return "uint16";
  case 'i': return "int32";
  case 'I': return "uint32";
  case 'q': return "int64";
  case 'Q': return "uint64";
  case 'f': return "float32";
  default: return "float64";
  }
}

static inline Py_ssize_t length_of(const view_t *self) {
  if (self->count >= 0) return self->count;
  uint64_t size = *self->memory->size;
  return self->address < size ? (Py_ssize_t)((size - self->address) / self->width) : 0;
}

static inline uint8_t *place(const view_t *self, Py_ssize_t index) {
  return self->memory->data + self->address + (uint64_t)index * self->width;
}

static PyObject *load(char format, const uint8_t *from) {
  switch (format) {
  case 'b': return PyLong_FromLong(*(const int8_t *)from);
  case 'B': return PyLong_FromLong(*from);
#define LOAD(letter, type, make)        \
  case letter: {                        \
    type value;                         \
    memcpy(&value, from, sizeof value); \
    return make(value);                 \
  }
    LOAD('h', int16_t, PyLong_FromLong)
    LOAD('H', uint16_t, PyLong_FromLong)
    LOAD('i', int32_t, PyLong_FromLong)
    LOAD('I', uint32_t, PyLong_FromUnsignedLong)
    LOAD('q', int64_t, PyLong_FromLongLong)
    LOAD('Q', uint64_t, PyLong_FromUnsignedLongLong)
    LOAD('f', float, PyFloat_FromDouble)
    LOAD('d', double, PyFloat_FromDouble)
#undef LOAD
  default: Py_UNREACHABLE();
  }
}

/* Reads a number into 8 bytes; the first width of them are what memory gets. */
static bool convert(char format, PyObject *object, uint8_t bytes[8]) {
  int64_t whole;
  uint64_t bits;
  const char *type = type_of(format);
  switch (format) {
  case 'f':
  case 'd': {
    double number = PyFloat_AsDouble(object);
    if (number == -1.0 && PyErr_Occurred()) return false;
    float narrow = (float)number;
    if (format == 'f')
      memcpy(bytes, &narrow, sizeof narrow);
    else
      memcpy(bytes, &number, sizeof number);
    return true;
  }
  case 'Q':
    if (!wpy_u64(object, UINT64_MAX, type, NULL, &bits)) return false;
    memcpy(bytes, &bits, sizeof bits);
    return true;
  case 'q':
    if (!wpy_i64(object, INT64_MIN, INT64_MAX, type, NULL, &whole)) return false;
    break;
  default: {
    int width = 8 * width_of(format);
    bool is_signed = format == 'b' || format == 'h' || format == 'i';
    int64_t high = (INT64_C(1) << (is_signed ? width - 1 : width)) - 1;
    if (!wpy_i64(object, is_signed ? -high - 1 : 0, high, type, NULL, &whole)) return false;
  }
  }
  memcpy(bytes, &whole, sizeof whole); /* little-endian hosts only */
  return true;
}

static bool open_view(const view_t *self) { return wpy_open(self->memory->owner); }

static bool index_of(const view_t *self, PyObject *key, Py_ssize_t *index) {
  int64_t small;
  if (wpy_small_int(key, &small)) {
    *index = (Py_ssize_t)small;
  } else {
    *index = PyNumber_AsSsize_t(key, PyExc_IndexError);
    if (*index == -1 && PyErr_Occurred()) return false;
  }
  Py_ssize_t length = length_of(self);
  if (*index < 0) *index += length;
  if (*index >= 0 && *index < length) return true;
  PyErr_Format(PyExc_IndexError, "index %R is out of a view of %zd elements", key, length);
  return false;
}

static PyObject *view_item(PyObject *object, Py_ssize_t index) {
  view_t *self = (view_t *)object;
  if (!open_view(self)) return NULL;
  if (index < 0 || index >= length_of(self)) {
    PyErr_SetString(PyExc_IndexError, "index is out of the view");
    return NULL;
  }
  return load(self->format[0], place(self, index));
}

/* As a memoryview, which knows how to step. */
static PyObject *stepped(PyObject *object, PyObject *key) {
  PyObject *buffer = PyMemoryView_FromObject(object), *part = NULL;
  if (buffer) part = PyObject_GetItem(buffer, key);
  Py_XDECREF(buffer);
  return part;
}

static PyObject *view_subscript(PyObject *object, PyObject *key) {
  view_t *self = (view_t *)object;
  Py_ssize_t start, stop, step;
  if (!open_view(self)) return NULL;
  if (PySlice_Check(key)) {
    if (PySlice_Unpack(key, &start, &stop, &step) < 0) return NULL;
    if (step != 1) return stepped(object, key);
    Py_ssize_t count = PySlice_AdjustIndices(length_of(self), &start, &stop, step);
    return wpy_view_new(self->memory, self->format[0],
                        self->address + (uint64_t)start * self->width, count);
  }
  if (!index_of(self, key, &start)) return NULL;
  return load(self->format[0], place(self, start));
}

/* The same numbers in the machine's order? Formats of the struct module, and numpy's. */
static bool same_format(const char *given, char format, Py_ssize_t width) {
  if (!given) return format == 'B';
  if (*given == '@' || *given == '=' || *given == '<') given++;
  if (!*given || given[1]) return false;
  if (format == 'f' || format == 'd') return *given == format;
  if (width != width_of(format)) return false;
  bool is_signed = format == 'b' || format == 'h' || format == 'i' || format == 'q';
  return strchr(is_signed ? "bhilqn" : (format == 'B' ? "Bc" : "BHILQN"), *given) != NULL;
}

static bool wrong_length(Py_ssize_t got, Py_ssize_t count) {
  PyErr_Format(PyExc_ValueError, "a slice of %zd elements takes as many, not %zd", count, got);
  return false;
}

static bool assign_items(view_t *self, Py_ssize_t start, Py_ssize_t count, PyObject *value) {
  PyObject *items = PySequence_Tuple(value); /* before anything is written: value may be a view */
  if (!items) return false;
  bool done = PyTuple_GET_SIZE(items) == count || wrong_length(PyTuple_GET_SIZE(items), count);
  uint8_t bytes[8], *staged = PyMem_Malloc((size_t)count * self->width + 1);
  if (!staged) {
    PyErr_NoMemory();
    done = false;
  }
  for (Py_ssize_t i = 0; done && i < count; i++) {
    done = convert(self->format[0], PyTuple_GET_ITEM(items, i), bytes);
    if (done) memcpy(staged + i * self->width, bytes, self->width);
  }
  /* Numbers may run code of theirs when they are asked for their value. */
  if (done && (done = open_view(self)))
    memcpy(place(self, start), staged, (size_t)count * self->width);
  PyMem_Free(staged);
  Py_DECREF(items);
  return done;
}

static bool assign_slice(view_t *self, PyObject *key, PyObject *value) {
  Py_ssize_t start, stop, step;
  Py_buffer buffer;
  if (PySlice_Unpack(key, &start, &stop, &step) < 0) return false;
  if (step != 1) {
    PyErr_SetString(PyExc_ValueError, "a view's slice is assigned as a whole: its step must be 1");
    return false;
  }
  Py_ssize_t count = PySlice_AdjustIndices(length_of(self), &start, &stop, step);
  if (!PyObject_CheckBuffer(value)) return assign_items(self, start, count, value);
  if (PyObject_GetBuffer(value, &buffer, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0) return false;
  bool same = same_format(buffer.format, self->format[0], buffer.itemsize);
  bool done = same && (buffer.len == count * self->width ||
                       wrong_length(buffer.len / (buffer.itemsize ? buffer.itemsize : 1), count));
  if (done) memmove(place(self, start), buffer.buf, (size_t)buffer.len);
  PyBuffer_Release(&buffer);
  return same ? done : assign_items(self, start, count, value);
}

static int view_assign(PyObject *object, PyObject *key, PyObject *value) {
  view_t *self = (view_t *)object;
  Py_ssize_t index;
  uint8_t bytes[8];
  if (!value) {
    PyErr_SetString(PyExc_TypeError, "memory cannot be deleted");
    return -1;
  }
  if (!open_view(self)) return -1;
  if (PySlice_Check(key)) return assign_slice(self, key, value) ? 0 : -1;
  if (!convert(self->format[0], value, bytes) || !open_view(self) || !index_of(self, key, &index))
    return -1;
  memcpy(place(self, index), bytes, self->width);
  return 0;
}

static Py_ssize_t view_length(PyObject *object) {
  return open_view((view_t *)object) ? length_of((view_t *)object) : -1;
}

static int view_get_buffer(PyObject *object, Py_buffer *buffer, int flags) {
  view_t *self = (view_t *)object;
  buffer->obj = NULL;
  if (!open_view(self)) return -1;
  /* The shape of a buffer must not change, so each buffer of a growing view has a slice of its own. */
  view_t *fixed = self->count >= 0 ? (view_t *)Py_NewRef(object)
                                   : (view_t *)wpy_view_new(self->memory, self->format[0],
                                                            self->address, length_of(self));
  if (!fixed) return -1;
  *buffer = (Py_buffer) {
      .buf = place(fixed, 0),
      .obj = (PyObject *)fixed,
      .len = fixed->count * fixed->width,
      .itemsize = fixed->width,
      .ndim = 1,
      .format = flags & PyBUF_FORMAT ? fixed->format : NULL,
      .shape = flags & PyBUF_ND ? &fixed->length : NULL,
  };
  static Py_ssize_t strides[] = {[1] = 1, [2] = 2, [4] = 4, [8] = 8};
  if ((flags & PyBUF_STRIDES) == PyBUF_STRIDES) buffer->strides = &strides[fixed->width];
  return 0;
}

/* Equal to any sequence of the same numbers. */
static PyObject *view_compare(PyObject *a, PyObject *b, int op) {
  if ((op != Py_EQ && op != Py_NE) || !PySequence_Check(b) || PyUnicode_Check(b))
    Py_RETURN_NOTIMPLEMENTED;
  PyObject *x = PySequence_List(a), *y = x ? PySequence_List(b) : NULL, *result = NULL;
  if (y) result = PyObject_RichCompare(x, y, op);
  Py_XDECREF(x);
  Py_XDECREF(y);
  return result;
}

static PyObject *view_repr(PyObject *object) {
  view_t *self = (view_t *)object;
  if (self->memory->owner->closed)
    return PyUnicode_FromFormat("<wherry %s view, closed>", type_of(self->format[0]));
  return PyUnicode_FromFormat("<wherry %s view of %zd elements at address %llu>",
                              type_of(self->format[0]), length_of(self),
                              (unsigned long long)self->address);
}

static PyObject *view_tolist(PyObject *self, PyObject *unused) {
  (void)unused;
  return PySequence_List(self);
}

static PyObject *view_width(PyObject *object, void *unused) {
  (void)unused;
  return PyLong_FromLong(((view_t *)object)->width);
}

static PyObject *view_address(PyObject *object, void *unused) {
  (void)unused;
  return PyLong_FromUnsignedLongLong(((view_t *)object)->address);
}

PyObject *wpy_view_new(wpy_memory_t *memory, char format, uint64_t address, int64_t count) {
  if (!wpy_open(memory->owner) || !wpy_memory_bounds(memory, address, 0) ||
      !wpy_memory_hold(memory))
    return NULL;
  view_t *self = (view_t *)wpy_view_type.tp_alloc(&wpy_view_type, 0);
  if (!self) return NULL;
  self->memory = (wpy_memory_t *)Py_NewRef((PyObject *)memory);
  self->address = address;
  self->count = self->length = (Py_ssize_t)count;
  self->width = width_of(format);
  self->format[0] = format;
  return (PyObject *)self;
}

static int view_traverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(((view_t *)self)->memory);
  return 0;
}

static void view_dealloc(PyObject *self) {
  PyObject_GC_UnTrack(self);
  Py_XDECREF(((view_t *)self)->memory);
  Py_TYPE(self)->tp_free(self);
}

static PyMethodDef view_methods[] = {
    {"tolist", view_tolist, METH_NOARGS, "tolist()\n--\n\nA list of its numbers."},
    {0},
};

static PyGetSetDef view_getset[] = {
    {"bytes_per_element", view_width, NULL, "How many bytes an element takes.", NULL},
    {"address", view_address, NULL, "Where in the memory it begins, in bytes.", NULL},
    {0},
};

static PyMappingMethods view_mapping = {view_length, view_subscript, view_assign};
static PySequenceMethods view_sequence = {.sq_length = view_length, .sq_item = view_item};
static PyBufferProcs view_buffer = {view_get_buffer, NULL};

PyTypeObject wpy_view_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "wherry.View",
    .tp_doc = "An array of numbers over a memory; see Memory.uint8_view and its siblings.",
    .tp_basicsize = sizeof(view_t),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION |
                Py_TPFLAGS_SEQUENCE,
    .tp_dealloc = view_dealloc,
    .tp_traverse = view_traverse,
    .tp_methods = view_methods,
    .tp_getset = view_getset,
    .tp_as_mapping = &view_mapping,
    .tp_as_sequence = &view_sequence,
    .tp_as_buffer = &view_buffer,
    .tp_repr = view_repr,
    .tp_richcompare = view_compare,
    .tp_hash = PyObject_HashNotImplemented,
};
