"""From the two sides of a check to its result: outcome, message, where to look."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from blindgrade.checks import Check, Fail, Rng
from blindgrade.engine.answers.reference import Reference
from blindgrade.engine.wire import frames
from blindgrade.models import CheckResult, Outcome

Reply = dict[str, Any]
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")  # of an object in memory: it says nothing and differs each time
BRACKETED = re.compile(r"\[.*\]", re.DOTALL)  # how a tensor's values, which may be a hidden check's inputs, are printed


MAX_MESSAGE = 1_000  # characters of what a check says; a student's dict of a million keys says no more than this


class ReferenceFailed(Exception):
    """The reference itself did not run or does not pass: the course's mistake, never the student's."""


def judge(
    check: Check,
    student: Reply,
    reference: Reply | None,
    seed: int,
    ask: Callable[[], Reply | None] = lambda: None,
) -> CheckResult:
    """What the check says of the student's reply, next to the reference's (None if the check needs none).

    `ask` runs the reference for a check that needs none, if the verdict stumbles: then it says whose fault that is.
    Raises ReferenceFailed if the fault is the course's.
    """
    result = CheckResult(
        name=check.name, claim=check.claim, public=check.public, outcome=Outcome.PASSED, weight=check.weight
    )
    if reference is not None and reference["kind"] != "result":
        raise ReferenceFailed(f"the reference raised {reference.get('type')}: {reference.get('message')}")
    _decide(result, check, student, reference, seed, ask)
    if len(result.message) > MAX_MESSAGE:
        result.message = f"{result.message[:MAX_MESSAGE]} …"
    return result


def _decide(
    result: CheckResult,
    check: Check,
    student: Reply,
    reference: Reply | None,
    seed: int,
    ask: Callable[[], Reply | None],
) -> None:
    """Write outcome, message, misconception and place into the result."""
    if student["kind"] == "result":
        expected = reference["value"] if reference is not None else None
        try:
            check.judge(student["value"], expected, Rng(seed))
        except Fail as failure:
            result.outcome = Outcome.FAILED
            result.message = failure.message if check.public else failure.hidden
            result.misconception = failure.misconception
        except Exception as error:
            # A verdict that stumbles over the student's data is no excuse for them; over the reference's, it is ours.
            _must_pass(check, reference or ask(), seed, error)
            result.outcome = Outcome.FAILED
            result.message = "what your code returned has another form than the exercise asks for"
        return
    if student["kind"] == "raised" and is_stub_error(student):
        result.outcome = Outcome.NOT_ATTEMPTED
        result.message = "not written yet"
        return
    result.outcome = Outcome.FAILED
    result.message, result.where = explain(student)
    result.frames = [f"{file}:{line} in {function[:80]}" for file, line, function in student.get("frames", [])]
    if not check.public:
        result.message = BRACKETED.sub("[…]", result.message)


def _must_pass(check: Check, reference: Reply | None, seed: int, error: Exception) -> None:
    if reference is None:
        return
    try:
        check.judge(reference["value"], reference["value"] if check.reference else None, Rng(seed))
    except Exception:
        raise ReferenceFailed(f"the verdict raised {type(error).__name__}: {error}") from error


def is_stub_error(reply: Reply) -> bool:
    """True for the stub's own NotImplementedError: raised by a line of the student's file, not by torch."""
    return reply.get("type") == "NotImplementedError" and bool(reply.get("own"))


def explain(reply: Reply) -> tuple[str, str | None]:
    """A sentence for a reply that is no result, and the place in the student's files if there is one."""
    kind = reply["kind"]
    if kind == "raised":
        if reply.get("missing"):
            return f"the file defines no `{reply['missing']}`", None
        where = None
        if reply.get("frames"):
            file, line, _ = reply["frames"][-1]
            where = f"{file}:{line}"
        text = ADDRESS.sub("0x…", " ".join(str(reply.get("message", "")).split())[:300])
        if reply.get("type") == "MemoryError" or "can't allocate memory" in text:
            text = "more memory than the exercise may use"
        if reply.get("type") == "PermissionError":
            text = f"{text}; the grader allows no processes, programs or network, and files in the lesson's folder only"
        place = f" at {where}" if where else ""
        return f"{reply.get('type')}{place}: {text}".rstrip(": "), where
    if kind == "unsendable":
        return f"what your code returned cannot be compared: {reply.get('message')}", None
    return str(reply.get("message") or kind), None


def same(check: Check, one: Reply, other: Reply) -> bool:
    """Do two replies of the same experiment say the same, within the check's tolerance?"""
    if one["kind"] != other["kind"]:
        return False
    if one["kind"] == "raised":
        return bool(one["type"] == other["type"])
    if one["kind"] != "result":
        return False
    try:
        Check.judge(_numeric(check), one["value"], other["value"], Rng(0))
    except Fail:
        return False
    except frames.WireError:
        return False
    return True


def _numeric(check: Check) -> Check:
    """The check with the default verdict: evidence is equality of data, whatever the outcome's own verdict says."""
    return replace(check, verdict=None)


def judge_by(reference: Reference, check: Check, student: Reply, seed: int) -> CheckResult:
    """What the check says of the student's reply, by this reference. ReferenceFailed if the course is at fault."""
    expected = reference.expected(check, seed)
    if expected is not None and check.verdict is not None:
        # The result is remembered for other submissions; a verdict that writes into it must not reach theirs.
        expected = frames.copy(expected)
    return judge(check, student, expected, seed, ask=lambda: reference.own(check, seed))
