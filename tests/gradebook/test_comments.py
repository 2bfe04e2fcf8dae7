from __future__ import annotations

import html

import pytest

from blindgrade.gradebook.comments import UNREAD, comment, comments
from blindgrade.models import CheckResult, ExerciseResult, Level, Outcome
from blindgrade.student_view import ExerciseView, student_view

from ..graded import attempt, exercise


def view(result: ExerciseResult, level: Level = Level.CHECKS) -> ExerciseView:
    whole = attempt("ana", (1, 1, 1)).model_copy(update={"exercises": [result]})
    return student_view(whole, level).exercises[0]


def said(outcome: Outcome, message: str = "", claim: str = "A claim.", hint: str = "") -> str | None:
    check = CheckResult(name="c", claim=claim, public=True, outcome=outcome, message=message, hint=hint)
    return comment(view(exercise("standardize", 0, outcome=outcome, checks=[check, check])))


def test_each_outcome_has_its_words() -> None:
    assert said(Outcome.PASSED) is None
    assert said(Outcome.NOT_ATTEMPTED) == "Not attempted."
    assert said(Outcome.BLOCKED, "waits for f") == "Waits for f: correct that first, then grade again."
    assert "your instructor will look" in (said(Outcome.ERROR) or "")


@pytest.mark.parametrize("level", [Level.CHECKS, Level.COUNTS, Level.EXERCISES])
def test_a_file_that_could_not_be_read_is_said_once(level: Level) -> None:
    whole = attempt("ana", (0, 0, 0)).model_copy(update={"unreadable": "basics.py:1: <script>"})
    found = comments(student_view(whole, level), [result.name for result in whole.exercises])
    assert found == {"standardize": UNREAD, "correlation": None, "fit_line": None}
    assert "<" not in UNREAD


def test_a_hint_is_shown_once() -> None:
    assert (said(Outcome.FAILED, hint="Look.") or "").splitlines() == ["- ✗ A claim. → Look.", "- ✗ A claim."]


def test_nothing_that_the_student_wrote_is_in_a_comment() -> None:
    text = comment(view(exercise("standardize", 0)))
    assert text == r"- ✗ The claim \<of\> a check. → Look again."


@pytest.mark.parametrize(
    ("level", "share", "text"),
    [
        (Level.EXERCISES, 0, "Not passed."),
        (Level.EXERCISES, 1, None),
        (Level.COUNTS, 0, "0 of 1 checks passed."),
    ],
)
def test_a_comment_has_no_more_than_the_level_shows(level: Level, share: float, text: str | None) -> None:
    assert comment(view(exercise("standardize", share), level)) == text


@pytest.mark.parametrize("claim", ["a < b & c", "x[0] * y[0] * z", "`f`", "<b>bold</b>", "a\\*b"])
def test_markdown_shows_the_sentence_as_it_is(claim: str) -> None:
    from nbconvert.filters import markdown2html

    shown = str(markdown2html(said(Outcome.FAILED, claim=claim)))
    assert html.escape(claim, quote=False) in shown and "<em>" not in shown and "<b>" not in shown


def test_a_change_of_the_points_is_in_the_comment_also_of_a_passed_exercise() -> None:
    said = "Your instructor set your points of `fit_line` to 5."
    result = student_view(attempt("ana", (1, 1, 0)), Level.CHECKS)
    passed, failed = (result.exercises[n].model_copy(update={"decided": [said]}) for n in (0, 2))
    assert comment(passed, html.escape) == said
    lines = (comment(failed, html.escape) or "").splitlines()
    assert len(lines) == 2 and lines[0].startswith("- ✗") and lines[1] == said
