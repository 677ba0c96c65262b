"""The other engines, as far as they can be had."""

import os
import pathlib

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

MISSING = [n for n, m in (("wasmtime", wasmtime), ("pywasm3", wasm3)) if m is None]


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
