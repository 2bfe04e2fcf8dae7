from __future__ import annotations

from datetime import UTC, datetime

from blindgrade.cohort.standings import cohort_standings
from blindgrade.models import Policy
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier, Person

from ..graded import LESSON, attempt, marks, store
from ..graded import Store as Write

__all__ = ["store"]  # fixtures
ROSTER = Roster.of([Person("cy", (Identifier("name", "Cy Poe"),)), Person("ana", (Identifier("name", "Ana Doe"),))])


def test_students_of_the_roster_without_attempts_have_a_row_with_no_points(store: Write) -> None:
    folder = store(attempt("ana", (1, 1, 1)), attempt("bo", (1, 0, 0)))
    rows = cohort_standings(marks(folder), Policy(), ROSTER)
    said = [
        (r.standing.student, r.person.name, r.standing.points, r.standing.max_points, r.has_submission) for r in rows
    ]
    assert said == [
        ("ana", "Ana Doe", 100, 100, True), ("bo", "", 40, 100, True), ("cy", "Cy Poe", 0, 100, False),
    ]  # fmt: skip


def test_without_a_roster_only_attempts_have_rows(store: Write) -> None:
    folder = store(attempt("ana", (1, 1, 1)))
    assert [row.standing.student for row in cohort_standings(marks(folder), Policy(), Roster())] == ["ana"]


def test_lessons_are_in_the_order_in_which_they_are_due_also_those_that_are_missing(store: Write) -> None:
    folder = store(attempt("ana", (1, 1, 1)), attempt("ana", (1, 1, 1), lesson="lesson-0"), attempt("cy", (1, 0, 0)))
    policy = Policy(due={LESSON: datetime(2026, 11, 1, tzinfo=UTC), "lesson-0": datetime(2026, 12, 1, tzinfo=UTC)})
    rows = cohort_standings(marks(folder), policy, ROSTER)
    assert [(r.standing.student, r.standing.lesson, r.has_submission) for r in rows] == [
        ("ana", LESSON, True), ("ana", "lesson-0", True), ("cy", LESSON, True), ("cy", "lesson-0", False),
    ]  # fmt: skip
