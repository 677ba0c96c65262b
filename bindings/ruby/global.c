/* Wherry::Global. */
#include "shim.h"

typedef struct wr_global {
  VALUE store_object;
  wr_store_t *store;
  wherry_global_t global;
} wr_global_t;

static void mark(void *data) { rb_gc_mark_movable(((wr_global_t *)data)->store_object); }

static void compact(void *data) {
  wr_global_t *g = data;
  g->store_object = rb_gc_location(g->store_object);
}

static const rb_data_type_t global_type =
    WR_DATA_TYPE("Wherry::Global", mark, RUBY_DEFAULT_FREE, NULL, compact);

static wr_global_t *get(VALUE object) {
  wr_global_t *g = rb_check_typeddata(object, &global_type);
  wr_store_enter(g->store);
  return g;
}

bool wr_global_try(VALUE object, wr_store_t *store, wherry_global_t *out) {
  if (!rb_typeddata_is_kind_of(object, &global_type)) return false;
  wr_global_t *g = RTYPEDDATA_DATA(object);
  if (g->store != store) wr_raise_named("StateError", "the global belongs to another store");
  *out = g->global;
  return true;
}

VALUE wr_global_wrap(wr_store_t *store, wherry_global_t global) {
  wr_global_t *g;
  VALUE self = TypedData_Make_Struct(wr_cGlobal, wr_global_t, &global_type, g);
  RB_OBJ_WRITE(self, &g->store_object, store->self);
  g->store = store;
  g->global = global;
  return self;
}

/* Global.new(store, Value.i32(7), mutable: true) */
static VALUE create(int argc, VALUE *argv, VALUE klass) {
  static ID keywords[1];
  VALUE store_object, initial, options, is_mutable = Qundef;
  (void)klass;
  if (!keywords[0]) keywords[0] = rb_intern("mutable");
  rb_scan_args(argc, argv, "2:", &store_object, &initial, &options);
  if (!NIL_P(options)) rb_get_kwargs(options, keywords, 0, 1, &is_mutable);
  wr_store_t *store = wr_store_get(store_object);
  wherry_value_t value = wr_value_take(store, 0, initial, "initial value");
  wherry_global_t global;
  wr_check(
      wherry_global_new(store->store, &value, is_mutable != Qundef && RTEST(is_mutable), &global));
  return wr_global_wrap(store, global);
}

static VALUE get_value(VALUE self) {
  wr_global_t *g = get(self);
  wherry_value_t value;
  wr_check(wherry_global_get(g->store->store, g->global, &value));
  return wr_value_give(g->store, &value);
}

static void type_of(wr_global_t *g, wherry_valtype_t *type, bool *is_mutable) {
  wr_check(wherry_global_type(g->store->store, g->global, type, is_mutable));
}

static VALUE set_value(VALUE self, VALUE number) {
  wr_global_t *g = get(self);
  wherry_valtype_t type;
  bool is_mutable;
  type_of(g, &type, &is_mutable);
  wherry_value_t value = wr_value_take(g->store, type, number, "value");
  wr_check(wherry_global_set(g->store->store, g->global, &value));
  return number;
}

static VALUE get_type(VALUE self) {
  wherry_valtype_t type;
  bool is_mutable;
  type_of(get(self), &type, &is_mutable);
  return ID2SYM(rb_intern(wherry_valtype_name(type)));
}

static VALUE is_mutable(VALUE self) {
  wherry_valtype_t type;
  bool result;
  type_of(get(self), &type, &result);
  return RBOOL(result);
}

static VALUE get_store(VALUE self) { return get(self)->store_object; }

static VALUE equal(VALUE self, VALUE other) {
  if (!rb_typeddata_is_kind_of(other, &global_type)) return Qfalse;
  wherry_global_t a = ((wr_global_t *)RTYPEDDATA_DATA(self))->global;
  wherry_global_t b = ((wr_global_t *)RTYPEDDATA_DATA(other))->global;
  return RBOOL(a.store == b.store && a.index == b.index);
}

static VALUE hash(VALUE self) {
  wherry_global_t g = ((wr_global_t *)RTYPEDDATA_DATA(self))->global;
  return ST2FIX(rb_hash_uint(rb_hash_start((st_index_t)g.store), (st_index_t)g.index));
}

void wr_init_global(void) {
  wr_cGlobal = rb_define_class_under(wr_mWherry, "Global", rb_cObject);
  rb_undef_alloc_func(wr_cGlobal);
  rb_define_singleton_method(wr_cGlobal, "new", create, -1);
  rb_define_method(wr_cGlobal, "value", get_value, 0);
  rb_define_method(wr_cGlobal, "value=", set_value, 1);
  rb_define_method(wr_cGlobal, "type", get_type, 0);
  rb_define_method(wr_cGlobal, "mutable?", is_mutable, 0);
  rb_define_method(wr_cGlobal, "store", get_store, 0);
  rb_define_method(wr_cGlobal, "==", equal, 1);
  rb_define_method(wr_cGlobal, "eql?", equal, 1);
  rb_define_method(wr_cGlobal, "hash", hash, 0);
}
