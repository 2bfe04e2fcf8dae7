from __future__ import annotations

import io

from rich.console import Console

from blindgrade.models import Exercise
from blindgrade.render.terminal.paper import as_text
from blindgrade.render.terminal.standing import Row, ladder, overview

EXERCISE = Exercise(
    name="one", title="One", points=1, difficulty=1, concepts=["c"], hints=["First.", "Second.", "Third."]
)
PLAIN = Console(file=io.StringIO(), width=80)


def test_each_lesson_has_a_line_with_points_and_what_is_done() -> None:
    rows = [
        Row("lesson-1.1.1", "Basics", 50, 100, 1, 3),
        Row("lesson-1.1.2", "More", 0, 100, 0, 4, "not graded yet"),
    ]
    text = as_text(PLAIN, *overview("Course", rows, 2, "grade lesson-1.1.1/one", PLAIN))
    assert "lesson-1.1.1  Basics  █████░░░░░  50 / 100  1 of 3 done" in text
    assert "lesson-1.1.2  More    ░░░░░░░░░░   0 / 100  not graded yet" in text
    assert "50 of 200 points, all lessons" in text
    public = as_text(PLAIN, *overview("Course", rows, 2, "grade lesson-1.1.1/one", PLAIN, public_only=True))
    assert "50 of 200 public points, all lessons" in public
    assert "2 more lessons are planned" in text
    assert "next  grade lesson-1.1.1/one" in text


def test_the_hints_so_far_are_shown_with_the_command_for_the_next_one() -> None:
    text = as_text(PLAIN, *ladder("lesson-1.1.1", EXERCISE, 2, ""))
    assert "hint 2     Second." in text and "Third." not in text
    assert "next       grade --hint lesson-1.1.1/one   1 more hint\n" in text


def test_the_number_of_hints_that_are_left_has_its_noun() -> None:
    text = as_text(PLAIN, *ladder("lesson-1.1.1", EXERCISE, 1, ""))
    assert "next       grade --hint lesson-1.1.1/one   2 more hints\n" in text


def test_the_last_hint_names_the_command_that_grades() -> None:
    text = as_text(PLAIN, *ladder("lesson-1.1.1", EXERCISE, 3, "You divided twice."))
    assert "diagnosis  You divided twice." in text
    assert "next       grade lesson-1.1.1/one" in text
