#!/usr/bin/env bash
# What wasm-tools makes of the text that is printed: wasm_tools.sh [EMULATOR…] ROUNDTRIP. It is looked
# for on PATH and where `./dev setup wasm-tools` puts it. Of the shared suites a part is taken, so that
# the test stays short: WASM_TOOLS_EVERY=1 takes all.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
tool=$(PATH=$PATH:$root/build/cargo/bin command -v wasm-tools || true)
if [ -z "$tool" ]; then
  echo "skipped: wasm-tools is not installed (./dev setup wasm-tools compiles it, which takes minutes)"
  exit 77
fi
suites=${WHERRY_SUITES:-$here/../../../shared/suites}
[ -d "$suites/core" ] || echo "skipped: the core suite is not in $suites; the project's own guests only"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/own" "$folder/suite"
"$@" --print "$folder/own" "$here/own" "$root/examples/guests"
if [ -d "$suites/core" ]; then
  "$@" --most 100000 --every "${WASM_TOOLS_EVERY:-5}" --print "$folder/suite" "$suites/core/json" \
    "$suites/../guests/core"
fi
for part in own suite; do
  for text in "$folder/$part"/*.wat; do
    [ -e "$text" ] || continue
    "$tool" parse "$text" -o "${text%.wat}.parsed" || { head -n 200 "$text"; exit 1; }
  done
  [ ! -e "$folder/$part/0.wasm" ] || "$@" --compare "$folder/$part"
done
