/* Wherry::View: numbers of one width over a memory, no copy. Without a length it grows with the
   memory. */
#include "shim.h"

#include <ruby/memory_view.h>

typedef enum kind { S8, U8, S16, U16, S32, U32, S64, U64, F32, F64 } kind_t;

static const struct {
  const char *name, *names[4];
  unsigned width;
  const char *format; /* of the memory-view protocol and of String#unpack */
} kinds[] = {{"s8", {"i8", "int8"}, 1, "c"},        {"u8", {"uint8", "byte"}, 1, "C"},
             {"s16", {"i16", "int16"}, 2, "s"},     {"u16", {"uint16"}, 2, "S"},
             {"s32", {"i32", "int32"}, 4, "l"},     {"u32", {"uint32"}, 4, "L"},
             {"s64", {"i64", "int64"}, 8, "q"},     {"u64", {"uint64"}, 8, "Q"},
             {"f32", {"float32", "float"}, 4, "f"}, {"f64", {"float64", "double"}, 8, "d"}};

typedef struct wr_view {
  VALUE memory_object;
  wr_memory_t *memory;
  uint64_t offset, length; /* bytes; elements, or UINT64_MAX: up to the memory's end */
  kind_t kind;
} wr_view_t;

static void mark(void *data) { rb_gc_mark_movable(((wr_view_t *)data)->memory_object); }

static void compact(void *data) {
  wr_view_t *v = data;
  v->memory_object = rb_gc_location(v->memory_object);
}

static const rb_data_type_t view_type =
    WR_DATA_TYPE("Wherry::View", mark, RUBY_DEFAULT_FREE, NULL, compact);

/* Raises StateError when the store is closed. */
static wr_view_t *get(VALUE object) {
  wr_view_t *v = rb_check_typeddata(object, &view_type);
  if (WR_UNLIKELY(wherry_store_closed(v->memory->store->store))) wr_raise_closed("store");
  return v;
}

static uint64_t length_of(const wr_view_t *v) {
  if (v->length != UINT64_MAX) return v->length;
  return (*v->memory->size - v->offset) / kinds[v->kind].width;
}

static kind_t take_kind(VALUE name) {
  if (RB_SYMBOL_P(name)) name = rb_sym2str(name);
  const char *text = StringValueCStr(name);
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(text, kinds[i].name) == 0) return (kind_t)i;
    for (unsigned j = 0; kinds[i].names[j]; j++)
      if (strcmp(text, kinds[i].names[j]) == 0) return (kind_t)i;
  }
  rb_raise(rb_eArgError, "%s is no kind of number: s8 u8 s16 u16 s32 u32 s64 u64 f32 f64", text);
}

static VALUE make(VALUE memory_object, kind_t kind, uint64_t offset, uint64_t length) {
  wr_memory_t *memory = wr_memory_get(memory_object);
  uint64_t size = *memory->size, width = kinds[kind].width;
  if (offset > size) wr_raise_bounds(offset, length == UINT64_MAX ? 0 : length * width, size);
  if (length != UINT64_MAX && length > (size - offset) / width)
    wr_raise_bounds(offset, length > UINT64_MAX / width ? UINT64_MAX : length * width, size);
  wr_view_t *v;
  VALUE self = TypedData_Make_Struct(wr_cView, wr_view_t, &view_type, v);
  RB_OBJ_WRITE(self, &v->memory_object, memory_object);
  v->memory = memory;
  v->offset = offset;
  v->length = length;
  v->kind = kind;
  return self;
}

VALUE wr_view_new(VALUE memory, VALUE kind, VALUE offset, VALUE length) {
  return make(memory, take_kind(kind), wr_take_address(offset),
              NIL_P(length) ? UINT64_MAX : wr_take_size(length, "length"));
}

bool wr_view_bytes(VALUE object, const char *format, const void **data, size_t *count) {
  if (!rb_typeddata_is_kind_of(object, &view_type)) return false;
  wr_view_t *v = get(object);
  if (format && strcmp(kinds[v->kind].format, format) != 0) return false;
  *data = v->memory->data + v->offset;
  *count = length_of(v) * (format ? 1 : kinds[v->kind].width);
  return true;
}

static VALUE load(const uint8_t *p, kind_t kind) {
#define LOAD(KIND, TYPE, GIVE)         \
  case KIND: {                         \
    TYPE number;                       \
    memcpy(&number, p, sizeof number); \
    return GIVE(number);               \
  }
  switch (kind) {
    LOAD(S8, int8_t, INT2FIX)
    LOAD(U8, uint8_t, INT2FIX)
    LOAD(S16, int16_t, INT2FIX)
    LOAD(U16, uint16_t, INT2FIX)
    LOAD(S32, int32_t, LONG2FIX)
    LOAD(U32, uint32_t, LONG2FIX)
    LOAD(S64, int64_t, LL2NUM)
    LOAD(U64, uint64_t, ULL2NUM)
    LOAD(F32, float, DBL2NUM)
    LOAD(F64, double, DBL2NUM)
  }
  return Qnil;
}

/* Reads a number as one of a kind into up to 8 bytes; raises TypeError and RangeError. */
static void take(VALUE value, kind_t kind, uint8_t *out) {
  static const int64_t lowest[] = {INT8_MIN, 0, INT16_MIN, 0, INT32_MIN, 0, INT64_MIN, 0};
  static const uint64_t highest[] = {INT8_MAX,  UINT8_MAX,  INT16_MAX, UINT16_MAX,
                                     INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
  wherry_slot_t slot = {.u64 = 0};
  char text[WH_BIND_TEXT];
  int status;
  if (kind >= F32) {
    status = wr_take(NULL, kind == F32 ? WHERRY_F32 : WHERRY_F64, value, &slot);
  } else {
    status = wr_take_i64(value, &slot.i64);
    bool negative = !status && RTEST(rb_funcall(value, '<', 1, INT2FIX(0)));
    if (!status && (negative ? slot.i64 < lowest[kind] : slot.u64 > highest[kind]))
      status = WR_BAD_RANGE;
  }
  if (status == WR_BAD_TYPE) {
    wh_bind_text_type(text, sizeof text, NULL, kinds[kind].name, wr_describe(value));
    rb_raise(rb_eTypeError, "%s", text);
  }
  if (status == WR_BAD_RANGE) {
    VALUE digits = rb_inspect(value);
    wh_bind_text_range(text, sizeof text, NULL, StringValueCStr(digits), kinds[kind].name);
    rb_raise(rb_eRangeError, "%s", text);
  }
  memcpy(out, &slot, kinds[kind].width);
}

NORETURN(static void fail_index(VALUE index, uint64_t length));
static void fail_index(VALUE index, uint64_t length) {
  rb_raise(rb_eIndexError, "index %" PRIsVALUE " is outside of the view's %llu elements",
           rb_inspect(index), (unsigned long long)length);
}

/* The place of an element; a negative index counts from the end. */
static uint8_t *place(const wr_view_t *v, VALUE index) {
  uint64_t length = length_of(v);
  if (!RB_INTEGER_TYPE_P(index))
    rb_raise(rb_eTypeError, "index: expected Integer or Range, got %s", wr_describe(index));
  if (!FIXNUM_P(index)) fail_index(index, length);
  long at = FIX2LONG(index);
  if (at < 0) at += (long)length;
  if (at < 0 || (uint64_t)at >= length) fail_index(index, length);
  return v->memory->data + v->offset + (uint64_t)at * kinds[v->kind].width;
}

/* view[start, count] and view[range]: start and length in elements; false: one plain index. */
static bool part(const wr_view_t *v, VALUE first, VALUE count, uint64_t *start, uint64_t *length) {
  long whole = (long)length_of(v), from, many;
  if (!NIL_P(count)) {
    from = NUM2LONG(first);
    many = NUM2LONG(count);
    if (from < 0) from += whole;
  } else {
    if (RB_INTEGER_TYPE_P(first)) return false;
    VALUE range = rb_range_beg_len(first, &from, &many, whole, 0);
    if (range == Qfalse) return false;
    if (NIL_P(range)) fail_index(first, (uint64_t)whole);
  }
  if (from < 0 || many < 0 || from > whole || many > whole - from)
    rb_raise(rb_eIndexError, "%ld elements from index %ld are outside of the view's %ld elements",
             many, from, whole);
  *start = (uint64_t)from;
  *length = (uint64_t)many;
  return true;
}

static VALUE aref(int argc, VALUE *argv, VALUE self) {
  uint64_t start, length;
  rb_check_arity(argc, 1, 2);
  wr_view_t *v = get(self);
  if (!part(v, argv[0], argc == 2 ? argv[1] : Qnil, &start, &length))
    return load(place(v, argv[0]), v->kind);
  return make(v->memory_object, v->kind, v->offset + start * kinds[v->kind].width, length);
}

static void fill_part(const wr_view_t *v, uint64_t start, uint64_t length, VALUE values) {
  unsigned width = kinds[v->kind].width;
  uint8_t *to = v->memory->data + v->offset + start * width;
  const void *data;
  size_t bytes;
  if (RB_TYPE_P(values, T_STRING)) {
    data = RSTRING_PTR(values);
    bytes = (size_t)RSTRING_LEN(values);
  } else if (!wr_view_bytes(values, kinds[v->kind].format, &data, &bytes)) {
    values = rb_convert_type(values, T_ARRAY, "Array", "to_ary");
    if ((uint64_t)RARRAY_LEN(values) != length)
      rb_raise(rb_eArgError, "%ld values do not fill %llu elements", RARRAY_LEN(values),
               (unsigned long long)length);
    for (uint64_t i = 0; i < length; i++)
      take(rb_ary_entry(values, (long)i), v->kind, to + i * width);
    return;
  } else {
    bytes *= width;
  }
  if (bytes != length * width)
    rb_raise(rb_eArgError, "%llu bytes do not fill %llu elements of %u", (unsigned long long)bytes,
             (unsigned long long)length, width);
  memmove(to, data, bytes);
  RB_GC_GUARD(values);
}

static VALUE aset(int argc, VALUE *argv, VALUE self) {
  uint64_t start, length;
  rb_check_arity(argc, 2, 3);
  wr_view_t *v = get(self);
  VALUE value = argv[argc - 1];
  if (part(v, argv[0], argc == 3 ? argv[1] : Qnil, &start, &length))
    fill_part(v, start, length, value);
  else
    take(value, v->kind, place(v, argv[0]));
  return value;
}

static VALUE length(VALUE self) { return ULL2NUM(length_of(get(self))); }

static VALUE enum_length(VALUE self, VALUE args, VALUE object) {
  (void)args, (void)object;
  return length(self);
}

static VALUE each(VALUE self) {
  RETURN_SIZED_ENUMERATOR(self, 0, 0, enum_length);
  for (uint64_t i = 0;; i++) {
    wr_view_t *v = get(self); /* the block may grow the memory or close the store */
    if (i >= length_of(v)) return self;
    rb_yield(load(v->memory->data + v->offset + i * kinds[v->kind].width, v->kind));
  }
}

static VALUE to_a(VALUE self) {
  wr_view_t *v = get(self);
  uint64_t count = length_of(v);
  const uint8_t *data = v->memory->data + v->offset;
  VALUE array = rb_ary_new_capa((long)count);
  for (uint64_t i = 0; i < count; i++)
    rb_ary_push(array, load(data + i * kinds[v->kind].width, v->kind));
  return array;
}

/* string(count = all): the bytes of the first count elements, as a binary String */
static VALUE string(int argc, VALUE *argv, VALUE self) {
  VALUE count;
  rb_scan_args(argc, argv, "01", &count);
  wr_view_t *v = get(self);
  uint64_t whole = length_of(v), taken = NIL_P(count) ? whole : wr_take_size(count, "count");
  if (taken > whole) fail_index(count, whole);
  return rb_str_new((const char *)v->memory->data + v->offset,
                    (long)(taken * kinds[v->kind].width));
}

static VALUE bytes_per_element(VALUE self) { return UINT2NUM(kinds[get(self)->kind].width); }
static VALUE kind(VALUE self) { return ID2SYM(rb_intern(kinds[get(self)->kind].name)); }
static VALUE offset(VALUE self) { return ULL2NUM(get(self)->offset); }
static VALUE memory(VALUE self) { return get(self)->memory_object; }

static VALUE inspect(VALUE self) {
  wr_view_t *v = rb_check_typeddata(self, &view_type);
  if (wherry_store_closed(v->memory->store->store))
    return rb_str_new_cstr("#<Wherry::View closed>");
  return rb_sprintf("#<Wherry::View %llu %s at %llu>", (unsigned long long)length_of(v),
                    kinds[v->kind].name, (unsigned long long)v->offset);
}

static bool export_view(VALUE object, rb_memory_view_t *out, int flags) {
  wr_view_t *v = get(object);
  unsigned width = kinds[v->kind].width;
  (void)flags;
  rb_memory_view_init_as_byte_array(out, object, v->memory->data + v->offset,
                                    (ssize_t)(length_of(v) * width), false);
  out->format = kinds[v->kind].format;
  out->item_size = (ssize_t)width;
  return true;
}

static bool release_view(VALUE object, rb_memory_view_t *out) {
  (void)object, (void)out;
  return true;
}

static bool can_view(VALUE object) { return rb_typeddata_is_kind_of(object, &view_type); }

static const rb_memory_view_entry_t view_entry = {export_view, release_view, can_view};

void wr_init_view(void) {
  wr_cView = rb_define_class_under(wr_mWherry, "View", rb_cObject);
  rb_undef_alloc_func(wr_cView);
  rb_include_module(wr_cView, rb_mEnumerable);
  rb_define_method(wr_cView, "[]", aref, -1);
  rb_define_method(wr_cView, "[]=", aset, -1);
  rb_define_method(wr_cView, "length", length, 0);
  rb_define_method(wr_cView, "size", length, 0);
  rb_define_method(wr_cView, "each", each, 0);
  rb_define_method(wr_cView, "to_a", to_a, 0);
  rb_define_method(wr_cView, "string", string, -1);
  rb_define_method(wr_cView, "bytes_per_element", bytes_per_element, 0);
  rb_define_method(wr_cView, "kind", kind, 0);
  rb_define_method(wr_cView, "offset", offset, 0);
  rb_define_method(wr_cView, "memory", memory, 0);
  rb_define_method(wr_cView, "inspect", inspect, 0);
  rb_memory_view_register(wr_cView, &view_entry);
}
