/* Wherry::Value: a number or vector that says its own type, where the type is to be chosen. Frozen. */
#include "shim.h"

static const rb_data_type_t value_type =
    WR_DATA_TYPE_SHAREABLE("Wherry::Value", NULL, RUBY_DEFAULT_FREE, NULL, NULL);

wr_value_t *wr_value_try(VALUE object) {
  return rb_typeddata_is_kind_of(object, &value_type) ? RTYPEDDATA_DATA(object) : NULL;
}

static VALUE make(VALUE klass, wherry_valtype_t type, VALUE number) {
  wherry_slot_t slots[2] = {{.u64 = 0}, {.u64 = 0}};
  int status = wr_take(NULL, type, number, slots);
  if (status) wr_take_fail(status, NULL, type, number);
  wr_value_t *value;
  VALUE object = TypedData_Make_Struct(klass, wr_value_t, &value_type, value);
  value->type = type;
  memcpy(value->slots, slots, sizeof slots);
  return rb_obj_freeze(object);
}

static VALUE make_i32(VALUE klass, VALUE number) { return make(klass, WHERRY_I32, number); }
static VALUE make_i64(VALUE klass, VALUE number) { return make(klass, WHERRY_I64, number); }
static VALUE make_f32(VALUE klass, VALUE number) { return make(klass, WHERRY_F32, number); }
static VALUE make_f64(VALUE klass, VALUE number) { return make(klass, WHERRY_F64, number); }
static VALUE make_v128(VALUE klass, VALUE bytes) { return make(klass, WHERRY_V128, bytes); }

static VALUE get_type(VALUE self) {
  return ID2SYM(rb_intern(wherry_valtype_name(wr_value_try(self)->type)));
}

static VALUE get_value(VALUE self) {
  wr_value_t *value = wr_value_try(self);
  return wr_give_slow(NULL, value->type, value->slots);
}

static VALUE inspect(VALUE self) {
  char name[8];
  snprintf(name, sizeof name, "%s", wherry_valtype_name(wr_value_try(self)->type));
  name[0] = (char)(name[0] - ('a' - 'A'));
  return rb_sprintf("%s(%" PRIsVALUE ")", name, rb_inspect(get_value(self)));
}

/* The same type and the same bits, so that a NaN equals itself and 0.0 is not -0.0. */
static VALUE equal(VALUE self, VALUE other) {
  wr_value_t *a = wr_value_try(self), *b = wr_value_try(other);
  return RBOOL(b && a->type == b->type && a->slots[0].u64 == b->slots[0].u64 &&
               a->slots[1].u64 == b->slots[1].u64);
}

static VALUE hash(VALUE self) {
  wr_value_t *value = wr_value_try(self);
  st_index_t bits = (st_index_t)(value->slots[0].u64 ^ value->slots[1].u64 * 31);
  return ST2FIX(rb_hash_uint(rb_hash_start(value->type), bits));
}

void wr_init_value(void) {
  wr_cValue = rb_define_class_under(wr_mWherry, "Value", rb_cObject);
  rb_undef_alloc_func(wr_cValue);
  rb_undef_method(rb_singleton_class(wr_cValue), "new");
  rb_define_singleton_method(wr_cValue, "i32", make_i32, 1);
  rb_define_singleton_method(wr_cValue, "i64", make_i64, 1);
  rb_define_singleton_method(wr_cValue, "f32", make_f32, 1);
  rb_define_singleton_method(wr_cValue, "f64", make_f64, 1);
  rb_define_singleton_method(wr_cValue, "v128", make_v128, 1);
  rb_define_method(wr_cValue, "type", get_type, 0);
  rb_define_method(wr_cValue, "value", get_value, 0);
  rb_define_method(wr_cValue, "inspect", inspect, 0);
  rb_define_method(wr_cValue, "to_s", inspect, 0);
  rb_define_method(wr_cValue, "==", equal, 1);
  rb_define_method(wr_cValue, "eql?", equal, 1);
  rb_define_method(wr_cValue, "hash", hash, 0);
}
