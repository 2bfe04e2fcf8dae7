"""Files in the shape that Canvas exports, read back by the rules of its importer (lib/gradebook_importer.rb)."""

from __future__ import annotations

import csv
import io
import re

import pytest

from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.scores import LessonScores
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier, Person
from blindgrade.systems.canvas.export import fill, make

from ...graded import LESSON

TITLES = {LESSON: f"{LESSON} Basics"}
EXPORTED = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Homework (11),Lesson 1.1.1 (123456),Final Score\n"
    ",,,,,Manual Posting,,\n"
    "    Points Possible,,,,,10,10,(read only)\n"
    '"Doe, Ana",1187,ana,ana@uni.edu,LEC 01,7,,71\n'
    '"=HYPERLINK(""http://x"")",1188,S002,bo@uni.edu,LEC 01,8,,80\n'
    '"Gone, Cy",1189,cy,cy@uni.edu,LEC 01,9,EX,90\n'
    '"New, Di",1190,di,di@uni.edu,LEC 01,9,3,90\n'
    '"Student, Test",1191,,8f2a,LEC 01,,,\n'
)
PEOPLE = Roster.of([Person("bo", (Identifier("email", "bo@uni.edu"), Identifier("name", "Bo Roe")))])


def imported(text: str) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Data that Canvas would take: points possible by assignment, and new scores by Canvas id or SIS id."""
    lines = text.splitlines()[:3]
    delimiter = ";" if sum(";" in line for line in lines) > sum("," in line for line in lines) else ","
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    header = rows[0]
    assert "Student" in header[0] and "ID" in header[1], "Canvas refuses the header"
    first = header.index("Section") + 1
    possible: dict[str, str] = {}
    students: dict[str, dict[str, str]] = {}
    for row in rows[1:]:
        assert len(row) == len(header)
        if "Points Possible" in row[0]:
            possible = dict(zip(header[first:], row[first:], strict=True))
        else:
            key = row[1] or row[2] or row[3]
            students[key] = {h: v for h, v in zip(header[first:], row[first:], strict=True) if v != ""}
    return possible, students


def filled(scores: LessonScores, text: str = EXPORTED) -> Filled:
    return fill(text, [scores], TITLES, PEOPLE)


def test_a_filled_gradebook_comes_back_with_the_scores_in_canvass_scale(scores: LessonScores) -> None:
    possible, students = imported(filled(scores).text)
    assert possible == {"Lesson 1.1.1 (123456)": "10"}
    assert students["1187"] == {"Lesson 1.1.1 (123456)": "10"}
    assert students["1188"] == {"Lesson 1.1.1 (123456)": "5.2"}


def test_excused_stays_and_a_student_without_an_attempt_is_not_in_the_file(scores: LessonScores) -> None:
    done = filled(scores)
    _, students = imported(done.text)
    assert students["1189"] == {"Lesson 1.1.1 (123456)": "EX"}
    assert sorted(students) == ["1187", "1188", "1189"]
    assert done.written == 2


def test_other_assignments_and_totals_are_not_sent_back(scores: LessonScores) -> None:
    assert "Homework" not in filled(scores).text and "Final Score" not in filled(scores).text


def test_a_name_that_a_spreadsheet_would_run_is_text(scores: LessonScores) -> None:
    rows = list(csv.reader(io.StringIO(filled(scores).text)))
    assert rows[3][0] == '\'=HYPERLINK("http://x")'
    assert not [cell for row in rows for cell in row if re.match(r"[=+@]", cell)]


def test_an_assignment_that_canvas_does_not_have_is_a_new_column(scores: LessonScores) -> None:
    possible, students = imported(filled(scores, EXPORTED.replace("Lesson 1.1.1 (123456)", "Essay (7)")).text)
    assert possible == {"lesson-1.1.1 Basics": "100"}
    assert students["1188"] == {"lesson-1.1.1 Basics": "52"}


def test_semicolons_and_decimal_commas_are_understood(scores: LessonScores) -> None:
    text = EXPORTED.replace("Doe, Ana", "Doe Ana").replace("Gone, Cy", "Gone Cy").replace("New, Di", "New Di")
    text = text.replace("Student, Test", "Test").replace(",", ";").replace(";10;10;", ";10;12,5;")
    _, students = imported(filled(scores, text).text)
    assert students["1188"] == {"Lesson 1.1.1 (123456)": "6.5"}


def test_a_score_without_a_place_is_reported(scores: LessonScores) -> None:
    done = filled(scores, EXPORTED.replace("bo@uni.edu", "else@uni.edu"))
    assert done.notes == ["bo has scores and is not in the file; add the student in Canvas"]


def test_a_name_that_two_students_share_finds_neither(scores: LessonScores) -> None:
    people = Roster.of(Person(s, (Identifier("name", "Doe, Ana"),)) for s in ("ana", "bo"))
    text = EXPORTED.replace("1187,ana,ana@uni.edu", "1187,S001,x@uni.edu")
    done = fill(text, [scores], TITLES, people)
    assert "1187" not in imported(done.text)[1]
    assert "Doe, Ana was not filled in: several students of the roster have this name: ana, bo" in done.notes[0]


@pytest.mark.parametrize("text", ["", "Name,Grade\nAna,5\n", "Student,ID,SIS Login ID\n"])
def test_another_file_is_refused(scores: LessonScores, text: str) -> None:
    with pytest.raises(GradebookError, match="Grades, Export"):
        filled(scores, text)


def test_a_new_file_is_one_that_canvas_takes(scores: LessonScores) -> None:
    possible, students = imported(make([scores], TITLES, PEOPLE).text)
    assert possible == {"lesson-1.1.1 Basics": "100"}
    assert students == {s: {"lesson-1.1.1 Basics": p} for s, p in (("ana", "100"), ("bo", "52"), ("cy", "0"))}


def test_an_id_that_a_spreadsheet_would_run_is_refused(scores: LessonScores) -> None:
    with pytest.raises(GradebookError, match="correct the roster"):
        make([scores], TITLES, Roster.of([Person("bo", (Identifier("sid", "=1+1"),))]))
