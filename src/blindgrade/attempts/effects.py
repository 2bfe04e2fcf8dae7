"""What the decisions in force mean for one student's mark in one lesson. Only `policies.py` uses the results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from blindgrade.attempts.decision import Decision, DecisionKind
from blindgrade.clock import instant


class Graded(Protocol):
    """The fields of an exercise's result that a decision can change."""

    @property
    def name(self) -> str:
        """Name of the exercise."""
        ...

    @property
    def points(self) -> float:
        """Points of the exercise."""
        ...


@dataclass(frozen=True)
class Earned:
    """Points of a submission before lateness. `exercises` has every exercise whose points a decision changed."""

    points: float
    exercises: Mapping[str, float]


@dataclass(frozen=True)
class Effects:
    """Decisions in force about one student and lesson, in their order."""

    decisions: tuple[Decision, ...] = ()

    @property
    def excused(self) -> bool:
        """Does the student have no mark in this lesson?"""
        return any(one.kind is DecisionKind.EXCUSE for one in self.decisions)

    @property
    def extended(self) -> bool:
        """Does the student have an own due date?"""
        return any(one.kind is DecisionKind.EXTEND for one in self.decisions)

    def due(self, due: datetime | None) -> datetime | None:
        """Time when the lesson is due for the student. It is never earlier than for the others.

        Days of several extensions add up. A time replaces the days and times decided before it. A lesson without a due
        date stays without one.
        """
        if due is None:
            return None
        found = due
        for one in self.decisions:
            if one.until is not None:
                found = instant(one.until).astimezone(due.tzinfo)
            elif one.days is not None:
                found += timedelta(days=one.days)
        return max(found, due)

    def kept(self, submission: str, points: float, exercises: Sequence[Graded]) -> Earned:
        """Points of a submission with this digest: the higher of its points and those kept over a change of checks."""
        kept = [one.kept for one in self.decisions if one.kept is not None and one.kept.submission == submission]
        best = max(kept, key=lambda one: one.old_points, default=None)
        if best is None or best.old_points <= points:
            return Earned(points, {})
        return Earned(best.old_points, {one.name: best.exercises.get(one.name, 0.0) for one in exercises})

    def earned(self, submission: str, points: float, exercises: Sequence[Graded]) -> Earned:
        """Points of a submission before lateness: those of `kept`, then with the exercises' adjustments.

        An exercise without a result has 0 points.
        """
        kept = self.kept(submission, points, exercises)
        points = kept.points
        found = {one.name: one.points for one in exercises} | dict(kept.exercises)
        changed = dict(kept.exercises)
        for name in dict.fromkeys(one.exercise for one in self.decisions if one.exercise is not None):
            before = found.get(name, 0.0)
            changed[name] = _adjusted(before, [one for one in self.decisions if one.exercise == name])
            points += changed[name] - before
        return Earned(max(0.0, round(points, 6)), changed)

    @property
    def adjusted(self) -> bool:
        """Did an instructor adjust points? Then there is a mark, also if nothing was handed in."""
        return any(one.kind is DecisionKind.ADJUST for one in self.decisions)

    def final(self, points: float) -> float:
        """Points of the lesson after the deduction for lateness, with the lesson's adjustments."""
        own = [one for one in self.decisions if one.kind is DecisionKind.ADJUST and one.exercise is None]
        return _adjusted(points, own)


NONE = Effects()


@dataclass(frozen=True)
class Decisions:
    """Decisions in force about one student, by lesson. The default changes nothing."""

    lessons: Mapping[str, Effects] = field(default_factory=dict)

    def of(self, lesson: str) -> Effects:
        """Effects in this lesson."""
        return self.lessons.get(lesson, NONE)

    def due(self, lesson: str, due: datetime | None) -> datetime | None:
        """Time when the student's work for the lesson is due."""
        return self.of(lesson).due(due)


UNDECIDED = Decisions()


def last_due(lesson: str, due: datetime | None, decided: Iterable[Decisions]) -> datetime | None:
    """Time after which nobody's work for the lesson is in time any more. What one student reads, another can read."""
    times = [time for one in decided if (time := one.due(lesson, due)) is not None]
    return max(times, default=due)


def by_student(decisions: Iterable[Decision]) -> dict[str, Decisions]:
    """Decisions in force, by student."""
    found: dict[str, dict[str, list[Decision]]] = {}
    for one in decisions:
        found.setdefault(one.student, {}).setdefault(one.lesson, []).append(one)
    return {
        student: Decisions({lesson: Effects(tuple(own)) for lesson, own in lessons.items()})
        for student, lessons in found.items()
    }


def _adjusted(points: float, adjustments: Sequence[Decision]) -> float:
    """Points after adjustments: from the last that sets points on, with all differences added. Never below 0."""
    for one in adjustments:
        points = one.points if one.points is not None else points + (one.by or 0.0)
    return max(0.0, round(points, 6))
