"""Memory and the views over it."""

import array
import gc

import pytest
import wherry


def test_hello_world_four_ways(simple: wherry.Guest) -> None:
    address = simple.string()
    view = simple.memory.uint8_view(address)
    walked, at = bytearray(), 0
    while view[at]:
        walked.append(view[at])
        at += 1
    assert walked == b"Hello, World!"
    assert bytes(view[0:13]) == b"Hello, World!"
    assert bytes(memoryview(simple.memory)[address : address + 13]) == b"Hello, World!"
    assert simple.memory.read_string(address, 13) == "Hello, World!"
    assert simple.memory.read_string(address) == "Hello, World!"
    assert simple.memory.read(address, 13) == b"Hello, World!"


def test_read_and_write(simple: wherry.Guest) -> None:
    memory, address = simple.memory, simple.buffer()
    memory.write(address, b"\1\2\3\4")
    assert simple.sum_bytes(address, 4) == 10
    memory.write(address, bytearray(b"\5\5"))
    memory.write(address + 2, array.array("H", [0x0101]))
    assert memory.read(address, 4) == b"\5\5\1\1"
    memory.write(address + 1, memoryview(memory)[address : address + 3])
    assert memory.read(address, 4) == b"\5\5\5\1"
    memory.write(address, b"")
    assert memory.read(len(memory), 0) == b""
    memory[address] = 9
    assert memory[address] == 9
    memory[address : address + 2] = b"\7\7"
    assert bytes(memory[address : address + 2]) == b"\7\7"
    memory.write(address, "grüße".encode())
    assert memory.read_string(address, 7) == "grüße"
    memory.write(address, "grüße".encode("utf-16-le"))
    assert memory.read_string(address, 10, "utf-16-le") == "grüße"
    assert memory.read_string(address=address, size=2, encoding="latin-1") == "g\0"


def test_what_is_outside(simple: wherry.Guest) -> None:
    memory = simple.memory
    size = len(memory)
    for address, count in ((size, 1), (size - 1, 2), (0, size + 1), (2**64 - 1, 2), (2**40, 0)):
        with pytest.raises(ValueError, match="are not in the memory"):
            memory.read(address, count)
    with pytest.raises(ValueError, match=rf"2 bytes at address {size - 1} are not in the memory"):
        memory.write(size - 1, b"ab")
    with pytest.raises(ValueError):
        memory.uint8_view(size + 1)
    with pytest.raises(ValueError):
        memory.read_string(size + 1)
    for wrong in (-1, 2**64, -(2**31) - 1):
        with pytest.raises(ValueError):
            memory.read(wrong, 2)
    for text in ("0", None, 1.0):
        with pytest.raises(TypeError, match="expected an address"):
            memory.read(text, 1)
    with pytest.raises(TypeError, match="encode it first"):
        memory.write(0, "text")
    with pytest.raises(TypeError):
        memory.write(0, 5)
    with pytest.raises(TypeError, match="expected 2 arguments, got 1"):
        memory.read(0)
    with pytest.raises(UnicodeDecodeError):
        memory.write(0, b"\xff\xff")
        memory.read_string(0, 2)


def test_an_address_that_came_as_a_negative_i32() -> None:
    store = wherry.Store()
    memory = wherry.Memory(store, 1)
    with pytest.raises(ValueError, match="address 4294967288"):
        memory.read(-8, 1)


VIEWS = [
    ("int8", 1, "b", -5),
    ("uint8", 1, "B", 250),
    ("int16", 2, "h", -500),
    ("uint16", 2, "H", 65000),
    ("int32", 4, "i", -(2**31)),
    ("uint32", 4, "I", 2**32 - 1),
    ("int64", 8, "q", -(2**63)),
    ("uint64", 8, "Q", 2**64 - 1),
    ("float32", 4, "f", 0.5),
    ("float64", 8, "d", 0.1),
]


@pytest.mark.parametrize(("kind", "width", "letter", "number"), VIEWS)
def test_views(simple: wherry.Guest, kind: str, width: int, letter: str, number: float) -> None:
    memory, address = simple.memory, simple.buffer() + 1  # not aligned
    view = getattr(memory, f"{kind}_view")(address)
    assert view.bytes_per_element == width and view.address == address
    assert len(view) == (len(memory) - address) // width
    view[0] = number
    view[1] = 0
    assert view[0] == number and view[1] == 0
    assert memory.read(address, width) == array.array(letter, [number]).tobytes()
    part = view[0:3]
    assert len(part) == 3 and part == [number, 0, 0] and part.tolist() == [number, 0, 0]
    assert list(part) == [number, 0, 0]
    view[0:2] = [1, number]
    view[2:4] = array.array(letter, [number, 2])
    assert view[0:4] == [1, number, number, 2]
    assert view[0:4] != [1, number, number, 3] and view[0:4] != [1]
    assert memoryview(part).format == letter and memoryview(part).tolist() == [1, number, number]
    view[1:4] = view[0:3]
    assert view[0:4] == (1, 1, number, number)
    assert number in view[0:4]
    assert list(view[0:4][::2]) == [1, number]
    assert view[len(view) - 1] == view[-1]


def test_slices_are_the_memory(simple: wherry.Guest) -> None:
    view = simple.memory.uint8_view(simple.buffer())
    part = view[4:8][1:3]
    part[0] = 77
    assert view[5] == 77 and part.address == view.address + 5
    assert len(view[10:5]) == 0 and len(view[5:5]) == 0
    assert len(part[0:100]) == 2 and len(part[-1:]) == 1


def test_what_a_view_refuses(simple: wherry.Guest) -> None:
    view = simple.memory.uint8_view(simple.buffer())[0:4]
    for index in (4, -5, 2**70):
        with pytest.raises(IndexError):
            view[index]
        with pytest.raises(IndexError):
            view[index] = 0
    for number in (256, -1, 2**64):
        with pytest.raises(OverflowError, match="does not fit in uint8"):
            view[0] = number
    with pytest.raises(TypeError, match="expected uint8, got str"):
        view[0] = "x"
    with pytest.raises(TypeError):
        view["a"]
    with pytest.raises(TypeError):
        del view[0]
    with pytest.raises(ValueError, match="a slice of 2 elements takes as many, not 3"):
        view[0:2] = b"abc"
    with pytest.raises(ValueError, match="not 3"):
        view[0:2] = [1, 2, 3]
    with pytest.raises(ValueError, match="step"):
        view[0:4:2] = b"ab"
    with pytest.raises(TypeError):
        view[0:2] = 5
    view[0:4] = b"\0\0\0\0"
    with pytest.raises(OverflowError):
        view[0:3] = [1, 2, 256]
    assert bytes(view) == b"\0\0\0\0"  # all or nothing
    with pytest.raises(TypeError):
        hash(view)
    with pytest.raises(TypeError):
        wherry.View()


def test_a_buffer_stays_valid_and_keeps_its_length(values: wherry.Guest) -> None:
    memory = values.memory
    buffer, view, part = memoryview(memory), memory.uint8_view(0), memory.uint8_view(0)[0:10]
    fixed = memoryview(view)
    assert memory.size == 1 and memory.maximum == 4
    assert values.grow(1) == 1
    assert memory.grow(1) == 2
    memory.write(0, b"still the same")
    assert len(memory) == len(view) == 3 * 65536
    assert len(buffer) == len(fixed) == 65536 and len(part) == 10
    assert bytes(buffer[:5]) == bytes(fixed[:5]) == bytes(part[:5]) == b"still"
    with pytest.raises(wherry.LimitError):
        memory.grow(5)
    with pytest.raises(OverflowError):
        memory.grow(-1)


def test_a_buffer_outlives_its_guest(simple: wherry.Guest) -> None:
    simple.memory.write(0, b"left behind")
    memory, view = simple.memory, simple.memory.uint8_view(0)
    buffer, part = memory.buffer, memoryview(view[5:11])
    simple.close()
    assert bytes(buffer[:11]) == b"left behind" and bytes(part) == b"behind"
    buffer[0] = 76
    assert buffer[0] == 76
    uses = [
        lambda: memory.read(0, 1),
        lambda: memory.write(0, b"x"),
        lambda: memory.read_string(0),
        lambda: memory[0],
        lambda: memory.uint8_view(),
        lambda: memory.grow(1),
        lambda: memory.size,
        lambda: len(memory),
        lambda: memoryview(memory),
        lambda: view[0],
        lambda: view[0:1],
        lambda: len(view),
        lambda: memoryview(view),
    ]
    for use in uses:
        with pytest.raises(wherry.StateError, match="closed"):
            use()
    assert "closed" in repr(memory) and "closed" in repr(view)
    uses.clear()
    memory = view = None
    gc.collect()
    assert bytes(buffer[:11]) == b"Left behind" and bytes(part) == b"behind"


class Closes:
    """A number that closes the guest when it is asked for its value."""

    def __init__(self, guest: wherry.Guest) -> None:
        self.guest = guest

    def __index__(self) -> int:
        self.guest.close()
        return 7


def test_user_code_may_close_the_guest_in_the_middle(values: wherry.Guest) -> None:
    view = values.memory.uint8_view()
    with pytest.raises(wherry.StateError):
        view[0:2] = [Closes(values), 5]
    other = wherry.load(values.instance.module, imports={"env": {"offset": 0}})
    with pytest.raises(wherry.StateError):
        other.memory.uint8_view()[0] = Closes(other)
    third = wherry.load(values.instance.module, imports={"env": {"offset": 0}})
    with pytest.raises(wherry.StateError):
        third.double(Closes(third))


def test_numpy(simple: wherry.Guest) -> None:
    numpy = pytest.importorskip("numpy")
    address = simple.buffer()
    memory = simple.memory
    memory.uint32_view(address)[0:3] = [1, 2, 3]
    numbers = numpy.frombuffer(memory, dtype="<u4", count=3, offset=address)
    assert numbers.tolist() == [1, 2, 3]
    numbers[0] = 7
    assert memory.uint32_view(address)[0] == 7
    view = numpy.asarray(memory.float64_view(address)[0:2])
    assert view.dtype == numpy.float64 and view.shape == (2,)
    memory.uint32_view(address)[0:2] = numpy.array([8, 9], dtype=numpy.uint32)
    assert numbers.tolist() == [8, 9, 3]
    memory.uint32_view(address)[0:2] = numpy.array([1, 2], dtype=numpy.int64)
    assert numbers.tolist() == [1, 2, 3]
    assert simple.sum(numpy.int32(5), numpy.int64(37)) == 42
    assert simple.echo_f64(numpy.float32(0.5)) == 0.5
