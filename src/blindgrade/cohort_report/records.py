"""The stored attempts of a cohort, student by student, with what they are worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from blindgrade.attempts.current import newest_gradings
from blindgrade.attempts.reading import StoreError
from blindgrade.attempts.store import AttemptStore
from blindgrade.models import Attempt, Policy
from blindgrade.policies import Standing, standings


class NoAttempts(Exception):
    """There is nothing to report on, or a file is damaged; the message says what to do."""


@dataclass(frozen=True)
class Record:
    """What one student handed in of one lesson, in order, each submission once, and what it is worth by the policy."""

    submissions: list[Attempt]
    standing: Standing

    @property
    def student(self) -> str:
        """Whose it is."""
        return self.standing.student

    @property
    def last(self) -> Attempt:
        """The newest grading of what was handed in last."""
        return self.submissions[-1]

    @property
    def counted(self) -> Attempt:
        """The attempt that figures of exercises take: the one that counts, and where the mean counts the last."""
        return next(a for a in self.submissions if a.key == self.standing.counted[-1])

    @property
    def points(self) -> float:
        """The points by the policy, before anything is taken off for lateness."""
        return self.standing.earned


def records_of(student: str, attempts: Mapping[str, Sequence[Attempt]], policy: Policy) -> dict[str, Record]:
    """A student's records by lesson; the attempts are those of the whole course where the policy has a bank."""
    found = standings(student, attempts, policy)
    return {standing.lesson: Record(newest_gradings(attempts[standing.lesson]), standing) for standing in found}


def read_records(attempts: Path, lessons: Iterable[str], policy: Policy) -> dict[str, list[Record]]:
    """The records of these lessons by student; empty where nobody has an attempt. NoAttempts names a damaged file."""
    store = AttemptStore(attempts)
    records: dict[str, list[Record]] = {lesson: [] for lesson in lessons}
    # Late days of the bank may have been spent in lessons that are not reported on.
    read = sorted({*records, *(store.lessons() if policy.late.bank else [])})
    for student in sorted({student for lesson in read for student in store.students(lesson)}):
        try:
            found = records_of(student, {lesson: store.attempts(lesson, student) for lesson in read}, policy)
        except StoreError as error:
            raise NoAttempts(str(error)) from None
        for lesson in records:
            if lesson in found:
                records[lesson].append(found[lesson])
    return records
