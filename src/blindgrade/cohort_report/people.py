"""Students in tables and lists, each with the name and section of the roster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from blindgrade.cohort_report.cohort import Cohort
from blindgrade.cohort_report.tables import Cell, Column
from blindgrade.roster.matching import Roster


def student_columns(cohort: Cohort) -> list[Column]:
    """Who a row is about; without a roster only ids are known."""
    known = [Column("name"), Column("section")] if cohort.roster.people else []
    return [Column("student", "code"), *known]


def student_cells(cohort: Cohort, student: str) -> list[Cell]:
    """Cells of `student_columns`."""
    person = cohort.roster.person(student)
    return [student, person.name, person.get("section")] if cohort.roster.people else [student]


def decisions_of(cohort: Cohort, student: str) -> list[str]:
    """The student's decisions in words."""
    return [f"{one.lesson} {one.what}" for one in cohort.decisions if one.student == student]


def decided(cohort: Cohort, student: str) -> list[Cell]:
    """Cell with the student's decisions; no cell if there are no decisions at all."""
    return [decisions_of(cohort, student)] if cohort.decisions else []


def decided_columns(cohort: Cohort) -> list[Column]:
    """Column of `decided`; none if there are no decisions at all."""
    return [Column("decisions", "list")] if cohort.decisions else []


def who(roster: Roster, students: Iterable[str]) -> list[str]:
    """Students in a list, each with the name and section of the roster: "ana (Ana Doe, LEC 01)"."""
    found = []
    for student in students:
        person = roster.person(student)
        known = ", ".join(text for text in (person.name, person.get("section")) if text)
        found.append(f"{student} ({known})" if known else student)
    return found


def by_section(roster: Roster, students: Iterable[str]) -> str:
    """Numbers of students by section, the largest first: "LEC 03: 5, LEC 01: 2". "" if sections are unknown."""
    counts = Counter(roster.person(student).get("section") for student in students)
    counts.pop("", None)
    return ", ".join(f"{section}: {n}" for section, n in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
