"""Bad modules, traps, limits, and what the exceptions say."""

import pickle

import pytest
import wherry
from conftest import own


def test_every_truncated_module_is_refused() -> None:
    data = own("simple.wasm")
    sections = 0
    for size in range(len(data)):
        try:
            wherry.Module(None, data[:size])
            sections += 1  # cut between two sections it may still be a module
        except (wherry.MalformedError, wherry.InvalidError) as error:
            assert error.offset is None or 0 <= error.offset <= size
            assert error.message
    assert sections < 12


def test_mutated_modules_never_crash() -> None:
    data = own("simple.wasm")
    for at in range(8, len(data), 3):
        wrong = bytearray(data)
        wrong[at] ^= 0x55
        try:
            wherry.load(wrong, fuel=100_000)
        except (wherry.Error, TypeError, MemoryError):
            pass


def test_malformed_and_invalid_have_offsets() -> None:
    with pytest.raises(wherry.MalformedError) as malformed:
        wherry.load(b"\0asm\1\0\0\0\xff\0")
    assert malformed.value.offset == 8
    with pytest.raises(wherry.MalformedError):
        wherry.load(b"no module")
    # A function of type () -> i32 without a body's value.
    wrong = b"\0asm\1\0\0\0\1\5\1\x60\0\1\x7f\3\2\1\0\x0a\4\1\2\0\x0b"
    with pytest.raises(wherry.InvalidError) as invalid:
        wherry.load(wrong)
    assert invalid.value.offset is not None and invalid.value.offset > 20


TRAPS = [
    (lambda guest: guest.divide(1, 0), "integer divide by zero"),
    (lambda guest: guest.divide(-(2**31), -1), "integer overflow"),
    (lambda guest: guest.fail(), "unreachable"),
    (lambda guest: guest.read_at(2**31), "out of bounds memory access"),
    (lambda guest: guest.recurse(1), "call stack exhausted"),
]


@pytest.mark.parametrize(("use", "code"), TRAPS)
def test_traps(simple: wherry.Guest, use, code: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(wherry.Trap) as caught:
        use(simple)
    trap = caught.value
    assert trap.code == code and code in trap.message
    assert trap.frames and isinstance(trap.frames[0], wherry.Frame)
    assert trap.frames[0].offset is not None and trap.frames[0].offset > 0
    assert simple.sum(5, 37) == 42  # the store works on


def test_the_guest_s_stack(simple: wherry.Guest) -> None:
    with pytest.raises(wherry.Trap) as caught:
        simple.recurse(1)
    trap = caught.value
    assert all(frame.function == "recurse" for frame in trap.frames)
    assert trap.frames_omitted > 100
    lines = str(trap).splitlines()
    assert lines[1].startswith("  at recurse (") and "more" in lines[-1] and len(lines) < 30


def test_a_small_stack_ends_sooner() -> None:
    engine = wherry.Engine(wherry.Config(stack_size=65536))
    guest = wherry.load(own("simple.wasm"), engine=engine)
    with pytest.raises(wherry.Trap) as caught:
        guest.recurse(1)
    assert caught.value.code == "call stack exhausted"
    assert len(caught.value.frames) + caught.value.frames_omitted < 10_000


def test_limits_name_themselves() -> None:
    store = wherry.Store()
    store.set_memory_limit("1 page")
    wherry.Memory(store, 1)
    with pytest.raises(wherry.LimitError) as caught:
        wherry.Memory(store, 1)
    assert caught.value.limit == "memory"
    store.set_table_limit(10)
    with pytest.raises(wherry.LimitError) as caught:
        wherry.Table(store, 11)
    assert caught.value.limit == "table"
    store.set_instance_limit(0)
    with pytest.raises(wherry.LimitError) as caught:
        wherry.Instance(store, wherry.Module(None, b"\0asm\1\0\0\0"))
    assert caught.value.limit == "instances"


def test_fuel_can_be_given_again() -> None:
    guest = wherry.load(own("simple.wasm"), fuel=100_000)
    store = guest.instance.store
    with pytest.raises(wherry.LimitError):
        guest.spin()
    store.fuel = 1_000_000
    assert guest.sum(5, 37) == 42 and store.fuel < 1_000_000
    store.fuel = None
    assert store.fuel is None


def test_interrupted(simple: wherry.Guest) -> None:
    simple.instance.store.interrupt()
    with pytest.raises(wherry.Interrupted):
        simple.spin()
    assert simple.sum(5, 37) == 42


def test_the_family() -> None:
    for kind in (
        wherry.MalformedError,
        wherry.InvalidError,
        wherry.LinkError,
        wherry.Trap,
        wherry.Exit,
        wherry.LimitError,
        wherry.TimeoutError,
        wherry.Interrupted,
        wherry.StateError,
        wherry.RangeError,
    ):
        assert issubclass(kind, wherry.Error) and kind.__module__ == "wherry"
        assert pickle.loads(pickle.dumps(kind("text"))).message == "text"
    assert issubclass(wherry.TimeoutError, TimeoutError)
    assert issubclass(wherry.RangeError, OverflowError)
    frame = wherry.Frame(None, "m", 3, 16)
    assert str(frame) == "func 3 (m 0x10)"
