/* Wherry::Store: what its guests and its host functions need is kept alive from here. */
#include "shim.h"
#include "raw.h"

/* What the garbage collector is told that a store weighs: it is much bigger than its object, and its
   memories reserve address space, which must not run out before a collection. */
#define WEIGHT 32768

static int mark_ref(st_data_t key, st_data_t value, st_data_t argument) {
  (void)value, (void)argument;
  rb_gc_mark((VALUE)key); /* pinned: the guest holds its address */
  return ST_CONTINUE;
}

static void mark(void *data) {
  wr_store_t *s = data;
  rb_gc_mark_movable(s->engine);
  rb_gc_mark_movable(s->inside);
  rb_gc_mark_movable(s->keep);
  rb_gc_mark_movable(s->memories);
  if (s->refs) st_foreach(s->refs, mark_ref, 0);
}

static void compact(void *data) {
  wr_store_t *s = data;
  s->self = rb_gc_location(s->self);
  s->engine = rb_gc_location(s->engine);
  s->inside = rb_gc_location(s->inside);
  s->keep = rb_gc_location(s->keep);
  s->memories = rb_gc_location(s->memories);
}

/* Finalizers that this runs free C memory and nothing else. */
static void release(void *data) {
  wr_store_t *s = data;
  if (s->store) rb_gc_adjust_memory_usage(-WEIGHT);
  wherry_store_release(s->store);
  if (s->refs) st_free_table(s->refs);
  ruby_xfree(s);
}

static size_t size_of(const void *data) {
  const wr_store_t *s = data;
  return sizeof *s + (s->refs ? st_memsize(s->refs) : 0);
}

static const rb_data_type_t store_type =
    WR_DATA_TYPE("Wherry::Store", mark, release, size_of, compact);

static VALUE allocate(VALUE klass) {
  wr_store_t *s;
  VALUE self = TypedData_Make_Struct(klass, wr_store_t, &store_type, s);
  s->self = self;
  s->engine = s->keep = s->memories = Qnil;
  s->inside = Qfalse;
  return self;
}

static wr_store_t *get(VALUE object) {
  wr_store_t *s = rb_check_typeddata(object, &store_type);
  if (!s->store) rb_raise(rb_eArgError, "this store was never initialized");
  return s;
}

wr_store_t *wr_store_get(VALUE object) {
  wr_store_t *s = get(object);
  wr_store_enter(s);
  return s;
}

wherry_store_t *wr_store_from(VALUE object) { return wr_store_get(object)->store; }

/* Calls stand on the store's stack in the order in which they came, so only the fiber whose host
   function runs may go further in; from a tick nobody may. */
void wr_store_refuse(wr_store_t *store) {
  if (store->inside == Qtrue)
    wr_raise_named("StateError", "a call is running in this store and cannot be nested here");
  if (store->inside != rb_fiber_current())
    wr_raise_named("StateError", "the store is in use by another thread or fiber");
}

VALUE wr_store_begin_host(wr_store_t *store, VALUE inside) {
  VALUE before = store->inside;
  RB_OBJ_WRITE(store->self, &store->inside, inside);
  return before;
}

void wr_store_end_host(wr_store_t *store, VALUE before) {
  RB_OBJ_WRITE(store->self, &store->inside, before);
}

void wr_store_keep(wr_store_t *store, VALUE object) {
  if (NIL_P(store->keep)) RB_OBJ_WRITE(store->self, &store->keep, rb_ary_new());
  if (RB_TYPE_P(object, T_ARRAY)) /* of a linker, which may come again and again */
    for (long i = 0; i < RARRAY_LEN(store->keep); i++)
      if (RARRAY_AREF(store->keep, i) == object) return;
  rb_ary_push(store->keep, object);
}

static VALUE check_interrupts(VALUE unused) {
  rb_thread_check_ints();
  return unused;
}

/* Signals, Thread#raise, Timeout, and a turn for the other threads. */
static wherry_error_t *tick(wherry_store_t *store, void *data) {
  (void)store;
  wr_store_t *s = data;
  int state = 0;
  VALUE before = wr_store_begin_host(s, Qtrue);
  rb_protect(check_interrupts, Qnil, &state);
  wr_store_end_host(s, before);
  return state ? wr_error_from_state(state) : NULL;
}

static void adopt(wr_store_t *s, wherry_store_t *store) {
  s->store = store;
  wherry_store_set_data(store, s, NULL);
  wherry_store_set_tick(store, tick, s);
  rb_gc_adjust_memory_usage(WEIGHT);
}

VALUE wr_store_wrap(wherry_store_t *store) {
  VALUE self = allocate(wr_cStore);
  adopt(RTYPEDDATA_DATA(self), store);
  return self;
}

/* open(engine) */
static VALUE initialize(VALUE self, VALUE engine) {
  wr_store_t *s = rb_check_typeddata(self, &store_type);
  wherry_store_t *store;
  if (s->store) rb_raise(rb_eArgError, "already initialized");
  if (NIL_P(engine)) engine = wr_engine_default();
  wr_check(wherry_store_new(wr_engine_from(engine), &store));
  RB_OBJ_WRITE(self, &s->engine, engine);
  adopt(s, store);
  return self;
}

/* What a store that nobody stands in kept alive, it lets go. */
void wr_store_close(wr_store_t *s) {
  wr_store_enter(s);
  wherry_store_close(s->store);
  if (s->inside != Qfalse) return;
  s->keep = s->memories = Qnil;
  if (s->refs) st_clear(s->refs);
}

static VALUE close_store(VALUE self) {
  wr_store_close(get(self));
  return Qnil;
}

static VALUE is_closed(VALUE self) { return RBOOL(wherry_store_closed(get(self)->store)); }

static VALUE interrupt(VALUE self) {
  wherry_store_interrupt(get(self)->store); /* from any thread, at any time */
  return self;
}

static VALUE get_engine(VALUE self) {
  wr_store_t *s = get(self);
  return NIL_P(s->engine) ? wr_engine_share(wherry_store_engine(s->store)) : s->engine;
}

/* Native.size("64 MB") -> bytes; an Integer is bytes already. */
static VALUE native_size(VALUE self, VALUE size) {
  uint64_t bytes;
  (void)self;
  if (RB_INTEGER_TYPE_P(size)) return size;
  if (!RB_TYPE_P(size, T_STRING))
    rb_raise(rb_eTypeError, "size: expected Integer or String, got %s", wr_describe(size));
  if (!wh_bind_parse_size(RSTRING_PTR(size), (size_t)RSTRING_LEN(size), &bytes))
    rb_raise(rb_eArgError, "size: \"%" PRIsVALUE "\" is no size, such as 65536 or \"64 MB\"", size);
  return ULL2NUM(bytes);
}

void wr_init_store(void) {
  VALUE native = rb_define_module_under(wr_mWherry, "Native");
  wr_cStore = rb_define_class_under(wr_mWherry, "Store", rb_cObject);
  rb_define_alloc_func(wr_cStore, allocate);
  rb_undef_method(wr_cStore, "initialize_copy");
  rb_define_private_method(wr_cStore, "open", initialize, 1);
  rb_define_method(wr_cStore, "close", close_store, 0);
  rb_define_method(wr_cStore, "closed?", is_closed, 0);
  rb_define_method(wr_cStore, "interrupt", interrupt, 0);
  rb_define_singleton_method(native, "size", native_size, 1);
  rb_define_method(wr_cStore, "engine", get_engine, 0);
}
