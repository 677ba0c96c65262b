"""Where and with what it was measured."""

import datetime
import os
import pathlib
import platform
import re

import peers
import wherry

BUILT = pathlib.Path(wherry.__file__).parents[2]


def cpu_name():
    found = {}
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            found.setdefault(key.strip(), value.strip())
    except OSError:
        pass
    name = found.get("model name") or platform.processor() or platform.machine()
    if "model" in found:
        name += f" (family {found.get('cpu family')}, model {found['model']})"
    return name


def compilers(path):
    """The compilers that left their name and version in an object or library."""
    try:
        data = path.read_bytes()
    except OSError:
        return []
    found = re.findall(rb"GCC: \([^)]*\) [\d.]+|[\w ]*clang version [\d.]+", data)
    return sorted({text.decode().strip().replace("GCC: ", "gcc ") for text in found})


def cached(*keys):
    """What the CMake cache of wherry's build says."""
    found, cache = {}, BUILT / "CMakeCache.txt"
    for line in cache.read_text().splitlines() if cache.exists() else []:
        key, _, rest = line.partition(":")
        found[key] = rest.partition("=")[2]
    return [found.get(key, "") for key in keys]


def wherry_build():
    """The compiler is that of the room that runs guests."""
    parts = [wherry.__version__]
    room = sorted(BUILT.glob("core/CMakeFiles/*/exec/dispatch.c.o"))
    built_by = compilers(room[0]) if room else []
    parts.append(f"core/exec by {' and '.join(built_by) or 'an unknown compiler'}")
    kind, loop, sanitizers = cached("CMAKE_BUILD_TYPE", "WHERRY_DISPATCH_LOOP", "WHERRY_SANITIZE")
    if kind:
        parts.append(kind)
    if loop:
        parts.append("loop dispatch" if loop == "ON" else "tail calls")
    if sanitizers:
        parts.append(sanitizers)
    return ", ".join(parts)


def version(package):
    try:
        from importlib.metadata import version as of

        return of(package)
    except Exception:
        return "?"


def description():
    """{what: text} for the head of a report."""
    found = {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "when": datetime.date.today().isoformat(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "wherry": wherry_build(),
        **{name: build.ask("version") for name, build in peers.builds.items()},
    }
    if peers.wasm3:
        by = compilers(pathlib.Path(peers.wasm3.__file__))
        found["pywasm3"] = ", ".join([version("pywasm3"), *(f"by {name}" for name in by)])
    if peers.wasmtime:
        found["wasmtime"] = f"{version('wasmtime')}, Cranelift"
    if peers.node:
        found["V8"] = peers.v8.ask("version")
    return found
