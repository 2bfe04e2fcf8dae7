"""Classical item analysis: difficulty, discrimination, reliability. Rows are students, columns are exercises."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TAIL = 0.27  # Kelley 1939: the share that separates upper and lower best if the totals are normal
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """Estimate with its 95 % confidence limits."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ItemStatistics:
    """Figures of one exercise of a lesson. A figure is None if the scores do not define it.

    - `difficulty`: the mean share of the points (high is easy).
    - `passed`: the share of students who passed.
    - `point_biserial`: the correlation of passing with the points of all OTHER exercises.
    - `upper_lower`: the mean share of the upper 27 % of students minus that of the lower 27 %.
    - `alpha_without`: alpha of the lesson without this exercise.
    """

    difficulty: float
    passed: float
    point_biserial: Interval | None
    upper_lower: float | None
    alpha_without: float | None


def item_statistics(shares: Array, passed: Array, points: Array) -> list[ItemStatistics]:
    """Statistics of every column. `shares` and `passed` are in [0, 1]. `points` has each column's full points."""
    scores = shares * points
    total = scores.sum(axis=1)
    found = []
    for column in range(shares.shape[1]):
        others = np.delete(scores, column, axis=1)
        found.append(
            ItemStatistics(
                difficulty=float(shares[:, column].mean()),
                passed=float(passed[:, column].mean()),
                point_biserial=point_biserial(passed[:, column], others.sum(axis=1)),
                upper_lower=upper_lower(shares[:, column], total),
                alpha_without=alpha(others),
            )
        )
    return found


def point_biserial(passed: Array, rest: Array) -> Interval | None:
    """Correlation of a 0/1 column with a score. None if one of them does not vary, or for fewer than four rows."""
    from scipy import stats

    if len(passed) < 4 or _constant(passed) or _constant(rest):
        return None
    r = float(stats.pointbiserialr(passed, rest).statistic)
    # Fisher's z: the limits are symmetric in z, and they stay within -1 and 1 after the way back.
    z = math.atanh(max(-1 + 1e-12, min(1 - 1e-12, r)))
    half = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) / math.sqrt(len(passed) - 3)
    return Interval(r, math.tanh(z - half), math.tanh(z + half))


def share_interval(count: int, of: int) -> Interval:
    """Share `count / of` with Wilson's (1927) limits. They stay within 0 and 1, and hold for small numbers."""
    from scipy import stats

    if of == 0:
        return Interval(0.0, 0.0, 1.0)
    z = float(stats.norm.ppf((1 + CONFIDENCE) / 2))
    share, spread = count / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    # Rounding must not move the limit of a share of 0 or 1 away from it.
    return Interval(share, 0.0 if count == 0 else middle - half, 1.0 if count == of else middle + half)


def upper_lower(shares: Array, total: Array, tail: float = TAIL) -> float | None:
    """Mean share of the `tail` with the highest totals, minus that of the `tail` with the lowest totals.

    All students with the total at the cut have the same partial weight, so the order of the rows does not matter. None
    if there are fewer than four students, or if all have the same total.
    """
    if len(total) < 4 or _constant(total):
        return None
    size = tail * len(total)
    upper, lower = _tail_weights(total, size), _tail_weights(-total, size)
    return float(upper @ shares - lower @ shares) / size


def _tail_weights(total: Array, size: float) -> Array:
    ranked = np.sort(total)[::-1]
    cut = ranked[min(len(total), math.ceil(size)) - 1]
    above, at = total > cut, total == cut
    return np.where(above, 1.0, np.where(at, (size - above.sum()) / at.sum(), 0.0))


def alpha(scores: Array) -> float | None:
    """Cronbach's alpha of the columns. None with fewer than two students or columns, or if all totals are equal."""
    students, items = scores.shape
    if students < 2 or items < 2:
        return None
    total = float(scores.sum(axis=1).var(ddof=1))
    if total < 1e-12:
        return None
    return float(items / (items - 1)) * (1 - float(scores.var(axis=0, ddof=1).sum()) / total)


def alpha_interval(scores: Array) -> Interval | None:
    """Alpha with Feldt's (1965) limits. They are exact for normal scores and approximate for others."""
    from scipy import stats

    value = alpha(scores)
    if value is None:
        return None
    students, items = scores.shape
    freedom = (students - 1, (students - 1) * (items - 1))
    high, low = (float(stats.f.ppf(q, *freedom)) for q in ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return Interval(value, 1 - (1 - value) * low, 1 - (1 - value) * high)


def standard_error(scores: Array) -> float | None:
    """Standard error of measurement in points: the spread of one student's total over repeated tests.

    None if alpha is undefined.
    """
    value = alpha(scores)
    if value is None:
        return None
    return float(scores.sum(axis=1).std(ddof=1)) * math.sqrt(max(0.0, 1 - value))


def _constant(column: Array) -> bool:
    return float(np.ptp(column)) < 1e-9
