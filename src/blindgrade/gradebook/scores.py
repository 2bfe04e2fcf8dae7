"""From the attempts of a cohort to what counts for each student and lesson, by the course's policy.

Attempts lie at `FOLDER/<lesson id>/<student id>/<key>.json`; gradebooks are views of them. They are read in two passes:
of all attempts what the policy needs, and of those that count the results.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError
from typing_extensions import TypedDict

from blindgrade.gradebook.errors import GradebookError
from blindgrade.models import ExerciseResult, Outcome, Policy, SubmissionRef
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


class HandedIn(BaseModel):
    """What the policy needs of an attempt. `key` is its file's name without the ending."""

    schema_: Literal["blindgrade/attempt/v1"] = Field(alias="schema")
    lesson: str
    student: str | None
    key: str = ""
    points: float
    max_points: float
    submission: SubmissionRef
    submitted_at: str | None
    graded_at: str


class Score(HandedIn):
    """What counts of a student's attempts at a lesson: the latest of those that the policy counts.

    `points` are those of the policy, `earned` what they were before anything was taken off for lateness. Where the
    policy takes the mean, so are the exercises' points; what is said of them is of the latest.
    """

    exercises: list[ExerciseScore]
    earned: float = 0.0
    days_late: int = 0


Part = TypeVar("Part", bound=HandedIn)


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
    found = _folders(folder)
    wanted = found if lessons is None else list(lessons)
    for lesson in wanted:
        if lesson not in found:
            raise GradebookError(f"{folder} holds no attempts at {lesson}; it has {', '.join(found) or 'none'}")
    # Late days of the bank may have been spent in lessons that nobody asks for.
    together = [found] if policy.late.bank else [[lesson] for lesson in wanted]
    for group in together:
        notes: dict[str, list[str]] = {lesson: [] for lesson in group}
        worth = _worth(folder, notes, policy)
        asked = [lesson for lesson in wanted if lesson in group]
        elsewhere = [note for lesson in group if lesson not in asked for note in notes[lesson]]
        for lesson in asked:
            yield _lesson(folder / lesson, lesson, worth, [*notes[lesson], *elsewhere])
            elsewhere = []


def _worth(folder: Path, notes: dict[str, list[str]], policy: Policy) -> list[Standing]:
    """The standings of every student in the lessons of `notes`, where what was left out is noted."""
    handed: dict[str, dict[str, list[HandedIn]]] = {}
    for lesson in notes:
        for student in _folders(folder / lesson):
            attempts = list(_attempts(folder / lesson / student, lesson, student, notes[lesson]))
            if attempts:
                handed.setdefault(student, {})[lesson] = attempts
    return [standing for student in sorted(handed) for standing in standings(student, handed[student], policy)]


def _lesson(folder: Path, lesson: str, worth: list[Standing], notes: list[str]) -> LessonScores:
    scores = LessonScores(lesson, {}, notes)
    for standing in worth:
        if standing.lesson == lesson and (score := _score(folder / standing.student, standing, notes)):
            scores.attempts[standing.student] = score
    return scores


def _score(place: Path, standing: Standing, notes: list[str]) -> Score | None:
    counted = [_read(Score, place / f"{key}.json", notes) for key in standing.counted]
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


def _attempts(folder: Path, lesson: str, student: str, notes: list[str]) -> Iterator[HandedIn]:
    for entry in os.scandir(folder):
        if not entry.name.endswith(".json") or entry.name.startswith("."):
            continue
        attempt = _read(HandedIn, Path(entry.path), notes)
        if attempt is None:
            continue
        if (attempt.lesson, attempt.student) != (lesson, student):
            notes.append(
                f"{entry.path} is of {attempt.student} at {attempt.lesson} and was left out; put it in its place"
            )
            continue
        attempt.key = entry.name.removesuffix(".json")
        yield attempt


def _read(model: type[Part], path: Path, notes: list[str]) -> Part | None:
    try:
        return model.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        notes.append(f"{path} cannot be read as an attempt and was left out; grade the submission again")
        return None


def _folders(folder: Path) -> list[str]:
    return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
