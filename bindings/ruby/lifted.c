/* Calls of WIT functions: the table of functions through which canon reads and makes Ruby's values.

   No function of it runs code of the user: strings, arrays, hashes and structs are read as what they
   are, not asked. What it makes stands on the C stack of canon, where the collector finds it. */
#include "shim.h"

typedef struct context {
  wr_module_t *module;
} context_t;

static wherry_error_t *mistyped(const char *expected, const char *got) {
  char text[WH_BIND_TEXT];
  wh_bind_text_type(text, sizeof text, NULL, expected, got);
  return wherry_error_new(WHERRY_ERROR_TYPE, text);
}

static wherry_error_t *not_a(const wherry_type_t *type, VALUE value) {
  char expected[WH_BIND_TEXT / 4];
  wherry_type_print(type, expected, sizeof expected);
  return mistyped(expected, wr_describe(value));
}

static wherry_error_t *misfit(const wherry_type_t *type, VALUE value) {
  char text[WH_BIND_TEXT];
  VALUE digits = rb_inspect(value);
  wh_bind_text_range(text, sizeof text, NULL, StringValueCStr(digits),
                     wherry_type_kind_name(wherry_type_kind(type)));
  RB_GC_GUARD(digits);
  return wherry_error_new(WHERRY_ERROR_RANGE, text);
}

/* ---- in ---- */

static wherry_error_t *take_integer(const wherry_type_t *type, VALUE value, int64_t lowest,
                                    uint64_t highest, wherry_slot_t *out) {
  uint64_t bits;
  if (FIXNUM_P(value)) {
    long number = FIX2LONG(value);
    if (number < 0 ? number < lowest : (uint64_t)number > highest) return misfit(type, value);
    out->i64 = number;
    return NULL;
  }
  if (!RB_INTEGER_TYPE_P(value)) return not_a(type, value);
  /* Only 64 bits are wider than a Fixnum. */
  if (highest == UINT64_MAX) {
    if (wr_take_u64(value, &bits)) return misfit(type, value);
    out->u64 = bits;
    return NULL;
  }
  if (lowest != INT64_MIN || wr_take_i64(value, &out->i64) ||
      (RB_TYPE_P(value, T_BIGNUM) && rb_big_cmp(value, INT2FIX(0)) == INT2FIX(1) && out->i64 < 0))
    return misfit(type, value);
  return NULL;
}

static wherry_error_t *take_char(const wherry_type_t *type, VALUE value, wherry_slot_t *out) {
  if (!RB_TYPE_P(value, T_STRING) || rb_enc_get(value) != rb_utf8_encoding() ||
      rb_enc_str_coderange(value) == ENC_CODERANGE_BROKEN || NUM2LONG(rb_str_length(value)) != 1)
    return not_a(type, value);
  out->u64 = rb_enc_codepoint_len(RSTRING_PTR(value), RSTRING_END(value), NULL, rb_utf8_encoding());
  return NULL;
}

static wherry_error_t *take_number(void *data, const wherry_type_t *type, wherry_host_value_t value,
                                   wherry_slot_t *out) {
  wherry_slot_t slot = {.u64 = 0};
  wherry_error_t *error = NULL;
  (void)data;
  switch (wherry_type_kind(type)) {
  case WHERRY_TYPE_BOOL:
    if (value != Qtrue && value != Qfalse) return not_a(type, value);
    slot.u64 = value == Qtrue;
    break;
  case WHERRY_TYPE_S8: error = take_integer(type, value, INT8_MIN, INT8_MAX, &slot); break;
  case WHERRY_TYPE_U8: error = take_integer(type, value, 0, UINT8_MAX, &slot); break;
  case WHERRY_TYPE_S16: error = take_integer(type, value, INT16_MIN, INT16_MAX, &slot); break;
  case WHERRY_TYPE_U16: error = take_integer(type, value, 0, UINT16_MAX, &slot); break;
  case WHERRY_TYPE_S32: error = take_integer(type, value, INT32_MIN, INT32_MAX, &slot); break;
  case WHERRY_TYPE_U32: error = take_integer(type, value, 0, UINT32_MAX, &slot); break;
  case WHERRY_TYPE_S64: error = take_integer(type, value, INT64_MIN, INT64_MAX, &slot); break;
  case WHERRY_TYPE_U64: error = take_integer(type, value, 0, UINT64_MAX, &slot); break;
  case WHERRY_TYPE_F32:
    if (wr_take(NULL, WHERRY_F32, value, &slot)) return not_a(type, value);
    break;
  case WHERRY_TYPE_F64:
    if (wr_take(NULL, WHERRY_F64, value, &slot)) return not_a(type, value);
    break;
  case WHERRY_TYPE_CHAR: error = take_char(type, value, &slot); break;
  default: return not_a(type, value);
  }
  if (!error) *out = slot;
  return error;
}

/* UTF-8 as it is, other encodings converted; bytes that are no UTF-8 are refused. */
static wherry_error_t *take_string(void *data, wherry_host_value_t value,
                                   wherry_host_view_t *view) {
  VALUE string = value;
  (void)data;
  if (!RB_TYPE_P(string, T_STRING)) return mistyped("string", wr_describe(string));
  rb_encoding *encoding = rb_enc_get(string);
  int range = rb_enc_str_coderange(string);
  if (range == ENC_CODERANGE_BROKEN) return mistyped("string", "invalid bytes in a String");
  if (encoding != rb_utf8_encoding() && range != ENC_CODERANGE_7BIT) {
    if (encoding == rb_ascii8bit_encoding()) return mistyped("string", "a binary String");
    string = rb_str_encode(string, rb_enc_from_encoding(rb_utf8_encoding()), 0, Qnil);
  } else if (encoding != rb_utf8_encoding() && !rb_enc_asciicompat(encoding)) {
    string = rb_str_encode(string, rb_enc_from_encoding(rb_utf8_encoding()), 0, Qnil);
  }
  string = rb_str_new_frozen(string); /* the guest's realloc may run host code that changes it */
  view->data = RSTRING_PTR(string);
  view->count = (size_t)RSTRING_LEN(string);
  view->hold = string;
  return NULL;
}

/* How numbers of a kind lie in a String or a view; NULL: they are no packed numbers. */
static const char *packed_format(const wherry_type_t *element, size_t *width) {
  switch (wherry_type_kind(element)) {
  case WHERRY_TYPE_S8: return *width = 1, "c";
  case WHERRY_TYPE_U8: return *width = 1, "C";
  case WHERRY_TYPE_S16: return *width = 2, "s";
  case WHERRY_TYPE_U16: return *width = 2, "S";
  case WHERRY_TYPE_S32: return *width = 4, "l";
  case WHERRY_TYPE_U32: return *width = 4, "L";
  case WHERRY_TYPE_S64: return *width = 8, "q";
  case WHERRY_TYPE_U64: return *width = 8, "Q";
  case WHERRY_TYPE_F32: return *width = 4, "f";
  case WHERRY_TYPE_F64: return *width = 8, "d";
  default: return NULL;
  }
}

/* One item that is no Fixnum; false: canon shall say what is wrong with it. */
static bool pack_slowly(const wherry_type_t *element, VALUE item, size_t width, void *out) {
  wherry_slot_t slot;
  wherry_error_t *error = take_number(NULL, element, item, &slot);
  if (!error) memcpy(out, &slot, width);
  wherry_error_release(error);
  return !error;
}

#define PACK(TYPE, LOWEST, HIGHEST)                                              \
  for (long i = 0; i < count; i++) {                                             \
    VALUE item = RARRAY_AREF(array, i);                                          \
    long number = FIXNUM_P(item) ? FIX2LONG(item) : 0;                           \
    bool fits = number < 0 ? number >= (LOWEST) : (uint64_t)number <= (HIGHEST); \
    ((TYPE *)out)[i] = (TYPE)number;                                             \
    if (WR_LIKELY(FIXNUM_P(item) && fits)) continue;                             \
    if (!pack_slowly(element, item, sizeof(TYPE), (TYPE *)out + i)) return Qnil; \
  }                                                                              \
  return buffer
#define PACK_FLOAT(TYPE)                                                 \
  for (long i = 0; i < count; i++) {                                     \
    VALUE item = RARRAY_AREF(array, i);                                  \
    if (WR_LIKELY(RB_FLOAT_TYPE_P(item)))                                \
      ((TYPE *)out)[i] = (TYPE)rb_float_value(item);                     \
    else if (!pack_slowly(element, item, sizeof(TYPE), (TYPE *)out + i)) \
      return Qnil;                                                       \
  }                                                                      \
  return buffer

/* An Array of numbers, packed into a String that nobody sees; nil where an item does not fit: canon
   then takes them one by one and tells which. */
static VALUE pack_array(const wherry_type_t *element, VALUE array, size_t width) {
  long count = RARRAY_LEN(array); /* nothing of the user's runs in here, so it stays */
  VALUE buffer = rb_str_tmp_new(count * (long)width);
  void *out = RSTRING_PTR(buffer);
  switch (wherry_type_kind(element)) {
  case WHERRY_TYPE_S8: PACK(int8_t, INT8_MIN, INT8_MAX);
  case WHERRY_TYPE_U8: PACK(uint8_t, 0, UINT8_MAX);
  case WHERRY_TYPE_S16: PACK(int16_t, INT16_MIN, INT16_MAX);
  case WHERRY_TYPE_U16: PACK(uint16_t, 0, UINT16_MAX);
  case WHERRY_TYPE_S32: PACK(int32_t, INT32_MIN, INT32_MAX);
  case WHERRY_TYPE_U32: PACK(uint32_t, 0, UINT32_MAX);
  case WHERRY_TYPE_S64: PACK(int64_t, INT64_MIN, INT64_MAX);
  case WHERRY_TYPE_U64: PACK(uint64_t, 0, UINT64_MAX);
  case WHERRY_TYPE_F32: PACK_FLOAT(float);
  case WHERRY_TYPE_F64: PACK_FLOAT(double);
  default: return Qnil;
  }
}

static wherry_error_t *take_list(void *data, const wherry_type_t *type, wherry_host_value_t value,
                                 wherry_host_view_t *view) {
  size_t width = 1;
  const wherry_type_t *element = wherry_type_element(type);
  const char *format = element ? packed_format(element, &width) : NULL;
  (void)data;
  view->data = NULL;
  view->hold = value;
  if (RB_TYPE_P(value, T_ARRAY)) {
    view->count = (size_t)RARRAY_LEN(value);
    VALUE packed = format && view->count > 8 ? pack_array(element, value, width) : Qnil;
    if (!NIL_P(packed)) {
      view->data = RSTRING_PTR(packed);
      view->hold = packed;
    }
    return NULL;
  }
  if (format && RB_TYPE_P(value, T_STRING)) {
    VALUE string = rb_str_new_frozen(value);
    size_t size = (size_t)RSTRING_LEN(string);
    if (size % width)
      return mistyped("whole numbers in a packed String", "a part of one at its end");
    view->data = RSTRING_PTR(string);
    view->count = size / width;
    view->hold = string;
    return NULL;
  }
  if (format && wr_view_bytes(value, format, &view->data, &view->count)) return NULL;
  return not_a(type, value);
}

/* A field of a Hash: by symbol or string, in Ruby's spelling or in WIT's. */
static VALUE hash_field(context_t *context, VALUE hash, const wherry_type_t *type, size_t index) {
  VALUE symbol = wr_record_field(context->module, type, index);
  VALUE found = rb_hash_lookup2(hash, symbol, Qundef);
  if (found != Qundef) return found;
  const char *raw = wherry_type_field_name(type, index);
  found = rb_hash_lookup2(hash, rb_sym2str(symbol), Qundef);
  if (found == Qundef) found = rb_hash_lookup2(hash, ID2SYM(rb_intern(raw)), Qundef);
  if (found == Qundef) found = rb_hash_lookup2(hash, rb_utf8_str_new_cstr(raw), Qundef);
  return found;
}

static int find_stranger(VALUE key, VALUE value, VALUE argument) {
  VALUE *state = (VALUE *)argument; /* members, the stranger */
  (void)value;
  VALUE name = RB_SYMBOL_P(key) ? rb_sym2str(key) : key;
  char text[256] = "";
  if (RB_TYPE_P(name, T_STRING) && RSTRING_LEN(name) < (long)sizeof text) {
    memcpy(text, RSTRING_PTR(name), (size_t)RSTRING_LEN(name));
    wr_wit_snake(text, sizeof text, text);
  }
  if (text[0] && RTEST(rb_ary_includes(state[0], ID2SYM(rb_intern(text))))) return ST_CONTINUE;
  state[1] = key;
  return ST_STOP;
}

static wherry_error_t *take_hash_field(context_t *context, const wherry_type_t *type, VALUE hash,
                                       size_t index, VALUE *item) {
  char expected[WH_BIND_TEXT / 2], got[WH_BIND_TEXT / 2];
  *item = hash_field(context, hash, type, index);
  if (*item == Qundef) {
    snprintf(expected, sizeof expected, "field %s", wherry_type_field_name(type, index));
    return mistyped(expected, "Hash without it");
  }
  /* A field too many is a typo that would otherwise go unseen. */
  if (index == 0 && RHASH_SIZE(hash) > wherry_type_field_count(type)) {
    VALUE state[2] = {rb_struct_s_members(wr_record_class(context->module, type)), Qundef};
    rb_hash_foreach(hash, find_stranger, (VALUE)state);
    VALUE stranger = rb_inspect(state[1] == Qundef ? Qnil : state[1]);
    wherry_type_print(type, expected, sizeof expected);
    snprintf(got, sizeof got, "Hash with the unknown field %s", StringValueCStr(stranger));
    return mistyped(expected, got);
  }
  return NULL;
}

/* A field of a Struct of the program's own, by its name. */
static wherry_error_t *take_struct_field(context_t *context, const wherry_type_t *type,
                                         VALUE object, size_t index, VALUE *item) {
  char expected[WH_BIND_TEXT / 2];
  VALUE symbol = wr_record_field(context->module, type, index);
  VALUE members = rb_struct_members(object);
  for (long i = 0; i < RARRAY_LEN(members); i++) {
    if (RARRAY_AREF(members, i) != symbol) continue;
    *item = rb_struct_aref(object, LONG2FIX(i));
    return NULL;
  }
  snprintf(expected, sizeof expected, "field %s", wherry_type_field_name(type, index));
  return mistyped(expected, "Struct without it");
}

static wherry_error_t *take_item(void *data, const wherry_type_t *type, wherry_host_value_t value,
                                 size_t index, wherry_host_value_t *item) {
  context_t *context = data;
  if (wherry_type_kind(type) != WHERRY_TYPE_RECORD) {
    if (!RB_TYPE_P(value, T_ARRAY)) return not_a(type, value);
    size_t count = (size_t)RARRAY_LEN(value);
    if (wherry_type_kind(type) == WHERRY_TYPE_TUPLE ? count != wherry_type_field_count(type)
                                                    : index >= count) {
      char got[64], expected[WH_BIND_TEXT / 4];
      snprintf(got, sizeof got, "Array of %zu", count);
      wherry_type_print(type, expected, sizeof expected);
      return mistyped(expected, got);
    }
    *item = rb_ary_entry(value, (long)index);
    return NULL;
  }
  if (RB_TYPE_P(value, T_STRUCT) && rb_obj_class(value) == wr_record_class(context->module, type)) {
    *item = rb_struct_aref(value, LONG2FIX((long)index));
    return NULL;
  }
  if (RB_TYPE_P(value, T_STRUCT)) return take_struct_field(context, type, value, index, item);
  if (!RB_TYPE_P(value, T_HASH)) return not_a(type, value);
  return take_hash_field(context, type, value, index, item);
}

static void release_view(void *data, wherry_host_view_t *view) { (void)data, (void)view; }
static void drop(void *data, wherry_host_value_t value) { (void)data, (void)value; }

/* ---- out ---- */

static VALUE char_string(uint32_t codepoint) {
  return rb_enc_uint_chr(codepoint, rb_utf8_encoding());
}

static VALUE number_of(wherry_type_kind_t kind, wherry_slot_t slot) {
  switch (kind) {
  case WHERRY_TYPE_BOOL: return RBOOL(slot.u64);
  case WHERRY_TYPE_U64: return ULL2NUM(slot.u64);
  case WHERRY_TYPE_F32: return DBL2NUM((double)slot.f32);
  case WHERRY_TYPE_F64: return DBL2NUM(slot.f64);
  case WHERRY_TYPE_CHAR: return char_string(slot.u32);
  default: return LL2NUM(slot.i64);
  }
}

static wherry_error_t *make_number(void *data, const wherry_type_t *type, wherry_slot_t value,
                                   wherry_host_value_t *out) {
  (void)data;
  *out = number_of(wherry_type_kind(type), value);
  return NULL;
}

static wherry_error_t *make_string(void *data, const char *text, size_t size, bool is_ascii,
                                   wherry_host_value_t *out) {
  (void)data;
  VALUE string = rb_utf8_str_new(text, (long)size);
  ENC_CODERANGE_SET(string, is_ascii ? ENC_CODERANGE_7BIT : ENC_CODERANGE_VALID);
  *out = string;
  return NULL;
}

#define EACH(TYPE, GIVE)                                       \
  for (size_t i = 0; i < count; i++) {                         \
    TYPE number;                                               \
    memcpy(&number, bytes + i * sizeof number, sizeof number); \
    rb_ary_push(array, GIVE(number));                          \
  }                                                            \
  break

static wherry_error_t *make_numbers(void *data, const wherry_type_t *type, const void *packed,
                                    size_t count, wherry_host_value_t *out) {
  const uint8_t *bytes = packed;
  wherry_type_kind_t kind = wherry_type_kind(wherry_type_element(type));
  (void)data;
  if (kind == WHERRY_TYPE_U8) {
    *out = rb_str_new(packed, (long)count);
    return NULL;
  }
  VALUE array = rb_ary_new_capa((long)count);
  switch (kind) {
  case WHERRY_TYPE_S8: EACH(int8_t, INT2FIX);
  case WHERRY_TYPE_S16: EACH(int16_t, INT2FIX);
  case WHERRY_TYPE_U16: EACH(uint16_t, INT2FIX);
  case WHERRY_TYPE_S32: EACH(int32_t, LONG2FIX);
  case WHERRY_TYPE_U32: EACH(uint32_t, LONG2FIX);
  case WHERRY_TYPE_S64: EACH(int64_t, LL2NUM);
  case WHERRY_TYPE_U64: EACH(uint64_t, ULL2NUM);
  case WHERRY_TYPE_F32: EACH(float, DBL2NUM);
  case WHERRY_TYPE_F64: EACH(double, DBL2NUM);
  default: return mistyped("numbers", wherry_type_kind_name(kind));
  }
  *out = array;
  return NULL;
}

static wherry_error_t *make_start(void *data, const wherry_type_t *type, size_t count,
                                  wherry_host_value_t *out) {
  context_t *context = data;
  if (wherry_type_kind(type) == WHERRY_TYPE_RECORD)
    *out = rb_struct_alloc_noinit(wr_record_class(context->module, type));
  else
    *out = rb_ary_new_capa((long)(count < 65536 ? count : 65536));
  return NULL;
}

static wherry_error_t *make_set(void *data, const wherry_type_t *type, wherry_host_value_t value,
                                size_t index, wherry_host_value_t item) {
  (void)data;
  if (wherry_type_kind(type) == WHERRY_TYPE_RECORD)
    rb_struct_aset(value, LONG2FIX((long)index), item);
  else
    rb_ary_push(value, item);
  return NULL;
}

static wherry_error_t *make_finish(void *data, const wherry_type_t *type,
                                   wherry_host_value_t *value) {
  (void)data;
  if (wherry_type_kind(type) == WHERRY_TYPE_RECORD) rb_obj_freeze(*value);
  return NULL;
}

static const wherry_host_values_t host_values = {
    .take_number = take_number,
    .take_string = take_string,
    .take_list = take_list,
    .take_item = take_item,
    .release_view = release_view,
    .drop = drop,
    .make_number = make_number,
    .make_string = make_string,
    .make_numbers = make_numbers,
    .make_start = make_start,
    .make_set = make_set,
    .make_finish = make_finish,
};

/* ---- the call ---- */

typedef struct lifted_run {
  wherry_lifted_t *lifted;
  context_t context;
  const VALUE *args;
  size_t count;
  wherry_host_value_t result;
  wherry_error_t *error;
} lifted_run_t;

static VALUE run_lifted(VALUE argument) {
  lifted_run_t *r = (lifted_run_t *)argument;
  r->error =
      wherry_lifted_call(r->lifted, &host_values, &r->context, r->args, r->count, &r->result);
  return Qnil;
}

static VALUE param_symbol(const wherry_witfunc_t *func, size_t index) {
  char name[256];
  wr_wit_snake(name, sizeof name, wherry_witfunc_param_name(func, index));
  return ID2SYM(rb_intern(name));
}

static int is_param(VALUE key, VALUE value, VALUE argument) {
  const wherry_witfunc_t **state = (const wherry_witfunc_t **)argument;
  (void)value;
  for (size_t i = 0; i < wherry_witfunc_param_count(state[0]); i++)
    if (param_symbol(state[0], i) == key) return ST_CONTINUE;
  state[1] = NULL;
  return ST_STOP;
}

/* Do the keywords of a call name parameters? If not, they may be a record written without braces. */
static bool are_params(const wherry_witfunc_t *func, size_t argc, VALUE keywords) {
  const wherry_witfunc_t *state[2] = {func, func};
  size_t count = wherry_witfunc_param_count(func);
  if (argc != count ||
      wherry_type_kind(wherry_witfunc_param_type(func, count - 1)) != WHERRY_TYPE_RECORD)
    return true;
  rb_hash_foreach(keywords, is_param, (VALUE)state);
  return state[1] != NULL;
}

/* Puts positional arguments and keywords in the order of the parameters. */
static void place_keywords(const wherry_witfunc_t *func, int argc, const VALUE *argv, VALUE *args) {
  size_t count = wherry_witfunc_param_count(func), positional = (size_t)argc - 1, used = 0;
  VALUE keywords = argv[argc - 1];
  const char *name = wherry_witfunc_name(func);
  if (positional > count) wr_raise_count(name, count, positional);
  for (size_t i = 0; i < count; i++) {
    if (i < positional) {
      args[i] = argv[i];
      continue;
    }
    args[i] = rb_hash_lookup2(keywords, param_symbol(func, i), Qundef);
    if (args[i] == Qundef)
      rb_raise(rb_eArgError, "%s(): missing argument: %s", name,
               wherry_witfunc_param_name(func, i));
    used++;
  }
  if (used < RHASH_SIZE(keywords))
    rb_raise(rb_eArgError,
             "%s(): unknown keyword, or one that is also given by position: %" PRIsVALUE, name,
             rb_inspect(rb_funcall(keywords, rb_intern("keys"), 0)));
}

static wherry_lifted_t *lifted_of(wr_instance_t *i, size_t index) {
  const wherry_world_t *world = wr_module_world(i->module);
  if (!i->lifteds) i->lifteds = ruby_xcalloc(wherry_world_export_count(world), sizeof *i->lifteds);
  if (!i->lifteds[index])
    wr_check(wherry_lifted_new(i->store->store, i->instance, wherry_world_export(world, index),
                               &i->lifteds[index]));
  return i->lifteds[index];
}

VALUE wr_wit_call(wr_instance_t *i, size_t index, int argc, const VALUE *argv) {
  const wherry_witfunc_t *func = wherry_world_export(wr_module_world(i->module), index);
  size_t count = wherry_witfunc_param_count(func);
  bool keywords = argc && rb_keyword_given_p() && RB_TYPE_P(argv[argc - 1], T_HASH) &&
                  are_params(func, (size_t)argc, argv[argc - 1]);
  VALUE buffer = 0, few[16], *args = few;
  wr_store_enter(i->store);
  if (wherry_store_closed(i->store->store)) wr_raise_closed("store"); /* its lifted are gone */
  lifted_run_t r = {lifted_of(i, index), {i->module}, argv, count, Qnil, NULL};
  if (keywords) {
    if (count > 16) args = ALLOCV_N(VALUE, buffer, count);
    place_keywords(func, argc, argv, args);
    r.args = args;
  } else if ((size_t)argc != count) {
    wr_raise_count(wherry_witfunc_name(func), count, (size_t)argc);
  }
  int state = 0;
  rb_protect(run_lifted, (VALUE)&r, &state);
  if (state) {
    wherry_lifted_abandon(r.lifted);
    rb_jump_tag(state);
  }
  if (buffer) ALLOCV_END(buffer);
  if (r.error) wr_raise_from(i->store, r.error);
  return wherry_witfunc_result(func) ? (VALUE)r.result : Qnil;
}

/* ---- Wherry::WitFunc ---- */

typedef struct wr_wit_func {
  VALUE instance_object;
  wr_instance_t *instance;
  size_t index;
} wr_wit_func_t;

static void mark(void *data) { rb_gc_mark_movable(((wr_wit_func_t *)data)->instance_object); }

static void compact(void *data) {
  wr_wit_func_t *w = data;
  w->instance_object = rb_gc_location(w->instance_object);
}

static const rb_data_type_t wit_func_type =
    WR_DATA_TYPE("Wherry::WitFunc", mark, RUBY_DEFAULT_FREE, NULL, compact);

VALUE wr_wit_func_wrap(VALUE instance, size_t index) {
  wr_wit_func_t *w;
  VALUE self = TypedData_Make_Struct(wr_cWitFunc, wr_wit_func_t, &wit_func_type, w);
  RB_OBJ_WRITE(self, &w->instance_object, instance);
  w->instance = wr_instance_get(instance);
  w->index = index;
  return self;
}

static VALUE call(int argc, VALUE *argv, VALUE self) {
  wr_wit_func_t *w = rb_check_typeddata(self, &wit_func_type);
  return wr_wit_call(w->instance, w->index, argc, argv);
}

static const wherry_witfunc_t *witfunc_of(VALUE self) {
  wr_wit_func_t *w = rb_check_typeddata(self, &wit_func_type);
  return wherry_world_export(w->instance->module->world, w->index);
}

static VALUE name(VALUE self) {
  return rb_utf8_str_new_cstr(wherry_witfunc_name(witfunc_of(self)));
}

static VALUE interface(VALUE self) {
  const char *text = wherry_witfunc_interface(witfunc_of(self));
  return text ? rb_utf8_str_new_cstr(text) : Qnil;
}

static VALUE type_text(const wherry_type_t *type) {
  char text[WH_BIND_TEXT];
  wherry_type_print(type, text, sizeof text);
  return rb_utf8_str_new_cstr(text);
}

/* [["machine", "u64"], …] */
static VALUE params(VALUE self) {
  const wherry_witfunc_t *func = witfunc_of(self);
  VALUE list = rb_ary_new();
  for (size_t i = 0; i < wherry_witfunc_param_count(func); i++)
    rb_ary_push(list, rb_assoc_new(rb_utf8_str_new_cstr(wherry_witfunc_param_name(func, i)),
                                   type_text(wherry_witfunc_param_type(func, i))));
  return list;
}

static VALUE result(VALUE self) {
  const wherry_type_t *type = wherry_witfunc_result(witfunc_of(self));
  return type ? type_text(type) : Qnil;
}

static VALUE arity(VALUE self) { return SIZET2NUM(wherry_witfunc_param_count(witfunc_of(self))); }

/* ---- records by name: the guest's class finds Point when it is asked for it ---- */

static VALUE find_record(wr_module_t *m, const wherry_type_t *type, const char *wanted) {
  char name[256];
  if (!type) return Qnil;
  if (wherry_type_element(type)) return find_record(m, wherry_type_element(type), wanted);
  bool is_record = wherry_type_kind(type) == WHERRY_TYPE_RECORD;
  if (is_record && wherry_type_name(type)) {
    wh_bind_camel(name, sizeof name, wherry_type_name(type), strlen(wherry_type_name(type)));
    if (strcmp(name, wanted) == 0) return wr_record_class(m, type);
  }
  for (size_t i = 0; i < wherry_type_field_count(type); i++) {
    VALUE found = find_record(m, wherry_type_field_type(type, i), wanted);
    if (!NIL_P(found)) return found;
  }
  return Qnil;
}

/* Native.record(class of a guest, name) -> class or nil */
static VALUE native_record(VALUE self, VALUE klass, VALUE name) {
  (void)self;
  VALUE module = rb_ivar_get(klass, rb_intern("__module__")), found = Qnil;
  if (NIL_P(module)) return Qnil;
  wr_module_t *m = wr_module_get(module);
  const wherry_world_t *world = wr_module_world(m);
  const char *wanted = StringValueCStr(name);
  for (size_t i = 0; world && NIL_P(found) && i < wherry_world_export_count(world); i++) {
    const wherry_witfunc_t *func = wherry_world_export(world, i);
    for (size_t p = 0; NIL_P(found) && p < wherry_witfunc_param_count(func); p++)
      found = find_record(m, wherry_witfunc_param_type(func, p), wanted);
    if (NIL_P(found)) found = find_record(m, wherry_witfunc_result(func), wanted);
  }
  return found;
}

void wr_init_lifted(void) {
  VALUE native = rb_define_module_under(wr_mWherry, "Native");
  wr_cWitFunc = rb_define_class_under(wr_mWherry, "WitFunc", rb_cObject);
  rb_undef_alloc_func(wr_cWitFunc);
  rb_define_method(wr_cWitFunc, "call", call, -1);
  rb_define_method(wr_cWitFunc, "[]", call, -1);
  rb_define_method(wr_cWitFunc, "name", name, 0);
  rb_define_method(wr_cWitFunc, "interface", interface, 0);
  rb_define_method(wr_cWitFunc, "params", params, 0);
  rb_define_method(wr_cWitFunc, "result", result, 0);
  rb_define_method(wr_cWitFunc, "arity", arity, 0);
  rb_define_singleton_method(native, "record", native_record, 2);
}
