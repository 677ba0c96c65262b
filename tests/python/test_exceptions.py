"""Exceptions of guests: as errors, out of host functions, and tags as imports and exports."""

import gc
from collections.abc import Callable
from typing import Any

import pytest
import wherry

TEXT = """
(module
  (import "env" "call" (func $call (param i32) (result i32)))
  (tag $e (export "oops") (param i32 f64))
  (tag $refs (param externref v128 exnref))
  (func (export "throw") (param i32) (throw $e (local.get 0) (f64.const 2.5)))
  (func (export "throw_refs") (param externref)
    (throw $refs (local.get 0) (v128.const i32x4 1 0 0 0) (ref.null exn)))
  (func (export "catch") (param i32) (result i32)
    (block $h (result i32 f64)
      (return (try_table (result i32) (catch $e $h) (call $call (local.get 0)))))
    (drop)
    (i32.add (i32.const 1000)))
  (func (export "catch_all") (param i32) (result i32)
    (block $h
      (return (try_table (result i32) (catch_all $h) (call $call (local.get 0)))))
    (i32.const -1)))
"""
CATCHER = """
(module
  (import "m" "oops" (tag $e (param i32 f64)))
  (import "m" "throw" (func $throw (param i32)))
  (export "same" (tag $e))
  (func (export "catch") (param i32) (result i32)
    (block $h (result i32 f64)
      (try_table (catch $e $h) (call $throw (local.get 0)))
      (return (i32.const -1)))
    (drop)))
"""


def load(call: Callable[..., Any] = lambda i: i) -> wherry.Guest:
    return wherry.load(wat=TEXT, imports={"env": {"call": call}})


def test_what_nobody_catches_is_raised() -> None:
    guest = load()
    with pytest.raises(wherry.WasmException, match=r'tag "oops" was not caught') as caught:
        guest.throw(5)
    error = caught.value
    assert error.values == (5, 2.5)
    assert error.tag == guest.exports.oops
    assert [frame.function for frame in error.frames] == ["throw"]
    assert guest.exports.oops.params == ("i32", "f64")
    assert repr(guest.exports.oops) == "<wherry.Tag (i32, f64)>"
    thing = object()
    with pytest.raises(wherry.WasmException) as caught:
        guest.throw_refs(thing)
    assert caught.value.values[0] is thing
    assert caught.value.values[1:] == (bytes([1] + [0] * 15), None)


def test_host_functions_throw() -> None:
    made: list[wherry.WasmException] = []

    def call(number: int) -> int:
        made.append(wherry.WasmException(guest.exports.oops, number, 1))
        raise made[-1]

    guest = load(call)
    assert guest.catch(7) == 1007
    assert guest.catch_all(7) == -1
    other = load(lambda i: guest.catch(i))
    assert other.catch_all(8) == 1008
    assert "WasmException" in repr(made[0]) and made[0].values == (7, 1)


def test_nobody_catches_what_a_host_function_threw() -> None:
    tags: list[wherry.Tag] = []
    thrown: list[BaseException] = []

    def call(number: int) -> int:
        thrown.append(wherry.WasmException(tags[0], number))
        raise thrown[0]

    guest = load(call)
    store = guest.exports.oops.store
    tags.append(wherry.Tag(store, ["i64"]))
    with pytest.raises(wherry.WasmException) as caught:
        guest.catch(3)
    assert caught.value is thrown[0]


def test_exceptions_pass_through_the_host() -> None:
    guest = load(lambda i: guest.throw(i))
    assert guest.catch(4) == 1004
    seen: list[wherry.WasmException] = []

    def call(number: int) -> int:
        try:
            guest.throw(number)
        except wherry.WasmException as error:
            seen.append(error)
            raise
        return 0

    guest = load(call)
    assert guest.catch(4) == 1004
    assert seen[0].values == (4, 2.5)


def test_other_exceptions_cannot_be_caught_by_guests() -> None:
    def call(number: int) -> int:
        raise KeyError(number)

    guest = load(call)
    with pytest.raises(KeyError):
        guest.catch_all(1)
    guest = load(lambda i: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        guest.catch(1)


def test_what_is_wrong_with_an_exception() -> None:
    values: tuple[Any, ...] = ("x", 1)
    guest = load(lambda i: throw())

    def throw() -> None:
        raise wherry.WasmException(guest.exports.oops, *values)

    with pytest.raises(TypeError, match=r"WasmException\(\): parameter 1: expected i32, got str"):
        guest.catch_all(1)
    values = (1,)
    with pytest.raises(TypeError, match="WasmException: expected 2 values, got 1"):
        guest.catch_all(1)
    other = load()
    with pytest.raises(wherry.WasmException):
        guest = load(lambda i: other.throw(1))
        guest.catch_all(1)


def test_tags_are_imported() -> None:
    store = wherry.Store()
    guest = wherry.Instance(store, wherry.Module(None, wat=TEXT), {"env": {"call": int}})
    catcher = wherry.Instance(store, wherry.Module(None, wat=CATCHER), {"m": guest})
    assert catcher.exports.catch(5) == 5
    assert catcher.exports.same == guest.exports.oops
    assert hash(catcher.exports.same) == hash(guest.exports.oops)
    with pytest.raises(wherry.StateError, match="the tag belongs to another store"):
        wherry.load(wat=CATCHER, imports={"m": load()})
    with pytest.raises(TypeError, match=r"import m.oops: expected a Tag, got int"):
        wherry.load(wat=CATCHER, imports={"m": {"oops": 1, "throw": print}})


def test_tags_of_the_host() -> None:
    store = wherry.Store()
    tag = wherry.Tag(store, ["i32", "f64"])

    def throw(number: int) -> None:
        raise wherry.WasmException(tag, number, 0.5)

    linker = wherry.Linker()
    linker.define("m", "oops", tag)
    linker.define("m", "throw", throw, "i:")
    assert linker.get(store, "m", "oops") == tag
    module = wherry.Module(None, wat=CATCHER)
    assert [entry.type for entry in module.imports] == ["tag (i32, f64)", "func (i32)"]
    instance = wherry.Instance(store, module, {"m": {"oops": tag, "throw": throw}})
    assert instance.exports.catch(9) == 9
    assert tag != wherry.Tag(store, ["i32", "f64"])
    with pytest.raises(wherry.LinkError, match=r"tag \(i32, f64\) wanted, tag \(i32\) given"):
        wherry.Instance(store, module, {"m": {"oops": wherry.Tag(store, ["i32"]), "throw": throw}})


def test_an_exception_outlives_its_store() -> None:
    guest = load()
    with pytest.raises(wherry.WasmException) as caught:
        guest.throw(5)
    error = caught.value
    wherry.close(guest)
    del guest, caught
    gc.collect()
    assert error.values == (5, 2.5)
