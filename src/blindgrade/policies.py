"""Points of a student's attempts by the policy of course.toml.

`course standings`, gradebooks and the cohort report all use this module, so their points are the same. Only the time of
submission counts, never the time of grading.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from blindgrade.attempts.current import AnyAttempt, newest_gradings
from blindgrade.clock import instant
from blindgrade.models import Late, Level, Policy
from blindgrade.student_view import feedback_levels

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """A student's points for a lesson after the policy.

    counted: keys of the attempts that count. earned: points before the deduction for lateness.
    days_late, from_bank: of the attempt that counts; with "mean" the largest of all attempts.
    """

    student: str
    lesson: str
    points: float
    max_points: float
    earned: float
    days_late: int
    from_bank: int
    counted: tuple[str, ...]


@dataclass(frozen=True)
class _Valued:
    attempt: AnyAttempt
    points: float
    days_late: int
    from_bank: int


def standings(student: str, attempts: Mapping[str, Sequence[AnyAttempt]], policy: Policy) -> list[Standing]:
    """Standings of the student in each lesson that has attempts, sorted by the time when the lessons are due.

    Late days are taken from the bank in that order, so a later lesson never changes the points of an earlier one.
    """
    bank = policy.late.bank
    found = []
    for lesson in sorted(attempts, key=lambda name: due_order(name, policy)):
        valued = [_value(a, policy.due.get(lesson), policy.late, bank) for a in newest_gradings(attempts[lesson])]
        if valued:
            standing = _stand(student, lesson, valued, policy)
            bank -= standing.from_bank
            found.append(standing)
    return found


def due_order(lesson: str, policy: Policy) -> tuple[datetime, str]:
    """Sort key of lessons: the time when they are due. Lessons without such a time come last."""
    return policy.due.get(lesson, datetime.max.replace(tzinfo=UTC)), lesson


def last_due(lesson: str, policy: Policy) -> datetime | None:
    """Last moment at which somebody's work on the lesson is due; None if the lesson has no due date.

    What one student reads, another one can read too. So feedback waits for the last of all.
    """
    return policy.due.get(lesson)


def feedback_level(lesson: str, policy: Policy, now: datetime) -> Level:
    """What students may read about the lesson at this time. Without a due date, it never becomes `after`."""
    before, after = feedback_levels(policy.feedback, lesson)
    due = last_due(lesson, policy)
    return before if due is None or now <= due else after


def days_late(submitted_at: str | None, due: datetime | None, late: Late) -> int:
    """Number of days begun since the work was due. 0 if it came in time, or if its time is unknown."""
    if due is None or submitted_at is None:
        return 0
    over = instant(submitted_at) - due
    return math.ceil(over / DAY) if over > timedelta(minutes=late.grace_minutes) else 0


def _value(attempt: AnyAttempt, due: datetime | None, late: Late, bank: int) -> _Valued:
    days = days_late(attempt.submitted_at, due, late)
    if late.days is not None and days > late.days:
        return _Valued(attempt, 0.0, days, 0)
    from_bank = min(days, bank)
    share = max(0.0, 1 - late.penalty * (days - from_bank))
    return _Valued(attempt, round(attempt.points * share, 6), days, from_bank)


def _stand(student: str, lesson: str, valued: list[_Valued], policy: Policy) -> Standing:
    if policy.attempts == "best":
        # If points are equal, the attempt that takes fewer days from the bank counts, then the earlier one.
        counted = [max(valued, key=lambda v: (v.points, -v.from_bank))]
    else:
        counted = valued if policy.attempts == "mean" else valued[-1:]
    last = max(counted, key=lambda v: v.days_late)
    return Standing(
        student,
        lesson,
        points=round(sum(v.points for v in counted) / len(counted), 6),
        max_points=counted[-1].attempt.max_points,
        earned=round(sum(v.attempt.points for v in counted) / len(counted), 6),
        days_late=last.days_late,
        from_bank=max(v.from_bank for v in counted),
        counted=tuple(v.attempt.key for v in counted),
    )
