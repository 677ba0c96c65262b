"""The other engines, as far as they can be had."""

import ctypes
import json
import pathlib
import shutil
import subprocess

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


class Stub(Exception):
    """What functions raise that stand in for a module's imports."""


def stub(*_args):
    raise Stub("stub")


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

    shared = None

    def __init__(self, data, imports=()):
        self.store = wasmtime.Store(self.engine())
        self.module = wasmtime.Module(self.engine(), data)
        linker = wasmtime.Linker(self.engine())
        for module, name, params, results, function in imports:
            types = [[getattr(wasmtime.ValType, t)() for t in side] for side in (params, results)]
            linker.define_func(module, name, wasmtime.FuncType(*types), function)
        linker.define_unknown_imports_as_traps(self.module)
        self.instance = linker.instantiate(self.store, self.module)
        self.exports = self.instance.exports(self.store)

    @classmethod
    def engine(cls):
        if cls.shared is None:
            config = wasmtime.Config()
            config.wasm_tail_call = True
            cls.shared = wasmtime.Engine(config)
        return cls.shared

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

    shared = None

    def __init__(self):
        self.child = subprocess.Popen(
            [node, str(pathlib.Path(__file__).with_name("peer.js"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def request(self, verb, **what):
        try:
            self.child.stdin.write(json.dumps({"verb": verb, **what}) + "\n")
            self.child.stdin.flush()
            answer = json.loads(self.child.stdout.readline())
        except (OSError, ValueError):
            raise RuntimeError("node ended") from None
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.wait()

    @classmethod
    def ask(cls, verb, **what):
        """Of the one child that all rows use."""
        if cls.shared is None:
            cls.shared = cls()
        return cls.shared.request(verb, **what)

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
