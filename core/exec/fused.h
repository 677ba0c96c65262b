/* Handlers that do several operations: those of the rows in ROWS, a file of code/fused.def. They are in
   several files only because compiling them takes a while. */
#include "handlers.h"

/* The next operation's size is what ip has to move in the end. */
#define FUSE(first, second) FUSED(first##__##second, first, second)
#define FUSED(name, first, second)               \
  enum { SIZE_##name = SIZE_##second };          \
  BODY op_body_##name(state_t *state) {          \
    handler_t *handler = op_body_##first(state); \
    if (handler) return handler;                 \
    state->ip += SIZE_##first;                   \
    return op_body_##second(state);              \
  }                                              \
  HANDLER(wh_exec_op_##name, op_body_##name, SIZE_##name)
/* A loop that is all one handler goes round in it. The place to go on is known then, so that no round
   waits for the one before to have read where it goes. */
#define FUSE_LOOP(first, second) LOOPED(first##__##second, first, second)
#define LOOPED(name, first, second)                            \
  enum { SIZE_##name = SIZE_##second };                        \
  BODY op_body_##name(state_t *state) {                        \
    handler_t *handler;                                        \
    const wh_word_t *start = state->ip;                        \
    state->looped = true;                                      \
    state->budget = state->context->budget;                    \
    do {                                                       \
      const wh_word_t *round = start;                          \
      OPAQUE(round);                                           \
      state->ip = round;                                       \
      handler = op_body_##first(state);                        \
      if (handler) break;                                      \
      state->ip += SIZE_##first;                               \
      handler = op_body_##second(state);                       \
    } while (handler == JUMPED && state->ip == start);         \
    if (state->looped) state->context->budget = state->budget; \
    state->looped = false;                                     \
    return handler == JUMPED ? GONE() : handler;               \
  }                                                            \
  HANDLER(wh_exec_op_##name, op_body_##name, SIZE_##name)
#include ROWS
#undef FUSE
#undef FUSE_LOOP
