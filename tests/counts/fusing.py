"""Which rows core/code/fused.def should have: what programs dispatch then, what one more saves.

compile gives each operation the handler of the longest row that begins with it, so a row serves
wherever its operations lie in that order, also over the target of a jump and past a branch that is
not taken. A row that ends in a branch backwards goes round in its handler where the branch goes to
the row's own beginning.
"""

import re
from collections import Counter

ROW = re.compile(r"^FUSE(?:_LOOP)?\((\w+), (\w+)\)", re.MULTILINE)
BACKWARDS = re.compile(r"(^|_)BRN?L$")  # the last operands: where to, and the cost
NEVER = re.compile(r"^(EXIT|CROSS_RETURN)$")
RARE = 5e-6  # places with a smaller share are left out
LEAST = 1e-5  # and rows that save less


def rows_of(text):
    """The rows of a file like fused.def, each as a tuple of operations."""
    return [(*first.split("__"), second) for first, second in ROW.findall(text)]


def row_text(row):
    kind = "FUSE_LOOP" if BACKWARDS.search(row[-1]) else "FUSE"
    return f"{kind}({'__'.join(row[:-1])}, {row[-1]})"


class Code:
    """A program's places as lists: share of dispatches that come by a jump, which part of what ran
    goes on at the next place, and the place that a branch backwards goes to, or none."""

    def __init__(self, places):
        total = sum(place.runs for place in places)
        self.names, self.jumps, self.goes_on, self.back = [], [], [], []
        index = {}
        behind = None
        for place in places:
            if place.runs < total * RARE:
                continue
            if behind and behind.at + behind.words == place.at:
                self.goes_on[-1] = place.falls / behind.runs
            falls = place.falls if self.goes_on and self.goes_on[-1] else 0
            index[place.at] = len(self.names)
            backwards = BACKWARDS.search(place.name)
            self.back.append(index.get(place.at + place.operands[-2]) if backwards else None)
            self.names.append(place.name)
            self.jumps.append((place.runs - falls) / total)
            self.goes_on.append(0.0)
            behind = place

    def dispatches(self, tree, wanted=None):
        """How many, as a share of those without rows. wanted, a Counter: what one operation more
        behind each row, or operation, would save at once."""
        names, goes_on = self.names, self.goes_on
        flow_to = self.jumps + [0.0]
        total = 0.0
        for i, name in enumerate(names):
            flow = flow_to[i]
            if not flow:
                continue
            total += flow
            node = tree.get(name, NO_ROWS)
            j = i
            while True:
                if self.back[j] == i and j > i:  # it does not leave the handler
                    total -= flow * (1 - goes_on[j])
                flow *= goes_on[j]
                j += 1
                if not flow:
                    break
                following = node.get(names[j])
                if following is None:
                    flow_to[j] += flow
                    if wanted is not None and flow > 1e-6:
                        around = flow * (1 - goes_on[j]) if self.back[j] == i else 0
                        wanted[tuple(names[i : j + 1])] += flow + around
                    break
                node = following
        return total


NO_ROWS = {}


def tree_of(rows):
    tree = {}
    for row in rows:
        node = tree
        for name in row:
            node = node.setdefault(name, {})
    return tree


def alike(*groups):
    """Programs' codes with weights, so that groups weigh the same, and programs in a group."""
    return [(code, 1 / len(groups) / len(codes)) for codes in groups for code in codes]


def dispatches(weighted, rows, wanted=None):
    """The mean over codes with weights."""
    tree = tree_of(rows)
    total = 0.0
    for code, weight in weighted:
        own = None if wanted is None else Counter()
        total += weight * code.dispatches(tree, own)
        for row, share in (own or {}).items():
            wanted[row] += weight * share
    return total


def choose(weighted, rows, count, longest=6, looked_at=4):
    """The next rows to add, each the one that saves most; yields (row, share of dispatches saved).

    Of some that save most at once the one is taken that saves most when all is counted: a row may
    take the first operation of another away.
    """
    rows = list(rows)
    have = dispatches(weighted, rows)
    for _ in range(count):
        wanted = Counter()
        dispatches(weighted, rows, wanted)
        best, tried = (None, LEAST), 0
        for row, share in wanted.most_common():
            if share <= best[1] or (best[0] and tried >= looked_at):
                break
            if len(row) > longest or any(map(NEVER.match, row)):
                continue
            tried += 1
            saved = have - dispatches(weighted, [*rows, row])
            if saved > best[1]:
                best = row, saved
        if not best[0]:
            return
        rows.append(best[0])
        have -= best[1]
        yield best
