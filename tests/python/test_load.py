"""Loading, the attributes of a guest, and how they are called."""

import io
import pathlib

import pytest
import wherry
from conftest import OWN, leb, module, name, own, vector


def test_a_str_or_path_is_a_file_and_bytes_are_a_module() -> None:
    path = OWN / "simple.wasm"
    data = path.read_bytes()
    for source in (str(path), path, data, bytearray(data), memoryview(data), io.BytesIO(data)):
        assert wherry.load(source).sum(5, 37) == 42
    with open(path, "rb") as file:
        assert wherry.load(file).sum(5, 37) == 42
    assert wherry.load(wherry.Module(None, data)).sum(5, 37) == 42


def test_a_str_is_never_a_module() -> None:
    with pytest.raises(FileNotFoundError):
        wherry.load("(module)")
    with pytest.raises(OSError):
        wherry.load(pathlib.Path("/"))


SEVEN = '(module $seven (func (export "seven") (result i32) i32.const 7))'


def test_text(tmp_path: pathlib.Path) -> None:
    assert wherry.load(wat=SEVEN).seven() == 7
    assert wherry.Module(wat=SEVEN).name == "seven"
    assert wherry.Module(wherry.Engine(), wat=SEVEN).data.startswith(b"\0asm")
    assert wherry.Instance(wat=SEVEN).exports["seven"]() == 7
    assert wherry.validate(wat=SEVEN)
    assert not wherry.validate(wat="(module (func (result i32)))")
    path = tmp_path / "seven.wat"
    path.write_text(SEVEN)
    assert wherry.load(path).seven() == 7
    assert wherry.load(str(path)).seven() == 7
    with open(path, "rb") as file, pytest.raises(wherry.MalformedError, match="text format"):
        wherry.load(file)  # only a name says that it is text


def test_what_is_wrong_in_a_text_is_told_with_its_line(tmp_path: pathlib.Path) -> None:
    wrong = '(module\n  (func (result i32)\n    bogus "é"))\n'
    shown = 'line 3, column 5: unknown operator bogus\n3 |     bogus "é"))\n  |     ^'
    with pytest.raises(wherry.MalformedError) as caught:
        wherry.load(wat=wrong)
    assert str(caught.value) == shown
    path = tmp_path / "wröng.wat"
    path.write_text(wrong, encoding="utf-8")
    with pytest.raises(wherry.MalformedError) as caught:
        wherry.load(path)
    assert str(caught.value) == f"{path}: {shown}"
    path.write_bytes(b'(module "\xff")')
    with pytest.raises(wherry.MalformedError, match="line 1, column 10: malformed UTF-8"):
        wherry.load(path)
    path.write_text("(func (result i32) f32.const 1)")
    with pytest.raises(wherry.InvalidError, match="wröng.wat: .*type mismatch"):
        wherry.load(path)


def test_either_a_source_or_a_text() -> None:
    with pytest.raises(TypeError, match="either a source or wat="):
        wherry.load()
    with pytest.raises(TypeError, match="either a source or wat="):
        wherry.load(own("simple.wasm"), wat=SEVEN)
    with pytest.raises(TypeError, match="either data or wat"):
        wherry.Module(None, b"\0asm", wat=SEVEN)
    with pytest.raises(TypeError, match="either data or wat"):
        wherry.Module()
    with pytest.raises(TypeError):
        wherry.load(wat=7)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [None, 5, [1], object()])
def test_what_is_no_source_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        wherry.load(wrong)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="memory_limits"):
        wherry.load(own("simple.wasm"), memory_limits=5)


def test_calls(simple: wherry.Guest) -> None:
    assert simple.sum(5, 37) == 42
    assert simple.answer() == 42
    assert simple.nothing() is None
    assert [simple.count(), simple.count()] == [1, 2]
    assert simple.sum(2147483647, 1) == -2147483648


def test_exports_by_name(simple: wherry.Guest) -> None:
    assert simple.exports.sum(5, 37) == 42
    assert simple.exports["sum"](5, 37) == 42
    assert simple["sum"](5, 37) == 42
    assert "sum" in simple and "sum" in simple.exports and "nope" not in simple
    assert {"sum", "memory"} <= set(simple.exports)
    assert len(simple.exports) == len(list(simple.exports))
    assert {"sum", "memory", "exports", "instance", "close"} <= set(dir(simple))
    assert simple.exports.sum is not None
    assert simple.sum is simple.sum
    assert "sum" in repr(simple.exports) and "Guest" in repr(simple)
    assert "(i32, i32) -> i32" in repr(simple.sum)


def test_a_typo_is_told_with_what_was_meant(simple: wherry.Guest) -> None:
    with pytest.raises(AttributeError, match="did you mean 'divide'"):
        simple.divde()
    with pytest.raises(AttributeError, match="no 'something_else'$"):
        simple.something_else()
    with pytest.raises(KeyError, match="did you mean 'sum_bytes'"):
        simple.exports["sum_byte"]
    with pytest.raises(TypeError):
        simple.exports[5]
    assert not hasattr(simple, "__wrapped__")


def test_exports_cannot_be_assigned(simple: wherry.Guest) -> None:
    with pytest.raises(AttributeError):
        simple.sum = 5
    with pytest.raises(AttributeError):
        del simple.sum


def test_a_function_tells_of_itself(simple: wherry.Guest) -> None:
    assert simple.sum.__name__ == "sum"
    assert simple.sum.type.params == ("i32", "i32")
    assert simple.sum.type.results == ("i32",)
    assert simple.sum.type == wherry.FuncType("ii:i") == wherry.FuncType(["i32"] * 2, ["i32"])


def awkward() -> bytes:
    """Exports with names that Python or the library has another use for."""
    names = ["close", "exports", "class", "get-it", "__len__", "memory", "ünï", "1st"]
    codes = [leb(4) + b"\x00\x41" + leb(i) + b"\x0b" for i in range(len(names))]
    return module(
        (1, vector(b"\x60\x00\x01\x7f")),
        (3, vector(*[b"\x00"] * len(names))),
        (7, vector(*(name(text) + b"\x00" + leb(i) for i, text in enumerate(names)))),
        (10, vector(*codes)),
    )


def test_names_that_are_taken() -> None:
    guest = wherry.load(awkward())
    assert guest.exports["close"]() == 0
    assert guest.exports.close() == 0
    assert guest.exports["exports"]() == 1
    assert guest.class_() == 2
    assert getattr(guest, "class")() == 2
    assert guest.get_it() == 3
    assert getattr(guest, "get-it")() == 3
    assert guest.exports["__len__"]() == 4
    assert guest.memory() == 5  # the guest's own export of that name comes first
    assert guest.ünï() == 6
    assert guest._1st() == 7
    assert "__len__" in guest.exports
    wherry.close(guest)
    with pytest.raises(wherry.StateError):
        guest.exports["close"]()


def test_a_guest_is_a_context_manager() -> None:
    with wherry.load(own("simple.wasm")) as guest:
        total = guest.sum
        assert total(1, 2) == 3
    for use in (lambda: total(1, 2), lambda: guest.answer(), lambda: guest.memory):
        with pytest.raises(wherry.StateError, match="closed"):
            use()
    guest.close()
    assert "closed" in repr(guest) and "closed" in repr(total)


def test_the_old_short_way() -> None:
    instance = wherry.Instance(own("simple.wasm"))
    assert instance.exports.sum(5, 37) == 42
    assert instance.exports.sum(wherry.Value.i32(5), wherry.Value.i32(37)) == 42
    assert instance.exports.nothing() is None
    view = instance.memory.uint8_view(instance.exports.string())
    text, at = "", 0
    while view[at] != 0:
        text += chr(view[at])
        at += 1
    assert text == "Hello, World!"
    host = wherry.Instance(own("host.wasm"), {"env": {"on_word": print, "add": lambda x, y: x + y}})
    assert host.exports.add_twice(1, 20) == 41


def test_validate() -> None:
    data = own("simple.wasm")
    assert wherry.validate(data) is True
    assert wherry.validate(bytearray(data)) is True
    assert wherry.validate(data[:-1]) is False
    assert wherry.validate(b"") is False
    assert wherry.validate(b"\0asm\1\0\0\0") is True
    with pytest.raises(TypeError):
        wherry.validate("simple.wasm")


def test_options() -> None:
    limited = wherry.load(own("values.wasm"), imports={"env": {"offset": 0}}, memory_limit="64 KB")
    assert limited.grow(1) == -1
    with pytest.raises(wherry.LimitError) as caught:
        wherry.load(own("simple.wasm"), memory_limit=100)
    assert caught.value.limit == "memory"
    with pytest.raises(wherry.LimitError) as caught:
        wherry.load(own("simple.wasm"), fuel=10_000).spin()
    assert caught.value.limit == "fuel"
    with pytest.raises(TimeoutError) as late:
        wherry.load(own("simple.wasm"), timeout=0.05).spin()
    assert isinstance(late.value, wherry.TimeoutError) and late.value.limit == "deadline"
    for wrong in ("64 parsecs", "", "-1"):
        with pytest.raises(ValueError, match="expected a size"):
            wherry.load(own("simple.wasm"), memory_limit=wrong)
    for number in (0, -1.0, float("nan")):
        with pytest.raises(ValueError):
            wherry.load(own("simple.wasm"), timeout=number)
    with pytest.raises(OverflowError):
        wherry.load(own("simple.wasm"), fuel=-1)
