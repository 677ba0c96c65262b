"""What was measured: table, JSON, SVG."""

import json
import math
from xml.sax.saxutils import escape

from timing import geometric_mean, show


def peers_of(rows):
    found = []
    for row in rows:
        found += [e for e in row.best if e != "wherry" and e not in found]
    return found


def means(rows):
    """{peer: geometric mean of wherry's time by the peer's} over the rows that have both."""
    found = {}
    for peer in peers_of(rows):
        ratios = [row.ratio(peer) for row in rows if row.ratio(peer) is not None]
        if ratios:
            found[peer] = (geometric_mean(ratios), len(ratios))
    return found


def ratio_text(ratio):
    return "-" if ratio is None else f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def table(group, rows):
    """Lines of text: wherry's time, and by what it goes past or stays below each peer's."""
    peers = peers_of(rows)
    head = [group, "wherry", *(f"{p}" for p in peers), *(f"wherry / {p}" for p in peers), ""]
    lines = [head]
    for row in rows:
        cells = [row.name, show(row.best["wherry"]) if "wherry" in row.best else "-"]
        cells += [show(row.best[p]) if p in row.best else "-" for p in peers]
        cells += [ratio_text(row.ratio(p)) for p in peers]
        cells.append("; ".join(f"MISSES {m}" for m in row.misses()))
        lines.append(cells)
    mean = means(rows)
    if mean and len(rows) > 1:
        cells = ["geometric mean", "", *("" for _ in peers)]
        lines.append([*cells, *(ratio_text(mean[p][0] if p in mean else None) for p in peers), ""])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for number, line in enumerate(lines):
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:-1])]
        yield ("  ".join(cells) + ("  " + line[-1] if line[-1] else "")).rstrip()
        if number == 0:
            yield "-" * (sum(widths[:-1]) + 2 * (len(widths) - 2))
    for row in rows:
        for engine, fault in row.faults.items():
            yield f"left out: {row.name} in {engine}: {fault}"


def as_json(machine, groups):
    return json.dumps(
        {
            "machine": machine,
            "groups": {
                name: {
                    "rows": [
                        {
                            "name": row.name,
                            "seconds": row.best,
                            "ratios": {p: row.ratio(p) for p in peers_of([row]) if row.ratio(p)},
                            "misses": row.misses(),
                            "left_out": row.faults,
                        }
                        for row in rows
                    ],
                    "geometric_means": {
                        p: {"ratio": m, "rows": count} for p, (m, count) in means(rows).items()
                    },
                }
                for name, rows in groups.items()
            },
        },
        indent=1,
    )


COLOURS = ["#2b6cb0", "#dd6b20", "#718096", "#38a169", "#805ad5"]


def as_svg(machine, groups):
    """Bars on a logarithmic scale: the time of each engine by wherry's; right of 1 is slower."""
    width, label, bar, gap = 900, 260, 11, 10
    body, y = [], 64

    def text(x, at, what, **style):
        extra = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in style.items())
        body.append(f'<text x="{x}" y="{at}"{extra}>{escape(what)}</text>')

    every = [r for rows in groups.values() for r in rows if len(r.best) > 1 and "wherry" in r.best]
    if not every:
        return None
    peers = peers_of(every)
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
    for name, rows in groups.items():
        rows = [r for r in rows if r in every]
        if not rows:
            continue
        text(16, y + 10, name, font_weight="bold")
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
