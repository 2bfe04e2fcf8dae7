"""Checks of lesson 1.1.1."""

import torch

from blindgrade.checks import Fail, Watch, check, error_of


def _rows(rng):
    return 2 * rng.normal(3, 3, dtype=torch.float64) + 5


@check("standardize", weight=3, public=True)
def has_mean_zero_and_spread_one(lesson, rng):
    """Each row has mean 0 and standard deviation 1."""
    values = _rows(rng)
    return lesson.standardize(values)


@check("standardize")
def works_on_a_single_row(lesson, rng):
    """A single row is standardized like a row of a batch, and the values given are left alone."""
    values = _rows(rng)[0]
    watch = Watch(values)
    return {"result": lesson.standardize(values), "input_unchanged": watch.unchanged()}


@check("standardize")
def refuses_one_value(lesson, rng):
    """One value has no spread and raises ValueError; two values have one."""
    one, two = rng.normal(4, 1), rng.normal(4, 2)
    return {"error": error_of(lesson.standardize, one), "two": lesson.standardize(two)}


@check("correlation", weight=2, public=True)
def compares_rows(lesson, rng):
    """The correlation is computed row by row."""
    first, second = _rows(rng), _rows(rng)
    return lesson.correlation(first, second)


@check("correlation")
def of_a_row_with_itself(lesson, rng):
    """A row correlates with itself by 1 and with its opposite by -1."""
    row = _rows(rng)
    return [lesson.correlation(row, row), lesson.correlation(row, -row), lesson.correlation(row[0], -row[0])]


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
