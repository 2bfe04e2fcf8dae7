"""Right in some cases and wrong in others."""

from __future__ import annotations

import torch
from hypothesis import given, settings

from .replies import Case, cases, name, relation

FEW = settings(max_examples=20, deadline=None)


def test_the_cases_that_are_wrong_are_named() -> None:
    want = {key: torch.randn(4) for key in ("one head", "two heads", "three heads", "four heads")}
    found = relation(want | {"one head": torch.randn(4)}, want)
    assert found is not None and found.name == "only_one_case"
    assert found.text == "Your result is wrong only in the case “one head”, and right in the other 3."
    found = relation({key: torch.randn(4) for key in want} | {"one head": want["one head"]}, want)
    assert found is not None
    assert found.text == "Your result is right only in the case “one head”, and wrong in the other 3."
    assert not found.hidden


def test_a_case_that_is_zero_anyway_shows_nothing() -> None:
    want = {"none": torch.zeros(4), "one": torch.randn(4), "two": torch.randn(4)}
    assert name({"none": torch.zeros(4), "one": torch.randn(4), "two": torch.randn(4)}, want) is None


def test_the_parts_that_are_right_are_named() -> None:
    want = {key: {"x0": torch.randn(4), "ddim": torch.randn(4), "step": 3.5} for key in ("float32", "float64")}
    found = relation({key: value | {"ddim": torch.randn(4)} for key, value in want.items()}, want)
    assert found is not None and found.name == "only_one_part"
    assert found.text == "`ddim` is wrong, and `x0` and `step` are right."
    assert found.right == {"x0", "step"}


def test_named_parts_are_not_compared_with_items_of_a_list() -> None:
    want = {key: {"loss": 0.5, "gradients": [torch.randn(4), torch.randn(4)]} for key in ("a", "b")}
    found = {key: {"loss": 0.5, "gradients": [torch.randn(4), torch.randn(4)]} for key in want}
    assert name(found, want) is None


def test_parts_that_are_exchanged_are_named() -> None:
    want = {key: {"gx": torch.randn(4), "gy": torch.randn(4), "mag": torch.randn(4)} for key in ("a", "b")}
    got = {key: {"gx": value["gy"], "gy": value["gx"], "mag": value["mag"]} for key, value in want.items()}
    found = relation(got, want)
    assert found is not None
    assert found.text == "`gx` is what is expected of `gy`, and `gy` is what is expected of `gx`."
    one = {key: value | {"gx": want[key]["gy"]} for key, value in want.items()}
    assert name(one, want) == "another_part"
    got["b"]["gx"] = got["b"]["gx"] + 0.01
    assert name(got, want) != "another_part"


@FEW
@given(cases(axes=(2, 2), least=5, most=6))
def test_the_entry_that_is_wrong_is_named(want: Case) -> None:
    def moved(where: slice | int) -> Case:
        got = {key: w.clone() for key, w in want.items()}
        for w in got.values():
            w[where] += 0.1 + torch.rand(w[where].shape).to(w.dtype)
        return got

    assert name(moved(-1), want) == "only_last"
    assert name(moved(0), want) == "only_first"
    assert name(moved(slice(2, None)), want) == "right_until"
    assert name(moved(2), want) is None
    assert name(moved(slice(1, None)), want) is None
