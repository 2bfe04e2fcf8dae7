"""Relations of a lookup need no right answer."""

from __future__ import annotations

import pytest

from blindgrade.engine.answers.exact import Keyed, answered
from blindgrade.engine.judging.relations.lookups import compared
from blindgrade.engine.judging.relations.parts import MOST_PARTS

RIGHT = {"a": "yes", "b": {"c": "no"}, "error at 0": "ValueError"}


def test_cases_are_right_or_wrong_and_only_a_due_error_is_known() -> None:
    replies = compared({"a": "no", "b": {"c": "no"}, "error at 0": None}, Keyed.of(RIGHT, "salt"))
    assert replies is not None
    assert [(part.path, part.want, part.right) for part in replies.parts] == [
        (("a",), "another answer", False),
        (("b", "c"), "no", True),
        (("error at 0",), "ValueError", False),
    ]


@pytest.mark.parametrize("other", [None, [], {"a": "yes"}, {**RIGHT, "b": "no"}])
def test_a_reply_of_another_form_has_no_cases(other: object) -> None:
    assert answered(other, Keyed.of(RIGHT, "salt")) is None
    assert compared(other, Keyed.of(RIGHT, "salt")) is None


def test_a_huge_lookup_is_left_alone() -> None:
    many = dict.fromkeys(map(str, range(MOST_PARTS + 1)), "x")
    assert compared(many, Keyed.of(many, "salt")) is None
