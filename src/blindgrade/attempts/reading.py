"""Read one stored attempt, whole or in part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from blindgrade.models import Attempt, SubmissionRef

FEEDBACK = ".feedback"  # the folder, inside the attempts folder, of attempts that give feedback and no mark


class StoreError(Exception):
    """The attempts cannot be read or written. The message names the file and says what to do."""


class Misplaced(StoreError):
    """An attempt is in the folder of another student or lesson."""


class ExercisePoints(BaseModel):
    """Name and points of an exercise. A decision can change the points."""

    name: str
    points: float


class AttemptSummary(BaseModel):
    """The fields of an attempt that the policy needs. In a large cohort only attempts that count are read whole."""

    schema_: Literal["blindgrade/attempt/v1"] = Field(alias="schema")
    lesson: str
    student: str | None
    key: str = ""
    points: float
    max_points: float
    submission: SubmissionRef
    submitted_at: str | None
    graded_at: str
    seed: int
    course: str = ""
    purpose: Literal["feedback", "mark"] = "mark"
    exercises: Sequence[ExercisePoints]


Model = TypeVar("Model", bound=BaseModel)
Part = TypeVar("Part", bound=Attempt | AttemptSummary)


def read_attempt(path: Path) -> Attempt:
    """Attempt in a file. FileNotFoundError without a file, StoreError if it is damaged."""
    return read_part(Attempt, path)


def read_part(model: type[Model], path: Path) -> Model:
    """Attempt in a file, with the fields of `model` only. Raises the errors of `read_attempt`."""
    try:
        return model.model_validate_json(path.read_bytes())
    except ValidationError:
        raise StoreError(f"{path} is no attempt; delete it and run `course grade` again") from None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); check its permissions") from None


def read_in_place(model: type[Part], path: Path) -> Part:
    """Attempt in a file of an attempts folder. Misplaced if its lesson or student differ from the file's path, or if it
    is feedback among marks.

    The file's name becomes its key.
    """
    found = read_part(model, path)
    lesson, student = path.parent.parent.name, path.parent.name
    if (found.lesson, found.student) != (lesson, student):
        raise Misplaced(f"{path} is an attempt of {found.student} at {found.lesson}; move it into that folder")
    if found.purpose != "mark" and path.parents[2].name != FEEDBACK:
        raise Misplaced(f"{path} is feedback and no mark; move it out of this folder")
    found.key = path.stem
    return found
