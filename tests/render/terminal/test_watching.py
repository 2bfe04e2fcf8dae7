from __future__ import annotations

import io

from rich.console import Console

from blindgrade.models import CheckResult, Exercise, ExerciseResult, Lesson, Outcome
from blindgrade.render.terminal.paper import as_text
from blindgrade.render.terminal.watching import Focus, View, watch_screen

PLAIN = Console(file=io.StringIO(), width=80)
ONE, TWO = (
    Exercise(
        name=name, title=name.title(), points=10, difficulty=1, concepts=["c"], hints=["First.", "Second.", "Third."]
    )
    for name in ("one", "two")
)
LESSON = Lesson.model_validate({"id": "lesson-1.1.1", "title": "Basics", "summary": "S", "exercise": [ONE, TWO]})


def result(exercise: Exercise, outcome: Outcome) -> ExerciseResult:
    check = CheckResult(name="c", claim="It is so.", public=True, outcome=outcome, message="is 2")
    return ExerciseResult(
        name=exercise.name, title=exercise.title, outcome=outcome, points=10.0 * (outcome is Outcome.PASSED),
        max_points=10, concepts=[], checks=[check, check],
    )  # fmt: skip


PASSED, FAILED = result(ONE, Outcome.PASSED), result(TWO, Outcome.FAILED)


def screen(**more: object) -> str:
    view = View(lessons=[(LESSON, [PASSED, FAILED])], **more)  # type: ignore[arg-type]
    return as_text(PLAIN, *watch_screen(view, PLAIN))


def test_without_keys_the_screen_says_how_to_leave() -> None:
    text = screen(keys=False)
    assert text.rstrip().endswith("Ctrl-C ends it. `grade --hint` shows a hint.") and "n next" not in text


def test_points_status_and_keys_are_always_there() -> None:
    text = screen(status="graded at 12:00:00")
    assert "10 of 20 points" in text and "graded at 12:00:00" in text
    assert "n next   h hint   l list   a all   q quit" in text
    assert "one" not in text


def test_the_list_is_shown_when_asked_for() -> None:
    assert "✓ one  passed  10 / 10" in screen(listed=True)


def test_the_exercise_in_focus_is_shown_with_its_hints_and_without_commands() -> None:
    text = screen(focus=Focus("lesson-1.1.1", TWO, FAILED, hints=2))
    assert "To fix: two" in text and "hint 2     Second." in text and "Third." not in text
    assert "1 more check fails\n" in text and "grade" not in text
    assert text.count("It is so.") == 1
    assert screen(focus=Focus("lesson-1.1.1", TWO, FAILED), verbose=True).count("It is so.") == 2


def test_an_exercise_that_is_passed_needs_no_hint() -> None:
    text = screen(focus=Focus("lesson-1.1.1", ONE, PASSED, hints=2))
    assert "✓ one  One: passed" in text and "Second." not in text


def test_problems_of_the_files_are_shown_harmlessly() -> None:
    assert r"! a.py:1: \x1b[2J; the last results stay" in screen(problems=["a.py:1: \x1b[2J; the last results stay"])
