"""Reading of one stored attempt, whole or in part."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from blindgrade.models import Attempt, SubmissionRef


class StoreError(Exception):
    """The attempts cannot be read or written; the message names the file and what to do."""


class Misplaced(StoreError):
    """An attempt in the folder of another student or lesson."""


class AttemptSummary(BaseModel):
    """What the policy needs of an attempt: a large cohort's attempts are read whole only where they count."""

    schema_: Literal["blindgrade/attempt/v1"] = Field(alias="schema")
    lesson: str
    student: str | None
    key: str = ""
    points: float
    max_points: float
    submission: SubmissionRef
    submitted_at: str | None
    graded_at: str


Model = TypeVar("Model", bound=BaseModel)
Part = TypeVar("Part", bound=Attempt | AttemptSummary)


def read_attempt(path: Path) -> Attempt:
    """The attempt in a file. FileNotFoundError if there is none, StoreError if it is damaged."""
    return read_part(Attempt, path)


def read_part(model: type[Model], path: Path) -> Model:
    """What `model` keeps of the attempt in a file. Raises as `read_attempt` does."""
    try:
        return model.model_validate_json(path.read_bytes())
    except ValidationError:
        raise StoreError(f"{path} is no attempt; delete it and run `course grade` again") from None
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); check its permissions") from None


def read_in_place(model: type[Part], path: Path) -> Part:
    """The same for a file of an attempts folder, whose place and name are the attempt's lesson, student and key."""
    found = read_part(model, path)
    lesson, student = path.parent.parent.name, path.parent.name
    if (found.lesson, found.student) != (lesson, student):
        raise Misplaced(f"{path} is of {found.student} at {found.lesson}; put it in its place")
    found.key = path.stem
    return found
