"""Standings of a cohort by student and lesson, with the roster's students who have no attempt."""

from __future__ import annotations

from dataclasses import dataclass

from blindgrade.attempts.store import AttemptStore
from blindgrade.models import Policy
from blindgrade.policies import Standing, due_order, standings
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Person


@dataclass(frozen=True)
class Row:
    """One student's standing in one lesson, with the student's entry in the roster."""

    standing: Standing
    person: Person

    @property
    def has_submission(self) -> bool:
        """Does any attempt count?"""
        return bool(self.standing.counted)


def cohort_standings(store: AttemptStore, policy: Policy, roster: Roster) -> list[Row]:
    """Rows for each student and lesson with attempts, and for each lesson that a student of the roster lacks.

    A row for a missing lesson has 0 points and no attempt that counts. StoreError names a damaged file.
    """
    lessons = store.lessons()
    students = sorted({student for lesson in lessons for student in store.students(lesson)})
    found = [
        standing
        for student in students
        for standing in standings(student, {name: store.attempts(name, student) for name in lessons}, policy)
    ]
    worth = {one.lesson: one.max_points for one in found}
    have = {(one.student, one.lesson) for one in found}
    found += [
        Standing(student, lesson, 0.0, points, 0.0, 0, 0, ())
        for student in roster.people
        for lesson, points in worth.items()
        if (student, lesson) not in have
    ]
    found.sort(key=lambda one: (one.student, due_order(one.lesson, policy)))
    return [Row(one, roster.person(one.student)) for one in found]
