"""Points of a student's work by the policy of course.toml.

`course standings`, gradebooks and the cohort report all use this module, so their points are the same. `marks` says
which versions are handed in and which attempt belongs to each; this module does not decide that. Only the time of
submission counts, never the time of grading.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from blindgrade.attempts.current import AnyAttempt
from blindgrade.attempts.decision import Decision
from blindgrade.attempts.effects import UNDECIDED, Decisions, Earned, Effects, last_due
from blindgrade.attempts.handed_in import HandedIn, up_to_date
from blindgrade.clock import instant, is_known, utc
from blindgrade.models import Late, Level, Policy
from blindgrade.student_view import feedback_levels

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Standing:
    """A student's points for a lesson after the policy.

    counted: keys of the attempts that count. earned: points before the deduction for lateness.
    days_late, from_bank: of the attempt that counts; with "mean" the largest of all attempts.
    time_unknown: the time of an attempt that counts is not known. late_marker: `days_late` is from the late marker of
    another system. up_to_date: see `HandedIn`.

    What an instructor decided is in `decisions`. excused: there is no mark, and the points are 0. extended_to: the
    student's own due time. adjusted: the part of `points` that a decision about the lesson added, after lateness.
    exercises: points of the exercises that a decision changed, before lateness. A standing without an attempt that
    counts has a mark by a decision alone.
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
    excused: bool = False
    extended_to: str | None = None
    adjusted: float = 0.0
    exercises: Mapping[str, float] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True)
class _Valued:
    version: HandedIn[AnyAttempt]
    attempt: AnyAttempt
    earned: Earned
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
    decisions: Decisions = UNDECIDED,
) -> list[Standing]:
    """Standings of the student in each lesson with a graded version, sorted by the time when the lessons are due.

    Lessons from which the student is excused, and those with adjusted points, have a standing without a version, too.
    `handed_in` has the versions of each lesson, oldest first. Late days are taken from the bank in the order of due
    times, so a later lesson never changes the points of an earlier one.
    """
    bank = policy.late.bank
    found = []
    for lesson in sorted({*handed_in, *decisions.lessons}, key=lambda name: due_order(name, policy, decisions)):
        versions, effects = handed_in.get(lesson, ()), decisions.of(lesson)
        due = effects.due(policy.due.get(lesson))
        valued = [
            _value(version, version.attempt, effects, due, policy.late, bank)
            for version in versions
            if version.attempt is not None
        ]
        if effects.excused or (effects.adjusted and not valued):
            standing = _without(student, lesson, valued, effects)
        elif valued:
            standing = _stand(student, lesson, valued, policy)
            bank -= standing.from_bank
        else:
            continue
        now = effects.excused or not versions or up_to_date(versions, policy.attempts)
        found.append(with_decisions(replace(standing, up_to_date=now), effects, policy.due.get(lesson)))
    return found


def due_order(lesson: str, policy: Policy, decisions: Decisions = UNDECIDED) -> tuple[datetime, str]:
    """Sort key of lessons: the time when they are due. Lessons without such a time come last."""
    return decisions.due(lesson, policy.due.get(lesson)) or datetime.max.replace(tzinfo=UTC), lesson


def feedback_level(lesson: str, policy: Policy, now: datetime, decided: Iterable[Decisions]) -> Level:
    """What students may read about the lesson at this time. `decided` has the decisions about every student.

    Without a due date, it never becomes `after`. Else it waits until nobody's work is in time any more.
    """
    before, after = feedback_levels(policy.feedback, lesson)
    due = last_due(lesson, policy.due.get(lesson), decided)
    return before if due is None or now <= due else after


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


def _value(
    version: HandedIn[AnyAttempt], attempt: AnyAttempt, effects: Effects, due: datetime | None, late: Late, bank: int
) -> _Valued:
    earned = effects.earned(attempt.submission.sha256, attempt.points, attempt.exercises)
    # The other system does not know of the extension, so its late marker says nothing.
    days = days_late(version.submitted_at, due, late, version.late and not effects.extended)
    if late.days is not None and days > late.days:
        return _Valued(version, attempt, earned, 0.0, days, 0)
    from_bank = min(days, bank)
    share = max(0.0, 1 - late.penalty * (days - from_bank))
    return _Valued(version, attempt, earned, round(earned.points * share, 6), days, from_bank)


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
        earned=round(sum(v.earned.points for v in counted) / len(counted), 6),
        days_late=last.days_late,
        from_bank=max(v.from_bank for v in counted),
        counted=tuple(v.attempt.key for v in counted),
        time_unknown=any(not is_known(v.version.submitted_at) for v in counted),
        late_marker=last.by_marker,
        exercises=_exercises(counted),
    )


def _exercises(counted: list[_Valued]) -> dict[str, float]:
    """Points of every exercise that a decision changed: the mean of the attempts that count."""
    found = {}
    for name in {name for one in counted for name in one.earned.exercises}:
        each = [one.earned.exercises.get(name, _points(one.attempt, name)) for one in counted]
        found[name] = round(sum(each) / len(each), 6)
    return found


def _points(attempt: AnyAttempt, exercise: str) -> float:
    return next((one.points for one in attempt.exercises if one.name == exercise), 0.0)


def _without(student: str, lesson: str, valued: list[_Valued], effects: Effects) -> Standing:
    """Standing of a student who is excused, or who has only what a decision gives."""
    most = valued[-1].attempt.max_points if valued else 0.0
    earned = Earned(0.0, {}) if effects.excused else effects.earned("", 0.0, ())
    return Standing(student, lesson, earned.points, most, earned.points, 0, 0, (), exercises=earned.exercises)


def with_decisions(standing: Standing, effects: Effects, due: datetime | None) -> Standing:
    """The standing with what was decided about the lesson."""
    own = effects.due(due)
    points = 0.0 if effects.excused else effects.final(standing.points)
    return replace(
        standing,
        points=points,
        excused=effects.excused,
        extended_to=utc(own) if own is not None and own != due else None,
        adjusted=round(points - standing.points, 6),
        decisions=effects.decisions,
    )
