"""The order of attempts, and the newest grading of each submission.

`marks` decides which attempt counts. It uses this module's rule only for attempts that are older than the record of
what was handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from blindgrade.attempts.effects import Graded
from blindgrade.clock import instant
from blindgrade.models import SubmissionRef


class AnyAttempt(Protocol):
    """The fields of an attempt that this rule and the policy need."""

    key: str
    points: float
    max_points: float
    submission: SubmissionRef
    submitted_at: str | None
    graded_at: str
    course: str
    seed: int

    @property
    def exercises(self) -> Sequence[Graded]:
        """Results of the exercises."""
        ...


One = TypeVar("One", bound=AnyAttempt)


def in_order(attempts: Iterable[One]) -> list[One]:
    """Attempts sorted by time of submission, then by time of grading."""
    return sorted(attempts, key=lambda a: (instant(a.submitted_at), instant(a.graded_at), a.key))


def newest_gradings(attempts: Iterable[One]) -> list[One]:
    """Newest grading of each submission, in the order of submission. The last one is the current attempt.

    The same files with a time and without one are the same submission: its time became known later.
    """
    newest: dict[tuple[str, str | None], One] = {}
    for attempt in sorted(attempts, key=lambda a: (instant(a.graded_at), a.key)):
        newest[attempt.submission.sha256, attempt.submitted_at] = attempt
    timed = {sha256 for sha256, time in newest if time is not None}
    return in_order(a for (sha256, time), a in newest.items() if time is not None or sha256 not in timed)


def current(attempts: Iterable[One]) -> One | None:
    """Newest grading of the newest submission; None without attempts."""
    found = newest_gradings(attempts)
    return found[-1] if found else None
