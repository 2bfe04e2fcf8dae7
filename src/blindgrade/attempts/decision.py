"""One decision of an instructor about a student's mark, as data and as a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from blindgrade.clock import instant


class DecisionKind(StrEnum):
    """What a decision changes."""

    EXTEND = "extend"
    ADJUST = "adjust"
    EXCUSE = "excuse"
    KEEP_HIGHER = "keep_higher"
    UNDO = "undo"


def _text(value: str) -> str:
    text = " ".join(value.split())
    if not text:
        raise ValueError("a reason must have a word")
    return text


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("points must be a number")
    return value


def _time(value: str) -> str:
    if instant(value).year == 1:
        raise ValueError("this is no time")
    return value


Reason = Annotated[str, AfterValidator(_text)]
Number = Annotated[float, AfterValidator(_finite)]
Time = Annotated[str, AfterValidator(_time)]
STRICT = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Kept(BaseModel):
    """Points of one submission that a change of checks must not lower.

    old_points, exercises: before the change. new_points: after it. checks: the changes that cost points.
    """

    model_config = STRICT

    submission: str
    old_points: Number
    new_points: Number
    exercises: dict[str, Number]
    checks: list[str] = []


class Ruling(BaseModel):
    """What an instructor decided about one student and lesson, and why.

    An extension has `days` or `until`. An adjustment has `points` (the new points) or `by` (a difference), for the
    whole lesson or for one `exercise`. `kept` belongs to keep_higher. `undoes` is the number of another decision.
    """

    model_config = STRICT

    kind: DecisionKind
    student: str = Field(min_length=1)
    lesson: str = Field(min_length=1)
    exercise: str | None = None
    days: int | None = Field(default=None, ge=1)
    until: Time | None = None
    points: Number | None = Field(default=None, ge=0)
    by: Number | None = None
    kept: Kept | None = None
    undoes: int | None = Field(default=None, ge=1)
    reason: Reason

    @model_validator(mode="after")
    def _has_the_values_of_its_kind(self) -> Self:
        needs: dict[DecisionKind, list[set[str]]] = {
            DecisionKind.EXTEND: [{"days"}, {"until"}],
            DecisionKind.ADJUST: [{"points"}, {"by"}, {"points", "exercise"}, {"by", "exercise"}],
            DecisionKind.EXCUSE: [set()],
            DecisionKind.KEEP_HIGHER: [{"kept"}],
            DecisionKind.UNDO: [{"undoes"}],
        }
        names = ("exercise", "days", "until", "points", "by", "kept", "undoes")
        if {name for name in names if getattr(self, name) is not None} not in needs[self.kind]:
            raise ValueError(f"these values do not belong to {self.kind}")
        return self

    @property
    def what(self) -> str:
        """Words for the change: "adjusted by +2"."""
        of = f"{self.exercise} " if self.exercise else ""
        match self.kind:
            case DecisionKind.EXTEND:
                return f"extended to {self.until}" if self.until else f"extended by {_days(self.days)}"
            case DecisionKind.ADJUST:
                return f"{of}set to {self.points:g}" if self.by is None else f"{of}adjusted by {self.by:+g}"
            case DecisionKind.EXCUSE:
                return "excused"
            case DecisionKind.KEEP_HIGHER:
                assert self.kept
                return f"keeps {self.kept.old_points:g} instead of {self.kept.new_points:g}"
            case DecisionKind.UNDO:
                return f"takes back decision {self.undoes}"

    def for_student(self, *, show_reason: bool = False) -> str:
        """Sentence for the student. The reason can be about the student's health or about others."""
        of = f"`{self.exercise}`" if self.exercise else "this lesson"
        match self.kind:
            case DecisionKind.EXTEND:
                said = f"Your own due date was {self.what}"
            case DecisionKind.ADJUST if self.by is None:
                said = f"Your instructor set your points of {of} to {self.points:g}"
            case DecisionKind.ADJUST:
                assert self.by is not None
                said = f"Your instructor changed your points of {of} by {self.by:+g}"
            case DecisionKind.EXCUSE:
                said = "You are excused from this lesson"
            case DecisionKind.KEEP_HIGHER:
                assert self.kept
                said = (
                    f"The checks changed after your work was graded: you keep at least {self.kept.old_points:g} points"
                )
            case DecisionKind.UNDO:
                return ""
        return f"{said}: {self.reason}" if show_reason else f"{said}."


class Decision(Ruling):
    """A ruling as it was stored: with its number, its time and its author.

    `previous` is a digest of the decision before it, so that a later change of a stored decision is noticed.
    """

    schema_: Literal["blindgrade/decision/v1"] = Field(default="blindgrade/decision/v1", alias="schema")
    number: int = Field(ge=1)
    at: Time
    author: str
    previous: str = ""

    @property
    def ruling(self) -> Ruling:
        """The decision without number, time and author."""
        return Ruling.model_validate({name: getattr(self, name) for name in Ruling.model_fields})


def in_force(decisions: Sequence[Decision]) -> list[Decision]:
    """Decisions that hold, in their order: those that no decision in force takes back. Undos are left out."""
    undone = undone_by(decisions)
    return [one for one in decisions if one.undoes is None and one.number not in undone]


def undone_by(decisions: Sequence[Decision]) -> dict[int, int]:
    """For each decision that is taken back, the number of the decision that did it.

    An undo may itself be undone. It names an earlier decision, so the newest decision always holds.
    """
    undone: dict[int, int] = {}
    for one in reversed(decisions):
        if one.number not in undone and one.undoes is not None:
            undone[one.undoes] = one.number
    return undone


def _days(days: int | None) -> str:
    return "1 day" if days == 1 else f"{days} days"
