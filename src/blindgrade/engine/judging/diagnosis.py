"""Diagnosis of a wrong answer: the misconception that it shows. It needs evidence and never guesses.

The exercise's misconceptions run the same experiments with the same seeds. One is named if the student's results equal
its results where they differ from the reference's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from blindgrade.checks import Check
from blindgrade.engine.answers.reference import LiveReference, Reference
from blindgrade.engine.answers.solution_text import Variant
from blindgrade.engine.judging.judging import same
from blindgrade.engine.wire.replies import Raised, Reply, Result
from blindgrade.models import CheckResult, Exercise, Kind, Outcome
from blindgrade.wording import NO_ERROR


class Seen(NamedTuple):
    """A check that was run, with its seed, the student's reply and the result."""

    check: Check
    seed: int
    reply: Reply
    result: CheckResult


def diagnose(
    exercise: Exercise, seen: list[Seen], reference: Reference, go_on: Callable[[], None] = lambda: None
) -> None:
    """Write misconception and hint into the failed checks' results. Without evidence, the hint is the check's own.

    A check without a hint has the exercise's first one, unless its message says all: for example, that a definition is
    missing or that an error did not come. An answer key contains no misconceptions. `go_on` is called before each known
    wrong answer is tried, because that takes time. It may raise an exception to end the diagnosis.
    """
    failed = [one for one in seen if one.result.outcome is Outcome.FAILED]
    if not failed:
        return
    hints: dict[str, str] = {}
    if isinstance(reference, LiveReference):
        hints = {v.name: v.hint for v in reference.misconceptions(exercise.name)}
        if exercise.kind is not Kind.TRAINING:
            # A trained model never has another model's exact numbers. There the verdict names the misconception.
            _by_equality(exercise, seen, failed, reference, go_on)
    for one in failed:
        named = hints.get(one.result.misconception or "")
        one.result.hint = named or one.check.hint or ("" if _says_it_all(one) else exercise.hints[0])


def _says_it_all(one: Seen) -> bool:
    """Whether the message needs no hint: nothing was returned that can be compared, or only an error did not come."""
    if isinstance(one.reply, Result):
        return all(NO_ERROR in fault for fault in one.result.message.split(";\n"))
    return not isinstance(one.reply, Raised) or bool(one.reply.missing)


def _by_equality(
    exercise: Exercise, seen: list[Seen], failed: list[Seen], reference: LiveReference, go_on: Callable[[], None]
) -> None:
    best: tuple[int, int] = (0, 0)
    explained: list[CheckResult] = []
    name = ""
    passed = [one for one in seen if one.result.outcome is not Outcome.FAILED]
    for variant in reference.misconceptions(exercise.name):
        go_on()
        hits = [one.result for one in failed if _same(variant, one, reference)]
        if not hits or len(hits) < best[0]:
            continue  # its results on the other checks do not matter, and they take time
        rank = (len(hits), len(hits) + sum(_same(variant, one, reference) for one in passed))
        if rank > best:
            best, explained, name = rank, hits, variant.name
    for result in explained:
        result.misconception = name


def _same(variant: Variant, one: Seen, reference: LiveReference) -> bool:
    """Whether the misconception gives the same result on this check as the student's code."""
    return same(one.check, reference.of_variant(variant, one.check, one.seed), one.reply)
