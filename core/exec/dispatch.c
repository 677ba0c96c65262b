/* The handlers: every operation of code's definitions, dispatched in one of two ways.

   Tail calls (the default): the machine's state is in a handler's arguments, and it ends in a call of the
   next in tail position. Anything that might need a frame is a cold function, also reached by a tail
   call, so that no handler saves a register: check the machine code.
   The loop (WHERRY_DISPATCH_LOOP): the state is in memory, and a loop calls handler by handler; for
   sanitizers, unoptimised builds and compilers without sibling calls. */
#include "handlers.h"

#ifndef WHERRY_DISPATCH_LOOP

#define DEFINE_SLOW(name)                               \
  CALLING WH_COLD int wh_exec_slow_##name(PARAMETERS) { \
    context->ip = ip;                                   \
    context->fp = fp;                                   \
    context->acc = acc;                                 \
    context->f64_acc = dacc;                            \
    context->f32_acc = facc;                            \
    context->f64_old = dold;                            \
    context->f32_old = fold;                            \
    int outcome = wh_exec_##name(context);              \
    if (outcome != CONTINUE) return outcome;            \
    state_t state = {context->ip,                       \
                     context->fp,                       \
                     context->memory,                   \
                     context,                           \
                     context->acc,                      \
                     context->f64_acc,                  \
                     context->f32_acc,                  \
                     context->f64_old,                  \
                     context->f32_old,                  \
                     false,                             \
                     0};                                \
    DISPATCH();                                         \
  }

/* Of memory 0, in one piece; what is more, and what is wrong, goes the slow way. */
CALLING __attribute__((noinline)) int wh_exec_quick_memory_fill(PARAMETERS) {
  state_t state = STATE;
  const uint64_t *slots = fp + (int32_t)ip[OPERANDS];
  uint64_t to = (uint32_t)slots[0], count = (uint32_t)slots[2];
  if (WH_UNLIKELY(to + count > context->memory_size || count > WH_EXEC_PIECE))
    GO_ON_WITH(wh_exec_slow_memory_fill);
  memset(memory + to, (uint8_t)slots[1], count);
  state.ip += SIZE_MEMORY_FILL;
  DISPATCH();
}
CALLING __attribute__((noinline)) int wh_exec_quick_memory_copy(PARAMETERS) {
  state_t state = STATE;
  const uint64_t *slots = fp + (int32_t)ip[OPERANDS];
  uint64_t to = (uint32_t)slots[0], from = (uint32_t)slots[1], count = (uint32_t)slots[2];
  uint64_t later = to > from ? to : from;
  if (WH_UNLIKELY(later + count > context->memory_size || count > WH_EXEC_PIECE))
    GO_ON_WITH(wh_exec_slow_memory_copy);
  memmove(memory + to, memory + from, count);
  state.ip += SIZE_MEMORY_COPY;
  DISPATCH();
}

wh_exec_outcome_t wh_exec_run(wh_context_t *context) {
  handler_t *first = READ(handler_t *, context->ip);
  return (wh_exec_outcome_t)first(context->ip, context->fp, context->memory, context, context->acc,
                                  context->f64_acc, context->f32_acc, context->f64_old,
                                  context->f32_old);
}

#else

#define DEFINE_SLOW(name)                         \
  WH_COLD int wh_exec_slow_##name(PARAMETERS) {   \
    save(state);                                  \
    int outcome = wh_exec_##name(state->context); \
    restore(state);                               \
    return outcome;                               \
  }

static void save(const state_t *state) {
  wh_context_t *context = state->context;
  context->ip = state->ip;
  context->fp = state->fp;
  context->acc = state->acc;
  context->f64_acc = state->dacc;
  context->f32_acc = state->facc;
  context->f64_old = state->dold;
  context->f32_old = state->fold;
}

static void restore(state_t *state) {
  wh_context_t *context = state->context;
  *state = (state_t) {.ip = context->ip,
                      .fp = context->fp,
                      .memory = context->memory,
                      .context = context,
                      .acc = context->acc,
                      .dacc = context->f64_acc,
                      .facc = context->f32_acc,
                      .dold = context->f64_old,
                      .fold = context->f32_old};
}

wh_exec_outcome_t wh_exec_run(wh_context_t *context) {
  state_t state = {.context = context};
  restore(&state);
  int outcome;
  do {
    COUNT(state.ip);
    outcome = READ(handler_t *, state.ip)(&state);
  } while (outcome == CONTINUE);
  return (wh_exec_outcome_t)outcome;
}

#endif

WH_EXEC_SLOW(DEFINE_SLOW)

#define OP(name, operands, ...) static HANDLER(op_##name, op_body_##name, SIZE_##name)
#include "code/all.def"
#undef OP

/* The same size and place as an operation without operands. */
typedef struct stub {
  handler_t *handler;
} stub_t;
static const stub_t exit_stub = {op_EXIT}, cross_stub = {op_CROSS_RETURN};
static handler_t *const table[WH_CODE_ALL] = {
#define OP(name, operands, ...) [WH_CODE_##name] = op_##name,
#include "code/all.def"
#undef OP
#ifndef WHERRY_COUNTS /* which counts operations one by one */
#define FUSE(first, second) [WH_CODE_##first##__##second] = wh_exec_op_##first##__##second,
#define FUSE_LOOP FUSE
#include "code/fused.def"
#undef FUSE_LOOP
#undef FUSE
#endif
};

void wh_exec_set_handlers(wh_handlers_t *handlers, bool deterministic) {
  memcpy(handlers, table, sizeof table);
  if (wh_exec_has_newer()) wh_exec_set_newer(handlers, deterministic);
}
const wh_word_t *wh_exec_exit_code(void) { return (const wh_word_t *)(const void *)&exit_stub; }
const wh_word_t *wh_exec_cross_code(void) { return (const wh_word_t *)(const void *)&cross_stub; }
