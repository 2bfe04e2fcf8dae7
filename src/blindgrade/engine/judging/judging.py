"""From the two sides of a check to its result: outcome, message, where to look."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from blindgrade.checks import Check, Fail, Rng
from blindgrade.engine.answers.reference import Reference
from blindgrade.engine.wire import frames
from blindgrade.engine.wire.replies import Answer, Loaded, Raised, Reply, Result, Unsendable, Unwritten
from blindgrade.models import CheckResult, Outcome
from blindgrade.places import Frame, Place

ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")  # of an object in memory: it says nothing and differs each time
BRACKETED = re.compile(r"\[.*\]", re.DOTALL)  # how a tensor's values, which may be a hidden check's inputs, are printed


MAX_MESSAGE = 1_000  # characters of what a check says; a student's dict of a million keys says no more than this


class ReferenceFailed(Exception):
    """The reference itself did not run or does not pass: the course's mistake, never the student's."""


def result_of(check: Check, outcome: Outcome, message: str = "") -> CheckResult:
    """The check's result with this outcome."""
    return CheckResult(
        name=check.name, claim=check.claim, public=check.public, outcome=outcome, weight=check.weight, message=message
    )


def judge(
    check: Check,
    student: Reply,
    reference: Answer | None,
    seed: int,
    ask: Callable[[], Answer | None] = lambda: None,
    trace: Sequence[Frame] = (),
) -> CheckResult:
    """What the check says of the student's reply, next to the reference's (None if the check needs none).

    `ask` runs the reference for a check that needs none, if the verdict stumbles: then it says whose fault that is.
    `trace` are the frames of an exception in the student's own files, innermost last.
    Raises ReferenceFailed if the fault is the course's.
    """
    if reference is not None and not isinstance(reference, Result):
        if isinstance(reference, Raised):
            raise ReferenceFailed(f"the reference raised {reference.type}: {reference.message}")
        raise ReferenceFailed(f"the reference gave no result: {_said(reference)}")
    result = result_of(check, Outcome.PASSED)
    if isinstance(student, Result):
        _compare(result, check, student, reference, seed, ask)
    elif isinstance(student, Raised) and is_stub_error(student):
        result.outcome, result.message = Outcome.NOT_ATTEMPTED, "not written yet"
    else:
        result.outcome = Outcome.FAILED
        result.where = trace[-1].place if trace and not _is_missing(student) else None
        result.frames = list(trace)
        result.message = explain(student, result.where)
        if not check.public:
            result.message = BRACKETED.sub("[…]", result.message)
    if len(result.message) > MAX_MESSAGE:
        result.message = f"{result.message[:MAX_MESSAGE]} …"
    return result


def _compare(
    result: CheckResult,
    check: Check,
    student: Result,
    reference: Result | None,
    seed: int,
    ask: Callable[[], Answer | None],
) -> None:
    """Write outcome, message and misconception into the result, as the check's verdict decides."""
    try:
        check.judge(student.value, reference.value if reference is not None else None, Rng(seed))
    except Fail as failure:
        result.outcome = Outcome.FAILED
        result.message = failure.message if check.public else failure.hidden
        result.misconception = failure.misconception
    except Exception as error:
        # A verdict that stumbles over the student's data is no excuse for them; over the reference's, it is ours.
        _must_pass(check, reference or ask(), seed, error)
        result.outcome = Outcome.FAILED
        result.message = "what your code returned has another form than the exercise asks for"


def _must_pass(check: Check, reference: Answer | None, seed: int, error: Exception) -> None:
    if reference is None:
        return
    stumbles = ReferenceFailed(f"the verdict raised {type(error).__name__}: {error}")
    if not isinstance(reference, Result):
        raise stumbles from error
    try:
        check.judge(reference.value, reference.value if check.reference else None, Rng(seed))
    except Exception:
        raise stumbles from error


def is_stub_error(reply: Raised) -> bool:
    """True for the stub's own NotImplementedError: raised by a line of the student's file, not by torch."""
    return reply.type == "NotImplementedError" and reply.own


def _is_missing(reply: Reply) -> bool:
    return isinstance(reply, Raised) and bool(reply.missing)


def explain(reply: Reply, where: Place | None = None) -> str:
    """A sentence for a reply that is no result, with the place in the student's files if there is one."""
    if isinstance(reply, Raised):
        return f"the file defines no `{reply.missing}`" if reply.missing else _explain_error(reply, where)
    if isinstance(reply, Unsendable):
        return f"what your code returned cannot be compared: {reply.message}"
    return _said(reply)


def _explain_error(reply: Raised, where: Place | None) -> str:
    text = ADDRESS.sub("0x…", " ".join(reply.message.split())[:300])
    if reply.type == "MemoryError" or "can't allocate memory" in text:
        text = "more memory than the exercise may use"
    if reply.type == "PermissionError":
        text = f"{text}; the grader allows no processes, programs or network, and files in the lesson's folder only"
    place = f" at {where}" if where else ""
    return f"{reply.type}{place}: {text}".rstrip(": ")


def _said(reply: Reply) -> str:
    """What a reply says that has no more than a message; its kind if that is empty."""
    message = "" if isinstance(reply, Result | Loaded) else reply.message
    return message or type(reply).__name__.lower()


def same(check: Check, one: Reply, other: Reply) -> bool:
    """Do two replies of the same experiment say the same, within the check's tolerance?"""
    if isinstance(one, Raised) and isinstance(other, Raised):
        return one.type == other.type
    if not (isinstance(one, Result) and isinstance(other, Result)):
        return False
    try:
        Check.judge(_numeric(check), one.value, other.value, Rng(0))
    except Fail:
        return False
    except frames.WireError:
        return False
    return True


def _numeric(check: Check) -> Check:
    """The check with the default verdict: evidence is equality of data, whatever the outcome's own verdict says."""
    return replace(check, verdict=None)


def judge_by(reference: Reference, check: Check, student: Reply, seed: int, trace: Sequence[Frame] = ()) -> CheckResult:
    """What the check says of the student's reply, by this reference. ReferenceFailed if the course is at fault."""
    if isinstance(student, Unwritten):
        return result_of(check, Outcome.NOT_ATTEMPTED, student.message)
    expected = reference.expected(check, seed)
    if isinstance(expected, Result) and check.verdict is not None:
        # The result is remembered for other submissions; a verdict that writes into it must not reach theirs.
        expected = Result(frames.copy(expected.value))
    return judge(check, student, expected, seed, lambda: reference.own(check, seed), trace)
