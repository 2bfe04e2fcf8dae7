"""A version of a student's work, together with the attempt that gives its points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from blindgrade.attempts.current import AnyAttempt

Count = Literal["best", "last", "mean"]
Judged = TypeVar("Judged", bound=AnyAttempt, covariant=True)


@dataclass(frozen=True)
class HandedIn(Generic[Judged]):
    """A version of a student's work for one lesson, and its attempt.

    attempt: of this version; None if the version has not been graded. submitted_at: the time that is known now.
    late: the late marker of the system that the work came from; None without a marker.
    up_to_date: whether the attempt was judged by the present checks. None if no record says what is handed in now.
    """

    attempt: Judged | None
    submitted_at: str | None
    late: bool | None = None
    up_to_date: bool | None = True


def that_count(versions: Sequence[HandedIn[Judged]], count: Count) -> Sequence[HandedIn[Judged]]:
    """Versions that can count, from all versions of a student, oldest first."""
    return versions[-1:] if count == "last" else versions


def up_to_date(versions: Sequence[HandedIn[Judged]], count: Count) -> bool | None:
    """Whether all versions that can count are up to date. None if it is not known of one, and no other is old."""
    known = {one.up_to_date for one in that_count(versions, count)}
    return False if False in known else None if None in known else True
