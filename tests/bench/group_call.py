"""Crossing the border: calls, callbacks, memory, strings, instances; and fib, all calls."""

import json
import shutil
import subprocess
from pathlib import Path

import wherry
from peers import GUESTS, ROOT, Wasm3, Wasmtime, guest_bytes, wasm3, wasmtime
from timing import Row, each, once

CALLS = 1000  # of the host, in one call of add_up


def add(x, y):
    return x + y


def ignore(_address, _size):
    return None


def peers(name, wasm3_imports=(), wasmtime_imports=()):
    """{engine: the module in it} for the peers that are there."""
    found = {}
    if wasm3:
        found["pywasm3"] = Wasm3(guest_bytes(name), wasm3_imports)
    if wasmtime:
        found["wasmtime"] = Wasmtime(guest_bytes(name), wasmtime_imports)
    return found


def sum_row():
    runs = {"wherry": each("guest.sum(5, 37)", {"guest": wherry.load(str(GUESTS / "simple.wasm"))})}
    for engine, peer in peers("simple").items():
        if engine == "wasmtime":
            variables = {"sum": peer.exports["sum"], "store": peer.store}
            runs[engine] = each("sum(store, 5, 37)", variables)
        else:
            runs[engine] = each("sum(5, 37)", {"sum": peer.function("sum")})
    return Row("sum(5, 37)", runs, [("pywasm3", 1.0)])


def callback_row():
    def per_call(run):
        return lambda: run() / CALLS

    guest = wherry.load(str(GUESTS / "host.wasm"), imports={"env": {"add": add, "on_word": ignore}})
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
    return Row("a call of the host by the guest", runs, [("pywasm3", 0.6)])


def memory_row():
    guest = wherry.load(str(GUESTS / "simple.wasm"))
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
    return Row("memory.read(address, 13)", runs)


def string_rows():
    """No peer here lifts strings of a core module; what is timed is there and back again."""
    guest = wherry.load(str(GUESTS / "greet.wasm"))
    rows = []
    for name, text, limits in (
        ("echo of a string of 16 bytes", "sixteen letters!", []),
        ("echo of 64 KiB of ASCII", "wherry! " * 8192, [(None, 10e-6)]),
        ("echo of 64 KiB of other text", "Fährboot" * 7281 + "boats..", []),
    ):
        variables = {"echo": guest.echo_string, "text": text}
        rows.append(Row(name, {"wherry": each("echo(text)", variables)}, limits))
    variables = {"reverse": guest.echo_bytes, "data": bytes(65536)}
    rows.append(Row("echo of 64 KiB of bytes", {"wherry": each("reverse(data)", variables)}))
    return rows


def instance_row():
    data = guest_bytes("simple")
    engine = wherry.Engine()
    variables = {"wherry": wherry, "engine": engine, "module": wherry.Module(engine, data)}
    runs = {"wherry": each("wherry.Instance(wherry.Store(engine), module)", variables)}
    if wasm3:
        variables = {"environment": wasm3.Environment(), "data": data}
        runs["pywasm3"] = each(
            "environment.new_runtime(65536).load(environment.parse_module(data))", variables
        )
    if wasmtime:
        one = wasmtime.Engine()
        variables = {"w": wasmtime, "engine": one, "module": wasmtime.Module(one, data)}
        runs["wasmtime"] = each("w.Instance(w.Store(engine), module, [])", variables)
    return Row("an instance in a new store", runs, [(None, 10e-6)])


def fib_row(quick):
    n = 30 if quick else 38
    found = {"wherry": wherry.load(str(GUESTS / "fib.wasm")).fib}
    found.update((engine, peer.function("fib")) for engine, peer in peers("fib").items())
    for function in found.values():
        assert function(20) == 6765
    runs = {engine: once(lambda f=f: f(n)) for engine, f in found.items()}
    return Row(f"fib({n})", runs, [("pywasm3", 0.36)])


def other_languages():
    """Rows that run in the other interpreters, one process a round."""
    built = Path(wherry.__file__).parents[2]
    here = Path(__file__).parent
    commands = {
        "Ruby": ["ruby", "-I", str(built / "ruby"), str(here / "call.rb")],
        "Lua": ["lua5.4", str(here / "call.lua")],
    }
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LUA_PATH": f"{built}/lua/?.lua;{built}/lua/?/init.lua;;",
        "LUA_CPATH": f"{built}/lua/?.so;;",
    }
    rows = []
    for language, command in commands.items():
        if not (built / language.lower()).is_dir() or not shutil.which(command[0]):
            continue
        cache = {}

        def ask(key, command=command, cache=cache):
            """One run of the script answers for all its rows once."""
            if key not in cache:
                done = subprocess.run(
                    [*command, str(GUESTS)],
                    capture_output=True,
                    env=environment,
                    cwd=ROOT,
                    check=False,
                )
                if done.returncode:
                    raise RuntimeError(done.stderr.decode().strip() or "failed")
                cache.update(json.loads(done.stdout))
            return cache.pop(key) * 1e-9

        for key, name, limits in (
            ("sum", "sum(5, 37)", [(None, 60e-9)]),
            ("callback", "a call of the host by the guest", []),
            ("string", "echo of 64 KiB of ASCII", [(None, 10e-6 if language == "Ruby" else 8e-6)]),
        ):
            runs = {"wherry": lambda key=key, ask=ask: ask(key)}
            rows.append(Row(f"{language}: {name}", runs, limits))
    return rows


def rows(quick):
    yield sum_row()
    yield callback_row()
    yield memory_row()
    yield from string_rows()
    yield instance_row()
    yield fib_row(quick)
    yield from other_languages()
