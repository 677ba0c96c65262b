/* Wherry::Tag, and Wherry::WasmException on its way into and out of a guest. */
#include "shim.h"

typedef struct wr_tag {
  VALUE store_object;
  wr_store_t *store;
  wherry_tag_t tag;
} wr_tag_t;

static void mark(void *data) { rb_gc_mark_movable(((wr_tag_t *)data)->store_object); }

static void compact(void *data) {
  wr_tag_t *t = data;
  t->store_object = rb_gc_location(t->store_object);
}

static const rb_data_type_t tag_type =
    WR_DATA_TYPE("Wherry::Tag", mark, RUBY_DEFAULT_FREE, NULL, compact);

static wr_tag_t *get(VALUE object) {
  wr_tag_t *t = rb_check_typeddata(object, &tag_type);
  wr_store_enter(t->store);
  return t;
}

bool wr_tag_try(VALUE object, wr_store_t *store, wherry_tag_t *out) {
  if (!rb_typeddata_is_kind_of(object, &tag_type)) return false;
  wr_tag_t *t = RTYPEDDATA_DATA(object);
  if (t->store != store) wr_raise_named("StateError", "the tag belongs to another store");
  *out = t->tag;
  return true;
}

VALUE wr_tag_wrap(wr_store_t *store, wherry_tag_t tag) {
  wr_tag_t *t;
  VALUE self = TypedData_Make_Struct(wr_cTag, wr_tag_t, &tag_type, t);
  RB_OBJ_WRITE(self, &t->store_object, store->self);
  t->store = store;
  t->tag = tag;
  return self;
}

/* Tag.new(store, [:i32, :f64]) */
static VALUE create(int argc, VALUE *argv, VALUE klass) {
  VALUE store_object, params;
  (void)klass;
  rb_scan_args(argc, argv, "11", &store_object, &params);
  wr_store_t *store = wr_store_get(store_object);
  wherry_functype_t *type = wr_functype_take(rb_Array(params), rb_ary_new());
  wherry_tag_t tag;
  wherry_error_t *error = wherry_tag_new(store->store, type, &tag);
  wherry_functype_release(type);
  wr_check(error);
  return wr_tag_wrap(store, tag);
}

static VALUE get_params(VALUE self) {
  wr_tag_t *t = get(self);
  const wherry_functype_t *type;
  wr_check(wherry_tag_type(t->store->store, t->tag, &type));
  VALUE params = rb_ary_new();
  for (size_t i = 0; i < wherry_functype_param_count(type); i++)
    rb_ary_push(params, ID2SYM(rb_intern(wherry_valtype_name(wherry_functype_param(type, i)))));
  return params;
}

static VALUE get_store(VALUE self) { return get(self)->store_object; }

static VALUE equal(VALUE self, VALUE other) {
  if (!rb_typeddata_is_kind_of(other, &tag_type)) return Qfalse;
  wherry_tag_t a = ((wr_tag_t *)RTYPEDDATA_DATA(self))->tag;
  wherry_tag_t b = ((wr_tag_t *)RTYPEDDATA_DATA(other))->tag;
  return RBOOL(a.store == b.store && a.index == b.index);
}

static VALUE hash(VALUE self) {
  wherry_tag_t t = ((wr_tag_t *)RTYPEDDATA_DATA(self))->tag;
  return ST2FIX(rb_hash_uint(rb_hash_start((st_index_t)t.store), (st_index_t)t.index));
}

/* ---- exceptions ---- */

static bool can_cross(wherry_valtype_t type) {
  return type == WHERRY_I32 || type == WHERRY_I64 || type == WHERRY_F32 || type == WHERRY_F64 ||
         type == WHERRY_V128 || type == WHERRY_FUNCREF || type == WHERRY_EXTERNREF;
}

void wr_thrown_describe(wr_store_t *store, const wherry_error_t *error, VALUE exception) {
  wherry_tag_t tag = wherry_error_tag(error);
  if (tag.store != wherry_store_id(store->store)) return;
  VALUE values = rb_ary_new();
  for (size_t i = 0; i < wherry_error_value_count(error); i++) {
    wherry_value_t value = wherry_error_value(error, i);
    rb_ary_push(values, can_cross(value.type) ? wr_value_give(store, &value) : Qnil);
  }
  rb_ivar_set(exception, rb_intern("@tag"), wr_tag_wrap(store, tag));
  rb_ivar_set(exception, rb_intern("@values"), rb_obj_freeze(values));
}

wherry_error_t *wr_thrown_error(wr_store_t *store, VALUE exception) {
  VALUE tag_object = rb_ivar_get(exception, rb_intern("@tag"));
  VALUE values = rb_ivar_get(exception, rb_intern("@values"));
  const wherry_functype_t *type;
  wherry_tag_t tag;
  if (NIL_P(tag_object)) return NULL;
  if (!wr_tag_try(tag_object, store, &tag))
    rb_raise(rb_eTypeError, "WasmException: expected Wherry::Tag, got %s", wr_describe(tag_object));
  wr_check(wherry_tag_type(store->store, tag, &type));
  size_t count = wherry_functype_param_count(type);
  values = rb_Array(values);
  if ((size_t)RARRAY_LEN(values) != count)
    rb_raise(rb_eTypeError, "WasmException: expected %zu values, got %ld", count,
             RARRAY_LEN(values));
  VALUE buffer = 0;
  wherry_value_t *items = ALLOCV_N(wherry_value_t, buffer, count + 1);
  for (size_t i = 0; i < count; i++) {
    char what[48];
    snprintf(what, sizeof what, "WasmException: value %zu", i + 1);
    items[i] =
        wr_value_take(store, wherry_functype_param(type, i), rb_ary_entry(values, (long)i), what);
  }
  wherry_error_t *error = wherry_error_new_exception(store->store, tag, items, count);
  ALLOCV_END(buffer);
  return error;
}

void wr_init_tag(void) {
  wr_cTag = rb_define_class_under(wr_mWherry, "Tag", rb_cObject);
  rb_undef_alloc_func(wr_cTag);
  rb_define_singleton_method(wr_cTag, "new", create, -1);
  rb_define_method(wr_cTag, "params", get_params, 0);
  rb_define_method(wr_cTag, "store", get_store, 0);
  rb_define_method(wr_cTag, "==", equal, 1);
  rb_define_method(wr_cTag, "eql?", equal, 1);
  rb_define_method(wr_cTag, "hash", hash, 0);
}
