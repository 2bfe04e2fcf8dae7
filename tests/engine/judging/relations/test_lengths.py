"""An entry too few or too many, and axes that are reduced or not."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from .replies import Case, cases, each, name, relation, spoiled

FEW = settings(max_examples=20, deadline=None)


@FEW
@given(cases(axes=(2, 2), least=4), st.sampled_from([0, 1]), st.booleans())
def test_a_missing_entry_is_found_at_each_end(want: Case, axis: int, last: bool) -> None:
    got = {key: w.narrow(axis, 0 if last else 1, w.shape[axis] - 1) for key, w in want.items()}
    found = relation(got, want)
    assert found is not None and found.name == "one_short"
    assert found.text == f"Your result lacks only the {'last' if last else 'first'} entry along axis {axis}."
    other = relation(want, got)
    assert other is not None and other.name == "one_long"
    assert name(spoiled({key: w.clone() for key, w in got.items()}), want) is None


def test_a_missing_text_is_found_if_the_others_are_right() -> None:
    faults = ["too small", "not grey", "too bright", "not square", "not a map"]
    assert name(faults[:-1], faults) == "one_short"
    assert name(faults[1:], faults) == "one_short"
    assert name([*faults, "other"], faults) == "one_long"
    assert name(["other", *faults[1:-1]], faults) is None


@FEW
@given(cases(axes=(2, 2), least=3), st.sampled_from([0, 1]))
def test_a_sum_or_mean_over_an_axis_is_reduced(want: Case, axis: int) -> None:
    for what in (torch.sum, torch.mean, torch.amax):
        got = each(want, lambda w, what=what: what(w, axis))
        assert name(got, want) == "reduced"
        assert name(want, got) == "not_reduced"
        assert name(spoiled(got), want) is None


def test_values_that_are_equal_along_the_axis_are_not_a_mean() -> None:
    row = torch.randn(6, dtype=torch.float64)
    want = {"a": row.expand(4, 6), "b": 2 * row.expand(4, 6)}
    assert name({"a": row, "b": 2 * row}, want) is None
