#!/bin/sh
# Makes the .json files and their modules from the .wast files again; needs wabt's wast2json.
set -eu
cd "$(dirname "$0")"
rm -f ./*.json ./*.wasm
for script in *.wast; do
  wast2json --enable-tail-call --enable-extended-const --enable-memory64 \
    --enable-multi-memory "$script"
done
