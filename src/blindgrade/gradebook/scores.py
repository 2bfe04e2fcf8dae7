"""Scores that count for each student and lesson of a cohort, by the course's policy.

Attempts are read in two passes: first the fields that the policy needs, then the results of attempts that count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from blindgrade.attempts.decision import Decision
from blindgrade.attempts.handed_in import HandedIn
from blindgrade.attempts.reading import AttemptSummary, ExercisePoints, Misplaced, Part, StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.catalog import UnknownId
from blindgrade.gradebook.errors import GradebookError
from blindgrade.marks.marks import Marks
from blindgrade.models import ExerciseResult, MutantWords, Outcome, Policy, SubmissionRef
from blindgrade.policies import Standing, standings
from blindgrade.student_view import CheckFacts


class ExerciseScore(ExercisePoints):
    """The fields of an exercise's result that a gradebook needs."""

    title: str
    outcome: Outcome
    max_points: float
    checks: list[CheckFacts]
    output: str = ""
    mutant: MutantWords | None = None  # without the change itself, which quotes the solution

    @classmethod
    def of(cls, result: ExerciseResult) -> Self:
        """Score of a result."""
        return cls.model_validate(result.model_dump())


class Score(AttemptSummary):
    """A student's score for a lesson: the latest attempt that the policy counts.

    points: by the policy. earned: before the deduction for lateness. With the policy "mean", the points of an exercise
    are a mean, too; all other fields are those of the latest attempt.

    adjusted: points that an instructor's decision added to the lesson, or took from it; they are part of `points`.
    decisions: in force about the student and the lesson. A student with points by a decision alone has a score without
    a key and exercises.
    """

    title: str = ""
    problems: list[str] = []
    unreadable: str = ""
    exercises: list[ExerciseScore]
    earned: float = 0.0
    days_late: int = 0
    adjusted: float = 0.0
    decisions: tuple[Decision, ...] = ()
    up_to_date: bool | None = True


@dataclass
class LessonScores:
    """Scores of one lesson, sorted by student, and notes about attempts that were left out.

    `excused` are students who need no points, with or without an attempt; they have no score. `title` is the lesson's;
    it is empty if the course has no such lesson now.
    """

    lesson: str
    attempts: dict[str, Score]
    notes: list[str]
    excused: set[str] = field(default_factory=set)
    title: str = ""


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
    return [
        one
        for student in sorted({*students, *marks.decided_students()})
        for one in standings(student, students.get(student, {}), policy, decisions=marks.decided(student))
    ]


def _lesson(marks: Marks, lesson: str, worth: list[Standing], notes: list[str]) -> LessonScores:
    scores = LessonScores(lesson, {}, notes, title=_title(marks, lesson))
    own = [standing for standing in worth if standing.lesson == lesson]
    most = max((standing.max_points for standing in own), default=0.0)
    for standing in own:
        if standing.excused:
            scores.excused.add(standing.student)
        elif not standing.counted:
            scores.attempts[standing.student] = _decided_alone(standing, most, scores.title)
        elif score := _score(marks.store, standing, notes):
            scores.attempts[standing.student] = score
    return scores


def _title(marks: Marks, lesson: str) -> str:
    try:
        return marks.catalog.files(lesson).entry.title
    except UnknownId:
        return ""


def _decided_alone(standing: Standing, most: float, title: str) -> Score:
    """Score of a student who handed in nothing and has points by a decision."""
    return Score(
        schema="blindgrade/attempt/v1",
        lesson=standing.lesson,
        title=title,
        student=standing.student,
        points=standing.points,
        max_points=most,
        submission=SubmissionRef(path="", sha256=""),
        submitted_at=None,
        graded_at=standing.decisions[-1].at,
        seed=0,
        exercises=[],
        earned=standing.earned,
        adjusted=standing.adjusted,
        decisions=standing.decisions,
    )


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
            "adjusted": standing.adjusted,
            "decisions": standing.decisions,
            "exercises": [_mean(exercise, read, standing) for exercise in read[-1].exercises],
        }
    )


def _mean(exercise: ExerciseScore, counted: list[Score], standing: Standing) -> ExerciseScore:
    """The exercise with its mean points, or with those that a decision gives."""
    if exercise.name in standing.exercises:
        return exercise.model_copy(update={"points": standing.exercises[exercise.name]})
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
