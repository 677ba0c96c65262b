/* Exceptions: throwing one walks the frames of the run to a function whose code guards the place. What
   no frame catches ends the run with an error, which carries it through the host to the run below. */
#include "exec_call.h"

/* What is thrown. */
typedef struct thrown {
  uint64_t tag;
  const uint64_t *values; /* slots */
  uint64_t exception;     /* a reference to it; 0: it has no object yet */
  wherry_error_t *error;  /* that brought it out of the host; NULL: thrown by the guest */
} thrown_t;

static const wh_guard_t *find_guard(const wh_instance_t *instance, const wh_code_t *code,
                                    uint32_t word, uint64_t tag) {
  const wh_guard_t *guards = wh_code_guards(code);
  for (uint32_t i = 0; i < code->guard_count;) {
    const wh_guard_t *guard = &guards[i];
    bool inside = word >= guard->start && word < guard->end;
    if (inside && guard->tag == WH_GUARD_DELEGATE) {
      i = guard->landing;
      continue;
    }
    if (inside && (guard->tag == WH_GUARD_ANY || instance->tags[guard->tag] == tag)) return guard;
    i++;
  }
  return NULL;
}

/* From a place outwards, which becomes that of the frame that catches. NULL: none does. */
static const wh_guard_t *find_catch(wh_place_t *place, uint64_t tag, const wh_code_t **code) {
  wherry_module_t *locked = NULL;
  const wh_guard_t *guard = NULL;
  for (; place->fp; wh_place_caller(place)) {
    wherry_module_t *module = place->instance->module;
    if (module != locked) {
      if (locked) wh_mutex_unlock(&locked->compile_lock);
      wh_mutex_lock(&module->compile_lock);
      locked = module;
    }
    *code = wh_module_find_guarded(module, place->ip);
    if (!*code) continue;
    guard = find_guard(place->instance, *code, (uint32_t)(place->ip - (*code)->words), tag);
    if (guard) break;
  }
  if (locked) wh_mutex_unlock(&locked->compile_lock);
  return guard;
}

/* The values may lie anywhere in the stack, above where they go to. */
static int land(wh_context_t *context, const wh_place_t *place, const wh_code_t *code,
                const wh_guard_t *guard, const thrown_t *thrown) {
  if (guard->tag != WH_GUARD_ANY) {
    uint32_t slots = wh_param_slots(wh_tag_functype(context->store, thrown->tag));
    memmove(place->fp + guard->payload, thrown->values, slots * sizeof *thrown->values);
  }
  if (guard->exception != WH_GUARD_NO_SLOT) place->fp[guard->exception] = thrown->exception;
  if (place->instance != context->instance) wh_exec_select(context, place->instance);
  context->fp = place->fp;
  context->ip = code->words + guard->landing;
  context->budget -= guard->cost;
  if (context->budget >= 0) return CONTINUE;
  context->wanted = 0;
  return wh_exec_tick(context);
}

static int unwind(wh_context_t *context, thrown_t *thrown) {
  wherry_store_t *store = context->store;
  wh_place_t place = {context->instance, context->ip, context->fp};
  const wh_code_t *code = NULL;
  const wh_guard_t *guard = find_catch(&place, thrown->tag, &code);
  if (!guard) {
    wherry_error_t *error = thrown->error;
    if (!error) error = wh_exception_error(store, thrown->tag, thrown->values);
    return wh_exec_fail(context, error);
  }
  wherry_error_release(thrown->error);
  wherry_error_t *failure = NULL;
  if (guard->exception != WH_GUARD_NO_SLOT && !thrown->exception) {
    /* Nothing above the values is needed any more. */
    size_t slots = wh_param_slots(wh_tag_functype(store, thrown->tag));
    context->stack->top = context->stack->slots + (thrown->values - context->stack->slots) + slots;
    failure = wh_exception_make(store, thrown->tag, thrown->values, &thrown->exception);
  }
  if (failure) return wh_exec_fail(context, failure);
  return land(context, &place, code, guard, thrown);
}

int wh_exec_throw(wh_context_t *context) {
  thrown_t thrown = {.tag = context->instance->tags[operand(context, 0)],
                     .values = operand_slot(context, 1)};
  return unwind(context, &thrown);
}

int wh_exec_throw_ref(wh_context_t *context) {
  uint64_t exception = *operand_slot(context, 0);
  if (!exception)
    return wh_exec_fail(context, wh_error_trap(context->store->alloc, WHERRY_TRAP_NULL_REFERENCE,
                                               "null exception reference"));
  thrown_t thrown = {.tag = wh_exception_tag(exception),
                     .values = wh_exception_values(exception),
                     .exception = exception};
  return unwind(context, &thrown);
}

int wh_exec_host_failed(wh_context_t *context, wherry_error_t *error, uint64_t *slots) {
  wherry_store_t *store = context->store;
  wherry_tag_t tag = error->tag;
  if (error->kind != WHERRY_ERROR_EXCEPTION || tag.store != store->id)
    return wh_exec_fail(context, error);
  wherry_error_t *failure = wh_exception_take(store, error, slots);
  if (failure) {
    wherry_error_release(error);
    return wh_exec_fail(context, failure);
  }
  thrown_t thrown = {.tag = tag.index, .values = slots, .error = error};
  return unwind(context, &thrown);
}

int wh_exec_host_failed_behind(wh_context_t *context, wherry_error_t *error, uint64_t *slots) {
  wh_place_t place = {context->instance, context->ip, context->fp};
  wh_place_behind(&place);
  if (place.instance != context->instance) wh_exec_select(context, place.instance);
  context->ip = place.ip;
  context->fp = place.fp;
  return wh_exec_host_failed(context, error, slots);
}
