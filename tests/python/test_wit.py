"""Guests that carry WIT: strings, lists and records."""

import array
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import wherry
from conftest import OWN, own


def test_strings(greet: wherry.Guest) -> None:
    assert greet.greet("Ada") == "Hello, Ada!"
    assert greet.greet(name="Ada") == "Hello, Ada!"
    for text in ("", "a", "grüße", "日本語", "\U0001f6a3", "a\0b", "x" * 100_000, "é" * 50_000):
        assert greet.echo_string(text) == text
        assert greet.greet(text) == f"Hello, {text}!"
    assert greet.starts() == 1
    assert greet.in_use() == 0


def test_lists_of_numbers(greet: wherry.Guest) -> None:
    assert greet.sum([1, 2, 4294967295]) == 4294967298
    assert greet.sum((1, 2)) == 3 and greet.sum([]) == 0
    assert greet.sum(array.array("I", [5, 6])) == 11
    assert greet.sum(memoryview(array.array("I", [5, 6]))[1:]) == 6
    assert greet.sum(range(10)) == 45
    assert greet.scale([1, 2.5], 2) == [2.0, 5.0]
    assert greet.scale(array.array("d", [1, 2.5]), by=2) == [2.0, 5.0]
    assert greet.echo_numbers([2**32 - 1, 0]) == [2**32 - 1, 0]
    many = list(range(100_000))
    assert greet.echo_numbers(many) == many
    assert greet.in_use() == 0


def test_lists_of_bytes(greet: wherry.Guest) -> None:
    assert greet.reverse(b"desserts") == b"stressed"
    for same in (bytearray(b"\1\2\3"), memoryview(b"\1\2\3"), [1, 2, 3], (1, 2, 3)):
        assert greet.reverse(same) == b"\3\2\1"
    assert greet.echo_bytes(b"") == b"" and greet.echo_bytes(bytes(70_000)) == bytes(70_000)
    numpy = pytest.importorskip("numpy")
    assert greet.reverse(numpy.array([1, 2, 3], dtype=numpy.uint8)) == b"\3\2\1"
    assert greet.sum(numpy.array([1, 2], dtype=numpy.uint32)) == 3
    assert greet.sum([numpy.uint32(1), numpy.int64(2)]) == 3


def test_lists_of_strings_and_reserved_words(greet: wherry.Guest) -> None:
    assert greet.pick(["a", "béc", "d"], 1) == "béc"
    assert greet.pick(from_=("a", "b"), end=0) == "a"
    with pytest.raises(wherry.Trap):
        greet.pick(["a"], 1)


def test_records(greet: wherry.Guest) -> None:
    types = wherry.types(greet)
    middle = greet.middle(types.Point(0, 0), types.Point(x=10, y=-4))
    assert middle == types.Point(5, -2) and (middle.x, middle.y) == (5, -2)
    assert repr(middle) == "Point(x=5, y=-2)"
    assert middle != types.Point(5, -1) and middle != (5, -2)
    assert isinstance(middle, wherry.Record) and type(middle) is types.Point
    assert types.Point.__match_args__ == ("x", "y")
    middle.x = 7
    assert middle == types.Point(7, -2)
    assert greet.describe({"name": "Ada", "age": 36}) == "Ada (36)"
    assert greet.birthday(types.Person("Ada", 36)) == types.Person("Ada", 37)
    assert greet.birthday(who=types.Person(name="Grüße", age=255)).age == 0
    moved = greet.translate([{"x": 1, "y": 2}, types.Point(3, 4)], by={"x": 10, "y": 20})
    assert moved == [types.Point(11, 22), types.Point(13, 24)]
    assert greet.in_use() == 0


def test_records_match(greet: wherry.Guest) -> None:
    point = wherry.types(greet).Point
    scope: dict[str, Any] = {"point": point, "it": point(1, 2)}
    exec("match it:\n  case point(x, y=2): found = x\n  case _: found = None", scope)
    assert scope["found"] == 1


def test_what_stands_for_a_record(greet: wherry.Guest) -> None:
    @dataclass
    class Data:
        x: int
        y: int

    class Named(NamedTuple):
        x: int
        y: int

    class Mapping:
        def __getitem__(self, key: str) -> int:
            return {"x": 10, "y": 20}[key]

        def keys(self) -> list[str]:
            return ["x", "y"]

    other = wherry.types(wherry.load(own("greet.wasm"))).Point
    for point in (Data(10, 20), Named(10, 20), Mapping(), other(10, 20)):
        assert greet.middle({"x": 0, "y": 0}, point).y == 10
    assert greet.middle(other(0, 0), other(2, 2)) == other(1, 1)


def test_making_records(greet: wherry.Guest) -> None:
    point = wherry.types(greet).Point
    for wrong, text in (
        (lambda: point(1), "field y is missing"),
        (lambda: point(1, 2, 3), "takes 2 fields, got 3"),
        (lambda: point(1, 2, y=3), "field y is given twice"),
        (lambda: point(x=1, y=2, z=3), "has no field z"),
    ):
        with pytest.raises(TypeError, match=text):
            wrong()
    with pytest.raises(TypeError):
        wherry.Record()
    with pytest.raises(TypeError):
        hash(point(1, 2))
    with pytest.raises(AttributeError):
        point(1, 2).z = 3
    loop = point(1, None)
    loop.y = loop
    assert repr(loop) == "Point(x=1, y=...)"
    del loop.y
    with pytest.raises(AttributeError):
        str(loop.y)
    with pytest.raises(TypeError, match=r"middle\(\): parameter 1 \(a.y\)"):
        greet.middle(loop, loop)


NUMBERS = [
    ("s8", -(2**7), 2**7 - 1),
    ("u8", 0, 2**8 - 1),
    ("s16", -(2**15), 2**15 - 1),
    ("u16", 0, 2**16 - 1),
    ("s32", -(2**31), 2**31 - 1),
    ("u32", 0, 2**32 - 1),
    ("s64", -(2**63), 2**63 - 1),
    ("u64", 0, 2**64 - 1),
]


@pytest.mark.parametrize(("kind", "low", "high"), NUMBERS)
def test_integers(greet: wherry.Guest, kind: str, low: int, high: int) -> None:
    echo = getattr(greet, f"echo_{kind}")
    for number in (low, high, 0, 1, high // 2):
        assert echo(number) == number
    for number in (low - 1, high + 1, 2**100):
        with pytest.raises(
            OverflowError, match=rf"parameter 1 \(x\): {number} does not fit in {kind}"
        ):
            echo(number)
    for wrong in ("1", None, 1.0):
        with pytest.raises(TypeError, match=rf"expected {kind}, got"):
            echo(wrong)


def test_floats_bool_char(greet: wherry.Guest) -> None:
    assert greet.echo_f64(0.1) == 0.1 and greet.echo_f32(1) == 1.0
    assert math.isnan(greet.echo_f32(math.nan)) and greet.echo_f64(-math.inf) == -math.inf
    assert greet.echo_bool(True) is True and greet.echo_bool(False) is False
    for text in ("a", "é", "\U0001f6a3", "\0"):
        assert greet.echo_char(text) == text
    with pytest.raises(TypeError, match="expected bool, got int"):
        greet.echo_bool(1)
    for wrong in ("", "ab", 5, "\ud800"):
        with pytest.raises(TypeError, match="char"):
            greet.echo_char(wrong)
    with pytest.raises(TypeError, match="expected f64, got str"):
        greet.echo_f64("1")


ERRORS = [
    (lambda g: g.greet(5), TypeError, "greet(): parameter 1 (name): expected string, got int"),
    (lambda g: g.greet(b"x"), TypeError, "parameter 1 (name): expected string, got bytes"),
    (lambda g: g.greet("a\udc80"), TypeError, "a lone surrogate at index 1"),
    (lambda g: g.sum([1, -1]), OverflowError, "sum(): parameter 1 (numbers[1]): -1 does not fit"),
    (lambda g: g.sum([1, "x"]), TypeError, "parameter 1 (numbers[1]): expected u32, got str"),
    (lambda g: g.sum("12"), TypeError, "expected list<u32>, got str"),
    (lambda g: g.sum({1: 2}), TypeError, "expected list<u32>, got dict"),
    (lambda g: g.sum({1, 2}), TypeError, "expected list<u32>, got set"),
    (lambda g: g.sum(b"12"), TypeError, "expected list<u32>, got bytes of format 'B'"),
    (lambda g: g.sum(array.array("d", [1])), TypeError, "got array of format 'd'"),
    (lambda g: g.pick(["a", 5], 0), TypeError, "pick(): parameter 1 (from[1])"),
    (lambda g: g.middle({"x": 1, "y": 2}, {"x": 1}), TypeError, "(b.y): the mapping lacks"),
    (lambda g: g.middle({"x": 1, "y": 2, "z": 3}, None), TypeError, "has no field z"),
    (lambda g: g.middle(5, 6), TypeError, "expected record point, got int"),
    (
        lambda g: g.translate([{"x": 1, "y": 2}, {"x": 1, "y": "2"}], {"x": 1, "y": 1}),
        TypeError,
        "translate(): parameter 1 (path[1].y): expected s32, got str",
    ),
    (lambda g: g.describe({"name": "Ada", "age": 256}), OverflowError, "(who.age): 256"),
    (lambda g: g.greet(), TypeError, "greet(): expected 1 argument, got 0"),
    (lambda g: g.greet("a", "b"), TypeError, "greet(): expected 1 argument, got 2"),
    (lambda g: g.greet(nome="a"), TypeError, "greet(): there is no parameter nome"),
    (lambda g: g.greet("a", name="b"), TypeError, "greet()"),
    (lambda g: g.scale([1.0], foo=1), TypeError, "scale(): there is no parameter foo"),
    (lambda g: g.scale(by=1.0), TypeError, "scale(): parameter 1 (numbers) is missing"),
]


@pytest.mark.parametrize(("use", "kind", "text"), ERRORS)
def test_errors_name_the_place(
    greet: wherry.Guest, use: Any, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind) as caught:
        use(greet)
    assert text in str(caught.value)
    assert greet.greet("Ada") == "Hello, Ada!"


def test_traps_and_broken_rules(greet: wherry.Guest) -> None:
    with pytest.raises(wherry.Trap, match="unreachable"):
        greet.fail()
    with pytest.raises(wherry.Trap, match="UTF-8") as caught:
        greet.broken()
    assert caught.value.code


class Mine(Exception):
    pass


def test_code_of_the_user_may_run_and_fail(greet: wherry.Guest) -> None:
    mine = Mine()

    class Raises:
        def __index__(self) -> int:
            raise mine

        def __getitem__(self, key: object) -> int:
            raise mine

        def keys(self) -> list[str]:
            return []

    for use in (
        lambda: greet.sum([1, Raises()]),
        lambda: greet.middle(Raises(), Raises()),
        lambda: greet.echo_u8(Raises()),
    ):
        with pytest.raises(Mine) as caught:
            use()
        assert caught.value is mine
    assert greet.greet("Ada") == "Hello, Ada!"


def test_code_of_the_user_may_change_what_is_read(greet: wherry.Guest) -> None:
    numbers: list[Any] = []

    class Shrinks:
        def __index__(self) -> int:
            numbers.clear()
            return 1

    numbers[:] = [Shrinks(), 2, 3]
    with pytest.raises(TypeError, match="shorter while it was read"):
        greet.sum(numbers)

    class Calls:
        def __index__(self) -> int:
            return len(greet.greet("inner"))

    assert greet.sum([Calls(), 1]) == 14

    class Closes:
        def __index__(self) -> int:
            greet.close()
            return 1

    with pytest.raises(wherry.StateError):
        greet.sum([Closes(), 1])
    with pytest.raises(wherry.StateError):
        greet.sum([1])


def test_interfaces_and_raw_names(greet: wherry.Guest) -> None:
    geometry = greet["wherry:greet/geometry"]
    assert geometry.middle({"x": 0, "y": 0}, {"x": 2, "y": 2}).x == 1
    assert geometry["middle"]({"x": 0, "y": 0}, {"x": 2, "y": 2}).x == 1
    assert set(geometry) == {"middle", "translate"} and len(geometry) == 2
    with pytest.raises(AttributeError, match="did you mean 'middle'"):
        geometry.midle()
    with pytest.raises(KeyError):
        geometry["greet"]
    assert greet.exports["in-use"]() == 0 and greet.exports.in_use() == 0
    assert greet.exports["in-use"] is greet.exports["in-use"]
    assert isinstance(greet.exports["cabi_realloc"], wherry.Func)
    with pytest.raises(AttributeError):
        greet.cabi_realloc()
    assert isinstance(greet.memory, wherry.Memory)
    assert {"greet", "in_use", "middle", "echo_u8"} <= set(dir(greet))


def test_a_function_tells_its_types(greet: wherry.Guest) -> None:
    assert greet.translate.__doc__ == "translate(path: list<point>, by: point) -> list<point>"
    assert greet.fail.__doc__ == "fail()" and greet.in_use.__name__ == "in_use"
    assert "pick(from_: list<string>, end: u32) -> string" in repr(greet.pick)
    greet.close()
    with pytest.raises(wherry.StateError):
        greet.greet("Ada")


def test_strings_of_every_width_are_canonical(greet: wherry.Guest) -> None:
    """A str must be as narrow as its widest character allows, or it would not equal itself."""
    edges = "\x7f\x80\xff\u0100\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"
    for edge in edges:
        for text in (edge, edge * 2, f"a{edge}", f"{edge}a{edge}", "x" * 1000 + edge):
            back = greet.echo_string(text)
            assert back == text and hash(back) == hash(text) and len(back) == len(text)
            assert back.__sizeof__() <= "".join(list(text)).__sizeof__() + 8
            assert back.encode() == text.encode() and back.isascii() == text.isascii()
    assert greet.echo_string(edges) == edges


def without_sections(data: bytes) -> bytes:
    """A module without its custom sections."""
    kept, at = data[:8], 8
    while at < len(data):
        start, size, shift = at, 0, 0
        at += 1
        while True:
            size |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if data[at - 1] < 0x80:
                break
        at += size
        if data[start] != 0:
            kept += data[start:at]
    return kept


def test_wit_of_its_own() -> None:
    bare = without_sections(own("greet.wasm"))
    text = (OWN / "greet.wit").read_text()
    with pytest.raises(TypeError):
        wherry.load(bare).greet("Ada")  # of numbers, as far as the module tells
    for wit in (OWN / "greet.wit", str(OWN / "greet.wit"), text):
        guest = wherry.load(bare, wit=wit)
        assert guest.greet("Ada") == "Hello, Ada!"
        assert guest.middle({"x": 0, "y": 0}, {"x": 4, "y": 2}).x == 2
    assert wherry.load(bare, wit=text, world="greet").sum([1, 2]) == 3
    with pytest.raises(wherry.LinkError, match='there is no world "gret".*it has greet'):
        wherry.load(bare, wit=text, world="gret")
    with pytest.raises(wherry.MalformedError, match="line 1, column 14: expected 'interface'"):
        wherry.load(bare, wit="package a:b; x")
    with pytest.raises(OSError):
        wherry.load(bare, wit="nowhere.wit")
    module = wherry.Module(None, bare)
    module.set_wit(text)
    with pytest.raises(wherry.Error, match="asked for already"):
        module.set_wit(text)
