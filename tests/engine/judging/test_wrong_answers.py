"""Wrong answers are compared by their replies, kept as bytes, and need a result as evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from blindgrade.checks import Check
from blindgrade.engine.judging.diagnosis import Seen
from blindgrade.engine.judging.wrong_answers import (
    CollectedReplies,
    WrongAnswer,
    equal,
    wrong_answer,
)
from blindgrade.engine.wire.replies import Raised, Reply, Result, Stopped, TraceLine, Unsendable
from blindgrade.models import Outcome

from .two_checks import EXERCISE, graded

CHECKS = {name: Check("e", name, "c", lambda lesson, rng: None) for name in ("a", "b")}


def answer(a: Reply, b: Reply, *failed: str) -> WrongAnswer:
    found = wrong_answer({"a": a, "b": b}, frozenset(failed or ["a"]))
    assert found is not None
    return found


def tensor(*values: float) -> Result:
    return Result(torch.tensor(values, dtype=torch.float64))


def test_answers_are_equal_within_tolerance_and_not_beyond() -> None:
    one = answer(tensor(1.0, 2.0), tensor(3.0))
    assert equal(CHECKS, one, answer(tensor(1.0, 2.0 + 1e-10), tensor(3.0)))
    assert not equal(CHECKS, one, answer(tensor(1.0, 2.001), tensor(3.0)))
    assert not equal(CHECKS, one, answer(tensor(1.0, 2.0), tensor(3.5)))  # another check counts, too


def test_answers_with_other_failed_checks_are_not_equal() -> None:
    one, other = answer(tensor(1.0), tensor(3.0), "a"), answer(tensor(1.0), tensor(3.0), "a", "b")
    assert not equal(CHECKS, one, other)


def test_answers_to_other_checks_are_not_equal() -> None:
    one = answer(tensor(1.0), tensor(3.0))
    assert not equal({"a": CHECKS["a"]}, one, one)  # the check is gone
    assert not equal(CHECKS, one, WrongAnswer({"a": one.replies["a"]}, one.failed))


def test_exceptions_are_equal_by_their_type_and_keep_nothing_of_the_file() -> None:
    lines = (TraceLine("ada.py", 3, "f"),)
    one = answer(tensor(1.0), Raised("ValueError", "by Ada", lines, own=True))
    assert equal(CHECKS, one, answer(tensor(1.0), Raised("ValueError", "another text")))
    assert not equal(CHECKS, one, answer(tensor(1.0), Raised("TypeError", "by Ada")))
    assert "Ada" not in repr(WrongAnswer.from_bytes(one.to_bytes())) and "ada.py" not in repr(one)


@pytest.mark.parametrize("reply", [Stopped("late"), Unsendable("a function")])
def test_an_answer_with_a_reply_that_equals_no_other_is_no_evidence(reply: Reply) -> None:
    assert wrong_answer({"a": tensor(1.0), "b": reply}, frozenset("a")) is None


def test_an_answer_whose_failed_checks_all_raise_is_no_evidence() -> None:
    replies = {"a": Raised("NameError", "x"), "b": tensor(1.0)}
    assert wrong_answer(replies, frozenset("a")) is None
    assert wrong_answer(replies, frozenset(["a", "b"])) is not None


def test_an_answer_survives_its_bytes_and_its_digest_follows_every_bit() -> None:
    one = answer(Result({"x": [torch.ones(2, 3), 4, "text", None]}), Raised("KeyError", ""))
    again = WrongAnswer.from_bytes(one.to_bytes())
    assert equal(CHECKS, one, again) and again.digest == one.digest and again.failed == one.failed
    assert answer(tensor(1.0), tensor(2.0)).digest != answer(tensor(1.0), tensor(2.0 + 1e-12)).digest
    assert answer(tensor(1.0), tensor(2.0)).digest != answer(tensor(1.0), tensor(2.0), "b").digest


@pytest.mark.parametrize("cut", [0, 5, 40])
def test_damaged_bytes_are_a_value_error(cut: int) -> None:
    with pytest.raises(ValueError, match="damaged"):
        WrongAnswer.from_bytes(answer(tensor(1.0), tensor(2.0)).to_bytes()[:cut])


def test_collected_replies_give_the_answer_of_one_lesson_and_exercise() -> None:
    collected = CollectedReplies()
    result = graded(Outcome.FAILED, Outcome.PASSED)
    for check, reply in zip(CHECKS.values(), (tensor(1.0), tensor(2.0)), strict=True):
        collected.add("lesson-1", Seen(check, 0, reply, result.checks[0]))
    found = collected.unexplained("lesson-1", EXERCISE, result)
    assert found is not None and equal(CHECKS, found, answer(tensor(1.0), tensor(2.0)))
    assert collected.unexplained("lesson-2", EXERCISE, result) is None
    assert collected.unexplained("lesson-1", EXERCISE, graded(Outcome.FAILED, Outcome.PASSED, "known")) is None


def test_a_check_that_was_not_seen_leaves_no_answer() -> None:
    """As for an exercise whose result was taken from an earlier attempt."""
    collected = CollectedReplies()
    result = graded(Outcome.FAILED, Outcome.PASSED)
    collected.add("lesson-1", Seen(replace(CHECKS["a"]), 0, tensor(1.0), result.checks[0]))
    assert collected.unexplained("lesson-1", EXERCISE, result) is None
