/* Names and classes that WIT gives: get-str as get_str, a record as a class of its own. */
#include "shim.h"

/* Sorted, for a binary search. */
static const char *const reserved[] = {
    "BEGIN",  "END",    "__ENCODING__", "__FILE__", "__LINE__", "alias", "and",   "begin", "break",
    "case",   "class",  "def",          "defined?", "do",       "else",  "elsif", "end",   "ensure",
    "false",  "for",    "if",           "in",       "module",   "next",  "nil",   "not",   "or",
    "redo",   "rescue", "retry",        "return",   "self",     "super", "then",  "true",  "undef",
    "unless", "until",  "when",         "while",    "yield"};

size_t wr_wit_snake(char *out, size_t size, const char *name) {
  return wh_bind_snake(out, size, name, strlen(name), reserved, sizeof reserved / sizeof *reserved);
}

static VALUE make_class(const wherry_type_t *type, VALUE *fields) {
  char text[256];
  size_t count = wherry_type_field_count(type);
  const char *name = wherry_type_name(type);
  *fields = rb_ary_new_capa((long)count);
  for (size_t i = 0; i < count; i++) {
    wr_wit_snake(text, sizeof text, wherry_type_field_name(type, i));
    rb_ary_push(*fields, ID2SYM(rb_intern(text)));
  }
  wh_bind_camel(text, sizeof text, name ? name : "record", strlen(name ? name : "record"));
  return rb_funcall(wr_mWherry, rb_intern("new_record"), 2, rb_utf8_str_new_cstr(text), *fields);
}

VALUE wr_record_class(wr_module_t *m, const wherry_type_t *type) {
  long index = (long)wherry_type_index(type);
  if (NIL_P(m->records)) {
    RB_OBJ_WRITE(m->self, &m->records, rb_ary_new());
    RB_OBJ_WRITE(m->self, &m->fields, rb_ary_new());
  }
  VALUE klass = rb_ary_entry(m->records, index);
  if (NIL_P(klass)) {
    VALUE fields;
    klass = make_class(type, &fields);
    rb_ary_store(m->fields, index, fields);
    rb_ary_store(m->records, index, klass);
  }
  return klass;
}

VALUE wr_record_field(wr_module_t *m, const wherry_type_t *type, size_t index) {
  wr_record_class(m, type);
  return rb_ary_entry(rb_ary_entry(m->fields, (long)wherry_type_index(type)), (long)index);
}
