"""What was measured: table, JSON, SVG."""

import json
import math
from xml.sax.saxutils import escape

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


COLOURS = ["#2b6cb0", "#dd6b20", "#718096", "#38a169", "#805ad5"]


def as_svg(machine, groups):
    """Bars on a logarithmic scale: the time of each engine by wherry's; right of 1 is slower."""
    width, label, bar, gap = 900, 260, 11, 10
    body, y = [], 64

    def text(x, at, what, **style):
        extra = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in style.items())
        body.append(f'<text x="{x}" y="{at}"{extra}>{escape(what)}</text>')

    every = [r for g in groups for r in g.rows if len(r.best) > 1 and "wherry" in r.best]
    guises = {p for row in every for p in row.over}
    peers = [p for p in peers_of(every) if p not in guises]
    every = [r for r in every if any(map(r.ratio, peers))]
    if not every:
        return None
    logs = [math.log10(1 / row.ratio(p)) for row in every for p in peers if row.ratio(p)]
    low, high = math.floor(min([*logs, 0])), math.ceil(max([*logs, 0.1]))
    scale = (width - label - 80) / (high - low)

    def place(log):
        return label + (log - low) * scale

    text(16, 24, "Time of others, wherry = 1", font_size=16, font_weight="bold")
    text(16, 42, f"{machine['cpu']}, {machine['when']}; logarithmic", fill="#718096")
    for i, peer in enumerate(peers):
        x = label + i * 170
        body.append(f'<rect x="{x}" y="14" width="10" height="10" fill="{COLOURS[1 + i % 4]}"/>')
        text(x + 15, 23, peer)
    for group in groups:
        rows = [r for r in group.rows if r in every]
        if not rows:
            continue
        text(16, y + 10, group.name, font_weight="bold")
        y += 22
        for row in rows:
            text(16, y + bar, row.name)
            for i, peer in enumerate(peers):
                if not row.ratio(peer):
                    continue
                log = math.log10(1 / row.ratio(peer))
                left, right = sorted((place(0), place(log)))
                body.append(
                    f'<rect x="{left:.1f}" y="{y}" width="{max(right - left, 1):.1f}" '
                    f'height="{bar}" fill="{COLOURS[1 + i % 4]}"/>'
                )
                text(f"{max(right, place(0)) + 4:.1f}", y + bar - 2, f"{10**log:.3g}")
                y += bar + 2
            y += gap
    lines = [
        f'<line x1="{place(t):.1f}" x2="{place(t):.1f}" y1="52" y2="{y}" '
        f'stroke="{COLOURS[0] if t == 0 else "#e2e8f0"}"/>'
        for t in range(low, high + 1)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 16}" '
        'font-family="sans-serif" font-size="11">\n'
        f'<rect width="{width}" height="{y + 16}" fill="white"/>\n'
        + "\n".join(lines + body)
        + "\n</svg>\n"
    )
