"""Numbers of one lesson: the distribution of points, its exercises as items of a test, time and attempts."""

from __future__ import annotations

import statistics as plain
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from blindgrade.clock import instant
from blindgrade.cohort_report.records import Record
from blindgrade.cohort_report.remarks import EVERYONE, remarks, surely_failed
from blindgrade.cohort_report.statistics import (
    Array,
    Interval,
    ItemStatistics,
    alpha_interval,
    item_statistics,
    standard_error,
)
from blindgrade.models import Exercise, ExerciseResult, Lesson, Outcome


@dataclass(frozen=True)
class Item:
    """Results of the cohort in an exercise. `tries` is the median number of submissions until it passed."""

    exercise: Exercise
    statistics: ItemStatistics
    outcomes: dict[Outcome, int]
    tries: float | None
    remarks: list[str]

    @property
    def to_look_at(self) -> bool:
        """Whether an instructor has something to change. An exercise that everyone passes needs no change."""
        return bool(set(self.remarks) - {EVERYONE})


@dataclass(frozen=True)
class Odd:
    """A check that no student or every student passes. `tried` is the number of students who reached it."""

    exercise: str
    check: str
    claim: str
    public: bool
    tried: int
    passed: int

    @property
    def never(self) -> bool:
        """Whether no one passes it, and so many reached it that this is no chance."""
        return self.passed == 0 and surely_failed(self.tried)


@dataclass(frozen=True)
class LessonNumbers:
    """Numbers of one lesson. `left_out` students had a check that the grader could not judge.

    `points` are the points by the policy, before lateness. Exercises, alpha and checks use one attempt of each student.
    The files of `unread` students never loaded. Their points are 0, and no other figure has them.
    """

    lesson: Lesson
    points: list[float]
    items: list[Item]
    alpha: Interval | None
    standard_error: float | None
    left_out: int
    unread: int
    odd: list[Odd]
    submissions: list[int]
    hours: list[float]
    seconds: list[float]


def lesson_numbers(lesson: Lesson, records: Sequence[Record]) -> LessonNumbers:
    """Numbers of a lesson, from its records. There must be at least one record."""
    loaded = [r for r in records if not r.unread]
    judged = [r for r in loaded if all(e.outcome is not Outcome.ERROR for e in r.counted.exercises)]
    shares, passed = _matrix(lesson, judged)
    points = np.array([e.points for e in lesson.exercises])
    found = item_statistics(shares, passed, points) if judged else []
    return LessonNumbers(
        lesson=lesson,
        points=[r.points for r in records],
        items=[_item(e, s, loaded) for e, s in zip(lesson.exercises, found, strict=False)],
        alpha=alpha_interval(shares * points) if judged else None,
        standard_error=standard_error(shares * points) if judged else None,
        left_out=len(loaded) - len(judged),
        unread=len(records) - len(loaded),
        odd=_odd(loaded),
        submissions=[len(r.submissions) for r in records],
        hours=[_hours(r) for r in records if len(r.submissions) > 1 and r.submissions[0].submitted_at],
        seconds=[r.counted.seconds for r in records],
    )


def result_of(record: Record, exercise: str) -> ExerciseResult | None:
    """Result of the exercise in the student's attempt that counts; None if the attempt is older than the exercise."""
    return next((r for r in record.counted.exercises if r.name == exercise), None)


def _matrix(lesson: Lesson, records: Sequence[Record]) -> tuple[Array, Array]:
    shares = np.zeros((len(records), len(lesson.exercises)))
    passed = np.zeros_like(shares)
    for row, record in enumerate(records):
        results = {r.name: r for r in record.counted.exercises}
        for column, exercise in enumerate(lesson.exercises):
            result = results.get(exercise.name)
            if result is not None and result.max_points > 0:
                shares[row, column] = result.points / result.max_points
                passed[row, column] = result.outcome is Outcome.PASSED
    return shares, passed


def _item(exercise: Exercise, found: ItemStatistics, records: Sequence[Record]) -> Item:
    results = [result_of(r, exercise.name) for r in records]
    outcomes = {o: sum(r is not None and r.outcome is o for r in results) for o in Outcome}
    tries = [t for t in (_tries(r, exercise.name) for r in records) if t]
    return Item(exercise, found, outcomes, plain.median(tries) if tries else None, remarks(found, outcomes))


def _tries(record: Record, exercise: str) -> int:
    for number, attempt in enumerate(record.submissions, start=1):
        if any(r.name == exercise and r.outcome is Outcome.PASSED for r in attempt.exercises):
            return number
    return 0


def _odd(records: Sequence[Record]) -> list[Odd]:
    tried: dict[tuple[str, str], list[bool]] = {}
    said: dict[tuple[str, str], tuple[str, bool]] = {}
    for record in records:
        for result in record.counted.exercises:
            for check in result.checks:
                key = (result.name, check.name)
                said[key] = (check.claim, check.public)
                outcomes = tried.setdefault(key, [])
                if check.outcome in (Outcome.PASSED, Outcome.FAILED):
                    outcomes.append(check.outcome is Outcome.PASSED)
    return [
        Odd(exercise, check, *said[exercise, check], tried=len(outcomes), passed=sum(outcomes))
        for (exercise, check), outcomes in tried.items()
        if outcomes and (all(outcomes) or not any(outcomes))
    ]


def _hours(record: Record) -> float:
    times = [instant(a.submitted_at) for a in record.submissions]
    return (times[-1] - times[0]).total_seconds() / 3600
