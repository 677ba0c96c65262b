"""The rules of the rooms that the compiler does not hold.

No include climbs out of its folder; a room includes only rooms before it; every room has a header
that begins by saying what it is for; no file over 1,500 lines and no function over 200.
"""

import pathlib
import re
import sys

ROOMS = (
    "base num ops model encode decode validate code compile runtime exec link types canon "
    "component text wasi api tools"
).split()
FILE_LINES = 1500
FUNCTION_LINES = 200
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def functions(lines):
    """Yields (first line, length) of each function: what clang-format closes with a lone brace."""
    start = 1
    for number, line in enumerate(lines, 1):
        if line == "}":
            yield start, number - start + 1
        elif line[:1].isalpha() and "(" in line:
            start = number


def check_file(path, room, complain):
    lines = path.read_text(encoding="utf-8").splitlines()
    if path.suffix != ".def" and len(lines) > FILE_LINES:
        complain(path, 1, f"{len(lines)} lines; over {FILE_LINES} a file is split by meaning")
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quote, name = found.groups()
        if "../" in name:
            complain(path, number, f"include of {name}: no include climbs out of its folder")
        if room == "tools" and quote == '"' and "/" in name:
            complain(path, number, f"include of {name}: tools see the public headers only")
        neighbour = name.split("/")[0]
        if quote == '"' and "/" in name and room in ROOMS and neighbour in ROOMS:
            if ROOMS.index(neighbour) > ROOMS.index(room):
                complain(path, number, f"{room}/ may not use {neighbour}/, which comes after it")
    if path.suffix == ".c":
        for start, length in functions(lines):
            if length > FUNCTION_LINES:
                complain(path, start, f"a function of {length} lines; over {FUNCTION_LINES}")


def main():
    faults = []

    def complain(path, line, text):
        faults.append(f"{path}:{line}: {text}")

    core = pathlib.Path("core")
    for folder in sorted(path for path in core.iterdir() if path.is_dir()):
        room = folder.name
        if room not in [*ROOMS, "include"]:
            complain(folder, 1, "a folder that is no room")
            continue
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".c", ".h", ".def"):
                check_file(path, room, complain)
        if room in ("include", "tools"):
            continue
        header = folder / f"{room}.h"
        if not header.exists():
            complain(header, 1, "every room has a header of its own name")
        elif not header.read_text(encoding="utf-8").lstrip().startswith("/*"):
            complain(header, 1, "the header's first comment says what the room is for")

    for folder in ("bindings", "examples", "swig"):
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix in (".c", ".h"):
                check_file(path, folder, complain)

    print(*faults, sep="\n" if faults else "", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
