/* Wherry::Func, and the call of a core function: the path that must be fast. */
#include "shim.h"

#define FEW 16

/* The function's name for a message: as exported, from its name section, or its index. */
static const char *callee_name(wr_store_t *store, const wr_callee_t *callee, char *text,
                               size_t size) {
  uint32_t index = 0;
  const char *name = NULL;
  if (callee->name.data) {
    snprintf(text, size, "%.*s", (int)callee->name.size, (const char *)callee->name.data);
    return text;
  }
  wherry_error_release(wherry_func_describe(store->store, callee->func, &index, &name));
  if (name)
    snprintf(text, size, "%s", name);
  else
    snprintf(text, size, "func[%u]", index);
  return text;
}

void wr_raise_count(const char *function, size_t expected, size_t got) {
  char text[WH_BIND_TEXT];
  wh_bind_text_count(text, sizeof text, function, expected, got);
  rb_raise(rb_eArgError, "%s", text);
}

NORETURN(static void fail_count(wr_store_t *store, const wr_callee_t *callee, int argc));
static void fail_count(wr_store_t *store, const wr_callee_t *callee, int argc) {
  char name[128];
  wr_raise_count(callee_name(store, callee, name, sizeof name), callee->signature->param_count,
                 (size_t)argc);
}

NORETURN(static void fail_argument(wr_store_t *store, const wr_callee_t *callee, int status,
                                   uint32_t index, VALUE value));
static void fail_argument(wr_store_t *store, const wr_callee_t *callee, int status, uint32_t index,
                          VALUE value) {
  char name[128];
  wh_bind_place_t place = {callee_name(store, callee, name, sizeof name), index + 1, NULL};
  wr_take_fail(status, &place, callee->signature->types[index], value);
}

static VALUE results_of(wr_store_t *store, const wr_signature_t *signature,
                        const wherry_slot_t *slots) {
  const wherry_valtype_t *types = signature->types + signature->param_count;
  if (signature->result_count == 0) return Qnil;
  if (signature->result_count == 1) return wr_give(store, types[0], slots);
  VALUE results = rb_ary_new_capa(signature->result_count);
  for (uint32_t i = 0; i < signature->result_count; i++) {
    rb_ary_push(results, wr_give(store, types[i], slots));
    slots += wh_bind_slots(types[i]);
  }
  return results;
}

VALUE wr_call(wr_store_t *store, const wr_callee_t *callee, int argc, const VALUE *argv) {
  const wr_signature_t *signature = callee->signature;
  wherry_slot_t few[FEW], *slots = few;
  VALUE buffer = 0;
  wr_store_enter(store);
  if (WR_UNLIKELY((uint32_t)argc != signature->param_count)) fail_count(store, callee, argc);
  if (WR_UNLIKELY(signature->room > FEW)) slots = ALLOCV_N(wherry_slot_t, buffer, signature->room);
  wherry_slot_t *slot = slots;
  for (uint32_t i = 0; i < signature->param_count; i++) {
    int status = wr_take(store, signature->types[i], argv[i], slot);
    if (WR_UNLIKELY(status)) fail_argument(store, callee, status, i, argv[i]);
    slot += wh_bind_slots(signature->types[i]);
  }
  wherry_error_t *error = wherry_func_call_slots(store->store, callee->func, slots);
  if (WR_UNLIKELY(error)) wr_raise_from(store, error);
  VALUE result = results_of(store, signature, slots);
  if (WR_UNLIKELY(buffer)) ALLOCV_END(buffer);
  return result;
}

/* ---- the object ---- */

typedef struct wr_func {
  VALUE store_object;
  wr_store_t *store;
  wr_callee_t callee; /* its name is this object's own copy */
} wr_func_t;

static void mark(void *data) { rb_gc_mark_movable(((wr_func_t *)data)->store_object); }

static void compact(void *data) {
  wr_func_t *f = data;
  f->store_object = rb_gc_location(f->store_object);
}

static void release(void *data) {
  wr_func_t *f = data;
  ruby_xfree(f->callee.signature);
  ruby_xfree((void *)f->callee.name.data);
  ruby_xfree(f);
}

static const rb_data_type_t func_type = WR_DATA_TYPE("Wherry::Func", mark, release, NULL, compact);

static wr_func_t *get(VALUE object) { return rb_check_typeddata(object, &func_type); }

VALUE wr_func_wrap(wr_store_t *store, wherry_func_t func, wherry_bytes_t name) {
  const wherry_functype_t *type;
  wr_check(wherry_func_type(store->store, func, &type));
  wr_func_t *f;
  VALUE self = TypedData_Make_Struct(wr_cFunc, wr_func_t, &func_type, f);
  RB_OBJ_WRITE(self, &f->store_object, store->self);
  f->store = store;
  f->callee.func = func;
  f->callee.signature = wr_signature_new(type);
  if (name.data) {
    char *copy = ruby_xmalloc(name.size + 1);
    memcpy(copy, name.data, name.size);
    f->callee.name = (wherry_bytes_t) {(const uint8_t *)copy, name.size};
  }
  return self;
}

/* A function of another store, or what is no function, is not taken. */
bool wr_func_try(VALUE object, wr_store_t *store, wherry_func_t *out) {
  if (!rb_typeddata_is_kind_of(object, &func_type)) return false;
  wr_func_t *f = RTYPEDDATA_DATA(object);
  if (f->store != store) wr_raise_named("StateError", "the function belongs to another store");
  *out = f->callee.func;
  return true;
}

/* Func.new(store, "ii:i") { |a, b| … }, Func.new(store, [:i32, :i32], [:i32], callable) */
static VALUE create(int argc, VALUE *argv, VALUE klass) {
  VALUE store_object, params, results, callable, block;
  (void)klass;
  rb_scan_args(argc, argv, "22&", &store_object, &params, &results, &callable, &block);
  if (NIL_P(callable) && !NIL_P(results) && wr_is_callable(results)) {
    callable = results;
    results = Qnil;
  }
  if (NIL_P(callable)) callable = block;
  wr_store_t *store = wr_store_get(store_object);
  if (!wr_is_callable(callable))
    rb_raise(rb_eTypeError, "expected a block or something to call, got %s", wr_describe(callable));
  wherry_functype_t *type = wr_functype_take(params, results);
  wherry_func_t func = wr_host_func(store, type, callable, "host function");
  wherry_functype_release(type);
  return wr_func_wrap(store, func, (wherry_bytes_t) {NULL, 0});
}

static VALUE call(int argc, VALUE *argv, VALUE self) {
  wr_func_t *f = get(self);
  return wr_call(f->store, &f->callee, argc, argv);
}

static VALUE types(const wherry_valtype_t *list, uint32_t count) {
  VALUE array = rb_ary_new_capa(count);
  for (uint32_t i = 0; i < count; i++)
    rb_ary_push(array, ID2SYM(rb_intern(wherry_valtype_name(list[i]))));
  return array;
}

static VALUE params(VALUE self) {
  const wr_signature_t *signature = get(self)->callee.signature;
  return types(signature->types, signature->param_count);
}

static VALUE results(VALUE self) {
  const wr_signature_t *signature = get(self)->callee.signature;
  return types(signature->types + signature->param_count, signature->result_count);
}

static VALUE arity(VALUE self) { return UINT2NUM(get(self)->callee.signature->param_count); }

static VALUE name(VALUE self) {
  char text[256];
  wr_func_t *f = get(self);
  return rb_utf8_str_new_cstr(callee_name(f->store, &f->callee, text, sizeof text));
}

static VALUE equal(VALUE self, VALUE other) {
  if (!rb_typeddata_is_kind_of(other, &func_type)) return Qfalse;
  wherry_func_t a = get(self)->callee.func, b = get(other)->callee.func;
  return RBOOL(a.store == b.store && a.index == b.index);
}

static VALUE hash(VALUE self) {
  wherry_func_t func = get(self)->callee.func;
  return ST2FIX(rb_hash_uint(rb_hash_start((st_index_t)func.store), (st_index_t)func.index));
}

static VALUE get_store(VALUE self) { return get(self)->store_object; }

void wr_init_func(void) {
  wr_cFunc = rb_define_class_under(wr_mWherry, "Func", rb_cObject);
  rb_undef_alloc_func(wr_cFunc);
  rb_define_singleton_method(wr_cFunc, "new", create, -1);
  rb_define_method(wr_cFunc, "call", call, -1);
  rb_define_method(wr_cFunc, "[]", call, -1);
  rb_define_method(wr_cFunc, "params", params, 0);
  rb_define_method(wr_cFunc, "results", results, 0);
  rb_define_method(wr_cFunc, "arity", arity, 0);
  rb_define_method(wr_cFunc, "name", name, 0);
  rb_define_method(wr_cFunc, "store", get_store, 0);
  rb_define_method(wr_cFunc, "==", equal, 1);
  rb_define_method(wr_cFunc, "eql?", equal, 1);
  rb_define_method(wr_cFunc, "hash", hash, 0);
}
