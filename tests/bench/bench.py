"""Times wherry beside its peers: bench.py [OPTION…] [GROUP…].

All engines run in turn in one process (V8 in a child of it), several rounds; the best round of
each counts. Prints a table of ratios and writes build/bench.json and build/bench.svg.
--markdown prints what build/bench.json holds as docs/performance.md shows it, and times nothing.
"""

import argparse
import os
import pathlib
import sys

import chart
import group_call
import group_exec
import group_instantiate
import group_limits
import group_load
import group_marshal
import machine
import peers
import report

GROUPS = {
    "exec": group_exec,
    "limits": group_limits,
    "load": group_load,
    "instantiate": group_instantiate,
    "call": group_call,
    "marshal": group_marshal,
}
BEGIN, END = "<!-- results:", "<!-- end of results -->"  # where a page has the tables


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--quick", action="store_true", help="small inputs, few rounds")
    parser.add_argument("--rounds", type=int, help="how often each engine has its turn")
    parser.add_argument(
        "--case", action="append", default=[], help="only rows whose name has this in it"
    )
    parser.add_argument(
        "--build", action="append", default=[], help="another build of wherry, to exec beside it"
    )
    parser.add_argument("--out", default="build", help="folder for bench.json and bench.svg")
    parser.add_argument(
        "--markdown",
        nargs="?",
        const="-",
        metavar="FILE",
        help="print bench.json as tables, or put them into FILE between its marks",
    )
    options = parser.parse_args()
    unknown = [g for g in options.groups if g not in GROUPS]
    if unknown:
        parser.error(f"there is no group {unknown[0]}; there are {', '.join(GROUPS)}")
    for build in options.build:
        if not (pathlib.Path(build) / "python" / "wherry").is_dir():
            parser.error(f"there is no wherry for Python in {build}")
        peers.add_build(build)
    return options


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(name, options):
    module, rows = GROUPS[name], []
    rounds = options.rounds or (2 if options.quick else getattr(module, "ROUNDS", 5))
    for row in module.rows(options.quick):
        if options.case and not any(part in row.name for part in options.case):
            continue
        progress(f"{name}: {row.name} ")
        row.measure(rounds)
        rows.append(row)
    progress("")
    return report.Group(name, rows, getattr(module, "MEANS", {}))


def show_markdown(folder, target):
    measured = report.from_json((folder / "bench.json").read_text())
    text = "\n".join(report.markdown(*measured))
    if target == "-":
        print(text)
        return
    file = pathlib.Path(target)
    before, begin, rest = file.read_text().partition(BEGIN)
    rest, end, after = rest.partition(END)
    if not end:
        sys.exit(f"{file} has no lines {BEGIN}… and {END}")
    mark = begin + rest.partition("\n")[0]
    file.write_text(f"{before}{mark}\n\n{text}\n\n{end}{after}")


def main():
    options = arguments()
    folder = pathlib.Path(options.out)
    if options.markdown:
        show_markdown(folder, options.markdown)
        return 0

    where = machine.description()
    print("\n".join(f"{key}: {value}" for key, value in where.items()))
    for peer in peers.MISSING:
        print(f"left out: {peer} cannot be had here")
    if where["load"] > os.cpu_count() / 2:
        print(f"the machine is busy (load {where['load']}): ratios may be off")

    groups = []
    for name in options.groups or GROUPS:
        group = measure(name, options)
        groups.append(group)
        if group.rows:
            print()
            print("\n".join(report.table(group)), flush=True)

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(report.as_json(where, groups) + "\n")
    picture = chart.as_svg(where, groups)
    if picture:
        (folder / "bench.svg").write_text(picture)
    print(f"\nwritten: {folder}/bench.json" + (f", {folder}/bench.svg" if picture else ""))
    missed = sum(len(m.misses()) for group in groups for m in [group, *group.rows])
    if missed:
        print(f"{missed} target{'s' if missed > 1 else ''} missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
