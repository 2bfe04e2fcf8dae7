"""A result that is an argument of the code, unchanged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from blindgrade.catalog import Catalog
from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference
from blindgrade.engine.answers.given import digest_of
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.grading.in_process import Trusted
from blindgrade.generate.answer_keys import recorded_key
from blindgrade.models import Outcome

from .replies import Case, cases, each, name, relation, spoiled

MINI = Path(__file__).parents[3] / "courses" / "mini"
FEW = settings(max_examples=30, deadline=None)


def looked_up(arguments: dict[str, Case]) -> dict[str, str]:
    return {digest_of(value): name for name, case in arguments.items() for value in case.values()}


@FEW
@given(cases(axes=(2, 3)), st.sampled_from([2.0, -1.0, 0.37]))
def test_an_argument_that_comes_back_is_found_before_its_factor(x: Case, factor: float) -> None:
    found = relation(x, each(x, lambda w: factor * w), given=lambda: looked_up({"x": x}))
    assert found is not None and found.name == "the_input"
    assert found.text == found.hidden == "Your result is the argument `x`, unchanged."


@FEW
@given(cases())
def test_a_result_that_differs_from_each_argument_in_one_number_is_none(x: Case) -> None:
    want = each(x, lambda w: w * w * w + 0.3)
    known = looked_up({"x": x})
    assert name(spoiled(x), want, given=lambda: known) != "the_input"
    assert name(x, want) != "the_input"
    assert name(want, want, given=lambda: known) is None


def test_the_sentence_names_the_argument_or_the_argument_that_holds_it() -> None:
    x, y = {"a": torch.randn(5)}, {"b": torch.randn(5)}
    want = {"a": torch.randn(5), "b": torch.randn(5)}

    def text(**arguments: Case) -> str:
        found = relation(x | y, want, given=lambda: looked_up(arguments))
        return found.text if found else ""

    assert text(x=x | y) == "Your result is the argument `x`, unchanged."
    assert text(x=x, y=y) == "Your result is one of the arguments that your code is given, unchanged."
    assert text(**{"state[]": x | y}) == "Your result is a part of the argument `state`, unchanged."
    assert text(**{"*more[]": x | y}) == "Your result is one of the arguments that your code is given, unchanged."
    assert text(x=x) == ""
    one = relation(x | {"b": want["b"]}, want, given=lambda: looked_up({"x": x}))
    assert one is not None and one.text == "`a` is the argument `x`, unchanged."


def test_one_number_is_no_evidence() -> None:
    assert name([0.5], [0.25], given=lambda: {digest_of(0.5): "t"}) != "the_input"


def test_arguments_are_looked_up_only_if_numbers_are_wrong() -> None:
    def never() -> dict[str, str]:
        raise AssertionError

    assert name({"a": "x"}, {"a": "y"}, given=never) is None
    assert name({"a": torch.ones(3)}, {"a": torch.ones(3)}, given=never) is None


@pytest.mark.parametrize("kind", ["live", "key"])
def test_solution_and_answer_key_name_the_same(tmp_path: Path, kind: str) -> None:
    shutil.copytree(MINI, tmp_path / "mini")
    [target] = Catalog(tmp_path / "mini").find(["all"])
    checks = LessonChecks(target.files, target.lesson, target.files.public_checks)
    solution = Solution(target.files, target.lesson)
    key = recorded_key(target.files, target.lesson)
    reference = LiveReference(checks, solution) if kind == "live" else KeyReference(target.files, checks, key)
    wrong = solution.load(f"{solution.text}\n\ndef standardize(values):\n    return values\n")
    result = Trusted(checks, reference).exercise(target.lesson.exercise("standardize"), wrong, KEY_SEED)
    failed = {check.name: check.relation_text for check in result.checks if check.outcome is Outcome.FAILED}
    assert failed == {"has_mean_zero_and_spread_one": "Your result is the argument `values`, unchanged."}
