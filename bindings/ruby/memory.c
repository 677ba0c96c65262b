/* Wherry::Memory: bytes of a guest. It holds the bytes past the store's end, so a pointer that the
   memory-view protocol handed out never dangles; Ruby's own methods refuse a closed store. */
#include "shim.h"

#include <ruby/memory_view.h>

static void mark(void *data) { rb_gc_mark_movable(((wr_memory_t *)data)->store_object); }

static void compact(void *data) {
  wr_memory_t *m = data;
  m->store_object = rb_gc_location(m->store_object);
}

static void release(void *data) {
  wr_memory_t *m = data;
  if (m->hold) wherry_memory_unhold(m->hold);
  ruby_xfree(m);
}

static const rb_data_type_t memory_type =
    WR_DATA_TYPE("Wherry::Memory", mark, release, NULL, compact);

wr_memory_t *wr_memory_get(VALUE object) {
  wr_memory_t *m = rb_check_typeddata(object, &memory_type);
  if (WR_UNLIKELY(wherry_store_closed(m->store->store))) wr_raise_closed("store");
  return m;
}

bool wr_memory_try(VALUE object, wr_store_t *store, wherry_memory_t *out) {
  if (!rb_typeddata_is_kind_of(object, &memory_type)) return false;
  wr_memory_t *m = RTYPEDDATA_DATA(object);
  if (m->store != store) wr_raise_named("StateError", "the memory belongs to another store");
  *out = m->memory;
  return true;
}

VALUE wr_memory_wrap(wr_store_t *store, wherry_memory_t memory) {
  VALUE key = ULL2NUM(memory.index);
  if (NIL_P(store->memories)) RB_OBJ_WRITE(store->self, &store->memories, rb_hash_new());
  VALUE known = rb_hash_lookup2(store->memories, key, Qnil);
  if (!NIL_P(known)) return known;
  wr_memory_t *m;
  VALUE self = TypedData_Make_Struct(wr_cMemory, wr_memory_t, &memory_type, m);
  RB_OBJ_WRITE(self, &m->store_object, store->self);
  m->store = store;
  m->memory = memory;
  wr_check(wherry_memory_hold(store->store, memory, &m->hold));
  wr_check(wherry_memory_view(store->store, memory, &m->data, &m->size));
  rb_hash_aset(store->memories, key, self);
  return self;
}

/* Memory.new(store, minimum, maximum = nil), in pages */
static VALUE create(int argc, VALUE *argv, VALUE klass) {
  VALUE store_object, minimum, maximum;
  (void)klass;
  rb_scan_args(argc, argv, "21", &store_object, &minimum, &maximum);
  wr_store_t *store = wr_store_get(store_object);
  wherry_memory_t memory;
  wr_check(wherry_memory_new(store->store, wr_take_size(minimum, "minimum"),
                             NIL_P(maximum) ? UINT64_MAX : wr_take_size(maximum, "maximum"),
                             &memory));
  return wr_memory_wrap(store, memory);
}

void wr_raise_bounds(uint64_t address, uint64_t bytes, uint64_t memory_size) {
  char text[WH_BIND_TEXT];
  wh_bind_text_bounds(text, sizeof text, address, bytes, memory_size);
  rb_raise(rb_eRangeError, "%s", text);
}

static inline uint8_t *at(const wr_memory_t *m, uint64_t address, uint64_t bytes) {
  if (WR_UNLIKELY(address > *m->size || bytes > *m->size - address))
    wr_raise_bounds(address, bytes, *m->size);
  return m->data + address;
}

static VALUE size(VALUE self) { return ULL2NUM(*wr_memory_get(self)->size); }

static VALUE pages(VALUE self) {
  wr_memory_t *m = wr_memory_get(self);
  uint64_t pages, maximum;
  wr_check(wherry_memory_limits(m->store->store, m->memory, &pages, &maximum));
  return ULL2NUM(pages);
}

static VALUE grow(VALUE self, VALUE count) {
  wr_memory_t *m = wr_memory_get(self);
  uint64_t previous;
  wr_check(wherry_memory_grow(m->store->store, m->memory, wr_take_size(count, "pages"), &previous));
  return ULL2NUM(previous);
}

static VALUE read_bytes(VALUE self, VALUE address, VALUE count) {
  wr_memory_t *m = wr_memory_get(self);
  uint64_t bytes = wr_take_size(count, "size");
  const uint8_t *data = at(m, wr_take_address(address), bytes);
  return rb_str_new((const char *)data, (long)bytes);
}

/* read_string(address, size): UTF-8 of that many bytes; read_string(address): up to the zero byte. */
static VALUE read_string(int argc, VALUE *argv, VALUE self) {
  VALUE address_value, count;
  rb_scan_args(argc, argv, "11", &address_value, &count);
  wr_memory_t *m = wr_memory_get(self);
  uint64_t address = wr_take_address(address_value), bytes;
  if (NIL_P(count)) {
    const uint8_t *start = at(m, address, 0), *end = memchr(start, 0, *m->size - address);
    if (!end)
      rb_raise(rb_eRangeError, "no zero byte ends the string at address %llu",
               (unsigned long long)address);
    bytes = (uint64_t)(end - start);
  } else {
    bytes = wr_take_size(count, "size");
  }
  return rb_utf8_str_new((const char *)at(m, address, bytes), (long)bytes);
}

/* write(address, string or view) -> bytes written */
static VALUE write_bytes(VALUE self, VALUE address, VALUE bytes) {
  wr_memory_t *m = wr_memory_get(self);
  const void *data;
  size_t count;
  if (RB_TYPE_P(bytes, T_STRING)) {
    data = RSTRING_PTR(bytes);
    count = (size_t)RSTRING_LEN(bytes);
  } else if (!wr_view_bytes(bytes, NULL, &data, &count)) {
    rb_raise(rb_eTypeError, "bytes: expected String, got %s", wr_describe(bytes));
  }
  memmove(at(m, wr_take_address(address), count), data, count);
  RB_GC_GUARD(bytes);
  return SIZET2NUM(count);
}

/* memory[3], memory[3, 10], memory[3...13] */
static VALUE aref(int argc, VALUE *argv, VALUE self) {
  VALUE first, count;
  long start, length;
  rb_scan_args(argc, argv, "11", &first, &count);
  if (!NIL_P(count)) return read_bytes(self, first, count);
  wr_memory_t *m = wr_memory_get(self);
  if (!RB_INTEGER_TYPE_P(first)) {
    VALUE range = rb_range_beg_len(first, &start, &length, (long)*m->size, 0);
    if (range == Qfalse)
      rb_raise(rb_eTypeError, "address: expected Integer or Range, got %s", wr_describe(first));
    if (NIL_P(range)) rb_raise(rb_eRangeError, "%" PRIsVALUE " is not in the memory", first);
    return rb_str_new((const char *)at(m, (uint64_t)start, (uint64_t)length), length);
  }
  return INT2FIX(*at(m, wr_take_address(first), 1));
}

/* memory[3] = 255, memory[3, 2] = "ab", memory[3..4] = "ab" */
static VALUE aset(int argc, VALUE *argv, VALUE self) {
  VALUE first, count, value;
  long start, length = -1;
  if (argc == 2) {
    first = argv[0], count = Qnil, value = argv[1];
  } else {
    rb_scan_args(argc, argv, "30", &first, &count, &value);
    length = NUM2LONG(count);
  }
  wr_memory_t *m = wr_memory_get(self);
  if (NIL_P(count) && RB_INTEGER_TYPE_P(first)) {
    int64_t byte = 0;
    if (wr_take_i64(value, &byte) == WR_BAD_TYPE)
      rb_raise(rb_eTypeError, "expected u8, got %s", wr_describe(value));
    if (byte < -128 || byte > 255)
      rb_raise(rb_eRangeError, "%lld does not fit in u8", (long long)byte);
    *at(m, wr_take_address(first), 1) = (uint8_t)byte;
    return value;
  }
  if (NIL_P(count)) {
    if (rb_range_beg_len(first, &start, &length, (long)*m->size, 1) == Qfalse)
      rb_raise(rb_eTypeError, "address: expected Integer or Range, got %s", wr_describe(first));
    first = LONG2NUM(start);
  }
  StringValue(value);
  if (RSTRING_LEN(value) != length)
    rb_raise(rb_eArgError, "%ld bytes do not fill %ld", RSTRING_LEN(value), length);
  write_bytes(self, first, value);
  return value;
}

/* view(:u32, offset: 0, length: nil): offset in bytes, length in elements */
static VALUE view(int argc, VALUE *argv, VALUE self) {
  static ID keywords[2];
  VALUE kind, options, values[2] = {Qundef, Qundef};
  if (!keywords[0]) {
    keywords[0] = rb_intern("offset");
    keywords[1] = rb_intern("length");
  }
  rb_scan_args(argc, argv, "1:", &kind, &options);
  if (!NIL_P(options)) rb_get_kwargs(options, keywords, 0, 2, values);
  return wr_view_new(self, kind, values[0] == Qundef ? INT2FIX(0) : values[0],
                     values[1] == Qundef ? Qnil : values[1]);
}

#define SIBLING(name)                                                                              \
  static VALUE name##_view(int argc, VALUE *argv, VALUE self) {                                    \
    VALUE offset;                                                                                  \
    rb_scan_args(argc, argv, "01", &offset);                                                       \
    return wr_view_new(self, ID2SYM(rb_intern(#name)), NIL_P(offset) ? INT2FIX(0) : offset, Qnil); \
  }
#define SIBLINGS(X) \
  X(int8) X(uint8) X(int16) X(uint16) X(int32) X(uint32) X(int64) X(uint64) X(float32) X(float64)
SIBLINGS(SIBLING)

static VALUE inspect(VALUE self) {
  wr_memory_t *m = rb_check_typeddata(self, &memory_type);
  if (wherry_store_closed(m->store->store)) return rb_str_new_cstr("#<Wherry::Memory closed>");
  return rb_sprintf("#<Wherry::Memory %llu bytes>", (unsigned long long)*m->size);
}

static VALUE get_store(VALUE self) {
  return ((wr_memory_t *)rb_check_typeddata(self, &memory_type))->store_object;
}

/* ---- Ruby's own protocol for views, as Fiddle::MemoryView uses it ---- */

static bool export_view(VALUE object, rb_memory_view_t *out, int flags) {
  wr_memory_t *m = wr_memory_get(object);
  (void)flags;
  rb_memory_view_init_as_byte_array(out, object, m->data, (ssize_t)*m->size, false);
  return true;
}

static bool release_view(VALUE object, rb_memory_view_t *out) {
  (void)object, (void)out;
  return true;
}

static bool can_view(VALUE object) { return rb_typeddata_is_kind_of(object, &memory_type); }

static const rb_memory_view_entry_t view_entry = {export_view, release_view, can_view};

void wr_init_memory(void) {
  wr_cMemory = rb_define_class_under(wr_mWherry, "Memory", rb_cObject);
  rb_undef_alloc_func(wr_cMemory);
  rb_define_singleton_method(wr_cMemory, "new", create, -1);
  rb_define_method(wr_cMemory, "size", size, 0);
  rb_define_method(wr_cMemory, "bytesize", size, 0);
  rb_define_method(wr_cMemory, "pages", pages, 0);
  rb_define_method(wr_cMemory, "grow", grow, 1);
  rb_define_method(wr_cMemory, "read", read_bytes, 2);
  rb_define_method(wr_cMemory, "read_string", read_string, -1);
  rb_define_method(wr_cMemory, "write", write_bytes, 2);
  rb_define_method(wr_cMemory, "[]", aref, -1);
  rb_define_method(wr_cMemory, "[]=", aset, -1);
  rb_define_method(wr_cMemory, "view", view, -1);
#define DEFINE(name) rb_define_method(wr_cMemory, #name "_view", name##_view, -1);
  SIBLINGS(DEFINE)
  rb_define_method(wr_cMemory, "inspect", inspect, 0);
  rb_define_method(wr_cMemory, "store", get_store, 0);
  rb_memory_view_register(wr_cMemory, &view_entry);
}
