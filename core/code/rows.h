/* What a row of the definitions stands for: OP(name, operand words, body). No include guard: it is
   included once for every reading of the table and undone by rows_end.h.

   Names end in the kinds of the operands (S: slot, K: constant, A: accumulator of its type, O: the
   older accumulator), then in what becomes of the result: R stays in the accumulator, D is stored to a
   slot as well, RET is that and returns from the function; BR and BRN branch when it is true or false,
   BRL and BRNL do so backwards, charging the budget; RETIF returns a slot's value when it is true.
   A float's operation has P and PD too: R and D that first move what the accumulator held to the older
   one. R, D, RET, P and PD have the same operands (R and P ignore the last), so compile can turn one into
   another in place once it knows where a result goes and what is still wanted.

   Bodies use these words, which each build of exec defines (T is one of i32 u32 i64 u64 f32 f64):
     SLOT(T, n)        the value in the slot that operand word n names
     IMM(T, n)         the constant that starts at operand word n
     ACC(T)            the accumulator
     OLD(T)            the older accumulator, of f32 and f64
     PUSH(T)           sets it to the accumulator
     RESULT(T, x)      sets the accumulator
     KEEP(T, n)        stores it to the slot of operand word n
     KEEP_OLD(T, n)    stores the older accumulator there
     PUT(T, n, x)      stores x to the slot of operand word n
     WORD(n)           operand word n as unsigned number
     ADDRESS(e, size)  a pointer to size bytes at address e (64 bits) of memory 0, or traps
     ATOMIC_ADDRESS(e, T)  the same, and traps if it is not aligned
     ATOMIC_LOAD(p) …  what the instruction does, sequentially consistent
     ADDRESS_IN(…)     the same in any memory, for an address of either width and a 64-bit offset
     TRAP_IF(c, code)  traps if c
     LANE(shape, n, l) lane number l of the vector in the slot that operand word n names
     SETTLE(x)         nothing behind it is begun before x is there (registers are short by a division)
     BYTES(f, …)       statements, for processors that move bytes in registers; else SLOW(f)
     FIELD(r, n)       a pointer to the field of a struct whose offset is in word n, or traps
     ELEMENT(r, i, s)  a pointer to an element, of size s, of an array, or traps
     GO(n)             goes on at the place that operand word n names, relative to this operation
     GO_BACK(n)        the same, after charging the cost in word n + 1
     LEAVE_WITH(T, n)  stores the accumulator to the slot of operand word n and returns
     SLOW(f)           hands over to wh_exec_<f>, which moves on by itself
     QUICK(f)          the same, if not carried out by a function without the detour of SLOW
   They see nothing else: no instruction pointer, no frame pointer. */

#define WORDS_i32 1
#define WORDS_u32 1
#define WORDS_i64 2
#define WORDS_u64 2
#define WORDS_f32 1
#define WORDS_f64 2

/* The ends of a result; `at` is the operand word of its slot. */
#define RESULTS_(name, at, T, operands, ...) RESULTS_##T##_(name, at, T, operands, __VA_ARGS__)
#define RESULTS_i32_(...) FORMS_(__VA_ARGS__)
#define RESULTS_u32_(...) FORMS_(__VA_ARGS__)
#define RESULTS_i64_(...) FORMS_(__VA_ARGS__)
#define RESULTS_u64_(...) FORMS_(__VA_ARGS__)
#define RESULTS_f32_(...) FLOAT_FORMS_(__VA_ARGS__)
#define RESULTS_f64_(...) FLOAT_FORMS_(__VA_ARGS__)
#define FORMS_(name, at, T, operands, ...)                              \
  OP(name##_R, (at) + 1, operands RESULT(T, __VA_ARGS__);)              \
  OP(name##_D, (at) + 1, operands RESULT(T, __VA_ARGS__); KEEP(T, at);) \
  OP(name##_RET, (at) + 1, operands RESULT(T, __VA_ARGS__); LEAVE_WITH(T, at);)
#define FLOAT_FORMS_(name, at, T, operands, ...)                               \
  FORMS_(name, at, T, operands, __VA_ARGS__)                                   \
  OP(name##_P, (at) + 1, operands T r_ = __VA_ARGS__; PUSH(T); RESULT(T, r_);) \
  OP(name##_PD, (at) + 1, operands T r_ = __VA_ARGS__; PUSH(T); RESULT(T, r_); KEEP(T, at);)

/* Result type, operand type, expression over a. */
#define UNARY(N, R, T, ...)                             \
  RESULTS_(N##_S, 1, R, T a = SLOT(T, 0);, __VA_ARGS__) \
  RESULTS_(N##_A, 0, R, T a = ACC(T);, __VA_ARGS__)

/* function(a, &result) returns a trap code. */
#define UNARY_TRAPS(N, R, T, function)                                            \
  RESULTS_(N##_S, 1, R, T a = SLOT(T, 0); R r; TRAP_IF_CODE(function(a, &r));, r) \
  RESULTS_(N##_A, 0, R, T a = ACC(T); R r; TRAP_IF_CODE(function(a, &r));, r)

/* Over a and b of type T, result of type R. The first four serve operations that commute. */
#define FOUR_(N, R, T, between, ...)                                                          \
  RESULTS_(N##_SS, 2, R, T a = SLOT(T, 0); T b = SLOT(T, 1); between, __VA_ARGS__)            \
  RESULTS_(N##_SK, 1 + WORDS_##T, R, T a = SLOT(T, 0); T b = IMM(T, 1); between, __VA_ARGS__) \
  RESULTS_(N##_AS, 1, R, T a = ACC(T); T b = SLOT(T, 0); between, __VA_ARGS__)                \
  RESULTS_(N##_AK, WORDS_##T, R, T a = ACC(T); T b = IMM(T, 0); between, __VA_ARGS__)
#define THREE_(N, R, T, between, ...)                                           \
  RESULTS_(N##_SA, 1, R, T a = SLOT(T, 0); T b = ACC(T); between, __VA_ARGS__)  \
  RESULTS_(N##_KS, 1 + WORDS_##T, R, T a = IMM(T, 0); T b = SLOT(T, WORDS_##T); \
           between, __VA_ARGS__)                                                \
  RESULTS_(N##_KA, WORDS_##T, R, T a = IMM(T, 0); T b = ACC(T); between, __VA_ARGS__)

#define SEVEN_(N, R, T, between, ...)  \
  FOUR_(N, R, T, between, __VA_ARGS__) \
  THREE_(N, R, T, between, __VA_ARGS__)

#define BINARY_COMMUTES(N, T, ...) FOUR_(N, T, T, , __VA_ARGS__)
#define BINARY(N, T, ...) SEVEN_(N, T, T, , __VA_ARGS__)
#define BINARY_TRAPS(N, T, function) \
  SEVEN_(N, T, T, T r; TRAP_IF_CODE(function(a, b, &r)); SETTLE(r);, r)

/* Over floats: what the older accumulator holds was made before, so it is the first operand; AA is a
   value with itself. */
#define OA_(N, R, T, ...) RESULTS_(N##_OA, 0, R, T a = OLD(T); T b = ACC(T);, __VA_ARGS__)
#define OS_(N, R, T, ...) RESULTS_(N##_OS, 1, R, T a = OLD(T); T b = SLOT(T, 0);, __VA_ARGS__)
#define FLOAT_BINARY_COMMUTES(N, T, ...) \
  FOUR_(N, T, T, , __VA_ARGS__)          \
  OA_(N, T, T, __VA_ARGS__)              \
  OS_(N, T, T, __VA_ARGS__)              \
  RESULTS_(N##_AA, 0, T, T a = ACC(T); T b = a;, __VA_ARGS__)
#define FLOAT_BINARY(N, T, ...) \
  FOUR_(N, T, T, , __VA_ARGS__) \
  OA_(N, T, T, __VA_ARGS__)     \
  OS_(N, T, T, __VA_ARGS__)     \
  THREE_(N, T, T, , __VA_ARGS__)

/* Over integers of 128 bits, each as two i64, the low half first; the last operand is the slot of the
   result's low half, and the high half lies above it. */
#define WIDE_SUM(N, function)                                                         \
  OP(N, 5, wide r = function(SLOT(u64, 0), SLOT(u64, 1), SLOT(u64, 2), SLOT(u64, 3)); \
     WRITE(wide, SLOT_AT(4), r);)
/* The halves one by one: written as a whole, gcc 12 saves a register. */
#define WIDE_PRODUCT(N, function)                                                              \
  OP(N, 3, u64 *to = SLOT_AT(2); wide r = function(SLOT(u64, 0), SLOT(u64, 1)); to[0] = r.low; \
     to[1] = r.high;)

/* A comparison and its fused branches. mirror: the same with a and b exchanged, for operands that come
   as SA, KS, KA. */
#define BRANCHES_(name, at, operands, ...)                             \
  OP(name##_BR, (at) + 1, operands if (__VA_ARGS__) GO(at);)           \
  OP(name##_BRN, (at) + 1, operands if (!(__VA_ARGS__)) GO(at);)       \
  OP(name##_BRL, (at) + 2, operands if (__VA_ARGS__) GO_BACK(at);)     \
  OP(name##_BRNL, (at) + 2, operands if (!(__VA_ARGS__)) GO_BACK(at);) \
  OP(                                                                  \
      name##_RETIF, (at) + 2, operands if (__VA_ARGS__) {              \
        RESULT(u64, SLOT(u64, at));                                    \
        LEAVE_WITH(u64, (at) + 1);                                     \
      })
#define FOUR_BRANCHES_(N, T, ...)                                                   \
  BRANCHES_(N##_SS, 2, T a = SLOT(T, 0); T b = SLOT(T, 1);, __VA_ARGS__)            \
  BRANCHES_(N##_SK, 1 + WORDS_##T, T a = SLOT(T, 0); T b = IMM(T, 1);, __VA_ARGS__) \
  BRANCHES_(N##_AS, 1, T a = ACC(T); T b = SLOT(T, 0);, __VA_ARGS__)                \
  BRANCHES_(N##_AK, WORDS_##T, T a = ACC(T); T b = IMM(T, 0);, __VA_ARGS__)
#define COMPARE(N, T, mirror, ...) \
  FOUR_(N, u32, T, , __VA_ARGS__)  \
  FOUR_BRANCHES_(N, T, __VA_ARGS__)
#define FLOAT_COMPARE(N, T, mirror, ...) \
  FOUR_(N, u32, T, , __VA_ARGS__)        \
  OA_(N, u32, T, __VA_ARGS__)            \
  FOUR_BRANCHES_(N, T, __VA_ARGS__)      \
  BRANCHES_(N##_OA, 0, T a = OLD(T); T b = ACC(T);, __VA_ARGS__)

/* The type of the result, that of its bits, what makes one of the other. */
#define SELECTS(N, T, W, make)                                                                     \
  RESULTS_(N##_S_SS, 3, T, W a = SLOT(W, 1); W b = SLOT(W, 2);, make(SLOT(u32, 0) ? a : b))        \
  RESULTS_(N##_S_SK, 2 + WORDS_##W, T, W a = SLOT(W, 1); W b = IMM(W, 2);                          \
           , make(SLOT(u32, 0) ? a : b))                                                           \
  RESULTS_(N##_S_KS, 2 + WORDS_##W, T, W a = IMM(W, 1); W b = SLOT(W, 1 + WORDS_##W);              \
           , make(SLOT(u32, 0) ? a : b))                                                           \
  RESULTS_(N##_S_KK, 1 + 2 * WORDS_##W, T, W a = IMM(W, 1); W b = IMM(W, 1 + WORDS_##W);           \
           , make(SLOT(u32, 0) ? a : b))                                                           \
  RESULTS_(N##_A_SS, 2, T, W a = SLOT(W, 0); W b = SLOT(W, 1);, make(ACC(u32) ? a : b))            \
  RESULTS_(N##_A_SK, 1 + WORDS_##W, T, W a = SLOT(W, 0); W b = IMM(W, 1);, make(ACC(u32) ? a : b)) \
  RESULTS_(N##_A_KS, 1 + WORDS_##W, T, W a = IMM(W, 0); W b = SLOT(W, WORDS_##W);                  \
           , make(ACC(u32) ? a : b))                                                               \
  RESULTS_(N##_A_KK, 2 * WORDS_##W, T, W a = IMM(W, 0); W b = IMM(W, WORDS_##W);                   \
           , make(ACC(u32) ? a : b))

/* Address operands: slot or accumulator with an offset that is added without wrapping, or the whole
   effective address as a 64-bit constant; W: slot and constant, added as 32 bits, with an offset; all of
   memory 0 with 32-bit addresses. X is for all other memories: slot, offset in two words, memory. M: the
   type in memory. */
#define AT_X_(size) ADDRESS_IN(0, 1, 3, size)
#define AT_S_(size) ADDRESS((uint64_t)SLOT(u32, 0) + WORD(1), size)
#define AT_A_(size) ADDRESS((uint64_t)ACC(u32) + WORD(0), size)
#define AT_K_(size) ADDRESS(IMM(u64, 0), size)
#define AT_W_(size) ADDRESS((uint64_t)(SLOT(u32, 0) + WORD(1)) + WORD(2), size)
#define LOAD(N, R, M)                                                             \
  RESULTS_(N##_S, 2, R, uint8_t *at = AT_S_(sizeof(M)); M m = READ(M, at);, (R)m) \
  RESULTS_(N##_A, 1, R, uint8_t *at = AT_A_(sizeof(M)); M m = READ(M, at);, (R)m) \
  RESULTS_(N##_K, 2, R, uint8_t *at = AT_K_(sizeof(M)); M m = READ(M, at);, (R)m) \
  RESULTS_(N##_X, 4, R, uint8_t *at = AT_X_(sizeof(M)); M m = READ(M, at);, (R)m) \
  RESULTS_(N##_W, 3, R, uint8_t *at = AT_W_(sizeof(M)); M m = READ(M, at);, (R)m)
#define STORE_(N, V, M, where, words)                                                            \
  OP(N##S, (words) + 1, uint8_t *at = where(sizeof(M)); WRITE(M, at, (M)SLOT(V, words));)        \
  OP(N##K, (words) + WORDS_##V, uint8_t *at = where(sizeof(M)); WRITE(M, at, (M)IMM(V, words));) \
  OP(N##A, words, uint8_t *at = where(sizeof(M)); WRITE(M, at, (M)ACC(V));)
#define STORE(N, V, M)          \
  STORE_(N##_S, V, M, AT_S_, 2) \
  STORE_(N##_A, V, M, AT_A_, 1) \
  STORE_(N##_K, V, M, AT_K_, 2) \
  STORE_(N##_X, V, M, AT_X_, 4) \
  STORE_(N##_W, V, M, AT_W_, 3)

/* Vectors. */
#define VECTOR_PUT_(at, ...) WRITE(v128, SLOT_AT(at), __VA_ARGS__);
#define VECTOR_UNARY(N, function) OP(N, 2, v128 a = SLOT(v128, 0); VECTOR_PUT_(1, function(a)))
#define VECTOR_BINARY(N, function) \
  OP(N, 3, v128 a = SLOT(v128, 0); v128 b = SLOT(v128, 1); VECTOR_PUT_(2, function(a, b)))
#define VECTOR_TERNARY(N, function)                                                \
  OP(N, 4, v128 a = SLOT(v128, 0); v128 b = SLOT(v128, 1); v128 c = SLOT(v128, 2); \
     VECTOR_PUT_(3, function(a, b, c)))
#define VECTOR_SHIFT(N, function) \
  OP(N, 3, v128 a = SLOT(v128, 0); u32 b = SLOT(u32, 1); VECTOR_PUT_(2, function(a, b)))
#define VECTOR_TEST(N, function) RESULTS_(N, 1, u32, v128 a = SLOT(v128, 0);, function(a))
#define VECTOR_SWIZZLE(N, function)                                       \
  OP(N, 3,                                                                \
     BYTES(i8x16_swizzle, v128 a = SLOT(v128, 0); v128 b = SLOT(v128, 1); \
           VECTOR_PUT_(2, function(a, b))))
#define VECTOR_SPLAT(N, T, shape, convert) \
  OP(N, 2, T a = SLOT(T, 0); VECTOR_PUT_(1, wh_num_##shape##_splat(convert(a))))
/* Operands: vector, lane, scalar. */
#define VECTOR_REPLACE(N, T, shape, convert)         \
  OP(N, 4, v128 a = SLOT(v128, 0); T b = SLOT(T, 2); \
     VECTOR_PUT_(3, wh_num_##shape##_replace(a, WORD(1), convert(b))))
#define VECTOR_EXTRACT(N, R, shape, convert) RESULTS_(N, 2, R, , convert(LANE(shape, 0, WORD(1))))
/* Addresses as in loads: only the slot and the general form. */
#define VECTOR_LOAD(N, M, ...)                                                                 \
  OP(N##_S, 3, uint8_t *at = AT_S_(sizeof(M)); M m = READ(M, at); VECTOR_PUT_(2, __VA_ARGS__)) \
  OP(N##_X, 5, uint8_t *at = AT_X_(sizeof(M)); M m = READ(M, at); VECTOR_PUT_(4, __VA_ARGS__))
#define VECTOR_STORE(N)                                                            \
  OP(N##_S, 3, uint8_t *at = AT_S_(sizeof(v128)); WRITE(v128, at, SLOT(v128, 2));) \
  OP(N##_X, 5, uint8_t *at = AT_X_(sizeof(v128)); WRITE(v128, at, SLOT(v128, 4));)
/* Behind the address: vector, lane. */
#define VECTOR_LOAD_LANE(N, M, shape)                                     \
  OP(N##_S, 5, uint8_t *at = AT_S_(sizeof(M)); M m = READ(M, at);         \
     VECTOR_PUT_(4, wh_num_##shape##_replace(SLOT(v128, 2), WORD(3), m))) \
  OP(N##_X, 7, uint8_t *at = AT_X_(sizeof(M)); M m = READ(M, at);         \
     VECTOR_PUT_(6, wh_num_##shape##_replace(SLOT(v128, 4), WORD(5), m)))
#define VECTOR_STORE_LANE(N, M, shape)                                                 \
  OP(N##_S, 4, uint8_t *at = AT_S_(sizeof(M)); WRITE(M, at, LANE(shape, 2, WORD(3)));) \
  OP(N##_X, 6, uint8_t *at = AT_X_(sizeof(M)); WRITE(M, at, LANE(shape, 4, WORD(5)));)

/* Atomic accesses: address as in loads, only the slot form; operands are slots, a result is stored to
   its slot. */
#define ATOMIC(N, ...)
#define ATOMIC_DIRECT(N, operation, M, T) ATOMIC_DIRECT_##operation##_(N, M, T)
#define AT_ATOMIC_(M) ATOMIC_ADDRESS((uint64_t)SLOT(u32, 0) + WORD(1), M)
#define ATOMIC_DIRECT_LOAD_(N, M, T) OP(N, 3, M *at = AT_ATOMIC_(M); PUT(T, 2, ATOMIC_LOAD(at));)
#define ATOMIC_DIRECT_STORE_(N, M, T) OP(N, 3, M *at = AT_ATOMIC_(M); ATOMIC_STORE(at, SLOT(T, 2));)
#define ATOMIC_DIRECT_ADD_(N, M, T) \
  OP(N, 4, M *at = AT_ATOMIC_(M); PUT(T, 3, ATOMIC_ADD(at, SLOT(T, 2)));)
#define ATOMIC_DIRECT_CMPXCHG_(N, M, T) \
  OP(N, 5, M *at = AT_ATOMIC_(M); PUT(T, 4, ATOMIC_CMPXCHG(at, SLOT(T, 2), SLOT(T, 3)));)

/* Fields of structs: the reference, the field's offset. T: the type in memory (sign-extended if signed). */
#define GET_(name, at, R, M, place) \
  RESULTS_(name, at, R, const char *from = place; M m = READ(M, from);, (R)m)
#define SET_(name, words, M, place, value) \
  OP(name, words, char *to = place; WRITE(M, to, (M)(value));)
#define FIELD_GET(T, R, M)                                  \
  GET_(STRUCT_GET_##T##_S, 2, R, M, FIELD(SLOT(u64, 0), 1)) \
  GET_(STRUCT_GET_##T##_A, 1, R, M, FIELD(ACC(u64), 0))
/* And the value to store behind them. */
#define FIELD_SET(T, V, M)                                                      \
  SET_(STRUCT_SET_##T##_S, 3, M, FIELD(SLOT(u64, 0), 1), SLOT(V, 2))            \
  SET_(STRUCT_SET_##T##_K, 2 + WORDS_##V, M, FIELD(SLOT(u64, 0), 1), IMM(V, 2)) \
  SET_(STRUCT_SET_##T##_A, 2, M, FIELD(SLOT(u64, 0), 1), ACC(V))
/* Elements of arrays: the reference, the index. */
#define ELEMENT_GET(T, R, M)                                                       \
  GET_(ARRAY_GET_##T##_S, 2, R, M, ELEMENT(SLOT(u64, 0), SLOT(u32, 1), sizeof(M))) \
  GET_(ARRAY_GET_##T##_A, 1, R, M, ELEMENT(SLOT(u64, 0), ACC(u32), sizeof(M)))
#define ELEMENT_SET(T, V, M)                                                                \
  SET_(ARRAY_SET_##T##_S, 3, M, ELEMENT(SLOT(u64, 0), SLOT(u32, 1), sizeof(M)), SLOT(V, 2)) \
  SET_(ARRAY_SET_##T##_A, 2, M, ELEMENT(SLOT(u64, 0), SLOT(u32, 1), sizeof(M)), ACC(V))

/* Globals: their own value, or (CELL) the address of another instance's. */
#define GLOBAL_GET(T)                            \
  RESULTS_(GLOBAL_GET_##T, 1, T, , GLOBAL(T, 0)) \
  RESULTS_(GLOBAL_GET_CELL_##T, 1, T, , GLOBAL_CELL(T, 0))
#define GLOBAL_SET(T)                                                         \
  OP(GLOBAL_SET_##T##_S, 2, T a = SLOT(T, 0); GLOBAL_PUT(T, 1, a);)           \
  OP(GLOBAL_SET_##T##_A, 1, T a = ACC(T); GLOBAL_PUT(T, 0, a);)               \
  OP(GLOBAL_SET_CELL_##T##_S, 2, T a = SLOT(T, 0); GLOBAL_CELL_PUT(T, 1, a);) \
  OP(GLOBAL_SET_CELL_##T##_A, 1, T a = ACC(T); GLOBAL_CELL_PUT(T, 0, a);)

/* An operation that a function of exec carries out: operand words. */
#define CALLED(N, operands, function) OP(N, operands, SLOW(function);)
/* The same, with a short way for most cases. */
#define QUICKLY(N, operands, function) OP(N, operands, QUICK(function);)
#define PLAIN(N, operands, ...) OP(N, operands, __VA_ARGS__)
