/* Core values from and to Ruby: range-checked on the way in, never a silent wrap. */
#include "shim.h"

wr_signature_t *wr_signature_new(const wherry_functype_t *type) {
  size_t params = wherry_functype_param_count(type), results = wherry_functype_result_count(type);
  wr_signature_t *signature =
      ruby_xmalloc2((params + results) * sizeof(wherry_valtype_t) + sizeof *signature, 1);
  signature->param_count = (uint32_t)params;
  signature->result_count = (uint32_t)results;
  signature->room = (uint32_t)wh_bind_room(type);
  for (size_t i = 0; i < params; i++) signature->types[i] = wherry_functype_param(type, i);
  for (size_t i = 0; i < results; i++)
    signature->types[params + i] = wherry_functype_result(type, i);
  return signature;
}

const char *wr_describe(VALUE value) {
  if (NIL_P(value)) return "nil";
  if (value == Qtrue) return "true";
  if (value == Qfalse) return "false";
  wr_value_t *typed = wr_value_try(value);
  if (typed) return wherry_valtype_name(typed->type);
  return rb_obj_classname(value);
}

/* The low 64 bits of an Integer; false: it is below -2^63 or above 2^64-1. */
static bool integer_bits(VALUE value, uint64_t *bits, bool *negative) {
  if (FIXNUM_P(value)) {
    long number = FIX2LONG(value);
    *bits = (uint64_t)number;
    *negative = number < 0;
    return true;
  }
  int sign = rb_integer_pack(value, bits, 1, sizeof *bits, 0,
                             INTEGER_PACK_NATIVE_BYTE_ORDER | INTEGER_PACK_2COMP);
  *negative = sign < 0;
  if (sign == 2 || sign == -2) return false;
  return sign >= 0 || *bits >> 63; /* a negative one that fits keeps its sign bit */
}

int wr_take_i64(VALUE value, int64_t *out) {
  uint64_t bits;
  bool negative;
  if (!RB_INTEGER_TYPE_P(value)) return WR_BAD_TYPE;
  if (!integer_bits(value, &bits, &negative)) return WR_BAD_RANGE;
  *out = (int64_t)bits;
  return WR_TAKEN;
}

int wr_take_u64(VALUE value, uint64_t *out) {
  bool negative;
  if (!RB_INTEGER_TYPE_P(value)) return WR_BAD_TYPE;
  return integer_bits(value, out, &negative) && !negative ? WR_TAKEN : WR_BAD_RANGE;
}

static int take_i32(VALUE value, wherry_slot_t *out) {
  if (!RB_INTEGER_TYPE_P(value)) return WR_BAD_TYPE;
  if (!FIXNUM_P(value)) return WR_BAD_RANGE;
  long number = FIX2LONG(value);
  if (number < INT32_MIN || number > (long)UINT32_MAX) return WR_BAD_RANGE;
  out->u64 = (uint32_t)number;
  return WR_TAKEN;
}

static int take_float(VALUE value, double *out) {
  if (RB_FLOAT_TYPE_P(value))
    *out = rb_float_value(value);
  else if (FIXNUM_P(value))
    *out = (double)FIX2LONG(value);
  else if (RB_INTEGER_TYPE_P(value))
    *out = rb_big2dbl(value);
  else
    return WR_BAD_TYPE;
  return WR_TAKEN;
}

static int take_ref(wr_store_t *store, wherry_valtype_t type, VALUE value, wherry_slot_t *out) {
  wherry_value_t reference = {.type = type};
  if (type == WHERRY_FUNCREF) {
    if (!NIL_P(value) && !wr_func_try(value, store, &reference.of.func)) return WR_BAD_TYPE;
  } else if (type == WHERRY_EXTERNREF) {
    reference = wr_value_take(store, type, value, "externref");
  } else {
    return WR_BAD_TYPE;
  }
  wr_check(wherry_value_to_slot(store->store, &reference, type, out));
  return WR_TAKEN;
}

static int take_vector(VALUE value, wherry_slot_t *out) {
  if (!RB_TYPE_P(value, T_STRING) || RSTRING_LEN(value) != 16) return WR_BAD_TYPE;
  memcpy(out, RSTRING_PTR(value), 16);
  return WR_TAKEN;
}

int wr_take_slow(wr_store_t *store, wherry_valtype_t type, VALUE value, wherry_slot_t *out) {
  wr_value_t *typed = type == WHERRY_EXTERNREF ? NULL : wr_value_try(value);
  if (typed) {
    if (typed->type != type) return WR_BAD_TYPE;
    memcpy(out, typed->slots, wh_bind_slots(type) * sizeof *out);
    return WR_TAKEN;
  }
  double number;
  int status;
  switch (type) {
  case WHERRY_I32: return take_i32(value, out);
  case WHERRY_I64: return wr_take_i64(value, &out->i64);
  case WHERRY_F32:
    if ((status = take_float(value, &number))) return status;
    out->u64 = 0;
    out->f32 = (float)number;
    return WR_TAKEN;
  case WHERRY_F64: return take_float(value, &out->f64);
  case WHERRY_V128: return take_vector(value, out);
  default: return take_ref(store, type, value, out);
  }
}

void wr_take_fail(int status, const wh_bind_place_t *place, wherry_valtype_t type, VALUE value) {
  char text[WH_BIND_TEXT];
  const char *expected = wherry_valtype_name(type);
  if (status == WR_BAD_RANGE) {
    VALUE digits = rb_inspect(value);
    wh_bind_text_range(text, sizeof text, place, StringValueCStr(digits), expected);
    RB_GC_GUARD(digits);
    rb_raise(rb_eRangeError, "%s", text);
  }
  const char *got = wr_describe(value);
  char size[24];
  if (type == WHERRY_V128) {
    expected = WH_BIND_V128;
    if (RB_TYPE_P(value, T_STRING)) {
      snprintf(size, sizeof size, "%ld", RSTRING_LEN(value));
      got = size;
    }
  }
  wh_bind_text_type(text, sizeof text, place, expected, got);
  rb_raise(rb_eTypeError, "%s", text);
}

VALUE wr_give_slow(wr_store_t *store, wherry_valtype_t type, const wherry_slot_t *slots) {
  switch (type) {
  case WHERRY_I32: return LONG2FIX(slots->i32);
  case WHERRY_I64: return LL2NUM(slots->i64);
  case WHERRY_F32: return DBL2NUM((double)slots->f32);
  case WHERRY_F64: return DBL2NUM(slots->f64);
  case WHERRY_V128: return rb_str_new((const char *)slots, 16);
  default: {
    wherry_value_t value = wherry_value_from_slot(store->store, *slots, type);
    return wr_value_give(store, &value);
  }
  }
}

/* ---- the explicit level ---- */

#define REF_BIAS ((VALUE)2) /* Ruby's false is 0, which as a pointer would be no object at all */

static wherry_externref_t take_externref(wr_store_t *store, VALUE value) {
  wherry_externref_t reference = {0, 0};
  if (NIL_P(value)) return reference;
  st_data_t index;
  if (store->refs && st_lookup(store->refs, (st_data_t)value, &index)) {
    reference.store = wherry_store_id(store->store);
    reference.index = index;
    return reference;
  }
  if (!store->refs) store->refs = st_init_numtable();
  wr_check(wh_bind_externref(store->store, (void *)(value + REF_BIAS), &reference));
  st_insert(store->refs, (st_data_t)value, (st_data_t)reference.index);
  RB_OBJ_WRITTEN(store->self, Qundef, value);
  return reference;
}

wherry_value_t wr_value_take(wr_store_t *store, wherry_valtype_t type, VALUE value,
                             const char *what) {
  wherry_value_t result = {.type = type};
  if (type == WHERRY_EXTERNREF) {
    result.of.externref = take_externref(store, value);
    return result;
  }
  wr_value_t *typed = wr_value_try(value);
  if (!type) {
    if (!typed)
      rb_raise(rb_eTypeError, "%s: expected Wherry::Value, got %s", what, wr_describe(value));
    result.type = type = typed->type;
  }
  if (type == WHERRY_FUNCREF) {
    if (!NIL_P(value) && !wr_func_try(value, store, &result.of.func))
      rb_raise(rb_eTypeError, "%s: expected Wherry::Func or nil, got %s", what, wr_describe(value));
    return result;
  }
  wherry_slot_t slots[2] = {{.u64 = 0}, {.u64 = 0}};
  int status = wr_take(store, type, value, slots);
  if (status) wr_take_fail(status, NULL, type, value);
  memcpy(&result.of, slots, sizeof slots);
  return result;
}

VALUE wr_value_give(wr_store_t *store, const wherry_value_t *value) {
  wherry_slot_t slots[2];
  void *object;
  memcpy(slots, &value->of, sizeof slots);
  switch (value->type) {
  case WHERRY_FUNCREF:
    if (!value->of.func.store) return Qnil;
    return wr_func_wrap(store, value->of.func, (wherry_bytes_t) {NULL, 0});
  case WHERRY_EXTERNREF:
    if (!value->of.externref.store) return Qnil;
    wr_check(wh_bind_externref_data(store->store, value->of.externref, &object));
    return object ? (VALUE)object - REF_BIAS : Qnil;
  case WHERRY_I32:
  case WHERRY_I64:
  case WHERRY_F32:
  case WHERRY_F64:
  case WHERRY_V128: return wr_give_slow(store, value->type, slots);
  default:
    wherry_ref_release(store->store, value->of.ref);
    rb_raise(rb_eTypeError, "values of type %s cannot cross yet", wherry_valtype_name(value->type));
  }
}

uint64_t wr_take_size(VALUE value, const char *what) {
  uint64_t size;
  int status = wr_take_u64(value, &size);
  if (status == WR_BAD_TYPE)
    rb_raise(rb_eTypeError, "%s: expected Integer, got %s", what, wr_describe(value));
  if (status) rb_raise(rb_eRangeError, "%s: %" PRIsVALUE " is out of range", what, value);
  return size;
}

uint64_t wr_take_address(VALUE value) {
  if (FIXNUM_P(value)) {
    long number = FIX2LONG(value);
    if (number < 0 && number >= INT32_MIN) return (uint32_t)number;
  }
  return wr_take_size(value, "address");
}

wherry_valtype_t wr_take_valtype(VALUE value) {
  static const wherry_valtype_t types[] = {WHERRY_I32,  WHERRY_I64,     WHERRY_F32,      WHERRY_F64,
                                           WHERRY_V128, WHERRY_FUNCREF, WHERRY_EXTERNREF};
  VALUE name = RB_SYMBOL_P(value) ? rb_sym2str(value) : value;
  if (RB_INTEGER_TYPE_P(value)) return NUM2UINT(value);
  const char *text = StringValueCStr(name);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (strcmp(text, wherry_valtype_name(types[i])) == 0) return types[i];
  rb_raise(rb_eArgError, "%s is no value type", text);
}
