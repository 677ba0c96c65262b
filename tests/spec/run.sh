#!/usr/bin/env bash
# Runs the standard's core suite: run.sh wast|json|stress|component|component-wast [EMULATOR…] WHERRY, its
# scripts or the JSON made of them; stress: these, with a collection at every allocation; component: the
# component model's suite, as JSON, or its scripts. The suites are found through WHERRY_SUITES, else in ../shared/suites beside
# the project; without them the test is skipped. proposals/custom-descriptors is beyond what wherry
# promises.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kind=$1
shift
options=()
[ "$kind" != stress ] || {
  kind=json
  options=(--gc-stress)
}
suites=${WHERRY_SUITES:-$here/../../../shared/suites}
folder=core/$kind suffix=$kind
[ "$kind" != component ] || folder=component/json suffix=json
[ "$kind" != component-wast ] || kind=component folder=component/wast suffix=wast
if [ ! -d "$suites/$folder" ]; then
  echo "skipped: the suite is not in $suites/$folder (WHERRY_SUITES names another place)"
  exit 77
fi
mapfile -t scripts < <(find "$suites/$folder" -name "*.$suffix" -not -path '*/custom-descriptors/*' |
  sort)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
"$@" wast "${options[@]}" "${scripts[@]}" | tee "$log" || status=$?
[ "$status" = 0 ] || exit "$status"

# What is skipped stands in skipped.txt, no more and no less.
known=$(sed -n "s/^\([a-z0-9-]\+\) .*\b$kind\b.*/\1/p" "$here/skipped.txt" | sort)
found=$(awk '$1 == "skipped" { print $3 }' "$log" | sort)
[ "$known" = "$found" ] || {
  echo "skipped.txt and what was skipped differ:"
  diff <(echo "$known") <(echo "$found") || true
  exit 1
}
