"""The guests that stand beside the project, where they are there."""

import wherry
from conftest import shared


def test_simple() -> None:
    guest = wherry.load(shared("core/simple.wasm"))
    assert guest.sum(5, 37) == 42 and guest.arity_0() == 42
    assert guest.i32_i32(7) == 7 and guest.i64_i64(2**40) == 2**40
    assert guest.f32_f32(0.5) == 0.5 and guest.f64_f64(0.1) == 0.1
    assert guest.i32_i64_f32_f64_f64(1, 2, 3.5, 4.25) == 10.75
    assert guest.bool_casted_to_i32() == 1
    guest.memory.write(guest.buffer(), b"\1\2\3\4")
    assert guest.sum_bytes(guest.buffer(), 4) == 10
    assert guest.divide(7, 2) == 3
    assert bytes(guest.memory.uint8_view(guest.string())[0:13]) == b"Hello, World!"
    assert guest.memory.read_string(guest.string()) == "Hello, World!"
    assert bytes(guest.memory[0:16]) == bytes(memoryview(guest.memory)[0:16])


def test_machine() -> None:
    machine = wherry.load(shared("core/machine.core.wasm"))
    assert machine.get_u32() == 123
    assert machine.get_str() == "simple string to return"
    assert machine.get_vec() == bytes([5, 4, 3, 2, 1, 10])
    point = wherry.types(machine).Point
    result = machine.run(7, start={"x": 1, "y": 2}, destination=point(3, 4))
    text = "machine 7 run from Point { x: 1, y: 2 } to Point { x: 3, y: 4 }"
    assert (result.machine_id, result.message) == (1, text)
    assert repr(result) == f"RunResult(machine_id=1, message='{text}')"
    assert machine.count_symbols("string with symbols (~25)") == 25
    assert machine["xyz:machine/machine-interface"].get_str() == machine.exports["get-str"]()
