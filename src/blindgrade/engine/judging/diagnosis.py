"""Diagnosis of a wrong answer: the misconception that it shows, and what its replies are. It never guesses.

The exercise's misconceptions answer the same experiments with the same seeds, now or when the answer key was recorded.
One is named if the student's results equal its results where they differ from the reference's, and no other's. If no
whole result is equal, parts of results may be. A relation says what a reply is, compared with the expected one: for
example, minus it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from blindgrade.checks import Check
from blindgrade.engine.answers.reference import Reference
from blindgrade.engine.judging.judging import due, same
from blindgrade.engine.judging.parts import Case, by_parts
from blindgrade.engine.judging.relations import remembered
from blindgrade.engine.judging.relations.together import settled
from blindgrade.engine.wire.replies import Raised, Reply, Result
from blindgrade.models import CheckResult, Exercise, Kind, Outcome


class Seen(NamedTuple):
    """A check that was run, with its seed, the student's reply and the result."""

    check: Check
    seed: int
    reply: Reply
    result: CheckResult


def diagnose(
    exercise: Exercise, seen: list[Seen], reference: Reference, go_on: Callable[[], None] = lambda: None
) -> None:
    """Write misconception, relation and hint into the results.

    A hint belongs to what failed: it is the misconception's, or else the check's own. A failure that nothing explains
    has none. An exercise that is not attempted has its first hint, once. `go_on` is called before each misconception is
    tried, because that takes time. It may raise an exception to end the diagnosis.
    """
    failed = [one for one in seen if one.result.outcome is Outcome.FAILED]
    if seen and all(one.result.outcome is Outcome.NOT_ATTEMPTED for one in seen):
        seen[0].result.hint = exercise.hints[0]
    if not failed:
        return
    if exercise.kind is not Kind.TRAINING:
        # A trained model never has another model's exact numbers. There the verdict names the misconception.
        _by_equality(exercise, seen, failed, reference, go_on)
    _relate(failed, reference)
    hints = reference.hints(exercise.name)
    for one in failed:
        one.result.hint = hints.get(one.result.misconception or "") or one.check.hint


def _relate(failed: list[Seen], reference: Reference) -> None:
    """Write into the failed checks' results what their replies are, compared with the expected ones."""
    found = [
        remembered.found(
            one.check,
            one.seed,
            one.reply,
            partial(due, reference, one.check, one.seed),
            partial(reference.given, one.check, one.seed),
        )
        for one in failed
    ]
    for one, relation in zip(failed, settled(found), strict=True):
        if relation is not None:
            one.result.relation = relation.name.value
            one.result.relation_text = relation.text if one.check.public else relation.hidden


def _by_equality(
    exercise: Exercise, seen: list[Seen], failed: list[Seen], reference: Reference, go_on: Callable[[], None]
) -> None:
    best: tuple[int, int] = (0, 0)
    explained: list[CheckResult] = []
    names: list[str] = []
    passed = [one for one in seen if one.result.outcome is not Outcome.FAILED]

    def alike(name: str, one: Seen) -> bool:
        """Whether the misconception gives the same result on this check as the student's code."""
        return same(one.check, reference.of_misconception(exercise.name, name, one.check, one.seed), one.reply)

    for name in reference.hints(exercise.name):
        go_on()
        hits = [one.result for one in failed if alike(name, one)]
        if not hits or len(hits) < best[0]:
            continue  # its results on the other checks do not matter, and they take time
        rank = (len(hits), len(hits) + sum(alike(name, one) for one in passed))
        if rank > best:
            best, explained, names = rank, hits, [name]
        elif rank == best and hits == explained:
            names.append(name)
    if all(isinstance(one.reply, Raised) for one in failed if one.result in explained):
        # Many mistakes raise the same exception. Numbers that are equal in a part of another reply say more.
        shared = _by_parts(exercise, failed, reference, lambda name: sum(alike(name, one) for one in passed))
        if shared is not None:
            names, explained = [shared[0]], [failed[number].result for number in shared[1]]
    if len(names) > 1:
        return  # the checks that ran cannot tell them apart, so a name would be a guess
    for result in explained:
        result.misconception = names[0]


def _by_parts(
    exercise: Exercise, failed: list[Seen], reference: Reference, passed_alike: Callable[[str], int]
) -> tuple[str, list[int]] | None:
    """The misconception that explains parts of the failed checks' replies, and the places of these checks."""
    cases = []
    for number, one in enumerate(failed):
        right = reference.own(one.check, one.seed) if isinstance(one.reply, Result) else None
        if isinstance(one.reply, Result) and isinstance(right, Result):
            cases.append(Case(number, one.check, one.reply.value, right.value))

    def reply(name: str, case: Case) -> object:
        return reference.of_misconception(exercise.name, name, case.check, failed[case.number].seed)

    found = by_parts(list(reference.hints(exercise.name)), cases, reply, passed_alike) if cases else None
    return None if found is None else (found[0], sorted(found[1]))
