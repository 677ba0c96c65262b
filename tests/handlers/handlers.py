"""The machine code of the handlers: none has a frame, saves a register or calls.

handlers.py OBJDUMP OBJECT…: looks at each handler in the object files of core/exec and tells which
touch the stack, and how. What a handler cannot do without that belongs into a cold function,
which it reaches by a jump (core/exec/dispatch.c).
"""

import re
import shutil
import subprocess
import sys

HANDLER = re.compile(r"(wh_exec_op|op|newer|relaxed)_[A-Z]")

# What must not occur: of an instruction's name and of its operands.
RULES = {
    "x86-64": (
        re.compile(r"(push|popq?$|call|ret|leave|enter)"),
        re.compile(r"%[er]?spl?\b"),
    ),
    "aarch64": (
        re.compile(r"(blr?|ret)$"),
        re.compile(r"\bw?sp\b"),
    ),
}

# Handlers that may touch it: several operations that are a loop (FUSE_LOOP of code/fused.def)
# save a register once for all its rounds.
ALLOWED = re.compile(r"wh_exec_op_\w+__(\w+_)?BRN?L$")


def functions(objdump, path):
    """Yields the name of each function and its instructions, as (name, operands)."""
    text = subprocess.run(
        [objdump, "-d", "--no-show-raw-insn", path], check=True, capture_output=True, text=True
    ).stdout
    name, code = None, []
    for line in text.splitlines():
        if start := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            if name:
                yield name, code
            name, code = start[1], []
        elif instruction := re.match(r"\s+[0-9a-f]+:\t(\S+)\s*(.*)", line):
            code.append((instruction[1], instruction[2].split("#")[0].split("<")[0]))
    if name:
        yield name, code


def main():
    objdump, *paths = sys.argv[1:]
    if not shutil.which(objdump):
        print("skipped: there is no objdump for this architecture")
        return 77
    command = [objdump, "-f", *paths]
    head = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    machine = next((m for m in RULES if m in head), None)
    if not machine:
        print(f"skipped: it is not known here what handlers look like in this file: {head.strip()}")
        return 77
    names, operands = RULES[machine]

    seen, faults, allowed = 0, 0, 0
    for function, code in (found for path in paths for found in functions(objdump, path)):
        if not HANDLER.match(function):
            continue
        seen += 1
        bad = [f"{n} {o}".strip() for n, o in code if names.match(n) or operands.search(o)]
        if bad and ALLOWED.match(function):
            allowed += 1
        elif bad:
            faults += 1
            print(f"{function}: {'; '.join(bad)}")
    if not seen:
        print("skipped: the file has no symbols of handlers")
        return 77
    print(f"{seen} handlers, {faults} touch the stack, besides {allowed} that are loops")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
