/* Wherry::Table. */
#include "shim.h"

typedef struct wr_table {
  VALUE store_object;
  wr_store_t *store;
  wherry_table_t table;
} wr_table_t;

static void mark(void *data) { rb_gc_mark_movable(((wr_table_t *)data)->store_object); }

static void compact(void *data) {
  wr_table_t *t = data;
  t->store_object = rb_gc_location(t->store_object);
}

static const rb_data_type_t table_type =
    WR_DATA_TYPE("Wherry::Table", mark, RUBY_DEFAULT_FREE, NULL, compact);

static wr_table_t *get(VALUE object) {
  wr_table_t *t = rb_check_typeddata(object, &table_type);
  wr_store_enter(t->store);
  return t;
}

bool wr_table_try(VALUE object, wr_store_t *store, wherry_table_t *out) {
  if (!rb_typeddata_is_kind_of(object, &table_type)) return false;
  wr_table_t *t = RTYPEDDATA_DATA(object);
  if (t->store != store) wr_raise_named("StateError", "the table belongs to another store");
  *out = t->table;
  return true;
}

VALUE wr_table_wrap(wr_store_t *store, wherry_table_t table) {
  wr_table_t *t;
  VALUE self = TypedData_Make_Struct(wr_cTable, wr_table_t, &table_type, t);
  RB_OBJ_WRITE(self, &t->store_object, store->self);
  t->store = store;
  t->table = table;
  return self;
}

/* Table.new(store, :funcref, minimum, maximum = nil, initial = nil) */
static VALUE create(int argc, VALUE *argv, VALUE klass) {
  VALUE store_object, element, minimum, maximum, initial;
  (void)klass;
  rb_scan_args(argc, argv, "32", &store_object, &element, &minimum, &maximum, &initial);
  wr_store_t *store = wr_store_get(store_object);
  wherry_valtype_t type = wr_take_valtype(element);
  wherry_value_t value = wr_value_take(store, type, initial, "initial");
  wherry_table_t table;
  wr_check(wherry_table_new(store->store, type, wr_take_size(minimum, "minimum"),
                            NIL_P(maximum) ? UINT64_MAX : wr_take_size(maximum, "maximum"), &value,
                            &table));
  return wr_table_wrap(store, table);
}

static wherry_valtype_t element_type(wr_table_t *t) {
  wherry_valtype_t type;
  uint64_t maximum;
  wr_check(wherry_table_type(t->store->store, t->table, &type, &maximum));
  return type;
}

static VALUE aref(VALUE self, VALUE index) {
  wr_table_t *t = get(self);
  wherry_value_t value;
  wr_check(wherry_table_get(t->store->store, t->table, wr_take_size(index, "index"), &value));
  return wr_value_give(t->store, &value);
}

static VALUE aset(VALUE self, VALUE index, VALUE item) {
  wr_table_t *t = get(self);
  wherry_value_t value = wr_value_take(t->store, element_type(t), item, "element");
  wr_check(wherry_table_set(t->store->store, t->table, wr_take_size(index, "index"), &value));
  return item;
}

static VALUE size(VALUE self) {
  wr_table_t *t = get(self);
  uint64_t count;
  wr_check(wherry_table_size(t->store->store, t->table, &count));
  return ULL2NUM(count);
}

/* grow(elements, value = nil) -> the size before */
static VALUE grow(int argc, VALUE *argv, VALUE self) {
  VALUE count, item;
  rb_scan_args(argc, argv, "11", &count, &item);
  wr_table_t *t = get(self);
  uint64_t previous;
  wherry_value_t value = wr_value_take(t->store, element_type(t), item, "element");
  wr_check(wherry_table_grow(t->store->store, t->table, wr_take_size(count, "elements"), &value,
                             &previous));
  return ULL2NUM(previous);
}

static VALUE type(VALUE self) {
  return ID2SYM(rb_intern(wherry_valtype_name(element_type(get(self)))));
}

static VALUE get_store(VALUE self) { return get(self)->store_object; }

static VALUE equal(VALUE self, VALUE other) {
  if (!rb_typeddata_is_kind_of(other, &table_type)) return Qfalse;
  wherry_table_t a = ((wr_table_t *)RTYPEDDATA_DATA(self))->table;
  wherry_table_t b = ((wr_table_t *)RTYPEDDATA_DATA(other))->table;
  return RBOOL(a.store == b.store && a.index == b.index);
}

static VALUE hash(VALUE self) {
  wherry_table_t t = ((wr_table_t *)RTYPEDDATA_DATA(self))->table;
  return ST2FIX(rb_hash_uint(rb_hash_start((st_index_t)t.store), (st_index_t)t.index));
}

void wr_init_table(void) {
  wr_cTable = rb_define_class_under(wr_mWherry, "Table", rb_cObject);
  rb_undef_alloc_func(wr_cTable);
  rb_define_singleton_method(wr_cTable, "new", create, -1);
  rb_define_method(wr_cTable, "[]", aref, 1);
  rb_define_method(wr_cTable, "[]=", aset, 2);
  rb_define_method(wr_cTable, "size", size, 0);
  rb_define_method(wr_cTable, "length", size, 0);
  rb_define_method(wr_cTable, "grow", grow, -1);
  rb_define_method(wr_cTable, "type", type, 0);
  rb_define_method(wr_cTable, "store", get_store, 0);
  rb_define_method(wr_cTable, "==", equal, 1);
  rb_define_method(wr_cTable, "eql?", equal, 1);
  rb_define_method(wr_cTable, "hash", hash, 0);
}
