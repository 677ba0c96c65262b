/* The compiler's inner state, and what its files give each other (whc_…: names of their own, because a
   static library has no secrets).

   The operand stack of the wasm code exists only here: an operand is a slot (a local's, or its own
   home, a temporary chosen by its height), a constant, or in the accumulator of its class. Code is
   emitted when an operation consumes operands; gets of locals and constants emit nothing, and so does
   a constant that is added to an i32: see sums.c. */
#ifndef WH_COMPILE_STATE_H
#define WH_COMPILE_STATE_H

#include "compile/compile.h"

/* The forms of an operation with a result, those of one that makes a float, and those of a comparison
   (which has the first three as well), in the order in which rows.h makes them. */
enum { FORM_R, FORM_D, FORM_RET, FORMS };
enum { FORM_P = FORMS, FORM_PD, FLOAT_FORMS };
enum { FORM_BR, FORM_BRN, FORM_BRL, FORM_BRNL, FORM_RETIF, BRANCH_FORMS };

/* Classes of types: those with an accumulator, then v128, which lives in two slots or in code. */
typedef enum class { CLASS_INT, CLASS_F32, CLASS_F64, CLASS_ACCS, CLASS_V128 = CLASS_ACCS } class_t;

enum { NO_ENTRY = -1, NO_SLOT = INT32_MIN };
#define NO_LOCAL UINT32_MAX
#define NO_PLACE UINT32_MAX

typedef enum where { IN_SLOT, IN_CONST, IN_ACC, IN_OLD } where_t;

typedef struct operand {
  union {
    uint64_t bits;        /* constant; of a sum: what is added */
    const uint8_t *bytes; /* constant v128: 16 bytes of the binary */
  };
  int32_t slot;   /* the slot it is in */
  int32_t home;   /* the temporary of its height */
  uint32_t local; /* whose slot that is, NO_LOCAL: its home */
  uint8_t where;
  uint8_t class;
  bool wide; /* i64, f64 and references: constants take two words */
  bool sum;  /* an i32: the low half of what is there, plus bits; not a constant */
} operand_t;

typedef struct local {
  int32_t slot;
  uint32_t uses; /* operands on the stack that are its slot */
  uint8_t class;
  bool wide;
} local_t;

typedef struct accumulator {
  int32_t entry;       /* the operand that is here and nowhere else */
  int32_t mirror;      /* the slot that holds the same value */
  uint32_t op_at;      /* of entry: the operation that made it … */
  uint32_t dst_at;     /* … and its last word, where the D form has a slot */
  wh_code_op_t op;     /* its R form */
  bool stores, pushes; /* which form it has become */
} accumulator_t;

typedef struct block {
  uint8_t opcode; /* WH_OP_BLOCK, _LOOP, _IF, _TRY_TABLE, _TRY (WH_OP_CATCH from its first catch
                     on); 0: the function */
  bool else_open; /* an `if` whose else branch is still to be bound */
  const wherry_valtype_t *params, *results;
  uint32_t param_count, result_count;
  uint32_t height;    /* operands below the block's parameters */
  int32_t base;       /* the slot above these operands' homes */
  uint32_t loop_at;   /* of a loop: where it starts */
  uint32_t loop_path; /* and the way up to there */
  uint32_t fixups;    /* chain of branches to the end, NO_PLACE: none */
  uint32_t else_fixups;
  uint32_t end_path, else_path; /* shortest ways to the end and to the else branch */
  uint64_t end_set, else_set;   /* locals that were set on all ways there; see whc_local_bit */
  uint32_t branch_at, body_at;  /* of an if: its branch, and what comes behind */
  /* Of the br_table at stub_for: code that moves operands and comes here. */
  uint32_t stub, stub_for;
  /* Of try_table and try. else_path is the way up to it, body_at where its body begins. */
  const uint8_t *clauses; /* of a try_table, in the binary */
  uint32_t body_end;      /* of a try: where its first catch begins */
  uint32_t guard;         /* of a try: the newest catch's */
  uint32_t delegates;     /* chain of guards that delegate to this block, NO_PLACE: none */
} block_t;

/* Where an operation's word comes from. */
typedef struct mark {
  uint64_t word, at; /* at: in the binary */
} mark_t;

typedef struct fixup {
  uint32_t at;    /* the word to fill; of a guard: its place */
  uint32_t op_at; /* what it is relative to; NO_PLACE: it is a guard's landing, which is absolute */
  uint32_t next;
} fixup_t;

/* Where the vectors begin: few functions need more. (The cruel build wants them to move.) */
#ifdef WHERRY_CRUEL
enum {
  SCRATCH_STACK = 1,
  SCRATCH_BLOCKS = 1,
  SCRATCH_FIXUPS = 1,
  SCRATCH_MAP = 1,
  SCRATCH_LOCALS = 1
};
#else
enum {
  SCRATCH_STACK = 64,
  SCRATCH_BLOCKS = 24,
  SCRATCH_FIXUPS = 128,
  SCRATCH_MAP = 1024,
  SCRATCH_LOCALS = 64
};
#endif
typedef struct scratch {
  operand_t stack[SCRATCH_STACK];
  block_t blocks[SCRATCH_BLOCKS];
  fixup_t fixups[SCRATCH_FIXUPS];
  uint8_t map[SCRATCH_MAP];
  local_t locals[SCRATCH_LOCALS];
} scratch_t;

typedef struct compiler {
  wh_alloc_t *alloc;
  scratch_t *scratch;
  const wh_model_t *model;
  const wh_rtype_t *const *types; /* the engine's, for the model's */
  const wh_handlers_t *handlers;
  const wh_fuses_t *fuses;
  const wherry_functype_t *type;
  uint32_t function;
  bool failed; /* no memory; what was emitted is void */
  bool reachable, done;

  const uint8_t *next, *end, *instruction; /* in the body */

  WH_VEC(wh_word_t) words;
  WH_VEC(operand_t) stack;
  size_t settled; /* operands at the bottom of it that are settled, but for constants; never all */
  WH_VEC(block_t) blocks;
  WH_VEC(fixup_t) fixups;
  WH_VEC(uint8_t) map;      /* as code.h has it, up to the newest mark */
  size_t mapped;            /* bytes of it before that */
  mark_t mark, mark_before; /* the newest, and the one before */
  WH_VEC(wh_guard_t) guards;
  WH_VEC(local_t) locals;

  accumulator_t acc[CLASS_ACCS];
  /* The older accumulators; there is none of integers. */
  accumulator_t old[CLASS_ACCS];
  /* The slot that holds the value which acc's operation would push, if it is one that could still be made
     to: nobody has used the older accumulator since. */
  int32_t under[CLASS_ACCS];
  uint32_t newest_op_at;  /* 0: there is none before it */
  uint32_t last_op_at;    /* the newest operation, if nothing has been bound after it */
  wh_code_op_t compare;   /* base of the comparison emitted last, in R form, at last_op_at */
  unsigned compare_kinds; /* how many kinds of operands it has */
  uint32_t compare_at;
  uint32_t global_set;    /* the global that was set from an accumulator's entry … */
  uint32_t global_set_at; /* … by the operation emitted last, if that is here */
  uint32_t home_op_at;    /* the operation that emit_home_result was called for last */
  bool branch_negated;    /* it was a comparison with zero, and is a look at the value now */
  wh_code_op_t branch;    /* base of the conditional branch emitted last */
  int32_t next_home;      /* slot above the topmost operand's home */
  int32_t top_slot;       /* one above the highest slot used */
  uint32_t path; /* wasm instructions on the shortest way from the function's start to here */
  uint64_t set;  /* locals that were set on all ways to here */
  uint64_t read_before_set; /* so these must be zero at first */
} compiler_t;

/* ---- vectors, which may lie in the scratch: as wh_vec_reserve and wh_vec_push (compile.c) ---- */
bool whc_grow(compiler_t *c, void **items, size_t *capacity, size_t wanted, size_t item_size);
#define whc_reserve(c, vec, more)                                                 \
  ((vec)->count + (more) <= (vec)->capacity ||                                    \
   whc_grow((c), (void **)&(vec)->items, &(vec)->capacity, (vec)->count + (more), \
            sizeof *(vec)->items))
#define whc_add(c, vec, item) \
  (whc_reserve((c), (vec), 1) ? ((vec)->items[(vec)->count++] = (item), true) : false)

/* Locals that are not parameters are followed in a word of bits, as many of them as it has. */
enum { FOLLOWED_LOCALS = 64 };
static inline uint64_t whc_local_bit(const compiler_t *c, uint32_t local) {
  uint32_t place = local - c->type->param_count;
  return place < FOLLOWED_LOCALS ? UINT64_C(1) << place : 0;
}

/* ---- operands.c ---- */
/* Numbers of slots as differences between slots, which have a sign. */
static inline int32_t whc_slots_of(wherry_valtype_t type) { return (int32_t)wh_type_slots(type); }
static inline int32_t whc_slots_of_types(const wherry_valtype_t *types, uint32_t count) {
  return (int32_t)wh_types_slots(types, count);
}
static inline int32_t whc_param_slots(const wherry_functype_t *type) {
  return (int32_t)wh_param_slots(type);
}
static inline class_t whc_class_of(wherry_valtype_t type) {
  static const uint8_t classes[] = {CLASS_INT, CLASS_INT, CLASS_F32, CLASS_F64, CLASS_V128};
  wherry_valtype_t place = WHERRY_I32 - type;
  return place < WH_COUNT(classes) ? (class_t)classes[place] : CLASS_INT;
}
/* How many forms an operation has that makes a value of a type. */
static inline unsigned whc_forms(wherry_valtype_t type) {
  return type == WHERRY_F32 || type == WHERRY_F64 ? FLOAT_FORMS : FORMS;
}
static inline bool whc_is_wide(wherry_valtype_t type) {
  return type != WHERRY_I32 && type != WHERRY_F32;
}
static inline operand_t *whc_operand_at(compiler_t *c, uint32_t index) {
  WH_ASSERT(index < c->stack.count);
  return &c->stack.items[index];
}
static inline operand_t *whc_top_operand(compiler_t *c) {
  return whc_operand_at(c, (uint32_t)c->stack.count - 1);
}
void whc_push_local(compiler_t *c, uint32_t local);
void whc_push_home(compiler_t *c, wherry_valtype_t type);
void whc_push_const(compiler_t *c, wherry_valtype_t type, uint64_t bits);
void whc_push_const_v128(compiler_t *c, const uint8_t *bytes);
static inline void whc_leave_local(compiler_t *c, operand_t *operand) {
  if (operand->local != NO_LOCAL) c->locals.items[operand->local].uses--;
  operand->local = NO_LOCAL;
}
/* Field by field: it was written so a moment ago, and loads that are wider than the stores they depend
   on wait for the cache. */
static inline void whc_copy_operand(operand_t *to, const operand_t *from) {
#define FIELD(name)      \
  to->name = from->name; \
  __asm__("" ::: "memory")
  FIELD(bits);
  FIELD(slot);
  FIELD(home);
  FIELD(local);
  FIELD(where);
  FIELD(class);
  FIELD(wide);
  FIELD(sum);
#undef FIELD
}

/* Of the topmost operand, which is a sum: computes it, and of what is in an accumulator changes only
   what is its own. */
void whc_settle_sum(compiler_t *c);

/* It may be a sum, or in the older accumulator. */
static inline operand_t whc_pop_as_is(compiler_t *c) {
  WH_ASSERT(c->stack.count || c->failed);
  if (WH_UNLIKELY(!c->stack.count)) whc_push_const(c, WHERRY_I32, 0);
  operand_t operand;
  whc_copy_operand(&operand, &c->stack.items[--c->stack.count]);
  if (WH_UNLIKELY(c->settled >= c->stack.count)) c->settled = c->stack.count - (c->stack.count > 0);
  c->next_home = operand.home;
  whc_leave_local(c, &operand);
  if (operand.where == IN_ACC) c->acc[operand.class].entry = NO_ENTRY;
  if (WH_UNLIKELY(operand.where == IN_OLD)) c->old[operand.class].entry = NO_ENTRY;
  return operand;
}
/* Gives an operand on the stack that only an accumulator has a slot of its own. */
void whc_spill(compiler_t *c, uint32_t index);
static inline void whc_spill_old_top(compiler_t *c) {
  if (c->stack.count && WH_UNLIKELY(whc_top_operand(c)->where == IN_OLD))
    whc_spill(c, (uint32_t)c->stack.count - 1);
}
/* It is neither. */
static inline operand_t whc_pop(compiler_t *c) {
  if (c->stack.count && WH_UNLIKELY(whc_top_operand(c)->sum)) whc_settle_sum(c);
  whc_spill_old_top(c);
  return whc_pop_as_is(c);
}
/* The value that was popped from an accumulator just now, in the same place on the stack. */
void whc_push_again(compiler_t *c, wherry_valtype_t type);
/* An operand as it was in its place on the stack before it was popped; it is in a slot. */
void whc_push_back(compiler_t *c, const operand_t *operand);
void whc_drop_to(compiler_t *c, uint32_t height);
/* Whether its value is in its class's accumulator now. */
static inline bool whc_in_acc(const compiler_t *c, const operand_t *operand) {
  return operand->where == IN_ACC || (operand->where == IN_SLOT && operand->class != CLASS_V128 &&
                                      c->acc[operand->class].mirror == operand->slot);
}
/* The same with the older one. */
static inline bool whc_in_old(const compiler_t *c, const operand_t *operand) {
  return operand->where == IN_OLD || (operand->where == IN_SLOT && operand->class != CLASS_V128 &&
                                      c->old[operand->class].mirror == operand->slot);
}
/* Or would be, if acc's operation pushed it. */
static inline bool whc_could_be_in_old(const compiler_t *c, const operand_t *operand) {
  return whc_in_old(c, operand) || (operand->where == IN_SLOT && operand->class != CLASS_V128 &&
                                    c->under[operand->class] == operand->slot);
}
/* For one that could be: it is, and an operation that reads it there is emitted next. */
void whc_take_old(compiler_t *c, const operand_t *operand);
/* Gives an operand on the stack a slot of its own: for locals about to change, and (constants too) for what
   must lie in order. */
void whc_settle(compiler_t *c, uint32_t index, bool constants);
void whc_settle_all(compiler_t *c, size_t count); /* from the bottom; constants stay */
/* A popped operand of the older accumulator to its home. */
void whc_store_old(compiler_t *c, operand_t *operand);
void whc_spill_class(compiler_t *c, class_t class);
void whc_spill_accs(compiler_t *c);
/* After a call or at a label: the accumulators hold nothing that is known. */
void whc_forget_accs(compiler_t *c);
/* A slot was written by something that left no accumulator equal to it. */
void whc_wrote(compiler_t *c, int32_t slot);
/* Emits whatever puts a popped operand's value into a slot; knows nothing of what the slot held. */
void whc_emit_move(compiler_t *c, const operand_t *operand, int32_t slot);
/* A popped operand that must be in a slot: constants go to its home. */
void whc_need_slot(compiler_t *c, operand_t *operand);
void whc_set_local(compiler_t *c, uint32_t local, bool tee);
/* The last word of a value's operation, and the value on the stack. base: the R form, which is
   the one emitted. */
void whc_emit_result(compiler_t *c, uint32_t op_at, wh_code_op_t base, wherry_valtype_t type);
/* The last word of an operation whose value an operand on the stack is now; of integers. */
void whc_emit_result_of(compiler_t *c, uint32_t index, uint32_t op_at, wh_code_op_t base);
/* The same for an operation that stores its result itself: its home, and nothing in an accumulator. */
void whc_emit_home_result(compiler_t *c, uint32_t op_at, wherry_valtype_t type);

/* ---- sums.c ---- */
/* Makes an operand on the stack that is a sum one that is in the accumulator: nothing that has been
   popped may be there. */
void whc_compute(compiler_t *c, uint32_t index);
static inline void whc_compute_top(compiler_t *c) {
  if (c->stack.count && whc_top_operand(c)->sum) whc_compute(c, (uint32_t)c->stack.count - 1);
}
/* The same for what only the low half counts of, as an i32 to every operation that is one of its type:
   it need not be computed if nothing is added. */
static inline void whc_compute_low(compiler_t *c, uint32_t index) {
  const operand_t *operand = whc_operand_at(c, index);
  if (operand->sum && operand->bits) whc_compute(c, index);
}
static inline operand_t whc_pop_low(compiler_t *c) {
  whc_compute_low(c, (uint32_t)c->stack.count - 1);
  whc_spill_old_top(c);
  operand_t operand = whc_pop_as_is(c);
  operand.sum = false;
  return operand;
}
/* Additions of constants and changes of width that only change what is known of an operand. False: this
   one needs an operation. */
bool whc_sum(compiler_t *c, uint32_t opcode);

/* ---- emit.c ---- */
/* Room for `more` further words. False: no memory, which is noted; what is emitted from then on is void. */
bool whc_more_words(compiler_t *c, uint32_t more);
enum { OPERATION_WORDS = 40 }; /* more than any operation has, a br_table's labels apart */
/* One more word of the operation that was begun last: there is room for it. */
static inline void whc_emit(compiler_t *c, uint32_t word) {
  WH_ASSERT(c->words.count < c->words.capacity);
  c->words.items[c->words.count++] = word;
}
static inline void whc_emit_slot(compiler_t *c, int32_t slot) { whc_emit(c, (uint32_t)slot); }
static inline void whc_emit_bits(compiler_t *c, uint64_t bits, bool wide) {
  whc_emit(c, (uint32_t)bits);
  if (wide) whc_emit(c, (uint32_t)(bits >> 32));
}
void whc_emit_v128(compiler_t *c, const uint8_t *bytes);
static inline void whc_change_op(compiler_t *c, uint32_t at, wh_code_op_t op) {
  if (WH_LIKELY(!c->failed)) c->words.items[at] = op;
}
/* Returns its place. Until the code is finished the two words of its handler hold its number and how many
   words there are to the next operation. */
static inline uint32_t whc_emit_op(compiler_t *c, wh_code_op_t op) {
  if (WH_UNLIKELY(c->words.capacity - c->words.count < OPERATION_WORDS))
    whc_more_words(c, OPERATION_WORDS);
  uint32_t at = (uint32_t)c->words.count;
  c->words.items[c->newest_op_at + 1] = at - c->newest_op_at;
  c->words.items[at] = op;
  c->words.count = at + WH_HANDLER_WORDS;
  c->newest_op_at = c->last_op_at = at;
  return at;
}
/* The operation emitted next may trap or call: its place in the binary must be found again. */
void whc_mark_offset(compiler_t *c);
/* That operation, if it is the newest that was marked, moves. */
void whc_move_mark(compiler_t *c, uint32_t from, uint32_t to);
wherry_error_t *whc_finish_code(compiler_t *c, wh_code_t **out);

/* The C types that code's rows speak of, as value types. */
#define TYPE_i32 WHERRY_I32
#define TYPE_u32 WHERRY_I32
#define TYPE_i64 WHERRY_I64
#define TYPE_u64 WHERRY_I64
#define TYPE_f32 WHERRY_F32
#define TYPE_f64 WHERRY_F64

/* ---- numeric.c: the rows of code's definitions; false: not one of them ---- */
bool whc_numeric(compiler_t *c, uint32_t opcode);
/* The comparison that is true where this one is false; WH_CODE_COUNT: there is none (floats). */
wh_code_op_t whc_inverse_compare(wh_code_op_t base);
void whc_select(compiler_t *c, wherry_valtype_t type);
/* Of the topmost operand, a reference, whether it is null. */
void whc_is_null(compiler_t *c);

/* Where an access goes: its address operand, offset and memory. Kind S and A name the operand's place,
   K has address and offset in one, W is a sum of a slot, X is for any but a 32-bit memory 0 and has the
   address in a slot. */
typedef struct access {
  operand_t address;
  uint64_t offset;
  uint32_t memory;
  char kind;
} access_t;
void whc_read_access(compiler_t *c, access_t *access);
/* Memory 0 with 32-bit addresses, of which there are shorter operations. */
static inline bool whc_is_plain(const compiler_t *c, uint32_t memory) {
  return memory == 0 && !c->model->memories.items[0].is64;
}
/* For an address that is in a slot: S or X. */
void whc_choose_slot_kind(compiler_t *c, access_t *access);
void whc_emit_access(compiler_t *c, const access_t *access);

/* An operation over the topmost operand, in the forms of UNARY; over the topmost, all of them in slots,
   with a vector as its result. */
void whc_unary(compiler_t *c, wh_code_op_t base, wherry_valtype_t result);
void whc_over_slots(compiler_t *c, wh_code_op_t op, uint32_t operands);

/* ---- canonical.c: after any instruction, for engines that are deterministic ---- */
void whc_canonical(compiler_t *c, uint32_t opcode);

/* ---- vector.c, atomic.c; false: not one of its operations ---- */
bool whc_vector(compiler_t *c, uint32_t opcode);
bool whc_atomic(compiler_t *c, uint32_t opcode);

/* ---- control.c ---- */
static inline block_t *whc_block_at(compiler_t *c, uint32_t depth) {
  return &c->blocks.items[c->blocks.count - 1 - depth];
}
void whc_control(compiler_t *c, uint32_t opcode);
/* A branch to a label if a condition, which has been popped, is true (when false: if it is not). */
void whc_branch_if(compiler_t *c, uint32_t label, operand_t *condition, bool when);
void whc_return(compiler_t *c);
void whc_end(compiler_t *c);
void whc_emit_branch(compiler_t *c, block_t *block);
/* The results of the innermost block to where its label wants them, if its end can be reached from here. */
void whc_end_branch(compiler_t *c, block_t *block);
/* The stack as a block leaves it or begins another part with: values of these types, from slot first on. */
void whc_restart(compiler_t *c, const block_t *block, int32_t first, const wherry_valtype_t *types,
                 uint32_t count);
/* Makes a guard land at a block's label; from: the block that the exceptions are thrown in, which may be
   as soon as it begins. */
void whc_land(compiler_t *c, block_t *block, const block_t *from, uint32_t guard);
/* The operation just emitted leaves the function, or the straight path at least. */
void whc_leave(compiler_t *c);
/* Passes over code that cannot be reached, up to the else or end of the innermost block. */
void whc_skip_unreachable(compiler_t *c);

/* ---- exceptions.c; false: not one of its instructions ---- */
bool whc_exception(compiler_t *c, uint32_t opcode);
/* ---- objects.c; so too ---- */
bool whc_object(compiler_t *c, uint32_t opcode);
/* A clause of a try_table; tag and label as the kind (WH_CATCH_…) has them. */
typedef struct whc_clause {
  uint8_t kind;
  uint32_t tag, label;
} whc_clause_t;
void whc_read_clause(const uint8_t **at, whc_clause_t *out);
/* At the end of a try_table, the innermost block: its clauses become guards. */
void whc_guard_try_table(compiler_t *c);
/* What delegates to a block is from here on looked for in the guards to come. */
void whc_bind_delegates(compiler_t *c, block_t *block);

/* ---- misc.c: calls, memory, tables, globals ---- */
/* The topmost operands to their homes, so that they lie in order. */
void whc_settle_top(compiler_t *c, uint32_t count);
void whc_call(compiler_t *c, uint32_t opcode);
void whc_global(compiler_t *c, uint32_t opcode);
void whc_called(compiler_t *c, uint32_t opcode);
/* An operation whose operands must lie in order in their homes; its result, if any, goes where the
   first operand was (or would be). Its further operand words are still to be emitted. */
void whc_emit_called(compiler_t *c, wh_code_op_t op, uint32_t operands, bool has_result,
                     wherry_valtype_t result);

/* ---- compile.c ---- */
uint32_t whc_read_opcode(compiler_t *c);
/* A value type; of references that have no code of their own it does not matter which. */
wherry_valtype_t whc_read_type(compiler_t *c);

/* Values of the binary's immediates. */
static inline uint32_t whc_imm_u32(compiler_t *c) { return (uint32_t)wh_leb_u(&c->next); }

#endif
