"""Files in the shape that Canvas exports, read back by the rules of its importer (lib/gradebook_importer.rb)."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blindgrade.gradebook.csv_text import csv_text
from blindgrade.gradebook.errors import GradebookError
from blindgrade.gradebook.filled import Filled
from blindgrade.gradebook.formulas import guarded
from blindgrade.gradebook.marks import NoShows
from blindgrade.gradebook.scores import LessonScores
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier, Person
from blindgrade.systems.canvas.export import fill, make

from ...graded import LESSON, scored

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


# ---------------------------------------------------------------- files as Canvas writes them

T_CANVAS = (
    'Student,ID,SIS User ID,SIS Login ID,Section,"lesson-1.1.1 Score Functions & SDEs (4242)",Other (1)\n'
    ",,,,,Manual Posting,\n"
    '    Points Possible,,,,,"1,000.00",10\n'
    '"Doe, Ana",1187,S001,ana,Sec 1,,5\n'
    '"Müller, Bob",1188,S002,bo,"Sec 1 and Sec 2",EX,5\n'
    '"Lee, Cyd",1189,S003,cy,Sec 1,,5\n'
    '"Student, Test",1190,,abcdef0123,Sec 1,,\n'
)
LONG = {LESSON: f"{LESSON} Score Functions & SDEs"}
HEAD = "lesson-1.1.1 Score Functions & SDEs (4242)"


def written(done: Filled, head: str) -> dict[str, str]:
    """The cells of a column, by Canvas's number of the student."""
    rows = list(csv.DictReader(io.StringIO(done.text)))
    return {row["ID"]: row[head] for row in rows if row["ID"]}


def test_a_full_score_of_a_thousand_points_is_a_thousand(scores: LessonScores) -> None:
    done = fill(T_CANVAS, [scores], LONG, Roster())
    assert written(done, HEAD) == {"1187": "1000", "1188": "EX", "1189": "0"}
    assert imported(done.text)[0] == {HEAD: "1,000.00"}
    assert (done.written, done.unwritten, done.notes) == (2, 0, [])
    assert done.news == [f"bo is excused (EX) in {HEAD!r}, so the score was not written"]


@pytest.mark.parametrize(
    "head",
    [
        "Score Functions & SDEs (4242)", "Score Functions & SDEs", "Lesson 1.1.1 (4242)", "lesson-1.1.1",
        "1.1.1 (4242)", "1.1.1 Score functions & SDEs (4)", "Lesson 1.1.1: Score Functions & SDEs (4242)",
        "Lesson 1.1.1 – Score Functions & SDEs (4242)",
    ],
)  # fmt: skip
def test_the_assignment_is_found_by_its_title_and_no_second_column_appears(scores: LessonScores, head: str) -> None:
    done = fill(T_CANVAS.replace(HEAD, head), [scores], LONG, Roster())
    assert done.text.splitlines()[0].count(",") == 5 and list(imported(done.text)[0]) == [head]
    assert written(done, head)["1188"] == "EX"
    assert not [sentence for sentence in done.news if "new column" in sentence]


@pytest.mark.parametrize("given", ["Week 5 (4242)", "Week 5", "4242"])
def test_the_user_names_the_assignment_by_its_title_or_number(scores: LessonScores, given: str) -> None:
    text = T_CANVAS.replace(HEAD, "Week 5 (4242)")
    done = fill(text, [scores], LONG, Roster(), columns={LESSON: given})
    assert written(done, "Week 5 (4242)") == {"1187": "1000", "1188": "EX", "1189": "0"}


def test_an_assignment_that_may_be_ours_is_named_with_the_new_column(scores: LessonScores) -> None:
    done = fill(T_CANVAS.replace(HEAD, "Homework 1.1.1 (4242)"), [scores], LONG, Roster())
    assert "the file has no column for lesson-1.1.1 (it may be 'Homework 1.1.1 (4242)')" in done.news[0]
    assert "is a new column" in done.news[0] and '--column lesson-1.1.1="TITLE (NUMBER)"' in done.news[0]


def test_two_assignments_that_may_be_ours_are_refused_and_named(scores: LessonScores) -> None:
    text = T_CANVAS.replace("Other (1)", "Score Functions & SDEs (1)")
    with pytest.raises(GradebookError, match=r"\(4242\)' and 'Score Functions & SDEs \(1\)'.*--column lesson-1.1.1="):
        fill(text, [scores], LONG, Roster())
    assert written(fill(text, [scores], LONG, Roster(), columns={LESSON: "4242"}), HEAD)["1187"] == "1000"


def test_one_assignment_for_two_lessons_is_refused(scores: LessonScores) -> None:
    other = LessonScores("lesson-1.1.2", scores.attempts, [])
    titles = {LESSON: f"{LESSON} Review", other.lesson: f"{other.lesson} Review"}
    with pytest.raises(GradebookError, match="fits lesson-1.1.1 and lesson-1.1.2"):
        fill(T_CANVAS.replace(HEAD, "Review (4242)"), [scores, other], titles, Roster())


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({LESSON: "Week 9"}, r"the file has no such assignment; name one of '.*4242\)', 'Other \(1\)'"),
        ({"lesson-9": "Other (1)"}, "write --column LESSON=TITLE with one of lesson-1.1.1"),
    ],
)
def test_a_column_that_does_not_exist_is_refused(scores: LessonScores, columns: dict[str, str], message: str) -> None:
    with pytest.raises(GradebookError, match=message):
        fill(T_CANVAS, [scores], LONG, Roster(), columns=columns)


@pytest.mark.parametrize(("text", "says"), [("ten", "which is no number"), ("(read only)", "is read only in Canvas")])
def test_points_that_cannot_be_read_are_refused(scores: LessonScores, text: str, says: str) -> None:
    with pytest.raises(GradebookError, match=says):
        fill(T_CANVAS.replace('"1,000.00"', text), [scores], LONG, Roster())


@pytest.mark.parametrize("text", ["", "0", "0.00"])
def test_an_assignment_without_points_gets_ours_and_says_so(scores: LessonScores, text: str) -> None:
    done = fill(T_CANVAS.replace('"1,000.00"', text), [scores], LONG, Roster())
    assert written(done, HEAD)["1187"] == "100"
    assert "so points were not scaled" in done.news[0]


def test_points_that_canvass_importer_would_misread_are_written_plain(scores: LessonScores) -> None:
    done = fill(T_CANVAS.replace("1,000.00", "1,000"), [scores], LONG, Roster())
    assert (imported(done.text)[0][HEAD], written(done, HEAD)["1187"]) == ("1000", "1000")


def test_a_student_without_the_assignment_is_named_and_counted(scores: LessonScores) -> None:
    done = fill(T_CANVAS.replace("S001,ana,Sec 1,,5", "S001,ana,Sec 1,N/A,5"), [scores], LONG, Roster())
    assert written(done, HEAD)["1187"] == "N/A"
    assert (done.unwritten, done.notes) == (
        1,
        [f"{HEAD!r} is not assigned to ana, so Canvas takes no score; assign it"],
    )


def test_an_old_grade_of_a_student_without_an_attempt_stays(scores: LessonScores) -> None:
    """Canvas clears a grade whose cell is empty, so the cell keeps its text."""
    other = LessonScores("lesson-1.1.2", {"cy": scores.attempts["cy"]}, [])
    done = fill(T_CANVAS, [scores, other], LONG | {other.lesson: f"{other.lesson} Other"}, Roster())
    assert written(done, "Other (1)") == {"1187": "5", "1188": "5", "1189": "0"}


def test_lines_that_are_no_student_are_left_out(scores: LessonScores) -> None:
    head, muted, *rest = T_CANVAS.splitlines()
    text = "\n".join([head, muted.replace("Manual Posting", "Muted"), *rest, head, ",,,,,,", ""])
    done = fill(text, [scores], LONG, Roster())
    assert written(done, HEAD) == {"1187": "1000", "1188": "EX", "1189": "0"}
    assert done.notes == ["the line of titles is in the file again; it was left out"]


def test_first_and_last_names_may_have_their_own_columns(scores: LessonScores) -> None:
    text = (
        "LastName,FirstName,ID,SIS User ID,SIS Login ID,Section,Score Functions & SDEs (4)\n"
        "    Points Possible,,,,,,10\n=Doe,Ana,1187,S001,ana,Sec 1,\n"
    )
    done = fill(text, [scores], LONG, Roster())
    assert done.text.splitlines()[2] == "'=Doe,Ana,1187,S001,ana,Sec 1,10"


# ---------------------------------------------------------------- excused, no-shows, exercises


def test_an_excused_student_is_excused_in_canvas_with_or_without_an_attempt(scores: LessonScores) -> None:
    scores.excused.add("ana")
    del scores.attempts["ana"]
    del scores.attempts["cy"]
    scores.excused.add("cy")
    done = fill(T_CANVAS, [scores], LONG, Roster())
    assert written(done, HEAD) == {"1187": "EX", "1188": "EX", "1189": "EX"}
    assert "lesson-1.1.1: excused: ana, cy; the file has EX for them" in done.news
    assert imported(make([scores], LONG, Roster()).text)[1]["cy"] == {LONG[LESSON]: "EX"}


ROSTER = Roster.of(Person(s, (Identifier("sid", f"S00{n}"),)) for n, s in enumerate(("ana", "bo", "cy", "di"), start=1))


@pytest.mark.parametrize(("no_shows", "cells"), [("blank", ["", "7"]), ("zero", ["0", "7"])])
def test_a_no_show_gets_what_was_asked_and_keeps_a_grade(
    scores: LessonScores, no_shows: NoShows, cells: list[str]
) -> None:
    text = T_CANVAS.replace('"Student, Test"', '"Low, Di",1191,S004,di,Sec 1,,\n"Student, Test"')
    del scores.attempts["cy"]
    text = text.replace("S003,cy,Sec 1,,5", "S003,cy,Sec 1,7,5")
    done = fill(text, [scores], LONG, ROSTER, no_shows=no_shows)
    assert [written(done, HEAD)[n] for n in ("1191", "1189")] == cells
    assert ("cy has no attempt and 7 in" in " ".join(done.news)) == (no_shows == "zero")


def test_exercises_are_columns_of_their_own_that_a_second_upload_finds(scores: LessonScores) -> None:
    first = fill(T_CANVAS, [scores], LONG, Roster(), exercises=True)
    heads = [f"{LONG[LESSON]}: {title}" for title in ("One scale", "Two rows", "Downhill")]
    assert list(imported(first.text)[0].values()) == ["1,000.00", "40", "40", "20"]
    assert [written(first, head)["1188"] for head in heads] == ["32", "0", "20"]
    assert sum("is a new column" in sentence for sentence in first.news) == 3
    assert not [sentence for sentence in first.news if "it may be" in sentence]
    again = T_CANVAS.replace("Other (1)", f"{heads[0]} (77)")
    second = fill(again, [scores], LONG, Roster(), exercises=True)
    assert written(second, f"{heads[0]} (77)")["1187"] == "10"
    assert sum("is a new column" in sentence for sentence in second.news) == 2


# ---------------------------------------------------------------- for any points and names


NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
NUMBERS = {",": ["10", "10.00", "1,000.00", "1000.00", "7.50", "10,00"], ";": ["10,00", "1.000,00", "1000,00", "7,5"]}
VALUES = {"10": 10, "10.00": 10, "1,000.00": 1000, "1000.00": 1000, "7.50": 7.5, "10,00": 10, "1.000,00": 1000}
VALUES |= {"1000,00": 1000, "7,5": 7.5}


def as_canvas_reads(cell: str) -> float:
    """Number that Canvas's importer takes: the last comma or point is the decimal mark, all others go."""
    *whole, last = re.split("[,.]", cell)
    return float("".join(whole) + "." + last) if whole else float(last)


@settings(deadline=None)  # the machine may be busy
@given(data=st.data(), delimiter=st.sampled_from(",;"), points=st.lists(st.floats(0, 100), min_size=3, max_size=3))
def test_what_canvas_reads_back_are_the_points_and_other_cells_stay(
    data: st.DataObject, delimiter: str, points: list[float]
) -> None:
    lesson = LessonScores(LESSON, {s: scored(s, p) for s, p in zip(("ana", "bo", "cy"), points, strict=True)}, [])
    worth = data.draw(st.sampled_from(NUMBERS[delimiter]))
    names = data.draw(st.lists(NAMES.filter(str.strip), min_size=4, max_size=4))
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Essay (3)", "Lesson 1.1.1 (42)"]
    who = [
        [name, str(n), "", s, name] for n, (name, s) in enumerate(zip(names, ("ana", "bo", "cy", "di"), strict=True))
    ]
    body = [[*one, "5", ""] for one in who]
    text = csv_text([header, ["    Points Possible", "", "", "", "", "10", worth], *body], delimiter)
    done = fill(text, [lesson], TITLES, Roster())
    back = list(csv.reader(io.StringIO(done.text, newline=""), delimiter=delimiter))
    assert back[0] == [*header[:5], header[6]] and back[1][-1] == worth
    for one, row, mark in zip(who, back[2:], points, strict=False):
        assert abs(as_canvas_reads(row[-1]) - mark * VALUES[worth] / 100) <= 0.005 + 1e-9
        assert all(new in (old, guarded(old)) for old, new in zip(one, row[:5], strict=True))
    assert (len(back), done.written, done.unwritten, as_canvas_reads(worth)) == (5, 3, 0, VALUES[worth])
