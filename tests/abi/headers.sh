#!/usr/bin/env bash
# Each public header compiles alone as C99, C11 and C++17.
set -euo pipefail
cd "$(dirname "$0")/../.."
strict="-Wall -Wextra -pedantic -Werror -fsyntax-only -Icore/include"
status=0
for header in $(cd core/include && find . -name '*.h' | sed 's,^\./,,' | sort); do
  for language in "${CC:-cc} -x c -std=c99" "${CC:-cc} -x c -std=c11" "${CXX:-c++} -x c++ -std=c++17"; do
    # Included twice: the guard must hold.
    printf '#include <%s>\n#include <%s>\n' "$header" "$header" | $language $strict - || {
      echo "$header does not compile alone with: $language"
      status=1
    }
  done
done
exit $status
