"""The other engines, as far as they can be had."""

import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import sys

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


class Child:
    """An engine in a process that lives as long as this one and times itself when it is asked to;
    it starts when it is first asked something.
    """

    def __init__(self, command, **environment):
        self.command, self.environment = command, environment
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.environment},
        )

    def ask(self, verb, **what):
        if self.process is None:
            self.start()
        try:
            self.process.stdin.write(json.dumps({"verb": verb, **what}) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            raise RuntimeError(f"{self.command[0]} ended") from None
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def timed(self, verb, least=0.0, calls=1, batch=0.0, **what):
        """A run that times what the verb prepares, in the first round."""
        number = None

        def run():
            nonlocal number
            if number is None:
                number = self.ask(verb, **what)
            return self.ask("time", id=number, least=least, calls=calls, batch=batch)

        return run


HERE = pathlib.Path(__file__).parent


def new_v8():
    return Child([node, str(HERE / "peer.js")])


v8 = new_v8()
builds = {}  # {name: another build of wherry}


def add_build(folder):
    folder = pathlib.Path(folder).resolve()
    command = [sys.executable, str(HERE / "child.py")]
    builds[f"build {folder.name}"] = Child(command, PYTHONPATH=str(folder / "python"))
