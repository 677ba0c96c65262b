/* Errors, and the operand stack the general way: also in unreachable code, where operands are made
   up. What is common goes another way, in body.c. */
#include "validate_body.h"

/* ---- errors ---- */

/* " (function 7 "main")", appended. */
static void print_function(validator_t *v, wh_text_t *text) {
  if (!v->body) return;
  wherry_bytes_t name = wh_model_function_name(v->model, v->function);
  wh_text_printf(text, " (function %u", v->function);
  if (name.data) {
    wh_text_append(text, " ", 1);
    wh_text_name(text, (const char *)name.data, name.size);
  }
  wh_text_append(text, ")", 1);
}

WH_COLD bool wh_validate_fail(validator_t *v, wherry_error_kind_t kind, const uint8_t *at,
                              const char *words, ...) {
  wh_text_t text = {.alloc = v->alloc};
  va_list arguments;
  va_start(arguments, words);
  wh_text_vprintf(&text, words, arguments);
  va_end(arguments);
  print_function(v, &text);
  uint64_t offset = wh_validate_offset(v, at);
  if (text.failed) {
    v->error = wh_error_oom();
  } else if (kind == WHERRY_ERROR_LIMIT) {
    v->error = wh_error_limit(v->alloc, "module", "%s", text.data);
    if (v->error != wh_error_oom()) {
      v->error->has_offset = true;
      v->error->offset = offset;
    }
  } else {
    v->error = wh_error_at(v->alloc, kind, offset, "%s", text.data);
  }
  wh_text_free(&text);
  return false;
}

WH_COLD bool wh_validate_oom(validator_t *v) {
  v->error = wh_error_oom();
  return false;
}

WH_COLD bool wh_validate_leb(validator_t *v, const uint8_t *at, uint64_t problem) {
  return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, at, "%s: a number of %s",
                          problem == WH_LEB_ENDS_EARLY ? "unexpected end of section or function"
                                                       : wh_leb_problem(problem),
                          wh_validate_op_name(v));
}

static uint32_t opcode_at(const validator_t *v) {
  const uint8_t *at = v->op_at;
  if (at >= v->end) return UINT32_MAX;
  uint32_t code = *at++;
  if (!wh_op_is_prefix((uint8_t)code)) return code;
  wh_leb_t leb = wh_leb_read(at, v->end, 32, false);
  return !leb.next || leb.value > 0xFFFF ? UINT32_MAX : code << 16 | (uint32_t)leb.value;
}

const char *wh_validate_op_name(const validator_t *v) {
  /* A body begins with its locals: there is no instruction yet. */
  if (v->body && v->op_at == v->body->bytes) return "a local variable";
  const wh_op_t *op = v->op_at ? wh_op(opcode_at(v)) : NULL;
  return op ? op->name : "the code";
}

WH_COLD bool wh_validate_needs(validator_t *v, wherry_feature_t feature) {
  v->error = wh_error_needs_feature(v->alloc, wh_validate_offset(v, v->op_at),
                                    wherry_feature_name(feature), wh_validate_op_name(v));
  return false;
}

WH_COLD bool wh_validate_opcode(validator_t *v) {
  uint32_t code = opcode_at(v);
  const wh_op_t *op = code == UINT32_MAX ? NULL : wh_op(code);
  if (op) return wh_validate_needs(v, (wherry_feature_t)op->feature);
  const char *later = code == UINT32_MAX ? NULL : wh_later_opcode(code);
  if (!later)
    return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, v->op_at, "illegal opcode %02x",
                            code == UINT32_MAX ? *v->op_at : code);
  char what[40] = "instruction 0x";
  static const char digits[] = "0123456789ABCDEF";
  size_t size = strlen(what);
  for (int shift = code > 0xFF ? 20 : 4; shift >= 0; shift -= 4)
    what[size++] = digits[code >> shift & 0xF];
  v->error = wh_error_needs_feature(v->alloc, wh_validate_offset(v, v->op_at), later, what);
  return false;
}

/* ---- operands ---- */

bool wh_validate_reserve(validator_t *v, size_t count) {
  size_t used = (size_t)(v->sp - v->stack), bytes_left = 0;
  if (v->end > v->op_at) bytes_left = (size_t)(v->end - v->op_at);
  if (WH_UNLIKELY(count > 1 && used + count > MAX_OPERANDS))
    return wh_validate_fail(v, WHERRY_ERROR_LIMIT, v->op_at,
                            "%zu operands on the stack: this engine takes %d", used + count,
                            MAX_OPERANDS);
  size_t wanted = used + count + bytes_left + 2;
  if (WH_LIKELY(wanted <= v->stack_capacity)) return true;
  if (!v->stack) wanted += GUARD;
  vtype_t *stack =
      wh_realloc(v->alloc, v->stack, v->stack_capacity * sizeof *stack, wanted * sizeof *stack);
  if (!stack) return wh_validate_oom(v);
  if (!v->stack) {
    for (size_t i = 0; i < GUARD; i++) stack[i] = FLOOR;
    used = GUARD;
  }
  v->stack = stack;
  v->stack_capacity = wanted;
  v->sp = stack + used;
  return true;
}

static WH_COLD bool mismatch(validator_t *v, vtype_t want, vtype_t got) {
  const char *op = wh_validate_op_name(v);
  const char *wanted = want == ANY ? "a value" : WH_TYPE_TEXT(want);
  if (got == FLOOR)
    return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                            "type mismatch: %s expects %s, but nothing is left in this block", op,
                            wanted);
  return wh_validate_fail(v, WHERRY_ERROR_INVALID, v->op_at,
                          "type mismatch: %s expects %s, but found %s", op, wanted,
                          WH_TYPE_TEXT(got));
}

bool wh_validate_pop(validator_t *v, vtype_t want) {
  vtype_t got = v->sp[-1];
  if (WH_UNLIKELY(got == FLOOR)) return wh_validate_frame(v)->unreachable || mismatch(v, want, got);
  if (WH_UNLIKELY(got != want && got != ANY && want != ANY &&
                  !wh_type_matches(&v->types, got, want)))
    return mismatch(v, want, got);
  v->sp--;
  return true;
}

bool wh_validate_pop_types(validator_t *v, const vtype_t *types, uint32_t count) {
  if (WH_LIKELY(wh_validate_top_is(v->sp, types, count))) {
    v->sp -= count;
    return true;
  }
  while (count > 0)
    if (!wh_validate_pop(v, types[--count])) return false;
  return true;
}

bool wh_validate_push_types(validator_t *v, const vtype_t *types, uint32_t count) {
  /* There is room for one operand for each byte of code. */
  if (count > 1 && !wh_validate_reserve(v, count)) return false;
  for (uint32_t i = 0; i < count; i++) *v->sp++ = types[i];
  return true;
}

static vtype_t letter(const validator_t *v, char c) {
  switch (c) {
  case 'i': return WHERRY_I32;
  case 'a': return v->address;
  case 'l': return WHERRY_I64;
  case 'f': return WHERRY_F32;
  case 'd': return WHERRY_F64;
  case 'v': return WHERRY_V128;
  default: WH_UNREACHABLE();
  }
}

bool wh_validate_signature(validator_t *v, const char *signature) {
  const char *colon = signature;
  while (*colon != ':') colon++;
  for (const char *at = colon; at > signature; at--)
    if (!wh_validate_pop(v, letter(v, at[-1]))) return false;
  for (const char *at = colon + 1; *at; at++) *v->sp++ = letter(v, *at);
  return true;
}

/* ---- types in bodies ---- */

WH_COLD bool wh_validate_unknown_type(validator_t *v, const uint8_t *at, uint32_t index) {
  return wh_validate_fail(v, WHERRY_ERROR_INVALID, at, "unknown type %u: %s, but there are %zu",
                          index, wh_validate_op_name(v), v->model->types.count);
}

static bool allowed(validator_t *v, const uint8_t *at, vtype_t type) {
  wh_features_t missing = wh_type_features(type) & ~v->features;
  if (WH_UNLIKELY(missing)) return wh_validate_needs(v, (wherry_feature_t)__builtin_ctzll(missing));
  return wh_validate_exists(v, at, type, v->model->types.count);
}

static WH_COLD bool no_type(validator_t *v, const uint8_t *at, const char *problem) {
  const char *later = at < v->end ? wh_later_type(*at) : NULL;
  if (later) {
    v->error = wh_error_needs_feature(v->alloc, wh_validate_offset(v, v->op_at), later,
                                      wh_validate_op_name(v));
    return false;
  }
  if (at == v->end) return wh_validate_leb(v, at, WH_LEB_ENDS_EARLY);
  return wh_validate_fail(v, WHERRY_ERROR_MALFORMED, at, "%s 0x%02X: %s", problem, *at,
                          wh_validate_op_name(v));
}

bool wh_validate_val_type(validator_t *v, const uint8_t **at, vtype_t *out) {
  const uint8_t *start = *at;
  const char *problem;
  const uint8_t *behind = wh_read_val_type(start, v->end, out, &problem);
  if (WH_UNLIKELY(!behind)) return no_type(v, start, problem);
  *at = behind;
  return *out <= WHERRY_I32 && *out > WHERRY_V128 ? true : allowed(v, start, *out);
}

bool wh_validate_heap_type(validator_t *v, const uint8_t **at, wh_heap_t *out) {
  const uint8_t *start = *at;
  const char *problem;
  const uint8_t *behind = wh_read_heap_type(start, v->end, out, &problem);
  if (WH_UNLIKELY(!behind)) return no_type(v, start, problem);
  *at = behind;
  return allowed(v, start, wh_ref(*out, true));
}
