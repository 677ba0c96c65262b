/* What exec's files give each other: functions that carry an operation out away from the handlers. They
   find the operation at context->ip, leave the next place there, and return CONTINUE, or how the
   run ends. Accumulators stay as they are unless a function says otherwise. */
#ifndef WH_EXEC_STATE_H
#define WH_EXEC_STATE_H

#include "exec/exec.h"

enum { CONTINUE = -1 };

/* One row a function that handlers hand over to. */
/* clang-format off */
#define WH_EXEC_SLOW(SLOW) \
  SLOW(tick) SLOW(grown) SLOW(grown_in) SLOW(trap) SLOW(unreachable) SLOW(stack_overflow) SLOW(compile_callee) \
  SLOW(call_reference) SLOW(call_import) SLOW(return_call) SLOW(return_call_indirect) SLOW(exit) \
  SLOW(cross_return) SLOW(atomic) SLOW(atomic_fence) SLOW(memory_size) SLOW(memory_grow) SLOW(memory_fill) SLOW(memory_copy) \
  SLOW(memory_init) SLOW(data_drop) SLOW(table_get) SLOW(table_set) SLOW(table_size) \
  SLOW(table_grow) SLOW(table_fill) SLOW(table_copy) SLOW(table_init) SLOW(elem_drop) \
  SLOW(ref_func) \
  SLOW(call_ref) SLOW(return_call_ref) SLOW(ref_test_func) SLOW(ref_cast_func) SLOW(struct_new) \
  SLOW(struct_new_default) SLOW(array_new) SLOW(array_new_default) SLOW(array_new_fixed) \
  SLOW(array_new_data) SLOW(array_new_elem) SLOW(array_init_data) SLOW(array_init_elem) \
  SLOW(array_fill) SLOW(array_copy) SLOW(throw) SLOW(throw_ref) SLOW(i8x16_swizzle) SLOW(i8x16_shuffle)
/* clang-format on */
#define WH_EXEC_DECLARE(name) int wh_exec_##name(wh_context_t *context);
WH_EXEC_SLOW(WH_EXEC_DECLARE)
#undef WH_EXEC_DECLARE

/* Handlers for newer processors than all must be (newer.c), and whether to take them: if this is one. */
void wh_exec_set_newer(wh_handlers_t *handlers, bool deterministic);
bool wh_exec_has_newer(void);
static inline bool wh_exec_processor_is_newer(void) {
#ifdef __x86_64__
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
         __builtin_cpu_supports("lzcnt") && __builtin_cpu_supports("popcnt");
#else
  return true;
#endif
}

/* Code that is no function's, as is wh_exec_exit_code: where calls come back from another instance. */
const wh_word_t *wh_exec_cross_code(void);

/* Ends the run; error is the context's from now on. */
int wh_exec_fail(wh_context_t *context, wherry_error_t *error);
int wh_exec_fail_trap(wh_context_t *context, wherry_trap_code_t code);

/* What may end the call from outside: nothing is charged, and the host is not asked. */
int wh_exec_look(wh_context_t *context);
/* A tick of a call that waits: nothing is charged. */
int wh_exec_idle_tick(wh_context_t *context);

/* A host function, called by the operation at context->ip, returned this error: an exception is thrown
   from there, every other error ends the run. slots: the call's, which take the exception's values. */
int wh_exec_host_failed(wh_context_t *context, wherry_error_t *error, uint64_t *slots);
/* The same where context->ip is what the call returns to. */
int wh_exec_host_failed_behind(wh_context_t *context, wherry_error_t *error, uint64_t *slots);

/* What is filled or copied between two looks at the budget, in bytes, and what that costs. After a
   piece the operands are changed to what is left, and the operation is done again. */
enum { WH_EXEC_PIECE = 1 << 24, WH_EXEC_PIECE_COST = WH_EXEC_PIECE / 64 };
int wh_exec_next_piece(wh_context_t *context);

/* Fields and elements of a new object, from slots that lie in order; all elements the same. */
void wh_exec_init_struct(wh_object_t *object, const uint64_t *slots);
void wh_exec_init_array(wh_array_t *array, const uint64_t *slots);
void wh_exec_fill_array(wh_array_t *array, const uint64_t *slots);

/* The operation's operand word n, and the slot it names. */
static inline uint32_t operand(const wh_context_t *context, unsigned n) {
  return context->ip[WH_HANDLER_WORDS + n];
}
static inline uint64_t *operand_slot(const wh_context_t *context, unsigned n) {
  return context->fp + (int32_t)operand(context, n);
}
static inline int go_on(wh_context_t *context, unsigned operands) {
  context->ip += WH_HANDLER_WORDS + operands;
  return CONTINUE;
}

#endif
