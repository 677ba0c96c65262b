"""Crossing the border with numbers, in each language: calls, callbacks, memory; and fib."""

import languages
import wherry
from guests import own
from peers import Wasm3, Wasmtime, node, v8, wasm3, wasmtime
from timing import Row, each, once

CALLS = 1000  # of the host, in one call of add_up


def add(x, y):
    return x + y


def ignore(_address, _size):
    return None


def peers(name, wasm3_imports=(), wasmtime_imports=()):
    """{engine: the module in it} for the peers in Python that are there."""
    found, data = {}, own(name).read_bytes()
    if wasm3:
        found["pywasm3"] = Wasm3(data, wasm3_imports)
    if wasmtime:
        found["wasmtime"] = Wasmtime(data, wasmtime_imports)
    return found


def in_node(runs, guest, name, *args, per=1):
    if node:
        what = {"file": str(own(guest)), "name": name, "args": args}
        run = v8.timed("call", least=0.02, batch=0.002, **what)
        runs["V8"] = lambda: run() / per


def sum_row():
    runs = {"wherry": each("guest.sum(5, 37)", {"guest": wherry.load(str(own("simple")))})}
    for engine, peer in peers("simple").items():
        if engine == "wasmtime":
            variables = {"sum": peer.exports["sum"], "store": peer.store}
            runs[engine] = each("sum(store, 5, 37)", variables)
        else:
            runs[engine] = each("sum(5, 37)", {"sum": peer.function("sum")})
    in_node(runs, "simple", "sum", 5, 37)
    return Row("Python: sum(5, 37)", runs, [(None, 60e-9), ("pywasm3", 0.6)])


def callback_row():
    def per_call(run):
        return lambda: run() / CALLS

    guest = wherry.load(str(own("host")), imports={"env": {"add": add, "on_word": ignore}})
    statement = f"add_up({CALLS})"
    runs = {"wherry": per_call(each(statement, {"add_up": guest.add_up}))}
    found = peers(
        "host",
        [("env", "add", "i(ii)", add), ("env", "on_word", "v(ii)", ignore)],
        [
            ("env", "add", ["i32", "i32"], ["i32"], add),
            ("env", "on_word", ["i32", "i32"], [], ignore),
        ],
    )
    for engine, peer in found.items():
        runs[engine] = per_call(each(statement, {"add_up": peer.function("add_up")}))
    in_node(runs, "host", "add_up", CALLS, per=CALLS)
    return Row("Python: a call of the host", runs, [(None, 100e-9), ("pywasm3", 0.6)])


def memory_row():
    guest = wherry.load(str(own("simple")))
    address = guest.string()
    variables = {"memory": guest.memory, "address": address}
    runs = {"wherry": each("memory.read(address, 13)", variables)}
    for engine, peer in peers("simple").items():
        if engine == "wasmtime":
            variables = {
                "memory": peer.exports["memory"],
                "store": peer.store,
                "address": address,
            }
            runs[engine] = each("memory.read(store, address, address + 13)", variables)
        else:
            variables = {"memory": peer.runtime.get_memory(0), "address": address}
            runs[engine] = each("bytes(memory[address:address + 13])", variables)
    return Row("Python: memory.read(address, 13)", runs, [(None, 50e-9)])


def fib_row(quick):
    n = 24 if quick else 34
    found = {"wherry": wherry.load(str(own("fib"))).fib}
    found.update((engine, peer.function("fib")) for engine, peer in peers("fib").items())
    for function in found.values():
        assert function(20) == 6765
    runs = {engine: once(lambda f=f: f(n)) for engine, f in found.items()}
    in_node(runs, "fib", "fib", n)
    return Row(f"Python: fib({n})", runs, [("pywasm3", 0.36)])


OTHERS = (
    ("Ruby", "sum", "sum(5, 37)", 60e-9),
    ("Ruby", "callback", "a call of the host", None),
    ("Ruby", "read", "memory.read(address, 13)", None),
    ("Lua", "sum", "sum(5, 37)", 60e-9),
    ("Lua", "callback", "a call of the host", None),
    ("Lua", "read", "memory:read(address, 13)", None),
    ("C", "by-name", "sum by name", None),
    ("C", "checked", "sum, checked", None),
    ("C", "sum", "sum by slots", None),
    ("C", "callback", "a call of the host", None),
    ("C", "read", "wherry_memory_read of 13", None),
)


def rows(quick):
    yield sum_row()
    yield callback_row()
    yield memory_row()
    yield fib_row(quick)
    for language, key, name, most in OTHERS:
        if languages.there(language):
            runs = {"wherry": languages.asked(language, key)}
            yield Row(f"{language}: {name}", runs, [(None, most)] if most else [])
