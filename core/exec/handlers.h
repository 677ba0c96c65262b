/* The machine without its handlers: its state, how one handler hands over to the next, and every operation
   as a function to be inlined into them. Included by dispatch.c, which has a handler for each
   operation, and by the files that have others. */
#ifndef WH_EXEC_HANDLERS_H
#define WH_EXEC_HANDLERS_H

#include "num/num.h"
#include "num/simd.h"
#include "exec_state.h"
#include "atomic.h"
#include "counts.h"
#include "dispatch.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

typedef struct state {
  const wh_word_t *ip;
  uint64_t *fp;
  uint8_t *memory;
  wh_context_t *context;
  uint64_t acc;
  double dacc;
  float facc;
  double dold;
  float fold;
  bool looped;    /* known when compiled: the operation is part of a loop within a handler */
  int64_t budget; /* in such loops: the context's, which is not written in each round */
} state_t;

#ifndef WHERRY_DISPATCH_LOOP

#if defined(__clang__) && __has_attribute(musttail) && __has_attribute(preserve_none)
#define CALLING __attribute__((preserve_none))
#define TAIL __attribute__((musttail))
#else
#define CALLING
#define TAIL
#endif

/* The state in registers; as state_t it never comes to be in memory. Five integer arguments: with a sixth,
   gcc spills. Floats have registers of their own. */
#define PARAMETERS                                                                         \
  const wh_word_t *ip, uint64_t *fp, uint8_t *memory, wh_context_t *context, uint64_t acc, \
      double dacc, float facc, double dold, float fold
typedef CALLING int handler_t(PARAMETERS);
#define STATE {ip, fp, memory, context, acc, dacc, facc, dold, fold, false, 0}
#define GO_ON_WITH(handler)                                                                     \
  TAIL return (handler)(state.ip, state.fp, state.memory, state.context, state.acc, state.dacc, \
                        state.facc, state.dold, state.fold)

static inline handler_t *handler_at(const wh_word_t *ip) {
  handler_t *handler = READ(handler_t *, ip);
  if (!handler) WH_UNREACHABLE(); /* so that the branch on it is not made */
  return handler;
}
#define DISPATCH() GO_ON_WITH(handler_at(state.ip))

/* A handler: an operation, then on to the next. words: what ip has to move when the operation is done. */
#define HANDLER(function, body, words) \
  CALLING int function(PARAMETERS) {   \
    state_t state = STATE;             \
    handler_t *handler = body(&state); \
    if (handler) GO_ON_WITH(handler);  \
    state.ip += (words);               \
    DISPATCH();                        \
  }

#define GONE() handler_at(state->ip)
#define QUICK(name) return wh_exec_quick_##name
CALLING int wh_exec_quick_memory_fill(PARAMETERS);
CALLING int wh_exec_quick_memory_copy(PARAMETERS);

#else

/* A handler returns CONTINUE, or how the run ends. */
#define CALLING
#define PARAMETERS state_t *state
typedef int handler_t(PARAMETERS);

#define HANDLER(function, body, words)                                 \
  int function(PARAMETERS) {                                           \
    handler_t *handler = body(state);                                  \
    if (handler) return handler == JUMPED ? CONTINUE : handler(state); \
    state->ip += (words);                                              \
    return CONTINUE;                                                   \
  }

#define GONE() JUMPED
#define QUICK(name) SLOW(name)

#endif

/* Where handlers hand over to: wh_exec_<name>, with the state in the context. */
#define DECLARE_SLOW(name) CALLING int wh_exec_slow_##name(PARAMETERS);
WH_EXEC_SLOW(DECLARE_SLOW)
#undef DECLARE_SLOW

/* An operation is a function that is inlined wherever it is wanted: alone, or behind others in a handler
   that does them all (code/fused.def). It returns the handler that goes on, or JUMPED: the one at ip does;
   NULL: the operation behind it does, and ip is still its own. */
#define S(name) (state->name)
#define NEXT() return state->looped ? JUMPED : GONE()
#define JUMPED ((handler_t *)(uintptr_t)1)
#define SLOW(name) return wh_exec_slow_##name
/* Not by a pointer to one of the two: gcc would put the state in memory. */
#define BUDGET (state->looped ? state->budget : state->context->budget)
#define SET_BUDGET(left)               \
  do {                                 \
    if (state->looped)                 \
      state->budget = (left);          \
    else                               \
      state->context->budget = (left); \
  } while (0)
/* In such loops latency counts: a load by base and index waits 7 cycles for the store before it, one by a
   register alone none (Golden Cove). Elsewhere the addition costs more than that. */
#define SLOT_AT(n)                                 \
  ({                                               \
    uint64_t *slot_at_ = S(fp) + (int32_t)WORD(n); \
    if (S(looped)) OPAQUE(slot_at_);               \
    slot_at_;                                      \
  })
#define BODY static inline __attribute__((always_inline)) handler_t *

#define OP(name, operands, ...)                         \
  enum { SIZE_##name = WH_HANDLER_WORDS + (operands) }; \
  BODY op_body_##name(state_t *state) {                 \
    __VA_ARGS__                                         \
    return NULL;                                        \
  }
#include "code/all.def"
#undef OP

/* Handlers of fused operations. */
#define FUSE(first, second) CALLING int wh_exec_op_##first##__##second(PARAMETERS);
#define FUSE_LOOP FUSE
#include "code/fused.def"
#undef FUSE_LOOP
#undef FUSE

#endif
