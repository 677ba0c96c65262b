/* The counter build (WHERRY_COUNTS): how often every operation of every function's code was run, and how
   often from the one before it in the code; tests/counts makes ops, pairs, triples and longer runs of
   that. At the process's end it is written to the file that the environment names in WHERRY_COUNTS, a
   line a place, separated by tabs: the word it begins at, words, runs, runs coming from the place
   before, name, operands. One thread is counted: it measures programs, nothing else is built so. */
#ifndef WH_EXEC_COUNTS_H
#define WH_EXEC_COUNTS_H

#include "code/code.h"

#ifdef WHERRY_COUNTS
/* ip: the operation that is about to run. */
void wh_exec_count(const wh_word_t *ip);
#define COUNT(ip) wh_exec_count(ip)
#else
#define COUNT(ip) ((void)0)
#endif

#endif
