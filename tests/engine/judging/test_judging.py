from __future__ import annotations

from typing import Any

import pytest
import torch

from blindgrade.checks import Check, Fail, Rng
from blindgrade.engine.judging.judging import ReferenceFailed, explain, is_stub_error, judge, same
from blindgrade.engine.submission.lines import trace_of
from blindgrade.engine.wire.replies import Answer, Broken, Raised, Reply, Result, Stopped, TraceLine, Unsendable
from blindgrade.models import Outcome


def made(**fields: Any) -> Check:
    return Check("score", "is_right", "It is right.", lambda lesson, rng: None, **fields)


def value(of: Any) -> Result:
    return Result(of)


def raised(kind: str = "RuntimeError", message: str = "boom", **fields: Any) -> Raised:
    return Raised(kind, message, **fields)


STUB = raised("NotImplementedError", "TODO", own=True, frames=(TraceLine("score.py", 3, "score"),))


def test_a_result_like_the_references_passes() -> None:
    result = judge(made(weight=2.0, public=True), value(torch.ones(2)), value(torch.ones(2)), 0)
    assert (result.outcome, result.message) == (Outcome.PASSED, "")
    assert (result.name, result.claim, result.weight, result.public) == ("is_right", "It is right.", 2.0, True)


def test_a_public_check_shows_values_and_a_hidden_one_does_not() -> None:
    public = judge(made(public=True), value(1.5), value(2.5), 0)
    hidden = judge(made(public=False), value(1.5), value(2.5), 0)
    assert public.outcome is hidden.outcome is Outcome.FAILED
    assert public.message == "the result is 1.5; expected 2.5 (they differ by 1, and the tolerance is 3.5e-06)"
    assert hidden.message == "the result has the wrong value"


def test_a_verdict_names_the_misconception_that_it_sees() -> None:
    def verdict(result: Any, expected: Any, rng: Rng) -> None:
        raise Fail("no", misconception="wrong_sign")

    assert judge(made(verdict=verdict), value(1), value(1), 0).misconception == "wrong_sign"


def test_a_verdict_sees_both_values_and_the_experiments_seed() -> None:
    seen: list[Any] = []

    def verdict(result: Any, expected: Any, rng: Rng) -> None:
        seen.append((result, expected, rng.integer(0, 1 << 40)))

    judge(made(verdict=verdict), value(1), value(2), 9)
    judge(made(verdict=verdict, reference=False), value(3), None, 9)
    draw = Rng(9).integer(0, 1 << 40)
    assert seen == [(1, 2, draw), (3, None, draw)]


def first_item(result: Any, expected: Any, rng: Rng) -> None:
    if result[0] != 1:
        raise Fail("not one")


@pytest.mark.parametrize("reference", [value([1]), None], ids=["with reference", "without"])
def test_a_verdict_that_raises_on_the_students_data_is_a_failure(reference: Answer | None) -> None:
    result = judge(made(verdict=first_item), value([]), reference, 0)
    assert result.outcome is Outcome.FAILED
    due = "; expected a list of 1" if reference else ""
    assert result.message == f"the check could not work with what your code returned: a list of 0{due}"


@pytest.mark.parametrize("reference", [[], [2]], ids=["raises", "fails"])
def test_a_verdict_that_raises_on_the_reference_is_the_courses_fault(reference: list[int]) -> None:
    with pytest.raises(ReferenceFailed, match="the verdict raised IndexError"):
        judge(made(verdict=first_item), value([]), value(reference), 0)


@pytest.mark.parametrize("student", [value(1), raised(), STUB], ids=["result", "raised", "stub"])
def test_a_reference_that_raised_is_the_courses_fault_whatever_the_student_did(student: Reply) -> None:
    with pytest.raises(ReferenceFailed, match="the reference raised KeyError: 'x'"):
        judge(made(), student, raised("KeyError", "'x'"), 0)


def test_the_stubs_own_error_is_not_attempted() -> None:
    result = judge(made(), STUB, value(1), 0)
    assert (result.outcome, result.message) == (Outcome.NOT_ATTEMPTED, "not written yet")


@pytest.mark.parametrize(
    "reply",
    [raised("NotImplementedError", own=False), raised("RuntimeError", own=True)],
    ids=["torch's", "another error"],
)
def test_another_error_than_the_stubs_own_is_an_attempt(reply: Raised) -> None:
    assert not is_stub_error(reply)
    assert judge(made(), reply, value(2), 0).outcome is Outcome.FAILED


def test_a_failure_says_where_in_the_students_file() -> None:
    reply = raised("ValueError", "too\n  small", frames=(TraceLine("a.py", 1, "f"), TraceLine("score.py", 12, "g")))
    result = judge(made(), reply, value(1), 0, trace=trace_of(reply))
    assert result.outcome is Outcome.FAILED
    assert (result.message, str(result.where)) == ("ValueError at score.py:12: too small", "score.py:12")
    assert [str(frame) for frame in result.frames] == ["a.py:1 in f", "score.py:12 in g"]


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (raised("Missing", missing="score"), "the file defines no `score`"),
        (raised("KeyError", ""), "KeyError"),
        (raised("KeyError", "'x'"), "KeyError: the dict has no key 'x'"),
        (raised("KeyError", "'no tool of this name'"), "KeyError: 'no tool of this name'"),
        (raised("SystemExit", "0"), "SystemExit: this line ends the program (exit code 0); leave it out"),
        (Broken("no"), "your code answered in place of the grader; leave that out (it said: no)"),
        (raised("MemoryError", ""), "MemoryError: more memory than the exercise may use"),
        (
            raised("RuntimeError", "DefaultCPUAllocator: can't allocate memory: 8 bytes"),
            "RuntimeError: more memory than the exercise may use",
        ),
        (Unsendable("too deep"), "the result of your code cannot be compared: too deep"),
        (Stopped("stopped after 10 s"), "stopped after 10 s"),
        (Stopped(""), "stopped"),
    ],
)
def test_a_reply_that_is_no_result_is_explained_in_a_sentence(reply: Reply, text: str) -> None:
    assert explain(reply) == text


def test_a_long_message_is_cut() -> None:
    text = explain(raised("ValueError", "x" * 5000))
    assert text == "ValueError: " + "x" * 300


def test_replies_are_the_same_within_the_checks_tolerance() -> None:
    assert same(made(atol=0.5, rtol=0.0), value(1.4), value(1.0))
    assert not same(made(), value(1.4), value(1.0))


def test_errors_are_the_same_by_their_type() -> None:
    assert same(made(), raised("KeyError", "a"), raised("KeyError", "b"))
    assert not same(made(), raised("KeyError"), raised("ValueError"))


def test_a_result_and_an_error_differ_and_lost_workers_are_no_evidence() -> None:
    assert not same(made(), value(1), raised())
    assert not same(made(), Stopped("x"), Stopped("x"))


def test_sameness_compares_data_whatever_the_verdict_says() -> None:
    def lenient(result: Any, expected: Any, rng: Rng) -> None: ...

    assert not same(made(verdict=lenient), value(1), value(2))


def _always_raises(result: Any, expected: Any, rng: Rng) -> None:
    raise KeyError("the verdict's own mistake")


def _reads_a_loss(result: Any, expected: Any, rng: Rng) -> None:
    if not result["loss"] < 1:
        raise Fail("too large")


def test_a_verdict_that_raises_on_the_references_own_result_is_the_courses_fault() -> None:
    check = made(reference=False, verdict=_always_raises)
    with pytest.raises(ReferenceFailed):
        judge(check, value({"loss": 0.1}), None, 0, ask=lambda: value({"loss": 0.1}))


def test_a_verdict_that_raises_on_the_students_data_alone_fails_the_student() -> None:
    check = made(reference=False, verdict=_reads_a_loss)
    result = judge(check, value([]), None, 0, ask=lambda: value({"loss": 0.1}))
    assert result.outcome is Outcome.FAILED
