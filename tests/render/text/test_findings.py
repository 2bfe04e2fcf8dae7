from __future__ import annotations

from collections.abc import Callable

from blindgrade.models import Grading
from blindgrade.render.links import Links
from blindgrade.render.text.findings import findings


def test_each_failed_check_is_a_finding_and_an_unwritten_or_blocked_exercise_is_one(
    grading: Grading, placed: Callable[[], Links]
) -> None:
    found = findings(grading, placed())
    assert [(one.exercise.name, one.level) for one in found] == [
        ("wrong", "error"), ("wrong", "error"), ("waits", "warning"), ("empty", "note"),
    ]  # fmt: skip
    assert found[0].rule == "lesson-1.1.1/wrong/wrong_0"


def test_paths_are_relative_to_the_working_directory(grading: Grading, placed: Callable[[], Links]) -> None:
    first, *_, last = findings(grading, placed())
    assert (str(first.file), first.place.line) == ("lesson_1_1_1_basics/basics.py", 3)
    assert (str(last.file), last.place.line) == ("lesson_1_1_1_basics/basics.py", None)


def test_a_file_that_is_not_known_is_not_made_up(grading: Grading) -> None:
    assert {one.file for one in findings(grading, Links.none())} == {None}
