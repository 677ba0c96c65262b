"""From bytes to a module that is checked and can be instantiated; by the clock on the wall."""

import time

import wherry
from peers import GUESTS, SHARED, wasm3, wasmtime
from timing import Row, once


def rows(_quick):
    files = [GUESTS / "greet.wasm"]
    files += [SHARED / "wasm" / f"{n}.wasm" for n in ("coremark", "erc20", "bz2", "spidermonkey")]
    engine = wherry.Engine()
    for file in files:
        if not file.exists():
            print(f"skipped: {file} is not there")
            continue
        data = file.read_bytes()
        runs = {
            "wherry": once(lambda d=data: wherry.Module(engine, d), 0.05, clock=time.perf_counter)
        }
        if wasm3:
            environment = wasm3.Environment()
            runs["pywasm3"] = once(
                lambda d=data, e=environment: e.parse_module(d), 0.05, clock=time.perf_counter
            )
        if wasmtime:
            one = wasmtime.Engine()
            runs["wasmtime"] = once(
                lambda d=data, e=one: wasmtime.Module(e, d), 0.05, clock=time.perf_counter
            )
            runs["wasmtime, check only"] = once(
                lambda d=data, e=one: wasmtime.Module.validate(e, d), 0.05, clock=time.perf_counter
            )
        yield Row(f"{file.stem} ({len(data) / 1000:.3g} kB)", runs)
