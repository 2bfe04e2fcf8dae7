"""Twelve lessons, 120 students, all that happens to their marks: every export has the marks of the raw facts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from .term import Term

Marks = dict[str, dict[str, float | None]]


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Term:
    """A term after everything that happens to its marks."""
    term = Term(tmp_path_factory.mktemp("term"))
    term.hand_in_everything()
    term.collect()
    term.grade()
    lessons, students = list(term.facts["lessons"]), term.facts["students"]
    for number in range(0, 40, 5):
        term.decide("extend", students[number], lessons[number % 12], days=1 + number % 3)
    for number in (3, 33, 63):
        term.decide("excuse", students[number], lessons[number % 12])
    term.decide("adjust", students[50], lessons[1], by=7)
    term.decide("adjust", students[51], lessons[1], by=-200)
    term.decide("adjust", students[52], lessons[2], points=55)
    term.undo(9)  # the first excuse
    term.undo(2)  # an extension
    term.set_points(lessons[2], "standardize", 30.0)
    term.refused = term.run(*term.exporting("csv"), expected=1)
    term.grade(lessons[2])
    term.set_points(lessons[4], "fit_line", 35.0)
    term.grade(lessons[4])
    term.set_points(lessons[4], "fit_line", 20.0)  # the attempts of before count again, so nothing is graded
    return term


def test_marks_that_are_not_up_to_date_are_not_exported(term: Term) -> None:
    assert "marks are not up to date: run `course grade lesson-1.1.3" in term.refused


def by_student(rows: list[dict[str, str]], student: str, points: dict[str, str]) -> Marks:
    """Marks in the rows; `points` has the column of each lesson."""
    return {
        row[student]: {
            lesson: None if row[column] == "EX" else float(row[column])
            for lesson, column in points.items()
            if row[column] not in ("", "-")
        }
        for row in rows
    }


def expected(term: Term, count: str = "last") -> Marks:
    return {student: marks for student, marks in term.marks_from_facts(count).items() if marks}


def test_the_spreadsheet_has_the_marks_of_the_facts(term: Term) -> None:
    found: Marks = {}
    for row in term.export("csv"):
        found.setdefault(row["student"], {})[row["lesson"]] = float(row["points"]) if row["points"] else None
    assert found == expected(term)


def test_canvas_has_the_marks_of_the_facts(term: Term) -> None:
    rows = term.export("canvas")
    head = list(rows[0])
    columns = {lesson: next(h for h in head if h.startswith(f"{lesson} ")) for lesson in term.facts["lessons"]}
    rows = [row for row in rows if row["SIS User ID"]]
    assert by_student(rows, "SIS User ID", columns) == expected(term)


def test_moodle_has_the_marks_of_the_facts(term: Term) -> None:
    wanted = expected(term)
    for lesson in term.facts["lessons"]:
        sheet = term.root / "worksheet.csv"
        with sheet.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["Identifier", "Full name", "ID number", "Grade", "Maximum Grade", "Last modified (grade)"])
            for n, student in enumerate(term.facts["students"]):
                writer.writerow([f"Participant {n}", f"Name {n}", student, "", f"{term.worth(lesson):.2f}", "-"])
        roster = term.root / "roster.csv"
        roster.write_text("id,ID number\n" + "".join(f"{one},{one}\n" for one in term.facts["students"]))
        rows = term.export("moodle", lesson, "--worksheet", sheet, "--roster", roster)
        found = {row["ID number"]: float(row["Grade"]) for row in rows if row["Grade"]}
        most = term.worth(lesson)
        mine = {s: marks[lesson] for s, marks in wanted.items() if marks.get(lesson) is not None}
        assert found == {s: pytest.approx(min(points or 0.0, most), abs=0.005) for s, points in mine.items()}


def test_the_best_version_counts_if_the_policy_says_so(term: Term) -> None:
    policy = term.course / "course.toml"
    policy.write_text(policy.read_text().replace('attempts = "last"', 'attempts = "best"'))
    term.grade()
    found: Marks = {}
    for row in term.export("csv"):
        found.setdefault(row["student"], {})[row["lesson"]] = float(row["points"]) if row["points"] else None
    assert found == expected(term, "best")


def test_the_module_imports_nothing_of_ours() -> None:
    assert "import blindgrade" not in Path(__file__).with_name("marks_from_facts.py").read_text()
