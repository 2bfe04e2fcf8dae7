"""Two replies, part by part."""

from __future__ import annotations

import torch

from blindgrade.engine.judging.relations.parts import MOST_PARTS, MOST_VALUES, compared, numbers


def test_lists_and_tables_of_numbers_are_one_part() -> None:
    replies = compared({"a": [1, 2], "t": [[1, 2, 3]] * 3}, {"a": [1, 3], "t": [[1, 2, 3]] * 3}, None, None)
    assert replies is not None
    assert [(part.path, part.w.shape, part.right) for part in replies.parts] == [
        (("a",), (2,), False),
        (("t",), (3, 3), True),
    ]


def test_containers_that_do_not_fit_are_misfits() -> None:
    replies = compared({"a": 1, "b": "text"}, {"a": 1, "c": {"d": 2}}, None, None)
    assert replies is not None and len(replies.misfits) == 1 and len(replies.parts) == 1


def test_a_whole_number_stands_for_a_float_and_not_the_reverse() -> None:
    for got, want, alike in ((1, 2.5, True), (1.0, 2, False), (True, 1, False)):
        replies = compared(got, want, None, None)
        assert replies is not None and replies.parts[0].alike is alike


def test_nothing_is_said_about_a_huge_reply() -> None:
    assert compared(torch.zeros(MOST_VALUES + 1), torch.ones(MOST_VALUES + 1), None, None) is None
    many = dict.fromkeys(map(str, range(MOST_PARTS + 1)), 1)
    assert compared(many, many, None, None) is None


def test_numbers_that_a_float_cannot_hold_are_no_numbers() -> None:
    assert numbers((1 << 53) + 1).size == 0
    assert numbers(torch.tensor([(1 << 53) + 1])).size == 0
    assert numbers(torch.tensor([1 + 2j])).shape == (1, 2)
    assert numbers(torch.tensor(3, dtype=torch.bfloat16)).item() == 3.0
