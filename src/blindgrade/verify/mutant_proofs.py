"""Proofs that the checks notice each small change of a solution. A result that is kept by content is used again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable

from blindgrade.catalog import CourseError
from blindgrade.engine.judging.judging import ReferenceFailed
from blindgrade.models import Kind
from blindgrade.verify.deciders import Deciders
from blindgrade.verify.kept import KeptResult
from blindgrade.verify.mutant import Equivalent, Mutant, read_equivalents
from blindgrade.verify.survival import MutantsBroken, survivors
from blindgrade.verify.tasks import Proof
from blindgrade.verify.workshop import Workshop

NAME = "mutants are killed"
SAMPLE = 12  # mutants of each trained exercise: one takes as long as a training

Known = Callable[[Mutant], KeptResult | None]


def sampled(workshop: Workshop, exercises: Iterable[str]) -> list[Mutant]:
    """Mutants to try: all of the exercises and their helpers, but of a trained exercise only SAMPLE.

    If only some exercises of the lesson are named, only their own mutants. A sample depends on the changes alone, so it
    is the same on every machine.
    """
    from blindgrade.verify.mutants import mutants

    names = list(exercises)
    whole = len(names) == len(workshop.lesson.exercises)
    found = mutants(workshop.solution.text, workshop.lesson, None if whole else names)
    trained = {e.name for e in workshop.lesson.exercises if e.kind is Kind.TRAINING}
    chosen: set[int] = set()
    for name in trained:
        own = [number for number, mutant in enumerate(found) if mutant.exercise == name]
        chosen |= set(sorted(own, key=lambda number: _rank(found[number]))[:SAMPLE])
    return [mutant for number, mutant in enumerate(found) if mutant.exercise not in trained or number in chosen]


def try_mutants(
    workshop: Workshop,
    found: list[Mutant],
    deciders: Deciders,
    known: Known,
    workers: int,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[list[Mutant], dict[str, KeptResult]]:
    """Mutants that no check notices, and the results that were not known before.

    Raises MutantsBroken, CourseError or ReferenceFailed.
    """
    before = [known(mutant) for mutant in found]
    new = [mutant for mutant, result in zip(found, before, strict=True) if result is None]
    progress(len(found) - len(new))
    start = time.perf_counter()
    alive = survivors(workshop, new, workers, lambda done: progress(len(found) - len(new) + done)) if new else []
    seconds = (time.perf_counter() - start) / max(1, len(new))
    fresh = {
        deciders.mutant(mutant): KeptResult(
            what=named(mutant),
            passed=not any(mutant is one for one in alive),
            seconds=round(seconds, 3),
        )
        for mutant in new
    }
    survived = [m for m, result in zip(found, before, strict=True) if result is not None and not result.passed]
    order = {id(mutant): number for number, mutant in enumerate(found)}
    return sorted([*survived, *alive], key=lambda mutant: order[id(mutant)]), fresh


def mutants_are_killed(
    workshop: Workshop,
    found: list[Mutant],
    workers: int,
    progress: Callable[[int], None] = lambda done: None,
    known: Known = lambda mutant: None,
    deciders: Deciders | None = None,
    *,
    whole: bool = True,
) -> tuple[list[Proof], dict[str, KeptResult]]:
    """One proof for each surviving mutant, one for each listed mutant that does not survive, one for all others.

    `whole`: are these the mutants of the whole lesson? The second value are the results that were found now.
    """
    start = time.perf_counter()
    lesson = workshop.lesson.id
    try:
        listed = read_equivalents(workshop.files.equivalents)
        alive, fresh = try_mutants(workshop, found, deciders or Deciders(workshop), known, workers, progress)
    except (CourseError, MutantsBroken, ReferenceFailed) as error:
        return [Proof(lesson, NAME, "", False, str(error), time.perf_counter() - start)], {}
    killed = f"{len(found) - len(alive)} of {len(found)}"
    proofs = [Proof(lesson, NAME, killed, True, "", time.perf_counter() - start, "" if fresh else "kept")]
    return proofs + _against_the_list(workshop, found, alive, listed, whole), fresh


def unlisted(alive: Iterable[Mutant], listed: Iterable[Equivalent]) -> list[Mutant]:
    """Mutants that survive and that equivalents.toml does not list."""
    known = {(e.exercise, e.change) for e in listed}
    return [mutant for mutant in alive if (mutant.exercise, mutant.change) not in known]


def _against_the_list(
    workshop: Workshop, tried: list[Mutant], alive: list[Mutant], listed: list[Equivalent], whole: bool
) -> list[Proof]:
    lesson, path = workshop.lesson.id, workshop.files.equivalents
    proofs = []
    for mutant in unlisted(alive, listed):
        detail = (
            f"line {mutant.line}: no check notices {mutant.change}; write one, or list it with its reason in {path}"
        )
        proofs.append(Proof(lesson, NAME, f"{mutant.exercise}: {mutant.change}", False, detail, 0.0))
    survived = {(m.exercise, m.change) for m in alive}
    for entry in listed:
        if (entry.exercise, entry.change) not in survived and _was_tried(workshop, tried, entry, whole):
            detail = (
                f"{path} lists {entry.change!r}, but no mutant of `{entry.exercise}` with this change survives; remove"
                " the entry"
            )
            proofs.append(Proof(lesson, NAME, f"{entry.exercise}: {entry.change}", False, detail, 0.0))
    return proofs


def _was_tried(workshop: Workshop, tried: list[Mutant], entry: Equivalent, whole: bool) -> bool:
    """Is it known that the entry's mutant does not survive? A mutant outside a sample was not tried."""
    if (entry.exercise, entry.change) in {(m.exercise, m.change) for m in tried}:
        return True
    if entry.exercise not in {m.exercise for m in tried}:
        return whole
    from blindgrade.verify.mutants import mutants

    every = mutants(workshop.solution.text, workshop.lesson, [entry.exercise])
    return all(m.change != entry.change for m in every)


def named(mutant: Mutant) -> str:
    """Name of the mutant among kept results."""
    return f"{mutant.exercise}: mutant {mutant.change}"


def _rank(mutant: Mutant) -> str:
    return hashlib.sha256(mutant.change.encode()).hexdigest()
