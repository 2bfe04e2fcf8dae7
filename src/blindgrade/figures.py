"""What a check can show: a figure as plain numbers, drawn late by who makes a page.

A check names a function of its result and the random source that returns a figure:

    def _walk(result, rng):
        return paths("The walks, each from its dot", result["walk"])

    @check("euler_sample", public=True, figure=_walk)

The grader runs it on the student's result and, for a public check, on the reference's; nothing of it enters a worker.
This module holds numbers only and imports no library that draws.
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

MAX_POINTS = 400  # of one series; a picture for reading needs no more
MAX_SERIES = 8
MAX_SIDE = 64  # pixels of an image


class NotDrawable(Exception):
    """The data have another form than the figure needs; there is no picture then."""


@dataclass(frozen=True)
class Series:
    """One set of marks: rows of two numbers (places, curve points), of four (arrows) or of an image's pixels."""

    name: str
    rows: Rows


@dataclass(frozen=True)
class Figure:
    """Plain numbers, and how to draw them. `title` is the author's; no text of a student's is ever in a figure."""

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
    """A check's figure of the student's result and, if the check is public, of the reference's.

    The student's is missing where there was no result to draw, the reference's where the result is right.
    """

    lesson: str
    exercise: str
    check: str
    student: Figure | None
    reference: Figure | None = None


def arrows(title: str, places: Any, vectors: Any, *, xlabel: str = "", ylabel: str = "") -> Figure:
    """An arrow at each place [n, 2]: a field of scores or velocities."""
    starts, directions = _table(places, 2), _table(vectors, 2)
    if len(starts) != len(directions):
        raise NotDrawable(f"{len(directions)} arrows for {len(starts)} places")
    rows = [[*start, *direction] for start, direction in zip(starts, directions, strict=True)]
    return Figure("arrows", title, (Series("", _thinned(rows)),), xlabel, ylabel)


def paths(title: str, ways: Any, *, xlabel: str = "", ylabel: str = "") -> Figure:
    """Ways [n, steps, 2], each drawn from its dot: trajectories, straight or curved."""
    tensor = _tensor(ways)
    if tensor.dim() != 3 or tensor.shape[-1] != 2:
        raise NotDrawable(f"ways of shape {tuple(tensor.shape)}, not [n, steps, 2]")
    step = max(1, math.ceil(len(tensor) / 24))
    series = tuple(Series("", _thinned(way.tolist())) for way in tensor[::step])
    return Figure("paths", title, series, xlabel, ylabel)


def points(title: str, clouds: Mapping[str, Any], *, xlabel: str = "", ylabel: str = "") -> Figure:
    """Named clouds of places [n, 2]: samples beside the data that they should look like."""
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
    """Named curves, each as (x, y): schedules, a quality-speed curve, losses."""

    def pairs(line: tuple[Any, Any]) -> Rows:
        across, up = _tensor(line[0]).flatten(), _tensor(line[1]).flatten()
        if len(across) != len(up):
            raise NotDrawable(f"{len(up)} heights for {len(across)} places")
        return [[x, y] for x, y in zip(across.tolist(), up.tolist(), strict=True)]

    return Figure("curves", title, _all(lines, pairs), xlabel, ylabel, low, high)


def image(
    title: str, pixels: Any, *, low: float | None = None, high: float | None = None, lines: Sequence[float] = ()
) -> Figure:
    """A map [rows, columns] in shades: edges, depth, attention. `lines` part it both ways, before that row and column.

    Without `low` and `high` the shades span the values of both sides together.
    """
    tensor = _tensor(pixels)
    if tensor.dim() != 2 or not tensor.numel():
        raise NotDrawable(f"an image of shape {tuple(tensor.shape)}, not [rows, columns]")
    steps = [max(1, math.ceil(side / MAX_SIDE)) for side in tensor.shape]
    thin = tensor[:: steps[0], :: steps[1]]
    return Figure("image", title, (Series("", thin.tolist()),), low=low, high=high, lines=tuple(lines))


def bars(title: str, heights: Mapping[str, float], *, ylabel: str = "") -> Figure:
    """Named bars."""
    names = tuple(heights)[:24]
    rows = [[float(i), float(_tensor(heights[name]).reshape(()))] for i, name in enumerate(names)]
    return Figure("bars", title, (Series("", rows),), ylabel=ylabel, names=names)


def _all(given: Mapping[str, Any], read: Any) -> tuple[Series, ...]:
    return tuple(Series(name, _thinned(read(data))) for name, data in list(given.items())[:MAX_SERIES])


def _tensor(value: Any) -> Tensor:
    """Finite numbers of at most 32 bits' size on the CPU; what is no number is told as NaN, which is not drawn."""
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
    """Every so manieth row, the last one always; rows with NaN stay as gaps for who draws."""
    step = max(1, math.ceil(len(rows) / MAX_POINTS))
    return rows[::step] + (rows[-1:] if (len(rows) - 1) % step else [])
