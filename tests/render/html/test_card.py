"""The card of a grading in a notebook."""

from __future__ import annotations

import re

import pytest

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Outcome, SubmissionRef
from blindgrade.render.html.card import html_card, text_card
from blindgrade.render.outcomes import SIGNS

NASTY = "<script>alert(1)</script>\u202e{{ 7 * 7 }}"


def check(outcome: Outcome, **fields: str) -> CheckResult:
    return CheckResult(name="c", claim="The claim.", public=True, outcome=outcome, **fields)


def attempt(*outcomes: Outcome, **fields: str) -> Attempt:
    exercises = [
        ExerciseResult(
            name=f"exercise_{n}", title="A title", outcome=o, points=0, max_points=3.5, concepts=["x"],
            checks=[check(o, **fields), check(o, **fields)], output=fields.get("message", ""),
        )
        for n, o in enumerate(outcomes)
    ]  # fmt: skip
    return Attempt(
        lesson="lesson-1.1.1", title="Basics", points=0, max_points=3.5, graded_at="", seed=7, reference="key",
        sandbox="none", seconds=0.1, exercises=exercises, submission=SubmissionRef(path="", sha256=""),
    )  # fmt: skip


def test_text_of_the_student_is_never_markup() -> None:
    page = html_card(attempt(Outcome.FAILED, message=NASTY, where=NASTY))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page + text_card(attempt(Outcome.FAILED, message=NASTY))
    assert "{{ 7 * 7 }}" in page


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_outcome_has_a_sign_and_a_word_and_not_only_a_colour(outcome: Outcome) -> None:
    sign, word = SIGNS[outcome]
    for shown in (html_card(attempt(outcome)), text_card(attempt(outcome))):
        assert sign in shown
        assert word in shown


def test_of_several_exercises_the_first_to_fix_is_open() -> None:
    page = html_card(attempt(Outcome.PASSED, Outcome.FAILED, Outcome.FAILED))
    opened = re.findall(r"<details class=[^>]*?( open)?>\n<summary><span[^>]*>.</span><b>(\w+)</b>", page)
    assert opened == [("", "exercise_0"), (" open", "exercise_1"), ("", "exercise_2")]


def test_a_hint_is_shown_once() -> None:
    graded = attempt(Outcome.FAILED, hint="Look again.", misconception="sign_flipped")
    assert html_card(graded).count("→ Look again.<") == 1
    assert text_card(graded).count("→ Look again.\n") == 1
    assert "sign" not in html_card(graded).split("</style>")[1].replace("bg-sign", "") + text_card(graded)


def test_a_failure_that_nothing_explains_names_the_command_for_a_hint_once() -> None:
    for shown in (html_card(attempt(Outcome.FAILED)), text_card(attempt(Outcome.FAILED))):
        assert shown.count("→ for a hint: grade --hint lesson-1.1.1/exercise_0") == 1
    assert "--hint" not in text_card(attempt(Outcome.PASSED))


def test_the_card_says_that_hidden_checks_did_not_run_and_what_runs_them() -> None:
    assert "<code>grade lesson-1.1.1/exercise_0</code>" in html_card(attempt(Outcome.PASSED))
    assert "Only public checks ran; the others run when you hand in." in text_card(attempt(Outcome.PASSED))
