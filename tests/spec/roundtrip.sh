#!/usr/bin/env bash
# Binary to text and back, of all modules in the shared suites and guests: roundtrip.sh [EMULATOR…]
# ROUNDTRIP [--most BYTES]. Where they are: WHERRY_SUITES, else ../shared/suites beside the project.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
suites=${WHERRY_SUITES:-$here/../../../shared/suites}
if [ ! -d "$suites/core" ]; then
  echo "skipped: the core suite is not in $suites (WHERRY_SUITES names another place)"
  exit 77
fi
exec "$@" "$suites/core" "$suites/component/json" "$suites/wasi-p1" "$suites/../guests"
