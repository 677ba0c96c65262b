"""Times wherry beside its peers: bench.py [--quick] [--rounds N] [call|load|exec …].

All engines run in turn in one process, several rounds; the best round of each counts. Prints a
table of ratios and writes build/bench.json and build/bench.svg.
"""

import argparse
import datetime
import os
import pathlib
import platform
import sys

import group_call
import group_exec
import group_load
import peers
import report
import wherry

GROUPS = {"call": group_call, "load": group_load, "exec": group_exec}


def cpu_name():
    try:
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def build_name():
    """How the wherry that runs was built, from the CMake cache beside it."""
    cache = pathlib.Path(wherry.__file__).parents[2] / "CMakeCache.txt"
    wanted = ("CMAKE_BUILD_TYPE", "CMAKE_C_COMPILER", "WHERRY_DISPATCH_LOOP", "WHERRY_SANITIZE")
    if not cache.exists():
        return "unknown build"
    found = {}
    for line in cache.read_text().splitlines():
        key, _, rest = line.partition(":")
        if key in wanted:
            found[key] = rest.partition("=")[2]
    return ", ".join(
        f"{key.split('_', 1)[1].lower()} {found[key]}" for key in wanted if found.get(key)
    )


def version(package):
    try:
        from importlib.metadata import version as of

        return of(package)
    except Exception:
        return "?"


def main():
    parser = argparse.ArgumentParser(description=__doc__, add_help=True)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--quick", action="store_true", help="small inputs, few rounds")
    parser.add_argument("--rounds", type=int, help="how often each engine has its turn")
    parser.add_argument("--out", default="build", help="folder for bench.json and bench.svg")
    options = parser.parse_args()
    unknown = [g for g in options.groups if g not in GROUPS]
    if unknown:
        parser.error(f"there is no group {unknown[0]}; there are {', '.join(GROUPS)}")

    load = os.getloadavg()[0]
    machine = {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "when": datetime.date.today().isoformat(),
        "load": load,
        "python": platform.python_version(),
        "wherry": f"{wherry.version()} ({build_name()})"
        if callable(getattr(wherry, "version", None))
        else f"{getattr(wherry, '__version__', '?')} ({build_name()})",
    }
    for name, package, module in (
        ("wasmtime", "wasmtime", peers.wasmtime),
        ("pywasm3", "pywasm3", peers.wasm3),
    ):
        if module:
            machine[name] = version(package)
    print("\n".join(f"{key}: {value}" for key, value in machine.items()))
    for peer in peers.MISSING:
        print(f"left out: {peer} cannot be had here")
    if load > os.cpu_count() / 2:
        print(f"the machine is busy (load {load:.1f}): ratios may be off")

    measured, missed = {}, 0
    for name in options.groups or GROUPS:
        rows = []
        for row in GROUPS[name].rows(options.quick):
            rounds = options.rounds or (2 if options.quick or name == "exec" else 5)
            if sys.stderr.isatty():
                print(f"\r\033[K{name}: {row.name} ", end="", file=sys.stderr, flush=True)
            row.measure(rounds)
            rows.append(row)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        measured[name] = rows
        missed += sum(len(row.misses()) for row in rows)
        if rows:
            print()
            print("\n".join(report.table(name, rows)))

    folder = pathlib.Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(report.as_json(machine, measured) + "\n")
    chart = report.as_svg(machine, measured)
    if chart:
        (folder / "bench.svg").write_text(chart)
    print(f"\nwritten: {folder}/bench.json" + (f", {folder}/bench.svg" if chart else ""))
    if missed:
        print(f"{missed} target{'s' if missed > 1 else ''} missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
