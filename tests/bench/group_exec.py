"""Programs to run, of shared/bench/cases.json, in every engine that is there."""

import json
import time

import wherry
from peers import SHARED, Wasm3, Wasmtime, wasm3, wasmtime
from timing import Row, once

# wasm3 takes tail calls for calls and runs over the end of its C stack.
CANNOT = {"pywasm3": ["fibonacci-tail"]}


def number(text):
    """ "i64:30" -> 30."""
    kind, _, value = text.partition(":")
    return float(value) if kind[0] == "f" else int(value)


def milliseconds():
    """The clock that timing uses, for programs that time themselves."""
    return int(time.thread_time() * 1000) & 0x7FFFFFFF


class WherryGuest:
    def __init__(self, data, clock):
        imports = {"env": {"clock_ms": milliseconds}} if clock else None
        self.guest = wherry.load(data, imports=imports) if imports else wherry.load(data)

    def function(self, name):
        return self.guest.exports[name]


def start(engine, data, clock):
    if engine == "wherry":
        return WherryGuest(data, clock)
    if engine == "pywasm3":
        imports = [("env", "clock_ms", "i()", milliseconds)] if clock else []
        return Wasm3(data, imports, stack=4 << 20)
    imports = [("env", "clock_ms", [], ["i32"], milliseconds)] if clock else []
    return Wasmtime(data, imports)


def prepare(engine, case, data):
    """A function without arguments that does the case once."""
    guest = start(engine, data, "imports" in case)
    if "setup" in case:
        state = guest.function("setup")(*map(number, case["setup"]))
        run = guest.function("run")
        run(state)
        for name, wanted in case.get("check", {}).items():
            got = guest.function(name)(state)
            if got != number(wanted):
                raise ValueError(f"{name} is {got}, not {wanted}")
        return lambda: run(state)
    name, args = case["run"]
    args = [number(a) for a in args]
    run = guest.function(name)
    if "expect" in case and run(*args) != number(case["expect"]):
        raise ValueError(f"wrong result, not {case['expect']}")
    return lambda: run(*args)


def lazily(engine, case, data, quick):
    """Loads in the first round: what cannot run an engine is then told like any fault."""
    run = None

    def measure():
        nonlocal run
        if run is None:
            function = prepare(engine, case, data)
            run = once(function, *((0.0, 1) if quick else (0.25, 1)))
            if "score" in case:  # iterations a second: as seconds an iteration
                run = lambda: 1 / function()  # noqa: E731
        return run()

    return measure


def rows(quick):
    file = SHARED / "cases.json"
    if not file.exists():
        print(f"skipped: {file} is not there (WHERRY_BENCH names another folder)")
        return
    engines = ["wherry", *(["pywasm3"] if wasm3 else []), *(["wasmtime"] if wasmtime else [])]
    for name, case in json.loads(file.read_text()).items():
        if "load" in case or (quick and "score" in case):
            continue
        data = (SHARED / "wasm" / f"{name}.wasm").read_bytes()
        runs = {
            engine: lazily(engine, case, data, quick)
            for engine in engines
            if name not in CANNOT.get(engine, [])
        }
        yield Row("exec", name, runs)
