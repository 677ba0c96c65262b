#!/usr/bin/env bash
# Ctrl-C while a guest loops: lua5.4 ends with its own message. interrupt.sh LUA GUEST
set -u
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$1" -e '
  local guest = require "wherry".load(arg[1])
  io.stdout:write "ready\n" :flush()
  guest.spin()' /dev/null "$2" >"$out" 2>&1 &
pid=$!
for _ in $(seq 100); do
  grep -q ready "$out" && break
  sleep 0.1
done
sleep 0.2
kill -INT $pid
wait $pid
status=$?
cat "$out"
[ $status = 1 ] && grep -q 'interrupted!' "$out"
