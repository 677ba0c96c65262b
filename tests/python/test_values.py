"""Core values: integers, floats, references, several results."""

import math

import pytest
import wherry


@pytest.mark.parametrize("number", [0, 1, -1, 2**31 - 1, -(2**31), 2**29, 2**30, -(2**30) - 1])
def test_i32(simple: wherry.Guest, number: int) -> None:
    assert simple.echo_i32(number) == number


@pytest.mark.parametrize("number", [2**31, 2**32 - 1])
def test_an_i32_may_be_given_unsigned(simple: wherry.Guest, number: int) -> None:
    assert simple.echo_i32(number) == number - 2**32


@pytest.mark.parametrize("number", [2**32, -(2**31) - 1, 2**40, 2**63, 2**64, 2**1000, -(2**70)])
def test_what_does_not_fit_an_i32(simple: wherry.Guest, number: int) -> None:
    with pytest.raises(wherry.RangeError, match=r"^echo_i32\(\): parameter 1: .* i32$") as caught:
        simple.echo_i32(number)
    assert isinstance(caught.value, OverflowError) and isinstance(caught.value, ValueError)


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, -(2**63), 2**59, 2**60, 2**61, -(2**60)])
def test_i64(simple: wherry.Guest, number: int) -> None:
    assert simple.echo_i64(number) == number


def test_the_range_of_i64(simple: wherry.Guest) -> None:
    assert simple.echo_i64(2**63) == -(2**63)
    assert simple.echo_i64(2**64 - 1) == -1
    for number in (2**64, -(2**63) - 1, 2**1000):
        with pytest.raises(OverflowError, match="does not fit in i64"):
            simple.echo_i64(number)


def test_the_message_names_function_parameter_and_value(simple: wherry.Guest) -> None:
    with pytest.raises(OverflowError) as caught:
        simple.sum(1, 1099511627776)
    assert str(caught.value) == "sum(): parameter 2: 1099511627776 does not fit in i32"
    with pytest.raises(TypeError) as wrong:
        simple.sum("x", 1)
    assert str(wrong.value) == "sum(): parameter 1: expected i32, got str"


class Index:
    def __init__(self, number: object) -> None:
        self.number = number

    def __index__(self) -> object:
        if isinstance(self.number, BaseException):
            raise self.number
        return self.number


def test_anything_with_index_is_an_integer(simple: wherry.Guest) -> None:
    assert simple.sum(Index(5), True) == 6
    assert simple.echo_i64(Index(2**63)) == -(2**63)
    with pytest.raises(OverflowError):
        simple.echo_i32(Index(2**32))
    with pytest.raises(ZeroDivisionError, match="mine"):
        simple.echo_i32(Index(ZeroDivisionError("mine")))
    for wrong in (1.0, "1", None, [1], 1j, b"1"):
        with pytest.raises(TypeError, match="expected i32"):
            simple.echo_i32(wrong)
        with pytest.raises(TypeError, match="expected i64"):
            simple.echo_i64(wrong)


def test_floats(simple: wherry.Guest) -> None:
    assert simple.echo_f64(0.1) == 0.1
    assert simple.echo_f32(0.5) == 0.5
    assert simple.echo_f32(0.1) != 0.1
    assert simple.echo_f64(7) == 7.0 and simple.echo_f32(True) == 1.0
    assert math.isnan(simple.echo_f64(math.nan)) and simple.echo_f32(math.inf) == math.inf
    assert simple.echo_f32(1e300) == math.inf
    assert math.copysign(1, simple.echo_f64(-0.0)) == -1
    assert simple.mixed(1, 2, 3.5, 4.25) == 10.75
    for wrong in ("1.0", None, b"1", 1j):
        with pytest.raises(TypeError, match="expected f64"):
            simple.echo_f64(wrong)


def test_the_number_of_arguments(simple: wherry.Guest) -> None:
    with pytest.raises(TypeError, match=r"^sum\(\): expected 2 arguments, got 1$"):
        simple.sum(1)
    with pytest.raises(TypeError, match=r"^answer\(\): expected 0 arguments, got 3$"):
        simple.answer(1, 2, 3)
    with pytest.raises(TypeError, match="no keyword arguments"):
        simple.sum(x=1, y=2)
    assert simple.sum(*[1, 2]) == 3


def test_values_that_say_their_type(simple: wherry.Guest) -> None:
    value = wherry.Value
    assert [repr(value.i32(7)), repr(value.i64(-7))] == ["I32(7)", "I64(-7)"]
    assert [repr(value.f32(0.5)), repr(value.f64(1))] == ["F32(0.5)", "F64(1.0)"]
    assert value.i32(7) == value.i32(7) != value.i64(7)
    assert value.i32(2**32 - 1) == value.i32(-1)
    assert len({value.i32(1), value.i32(1), value.f32(1)}) == 2
    assert simple.sum(value.i32(5), 37) == 42
    assert simple.echo_f32(value.f32(0.5)) == 0.5
    with pytest.raises(TypeError, match="expected i32, got i64"):
        simple.sum(value.i64(5), 37)
    with pytest.raises(OverflowError):
        value.i32(2**40)
    with pytest.raises(TypeError):
        value.i32(1.5)


def test_several_results(values: wherry.Guest) -> None:
    assert values.swap(1, 2) == (2, 1)
    assert values.divmod(17, 5) == (3, 2)


def test_externref_is_any_object_and_the_same(values: wherry.Guest) -> None:
    thing = object()
    assert values.same(thing) is thing
    assert values.same(values) is values
    assert values.same(5) == 5
    assert values.same(None) is None
    assert values.is_null(None) == 1 and values.is_null(thing) == 0


def test_funcref_is_callable(values: wherry.Guest) -> None:
    double = values.pick(0)
    assert double(21) == 42 and double == values.double
    assert values.pick(3) is None
    values.put(2, values.negate)
    assert values.apply(2, 5) == -5
    values.put(2, None)
    with pytest.raises(wherry.Trap, match="uninitialized element"):
        values.apply(2, 5)
    with pytest.raises(TypeError, match="expected a Func or None, got builtin_function"):
        values.put(2, abs)
    other = wherry.load(values.instance.module, imports={"env": {"offset": 0}})
    with pytest.raises(wherry.StateError):
        values.put(2, other.double)


def test_globals(values: wherry.Guest) -> None:
    assert (values.answer.value, values.answer.type, values.answer.mutable) == (42, "i32", False)
    assert values.count() == 1
    assert values.counter.value == 1
    values.counter.value = 41
    assert values.count() == 42
    with pytest.raises(TypeError):
        values.answer.value = 5
    with pytest.raises(OverflowError):
        values.counter.value = 2**64
    assert "mutable i64: 42" in repr(values.counter)
    assert values.with_offset(1) == 101


def test_tables(values: wherry.Guest) -> None:
    table = values.table
    assert len(table) == 4 and table.element == "funcref" and table.maximum == 8
    assert table[0](21) == 42 and table[-1] is None
    table[3] = values.negate
    assert values.apply(3, 5) == -5
    assert table.grow(2) == 4 and len(table) == 6
    assert [item is None for item in table] == [False, False, True, False, True, True]
    for wrong in (6, -7, 2**40):
        with pytest.raises(IndexError):
            table[wrong]
    with pytest.raises(wherry.LimitError):
        table.grow(5)
    with pytest.raises(TypeError):
        table[0] = 5
