from __future__ import annotations

import io
from typing import Literal
from xml.etree import ElementTree

import pytest
from rich.console import Console

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Outcome, SubmissionRef
from blindgrade.render.html.card import text_card
from blindgrade.render.links import Links
from blindgrade.render.public_part import EARNED, PASSED, praise, public_part, unit
from blindgrade.render.terminal.paper import as_text
from blindgrade.render.terminal.results import ending, lesson_list
from blindgrade.render.text.junit import as_junit
from blindgrade.render.text.summary import as_summary

SENTENCE = "1 of 3 checks is public; the others run when you hand in"


def attempt(checks: int, reference: Literal["live", "key"] = "key", points: float = 10) -> Attempt:
    one = CheckResult(name="c", claim="It is so.", public=True, outcome=Outcome.PASSED)
    result = ExerciseResult(
        name="e", title="E", outcome=Outcome.PASSED, points=points, max_points=10, concepts=[], checks=[one]
    )
    return Attempt(
        lesson="lesson-1.1.1", title="Basics", points=points, max_points=10, public_checks=min(checks, 1),
        checks=checks, submission=SubmissionRef(path="x", sha256=""), graded_at="2026-01-01T00:00:00Z", seed=1,
        reference=reference, sandbox="process", seconds=0.1, exercises=[result],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("graded", "words", "sentence", "earned"),
    [
        (attempt(3), "public points", SENTENCE, PASSED),
        (attempt(2), "public points", "1 of 2 checks is public; the other runs when you hand in", PASSED),
        (attempt(1), "points", "", EARNED),  # the course has no hidden check of it
        (attempt(1, "live"), "points", "", EARNED),
        (attempt(3, "live"), "public points", SENTENCE, PASSED),  # in a notebook
        (attempt(0), "public points", "only public checks ran; the others run when you hand in", PASSED),
        (attempt(0, "live"), "points", "", EARNED),  # an attempt of an earlier version
        (attempt(3, points=4), "public points", SENTENCE, ""),
    ],
)  # fmt: skip
def test_only_a_full_grading_says_that_every_point_is_earned(
    graded: Attempt, words: str, sentence: str, earned: str
) -> None:
    for whole in (graded, Grading.of([graded])):
        assert (unit(whole), public_part(whole), praise(whole)) == (words, sentence, earned)


def test_the_sums_of_several_lessons_count_all_their_checks() -> None:
    both = Grading.of([attempt(3), attempt(4)])
    assert (both.public_checks, both.checks, both.public_only) == (2, 7, True)
    assert public_part(both) == "2 of 7 checks are public; the others run when you hand in"


def test_each_place_says_which_points_these_are() -> None:
    graded = attempt(3)
    plain = Console(file=io.StringIO(), width=100)
    terminal = as_text(plain, *lesson_list(graded, plain), *ending(Grading.of([graded]), Links.none(), plain))
    assert "10 of 10 public points" in terminal and f"  {SENTENCE}" in terminal
    assert "Every public check passed." in terminal and "Every point" not in terminal
    assert f"{SENTENCE}." in text_card(graded)
    summary = as_summary(Grading.of([graded]))
    assert "10 of 10 public points" in summary and f"\n{SENTENCE}." in summary
    root = ElementTree.fromstring(as_junit(Grading.of([graded]), Links.none()))
    found = {one.attrib["name"]: one.attrib["value"] for one in root.iter("property")}
    assert found == {"points": "10", "max_points": "10", "public_checks": "1", "checks": "3", "ran": SENTENCE}
    full = ElementTree.fromstring(as_junit(Grading.of([attempt(1)]), Links.none()))
    assert "ran" not in {one.attrib["name"] for one in full.iter("property")}
