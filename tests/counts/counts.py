"""What the interpreter dispatches: counts.py [--top N] [--choose N] [--keep FOLDER] [NAME …].

Runs the benchmark's programs and real guests, or groups or guests of those names, in the counter
build. Tells which operations, pairs and triples they dispatch if none are fused, and what the rows
of core/code/fused.def save. Each guest has the same weight.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import analysis
import choose
import fusing
import guests

HERE = pathlib.Path(__file__).resolve().parent
CODE = HERE.parents[1] / "core" / "code"


def fused_rows():
    return [row for path in CODE.glob("fused*.def") for row in fusing.rows_of(path.read_text())]


def measure(name, folder):
    """Runs a guest in a process of its own. A Program, or why there is none."""
    report = pathlib.Path(folder) / f"{name}.tsv"
    report.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, str(HERE / "guests.py"), name],
        env={**os.environ, "WHERRY_COUNTS": str(report)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    if not report.exists():
        return "nothing was counted: is this the counter build?"
    return analysis.Program(analysis.read(report), int(done.stdout))


def table(title, rows):
    print(f"\n  {title}")
    for columns in rows:
        print("    " + "  ".join(columns).rstrip())


def percent(share):
    return f"{100 * share:6.2f}%"


def listing(title, counter, top):
    rows = []
    for key, share in counter.most_common(top):
        rows.append((percent(share), key if isinstance(key, str) else "  ".join(key)))
    table(f"{title} ({len(counter)} in all)", rows)


def show(title, found, top):
    print(f"\n== {title}")
    print(f"  {found.per_fuel:.3f} dispatches a wasm instruction as fuel counts them; ", end="")
    print(f"{percent(found.jumps).strip()} of them come by a jump, call or return")
    kinds = analysis.by_family(found.ops)
    listing("operations, of all kinds of operands", kinds, top)
    listing("operations", found.ops, top)
    listing("pairs, of all kinds of operands", analysis.by_family(found.pairs), top)
    rows = [
        (percent(share), f"{100 * found.fed[pair] / share:4.0f}%", "  ".join(pair))
        for pair, share in found.pairs.most_common(top * 3 // 2)
    ]
    table(f"pairs, and how often the second reads what the first made ({len(found.pairs)})", rows)
    listing("triples, of all kinds of operands", analysis.by_family(found.triples), top)
    listing("triples", found.triples, top)
    left = fusing.dispatches(fusing.alike(found.codes), fused_rows())
    print(f"\n  core/code/fused.def leaves {percent(left).strip()} of the dispatches")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wanted", nargs="*", metavar="NAME", help=", ".join(guests.GROUPS))
    parser.add_argument("--top", type=int, default=40, help="rows of each table")
    parser.add_argument(
        "--choose", type=int, metavar="N", help="write the best N rows to core/code/fused_*.def"
    )
    parser.add_argument("--keep", help="folder for the raw counts")
    options = parser.parse_args()
    known = {*guests.GROUPS, *(name for group in guests.GROUPS.values() for name in group)}
    for name in options.wanted:
        if name not in known:
            parser.error(f"there is no {name}; there are {', '.join(sorted(known))}")
    with tempfile.TemporaryDirectory() as folder:
        if options.keep:
            folder = options.keep
            os.makedirs(folder, exist_ok=True)
        benchmark, real = run(options, folder)
    if len(real) > 1:
        show(f"real guests ({len(real)})", analysis.Average(real), options.top)
    if options.choose:
        codes = [[program.code for program in programs] for programs in (benchmark, real)]
        weighted = fusing.alike(*filter(None, codes))
        choose.write(choose.choose(weighted, options.choose))
        left = fusing.dispatches(weighted, fused_rows())
        print(f"\ncore/code/fused.def leaves {percent(left).strip()} of the dispatches now")
    return 0


def run(options, folder):
    """Measures and shows the groups; the programs of the benchmark's, and those of the others."""
    benchmark, real = [], []
    for group, members in guests.GROUPS.items():
        programs = []
        for name in members:
            if options.wanted and not {name, group} & set(options.wanted):
                continue
            program = measure(name, folder)
            if isinstance(program, str):
                print(f"left out: {name}: {program}")
                continue
            print(
                f"{name}: {program.total:,} dispatches, {program.per_fuel:.3f} a wasm instruction"
            )
            sys.stdout.flush()
            programs.append(program)
        if programs:
            show(f"{group} ({len(programs)})", analysis.Average(programs), options.top)
        kept = benchmark if group == "bench" else real
        kept += programs
    return benchmark, real


if __name__ == "__main__":
    sys.exit(main())
