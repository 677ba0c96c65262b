"""A child of bench.py: idle.py ENGINE FILE COUNT makes that many instances and prints as JSON the
seconds that each took and the private memory, in bytes, that all of them together have.

FILE: a module; for wasmtime, one that it has compiled.
"""

import json
import pathlib
import sys
import time


def private_dirty():
    for line in pathlib.Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    raise OSError("the kernel does not tell what is private")


def in_wherry(path):
    import wherry
    from peers import stub

    engine = wherry.Engine()
    module = wherry.Module(engine, pathlib.Path(path).read_bytes())
    imports = {}
    for entry in module.imports:
        imports.setdefault(entry.module, {})[entry.name] = stub
    return lambda: wherry.Instance(wherry.Store(engine), module, imports)


def in_wasmtime(path):
    import wasmtime
    from peers import Wasmtime

    engine = Wasmtime.engine()
    module = wasmtime.Module.deserialize_file(engine, path)
    linker = wasmtime.Linker(engine)
    linker.define_unknown_imports_as_traps(module)
    prepared = linker.instantiate_pre(module)

    def make():
        store = wasmtime.Store(engine)
        return store, prepared.instantiate(store)

    return make


def main(engine, path, count):
    make = {"wherry": in_wherry, "wasmtime": in_wasmtime}[engine](path)
    alive, times = [], []
    before = private_dirty()
    for _ in range(int(count)):
        begin = time.thread_time()
        alive.append(make())
        times.append(time.thread_time() - begin)
    print(json.dumps({"times": times, "memory": private_dirty() - before}))


if __name__ == "__main__":
    main(*sys.argv[1:])
