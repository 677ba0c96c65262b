"""Strings, lists and records across the border, beside wasmtime.

Of core modules wasmtime knows only numbers and memory: what a user of it writes by hand is timed.
Of components it knows the types too. The other languages are compared with Python.
"""

import collections
import struct

import languages
import wherry
from guests import REAL, own, there
from peers import Wasmtime, wasmtime
from timing import Row, each

if wasmtime:
    from wasmtime import component

Point = collections.namedtuple("Point", "x y")
PLACES = struct.Struct("<II")

DATA = bytes(range(256)) * 256
NUMBERS = list(range(10_000))
BY = (10, 20)
EMITTED = 7

# What is called, with what: row: (function, arguments). Points are pairs here.
CALLS = {
    "u64": ("echo-u64", [1 << 40]),
    "string of 16 bytes": ("echo-string", ["sixteen letters!"]),
    "64 KiB of ASCII": ("echo-string", ["wherry! " * 8192]),
    "64 KiB of other text": ("echo-string", ["Fährboot" * 7281 + "boats.."]),
    "64 KiB of bytes": ("echo-bytes", [DATA]),
    "10,000 u32": ("echo-numbers", [NUMBERS]),
    "sum of 10,000 u32": ("sum", [NUMBERS]),
    "sum-bytes of 64 KiB": ("sum-bytes", [DATA]),
    "translate of 1,000 points": ("translate", [[(i, -i) for i in range(1000)], BY]),
    "log-twice": ("log-twice", ["hi"]),
}
KITCHEN = ("u64", "string of 16 bytes", "64 KiB of ASCII", "sum-bytes of 64 KiB")
KITCHEN += ("translate of 1,000 points", "log-twice")


def answer(function, args):
    """What each engine must return."""
    if function == "translate":
        return [(x + BY[0], y + BY[1]) for x, y in args[0]]
    if function in ("sum", "sum-bytes"):
        return sum(args[0])
    if function == "log-twice":
        return 2 * EMITTED
    return args[0]


def plain(value):
    """Points of any class as pairs."""
    if isinstance(value, list) and value and hasattr(value[0], "x"):
        return [(p.x, p.y) for p in value]
    return value


def timed(row, point, call, *first):
    """A run, after one call has returned what it must. point: the engine's own class of points."""
    function, args = CALLS[row]
    given = list(args)
    if function == "translate":
        given = [[point(x, y) for x, y in args[0]], point(*args[1])]
    got = plain(call(*first, *given))
    if got != answer(function, args):
        raise ValueError(f"{row}: {function} returned {str(got)[:60]}")
    names = [f"a{i}" for i in range(len(first) + len(given))]
    variables = dict(zip(names, [*first, *given]), call=call)
    return each(f"call({', '.join(names)})", variables)


def in_wherry(row, guest):
    point = getattr(wherry.types(guest), "Point", None)
    return timed(row, point, getattr(guest, CALLS[row][0].replace("-", "_")))


class ByHand:
    """A core module in wasmtime, and the Canonical ABI as its user writes it."""

    def __init__(self, file, interfaces, imports=()):
        peer = Wasmtime(file.read_bytes(), imports)
        self.store, self.exports = peer.store, peer.exports
        self.memory, self.realloc = self.exports["memory"], self.exports["cabi_realloc"]
        self.interfaces = interfaces
        if "_initialize" in self.exports:
            self.exports["_initialize"](self.store)

    def find(self, name):
        """The function, and what is called when its result has been read."""
        for interface in self.interfaces:
            full = f"{interface}{name}"
            if full in self.exports:
                post = f"cabi_post_{full}"
                return self.exports[full], self.exports[post] if post in self.exports else None
        raise KeyError(name)

    def lower(self, data, alignment):
        address = self.realloc(self.store, 0, 0, alignment, len(data))
        self.memory.write(self.store, data, address)
        return address

    def lift(self, result, post, size=1):
        """The bytes of the string or list that a result's address tells of."""
        address, count = PLACES.unpack(self.memory.read(self.store, result, result + 8))
        data = self.memory.read(self.store, address, address + count * size)
        if post:
            post(self.store, result)
        return data

    def function(self, name):
        inside, post = self.find(name)
        store, lower, lift = self.store, self.lower, self.lift

        def echo_string(text):
            data = text.encode()
            return lift(inside(store, lower(data, 1), len(data)), post).decode()

        def echo_bytes(data):
            return bytes(lift(inside(store, lower(data, 1), len(data)), post))

        def echo_numbers(numbers):
            data = struct.pack(f"<{len(numbers)}I", *numbers)
            got = lift(inside(store, lower(data, 4), len(numbers)), post, 4)
            return list(struct.unpack(f"<{len(got) // 4}I", got))

        def add_numbers(numbers):
            data = struct.pack(f"<{len(numbers)}I", *numbers)
            return inside(store, lower(data, 4), len(numbers))

        def sum_bytes(data):
            return inside(store, lower(data, 1), len(data))

        def log_twice(text):
            data = text.encode()
            return inside(store, lower(data, 1), len(data))

        def translate(points, by):
            flat = [number for point in points for number in (point.x, point.y)]
            address = lower(struct.pack(f"<{len(flat)}i", *flat), 4)
            got = lift(inside(store, address, len(points), by.x, by.y), post, 8)
            return [Point(x, y) for x, y in struct.iter_unpack("<ii", got)]

        return {
            "echo-u64": lambda number: inside(store, number),
            "echo-string": echo_string,
            "echo-bytes": echo_bytes,
            "echo-numbers": echo_numbers,
            "sum": add_numbers,
            "sum-bytes": sum_bytes,
            "translate": translate,
            "log-twice": log_twice,
        }[name]


class Typed:
    """A component in wasmtime."""

    def __init__(self, file, interface):
        engine = Wasmtime.engine()
        self.store = wasmtime.Store(engine)
        linker = component.Linker(engine)
        whole = component.Component(engine, file.read_bytes())
        with linker.root() as root:
            with root.add_instance("local:kitchen/log") as log:
                log.add_func("emit", emit)
            root.add_instance("local:kitchen/types").close()
        self.instance = linker.instantiate(self.store, whole)
        self.interface = self.instance.get_export_index(self.store, interface)

    def function(self, name):
        index = self.instance.get_export_index(self.store, name, self.interface)
        inside, store = self.instance.get_func(self.store, index), self.store
        return lambda *args: inside(store, *args)


def emit(*_level_and_text):
    return EMITTED


def rows_of(name, names, guest, peer, limits):
    """limits: {row: [(peer, most)]}."""
    for row in names:
        runs = {"wherry": in_wherry(row, guest)}
        if peer:
            runs["wasmtime"] = timed(row, Point, peer.function(CALLS[row][0]))
        yield Row(f"{name}: {row}", runs, limits.get(row, []))


def greet():
    """The project's own guest, a core module with WIT."""
    file = own("greet")
    peer = None
    if wasmtime:
        spaces = [f"wherry:greet/{part}#" for part in ("values", "geometry")]
        peer = ByHand(file, [*spaces, ""])
    limits = {
        "string of 16 bytes": [(None, 0.5e-6)],
        "64 KiB of ASCII": [(None, 8e-6)],
        "64 KiB of other text": [(None, 40e-6)],
        "10,000 u32": [(None, 160e-6)],
    }
    names = [row for row in CALLS if row not in ("sum-bytes of 64 KiB", "log-twice")]
    return rows_of("greet", names, wherry.load(str(file)), peer, limits)


def kitchen_core(file):
    """A core module of wit-bindgen. Where its host must serve its resources, they are numbers."""
    imports = {"local:kitchen/log": {"emit": emit}}
    try:
        guest = wherry.load(str(file), imports=imports)
    except wherry.LinkError:
        served = {f"[resource-{verb}]counter": emit for verb in ("new", "rep", "drop")}
        imports["[export]local:kitchen/api"] = served
        guest = wherry.load(str(file), imports=imports)
    peer = None
    if wasmtime:
        log = [("local:kitchen/log", "emit", ["i32"] * 3, ["i32"], emit)]
        peer = ByHand(file, ["local:kitchen/api#"], log)
    return rows_of("kitchen.core", KITCHEN, guest, peer, {})


def kitchen_component(file):
    try:
        guest = wherry.load(str(file), imports={"local:kitchen/log": {"emit": emit}})
    except wherry.MalformedError as error:
        print(f"skipped: {file.name}: {error}")
        return []
    limits = {
        "u64": [("wasmtime", 1 / 40)],
        "string of 16 bytes": [("wasmtime", 1 / 20)],
        "64 KiB of ASCII": [("wasmtime", 1 / 2)],
        "sum-bytes of 64 KiB": [("wasmtime", 1 / 100)],
        "translate of 1,000 points": [("wasmtime", 1 / 60)],
        "log-twice": [("wasmtime", 1 / 20)],
    }
    peer = Typed(file, "local:kitchen/api") if wasmtime else None
    return rows_of("kitchen.c", KITCHEN, guest, peer, limits)


# The other languages with greet: row, what their programs call it, most by Python's time.
OTHERS = (
    ("u64", "u64", 2.0),
    ("string of 16 bytes", "string16", 2.0),
    ("64 KiB of ASCII", "ascii", 2.0),
    ("64 KiB of other text", "other", 2.0),
    ("64 KiB of bytes", "bytes", 2.0),
    ("10,000 u32", "numbers", 2.0),
    ("translate of 1,000 points", "points", 4.0),
)


def other_languages(python):
    """python: {row of greet: the row}."""
    for language in ("Ruby", "Lua", "C"):
        for name, key, most in OTHERS:
            if not languages.there(language) or (language, key) in languages.CANNOT:
                continue
            runs = {
                "wherry": languages.asked(language, key),
                "Python": lambda row=python[f"greet: {name}"]: row.best["wherry"],
            }
            yield Row(f"greet, {language}: {name}", runs, [("Python", most)])


def rows(_quick):
    python = {}
    for row in greet():
        python[row.name] = row
        yield row
    for file in there([REAL / "core" / "kitchen.core.wasm"]):
        yield from kitchen_core(file)
    for file in there([REAL / "components" / "kitchen.c.wasm"]):
        yield from kitchen_component(file)
    yield from other_languages(python)
