/* Faces: objects whose methods are a guest's exports. A class per module (and per interface) holds
   one C function per export; each knows its export by a number that is part of it, so a call looks
   nothing up but the method itself.

   Three kinds of classes, all below BasicObject: guests (Wherry.load), exports of a guest by their
   raw names, and interfaces. */
#include "shim.h"

typedef struct wr_face {
  VALUE instance_object;
  wr_instance_t *instance;
  bool wit; /* its functions are those of the world */
} wr_face_t;

static void mark(void *data) { rb_gc_mark_movable(((wr_face_t *)data)->instance_object); }

static void compact(void *data) {
  wr_face_t *f = data;
  f->instance_object = rb_gc_location(f->instance_object);
}

static const rb_data_type_t face_type =
    WR_DATA_TYPE("Wherry::Guest", mark, RUBY_DEFAULT_FREE, NULL, compact);

static wr_face_t *get(VALUE self) { return rb_check_typeddata(self, &face_type); }

/* A method of a class of faces has no other receivers: the classes cannot allocate, so the type is
   certain. */
static inline wr_instance_t *instance_of(VALUE self) {
  return ((wr_face_t *)RTYPEDDATA_DATA(self))->instance;
}

static VALUE call_core(VALUE self, size_t index, int argc, VALUE *argv) {
  wr_instance_t *i = instance_of(self);
  wr_callee_t *callee = &i->cores[index];
  if (WR_UNLIKELY(!callee->signature)) wr_instance_resolve(i, index);
  return wr_call(i->store, callee, argc, argv);
}

static VALUE call_wit(VALUE self, size_t index, int argc, VALUE *argv) {
  return wr_wit_call(instance_of(self), index, argc, argv);
}

/* ---- the functions behind the methods ---- */

/* clang-format off */
#define X16(X, n) \
  X(n##0) X(n##1) X(n##2) X(n##3) X(n##4) X(n##5) X(n##6) X(n##7) X(n##8) X(n##9) X(n##a) X(n##b) \
  X(n##c) X(n##d) X(n##e) X(n##f)
#define X256(X, n)                                                                                \
  X16(X, n##0) X16(X, n##1) X16(X, n##2) X16(X, n##3) X16(X, n##4) X16(X, n##5) X16(X, n##6)      \
  X16(X, n##7) X16(X, n##8) X16(X, n##9) X16(X, n##a) X16(X, n##b) X16(X, n##c) X16(X, n##d)      \
  X16(X, n##e) X16(X, n##f)
#define CORES(X) X256(X, 0x0) X256(X, 0x1)
#define WITS(X)  X256(X, 0x0)

#define CORE(n) \
  static VALUE core_##n(int argc, VALUE *argv, VALUE self) { return call_core(self, n, argc, argv); }
#define WIT(n) \
  static VALUE wit_##n(int argc, VALUE *argv, VALUE self) { return call_wit(self, n, argc, argv); }
CORES(CORE)
WITS(WIT)

/* clang-format on */

typedef VALUE (*method_t)(int argc, VALUE *argv, VALUE self);
#define CORE_NAME(n) core_##n,
#define WIT_NAME(n) wit_##n,
static const method_t core_methods[] = {CORES(CORE_NAME)}, wit_methods[] = {WITS(WIT_NAME)};
#define COUNT(list) (sizeof list / sizeof *list)

/* Exports beyond the numbered functions, and those that are no functions, are found by the name of
   the method that runs. */
static size_t export_of_frame(wr_instance_t *i) {
  VALUE name = rb_id2str(rb_frame_this_func());
  return wherry_module_find_export(i->module->module, RSTRING_PTR(name), (size_t)RSTRING_LEN(name));
}

static VALUE core_by_name(int argc, VALUE *argv, VALUE self) {
  return call_core(self, export_of_frame(instance_of(self)), argc, argv);
}

static VALUE entity_by_name(VALUE self) {
  wr_instance_t *i = instance_of(self);
  return wr_instance_core_export(i, export_of_frame(i));
}

static VALUE wit_by_name(int argc, VALUE *argv, VALUE self) {
  wr_instance_t *i = instance_of(self);
  const wherry_world_t *world = i->module->world;
  VALUE wanted = rb_id2str(rb_frame_this_func());
  char name[256];
  for (size_t n = COUNT(wit_methods); n < wherry_world_export_count(world); n++) {
    wr_wit_snake(name, sizeof name, wherry_witfunc_name(wherry_world_export(world, n)));
    if (strcmp(name, RSTRING_PTR(wanted)) == 0) return call_wit(self, n, argc, argv);
  }
  rb_raise(rb_eNoMethodError, "no function %" PRIsVALUE, wanted);
}

/* ---- which names become methods ---- */

/* One that can be written after a dot, is not the machinery of BasicObject, and is not reserved. */
static bool is_method_name(const char *name, size_t size, bool is_guest) {
  static const char *const never[] = {"initialize",    "initialize_copy", "method_missing",
                                      "instance_eval", "instance_exec",   "respond_to_missing?"};
  static const char *const reserved[] = {"exports", "instance", "close"};
  if (!size || (name[0] >= '0' && name[0] <= '9')) return false;
  if (size >= 2 && name[0] == '_' && name[1] == '_') return false;
  for (size_t i = 0; i < size; i++) {
    unsigned char c = (unsigned char)name[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '_' || c >= 0x80;
    if (!plain && !(i && i == size - 1 && (c == '?' || c == '!'))) return false;
  }
  for (size_t i = 0; i < COUNT(never); i++)
    if (size == strlen(never[i]) && memcmp(name, never[i], size) == 0) return false;
  for (size_t i = 0; is_guest && i < COUNT(reserved); i++)
    if (size == strlen(reserved[i]) && memcmp(name, reserved[i], size) == 0) return false;
  return true;
}

/* ---- building the classes ---- */

static VALUE new_class(wr_module_t *m, VALUE super) {
  VALUE klass = rb_funcall(rb_cClass, rb_intern("new"), 1, super); /* with its metaclass */
  rb_undef_alloc_func(klass);
  rb_ivar_set(klass, rb_intern("__module__"), m->self);
  return klass;
}

static VALUE core_class(wr_module_t *m, VALUE super) {
  VALUE klass = new_class(m, super);
  for (size_t i = 0; i < wherry_module_export_count(m->module); i++) {
    wherry_bytes_t name = wherry_module_export_name(m->module, i);
    const char *text = (const char *)name.data;
    if (!is_method_name(text, name.size, super == wr_cGuest)) continue;
    ID id = rb_intern3(text, (long)name.size, rb_utf8_encoding());
    wherry_extern_kind_t kind = wherry_externtype_kind(wherry_module_export_type(m->module, i));
    if (kind == WHERRY_EXTERN_MEMORY && super == wr_cGuest && id == rb_intern("memory"))
      continue; /* the library's own method finds it, faster */
    if (kind != WHERRY_EXTERN_FUNC)
      rb_define_method_id(klass, id, entity_by_name, 0);
    else
      rb_define_method_id(klass, id, i < COUNT(core_methods) ? core_methods[i] : core_by_name, -1);
  }
  return klass;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

/* Two interfaces have a function of that name: it is reached through them. */
static bool clashes(const wherry_world_t *world, size_t index) {
  const char *name = wherry_witfunc_name(wherry_world_export(world, index));
  for (size_t i = 0; i < wherry_world_export_count(world); i++)
    if (i != index && same_text(name, wherry_witfunc_name(wherry_world_export(world, i))))
      return true;
  return false;
}

/* interface NULL: all functions of the world. */
static VALUE wit_class(wr_module_t *m, VALUE super, const char *interface) {
  VALUE klass = new_class(m, super);
  const wherry_world_t *world = wr_module_world(m);
  char name[256];
  for (size_t i = 0; i < wherry_world_export_count(world); i++) {
    const wherry_witfunc_t *func = wherry_world_export(world, i);
    if (interface ? !same_text(wherry_witfunc_interface(func), interface) : clashes(world, i))
      continue;
    if (wherry_witfunc_name(func)[0] == '[') continue; /* of a resource */
    size_t size = wr_wit_snake(name, sizeof name, wherry_witfunc_name(func));
    if (size >= sizeof name || !is_method_name(name, size, super == wr_cGuest)) continue;
    rb_define_method_id(klass, rb_intern3(name, (long)size, rb_utf8_encoding()),
                        i < COUNT(wit_methods) ? wit_methods[i] : wit_by_name, -1);
  }
  return klass;
}

static VALUE wrap(VALUE klass, VALUE instance, bool wit) {
  wr_face_t *f;
  VALUE self = TypedData_Make_Struct(klass, wr_face_t, &face_type, f);
  RB_OBJ_WRITE(self, &f->instance_object, instance);
  f->instance = wr_instance_get(instance);
  f->wit = wit;
  return self;
}

VALUE wr_face_guest(VALUE instance) {
  wr_module_t *m = wr_instance_get(instance)->module;
  bool wit = wr_module_world(m) != NULL;
  if (NIL_P(m->guest_class))
    RB_OBJ_WRITE(m->self, &m->guest_class,
                 wit ? wit_class(m, wr_cGuest, NULL) : core_class(m, wr_cGuest));
  return wrap(m->guest_class, instance, wit);
}

VALUE wr_face_exports(VALUE instance, bool wit) {
  wr_module_t *m = wr_instance_get(instance)->module;
  VALUE *klass = wit ? &m->exports_class : &m->core_class;
  if (NIL_P(*klass))
    RB_OBJ_WRITE(m->self, klass,
                 wit ? wit_class(m, wr_cExports, NULL) : core_class(m, wr_cExports));
  return wrap(*klass, instance, wit);
}

bool wr_face_instance(VALUE object, VALUE *instance) {
  if (rb_typeddata_is_kind_of(object, &face_type))
    *instance = ((wr_face_t *)RTYPEDDATA_DATA(object))->instance_object;
  else if (rb_obj_class(object) == wr_cInstance)
    *instance = object;
  else
    return false;
  return true;
}

/* ---- the library's own methods ---- */

static bool interface_exists(const wherry_world_t *world, const char *name) {
  for (size_t i = 0; i < wherry_world_export_count(world); i++)
    if (same_text(wherry_witfunc_interface(wherry_world_export(world, i)), name)) return true;
  return false;
}

static VALUE interface_face(wr_face_t *f, VALUE name) {
  wr_module_t *m = f->instance->module;
  if (NIL_P(m->interfaces)) RB_OBJ_WRITE(m->self, &m->interfaces, rb_hash_new());
  VALUE klass = rb_hash_lookup(m->interfaces, name);
  if (NIL_P(klass)) {
    klass = wit_class(m, wr_cExports, StringValueCStr(name));
    rb_hash_aset(m->interfaces, name, klass);
  }
  return wrap(klass, f->instance_object, true);
}

/* "get-str", or "xyz:machine/machine-interface#get-str" */
static bool is_named(const wherry_witfunc_t *func, const char *name) {
  const char *interface = wherry_witfunc_interface(func);
  size_t size = interface ? strlen(interface) : 0;
  if (same_text(wherry_witfunc_name(func), name)) return true;
  return size && strncmp(name, interface, size) == 0 && name[size] == '#' &&
         same_text(wherry_witfunc_name(func), name + size + 1);
}

static VALUE find_wit(wr_face_t *f, const char *name) {
  const wherry_world_t *world = f->instance->module->world;
  for (size_t i = 0; i < wherry_world_export_count(world); i++)
    if (is_named(wherry_world_export(world, i), name))
      return wr_wit_func_wrap(f->instance_object, i);
  return Qnil;
}

/* An export by its raw name, an interface by its own; KeyError tells what comes near. */
static VALUE aref(VALUE self, VALUE name) {
  wr_face_t *f = get(self);
  wr_instance_t *i = f->instance;
  if (RB_SYMBOL_P(name)) name = rb_sym2str(name);
  const char *text = StringValueCStr(name);
  if (f->wit) {
    if (interface_exists(i->module->world, text)) return interface_face(f, name);
    VALUE func = find_wit(f, text);
    if (!NIL_P(func)) return func;
  }
  size_t index = wherry_module_find_export(i->module->module, text, (size_t)RSTRING_LEN(name));
  if (index == SIZE_MAX) rb_funcall(wr_mWherry, rb_intern("no_export"), 2, self, name);
  return wr_instance_core_export(i, index);
}

/* The raw names of what [] finds: of the world's functions, or of the module's exports. */
static VALUE names(VALUE module, VALUE self) {
  wr_face_t *f = get(self);
  wr_module_t *m = f->instance->module;
  VALUE list = rb_ary_new();
  (void)module;
  if (f->wit) {
    for (size_t i = 0; i < wherry_world_export_count(m->world); i++)
      rb_ary_push(list,
                  rb_utf8_str_new_cstr(wherry_witfunc_name(wherry_world_export(m->world, i))));
    return list;
  }
  for (size_t i = 0; i < wherry_module_export_count(m->module); i++) {
    wherry_bytes_t name = wherry_module_export_name(m->module, i);
    rb_ary_push(list, rb_utf8_str_new((const char *)name.data, (long)name.size));
  }
  return list;
}

static VALUE exports(VALUE self) {
  wr_face_t *f = get(self);
  return wr_face_exports(f->instance_object, f->wit);
}

static VALUE instance(VALUE self) { return get(self)->instance_object; }

static VALUE memory(VALUE self) { return wr_instance_memory(get(self)->instance); }

static VALUE close_guest(VALUE self) {
  wr_store_close(get(self)->instance->store);
  return Qnil;
}

/* Functions of the module Native, because a face has no names to spare. */
static VALUE native_instance(VALUE module, VALUE object) {
  VALUE result;
  (void)module;
  if (!wr_face_instance(object, &result))
    rb_raise(rb_eTypeError, "expected a guest or Wherry::Instance, got %s", wr_describe(object));
  return result;
}

static VALUE native_guest(VALUE module, VALUE object) {
  (void)module;
  return wr_face_guest(wr_instance_get(object)->self);
}

static VALUE native_class(VALUE module, VALUE face) {
  (void)module;
  get(face);
  return rb_obj_class(face);
}

static VALUE native_close(VALUE module, VALUE object) {
  VALUE found = native_instance(module, object);
  wr_store_close(wr_instance_get(found)->store);
  return Qnil;
}

/* near(name, names): those that a person may have meant, the nearest first */
static VALUE native_near(VALUE module, VALUE name, VALUE list) {
  VALUE result = rb_ary_new();
  (void)module;
  StringValue(name);
  size_t size = (size_t)RSTRING_LEN(name), limit = wh_bind_distance_limit(size);
  for (size_t distance = 0; distance <= limit; distance++) {
    for (long i = 0; i < RARRAY_LEN(list) && RARRAY_LEN(result) < 3; i++) {
      VALUE other = rb_ary_entry(list, i);
      StringValue(other);
      if (wh_bind_distance(RSTRING_PTR(name), size, RSTRING_PTR(other), (size_t)RSTRING_LEN(other),
                           limit) == distance)
        rb_ary_push(result, other);
    }
  }
  return result;
}

void wr_init_face(void) {
  VALUE native = rb_define_module_under(wr_mWherry, "Native");
  wr_cFace = rb_define_class_under(wr_mWherry, "Face", rb_cBasicObject);
  rb_undef_alloc_func(wr_cFace);
  rb_define_method(wr_cFace, "[]", aref, 1);
  wr_cGuest = rb_define_class_under(wr_mWherry, "Guest", wr_cFace);
  rb_define_method(wr_cGuest, "exports", exports, 0);
  rb_define_method(wr_cGuest, "instance", instance, 0);
  rb_define_method(wr_cGuest, "close", close_guest, 0);
  rb_define_method(wr_cGuest, "memory", memory, 0);
  wr_cExports = rb_define_class_under(wr_mWherry, "Exports", wr_cFace);
  rb_define_singleton_method(native, "instance", native_instance, 1);
  rb_define_singleton_method(native, "guest", native_guest, 1);
  rb_define_singleton_method(native, "class_of", native_class, 1);
  rb_define_singleton_method(native, "names", names, 1);
  rb_define_singleton_method(native, "close", native_close, 1);
  rb_define_singleton_method(native, "near", native_near, 2);
}
