"""From the attempts of a cohort to what counts for each student and lesson, by the course's policy.

Attempts are read in two passes: what the policy needs of every attempt, then the results of those that count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel
from typing_extensions import TypedDict

from blindgrade.attempts.reading import AttemptSummary, Misplaced, Part, StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.gradebook.errors import GradebookError
from blindgrade.models import ExerciseResult, Outcome, Policy
from blindgrade.policies import Standing, standings


class CheckScore(TypedDict):
    """What a gradebook needs of a check. A plain dict: a cohort has millions, and models take six times as long."""

    claim: str
    outcome: str
    message: str
    hint: str
    misconception: str | None


class ExerciseScore(BaseModel):
    """What a gradebook needs of an exercise's result."""

    name: str
    title: str
    outcome: Outcome
    points: float
    max_points: float
    checks: list[CheckScore]

    @classmethod
    def of(cls, result: ExerciseResult) -> Self:
        """The part of a result that a gradebook needs."""
        return cls.model_validate(result.model_dump())


class Score(AttemptSummary):
    """What counts of a student's attempts at a lesson: the latest of those that the policy counts.

    `points` are those of the policy, `earned` what they were before anything was taken off for lateness. Where the
    policy takes the mean, so are the exercises' points; what is said of them is of the latest.
    """

    exercises: list[ExerciseScore]
    earned: float = 0.0
    days_late: int = 0


@dataclass
class LessonScores:
    """What counts for each student of one lesson, students in order; notes about what was left out."""

    lesson: str
    attempts: dict[str, Score]
    notes: list[str]


def read_scores(folder: Path, policy: Policy, lessons: Sequence[str] | None = None) -> Iterator[LessonScores]:
    """The lessons of `folder` one by one, so that a large cohort's results are never all in memory.

    `lessons` are ids; None takes all. Raises GradebookError if the folder or a lesson that was named is not there.
    """
    if not folder.is_dir():
        raise GradebookError(f"{folder} is no folder; grade first (`course grade`), or name the folder with --attempts")
    store = AttemptStore(folder)
    found = store.lessons()
    wanted = found if lessons is None else list(lessons)
    for lesson in wanted:
        if lesson not in found:
            raise GradebookError(f"{folder} holds no attempts at {lesson}; it has {', '.join(found) or 'none'}")
    # Late days of the bank may have been spent in lessons that nobody asks for.
    together = [found] if policy.late.bank else [[lesson] for lesson in wanted]
    for group in together:
        notes: dict[str, list[str]] = {lesson: [] for lesson in group}
        worth = _worth(store, notes, policy)
        asked = [lesson for lesson in wanted if lesson in group]
        elsewhere = [note for lesson in group if lesson not in asked for note in notes[lesson]]
        for lesson in asked:
            yield _lesson(store, lesson, worth, [*notes[lesson], *elsewhere])
            elsewhere = []


def _worth(store: AttemptStore, notes: dict[str, list[str]], policy: Policy) -> list[Standing]:
    """The standings of every student in the lessons of `notes`, where what was left out is noted."""
    attempts: dict[str, dict[str, list[AttemptSummary]]] = {}
    for lesson in notes:
        for student in store.students(lesson):
            keys = store.keys(lesson, student)
            read = [_read(AttemptSummary, store, lesson, student, key, notes[lesson]) for key in keys]
            if found := [summary for summary in read if summary is not None]:
                attempts.setdefault(student, {})[lesson] = found
    return [standing for student in sorted(attempts) for standing in standings(student, attempts[student], policy)]


def _lesson(store: AttemptStore, lesson: str, worth: list[Standing], notes: list[str]) -> LessonScores:
    scores = LessonScores(lesson, {}, notes)
    for standing in worth:
        if standing.lesson == lesson and (score := _score(store, standing, notes)):
            scores.attempts[standing.student] = score
    return scores


def _score(store: AttemptStore, standing: Standing, notes: list[str]) -> Score | None:
    lesson, student = standing.lesson, standing.student
    counted = [_read(Score, store, lesson, student, key, notes) for key in standing.counted]
    read = [score for score in counted if score is not None]
    if len(read) < len(counted):
        return None  # a mean of those that are left would be another one
    return read[-1].model_copy(
        update={
            "points": standing.points,
            "max_points": standing.max_points,
            "earned": standing.earned,
            "days_late": standing.days_late,
            "exercises": [_mean(exercise, read) for exercise in read[-1].exercises],
        }
    )


def _mean(exercise: ExerciseScore, counted: list[Score]) -> ExerciseScore:
    if len(counted) == 1:
        return exercise
    points = sum(other.points for score in counted for other in score.exercises if other.name == exercise.name)
    return exercise.model_copy(update={"points": round(points / len(counted), 6)})


def _read(model: type[Part], store: AttemptStore, lesson: str, student: str, key: str, notes: list[str]) -> Part | None:
    """The attempt, or None and a note that says why it was left out."""
    try:
        return store.part(model, lesson, student, key)
    except Misplaced as error:
        notes.append(f"{error}; it was left out")
    except (OSError, StoreError):
        path = store.path(lesson, student, key)
        notes.append(f"{path} cannot be read as an attempt and was left out; grade the submission again")
    return None
