"""Scores that count for each student and lesson of a cohort, by the course's policy.

Attempts are read in two passes: first the fields that the policy needs, then the results of attempts that count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from pydantic import BaseModel
from typing_extensions import TypedDict

from blindgrade.attempts.handed_in import HandedIn
from blindgrade.attempts.reading import AttemptSummary, Misplaced, Part, StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.gradebook.errors import GradebookError
from blindgrade.marks.marks import Marks
from blindgrade.models import ExerciseResult, Outcome, Policy
from blindgrade.policies import Standing, standings


class CheckScore(TypedDict):
    """The fields of a check that a gradebook needs. A dict: a cohort has millions, and a model is six times slower."""

    claim: str
    outcome: str
    message: str
    hint: str
    misconception: str | None


class ExerciseScore(BaseModel):
    """The fields of an exercise's result that a gradebook needs."""

    name: str
    title: str
    outcome: Outcome
    points: float
    max_points: float
    checks: list[CheckScore]

    @classmethod
    def of(cls, result: ExerciseResult) -> Self:
        """Score of a result."""
        return cls.model_validate(result.model_dump())


class Score(AttemptSummary):
    """A student's score for a lesson: the latest attempt that the policy counts.

    points: by the policy. earned: before the deduction for lateness. With the policy "mean", the points of an exercise
    are a mean, too; all other fields are those of the latest attempt.
    """

    exercises: list[ExerciseScore]
    earned: float = 0.0
    days_late: int = 0
    up_to_date: bool | None = True


@dataclass
class LessonScores:
    """Scores of one lesson, sorted by student, and notes about attempts that were left out."""

    lesson: str
    attempts: dict[str, Score]
    notes: list[str]


def read_scores(marks: Marks, policy: Policy, lessons: Sequence[str] | None = None) -> Iterator[LessonScores]:
    """Scores of the lessons, one by one, so that a large cohort's results are never all in memory.

    `lessons` are ids; None means all with attempts. GradebookError if the folder or a named lesson does not exist.
    """
    for group, asked in lesson_groups(marks, policy, lessons):
        notes: dict[str, list[str]] = {lesson: [] for lesson in group}
        worth = _worth(marks, notes, policy)
        elsewhere = [note for lesson in group if lesson not in asked for note in notes[lesson]]
        for lesson in asked:
            yield _lesson(marks, lesson, worth, [*notes[lesson], *elsewhere])
            elsewhere = []


def lesson_groups(marks: Marks, policy: Policy, lessons: Sequence[str] | None) -> Iterator[tuple[list[str], list[str]]]:
    """Lessons whose points depend on each other, and those of them that were asked for. Errors of `read_scores`."""
    folder = marks.store.root
    if not folder.is_dir():
        raise GradebookError(f"{folder} is no folder; grade first (`course grade`), or name the folder with --attempts")
    found = marks.store.lessons()
    wanted = found if lessons is None else list(lessons)
    for lesson in wanted:
        if lesson not in found:
            raise GradebookError(f"{folder} holds no attempts at {lesson}; it has {', '.join(found) or 'none'}")
    # Late days may have been taken from the bank in lessons that are not asked for.
    for group in [found] if policy.late.bank else [[lesson] for lesson in wanted]:
        yield group, [lesson for lesson in wanted if lesson in group]


def _worth(marks: Marks, notes: dict[str, list[str]], policy: Policy) -> list[Standing]:
    """Standings of every student in the lessons of `notes`. Adds notes about attempts that were left out."""
    students: dict[str, dict[str, list[HandedIn[AttemptSummary]]]] = {}
    for lesson in notes:
        read = partial(_read, AttemptSummary, marks.store, notes[lesson])
        for student, versions in marks.of(lesson, read, policy.attempts).students.items():
            students.setdefault(student, {})[lesson] = versions
    return [one for student in sorted(students) for one in standings(student, students[student], policy)]


def _lesson(marks: Marks, lesson: str, worth: list[Standing], notes: list[str]) -> LessonScores:
    scores = LessonScores(lesson, {}, notes)
    for standing in worth:
        if standing.lesson == lesson and (score := _score(marks.store, standing, notes)):
            scores.attempts[standing.student] = score
    return scores


def _score(store: AttemptStore, standing: Standing, notes: list[str]) -> Score | None:
    lesson, student = standing.lesson, standing.student
    counted = [_read(Score, store, notes, lesson, student, key) for key in standing.counted]
    read = [score for score in counted if score is not None]
    if len(read) < len(counted):
        return None  # the mean of the other attempts would be a different number
    return read[-1].model_copy(
        update={
            "points": standing.points,
            "max_points": standing.max_points,
            "earned": standing.earned,
            "days_late": standing.days_late,
            "up_to_date": standing.up_to_date,
            "exercises": [_mean(exercise, read) for exercise in read[-1].exercises],
        }
    )


def _mean(exercise: ExerciseScore, counted: list[Score]) -> ExerciseScore:
    if len(counted) == 1:
        return exercise
    points = sum(other.points for score in counted for other in score.exercises if other.name == exercise.name)
    return exercise.model_copy(update={"points": round(points / len(counted), 6)})


def _read(model: type[Part], store: AttemptStore, notes: list[str], lesson: str, student: str, key: str) -> Part | None:
    """Attempt, or None after adding a note with the reason why it was left out."""
    try:
        return store.part(model, lesson, student, key)
    except Misplaced as error:
        notes.append(f"{error}; it was left out")
    except (OSError, StoreError):
        path = store.path(lesson, student, key)
        notes.append(f"{path} cannot be read as an attempt and was left out; grade the submission again")
    return None
