"""Masks with too few or too many members, whole numbers that are off by one, and labels."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from .replies import name, relation

FEW = settings(max_examples=30, deadline=None)


@FEW
@given(st.integers(0, 2**31))
def test_too_few_and_too_many_members_are_found_and_both_together_are_neither(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    want = torch.rand(8, 9, generator=draw) < 0.5
    want[0, :4], want[1, :4] = True, False
    fewer, more = want.clone(), want.clone()
    fewer[0, 0], more[1, 0] = False, True
    assert name({"a": fewer, "b": want}, {"a": want, "b": want}) == "subset"
    assert name({"a": more, "b": want}, {"a": want, "b": want}) == "superset"
    assert name({"a": fewer, "b": more}, {"a": want, "b": want}) is None


def test_a_map_that_keeps_too_little_is_a_subset_and_its_values_must_be_right() -> None:
    want = torch.tensor([0.0, 0.3, 0.0, 0.9, 1.4, 0.2, 2.2, 0.0])
    got = want.clone()
    got[3] = 0.0
    found = relation(got, want)
    assert found is not None
    assert found.text == "Your result is zero in 1 place where another value is expected, and right elsewhere."
    assert "1" not in found.hidden
    got[4] = 1.5
    assert name(got, want) != "subset"


def test_whole_numbers_are_off_by_one_in_one_direction() -> None:
    want = [[12, 40, 7, 300], [9, 8, 77, 6]]
    assert name([[n + 1 for n in row] for row in want], want) == "off_by_one"
    assert name([[13, 40, 7, 301], [9, 8, 78, 7]], want) == "off_by_one"
    assert name([[13, 40, 7, 299], [9, 8, 78, 7]], want) != "off_by_one"
    assert name([[14, 40, 7, 302], [9, 8, 79, 8]], want) != "off_by_one"


def test_small_numbers_show_no_off_by_one() -> None:
    assert name({"a": 2, "b": 1}, {"a": 1, "b": 0}) is None


def test_a_label_that_stands_for_another_is_named_and_the_right_one_is_not() -> None:
    want = {"p": "zero", "q": "zero", "r": "copied", "s": "new"}
    found = relation(want | {"p": "copied", "q": "copied"}, want)
    assert found is not None
    assert found.text == "Your code says “copied” where another answer is right, in 2 of 4 cases."
    assert "zero" not in found.text + found.hidden
    assert "copied" not in found.hidden and "2" not in found.hidden


def test_many_confused_labels_or_one_case_show_nothing() -> None:
    want = {key: key for key in "abcdef"}
    assert name({key: f"{n}x" for n, key in enumerate("abcdef")}, want) is None
    assert name(want | {"a": "b"}, want) != "labels_confused"
