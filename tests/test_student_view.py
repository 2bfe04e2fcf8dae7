"""What a student may read at each level."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from blindgrade.attempts.decision import DecisionKind, Ruling
from blindgrade.models import (
    CheckResult,
    ExerciseResult,
    Feedback,
    LessonFeedback,
    Level,
    MutantMatch,
    Outcome,
    Policy,
)
from blindgrade.places import Place
from blindgrade.policies import feedback_level
from blindgrade.render.text.student import headline
from blindgrade.student_view import StudentView, excused_view, feedback_levels, said_once, student_view

from .graded import LESSON, attempt, exercise, scored

DUE = datetime(2026, 11, 10, 23, 59, tzinfo=UTC)


def check(outcome: Outcome = Outcome.FAILED, **fields: object) -> CheckResult:
    given = {"name": "c", "claim": "A claim.", "public": False, "outcome": outcome, "where": Place("basics.py", 3)}
    return CheckResult.model_validate(given | fields)


def view(level: Level, *checks: CheckResult, outcome: Outcome = Outcome.FAILED, points: float = 10) -> StudentView:
    result = exercise("standardize", 0, outcome=outcome, checks=list(checks), points=points, output="printed")
    whole = attempt("ana", (1, 1, 1), points=70.0, problems=["basics.py:3: ValueError: no"])
    return student_view(whole.model_copy(update={"exercises": [result, *whole.exercises[1:]]}), level)


def message(public: bool, text: str, outcome: Outcome = Outcome.FAILED) -> str:
    checks = view(Level.CHECKS, check(outcome, public=public, message=text)).exercises[0].checks
    assert checks
    return checks[0]["message"]


def test_each_level_has_its_fields_and_no_others() -> None:
    checks = (check(), check(Outcome.PASSED))
    shown = {level: view(level, *checks).model_dump(exclude_defaults=True, exclude_none=True) for level in Level}
    head = {"level", "lesson", "title", "student", "submitted_at", "graded_at", "max_points"}
    assert {level: set(fields) - head for level, fields in shown.items()} == {
        Level.NOTHING: set(),
        Level.TOTAL: {"points", "earned", "left_out"},
        Level.EXERCISES: {"exercises", "left_out"},
        Level.COUNTS: {"points", "earned", "exercises", "left_out"},
        Level.CHECKS: {"points", "earned", "exercises", "left_out", "problems"},
    }
    one = {"name", "title", "outcome", "max_points"}
    assert {level: set(fields["exercises"][0]) - one for level, fields in shown.items() if "exercises" in fields} == {
        Level.EXERCISES: set(),
        Level.COUNTS: {"points", "passed", "of"},
        Level.CHECKS: {"points", "passed", "of", "checks", "output"},
    }


@pytest.mark.parametrize("level", [Level.EXERCISES, Level.COUNTS])
@pytest.mark.parametrize(
    ("outcome", "read"),
    [
        (Outcome.NOT_ATTEMPTED, Outcome.FAILED),
        (Outcome.BLOCKED, Outcome.FAILED),
        (Outcome.FAILED, Outcome.FAILED),
        (Outcome.PASSED, Outcome.PASSED),
        (Outcome.ERROR, Outcome.ERROR),
    ],
)
def test_below_checks_an_exercise_has_passed_or_not(level: Level, outcome: Outcome, read: Outcome) -> None:
    assert view(level, check(outcome), outcome=outcome).exercises[0].outcome is read


def test_counts_are_of_checks_that_passed_or_cost_no_points() -> None:
    found = view(Level.COUNTS, check(), check(Outcome.PASSED), check(Outcome.ERROR)).exercises[0]
    assert (found.passed, found.of) == (2, 3)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("the result is 0.5; expected 0.7", ""),
        ("an author's sentence with ValueError: 0.7", ""),
        ("ValueError at basics.py:3: got 0.7", "your code raised ValueError"),
        ("IndexError", "your code raised IndexError"),
        ("Key_0_7 at basics.py:3: its name tells an input", ""),
        ("stopped after 3 s: does a loop not end? 0.7", "stopped after 3 s"),
        ("not run, because an earlier check was stopped after 3 s", None),
        ("the file defines no `x_0_7`", "your file does not define it"),
    ],
)
def test_a_hidden_check_has_no_message_but_the_engines_own_words(text: str, read: str | None) -> None:
    assert message(False, text) == (text if read is None else read)
    assert message(True, text) == text


def test_a_hidden_check_that_passed_has_no_message() -> None:
    assert message(False, "the result is 0.5", Outcome.PASSED) == ""


@pytest.mark.parametrize(
    ("own", "read"),
    [
        ("the result is 0.5; expected 0.7", ""),
        ("ValueError at basics.py:3: got 0.7", "your code raised ValueError"),
        ("", ""),
    ],
)
def test_a_blocked_hidden_check_says_of_its_own_failure_only_the_engines_words(own: str, read: str) -> None:
    for public in (False, True):
        blocked = check(Outcome.BLOCKED, public=public, message="waits for standardize", own=own)
        [seen] = view(Level.CHECKS, blocked, outcome=Outcome.BLOCKED).exercises[0].checks or []
        assert seen["message"] == (own if public else read)


def test_a_check_that_the_grader_could_not_judge_says_nothing_of_the_reason() -> None:
    for public in (False, True):
        assert "0.7" not in message(public, "the reference raised ValueError: 0.7", Outcome.ERROR)


def test_a_hidden_check_has_no_place() -> None:
    checks = view(Level.CHECKS, check(), check(public=True)).exercises[0].checks
    assert checks and [one["where"] for one in checks] == ["", "basics.py:3"]


def test_a_blocked_exercise_names_what_it_waits_for_and_no_other_text() -> None:
    blocked = check(Outcome.BLOCKED, message="waits for standardize, fit_line")
    assert view(Level.CHECKS, blocked, outcome=Outcome.BLOCKED).exercises[0].waits_for == blocked.message
    other = check(Outcome.BLOCKED, message="waits for 0.7: expected")
    assert view(Level.CHECKS, other, outcome=Outcome.BLOCKED).exercises[0].waits_for == ""


def test_a_result_without_checks_has_a_view_at_every_level() -> None:
    empty = ExerciseResult(
        name="e", title="E", outcome=Outcome.NOT_ATTEMPTED, points=0, max_points=4, concepts=[], checks=[]
    )
    for level in Level:
        student_view(attempt("ana", (1, 1, 1)).model_copy(update={"exercises": [empty]}), level)


def test_a_change_of_an_exercises_points_is_said_where_its_points_are_and_without_the_reason() -> None:
    decided = (
        Ruling(kind=DecisionKind.ADJUST, student="ana", lesson=LESSON, exercise="fit_line", by=-2, reason="ill"),
        Ruling(kind=DecisionKind.ADJUST, student="ana", lesson=LESSON, by=3, reason="ill"),
        Ruling(kind=DecisionKind.EXTEND, student="ana", lesson=LESSON, days=1, reason="ill"),
    )
    one = SimpleNamespace(**{**dict(attempt("ana", (1, 1, 1))), "decisions": decided})
    for level in Level:
        said = {exercise.name: exercise.decided for exercise in student_view(one, level).exercises}
        if level in (Level.COUNTS, Level.CHECKS):
            changed = ["Your instructor changed your points of `fit_line` by -2."]
            assert said == {"standardize": [], "correlation": [], "fit_line": changed}
        else:
            assert not any(said.values())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"points": 57.0}, "57 of 100 points (with +5 by your instructor)."),
        ({"points": 50.0, "adjusted": -2.0}, "50 of 100 points (with -2 by your instructor)."),
        (
            {"points": 31.0, "days_late": 1},
            "31 of 100 points (52 before lateness; 1 day late) (with +5 by your instructor).",
        ),
        ({"points": 57.0, "days_late": 1}, "57 of 100 points (with +5 by your instructor)."),  # a day from the bank
        ({"points": 26.0, "days_late": 2, "adjusted": 0.0}, "26 of 100 points (52 before lateness; 2 days late)."),
    ],
)
def test_lateness_and_adjusted_points_are_said_where_the_points_are(fields: dict[str, object], said: str) -> None:
    one = scored("bo", 52.0).model_copy(update={"earned": 52.0, "adjusted": 5.0, **fields})
    assert headline(student_view(one, Level.TOTAL)) == said
    for level in (Level.NOTHING, Level.EXERCISES):
        assert student_view(one, level).adjusted == 0 and "instructor" not in headline(student_view(one, level))


def test_an_excused_student_reads_that_at_every_level_and_no_result() -> None:
    for level in Level:
        seen = excused_view(LESSON, "Basics", "ana", level)
        assert headline(seen) == "You are excused from this lesson, so you need no points for it."
        assert seen.points is None and not seen.exercises


def test_without_a_policy_students_read_checks() -> None:
    assert feedback_levels(None, LESSON) == (Level.CHECKS, Level.CHECKS)


def test_a_lesson_replaces_what_it_names_and_keeps_the_rest() -> None:
    feedback = Feedback(before=Level.TOTAL, lessons={LESSON: LessonFeedback(after=Level.COUNTS)})
    assert feedback_levels(feedback, LESSON) == (Level.TOTAL, Level.COUNTS)
    assert feedback_levels(feedback, "lesson-1.1.2") == (Level.TOTAL, Level.CHECKS)


@pytest.mark.parametrize(
    ("due", "seconds", "level"),
    [(DUE, -1, Level.TOTAL), (DUE, 0, Level.TOTAL), (DUE, 1, Level.COUNTS), (None, 10**9, Level.TOTAL)],
    ids=["before", "at the due date", "after", "without a due date it is always before"],
)
def test_the_due_date_changes_the_level(due: datetime | None, seconds: int, level: Level) -> None:
    feedback = Feedback(before=Level.TOTAL, after=Level.COUNTS)
    policy = Policy(due={LESSON: due} if due else {}, feedback=feedback)
    assert feedback_level(LESSON, policy, DUE + timedelta(seconds=seconds), []) is level


def test_a_relation_is_read_where_the_checks_are_and_only_without_a_misconception() -> None:
    related = {"relation": "negated", "relation_text": "Part of your result is exactly minus the expected value."}
    for level in Level:
        shown = view(level, check(**related)).model_dump_json()
        assert (related["relation_text"] in shown) is (level is Level.CHECKS)
    assert "minus" not in view(Level.CHECKS, check(**related, misconception="sign")).model_dump_json()
    assert "minus" not in view(Level.CHECKS, check(Outcome.PASSED, **related)).model_dump_json()
    assert "negated" not in view(Level.CHECKS, check(**related)).model_dump_json()


def with_mutant(words: str, *checks: CheckResult, level: Level = Level.CHECKS) -> StudentView:
    found = MutantMatch(words=words, kinds=["axis"], changes=["`dim=0` read as `dim=1` in line 3"], count=1)
    result = exercise("standardize", 0, checks=list(checks)).model_copy(update={"mutant": found})
    return student_view(attempt("ana", (0, 1, 1)).model_copy(update={"exercises": [result]}), level)


def test_the_class_of_a_change_is_a_hint_of_a_failed_check_without_one() -> None:
    seen = with_mutant("as if another axis were meant", check(Outcome.PASSED), check(hint="Look."), check())
    assert [one["hint"] for one in seen.exercises[0].checks or ()] == [
        "", "Look.", "Your code answers as if another axis were meant.",
    ]  # fmt: skip
    seen = with_mutant("as if another axis were meant", check(hint="Look."), check(hint="Look."))
    assert [one["hint"] for one in seen.exercises[0].checks or ()] == [
        "Look. Your code answers as if another axis were meant.", "Look.",
    ]  # fmt: skip


@pytest.mark.parametrize("level", Level)
def test_no_level_shows_the_change_itself_and_only_checks_its_class(level: Level) -> None:
    text = with_mutant("as if another axis were meant", check(), level=level).model_dump_json()
    assert "dim" not in text and "line 3" not in text
    assert ("another axis" in text) == (level is Level.CHECKS)


def test_a_change_without_words_adds_nothing() -> None:
    assert [one["hint"] for one in with_mutant("", check()).exercises[0].checks or ()] == [""]


def test_a_relation_or_hint_that_an_earlier_check_has_is_said_once() -> None:
    twice = [check(hint="Look.", relation_text="It is minus the value.") for _ in range(2)]
    checks = view(Level.CHECKS, *twice, check(hint="Think.")).exercises[0].checks
    assert [(one["compared"], one["hint"]) for one in said_once(checks or [])] == [
        ("It is minus the value.", "Look."), ("", ""), ("", "Think."),
    ]  # fmt: skip
