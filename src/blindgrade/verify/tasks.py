"""Proofs to do for a lesson, and the form of their results."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from blindgrade.models import Kind
from blindgrade.verify.workshop import Workshop

WHOLE = ("drift", "key", "stub", "coverage", "supplies", "promises")  # kinds of proofs about a whole lesson
VARIANT_SEEDS = 2  # seeds for a known answer to an exercise that is not trained


@dataclass
class Proof:
    """One claim about the course and its result.

    `name` is the claim. `subject` is the tested part, for example a seed. `detail` is the reason for a failure.
    `source` says where the result is from: "" if it was proved now, else "kept" or "recorded".
    """

    lesson: str
    name: str
    subject: str
    passed: bool
    detail: str
    seconds: float
    source: str = ""


@dataclass(frozen=True)
class Task:
    """One proof to do. `kind` is a key of `trials.KINDS`. `exercise` is empty for a proof about the whole lesson."""

    lesson: str
    kind: str
    subject: str
    exercise: str = ""
    seed: int = 0

    @property
    def variant(self) -> str:
        """Name of the known answer that the proof is about; "" if it is about none."""
        return re.sub(r", seed \d+$", "", self.subject).partition("/")[2]


def plan(workshop: Workshop, exercises: Iterable[str], seeds: int, trained_seeds: int | None = None) -> list[Task]:
    """Proofs to do for one lesson. For only some of its exercises, without the proofs about the whole lesson.

    `trained_seeds`: seeds of the solution of a trained exercise, if they are fewer.
    """
    lesson, names = workshop.lesson, list(exercises)
    whole = names == [e.name for e in lesson.exercises]
    tasks = [Task(lesson.id, kind, "") for kind in WHOLE] if whole else []
    for name in names:
        trained = lesson.exercise(name).kind is Kind.TRAINING
        count = min(seeds, trained_seeds or seeds) if trained else seeds
        tasks += [Task(lesson.id, "solution", f"{name}, seed {seed}", name, seed) for seed in range(count)]
        tasks += [Task(lesson.id, kind, name, name) for kind in ("budget", "lazy", "public")]
        tasks += [
            Task(lesson.id, kind, f"{name}/{variant.name}, seed {seed}", name, seed)
            for kind, variants, count in (
                ("alternative", workshop.alternatives, VARIANT_SEEDS),
                ("misconception", workshop.misconceptions, 1 if trained else VARIANT_SEEDS),
                ("failure", workshop.failures, 1 if trained else VARIANT_SEEDS),
            )
            for variant in variants
            if variant.exercise == name
            for seed in range(count)
        ]
    return tasks
