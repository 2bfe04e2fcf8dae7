"""What a student reads about a submission, when, and how much that can be: levels, quota, capacity, time.

The rules are in course.toml under [policy.feedback]; `docs/service.md` explains them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from blindgrade.models import Level, Policy, Quota

GRID_SECONDS = 2.0  # results with counts or checks appear on this grid
SLOT_SECONDS = 10.0  # others appear after this time, or after twice, four times … as long
HOUR, DAY = 3600.0, 86400.0


def slots(level: Level, seconds: float) -> list[float]:
    """Times after acceptance at which a result may appear, if a grading takes at most `seconds`."""
    if level in (Level.COUNTS, Level.CHECKS):
        return [GRID_SECONDS * number for number in range(1, math.ceil(seconds / GRID_SECONDS) + 1)]
    found = [SLOT_SECONDS]
    while found[-1] < seconds:
        found.append(found[-1] * 2)
    return found


def shown_at(level: Level, accepted_at: float, graded_at: float) -> float:
    """When a result appears. How long the code ran must not be read from it beyond the slots."""
    took = max(graded_at - accepted_at, 0.0)
    if level in (Level.COUNTS, Level.CHECKS):
        return accepted_at + GRID_SECONDS * max(1, math.ceil(took / GRID_SECONDS))
    slot = SLOT_SECONDS
    while slot < took:
        slot *= 2
    return accepted_at + slot


@dataclass(frozen=True)
class Capacity:
    """Most bits that one submission can carry out of the hidden checks: by its result, and by its time."""

    result: float
    time: float

    @property
    def bits(self) -> float:
        """Both together."""
        return self.result + self.time


def capacity(level: Level, weights: Sequence[Sequence[float]], seconds: float) -> Capacity:
    """Capacity of a level, from the points of each exercise's checks and the lesson's limit of time.

    A check is one bit: passed or not. Words that a failed check may add (its hint, the kind of an exception) are not
    counted here; docs/service.md says so.
    """
    if level is Level.NOTHING:
        return Capacity(0.0, 0.0)
    counts = [len(own) for own in weights]
    bits = {
        Level.TOTAL: math.log2(_totals([one for own in weights for one in own])),
        Level.EXERCISES: float(len(counts)),
        Level.COUNTS: sum(
            math.log2(max(own + 1, _totals(points))) for own, points in zip(counts, weights, strict=True)
        ),
        Level.CHECKS: float(sum(counts)),
    }[level]
    return Capacity(bits, math.log2(len(slots(level, seconds))))


def _totals(points: Sequence[float]) -> int:
    """Number of different totals that the points of checks can have. Points are shown with two decimals."""
    found = {0}
    for one in (round(one * 100) for one in points):
        found |= {total + one for total in found}
    return len(found)


def over_quota(quota: Quota | None, earlier: Iterable[float], now: float) -> bool:
    """Has the student read as much as the quota allows? `earlier` are the times of submissions with full feedback."""
    if quota is None:
        return False
    times = list(earlier)
    hour, day = (sum(at > now - span for at in times) for span in (HOUR, DAY))
    return (quota.per_hour is not None and hour >= quota.per_hour) or (
        quota.per_day is not None and day >= quota.per_day
    )


def lesser(one: Level, other: Level) -> Level:
    """The level that shows less."""
    order = list(Level)
    return min(one, other, key=order.index)


def quota_of(policy: Policy, lesson: str) -> Quota | None:
    """Quota of the lesson; None if there is none."""
    if policy.feedback is None:
        return None
    own = policy.feedback.lessons.get(lesson)
    return own.quota if own is not None and own.quota is not None else policy.feedback.quota


def moment(seconds: float) -> datetime:
    """Time of the database as a time with a zone."""
    return datetime.fromtimestamp(seconds, UTC)
