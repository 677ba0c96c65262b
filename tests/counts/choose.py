"""Chooses the rows of core/code/fused_*.def, one by one: always the one that saves most of what is
still dispatched, by one operation more in a handler (of one operation, or of several) that often
comes to its end right before it."""

import pathlib
import re
from collections import Counter, defaultdict

import fusing

CODE = pathlib.Path(__file__).resolve().parents[2] / "core" / "code"
HEAD = (
    "/* Made by tests/counts/choose.py from counts of what programs dispatch: see fused.def. */\n"
)
FILES = "abcd"
LONGEST = 8  # operations of a row
LEAST = 1e-5  # of all dispatches, that a row must save
OFTEN = 0.2  # of the branches back


def names_in(pattern, *files):
    """Operations that rows of the definitions name."""
    text = "".join(
        path.read_text() for path in CODE.glob("*.def") if path.name in files or not files
    )
    return set(re.findall(pattern, text, re.MULTILINE))


class Part:
    """A piece of a program's code that is run through: what fusing.Code has, as shares of all."""

    def __init__(self, code, weight, begin, end):
        self.names, self.goes_on = code.names[begin:end], code.goes_on[begin:end]
        self.jumps = [share * weight for share in code.jumps[begin:end]]
        self.back = [
            None if target is None or target < begin else target - begin
            for target in code.back[begin:end]
        ]
        self.runs, falls = [], 0.0
        for jumps, goes_on in zip(self.jumps, self.goes_on, strict=True):
            self.runs.append(jumps + falls)
            falls = self.runs[-1] * goes_on


def parts_of(code, weight):
    begin = 0
    for end, goes_on in enumerate(code.goes_on, 1):
        if not goes_on:
            yield Part(code, weight, begin, end)
            begin = end


class Choice:
    """weighted: codes with their weights, as fusing.alike gives them."""

    def __init__(self, weighted):
        self.parts = [part for code, weight in weighted for part in parts_of(code, weight)]
        # Nothing can be done behind what a function of exec carries out; what has another handler
        # in some engines stays alone.
        self.ends = names_in(r"^(?:CALLED|QUICKLY)\((\w+)")
        self.alone = tuple(
            f"{name}_" for name in names_in(r"^\w+\((\w+)", "relaxed.def", "newer.def")
        )
        self.rows, self.gains, self.where = {}, Counter(), defaultdict(set)
        for number in range(len(self.parts)):
            self.enter(number, 1)

    def chain(self, part, start):
        """The last place that the handler at a place does, and its name."""
        name, last = part.names[start], start
        while last + 1 < len(part.names) and (name, part.names[last + 1]) in self.rows:
            name = self.rows[name, part.names[last + 1]]
            last += 1
        return last, name

    def enter(self, number, sign):
        """Adds what further rows would save in a part, or takes it away."""
        part = self.parts[number]
        flow_to = [*part.jumps, 0.0]
        for start in range(len(part.names)):
            flow = flow_to[start]
            if flow <= 0:
                continue
            last, name = self.chain(part, start)
            for place in range(start, last + 1):
                if part.back[place] == start and place > start:
                    flow_to[start] -= flow * (1 - part.goes_on[place])
                flow *= part.goes_on[place]
            flow_to[last + 1] += flow
            if last + 1 == len(part.names) or not self.may_follow(part, last, last - start + 2):
                continue
            around = flow * (1 - part.goes_on[last + 1]) if part.back[last + 1] == start else 0
            self.gains[name, part.names[last + 1]] += sign * (flow + around)
            self.where[name, part.names[last + 1]].add(number)

    def may_follow(self, part, last, length):
        first, second = part.names[last : last + 2]
        return (
            length <= LONGEST
            and first not in self.ends
            and not f"{first}_".startswith(self.alone)
            and not f"{second}_".startswith(self.alone)
        )

    def best(self, count):
        """Yields the next rows, as (first, second)."""
        for _ in range(count):
            row, gain = max(self.gains.items(), key=lambda item: item[1], default=(None, 0))
            if gain < LEAST:
                return
            yield row
            touched = list(self.where.pop(row))
            for number in touched:
                self.enter(number, -1)
            self.rows[row] = "__".join(row)
            for number in touched:
                self.enter(number, 1)
            del self.gains[row]

    def goes_round(self):
        """Names of rows that end in a branch back to their own beginning, and do so often."""
        round_, every = Counter(), Counter()
        for part in self.parts:
            for start in range(len(part.names)):
                last, name = self.chain(part, start)
                if last > start and fusing.BACKWARDS.search(part.names[last]):
                    taken = part.runs[last] * (1 - part.goes_on[last])
                    every[name] += taken
                    round_[name] += taken if part.back[last] == start else 0
        return {name for name in round_ if round_[name] > OFTEN * every[name]}


def choose(weighted, count):
    """The rows, as they stand in the files."""
    choice = Choice(weighted)
    rows = list(choice.best(count))
    loops = choice.goes_round()
    return [
        f"{'FUSE_LOOP' if '__'.join(row) in loops else 'FUSE'}({row[0]}, {row[1]})\n"
        for row in rows
    ]


def write(lines):
    """In files of about the same size, each with all that its rows begin with."""
    families = defaultdict(list)
    for line in lines:
        families[re.search(r"\((.+?)(__|,)", line)[1]].append(line)
    files = {name: [] for name in FILES}
    for family in sorted(families.values(), key=lambda rows: -sum(map(len, rows))):
        min(files.values(), key=lambda rows: sum(map(len, rows))).extend(family)
    for name, rows in files.items():
        (CODE / f"fused_{name}.def").write_text(HEAD + "".join(rows))
