/* Wherry::Linker: names, and what stands behind them, for any number of modules. */
#include "shim.h"
#include "raw.h"

typedef struct wr_linker {
  wherry_linker_t *linker;
  VALUE keep; /* Array: host functions, and stores of the entities that were named */
} wr_linker_t;

static void mark(void *data) { rb_gc_mark_movable(((wr_linker_t *)data)->keep); }

static void compact(void *data) {
  wr_linker_t *l = data;
  l->keep = rb_gc_location(l->keep);
}

static void release(void *data) {
  wr_linker_t *l = data;
  wherry_linker_release(l->linker);
  ruby_xfree(l);
}

static const rb_data_type_t linker_type =
    WR_DATA_TYPE("Wherry::Linker", mark, release, NULL, compact);

static VALUE allocate(VALUE klass) {
  wr_linker_t *l;
  VALUE self = TypedData_Make_Struct(klass, wr_linker_t, &linker_type, l);
  l->keep = Qnil;
  return self;
}

static wr_linker_t *get(VALUE object) {
  if (!rb_typeddata_is_kind_of(object, &linker_type))
    rb_raise(rb_eTypeError, "imports: expected Hash, Array or Wherry::Linker, got %s",
             wr_describe(object));
  wr_linker_t *l = RTYPEDDATA_DATA(object);
  if (!l->linker) rb_raise(rb_eArgError, "this linker was never initialized");
  return l;
}

wherry_linker_t *wr_linker_from(VALUE object) { return get(object)->linker; }
VALUE wr_linker_keep(VALUE object) { return get(object)->keep; }

VALUE wr_linker_wrap(wherry_linker_t *linker) {
  VALUE self = allocate(wr_cLinker);
  wr_linker_t *l = RTYPEDDATA_DATA(self);
  l->linker = linker;
  RB_OBJ_WRITE(self, &l->keep, rb_ary_new());
  return self;
}

static VALUE initialize(int argc, VALUE *argv, VALUE self) {
  VALUE engine;
  rb_scan_args(argc, argv, "01", &engine);
  wr_linker_t *l = rb_check_typeddata(self, &linker_type);
  if (l->linker) rb_raise(rb_eArgError, "already initialized");
  if (NIL_P(engine)) engine = wr_engine_default();
  RB_OBJ_WRITE(self, &l->keep, rb_ary_new());
  wr_check(wherry_linker_new(wr_engine_from(engine), &l->linker));
  return self;
}

static VALUE take_name(VALUE name) {
  if (RB_SYMBOL_P(name)) name = rb_sym2str(name);
  return rb_str_to_str(name);
}

static VALUE store_of(VALUE item) { return rb_funcall(item, rb_intern("store"), 0); }

/* define(module, name, entity), define(module, name, "ii:i") { |a, b| … },
   define(module, guest or instance) */
static VALUE define(int argc, VALUE *argv, VALUE self) {
  VALUE module, name, item, callable, block, instance;
  rb_scan_args(argc, argv, "22&", &module, &name, &item, &callable, &block);
  wr_linker_t *l = get(self);
  module = take_name(module);
  if (argc == 2) {
    if (!wr_face_instance(name, &instance))
      rb_raise(rb_eTypeError, "expected a guest or Wherry::Instance, got %s", wr_describe(name));
    wr_instance_t *i = wr_instance_get(instance);
    rb_ary_push(l->keep, i->store_object);
    wr_check(wherry_linker_define_instance(l->linker, i->store->store, RSTRING_PTR(module),
                                           (size_t)RSTRING_LEN(module), i->instance));
    return self;
  }
  name = take_name(name);
  if (NIL_P(callable)) callable = block;
  if (!NIL_P(callable)) {
    if (!wr_is_callable(callable))
      rb_raise(rb_eTypeError, "expected a block or something to call, got %s",
               wr_describe(callable));
    wherry_functype_t *type = wr_functype_take(item, Qnil);
    wr_linker_define_host(l->linker, l->keep, module, name, type, callable);
    wherry_functype_release(type);
    return self;
  }
  if (!rb_respond_to(item, rb_intern("store")))
    rb_raise(rb_eTypeError, "expected Wherry::Func, Memory, Table or Global, got %s",
             wr_describe(item));
  VALUE store_object = store_of(item);
  wherry_extern_t entity;
  if (!wr_extern_try(wr_store_get(store_object), item, &entity))
    rb_raise(rb_eTypeError, "expected Wherry::Func, Memory, Table or Global, got %s",
             wr_describe(item));
  rb_ary_push(l->keep, store_object);
  wr_check(wherry_linker_define(l->linker, RSTRING_PTR(module), (size_t)RSTRING_LEN(module),
                                RSTRING_PTR(name), (size_t)RSTRING_LEN(name), &entity));
  RB_GC_GUARD(module);
  RB_GC_GUARD(name);
  return self;
}

void wr_init_linker(void) {
  wr_cLinker = rb_define_class_under(wr_mWherry, "Linker", rb_cObject);
  rb_define_alloc_func(wr_cLinker, allocate);
  rb_undef_method(wr_cLinker, "initialize_copy");
  rb_define_method(wr_cLinker, "initialize", initialize, -1);
  rb_define_method(wr_cLinker, "define", define, -1);
}
