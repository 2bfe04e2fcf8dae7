"""Stored attempts of a cohort by student, with their points by the policy."""

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
    """There are no attempts, or a file is damaged. The message says what to do."""


@dataclass(frozen=True)
class Record:
    """One student's submissions of one lesson, each once, sorted by time, and their points by the policy."""

    submissions: list[Attempt]
    standing: Standing

    @property
    def student(self) -> str:
        """Id of the student."""
        return self.standing.student

    @property
    def last(self) -> Attempt:
        """Newest grading of the newest submission."""
        return self.submissions[-1]

    @property
    def counted(self) -> Attempt:
        """Attempt whose exercises the report uses: the one that counts; with the policy "mean" the last one."""
        return next(a for a in self.submissions if a.key == self.standing.counted[-1])

    @property
    def points(self) -> float:
        """Points by the policy, before the deduction for lateness."""
        return self.standing.earned


def records_of(student: str, attempts: Mapping[str, Sequence[Attempt]], policy: Policy) -> dict[str, Record]:
    """Records of a student by lesson. If the policy has a bank, `attempts` must be those of the whole course."""
    found = standings(student, attempts, policy)
    return {standing.lesson: Record(newest_gradings(attempts[standing.lesson]), standing) for standing in found}


def read_records(attempts: Path, lessons: Iterable[str], policy: Policy) -> dict[str, list[Record]]:
    """Records by lesson, sorted by student; empty for a lesson without attempts. NoAttempts names a damaged file."""
    store = AttemptStore(attempts)
    records: dict[str, list[Record]] = {lesson: [] for lesson in lessons}
    # Late days may have been taken from the bank in lessons that are not in the report.
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
