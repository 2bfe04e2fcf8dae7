"""Scores that count for each student and lesson of a cohort, by the course's policy.

Attempts are read in two passes: first the fields that the policy needs, then the results of attempts that count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel

from blindgrade.attempts.reading import AttemptSummary, Misplaced, Part, StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.gradebook.errors import GradebookError
from blindgrade.models import ExerciseResult, Outcome, Policy
from blindgrade.policies import Standing, standings
from blindgrade.student_view import CheckFacts


class ExerciseScore(BaseModel):
    """The fields of an exercise's result that a gradebook needs."""

    name: str
    title: str
    outcome: Outcome
    points: float
    max_points: float
    checks: list[CheckFacts]
    output: str = ""

    @classmethod
    def of(cls, result: ExerciseResult) -> Self:
        """Score of a result."""
        return cls.model_validate(result.model_dump())


class Score(AttemptSummary):
    """A student's score for a lesson: the latest attempt that the policy counts.

    points: by the policy. earned: before the deduction for lateness. With the policy "mean", the points of an exercise
    are a mean, too; all other fields are those of the latest attempt.
    """

    title: str = ""
    problems: list[str] = []
    unreadable: str = ""
    exercises: list[ExerciseScore]
    earned: float = 0.0
    days_late: int = 0


@dataclass
class LessonScores:
    """Scores of one lesson, sorted by student, and notes about attempts that were left out."""

    lesson: str
    attempts: dict[str, Score]
    notes: list[str]


def read_scores(folder: Path, policy: Policy, lessons: Sequence[str] | None = None) -> Iterator[LessonScores]:
    """Scores of the lessons in `folder`, one by one, so that a large cohort's results are never all in memory.

    `lessons` are ids; None means all. GradebookError if the folder or a named lesson does not exist.
    """
    if not folder.is_dir():
        raise GradebookError(f"{folder} is no folder; grade first (`course grade`), or name the folder with --attempts")
    store = AttemptStore(folder)
    found = store.lessons()
    wanted = found if lessons is None else list(lessons)
    for lesson in wanted:
        if lesson not in found:
            raise GradebookError(f"{folder} holds no attempts at {lesson}; it has {', '.join(found) or 'none'}")
    # Late days may have been taken from the bank in lessons that are not asked for.
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
    """Standings of every student in the lessons of `notes`. Adds notes about attempts that were left out."""
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
        return None  # the mean of the other attempts would be a different number
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
    """Attempt, or None after adding a note with the reason why it was left out."""
    try:
        return store.part(model, lesson, student, key)
    except Misplaced as error:
        notes.append(f"{error}; it was left out")
    except (OSError, StoreError):
        path = store.path(lesson, student, key)
        notes.append(f"{path} cannot be read as an attempt and was left out; grade the submission again")
    return None
