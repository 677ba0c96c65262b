"""The explicit level: what the C library calls things, with the methods of Python.

The types themselves are of the C shim; here they get what is not hot, over the functions that SWIG
made from the C headers.
"""

from __future__ import annotations

import operator
import os
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Union

from . import _wherry

if TYPE_CHECKING:
    from ._wherry import Exports, Func, Memory

    Buffer = Union[bytes, bytearray, memoryview]
    Item = Union[Func, Memory, "Table", "Global", "Tag"]
    Imports = Mapping[str, Any]


class Value:
    """A number, or the 16 bytes of a v128, with its WebAssembly type: Value.i32(7).

    Functions take it where they take a plain value of that type."""

    __slots__ = ("type", "value")
    __match_args__ = ("type", "value")

    def __init__(self, type: str, value: Any) -> None:
        if type in ("i32", "i64"):
            bits = int(type[1:])
            value = operator.index(value)
            if not -(1 << (bits - 1)) <= value < 1 << bits:
                raise _wherry_range_error(value, type)
            if value >> (bits - 1) == 1:
                value -= 1 << bits
        elif type in ("f32", "f64"):
            value = float(value)
        elif type == "v128":
            value = bytes(memoryview(value))
            if len(value) != 16:
                raise TypeError(f"expected 16 bytes (v128), got {len(value)}")
        self.type = type
        self.value = value

    @classmethod
    def i32(cls, value: int) -> Value:
        return cls("i32", value)

    @classmethod
    def i64(cls, value: int) -> Value:
        return cls("i64", value)

    @classmethod
    def f32(cls, value: float) -> Value:
        return cls("f32", value)

    @classmethod
    def f64(cls, value: float) -> Value:
        return cls("f64", value)

    @classmethod
    def v128(cls, value: Buffer) -> Value:
        return cls("v128", value)

    def __repr__(self) -> str:
        return f"{self.type.capitalize()}({self.value!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Value):
            return NotImplemented
        return (self.type, self.value) == (other.type, other.value)

    def __hash__(self) -> int:
        return hash((self.type, self.value))


def _wherry_range_error(value: int, type: str) -> Exception:
    from ._errors import RangeError

    return RangeError(f"{value} does not fit in {type}")


def _features() -> Iterator[tuple[int, str]]:
    return ((i, _wherry.feature_name(i)) for i in range(_wherry.FEATURE_COUNT))


class Config(_wherry.Config):
    """Options of an engine; see wherry/config.h for what they mean and what they are unset.

    features: names of features and whether modules may use them, {"tail-call": False}, or a list,
    "gc,-tail-call"; "all" and "none" are all that there are. What one needs comes with it, and
    what needs it goes with it.
    deterministic: floats and relaxed SIMD give the same bits on every processor.
    """

    __slots__ = ()

    def __init__(
        self,
        *,
        features: Mapping[str, bool] | str | None = None,
        memory_reservation: int | None = None,
        stack_size: int | None = None,
        call_depth: int | None = None,
        tick: int | None = None,
        deterministic: bool = False,
    ) -> None:
        if isinstance(features, str):
            _wherry.config_set_features(self, features)
        else:
            for name, on in (features or {}).items():
                _wherry.config_set_feature(self, _wherry.feature_find(name), on)
        if memory_reservation is not None:
            _wherry.config_set_memory_reservation(self, memory_reservation)
        if stack_size is not None:
            _wherry.config_set_stack_size(self, stack_size)
        if call_depth is not None:
            _wherry.config_set_call_depth(self, call_depth)
        if tick is not None:
            _wherry.config_set_tick(self, tick)
        _wherry.config_set_deterministic(self, deterministic)

    @property
    def features(self) -> dict[str, bool]:
        """All features, and whether modules may use them."""
        return {name: _wherry.config_feature(self, i) for i, name in _features()}


class Engine(_wherry.Engine):
    """What modules share. Stores and modules without an engine of their own use one for all."""

    __slots__ = ()

    @property
    def features(self) -> dict[str, bool]:
        """All features, and whether modules may use them."""
        return {name: _wherry.engine_feature(self, i) for i, name in _features()}


class FuncType(_wherry.FuncType):
    """FuncType(["i32", "i32"], ["i32"]), or from letters: FuncType("ii:i")."""

    __slots__ = ()

    @property
    def params(self) -> tuple[str, ...]:
        count = _wherry.functype_param_count(self)
        return tuple(_wherry.functype_param(self, i) for i in range(count))

    @property
    def results(self) -> tuple[str, ...]:
        count = _wherry.functype_result_count(self)
        return tuple(_wherry.functype_result(self, i) for i in range(count))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FuncType):
            return NotImplemented
        return _wherry.functype_equal(self, other)

    def __hash__(self) -> int:
        return hash((self.params, self.results))

    def __repr__(self) -> str:
        return f"<wherry.FuncType {_wherry.functype_print(self)}>"


class Import(NamedTuple):
    """What a module wants: kind is "func", "table", "memory", "global" or "tag", type a
    text."""

    module: str
    name: str
    kind: str
    type: str


class Export(NamedTuple):
    """What a module offers."""

    name: str
    kind: str
    type: str


class Module(_wherry.Module):
    """Module(engine, data), Module(engine, wat="(module …)"): WebAssembly that was read and
    checked; compiled when it is called.

    engine: None for the one that all share. data: bytes or any buffer. wat: the text format; file:
    what messages about the text begin with.
    """

    __slots__ = ()

    @property
    def name(self) -> str | None:
        """Its name in its name section."""
        return _wherry.module_name(self)

    @property
    def data(self) -> bytes:
        """The bytes that it was made from."""
        return _wherry.module_bytes(self)

    def set_wit(self, wit: str | os.PathLike[str], world: str | None = None) -> None:
        """Gives the WIT of a module that does not carry it, before a guest is made of it.

        wit: the path of a file or folder, or the text itself, which holds a ';'. world: its name,
        if there are several.
        """
        _wherry.module_set_wit(self, os.fspath(wit), world)

    @property
    def imports(self) -> list[Import]:
        found = []
        for i in range(_wherry.module_import_count(self)):
            type = _wherry.module_import_type(self, i)
            found.append(
                Import(
                    _wherry.module_import_module(self, i).decode(),
                    _wherry.module_import_name(self, i).decode(),
                    _wherry.extern_kind_name(_wherry.externtype_kind(type)),
                    _wherry.externtype_print(type),
                )
            )
        return found

    @property
    def exports(self) -> list[Export]:
        found = []
        for i in range(_wherry.module_export_count(self)):
            type = _wherry.module_export_type(self, i)
            found.append(
                Export(
                    _wherry.module_export_name(self, i).decode(),
                    _wherry.extern_kind_name(_wherry.externtype_kind(type)),
                    _wherry.externtype_print(type),
                )
            )
        return found

    @property
    def features(self) -> list[str]:
        """The features that it needs, by name."""
        needed = _wherry.module_features(self)
        return [name for i, name in _features() if needed >> i & 1]

    def custom_sections(self, name: str) -> list[bytes]:
        """The contents of all custom sections of that name."""
        return [
            _wherry.module_custom_section(self, i)
            for i in range(_wherry.module_custom_section_count(self))
            if _wherry.module_custom_section_name(self, i) == name.encode()
        ]

    @property
    def function_count(self) -> int:
        """How many functions it defines."""
        return _wherry.module_function_count(self)

    @property
    def compiled_count(self) -> int:
        """How many of them have been compiled by now."""
        return _wherry.module_compiled_count(self)

    def __repr__(self) -> str:
        name = f" {self.name}" if self.name else ""
        return f"<wherry.Module{name}, {_wherry.module_export_count(self)} exports>"


class Store(_wherry.Store):
    """Store(engine=None): where instances live, until it is closed or nothing refers to it."""

    __slots__ = ()

    def set_memory_limit(self, bytes: int | str) -> None:
        """The most bytes that all memories may have together; "64 MB" is understood."""
        whole = _wherry.parse_size(bytes) if isinstance(bytes, str) else bytes
        _wherry.store_set_memory_limit(self, whole)

    def set_heap_limit(self, bytes: int | str) -> None:
        """The most bytes that the guests' own objects may take; unless it is set, as many as the
        memory limit."""
        whole = _wherry.parse_size(bytes) if isinstance(bytes, str) else bytes
        _wherry.store_set_heap_limit(self, whole)

    def set_table_limit(self, elements: int) -> None:
        """The most elements that all tables may have together."""
        _wherry.store_set_table_limit(self, elements)

    def set_instance_limit(self, count: int) -> None:
        _wherry.store_set_instance_limit(self, count)

    def set_timeout(self, seconds: float) -> None:
        """The most that one outermost call may last."""
        if not seconds > 0:
            raise ValueError(f"a timeout must be above 0, not {seconds!r}")
        _wherry.store_set_timeout(self, min(int(seconds * 1e9), (1 << 64) - 1))

    @property
    def fuel(self) -> int | None:
        """How many instructions may still run; None: any number."""
        left = _wherry.store_fuel(self)
        return None if left == (1 << 64) - 1 else left

    @fuel.setter
    def fuel(self, instructions: int | None) -> None:
        _wherry.store_set_fuel(self, (1 << 64) - 1 if instructions is None else instructions)

    @property
    def memory_used(self) -> int:
        """Bytes of all its memories."""
        return _wherry.store_memory_used(self)

    @property
    def heap_used(self) -> int:
        """Bytes of the guests' own objects."""
        return _wherry.store_heap_used(self)

    @property
    def table_used(self) -> int:
        """Elements of all its tables."""
        return _wherry.store_table_used(self)

    @property
    def instances(self) -> int:
        """How many instances live in it."""
        return _wherry.store_instances(self)

    @property
    def engine(self) -> Engine:
        return _wherry.store_engine(self)

    def interrupt(self) -> None:
        """Stops what runs in it, at once or when it next runs. Any thread may call this."""
        _wherry.store_interrupt(self)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Instance(_wherry.Instance):
    """Instance(store, module, imports=None), the explicit way, or in short Instance(data,
    imports=None) or Instance(wat="(module …)", imports=None): .exports, .memory."""

    __slots__ = ()

    def __new__(
        cls,
        store: Store | Buffer | None = None,
        module: Module | Imports | None = None,
        imports: Imports | None = None,
        *,
        wat: str | None = None,
    ) -> Instance:
        if isinstance(store, _wherry.Store):
            return super().__new__(cls, store, module, imports)
        if module is not None:
            imports = module  # type: ignore[assignment]
        source = Module(None, store, wat=wat)
        made: Instance = _wherry.guest(Store(), source, imports).instance
        return made

    exports: Exports
    memory: Memory | None


class Table(_wherry.Table):
    """Table(store, minimum, maximum=None, element="funcref", initial=None)"""

    __slots__ = ()

    @property
    def element(self) -> str:
        """The type of its elements."""
        return _wherry.table_type(self)[0]

    @property
    def maximum(self) -> int | None:
        most = _wherry.table_type(self)[1]
        return None if most == (1 << 64) - 1 else most

    def __len__(self) -> int:
        return _wherry.table_size(self)

    def _index(self, index: int) -> int:
        whole, size = operator.index(index), len(self)
        if whole < 0:
            whole += size
        if not 0 <= whole < size:
            raise IndexError(f"index {index} is out of a table of {size} elements")
        return whole

    def __getitem__(self, index: int) -> Any:
        return _wherry.table_get(self, self._index(index))

    def __setitem__(self, index: int, value: Any) -> None:
        _wherry.table_set(self, self._index(index), Value(self.element, value))

    def grow(self, elements: int, value: Any = None) -> int:
        """Adds elements of that value; returns the size before."""
        return _wherry.table_grow(self, elements, Value(self.element, value))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<wherry.Table of {len(self)} {self.element}>"


class Global(_wherry.Global):
    """Global(store, value, mutable=False), value a Value: Global(store, Value.i32(7))."""

    __slots__ = ()

    @property
    def type(self) -> str:
        return _wherry.global_type(self)[0]

    @property
    def mutable(self) -> bool:
        return _wherry.global_type(self)[1]

    @property
    def value(self) -> Any:
        return _wherry.global_get(self)

    @value.setter
    def value(self, value: Any) -> None:
        kept = value if isinstance(value, Value) else Value(self.type, value)
        _wherry.global_set(self, kept)

    def __repr__(self) -> str:
        return f"<wherry.Global {'mutable ' if self.mutable else ''}{self.type}: {self.value!r}>"


class Tag(_wherry.Tag):
    """Tag(store, ["i32", …]): what kind an exception of guests is, and the types of its values."""

    __slots__ = ()

    def __new__(cls, store: Store, params: Sequence[str] = ()) -> Tag:
        return super().__new__(cls, store, FuncType(params, ()))

    @property
    def params(self) -> tuple[str, ...]:
        """The types of the values that its exceptions carry."""
        kept: FuncType = _wherry.tag_type(self)
        return kept.params

    def __repr__(self) -> str:
        return f"<wherry.Tag ({', '.join(self.params)})>"


class Linker(_wherry.Linker):
    """Linker(engine=None): names, and what stands behind them for the imports of modules."""

    __slots__ = ()

    def define(
        self,
        module: str,
        name: str,
        item: Item | Callable[..., Any],
        type: FuncType | str | None = None,
    ) -> None:
        """Names a Func, Memory, Table, Global or Tag of a store, or, with its type, a Python
        function for any store."""
        if type is not None:
            kept = type if isinstance(type, FuncType) else FuncType(type)
            self.define_func(module, name, kept, item)
        else:
            _wherry.linker_define(self, module, name, item)

    def define_instance(self, module: str, instance: Instance) -> None:
        """Names all that an instance exports."""
        _wherry.linker_define_instance(self, instance.store, module, instance)

    def get(self, store: Store, module: str, name: str) -> Item:
        found: Item = _wherry.linker_get(self, store, module, name)
        return found


_classes: Sequence[type[Any]] = (
    Value,
    Config,
    Engine,
    FuncType,
    Module,
    Store,
    Instance,
    Table,
    Global,
    Tag,
    Linker,
)
for _class in _classes:
    _class.__module__ = "wherry"
    _wherry.register(_class.__name__, _class)
