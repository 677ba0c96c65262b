"""A tour of wherry in Python: numbers, memory, host functions, strings, lists, records, a trap.

./dev python examples/python/tour.py [FOLDER OF THE GUESTS]
"""

import pathlib
import sys

import wherry

here = pathlib.Path(__file__).resolve().parent
folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else here.parent / "guests")


def numbers_and_memory() -> None:
    guest = wherry.load(folder / "simple.wasm")
    print("sum(5, 37) =", guest.sum(5, 37))
    print("string() =", guest.memory.read_string(guest.string()))
    print("the first five bytes of it:", guest.memory.uint8_view(guest.string())[0:5].tolist())
    try:
        guest.divide(1, 0)
    except wherry.Trap as trap:
        print(f"divide(1, 0): {trap.code}, in {trap.frames[0].function}")


@wherry.host("env", "on_word")
def on_word(caller: wherry.Caller, address: int, size: int) -> None:
    """What the guest's pointer means, its memory tells."""
    print(" ", caller.memory.read_string(address, size))


@wherry.host("env", "add")
def add(x: int, y: int) -> int:
    return x + y


def functions_of_the_host() -> None:
    guest = wherry.load(folder / "host.wasm", imports=[on_word, add])
    print("the guest's words:")
    print(guest.words(), "of them")
    print("add_up(101) =", guest.add_up(101))


def strings_lists_and_records() -> None:
    guest = wherry.load(folder / "greet.wasm")
    print("greet('Ada') =", guest.greet("Ada"))
    print("reverse(b'desserts') =", guest.reverse(b"desserts"))
    print("sum([1, 2, 4294967295]) =", guest.sum([1, 2, 4294967295]))

    point = wherry.types(guest).Point
    print("middle() =", guest.middle(point(0, 0), {"x": 10, "y": -4}))
    print("birthday() =", guest.birthday(who={"name": "Ada", "age": 36}))


numbers_and_memory()
functions_of_the_host()
strings_lists_and_records()
