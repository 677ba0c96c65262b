/* What atomic accesses do (the threads proposal); all are sequentially consistent. */
#ifndef WH_EXEC_ATOMIC_H
#define WH_EXEC_ATOMIC_H

#define ATOMIC_LOAD(at) __atomic_load_n((at), __ATOMIC_SEQ_CST)
#define ATOMIC_STORE(at, value) __atomic_store_n((at), (value), __ATOMIC_SEQ_CST)
#define ATOMIC_ADD(at, value) __atomic_fetch_add((at), (value), __ATOMIC_SEQ_CST)
#define ATOMIC_SUB(at, value) __atomic_fetch_sub((at), (value), __ATOMIC_SEQ_CST)
#define ATOMIC_AND(at, value) __atomic_fetch_and((at), (value), __ATOMIC_SEQ_CST)
#define ATOMIC_OR(at, value) __atomic_fetch_or((at), (value), __ATOMIC_SEQ_CST)
#define ATOMIC_XOR(at, value) __atomic_fetch_xor((at), (value), __ATOMIC_SEQ_CST)
#define ATOMIC_XCHG(at, value) __atomic_exchange_n((at), (value), __ATOMIC_SEQ_CST)
/* What was found; the replacement is there only if that was expected. */
#define ATOMIC_CMPXCHG(at, expected, replacement)                                      \
  ({                                                                                   \
    __typeof__(*(at)) found_ = (expected);                                             \
    __atomic_compare_exchange_n((at), &found_, (replacement), false, __ATOMIC_SEQ_CST, \
                                __ATOMIC_SEQ_CST);                                     \
    found_;                                                                            \
  })

#endif
