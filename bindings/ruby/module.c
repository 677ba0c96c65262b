/* Wherry::Module, and the classes that belong to it: of its guests, their interfaces, its records. */
#include "shim.h"
#include "raw.h"

static void mark(void *data) {
  wr_module_t *m = data;
  rb_gc_mark_movable(m->guest_class);
  rb_gc_mark_movable(m->exports_class);
  rb_gc_mark_movable(m->core_class);
  rb_gc_mark_movable(m->interfaces);
  rb_gc_mark_movable(m->records);
  rb_gc_mark_movable(m->fields);
}

static void compact(void *data) {
  wr_module_t *m = data;
  m->self = rb_gc_location(m->self);
  m->guest_class = rb_gc_location(m->guest_class);
  m->exports_class = rb_gc_location(m->exports_class);
  m->core_class = rb_gc_location(m->core_class);
  m->interfaces = rb_gc_location(m->interfaces);
  m->records = rb_gc_location(m->records);
  m->fields = rb_gc_location(m->fields);
}

static void release(void *data) {
  wr_module_t *m = data;
  wherry_module_release(m->module);
  ruby_xfree(m);
}

static size_t size_of(const void *data) {
  const wr_module_t *m = data;
  return sizeof *m + (m->module ? wherry_module_bytes(m->module).size : 0);
}

static const rb_data_type_t module_type =
    WR_DATA_TYPE("Wherry::Module", mark, release, size_of, compact);

static VALUE allocate(VALUE klass) {
  wr_module_t *m;
  VALUE self = TypedData_Make_Struct(klass, wr_module_t, &module_type, m);
  m->self = self;
  m->guest_class = m->exports_class = m->core_class = Qnil;
  m->interfaces = m->records = m->fields = Qnil;
  return self;
}

wr_module_t *wr_module_get(VALUE object) {
  wr_module_t *m = rb_check_typeddata(object, &module_type);
  if (!m->module) rb_raise(rb_eArgError, "this module was never initialized");
  return m;
}

wherry_module_t *wr_module_from(VALUE object) { return wr_module_get(object)->module; }

/* Takes over one reference. */
VALUE wr_module_wrap(wherry_module_t *module) {
  VALUE self = allocate(wr_cModule);
  ((wr_module_t *)RTYPEDDATA_DATA(self))->module = module;
  return self;
}

VALUE wr_module_share(wherry_module_t *module) {
  if (!module) return Qnil;
  wherry_module_retain(module);
  return wr_module_wrap(module);
}

const wherry_world_t *wr_module_world(wr_module_t *m) {
  if (!m->world_read) {
    wr_check(wherry_module_world(m->module, &m->world));
    m->world_read = true;
  }
  return m->world;
}

/* open(engine, bytes) */
static VALUE initialize(VALUE self, VALUE engine, VALUE bytes) {
  wr_module_t *m = rb_check_typeddata(self, &module_type);
  if (m->module) rb_raise(rb_eArgError, "already initialized");
  if (!RB_TYPE_P(bytes, T_STRING))
    rb_raise(rb_eTypeError, "bytes: expected String, got %s", wr_describe(bytes));
  wr_check(wherry_module_new(wr_engine_from(engine), (const uint8_t *)RSTRING_PTR(bytes),
                             (size_t)RSTRING_LEN(bytes), &m->module));
  RB_GC_GUARD(bytes);
  return self;
}

/* open_text(engine, text, file): file is what messages begin with, or nil */
static VALUE initialize_text(VALUE self, VALUE engine, VALUE text, VALUE file) {
  wr_module_t *m = rb_check_typeddata(self, &module_type);
  if (m->module) rb_raise(rb_eArgError, "already initialized");
  if (!RB_TYPE_P(text, T_STRING))
    rb_raise(rb_eTypeError, "wat: expected String, got %s", wr_describe(text));
  wr_check(wherry_module_new_text(wr_engine_from(engine), RSTRING_PTR(text),
                                  (size_t)RSTRING_LEN(text),
                                  NIL_P(file) ? NULL : StringValueCStr(file), &m->module));
  RB_GC_GUARD(text);
  RB_GC_GUARD(file);
  return self;
}

/* Native.validate(engine, bytes): raises what Module.new would raise */
static VALUE validate(VALUE self, VALUE engine, VALUE bytes) {
  (void)self;
  if (!RB_TYPE_P(bytes, T_STRING))
    rb_raise(rb_eTypeError, "bytes: expected String, got %s", wr_describe(bytes));
  wr_check(wherry_module_validate(wr_engine_from(engine), (const uint8_t *)RSTRING_PTR(bytes),
                                  (size_t)RSTRING_LEN(bytes)));
  RB_GC_GUARD(bytes);
  return Qnil;
}

static VALUE text_of(wherry_bytes_t bytes) {
  return rb_utf8_str_new((const char *)bytes.data, (long)bytes.size);
}

static VALUE type_text(const wherry_externtype_t *type) {
  char text[WH_BIND_TEXT];
  wherry_externtype_print(type, text, sizeof text);
  return rb_utf8_str_new_cstr(text);
}

static VALUE extern_struct(const char *name, int count, VALUE *fields) {
  return rb_class_new_instance(count, fields, rb_const_get(wr_mWherry, rb_intern(name)));
}

static VALUE kind_symbol(const wherry_externtype_t *type) {
  return ID2SYM(rb_intern(wherry_extern_kind_name(wherry_externtype_kind(type))));
}

/* [Wherry::Import(module, name, kind, type), …] */
static VALUE imports(VALUE self) {
  wherry_module_t *module = wr_module_from(self);
  size_t count = wherry_module_import_count(module);
  VALUE list = rb_ary_new();
  for (size_t i = 0; i < count; i++) {
    const wherry_externtype_t *type = wherry_module_import_type(module, i);
    VALUE fields[4] = {text_of(wherry_module_import_module(module, i)),
                       text_of(wherry_module_import_name(module, i)), kind_symbol(type),
                       type_text(type)};
    rb_ary_push(list, extern_struct("Import", 4, fields));
  }
  return list;
}

/* [Wherry::Export(name, kind, type), …] */
static VALUE exports(VALUE self) {
  wherry_module_t *module = wr_module_from(self);
  size_t count = wherry_module_export_count(module);
  VALUE list = rb_ary_new();
  for (size_t i = 0; i < count; i++) {
    const wherry_externtype_t *type = wherry_module_export_type(module, i);
    VALUE fields[3] = {text_of(wherry_module_export_name(module, i)), kind_symbol(type),
                       type_text(type)};
    rb_ary_push(list, extern_struct("Export", 3, fields));
  }
  return list;
}

static VALUE name(VALUE self) {
  const char *text = wherry_module_name(wr_module_from(self));
  return text ? rb_utf8_str_new_cstr(text) : Qnil;
}

static VALUE custom_sections(VALUE self, VALUE wanted) {
  wherry_module_t *module = wr_module_from(self);
  size_t count = wherry_module_custom_section_count(module);
  VALUE list = rb_ary_new();
  StringValue(wanted);
  for (size_t i = 0; i < count; i++) {
    wherry_bytes_t bytes = wherry_module_custom_section(module, i);
    if (RTEST(rb_str_equal(text_of(wherry_module_custom_section_name(module, i)), wanted)))
      rb_ary_push(list, rb_str_new((const char *)bytes.data, (long)bytes.size));
  }
  return list;
}

void wr_init_module(void) {
  VALUE native = rb_define_module_under(wr_mWherry, "Native");
  wr_cModule = rb_define_class_under(wr_mWherry, "Module", rb_cObject);
  rb_define_alloc_func(wr_cModule, allocate);
  rb_undef_method(wr_cModule, "initialize_copy");
  rb_define_private_method(wr_cModule, "open", initialize, 2);
  rb_define_private_method(wr_cModule, "open_text", initialize_text, 3);
  rb_define_method(wr_cModule, "imports", imports, 0);
  rb_define_method(wr_cModule, "exports", exports, 0);
  rb_define_method(wr_cModule, "name", name, 0);
  rb_define_method(wr_cModule, "custom_sections", custom_sections, 1);
  rb_define_singleton_method(native, "validate", validate, 2);
}
