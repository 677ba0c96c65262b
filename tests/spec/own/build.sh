#!/bin/sh
# Makes the .json files and their modules again, from the scripts that have them; needs wabt's
# wast2json. The other scripts are run as they are only.
set -eu
cd "$(dirname "$0")"
rm -f ./*.json ./*.wasm
for script in linking numbers references; do
  wast2json --enable-tail-call --enable-extended-const --enable-memory64 \
    --enable-multi-memory "$script.wast"
done
