"""What an answer key says about the known answers to a lesson's exercises: right ones refused, wrong ones named.

A key is recorded on one machine with one seed, and students' machines differ. So these figures are also made with other
seeds, other numbers of threads and other instructions of the processor (tests/benchmarks/keys.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference
from blindgrade.engine.answers.solution_text import Variant
from blindgrade.engine.grading.in_process import Trusted
from blindgrade.generate.answer_keys import recorded_key
from blindgrade.models import ExerciseResult, Kind
from blindgrade.verify.workshop import Workshop


@dataclass
class KeyFigures:
    """Counts over known answers. The lists name the answers that came out otherwise than they should."""

    right: int = 0
    wrong: int = 0
    refused: list[str] = field(default_factory=list)  # right answers that lose points
    unnoticed: list[str] = field(default_factory=list)  # wrong answers that lose none
    unnamed: list[str] = field(default_factory=list)  # wrong answers that lose points without a name
    misnamed: list[str] = field(default_factory=list)  # wrong answers that get another one's name

    def __add__(self, other: KeyFigures) -> KeyFigures:
        return KeyFigures(
            self.right + other.right,
            self.wrong + other.wrong,
            self.refused + other.refused,
            self.unnoticed + other.unnoticed,
            self.unnamed + other.unnamed,
            self.misnamed + other.misnamed,
        )

    @property
    def named(self) -> int:
        """Number of wrong answers that get their own name."""
        return self.wrong - len(self.unnoticed) - len(self.unnamed) - len(self.misnamed)


def key_figures(workshop: Workshop, seed: int = KEY_SEED, *, trained: bool = False) -> KeyFigures:
    """Figures of the key for this seed: the lesson's own, or one that is recorded now.

    Without `trained`, exercises that train are left out, because they take minutes.
    """
    key = None if seed == KEY_SEED else recorded_key(workshop.files, workshop.lesson, seed)
    checks = workshop.public_checks
    grading = Trusted(checks, KeyReference(workshop.files, checks, key))
    counted = {e.name for e in workshop.lesson.exercises if trained or e.kind is not Kind.TRAINING}
    found = KeyFigures()

    def results(variants: Iterable[Variant]) -> Iterable[tuple[Variant, str, ExerciseResult]]:
        for variant in variants:
            if variant.exercise in counted:
                exercise = workshop.lesson.exercise(variant.exercise)
                name = f"{workshop.lesson.id}/{variant.exercise}/{variant.name}, seed {seed}"
                yield variant, name, grading.exercise(exercise, workshop.solution.variant(variant), seed)

    for _, name, result in results(workshop.alternatives):
        found.right += 1
        if result.points < result.max_points:
            found.refused.append(name)
    for variant, name, result in results(workshop.misconceptions):
        found.wrong += 1
        named = {check.misconception for check in result.checks if check.misconception}
        if result.points >= result.max_points:
            found.unnoticed.append(name)
        elif not named:
            found.unnamed.append(name)
        elif named != {variant.name}:
            found.misnamed.append(f"{name}: {', '.join(sorted(named))}")
    return found
