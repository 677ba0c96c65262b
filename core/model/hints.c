#include "model/hints.h"
#include "model/instr.h"

typedef struct hint_reader {
  wh_alloc_t *alloc;
  const wh_model_t *model;
  wh_hints_t *hints;
  wh_reader_t in;
  bool failed; /* no memory */
} hint_reader_t;

/* Returns false. */
static bool WH_PRINTF(4, 5)
    fault(hint_reader_t *r, wherry_error_kind_t kind, const uint8_t *at, const char *format, ...) {
  wh_text_t text = {.alloc = r->alloc};
  va_list arguments;
  va_start(arguments, format);
  wh_text_vprintf(&text, format, arguments);
  va_end(arguments);
  uint64_t offset = r->in.base + (uint64_t)(at - r->in.start);
  r->hints->fault = text.failed ? wh_error_oom()
                                : wh_error_at(r->alloc, kind, offset,
                                              "@" WH_HINTS_SECTION " section: %s", text.data);
  wh_text_free(&text);
  return false;
}

static bool u32(hint_reader_t *r, uint32_t *out, const char *what) {
  return wh_read_u32(&r->in, out) || fault(r, WHERRY_ERROR_MALFORMED, r->in.next, "%s: expected %s",
                                           wh_read_problem(&r->in, 32, false), what);
}

static bool hint(hint_reader_t *r, uint32_t function, const wh_hint_t *before) {
  const uint8_t *at = r->in.next;
  wh_hint_t hint = {.function = function};
  uint32_t size;
  uint8_t value = 2;
  if (!u32(r, &hint.offset, "an offset") || !u32(r, &size, "the size of a hint")) return false;
  if (before && before->function == function && before->offset >= hint.offset)
    return fault(r, WHERRY_ERROR_INVALID, at, "invalid order: offset %u after %u", hint.offset,
                 before->offset);
  if (size != 1)
    return fault(r, WHERRY_ERROR_MALFORMED, at, "a hint of %u bytes, expected one", size);
  if (!wh_read_u8(&r->in, &value) || value > 1)
    return fault(r, WHERRY_ERROR_MALFORMED, at, "invalid hint value: expected 0 or 1");
  hint.likely = value == 1;
  if (wh_vec_push(r->alloc, &r->hints->items, hint)) return true;
  r->failed = true;
  return false;
}

static bool function_hints(hint_reader_t *r, const wh_hint_t *before) {
  const uint8_t *at = r->in.next;
  uint32_t function, count;
  if (!u32(r, &function, "the index of a function")) return false;
  if (before && before->function >= function)
    return fault(r, WHERRY_ERROR_INVALID, at, "invalid order: function %u after %u", function,
                 before->function);
  if (function < r->model->imported_functions ||
      function - r->model->imported_functions >= r->model->bodies.count)
    return fault(r, WHERRY_ERROR_INVALID, at, "there is no function %u in the module", function);
  if (!u32(r, &count, "a number of hints")) return false;
  if (!count) return fault(r, WHERRY_ERROR_INVALID, at, "function %u has no hints", function);
  for (uint32_t i = 0; i < count; i++) {
    size_t have = r->hints->items.count;
    if (!hint(r, function, have ? &r->hints->items.items[have - 1] : NULL)) return false;
  }
  return true;
}

static bool section(hint_reader_t *r) {
  uint32_t count;
  if (!u32(r, &count, "a number of functions")) return false;
  for (uint32_t i = 0; i < count; i++) {
    size_t have = r->hints->items.count;
    if (!function_hints(r, have ? &r->hints->items.items[have - 1] : NULL)) return false;
  }
  return r->in.next == r->in.end ||
         fault(r, WHERRY_ERROR_MALFORMED, r->in.next, "%zu bytes are left after the last hint",
               (size_t)(r->in.end - r->in.next));
}

/* Whether the hints of one function are at instructions that branch on a condition. */
static bool targets(hint_reader_t *r, const wh_hint_t *next, const wh_hint_t *end) {
  uint32_t function = next->function;
  const wh_body_t *body = &r->model->bodies.items[function - r->model->imported_functions];
  wh_reader_t in = {body->bytes, body->bytes, body->bytes + body->size, 0};
  const char *problem;
  uint32_t groups, count;
  wherry_valtype_t type;
  bool good = wh_read_u32(&in, &groups);
  while (good && groups-- > 0) good = wh_instr_group(&in, &count, &type, &problem);
  while (good && next < end) {
    size_t at = wh_reader_offset(&in);
    wh_instr_t instr;
    good = at <= next->offset && wh_instr_read(&in, &instr, &problem);
    if (!good || at < next->offset) continue;
    good = instr.opcode == WH_OP_IF || instr.opcode == WH_OP_BR_IF;
    if (good) next++;
  }
  return good || fault(r, WHERRY_ERROR_INVALID, r->in.start,
                       "invalid target: function %u, offset %u: expected an if or br_if there",
                       function, next->offset);
}

wherry_error_t *wh_hints_read(wh_alloc_t *alloc, const wh_model_t *model, wh_hints_t *out) {
  *out = (wh_hints_t) {.section = wh_model_custom(model, WH_HINTS_SECTION)};
  if (!out->section) return NULL;
  hint_reader_t r = {.alloc = alloc, .model = model, .hints = out};
  wherry_bytes_t bytes = out->section->bytes;
  r.in = (wh_reader_t) {bytes.data, bytes.data, bytes.data + bytes.size, out->section->offset};
  /* After the code it comes too late. */
  enum { CODE = 10, DATA = 11 };
  bool good = (out->section->after != CODE && out->section->after != DATA) ||
              fault(&r, WHERRY_ERROR_INVALID, bytes.data, "it stands after the code section");
  good = good && section(&r);
  for (size_t i = 0, end; good && i < out->items.count; i = end) {
    for (end = i; end < out->items.count; end++)
      if (out->items.items[end].function != out->items.items[i].function) break;
    good = targets(&r, out->items.items + i, out->items.items + end);
  }
  return r.failed || out->fault == wh_error_oom() ? wh_error_oom() : NULL;
}

void wh_hints_free(wh_alloc_t *alloc, wh_hints_t *hints) {
  wh_vec_free(alloc, &hints->items);
  wherry_error_release(hints->fault);
  hints->fault = NULL;
}
