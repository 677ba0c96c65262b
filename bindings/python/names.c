/* The names of an instance, as attributes of a guest and of its exports.

   A module's table of attributes is made once: name -> place, where a place is an int (of a core
   export its index, of a WIT function -1 - its index) or a str (the name of an interface whose
   functions would clash with another's). What a name stands for is made when it is first asked for
   and from then on found in the dict of the object. */
#include "shim.h"

#include <string.h>

static bool is_dunder(PyObject *name) {
  return PyUnicode_GET_LENGTH(name) > 1 && PyUnicode_READ_CHAR(name, 0) == '_' &&
         PyUnicode_READ_CHAR(name, 1) == '_';
}

/* Takes name and place over, either may be NULL. An earlier entry stays. */
static bool put(PyObject *table, PyObject *name, PyObject *place) {
  bool done = name && place && PyDict_SetDefault(table, name, place);
  Py_XDECREF(name);
  Py_XDECREF(place);
  return done;
}

static bool add_core(PyObject *table, wherry_module_t *module, bool functions) {
  size_t count = wherry_module_export_count(module);
  for (int snake = 0; snake < 2; snake++) /* names as they are go before what is made of others */
    for (size_t i = 0; i < count; i++) {
      wherry_bytes_t name = wherry_module_export_name(module, i);
      if (!functions &&
          wherry_externtype_kind(wherry_module_export_type(module, i)) == WHERRY_EXTERN_FUNC)
        continue;
      if (!put(table, snake ? wpy_snake((const char *)name.data, name.size) : wpy_name(name),
               PyLong_FromSize_t(i)))
        return false;
    }
  return true;
}

/* "xyz:machine/machine-interface@1.0.0" -> "machine_interface" */
static PyObject *interface_attribute(const char *interface) {
  const char *last = strrchr(interface, '/');
  last = last ? last + 1 : interface;
  return wpy_snake(last, strcspn(last, "@"));
}

static bool add_function(PyObject *table, const wherry_world_t *world, size_t index) {
  const wherry_witfunc_t *func = wherry_world_export(world, index);
  const char *name = wherry_witfunc_name(func), *interface = wherry_witfunc_interface(func);
  PyObject *snake = wpy_snake(name, strlen(name));
  PyObject *there = snake ? PyDict_GetItemWithError(table, snake) : NULL;
  if (!snake || PyErr_Occurred()) {
    Py_XDECREF(snake);
    return false;
  }
  if (!there) return put(table, snake, PyLong_FromSsize_t(-1 - (Py_ssize_t)index));
  Py_DECREF(snake);
  /* It keeps the first; both are reached through their interfaces. */
  const char *other = NULL;
  if (PyLong_Check(there)) {
    Py_ssize_t place = PyLong_AsSsize_t(there);
    if (place < 0)
      other = wherry_witfunc_interface(wherry_world_export(world, (size_t)(-1 - place)));
  }
  return (!interface || put(table, interface_attribute(interface), wpy_text(interface))) &&
         (!other || put(table, interface_attribute(other), wpy_text(other)));
}

static bool fill(PyObject *table, wpy_module_t *module, bool lifted) {
  const wherry_world_t *world = NULL;
  if (lifted) {
    wherry_error_t *error = wherry_module_world(module->module, &world);
    if (error) {
      wpy_raise(error);
      return false;
    }
  }
  if (!world) return add_core(table, module->module, true);
  size_t count = wherry_world_export_count(world);
  for (size_t i = 0; i < count; i++)
    if (!add_function(table, world, i)) return false;
  return add_core(table, module->module, false);
}

static PyObject *table_of(wpy_names_t *self) {
  PyObject **table = &self->module->names[self->lifted];
  if (*table) return *table;
  PyObject *made = PyDict_New();
  if (made && !fill(made, self->module, self->lifted)) Py_CLEAR(made);
  return *table = made;
}

/* ---- From a name to what it stands for ---- */

static PyObject *core_export(wpy_names_t *self, size_t index, PyObject *name) {
  wherry_extern_t item;
  if (!wpy_open(self->owner)) return NULL;
  wherry_error_t *error = wherry_instance_export(self->owner->store, self->instance, index, &item);
  if (error) return wpy_raise(error);
  if (item.kind == WHERRY_EXTERN_FUNC) return wpy_func_new(self->owner, item.of.func, name);
  return wpy_extern_make(&item);
}

static PyObject *lifted_export(wpy_names_t *self, size_t index) {
  const wherry_world_t *world;
  wherry_error_t *error = wherry_module_world(self->module->module, &world);
  if (error) return wpy_raise(error);
  return wpy_lifted_new(self->owner, self->module, self->instance,
                        wherry_world_export(world, index));
}

static PyObject *interface_of(wpy_names_t *self, PyObject *interface) {
  wpy_instance_t source = {
      .owner = self->owner, .module = self->module, .instance = self->instance, .lifted = true};
  return wpy_names_new(&wpy_exports_type, &source, interface);
}

static PyObject *at_place(wpy_names_t *self, PyObject *place, PyObject *name) {
  if (PyUnicode_Check(place)) return interface_of(self, place);
  Py_ssize_t index = PyLong_AsSsize_t(place);
  return index < 0 ? lifted_export(self, (size_t)(-1 - index))
                   : core_export(self, (size_t)index, name);
}

static bool same(const char *text, const char *name, size_t size) {
  return text && strlen(text) == size && memcmp(text, name, size) == 0;
}

/* A function of the world by its raw name, with its interface before '#' or without; or a whole
   interface. */
static PyObject *raw_lifted(wpy_names_t *self, PyObject *name, const char *text, size_t size) {
  const wherry_world_t *world;
  wherry_error_t *error = wherry_module_world(self->module->module, &world);
  if (error) return wpy_raise(error);
  if (!world) return NULL;
  size_t count = wherry_world_export_count(world);
  const char *only = self->interface ? PyUnicode_AsUTF8(self->interface) : NULL;
  for (size_t i = 0; i < count; i++) {
    const wherry_witfunc_t *func = wherry_world_export(world, i);
    const char *interface = wherry_witfunc_interface(func);
    if (only && !(interface && strcmp(interface, only) == 0)) continue;
    if (same(wherry_witfunc_name(func), text, size)) return lifted_export(self, i);
    if (!only && same(interface, text, size)) return interface_of(self, name);
  }
  return NULL;
}

static PyObject *raw_find(wpy_names_t *self, PyObject *name) {
  Py_ssize_t size;
  const char *text = PyUnicode_AsUTF8AndSize(name, &size);
  if (!text) return NULL;
  if (self->lifted) {
    PyObject *found = raw_lifted(self, name, text, (size_t)size);
    if (found || PyErr_Occurred() || self->interface) return found;
  }
  size_t index = wherry_module_find_export(self->module->module, text, (size_t)size);
  return index == SIZE_MAX ? NULL : core_export(self, index, name);
}

/* In an interface the attributes are few: a walk is good enough for the first look. */
static PyObject *interface_find(wpy_names_t *self, PyObject *name) {
  const wherry_world_t *world;
  wherry_error_t *error = wherry_module_world(self->module->module, &world);
  if (error) return wpy_raise(error);
  const char *only = PyUnicode_AsUTF8(self->interface);
  size_t count = world ? wherry_world_export_count(world) : 0;
  for (size_t i = 0; only && i < count; i++) {
    const wherry_witfunc_t *func = wherry_world_export(world, i);
    const char *interface = wherry_witfunc_interface(func), *raw = wherry_witfunc_name(func);
    if (!interface || strcmp(interface, only) != 0) continue;
    PyObject *snake = wpy_snake(raw, strlen(raw));
    if (!snake) return NULL;
    int equal = PyUnicode_Compare(snake, name) == 0;
    Py_DECREF(snake);
    if (equal) return lifted_export(self, i);
  }
  return NULL;
}

PyObject *wpy_names_find(wpy_names_t *self, PyObject *name, bool raw) {
  PyObject **known = raw ? &self->raw : &self->dict;
  if (!*known && !(*known = PyDict_New())) return NULL;
  PyObject *found = PyDict_GetItemWithError(*known, name);
  if (found) return Py_NewRef(found);
  if (PyErr_Occurred() || !PyUnicode_Check(name)) return NULL;
  if (raw) found = raw_find(self, name);
  if (!found && !PyErr_Occurred() && !is_dunder(name)) {
    if (self->interface) {
      found = interface_find(self, name);
    } else {
      PyObject *table = table_of(self);
      PyObject *place = table ? PyDict_GetItemWithError(table, name) : NULL;
      if (place) found = at_place(self, place, name);
    }
  }
  if (found && PyDict_SetItem(*known, name, found) < 0) Py_CLEAR(found);
  return found;
}

PyObject *wpy_names_list(wpy_names_t *self) {
  if (!self->interface) {
    PyObject *table = table_of(self);
    return table ? PyDict_Keys(table) : NULL;
  }
  const wherry_world_t *world;
  wherry_error_t *error = wherry_module_world(self->module->module, &world);
  if (error) return wpy_raise(error);
  const char *only = PyUnicode_AsUTF8(self->interface);
  PyObject *all = PyList_New(0);
  size_t count = world ? wherry_world_export_count(world) : 0;
  for (size_t i = 0; all && only && i < count; i++) {
    const wherry_witfunc_t *func = wherry_world_export(world, i);
    const char *interface = wherry_witfunc_interface(func), *raw = wherry_witfunc_name(func);
    if (!interface || strcmp(interface, only) != 0) continue;
    PyObject *snake = wpy_snake(raw, strlen(raw));
    if (!snake || PyList_Append(all, snake) < 0) Py_CLEAR(all);
    Py_XDECREF(snake);
  }
  return all;
}

PyObject *wpy_names_missing(wpy_names_t *self, PyObject *name, PyObject *error) {
  PyObject *all = wpy_names_list(self), *near = NULL;
  Py_ssize_t size, other_size;
  const char *text = PyUnicode_AsUTF8AndSize(name, &size);
  if (!all || !text) {
    Py_XDECREF(all);
    return NULL;
  }
  size_t best = wh_bind_distance_limit((size_t)size) + 1;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(all); i++) {
    const char *other = PyUnicode_AsUTF8AndSize(PyList_GET_ITEM(all, i), &other_size);
    if (!other) {
      PyErr_Clear();
      continue;
    }
    size_t distance = wh_bind_distance(text, (size_t)size, other, (size_t)other_size, best - 1);
    if (distance >= best) continue;
    best = distance;
    near = PyList_GET_ITEM(all, i);
    if (best == 0) break;
  }
  if (near)
    PyErr_Format(error, "the guest exports no %R; did you mean %R?", name, near);
  else
    PyErr_Format(error, "the guest exports no %R", name);
  Py_DECREF(all);
  return NULL;
}

PyObject *wpy_names_new(PyTypeObject *type, wpy_instance_t *instance, PyObject *interface) {
  PyObject *dict = PyDict_New();
  wpy_names_t *self = dict ? (wpy_names_t *)type->tp_alloc(type, 0) : NULL;
  if (!self) {
    Py_XDECREF(dict);
    return NULL;
  }
  self->dict = dict;
  self->owner = (wpy_store_t *)Py_NewRef((PyObject *)instance->owner);
  self->module = (wpy_module_t *)Py_NewRef((PyObject *)instance->module);
  self->instance = instance->instance;
  self->lifted = instance->lifted;
  self->interface = Py_XNewRef(interface);
  return (PyObject *)self;
}
