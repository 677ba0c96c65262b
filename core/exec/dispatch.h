/* What the words of the definitions (code/rows.h) mean, in both ways of dispatch. Included once, by
   dispatch.c; see there for what differs: S(ip), S(fp) … are the machine's state, NEXT() ends an operation
   that has set S(ip), SLOT_AT(n) is the place of the slot that word n names, SLOW(name) one that wh_exec_<name> carries out. */
#ifndef WH_EXEC_DISPATCH_H
#define WH_EXEC_DISPATCH_H

typedef int32_t i32;
typedef uint32_t u32;
typedef int64_t i64;
typedef uint64_t u64;
typedef float f32;
typedef double f64;
typedef wh_v128_t v128;
typedef wh_wide_t wide;

static inline uint64_t bits_of_i32(int32_t x) { return (uint32_t)x; }
static inline uint64_t bits_of_i64(int64_t x) { return (uint64_t)x; }

/* Through memcpy, because slots hold values of all types, and operands of 64 bits lie at any word. */
#define READ(T, from)                   \
  ({                                    \
    T value_;                           \
    memcpy(&value_, (from), sizeof(T)); \
    value_;                             \
  })
#define WRITE(T, to, value)             \
  do {                                  \
    T written_ = (value);               \
    memcpy((to), &written_, sizeof(T)); \
  } while (0)

/* From here on the compiler does not know where a value comes from. */
#define OPAQUE(variable) __asm__("" : "+r"(variable))

#define OPERANDS WH_HANDLER_WORDS
#define WORD(n) (S(ip)[OPERANDS + (n)])
#define SLOT(T, n) READ(T, SLOT_AT(n))
#define IMM(T, n) READ(T, S(ip) + OPERANDS + (n))

typedef uint8_t lane_i8x16;
typedef uint16_t lane_i16x8;
typedef uint32_t lane_i32x4;
typedef uint64_t lane_i64x2;
#define LANE(shape, n, lane) \
  READ(lane_##shape, (const char *)SLOT_AT(n) + sizeof(lane_##shape) * (lane))

#ifdef WH_NUM_BYTES
#define BYTES(name, ...) __VA_ARGS__
#else
#define BYTES(name, ...) SLOW(name);
#endif

/* gcc would compute what goes on beside a division, which leaves it two registers less. */
#define SETTLE(x) __asm__("" : "+r"(x), "+r"(S(ip)), "+r"(S(fp)))

#define ACC(T) ACC_##T
#define ACC_i32 ((int32_t)S(acc))
#define ACC_u32 ((uint32_t)S(acc))
#define ACC_i64 ((int64_t)S(acc))
#define ACC_u64 S(acc)
#define ACC_f32 S(facc)
#define ACC_f64 S(dacc)

#define OLD(T) OLD_##T
#define OLD_f32 S(fold)
#define OLD_f64 S(dold)
#define PUSH(T) (OLD(T) = ACC(T))

#define RESULT(T, ...) RESULT_##T(__VA_ARGS__)
#define RESULT_i32(...) (S(acc) = bits_of_i32(__VA_ARGS__))
#define RESULT_u32(...) (S(acc) = (uint32_t)(__VA_ARGS__))
#define RESULT_i64(...) (S(acc) = bits_of_i64(__VA_ARGS__))
#define RESULT_u64(...) (S(acc) = (__VA_ARGS__))
#define RESULT_f32(...) (S(facc) = (__VA_ARGS__))
#define RESULT_f64(...) (S(dacc) = (__VA_ARGS__))

/* Slots are always written whole: reading one whole right after a half write would stall. */
#define WHOLE_i32(x) ((uint64_t)(uint32_t)(x))
#define WHOLE_u32(x) ((uint64_t)(x))
#define WHOLE_i64(x) ((uint64_t)(x))
#define WHOLE_u64(x) (x)
#define WHOLE_f32(x) ((uint64_t)wh_num_i32_reinterpret_f32(x))
#define WHOLE_f64(x) wh_num_i64_reinterpret_f64(x)
#define PUT(T, n, x) (*SLOT_AT(n) = WHOLE_##T(x))
#define KEEP(T, n) KEEP_##T(n)
#define KEEP_i32(n) (*SLOT_AT(n) = S(acc))
#define KEEP_u32(n) (*SLOT_AT(n) = S(acc))
#define KEEP_i64(n) (*SLOT_AT(n) = S(acc))
#define KEEP_u64(n) (*SLOT_AT(n) = S(acc))
#define KEEP_f32(n) PUT_WHOLE_f32(n, S(facc))
#define KEEP_f64(n) PUT(f64, n, S(dacc))
#define KEEP_OLD(T, n) KEEP_OLD_##T(n)
#define KEEP_OLD_f32(n) PUT_WHOLE_f32(n, S(fold))
#define KEEP_OLD_f64(n) PUT(f64, n, S(dold))

/* From its register at once: by way of a general one the next to read the slot waits longer. What the
   register's other half holds does not matter. */
#ifdef __x86_64__
#define PUT_WHOLE_f32(n, x) __asm__("movq %1, %0" : "=m"(*SLOT_AT(n)) : "x"(x))
#else
#define PUT_WHOLE_f32(n, x) PUT(f32, n, x)
#endif

#define GLOBAL(T, n) READ(T, &S(context)->globals[WORD(n)])
#define GLOBAL_PUT(T, n, x) (S(context)->globals[WORD(n)] = WHOLE_##T(x))
#define CELL(n) ((uint64_t *)(uintptr_t)S(context)->globals[WORD(n)])
#define GLOBAL_CELL(T, n) READ(T, CELL(n))
#define GLOBAL_CELL_PUT(T, n, x) (*CELL(n) = WHOLE_##T(x))

#define TRAP(code)             \
  do {                         \
    S(context)->trap = (code); \
    SLOW(trap);                \
  } while (0)
#define TRAP_IF_CODE(code)               \
  do {                                   \
    wherry_trap_code_t code_ = (code);   \
    if (WH_UNLIKELY(code_)) TRAP(code_); \
  } while (0)

/* The operation is done again once the budget has been filled up, so it must not have done anything. */
#define CHARGE(cost)                                \
  do {                                              \
    int64_t cost_ = (cost), left_ = BUDGET - cost_; \
    if (WH_UNLIKELY(left_ < 0)) {                   \
      S(context)->wanted = cost_;                   \
      SLOW(tick);                                   \
    }                                               \
    SET_BUDGET(left_);                              \
  } while (0)

#define ADDRESS(e, size)                                            \
  ({                                                                \
    uint64_t address_ = (e);                                        \
    if (WH_UNLIKELY(address_ + (size) > S(context)->memory_size)) { \
      S(context)->wanted = (int64_t)(address_ + (size));            \
      SLOW(grown);                                                  \
    }                                                               \
    S(memory) + address_;                                           \
  })

#define ATOMIC_ADDRESS(e, T)                                                           \
  ({                                                                                   \
    uint64_t effective_ = (e);                                                         \
    if (WH_UNLIKELY(effective_ & (sizeof(T) - 1))) TRAP(WHERRY_TRAP_UNALIGNED_ATOMIC); \
    (T *)(void *)ADDRESS(effective_, sizeof(T));                                       \
  })

/* Here and for elements of arrays the address is computed at once: else gcc saves a register to have it
   later. */
#define ADDRESS_IN(slot, offset, memory_word, bytes)                                  \
  ({                                                                                  \
    const wh_memory_t *memory_ = S(context)->instance->memories[WORD(memory_word)];   \
    uint64_t address_ = memory_->is64 ? SLOT(u64, slot) : SLOT(u32, slot);            \
    if (WH_UNLIKELY(__builtin_add_overflow(address_, IMM(u64, offset), &address_) ||  \
                    memory_->size < (bytes) || address_ > memory_->size - (bytes))) { \
      S(context)->operand = (memory_word);                                            \
      SLOW(grown_in);                                                                 \
    }                                                                                 \
    uint8_t *at_ = memory_->base + address_;                                          \
    __asm__("" : "+r"(at_));                                                          \
    at_;                                                                              \
  })

#define GO(n)                  \
  do {                         \
    S(ip) += (int32_t)WORD(n); \
    NEXT();                    \
  } while (0)
#define GO_BACK(n)         \
  do {                     \
    CHARGE(WORD((n) + 1)); \
    GO(n);                 \
  } while (0)
#define GO_TABLE(index, n)                       \
  do {                                           \
    uint32_t index_ = (index), count_ = WORD(n); \
    if (index_ > count_) index_ = count_;        \
    S(ip) += (int32_t)WORD((n) + 1 + index_);    \
    NEXT();                                      \
  } while (0)

/* As it stands there: compilers would make it a call. */
#define FILL_ZERO(first, count)                                    \
  do {                                                             \
    uint64_t *slot_ = SLOT_AT(first), *end_ = slot_ + WORD(count); \
    for (; slot_ < end_; *slot_++ = 0) __asm__("" : "+r"(slot_));  \
  } while (0)

/* A result may lie over the frame's header (where a function has fewer parameters than results), so that
   is read first. */
#define LEAVE_BY(...)                                                \
  do {                                                               \
    const wh_word_t *back_ = (const wh_word_t *)(uintptr_t)S(fp)[0]; \
    uint64_t *caller_ = (uint64_t *)(uintptr_t)S(fp)[1];             \
    __VA_ARGS__;                                                     \
    S(ip) = back_;                                                   \
    S(fp) = caller_;                                                 \
    NEXT();                                                          \
  } while (0)
#define LEAVE() LEAVE_BY((void)0)
#define LEAVE_WITH(T, n) LEAVE_BY(KEEP(T, n))
#define LEAVE_MANY(from, count, to)                                            \
  LEAVE_BY(const uint64_t *from_ = SLOT_AT(from), *end_ = from_ + WORD(count); \
           uint64_t *to_ = SLOT_AT(to); while (from_ < end_) *to_++ = *from_++)

/* n: the operand word, the operation's last, that says where the callee's frame begins. */
#define ENTER(function, n)                                                                      \
  do {                                                                                          \
    OPAQUE(S(ip)); /* behind another operation gcc would keep that one's as well */             \
    const wh_code_t *code_ =                                                                    \
        atomic_load_explicit(&S(context)->entries[(function)], memory_order_acquire);           \
    if (WH_UNLIKELY(!code_)) {                                                                  \
      S(context)->wanted = (function);                                                          \
      SLOW(compile_callee);                                                                     \
    }                                                                                           \
    uint64_t *frame_ = SLOT_AT(n);                                                              \
    if (WH_UNLIKELY(frame_ + code_->frame_slots > S(context)->stack_end)) SLOW(stack_overflow); \
    CHARGE(code_->cost);                                                                        \
    frame_[0] = (uint64_t)(uintptr_t)(S(ip) + OPERANDS + (n) + 1);                              \
    frame_[1] = (uint64_t)(uintptr_t)S(fp);                                                     \
    S(fp) = frame_;                                                                             \
    S(ip) = code_->words;                                                                       \
    NEXT();                                                                                     \
  } while (0)

/* The callee's arguments go where ours are, and it returns where we should. Operand words: slots of its
   parameters, frame where they are now, slots of our parameters. */
#define ENTER_INSTEAD(function, params, frame, own)                                   \
  do {                                                                                \
    OPAQUE(S(ip));                                                                    \
    const wh_code_t *code_ =                                                          \
        atomic_load_explicit(&S(context)->entries[(function)], memory_order_acquire); \
    if (WH_UNLIKELY(!code_)) SLOW(return_call);                                       \
    if (WH_UNLIKELY(S(fp) - WORD(own) + WORD(params) + code_->frame_slots >           \
                    S(context)->stack_end))                                           \
      SLOW(return_call);                                                              \
    CHARGE(code_->cost);                                                              \
    OPAQUE(S(fp)); /* gcc would save registers to keep parts of that sum */           \
    OPAQUE(S(ip));                                                                    \
    const uint64_t *from_ = SLOT_AT(frame);                                           \
    uint64_t *to_ = S(fp) - WORD(own), *frame_ = to_ + WORD(params);                  \
    v128 header_ = READ(v128, S(fp));                                                 \
    from_ -= WORD(params);                                                            \
    S(ip) = code_->words; /* now, so that code_ needs no register any more */         \
    OPAQUE(S(ip));                                                                    \
    for (; to_ < frame_; to_++, from_++) {                                            \
      uint64_t slot_ = *from_;                                                        \
      OPAQUE(slot_); /* and make this a string instruction */                         \
      *to_ = slot_;                                                                   \
    }                                                                                 \
    WRITE(v128, frame_, header_);                                                     \
    S(fp) = frame_;                                                                   \
    S(acc) = 0;                                                                       \
    NEXT();                                                                           \
  } while (0)

/* From operand word n on: canonical type, table, frame. */
#define ENTER_INDIRECT(index, n)                                                  \
  do {                                                                            \
    uint64_t index_ = (index);                                                    \
    const wh_table_t *table_ = S(context)->tables[WORD((n) + 1)];                 \
    if (WH_UNLIKELY(index_ >= table_->size)) TRAP(WHERRY_TRAP_UNDEFINED_ELEMENT); \
    uint64_t reference_ = table_->elements[index_];                               \
    if (WH_UNLIKELY(reference_ >> 32 != S(context)->instance_id)) {               \
      S(context)->wanted = (int64_t)reference_;                                   \
      S(context)->operand = (n);                                                  \
      SLOW(call_reference);                                                       \
    }                                                                             \
    uint32_t function_ = (uint32_t)reference_;                                    \
    if (WH_UNLIKELY(S(context)->type_ids[function_] != WORD(n))) {                \
      S(context)->wanted = (int64_t)reference_;                                   \
      S(context)->operand = (n);                                                  \
      SLOW(call_reference);                                                       \
    }                                                                             \
    ENTER(function_, (n) + 2);                                                    \
  } while (0)

/* n: the operand word of the frame. */
#define ENTER_REF(reference, n)                                     \
  do {                                                              \
    uint64_t reference_ = (reference);                              \
    if (WH_UNLIKELY(reference_ >> 32 != S(context)->instance_id)) { \
      S(context)->wanted = (int64_t)reference_;                     \
      S(context)->operand = (n);                                    \
      SLOW(call_ref);                                               \
    }                                                               \
    ENTER((uint32_t)reference_, (n));                               \
  } while (0)

/* ---- objects ---- */

#define TRAP_UNLESS(condition, code)             \
  do {                                           \
    if (WH_UNLIKELY(!(condition))) TRAP((code)); \
  } while (0)

#define FIELD(reference, n)                                      \
  ({                                                             \
    uint64_t object_ = (reference);                              \
    if (WH_UNLIKELY(!object_)) TRAP(WHERRY_TRAP_NULL_STRUCTURE); \
    (char *)(uintptr_t)object_ + WORD(n);                        \
  })

#define ARRAY_(reference)                                    \
  ({                                                         \
    uint64_t object_ = (reference);                          \
    if (WH_UNLIKELY(!object_)) TRAP(WHERRY_TRAP_NULL_ARRAY); \
    (wh_array_t *)(uintptr_t)object_;                        \
  })
#define LENGTH(reference) (ARRAY_(reference)->length)
#define ELEMENT(reference, index, size)                                               \
  ({                                                                                  \
    uint32_t index_ = (index);                                                        \
    wh_array_t *array_ = ARRAY_(reference);                                           \
    if (WH_UNLIKELY(index_ >= array_->length)) TRAP(WHERRY_TRAP_ARRAY_OUT_OF_BOUNDS); \
    char *element_ = array_->elements + (size_t)index_ * (size);                      \
    OPAQUE(element_);                                                                 \
    element_;                                                                         \
  })

/* n: the operand words of the type; null: the word that says whether null is good. */
#define IS_A(reference, n, null) \
  ((reference) ? wh_ref_is_a((reference), IMM(const wh_rtype_t *, n)) : WORD(null) != 0)

#endif
