"""Stored attempts of a cohort by student, with their points by the policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from blindgrade.attempts.effects import UNDECIDED, Decisions
from blindgrade.attempts.handed_in import HandedIn
from blindgrade.attempts.reading import StoreError
from blindgrade.cohort_report.unread import why_unread
from blindgrade.marks.marks import Marks
from blindgrade.models import Attempt, Policy
from blindgrade.policies import Standing, standings


class NoAttempts(Exception):
    """There are no attempts, or a file is damaged. The message says what to do."""


@dataclass(frozen=True)
class Record:
    """One student's submissions of one lesson, each once, oldest first, and their points by the policy."""

    submissions: list[Attempt]
    standing: Standing

    @property
    def student(self) -> str:
        """Id of the student."""
        return self.standing.student

    @property
    def last(self) -> Attempt:
        """Attempt of the newest submission that is graded."""
        return self.submissions[-1]

    @property
    def counted(self) -> Attempt:
        """Attempt whose exercises the report uses: the one that counts; with the policy "mean" the last one."""
        return next(a for a in self.submissions if a.key == self.standing.counted[-1])

    @property
    def unread(self) -> str:
        """Reason why the file of the counted attempt never loaded; "" if it did."""
        return why_unread(self.counted)

    @property
    def loaded(self) -> list[Attempt]:
        """Attempts whose file loaded, oldest first. Only these show what the student understands."""
        return [attempt for attempt in self.submissions if not why_unread(attempt)]

    @property
    def last_unread(self) -> str:
        """Reason why the newest file never loaded; "" if it did."""
        return why_unread(self.last)

    @property
    def points(self) -> float:
        """Points by the policy, before the deduction for lateness."""
        return self.standing.earned


def records_of(
    student: str,
    handed_in: Mapping[str, Sequence[HandedIn[Attempt]]],
    policy: Policy,
    decisions: Decisions = UNDECIDED,
) -> dict[str, Record]:
    """Records of a student by lesson. If the policy has a bank, `handed_in` must be that of the whole course.

    A lesson from which the student is excused has no record, and neither has one with a mark by a decision alone.
    """
    return {
        standing.lesson: Record([one.attempt for one in handed_in[standing.lesson] if one.attempt], standing)
        for standing in standings(student, handed_in, policy, decisions=decisions)
        if standing.counted
    }


def read_records(marks: Marks, lessons: Iterable[str], policy: Policy) -> dict[str, list[Record]]:
    """Records by lesson, sorted by student; empty for a lesson without attempts. NoAttempts names a damaged file."""
    records: dict[str, list[Record]] = {lesson: [] for lesson in lessons}
    # Late days may have been taken from the bank in lessons that are not in the report.
    read = sorted({*records, *(marks.store.lessons() if policy.late.bank else [])})
    students: dict[str, dict[str, list[HandedIn[Attempt]]]] = {}
    for lesson in read:
        try:
            found = marks.of(lesson, marks.whole, policy.attempts, history=True).students
        except StoreError as error:
            raise NoAttempts(str(error)) from None
        for student, versions in found.items():
            students.setdefault(student, {})[lesson] = versions
    for student in sorted(students):
        for lesson, record in records_of(student, students[student], policy, marks.decided(student)).items():
            if lesson in records:
                records[lesson].append(record)
    return records
