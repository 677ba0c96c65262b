/* The Python shim: the types that a user holds, and the hot paths between them and libwherry. It is
   one extension module with what SWIG generates from swig/python.i, which asks here for handles.

   Who keeps whom alive: a Func, Memory, Table, Global, Instance or view holds its Store; a Store holds
   its Engine and, in `kept`, every host function and reference that was put into it. So cycles
   between a store and Python closures are visible to the garbage collector, and the C store holds
   only borrowed pointers, which end with it.

   Threads: all of it runs under the GIL. */
#ifndef WHERRY_PYTHON_SHIM_H
#define WHERRY_PYTHON_SHIM_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <wherry.h>

#include "common.h"

#if PY_VERSION_HEX < 0x030A0000
#define Py_NewRef(object) (Py_INCREF(object), (PyObject *)(object))
#define Py_XNewRef(object) (Py_XINCREF(object), (PyObject *)(object))
#define Py_TPFLAGS_SEQUENCE 0
#define Py_TPFLAGS_DISALLOW_INSTANTIATION 0
#endif

/* ---- module.c: the classes of wherry/_explicit.py and wherry/_errors.py, once registered ---- */

typedef enum wpy_class {
  WPY_CONFIG,
  WPY_ENGINE,
  WPY_MODULE,
  WPY_STORE,
  WPY_LINKER,
  WPY_FUNCTYPE,
  WPY_TABLE,
  WPY_GLOBAL,
  WPY_TAG,
  WPY_INSTANCE,
  WPY_VALUE,
  WPY_FRAME,
  WPY_ERROR,
  WPY_MALFORMED_ERROR,
  WPY_INVALID_ERROR,
  WPY_LINK_ERROR,
  WPY_TRAP,
  WPY_EXIT,
  WPY_WASM_EXCEPTION,
  WPY_LIMIT_ERROR,
  WPY_INTERRUPTED,
  WPY_TIMEOUT_ERROR,
  WPY_STATE_ERROR,
  WPY_RANGE_ERROR,
  WPY_CLASS_COUNT
} wpy_class_t;

/* A borrowed reference; never NULL. */
PyObject *wpy_class(wpy_class_t which);

/* Adds the shim's types and functions to the module that SWIG made. */
int wpy_init(PyObject *module);

/* ---- errors.c ---- */

/* Raises what a function of libwherry returned; takes error over. Returns NULL. */
PyObject *wpy_raise(wherry_error_t *error);

/* Turns the exception that is set into an error of kind host that carries it; a WasmException into one
   that guests may catch. */
wherry_error_t *wpy_error_from_exception(void);

/* wpy_class(which)(text); returns NULL. */
PyObject *wpy_raise_text(wpy_class_t which, const char *text);
PyObject *wpy_raise_closed(const char *what);

/* ---- convert.c ---- */

/* An int of at most two digits without a call; false: ask PyLong_As…. */
static inline bool wpy_small_int(PyObject *object, int64_t *value) {
  if (!PyLong_CheckExact(object)) return false;
#if PY_VERSION_HEX >= 0x030C0000
  if (!PyUnstable_Long_IsCompact((PyLongObject *)object)) return false;
  *value = PyUnstable_Long_CompactValue((PyLongObject *)object);
#else
  const digit *digits = ((PyLongObject *)object)->ob_digit;
  switch (Py_SIZE(object)) {
  case 0: *value = 0; break;
  case 1: *value = digits[0]; break;
  case -1: *value = -(int64_t)digits[0]; break;
  case 2: *value = digits[0] | (int64_t)digits[1] << PyLong_SHIFT; break;
  case -2: *value = -(digits[0] | (int64_t)digits[1] << PyLong_SHIFT); break;
  default: return false;
  }
#endif
  return true;
}

/* Anything with __index__, in low..high; what does not fit raises "… does not fit in TYPE". place
   may be NULL. */
bool wpy_i64(PyObject *object, int64_t low, int64_t high, const char *type,
             const wh_bind_place_t *place, int64_t *value);
bool wpy_u64(PyObject *object, uint64_t high, const char *type, const wh_bind_place_t *place,
             uint64_t *value);
bool wpy_u64_arg(PyObject *object, uint64_t high, const char *type, uint64_t *value);

/* An address in a guest's memory; a negative i32 is the address with the same bits. */
bool wpy_address_slow(PyObject *object, uint64_t *address);
static inline bool wpy_address(PyObject *object, uint64_t *address) {
  int64_t small;
  if (wpy_small_int(object, &small) && small >= 0) {
    *address = (uint64_t)small;
    return true;
  }
  return wpy_address_slow(object, address);
}

bool wpy_valtype_from(PyObject *object, wherry_valtype_t *type);
PyObject *wpy_valtype_name(wherry_valtype_t type);
/* A str or None. */
PyObject *wpy_text(const char *text);
PyObject *wpy_name(wherry_bytes_t name);

/* The name of an object's type for a message, and a short repr of a number. */
const char *wpy_type_name(PyObject *object);

/* ---- handles.c ---- */

typedef struct wpy_handle {
  PyObject_HEAD void *pointer; /* a config, engine or function type */
} wpy_handle_t;

typedef struct wpy_module {
  PyObject_HEAD wherry_module_t *module;
  PyObject *engine;
  PyObject *names[2]; /* attribute -> place, of the core exports and of the lifted ones; made when
                         first needed, see names.c */
  PyObject *classes;  /* list of record classes by the index of their type, or NULL */
  PyObject *weak;
} wpy_module_t;

/* Strong references that only their owner gives up: the collector would empty a list whenever it
   likes, while C still borrows what was in it. */
typedef struct wpy_kept {
  PyObject **items;
  size_t count, room;
} wpy_kept_t;

typedef struct wpy_store {
  PyObject_HEAD wherry_store_t *store;
  PyObject *engine;
  wpy_kept_t kept;                /* what the C store borrows */
  PyObject *externs;              /* dict: id(object) -> index of its reference, or NULL */
  struct wpy_store *next, **link; /* all stores that live, for wpy_store_of */
  PyThreadState *thread;          /* who runs in it while depth > 0 */
  unsigned depth;
  bool closed;
  PyObject *weak;
} wpy_store_t;

typedef struct wpy_linker {
  PyObject_HEAD wherry_linker_t *linker;
  PyObject *engine;
  wpy_kept_t kept;
} wpy_linker_t;

typedef enum wpy_part {
  WPY_PART_externtype,
  WPY_PART_world,
  WPY_PART_witfunc,
  WPY_PART_type
} wpy_part_t;

extern PyTypeObject wpy_config_type, wpy_engine_type, wpy_functype_type, wpy_module_type,
    wpy_store_type, wpy_linker_type, wpy_part_type;

/* What SWIG's typemaps ask for. _from borrows; _given takes the handle over; _lent retains it. */
wherry_config_t *wpy_config_from(PyObject *object);
wherry_engine_t *wpy_engine_from(PyObject *object);
wherry_functype_t *wpy_functype_from(PyObject *object);
wherry_module_t *wpy_module_from(PyObject *object);
wherry_store_t *wpy_store_from(PyObject *object);
wherry_linker_t *wpy_linker_from(PyObject *object);
PyObject *wpy_config_given(wherry_config_t *config);
PyObject *wpy_engine_given(wherry_engine_t *engine);
PyObject *wpy_functype_given(wherry_functype_t *type);
PyObject *wpy_module_given(wherry_module_t *module);
PyObject *wpy_store_given(wherry_store_t *store);
PyObject *wpy_linker_given(wherry_linker_t *linker);
PyObject *wpy_config_lent(wherry_config_t *config);
PyObject *wpy_engine_lent(wherry_engine_t *engine);
PyObject *wpy_functype_lent(wherry_functype_t *type);
PyObject *wpy_module_lent(wherry_module_t *module);
PyObject *wpy_store_lent(wherry_store_t *store);
PyObject *wpy_linker_lent(wherry_linker_t *linker);
const void *wpy_part_from(PyObject *object, wpy_part_t kind);
PyObject *wpy_part_make(wpy_part_t kind, const void *part, PyObject *owner);

/* The engine that everything without an explicit one shares; a borrowed reference or NULL. */
PyObject *wpy_default_engine(void);

/* The store object with an id (borrowed); NULL with an exception: it has gone. */
wpy_store_t *wpy_store_of(uint64_t id);

bool wpy_keep(wpy_kept_t *kept, PyObject *object);
int wpy_kept_visit(wpy_kept_t *kept, visitproc visit, void *arg);
void wpy_kept_clear(wpy_kept_t *kept);

/* Around everything that runs a guest. False: closed, or another thread is in it. */
bool wpy_enter_slow(wpy_store_t *store);
static inline bool wpy_enter(wpy_store_t *store) {
  if (store->closed || store->depth) return wpy_enter_slow(store);
  store->thread = PyThreadState_Get();
  store->depth = 1;
  return true;
}
static inline void wpy_leave(wpy_store_t *store) { store->depth--; }

/* Before everything that uses a store without running a guest. */
static inline bool wpy_open(wpy_store_t *store) {
  if (!store->closed) return true;
  wpy_raise_closed("store");
  return false;
}

/* ---- entities.c: Func is in func.c, Memory in memory.c ---- */

typedef struct wpy_table {
  PyObject_HEAD wpy_store_t *owner;
  wherry_table_t table;
} wpy_table_t;

typedef struct wpy_global {
  PyObject_HEAD wpy_store_t *owner;
  wherry_global_t global;
} wpy_global_t;

typedef struct wpy_tag {
  PyObject_HEAD wpy_store_t *owner;
  wherry_tag_t tag;
} wpy_tag_t;

extern PyTypeObject wpy_table_type, wpy_global_type, wpy_tag_type;

bool wpy_instance_from(PyObject *object, wherry_store_t **store, wherry_instance_t *out);
bool wpy_func_from(PyObject *object, wherry_store_t **store, wherry_func_t *out);
bool wpy_memory_from(PyObject *object, wherry_store_t **store, wherry_memory_t *out);
bool wpy_table_from(PyObject *object, wherry_store_t **store, wherry_table_t *out);
bool wpy_global_from(PyObject *object, wherry_store_t **store, wherry_global_t *out);
bool wpy_tag_from(PyObject *object, wherry_store_t **store, wherry_tag_t *out);
PyObject *wpy_instance_make(wherry_instance_t instance);
PyObject *wpy_func_make(wherry_func_t func);
PyObject *wpy_memory_make(wherry_memory_t memory);
PyObject *wpy_table_make(wherry_table_t table);
PyObject *wpy_global_make(wherry_global_t global);
PyObject *wpy_tag_make(wherry_tag_t tag);
bool wpy_extern_from(PyObject *object, wherry_extern_t *out);
PyObject *wpy_extern_make(const wherry_extern_t *item);

/* ---- values.c: core values ---- */

/* Raises with place before the text. Takes Value objects of the type, and what the table of
   languages.md says for it. slots: room for as many as the type takes. */
bool wpy_slot_from(wpy_store_t *owner, PyObject *object, wherry_valtype_t type,
                   const wh_bind_place_t *place, wherry_slot_t *slots);
PyObject *wpy_slot_make(wpy_store_t *owner, const wherry_slot_t *slots, wherry_valtype_t type);
/* From a Value object, for SWIG. */
bool wpy_value_from(PyObject *object, wherry_store_t *store, wherry_value_t *value);
PyObject *wpy_value_make(const wherry_value_t *value, wherry_store_t *store);

/* ---- func.c, host.c ---- */

/* What a function takes and returns, in one block: parameters, then results. The types of Wasm 2.0
   are single bytes. */
typedef struct wpy_func {
  PyObject_VAR_HEAD vectorcallfunc call;
  wherry_store_t *store;
  wherry_func_t func;
  wpy_store_t *owner;
  PyObject *name;                           /* str or NULL: not yet asked for */
  uint32_t param_count, result_count, room; /* room: slots that a call needs */
  uint8_t types[];
} wpy_func_t;

extern PyTypeObject wpy_func_type, wpy_host_type, wpy_caller_type;

PyObject *wpy_func_new(wpy_store_t *owner, wherry_func_t func, PyObject *name);
/* A host function in a store: callable will be called with the guest's arguments. name: for
   messages, may be NULL. */
bool wpy_host_func(wpy_store_t *store, const wherry_functype_t *type, PyObject *callable,
                   PyObject *name, wherry_func_t *out);
/* The same for a linker: an object to keep, whose callback takes checked values. */
PyObject *wpy_host_new(const wherry_functype_t *type, PyObject *callable, PyObject *name);
wherry_error_t *wpy_host_callback(void *data, wherry_caller_t *caller, const wherry_value_t *args,
                                  size_t arg_count, wherry_value_t *results, size_t result_count);

/* ---- memory.c, view.c ---- */

typedef struct wpy_memory {
  PyObject_HEAD wpy_store_t *owner;
  wherry_memory_t memory;
  uint8_t *data;
  const uint64_t *size;
  void *hold; /* once a buffer or a view may outlive the store */
} wpy_memory_t;

extern PyTypeObject wpy_memory_type, wpy_view_type;

PyObject *wpy_memory_new(wpy_store_t *owner, wherry_memory_t memory);
bool wpy_memory_hold(wpy_memory_t *memory);
bool wpy_memory_bounds(wpy_memory_t *memory, uint64_t address, uint64_t size);
/* format: a letter of the struct module, in "bBhHiIqQfd"; count < 0: to the end of the memory. */
PyObject *wpy_view_new(wpy_memory_t *memory, char format, uint64_t address, int64_t count);

/* ---- instance.c, names.c, guest.c ---- */

typedef struct wpy_instance {
  PyObject_HEAD wpy_store_t *owner;
  wpy_module_t *module;
  wherry_instance_t instance;
  bool lifted;       /* exports are WIT functions, where the module has them */
  PyObject *exports; /* made when first asked for */
} wpy_instance_t;

/* The names of an instance: a guest, its exports, or one interface of it. dict holds what was asked
   for before, so that the next look finds it at once. */
typedef struct wpy_names {
  PyObject_HEAD PyObject *dict; /* by attribute */
  PyObject *raw;                /* by raw name, or NULL */
  wpy_store_t *owner;
  wpy_module_t *module;
  wherry_instance_t instance;
  bool lifted;
  PyObject *guest;     /* of a guest: its Instance; else NULL */
  PyObject *interface; /* of an interface: its name; else NULL */
  PyObject *weak;
} wpy_names_t;

extern PyTypeObject wpy_instance_type, wpy_guest_type, wpy_exports_type;

/* imports: NULL or None, or a mapping of mappings. */
PyObject *wpy_instantiate(PyTypeObject *type, wpy_store_t *store, wpy_module_t *module,
                          PyObject *imports, bool lifted);
PyObject *wpy_instance_wrap(PyTypeObject *type, wpy_store_t *store, wpy_module_t *module,
                            wherry_instance_t instance, bool lifted);
/* The first exported memory; None: there is none. */
PyObject *wpy_instance_memory(wpy_store_t *owner, wpy_module_t *module, wherry_instance_t instance);

PyObject *wpy_names_new(PyTypeObject *type, wpy_instance_t *instance, PyObject *interface);
/* What is called so, a new reference; NULL without an exception: nothing is. raw: names as the module
   spells them count as well. */
PyObject *wpy_names_find(wpy_names_t *names, PyObject *name, bool raw);
/* All attributes, a new list. */
PyObject *wpy_names_list(wpy_names_t *names);
/* Raises error with names that come near. Returns NULL. */
PyObject *wpy_names_missing(wpy_names_t *names, PyObject *name, PyObject *error);
/* "get-str" -> "get_str" */
PyObject *wpy_snake(const char *name, size_t size);

/* Adds the function guest to the module. */
extern PyMethodDef wpy_guest_functions[];

/* ---- lifted.c, host_values.c, take.c, make.c, record.c: component-level functions and values ---- */

/* What a call hands to the table of canon. */
typedef struct wpy_context {
  wpy_module_t *module; /* whose record classes are made */
} wpy_context_t;

extern PyTypeObject wpy_lifted_type, wpy_record_type;
extern const wherry_host_values_t wpy_host_values;

PyObject *wpy_lifted_new(wpy_store_t *owner, wpy_module_t *module, wherry_instance_t instance,
                         const wherry_witfunc_t *func);

/* The class of a record type, borrowed; made when first asked for. */
PyTypeObject *wpy_record_class(wpy_module_t *module, const wherry_type_t *type);
/* The names of the fields of an object of such a class, a tuple; borrowed. */
PyObject *wpy_record_names(PyTypeObject *class);
/* Where the fields of a record lie, in the order of its type; NULL: deleted by its user. */
static inline PyObject **wpy_record_fields(PyObject *record) { return (PyObject **)(record + 1); }
/* A dict of all record classes of a module by their names. */
PyObject *wpy_record_classes(wpy_module_t *module);

/* Errors of the table: the end of a sentence that canon begins. */
wherry_error_t *wpy_type_error(const char *expected, PyObject *got);

wherry_error_t *wpy_take_number(void *context, const wherry_type_t *type, wherry_host_value_t value,
                                wherry_slot_t *out);
wherry_error_t *wpy_take_string(void *context, wherry_host_value_t value, wherry_host_view_t *view);
wherry_error_t *wpy_take_list(void *context, const wherry_type_t *type, wherry_host_value_t value,
                              wherry_host_view_t *view);
wherry_error_t *wpy_take_item(void *context, const wherry_type_t *type, wherry_host_value_t value,
                              size_t index, wherry_host_value_t *item);
void wpy_release_view(void *context, wherry_host_view_t *view);

#endif
