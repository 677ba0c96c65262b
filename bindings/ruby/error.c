/* Errors as exceptions, and exceptions of host functions on their way through a guest. */
#include "shim.h"

/* What a host function left behind. The value is an exception, or whatever the VM keeps for a throw or
   a break; it stays reachable through a list that one root object marks. */
typedef struct carried {
  struct carried *next, *previous;
  VALUE value;
  int state; /* the tag that rb_protect reported */
} carried_t;

static carried_t all = {&all, &all, Qnil, 0};
static VALUE root, wr_eWasmException;

static void mark_root(void *data) {
  (void)data;
  for (carried_t *c = all.next; c != &all; c = c->next) rb_gc_mark(c->value);
}

static const rb_data_type_t root_type = {.wrap_struct_name = "Wherry carried exceptions",
                                         .function = {.dmark = mark_root}};

static void drop_carried(void *data) {
  carried_t *c = data;
  c->next->previous = c->previous;
  c->previous->next = c->next;
  free(c);
}

/* NULL: no memory. */
static carried_t *keep(VALUE value, int state) {
  carried_t *c = malloc(sizeof *c);
  if (!c) return NULL;
  *c = (carried_t) {all.next, &all, value, state};
  all.next->previous = c;
  all.next = c;
  return c;
}

static wherry_error_t *carry(VALUE value, int state) {
  carried_t *c = keep(value, state);
  if (!c) return wherry_error_new(WHERRY_ERROR_HOST, "out of memory while an exception passed");
  wherry_error_t *error = wherry_error_new_host("a Ruby exception", c, drop_carried);
  if (wherry_error_payload(error) != c) drop_carried(c);
  return error;
}

#define TAG_RAISE 6 /* the one tag whose errinfo is surely an exception */

wherry_error_t *wr_error_from_state(int state) {
  VALUE value = rb_errinfo();
  /* A throw keeps its errinfo where it is: only rb_jump_tag may touch that kind of value. */
  if (state == TAG_RAISE) rb_set_errinfo(Qnil);
  return carry(value, state);
}

typedef struct throwing {
  wr_store_t *store;
  VALUE exception;
  wherry_error_t *error;
} throwing_t;

static VALUE throw_exception(VALUE argument) {
  throwing_t *t = (throwing_t *)argument;
  t->error = wr_thrown_error(t->store, t->exception);
  return Qnil;
}

wherry_error_t *wr_error_from_host(wr_store_t *store, int state) {
  throwing_t t = {store, state == TAG_RAISE ? rb_errinfo() : Qnil, NULL};
  if (!RTEST(rb_obj_is_kind_of(t.exception, wr_eWasmException))) return wr_error_from_state(state);
  int failed = 0;
  rb_protect(throw_exception, (VALUE)&t, &failed);
  if (failed || !t.error) return wr_error_from_state(failed ? failed : state);
  rb_set_errinfo(Qnil);
  carried_t *c = keep(t.exception, state);
  if (c) wherry_error_set_payload(t.error, c, drop_carried);
  RB_GC_GUARD(t.exception);
  return t.error;
}

NORETURN(static void raise_carried(wherry_error_t *error, const carried_t *c));
static void raise_carried(wherry_error_t *error, const carried_t *c) {
  volatile VALUE value = c->value;
  int state = c->state;
  wherry_error_release(error);
  if (state == TAG_RAISE) rb_exc_raise(value);
  rb_jump_tag(state);
}

/* ---- an error of wherry's own ---- */

typedef struct raising {
  wr_store_t *store; /* NULL: not known */
  wherry_error_t *error;
  VALUE exception;
} raising_t;

static VALUE text_of(const char *text) { return text ? rb_utf8_str_new_cstr(text) : Qnil; }

static VALUE symbol_of(const char *text) {
  char name[64];
  size_t i = 0;
  for (; text[i] && i < sizeof name - 1; i++)
    name[i] = text[i] == ' ' || text[i] == '-' ? '_' : text[i];
  name[i] = 0;
  return ID2SYM(rb_intern(name));
}

static VALUE class_of(const wherry_error_t *error) {
  const char *name = wh_bind_error_class_of(error);
  if (name) return rb_const_get(wr_mWherry, rb_intern(name));
  switch (wherry_error_kind(error)) {
  case WHERRY_ERROR_TYPE: return rb_eTypeError;
  case WHERRY_ERROR_RANGE: return rb_eRangeError;
  case WHERRY_ERROR_OOM: return rb_eNoMemError;
  case WHERRY_ERROR_IO: return rb_eIOError;
  default: return wr_eError;
  }
}

/* An Array of Wherry::Frame, innermost first. */
static VALUE frames_of(const wherry_error_t *error) {
  size_t count = wherry_error_frame_count(error);
  VALUE frames = rb_ary_new_capa((long)count);
  VALUE frame_class = rb_const_get(wr_mWherry, rb_intern("Frame"));
  for (size_t i = 0; i < count; i++) {
    uint64_t offset = wherry_error_frame_offset(error, i);
    VALUE fields[4] = {text_of(wherry_error_frame_function_name(error, i)),
                       text_of(wherry_error_frame_module_name(error, i)),
                       UINT2NUM(wherry_error_frame_function_index(error, i)),
                       offset == UINT64_MAX ? Qnil : ULL2NUM(offset)};
    rb_ary_push(frames, rb_class_new_instance(4, fields, frame_class));
  }
  return rb_obj_freeze(frames);
}

static VALUE build(VALUE argument) {
  raising_t *r = (raising_t *)argument;
  const wherry_error_t *error = r->error;
  VALUE text = rb_utf8_str_new_cstr(wherry_error_message(error));
  VALUE exception = r->exception = rb_exc_new_str(class_of(error), text);
  if (!RTEST(rb_obj_is_kind_of(exception, wr_eError))) return exception;
  wherry_error_kind_t kind = wherry_error_kind(error);
  rb_ivar_set(exception, rb_intern("@kind"), symbol_of(wherry_error_kind_name(kind)));
  uint64_t offset;
  if (wherry_error_offset(error, &offset))
    rb_ivar_set(exception, rb_intern("@offset"), ULL2NUM(offset));
  if (kind == WHERRY_ERROR_TRAP)
    rb_ivar_set(exception, rb_intern("@code"),
                symbol_of(wherry_trap_code_name(wherry_error_trap_code(error))));
  if (kind == WHERRY_ERROR_EXIT)
    rb_ivar_set(exception, rb_intern("@code"), INT2NUM(wherry_error_exit_code(error)));
  if (kind == WHERRY_ERROR_EXCEPTION && r->store) wr_thrown_describe(r->store, error, exception);
  if (wherry_error_limit(error))
    rb_ivar_set(exception, rb_intern("@limit"), symbol_of(wherry_error_limit(error)));
  if (wherry_error_frame_count(error)) {
    size_t before;
    rb_ivar_set(exception, rb_intern("@frames"), frames_of(error));
    rb_ivar_set(exception, rb_intern("@frames_omitted"),
                ULL2NUM(wherry_error_frames_omitted(error, &before)));
  }
  return exception;
}

void wr_raise_from(wr_store_t *store, wherry_error_t *error) {
  const carried_t *c = wherry_error_payload(error);
  if (c) raise_carried(error, c);
  raising_t r = {store, error, Qnil};
  int state = 0;
  rb_protect(build, (VALUE)&r, &state);
  wherry_error_release(error);
  if (state) rb_jump_tag(state);
  rb_exc_raise(r.exception);
}

void wr_raise(wherry_error_t *error) { wr_raise_from(NULL, error); }

void wr_raise_named(const char *class_name, const char *text) {
  VALUE exception =
      rb_exc_new_str(rb_const_get(wr_mWherry, rb_intern(class_name)), rb_utf8_str_new_cstr(text));
  if (strcmp(class_name, "StateError") == 0)
    rb_ivar_set(exception, rb_intern("@kind"), ID2SYM(rb_intern("state")));
  rb_exc_raise(exception);
}

void wr_raise_closed(const char *what) {
  char text[WH_BIND_TEXT];
  wh_bind_text_closed(text, sizeof text, what);
  wr_raise_named("StateError", text);
}

void wr_init_error(void) {
  root = TypedData_Wrap_Struct(0, &root_type, &all);
  rb_gc_register_mark_object(root);
  wr_eError = rb_define_class_under(wr_mWherry, "Error", rb_eStandardError);
  static const char *const names[] = {"MalformedError", "InvalidError", "LinkError",   "Trap",
                                      "Exit",           "LimitError",   "Interrupted", "StateError",
                                      "ComponentError", "WasmException"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    rb_define_class_under(wr_mWherry, names[i], wr_eError);
  wr_eWasmException = rb_const_get(wr_mWherry, rb_intern("WasmException"));
  rb_define_class_under(wr_mWherry, "TimeoutError",
                        rb_const_get(wr_mWherry, rb_intern("LimitError")));
}
