"""The other engines, as far as they can be had."""

import ctypes
import json
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUESTS = ROOT / "examples" / "guests"
SHARED = pathlib.Path(os.environ.get("WHERRY_BENCH", ROOT.parent / "shared" / "bench"))

try:
    import wasmtime
except ImportError:
    wasmtime = None
try:
    import wasm3
except ImportError:
    wasm3 = None

node = shutil.which("node")

HAVE = [n for n, m in (("pywasm3", wasm3), ("wasmtime", wasmtime), ("V8", node)) if m]
MISSING = [n for n in ("pywasm3", "wasmtime", "V8 (node)") if n.split()[0] not in HAVE]


def guest_bytes(name):
    return (GUESTS / f"{name}.wasm").read_bytes()


class Wasm3:
    """A module in a runtime of its own. imports: (module, name, signature, function)."""

    def __init__(self, data, imports=(), stack=1 << 20):
        self.environment = wasm3.Environment()
        self.runtime = self.environment.new_runtime(stack)
        self.module = self.environment.parse_module(data)
        self.runtime.load(self.module)
        for module, name, signature, function in imports:
            self.module.link_function(module, name, signature, function)

    def function(self, name):
        return self.runtime.find_function(name)

    def prepared(self, name, args=()):
        function = self.function(name)
        return lambda: function(*args)


class Wasmtime:
    """A module in a store of its own. imports: (module, name, params, results, function)."""

    engine = None

    def __init__(self, data, imports=()):
        if Wasmtime.engine is None:
            config = wasmtime.Config()
            config.wasm_tail_call = True
            Wasmtime.engine = wasmtime.Engine(config)
        self.store = wasmtime.Store(Wasmtime.engine)
        self.module = wasmtime.Module(Wasmtime.engine, data)
        linker = wasmtime.Linker(Wasmtime.engine)
        for module, name, params, results, function in imports:
            types = [[getattr(wasmtime.ValType, t)() for t in side] for side in (params, results)]
            linker.define_func(module, name, wasmtime.FuncType(*types), function)
        self.instance = linker.instantiate(self.store, self.module)
        self.exports = self.instance.exports(self.store)

    def function(self, name):
        function, store = self.exports[name], self.store
        return lambda *args: function(store, *args)

    def prepared(self, name, args=()):
        """A function that calls an export with these numbers and returns its number.

        It skips what wasmtime's package does in Python around each call, 25 us, which would count
        as the program's time.
        """
        from wasmtime import _bindings as raw

        function, context = self.exports[name], self.store._context()
        type_ = function.type(self.store)
        kinds = [[str(t) for t in side] for side in (type_.params, type_.results)]
        values = (raw.wasmtime_val_raw * max(map(len, [*kinds, " "])))()
        trap = ctypes.POINTER(raw.wasm_trap_t)()
        inside = ctypes.byref(function._func)
        call, size, out = raw._wasmtime_func_call_unchecked, len(values), ctypes.byref(trap)

        def run():
            for value, kind, number in zip(values, kinds[0], args):
                setattr(value, kind, number)
            if call(context, inside, values, size, out) or trap:
                raise RuntimeError(f"{name} failed")

        run.store = self.store  # which must outlive the context

        def result():
            run()
            return getattr(values[0], kinds[1][0])

        return result if kinds[1] else run


class Node:
    """V8, in a child that lives as long as this process and times itself when it is asked to."""

    child = None

    @classmethod
    def ask(cls, verb, **what):
        if cls.child is None:
            cls.child = subprocess.Popen(
                [node, str(pathlib.Path(__file__).with_name("peer.js"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        try:
            cls.child.stdin.write(json.dumps({"verb": verb, **what}) + "\n")
            cls.child.stdin.flush()
            answer = json.loads(cls.child.stdout.readline())
        except (OSError, ValueError):
            raise RuntimeError("node ended") from None
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")

    @classmethod
    def timed(cls, verb, least=0.0, calls=1, batch=0.0, clock="cpu", **what):
        """A run that times what the verb prepares, in the first round."""
        number = None

        def run():
            nonlocal number
            if number is None:
                number = cls.ask(verb, **what)
            return cls.ask("time", id=number, least=least, calls=calls, batch=batch, clock=clock)

        return run
