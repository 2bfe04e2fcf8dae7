"""Factors and terms are found when all values share them, and not when one value does not."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from blindgrade.engine.judging.relations.factors import CONSTANTS, TERMS

from .replies import Case, cases, each, name, relation, spoiled

FEW = settings(max_examples=25, deadline=None)


@FEW
@given(cases())
def test_minus_the_expected_value_is_negated(want: Case) -> None:
    assert name(each(want, lambda w: -w), want) == "negated"


@FEW
@given(cases())
def test_it_is_not_negated_if_one_value_is_not(want: Case) -> None:
    assert name(spoiled(each(want, lambda w: -w)), want) is None


@pytest.mark.parametrize("constant", CONSTANTS.values(), ids=lambda c: f"{c:g}")
@pytest.mark.parametrize("sign", [1, -1])
@settings(max_examples=3, deadline=None)
@given(want=cases())
def test_every_recognised_factor_is_found(want: Case, constant: float, sign: int) -> None:
    assert name(each(want, lambda w: sign * constant * w), want) == "scaled"


@FEW
@given(cases(), st.sampled_from([1.37, 0.731, 2.2, 0.49, -1.9]))
def test_a_factor_that_is_not_recognised_is_only_proportional(want: Case, factor: float) -> None:
    assert name(each(want, lambda w: factor * w), want) == "proportional"


@FEW
@given(cases(), st.sampled_from([2.0, 1.37, 3.0]))
def test_no_factor_is_found_if_one_value_has_another(want: Case, factor: float) -> None:
    assert name(spoiled(each(want, lambda w: factor * w)), want) is None


@FEW
@given(cases(), st.integers(3, 400).filter(lambda count: count != 255))  # 255 is no count but the range of a picture
def test_division_by_a_whole_number_is_found_and_the_hidden_sentence_does_not_say_it(want: Case, count: int) -> None:
    found = relation(each(want, lambda w: w / count), want)
    assert found is not None and found.name == "scaled"
    assert not any(digit in found.hidden for digit in "0123456789")


@FEW
@given(cases(axes=(2, 2)))
def test_a_sum_that_a_mean_replaces_is_divided_by_the_size(want: Case) -> None:
    wide = want | {"wide": torch.randn(11, 7, dtype=torch.float64)}
    got = {key: w / len(w) for key, w in wide.items()}
    found = relation(got, wide)
    assert found is not None and found.text == "Your result is the expected value divided by the size of axis 0."


def test_a_single_number_that_is_twice_the_expected_one_is_a_coincidence() -> None:
    assert name({"loss": 0.5}, {"loss": 0.25}) is None
    assert name(torch.tensor([0.5]), torch.tensor([0.25])) is None


def test_two_numbers_with_different_factors_have_no_relation() -> None:
    assert name({"a": 0.5, "b": 0.9}, {"a": 0.25, "b": 0.3}) is None


def test_a_tensor_of_one_value_shows_no_factor() -> None:
    assert name({"a": torch.full((9,), 2.0)}, {"a": torch.full((9,), 4.0)}) is None


def test_a_coarse_tolerance_shows_less() -> None:
    want = {"a": torch.tensor([0.5, 0.31, 0.22, 0.7]), "b": torch.tensor([0.4, 0.11, 0.92, 0.3])}
    got = {key: -w for key, w in want.items()}
    assert name(got, want, atol=0.05, rtol=0.1) is None
    assert name(got, want) == "negated"


@pytest.mark.parametrize("term", TERMS.values())
@settings(max_examples=5, deadline=None)
@given(want=cases())
def test_every_recognised_term_is_found(want: Case, term: float) -> None:
    found = relation(each(want, lambda w: w + term), want)
    assert found is not None and found.name == "offset" and "exactly" in found.text


@FEW
@given(cases(axes=(2, 3)), st.floats(0.1, 0.4))
def test_the_same_amount_everywhere_is_an_offset(want: Case, amount: float) -> None:
    assert name(each(want, lambda w: w + amount), want) == "offset"
    assert name(spoiled(each(want, lambda w: w + amount)), want) is None


def test_a_number_that_a_check_adds_in_some_places_is_no_offset() -> None:
    want = {f"case {n}": torch.randn(4, dtype=torch.float64) for n in range(9)}
    got = want | {f"case {n}": want[f"case {n}"] + 1 for n in (0, 1, 2, 3)}
    assert name(got, want) != "offset"


@FEW
@given(cases(axes=(2, 3)))
def test_a_factor_for_each_sample_is_proportional(want: Case) -> None:
    got = {}
    for key, w in want.items():
        factors = 1.1 + torch.rand(len(w), dtype=torch.float64)
        got[key] = (factors.view(-1, *[1] * (w.ndim - 1)) * w).to(w.dtype)
    assert name(got, want) == "proportional"
    assert name(spoiled(got), want) is None


def test_zeros_do_not_count_as_exceptions() -> None:
    want = {"zero": torch.zeros(3), "other": torch.tensor([0.3, -0.2, 0.9, 1.7, 0.4])}
    found = relation({"zero": torch.zeros(3), "other": -want["other"]}, want)
    assert found is not None and found.text == "Your result is exactly minus the expected value."


def test_a_part_of_each_case_is_named() -> None:
    want = {c: {"drift": torch.randn(5), "noise": torch.randn(5)} for c in ("a", "b")}
    got = {c: {"drift": 0.5 * v["drift"], "noise": v["noise"]} for c, v in want.items()}
    found = relation(got, want)
    assert found is not None and found.text == "`drift` is exactly half of the expected value."
    assert found.hidden == "Part of your result is exactly half of the expected value."


def test_a_root_of_a_size_is_found() -> None:
    want = {"a": torch.randn(5, 3, dtype=torch.float64), "b": torch.randn(7, 4, dtype=torch.float64)}
    found = relation({key: w / math.sqrt(w.shape[1]) for key, w in want.items()}, want)
    assert found is not None and "divided by the root of the size of axis" in found.text


@FEW
@given(cases(), st.integers(3, 20), st.booleans(), st.booleans())
def test_a_spread_over_another_number_of_values_is_found(want: Case, n: int, rooted: bool, more: bool) -> None:
    factor = (n / (n - 1) if more else (n - 1) / n) ** (0.5 if rooted else 1.0)
    found = relation(each(want, lambda w: w * factor), want)
    assert found is not None and found.name == "scaled" and f"is {n}" in found.text
    assert str(n) not in found.hidden
