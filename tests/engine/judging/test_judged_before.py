"""A reply that was judged before is not judged again. Other bytes are judged."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from blindgrade.checks import Check, Fail
from blindgrade.engine.judging import judged_before
from blindgrade.engine.judging.judged_before import JudgedBefore
from blindgrade.engine.judging.observed import Observed
from blindgrade.engine.wire import frames
from blindgrade.engine.wire.replies import Answer, Raised, Result, TraceLine, sent
from blindgrade.models import CheckResult, Outcome
from blindgrade.places import Frame, Place

RIGHT = Result(torch.tensor([1.0, 2.0]))
WRONG = Result(torch.tensor([1.0, 3.0]))


class Constant:
    """Reference that answers 1, 2 to everything and counts its requests."""

    kind = "live"

    def __init__(self) -> None:
        self.asked = 0

    def expected(self, check: Check, seed: int) -> Answer:
        self.asked += 1
        return RIGHT

    own = expected

    def given(self, check: Check, seed: int) -> dict[str, str]:
        return {}


def check(name: str = "adds", **more: Any) -> Check:
    return Check("f", name, "It adds.", lambda lesson, rng: None, **more)


def judged(by: JudgedBefore, reply: Answer, one: Check, seed: int = 1, *places: Frame) -> CheckResult:
    frame = frames.encode(sent(reply))
    return by.judge(one, seed, Observed(by.read(one, seed, frame), trace=places, frame=frame))


def outcome(by: JudgedBefore, reply: Answer, one: Check | None = None, seed: int = 1) -> Outcome:
    return judged(by, reply, one or check(), seed).outcome


def test_the_same_bytes_are_decoded_and_judged_once() -> None:
    by = JudgedBefore(Constant())
    assert [outcome(by, reply) for reply in (RIGHT, WRONG, RIGHT, WRONG, RIGHT)] == [
        Outcome.PASSED, Outcome.FAILED, Outcome.PASSED, Outcome.FAILED, Outcome.PASSED,
    ]  # fmt: skip
    assert by.reference.asked == 2
    frame = frames.encode(sent(RIGHT))
    assert by.read(check(), 1, frame) is by.read(check(), 1, bytes(bytearray(frame)))


def test_another_seed_and_another_check_are_judged_separately() -> None:
    def never(result: Any, expected: Any, rng: Any) -> None:
        raise Fail("never")

    by = JudgedBefore(Constant())
    assert outcome(by, RIGHT) is outcome(by, RIGHT, seed=2) is outcome(by, RIGHT, check("other")) is Outcome.PASSED
    assert by.reference.asked == 3
    assert outcome(by, RIGHT, check("strict", verdict=never)) is Outcome.FAILED


def test_a_change_of_one_students_result_does_not_reach_the_next() -> None:
    by = JudgedBefore(Constant())
    first = judged(by, WRONG, check())
    first.hint, first.where, first.misconception, first.seconds = "a hint", Place("mine.py", 3), "a mistake", 2.0
    second = judged(by, WRONG, check())
    assert (second.hint, second.where, second.misconception) == ("", None, None)
    assert second.seconds != 2.0


def test_an_exception_names_the_lines_of_the_student_who_sent_it() -> None:
    by = JudgedBefore(Constant())
    error = Raised("ValueError", "no", (TraceLine("basics.py", 3, "f"),), own=True)
    places = [Place("basics.py", 3), Place("basics.ipynb", 1, "cell 2")]
    results = [judged(by, error, check(), 1, Frame(place, "f")) for place in places]
    assert [result.where for result in results] == places
    assert results[1].message == "ValueError at cell 2, line 1 of basics.ipynb: no"


def test_long_replies_and_old_ones_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged_before, "MOST", 2)
    by = JudgedBefore(Constant())
    numbers = [Result(n) for n in range(3)]
    for reply in (numbers[0], numbers[1], numbers[0], numbers[2]):  # 1 was asked for longest ago
        outcome(by, reply)
    assert by.reference.asked == 3
    outcome(by, numbers[0])
    assert by.reference.asked == 3
    outcome(by, numbers[1])
    assert by.reference.asked == 4
    large = Result(torch.zeros(judged_before.LONGEST))
    assert outcome(by, large) is outcome(by, large) is Outcome.FAILED
    assert by.reference.asked == 6


def test_a_frame_that_is_no_reply_is_refused_each_time() -> None:
    by = JudgedBefore(Constant())
    for frame in (b"nonsense", frames.encode({"kind": "result"}), frames.encode([1])) * 2:
        with pytest.raises(frames.WireError):
            by.read(check(), 1, frame)
