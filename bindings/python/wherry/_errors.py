"""The exceptions. C makes them and fills in their attributes."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _wherry

if TYPE_CHECKING:
    from ._explicit import Tag


class Frame(NamedTuple):
    """One call on the guest's stack."""

    function: str | None
    """Its name in the guest's name section, else in its exports."""
    module: str | None
    function_index: int
    """Its index in its module."""
    offset: int | None
    """Where it stood, in bytes from the module's first; None: a function of the host."""

    def __str__(self) -> str:
        name = self.function or f"func {self.function_index}"
        where = "host" if self.offset is None else f"0x{self.offset:x}"
        return f"{name} ({self.module + ' ' if self.module else ''}{where})"


class Error(Exception):
    """Anything that went wrong in or around a guest."""

    frames: tuple[Frame, ...] = ()
    """The guest's stack, innermost call first."""
    frames_omitted: int = 0
    """How many frames in the middle of a long stack were left out."""

    @property
    def message(self) -> str:
        """What went wrong, without the stack."""
        return str(self.args[0]) if self.args else ""

    def __str__(self) -> str:
        if not self.frames:
            return self.message
        lines = [self.message, *(f"  at {frame}" for frame in self.frames[:20])]
        hidden = len(self.frames) - 20 + self.frames_omitted
        if hidden > 0:
            lines.append(f"  and {hidden} more")
        return "\n".join(lines)


class MalformedError(Error):
    """Bytes that are not WebAssembly."""

    offset: int | None = None


class InvalidError(Error):
    """WebAssembly that breaks a rule."""

    offset: int | None = None


class LinkError(Error):
    """Imports that are missing or of the wrong type, all of them in the message."""


class Trap(Error):
    """The guest did what no program may do."""

    code: str = ""
    """Why, in the words of the specification: "integer divide by zero"."""


class Exit(Error):
    """The guest asked to end."""

    code: int = 0


class WasmException(Error):
    """WasmException(tag, *values): an exception of guests, with a value for each parameter of its
    tag. What no guest catches arrives as one; a host function that raises one throws it into the
    guest that called it."""

    tag: Tag | None = None
    values: tuple[Any, ...] = ()

    def __init__(self, tag: Tag | str, *values: Any) -> None:
        if isinstance(tag, str):
            super().__init__(tag)
        else:
            super().__init__(f"an exception of {tag!r} was not caught: {values!r}")
            self.tag = tag
            self.values = values


class LimitError(Error):
    """A limit was reached; the store can still be used."""

    limit: str = ""
    """Which: "memory", "table", "instances", "fuel", "deadline", "stack", "calls"."""


class TimeoutError(LimitError, builtins.TimeoutError):
    """A call took longer than the store's timeout."""


class Interrupted(Error):
    """Store.interrupt was called."""


class StateError(Error):
    """Used after it was closed, or in the wrong store, thread or order."""


class RangeError(Error, OverflowError, ValueError):
    """A number that does not fit its type, or an address outside a memory."""


for _class in (
    Frame,
    Error,
    MalformedError,
    InvalidError,
    LinkError,
    Trap,
    Exit,
    WasmException,
    LimitError,
    TimeoutError,
    Interrupted,
    StateError,
    RangeError,
):
    _class.__module__ = "wherry"
    _wherry.register(_class.__name__, _class)
