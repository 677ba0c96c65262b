"""Chooses the rows of core/code/fused_*.def: choose.py FOLDER [--rows N] [--longest N] [--write].

FOLDER holds what `./dev counts --keep FOLDER` counted. Rows are taken one by one, always the one that
saves most of what is still dispatched: an operation more for a handler (of one operation or of
several) that often comes to its end right before it. The benchmark's programs count as much as all
real guests do, and each program as much as any other of its kind.
"""

import argparse
import pathlib
import re
import sys
from collections import Counter, defaultdict
from itertools import pairwise

import analysis
import guests

CODE = pathlib.Path(__file__).resolve().parents[2] / "core" / "code"
HEAD = "/* Made by tests/counts/choose.py from counts of what programs dispatch: see fused.def. */\n"
FILES = "abcd"
RARE = 1e-6  # of a program's dispatches: places below are not looked at
LOOPS = 0.2  # rows become loops if so much of what they run goes round


def functions_of_exec():
    """Operations that are carried out elsewhere: nothing can be done behind them."""
    found = set()
    for path in CODE.glob("*.def"):
        found |= set(re.findall(r"^CALLED\((\w+)", path.read_text(), re.M))
    return found


def with_alternatives():
    """Operations that an engine may have another handler of: they stay alone."""
    found = set()
    for file in ("relaxed.def", "newer.def"):
        if (CODE / file).exists():
            found |= set(re.findall(r"^\w+\((\w+)", (CODE / file).read_text(), re.M))
    return tuple(name + "_" for name in found)


class Run:
    """Neighbouring places. arrivals: how often one came to a place from elsewhere; goes_on: how many of
    those that ran a place went on to the next; back: the place that a branch goes back to, and how often."""

    def __init__(self, places, weight):
        self.names = [place.name for place in places]
        self.arrivals = [(place.runs - place.falls) * weight for place in places]
        self.arrivals[0] = places[0].runs * weight
        self.goes_on = [b.falls / a.runs if a.runs else 0 for a, b in pairwise(places)] + [0]
        self.back = [None] * len(places)
        index = {place.at: i for i, place in enumerate(places)}
        for i, place in enumerate(places):
            if place.name.endswith(("BRL", "BRNL")):
                target = index.get(place.at + place.operands[-2])
                taken = place.runs * (1 - self.goes_on[i]) if place.name != "BRL" else place.runs
                self.back[i] = (target, taken * weight)


def runs_of(places, weight):
    weight /= sum(place.runs for place in places)
    run = []
    for place in places:
        hot = place.runs * weight > RARE
        if run and (not hot or run[-1].at + run[-1].words != place.at):
            yield Run(run, weight)
            run = []
        if hot:
            run.append(place)
    if run:
        yield Run(run, weight)


class Choice:
    def __init__(self, runs, longest):
        self.runs, self.longest = runs, longest
        self.never_first, self.never = functions_of_exec(), with_alternatives()
        self.rows = {}  # (names of the first, second) -> the first's names and the second
        self.gains, self.where = Counter(), defaultdict(set)
        self.dispatched = [0.0] * len(runs)
        for number in range(len(runs)):
            self.enter(number, 1)

    def chain(self, run, start):
        """The last place that the handler at a place does, and its name."""
        name, last = run.names[start], start
        while last + 1 < len(run.names) and (name, run.names[last + 1]) in self.rows:
            name = self.rows[name, run.names[last + 1]]
            last += 1
        return last, name

    def enter(self, number, sign):
        """Adds what a run dispatches and would gain by further rows, or takes it away."""
        run = self.runs[number]
        dispatches = list(run.arrivals)
        chains = {}
        for start in range(len(dispatches)):
            last, _ = chains[start] = self.chain(run, start)
            if run.back[last] and run.back[last][0] == start and last > start:
                dispatches[start] -= min(run.back[last][1], dispatches[start])
        total = 0.0
        for start, (last, name) in chains.items():
            flow = dispatches[start]
            if flow <= 0:
                continue
            total += flow
            for place in range(start, last + 1):
                flow *= run.goes_on[place]
            if last + 1 == len(dispatches):
                continue
            dispatches[last + 1] += flow
            second = run.names[last + 1]
            if last - start + 2 > self.longest or run.names[last] in self.never_first:
                continue
            if f"{run.names[last]}_".startswith(self.never) or f"{second}_".startswith(self.never):
                continue
            gain = flow
            back = run.back[last + 1]
            if back and back[0] == start:
                gain += min(back[1], run.arrivals[start])
            if gain > 0:
                self.gains[name, second] += sign * gain
                self.where[name, second].add(number)
        self.dispatched[number] = total if sign > 0 else 0.0

    def take(self, row):
        touched = list(self.where.pop(row))
        for number in touched:
            self.enter(number, -1)
        self.rows[row] = "__".join(row)
        for number in touched:
            self.enter(number, 1)
        self.gains.pop(row, None)

    def best(self):
        return max(self.gains.items(), key=lambda item: item[1], default=(None, 0))

    def looped(self):
        """The rows that branch back to their own beginning often enough."""
        round_, all_ = Counter(), Counter()
        for run in self.runs:
            for start in range(len(run.names)):
                last, name = self.chain(run, start)
                if last == start or not run.back[last]:
                    continue
                target, taken = run.back[last]
                all_[name] += taken
                if target == start:
                    round_[name] += taken
        return {name for name, count in round_.items() if count >= LOOPS * all_[name]}


def parts(lines, count):
    """The rows in so many files of about the same size, each with all that its rows begin with."""
    families = defaultdict(list)
    for line in lines:
        families[re.search(r"\((.+?)(__|,)", line)[1]].append(line)
    files = [[] for _ in range(count)]
    for family in sorted(families.values(), key=lambda rows: -sum(map(len, rows))):
        min(files, key=lambda rows: sum(map(len, rows))).extend(family)
    return files


def programs(folder):
    """(places, weight) of every program that was counted."""
    for group, members in guests.GROUPS.items():
        found = [path for name in members if (path := folder / f"{name}.tsv").exists()]
        real = sum(len(m) for g, m in guests.GROUPS.items() if g != "bench")
        for path in found:
            yield analysis.read(path), 0.5 / (len(found) if group == "bench" else real)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--longest", type=int, default=8, help="operations of a row")
    parser.add_argument("--least", type=float, default=1e-5, help="of all dispatches, for a row")
    parser.add_argument("--without", type=pathlib.Path, help="file of rows not to be taken")
    parser.add_argument("--write", action="store_true", help="core/code/fused.def")
    options = parser.parse_args()
    runs = [r for places, weight in programs(options.folder) for r in runs_of(places, weight)]
    choice = Choice(runs, options.longest)
    banned = set()
    if options.without:
        banned = set(options.without.read_text().split())
    before = sum(choice.dispatched)
    taken = []
    while len(taken) < options.rows:
        row, gain = choice.best()
        if not row or gain < options.least:
            break
        if "__".join(row) in banned:
            del choice.gains[row]
            choice.gains[row] = -1
            continue
        choice.take(row)
        taken.append(row)
    looped = choice.looped()
    lines = [
        f"{'FUSE_LOOP' if '__'.join(row) in looped else 'FUSE'}({row[0]}, {row[1]})"
        for row in taken
    ]
    print(
        f"{len(taken)} rows: {sum(choice.dispatched) / before:.1%} of the dispatches are left",
        file=sys.stderr,
    )
    for name, part in zip(FILES, parts(lines, len(FILES))):
        text = HEAD + "".join(line + "\n" for line in part)
        if options.write:
            (CODE / f"fused_{name}.def").write_text(text)
        else:
            print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
