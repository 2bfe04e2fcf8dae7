"""Relations of the course's misconceptions: what the numbers of each say, compared with the expected ones."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import torch

from blindgrade.catalog import Catalog
from blindgrade.models import Kind, Outcome
from blindgrade.verify.workshop import Workshop

SEED = 0


@dataclass(frozen=True)
class Related:
    """A misconception with the relations of its failed checks: each id with a sentence, the most frequent first.

    `named` says whether the diagnosis names it, too. Then a student reads the misconception's hint.
    """

    lesson: str
    exercise: str
    misconception: str
    named: bool
    failed: int
    relations: dict[str, str]


def relations_of(
    catalog: Catalog, ids: Iterable[str], workers: int, progress: Callable[[str, int, int], None]
) -> list[Related]:
    """Relations of the misconceptions of all deterministic exercises that the ids name, in the course's order.

    UnknownId if an id names nothing. `progress` gets the exercise that was done, their number, and the number of all.
    """
    torch.set_num_threads(1)  # before the fork: the workers inherit it
    todo = [
        (target.files.entry.id, name)
        for target in catalog.find(ids)
        for name in target.exercises
        if target.lesson.exercise(name).kind is not Kind.TRAINING
    ]
    found: dict[tuple[str, str], list[Related]] = {}
    with ProcessPoolExecutor(max(1, workers), mp_context=multiprocessing.get_context("fork")) as pool:
        futures = {pool.submit(_of_exercise, catalog.root, *one): one for one in todo}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            progress("/".join(futures[future]), len(found), len(todo))
    return [related for one in todo for related in found[one]]


def counts(found: Iterable[Related]) -> dict[str, int]:
    """For each relation the misconceptions that have it, the most frequent first."""
    return dict(Counter(name for one in found for name in one.relations).most_common())


def _of_exercise(root: Path, lesson: str, name: str) -> list[Related]:
    workshop = Workshop(root, lesson)
    exercise = workshop.lesson.exercise(name)
    made = []
    for variant in workshop.misconceptions:
        if variant.exercise != name:
            continue
        result = workshop.trusted.exercise(exercise, workshop.solution.variant(variant), SEED)
        failed = [check for check in result.checks if check.outcome is Outcome.FAILED]
        often = Counter(check.relation for check in failed if check.relation)
        sentences = {check.relation: check.relation_text for check in reversed(failed) if check.relation_text}
        related = {relation: sentences.get(relation, "") for relation, _ in often.most_common() if relation}
        named = any(check.misconception == variant.name for check in failed)
        made.append(Related(lesson, name, variant.name, named, len(failed), related))
    return made
