"""Charts as SVG, written by hand: legible in light and in dark, on any page that shows them.

Every chart stands on a card of its own, which takes the scheme of whoever looks. What it shows is
said in text as well: a title, and a description for those who do not see it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH = 760
LETTER = 6.8
"""How wide a letter is, at most, in most fonts."""
STYLE = """
svg{font-family:system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;font-size:13px}
.card{fill:#ffffff;stroke:#d8dee4}.t{fill:#1f2328}.m{fill:#59636e}.grid{stroke:#e6eaef}
.axis{stroke:#8c959f}.ours{fill:#2f6fdb;stroke:#2f6fdb}.base{fill:#9aa4af;stroke:#9aa4af}
.more{fill:#8250df;stroke:#8250df}.good{fill:#1a7f37;stroke:#1a7f37}
.bad{fill:#c4620a;stroke:#c4620a}.hollow{stroke-width:2.5}.goal{stroke:#1a7f37;stroke-dasharray:5 4}
.unit{stroke:#59636e;stroke-dasharray:2 3}.gt{fill:#1a7f37}.bt{fill:#a24f05}.h{font-weight:600}
.thin{stroke:#9aa4af;opacity:.35}.line{fill:none;stroke-width:2.25;stroke-linejoin:round}.title{font-size:17px;font-weight:600}
.s{font-size:12px}
@media(prefers-color-scheme:dark){.card{fill:#0f141b;stroke:#30363d}.t{fill:#e6edf3}.m{fill:#9aa5b1}
.grid{stroke:#232a33}.axis{stroke:#6e7681}.ours{fill:#5b9bff;stroke:#5b9bff}
.base{fill:#7d8793;stroke:#7d8793}.more{fill:#b392f0;stroke:#b392f0}
.good{fill:#3fb950;stroke:#3fb950}.bad{fill:#f0883e;stroke:#f0883e}.goal{stroke:#3fb950}
.unit{stroke:#9aa5b1}.gt{fill:#56d364}.bt{fill:#f0a35e}}
.line.ours,.line.base,.line.more,.line.good,.line.bad{fill:none}.line.thin{stroke-width:1.25}
circle.hollow{fill:#ffffff}
@media(prefers-color-scheme:dark){circle.hollow{fill:#0f141b}}
"""


@dataclass(frozen=True)
class Bar:
    """One row: its name, how long it is, what stands at its end, and how it is drawn."""

    name: str
    value: float
    said: str
    kind: str = "ours"


@dataclass(frozen=True)
class Mark:
    """A line across a chart, at a value: a goal or a baseline."""

    value: float
    said: str
    kind: str = "goal"
    last: bool = False
    """Whether its words stand at the end of the line and below it, out of a curve's way."""


@dataclass(frozen=True)
class Curve:
    """Points from left to right."""

    name: str
    points: Sequence[tuple[float, float]]
    kind: str = "ours"
    dashed: bool = False


@dataclass(frozen=True)
class Row:
    """Several values in one row: what is usual, and what is rare."""

    name: str
    values: Sequence[float]
    """The last is drawn hollow."""
    kind: str = "ours"


@dataclass
class Axis:
    """Values to pixels, evenly or by powers of ten."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    ticks: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.ticks:
            self.ticks = _decades(self.low, self.high) if self.log else _steps(self.low, self.high)

    def at(self, value: float) -> float:
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(max(value, low))
        return self.start + (value - low) / (high - low) * (self.end - self.start)


def _steps(low: float, high: float) -> list[float]:
    raw = (high - low) / 5
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * one for one in (1, 2, 2.5, 5, 10) if size * one >= raw)
    return [low + step * number for number in range(int((high - low) / step + 1e-9) + 1)]


def _decades(low: float, high: float) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    found = [10.0**power for power in range(first, last + 1)]
    return found if len(found) > 2 else [o for o in _thirds(first - 1, last) if low <= o <= high]


def _thirds(first: int, last: int) -> list[float]:
    return [one * 10.0**power for power in range(first, last + 1) for one in (1, 2, 5)]


def number(value: float) -> str:
    """As people write it: no more digits than say something."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 10 else f"{value:.0f}" if value >= 100 else f"{value:g}"


def bars(
    title: str, subtitle: str, rows: Sequence[Bar], marks: Sequence[Mark], *, unit: str
) -> str:
    """Bars from zero, one below the other."""
    left, top, step = 40 + LETTER * max(len(row.name) for row in rows), 112, 23
    height = top + step * len(rows) + 44
    high = max(*(row.value for row in rows), *(mark.value for mark in marks), 0) * 1.02
    axis = Axis(0, high, left, WIDTH - 34 - LETTER * max(len(row.said) for row in rows))
    parts = _columns(axis, top, height - 44, unit)
    for place, row in enumerate(rows):
        y = top + step * place
        length = max(1.5, axis.at(row.value) - left)
        parts += [
            _text(left - 10, y + 16, row.name, "t", "end"),
            f'<rect class="{row.kind}" x="{left:.1f}" y="{y + 4}" width="{length:.1f}" '
            'height="16" rx="3" stroke="none"/>',
            _text(left + length + 7, y + 16, row.said, "t s"),
        ]
    parts += _marks(axis, marks, top, height - 44)
    return _card(title, subtitle, height, parts)


def rows(
    title: str,
    subtitle: str,
    found: Sequence[Row],
    marks: Sequence[Mark],
    *,
    unit: str,
    log: bool = False,
) -> str:
    """Several values of each row as dots on one line, joined."""
    left, top, step = 40 + LETTER * max(len(row.name) for row in found), 92, 30
    height = top + step * len(found) + 44
    values = [value for row in found for value in row.values]
    values += [mark.value for mark in marks]
    low, high = (min(values) * 0.7, max(values) * 1.1) if log else (0.0, max(values) * 1.02)
    words = [" · ".join(map(number, row.values)) for row in found]
    axis = Axis(low, high, left, WIDTH - 40 - LETTER * max(map(len, words)), log)
    parts = _columns(axis, top, height - 44, unit)
    for place, row in enumerate(found):
        y = top + step * place + 18
        xs = [axis.at(value) for value in row.values]
        parts += [
            _text(left - 10, y + 4, row.name, "t", "end"),
            f'<line class="{row.kind}" x1="{min(xs):.1f}" x2="{max(xs):.1f}" y1="{y}" y2="{y}" '
            'stroke-width="3" opacity="0.45"/>',
        ]
        for x in xs[:-1]:
            parts.append(f'<circle class="{row.kind}" cx="{x:.1f}" cy="{y}" r="5"/>')
        parts += [
            f'<circle class="hollow {row.kind}" cx="{xs[-1]:.1f}" cy="{y}" r="4.5"/>',
            _text(max(xs) + 12, y + 4, words[place], "t s"),
        ]
    parts += _marks(axis, marks, top, height - 44)
    return _card(title, subtitle, height, parts)


def curves(
    title: str,
    subtitle: str,
    found: Sequence[Curve],
    marks: Sequence[Mark],
    *,
    across: str,
    up: str,
    x: Axis,
    y: Axis,
    names: Sequence[str] = (),
) -> str:
    """Lines over a plane, each named at its end. `names` replace the numbers of the x axis."""
    top, bottom = y.end, y.start
    height = bottom + 66
    parts = []
    for value in y.ticks:
        at = y.at(value)
        parts += [
            f'<line class="grid" x1="{x.start}" x2="{x.end}" y1="{at:.1f}" y2="{at:.1f}"/>',
            _text(x.start - 8, at + 4, number(value), "m s", "end"),
        ]
    for value, said in zip(x.ticks, names or [number(one) for one in x.ticks], strict=True):
        at = x.at(value)
        parts += [
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{bottom}"/>',
            _text(at, bottom + 18, said, "m s", "middle"),
        ]
    parts += [
        f'<line class="axis" x1="{x.start}" x2="{x.end}" y1="{bottom}" y2="{bottom}"/>',
        _text((x.start + x.end) / 2, bottom + 42, across, "m", "middle"),
        _text(x.start - 8, top - 12, up, "m", "start"),
    ]
    for mark in marks:
        at = y.at(mark.value)
        parts += [
            f'<line class="{mark.kind}" x1="{x.start}" x2="{x.end}" y1="{at:.1f}" y2="{at:.1f}" '
            'stroke-width="1.5"/>',
            _text(
                x.end - 6 if mark.last else x.start + 6,
                at + 15 if mark.last else at - 6,
                mark.said,
                "gt s" if mark.kind == "goal" else "m s",
                "end" if mark.last else "start",
            ),
        ]
    ends = _apart([(y.at(curve.points[-1][1]), curve) for curve in found if curve.name])
    ends = [(0.0, curve) for curve in found if not curve.name] + ends
    for at, curve in ends:
        path = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in curve.points)
        dashes = ' stroke-dasharray="6 4"' if curve.dashed else ""
        parts.append(f'<polyline class="line {curve.kind}" points="{path}"{dashes}/>')
        if len(curve.points) <= 8 and curve.kind != "thin":
            parts += [
                f'<circle class="{curve.kind}" cx="{x.at(a):.1f}" cy="{y.at(b):.1f}" r="4"/>'
                for a, b in curve.points
            ]
        last = x.at(curve.points[-1][0])
        if curve.name:
            parts.append(_text(last + 10, at + 4, curve.name, "t s"))
    return _card(title, subtitle, height, parts)


def _apart(ends: list[tuple[float, Curve]]) -> list[tuple[float, Curve]]:
    """Names at the ends of curves, moved so that none lies on another."""
    placed: list[tuple[float, Curve]] = []
    for at, curve in sorted(ends, key=lambda one: one[0]):
        lowest = placed[-1][0] + 15 if placed else -math.inf
        placed.append((max(at, lowest), curve))
    return placed


def _columns(axis: Axis, top: float, bottom: float, unit: str) -> list[str]:
    parts = []
    for value in axis.ticks:
        at = axis.at(value)
        parts += [
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{bottom}"/>',
            _text(at, bottom + 16, number(value), "m s", "middle"),
        ]
    parts.append(_text(axis.end, bottom + 34, unit, "m s", "end"))
    return parts


def _marks(axis: Axis, marks: Sequence[Mark], top: float, bottom: float) -> list[str]:
    parts = []
    for place, mark in enumerate(sorted(marks, key=lambda one: one.value)):
        at, y = axis.at(mark.value), top - 8 - 15 * (place % 2)
        parts += [
            f'<line class="{mark.kind}" x1="{at:.1f}" x2="{at:.1f}" y1="{y + 3}" y2="{bottom}" '
            'stroke-width="1.5"/>',
            _text(at, y, mark.said, "gt s" if mark.kind == "goal" else "m s", "middle"),
        ]
    return parts


def _text(x: float, y: float, said: str, kind: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(said)}</text>'
    )


def _card(title: str, subtitle: str, height: float, parts: Sequence[str]) -> str:
    inner = "\n".join(
        [
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(subtitle)}</desc>",
            f"<style>{STYLE}</style>",
            f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:.0f}" '
            'rx="10"/>',
            _text(24, 36, title, "t title"),
            _text(24, 58, subtitle, "m"),
            *parts,
        ]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'width="{WIDTH}" height="{height:.0f}">\n{inner}\n</svg>\n'
    )
