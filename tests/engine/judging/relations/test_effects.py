"""Relations that need no number: errors, gradients, keys, types, zeros and constants."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings

from .replies import Case, cases, each, name, relation

FEW = settings(max_examples=20, deadline=None)


def test_an_error_that_did_not_come_is_found_with_the_number_of_cases() -> None:
    want = {"error at 0": "ValueError", "error at -1": "ValueError", "error at 2": None}
    found = relation(want | {"error at 0": None}, want)
    assert found is not None and found.name == "no_error"
    assert found.text == "In 1 of 2 cases no error is raised where ValueError is due."
    assert found.hidden == "No error is raised where one is due."
    assert name(want | {"error at 0": "TypeError"}, want) == "another_error"
    assert name(want | {"error at 2": "ValueError"}, want) == "needless_error"
    assert name(want | {"error at 0": None, "error at 2": "ValueError"}, want) is None


def test_answers_of_yes_and_no_are_no_exception_from_zero_everywhere() -> None:
    want = {"a": [torch.randn(4), torch.randn(4)], "b": [torch.randn(4), torch.randn(4)], "silent": [True, True]}
    zeros = [torch.zeros(4), torch.zeros(4)]
    found = relation(want | {"a": zeros, "b": zeros}, want)
    assert found is not None and found.text == "Your result is zero everywhere."


def test_no_error_in_some_cases_and_another_one_in_others_is_found() -> None:
    want = {"error at 0": "ValueError", "error at -1": "ValueError", "error at -2": "ValueError", "error at 2": None}
    found = relation(want | {"error at 0": None, "error at -1": None, "error at -2": "KeyError"}, want)
    assert found is not None and found.name == "no_error"
    assert found.text == "In 2 cases no error is raised where one is due, and in 1 case an error of another class."
    assert found.hidden == "No error is raised where one is due, or an error of another class."
    assert name(want | {"error at 0": None, "error at -1": "KeyError", "error at 2": "KeyError"}, want) is None


def test_none_where_a_value_is_expected_is_found_and_no_error_is_none() -> None:
    want = {"a": torch.randn(3), "b": 0.5, "error": None}
    found = relation(want | {"a": None, "b": None}, want)
    assert found is not None and found.name == "no_result"
    assert found.text == "`a` and `b` are None, and a value is expected."
    assert name(want | {"a": None, "b": 0.7}, want) is None
    assert name({"a": None}, {"a": "yes"}) is None
    assert name({"error": None}, {"error": "ValueError"}) == "no_error"


def test_changed_arguments_are_found_if_the_results_are_right() -> None:
    want = {"a": torch.randn(4), "a, arguments unchanged": True}
    found = relation(want | {"a, arguments unchanged": False}, want)
    assert found is not None and found.text == ("Your code changes the arguments that it is given; all else is right.")
    assert name({"a": want["a"] + 0.1, "a, arguments unchanged": False}, want) is None


def test_something_else_that_changes_is_no_argument() -> None:
    found = relation({"U-Net unchanged": False, "keys": 3}, {"U-Net unchanged": True, "keys": 3})
    assert found is not None and "argument" not in found.text


def test_gradients_are_named_only_where_the_check_takes_some() -> None:
    want = {"x": [torch.randn(3), None], "w": [torch.randn(3), torch.randn(2)]}
    missing = {"x": [None, None], "w": [None, None]}
    assert name(missing, want, of_gradients=True) == "no_gradient"
    assert name(missing, want) == "no_result"
    extra = {"x": [want["x"][0], torch.randn(2)], "w": want["w"]}
    assert name(extra, want, of_gradients=True) == "extra_gradient"
    assert name(extra, want) is None


def test_keys_are_named_if_all_other_values_are_right() -> None:
    want = {"weight": torch.randn(3), "bias": torch.randn(2)}
    found = relation({"weight": want["weight"]}, want)
    assert found is not None and found.name == "keys_missing" and "bias" in found.text and "bias" not in found.hidden
    assert name(want | {"more": 1}, want) == "keys_extra"
    assert name({"weight": want["weight"] + 1}, want) is None
    assert name({"weight": want["weight"], "other": 1}, want) is None


@FEW
@given(cases())
def test_the_right_values_in_another_dtype_are_cast(want: Case) -> None:
    double = {key: w.double() for key, w in want.items()}
    assert name({key: w.float() for key, w in double.items()}, double) == "cast"
    assert name({key: -w.float() for key, w in double.items()}, double) is None


@FEW
@given(cases(axes=(2, 3)))
def test_values_rounded_to_a_lower_dtype_are_cast(want: Case) -> None:
    double = {key: w.double() * (1 + 1e-3 * torch.rand(w.shape, dtype=torch.float64)) for key, w in want.items()}
    # Rounding alone stays within the tolerance; a sum in between does not.
    found = relation({key: (w.float() + 10 - 10).double() for key, w in double.items()}, double)
    assert found is not None and found.text == "Your result has only the precision of float32."
    # The same distance without the rounding is something else.
    near = {key: w * (1 + 5e-7 * (1 + torch.rand(w.shape, dtype=torch.float64))) for key, w in double.items()}
    assert name(near, double) is None


def test_a_tensor_for_a_number_is_another_type() -> None:
    assert name({"loss": torch.tensor(0.25)}, {"loss": 0.25}) == "other_type"
    assert name({"loss": torch.tensor(0.35)}, {"loss": 0.25}) is None


@FEW
@given(cases())
def test_nan_and_zeros_are_found(want: Case) -> None:
    assert name(each(want, lambda w: w / 0), want) == "not_finite"
    assert name(each(want, torch.zeros_like), want) == "all_zero"
    assert name(each(want, lambda w: torch.zeros_like(w) + 0.3), want) is None


@pytest.mark.parametrize("count", [3, 5])
def test_the_same_result_in_every_case_is_constant(count: int) -> None:
    want = {f"t = {n}": 0.1 + 0.37 * n for n in range(count)}
    assert name(dict.fromkeys(want, 0.815), want) == "constant"
    assert name(dict.fromkeys(want, 0.815) | {"t = 0": 0.8}, want) is None
    assert name(dict.fromkeys(want, 0.815), dict.fromkeys(want, 0.3)) is None


def test_a_part_that_is_the_same_in_every_case_is_named() -> None:
    want = {f"case {n}": {"a": 0.3 * n, "b": 0.7 * n} for n in range(4)}
    found = relation({key: value | {"b": 7.5} for key, value in want.items()}, want)
    assert found is not None and found.text == "`b` is the same in every case, and the expected one is not."
