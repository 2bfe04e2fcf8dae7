"""The stored attempts of a cohort, read back: `ATTEMPTS/<lesson>/<student>/<key>.json`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from blindgrade.cohort.store import Store, StoreError
from blindgrade.models import Attempt


class NoAttempts(Exception):
    """There is nothing to report on, or a file is damaged; the message says what to do."""


@dataclass(frozen=True)
class Record:
    """One student's attempts at one lesson, at least one, in the order in which they were handed in."""

    student: str
    attempts: list[Attempt]

    @property
    def current(self) -> Attempt:
        """The attempt that the report counts: the newest grading of what was handed in last."""
        return self.attempts[-1]

    @property
    def handed_in(self) -> list[Attempt]:
        """The attempts, each submission once: of several gradings of the same files the newest."""
        newest = {(a.submission.sha256, a.submitted_at): a for a in self.attempts}
        return list(newest.values())


def read_records(attempts: Path, lesson: str) -> list[Record]:
    """The records of a lesson by student; empty if nobody has an attempt. NoAttempts names a file that is damaged."""
    store = Store(attempts)
    try:
        found = {student: store.attempts(lesson, student) for student in store.students(lesson)}
    except StoreError as error:
        raise NoAttempts(str(error)) from None
    return [Record(student, of_student) for student, of_student in found.items() if of_student]
