"""Where the modules to time are."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUESTS = ROOT / "examples" / "guests"
SHARED = pathlib.Path(os.environ.get("WHERRY_BENCH", ROOT.parent / "shared" / "bench"))
REAL = SHARED.parent / "guests"  # made by real toolchains

CORE_MODULE, COMPONENT = 1, 4  # sections of a component
PREAMBLE = 8


def own(name):
    """A file of the project's own guests."""
    return GUESTS / f"{name}.wasm"


def there(files):
    """Those files that are there; the rest is told of."""
    for file in files:
        if file.exists():
            yield file
        else:
            print(f"skipped: {file} is not there (WHERRY_BENCH names another folder)")


def leb(data, at):
    """(an unsigned number in LEB128, where it ends)."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def largest_core_module(component):
    """The bytes of the largest core module in a component, nested ones included."""
    best, at = b"", PREAMBLE
    while at < len(component):
        section = component[at]
        size, at = leb(component, at + 1)
        content = component[at : at + size]
        if section == COMPONENT:
            content = largest_core_module(content)
        if section in (CORE_MODULE, COMPONENT) and len(content) > len(best):
            best = content
        at += size
    return best
