from __future__ import annotations

from typing import Any

import pytest
import torch

from blindgrade.checks import Fail, agree
from blindgrade.engine.answers.exact import Digest, Keyed, is_lookup

LEVELS = {"levels": {"ddim": "1", "add": "3b"}, "unknown": "ValueError", "listens to t": ["WHEN"]}
EXACT = [None, True, 0, 1, "a", [1, "a"], (1, "a"), {"k": None}, torch.tensor([1, 2]), torch.tensor([True, False])]


@pytest.mark.parametrize(
    "value",
    [
        LEVELS,
        ["flow", "sde", "flow"],
        {"depth, hue": False, "depth, move": True, "error": "ValueError"},
        [["clip", [3, 77], "7.4.1"]],
    ],
)
def test_names_and_yes_or_no_are_a_lookup(value: Any) -> None:
    assert is_lookup(value)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        {"a": "x", "b": 0.5},
        {"shape": [3, 4]},
        [16, 32],
        {"error": "ValueError", "other": None},
        {"silent": True, "zeros": True},
        {"edges": torch.tensor([True])},
        {"good": "x", "edges": torch.tensor([True])},
    ],
)
def test_what_is_calculated_is_no_lookup(value: Any) -> None:
    assert not is_lookup(value)


def test_digests_show_no_answer_but_errors_and_the_names_of_cases() -> None:
    tree = Keyed.of(LEVELS, "salt").tree
    assert isinstance(tree, dict) and tree["unknown"] == "ValueError"
    assert set(tree["levels"]) == {"ddim", "add"}
    assert "3b" not in repr(tree) and "WHEN" not in repr(tree)


def test_each_case_has_its_own_salt() -> None:
    tree = Keyed.of(["flow", "flow"], "salt").tree
    assert tree[0] != tree[1]
    assert tree != Keyed.of(["flow", "flow"], "another").tree


@pytest.mark.parametrize(
    ("answer", "fault", "wrong"),
    [
        (LEVELS, "", 0),
        ({**LEVELS, "levels": {"ddim": "2", "add": "2"}}, "levels, ddim is '2', which is not right", 2),
        ({**LEVELS, "unknown": None}, "unknown: no error was raised; expected ValueError", 1),
        ({**LEVELS, "unknown": "KeyError"}, "unknown: KeyError was raised; expected ValueError", 1),
        ({**LEVELS, "listens to t": "TypeError"}, "listens to t: TypeError was raised; expected an answer", 1),
        ({**LEVELS, "levels": {"ddim": "1"}}, "levels lacks 'add'", 1),
        ({**LEVELS, "more": 1}, "the result has more than it should: 'more'", 1),
        ([1], "the result is [1]; expected a dict", 1),
    ],
)
def test_a_fault_names_the_case_and_never_the_right_answer(answer: Any, fault: str, wrong: int) -> None:
    faults, cases = Keyed.of(LEVELS, "salt").faults(answer)
    assert (faults[:1], len(faults), cases) == ([fault] if fault else [], wrong, 4)
    assert not any("3b" in text or "WHEN" in text for text in faults)


@pytest.mark.parametrize("one", EXACT)
@pytest.mark.parametrize("other", EXACT)
def test_digests_are_equal_where_agree_finds_values_equal(one: Any, other: Any) -> None:
    try:
        agree(other, one)
        equal = True
    except Fail:
        equal = False
    digest = Digest.of(one, "salt")
    assert digest is not None and digest.fits(other) is equal
    assert Keyed.of(one, "salt").fits(other) is equal


@pytest.mark.parametrize("value", [0.5, torch.ones(2), {"a": [1, 0.5]}, object()])
def test_a_value_that_is_not_exact_has_no_digest(value: Any) -> None:
    assert Digest.of(value, "salt") is None
    with pytest.raises(ValueError, match="is not exact"):
        Keyed.of(value, "salt")
    assert not Keyed.of(1, "salt").fits(value)
