"""Whether wasm-tools finds the same changed modules valid as wherry does, given the same features.

agreement.py FUZZ [--seed N] [--count N] [--seconds N] PATH…

A sample has as many modules that wherry finds valid as others. First comes one of --count modules
with all features; then, for each feature, a smaller one without it; by hand this goes on for so
many seconds. wasm-tools is looked for on PATH and where `./dev setup wasm-tools` puts it. Custom
sections are not looked at: their contents do not make a module invalid.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# What wasm-tools calls our features.
NAMES = {
    "multi-value": "multi-value",
    "sign-extension": "sign-extension",
    "saturating-conversions": "saturating-float-to-int",
    "bulk-memory": "bulk-memory,bulk-memory-opt",
    "reference-types": "reference-types,call-indirect-overlong",
    "mutable-globals": "mutable-global",
    "extended-const": "extended-const",
    "tail-call": "tail-call",
    "multi-memory": "multi-memory",
    "memory64": "memory64",
    "simd": "simd",
    "relaxed-simd": "relaxed-simd",
    "function-references": "function-references",
    "gc": "gc",
    "exceptions": "exceptions",
    "legacy-exceptions": "legacy-exceptions",
    "threads": "threads",
    "custom-page-sizes": "custom-page-sizes",
    "wide-arithmetic": "wide-arithmetic",
    "compact-imports": "compact-imports",
}
ALWAYS = "floats,gc-types"
# Where the two may differ: what wherry says, what wasm-tools says (regular expressions), and why.
KNOWN = [
    (
        "valid",
        "exceptions proposal not enabled",
        "tags came with the old exceptions already; there they need the new ones",
    ),
    (
        "(data|element) segment of kind 2 needs feature bulk-memory",
        "valid",
        "there a segment may always say which memory or table it is for",
    ),
    (
        "valid",
        "reference types support is not enabled",
        "segments of expressions came with bulk memory already",
    ),
    (
        "needs feature function-references",
        "valid",
        "there (ref exn) and (ref noexn) came with exceptions",
    ),
    (
        "valid",
        "invalid var_u32: integer representation too (long|large)",
        "offsets and limits may have 64 bits as long as their values fit, also without memory64",
    ),
]


def their_features(ours):
    return ",".join(["-all", ALWAYS, *(NAMES[name] for name in ours.split(","))])


def judge(tool, script, features):
    """The lines of a script whose modules wasm-tools refuses, and its reasons."""
    done = subprocess.run(
        [tool, "wast", f"--features={features}", script], capture_output=True, text=True
    )
    refused = {}
    for part in done.stderr.split("-" * 32):
        found = re.search(r"failed directive on .*?:(\d+):\d+\s+Caused by:\n(.*)", part, re.S)
        # It also prints every module and reads it back, which is not asked here.
        if found and "wasm isn't valid" in found[2]:
            refused[int(found[1])] = found[2].strip().splitlines()[-1].strip()
    if done.returncode not in (0, 1) or (done.returncode and "failures in" not in done.stderr):
        sys.exit(f"wasm-tools ended with {done.returncode}: {done.stderr[:2000]}")
    return refused


def is_known(ours, theirs):
    return any(re.search(a, ours) and re.search(b, theirs) for a, b, _ in KNOWN)


def compare(tool, options, seed, count, without):
    """How many there were, how many are valid by wasm-tools, how many differ, as known or not."""
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / "sample.wast"
        subprocess.run(
            [options.fuzz, "module", "--seed", str(seed), "--count", str(count)]
            + ["--without", without, "--sample", script, *options.paths],
            check=True,
        )
        found = (script.parent / "sample.wast.txt").read_text(errors="replace")
        features, *verdicts = found.split("\n")[:-1]
        refused = judge(tool, script, their_features(features))
    known = unknown = 0
    for line, verdict in enumerate(verdicts, 1):
        number, kind, *message = verdict.split(" ", 2)
        if (kind == "valid") != (line in refused):
            continue
        theirs = refused.get(line, "valid")
        if is_known(" ".join([kind, *message]), theirs):
            known += 1
            continue
        unknown += 1
        print(f"seed {seed} number {number} without {without or 'nothing'}:")
        print(f"  wherry: {kind} {' '.join(message)}\n  wasm-tools: {theirs}")
    return len(verdicts), len(verdicts) - len(refused), known, unknown


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fuzz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()
    path = os.pathsep.join([os.environ.get("PATH", ""), str(ROOT / "build" / "cargo" / "bin")])
    tool = shutil.which("wasm-tools", path=path)
    if not tool:
        print("skipped: wasm-tools is not installed (./dev setup wasm-tools compiles it)")
        return 77
    began, seed, total = time.monotonic(), options.seed, [0, 0, 0, 0]
    while True:
        for without in ["", *NAMES]:
            count = options.count // 20 if without else options.count
            result = compare(tool, options, seed, count, without)
            total = [a + b for a, b in zip(total, result, strict=True)]
        seed += 1
        if time.monotonic() - began >= options.seconds:
            break
    samples, valid, known, unknown = total
    print(
        f"{samples} changed modules, {valid} of them valid by wasm-tools; "
        f"{known} judged otherwise for a known reason, {unknown} without"
    )
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
