"""Which wrong answers no misconception explains. This needs no torch, so reports about stored results read fast."""

from __future__ import annotations

from blindgrade.models import Exercise, ExerciseResult, Kind, Outcome


def is_unexplained(exercise: Exercise, result: ExerciseResult) -> bool:
    """Whether the answer is wrong and no misconception explains it. Trained models have no replies to compare."""
    return (
        exercise.kind is not Kind.TRAINING
        and result.outcome is Outcome.FAILED
        and not any(check.misconception for check in result.checks)
    )
