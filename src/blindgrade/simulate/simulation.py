"""An invented cohort: students of known ability, their answers and their times. Equal seeds give equal cohorts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
from numpy.random import Generator

from blindgrade.models import Lesson

FIRST_DUE = datetime(2026, 9, 14, 20, tzinfo=UTC)  # a fixed date, so that equal seeds give equal cohorts on every day
WEEK = timedelta(days=7)
COPIERS = 0.02
MOST_VERSIONS = 5


@dataclass(frozen=True)
class Choice:
    """Answer of a student to an exercise: the solution, an alternative, a misconception, or nothing (the stub)."""

    kind: Literal["solution", "alternative", "misconception", "stub"]
    name: str = ""

    @property
    def right(self) -> bool:
        """Whether the exercise is solved."""
        return self.kind in ("solution", "alternative")


@dataclass(frozen=True)
class KnownAnswers:
    """A lesson, and the names of the known answers to each exercise."""

    lesson: Lesson
    alternatives: Mapping[str, Sequence[str]]
    misconceptions: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Version:
    """Submission of a student at one time: a choice for each exercise of the lesson."""

    submitted_at: datetime
    choices: dict[str, Choice]


@dataclass
class SimulatedStudent:
    """A student with the truth about them. `copied_from` is the student whose answers they submitted as their own."""

    id: str
    ability: float
    copied_from: str | None = None
    versions: dict[str, list[Version]] = field(default_factory=dict)


@dataclass(frozen=True)
class ItemTruth:
    """Difficulty of an exercise, and how well it separates able students from others, on the scale of abilities."""

    difficulty: float
    discrimination: float


@dataclass(frozen=True)
class SimulatedCohort:
    """Students, and the truth about the exercises by "lesson/exercise"."""

    seed: int
    students: list[SimulatedStudent]
    items: dict[str, ItemTruth]


def simulate(answers: Sequence[KnownAnswers], students: int, seed: int) -> SimulatedCohort:
    """A drawn cohort. Abilities are standard normal. The two-parameter logistic law says who solves an exercise."""
    rng = np.random.default_rng(seed)
    items = {
        f"{known.lesson.id}/{e.name}": ItemTruth(
            difficulty=float(0.6 * (e.difficulty - 3) - 0.3 + 0.2 * rng.normal()),
            discrimination=float(np.exp(0.3 + 0.3 * rng.normal())),
        )
        for known in answers
        for e in known.lesson.exercises
    }
    popular = {
        f"{known.lesson.id}/{exercise}": rng.dirichlet(np.full(len(names), 0.8))
        for known in answers
        for exercise, names in known.misconceptions.items()
        if names
    }
    width = len(str(students))
    cohort = [SimulatedStudent(f"s{n + 1:0{width}}", float(rng.normal())) for n in range(students)]
    for student in cohort:
        for number, known in enumerate(answers):
            if rng.random() >= _share(-student.ability - 3.5):  # able students rarely miss a lesson
                final = {
                    e.name: _choice(rng, student.ability, known, e.name, items, popular) for e in known.lesson.exercises
                }
                student.versions[known.lesson.id] = _history(rng, known, final, FIRST_DUE + number * WEEK, popular)
    _let_some_copy(rng, cohort)
    return SimulatedCohort(seed, cohort, items)


def _share(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _choice(
    rng: Generator,
    ability: float,
    known: KnownAnswers,
    exercise: str,
    items: Mapping[str, ItemTruth],
    popular: Mapping[str, np.ndarray],
) -> Choice:
    item = items[f"{known.lesson.id}/{exercise}"]
    if rng.random() < _share(item.discrimination * (ability - item.difficulty)):
        others = known.alternatives.get(exercise, ())
        if others and rng.random() < 0.4:
            return Choice("alternative", others[int(rng.integers(len(others)))])
        return Choice("solution")
    given_up = rng.random() < _share(-ability - 1.5)
    return Choice("stub") if given_up else _wrong(rng, known, exercise, popular)


def _wrong(rng: Generator, known: KnownAnswers, exercise: str, popular: Mapping[str, np.ndarray]) -> Choice:
    names = known.misconceptions.get(exercise, ())
    if not names:
        return Choice("stub")
    return Choice("misconception", names[int(rng.choice(len(names), p=popular[f"{known.lesson.id}/{exercise}"]))])


def _history(
    rng: Generator, known: KnownAnswers, final: dict[str, Choice], due: datetime, popular: Mapping[str, np.ndarray]
) -> list[Version]:
    """Versions up to the final one. An earlier version has fewer right answers and more stubs."""
    count = min(MOST_VERSIONS, 1 + int(rng.poisson(1.2)))
    choices = [final]
    for _ in range(count - 1):
        choices.insert(0, {name: _earlier(rng, known, name, choices[0][name], popular) for name in final})
    at = due - timedelta(minutes=float(rng.uniform(30, 6 * 24 * 60)))
    times = [at]
    for _ in range(count - 1):
        at += timedelta(minutes=float(rng.exponential(6 * 60)) + 5)
        times.append(at)
    return [Version(t.replace(microsecond=0), c) for t, c in zip(times, choices, strict=True)]


def _earlier(
    rng: Generator, known: KnownAnswers, exercise: str, later: Choice, popular: Mapping[str, np.ndarray]
) -> Choice:
    draw = rng.random()
    if later.right:
        return later if draw < 0.65 else Choice("stub") if draw < 0.8 else _wrong(rng, known, exercise, popular)
    return later if draw < 0.7 else Choice("stub")


def _let_some_copy(rng: Generator, cohort: list[SimulatedStudent]) -> None:
    """Let a few students submit another student's last version of every lesson, two hours later.

    No student copies from a student who copied.
    """
    count = round(COPIERS * len(cohort))
    drawn = [cohort[int(n)] for n in rng.permutation(len(cohort))[: 2 * count]]
    for copier, source in zip(drawn[:count], drawn[count:], strict=True):
        copier.copied_from = source.id
        copier.versions = {
            lesson: [Version(versions[-1].submitted_at + timedelta(hours=2), dict(versions[-1].choices))]
            for lesson, versions in source.versions.items()
        }
