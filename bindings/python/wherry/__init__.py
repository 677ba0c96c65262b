"""WebAssembly guests, called as if they were Python.

    guest = wherry.load("simple.wasm")
    guest.sum(5, 37)

The guide is docs/python.md. Short level: load, host, validate, types, close. Explicit level:
Engine, Config, Module, Store, Linker, Instance, Func, Memory, Table, Global, Tag.
"""

from ._errors import (
    Error,
    Exit,
    Frame,
    Interrupted,
    InvalidError,
    LimitError,
    LinkError,
    MalformedError,
    RangeError,
    StateError,
    TimeoutError,
    Trap,
    WasmException,
)
from ._explicit import (
    Config,
    Engine,
    Export,
    FuncType,
    Global,
    Import,
    Instance,
    Linker,
    Module,
    Store,
    Table,
    Tag,
    Value,
)
from ._load import HostFunction, close, host, load, types, validate
from ._wherry import Caller, Exports, Func, Guest, LiftedFunc, Memory, Record, View
from ._wherry import version as _version

__version__: str = _version()

__all__ = [
    "Caller",
    "Config",
    "Engine",
    "Error",
    "Exit",
    "Export",
    "Exports",
    "Frame",
    "Func",
    "FuncType",
    "Global",
    "Guest",
    "HostFunction",
    "Import",
    "Instance",
    "Interrupted",
    "InvalidError",
    "LiftedFunc",
    "LimitError",
    "LinkError",
    "Linker",
    "MalformedError",
    "Memory",
    "Module",
    "RangeError",
    "Record",
    "StateError",
    "Store",
    "Table",
    "Tag",
    "TimeoutError",
    "Trap",
    "Value",
    "View",
    "WasmException",
    "close",
    "host",
    "load",
    "types",
    "validate",
]
