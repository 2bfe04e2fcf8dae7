from __future__ import annotations

import csv
import io

from blindgrade.gradebook.plain import fill, table
from blindgrade.gradebook.scores import LessonScores
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Identifier, Person


def test_one_line_for_each_student_and_lesson(scores: LessonScores) -> None:
    bo = Person("bo", (Identifier("name", "=cmd|' /C calc'!A0"), Identifier("email", "bo@uni.edu")))
    rows = list(csv.DictReader(io.StringIO(table([scores], Roster.of([bo])))))
    assert [(r["student"], r["points"], r["max_points"]) for r in rows] == [
        ("ana", "100", "100"), ("bo", "52", "100"), ("cy", "0", "100"),
    ]  # fmt: skip
    assert rows[1]["name"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["submitted_at"] == "2026-11-01T10:00:00Z"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_section_of_the_roster_and_large_points_are_written_in_full(scores: LessonScores) -> None:
    scores.attempts["bo"] = scores.attempts["bo"].model_copy(update={"points": 1234567.125})
    bo = Person("bo", (Identifier("section", "LEC 01"),))
    assert [(r["section"], r["points"]) for r in rows(table([scores], Roster.of([bo])))][1] == ("LEC 01", "1234567.125")


def test_exercises_have_columns_that_are_blank_in_other_lessons(scores: LessonScores) -> None:
    other = LessonScores("lesson-1.1.2", {"cy": scores.attempts["cy"]}, [])
    found = rows(table([scores, other], Roster(), exercises=True))
    assert found[1]["lesson-1.1.1/standardize"] == "32"
    assert (found[3]["lesson-1.1.1/standardize"], found[3]["lesson-1.1.2/standardize"]) == ("", "0")


def test_excused_students_and_no_shows_have_a_note(scores: LessonScores) -> None:
    scores.excused.add("ana")
    del scores.attempts["ana"]
    done = fill([scores], Roster.of(Person(s) for s in ("ana", "bo", "di")), no_shows="zero", exercises=True)
    found = {r["student"]: (r["points"], r["note"], r["lesson-1.1.1/standardize"]) for r in rows(done.text)}
    assert found == {
        "ana": ("", "excused", ""), "bo": ("52", "", "32"), "cy": ("0", "", "0"), "di": ("0", "no attempt", "0"),
    }  # fmt: skip
    assert (done.written, done.news) == (3, ["lesson-1.1.1: excused: ana; the file has no points for them"])
