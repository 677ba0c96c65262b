/* Canonical definitions (Binary.md, Canonical Definitions; CanonicalABI.md, Canonical Definitions): what
   they may say, and the core types of the functions they lift and make. */
#include "component_read.h"

enum { MAX_FLAT_ASYNC_PARAMS = 4, SLOTS = 2, MAX_OPTIONS = 10 };

/* What follows the code of a built-in, in this order. */
enum {
  RESOURCE = 1 << 0,
  LOCAL = 1 << 1, /* a resource of this component's own */
  RESULT = 1 << 2,
  SLOT = 1 << 3, /* a core value type and a number */
  STREAM = 1 << 4,
  FUTURE = 1 << 5,
  START = 1 << 6, /* a core function type and a table */
  ASYNC = 1 << 7,
  CANCELLABLE = 1 << 8,
  MEMORY = 1 << 9,
  OPTIONS = 1 << 10,
  NEEDS_MEMORY = 1 << 11,
  NEEDS_REALLOC = 1 << 12,
  READS = 1 << 13 /* of a stream or future: into the component's memory */
};

/* signature: parameters : results, i for i32, l for i64; NULL: depends on what follows. */
static const struct {
  const char *name;
  uint16_t immediates;
  const char *signature;
} built_ins[] = {
    [WH_CANON_LIFT] = {"lift", 0, NULL},
    [WH_CANON_LOWER] = {"lower", 0, NULL},
    [0x02] = {"resource.new", RESOURCE | LOCAL, "i:i"},
    [0x03] = {"resource.drop", RESOURCE, "i:"},
    [0x04] = {"resource.rep", RESOURCE | LOCAL, "i:i"},
    [0x05] = {"task.cancel", 0, ":"},
    [0x06] = {"subtask.cancel", ASYNC, "i:i"},
    [0x09] = {"task.return", RESULT | OPTIONS, NULL},
    [0x0A] = {"context.get", SLOT, ":i"},
    [0x0B] = {"context.set", SLOT, "i:"},
    [0x0C] = {"thread.yield", CANCELLABLE, ":i"},
    [0x0D] = {"subtask.drop", 0, "i:"},
    [0x0E] = {"stream.new", STREAM, ":l"},
    [0x0F] = {"stream.read", STREAM | OPTIONS | READS, "iii:i"},
    [0x10] = {"stream.write", STREAM | OPTIONS, "iii:i"},
    [0x11] = {"stream.cancel-read", STREAM | ASYNC, "i:i"},
    [0x12] = {"stream.cancel-write", STREAM | ASYNC, "i:i"},
    [0x13] = {"stream.drop-readable", STREAM, "i:"},
    [0x14] = {"stream.drop-writable", STREAM, "i:"},
    [0x15] = {"future.new", FUTURE, ":l"},
    [0x16] = {"future.read", FUTURE | OPTIONS | READS, "ii:i"},
    [0x17] = {"future.write", FUTURE | OPTIONS, "ii:i"},
    [0x18] = {"future.cancel-read", FUTURE | ASYNC, "i:i"},
    [0x19] = {"future.cancel-write", FUTURE | ASYNC, "i:i"},
    [0x1A] = {"future.drop-readable", FUTURE, "i:"},
    [0x1B] = {"future.drop-writable", FUTURE, "i:"},
    [0x1C] = {"error-context.new", OPTIONS | NEEDS_MEMORY, "ii:i"},
    [0x1D] = {"error-context.debug-message", OPTIONS | NEEDS_MEMORY | NEEDS_REALLOC, "ii:"},
    [0x1E] = {"error-context.drop", 0, "i:"},
    [0x1F] = {"waitable-set.new", 0, ":i"},
    [0x20] = {"waitable-set.wait", CANCELLABLE | MEMORY, "ii:i"},
    [0x21] = {"waitable-set.poll", CANCELLABLE | MEMORY, "ii:i"},
    [0x22] = {"waitable-set.drop", 0, "i:"},
    [0x23] = {"waitable.join", 0, "ii:"},
    [0x24] = {"backpressure.inc", 0, ":"},
    [0x25] = {"backpressure.dec", 0, ":"},
    [0x26] = {"thread.index", 0, ":i"},
    [0x27] = {"thread.new-indirect", START, "ii:i"},
    [0x28] = {"thread.resume-later", 0, "i:"},
    [0x29] = {"thread.suspend", CANCELLABLE, ":i"},
    [0x2A] = {"thread.suspend-then-resume", CANCELLABLE, "i:i"},
    [0x2B] = {"thread.yield-then-resume", CANCELLABLE, "i:i"},
    [0x2C] = {"thread.suspend-then-promote", CANCELLABLE, "i:i"},
    [0x2D] = {"thread.yield-then-promote", CANCELLABLE, "i:i"},
};

const char *wh_canon_name(uint8_t code) {
  return code < WH_COUNT(built_ins) ? built_ins[code].name : NULL;
}

/* ---- core signatures ---- */

/* Parameters, then results. */
typedef struct signature {
  wherry_valtype_t types[WH_MAX_FLAT_PARAMS + 2];
  uint32_t params, results;
} signature_t;

static void add_flat(signature_t *s, const wherry_type_t *type) {
  for (uint32_t i = 0; i < type->flat_count; i++)
    s->types[s->params + s->results + i] = type->flat[i];
}

static wherry_error_t *engine_type(reading_t *r, signature_t *s, const wherry_functype_t **out) {
  wherry_functype_t type = {
      .types = s->types, .param_count = s->params, .result_count = s->results};
  return wh_engine_type(r->engine, &type, out);
}

static wherry_error_t *type_of(reading_t *r, const char *text, const wherry_functype_t **out) {
  signature_t s = {.params = 0};
  uint32_t *count = &s.params;
  for (; *text; text++) {
    if (*text == ':') {
      count = &s.results;
      continue;
    }
    s.types[s.params + s.results] = *text == 'l' ? WHERRY_I64 : WHERRY_I32;
    ++*count;
  }
  return engine_type(r, &s, out);
}

static bool has_signature(const wherry_functype_t *type, const char *text) {
  uint32_t at = 0, params = (uint32_t)(strchr(text, ':') - text);
  if (type->param_count != params || type->result_count != strlen(text) - params - 1) return false;
  for (; *text; text++)
    if (*text != ':' && type->types[at++] != (*text == 'l' ? WHERRY_I64 : WHERRY_I32)) return false;
  return true;
}

/* flatten_functype. What goes through memory is one i32. */
static void flatten(const wh_canon_t *canon, const wherry_type_t *params,
                    const wherry_type_t *result, bool lifts, signature_t *s) {
  uint32_t most = !lifts && canon->is_async ? MAX_FLAT_ASYNC_PARAMS : WH_MAX_FLAT_PARAMS;
  *s = (signature_t) {.params = 0};
  if (params->flat_count > most) {
    s->types[0] = WHERRY_I32;
    s->params = 1;
  } else {
    add_flat(s, params);
    s->params = params->flat_count;
  }
  bool spills = result && result->flat_count > WH_MAX_FLAT_RESULTS;
  if (!lifts && result && (canon->is_async || spills)) s->types[s->params++] = WHERRY_I32;
  if (canon->is_async ? !lifts || canon->callback != WH_NONE : spills && lifts) {
    s->types[s->params] = WHERRY_I32;
    s->results = 1;
  } else if (!canon->is_async && result && !spills) {
    add_flat(s, result);
    s->results = result->flat_count;
  }
}

/* ---- options ---- */

static const char *const encodings[] = {"utf8", "utf16", "latin1+utf16"};

static wherry_error_t *once(reading_t *r, const char *name, uint32_t *option) {
  if (*option != WH_NONE) return INVALID("canonical option `%s` is specified more than once", name);
  return wh_component_u32(r, option);
}

static wherry_error_t *check_memory(reading_t *r, uint32_t index) {
  wherry_externtype_t type;
  TRY(wh_component_core_memory_at(r, index, &type));
  if (type.is64) return INVALID("canonical option `memory`: memory %u has 64-bit addresses", index);
  if (type.shared) return INVALID("canonical option `memory`: memory %u is shared", index);
  return NULL;
}

static wherry_error_t *check_signature(reading_t *r, const char *name, uint32_t index,
                                       const char *signature) {
  const wherry_functype_t *type;
  if (index == WH_NONE) return NULL;
  TRY(wh_component_core_func_at(r, index, &type));
  if (has_signature(type, signature)) return NULL;
  return INVALID("canonical option `%s` uses a core function with an incorrect signature", name);
}

static wherry_error_t *read_option(reading_t *r, wh_canon_t *canon, const char **encoding) {
  uint8_t option;
  TRY(wh_component_u8(r, &option));
  switch (option) {
  case 0x00:
  case 0x01:
  case 0x02:
    if (*encoding)
      return INVALID("canonical encoding option `%s` conflicts with option `%s`", *encoding,
                     encodings[option]);
    *encoding = encodings[option];
    canon->string_encoding = option == 0   ? WH_STRING_UTF8
                             : option == 1 ? WH_STRING_UTF16
                                           : WH_STRING_LATIN1_UTF16;
    return NULL;
  case 0x03: TRY(once(r, "memory", &canon->memory)); return check_memory(r, canon->memory);
  case 0x04: return once(r, "realloc", &canon->realloc);
  case 0x05: return once(r, "post-return", &canon->post_return);
  case 0x06:
    if (canon->is_async) return INVALID("canonical option `async` is specified more than once");
    canon->is_async = true;
    return NULL;
  case 0x07: return once(r, "callback", &canon->callback);
  default: return MALFORMED("0x%02x is no canonical option", option);
  }
}

/* What holds for all canonical definitions (canonopt Validation). */
static wherry_error_t *read_options(reading_t *r, wh_canon_t *canon) {
  uint32_t count;
  const char *encoding = NULL;
  TRY(wh_component_count(r, MAX_OPTIONS, "canonical options", &count));
  for (uint32_t i = 0; i < count; i++) TRY(read_option(r, canon, &encoding));
  if (canon->callback != WH_NONE && !canon->is_async)
    return INVALID("canonical option `callback` cannot be specified without `async`");
  if (canon->post_return != WH_NONE && canon->is_async)
    return INVALID("canonical option `post-return` cannot be specified with `async`");
  if (canon->realloc != WH_NONE && canon->memory == WH_NONE)
    return INVALID("canonical option `realloc` requires `memory` to also be specified");
  return check_signature(r, "realloc", canon->realloc, "iiii:i");
}

static wherry_error_t *need_memory(reading_t *r, const wh_canon_t *canon) {
  return canon->memory != WH_NONE ? NULL : INVALID("canonical option `memory` is required");
}

static wherry_error_t *need_realloc(reading_t *r, const wh_canon_t *canon) {
  TRY(need_memory(r, canon));
  return canon->realloc != WH_NONE ? NULL : INVALID("canonical option `realloc` is required");
}

static wherry_error_t *refuse_lift_options(reading_t *r, const wh_canon_t *canon) {
  if (canon->post_return != WH_NONE)
    return INVALID("canonical option `post-return` cannot be specified for lowerings");
  if (canon->callback != WH_NONE)
    return INVALID("canonical option `callback` cannot be specified for lowerings");
  return NULL;
}

/* ---- lift and lower ---- */

static wherry_error_t *wrong_signature(reading_t *r, uint32_t index, signature_t *wanted,
                                       const wherry_functype_t *given) {
  wh_text_t text = {.alloc = r->alloc};
  wherry_functype_t type = {
      .types = wanted->types, .param_count = wanted->params, .result_count = wanted->results};
  wh_print_signature(&text, &type);
  wh_text_printf(&text, ", but core function %u has ", index);
  wh_print_signature(&text, given);
  wherry_error_t *error =
      text.failed ? wh_error_oom() : INVALID("a lifted function has the core type %s", text.data);
  wh_text_free(&text);
  return error;
}

static wherry_error_t *check_post_return(reading_t *r, const wh_canon_t *canon) {
  const wherry_functype_t *type, *core = canon->core_type;
  if (canon->post_return == WH_NONE) return NULL;
  TRY(wh_component_core_func_at(r, canon->post_return, &type));
  bool fits = type->result_count == 0 && type->param_count == core->result_count;
  for (uint32_t i = 0; fits && i < type->param_count; i++)
    fits = type->types[i] == core->types[core->param_count + i];
  if (fits) return NULL;
  return INVALID("canonical option `post-return` uses a core function with an incorrect signature");
}

static wherry_error_t *check_async(reading_t *r, const wh_canon_t *canon) {
  if (!canon->is_async || canon->type->is_async) return NULL;
  return INVALID("the `async` canonical option requires an async function type");
}

static wherry_error_t *read_lift(reading_t *r, wh_canon_t *canon) {
  uint32_t index;
  const wherry_functype_t *flat;
  signature_t s;
  TRY(wh_component_u32(r, &canon->func));
  TRY(read_options(r, canon));
  TRY(wh_component_u32(r, &index));
  TRY(wh_component_func_type_at(r, index, &canon->type));
  TRY(wh_component_core_func_at(r, canon->func, &canon->core_type));
  TRY(check_post_return(r, canon));
  TRY(check_signature(r, "callback", canon->callback, "iii:i"));
  TRY(check_async(r, canon));
  const wherry_type_t *params = canon->type->params, *result = canon->type->result;
  if (params->uses_memory || params->flat_count > WH_MAX_FLAT_PARAMS) TRY(need_realloc(r, canon));
  uint32_t most = canon->is_async ? WH_MAX_FLAT_PARAMS : WH_MAX_FLAT_RESULTS;
  if (result && (result->uses_memory || result->flat_count > most)) TRY(need_memory(r, canon));
  flatten(canon, params, result, true, &s);
  TRY(engine_type(r, &s, &flat));
  if (flat != canon->core_type) return wrong_signature(r, canon->func, &s, canon->core_type);
  return wh_component_push(r,
                           &(wh_entity_t) {WH_SORT_FUNC, {WH_DEFTYPE_FUNC, {.func = canon->type}}});
}

static wherry_error_t *read_lower(reading_t *r, wh_canon_t *canon) {
  wh_entity_t func;
  signature_t s;
  TRY(wh_component_u32(r, &canon->func));
  TRY(read_options(r, canon));
  TRY(wh_component_entity_at(r, WH_SORT_FUNC, canon->func, &func));
  canon->type = func.type.of.func;
  TRY(refuse_lift_options(r, canon));
  TRY(check_async(r, canon));
  const wherry_type_t *params = canon->type->params, *result = canon->type->result;
  uint32_t most = canon->is_async ? MAX_FLAT_ASYNC_PARAMS : WH_MAX_FLAT_PARAMS;
  if (params->uses_memory || params->flat_count > most) TRY(need_memory(r, canon));
  if (result && (canon->is_async || result->flat_count > WH_MAX_FLAT_RESULTS))
    TRY(need_memory(r, canon));
  if (result && result->uses_memory) TRY(need_realloc(r, canon));
  flatten(canon, params, result, false, &s);
  TRY(engine_type(r, &s, &canon->core_type));
  return wh_component_push_core_func(r, canon->core_type);
}

/* ---- built-ins ---- */

static wherry_error_t *read_resource(reading_t *r, wh_canon_t *canon, bool local) {
  uint32_t index;
  TRY(wh_component_u32(r, &index));
  TRY(wh_component_resource_at(r, index, &canon->resource));
  const wh_resource_t *base = wh_resource_base(canon->resource);
  canon->resource = base;
  if (local &&
      (base->scope != r->scope->serial || !r->scope->resources.items[base->index].representation))
    return INVALID("type %u is not a local resource", index);
  return NULL;
}

static wherry_error_t *read_element(reading_t *r, wh_canon_t *canon, wherry_type_kind_t kind) {
  uint32_t index;
  TRY(wh_component_u32(r, &index));
  TRY(wh_component_value_type_at(r, index, &canon->value));
  if (canon->value->kind == kind) return NULL;
  return INVALID("`%s` requires a %s type", wh_canon_name(canon->code), wh_type_kind_name(kind));
}

static wherry_error_t *read_slot(reading_t *r, wh_canon_t *canon) {
  wherry_valtype_t type;
  TRY(wh_decode_valtype(r->alloc, &r->in, r->engine->features, &type));
  TRY(wh_component_u32(r, &canon->slot));
  if (type != WHERRY_I32)
    return INVALID("`%s` only supports i32, not %s", wh_canon_name(canon->code),
                   WH_TYPE_TEXT(type));
  if (canon->slot >= SLOTS)
    return INVALID("`%s` has slots 0 and 1, not %u", wh_canon_name(canon->code), canon->slot);
  return NULL;
}

static wherry_error_t *read_start(reading_t *r, wh_canon_t *canon) {
  uint32_t index;
  const wherry_functype_t *type;
  wherry_externtype_t table;
  TRY(wh_component_u32(r, &index));
  TRY(wh_component_u32(r, &canon->table));
  TRY(wh_component_core_type_at(r, index, &type));
  if (!has_signature(type, "i:"))
    return INVALID("a thread starts with a function that takes an i32 and returns nothing");
  TRY(wh_component_core_table_at(r, canon->table, &table));
  if (table.valtype != WHERRY_FUNCREF || table.is64)
    return INVALID("table %u is not a 32-bit table of (ref null func)", canon->table);
  return NULL;
}

/* What a stream or future moves goes through the component's memory. */
static wherry_error_t *check_element(reading_t *r, const wh_canon_t *canon, bool reads) {
  const wherry_type_t *element = canon->value->element;
  if (!element) return NULL;
  TRY(need_memory(r, canon));
  return reads && element->uses_memory ? need_realloc(r, canon) : NULL;
}

/* Its core function takes what a lowered function with this one parameter takes. */
static wherry_error_t *check_task_return(reading_t *r, wh_canon_t *canon) {
  signature_t s;
  wh_type_field_t field = {.type = canon->value};
  wherry_type_t params = {.kind = WHERRY_TYPE_RECORD};
  if (canon->realloc != WH_NONE || canon->is_async)
    return INVALID("cannot specify `%s` option on `task.return`",
                   canon->is_async ? "async" : "realloc");
  if (canon->value) {
    params.fields = &field;
    params.field_count = 1;
  }
  if (!wh_type_lay_out_implied(&params))
    return wh_component_too_many(r, WH_MAX_TYPE_DEPTH, "value types inside each other");
  if (params.uses_memory || params.flat_count > WH_MAX_FLAT_PARAMS) TRY(need_memory(r, canon));
  flatten(canon, &params, NULL, false, &s);
  return engine_type(r, &s, &canon->core_type);
}

static wherry_error_t *read_built_in(reading_t *r, wh_canon_t *canon) {
  uint16_t has = built_ins[canon->code].immediates;
  if (has & RESOURCE) TRY(read_resource(r, canon, has & LOCAL));
  if (has & RESULT) TRY(wh_component_result(r, &canon->value));
  if (has & SLOT) TRY(read_slot(r, canon));
  if (has & STREAM) TRY(read_element(r, canon, WHERRY_TYPE_STREAM));
  if (has & FUTURE) TRY(read_element(r, canon, WHERRY_TYPE_FUTURE));
  if (has & START) TRY(read_start(r, canon));
  if (has & ASYNC) TRY(wh_component_flag(r, "whether it is async", &canon->is_async));
  if (has & CANCELLABLE)
    TRY(wh_component_flag(r, "whether it is cancellable", &canon->is_cancellable));
  if (has & MEMORY) {
    TRY(wh_component_u32(r, &canon->memory));
    TRY(check_memory(r, canon->memory));
  }
  if (has & OPTIONS) {
    TRY(read_options(r, canon));
    TRY(refuse_lift_options(r, canon));
    if (has & (STREAM | FUTURE)) TRY(check_element(r, canon, has & READS));
    if (has & NEEDS_MEMORY) TRY(need_memory(r, canon));
    if (has & NEEDS_REALLOC) TRY(need_realloc(r, canon));
    if ((has & NEEDS_MEMORY) && canon->is_async)
      return INVALID("cannot specify `async` option on `%s`", wh_canon_name(canon->code));
  }
  if (has & RESULT) TRY(check_task_return(r, canon));
  if (built_ins[canon->code].signature)
    TRY(type_of(r, built_ins[canon->code].signature, &canon->core_type));
  return wh_component_push_core_func(r, canon->core_type);
}

wherry_error_t *wh_component_read_canon(reading_t *r) {
  uint8_t code, func;
  wh_canon_t *canon = wh_component_array(r, 1, sizeof *canon);
  if (!canon) return wh_error_oom();
  TRY(wh_component_u8(r, &code));
  if (!wh_canon_name(code)) return MALFORMED("0x%02x is no canonical definition", code);
  *canon = (wh_canon_t) {.code = code,
                         .memory = WH_NONE,
                         .realloc = WH_NONE,
                         .post_return = WH_NONE,
                         .callback = WH_NONE,
                         .table = WH_NONE};
  if (code <= WH_CANON_LOWER) {
    TRY(wh_component_u8(r, &func));
    if (func) return MALFORMED("0x%02x, expected 0: the sort of what is lifted or lowered", func);
  }
  TRY(code == WH_CANON_LIFT    ? read_lift(r, canon)
      : code == WH_CANON_LOWER ? read_lower(r, canon)
                               : read_built_in(r, canon));
  wh_definition_t definition = {.kind = WH_DEFINE_CANON, .of.canon = canon};
  return wh_component_add(r, &definition);
}
