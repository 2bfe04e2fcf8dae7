"""Figures as inline SVG, drawn by matplotlib, which is imported when the first figure is drawn.

The colours in the drawing are placeholders for the page's own (`var(--ink)`). So a picture follows the page in light,
in dark and on paper.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

from blindgrade.figures import Figure, FigurePair, Rows
from blindgrade.render.safe import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SVG = "http://www.w3.org/2000/svg"
LINK = "{http://www.w3.org/1999/xlink}href"
INK, DIM, LINE = "#010101", "#020202", "#030303"
SERIES = ("#040401", "#040402", "#040403", "#040404")
COLOURS = {INK: "--ink", DIM: "--dim", LINE: "--line"} | {s: f"--series-{i}" for i, s in enumerate(SERIES, 1)}
CAPS = ("round", "projecting")  # round and square dots: series differ by more than their colour
DASHES = ("-", "--", ":", "-.")
PLAIN = ("arrows", "paths", "points", "image")  # kinds without a scale: both sides are drawn in the same limits
WIDTH, HEIGHT = 3.6, 2.7  # inches
NUMBER = re.compile(r"-?\d+\.\d{2,}")
GAP = (math.nan, math.nan)


class NoMatplotlib(Exception):
    """matplotlib is not installed."""


def picture(pair: FigurePair, prefix: str) -> Markup:
    """Picture of the student's figure and the reference's, side by side with one scale.

    `prefix` makes the picture's ids unique on the page. NoMatplotlib if matplotlib is not installed.
    """
    sides = [("your result", pair.student), ("the reference", pair.reference)]
    given = [(whose, figure) for whose, figure in sides if figure is not None]
    frame = _Frame([figure for _, figure in given])
    parts = [
        Markup("<figure>{svg}<figcaption><b>{title}</b>: {whose}</figcaption></figure>").format(
            svg=_svg(figure, frame, f"{prefix}-{number}", f"{figure.title}: {whose}"),
            title=shown(figure.title),
            whose=whose,
        )
        for number, (whose, figure) in enumerate(given)
    ]
    return Markup('<div class="pictures">{}</div>').format(Markup("").join(parts))


class _Frame:
    """Limits of the axes. Both sides use the same limits, so that a reader can compare them."""

    def __init__(self, figures: list[Figure]) -> None:
        kind = figures[0].kind
        ends = [end for figure in figures for series in figure.series for end in _ends(kind, series.rows)]
        self.x = _span([x for x, _ in ends])
        self.y = _span([y for _, y in ends], figures[0].low, figures[0].high)
        self.values = (0.0, 1.0)
        if kind == "image":
            values = [v for figure in figures for series in figure.series for row in series.rows for v in row]
            finite = [v for v in values if math.isfinite(v)]
            low = figures[0].low if figures[0].low is not None else min(finite, default=0.0)
            high = figures[0].high if figures[0].high is not None else max(finite, default=1.0)
            self.values = (low, high if high > low else low + 1.0)
        # Arrows have one scale on both sides: a typical arrow is as long as the distance between two places.
        lengths = sorted(
            math.hypot(row[2], row[3]) for figure in figures[-1:] for s in figure.series for row in s.rows
            if kind == "arrows" and math.isfinite(row[2] + row[3])
        )  # fmt: skip
        self.arrow = lengths[int(0.9 * (len(lengths) - 1))] if lengths else 1.0


def _ends(kind: str, rows: Rows) -> Iterable[tuple[float, float]]:
    if kind == "image":
        return []
    places = [(row[0], row[1]) for row in rows if math.isfinite(row[0]) and math.isfinite(row[1])]
    return [*places, *[(x, 0.0) for x, _ in places]] if kind == "bars" else places


def _span(values: list[float], low: float | None = None, high: float | None = None) -> tuple[float, float]:
    """Smallest and largest value with a margin. A few values far away do not make the rest small."""
    if not values:
        return 0.0, 1.0
    ordered = sorted(values)
    least, most = ordered[0], ordered[-1]
    inner = ordered[len(ordered) // 20], ordered[-1 - len(ordered) // 20]
    reach = 4.0 * max(inner[1] - inner[0], 1e-9)
    if len(ordered) >= 40:
        least, most = max(least, inner[0] - reach), min(most, inner[1] + reach)
    least, most = low if low is not None else least, high if high is not None else most
    margin = 0.06 * (most - least) or max(abs(most), 1.0) * 0.1
    return least - margin, most + margin


def _svg(figure: Figure, frame: _Frame, prefix: str, label: str) -> Markup:
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure as Canvas
    except ImportError:
        raise NoMatplotlib from None
    with rc_context(_SETTINGS | {"svg.hashsalt": prefix}):
        canvas = Canvas(figsize=(WIDTH, HEIGHT))
        FigureCanvasSVG(canvas)
        axes = canvas.add_axes(_place(figure))
        _DRAW[figure.kind](axes, figure, frame)
        _dress(axes, figure)
        out = io.BytesIO()
        canvas.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    return _inline(out.getvalue(), prefix, label)


def _place(figure: Figure) -> tuple[float, float, float, float]:
    if figure.kind in PLAIN:
        return 0.01, 0.01, 0.98, 0.98
    left, bottom = 0.11 + 0.05 * bool(figure.ylabel), 0.1 + 0.08 * bool(figure.xlabel)
    bottom += 0.06 * max((name.count("\n") for name in figure.names), default=0)
    return left, bottom, 0.97 - left, 0.97 - bottom


_SETTINGS: Any = {
    "svg.fonttype": "none",  # text stays text: the file is small, and screen readers can read it
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "text.parse_math": False,
    "path.simplify": False,  # lines without length are dots here
    "axes.edgecolor": LINE,
    "axes.labelcolor": DIM,
    "axes.facecolor": "none",
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": DIM,
    "ytick.labelcolor": DIM,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}


def _dress(axes: Axes, figure: Figure) -> None:
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import MaxNLocator

    if figure.kind in PLAIN:
        # Ticks would cost more than all the rest of such a picture.
        axes.set_axis_off()
        axes.add_patch(Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, edgecolor=LINE, clip_on=False))
        if len(figure.series) > 1 and figure.series[0].name:
            axes.legend(loc="best")
        return
    if figure.names:
        axes.set_xticks(range(len(figure.names)), [shown(name)[:24] for name in figure.names])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel(shown(figure.xlabel))
    axes.set_ylabel(shown(figure.ylabel))
    if len([s for s in figure.series if s.name]) > 1:
        axes.legend(loc="best")


def _draw_arrows(axes: Axes, figure: Figure, frame: _Frame) -> None:
    axes.set(xlim=_wider(frame.x), ylim=_wider(frame.y), aspect="equal")
    rows = [row for row in figure.series[0].rows if all(map(math.isfinite, row))]
    if not rows:
        return
    # Distance from place to place, in units of the axes. A typical arrow is about as long.
    gap = max(frame.x[1] - frame.x[0], frame.y[1] - frame.y[0]) / max(math.sqrt(len(rows)), 2.0)
    scale = frame.arrow / gap if frame.arrow > 0 else 1.0
    line: list[tuple[float, float]] = []
    for x, y, u, v in rows:
        u, v = _shortened(u / scale, v / scale, 3.0 * gap)
        tip = (x + u, y + v)
        barbs = [(tip[0] - 0.3 * u + side * v, tip[1] - 0.3 * v - side * u) for side in (0.16, -0.16)]
        line += [(x, y), tip, GAP, barbs[0], tip, barbs[1], GAP]
    # One line for all arrows: a tenth of the size of one shape for each.
    axes.plot(*zip(*line, strict=True), color=SERIES[0], linewidth=1.1)
    _dots(axes, [(row[0], row[1]) for row in rows], DIM, 2.0)


def _dots(axes: Axes, places: Iterable[tuple[float, float]], colour: str, size: float, cap: str = "round") -> None:
    """Draw dots as the round ends of lines without length, in one path for all."""
    line = [place for x, y in places for place in ((x, y), (x, y), GAP)]
    if line:
        style: Any = cap
        axes.plot(*zip(*line, strict=True), color=colour, linewidth=size, solid_capstyle=style)


def _shortened(u: float, v: float, longest: float) -> tuple[float, float]:
    share = min(1.0, longest / max(math.hypot(u, v), 1e-12))
    return u * share, v * share


def _wider(span: tuple[float, float]) -> tuple[float, float]:
    margin = 0.1 * (span[1] - span[0])
    return span[0] - margin, span[1] + margin


def _draw_paths(axes: Axes, figure: Figure, frame: _Frame) -> None:
    axes.set(xlim=frame.x, ylim=frame.y)
    for number, series in enumerate(figure.series):
        x, y = _columns(series.rows)
        axes.plot(x, y, color=SERIES[number % len(SERIES)], linewidth=1.1)
        _dots(axes, zip(x[:1], y[:1], strict=True), SERIES[number % len(SERIES)], 4.0)


def _draw_points(axes: Axes, figure: Figure, frame: _Frame) -> None:
    axes.set(xlim=frame.x, ylim=frame.y, aspect="equal")
    for number, series in enumerate(figure.series):
        colour, cap = SERIES[number % len(SERIES)], CAPS[number % len(CAPS)]
        places = [(x, y) for x, y in series.rows if math.isfinite(x + y)]
        _dots(axes, places, colour, 2.6, cap)
        if series.name:
            axes.plot([], [], color=colour, linewidth=4, label=shown(series.name))


def _draw_curves(axes: Axes, figure: Figure, frame: _Frame) -> None:
    axes.set(xlim=frame.x, ylim=frame.y)
    for number, series in enumerate(figure.series):
        x, y = _columns(series.rows)
        style = DASHES[number % len(DASHES)] + ("o" if len(x) <= 16 else "")
        axes.plot(
            x, y, style, color=SERIES[number % len(SERIES)], markersize=3, linewidth=1.4, label=shown(series.name)
        )


def _draw_bars(axes: Axes, figure: Figure, frame: _Frame) -> None:
    axes.set(xlim=(frame.x[0] - 0.6, frame.x[1] + 0.6), ylim=frame.y)
    x, y = _columns(figure.series[0].rows)
    axes.bar(x, y, width=0.7, color=SERIES[0])


def _draw_image(axes: Axes, figure: Figure, frame: _Frame) -> None:
    low, high = frame.values
    axes.imshow(figure.series[0].rows, cmap="cividis", vmin=low, vmax=high, interpolation="nearest")
    for place in figure.lines:
        axes.axvline(place - 0.5, color="#ffffff", linewidth=1)
        axes.axhline(place - 0.5, color="#ffffff", linewidth=1)


_DRAW: dict[str, Callable[[Axes, Figure, _Frame], None]] = {
    "arrows": _draw_arrows,
    "paths": _draw_paths,
    "points": _draw_points,
    "curves": _draw_curves,
    "bars": _draw_bars,
    "image": _draw_image,
}


def _columns(rows: Rows) -> tuple[list[float], list[float]]:
    return [row[0] for row in rows], [row[1] for row in rows]


# Data about the file, and a style rule that would apply to the whole page.
_DROPPED = (f"{{{SVG}}}metadata", f"{{{SVG}}}style")


def _inline(svg: bytes, prefix: str, label: str) -> Markup:
    """Drawing as a part of a page: with the ids that are used, short numbers and the page's colours."""
    root = ElementTree.fromstring(svg)
    for parent in root.iter():
        for child in [c for c in parent if c.tag in _DROPPED]:
            parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
        if LINK in element.attrib:
            element.set("href", element.attrib.pop(LINK))
    text = ElementTree.tostring(root, encoding="unicode")
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", text))
    text = re.sub(r' id="([^"]+)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r"(url\(#|href=\"#)", rf"\g<1>{prefix}-", text)
    text = NUMBER.sub(lambda m: f"{float(m[0]):.1f}", text)
    text = text.replace("<defs />", "")
    for colour, name in COLOURS.items():
        text = text.replace(colour, f"var({name})")
    text = re.sub(r"\s*\n\s*", "", text)
    head = re.match(r"<svg[^>]*>", text)
    assert head is not None
    box = re.search(r'viewBox="[^"]*"', head[0])
    opening = Markup('<svg role="img" aria-label="{}" {}>').format(shown(label), Markup(box[0] if box else ""))
    # matplotlib escapes its text. The only input from outside is numbers and the author's words.
    return opening + Markup(text[head.end() :])
