"""Small charts as inline SVG. Shapes have classes, so that the page's stylesheet gives light and dark colours."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from blindgrade.cohort_report.items import Item
from blindgrade.cohort_report.remarks import WEAK

BINS = 10
WIDTH, HEIGHT, LEFT, BOTTOM = 420, 200, 44, 36


def histogram(points: Sequence[float], full: float, title: str) -> Markup:
    """Chart of the number of students by their points, in tenths of `full`."""
    counts = [0] * BINS
    for value in points:
        counts[min(BINS - 1, max(0, int(BINS * value / full + 1e-9)))] += 1
    top = max(counts) or 1
    wide, high = (WIDTH - LEFT) / BINS, HEIGHT - BOTTOM - 18
    bars = Markup("")
    for number, count in enumerate(counts):
        x, tall = LEFT + number * wide, high * count / top
        bars += Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}"/>').format(
            _n(x + 1), _n(18 + high - tall), _n(wide - 2), _n(tall)
        )
        if count:
            bars += _text(x + wide / 2, 14 + high - tall, str(count), "middle")
        bars += _text(x, HEIGHT - 18, f"{full * number / BINS:g}", "middle")
    bars += _text(WIDTH, HEIGHT - 18, f"{full:g}", "end")
    bars += _text(LEFT + (WIDTH - LEFT) / 2, HEIGHT - 3, "points", "middle")
    described = ", ".join(f"{full * n / BINS:g} to {full * (n + 1) / BINS:g}: {c}" for n, c in enumerate(counts))
    return _svg(bars, WIDTH, HEIGHT, f"{title}. Students by points: {described}.")


def item_map(items: Sequence[Item], title: str) -> Markup:
    """Chart of the exercises: share of students who passed (across), point-biserial (up). Numbers as in the table."""
    wide, high = WIDTH - LEFT - 20, HEIGHT - BOTTOM - 12
    places = [(n, i.statistics.passed, i.statistics.point_biserial) for n, i in enumerate(items, start=1)]
    low = min([0.0, *(p.value for _, _, p in places if p)])

    def at(passed: float, value: float) -> tuple[float, float]:
        return LEFT + wide * passed, 12 + high * (1 - (value - low) / (1 - low))

    marks = Markup("")
    for value in (0.0, WEAK, 0.5, 1.0):
        _, y = at(0, value)
        marks += Markup('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
            "limit" if value == WEAK else "grid", LEFT, LEFT + wide, _n(y), _n(y)
        )
        marks += _text(LEFT - 6, y + 4, f"{value:.1f}", "end")
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        marks += _text(at(share, 0)[0], HEIGHT - 18, f"{share:.0%}", "middle")
    for number, passed, found in places:
        if found is not None:
            x, y = at(passed, found.value)
            marks += Markup('<circle class="dot" cx="{}" cy="{}" r="8"/>').format(_n(x), _n(y))
            marks += _text(x, y + 4, str(number), "middle", "on")
    marks += _text(LEFT + wide / 2, HEIGHT - 3, "across: passed (right is easy); up: point-biserial", "middle")
    return _svg(marks, WIDTH, HEIGHT, f"{title}. The table of exercises has the same figures.")


def _text(x: float, y: float, text: str, anchor: str, kind: str = "label") -> Markup:
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(kind, _n(x), _n(y), anchor, text)


def _svg(inner: Markup, width: int, height: int, described: str) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width, height, described, inner
    )


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
