from __future__ import annotations

from blindgrade.gradebook.marks import about_absent, about_excused, marks, named
from blindgrade.gradebook.scores import LessonScores
from blindgrade.roster.matching import Roster
from blindgrade.roster.people import Person

PEOPLE = Roster.of(Person(student) for student in ("ana", "bo", "di", "eva"))


def test_without_a_wish_students_without_an_attempt_have_no_mark_and_are_named(scores: LessonScores) -> None:
    assert list(marks(scores, PEOPLE)) == ["ana", "bo", "cy"]
    assert about_absent(scores, PEOPLE, None) == [
        "lesson-1.1.1: the roster's students without an attempt: di, eva; the file leaves them out; write 0 with"
        " --no-shows zero"
    ]
    assert about_absent(scores, Roster(), None) == []


def test_no_shows_have_no_points_or_zero_as_asked(scores: LessonScores) -> None:
    assert [marks(scores, PEOPLE, "blank")[s].points for s in ("bo", "di", "eva")] == [52, None, None]
    assert [marks(scores, PEOPLE, "zero")[s].points for s in ("bo", "di", "eva")] == [52, 0, 0]
    assert marks(scores, PEOPLE, "zero")["di"].max_points == 100


def test_an_excused_student_has_no_points_and_is_no_no_show(scores: LessonScores) -> None:
    scores.excused.add("bo")
    del scores.attempts["bo"]
    scores.excused.add("di")
    found = marks(scores, PEOPLE, "zero")
    assert [(found[s].points, found[s].excused, found[s].no_show) for s in ("bo", "di", "eva")] == [
        (None, True, False), (None, True, False), (0, False, True),
    ]  # fmt: skip
    assert about_excused(scores, "x") == ["lesson-1.1.1: excused: bo, di; x"]
    assert "eva; the file has 0" in about_absent(scores, PEOPLE, "zero")[0]


def test_a_long_list_of_students_is_counted() -> None:
    assert named([f"s{n}" for n in range(12)]).endswith("s9 and 2 more")
