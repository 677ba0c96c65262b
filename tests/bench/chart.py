"""What was measured as a picture: for each row a bar for each peer, its time by wherry's, on a
logarithmic scale for each group; right of the line at 1 is slower than wherry.
"""

import math
from xml.sax.saxutils import escape

import report

WIDTH, LABELS, VALUES = 900, 280, 70
BAR, LINE, GAP = 9, 12, 6
GREY, LIGHT, BLUE = "#718096", "#e2e8f0", "#2b6cb0"
COLOURS = ["#dd6b20", "#718096", "#38a169", "#805ad5"]


class Picture:
    def __init__(self):
        self.parts, self.y = [], 0

    def text(self, x, y, what, **style):
        extra = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in style.items())
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"{extra}>{escape(what)}</text>')

    def box(self, x, y, width, height, colour):
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" fill="{colour}"/>'
        )

    def upright(self, x, top, bottom, colour):
        self.parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="{colour}"/>'
        )

    def whole(self):
        size = f'width="{WIDTH}" height="{self.y}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" '
            f'font-size="11">\n<rect {size} fill="white"/>\n' + "\n".join(self.parts) + "\n</svg>\n"
        )


def bars(group, peers):
    """[(name, {peer: its time by wherry's})], the means last."""
    found = []
    for row in group.rows:
        ratios = {p: 1 / row.ratio(p) for p in peers if row.ratio(p)}
        if ratios:
            found.append((row.name, ratios))
    means = {p: 1 / mean for p, (mean, _) in group.means().items() if p in peers}
    return found + [("geometric mean", means)] if len(found) > 1 else found


def draw(picture, name, found, colours):
    logs = [math.log10(ratio) for _, ratios in found for ratio in ratios.values()]
    low, high = math.floor(min([*logs, 0])), math.ceil(max([*logs, 0.1]))

    def place(log):
        return LABELS + (log - low) * (WIDTH - LABELS - VALUES) / (high - low)

    picture.text(16, picture.y, name, font_weight="bold")
    top = picture.y - LINE + 2
    for power in range(low, high + 1):
        picture.text(place(power) + 3, picture.y, f"{10.0**power:g}", fill=GREY)
    below = len(picture.parts)
    picture.y += LINE
    for name, ratios in found:
        weight = {"font_weight": "bold"} if name == "geometric mean" else {}
        picture.text(16, picture.y + BAR, name, **weight)
        for peer, ratio in ratios.items():
            left, right = sorted((place(0), place(math.log10(ratio))))
            picture.box(left, picture.y, max(right - left, 1), BAR, colours[peer])
            picture.text(right + 4, picture.y + BAR - 1, f"{ratio:.3g}")
            picture.y += LINE
        picture.y += GAP
    lines = Picture()
    for power in range(low, high + 1):
        lines.upright(place(power), top, picture.y - GAP, LIGHT if power else BLUE)
    picture.parts[below:below] = lines.parts
    picture.y += 3 * GAP


def as_svg(machine, groups):
    """The text of a picture; None: there is nothing to compare."""
    guises = {p for group in groups for row in group.rows for p in row.over}
    peers = report.peers_of([row for group in groups for row in group.rows])
    peers = [p for p in peers if p not in guises]
    colours = {p: COLOURS[i % len(COLOURS)] for i, p in enumerate(peers)}
    found = [(group.name, bars(group, peers)) for group in groups]
    found = [(name, rows) for name, rows in found if rows]
    if not found:
        return None
    picture = Picture()
    picture.text(16, 24, "Time of others, wherry = 1", font_size=16, font_weight="bold")
    x = LABELS
    for peer in peers:
        picture.box(x, 14, 10, 10, colours[peer])
        picture.text(x + 15, 23, peer)
        x += 150
    about = f"{machine['cpu']}, {machine['when']}; wherry {machine['wherry']}; logarithmic"
    picture.text(16, 42, about, fill=GREY)
    picture.y = 70
    for name, rows in found:
        draw(picture, name, rows, colours)
    return picture.whole()
