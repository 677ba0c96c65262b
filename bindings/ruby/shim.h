/* What the files of Ruby's shim share: the Ruby classes over the handles and entities of the C ABI,
   errors as exceptions, values on their way in and out. Only this shim includes it.

   Rules of the house:
   - Every object marks what it needs with rb_gc_mark_movable and follows it when the heap is
     compacted; types with write barriers say so in their flags, and every VALUE that is stored in one
     goes through RB_OBJ_WRITE. A dfree touches no Ruby object and no other object of ours.
   - Nothing is raised while an error, a release or a store's call is pending: first give back what is
     held, then raise.
   - All of this runs under the GVL. */
#ifndef WHERRY_RUBY_SHIM_H
#define WHERRY_RUBY_SHIM_H

#include <ruby.h>
#include <ruby/encoding.h>
#include <wherry.h>

#include "common.h"

#define WR_LIKELY(x) __builtin_expect(!!(x), 1)
#define WR_UNLIKELY(x) __builtin_expect(!!(x), 0)

#ifndef RBOOL /* Ruby 3.1 has it, but to itself */
#define RBOOL(value) ((value) ? Qtrue : Qfalse)
#endif

/* A type of objects that is freed at once, with write barriers and compaction. */
#define WR_DATA_TYPE_FLAGS(name, mark, release, size_of, compact, more)                  \
  {.wrap_struct_name = name,                                                             \
   .function = {.dmark = mark, .dfree = release, .dsize = size_of, .dcompact = compact}, \
   .flags = RUBY_TYPED_FREE_IMMEDIATELY | RUBY_TYPED_WB_PROTECTED | (more)}
#define WR_DATA_TYPE(name, mark, release, size_of, compact) \
  WR_DATA_TYPE_FLAGS(name, mark, release, size_of, compact, 0)
#define WR_DATA_TYPE_SHAREABLE(name, mark, release, size_of, compact) \
  WR_DATA_TYPE_FLAGS(name, mark, release, size_of, compact, RUBY_TYPED_FROZEN_SHAREABLE)

/* ---- error.c ---- */

typedef struct wr_store wr_store_t;

/* Turns an error into an exception and raises it; what a host function threw goes on as it was. */
NORETURN(void wr_raise(wherry_error_t *error));
static inline void wr_check(wherry_error_t *error) {
  if (WR_UNLIKELY(error)) wr_raise(error);
}
/* The same for what came out of a call: exceptions of guests tell their tag and values. */
NORETURN(void wr_raise_from(wr_store_t *store, wherry_error_t *error));
/* Raises Wherry::Error's subclass of that name. */
NORETURN(void wr_raise_named(const char *class_name, const char *text));
NORETURN(void wr_raise_closed(const char *what));
/* The error that carries what rb_protect caught through the guest: a raise, a throw, a break. */
wherry_error_t *wr_error_from_state(int state);
/* The same of a host function: a WasmException is one that the guest may catch. */
wherry_error_t *wr_error_from_host(wr_store_t *store, int state);

/* ---- engine.c ---- */

wherry_engine_t *wr_engine_from(VALUE object);
wherry_config_t *wr_config_from(VALUE object);
VALUE wr_engine_default(void);

/* ---- module.c ---- */

/* How one export is reached from Ruby. */
typedef struct wr_module {
  VALUE self;
  wherry_module_t *module;
  const wherry_world_t *world; /* NULL: it carries no WIT */
  bool world_read;
  VALUE guest_class, exports_class, core_class; /* of faces (face.c); nil until asked for */
  VALUE interfaces;                             /* Hash: name of an interface -> class of faces */
  VALUE records, fields; /* Arrays by wherry_type_index: class, its members */
} wr_module_t;

wherry_module_t *wr_module_from(VALUE object);
wr_module_t *wr_module_get(VALUE object);
VALUE wr_module_wrap(wherry_module_t *module);
const wherry_world_t *wr_module_world(wr_module_t *module);

/* ---- store.c ---- */

struct wr_store {
  VALUE self;
  wherry_store_t *store;
  VALUE engine;
  VALUE inside; /* the fiber whose host function runs in here, true during a tick, false: nobody */
  VALUE keep;   /* Array: what the store's host functions need */
  VALUE memories; /* Hash: index -> Memory, so that the same memory is the same object */
  st_table *refs; /* objects that went in as externref -> index; they do not move */
};

/* Raises where another fiber's host function stands inside; closed stores are refused as well. */
wr_store_t *wr_store_get(VALUE object);
wherry_store_t *wr_store_from(VALUE object);
void wr_store_refuse(wr_store_t *store);
static inline void wr_store_enter(wr_store_t *store) {
  if (WR_UNLIKELY(store->inside != Qfalse)) wr_store_refuse(store);
}
void wr_store_close(wr_store_t *store);
void wr_store_keep(wr_store_t *store, VALUE object);
VALUE wr_store_begin_host(wr_store_t *store, VALUE inside);
void wr_store_end_host(wr_store_t *store, VALUE before);

/* ---- convert.c ---- */

typedef struct wr_signature {
  uint32_t param_count, result_count, room; /* room: slots that a call needs */
  wherry_valtype_t types[];                 /* parameters, then results */
} wr_signature_t;

wr_signature_t *wr_signature_new(const wherry_functype_t *type);

enum { WR_TAKEN = 0, WR_BAD_TYPE, WR_BAD_RANGE };

/* Reads a Ruby value as a core value, into as many slots as its type takes. Returns one of the above;
   may raise for references. */
int wr_take_slow(wr_store_t *store, wherry_valtype_t type, VALUE value, wherry_slot_t *out);
/* Raises TypeError or RangeError for what wr_take returned. */
NORETURN(void wr_take_fail(int status, const wh_bind_place_t *place, wherry_valtype_t type,
                           VALUE value));
VALUE wr_give_slow(wr_store_t *store, wherry_valtype_t type, const wherry_slot_t *slots);
/* "nil", "true", or the name of its class, for messages. */
const char *wr_describe(VALUE value);
int wr_take_i64(VALUE value, int64_t *out); /* -2^63 ... 2^64-1, as bits */
int wr_take_u64(VALUE value, uint64_t *out);
/* A size, an offset, a count: an Integer from 0 on, else TypeError or RangeError. */
uint64_t wr_take_size(VALUE value, const char *what);
/* An address: as above; a negative i32, as guests return them, is taken as unsigned. */
uint64_t wr_take_address(VALUE value);
wherry_valtype_t wr_take_valtype(VALUE value);

static inline int wr_take(wr_store_t *store, wherry_valtype_t type, VALUE value,
                          wherry_slot_t *out) {
  if (WR_LIKELY(FIXNUM_P(value))) {
    long number = FIX2LONG(value);
    if (type == WHERRY_I32 && WR_LIKELY(number >= INT32_MIN && number <= (long)UINT32_MAX)) {
      out->u64 = (uint32_t)number;
      return WR_TAKEN;
    }
    if (type == WHERRY_I64) {
      out->i64 = number;
      return WR_TAKEN;
    }
  }
  return wr_take_slow(store, type, value, out);
}

static inline VALUE wr_give(wr_store_t *store, wherry_valtype_t type, const wherry_slot_t *slots) {
  if (WR_LIKELY(type == WHERRY_I32)) return LONG2FIX(slots->i32);
  return wr_give_slow(store, type, slots);
}

/* wherry_value_t from and to Ruby, for the explicit level; type 0: of a Wherry::Value only. */
wherry_value_t wr_value_take(wr_store_t *store, wherry_valtype_t type, VALUE value,
                             const char *what);
VALUE wr_value_give(wr_store_t *store, const wherry_value_t *value);
wherry_func_t wr_ref_func(wr_store_t *store, VALUE value);

/* ---- value.c ---- */

typedef struct wr_value {
  wherry_valtype_t type;
  wherry_slot_t slots[2]; /* what its type does not use is zero */
} wr_value_t;

wr_value_t *wr_value_try(VALUE object); /* NULL: it is no Wherry::Value */

/* ---- func.c ---- */

/* A function that is ready to be called. */
typedef struct wr_callee {
  wherry_func_t func;
  wr_signature_t *signature; /* NULL: not looked up yet */
  wherry_bytes_t name;       /* as it was exported; data NULL: ask the store */
} wr_callee_t;

VALUE wr_call(wr_store_t *store, const wr_callee_t *callee, int argc, const VALUE *argv);
/* Raises ArgumentError: "sum(): expected 2 arguments, got 3". */
NORETURN(void wr_raise_count(const char *function, size_t expected, size_t got));
VALUE wr_func_wrap(wr_store_t *store, wherry_func_t func, wherry_bytes_t name);
bool wr_func_try(VALUE object, wr_store_t *store, wherry_func_t *out);

/* ---- host.c ---- */

/* A host function in a store: type is shared, name is for messages. Raises TypeError if it cannot be
   called. */
wherry_func_t wr_host_func(wr_store_t *store, const wherry_functype_t *type, VALUE callable,
                           const char *name);
void wr_linker_define_host(wherry_linker_t *linker, VALUE keep, VALUE module, VALUE name,
                           const wherry_functype_t *type, VALUE callable);
bool wr_is_callable(VALUE object);
/* A function type from "ii:i", from [[:i32, :i32], [:i32]] or {[:i32, :i32] => [:i32]}; the caller's,
   for wherry_functype_release. */
wherry_functype_t *wr_functype_take(VALUE params, VALUE results);

/* ---- entities ---- */

VALUE wr_memory_wrap(wr_store_t *store, wherry_memory_t memory);
VALUE wr_table_wrap(wr_store_t *store, wherry_table_t table);
VALUE wr_global_wrap(wr_store_t *store, wherry_global_t global);
VALUE wr_tag_wrap(wr_store_t *store, wherry_tag_t tag);
VALUE wr_extern_wrap(wr_store_t *store, const wherry_extern_t *item, wherry_bytes_t name);
/* False: the object is no Func, Memory, Table or Global. */
bool wr_extern_try(wr_store_t *store, VALUE object, wherry_extern_t *out);
bool wr_memory_try(VALUE object, wr_store_t *store, wherry_memory_t *out);
bool wr_table_try(VALUE object, wr_store_t *store, wherry_table_t *out);
bool wr_global_try(VALUE object, wr_store_t *store, wherry_global_t *out);
bool wr_tag_try(VALUE object, wr_store_t *store, wherry_tag_t *out);

/* Sets tag and values of a WasmException; the error that one becomes, NULL: it has no tag. Both may
   raise. */
void wr_thrown_describe(wr_store_t *store, const wherry_error_t *error, VALUE exception);
wherry_error_t *wr_thrown_error(wr_store_t *store, VALUE exception);

/* ---- memory.c, for view.c ---- */

typedef struct wr_memory {
  VALUE store_object;
  wr_store_t *store;
  wherry_memory_t memory;
  uint8_t *data; /* both good for as long as hold is */
  const uint64_t *size;
  void *hold;
} wr_memory_t;

/* Raises StateError when its store is closed. */
wr_memory_t *wr_memory_get(VALUE object);
NORETURN(void wr_raise_bounds(uint64_t address, uint64_t bytes, uint64_t memory_size));
VALUE wr_view_new(VALUE memory, VALUE kind, VALUE offset, VALUE length);
/* A view of numbers, for lists: its bytes, how many, and how wide; false: it is none. */
bool wr_view_bytes(VALUE object, const char *format, const void **data, size_t *count);

/* ---- linker.c ---- */

wherry_linker_t *wr_linker_from(VALUE object);
VALUE wr_linker_keep(VALUE object);

/* ---- instance.c ---- */

typedef struct wr_instance {
  VALUE self;
  VALUE store_object, module_object;
  VALUE memory_object; /* nil: it exports none; false: not looked for yet */
  wr_store_t *store;
  wr_module_t *module;
  wherry_instance_t instance;
  size_t export_count;
  wr_callee_t *cores;        /* one per export of the module; only functions are ever filled */
  wherry_lifted_t **lifteds; /* one per function of the world; NULL until the first call */
} wr_instance_t;

wr_instance_t *wr_instance_get(VALUE object);
VALUE wr_instance_wrap(wr_store_t *store, VALUE module, wherry_instance_t instance);
VALUE wr_instance_core_export(wr_instance_t *instance, size_t index);
void wr_instance_resolve(wr_instance_t *instance, size_t index);
VALUE wr_instance_memory(wr_instance_t *instance);

/* ---- face.c: objects whose methods are a guest's exports ---- */

VALUE wr_face_exports(VALUE instance, bool wit);
VALUE wr_face_guest(VALUE instance);
bool wr_face_instance(VALUE object,
                      VALUE *instance); /* the instance behind a guest or its exports */

/* ---- lifted.c, record.c: component-level values ---- */

VALUE wr_wit_call(wr_instance_t *instance, size_t index, int argc, const VALUE *argv);
VALUE wr_wit_func_wrap(VALUE instance, size_t index);
VALUE wr_record_class(wr_module_t *module, const wherry_type_t *type);
VALUE wr_record_field(wr_module_t *module, const wherry_type_t *type, size_t index); /* a Symbol */
size_t wr_wit_snake(char *out, size_t size, const char *name);

/* ---- the classes, and who makes them ---- */

extern VALUE wr_mWherry, wr_cEngine, wr_cConfig, wr_cModule, wr_cStore, wr_cInstance, wr_cFunc,
    wr_cWitFunc, wr_cMemory, wr_cView, wr_cTable, wr_cGlobal, wr_cTag, wr_cLinker, wr_cValue,
    wr_cCaller, wr_cFace, wr_cGuest, wr_cExports, wr_eError;

void wr_init_error(void);
void wr_init_engine(void);
void wr_init_module(void);
void wr_init_store(void);
void wr_init_value(void);
void wr_init_func(void);
void wr_init_host(void);
void wr_init_memory(void);
void wr_init_view(void);
void wr_init_table(void);
void wr_init_global(void);
void wr_init_tag(void);
void wr_init_linker(void);
void wr_init_instance(void);
void wr_init_face(void);
void wr_init_lifted(void);
void wr_init_part(void);

#endif
