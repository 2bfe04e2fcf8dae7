"""Numbers that a misconception and a student share in parts of a reply are evidence; anything less is none."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from blindgrade.checks import Check
from blindgrade.engine.judging.parts import Case, by_parts
from blindgrade.engine.wire.replies import Raised, Result

CHECK = Check("e", "a", "c", lambda lesson, rng: None)
RIGHT = {"x": torch.tensor([1.0, 2.0, 3.0, 4.0]), "y": torch.tensor([5.0, 6.0, 7.0, 8.0]), "flag": True, "n": 3}


def found(student: Any, right: Any = None, **known: Any) -> tuple[str, set[int]] | None:
    case = Case(0, CHECK, student, RIGHT if right is None else right)
    replies = {n: value if isinstance(value, Raised) else Result(value) for n, value in known.items()}
    return by_parts(list(known), [case], lambda name, case: replies[name])


def test_equal_wrong_numbers_in_one_part_name_the_misconception_that_has_them() -> None:
    twice = {**RIGHT, "x": 2 * RIGHT["x"]}
    halved = {**RIGHT, "x": RIGHT["x"] / 2}
    student = {**twice, "y": RIGHT["y"] + 1, "flag": False}  # another fault as well
    assert found(student, halved=halved, twice=twice) == ("twice", {0})
    assert found({**student, "x": student["x"] + 1e-3}, halved=halved, twice=twice) is None


def test_parts_in_lists_and_complex_numbers_count() -> None:
    right = [{"a": torch.tensor([1 + 1j, 2 + 1j, 3 + 1j, 4 + 1j])}, 0.5]
    wrong = [{"a": torch.tensor([1 - 1j, 2 - 1j, 3 - 1j, 4 - 1j])}, 0.5]
    assert found([{"a": wrong[0]["a"]}, 9.0], right, conjugate=wrong) == ("conjugate", {0})  # type: ignore[index]


@pytest.mark.parametrize(
    "part",
    [
        torch.zeros(4),  # many mistakes give zeros
        torch.full((4,), 0.25),
        torch.full((4,), math.nan),
        torch.tensor([1.5, 2.5, 3.5]),  # few values
        torch.tensor([2, 4, 6, 8]),  # whole numbers
    ],
)
def test_parts_that_many_mistakes_share_are_no_evidence(part: torch.Tensor) -> None:
    wrong = {**RIGHT, "x": part}
    assert found({**wrong, "y": RIGHT["y"] + 1}, wrong=wrong) is None


def test_flags_and_exceptions_are_no_evidence() -> None:
    assert found({**RIGHT, "flag": False, "n": 4}, wrong={**RIGHT, "flag": False}) is None
    assert found({**RIGHT, "flag": False}, wrong=Raised("ValueError", "")) is None


def test_two_different_single_numbers_are_evidence_and_one_is_not() -> None:
    right = {"fast": 10.0, "slow": 20.0, "limit": 3.0}
    wrong = {"fast": 8.0, "slow": 18.0, "limit": 2.0}
    assert found({**wrong, "limit": 1.0}, right, ignores=wrong) == ("ignores", {0})
    assert found({"fast": 8.0, "slow": 1.0, "limit": 1.0}, right, ignores=wrong) is None


def test_two_misconceptions_with_the_same_part_are_not_told_apart() -> None:
    wrong = {**RIGHT, "x": 2 * RIGHT["x"]}
    student = {**wrong, "y": RIGHT["y"] + 1}
    assert found(student, one=wrong, other={**wrong, "flag": False}) is None
    more = {**wrong, "y": RIGHT["y"] + 1}
    assert found({**student, "flag": False}, one=wrong, other=more) == ("other", {0})


def test_a_misconception_that_is_wrong_in_many_more_parts_is_not_named_by_one_of_them() -> None:
    right = {str(n): torch.arange(4.0) + n for n in range(6)}
    wrong = {name: 2 * value for name, value in right.items()}
    assert found({**right, "1": wrong["1"], "2": right["2"] - 9}, right, doubles=wrong) is None
    assert found({**right, "1": wrong["1"], "3": wrong["3"], "2": right["2"] - 9}, right, doubles=wrong) is not None


def test_only_the_checks_with_a_shared_part_are_explained() -> None:
    wrong = {**RIGHT, "x": 2 * RIGHT["x"]}
    cases = [Case(0, CHECK, {**RIGHT, "x": torch.zeros(4)}, RIGHT), Case(1, CHECK, {**wrong, "flag": False}, RIGHT)]
    assert by_parts(["twice"], cases, lambda name, case: Result(wrong)) == ("twice", {1})


def test_among_equals_the_one_counts_that_passes_what_the_student_passes() -> None:
    wrong = {**RIGHT, "x": 2 * RIGHT["x"]}
    cases = [Case(0, CHECK, {**wrong, "flag": False}, RIGHT)]
    passed = {"twice": 3, "everywhere": 1, "as_well": 3}
    reply = {name: Result(wrong) for name in passed}.__getitem__
    names = ["everywhere", "twice"]
    assert by_parts(names, cases, lambda name, case: reply(name), passed.__getitem__) == ("twice", {0})
    assert by_parts([*names, "as_well"], cases, lambda name, case: reply(name), passed.__getitem__) is None


def test_a_mask_is_evidence_by_the_places_where_it_is_wrong() -> None:
    right = {"mask": torch.eye(4), "y": torch.ones(2)}
    wrong = {"mask": torch.eye(4).flip(0), "y": torch.ones(2)}
    assert found({**wrong, "y": torch.zeros(2)}, right, flipped=wrong) == ("flipped", {0})
    few = {"mask": torch.eye(4), "y": torch.ones(2)}
    few["mask"][0, 1] = 1.0
    assert found({**few, "y": torch.zeros(2)}, right, one_more=few) is None
