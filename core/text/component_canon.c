/* Canonical definitions in text. */
#include "component.h"

/* What follows the word of a built-in, in this order, and in the binary its code. */
enum {
  TYPE = 1 << 0,
  CORE_TYPE = 1 << 1,
  TABLE = 1 << 2,
  RESULT = 1 << 3,
  SLOT = 1 << 4, /* a core value type and a number */
  ASYNC = 1 << 5,
  CANCELLABLE = 1 << 6,
  MEMORY = 1 << 7,
  OPTIONS = 1 << 8
};

static const struct {
  const char *word;
  uint8_t code;
  uint16_t has;
} built_ins[] = {
    {"resource.new", 0x02, TYPE},
    {"resource.drop", 0x03, TYPE},
    {"resource.rep", 0x04, TYPE},
    {"task.cancel", 0x05, 0},
    {"subtask.cancel", 0x06, ASYNC},
    {"task.return", 0x09, RESULT | OPTIONS},
    {"context.get", 0x0A, SLOT},
    {"context.set", 0x0B, SLOT},
    {"thread.yield", 0x0C, CANCELLABLE},
    {"subtask.drop", 0x0D, 0},
    {"stream.new", 0x0E, TYPE},
    {"stream.read", 0x0F, TYPE | OPTIONS},
    {"stream.write", 0x10, TYPE | OPTIONS},
    {"stream.cancel-read", 0x11, TYPE | ASYNC},
    {"stream.cancel-write", 0x12, TYPE | ASYNC},
    {"stream.drop-readable", 0x13, TYPE},
    {"stream.drop-writable", 0x14, TYPE},
    {"future.new", 0x15, TYPE},
    {"future.read", 0x16, TYPE | OPTIONS},
    {"future.write", 0x17, TYPE | OPTIONS},
    {"future.cancel-read", 0x18, TYPE | ASYNC},
    {"future.cancel-write", 0x19, TYPE | ASYNC},
    {"future.drop-readable", 0x1A, TYPE},
    {"future.drop-writable", 0x1B, TYPE},
    {"error-context.new", 0x1C, OPTIONS},
    {"error-context.debug-message", 0x1D, OPTIONS},
    {"error-context.drop", 0x1E, 0},
    {"waitable-set.new", 0x1F, 0},
    {"waitable-set.wait", 0x20, CANCELLABLE | MEMORY},
    {"waitable-set.poll", 0x21, CANCELLABLE | MEMORY},
    {"waitable-set.drop", 0x22, 0},
    {"waitable.join", 0x23, 0},
    {"backpressure.inc", 0x24, 0},
    {"backpressure.dec", 0x25, 0},
    {"thread.index", 0x26, 0},
    {"thread.new-indirect", 0x27, CORE_TYPE | TABLE},
    {"thread.resume-later", 0x28, 0},
    {"thread.suspend", 0x29, CANCELLABLE},
    {"thread.suspend-then-resume", 0x2A, CANCELLABLE},
    {"thread.yield-then-resume", 0x2B, CANCELLABLE},
    {"thread.suspend-then-promote", 0x2C, CANCELLABLE},
    {"thread.yield-then-promote", 0x2D, CANCELLABLE},
};

/* ---- options ---- */

static bool put_ref(component_reader_t *c, sort_t sort, wh_text_t *out) {
  uint32_t index;
  if (!wh_watc_read_ref(c, sort, &index)) return false;
  wh_wat_put_u(out, index);
  return true;
}

/* *more: there was one. */
static bool read_option(component_reader_t *c, section_t *out, bool *more) {
  static const struct {
    const char *word;
    uint8_t code;
  } words[] = {{"string-encoding=utf8", 0},
               {"string-encoding=utf16", 1},
               {"string-encoding=latin1+utf16", 2},
               {"async", 6}};
  static const struct {
    const char *word;
    uint8_t code;
    sort_t sort;
  } lists[] = {{"memory", 3, SORT_CORE_MEMORY},
               {"realloc", 4, SORT_CORE_FUNC},
               {"post-return", 5, SORT_CORE_FUNC},
               {"callback", 7, SORT_CORE_FUNC}};
  reader_t *r = c->r;
  out->count++;
  *more = true;
  for (size_t i = 0; i < WH_COUNT(words); i++) {
    if (!wh_wat_take_word(r, words[i].word)) continue;
    wh_wat_put_byte(&out->bytes, words[i].code);
    return true;
  }
  for (size_t i = 0; i < WH_COUNT(lists); i++) {
    if (!wh_wat_take_list(r, lists[i].word)) continue;
    wh_wat_put_byte(&out->bytes, lists[i].code);
    return put_ref(c, lists[i].sort, &out->bytes) && wh_wat_expect_close(r);
  }
  out->count--;
  *more = false;
  return true;
}

static bool read_options(component_reader_t *c, wh_text_t *out) {
  section_t options = {.bytes = {.alloc = c->r->alloc}};
  bool good = true, more = true;
  while (good && more) good = read_option(c, &options, &more);
  wh_wat_put_u(out, options.count);
  good = good && wh_watc_put(c, out, &options.bytes);
  wh_text_free(&options.bytes);
  return good;
}

/* ---- definitions ---- */

/* A core function and options, after the words of `canon lift`. */
static bool read_lift(component_reader_t *c, wh_text_t *out) {
  wh_wat_put_byte(out, 0);
  wh_wat_put_byte(out, 0);
  return put_ref(c, SORT_CORE_FUNC, out) && read_options(c, out);
}

static bool read_slot(component_reader_t *c, wh_text_t *out) {
  wherry_valtype_t type;
  uint64_t slot;
  if (!wh_watc_core_done(c, wh_wat_read_value_type(wh_watc_core(c), &type)) ||
      !wh_wat_read_number(c->r, UINT32_MAX, "a slot", &slot))
    return false;
  wh_wat_put_value_type(out, type);
  wh_wat_put_u(out, slot);
  return true;
}

/* What makes a core function, after the word canon; not the function itself. */
static bool read_making(component_reader_t *c, wh_text_t *out) {
  reader_t *r = c->r;
  if (wh_wat_take_word(r, "lower")) {
    wh_wat_put_byte(out, 1);
    wh_wat_put_byte(out, 0);
    return put_ref(c, SORT_FUNC, out) && read_options(c, out);
  }
  size_t i = 0;
  while (i < WH_COUNT(built_ins) && !wh_wat_take_word(r, built_ins[i].word)) i++;
  if (i == WH_COUNT(built_ins))
    return wh_wat_unexpected(r, "lift, lower or a built-in: resource.new, …");
  uint16_t has = built_ins[i].has;
  wh_wat_put_byte(out, built_ins[i].code);
  if ((has & TYPE) && !put_ref(c, SORT_TYPE, out)) return false;
  if ((has & CORE_TYPE) && !put_ref(c, SORT_CORE_TYPE, out)) return false;
  if ((has & TABLE) && !put_ref(c, SORT_CORE_TABLE, out)) return false;
  if ((has & RESULT) && !wh_watc_read_result(c, out)) return false;
  if ((has & SLOT) && !read_slot(c, out)) return false;
  if (has & ASYNC) wh_wat_put_byte(out, wh_wat_take_word(r, "async"));
  if (has & CANCELLABLE) wh_wat_put_byte(out, wh_wat_take_word(r, "cancellable"));
  if (has & MEMORY) {
    if (!wh_wat_take_list(r, "memory")) return wh_wat_unexpected(r, "(memory …)");
    if (!put_ref(c, SORT_CORE_MEMORY, out) || !wh_wat_expect_close(r)) return false;
  }
  return !(has & OPTIONS) || read_options(c, out);
}

/* `(core func $f)`. */
static bool read_made_id(component_reader_t *c, const token_t **id) {
  reader_t *r = c->r;
  if (!wh_wat_take_list(r, "core") || !wh_wat_take_word(r, "func"))
    return wh_wat_unexpected(r, "(core func …)");
  *id = wh_watc_take_id(c);
  return wh_wat_expect_close(r);
}

/* `(func $f …)`: of what type. */
static bool read_lifted_type(component_reader_t *c, const token_t **id, wh_text_t *out) {
  uint32_t type;
  if (!wh_wat_take_list(c->r, "func")) return wh_wat_unexpected(c->r, "(func …)");
  *id = wh_watc_take_id(c);
  if (!wh_watc_read_type_use(c, SORT_FUNC, &type) || !wh_wat_expect_close(c->r)) return false;
  wh_wat_put_u(out, type);
  return true;
}

bool wh_watc_read_canon(component_reader_t *c) {
  wh_text_t entry = {.alloc = c->r->alloc};
  const token_t *id = NULL;
  uint32_t index;
  bool lifts = wh_wat_take_word(c->r, "lift");
  bool good = lifts ? read_lift(c, &entry) && read_lifted_type(c, &id, &entry)
                    : read_making(c, &entry) && read_made_id(c, &id);
  good = good && wh_wat_expect_close(c->r) && wh_watc_emit(c, PART_CANON, &entry) &&
         wh_watc_bind(c, lifts ? SORT_FUNC : SORT_CORE_FUNC, id, &index);
  wh_text_free(&entry);
  return good;
}

bool wh_watc_read_made(component_reader_t *c, const token_t *id, uint32_t *index) {
  reader_t *r = c->r;
  if (!wh_wat_take_list(r, "canon")) return wh_wat_unexpected(r, "(canon …) or (alias …)");
  wh_text_t entry = {.alloc = r->alloc};
  bool good = read_making(c, &entry) && wh_wat_expect_close(r) &&
              wh_watc_emit(c, PART_CANON, &entry) && wh_watc_bind(c, SORT_CORE_FUNC, id, index);
  wh_text_free(&entry);
  return good;
}

bool wh_watc_read_lifted(component_reader_t *c, const token_t *id, uint32_t type, uint32_t *index) {
  reader_t *r = c->r;
  if (!wh_wat_take_list(r, "canon")) return wh_wat_unexpected(r, "(canon lift …)");
  if (!wh_wat_take_word(r, "lift")) return wh_wat_unexpected(r, "lift");
  wh_text_t entry = {.alloc = r->alloc};
  bool good = read_lift(c, &entry) && wh_wat_expect_close(r);
  wh_wat_put_u(&entry, type);
  good = good && wh_watc_emit(c, PART_CANON, &entry) && wh_watc_bind(c, SORT_FUNC, id, index);
  wh_text_free(&entry);
  return good;
}
