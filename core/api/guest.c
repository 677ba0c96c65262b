/* guest.h: the short level. A guest is an engine, a module, a store and an instance in one. */
#include "canon/canon.h"

#include "val.h"
#include <wherry/text.h>

/* ---- options ---- */

struct wherry_load_options {
  wherry_engine_t *engine;
  wherry_linker_t *linker;
  uint64_t memory_limit, fuel, timeout; /* UINT64_MAX: none */
  char *wit, *world;                    /* NULL: none */
};

wherry_error_t *wherry_load_options_new(wherry_load_options_t **out) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  wherry_load_options_t *options = WH_NEW(&alloc, wherry_load_options_t);
  if (!options) return wh_error_oom();
  options->memory_limit = options->fuel = options->timeout = UINT64_MAX;
  *out = options;
  return NULL;
}

static void free_text(wh_alloc_t *alloc, char *text) {
  if (text) wh_free(alloc, text, strlen(text) + 1);
}

void wherry_load_options_release(wherry_load_options_t *options) {
  if (!options) return;
  if (options->engine) wh_engine_release(options->engine);
  if (options->linker) wh_linker_release(options->linker);
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  free_text(&alloc, options->wit);
  free_text(&alloc, options->world);
  WH_DELETE(&alloc, options);
}

void wherry_load_options_set_engine(wherry_load_options_t *options, wherry_engine_t *engine) {
  if (engine) wh_engine_retain(engine);
  if (options->engine) wh_engine_release(options->engine);
  options->engine = engine;
}

void wherry_load_options_set_linker(wherry_load_options_t *options, wherry_linker_t *linker) {
  if (linker) wh_linker_retain(linker);
  if (options->linker) wh_linker_release(options->linker);
  options->linker = linker;
}

void wherry_load_options_set_memory_limit(wherry_load_options_t *options, uint64_t bytes) {
  options->memory_limit = bytes;
}
void wherry_load_options_set_fuel(wherry_load_options_t *options, uint64_t instructions) {
  options->fuel = instructions;
}
void wherry_load_options_set_timeout(wherry_load_options_t *options, uint64_t nanoseconds) {
  options->timeout = nanoseconds;
}

wherry_error_t *wherry_load_options_set_wit(wherry_load_options_t *options, const char *wit,
                                            const char *world) {
  wh_alloc_t alloc;
  wh_alloc_init(&alloc, NULL);
  char *wit_copy = wit ? wh_strndup(&alloc, wit, strlen(wit)) : NULL;
  char *world_copy = world ? wh_strndup(&alloc, world, strlen(world)) : NULL;
  if ((wit && !wit_copy) || (world && !world_copy)) {
    free_text(&alloc, wit_copy);
    free_text(&alloc, world_copy);
    return wh_error_oom();
  }
  free_text(&alloc, options->wit);
  free_text(&alloc, options->world);
  options->wit = wit_copy;
  options->world = world_copy;
  return NULL;
}

/* ---- loading ---- */

struct wherry_guest {
  wh_alloc_t *alloc;
  wherry_engine_t *engine;
  wherry_module_t *module;
  wherry_store_t *store;
  wh_instance_t *instance; /* gone once the store is closed */
  uint32_t instance_id;
  wherry_lifted_t **lifted; /* by the function's index in its world, NULL until called */
  size_t lifted_count;
  wherry_val_t last; /* what the last wherry_call returned as bytes */
  unsigned busy;     /* calls that are running */
  bool released;     /* while busy */
};

static void guest_free(wherry_guest_t *guest) {
  wherry_engine_t *engine = guest->engine;
  wh_alloc_t *alloc = guest->alloc;
  wherry_val_clear(&guest->last);
  wh_free(alloc, guest->lifted, guest->lifted_count * sizeof(wherry_lifted_t *));
  wh_store_release(guest->store);
  wh_module_release(guest->module);
  WH_DELETE(alloc, guest);
  wh_engine_release(engine);
}

void wherry_guest_release(wherry_guest_t *guest) {
  if (!guest) return;
  if (guest->busy)
    guest->released = true;
  else
    guest_free(guest);
}

static void call_ended(wherry_guest_t *guest) {
  if (--guest->busy == 0 && guest->released) guest_free(guest);
}

static wherry_error_t *choose_engine(const wherry_load_options_t *options, wherry_engine_t **out) {
  wherry_engine_t *linker_engine =
      options && options->linker ? wh_linker_engine(options->linker) : NULL;
  *out = options && options->engine ? options->engine : linker_engine;
  if (!*out) return wh_link_engine(NULL, out);
  if (linker_engine && *out != linker_engine)
    return wh_error_new(NULL, WHERRY_ERROR_STATE, "the linker belongs to another engine");
  wh_engine_retain(*out);
  return NULL;
}

static wherry_error_t *set_limits(wherry_store_t *store, const wherry_load_options_t *options) {
  wherry_error_t *error = NULL;
  if (!options) return NULL;
  if (options->memory_limit != UINT64_MAX)
    error = wherry_store_set_memory_limit(store, options->memory_limit);
  if (!error && options->fuel != UINT64_MAX) error = wherry_store_set_fuel(store, options->fuel);
  if (!error && options->timeout != UINT64_MAX)
    error = wherry_store_set_timeout(store, options->timeout);
  return error;
}

static wherry_error_t *instantiate(wherry_guest_t *guest, const wherry_load_options_t *options) {
  wherry_linker_t *linker = options ? options->linker : NULL;
  wherry_error_t *error = NULL;
  if (linker)
    wh_linker_retain(linker);
  else
    error = wh_linker_make(guest->engine, &linker);
  if (error) return error;
  error = wh_linker_instantiate(linker, guest->store, guest->module, &guest->instance);
  wh_linker_release(linker);
  if (error) return error;
  guest->instance_id = guest->instance->id;
  return wh_initialize(guest->instance);
}

/* Takes over the reference to the engine, and to the module, NULL after an error. */
static wherry_error_t *load(wherry_engine_t *engine, wherry_module_t *module, wherry_error_t *error,
                            const wherry_load_options_t *options, wherry_guest_t **out) {
  if (!error && options && options->wit)
    error = wherry_module_set_wit(module, options->wit, options->world);
  wherry_guest_t *guest = error ? NULL : WH_NEW(&engine->alloc, wherry_guest_t);
  if (!guest) {
    wh_module_release(module);
    wh_engine_release(engine);
    return error ? error : wh_error_oom();
  }
  guest->alloc = &engine->alloc;
  guest->engine = engine;
  guest->module = module;
  error = wh_store_make(engine, &guest->store);
  if (!error) error = set_limits(guest->store, options);
  if (!error) error = instantiate(guest, options);
  if (error) {
    guest_free(guest);
    return error;
  }
  *out = guest;
  return NULL;
}

wherry_error_t *wherry_load(const uint8_t *bytes, size_t size, const wherry_load_options_t *options,
                            wherry_guest_t **out) {
  wherry_engine_t *engine;
  wherry_module_t *module = NULL;
  wherry_error_t *error = choose_engine(options, &engine);
  if (error) return error;
  error = wh_module_make(engine, bytes, size, &module);
  return load(engine, module, error, options, out);
}

wherry_error_t *wherry_load_text(const char *text, size_t size,
                                 const wherry_load_options_t *options, wherry_guest_t **out) {
  wherry_engine_t *engine;
  wherry_module_t *module = NULL;
  wherry_error_t *error = choose_engine(options, &engine);
  if (error) return error;
  error = wherry_module_new_text(engine, text, size, NULL, &module);
  return load(engine, module, error, options, out);
}

wherry_error_t *wherry_load_file(const char *path, const wherry_load_options_t *options,
                                 wherry_guest_t **out) {
  wherry_engine_t *engine;
  wherry_module_t *module = NULL;
  wherry_error_t *error = choose_engine(options, &engine);
  if (error) return error;
  error = wherry_module_new_file(engine, path, &module);
  return load(engine, module, error, options, out);
}

wherry_module_t *wherry_guest_module(wherry_guest_t *guest) { return guest->module; }
wherry_store_t *wherry_guest_store(wherry_guest_t *guest) { return guest->store; }
wherry_instance_t wherry_guest_instance(wherry_guest_t *guest) {
  wherry_instance_t instance = {guest->store->id, (uint64_t)guest->instance_id << 32};
  return instance;
}

/* ---- finding ---- */

WH_COLD static wherry_error_t *ambiguous(wherry_guest_t *guest, const wherry_world_t *world,
                                         const char *name) {
  wh_text_t text = {.alloc = guest->alloc};
  wh_text_printf(&text, "%s is exported more than once:", name);
  for (size_t i = 0, count = 0; i < world->exports.count; i++)
    if (!strcmp(world->exports.items[i]->name, name))
      wh_text_printf(&text, "%s \"%s\"", count++ ? "," : "", world->exports.items[i]->core_name);
  wherry_error_t *error =
      text.failed ? wh_error_oom()
                  : wh_error_new(guest->alloc, WHERRY_ERROR_UNLINKABLE, "%s", text.data);
  wh_text_free(&text);
  return error;
}

/* *out: NULL if there is none of that name. */
static wherry_error_t *find_witfunc(wherry_guest_t *guest, const char *name,
                                    const wherry_witfunc_t **out) {
  const wherry_world_t *world;
  wherry_error_t *error = wh_module_world(guest->module, &world);
  *out = NULL;
  if (error || !world) return error;
  int64_t place = wh_world_find(world, name, strlen(name));
  if (place == WH_AMBIGUOUS) return ambiguous(guest, world, name);
  if (place >= 0) *out = world->exports.items[place];
  return NULL;
}

WH_COLD static wherry_error_t *not_found(wherry_guest_t *guest, const char *name, bool wit_only) {
  const wherry_world_t *world = NULL;
  const wh_model_t *model = guest->module->model;
  wh_near_t near = {.wanted = name, .size = strlen(name)};
  wh_text_t text = {.alloc = guest->alloc};
  wherry_error_t *error = wh_module_world(guest->module, &world);
  if (error) return error; /* why its names are not known */
  for (size_t i = 0; world && i < world->exports.count; i++)
    wh_near_offer(&near, world->exports.items[i]->name, strlen(world->exports.items[i]->name));
  for (size_t i = 0; i < model->exports.count && !wit_only; i++)
    if (model->exports.items[i].kind == WHERRY_EXTERN_FUNC)
      wh_near_offer(&near, (const char *)model->exports.items[i].name.data,
                    model->exports.items[i].name.size);
  wh_text_printf(&text, wit_only && !world ? "the module carries no WIT, so it has no function "
                                           : "the guest exports no function ");
  wh_text_name(&text, name, strlen(name));
  wh_near_print(&near, &text);
  error = text.failed ? wh_error_oom()
                      : wh_error_new(guest->alloc, WHERRY_ERROR_UNLINKABLE, "%s", text.data);
  wh_text_free(&text);
  return error;
}

static wherry_error_t *find_lifted(wherry_guest_t *guest, const wherry_witfunc_t *func,
                                   wherry_lifted_t **out) {
  const wherry_world_t *world;
  wherry_error_t *error = wh_store_check(guest->store);
  if (!error) error = wh_module_world(guest->module, &world);
  if (error) return error;
  if (!world || func->index >= world->exports.count || world->exports.items[func->index] != func)
    return wh_error_new(guest->alloc, WHERRY_ERROR_STATE,
                        "%s() belongs to the world of another module", func->name);
  if (!guest->lifted) {
    guest->lifted = wh_alloc_array(guest->alloc, world->exports.count, sizeof *guest->lifted);
    if (!guest->lifted) return wh_error_oom();
    guest->lifted_count = world->exports.count;
  }
  if (!guest->lifted[func->index]) {
    wherry_lifted_t *lifted;
    error = wh_lifted_make(guest->instance, func, &lifted);
    if (error) return error;
    guest->lifted[func->index] = lifted;
  }
  *out = guest->lifted[func->index];
  return NULL;
}

wherry_error_t *wherry_guest_witfunc(wherry_guest_t *guest, const char *name,
                                     const wherry_witfunc_t **out) {
  wherry_error_t *error = find_witfunc(guest, name, out);
  if (error) return error;
  return *out ? NULL : not_found(guest, name, true);
}

/* ---- calling with wherry_val_t ---- */

/* Arguments that need no memory of their own. */
enum { FEW = 16 };

wherry_error_t *wherry_guest_call(wherry_guest_t *guest, const wherry_witfunc_t *func,
                                  const wherry_val_t *args, size_t arg_count,
                                  wherry_val_t *result) {
  wherry_host_value_t few[FEW], *values = few, made = 0;
  wh_val_context_t context;
  wherry_lifted_t *lifted = NULL;
  if (result) memset(result, 0, sizeof *result);
  wherry_error_t *error = find_lifted(guest, func, &lifted);
  if (error) return error;
  if (arg_count > FEW) {
    values = wh_alloc_array(guest->alloc, arg_count, sizeof *values);
    if (!values) return wh_error_oom();
  }
  for (size_t i = 0; i < arg_count; i++) values[i] = wh_val_given(&args[i]);
  guest->busy++;
  wh_val_begin(&context, guest->alloc);
  error = wh_lifted_call(lifted, &wh_val_table, &context, values, arg_count, &made);
  if (!error) wh_val_take(&context, made, result);
  wh_val_end(&context);
  if (values != few) wh_free(guest->alloc, values, arg_count * sizeof *values);
  call_ended(guest);
  return error;
}

/* ---- calling by letters ---- */

typedef struct letters {
  const char *params, *results;
  size_t param_count, result_count;
} letters_t;

static bool parse_letters(const char *signature, letters_t *out) {
  static const char known[] = "ilfdsb";
  out->params = signature;
  out->param_count = strspn(signature, known);
  if (signature[out->param_count] != ':') return false;
  out->results = signature + out->param_count + 1;
  out->result_count = strspn(out->results, known);
  return out->results[out->result_count] == 0;
}

static char letter_of(wherry_valtype_t type) {
  switch (type) {
  case WHERRY_I32: return 'i';
  case WHERRY_I64: return 'l';
  case WHERRY_F32: return 'f';
  case WHERRY_F64: return 'd';
  default: return 0;
  }
}

static char letter_of_wit(const wherry_type_t *type) {
  switch (type->kind) {
  case WHERRY_TYPE_S64:
  case WHERRY_TYPE_U64: return 'l';
  case WHERRY_TYPE_F32: return 'f';
  case WHERRY_TYPE_F64: return 'd';
  case WHERRY_TYPE_STRING: return 's';
  case WHERRY_TYPE_LIST: return type->element->kind == WHERRY_TYPE_U8 ? 'b' : 0;
  default: return wh_type_is_scalar(type->kind) ? 'i' : 0;
  }
}

/* text: the function's own type. */
WH_COLD static wherry_error_t *wrong_signature(wh_text_t *text, const char *name,
                                               const char *signature) {
  wherry_error_t *error = text->failed ? wh_error_oom()
                                       : wh_error_new(text->alloc, WHERRY_ERROR_TYPE,
                                                      "%s(): the signature \"%s\" does not fit: %s",
                                                      name, signature, text->data);
  wh_text_free(text);
  return error;
}

static wherry_error_t *check_core_letters(wherry_guest_t *guest, const char *name,
                                          const char *signature, const letters_t *letters,
                                          const wherry_functype_t *type) {
  bool fits =
      letters->param_count == type->param_count && letters->result_count == type->result_count;
  for (size_t i = 0; fits && i < letters->param_count; i++)
    fits = letters->params[i] == letter_of(type->types[i]);
  for (size_t i = 0; fits && i < letters->result_count; i++)
    fits = letters->results[i] == letter_of(type->types[type->param_count + i]);
  if (fits) return NULL;
  wh_text_t text = {.alloc = guest->alloc};
  wh_print_functype(&text, type);
  return wrong_signature(&text, name, signature);
}

static wherry_error_t *call_core(wherry_guest_t *guest, uint64_t reference,
                                 const letters_t *letters, va_list args) {
  size_t count =
      letters->param_count > letters->result_count ? letters->param_count : letters->result_count;
  uint64_t few[FEW] = {0}, *slots = few;
  if (count > FEW) {
    slots = wh_alloc_array(guest->alloc, count, sizeof *slots);
    if (!slots) return wh_error_oom();
  }
  for (size_t i = 0; i < letters->param_count; i++) {
    wherry_slot_t slot = {.u64 = 0};
    switch (letters->params[i]) {
    case 'i': slot.i32 = va_arg(args, int32_t); break;
    case 'l': slot.i64 = va_arg(args, int64_t); break;
    case 'f': slot.f32 = (float)va_arg(args, double); break;
    default: slot.f64 = va_arg(args, double); break;
    }
    slots[i] = slot.u64;
  }
  wherry_error_t *error = wh_call(guest->store, reference, slots);
  for (size_t i = 0; i < letters->result_count && !error; i++) {
    wherry_slot_t slot = {.u64 = slots[i]};
    switch (letters->results[i]) {
    case 'i': *va_arg(args, int32_t *) = slot.i32; break;
    case 'l': *va_arg(args, int64_t *) = slot.i64; break;
    case 'f': *va_arg(args, float *) = slot.f32; break;
    default: *va_arg(args, double *) = slot.f64; break;
    }
  }
  if (slots != few) wh_free(guest->alloc, slots, count * sizeof *slots);
  return error;
}

static wherry_error_t *check_wit_letters(wherry_guest_t *guest, const char *name,
                                         const char *signature, const letters_t *letters,
                                         const wherry_witfunc_t *func) {
  bool fits = letters->param_count == func->params->field_count &&
              letters->result_count == (func->result != NULL);
  for (size_t i = 0; fits && i < letters->param_count; i++)
    fits = letters->params[i] == letter_of_wit(func->params->fields[i].type);
  if (fits && func->result) fits = letters->results[0] == letter_of_wit(func->result);
  if (fits) return NULL;
  wh_text_t text = {.alloc = guest->alloc};
  wh_witfunc_print(func, &text);
  return wrong_signature(&text, name, signature);
}

/* An i that was passed for a type: u32 and char by their bits, the others by their value. */
static void from_int(wherry_val_t *value, wherry_type_kind_t kind, int32_t number) {
  switch (kind) {
  case WHERRY_TYPE_BOOL: value->of.boolean = number != 0; break;
  case WHERRY_TYPE_CHAR: value->of.character = (uint32_t)number; break;
  case WHERRY_TYPE_U32: value->of.u = (uint32_t)number; break;
  default: value->of.s = number; break;
  }
}

static void from_argument(wherry_val_t *value, const wherry_type_t *type, char letter,
                          va_list *args) {
  memset(value, 0, sizeof *value);
  value->kind = type->kind;
  switch (letter) {
  case 'i':
    from_int(value, type->kind, va_arg(*args, int32_t));
    /* so that a negative number is out of the range of a u8, not a large one */
    if (type->kind == WHERRY_TYPE_U8 || type->kind == WHERRY_TYPE_U16)
      value->kind = WHERRY_TYPE_S32;
    break;
  case 'l': value->of.s = va_arg(*args, int64_t); break;
  case 'f': value->of.f32 = (float)va_arg(*args, double); break;
  case 'd': value->of.f64 = va_arg(*args, double); break;
  case 's':
    value->of.string.data = va_arg(*args, const char *);
    value->of.string.size = value->of.string.data ? strlen(value->of.string.data) : 0;
    break;
  default:
    value->packed = true;
    value->of.numbers.data = va_arg(*args, const void *);
    value->of.numbers.count = va_arg(*args, size_t);
    break;
  }
}

/* What a call with letters returned; bytes stay with the guest. */
static void to_result(wherry_guest_t *guest, wherry_val_t *value, char letter, void *to) {
  wherry_bytes_t bytes = {NULL, 0};
  switch (letter) {
  case 'i':
    *(int32_t *)to = value->kind == WHERRY_TYPE_BOOL   ? value->of.boolean
                     : value->kind == WHERRY_TYPE_CHAR ? (int32_t)value->of.character
                                                       : (int32_t)value->of.s;
    return;
  case 'l': *(int64_t *)to = value->of.s; return;
  case 'f': *(float *)to = value->of.f32; return;
  case 'd': *(double *)to = value->of.f64; return;
  case 's':
    bytes.data = (const uint8_t *)value->of.string.data;
    bytes.size = value->of.string.size;
    break;
  default:
    bytes.data = value->of.numbers.data;
    bytes.size = value->of.numbers.count;
    break;
  }
  wherry_val_clear(&guest->last);
  guest->last = *value;
  *(wherry_bytes_t *)to = bytes;
}

static wherry_error_t *call_wit(wherry_guest_t *guest, const wherry_witfunc_t *func,
                                const letters_t *letters, va_list *args) {
  wherry_val_t few[FEW], *values = few, result;
  if (letters->param_count > FEW) {
    values = wh_alloc_array(guest->alloc, letters->param_count, sizeof *values);
    if (!values) return wh_error_oom();
  }
  for (size_t i = 0; i < letters->param_count; i++)
    from_argument(&values[i], func->params->fields[i].type, letters->params[i], args);
  wherry_error_t *error = wherry_guest_call(guest, func, values, letters->param_count, &result);
  if (values != few) wh_free(guest->alloc, values, letters->param_count * sizeof *values);
  if (!error && func->result) to_result(guest, &result, letters->results[0], va_arg(*args, void *));
  return error;
}

wherry_error_t *wherry_call(wherry_guest_t *guest, const char *name, const char *signature, ...) {
  const wherry_witfunc_t *func;
  wherry_extern_t item;
  letters_t letters;
  va_list args;
  if (!parse_letters(signature, &letters))
    return wh_error_new(guest->alloc, WHERRY_ERROR_TYPE,
                        "\"%s\" is no signature: letters of \"ilfdsb\", \":\", letters of the same",
                        signature);
  wherry_error_t *error = wh_store_check(guest->store);
  if (error) return error;
  error = find_witfunc(guest, name, &func);
  bool is_core = !func && wh_instance_lookup(guest->instance, name, strlen(name), &item) &&
                 item.kind == WHERRY_EXTERN_FUNC;
  if (error && is_core) { /* a world that cannot be read does not stand in the way */
    wherry_error_release(error);
    error = NULL;
  }
  if (error) return error;
  va_start(args, signature);
  guest->busy++;
  if (func) {
    error = check_wit_letters(guest, name, signature, &letters, func);
    if (!error) error = call_wit(guest, func, &letters, &args);
  } else if (is_core) {
    const wherry_functype_t *type;
    uint64_t reference;
    error = wh_find_func(guest->store, item.of.func, &reference, &type);
    if (!error) error = check_core_letters(guest, name, signature, &letters, type);
    if (!error) error = call_core(guest, reference, &letters, args);
  } else {
    error = not_found(guest, name, false);
  }
  va_end(args);
  call_ended(guest);
  return error;
}
