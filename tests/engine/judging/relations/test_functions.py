"""Functions of each value are found when they hold for all values, and not otherwise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from blindgrade.engine.judging.relations.functions import FUNCTIONS

from .replies import Case, cases, each, name, spoiled

FEW = settings(max_examples=20, deadline=None)


def _apply(function: object, w: Tensor) -> Tensor:
    assert callable(function)
    return torch.from_numpy(np.asarray(function(w.numpy())))


@pytest.mark.parametrize(
    ("expected", "function"),
    # A function's own id has its address, which differs between the processes that run the tests.
    [pytest.param(n, f, id=n) for n, _, f in FUNCTIONS if n != "absolute"],
)
@FEW
@given(want=cases(positive=True))
def test_every_function_is_found_and_a_near_miss_is_not(want: Case, expected: str, function: object) -> None:
    got = each(want, lambda w: _apply(function, w))
    assert name(got, want) == expected
    assert name(spoiled(got), want) is None


@FEW
@given(cases(least=5, axes=(2, 2)))
def test_a_lost_sign_is_found(want: Case) -> None:
    assert name(each(want, torch.abs), want) == "absolute"


def test_special_numbers_show_no_function() -> None:
    want = {"a": torch.tensor([1.0, 0.0, 1.0, 0.0]), "b": torch.tensor([0.0, 0.0, 1.0, 1.0])}
    assert name({key: 1 - w for key, w in want.items()}, want) != "complement"


@FEW
@given(cases(least=5, axes=(2, 2)))
def test_values_that_stop_at_a_limit_are_clipped(want: Case) -> None:
    assert name(each(want, lambda w: w.clamp(-0.4, 0.3)), want) == "clipped"
    assert name(want, each(want, lambda w: w.clamp(-0.4, 0.3))) == "not_clipped"
    assert name(spoiled(each(want, lambda w: w.clamp(-0.4, 0.3))), want) != "clipped"


def test_a_mask_of_large_values_is_not_clipped() -> None:
    want = torch.tensor([0.0, 0.0, 2.0, 2.8, 0.0, 2.0, 3.1, 2.2])
    assert name({"a": (want > 0).float(), "b": (want > 0).float()}, {"a": want, "b": want}) != "clipped"


def test_yes_for_no_is_the_complement() -> None:
    want = {"a": torch.tensor([True, False, False, True, True]), "b": torch.tensor([False, False, True, True])}
    assert name({key: ~w for key, w in want.items()}, want) == "complement"
    assert name({"a": ~want["a"], "b": want["b"]}, want) != "complement"


def test_a_few_answers_show_no_complement() -> None:
    assert name({"a": False, "b": True}, {"a": True, "b": False}) is None
