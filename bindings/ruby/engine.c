/* Wherry::Engine and Wherry::Config. */
#include "shim.h"
#include "raw.h"

static void free_engine(void *data) { wherry_engine_release(data); }
static void free_config(void *data) { wherry_config_release(data); }

/* Neither refers to a Ruby object, so both are trivially safe with barriers and compaction. */
static const rb_data_type_t engine_type =
    WR_DATA_TYPE_SHAREABLE("Wherry::Engine", NULL, free_engine, NULL, NULL);
static const rb_data_type_t config_type =
    WR_DATA_TYPE("Wherry::Config", NULL, free_config, NULL, NULL);

static VALUE default_engine = Qnil;

static VALUE allocate_engine(VALUE klass) {
  return TypedData_Wrap_Struct(klass, &engine_type, NULL);
}
static VALUE allocate_config(VALUE klass) {
  return TypedData_Wrap_Struct(klass, &config_type, NULL);
}

wherry_engine_t *wr_engine_from(VALUE object) {
  wherry_engine_t *engine = rb_check_typeddata(object, &engine_type);
  if (!engine) rb_raise(rb_eArgError, "this engine was never initialized");
  return engine;
}

wherry_config_t *wr_config_from(VALUE object) {
  if (NIL_P(object)) return NULL;
  wherry_config_t *config = rb_check_typeddata(object, &config_type);
  if (!config) rb_raise(rb_eArgError, "this config was never initialized");
  return config;
}

VALUE wr_engine_wrap(wherry_engine_t *engine) {
  return engine ? TypedData_Wrap_Struct(wr_cEngine, &engine_type, engine) : Qnil;
}

VALUE wr_engine_share(wherry_engine_t *engine) {
  if (engine) wherry_engine_retain(engine);
  return wr_engine_wrap(engine);
}

VALUE wr_config_wrap(wherry_config_t *config) {
  return config ? TypedData_Wrap_Struct(wr_cConfig, &config_type, config) : Qnil;
}

static VALUE initialize_engine(int argc, VALUE *argv, VALUE self) {
  VALUE config;
  rb_scan_args(argc, argv, "01", &config);
  wherry_engine_t *engine;
  if (RTYPEDDATA_DATA(self)) rb_raise(rb_eArgError, "already initialized");
  wr_check(wherry_engine_new(wr_config_from(config), &engine));
  RTYPEDDATA_DATA(self) = engine;
  return rb_obj_freeze(self);
}

static VALUE initialize_config(VALUE self) {
  wherry_config_t *config;
  if (RTYPEDDATA_DATA(self)) rb_raise(rb_eArgError, "already initialized");
  wr_check(wherry_config_new(NULL, &config));
  RTYPEDDATA_DATA(self) = config;
  return self;
}

VALUE wr_engine_default(void) {
  if (NIL_P(default_engine)) default_engine = rb_class_new_instance(0, NULL, wr_cEngine);
  return default_engine;
}

static VALUE get_default_engine(VALUE self) {
  (void)self;
  return wr_engine_default();
}

void wr_init_engine(void) {
  rb_gc_register_address(&default_engine);
  wr_cEngine = rb_define_class_under(wr_mWherry, "Engine", rb_cObject);
  rb_define_alloc_func(wr_cEngine, allocate_engine);
  rb_define_method(wr_cEngine, "initialize", initialize_engine, -1);
  rb_undef_method(wr_cEngine, "initialize_copy");
  rb_define_singleton_method(wr_cEngine, "default", get_default_engine, 0);
  wr_cConfig = rb_define_class_under(wr_mWherry, "Config", rb_cObject);
  rb_define_alloc_func(wr_cConfig, allocate_config);
  rb_define_method(wr_cConfig, "initialize", initialize_config, 0);
  rb_undef_method(wr_cConfig, "initialize_copy");
}
