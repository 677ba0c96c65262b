"""v128: bytes of 16 as arguments, results, of host functions and in globals."""

import array
import struct
from collections.abc import Callable
from typing import Any

import pytest
import wherry
from conftest import own


def lanes(*numbers: int) -> bytes:
    return struct.pack("<4i", *numbers)


A = lanes(1, 2, 3, 4)
B = lanes(10, 20, 30, 40)


def load(
    twist: Callable[..., Any] = lambda vector: vector[::-1],
    mix: Callable[..., Any] = lambda i, vector, d: (d, vector, i),
) -> wherry.Guest:
    imports = {"env": {"twist": twist, "mix": mix}}
    return wherry.load(own("vector.wasm"), imports=imports)


def test_calls() -> None:
    guest = load()
    assert guest.same(A) == A and type(guest.same(A)) is bytes
    assert guest.add(A, B) == lanes(11, 22, 33, 44)
    assert guest.mixed(5, A, 7.5) == (lanes(6, 7, 8, 9), 7)


@pytest.mark.parametrize(
    "buffer",
    [
        bytearray(A),
        memoryview(A),
        array.array("i", [1, 2, 3, 4]),
        memoryview(b"." + A + b".")[1:17],
        wherry.Value.v128(A),
    ],
)
def test_any_buffer_of_16_bytes(buffer: Any) -> None:
    assert load().same(buffer) == A


def test_more_than_a_small_buffer_holds() -> None:
    guest = load()
    assert guest.add_all(*[lanes(i, 1, 0, -i) for i in range(20)]) == lanes(190, 20, 0, -190)
    assert guest.repeat(A) == (A,) * 20


def test_what_is_no_vector() -> None:
    guest = load()
    for size in (0, 15, 17):
        with pytest.raises(TypeError) as caught:
            guest.add(A, bytes(size))
        assert str(caught.value) == f"add(): parameter 2: expected 16 bytes (v128), got {size}"
    for wrong in (1, 1.0, None, "0123456789abcdef", wherry.Value.i32(1)):
        with pytest.raises(TypeError, match=r"^same\(\): parameter 1: expected .*v128"):
            guest.same(wrong)
    with pytest.raises(TypeError, match=r"parameter 1: expected i32, got bytes"):
        guest.mixed(A, A, 1.0)
    with pytest.raises(BufferError):
        guest.same(memoryview(bytes(32))[::2])


def test_host_functions() -> None:
    seen = []

    def mix(i: int, vector: bytes, d: float) -> tuple[float, bytearray, int]:
        seen.append((i, vector, d))
        return d * 2, bytearray(vector), i + 1

    guest = load(mix=mix)
    assert guest.call_twist(A) == A[::-1]
    assert guest.call_mix(7, A, 2.5) == (5.0, A, 8)
    assert seen == [(7, A, 2.5)]
    with pytest.raises(TypeError, match=r"twist\(\): result: expected 16 bytes \(v128\), got 15"):
        load(lambda vector: vector[1:]).call_twist(A)
    with pytest.raises(TypeError, match=r"mix\(\): result: expected 16 bytes \(v128\), got int"):
        load(mix=lambda i, vector, d: (d, i, i)).call_mix(7, A, 2.5)


def test_a_linker() -> None:
    linker = wherry.Linker()
    v, i, d = "v128", "i32", "f64"
    linker.define("env", "twist", lambda vector: vector[::-1], wherry.FuncType([v], [v]))
    linker.define(
        "env", "mix", lambda *all: (all[2], all[1], all[0]), wherry.FuncType([i, v, d], [d, v, i])
    )
    instance = linker.instantiate(wherry.Store(), wherry.Module(None, own("vector.wasm")))
    assert instance.exports.call_twist(A) == A[::-1]
    assert instance.exports.call_mix(7, A, 2.5) == (2.5, A, 7)


def test_long_host_functions() -> None:
    store = wherry.Store()
    many = wherry.FuncType(["v128"] * 20, ["v128"] * 20)
    turn = wherry.Func(store, many, lambda *vectors: vectors[::-1])
    vectors = tuple(lanes(n, n, n, n) for n in range(20))
    assert turn(*vectors) == vectors[::-1]


def test_globals_and_values() -> None:
    guest = load()
    kept = guest.exports["kept"]
    assert (kept.type, kept.mutable, kept.value) == ("v128", True, A)
    kept.value = bytearray(B)
    assert guest.swap(A) == B and kept.value == A
    for wrong in (b"", B + b".", 5, "0123456789abcdef"):
        with pytest.raises(TypeError):
            kept.value = wrong
    assert kept.value == A
    value = wherry.Value.v128(memoryview(A))
    assert (value.type, value.value) == ("v128", A)
    assert value == wherry.Value.v128(A) and value != wherry.Value.v128(B)
    assert wherry.Global(wherry.Store(), value, mutable=True).value == A
    with pytest.raises(TypeError):
        wherry.Table(wherry.Store(), 1, element="v128", initial=A)
