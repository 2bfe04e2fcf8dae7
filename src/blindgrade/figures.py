"""Figures that a check can show: plain numbers, which a page draws later.

A check names a function that takes its result and the random source, and returns a figure:

    def _walk(result, rng):
        return paths("The walks, each from its dot", result["walk"])

    @check("euler_sample", public=True, figure=_walk)

The grader runs it on the student's result. For a public check, it also runs it on the reference's result. The function
never enters a worker. A figure contains only numbers and the author's text, and this module imports no drawing library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

Kind = Literal["arrows", "paths", "points", "curves", "image", "bars"]
Rows = list[list[float]]

MAX_POINTS = 400  # in one series; more points do not make a picture clearer
MAX_SERIES = 8
MAX_SIDE = 64  # pixels of an image


class NotDrawable(Exception):
    """The data have another form than the figure needs. Then the page has no picture."""


@dataclass(frozen=True)
class Series:
    """One set of marks. A row has two numbers (places, curve points), four (arrows), or the pixels of an image row."""

    name: str
    rows: Rows


@dataclass(frozen=True)
class Figure:
    """Plain numbers, and how to draw them. `title` is the author's. A figure never contains a student's text."""

    kind: Kind
    title: str
    series: tuple[Series, ...]
    xlabel: str = ""
    ylabel: str = ""
    low: float | None = None
    high: float | None = None
    names: tuple[str, ...] = ()
    lines: tuple[float, ...] = ()


@dataclass(frozen=True)
class FigurePair:
    """Figure of the student's result in a check and, if the check is public, of the reference's result.

    `student` is None if there was no result to draw. `reference` is None if the student's result is right.
    """

    lesson: str
    exercise: str
    check: str
    student: Figure | None
    reference: Figure | None = None


def arrows(title: str, places: Any, vectors: Any, *, xlabel: str = "", ylabel: str = "") -> Figure:
    """Figure with an arrow [n, 2] at each place [n, 2]: a field of scores or velocities."""
    starts, directions = _table(places, 2), _table(vectors, 2)
    if len(starts) != len(directions):
        raise NotDrawable(f"{len(directions)} arrows for {len(starts)} places")
    rows = [[*start, *direction] for start, direction in zip(starts, directions, strict=True)]
    return Figure("arrows", title, (Series("", _thinned(rows)),), xlabel, ylabel)


def paths(title: str, ways: Any, *, xlabel: str = "", ylabel: str = "") -> Figure:
    """Figure of ways [n, steps, 2], each drawn from a dot at its start: straight or curved trajectories."""
    tensor = _tensor(ways)
    if tensor.dim() != 3 or tensor.shape[-1] != 2:
        raise NotDrawable(f"ways of shape {tuple(tensor.shape)}, not [n, steps, 2]")
    step = max(1, math.ceil(len(tensor) / 24))
    series = tuple(Series("", _thinned(way.tolist())) for way in tensor[::step])
    return Figure("paths", title, series, xlabel, ylabel)


def points(title: str, clouds: Mapping[str, Any], *, xlabel: str = "", ylabel: str = "") -> Figure:
    """Figure of named clouds of places [n, 2]: samples beside the data that they should look like."""
    return Figure("points", title, _all(clouds, lambda cloud: _table(cloud, 2)), xlabel, ylabel)


def curves(
    title: str,
    lines: Mapping[str, tuple[Any, Any]],
    *,
    xlabel: str = "",
    ylabel: str = "",
    low: float | None = None,
    high: float | None = None,
) -> Figure:
    """Figure of named curves, each as (x, y): schedules, losses, quality against speed."""

    def pairs(line: tuple[Any, Any]) -> Rows:
        across, up = _tensor(line[0]).flatten(), _tensor(line[1]).flatten()
        if len(across) != len(up):
            raise NotDrawable(f"{len(up)} heights for {len(across)} places")
        return [[x, y] for x, y in zip(across.tolist(), up.tolist(), strict=True)]

    return Figure("curves", title, _all(lines, pairs), xlabel, ylabel, low, high)


def image(
    title: str, pixels: Any, *, low: float | None = None, high: float | None = None, lines: Sequence[float] = ()
) -> Figure:
    """Figure of a map [rows, columns] in shades: edges, depth, attention.

    Each number n in `lines` draws a line before row n and before column n. Without `low` and `high`, the shades cover
    the values of the student's and the reference's map together.
    """
    tensor = _tensor(pixels)
    if tensor.dim() != 2 or not tensor.numel():
        raise NotDrawable(f"an image of shape {tuple(tensor.shape)}, not [rows, columns]")
    steps = [max(1, math.ceil(side / MAX_SIDE)) for side in tensor.shape]
    thin = tensor[:: steps[0], :: steps[1]]
    return Figure("image", title, (Series("", thin.tolist()),), low=low, high=high, lines=tuple(lines))


def bars(title: str, heights: Mapping[str, float], *, ylabel: str = "") -> Figure:
    """Figure of named bars."""
    names = tuple(heights)[:24]
    rows = [[float(i), float(_tensor(heights[name]).reshape(()))] for i, name in enumerate(names)]
    return Figure("bars", title, (Series("", rows),), ylabel=ylabel, names=names)


def _all(given: Mapping[str, Any], read: Any) -> tuple[Series, ...]:
    return tuple(Series(name, _thinned(read(data))) for name, data in list(given.items())[:MAX_SERIES])


def _tensor(value: Any) -> Tensor:
    """Tensor in float64 on the CPU. A value that is not finite, or is 1e12 or larger, becomes NaN and is not drawn."""
    tensor = value if isinstance(value, Tensor) else torch.as_tensor(value)
    if tensor.is_complex():
        raise NotDrawable("complex numbers")
    tensor = tensor.detach().to("cpu", torch.float64)
    return torch.where(tensor.abs() < 1e12, tensor, math.nan)


def _table(value: Any, width: int) -> Rows:
    tensor = _tensor(value)
    if tensor.dim() != 2 or tensor.shape[1] != width:
        raise NotDrawable(f"a table of shape {tuple(tensor.shape)}, not [n, {width}]")
    rows: Rows = tensor.tolist()
    return rows


def _thinned(rows: Rows) -> Rows:
    """At most about MAX_POINTS rows, at equal distances, with the last one. Rows with NaN stay, as gaps."""
    step = max(1, math.ceil(len(rows) / MAX_POINTS))
    return rows[::step] + (rows[-1:] if (len(rows) - 1) % step else [])
