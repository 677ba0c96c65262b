/* Beginning and ending runs: entry, errors and their stacks, the budget. */
#include "exec_state.h"

#include "compile/compile.h"
#include "exec_call.h"

void wh_exec_select(wh_context_t *context, wh_instance_t *instance) {
  bool has_memory = instance && instance->module->model->memories.count;
  wh_memory_t *memory = has_memory ? instance->memories[0] : NULL;
  context->memory = memory ? memory->base : NULL;
  context->memory_size = memory ? wh_memory_size(memory) : 0;
  context->instance = instance;
  if (!instance) return;
  context->globals = instance->globals;
  context->entries = instance->entries;
  context->type_ids = instance->module->type_ids;
  context->tables = instance->tables;
  context->instance_id = instance->id;
}

const wh_code_t *wh_exec_code(wh_context_t *context, wh_instance_t *instance, uint32_t function) {
  wherry_module_t *module = instance->module;
  wh_code_t *code = atomic_load_explicit(&module->entries[function], memory_order_acquire);
  if (WH_LIKELY(code)) return code;
  wherry_error_t *error = NULL;
  wh_mutex_lock(&module->compile_lock);
  code = atomic_load_explicit(&module->entries[function], memory_order_relaxed);
  if (!code) {
    wherry_engine_t *engine = module->engine;
    error = wh_compile(&engine->alloc, module->model, module->rtypes, function, &engine->handlers,
                       &engine->fuses, engine->deterministic, &code);
    if (!error && code->guard_count && !wh_module_add_guarded(module, code)) {
      wh_free(&engine->alloc, code, code->size);
      error = wh_error_oom();
    }
    if (!error) {
      if (code->frame_slots > atomic_load_explicit(&module->largest_frame, memory_order_relaxed))
        atomic_store_explicit(&module->largest_frame, code->frame_slots, memory_order_relaxed);
      atomic_store_explicit(&module->entries[function], code, memory_order_release);
      atomic_fetch_add_explicit(&module->compiled_count, 1, memory_order_relaxed);
    }
  }
  wh_mutex_unlock(&module->compile_lock);
  if (error) wh_exec_fail(context, error);
  return error ? NULL : code;
}

/* At the entry of a run, which may be all of it: a function without calls and loops comes to no other
   charge. Nothing has run yet, so there is nothing to pause. */
static WH_COLD bool fill_budget(wh_context_t *context) {
  bool quiet = context->quiet;
  context->quiet = quiet || context->pausable;
  context->wanted = 0;
  int outcome = wh_exec_tick(context);
  context->quiet = quiet;
  return outcome == CONTINUE;
}

bool wh_exec_enter(wh_context_t *context, uint64_t reference, uint64_t *slots) {
  wh_instance_t *instance = wh_reference_instance(context->store, reference);
  if (context->instance != instance) wh_exec_select(context, instance);
  uint32_t function = (uint32_t)reference;
  context->ip = wh_exec_exit_code();
  context->fp = NULL; /* should it fail: there are no frames */
  const wh_code_t *code = atomic_load_explicit(&context->entries[function], memory_order_acquire);
  if (WH_UNLIKELY(!code) && !(code = wh_exec_code(context, instance, function))) return false;
  uint64_t *frame = slots + code->params;
  context->stack_end = context->stack->end;
  if (WH_UNLIKELY(frame + code->frame_slots > context->stack_end)) {
    wh_exec_fail_trap(context, WHERRY_TRAP_STACK_OVERFLOW);
    return false;
  }
  context->budget -= code->cost;
  frame[0] = (uint64_t)(uintptr_t)wh_exec_exit_code();
  frame[1] = 0;
  context->ip = code->words;
  context->fp = frame;
  context->acc = 0;
  return WH_LIKELY(context->budget >= 0) || fill_budget(context);
}

int wh_exec_exit(wh_context_t *context) {
  (void)context;
  return WH_EXEC_DONE;
}

/* ---- errors ---- */

int wh_exec_fail(wh_context_t *context, wherry_error_t *error) {
  wh_exec_backtrace(context, error);
  WH_ASSERT(!context->error);
  context->error = error;
  return WH_EXEC_ERROR;
}

int wh_exec_fail_trap(wh_context_t *context, wherry_trap_code_t code) {
  return wh_exec_fail(context, wh_error_trap(&context->store->engine->alloc, code, NULL));
}

int wh_exec_trap(wh_context_t *context) { return wh_exec_fail_trap(context, context->trap); }

int wh_exec_unreachable(wh_context_t *context) {
  return wh_exec_fail_trap(context, WHERRY_TRAP_UNREACHABLE);
}

int wh_exec_stack_overflow(wh_context_t *context) {
  return wh_exec_fail_trap(context, WHERRY_TRAP_STACK_OVERFLOW);
}

/* The function of an instance that a place in code belongs to. Walks all functions: for errors. */
static const wh_code_t *find_code(const wh_instance_t *instance, const wh_word_t *ip) {
  const wherry_module_t *module = instance->module;
  for (size_t i = 0; i < module->model->functions.count; i++) {
    const wh_code_t *code = atomic_load_explicit(&module->entries[i], memory_order_acquire);
    if (code && ip >= code->words && ip < code->words + code->word_count) return code;
  }
  return NULL;
}

static bool add_frame(wherry_error_t *error, const wh_instance_t *instance, const wh_word_t *ip) {
  const wh_code_t *code = find_code(instance, ip);
  if (!code) return true; /* a stub */
  const wh_model_t *model = instance->module->model;
  wherry_bytes_t name = wh_model_function_name(model, code->function);
  return wh_error_add_frame(error, (const char *)name.data, name.size,
                            (const char *)model->name.data, model->name.size, code->function,
                            wh_code_offset(code, (uint32_t)(ip - code->words)));
}

/* Of a long stack the first and the last frames are kept. */
enum { KEPT_FRAMES = 32 };

void wh_exec_backtrace(wh_context_t *context, wherry_error_t *error) {
  if (error->kind == WHERRY_ERROR_OOM || error->has_frames || !context->fp) return;
  error->has_frames = true;
  /* Twice down the stack: to count the frames, and to add those that are kept. */
  uint64_t count = 0;
  for (int adding = 0; adding < 2; adding++) {
    wh_place_t place = {context->instance, context->ip, context->fp};
    uint64_t index = 0;
    for (; place.fp; wh_place_caller(&place)) {
      bool kept = index < KEPT_FRAMES || index + KEPT_FRAMES >= count;
      if (adding && kept && !add_frame(error, place.instance, place.ip)) return;
      index++;
    }
    count = index;
    if (!adding && count > 2 * KEPT_FRAMES) {
      error->frames_omitted = count - 2 * KEPT_FRAMES;
      error->omitted_before = KEPT_FRAMES;
    }
  }
}

/* ---- the budget ---- */

void wh_exec_keep_frame(wh_context_t *context) {
  const wherry_module_t *module = context->instance->module;
  uint64_t *last = context->stack->end + WH_STACK_SPARE;
  size_t slots = atomic_load_explicit(&module->largest_frame, memory_order_relaxed);
  context->stack->top = (size_t)(last - context->fp) > slots ? context->fp + slots : last;
}

int wh_exec_look(wh_context_t *context) {
  wherry_store_t *store = context->store;
  wh_alloc_t *alloc = &store->engine->alloc;
  if (atomic_exchange_explicit(&store->interrupted, false, memory_order_relaxed))
    return wh_exec_fail(context, wh_error_new(alloc, WHERRY_ERROR_INTERRUPTED,
                                              "the call was interrupted by its host"));
  if (store->deadline && wh_os_now() >= store->deadline)
    return wh_exec_fail(
        context, wh_error_limit(alloc, "deadline", "the call took longer than its time limit"));
  return CONTINUE;
}

/* The host's turn. */
static int let_host(wh_context_t *context) {
  wherry_store_t *store = context->store;
  if (context->quiet) return CONTINUE;
  if (context->pausable) return WH_EXEC_PAUSED;
  if (store->tick) {
    uint32_t depth = context->depth;
    size_t scope = store->scoped.count;
    context->depth = UINT32_MAX; /* no call goes deeper: the frames of this one are not put away */
    if (context->fp) wh_exec_keep_frame(context);
    wherry_error_t *error = store->tick(store, store->tick_data);
    context->depth = depth;
    wh_scope_end(store, scope);
    if (error) return wh_exec_fail(context, error);
  }
  return CONTINUE;
}

int wh_exec_tick(wh_context_t *context) {
  wherry_store_t *store = context->store;
  wh_alloc_t *alloc = &store->engine->alloc;
  int outcome = wh_exec_look(context);
  if (outcome != CONTINUE) return outcome;
  int64_t missing = context->wanted - context->budget;
  uint64_t needed = missing > 0 ? (uint64_t)missing : 0;
  uint64_t grant = store->engine->tick > needed ? store->engine->tick : needed;
  if (store->fuel != UINT64_MAX) {
    if (store->fuel < needed)
      return wh_exec_fail(context, wh_error_limit(alloc, "fuel", "the guest used up its fuel"));
    if (grant > store->fuel) grant = store->fuel;
    store->fuel -= grant;
  }
  context->budget += (int64_t)grant;
  context->wanted = 0;
  return let_host(context);
}

int wh_exec_idle_tick(wh_context_t *context) {
  int outcome = wh_exec_look(context);
  return outcome == CONTINUE ? let_host(context) : outcome;
}

int wh_exec_grown(wh_context_t *context) {
  const wh_instance_t *instance = context->instance;
  uint64_t size = wh_memory_size(instance->memories[0]);
  if ((uint64_t)context->wanted > size)
    return wh_exec_fail_trap(context, WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS);
  context->memory_size = size;
  return CONTINUE;
}

/* The same for any memory; of one that is not shared, the size seen was the true one. */
int wh_exec_grown_in(wh_context_t *context) {
  wh_memory_t *memory = context->instance->memories[operand(context, context->operand)];
  uint64_t seen = memory->size;
  if (wh_memory_size(memory) == seen)
    return wh_exec_fail_trap(context, WHERRY_TRAP_MEMORY_OUT_OF_BOUNDS);
  return CONTINUE;
}
