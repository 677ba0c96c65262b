/* Wherry::Instance, and how the imports that a Ruby program gives become entities of a store. */
#include "shim.h"

static void mark(void *data) {
  wr_instance_t *i = data;
  rb_gc_mark_movable(i->store_object);
  rb_gc_mark_movable(i->module_object);
  rb_gc_mark_movable(i->memory_object);
}

static void compact(void *data) {
  wr_instance_t *i = data;
  i->self = rb_gc_location(i->self);
  i->store_object = rb_gc_location(i->store_object);
  i->module_object = rb_gc_location(i->module_object);
  i->memory_object = rb_gc_location(i->memory_object);
}

static void release(void *data) {
  wr_instance_t *i = data;
  for (size_t n = 0; i->cores && n < i->export_count; n++) ruby_xfree(i->cores[n].signature);
  ruby_xfree(i->cores);
  ruby_xfree(i->lifteds);
  ruby_xfree(i);
}

static const rb_data_type_t instance_type =
    WR_DATA_TYPE("Wherry::Instance", mark, release, NULL, compact);

wr_instance_t *wr_instance_get(VALUE object) { return rb_check_typeddata(object, &instance_type); }

VALUE wr_instance_wrap(wr_store_t *store, VALUE module_object, wherry_instance_t instance) {
  wr_module_t *module = wr_module_get(module_object);
  size_t count = wherry_module_export_count(module->module);
  wr_instance_t *i;
  VALUE self = TypedData_Make_Struct(wr_cInstance, wr_instance_t, &instance_type, i);
  i->self = self;
  i->memory_object = Qfalse;
  RB_OBJ_WRITE(self, &i->store_object, store->self);
  RB_OBJ_WRITE(self, &i->module_object, module_object);
  i->store = store;
  i->module = module;
  i->instance = instance;
  i->cores = ruby_xcalloc(count ? count : 1, sizeof *i->cores);
  i->export_count = count;
  return self;
}

void wr_instance_resolve(wr_instance_t *i, size_t index) {
  wherry_extern_t item;
  const wherry_functype_t *type;
  wr_check(wherry_instance_export(i->store->store, i->instance, index, &item));
  wr_check(wherry_func_type(i->store->store, item.of.func, &type));
  i->cores[index].func = item.of.func;
  i->cores[index].name = wherry_module_export_name(i->module->module, index);
  i->cores[index].signature = wr_signature_new(type);
}

VALUE wr_extern_wrap(wr_store_t *store, const wherry_extern_t *item, wherry_bytes_t name) {
  switch (item->kind) {
  case WHERRY_EXTERN_FUNC: return wr_func_wrap(store, item->of.func, name);
  case WHERRY_EXTERN_TABLE: return wr_table_wrap(store, item->of.table);
  case WHERRY_EXTERN_MEMORY: return wr_memory_wrap(store, item->of.memory);
  case WHERRY_EXTERN_GLOBAL: return wr_global_wrap(store, item->of.global);
  case WHERRY_EXTERN_TAG: return wr_tag_wrap(store, item->of.tag);
  }
  return Qnil;
}

bool wr_extern_try(wr_store_t *store, VALUE object, wherry_extern_t *out) {
  if (wr_func_try(object, store, &out->of.func))
    out->kind = WHERRY_EXTERN_FUNC;
  else if (wr_memory_try(object, store, &out->of.memory))
    out->kind = WHERRY_EXTERN_MEMORY;
  else if (wr_table_try(object, store, &out->of.table))
    out->kind = WHERRY_EXTERN_TABLE;
  else if (wr_global_try(object, store, &out->of.global))
    out->kind = WHERRY_EXTERN_GLOBAL;
  else if (wr_tag_try(object, store, &out->of.tag))
    out->kind = WHERRY_EXTERN_TAG;
  else
    return false;
  return true;
}

VALUE wr_instance_core_export(wr_instance_t *i, size_t index) {
  wherry_extern_t item;
  wr_store_enter(i->store);
  wr_check(wherry_instance_export(i->store->store, i->instance, index, &item));
  return wr_extern_wrap(i->store, &item, wherry_module_export_name(i->module->module, index));
}

/* ---- imports: {env: {on_word: callable}} ---- */

/* A value of a Hash by name, the key being a Symbol or a String; Qundef: there is none. */
static VALUE lookup(VALUE hash, wherry_bytes_t name) {
  const char *text = (const char *)name.data;
  VALUE symbol = rb_check_symbol_cstr(text, (long)name.size, rb_utf8_encoding()), found = Qundef;
  if (!NIL_P(symbol)) found = rb_hash_lookup2(hash, symbol, Qundef);
  if (found == Qundef)
    found = rb_hash_lookup2(hash, rb_utf8_str_new(text, (long)name.size), Qundef);
  return found;
}

NORETURN(static void fail_import(wherry_bytes_t module, wherry_bytes_t name,
                                 const wherry_externtype_t *type, VALUE got));
static void fail_import(wherry_bytes_t module, wherry_bytes_t name, const wherry_externtype_t *type,
                        VALUE got) {
  char expected[WH_BIND_TEXT / 2];
  wherry_externtype_print(type, expected, sizeof expected);
  rb_raise(rb_eTypeError, "import %.*s.%.*s: expected %s, got %s", (int)module.size,
           (const char *)module.data, (int)name.size, (const char *)name.data, expected,
           wr_describe(got));
}

/* What a Ruby object is as an import of a type: an entity, a callable, or a number for a global. */
static void take_import(wr_store_t *store, wherry_bytes_t module, wherry_bytes_t name,
                        const wherry_externtype_t *type, VALUE object, wherry_extern_t *out) {
  if (wr_extern_try(store, object, out)) return;
  wherry_extern_kind_t kind = out->kind = wherry_externtype_kind(type);
  if (kind == WHERRY_EXTERN_FUNC && wr_is_callable(object)) {
    char text[128];
    snprintf(text, sizeof text, "%.*s", (int)name.size, (const char *)name.data);
    out->of.func = wr_host_func(store, wherry_externtype_functype(type), object, text);
  } else if (kind == WHERRY_EXTERN_GLOBAL && !wherry_externtype_mutable(type)) {
    wherry_value_t value = wr_value_take(store, wherry_externtype_valtype(type), object, "global");
    wr_check(wherry_global_new(store->store, &value, false, &out->of.global));
  } else {
    fail_import(module, name, type, object);
  }
}

/* One import; false: nothing of that name is there. */
static bool find_import(wr_store_t *store, VALUE imports, wherry_bytes_t module,
                        wherry_bytes_t name, const wherry_externtype_t *type,
                        wherry_extern_t *out) {
  VALUE space = lookup(imports, module), other;
  if (space == Qundef) return false;
  if (wr_face_instance(space, &other)) {
    wr_instance_t *i = wr_instance_get(other);
    wherry_error_t *error =
        wherry_instance_find(store->store, i->instance, (const char *)name.data, name.size, out);
    if (error && wherry_error_kind(error) == WHERRY_ERROR_UNLINKABLE) {
      wherry_error_release(error);
      return false;
    }
    wr_check(error);
    return true;
  }
  if (!RB_TYPE_P(space, T_HASH))
    rb_raise(rb_eTypeError, "imports of %.*s: expected Hash, got %s", (int)module.size,
             (const char *)module.data, wr_describe(space));
  VALUE object = lookup(space, name);
  if (object == Qundef) return false;
  take_import(store, module, name, type, object, out);
  return true;
}

/* Some are missing: a linker that knows the others words the error that lists them all. */
static wherry_error_t *missing_error(wr_store_t *store, wherry_module_t *module,
                                     const wherry_extern_t *items, const bool *found) {
  wherry_linker_t *linker;
  wherry_instance_t unused;
  wherry_error_t *error = wherry_linker_new(wherry_store_engine(store->store), &linker);
  if (error) return error;
  for (size_t i = 0; !error && i < wherry_module_import_count(module); i++) {
    wherry_bytes_t from = wherry_module_import_module(module, i);
    wherry_bytes_t name = wherry_module_import_name(module, i);
    if (found[i])
      error = wherry_linker_define(linker, (const char *)from.data, from.size,
                                   (const char *)name.data, name.size, &items[i]);
  }
  if (!error) error = wherry_linker_instantiate(linker, store->store, module, &unused);
  wherry_linker_release(linker);
  return error;
}

static wherry_instance_t link_hash(wr_store_t *store, wherry_module_t *module, VALUE imports) {
  size_t count = wherry_module_import_count(module), missing = 0;
  wherry_instance_t instance = {0, 0};
  VALUE items_buffer = 0, found_buffer = 0;
  wherry_extern_t *items = ALLOCV_N(wherry_extern_t, items_buffer, count + 1);
  bool *found = ALLOCV_N(bool, found_buffer, count + 1);
  for (size_t i = 0; i < count; i++) {
    found[i] = find_import(store, imports, wherry_module_import_module(module, i),
                           wherry_module_import_name(module, i),
                           wherry_module_import_type(module, i), &items[i]);
    missing += !found[i];
  }
  wherry_error_t *error = missing
                              ? missing_error(store, module, items, found)
                              : wherry_instance_new(store->store, module, items, count, &instance);
  ALLOCV_END(items_buffer);
  ALLOCV_END(found_buffer);
  if (error) wr_raise_from(store, error);
  return instance;
}

static wherry_instance_t link_array(wr_store_t *store, wherry_module_t *module, VALUE imports) {
  size_t wanted = wherry_module_import_count(module), count = (size_t)RARRAY_LEN(imports);
  wherry_instance_t instance;
  VALUE buffer = 0;
  wherry_extern_t *items = ALLOCV_N(wherry_extern_t, buffer, count + 1);
  for (size_t i = 0; i < count; i++) {
    VALUE object = rb_ary_entry(imports, (long)i);
    if (i < wanted)
      take_import(store, wherry_module_import_module(module, i),
                  wherry_module_import_name(module, i), wherry_module_import_type(module, i),
                  object, &items[i]);
    else if (!wr_extern_try(store, object, &items[i]))
      rb_raise(rb_eArgError, "expected %zu imports, got %zu", wanted, count);
  }
  wherry_error_t *error = wherry_instance_new(store->store, module, items, count, &instance);
  ALLOCV_END(buffer);
  if (error) wr_raise_from(store, error);
  return instance;
}

/* Native.instantiate(store, module, imports): nil, a Hash of Hashes, an Array in order, a Linker */
static VALUE instantiate(VALUE self, VALUE store_object, VALUE module_object, VALUE imports) {
  (void)self;
  wr_store_t *store = wr_store_get(store_object);
  wherry_module_t *module = wr_module_from(module_object);
  wherry_instance_t instance;
  if (NIL_P(imports)) imports = rb_hash_new();
  if (RB_TYPE_P(imports, T_ARRAY)) {
    instance = link_array(store, module, imports);
  } else if (RB_TYPE_P(imports, T_HASH)) {
    instance = link_hash(store, module, imports);
  } else {
    wherry_linker_t *linker = wr_linker_from(imports);
    wr_store_keep(store, wr_linker_keep(imports));
    wherry_error_t *error = wherry_linker_instantiate(linker, store->store, module, &instance);
    if (error) wr_raise_from(store, error);
  }
  return wr_instance_wrap(store, module_object, instance);
}

/* initialize_reactor: calls _initialize, if the module exports it; where there is WIT, canon does */
static VALUE initialize_reactor(VALUE self) {
  wr_instance_t *i = wr_instance_get(self);
  if (wr_module_world(i->module)) return self;
  size_t index = wherry_module_find_export(i->module->module, "_initialize", strlen("_initialize"));
  if (index == SIZE_MAX) return self;
  const wherry_externtype_t *type = wherry_module_export_type(i->module->module, index);
  if (wherry_externtype_kind(type) != WHERRY_EXTERN_FUNC) return self;
  wr_instance_resolve(i, index);
  if (i->cores[index].signature->room == 0) wr_call(i->store, &i->cores[index], 0, NULL);
  return self;
}

static VALUE exports(VALUE self) { return wr_face_exports(wr_instance_get(self)->self, false); }

static bool is_memory(const wr_instance_t *i, size_t index) {
  return index < i->export_count &&
         wherry_externtype_kind(wherry_module_export_type(i->module->module, index)) ==
             WHERRY_EXTERN_MEMORY;
}

/* The exported memory named memory, else the first that is exported; nil: there is none. */
VALUE wr_instance_memory(wr_instance_t *i) {
  if (i->memory_object != Qfalse) return i->memory_object;
  size_t index = wherry_module_find_export(i->module->module, "memory", strlen("memory"));
  if (!is_memory(i, index))
    for (index = 0; index < i->export_count && !is_memory(i, index); index++) continue;
  VALUE memory = index < i->export_count ? wr_instance_core_export(i, index) : Qnil;
  RB_OBJ_WRITE(i->self, &i->memory_object, memory);
  return memory;
}

static VALUE memory(VALUE self) { return wr_instance_memory(wr_instance_get(self)); }

static VALUE get_store(VALUE self) { return wr_instance_get(self)->store_object; }
static VALUE get_module(VALUE self) { return wr_instance_get(self)->module_object; }

void wr_init_instance(void) {
  VALUE native = rb_define_module_under(wr_mWherry, "Native");
  wr_cInstance = rb_define_class_under(wr_mWherry, "Instance", rb_cObject);
  rb_undef_alloc_func(wr_cInstance);
  rb_define_method(wr_cInstance, "exports", exports, 0);
  rb_define_method(wr_cInstance, "memory", memory, 0);
  rb_define_method(wr_cInstance, "store", get_store, 0);
  rb_define_method(wr_cInstance, "module", get_module, 0);
  rb_define_method(wr_cInstance, "initialize_reactor", initialize_reactor, 0);
  rb_define_singleton_method(native, "instantiate", instantiate, 3);
}
