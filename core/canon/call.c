/* Lifted functions: finding what one needs in an instance, and calling it (canon lift of the
   Canonical ABI, for guests that wit-bindgen made core modules of, in their legacy naming). */
#include "canon/canon.h"

#include "canon_walk.h"

/* ---- the module's world ---- */

static void free_world(wh_alloc_t *alloc, void *world) {
  (void)alloc; /* the world knows it */
  wh_world_free(world);
}

wherry_error_t *wh_module_world(wherry_module_t *module, const wherry_world_t **out) {
  wherry_world_t *world = atomic_load_explicit(&module->world, memory_order_acquire);
  wherry_error_t *error = NULL;
  if (!world) {
    wh_mutex_lock(&module->compile_lock);
    world = atomic_load_explicit(&module->world, memory_order_relaxed);
    if (!world) error = wh_world_read(&module->engine->alloc, module->model, &world);
    if (!error && world) {
      module->world_free = free_world;
      atomic_store_explicit(&module->world, (void *)world, memory_order_release);
    }
    wh_mutex_unlock(&module->compile_lock);
  }
  *out = error ? NULL : world;
  return error;
}

wherry_error_t *wh_module_set_world(wherry_module_t *module, wherry_world_t *world) {
  wh_mutex_lock(&module->compile_lock);
  bool taken = atomic_load_explicit(&module->world, memory_order_relaxed) != NULL;
  if (!taken) {
    module->world_free = free_world;
    atomic_store_explicit(&module->world, (void *)world, memory_order_release);
  }
  wh_mutex_unlock(&module->compile_lock);
  if (!taken) return NULL;
  wh_world_free(world);
  return wh_error_new(
      &module->engine->alloc, WHERRY_ERROR_STATE,
      "the module's WIT has been asked for already, so that it cannot be given now");
}

/* ---- making ---- */

static void free_lifted(void *data) {
  wherry_lifted_t *lifted = data;
  wh_vec_free(lifted->alloc, &lifted->active);
  wh_vec_free(lifted->alloc, &lifted->held);
  WH_DELETE(lifted->alloc, lifted);
}

/* What a message says for the type that a WIT function is lifted from. */
typedef struct wanted {
  wherry_valtype_t types[WH_MAX_FLAT_PARAMS + WH_MAX_FLAT_RESULTS];
  wherry_functype_t type;
} wanted_t;

static void want(wanted_t *wanted, unsigned param_count, unsigned result_count) {
  wanted->type.types = wanted->types;
  wanted->type.param_count = param_count;
  wanted->type.result_count = result_count;
}

/* flatten_functype, for lift. */
static void want_core(wanted_t *wanted, const wherry_witfunc_t *func) {
  unsigned params = 0, results = 0;
  if (func->params->flat_count > WH_MAX_FLAT_PARAMS)
    wanted->types[params++] = WHERRY_I32;
  else
    for (; params < func->params->flat_count; params++)
      wanted->types[params] = func->params->flat[params];
  if (func->result) {
    bool spills = func->result->flat_count > WH_MAX_FLAT_RESULTS;
    wanted->types[params + results++] = spills ? WHERRY_I32 : func->result->flat[0];
  }
  want(wanted, params, results);
}

/* Finds an exported function; what is wrong with it goes to problems. *reference: 0 if it is missing
   and need not be there. */
static wherry_error_t *find_function(wh_instance_t *instance, const char *name, bool needed,
                                     const wherry_functype_t *type, wh_text_t *problems,
                                     wherry_func_t *func, uint64_t *reference) {
  wherry_extern_t found;
  const wherry_functype_t *found_type;
  *reference = 0;
  if (!wh_instance_lookup(instance, name, strlen(name), &found)) {
    if (needed) {
      wh_text_printf(problems, "\n  missing export \"%s\": ", name);
      wh_print_functype(problems, type);
    }
    return NULL;
  }
  if (found.kind != WHERRY_EXTERN_FUNC) {
    wh_text_printf(problems, "\n  export \"%s\" is a %s, wanted: ", name,
                   wherry_extern_kind_name(found.kind));
    wh_print_functype(problems, type);
    return NULL;
  }
  wherry_error_t *error = wh_find_func(instance->store, found.of.func, reference, &found_type);
  if (error) return error;
  if (func) *func = found.of.func;
  if (!wh_functype_equal(found_type, type)) {
    wh_text_printf(problems, "\n  export \"%s\" is ", name);
    wh_print_functype(problems, found_type);
    wh_text_printf(problems, ", wanted: ");
    wh_print_functype(problems, type);
  }
  return NULL;
}

static wherry_error_t *find_memory(wh_instance_t *instance, wh_text_t *problems,
                                   wh_memory_t **out) {
  wherry_extern_t found;
  if (!wh_instance_lookup(instance, "memory", 6, &found) || found.kind != WHERRY_EXTERN_MEMORY) {
    wh_text_printf(problems, "\n  missing export \"memory\": memory");
    return NULL;
  }
  wherry_error_t *error = wh_find_memory(instance->store, found.of.memory, out);
  /* The Canonical ABI is not defined for bytes that change while they are read. */
  if (!error && (*out)->shared)
    wh_text_printf(problems, "\n  export \"memory\" is shared, wanted: a memory that is not");
  return error;
}

/* What this version of wherry cannot lift is told by name. */
static wherry_error_t *check_taken(wh_alloc_t *alloc, const wherry_witfunc_t *func) {
  const wherry_type_t *params = func->params;
  const wherry_type_t *bad = func->params->not_taken;
  wh_text_t text = {.alloc = alloc};
  if (!bad && func->result) bad = func->result->not_taken;
  if (bad) {
    for (uint32_t i = 0; i < params->field_count && params->not_taken; i++)
      if (params->fields[i].type->not_taken) {
        wh_text_printf(&text, "parameter %u (%s)", i + 1, params->fields[i].name);
        bad = params->fields[i].type->not_taken;
        break;
      }
    wh_text_printf(&text, "%s uses the type ", text.size ? "" : "the result");
    wh_type_describe(bad, &text);
  } else if (func->is_async) {
    wh_text_printf(&text, "it is an async function");
  } else if (func->string_encoding != WH_STRING_UTF8) {
    wh_text_printf(&text, "its strings are not encoded as UTF-8");
  } else {
    return NULL;
  }
  wherry_error_t *error =
      text.failed ? wh_error_oom()
                  : wh_error_new(alloc, WHERRY_ERROR_UNLINKABLE,
                                 "%s() cannot be called: %s, which wherry does not take yet",
                                 func->name, text.data);
  wh_text_free(&text);
  return error;
}

static wherry_error_t *find_parts(wherry_lifted_t *lifted, wh_instance_t *instance,
                                  wh_text_t *problems) {
  const wherry_witfunc_t *func = lifted->func;
  wanted_t wanted = {{0}, {0}};
  bool lowers = lifted->params_spill || func->params->uses_memory;
  bool lifts = lifted->result_spills || (func->result && func->result->uses_memory);
  want_core(&wanted, func);
  unsigned params = wanted.type.param_count, results = wanted.type.result_count;
  wherry_error_t *error = find_function(instance, func->core_name, true, &wanted.type, problems,
                                        &lifted->core_func, &lifted->core);
  if (error) return error;
  wanted.types[0] = wanted.types[params]; /* post-return takes the results */
  want(&wanted, results, 0);
  error = find_function(instance, func->post_name, false, &wanted.type, problems, NULL,
                        &lifted->post_return);
  if (error) return error;
  if (lowers) {
    for (unsigned i = 0; i < 5; i++) wanted.types[i] = WHERRY_I32;
    want(&wanted, 4, 1);
    error = find_function(instance, "cabi_realloc", true, &wanted.type, problems, NULL,
                          &lifted->realloc);
    if (error) return error;
  }
  return lowers || lifts ? find_memory(instance, problems, &lifted->memory) : NULL;
}

wherry_error_t *wh_lifted_make(wh_instance_t *instance, const wherry_witfunc_t *func,
                               wherry_lifted_t **out) {
  wherry_store_t *store = instance->store;
  wh_alloc_t *alloc = store->alloc;
  wh_text_t problems = {.alloc = alloc};
  wherry_error_t *error = check_taken(alloc, func);
  if (error) return error;
  wherry_lifted_t *lifted = WH_NEW(alloc, wherry_lifted_t);
  if (!lifted) return wh_error_oom();
  lifted->store = store;
  lifted->alloc = alloc;
  lifted->func = func;
  lifted->params_spill = func->params->flat_count > WH_MAX_FLAT_PARAMS;
  lifted->result_spills = func->result && func->result->flat_count > WH_MAX_FLAT_RESULTS;
  error = find_parts(lifted, instance, &problems);
  if (!error && problems.failed) error = wh_error_oom();
  if (!error && problems.size)
    error = wh_error_new(alloc, WHERRY_ERROR_UNLINKABLE,
                         "%s() cannot be called, the module does not export what its WIT says:%s",
                         func->name, problems.data);
  if (error) goto fail;
  /* Room for the first calls, so that small ones allocate nothing. */
  if (!wh_vec_reserve(alloc, &lifted->active, 4) || !wh_vec_reserve(alloc, &lifted->held, 16)) {
    error = wh_error_oom();
    goto fail;
  }
  error = wh_initialize(instance);
  if (error) goto fail;
  if (!wh_store_hold(store, lifted, free_lifted)) {
    error = wh_error_oom();
    goto fail;
  }
  wh_text_free(&problems);
  *out = lifted;
  return NULL;
fail:
  wh_text_free(&problems);
  free_lifted(lifted);
  return error;
}

const wherry_witfunc_t *wh_lifted_func(const wherry_lifted_t *lifted) { return lifted->func; }
wherry_func_t wh_lifted_core(const wherry_lifted_t *lifted) { return lifted->core_func; }

/* ---- calling ---- */

/* Ends the innermost call: gives back what it holds. The store may be gone afterwards. */
static void end_call(wherry_lifted_t *lifted) {
  wh_active_t *active = &lifted->active.items[lifted->active.count - 1];
  wherry_store_t *store = lifted->store;
  if (WH_UNLIKELY(lifted->held.count > active->held)) wh_walk_release(lifted, active, active->held);
  lifted->active.count--;
  wh_store_unpin(store);
}

void wh_lifted_abandon(wherry_lifted_t *lifted) {
  if (lifted->active.count) end_call(lifted);
}

WH_COLD static wherry_error_t *wrong_count(wherry_lifted_t *lifted, size_t given) {
  uint32_t wanted = lifted->func->params->field_count;
  wh_text_t text = {.alloc = lifted->alloc};
  wh_witfunc_print(lifted->func, &text);
  wherry_error_t *error =
      text.failed ? wh_error_oom()
                  : wh_error_new(lifted->alloc, WHERRY_ERROR_TYPE,
                                 "%s(): expected %u argument%s, got %zu: %s", lifted->func->name,
                                 wanted, wanted == 1 ? "" : "s", given, text.data);
  wh_text_free(&text);
  return error;
}

wherry_error_t *wh_lifted_lower(wherry_lifted_t *lifted, const wherry_host_values_t *host,
                                void *context, const wherry_host_value_t *args, size_t arg_count,
                                uint64_t *slots) {
  wherry_error_t *error = wh_store_check(lifted->store);
  if (WH_UNLIKELY(error != NULL)) return error;
  if (WH_UNLIKELY(arg_count != lifted->func->params->field_count))
    return wrong_count(lifted, arg_count);
  wh_active_t active = {host, context, lifted->held.count};
  if (!wh_vec_push(lifted->alloc, &lifted->active, active)) return wh_error_oom();
  wh_store_pin(lifted->store);
  wh_walk_t walk = {.lifted = lifted, .host = host, .context = context, .slots = slots};
  error = wh_lower_params(&walk, args);
  if (WH_UNLIKELY(error != NULL)) end_call(lifted);
  return error;
}

wherry_error_t *wh_lifted_lift(wherry_lifted_t *lifted, const wherry_host_values_t *host,
                               void *context, uint64_t *slots, wherry_host_value_t *result) {
  wh_walk_t walk = {
      .lifted = lifted, .host = host, .context = context, .slots = slots, .lifting = true};
  uint64_t returned[4] = {slots[0]}; /* post-return's arguments */
  wherry_error_t *error = NULL;
  if (WH_UNLIKELY(!lifted->active.count))
    return wh_error_new(lifted->alloc, WHERRY_ERROR_STATE, "%s(): there is nothing to lift",
                        lifted->func->name);
  wherry_host_value_t value = 0;
  if (lifted->func->result) error = wh_lift_result(&walk, &value);
  if (WH_UNLIKELY(error != NULL)) { /* end what the walk left */
    const wh_active_t *active = &lifted->active.items[lifted->active.count - 1];
    wh_walk_release(lifted, active, active->held);
  }
  /* A guest that broke the rules is not asked to clean up; one whose host failed is. */
  if (lifted->post_return && !lifted->store->closed &&
      (!error || error->kind != WHERRY_ERROR_TRAP)) {
    wherry_error_t *late = wh_call_quiet(lifted->store, lifted->post_return, returned);
    if (WH_UNLIKELY(late != NULL)) {
      if (error) {
        wherry_error_release(late);
      } else {
        error = late;
        if (lifted->func->result) host->drop(context, value);
      }
    }
  }
  end_call(lifted);
  *result = error ? 0 : value;
  return error;
}

wherry_error_t *wh_lifted_call(wherry_lifted_t *lifted, const wherry_host_values_t *host,
                               void *context, const wherry_host_value_t *args, size_t arg_count,
                               wherry_host_value_t *result) {
  uint64_t slots[WHERRY_LIFTED_SLOTS];
  wherry_error_t *error = wh_lifted_lower(lifted, host, context, args, arg_count, slots);
  if (WH_UNLIKELY(error != NULL)) return error;
  error = wh_call(lifted->store, lifted->core, slots);
  if (WH_UNLIKELY(error != NULL)) {
    end_call(lifted);
    return error;
  }
  return wh_lifted_lift(lifted, host, context, slots, result);
}
