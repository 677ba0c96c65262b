#!/usr/bin/env bash
# symbols.sh [--update] LIBRARY: what the library exports is what symbols.txt lists, no more, no less.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
exported() {
  nm -D --defined-only "$1" | awk '{ print $NF }' | grep -vE '^(__asan_|__odr_asan|__ubsan|__tsan)' | LC_ALL=C sort
}
if [ "$1" = --update ]; then
  exported "$2" >"$here/symbols.txt"
  exit
fi
diff -u "$here/symbols.txt" <(exported "$1") || {
  echo "exported symbols differ from tests/abi/symbols.txt (+: not listed, -: missing)"
  exit 1
}
