#!/bin/sh
# Builds the guests again. Their .wasm files are committed: only who changes a source needs this.
# Needs clang and lld with the wasm32 target, wabt's wat2wasm, and wasm-tools (cargo install wasm-tools)
# or jco (npm install @bytecodealliance/jco, in NODE_PATH's folder), which put greet.wit into greet.wasm.
set -eu
cd "$(dirname "$0")"

CLANG=${CLANG:-$(command -v clang-19 || command -v clang)}

for name in fib values vector; do wat2wasm --debug-names "$name.wat" -o "$name.wasm"; done

for name in simple host greet; do
  "$CLANG" --target=wasm32 -mbulk-memory -O2 -Wall -Wextra -nostdlib \
    -Wl,--no-entry -Wl,--strip-debug -Wl,-z,stack-size=16384 \
    "$name.c" -o "$name.wasm"
done

if command -v wasm-tools >/dev/null; then
  wasm-tools component embed greet.wit --world greet greet.wasm -o greet.wasm
else
  node - <<'JS'
const fs = require("fs");
import(require.resolve("@bytecodealliance/jco")).then(async ({ componentEmbed }) => {
  const binary = fs.readFileSync("greet.wasm");
  const witSource = fs.readFileSync("greet.wit", "utf8");
  fs.writeFileSync("greet.wasm", await componentEmbed({ binary, witSource, worldName: "greet" }));
});
JS
fi
chmod 644 ./*.wasm
ls -l ./*.wasm
