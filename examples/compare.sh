#!/bin/sh
# Runs a program and compares what it prints: compare.sh EXPECTED PROGRAM [ARG…]
expected=$1
shift
"$@" | diff -u "$expected" -
