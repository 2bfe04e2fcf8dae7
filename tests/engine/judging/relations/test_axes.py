"""The right values at other places are found, and only if they are all there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from .replies import Case, cases, each, name, relation, spoiled

FEW = settings(max_examples=20, deadline=None)
MOVES: list[tuple[str, int, Callable[[Tensor], Tensor]]] = [
    ("transposed", 2, lambda w: w.mT),
    ("permuted_axes", 3, lambda w: w.permute(2, 0, 1)),
    ("reversed", 1, lambda w: w.flip(0)),
    ("reversed", 2, lambda w: w.flip(1)),
    ("rolled", 2, lambda w: w.roll(1, 0)),
    ("rolled", 2, lambda w: w.roll(-1, 1)),
    ("reshaped", 2, lambda w: w.flatten()),
    ("kept_axis", 2, lambda w: w.unsqueeze(1)),
]


@pytest.mark.parametrize(("expected", "axes", "move"), MOVES)
@FEW
@given(want=cases(axes=(3, 3), least=3))
def test_every_move_is_found_and_a_near_miss_is_not(
    want: Case, expected: str, axes: int, move: Callable[[Tensor], Tensor]
) -> None:
    want = {key: w[(0,) * (3 - axes)] if axes < 3 else w for key, w in want.items()}
    got = each(want, move)
    assert name(got, want) == expected
    assert name(spoiled(got), want) != expected


@FEW
@given(cases(axes=(1, 1), least=6, most=9))
def test_a_shuffle_is_another_order(want: Case) -> None:
    order = [1, 3, 0, 5, 2, 4]
    got = {key: torch.cat([w[order], w[6:]]) for key, w in want.items()}
    assert name(got, want) == "other_order"
    assert name(spoiled(got), want) is None


@FEW
@given(cases(axes=(2, 2), least=5, most=6))
def test_shuffled_rows_are_entries_in_another_order(want: Case) -> None:
    found = relation({key: torch.cat([w[[2, 4, 0, 1, 3]], w[5:]]) for key, w in want.items()}, want)
    assert found is not None and found.text == "Your result has the right entries along axis 0 in another order."


def test_the_order_of_a_mask_shows_nothing() -> None:
    want = torch.zeros(6, 7)
    want[1, 2] = want[3, 4] = want[5, 5] = 1
    got = torch.zeros(6, 7)
    got[0, 1] = got[4, 2] = got[2, 6] = 1
    assert name({"a": got, "b": got}, {"a": want, "b": want}) != "other_order"


@FEW
@given(cases(axes=(1, 2), least=5))
def test_entries_one_place_late_are_shifted(want: Case) -> None:
    got = {key: torch.cat([w[1:], torch.full_like(w[:1], 9.0)]) for key, w in want.items()}
    assert name(got, want) == "shifted"
    inside = {key: w.clone() for key, w in got.items()}
    inside["case 1"].view(-1)[0] += 0.1
    assert name(inside, want) != "shifted"


def test_a_small_shape_in_another_order_shows_nothing() -> None:
    assert name({"shape": [2, 3, 4]}, {"shape": [2, 4, 3]}) is None
