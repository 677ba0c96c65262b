"""From bytes to the end of a first call; and to a module that is checked.

Imports are stubs: the first call ends where the guest calls one.
"""

import os
import time

import wherry
from guests import SHARED, own, there
from peers import HAVE, Stub, Wasm3, Wasmtime, node, stub, v8, wasmtime
from timing import Row, once, show

FIRST = {
    "greet": "starts",
    "coremark": "run",
    "erc20": "deploy",
    "bz2": "_start",
    "spidermonkey": "_start",
}
LIMITS = {"spidermonkey": [(None, 20e-3), ("wasmtime", 0.0133)]}

LEAST = 0.1


def shared_time():
    """What the clock on the wall would say at least, were all cores free: wasmtime compiles and
    checks in as many threads as there are cores.
    """
    return time.process_time() / os.cpu_count()


CLOCKS = {"wherry": time.thread_time, "pywasm3": time.thread_time, "wasmtime": shared_time}


def letters(types):
    """ "i32, i64" -> "iI", as wasm3 writes signatures."""
    return "".join(t[0] if t[1:] == "32" else t[0].upper() for t in types.split(", ") if t)


def stubs(data):
    """{module: {name: stub}}, and what wasm3 links."""
    spaces, links = {}, []
    for entry in wherry.Module(None, data).imports:
        spaces.setdefault(entry.module, {})[entry.name] = stub
        params, _, result = entry.type.removeprefix("func ").partition(" -> ")
        signature = f"{letters(result) or 'v'}({letters(params[1:-1])})"
        links.append((entry.module, entry.name, signature, stub))
    return spaces, links


def first_call(data, name):
    """{engine: a function that does it all}."""
    engine = wherry.Engine()
    spaces, links = stubs(data)

    def in_wherry():
        instance = wherry.Instance(wherry.Store(engine), wherry.Module(engine, data), spaces)
        try:
            getattr(instance.exports, name)()
        except Stub:
            pass

    def in_wasm3():
        try:
            Wasm3(data, links).function(name)()
        except Stub:
            pass

    def in_wasmtime():
        try:
            Wasmtime(data).function(name)()
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            if "unknown import" not in str(error):
                raise

    found = {"wherry": in_wherry, "pywasm3": in_wasm3, "wasmtime": in_wasmtime}
    return {engine: run for engine, run in found.items() if engine in ["wherry", *HAVE]}


def checked(data):
    engine = wherry.Engine()
    found = {"wherry": lambda: wherry.Module(engine, data)}
    if wasmtime:
        found["wasmtime"] = lambda: wasmtime.Module.validate(Wasmtime.engine(), data)
    return found


def timed(functions):
    return {e: once(run, LEAST, clock=CLOCKS[e]) for e, run in functions.items()}


def rows(_quick):
    files = [own("greet")]
    files += [SHARED / "wasm" / f"{name}.wasm" for name in FIRST if name != "greet"]
    for file in there(files):
        data = file.read_bytes()
        name = f"{file.stem} ({show(len(data), 'B')})"
        runs = timed(first_call(data, FIRST[file.stem]))
        runs_checked = timed(checked(data))
        if node:
            where = {"least": LEAST, "file": str(file)}
            runs["V8"] = v8.timed("load", name=FIRST[file.stem], **where)
            runs_checked["V8"] = v8.timed("check", **where)
        # A peer that compiles for seconds does so once.
        yield Row(f"{name}, first call", runs, LIMITS.get(file.stem, []), patience=1.0)
        yield Row(f"{name}, only checked", runs_checked)
