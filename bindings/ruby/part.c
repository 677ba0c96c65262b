/* What SWIG's functions hand on and no other part of the shim makes: function types, and parts of a
   module (import types, worlds, WIT types), each of which keeps alive what it is a part of. */
#include "shim.h"
#include "raw.h"

/* ---- function types ---- */

static void free_functype(void *data) { wherry_functype_release(data); }

static const rb_data_type_t functype_type =
    WR_DATA_TYPE("Wherry::FuncType", NULL, free_functype, NULL, NULL);

static VALUE functype_class, part_classes[WR_PARTS];

wherry_functype_t *wr_functype_from(VALUE object) {
  return rb_check_typeddata(object, &functype_type);
}

VALUE wr_functype_wrap(wherry_functype_t *type) {
  return type ? TypedData_Wrap_Struct(functype_class, &functype_type, type) : Qnil;
}

VALUE wr_functype_share(const wherry_functype_t *type) {
  wherry_functype_t *shared = (wherry_functype_t *)(uintptr_t)type;
  if (shared) wherry_functype_retain(shared);
  return wr_functype_wrap(shared);
}

static VALUE functype_inspect(VALUE self) {
  char text[WH_BIND_TEXT];
  wherry_functype_print(wr_functype_from(self), text, sizeof text);
  return rb_utf8_str_new_cstr(text);
}

/* ---- parts ---- */

typedef struct part {
  VALUE whole;
  const void *pointer;
} part_t;

static void mark(void *data) { rb_gc_mark_movable(((part_t *)data)->whole); }

static void compact(void *data) {
  part_t *p = data;
  p->whole = rb_gc_location(p->whole);
}

#define PART_TYPE(name) WR_DATA_TYPE(name, mark, RUBY_DEFAULT_FREE, NULL, compact)
static const char *const part_names[WR_PARTS] = {"ExternType", "World", "WitFuncType", "Type"};
static const rb_data_type_t part_types[WR_PARTS] = {
    PART_TYPE("Wherry::ExternType"), PART_TYPE("Wherry::World"), PART_TYPE("Wherry::WitFuncType"),
    PART_TYPE("Wherry::Type")};

VALUE wr_part_wrap(wr_part_kind_t kind, const void *pointer, VALUE whole) {
  part_t *p;
  if (!pointer) return Qnil;
  VALUE self = TypedData_Make_Struct(part_classes[kind], part_t, &part_types[kind], p);
  RB_OBJ_WRITE(self, &p->whole, whole);
  p->pointer = pointer;
  return self;
}

const void *wr_part_from(wr_part_kind_t kind, VALUE object) {
  return ((part_t *)rb_check_typeddata(object, &part_types[kind]))->pointer;
}

/* ---- numbers of C: whole or refused ---- */

uint64_t wr_raw_unsigned(VALUE value, uint64_t highest, const char *type) {
  uint64_t number;
  int status = wr_take_u64(value, &number);
  if (!status && number <= highest) return number;
  wr_raw_refuse(status == WR_BAD_TYPE, value, type);
}

int64_t wr_raw_signed(VALUE value, int64_t lowest, int64_t highest, const char *type) {
  int64_t number;
  int status = wr_take_i64(value, &number);
  bool negative = !status && RTEST(rb_funcall(value, '<', 1, INT2FIX(0)));
  if (!status && negative == (number < 0) && number >= lowest && number <= highest) return number;
  wr_raw_refuse(status == WR_BAD_TYPE, value, type);
}

void wr_raw_refuse(bool mistyped, VALUE value, const char *type) {
  char text[WH_BIND_TEXT];
  if (mistyped) {
    wh_bind_text_type(text, sizeof text, NULL, type, wr_describe(value));
    rb_raise(rb_eTypeError, "%s", text);
  }
  VALUE digits = rb_inspect(value);
  wh_bind_text_range(text, sizeof text, NULL, StringValueCStr(digits), type);
  rb_raise(rb_eRangeError, "%s", text);
}

bool wr_raw_bool(VALUE value) {
  if (value != Qtrue && value != Qfalse) wr_raw_refuse(true, value, "true or false");
  return value == Qtrue;
}

/* ---- entities, values ---- */

wr_store_t *wr_raw_store(VALUE object) {
  ID store = rb_intern("store");
  if (!RTEST(rb_obj_is_kind_of(object, wr_cStore))) {
    if (!rb_respond_to(object, store)) wr_raw_refuse(true, object, "an entity of a store");
    object = rb_funcall(object, store, 0);
  }
  return wr_store_get(object);
}

wr_store_t *wr_raw_store_of(int argc, const VALUE *argv) {
  wr_store_t *store = NULL;
  for (int i = 0; i < argc && !store; i++)
    if (RTEST(rb_obj_is_kind_of(argv[i], wr_cStore)) || rb_respond_to(argv[i], rb_intern("store")))
      store = wr_raw_store(argv[i]);
  if (!store) rb_raise(rb_eTypeError, "none of the arguments belongs to a store");
  /* What comes out of a linker may be a host function, which the store then needs. */
  for (int i = 0; i < argc; i++)
    if (RTEST(rb_obj_is_kind_of(argv[i], wr_cLinker)))
      wr_store_keep(store, wr_linker_keep(argv[i]));
  return store;
}

static wherry_extern_t entity(VALUE object, wherry_extern_kind_t kind, wherry_store_t **store) {
  wr_store_t *s = wr_raw_store(object);
  wherry_extern_t item;
  if (!wr_extern_try(s, object, &item) || item.kind != kind)
    wr_raw_refuse(true, object, wherry_extern_kind_name(kind));
  if (store) *store = s->store;
  return item;
}

#define ENTITY(NOUN, KIND)                                                                  \
  wherry_##NOUN##_t wr_raw_##NOUN(VALUE object, wherry_store_t **store) {                   \
    return entity(object, KIND, store).of.NOUN;                                             \
  }                                                                                         \
  VALUE wr_raw_##NOUN##_wrap(wherry_##NOUN##_t item, int argc, const VALUE *argv) {         \
    wherry_extern_t whole = {.kind = KIND};                                                 \
    whole.of.NOUN = item;                                                                   \
    return wr_extern_wrap(wr_raw_store_of(argc, argv), &whole, (wherry_bytes_t) {NULL, 0}); \
  }
ENTITY(func, WHERRY_EXTERN_FUNC)
ENTITY(memory, WHERRY_EXTERN_MEMORY)
ENTITY(table, WHERRY_EXTERN_TABLE)
ENTITY(global, WHERRY_EXTERN_GLOBAL)
ENTITY(tag, WHERRY_EXTERN_TAG)

wherry_instance_t wr_raw_instance(VALUE object, wherry_store_t **store) {
  wr_instance_t *i = wr_instance_get(object);
  wr_store_enter(i->store);
  if (store) *store = i->store->store;
  return i->instance;
}

VALUE wr_raw_instance_wrap(wherry_instance_t instance, int argc, const VALUE *argv) {
  for (int i = 0; i < argc; i++)
    if (RTEST(rb_obj_is_kind_of(argv[i], wr_cModule)))
      return wr_instance_wrap(wr_raw_store_of(argc, argv), argv[i], instance);
  rb_raise(rb_eTypeError, "none of the arguments is a module");
}

wherry_value_t wr_raw_value(wr_store_t *store, VALUE value) {
  wherry_func_t func;
  if (wr_value_try(value)) return wr_value_take(store, 0, value, "value");
  if (wr_func_try(value, store, &func)) return wr_value_take(store, WHERRY_FUNCREF, value, "value");
  return wr_value_take(store, WHERRY_EXTERNREF, value, "value");
}

wherry_extern_t wr_raw_extern(VALUE object) {
  wherry_extern_t item;
  if (!wr_extern_try(wr_raw_store(object), object, &item))
    wr_raw_refuse(true, object, "func, memory, table, global or tag");
  return item;
}

VALUE wr_raw_text(VALUE *value) {
  if (RB_SYMBOL_P(*value)) *value = rb_sym2str(*value);
  StringValue(*value);
  return *value;
}

VALUE wr_raw_valtype(wherry_valtype_t type) { return ID2SYM(rb_intern(wherry_valtype_name(type))); }

void wr_init_part(void) {
  functype_class = rb_define_class_under(wr_mWherry, "FuncType", rb_cObject);
  rb_undef_alloc_func(functype_class);
  rb_define_method(functype_class, "inspect", functype_inspect, 0);
  rb_define_method(functype_class, "to_s", functype_inspect, 0);
  for (int i = 0; i < WR_PARTS; i++) {
    part_classes[i] = rb_define_class_under(wr_mWherry, part_names[i], rb_cObject);
    rb_undef_alloc_func(part_classes[i]);
  }
}
