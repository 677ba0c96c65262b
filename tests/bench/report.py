"""What was measured: table, JSON, SVG."""

import json

from timing import Row, geometric_mean, over_limit


class Group:
    """Rows, and the limits of their means: {peer: most}."""

    def __init__(self, name, rows, limits=None):
        self.name, self.rows, self.limits = name, rows, limits or {}

    def means(self):
        """{peer: (geometric mean of the ratios to it, how many rows have one)}, of times."""
        found, rows = {}, [row for row in self.rows if row.unit == "s"]
        for peer in peers_of(rows):
            ratios = [row.ratio(peer) for row in rows if row.ratio(peer) is not None]
            if ratios:
                found[peer] = (geometric_mean(ratios), len(ratios))
        return found

    def misses(self):
        """Of the means."""
        found = self.means()
        return [
            miss
            for peer, most in self.limits.items()
            if peer in found
            for miss in over_limit(found[peer][0], peer, most)
        ]


def peers_of(rows):
    found = []
    for row in rows:
        found += [e for e in row.best if e != "wherry" and e not in found]
    return found


def ratio_text(ratio):
    return "-" if ratio is None else f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def cells(group):
    """Rows of texts, the head first: what each engine needs, ratios, what misses its limit."""
    rows, peers = group.rows, peers_of(group.rows)
    over = {p for row in rows for p in row.over}
    by = [f"{p} / wherry" if p in over else f"wherry / {p}" for p in peers]
    yield [group.name, "wherry", *peers, *by, ""]
    for row in rows:
        best = [row.show(row.best[e]) if e in row.best else "-" for e in ["wherry", *peers]]
        ratios = [ratio_text(row.ratio(p)) for p in peers]
        yield [row.name, *best, *ratios, "; ".join(f"MISSES {m}" for m in row.misses())]
    mean = group.means()
    if mean and len(rows) > 1:
        ratios = [ratio_text(mean[p][0] if p in mean else None) for p in peers]
        missed = "; ".join(f"MISSES {m}" for m in group.misses())
        yield ["geometric mean", "", *("" for _ in peers), *ratios, missed]


def table(group):
    """Lines of text."""
    lines = list(cells(group))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for number, line in enumerate(lines):
        texts = [line[0].ljust(widths[0])]
        texts += [cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:-1])]
        yield ("  ".join(texts) + ("  " + line[-1] if line[-1] else "")).rstrip()
        if number == 0:
            yield "-" * (sum(widths[:-1]) + 2 * (len(widths) - 2))
    for row in group.rows:
        for engine, fault in row.faults.items():
            yield f"left out: {row.name} in {engine}: {fault}"


def markdown(machine, groups):
    """Lines: what was measured on what, for docs/performance.md."""
    for key, value in machine.items():
        yield f"- {key}: {value}"
    for group in groups:
        lines = list(cells(group))
        missed = any(line[-1] for line in lines)
        yield ""
        for number, line in enumerate(lines):
            yield "| " + " | ".join(line if missed else line[:-1]) + " |"
            if number == 0:
                yield "|---|" + "---:|" * (len(line) - 2) + ("---|" if missed else "")


def as_json(machine, groups):
    return json.dumps(
        {
            "machine": machine,
            "groups": {
                group.name: {
                    "rows": [
                        {
                            "name": row.name,
                            "unit": row.unit,
                            "best": row.best,
                            "over": row.over,
                            "ratios": {p: row.ratio(p) for p in peers_of([row]) if row.ratio(p)},
                            "limits": row.limits,
                            "misses": row.misses(),
                            "left_out": row.faults,
                        }
                        for row in group.rows
                    ],
                    "geometric_means": {
                        p: {"ratio": m, "rows": count} for p, (m, count) in group.means().items()
                    },
                    "limits": group.limits,
                    "misses": group.misses(),
                }
                for group in groups
            },
        },
        indent=1,
    )


def from_json(text):
    """(machine, groups) of what as_json wrote."""
    read, groups = json.loads(text), []
    for name, group in read["groups"].items():
        rows = []
        for one in group["rows"]:
            row = Row(one["name"], {}, one["limits"], one["unit"], one["over"])
            row.best, row.faults = one["best"], one["left_out"]
            rows.append(row)
        groups.append(Group(name, rows, group["limits"]))
    return read["machine"], groups
