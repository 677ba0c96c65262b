/* Handlers beside those of dispatch.c, which take their places where wh_exec_has_newer.

   On x86-64 this file is compiled for the processors since 2013 (CMakeLists.txt): the rows of
   code/newer.def are done with the instructions that these have. Elsewhere all are alike.
   And what relaxed instructions may do on processors that multiply and add in one step. */
#include "handlers.h"

#ifdef __AVX2__
#define OP(name, operands, ...) static HANDLER(newer_##name, op_body_##name, SIZE_##name)
#include "code/newer.def"
#undef OP
#endif

#ifdef WH_NUM_FUSES
#define OP(name, operands, ...)              \
  BODY relaxed_body_##name(state_t *state) { \
    __VA_ARGS__                              \
    return NULL;                             \
  }                                          \
  static HANDLER(relaxed_##name, relaxed_body_##name, SIZE_##name)
#include "code/rows.h"
#include "code/relaxed.def"
#include "code/rows_end.h"
#undef OP
#endif

typedef struct change {
  wh_code_op_t op;
  handler_t *handler;
} change_t;

static const change_t newer[] = {
#ifdef __AVX2__
#define OP(name, operands, ...) {WH_CODE_##name, newer_##name},
#include "code/newer.def"
#undef OP
#endif
    {WH_CODE_ALL, NULL}};

static const change_t relaxed[] = {
#ifdef WH_NUM_FUSES
#define OP(name, operands, ...) {WH_CODE_##name, relaxed_##name},
#include "code/rows.h"
#include "code/relaxed.def"
#include "code/rows_end.h"
#undef OP
#endif
    {WH_CODE_ALL, NULL}};

static void apply(const change_t *change, wh_handlers_t *handlers) {
  for (; change->handler; change++) handlers->of[change->op] = (uint64_t)(uintptr_t)change->handler;
}

void wh_exec_set_newer(wh_handlers_t *handlers, bool deterministic) {
  apply(newer, handlers);
  if (!deterministic) apply(relaxed, handlers);
}
