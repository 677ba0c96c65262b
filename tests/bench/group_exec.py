"""Programs to run, of shared/bench/cases.json, in every engine that is there."""

import json
import time

import wherry
from guests import SHARED
from peers import HAVE, Wasm3, Wasmtime, builds, v8
from timing import Row, once

# wasm3 takes tail calls for calls and runs over the end of its C stack.
CANNOT = {"pywasm3": ["fibonacci-tail"]}

# What a row's ratios must not pass, unless it says so itself, and their geometric mean.
LIMITS = {"wasmtime": 12.0, "pywasm3": 1.0}
OF_CASE = {
    "bulk-ops": {"wasmtime": 1.1},  # memory bounds it
    "fibonacci-rec": {"wasmtime": 3.0, "pywasm3": 1.0},
}
MEANS = {"wasmtime": 5.0, "pywasm3": 0.5, "build gcc": 1.25}

ROUND = {"least": 0.25, "calls": 1, "batch": 0.002}
QUICK = {"least": 0.0, "calls": 1, "batch": 0.0}
ROUNDS = 3

# coremark runs until its clock has gone on by ten seconds; this one goes faster.
FASTER = 10


def number(text):
    """ "i64:30" -> 30."""
    kind, _, value = text.partition(":")
    return float(value) if kind[0] == "f" else int(value)


def milliseconds():
    """The clock that timing uses, for programs that time themselves."""
    return int(time.thread_time() * 1000 * FASTER) & 0x7FFFFFFF


class WherryGuest:
    def __init__(self, data, clock, **limits):
        imports = {"env": {"clock_ms": milliseconds}} if clock else None
        self.guest = wherry.load(data, imports=imports, **limits)

    def function(self, name):
        return self.guest.exports[name]

    def prepared(self, name, args=()):
        function = self.function(name)
        return lambda: function(*args)


def start(engine, data, clock, **limits):
    if engine == "wherry":
        return WherryGuest(data, clock, **limits)
    if engine == "pywasm3":
        imports = [("env", "clock_ms", "i()", milliseconds)] if clock else []
        return Wasm3(data, imports, stack=4 << 20)
    imports = [("env", "clock_ms", [], ["i32"], milliseconds)] if clock else []
    return Wasmtime(data, imports)


def prepare(engine, case, data, **limits):
    """A function without arguments that does the case once."""
    guest = start(engine, data, "imports" in case, **limits)
    if "setup" in case:
        state = guest.function("setup")(*map(number, case["setup"]))
        run = guest.prepared("run", [state])
        run()
        for name, wanted in case.get("check", {}).items():
            got = guest.function(name)(state)
            if got != number(wanted):
                raise ValueError(f"{name} is {got}, not {wanted}")
        return run
    name, args = case["run"]
    run = guest.prepared(name, [number(a) for a in args])
    if "expect" in case and run() != number(case["expect"]):
        raise ValueError(f"wrong result, not {case['expect']}")
    return run


def seconds_of(run):
    """Of one iteration, by a program that times itself and returns iterations a second."""
    return lambda: 1 / (run() * FASTER)


def lazily(engine, case, data, how, **limits):
    """Loads in the first round: what cannot run an engine is then told like any fault."""
    run = None

    def measure():
        nonlocal run
        if run is None:
            function = prepare(engine, case, data, **limits)
            run = seconds_of(function) if "score" in case else once(function, **how)
        return run()

    return measure


def in_child(child, file, case, how):
    what = {"file": str(file), "one": case, "faster": FASTER if "imports" in case else 0}
    if "score" not in case:
        return child.timed("prepare", **how, **what)
    number = []

    def run():
        if not number:
            number.append(child.ask("prepare", **what))
        return child.ask("result", id=number[0])

    return seconds_of(run)


def cases(quick):
    """(name, case, file) of what can be run."""
    file = SHARED / "cases.json"
    if not file.exists():
        print(f"skipped: {file} is not there (WHERRY_BENCH names another folder)")
        return
    for name, case in json.loads(file.read_text()).items():
        if "load" not in case and not (quick and "score" in case):
            yield name, case, SHARED / "wasm" / f"{name}.wasm"


def rows(quick):
    how = QUICK if quick else ROUND
    for name, case, file in cases(quick):
        data, runs = file.read_bytes(), {}
        for engine in ["wherry", *HAVE]:
            if name in CANNOT.get(engine, []):
                continue
            if engine == "V8":
                runs[engine] = in_child(v8, file, case, how)
            else:
                runs[engine] = lazily(engine, case, data, how)
        for build, child in builds.items():
            runs[build] = in_child(child, file, case, how)
        yield Row(name, runs, list(OF_CASE.get(name, LIMITS).items()), over=builds)
