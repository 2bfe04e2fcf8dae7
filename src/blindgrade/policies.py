"""Points of a student's work by the policy of course.toml.

`course standings`, gradebooks and the cohort report all use this module, so their points are the same. `marks` says
which versions are handed in and which attempt belongs to each; this module does not decide that. Only the time of
submission counts, never the time of grading.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from blindgrade.attempts.current import AnyAttempt
from blindgrade.attempts.handed_in import HandedIn, up_to_date
from blindgrade.clock import instant, is_known
from blindgrade.models import Late, Policy

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Decisions:
    """What an instructor decided about one student. These are the decisions that change nothing."""

    def due(self, lesson: str, due: datetime | None) -> datetime | None:
        """Time when the student's work for the lesson is due."""
        return due


@dataclass(frozen=True)
class Standing:
    """A student's points for a lesson after the policy.

    counted: keys of the attempts that count. earned: points before the deduction for lateness.
    days_late, from_bank: of the attempt that counts; with "mean" the largest of all attempts.
    time_unknown: the time of an attempt that counts is not known. late_marker: `days_late` is from the late marker of
    another system. up_to_date: see `HandedIn`.
    """

    student: str
    lesson: str
    points: float
    max_points: float
    earned: float
    days_late: int
    from_bank: int
    counted: tuple[str, ...]
    time_unknown: bool = False
    late_marker: bool = False
    up_to_date: bool | None = True


@dataclass(frozen=True)
class _Valued:
    version: HandedIn[AnyAttempt]
    attempt: AnyAttempt
    points: float
    days_late: int
    from_bank: int

    @property
    def by_marker(self) -> bool:
        """Does only the late marker say that the work is late?"""
        return self.days_late > 0 and not is_known(self.version.submitted_at)


def standings(
    student: str,
    handed_in: Mapping[str, Sequence[HandedIn[AnyAttempt]]],
    policy: Policy,
    *,
    decisions: Decisions = Decisions(),  # it is frozen
) -> list[Standing]:
    """Standings of the student in each lesson with a graded version, sorted by the time when the lessons are due.

    `handed_in` has the versions of each lesson, oldest first. Late days are taken from the bank in the order of due
    times, so a later lesson never changes the points of an earlier one.
    """
    bank = policy.late.bank
    found = []
    for lesson in sorted(handed_in, key=lambda name: due_order(name, policy)):
        due = decisions.due(lesson, policy.due.get(lesson))
        valued = [
            _value(version, version.attempt, due, policy.late, bank)
            for version in handed_in[lesson]
            if version.attempt is not None
        ]
        if valued:
            standing = _stand(student, lesson, valued, policy, up_to_date(handed_in[lesson], policy.attempts))
            bank -= standing.from_bank
            found.append(standing)
    return found


def due_order(lesson: str, policy: Policy) -> tuple[datetime, str]:
    """Sort key of lessons: the time when they are due. Lessons without such a time come last."""
    return policy.due.get(lesson, datetime.max.replace(tzinfo=UTC)), lesson


def days_late(submitted_at: str | None, due: datetime | None, late: Late, marker: bool | None = None) -> int:
    """Number of days begun since the work was due.

    0 if it came in time. If its time is unknown, the late marker counts: 1 with it, because a day has begun, else 0.
    """
    if not is_known(submitted_at):
        return 1 if marker else 0
    if due is None:
        return 0
    over = instant(submitted_at) - due
    return math.ceil(over / DAY) if over > timedelta(minutes=late.grace_minutes) else 0


def _value(version: HandedIn[AnyAttempt], attempt: AnyAttempt, due: datetime | None, late: Late, bank: int) -> _Valued:
    days = days_late(version.submitted_at, due, late, version.late)
    if late.days is not None and days > late.days:
        return _Valued(version, attempt, 0.0, days, 0)
    from_bank = min(days, bank)
    share = max(0.0, 1 - late.penalty * (days - from_bank))
    return _Valued(version, attempt, round(attempt.points * share, 6), days, from_bank)


def _stand(student: str, lesson: str, valued: list[_Valued], policy: Policy, now: bool | None) -> Standing:
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
        time_unknown=any(not is_known(v.version.submitted_at) for v in counted),
        late_marker=last.by_marker,
        up_to_date=now,
    )
