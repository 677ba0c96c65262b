"""Runs one guest in the counter build: guests.py NAME.

Prints how many wasm instructions it took as fuel counts them: at the entry of functions and loops.
What is counted is written to the file that WHERRY_COUNTS names when the process ends.
"""

import json
import os
import pathlib
import random
import struct
import sys

import wherry
from components import Component, innermost

HERE = pathlib.Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared"
GUESTS = pathlib.Path(os.environ.get("WHERRY_GUESTS") or SHARED / "guests")
BENCH = pathlib.Path(os.environ.get("WHERRY_BENCH") or SHARED / "bench")
CORE, COMPONENTS = GUESTS / "core", GUESTS / "components"
FUEL = 1 << 62
API, MACHINE = "local:kitchen/api#", "xyz:machine/machine-interface#"


def spent(store):
    return FUEL - store.fuel


def new_store():
    store = wherry.Store()
    store.fuel = FUEL
    return store


class Plain:
    """A core module whose functions are called as they are; function and memory as Component's."""

    def __init__(self, path, imports=None):
        self.store = new_store()
        module = wherry.Module(None, path.read_bytes())
        self.instance = wherry.Instance(self.store, module, imports)
        self.export = self.instance.exports.__getitem__

    def memory(self):
        return self.export("memory")


# What components import and really call. One clock gives its time, the other one writes it.
OUTSIDE = {"emit": lambda *args: 7, "now": lambda *at: None if at else 1000}


def component(name):
    data = (COMPONENTS / f"{name}.wasm").read_bytes()
    return Component(innermost(data), new_store(), OUTSIDE)


# ---- calling by the Canonical ABI, by hand ----


class Caller:
    def __init__(self, guest, prefix):
        self.guest, self.prefix = guest, prefix
        self.realloc = guest.export("cabi_realloc")

    def put(self, data, align=1):
        at = self.realloc(0, 0, align, max(len(data), 1)) & 0xFFFFFFFF
        self.guest.memory().write(at, data)
        return at

    def text(self, data):
        return self.put(data), len(data)

    def call(self, name, *args):
        result = self.guest.export(self.prefix + name)(*args)
        try:
            after = self.guest.export("cabi_post_" + self.prefix + name)
        except (KeyError, AttributeError):
            return result
        kept = self.read(result) if name in RETURN_TEXT else None
        after(result)
        return result if kept is None else kept

    def read(self, at):
        at, size = struct.unpack("<II", self.guest.memory().read(at & 0xFFFFFFFF, 8))
        return self.guest.memory().read(at, size)


RETURN_TEXT = ("echo-string", "get-str", "obfuscate", "reverse", "many")


def kitchen(guest, rounds=12):
    caller = Caller(guest, API)
    for n in range(1, rounds + 1):
        word = b"a word \xc3\xbc " * n
        assert caller.call("echo-string", *caller.text(word)) == word
        caller.call("echo-u64", n * 12345)
        caller.call("echo-f64", n / 7)
        caller.call("divide", 1000 * n, n)
        caller.call("divide", n, 0)
        caller.call("check", -n)
        caller.call("only-ok", n)
        points = [(i, i * n) for i in range(20)]
        packed = b"".join(struct.pack("<ii", *point) for point in points)
        caller.call("translate", caller.put(packed, 4), len(points), 3, 4)
        caller.call("sum-bytes", *caller.text(bytes(range(20))))
        record = struct.pack("<17I", *range(17)) + struct.pack("<II", *caller.text(b"r"))
        caller.call("many", caller.put(record, 4))
        caller.call("log-twice", *caller.text(b"told"))
    return spent(guest.store)


def machine(guest, rounds=20):
    caller = Caller(guest, MACHINE)
    for n in range(rounds):
        caller.call("get-u32")
        assert caller.call("get-str") == b"simple string to return"
        caller.call("get-vec")
        caller.call("run", n, 1, 2, 3, n)
        assert caller.call("count-symbols", *caller.text(b"string with symbols (~25)")) == 25
    return spent(guest.store)


def reverse(guest, rounds=20):
    caller = Caller(guest, "")
    for n in range(1, rounds + 1):
        text = bytes(random.Random(n).choices(b"abcdefgh ", k=20 * n))
        assert caller.call("reverse", *caller.text(text)) == text[::-1]
    return spent(guest.store)


def obfuscator(guest):
    caller = Caller(guest, "")
    source = (GUESTS / "inputs" / "tiny-2k.js").read_bytes()
    assert len(caller.call("obfuscate", *caller.text(source))) == 3190
    return spent(guest.store)


# ---- WASI preview 1, as little as Go wants ----


class Exit(Exception):
    pass


class Wasi:
    def __init__(self, args=(), stdin=b"", **more):
        self.args = [arg.encode() + b"\0" for arg in args]
        self.stdin, self.stdout, self.now = stdin, b"", 0
        self.more = more

    def imports(self, module):
        given = {}
        for item in module.imports:
            function = getattr(self, item.name, None) or self.more.get(item.name)
            given.setdefault(item.module, {})[item.name] = function or self.unknown(item.name)
        return given

    def unknown(self, name):
        return lambda *args: 52  # ENOSYS

    def word(self, at, value, size=4):
        self.memory.write(at & 0xFFFFFFFF, value.to_bytes(size, "little"))

    def vectors(self, at, count):
        words = struct.unpack(f"<{2 * count}I", self.memory.read(at & 0xFFFFFFFF, 8 * count))
        return zip(words[::2], words[1::2])

    def args_sizes_get(self, count, size):
        self.word(count, len(self.args))
        self.word(size, sum(map(len, self.args)))
        return 0

    def args_get(self, pointers, buffer):
        for i, arg in enumerate(self.args):
            self.word(pointers + 4 * i, buffer)
            self.memory.write(buffer & 0xFFFFFFFF, arg)
            buffer += len(arg)
        return 0

    def environ_sizes_get(self, count, size):
        self.word(count, 0)
        self.word(size, 0)
        return 0

    def environ_get(self, pointers, buffer):
        return 0

    def clock_time_get(self, clock, precision, at):
        self.now += 1000
        self.word(at, self.now, 8)
        return 0

    def random_get(self, at, size):
        self.memory.write(at & 0xFFFFFFFF, random.Random(1).randbytes(size))
        return 0

    def fd_read(self, fd, at, count, result):
        done = 0
        for start, size in self.vectors(at, count):
            part, self.stdin = self.stdin[:size], self.stdin[size:]
            self.memory.write(start, part)
            done += len(part)
        self.word(result, done)
        return 0

    def fd_write(self, fd, at, count, result):
        done = 0
        for start, size in self.vectors(at, count):
            self.stdout += self.memory.read(start, size)
            done += size
        self.word(result, done)
        return 0

    def fd_prestat_get(self, fd, at):
        return 8  # EBADF

    def fd_fdstat_get(self, fd, at):
        self.memory.write(at & 0xFFFFFFFF, b"\2" + bytes(7) + b"\xff" * 16)
        return 0

    def proc_exit(self, code):
        raise Exit(code)

    def sched_yield(self):
        return 0


def go(name, wasi):
    store = new_store()
    module = wherry.Module(None, (CORE / f"{name}.wasm").read_bytes())
    instance = wherry.Instance(store, module, wasi.imports(module))
    wasi.memory = instance.exports["memory"]
    return store, instance.exports


def go_wordfreq():
    wasi = Wasi(["wordfreq", "10"], (GUESTS / "inputs" / "small-17k.js").read_bytes())
    store, exports = go("go-wordfreq", wasi)
    try:
        exports["_start"]()
    except Exit:
        pass
    assert wasi.stdout.count(b"\n") == 10
    return spent(store)


def go_plugin():
    wasi = Wasi(log=lambda at, size: None)
    store, exports = go("go-plugin", wasi)
    exports["_initialize"]()
    assert exports["fib"](18) == 2584
    at = exports["alloc"](4000)
    wasi.memory.write(at & 0xFFFFFFFF, b"shout it " * 400)
    exports["shout"]()
    return spent(store)


# ---- the benchmark's programs ----


def clock():
    """Passes so fast that coremark is content with one iteration."""
    clock.now += 11000
    return clock.now


clock.now = 0


def number(text):
    kind, _, value = text.partition(":")
    return float(value) if kind[0] == "f" else int(value)


def bench(name, case):
    data = (BENCH / "wasm" / f"{name}.wasm").read_bytes()
    imports = {"env": {"clock_ms": clock}} if "imports" in case else None
    store = new_store()
    exports = wherry.Instance(store, wherry.Module(None, data), imports).exports
    if "setup" in case:
        state = exports["setup"](*map(number, case["setup"]))
        exports["run"](state)
    else:
        function, args = case["run"]
        exports[function](*map(number, args))
    return spent(store)


def bench_cases():
    file = BENCH / "cases.json"
    cases = json.loads(file.read_text()) if file.exists() else {}
    return {name: case for name, case in cases.items() if "load" not in case}


def c_core(name, imports=None):
    return Plain(CORE / f"{name}.wasm", imports)


def kitchen_core():
    reps = {}

    def new(rep):
        reps[len(reps) + 1] = rep
        return len(reps)

    return kitchen(
        c_core(
            "kitchen.core",
            {
                "local:kitchen/log": {"emit": lambda *args: 7},
                "[export]local:kitchen/api": {
                    "[resource-new]counter": new,
                    "[resource-rep]counter": reps.__getitem__,
                    "[resource-drop]counter": lambda handle: None,
                },
            },
        )
    )


# Groups of guests: name -> a function that runs it and returns how many wasm instructions it ran.
GROUPS = {
    "bench": {
        name: (lambda name=name, case=case: bench(name, case))
        for name, case in bench_cases().items()
    },
    "spidermonkey": {
        "kitchen.sm-pure": lambda: kitchen(component("kitchen.sm-pure")),
        "machine.sm-default": lambda: machine(component("machine.sm-default")),
        "obfuscator.sm-pure": lambda: obfuscator(component("obfuscator.sm-pure")),
    },
    "quickjs": {
        "kitchen.qjs-sync-stub": lambda: kitchen(component("kitchen.qjs-sync-stub")),
        "machine.qjs-sync": lambda: machine(component("machine.qjs-sync")),
        "reverse.qjs-sync-stub": lambda: reverse(component("reverse.qjs-sync-stub")),
    },
    "go": {"go-wordfreq": go_wordfreq, "go-plugin": go_plugin},
    "c": {
        "kitchen.core": kitchen_core,
        "machine.core": lambda: machine(c_core("machine.core")),
    },
}


def main():
    for guests in GROUPS.values():
        if sys.argv[1] in guests:
            print(guests[sys.argv[1]]())
            return 0
    print(f"there is no guest {sys.argv[1]}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
