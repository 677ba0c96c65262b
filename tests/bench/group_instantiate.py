"""An instance in a new store, and what many idle ones keep to themselves."""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import wherry
from guests import REAL, largest_core_module, own, there
from peers import HAVE, Wasmtime, new_v8, node, v8, wasm3, wasmtime
from timing import Row, each

COMPONENTS = ("kitchen.sm-pure", "obfuscator.sm-pure")
COUNT = 50
ROUNDS = 3


def small():
    file = own("simple")
    data = file.read_bytes()
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
    if node:
        runs["V8"] = v8.timed("instance", least=0.02, batch=0.002, file=str(file))
    return Row(f"{file.stem}, memory of 64 KiB", runs, [(None, 5e-6)])


class Idle:
    """Runs of idle.py, or of the same in Node, each in a process of its own."""

    def __init__(self, engine, file, compiled):
        self.engine, self.file, self.compiled = engine, file, compiled

    def ask(self):
        if self.engine == "V8":
            child = new_v8()
            try:
                return child.ask("instances", file=str(self.file), count=COUNT)
            finally:
                child.close()
        file = self.file
        if self.engine == "wasmtime":
            file = self.compiled
            if not file.exists():
                module = wasmtime.Module(Wasmtime.engine(), self.file.read_bytes())
                file.write_bytes(module.serialize())
        command = [sys.executable, pathlib.Path(__file__).with_name("idle.py")]
        done = subprocess.run(
            [*command, self.engine, file, str(COUNT)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1] or "failed")
        return json.loads(done.stdout)

    def third(self):
        """Seconds of an instance, the first two apart."""
        return statistics.median(self.ask()["times"][2:])

    def memory(self):
        return self.ask()["memory"]


def rows(quick):
    yield small()
    if quick:
        return
    with tempfile.TemporaryDirectory() as folder:
        for file in there(REAL / "components" / f"{name}.wasm" for name in COMPONENTS):
            core = pathlib.Path(folder, f"{file.stem}.wasm")
            core.write_bytes(largest_core_module(file.read_bytes()))
            engines = ["wherry", *(e for e in HAVE if e != "pywasm3")]
            idle = {e: Idle(e, core, core.with_suffix(".compiled")) for e in engines}
            runs = {engine: one.third for engine, one in idle.items()}
            yield Row(f"{file.stem}, third and later", runs, [(None, 100e-6)], patience=5.0)
            runs = {engine: one.memory for engine, one in idle.items()}
            # Memory does not vary: one turn is enough.
            yield Row(
                f"{file.stem}, memory of {COUNT}", runs, [(None, 60e6)], unit="B", patience=0.0
            )
