"""What programs dispatch with the rows of core/code/fused.def.

compile gives each operation the handler of the longest row that begins with it, so a row serves
wherever its operations lie in that order, also over the target of a jump and past a branch that is
not taken. A row that ends in a branch backwards goes round in its handler where the branch goes to
the row's own beginning.
"""

import re

ROW = re.compile(r"^FUSE(?:_LOOP)?\((\w+), (\w+)\)", re.MULTILINE)
BACKWARDS = re.compile(r"(^|_)BRN?L$")  # the last operands: where to, and the cost
RARE = 5e-6  # places with a smaller share are left out


def rows_of(text):
    """The rows of a file like fused.def, each as a tuple of operations."""
    return [(*first.split("__"), second) for first, second in ROW.findall(text)]


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

    def dispatches(self, tree):
        """How many, as a share of those without rows."""
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


def dispatches(weighted, rows):
    """The mean over codes with weights."""
    tree = tree_of(rows)
    return sum(weight * code.dispatches(tree) for code, weight in weighted)
