"""The short level: one call gives an object whose attributes are the guest's exports."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, Union

from . import _wherry
from ._errors import InvalidError, MalformedError
from ._explicit import Engine, Module, Store

if TYPE_CHECKING:
    from ._wherry import Guest

    Buffer = Union[bytes, bytearray, memoryview]
    Source = Union[str, os.PathLike[str], Buffer, BinaryIO, Module]
    Imports = Union[Mapping[str, Any], Iterable[Any]]


class HostFunction:
    """What @wherry.host makes: a function that knows under which name guests import it."""

    def __init__(self, module: str, name: str, function: Callable[..., Any]) -> None:
        self.module = module
        self.name = name
        self.function = function
        self.__doc__ = function.__doc__
        self.__name__ = getattr(function, "__name__", name)

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self.function(*args, **named)

    def __repr__(self) -> str:
        return f"<wherry.HostFunction {self.module}.{self.name}>"


def host(module: str, name: str) -> Callable[[Callable[..., Any]], HostFunction]:
    """Says under which name guests import a function: wherry.load(…, imports=[function]).

    The function gets the guest's arguments, and before them a wherry.Caller if its first parameter
    is annotated so or is called caller.
    """

    def decorate(function: Callable[..., Any]) -> HostFunction:
        return HostFunction(module, name, function)

    return decorate


def _import_names(imports: Imports | None) -> Mapping[str, Any] | None:
    if imports is None or isinstance(imports, Mapping):
        return imports
    names: dict[str, dict[str, Any]] = {}
    for item in imports:
        if isinstance(item, HostFunction):
            names.setdefault(item.module, {})[item.name] = item.function
        elif isinstance(item, Mapping):
            for module, members in item.items():
                names.setdefault(module, {}).update(members)
        else:
            raise TypeError(
                f"imports: expected functions with @wherry.host, got {type(item).__name__}"
            )
    return names


def _module(source: Source, engine: Engine | None) -> Module:
    if isinstance(source, Module):
        return source
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            data = file.read()
        path = os.fsdecode(source)
        if path.endswith(".wat"):
            name = path.encode(errors="replace").decode()
            return Module(engine, wat=data, file=name)
        return Module(engine, data)
    if hasattr(source, "read"):
        return Module(engine, source.read())
    return Module(engine, source)


def load(
    source: Source | None = None,
    *,
    wat: str | None = None,
    imports: Imports | None = None,
    wit: str | os.PathLike[str] | None = None,
    world: str | None = None,
    memory_limit: int | str | None = None,
    fuel: int | None = None,
    timeout: float | None = None,
    engine: Engine | None = None,
) -> Guest:
    """Loads a guest.

    source: a str or Path is a file, of the text format if its name ends in .wat; else bytes (any
    buffer), a file object, or a Module. wat: the text itself, "(module …)", and no source.
    imports: {"env": {"on_word": print}}, or a list of functions with @wherry.host.
    wit: for a module that was made by wit-bindgen and does not carry its WIT: the path of the file
    or folder, or the text itself ("package …;"); world: which one of it, if it has several.
    memory_limit: bytes, or "64 MB", over all memories of the guest.
    fuel: how many instructions it may run in all. timeout: seconds that one call may take.
    """
    if (source is None) == (wat is None):
        raise TypeError("load(): expected either a source or wat=")
    module = Module(engine, wat=wat) if source is None else _module(source, engine)
    if wit is not None:
        module.set_wit(wit, world)
    store = Store(engine)
    if memory_limit is not None:
        store.set_memory_limit(memory_limit)
    if fuel is not None:
        store.fuel = fuel
    if timeout is not None:
        store.set_timeout(timeout)
    return _wherry.guest(store, module, _import_names(imports))


def validate(data: Buffer | None = None, *, wat: str | None = None) -> bool:
    """Are these bytes WebAssembly that keeps all rules, or is this its text? Module(None, data)
    says why not."""
    try:
        if wat is None and data is not None:
            _wherry.module_validate(_wherry.default_engine(), data)
        else:
            Module(None, data, wat=wat)
    except (MalformedError, InvalidError):
        return False
    return True


def types(guest: Guest | Module) -> SimpleNamespace:
    """The classes of the records that a guest's functions take and return: types(guest).Point."""
    return SimpleNamespace(**_wherry.types(guest))


def close(guest: Guest) -> None:
    """Ends a guest, also one that exports a function called close."""
    _wherry.store_of(guest).close()
