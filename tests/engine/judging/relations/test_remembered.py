"""Equal answers of a cohort are compared once."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from blindgrade.checks import Check
from blindgrade.engine.judging.relations import remembered
from blindgrade.engine.judging.relations.remembered import LARGEST, MOST, found
from blindgrade.engine.wire.replies import Result

WANT = Result(torch.tensor([0.3, -0.7, 1.9, 0.4, 0.2]))


def check() -> Check:
    return Check("e", "c", "A claim.", experiment=lambda lesson, rng: None)


class Asked:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> Result:
        self.count += 1
        return WANT


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_known", {})


def test_the_same_object_is_compared_once_and_another_one_again() -> None:
    one, asked, reply = check(), Asked(), Result(-WANT.value)
    for _ in range(3):
        shown = found(one, 7, reply, asked).relation
        assert shown is not None and shown.name == "negated"
    assert asked.count == 1
    found(one, 7, Result(-WANT.value), asked)
    found(one, 8, reply, asked)
    found(check(), 7, reply, asked)
    assert asked.count == 4


def test_what_is_large_or_long_ago_is_forgotten() -> None:
    one, asked, large = check(), Asked(), Result(torch.zeros(LARGEST + 1))
    found(one, 7, large, asked)
    assert remembered._known == {}
    replies: list[Any] = [Result(torch.zeros(5) + n) for n in range(MOST + 5)]
    for reply in replies:
        found(one, 7, reply, asked)
    assert len(remembered._known) == MOST
    before = asked.count
    found(one, 7, replies[-1], asked)
    found(one, 7, replies[0], asked)
    assert asked.count == before + 1
