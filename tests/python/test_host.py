"""Functions of the host: how they are given, called, and how they fail."""

from __future__ import annotations

import gc
import sys
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import wherry
from conftest import own

Load = Callable[..., wherry.Guest]


def test_a_function_gets_the_arguments_and_gives_the_result(host: Load) -> None:
    guest = host(add=lambda x, y: x + y)
    assert guest.add_twice(1, 20) == 41
    assert guest.add_up(101) == 5050


def test_a_caller_for_who_asks(host: Load) -> None:
    words: list[str] = []

    def annotated(guest: wherry.Caller, address: int, size: int) -> None:
        words.append(guest.memory.read_string(address, size))

    def by_name(caller, address, size):  # type: ignore[no-untyped-def]
        words.append(caller.memory.read_string(address, size))

    class Words:
        def method(self, caller: wherry.Caller, address: int, size: int) -> None:
            words.append(caller.memory.read_string(address, size))

    for function in (annotated, by_name, Words().method):
        words.clear()
        guest = host(on_word=function)
        assert guest.words() == 5
        assert words == ["small", "boats", "cross", "wide", "rivers"]


def test_any_callable(host: Load) -> None:
    class Adder:
        def __call__(self, x: int, y: int) -> int:
            return x + y

    assert host(add=Adder()).add_twice(1, 2) == 5
    assert host(add=max).add_twice(1, 2) == 2
    assert host(add=wherry.load(own("simple.wasm")).sum.__call__).add_twice(1, 2) == 5


def test_decorated(host: Load) -> None:
    seen = []

    @wherry.host("env", "on_word")
    def on_word(caller: wherry.Caller, address: int, size: int) -> None:
        """Takes a word."""
        seen.append(caller.memory.read(address, size))

    @wherry.host("env", "add")
    def add(x: int, y: int) -> int:
        return x + y

    guest = wherry.load(own("host.wasm"), imports=[on_word, add])
    assert guest.words() == 5 and seen[0] == b"small"
    assert add(1, 2) == 3 and on_word.__doc__ == "Takes a word." and on_word.__name__ == "on_word"
    mixed = wherry.load(own("host.wasm"), imports=[add, {"env": {"on_word": print}}])
    assert mixed.add_twice(1, 2) == 5
    with pytest.raises(TypeError, match="expected functions with @wherry.host, got function"):
        wherry.load(own("host.wasm"), imports=[lambda: None])


def test_what_a_caller_offers(host: Load) -> None:
    kept: list[wherry.Caller] = []

    def on_word(caller: wherry.Caller, address: int, size: int) -> None:
        assert caller.memory == caller.exports.memory == guest.memory
        assert caller.exports.add_twice(1, 2) == 5
        assert caller.instance is not None and caller.instance.store is caller.store
        kept.append(caller)

    guest = host(on_word=on_word)
    assert guest.words() == 5
    for use in ("memory", "exports", "instance"):
        with pytest.raises(wherry.StateError, match="ends with the host function"):
            getattr(kept[0], use)


@pytest.mark.parametrize(
    ("result", "error", "text"),
    [
        (None, TypeError, r"add\(\): result: expected i32, got None"),
        ("5", TypeError, r"add\(\): result: expected i32, got str"),
        (2**40, OverflowError, r"add\(\): result: 1099511627776 does not fit in i32"),
        ((1, 2), TypeError, r"expected i32, got tuple"),
    ],
)
def test_a_result_that_does_not_fit(
    host: Load, result: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        host(add=lambda x, y: result).add_twice(1, 2)


def test_what_a_function_without_results_returns_does_not_matter(host: Load) -> None:
    assert host(on_word=lambda address, size: "ignored").words() == 5


class Mine(Exception):
    pass


def test_an_exception_arrives_as_itself(host: Load) -> None:
    mine = Mine("over the border")

    def add(x: int, y: int) -> int:
        raise mine

    guest = host(add=add)
    with pytest.raises(Mine) as caught:
        guest.add_twice(1, 2)
    assert caught.value is mine
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "add"
    assert host().add_twice(1, 2) == 5 and guest.words() == 5


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration])
def test_every_exception_passes(host: Load, kind: type[BaseException]) -> None:
    def add(x: int, y: int) -> int:
        raise kind

    with pytest.raises(kind):
        host(add=add).add_twice(1, 2)


def test_an_exception_is_let_go(host: Load) -> None:
    def add(x: int, y: int) -> int:
        raise Mine

    guest = host(add=add)
    try:
        guest.add_twice(1, 2)
    except Mine as error:
        gone = weakref.ref(error)
    gc.collect()
    assert gone() is None


def test_re_entrance_ten_deep(host: Load) -> None:
    depth = 0

    def add(x: int, y: int) -> int:
        nonlocal depth
        depth += 1
        if depth < 10:
            return int(guest.add_twice(x, y))
        if y == 99:
            raise Mine
        return x + y

    guest = host(add=add)
    assert guest.add_twice(1, 1) > 0
    depth = 0
    with pytest.raises(Mine):
        guest.add_twice(1, 99)
    depth = 10
    assert guest.add_twice(1, 1) == 3


def test_a_trap_inside_can_be_caught_by_the_host(host: Load, simple: wherry.Guest) -> None:
    def add(x: int, y: int) -> int:
        try:
            return int(simple.divide(1, 0))
        except wherry.Trap:
            return 7

    assert host(add=add).add_twice(1, 2) == 7


def test_a_trap_inside_passes_on_as_itself(host: Load, simple: wherry.Guest) -> None:
    guest = host(add=lambda x, y: simple.divide(x, 0))
    with pytest.raises(wherry.Trap, match="integer divide by zero"):
        guest.add_twice(1, 2)


def test_guest_and_host_call_each_other_without_end(host: Load) -> None:
    guest: wherry.Guest = host(add=lambda x, y: guest.add_twice(x, y))
    with pytest.raises((wherry.LimitError, RecursionError)):
        guest.add_twice(1, 2)
    assert guest.words() == 5
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        with pytest.raises(wherry.LimitError) as caught:
            guest.add_twice(1, 2)
        assert caught.value.limit == "calls"
    finally:
        sys.setrecursionlimit(limit)


def test_a_host_function_may_close_the_guest(host: Load) -> None:
    def add(x: int, y: int) -> int:
        guest.close()
        return x + y

    guest = host(add=add)
    assert guest.add_twice(1, 2) == 5  # the store ends when the outermost call returns
    with pytest.raises(wherry.StateError, match="closed"):
        guest.add_twice(1, 2)


def test_missing_imports_are_all_named() -> None:
    with pytest.raises(wherry.LinkError) as caught:
        wherry.load(own("host.wasm"))
    text = str(caught.value)
    assert "on_word" in text and "add" in text and "i32" in text
    with pytest.raises(wherry.LinkError) as caught:
        wherry.load(own("host.wasm"), imports={"env": {"add": max}})
    assert "on_word" in str(caught.value)
    with pytest.raises(wherry.LinkError, match="offset"):
        wherry.load(own("values.wasm"), imports={"env": {}})


def test_mistyped_imports(simple: wherry.Guest) -> None:
    data = own("host.wasm")
    with pytest.raises(TypeError, match=r"import env.on_word: expected a callable, got int"):
        wherry.load(data, imports={"env": {"on_word": 5, "add": max}})
    with pytest.raises(TypeError, match="expected a mapping or an instance, got int"):
        wherry.load(data, imports={"env": 5})
    with pytest.raises(TypeError):
        wherry.load(data, imports=5)
    with pytest.raises(TypeError, match="expected a Global or a number, got str"):
        wherry.load(own("values.wasm"), imports={"env": {"offset": "5"}})
    with pytest.raises(OverflowError):
        wherry.load(own("values.wasm"), imports={"env": {"offset": 2**40}})
    store = wherry.Store()
    wrong = wherry.Func(store, "i:i", lambda x: x)
    with pytest.raises(wherry.LinkError, match="add"):
        module = wherry.Module(None, data)
        wherry.Instance(store, module, {"env": {"on_word": print, "add": wrong}})
    with pytest.raises(wherry.StateError):
        wherry.load(data, imports={"env": {"on_word": print, "add": simple.sum}})


class Lazy:
    """A mapping of its own kind."""

    def __init__(self, **names: Any) -> None:
        self.names = names

    def __getitem__(self, name: str) -> Any:
        return self.names[name]

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Any:
        return iter(self.names)


def test_imports_from_any_mapping_or_an_instance() -> None:
    from collections import ChainMap

    names = ChainMap({"add": max}, {"on_word": print})
    assert wherry.load(own("host.wasm"), imports={"env": names}).add_twice(1, 2) == 2
    lazy = Lazy(add=max, on_word=print)
    assert wherry.load(own("host.wasm"), imports={"env": lazy}).add_twice(1, 2) == 2
    store = wherry.Store()
    offset = wherry.Global(store, wherry.Value.i32(5))
    values = wherry.Instance(
        store, wherry.Module(None, own("values.wasm")), {"env": {"offset": offset}}
    )
    assert values.exports.with_offset(1) == 6
    other = wherry.Instance(
        store,
        wherry.Module(None, own("values.wasm")),
        {"env": {"offset": values.exports.answer}},
    )
    assert other.exports.with_offset(1) == 43


def test_functions_of_the_host_by_themselves() -> None:
    store = wherry.Store()
    calls: list[object] = []

    def swap(caller: wherry.Caller, a: int, b: float) -> tuple[float, int]:
        calls.append(caller.instance)
        return b, a

    function = wherry.Func(store, wherry.FuncType(["i32", "f64"], ["f64", "i32"]), swap)
    assert function(1, 2.5) == (2.5, 1)
    assert calls == [None]  # the host called it, no guest
    with pytest.raises(TypeError, match="expected 2 results, got 3"):
        wherry.Func(store, ":ii", lambda: (1, 2, 3))()
    with pytest.raises(TypeError, match="result: expected a tuple, got int"):
        wherry.Func(store, ":ii", lambda: 5)()
    with pytest.raises(TypeError, match="expected a callable"):
        wherry.Func(store, "i:i", 5)
    with pytest.raises(TypeError):
        wherry.Func(store, "x:i", abs)
    thing = object()
    assert wherry.Func(store, "r:r", lambda x: x)(thing) is thing
    assert wherry.Func(store, "c:c", lambda x: x)(function) == function
    many = wherry.Func(store, "i" * 40 + ":" + "l" * 30, lambda *all: all[:30])
    assert many(*range(40)) == tuple(range(30))
