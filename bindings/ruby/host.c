/* Host functions: Procs, Methods and anything with #call, as functions that guests import; and the
   Caller that they get when their first parameter is named caller. */
#include "shim.h"

/* Shared by the Ruby object that marks it and by the C stores and linkers that call it. */
typedef struct wr_host {
  size_t owners;
  VALUE callable;
  bool is_proc, wants_caller;
  char *name;
  wr_signature_t *signature;
} wr_host_t;

static ID id_call, id_parameters, id_caller;

static void disown(void *data) {
  wr_host_t *h = data;
  if (--h->owners) return;
  free(h->name);
  ruby_xfree(h->signature);
  ruby_xfree(h);
}

static void mark(void *data) { rb_gc_mark_movable(((wr_host_t *)data)->callable); }

static void compact(void *data) {
  wr_host_t *h = data;
  h->callable = rb_gc_location(h->callable);
}

static const rb_data_type_t host_type =
    WR_DATA_TYPE("Wherry host function", mark, disown, NULL, compact);

/* ---- Caller ---- */

typedef struct wr_caller {
  VALUE store_object;
  wr_store_t *store;
  wherry_caller_t *caller; /* NULL: its host function has returned */
} wr_caller_t;

static void mark_caller(void *data) { rb_gc_mark_movable(((wr_caller_t *)data)->store_object); }

static void compact_caller(void *data) {
  wr_caller_t *c = data;
  c->store_object = rb_gc_location(c->store_object);
}

static const rb_data_type_t caller_type =
    WR_DATA_TYPE("Wherry::Caller", mark_caller, RUBY_DEFAULT_FREE, NULL, compact_caller);

static wr_caller_t *get_caller(VALUE self) {
  wr_caller_t *c = rb_check_typeddata(self, &caller_type);
  if (!c->caller)
    wr_raise_named("StateError", "a caller ends with the host function that it was given to");
  wr_store_enter(c->store);
  return c;
}

static VALUE caller_memory(VALUE self) {
  wr_caller_t *c = get_caller(self);
  wherry_memory_t memory;
  wr_check(wherry_caller_memory(c->caller, &memory));
  return wr_memory_wrap(c->store, memory);
}

static VALUE caller_export(VALUE self, VALUE name) {
  wr_caller_t *c = get_caller(self);
  wherry_extern_t item;
  if (RB_SYMBOL_P(name)) name = rb_sym2str(name);
  StringValue(name);
  wr_check(wherry_caller_export(c->caller, RSTRING_PTR(name), (size_t)RSTRING_LEN(name), &item));
  return wr_extern_wrap(
      c->store, &item,
      (wherry_bytes_t) {(const uint8_t *)RSTRING_PTR(name), (size_t)RSTRING_LEN(name)});
}

static VALUE caller_store(VALUE self) { return get_caller(self)->store_object; }

/* ---- being called ---- */

typedef struct run {
  wr_host_t *host;
  wr_store_t *store;
  wherry_caller_t *caller;
  wherry_slot_t *slots;
  VALUE caller_object; /* stands here, on the C stack, until it is told that its time is over */
} run_t;

static VALUE new_caller(run_t *r) {
  wr_caller_t *c;
  VALUE object = TypedData_Make_Struct(wr_cCaller, wr_caller_t, &caller_type, c);
  RB_OBJ_WRITE(object, &c->store_object, r->store->self);
  c->store = r->store;
  c->caller = r->caller;
  return r->caller_object = object;
}

/* Returns how many slots it took. */
static size_t take_result(run_t *r, uint32_t index, VALUE value, wherry_slot_t *out) {
  const wr_signature_t *signature = r->host->signature;
  wherry_valtype_t type = signature->types[signature->param_count + index];
  wherry_slot_t slots[2] = {{.u64 = 0}, {.u64 = 0}};
  int status = wr_take(r->store, type, value, slots);
  if (WR_UNLIKELY(status)) {
    wh_bind_place_t place = {r->host->name, 0, NULL};
    wr_take_fail(status, &place, type, value);
  }
  size_t count = wh_bind_slots(type);
  memcpy(out, slots, count * sizeof *out);
  return count;
}

static void take_results(run_t *r, VALUE value) {
  uint32_t count = r->host->signature->result_count;
  if (count == 0) return;
  if (count == 1) {
    take_result(r, 0, value, r->slots);
    return;
  }
  VALUE array = rb_check_array_type(value);
  if (NIL_P(array)) {
    char text[WH_BIND_TEXT];
    wh_bind_place_t place = {r->host->name, 0, NULL};
    wh_bind_text_type(text, sizeof text, &place, "Array", wr_describe(value));
    rb_raise(rb_eTypeError, "%s", text);
  }
  if ((size_t)RARRAY_LEN(array) != count) {
    char text[WH_BIND_TEXT];
    wh_bind_text_results(text, sizeof text, r->host->name, count, (size_t)RARRAY_LEN(array));
    rb_raise(rb_eTypeError, "%s", text);
  }
  wherry_slot_t *slot = r->slots;
  for (uint32_t i = 0; i < count; i++) slot += take_result(r, i, rb_ary_entry(array, i), slot);
}

static VALUE run_host(VALUE argument) {
  run_t *r = (run_t *)argument;
  wr_host_t *h = r->host;
  const wr_signature_t *signature = h->signature;
  int argc = (int)signature->param_count + h->wants_caller;
  VALUE buffer = 0, few[8], *argv = few;
  if (argc > 8) argv = ALLOCV_N(VALUE, buffer, argc);
  VALUE *next = argv;
  if (h->wants_caller) *next++ = new_caller(r);
  const wherry_slot_t *slot = r->slots;
  for (uint32_t i = 0; i < signature->param_count; i++) {
    *next++ = wr_give(r->store, signature->types[i], slot);
    slot += wh_bind_slots(signature->types[i]);
  }
  VALUE result = h->is_proc ? rb_proc_call_with_block(h->callable, argc, argv, Qnil)
                            : rb_funcallv(h->callable, id_call, argc, argv);
  if (buffer) ALLOCV_END(buffer);
  take_results(r, result);
  return Qnil;
}

static wherry_error_t *call_host(void *data, wherry_caller_t *caller, wherry_slot_t *slots) {
  wr_store_t *store = wherry_store_data(wherry_caller_store(caller));
  run_t r = {data, store, caller, slots, Qnil};
  int state = 0;
  VALUE before = wr_store_begin_host(store, rb_fiber_current());
  r.host->owners++; /* it may close the store that it runs in */
  rb_protect(run_host, (VALUE)&r, &state);
  disown(data);
  wr_store_end_host(store, before);
  if (!NIL_P(r.caller_object)) ((wr_caller_t *)RTYPEDDATA_DATA(r.caller_object))->caller = NULL;
  return WR_UNLIKELY(state) ? wr_error_from_host(store, state) : NULL;
}

/* Through a linker functions are called with whole values. */
static wherry_error_t *call_host_values(void *data, wherry_caller_t *caller,
                                        const wherry_value_t *args, size_t arg_count,
                                        wherry_value_t *results, size_t result_count) {
  const wr_signature_t *signature = ((wr_host_t *)data)->signature;
  wherry_store_t *store = wherry_caller_store(caller);
  wherry_slot_t few[16], *slots = few;
  wherry_error_t *error = NULL;
  if (signature->room > 16) slots = calloc(signature->room, sizeof *slots);
  if (!slots) return wherry_error_new(WHERRY_ERROR_OOM, "out of memory");
  wherry_slot_t *slot = slots;
  for (size_t i = 0; i < arg_count && !error; i++) {
    error = wherry_value_to_slot(store, &args[i], args[i].type, slot);
    slot += wh_bind_slots(args[i].type);
  }
  if (!error) error = call_host(data, caller, slots);
  slot = slots;
  for (size_t i = 0; i < result_count && !error; i++) {
    results[i] = wh_bind_value(store, slot, results[i].type);
    slot += wh_bind_slots(results[i].type);
  }
  if (slots != few) free(slots);
  return error;
}

/* ---- making them ---- */

bool wr_is_callable(VALUE object) {
  return rb_obj_is_proc(object) || rb_obj_is_method(object) || rb_respond_to(object, id_call);
}

/* Is its first parameter named caller? */
static bool wants_caller(VALUE callable) {
  VALUE method = callable;
  if (!rb_obj_is_proc(callable) && !rb_obj_is_method(callable)) {
    if (!rb_respond_to(callable, rb_intern("method"))) return false;
    method = rb_funcall(callable, rb_intern("method"), 1, ID2SYM(id_call));
  }
  VALUE first = rb_ary_entry(rb_funcall(method, id_parameters, 0), 0);
  return RB_TYPE_P(first, T_ARRAY) && rb_ary_entry(first, 1) == ID2SYM(id_caller);
}

static VALUE new_host(const wherry_functype_t *type, VALUE callable, const char *name,
                      wr_host_t **out) {
  bool wants = wants_caller(callable);
  wr_signature_t *signature = wr_signature_new(type);
  wr_host_t *h;
  VALUE object = TypedData_Make_Struct(0, wr_host_t, &host_type, h);
  h->owners = 1;
  RB_OBJ_WRITE(object, &h->callable, callable);
  h->is_proc = RTEST(rb_obj_is_proc(callable));
  h->wants_caller = wants;
  h->signature = signature;
  h->name = strdup(name);
  *out = h;
  return object;
}

wherry_func_t wr_host_func(wr_store_t *store, const wherry_functype_t *type, VALUE callable,
                           const char *name) {
  wr_host_t *h;
  wherry_func_t func;
  VALUE object = new_host(type, callable, name, &h);
  wr_store_keep(store, object);
  h->owners++;
  wherry_error_t *error =
      wherry_func_new_slots(store->store, type, call_host, false, h, disown, &func);
  if (error) {
    disown(h);
    wr_raise(error);
  }
  RB_GC_GUARD(object);
  return func;
}

void wr_linker_define_host(wherry_linker_t *linker, VALUE keep, VALUE module, VALUE name,
                           const wherry_functype_t *type, VALUE callable) {
  wr_host_t *h;
  VALUE object = new_host(type, callable, StringValueCStr(name), &h);
  rb_ary_push(keep, object);
  h->owners++;
  wherry_error_t *error = wherry_linker_define_func(
      linker, RSTRING_PTR(module), (size_t)RSTRING_LEN(module), RSTRING_PTR(name),
      (size_t)RSTRING_LEN(name), type, call_host_values, h, disown);
  if (error) {
    disown(h);
    wr_raise(error);
  }
  RB_GC_GUARD(object);
}

static long take_types(VALUE list, wherry_valtype_t *types, long room) {
  list = rb_Array(list);
  long count = RARRAY_LEN(list);
  if (count > room) rb_raise(rb_eArgError, "at most %ld types", room);
  for (long i = 0; i < count; i++) types[i] = wr_take_valtype(rb_ary_entry(list, i));
  return count;
}

static int first_pair(VALUE key, VALUE value, VALUE pair) {
  rb_ary_push(pair, key);
  rb_ary_push(pair, value);
  return ST_STOP;
}

wherry_functype_t *wr_functype_take(VALUE params, VALUE results) {
  wherry_functype_t *type;
  if (RB_TYPE_P(params, T_STRING) && NIL_P(results)) {
    wr_check(wherry_functype_parse(StringValueCStr(params), &type));
    return type;
  }
  if (RB_TYPE_P(params, T_HASH) && NIL_P(results)) {
    VALUE pair = rb_ary_new();
    rb_hash_foreach(params, first_pair, pair);
    params = rb_ary_entry(pair, 0);
    results = rb_ary_entry(pair, 1);
  }
  wherry_valtype_t taken[64], given[64];
  long param_count = take_types(params, taken, 64), result_count = take_types(results, given, 64);
  wr_check(wherry_functype_new(taken, (size_t)param_count, given, (size_t)result_count, &type));
  return type;
}

void wr_init_host(void) {
  id_call = rb_intern("call");
  id_parameters = rb_intern("parameters");
  id_caller = rb_intern("caller");
  wr_cCaller = rb_define_class_under(wr_mWherry, "Caller", rb_cObject);
  rb_undef_alloc_func(wr_cCaller);
  rb_define_method(wr_cCaller, "memory", caller_memory, 0);
  rb_define_method(wr_cCaller, "[]", caller_export, 1);
  rb_define_method(wr_cCaller, "store", caller_store, 0);
}
