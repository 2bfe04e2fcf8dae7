"""Public checks of lesson-1.1.1: Basics. Made by `course build`; do not edit."""

from __future__ import annotations

import torch
from blindgrade.checks import Fail, check


def _rows(rng):
    return 2 * rng.normal(3, 3, dtype=torch.float64) + 5

@check("standardize", weight=3, public=True)
def has_mean_zero_and_spread_one(lesson, rng):
    """Each row has mean 0 and standard deviation 1."""
    values = _rows(rng)
    return lesson.standardize(values)

@check("correlation", weight=2, public=True)
def compares_rows(lesson, rng):
    """The correlation is computed row by row."""
    first, second = _rows(rng), _rows(rng)
    return lesson.correlation(first, second)

def _near_the_line(result, expected, rng):
    slope, offset = rng.number(1, 2), rng.number(1, 2)
    if (result - (slope * torch.linspace(-1, 1, 5) + offset)).abs().max() < 0.01:
        return
    if result.abs().max() == 0:
        raise Fail("the fitted line is still where it began")
    if result.abs().max() > 100 or result.isnan().any():
        raise Fail("the fitted line ran away", misconception="uphill")
    if (result[-1] - result[0]).abs() < 0.01:
        raise Fail("the fitted line is flat", misconception="slope_forgotten")
    if result.mean().abs() < 0.01:
        raise Fail("the fitted line goes through the origin", misconception="offset_forgotten")
    if (result - (slope * torch.linspace(-1, 1, 5) + offset)).abs().max() < 1:
        raise Fail("the fitted line is on its way", misconception="stops_early")
    raise Fail("the fitted line is far from the points")

def _points(rng):
    """Points on the line that is to be found; the line itself stays here."""
    slope, offset = rng.number(1, 2), rng.number(1, 2)
    x = torch.linspace(-1, 1, 9)
    return {"x": x, "y": slope * x + offset}

@check("fit_line", public=True, verdict=_near_the_line, reference=False, inputs=_points)
def finds_the_line(lesson, rng, points):
    """The fitted line is the one that the points lie on."""
    return lesson.fit_line(points["x"], points["y"])(torch.linspace(-1, 1, 5))
