"""Standings of a cohort by student and lesson, also of students who have no attempt and are known in another way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from blindgrade.attempts.handed_in import HandedIn
from blindgrade.attempts.reading import AttemptSummary
from blindgrade.marks.marks import Marks
from blindgrade.models import Policy
from blindgrade.policies import Standing, due_order, standings, with_decisions
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Person


@dataclass(frozen=True)
class Row:
    """One student's standing in one lesson, with the student's entry in the roster."""

    standing: Standing
    person: Person

    @property
    def has_attempt(self) -> bool:
        """Does any attempt count?"""
        return bool(self.standing.counted)

    @property
    def has_submission(self) -> bool:
        """Was anything handed in, graded or not?"""
        return self.has_attempt or not self.standing.up_to_date


def cohort_standings(marks: Marks, policy: Policy, roster: Roster) -> list[Row]:
    """Rows for each student and lesson with work or a decision, and for each lesson that a student lacks.

    Students are those of the roster and those who are in a graded folder.

    A row for a missing lesson has 0 points and no attempt that counts. So has a row for work that is not graded yet,
    which is not up to date. StoreError or CourseError names a damaged file.
    """
    students: dict[str, dict[str, list[HandedIn[AttemptSummary]]]] = {}
    nothing: set[tuple[str, str]] = set()
    for lesson in marks.store.lessons():
        found_now = marks.of(lesson, marks.summary, policy.attempts)
        nothing |= {(student, lesson) for student in found_now.nothing}
        for student, versions in found_now.students.items():
            students.setdefault(student, {})[lesson] = versions
    decided = {student: marks.decided(student) for student in marks.decided_students()}
    found = [
        one
        for student in {**students, **decided}
        for one in standings(student, students.get(student, {}), policy, decisions=marks.decided(student))
    ]
    worth = {one.lesson: one.max_points for one in found if one.max_points}
    found = [one if one.max_points else replace(one, max_points=worth.get(one.lesson, 0.0)) for one in found]
    have = {(one.student, one.lesson) for one in found}
    waiting = {(student, lesson) for student, lessons in students.items() for lesson in lessons} - have
    absent = nothing | {(student, lesson) for student in roster.people for lesson in worth}
    absent |= {(student, lesson) for student, own in decided.items() for lesson in own.lessons}
    absent -= have | waiting
    for rows, up_to_date in ((waiting, False), (absent, True)):
        for student, lesson in rows:
            none = Standing(student, lesson, 0.0, worth.get(lesson, 0.0), 0.0, 0, 0, (), up_to_date=up_to_date)
            found.append(with_decisions(none, marks.decided(student).of(lesson), policy.due.get(lesson)))
    found.sort(key=lambda one: (one.student, due_order(one.lesson, policy)))
    return [Row(one, roster.person(one.student)) for one in found]
