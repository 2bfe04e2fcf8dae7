"""From the attempts of a cohort to the one that counts for each student and lesson.

Attempts lie at `FOLDER/<lesson id>/<student id>/<key>.json`; gradebooks are views of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, ValidationError
from typing_extensions import TypedDict

from blindgrade.gradebook.errors import GradebookError
from blindgrade.models import ExerciseResult, Outcome

Count = Literal["last", "best"]


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


class Score(BaseModel):
    """What a gradebook needs of an attempt."""

    schema_: Literal["blindgrade/attempt/v1"] = Field(alias="schema")
    lesson: str
    student: str | None
    points: float
    max_points: float
    submitted_at: str | None
    graded_at: str
    exercises: list[ExerciseScore]


Chosen = Callable[[list[Score]], Score]


@dataclass
class LessonScores:
    """The attempt that counts for each student of one lesson, students in order; notes about what was left out."""

    lesson: str
    attempts: dict[str, Score]
    notes: list[str]


def read_scores(folder: Path, lessons: list[str] | None = None, count: Count = "last") -> Iterator[LessonScores]:
    """The lessons of `folder` one by one, so that a large cohort is never all in memory.

    `lessons` are ids; None takes all. Raises GradebookError if the folder or a lesson that was named is not there.
    """
    if not folder.is_dir():
        raise GradebookError(f"{folder} is no folder; grade first (`course grade`), or name the folder with --attempts")
    found = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    for lesson in lessons or found:
        if lesson not in found:
            raise GradebookError(f"{folder} holds no attempts at {lesson}; it has {', '.join(found) or 'none'}")
        yield _lesson(folder / lesson, lesson, last if count == "last" else best)


def last(attempts: list[Score]) -> Score:
    """The latest submission's attempt, as it was graded last."""
    return max(attempts, key=lambda a: (a.submitted_at or "", a.graded_at))


def best(attempts: list[Score]) -> Score:
    """The attempt with the most points; of equals the latest."""
    return max(attempts, key=lambda a: (a.points, a.submitted_at or "", a.graded_at))


def _lesson(folder: Path, lesson: str, choose: Chosen) -> LessonScores:
    scores = LessonScores(lesson, {}, [])
    for student in sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()):
        attempts = list(_attempts(folder / student, lesson, student, scores.notes))
        if attempts:
            scores.attempts[student] = choose(attempts) if len(attempts) > 1 else attempts[0]
    return scores


def _attempts(folder: Path, lesson: str, student: str, notes: list[str]) -> Iterator[Score]:
    for entry in os.scandir(folder):
        if not entry.name.endswith(".json") or entry.name.startswith("."):
            continue
        try:
            with open(entry.path, "rb") as file:
                attempt = Score.model_validate_json(file.read())
        except (OSError, ValidationError):
            notes.append(f"{entry.path} cannot be read as an attempt and was left out; grade the submission again")
            continue
        if (attempt.lesson, attempt.student) != (lesson, student):
            notes.append(
                f"{entry.path} is of {attempt.student} at {attempt.lesson} and was left out; put it in its place"
            )
            continue
        yield attempt
