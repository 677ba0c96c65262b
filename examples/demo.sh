#!/usr/bin/env bash
# The same guests, called from C, Python, Ruby and Lua: demo.sh BUILD
set -uo pipefail
cd "$(dirname "$0")/.."
build=$(cd "${1:-build/release}" && pwd)

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; else bold='' dim='' plain=''; fi
worst=0

# show LANGUAGE FILE COMMAND… : a heading, and what the program prints.
show() {
  local language=$1 file=$2
  shift 2
  printf '\n%s%s%s  %s%s%s\n' "$bold" "$language" "$plain" "$dim" "$file" "$plain"
  if [ ! -e "$file" ]; then
    echo "  (not in this build)"
    return
  fi
  "$@" 2>&1 | sed 's/^/  /'
  [ "${PIPESTATUS[0]}" = 0 ] || { worst=1; echo "  ${bold}failed$plain"; }
}

python=$(sed -n 's/^_\?Python3_EXECUTABLE:[A-Z]*=//p' "$build/CMakeCache.txt" | head -n 1)
guests=examples/guests
echo "One folder of guests, $guests, and four languages that call them."

show C examples/c/tour.c "$build/examples/tour" $guests
if [ -d "$build/python" ]; then
  show Python examples/python/tour.py \
    env PYTHONPATH="$build/python" "${python:-python3}" examples/python/tour.py $guests
fi
if [ -d "$build/ruby" ]; then
  show Ruby examples/ruby/tour.rb ruby -I "$build/ruby" examples/ruby/tour.rb $guests
fi
if [ -d "$build/lua" ]; then
  show Lua examples/lua/tour.lua \
    env LUA_PATH="$build/lua/?.lua;$build/lua/?/init.lua;;" LUA_CPATH="$build/lua/?.so;;" \
    lua5.4 examples/lua/tour.lua $guests
fi

printf '\n%sAnd the command%s\n' "$bold" "$plain"
printf "  \$ wherry call greet.wasm translate '[{x: 1, y: 2}, {x: 3, y: 4}]' '{x: 10, y: 20}'\n  "
"$build/bin/wherry" call $guests/greet.wasm translate '[{x: 1, y: 2}, {x: 3, y: 4}]' \
  '{x: 10, y: 20}' || worst=1
echo
exit $worst
