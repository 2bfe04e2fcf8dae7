"""Result of a check, from the replies of student and reference: outcome, message and place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from blindgrade.agreement import agrees
from blindgrade.checks import Check, Fail, Rng, describe
from blindgrade.engine.answers.exact import Digest, Keyed, is_lookup
from blindgrade.engine.answers.packing import salt_of
from blindgrade.engine.answers.reference import Reference
from blindgrade.engine.wire import frames
from blindgrade.engine.wire.replies import Answer, Broken, Loaded, Raised, Reply, Result, Unsendable, Unwritten
from blindgrade.models import CheckResult, Outcome
from blindgrade.places import Frame, Place

ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")  # address of an object in memory: it has no meaning and differs each time
BRACKETED = re.compile(r"\[.*\]", re.DOTALL)  # printed values of a tensor, which may be a hidden check's inputs


SENTENCE = re.compile(r"'.* .*'|\".* .*\"")  # text of a KeyError that the student's own code raises


MAX_MESSAGE = 1_000  # characters; the message about a student's dict of a million keys is cut here


class ReferenceFailed(Exception):
    """The reference did not run, or it does not pass. That is the course's mistake, never the student's."""


def result_of(check: Check, outcome: Outcome, message: str = "") -> CheckResult:
    """Result of the check with this outcome."""
    return CheckResult(
        name=check.name, claim=check.claim, public=check.public, outcome=outcome, weight=check.weight, message=message
    )


def judge(
    check: Check,
    student: Reply,
    reference: Answer | Keyed | None,
    seed: int,
    ask: Callable[[], Answer | Keyed | None] = lambda: None,
    trace: Sequence[Frame] = (),
) -> CheckResult:
    """Result of the check for the student's reply, next to the reference's reply (None if the check needs none).

    `ask` runs the reference for a check that needs none. It is called if the verdict raises, to see whether the course
    is at fault. `trace` has the frames of an exception in the student's own files, innermost last. ReferenceFailed if
    the course is at fault.
    """
    if reference is not None and not isinstance(reference, Result | Keyed):
        if isinstance(reference, Raised):
            raise ReferenceFailed(f"the reference raised {reference.type}: {reference.message}")
        raise ReferenceFailed(f"the reference gave no result: {_said(reference)}")
    result = result_of(check, Outcome.PASSED)
    if isinstance(student, Result) and isinstance(reference, Keyed):
        _look_up(result, student, reference)
    elif isinstance(student, Result):
        assert not isinstance(reference, Keyed)
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
    ask: Callable[[], Answer | Keyed | None],
) -> None:
    """Write outcome, message and misconception into the result, as the check's verdict decides."""
    try:
        check.judge(student.value, reference.value if reference is not None else None, Rng(seed))
    except Fail as failure:
        result.outcome = Outcome.FAILED
        result.message = failure.message if check.public else failure.hidden
        result.misconception = failure.misconception
    except Exception as error:
        # If the verdict raises on the student's data, the student fails. If it raises on the reference's, the course is
        # at fault.
        _must_pass(check, reference or ask(), seed, error)
        result.outcome = Outcome.FAILED
        result.message = _another_form(student.value, reference.value if reference else None, show=check.public)


def _another_form(value: Any, expected: Any, *, show: bool) -> str:
    """Sentence about a result with which the check's verdict could not work."""
    due = f"; expected {describe(expected, show=False)}" if expected is not None else ""
    return f"the check could not work with what your code returned: {describe(value, show=show)}{due}"


def _look_up(result: CheckResult, student: Result, reference: Keyed) -> None:
    """Write outcome and message into the result of a lookup. The message does not contain the right answer."""
    if fault := reference.fault(student.value):
        result.outcome, result.message = Outcome.FAILED, fault


def _must_pass(check: Check, reference: Answer | Keyed | None, seed: int, error: Exception) -> None:
    if reference is None:
        return
    fault = ReferenceFailed(f"the verdict raised {type(error).__name__}: {error}")
    if not isinstance(reference, Result):
        raise fault from error
    try:
        check.judge(reference.value, reference.value if check.reference else None, Rng(seed))
    except Exception:
        raise fault from error


def is_stub_error(reply: Raised) -> bool:
    """Whether this is the stub's own NotImplementedError: a line of the student's file raised it, not torch."""
    return reply.type == "NotImplementedError" and reply.own


def _is_missing(reply: Reply) -> bool:
    return isinstance(reply, Raised) and bool(reply.missing)


def explain(reply: Reply, where: Place | None = None) -> str:
    """Sentence for a reply that is no result, with the place in the student's files if there is one."""
    if isinstance(reply, Raised):
        return f"the file defines no `{reply.missing}`" if reply.missing else _explain_error(reply, where)
    if isinstance(reply, Unsendable):
        return f"the result of your code cannot be compared: {reply.message}"
    if isinstance(reply, Broken):  # of a check that does load: the grader tried it
        return f"your code answered in place of the grader; leave that out (it said: {_said(reply)[:100]})"
    return _said(reply)


def _explain_error(reply: Raised, where: Place | None) -> str:
    text = error_text(reply)
    place = f" at {where}" if where else ""
    return f"{reply.type}{place}: {text}".rstrip(": ")


def error_text(reply: Raised) -> str:
    """Message of an exception, with the reason if the grader's limits or Python's short words need one."""
    text = ADDRESS.sub("0x…", " ".join(reply.message.split())[:300])
    if reply.type == "MemoryError" or "can't allocate memory" in text:
        text = "more memory than the exercise may use"
    if reply.type == "PermissionError":
        text = f"{text}; the grader allows no processes, programs or network, and only files in the lesson's folder"
    if reply.type == "KeyError" and text and not SENTENCE.fullmatch(text):
        text = f"the dict has no key {text}"
    if reply.type == "SystemExit":
        text = f"this line ends the program (exit code {text or 'None'}); leave it out"
    return text


def _said(reply: Reply) -> str:
    """Message of a reply that has only a message; the reply's kind if the message is empty."""
    message = "" if isinstance(reply, Result | Loaded) else reply.message
    return message or type(reply).__name__.lower()


def same(check: Check, one: Reply | Digest | Keyed | None, other: Reply) -> bool:
    """Whether two replies of the same experiment are equal, within the check's tolerance. One may be a digest."""
    if isinstance(one, Digest | Keyed):
        return isinstance(other, Result) and one.fits(other.value)
    if isinstance(one, Raised) and isinstance(other, Raised):
        return one.type == other.type
    if not (isinstance(one, Result) and isinstance(other, Result)):
        return False
    try:
        # Evidence is equality of data, whatever the check's own verdict accepts.
        return agrees(one.value, other.value, atol=check.atol, rtol=check.rtol)
    except frames.WireError:
        return False


def judge_by(reference: Reference, check: Check, student: Reply, seed: int, trace: Sequence[Frame] = ()) -> CheckResult:
    """Result of the check for the student's reply, by this reference. ReferenceFailed if the course is at fault."""
    if isinstance(student, Unwritten):
        return result_of(check, Outcome.NOT_ATTEMPTED, student.message)
    expected = due(reference, check, seed)
    if isinstance(expected, Result) and check.verdict is not None:
        # The reference keeps this result for other submissions, so the verdict gets a copy that it may write into.
        expected = Result(frames.copy(expected.value))
    return judge(check, student, expected, seed, lambda: reference.own(check, seed), trace)


def due(reference: Reference, check: Check, seed: int) -> Answer | Keyed | None:
    """Expected reply to the check, as students may compare theirs with it: of a lookup, only digests."""
    expected = reference.expected(check, seed)
    if isinstance(expected, Result) and is_keyed(check, expected.value):
        return _keyed(check, expected.value)
    return expected


def _keyed(check: Check, expected: Any) -> Keyed:
    try:
        return Keyed.of(expected, salt_of(check))
    except ValueError as error:
        raise ReferenceFailed(f"the check has lookup=True, but {error}") from None


def is_keyed(check: Check, expected: Any) -> bool:
    """Whether students see digests of these right answers, and not the answers themselves."""
    return check.public and check.verdict is None and (is_lookup(expected) if check.lookup is None else check.lookup)
