"""Where the guests are. Those of examples/guests come with the project; others may be absent."""

from __future__ import annotations

import os
import pathlib
import sys
from collections.abc import Callable

import pytest
import wherry

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = ROOT / "examples" / "guests"
SHARED = pathlib.Path(os.environ.get("WHERRY_GUESTS") or ROOT.parent / "shared" / "guests")

# Sanitizers make everything slower and larger.
SANITIZED = bool(os.environ.get("WHERRY_SANITIZE"))


def own(name: str) -> bytes:
    return (OWN / name).read_bytes()


def shared(name: str) -> pathlib.Path:
    path = SHARED / name
    if not path.exists():
        print(f"skipped: {path.name}: ../shared/guests is absent", file=sys.stderr)
        pytest.skip(f"{name}: ../shared/guests is absent")
    return path


@pytest.fixture
def simple() -> wherry.Guest:
    return wherry.load(own("simple.wasm"))


@pytest.fixture
def values() -> wherry.Guest:
    return wherry.load(own("values.wasm"), imports={"env": {"offset": 100}})


@pytest.fixture
def greet() -> wherry.Guest:
    return wherry.load(own("greet.wasm"))


@pytest.fixture
def host() -> Callable[..., wherry.Guest]:
    """A guest that calls functions of its host: host(on_word=…, add=…)."""

    def load(**functions: object) -> wherry.Guest:
        names = {"on_word": lambda address, size: None, "add": lambda x, y: x + y, **functions}
        return wherry.load(own("host.wasm"), imports={"env": names})

    return load


# ---- Modules written by hand ----


def leb(number: int) -> bytes:
    out = bytearray()
    while True:
        byte = number & 0x7F
        number >>= 7
        if not number:
            return bytes([*out, byte])
        out.append(byte | 0x80)


def vector(*items: bytes) -> bytes:
    return leb(len(items)) + b"".join(items)


def name(text: str) -> bytes:
    return leb(len(text.encode())) + text.encode()


def module(*sections: tuple[int, bytes]) -> bytes:
    """A module from (id, contents) of its sections."""
    parts = (bytes([number]) + leb(len(body)) + body for number, body in sections)
    return b"\0asm\1\0\0\0" + b"".join(parts)
